//! What a pass has done so far, counted while it goes on, for the progress line and for the closing summary.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use serde::Serialize;

use crate::store::Changed;

/// Counters that the workers raise and a progress line reads.
#[derive(Debug, Default)]
pub struct Tally {
    inputs: AtomicU64,
    posts: AtomicU64,
    citations: AtomicU64,
    left_out: AtomicU64,
    gone: AtomicU64,
    new_sources: AtomicU64,
    new_citations: AtomicU64,
    gone_citations: AtomicU64,
    visits: AtomicU64,
    captures: AtomicU64,
    requisites: AtomicU64,
    renderings: AtomicU64,
    not_rendered: Mutex<NotRendered>,
    kept_by_robots: AtomicU64,
    no_room: AtomicU64,
    copies_later: AtomicU64,
    faults: AtomicU64,
    no_network: AtomicU64,
    waiting: AtomicU64,
    bytes: AtomicU64,
    in_flight: AtomicI64,
    due: AtomicU64,
    politeness_ms: AtomicU64,
    verdicts: Mutex<BTreeMap<&'static str, u64>>,
    by_vantage: AtomicU64,
    vantage_failed: Mutex<(u64, Option<String>)>,
    /// The posts that were counted, for of an excerpt the page is read as well.
    read: Mutex<HashSet<i64>>,
}

/// The counters at one instant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Inputs read.
    pub inputs: u64,
    /// Posts read.
    pub posts: u64,
    /// Citations found.
    pub citations: u64,
    /// Documents that were there before and are not any more.
    pub gone: u64,
    /// Links left out.
    pub left_out: u64,
    /// Sources seen for the first time.
    pub new_sources: u64,
    /// Citations that posts gained since they were read before.
    pub new_citations: u64,
    /// Citations that posts lost since they were read before.
    pub gone_citations: u64,
    /// Visits made.
    pub visits: u64,
    /// Visits by verdict.
    pub verdicts: BTreeMap<&'static str, u64>,
    /// Captures sealed.
    pub captures: u64,
    /// Requisites fetched: what pages need to be shown.
    pub requisites: u64,
    /// Pages rendered by a browser.
    #[serde(skip_serializing_if = "is_zero")]
    pub renderings: u64,
    /// Those that should have been.
    #[serde(skip)]
    pub not_rendered: NotRendered,
    /// Sources that robots.txt kept from being captured.
    pub kept_by_robots: u64,
    /// Sources that were not captured because there is no room.
    pub no_room: u64,
    /// Sources whose copies are left to a later visit, because robots.txt could not be asked for.
    pub copies_later: u64,
    /// Visits that failed by a fault of ours, and are due again.
    pub faults: u64,
    /// Those of them that failed because there is no network.
    pub no_network: u64,
    /// Visits that were not made because a host is to be left alone for a while, and are due again.
    pub waiting: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Second looks by the second vantage.
    #[serde(skip)]
    pub by_vantage: u64,
    /// Second looks that were made without it, because it failed; and how it did the first time.
    #[serde(skip)]
    pub vantage_failed: (u64, Option<String>),
    /// Visits under way.
    #[serde(skip)]
    pub in_flight: u64,
    /// Sources that were due when the visits began.
    #[serde(skip)]
    pub due: u64,
    /// How long the visits take at the least, because the busiest host is asked no faster, in milliseconds.
    #[serde(skip)]
    pub politeness_ms: u64,
}

/// Pages that a browser should have rendered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotRendered {
    /// How many could not be, because there is no browser, and why there is none.
    pub no_browser: (u64, Option<String>),
    /// Those on which it failed: the address, and why; the first few.
    pub failed: Vec<(String, String)>,
    /// How many failed.
    pub failures: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Tally {
    /// An input was read.
    pub fn input(&self) {
        self.inputs.fetch_add(1, Ordering::Relaxed);
    }
    /// The post of this number was read.
    pub fn post(&self, id: i64, citations: u64, left_out: u64) {
        let mut read = self
            .read
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if read.insert(id) {
            self.posts.fetch_add(1, Ordering::Relaxed);
        }
        drop(read);
        self.citations.fetch_add(citations, Ordering::Relaxed);
        self.left_out.fetch_add(left_out, Ordering::Relaxed);
    }
    /// Documents that were there before are not any more.
    pub fn gone(&self, count: u64) {
        self.gone.fetch_add(count, Ordering::Relaxed);
    }
    /// Sources were seen for the first time.
    pub fn new_sources(&self, count: u64) {
        self.new_sources.fetch_add(count, Ordering::Relaxed);
    }
    /// A post was read again, and these of its citations are new or gone.
    pub fn citations_changed(&self, changed: Changed) {
        self.new_citations.fetch_add(changed.new, Ordering::Relaxed);
        self.gone_citations
            .fetch_add(changed.gone, Ordering::Relaxed);
    }
    /// So many sources are due.
    pub fn due(&self, count: u64) {
        self.due.fetch_add(count, Ordering::Relaxed);
    }
    /// The visits take at least this long, because one host is asked no faster.
    pub fn politeness(&self, ms: u64) {
        self.politeness_ms.store(ms, Ordering::Relaxed);
    }
    /// A visit begins.
    pub fn begin_visit(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }
    /// A visit is over, with or without a verdict.
    pub fn end_visit(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
    /// A visit came to a verdict.
    pub fn verdict(&self, code: &'static str, bytes: u64) {
        self.visits.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        *self
            .verdicts
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .entry(code)
            .or_default() += 1;
    }
    /// A capture was sealed.
    pub fn capture(&self) {
        self.captures.fetch_add(1, Ordering::Relaxed);
    }
    /// What a page needs was fetched.
    pub fn requisite(&self, bytes: u64) {
        self.requisites.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
    /// A page was rendered.
    pub fn rendered(&self) {
        self.renderings.fetch_add(1, Ordering::Relaxed);
    }
    /// A page was not rendered, because there is no browser.
    pub fn no_browser(&self, why: &str) {
        let mut not = lock(&self.not_rendered);
        not.no_browser.0 += 1;
        not.no_browser.1.get_or_insert_with(|| why.to_owned());
    }
    /// A page could not be rendered.
    pub fn not_rendered(&self, address: &str, why: &str) {
        /// So many are told.
        const TOLD: usize = 20;
        let mut not = lock(&self.not_rendered);
        not.failures += 1;
        if not.failed.len() < TOLD {
            not.failed.push((address.to_owned(), why.to_owned()));
        }
    }
    /// robots.txt kept a source from being captured.
    pub fn kept_by_robots(&self) {
        self.kept_by_robots.fetch_add(1, Ordering::Relaxed);
    }
    /// A source was not captured because there is no room.
    pub fn no_room(&self) {
        self.no_room.fetch_add(1, Ordering::Relaxed);
    }
    /// A copy is left to a later visit.
    pub fn copy_later(&self) {
        self.copies_later.fetch_add(1, Ordering::Relaxed);
    }
    /// A visit failed by a fault of ours.
    pub fn fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }
    /// There was no network for a visit.
    pub fn no_network(&self) {
        self.no_network.fetch_add(1, Ordering::Relaxed);
    }
    /// A visit was not made because a host is to be left alone.
    pub fn wait(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }
    /// A second look was made by the second vantage, or could not be, for this reason.
    pub fn vantage(&self, why_not: Option<String>) {
        let Some(why) = why_not else {
            self.by_vantage.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let mut failed = self
            .vantage_failed
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        failed.0 += 1;
        failed.1.get_or_insert(why);
    }

    /// The counters now.
    pub fn counted(&self) -> Counted {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counted {
            inputs: get(&self.inputs),
            posts: get(&self.posts),
            citations: get(&self.citations),
            gone: get(&self.gone),
            left_out: get(&self.left_out),
            new_sources: get(&self.new_sources),
            new_citations: get(&self.new_citations),
            gone_citations: get(&self.gone_citations),
            visits: get(&self.visits),
            verdicts: self
                .verdicts
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .clone(),
            captures: get(&self.captures),
            requisites: get(&self.requisites),
            renderings: get(&self.renderings),
            not_rendered: lock(&self.not_rendered).clone(),
            kept_by_robots: get(&self.kept_by_robots),
            no_room: get(&self.no_room),
            copies_later: get(&self.copies_later),
            faults: get(&self.faults),
            no_network: get(&self.no_network),
            waiting: get(&self.waiting),
            bytes: get(&self.bytes),
            by_vantage: get(&self.by_vantage),
            vantage_failed: self
                .vantage_failed
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .clone(),
            in_flight: u64::try_from(self.in_flight.load(Ordering::Relaxed)).unwrap_or(0),
            due: get(&self.due),
            politeness_ms: get(&self.politeness_ms),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
