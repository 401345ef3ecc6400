//! The end of a run: can it be trusted? If so, what failed counts; if not, it is kept as seen, and nobody gets a strike.

use std::collections::HashMap;

use super::record::events;
use super::{Context, RunError, Running};
use crate::fetch::{Fetcher, Request};
use crate::judge::{self, Code, Group};
use crate::schedule::{self, Observation, Own, Round, State, Step, Suspicion, Trust};
use crate::store::{Settled, SourceState, Unsettled};

/// Sources that are visited where nobody answered and no canary did.
const CONTROLS: usize = 3;
/// A run is judged with those before it in mind that began so long ago, in milliseconds: since the last one of a daily
/// job, late by two hours.
const LATELY_MS: i64 = 26 * 3_600_000;
/// A week in milliseconds.
const WEEK_MS: i64 = 7 * 24 * 3_600_000;
/// Visits that are settled in one go.
const AT_ONCE: usize = 500;

/// Settles what runs that were killed have left. Canaries cannot tell how the network was then, so they are not asked.
pub(super) async fn killed(context: &Context) -> Result<(), RunError> {
    let runs = context
        .store
        .read("find what is not settled", |r| r.unsettled_runs())?;
    for (id, clock) in runs {
        let trust = round(context, id, 0)?.trust(false);
        // What a clock that was set back since has dated is let go: it would strike in the future.
        let is_sound = trust == Trust::Sound && clock.as_deref() != Some("wrong");
        let run = Running {
            id,
            counts: clock.as_deref() != Some("behind"),
            decides: clock.as_deref() != Some("ahead"),
        };
        settle(context, run, is_sound).await?;
        tell_seen_twice(context, run, is_sound).await?;
        if let Trust::Suspect(why) | Trust::AskCanaries(why) = trust {
            let doubt = move |w: &crate::store::Writing<'_>| w.doubt_run(id, why.as_str());
            context.store.write("doubt a run", doubt).await?;
        }
    }
    Ok(())
}

/// Why a run cannot be trusted, if so. `no_network` is how many visits could not be made for want of one.
pub(super) async fn doubt(
    context: &Context,
    run: Running,
    no_network: u64,
) -> Result<Option<Suspicion>, RunError> {
    context.store.flush().await?;
    let round = round(context, run.id, no_network)?;
    let lately = context.clock.now().saturating_sub(LATELY_MS);
    let was_suspect = context.store.read("read the runs before", |r| {
        r.was_doubted(SITES_FAIL, lately)
    })?;
    // With few sites, canaries decide where there are some.
    let may_ask = round.is_small() && !context.manner.canaries.is_empty();
    Ok(match round.trust(was_suspect || may_ask) {
        Trust::Sound => None,
        Trust::Suspect(why) => Some(why),
        Trust::AskCanaries(why) => {
            let is_believed = any_canary(context).await || is_old_news(context, why)?;
            (!is_believed).then_some(why)
        }
    })
}

/// Where no canaries are configured, sites that fail for over a week while others answer are believed in the end: no
/// trouble of ours that lasts so long goes unseen with this exit code.
fn is_old_news(context: &Context, why: Suspicion) -> Result<bool, RunError> {
    let is_partial = matches!(why, Suspicion::SitesFail { .. });
    if !is_partial || !context.manner.canaries.is_empty() {
        return Ok(false);
    }
    let now = context.clock.now();
    let first = context.store.read("read the runs before", |r| {
        r.first_doubted(SITES_FAIL, now.saturating_sub(2 * WEEK_MS))
    })?;
    Ok(first.is_some_and(|first| now.saturating_sub(first) >= WEEK_MS))
}

/// Sources that can stand in for canaries: where a run made a few visits and nobody answered, whether those answer that
/// were there the last time tells whether it is us.
pub(super) fn controls(
    context: &Context,
    run: Running,
    doubt: Option<Suspicion>,
) -> Result<Vec<i64>, RunError> {
    if !matches!(
        doubt,
        Some(Suspicion::NothingResolves | Suspicion::NothingAnswers)
    ) {
        return Ok(Vec::new());
    }
    let controls = context.store.read("find who stands in for canaries", |r| {
        r.controls(run.id, CONTROLS)
    })?;
    Ok(controls)
}

/// Settles a run.
pub(super) async fn end(
    context: &Context,
    run: Running,
    doubt: Option<Suspicion>,
) -> Result<(), RunError> {
    settle(context, run, doubt.is_none()).await?;
    tell_seen_twice(context, run, doubt.is_none()).await?;
    let now = context.clock.now();
    let id = run.id;
    context
        .store
        .write("tell what was dead before", move |w| {
            w.tell_backlogs(id, now)
        })
        .await?;
    context
        .store
        .write("end marks", move |w| w.end_marks(id, now))
        .await?;
    Ok(())
}

/// Tells what was seen for the second time. A clock that stands behind cannot say that a visit came later.
async fn tell_seen_twice(context: &Context, run: Running, is_sound: bool) -> Result<(), RunError> {
    let is_sound = is_sound && run.counts;
    let tell = move |w: &crate::store::Writing<'_>| w.tell_seen_twice(run.id, is_sound);
    context
        .store
        .write("tell what was seen twice", tell)
        .await?;
    Ok(())
}

/// The name of [`Suspicion::SitesFail`].
const SITES_FAIL: &str = Suspicion::SitesFail { lost: 0, of: 0 }.as_str();

fn round(context: &Context, run_id: i64, no_network: u64) -> Result<Round, RunError> {
    let mut round = Round::default();
    if no_network > 0 {
        round.no_network();
    }
    context.store.read("look at the run as a whole", |r| {
        r.each_visit_of(run_id, |site, code, had_answered| {
            let code = code.map_or(Some(Code::Alive), |code| code.parse().ok());
            if let Some(code) = code {
                round.take(site, code, had_answered);
            }
        })
    })?;
    Ok(round)
}

/// Whether one of the canaries is there.
async fn any_canary(context: &Context) -> bool {
    for canary in &context.manner.canaries {
        if is_there(&context.fetcher, canary).await {
            return true;
        }
    }
    false
}

/// Whether an address answers with a page.
async fn is_there(fetcher: &Fetcher, address: &url::Url) -> bool {
    let Ok(fetched) = fetcher.get(&Request::page(address.clone())).await else {
        return false;
    };
    let case = judge::Case::new(address, &fetched.facts);
    judge::judge(&case).code.group() == Group::Fine
}

/// Counts what waited where the run is sound, or lets it go. By a clock that stands behind, verdicts change and nothing
/// is struck.
async fn settle(context: &Context, run: Running, is_sound: bool) -> Result<(), RunError> {
    let mut after = 0;
    loop {
        let waiting = context.store.read("read what is not settled", |r| {
            r.unsettled(run.id, after, AT_ONCE)
        })?;
        let Some(last) = waiting.last() else {
            return Ok(());
        };
        after = last.visit_id;
        let (mut settled, mut aside) = (Vec::new(), Vec::new());
        // A visit and its second look build on each other.
        let mut known: HashMap<i64, (SourceState, Option<(String, i64)>)> = HashMap::new();
        for one in &waiting {
            let known = known
                .entry(one.source_id)
                .or_insert_with(|| (one.state.clone(), one.verdict.clone()));
            let step = step(context, run, one, &known.0);
            match step {
                Some((step, _)) if is_sound => {
                    let one = settle_one(run, one, &step, known);
                    *known = (one.state.clone(), Some(one.verdict.clone()));
                    settled.push(one);
                }
                Some((_, aside_until)) => aside.push((one.visit_id, one.source_id, aside_until)),
                // A fine visit came after it.
                None => {
                    let until = known.0.next_visit_at.unwrap_or(one.at);
                    aside.push((one.visit_id, one.source_id, until));
                }
            }
        }
        context
            .store
            .write("settle visits", move |w| {
                w.settle(&settled)?;
                w.set_aside(&aside)
            })
            .await?;
    }
}

/// What a visit makes of a source where it counts, and when it is visited again where it does not.
fn step(
    context: &Context,
    run: Running,
    one: &Unsettled,
    state: &SourceState,
) -> Option<(Step, i64)> {
    // A code that is not known can only come from a damaged file.
    let code: Code = one.noted.code.parse().ok()?;
    let state: State = super::state::to_schedule(state);
    if state.last_fine_at.is_some_and(|at| at >= one.at) {
        return None;
    }
    let seen = Observation {
        at_ms: one.at,
        code,
        hard: one.noted.hard,
        changed: false,
        counts: run.counts,
        decides: run.decides,
        second_look: one.noted.second_look,
    };
    let manner = &context.manner;
    let own: Own = manner.intervals.own(
        &one.address,
        &one.host,
        one.interval_days,
        one.newest_post_at,
    );
    let salt = one.source_id.unsigned_abs();
    let policy = &manner.schedule;
    let aside = schedule::set_aside(&state, &seen, policy, own, salt).max(one.noted.not_before);
    let mut step = if run.counts {
        schedule::settle(&state, &seen, policy, own, salt)
    } else {
        Step {
            state,
            next_visit_at: aside,
            second_look_due: false,
            change: None,
        }
    };
    step.next_visit_at = step.next_visit_at.max(one.noted.not_before);
    Some((step, aside))
}

fn settle_one(
    run: Running,
    one: &Unsettled,
    step: &Step,
    (before, verdict): &(SourceState, Option<(String, i64)>),
) -> Settled {
    let code = &one.noted.code;
    let since = match verdict {
        Some((known, since)) if known == code => *since,
        _ => one.at,
    };
    // What was broken when its input was added is no news, and neither is what the user has spoken on.
    let events = if one.is_backlog || one.is_marked {
        Vec::new()
    } else {
        events(verdict.as_ref(), code, step, one.at, run.id, one.source_id)
    };
    Settled {
        visit_id: one.visit_id,
        source_id: one.source_id,
        state: super::state::to_row(step, before),
        verdict: (code.clone(), since),
        events,
    }
}
