//! The machine: a source's state, one observation, the next state.

use serde::{Deserialize, Serialize};

use super::Standing;
use super::interval::{after_death, after_failure, after_fine, dice, usual_ms};
use crate::judge::{Code, Group};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The spans and counts by which a source is called dead, and the intervals of its visits. All spans in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The least span between two strikes.
    pub strike_gap_ms: i64,
    /// How many strikes a death takes.
    pub strikes: u32,
    /// The least span between the first of them and the last.
    pub strikes_span_ms: i64,
    /// How many hard signs a death takes instead.
    pub hard_strikes: u32,
    /// The interval after a first visit, and after a change.
    pub first_interval_ms: i64,
    /// The longest interval of a source that is there.
    pub longest_interval_ms: i64,
    /// The intervals after the first failure in a row, the second, and so on; the last one stays.
    pub failure_intervals_ms: Vec<i64>,
    /// The intervals after a death, after the first visit since, and so on; the last one stays.
    pub dead_intervals_ms: Vec<i64>,
    /// How long after it was published a post counts as young.
    pub young_ms: i64,
    /// The longest interval of a source that a young post cites.
    pub young_interval_ms: i64,
}

/// What is different for one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Own {
    /// The longest interval, where the source, its host or its input has one of its own.
    pub longest_interval_ms: Option<i64>,
    /// When the youngest post that cites it was published, in milliseconds since the epoch.
    pub published_at: Option<i64>,
}

impl Policy {
    /// The longest interval of a source that is there, seen from this instant.
    pub(super) fn longest_ms(&self, own: Own, at_ms: i64) -> i64 {
        let longest = own.longest_interval_ms.unwrap_or(self.longest_interval_ms);
        // A post that is dated ahead is young from now on until its week is over.
        let age_ms = own.published_at.map(|at| at_ms.saturating_sub(at));
        match age_ms {
            Some(age_ms) if age_ms < self.young_ms => longest.min(self.young_interval_ms),
            _ => longest,
        }
    }
}

impl Default for Policy {
    /// Three strikes 20 hours apart over 72 hours, or two hard signs; from one day to 30; after a failure 1 hour, 6
    /// hours, then daily; the dead at 30, 60 and 90 days, then every 90; daily in the first week after publication.
    fn default() -> Self {
        Self {
            strike_gap_ms: 20 * HOUR_MS,
            strikes: 3,
            strikes_span_ms: 72 * HOUR_MS,
            hard_strikes: 2,
            first_interval_ms: DAY_MS,
            longest_interval_ms: 30 * DAY_MS,
            failure_intervals_ms: vec![HOUR_MS, 6 * HOUR_MS, DAY_MS],
            dead_intervals_ms: vec![30 * DAY_MS, 30 * DAY_MS, 30 * DAY_MS, 90 * DAY_MS],
            young_ms: 7 * DAY_MS,
            young_interval_ms: DAY_MS,
        }
    }
}

/// What is known of a source, as numbers that fit a table's columns. Instants are milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// What the history adds up to.
    pub standing: Standing,
    /// Since when.
    pub since_ms: Option<i64>,
    /// Visits seen, of any kind.
    pub visits: u32,
    /// The newest visit.
    pub last_visit_at: Option<i64>,
    /// The newest fine visit.
    pub last_fine_at: Option<i64>,
    /// The newest fine visit that showed a change.
    pub last_changed_at: Option<i64>,
    /// Fine visits in a row that showed no change.
    pub quiet_visits: u32,
    /// Failed visits in a row that counted, "cannot tell" aside.
    pub failures_in_row: u32,
    /// "Cannot tell" visits in a row.
    pub unclear_in_row: u32,
    /// Strikes since the last fine visit.
    pub strikes: u32,
    /// When the first of them fell.
    pub first_strike_at: Option<i64>,
    /// When the last of them fell.
    pub last_strike_at: Option<i64>,
    /// Hard signs since the last fine visit, as far apart as strikes.
    pub hard_strikes: u32,
    /// When the last of them fell.
    pub last_hard_at: Option<i64>,
    /// When the source was called dead, if it is.
    pub dead_since_ms: Option<i64>,
    /// Visits since then.
    pub dead_visits: u32,
    /// When a dead source was found again, for as long as it counts as revived.
    pub revived_at: Option<i64>,
    /// Whether all that is missing to call it dead is the second look.
    pub second_look_due: bool,
}

/// What one visit saw, as far as the machine asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a visit's properties, each independent of the others"
)]
pub struct Observation {
    /// When, in milliseconds since the epoch.
    pub at_ms: i64,
    /// The verdict's code.
    pub code: Code,
    /// Whether it was a hard sign ([`crate::judge::Verdict::is_hard_sign`]).
    pub hard: bool,
    /// Whether the content differs from that of the last fine visit.
    pub changed: bool,
    /// Whether it may strike: not in a suspect run, and not by a clock that stands behind.
    pub counts: bool,
    /// Whether it may be the last strike before the second look: not where the clock may have run ahead.
    pub decides: bool,
    /// Whether it was the second look, by another way.
    pub second_look: bool,
}

/// What follows from an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The next state.
    pub state: State,
    /// When to visit again: after the observation, and at most the longest interval after it.
    pub next_visit_at: i64,
    /// Whether to look a second time now, by another way: the source is called dead only if that does not find it.
    pub second_look_due: bool,
    /// The standing before and after, where they differ.
    pub change: Option<(Standing, Standing)>,
}

/// Takes one observation into a source's state: [`note`], and [`settle`] where it counts. `salt` is the source's number
/// or a hash of it, the same for ever; consecutive numbers spread visits best.
pub fn advance(state: &State, seen: &Observation, policy: &Policy, own: Own, salt: u64) -> Step {
    let noted = note(state, seen, policy, own, salt);
    if seen.code.group() == Group::Fine || !seen.counts || is_late(state, seen) {
        return noted;
    }
    settle(&noted.state, seen, policy, own, salt)
}

/// Whether a visit is older than what is known already: it proves nothing then, unless it was fine.
pub fn is_late(state: &State, seen: &Observation) -> bool {
    state.last_visit_at.is_some_and(|last| seen.at_ms < last)
}

/// Takes into a source's state what can be said while the run is still going on: that it was visited, and that it is
/// there. Whether a failure counts shows only at the end of the run, for then it is known whether to doubt the run.
pub fn note(state: &State, seen: &Observation, policy: &Policy, own: Own, salt: u64) -> Step {
    let mut next = *state;
    next.visits = state.visits.saturating_add(1);
    next.last_visit_at = state.last_visit_at.max(Some(seen.at_ms));
    if state.dead_since_ms.is_some() && !seen.second_look {
        next.dead_visits = state.dead_visits.saturating_add(1);
    }
    if seen.code.group() == Group::Fine {
        let longest_ms = policy.longest_ms(own, seen.at_ms);
        take_fine(&mut next, state, seen, policy, longest_ms);
    }
    step(state, next, seen, policy, own, salt)
}

/// Takes into a source's state a visit that was noted, was not fine, and counts; not one that [`is_late`].
pub fn settle(noted: &State, seen: &Observation, policy: &Policy, own: Own, salt: u64) -> Step {
    let mut next = *noted;
    // A fine visit of the same instant or a later one has cleared it already, so that order makes no difference.
    if noted.last_fine_at.is_none_or(|at| seen.at_ms > at) {
        match seen.code.group() {
            Group::Fine => {}
            Group::Gone | Group::Failing => take_failure(&mut next, seen, policy),
            Group::CannotTell => take_unclear(&mut next, seen),
        }
    }
    step(noted, next, seen, policy, own, salt)
}

/// When to visit again after a visit that was noted and does not count: soon, but not everything at once.
///
/// What was only to be looked at in the course of a month is spread over three days, for a run that is suspect is one
/// where everything failed.
pub fn set_aside(noted: &State, seen: &Observation, policy: &Policy, own: Own, salt: u64) -> i64 {
    const SPREAD_OVER_MS: i64 = 3 * DAY_MS;
    let is_routine = matches!(noted.standing, Standing::Alive | Standing::Revived);
    let dice = dice(salt, noted);
    let wait_ms = if is_routine {
        let longest_ms = policy.longest_ms(own, seen.at_ms);
        let usual_ms = usual_ms(noted.quiet_visits, policy, longest_ms);
        let over_ms = (usual_ms / 4).min(SPREAD_OVER_MS);
        over_ms.min(HOUR_MS) + ((u128::from(dice) * over_ms.max(0) as u128) >> 64) as i64
    } else {
        after_failure(1, policy, dice)
    };
    seen.at_ms.saturating_add(wait_ms)
}

fn step(
    before: &State,
    mut next: State,
    seen: &Observation,
    policy: &Policy,
    own: Own,
    salt: u64,
) -> Step {
    let change = (next.standing != before.standing).then_some((before.standing, next.standing));
    if change.is_some() || next.since_ms.is_none() {
        next.since_ms = Some(seen.at_ms);
    }
    let wait_ms = wait_ms(&next, seen, policy, own, salt);
    Step {
        state: next,
        next_visit_at: seen.at_ms.saturating_add(wait_ms),
        second_look_due: next.second_look_due && !seen.second_look,
        change,
    }
}

/// A fine visit clears everything, whenever it was.
fn take_fine(
    next: &mut State,
    before: &State,
    seen: &Observation,
    policy: &Policy,
    longest_ms: i64,
) {
    if before.standing == Standing::Dead {
        next.revived_at = Some(seen.at_ms);
    }
    let is_fresh = |at: i64| seen.at_ms.saturating_sub(at) < policy.strike_gap_ms;
    next.revived_at = next.revived_at.filter(|&at| is_fresh(at));
    next.standing = match next.revived_at {
        Some(_) => Standing::Revived,
        None => Standing::Alive,
    };
    // An outage that is over is watched like a change.
    let is_quiet = before.last_fine_at.is_some() && !seen.changed && before.failures_in_row == 0;
    let is_new_instant = before.last_fine_at != Some(seen.at_ms);
    // While the longest interval is a short one (a young post's), nothing is doubled: it begins when that is over.
    let is_capped = longest_ms < policy.longest_interval_ms
        && usual_ms(before.quiet_visits, policy, longest_ms) >= longest_ms;
    next.quiet_visits = match (is_quiet, is_new_instant && !is_capped) {
        (true, true) => before.quiet_visits.saturating_add(1),
        (true, false) => before.quiet_visits,
        (false, _) => 0,
    };
    if seen.changed {
        next.last_changed_at = before.last_changed_at.max(Some(seen.at_ms));
    }
    next.last_fine_at = before.last_fine_at.max(Some(seen.at_ms));
    next.failures_in_row = 0;
    next.unclear_in_row = 0;
    next.strikes = 0;
    next.first_strike_at = None;
    next.last_strike_at = None;
    next.hard_strikes = 0;
    next.last_hard_at = None;
    next.dead_since_ms = None;
    next.dead_visits = 0;
    next.second_look_due = false;
}

/// A failed visit that counts.
fn take_failure(next: &mut State, seen: &Observation, policy: &Policy) {
    next.unclear_in_row = 0;
    if !seen.second_look {
        next.failures_in_row = next.failures_in_row.saturating_add(1);
    }
    if next.dead_since_ms.is_some() {
        return;
    }
    next.standing = Standing::Failing;
    let is_apart = |last: Option<i64>| {
        last.is_none_or(|last| seen.at_ms.saturating_sub(last) >= policy.strike_gap_ms)
    };
    if is_apart(next.last_strike_at) {
        next.strikes = next.strikes.saturating_add(1);
        next.first_strike_at = next.first_strike_at.or(Some(seen.at_ms));
        next.last_strike_at = Some(seen.at_ms);
    }
    if seen.hard && is_apart(next.last_hard_at) {
        next.hard_strikes = next.hard_strikes.saturating_add(1);
        next.last_hard_at = Some(seen.at_ms);
    }
    // A second look is due until it was made, in a later run if it could not be made in this one.
    next.second_look_due = is_struck_out(next, policy) && seen.decides && !seen.second_look;
    if seen.second_look && is_struck_out(next, policy) && seen.decides {
        next.standing = Standing::Dead;
        next.dead_since_ms = Some(seen.at_ms);
        next.dead_visits = 0;
    }
}

/// Enough strikes over enough time, or enough hard signs.
fn is_struck_out(state: &State, policy: &Policy) -> bool {
    let span_ms = match (state.first_strike_at, state.last_strike_at) {
        (Some(first), Some(last)) => last.saturating_sub(first),
        _ => return false,
    };
    (state.strikes >= policy.strikes && span_ms >= policy.strikes_span_ms)
        || state.hard_strikes >= policy.hard_strikes
}

/// "Cannot tell" leaves strikes as they are, and shows only where nothing else is known since the last fine visit. As
/// a second look it does not confirm a death: what answers with a wall is there.
fn take_unclear(next: &mut State, seen: &Observation) {
    if seen.second_look {
        next.second_look_due = false;
        return;
    }
    next.unclear_in_row = next.unclear_in_row.saturating_add(1);
    if !matches!(next.standing, Standing::Failing | Standing::Dead) {
        next.standing = Standing::Uncertain;
    }
}

pub(super) fn wait_ms(
    next: &State,
    seen: &Observation,
    policy: &Policy,
    own: Own,
    salt: u64,
) -> i64 {
    let longest_ms = policy.longest_ms(own, seen.at_ms);
    let dice = dice(salt, next);
    if next.dead_since_ms.is_some() {
        return after_death(next.dead_visits, policy, dice);
    }
    match seen.code.group() {
        Group::Fine => after_fine(
            next.quiet_visits,
            policy,
            longest_ms,
            salt,
            dice,
            seen.at_ms,
        ),
        // A failure that does not count is looked at again as soon as a first one.
        Group::Gone | Group::Failing => after_failure(next.failures_in_row.max(1), policy, dice),
        // With strikes open, every day matters; else there is nothing to hurry for.
        Group::CannotTell if next.strikes > 0 => after_failure(u32::MAX, policy, dice),
        Group::CannotTell => after_fine(
            next.unclear_in_row.saturating_sub(1),
            policy,
            longest_ms,
            salt,
            dice,
            seen.at_ms,
        ),
    }
}
