//! The frontier: what is due, host by host, in which order, never more at once than was allowed.
//!
//! One task owns all of it. It walks the hosts that have due sources in the order of their ids, keeps a few sources of
//! each in hand, and starts a visit when the host may be asked again and the pass has room. Everything else stays in
//! the archive, so that a hundred thousand due sources cost no more memory than a thousand.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::visit::{self, Keep, Visited};
use super::{Context, RunError, Running};
use crate::address;
use crate::fetch::{LONGEST_WAIT, Pace};
use crate::store::{DueHost, DueSource};

/// Hosts that are worked on at the same time. More wait for one of these to be done.
const MAX_HOSTS: usize = 2048;
/// Hosts taken from the archive in one go.
const HOSTS_AT_ONCE: usize = 256;
/// Sources of a host that are held in hand.
const IN_HAND: usize = 16;
/// Hosts of one site that are worked on at the same time; more would only wait for each other.
const HOSTS_OF_A_SITE: usize = 64;

/// With so many visits under way, others end soon after one has ended.
const MANY_VISITS: usize = 32;
/// How long is waited for those others: being woken for each costs more than what there is to do for it.
const BREATH: Duration = Duration::from_millis(1);

/// What is to be visited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Every source due at the beginning of the pass.
    Due,
    /// Of those, the sources that were due at this instant already, in milliseconds since the epoch.
    DueBy(i64),
    /// These sources.
    Named(Vec<i64>),
}

/// How far the visits of one pass may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Visits to make, at the most.
    pub limit: Option<u64>,
    /// When to stop starting visits.
    pub deadline: Option<Instant>,
}

/// Why the visits ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing is due any more.
    Done,
    /// As many visits as were asked for are made.
    Limit,
    /// As many visits as a day may have are made.
    Budget,
    /// The time is over.
    Time,
    /// The user, or the system, asked to stop.
    Cancelled,
}

struct Host {
    id: i64,
    name: String,
    site: String,
    pace: Pace,
    in_hand: VecDeque<DueSource>,
    /// Place in the host's list after which more is to be read.
    after: (i64, i64),
    exhausted: bool,
    running: usize,
    next_start: Instant,
    /// Whether it stands in the queue of those that may be asked, or waits in the heap or for its site.
    queued: bool,
}

/// The hosts of one registrable domain, which share what may be asked of it.
struct Site {
    pace: Pace,
    /// Hosts in hand.
    hosts: usize,
    /// Hosts that are taken up when one of those is done.
    later: VecDeque<DueHost>,
    running: usize,
    next_start: Instant,
    /// Hosts in hand that wait until one of the site's visits has ended.
    parked: VecDeque<i64>,
}

/// What the visits came to, beside what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Drained {
    pub(super) ended: Ended,
    /// The host after which the next walk goes on, where this one was cut short.
    pub(super) walked_to: Option<i64>,
    /// Hosts that are not to be asked for so long that the rest of their sources is left, and until when.
    pub(super) left: Vec<(String, Instant)>,
}

pub(super) struct Frontier<'a> {
    context: &'a Context,
    run: Running,
    now: i64,
    keep: Keep,
    hosts: HashMap<i64, Host>,
    sites: HashMap<String, Site>,
    left: Vec<(String, Instant)>,
    ready: VecDeque<i64>,
    waiting: BinaryHeap<Reverse<(Instant, i64)>>,
    last_host: i64,
    /// After which host the walk was begun, until it begins again at the first one.
    begun_after: Option<i64>,
    /// The host after which it is over then.
    until: Option<i64>,
    /// The last host that a visit was started at.
    last_started: Option<i64>,
    no_more_hosts: bool,
    visits: JoinSet<(i64, Result<Visited, RunError>)>,
    started: u64,
}

impl<'a> Frontier<'a> {
    pub(super) fn new(context: &'a Context, run: Running, now: i64, keep: Keep) -> Self {
        Self {
            context,
            run,
            now,
            keep,
            hosts: HashMap::new(),
            sites: HashMap::new(),
            left: Vec::new(),
            ready: VecDeque::new(),
            waiting: BinaryHeap::new(),
            last_host: 0,
            begun_after: None,
            until: None,
            last_started: None,
            no_more_hosts: false,
            visits: JoinSet::new(),
            started: 0,
        }
    }

    /// Visits everything; hands each result to `seen`.
    pub(super) async fn drain(
        mut self,
        work: &Work,
        bounds: Bounds,
        mut seen: impl FnMut(Visited),
    ) -> Result<Drained, RunError> {
        if let Work::Named(ids) = work {
            self.take_named(ids)?;
        } else if bounds.limit.is_some() || bounds.deadline.is_some() {
            self.go_on()?;
        }
        let ended = loop {
            while let Some(done) = self.visits.try_join_next() {
                let (host, result) = done.map_err(|error| RunError::Worker(error.to_string()))?;
                self.ended(host);
                seen(result?);
            }
            if self.context.cancelled.is_cancelled() {
                break Ended::Cancelled;
            }
            let may_start = if bounds.limit.is_some_and(|limit| self.started >= limit) {
                Some(Ended::Limit)
            } else if bounds
                .deadline
                .is_some_and(|deadline| Instant::now() >= deadline)
            {
                Some(Ended::Time)
            } else {
                self.admit()?;
                self.start_some(bounds.limit)?;
                None
            };
            if self.visits.is_empty() && (may_start.is_some() || self.is_empty()) {
                break may_start.unwrap_or(Ended::Done);
            }
            if self.visits.is_empty() && self.ready.is_empty() && self.waiting.is_empty() {
                // The hosts that were in hand had nothing due any more; the next ones may.
                continue;
            }
            let timer = self
                .waiting
                .peek()
                .map(|Reverse((at, _))| *at)
                .filter(|_| may_start.is_none());
            tokio::select! {
                biased;
                () = self.context.cancelled.cancelled() => {}
                Some(done) = self.visits.join_next(), if !self.visits.is_empty() => {
                    let (host, result) = done.map_err(|error| RunError::Worker(error.to_string()))?;
                    self.ended(host);
                    seen(result?);
                    if self.visits.len() >= MANY_VISITS {
                        tokio::time::sleep(BREATH).await;
                    }
                }
                () = tokio::time::sleep_until(timer.unwrap_or_else(far)), if timer.is_some() => {}
                () = tokio::time::sleep_until(bounds.deadline.unwrap_or_else(far)), if bounds.deadline.is_some() && may_start.is_none() => {}
            }
        };
        if ended != Ended::Cancelled {
            while let Some(done) = self.visits.join_next().await {
                let (_, result) = done.map_err(|error| RunError::Worker(error.to_string()))?;
                self.context.tally.end_visit();
                seen(result?);
            }
        }
        // Visits under way are dropped with their connections; what they would have found is due again.
        self.visits.shutdown().await;
        let is_cut_short = matches!(ended, Ended::Limit | Ended::Time | Ended::Cancelled);
        Ok(Drained {
            ended,
            walked_to: self.last_started.filter(|id| is_cut_short && *id > 0),
            left: self.left,
        })
    }

    /// A walk that may be cut short goes on after the host where the last one was, so that none is always left for later.
    fn go_on(&mut self) -> Result<(), RunError> {
        let after = self
            .context
            .store
            .read("find where the last run stopped", |r| r.walked_to())?;
        if let Some(after) = after {
            self.last_host = after;
            self.begun_after = Some(after);
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.no_more_hosts && self.hosts.is_empty()
    }

    fn take_named(&mut self, ids: &[i64]) -> Result<(), RunError> {
        self.no_more_hosts = true;
        let mut taken = HashSet::new();
        let mut known: HashMap<String, i64> = HashMap::new();
        for id in ids {
            let id = *id;
            // Two visits of one source at once would each build on the state before both.
            if !taken.insert(id) {
                continue;
            }
            let Some(due) = self
                .context
                .store
                .read("read a source", |r| r.due_source(id))?
            else {
                continue;
            };
            let name = url::Url::parse(&due.address)
                .ok()
                .and_then(|url| url.host_str().map(str::to_owned))
                .unwrap_or_default();
            // Named sources have no place in the archive's walk; any number tells their hosts apart.
            let new_id = -(known.len() as i64) - 1;
            let host_id = *known.entry(name.clone()).or_insert(new_id);
            if host_id == new_id {
                let site = address::site(&name).to_owned();
                let id = host_id;
                self.take_up(DueHost { id, name, site }, true);
            }
            if let Some(host) = self.hosts.get_mut(&host_id) {
                host.in_hand.push_back(due);
            }
        }
        Ok(())
    }

    /// Takes a host in hand.
    fn take_up(&mut self, host: DueHost, exhausted: bool) {
        let manners = self.context.fetcher.gate().manners();
        let now = Instant::now();
        let site = self.sites.entry(host.site.clone()).or_insert_with(|| Site {
            pace: manners.of_site(&host.site),
            hosts: 0,
            later: VecDeque::new(),
            running: 0,
            next_start: now,
            parked: VecDeque::new(),
        });
        site.hosts += 1;
        self.ready.push_back(host.id);
        self.hosts.insert(
            host.id,
            Host {
                id: host.id,
                pace: manners.of_host(&host.name),
                name: host.name,
                site: host.site,
                in_hand: VecDeque::new(),
                after: (i64::MIN, 0),
                exhausted,
                running: 0,
                next_start: now,
                queued: true,
            },
        );
    }

    /// Is done with a host; another one of its site may be taken up.
    fn let_go(&mut self, id: i64) {
        let Some(host) = self.hosts.remove(&id) else {
            return;
        };
        let Some(site) = self.sites.get_mut(&host.site) else {
            return;
        };
        site.hosts -= 1;
        // Nobody else would wake the one that waits, if this host did not make its visit.
        self.ready.extend(site.parked.pop_front());
        if let Some(next) = site.later.pop_front() {
            self.take_up(next, false);
        } else if site.hosts == 0 {
            self.sites.remove(&host.site);
        }
    }

    /// Takes up more hosts while there is room for them.
    fn admit(&mut self) -> Result<(), RunError> {
        while !self.no_more_hosts
            && self.hosts.len() + HOSTS_AT_ONCE <= MAX_HOSTS
            && self.ready.len() < HOSTS_AT_ONCE
        {
            let (after, now) = (self.last_host, self.now);
            let mut hosts = self
                .context
                .store
                .read("find due hosts", |r| r.due_hosts(after, now, HOSTS_AT_ONCE))?;
            if let Some(until) = self.until {
                hosts.retain(|host| host.id <= until);
            }
            if let Some(last) = hosts.last() {
                self.last_host = last.id;
            }
            if hosts.len() < HOSTS_AT_ONCE {
                self.until = self.begun_after.take();
                self.no_more_hosts = self.until.is_none();
                if !self.no_more_hosts {
                    self.last_host = 0;
                }
            }
            for host in hosts {
                // A site with thousands of hosts must not fill the places of all others.
                match self.sites.get_mut(&host.site) {
                    Some(site) if site.hosts >= HOSTS_OF_A_SITE => site.later.push_back(host),
                    _ => self.take_up(host, false),
                }
            }
        }
        Ok(())
    }

    /// Starts visits of hosts that may be asked now, while the pass has room.
    fn start_some(&mut self, limit: Option<u64>) -> Result<(), RunError> {
        let now = Instant::now();
        while let Some(Reverse((at, id))) = self.waiting.peek().copied() {
            if at > now {
                break;
            }
            self.waiting.pop();
            self.ready.push_back(id);
        }
        // A visit that waits for another host (a redirect) holds no connection, so some more than the connections
        // allowed may be under way.
        let room = self.context.fetcher.gate().manners().concurrency * 2;
        while self.visits.len() < room && limit.is_none_or(|limit| self.started < limit) {
            let Some(id) = self.ready.pop_front() else {
                break;
            };
            self.start_one(id)?;
        }
        Ok(())
    }

    fn start_one(&mut self, id: i64) -> Result<(), RunError> {
        let Some(host) = self.hosts.get_mut(&id) else {
            return Ok(());
        };
        host.queued = false;
        if host.running >= host.pace.concurrency {
            // `ended` queues it again.
            return Ok(());
        }
        if host.in_hand.is_empty() && !host.exhausted {
            let (host_id, due_by, after) = (host.id, self.now, host.after);
            let more = self.context.store.read("find due sources", |r| {
                r.due_sources(host_id, due_by, after, IN_HAND)
            })?;
            host.exhausted = more.len() < IN_HAND;
            if let Some(last) = more.last() {
                host.after = (last.state.next_visit_at.unwrap_or(i64::MAX), last.id);
            }
            host.in_hand.extend(more);
        }
        if host.in_hand.is_empty() {
            if host.running == 0 {
                self.let_go(id);
            }
            return Ok(());
        }
        let Some(site) = self.sites.get_mut(&host.site) else {
            return Ok(());
        };
        if site.running >= site.pace.concurrency {
            host.queued = true;
            site.parked.push_back(id);
            return Ok(());
        }
        let gate = self.context.fetcher.gate();
        let ready_at = host
            .next_start
            .max(site.next_start)
            .max(gate.ready_at(&host.name));
        // Read after the gate was asked, for the gate says "now" when a host is free.
        let now = Instant::now();
        // What the user named is tried all the same: the gate refuses it at once, and the user hears of that.
        let is_named = host.id < 0;
        if ready_at > now + LONGEST_WAIT && !is_named {
            // The host asked for a long pause: what is left of it is due at a later run.
            self.left.push((host.name.clone(), ready_at));
            host.in_hand.clear();
            host.exhausted = true;
            if host.running == 0 {
                self.let_go(id);
            }
            return Ok(());
        }
        if ready_at > now && ready_at <= now + LONGEST_WAIT {
            host.queued = true;
            self.waiting.push(Reverse((ready_at, id)));
            return Ok(());
        }
        let Some(source) = host.in_hand.pop_front() else {
            return Ok(());
        };
        host.running += 1;
        host.next_start = now + host.pace.delay;
        site.running += 1;
        site.next_start = now + site.pace.delay;
        host.queued = true;
        self.ready.push_back(id);
        self.started += 1;
        self.last_started = Some(id);
        self.context.tally.begin_visit();
        let (context, run, keep) = (self.context.clone(), self.run, self.keep);
        self.visits.spawn(async move {
            let visit = visit::visit(&context, run, &source, keep);
            // One page that brings a worker down must not keep all the others from being visited.
            match AssertUnwindSafe(visit).catch_unwind().await {
                Ok(result) => (id, result),
                Err(_) => (id, visit::broke_down(&context, &source).await),
            }
        });
        Ok(())
    }

    fn ended(&mut self, id: i64) {
        self.context.tally.end_visit();
        let Some(host) = self.hosts.get_mut(&id) else {
            return;
        };
        host.running -= 1;
        if !host.queued {
            host.queued = true;
            self.ready.push_back(id);
        }
        if let Some(site) = self.sites.get_mut(&host.site) {
            site.running -= 1;
            self.ready.extend(site.parked.pop_front());
        }
    }
}

/// An instant that does not come.
fn far() -> Instant {
    Instant::now() + Duration::from_secs(365 * 24 * 3600)
}
