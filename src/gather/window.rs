//! The blocks of a post that were read last, waiting until it is known what is quoted around them.
//!
//! What a link is a source of may stand before it or behind it: a block quote follows the paragraph that introduces it,
//! or stands above the line that names its source. So blocks leave in order, but a little later than they came.

use std::collections::VecDeque;
use std::ops::Range;

use url::Url;

use super::sentence::contexts;
use super::{Citation, LeftOut, Sink};

/// The most blocks that wait.
const MAX_BLOCKS: usize = 24;
/// The most text that waits.
const MAX_BYTES: usize = 128 * 1024;

/// A link of a block.
#[derive(Debug)]
pub(super) enum Found {
    Citation {
        citation: Citation,
        anchor: Range<usize>,
    },
    LeftOut(LeftOut),
}

/// A block quote that a block stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QuoteMark {
    /// Which of the post's block quotes it is.
    pub(super) id: u32,
    /// The address that it names as its source.
    pub(super) cite: Option<Url>,
}

/// A paragraph, list item, heading or the like.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) text: String,
    pub(super) found: Vec<Found>,
    /// The innermost block quote around it.
    pub(super) quote: Option<QuoteMark>,
    pub(super) is_heading: bool,
}

/// The blocks that wait.
#[derive(Debug, Default)]
pub(super) struct Window {
    blocks: VecDeque<Block>,
    bytes: usize,
}

impl Window {
    /// Takes a block whose text is complete, and tells the sink of those that need not wait any longer.
    pub(super) fn push(&mut self, mut block: Block, sink: &mut dyn Sink) {
        set_contexts(&mut block);
        self.bytes += block.text.len();
        self.blocks.push_back(block);
        while self.blocks.len() > MAX_BLOCKS || self.bytes > MAX_BYTES {
            self.pop(sink);
        }
    }

    /// Tells the sink of all that waits.
    pub(super) fn empty(&mut self, sink: &mut dyn Sink) {
        while !self.blocks.is_empty() {
            self.pop(sink);
        }
    }

    fn pop(&mut self, sink: &mut dyn Sink) {
        let Some(block) = self.blocks.pop_front() else {
            return;
        };
        self.bytes -= block.text.len();
        for found in block.found {
            match found {
                Found::Citation { citation, .. } => sink.citation(citation),
                Found::LeftOut(left_out) => sink.left_out(left_out),
            }
        }
    }
}

/// Gives each citation the sentence it stands in.
fn set_contexts(block: &mut Block) {
    let anchors: Vec<Range<usize>> = block
        .found
        .iter()
        .filter_map(|found| match found {
            Found::Citation { anchor, .. } => Some(anchor.clone()),
            Found::LeftOut(_) => None,
        })
        .collect();
    let mut contexts = contexts(&block.text, &anchors).into_iter();
    for found in &mut block.found {
        if let Found::Citation { citation, .. } = found {
            citation.context = contexts.next().unwrap_or_default();
        }
    }
}
