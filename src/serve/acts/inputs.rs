//! Inputs: adding one, letting it rest and go on, taking it off the list, reading it now, and how often it is read.

use axum::http::StatusCode;

use super::{Done, Undone};
use crate::run::{Argument, InputOptions, SITE, classify};
use crate::serve::body::Sent;
use crate::serve::{Asked, Site};
use crate::store::{InputRow, NewInput};

/// The longest interval, in hours: a year.
const LONGEST_HOURS: u32 = 24 * 366;
const HOUR_MS: i64 = 3_600_000;

/// Does what a form of the page of inputs asks for.
pub(in crate::serve) fn change(site: &Site, asked: &Asked, sent: &Sent) -> Result<Done, Undone> {
    match sent.get("do") {
        None | Some("add") => add(site, sent),
        Some("pause") => {
            let (input, now) = (named(site, sent)?, site.clock.now());
            site.store
                .write_blocking("let an input rest", move |w| w.pause_input(input.id, now))?;
            Ok(Done::new("input-paused", 1, "/inputs"))
        }
        Some("resume") => {
            let (input, now) = (named(site, sent)?, site.clock.now());
            site.store
                .write_blocking("let an input go on", move |w| w.resume_input(input.id, now))?;
            Ok(Done::new("input-resumed", 1, "/inputs"))
        }
        Some("read") => {
            let (input, now) = (named(site, sent)?, site.clock.now());
            if input.paused_at.is_some() {
                let says = "This input rests; let it go on first.";
                return Err(Undone::Refused(StatusCode::CONFLICT, says.to_owned()));
            }
            site.store
                .write_blocking("have an input read", move |w| w.read_input_again(input.id, now))?;
            Ok(Done::new("input-due", 1, "/inputs"))
        }
        Some("remove") => {
            let (input, now) = (named(site, sent)?, site.clock.now());
            site.store
                .write_blocking("remove an input", move |w| w.remove_input(&input.address, now))?;
            Ok(Done::new("input-removed", 1, "/inputs"))
        }
        Some("interval") => interval(site, sent),
        Some(_) => Err(Undone::bad(
            "An input can be added, paused, resumed, read and removed, and its interval changed: add, pause, resume, read, remove, interval.",
        )),
    }
    .map(|done| {
        if asked.path.starts_with("/api/") {
            Done::new(done.what, done.many, "/api/v1/inputs")
        } else {
            done
        }
    })
}

/// The input that a form names.
fn named(site: &Site, sent: &Sent) -> Result<InputRow, Undone> {
    let id: Option<i64> = sent.get("id").and_then(|id| id.parse().ok());
    let found = match id {
        Some(id) => site.store.read("find an input", |r| r.input(id))?,
        None => return Err(Undone::bad("An input is named by its number (id).")),
    };
    found.ok_or_else(|| Undone::absent("There is no such input any more."))
}

fn add(site: &Site, sent: &Sent) -> Result<Done, Undone> {
    let Some(written) = sent.get("input") else {
        return Err(Undone::bad(
            "What is to be read? Write the address of a page, a feed or a site.",
        ));
    };
    let is_web = written.contains("://");
    if !is_web && site.door.is_guarded() {
        // Whoever logs in from elsewhere has no business in the files of this machine.
        return Err(Undone::bad(format!(
            "{written}: write a whole address, such as https://blog.example/feed.xml. Files and folders are added by the command line."
        )));
    }
    let argument = match classify(written) {
        Ok(Argument::Stdin) => return Err(Undone::bad("There is no standard input here.")),
        Ok(argument) => argument,
        Err(error) => {
            let hint = error
                .hint()
                .map(|hint| format!(" ({hint})"))
                .unwrap_or_default();
            return Err(Undone::bad(format!("{error}{hint}")));
        }
    };
    let is_site = sent.get("as") == Some(SITE);
    if is_site && !matches!(argument, Argument::Web(_)) {
        return Err(Undone::bad("A file or folder is not a site."));
    }
    let options = InputOptions {
        refresh_hours: hours(sent)?,
        ..site.ways.inputs.clone()
    };
    let input = NewInput {
        address: argument.address(),
        kind: argument.kind(None).to_owned(),
        format: is_site.then(|| SITE.to_owned()),
        base: None,
        // Options always serialise.
        options: serde_json::to_string(&options).unwrap_or_else(|_| "{}".to_owned()),
    };
    let now = site.clock.now();
    let (_, is_new) = site
        .store
        .write_blocking("register an input", move |w| w.add_input(&input, now))?;
    let what = if is_new { "input-added" } else { "input-known" };
    Ok(Done::new(what, 1, "/inputs"))
}

/// The hours after which an input is to be read again; none where that is as with all.
fn hours(sent: &Sent) -> Result<Option<u32>, Undone> {
    let Some(written) = sent.get("hours") else {
        return Ok(None);
    };
    let hours = written.parse().ok();
    let hours = hours.filter(|hours| (1..=LONGEST_HOURS).contains(hours));
    let refused = || Undone::bad(format!("{written}: expected hours, 1 to {LONGEST_HOURS}."));
    hours.map(Some).ok_or_else(refused)
}

fn interval(site: &Site, sent: &Sent) -> Result<Done, Undone> {
    let input = named(site, sent)?;
    if site.ways.configured.contains(&input.address) {
        let says = "This input stands in the configuration, and its interval is set there.";
        return Err(Undone::Refused(StatusCode::CONFLICT, says.to_owned()));
    }
    let mut options: InputOptions = serde_json::from_str(&input.options).unwrap_or_default();
    options.refresh_hours = hours(sent)?;
    let next = options
        .refresh_hours
        .zip(input.refreshed_at)
        .map(|(hours, at)| at + i64::from(hours) * HOUR_MS);
    let options = serde_json::to_string(&options).unwrap_or(input.options);
    site.store
        .write_blocking("change an input's interval", move |w| {
            w.change_input_interval(input.id, &options, next)
        })?;
    Ok(Done::new("input-interval", 1, "/inputs"))
}
