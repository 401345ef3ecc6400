//! What we owe a host: never more than so many requests at once, and a pause between their starts.
//!
//! Every request passes the [`Gate`]. It first waits for its host and takes a place in the global count only when it
//! may really start, so that a slow host never keeps others waiting. Nothing is booked in advance: whoever gives up
//! while waiting leaves no gap. A wait that would be long is refused with the instant at which it is worth coming
//! back, for a long wait is a later visit and not a sleeping worker.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

/// The longest wait for a host inside [`Gate::enter`].
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// The longest delay between two starts; what is longer is taken for this.
const LONGEST_DELAY: Duration = Duration::from_secs(24 * 3600);
/// How long an idle host is remembered: as long as a connection to it may be kept alive.
const IDLE_KEPT: Duration = Duration::from_secs(30);
/// How long a delay that a host asked for is remembered without a request: as long as a robots.txt (RFC 9309, 2.4).
const DELAY_KEPT: Duration = Duration::from_secs(24 * 3600);
/// The map is swept when it has doubled, and not before it has this many entries.
const SWEEP_FROM: usize = 1024;

/// How many requests may run at once, and how far apart they start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
    /// Requests under way at once, over all hosts.
    pub concurrency: usize,
    /// Requests under way at once to one host name.
    pub host_concurrency: usize,
    /// Time between the starts of two requests to one host name.
    pub host_delay: Duration,
}

/// Lets requests pass, a host at a time.
#[derive(Debug, Clone)]
pub struct Gate {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    manners: Manners,
    global: Arc<Semaphore>,
    hosts: Mutex<Hosts>,
}

#[derive(Debug)]
struct Hosts {
    by_name: HashMap<Box<str>, Host>,
    sweep_at: usize,
}

#[derive(Debug)]
struct Host {
    places: Arc<Semaphore>,
    /// Before this instant no request starts.
    next_start: Instant,
    last_start: Option<Instant>,
    /// The delay that this host asked for, where it is longer than the ordinary one, and when it did.
    own_delay: Option<(Duration, Instant)>,
    waiting: usize,
    running: usize,
    last_answer: Option<Instant>,
    last_used: Instant,
}

/// A host that should not be asked for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the host should not be asked yet")]
pub struct Busy {
    /// When it is worth coming back.
    pub until: Instant,
}

/// One request's leave to run; dropping it makes room for the next.
#[derive(Debug)]
pub struct Permit {
    shared: Arc<Shared>,
    host: Box<str>,
    _place: OwnedSemaphorePermit,
    _global: OwnedSemaphorePermit,
}

impl Permit {
    /// Whether the host has answered so lately that a kept connection may have been used. Asked after the request: a
    /// connection may have become free while it waited for one of its own.
    pub(crate) fn is_warm(&self) -> bool {
        let hosts = self.shared.lock();
        let answered = hosts
            .by_name
            .get(&self.host)
            .and_then(|host| host.last_answer);
        answered.is_some_and(|at| at.elapsed() < IDLE_KEPT)
    }

    /// Notes that the host answered.
    pub(crate) fn answered(&self) {
        let mut hosts = self.shared.lock();
        if let Some(host) = hosts.by_name.get_mut(&self.host) {
            host.last_answer = Some(Instant::now());
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut hosts = self.shared.lock();
        if let Some(host) = hosts.by_name.get_mut(&self.host) {
            host.running -= 1;
            host.last_used = Instant::now();
        }
    }
}

/// Counts one who waits, as long as it waits.
struct Waiting<'a> {
    shared: &'a Shared,
    host: &'a str,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut hosts = self.shared.lock();
        if let Some(host) = hosts.by_name.get_mut(self.host) {
            host.waiting -= 1;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Hosts> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn delay(&self, host: &Host) -> Duration {
        host.own_delay.map_or(self.manners.host_delay, |(own, _)| {
            own.max(self.manners.host_delay)
        })
    }

    fn ready_at(&self, host: &Host, now: Instant) -> Instant {
        let waiting = u32::try_from(host.waiting).unwrap_or(u32::MAX);
        let ahead = self.delay(host).saturating_mul(waiting);
        let from = host.next_start.max(now);
        from.checked_add(ahead).unwrap_or(from)
    }
}

impl Hosts {
    fn get<'a>(&'a mut self, name: &str, manners: &Manners, now: Instant) -> &'a mut Host {
        if !self.by_name.contains_key(name) {
            self.sweep(now);
            self.by_name.insert(
                name.into(),
                Host {
                    places: Arc::new(Semaphore::new(manners.host_concurrency.max(1))),
                    next_start: now,
                    last_start: None,
                    own_delay: None,
                    waiting: 0,
                    running: 0,
                    last_answer: None,
                    last_used: now,
                },
            );
        }
        self.by_name
            .get_mut(name)
            .expect("it was there, or was put there a line ago")
    }

    /// Forgets hosts that nobody asks any more; at most one look at each entry for each new one.
    fn sweep(&mut self, now: Instant) {
        if self.by_name.len() < self.sweep_at {
            return;
        }
        self.by_name.retain(|_, host| {
            let idle = now.saturating_duration_since(host.last_used);
            let wanted = host
                .own_delay
                .is_some_and(|(_, at)| now.saturating_duration_since(at) < DELAY_KEPT);
            host.waiting > 0
                || host.running > 0
                || host.next_start > now
                || idle < IDLE_KEPT
                || wanted
        });
        self.sweep_at = (2 * self.by_name.len()).max(SWEEP_FROM);
    }
}

impl Gate {
    /// A gate with nobody at it.
    pub fn new(mut manners: Manners) -> Self {
        manners.host_delay = manners.host_delay.min(LONGEST_DELAY);
        Self {
            shared: Arc::new(Shared {
                manners,
                global: Arc::new(Semaphore::new(manners.concurrency.max(1))),
                hosts: Mutex::new(Hosts {
                    by_name: HashMap::new(),
                    sweep_at: SWEEP_FROM,
                }),
            }),
        }
    }

    /// Waits until a request to this host may start, at most a minute.
    ///
    /// A request starts only when it has a place at its host, one in the global count, and the delay has passed. The
    /// order among those who wait for one host is the order of arrival. The future may be dropped at any time.
    #[expect(clippy::missing_panics_doc, reason = "the semaphores are never closed")]
    pub async fn enter(&self, host: &str) -> Result<Permit, Busy> {
        let shared = &self.shared;
        let now = Instant::now();
        let give_up_at = now + LONGEST_WAIT;
        let places = {
            let mut hosts = shared.lock();
            let entry = hosts.get(host, &shared.manners, now);
            let ready_at = shared.ready_at(entry, now);
            if ready_at > give_up_at {
                return Err(Busy { until: ready_at });
            }
            entry.waiting += 1;
            Arc::clone(&entry.places)
        };
        let waiting = Waiting { shared, host };
        let Ok(place) = timeout_at(give_up_at, places.acquire_owned()).await else {
            return Err(Busy {
                until: self.ready_at(host),
            });
        };
        let place = place.expect("the gate never closes a semaphore");
        loop {
            let next_start = {
                let mut hosts = shared.lock();
                hosts.get(host, &shared.manners, now).next_start
            };
            if next_start > give_up_at {
                return Err(Busy { until: next_start });
            }
            if next_start > Instant::now() {
                sleep_until(next_start).await;
            }
            let global = Arc::clone(&shared.global)
                .acquire_owned()
                .await
                .expect("the gate never closes a semaphore");
            // Another request may have started, or the host may have asked for quiet, while this one waited.
            let now = Instant::now();
            let mut hosts = shared.lock();
            let entry = hosts.get(host, &shared.manners, now);
            if entry.next_start <= now {
                entry.next_start = now + shared.delay(entry);
                entry.last_start = Some(now);
                entry.running += 1;
                entry.last_used = now;
                drop(hosts);
                drop(waiting);
                return Ok(Permit {
                    shared: Arc::clone(shared),
                    host: host.into(),
                    _place: place,
                    _global: global,
                });
            }
        }
    }

    /// When a request to this host that came now could start, as far as it can be known; never waits.
    pub fn ready_at(&self, host: &str) -> Instant {
        let now = Instant::now();
        let hosts = self.shared.lock();
        let Some(entry) = hosts.by_name.get(host) else {
            return now;
        };
        let ready_at = self.shared.ready_at(entry, now);
        if entry.places.available_permits() == 0 {
            // Somebody has to finish first; nobody knows when.
            return ready_at.max(now + self.shared.delay(entry));
        }
        ready_at
    }

    /// Sets the delay that a host asked for (`Crawl-delay`); one that is shorter than the ordinary changes nothing.
    pub fn set_delay(&self, host: &str, delay: Duration) {
        let now = Instant::now();
        let delay = delay.min(LONGEST_DELAY);
        let shared = &self.shared;
        let mut hosts = shared.lock();
        let entry = hosts.get(host, &shared.manners, now);
        entry.own_delay = (delay > shared.manners.host_delay).then_some((delay, now));
        // The request before this one, usually that for robots.txt, counts from its start by the new delay.
        if let Some(next_start) = entry.last_start.and_then(|at| at.checked_add(delay)) {
            entry.next_start = entry.next_start.max(next_start);
        }
    }

    /// Lets no request to this host start before an instant (`Retry-After`).
    pub fn hold(&self, host: &str, until: Instant) {
        let mut hosts = self.shared.lock();
        let entry = hosts.get(host, &self.shared.manners, Instant::now());
        entry.next_start = entry.next_start.max(until);
    }

    /// Hosts that are remembered.
    pub fn hosts(&self) -> usize {
        self.shared.lock().by_name.len()
    }

    /// Requests that are under way now, over all hosts.
    pub fn running(&self) -> usize {
        self.shared
            .manners
            .concurrency
            .max(1)
            .saturating_sub(self.shared.global.available_permits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(concurrency: usize, host_concurrency: usize, delay_ms: u64) -> Gate {
        Gate::new(Manners {
            concurrency,
            host_concurrency,
            host_delay: Duration::from_millis(delay_ms),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn starts_are_apart_and_in_order() {
        let gate = gate(64, 2, 1000);
        let begun = Instant::now();
        let mut tasks = Vec::new();
        for n in 0..10_u64 {
            let gate = gate.clone();
            tasks.push(tokio::spawn(async move {
                let permit = gate.enter("a.test").await.unwrap();
                let started = begun.elapsed();
                // Longer than the delay, so that the count binds now and then, and the delay otherwise.
                tokio::time::sleep(Duration::from_millis(if n < 4 { 2500 } else { 10 })).await;
                drop(permit);
                (n, started)
            }));
            tokio::task::yield_now().await;
        }
        let mut starts = Vec::new();
        for task in tasks {
            starts.push(task.await.unwrap());
        }
        for pair in starts.windows(2) {
            assert!(
                pair[1].1 >= pair[0].1 + Duration::from_secs(1),
                "{starts:?}"
            );
        }
        assert!(starts[2].1 >= Duration::from_millis(2500), "{starts:?}");
        assert_eq!(gate.running(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_host_keeps_nobody_waiting() {
        let gate = gate(2, 1, 10_000);
        let _slow = gate.enter("slow.test").await.unwrap();
        let waiting: Vec<_> = (0..5)
            .map(|_| {
                let gate = gate.clone();
                tokio::spawn(async move { gate.enter("slow.test").await.map(drop) })
            })
            .collect();
        tokio::task::yield_now().await;
        let begun = Instant::now();
        for n in 0..100 {
            drop(gate.enter(&format!("{n}.test")).await.unwrap());
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
        for task in waiting {
            task.abort();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn long_waits_are_refused_at_once() {
        let gate = gate(64, 2, 0);
        gate.hold("a.test", Instant::now() + Duration::from_secs(3600));
        let begun = Instant::now();
        let busy = gate.enter("a.test").await.unwrap_err();
        assert_eq!(busy.until, begun + Duration::from_secs(3600));
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert_eq!(gate.ready_at("a.test"), busy.until);
        assert_eq!(gate.ready_at("b.test"), begun);

        // A queue that would take longer than a minute is refused at its end.
        gate.set_delay("c.test", Duration::from_secs(20));
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let gate = gate.clone();
                tokio::spawn(async move { gate.enter("c.test").await.is_ok() })
            })
            .collect();
        let mut entered = 0;
        for task in tasks {
            entered += usize::from(task.await.unwrap());
        }
        assert_eq!(entered, 4);
        assert_eq!(begun.elapsed(), Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn a_delay_asked_for_counts_from_the_last_start() {
        let gate = gate(64, 2, 1000);
        let begun = Instant::now();
        drop(gate.enter("a.test").await.unwrap());
        gate.set_delay("a.test", Duration::from_secs(5));
        drop(gate.enter("a.test").await.unwrap());
        assert_eq!(begun.elapsed(), Duration::from_secs(5));
        gate.set_delay("a.test", Duration::from_millis(5));
        drop(gate.enter("a.test").await.unwrap());
        drop(gate.enter("a.test").await.unwrap());
        assert_eq!(begun.elapsed(), Duration::from_secs(11));
    }

    #[tokio::test(start_paused = true)]
    async fn absurd_delays_do_no_harm() {
        let gate = gate(64, 2, u64::MAX);
        drop(gate.enter("a.test").await.unwrap());
        gate.set_delay("a.test", Duration::MAX);
        let busy = gate.enter("a.test").await.unwrap_err();
        assert_eq!(busy.until, Instant::now() + LONGEST_DELAY);
    }

    #[tokio::test(start_paused = true)]
    async fn giving_up_leaves_no_gap() {
        let gate = gate(64, 2, 1000);
        drop(gate.enter("a.test").await.unwrap());
        let begun = Instant::now();
        for _ in 0..100 {
            let waiting = gate.enter("a.test");
            assert!(
                tokio::time::timeout(Duration::from_millis(1), waiting)
                    .await
                    .is_err()
            );
        }
        drop(gate.enter("a.test").await.unwrap());
        assert_eq!(begun.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn idle_hosts_are_forgotten() {
        let gate = gate(64, 2, 1000);
        for n in 0..20_000 {
            drop(gate.enter(&format!("{n}.test")).await.unwrap());
            tokio::time::advance(Duration::from_millis(50)).await;
        }
        assert!(gate.hosts() < 3 * SWEEP_FROM, "{}", gate.hosts());
    }
}
