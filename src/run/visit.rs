//! One visit, from the due source to the row: look, judge, keep, and look again where death is to be confirmed.
//!
//! A visit that finds what an earlier one found is one short row that names it. Everything else is new facts, new
//! features, a verdict, and, if the page is fine and differs from our newest copy, a capture.

use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::look::{Look, look};
use super::record::{Record, is_new_body, judge_seen};
use super::{Context, RunError, Running, politeness, rendering};
use crate::capture;
use crate::config::Robots;
use crate::fetch::{Connections, Fault, RobotsFact};
use crate::judge::Verdict;
use crate::schedule::{Standing, State};
use crate::store::DueSource;

/// A visit that ran into a defect is due again after this long, in milliseconds.
const AGAIN_AFTER_PANIC: i64 = 24 * 3_600_000;

/// On whose behalf a visit may keep a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// By itself: robots.txt decides whether a copy is kept.
    Automatic,
    /// The user named the address to be captured: robots.txt is recorded, and the copy is kept.
    Named,
}

/// What came of a visit.
#[derive(Debug, Clone)]
pub struct Visited {
    /// The source.
    pub source_id: i64,
    /// Its address.
    pub address: String,
    /// The verdict; `None` where a fault of ours kept the visit from being made.
    pub verdict: Option<Verdict>,
    /// What its history adds up to, this visit included.
    pub standing: Standing,
    /// Status of the last answer.
    pub status: Option<u16>,
    /// Where it ended.
    pub final_url: Option<String>,
    /// Whether a copy was kept.
    pub copy: Copied,
    /// Whether the visit only confirmed an earlier one.
    pub confirmed: bool,
    /// Bytes received.
    pub bytes: u64,
    /// Why the visit was not made.
    pub put_off: Option<PutOff>,
}

/// Whether robots.txt gives leave to keep a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// It was not asked: there is nothing to keep, or the user does not care.
    NotAsked,
    /// What it says.
    Said(RobotsFact),
    /// It could not be asked for now.
    Unknown,
}

/// Whether a visit left a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copied {
    /// A capture was sealed.
    Sealed,
    /// There was nothing new to keep.
    Nothing,
    /// robots.txt does not allow it, or could not be had.
    NotByRobots,
    /// There is no room for it.
    NoRoom,
    /// robots.txt could not be asked for now; a later visit keeps it.
    Later,
}

/// Why a visit was not made; it is due again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutOff {
    /// A fault of ours, in words.
    Fault(String),
    /// There is no network; in words.
    NoNetwork(String),
    /// This host is to be left alone until this instant, in milliseconds since the epoch. It may be the one that a
    /// redirect leads to.
    Waits(String, i64),
}

/// Visits a source once, and once more by another way where death is to be confirmed.
pub(super) async fn visit(
    context: &Context,
    run: Running,
    due: &DueSource,
    keep: Keep,
) -> Result<Visited, RunError> {
    if due.is_wanted {
        return visit_wanted(context, run, due).await;
    }
    visit_due(context, run, due, keep).await
}

/// A visit to a source whose copy somebody asked for: it is kept as if they had named the source on the command line.
async fn visit_wanted(
    context: &Context,
    run: Running,
    due: &DueSource,
) -> Result<Visited, RunError> {
    let visited = visit_due(context, run, due, Keep::Named).await?;
    // What was put off is wanted still, and so is what there was no room for.
    if visited.put_off.is_none() && !matches!(visited.copy, Copied::NoRoom | Copied::Later) {
        let id = visited.source_id;
        context
            .store
            .submit("a copy that was asked for is made", move |w| {
                w.no_longer_wanted(id)
            })
            .await?;
    }
    Ok(visited)
}

async fn visit_due(
    context: &Context,
    run: Running,
    due: &DueSource,
    keep: Keep,
) -> Result<Visited, RunError> {
    // The second look of an earlier run that could not be made then, because the host was to be left alone.
    if due.state.second_look_due {
        let look = Look::Second(Connections::FreshHttp1);
        return Ok(visit_once(context, run, due, keep, look, None)
            .await?
            .visited);
    }
    let first = visit_once(context, run, due, keep, Look::First, None).await?;
    let Some(connections) = first.second_look else {
        return Ok(first.visited);
    };
    // The row that was just handed over is what the second look builds on.
    context.store.flush().await?;
    let id = due.id;
    let Some(due) = context.store.read("read a source", |r| r.due_source(id))? else {
        return Ok(first.visited);
    };
    let look = Look::Second(connections);
    let second = visit_once(context, run, &due, keep, look, first.would_be).await?;
    // A second look that could not be made is due still; what the first one saw is what is known.
    if second.visited.put_off.is_some() {
        return Ok(first.visited);
    }
    Ok(second.visited)
}

pub(super) struct Once {
    pub(super) visited: Visited,
    /// Over which connections to look a second time, where death is to be confirmed.
    pub(super) second_look: Option<Connections>,
    /// The state as it will be if the run can be trusted.
    pub(super) would_be: Option<State>,
}

async fn visit_once(
    context: &Context,
    run: Running,
    due: &DueSource,
    keep: Keep,
    which: Look,
    would_be: Option<State>,
) -> Result<Once, RunError> {
    let at = context.clock.now();
    let url = match Url::parse(&due.address) {
        Ok(url) => url,
        Err(error) => return Err(RunError::Worker(format!("{}: {error}", due.address))),
    };
    let mut seen = match look(context, due, &url, which, keep, at).await {
        Ok(seen) => seen,
        Err(Fault::Busy { host, until }) => {
            let until = at + ms(until.saturating_duration_since(Instant::now()));
            return put_off(context, due, until, PutOff::Waits(host, until)).await;
        }
        // Nothing was seen, so it stays as due as it was: the next run may have what this one lacks.
        Err(fault @ Fault::NoNetwork(_)) => {
            return Ok(not_made(due, PutOff::NoNetwork(fault.to_string())));
        }
        Err(fault @ Fault::Ours(_)) => return Ok(not_made(due, PutOff::Fault(fault.to_string()))),
    };
    politeness::keep_changes(context).await?;
    let pause = seen.fetched.pause;
    let mut judged = judge_seen(context, due, &url, &seen).await?;
    let mut made = None;
    if which == Look::First
        && rendering::would_tell(context, &judged.verdict, judged.features.as_ref())
        && let Some(rendered) = rendering::of_shell(context, due, &seen.fetched, keep).await?
    {
        seen = seen.with_browser(due, rendered.document.clone(), rendered.text.clone());
        judged = judge_seen(context, due, &url, &seen).await?;
        made = Some(rendered.row(true));
    }
    // A page that is the same as before is kept too, if there is no copy of it yet.
    let may_keep = is_new_body(due, &seen.fetched) && capture::is_worth_keeping(&judged.verdict);
    let robots = ask_robots(context, &url, may_keep).await;
    let record = Record {
        context,
        run,
        due,
        at,
        keep,
        way: which.way(),
        not_before: pause.map_or(0, |wait| at + ms(wait)),
        would_be,
    };
    record.keep(seen, judged, robots, made).await
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

/// A visit panicked. It is due again, and the others go on.
pub(super) async fn broke_down(context: &Context, due: &DueSource) -> Result<Visited, RunError> {
    let until = context.clock.now() + AGAIN_AFTER_PANIC;
    let why = "a defect in sourcekeep ended this visit; please report it with the address";
    let why = PutOff::Fault(why.to_owned());
    Ok(put_off(context, due, until, why).await?.visited)
}

async fn put_off(
    context: &Context,
    due: &DueSource,
    until: i64,
    why: PutOff,
) -> Result<Once, RunError> {
    let id = due.id;
    context
        .store
        .submit("put a visit off", move |w| w.put_off(id, until))
        .await?;
    Ok(not_made(due, why))
}

fn not_made(due: &DueSource, why: PutOff) -> Once {
    Once {
        visited: Visited {
            source_id: due.id,
            address: due.address.clone(),
            verdict: None,
            standing: super::state::to_schedule(&due.state).standing,
            status: None,
            final_url: None,
            copy: Copied::Nothing,
            confirmed: false,
            bytes: 0,
            put_off: Some(why),
        },
        second_look: None,
        would_be: None,
    }
}

/// Whether a copy may be kept, and what robots.txt says of it where it was asked.
async fn ask_robots(context: &Context, url: &Url, may_keep: bool) -> Leave {
    if context.manner.robots == Robots::Ignore || !may_keep {
        return Leave::NotAsked;
    }
    match super::robots::ask(context, url).await {
        Ok(fact) => Leave::Said(fact),
        Err(_) => Leave::Unknown,
    }
}
