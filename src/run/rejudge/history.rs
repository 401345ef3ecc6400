//! A source's history once more, with the verdicts of today, through the schedule's own machine.

use std::collections::HashMap;

use url::Url;

use super::source::Judge;
use crate::fetch::Way;
use crate::judge::drift::Level;
use crate::judge::{Code, Group, Sign};
use crate::run::drift;
use crate::run::state::{to_row, to_schedule};
use crate::schedule::{Observation, Own, Standing, State, Step, advance};
use crate::store::{
    HistoryVisit, NewEvent, NewUnsettled, Restood, SeenSource, SourceState, Untold, UntoldStep,
};

/// A visit that saw something new, as today's judge sees it.
pub(super) struct Root {
    /// The code before.
    pub(super) before: Option<Code>,
    pub(super) code: Code,
    pub(super) hard: bool,
    /// The sign that decided.
    pub(super) sign: Option<Sign>,
    pub(super) moved_to: Option<String>,
    pub(super) way: Way,
    /// SHA-256 of the body, in hex.
    pub(super) body: Option<String>,
}

/// The verdict that stands after some visits: which, since when, and whose it is.
#[derive(Clone, Copy)]
struct Stands {
    code: Code,
    since: i64,
    visit: i64,
    root: i64,
}

/// What the visits come to.
struct Replayed {
    state: State,
    /// The last step, where the last visit counts.
    step: Option<Step>,
    stands: Option<Stands>,
    fine_visit: Option<i64>,
    unsettled: Vec<(i64, i64, i64, Option<NewUnsettled>)>,
}

/// What a source's history adds up to now.
pub(super) fn restand(
    judge: &Judge<'_>,
    source: &SeenSource,
    visits: &[HistoryVisit],
    roots: &HashMap<i64, Root>,
    waiting: &[Untold],
) -> Restood {
    let replayed = replay(judge, source, visits, roots);
    let state = new_state(&source.state, &replayed, judge.plan.now);
    let verdict = replayed.stands.map(|stands| {
        let code = stands.code.as_str().to_owned();
        (code, stands.since)
    });
    let root = replayed.stands.and_then(|stands| roots.get(&stands.root));
    Restood {
        source_id: source.id,
        events: events(judge, source, &state, replayed.stands, waiting),
        untold: untold(source, replayed.stands, waiting),
        state,
        verdict: verdict.or_else(|| source.verdict.clone()),
        verdict_visit_id: replayed
            .stands
            .map(|stands| stands.visit)
            .or(source.verdict_visit_id),
        fine_visit_id: replayed.fine_visit,
        moved_to: root.and_then(|root| root.moved_to.clone()),
        unsettled: replayed.unsettled,
    }
}

fn replay(
    judge: &Judge<'_>,
    source: &SeenSource,
    visits: &[HistoryVisit],
    roots: &HashMap<i64, Root>,
) -> Replayed {
    let policy = judge.plan.policy;
    let own = own(judge, source);
    let salt = source.id.unsigned_abs();
    let instants = instants(visits);
    let mut state = State::default();
    let mut replayed = Replayed {
        state,
        step: None,
        stands: None,
        fine_visit: None,
        unsettled: Vec::new(),
    };
    let mut fine_body: Option<&str> = None;
    for (visit, at) in visits.iter().zip(instants) {
        let Some(root) = roots.get(&visit.root_id) else {
            continue;
        };
        let is_fine = root.code.group() == Group::Fine;
        let was_fine = root.before.is_some_and(|code| code.group() == Group::Fine);
        let is_running = judge.running.is_some_and(|run| run.id == visit.run_id);
        let waits = !is_fine && (visit.unsettled || is_running);
        let clock = visit.clock.as_deref();
        let is_sound = !waits && !visit.suspect && clock != Some("wrong");
        let is_new = visit.id == visit.root_id;
        let body = root.body.as_deref();
        let seen = Observation {
            at_ms: at,
            code: root.code,
            hard: root.hard,
            changed: is_fine && is_new && fine_body.is_some() && fine_body != body,
            counts: is_fine || is_sound && clock != Some("behind"),
            decides: clock != Some("ahead"),
            second_look: root.way == Way::Browser,
        };
        if waits {
            let waits = waiting(root, &seen, &state, replayed.stands);
            if !visit.unsettled || root.before != Some(root.code) {
                let row = (visit.id, visit.run_id, visit.at, Some(waits));
                replayed.unsettled.push(row);
            }
        } else if visit.unsettled {
            let row = (visit.id, visit.run_id, visit.at, None);
            replayed.unsettled.push(row);
        }
        let step = advance(&state, &seen, policy, own, salt);
        state = step.state;
        replayed.step = seen.counts.then_some(step);
        // The verdict that stood for want of a better one stands on, by whatever code.
        let stood = source.verdict_visit_id == Some(visit.id) && !was_fine;
        if is_fine || is_sound || stood {
            let since = match replayed.stands {
                Some(before) if before.code == root.code => before.since,
                _ => at,
            };
            replayed.stands = Some(Stands {
                code: root.code,
                since,
                visit: visit.id,
                root: visit.root_id,
            });
        }
        if is_fine && is_new && root.way == Way::Plain && body.is_some() {
            replayed.fine_visit = Some(visit.id);
            fine_body = body;
        }
    }
    replayed.state = state;
    replayed
}

/// When the visits were made. What a clock that had run ahead has dated cannot be later than what followed.
fn instants(visits: &[HistoryVisit]) -> Vec<i64> {
    let mut latest = i64::MAX;
    let mut instants: Vec<i64> = visits
        .iter()
        .rev()
        .map(|visit| {
            let is_wrong = visit.clock.as_deref() == Some("wrong");
            let at = if is_wrong {
                visit.at.min(latest)
            } else {
                visit.at
            };
            latest = latest.min(at);
            at
        })
        .collect();
    instants.reverse();
    instants
}

/// What a visit waits with for the end of its run.
fn waiting(
    root: &Root,
    seen: &Observation,
    before: &State,
    stands: Option<Stands>,
) -> NewUnsettled {
    let was_there = matches!(
        before.standing,
        Standing::Alive | Standing::Revived | Standing::Uncertain
    );
    let was_asked = stands.is_none_or(|stands| stands.code != Code::Unsupported);
    NewUnsettled {
        code: root.code.as_str().to_owned(),
        hard: root.hard,
        second_look: seen.second_look,
        had_answered: was_there && was_asked,
        not_before: 0,
    }
}

fn own(judge: &Judge<'_>, source: &SeenSource) -> Own {
    let url = Url::parse(&source.address).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or(&source.host);
    judge.plan.intervals.own(
        &source.address,
        host,
        source.interval_days,
        source.newest_post_at,
    )
}

/// The state as it is kept. A death takes a second look by another way at the time; offline, that is only found due. And
/// what was found dead so stays dead, unless what struck it down is no failure any more.
fn new_state(before: &SourceState, replayed: &Replayed, now: i64) -> SourceState {
    let was_dead = before.standing == Standing::Dead.as_str();
    let mut state = replayed.state;
    let mut next_visit_at = replayed.step.map(|step| step.next_visit_at);
    match state.standing {
        Standing::Dead | Standing::Failing if was_dead => return before.clone(),
        Standing::Dead => {
            state.standing = Standing::Failing;
            state.since_ms = state.first_strike_at.or(state.since_ms);
            state.dead_since_ms = None;
            state.dead_visits = 0;
            state.second_look_due = true;
            next_visit_at = Some(now);
        }
        _ => {}
    }
    let counted = |state: &State| {
        (
            state.standing,
            (state.strikes, state.hard_strikes, state.second_look_due),
            (
                state.quiet_visits,
                state.failures_in_row,
                state.unclear_in_row,
            ),
        )
    };
    if counted(&state) == counted(&to_schedule(before)) {
        next_visit_at = before.next_visit_at;
    }
    let step = Step {
        state,
        next_visit_at: next_visit_at.or(before.next_visit_at).unwrap_or(now),
        second_look_due: state.second_look_due,
        change: None,
    };
    let mut row = to_row(&step, before);
    // That it was visited has not changed.
    row.visits = before.visits;
    row.last_visit_at = before.last_visit_at;
    row
}

/// What follows for what waits to be told: a page that is called drifted only now is to be seen so once more.
fn untold(source: &SeenSource, stands: Option<Stands>, waiting: &[Untold]) -> Option<UntoldStep> {
    let code = stands?.code;
    if code.group() != Group::Fine {
        return None;
    }
    let before = source.verdict.as_ref().map(|(code, _)| code.as_str());
    drift::untold(code, Level::Drifted, before, waiting).filter(|step| {
        // Nothing was seen again.
        !matches!(step, UntoldStep::Second { .. }) && before != Some(code.as_str())
    })
}

/// What is news: not what was broken before its inputs were added, nor what the user has spoken on.
fn events(
    judge: &Judge<'_>,
    source: &SeenSource,
    state: &SourceState,
    stands: Option<Stands>,
    waiting: &[Untold],
) -> Vec<NewEvent> {
    let Some(stands) = stands else {
        return Vec::new();
    };
    let code = stands.code.as_str();
    let is_marked = source
        .mark
        .as_ref()
        .is_some_and(|(_, verdict)| verdict.as_deref().is_none_or(|verdict| verdict == code));
    if is_marked || source.is_backlog && stands.code.group() != Group::Fine {
        return Vec::new();
    }
    let event = |kind, from: &str, to: &str| NewEvent {
        at: judge.plan.now,
        run_id: judge.running.map(|run| run.id),
        kind,
        source_id: Some(source.id),
        detail: serde_json::json!({ "from": from, "to": to, "by": "rejudge" }).to_string(),
        ..NewEvent::default()
    };
    let mut events = Vec::new();
    let told = waiting.iter().find(|untold| untold.quote_id == 0);
    let told = told.and_then(|untold| untold.verdict.as_ref());
    // That a page has drifted is told once another visit has shown it.
    if let Some(before) = told.or(source.verdict.as_ref().map(|(code, _)| code))
        && before != code
        && stands.code != Code::Drifted
    {
        events.push(event("verdict-changed", before, code));
    }
    if source.state.standing != state.standing {
        events.push(event(
            "standing-changed",
            &source.state.standing,
            &state.standing,
        ));
    }
    events
}
