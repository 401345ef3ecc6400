//! When the next pass is made, and how much it may take. No clock is read here: every instant is a parameter, in
//! milliseconds since the epoch, and may jump.
//!
//! Passes begin at least [`Rule::every_ms`] apart and take what is due by then, those first that wait longest. Usually
//! that is what became due since the last one. After a long pause everything is due at once; it is caught up with over
//! time, at four times the speed at which each source would be visited once a day, so that it takes six hours at the
//! least (but a pass may always make [`LEAST_SHARE`] visits, so that small archives need not wait). Where visits a day
//! are bounded, the bound holds for any 24 hours, and a pass takes no more than its share of it, likewise.

use crate::store::{Lately, Waking};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The clock is looked at this often, whatever is due: a suspended machine wakes with timers that stood still.
pub const WAKE_EVERY_MS: i64 = MINUTE;
/// Visits that a pass may make in any case, unless visits a day are bounded.
pub const LEAST_SHARE: u64 = 100;
/// How many times faster than once a day for each source a backlog is worked off.
const CATCH_UP: u128 = 4;
/// Files and folders have no time at which they are due; they are looked at this often.
const LOCAL_INPUTS_EVERY: i64 = 15 * MINUTE;
/// After a pass that failed, the next one comes after this long, then twice as long.
const FIRST_BACK_OFF: i64 = MINUTE;
const LONGEST_BACK_OFF: i64 = HOUR;
/// After so long without a pass that ended well, it is said whenever another one is tried.
const ALARM_AFTER: i64 = DAY;
/// While nothing is due, a sign of life is given this often: that there is nothing to do is good.
const HEARTBEAT_WHEN_IDLE: i64 = HOUR;

/// What the user decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// How far apart passes begin, at the least, in milliseconds.
    pub every_ms: i64,
    /// Visits in any 24 hours, at the most.
    pub visits_per_day: Option<u64>,
}

/// How much a pass takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Take {
    /// Visits, at the most.
    pub visits: u64,
    /// Visits of one host that count towards the oldest: a host with a long backlog leaves room for others.
    pub of_a_host: u64,
}

/// How a pass ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As it should.
    Good,
    /// Not as it should, but the next one may do better: an input could not be read, or the run is suspect.
    Flawed,
    /// It could not be made, or nearly all of it failed through no fault of the sources.
    Failed,
}

/// The most visits that one pass may make of `scheduled` sources, whatever was done before it.
pub fn share(rule: &Rule, scheduled: u64) -> u64 {
    let part = |whole: u64| {
        let every = u128::try_from(rule.every_ms.max(1)).unwrap_or(1);
        let part = (u128::from(whole) * every * CATCH_UP).div_ceil(DAY as u128);
        u64::try_from(part).unwrap_or(u64::MAX)
    };
    let of_all = part(scheduled).max(LEAST_SHARE);
    match rule.visits_per_day {
        Some(most) => of_all.min(part(most)).min(most),
        None => of_all,
    }
}

/// Remembers how passes went, and says when the next one is to be made.
#[derive(Debug, Clone)]
pub struct Planner {
    rule: Rule,
    began_at: Option<i64>,
    local_read_at: Option<i64>,
    failures: u32,
    failed_at: Option<i64>,
    last_good_at: i64,
    is_well: bool,
    told_at: Option<i64>,
}

impl Planner {
    /// At the beginning. `last_good_at` is when a pass last ended well, by this process or another.
    pub fn new(rule: Rule, last_good_at: i64) -> Self {
        Self {
            rule,
            began_at: None,
            local_read_at: None,
            failures: 0,
            failed_at: None,
            last_good_at,
            is_well: true,
            told_at: None,
        }
    }

    /// Another rule holds from now on.
    pub fn set_rule(&mut self, rule: Rule) {
        self.rule = rule;
    }

    /// The rule that holds.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// To be called with the time at each wake: an instant that lies ahead was read from a clock that has been set back
    /// since, and would keep us waiting until it comes again.
    pub fn observe(&mut self, now: i64) {
        let instants = [
            &mut self.began_at,
            &mut self.local_read_at,
            &mut self.failed_at,
            &mut self.told_at,
        ];
        for at in instants.into_iter().flatten() {
            *at = now.min(*at);
        }
        self.last_good_at = now.min(self.last_good_at);
    }

    /// When the next pass is to be made; `None` where nothing will ever be due. `lately` are the visits of the last 24
    /// hours, where visits a day are bounded.
    pub fn next_pass_at(&self, now: i64, waking: &Waking, lately: Lately) -> Option<i64> {
        // When nothing is left, the first of them has to be a day old before there is room for another.
        let source_at = match lately.first_at {
            Some(first) if self.room(lately) == 0 => {
                waking.source_at.map(|at| at.max(first.saturating_add(DAY)))
            }
            _ => waking.source_at,
        };
        let local_at = waking.has_local_inputs.then(|| {
            self.local_read_at
                .map_or(now, |at| at.saturating_add(LOCAL_INPUTS_EVERY))
        });
        let due = [source_at, waking.input_at, local_at]
            .into_iter()
            .flatten()
            .min()?;
        let apart = self
            .began_at
            .map(|at| at.saturating_add(self.rule.every_ms));
        Some(
            due.max(apart.unwrap_or(due))
                .max(self.backed_off_until().unwrap_or(due)),
        )
    }

    /// How much the pass that is made now may take, of so many sources that are visited at some time.
    pub fn take(&self, scheduled: u64, lately: Lately) -> Take {
        let visits = share(&self.rule, scheduled).min(self.room(lately));
        Take {
            visits,
            of_a_host: (visits / 8).max(16),
        }
    }

    fn room(&self, lately: Lately) -> u64 {
        self.rule
            .visits_per_day
            .map_or(u64::MAX, |most| most.saturating_sub(lately.visits))
    }

    /// From when on visits count towards those of a day, at this instant.
    pub fn day_before(now: i64) -> i64 {
        now.saturating_sub(DAY)
    }

    /// A pass begins; it reads all inputs that are due, and looks at all files.
    pub fn began(&mut self, now: i64) {
        self.began_at = Some(now);
        self.local_read_at = Some(now);
    }

    /// A pass ended, or could not even begin.
    pub fn ended(&mut self, now: i64, ending: Ending) {
        self.is_well = ending == Ending::Good;
        if ending == Ending::Good {
            self.last_good_at = now;
        }
        if ending == Ending::Failed {
            self.failures = self.failures.saturating_add(1);
            self.failed_at = Some(now);
        } else {
            self.failures = 0;
            self.failed_at = None;
        }
    }

    /// Until when the archive is not even looked at, after a failure.
    pub fn backed_off_until(&self) -> Option<i64> {
        let failed_at = self.failed_at?;
        Some(failed_at.saturating_add(self.back_off_ms()))
    }

    /// Somebody may have mended what failed: the next pass need not wait for it.
    pub fn try_again(&mut self) {
        self.failed_at = None;
    }

    /// How long is waited after the last failure, in milliseconds.
    pub fn back_off_ms(&self) -> i64 {
        match self.failures {
            0 => 0,
            failures => FIRST_BACK_OFF
                .saturating_mul(1 << (failures - 1).min(10))
                .min(LONGEST_BACK_OFF),
        }
    }

    /// Since when no pass has ended well, once that is so long ago that somebody has to look. That nothing was due is
    /// no reason.
    pub fn alarm(&self, now: i64) -> Option<i64> {
        (!self.is_well && now.saturating_sub(self.last_good_at) >= ALARM_AFTER)
            .then_some(self.last_good_at)
    }

    /// Whether a sign of life is to be given now although no pass was made: nothing is due, and all went well.
    pub fn idle_heartbeat(&self, now: i64) -> bool {
        self.is_well
            && self
                .told_at
                .is_none_or(|at| now.saturating_sub(at) >= HEARTBEAT_WHEN_IDLE)
    }

    /// A sign of life was given.
    pub fn gave_heartbeat(&mut self, now: i64) {
        self.told_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_800_000_000_000;
    const RULE: Rule = Rule {
        every_ms: 5 * MINUTE,
        visits_per_day: None,
    };

    fn source_at(at: i64) -> Waking {
        Waking {
            source_at: Some(at),
            ..Waking::default()
        }
    }

    #[test]
    fn a_pass_comes_when_something_is_due_and_not_too_soon() {
        let mut planner = Planner::new(RULE, NOW);
        let none = Lately::default();
        let next = |planner: &Planner, waking| planner.next_pass_at(NOW, &waking, none);
        assert_eq!(next(&planner, Waking::default()), None);
        assert_eq!(next(&planner, source_at(NOW - 7)), Some(NOW - 7));
        assert_eq!(next(&planner, source_at(NOW + HOUR)), Some(NOW + HOUR));
        planner.began(NOW);
        planner.ended(NOW + 1, Ending::Good);
        assert_eq!(next(&planner, source_at(NOW - 7)), Some(NOW + 5 * MINUTE));
        assert_eq!(next(&planner, source_at(NOW + HOUR)), Some(NOW + HOUR));
        let mut waking = source_at(NOW + HOUR);
        waking.input_at = Some(NOW + 20 * MINUTE);
        assert_eq!(next(&planner, waking), Some(NOW + 20 * MINUTE));
        waking.has_local_inputs = true;
        assert_eq!(next(&planner, waking), Some(NOW + 15 * MINUTE));
    }

    #[test]
    fn a_failed_pass_is_tried_again_later_each_time() {
        let rule = Rule {
            every_ms: 1000,
            ..RULE
        };
        let mut planner = Planner::new(rule, NOW);
        let mut waits = Vec::new();
        for _ in 0..9 {
            planner.began(NOW);
            planner.ended(NOW, Ending::Failed);
            let next = planner.next_pass_at(NOW, &source_at(0), Lately::default());
            waits.push((next.unwrap() - NOW) / MINUTE);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        planner.try_again();
        let next = planner.next_pass_at(NOW, &source_at(0), Lately::default());
        assert_eq!(next, Some(NOW + 1000));
        planner.ended(NOW, Ending::Flawed);
        let next = planner.next_pass_at(NOW, &source_at(0), Lately::default());
        assert_eq!(next, Some(NOW + 1000));
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_waiting() {
        let mut planner = Planner::new(RULE, NOW);
        planner.began(NOW);
        planner.ended(NOW, Ending::Failed);
        let now = NOW - 300 * DAY;
        planner.observe(now);
        let next = planner.next_pass_at(now, &source_at(0), Lately::default());
        assert_eq!(next, Some(now + 5 * MINUTE));
    }

    #[test]
    fn a_bound_on_visits_a_day_outlives_the_process() {
        let rule = Rule {
            visits_per_day: Some(10),
            ..RULE
        };
        let planner = Planner::new(rule, NOW);
        let lately = |visits| Lately {
            visits,
            first_at: Some(NOW - 20 * HOUR),
        };
        assert_eq!(
            planner.take(100_000, lately(4)).visits,
            1,
            "spread over the day"
        );
        assert_eq!(planner.take(100_000, lately(10)).visits, 0);
        let next = |visits| planner.next_pass_at(NOW, &source_at(NOW), lately(visits));
        assert_eq!(next(9), Some(NOW));
        assert_eq!(next(10), Some(NOW + 4 * HOUR));
        let mut waking = source_at(NOW);
        waking.input_at = Some(NOW + HOUR);
        let next = planner.next_pass_at(NOW, &waking, lately(10));
        assert_eq!(next, Some(NOW + HOUR), "inputs are read all the same");
    }

    #[test]
    fn it_is_said_when_nothing_went_well_for_a_day() {
        let mut planner = Planner::new(RULE, NOW);
        assert_eq!(planner.alarm(NOW + 9 * DAY), None, "nothing was due");
        planner.ended(NOW + 1, Ending::Failed);
        assert_eq!(planner.alarm(NOW + HOUR), None);
        assert_eq!(planner.alarm(NOW + DAY), Some(NOW));
        planner.ended(NOW + DAY, Ending::Good);
        assert_eq!(planner.alarm(NOW + 9 * DAY), None);
    }

    #[test]
    fn a_sign_of_life_is_given_while_there_is_nothing_to_do() {
        let mut planner = Planner::new(RULE, NOW);
        assert!(planner.idle_heartbeat(NOW));
        planner.gave_heartbeat(NOW);
        assert!(!planner.idle_heartbeat(NOW + 59 * MINUTE));
        assert!(planner.idle_heartbeat(NOW + HOUR));
        planner.ended(NOW, Ending::Flawed);
        assert!(
            !planner.idle_heartbeat(NOW + HOUR),
            "the alarm is to be raised"
        );
    }

    #[test]
    fn a_hundred_thousand_sources_take_six_hours() {
        assert_eq!(share(&RULE, 100_000), 1389);
        assert_eq!(share(&RULE, 500), LEAST_SHARE);
        assert_eq!(share(&RULE, 0), LEAST_SHARE);
    }

    proptest! {
        #[test]
        fn a_backlog_is_worked_off_and_never_at_once(
            sources in 1_u64..1_000_000, every in 1_i64..=120, bound in proptest::option::of(1_u64..100_000),
        ) {
            let rule = Rule { every_ms: every * MINUTE, visits_per_day: bound };
            let planner = Planner::new(rule, NOW);
            let most = planner.take(sources, Lately::default());
            let passes = i64::try_from(sources.div_ceil(most.visits)).unwrap();
            prop_assert!(most.visits > 0);
            // The last pass may be a small one.
            let hours = (passes + 1) * every / 60;
            if bound.is_none() {
                prop_assert!(most.visits == LEAST_SHARE || hours >= 5, "{hours} hours");
            }
            if let Some(bound) = bound {
                prop_assert!(most.visits <= bound);
            }
        }

        #[test]
        fn the_bound_of_a_day_holds(bound in 0_u64..1000, every in 1_i64..600, bursts in 1_usize..400) {
            let rule = Rule { every_ms: every * 10_000, visits_per_day: Some(bound) };
            let mut planner = Planner::new(rule, NOW);
            let (mut now, mut made) = (NOW, Vec::<(i64, u64)>::new());
            for _ in 0..bursts {
                planner.observe(now);
                let after = Planner::day_before(now);
                let within: Vec<_> = made.iter().filter(|(at, _)| *at > after).collect();
                let lately = Lately {
                    visits: within.iter().map(|(_, visits)| visits).sum(),
                    first_at: within.first().map(|(at, _)| *at),
                };
                let Some(next) = planner.next_pass_at(now, &source_at(NOW), lately) else { break };
                if next > now {
                    now = next;
                    continue;
                }
                planner.began(now);
                let take = planner.take(1_000_000, lately).visits;
                prop_assert!(lately.visits + take <= bound, "{} and {take}", lately.visits);
                made.push((now, take));
                planner.ended(now, Ending::Good);
            }
        }

        #[test]
        fn whatever_the_clock_says_what_is_due_is_not_forgotten(
            jumps in proptest::collection::vec((-400_i64..400, 0_u8..3), 1..50),
        ) {
            let (mut planner, mut now) = (Planner::new(RULE, NOW), NOW);
            for (hours, ending) in jumps {
                now += hours * HOUR;
                planner.observe(now);
                let next = planner.next_pass_at(now, &source_at(i64::MIN), Lately::default()).unwrap();
                prop_assert!(next <= now + LONGEST_BACK_OFF);
                if next <= now {
                    planner.began(now);
                    planner.ended(now, [Ending::Good, Ending::Flawed, Ending::Failed][usize::from(ending)]);
                }
            }
        }
    }
}
