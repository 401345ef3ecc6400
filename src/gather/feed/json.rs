//! JSON Feed (versions 1 and 1.1).
//!
//! Strings are kept raw while the structure is read, because a raw string still knows where it stands.

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Feed;
use super::content::{Content, Form};
use super::entry::{Channel, Entry};
use super::vocabulary::Role;
use crate::gather::position::Unescaped;
use crate::gather::xml::folded;

#[derive(Deserialize)]
struct RawFeed<'t> {
    home_page_url: Option<serde_json::Value>,
    feed_url: Option<serde_json::Value>,
    next_url: Option<serde_json::Value>,
    author: Option<serde_json::Value>,
    authors: Option<serde_json::Value>,
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
    language: Option<serde_json::Value>,
    author: Option<serde_json::Value>,
    authors: Option<serde_json::Value>,
}

/// Reads a feed. Raw control characters are not allowed in strings, and feeds have them; then spaces, which are as long,
/// take their place. What is no JSON after that is read as far as it is.
pub(super) fn read(text: &str) -> Result<Feed, String> {
    if let Ok(feed) = read_strictly(text) {
        return feed;
    }
    let cleaned = text.replace(|character: char| character < ' ', " ");
    match read_strictly(&cleaned) {
        Ok(feed) => feed,
        Err(error) => salvage(&cleaned, &error.to_string()),
    }
}

fn read_strictly(text: &str) -> Result<Result<Feed, String>, serde_json::Error> {
    let raw: RawFeed<'_> = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
    Ok(of_raw(text, raw))
}

fn of_raw(text: &str, raw: RawFeed<'_>) -> Result<Feed, String> {
    let Some(items) = raw.items else {
        return Err("it is JSON without the items of a JSON Feed".to_owned());
    };
    let mut feed = Feed {
        older: string(raw.next_url).into_iter().collect(),
        channel: Channel {
            link: string(raw.home_page_url),
            own: string(raw.feed_url),
            language: string(raw.language),
            author: author(raw.author, raw.authors),
            ..Channel::default()
        },
        ..Feed::default()
    };
    for item in items {
        take(&mut feed, text, item);
    }
    Ok(feed)
}

/// A feed that is cut short or broken: its entries up to there.
fn salvage(text: &str, error: &str) -> Result<Feed, String> {
    // Lines are the caller's to tell: there are none any more.
    let error = error.split(" at line ").next().unwrap_or(error);
    let none = || format!("it is no JSON Feed: {error}");
    let key = text.find("\"items\"").ok_or_else(none)?;
    let open = text[key..].find('[').ok_or_else(none)? + key + 1;
    let mut feed = Feed::default();
    let mut at = open;
    loop {
        at += text[at..].len()
            - text[at..]
                .trim_start_matches([' ', '\t', '\r', '\n', ','])
                .len();
        let mut items = serde_json::Deserializer::from_str(&text[at..]).into_iter::<&RawValue>();
        let Some(Ok(item)) = items.next() else {
            break;
        };
        at += items.byte_offset();
        take(&mut feed, text, item);
    }
    if feed.entries.is_empty() {
        return Err(none());
    }
    let why = format!("feed is no valid JSON: {error}; read as far as possible");
    feed.faults.push((at, why));
    // What stands before the entries is about the feed.
    let field = |name: &str| {
        let before = &text[..open];
        let at = before.find(&format!("\"{name}\""))? + name.len() + 2;
        let value = before[at..].trim_start().strip_prefix(':')?;
        let mut values = serde_json::Deserializer::from_str(value).into_iter::<String>();
        values.next()?.ok()
    };
    feed.channel.link = field("home_page_url");
    feed.channel.own = field("feed_url");
    feed.channel.language = field("language");
    feed.older.extend(field("next_url"));
    Ok(feed)
}

fn take(feed: &mut Feed, text: &str, item: &RawValue) {
    let whole = range_in(text, item.get());
    match serde_json::from_str::<RawItem<'_>>(item.get()) {
        Ok(raw) => feed.entries.push(entry(text, whole, raw)),
        Err(error) => feed
            .faults
            .push((whole.start, format!("entry could not be read: {error}"))),
    }
}

fn entry(text: &str, whole: Range<usize>, raw: RawItem<'_>) -> Entry {
    let content = |value: Option<&RawValue>, form: Form, role: Role| {
        let inner = inner_of(text, value?)?;
        Some(Content {
            inner,
            form,
            role,
            base: None,
        })
    };
    let link = |value: Option<&RawValue>| {
        let inner = inner_of(text, value?)?;
        let (address, _) = unescape(&text[inner.clone()], inner.start).into_parts();
        (!address.trim().is_empty()).then_some((address, inner))
    };
    // An external address is what a link post is about; its own address is its identity then.
    let own = link(raw.url);
    let external = link(raw.external_url);
    let id = string(raw.id);
    let contents = [
        content(raw.content_html, Form::Json, Role::Full),
        content(raw.content_text, Form::JsonText, Role::Full),
        content(raw.summary, Form::JsonText, Role::Excerpt),
    ];
    Entry {
        whole,
        title: string(raw.title).as_deref().and_then(folded),
        author: author(raw.author, raw.authors),
        language: string(raw.language),
        id: if external.is_some() {
            own.as_ref().map(|(url, _)| url.clone()).or(id)
        } else {
            id
        },
        link: external.or(own),
        published: string(raw.date_published)
            .into_iter()
            .map(|date| (0, date))
            .collect(),
        updated: string(raw.date_modified).into_iter().collect(),
        // HTML if there is any: of the same text it has the links.
        contents: contents
            .into_iter()
            .flatten()
            .find(|content| !content.inner.is_empty())
            .into_iter()
            .collect(),
        ..Entry::default()
    }
}

/// The first author's name: version 1 has one, version 1.1 a list.
fn author(one: Option<serde_json::Value>, all: Option<serde_json::Value>) -> Option<String> {
    let first = match all {
        Some(serde_json::Value::Array(all)) => all.into_iter().next(),
        _ => None,
    };
    folded(one.or(first)?.get("name")?.as_str()?)
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
