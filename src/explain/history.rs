//! The visits since the last fine one, as the machine counts them.

use crate::fetch::{Facts, Way};
use crate::judge::{Code, Group, Verdict};
use crate::report::rfc3339;
use crate::schedule::why::{self, Did};
use crate::schedule::{Observation, Policy, State};
use crate::store::PastVisit;

use super::{NotCounted, Strike, Strikes};

const HOUR_MS: i64 = 3_600_000;

/// Why a visit does not count, if it does not. What is fine counts always.
pub(super) fn not_counted(visit: &PastVisit) -> Option<&'static str> {
    if group(visit) == Some(Group::Fine) {
        return None;
    }
    match visit.clock.as_deref() {
        _ if visit.unsettled => Some("run-not-ended"),
        _ if visit.suspect => Some("suspect-run"),
        Some("behind") => Some("clock-behind"),
        Some("wrong") => Some("clock-wrong"),
        _ => None,
    }
}

pub(super) fn group(visit: &PastVisit) -> Option<Group> {
    let code: Code = visit.code.as_deref()?.parse().ok()?;
    Some(code.group())
}

/// The verdict as it was stored.
pub(super) fn verdict(visit: &PastVisit) -> Option<Verdict> {
    crate::run::state::stored_verdict(visit.code.as_deref(), visit.evidence.as_deref())
}

/// A visit as the machine sees it.
pub(super) fn observation(visit: &PastVisit) -> Option<Observation> {
    let verdict = verdict(visit)?;
    Some(Observation {
        at_ms: visit.at,
        code: verdict.code,
        hard: verdict.is_hard_sign(),
        changed: false,
        counts: not_counted(visit).is_none(),
        decides: visit.clock.as_deref() != Some("ahead"),
        second_look: way(visit) == Way::Browser,
    })
}

pub(super) fn way(visit: &PastVisit) -> Way {
    serde_json::from_str::<Facts>(&visit.facts).map_or(Way::Plain, |facts| facts.way)
}

/// What the visits since the last fine one come to.
pub(super) struct History {
    list: Vec<Strike>,
    pub(super) not_counted: Vec<NotCounted>,
    /// The state by these visits alone.
    pub(super) state: State,
}

/// `visits` are newest first. Those before the last fine one do not matter any more.
pub(super) fn history(visits: &[PastVisit], policy: &Policy) -> History {
    let fine = visits
        .iter()
        .position(|visit| group(visit) == Some(Group::Fine));
    let last_fine_at = fine.and_then(|at| visits.get(at)).map(|visit| visit.at);
    let since = &visits[..fine.unwrap_or(visits.len())];
    let (known, seen): (Vec<_>, Vec<_>) = since
        .iter()
        .rev()
        .filter_map(|visit| Some((visit, observation(visit)?)))
        .unzip();
    let (did, state) = why::replay(last_fine_at, &seen, policy);
    let mut list: Vec<Strike> = Vec::new();
    let mut not_counted_list = Vec::new();
    let mut last_strike: Option<i64> = None;
    for ((visit, seen), did) in known.into_iter().zip(&seen).zip(did) {
        if let Some(why) = not_counted(visit) {
            not_counted_list.push(NotCounted {
                visit: visit.id,
                at: rfc3339(visit.at),
                verdict: visit.code.clone(),
                why,
                run: visit.run_id,
                doubt: visit.doubt.clone(),
            });
        } else if matches!(seen.code.group(), Group::Gone | Group::Failing) {
            list.push(strike(visit, seen, did, last_strike));
        }
        if did.strike.is_some() {
            last_strike = Some(visit.at);
        }
    }
    History {
        list,
        not_counted: not_counted_list,
        state,
    }
}

fn strike(visit: &PastVisit, seen: &Observation, did: Did, before: Option<i64>) -> Strike {
    Strike {
        visit: visit.id,
        at: rfc3339(visit.at),
        verdict: seen.code.as_str().to_owned(),
        strike: did.strike,
        hard: did.hard,
        second_look: seen.second_look,
        confirmed: did.confirmed,
        hours_after: before.map(|before| visit.at.saturating_sub(before) / HOUR_MS),
    }
}

impl History {
    /// The strikes of `state`: one by one, if the visits come to the same.
    pub(super) fn strikes(self, state: &State, policy: &Policy) -> (Strikes, Vec<NotCounted>) {
        let is_same =
            (self.state.strikes, self.state.hard_strikes) == (state.strikes, state.hard_strikes);
        let strikes = Strikes {
            count: state.strikes,
            needed: policy.strikes,
            gap_hours: policy.strike_gap_ms / HOUR_MS,
            span_hours: policy.strikes_span_ms / HOUR_MS,
            hard: state.hard_strikes,
            hard_needed: policy.hard_strikes,
            list: if is_same { self.list } else { Vec::new() },
            first_at: state.first_strike_at.map(rfc3339),
            last_at: state.last_strike_at.map(rfc3339),
        };
        (strikes, self.not_counted)
    }
}
