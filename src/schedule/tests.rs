//! Histories and what they add up to; and what must hold of any history.

use proptest::prelude::*;

use super::*;
use crate::judge::{Code, Group};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const START: i64 = 1_700_000_000_000;

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

/// Takes an observation, and the second look where it is due, which finds the same.
fn visit(state: &mut State, observation: Observation) -> Step {
    let policy = Policy::default();
    let mut step = advance(state, &observation, &policy, Own::default(), 7);
    if step.second_look_due {
        let second = Observation {
            second_look: true,
            ..observation
        };
        step = advance(&step.state, &second, &policy, Own::default(), 7);
    }
    *state = step.state;
    step
}

#[test]
fn names_go_round() {
    for &standing in Standing::ALL {
        assert_eq!(standing.as_str().parse(), Ok(standing));
        let json = serde_json::to_string(&standing).unwrap();
        assert_eq!(json, format!("\"{standing}\""));
    }
    assert!("gone".parse::<Standing>().is_err());
}

#[test]
fn a_death_takes_three_strikes_over_three_days() {
    let mut state = State::default();
    for (hours, standing, strikes) in [
        (0, Standing::Failing, 1),
        (1, Standing::Failing, 1),
        (19, Standing::Failing, 1),
        (20, Standing::Failing, 2),
        (40, Standing::Failing, 3),
        (71, Standing::Failing, 4),
        (91, Standing::Dead, 5),
    ] {
        visit(&mut state, seen(START + hours * HOUR, Code::NotFound));
        assert_eq!(
            (state.standing, state.strikes),
            (standing, strikes),
            "{hours}"
        );
    }
    let step = visit(&mut state, seen(START + 100 * HOUR, Code::Alive));
    assert_eq!(step.change, Some((Standing::Dead, Standing::Revived)));
    assert_eq!(state.strikes, 0);
    visit(&mut state, seen(START + 101 * HOUR, Code::Alive));
    assert_eq!(state.standing, Standing::Revived);
    visit(&mut state, seen(START + 121 * HOUR, Code::Alive));
    assert_eq!(state.standing, Standing::Alive);
}

#[test]
fn two_hard_signs_suffice() {
    let mut state = State::default();
    visit(&mut state, seen(START, Code::Gone));
    visit(&mut state, seen(START + 19 * HOUR, Code::Gone));
    assert_eq!(state.standing, Standing::Failing);
    visit(&mut state, seen(START + 20 * HOUR, Code::DnsFailure));
    assert_eq!(state.standing, Standing::Dead);
}

#[test]
fn the_second_look_decides() {
    let policy = Policy::default();
    for (code, standing, strikes) in [
        (Code::Alive, Standing::Alive, 0),
        (Code::Blocked, Standing::Failing, 2),
        (Code::NotFound, Standing::Dead, 2),
    ] {
        let mut state = State::default();
        visit(&mut state, seen(START, Code::Gone));
        let step = advance(
            &state,
            &seen(START + DAY, Code::Gone),
            &policy,
            Own::default(),
            7,
        );
        assert!(step.second_look_due);
        assert_eq!(step.state.standing, Standing::Failing);
        let second = Observation {
            second_look: true,
            ..seen(START + DAY + 1000, code)
        };
        let step = advance(&step.state, &second, &policy, Own::default(), 7);
        assert_eq!(
            (step.state.standing, step.state.strikes),
            (standing, strikes)
        );
        assert!(!step.second_look_due);
    }
}

#[test]
fn walls_are_uncertain_until_they_fall() {
    let mut state = State::default();
    let step = visit(&mut state, seen(START, Code::Blocked));
    assert_eq!(step.change, Some((Standing::New, Standing::Uncertain)));
    visit(&mut state, seen(START + DAY, Code::Alive));
    assert_eq!(state.standing, Standing::Alive);
    visit(&mut state, seen(START + 2 * DAY, Code::LoginWall));
    assert_eq!(state.standing, Standing::Uncertain);
    visit(&mut state, seen(START + 3 * DAY, Code::NotFound));
    visit(&mut state, seen(START + 4 * DAY, Code::Blocked));
    assert_eq!((state.standing, state.strikes), (Standing::Failing, 1));
}

#[test]
fn what_does_not_count_changes_nothing() {
    let mut state = State::default();
    visit(&mut state, seen(START, Code::Alive));
    for day in 1..10 {
        let uncounted = Observation {
            counts: false,
            ..seen(START + day * DAY, Code::Gone)
        };
        let step = visit(&mut state, uncounted);
        assert_eq!(step.change, None);
        assert!(step.next_visit_at <= uncounted.at_ms + HOUR);
    }
    assert_eq!((state.standing, state.strikes), (Standing::Alive, 0));
    // A clock that ran a year ahead, and was set back.
    visit(&mut state, seen(START + 365 * DAY, Code::NotFound));
    for day in 11..20 {
        visit(&mut state, seen(START + day * DAY, Code::NotFound));
    }
    assert_eq!(state.strikes, 1);
}

#[test]
fn quiet_sources_are_visited_ever_less() {
    let policy = Policy::default();
    let mut state = State::default();
    let mut at = START;
    let mut days = Vec::new();
    for _ in 0..9 {
        let step = advance(&state, &seen(at, Code::Alive), &policy, Own::default(), 3);
        days.push((step.next_visit_at - at) as f64 / DAY as f64);
        state = step.state;
        at = step.next_visit_at;
    }
    for (at, wanted) in [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
        .iter()
        .enumerate()
    {
        assert!(days[at] <= wanted * 0.95, "{days:?}");
        assert!(days[at] >= wanted * 0.88 || at == 4 || at == 5, "{days:?}");
    }
    let changed = Observation {
        changed: true,
        ..seen(at, Code::Alive)
    };
    assert!(advance(&state, &changed, &policy, Own::default(), 3).next_visit_at <= at + DAY);
}

#[test]
fn a_quiet_collection_is_spread_over_the_month() {
    let hash = |source: u64| {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        source.hash(&mut hasher);
        hasher.finish()
    };
    spread(&|source| source);
    spread(&hash);
}

fn spread(numbering: &dyn Fn(u64) -> u64) {
    let policy = Policy::default();
    let mut per_day = vec![0_u32; 200];
    for source in 0..1000_u64 {
        let salt = numbering(source);
        let (mut state, mut at) = (State::default(), START);
        while at < START + 200 * DAY {
            // A cron job at the same hour each day takes what is due.
            let day = (at - START + DAY - 1) / DAY;
            at = START + day * DAY;
            per_day[(day as usize).min(199)] += 1;
            let step = advance(
                &state,
                &seen(at, Code::Alive),
                &policy,
                Own::default(),
                salt,
            );
            state = step.state;
            at = step.next_visit_at;
        }
    }
    for day in 40..190 {
        let around = &per_day[day - 10..day + 10];
        let mean = f64::from(around.iter().sum::<u32>()) / around.len() as f64;
        assert!(
            f64::from(per_day[day]) <= 1.5 * mean,
            "day {day}: {per_day:?}"
        );
    }
}

/// The waits of a source that never changes, in days.
fn quiet_waits(own: Own, visits: usize) -> Vec<f64> {
    let policy = Policy::default();
    let (mut state, mut at) = (State::default(), START);
    let mut waits = Vec::new();
    for _ in 0..visits {
        let step = advance(&state, &seen(at, Code::Alive), &policy, own, 11);
        waits.push((step.next_visit_at - at) as f64 / DAY as f64);
        (state, at) = (step.state, step.next_visit_at);
    }
    waits
}

#[test]
fn own_intervals_bound_and_widen() {
    let own = |days: i64| Own {
        longest_interval_ms: Some(days * DAY),
        published_at: None,
    };
    let short = quiet_waits(own(3), 20);
    assert!(short.iter().all(|days| *days <= 3.0), "{short:?}");
    assert!(short[5..].iter().all(|days| *days > 2.5), "{short:?}");
    let long = quiet_waits(own(90), 20);
    assert!(
        long[8..].iter().all(|days| (80.0..=90.0).contains(days)),
        "{long:?}"
    );
}

#[test]
fn a_young_post_is_looked_at_daily_and_then_ever_less() {
    let young = Own {
        longest_interval_ms: None,
        published_at: Some(START - 2 * DAY),
    };
    let waits = quiet_waits(young, 20);
    assert!(waits[..5].iter().all(|days| *days <= 1.0), "{waits:?}");
    // Its week is over: from then on it goes as with any other.
    assert!(waits[6] > 1.5 && waits[7] > 3.0, "{waits:?}");
    assert!(waits[15] > 27.0, "{waits:?}");
    // A post that is dated ahead is young until a week after its date, and no longer.
    let ahead = Own {
        published_at: Some(START + 30 * DAY),
        ..young
    };
    assert!(quiet_waits(ahead, 35).iter().all(|days| *days <= 1.0));
}

#[test]
fn what_was_set_aside_comes_back_within_three_days_and_not_at_once() {
    let policy = Policy::default();
    let mut per_hour = std::collections::BTreeMap::<i64, u32>::new();
    for salt in 0..1000 {
        let mut state = State::default();
        let mut at = START;
        for _ in 0..10 {
            let step = advance(
                &state,
                &seen(at, Code::Alive),
                &policy,
                Own::default(),
                salt,
            );
            (state, at) = (step.state, step.next_visit_at);
        }
        let failed = Observation {
            counts: false,
            ..seen(at, Code::Timeout)
        };
        let noted = note(&state, &failed, &policy, Own::default(), salt).state;
        assert_eq!((noted.standing, noted.strikes), (Standing::Alive, 0));
        let wait = set_aside(&noted, &failed, &policy, Own::default(), salt) - at;
        assert!((HOUR..=3 * DAY + HOUR).contains(&wait), "{wait}");
        *per_hour.entry(wait / (6 * HOUR)).or_default() += 1;
    }
    assert!(per_hour.values().all(|count| *count < 130), "{per_hour:?}");
    // With strikes open, every day matters.
    let mut failing = State::default();
    visit(&mut failing, seen(START, Code::NotFound));
    let failed = Observation {
        counts: false,
        ..seen(START + DAY, Code::Timeout)
    };
    let next = set_aside(&failing, &failed, &policy, Own::default(), 7);
    assert!(next <= START + DAY + HOUR);
}

#[test]
fn who_was_taken_from_its_place_finds_back_to_it() {
    let policy = Policy::default();
    let (mut state, mut at) = (State::default(), START);
    let mut places = Vec::new();
    for nth in 0..30 {
        // Every so often something comes between: an outage of two days, a visit far too early.
        let late = match nth {
            12 => 2 * DAY,
            18 => -9 * DAY,
            _ => 0,
        };
        at += late;
        let step = advance(&state, &seen(at, Code::Alive), &policy, Own::default(), 5);
        (state, at) = (step.state, step.next_visit_at);
        places.push(at.rem_euclid(30 * DAY / 1000 * 940));
    }
    let place = places[9];
    for nth in [10, 11, 12, 13, 17, 22, 29] {
        assert_eq!(places[nth], place, "{nth}: {places:?}");
    }
}

#[test]
fn a_second_look_waits_until_it_is_made() {
    let policy = Policy::default();
    let mut state = State::default();
    for day in 0..4 {
        let step = advance(
            &state,
            &seen(START + day * DAY, Code::ServerError),
            &policy,
            Own::default(),
            7,
        );
        state = step.state;
    }
    assert!(state.second_look_due);
    let second = Observation {
        second_look: true,
        ..seen(START + 5 * DAY, Code::ServerError)
    };
    // In a suspect run it proves nothing, and stays due.
    let doubted = advance(
        &state,
        &Observation {
            counts: false,
            ..second
        },
        &policy,
        Own::default(),
        7,
    );
    assert!(doubted.state.second_look_due && doubted.state.standing == Standing::Failing);
    let made = advance(&state, &second, &policy, Own::default(), 7);
    assert_eq!(
        (made.state.standing, made.state.second_look_due),
        (Standing::Dead, false)
    );
    let walled = Observation {
        code: Code::Blocked,
        ..second
    };
    let walled = advance(&state, &walled, &policy, Own::default(), 7);
    assert_eq!(
        (walled.state.standing, walled.state.second_look_due),
        (Standing::Failing, false)
    );
    let fine = Observation {
        code: Code::Alive,
        ..second
    };
    let fine = advance(&state, &fine, &policy, Own::default(), 7);
    assert_eq!(
        (fine.state.standing, fine.state.second_look_due),
        (Standing::Alive, false)
    );
    // A clock that may have run ahead decides nothing.
    let ahead = Observation {
        decides: false,
        ..second
    };
    assert_eq!(
        advance(&state, &ahead, &policy, Own::default(), 7)
            .state
            .standing,
        Standing::Failing
    );
}

#[test]
fn the_dead_are_visited_at_30_60_90_days_and_on() {
    let mut state = State::default();
    visit(&mut state, seen(START, Code::Gone));
    let mut step = visit(&mut state, seen(START + DAY, Code::Gone));
    assert_eq!(state.standing, Standing::Dead);
    for days in [30.0, 30.0, 30.0, 90.0, 90.0] {
        let at = state.last_visit_at.unwrap();
        let waited = (step.next_visit_at - at) as f64 / DAY as f64;
        assert!(
            waited > days * 0.87 && waited <= days,
            "{waited} for {days}"
        );
        step = visit(&mut state, seen(step.next_visit_at, Code::Gone));
        assert_eq!(step.change, None);
    }
}

/// Any history: gaps in milliseconds, codes, and whether it counts.
fn history() -> impl Strategy<Value = Vec<(i64, Code, bool, bool)>> {
    let gap = prop_oneof![0..HOUR, 0..30 * HOUR, Just(20 * HOUR), 0..40 * DAY];
    let code = (0..Code::ALL.len()).prop_map(|at| Code::ALL[at]);
    proptest::collection::vec((gap, code, any::<bool>(), prop::bool::weighted(0.9)), 1..40)
}

proptest! {
    #[test]
    fn a_daily_cron_confirms_a_death_on_the_third_or_fourth_day(
        late in proptest::collection::vec(0..HOUR, 12), salt: u64, alive_days in 1_usize..6,
    ) {
        let policy = Policy::default();
        let mut state = State::default();
        let mut due = START;
        let mut died = None;
        for (day, late) in late.iter().enumerate() {
            let at = START + day as i64 * DAY + late;
            if at < due {
                continue;
            }
            let code = if day < alive_days { Code::Alive } else { Code::NotFound };
            let mut step = advance(&state, &seen(at, code), &policy, Own::default(), salt);
            let failed_on = step.state.first_strike_at.map(|first| (first - START) / DAY);
            if step.second_look_due {
                let second = Observation { second_look: true, ..seen(at, code) };
                step = advance(&step.state, &second, &policy, Own::default(), salt);
                died = failed_on.map(|first| day as i64 - first);
            }
            (state, due) = (step.state, step.next_visit_at);
            if died.is_some() {
                break;
            }
        }
        prop_assert!(matches!(died, Some(3 | 4)), "{died:?}");
    }

    #[test]
    fn laws(history in history(), salt: u64) {
        let policy = Policy::default();
        let mut state = State::default();
        let mut at = START;
        let mut failing_since: Option<i64> = None;
        for (gap, code, hard, counts) in history {
            at += gap;
            let hard = hard && code.is_hard_sign();
            let observation = Observation { hard, counts, ..seen(at, code) };
            let mut step = advance(&state, &observation, &policy, Own::default(), salt);
            prop_assert_eq!(step, advance(&state, &observation, &policy, Own::default(), salt));
            prop_assert!(step.next_visit_at > at && step.next_visit_at <= at + 90 * DAY);
            prop_assert!(step.state.standing != Standing::Dead || state.standing == Standing::Dead);
            match code.group() {
                Group::Fine => {
                    prop_assert_eq!((step.state.strikes, step.state.hard_strikes), (0, 0));
                    prop_assert!(matches!(step.state.standing, Standing::Alive | Standing::Revived));
                    failing_since = None;
                }
                Group::CannotTell => {
                    prop_assert_eq!(step.state.strikes, state.strikes);
                    prop_assert_eq!(step.state.hard_strikes, state.hard_strikes);
                    prop_assert!(!step.second_look_due);
                }
                Group::Gone | Group::Failing => {
                    prop_assert!(counts || step.state.strikes == state.strikes);
                    failing_since = failing_since.or(counts.then_some(at));
                }
            }
            if step.second_look_due {
                let span = at - failing_since.unwrap_or(at);
                let least = if step.state.hard_strikes >= 2 { 20 * HOUR } else { 72 * HOUR };
                prop_assert!(span >= least);
                let second = Observation { second_look: true, ..observation };
                step = advance(&step.state, &second, &policy, Own::default(), salt);
                prop_assert_eq!(step.state.standing, Standing::Dead);
            }
            state = step.state;
        }
    }

    #[test]
    fn visits_out_of_order_never_strike(history in history(), back in 1..100 * DAY) {
        let mut state = State::default();
        let mut at = START;
        for (gap, code, ..) in history {
            at += gap;
            visit(&mut state, seen(at, code));
        }
        let before = state;
        let step = visit(&mut state, seen(at - back, Code::Gone));
        prop_assert_eq!(step.state.strikes, before.strikes);
        prop_assert_eq!(step.state.standing, before.standing);
    }

    #[test]
    fn the_order_on_one_instant_does_not_matter(
        history in history(), gap in 1..3 * DAY, a in 0..Code::ALL.len(), b in 0..Code::ALL.len(),
    ) {
        let policy = Policy::default();
        let mut state = State::default();
        let mut at = START;
        for (gap, code, ..) in history {
            at += gap;
            visit(&mut state, seen(at, code));
        }
        let (a, b) = (seen(at + gap, Code::ALL[a]), seen(at + gap, Code::ALL[b]));
        let after = |first: &Observation, second: &Observation| {
            let state = advance(&state, first, &policy, Own::default(), 7).state;
            let state = advance(&state, second, &policy, Own::default(), 7).state;
            (state.standing, state.strikes, state.hard_strikes, state.dead_since_ms)
        };
        prop_assert_eq!(after(&a, &b), after(&b, &a));
    }
}
