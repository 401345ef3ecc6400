//! PDF: link annotations with the words under them, and bare addresses in the text.
//!
//! Two steps, for nobody should read a stranger's PDF in their own process: [`read_pdf`] takes the bytes apart into
//! [`Piece`]s, which can be written down, and [`gather_pdf`] makes a post of them. A child process does the first under
//! limits, whoever asked does the second.
//!
//! A PDF has neither lines nor spans of text: the line of its citations is the page, and their span is empty.

mod annotations;
mod facts;
mod font;
mod words;

use serde::{Deserialize, Serialize};

use super::bare::bare_addresses;
use super::options::Rules;
use super::position::Source;
use super::post::{Home, Link, PostWriter};
use super::{Details, Document, GatherError, Kind, Place, Post, Sink, Unreadable};
use crate::charset;

/// More pages than this no document has.
const MAX_PAGES: usize = 20_000;
/// The most text that is taken of a document.
const MAX_TEXT_BYTES: usize = 24 << 20;
/// The most that the content of a page may unpack to.
const MAX_PAGE_BYTES: usize = 64 << 20;
/// With these an address that goes on in the next line may end.
const BREAKS: &[char] = &['/', '-', '_', '=', '&', '?', '%', '.', '#', '~'];

/// What a PDF says, in the order in which its pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Piece {
    /// What it says of itself.
    About(About),
    /// A page begins; its number, from 1.
    Page(u32),
    /// Running text; a line ends where a newline stands.
    Text(String),
    /// A paragraph ends.
    Break,
    /// A link and the words that it lies on.
    Link {
        /// The address, as it stands there.
        address: String,
        /// The words; may be empty.
        text: String,
    },
    /// Nothing is missing.
    End,
}

/// What a PDF says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    title: Option<String>,
    author: Option<String>,
    language: Option<String>,
    created_at: Option<i64>,
    modified_at: Option<i64>,
}

impl About {
    /// Its title, its author, and its language.
    pub fn said(&self) -> (Option<String>, Option<String>, Option<String>) {
        let known = |value: &Option<String>| value.clone();
        (
            known(&self.title),
            known(&self.author),
            known(&self.language),
        )
    }
}

/// Takes a PDF apart. This may take all the memory and time there is, or not come back.
pub fn read_pdf(bytes: &[u8], each: &mut dyn FnMut(Piece)) -> Result<(), Unreadable> {
    let options = lopdf::LoadOptions::with_max_decompressed_size(MAX_PAGE_BYTES);
    let pdf = lopdf::Document::load_mem_with_options(bytes, options)
        .map_err(|error| Unreadable::Pdf(error.to_string()))?;
    if pdf.is_encrypted() {
        return Err(Unreadable::Pdf("it is locked with a password".to_owned()));
    }
    each(Piece::About(facts::about(&pdf)));
    let mut left = MAX_TEXT_BYTES;
    for (page, number) in pdf.page_iter().take(MAX_PAGES).zip(1..) {
        each(Piece::Page(number));
        let links = annotations::links(&pdf, page);
        words::read(&pdf, page, &links, &mut left, each);
    }
    each(Piece::End);
    Ok(())
}

/// Gathers a PDF in this process: for tests, and where it is known who made it.
pub(super) fn gather(
    document: &Document<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
) -> Result<(), GatherError> {
    let mut pieces = Vec::new();
    read_pdf(document.bytes, &mut |piece| pieces.push(piece)).map_err(|why| {
        GatherError::Unreadable {
            name: document.name.to_owned(),
            why,
        }
    })?;
    gather_pdf(document, &pieces, rules, sink);
    Ok(())
}

/// Makes a post of what a PDF says.
pub fn gather_pdf(document: &Document<'_>, pieces: &[Piece], rules: &Rules, sink: &mut dyn Sink) {
    // As many lines as there are pages.
    let lines = vec![b'\n'; pages(pieces)];
    let decoded = charset::decode(&lines, None);
    let source = Source::new(&decoded);
    let home = Home {
        address: document.post_address(),
        name: document.name.to_owned(),
        own: document.own_address().cloned(),
        base: document.own_address().cloned(),
        ..Home::default()
    };
    let mut reading = Reading {
        writer: PostWriter::begin(&source, rules, sink, home),
        page: 0,
        text: String::new(),
    };
    let mut post = Post::default();
    for piece in pieces {
        match piece {
            Piece::About(about) => post = facts::post(about),
            Piece::Page(number) => reading.page(*number),
            Piece::Text(text) => reading.text.push_str(text),
            Piece::Break => {
                reading.running_text();
                reading.writer.break_block();
            }
            Piece::Link { address, text } => reading.link(address, text),
            Piece::End => reading.running_text(),
        }
    }
    reading.running_text();
    reading.writer.end(document.bytes, post);
}

fn pages(pieces: &[Piece]) -> usize {
    let pages = pieces
        .iter()
        .filter(|piece| matches!(piece, Piece::Page(_)));
    pages.count().min(MAX_PAGES)
}

struct Reading<'a> {
    writer: PostWriter<'a>,
    page: usize,
    /// What was not looked through yet.
    text: String,
}

impl Reading<'_> {
    fn page(&mut self, number: u32) {
        self.running_text();
        self.page = (number as usize).clamp(1, MAX_PAGES);
        self.writer.open_heading(1);
        self.writer.text(&format!("Page {}", self.page));
        self.writer.close_heading();
    }

    fn link(&mut self, address: &str, text: &str) {
        self.running_text();
        let link = self.of(address, Kind::Anchor);
        self.writer.open_link(&link);
        self.writer.text(text);
        self.writer.close_link();
    }

    fn of<'l>(&self, href: &'l str, kind: Kind) -> Link<'l> {
        Link {
            href,
            kind,
            place: Place::Body,
            rel: "",
            at: self.page.saturating_sub(1),
            span: 0..0,
            excluded: None,
            details: Details::default(),
        }
    }

    fn running_text(&mut self) {
        let text = std::mem::take(&mut self.text);
        let mut at = 0;
        for range in bare_addresses(&text) {
            let (address, rest) = (&text[range.clone()], &text[range.end..]);
            // What goes on in the next line is not known whole, and half an address is a wrong one.
            let is_cut = address.ends_with(BREAKS)
                && rest
                    .strip_prefix('\n')
                    .is_some_and(|next| next.starts_with(char::is_alphanumeric));
            if is_cut {
                continue;
            }
            self.writer.text(&text[at..range.start]);
            let link = self.of(address, Kind::Bare);
            self.writer.bare_link(&link);
            at = range.end;
        }
        self.writer.text(&text[at..]);
    }
}

#[cfg(test)]
mod tests;
