//! The command, running, and requests to it that are written by hand.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use regex::Regex;

use crate::support::Desk;

/// `serve`, until it is dropped.
pub(crate) struct Serving {
    child: Child,
    /// Where the pages are heard, whatever they are called.
    pub(crate) at: String,
    /// Host and port of the pages.
    pub(crate) ui: String,
    /// Host and port of the copies.
    pub(crate) replay: String,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) bytes: Vec<u8>,
}

impl Serving {
    pub(crate) fn start(desk: &Desk) -> Self {
        Self::of(&mut desk.command("serve --listen 127.0.0.1:0 --format json"))
    }

    /// Starts a command that prints its addresses as JSON.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        let host = |name: &str| {
            let address = told[name].as_str().unwrap();
            let (_, host) = address.split_once("://").unwrap();
            host.strip_suffix('/').unwrap().to_owned()
        };
        Self {
            ui: host("ui"),
            replay: host("replay"),
            at: told["listening"][0].as_str().unwrap().to_owned(),
            child,
        }
    }

    /// Asks for a page.
    pub(crate) fn ui(&self, path: &str) -> Said {
        asked(&self.ui, path, "")
    }

    /// Asks for a page, with more headers, each ended by a line break.
    pub(crate) fn ui_with(&self, path: &str, headers: &str) -> Said {
        asked(&self.ui, path, headers)
    }

    /// What forms of this page carry.
    #[track_caller]
    pub(crate) fn form_key(&self, path: &str, headers: &str) -> String {
        let text = self.ui_with(path, headers).is(200).text();
        let (_, rest) = text.split_once("name=\"csrf\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    /// Sends a form, as a browser of nobody in particular would, with what forms carry.
    #[track_caller]
    pub(crate) fn send(&self, path: &str, fields: &[(&str, &str)]) -> Said {
        let key = self.form_key("/inputs", "");
        let mut all = vec![("csrf", key.as_str())];
        all.extend(fields);
        sent(&self.ui, path, "", &all)
    }

    /// Asks for something of a copy.
    pub(crate) fn replay(&self, path: &str) -> Said {
        asked(&self.replay, path, "")
    }

    /// What is asked for of the copies, with more headers, each ended by a line break.
    pub(crate) fn replay_with(&self, path: &str, headers: &str) -> Said {
        asked(&self.replay, path, headers)
    }

    /// A text without what differs from run to run.
    pub(crate) fn tidy(&self, text: &str) -> String {
        let port = |host: &str| host.rsplit(':').next().unwrap().to_owned();
        let text = Regex::new("~[0-9a-f]{16}")
            .unwrap()
            .replace_all(text, "~[key]");
        text.replace(&self.ui, "[ui]")
            .replace(&self.replay, "[replay]")
            .replace(&port(&self.ui), "[ui port]")
            .replace(&port(&self.replay), "[replay port]")
    }

    /// The most memory that it held, in megabytes, where the system says so.
    pub(crate) fn peak_mb(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        let kilobytes = line.split_whitespace().nth(1)?.parse::<u64>().ok()?;
        Some(kilobytes / 1024)
    }

    /// Ends it by a signal, and gives its exit code.
    pub(crate) fn ends(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks with `GET`.
pub(crate) fn asked(host: &str, path: &str, headers: &str) -> Said {
    raw(
        host,
        &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n"),
    )
}

/// Sends a form.
pub(crate) fn sent(host: &str, path: &str, headers: &str, fields: &[(&str, &str)]) -> Said {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    posted(
        host,
        path,
        "application/x-www-form-urlencoded",
        headers,
        form.finish().as_bytes(),
    )
}

/// Sends anything.
pub(crate) fn posted(host: &str, path: &str, media_type: &str, headers: &str, body: &[u8]) -> Said {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n",
        body.len()
    );
    raw_bytes(host, &[head.as_bytes(), body].concat())
}

/// Sends these words, and reads what comes until the end.
pub(crate) fn raw(host: &str, request: &str) -> Said {
    raw_bytes(host, request.as_bytes())
}

/// Sends these bytes, and reads what comes until the end.
pub(crate) fn raw_bytes(host: &str, request: &[u8]) -> Said {
    let mut stream = TcpStream::connect(host).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(40)))
        .unwrap();
    // Who is refused hears that while they still send.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Said::read(&answer)
}

impl Said {
    pub(crate) fn read(answer: &[u8]) -> Self {
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap_or(answer.len());
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1);
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        Self {
            status: status.unwrap_or_default().parse().unwrap_or(0),
            headers: headers.collect(),
            bytes: answer.get(end + 4..).unwrap_or_default().to_vec(),
        }
    }

    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// All headers but the date, the tag and the length, a line each, in order.
    pub(crate) fn head(&self) -> String {
        let mut lines: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| {
                !matches!(
                    name.as_str(),
                    "date" | "etag" | "connection" | "content-length"
                )
            })
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        lines.sort();
        format!("{}\n{}", self.status, lines.join("\n"))
    }
}
