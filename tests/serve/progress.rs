//! A run that goes on in another process is seen meanwhile, and one that was killed is not.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::serving::{Serving, asked, raw};
use crate::support::{Desk, page};
use crate::web::Page;

/// A desk whose posts cite sources of which some answer at once, one with 404, and one as good as never.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.page("a.test", "/one", "Wells")
        .page("b.test", "/two", "Springs");
    desk.web.page("c.test", "/gone", Page::empty(404));
    desk.web.page(
        "d.test",
        "/slow",
        page("Slow").delay(Duration::from_secs(120)),
    );
    desk.post(
        "posts/a.md",
        &[
            "https://a.test/one",
            "https://b.test/two",
            "https://c.test/gone",
            "https://d.test/slow",
        ],
    );
    desk.file("none.md", "No links.");
    desk.run("run none.md").exits(0);
    desk
}

/// A run that has done all it can, and waits.
fn begun(desk: &Desk) -> Child {
    let child = desk.start("run posts");
    desk.until_at_least("select coalesce(max(done), 0) from run_progress", 3);
    child
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// One who listens to `/events`.
struct Listener {
    stream: TcpStream,
    heard: String,
}

impl Listener {
    fn open(host: &str) -> Self {
        let mut stream = TcpStream::connect(host).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        write!(stream, "GET /events HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n\r\n").unwrap();
        Self {
            stream,
            heard: String::new(),
        }
    }

    /// Waits until it heard this; what it heard since the last time is given.
    #[track_caller]
    fn hears(&mut self, part: &str) -> String {
        while !self.heard.contains(part) {
            let mut some = [0; 4096];
            let many = self.stream.read(&mut some).unwrap();
            assert!(many > 0, "it ended: {}", self.heard);
            self.heard.push_str(&String::from_utf8_lossy(&some[..many]));
        }
        std::mem::take(&mut self.heard)
    }

    /// Waits until it is ended from the other side.
    fn ends(&mut self) -> bool {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).is_ok()
    }
}

fn runs(serving: &Serving) -> Value {
    serde_json::from_str(&serving.ui("/api/v1/runs").is(200).text()).unwrap()
}

#[test]
fn a_run_is_seen_while_it_goes_on_and_not_once_it_was_killed() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let quiet = serving.ui("/").is(200).text();
    assert!(!quiet.contains("visits sources"), "{quiet}");
    let mut listener = Listener::open(&serving.ui);
    let head = listener.hears("{\"run\":null}");
    assert!(
        head.contains("content-type: text/event-stream\r\n"),
        "{head}"
    );

    let child = begun(&desk);
    let words = "“run” visits sources: 3 of 4 sources, 1 source with problems. It began 2026-01-05 08:00:00 UTC.";
    let text = serving.ui("/").is(200).text();
    assert!(text.contains(words), "{text}");
    assert!(
        text.contains("max=\"4\" value=\"3\"") && text.contains("goes on"),
        "{text}"
    );
    let going = &runs(&serving)["runs"][0];
    assert_eq!(going["result"], "going-on");
    let progress = &going["progress"];
    for (name, many) in [
        ("posts", 1),
        ("citations", 4),
        ("done", 3),
        ("due", 4),
        ("problems", 1),
    ] {
        assert_eq!(progress[name], many, "{name}: {progress}");
    }
    let heard = listener.hears("\"done\":3");
    let event = heard
        .split("data: ")
        .last()
        .unwrap()
        .lines()
        .next()
        .unwrap();
    let event: Value = serde_json::from_str(event).unwrap();
    assert_eq!(event["says"], words);
    assert_eq!(event["command"], "run");
    assert_eq!(event["since"], "2026-01-05T08:00:00Z");

    kill(child);
    listener.hears("{\"run\":null}");
    let text = serving.ui("/").is(200).text();
    assert!(
        text.contains("killed; what it had done until then is kept"),
        "{text}"
    );
    assert!(
        !text.contains("visits sources") && !text.contains("goes on"),
        "{text}"
    );
    let told = runs(&serving);
    assert_eq!(told["runs"][0]["result"], "killed");
    assert_eq!(told["runs"][0]["progress"], Value::Null);
    assert_eq!(told["runs"][1]["result"], "done");

    desk.web.page("d.test", "/slow", page("Slow"));
    desk.run("run posts").exits(0);
    assert_eq!(desk.number("select count(*) from run_progress"), 0);
    let told = runs(&serving);
    assert_eq!(told["runs"].as_array().unwrap().len(), 3);
    assert_eq!(told["runs"][0]["counts"]["visits"], 1);
    assert_eq!(runs_after(&serving, 3)["runs"].as_array().unwrap().len(), 2);
    serving.ui("/api/v1/runs?after=x").is(400);
}

fn runs_after(serving: &Serving, id: i64) -> Value {
    let said = serving.ui(&format!("/api/v1/runs?after={id}")).is(200);
    serde_json::from_str(&said.text()).unwrap()
}

#[cfg(unix)]
#[test]
fn only_our_pages_listen_and_so_many_at_once() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let host = &serving.ui;
    let foreign = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\n";
    assert_eq!(asked(host, "/events", foreign).status, 403);
    let other = raw(
        host,
        "GET /events HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(other.status, 421);
    let written = raw(
        host,
        &format!("POST /events HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
    );
    assert!([403, 405].contains(&written.status), "{}", written.status);
    let said = raw(
        host,
        &format!("HEAD /events HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
    );
    assert_eq!((said.status, said.bytes.len()), (200, 0));
    for (name, value) in [
        (
            "content-security-policy",
            "sandbox; default-src 'none'; frame-ancestors 'none'",
        ),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "private, no-cache"),
    ] {
        assert_eq!(said.header(name), value, "{name}");
    }

    let mut all: Vec<Listener> = (0..32).map(|_| Listener::open(host)).collect();
    for one in &mut all {
        one.hears("{\"run\":null}");
    }
    let refused = asked(host, "/events", "");
    assert_eq!(refused.status, 503);
    assert_eq!(refused.header("retry-after"), "30");
    // Pages are answered all the same, and whoever goes makes room.
    serving.ui("/").is(200);
    drop(all.pop());
    let begun = Instant::now();
    while raw(
        host,
        &format!("HEAD /events HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
    )
    .status
        != 200
    {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "there is no room"
        );
    }
    // They do not keep it from ending.
    let begun = Instant::now();
    assert_eq!(serving.ends("-TERM"), Some(0));
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
    assert!(all.iter_mut().all(Listener::ends));
}

/// Real Chromium shows it as it goes on, without being asked.
#[cfg(unix)]
#[test]
fn the_overview_shows_a_run_as_it_goes_on() {
    let Some(program) = crate::browser::chromium() else {
        return;
    };
    let desk = desk();
    let serving = Serving::start(&desk);
    let mut chromium = crate::chromium::Chromium::start(&program, &[]);
    let address = format!("http://{}/", serving.ui);
    chromium.open(&address);
    chromium.has_come(&address);
    let shown = |words: &str| {
        format!(
            "document.getElementById('progress').checkVisibility() && document.getElementById('progress').textContent.includes('{words}') ? 'yes' : null"
        )
    };
    let child = begun(&desk);
    chromium.says(&shown("3 of 4 sources"));
    assert_eq!(
        chromium.says("String(document.getElementById('bar').value)"),
        "3"
    );
    kill(child);
    chromium.says(&shown("The run is over."));
    assert_eq!(
        chromium.says("String(document.getElementById('bar').hidden)"),
        "true"
    );
}
