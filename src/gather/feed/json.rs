//! JSON Feed (versions 1 and 1.1).
//!
//! Strings are kept raw while the structure is read, because a raw string still knows where it stands.

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Feed;
use super::entry::{Channel, Content, Entry, Form};
use crate::gather::position::Unescaped;

#[derive(Deserialize)]
struct RawFeed<'t> {
    home_page_url: Option<serde_json::Value>,
    language: Option<serde_json::Value>,
    #[serde(borrow)]
    items: Option<Vec<&'t RawValue>>,
}

#[derive(Deserialize)]
struct RawItem<'t> {
    id: Option<serde_json::Value>,
    #[serde(borrow)]
    url: Option<&'t RawValue>,
    #[serde(borrow)]
    external_url: Option<&'t RawValue>,
    title: Option<serde_json::Value>,
    #[serde(borrow)]
    content_html: Option<&'t RawValue>,
    #[serde(borrow)]
    content_text: Option<&'t RawValue>,
    #[serde(borrow)]
    summary: Option<&'t RawValue>,
    date_published: Option<serde_json::Value>,
    date_modified: Option<serde_json::Value>,
    author: Option<serde_json::Value>,
    authors: Option<serde_json::Value>,
}

pub(super) fn read(text: &str) -> Result<Feed, String> {
    let json = text.trim_start_matches('\u{feff}');
    let raw: RawFeed<'_> =
        serde_json::from_str(json).map_err(|error| format!("it is no JSON Feed: {error}"))?;
    let Some(items) = raw.items else {
        return Err("it is JSON without the items of a JSON Feed".to_owned());
    };
    let mut feed = Feed {
        channel: Channel {
            link: string(raw.home_page_url),
            language: string(raw.language),
            ..Channel::default()
        },
        ..Feed::default()
    };
    for item in items {
        let whole = range_in(text, item.get());
        match serde_json::from_str::<RawItem<'_>>(item.get()) {
            Ok(raw) => feed.entries.push(entry(text, whole, raw)),
            Err(error) => feed
                .faults
                .push((whole.start, format!("entry could not be read: {error}"))),
        }
    }
    Ok(feed)
}

fn entry(text: &str, whole: Range<usize>, raw: RawItem<'_>) -> Entry {
    let content = |value: Option<&RawValue>| {
        let inner = inner_of(text, value?)?;
        Some(Content {
            inner,
            form: Form::Json,
            base: None,
        })
    };
    let link = |value: Option<&RawValue>| {
        let inner = inner_of(text, value?)?;
        let (address, _) = unescape(&text[inner.clone()], inner.start).into_parts();
        Some((address, inner))
    };
    // An external address is what a link post is about; its own address is its identity then.
    let own = link(raw.url);
    let external = link(raw.external_url);
    let id = string(raw.id);
    let html = content(raw.content_html);
    let author = raw.author.or_else(|| match raw.authors {
        Some(serde_json::Value::Array(mut authors)) if !authors.is_empty() => {
            Some(authors.swap_remove(0))
        }
        _ => None,
    });
    Entry {
        whole,
        title: string(raw.title),
        author: author.and_then(|author| author.get("name")?.as_str().map(str::to_owned)),
        id: if external.is_some() {
            own.as_ref().map(|(url, _)| url.clone()).or(id)
        } else {
            id
        },
        link: external.or(own),
        published: string(raw.date_published),
        updated: string(raw.date_modified),
        contents: html
            .or_else(|| content(raw.content_text))
            .or_else(|| content(raw.summary))
            .into_iter()
            .collect(),
        ..Entry::default()
    }
}

fn string(value: Option<serde_json::Value>) -> Option<String> {
    match value? {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Where a slice of the text stands in it.
pub(in crate::gather) fn range_in(text: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize)
        .saturating_sub(text.as_ptr() as usize)
        .min(text.len());
    start..(start + part.len()).min(text.len())
}

/// The inside of a string, without quotes.
pub(in crate::gather) fn inner_of(text: &str, value: &RawValue) -> Option<Range<usize>> {
    let inner = value.get().strip_prefix('"')?.strip_suffix('"')?;
    Some(range_in(text, inner))
}

/// Undoes JSON's escaping.
pub(in crate::gather) fn unescape(raw: &str, source_at: usize) -> Unescaped {
    let mut unescaped = Unescaped::default();
    let mut at = 0;
    while at < raw.len() {
        let next =
            memchr::memchr(b'\\', &raw.as_bytes()[at..]).map_or(raw.len(), |found| at + found);
        unescaped.literal(&raw[at..next], source_at + at);
        if next == raw.len() {
            break;
        }
        let (character, length) = escape(&raw[next..]);
        let mut buffer = [0; 4];
        unescaped.stand_in(character.encode_utf8(&mut buffer), source_at + next, length);
        at = next + length;
    }
    unescaped
}

/// The character that an escape stands for, and the escape's length. The reader has checked that it is one.
fn escape(rest: &str) -> (char, usize) {
    let unit = |at: usize| {
        rest.get(at..at + 4)
            .and_then(|digits| u16::from_str_radix(digits, 16).ok())
    };
    match rest.as_bytes().get(1) {
        Some(b'n') => ('\n', 2),
        Some(b't') => ('\t', 2),
        Some(b'r') => ('\r', 2),
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'u') => {
            let Some(first) = unit(2) else {
                return (char::REPLACEMENT_CHARACTER, rest.len().min(2));
            };
            let second = if rest.get(6..8) == Some("\\u") {
                unit(8)
            } else {
                None
            };
            let pair = [first, second.unwrap_or(0)];
            match char::decode_utf16(pair).next() {
                Some(Ok(character)) => (character, if character.len_utf16() == 2 { 12 } else { 6 }),
                _ => (char::REPLACEMENT_CHARACTER, 6),
            }
        }
        Some(other) if other.is_ascii() => (char::from(*other), 2),
        _ => ('\\', 1),
    }
}
