//! The walk through a page: text, headings, links, and the templates that hold some.

use std::collections::HashSet;
use std::ops::Range;

use url::Url;

use super::address;
use super::names::{Role, Use, folded, use_of};
use super::structure::{Structure, Template, ZoneKind};
use super::template::{Call, Parameter, is_completed};
use crate::address as addresses;
use crate::gather::post::{Link, PostWriter};
use crate::gather::sentence::cut;
use crate::gather::{Details, Kind, Note, Place, xml};

/// How far the end of a link's words is looked for.
const MAX_WORDS_BYTES: usize = 2000;
/// The longest target of an internal link.
const MAX_TARGET_BYTES: usize = 300;
/// The longest tag.
const MAX_TAG_BYTES: usize = 1000;
/// How many templates behind a link may say something of it.
const MARKS: usize = 3;

/// Namespaces of categories and of files, folded.
const CATEGORIES: &[&str] = &[
    "category",
    "kategorie",
    "catégorie",
    "categoría",
    "categoria",
    "categorie",
    "kategoria",
    "kategori",
    "категория",
    "категорія",
    "luokka",
    "kategória",
    "分类",
    "分類",
    "カテゴリ",
    "분류",
    "kategorija",
];
const FILES: &[&str] = &[
    "file",
    "image",
    "datei",
    "bild",
    "fichier",
    "archivo",
    "imagen",
    "ficheiro",
    "imagem",
    "immagine",
    "bestand",
    "afbeelding",
    "plik",
    "grafika",
    "файл",
    "изображение",
    "tiedosto",
    "fil",
    "soubor",
    "fájl",
    "kép",
    "dosya",
    "ファイル",
    "画像",
    "文件",
    "파일",
    "fitxer",
    "lêer",
    "beeld",
];

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
            starts: starts(text),
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
        } else if self.links.last() == Some(&Open::File) {
            self.writer.break_block();
            self.at += 1;
        } else if self.is_table_line {
            self.writer.break_block();
            self.at += 1;
        } else {
            self.words(self.at..self.at + 1);
            self.at += 1;
        }
    }

    fn internal_link(&mut self) {
        let rest = &self.text[self.at + 2..];
        let target = cut(rest, MAX_TARGET_BYTES);
        let stop = target
            .find(['|', ']', '[', '{', '\n'])
            .unwrap_or(target.len());
        let (target, behind) = (&target[..stop], &rest[stop..]);
        let namespace = target.split_once(':').map(|(before, _)| folded(before));
        let is_in = |list: &[&str]| {
            namespace
                .as_ref()
                .is_some_and(|namespace| list.contains(&namespace.as_str()))
        };
        let is_category = is_in(CATEGORIES);
        if behind.starts_with("]]") {
            if !is_category && !is_in(FILES) {
                let start = self.at + 2;
                self.words(start..start + stop);
            }
            self.at += stop + 4;
        } else if behind.starts_with('|') {
            self.at += stop + 3;
            if is_category {
                // What it is sorted under.
                let key = cut(&self.text[self.at..], MAX_TARGET_BYTES);
                self.at += key.find("]]").map_or(0, |end| end + 2);
            } else if is_in(FILES) {
                self.writer.break_block();
                self.links.push(Open::File);
            } else {
                self.links.push(Open::Words);
            }
        } else {
            self.at += 2;
        }
    }

    fn external_link(&mut self) {
        let start = self.at + 1;
        let end = start + address::length(&self.text[start..]);
        if is_completed(&self.text[end..]) {
            self.unknown(start..end);
            self.at = end;
            return;
        }
        let Some(close) = self.words_end(end) else {
            // Not a link in brackets; what stands in them may be a bare one.
            self.at = start;
            return;
        };
        let details = self.marks_behind(close + 1, &self.text[start..end]);
        self.open_link(start..end, Kind::Anchor, details);
        self.link_end = Some(close);
        let gap = self.text[end..close].len() - self.text[end..close].trim_start().len();
        self.at = end + gap;
    }

    /// Where the words of a link end, if they do in this line and template.
    fn words_end(&mut self, from: usize) -> Option<usize> {
        // Many links that never end would each be looked through.
        if self.next_close < from {
            let found = memchr::memchr(b']', &self.text.as_bytes()[from..]);
            self.next_close = found.map_or(usize::MAX, |at| from + at);
        }
        if self.next_close.saturating_sub(from) > MAX_WORDS_BYTES {
            return None;
        }
        let limit = self.frames.last().map(|frame| frame.template.whole.end - 2);
        let rest = cut(&self.text[from..], MAX_WORDS_BYTES);
        let rest = rest
            .get(..limit.unwrap_or(usize::MAX).saturating_sub(from))
            .unwrap_or(rest);
        let bytes = rest.as_bytes();
        let (mut at, mut depth) = (0, 0_usize);
        while let Some(byte) = bytes.get(at) {
            let is_pair = bytes.get(at + 1) == Some(byte);
            match byte {
                b'\n' => return None,
                b'[' if is_pair => {
                    depth += 1;
                    at += 1;
                }
                b']' if is_pair && depth > 0 => {
                    depth -= 1;
                    at += 1;
                }
                b']' if depth == 0 => return Some(from + at),
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// A bare address begins here, unless it was told, or belongs to a link or a word.
    fn bare(&mut self) -> bool {
        let start = self.at;
        let in_template = self.frames.last().map(|frame| {
            let bars = &frame.template.bars;
            let bar = bars.get(bars.partition_point(|bar| *bar < start));
            bar.copied().unwrap_or(frame.template.whole.end - 2)
        });
        let rest = &self.text[start..in_template.unwrap_or(self.text.len()).max(start)];
        let rest = if self.links.is_empty() {
            rest
        } else {
            let window = cut(rest, MAX_WORDS_BYTES);
            &rest[..window.find('|').unwrap_or(rest.len())]
        };
        if address::scheme(rest).is_none() {
            return false;
        }
        if self.told.contains(&start) {
            self.at += address::length(rest);
            return true;
        }
        if self.link_end.is_some() {
            // The address is what the link is called.
            let scheme = address::scheme(rest).unwrap_or(1);
            self.words(start..start + scheme);
            self.at += scheme;
            return true;
        }
        let end = start + address::bare_length(rest);
        if is_completed(&self.text[end..]) {
            self.unknown(start..end);
            self.at = end;
            return true;
        }
        let details = self.marks_behind(end, &self.text[start..end]);
        self.open_link(start..end, Kind::Bare, details);
        self.writer.text(&self.text[start..end]);
        self.writer.close_link();
        self.at = end;
        true
    }

    fn unknown(&mut self, span: Range<usize>) {
        let line = self.writer.source.line(span.start);
        let why = format!(
            "{}: a template completes this address",
            cut(&self.text[span], 200)
        );
        self.writer.sink().note(Note::Unreadable { line, why });
    }

    fn open_link(&mut self, span: Range<usize>, kind: Kind, details: Details) {
        let href = address::unescaped(&self.text[span.clone()]);
        self.writer.open_link(&link(&href, span, kind, details));
    }

    /// What the templates behind a link say of it.
    fn marks_behind(&mut self, end: usize, written: &str) -> Details {
        let mut details = Details::default();
        let mut at = end;
        for _ in 0..MARKS {
            let rest = cut(self.text.get(at..).unwrap_or_default(), 24);
            let gap = rest.len()
                - rest
                    .trim_start_matches([' ', '\t', '.', ',', ';', ')', '\'', '"'])
                    .len();
            at += gap;
            at += usize::from(rest[gap..].starts_with("</ref>")) * "</ref>".len();
            let Some(template) = self.structure.template_at(at) else {
                break;
            };
            let purpose = use_of(&folded(template.name(self.text)));
            if !matches!(purpose, Use::Dead | Use::Archive) {
                break;
            }
            let call = cut(&self.text[template.whole.clone()], MAX_TAG_BYTES);
            // One that names an address speaks of that.
            if purpose == Use::Dead && call.contains("://") && !call.contains(written) {
                break;
            }
            details.marked_dead = true;
            let call = cut(call, 200);
            details
                .note
                .get_or_insert_with(|| call.split_whitespace().collect::<Vec<_>>().join(" "));
            if purpose == Use::Archive
                && self.marked.as_ref().is_none_or(|(marked, _)| *marked < end)
                && let Ok(url) = addresses::parse(&address::unescaped(written), None)
            {
                self.marked = Some((at, url));
            }
            at = template.whole.end;
        }
        details
    }

    fn template(&mut self, template: &'s Template) {
        let call = Call::of(self.text, self.structure, template);
        for span in &call.unknown {
            self.told.insert(span.start);
            self.unknown(span.clone());
        }
        if call.addresses.is_empty() {
            self.writer.text(&call.shown());
        } else {
            self.references(&call, template);
        }
        let holds_more = || {
            let from = self
                .starts
                .partition_point(|start| *start < template.whole.start);
            let inside = self.starts[from..].iter();
            let mut inside = inside.take_while(|start| **start < template.whole.end);
            inside.any(|start| !self.told.contains(start))
        };
        if call.purpose != Use::Quote && !holds_more() {
            self.at = template.whole.end;
            return;
        }
        if call.purpose == Use::Quote {
            self.writer.open_quote(None);
        } else {
            self.writer.break_block();
        }
        self.frames.push(Frame {
            template,
            is_quote: call.purpose == Use::Quote,
            links: self.links.len(),
        });
        self.at = template.bars.first().copied().unwrap_or(self.at + 2);
    }

    /// The addresses of a template, with what it says of them.
    fn references(&mut self, call: &Call<'_>, template: &Template) {
        let title = call.title();
        let main = call
            .addresses
            .iter()
            .find(|found| found.role == Role::Address);
        let main_url = main.and_then(|found| addresses::parse(&found.href, None).ok());
        let written = main.map(|found| found.href.as_str()).unwrap_or_default();
        let marked = self.marked.take_if(|(at, _)| *at == template.whole.start);
        let marks = self.marks_behind(template.whole.end, written);
        let wayback = call.wayback();
        let mut is_told = false;
        for found in &call.addresses {
            self.told.insert(found.span.start);
            let is_copy = call.purpose == Use::Archive && wayback.is_none();
            let mut details = Details::default();
            if found.role == Role::Archive || (is_copy && found.role == Role::Address) {
                details.preserves = marked.as_ref().map(|(_, url)| url.clone());
                if found.role == Role::Archive {
                    details.preserves = main_url.clone();
                }
            } else if found.role == Role::Address && !std::mem::replace(&mut is_told, true) {
                details = Details {
                    accessed_at: call.accessed_at(),
                    ..marks.clone()
                };
                if let Some(dead) = call.dead() {
                    details.marked_dead = true;
                    details.note.get_or_insert(dead);
                }
                if matches!(call.purpose, Use::Dead | Use::Archive) {
                    details.marked_dead = true;
                    let written = cut(&self.text[template.whole.clone()], 200).split_whitespace();
                    details
                        .note
                        .get_or_insert(written.collect::<Vec<_>>().join(" "));
                }
                self.writer.declare_quote(&call.quote());
                let link = link(&found.href, found.span.clone(), Kind::Reference, details);
                if title.is_empty() {
                    self.writer.point_link(&link, "");
                } else {
                    self.writer.open_link(&link);
                    self.writer.text(&title);
                    self.writer.close_link();
                    self.writer.text(&call.work());
                }
                if let (Some(instant), Some(url)) = (wayback, &main_url) {
                    self.wayback_copy(instant, url, found.span.clone(), &title);
                }
                continue;
            }
            let link = link(&found.href, found.span.clone(), Kind::Reference, details);
            self.writer.point_link(&link, &title);
        }
    }

    /// The copy of which a template says only the instant.
    fn wayback_copy(&mut self, instant: &str, url: &Url, span: Range<usize>, title: &str) {
        let href = format!("https://web.archive.org/web/{instant}/{url}");
        let details = Details {
            written: Some(self.text[span.clone()].to_owned()),
            preserves: Some(url.clone()),
            ..Details::default()
        };
        let link = link(&href, span, Kind::Reference, details);
        self.writer.point_link(&link, title);
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
                self.writer.break_block()
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

/// Where addresses begin: a scheme at the beginning of a word, or `[//`.
fn starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let slashes = memchr::memmem::find_iter(bytes, b"//");
    slashes
        .filter_map(|at| {
            if at > 0 && bytes[at - 1] == b'[' {
                return Some(at);
            }
            let colon = at.checked_sub(1).filter(|at| bytes[*at] == b':')?;
            let letters = bytes[..colon].iter().rev().take(6);
            let letters = letters
                .take_while(|byte| byte.is_ascii_alphabetic())
                .count();
            let word = &bytes[colon - letters..colon];
            let length = [5, 4].into_iter().find(|length| {
                let scheme: &[u8] = if *length == 5 { b"https" } else { b"http" };
                word.len() >= *length && word[word.len() - length..].eq_ignore_ascii_case(scheme)
            })?;
            let start = colon - length;
            // MediaWiki asks for the end of a word before a bare address; digits and letters are none.
            let before = text[..start].chars().next_back();
            before
                .is_none_or(|before| !before.is_alphanumeric() && before != '_')
                .then_some(start)
        })
        .collect()
}
