//! All sources: narrowed, in order, a page at a time; as a page, as JSON and as CSV.

use askama::Template;
use axum::http::StatusCode;
use serde::Serialize;

use super::{Frame, MOST_ROWS, ROWS, Row, page, refused};
use crate::judge::Code;
use crate::report::look::STANDINGS;
use crate::report::{Selection, one_line, rfc3339, safe_cell, when};
use crate::search::Query;
use crate::serve::answer::{Answer, Policy};
use crate::serve::api::{Problem, json};
use crate::serve::{Asked, Site};
use crate::store::{
    ListFor, ListOrder, ListPlace, ListedPage, ListedSource, SearchFor, StoreError,
};

/// What sources may be narrowed to, in the order of the choice: groups, standings, verdicts.
fn choices() -> Vec<&'static str> {
    let groups = ["broken", "gone", "failing", "cannot-tell", "fine"].into_iter();
    let standings = STANDINGS.into_iter().filter(|name| *name != "failing");
    let verdicts = Code::ALL.iter().map(|code| code.as_str());
    groups
        .chain(standings)
        .chain(verdicts.filter(|code| !["alive", "gone"].contains(code)))
        .collect()
}

/// Where in posts a source may be cited.
const PLACES: [(&str, &str); 5] = [
    ("body", "the post itself"),
    ("comment", "comments"),
    ("navigation", "navigation"),
    ("footer", "footers"),
    ("aside", "asides"),
];
/// The orders of the list: as they are named, and told.
const ORDERS: [(&str, &str, ListOrder); 4] = [
    ("changed", "last changed", ListOrder::Changed),
    ("oldest", "longest unchanged", ListOrder::Oldest),
    ("added", "newest source", ListOrder::Added),
    ("address", "address", ListOrder::Address),
];
/// What of a question is carried on to its next page, and to its other forms.
const CARRIED: [&str; 11] = [
    "q",
    "host",
    "of",
    "input",
    "post",
    "place",
    "since",
    "checked-since",
    "checked-before",
    "sort",
    "limit",
];

/// Rows of a file for spreadsheets: some hundred bytes each, made within seconds.
const MOST_IN_A_FILE: usize = 50_000;

/// What is asked for, as it was written.
#[derive(Default)]
struct Written {
    q: String,
    host: String,
    of: String,
    input: String,
    since: String,
    place: String,
    checked_since: String,
    checked_before: String,
    sort: String,
    /// Narrowed by what is seldom asked for.
    is_narrowed_more: bool,
    is_narrowed: bool,
    is_behind: bool,
}

#[derive(Template)]
#[template(path = "ui/sources.html")]
struct List {
    frame: Frame,
    asked: Written,
    choices: Vec<&'static str>,
    problem: Option<String>,
    sources: Vec<Row>,
    is_cut: bool,
    /// This page of the list.
    here: String,
    first: String,
    next: Option<String>,
    json: String,
    csv: String,
}

/// A source, as programs read it.
#[derive(Serialize)]
pub(super) struct Entry {
    id: i64,
    url: String,
    host: String,
    standing: String,
    verdict: Option<String>,
    since: String,
    checked_at: Option<String>,
    next_check_at: Option<String>,
    citations: i64,
    captures: i64,
    title: Option<String>,
    moved_to: Option<String>,
    mark: Option<String>,
    copy: Option<String>,
}

#[derive(Serialize)]
struct Entries {
    sources: Vec<Entry>,
    /// Whether it goes on though few are told, for few of many are such.
    cut: bool,
    /// Where it goes on.
    next: Option<String>,
}

impl Entry {
    fn new(source: ListedSource) -> Self {
        Self {
            copy: super::newest_copy(&source),
            id: source.id,
            url: source.address,
            host: source.host,
            standing: source.standing,
            verdict: source.verdict,
            since: rfc3339(source.since),
            checked_at: source.checked_at.map(rfc3339),
            next_check_at: source.next_visit_at.map(rfc3339),
            citations: source.citations,
            captures: source.captures,
            title: source.title,
            moved_to: source.moved_to,
            mark: source.mark,
        }
    }
}

/// Reads what is asked for.
fn wanted(asked: &Asked, most: usize, now: i64) -> Result<ListFor, String> {
    let sent = |name: &str| asked.sent(name);
    let mut narrowed = SearchFor {
        hosts: sent("host").iter().map(|host| Query::host(host)).collect(),
        inputs: sent("input").into_iter().collect(),
        posts: sent("post").into_iter().collect(),
        ..SearchFor::default()
    };
    if let Some(place) = sent("place") {
        if !PLACES.iter().any(|(name, _)| *name == place) {
            let names: Vec<_> = PLACES.iter().map(|(name, _)| *name).collect();
            return Err(format!(
                "{place}: no place in a post; {} are",
                names.join(", ")
            ));
        }
        narrowed.places.push(place);
    }
    if let Some(of) = sent("of") {
        let selection = Selection::parse(&of).map_err(|error| error.to_string())?;
        (narrowed.standings, narrowed.verdicts) = selection.lists(true);
    }
    let instant = |name: &str| match sent(name) {
        Some(text) => when::since(&text).map(|since| Some(since.resolve(now))),
        None => Ok(None),
    };
    let order = match sent("sort") {
        None => ListOrder::Changed,
        Some(sort) => {
            let order = ORDERS.iter().find(|(name, _, _)| *name == sort);
            let (_, _, order) = order.ok_or_else(|| {
                let names: Vec<_> = ORDERS.iter().map(|(name, _, _)| *name).collect();
                format!("{sort}: no order; {} are", names.join(", "))
            })?;
            *order
        }
    };
    let after = match sent("after") {
        Some(place) => {
            Some(read_place(&place).ok_or_else(|| format!("{place}: no place in a list"))?)
        }
        None => None,
    };
    let most = match sent("limit") {
        Some(many) => many
            .parse::<usize>()
            .ok()
            .filter(|many| (1..=MOST_ROWS).contains(many))
            .ok_or_else(|| format!("{many}: no number from 1 to {MOST_ROWS}"))?,
        None => most,
    };
    Ok(ListFor {
        narrowed,
        part: sent("q"),
        work: Vec::new(),
        since: instant("since")?,
        checked_since: instant("checked-since")?,
        checked_before: instant("checked-before")?,
        order,
        after,
        most,
    })
}

fn read_place(place: &str) -> Option<ListPlace> {
    let (since, id) = place.split_once('.')?;
    Some(ListPlace {
        since: since.parse().ok()?,
        source_id: id.parse().ok()?,
    })
}

fn written_place(place: &ListPlace) -> String {
    format!("{}.{}", place.since, place.source_id)
}

/// The same question at another path, and behind another place.
fn again(asked: &Asked, path: &str, after: Option<&ListPlace>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in CARRIED {
        if let Some(value) = asked.sent(name) {
            query.append_pair(name, &value);
        }
    }
    if let Some(place) = after {
        query.append_pair("after", &written_place(place));
    }
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// The page that is shown.
fn here(asked: &Asked) -> String {
    let after = asked.sent("after").and_then(|place| read_place(&place));
    again(asked, "/sources", after.as_ref())
}

/// The sources that are named by their numbers, in that order, if some are.
fn named(site: &Site, asked: &Asked) -> Result<Option<Vec<ListedSource>>, StoreError> {
    let query = asked.path.split_once('?').map_or("", |(_, query)| query);
    let ids: Vec<i64> = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "id")
        .filter_map(|(_, id)| id.parse().ok())
        .take(MOST_ROWS)
        .collect();
    if ids.is_empty() {
        return Ok(None);
    }
    site.store.read("read sources", |r| {
        let mut sources = Vec::new();
        for id in ids {
            sources.extend(r.listed_source(id)?);
        }
        Ok(Some(sources))
    })
}

fn list(site: &Site, wanted: &ListFor) -> Result<ListedPage, StoreError> {
    site.store.read("list sources", |r| r.list_sources(wanted))
}

/// The page.
pub(in crate::serve) fn sources(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    // Whoever writes a whole address there wants that source.
    let typed = asked.sent("q").filter(|typed| typed.contains("://"));
    if let Some(typed) = typed
        && let Ok(url) = crate::address::parse(&typed, None)
        && let Some(id) = site.store.read("find a source", |r| {
            r.source_id(crate::address::canonical(&url).url().as_str())
        })?
    {
        return Ok(Answer::elsewhere(format!("/sources/{id}")));
    }
    let sent = |name: &str| asked.sent(name).unwrap_or_default();
    let mut shown = List {
        frame: Frame::new(site, asked, "sources", "Sources"),
        asked: Written {
            q: sent("q"),
            host: sent("host"),
            of: sent("of"),
            input: sent("input"),
            since: sent("since"),
            place: sent("place"),
            checked_since: sent("checked-since"),
            checked_before: sent("checked-before"),
            sort: sent("sort"),
            is_narrowed_more: ["input", "place", "checked-since", "checked-before"]
                .into_iter()
                .any(|name| asked.sent(name).is_some()),
            is_narrowed: CARRIED
                .into_iter()
                .filter(|name| !["sort", "limit"].contains(name))
                .any(|name| asked.sent(name).is_some()),
            is_behind: asked.sent("after").is_some(),
        },
        choices: choices(),
        problem: None,
        sources: Vec::new(),
        is_cut: false,
        here: here(asked),
        first: again(asked, "/sources", None),
        next: None,
        json: again(asked, "/api/v1/sources", None),
        csv: again(asked, "/sources.csv", None),
    };
    match wanted(asked, ROWS, site.clock.now()) {
        Ok(wanted) => {
            let found = list(site, &wanted)?;
            let now = site.clock.now();
            shown.sources = found
                .sources
                .into_iter()
                .map(|one| Row::new(one, now))
                .collect();
            shown.is_cut = found.is_cut;
            let next = found.next.as_ref();
            shown.next = next.map(|next| again(asked, "/sources", Some(next)));
        }
        Err(problem) => shown.problem = Some(one_line(&problem, 500)),
    }
    let status = if shown.problem.is_some() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    Ok(page(&shown).with(status))
}

/// The same for programs.
pub(in crate::serve) fn sources_json(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    if let Some(sources) = named(site, asked)? {
        return Ok(json(&Entries {
            next: None,
            cut: false,
            sources: sources.into_iter().map(Entry::new).collect(),
        }));
    }
    let wanted = match wanted(asked, ROWS, site.clock.now()) {
        Ok(wanted) => wanted,
        Err(problem) => return Ok(Problem::bad(&problem).answer()),
    };
    let found = list(site, &wanted)?;
    let next = found.next.as_ref();
    Ok(json(&Entries {
        next: next.map(|next| again(asked, "/api/v1/sources", Some(next))),
        cut: found.is_cut,
        sources: found.sources.into_iter().map(Entry::new).collect(),
    }))
}

/// The same for a spreadsheet: all of the list, or nothing. Half of one would be taken for the whole.
pub(in crate::serve) fn sources_csv(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    if let Some(sources) = named(site, asked)? {
        return Ok(csv(sources));
    }
    let mut wanted = match wanted(asked, MOST_ROWS, site.clock.now()) {
        Ok(wanted) => wanted,
        Err(problem) => {
            return Ok(refused(
                site,
                asked,
                StatusCode::BAD_REQUEST,
                &one_line(&problem, 500),
            ));
        }
    };
    wanted.most = MOST_ROWS;
    let mut sources = Vec::new();
    loop {
        let found = list(site, &wanted)?;
        sources.extend(found.sources);
        if sources.len() > MOST_IN_A_FILE {
            let words = format!(
                "these are more than {MOST_IN_A_FILE} sources: narrow the list, or write all with `sourcekeep export csv`"
            );
            return Ok(refused(site, asked, StatusCode::PAYLOAD_TOO_LARGE, &words));
        }
        wanted.after = found.next;
        if wanted.after.is_none() {
            break;
        }
    }
    Ok(csv(sources))
}

fn csv(sources: Vec<ListedSource>) -> Answer {
    let mut out = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: &[&str]| {
        // Writing to memory does not fail.
        let _ = out.write_record(cells.iter().map(|cell| safe_cell(cell)));
    };
    write(&[
        "url",
        "standing",
        "verdict",
        "since",
        "checked_at",
        "citations",
        "captures",
        "title",
        "moved_to",
    ]);
    for one in sources.into_iter().map(Entry::new) {
        write(&[
            &one.url,
            &one.standing,
            &one.verdict.unwrap_or_default(),
            &one.since,
            &one.checked_at.unwrap_or_default(),
            &one.citations.to_string(),
            &one.captures.to_string(),
            &one.title.unwrap_or_default(),
            &one.moved_to.unwrap_or_default(),
        ]);
    }
    let body = out.into_inner().unwrap_or_default();
    let mut answer = Answer::of(Policy::Bytes, "text/csv; charset=utf-8", body);
    answer.save_as = Some("sources.csv".to_owned());
    answer
}
