//! RSS, RDF, Atom and CDF, well-formed or not.

use std::ops::Range;

use html5gum::State;

use super::Feed;
use super::content::Content;
use super::declared::{Declared, form_of, title};
use super::entry::{Entry, Reference};
use super::escape::{attribute, person};
use super::vocabulary::{Field, Role, ends_field, field_of, is_entry, is_own};
use crate::gather::html::{Attribute, Listener, StartTag, read as read_tokens};
use crate::gather::xml::{ill_formed, plain, split_name, unescape};

/// A title or a name that is longer is none.
const MAX_VALUE_BYTES: usize = 16 * 1024;
/// The most references of one entry that are kept.
const MAX_REFERENCES: usize = 64;
/// The most pages of older entries that a feed may name.
const MAX_OLDER: usize = 8;

pub(super) fn read(text: &str) -> Result<Feed, String> {
    let mut reading = Reading {
        text,
        feed: Feed::default(),
        is_feed: false,
        entry: None,
        entry_name: "",
        field: None,
        in_author: false,
        author: String::new(),
    };
    read_tokens(text, &mut reading);
    reading.cut_short();
    let (mut feed, is_feed) = (reading.feed, reading.is_feed);
    if !is_feed {
        return Err("it has neither an rss, rdf or feed element nor entries".to_owned());
    }
    if let Some(fault) = ill_formed(text, "feed") {
        feed.faults.push(fault);
    }
    Ok(feed)
}

/// An element whose text is being waited for.
#[derive(Debug)]
struct Open<'t> {
    field: Field,
    name: &'t str,
    start: usize,
    nested: usize,
    /// Entries of another feed that stand in it.
    inner_entries: usize,
    declared: Declared,
    base: Option<String>,
    language: Option<String>,
}

struct Reading<'t> {
    text: &'t str,
    feed: Feed,
    is_feed: bool,
    entry: Option<Entry>,
    /// The name of the element of the entry that is open, or was last.
    entry_name: &'t str,
    field: Option<Open<'t>>,
    in_author: bool,
    /// What stands in `author` itself.
    author: String,
}

impl<'t> Reading<'t> {
    fn name_at(&self, at: usize) -> &'t str {
        let rest = &self.text[at.min(self.text.len())..];
        let end = rest
            .find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/')
            .unwrap_or(rest.len());
        &rest[..end]
    }

    fn begin_entry(&mut self, tag: &StartTag, name: &'t str) {
        self.is_feed = true;
        self.end_entry(tag.start);
        self.entry_name = name;
        let raw = &self.text[tag.start..tag.end];
        // RDF says here which page it speaks of; CDF has its link and its date here.
        let about = attribute(raw, "rdf:about");
        let link = tag.get(Attribute::Href);
        self.entry = Some(Entry {
            whole: tag.start..tag.end,
            base: tag.get(Attribute::XmlBase).map(str::to_owned),
            language: tag.get(Attribute::XmlLang).map(str::to_owned),
            link: link.map(|link| (link.to_owned(), tag.span(Attribute::Href, self.text))),
            about,
            updated: attribute(raw, "lastmod").into_iter().collect(),
            ..Entry::default()
        });
    }

    fn end_entry(&mut self, at: usize) {
        if let Some(open) = self.field.take() {
            self.take_field(open, at);
        }
        self.end_author();
        if let Some(mut entry) = self.entry.take() {
            entry.whole.end = at.max(entry.whole.start);
            self.feed.entries.push(entry);
        }
    }

    /// The text is over. What is open was not closed: half an address is none, but half a text still cites.
    fn cut_short(&mut self) {
        if self
            .field
            .as_ref()
            .is_some_and(|open| !matches!(open.field, Field::Content(_)))
        {
            self.field = None;
        }
        self.end_entry(self.text.len());
    }

    fn end_author(&mut self) {
        self.in_author = false;
        let written = std::mem::take(&mut self.author);
        if let Some(name) = person(&written) {
            let author = self.author_of();
            *author = author.take().or(Some(name));
        }
    }

    fn author_of(&mut self) -> &mut Option<String> {
        match &mut self.entry {
            Some(entry) => &mut entry.author,
            None => &mut self.feed.channel.author,
        }
    }

    fn take_field(&mut self, open: Open<'t>, end: usize) {
        let inner = open.start..end.max(open.start);
        let raw = &self.text[inner.clone()];
        if let Field::Content(role) = open.field {
            let Some(form) = form_of(raw, open.declared) else {
                return;
            };
            if let Some(entry) = &mut self.entry
                && !raw.trim().is_empty()
            {
                entry.language = entry.language.take().or(open.language);
                entry.contents.push(Content {
                    inner,
                    form,
                    role,
                    base: open.base,
                });
            }
            return;
        }
        if open.field == Field::Skip || raw.len() > MAX_VALUE_BYTES {
            return;
        }
        if open.field == Field::Title {
            let title = title(raw, open.declared);
            if let Some(entry) = &mut self.entry {
                entry.title = entry.title.take().or(title);
            }
            return;
        }
        let value = unescape(raw, inner.start).text;
        let value = value.trim();
        if !value.is_empty() {
            self.take_value(open.field, value, raw, inner);
        }
    }

    fn take_value(&mut self, field: Field, value: &str, raw: &str, inner: Range<usize>) {
        let owned = Some(value.to_owned());
        if field == Field::Author {
            let name = plain(value).as_deref().and_then(person);
            let author = self.author_of();
            *author = author.take().or(name);
            return;
        }
        let Some(entry) = &mut self.entry else {
            let channel = &mut self.feed.channel;
            match field {
                Field::Link => channel.link = channel.link.take().or(owned),
                Field::Language => channel.language = owned,
                _ => {}
            }
            return;
        };
        match field {
            Field::Link if entry.link.is_none() => {
                entry.link = Some((value.to_owned(), place_of(value, raw, inner)));
            }
            Field::OriginalLink => entry.original_link = owned,
            Field::Id => entry.id = entry.id.take().or(owned),
            Field::Published(rank) if entry.published.len() < 8 => {
                entry.published.push((rank, value.to_owned()));
            }
            Field::Updated if entry.updated.len() < 8 => entry.updated.push(value.to_owned()),
            Field::Language => entry.language = owned,
            Field::Related => {
                let span = place_of(value, raw, inner);
                refer(entry, value, String::new(), span);
            }
            _ => {}
        }
    }

    /// Atom's links are attributes, in RSS too.
    fn link(&mut self, tag: &StartTag) {
        let Some(href) = tag.get(Attribute::Href) else {
            return;
        };
        let rel = tag
            .get(Attribute::Rel)
            .unwrap_or("alternate")
            .to_ascii_lowercase();
        let rel = rel.rsplit('/').next().unwrap_or(&rel);
        let span = tag.span(Attribute::Href, self.text);
        let is_page = tag
            .get(Attribute::Type)
            .is_none_or(|one| one.contains("html"));
        let Some(entry) = &mut self.entry else {
            let feed = &mut self.feed;
            match rel {
                "alternate" if is_page => {
                    feed.channel.link = feed.channel.link.take().or_else(|| Some(href.to_owned()));
                }
                "self" => feed.channel.own = Some(href.to_owned()),
                // RFC 5005: the next page goes back in time, and so does the archive before this.
                "next" | "prev-archive" if feed.older.len() < MAX_OLDER => {
                    feed.older.push(href.to_owned());
                }
                _ => {}
            }
            return;
        };
        match rel {
            "alternate" if is_page && entry.link.is_none() => {
                entry.link = Some((href.to_owned(), span));
            }
            "alternate" if entry.other_link.is_none() => {
                entry.other_link = Some((href.to_owned(), span));
            }
            "via" | "related" | "in-reply-to" => {
                let title = tag.value(Attribute::Title).to_owned();
                refer(entry, href, title, span);
            }
            _ => {}
        }
    }

    /// Elements that say all they have to say in attributes.
    fn attributes(&mut self, tag: &StartTag, prefix: &str, local: &str) {
        let Some(entry) = &mut self.entry else {
            return;
        };
        match (prefix, local) {
            ("thr", "in-reply-to") => {
                if let Some(href) = tag.get(Attribute::Href) {
                    let span = tag.span(Attribute::Href, self.text);
                    refer(entry, href, String::new(), span);
                }
            }
            ("", "source") => {
                let raw = &self.text[tag.start..tag.end];
                if let Some(address) = attribute(raw, "url") {
                    let span = place_of(&address, raw, tag.start..tag.end);
                    refer(entry, &address, String::new(), span);
                }
            }
            ("", "guid") => {
                entry.is_id_opaque = tag
                    .value(Attribute::IsPermaLink)
                    .eq_ignore_ascii_case("false");
            }
            // Atom: what the entry is about lies elsewhere.
            ("" | "atom", "content") if tag.get(Attribute::Src).is_some() => {
                let media_type = tag.value(Attribute::Type);
                if media_type.is_empty() || media_type.contains("html") {
                    entry.elsewhere = Some((
                        tag.value(Attribute::Src).to_owned(),
                        tag.span(Attribute::Src, self.text),
                    ));
                }
            }
            ("yt", "videoid") => entry.is_video = true,
            _ => {}
        }
    }

    /// Whether what is open goes on over this start tag.
    fn goes_on(&mut self, tag: &StartTag, name: &str, prefix: &str, local: &str) -> bool {
        let Some(open) = &mut self.field else {
            return false;
        };
        let begins_entry = is_entry(prefix, local)
            && (self.entry.is_none() || self.entry_name.eq_ignore_ascii_case(name));
        if begins_entry {
            let is_inner =
                open.declared == Declared::Xml && matches!(open.field, Field::Content(_));
            open.inner_entries += usize::from(is_inner && !tag.self_closing);
            return is_inner;
        }
        let is_markup = matches!(open.declared, Declared::Xhtml | Declared::Xml);
        let has_address = tag.get(Attribute::Href).is_some();
        if !is_markup && ends_field(open.field, prefix, local, has_address) {
            return false;
        }
        let is_nested = open.name == name && !tag.self_closing;
        open.nested += usize::from(is_nested);
        true
    }
}

/// Where a value stands, as far as it stands there as it is.
fn place_of(value: &str, raw: &str, inner: Range<usize>) -> Range<usize> {
    match raw.find(value) {
        Some(at) => inner.start + at..inner.start + at + value.len(),
        None => inner,
    }
}

fn refer(entry: &mut Entry, address: &str, text: String, span: Range<usize>) {
    if entry.references.len() < MAX_REFERENCES {
        entry.references.push(Reference {
            address: address.to_owned(),
            text,
            span,
        });
    }
}

impl Listener for Reading<'_> {
    fn start_tag(&mut self, tag: &StartTag) -> Option<State> {
        let name = self.name_at(tag.start + 1);
        let (prefix, local) = split_name(name);
        if self.field.is_some() {
            if self.goes_on(tag, name, &prefix, &local) {
                return None;
            }
            // It was never closed: what there is of it counts.
            if let Some(open) = self.field.take() {
                self.take_field(open, tag.start);
            }
        }
        if is_entry(&prefix, &local)
            && (self.entry.is_none() || self.entry_name.eq_ignore_ascii_case(name))
        {
            self.begin_entry(tag, name);
            if tag.self_closing {
                self.end_entry(tag.end);
            }
            return None;
        }
        if matches!(local.as_str(), "rss" | "rdf" | "feed" | "channel") {
            self.is_feed = true;
            let channel = &mut self.feed.channel;
            channel.is_atom |= local == "feed";
            let base = tag.get(Attribute::XmlBase).map(str::to_owned);
            channel.base = channel.base.take().or(base);
            let language = tag.get(Attribute::XmlLang).map(str::to_owned);
            channel.language = channel.language.take().or(language);
            let link = tag.get(Attribute::Href).map(str::to_owned);
            channel.link = channel.link.take().or(link);
            return None;
        }
        self.attributes(tag, &prefix, &local);
        let entry_prefix = self.entry.as_ref().map(|_| {
            self.entry_name
                .split_once(':')
                .map_or("", |(prefix, _)| prefix)
        });
        if local == "author" && is_own(&prefix, entry_prefix) && !tag.self_closing {
            self.end_author();
            self.in_author = true;
        }
        let field = field_of(&prefix, &local, entry_prefix, self.in_author)?;
        if field == Field::Link && tag.get(Attribute::Href).is_some() {
            self.link(tag);
            return None;
        }
        if tag.self_closing {
            return None;
        }
        let mut declared = Declared::of(tag, &local);
        let is_text = field == Field::Title && self.feed.channel.is_atom;
        if is_text && declared == Declared::Unknown && tag.get(Attribute::Type).is_none() {
            declared = Declared::Text;
        }
        let field = match (field, &self.entry) {
            (Field::Content(Role::Other), Some(entry)) if entry.is_video => {
                Field::Content(Role::Full)
            }
            (field, _) => field,
        };
        self.field = Some(Open {
            field,
            name,
            start: tag.end,
            nested: 0,
            inner_entries: 0,
            declared,
            base: tag.get(Attribute::XmlBase).map(str::to_owned),
            language: tag.get(Attribute::XmlLang).map(str::to_owned),
        });
        None
    }

    fn end_tag(&mut self, _key: u64, start: usize) {
        let name = self.name_at(start + 2);
        let ends_entry = self.entry.is_some() && self.entry_name.eq_ignore_ascii_case(name);
        if let Some(open) = &mut self.field {
            if ends_entry && open.inner_entries > 0 {
                open.inner_entries -= 1;
                return;
            }
            if open.name == name {
                if open.nested > 0 {
                    open.nested -= 1;
                } else if let Some(open) = self.field.take() {
                    self.take_field(open, start);
                }
                return;
            }
            if !ends_entry {
                return;
            }
            // The field was never closed: what there is of it counts.
            if let Some(open) = self.field.take() {
                self.take_field(open, start);
            }
        }
        if ends_entry {
            let end = self.text[start..]
                .find('>')
                .map_or(self.text.len(), |at| start + at + 1);
            self.end_entry(end);
        } else if self.in_author && split_name(name).1 == "author" {
            self.end_author();
        }
    }

    fn text(&mut self, text: &str) {
        // RSS: `<author>jane@example.org (Jane)</author>` has no element inside.
        if self.in_author && self.field.is_none() && self.author.len() + text.len() < 1000 {
            self.author.push_str(text);
        }
    }

    fn comment(&mut self, _comment: &str) {}

    fn knows_cdata(&self) -> bool {
        true
    }
}
