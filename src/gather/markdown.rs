//! Markdown: `CommonMark` with GFM's tables, strikethrough, task lists and footnotes; front matter apart.
//!
//! Links, autolinks and reference links are anchors; images are no citations. What front matter names as a source is a
//! reference. Addresses in running text are bare
//! citations, but never in code of any kind. HTML in between goes through the HTML machinery piece by piece, so that
//! `<a href>` gets its anchor text from the Markdown around it. The span is the address as written: of a reference link
//! it is in the link's definition, while the line is the one where a reader meets the link.

mod front_matter;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use pulldown_cmark::{
    CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, TextMergeWithOffset,
};

use super::bare::{addresses, href_of, locate};
use super::html::{self, Page};
use super::marks;
use super::options::Rules;
use super::position::{Origin, Source, Unescaped};
use super::post::{Home, Link, PostWriter};
use super::shortcode::{Shortcode, shortcodes};
use super::{Details, Document, Kind, Place, Sink};

/// What GFM adds to `CommonMark`; addresses in running text are looked for here.
const EXTENSIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_FOOTNOTES);

pub(super) fn gather(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
) {
    let text = source.text();
    let front = front_matter::read(text);
    let (mut post, body_at) = (front.post, front.end);
    let home = Home {
        address: document.post_address(),
        name: document.name.to_owned(),
        own: document.own_address().cloned(),
        base: document.own_address().cloned(),
        ignored: html::asks_to_be_ignored(text),
    };
    let mut writer = PostWriter::begin(source, rules, sink, home);
    for reference in &front.references {
        let href = href_of(&text[reference.clone()]);
        let link = Link {
            href: &href,
            kind: Kind::Reference,
            place: Place::Body,
            rel: "",
            at: reference.start,
            span: reference.clone(),
            excluded: None,
            details: Details::default(),
        };
        writer.point_link(&link, "");
        writer.break_block();
    }
    let body = &text[body_at..];
    let parser = Parser::new_ext(body, EXTENSIONS);
    let definitions = definitions(&parser, body);
    let mut reading = Reading {
        writer: &mut writer,
        page: Page::of_body(),
        body,
        body_at,
        definitions,
        codes: shortcodes(body),
        next_code: 0,
        taken_to: 0,
        in_code: false,
        in_image: 0,
        image_text: String::new(),
        html: None,
        heading: None,
        title: None,
    };
    for (event, range) in TextMergeWithOffset::new(parser.into_offset_iter()) {
        reading.event(event, range);
    }
    let title = reading.title.take();
    post.title = post.title.or(title);
    writer.end(document.bytes, post);
}

/// Where the address of each reference definition stands, by its label.
fn definitions(parser: &Parser<'_>, body: &str) -> HashMap<String, Range<usize>> {
    parser
        .reference_definitions()
        .iter()
        .map(|(label, definition)| {
            let whole = definition.span.clone();
            // The label may hold the address as well; the destination stands behind the colon.
            let colon = body[whole.clone()].find("]:").map_or(0, |colon| colon + 2);
            let address = body[whole.clone()][colon..]
                .find(&*definition.dest)
                .map(|at| {
                    let start = whole.start + colon + at;
                    start..start + definition.dest.len()
                });
            (label.to_lowercase(), address.unwrap_or(whole))
        })
        .collect()
}

struct Reading<'r, 'a, 't> {
    writer: &'r mut PostWriter<'a>,
    page: Page,
    body: &'t str,
    body_at: usize,
    definitions: HashMap<String, Range<usize>>,
    codes: Vec<Shortcode>,
    next_code: usize,
    /// Text before this belongs to a shortcode.
    taken_to: usize,
    in_code: bool,
    in_image: usize,
    image_text: String,
    html: Option<Unescaped>,
    heading: Option<String>,
    title: Option<String>,
}

impl Reading<'_, '_, '_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(&tag, range),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text, range),
            Event::Code(text) => {
                self.writer.open_code();
                self.words(&text);
                self.writer.close_code();
            }
            Event::InlineHtml(_) => {
                let origin = Origin::Slice(self.body_at + range.start);
                self.page.feed(self.writer, &self.body[range], &origin);
            }
            Event::Html(text) => match &mut self.html {
                Some(html) => html.literal(&text, self.body_at + range.start),
                None => self.page.feed(
                    self.writer,
                    &text,
                    &Origin::Slice(self.body_at + range.start),
                ),
            },
            Event::SoftBreak | Event::HardBreak => self.words("\n"),
            Event::Rule => self.writer.break_block(),
            Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Link {
                link_type,
                dest_url,
                id,
                ..
            } => self.link(*link_type, dest_url, id, range),
            Tag::Image { .. } => self.in_image += 1,
            Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Superscript
            | Tag::Subscript => {}
            Tag::CodeBlock(_) => {
                self.writer.break_block();
                self.writer.open_code();
                self.in_code = true;
            }
            Tag::HtmlBlock => {
                self.writer.break_block();
                self.html = Some(Unescaped::default());
            }
            Tag::Heading { level, .. } => {
                self.writer.open_heading(*level as u8);
                if *level == HeadingLevel::H1 && self.title.is_none() {
                    self.heading = Some(String::new());
                }
            }
            Tag::BlockQuote(_) => self.writer.open_quote(None),
            _ => self.writer.break_block(),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Link => self.writer.close_link(),
            TagEnd::Image => {
                self.in_image = self.in_image.saturating_sub(1);
                let text = std::mem::take(&mut self.image_text);
                self.writer.image_text(&text);
            }
            TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Superscript
            | TagEnd::Subscript => {}
            TagEnd::HtmlBlock => {
                if let Some(html) = self.html.take() {
                    let (text, origin) = html.into_parts();
                    self.page.feed(self.writer, &text, &origin);
                }
                self.writer.break_block();
            }
            TagEnd::BlockQuote(_) => self.writer.close_quote(),
            TagEnd::Heading(_) => {
                self.writer.close_heading();
                if let Some(heading) = self.heading.take() {
                    let heading = heading.trim().to_owned();
                    self.title = Some(heading).filter(|heading| !heading.is_empty());
                }
            }
            _ => {
                if std::mem::take(&mut self.in_code) {
                    self.writer.close_code();
                }
                self.writer.break_block();
            }
        }
    }

    /// Text that holds no addresses.
    fn words(&mut self, text: &str) {
        if self.in_image > 0 {
            self.image_text.push_str(text);
            return;
        }
        if let Some(heading) = &mut self.heading
            && heading.len() < 1000
        {
            heading.push_str(text);
        }
        self.writer.text(text);
    }

    fn link(
        &mut self,
        link_type: LinkType,
        address: &CowStr<'_>,
        label: &CowStr<'_>,
        range: Range<usize>,
    ) {
        if link_type == LinkType::Email || self.in_image > 0 {
            return;
        }
        let span = match link_type {
            LinkType::Autolink => range.start + 1..range.end.saturating_sub(1).max(range.start + 1),
            LinkType::Inline => inline_address(self.body, &range, address),
            _ => self
                .definitions
                .get(&label.to_lowercase())
                .cloned()
                .unwrap_or(range.clone()),
        };
        let href = as_rendered(address);
        let link = self.link_at(&href, Kind::Anchor, range.start, &span);
        self.writer.open_link(&link);
    }

    fn link_at<'l>(&self, href: &'l str, kind: Kind, at: usize, span: &Range<usize>) -> Link<'l> {
        Link {
            href,
            kind,
            place: Place::Body,
            rel: "",
            at: self.body_at + at,
            span: self.body_at + span.start..self.body_at + span.end,
            excluded: None,
            details: Details::default(),
        }
    }

    /// Running text, in which addresses and shortcodes are looked for.
    fn text(&mut self, text: &str, range: Range<usize>) {
        if self.in_code || self.in_image > 0 || self.writer.is_in_link() {
            self.words(text);
            return;
        }
        let mut at = 0;
        if range.start < self.taken_to {
            if self.taken_to >= range.end {
                return;
            }
            at = (self.taken_to - range.start).min(text.len());
            while !text.is_char_boundary(at) {
                at += 1;
            }
        }
        at = self.shortcodes_in(text, &range, at);
        let from = self.taken_to.max(range.start).min(range.end);
        self.bare_in(&text[at..], from..range.end);
    }

    /// Tells of the shortcodes that begin in this text, and how far they take it.
    fn shortcodes_in(&mut self, text: &str, range: &Range<usize>, mut at: usize) -> usize {
        while let Some(code) = self.codes.get(self.next_code).cloned() {
            if code.whole.start >= range.end {
                break;
            }
            self.next_code += 1;
            if code.whole.start < range.start.max(self.taken_to) {
                // It began in code, or in a link.
                continue;
            }
            let written = &self.body[code.whole.clone()];
            if let Some(found) = text[at..].find(written) {
                let from = self.taken_to.max(range.start);
                self.bare_in(&text[at..at + found], from..code.whole.start);
                at += found + written.len();
            } else {
                // Markup goes through it; the rest of this text is taken to be part of it.
                at = text.len();
            }
            for target in &code.targets {
                let mut link = self.link_at(
                    &target.address,
                    Kind::Shortcode,
                    target.written.start,
                    &target.written,
                );
                let written = &self.body[target.written.clone()];
                link.details = marks::details(written, &target.address);
                self.writer.point_link(&link, "");
            }
            self.taken_to = code.whole.end;
        }
        at
    }

    fn bare_in(&mut self, text: &str, range: Range<usize>) {
        // Where Markdown's escapes changed the text, places in it are only known by searching.
        let is_literal = self.body.get(range.clone()) == Some(text);
        let (mut at, mut source_at) = (0, range.start);
        for address in addresses(text) {
            let written = &text[address.clone()];
            let span = if is_literal {
                range.start + address.start..range.start + address.end
            } else {
                let source = self.body.get(..range.end).unwrap_or_default();
                locate(source, source_at, written).unwrap_or_else(|| range.clone())
            };
            source_at = span.end.min(range.end);
            self.words(&text[at..address.start]);
            let href = href_of(written);
            let mut link = self.link_at(&href, Kind::Bare, span.start, &span);
            link.details = marks::details(written, &href);
            self.writer.bare_link(&link);
            at = address.end;
        }
        self.words(&text[at..]);
    }
}

/// The address as Markdown's renderers write it into a page: they encode some characters that the URL Standard leaves as
/// they are, or reads as a slash.
fn as_rendered(address: &str) -> Cow<'_, str> {
    const ENCODED: &[(char, &str)] = &[
        ('[', "%5B"),
        (']', "%5D"),
        ('\\', "%5C"),
        ('|', "%7C"),
        ('^', "%5E"),
        ('`', "%60"),
        ('{', "%7B"),
        ('}', "%7D"),
    ];
    let host_at = address.find("://").map_or(0, |at| at + 3);
    let path_at = address[host_at..].find(['/', '?', '#']);
    let Some(path_at) = path_at.map(|at| host_at + at) else {
        return Cow::Borrowed(address);
    };
    let is_encoded = |one: char| ENCODED.iter().any(|(plain, _)| *plain == one);
    if !address[path_at..].contains(is_encoded) {
        return Cow::Borrowed(address);
    }
    let mut rendered = address[..path_at].to_owned();
    for character in address[path_at..].chars() {
        match ENCODED.iter().find(|(plain, _)| *plain == character) {
            Some((_, encoded)) => rendered.push_str(encoded),
            None => rendered.push(character),
        }
    }
    Cow::Owned(rendered)
}

/// Where the address of `[text](address "title")` stands.
fn inline_address(body: &str, range: &Range<usize>, address: &str) -> Range<usize> {
    let whole = &body[range.clone()];
    let Some(opening) = whole.rfind("](") else {
        return range.clone();
    };
    let rest = &whole[opening + 2..];
    let trimmed = rest.trim_start();
    let in_brackets = trimmed.starts_with('<');
    let trimmed = trimmed.strip_prefix('<').unwrap_or(trimmed);
    let start = range.start + whole.len() - trimmed.len();
    if trimmed.starts_with(address) {
        return start..start + address.len();
    }
    // Written with entities or escapes.
    let length = if in_brackets {
        trimmed.find('>')
    } else {
        trimmed
            .find(|c: char| c.is_whitespace())
            .or_else(|| trimmed.rfind(')'))
    };
    start..start + length.unwrap_or(trimmed.len())
}
