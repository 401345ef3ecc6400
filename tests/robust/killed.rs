//! `kill -9` at random moments.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::*;
use crate::web::Page;

const SOURCES: usize = 200;
const HOSTS: usize = 30;

/// A web of 200 pages on 30 hosts that tells of each request.
fn telling_web() -> (Web, mpsc::Receiver<()>) {
    let web = Web::start();
    let (sender, requests) = mpsc::channel();
    for source in 0..SOURCES {
        let sender = sender.clone();
        web.made(
            &format!("h{}.test", source % HOSTS),
            &format!("/{source}"),
            move |_| {
                let _ = sender.send(());
                let words = format!("page {source} ").repeat(200);
                Page::html(format!("<title>{source}</title><p>{words}"))
            },
        );
    }
    (web, requests)
}

fn address(source: usize) -> String {
    format!("http://h{}.test/{source}", source % HOSTS)
}

/// Sources with so many committed visits, and the links of the chain of visits.
fn committed(place: &Place, visits: i64) -> (BTreeSet<String>, Vec<(i64, Vec<u8>)>) {
    if !place.db().exists() {
        return (BTreeSet::new(), Vec::new());
    }
    let connection = rusqlite::Connection::open(place.db()).unwrap();
    let mut sources = connection
        .prepare(
            "select s.address from visit v join source s on s.id = v.source_id
             group by s.id having count(*) >= ?1",
        )
        .unwrap();
    let sources = sources
        .query_map([visits], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut chain = connection
        .prepare("select id, chain from visit order by id")
        .unwrap();
    let chain = chain
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    (sources, chain)
}

/// Numbers that are the same for the same seed.
struct Random(u64);

impl Random {
    /// The seed is `SOURCEKEEP_SEED`, if that is set. It is printed, and shown by the harness when a test fails.
    #[expect(
        clippy::print_stdout,
        reason = "the harness shows it where it is needed"
    )]
    fn new() -> Self {
        let seed =
            std::env::var("SOURCEKEEP_SEED").map_or(20_260_729, |seed| seed.parse().unwrap());
        println!("SOURCEKEEP_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// How many kills a test makes: `SOURCEKEEP_KILLS`, or 50, of which each test has its share.
fn kills(share: usize) -> usize {
    let all = std::env::var("SOURCEKEEP_KILLS").map_or(50, |kills| kills.parse().unwrap());
    (all * share).div_ceil(100)
}

/// Goes on for so many turns, which is some time, and never the same.
fn dawdle(turns: usize) {
    for _ in 0..turns {
        std::thread::yield_now();
    }
}

/// Kills, and says whether it was still there to be killed.
fn kill(mut child: Child) -> bool {
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

/// Visits that every source has by the end of a pass: one by the first, one more by the second.
struct Pass {
    now: &'static str,
    visits: i64,
}

const PASSES: [Pass; 2] = [
    Pass {
        now: "2026-01-01T00:00:00Z",
        visits: 1,
    },
    Pass {
        now: "2026-06-01T00:00:00Z",
        visits: 2,
    },
];

#[test]
fn nothing_committed_is_lost_or_fetched_again() {
    let mut random = Random::new();
    let (web, requests) = telling_web();
    let (wanted, mut done) = (kills(70), 0);
    while done < wanted {
        let place = Place::at(&web);
        place.write("post.md", post((0..SOURCES).map(address)));
        let mut chain = Vec::new();
        for pass in PASSES {
            let mut known = BTreeSet::new();
            // Somewhere in the pass a few times, and once when everything has been asked for and the books are closed.
            for last_request in [80, 80, SOURCES] {
                web.forget_requests();
                while requests.try_recv().is_ok() {}
                let child = place
                    .command(&["--now", pass.now, "run", "--concurrency", "8", "post.md"])
                    .spawn()
                    .unwrap();
                let left = SOURCES - known.len();
                let until = match last_request {
                    SOURCES => left,
                    some => left.min(1 + random.below(some)),
                };
                for _ in 0..until {
                    if requests.recv_timeout(TOO_LONG).is_err() {
                        break;
                    }
                }
                dawdle(random.below(if last_request == SOURCES { 1_500 } else { 300 }));
                done += usize::from(kill(child));
                place.is_sound();
                let again: Vec<_> = known.intersection(&asked(&web)).cloned().collect();
                assert!(
                    again.is_empty(),
                    "fetched again though committed: {again:?}"
                );
                let now = committed(&place, pass.visits);
                assert!(now.0.is_superset(&known));
                assert_eq!(now.1[..chain.len()], chain[..], "what was committed stays");
                (known, chain) = now;
            }
            web.forget_requests();
            place.says(&["--now", pass.now, "run"]).ended(0);
            place.is_sound();
            let asked = asked(&web);
            assert!(known.intersection(&asked).next().is_none());
            assert_eq!(
                known.len() + asked.len(),
                SOURCES,
                "each was fetched exactly once after all"
            );
            chain = committed(&place, pass.visits).1;
            assert_eq!(
                place.number("select count(*) from visit"),
                pass.visits * SOURCES as i64
            );
            books_are_closed(&place);
        }
    }
}

/// What holds after each pass, however often it was killed.
#[track_caller]
fn books_are_closed(place: &Place) {
    let sources = SOURCES as i64;
    for (sql, expected) in [
        ("select count(*) from capture", sources),
        (
            "select count(*) from citation where gone_at is null",
            sources,
        ),
        (
            "select count(*) from source where standing = 'alive' and strikes = 0",
            sources,
        ),
        (
            "select count(*) from source s join visit v on v.id = s.last_visit_id
          where v.id <> (select max(id) from visit where source_id = s.id)",
            0,
        ),
        // The killed runs are closed by the next one.
        ("select count(*) from run where ended_at is null", 0),
        (
            "select count(*) from run where result not in ('failed', 'done')",
            0,
        ),
        ("select count(*) from run where ended_at < started_at", 0),
    ] {
        assert_eq!(place.number(sql), expected, "{sql}");
    }
    place.says(&["report", "--all"]).ended(0);
}

#[test]
fn an_archive_is_made_as_a_whole_or_not_at_all() {
    let mut random = Random::new();
    let (wanted, mut done) = (kills(15), 0);
    while done < wanted {
        let place = Place::new();
        place.write("post.md", post((0..20).map(address)));
        let child = place.command(&["add", "post.md"]).spawn().unwrap();
        let mut turns = 0;
        while !place.db().exists() && turns < 2_000_000 {
            dawdle(1);
            turns += 1;
        }
        dawdle(random.below(4_000));
        done += usize::from(kill(child));
        // Nothing, or an empty database, or the whole schema.
        let version = if place.db().exists() {
            assert_eq!(place.text("pragma integrity_check"), "ok");
            place.number("pragma user_version")
        } else {
            0
        };
        let tables = match version {
            0 if !place.db().exists() => 0,
            _ => place.number("select count(*) from sqlite_schema"),
        };
        assert_eq!(tables == 0, version == 0);
        place.says(&["add", "post.md"]).ended(0);
        place.is_sound();
        assert_eq!(place.number("select count(*) from input"), 1);
        assert_eq!(place.number("select count(*) from archive"), 1);
        let beside = names_beside(&place);
        assert!(
            !beside.iter().any(|name| name.contains(".bak")),
            "{beside:?}"
        );
    }
}

fn names_beside(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.folder.path()).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

/// The archive as the first schema had it, with all that it can hold of it.
fn as_the_first_schema(place: &Place) {
    const FIRST: &str = include_str!("../../src/store/schema/0001_archive.sql");
    let old = place.path("old.db");
    let connection = rusqlite::Connection::open(&old).unwrap();
    // The order of the tables is not that of their references.
    connection
        .execute_batch("pragma foreign_keys = off")
        .unwrap();
    connection.execute_batch(FIRST).unwrap();
    let now = place.db();
    connection
        .execute("attach ?1 as now", [now.to_string_lossy()])
        .unwrap();
    let tables: String = connection
        .query_row(
            "select group_concat(name) from main.sqlite_schema where type = 'table'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    for table in tables.split(',') {
        let columns: String = connection
            .query_row(
                "select group_concat(name) from pragma_table_info(?1, 'main')",
                [table],
                |row| row.get(0),
            )
            .unwrap();
        // What visits say at length was in their rows.
        let from: Vec<&str> = columns
            .split(',')
            .map(|column| match (table, column) {
                ("outcome", "facts") => {
                    "(select t.facts from now.visit_text t where t.visit_id = text_of)"
                }
                ("verdict", "evidence") => {
                    "(select t.evidence from now.visit_text t where t.visit_id = a.visit_id)"
                }
                ("exchange", "response_headers") => {
                    "(select t.response_headers from now.exchange_text t where t.exchange_id = a.id)"
                }
                _ => column,
            })
            .collect();
        let copy = format!(
            "insert into main.{table} ({columns}) select {} from now.{table} a",
            from.join(",")
        );
        connection.execute_batch(&copy).unwrap();
    }
    let mark = place.number("pragma application_id");
    connection
        .execute_batch(&format!(
            "pragma main.application_id = {mark}; pragma main.user_version = 1"
        ))
        .unwrap();
    drop(connection);
    std::fs::rename(old, now).unwrap();
}

#[test]
fn a_migration_is_made_as_a_whole_and_its_backup_too() {
    let mut random = Random::new();
    let (web, _requests) = telling_web();
    let first = Place::at(&web);
    first.write("post.md", post((0..SOURCES).map(address)));
    // The first schema had no place for what pages need.
    first.says(&["run", "post.md", "--no-requisites"]).ended(0);
    let newest = first.number("pragma user_version");
    as_the_first_schema(&first);
    let (wanted, mut done) = (kills(15), 0);
    while done < wanted {
        let place = Place::new();
        std::fs::copy(first.db(), place.db()).unwrap();
        let aside = place.path("a.db.schema-1.bak");
        let copied = |place: &Place| names_beside(place).iter().any(|name| name.contains(".bak"));
        let child = place.command(&["inputs"]).spawn().unwrap();
        let mut turns = 0;
        while !copied(&place) && turns < 100_000 {
            turns += 1;
        }
        dawdle(random.below(2_000));
        done += usize::from(kill(child));
        assert_eq!(place.text("pragma integrity_check"), "ok");
        let version = place.number("pragma user_version");
        assert!((1..=newest).contains(&version));
        assert!(
            version == 1 || aside.exists(),
            "brought up before it was put aside"
        );
        place.says(&["inputs"]).ended(0);
        place.is_sound();
        assert_eq!(place.number("pragma user_version"), newest);
        assert_eq!(place.number("select count(*) from visits"), SOURCES as i64);
        let backup = Place::new();
        std::fs::copy(&aside, backup.db()).unwrap();
        assert_eq!(backup.number("pragma user_version"), 1);
        assert_eq!(backup.number("select count(*) from visit"), SOURCES as i64);
        backup.is_sound();
    }
}

fn asked(web: &Web) -> BTreeSet<String> {
    let requests = web.requests();
    requests
        .iter()
        .filter(|logged| logged.path != "/robots.txt")
        .map(|logged| format!("http://{}{}", logged.host, logged.path))
        .collect()
}

#[test]
fn a_post_whose_reading_was_cut_short_is_read_again() {
    const CITATIONS: i64 = 20_000;
    let place = Place::new();
    place.write(
        "post.md",
        post((0..CITATIONS).map(|n| format!("http://h.test/{n}"))),
    );
    place.says(&["add", "post.md"]).ended(0);
    let connection = rusqlite::Connection::open(place.db()).unwrap();
    let citations = || -> i64 {
        connection
            .query_row("select count(*) from citation", [], |row| row.get(0))
            .unwrap()
    };
    let mut random = Random::new();
    let mut first = 0;
    for _ in 0..4 {
        let enough = citations() + 1 + random.below(4_000) as i64;
        let mut child = place.command(&["run", "--limit", "0"]).spawn().unwrap();
        while citations() < enough && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        kill(child);
        place.is_sound();
        assert!(citations() >= first, "what was gathered stays");
        first = citations();
        if first == CITATIONS {
            break;
        }
        // Read to its end is only what was.
        assert_eq!(
            place.number("select count(*) from document where complete"),
            0
        );
    }
    place.says(&["run", "--limit", "0"]).ended(0);
    assert_eq!(citations(), CITATIONS, "after {first} at the first time");
    assert_eq!(place.number("select complete from document"), 1);
    place.is_sound();
}

#[test]
fn an_interrupted_run_keeps_what_was_done_and_ends_with_130() {
    let web = Web::start();
    let (sender, requests) = mpsc::channel();
    let sender = Mutex::new(sender);
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    web.made("h.test", "*", move |logged| {
        if logged.path == "/robots.txt" {
            return Page::empty(404);
        }
        let _ = sender.lock().unwrap().send(());
        let number = counter.fetch_add(1, Ordering::Relaxed);
        // From the fourth on, nothing comes any more.
        if number < 3 {
            Page::html(format!("<p>{}", "words ".repeat(50)))
        } else {
            Page::script(vec![crate::web::Act::Hang])
        }
    });
    let place = Place::at(&web);
    place.write(
        "post.md",
        post((0..20).map(|n| format!("http://h.test/{n}"))),
    );
    let child = place.command(&["run", "post.md"]).spawn().unwrap();
    for _ in 0..5 {
        requests.recv_timeout(TOO_LONG).unwrap();
    }
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    wait(child)
        .ended(130)
        .tells("stopping; what was done is kept");
    assert_eq!(place.number("select count(*) from visit"), 3);
    assert_eq!(
        place.number("select count(*) from run where result = 'interrupted'"),
        1
    );
    place.is_sound();
}
