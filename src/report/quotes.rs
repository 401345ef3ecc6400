//! What is quoted from a source, and where it stands.

use std::io::Write;

use serde::Serialize;

use super::{ReportError, date, one_line, rfc3339};
use crate::judge::quotes::{Difference, Weight};
use crate::store::{FragmentRow, QuoteRow, Store};

/// A passage that is quoted from a source.
#[derive(Debug, Clone, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "properties of a quote, each independent of the others"
)]
pub struct ShownQuote {
    /// Its number.
    pub quote: i64,
    /// The passage.
    pub words: String,
    /// `verbatim`, `altered`, `missing`, `never-seen`, `unknown`.
    pub state: String,
    /// `main` or `whole`: in which text it stands.
    pub place: Option<String>,
    /// The words that differ, the weightiest first.
    pub differences: Vec<Difference>,
    /// Since when that is so (RFC 3339).
    pub since: Option<String>,
    /// Whether it stood word for word and does not any more, or stood and is gone.
    pub lost: bool,
    /// Whether that was seen at one visit only, so that nothing is told of it yet.
    pub seen_once: bool,
    /// The last copy that has it, of one that is lost.
    pub had: Option<CopyEntry>,
    /// What was found in that.
    pub was: Option<String>,
    /// The copy in which it was first found as it is now.
    pub found_in: Option<CopyEntry>,
    /// Whether it is looked for: a post quotes it still, or it was tied by hand.
    pub tied: bool,
    /// Whether it is what an address points to (`#:~:text=`).
    pub of_address: bool,
    /// Who tied it by hand.
    pub by_hand: Option<ByHandEntry>,
    /// The posts that quote it.
    pub posts: Vec<QuotingPost>,
}

/// A copy.
#[derive(Debug, Clone, Serialize)]
pub struct CopyEntry {
    /// The capture's number.
    pub capture: i64,
    /// The instant it stands for.
    pub at: String,
    #[serde(skip)]
    at_ms: i64,
}

/// Who tied a passage by hand.
#[derive(Debug, Clone, Serialize)]
pub struct ByHandEntry {
    /// When.
    pub at: String,
    /// Who.
    pub by: Option<String>,
    /// Why.
    pub note: Option<String>,
}

/// A post that quotes a passage.
#[derive(Debug, Clone, Serialize)]
pub struct QuotingPost {
    /// Its address or path.
    pub post: String,
    /// The line.
    pub line: u32,
}

/// A part of a page that citations point to.
#[derive(Debug, Clone, Serialize)]
pub struct ShownFragment {
    /// As cited, without `#`.
    pub name: String,
    /// `present`, `fragment-missing`.
    pub state: &'static str,
    /// Since when.
    pub since: String,
    /// Whether the page had it at any time.
    pub was_present: bool,
}

impl From<FragmentRow> for ShownFragment {
    fn from(row: FragmentRow) -> Self {
        Self {
            name: row.name,
            state: if row.is_missing {
                "fragment-missing"
            } else {
                "present"
            },
            since: rfc3339(row.since),
            was_present: row.was_present,
        }
    }
}

impl From<QuoteRow> for ShownQuote {
    fn from(row: QuoteRow) -> Self {
        let copy = |(capture, at_ms): (i64, i64)| CopyEntry {
            capture,
            at: rfc3339(at_ms),
            at_ms,
        };
        let (was, had) = match row.before {
            Some((state, had)) => (Some(state), had.map(copy)),
            None => (None, None),
        };
        Self {
            quote: row.id,
            words: row.words,
            state: row.state,
            place: row.place,
            differences: serde_json::from_str(&row.differences).unwrap_or_default(),
            since: row.since.map(rfc3339),
            lost: row.is_lost,
            seen_once: row.is_seen_once,
            had,
            was,
            found_in: row.capture.map(copy),
            tied: row.is_tied,
            of_address: row.is_of_address,
            by_hand: row.by_hand.map(|(at, by, note)| ByHandEntry {
                at: rfc3339(at),
                by,
                note,
            }),
            posts: row
                .posts
                .into_iter()
                .map(|(post, line)| QuotingPost { post, line })
                .collect(),
        }
    }
}

/// The passages quoted from a source: all, or the one of this number. Those that are lost come first.
pub fn quotes_of(
    store: &Store,
    source_id: i64,
    only: Option<i64>,
) -> Result<Vec<ShownQuote>, ReportError> {
    let rows = store.read("read what is quoted", |r| r.quotes_of(source_id, only))?;
    Ok(rows.into_iter().map(ShownQuote::from).collect())
}

impl ShownQuote {
    /// What became of one that is lost: `altered`, `gone`.
    pub(super) fn lost_word(&self) -> &'static str {
        match self.state.as_str() {
            "altered" => "altered",
            _ => "gone",
        }
    }

    /// When one that is lost stood last, and since when it does not.
    pub(super) fn when_lost(&self) -> String {
        let had = self.had.as_ref().map(|copy| {
            format!(
                "in our copy of {} (number {}), ",
                date(copy.at_ms),
                copy.capture
            )
        });
        let since = self.since.as_deref().map(|at| &at[..10.min(at.len())]);
        let copy = self.found_in.as_ref();
        let copy = copy.map_or(String::new(), |copy| {
            format!(" (copy number {})", copy.capture)
        });
        let once = if self.seen_once { ", seen once" } else { "" };
        format!(
            "{}not since {}{copy}{once}",
            had.unwrap_or_default(),
            since.unwrap_or("it was looked for"),
        )
    }

    /// What became of it, in a word or two.
    pub(super) fn state_words(&self) -> String {
        let mut words = match (self.state.as_str(), self.place.as_deref()) {
            ("verbatim", Some("whole")) => "stands, outside of the main text".to_owned(),
            ("verbatim", _) => "stands word for word".to_owned(),
            ("altered", Some("whole")) => {
                "stands with other words, outside of the main text".to_owned()
            }
            ("altered", _) => "stands with other words".to_owned(),
            ("missing", _) if self.lost => "is gone".to_owned(),
            ("missing", _) => "is not there".to_owned(),
            ("never-seen", _) => {
                "is not there, and no copy from the time of the citation tells whether it was"
                    .to_owned()
            }
            _ => "was not looked for yet: there was no text to look in".to_owned(),
        };
        if self.lost {
            words.insert_str(0, "lost: ");
        }
        if self.seen_once {
            words.push_str(" (seen once)");
        }
        words
    }
}

/// A difference in words: "was" → "now", and what weighs in it.
pub(super) fn difference_words(difference: &Difference) -> String {
    let weight = match difference.weight {
        Weight::Plain => "",
        Weight::Number => "  (a number)",
        Weight::Negation => "  (a negation)",
    };
    let was = one_line(&difference.was, 200);
    let now = one_line(&difference.now, 200);
    match (was.is_empty(), now.is_empty()) {
        (true, _) => format!("put in “{now}”{weight}"),
        (_, true) => format!("left out “{was}”{weight}"),
        _ => format!("“{was}” is “{now}” now{weight}"),
    }
}

/// Writes a passage for a person.
pub fn write_quote_text(quote: &ShownQuote, out: &mut dyn Write) -> Result<(), ReportError> {
    writeln!(
        out,
        "  {:>4}  “{}”",
        quote.quote,
        one_line(&quote.words, 300)
    )?;
    let since = quote.since.as_deref().map(|at| &at[..10.min(at.len())]);
    let since = since.map_or(String::new(), |since| format!(", since {since}"));
    writeln!(out, "        {}{since}", quote.state_words())?;
    for difference in &quote.differences {
        writeln!(out, "        {}", difference_words(difference))?;
    }
    if let Some(had) = &quote.had {
        let lacks = quote.found_in.as_ref();
        let lacks = lacks.map_or(String::new(), |copy| {
            format!(
                ", first other copy {} (number {})",
                date(copy.at_ms),
                copy.capture
            )
        });
        writeln!(
            out,
            "        last copy with it {} (number {}){lacks}",
            date(had.at_ms),
            had.capture
        )?;
    }
    if let Some(hand) = &quote.by_hand {
        let by = hand
            .by
            .as_deref()
            .map(|by| format!(" by {}", one_line(by, 100)));
        let note = hand
            .note
            .as_deref()
            .map(|note| format!(": {}", one_line(note, 300)));
        writeln!(
            out,
            "        tied by hand{} on {}{}",
            by.unwrap_or_default(),
            &hand.at[..10.min(hand.at.len())],
            note.unwrap_or_default()
        )?;
    }
    for post in quote.posts.iter().take(10) {
        writeln!(
            out,
            "        quoted in {}:{}",
            one_line(&post.post, 300),
            post.line
        )?;
    }
    if !quote.tied {
        writeln!(out, "        not quoted any more, and not looked for")?;
    }
    Ok(())
}
