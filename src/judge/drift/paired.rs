//! Two sides beside each other: which paragraphs belong together, and what stands elsewhere in a page.

use std::cell::OnceCell;

use foldhash::HashSet;

use super::side::Side;
use crate::judge::wording::Kind;
use crate::judge::wording::align::{Run, align, together};

/// So much of a paragraph must stand for it to be the same one, altered.
const ALTERED: f64 = 0.35;
/// So many words in a row say that a passage stands elsewhere.
pub(super) const GRAM: usize = 4;

/// A whole text, for what is not in the main text; read only where it is asked for.
pub(super) struct Elsewhere<'t> {
    text: &'t str,
    side: OnceCell<Side<'t>>,
    grams: OnceCell<HashSet<u64>>,
    paragraphs: OnceCell<HashSet<u64>>,
}

impl<'t> Elsewhere<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            side: OnceCell::new(),
            grams: OnceCell::new(),
            paragraphs: OnceCell::new(),
        }
    }

    pub(super) fn side(&self) -> &Side<'t> {
        self.side.get_or_init(|| Side::read(self.text))
    }

    fn grams(&self) -> &HashSet<u64> {
        self.grams
            .get_or_init(|| self.side().hashes.windows(GRAM).map(together).collect())
    }

    fn paragraphs(&self) -> &HashSet<u64> {
        self.paragraphs.get_or_init(|| {
            let side = self.side();
            let all = 0..side.paragraphs.len();
            all.map(|at| side.paragraph_hash(at)).collect()
        })
    }

    /// Which words of a range stand here, four in a row.
    pub(super) fn covers(&self, side: &Side<'_>, range: std::ops::Range<usize>) -> Vec<bool> {
        let words = &side.hashes[range];
        let mut covered = vec![false; words.len()];
        let grams = self.grams();
        for (at, gram) in words.windows(GRAM).enumerate() {
            if grams.contains(&together(gram)) {
                covered[at..at + GRAM].fill(true);
            }
        }
        covered
    }

    /// Whether a paragraph of this hash stands here.
    pub(super) fn has_whole(&self, hash: u64) -> bool {
        self.paragraphs().contains(&hash)
    }

    /// Whether a paragraph stands here: as one, or nearly all of its words.
    pub(super) fn has(&self, side: &Side<'_>, paragraph: usize) -> bool {
        if self.has_whole(side.paragraph_hash(paragraph)) {
            return true;
        }
        let (start, end) = side.paragraphs[paragraph].counted;
        end - start >= GRAM && {
            let covered = self.covers(side, start..end);
            covered.iter().filter(|word| **word).count() as f64 >= 0.8 * covered.len() as f64
        }
    }
}

/// Two sides, and which words of them are the same.
pub(super) struct Paired<'a, 't> {
    pub(super) old: &'a Side<'t>,
    pub(super) new: &'a Side<'t>,
    pub(super) runs: Vec<Run>,
}

/// Paragraphs of both sides that belong together by the words they share.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) old: (usize, usize),
    pub(super) new: (usize, usize),
    /// Which of the runs.
    pub(super) runs: (usize, usize),
}

impl<'a, 't> Paired<'a, 't> {
    pub(super) fn new(old: &'a Side<'t>, new: &'a Side<'t>) -> Self {
        let mut paired = Self {
            old,
            new,
            runs: align(old.row(), new.row()),
        };
        paired.clean();
        paired
    }

    /// Lets go of words that two unrelated paragraphs share by chance.
    fn clean(&mut self) {
        let pieces = self.split();
        let mut in_old = vec![0_usize; self.old.paragraphs.len()];
        let mut in_new = vec![0_usize; self.new.paragraphs.len()];
        let mut plain_in_new = vec![0_usize; self.new.paragraphs.len()];
        for (run, old, new) in &pieces {
            in_old[*old] += run.len;
            in_new[*new] += run.len;
            let words =
                (run.now..run.now + run.len).filter(|at| self.new.word(*at).kind != Kind::Number);
            plain_in_new[*new] += words.count();
        }
        let share = |side: &Side<'_>, count: &[usize], at: usize| {
            let (start, end) = side.paragraphs[at].counted;
            count[at] as f64 / (end - start) as f64
        };
        self.runs = pieces
            .into_iter()
            .filter(|(_, old, new)| {
                let (one, other) = (
                    share(self.old, &in_old, *old),
                    share(self.new, &in_new, *new),
                );
                // A word or two that two lines share are chance, unless that is most of both.
                let are_words = in_old[*old].min(in_new[*new]) >= 3
                    || (one >= 0.5
                        && other >= 0.5
                        && (plain_in_new[*new] > 0 || one + other > 1.9));
                are_words && (one >= ALTERED || other >= ALTERED)
            })
            .map(|(run, _, _)| run)
            .collect();
    }

    /// The runs, cut where a paragraph ends on either side, with the paragraphs.
    fn split(&self) -> Vec<(Run, usize, usize)> {
        let mut pieces = Vec::with_capacity(self.runs.len());
        for run in &self.runs {
            let (mut before, mut now, mut len) = (run.before, run.now, run.len);
            let mut old = self.old.paragraph_of(before);
            let mut new = self.new.paragraph_of(now);
            while len > 0 {
                let left = self.old.paragraphs[old].counted.1 - before;
                let left_now = self.new.paragraphs[new].counted.1 - now;
                let take = len.min(left).min(left_now);
                pieces.push((
                    Run {
                        before,
                        now,
                        len: take,
                    },
                    old,
                    new,
                ));
                before += take;
                now += take;
                len -= take;
                old += usize::from(take == left);
                new += usize::from(take == left_now);
            }
        }
        pieces
    }

    /// The share of the old words that are in a run.
    pub(super) fn kept(&self) -> f64 {
        let kept: usize = self.runs.iter().map(|run| run.len).sum();
        kept as f64 / self.old.hashes.len().max(1) as f64
    }

    /// The paragraphs that belong together, in their order.
    pub(super) fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (at, run) in self.runs.iter().enumerate() {
            let old = self.old.paragraph_of(run.before);
            let new = self.new.paragraph_of(run.now);
            match groups.last_mut() {
                Some(last) if last.old.1 > old || last.new.1 > new => {
                    last.old.1 = last.old.1.max(old + 1);
                    last.new.1 = last.new.1.max(new + 1);
                    last.runs.1 = at + 1;
                }
                _ => groups.push(Group {
                    old: (old, old + 1),
                    new: (new, new + 1),
                    runs: (at, at + 1),
                }),
            }
        }
        groups
    }
}
