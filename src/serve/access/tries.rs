//! How often somebody tried to log in lately: who guesses does not get far.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::Refused;

/// So many tries within that time.
const MOST: u32 = 10;
const WITHIN: Duration = Duration::from_secs(10 * 60);
/// Of so many it is noted; of more, all count as one.
const MOST_NOTED: usize = 10_000;

#[derive(Default)]
pub(super) struct Tries(Mutex<HashMap<IpAddr, (u32, Instant)>>);

impl Tries {
    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, (u32, Instant)>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Notes that somebody tries.
    ///
    /// # Errors
    ///
    /// Where they tried too often.
    pub(super) fn begin(&self, peer: IpAddr, now: Instant) -> Result<(), Refused> {
        let mut all = self.all();
        let since = |begun: Instant| now.saturating_duration_since(begun);
        let mut who = network(peer);
        if all.len() >= MOST_NOTED && !all.contains_key(&who) {
            all.retain(|_, (_, begun)| since(*begun) < WITHIN);
            if all.len() >= MOST_NOTED {
                who = IpAddr::from([0, 0, 0, 0]);
            }
        }
        let (many, begun) = all.entry(who).or_insert((0, now));
        if since(*begun) >= WITHIN {
            (*many, *begun) = (0, now);
        }
        if *many >= MOST {
            let left = WITHIN.saturating_sub(since(*begun));
            return Err(Refused::TooOften(left.as_secs().max(1)));
        }
        *many += 1;
        Ok(())
    }

    /// Somebody knew the password.
    pub(super) fn forget(&self, peer: IpAddr) {
        self.all().remove(&network(peer));
    }
}

/// Who has one new address has 2^64 of them.
pub(in crate::serve) fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        ip @ IpAddr::V4(_) => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_guesses_has_to_wait() {
        let tries = Tries::default();
        let now = Instant::now();
        let one: IpAddr = "2001:db8::1".parse().unwrap();
        let near: IpAddr = "2001:db8::2".parse().unwrap();
        let far: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..MOST {
            assert_eq!(tries.begin(one, now), Ok(()));
        }
        assert_eq!(tries.begin(near, now), Err(Refused::TooOften(600)));
        assert_eq!(tries.begin(far, now), Ok(()));
        let later = now + Duration::from_secs(599);
        assert_eq!(tries.begin(one, later), Err(Refused::TooOften(1)));
        assert_eq!(tries.begin(one, now + WITHIN), Ok(()));
        tries.forget(far);
        for _ in 0..MOST {
            assert_eq!(tries.begin(far, now), Ok(()));
        }
    }

    #[test]
    fn what_is_noted_is_bounded() {
        let tries = Tries::default();
        let now = Instant::now();
        for n in 0..2 * MOST_NOTED as u32 {
            let _ = tries.begin(IpAddr::from(n.to_be_bytes()), now);
        }
        assert!(tries.all().len() <= MOST_NOTED + 1);
    }
}
