//! How long until the next visit.
//!
//! Every interval is shortened by a hash of source and visit number, never lengthened: a visit that is due once a day
//! is due in 21 to 23 hours, so that a daily cron job that starts up to an hour late or early still finds it due, and
//! strikes of consecutive days are always far enough apart. Sources that are visited as seldom as possible have each a
//! place of its own in the month, and the interval before is cut anywhere, so that those that were added together part.

use super::state::{Policy, State};

/// 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// 2^64 divided by the plastic number: multiples of both together fall evenly too.
const PLASTIC: u64 = 0xc13f_a9a9_02a6_328f;

/// The least and the most of an interval that is waited, in thousandths.
const JITTER: (u64, u64) = (880, 950);

/// How much of the longest interval a round takes, in thousandths: a daily job that finds a visit due just after it ran
/// makes it a day later, and still within the interval.
const ROUND: i64 = 940;

/// The part of the interval before the longest one that is waited: sources that came together part there.
const PARTING: (u64, u64) = (25, 950);

/// The interval after so many visits in a row without a change, before anything is cut off it.
pub(super) fn usual_ms(quiet: u32, policy: &Policy, longest_ms: i64) -> i64 {
    policy
        .first_interval_ms
        .saturating_mul(1_i64.checked_shl(quiet.min(40)).unwrap_or(i64::MAX))
        .min(longest_ms)
}

/// Milliseconds until the next visit of a source that is there. `quiet` visits in a row showed no change.
pub(super) fn after_fine(
    quiet: u32,
    policy: &Policy,
    longest_ms: i64,
    salt: u64,
    dice: u64,
    at_ms: i64,
) -> i64 {
    let wanted = usual_ms(quiet, policy, longest_ms);
    if wanted < longest_ms {
        // What was added together comes together until here; one step before the longest interval it parts.
        let is_last_before = quiet > 2 && usual_ms(quiet + 1, policy, longest_ms) == longest_ms;
        if is_last_before {
            return within(wanted, PARTING, salt.wrapping_mul(PLASTIC));
        }
        return within(wanted, JITTER, dice);
    }
    if longest_ms <= 4 * policy.first_interval_ms {
        // A few days are waited like any others.
        return within(longest_ms, JITTER, dice);
    }
    to_its_place(quiet, policy, longest_ms, salt, at_ms)
}

/// Milliseconds until the place that a source has in the round of the longest interval.
///
/// The places of all sources lie evenly, and each finds back to its own after whatever kept it from it, so that no day
/// is fuller than the others for long.
fn to_its_place(quiet: u32, policy: &Policy, longest_ms: i64, salt: u64, at_ms: i64) -> i64 {
    let round = longest_ms / 1000 * ROUND;
    // Multiples of the golden ratio fall evenly, be the salts consecutive numbers or hashes.
    let place = ((u128::from(salt.wrapping_mul(GOLDEN)) * round.max(1) as u128) >> 64) as i64;
    let ahead = (place - at_ms.rem_euclid(round.max(1)) - 1).rem_euclid(round.max(1)) + 1;
    let is_first = quiet > 0 && usual_ms(quiet - 1, policy, longest_ms) < longest_ms;
    if is_first {
        return ahead.max(round / 40);
    }
    // Who is far from its place goes half of the way, so that it is never asked much more often.
    if ahead >= round / 2 {
        ahead
    } else {
        round / 4 * 3
    }
}

/// Milliseconds until the next visit after `in_row` failures, the last one counted.
pub(super) fn after_failure(in_row: u32, policy: &Policy, dice: u64) -> i64 {
    nth(&policy.failure_intervals_ms, in_row, dice)
}

/// Milliseconds until the next visit of a dead source that was visited `visits` times since its death.
pub(super) fn after_death(visits: u32, policy: &Policy, dice: u64) -> i64 {
    nth(&policy.dead_intervals_ms, visits.saturating_add(1), dice)
}

/// The interval of this number, from 1; the last one from there on.
fn nth(intervals: &[i64], number: u32, dice: u64) -> i64 {
    let last = intervals.len().saturating_sub(1);
    let at = (number.saturating_sub(1) as usize).min(last);
    within(intervals.get(at).copied().unwrap_or(1), JITTER, dice)
}

/// A part of an interval, at least a millisecond.
fn within(interval_ms: i64, (least, most): (u64, u64), dice: u64) -> i64 {
    let interval = interval_ms.max(1) as u64;
    let room = (interval / 1000).saturating_mul(most - least);
    let base = (interval / 1000).saturating_mul(least) + interval % 1000 * least / 1000;
    let part = (u128::from(dice) * u128::from(room)) >> 64;
    (base + part as u64).max(1) as i64
}

/// A number that is the same for the same source and visit, and spread evenly over others (`SplitMix64`).
pub(super) fn dice(salt: u64, state: &State) -> u64 {
    let mut z = salt
        .wrapping_add(u64::from(state.visits).wrapping_mul(GOLDEN))
        .wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
