//! What is open while a page is read, and what each tag does to it.
//!
//! The state outlives the text that is read, so that Markdown can feed it one scrap of HTML at a time with its own text
//! in between.

use html5gum::State;

use super::embed::source_of;
use super::facts::{Facts, Raw};
use super::place::Places;
use super::selector::Excluded;
use super::stack::Stack;
use super::tags;
use super::tokens::{self, Attribute, Listener, StartTag};
use crate::gather::position::Origin;
use crate::gather::post::{Link, PostWriter};
use crate::gather::{Details, Kind, Place};

/// The state of a page between two scraps of it.
#[derive(Debug)]
pub(in crate::gather) struct Page {
    stack: Stack,
    places: Places,
    /// The place of all there is; `None` leaves it to the markup.
    fixed_place: Option<Place>,
    pub(super) excluded: Excluded,
    pub(super) facts: Facts,
    /// What the text that follows belongs to, if not to the page.
    raw: Option<Raw>,
    /// A line break was seen, and nothing since.
    line_broken: bool,
}

impl Page {
    /// Nothing is open yet.
    pub(in crate::gather) fn new() -> Self {
        Self {
            stack: Stack::new(),
            places: Places::default(),
            fixed_place: None,
            excluded: Excluded::default(),
            facts: Facts::default(),
            raw: None,
            line_broken: false,
        }
    }

    /// A page whose links all stand in the body, as in a feed's entry or in Markdown.
    pub(in crate::gather) fn of_body() -> Self {
        Self::of(Place::Body)
    }

    /// A page whose links all stand in one place.
    pub(in crate::gather) fn of(place: Place) -> Self {
        Self {
            fixed_place: Some(place),
            ..Self::new()
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

    fn place(&self) -> Place {
        self.fixed_place.unwrap_or(self.stack.top().place)
    }
}

struct Reading<'r, 'a> {
    page: &'r mut Page,
    writer: &'r mut PostWriter<'a>,
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
        let parent = self.page.stack.top();
        let mut element = self.page.places.element(
            parent,
            key,
            tag.value(Attribute::Class),
            tag.value(Attribute::Id),
            tag.value(Attribute::Role),
        );
        element.foreign = match key {
            tags::SVG | tags::MATH => true,
            tags::FOREIGN_OBJECT | tags::DESC => false,
            _ => parent.foreign,
        };
        let is_foreign = element.foreign;
        let is_leaf = tags::is_void(key) || (is_foreign && tag.self_closing);
        let in_svg_title = key == tags::TITLE && parent.foreign;
        if !is_leaf {
            self.page.stack.push(element);
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
        if tags::is_block(key) {
            self.writer.break_block();
            self.page.line_broken = false;
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(raw) = self.page.raw {
            self.page.facts.raw_text(raw, text);
            return;
        }
        self.page.line_broken &= text.bytes().all(|byte| byte.is_ascii_whitespace());
        self.writer.set_place(self.page.place());
        self.writer.text(text);
    }

    fn comment(&mut self, comment: &str) {
        self.writer.comment(comment);
    }

    fn knows_cdata(&self) -> bool {
        self.page.stack.top().foreign
    }
}

impl Reading<'_, '_> {
    /// What an element is to us.
    fn element(&mut self, tag: &StartTag) {
        match tag.key {
            tags::A => self.anchor(tag),
            tags::AREA => self.area(tag),
            tags::IMG => self.writer.image_text(tag.value(Attribute::Alt)),
            tags::IFRAME => self.embed(tag, &[Attribute::Src, Attribute::DataSrc]),
            tags::VIDEO | tags::AUDIO => self.embed(tag, &[Attribute::Src]),
            tags::SOURCE
                if self.page.stack.is_open(tags::VIDEO) || self.page.stack.is_open(tags::AUDIO) =>
            {
                self.embed(tag, &[Attribute::Src]);
            }
            tags::OBJECT => self.player(tag, Attribute::Data),
            tags::EMBED => self.player(tag, Attribute::Src),
            tags::BLOCKQUOTE | tags::Q | tags::INS | tags::DEL => {
                if tag.get(Attribute::Cite).is_some() {
                    self.point(tag, Attribute::Cite, Kind::Cite, None);
                }
            }
            _ => {
                let is_body = self.page.place() == Place::Body;
                let in_article = self.page.stack.top().in_article;
                self.page
                    .facts
                    .element(tag, is_body, in_article, self.writer);
            }
        }
    }

    fn anchor(&mut self, tag: &StartTag) {
        let Some(href) = tag.get(Attribute::Href) else {
            return;
        };
        let top = self.page.stack.top();
        let class = tag.value(Attribute::Class);
        let is_author = top.place == Place::Comment
            && (top.names_author || class.split_ascii_whitespace().any(|one| one == "url"));
        let kind = if is_author {
            Kind::Author
        } else {
            Kind::Anchor
        };
        let excluded = self.page.excluded.next(href);
        let link = self.link(tag, Attribute::Href, href, kind, excluded);
        self.writer.open_link(&link);
    }

    fn area(&mut self, tag: &StartTag) {
        let Some(href) = tag.get(Attribute::Href) else {
            return;
        };
        let excluded = self.page.excluded.next(href);
        let link = self.link(tag, Attribute::Href, href, Kind::Area, excluded);
        self.writer.point_link(&link, tag.value(Attribute::Alt));
    }

    /// A frame or a recording, unless it is invisible.
    fn embed(&mut self, tag: &StartTag, sources: &[Attribute]) {
        let is_invisible = matches!(tag.value(Attribute::Width), "0" | "1" | "0px" | "1px")
            || matches!(tag.value(Attribute::Height), "0" | "1" | "0px" | "1px");
        let source = sources.iter().find(|source| {
            let value = tag.value(**source);
            !value.is_empty() && !value.starts_with("about:") && !value.starts_with("data:")
        });
        if let Some(source) = source
            && !is_invisible
            && let Some(address) = source_of(tag.value(*source), self.writer.base())
        {
            self.point(tag, *source, Kind::Embed, Some(&address));
        }
    }

    /// `object` and `embed` show anything; only what is known as a player's address is a source.
    fn player(&mut self, tag: &StartTag, source: Attribute) {
        let written = tag.value(source);
        if let Some(address) = source_of(written, self.writer.base())
            && address != written
            && !written.is_empty()
        {
            self.point(tag, source, Kind::Embed, Some(&address));
        }
    }

    fn point(&mut self, tag: &StartTag, attribute: Attribute, kind: Kind, address: Option<&str>) {
        let href = address.unwrap_or_else(|| tag.value(attribute));
        let link = self.link(tag, attribute, href, kind, None);
        self.writer.point_link(&link, tag.value(Attribute::Title));
    }

    fn link<'l>(
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
