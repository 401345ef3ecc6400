//! What happened, as an Atom feed (RFC 4287).

use std::fmt::Write as _;

use super::answer::{Answer, Policy};
use super::pages::{about, says};
use super::{Asked, Site};
use crate::report::rfc3339;
use crate::store::StoreError;

/// Events in it.
const ENTRIES: usize = 100;

pub(super) fn atom(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let (made_at, events) = site.store.read("list events", |r| {
        Ok((r.made_at()?, r.events_before(None, ENTRIES)?))
    })?;
    // Where it is served from may be another place tomorrow; what it tells of stays the same (RFC 4287, 4.2.6).
    let id = format!("urn:sourcekeep:{made_at}");
    let base = format!("http://{}", asked.host);
    let updated = events.first().map_or(0, |event| event.at);
    let mut feed = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n<id>{id}</id>\n\
         <title>sourcekeep: what happened</title>\n<updated>{}</updated>\n<author><name>sourcekeep</name></author>\n\
         <link rel=\"self\" href=\"{base}/feed.atom\"/>\n<link href=\"{base}/\"/>\n",
        rfc3339(updated)
    );
    for event in events {
        let about = about(&event);
        let (path, name) = about
            .as_ref()
            .map_or(("/", ""), |(path, name)| (path, name));
        // Writing to memory does not fail.
        let _ = write!(
            feed,
            "<entry>\n<id>{id}:{}</id>\n<title>{}</title>\n<updated>{}</updated>\n<category term=\"{}\"/>\n\
             <link href=\"{base}{path}\"/>\n</entry>\n",
            event.id,
            escaped(format!("{} {name}", says(&event)).trim()),
            rfc3339(event.at),
            escaped(&event.kind),
        );
    }
    feed.push_str("</feed>\n");
    Ok(Answer::of(
        Policy::Bytes,
        "application/atom+xml; charset=utf-8",
        feed,
    ))
}

/// Text in XML: what means something there is written otherwise, and what may not stand there is left out (XML 1.0, 2.2).
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}
