//! The small web itself: named hosts on one loopback port, just enough HTTP/1.1 to be visited.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The longest request head that is read, in bytes.
const MAX_HEAD: u64 = 16 * 1024;
/// How long a client may take to send it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What one address answers.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// Without one, the connection is closed and nothing said.
    status: Option<&'static str>,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    pub(super) fn new(media_type: &'static str, body: String) -> Self {
        Self {
            status: Some("200 OK"),
            headers: vec![("content-type", media_type.to_owned())],
            body,
        }
    }

    pub(super) fn hanging_up() -> Self {
        Self {
            status: None,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub(super) fn moved(to: &str) -> Self {
        let body = "<!doctype html><title>Moved</title><p>This page has moved.</p>\n";
        Self::new("text/html; charset=utf-8", body.to_owned())
            .with_status("301 Moved Permanently")
            .with_header("location", to)
    }

    pub(super) fn with_status(mut self, status: &'static str) -> Self {
        self.status = Some(status);
        self
    }

    pub(super) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// A port at which nobody listens, and which nobody else can take meanwhile.
#[derive(Debug)]
pub struct Unplugged {
    address: SocketAddr,
    _held: tokio::net::TcpSocket,
}

impl Unplugged {
    /// Takes a free port of 127.0.0.1.
    pub fn new() -> std::io::Result<Self> {
        let held = tokio::net::TcpSocket::new_v4()?;
        held.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self {
            address: held.local_addr()?,
            _held: held,
        })
    }

    /// Where nobody listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

type Pages = Arc<Mutex<HashMap<String, Answer>>>;

/// The small web; it ends when this is dropped.
#[derive(Debug)]
pub struct Web {
    address: SocketAddr,
    pages: Pages,
    ended: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Web {
    /// Starts it on a free port of 127.0.0.1.
    pub fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (pages, ended) = (Pages::default(), Arc::new(AtomicBool::new(false)));
        let (served, stop) = (Arc::clone(&pages), Arc::clone(&ended));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let pages = Arc::clone(&served);
                // A client that hangs up is no matter.
                std::thread::spawn(move || drop(answer(&stream, &pages)));
            }
        });
        Ok(Self {
            address,
            pages,
            ended,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn set(&self, address: &str, answer: Answer) {
        let key = address.trim_start_matches("http://").to_owned();
        self.pages
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert(key, answer);
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // One more connection wakes the listener, so that it sees that it is over.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            // It holds nothing that a panic could have broken.
            let _ = thread.join();
        }
    }
}

fn answer(stream: &TcpStream, pages: &Pages) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream.take(MAX_HEAD)).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let (mut host, mut known) = (String::new(), None);
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("host") => {
                value.trim().clone_into(&mut host);
            }
            Some((name, value)) if name.eq_ignore_ascii_case("if-none-match") => {
                known = Some(value.trim().to_owned());
            }
            _ => {}
        }
    }
    let path = request.split(' ').nth(1).unwrap_or("/");
    let found = pages
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .get(&format!("{host}{path}"))
        .cloned();
    let found = found.unwrap_or_else(|| {
        let body =
            "<!doctype html><title>Not found</title><p>There is nothing at this address.</p>\n";
        Answer::new("text/html; charset=utf-8", body.to_owned()).with_status("404 Not Found")
    });
    write_answer(stream, &found, known.as_deref())
}

fn write_answer(
    mut stream: &TcpStream,
    answer: &Answer,
    known: Option<&str>,
) -> std::io::Result<()> {
    let Some(said) = answer.status else {
        return Ok(());
    };
    let digest = crate::store::hex(&crate::store::sha256(answer.body.as_bytes())[..8]);
    let etag = format!("\"{digest}\"");
    let is_known = said.starts_with("200") && known == Some(etag.as_str());
    let (status, body) = if is_known {
        ("304 Not Modified", "")
    } else {
        (said, answer.body.as_str())
    };
    let mut head = format!(
        "HTTP/1.1 {status}\r\netag: {etag}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in &answer.headers {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"\r\n")?;
    stream.write_all(body.as_bytes())
}
