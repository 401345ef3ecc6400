//! What is read for posts.

use askama::Template;
use serde::Serialize;

use super::{Frame, page};
use crate::report::look::Moment;
use crate::report::one_line;
use crate::serve::answer::Answer;
use crate::serve::api::json;
use crate::serve::{Asked, Site};
use crate::store::StoreError;

#[derive(Template)]
#[template(path = "ui/inputs.html")]
struct Page {
    frame: Frame,
    inputs: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    address: String,
    kind: String,
    problem: Option<String>,
    refreshed_at: Option<Moment>,
    next_refresh_at: Option<Moment>,
    posts: i64,
    citations: i64,
    /// Where the sources are that it cites.
    path: String,
}

#[derive(Serialize)]
struct Entries {
    inputs: Vec<Row>,
}

/// The page, or the same for programs.
pub(in crate::serve) fn inputs(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let now = site.clock.now();
    let all = site.store.read("list inputs", |r| r.registered_inputs())?;
    let inputs = all.into_iter().map(|input| Row {
        path: format!(
            "/sources?{}",
            url::form_urlencoded::Serializer::new(String::new())
                .append_pair("input", &input.address)
                .finish()
        ),
        address: one_line(&input.address, 500),
        kind: input.kind,
        problem: input.problem.map(|problem| one_line(&problem, 300)),
        refreshed_at: input.refreshed_at.map(|at| Moment::new(at, now)),
        next_refresh_at: input.next_refresh_at.map(|at| Moment::new(at, now)),
        posts: input.posts,
        citations: input.citations,
    });
    let inputs = inputs.collect();
    if asked.path.starts_with("/api/") {
        return Ok(json(&Entries { inputs }));
    }
    Ok(page(&Page {
        frame: Frame::new(site, asked, "inputs", "Inputs"),
        inputs,
    }))
}
