//! The elements that are open, as far as places need it.
//!
//! Not a tree builder: an end tag closes the nearest element of its name, and the end tags that authors leave out are
//! supplied for paragraphs, list items and tables. Depth is bounded; what is deeper is only counted.

use super::tags::{self, key};
use crate::gather::Place;

/// Elements deeper than this are counted and not looked at.
const MAX_DEPTH: usize = 512;

/// An open element.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says one thing about what stands in the element"
)]
#[derive(Debug, Clone, Copy)]
pub(super) struct Element {
    pub(super) key: u64,
    /// The place of what stands in it.
    pub(super) place: Place,
    /// Below `article` or `main`, where a `header` is the post's own.
    pub(super) in_article: bool,
    /// In the part of a comment that names its author, and links to their site.
    pub(super) names_author: bool,
    /// In the name itself.
    pub(super) is_name: bool,
    /// In code, or on a button: text in which addresses are no citations.
    pub(super) is_verbatim: bool,
    /// SVG or `MathML`, where HTML's rules for `title`, `style` and `script` do not hold.
    pub(super) foreign: bool,
}

/// What is assumed where nothing is open.
const OUTERMOST: Element = Element {
    key: 0,
    place: Place::Body,
    in_article: false,
    names_author: false,
    is_name: false,
    is_verbatim: false,
    foreign: false,
};

/// The open elements, outermost first.
#[derive(Debug)]
pub(super) struct Stack {
    elements: Vec<Element>,
    overflow: usize,
    /// How many open elements have a key of this low byte: an end tag that matches none costs nothing.
    open: [u16; 256],
}

impl Stack {
    pub(super) fn new() -> Self {
        Self {
            elements: Vec::new(),
            overflow: 0,
            open: [0; 256],
        }
    }

    pub(super) fn top(&self) -> Element {
        self.elements.last().copied().unwrap_or(OUTERMOST)
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.elements.len()
    }

    pub(super) fn push(&mut self, element: Element) {
        if self.elements.len() >= MAX_DEPTH {
            self.overflow += 1;
            return;
        }
        self.open[slot(element.key)] += 1;
        self.elements.push(element);
    }

    pub(super) fn is_open(&self, key: u64) -> bool {
        self.open[slot(key)] > 0 && self.elements.iter().any(|element| element.key == key)
    }

    /// Closes the nearest element of this name and all inside of it. Tells whether a link was among them.
    pub(super) fn close(&mut self, key: u64) -> bool {
        if self.overflow > 0 {
            self.overflow -= 1;
            return key == tags::A;
        }
        if self.open[slot(key)] == 0 {
            return false;
        }
        match self.elements.iter().rposition(|element| element.key == key) {
            Some(at) => self.truncate(at),
            None => false,
        }
    }

    /// Supplies the end tags that a start tag implies. Tells whether a link was closed by them.
    pub(super) fn imply_ends(&mut self, key: u64) -> bool {
        let (closed, barriers): (&[u64], &[u64]) = match key {
            tags::LI => (&[tags::LI], &[tags::UL, tags::OL, tags::MENU, tags::DIR]),
            tags::DT | tags::DD => (&[tags::DT, tags::DD], &[tags::DL]),
            tags::TR => (
                &[tags::TR],
                &[tags::TABLE, tags::TBODY, tags::THEAD, tags::TFOOT],
            ),
            tags::TD | tags::TH => (&[tags::TD, tags::TH], &[tags::TR, tags::TABLE]),
            tags::TBODY | tags::THEAD | tags::TFOOT => {
                (&[tags::TBODY, tags::THEAD, tags::TFOOT], &[tags::TABLE])
            }
            tags::OPTION | tags::OPTGROUP => (&[tags::OPTION], &[tags::SELECT]),
            _ => (&[], &[]),
        };
        let mut closed_link = false;
        if closed.iter().any(|one| self.open[slot(*one)] > 0) && self.overflow == 0 {
            closed_link |= self.close_up_to(closed, |element| barriers.contains(&element.key));
        }
        if tags::ends_paragraph(key) && self.open[slot(tags::P)] > 0 && self.overflow == 0 {
            closed_link |= self.close_up_to(&[tags::P], |element| {
                tags::is_block(element.key) && element.key != tags::P
            });
        }
        closed_link
    }

    fn close_up_to(&mut self, closed: &[u64], is_barrier: impl Fn(&Element) -> bool) -> bool {
        for at in (0..self.elements.len()).rev() {
            let element = self.elements[at];
            if closed.contains(&element.key) {
                return self.truncate(at);
            }
            if is_barrier(&element) {
                break;
            }
        }
        false
    }

    fn truncate(&mut self, at: usize) -> bool {
        let mut closed_link = false;
        for element in self.elements.drain(at..) {
            self.open[slot(element.key)] -= 1;
            closed_link |= element.key == tags::A;
        }
        closed_link
    }
}

const fn slot(key: u64) -> usize {
    ((key ^ (key >> 8) ^ (key >> 16)) & 0xFF) as usize
}

const _: () = assert!(key(b"p") == tags::P);

#[cfg(test)]
mod tests {
    use super::*;

    fn push(stack: &mut Stack, key: u64) {
        stack.push(Element { key, ..stack.top() });
    }

    #[test]
    fn end_tags_that_are_left_out() {
        let mut stack = Stack::new();
        for key in [tags::UL, tags::LI, tags::P, tags::A] {
            push(&mut stack, key);
        }
        assert!(
            stack.imply_ends(tags::LI),
            "the link was inside of the item"
        );
        assert_eq!(stack.top().key, tags::UL);
        push(&mut stack, tags::LI);
        push(&mut stack, tags::UL);
        assert!(
            !stack.imply_ends(tags::LI),
            "an inner list does not end the outer item"
        );
        assert!(stack.is_open(tags::LI));
    }

    #[test]
    fn depth_is_bounded() {
        let mut stack = Stack::new();
        for _ in 0..100_000 {
            push(&mut stack, tags::DIV);
        }
        assert!(stack.elements.len() <= MAX_DEPTH);
        for _ in 0..100_000 {
            stack.close(tags::DIV);
        }
        assert!(!stack.is_open(tags::DIV));
        stack.close(tags::DIV);
    }
}
