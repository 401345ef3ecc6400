//! The README's first command: the whole story, without a network, in a folder of its own.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]
#![expect(clippy::too_many_lines, reason = "the whole story is one text")]

mod apart;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use insta::assert_snapshot;
use regex::Regex;
use sourcekeep::store::{Mode, Store};

/// The demo with these words, in this folder, and with nothing in its environment.
fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sourcekeep"));
    command
        .arg("demo")
        .args(words)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null());
    command
}

fn demo(folder: &Path, words: &[&str]) -> Output {
    command(folder, words).output().unwrap()
}

/// What a demo that went well told.
#[track_caller]
fn told(output: &Output) -> String {
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{talk}");
    assert_eq!(talk, "", "nothing is to be said beside the story");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Without what differs from run to run: how long it took, and the numbers of visits, for several are made at once.
fn tidy(text: &str) -> String {
    let time = Regex::new(r"in \d+\.\d s").unwrap();
    let visit = Regex::new(r"\(visit \d+\)").unwrap();
    let text = time.replace_all(text, "in [time]");
    visit.replace_all(&text, "(visit [id])").into_owned()
}

/// The suggested commands, as they stand in the text, without what is said of them.
fn suggested(told: &str) -> Vec<&str> {
    let (_, hints) = told.split_once("Now you.").unwrap();
    hints
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .map(|line| line.split("  #").next().unwrap().trim_end())
        .collect()
}

/// Rows of the archive, a line each.
fn rows(folder: &Path, sql: &str) -> String {
    let archive = rusqlite::Connection::open(folder.join("sourcekeep-demo/demo.db")).unwrap();
    let mut query = archive.prepare(sql).unwrap();
    let rows = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
    rows.map(Result::unwrap).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_story_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let output = demo(folder.path(), &[]);
    let told = told(&output);
    assert!(told.lines().count() <= 130, "{}", told.lines().count());
    assert_snapshot!(tidy(&told), @r"
    A small web on loopback, and a clock that we move. Each command is really made (with --db and --now
    besides), and what it printed follows; “…” stands where that was shortened.

    Day 1. A village blog cites what it says: a foundation's register of lightning strikes, the paper, a
    ministry. sourcekeep reads its feed, and an older post for its comments, and keeps a copy of every
    source. Menus, neighbours and the commenter's own site are none.
    $ sourcekeep run http://blog.example/feed.xml http://blog.example/an-old-rod
    read     2 inputs: 4 posts new or changed, 10 citations, 8 new sources
    visited  8 sources: 8 alive
    kept     8 new copies in [time]; 6 KB received
    archive  8 sources cited in 4 posts, 8 copies held

    Day 2. The foundation's server hangs up on everybody. The paper has moved an article, the wiki has
    put up a bot wall, and the radio's new site sends every old address to its front page.
    $ sourcekeep run
    visited  8 sources: 3 alive · 2 connection-failure · 1 blocked · 1 moved · 1 soft-404 …

    $ sourcekeep report
    8 sources cited in 4 posts, 2026-03-03 · last run just now

    Newly broken (3)
      …

      ✗ http://foundation.example/register/strikes
        connection-failure: connection failed: closed without an answer · failing, strike 1 of 3
        cited in   http://blog.example/third-steeple:51  “a register of strikes on steeples”
                   http://blog.example/what-a-rod-does:21  “the foundation's register”
        since      2026-03-03 (just now, last fine 2026-03-02)
        we hold    copy of 2026-03-02 “Register of strikes on steeples”, 1 KB
      …

    Cannot tell (1)

      ? http://wiki.example/Lightning_rod
        blocked: a bot wall answered: Cloudflare, JavaScript challenge (cf-mitigated: challenge); 403 Forbidden
        cited in   http://blog.example/what-a-rod-does:16  “lightning rod”
        since      2026-03-03 (just now, last fine 2026-03-02)
        we hold    copy of 2026-03-02 “Lightning rod”, 641 B
      …

    Day 3. A plough cuts our own cable. All seven sites are silent at once, so it is rather us than
    them: the run is suspect, nobody gets a strike, and cron hears of it by the exit code.
    $ sourcekeep run
    visited  8 sources: 8 connection-failure
    suspect  nobody answered: it may be our network, so nobody got a strike (schedule.canaries help to tell) …
    $ echo $?
    5

    Day 4. The cable is mended. The radio has put its interview back; it was never called dead. The
    register is 404 now. And at the ministry, somebody has quietly edited the report: both
    wordings are kept.
    $ sourcekeep run
    visited  8 sources: 3 alive · 2 not-found · 1 blocked · 1 drifted · 1 moved
    kept     1 new copy in [time]; 1 KB received …

    $ sourcekeep show http://ministry.example/reports/steeples.html
    http://ministry.example/reports/steeples.html
    drifted (seen once) · alive
      …

    Copies (2)
      2026-03-05T09:00:00Z  749 B  sha256:ee103b24cc41  “Steeples: report for the year 2025”
      2026-03-02T09:00:00Z  778 B  sha256:3242854c81b0  “Steeples: report for the year 2025”

    Day 5. Three strikes over 72 hours, and a second look by another way: only now is the register dead.
    $ sourcekeep run
    visited  6 sources: 2 not-found · 1 alive · 1 blocked · 1 drifted · 1 moved …

    $ sourcekeep report
    8 sources cited in 4 posts, 2026-03-06 · last run just now

    Newly confirmed dead (2)

      ✗ http://foundation.example/register/strikes
        not-found: 404 Not Found · dead (confirmed)
        cited in   http://blog.example/third-steeple:51  “a register of strikes on steeples”
                   http://blog.example/what-a-rod-does:21  “the foundation's register”
        since      2026-03-05 (24 hours ago, last fine 2026-03-02)
        we hold    copy of 2026-03-02 “Register of strikes on steeples”, 1 KB
      …

    $ sourcekeep explain http://foundation.example/register/strikes
    http://foundation.example/register/strikes
    not-found (gone) · dead since 2026-03-06T09:00:00Z
      …

    Standing
      last fine   2026-03-02T09:00:00Z
      strikes     3 of 3
                  2026-03-03T09:00:00Z  connection-failure  strike 1 (visit [id])
                  2026-03-05T09:00:00Z  not-found  strike 2, 48 h after the strike before (visit [id])
                  2026-03-06T09:00:00Z  not-found  strike 3, 24 h after the strike before (visit [id])
                  2026-03-06T09:00:00Z  not-found  second look: confirms the death (visit [id])
      set aside   2026-03-04T09:00:00Z  connection-failure  it does not count, for its run is suspect: nobody answered (visit [id])
      dead        confirmed on 2026-03-06T09:00:00Z; one fine visit revives it
      …

    Day 34. A month later, with a run each week, the register is back: the dead are visited still.
    $ sourcekeep run
    visited  6 sources: 4 alive · 1 drifted · 1 moved …

    $ sourcekeep report
    8 sources cited in 4 posts, 2026-04-04 · last run just now
      …

    Back again (2)

      ✓ http://foundation.example/register/strikes
        alive: 200 OK · was dead
        cited in   http://blog.example/third-steeple:51  “a register of strikes on steeples”
                   http://blog.example/what-a-rod-does:21  “the foundation's register”
        since      2026-04-04 (just now)
        we hold    copy of 2026-03-02 “Register of strikes on steeples”, 1 KB
      …

    Now you. The web of this story is gone. What it said is kept:

      cd sourcekeep-demo
      sourcekeep --db demo.db report         # what needs attention
      sourcekeep --db demo.db report --all   # every source, and where it is cited
      sourcekeep --db demo.db show http://foundation.example/register/strikes  # whole
      sourcekeep --db demo.db explain http://foundation.example/register/strikes  # why
      sourcekeep --db demo.db stats          # what is in the file, and how small it is
      sourcekeep --db demo.db verify         # that nobody changed it since
      sourcekeep links blog                  # what the posts in a folder cite

    Then your own posts: sourcekeep run --dry-run posts/ fetches nothing and says what it would cost.
    ");
}

#[test]
fn what_it_tells_is_in_the_archive() {
    let folder = tempfile::tempdir().unwrap();
    told(&demo(folder.path(), &[]));
    let folder = folder.path();
    let sources = "select address || ' ' || verdict || ' ' || standing from source where visits > 0 order by address";
    assert_snapshot!(rows(folder, sources), @r"
    http://archive.example/parish-books/1782/june alive alive
    http://foundation.example/register/strikes alive revived
    http://foundation.example/register/strikes.csv alive revived
    http://ministry.example/reports/steeples.html drifted alive
    http://museum.example/collection/rod-of-1782 alive alive
    http://news.example/2026/02/third-steeple-this-winter moved alive
    http://radio.example/interviews/the-bell-ringer alive alive
    http://wiki.example/Lightning_rod blocked uncertain
    ");
    let events = "select e.kind || ' ' || s.address from event e join source s on s.id = e.source_id \
                  order by e.at, s.address, e.kind";
    assert_snapshot!(rows(folder, events), @r"
    standing-changed http://foundation.example/register/strikes
    verdict-changed http://foundation.example/register/strikes
    standing-changed http://foundation.example/register/strikes.csv
    verdict-changed http://foundation.example/register/strikes.csv
    verdict-changed http://news.example/2026/02/third-steeple-this-winter
    standing-changed http://radio.example/interviews/the-bell-ringer
    verdict-changed http://radio.example/interviews/the-bell-ringer
    standing-changed http://wiki.example/Lightning_rod
    verdict-changed http://wiki.example/Lightning_rod
    verdict-changed http://foundation.example/register/strikes
    verdict-changed http://foundation.example/register/strikes.csv
    standing-changed http://radio.example/interviews/the-bell-ringer
    verdict-changed http://radio.example/interviews/the-bell-ringer
    standing-changed http://foundation.example/register/strikes
    standing-changed http://foundation.example/register/strikes.csv
    quote-lost http://ministry.example/reports/steeples.html
    verdict-changed http://ministry.example/reports/steeples.html
    standing-changed http://foundation.example/register/strikes
    verdict-changed http://foundation.example/register/strikes
    standing-changed http://foundation.example/register/strikes.csv
    verdict-changed http://foundation.example/register/strikes.csv
    ");
    let captures = "select s.address || ' ' || count(*) from capture c join source s on s.id = c.source_id \
                    group by s.id order by s.address";
    assert_snapshot!(rows(folder, captures), @r"
    http://archive.example/parish-books/1782/june 1
    http://foundation.example/register/strikes 1
    http://foundation.example/register/strikes.csv 1
    http://ministry.example/reports/steeples.html 2
    http://museum.example/collection/rod-of-1782 1
    http://news.example/2026/02/third-steeple-this-winter 1
    http://radio.example/interviews/the-bell-ringer 1
    http://wiki.example/Lightning_rod 1
    ");
    assert_eq!(
        rows(folder, "select doubt from run where suspect"),
        "nothing-answers"
    );
    let second_looks =
        "select count(*) || '' from outcomes where json_extract(facts, '$.way') = 'browser'";
    assert_ne!(
        rows(folder, second_looks),
        "0",
        "death was confirmed by another way"
    );
    let db = folder.join("sourcekeep-demo/demo.db");
    let store = Store::open(&db, Mode::Read, 0).unwrap();
    let verified = store.read("verify", |r| r.verify()).unwrap();
    assert_eq!(verified.problems, Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn each_suggested_command_works_when_the_web_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let name = "a reader's demo";
    let told = told(&demo(folder.path(), &[name]));
    let commands = suggested(&told);
    assert_eq!(commands.len(), 8, "{commands:?}");
    assert_eq!(commands[0], r"cd 'a reader'\''s demo'");
    let program = Path::new(env!("CARGO_BIN_EXE_sourcekeep"));
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    for one in &commands[1..] {
        let output = Command::new("sh")
            .args(["-ec", &format!("{}\n{one}", commands[0])])
            .current_dir(folder.path())
            .env("PATH", &path)
            .output()
            .unwrap();
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{one}: {talk}");
        assert!(!output.stdout.is_empty(), "{one} says nothing");
    }
}

#[test]
fn colour_is_for_terminals_and_who_asks() {
    let folder = tempfile::tempdir().unwrap();
    let plain = demo(folder.path(), &["plain"]);
    assert!(!told(&plain).contains('\u{1b}'));
    let coloured = demo(folder.path(), &["coloured", "--color", "always"]);
    assert!(told(&coloured).contains("\u{1b}[1m\u{1b}[36mDay 1."));
}

#[test]
fn it_does_not_write_over_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sourcekeep-demo"), "mine").unwrap();
    let output = demo(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(3));
    assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @r"
    error: sourcekeep-demo: is there already

    hint: remove it, or name another folder: sourcekeep demo FOLDER
    ");
    let mine = std::fs::read_to_string(folder.path().join("sourcekeep-demo")).unwrap();
    assert_eq!(mine, "mine");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    // Permissions would not stop root.
    let output = demo(folder.path(), &["no/such/folder"]);
    assert_eq!(output.status.code(), Some(3));
    assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @r"
    error: no/such/folder: No such file or directory (os error 2)

    hint: name a folder that can be made: sourcekeep demo FOLDER
    ");
}

#[test]
fn it_needs_no_network() {
    if !apart::apart("it_needs_no_network", "ip link set lo up") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(told(&demo(folder.path(), &[])).contains("Now you."));
}

#[cfg(unix)]
#[test]
fn it_can_be_left_at_any_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path(), &["--pause", "10m"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The last line of the first chapter: what follows is the pause, or is about to be.
    assert!(lines.any(|line| line.unwrap().starts_with("archive")));
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    assert_eq!(lines.count(), 0, "nothing more is told");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @"the demo ended early; what it did so far is in sourcekeep-demo");
    assert_eq!(
        rows(folder.path(), "select count(*) || '' from capture"),
        "8"
    );
}

#[test]
fn the_screen_in_the_readme_is_what_the_demo_prints() {
    let readme =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let told = tidy(&told(&demo(folder.path(), &[])));
    let told: Vec<&str> = told.lines().map(str::trim_end).collect();
    let screen = readme
        .split("```console\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    for line in tidy(screen).lines() {
        assert!(
            told.contains(&line),
            "README.md shows {line:?}, which the demo does not print"
        );
    }
}
