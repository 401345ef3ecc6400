//! WordPress exports (WXR): RSS with a vocabulary of WordPress's own, which holds a whole site with its comments.
//!
//! Each published post, page and entry of a custom type is a post. An export also holds what is none: menus, revisions,
//! styles; these are passed over. Attachments and reusable blocks count where their text links to something. What is not
//! public (drafts, private and trashed posts) is left out, and one note says how much that was. Comments count where they
//! were approved; a pingback says nothing of its own, so that only its sender's address is kept.
//!
//! One pass; each item is told as soon as it is over, so that memory depends on the largest post. What is missing or
//! broken costs that item only, as with feeds.

mod item;
mod paragraphs;
mod reading;

#[cfg(test)]
mod tests;

use super::options::Rules;
use super::position::Source;
use super::xml::{ill_formed, read_elements};
use super::{Document, GatherError, Note, Sink};
use reading::Reading;

pub(super) fn gather(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
) -> Result<(), GatherError> {
    let mut reading = Reading::new(document, source, rules, sink);
    read_elements(source.text(), &mut reading);
    let found = reading.end();
    if !found.is_export {
        return Err(GatherError::Other {
            name: document.name.to_owned(),
            what: "WordPress export",
            why: "it has neither a channel nor items",
        });
    }
    if let Some((at, why)) = ill_formed(source.text(), "export") {
        let line = source.line(at);
        sink.note(Note::Unreadable { line, why });
    }
    if found.items == 0 {
        sink.note(Note::Unreadable {
            line: 0,
            why: "export without posts".to_owned(),
        });
    }
    if !found.unpublished.is_empty() {
        let all: usize = found.unpublished.values().sum();
        let kinds = found.unpublished.iter();
        let kinds: Vec<String> = kinds
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        sink.note(Note::Unreadable {
            line: 0,
            why: format!("{all} not published, left out: {}", kinds.join(", ")),
        });
    }
    Ok(())
}
