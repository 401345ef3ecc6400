//! One post on its way out: which links are citations, and what stands around them.
//!
//! Every format feeds this with text, links and breaks in reading order. Links wait until their block is over, for
//! only then is the sentence known, and blocks wait in a [`Window`] until it is known what is quoted around them; what
//! was left out waits with them, so that the sink hears all in document order. A block that does not end is ended here,
//! which bounds memory and time on hostile pages.

use std::ops::Range;

use sha2::{Digest, Sha256};
use url::Url;

use super::options::Rules;
use super::position::Source;
use super::quote::of_text_fragment;
use super::sentence::cut;
use super::share::is_share;
use super::window::{Block, Found, QuoteMark, Window};
use super::{Citation, Comment, Details, Kind, LeftOut, Place, Post, Quote, Reason, Sink, Tie};
use crate::address::{self, Preserved, Rejected, preserved, same_site};

/// The most text that is kept for one block.
const MAX_BLOCK_BYTES: usize = 32 * 1024;
/// The most links that wait for one block's end.
const MAX_WAITING: usize = 4096;
/// The longest anchor text that is kept.
const MAX_ANCHOR_BYTES: usize = 1000;
/// The longest heading that is kept.
const MAX_HEADING_BYTES: usize = 300;
/// The longest passage that is kept of those that a document ties to an address itself.
const MAX_DECLARED_BYTES: usize = 16 * 1024;
/// How much is shown of an address that could not be taken.
const SHOWN_BYTES: usize = 200;
/// Schemes that lead nowhere a source could be, so that nobody wants to hear of them.
const SILENT_SCHEMES: &[&str] = &[
    "mailto",
    "javascript",
    "data",
    "tel",
    "sms",
    "about",
    "blob",
    "callto",
    "skype",
];

/// A link as a format found it.
#[derive(Debug)]
pub(super) struct Link<'l> {
    /// As written, entities decoded.
    pub(super) href: &'l str,
    pub(super) kind: Kind,
    pub(super) place: Place,
    pub(super) rel: &'l str,
    /// Where it stands in the document's text, for the line.
    pub(super) at: usize,
    /// The address in the document's text.
    pub(super) span: Range<usize>,
    /// The selector that excludes it.
    pub(super) excluded: Option<String>,
    pub(super) details: Details,
}

/// Who a post is, as far as its links depend on it.
#[derive(Debug, Clone, Default)]
pub(super) struct Home {
    /// What the sink is told: its address, or its name.
    pub(super) address: String,
    /// The document's name, for exclusions.
    pub(super) name: String,
    /// The post's own address: links to its site are internal.
    pub(super) own: Option<Url>,
    /// What relative addresses are resolved against.
    pub(super) base: Option<Url>,
    /// The whole post was asked to be ignored.
    pub(super) ignored: bool,
}

/// Takes what a format reads and tells the sink of it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each remembers one thing about what was read last"
)]
pub(super) struct PostWriter<'a> {
    pub(super) source: &'a Source<'a>,
    rules: &'a Rules,
    sink: &'a mut dyn Sink,
    home: Home,
    /// Holds for every link of the post.
    whole: Option<Reason>,
    ignoring: bool,
    ignore_next: bool,
    text: String,
    gap: bool,
    found: Vec<Found>,
    open: Option<usize>,
    is_open: bool,
    image_text: String,
    window: Window,
    /// The headings that what follows stands below, with their levels.
    headings: Vec<(u8, String)>,
    /// The level of the heading that is being read.
    heading: Option<u8>,
    /// The block quotes that are open, outermost first.
    quotes: Vec<QuoteMark>,
    quote_count: u32,
    /// The comment that is being read, and which it is.
    comment: Option<Comment>,
    comment_number: u32,
    /// Where the text that was read last stands.
    place: Place,
    /// The stretches of the block's text that are code.
    code: Vec<Range<usize>>,
    code_from: Option<usize>,
    /// What the document itself says that the next link's passage is.
    declared: Option<Quote>,
    position: u32,
}

impl<'a> PostWriter<'a> {
    /// Begins a post.
    pub(super) fn begin(
        source: &'a Source<'a>,
        rules: &'a Rules,
        sink: &'a mut dyn Sink,
        home: Home,
    ) -> Self {
        sink.begin(&home.address);
        let whole = if home.ignored {
            Some(Reason::Ignored)
        } else {
            rules
                .excluding_post(&home.address, &home.name)
                .map(Reason::Excluded)
        };
        Self {
            source,
            rules,
            sink,
            home,
            whole,
            ignoring: false,
            ignore_next: false,
            text: String::new(),
            gap: false,
            found: Vec::new(),
            open: None,
            is_open: false,
            image_text: String::new(),
            window: Window::default(),
            headings: Vec::new(),
            heading: None,
            quotes: Vec::new(),
            quote_count: 0,
            comment: None,
            comment_number: 0,
            place: Place::Body,
            code: Vec::new(),
            code_from: None,
            declared: None,
            position: 0,
        }
    }

    /// Ends the post. `content` are the bytes that are its own.
    pub(super) fn end(mut self, content: &[u8], mut post: Post) {
        self.close_link();
        self.flush();
        self.window.empty(self.sink);
        post.address = std::mem::take(&mut self.home.address);
        if self.sink.wants_digest() {
            post.digest = Sha256::digest(content).into();
        }
        self.sink.end(post);
    }

    pub(super) fn sink(&mut self) -> &mut dyn Sink {
        self.sink
    }

    /// What relative addresses are resolved against.
    pub(super) fn base(&self) -> Option<&Url> {
        self.home.base.as_ref()
    }

    /// Resolves what follows against another address.
    pub(super) fn rebase(&mut self, base: Option<Url>) {
        self.home.base = base;
    }

    /// Adds running text; white space is folded.
    pub(super) fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        // Text of megabytes without a break is taken in portions.
        let mut rest = text;
        while rest.len() > MAX_BLOCK_BYTES {
            let portion = cut(rest, MAX_BLOCK_BYTES);
            self.fold(portion);
            rest = &rest[portion.len()..];
        }
        self.fold(rest);
    }

    fn fold(&mut self, text: &str) {
        self.gap |= text.starts_with(char::is_whitespace);
        // Most text is words with one space between, which is taken as it is.
        let trimmed = text.trim();
        if is_folded(trimmed) {
            if !trimmed.is_empty() {
                self.fill_gap();
                self.text.push_str(trimmed);
            }
        } else {
            let mut words = trimmed.split_whitespace().peekable();
            while let Some(word) = words.next() {
                self.fill_gap();
                self.text.push_str(word);
                self.gap = words.peek().is_some();
            }
        }
        self.gap |= text.ends_with(char::is_whitespace);
        if self.text.len() > MAX_BLOCK_BYTES {
            self.close_link();
            self.flush();
        }
    }

    fn fill_gap(&mut self) {
        if std::mem::take(&mut self.gap) && !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push(' ');
        }
    }

    /// A block begins or ends. Inside of a link it only ends a line.
    pub(super) fn break_block(&mut self) {
        self.gap = false;
        if self.is_open {
            if !self.text.is_empty() && !self.text.ends_with('\n') {
                self.text.push('\n');
            }
        } else if !self.found.is_empty() || !self.text.is_empty() {
            self.flush();
        }
    }

    /// A heading begins: what stands up to its end is its text.
    pub(super) fn open_heading(&mut self, level: u8) {
        self.break_block();
        self.heading = Some(level);
    }

    /// The heading that is open ends.
    pub(super) fn close_heading(&mut self) {
        if self.heading.is_some() {
            self.close_link();
            self.flush();
            self.heading = None;
        }
    }

    /// What follows stands below headings of a lower level only: the part of the document that such a heading began ended
    /// without another one.
    pub(super) fn leave_headings(&mut self, level: u8) {
        self.close_heading();
        self.break_block();
        self.headings.retain(|(above, _)| *above < level);
    }

    /// The document itself says which passage the next link is the source of.
    pub(super) fn declare_quote(&mut self, passage: &str) {
        let text = fold_all(passage);
        let text = cut(&text, MAX_DECLARED_BYTES).to_owned();
        self.declared = (!text.is_empty()).then_some(Quote {
            text,
            confidence: 100,
            tie: Tie::Declared,
        });
    }

    /// A block quote begins; `cite` is the address that it names as its source.
    pub(super) fn open_quote(&mut self, cite: Option<&str>) {
        self.break_block();
        self.quote_count += 1;
        let cite = cite.and_then(|cite| address::parse(cite.trim(), self.home.base.as_ref()).ok());
        let outermost = self.quotes.first().map(|quote| quote.id);
        self.quotes.push(QuoteMark {
            id: outermost.unwrap_or(self.quote_count),
            cite,
        });
    }

    /// The innermost block quote ends.
    pub(super) fn close_quote(&mut self) {
        self.break_block();
        self.quotes.pop();
    }

    /// What follows stands in this comment, or in none.
    pub(super) fn set_comment(&mut self, comment: Option<Comment>) {
        self.break_block();
        self.comment_number += 1;
        self.comment = comment;
    }

    /// What follows stands in this place.
    pub(super) fn set_place(&mut self, place: Place) {
        self.place = place;
    }

    /// Code begins.
    pub(super) fn open_code(&mut self) {
        self.code_from.get_or_insert(self.text.len());
    }

    /// The code that is open ends.
    pub(super) fn close_code(&mut self) {
        if let Some(from) = self.code_from.take() {
            self.code.push(from..self.text.len());
        }
    }

    /// A link begins; the text that follows is its anchor.
    pub(super) fn open_link(&mut self, link: &Link<'_>) {
        self.close_link();
        self.fill_gap();
        self.image_text.clear();
        self.is_open = true;
        self.open = self.take(link);
    }

    /// The text of an image, which is the anchor's if it has no other.
    pub(super) fn image_text(&mut self, text: &str) {
        if self.is_open && self.image_text.is_empty() {
            text.trim().clone_into(&mut self.image_text);
        }
    }

    /// Whether a link is open, so that an address in its text is no citation of its own.
    pub(super) fn is_in_link(&self) -> bool {
        self.is_open
    }

    /// The link that is open ends.
    pub(super) fn close_link(&mut self) {
        self.is_open = false;
        let Some(index) = self.open.take() else {
            return;
        };
        let end = self.text.len();
        let Some(found) = self.found.get_mut(index) else {
            return;
        };
        let anchor = found.anchor_mut();
        anchor.end = end.max(anchor.start);
        let Found::Citation { citation, anchor } = found else {
            return;
        };
        let text = self
            .text
            .get(anchor.clone())
            .unwrap_or_default()
            .trim()
            .replace('\n', " ");
        let text = if text.is_empty() {
            fold_all(&self.image_text)
        } else {
            text
        };
        cut(&text, MAX_ANCHOR_BYTES).clone_into(&mut citation.text);
    }

    /// A link that is its own text: an address in running text.
    pub(super) fn bare_link(&mut self, link: &Link<'_>) {
        let written = link.details.written.as_deref();
        let shown = written.unwrap_or(link.href).to_owned();
        self.open_link(link);
        self.text(&shown);
        self.close_link();
    }

    /// A link without an anchor of its own, such as an embed; `text` is what it is called, if anything.
    pub(super) fn point_link(&mut self, link: &Link<'_>, text: &str) {
        let at = self.text.len();
        if let Some(index) = self.take(link)
            && let Some(Found::Citation { citation, anchor }) = self.found.get_mut(index)
        {
            cut(&fold_all(text), MAX_ANCHOR_BYTES).clone_into(&mut citation.text);
            *anchor = at..at;
        }
    }

    /// Reads an HTML comment for what it says about ignoring.
    pub(super) fn comment(&mut self, comment: &str) {
        match comment.trim() {
            "sourcekeep-ignore-start" => self.ignoring = true,
            "sourcekeep-ignore-end" => self.ignoring = false,
            "sourcekeep-ignore" => self.ignore_next = true,
            _ => {}
        }
    }

    /// Lists a line of the document that was left out.
    pub(super) fn leave_out(&mut self, address: &str, reason: Reason, at: usize) {
        self.left_out(address, reason, at);
    }

    fn left_out(&mut self, address: &str, reason: Reason, at: usize) -> usize {
        let left_out = LeftOut {
            address: cut(address, SHOWN_BYTES).to_owned(),
            reason,
            line: self.source.line(at),
        };
        self.bound_waiting();
        let at = self.text.len();
        self.found.push(Found::LeftOut {
            left_out,
            anchor: at..at,
        });
        self.found.len() - 1
    }

    /// Judges a link, which waits for its block's end; its index is returned.
    fn take(&mut self, link: &Link<'_>) -> Option<usize> {
        let quote = self.declared.take();
        let href = link.href.trim_matches(|c: char| c.is_ascii_whitespace());
        if href.is_empty() || href.starts_with('#') {
            return None;
        }
        let url = match address::parse(href, self.home.base.as_ref()) {
            Ok(url) => url,
            Err(Rejected::Scheme(scheme)) if SILENT_SCHEMES.contains(&scheme.as_str()) => {
                return None;
            }
            Err(Rejected::Unparsable(url::ParseError::RelativeUrlWithoutBase))
                if self.rules.at_root(href).is_some() =>
            {
                let url = self.rules.at_root(href)?;
                if !self.rules.include().internal {
                    return Some(self.left_out(url.as_str(), Reason::Internal, link.at));
                }
                url
            }
            Err(Rejected::Unparsable(url::ParseError::RelativeUrlWithoutBase)) => {
                let reason = if self.rules.include().internal {
                    Reason::Rejected(Rejected::Unparsable(
                        url::ParseError::RelativeUrlWithoutBase,
                    ))
                } else {
                    Reason::Internal
                };
                return Some(self.left_out(href, reason, link.at));
            }
            Err(rejected) => {
                return Some(self.left_out(href, Reason::Rejected(rejected), link.at));
            }
        };
        if let Some(reason) = self.reason_against(&url, link) {
            return Some(self.left_out(url.as_str(), reason, link.at));
        }
        self.bound_waiting();
        let at = self.text.len();
        self.position += 1;
        let mut details = link.details.clone();
        if details.comment.is_none() && link.place == Place::Comment {
            details.comment.clone_from(&self.comment);
        }
        if details.preserves.is_none()
            && let Preserved::Original(original) = preserved(&url)
        {
            details.preserves = Some(original);
        }
        let citation = Citation {
            kind: link.kind,
            place: link.place,
            text: String::new(),
            context: String::new(),
            // What readers say stands below no heading of the post.
            headings: match link.place {
                Place::Comment => Vec::new(),
                _ => self.headings.iter().map(|(_, text)| text.clone()).collect(),
            },
            quote: quote.or_else(|| of_text_fragment(&url)),
            rel: tokens(link.rel),
            position: self.position,
            line: self.source.line(link.at),
            column: self.source.column(link.at),
            span: self.source.bytes(&link.span),
            details,
            url,
        };
        self.found.push(Found::Citation {
            citation: Box::new(citation),
            anchor: at..at,
        });
        Some(self.found.len() - 1)
    }

    fn reason_against(&mut self, url: &Url, link: &Link<'_>) -> Option<Reason> {
        let ignored = std::mem::take(&mut self.ignore_next) || self.ignoring;
        if let Some(reason) = &self.whole {
            return Some(reason.clone());
        }
        if ignored {
            return Some(Reason::Ignored);
        }
        if let Some(rule) = link.excluded.clone().or_else(|| self.rules.excluding(url)) {
            return Some(Reason::Excluded(rule));
        }
        let is_internal = self
            .home
            .own
            .as_ref()
            .or(self.rules.root_site())
            .is_some_and(|own| same_site(own, url));
        if is_internal && !self.rules.include().internal {
            return Some(Reason::Internal);
        }
        if is_share(url) {
            return Some(Reason::Share);
        }
        if link.kind == Kind::Author && !self.rules.include().author {
            return Some(Reason::Author);
        }
        (!self.rules.takes(link.place)).then_some(Reason::Place(link.place))
    }

    fn bound_waiting(&mut self) {
        if self.found.len() >= MAX_WAITING {
            self.close_link();
            self.flush();
        }
    }

    /// The block is over: sentences are known, and the sink is told of what need not wait any longer.
    fn flush(&mut self) {
        if let Some(level) = self.heading {
            self.headings.retain(|(above, _)| *above < level);
            let text = cut(&self.text, MAX_HEADING_BYTES).replace('\n', " ");
            if !text.is_empty() {
                self.headings.push((level, text));
            }
        }
        if let Some(from) = &mut self.code_from {
            self.code.push(*from..self.text.len());
            *from = 0;
        }
        self.window.push(
            Block {
                place: self.place,
                comment: self.comment_number,
                code: std::mem::take(&mut self.code),
                text: std::mem::take(&mut self.text),
                found: std::mem::take(&mut self.found),
                quote: self.quotes.last().cloned(),
                is_heading: self.heading.is_some(),
            },
            self.sink,
        );
        self.gap = false;
    }
}

/// Whether no white space stands in a trimmed text but single spaces.
fn is_folded(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut was_space = false;
    bytes.iter().enumerate().all(|(at, byte)| {
        let is_space = *byte == b' ';
        let is_odd = match byte {
            b' ' => was_space,
            b'\t'..=b'\r' => true,
            // Characters that may be white space begin with one of these.
            0xC2 | 0xE1..=0xE3 => text[at..].starts_with(char::is_whitespace),
            _ => false,
        };
        was_space = is_space;
        !is_odd
    })
}

fn fold_all(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The tokens of a `rel` attribute, in lower case, one space between.
fn tokens(rel: &str) -> String {
    let mut tokens = String::new();
    for token in rel.split_ascii_whitespace() {
        if !tokens.is_empty() {
            tokens.push(' ');
        }
        tokens.push_str(&token.to_ascii_lowercase());
    }
    tokens
}
