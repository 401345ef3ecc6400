//! One pass from beginning to end: inputs that are due, then sources that are due, then the books.

use std::time::Duration;

use tokio::time::Instant;

use super::frontier::{Bounds, Ended, Frontier, Work};
use super::politeness::Load;
use super::room::Full;
use super::tally::Counted;
use super::telling::Telling;
use super::told::Told;
use super::visit::{Copied, Keep, PutOff, Visited};
use super::{Context, Problem, RunError, Running};
use super::{compact, index, politeness, quotes, refresh, rejudge, settle};
use crate::gather::Note;
use crate::schedule::Suspicion;
use crate::schedule::clock::{self, Clock as Doubt};
use crate::store::{RunEnd, Writing};

/// What a pass is to do.
#[derive(Debug)]
pub struct Plan {
    /// The command, as the run's row keeps it.
    pub command: &'static str,
    /// Whether inputs that are due are read first.
    pub refresh_inputs: bool,
    /// What arrived on standard input, for an input that stands for it.
    pub stdin: Option<Vec<u8>>,
    /// What is visited.
    pub work: Work,
    /// On whose behalf copies are kept.
    pub keep: Keep,
    /// Visits to make, at the most, and posts to read that inputs lead to.
    pub limit: Option<u64>,
    /// How long the pass may take.
    pub max_time: Option<Duration>,
}

/// Something to tell while a pass goes on.
#[derive(Debug)]
pub enum Happened {
    /// An input, or a part of one, could not be read.
    Problem(Problem),
    /// A document names something worth knowing: which, and what.
    Note(String, Note),
    /// Something is told of an input.
    Told(String, Told),
    /// The clock is doubted.
    Clock(Doubt),
    /// A source was visited.
    Visited(Visited),
    /// The second vantage was of no use: all second looks of the pass were made without it.
    NoVantage {
        /// What it is called.
        vantage: String,
        /// How many second looks.
        looks: u64,
        /// How it failed the first time.
        why: String,
    },
}

/// How a pass ended.
#[derive(Debug)]
pub struct Outcome {
    /// The run's id.
    pub run_id: i64,
    /// Why it ended.
    pub ended: Ended,
    /// Sources that are due and were not visited, because their hosts are to be left alone for a while.
    pub left: u64,
    /// Those hosts, and until when, in milliseconds since the epoch; the first to be asked again first.
    pub left_hosts: Vec<(String, i64)>,
    /// What was done.
    pub counted: Counted,
    /// Why no more copies were kept from some point on, if so.
    pub full: Option<Full>,
    /// Whether an input as a whole could not be read.
    pub input_failed: bool,
    /// Why we suspect ourselves rather than the sources, if we do: nobody got a strike then.
    pub doubt: Option<Suspicion>,
    /// What is thought of the clock.
    pub clock: Doubt,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// Makes a pass. What is done is kept even where this ends with an error.
pub async fn pass(
    context: &Context,
    plan: Plan,
    mut happened: impl FnMut(Happened) + Send,
) -> Result<Outcome, RunError> {
    let begun = Instant::now();
    let deadline = plan.max_time.map(|time| begun + time);
    let now = context.clock.now();
    let command = plan.command;
    let is_simulated = context.clock.is_simulated();
    let clock = believe(context, now).await?;
    if clock != Doubt::Right {
        happened(Happened::Clock(clock));
    }
    let begun_run = context
        .store
        .write("begin a run", move |w| {
            if is_simulated {
                w.mark_simulated()?;
            }
            let word = match clock {
                Doubt::Right | Doubt::SetBack { .. } => None,
                Doubt::Behind => Some("behind"),
                Doubt::Ahead => Some("ahead"),
            };
            w.begin_run(command, std::process::id(), word, now)
        })
        .await?;
    let run = Running {
        id: begun_run.id,
        counts: clock != Doubt::Behind,
        decides: clock != Doubt::Ahead,
    };
    politeness::begin(context, begun_run.after_killed);
    let is_due = !matches!(plan.work, Work::Named(_));
    let telling = Telling::begin(context, run.id);
    let result = inner(context, plan, run, now, deadline, &mut happened).await;
    telling.end().await;
    context.browsers.close().await;
    // If the archive cannot take it, its closing row below says so.
    let _ = politeness::end(context).await;
    let counted = context.tally.counted();
    // One that failed now and then could not reach some sources, which is what dead ones are like.
    if let (0, (looks, Some(why))) = (counted.by_vantage, &counted.vantage_failed) {
        happened(Happened::NoVantage {
            vantage: context.fetcher.vantage().unwrap_or_default().to_owned(),
            looks: *looks,
            why: why.clone(),
        });
    }
    let end = RunEnd {
        result: match &result {
            Ok(visits) if visits.ended == Ended::Cancelled => "interrupted",
            Ok(_) => "done",
            Err(_) => "failed",
        },
        doubt: result
            .as_ref()
            .ok()
            .and_then(|visits| visits.doubt)
            .map(Suspicion::as_str),
        walked_to: result.as_ref().ok().and_then(|visits| visits.walked_to),
        counts: counts(
            &counted,
            result.as_ref().ok().and_then(|visits| visits.doubt),
        ),
    };
    let ended_at = context.clock.now();
    let closed = context
        .store
        .write("end a run", move |w| w.end_run(run.id, &end, ended_at))
        .await;
    let visits = result?;
    closed?;
    let seconds = begun.elapsed().as_secs_f64();
    index::when_idle(context, begun.elapsed()).await;
    if is_due && context.manner.compact {
        compact::when_idle(context, begun.elapsed(), deadline).await;
    }
    Ok(Outcome {
        run_id: run.id,
        ended: visits.ended,
        left: visits.left,
        left_hosts: visits.left_hosts,
        counted,
        full: context.room.full(),
        input_failed: visits.input_failed,
        doubt: visits.doubt,
        clock,
        seconds,
    })
}

/// What the run's row keeps: what was counted, and how many sites failed where that is why it is suspect.
fn counts(counted: &Counted, doubt: Option<Suspicion>) -> String {
    #[derive(serde::Serialize)]
    struct Kept<'a> {
        #[serde(flatten)]
        counted: &'a Counted,
        #[serde(skip_serializing_if = "Option::is_none")]
        sites_lost: Option<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sites_known: Option<usize>,
    }
    let (sites_lost, sites_known) = match doubt {
        Some(Suspicion::SitesFail { lost, of }) => (Some(lost), Some(of)),
        _ => (None, None),
    };
    let kept = Kept {
        counted,
        sites_lost,
        sites_known,
    };
    // Counters always serialise.
    serde_json::to_string(&kept).unwrap_or_else(|_| "{}".to_owned())
}

/// What a pass came to.
struct Visits {
    ended: Ended,
    input_failed: bool,
    left: u64,
    left_hosts: Vec<(String, i64)>,
    doubt: Option<Suspicion>,
    walked_to: Option<i64>,
}

async fn inner(
    context: &Context,
    plan: Plan,
    run: Running,
    now: i64,
    deadline: Option<Instant>,
    happened: &mut (impl FnMut(Happened) + Send),
) -> Result<Visits, RunError> {
    settle::killed(context).await?;
    let mut input_failed = false;
    if plan.refresh_inputs {
        input_failed = refresh::due_inputs(context, &plan, now, deadline, happened).await?;
        if context.cancelled.is_cancelled() {
            return Ok(Visits {
                ended: Ended::Cancelled,
                input_failed,
                left: 0,
                left_hosts: Vec::new(),
                doubt: None,
                walked_to: None,
            });
        }
    }
    quotes::look_in_copies(context, now).await?;
    if !matches!(plan.work, Work::Named(_)) {
        apply_intervals(context).await?;
    }
    let due_by = match &plan.work {
        Work::DueBy(at) => now.min(*at),
        Work::Due | Work::Named(_) => now,
    };
    let due = match &plan.work {
        Work::Due | Work::DueBy(_) => context
            .store
            .read("count what is due", |r| r.count_due(due_by))?,
        Work::Named(ids) => ids.len() as i64,
    };
    context.tally.due(u64::try_from(due).unwrap_or(0));
    tell_politeness(context, &plan.work, now);
    let budget = match plan.work {
        Work::Due | Work::DueBy(_) => budget(context, now)?,
        Work::Named(_) => None,
    };
    let bounds = Bounds {
        limit: plan.limit.into_iter().chain(budget).min(),
        deadline,
    };
    let frontier = Frontier::new(context, run, due_by, plan.keep);
    let mut drained = frontier
        .drain(&plan.work, bounds, |visited| {
            count(context, &visited);
            happened(Happened::Visited(visited));
        })
        .await?;
    if drained.ended == Ended::Limit && budget.is_some() && bounds.limit == budget {
        drained.ended = Ended::Budget;
    }
    context.store.flush().await?;
    rejudge::at_end_of_run(context, run).await?;
    let no_network = context.tally.counted().no_network;
    let mut doubt = settle::doubt(context, run, no_network).await?;
    if matches!(plan.work, Work::Named(_)) {
        // Who names an address wants to know of that one. That a host refuses is its answer; only where not even a name
        // could be resolved is it likely that the fault is ours.
        doubt = doubt.filter(|doubt| *doubt != Suspicion::NothingAnswers);
    } else if drained.ended != Ended::Cancelled {
        let controls = settle::controls(context, run, doubt)?;
        if !controls.is_empty() {
            let bounds = Bounds {
                limit: None,
                deadline,
            };
            let frontier = Frontier::new(context, run, now, plan.keep);
            let controls = Work::Named(controls);
            let visits = frontier.drain(&controls, bounds, |visited| {
                count(context, &visited);
                happened(Happened::Visited(visited));
            });
            visits.await?;
            doubt = settle::doubt(context, run, no_network).await?;
        }
    }
    settle::end(context, run, doubt).await?;
    let left_hosts = left_until(context, drained.left);
    let left = if left_hosts.is_empty() || drained.ended != Ended::Done {
        0
    } else {
        let still_due = context
            .store
            .read("count what is left", |r| r.count_due(due_by))?;
        u64::try_from(still_due).unwrap_or(0)
    };
    Ok(Visits {
        ended: drained.ended,
        input_failed,
        left,
        left_hosts,
        doubt,
        walked_to: drained.walked_to,
    })
}

/// The hosts that were left for later, and until when, the first one first.
fn left_until(context: &Context, left: Vec<(String, Instant)>) -> Vec<(String, i64)> {
    let (instant, wall) = (Instant::now(), context.clock.now());
    let until = |at: Instant| {
        let wait = at.saturating_duration_since(instant).as_millis();
        wall + i64::try_from(wait).unwrap_or(0)
    };
    let left = left.into_iter().map(|(host, at)| (host, until(at)));
    let mut left: Vec<_> = left.collect();
    left.sort_by_key(|(_, until)| *until);
    left
}

/// What is left of the visits that a day may have.
fn budget(context: &Context, now: i64) -> Result<Option<u64>, RunError> {
    const DAY_MS: i64 = 24 * 3_600_000;
    let Some(visits_per_day) = context.manner.visits_per_day else {
        return Ok(None);
    };
    let made = context.store.read("count the visits of a day", |r| {
        r.visits_after(now.saturating_sub(DAY_MS))
    })?;
    Ok(Some(visits_per_day.saturating_sub(made.visits)))
}

/// Makes due what is to be visited more often than it was.
async fn apply_intervals(context: &Context) -> Result<(), RunError> {
    let intervals = context.manner.intervals.clone();
    let apply = move |w: &Writing<'_>| {
        w.apply_input_intervals()?;
        for (host, days) in &intervals.by_host {
            w.pull_in_host(host, *days)?;
        }
        for (address, days) in &intervals.by_source {
            w.pull_in_source(address, *days)?;
        }
        Ok(())
    };
    context.store.write("apply intervals", apply).await?;
    Ok(())
}

/// What is thought of the clock; what a clock that had run ahead wrote is put right.
async fn believe(context: &Context, now: i64) -> Result<Doubt, RunError> {
    let trace = context
        .store
        .read("read when runs were made", |r| r.clock_trace())?;
    let known = clock::Remembered {
        newest_visit_at: trace.newest_visit_at,
        runs: trace.runs,
        jump: trace.jump,
    };
    let doubt = clock::doubt(now, &known);
    if let Doubt::SetBack { since } = doubt {
        let mut last = Some(0);
        while let Some(after) = last {
            let set_back = move |w: &Writing<'_>| w.set_back_after(after, now);
            last = context.store.write("set instants back", set_back).await?;
        }
        // Last, so that whoever is killed before begins again.
        let mark = move |w: &Writing<'_>| w.mark_runs_dated_wrongly(since, now);
        context.store.write("mark runs", mark).await?;
    }
    Ok(doubt)
}

/// Finds out beside the visits how long politeness alone will take; only the progress line waits for it.
fn tell_politeness(context: &Context, work: &Work, now: i64) {
    if *work != Work::Due {
        return;
    }
    let context = context.clone();
    tokio::task::spawn_blocking(move || {
        let mut load = Load::new(context.fetcher.gate().manners());
        // If the archive cannot be read, the visits will say so.
        let read = context.store.read("find the busiest host", |r| {
            r.each_due_host(now, |host, due| load.add(host, due))
        });
        if read.is_ok() {
            context.tally.politeness(load.least_ms());
        }
    });
}

fn count(context: &Context, visited: &Visited) {
    if let Some(verdict) = &visited.verdict {
        context.tally.verdict(verdict.code.as_str(), visited.bytes);
    }
    match &visited.put_off {
        Some(PutOff::Fault(_)) => context.tally.fault(),
        Some(PutOff::NoNetwork(_)) => {
            context.tally.fault();
            context.tally.no_network();
        }
        Some(PutOff::Waits(..)) => context.tally.wait(),
        None => {}
    }
    match visited.copy {
        Copied::Sealed => context.tally.capture(),
        Copied::NoRoom => context.tally.no_room(),
        Copied::Later => context.tally.copy_later(),
        Copied::NotByRobots => context.tally.kept_by_robots(),
        Copied::Nothing => {}
    }
}
