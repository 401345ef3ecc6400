//! The whole comparison of two texts, paragraph by paragraph and word by word, for showing it.

use foldhash::{HashMap, HashMapExt};

use serde::{Deserialize, Serialize};

use super::paired::{Group, Paired};
use super::side::Side;
use crate::judge::Text;

/// What became of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PieceKind {
    /// It stands, word for word.
    Kept,
    /// It stands at another place, word for word; the piece stands where it is now.
    Moved,
    /// It is gone.
    Gone,
    /// It was put in.
    New,
    /// It stands with other words in it.
    Altered,
}

/// Which side a part of a piece stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// On both.
    Both,
    /// In the earlier text only.
    Before,
    /// In the later text only.
    Now,
}

/// Words of a piece that stand on the same side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Which.
    pub said: Said,
    /// The words with what stands between them, as written; white space is one space, or a line's end.
    pub text: String,
}

/// One or more paragraphs with what became of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// What became of it.
    pub kind: PieceKind,
    /// Its words. Without those that are in the other text only, they are the piece as it stands in one text.
    pub parts: Vec<Part>,
}

impl Piece {
    fn whole(kind: PieceKind, said: Said, text: String) -> Self {
        Self {
            kind,
            parts: vec![Part { said, text }],
        }
    }
}

/// Compares two texts by word: every paragraph of both, in the order of the later one, with what became of it. Every
/// word counts, also of dates and counters; case, white space and typography do not. Takes time that grows with the
/// length of the texts.
pub fn compare(before: &str, now: &str) -> Vec<Piece> {
    let (old, new) = (Side::read_all(before), Side::read_all(now));
    let paired = Paired::new(&old, &new);
    let groups = paired.groups();
    let moved = Moved::new(&paired, &groups);
    let mut pieces = Vec::new();
    let (mut at, mut other) = (0, 0);
    for group in &groups {
        between(
            &paired,
            (at, group.old.0),
            (other, group.new.0),
            &moved,
            &mut pieces,
        );
        pieces.push(piece(&paired, group));
        (at, other) = (group.old.1, group.new.1);
    }
    let end = (old.paragraphs.len(), new.paragraphs.len());
    between(&paired, (at, end.0), (other, end.1), &moved, &mut pieces);
    pieces
}

/// Which texts of two pages were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compared {
    /// The main texts.
    Main,
    /// Everything that readers see, navigation and all.
    Whole,
}

/// Compares two pages by word: their main texts, or all of them where another part of each was taken for its main text.
pub fn compare_pages(before: &Text, now: &Text) -> (Compared, Vec<Piece>) {
    let pieces = compare(&before.main, &now.main);
    let stands = share_on_both(&pieces);
    let is_all = before.main == before.whole && now.main == now.whole;
    if stands < 0.5 && !is_all {
        let whole = compare(&before.whole, &now.whole);
        if share_on_both(&whole) > stands + 0.2 {
            return (Compared::Whole, whole);
        }
    }
    (Compared::Main, pieces)
}

/// How much of two texts stands in both, in bytes.
fn share_on_both(pieces: &[Piece]) -> f64 {
    let (mut both, mut all) = (0, 0);
    for part in pieces.iter().flat_map(|piece| &piece.parts) {
        all += part.text.len();
        if part.said == Said::Both {
            both += part.text.len();
        }
    }
    if all == 0 {
        1.0
    } else {
        both as f64 / all as f64
    }
}

/// Paragraphs that stand at another place, by their hashes: how many of each are on both sides.
struct Moved {
    old: HashMap<u64, usize>,
    new: HashMap<u64, usize>,
}

impl Moved {
    fn new(paired: &Paired<'_, '_>, groups: &[Group]) -> Self {
        let lonely = |side: &Side<'_>, ranges: Vec<(usize, usize)>| {
            let mut hashes: HashMap<u64, usize> = HashMap::new();
            let mut at = 0;
            for (start, end) in ranges {
                for paragraph in at..start {
                    *hashes.entry(side.paragraph_hash(paragraph)).or_default() += 1;
                }
                at = end;
            }
            hashes
        };
        let (ends, other_ends) = (paired.old.paragraphs.len(), paired.new.paragraphs.len());
        let olds = groups.iter().map(|group| group.old).chain([(ends, ends)]);
        let news = groups
            .iter()
            .map(|group| group.new)
            .chain([(other_ends, other_ends)]);
        Self {
            old: lonely(paired.old, olds.collect()),
            new: lonely(paired.new, news.collect()),
        }
    }

    fn has(&self, hash: u64) -> bool {
        self.old.contains_key(&hash) && self.new.contains_key(&hash)
    }
}

/// Paragraphs that share nothing with any beside them.
fn between(
    paired: &Paired<'_, '_>,
    old: (usize, usize),
    new: (usize, usize),
    moved: &Moved,
    pieces: &mut Vec<Piece>,
) {
    for at in old.0..old.1 {
        if !moved.has(paired.old.paragraph_hash(at)) {
            let text = folded(paired.old.paragraph_text(at));
            pieces.push(Piece::whole(PieceKind::Gone, Said::Before, text));
        }
    }
    for at in new.0..new.1 {
        let text = folded(paired.new.paragraph_text(at));
        pieces.push(if moved.has(paired.new.paragraph_hash(at)) {
            Piece::whole(PieceKind::Moved, Said::Both, text)
        } else {
            Piece::whole(PieceKind::New, Said::Now, text)
        });
    }
}

/// Paragraphs that belong together.
fn piece(paired: &Paired<'_, '_>, group: &Group) -> Piece {
    let (old, new) = (paired.old, paired.new);
    let runs = &paired.runs[group.runs.0..group.runs.1];
    let starts = (
        old.paragraphs[group.old.0].counted.0,
        new.paragraphs[group.new.0].counted.0,
    );
    let ends = (
        old.paragraphs[group.old.1 - 1].counted.1,
        new.paragraphs[group.new.1 - 1].counted.1,
    );
    let (from, to) = (span(new, group.new.0).0, span(new, group.new.1 - 1).1);
    let mut next = starts;
    let is_kept = runs.iter().all(|run| {
        let goes_on = (run.before, run.now) == next;
        next = (run.before + run.len, run.now + run.len);
        goes_on
    });
    if is_kept && next == ends {
        return Piece::whole(PieceKind::Kept, Said::Both, folded(&new.text[from..to]));
    }
    let mut parts = Parts::default();
    let (mut at, mut other) = starts;
    // So far the later text was taken, in bytes.
    let mut taken = from;
    for run in runs.iter().chain([&crate::judge::wording::align::Run {
        before: ends.0,
        now: ends.1,
        len: 0,
    }]) {
        if at < run.before || other < run.now {
            if other < run.now {
                let start = new.word(other).start as usize;
                parts.push(Said::Both, &new.text[taken..start]);
                taken = new.word(run.now - 1).end as usize;
                if at < run.before {
                    parts.push(Said::Before, words_of(old, at, run.before));
                }
                parts.push(Said::Now, &new.text[start..taken]);
            } else {
                parts.push(Said::Both, " ");
                parts.push(Said::Before, words_of(old, at, run.before));
            }
        }
        if run.len > 0 {
            let end = new.word(run.now + run.len - 1).end as usize;
            if at < run.before
                && other == run.now
                && !new.text[taken..end].starts_with(char::is_whitespace)
            {
                parts.push(Said::Both, " ");
            }
            parts.push(Said::Both, &new.text[taken..end]);
            taken = end;
        }
        (at, other) = (run.before + run.len, run.now + run.len);
    }
    parts.push(Said::Both, &new.text[taken..to]);
    Piece {
        kind: PieceKind::Altered,
        parts: parts.done(),
    }
}

fn words_of<'t>(side: &Side<'t>, start: usize, end: usize) -> &'t str {
    &side.text[side.word(start).start as usize..side.word(end - 1).end as usize]
}

/// Where a paragraph's line begins and ends, in bytes.
fn span(side: &Side<'_>, paragraph: usize) -> (usize, usize) {
    let text = side.paragraph_text(paragraph);
    let from = text.as_ptr() as usize - side.text.as_ptr() as usize;
    (from, from + text.len())
}

/// Parts while they are put together: white space is folded, and what stands on the same side is one part.
#[derive(Default)]
struct Parts {
    all: Vec<Part>,
}

impl Parts {
    fn push(&mut self, said: Said, text: &str) {
        let ends_with_space = self
            .all
            .last()
            .is_none_or(|last| last.text.ends_with([' ', '\n']));
        let mut text = folded_inside(text);
        if ends_with_space && text.starts_with([' ', '\n']) {
            text.remove(0);
        }
        if text.is_empty() {
            return;
        }
        match self.all.last_mut() {
            Some(last) if last.said == said => last.text.push_str(&text),
            _ => self.all.push(Part { said, text }),
        }
    }

    fn done(mut self) -> Vec<Part> {
        if let Some(last) = self.all.last_mut() {
            last.text.truncate(last.text.trim_end().len());
        }
        self.all.retain(|part| !part.text.is_empty());
        self.all
    }
}

fn folded(text: &str) -> String {
    folded_inside(text.trim())
}

/// With white space as one space each, or one line's end where it has any.
fn folded_inside(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = None;
    for c in text.chars() {
        if c == '\n' {
            space = Some('\n');
        } else if c.is_whitespace() {
            space = space.or(Some(' '));
        } else {
            out.extend(space.take());
            out.push(c);
        }
    }
    out.extend(space);
    out
}
