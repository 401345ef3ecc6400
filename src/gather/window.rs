//! The blocks of a post that were read last, waiting until it is known what is quoted around them.
//!
//! What a link is a source of may stand before it or behind it: a block quote follows the paragraph that introduces it,
//! or stands above the line that names its source. So blocks leave in order, but a little later than they came.

use std::collections::VecDeque;
use std::ops::Range;

use url::Url;

use super::sentence::contexts;
use super::tie;
use super::{Citation, LeftOut, Place, Sink};
use crate::address::{Preserved, preserved};

/// The most blocks that wait.
const MAX_BLOCKS: usize = 64;
/// So many blocks behind a passage are read before it is tied.
const AHEAD: usize = 3;
/// So many blocks stay after they were looked at, for what follows may be quoted from a source that they cite.
const BACK: usize = 13;
/// The most text that waits.
const MAX_BYTES: usize = 128 * 1024;

/// A link of a block.
#[derive(Debug)]
pub(super) enum Found {
    Citation {
        citation: Box<Citation>,
        anchor: Range<usize>,
    },
    LeftOut {
        left_out: LeftOut,
        anchor: Range<usize>,
    },
}

impl Found {
    /// Where in the block's text its anchor stands.
    pub(super) fn anchor(&self) -> Range<usize> {
        match self {
            Self::Citation { anchor, .. } | Self::LeftOut { anchor, .. } => anchor.clone(),
        }
    }

    pub(super) fn anchor_mut(&mut self) -> &mut Range<usize> {
        match self {
            Self::Citation { anchor, .. } | Self::LeftOut { anchor, .. } => anchor,
        }
    }
}

/// A block quote that a block stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QuoteMark {
    /// Which of the post's outermost block quotes it is.
    pub(super) id: u32,
    /// The address that the innermost names as its source.
    pub(super) cite: Option<Url>,
}

/// A paragraph, list item, heading or the like.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) text: String,
    pub(super) found: Vec<Found>,
    /// The block quote around it.
    pub(super) quote: Option<QuoteMark>,
    pub(super) is_heading: bool,
    pub(super) place: Place,
    /// Which of the post's comments it stands in; 0 where in none.
    pub(super) comment: u32,
    /// The parts of the text that are code, in which marks quote nothing.
    pub(super) code: Vec<Range<usize>>,
}

/// The blocks that wait.
#[derive(Debug, Default)]
pub(super) struct Window {
    blocks: VecDeque<Block>,
    bytes: usize,
    /// So many of them were looked at for what they quote.
    read: usize,
}

impl Window {
    /// Takes a block whose text is complete, and tells the sink of those that need not wait any longer.
    pub(super) fn push(&mut self, mut block: Block, sink: &mut dyn Sink) {
        set_contexts(&mut block);
        set_preserved(&mut block);
        self.bytes += block.text.len();
        self.blocks.push_back(block);
        self.read_on(false);
        while self.blocks.len() > MAX_BLOCKS || self.bytes > MAX_BYTES {
            if self.read == 0 {
                self.read_on(true);
            }
            self.pop(sink);
        }
        while self.read > BACK {
            self.pop(sink);
        }
    }

    /// Ties what is quoted in the blocks of which it is known what stands behind them, or in all.
    fn read_on(&mut self, all: bool) {
        while self.read < self.blocks.len() {
            let at = self.read;
            let is_quote = self.blocks[at].quote.is_some();
            let end = if is_quote {
                tie::end_of_quote(&self.blocks, at)
            } else {
                at + 1
            };
            if !all && end + AHEAD > self.blocks.len() {
                return;
            }
            self.read = if is_quote {
                tie::block_quote(&mut self.blocks, at..end);
                end
            } else {
                at + tie::paragraph(&mut self.blocks, at)
            };
        }
    }

    /// Tells the sink of all that waits.
    pub(super) fn empty(&mut self, sink: &mut dyn Sink) {
        self.read_on(true);
        while !self.blocks.is_empty() {
            self.pop(sink);
        }
    }

    fn pop(&mut self, sink: &mut dyn Sink) {
        let Some(block) = self.blocks.pop_front() else {
            return;
        };
        self.bytes -= block.text.len();
        self.read = self.read.saturating_sub(1);
        for found in block.found {
            match found {
                Found::Citation { citation, .. } => sink.citation(*citation),
                Found::LeftOut { left_out, .. } => sink.left_out(left_out),
            }
        }
    }
}

/// How many bytes may stand between a link and that to its copy: `, archived (` and the like.
const COPY_WITHIN: usize = 40;

/// Ties a copy whose address does not say what it preserves to the citation right before it.
fn set_preserved(block: &mut Block) {
    let mut last: Option<(Url, usize)> = None;
    for found in &mut block.found {
        let Found::Citation { citation, anchor } = found else {
            last = None;
            continue;
        };
        let is_near = last
            .as_ref()
            .is_some_and(|(_, end)| anchor.start.saturating_sub(*end) <= COPY_WITHIN);
        if citation.details.preserves.is_none()
            && preserved(&citation.url) == Preserved::Unknown
            && let Some((original, _)) = last.take().filter(|_| is_near)
        {
            citation.details.preserves = Some(original);
        }
        last = citation
            .details
            .preserves
            .is_none()
            .then(|| (citation.url.clone(), anchor.end));
    }
}

/// Gives each citation the sentence it stands in.
fn set_contexts(block: &mut Block) {
    let anchors: Vec<Range<usize>> = block
        .found
        .iter()
        .filter_map(|found| match found {
            Found::Citation { anchor, .. } => Some(anchor.clone()),
            Found::LeftOut { .. } => None,
        })
        .collect();
    let mut contexts = contexts(&block.text, &anchors).into_iter();
    for found in &mut block.found {
        if let Found::Citation { citation, .. } = found {
            citation.context = contexts.next().unwrap_or_default();
        }
    }
}
