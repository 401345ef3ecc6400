//! What must hold when the world does not: through the built binary, against a small web on loopback.
//!
//! - `inputs`: files and folders that are no posts, or never end
//! - `archive`: files that are not ours, full disks, locks, two at once
//! - `backup`: backups to a full disk
//! - `killed`: `kill -9` at random moments
//! - `hostile`: words of strangers that would steer a terminal or a spreadsheet
//! - `beside`: what others do to the archive while a run goes on
//! - `polite`: what hosts see of us, over processes and restarts
//! - `room`: an archive or a disk that is as full as the user allows
//! - `power`: what a power cut may take
//! - `faults`: no network, no files, no ports, no archive any more: never a verdict

#![expect(
    clippy::unwrap_used,
    reason = "tests: a panic is the report, also in their helpers"
)]

mod apart;
#[path = "robust/archive.rs"]
mod archive;
#[path = "robust/backup.rs"]
mod backup;
#[path = "robust/beside.rs"]
mod beside;
#[path = "robust/faults.rs"]
mod faults;
#[path = "robust/hostile.rs"]
mod hostile;
#[path = "robust/inputs.rs"]
mod inputs;
#[path = "robust/killed.rs"]
mod killed;
#[path = "robust/polite.rs"]
mod polite;
#[path = "robust/power.rs"]
mod power;
#[path = "robust/room.rs"]
mod room;
mod web;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use sourcekeep::store::{Mode, Store};
use web::Web;

/// Nothing in these tests takes longer, unless it hangs.
const TOO_LONG: Duration = Duration::from_secs(40);

/// What a command said, and how it ended.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    #[track_caller]
    fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    fn tells(self, words: &str) -> Self {
        assert!(self.err.contains(words), "no {words:?} in:\n{}", self.err);
        self
    }

    #[track_caller]
    fn prints(self, words: &str) -> Self {
        assert!(self.out.contains(words), "no {words:?} in:\n{}", self.out);
        self
    }
}

/// A folder of its own with an archive in it.
struct Place {
    folder: tempfile::TempDir,
    web: Vec<String>,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            web: Vec::new(),
        }
    }

    fn at(web: &Web) -> Self {
        let options = ["--resolve", &web.resolve(), "--host-delay", "0"];
        Self {
            folder: tempfile::tempdir().unwrap(),
            web: options.map(str::to_owned).into(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn db(&self) -> PathBuf {
        self.path("a.db")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sourcekeep"));
        command
            .current_dir(self.folder.path())
            .env_remove("SOURCEKEEP_DB")
            .args(["--db", "a.db"])
            .args(&self.web)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    #[track_caller]
    fn says(&self, args: &[&str]) -> Said {
        wait(self.command(args).spawn().unwrap())
    }

    /// One number out of the archive.
    fn number(&self, sql: &str) -> i64 {
        let connection = rusqlite::Connection::open(self.db()).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// One text out of the archive.
    fn text(&self, sql: &str) -> String {
        let connection = rusqlite::Connection::open(self.db()).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Everything stored still says what was written.
    #[track_caller]
    fn is_sound(&self) {
        is_sound(&self.db());
    }
}

#[track_caller]
fn is_sound(db: &Path) {
    let store = Store::open(db, Mode::Read, 0).unwrap();
    let verified = store.read("verify", |r| r.verify()).unwrap();
    assert_eq!(verified.problems, Vec::<String>::new());
}

/// Waits for the end of a command, and fails if that does not come.
#[track_caller]
fn wait(child: Child) -> Said {
    let id = child.id();
    let (sender, answer) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = answer.recv_timeout(TOO_LONG) else {
        let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        panic!("the command hangs");
    };
    let output = output.unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A post in Markdown that cites these addresses, a line each.
fn post(addresses: impl IntoIterator<Item = String>) -> String {
    let lines = addresses
        .into_iter()
        .map(|address| format!("- [a source]({address})"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Runs a shell script where mounts are its own; `None` where the system does not let us.
fn with_mounts(place: &Place, mounts: &str, args: &str, after: &str) -> Option<Said> {
    let can = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .output();
    if !can.is_ok_and(|output| output.status.success()) {
        let required = std::env::var_os("SOURCEKEEP_REQUIRE_TOOLS").is_some_and(|one| one == "1");
        assert!(
            !required,
            "this system does not let us mount a small file system"
        );
        // Past the harness, which shows only what a failed test says.
        let line = "skipped: this system does not let us mount a small file system (unshare -rm)\n";
        let _ = std::io::stderr().write_all(line.as_bytes());
        return None;
    }
    let program = env!("CARGO_BIN_EXE_sourcekeep");
    let options: Vec<_> = place
        .web
        .iter()
        .map(|option| format!("'{option}'"))
        .collect();
    let options = options.join(" ");
    let script =
        format!("{mounts} || exit 99; '{program}' {options} {args}; code=$?; {after}; exit $code");
    let child = Command::new("unshare")
        .args(["-rm", "sh", "-c", &script])
        .current_dir(place.folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    Some(wait(child))
}
