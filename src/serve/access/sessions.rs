//! Browsers that logged in. They are known while this process runs; after that, one logs in again.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::key;
use crate::password::random;
use crate::store::{hex, sha256};

/// A session that is not used for so long ends.
const IDLE: Duration = Duration::from_secs(7 * 24 * 3600);
/// No session lasts longer.
pub(super) const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
/// So many at once; the one that was not used for longest ends first.
const MOST: usize = 1000;

/// A browser that logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::serve) struct Session {
    /// What its forms carry.
    pub(super) csrf: String,
    /// What its copies ask with.
    pub(super) key: String,
    begun: Instant,
    used: Instant,
}

impl Session {
    fn lasts(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.used) < IDLE
            && now.saturating_duration_since(self.begun) < LONGEST
    }
}

/// All of them, by the hash of the cookie's value.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<[u8; 32], Session>>);

impl Sessions {
    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], Session>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Begins one; gives the cookie's value.
    pub(super) fn begin(&self, now: Instant) -> std::io::Result<String> {
        let secret = random::<32>()?;
        let value = hex(&secret);
        let session = Session {
            csrf: hex(&sha256(&[&secret[..], b"form"].concat())),
            key: key(&[&secret[..], b"copies"].concat()),
            begun: now,
            used: now,
        };
        let mut all = self.all();
        all.retain(|_, session| session.lasts(now));
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, session)| session.used)
        {
            let oldest = *oldest.0;
            all.remove(&oldest);
        }
        all.insert(sha256(value.as_bytes()), session);
        Ok(value)
    }

    /// That of a cookie's value.
    pub(super) fn get(&self, value: &str, now: Instant) -> Option<Session> {
        let mut all = self.all();
        let session = all.get_mut(&sha256(value.as_bytes()))?;
        if !session.lasts(now) {
            return None;
        }
        session.used = now;
        Some(session.clone())
    }

    /// That whose copies ask with this key.
    pub(super) fn by_key(&self, key: &str, now: Instant) -> Option<Session> {
        let all = self.all();
        let mut lasting = all.values().filter(|session| session.lasts(now));
        lasting.find(|session| session.key == key).cloned()
    }

    /// Ends one.
    pub(super) fn end(&self, value: &str) {
        self.all().remove(&sha256(value.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_end_when_they_are_not_used_and_at_the_latest_after_a_month() {
        let sessions = Sessions::default();
        let day = Duration::from_secs(24 * 3600);
        let begun = Instant::now();
        let value = sessions.begin(begun).unwrap();
        for days in (6..30).step_by(6) {
            assert!(sessions.get(&value, begun + day * days).is_some(), "{days}");
        }
        assert!(sessions.get(&value, begun + day * 30).is_none());
        let value = sessions.begin(begun).unwrap();
        assert!(sessions.get(&value, begun + day * 7).is_none());
    }

    #[test]
    fn the_one_that_was_not_used_for_longest_gives_way() {
        let sessions = Sessions::default();
        let now = Instant::now();
        let second = Duration::from_secs(1);
        let first = sessions.begin(now).unwrap();
        let next = sessions.begin(now + second).unwrap();
        for _ in 2..MOST {
            sessions.begin(now + second * 2).unwrap();
        }
        assert!(sessions.get(&first, now + second * 3).is_some());
        sessions.begin(now + second * 4).unwrap();
        assert!(sessions.get(&first, now + second * 5).is_some());
        assert!(sessions.get(&next, now + second * 5).is_none());
    }
}
