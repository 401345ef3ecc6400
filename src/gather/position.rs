//! From a place in the text that is being read to a line and to bytes of the document.
//!
//! Three steps can lie between: the text may be an unescaped part of the document ([`Origin`]), it was decoded from the
//! document's bytes ([`Decoded`]), and lines are counted in the decoded text. Each step is looked up, none is
//! scanned anew.

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

use crate::charset::Decoded;

/// Newlines are counted ahead for every so many bytes of text.
const LINE_BLOCK_BYTES: usize = 2048;

/// A document's text, and the way back to its bytes.
#[derive(Debug)]
pub(super) struct Source<'a> {
    decoded: &'a Decoded<'a>,
    /// How many newlines stand before each block.
    newlines: Vec<u32>,
    /// The place whose column was asked for last, and that column: most that is asked for comes after it.
    last_column: Cell<(usize, u32)>,
}

impl<'a> Source<'a> {
    pub(super) fn new(decoded: &'a Decoded<'a>) -> Self {
        let mut newlines = Vec::with_capacity(decoded.text.len() / LINE_BLOCK_BYTES + 1);
        let mut seen = 0;
        for block in decoded.text.as_bytes().chunks(LINE_BLOCK_BYTES) {
            newlines.push(seen);
            seen += memchr::memchr_iter(b'\n', block).count() as u32;
        }
        Self {
            decoded,
            newlines,
            last_column: Cell::new((0, 1)),
        }
    }

    pub(super) fn text(&self) -> &'a str {
        &self.decoded.text
    }

    /// The line of an offset of the text, from 1.
    pub(super) fn line(&self, offset: usize) -> u32 {
        let bytes = self.decoded.text.as_bytes();
        let offset = offset.min(bytes.len());
        let block = (offset / LINE_BLOCK_BYTES).min(self.newlines.len().saturating_sub(1));
        let before = self.newlines.get(block).copied().unwrap_or(0);
        let start = (block * LINE_BLOCK_BYTES).min(offset);
        1 + before + memchr::memchr_iter(b'\n', &bytes[start..offset]).count() as u32
    }

    /// The column of an offset of the text in its line, from 1, in characters.
    pub(super) fn column(&self, offset: usize) -> u32 {
        let bytes = self.decoded.text.as_bytes();
        let offset = offset.min(bytes.len());
        let (mut start, mut column) = self.last_column.get();
        if offset < start {
            (start, column) = (0, 1);
        }
        if let Some(newline) = memchr::memrchr(b'\n', &bytes[start..offset]) {
            (start, column) = (start + newline + 1, 1);
        }
        // Every byte of a character but its first is a continuation.
        let characters = bytes[start..offset]
            .iter()
            .filter(|byte| **byte & 0xC0 != 0x80);
        column += characters.count() as u32;
        self.last_column.set((offset, column));
        column
    }

    /// The document's bytes that a range of the text was decoded from.
    pub(super) fn bytes(&self, range: &Range<usize>) -> (usize, usize) {
        let start = self.decoded.origin(range.start);
        (start, self.decoded.origin(range.end).max(start))
    }
}

/// A stretch of an unescaped text, and what it was made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) at: usize,
    pub(super) len: usize,
    pub(super) source_at: usize,
    pub(super) source_len: usize,
}

/// Where a text that is read came from in the document's text.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// It is a slice that begins there.
    Slice(usize),
    /// It was put together from these, in order, and begins at this offset of what they make.
    Pieces(Rc<[Piece]>, usize),
}

impl Origin {
    /// The range of the document's text that a range of this text came from.
    pub(super) fn of(&self, range: &Range<usize>) -> Range<usize> {
        match self {
            Self::Slice(start) => range.start + start..range.end + start,
            Self::Pieces(pieces, from) => {
                let start = start_in(pieces, range.start + from);
                let end = if range.end > range.start {
                    end_in(pieces, range.end + from)
                } else {
                    start
                };
                start..end.max(start)
            }
        }
    }

    /// Where the part of this text came from that begins at an offset of it.
    pub(super) fn part(&self, at: usize) -> Self {
        match self {
            Self::Slice(start) => Self::Slice(start + at),
            Self::Pieces(pieces, from) => Self::Pieces(Rc::clone(pieces), from + at),
        }
    }
}

fn start_in(pieces: &[Piece], offset: usize) -> usize {
    let after = pieces.partition_point(|piece| piece.at <= offset);
    let Some(piece) = after.checked_sub(1).and_then(|at| pieces.get(at)) else {
        return pieces.first().map_or(0, |piece| piece.source_at);
    };
    if piece.len == piece.source_len {
        piece.source_at + (offset - piece.at).min(piece.len)
    } else if offset >= piece.at + piece.len {
        piece.source_at + piece.source_len
    } else {
        piece.source_at
    }
}

/// An end is mapped with what stands before it, so that a range never swallows markup that follows.
fn end_in(pieces: &[Piece], offset: usize) -> usize {
    let after = pieces.partition_point(|piece| piece.at < offset);
    let Some(piece) = after.checked_sub(1).and_then(|at| pieces.get(at)) else {
        return 0;
    };
    if piece.len == piece.source_len {
        piece.source_at + (offset - piece.at).min(piece.len)
    } else {
        piece.source_at + piece.source_len
    }
}

/// Puts an unescaped text together and remembers where each part of it came from.
#[derive(Debug, Default)]
pub(super) struct Unescaped {
    pub(super) text: String,
    pieces: Vec<Piece>,
}

impl Unescaped {
    /// Adds what stands for itself.
    pub(super) fn literal(&mut self, text: &str, source_at: usize) {
        self.stand_in(text, source_at, text.len());
    }

    /// Adds text that another stretch of the source stands for.
    pub(super) fn stand_in(&mut self, text: &str, source_at: usize, source_len: usize) {
        if text.is_empty() {
            return;
        }
        self.pieces.push(Piece {
            at: self.text.len(),
            len: text.len(),
            source_at,
            source_len,
        });
        self.text.push_str(text);
    }

    pub(super) fn into_parts(self) -> (String, Origin) {
        (self.text, Origin::Pieces(self.pieces.into(), 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charset::decode;

    #[test]
    fn lines_are_counted_from_one() {
        let text = format!("a\nb{}\nc", " ".repeat(5000));
        let decoded = decode(text.as_bytes(), None);
        let source = Source::new(&decoded);
        assert_eq!(
            (source.line(0), source.line(2), source.line(4000)),
            (1, 2, 2)
        );
        assert_eq!(source.line(text.len()), 3);
        assert_eq!(source.line(text.len() + 10), 3);
        let empty = decode(b"", None);
        assert_eq!(Source::new(&empty).line(0), 1);
    }

    #[test]
    fn columns_are_counted_in_characters() {
        let text = "aé\nöbc\n\nd";
        let decoded = decode(text.as_bytes(), None);
        let source = Source::new(&decoded);
        let at = |what: &str| source.column(text.find(what).unwrap());
        assert_eq!([at("a"), at("b"), at("c"), at("d")], [1, 2, 3, 1]);
        assert_eq!([at("c"), at("a"), at("\u{e9}"), at("b")], [3, 1, 2, 2]);
        assert_eq!(source.column(100), 2);
        let long = "\u{e9}".repeat(1_000_000);
        let decoded = decode(long.as_bytes(), None);
        let source = Source::new(&decoded);
        for at in 0..1_000_000_u32 {
            assert_eq!(source.column(at as usize * 2), at + 1);
        }
    }

    #[test]
    fn pieces_lead_back() {
        // `x&amp;y` at offset 10 of the source.
        let mut unescaped = Unescaped::default();
        unescaped.literal("x", 10);
        unescaped.stand_in("&", 11, 5);
        unescaped.literal("y", 16);
        let (text, origin) = unescaped.into_parts();
        assert_eq!(text, "x&y");
        assert_eq!(origin.of(&(0..3)), 10..17);
        assert_eq!(origin.of(&(0..2)), 10..16);
        assert_eq!(origin.of(&(1..2)), 11..16);
        assert_eq!(origin.of(&(2..3)), 16..17);
        assert_eq!(origin.part(1).of(&(0..1)), 11..16);
        assert_eq!(origin.part(1).part(1).of(&(0..1)), 16..17);
        assert_eq!(Origin::Slice(3).part(1).of(&(0..1)), 4..5);
    }
}
