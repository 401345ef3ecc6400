//! The text of a page in the order in which it is painted, and which of it lies under a link.
//!
//! A page paints glyphs at places; spaces and lines are what is seen between them (ISO 32000, 9.4). That is followed as
//! far as sentences need it: forms within the page, marked content and rotated text are not.

use std::collections::BTreeMap;

use lopdf::content::{Content, Operation};
use lopdf::{Document, Object, ObjectId};

use super::annotations::PageLink;
use super::font::Font;
use super::{MAX_PAGE_BYTES, Piece};

/// Saved states of a page; more is an attack.
const MAX_DEPTH: usize = 256;
/// Links near a glyph are looked for among so many.
const MAX_LOOKED_AT: usize = 2000;

/// Reads a page. `left` is how much text may still be taken.
pub(super) fn read(
    pdf: &Document,
    page: ObjectId,
    links: &[PageLink],
    left: &mut usize,
    each: &mut dyn FnMut(Piece),
) {
    let fonts = pdf.get_page_fonts(page).unwrap_or_default();
    let fonts: BTreeMap<Vec<u8>, Font<'_>> = fonts
        .into_iter()
        .filter_map(|(name, font)| Some((name, Font::of(pdf, font)?)))
        .collect();
    let content = pdf
        .get_page_content_with_limit(page, MAX_PAGE_BYTES)
        .unwrap_or_default();
    let mut painter = Painter {
        state: State::default(),
        saved: Vec::new(),
        line: IDENTITY,
        at: IDENTITY,
        flow: Flow {
            links,
            seen: vec![false; links.len()],
            pending: String::new(),
            link: None,
            end: None,
            left,
            each,
        },
    };
    for operation in Content::decode_iter(&content) {
        let Ok(operation) = operation else { break };
        if *painter.flow.left == 0 {
            break;
        }
        painter.operation(&operation, &fonts);
    }
    painter.flow.finish();
}

/// A transformation: `[a b c d e f]`.
type Matrix = [f32; 6];

const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// First the one, then the other.
fn then(first: &Matrix, second: &Matrix) -> Matrix {
    let turned = |x: f32, y: f32| [x * second[0] + y * second[2], x * second[1] + y * second[3]];
    let (right, up) = (turned(first[0], first[1]), turned(first[2], first[3]));
    let start = turned(first[4], first[5]);
    [
        right[0],
        right[1],
        up[0],
        up[1],
        start[0] + second[4],
        start[1] + second[5],
    ]
}

#[derive(Clone)]
struct State {
    page: Matrix,
    font: Vec<u8>,
    size: f32,
    leading: f32,
    character_spacing: f32,
    word_spacing: f32,
    scale: f32,
}

impl Default for State {
    fn default() -> Self {
        Self {
            page: IDENTITY,
            font: Vec::new(),
            size: 1.0,
            leading: 0.0,
            character_spacing: 0.0,
            word_spacing: 0.0,
            scale: 1.0,
        }
    }
}

struct Painter<'p> {
    state: State,
    saved: Vec<State>,
    line: Matrix,
    at: Matrix,
    flow: Flow<'p>,
}

impl Painter<'_> {
    fn operation(&mut self, operation: &Operation, fonts: &BTreeMap<Vec<u8>, Font<'_>>) {
        let operands = &operation.operands;
        let number = |index: usize| operands.get(index).and_then(|one| one.as_float().ok());
        let one = number(0).unwrap_or(0.0);
        match operation.operator.as_str() {
            "q" if self.saved.len() < MAX_DEPTH => self.saved.push(self.state.clone()),
            "Q" => self.state = self.saved.pop().unwrap_or_else(|| self.state.clone()),
            "cm" => {
                if let Some(matrix) = matrix(operands) {
                    self.state.page = then(&matrix, &self.state.page);
                }
            }
            "BT" => (self.line, self.at) = (IDENTITY, IDENTITY),
            "Tf" => {
                if let Some(Ok(name)) = operands.first().map(Object::as_name) {
                    name.clone_into(&mut self.state.font);
                }
                self.state.size = number(1).unwrap_or(1.0);
            }
            "Tc" => self.state.character_spacing = one,
            "Tw" => self.state.word_spacing = one,
            "Tz" => self.state.scale = one / 100.0,
            "TL" => self.state.leading = one,
            "Td" => self.next_line(one, number(1).unwrap_or(0.0)),
            "TD" => {
                let down = number(1).unwrap_or(0.0);
                self.state.leading = -down;
                self.next_line(one, down);
            }
            "Tm" => {
                if let Some(matrix) = matrix(operands) {
                    (self.line, self.at) = (matrix, matrix);
                }
            }
            "T*" => self.next_line(0.0, -self.state.leading),
            "Tj" | "TJ" => self.show(operands, fonts),
            "'" => {
                self.next_line(0.0, -self.state.leading);
                self.show(operands, fonts);
            }
            "\"" => {
                self.state.word_spacing = one;
                self.state.character_spacing = number(1).unwrap_or(0.0);
                self.next_line(0.0, -self.state.leading);
                self.show(operands.get(2..).unwrap_or_default(), fonts);
            }
            _ => {}
        }
    }

    fn next_line(&mut self, right: f32, up: f32) {
        self.line = then(&[1.0, 0.0, 0.0, 1.0, right, up], &self.line);
        self.at = self.line;
    }

    fn advance(&mut self, by: f32) {
        self.at = then(&[1.0, 0.0, 0.0, 1.0, by * self.state.scale, 0.0], &self.at);
    }

    fn show(&mut self, operands: &[Object], fonts: &BTreeMap<Vec<u8>, Font<'_>>) {
        let Some(font) = fonts.get(&self.state.font) else {
            return;
        };
        for operand in operands {
            match operand {
                Object::String(bytes, _) => self.string(bytes, font),
                Object::Array(parts) => {
                    for part in parts {
                        if let Object::String(bytes, _) = part {
                            self.string(bytes, font);
                        } else if let Ok(back) = part.as_float() {
                            self.advance(-back / 1000.0 * self.state.size);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn string(&mut self, bytes: &[u8], font: &Font<'_>) {
        for (text, width, is_space) in font.characters(bytes) {
            let begin = then(&self.at, &self.state.page);
            let mut width = width / 1000.0 * self.state.size + self.state.character_spacing;
            if is_space {
                width += self.state.word_spacing;
            }
            self.advance(width);
            let end = then(&self.at, &self.state.page);
            let size = self.state.size * begin[3].abs().max(begin[1].abs());
            self.flow
                .glyph(&text, (begin[4], begin[5]), (end[4], end[5]), size);
        }
    }
}

fn matrix(operands: &[Object]) -> Option<Matrix> {
    let numbers: Vec<f32> = operands
        .iter()
        .filter_map(|one| one.as_float().ok())
        .collect();
    numbers.try_into().ok()
}

/// Puts glyphs together to words, lines and links.
struct Flow<'p> {
    links: &'p [PageLink],
    seen: Vec<bool>,
    /// What belongs to the link that is open, or to none.
    pending: String,
    link: Option<usize>,
    /// Where the last glyph ended.
    end: Option<(f32, f32)>,
    left: &'p mut usize,
    each: &'p mut dyn FnMut(Piece),
}

impl Flow<'_> {
    fn glyph(&mut self, text: &str, begin: (f32, f32), end: (f32, f32), size: f32) {
        let size = size.max(0.1);
        let (mut gap, mut is_paragraph) = ("", false);
        if let Some((x, y)) = self.end {
            let (right, up) = (begin.0 - x, begin.1 - y);
            is_paragraph = up.abs() > size * 1.9;
            if up.abs() > size * 0.6 {
                gap = "\n";
            } else if right > size * 0.16 || right < -size {
                gap = " ";
            }
        }
        self.end = Some(end);
        let link = self.link_at(f32::midpoint(begin.0, end.0), begin.1);
        if is_paragraph {
            // A link that goes on in the next column is still one.
            if link.is_none() || !self.is_same(link) {
                self.flush();
                (self.each)(Piece::Break);
                gap = "";
            }
        }
        if !self.is_same(link) {
            // The gap is not a part of the link.
            if self.link.is_none() {
                self.pending.push_str(gap);
                self.flush();
            } else {
                self.flush();
                self.pending.push_str(gap);
                if link.is_some() {
                    self.flush();
                }
            }
            gap = "";
        }
        self.link = link;
        self.pending.push_str(gap);
        self.pending.push_str(text);
        *self.left = self.left.saturating_sub(text.len() + gap.len());
    }

    /// Whether this is the link that is open; a link over several lines is several annotations of one address.
    fn is_same(&self, link: Option<usize>) -> bool {
        match (self.link, link) {
            (None, None) => true,
            (Some(open), Some(link)) => self.links[open].address == self.links[link].address,
            _ => false,
        }
    }

    fn link_at(&mut self, x: f32, y: f32) -> Option<usize> {
        if let Some(open) = self.link
            && self.links[open].holds(x, y)
        {
            return Some(open);
        }
        let near = self.links.iter().take(MAX_LOOKED_AT);
        let found = near.clone().position(|link| link.holds(x, y))?;
        self.seen[found] = true;
        Some(found)
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.pending);
        match self.link.take() {
            Some(link) => (self.each)(Piece::Link {
                address: self.links[link].address.clone(),
                text,
            }),
            None if text.is_empty() => {}
            None => (self.each)(Piece::Text(text)),
        }
    }

    /// The page is over; links that lie on no text come last.
    fn finish(mut self) {
        self.flush();
        (self.each)(Piece::Break);
        for (link, seen) in self.links.iter().zip(&self.seen) {
            if !seen {
                (self.each)(Piece::Link {
                    address: link.address.clone(),
                    text: String::new(),
                });
                (self.each)(Piece::Break);
            }
        }
    }
}
