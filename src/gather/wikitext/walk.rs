//! The walk through a page: text, headings, links, and the templates that hold some.

mod links;
mod templates;

use std::collections::HashSet;
use std::ops::Range;

use url::Url;

use super::address;
use super::structure::{Structure, Template, ZoneKind};
use super::template::Parameter;
use crate::gather::post::{Link, PostWriter};
use crate::gather::sentence::cut;
use crate::gather::{Details, Kind, Place, xml};

/// The longest tag.
const MAX_TAG_BYTES: usize = 1000;

/// A template that is being walked through.
#[derive(Debug)]
struct Frame<'s> {
    template: &'s Template,
    is_quote: bool,
    /// How many links were open before it.
    links: usize,
}

/// An internal link that is open.
#[derive(Debug, PartialEq, Eq)]
enum Open {
    Words,
    File,
}

pub(super) struct Walk<'w, 's, 'a> {
    text: &'s str,
    structure: &'s Structure,
    writer: &'w mut PostWriter<'a>,
    at: usize,
    /// Where addresses begin, in order; and those that a template has told.
    starts: Vec<usize>,
    told: HashSet<usize>,
    frames: Vec<Frame<'s>>,
    links: Vec<Open>,
    /// Where the words of the external link end that is open.
    link_end: Option<usize>,
    heading_end: Option<usize>,
    /// The address that the template which begins there says something of.
    marked: Option<(usize, Url)>,
    /// Where the next closing bracket stands, as far as it was looked for.
    next_close: usize,
    is_table_line: bool,
}

impl<'w, 's, 'a> Walk<'w, 's, 'a> {
    pub(super) fn new(
        text: &'s str,
        structure: &'s Structure,
        writer: &'w mut PostWriter<'a>,
    ) -> Self {
        Self {
            text,
            structure,
            writer,
            at: 0,
            starts: links::starts(text),
            told: HashSet::new(),
            frames: Vec::new(),
            links: Vec::new(),
            link_end: None,
            heading_end: None,
            marked: None,
            next_close: 0,
            is_table_line: false,
        }
    }

    pub(super) fn go(mut self) {
        let (mut zone, mut start) = (0, 0);
        self.line_begins();
        while self.at < self.text.len() {
            if self.leaves() {
                continue;
            }
            let structure = self.structure;
            while structure
                .zones
                .get(zone)
                .is_some_and(|one| one.whole.start < self.at)
            {
                zone += 1;
            }
            while self.starts.get(start).is_some_and(|one| *one < self.at) {
                start += 1;
            }
            let next_zone = structure.zones.get(zone).map(|one| one.whole.start);
            let next_start = self.starts.get(start).copied();
            let stop = self.stop([next_zone, next_start]);
            if stop > self.at {
                self.words(self.at..stop);
                self.at = stop;
            } else if next_zone == Some(self.at) {
                self.zone(zone);
            } else if next_start == Some(self.at) && self.bare() {
                // It was one.
            } else {
                self.markup();
            }
        }
        self.writer.close_link();
        self.writer.close_heading();
        self.writer.break_block();
    }

    /// Where the next thing stands that is no text.
    fn stop(&self, others: [Option<usize>; 2]) -> usize {
        let ends = [
            self.frames.last().map(|frame| frame.template.whole.end - 2),
            self.link_end,
            self.heading_end,
        ];
        let nearest = others.into_iter().chain(ends).flatten();
        let nearest = nearest.filter(|end| *end >= self.at).min();
        let nearest = nearest.unwrap_or(self.text.len()).min(self.text.len());
        let rest = &self.text.as_bytes()[self.at..nearest];
        let markup = rest.iter().position(|byte| {
            matches!(
                byte,
                b'\n' | b'[' | b']' | b'{' | b'}' | b'<' | b'\'' | b'|' | b'!'
            )
        });
        self.at + markup.unwrap_or(rest.len())
    }

    /// Leaves what ends here: a link, a heading, a template.
    fn leaves(&mut self) -> bool {
        if self.link_end.is_some_and(|end| end <= self.at) {
            self.link_end = None;
            self.writer.close_link();
            self.at += usize::from(self.text[self.at..].starts_with(']'));
            return true;
        }
        if self.heading_end.is_some_and(|end| end <= self.at) {
            self.heading_end = None;
            self.writer.close_heading();
            let signs = self.text[self.at..]
                .bytes()
                .take_while(|byte| *byte == b'=');
            self.at += signs.count();
            return true;
        }
        let ended = self
            .frames
            .pop_if(|frame| frame.template.whole.end <= self.at + 2);
        if let Some(frame) = ended {
            self.at = self.at.max(frame.template.whole.end);
            self.links.truncate(frame.links);
            if frame.is_quote {
                self.writer.close_quote();
            } else {
                self.writer.break_block();
            }
            return true;
        }
        false
    }

    fn words(&mut self, range: Range<usize>) {
        let words = &self.text[range];
        if !words.contains('&') {
            self.writer.text(words);
            return;
        }
        if words.starts_with(char::is_whitespace) {
            self.writer.text(" ");
        }
        self.writer.text(&xml::plain(words).unwrap_or_default());
        if words.ends_with(char::is_whitespace) {
            self.writer.text(" ");
        }
    }

    fn zone(&mut self, index: usize) {
        let zone = &self.structure.zones[index];
        match &zone.kind {
            ZoneKind::Comment(inner) => self.writer.comment(&self.text[inner.clone()]),
            ZoneKind::Shown(inner) => self.words(inner.clone()),
            ZoneKind::Hidden => {}
        }
        self.at = zone.whole.end;
    }

    /// Whatever stands here that may be markup.
    fn markup(&mut self) {
        let rest = &self.text[self.at..];
        let structure = self.structure;
        match rest.as_bytes()[0] {
            b'\n' => {
                self.at += 1;
                self.writer.text(" ");
                self.line_begins();
            }
            b'[' if rest.starts_with("[[") && !address::begins(&rest[2..]) => self.internal_link(),
            b'[' if address::begins(&rest[1..]) => self.external_link(),
            b']' if rest.starts_with("]]") => {
                if self.links.pop() == Some(Open::File) {
                    self.writer.break_block();
                }
                self.at += 2;
            }
            b'{' => match structure.template_at(self.at) {
                Some(template) => self.template(template),
                // A parameter, or what is not closed.
                None => self.at += 1,
            },
            b'}' => self.at += 1,
            b'|' => self.bar(),
            b'!' if self.is_table_line && rest.starts_with("!!") => {
                self.writer.break_block();
                self.at += 2;
            }
            b'<' => self.tag(),
            b'\'' if rest.starts_with("''") => {
                self.at += rest.bytes().take_while(|byte| *byte == b'\'').count();
            }
            _ => {
                // Not markup, though it looks like it.
                let length = rest.chars().next().map_or(1, char::len_utf8);
                self.words(self.at..self.at + length);
                self.at += length;
            }
        }
    }

    /// A line begins here: what its first characters mean.
    fn line_begins(&mut self) {
        self.is_table_line = false;
        let rest = &self.text[self.at..];
        let line = &rest[..memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len())];
        if line.trim().is_empty() {
            self.writer.break_block();
            return;
        }
        match line.as_bytes()[0] {
            b'=' => self.heading(line),
            b'*' | b'#' | b':' | b';' => {
                self.writer.break_block();
                let signs = line.bytes();
                let signs = signs.take_while(|byte| matches!(byte, b'*' | b'#' | b':' | b';'));
                self.at += signs.count();
            }
            b'{' if line.starts_with("{|") => {
                self.writer.break_block();
                self.at += line.len();
            }
            b'|' if self.frames.is_empty() => {
                self.writer.break_block();
                self.is_table_line = true;
                // A row's beginning has attributes only.
                self.at += if line.starts_with("|-") {
                    line.len()
                } else {
                    1
                };
            }
            b'!' if self.frames.is_empty() => {
                self.writer.break_block();
                self.is_table_line = true;
                self.at += 1;
            }
            _ => {}
        }
    }

    fn heading(&mut self, line: &str) {
        let level = line.bytes().take_while(|byte| *byte == b'=').count().min(6);
        let mut title = line.trim_end();
        while title.ends_with("-->")
            && let Some(comment) = title.rfind("<!--")
        {
            title = title[..comment].trim_end();
        }
        let signs = title.bytes().rev().take_while(|byte| *byte == b'=').count();
        let level = level.min(signs);
        if level == 0 || title.len() <= 2 * level {
            return;
        }
        self.writer.close_link();
        self.link_end = None;
        self.writer.open_heading(level as u8);
        self.heading_end = Some(self.at + title.len() - level);
        self.at += level;
    }

    fn bar(&mut self) {
        let frame = self.frames.last();
        let bars = frame.map(|frame| &frame.template.bars);
        if let Some((bars, index)) =
            bars.and_then(|bars| Some((bars, bars.binary_search(&self.at).ok()?)))
        {
            let end = frame.map_or(self.at, |frame| frame.template.whole.end - 2);
            let end = bars.get(index + 1).copied().unwrap_or(end);
            let parameter = Parameter::of(self.text, self.at + 1..end);
            self.writer.break_block();
            self.at = parameter.value.start.max(self.at + 1);
        } else if self.links.last() == Some(&Open::File) || self.is_table_line {
            self.writer.break_block();
            self.at += 1;
        } else {
            self.words(self.at..self.at + 1);
            self.at += 1;
        }
    }

    fn tag(&mut self) {
        let rest = &self.text[self.at..];
        let inner = rest[1..].strip_prefix('/').unwrap_or(&rest[1..]);
        let is_end = inner.len() + 1 < rest.len();
        let length = cut(inner, 20).find(|c: char| !c.is_ascii_alphanumeric());
        let name = inner[..length.unwrap_or(0)].to_ascii_lowercase();
        let end = cut(rest, MAX_TAG_BYTES).find('>');
        let (false, Some(end)) = (name.is_empty(), end) else {
            self.writer.text("<");
            self.at += 1;
            return;
        };
        self.at += end + 1;
        match name.as_str() {
            "br" => self.writer.text(" "),
            "blockquote" if is_end => self.writer.close_quote(),
            "blockquote" => self.writer.open_quote(None),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if is_end => self.writer.close_heading(),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.writer.open_heading(name.as_bytes()[1] - b'0');
            }
            "ref" if rest[..end].ends_with('/') => {}
            "ref" | "references" | "p" | "div" | "ul" | "ol" | "li" | "dl" | "dt" | "dd"
            | "table" | "tr" | "td" | "th" | "caption" | "center" | "gallery" | "poem" | "hr" => {
                self.writer.break_block();
            }
            _ => {}
        }
    }
}

fn link(href: &str, span: Range<usize>, kind: Kind, details: Details) -> Link<'_> {
    Link {
        href,
        kind,
        place: Place::Body,
        rel: "",
        at: span.start,
        span,
        excluded: None,
        details,
    }
}
