//! Where the post is over, though the page goes on.
//!
//! Behind the element that holds a post's text, templates put what they want their readers to go on with: related
//! stories, newsletters, the author's other posts, often without a word that says so. Once such an element held a text
//! of some length and ended, what follows is no longer the post, until another one begins.

/// An element that held less was no post.
const LEAST_TEXT_BYTES: usize = 1000;

/// What marks a part of a page as the post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// `article`, `main`: it may hold more than the post.
    Element,
    /// Words or properties such as `entry-content`, `articleBody`: its text, and nothing else.
    Text,
}

#[derive(Debug)]
struct Open {
    /// How many elements were open around it.
    depth: usize,
    mark: Mark,
    /// How much text there was before.
    text_before: usize,
    over_before: Option<Mark>,
}

/// How far the post was read.
#[derive(Debug, Default)]
pub(super) struct Passage {
    open: Vec<Open>,
    text: usize,
    /// By which mark the post ended.
    over: Option<Mark>,
}

impl Passage {
    /// An element with a mark begins.
    pub(super) fn begin(&mut self, depth: usize, mark: Mark) {
        self.open.push(Open {
            depth,
            mark,
            text_before: self.text,
            over_before: self.over,
        });
        // Where texts are marked, an element alone is a teaser.
        if self.over <= Some(mark) {
            self.over = None;
        }
    }

    /// So much text was read that stands in the body.
    pub(super) fn add(&mut self, bytes: usize) {
        self.text += bytes;
    }

    /// No more than so many elements are open.
    pub(super) fn settle(&mut self, depth: usize) {
        while let Some(open) = self.open.pop_if(|open| open.depth >= depth) {
            if self.text - open.text_before >= LEAST_TEXT_BYTES {
                self.over = self.over.max(Some(open.mark));
            } else {
                self.over = self.over.max(open.over_before);
            }
        }
    }

    /// Whether what is read now stands behind the post.
    pub(super) fn is_over(&self) -> bool {
        self.over.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_ends_the_post() {
        let mut passage = Passage::default();
        passage.begin(1, Mark::Element);
        passage.begin(2, Mark::Text);
        passage.add(5000);
        passage.settle(3);
        assert!(!passage.is_over(), "it is open yet");
        passage.settle(2);
        assert!(passage.is_over());
        passage.begin(2, Mark::Element);
        assert!(passage.is_over(), "a teaser");
        passage.settle(2);
        passage.begin(2, Mark::Text);
        assert!(!passage.is_over(), "another post");
        passage.settle(2);
        assert!(passage.is_over(), "a short one");
        passage.settle(1);
        assert!(passage.is_over());
    }

    #[test]
    fn a_short_text_ends_nothing() {
        let mut passage = Passage::default();
        passage.begin(1, Mark::Text);
        passage.add(100);
        passage.settle(1);
        assert!(!passage.is_over());
    }
}
