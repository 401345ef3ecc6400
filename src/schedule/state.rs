//! The machine: a source's state, one observation, the next state.

use serde::{Deserialize, Serialize};

use super::Standing;
use super::interval::{after_death, after_failure, after_fine, dice};
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
}

impl Default for Policy {
    /// Three strikes 20 hours apart over 72 hours, or two hard signs; from one day to 30; after a failure 1 hour, 6
    /// hours, then daily; the dead at 30, 60 and 90 days, then every 90.
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

/// Takes one observation into a source's state. `salt` is the source's number
/// or a hash of it, the same for ever; consecutive numbers spread visits best.
pub fn advance(state: &State, seen: &Observation, policy: &Policy, salt: u64) -> Step {
    let mut next = *state;
    next.visits = state.visits.saturating_add(1);
    next.last_visit_at = state.last_visit_at.max(Some(seen.at_ms));
    if state.dead_since_ms.is_some() && !seen.second_look {
        next.dead_visits = state.dead_visits.saturating_add(1);
    }
    let mut second_look_due = false;
    match seen.code.group() {
        Group::Fine => take_fine(&mut next, state, seen, policy),
        Group::Gone | Group::Failing => {
            if seen.counts && !is_out_of_order(state, seen) {
                second_look_due = take_failure(&mut next, seen, policy);
            }
        }
        Group::CannotTell => {
            if seen.counts && !is_out_of_order(state, seen) {
                take_unclear(&mut next, seen);
            }
        }
    }
    let change = (next.standing != state.standing).then_some((state.standing, next.standing));
    if change.is_some() || next.since_ms.is_none() {
        next.since_ms = Some(seen.at_ms);
    }
    let wait_ms = wait_ms(&next, seen, policy, salt);
    Step {
        state: next,
        next_visit_at: seen.at_ms.saturating_add(wait_ms),
        second_look_due,
        change,
    }
}

/// Whether a visit is older than what is known already, or of the instant of a fine one: it proves nothing then, and
/// the order in which two visits of one instant are taken makes no difference.
fn is_out_of_order(state: &State, seen: &Observation) -> bool {
    let is_before = |known: Option<i64>| known.is_some_and(|known| seen.at_ms < known);
    is_before(state.last_visit_at) || state.last_fine_at.is_some_and(|at| seen.at_ms <= at)
}

/// A fine visit clears everything, whenever it was.
fn take_fine(next: &mut State, before: &State, seen: &Observation, policy: &Policy) {
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
    next.quiet_visits = match (is_quiet, is_new_instant) {
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
}

/// A failed visit that counts. Gives whether a second look is due.
fn take_failure(next: &mut State, seen: &Observation, policy: &Policy) -> bool {
    next.unclear_in_row = 0;
    if !seen.second_look {
        next.failures_in_row = next.failures_in_row.saturating_add(1);
    }
    if next.dead_since_ms.is_some() {
        return false;
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
    if !is_struck_out(next, policy) {
        return false;
    }
    if seen.second_look {
        next.standing = Standing::Dead;
        next.dead_since_ms = Some(seen.at_ms);
        next.dead_visits = 0;
    }
    !seen.second_look
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
        return;
    }
    next.unclear_in_row = next.unclear_in_row.saturating_add(1);
    if !matches!(next.standing, Standing::Failing | Standing::Dead) {
        next.standing = Standing::Uncertain;
    }
}

fn wait_ms(next: &State, seen: &Observation, policy: &Policy, salt: u64) -> i64 {
    let dice = dice(salt, next);
    if next.dead_since_ms.is_some() {
        return after_death(next.dead_visits, policy, dice);
    }
    match seen.code.group() {
        Group::Fine => after_fine(next.quiet_visits, policy, salt, dice),
        // A failure that does not count is looked at again as soon as a first one.
        Group::Gone | Group::Failing => after_failure(next.failures_in_row.max(1), policy, dice),
        // With strikes open, every day matters; else there is nothing to hurry for.
        Group::CannotTell if next.strikes > 0 => after_failure(u32::MAX, policy, dice),
        Group::CannotTell => after_fine(next.unclear_in_row.saturating_sub(1), policy, salt, dice),
    }
}
