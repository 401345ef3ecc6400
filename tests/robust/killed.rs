//! `kill -9` at random moments.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::*;
use crate::web::Page;

const SOURCES: usize = 300;
const HOSTS: usize = 30;

/// A web of 300 pages on 30 hosts that tells of each request.
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

/// Sources with a committed visit, and the last link of the chain of visits that leads to it.
fn committed(place: &Place) -> (BTreeSet<String>, Vec<(i64, Vec<u8>)>) {
    let connection = rusqlite::Connection::open(place.db()).unwrap();
    let mut sources = connection
        .prepare("select distinct s.address from visit v join source s on s.id = v.source_id")
        .unwrap();
    let sources = sources
        .query_map([], |row| row.get(0))
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

#[test]
fn nothing_committed_is_lost_or_fetched_again() {
    const SEED: u64 = 20_260_729;
    let mut state = SEED;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let (web, requests) = telling_web();
    let mut kills = 0;
    while kills < 15 {
        let place = Place::at(&web);
        place.write("post.md", post((0..SOURCES).map(address)));
        let mut known = (BTreeSet::new(), Vec::new());
        for _ in 0..5 {
            web.forget_requests();
            while requests.try_recv().is_ok() {}
            let mut child = place
                .command(&["run", "--concurrency", "8", "post.md"])
                .spawn()
                .unwrap();
            for _ in 0..=random(90) {
                if requests.recv_timeout(TOO_LONG).is_err() {
                    break;
                }
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            place.is_sound();
            let asked: BTreeSet<_> = asked(&web);
            let again: Vec<_> = known.0.intersection(&asked).collect();
            assert!(
                again.is_empty(),
                "fetched again though committed: {again:?}"
            );
            let now = committed(&place);
            assert!(now.0.is_superset(&known.0));
            assert_eq!(
                now.1[..known.1.len()],
                known.1[..],
                "what was committed stays"
            );
            known = now;
        }
        web.forget_requests();
        place.says(&["run"]).ended(0);
        place.is_sound();
        let asked = asked(&web);
        assert!(known.0.intersection(&asked).next().is_none());
        assert_eq!(
            known.0.len() + asked.len(),
            SOURCES,
            "each was fetched exactly once after all"
        );
        assert_eq!(place.number("select count(*) from visit"), SOURCES as i64);
        assert_eq!(place.number("select count(*) from capture"), SOURCES as i64);
        assert_eq!(
            place.number("select count(*) from citation where gone_at is null"),
            SOURCES as i64
        );
        // The killed runs are closed by the next one.
        assert_eq!(
            place.number("select count(*) from run where ended_at is null"),
            0
        );
        assert_eq!(
            place.number("select count(*) from run where result = 'failed'"),
            5
        );
        assert_eq!(
            place.number("select count(*) from run where result = 'done'"),
            1
        );
        assert_eq!(
            place.number("select count(*) from run where ended_at < started_at"),
            0
        );
        place.says(&["report", "--all"]).ended(0);
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
    let mut child = place.command(&["run", "--limit", "0"]).spawn().unwrap();
    while citations() == 0 && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let first = citations();
    assert!(first < CITATIONS, "the run was faster than its end");
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
