//! Payloads are packed anew, off the way that fetches: harder, with dictionaries of what the archive holds, and as
//! differences between versions.
//!
//! **Which version stays whole.** The first does, and later ones are differences from it, until they have grown so much
//! that another whole one pays; then that is the base. So nothing that was written is written again when a version comes,
//! each version is one step from a whole one, and the first and the baseline, which are never pruned, are the ones that
//! others rest on.
//!
//! Payloads are gone through in the order in which they came. Worker threads only read and compute; what comes of a
//! few megabytes is written in short transactions, and with them how far the work has come. Killed at any instant, it
//! goes on from there. A payload is replaced only after it was unpacked again and found to be the same; one that does not
//! match its digest is told and left as it is.

mod pack;
mod rebase;
mod texts;
mod train;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Context, RunError};
use crate::store::{DeltaSums, Repacked, Store, StoreError, ToPack, Way, sha256};

use pack::{Base, Dictionaries};
pub(super) use rebase::Repacking;
pub use texts::TextsWay;

/// Bytes of payloads that a core takes in a round.
const OF_A_CORE: usize = 4 << 20;
/// The most cores that are used.
const MOST_CORES: usize = 32;
/// The largest payload that is packed anew.
const LARGEST: usize = 64 << 20;
/// The largest payload that others are differences from: it has to be read to read one of them.
const LARGEST_BASE: usize = 32 << 20;
/// Bytes that are written in one transaction.
const WRITTEN_AT_ONCE: usize = 2 << 20;
/// Bases that are tried for a payload.
const BASES: usize = 2;
/// Dictionaries are made once there are so many payloads, and again whenever there are four times as many.
const FIRST_TRAINED_AT: i64 = 32;
const TRAINED_AGAIN: i64 = 4;
/// They are not made where there is less time.
const TIME_TO_TRAIN: Duration = Duration::from_secs(5);
/// Pages that are given back in one transaction.
const GIVEN_BACK_AT_ONCE: u32 = 500;
/// Problems that are told in words.
const TOLD: usize = 100;

/// How it is to be done.
#[derive(Debug, Clone, Copy, Default)]
pub struct Compact {
    /// What time it is, in milliseconds since the epoch.
    pub now: i64,
    /// When it is to end; none to go on until all is done.
    pub until: Option<Instant>,
    /// Cores that compute, at most; all of them for 0.
    pub cores: usize,
    /// Whether everything is tried again and new dictionaries are made, whatever was done before.
    pub anew: bool,
    /// What becomes of what visits say at length.
    pub texts: TextsWay,
}

/// Something to tell while it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Dictionaries are made.
    Training,
    /// Payloads up to this number were tried, of so many.
    Tried(i64, i64),
    /// What so many visits and requisites say was packed, or made text again.
    Texts(u64),
    /// So many pages are still to be given back.
    GivingBack(i64),
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Payloads that were tried.
    pub tried: u64,
    /// Those that are held in another way now.
    pub packed: u64,
    /// Those of them that are held with a dictionary.
    pub with_dictionary: u64,
    /// Those of them that are differences.
    pub differences: u64,
    /// Bytes that those took before.
    pub before: u64,
    /// Bytes that they take now.
    pub after: u64,
    /// Dictionaries that were made.
    pub dictionaries: u64,
    /// Bytes of these.
    pub dictionary_bytes: u64,
    /// Visits and requisites of which what they say was packed, or made text again.
    pub texts: u64,
    /// Bytes of the file before.
    pub file_before: u64,
    /// Bytes of the file now.
    pub file_after: u64,
    /// Payloads that cannot be read, in words; the first of them.
    pub problems: Vec<String>,
    /// How many there are.
    pub found: u64,
    /// Whether it ended before everything was done.
    pub unfinished: bool,
}

impl Summary {
    fn problem(&mut self, words: String) {
        self.found += 1;
        if self.problems.len() < TOLD {
            self.problems.push(words);
        }
    }
}

/// When to stop.
pub(super) struct Stop<'a> {
    until: Option<Instant>,
    asked: &'a (dyn Fn() -> bool + Sync),
}

impl<'a> Stop<'a> {
    pub(super) fn new(until: Option<Instant>, asked: &'a (dyn Fn() -> bool + Sync)) -> Self {
        Self { until, asked }
    }

    pub(super) fn now(&self) -> bool {
        (self.asked)() || self.until.is_some_and(|until| Instant::now() >= until)
    }

    fn has_time_to_train(&self) -> bool {
        self.until
            .is_none_or(|until| Instant::now() + TIME_TO_TRAIN < until)
    }
}

/// Packs anew what is not as small as it gets, and gives the room back. Nobody else may remove payloads meanwhile: the
/// caller holds the run lock. `stopped` is asked now and then whether to end early.
///
/// # Errors
/// When the archive cannot be read or written. What was done until then is kept. A payload that cannot be unpacked is no
/// error here: it is told in the summary, and left as it is.
pub fn compact(
    store: &Store,
    plan: &Compact,
    stopped: &(dyn Fn() -> bool + Sync),
    mut told: impl FnMut(Told),
) -> Result<Summary, RunError> {
    let stop = Stop::new(plan.until, stopped);
    let mut summary = Summary {
        file_before: store.read("measure the archive", |r| r.size())?,
        ..Summary::default()
    };
    make_dictionaries(store, plan, &stop, &mut summary, &mut told)?;
    let rows = store.read("read the dictionaries", |r| r.dictionaries())?;
    let newest: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let work = Work {
        store,
        dictionaries: Dictionaries::new(&rows),
        stop: &stop,
    };
    drop(rows);
    let cores = cores(plan.cores);
    let packing = store.read("read what is packed", |r| r.packing())?;
    let mut after = packing.tried_to;
    while !stop.now() {
        let piece = store.read("read what is to be packed", |r| {
            r.to_pack(after, OF_A_CORE * cores, LARGEST, &newest)
        })?;
        let Some(to) = piece.to else { break };
        let done = work.round(&piece.blobs, cores)?;
        let reached = done.reached.unwrap_or(to);
        keep(store, done, &mut summary)?;
        store.write_blocking("note what was tried", move |w| w.tried_to(reached))?;
        after = reached;
        told(Told::Tried(reached, packing.newest_blob));
        if reached < to {
            break;
        }
    }
    summary.unfinished = store
        .read("read what is packed", |r| r.packing())
        .map(|packing| packing.tried_to < packing.newest_blob)?;
    texts::texts(store, plan.texts, cores, &stop, &mut summary, &mut told)?;
    store.write_blocking("remove what is not needed", |w| {
        w.drop_unused_dictionaries()
    })?;
    give_back(store, &stop, &mut told)?;
    summary.file_after = store.read("measure the archive", |r| r.size())?;
    Ok(summary)
}

/// Packs a little at the end of a pass that took so long: for a twentieth of that time and half a minute at most, on half of the
/// cores. Most of the gain comes by and by; nobody is to wait for it.
pub(super) async fn when_idle(
    context: &Context,
    took: Duration,
    deadline: Option<tokio::time::Instant>,
) {
    const MOST: Duration = Duration::from_secs(30);
    const LEAST: Duration = Duration::from_secs(1);
    let mut time = (took / 20).min(MOST);
    if let Some(deadline) = deadline {
        time = time.min(deadline.saturating_duration_since(tokio::time::Instant::now()));
    }
    if time < LEAST || context.cancelled.is_cancelled() {
        return;
    }
    let plan = Compact {
        now: context.clock.now(),
        until: Some(Instant::now() + time),
        cores: (cores(0) / 2).max(1),
        anew: false,
        texts: TextsWay::Stay,
    };
    let (store, cancelled) = (Arc::clone(&context.store), context.cancelled.clone());
    let packing = tokio::task::spawn_blocking(move || {
        compact(&store, &plan, &|| cancelled.is_cancelled(), |_| {})
    });
    // The pass is done, whatever becomes of this: what is not packed takes more room, and `compact` says what is wrong.
    let _ = packing.await;
}

/// Gives free pages back to the system, in short transactions.
pub(super) fn give_back(
    store: &Store,
    stop: &Stop<'_>,
    told: &mut impl FnMut(Told),
) -> Result<(), RunError> {
    let mut left = store.read("measure the archive", |r| r.pages())?.free;
    while left > 0 && !stop.now() {
        told(Told::GivingBack(left));
        let now = store.write_blocking("give room back", |w| w.give_back(GIVEN_BACK_AT_ONCE))?;
        // A file that an earlier program made may not be able to.
        if now >= left {
            break;
        }
        left = now;
    }
    Ok(())
}

pub(super) fn cores(most: usize) -> usize {
    let there = std::thread::available_parallelism().map_or(1, usize::from);
    let most = if most == 0 { MOST_CORES } else { most };
    there.min(most).max(1)
}

/// Makes dictionaries where it is time for that.
fn make_dictionaries(
    store: &Store,
    plan: &Compact,
    stop: &Stop<'_>,
    summary: &mut Summary,
    told: &mut impl FnMut(Told),
) -> Result<(), RunError> {
    let packing = store.read("read what is packed", |r| r.packing())?;
    let newest = packing.newest_blob;
    let is_due = newest >= FIRST_TRAINED_AT.max(packing.trained_at_blob * TRAINED_AGAIN);
    if !(is_due || plan.anew) || newest == 0 || !stop.has_time_to_train() {
        return Ok(());
    }
    told(Told::Training);
    let known = store.read("read the dictionaries", |r| r.dictionaries())?;
    let Some(made) = train::train(store, newest, &known, stop)? else {
        return Ok(());
    };
    summary.dictionaries = made.len() as u64;
    summary.dictionary_bytes = made.iter().map(|made| made.data.len() as u64).sum();
    let (now, anew) = (plan.now, plan.anew);
    store.write_blocking("keep dictionaries", move |w| {
        w.keep_dictionaries(&made, newest, now, anew)
    })?;
    Ok(())
}

/// What the workers work with.
struct Work<'a> {
    store: &'a Store,
    dictionaries: Dictionaries,
    stop: &'a Stop<'a>,
}

/// What came of a round.
#[derive(Default)]
struct Done {
    tried: u64,
    packed: Vec<(Repacked, usize)>,
    problems: Vec<String>,
    /// Up to where everything was tried, if not to the end.
    reached: Option<i64>,
}

impl Work<'_> {
    /// Packs some payloads on all cores. Versions of one thing go to one core, in their order.
    fn round(&self, blobs: &[ToPack], cores: usize) -> Result<Done, RunError> {
        let families = families(blobs);
        let (next, all) = (AtomicUsize::new(0), Mutex::new(Done::default()));
        let failed: Mutex<Option<StoreError>> = Mutex::new(None);
        let worker = || {
            while let Some(family) = families.get(next.fetch_add(1, Ordering::Relaxed)) {
                match self.family(family) {
                    Ok(done) => {
                        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                        all.add(done);
                    }
                    Err(error) => {
                        *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                        return;
                    }
                }
            }
        };
        let joined = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
            threads.into_iter().all(|thread| thread.join().is_ok())
        });
        if !joined {
            return Err(RunError::Worker("a payload could not be packed".to_owned()));
        }
        if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error.into());
        }
        let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        all.packed.sort_by_key(|(repacked, _)| repacked.id);
        all.problems.sort();
        Ok(all)
    }

    /// Packs versions of one thing, the earliest first.
    fn family(&self, blobs: &[&ToPack]) -> Result<Done, StoreError> {
        let mut done = Done::default();
        let mut versions = Versions::new(self.store, blobs.len() > 1);
        for blob in blobs {
            if self.stop.now() {
                done.reached = Some(blob.id - 1);
                break;
            }
            done.tried += 1;
            let payload = match self.payload(blob)? {
                Ok(payload) => Arc::new(payload),
                Err(problem) => {
                    done.problems.push(problem);
                    continue;
                }
            };
            let bases = versions.bases(blob)?;
            let bases: Vec<_> = bases
                .iter()
                .map(|(id, payload, sums)| Base {
                    id: *id,
                    payload,
                    sums: *sums,
                })
                .collect();
            let packed = pack::pack(blob, &payload, &self.dictionaries, &bases);
            let way = packed.as_ref().map_or(blob.way, |(way, _)| *way);
            let took = packed.as_ref().map_or(0, |(_, data)| data.len());
            versions.note(blob.id, way, took, payload);
            if let Some((way, data)) = packed {
                let repacked = Repacked {
                    id: blob.id,
                    was: blob.way,
                    way,
                    data,
                };
                done.packed.push((repacked, blob.stored));
            }
        }
        Ok(done)
    }

    /// A payload that is what its digest says, or what is wrong with it.
    fn payload(&self, blob: &ToPack) -> Result<Result<Vec<u8>, String>, StoreError> {
        match self.store.read("read a payload", |r| r.blob(blob.id)) {
            Ok(Some(payload)) if sha256(&payload) == blob.sha256 => Ok(Ok(payload)),
            Ok(_) => {
                let sha = crate::store::hex(&blob.sha256);
                let problem = format!("blob {} ({sha}): does not match its digest", blob.id);
                Ok(Err(problem))
            }
            Err(StoreError::Damaged { why, .. }) => Ok(Err(why)),
            Err(error) => Err(error),
        }
    }
}

impl Done {
    fn add(&mut self, other: Self) {
        self.tried += other.tried;
        self.packed.extend(other.packed);
        self.problems.extend(other.problems);
        self.reached = match (self.reached, other.reached) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// Payloads of one source or address together, in their order.
fn families(blobs: &[ToPack]) -> Vec<Vec<&ToPack>> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut families: Vec<Vec<&ToPack>> = Vec::new();
    for blob in blobs {
        let Some(family) = blob.family.as_deref() else {
            families.push(vec![blob]);
            continue;
        };
        let place = *places.entry(family).or_insert_with(|| {
            families.push(Vec::new());
            families.len() - 1
        });
        families[place].push(blob);
    }
    families
}

/// A base, its payload, and the differences from it.
type Found = (i64, Arc<Vec<u8>>, DeltaSums);

/// The versions of one thing, as they are held and as they are to be held.
struct Versions<'a> {
    store: &'a Store,
    /// Whether more than one is packed in this round.
    several: bool,
    /// What became of those of this round: the blob that leads to it, which is itself where it is whole.
    roots: HashMap<i64, i64>,
    payloads: HashMap<i64, Arc<Vec<u8>>>,
    sums: HashMap<i64, DeltaSums>,
}

impl<'a> Versions<'a> {
    fn new(store: &'a Store, several: bool) -> Self {
        Self {
            store,
            several,
            roots: HashMap::new(),
            payloads: HashMap::new(),
            sums: HashMap::new(),
        }
    }

    /// What a payload may be a difference from.
    fn bases(&mut self, blob: &ToPack) -> Result<Vec<Found>, StoreError> {
        let mut bases: Vec<Found> = Vec::new();
        if blob.is_base {
            return Ok(bases);
        }
        for earlier in &blob.earlier {
            let root = match self.roots.get(earlier) {
                Some(root) => Some(*root),
                None => self
                    .store
                    .read("look for a base", |r| r.base_of(*earlier))?
                    .map(|(root, _)| root),
            };
            let Some(root) =
                root.filter(|root| *root != blob.id && bases.iter().all(|(id, ..)| id != root))
            else {
                continue;
            };
            let Some(payload) = self.payload(root)? else {
                continue;
            };
            let sums = match self.sums.get(&root) {
                Some(sums) => *sums,
                None => self
                    .store
                    .read("look at differences", |r| r.deltas_on(root))?,
            };
            self.sums.insert(root, sums);
            bases.push((root, payload, sums));
            if bases.len() == BASES {
                break;
            }
        }
        Ok(bases)
    }

    /// The payload of a base; none where it is too large or cannot be read: then nothing is a difference from it.
    fn payload(&mut self, id: i64) -> Result<Option<Arc<Vec<u8>>>, StoreError> {
        if let Some(payload) = self.payloads.get(&id) {
            return Ok(Some(Arc::clone(payload)));
        }
        let read = self.store.read("read a payload", |r| r.base_payload(id));
        let payload = match read {
            Ok(payload) => payload.filter(|payload| payload.len() <= LARGEST_BASE),
            Err(StoreError::Damaged { .. }) => None,
            Err(error) => return Err(error),
        };
        let Some(payload) = payload else {
            return Ok(None);
        };
        let payload = Arc::new(payload);
        if self.several {
            self.payloads.insert(id, Arc::clone(&payload));
        }
        Ok(Some(payload))
    }

    /// Notes what became of a payload; `took` is what it takes as a difference.
    fn note(&mut self, id: i64, way: Way, took: usize, payload: Arc<Vec<u8>>) {
        if !self.several {
            return;
        }
        if let Way::Difference(base) = way {
            self.roots.insert(id, base);
            let sums = self.sums.entry(base).or_default();
            let took = took as u64;
            sums.smallest = match sums.count {
                0 => took,
                _ => sums.smallest.min(took),
            };
            sums.count += 1;
            sums.stored += took;
        } else {
            self.roots.insert(id, id);
            if payload.len() <= LARGEST_BASE {
                self.payloads.insert(id, payload);
            }
        }
    }
}

/// Writes what came of a round.
fn keep(store: &Store, done: Done, summary: &mut Summary) -> Result<(), RunError> {
    summary.tried += done.tried;
    for problem in done.problems {
        summary.problem(problem);
    }
    let mut batch = Vec::new();
    let mut bytes = 0;
    let mut rest = done.packed.into_iter().peekable();
    while let Some((repacked, before)) = rest.next() {
        bytes += repacked.data.len();
        summary.packed += 1;
        summary.before += before as u64;
        summary.after += repacked.data.len() as u64;
        match repacked.way {
            Way::Dictionary(_) => summary.with_dictionary += 1,
            Way::Difference(_) => summary.differences += 1,
            Way::Plain | Way::Zstd => {}
        }
        batch.push(repacked);
        if bytes >= WRITTEN_AT_ONCE || rest.peek().is_none() {
            let now = std::mem::take(&mut batch);
            bytes = 0;
            store.write_blocking("keep what was packed", move |w| w.repack(&now))?;
        }
    }
    Ok(())
}
