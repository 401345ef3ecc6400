//! The access log: a JSON object a line for each request that was answered.
//!
//! It never keeps an answer waiting: lines are written by a thread of their own, and where they come faster than the disk takes them, some
//! are left out, and the next line says how many.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use serde::Serialize;

use crate::report::{one_line, rfc3339};

/// Lines that wait to be written.
const MOST_WAITING: usize = 4096;

/// A request that was answered.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    /// When it came.
    pub(super) at: String,
    /// From where: the other end of the connection, which may be a proxy of ours.
    pub(super) peer: Option<IpAddr>,
    /// Who asked, if they were let in.
    pub(super) who: Option<String>,
    /// Which of the two was asked: `pages`, `copies`.
    pub(super) listener: &'static str,
    pub(super) host: String,
    pub(super) method: String,
    /// The path and query, without keys.
    pub(super) path: String,
    pub(super) status: u16,
    /// Bytes of the answer's body.
    pub(super) bytes: u64,
    /// Until the answer was made.
    pub(super) ms: f64,
    pub(super) user_agent: Option<String>,
    /// Lines before this one that there was no time to write.
    #[serde(skip_serializing_if = "is_none")]
    pub(super) left_out: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_none(many: &u64) -> bool {
    *many == 0
}

/// Where lines are written.
#[derive(Debug)]
pub struct AccessLog {
    lines: SyncSender<Line>,
    left_out: AtomicU64,
}

impl AccessLog {
    /// Begins to write at the end of a file; `-` is standard error.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let to: Box<dyn Write + Send> = if path == Path::new("-") {
            Box::new(std::io::stderr())
        } else {
            let mut options = OpenOptions::new();
            options.create(true).append(true);
            #[cfg(unix)]
            {
                use std::os::unix::fs::OpenOptionsExt;
                // Who read what is nobody else's business.
                options.mode(0o600);
            }
            Box::new(options.open(path)?)
        };
        let (lines, waiting) = sync_channel(MOST_WAITING);
        std::thread::spawn(move || write(&waiting, BufWriter::new(to)));
        Ok(Self {
            lines,
            left_out: AtomicU64::new(0),
        })
    }

    pub(super) fn note(&self, mut line: Line) {
        line.left_out = self.left_out.swap(0, Ordering::Relaxed);
        let left_out = line.left_out;
        if self.lines.try_send(line).is_err() {
            self.left_out.fetch_add(left_out + 1, Ordering::Relaxed);
        }
    }
}

fn write(waiting: &Receiver<Line>, mut to: BufWriter<Box<dyn Write + Send>>) {
    while let Ok(first) = waiting.recv() {
        let mut next = Some(first);
        while let Some(line) = next {
            // A disk that is full is no reason to answer nobody; who looks at the log sees that it ends.
            let _ = serde_json::to_writer(&mut to, &line);
            let _ = to.write_all(b"\n");
            next = waiting.try_recv().ok();
        }
        let _ = to.flush();
    }
}

/// A path as it is noted: bounded, and without the keys that let somebody see copies.
pub(super) fn without_keys(path: &str) -> String {
    let mut noted = one_line(path, 2000);
    if let Some(at) = noted.find('~')
        && noted.starts_with("/web/")
    {
        let end = noted[at..].find('/').map_or(noted.len(), |end| at + end);
        let is_key = noted[at + 1..end]
            .bytes()
            .take(super::place::KEY_LENGTH)
            .all(|byte| byte.is_ascii_hexdigit());
        if is_key {
            let end = (at + 1 + super::place::KEY_LENGTH).min(end);
            noted.replace_range(at + 1..end, "…");
        }
    }
    noted
}

/// When a request came, as it is noted.
pub(super) fn at(ms: i64) -> String {
    rfc3339(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_noted() {
        for (path, noted) in [
            (
                "/web/20260105080000-42~0123456789abcdefim_/https://a.test/~me",
                "/web/20260105080000-42~…im_/https://a.test/~me",
            ),
            (
                "/web/2026/https://a.test/~me",
                "/web/2026/https://a.test/~me",
            ),
            ("/web/2026~x/x", "/web/2026~x/x"),
            ("/sources?q=~a", "/sources?q=~a"),
        ] {
            assert_eq!(without_keys(path), noted);
        }
    }
}
