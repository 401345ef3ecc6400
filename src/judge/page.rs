//! The pass over a page's text from which features are drawn: an emitter for the `html5gum` tokenizer that keeps only
//! what is asked for, and allocates nothing for the rest.
//!
//! There is no tree: what is hidden is known by the element that the tokenizer is in, as these cannot nest, and by
//! counting `template` and `svg`, which can.

use html5gum::{Emitter, Error, State, Tokenizer};

use super::features::MAX_TITLE_CHARS;
use super::text::Said;
use crate::charset::markup::Markup;

/// How much of a title or an attribute is kept, in bytes: enough for [`MAX_TITLE_CHARS`] and for any address.
const MAX_KEPT_BYTES: usize = 8 * 1024 + 4 * MAX_TITLE_CHARS;

/// How much of the visible text is kept, in bytes: all of any page that a person reads. All of it is counted.
pub(super) const MAX_WHOLE_BYTES: usize = 4 << 20;
/// How many headings are kept.
const MAX_HEADINGS: usize = 8;
/// How much of one script is kept, in bytes, and of how many: what sends a reader on is short.
const MAX_SCRIPT_BYTES: usize = 4 * 1024;
/// The scripts.
const MAX_SCRIPTS: usize = 4;
/// How much of what readers without scripts are shown is kept, in bytes.
const MAX_NOSCRIPT_BYTES: usize = 1024;

/// How many attributes of a tag are kept.
const MAX_ATTRIBUTES: usize = 32;

/// Elements that are something to see without text.
const MEDIA: &[&[u8]] = &[
    b"img",
    b"image",
    b"picture",
    b"video",
    b"audio",
    b"iframe",
    b"frame",
    b"object",
    b"embed",
    b"applet",
    b"svg",
    b"canvas",
    b"math",
    b"button",
    b"select",
    b"textarea",
];

/// Those of them that are pictures, sound, or pages within the page.
const PICTURES: &[&[u8]] = &[
    b"img", b"image", b"picture", b"video", b"audio", b"object", b"embed", b"canvas",
];

/// Elements that stand in a line of text; all others end it.
pub(super) const IN_LINES: &[&[u8]] = &[
    b"a", b"abbr", b"acronym", b"b", b"bdi", b"bdo", b"big", b"cite", b"code", b"data", b"del",
    b"dfn", b"em", b"font", b"i", b"ins", b"kbd", b"label", b"mark", b"nobr", b"q", b"rb", b"rp",
    b"rt", b"rtc", b"ruby", b"s", b"samp", b"small", b"span", b"strike", b"strong", b"sub", b"sup",
    b"time", b"tt", b"u", b"var", b"wbr",
];

/// What may stand in an article of which nothing has to be cleaned away. Whatever may hold something else (`div`, `aside`,
/// `form`, tables of layout) is not here.
const PLAIN: &[&[u8]] = &[
    b"p",
    b"a",
    b"em",
    b"strong",
    b"b",
    b"i",
    b"br",
    b"span",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"li",
    b"ul",
    b"ol",
    b"img",
    b"figure",
    b"figcaption",
    b"picture",
    b"source",
    b"blockquote",
    b"q",
    b"cite",
    b"code",
    b"pre",
    b"kbd",
    b"samp",
    b"var",
    b"sup",
    b"sub",
    b"small",
    b"time",
    b"abbr",
    b"mark",
    b"u",
    b"s",
    b"del",
    b"ins",
    b"dfn",
    b"hr",
    b"dl",
    b"dt",
    b"dd",
    b"wbr",
    b"ruby",
    b"rt",
    b"rp",
    b"bdi",
    b"bdo",
];

/// Words in the class or the identifier of what holds readers' comments.
const OF_READERS: &[&str] = &["comment", "comments", "disqus", "respond", "replies"];

/// Whether an element holds what readers wrote below an article, by its class or identifier: each comment is an `article`
/// in many a template.
pub(super) fn is_of_readers(names: &str) -> bool {
    let mut words = names.split(|c: char| !c.is_ascii_alphabetic());
    words.any(|word| OF_READERS.iter().any(|one| word.eq_ignore_ascii_case(one)))
}

/// The element by which a page itself marks its article, as long as it is the only one, and plain.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "where the pass is and what it found are unrelated yes-or-no facts"
)]
struct Article {
    /// How many there are.
    count: u32,
    /// Where its text begins and ends in the whole text.
    start: usize,
    end: usize,
    is_open: bool,
    /// Something stands in it that may have to be cleaned away.
    is_mixed: bool,
    has_paragraph: bool,
    /// Readers' comments are marked as articles.
    is_of_readers: bool,
    /// Visible characters in its links.
    link_chars: u64,
}

/// Visible characters and words.
#[derive(Debug, Default)]
pub(super) struct Count {
    pub(super) chars: u64,
    pub(super) words: u64,
    is_in_word: bool,
}

impl Count {
    /// Adds text: UTF-8, cut between characters.
    pub(super) fn add(&mut self, text: &[u8]) {
        if text.is_ascii() {
            // Most pages are little else. Loops that count so few that a byte holds it are done for many bytes at once.
            let behind = text.get(1..).unwrap_or_default();
            for (chunk, behind) in text.chunks(255).zip(behind.chunks(255).chain([&[][..]])) {
                let (mut chars, mut words) = (0_u8, 0_u8);
                for byte in chunk {
                    chars += u8::from(*byte > b' ' && *byte != 0x7f);
                }
                for (byte, next) in chunk.iter().zip(behind) {
                    words += u8::from(!is_letter(*byte)) & u8::from(is_letter(*next));
                }
                self.chars += u64::from(chars);
                self.words += u64::from(words);
            }
            if let (Some(first), Some(last)) = (text.first(), text.last()) {
                self.words += u64::from(is_letter(*first) && !self.is_in_word);
                self.is_in_word = is_letter(*last);
            }
            return;
        }
        for c in String::from_utf8_lossy(text).chars() {
            let is_letter = c.is_alphanumeric();
            self.chars += u64::from(is_letter || is_visible(c));
            self.words += u64::from(is_letter && !self.is_in_word);
            self.is_in_word = is_letter;
        }
    }

    fn end_word(&mut self) {
        self.is_in_word = false;
    }
}

/// Letters and digits of ASCII, without branches.
fn is_letter(byte: u8) -> bool {
    ((byte | 0x20).wrapping_sub(b'a') < 26) | (byte.wrapping_sub(b'0') < 10)
}

/// Not white space, not a control, and not one of the marks that have no shape.
fn is_visible(c: char) -> bool {
    !c.is_whitespace()
        && !c.is_control()
        && !matches!(c,
            '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{fffc}'..='\u{fffd}')
}

/// What a tokenizer's text belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Inside {
    /// The page.
    #[default]
    Page,
    /// Its title.
    Title,
    /// A script.
    Script,
    /// What is shown to readers without scripts.
    Noscript,
    /// An element whose text is not shown.
    Hidden,
}

/// Whether a tag is the start or the end of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Tag {
    #[default]
    Start,
    End,
}

/// Attributes of the tag at hand that are wanted; of two with the same name the first counts.
#[derive(Debug, Default)]
struct Attributes {
    names: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Attributes {
    fn get(&self, name: &[u8]) -> Option<String> {
        self.names
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }
}

/// What one pass found.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what was found and where the pass is are unrelated yes-or-no facts"
)]
pub(super) struct Page {
    pub(super) title: Vec<u8>,
    pub(super) canonical: Option<String>,
    pub(super) base: Option<String>,
    pub(super) language: Option<String>,
    pub(super) refresh: Option<String>,
    pub(super) robots: String,
    pub(super) count: Count,
    pub(super) has_media: bool,
    pub(super) headings: Vec<Vec<u8>>,
    pub(super) noscript: Vec<u8>,
    pub(super) links: u32,
    pub(super) link_chars: u64,
    pub(super) pictures: u32,
    pub(super) scripts: u32,
    pub(super) password_fields: u32,
    pub(super) frames: u32,
    pub(super) free: Option<bool>,
    /// All that is seen; blocks stand on lines of their own.
    pub(super) whole: Vec<u8>,
    pub(super) said: Said,

    article: Article,
    inline_scripts: Vec<Vec<u8>>,
    is_in_heading: bool,
    is_in_link: bool,
    is_data: bool,
    inside: Inside,
    has_title: bool,
    templates: u32,
    drawings: u32,
    tag: Tag,
    name: Vec<u8>,
    is_self_closing: bool,
    wants_attributes: bool,
    attributes: Attributes,
    last_start_tag: Vec<u8>,
}

impl Page {
    /// Reads a page's text.
    pub(super) fn read(text: &str) -> Self {
        let mut page = Self::default();
        // Reading from memory cannot fail, and the emitter gives no tokens.
        let _ = Tokenizer::new_with_emitter(Markup::new(text), Pass(&mut page)).finish();
        page
    }

    /// A tag ends a line, unless it is of an element that stands in one.
    fn end_line(&mut self) {
        if !self.whole.is_empty()
            && !self.whole.ends_with(b"\n")
            && !IN_LINES.contains(&self.name.as_slice())
        {
            self.whole.push(b'\n');
        }
    }

    fn start_tag(&mut self) -> Option<State> {
        if self.wants_attributes {
            self.take_attributes();
        }
        let is_drawing = self.drawings > 0;
        self.article_starts();
        match self.name.as_slice() {
            b"template" => self.templates += 1,
            b"svg" if !self.is_self_closing => self.drawings += 1,
            _ => {}
        }
        if self.templates == 0 && MEDIA.contains(&self.name.as_slice()) {
            self.has_media = true;
            self.pictures += u32::from(PICTURES.contains(&self.name.as_slice()));
        }
        match self.name.as_slice() {
            b"h1" | b"h2" if self.headings.len() < MAX_HEADINGS && self.templates == 0 => {
                self.is_in_heading = true;
                self.headings.push(Vec::new());
            }
            b"iframe" | b"frame" => self.frames += 1,
            b"script" => self.scripts += 1,
            _ => {}
        }
        // Inside a drawing, elements are XML's: they close themselves, and a title is a tooltip.
        if is_drawing && (self.is_self_closing || self.name == b"title") {
            return None;
        }
        let (inside, state) = match self.name.as_slice() {
            b"title" if self.has_title || self.templates > 0 => (Inside::Hidden, State::RcData),
            b"title" => {
                self.has_title = true;
                (Inside::Title, State::RcData)
            }
            b"textarea" => (Inside::Page, State::RcData),
            b"script" => {
                if self.inline_scripts.len() < MAX_SCRIPTS {
                    self.inline_scripts.push(Vec::new());
                }
                (Inside::Script, State::ScriptData)
            }
            b"noscript" => (Inside::Noscript, State::RawText),
            b"style" | b"iframe" | b"noembed" => (Inside::Hidden, State::RawText),
            b"xmp" => (Inside::Page, State::RawText),
            b"plaintext" => (Inside::Page, State::PlainText),
            _ => return None,
        };
        self.inside = inside;
        Some(state)
    }

    fn end_tag(&mut self) {
        self.inside = Inside::Page;
        self.is_data = false;
        self.article_ends();
        match self.name.as_slice() {
            b"template" => self.templates = self.templates.saturating_sub(1),
            b"svg" => self.drawings = self.drawings.saturating_sub(1),
            b"h1" | b"h2" => self.is_in_heading = false,
            b"a" => self.is_in_link = false,
            _ => {}
        }
    }

    fn article_starts(&mut self) {
        let (name, article) = (self.name.as_slice(), &mut self.article);
        if name == b"article" {
            article.count += 1;
            article.is_open = article.count == 1;
            article.start = self.whole.len();
        } else if article.is_open {
            article.is_mixed |= !PLAIN.contains(&name);
            article.has_paragraph |= name == b"p";
        }
    }

    fn article_ends(&mut self) {
        let (name, article) = (self.name.as_slice(), &mut self.article);
        if !article.is_open {
            return;
        }
        match name {
            b"article" => {
                article.is_open = false;
                article.end = self.whole.len();
            }
            // Its title is no part of its text.
            b"h1" if !article.has_paragraph => article.start = self.whole.len(),
            _ => {}
        }
    }

    /// Where the article stands in the whole text, if the page itself marks it, there is one only, it is long enough to be
    /// one, and nothing is in it that would have to be cleaned away.
    pub(super) fn plain_article(&self) -> Option<std::ops::Range<usize>> {
        const LEAST_BYTES: usize = 2000;
        const LINKS_AT_MOST: u64 = 8;
        let article = &self.article;
        let is_one =
            article.count == 1 && !article.is_open && !article.is_mixed && !article.is_of_readers;
        let range = article.start..article.end;
        let is_cut = self.whole.len() + MAX_KEPT_BYTES > MAX_WHOLE_BYTES;
        (is_one
            && article.has_paragraph
            && !is_cut
            && range.len() >= LEAST_BYTES
            && article.link_chars * LINKS_AT_MOST <= range.len() as u64)
            .then_some(range)
    }

    fn seen(&mut self, text: &[u8]) {
        let before = self.count.chars;
        self.count.add(text);
        if self.whole.len() + text.len() <= MAX_WHOLE_BYTES {
            self.whole.extend_from_slice(text);
        }
        if self.is_in_link {
            self.link_chars += self.count.chars - before;
            if self.article.is_open {
                self.article.link_chars += self.count.chars - before;
            }
        }
        if self.is_in_heading
            && let Some(heading) = self.headings.last_mut()
        {
            push_bounded(heading, text);
        }
    }

    fn script(&mut self, text: &[u8]) {
        if self.is_data {
            self.said.data(text);
            if self.free.is_none() {
                self.free = declared_free(text);
            }
        }
        if !self.is_data
            && self.scripts as usize <= MAX_SCRIPTS
            && let Some(script) = self.inline_scripts.last_mut()
        {
            let room = MAX_SCRIPT_BYTES.saturating_sub(script.len());
            script.extend_from_slice(&text[..text.len().min(room)]);
        }
    }

    /// Where a script sends the reader at once, if the page has hardly any text of its own.
    pub(super) fn script_refresh(&self) -> Option<String> {
        const FEW_CHARS: u64 = 200;
        if self.count.chars > FEW_CHARS {
            return None;
        }
        self.inline_scripts
            .iter()
            .find_map(|script| sent_on(&String::from_utf8_lossy(script)))
    }

    fn take_attributes(&mut self) {
        let attributes = std::mem::take(&mut self.attributes);
        match self.name.as_slice() {
            b"html" if self.language.is_none() => {
                self.language = attributes
                    .get(b"lang")
                    .or_else(|| attributes.get(b"xml:lang"));
            }
            b"base" if self.base.is_none() => self.base = attributes.get(b"href"),
            b"link" if self.canonical.is_none() => {
                let is_canonical = attributes.get(b"rel").is_some_and(|rel| {
                    rel.split_ascii_whitespace()
                        .any(|token| token.eq_ignore_ascii_case("canonical"))
                });
                if is_canonical {
                    self.canonical = attributes.get(b"href");
                }
            }
            b"meta" => self.take_meta(&attributes),
            b"article" => {
                let mut names = [b"class".as_slice(), b"id"].into_iter();
                self.article.is_of_readers |= names.any(|name| {
                    let names = attributes.get(name);
                    names.is_some_and(|names| is_of_readers(&names))
                });
            }
            b"a" => {
                self.is_in_link = attributes.get(b"href").is_some();
                self.links += u32::from(self.is_in_link && self.templates == 0);
            }
            b"script" => {
                self.is_data = attributes
                    .get(b"type")
                    .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/ld+json"));
                if self.is_data {
                    self.said.begin_data();
                }
            }
            b"time" => {
                if let Some(when) = attributes.get(b"datetime") {
                    let marks = [&b"itemprop"[..], b"class", b"pubdate"]
                        .map(|name| attributes.get(name).unwrap_or_default());
                    let is_pubdate = attributes.names.iter().any(|(name, _)| name == b"pubdate");
                    let pubdate = if is_pubdate { "pubdate" } else { "" };
                    self.said
                        .time(&when, &format!("{} {pubdate}", marks.join(" ")));
                }
            }
            b"input" => {
                let kind = attributes.get(b"type");
                let is = |name| {
                    kind.as_deref()
                        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case(name))
                };
                self.has_media |= !is("hidden") && self.templates == 0;
                self.password_fields += u32::from(is("password"));
            }
            _ => {}
        }
    }

    fn take_meta(&mut self, attributes: &Attributes) {
        let Some(content) = attributes.get(b"content") else {
            return;
        };
        let is = |name: &[u8], value: &str| {
            attributes
                .get(name)
                .is_some_and(|v| v.trim().eq_ignore_ascii_case(value))
        };
        for name in [&b"property"[..], b"name", b"itemprop"] {
            if let Some(name) = attributes.get(name) {
                self.said.meta(&name, &content);
            }
        }
        if is(b"name", "robots") && self.robots.len() < MAX_KEPT_BYTES {
            self.robots.push_str(&content);
            self.robots.push(',');
        } else if is(b"http-equiv", "refresh") && self.refresh.is_none() {
            self.refresh = Some(content);
        }
    }
}

fn push_bounded(to: &mut Vec<u8>, text: &[u8]) {
    let room = MAX_KEPT_BYTES.saturating_sub(to.len());
    to.extend_from_slice(&text[..text.len().min(room)]);
}

/// What structured data says of being free of charge (schema.org `isAccessibleForFree`), as JSON or as a word.
fn declared_free(json: &[u8]) -> Option<bool> {
    const NAME: &[u8] = b"\"isAccessibleForFree\"";
    let at = memchr::memmem::find(json, NAME)?;
    let rest = json[at + NAME.len()..].trim_ascii_start();
    let value = rest.strip_prefix(b":")?.trim_ascii_start();
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    let is = |word: &[u8]| {
        value
            .get(..word.len())
            .is_some_and(|v| v.eq_ignore_ascii_case(word))
    };
    (is(b"false") || is(b"true")).then(|| is(b"true"))
}

/// The address that a script assigns to `location`, or hands to its `replace` or `assign`.
fn sent_on(script: &str) -> Option<String> {
    static ASSIGNED: std::sync::LazyLock<regex::Regex> = std::sync::LazyLock::new(|| {
        #[expect(clippy::unwrap_used, reason = "the expression is written here")]
        regex::Regex::new(
            r#"(?:^|[^\w$])location(?:\.href)?(?:\s*=\s*|\.(?:replace|assign)\(\s*)["']([^"'\\]{1,500})["']"#,
        )
        .unwrap()
    });
    Some(ASSIGNED.captures(script)?[1].to_owned())
}

/// The tokenizer's view of a [`Page`].
struct Pass<'a>(&'a mut Page);

impl Emitter for Pass<'_> {
    type Token = std::convert::Infallible;

    fn emit_string(&mut self, text: &[u8]) {
        let page = &mut *self.0;
        match page.inside {
            Inside::Page if page.templates == 0 => page.seen(text),
            Inside::Title => push_bounded(&mut page.title, text),
            Inside::Script => page.script(text),
            Inside::Noscript => {
                let room = MAX_NOSCRIPT_BYTES.saturating_sub(page.noscript.len());
                page.noscript
                    .extend_from_slice(&text[..text.len().min(room)]);
            }
            Inside::Page | Inside::Hidden => {}
        }
    }

    fn init_start_tag(&mut self) {
        self.0.tag = Tag::Start;
        self.0.name.clear();
        self.0.is_self_closing = false;
        self.0.wants_attributes = false;
    }

    fn init_end_tag(&mut self) {
        self.0.tag = Tag::End;
        self.0.name.clear();
        self.0.wants_attributes = false;
    }

    fn push_tag_name(&mut self, text: &[u8]) {
        push_bounded(&mut self.0.name, text);
    }

    fn init_attribute(&mut self) {
        let page = &mut *self.0;
        if page.tag == Tag::Start
            && matches!(
                page.name.as_slice(),
                b"html"
                    | b"base"
                    | b"link"
                    | b"meta"
                    | b"input"
                    | b"a"
                    | b"script"
                    | b"time"
                    | b"article"
            )
        {
            if !page.wants_attributes {
                page.wants_attributes = true;
                page.attributes.names.clear();
            }
            // Of more attributes than any of these elements has, the last overwrite one another.
            page.attributes.names.truncate(MAX_ATTRIBUTES - 1);
            page.attributes.names.push((Vec::new(), Vec::new()));
        }
    }

    fn push_attribute_name(&mut self, text: &[u8]) {
        if self.0.wants_attributes
            && let Some((name, _)) = self.0.attributes.names.last_mut()
        {
            push_bounded(name, text);
        }
    }

    fn push_attribute_value(&mut self, text: &[u8]) {
        if self.0.wants_attributes
            && let Some((_, value)) = self.0.attributes.names.last_mut()
        {
            push_bounded(value, text);
        }
    }

    fn set_self_closing(&mut self) {
        self.0.is_self_closing = true;
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        let page = &mut *self.0;
        page.count.end_word();
        page.end_line();
        if page.tag == Tag::End {
            page.end_tag();
            return None;
        }
        let state = page.start_tag();
        std::mem::swap(&mut page.last_start_tag, &mut page.name);
        state
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.0.tag == Tag::End && self.0.name == self.0.last_start_tag
    }

    fn set_last_start_tag(&mut self, name: Option<&[u8]>) {
        self.0.last_start_tag.clear();
        self.0
            .last_start_tag
            .extend_from_slice(name.unwrap_or_default());
    }

    #[inline]
    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn emit_eof(&mut self) {}
    fn emit_error(&mut self, _: Error) {}
    fn pop_token(&mut self) -> Option<Self::Token> {
        None
    }
    fn init_comment(&mut self) {}
    fn emit_current_comment(&mut self) {}
    fn emit_current_doctype(&mut self) {}
    fn set_force_quirks(&mut self) {}
    fn push_comment(&mut self, _: &[u8]) {}
    fn push_doctype_name(&mut self, _: &[u8]) {}
    fn init_doctype(&mut self) {}
    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}
}
