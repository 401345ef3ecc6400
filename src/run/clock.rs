//! What time it is: the system's, or the one instant that `--now` names.

use std::time::{SystemTime, UNIX_EPOCH};

/// A clock. Everything that depends on the time of day asks one of these, or is told an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The system's.
    System,
    /// Standing still, in milliseconds since the epoch (`--now`).
    Fixed(i64),
}

impl Clock {
    /// Milliseconds since the epoch.
    pub fn now(self) -> i64 {
        match self {
            Self::Fixed(now) => now,
            Self::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| {
                    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
                }),
        }
    }

    /// Whether this is not the real time.
    pub fn is_simulated(self) -> bool {
        matches!(self, Self::Fixed(_))
    }
}
