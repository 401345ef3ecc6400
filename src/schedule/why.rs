//! Looking back: why a history came to its state, what is missing to a death, and why the next visit is when it is.
//!
//! Pure, and by the machine itself: a history is taken through [`advance`] once more, and what each visit did is read
//! off the states before and after it.

use super::interval::usual_ms;
use super::state::{Observation, Own, Policy, State, advance, wait_ms};
use super::{Standing, set_aside};
use crate::judge::Group;

/// What a visit did to the strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Did {
    /// It was this strike, from 1.
    pub strike: Option<u32>,
    /// It was this hard sign, from 1.
    pub hard: Option<u32>,
    /// It confirmed the death.
    pub confirmed: bool,
    /// It failed, and was no strike because it came too soon after the one before: so long after it, in milliseconds.
    pub too_soon_ms: Option<i64>,
}

/// Takes visits, oldest first, through the machine, from the state after the last fine visit. Gives what each did, and
/// the state that they add up to.
pub fn replay(
    last_fine_at: Option<i64>,
    seen: &[Observation],
    policy: &Policy,
) -> (Vec<Did>, State) {
    let mut state = State {
        last_fine_at,
        last_visit_at: last_fine_at,
        ..State::default()
    };
    let mut did = Vec::with_capacity(seen.len());
    for one in seen {
        let next = advance(&state, one, policy, Own::default(), 0).state;
        let fails = matches!(one.code.group(), Group::Gone | Group::Failing);
        let is_strike = next.strikes > state.strikes;
        let was_open = state.dead_since_ms.is_none();
        did.push(Did {
            strike: is_strike.then_some(next.strikes),
            hard: (next.hard_strikes > state.hard_strikes).then_some(next.hard_strikes),
            confirmed: was_open && next.dead_since_ms.is_some(),
            too_soon_ms: state
                .last_strike_at
                .filter(|_| fails && one.counts && was_open && !is_strike && !one.second_look)
                .map(|last| one.at_ms.saturating_sub(last)),
        });
        state = next;
    }
    (did, state)
}

/// What is missing before a source is called dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// Strikes.
    pub strikes: u32,
    /// The next one may fall from this instant on, in milliseconds since the epoch.
    pub strike_from: i64,
    /// The strikes are far enough apart from this instant on.
    pub struck_out_from: i64,
    /// Hard signs that would do instead, where there was one already.
    pub hard: Option<u32>,
    /// They are far enough apart from this instant on.
    pub hard_from: Option<i64>,
    /// Whether it is only the second look.
    pub second_look_only: bool,
}

/// What is missing; `None` where the source is dead, or nothing speaks for its death.
pub fn missing(state: &State, policy: &Policy) -> Option<Missing> {
    if state.standing != Standing::Failing {
        return None;
    }
    let (first, last) = (state.first_strike_at?, state.last_strike_at?);
    let span_end = first.saturating_add(policy.strikes_span_ms);
    let has_span = last >= span_end;
    // With all strikes but too short a span, one more is needed that is late enough.
    let strikes = policy
        .strikes
        .saturating_sub(state.strikes)
        .max(u32::from(!has_span));
    let after = |last: i64, count: u32| {
        last.saturating_add(policy.strike_gap_ms.saturating_mul(i64::from(count)))
    };
    let hard =
        (state.hard_strikes > 0).then(|| policy.hard_strikes.saturating_sub(state.hard_strikes));
    Some(Missing {
        strikes,
        strike_from: after(last, 1),
        struck_out_from: after(last, strikes).max(span_end),
        hard,
        hard_from: hard
            .zip(state.last_hard_at)
            .map(|(count, last)| after(last, count)),
        second_look_only: state.second_look_due,
    })
}

/// The rule that a next visit follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The source is there: from one day on, doubling with each visit that finds nothing new.
    Quiet(u32),
    /// So many visits in a row could not tell: the same, from the first of them on.
    Unclear(u32),
    /// It cannot be told, and strikes are open: every day matters.
    OpenStrikes,
    /// So many failures in a row.
    Failure(u32),
    /// So many visits since the death.
    Dead(u32),
    /// The last visit does not count: again soon.
    SetAside,
}

impl Rule {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quiet(_) => "quiet",
            Self::Unclear(_) => "unclear",
            Self::OpenStrikes => "open-strikes",
            Self::Failure(_) => "failure",
            Self::Dead(_) => "dead",
            Self::SetAside => "set-aside",
        }
    }
}

/// What bounds the interval of a source that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The longest interval of all.
    Policy,
    /// One of the source's, its host's or its input's own.
    Own,
    /// A post that cites it is young.
    YoungPost,
}

/// Why the next visit is when it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// The rule.
    pub rule: Rule,
    /// The interval, before a part is cut off that differs from source to source, in milliseconds. `None` where the
    /// last visit does not count.
    pub interval_ms: Option<i64>,
    /// The longest interval that there is for the source, in milliseconds.
    pub longest_ms: i64,
    /// What bounds it.
    pub bound: Bound,
    /// When the rule says, in milliseconds since the epoch.
    pub at_ms: i64,
}

/// Why the visit after `last`, the newest, is when it is. `state` is the one after it.
pub fn next(state: &State, last: &Observation, policy: &Policy, own: Own, salt: u64) -> Next {
    let longest_ms = policy.longest_ms(own, last.at_ms);
    let own_ms = own
        .longest_interval_ms
        .unwrap_or(policy.longest_interval_ms);
    let bound = match own.longest_interval_ms {
        _ if longest_ms < own_ms => Bound::YoungPost,
        Some(_) => Bound::Own,
        None => Bound::Policy,
    };
    let nth = |intervals: &[i64], number: u32| {
        let at = (number.saturating_sub(1) as usize).min(intervals.len().saturating_sub(1));
        intervals.get(at).copied()
    };
    let group = last.code.group();
    let counts = last.counts || group == Group::Fine;
    let failures = &policy.failure_intervals_ms;
    let quiet_ms = |count| usual_ms(count, policy, longest_ms);
    let (rule, interval_ms) = match group {
        _ if !counts => (Rule::SetAside, None),
        _ if state.dead_since_ms.is_some() => {
            let visits = state.dead_visits;
            let interval_ms = nth(&policy.dead_intervals_ms, visits.saturating_add(1));
            (Rule::Dead(visits), interval_ms)
        }
        Group::Fine => (
            Rule::Quiet(state.quiet_visits),
            Some(quiet_ms(state.quiet_visits)),
        ),
        Group::Gone | Group::Failing => {
            let in_row = state.failures_in_row.max(1);
            (Rule::Failure(in_row), nth(failures, in_row))
        }
        Group::CannotTell if state.strikes > 0 => (Rule::OpenStrikes, nth(failures, u32::MAX)),
        Group::CannotTell => {
            let quiet = state.unclear_in_row.saturating_sub(1);
            (Rule::Unclear(state.unclear_in_row), Some(quiet_ms(quiet)))
        }
    };
    let at_ms = if counts {
        let wait_ms = wait_ms(state, last, policy, own, salt);
        last.at_ms.saturating_add(wait_ms)
    } else {
        set_aside(state, last, policy, own, salt)
    };
    Next {
        rule,
        interval_ms,
        longest_ms,
        bound,
        at_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Code;

    const HOUR: i64 = 3_600_000;
    const DAY: i64 = 24 * HOUR;

    fn seen(at_ms: i64, code: Code) -> Observation {
        Observation {
            at_ms,
            code,
            hard: code.is_hard_sign(),
            changed: false,
            counts: true,
            decides: true,
            second_look: false,
        }
    }

    #[test]
    fn what_each_visit_did_is_read_off_the_machine() {
        let suspect = Observation {
            counts: false,
            ..seen(2 * DAY, Code::Timeout)
        };
        let visits = [
            seen(DAY, Code::NotFound),
            seen(DAY + HOUR, Code::NotFound),
            suspect,
            seen(2 * DAY + HOUR, Code::Blocked),
            seen(3 * DAY, Code::NotFound),
        ];
        let policy = Policy::default();
        let (did, state) = replay(Some(0), &visits, &policy);
        let strikes: Vec<_> = did.iter().map(|did| did.strike).collect();
        assert_eq!(strikes, [Some(1), None, None, None, Some(2)]);
        assert_eq!(did[1].too_soon_ms, Some(HOUR));
        assert_eq!(did[2], Did::default());
        let missing = missing(&state, &policy).unwrap();
        assert_eq!(missing.strikes, 1);
        assert_eq!(missing.strike_from, 3 * DAY + 20 * HOUR);
        assert_eq!(missing.struck_out_from, 4 * DAY);
        assert_eq!((missing.hard, missing.second_look_only), (None, false));
    }

    #[test]
    fn hard_signs_are_a_way_of_their_own() {
        let policy = Policy::default();
        let (did, state) = replay(None, &[seen(DAY, Code::Gone)], &policy);
        assert_eq!((did[0].strike, did[0].hard), (Some(1), Some(1)));
        let open = missing(&state, &policy).unwrap();
        assert_eq!(
            (open.hard, open.hard_from),
            (Some(1), Some(DAY + 20 * HOUR))
        );
        let second = Observation {
            second_look: true,
            ..seen(2 * DAY, Code::Gone)
        };
        let visits = [seen(DAY, Code::Gone), seen(2 * DAY, Code::Gone), second];
        let (did, state) = replay(None, &visits, &policy);
        assert!(did[2].confirmed);
        assert_eq!(missing(&state, &policy), None);
    }

    #[test]
    fn the_next_visit_is_the_one_that_the_machine_gave() {
        let (policy, own) = (Policy::default(), Own::default());
        let mut state = State::default();
        let visits = [
            (seen(DAY, Code::Alive), Rule::Quiet(0)),
            (seen(2 * DAY, Code::Alive), Rule::Quiet(1)),
            (seen(4 * DAY, Code::Blocked), Rule::Unclear(1)),
            (seen(5 * DAY, Code::NotFound), Rule::Failure(1)),
            (seen(6 * DAY, Code::Blocked), Rule::OpenStrikes),
        ];
        for (one, rule) in visits {
            let step = advance(&state, &one, &policy, own, 7);
            let why = next(&step.state, &one, &policy, own, 7);
            assert_eq!((why.rule, why.at_ms), (rule, step.next_visit_at));
            state = step.state;
        }
        let young = Own {
            published_at: Some(6 * DAY),
            ..own
        };
        let why = next(&state, &seen(7 * DAY, Code::Alive), &policy, young, 7);
        assert_eq!((why.bound, why.longest_ms), (Bound::YoungPost, DAY));
    }
}
