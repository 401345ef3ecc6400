//! What is open while a page is read, and what each tag does to it.
//!
//! The state outlives the text that is read, so that Markdown can feed it one scrap of HTML at a time with its own text
//! in between.

use std::ops::Range;

use html5gum::State;

use super::comments::Comments;
use super::data;
use super::facts::{Facts, Raw};
use super::passage::Passage;
use super::place::{Attributes, Places};
use super::quoted_post::QuotedPost;
use super::selector::Excluded;
use super::stack::{Element, Stack};
use super::tags;
use super::tokens::{self, Attribute, Listener, StartTag};
use crate::gather::bare::locate;
use crate::gather::dates::milliseconds;
use crate::gather::marks::marks;
use crate::gather::position::Origin;
use crate::gather::post::{Link, PostWriter};
use crate::gather::{Details, Kind, Place};

/// How far back a tag in running text is looked for.
const MAX_TAG_BYTES: usize = 512;

/// The state of a page between two scraps of it.
#[derive(Debug)]
pub(in crate::gather) struct Page {
    pub(super) stack: Stack,
    places: Places,
    /// The place of all there is; `None` leaves it to the markup.
    fixed_place: Option<Place>,
    passage: Passage,
    pub(super) comments: Comments,
    pub(super) quoted_post: Option<QuotedPost>,
    /// What was embedded last: pages repeat it for readers without scripts.
    pub(super) last_embedded: String,
    /// The recording that is open has a source already.
    pub(super) has_recording: bool,
    pub(super) excluded: Excluded,
    pub(super) facts: Facts,
    /// What the text that follows belongs to, if not to the page.
    raw: Option<Raw>,
    /// A line break was seen, and nothing since.
    line_broken: bool,
    /// A blank line ends a paragraph.
    ends_at_blank_lines: bool,
}

impl Page {
    /// Nothing is open yet.
    pub(in crate::gather) fn new() -> Self {
        Self {
            stack: Stack::new(),
            places: Places::default(),
            fixed_place: None,
            passage: Passage::default(),
            comments: Comments::default(),
            quoted_post: None,
            last_embedded: String::new(),
            has_recording: false,
            excluded: Excluded::default(),
            facts: Facts::default(),
            raw: None,
            line_broken: false,
            ends_at_blank_lines: false,
        }
    }

    /// A page whose links all stand in the body, as in a feed's entry or in Markdown.
    pub(in crate::gather) fn of_body() -> Self {
        Self::of(Place::Body)
    }

    /// A page whose links all stand in one place, such as a comment on its own.
    pub(in crate::gather) fn of(place: Place) -> Self {
        Self {
            fixed_place: Some(place),
            ..Self::new()
        }
    }

    /// The same, where a blank line ends a paragraph, as in what people write into WordPress.
    pub(in crate::gather) fn ending_paragraphs_at_blank_lines(self) -> Self {
        Self {
            ends_at_blank_lines: true,
            ..self
        }
    }

    /// Reads a scrap of HTML. `origin` leads from its offsets to those of the document's text.
    pub(in crate::gather) fn feed(
        &mut self,
        writer: &mut PostWriter<'_>,
        html: &str,
        origin: &Origin,
    ) {
        let mut reading = Reading {
            page: self,
            writer,
            html,
            origin,
        };
        tokens::read(html, &mut reading);
        self.raw = None;
    }

    pub(super) fn place(&self) -> Place {
        let place = self.fixed_place.unwrap_or(self.stack.top().place);
        // Behind the post's end there are other things than the post.
        if place == Place::Body && self.fixed_place.is_none() && self.passage.is_over() {
            return Place::Aside;
        }
        place
    }

    /// Forgets what was closed.
    fn settle(&mut self) {
        let depth = self.stack.depth();
        self.passage.settle(depth);
        self.comments.settle(depth);
        self.quoted_post.take_if(|post| post.depth >= depth);
    }
}

/// Whether a tag is open at the end of a text: markup that is shown, or that a template escaped once too often.
fn is_in_markup(before: &str) -> bool {
    let bytes = before.as_bytes();
    let bytes = &bytes[bytes.len().saturating_sub(MAX_TAG_BYTES)..];
    let Some(opening) = memchr::memrchr2(b'<', b'>', bytes) else {
        return false;
    };
    // `<http://...>` is an address in brackets.
    bytes[opening] == b'<' && bytes.get(opening + 1).is_some_and(u8::is_ascii_alphabetic)
}

/// The blank lines of a text, with the breaks around them.
fn blank_lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let newline = from + memchr::memchr(b'\n', &text.as_bytes()[from..])?;
            let rest = &text[newline..];
            let end = rest.len() - rest.trim_start().len();
            from = newline + end.max(1);
            let breaks = memchr::memchr_iter(b'\n', &rest.as_bytes()[..end]);
            if breaks.take(2).count() == 2 {
                return Some(newline..from);
            }
        }
    })
}

pub(super) struct Reading<'r, 'a> {
    pub(super) page: &'r mut Page,
    pub(super) writer: &'r mut PostWriter<'a>,
    html: &'r str,
    origin: &'r Origin,
}

impl Listener for Reading<'_, '_> {
    fn start_tag(&mut self, tag: &StartTag) -> Option<State> {
        let key = tag.key;
        if self.page.stack.imply_ends(key) {
            self.writer.close_link();
        }
        if key == tags::BR {
            // One ends a line, two end a paragraph.
            if std::mem::replace(&mut self.page.line_broken, true) {
                self.writer.break_block();
            } else {
                self.writer.text("\n");
            }
        } else if tags::is_block(key) {
            self.writer.break_block();
            self.page.line_broken = false;
        }
        if key == tags::A && self.page.stack.is_open(tags::A) {
            self.page.stack.close(tags::A);
            self.writer.close_link();
        }
        self.page.settle();
        let parent = self.page.stack.top();
        let element = self.open(tag, parent);
        let is_foreign = element.foreign;
        let in_svg_title = key == tags::TITLE && parent.foreign;
        if tags::is_block(key) {
            self.tell_comment();
        }
        if let Some(level) = tags::heading_level(key)
            && matches!(self.page.place(), Place::Body | Place::Comment)
        {
            self.writer.open_heading(level);
        } else if key == tags::BLOCKQUOTE {
            self.writer.open_quote(tag.get(Attribute::Cite));
        }
        if tags::is_code(key) {
            self.writer.open_code();
        }
        self.element(tag);
        if is_foreign {
            return None;
        }
        self.page.raw = if in_svg_title {
            None
        } else {
            Raw::after(key, tag.value(Attribute::Type))
        };
        tokens::state_after(key)
    }

    fn end_tag(&mut self, key: u64, _start: usize) {
        self.page.raw = None;
        let closed_link = self.page.stack.close(key);
        if closed_link || key == tags::A {
            self.writer.close_link();
        }
        if tags::is_code(key) {
            self.writer.close_code();
        }
        if tags::heading_level(key).is_some() {
            self.writer.close_heading();
        } else if key == tags::BLOCKQUOTE {
            self.writer.close_quote();
        }
        self.page.settle();
        if tags::is_block(key) {
            self.writer.break_block();
            self.page.line_broken = false;
            self.tell_comment();
        }
    }

    fn text(&mut self, text: &str) {
        self.text_at(text, 0);
    }

    fn text_at(&mut self, text: &str, start: usize) {
        match self.page.raw {
            Some(Raw::JsonLd) => self.structured(text, start),
            Some(raw) => self.page.facts.raw_text(raw, text),
            None if self.page.ends_at_blank_lines => self.paragraphs(text, start),
            None => self.running_text(text, start),
        }
    }

    fn comment(&mut self, comment: &str) {
        self.writer.comment(comment);
    }

    fn knows_cdata(&self) -> bool {
        self.page.stack.top().foreign
    }
}

impl Reading<'_, '_> {
    /// Judges an element and puts it on the stack.
    fn open(&mut self, tag: &StartTag, parent: Element) -> Element {
        let judged = self.page.places.judge(
            parent,
            tag.key,
            Attributes {
                class: tag.value(Attribute::Class),
                id: tag.value(Attribute::Id),
                role: tag.value(Attribute::Role),
                itemprop: tag.value(Attribute::Itemprop),
                itemtype: tag.value(Attribute::Itemtype),
            },
        );
        let mut element = judged.element;
        element.foreign = match tag.key {
            tags::SVG | tags::MATH => true,
            tags::FOREIGN_OBJECT | tags::DESC => false,
            _ => parent.foreign,
        };
        if tags::is_void(tag.key) || (element.foreign && tag.self_closing) {
            return element;
        }
        let depth = self.page.stack.depth();
        self.page.stack.push(element);
        if self.page.fixed_place.is_none() && depth < self.page.stack.depth() {
            if let Some(mark) = judged.mark {
                self.page.passage.begin(depth, mark);
            }
            if judged.is_comment {
                self.page.comments.begin(depth);
            }
        }
        element
    }

    /// Tells the writer whose comment follows, if that has changed.
    pub(super) fn tell_comment(&mut self) {
        if self.page.comments.has_news() {
            let comment = self.page.comments.current().cloned();
            self.writer.set_comment(comment);
        }
    }

    /// Running text in which blank lines end paragraphs.
    fn paragraphs(&mut self, text: &str, start: usize) {
        let is_verbatim = self.page.stack.top().is_verbatim;
        let is_literal = self.html[start..].starts_with(text);
        let mut at = 0;
        for blank in blank_lines(text).filter(|_| !is_verbatim) {
            let from = if is_literal { start + at } else { start };
            self.running_text(&text[at..blank.start], from);
            self.writer.break_block();
            at = blank.end;
        }
        let from = if is_literal { start + at } else { start };
        self.running_text(&text[at..], from);
    }

    fn running_text(&mut self, text: &str, start: usize) {
        let top = self.page.stack.top();
        self.writer.set_place(self.page.place());
        let is_blank = text.bytes().all(|byte| byte.is_ascii_whitespace());
        self.page.line_broken &= is_blank;
        if self.page.fixed_place.is_none() && !is_blank {
            match top.place {
                Place::Body => self.page.passage.add(text.len()),
                Place::Comment => {
                    self.page
                        .comments
                        .text(text, top.is_name, top.key == tags::P);
                }
                _ => {}
            }
        }
        if is_blank || top.is_verbatim || self.writer.is_in_link() {
            self.writer.text(text);
            return;
        }
        let marks = marks(text);
        if marks.is_empty() {
            self.writer.text(text);
            return;
        }
        self.tell_comment();
        let end = self.html[start..]
            .find('<')
            .map_or(self.html.len(), |end| start + end);
        let source = &self.html[..end];
        let is_literal = source[start..].starts_with(text);
        let (mut at, mut source_at) = (0, start);
        for mark in marks {
            if mark.kind() == Kind::Bare && is_in_markup(&text[..mark.whole.start]) {
                continue;
            }
            // Several addresses of one shortcode stand at one place.
            if mark.whole.start >= at {
                self.writer.text(&text[at..mark.whole.start]);
            }
            let written = &text[mark.written.clone()];
            let span = if is_literal {
                start + mark.written.start..start + mark.written.end
            } else {
                locate(source, source_at, written).unwrap_or(start..end)
            };
            source_at = span.end.min(end);
            let link = Link {
                href: &mark.href(text),
                kind: mark.kind(),
                place: self.page.place(),
                rel: "",
                at: self.origin.of(&(span.start..span.start)).start,
                span: self.origin.of(&span),
                excluded: None,
                details: mark.details(text),
            };
            if link.kind == Kind::Bare {
                self.writer.bare_link(&link);
            } else {
                self.writer.point_link(&link, "");
            }
            at = mark.whole.end;
        }
        self.writer.text(&text[at..]);
    }

    /// A script with structured data.
    fn structured(&mut self, script: &str, start: usize) {
        for source in self.page.facts.structured(script) {
            let span = data::find(script, &source.address).unwrap_or(0..script.len());
            let span = start + span.start..start + span.end;
            let link = Link {
                href: &source.address,
                kind: Kind::JsonLd,
                place: Place::Body,
                rel: "",
                at: self.origin.of(&(span.start..span.start)).start,
                span: self.origin.of(&span),
                excluded: None,
                details: Details::default(),
            };
            self.writer.point_link(&link, &source.name);
        }
    }

    /// When a comment was written, where an element says it.
    pub(super) fn comment_time(&mut self, tag: &StartTag) {
        if self.page.stack.top().place != Place::Comment {
            return;
        }
        let says_date = tag.value(Attribute::Itemprop).starts_with("date");
        let written = match tag.key {
            tags::TIME => tag.value(Attribute::Datetime),
            tags::ABBR => tag.value(Attribute::Title),
            _ if says_date => tag
                .get(Attribute::Datetime)
                .unwrap_or(tag.value(Attribute::Content)),
            _ => return,
        };
        self.page.comments.written_at(milliseconds(written));
    }

    pub(super) fn link<'l>(
        &self,
        tag: &'l StartTag,
        attribute: Attribute,
        href: &'l str,
        kind: Kind,
        excluded: Option<String>,
    ) -> Link<'l> {
        Link {
            href,
            kind,
            place: self.page.place(),
            rel: tag.value(Attribute::Rel),
            at: self.origin.of(&(tag.start..tag.start)).start,
            span: self.origin.of(&tag.span(attribute, self.html)),
            excluded,
            details: Details::default(),
        }
    }
}
