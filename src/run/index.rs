//! The index of words is filled: with what a new copy says, by the transaction that seals it; with all else, a little later.
//!
//! Of each source, the newest copy is in the index whole, and each earlier one with the passages that its successor does not
//! say any more. So what vanished can be found, and a page that changes a little every day costs a little every day. Passages
//! are not stored: they are what comes of comparing the two copies again (see [`crate::search::vanished`]).
//!
//! What the index does not have yet stands in the archive, by source, from the moment on in which it came; whoever is killed
//! leaves it to the next.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use url::Url;

use super::compact::{Stop, cores};
use super::reading::{is_pdf, text_of};
use super::{Context, RunError};
use crate::judge::Text;
use crate::search::{Said, indexed, vanished};
use crate::store::{CopyWords, NewCapture, NewWords, SearchCopy, SearchDue, Store, StoreError};

/// Sources that are taken from the archive at once.
const SOURCES_AT_ONCE: usize = 4096;
/// Bytes of words that are written in one transaction, about.
const WRITTEN_AT_ONCE: usize = 4 << 20;
/// Bytes that are indexed of what is said of a source.
const MOST_SAID: usize = 16 * 1024;
/// Pages of the index that are merged in one transaction.
const MERGED_AT_ONCE: i64 = 500;

/// How it is to be done.
#[derive(Debug, Clone, Copy, Default)]
pub struct Index {
    /// When it is to end; none to go on until all is done.
    pub until: Option<Instant>,
    /// Whether the index is emptied first, and all is put into it again.
    pub anew: bool,
    /// Whether its parts are merged at the end, which makes it smaller.
    pub merge: bool,
}

/// Something to tell while it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// So many sources are done, of so many.
    Done(u64, u64),
    /// Parts of the index are merged.
    Merging,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Sources that were indexed.
    pub sources: u64,
    /// Their copies that were.
    pub copies: u64,
    /// Copies whose body cannot be read; of these, the index has the title only.
    pub unreadable: u64,
    /// Sources that are left.
    pub left: u64,
}

/// Puts into the index what is due. `stopped` is asked now and then whether to end early.
///
/// # Errors
/// When the archive cannot be read or written. What was done until then is kept.
pub fn index(
    store: &Store,
    plan: &Index,
    stopped: &(dyn Fn() -> bool + Sync),
    mut told: impl FnMut(Told),
) -> Result<Summary, RunError> {
    let stop = Stop::new(plan.until, stopped);
    if plan.anew {
        store.write_blocking("empty the index", |w| w.index_anew())?;
    }
    let of = store.read("count what is to be indexed", |r| r.search_due_count())?;
    let mut summary = Summary::default();
    let mut after = 0;
    while !stop.now() {
        let due = store.read("read what is to be indexed", |r| {
            r.search_due(after, SOURCES_AT_ONCE)
        })?;
        if due.is_empty() {
            break;
        }
        let done = round(store, &due, &stop)?;
        let Some(last) = done.iter().map(|done| done.due.source_id).max() else {
            break;
        };
        after = last;
        for done in &done {
            summary.sources += 1;
            summary.copies += done.copies.len() as u64;
            summary.unreadable += done.unreadable;
        }
        store.write_blocking("write the index", move |w| {
            for done in done {
                w.index_copies(done.copies);
                if let Some((address, said)) = done.said {
                    w.index_said(done.due.source_id, address, said);
                }
                w.indexed(&done.due)?;
            }
            Ok(())
        })?;
        told(Told::Done(summary.sources, of));
    }
    summary.left = store.read("count what is to be indexed", |r| r.search_due_count())?;
    if plan.merge && summary.left == 0 {
        told(Told::Merging);
        let mut is_first = true;
        while !stop.now()
            && store.write_blocking("merge the index", move |w| {
                w.merge_index(MERGED_AT_ONCE, is_first)
            })?
        {
            is_first = false;
        }
    }
    Ok(summary)
}

/// Indexes a little at the end of a pass that took so long: for a tenth of that time, but at least for two seconds.
pub(super) async fn when_idle(context: &Context, took: Duration) {
    const LEAST: Duration = Duration::from_secs(2);
    const MOST: Duration = Duration::from_secs(30);
    let plan = Index {
        until: Some(Instant::now() + (took / 10).clamp(LEAST, MOST)),
        ..Index::default()
    };
    let (store, cancelled) = (Arc::clone(&context.store), context.cancelled.clone());
    let indexing = tokio::task::spawn_blocking(move || {
        index(&store, &plan, &|| cancelled.is_cancelled(), |_| {})
    });
    // The pass is done, whatever becomes of this: what is not in the index is noted as such, and `search` says so.
    let _ = indexing.await;
}

/// What of a source goes into the index.
struct Done {
    due: SearchDue,
    copies: Vec<CopyWords>,
    /// Its address, and what is said of it.
    said: Option<(String, String)>,
    unreadable: u64,
}

/// Takes some of these sources, in their order, until there is enough to write; on all cores.
fn round(store: &Store, due: &[SearchDue], stop: &Stop<'_>) -> Result<Vec<Done>, StoreError> {
    let (next, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let all = Mutex::new(Vec::new());
    let failed = Mutex::new(None);
    let work = || {
        while bytes.load(Ordering::Relaxed) < WRITTEN_AT_ONCE && !stop.now() {
            let Some(due) = due.get(next.fetch_add(1, Ordering::Relaxed)) else {
                break;
            };
            match of_source(store, *due) {
                Ok(done) => {
                    let size = |copy: &CopyWords| copy.text.len() + copy.gone.len();
                    let said = done.said.as_ref().map_or(0, |(_, said)| said.len());
                    let size = said + done.copies.iter().map(size).sum::<usize>();
                    bytes.fetch_add(size, Ordering::Relaxed);
                    all.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(done);
                }
                Err(error) => {
                    *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    break;
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..cores(0).min(due.len()) {
            scope.spawn(work);
        }
        work();
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

fn of_source(store: &Store, due: SearchDue) -> Result<Done, StoreError> {
    let mut done = Done {
        due,
        copies: Vec::new(),
        said: None,
        unreadable: 0,
    };
    let read = store.read("read what is to be indexed", |r| {
        let Some(source) = r.search_source(due.source_id, due.copies > 0)? else {
            return Ok(None);
        };
        let said = if due.is_cited {
            Some(r.said_of(due.source_id)?)
        } else {
            None
        };
        Ok(Some((source, said)))
    })?;
    let Some((source, said)) = read else {
        return Ok(done);
    };
    if let Some(said) = said {
        let mut words = String::new();
        for said in said {
            if words.len() < MOST_SAID {
                words.push_str(&indexed(&said.text));
                words.push(' ');
            }
        }
        done.said = Some((address_words(&source.address, None), words));
    }
    if due.copies == 0 {
        return Ok(done);
    }
    let unreadable = AtomicU64::new(0);
    let text = |copy: &SearchCopy| {
        // What is damaged is for `verify` to name; the rest is indexed all the same.
        text_of_copy(store, copy).unwrap_or_else(|_| {
            unreadable.fetch_add(1, Ordering::Relaxed);
            None
        })
    };
    let mut next: Option<(&SearchCopy, Arc<Option<Text>>)> = None;
    for copy in source.copies.iter().rev() {
        let words = match &next {
            None => {
                let text = Arc::new(text(copy));
                let words = newest(&source.address, copy, text.as_ref().as_ref());
                next = Some((copy, text));
                words
            }
            Some((after, said)) => {
                let mine = if after.text_id == copy.text_id {
                    Arc::clone(said)
                } else {
                    Arc::new(text(copy))
                };
                let passages =
                    passages(copy, mine.as_ref().as_ref(), after, said.as_ref().as_ref());
                let words = earlier(&source.address, copy, &passages);
                next = Some((copy, mine));
                words
            }
        };
        done.copies.push(words);
    }
    done.unreadable = unreadable.into_inner();
    Ok(done)
}

/// The text of a copy, read from its body; none where it has none.
pub(super) fn text_of_copy(store: &Store, copy: &SearchCopy) -> Result<Option<Text>, StoreError> {
    let body = store.read("read a copy", |r| r.capture_text(copy.id))?;
    let url = Url::parse(&copy.url).ok();
    Ok(body
        .zip(url)
        .and_then(|(body, url)| text_of(&body, copy.media_type.as_deref(), &url)))
}

/// What a copy says that the one after it does not say any more: its title, and passages of its main text.
pub fn passages(
    copy: &SearchCopy,
    text: Option<&Text>,
    after: &SearchCopy,
    now: Option<&Text>,
) -> Vec<String> {
    let mut all = Vec::new();
    let same_body = copy.text_id == after.text_id;
    // Where nothing can be read any more, nothing can be said of it either: all of it is gone.
    let said = || {
        let (title, now) = (after.title.as_deref(), now.map(|text| text.whole.as_str()));
        Said::new(title.into_iter().chain(now))
    };
    let said = if same_body { return all } else { said() };
    if let Some(title) = &copy.title
        && !said.says(title)
    {
        all.push(title.clone());
    }
    if let Some(text) = text {
        let gone = vanished(&text.main, &said).into_iter();
        all.extend(gone.map(|range| text.main[range].trim().to_owned()));
    }
    all
}

fn newest(address: &str, copy: &SearchCopy, text: Option<&Text>) -> CopyWords {
    CopyWords {
        capture_id: copy.id,
        text: text.map(|text| indexed(&text.main)).unwrap_or_default(),
        gone: String::new(),
        title: copy.title.as_deref().map(indexed).unwrap_or_default(),
        address: address_words(address, Some(&copy.url)),
    }
}

fn earlier(address: &str, copy: &SearchCopy, passages: &[String]) -> CopyWords {
    CopyWords {
        capture_id: copy.id,
        gone: indexed(&passages.join("\n")),
        // Where nothing is gone, there is nothing to find.
        address: if passages.is_empty() {
            String::new()
        } else {
            address_words(address, None)
        },
        ..CopyWords::default()
    }
}

/// The words of an address, and of the one that a copy came from where that is another. Nobody looks for `https`.
fn address_words(address: &str, url: Option<&str>) -> String {
    let bare = |address: &str| {
        let behind = address
            .split_once("://")
            .map_or(address, |(_, behind)| behind);
        indexed(behind)
    };
    let mut words = bare(address);
    if let Some(url) = url.map(bare).filter(|url| *url != words) {
        words.push(' ');
        words.push_str(&url);
    }
    words
}

/// What a visit drew from the page that it brought.
#[derive(Debug, Clone)]
pub(super) enum Drawn {
    /// Its text; none where it has none.
    Text(Option<Arc<Text>>),
    /// Nothing was drawn.
    Nothing,
}

/// The words of a capture that a visit is about to seal, and what the one before it said that it does not say any more.
/// None where that is to be found out later.
pub(super) async fn of_sealed(
    context: &Context,
    capture: &NewCapture,
    drawn: Drawn,
) -> Result<Option<NewWords>, RunError> {
    /// Texts of so many bytes are compared within a few milliseconds.
    const AT_ONCE: usize = 128 * 1024;
    let Drawn::Text(text) = drawn else {
        return Ok(None);
    };
    let source_id = capture.source_id;
    let (before, body) = context.store.read("read a copy", |r| {
        let before = r.newest_copy(source_id)?;
        let body = match &before {
            Some(before) => r.capture_text(before.id)?,
            None => None,
        };
        Ok((before, body))
    })?;
    if before.as_ref().is_some_and(|before| before.at > capture.at) {
        return Ok(None);
    }
    let copy = SearchCopy {
        id: 0,
        at: capture.at,
        kind: capture.kind.to_owned(),
        url: capture.url.clone(),
        media_type: capture.media_type.clone(),
        title: capture.title.clone(),
        text_id: 0,
    };
    let address = capture.address.clone();
    let size = body.as_ref().map_or(0, Vec::len) + text.as_ref().map_or(0, |it| it.whole.len());
    let is_short = size <= AT_ONCE && !body.as_deref().is_some_and(is_pdf);
    let make = move || {
        let text = text.as_deref();
        let before = before.zip(body).map(|(before, body)| {
            let url = Url::parse(&before.url).ok();
            let said = url.and_then(|url| text_of(&body, before.media_type.as_deref(), &url));
            let passages = passages(&before, said.as_ref(), &copy, text);
            earlier(&address, &before, &passages)
        });
        NewWords {
            newest: newest(&address, &copy, text),
            before,
        }
    };
    if is_short {
        return Ok(Some(make()));
    }
    match tokio::task::spawn_blocking(make).await {
        Ok(words) => Ok(Some(words)),
        // A defect ends the visit as it does where it shows at once.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
