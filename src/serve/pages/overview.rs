//! The first page: what needs attention, what happened, and how it stands.

use askama::Template;
use serde::Serialize;

use super::{Frame, Row, page};
use crate::report::look::{Badge, Chart, Moment, STANDINGS};
use crate::report::{one_line, rfc3339};
use crate::serve::answer::Answer;
use crate::serve::api::{Problem, json};
use crate::serve::looked::{Changed, EVENTS as EVENTS_LOOKED_AT, Look};
use crate::serve::progress::{self, Going};
use crate::serve::view::{Listed, newest, typed};
use crate::serve::{Asked, Site};
use crate::store::{CameTo, EventRow, ListFor, ListedSource, News, RunRow, SearchFor, StoreError};

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
    hosts: Vec<Host>,
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
    ended: String,
}

/// A host.
struct Host {
    name: String,
    path: String,
    many: i64,
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
    let (events, runs, hosts) = site.store.read("read the overview", |r| {
        Ok((
            r.events_before(None, EVENTS)?,
            r.last_runs(RUNS)?,
            r.hosts_with_most("dead", HOSTS)?,
        ))
    })?;
    let attention = attention(site, &lately, now)?;
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
                name: host.key,
                many: host.many,
            })
            .collect(),
        newest: newest(site)?,
        takes_files: !site.door.is_guarded(),
    });
    answer.cookie = look.cookie.map(String::into_boxed_str);
    Ok(answer)
}

/// The sources that need attention: newly dead, with lost quotes, drifted, failing; the newest of each.
fn attention(site: &Site, lately: &News, now: i64) -> Result<Vec<Attention>, StoreError> {
    let mut lost: Vec<i64> = Vec::new();
    for change in &lately.changes {
        if change.to == CameTo::QuoteLost && !lost.contains(&change.source_id) {
            lost.push(change.source_id);
        }
    }
    let of = |standing: &[&str], verdict: &[&str]| ListFor {
        narrowed: SearchFor {
            standings: standing.iter().map(|&name| name.to_owned()).collect(),
            verdicts: verdict.iter().map(|&name| name.to_owned()).collect(),
            ..SearchFor::default()
        },
        most: ATTENTION,
        ..ListFor::default()
    };
    let mut all: Vec<Attention> = Vec::new();
    let mut take = |sources: Vec<ListedSource>| {
        for source in sources {
            if all.iter().all(|one| one.row.id != source.id) {
                let why = lost.contains(&source.id).then_some("a quote is lost");
                let row = Row::new(source, now);
                all.push(Attention { row, why });
            }
        }
    };
    site.store.read("read what needs attention", |r| {
        take(r.list_sources(&of(&["dead"], &[]))?.sources);
        let mut with_lost = Vec::new();
        for id in &lost {
            if with_lost.len() == ATTENTION {
                break;
            }
            with_lost.extend(r.listed_source(*id)?);
        }
        take(with_lost);
        take(r.list_sources(&of(&[], &["drifted"]))?.sources);
        take(r.list_sources(&of(&["failing"], &[]))?.sources);
        Ok(())
    })?;
    Ok(all)
}

fn ran(run: RunRow, is_going: bool, now: i64) -> Ran {
    Ran {
        at: Moment::new(run.at, now),
        command: one_line(&run.command, 60),
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
