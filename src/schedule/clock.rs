//! Can the clock be believed? What it shows is compared with what the archive remembers of earlier runs.
//!
//! A clock that stands behind cannot say that a day has passed, so nothing is struck by it. One that runs ahead looks
//! like a long pause, which is no reason to strike nothing; but nothing is called dead in the first run after it, and
//! when the clock is set back, what the runs ahead wrote is taken for what it is.

const DAY_MS: i64 = 86_400_000;

/// A clock may be this much behind before it is doubted, in milliseconds.
pub const TOLERANCE_MS: i64 = 5 * 60_000;
/// A pause is long where it is longer than this, and than four times the one before it.
const LONG_PAUSE_MS: i64 = 45 * DAY_MS;

/// What the archive remembers. Instants in milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Remembered {
    /// The visit that was written last.
    pub newest_visit_at: Option<i64>,
    /// When the newest run began, and the one before it.
    pub runs: (Option<i64>, Option<i64>),
    /// The newest run that began after a long pause: when, and the last visit before it.
    pub jump: Option<(i64, Option<i64>)>,
}

/// What is thought of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// It is right, as far as can be told.
    Right,
    /// It stands behind what was seen already: nothing is struck.
    Behind,
    /// It may have run ahead: nothing is called dead.
    Ahead,
    /// It had run ahead and was set back: the runs since this instant are dated wrongly.
    SetBack {
        /// When the first of them began, by the clock of then.
        since: i64,
    },
}

/// What to think of a clock that shows `now`.
pub fn doubt(now: i64, known: &Remembered) -> Clock {
    let is_behind = |at: Option<i64>| at.is_some_and(|at| now < at.saturating_sub(TOLERANCE_MS));
    let (newest_run, run_before) = known.runs;
    if is_behind(known.newest_visit_at) || is_behind(newest_run) {
        return match known.jump {
            Some((since, before)) if is_behind(Some(since)) && !is_behind(before) => {
                Clock::SetBack { since }
            }
            _ if is_behind(known.newest_visit_at) => Clock::Behind,
            _ => Clock::Right,
        };
    }
    let Some(newest_run) = newest_run else {
        return Clock::Right;
    };
    let usual = run_before.map_or(0, |before| newest_run.saturating_sub(before));
    let pause = now.saturating_sub(newest_run);
    if pause > LONG_PAUSE_MS.max(usual.saturating_mul(4)) {
        return Clock::Ahead;
    }
    Clock::Right
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(runs: &[i64]) -> Remembered {
        let day = |nth: usize| runs.iter().rev().nth(nth).map(|day| day * DAY_MS);
        Remembered {
            newest_visit_at: day(0),
            runs: (day(0), day(1)),
            jump: None,
        }
    }

    #[test]
    fn a_clock_that_goes_on_is_right() {
        assert_eq!(doubt(0, &Remembered::default()), Clock::Right);
        assert_eq!(doubt(DAY_MS, &after(&[0])), Clock::Right);
        assert_eq!(doubt(45 * DAY_MS, &after(&[0])), Clock::Right);
        assert_eq!(doubt(46 * DAY_MS, &after(&[0])), Clock::Ahead);
        assert_eq!(doubt(100 * DAY_MS, &after(&[0, 50])), Clock::Right);
        assert_eq!(doubt(DAY_MS - 60_000, &after(&[0, 1])), Clock::Right);
    }

    #[test]
    fn an_hour_back_is_behind() {
        assert_eq!(doubt(DAY_MS - 3_600_000, &after(&[0, 1])), Clock::Behind);
    }

    #[test]
    fn a_year_ahead_and_back_is_known_for_what_it_was() {
        let ahead = 366 * DAY_MS;
        assert_eq!(doubt(ahead, &after(&[0, 1])), Clock::Ahead);
        let known = Remembered {
            newest_visit_at: Some(ahead),
            runs: (Some(ahead), Some(DAY_MS)),
            jump: Some((ahead, Some(DAY_MS))),
        };
        assert_eq!(doubt(2 * DAY_MS, &known), Clock::SetBack { since: ahead });
        assert_eq!(doubt(ahead + DAY_MS, &known), Clock::Right);
        // Behind both: that it ever went ahead explains nothing.
        assert_eq!(doubt(0, &known), Clock::Behind);
    }
}
