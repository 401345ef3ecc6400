//! The elements of an export, one item at a time.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::item::{self, Export, Item, Reply};
use crate::gather::html::StartTag;
use crate::gather::options::Rules;
use crate::gather::position::Source;
use crate::gather::sentence::cut;
use crate::gather::xml::{Elements, plain, unescape};
use crate::gather::{Document, Sink};

/// The longest element that is copied; what is longer is read where it stands.
const MAX_FIELD_BYTES: usize = 16 * 1024;
/// The longest name of a status that is repeated.
const MAX_STATUS_BYTES: usize = 30;
/// Prefixes of the vocabularies whose elements stand directly in an item; one that begins ends what was never closed.
const PREFIXES: &[&str] = &["wp", "content", "excerpt", "dc", "wfw"];

/// What the whole export was.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) is_export: bool,
    /// How many items there were, whether posts or not.
    pub(super) items: usize,
    /// How many were not published, by their status.
    pub(super) unpublished: BTreeMap<String, usize>,
}

/// An element whose text is waited for.
#[derive(Debug)]
struct Open {
    prefix: String,
    local: String,
    start: usize,
}

pub(super) struct Reading<'r, 'a> {
    document: &'r Document<'r>,
    source: &'r Source<'a>,
    rules: &'r Rules,
    sink: &'r mut dyn Sink,
    export: Export,
    found: Found,
    item: Option<Item>,
    comment: Option<Reply>,
    /// The login and the display name of the author that is being read.
    author: Option<(String, String)>,
    /// What authors are called, by login.
    names: HashMap<String, String>,
    open: Option<Open>,
}

impl<'r, 'a> Reading<'r, 'a> {
    pub(super) fn new(
        document: &'r Document<'r>,
        source: &'r Source<'a>,
        rules: &'r Rules,
        sink: &'r mut dyn Sink,
    ) -> Self {
        Self {
            document,
            source,
            rules,
            sink,
            export: Export::default(),
            found: Found::default(),
            item: None,
            comment: None,
            author: None,
            names: HashMap::new(),
            open: None,
        }
    }

    /// The document is over, and with it whatever was not closed.
    pub(super) fn end(mut self) -> Found {
        let end = self.source.text().len();
        self.end_field(end);
        self.end_item(end);
        self.found
    }

    fn end_field(&mut self, end: usize) {
        if let Some(open) = self.open.take() {
            let inner = open.start..end.max(open.start);
            self.field(&open.prefix, &open.local, inner);
        }
    }

    fn end_comment(&mut self) {
        if let (Some(comment), Some(item)) = (self.comment.take(), &mut self.item) {
            item.comments.push(comment);
        }
    }

    fn end_item(&mut self, end: usize) {
        self.end_comment();
        let Some(mut item) = self.item.take() else {
            return;
        };
        item.whole.end = end.max(item.whole.start);
        self.found.items += 1;
        if let Some(name) = item.author.as_ref().and_then(|login| self.names.get(login)) {
            item.author = Some(name.clone());
        }
        if item.is_foreign() {
            return;
        }
        if let Some(status) = item.not_published() {
            let status = cut(status, MAX_STATUS_BYTES).to_owned();
            *self.found.unpublished.entry(status).or_default() += 1;
            return;
        }
        item::gather(
            self.document,
            self.source,
            self.rules,
            self.sink,
            &self.export,
            &item,
            self.found.items,
        );
    }

    /// An element is over: what it says goes where it belongs. Of two of one name the first counts.
    fn field(&mut self, prefix: &str, local: &str, inner: Range<usize>) {
        let raw = &self.source.text()[inner.clone()];
        if let Some(comment) = &mut self.comment {
            if local == "comment_content" {
                comment.content.get_or_insert(inner);
            } else if let Some(value) = short(raw) {
                comment.set(local, value, || place_of(raw, inner));
            }
            return;
        }
        let Some(item) = &mut self.item else {
            if let Some(value) = short(raw) {
                self.head(local, value);
            }
            return;
        };
        match (prefix, local) {
            ("excerpt", "encoded") => {
                item.excerpt.get_or_insert(inner);
            }
            (_, "encoded") => {
                item.content.get_or_insert(inner);
            }
            _ => {
                if let Some(value) = short(raw) {
                    item.set(local, value);
                }
            }
        }
    }

    /// What stands before the items.
    fn head(&mut self, local: &str, value: String) {
        if let Some((login, name)) = &mut self.author {
            match local {
                "author_login" => *login = value,
                "author_display_name" => *name = plain(&value).unwrap_or_default(),
                _ => {}
            }
            return;
        }
        let export = &mut self.export;
        match local {
            "base_blog_url" => export.site = Some(value),
            "link" if export.site.is_none() => export.site = Some(value),
            "language" if export.language.is_none() => export.language = Some(value),
            _ => {}
        }
    }
}

impl Elements for Reading<'_, '_> {
    fn open(&mut self, prefix: &str, local: &str, tag: &StartTag) {
        let begins_item = prefix.is_empty() && local == "item";
        if self.open.is_some() {
            if !begins_item && !PREFIXES.contains(&prefix) {
                return;
            }
            self.end_field(tag.start);
        }
        match local {
            "rss" | "channel" => self.found.is_export = true,
            "item" if begins_item => {
                self.end_item(tag.start);
                self.found.is_export = true;
                self.item = Some(Item::new(tag.start));
            }
            "comment" if !prefix.is_empty() && self.item.is_some() => {
                self.end_comment();
                self.comment = Some(Reply::default());
            }
            "author" if self.item.is_none() && !prefix.is_empty() => {
                self.author = Some((String::new(), String::new()));
            }
            // What these hold is the blog's own business.
            "postmeta" | "commentmeta" | "termmeta" | "term" | "category" | "tag" | "image" => {}
            _ => {
                self.open = Some(Open {
                    prefix: prefix.to_owned(),
                    local: local.to_owned(),
                    start: tag.end,
                });
            }
        }
    }

    fn close(&mut self, prefix: &str, local: &str, start: usize) {
        let is_end = |name| local == name && !prefix.is_empty();
        if let Some(open) = &self.open {
            if open.local == local && open.prefix == prefix {
                self.end_field(start);
                return;
            }
            if local != "item" && local != "channel" && !is_end("comment") {
                return;
            }
            self.end_field(start);
        }
        match local {
            "item" | "channel" => {
                let text = self.source.text();
                let rest = &text.as_bytes()[start.min(text.len())..];
                let end = memchr::memchr(b'>', rest).map_or(text.len(), |at| start + at + 1);
                self.end_item(end);
            }
            "comment" if is_end("comment") => self.end_comment(),
            "author" if is_end("author") => {
                if let Some((login, name)) = self.author.take()
                    && !login.is_empty()
                    && !name.is_empty()
                {
                    self.names.insert(login, name);
                }
            }
            _ => {}
        }
    }
}

/// What a short element says; `None` where that is nothing.
fn short(raw: &str) -> Option<String> {
    if raw.len() > MAX_FIELD_BYTES {
        return None;
    }
    let value = unescape(raw, 0).text;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// Where in an element its words stand, without what marks them as text.
fn place_of(raw: &str, inner: Range<usize>) -> Range<usize> {
    let (text, origin) = unescape(raw, inner.start).into_parts();
    let words = text.trim();
    let start = text.find(words).unwrap_or(0);
    origin.of(&(start..start + words.len()))
}
