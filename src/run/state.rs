//! Between the columns that keep a source's state and the machine that counts it up.

use crate::judge::{Sign, Verdict};
use crate::schedule::{Standing, State, Step};
use crate::store::SourceState;

/// A verdict as it is stored. Where a source moved to is kept with the source.
pub(crate) fn stored_verdict(code: Option<&str>, evidence: Option<&str>) -> Option<Verdict> {
    let evidence: Vec<Sign> = serde_json::from_str(evidence.unwrap_or("[]")).unwrap_or_default();
    Some(Verdict {
        code: code?.parse().ok()?,
        evidence,
        moved_to: None,
    })
}

/// What the columns say, for the machine.
pub(crate) fn to_schedule(row: &SourceState) -> State {
    State {
        // A standing that is not known can only come from a damaged file; it begins anew.
        standing: row.standing.parse().unwrap_or(Standing::New),
        since_ms: Some(row.standing_since),
        visits: row.visits,
        last_visit_at: row.last_visit_at,
        last_fine_at: row.last_fine_at,
        last_changed_at: row.last_changed_at,
        quiet_visits: row.quiet_visits,
        failures_in_row: row.failures_in_row,
        unclear_in_row: row.unclear_in_row,
        strikes: row.strikes,
        first_strike_at: row.first_strike_at,
        last_strike_at: row.last_strike_at,
        hard_strikes: row.hard_strikes,
        last_hard_at: row.last_hard_strike_at,
        dead_since_ms: row.dead_since,
        dead_visits: row.dead_visits,
        revived_at: row.revived_at,
        second_look_due: row.second_look_due,
    }
}

/// What the machine says, for the columns. `before` gives the instant for a state that has none.
pub(crate) fn to_row(step: &Step, before: &SourceState) -> SourceState {
    let state = &step.state;
    SourceState {
        standing: state.standing.as_str().to_owned(),
        standing_since: state.since_ms.unwrap_or(before.standing_since),
        visits: state.visits,
        last_visit_at: state.last_visit_at,
        last_fine_at: state.last_fine_at,
        last_changed_at: state.last_changed_at,
        quiet_visits: state.quiet_visits,
        failures_in_row: state.failures_in_row,
        unclear_in_row: state.unclear_in_row,
        strikes: state.strikes,
        first_strike_at: state.first_strike_at,
        last_strike_at: state.last_strike_at,
        hard_strikes: state.hard_strikes,
        last_hard_strike_at: state.last_hard_at,
        dead_since: state.dead_since_ms,
        dead_visits: state.dead_visits,
        revived_at: state.revived_at,
        second_look_due: state.second_look_due,
        next_visit_at: Some(step.next_visit_at),
    }
}
