//! Posts, each with what became of its sources; and one post, with its citations in reading order.

use std::collections::HashMap;

use askama::Template;
use axum::http::StatusCode;
use serde::Serialize;

use super::{Frame, ROWS, missing, newest_copy, number, page, refused};
use crate::report::look::{Badge, STANDINGS};
use crate::report::{ShownLink, ShownPost, date, one_line, rfc3339, show_post};
use crate::serve::answer::Answer;
use crate::serve::api::{Problem, json};
use crate::serve::{Asked, Site, stored};
use crate::store::{ListedPost, StoreError};

#[derive(Template)]
#[template(path = "ui/posts.html")]
struct List {
    frame: Frame,
    q: String,
    posts: Vec<Row>,
    is_behind: bool,
    first: String,
    next: Option<String>,
    json: String,
}

struct Row {
    id: i64,
    title: String,
    address: String,
    published_at: Option<String>,
    sources: i64,
    share: String,
    badges: Vec<Badge>,
}

#[derive(Serialize)]
struct Entries {
    posts: Vec<Entry>,
    next: Option<String>,
}

#[derive(Serialize)]
struct Entry {
    id: i64,
    post: String,
    title: Option<String>,
    published_at: Option<String>,
    sources: i64,
    standings: HashMap<String, i64>,
}

#[derive(Template)]
#[template(path = "ui/post.html")]
struct Post {
    frame: Frame,
    id: i64,
    citations: Vec<Cited>,
    shown: ShownPost,
}

struct Cited {
    badge: Badge,
    path: String,
    copy: Option<String>,
    quote_state: Option<String>,
    link: ShownLink,
}

fn list(
    site: &Site,
    asked: &Asked,
    before: Option<i64>,
) -> Result<(Vec<ListedPost>, Option<i64>), StoreError> {
    let part = asked.sent("q");
    site.store.read("list posts", |r| {
        r.list_posts(part.as_deref(), before, ROWS)
    })
}

fn again(asked: &Asked, path: &str, after: Option<i64>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(q) = asked.sent("q") {
        query.append_pair("q", &q);
    }
    if let Some(after) = after {
        query.append_pair("after", &after.to_string());
    }
    format!("{path}?{}", query.finish())
        .trim_end_matches('?')
        .to_owned()
}

/// The list; or the post of an address.
pub(in crate::serve) fn posts(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    if let Some(address) = asked.sent("of") {
        let found = site.store.read("find a post", |r| r.post(&address))?;
        return Ok(match found {
            Some(post) => Answer::elsewhere(format!("/posts/{}", post.id)),
            None => missing(site, asked, "posts", "There is no such post."),
        });
    }
    let before = match asked.after() {
        Ok(before) => before,
        Err(problem) => {
            return Ok(refused(
                site,
                asked,
                StatusCode::BAD_REQUEST,
                &one_line(&problem, 200),
            ));
        }
    };
    let (posts, next) = list(site, asked, before)?;
    Ok(page(&List {
        frame: Frame::new(site, asked, "posts", "Posts"),
        q: asked.sent("q").unwrap_or_default(),
        posts: posts.iter().map(row).collect(),
        is_behind: asked.sent("after").is_some(),
        first: again(asked, "/posts", None),
        next: next.map(|next| again(asked, "/posts", Some(next))),
        json: again(asked, "/api/v1/posts", None),
    }))
}

fn row(post: &ListedPost) -> Row {
    let sources: i64 = post.standings.iter().map(|(_, many)| many).sum();
    let of = |standing: &str| {
        let own = post.standings.iter().find(|(own, _)| own == standing);
        own.map_or(0, |(_, many)| *many)
    };
    let living = of("alive") + of("revived");
    Row {
        id: post.id,
        title: one_line(post.title.as_deref().unwrap_or(&post.address), 200),
        published_at: post.published_at.map(date),
        sources,
        share: if sources > 0 {
            format!("{} %", 100 * living / sources)
        } else {
            String::new()
        },
        badges: STANDINGS
            .into_iter()
            .filter(|standing| !["alive", "revived"].contains(standing) && of(standing) > 0)
            .map(|standing| Badge::new(standing, Some(&of(standing).to_string())))
            .collect(),
        address: one_line(&post.address, 300),
    }
}

/// The list, for programs.
pub(in crate::serve) fn posts_json(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let before = match asked.after() {
        Ok(before) => before,
        Err(problem) => return Ok(Problem::bad(&problem).answer()),
    };
    let (posts, next) = list(site, asked, before)?;
    Ok(json(&Entries {
        next: next.map(|next| again(asked, "/api/v1/posts", Some(next))),
        posts: posts
            .into_iter()
            .map(|post| Entry {
                id: post.id,
                sources: post.standings.iter().map(|(_, many)| many).sum(),
                standings: post.standings.into_iter().collect(),
                published_at: post.published_at.map(rfc3339),
                post: post.address,
                title: post.title,
            })
            .collect(),
    }))
}

/// One post, as a page or for programs.
pub(in crate::serve) fn post(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let is_api = asked.path.starts_with("/api/");
    let address = match number(asked) {
        Some(id) => site.store.read("find a post", |r| r.post_address(id))?,
        None => None,
    };
    let shown = match &address {
        Some(address) => stored(show_post(&site.store, address))?,
        None => None,
    };
    let (Some(mut shown), Some(id)) = (shown, number(asked)) else {
        return Ok(if is_api {
            Problem::absent("there is no post of this number").answer()
        } else {
            missing(site, asked, "posts", "There is no post of this number.")
        });
    };
    if is_api {
        return Ok(json(&shown));
    }
    let links = std::mem::take(&mut shown.citations);
    let citations = site.store.read("read what a post cites", |r| {
        links
            .into_iter()
            .map(|link| {
                let id = r.source_id(&link.source)?;
                let listed = id.map(|id| r.listed_source(id)).transpose()?.flatten();
                let mut quote_state = None;
                if let (Some(id), Some(words)) = (id, &link.quote) {
                    let all = r.quotes_of(id, None)?;
                    let own = all.into_iter().find(|quote| quote.words == *words);
                    quote_state = own.map(|quote| quote.state);
                }
                Ok(Cited {
                    badge: match &listed {
                        Some(source) => Badge::new(&source.standing, source.verdict.as_deref()),
                        None => Badge::new(&link.standing, link.verdict.as_deref()),
                    },
                    path: id.map_or_else(|| "/sources".to_owned(), |id| format!("/sources/{id}")),
                    copy: listed.as_ref().and_then(newest_copy),
                    quote_state,
                    link,
                })
            })
            .collect::<Result<Vec<_>, _>>()
    })?;
    let title = shown.title.clone().unwrap_or_else(|| shown.post.clone());
    Ok(page(&Post {
        frame: Frame::new(site, asked, "posts", one_line(&title, 200)),
        id,
        citations,
        shown,
    }))
}
