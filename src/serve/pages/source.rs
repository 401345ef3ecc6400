//! One source: where it is cited, with what words, why its state is what it is, and what is kept of it.

use askama::Template;

use super::kept::{KeptCopy, Picture, kept, picture};
use super::timeline::{Lines, lines};
use super::{Frame, missing, number, page};
use crate::explain::{self, Explained, Question};
use crate::judge::Code;
use crate::report::look::{Badge, Moment};
use crate::report::{Shown, TimelinePlace, bytes, one_line, show_some};
use crate::serve::answer::Answer;
use crate::serve::api::{Problem, json};
use crate::serve::place::{Form, When};
use crate::serve::{Asked, Site, stored};
use crate::store::StoreError;

/// Copies that are listed.
const MOST_COPIES: usize = 50;
/// The same for programs.
const MOST_FOR_PROGRAMS: usize = 1000;
/// Headers of one answer that are shown, and characters of one.
const MOST_HEADERS: usize = 100;
const MOST_CHARS: usize = 1000;

#[derive(Template)]
#[template(path = "ui/source.html")]
struct Page {
    frame: Frame,
    id: i64,
    title: Option<String>,
    badge: Badge,
    group: Option<&'static str>,
    since: Option<String>,
    mark: Option<String>,
    copy: Option<String>,
    /// Why its copies are not shown, if they are not.
    takedown: Option<String>,
    is_wanted: bool,
    work: Option<String>,
    why: Option<Explained>,
    copies: Vec<KeptCopy>,
    picture: Option<Picture>,
    /// Where all copies are listed, where these are not all.
    all: Option<String>,
    answered: Option<Answered>,
    timeline: Lines,
    shown: Shown,
}

/// How the last visit was answered.
struct Answered {
    at: String,
    hops: Vec<HopView>,
    failure: Option<String>,
    body: Option<String>,
    peer: Option<String>,
}

struct HopView {
    url: String,
    status: String,
    headers: Vec<(String, String)>,
}

fn answered(shown: &Shown) -> Option<Answered> {
    let visit = shown.visits.first()?;
    let facts = visit.facts.as_ref()?;
    let hops = facts.hops.iter().map(|hop| HopView {
        url: one_line(&hop.url, MOST_CHARS),
        status: format!("{} · {}", hop.status, one_line(&hop.protocol, 20)),
        headers: hop
            .headers
            .iter()
            .take(MOST_HEADERS)
            .map(|(name, value)| (one_line(name, 100), one_line(value, MOST_CHARS)))
            .collect(),
    });
    Some(Answered {
        at: visit.at.clone(),
        hops: hops.collect(),
        failure: facts.failure.as_ref().map(|failure| {
            format!(
                "{}: {}",
                failure.family.as_str(),
                one_line(&failure.detail, 300)
            )
        }),
        body: facts.body.as_ref().map(|body| {
            let cut = if body.truncated.is_some() {
                ", cut short"
            } else {
                ""
            };
            format!(
                "{}, SHA-256 {}{cut}",
                bytes(body.size),
                one_line(&body.sha256, 64)
            )
        }),
        peer: visit.peer.as_ref().map(|peer| one_line(peer, 100)),
    })
}

/// How a quote differs, in words.
pub(super) fn differs(difference: &crate::judge::quotes::Difference) -> String {
    match (difference.was.as_str(), difference.now.as_str()) {
        (was, "") => format!("without “{}”", one_line(was, 200)),
        ("", now) => format!("with “{}”", one_line(now, 200)),
        (was, now) => format!("“{}” is now “{}”", one_line(was, 200), one_line(now, 200)),
    }
}

/// Whether any sign of a visit was weighed.
fn weighs(visit: &explain::Visit) -> bool {
    visit.signs.iter().any(|sign| sign.weight.is_some())
}

/// Whether a visit is the one of which it is told how it was answered.
fn is_last(at: &str, answered: Option<&Answered>) -> bool {
    answered.is_some_and(|answered| answered.at == at)
}

/// The beginning of a passage, by which links to it are told apart.
fn beginning(words: &str) -> String {
    one_line(words, 60)
}

/// An instant, told to the minute.
fn moment(iso: &str) -> Moment {
    Moment::to_the_minute(iso)
}

/// A post, as part of a query.
pub(super) fn escaped(post: &str) -> String {
    url::form_urlencoded::byte_serialize(post.as_bytes()).collect()
}

/// The page, or the same for programs.
pub(in crate::serve) fn source(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let now = site.clock.now();
    let is_api = asked.path.starts_with("/api/");
    let most = if is_api {
        MOST_FOR_PROGRAMS
    } else {
        MOST_COPIES
    };
    let address = match number(asked) {
        Some(id) => site.store.read("find a source", |r| r.address_of(id))?,
        None => None,
    };
    let shown = match &address {
        Some(address) => stored(show_some(&site.store, address, now, most))?,
        None => None,
    };
    let (Some(shown), Some(id)) = (shown, number(asked)) else {
        return Ok(if is_api {
            Problem::absent("there is no source of this number").answer()
        } else {
            missing(site, asked, "sources", "There is no source of this number.")
        });
    };
    if is_api {
        return Ok(json(&shown));
    }
    let question = Question {
        address: &shown.entry.url,
        visit: None,
        now,
        policy: &site.ways.policy,
        intervals: &site.ways.intervals,
        rules: site
            .ways
            .rules
            .as_deref()
            .unwrap_or(crate::judge::Rules::built_in()),
    };
    let why = match explain::explain(&site.store, &question)? {
        explain::Answer::Explained(explained) => Some(*explained),
        _ => None,
    };
    let code = shown
        .entry
        .verdict
        .as_deref()
        .and_then(|code| code.parse::<Code>().ok());
    let title = shown
        .capture_list
        .iter()
        .find_map(|copy| copy.title.as_deref());
    let title = title.map(|title| one_line(title, 200));
    let newest = shown.capture_list.first();
    let (takedown, is_wanted, work) =
        site.store.read("read what was decided on a source", |r| {
            Ok((r.takedown_of(id)?, r.is_wanted(id)?, r.work_of(id)?))
        })?;
    Ok(page(&Page {
        frame: Frame::new(
            site,
            asked,
            "sources",
            title
                .clone()
                .unwrap_or_else(|| one_line(&shown.entry.url, 200)),
        ),
        id,
        badge: Badge::new(&shown.entry.standing, shown.entry.verdict.as_deref()),
        group: code.map(|code| code.group().as_str()),
        since: shown.entry.since.clone(),
        mark: shown.entry.mark.as_ref().map(|mark| {
            let note = mark
                .note
                .as_deref()
                .map(|note| format!(": {}", one_line(note, 300)));
            mark.mark.clone() + &note.unwrap_or_default()
        }),
        copy: newest
            .map(|copy| When::copy(copy.at_ms, copy.capture).path(Form::Shown, &shown.entry.url)),
        copies: kept(site, asked, id, &shown),
        picture: picture(id, &shown),
        all: (shown.capture_list.len() == MOST_COPIES)
            .then(|| format!("/web/*/{}", shown.entry.url)),
        answered: answered(&shown),
        timeline: lines(site, (id, &shown.entry.url), TimelinePlace::NEWEST)?,
        takedown: takedown.map(|takedown| {
            let note = takedown
                .note
                .map(|note| format!(": {}", one_line(&note, 2000)));
            format!(
                "{} since {} by {}{}",
                takedown.kind,
                crate::report::date(takedown.made_at),
                one_line(&takedown.made_by, 100),
                note.unwrap_or_default()
            )
        }),
        is_wanted,
        work,
        title,
        why,
        shown,
    }))
}
