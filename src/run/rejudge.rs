//! What was seen is judged again, without asking anybody: by today's rules, from stored facts and features.
//!
//! Verdicts are replaced, facts never. Where a verdict changed, the history of its source goes through the schedule's
//! own machine once more. Offline, nothing becomes dead: that takes a second look, which is then due.
//!
//! Work is done in rounds: each core takes a few sources, and what came of them is written in the order of the sources
//! while the next round goes on. So memory is bounded, the outcome does not depend on the number of cores, and a process
//! that is killed leaves whole sources behind.

mod history;
mod source;

use super::{Context, Intervals, RunError, Running};
use crate::judge::{JUDGE_VERSION, Rules};
use crate::schedule::Policy;
use crate::store::{Rejudged, Store, StoreError};

use source::One;

/// Sources that a core takes at once.
const SOURCES_AT_ONCE: usize = 200;
/// The same where bodies are read, which takes long.
const BODIES_AT_ONCE: usize = 25;
/// It takes no more once they have so many visits.
const VISITS_AT_ONCE: u64 = 4000;
/// The most cores that are used.
const MOST_CORES: usize = 32;

/// What is to be judged again, and how.
#[derive(Debug, Clone)]
pub struct Rejudge<'a> {
    /// The sources, by id; all that were visited, where none are named.
    pub only: Option<Vec<i64>>,
    /// Whether features are drawn from stored bodies first; otherwise only those that an earlier version drew.
    pub from_bodies: bool,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// The rules kept as data.
    pub rules: &'a Rules,
    /// When a source is dead, and when it is visited next.
    pub policy: &'a Policy,
    /// The longest intervals that are not the same for all.
    pub intervals: &'a Intervals,
    /// When it is judged, in milliseconds since the epoch.
    pub now: i64,
}

/// Something to tell while it goes on.
#[derive(Debug)]
pub enum Told<'a> {
    /// So many sources are done, of how many.
    Done(u64, u64),
    /// A source stands otherwise than before.
    Changed(&'a Change),
}

/// How a source stood, and how it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its canonical address.
    pub address: String,
    /// The verdict before.
    pub verdict_before: Option<String>,
    /// The verdict now.
    pub verdict: Option<String>,
    /// The standing before.
    pub standing_before: String,
    /// The standing now.
    pub standing: String,
    /// Whether only the second look is missing to call it dead.
    pub second_look_due: bool,
    /// Where it moved to.
    pub moved_to: Option<String>,
    /// The rule that decided.
    pub rule: Option<String>,
    /// What that saw.
    pub says: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Sources that were judged again.
    pub sources: u64,
    /// Visits that were.
    pub visits: u64,
    /// Bodies from which features were drawn.
    pub bodies: u64,
    /// Visits whose code is another one now.
    pub verdicts_changed: u64,
    /// Sources that stand otherwise than before.
    pub sources_changed: u64,
    /// Visits that could not be judged again, because neither features nor a body are kept.
    pub unjudged: u64,
}

/// Judges again what was seen. Nobody else may write verdicts meanwhile: the caller holds the run lock.
///
/// # Errors
/// When the archive cannot be read or written. What was judged until then is kept.
pub fn rejudge(
    store: &Store,
    plan: &Rejudge<'_>,
    mut told: impl FnMut(Told<'_>),
) -> Result<Summary, RunError> {
    let total = match &plan.only {
        Some(ids) => ids.len() as u64,
        None => store
            .read("count what was seen", |r| r.count_seen())?
            .unsigned_abs(),
    };
    if !plan.dry_run {
        store.write_blocking("forget what copies show", |w| {
            w.forget_import_verdicts(JUDGE_VERSION)
        })?;
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cores = cores.min(MOST_CORES);
    let judge = source::Judge {
        store,
        plan,
        running: None,
        drawn_from: 0,
    };
    let mut summary = Summary::default();
    let mut work = Work::new(plan);
    loop {
        let mut shares = Vec::with_capacity(cores);
        for _ in 0..cores {
            let share = work.next(store, plan.from_bodies)?;
            if share.is_empty() {
                break;
            }
            shares.push(share);
        }
        if shares.is_empty() {
            break;
        }
        let round: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = shares
                .iter()
                .map(|share| scope.spawn(|| judge.sources(share)))
                .collect();
            threads.into_iter().map(|thread| thread.join()).collect()
        });
        for share in round {
            let share = share
                .map_err(|_| RunError::Worker("a source could not be judged again".to_owned()))?;
            for one in take(store, plan, share?)? {
                summary.add(&one);
                if let Some(change) = &one.change {
                    told(Told::Changed(change));
                }
            }
            told(Told::Done(summary.sources, total));
        }
    }
    if !plan.dry_run {
        store.write_blocking("finish writing", |_| Ok(()))?;
    }
    Ok(summary)
}

/// Judges again, before a run is settled, the sources that it found where others ended too.
///
/// That a place is where the redirects of many sources end is known when these were visited. Without this, the first of
/// them would have another verdict than the last, and which is the first is chance. Bodies of versions before this run
/// are not read again for that, or it would take longer with each run.
pub(super) async fn at_end_of_run(context: &Context, run: Running) -> Result<(), RunError> {
    let ids = context
        .store
        .read("find where redirects end", |r| r.ended_together(run.id))?;
    if ids.is_empty() {
        return Ok(());
    }
    let own = context.clone();
    let judging = tokio::task::spawn_blocking(move || {
        let context = own;
        let plan = Rejudge {
            only: None,
            from_bodies: false,
            dry_run: false,
            rules: context.rules(),
            policy: &context.manner.schedule,
            intervals: &context.manner.intervals,
            now: context.clock.now(),
        };
        let judge = source::Judge {
            store: &context.store,
            plan: &plan,
            running: Some(run),
            drawn_from: context
                .store
                .read("read a run", |r| r.first_visit_of(run.id))?,
        };
        for share in ids.chunks(SOURCES_AT_ONCE) {
            let share = judge.sources(share)?;
            take(&context.store, &plan, share)?;
        }
        Ok::<(), RunError>(())
    });
    let judged = judging
        .await
        .map_err(|_| RunError::Worker("a source could not be judged again".to_owned()))?;
    judged?;
    context.store.flush().await?;
    Ok(())
}

/// Writes what came of some sources, and gives it back without that.
fn take(store: &Store, plan: &Rejudge<'_>, mut share: Vec<One>) -> Result<Vec<One>, StoreError> {
    if plan.dry_run {
        return Ok(share);
    }
    let rows: Vec<Rejudged> = share
        .iter_mut()
        .map(|one| std::mem::take(&mut one.rows))
        .filter(|rows| !rows.is_empty())
        .collect();
    if !rows.is_empty() {
        let now = plan.now;
        store.submit_blocking("keep what was judged again", move |w| {
            w.keep_rejudged(&rows, now)
        })?;
    }
    Ok(share)
}

impl Summary {
    fn add(&mut self, one: &One) {
        self.sources += 1;
        self.visits += one.visits;
        self.bodies += one.bodies;
        self.verdicts_changed += one.verdicts_changed;
        self.sources_changed += u64::from(one.change.is_some());
        self.unjudged += one.unjudged;
    }
}

/// The sources that are still to be judged.
struct Work<'a> {
    named: Option<std::slice::Chunks<'a, i64>>,
    after: i64,
}

impl<'a> Work<'a> {
    fn new(plan: &'a Rejudge<'_>) -> Self {
        let named = plan.only.as_ref();
        Self {
            named: named.map(|ids| ids.chunks(at_once(plan.from_bodies))),
            after: 0,
        }
    }

    fn next(&mut self, store: &Store, from_bodies: bool) -> Result<Vec<i64>, StoreError> {
        if let Some(named) = &mut self.named {
            return Ok(named.next().map(<[i64]>::to_vec).unwrap_or_default());
        }
        let after = self.after;
        let ids = store.read("read what was seen", |r| {
            r.seen_sources(after, at_once(from_bodies), VISITS_AT_ONCE)
        })?;
        if let Some(last) = ids.last() {
            self.after = *last;
        }
        Ok(ids)
    }
}

fn at_once(from_bodies: bool) -> usize {
    if from_bodies {
        BODIES_AT_ONCE
    } else {
        SOURCES_AT_ONCE
    }
}
