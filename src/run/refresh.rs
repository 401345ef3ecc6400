//! Reading the inputs that are due: each itself first, one after the other, then what they lead to, side by side.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use futures_util::StreamExt;
use tokio::time::Instant;

use super::gathering::InputOptions;
use super::pass::{Happened, Plan};
use super::reader::Reader;
use super::{Context, RunError, leads};
use crate::store::{InputRow, NewEvent};

/// An input that could not be read is tried again after this long, in milliseconds.
const AGAIN_AFTER_PROBLEM: i64 = 3_600_000;
/// Inputs whose posts are read side by side: each is a site of its own, as a rule, and no host waits for another.
const SITES_AT_ONCE: usize = 16;

/// Whoever wants to hear what happens, shared by all that are read side by side.
pub(super) struct Telling<'a> {
    happened: Mutex<&'a mut (dyn FnMut(Happened) + Send)>,
}

impl Telling<'_> {
    pub(super) fn tell(&self, what: Happened) {
        let mut happened = self.happened.lock().unwrap_or_else(PoisonError::into_inner);
        happened(what);
    }
}

/// How much may be read in this run.
pub(super) struct Allowance {
    deadline: Option<Instant>,
    posts: Option<AtomicU64>,
}

impl Allowance {
    fn new(deadline: Option<Instant>, posts: Option<u64>) -> Self {
        Self {
            deadline,
            posts: posts.map(AtomicU64::new),
        }
    }

    /// Whether the time is over.
    pub(super) fn is_over(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Posts that may still be read, where that is bounded.
    pub(super) fn posts_left(&self) -> Option<u64> {
        let posts = self.posts.as_ref()?;
        Some(posts.load(Ordering::Relaxed))
    }

    /// Takes leave to read one more post.
    pub(super) fn take_post(&self) -> bool {
        let Some(posts) = &self.posts else {
            return true;
        };
        let less = |left: u64| left.checked_sub(1);
        posts
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }
}

/// Reads every input that is due. Says whether one of them could not be read as a whole.
pub(super) async fn due_inputs(
    context: &Context,
    plan: &Plan,
    now: i64,
    deadline: Option<Instant>,
    happened: &mut (dyn FnMut(Happened) + Send),
) -> Result<bool, RunError> {
    let telling = Telling {
        happened: Mutex::new(happened),
    };
    let allowance = &Allowance::new(deadline, plan.limit);
    let mut failed = false;
    let mut seen = HashSet::new();
    let mut leading = Vec::new();
    // A list of feeds makes more inputs, which are due at once.
    loop {
        let inputs = context
            .store
            .read("find due inputs", |r| r.due_inputs(now))?;
        let mut is_new = false;
        for input in inputs {
            if !seen.insert(input.id) {
                continue;
            }
            is_new = true;
            if context.cancelled.is_cancelled() || allowance.is_over() {
                break;
            }
            let mut reader = Reader::new(context, input, &telling, allowance, now);
            reader.read(plan.stdin.as_deref()).await?;
            if context.cancelled.is_cancelled() {
                // It may not have been read to its end: it stays due.
                break;
            }
            context.tally.input();
            failed |= reader.whole.is_some();
            let id = reader.input.id;
            let leads = context
                .store
                .read("see what an input leads to", |r| r.has_leads(id))?;
            if leads && reader.whole.is_none() {
                leading.push(reader);
            } else {
                end_input(reader).await?;
            }
        }
        if !is_new || context.cancelled.is_cancelled() || allowance.is_over() {
            break;
        }
    }
    let mut ended = futures_util::stream::iter(leading)
        .map(async |mut reader: Reader<'_>| {
            leads::follow(&mut reader).await?;
            if context.cancelled.is_cancelled() {
                return Ok::<_, RunError>(false);
            }
            let failed = reader.whole.is_some();
            end_input(reader).await?;
            Ok(failed)
        })
        .buffer_unordered(SITES_AT_ONCE);
    while let Some(result) = ended.next().await {
        failed |= result?;
    }
    Ok(failed)
}

/// Notes when an input is read again.
async fn end_input(reader: Reader<'_>) -> Result<(), RunError> {
    let Reader {
        context,
        input,
        whole,
        unfinished,
        now,
        ..
    } = reader;
    let is_web = matches!(
        input.kind.as_str(),
        "page" | "feed" | "site" | "sitemap" | "pages"
    );
    let next = match (&whole, is_web) {
        _ if input.address == "-" => None,
        // A look at a file's modification time costs nothing, so files are looked at in every run.
        (_, false) => Some(now),
        (Some(_), true) => Some(now + AGAIN_AFTER_PROBLEM),
        // What is left of it is for the next run.
        (None, true) if unfinished => Some(now),
        (None, true) => Some(now + refresh_ms(context, &input)),
    };
    note_how_it_went(context, &input, whole, next, now).await
}

/// After how long an input on the web is read again, in milliseconds.
fn refresh_ms(context: &Context, input: &InputRow) -> i64 {
    let options: InputOptions = serde_json::from_str(&input.options).unwrap_or_default();
    match options.refresh_hours {
        Some(hours) => i64::from(hours) * 3_600_000,
        None => context.manner.input_refresh_ms,
    }
}

async fn note_how_it_went(
    context: &Context,
    input: &InputRow,
    problem: Option<String>,
    next: Option<i64>,
    now: i64,
) -> Result<(), RunError> {
    let (id, is_news) = (input.id, problem.is_some() && input.problem.is_none());
    context
        .store
        .write("note how an input went", move |w| {
            if is_news {
                w.record_event(&NewEvent {
                    at: now,
                    kind: "input-unreadable",
                    input_id: Some(id),
                    detail: serde_json::json!({ "why": problem }).to_string(),
                    ..NewEvent::default()
                })?;
            }
            w.input_refreshed(id, now, next, problem.as_deref())
        })
        .await?;
    Ok(())
}
