//! What is read for posts.

use askama::Template;
use serde::Serialize;

use super::{Frame, page};
use crate::report::look::Moment;
use crate::report::one_line;
use crate::run::InputOptions;
use crate::serve::answer::Answer;
use crate::serve::api::json;
use crate::serve::{Asked, Site};
use crate::store::{InputRow, StoreError};

#[derive(Template)]
#[template(path = "ui/inputs.html")]
struct Page {
    frame: Frame,
    inputs: Vec<Row>,
    /// Whether files and folders of this machine may be added here.
    takes_files: bool,
}

#[derive(Serialize)]
struct Row {
    id: i64,
    address: String,
    kind: String,
    problem: Option<String>,
    refreshed_at: Option<Moment>,
    next_refresh_at: Option<Moment>,
    paused_at: Option<Moment>,
    refresh_hours: Option<u32>,
    /// Whether it stands in the configuration, and its interval with it.
    configured: bool,
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
    let inputs = all.into_iter().map(|input| row(site, input, now));
    let inputs = inputs.collect();
    if asked.path.starts_with("/api/") {
        return Ok(json(&Entries { inputs }));
    }
    Ok(page(&Page {
        frame: Frame::new(site, asked, "inputs", "Inputs"),
        inputs,
        takes_files: !site.door.is_guarded(),
    }))
}

fn row(site: &Site, input: InputRow, now: i64) -> Row {
    let options: InputOptions = serde_json::from_str(&input.options).unwrap_or_default();
    Row {
        path: format!(
            "/sources?{}",
            url::form_urlencoded::Serializer::new(String::new())
                .append_pair("input", &input.address)
                .finish()
        ),
        configured: site.ways.configured.contains(&input.address),
        id: input.id,
        address: one_line(&input.address, 500),
        kind: input.kind,
        problem: input.problem.map(|problem| one_line(&problem, 300)),
        refreshed_at: input.refreshed_at.map(|at| Moment::new(at, now)),
        next_refresh_at: input.next_refresh_at.map(|at| Moment::new(at, now)),
        paused_at: input.paused_at.map(|at| Moment::new(at, now)),
        refresh_hours: options.refresh_hours,
    }
}
