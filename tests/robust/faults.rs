//! No network, no files, no ports, no archive any more: what is our fault is never a verdict.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use super::*;
use crate::apart::apart;
use crate::web::Page;

const SOURCES: usize = 120;

fn web_of_pages() -> Web {
    let web = Web::start();
    web.anywhere(|logged| {
        if logged.path == "/robots.txt" {
            return Page::empty(404);
        }
        Page::html(format!("<title>x</title><p>{}", "words ".repeat(80)))
    });
    web
}

fn cites_many(place: &Place) {
    let addresses = (0..SOURCES).map(|source| format!("http://h{source}.test/"));
    place.write("post.md", post(addresses));
}

/// Every source that has no fine visit has none at all, no strike, and will be visited again.
#[track_caller]
fn no_fault_is_a_verdict(place: &Place) {
    for sql in [
        "select count(*) from source where verdict is not null and verdict <> 'alive'",
        "select count(*) from source where strikes > 0 or standing not in ('new', 'alive')",
        "select count(*) from outcome where failure is not null",
        "select count(*) from source where next_visit_at is null",
        "select count(*) from visit v where not exists (select 1 from verdict j where j.visit_id = v.id)
         and v.confirms is null",
        "select count(*) from event where kind in ('verdict-changed', 'standing-changed')",
    ] {
        assert_eq!(place.number(sql), 0, "{sql}");
    }
    place.is_sound();
}

/// The next run visits each source that has not been visited.
#[track_caller]
fn the_next_run_finishes(place: &Place) {
    place.says(&["run", "post.md"]).ended(0);
    let visited = "select count(distinct source_id) from visit";
    assert_eq!(place.number(visited), SOURCES as i64);
    no_fault_is_a_verdict(place);
}

#[test]
fn too_few_files_are_no_verdict() {
    let web = web_of_pages();
    let place = Place::at(&web);
    cites_many(&place);
    place.says(&["add", "post.md"]).ended(0);
    let options = place.web.join("' '");
    let mut faults = 0;
    for files in [18, 24, 40] {
        let script = format!(
            "ulimit -n {files}; exec '{}' '{options}' --db a.db run",
            env!("CARGO_BIN_EXE_sourcekeep")
        );
        let child = Command::new("sh")
            .args(["-c", &script])
            .current_dir(place.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = wait(child);
        if place.number("select count(*) from visit") == 0 {
            assert_eq!(said.code, Some(3), "{}", said.err);
        }
        faults += said
            .err
            .to_ascii_lowercase()
            .matches("too many open files")
            .count();
        no_fault_is_a_verdict(&place);
    }
    assert!(faults > 0, "the limits were no limits");
    the_next_run_finishes(&place);
}

#[test]
fn no_network_is_no_verdict() {
    let name = "faults::no_network_is_no_verdict";
    if !apart(name, "true") {
        return;
    }
    let place = Place::new();
    cites_many(&place);
    place.write("b.md", post((1..9).map(|n| format!("http://1.1.1.{n}/"))));
    let said = place.says(&["run", "post.md", "b.md"]).ended(5);
    assert_eq!(
        said.err.matches("it stays due").count(),
        5,
        "not a line for each"
    );
    said.tells("the name servers cannot be reached from here")
        .prints("suspect  no name could be resolved")
        .prints("the fault was ours; they stay due")
        .prints("stopped  for want of a network");
    place
        .says(&["check", "http://1.1.1.1/"])
        .ended(3)
        .prints("no route to any network");
    assert_eq!(place.number("select count(*) from visit"), 0);
    no_fault_is_a_verdict(&place);
}

#[test]
fn no_local_port_is_no_verdict() {
    let name = "faults::no_local_port_is_no_verdict";
    if !apart(name, "ip link set lo up") {
        return;
    }
    let web = web_of_pages();
    let place = Place::at(&web);
    cites_many(&place);
    let range = "/proc/sys/net/ipv4/ip_local_port_range";
    let usual = std::fs::read_to_string(range).unwrap();
    std::fs::write(range, "50000 50003").unwrap();
    let said = place.says(&["run", "post.md"]);
    assert!(
        said.err.contains("no local address or port is left"),
        "{}\n{}",
        said.out,
        said.err
    );
    no_fault_is_a_verdict(&place);
    std::fs::write(range, usual).unwrap();
    the_next_run_finishes(&place);
}

/// A web in which something happens at a request in mid-run, once.
fn at_a_request(web: &Web, number: usize, happens: impl FnOnce() + Send + 'static) {
    let happens = Mutex::new((0, Some(happens)));
    web.anywhere(move |logged| {
        if logged.path == "/robots.txt" {
            return Page::empty(404);
        }
        let now = {
            let mut state = happens.lock().unwrap();
            state.0 += 1;
            if state.0 == number {
                state.1.take()
            } else {
                None
            }
        };
        if let Some(happens) = now {
            happens();
        }
        // Slow enough for some commits on the way.
        let words = format!("<title>x</title><p>{}", "words ".repeat(80));
        Page::html(words).delay(Duration::from_millis(20))
    });
}

#[test]
fn an_archive_that_was_taken_away_is_missed() {
    type Taking = fn(&Path);
    let ways: [(&str, Taking); 4] = [
        ("a.db", |db| std::fs::remove_file(db).unwrap()),
        ("a.db", |db| {
            std::fs::rename(db, db.with_extension("moved")).unwrap();
        }),
        ("a.db", |db| {
            std::fs::copy(db, db.with_extension("copy")).unwrap();
            std::fs::rename(db.with_extension("copy"), db).unwrap();
        }),
        ("a.db-wal", |db| {
            std::fs::remove_file(db.with_extension("db-wal")).unwrap();
        }),
    ];
    for (number, (missed, take)) in ways.into_iter().enumerate() {
        let web = web_of_pages();
        let place = Place::at(&web);
        cites_many(&place);
        let (db, committed) = (place.db(), Arc::new(AtomicI64::new(0)));
        let before = Arc::clone(&committed);
        at_a_request(&web, 40, move || {
            let connection = rusqlite::Connection::open(&db).unwrap();
            let visits: i64 = connection
                .query_row("select count(*) from visit", [], |row| row.get(0))
                .unwrap();
            drop(connection);
            before.store(visits, Ordering::SeqCst);
            take(&db);
        });
        place
            .says(&["run", "--concurrency", "4", "post.md"])
            .ended(3)
            .tells(&format!(
                "error: {missed}: this file was moved, deleted or replaced while it was in use"
            ))
            .tells("hint: put the file back");
        // What is there is whole, whichever it is.
        let left = place.path(if number == 1 { "a.moved" } else { "a.db" });
        if left.exists() {
            let again = Place::at(&web);
            std::fs::copy(&left, again.db()).unwrap();
            if number == 1 {
                let _ = std::fs::copy(place.path("a.db-wal"), again.path("a.db-wal"));
            }
            again.write("post.md", std::fs::read(place.path("post.md")).unwrap());
            again.is_sound();
            if number != 2 {
                // Its log was kept, or taken in when the run ended, so nothing that was committed is lost.
                let before = committed.load(Ordering::SeqCst);
                assert!(before > 5, "{before} visits were committed by then");
                let there = again.number("select count(*) from visit");
                assert!(there >= before, "{number}: {there} of {before} visits");
            }
            the_next_run_finishes(&again);
        }
    }
}

#[test]
fn an_archive_that_was_cut_short_is_told_as_damaged_or_was_not_needed() {
    let web = web_of_pages();
    let place = Place::at(&web);
    cites_many(&place);
    place.says(&["run", "--limit", "60", "post.md"]).ended(0);
    let db = place.db();
    at_a_request(&web, 20, move || {
        let file = std::fs::OpenOptions::new().write(true).open(&db).unwrap();
        file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    });
    let said = place.says(&["run", "--concurrency", "4"]);
    let told = said.err.contains("the file is damaged");
    assert!(
        told && said.code == Some(3) || said.code == Some(0),
        "{:?} {}",
        said.code,
        said.err
    );
    // Either way it is known by the next look at all of it, and nobody is called dead for it.
    let connection = rusqlite::Connection::open(place.db()).unwrap();
    let dead: rusqlite::Result<i64> =
        connection.query_row("select count(*) from source where strikes > 0", [], |row| {
            row.get(0)
        });
    assert!(dead.is_err() || dead == Ok(0));
    let store = Store::open(&place.db(), Mode::Read, 0);
    let verified = store.and_then(|store| store.read("verify", |r| r.verify()));
    assert!(verified.is_err() || !verified.unwrap().problems.is_empty() || !told);
}

#[test]
fn a_lock_in_mid_run_ends_it_with_a_word_and_loses_nothing() {
    let web = web_of_pages();
    let place = Place::at(&web);
    cites_many(&place);
    let (db, held) = (place.db(), Arc::new(Mutex::new(None)));
    let holder = Arc::clone(&held);
    at_a_request(&web, 50, move || {
        let other = rusqlite::Connection::open(&db).unwrap();
        other.busy_timeout(Duration::from_secs(5)).unwrap();
        other.execute_batch("begin exclusive").unwrap();
        *holder.lock().unwrap() = Some(other);
    });
    place
        .says(&["run", "--concurrency", "4", "post.md"])
        .ended(3)
        .tells("error: a.db: another program holds this file locked")
        .tells("hint: close the program that has it open, then run again");
    drop(held.lock().unwrap().take());
    let kept = place.number("select count(*) from visit");
    assert!(kept > 10, "{kept} visits were committed before");
    no_fault_is_a_verdict(&place);
    the_next_run_finishes(&place);
}

#[test]
fn a_file_that_another_program_has_for_itself_is_left_alone() {
    let place = Place::new();
    place.write("post.md", "[a](http://a.test/)");
    place.says(&["add", "post.md"]).ended(0);
    let other = rusqlite::Connection::open(place.db()).unwrap();
    other
        .execute_batch("pragma locking_mode = exclusive; begin exclusive; commit")
        .unwrap();
    let waiting = ["inputs", "run"].map(|command| place.command(&[command]).spawn().unwrap());
    for child in waiting {
        wait(child)
            .ended(3)
            .tells("another program holds this file locked")
            .tells("hint: close the program that has it open");
    }
    drop(other);
    place.says(&["inputs"]).ended(0).prints("post.md");
    place.is_sound();
}
