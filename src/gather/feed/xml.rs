//! RSS, RDF and Atom, well-formed or not.

use std::ops::Range;

use html5gum::State;

use super::Feed;
use super::entry::{Content, Entry, Form};
use crate::gather::html::{Attribute, Listener, StartTag, read as read_tokens};
use crate::gather::xml::{ill_formed, name_at, plain, split_name, unescape};

/// Prefixes of vocabularies whose `title` or `content` is not the entry's.
const FOREIGN_PREFIXES: &[&str] = &[
    "media",
    "itunes",
    "googleplay",
    "podcast",
    "thr",
    "slash",
    "wfw",
    "yt",
    "geo",
    "georss",
    "g",
    "sy",
    "cc",
    "creativecommons",
    "admin",
    "ag",
    "taxo",
    "trackback",
    "psc",
    "image",
    "l",
    "opensearch",
    "openSearch",
    "gd",
    "app",
];

pub(super) fn read(text: &str) -> Result<Feed, String> {
    let mut reading = Reading {
        text,
        feed: Feed::default(),
        is_feed: false,
        entry: None,
        field: None,
        in_author: false,
    };
    read_tokens(text, &mut reading);
    reading.end_entry(text.len());
    let (mut feed, is_feed) = (reading.feed, reading.is_feed);
    if !is_feed {
        return Err("it has neither an rss, rdf or feed element nor entries".to_owned());
    }
    if let Some(fault) = ill_formed(text, "feed") {
        feed.faults.push(fault);
    }
    Ok(feed)
}

/// What the text of an element is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Title,
    Link,
    OriginalLink,
    Id,
    Author,
    Published,
    Updated,
    Content,
    Language,
    /// Nothing in it is the entry's or the channel's own.
    Skip,
}

/// An element whose text is being waited for.
#[derive(Debug)]
struct Open<'t> {
    field: Field,
    name: &'t str,
    start: usize,
    nested: usize,
    is_markup: bool,
    base: Option<String>,
}

struct Reading<'t> {
    text: &'t str,
    feed: Feed,
    is_feed: bool,
    entry: Option<Entry>,
    field: Option<Open<'t>>,
    in_author: bool,
}

impl<'t> Reading<'t> {
    fn end_entry(&mut self, at: usize) {
        self.field = None;
        self.in_author = false;
        if let Some(mut entry) = self.entry.take() {
            entry.whole.end = at.max(entry.whole.start);
            self.feed.entries.push(entry);
        }
    }

    fn take_field(&mut self, open: Open<'t>, end: usize) {
        let inner = open.start..end.max(open.start);
        let raw = &self.text[inner.clone()];
        if open.field == Field::Content {
            if let Some(entry) = &mut self.entry {
                let form = if open.is_markup || holds_markup(raw) {
                    Form::Markup
                } else {
                    Form::Escaped
                };
                entry.contents.push(Content {
                    inner,
                    form,
                    base: open.base,
                });
            }
            return;
        }
        if open.field == Field::Skip || raw.len() > 16 * 1024 {
            return;
        }
        let (value, _) = unescape(raw, inner.start).into_parts();
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        self.take_value(open.field, value, raw, inner);
    }

    fn take_value(&mut self, field: Field, value: &str, raw: &str, inner: Range<usize>) {
        let owned = Some(value.to_owned());
        let Some(entry) = &mut self.entry else {
            let channel = &mut self.feed.channel;
            match field {
                Field::Link => channel.link = channel.link.take().or(owned),
                Field::Language => channel.language = owned,
                Field::Author => channel.author = channel.author.take().or_else(|| plain(value)),
                _ => {}
            }
            return;
        };
        match field {
            Field::Title => entry.title = entry.title.take().or_else(|| plain(value)),
            Field::Author => entry.author = entry.author.take().or_else(|| plain(value)),
            Field::Link if entry.link.is_none() => {
                let start = inner.start + raw.find(value).unwrap_or(0);
                let end = if raw.contains(value) {
                    start + value.len()
                } else {
                    inner.end
                };
                entry.link = Some((value.to_owned(), start..end));
            }
            Field::OriginalLink => entry.original_link = owned,
            Field::Id => entry.id = entry.id.take().or(owned),
            Field::Published => entry.published = entry.published.take().or(owned),
            Field::Updated => entry.updated = entry.updated.take().or(owned),
            _ => {}
        }
    }

    /// Atom's links are attributes.
    fn atom_link(&mut self, tag: &StartTag) {
        let Some(href) = tag.get(Attribute::Href) else {
            return;
        };
        let rel = tag
            .get(Attribute::Rel)
            .unwrap_or("alternate")
            .to_ascii_lowercase();
        if rel != "alternate" {
            return;
        }
        let is_page = tag
            .get(Attribute::Type)
            .is_none_or(|one| one.contains("html"));
        match &mut self.entry {
            Some(entry) if entry.link.is_none() => {
                entry.link = Some((href.to_owned(), tag.span(Attribute::Href, self.text)));
            }
            None if is_page => {
                let channel = &mut self.feed.channel;
                channel.link = channel.link.take().or_else(|| Some(href.to_owned()));
            }
            _ => {}
        }
    }
}

fn field_of(prefix: &str, local: &str, in_entry: bool, in_author: bool) -> Option<Field> {
    if FOREIGN_PREFIXES.contains(&prefix) {
        return matches!(local, "group" | "content" | "owner" | "credit").then_some(Field::Skip);
    }
    Some(match local {
        "name" if in_author => Field::Author,
        "creator" if prefix == "dc" => Field::Author,
        "author" if prefix != "dc" => return None,
        "title" => Field::Title,
        "link" => Field::Link,
        "origlink" => Field::OriginalLink,
        "guid" | "id" => Field::Id,
        "pubdate" | "published" | "issued" | "created" => Field::Published,
        "date" if prefix.starts_with("dc") => Field::Published,
        "updated" | "modified" => Field::Updated,
        "content" | "encoded" | "summary" | "description" | "body" | "fullitem" if in_entry => {
            Field::Content
        }
        "language" if !in_entry => Field::Language,
        "source" | "image" | "textinput" => Field::Skip,
        _ => return None,
    })
}

impl Listener for Reading<'_> {
    fn start_tag(&mut self, tag: &StartTag) -> Option<State> {
        let name = name_at(self.text, tag.start + 1);
        let (prefix, local) = split_name(name);
        if let Some(open) = &mut self.field {
            if open.name == name && !tag.self_closing {
                open.nested += 1;
            }
            let begins_entry =
                matches!(local.as_str(), "item" | "entry") && open.field != Field::Content;
            if !begins_entry {
                return None;
            }
            self.field = None;
        }
        match local.as_str() {
            "rss" | "rdf" | "feed" | "channel" => {
                self.is_feed = true;
                let channel = &mut self.feed.channel;
                channel.base = channel
                    .base
                    .take()
                    .or_else(|| tag.get(Attribute::XmlBase).map(str::to_owned));
                channel.language = channel
                    .language
                    .take()
                    .or_else(|| tag.get(Attribute::XmlLang).map(str::to_owned));
                return None;
            }
            "item" | "entry" if !FOREIGN_PREFIXES.contains(&prefix.as_str()) => {
                self.is_feed = true;
                self.end_entry(tag.start);
                self.entry = Some(Entry {
                    whole: tag.start..tag.end,
                    base: tag.get(Attribute::XmlBase).map(str::to_owned),
                    ..Entry::default()
                });
                return None;
            }
            _ => {}
        }
        if local == "author" && prefix != "itunes" && !tag.self_closing {
            self.in_author = true;
            // RSS names the author here; Atom's `name` inside comes first and wins.
        }
        let field = field_of(&prefix, &local, self.entry.is_some(), self.in_author)?;
        if field == Field::Link && tag.get(Attribute::Href).is_some() {
            self.atom_link(tag);
            return None;
        }
        if tag.self_closing {
            return None;
        }
        let media_type = tag.value(Attribute::Type);
        let is_markup = media_type == "xhtml"
            || (media_type.contains("xhtml") && tag.value(Attribute::Mode) != "escaped")
            || local == "body";
        let field = if tag.value(Attribute::Mode) == "base64" {
            Field::Skip
        } else {
            field
        };
        let base = tag.get(Attribute::XmlBase).map(str::to_owned);
        self.field = Some(Open {
            field,
            name,
            start: tag.end,
            nested: 0,
            is_markup,
            base,
        });
        None
    }

    fn end_tag(&mut self, _key: u64, start: usize) {
        let name = name_at(self.text, start + 2);
        let (_, local) = split_name(name);
        if let Some(open) = &mut self.field {
            if open.name == name {
                if open.nested > 0 {
                    open.nested -= 1;
                } else if let Some(open) = self.field.take() {
                    self.take_field(open, start);
                }
                return;
            }
            if !matches!(local.as_str(), "item" | "entry") {
                return;
            }
            // The field was never closed: what there is of it counts.
            if let Some(open) = self.field.take() {
                self.take_field(open, start);
            }
        }
        match local.as_str() {
            "item" | "entry" => {
                let end = self.text[start..]
                    .find('>')
                    .map_or(self.text.len(), |at| start + at + 1);
                self.end_entry(end);
            }
            "author" => self.in_author = false,
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        // RSS: `<author>jane@example.org (Jane)</author>` has no element inside.
        if self.in_author && self.field.is_none() {
            let author = match &mut self.entry {
                Some(entry) => &mut entry.author,
                None => &mut self.feed.channel.author,
            };
            if author.is_none() && text.len() < 1000 {
                *author = plain(text);
            }
        }
    }

    fn comment(&mut self, _comment: &str) {}

    fn knows_cdata(&self) -> bool {
        true
    }
}

/// Whether the content is elements, and not text that stands for them.
fn holds_markup(raw: &str) -> bool {
    let trimmed = raw.trim_start();
    !raw.contains("<![CDATA[")
        && trimmed
            .match_indices('<')
            .any(|(at, _)| trimmed[at + 1..].starts_with(|next: char| next.is_ascii_alphabetic()))
}
