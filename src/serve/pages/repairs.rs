//! What is to be repaired: sources that are broken, with the posts that cite them, and what was decided.

use askama::Template;
use axum::http::StatusCode;
use serde::Serialize;

use super::{Frame, missing, newest_copy, page, refused};
use crate::report::look::{Badge, Moment};
use crate::report::{Decided, date, one_line, write_decisions_csv};
use crate::serve::answer::{Answer, Policy};
use crate::serve::api::{Problem, json};
use crate::serve::place::{Form, When};
use crate::serve::{Asked, Site, stored};
use crate::store::{
    CitingPost, CopyRow, DecisionPlace, DecisionRow, ListFor, ListPlace, ListedSource, StoreError,
};

/// What may be wrong, in the order in which it is told: the word, and what it means.
const WORK: [(&str, &str); 4] = [
    ("dead", "dead"),
    ("quote", "quotes lost"),
    ("drifted", "drifted"),
    ("moved", "moved"),
];
/// Sources on a page.
const ROWS: usize = 20;
/// Posts of a source that are told; the others are decided with them, or on the page of the source.
const POSTS: usize = 50;
/// Copies of a source to choose from.
const COPIES: usize = 50;
/// Decisions on a page, and in one answer to a program.
const DECIDED: usize = 100;
/// Decisions in a file for a spreadsheet, at most.
const MOST_IN_A_FILE: i64 = 100_000;

#[derive(Template)]
#[template(path = "ui/repairs.html")]
struct Queue {
    frame: Frame,
    kinds: Vec<Kind>,
    left: i64,
    broken: Vec<Broken>,
    here: String,
    first: String,
    is_behind: bool,
    next: Option<String>,
}

struct Kind {
    path: String,
    label: &'static str,
    many: i64,
    is_chosen: bool,
}

/// A source that is broken.
struct Broken {
    id: i64,
    address: String,
    title: Option<String>,
    badge: Badge,
    since: Moment,
    work: String,
    moved_to: Option<String>,
    copy: Option<String>,
    copies: Vec<Choice>,
    posts: Vec<Citing>,
    more_posts: i64,
}

struct Choice {
    id: i64,
    says: String,
    is_best: bool,
}

#[derive(Serialize)]
struct Citing {
    #[serde(rename = "id")]
    post_id: i64,
    post: String,
    title: Option<String>,
    text: String,
    context: String,
    decided: Option<String>,
}

impl From<CitingPost> for Citing {
    fn from(post: CitingPost) -> Self {
        Self {
            post_id: post.post_id,
            post: one_line(&post.address, 500),
            title: post.title.map(|title| one_line(&title, 200)),
            text: one_line(&post.text, 200),
            context: one_line(&post.context, 500),
            decided: post.decided,
        }
    }
}

fn chosen(asked: &Asked) -> Vec<String> {
    let of = asked.sent("of");
    WORK.iter()
        .filter(|(word, _)| of.as_deref().is_none_or(|of| of == *word))
        .map(|(word, _)| (*word).to_owned())
        .collect()
}

fn wanted(asked: &Asked) -> Result<ListFor, String> {
    let work = chosen(asked);
    if work.is_empty() {
        return Err("of: expected dead, quote, drifted or moved".to_owned());
    }
    let after = match asked.sent("after") {
        None => None,
        Some(place) => {
            let read = place.split_once('.').and_then(|(since, id)| {
                Some(ListPlace {
                    since: since.parse().ok()?,
                    source_id: id.parse().ok()?,
                })
            });
            Some(read.ok_or_else(|| format!("{}: no place in a list", one_line(&place, 60)))?)
        }
    };
    Ok(ListFor {
        work,
        after,
        most: ROWS,
        ..ListFor::default()
    })
}

fn again(asked: &Asked, path: &str, after: Option<&ListPlace>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(of) = asked.sent("of") {
        query.append_pair("of", &of);
    }
    if let Some(place) = after {
        query.append_pair("after", &format!("{}.{}", place.since, place.source_id));
    }
    format!("{path}?{}", query.finish())
        .trim_end_matches('?')
        .to_owned()
}

/// The queue.
pub(in crate::serve) fn repairs(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let Ok(wanted) = wanted(asked) else {
        return Ok(missing(site, asked, "repairs", "There is no such list."));
    };
    let now = site.clock.now();
    let of = asked.sent("of");
    let (tallies, found, next) = read(site, &wanted)?;
    let broken = found.into_iter().map(|found| broken(found, now)).collect();
    let many = |word: &str| -> i64 {
        let own = tallies.iter().filter(|(own, _)| own == word);
        own.map(|(_, many)| many).sum()
    };
    let left = WORK.iter().map(|(word, _)| many(word)).sum();
    let mut kinds = vec![Kind {
        path: "/repairs".to_owned(),
        label: "all",
        many: left,
        is_chosen: of.is_none(),
    }];
    kinds.extend(WORK.iter().map(|(word, label)| Kind {
        path: format!("/repairs?of={word}"),
        label,
        many: many(word),
        is_chosen: of.as_deref() == Some(word),
    }));
    Ok(page(&Queue {
        frame: Frame::new(site, asked, "repairs", "Repairs"),
        kinds,
        left,
        broken,
        here: again(asked, "/repairs", wanted.after.as_ref()),
        first: again(asked, "/repairs", None),
        is_behind: wanted.after.is_some(),
        next: next.map(|next| again(asked, "/repairs", Some(&next))),
    }))
}

type Page = (Vec<(String, i64)>, Vec<Found>, Option<ListPlace>);

/// How much is left, a page of it, and where it goes on.
fn read(site: &Site, wanted: &ListFor) -> Result<Page, StoreError> {
    site.store.read("read what is to be repaired", |r| {
        let page = r.list_sources(wanted)?;
        let mut found = Vec::new();
        for source in page.sources {
            let id = source.id;
            found.push(Found {
                work: r.work_of(id)?.unwrap_or_default(),
                copies: r.copies_of(id)?,
                baseline: r.baseline(id, 0)?.map(|row| row.capture_id),
                posts: r.citing_posts(id, POSTS)?,
                source,
            });
        }
        Ok((r.work_left()?, found, page.next))
    })
}

/// What the archive has on a source that is broken.
struct Found {
    source: ListedSource,
    work: String,
    copies: Vec<CopyRow>,
    baseline: Option<i64>,
    posts: Vec<CitingPost>,
}

fn broken(found: Found, now: i64) -> Broken {
    let Found {
        source,
        work,
        copies,
        baseline,
        posts,
    } = found;
    let there = || copies.iter().filter(|copy| copy.pruned_at.is_none());
    // What is there still, but says something else, is best shown as it was when it was cited.
    let best = match work.as_str() {
        "drifted" | "quote" => there().find(|copy| Some(copy.id) == baseline),
        _ => None,
    };
    let best = best.or_else(|| there().next());
    let choices = there()
        .take(COPIES)
        .chain(best.filter(|best| !there().take(COPIES).any(|copy| copy.id == best.id)));
    let copies = choices.map(|copy| Choice {
        id: copy.id,
        says: format!(
            "{}{}",
            date(copy.at),
            match copy.kind.as_str() {
                "by-hand" => ", made by hand",
                "import" => ", imported",
                _ if Some(copy.id) == baseline => ", as it was cited",
                _ => "",
            }
        ),
        is_best: best.is_some_and(|best| best.id == copy.id),
    });
    Broken {
        copies: copies.collect(),
        copy: best
            .map(|copy| When::copy(copy.at, copy.id).path(Form::Shown, &source.address))
            .or_else(|| newest_copy(&source)),
        id: source.id,
        badge: Badge::new(&source.standing, source.verdict.as_deref()),
        since: Moment::new(source.since, now),
        moved_to: source.moved_to.map(|moved| one_line(&moved, 2000)),
        title: source.title.map(|title| one_line(&title, 200)),
        more_posts: (posts.len() == POSTS)
            .then(|| source.citations - POSTS as i64)
            .filter(|more| *more > 0)
            .unwrap_or(0),
        posts: posts.into_iter().map(Citing::from).collect(),
        address: one_line(&source.address, 500),
        work,
    }
}

#[derive(Serialize)]
struct Decisions {
    decisions: Vec<Decided>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "ui/decided.html")]
struct DecidedPage {
    frame: Frame,
    rows: Vec<DecidedRow>,
    is_behind: bool,
    next: Option<String>,
}

struct DecidedRow {
    source_id: i64,
    post_id: i64,
    at: Moment,
    one: Decided,
}

fn place(asked: &Asked) -> Result<Option<DecisionPlace>, String> {
    let Some(place) = asked.sent("after") else {
        return Ok(None);
    };
    let mut parts = place.split('.').map(str::parse::<i64>);
    let mut next = || parts.next()?.ok();
    let read = next().zip(next()).zip(next());
    read.map(|((at, source), post)| Some((at, source, post)))
        .ok_or_else(|| format!("{}: no place in a list", one_line(&place, 60)))
}

fn behind(rows: &[DecisionRow], path: &str) -> Option<String> {
    let last = rows.last().filter(|_| rows.len() == DECIDED)?;
    let (at, source, post) = (last.decided_at, last.source.0, last.post.0);
    Some(format!("{path}?after={at}.{source}.{post}"))
}

/// What was decided; the page, or the same for programs.
pub(in crate::serve) fn decided(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let is_api = asked.path.starts_with("/api/");
    let after = match place(asked) {
        Ok(after) => after,
        Err(problem) if is_api => return Ok(Problem::bad(&problem).answer()),
        Err(problem) => return Ok(refused(site, asked, StatusCode::BAD_REQUEST, &problem)),
    };
    let rows = site
        .store
        .read("list decisions", |r| r.decisions(after, DECIDED))?;
    if is_api {
        return Ok(json(&Decisions {
            next: behind(&rows, "/api/v1/decisions"),
            decisions: rows.into_iter().map(Decided::from).collect(),
        }));
    }
    let now = site.clock.now();
    Ok(page(&DecidedPage {
        frame: Frame::new(site, asked, "repairs", "What was decided"),
        is_behind: after.is_some(),
        next: behind(&rows, "/repairs/decided"),
        rows: rows
            .into_iter()
            .map(|row| DecidedRow {
                source_id: row.source.0,
                post_id: row.post.0,
                at: Moment::new(row.decided_at, now),
                one: Decided::from(row),
            })
            .collect(),
    }))
}

/// The same for a spreadsheet or a script.
pub(in crate::serve) fn decided_csv(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let many = site
        .store
        .read("count decisions", |r| r.count_decisions())?;
    if many > MOST_IN_A_FILE {
        let words = format!(
            "these are more than {MOST_IN_A_FILE} decisions: write them with `sourcekeep repair --list --format csv`"
        );
        return Ok(refused(site, asked, StatusCode::PAYLOAD_TOO_LARGE, &words));
    }
    let mut body = Vec::new();
    stored(write_decisions_csv(&site.store, &mut body))?;
    let mut answer = Answer::of(Policy::Bytes, "text/csv; charset=utf-8", body);
    answer.save_as = Some("decisions.csv".to_owned());
    Ok(answer)
}

#[derive(Serialize)]
struct Waiting {
    left: Vec<KindLeft>,
    repairs: Vec<Repair>,
    next: Option<String>,
}

#[derive(Serialize)]
struct KindLeft {
    work: String,
    sources: i64,
}

#[derive(Serialize)]
struct Repair {
    id: i64,
    url: String,
    work: String,
    since: Moment,
    moved_to: Option<String>,
    copy: Option<String>,
    posts: Vec<Citing>,
}

/// The queue, for programs.
pub(in crate::serve) fn repairs_json(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let wanted = match wanted(asked) {
        Ok(wanted) => wanted,
        Err(problem) => return Ok(Problem::bad(&problem).answer()),
    };
    let now = site.clock.now();
    let (left, found, next) = read(site, &wanted)?;
    let next = next.as_ref();
    Ok(json(&Waiting {
        left: left
            .into_iter()
            .map(|(work, sources)| KindLeft { work, sources })
            .collect(),
        next: next.map(|next| again(asked, "/api/v1/repairs", Some(next))),
        repairs: found
            .into_iter()
            .map(|found| broken(found, now))
            .map(|one| Repair {
                id: one.id,
                url: one.address,
                work: one.work,
                since: one.since,
                moved_to: one.moved_to,
                copy: one.copy,
                posts: one.posts,
            })
            .collect(),
    }))
}
