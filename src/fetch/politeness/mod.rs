//! What we owe a host: never more than so many requests at once, and a pause between their starts.
//!
//! Every request passes the [`Gate`]. It waits for its host, then for the site that the host belongs to, and takes a
//! place in the global count only when it may really start, so that a slow host never keeps others waiting. Nothing is
//! booked in advance: whoever gives up while waiting leaves no gap. A wait that would be long is refused with the
//! instant at which it is worth coming back, for a long wait is a later visit and not a sleeping worker.
//!
//! A host that refuses (429, 503) is left alone for as long as it asks, and longer each time it refuses again. What
//! must outlive the process is handed out by [`Gate::take_changed`] and [`Gate::unfinished`], and asked back from a
//! [`Memory`] when a host is met for the first time.

mod manners;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::limits;
use crate::address;
pub use manners::{HostPace, Manners, Pace};

/// The longest wait for a host inside [`Gate::enter`].
pub const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How long a host is left alone after its first refusal that names no time; twice as long after each further one.
const FIRST_BACK_OFF: Duration = Duration::from_secs(15);
/// The longest that a host is left alone without having asked for it.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(6 * 3600);
/// The time between the starts of two requests to a host, the second of which asks for a requisite; shorter where the user
/// allows shorter delays.
pub const REQUISITE_DELAY: Duration = Duration::from_millis(100);
/// How long an idle host is remembered: as long as a connection to it may be kept alive.
const IDLE_KEPT: Duration = Duration::from_secs(30);
/// How long a delay that a host asked for is remembered without a request: as long as a robots.txt (RFC 9309, 2.4).
const DELAY_KEPT: Duration = Duration::from_secs(24 * 3600);
/// The maps are swept when they have doubled, and not before they have this many entries.
const SWEEP_FROM: usize = 1024;

/// What is known of a host from before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Remembered {
    /// For how long it is not to be asked yet.
    pub wait: Duration,
    /// The delay that its robots.txt asks for.
    pub delay: Option<Duration>,
    /// How often in a row it refused.
    pub refusals: u32,
}

/// Who knows what was promised to a host before this process began.
pub trait Memory: Send + Sync {
    /// What is known of a host.
    fn recall(&self, host: &str) -> Remembered;
}

/// What is to be remembered of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The host name.
    pub host: Box<str>,
    /// Before this instant no request starts.
    pub until: Instant,
    /// How often in a row it refused.
    pub refusals: u32,
}

/// Lets requests pass, a host at a time.
#[derive(Debug, Clone)]
pub struct Gate {
    shared: Arc<Shared>,
}

struct Shared {
    manners: Manners,
    global: Arc<Semaphore>,
    hosts: Mutex<Hosts>,
    memory: OnceLock<Past>,
}

/// What came before this process.
struct Past {
    memory: Arc<dyn Memory>,
    /// When another process may have asked any host last, if it did not say.
    may_have_asked: Option<Instant>,
}

#[derive(Debug)]
struct Hosts {
    by_name: HashMap<Box<str>, Host>,
    sites: HashMap<Box<str>, Site>,
    sweep_at: usize,
    /// Hosts of which more is to be remembered than before.
    changed: HashSet<Box<str>>,
}

#[derive(Debug)]
struct Host {
    pace: Pace,
    site: Box<str>,
    queue: Queue,
    last_start: Option<Instant>,
    /// The delay that this host asked for, where it is longer than its pace, and when it did.
    own_delay: Option<(Duration, Instant)>,
    refusals: u32,
    /// When the last of them was counted.
    refused_at: Option<Instant>,
    last_answer: Option<Instant>,
}

#[derive(Debug)]
struct Site {
    pace: Pace,
    queue: Queue,
}

/// Those who wait for a host or a site, and those who have got in.
#[derive(Debug)]
struct Queue {
    places: Arc<Semaphore>,
    /// Before this instant no request starts.
    next_start: Instant,
    /// Before this instant no visit starts.
    next_visit: Instant,
    /// Visits and requisites that wait.
    waiting: [usize; 2],
    running: usize,
    last_used: Instant,
}

/// What a host is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Errand {
    /// A page, or anything else that is asked for by itself.
    #[default]
    Visit,
    /// What a page needs to be shown, which a browser would ask for at once: it waits at most [`REQUISITE_DELAY`] after the
    /// request before it, unless the host itself asked for more, and keeps no visit waiting longer than that.
    Requisite,
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
    errand: Errand,
    started: Instant,
    _places: Vec<OwnedSemaphorePermit>,
    _global: OwnedSemaphorePermit,
}

impl Permit {
    /// Whether the host has answered so lately that a kept connection may have been used. Asked after the request: a
    /// connection may have become free while it waited for one of its own.
    pub(crate) fn is_warm(&self) -> bool {
        let hosts = self.shared.lock();
        let host = hosts.by_name.get(&self.host);
        let answered = host.and_then(|host| host.last_answer);
        answered.is_some_and(|at| at.elapsed() < IDLE_KEPT)
    }

    /// Notes that the host answered, with this status, and how long it asks to be left alone. Gives how long it will
    /// be, where it refused (429, 503).
    pub(crate) fn answered(&self, status: u16, asked: Option<Duration>) -> Option<Duration> {
        let now = Instant::now();
        let mut hosts = self.shared.lock();
        let hosts = &mut *hosts;
        let host = hosts.by_name.get_mut(&self.host)?;
        host.last_answer = Some(now);
        // Requests that were under way when the host refused another one say nothing new.
        let is_news = host.refused_at.is_none_or(|at| self.started > at);
        if !matches!(status, 429 | 503) {
            if is_news && host.refusals > 0 {
                host.refusals = 0;
                hosts.changed.insert(self.host.clone());
            }
            return None;
        }
        if is_news {
            host.refusals = host.refusals.saturating_add(1);
            host.refused_at = Some(now);
        }
        let wait = pause(host.refusals, asked);
        host.queue.not_before(now.checked_add(wait).unwrap_or(now));
        hosts.changed.insert(self.host.clone());
        Some(wait)
    }

    /// Waits until a second request under this permit may start, as if it came anew, and at most so long: a place
    /// among all requests is held meanwhile.
    pub(crate) async fn again(&mut self, patience: Duration) -> Result<(), Busy> {
        let give_up_at = Instant::now() + patience;
        loop {
            let next_start = {
                let mut hosts = self.shared.lock();
                match hosts.begin(&self.host, self.errand, Instant::now()) {
                    Ok(started) => {
                        self.started = started;
                        return Ok(());
                    }
                    Err(next_start) => next_start,
                }
            };
            if next_start > give_up_at {
                return Err(Busy { until: next_start });
            }
            sleep_until(next_start).await;
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let now = Instant::now();
        self.shared.lock().each_queue(&self.host, |queue| {
            queue.running -= 1;
            queue.last_used = now;
        });
    }
}

/// How long a host that has refused so often in a row is left alone, if it asked for that long itself.
fn pause(refusals: u32, asked: Option<Duration>) -> Duration {
    let back_off = |times: u32| match times {
        0 => Duration::ZERO,
        _ => FIRST_BACK_OFF
            .saturating_mul(1 << (times - 1).min(20))
            .min(LONGEST_BACK_OFF),
    };
    match asked {
        // It is taken at its word the first time. Who refuses again after that asked for too little.
        Some(asked) => asked.max(back_off(refusals.saturating_sub(1))),
        None => back_off(refusals),
    }
}

/// Counts one who waits, as long as it waits.
struct Waiting<'a> {
    shared: &'a Shared,
    host: &'a str,
    errand: Errand,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut hosts = self.shared.lock();
        let at = self.errand as usize;
        hosts.each_queue(self.host, |queue| queue.waiting[at] -= 1);
    }
}

impl Queue {
    fn new(pace: Pace, now: Instant) -> Self {
        Self {
            places: Arc::new(Semaphore::new(pace.concurrency)),
            next_start: now,
            next_visit: now,
            waiting: [0, 0],
            running: 0,
            last_used: now,
        }
    }

    fn not_before(&mut self, instant: Instant) {
        self.next_start = self.next_start.max(instant);
    }

    /// Before which instant none on this errand starts.
    fn begins(&self, errand: Errand) -> Instant {
        match errand {
            Errand::Visit => self.next_start.max(self.next_visit),
            Errand::Requisite => self.next_start,
        }
    }

    /// Books a start.
    fn book(&mut self, errand: Errand, now: Instant, delay: Duration, own: Duration) {
        self.next_start = now + requisite_delay(delay, own);
        if errand == Errand::Visit {
            self.next_visit = now + delay;
        }
    }

    /// When one who came now could start, after those who wait already.
    fn ready_at(&self, errand: Errand, delay: Duration, own: Duration, now: Instant) -> Instant {
        let [visits, requisites] = self
            .waiting
            .map(|waiting| u32::try_from(waiting).unwrap_or(u32::MAX));
        let from = self.begins(errand).max(now);
        let short = requisite_delay(delay, own);
        // Requisites do not wait for the delay between visits.
        let each = if errand == Errand::Visit {
            delay
        } else {
            short
        };
        let wait = each
            .saturating_mul(visits)
            .saturating_add(short.saturating_mul(requisites));
        from.checked_add(wait).unwrap_or(from)
    }

    fn is_idle(&self, now: Instant) -> bool {
        self.waiting == [0, 0]
            && self.running == 0
            && self.begins(Errand::Visit) <= now
            && now.saturating_duration_since(self.last_used) >= IDLE_KEPT
    }
}

/// The delay before a requisite, where that before a visit is this one, and the host itself asks for that one.
fn requisite_delay(delay: Duration, own: Duration) -> Duration {
    delay.min(REQUISITE_DELAY).max(own)
}

impl Host {
    fn delay(&self) -> Duration {
        self.own().max(self.pace.delay)
    }

    /// What the host itself asked for.
    fn own(&self) -> Duration {
        self.own_delay.map_or(Duration::ZERO, |(own, _)| own)
    }

    fn ask_for(&mut self, delay: Duration, now: Instant) {
        let delay = delay.min(limits::DEFAULT.crawl_delay);
        self.own_delay = (delay > self.pace.delay).then_some((delay, now));
    }
}

impl Hosts {
    fn each_queue(&mut self, name: &str, mut change: impl FnMut(&mut Queue)) {
        if let Some(host) = self.by_name.get_mut(name) {
            change(&mut host.queue);
            if let Some(site) = self.sites.get_mut(&host.site) {
                change(&mut site.queue);
            }
        }
    }

    /// Books a start now, unless it is too early: then gives when it may be.
    fn begin(&mut self, name: &str, errand: Errand, now: Instant) -> Result<Instant, Instant> {
        if let Some(next_start) = self.next_start(name, errand).filter(|at| *at > now) {
            return Err(next_start);
        }
        let Some(host) = self.by_name.get_mut(name) else {
            return Ok(now);
        };
        let site = self.sites.get_mut(&host.site);
        let (delay, own) = (host.delay(), host.own());
        host.queue.book(errand, now, delay, own);
        host.last_start = Some(now);
        if let Some(site) = site {
            // A site gets twice what one of its hosts gets, of requisites too.
            let delay = site.pace.delay;
            site.queue.book(errand, now, delay, Duration::ZERO);
            site.queue.next_start = now + delay.min(REQUISITE_DELAY / 2);
        }
        Ok(now)
    }

    /// Before which instant no request to a host starts.
    fn next_start(&self, name: &str, errand: Errand) -> Option<Instant> {
        let host = self.by_name.get(name)?;
        let site = self.sites.get(&host.site);
        let by_site = site.map(|site| site.queue.begins(errand));
        Some(host.queue.begins(errand)).max(by_site)
    }

    fn promise(&self, name: Box<str>) -> Option<Promise> {
        let host = self.by_name.get(&name)?;
        Some(Promise {
            until: host.queue.begins(Errand::Visit),
            refusals: host.refusals,
            host: name,
        })
    }

    fn ready_at(&self, name: &str, errand: Errand, now: Instant) -> Instant {
        let Some(host) = self.by_name.get(name) else {
            return now;
        };
        let by_host = host.queue.ready_at(errand, host.delay(), host.own(), now);
        let by_site = self.sites.get(&host.site).map_or(now, |site| {
            let delay = site.pace.delay;
            site.queue.ready_at(errand, delay, Duration::ZERO, now)
        });
        by_host.max(by_site)
    }

    /// Whether a request that came now would find a place.
    fn has_place(&self, name: &str) -> bool {
        let Some(host) = self.by_name.get(name) else {
            return true;
        };
        let site = self.sites.get(&host.site);
        host.queue.places.available_permits() > 0
            && site.is_none_or(|site| site.queue.places.available_permits() > 0)
    }

    /// Forgets hosts that nobody asks any more; at most one look at each entry for each new one.
    fn sweep(&mut self, now: Instant) {
        if self.by_name.len() < self.sweep_at {
            return;
        }
        let changed = &self.changed;
        self.by_name.retain(|name, host| {
            let is_asked_for =
                |(_, at): (Duration, Instant)| now.saturating_duration_since(at) < DELAY_KEPT;
            !host.queue.is_idle(now)
                || host.own_delay.is_some_and(is_asked_for)
                || changed.contains(name)
        });
        let used: HashSet<&str> = self.by_name.values().map(|host| &*host.site).collect();
        self.sites
            .retain(|name, site| !site.queue.is_idle(now) || used.contains(&**name));
        self.sweep_at = (2 * self.by_name.len()).max(SWEEP_FROM);
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = f.debug_struct("Shared");
        fields.field("manners", &self.manners);
        fields.field("hosts", &self.hosts);
        fields.finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Hosts> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hosts, with this one among them.
    fn lock_with(&self, name: &str) -> MutexGuard<'_, Hosts> {
        let hosts = self.lock();
        if hosts.by_name.contains_key(name) {
            return hosts;
        }
        // Remembering may take a while, and nobody else should wait for it.
        drop(hosts);
        let host = self.meet(name);
        let now = Instant::now();
        let mut hosts = self.lock();
        hosts.sweep(now);
        if !hosts.sites.contains_key(&host.site) {
            let pace = self.manners.of_site(&host.site);
            let queue = Queue::new(pace, now);
            hosts.sites.insert(host.site.clone(), Site { pace, queue });
        }
        // Another may have been faster, and have begun already.
        hosts.by_name.entry(name.into()).or_insert(host);
        hosts
    }

    /// A host that was not met before in this process.
    fn meet(&self, name: &str) -> Host {
        let now = Instant::now();
        let pace = self.manners.of_host(name);
        let mut host = Host {
            pace,
            site: address::site(name).into(),
            queue: Queue::new(pace, now),
            last_start: None,
            own_delay: None,
            refusals: 0,
            refused_at: None,
            last_answer: None,
        };
        let Some(past) = self.memory.get() else {
            return host;
        };
        let known = past.memory.recall(name);
        if let Some(delay) = known.delay {
            host.ask_for(delay, now);
        }
        host.refusals = known.refusals;
        host.queue.not_before(now + known.wait);
        if let Some(at) = past.may_have_asked {
            let delay = host.delay();
            host.queue.not_before(at + delay);
        }
        host
    }
}

impl Gate {
    /// A gate with nobody at it.
    pub fn new(manners: Manners) -> Self {
        Self {
            shared: Arc::new(Shared {
                global: Arc::new(Semaphore::new(manners.concurrency.max(1))),
                manners,
                hosts: Mutex::new(Hosts {
                    by_name: HashMap::new(),
                    sites: HashMap::new(),
                    sweep_at: SWEEP_FROM,
                    changed: HashSet::new(),
                }),
                memory: OnceLock::new(),
            }),
        }
    }

    /// Who knows of the time before this process. `was_killed` says that the last process ended without a word, so
    /// that any host may have been asked by it until just now.
    ///
    /// To be called before the first request; a second call changes nothing.
    pub fn remember(&self, memory: Arc<dyn Memory>, was_killed: bool) {
        let _ = self.shared.memory.set(Past {
            memory,
            may_have_asked: was_killed.then(Instant::now),
        });
    }

    /// Waits until a request to this host may start, at most so long (and never over [`LONGEST_WAIT`]).
    ///
    /// A request starts only when it has a place at its host, one at its site, one in the global count, and the delays
    /// have passed. The order among those who wait for one host is the order of arrival. The future may be dropped at
    /// any time.
    pub async fn enter(&self, host: &str, patience: Duration) -> Result<Permit, Busy> {
        self.enter_for(host, Errand::Visit, patience).await
    }

    /// As [`Gate::enter`], on this errand.
    #[expect(clippy::missing_panics_doc, reason = "the semaphores are never closed")]
    pub async fn enter_for(
        &self,
        host: &str,
        errand: Errand,
        patience: Duration,
    ) -> Result<Permit, Busy> {
        let shared = &self.shared;
        let give_up_at = Instant::now() + patience.min(LONGEST_WAIT);
        let places = {
            let mut hosts = shared.lock_with(host);
            let ready_at = hosts.ready_at(host, errand, Instant::now());
            if ready_at > give_up_at {
                return Err(Busy { until: ready_at });
            }
            let mut places = Vec::with_capacity(2);
            hosts.each_queue(host, |queue| {
                queue.waiting[errand as usize] += 1;
                places.push(Arc::clone(&queue.places));
            });
            places
        };
        let waiting = Waiting {
            shared,
            host,
            errand,
        };
        let mut taken = Vec::with_capacity(places.len());
        for places in places {
            let Ok(place) = timeout_at(give_up_at, places.acquire_owned()).await else {
                return Err(Busy {
                    until: self.ready_at(host),
                });
            };
            taken.push(place.expect("the gate never closes a semaphore"));
        }
        loop {
            let next_start = shared.lock().next_start(host, errand);
            if let Some(until) = next_start {
                if until > give_up_at {
                    return Err(Busy { until });
                }
                if until > Instant::now() {
                    sleep_until(until).await;
                }
            }
            let global = Arc::clone(&shared.global)
                .acquire_owned()
                .await
                .expect("the gate never closes a semaphore");
            // Another request may have started, or the host may have asked for quiet, while this one waited.
            let now = Instant::now();
            let mut hosts = shared.lock();
            if let Ok(started) = hosts.begin(host, errand, now) {
                hosts.each_queue(host, |queue| {
                    queue.running += 1;
                    queue.last_used = now;
                });
                drop(hosts);
                drop(waiting);
                return Ok(Permit {
                    shared: Arc::clone(shared),
                    host: host.into(),
                    errand,
                    started,
                    _places: taken,
                    _global: global,
                });
            }
        }
    }

    /// When a request to this host that came now could start, as far as it can be known; never waits.
    pub fn ready_at(&self, host: &str) -> Instant {
        let hosts = self.shared.lock_with(host);
        let now = Instant::now();
        let ready_at = hosts.ready_at(host, Errand::Visit, now);
        if hosts.has_place(host) {
            return ready_at;
        }
        // Somebody has to finish first; nobody knows when.
        let delay = hosts.by_name.get(host).map_or(Duration::ZERO, Host::delay);
        ready_at.max(now + delay)
    }

    /// What the user decided.
    pub fn manners(&self) -> &Manners {
        &self.shared.manners
    }

    /// Sets the delay that a host asked for (`Crawl-delay`); one that is shorter than its pace changes nothing.
    pub fn set_delay(&self, host: &str, delay: Duration) {
        let mut hosts = self.shared.lock_with(host);
        let Some(entry) = hosts.by_name.get_mut(host) else {
            return;
        };
        entry.ask_for(delay, Instant::now());
        // The request before this one, usually that for robots.txt, counts from its start by the new delay.
        let delay = entry.delay();
        if let Some(next_start) = entry.last_start.and_then(|at| at.checked_add(delay)) {
            entry.queue.not_before(next_start);
        }
    }

    /// What is to be remembered of hosts that refused, or do not refuse any more, since this was last asked.
    pub fn take_changed(&self) -> Vec<Promise> {
        let mut hosts = self.shared.lock();
        let changed = std::mem::take(&mut hosts.changed);
        let promise = |name: Box<str>| hosts.promise(name);
        changed.into_iter().filter_map(promise).collect()
    }

    /// What the process that comes after this one must know: the hosts whose turn has not come again.
    pub fn unfinished(&self) -> Vec<Promise> {
        let now = Instant::now();
        let hosts = self.shared.lock();
        let names = hosts.by_name.iter();
        let names = names.filter(|(_, host)| host.queue.begins(Errand::Visit) > now);
        names
            .filter_map(|(name, _)| hosts.promise(name.clone()))
            .collect()
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
