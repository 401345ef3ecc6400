//! The pages that show the state of every source: one file a page. What stands around a copy is in `serve/view.rs`.
//!
//! A page is made of what the archive has on it, and no more, so that it costs the same however large the archive is. What a page shows, the
//! interface for programs says as JSON ([`super::api`]), made of the same.

mod compare;
mod copies;
mod health;
mod inputs;
mod kept;
mod overview;
mod passage;
mod posts;
mod repairs;
mod search;
mod source;
mod sources;
mod text;
mod timeline;

use askama::Template;
use axum::http::StatusCode;

use super::access::Who;
use super::answer::{Answer, Policy};
use super::{Asked, Site, done, number_in};
use crate::report::look::{self, Badge, Moment};
use crate::report::one_line;
use crate::store::{ListedSource, StoreError};

pub(super) use compare::compare;
pub(super) use health::health;
pub(super) use inputs::inputs;
pub(super) use kept::{pdf_of, picture_of};
pub(super) use overview::{about, events, overview, says};
pub(super) use posts::{post, posts, posts_json};
pub(super) use repairs::{decided, decided_csv, repairs, repairs_json};
pub(super) use search::search;
pub(super) use source::source;
pub(super) use sources::{sources, sources_csv, sources_json};
pub(super) use text::text;
pub(super) use timeline::timeline;

/// Rows on a page of a list.
const ROWS: usize = 50;
/// Rows that a program may ask for at once.
const MOST_ROWS: usize = 1000;

/// What stands around the content of a page.
struct Frame {
    here: &'static str,
    title: String,
    archive: String,
    /// What was looked for.
    asked: String,
    /// The same in other forms: the media type, and where.
    also: Vec<(&'static str, String)>,
    /// Who looks at it.
    who: Who,
    /// What was done just now, if something was.
    done: Option<String>,
}

impl Frame {
    fn new(site: &Site, asked: &Asked, here: &'static str, title: impl Into<String>) -> Self {
        Self {
            here,
            title: title.into(),
            archive: one_line(&site.store.path().to_string_lossy(), 500),
            asked: String::new(),
            also: Vec::new(),
            who: asked.who.clone(),
            done: done::said(asked),
        }
    }

    /// The pages, as they are named, found and told.
    fn pages() -> [(&'static str, &'static str, &'static str); 6] {
        [
            ("overview", "/", "Overview"),
            ("sources", "/sources", "Sources"),
            ("posts", "/posts", "Posts"),
            ("repairs", "/repairs", "Repairs"),
            ("inputs", "/inputs", "Inputs"),
            ("health", "/health", "Health"),
        ]
    }

    fn version() -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}

/// A page that is made.
fn page(template: &impl Template) -> Answer {
    match template.render() {
        Ok(mut html) => {
            // What strangers wrote may hold what is not to be seen, or turns around what is.
            html.retain(|c| {
                c == '\n'
                    || !(c.is_control()
                        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
            });
            Answer::page(Policy::Ui, html)
        }
        Err(_) => Answer::words(StatusCode::INTERNAL_SERVER_ERROR, "this cannot be shown"),
    }
}

/// What there is not.
#[derive(Template)]
#[template(path = "ui/missing.html")]
struct Missing {
    frame: Frame,
    says: String,
}

fn missing(site: &Site, asked: &Asked, here: &'static str, says: &str) -> Answer {
    page(&Missing {
        frame: Frame::new(site, asked, here, "Not found"),
        says: says.to_owned(),
    })
    .with(StatusCode::NOT_FOUND)
}

/// What is at no address of ours.
#[expect(clippy::unnecessary_wraps, reason = "as all that makes an answer")]
pub(super) fn nothing(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    Ok(missing(
        site,
        asked,
        "",
        "There is nothing at this address.",
    ))
}

/// What is only sent to is seen on the page of the source.
#[expect(clippy::unnecessary_wraps, reason = "as all that makes an answer")]
pub(super) fn source_of(_: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    Ok(Answer::elsewhere(match number_in(asked, 2) {
        Some(id) => format!("/sources/{id}"),
        None => "/sources".to_owned(),
    }))
}

/// The same of a post.
#[expect(clippy::unnecessary_wraps, reason = "as all that makes an answer")]
pub(super) fn post_of(_: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    Ok(Answer::elsewhere(match number_in(asked, 2) {
        Some(id) => format!("/posts/{id}"),
        None => "/posts".to_owned(),
    }))
}

/// Why what was sent is not done.
#[derive(Template)]
#[template(path = "ui/refused.html")]
struct NotDone {
    frame: Frame,
    says: String,
}

pub(super) fn refused(site: &Site, asked: &Asked, status: StatusCode, says: &str) -> Answer {
    page(&NotDone {
        frame: Frame::new(site, asked, "", "Not done"),
        says: says.to_owned(),
    })
    .with(status)
}

/// The number at the end of a path.
fn number(asked: &Asked) -> Option<i64> {
    part(asked, 0)
}

/// The number before the last part of a path.
fn number_within(asked: &Asked) -> Option<i64> {
    part(asked, 1)
}

/// A part of a path that is a number, so many from the end.
fn part(asked: &Asked, from_end: usize) -> Option<i64> {
    let path = asked.path.split('?').next()?;
    let part = path.rsplit('/').nth(from_end)?;
    let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    part.parse().ok().filter(|_| is_number)
}

/// A source in a list, as pages show it.
struct Row {
    id: i64,
    address: String,
    title: Option<String>,
    moved_to: Option<String>,
    badge: Badge,
    since: Moment,
    checked_at: Option<Moment>,
    citations: String,
    captures: String,
    copy: Option<String>,
}

impl Row {
    fn new(source: ListedSource, now: i64) -> Self {
        Self {
            badge: Badge::new(&source.standing, source.verdict.as_deref()),
            since: Moment::new(source.since, now),
            checked_at: source.checked_at.map(|at| Moment::new(at, now)),
            citations: up_to(source.citations),
            captures: up_to(source.captures),
            copy: newest_copy(&source),
            id: source.id,
            title: source.title.map(|title| one_line(&title, 200)),
            moved_to: source
                .moved_to
                .filter(|_| source.verdict.as_deref() == Some("moved"))
                .map(|moved| one_line(&moved, 300)),
            address: one_line(&source.address, 500),
        }
    }
}

/// A number that was counted up to a bound.
fn up_to(many: i64) -> String {
    if many < crate::store::MOST_COUNTED {
        many.to_string()
    } else {
        format!("{many} or more")
    }
}

/// Where the newest copy of a source is shown.
fn newest_copy(source: &ListedSource) -> Option<String> {
    use super::place::{Form, When};
    let (id, at) = source.newest_capture?;
    Some(When::copy(at, id).path(Form::Shown, &source.address))
}

/// The style of the pages.
#[expect(clippy::unnecessary_wraps, reason = "as all that makes an answer")]
pub(super) fn style(_: &Site, _: &Asked) -> Result<Answer, StoreError> {
    const STYLE: &str = include_str!("ui.css");
    Ok(Answer::of(
        Policy::Asset,
        "text/css; charset=utf-8",
        [look::PARTS, STYLE, look::PRINT].concat(),
    ))
}

/// What makes them a little more pleasant.
#[expect(clippy::unnecessary_wraps, reason = "as all that makes an answer")]
pub(super) fn script(_: &Site, _: &Asked) -> Result<Answer, StoreError> {
    const SCRIPT: &str = include_str!("ui.js");
    Ok(Answer::of(
        Policy::Asset,
        "text/javascript; charset=utf-8",
        SCRIPT,
    ))
}

/// The sign of the tab.
#[expect(clippy::unnecessary_wraps, reason = "as all that makes an answer")]
pub(super) fn icon(_: &Site, _: &Asked) -> Result<Answer, StoreError> {
    const ICON: &str = include_str!("favicon.svg");
    Ok(Answer::of(Policy::Asset, "image/svg+xml", ICON))
}
