//! What happened to one source, newest first, a page at a time.

use askama::Template;
use axum::http::StatusCode;
use serde::Serialize;

use super::{Frame, ROWS, missing, number_within, page};
use crate::judge::{Code, Group};
use crate::report::{self, Timeline, TimelineEntry, TimelinePlace, bytes, one_line};
use crate::serve::answer::Answer;
use crate::serve::api::{Problem, json};
use crate::serve::place::{Form, When};
use crate::serve::{Asked, Site};
use crate::store::StoreError;

/// Characters that are shown of what was seen at one visit.
const MOST_SEEN: usize = 400;

#[derive(Template)]
#[template(path = "ui/timeline.html")]
struct Page {
    frame: Frame,
    id: i64,
    address: String,
    json: String,
    problem: Option<String>,
    is_behind: bool,
    timeline: Lines,
}

/// A part of a timeline, as pages show it.
pub(super) struct Lines {
    pub(super) all: Vec<Line>,
    /// Where it goes on.
    pub(super) earlier: Option<String>,
}

/// Something that happened.
pub(super) struct Line {
    pub(super) at: String,
    /// By which colour and shape it is told, as a standing is.
    pub(super) class: &'static str,
    pub(super) head: String,
    /// The verdict before, where that was another.
    pub(super) was: Option<String>,
    pub(super) is_change: bool,
    pub(super) seen: Option<String>,
    pub(super) took: Option<String>,
    /// The copy that was made: in words, and where it is shown if it is there.
    pub(super) copy: Option<(String, Option<String>)>,
}

/// The same for programs.
#[derive(Serialize)]
struct Told {
    url: String,
    #[serde(flatten)]
    timeline: Timeline,
    next: Option<String>,
}

/// A part of what happened to a source.
pub(super) fn lines(
    site: &Site,
    (id, address): (i64, &str),
    before: TimelinePlace,
) -> Result<Lines, StoreError> {
    let found = report::timeline(&site.store, id, before, ROWS)?;
    let all = found.entries.into_iter().map(|one| line(one, address));
    Ok(Lines {
        all: all.collect(),
        earlier: found
            .next
            .map(|next| format!("/sources/{id}/timeline?before={}", next.written())),
    })
}

/// By which colour and shape a verdict is told.
fn class(verdict: Option<&str>) -> &'static str {
    match verdict.and_then(|code| code.parse::<Code>().ok()) {
        Some(Code::Drifted) => "uncertain",
        Some(code) => match code.group() {
            Group::Fine => "alive",
            Group::Gone => "dead",
            Group::Failing => "failing",
            Group::CannotTell => "uncertain",
        },
        None => "new",
    }
}

fn line(one: TimelineEntry, address: &str) -> Line {
    let is_visit = one.what == "visit";
    // What was found again was told where it was found first.
    let seen = if one.not_modified {
        Some("not modified".to_owned())
    } else if one.confirms && !one.changed {
        Some("as it was".to_owned())
    } else {
        let seen = one.evidence.join("; ");
        (!seen.is_empty()).then(|| one_line(&seen, MOST_SEEN))
    };
    let copy = one.copy.map(|copy| {
        let by = match copy.kind.as_str() {
            "by-hand" => "a copy was made by hand",
            "import" => "a copy was imported",
            _ => "a copy was kept",
        };
        let title = copy.title.as_deref();
        let title = title.map(|title| format!(": “{}”", one_line(title, 120)));
        let pruned = copy.pruned_at.as_deref();
        let pruned = pruned.map(|at| format!(", and pruned at {at}"));
        let says = format!(
            "{by}{} ({}){}",
            title.unwrap_or_default(),
            bytes(copy.size),
            pruned.clone().unwrap_or_default()
        );
        let path = When::copy(copy.at_ms, copy.capture).path(Form::Shown, address);
        (says, pruned.is_none().then_some(path))
    });
    Line {
        at: one.at,
        class: if is_visit {
            class(one.verdict.as_deref())
        } else {
            "copy"
        },
        head: match (&one.verdict, is_visit) {
            (Some(verdict), _) => verdict.clone(),
            (None, true) => "no verdict".to_owned(),
            (None, false) => "copy".to_owned(),
        },
        was: one.was,
        is_change: one.changed,
        seen: seen.filter(|_| is_visit),
        took: one.elapsed_ms.map(|ms| format!("{ms} ms")),
        copy,
    }
}

/// The page, or the same for programs.
pub(in crate::serve) fn timeline(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let is_api = asked.path.starts_with("/api/");
    let id = number_within(asked);
    let address = match id {
        Some(id) => site.store.read("find a source", |r| r.address_of(id))?,
        None => None,
    };
    let (Some(id), Some(address)) = (id, address) else {
        return Ok(if is_api {
            Problem::absent("there is no source of this number").answer()
        } else {
            missing(site, asked, "sources", "There is no source of this number.")
        });
    };
    let sent = asked.sent("before");
    let before = match &sent {
        Some(sent) => TimelinePlace::read(sent).ok_or(sent),
        None => Ok(TimelinePlace::NEWEST),
    };
    let problem = before
        .err()
        .map(|sent| format!("{}: no place in a timeline.", one_line(sent, 100)));
    if is_api {
        if let Some(problem) = problem {
            return Ok(Problem::bad(&problem).answer());
        }
        let before = before.unwrap_or(TimelinePlace::NEWEST);
        let found = report::timeline(&site.store, id, before, ROWS)?;
        let next = found
            .next
            .map(|next| format!("/api/v1/sources/{id}/timeline?before={}", next.written()));
        return Ok(json(&Told {
            url: address,
            timeline: found,
            next,
        }));
    }
    let found = match before {
        Ok(before) => lines(site, (id, &address), before)?,
        Err(_) => Lines {
            all: Vec::new(),
            earlier: None,
        },
    };
    let status = match problem {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    let shown = Page {
        frame: Frame::new(
            site,
            asked,
            "sources",
            format!("What happened to {}", one_line(&address, 200)),
        ),
        id,
        address: one_line(&address, 2000),
        json: format!("/api/v1{}", asked.path),
        problem,
        is_behind: sent.is_some(),
        timeline: found,
    };
    Ok(page(&shown).with(status))
}
