//! A desk for one test: a folder of its own, a web of its own, and the built binary between them.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use regex::Regex;
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::web::{Page, Web};

/// The instant at which most tests begin.
pub(crate) const MONDAY: &str = "2026-01-05T08:00:00Z";

/// A folder, a web, and a way to run the binary in the one against the other.
pub(crate) struct Desk {
    pub(crate) web: Web,
    folder: tempfile::TempDir,
    now: std::cell::RefCell<Option<String>>,
}

/// What a command left behind.
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Desk {
    /// A desk at which it is [`MONDAY`] until [`Desk::at`] says otherwise.
    pub(crate) fn new() -> Self {
        let desk = Self::real();
        desk.at(MONDAY);
        desk
    }

    /// A desk whose clock is the system's.
    pub(crate) fn real() -> Self {
        Self {
            web: Web::start(),
            folder: tempfile::tempdir().unwrap(),
            now: std::cell::RefCell::new(None),
        }
    }

    /// The instant of all further commands.
    pub(crate) fn at(&self, now: &str) -> &Self {
        *self.now.borrow_mut() = Some(now.to_owned());
        self
    }

    /// So many days after [`MONDAY`], at the same hour.
    pub(crate) fn day(&self, day: u32) -> &Self {
        let monday: jiff::Timestamp = MONDAY.parse().unwrap();
        let at = monday + jiff::SignedDuration::from_hours(i64::from(day) * 24);
        self.at(&at.to_string())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        // macOS gives temporary folders by a link; the archive has the real path.
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// A post in Markdown that cites these addresses, a line each.
    pub(crate) fn post(&self, name: &str, sources: &[&str]) -> &Self {
        let mut text = "# A post\n\n".to_owned();
        for source in sources {
            let words = source.rsplit('/').next().unwrap();
            writeln!(text, "See [the {words} page]({source}).").unwrap();
        }
        self.file(name, text)
    }

    /// Puts a page with a title and a body of some length on the web.
    pub(crate) fn page(&self, host: &str, path: &str, words: &str) -> &Self {
        self.web.page(host, path, page(words));
        self
    }

    /// A command with the options that lead it to this desk's web and time; words are parted by spaces.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = self.bare(words);
        // Whether a browser is there must make no difference but where it is asked for.
        if !words.contains("--browser") && !words.contains("--config") {
            command.arg("--browser=never");
        }
        command.args(["--host-delay", "0", "--resolve", &self.web.resolve()]);
        command.arg("--ca-cert").arg(self.web.ca_path());
        if let Some(now) = &*self.now.borrow() {
            command.args(["--now", now]);
        }
        command
    }

    /// A command with nothing but these words.
    pub(crate) fn bare(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sourcekeep"));
        command.args(words.split_whitespace());
        command.current_dir(self.folder.path());
        for variable in [
            "SOURCEKEEP_DB",
            "SOURCEKEEP_CONFIG",
            "SOURCEKEEP_PROXY",
            "SOURCEKEEP_HEARTBEAT",
            "NO_COLOR",
        ] {
            command.env_remove(variable);
        }
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, words: &str) -> Done {
        self.finish(&mut self.command(words))
    }

    /// Runs a command, and gives the most memory that it held, in megabytes, where the system says so.
    pub(crate) fn peak_mb(&self, words: &str) -> Option<f64> {
        let output = self.command(words).arg("--verbose").output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{err}");
        let peak = err
            .lines()
            .find_map(|line| line.strip_prefix("peak memory: "));
        let peak = peak.and_then(|peak| peak.strip_suffix(" MB")?.parse().ok());
        assert_eq!(peak.is_some(), cfg!(target_os = "linux"), "{err}");
        peak
    }

    /// Runs a command with these bytes on standard input.
    pub(crate) fn pipe(&self, words: &str, input: &str) -> Done {
        let mut command = self.command(words);
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        self.wait(child)
    }

    pub(crate) fn finish(&self, command: &mut Command) -> Done {
        let output = command.output().unwrap();
        self.done(&output)
    }

    /// Starts a command and leaves it running.
    pub(crate) fn start(&self, words: &str) -> Child {
        self.command(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Waits for a command that was started.
    pub(crate) fn wait(&self, child: Child) -> Done {
        self.done(&child.wait_with_output().unwrap())
    }

    fn done(&self, output: &std::process::Output) -> Done {
        Done {
            code: output.status.code(),
            out: self.tidy(&String::from_utf8_lossy(&output.stdout)),
            err: self.tidy(&String::from_utf8_lossy(&output.stderr)),
        }
    }

    /// Text without what differs from run to run: the folder, ports, process ids, and how long things took.
    pub(crate) fn tidy(&self, text: &str) -> String {
        let folder = self.path("").to_string_lossy().into_owned();
        let mut text = text.replace(&folder, "[desk]/");
        for (pattern, instead) in [
            (r"127\.0\.0\.1:\d+", "[web]"),
            (r"(Usage: [^\n]*) --browser\[=<WHEN>\]", "$1"),
            (r"in \d+\.\d s", "in [time]"),
            (r" +\d+ ms", " [time]"),
            (
                r#""peak_memory_bytes":(\d+|null)"#,
                r#""peak_memory_bytes":"[bytes]""#,
            ),
            (r"peak memory: [0-9.]+ [A-Z]+", "peak memory: [bytes]"),
            (r#""(seconds|elapsed_ms)":\d+(\.\d+)?"#, r#""$1":"[time]""#),
            (
                r"process \d+, since [0-9TZ:-]+",
                "process [id], since [instant]",
            ),
            (r#""capture":\d+"#, r#""capture":"[id]""#),
            (r"sourcekeep/\d+\.\d+\.\d+", "sourcekeep/[version]"),
        ] {
            text = Regex::new(pattern)
                .unwrap()
                .replace_all(&text, instead)
                .into_owned();
        }
        text
    }

    pub(crate) fn archive(&self) -> Connection {
        Connection::open(self.path("sourcekeep.db")).unwrap()
    }

    /// The rows of a query, one a line, tidied.
    pub(crate) fn rows(&self, sql: &str) -> String {
        let archive = self.archive();
        let mut query = archive.prepare(sql).unwrap();
        let columns = query.column_count();
        let mut rows = query.query([]).unwrap();
        let mut text = String::new();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<_> = (0..columns)
                .map(|n| cell(row.get_ref(n).unwrap()))
                .collect();
            writeln!(text, "{}", cells.join(" | ")).unwrap();
        }
        self.tidy(&text)
    }

    /// One number of the archive.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.archive().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Waits until a running command has made one number of the archive what it is to be.
    pub(crate) fn until(&self, sql: &str, wanted: i64) {
        let begun = std::time::Instant::now();
        while self.number(sql) != wanted {
            assert!(
                begun.elapsed().as_secs() < 30,
                "{sql}: {}",
                self.number(sql)
            );
            std::thread::yield_now();
        }
    }

    /// Waits until a running command has made one number of the archive at least what it is to be.
    pub(crate) fn until_at_least(&self, sql: &str, wanted: i64) {
        let begun = std::time::Instant::now();
        while self.number(sql) < wanted {
            assert!(
                begun.elapsed().as_secs() < 60,
                "{sql}: {}",
                self.number(sql)
            );
            std::thread::yield_now();
        }
    }

    /// The verdict that stands for each source, by its path.
    pub(crate) fn verdicts(&self) -> String {
        self.rows("select address, coalesce(verdict, '-'), standing from source order by address")
    }
}

fn cell(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}

/// A page with a title and enough text to be one.
pub(crate) fn page(words: &str) -> Page {
    Page::html(format!(
        "<!doctype html><html lang=en><title>{words}</title><body><main><h1>{words}</h1>{}</main>",
        format!("<p>A paragraph about {words}, long enough to be read as the text of a page.</p>")
            .repeat(5)
    ))
}

/// Sends a process the signal of Ctrl-C.
pub(crate) fn interrupt(child: &Child) {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success(), "kill -INT");
}

impl Done {
    /// Asserts the exit code, and gives this back.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n{self}");
        self
    }
}

impl std::fmt::Display for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            Some(code) => writeln!(f, "exit code {code}")?,
            None => writeln!(f, "ended by a signal")?,
        }
        if !self.out.is_empty() {
            write!(f, "--- stdout\n{}", self.out)?;
        }
        if !self.err.is_empty() {
            write!(f, "--- stderr\n{}", self.err)?;
        }
        Ok(())
    }
}
