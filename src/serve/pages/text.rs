//! What a copy says, with what posts quote from it marked where it stands.

use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use askama::Template;
use axum::http::StatusCode;
use serde::Serialize;

use super::copies::{BOUND, Choice, Copies, named};
use super::passage::{clipped, safe, shortened};
use super::{Frame, missing, number_within, page};
use crate::judge::quotes::{Difference, Place, State, Texts};
use crate::report::{Bound, ReportError, Said, ShownQuote, count, one_line, rfc3339, said};
use crate::run::{places_of, text_of};
use crate::serve::answer::Answer;
use crate::serve::api::{Problem, json};
use crate::serve::{Asked, Site};
use crate::store::{CopyRow, StoreError, TiedQuote};

/// So much of a text is looked through, in bytes.
const LOOKED_AT: usize = 512 * 1024;
/// So much of it is shown from its beginning, besides what stands around quotes.
const SHOWN: usize = 150 * 1024;
/// Paragraphs around one with a quote that are shown in any case.
const AROUND: usize = 2;
/// A paragraph of so many bytes is shown as far as it stands around quotes.
const LONG: usize = 20_000;
/// Quotes that are looked for.
const MOST_QUOTES: usize = 200;
/// So many of them are looked for in any case.
const FEWEST_QUOTES: usize = 10;
/// The others are looked for so long.
const PATIENCE: Duration = Duration::from_millis(50);
/// Posts that are named with a quote.
const MOST_POSTS: usize = 3;
/// Citations that are read for the titles of posts.
const MOST_CITED: usize = 200;

#[derive(Template)]
#[template(path = "ui/text.html")]
struct Page {
    frame: Frame,
    id: i64,
    address: String,
    title: Option<String>,
    json: String,
    copies: Vec<Choice>,
    is_whole: bool,
    earlier: Option<String>,
    later: Option<String>,
    /// Where the copy is shown.
    path: Option<String>,
    compare: Option<String>,
    says: Option<String>,
    shown: Option<Shown>,
}

/// What is shown of a text.
struct Shown {
    language: Option<String>,
    told: String,
    is_cut: bool,
    /// Quotes for which there was no time.
    left: usize,
    absent: Vec<Note>,
    parts: Vec<Shape>,
}

/// A paragraph, or many that are left out.
enum Shape {
    Paragraph(Vec<Bit>, Vec<Note>),
    LeftOut(String),
}

/// Words with the quotes that they belong to.
#[derive(Default)]
struct Bit {
    text: String,
    marked: Option<Marked>,
}

struct Marked {
    class: &'static str,
    told: String,
    /// The quote that begins here, by its id.
    id: Option<i64>,
    /// The quotes that end here: number and id.
    ends: Vec<(usize, i64)>,
}

/// What is said of a quote.
struct Note {
    number: usize,
    id: i64,
    class: &'static str,
    state: String,
    words: String,
    differences: Vec<String>,
    posts: Vec<Post>,
    more: usize,
    /// Another copy that has it.
    had: Option<(String, String)>,
}

struct Post {
    told: String,
    path: String,
    line: u32,
}

/// A quote, and where it stands in the text.
#[derive(Serialize)]
struct Looked {
    #[serde(flatten)]
    quote: ShownQuote,
    /// What became of it in this copy.
    here: State,
    /// Where it stands in the text, in bytes.
    spans: Vec<Range<usize>>,
    /// The words that differ in this copy.
    differs: Vec<Difference>,
    /// Whether it stands in the page, but outside of the text that is shown.
    beside: bool,
}

/// A text, for programs.
#[derive(Serialize)]
struct Entry {
    capture: i64,
    at: String,
    whole: bool,
    language: Option<String>,
    /// Whether it goes on behind what is here.
    cut: bool,
    text: String,
    /// Quotes for which there was no time.
    left: usize,
    quotes: Vec<Looked>,
}

/// What was read.
struct Read {
    entry: Entry,
    posts: HashMap<String, String>,
}

/// Why there is nothing to be read.
struct Refused {
    status: StatusCode,
    says: String,
}

type Reads = Result<Result<Read, Refused>, StoreError>;

/// How much is read of a copy.
const READ: Bound = Bound {
    text: LOOKED_AT,
    ..BOUND
};

impl Refused {
    /// There is nothing that could be read.
    fn nothing(says: impl Into<String>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            says: says.into(),
        }
    }
}

/// Reads a copy, and looks for the quotes in it.
fn read(site: &Site, copies: &Copies, copy: &CopyRow, is_whole: bool) -> Reads {
    let known = site.store.read("read what is quoted", |r| {
        let Some(capture) = r.seen_capture(copy.id)? else {
            return Ok(None);
        };
        let cited = r.cited_by(copies.id, MOST_CITED)?;
        let quotes = r.quotes_of(copies.id, None)?;
        Ok(Some((capture, cited, quotes, r.tied_quotes(copies.id)?)))
    })?;
    let Some((capture, cited, quotes, tied)) = known else {
        return Ok(Err(Refused::nothing("This copy is not there any more.")));
    };
    let of = (capture.url.as_str(), capture.media_type.as_deref());
    let found = match said(&site.store, (copy.id, copy.size), of, &text_of, Some(READ)) {
        Ok(found) => found,
        Err(ReportError::Store(error @ StoreError::Damaged { .. })) => {
            (site.tell)(&error);
            return Ok(Err(Refused::nothing(
                "This copy is damaged and cannot be read. `sourcekeep verify` says what is wrong with it.",
            )));
        }
        Err(ReportError::Store(error)) => return Err(error),
        Err(_) => return Ok(Err(Refused::nothing("This copy cannot be read."))),
    };
    let (text, cut) = match found {
        Said::Text(text, cut) => (*text, cut),
        Said::Nothing => {
            let media_type = capture.media_type.as_deref().unwrap_or("of no media type");
            return Ok(Err(Refused::nothing(format!(
                "This copy has no text that can be read ({}).",
                one_line(media_type, 100)
            ))));
        }
        Said::TooLarge => {
            return Ok(Err(Refused::nothing(
                "This copy is too large for its text to be read here.",
            )));
        }
    };
    let main = if is_whole { &text.whole } else { &text.main };
    let texts = Texts::of(main, &text.whole);
    let begun = Instant::now();
    let tied: HashMap<i64, TiedQuote> = tied.into_iter().map(|one| (one.id, one)).collect();
    let mut looked = Vec::new();
    let mut left = 0;
    for row in quotes {
        let Some(quote) = tied.get(&row.id) else {
            continue;
        };
        let is_late = looked.len() >= FEWEST_QUOTES && begun.elapsed() > PATIENCE;
        if looked.len() == MOST_QUOTES || is_late {
            left += 1;
            continue;
        }
        looked.push(look(&texts, quote, ShownQuote::from(row)));
    }
    let titles = cited
        .into_iter()
        .filter_map(|one| Some((one.post, one.title?)));
    Ok(Ok(Read {
        posts: titles.collect(),
        entry: Entry {
            capture: copy.id,
            at: rfc3339(copy.at),
            whole: is_whole,
            language: text.language.clone().filter(|tag| is_language(tag)),
            cut,
            left,
            quotes: looked,
            text: main.clone(),
        },
    }))
}

/// Whether it names a language as languages are named (BCP 47).
fn is_language(tag: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (2..=35).contains(&tag.len()) && tag.bytes().all(is_plain)
}

/// Looks for a quote.
fn look(texts: &Texts<'_>, quote: &TiedQuote, shown: ShownQuote) -> Looked {
    let mut looked = Looked {
        quote: shown,
        here: State::Verbatim,
        spans: Vec::new(),
        differs: Vec::new(),
        beside: false,
    };
    for found in places_of(texts, quote) {
        match (found.state, looked.here) {
            (State::Missing, _) | (_, State::Missing) => looked.here = State::Missing,
            (State::Altered, _) => looked.here = State::Altered,
            (State::Verbatim, _) => {}
        }
        match found.place {
            Some(Place::Main) => looked.spans.extend(found.at),
            Some(Place::Whole) => looked.beside = true,
            None => {}
        }
        looked.differs.extend(found.differences);
    }
    looked.spans.retain(|span| span.start < span.end);
    looked.spans.sort_by_key(|span| (span.start, span.end));
    looked
}

/// The page, or the same for programs.
pub(in crate::serve) fn text(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let is_api = asked.path.starts_with("/api/");
    let copies = match number_within(asked) {
        Some(id) => Copies::of(&site.store, id)?,
        None => None,
    };
    let Some(copies) = copies else {
        return Ok(if is_api {
            Problem::absent("there is no source of this number").answer()
        } else {
            missing(site, asked, "sources", "There is no source of this number.")
        });
    };
    let is_whole = asked.sent("whole").is_some();
    let copy = match asked.sent("copy") {
        Some(sent) => copies
            .meant(&sent)
            .map_err(|(status, says)| Refused { status, says }),
        None => copies.there().next().ok_or_else(|| Refused {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            says: "No copy of this source is kept: there is no text.".to_owned(),
        }),
    };
    let (copy, made) = match copy {
        Ok(copy) => (Some(copy), read(site, &copies, copy, is_whole)?),
        Err(refused) => (None, Err(refused)),
    };
    if is_api {
        return Ok(match made {
            Ok(read) => json(&read.entry),
            Err(Refused { status, says }) => Problem::of(status, &says).answer(),
        });
    }
    let title = copies.title();
    let heading = title
        .clone()
        .unwrap_or_else(|| one_line(&copies.address, 200));
    let path = |of: &CopyRow| named(copies.id, "text", &[("copy", of.id)]);
    let status = match &made {
        Err(refused) if refused.status != StatusCode::UNPROCESSABLE_ENTITY => refused.status,
        _ => StatusCode::OK,
    };
    let (says, shown) = match made {
        Ok(read) => (None, Some(show(&copies, read))),
        Err(refused) => (Some(refused.says), None),
    };
    let shown_page = Page {
        frame: Frame::new(site, asked, "sources", format!("The text of {heading}")),
        id: copies.id,
        address: one_line(&copies.address, 2000),
        title,
        json: format!("/api/v1{}", asked.path),
        copies: copies.options(copy.map(|copy| copy.id)),
        is_whole,
        earlier: copy.and_then(|copy| Some(path(copies.before(copy)?))),
        later: copy.and_then(|copy| Some(path(copies.behind(copy)?))),
        path: copy.map(|copy| copies.shown_at(copy)),
        compare: copy.and_then(|copy| {
            let before = copies.before(copy)?.id;
            let pair = [("from", before), ("to", copy.id)];
            Some(named(copies.id, "compare", &pair))
        }),
        says,
        shown,
    };
    Ok(page(&shown_page).with(status))
}

fn show(copies: &Copies, read: Read) -> Shown {
    let Read { entry, posts } = read;
    // Those that stand in the text are numbered as they come in it.
    let (mut there, absent): (Vec<_>, Vec<_>) = entry
        .quotes
        .into_iter()
        .partition(|one| !one.spans.is_empty());
    there.sort_by_key(|one| one.spans.first().map(|span| span.start));
    let notes: Vec<Note> = there
        .iter()
        .enumerate()
        .map(|(at, one)| note(copies, &posts, entry.capture, one, at + 1))
        .collect();
    let absent = absent
        .iter()
        .map(|one| note(copies, &posts, entry.capture, one, 0))
        .collect();
    let told = match there.len() {
        0 => String::new(),
        many => format!("{} marked in it.", count(many as u64, "quote")),
    };
    Shown {
        told,
        is_cut: entry.cut,
        left: entry.left,
        absent,
        parts: shapes(&entry.text, &there, notes),
        language: entry.language,
    }
}

fn class(state: State) -> &'static str {
    match state {
        State::Verbatim => "is-verbatim",
        State::Altered => "is-altered",
        State::Missing => "is-missing",
    }
}

fn note(
    copies: &Copies,
    posts: &HashMap<String, String>,
    here: i64,
    looked: &Looked,
    number: usize,
) -> Note {
    let quote = &looked.quote;
    let state = match (looked.here, looked.beside && looked.spans.is_empty()) {
        (State::Missing, _) if quote.state == "never-seen" => "not here, and never seen",
        (State::Missing, _) => "not in this copy",
        (State::Altered, true) => "altered, beside the main text",
        (State::Verbatim, true) => "verbatim, beside the main text",
        (State::Altered, false) => "altered",
        (State::Verbatim, false) => "verbatim",
    };
    let stands = matches!(quote.state.as_str(), "verbatim" | "altered");
    let other = quote
        .had
        .as_ref()
        .or(quote.found_in.as_ref().filter(|_| stands));
    let other = other
        .filter(|had| looked.here != State::Verbatim && had.capture != here)
        .filter(|had| copies.there().any(|copy| copy.id == had.capture));
    Note {
        number,
        id: quote.quote,
        class: class(looked.here),
        state: state.to_owned(),
        words: one_line(&quote.words, 600),
        differences: looked.differs.iter().map(super::source::differs).collect(),
        posts: quote
            .posts
            .iter()
            .take(MOST_POSTS)
            .map(|one| Post {
                told: one_line(posts.get(&one.post).unwrap_or(&one.post), 120),
                path: format!("/posts?of={}", super::source::escaped(&one.post)),
                line: one.line,
            })
            .collect(),
        more: quote.posts.len().saturating_sub(MOST_POSTS),
        had: other.map(|had| {
            let path = named(copies.id, "text", &[("copy", had.capture)]);
            (had.at.clone(), format!("{path}#quote-{}", quote.quote))
        }),
    }
}

/// The paragraphs of a text, with what is said of the quotes in each.
fn shapes(text: &str, there: &[Looked], notes: Vec<Note>) -> Vec<Shape> {
    let mut paragraphs: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() {
            paragraphs.push(at..at + line.trim_end().len());
        }
        at += line.len();
    }
    let mut spans: Vec<(Range<usize>, usize)> = Vec::new();
    for (number, one) in there.iter().enumerate() {
        spans.extend(one.spans.iter().map(|span| (span.clone(), number)));
    }
    spans.sort_by_key(|(span, number)| (span.start, *number));
    let in_paragraph = |paragraph: &Range<usize>| -> Vec<(Range<usize>, usize)> {
        spans
            .iter()
            .take_while(|(span, _)| span.start < paragraph.end)
            .filter(|(span, _)| span.end > paragraph.start)
            .cloned()
            .collect()
    };
    let marked: Vec<Vec<(Range<usize>, usize)>> = paragraphs.iter().map(in_paragraph).collect();
    let mut is_shown: Vec<bool> = paragraphs.iter().map(|one| one.start < SHOWN).collect();
    for (at, _) in marked.iter().enumerate().filter(|(_, one)| !one.is_empty()) {
        let end = (at + AROUND + 1).min(paragraphs.len());
        is_shown[at.saturating_sub(AROUND)..end].fill(true);
    }
    let mut notes: Vec<Option<Note>> = notes.into_iter().map(Some).collect();
    let mut shapes = Vec::new();
    let mut left_out = 0;
    for ((paragraph, marked), is_shown) in paragraphs.iter().zip(&marked).zip(is_shown) {
        if !is_shown {
            left_out += 1;
            continue;
        }
        if left_out > 0 {
            shapes.push(Shape::LeftOut(count(left_out, "paragraph")));
            left_out = 0;
        }
        let said = marked
            .iter()
            .filter_map(|(_, number)| notes[*number].take());
        let said = said.collect();
        shapes.push(Shape::Paragraph(bits(text, paragraph, marked, there), said));
    }
    if left_out > 0 {
        shapes.push(Shape::LeftOut(count(left_out, "paragraph")));
    }
    shapes
}

/// A paragraph, cut wherever a quote begins or ends.
fn bits(
    text: &str,
    paragraph: &Range<usize>,
    marked: &[(Range<usize>, usize)],
    there: &[Looked],
) -> Vec<Bit> {
    let mut cuts = vec![paragraph.start, paragraph.end];
    for (span, _) in marked {
        cuts.extend([span.start, span.end].map(|at| at.clamp(paragraph.start, paragraph.end)));
    }
    cuts.sort_unstable();
    cuts.dedup();
    let is_long = paragraph.len() > LONG;
    let mut bits = Vec::new();
    for (at, pair) in cuts.windows(2).enumerate() {
        let (start, end) = (pair[0], pair[1]);
        let words = safe(text.get(start..end).unwrap_or_default());
        let here: Vec<usize> = marked
            .iter()
            .filter(|(span, _)| span.start < end && span.end > start)
            .map(|(_, number)| *number)
            .collect();
        if here.is_empty() {
            let (is_first, is_last) = (at == 0, at + 2 == cuts.len());
            bits.push(Bit {
                text: match (is_long, is_first && is_last) {
                    (false, _) => words,
                    (true, true) => clipped(&words, LONG),
                    (true, false) => shortened(&words, !is_first, !is_last),
                },
                marked: None,
            });
            continue;
        }
        let begins = here.iter().find(|number| {
            let first = there[**number].spans.first();
            first.is_some_and(|span| {
                span.start.max(paragraph.start) == start && span.start >= paragraph.start
            })
        });
        let ends = here.iter().filter(|number| {
            let last = there[**number].spans.last();
            last.is_some_and(|span| {
                span.end == end || span.end > paragraph.end && end == paragraph.end
            })
        });
        let state = here.iter().map(|number| there[*number].here);
        let is_altered = state.clone().any(|state| state != State::Verbatim);
        let numbers: Vec<String> = here.iter().map(|number| (number + 1).to_string()).collect();
        bits.push(Bit {
            text: clipped(&words, LONG),
            marked: Some(Marked {
                class: if is_altered {
                    "is-altered"
                } else {
                    "is-verbatim"
                },
                told: format!(
                    "quote {}, {}: ",
                    numbers.join(" and "),
                    if is_altered { "altered" } else { "verbatim" }
                ),
                id: begins.map(|number| there[*number].quote.quote),
                ends: ends
                    .map(|number| (number + 1, there[*number].quote.quote))
                    .collect(),
            }),
        });
    }
    bits
}
