//! Where the passages quoted from a source stand in what it says, and which parts of it are there that citations point to.
//!
//! A visit that brings a page looks for all of them; one that finds the page as it was inherits what was found. Passages
//! that were tied to a source after its last visit are looked for in the copies we hold.

use std::cmp::Reverse;
use std::sync::Arc;

use super::drift::text_of_capture;
use super::reading::Read;
use super::{Context, RunError};
use crate::charset;
use crate::fetch::Body;
use crate::judge::fragment::{Ids, Pointed};
use crate::judge::quotes::{Found, Place, State, Texts};
use crate::judge::{Kind, Text, fragment};
use crate::store::{
    LookedIn, NewFragment, NewQuoteResult, QuoteFound, SeenCapture, Store, StoreError, TiedQuote,
    Untold, UntoldStep,
};

/// The version of the code that looks. It rises with each change that can change what is found.
const VERSION: u32 = 1;
/// Parts of one page that are looked for.
const MOST_FRAGMENTS: usize = 200;
/// Copies of one source that are looked in for a passage that was tied to it later.
const MOST_COPIES: usize = 8;
/// Sources whose copies are looked in in one run.
const MOST_SOURCES: usize = 5000;

/// What was found in a text.
#[derive(Default)]
pub(super) struct Looked {
    /// Where quotes stand, where that is other than before.
    pub(super) results: Vec<NewQuoteResult>,
    /// The quotes as they stand with that.
    pub(super) stand: Vec<Stand>,
    /// Which cited parts of the page are there.
    pub(super) fragments: Vec<NewFragment>,
}

/// A quote as it stands now.
pub(super) struct Stand {
    pub(super) quote_id: i64,
    /// Why it is lost, if it is: `altered`, `missing`.
    pub(super) lost: Option<&'static str>,
    /// What was told of it.
    pub(super) told: Option<String>,
}

/// What a page says.
pub(super) struct Page {
    pub(super) text: Arc<Text>,
    /// Whether the text is all of it.
    is_whole: bool,
    /// The body that it was read from.
    body: Option<Body>,
}

impl Page {
    /// None where it says nothing.
    pub(super) fn new(read: Read, body: Option<Body>) -> Option<Self> {
        Some(Self {
            text: Arc::new(read.text?),
            is_whole: read.is_whole,
            body: body.filter(|_| read.features.kind == Kind::Html),
        })
    }
}

/// Looks for the passages quoted from a source in what it says.
pub(super) async fn look(
    context: &Context,
    source_id: i64,
    page: &Page,
) -> Result<Looked, RunError> {
    /// So many bytes are looked through at once, each quote counted.
    const AT_ONCE: usize = 1 << 20;
    let (quotes, cited) = context.store.read("read what is quoted", |r| {
        let quotes = r.tied_quotes(source_id)?;
        Ok((quotes, r.cited_fragments(source_id, MOST_FRAGMENTS)?))
    })?;
    if quotes.is_empty() && cited.is_empty() {
        return Ok(Looked::default());
    }
    let (text, is_whole) = (Arc::clone(&page.text), page.is_whole);
    let body = page.body.clone();
    let is_short = text.whole.len().saturating_mul(quotes.len()) <= AT_ONCE;
    let find = move || {
        let (results, stand) = find_all(quotes, &text, is_whole);
        let fragments = match body {
            Some(body) if is_whole && !cited.is_empty() => find_parts(&cited, &body),
            _ => Vec::new(),
        };
        Looked {
            results,
            stand,
            fragments,
        }
    };
    if is_short {
        return Ok(find());
    }
    match tokio::task::spawn_blocking(find).await {
        Ok(looked) => Ok(looked),
        // A defect ends the visit as it does where it shows at once.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Which parts are there that citations point to, as far as that can be told.
fn find_parts(cited: &[String], body: &Body) -> Vec<NewFragment> {
    let html = charset::decode(&body.bytes, body.media_type.as_deref());
    let ids = Ids::read(&html.text);
    let mut parts = Vec::new();
    for fragment in cited {
        let name = fragment.split(":~:").next().unwrap_or_default();
        let is_missing = match ids.has(name) {
            Pointed::There => false,
            Pointed::Missing => true,
            Pointed::Unsure => continue,
        };
        parts.push(NewFragment {
            name: name.to_owned(),
            is_missing,
        });
    }
    parts
}

/// Looks for quotes in a text: what is other than before, and how each stands.
fn find_all(
    quotes: Vec<TiedQuote>,
    text: &Text,
    is_whole: bool,
) -> (Vec<NewQuoteResult>, Vec<Stand>) {
    let prepared = Texts::new(text);
    let (mut results, mut stand) = (Vec::new(), Vec::new());
    for quote in quotes {
        let found = row(&find(&prepared, &quote));
        // What is not in the part of a page that was read may stand in the rest of it.
        if found.state == MISSING && !is_whole {
            continue;
        }
        stand.push(Stand {
            quote_id: quote.id,
            lost: lost(&quote, &found.state),
            told: quote.told,
        });
        if quote.last.is_none_or(|last| !is_same(&last, &found)) {
            results.push(NewQuoteResult {
                quote_id: quote.id,
                found,
            });
        }
    }
    (results, stand)
}

const VERBATIM: &str = "verbatim";
const ALTERED: &str = "altered";
const MISSING: &str = "missing";

/// Looks for a quote in a text: for its words, or for each of the places that an address points to, which stand in any order.
pub fn places_of(text: &Texts<'_>, quote: &TiedQuote) -> Vec<Found> {
    let directives = quote.directives.as_deref().unwrap_or_default();
    let all = fragment::directives(&format!(":~:{directives}"));
    if all.is_empty() {
        return vec![text.find(&quote.words)];
    }
    let all = all.into_iter();
    all.map(|directive| text.find(&directive.quote())).collect()
}

fn find(text: &Texts<'_>, quote: &TiedQuote) -> Found {
    let mut all = places_of(text, quote).into_iter();
    let Some(first) = all.next() else {
        return text.find(&quote.words);
    };
    let rank = |state| match state {
        State::Verbatim => 0,
        State::Altered => 1,
        State::Missing => 2,
    };
    all.fold(first, |mut worst, next| {
        if rank(next.state) > rank(worst.state) {
            worst.state = next.state;
        }
        worst.place = match (worst.place, next.place) {
            (Some(Place::Main), Some(Place::Main)) => Some(Place::Main),
            (Some(_), Some(_)) => Some(Place::Whole),
            _ => None,
        };
        worst.differences.extend(next.differences);
        worst
    })
}

fn row(found: &Found) -> QuoteFound {
    QuoteFound {
        state: match found.state {
            State::Verbatim => VERBATIM,
            State::Altered => ALTERED,
            State::Missing => MISSING,
        }
        .to_owned(),
        place: found.place.map(|place| {
            match place {
                Place::Main => "main",
                Place::Whole => "whole",
            }
            .to_owned()
        }),
        // Plain data always serialises.
        differences: serde_json::to_string(&found.differences).unwrap_or_else(|_| "[]".to_owned()),
        version: VERSION,
    }
}

/// By which version it was found is no difference.
fn is_same(last: &QuoteFound, now: &QuoteFound) -> bool {
    (&last.state, &last.place, &last.differences) == (&now.state, &now.place, &now.differences)
}

/// Whether a quote that is found so is lost: it stood, and is gone, or stood word for word, and has other words now.
fn lost(quote: &TiedQuote, state: &str) -> Option<&'static str> {
    match state {
        MISSING if quote.was_there => Some(MISSING),
        ALTERED if quote.was_verbatim => Some(ALTERED),
        _ => None,
    }
}

/// What follows for what waits to be told of quotes: what is lost is told when it was seen twice.
pub(super) fn untold(stand: &[Stand], waiting: &[Untold]) -> Vec<UntoldStep> {
    let mut steps = Vec::new();
    for quote in stand {
        let quote_id = quote.quote_id;
        let waits = waiting.iter().find(|untold| untold.quote_id == quote_id);
        let is_told = quote.told.is_some()
            && (quote.lost == quote.told.as_deref() || quote.lost == Some(ALTERED));
        match (quote.lost, waits) {
            (Some(says), Some(waits)) if waits.is_seen && waits.says == says => {
                let says = says.to_owned();
                steps.push(UntoldStep::Second { quote_id, says });
            }
            (Some(says), _) if !is_told => steps.push(UntoldStep::First(Untold {
                quote_id,
                says: says.to_owned(),
                verdict: None,
                is_seen: true,
            })),
            (_, Some(_)) => steps.push(UntoldStep::Gone { quote_id }),
            (_, None) => {}
        }
        if quote.lost.is_none() && quote.told.is_some() {
            steps.push(UntoldStep::Back { quote_id });
        }
    }
    steps
}

/// What follows where a visit found all as it was, which is as good as seeing it again.
pub(super) fn untold_again(waiting: &[Untold]) -> Vec<UntoldStep> {
    let of_quotes = waiting.iter().filter(|untold| untold.quote_id != 0);
    let again = of_quotes.map(|untold| {
        if untold.is_seen {
            UntoldStep::Second {
                quote_id: untold.quote_id,
                says: untold.says.clone(),
            }
        } else {
            UntoldStep::First(Untold {
                is_seen: true,
                ..untold.clone()
            })
        }
    });
    again.collect()
}

/// Looks for passages that were tied to sources since their last visit in the copies we hold.
pub(super) async fn look_in_copies(context: &Context, now: i64) -> Result<(), RunError> {
    const AT_ONCE: usize = 100;
    let mut after = 0;
    let mut done = 0;
    while done < MOST_SOURCES && !context.cancelled.is_cancelled() {
        let ids = context.store.read("find what was not looked for", |r| {
            r.sources_to_look_in(after, AT_ONCE)
        })?;
        let Some(last) = ids.last() else { break };
        after = *last;
        done += ids.len();
        let store = Arc::clone(&context.store);
        let looking = tokio::task::spawn_blocking(move || {
            ids.into_iter()
                .try_for_each(|id| look_in_copies_of(&store, id, now))
        });
        looking
            .await
            .map_err(|_| RunError::Worker("a copy could not be looked in".to_owned()))??;
    }
    Ok(())
}

/// Looks for the passages of a source that were not looked for yet: in the newest copy, to learn where they stand, and in
/// earlier ones, to learn whether they ever stood. Those that visits looked for already are looked for in copies that were
/// made by hand. Blocking, and offline.
///
/// # Errors
/// When the archive cannot be read or written.
pub fn look_in_copies_of(store: &Store, source_id: i64, now: i64) -> Result<(), StoreError> {
    let (mut quotes, captures, baseline) = store.read("read what is quoted", |r| {
        let quotes = r.tied_quotes(source_id)?;
        Ok((
            quotes,
            r.seen_captures(source_id)?,
            r.baseline(source_id, 0)?.map(|row| row.capture_id),
        ))
    })?;
    quotes.retain(|quote| !quote.is_looked_for);
    let mut quotes: Vec<Sought> = quotes.into_iter().map(Sought::new).collect();
    // Newest first, then the baseline, then what lies between.
    let mut order: Vec<_> = captures.iter().collect();
    order.sort_by_key(|capture| Reverse((capture.at, capture.id)));
    let is_baseline = |capture: &&SeenCapture| Some(capture.id) == baseline;
    if let Some(at) = order.iter().skip(1).position(is_baseline) {
        order[1..=at + 1].rotate_right(1);
    }
    let mut found = Vec::new();
    let mut read = 0;
    for capture in order {
        let is_by_hand = capture.visits.is_none();
        if read == MOST_COPIES || !quotes.iter().any(|quote| quote.asks(is_by_hand)) {
            continue;
        }
        read += 1;
        let Some(text) = text_of_capture(store, capture.id)? else {
            continue;
        };
        let texts = Texts::new(&text);
        let results: Vec<_> = quotes
            .iter_mut()
            .filter(|quote| quote.asks(is_by_hand))
            .filter_map(|sought| {
                let found = row(&find(&texts, &sought.quote));
                sought.take(capture.at, found)
            })
            .collect();
        let looked_in = LookedIn {
            at: capture.at,
            visit_id: capture.visits.map(|(left_by, _)| left_by),
            capture_id: Some(capture.id),
        };
        found.push((looked_in, results));
    }
    found.reverse();
    let untold: Vec<_> = quotes.iter().filter_map(Sought::untold).collect();
    store.write_blocking("keep where quotes stand", move |w| {
        w.keep_looked_up(source_id, &found, &untold, now)
    })
}

/// A passage that is looked for in copies.
struct Sought {
    quote: TiedQuote,
    /// Visits have looked for it.
    was_looked_for: bool,
    /// Something was learned of it.
    is_news: bool,
}

impl Sought {
    fn new(quote: TiedQuote) -> Self {
        Self {
            was_looked_for: quote.last.is_some(),
            is_news: false,
            quote,
        }
    }

    /// Whether a copy could tell more of it.
    fn asks(&self, is_by_hand: bool) -> bool {
        is_by_hand || !self.was_looked_for && !self.quote.was_verbatim
    }

    /// Takes what was found in a copy of this instant. Gives it back where it is news: where it stands now, or that it
    /// ever stood.
    fn take(&mut self, at: i64, found: QuoteFound) -> Option<NewQuoteResult> {
        let quote = &mut self.quote;
        let is_newest = quote.last_at.is_none_or(|last| at > last);
        let is_news = if is_newest {
            quote
                .last
                .as_ref()
                .is_none_or(|last| !is_same(last, &found))
        } else {
            found.state == VERBATIM && !quote.was_verbatim
                || found.state == ALTERED && !quote.was_there
        };
        if !is_news {
            return None;
        }
        self.is_news = true;
        quote.was_verbatim |= found.state == VERBATIM;
        quote.was_there |= found.state != MISSING;
        if is_newest {
            quote.last = Some(found.clone());
            quote.last_at = Some(at);
        }
        Some(NewQuoteResult {
            quote_id: quote.id,
            found,
        })
    }

    /// What follows for what waits to be told: what is lost by what was learned is to be seen by two visits more.
    fn untold(&self) -> Option<UntoldStep> {
        let last = self.quote.last.as_ref().filter(|_| self.is_news)?;
        let says = lost(&self.quote, &last.state)?;
        (self.quote.told.as_deref() != Some(says)).then(|| {
            UntoldStep::First(Untold {
                quote_id: self.quote.id,
                says: says.to_owned(),
                verdict: None,
                is_seen: false,
            })
        })
    }
}
