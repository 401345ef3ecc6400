//! OPML: lists of feeds, as feed readers and podcast players export them.
//!
//! Each feed, and each list that is included, is told as [`Note::Input`], once, in document order. A post is made only
//! where the list also holds links of its own (`type="link"`); they are what it cites.

use std::collections::HashSet;
use std::ops::Range;

use url::Url;

use super::dates::milliseconds;
use super::html::{Attribute, StartTag};
use super::options::Rules;
use super::position::Source;
use super::post::{Home, Link, PostWriter};
use super::sentence::cut;
use super::xml::{Elements, ill_formed, plain, read_elements, unescape};
use super::{Details, Document, GatherError, Kind, Note, Place, Post, Sink};
use crate::address;

/// The longest element of the head that is read.
const MAX_FIELD_BYTES: usize = 4096;
/// How many of the outlines around a link are its headings.
const MAX_GROUPS: usize = 16;

pub(super) fn gather(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
) -> Result<(), GatherError> {
    let mut reading = Reading {
        document,
        source,
        sink,
        is_opml: false,
        told: HashSet::new(),
        links: Vec::new(),
        groups: Vec::new(),
        field: None,
        post: Post::default(),
        read_to: 0,
    };
    read_elements(source.text(), &mut reading);
    reading.between_tags(source.text().len());
    if !reading.is_opml {
        return Err(GatherError::Other {
            name: document.name.to_owned(),
            what: "OPML document",
            why: "it has no opml element",
        });
    }
    let (links, post) = (reading.links, reading.post);
    if let Some((at, why)) = ill_formed(source.text(), "OPML") {
        let line = source.line(at);
        sink.note(Note::Unreadable { line, why });
    }
    if !links.is_empty() {
        write_links(document, source, rules, sink, &links, post);
    }
    Ok(())
}

/// An outline that is a link.
#[derive(Debug)]
struct Found {
    href: String,
    text: String,
    at: usize,
    span: Range<usize>,
    /// The outlines around it.
    groups: Vec<String>,
}

struct Reading<'r, 'a> {
    document: &'r Document<'r>,
    source: &'r Source<'a>,
    sink: &'r mut dyn Sink,
    is_opml: bool,
    told: HashSet<Url>,
    links: Vec<Found>,
    /// What the outlines that are open are called.
    groups: Vec<String>,
    /// The element of the head whose text is waited for, and where it begins.
    field: Option<(String, usize)>,
    post: Post,
    /// Where the last tag ended.
    read_to: usize,
}

impl Elements for Reading<'_, '_> {
    fn open(&mut self, _prefix: &str, local: &str, tag: &StartTag) {
        self.between_tags(tag.start);
        self.read_to = tag.end;
        match local {
            "opml" => self.is_opml = true,
            "outline" => self.outline(tag),
            "title" | "ownername" | "datecreated" | "datemodified" => {
                self.field = Some((local.to_owned(), tag.end));
            }
            _ => {}
        }
    }

    fn close(&mut self, _prefix: &str, local: &str, start: usize) {
        self.between_tags(start);
        self.read_to = self.read_to.max(start);
        if local == "outline" {
            self.groups.pop();
        }
        if let Some((_, at)) = self.field.take_if(|(name, _)| name == local) {
            let raw = &self.source.text()[at..start.max(at)];
            self.field(local, cut(raw, MAX_FIELD_BYTES));
        }
    }
}

impl Reading<'_, '_> {
    fn field(&mut self, name: &str, raw: &str) {
        let value = plain(&unescape(raw, 0).text);
        let at = value.as_deref().and_then(milliseconds);
        match name {
            "title" => self.post.title = self.post.title.take().or(value),
            "ownername" => self.post.author = self.post.author.take().or(value),
            "datecreated" => self.post.published_at = self.post.published_at.or(at),
            _ => self.post.modified_at = self.post.modified_at.or(at),
        }
    }

    /// Between tags there is nothing to read, unless a tag ended too early: a description that holds markup which nobody
    /// escaped leaves the feed's address outside.
    fn between_tags(&mut self, end: usize) {
        let start = self.read_to;
        let between = self.source.text().get(start..end).unwrap_or_default();
        let (mut seen, mut in_comment) = (0, false);
        for at in memchr::memmem::find_iter(between.as_bytes(), b"xmlUrl=\"") {
            let value = start + at + "xmlUrl=\"".len();
            let before = &between[seen..at];
            seen = at;
            if let Some(comment) = before.rfind("<!--").max(before.rfind("-->")) {
                in_comment = before[comment..].starts_with("<!--");
            }
            let rest = cut(&self.source.text()[value..end], MAX_FIELD_BYTES);
            if let Some(length) = rest.find('"').filter(|_| !in_comment) {
                let title = self.groups.last().filter(|group| !group.is_empty());
                self.input(&unescape(&rest[..length], 0).text, title.cloned(), value);
            }
        }
    }

    fn outline(&mut self, tag: &StartTag) {
        let words = |attribute| tag.get(attribute).and_then(plain);
        let text = words(Attribute::Text).or_else(|| words(Attribute::Title));
        let title = words(Attribute::Title).or_else(|| text.clone());
        let kind = tag.value(Attribute::Type).trim().to_ascii_lowercase();
        let feed = tag.value(Attribute::XmlUrl).trim();
        let address = tag.value(Attribute::Url).trim();
        if !feed.is_empty() {
            self.input(feed, title, tag.start);
        } else if matches!(
            kind.as_str(),
            "include" | "rss" | "atom" | "feed" | "podcast"
        ) {
            if !address.is_empty() {
                self.input(address, title, tag.start);
            }
        } else if !address.is_empty() {
            self.links.push(Found {
                href: address.to_owned(),
                text: text.clone().unwrap_or_default(),
                at: tag.start,
                span: tag.span(Attribute::Url, self.source.text()),
                groups: self.groups.iter().take(MAX_GROUPS).cloned().collect(),
            });
        }
        // An empty one is closed at once.
        self.groups
            .push(cut(text.as_deref().unwrap_or_default(), 300).to_owned());
    }

    fn input(&mut self, written: &str, title: Option<String>, at: usize) {
        match address::parse(&over_http(written), self.document.own_address()) {
            Ok(address) => {
                if self.told.insert(address.clone()) {
                    self.sink.note(Note::Input { address, title });
                }
            }
            Err(why) => self.sink.note(Note::Unreadable {
                line: self.source.line(at),
                why: format!("{}: {why}", cut(written, 200)),
            }),
        }
    }
}

/// The address behind the schemes that only call for a feed reader or a podcast player.
fn over_http(written: &str) -> String {
    let lower = cut(written, 8).to_ascii_lowercase();
    for scheme in ["feed:", "itpc:", "pcast:"] {
        if lower.starts_with(scheme) {
            let rest = &written[scheme.len()..];
            return if rest.starts_with("//") {
                format!("http:{rest}")
            } else {
                rest.to_owned()
            };
        }
    }
    written.to_owned()
}

fn write_links(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
    links: &[Found],
    post: Post,
) {
    let home = Home {
        address: document.post_address(),
        name: document.name.to_owned(),
        base: document.own_address().cloned(),
        ..Home::default()
    };
    let mut writer = PostWriter::begin(source, rules, sink, home);
    let mut above: &[String] = &[];
    for found in links {
        let same = above.iter().zip(&found.groups);
        let same = same.take_while(|(one, other)| one == other).count();
        writer.leave_headings(level(same));
        for (depth, group) in found.groups.iter().enumerate().skip(same) {
            writer.open_heading(level(depth));
            writer.text(group);
            writer.close_heading();
        }
        above = &found.groups;
        writer.open_link(&Link {
            href: &found.href,
            kind: Kind::Anchor,
            place: Place::Body,
            rel: "",
            at: found.at,
            span: found.span.clone(),
            excluded: None,
            details: Details::default(),
        });
        writer.text(&found.text);
        writer.close_link();
        writer.break_block();
    }
    writer.end(document.bytes, post);
}

fn level(depth: usize) -> u8 {
    depth.min(MAX_GROUPS) as u8 + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::Format;
    use crate::gather::testing::{Heard, hear};

    fn inputs(heard: &Heard) -> Vec<(&str, Option<&str>)> {
        heard
            .notes
            .iter()
            .filter_map(|note| match note {
                Note::Input { address, title } => Some((address.as_str(), title.as_deref())),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn feeds_become_inputs() {
        let heard = hear(
            "<?xml version='1.0'?><opml version='2.0'><head><title>Mine</title></head><body><outline text='News'>\
             <outline type='rss' text='A &amp;amp; B' title='A &amp; B' xmlUrl='https://a.example/feed?a=1&amp;b' htmlUrl='https://a.example/'/>\
             <outline text='Again' xmlUrl='https://a.example/feed?a=1&amp;b'/></outline>\
             <outline text='P' XMLURL='feed://b.example/rss'></outline><outline type='include' text='More' url='https://c.example/more.opml'/></body></opml>",
            Format::Opml,
        );
        assert_eq!(
            inputs(&heard),
            [
                ("https://a.example/feed?a=1&b", Some("A & B")),
                ("http://b.example/rss", Some("P")),
                ("https://c.example/more.opml", Some("More")),
            ]
        );
        assert!(heard.addresses.is_empty() && heard.citations.is_empty());
        assert_eq!(heard.notes.len(), 3, "{:?}", heard.notes);
    }

    #[test]
    fn links_make_a_post() {
        let text = "<opml><head><title>Reading</title><ownerName>Jane</ownerName></head><body>\n<outline text='One'><outline text='Two'>\
             <outline type='link' text='See &lt;b&gt;this&lt;/b&gt;' url='https://blog.example/x'/></outline>\n\
             <outline type='link' text='that' url='http://a.example/'/></outline><outline text='bare' url='http://b.example/'/></body></opml>";
        let heard = hear(text, Format::Opml);
        assert_eq!(
            heard.urls(),
            [
                "https://blog.example/x",
                "http://a.example/",
                "http://b.example/"
            ]
        );
        let words: Vec<(&str, &[String])> = heard
            .citations
            .iter()
            .map(|one| (one.text.as_str(), one.headings.as_slice()))
            .collect();
        assert_eq!(
            words,
            [
                ("See this", &["One".to_owned(), "Two".to_owned()][..]),
                ("that", &["One".to_owned()][..]),
                ("bare", &[][..]),
            ]
        );
        let (start, end) = heard.citations[1].span;
        assert_eq!(&text[start..end], "http://a.example/");
        assert_eq!(heard.citations[1].line, 3);
        assert_eq!(heard.posts[0].title.as_deref(), Some("Reading"));
        assert_eq!(heard.posts[0].author.as_deref(), Some("Jane"));
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let heard = hear(
            "<opml><body>\n<outline text='x' xmlUrl='gopher://a.example/'/><outline text='cut' xmlUrl='http://a.example/",
            Format::Opml,
        );
        assert!(inputs(&heard).is_empty());
        assert!(
            matches!(&heard.notes[0], Note::Unreadable { line: 2, why } if why.starts_with("gopher:"))
        );
    }

    #[test]
    fn markup_that_nobody_escaped_hides_no_feed() {
        let heard = hear(
            "<opml><body><outline text='A' description=\"See <a href=\"http://no.example/\">x</a> now.\" xmlUrl=\"http://a.example/?a&amp;b\" />\
             <!-- <outline xmlUrl=\"http://no.example/\"/> --><outline text='B' xmlUrl='http://b.example/'/></body></opml>",
            Format::Opml,
        );
        assert_eq!(
            inputs(&heard),
            [
                ("http://a.example/?a&b", Some("A")),
                ("http://b.example/", Some("B")),
            ]
        );
    }

    #[test]
    fn a_text_made_to_be_slow_is_not() {
        for text in [
            "<opml><outline a=\"<x>".to_owned() + &"xmlUrl=\"".repeat(200_000),
            "<opml>".to_owned() + &"<outline text='x'>".repeat(200_000),
            "<opml>".to_owned()
                + &"<outline type='link' text='x' url='http://a.example/'/>".repeat(50_000),
        ] {
            let before = std::time::Instant::now();
            hear(&text, Format::Opml);
            assert!(before.elapsed().as_secs() < 20);
        }
    }
}
