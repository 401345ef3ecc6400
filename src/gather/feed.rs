//! Feeds: RSS 0.9 to 2.0, RDF, Atom and JSON Feed; a post for each entry.
//!
//! XML feeds are read with the tokenizer that reads HTML, which is not as odd as it sounds. `feed-rs` refuses what is
//! not well-formed and tells no offsets; `quick-xml` tells offsets and stops at the first fault. A tokenizer that is
//! made for broken markup does neither, and knows the HTML entities that feeds use without declaring them. What
//! `quick-xml` would have stopped at is reported as a note. An entry's content is unescaped with a map, so that its
//! citations have the exact bytes of the feed.
//!
//! The entry's own address is no citation, unless it leads to another site than the feed's: then the entry is a link
//! post, and that link is what it is about. So are addresses that it names as its source (`via`, `related`, `source`,
//! what it replies to). Enclosures are the post's own recordings, and comments are not the post's: neither is cited.

mod content;
mod declared;
mod entry;
mod escape;
mod excerpt;
pub(super) mod json;
mod measure;
mod site;
mod vocabulary;
mod xml;

#[cfg(test)]
mod excerpt_tests;
#[cfg(test)]
mod tests;

use url::Url;

use super::options::Rules;
use super::position::Source;
use super::{Document, GatherError, Note, Sink};
use crate::address;
use content::chosen;
use entry::{Around, Channel, Entry, Known};
use excerpt::{Looks, excerpts};
use measure::Text;
use site::Site;

/// What a feed holds, as ranges of its text.
#[derive(Debug, Default)]
struct Feed {
    channel: Channel,
    entries: Vec<Entry>,
    /// Where older entries are, as written.
    older: Vec<String>,
    /// Where it is broken, and how.
    faults: Vec<(usize, String)>,
}

pub(super) fn gather(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
) -> Result<(), GatherError> {
    let feed = read(source.text()).map_err(|why| GatherError::NoFeed {
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
    let mut site = Site::of(document, &feed.channel);
    site.learn(&feed.entries);
    for older in older(document, &site, &feed) {
        sink.note(Note::Older(older));
    }
    let known: Vec<Known> = feed
        .entries
        .iter()
        .enumerate()
        .map(|(number, entry)| Known::of(document, &site, entry, number))
        .collect();
    let looks: Vec<Looks> = feed
        .entries
        .iter()
        .zip(&known)
        .map(|(entry, known)| look_at(source.text(), &site, entry, known))
        .collect();
    let around = Around {
        document,
        source,
        rules,
        channel: &feed.channel,
        site: &site,
    };
    let excerpts = excerpts(&looks);
    for ((entry, known), is_excerpt) in feed.entries.iter().zip(known).zip(excerpts) {
        entry::gather(&around, sink, entry, known, is_excerpt);
    }
    Ok(())
}

fn read(text: &str) -> Result<Feed, String> {
    let is_json = text
        .trim_start_matches('\u{feff}')
        .trim_start()
        .starts_with('{');
    if is_json {
        json::read(text)
    } else {
        xml::read(text)
    }
}

/// The pages of older entries, each once, and never the feed itself.
fn older(document: &Document<'_>, site: &Site, feed: &Feed) -> Vec<Url> {
    let mut found: Vec<Url> = Vec::new();
    for written in &feed.older {
        if let Ok(url) = address::parse(written.trim(), site.base.as_ref())
            && document.own_address() != Some(&url)
            && !found.contains(&url)
        {
            found.push(url);
        }
    }
    found
}

/// What an entry shows of itself.
fn look_at(feed: &str, site: &Site, entry: &Entry, known: &Known) -> Looks {
    let own = known.own.as_ref();
    let text = chosen(&entry.contents).map(|content| {
        let undone = content.undo(feed);
        let own = own.map(Url::as_str);
        let title = entry.title.as_deref();
        let text = Text::of(&undone.text, undone.is_html, own, title);
        (content.role, text)
    });
    Looks {
        has_address: own.is_some_and(is_page) && own != site.home.as_ref(),
        is_about: known.about.is_some(),
        has_title: entry.title.is_some(),
        is_elsewhere: entry.elsewhere.is_some(),
        text,
    }
}

/// Whether an address may be that of a page, and not of a recording or a picture.
fn is_page(url: &Url) -> bool {
    const OTHERS: &[&str] = &[
        "mp3", "m4a", "ogg", "wav", "mp4", "m4v", "mov", "wmv", "avi", "webm", "jpg", "jpeg",
        "png", "gif", "webp", "zip",
    ];
    let extension = url.path().rsplit_once('.').map(|(_, extension)| extension);
    extension.is_none_or(|one| !OTHERS.contains(&one.to_ascii_lowercase().as_str()))
}
