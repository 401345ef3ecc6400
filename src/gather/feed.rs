//! Feeds: RSS 0.9 to 2.0, RDF, Atom and JSON Feed; a post for each entry.
//!
//! XML feeds are read with the tokenizer that reads HTML, which is not as odd as it sounds. `feed-rs` refuses what is
//! not well-formed and tells no offsets; `quick-xml` tells offsets and stops at the first fault. A tokenizer that is
//! made for broken markup does neither, and knows the HTML entities that feeds use without declaring them. What
//! `quick-xml` would have stopped at is reported as a note. An entry's content is unescaped with a map, so that its
//! citations have the exact bytes of the feed.
//!
//! The entry's own address is no citation, unless it leads to another site than the feed's: then the entry is a link
//! post, and that link is what it is about.

mod entry;
pub(super) mod json;
mod xml;

#[cfg(test)]
mod tests;

use super::options::Rules;
use super::position::Source;
use super::{Document, GatherError, Note, Sink};
use entry::{Channel, Entry};

/// What a feed holds, as ranges of its text.
#[derive(Debug, Default)]
struct Feed {
    channel: Channel,
    entries: Vec<Entry>,
    /// Where it is broken, and how.
    faults: Vec<(usize, String)>,
}

pub(super) fn gather(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
) -> Result<(), GatherError> {
    let text = source.text();
    let is_json = text
        .trim_start_matches('\u{feff}')
        .trim_start()
        .starts_with('{');
    let feed = if is_json {
        json::read(text)
    } else {
        xml::read(text)
    };
    let feed = feed.map_err(|why| GatherError::NoFeed {
        name: document.name.to_owned(),
        why,
    })?;
    for (at, why) in &feed.faults {
        sink.note(Note::Unreadable {
            line: source.line(*at),
            why: why.clone(),
        });
    }
    if feed.entries.is_empty() {
        sink.note(Note::Unreadable {
            line: 0,
            why: "feed without entries".to_owned(),
        });
    }
    let home = entry::feed_home(document, &feed.channel);
    for (number, one) in feed.entries.iter().enumerate() {
        entry::gather(
            document,
            source,
            rules,
            sink,
            &feed.channel,
            home.as_ref(),
            one,
            number,
        );
    }
    Ok(())
}
