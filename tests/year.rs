//! A year of daily runs against a web that changes by a script: what is told is what the script did, once, and nothing
//! else.
//!
//! The oracle here knows the rules as sentences over lists of visits, not as the machine that the program runs on.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "a test may fail where it stands, and its numbers are small"
)]

mod web;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::Connection;

use web::{Page, Web};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// 2026-01-05T08:00:00Z.
const BEGINS: i64 = 1_767_600_000_000;
const SOURCES: usize = 1000;
const DAYS: i64 = 365;
/// The day on which there is no network.
const CUT_OFF: i64 = 200;

/// What is at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    Fine,
    Moved,
    NotFound,
    Gone,
    Error,
    Wall,
}

impl Truth {
    fn code(self) -> &'static str {
        match self {
            Self::Fine => "alive",
            Self::Moved => "moved",
            Self::NotFound => "not-found",
            Self::Gone => "gone",
            Self::Error => "server-error",
            Self::Wall => "blocked",
        }
    }
}

/// A number that is the same for the same question, and looks random.
fn dice(source: usize, question: u64) -> u64 {
    let mut z = (source as u64 + 1)
        .wrapping_mul(0xd134_2543_de82_ef95)
        .wrapping_add(question.wrapping_mul(0x2545_f491_4f6c_dd1d));
    z = (z ^ (z >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 32)
}

/// Since when something else is at an address than a living page, until when, and what.
fn fate(source: usize) -> Option<(i64, i64, Truth)> {
    let day = 18 + (dice(source, 1) % 300) as i64;
    let at = BEGINS + day * DAY + (dice(source, 2) % 24) as i64 * HOUR;
    let for_ever = i64::MAX;
    match source % 100 {
        0 | 1 => Some((0, for_ever, Truth::NotFound)),
        2..=7 => Some((at, for_ever, Truth::NotFound)),
        8 | 9 => Some((at, for_ever, Truth::Gone)),
        10..=12 => Some((at, for_ever, Truth::Error)),
        // Outages of hours, and of days.
        13..=22 => Some((
            at,
            at + (1 + dice(source, 3) % 12) as i64 * HOUR,
            Truth::Error,
        )),
        23..=30 => Some((
            at,
            at + (24 + dice(source, 3) % 44) as i64 * HOUR,
            Truth::NotFound,
        )),
        31..=36 => Some((
            at,
            at + (5 + dice(source, 3) % 40) as i64 * DAY,
            Truth::Wall,
        )),
        37..=41 => Some((at, for_ever, Truth::Moved)),
        // Dead for months, and back.
        42..=46 => Some((
            at,
            at + (50 + dice(source, 3) % 60) as i64 * DAY,
            Truth::NotFound,
        )),
        _ => None,
    }
}

fn truth(source: usize, at: i64) -> Truth {
    match fate(source) {
        Some((since, until, truth)) if (since..until).contains(&at) => truth,
        _ => Truth::Fine,
    }
}

/// A page that never changes, or one that does so now and then.
fn words(source: usize, at: i64) -> String {
    let edition = match source % 100 {
        90..=94 => (at - BEGINS) / (50 * DAY),
        _ => 0,
    };
    format!(
        "<!doctype html><title>Source {source}</title><article><h1>Source {source}</h1><p>What is said \
         here, with words enough to be taken for a page that somebody wrote for others to read, \
         and not for an empty shell that waits for a script to fill it.</p></article>\
         <footer>Edition {edition}</footer>"
    )
}

fn address(source: usize) -> String {
    format!("http://s{source}.site{}.test/page", source % 700)
}

fn answer(source: usize, path: &str, at: i64) -> Page {
    let page = |at| {
        let words = words(source, at);
        // Every third server knows conditional requests.
        let page = Page::html(words.clone());
        if source.is_multiple_of(3) {
            let sum = words.bytes().map(u64::from).sum();
            page.etag(&format!("\"{:x}\"", dice(source, sum)))
        } else {
            page
        }
    };
    match (path, truth(source, at)) {
        ("/moved", _) | ("/page", Truth::Fine) => page(at),
        ("/page", Truth::Moved) => Page::redirect(
            301,
            format!("http://s{source}.site{}.test/moved", source % 700),
        ),
        ("/page", Truth::Gone) => Page::html("<title>410 Gone</title>Gone").status(410),
        ("/page", Truth::Error) => Page::html("<title>Oops</title>Error").status(500),
        ("/page", Truth::Wall) => Page::html("<title>Just a moment...</title>")
            .status(403)
            .header("cf-mitigated", "challenge"),
        _ => Page::html("<title>Not found</title>There is no such page here.").status(404),
    }
}

#[derive(Debug, Clone)]
struct Visit {
    at: i64,
    code: String,
    second_look: bool,
    counts: bool,
}

/// What has to be told of a source whose visits were these: instant, kind, from, to.
fn expected(visits: &[Visit]) -> Vec<(i64, &'static str, String, String)> {
    let mut told = Vec::new();
    let (mut standing, mut verdict) = ("new", None::<String>);
    let (mut strikes, mut hard) = (Vec::<i64>::new(), Vec::<i64>::new());
    let (mut was_fine, mut revived_at) = (false, None::<i64>);
    let apart = |list: &[i64], at: i64| list.last().is_none_or(|last| at - last >= 20 * HOUR);
    for visit in visits {
        let is_fine = matches!(visit.code.as_str(), "alive" | "moved");
        if !is_fine && !visit.counts {
            continue;
        }
        let before = standing;
        if is_fine {
            if standing == "dead" {
                revived_at = Some(visit.at);
            }
            standing = match revived_at {
                Some(since) if visit.at - since < 20 * HOUR => "revived",
                _ => "alive",
            };
            (strikes, hard, was_fine) = (Vec::new(), Vec::new(), true);
        } else if visit.code == "blocked" {
            if standing != "failing" && standing != "dead" {
                standing = "uncertain";
            }
        } else if standing != "dead" {
            standing = "failing";
            if apart(&strikes, visit.at) {
                strikes.push(visit.at);
            }
            if visit.code == "gone" && apart(&hard, visit.at) {
                hard.push(visit.at);
            }
            let span = visit.at - strikes[0];
            let is_out = strikes.len() >= 3 && span >= 72 * HOUR || hard.len() >= 2;
            if is_out && visit.second_look {
                standing = "dead";
            }
        }
        let is_backlog = !was_fine && visit.at < BEGINS + 14 * DAY;
        let change = |kind, from: &str, to: &str| (visit.at, kind, from.to_owned(), to.to_owned());
        if let Some(verdict) = &verdict
            && *verdict != visit.code
            && !is_backlog
        {
            told.push(change("verdict-changed", verdict, &visit.code));
        }
        if before != standing && (before, standing) != ("new", "alive") && !is_backlog {
            told.push(change("standing-changed", before, standing));
        }
        verdict = Some(visit.code.clone());
    }
    told
}

struct Desk {
    folder: tempfile::TempDir,
    web: Web,
    now: Arc<AtomicI64>,
}

impl Desk {
    fn new() -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
            web: Web::start(),
            now: Arc::new(AtomicI64::new(BEGINS)),
        };
        let now = Arc::clone(&desk.now);
        desk.web.anywhere(move |request| {
            let source = request.host.split('.').next().unwrap();
            let source = source.trim_start_matches('s').parse().unwrap();
            answer(source, &request.path, now.load(Ordering::Relaxed))
        });
        let mut post = "---\ntitle: What I read\ndate: 2025-06-01\n---\n\n".to_owned();
        for source in 0..SOURCES {
            writeln!(post, "See [number {source}]({}).\n", address(source)).unwrap();
        }
        std::fs::write(desk.folder.path().join("post.md"), post).unwrap();
        desk
    }

    fn run(&self, day: i64) -> Option<i32> {
        // Cron is late by up to an hour.
        let at = BEGINS + day * DAY + (dice(day as usize, 9) % 3600) as i64 * 1000;
        self.now.store(at, Ordering::Relaxed);
        let now = jiff::Timestamp::from_millisecond(at).unwrap().to_string();
        let resolve = if day == CUT_OFF {
            "*=127.0.0.1:1".to_owned()
        } else {
            self.web.resolve()
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_sourcekeep"));
        command.args(["run", "--quiet", "--host-delay", "0", "--now", &now]);
        command.args(["--resolve", &resolve]);
        if day == 0 {
            command.arg("post.md");
        }
        let output = command.current_dir(self.folder.path()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains("error"), "day {day}: {told}");
        output.status.code()
    }

    fn visits(archive: &Connection) -> BTreeMap<usize, Vec<Visit>> {
        let mut query = archive
            .prepare(
                "select s.address, v.at, coalesce(j.code, b.code), json_extract(o.facts, '$.way') = 'browser',
                     r.suspect = 0
                 from visit v join source s on s.id = v.source_id join outcomes o on o.id = v.outcome_id
                 join run r on r.id = v.run_id
                 left join verdict j on j.visit_id = v.id left join verdict b on b.visit_id = v.confirms
                 order by v.id",
            )
            .unwrap();
        let mut visits: BTreeMap<usize, Vec<Visit>> = BTreeMap::new();
        let rows = query.query_map([], |row| {
            let visit = Visit {
                at: row.get(1)?,
                code: row.get(2)?,
                second_look: row.get(3)?,
                counts: row.get(4)?,
            };
            Ok((row.get::<_, String>(0)?, visit))
        });
        for row in rows.unwrap() {
            let (address, visit) = row.unwrap();
            visits.entry(number(&address)).or_default().push(visit);
        }
        visits
    }
}

fn number(address: &str) -> usize {
    let name = address.trim_start_matches("http://s");
    name.split('.').next().unwrap().parse().unwrap()
}

#[test]
fn a_year_is_told_as_it_was() {
    let desk = Desk::new();
    for day in 0..DAYS {
        let code = desk.run(day);
        assert_eq!(code, Some(if day == CUT_OFF { 5 } else { 0 }), "day {day}");
    }
    let archive = Connection::open(desk.folder.path().join("sourcekeep.db")).unwrap();
    let visits = Desk::visits(&archive);
    assert_eq!(visits.len(), SOURCES);
    visits_saw_the_truth(&visits);
    events_are_what_the_visits_showed(&archive, &visits);
    deaths_are_told_in_time(&archive, &visits);
    quiet_sources_are_visited_once_a_month(&visits);
    no_day_is_much_fuller_than_those_around_it(&visits);
}

fn visits_saw_the_truth(visits: &BTreeMap<usize, Vec<Visit>>) {
    for (source, visits) in visits {
        for visit in visits.iter().filter(|visit| visit.counts) {
            let truth = truth(*source, visit.at);
            assert_eq!(visit.code, truth.code(), "source {source} at {}", visit.at);
        }
    }
}

fn events_are_what_the_visits_showed(archive: &Connection, visits: &BTreeMap<usize, Vec<Visit>>) {
    let mut query = archive
        .prepare(
            "select s.address, e.at, e.kind, e.detail ->> 'from', e.detail ->> 'to'
             from event e join source s on s.id = e.source_id order by e.id",
        )
        .unwrap();
    let mut told: BTreeMap<usize, Vec<(i64, String, String, String)>> = BTreeMap::new();
    let rows = query.query_map([], |row| {
        let address: String = row.get(0)?;
        Ok((
            number(&address),
            (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?),
        ))
    });
    for row in rows.unwrap() {
        let (source, event) = row.unwrap();
        told.entry(source).or_default().push(event);
    }
    for (source, visits) in visits {
        let expected = expected(visits)
            .into_iter()
            .map(|(at, kind, from, to)| (at, kind.to_owned(), from, to));
        let told = told.remove(source).unwrap_or_default();
        assert_eq!(
            told,
            expected.collect::<Vec<_>>(),
            "source {source}: {visits:?}"
        );
    }
    assert!(told.is_empty());
    let others: Vec<(String, String)> = archive
        .prepare("select kind, detail from event where source_id is null")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let backlog = r#"{"sources":1000,"dead":20}"#.to_owned();
    assert_eq!(others, [("backlog".to_owned(), backlog)]);
}

fn deaths_are_told_in_time(archive: &Connection, visits: &BTreeMap<usize, Vec<Visit>>) {
    let mut query = archive
        .prepare(
            "select s.address, e.at from event e join source s on s.id = e.source_id
             where e.kind = 'standing-changed' and e.detail ->> 'to' = 'dead'",
        )
        .unwrap();
    let deaths: BTreeMap<usize, i64> = query
        .query_map([], |row| {
            Ok((number(&row.get::<_, String>(0)?), row.get(1)?))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for (source, at) in &deaths {
        let truth = truth(*source, *at);
        assert!(
            matches!(truth, Truth::NotFound | Truth::Gone | Truth::Error),
            "{source}"
        );
    }
    let mut slowest = 0;
    for (source, visits) in visits {
        let Some((since, until, truth)) = fate(*source) else {
            continue;
        };
        let is_death = until - since.max(0) > 45 * DAY
            && matches!(truth, Truth::NotFound | Truth::Gone | Truth::Error)
            && since > BEGINS
            && since < BEGINS + (DAYS - 40) * DAY;
        if !is_death {
            continue;
        }
        let told = deaths[source];
        let first_failure = visits
            .iter()
            .find(|visit| visit.at >= since && visit.counts);
        assert!(
            told - first_failure.unwrap().at <= 5 * DAY,
            "source {source}"
        );
        assert!(
            told - since <= 35 * DAY,
            "source {source}: {} days",
            (told - since) / DAY
        );
        slowest = slowest.max((told - since) / DAY);
    }
    assert!(slowest > 20, "the sources had long intervals");
}

fn quiet_sources_are_visited_once_a_month(visits: &BTreeMap<usize, Vec<Visit>>) {
    for (source, visits) in visits {
        if fate(*source).is_some() || (90..=94).contains(&(source % 100)) {
            continue;
        }
        let lately = visits.iter().filter(|visit| visit.at > BEGINS + 90 * DAY);
        let instants: Vec<i64> = lately.map(|visit| visit.at).collect();
        assert!(
            (8..=12).contains(&instants.len()),
            "source {source}: {}",
            instants.len()
        );
        for pair in instants.windows(2) {
            let days = (pair[1] - pair[0]) as f64 / DAY as f64;
            let cut_off = BEGINS + CUT_OFF * DAY;
            let is_usual = (27.0..=30.0).contains(&days);
            assert!(
                is_usual || (pair[0] - cut_off).abs() < 4 * DAY,
                "source {source}: {days}"
            );
        }
    }
}

fn no_day_is_much_fuller_than_those_around_it(visits: &BTreeMap<usize, Vec<Visit>>) {
    let mut per_day = vec![0_usize; DAYS as usize + 1];
    for visit in visits.values().flatten() {
        per_day[((visit.at - BEGINS) / DAY) as usize] += 1;
    }
    let mut fullest = (0.0, 0);
    for day in 31..DAYS as usize - 10 {
        let around = &per_day[day - 10..day + 11];
        let mean = around.iter().sum::<usize>() as f64 / around.len() as f64;
        fullest = if per_day[day] as f64 / mean > fullest.0 {
            (per_day[day] as f64 / mean, day)
        } else {
            fullest
        };
    }
    assert!(fullest.0 <= 1.5, "{fullest:?}: {per_day:?}");
}
