//! The first page: what needs attention, what happened, and how it stands.

use askama::Template;
use serde::Serialize;

use super::{Frame, Row, page};
use crate::report::look::{Badge, Chart, Moment, STANDINGS};
use crate::report::{bytes, count, one_line, rfc3339};
use crate::serve::answer::Answer;
use crate::serve::api::{Problem, json};
use crate::serve::looked::{Changed, EVENTS as EVENTS_LOOKED_AT, Look};
use crate::serve::progress::{self, Going};
use crate::serve::view::{Listed, newest, typed};
use crate::serve::{Asked, Site};
use crate::store::{
    EventRow, GroupTally, ListFor, ListedSource, RunRow, SearchFor, StoreError, Tally,
};

/// Sources of each kind that need attention, on this page.
const ATTENTION: usize = 5;
/// Events.
const EVENTS: usize = 12;
/// Runs.
const RUNS: usize = 6;
/// Days in the chart.
const DAYS: usize = 90;
/// Hosts.
const HOSTS: usize = 8;

#[derive(Template)]
#[template(path = "ui/overview.html")]
struct Overview {
    frame: Frame,
    total: i64,
    standings: Vec<Figure>,
    by_day: Option<Chart>,
    by_year: Option<Chart>,
    since: Option<Changed>,
    attention: Vec<Attention>,
    events: Vec<Happened>,
    /// The run that goes on.
    going: Option<Going>,
    runs: Vec<Ran>,
    by_host: Option<Chart>,
    hosts: Vec<Host>,
    /// How much room the archive takes, and what is left on its disk.
    room: String,
    newest: Vec<Listed>,
    /// Whether files and folders of this machine may be added here.
    takes_files: bool,
}

/// How many are of a standing.
struct Figure {
    name: &'static str,
    badge: Badge,
    many: i64,
}

/// A source that needs attention.
struct Attention {
    row: Row,
    /// What of its state does not say it.
    why: Option<&'static str>,
}

/// An event.
struct Happened {
    at: Moment,
    says: String,
    about: Option<(String, String)>,
}

/// A run.
struct Ran {
    at: Moment,
    command: String,
    did: String,
    ended: String,
}

/// A host.
struct Host {
    name: String,
    path: String,
    many: i64,
    /// How many there are of each verdict.
    verdicts: String,
}

/// The page; or where the address leads that somebody typed there.
pub(in crate::serve) fn overview(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    if let Some(typed_address) = asked.sent("url") {
        return Ok(typed(asked, &typed_address));
    }
    let now = site.clock.now();
    let (tallies, by_day, by_year, lately, made_at) =
        site.store.read("read the overview", |r| {
            Ok((
                r.tallies()?,
                r.standing_by_day(DAYS)?,
                r.tallies_by_year()?,
                r.lately(0, EVENTS_LOOKED_AT)?,
                r.made_at()?,
            ))
        })?;
    let (events, runs, hosts, by_host, pages) = site.store.read("read the overview", |r| {
        let hosts = r.hosts_with_most("dead", HOSTS)?;
        let names: Vec<String> = hosts.iter().map(|host| host.key.clone()).collect();
        Ok((
            r.events_before(None, EVENTS)?,
            r.last_runs(RUNS)?,
            hosts,
            r.tallies_of_hosts(&names)?,
            r.pages()?,
        ))
    })?;
    let attention = attention(site, now)?;
    let look = Look::new(asked, made_at, lately.newest, now);
    let going = progress::going(site)?;
    let of = |standing: &str| -> i64 {
        let own = tallies.iter().filter(|tally| tally.standing == standing);
        own.map(|tally| tally.many).sum()
    };
    let mut frame = Frame::new(site, asked, "overview", "Overview");
    frame.also = vec![("application/atom+xml", "/feed.atom".to_owned())];
    let mut answer = page(&Overview {
        frame,
        total: tallies.iter().map(|tally| tally.many).sum(),
        standings: STANDINGS
            .into_iter()
            .map(|name| Figure {
                name,
                badge: Badge::new(name, None),
                many: of(name),
            })
            .filter(|figure| figure.many > 0)
            .collect(),
        by_day: Chart::by_day(by_day),
        by_year: Chart::by_year(by_year),
        since: look.last.map(|last| Changed::new(last, &lately, now)),
        attention,
        events: events.iter().map(|event| happened(event, now)).collect(),
        runs: runs
            .into_iter()
            .map(|run| {
                let is_going = going.as_ref().is_some_and(|going| going.run == run.id);
                ran(run, is_going, now)
            })
            .collect(),
        going,
        hosts: hosts
            .into_iter()
            .map(|host| Host {
                path: format!("/sources?of=dead&host={}", host.key),
                verdicts: verdicts(&by_host, &host.key),
                name: host.key,
                many: host.many,
            })
            .collect(),
        by_host: Chart::by_host(standings(&by_host)),
        room: room(site, pages.all * pages.size),
        newest: newest(site)?,
        takes_files: !site.door.is_guarded(),
    });
    answer.cookie = look.cookie.map(String::into_boxed_str);
    Ok(answer)
}

/// The sources that need attention: newly dead, with lost quotes, drifted, failing; the newest of each.
fn attention(site: &Site, now: i64) -> Result<Vec<Attention>, StoreError> {
    let of = |standing: &str, verdict: &str, work: &str| {
        let named = |name: &str| {
            let name = Some(name).filter(|name| !name.is_empty());
            name.map(str::to_owned).into_iter().collect::<Vec<_>>()
        };
        ListFor {
            narrowed: SearchFor {
                standings: named(standing),
                verdicts: named(verdict),
                ..SearchFor::default()
            },
            work: named(work),
            most: ATTENTION,
            ..ListFor::default()
        }
    };
    let mut all: Vec<Attention> = Vec::new();
    let mut take = |sources: Vec<ListedSource>, why: Option<&'static str>| {
        for source in sources {
            if all.iter().all(|one| one.row.id != source.id) {
                let row = Row::new(source, now);
                all.push(Attention { row, why });
            }
        }
    };
    site.store.read("read what needs attention", |r| {
        take(r.list_sources(&of("dead", "", ""))?.sources, None);
        let lost = r.list_sources(&of("", "", "quote"))?.sources;
        take(lost, Some("a quote is lost"));
        take(r.list_sources(&of("", "drifted", ""))?.sources, None);
        take(r.list_sources(&of("failing", "", ""))?.sources, None);
        Ok(())
    })?;
    Ok(all)
}

fn ran(run: RunRow, is_going: bool, now: i64) -> Ran {
    Ran {
        at: Moment::new(run.at, now),
        command: one_line(&run.command, 60),
        did: did(&run),
        ended: match (&run.result, run.suspect) {
            (_, true) => format!(
                "not counted{}",
                run.doubt
                    .map(|why| format!(": {}", one_line(&why, 120)))
                    .unwrap_or_default()
            ),
            (Some(result), false) => result.clone(),
            (None, false) if is_going => "goes on".to_owned(),
            (None, false) => "killed; what it had done until then is kept".to_owned(),
        },
    }
}

/// What a run that has ended did, in words.
fn did(run: &RunRow) -> String {
    let counts = run.counts.as_deref().unwrap_or_default();
    let counts: serde_json::Value = serde_json::from_str(counts).unwrap_or_default();
    let of = |name: &str| counts.get(name).and_then(serde_json::Value::as_u64);
    let told = [("visits", "visit"), ("captures", "copy")]
        .into_iter()
        .filter_map(|(name, one)| Some((of(name)?, one)))
        .filter(|(many, _)| *many > 0)
        .map(|(many, one)| match (many, one) {
            (2.., "copy") => format!("{many} copies"),
            _ => count(many, one),
        });
    told.collect::<Vec<_>>().join(", ")
}

/// How many sources of a host are of each verdict, the most first.
fn verdicts(all: &[(String, Tally)], host: &str) -> String {
    let mut counts: Vec<(&str, i64)> = Vec::new();
    for (_, tally) in all.iter().filter(|(own, _)| own == host) {
        let verdict = tally.verdict.as_deref().unwrap_or("not visited");
        match counts.iter_mut().find(|(own, _)| *own == verdict) {
            Some((_, many)) => *many += tally.many,
            None => counts.push((verdict, tally.many)),
        }
    }
    counts.sort_by_key(|(_, many)| -many);
    let told = counts
        .iter()
        .map(|(verdict, many)| format!("{verdict} {many}"));
    told.collect::<Vec<_>>().join(", ")
}

/// The same by standing, as charts take it.
fn standings(all: &[(String, Tally)]) -> Vec<GroupTally> {
    let mut groups: Vec<GroupTally> = Vec::new();
    for (host, tally) in all {
        let own = groups
            .iter_mut()
            .find(|group| group.key == *host && group.standing == tally.standing);
        match own {
            Some(group) => group.many += tally.many,
            None => groups.push(GroupTally {
                key: host.clone(),
                standing: tally.standing.clone(),
                many: tally.many,
            }),
        }
    }
    groups
}

/// The room that the archive takes, in words.
fn room(site: &Site, size: i64) -> String {
    let path = site.store.path();
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let free = fs4::available_space(folder.unwrap_or(std::path::Path::new(".")));
    let size = bytes(size.unsigned_abs());
    match free {
        Ok(free) => format!(
            "The archive has {size}; {} are free on its disk.",
            bytes(free)
        ),
        Err(_) => format!("The archive has {size}."),
    }
}

/// What happened, in words.
pub(in crate::serve) fn says(event: &EventRow) -> String {
    let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap_or_default();
    let word = |name: &str| {
        detail
            .get(name)
            .and_then(serde_json::Value::as_str)
            .map(|word| one_line(word, 60))
    };
    let change = |what: &str| match (word("from"), word("to")) {
        (Some(from), Some(to)) => format!("{what}{from} → {to}"),
        (None, Some(to)) => format!("{what}{to}"),
        _ => what.trim_end_matches([' ', ':']).to_owned(),
    };
    match event.kind.as_str() {
        "standing-changed" => change(""),
        "verdict-changed" => change("now "),
        "quote-lost" => "a quote is lost in".to_owned(),
        "quote-back" => "a quote is back in".to_owned(),
        "post-changed" => "a post changed:".to_owned(),
        "input-unreadable" => "an input could not be read".to_owned(),
        "backlog" => {
            let many = detail
                .get("sources")
                .and_then(serde_json::Value::as_i64)
                .unwrap_or_default();
            format!("{many} had been dead before an input was added")
        }
        "mark-ended" => "a mark ended:".to_owned(),
        other => other.replace('-', " "),
    }
}

/// The path of what an event is about, and its name.
pub(in crate::serve) fn about(event: &EventRow) -> Option<(String, String)> {
    match (&event.source, &event.post) {
        (Some((id, address)), _) => Some((format!("/sources/{id}"), one_line(address, 300))),
        (None, Some((id, address))) => Some((format!("/posts/{id}"), one_line(address, 300))),
        (None, None) => None,
    }
}

fn happened(event: &EventRow, now: i64) -> Happened {
    Happened {
        at: Moment::new(event.at, now),
        says: says(event),
        about: about(event),
    }
}

#[derive(Serialize)]
struct Events {
    events: Vec<EventEntry>,
    /// Where it goes on.
    next: Option<String>,
}

#[derive(Serialize)]
struct EventEntry {
    id: i64,
    at: String,
    kind: String,
    source: Option<String>,
    post: Option<String>,
    detail: serde_json::Value,
}

/// What happened, for programs, newest first.
pub(in crate::serve) fn events(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let before = match asked.after() {
        Ok(before) => before,
        Err(problem) => return Ok(Problem::bad(&problem).answer()),
    };
    let all = site
        .store
        .read("list events", |r| r.events_before(before, super::ROWS))?;
    let next = (all.len() == super::ROWS)
        .then(|| all.last().map(|event| event.id))
        .flatten();
    Ok(json(&Events {
        next: next.map(|id| format!("/api/v1/events?after={id}")),
        events: all
            .into_iter()
            .map(|event| EventEntry {
                id: event.id,
                at: rfc3339(event.at),
                kind: event.kind,
                source: event.source.map(|(_, address)| address),
                post: event.post.map(|(_, address)| address),
                detail: serde_json::from_str(&event.detail).unwrap_or_default(),
            })
            .collect(),
    }))
}
