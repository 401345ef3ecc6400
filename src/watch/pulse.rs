//! Whether a pass still makes progress, so that one that hangs is not reported to be alive.

/// How long a pass may stand still, in milliseconds. A visit may take some minutes, and a host may want a minute
/// between two requests; nothing takes this long without a counter moving.
const LONGEST_STANDSTILL_MS: u64 = 15 * 60_000;

/// Compares what was done so far from time to time. Times are those of any clock that is never set back.
#[derive(Debug)]
pub struct Pulse<T> {
    last: T,
    moved_at: u64,
}

impl<T: PartialEq> Pulse<T> {
    /// At the beginning of a pass.
    pub fn new(progress: T, now_ms: u64) -> Self {
        Self {
            last: progress,
            moved_at: now_ms,
        }
    }

    /// Whether the pass is alive, with the progress made by now.
    pub fn is_alive(&mut self, progress: T, now_ms: u64) -> bool {
        if progress != self.last {
            self.last = progress;
            self.moved_at = now_ms;
        }
        now_ms.saturating_sub(self.moved_at) < LONGEST_STANDSTILL_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_that_stands_still_is_not_alive() {
        const MINUTE: u64 = 60_000;
        let mut pulse = Pulse::new(0, 0);
        assert!(pulse.is_alive(1, 10 * MINUTE));
        assert!(pulse.is_alive(1, 20 * MINUTE));
        assert!(!pulse.is_alive(1, 25 * MINUTE));
        assert!(pulse.is_alive(2, 26 * MINUTE), "it was only slow");
    }
}
