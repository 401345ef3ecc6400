//! What is found by its words.

use askama::Template;
use axum::http::StatusCode;

use super::{Frame, page};
use crate::report::look::Badge;
use crate::report::{FoundEntry, Search, one_line};
use crate::search::Query;
use crate::serve::answer::Answer;
use crate::serve::api::{Problem, json};
use crate::serve::place::{Form, When};
use crate::serve::{Asked, Site, stored};
use crate::store::StoreError;

/// Sources that are shown.
const RESULTS: usize = 40;

#[derive(Template)]
#[template(path = "ui/search.html")]
struct Page {
    frame: Frame,
    problem: Option<String>,
    found: usize,
    cut: bool,
    due: u64,
    results: Vec<Hit>,
    json: String,
}

/// A source in which it was found.
struct Hit {
    badge: Badge,
    path: String,
    copy: Option<String>,
    place: &'static str,
    /// The snippet in pieces, with which of them were looked for.
    pieces: Vec<(String, bool)>,
    entry: FoundEntry,
}

/// What is looked for, as it is written.
fn wanted(asked: &str, now: i64) -> Result<Search, String> {
    let query = Query::parse(asked).map_err(|error| error.to_string())?;
    let search = Search::new(query, now, RESULTS)?;
    Ok(Search {
        is_shown: true,
        ..search
    })
}

/// The page, or the same for programs.
pub(in crate::serve) fn search(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let is_api = asked.path.starts_with("/api/");
    let written = asked.sent("q").unwrap_or_default();
    let mut shown = Page {
        frame: Frame::new(site, asked, "search", "Search"),
        problem: None,
        found: 0,
        cut: false,
        due: 0,
        results: Vec::new(),
        json: format!(
            "/api/v1/search?{}",
            url::form_urlencoded::Serializer::new(String::new())
                .append_pair("q", &written)
                .finish()
        ),
    };
    shown.frame.asked.clone_from(&written);
    if written.is_empty() && !is_api {
        return Ok(page(&shown));
    }
    let wanted = match wanted(&written, site.clock.now()) {
        Ok(wanted) => wanted,
        Err(problem) if is_api => return Ok(Problem::bad(&problem).answer()),
        Err(problem) => {
            shown.problem = Some(one_line(&problem, 500));
            return Ok(page(&shown).with(StatusCode::BAD_REQUEST));
        }
    };
    let found = stored(crate::report::search(
        &site.store,
        &wanted,
        &crate::run::text_of,
    ))?;
    if is_api {
        return Ok(json(&found));
    }
    (shown.found, shown.cut, shown.due) = (found.found, found.cut, found.due);
    shown.results = site.store.read("read what was found", |r| {
        found
            .results
            .into_iter()
            .map(|entry| {
                let id = r.source_id(&entry.url)?;
                let copy = match entry.capture {
                    Some(capture) => r
                        .capture_at(capture)?
                        .map(|at| When::copy(at, capture).path(Form::Shown, &entry.url)),
                    None => None,
                };
                Ok(Hit {
                    badge: Badge::new(&entry.standing, entry.verdict.as_deref()),
                    path: id.map_or_else(|| "/sources".to_owned(), |id| format!("/sources/{id}")),
                    copy,
                    place: match entry.found_in {
                        "gone" => "In what is gone from the copy",
                        "cited" => "In what is said of it",
                        "title" => "In the title of the copy",
                        "address" => "In the address",
                        _ => "In the copy",
                    },
                    pieces: pieces(&entry),
                    entry,
                })
            })
            .collect::<Result<Vec<_>, _>>()
    })?;
    Ok(page(&shown))
}

fn pieces(entry: &FoundEntry) -> Vec<(String, bool)> {
    let text = &entry.snippet;
    let mut pieces = Vec::new();
    let mut at = 0;
    for (start, end) in &entry.matches {
        let both = text.get(at..*start).zip(text.get(*start..*end));
        let Some((before, found)) = both else {
            continue;
        };
        pieces.push((before.to_owned(), false));
        pieces.push((found.to_owned(), true));
        at = *end;
    }
    pieces.push((text.get(at..).unwrap_or_default().to_owned(), false));
    pieces
}
