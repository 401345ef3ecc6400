//! The stage of one test: a misbehaving server, the built program, and what must hold whatever the server does.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use sourcekeep::judge::{Code, Group, Rule, Sign};
use sourcekeep::store::{Mode, Store};

use crate::web::{Act, Page, Web};

/// The source that is visited, unless a test says otherwise.
pub(crate) const SOURCE: &str = "http://a.test/source";
/// The same over TLS, where HTTP/2 is spoken.
pub(crate) const SECURE: &str = "https://a.test/source";

/// The time that a visit may take beyond the limit that ends it, on a machine that has much else to do. It is less than
/// every limit by default, so that a visit which was ended by another limit than a lowered one is found out.
const SLACK: Duration = Duration::from_secs(9);

/// What the program may hold at its peak, in bytes, where nothing large is sent: about 20 MB were measured, of which
/// most is the program itself and its certificates.
const USUAL_BYTES: u64 = 64 << 20;

/// Behaviours of one kind.
pub(crate) struct Topic {
    /// The module that declares them.
    pub(crate) module: &'static str,
    /// What is common to them.
    pub(crate) title: &'static str,
    /// The behaviours.
    pub(crate) rows: &'static [Row],
}

/// What a server does, and what must come of it.
pub(crate) struct Row {
    /// The name of the test.
    pub(crate) name: &'static str,
    /// What the server does, in words for the table.
    pub(crate) does: &'static str,
    /// The verdict.
    pub(crate) verdict: Code,
    /// The rule that decides.
    pub(crate) rule: Rule,
    /// What ends the visit, in words for the table.
    pub(crate) ends: &'static str,
}

/// A server and a place for an archive.
pub(crate) struct Stage {
    pub(crate) web: Web,
    row: &'static Row,
    folder: tempfile::TempDir,
    limits: String,
    /// The limit that ends the visit, where one was lowered for it.
    ends_after: Duration,
    most_bytes: u64,
    is_resolved: bool,
}

/// What a visit saw, and what it took.
#[derive(Debug)]
pub(crate) struct Seen {
    /// What `check --format json` says of the source.
    pub(crate) said: serde_json::Value,
    /// The evidence, in one line.
    pub(crate) evidence: String,
    /// Milliseconds from the visit to the next.
    pub(crate) next_in_ms: i64,
    /// Milliseconds that the visit took.
    pub(crate) elapsed_ms: i64,
    /// How long the program ran.
    pub(crate) took: Duration,
    /// The most memory that it held, in megabytes, where the system says so.
    pub(crate) peak_mb: Option<f64>,
}

impl Stage {
    pub(crate) fn new(row: &'static Row) -> Self {
        Self {
            web: Web::start(),
            row,
            folder: tempfile::tempdir().unwrap(),
            limits: "[limits]\n".to_owned(),
            ends_after: Duration::ZERO,
            most_bytes: USUAL_BYTES,
            is_resolved: true,
        }
    }

    /// Another limit than the usual, as in `sourcekeep.toml`.
    pub(crate) fn limit(mut self, key: &str, value: u64) -> Self {
        writeln!(self.limits, "{key} = {value}").unwrap();
        self
    }

    /// The limit of time that is to end the visit. The shorter ones are set to just below it, so that a loaded machine
    /// does not make one of them end it; the longer ones stay as they are.
    pub(crate) fn ends_by(mut self, key: &str, ms: u64) -> Self {
        self.ends_after = Duration::from_millis(ms);
        let shorter: &[&str] = match key {
            "first_byte_ms" => &["connect_ms"],
            "total_ms" => &["first_byte_ms", "idle_ms"],
            _ => &[],
        };
        for key in shorter {
            self = self.limit(key, ms - 20);
        }
        self.limit(key, ms)
    }

    /// Memory that the program may hold, in megabytes, where a server sends much.
    pub(crate) fn holds_at_most(mut self, megabytes: u64) -> Self {
        self.most_bytes = megabytes << 20;
        self
    }

    /// Without `--resolve`: names are looked up.
    pub(crate) fn unresolved(mut self) -> Self {
        self.is_resolved = false;
        self
    }

    /// The source answers with this page, or what passes for one.
    #[track_caller]
    pub(crate) fn answers(self, page: Page) -> Seen {
        self.web.page("a.test", "/source", page);
        self.visit(SOURCE)
    }

    /// The source answers with these bytes, and closes the connection.
    #[track_caller]
    pub(crate) fn sends(self, bytes: impl Into<Vec<u8>>) -> Seen {
        self.answers(Page::raw(bytes))
    }

    /// The source does this instead of answering.
    #[track_caller]
    pub(crate) fn does(self, acts: impl Into<Vec<Act>>) -> Seen {
        self.answers(Page::script(acts))
    }

    /// Over HTTP/2, the source does this instead of answering.
    #[track_caller]
    pub(crate) fn frames(self, acts: impl Into<Vec<Act>>) -> Seen {
        self.web.frames("a.test", acts);
        self.visit(SECURE)
    }

    /// Visits an address by the built program, and holds what came of it to the row, and to what always holds.
    #[track_caller]
    pub(crate) fn visit(&self, address: &str) -> Seen {
        self.visit_at(address, &[])
    }

    #[track_caller]
    pub(crate) fn visit_at(&self, address: &str, options: &[&str]) -> Seen {
        let row = self.row;
        let seen = self.look(address, options);
        assert_eq!(seen.said["verdict"], row.verdict.as_str(), "{seen:#?}");
        let rules = self.rules();
        assert_eq!(
            rules.first().map(String::as_str),
            Some(row.rule.as_str()),
            "{rules:?} of {seen:#?}"
        );
        // What cannot be told is no strike; a page that is there is none either.
        let strikes = self.number("select strikes from source");
        let is_strike = matches!(row.verdict.group(), Group::Gone | Group::Failing);
        assert_eq!(strikes, i64::from(is_strike), "strikes: {seen:#?}");
        seen
    }

    /// Makes a visit, and holds what came of it to what always holds.
    #[track_caller]
    pub(crate) fn look(&self, address: &str, options: &[&str]) -> Seen {
        let (output, took) = self.run(address, options);
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{out}\n{err}");
        for c in out.chars().chain(err.chars()) {
            assert!(c == '\n' || !c.is_control(), "{c:?} in {out:?}\n{err:?}");
        }
        let said: serde_json::Value = serde_json::from_str(&out).unwrap();
        let said = said[0].clone();
        assert_eq!(said["fault"], serde_json::Value::Null, "{out}\n{err}");
        let words = said["evidence"].as_array().into_iter().flatten();
        let words: Vec<_> = words.filter_map(serde_json::Value::as_str).collect();
        let seen = Seen {
            evidence: words.join("; "),
            next_in_ms: self.number("select next_visit_at - last_visit_at from source"),
            elapsed_ms: self.number("select elapsed_ms from visit order by id desc limit 1"),
            peak_mb: peak_mb(&err),
            said,
            took,
        };
        assert!(took < self.ends_after + SLACK, "too long: {seen:#?}");
        assert!(took >= self.ends_after, "too soon: {seen:#?}");
        assert_eq!(seen.peak_mb.is_some(), cfg!(target_os = "linux"), "{err}");
        let peak = seen.peak_mb.unwrap_or(0.0) * 1e6;
        assert!(peak < self.most_bytes as f64, "too much: {seen:#?}");
        for asked in self.web.requests() {
            assert!(matches!(asked.method.as_str(), "GET" | ""), "{asked:?}");
        }
        let store = Store::open(&self.db(), Mode::Read, 0).unwrap();
        let verified = store.read("verify", |r| r.verify()).unwrap();
        assert_eq!(verified.problems, Vec::<String>::new());
        note(self.row, &seen);
        seen
    }

    fn run(&self, address: &str, options: &[&str]) -> (std::process::Output, Duration) {
        let config = self.folder.path().join("limits.toml");
        std::fs::write(&config, &self.limits).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_sourcekeep"));
        command
            .current_dir(self.folder.path())
            .env_remove("SOURCEKEEP_DB")
            .env_remove("SOURCEKEEP_CONFIG")
            .args(["check", address, "--format", "json", "--verbose"])
            .args(["--db", "a.db", "--config", "limits.toml"])
            .args(["--host-delay", "0"])
            .arg("--ca-cert")
            .arg(self.web.ca_path())
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if self.is_resolved {
            command.args(["--resolve", &self.web.resolve()]);
        }
        let begun = Instant::now();
        let child = command.spawn().unwrap();
        let id = child.id();
        let (sender, answer) = mpsc::channel();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let Ok(output) = answer.recv_timeout(self.ends_after + 4 * SLACK) else {
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
            panic!("{}: the program hangs", self.row.name);
        };
        (output.unwrap(), begun.elapsed())
    }

    fn db(&self) -> std::path::PathBuf {
        self.folder.path().join("a.db")
    }

    fn archive(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.db()).unwrap()
    }

    /// One number out of the archive.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.archive().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The rules in the evidence of the newest verdict, in order.
    fn rules(&self) -> Vec<String> {
        let newest = "select evidence from verdicts order by visit_id desc limit 1";
        let evidence: String = self
            .archive()
            .query_row(newest, [], |row| row.get(0))
            .unwrap();
        let signs: Vec<Sign> = serde_json::from_str(&evidence).unwrap();
        signs.into_iter().map(|sign| sign.rule.into()).collect()
    }
}

impl Seen {
    /// The evidence has these words.
    #[track_caller]
    pub(crate) fn tells(self, words: &str) -> Self {
        assert!(self.evidence.contains(words), "no {words:?} in {self:#?}");
        self
    }

    /// The next visit is at least this far away.
    #[track_caller]
    pub(crate) fn waits_at_least(self, pause: Duration) -> Self {
        assert!(self.next_in_ms >= pause.as_millis() as i64, "{self:#?}");
        self
    }
}

/// The line that `--verbose` ends with.
fn peak_mb(err: &str) -> Option<f64> {
    let line = err
        .lines()
        .find_map(|line| line.strip_prefix("peak memory: "))?;
    line.strip_suffix(" MB")?.parse().ok()
}

/// What it took, for who wants to see it: `cargo test --test misbehaving -- --nocapture`.
#[expect(
    clippy::print_stderr,
    reason = "shown only where the harness is asked to"
)]
fn note(row: &Row, seen: &Seen) {
    let (took, peak, elapsed) = (
        seen.took.as_millis(),
        seen.peak_mb.unwrap_or(0.0),
        seen.elapsed_ms,
    );
    eprintln!(
        "{:<40} {elapsed:>6} of {took:>6} ms {peak:>6.1} MB  {}",
        row.name, seen.evidence
    );
}
