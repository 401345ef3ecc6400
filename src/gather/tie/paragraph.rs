//! Words in quotation marks within a paragraph.

use std::collections::VecDeque;
use std::ops::Range;

use super::links::{Candidate, add, by_cue, leads_to_document, links, nearest, neighbour};
use super::speech::{
    begins_with_it, has_cue, is_called_words, is_own_speech, names_nobody, names_only,
    speaks_by_pronoun, speaks_of_a_document,
};
use crate::gather::quote::{BETWEEN, Passage, Tie, looks_like_a_title, passages, word_count};
use crate::gather::sentence::sentences;
use crate::gather::window::{Block, Found};

/// The most passages of one paragraph that are looked at.
const MAX_PASSAGES: usize = 400;
/// Of more links in one sentence none is meant.
const MAX_DOUBT: usize = 16;
/// So far around a passage it is looked for who says it.
const NEAR_BYTES: usize = 1500;

/// A paragraph with words in quotation marks.
pub(super) struct Paragraph<'b> {
    pub(super) blocks: &'b VecDeque<Block>,
    pub(super) at: usize,
    pub(super) text: &'b str,
    pub(super) passages: &'b [Passage],
    /// None of which ends within a passage.
    pub(super) sentences: Vec<Range<usize>>,
    pub(super) links: Vec<Candidate>,
}

/// What is to be tied: the link, the passage, why, and how sure.
pub(super) type Tied = (Candidate, String, Tie, u8);

impl<'b> Paragraph<'b> {
    pub(super) fn of(blocks: &'b VecDeque<Block>, at: usize, passages: &'b [Passage]) -> Self {
        let text = blocks[at].text.as_str();
        Self {
            blocks,
            at,
            text,
            passages,
            sentences: whole_sentences(text, passages),
            links: links(blocks, at),
        }
    }

    pub(super) fn ties(&self) -> Vec<Tied> {
        let mut ties: Vec<Tied> = Vec::new();
        // What was tied last, and where its passage ends.
        let mut thread: Option<(Candidate, usize)> = None;
        // Somebody else speaks in this paragraph.
        let mut has_other = false;
        for passage in self.passages.iter().take(MAX_PASSAGES) {
            let quoted = self.text[passage.inner.clone()].trim();
            let count = word_count(quoted);
            if count < 2 || looks_like_a_title(quoted) {
                continue;
            }
            // One that goes on in the next paragraph is looked at only for the link within it.
            if passage.is_open && self.within(&passage.outer).is_empty() {
                continue;
            }
            let tied = self.tie(passage, count, thread.as_ref(), has_other);
            has_other |= tied.is_none() && count >= 3;
            thread = tied
                .as_ref()
                .map(|(link, ..)| (link.clone(), passage.outer.end));
            ties.extend(tied.map(|(link, tie, sure)| (link, quoted.to_owned(), tie, sure)));
        }
        ties
    }

    fn tie(
        &self,
        passage: &Passage,
        count: usize,
        thread: Option<&(Candidate, usize)>,
        has_other: bool,
    ) -> Option<(Candidate, Tie, u8)> {
        let at = self
            .sentences
            .partition_point(|one| one.end <= passage.outer.start);
        let sentence = self.sentences.get(at)?.clone();
        let touching = self.within(&passage.outer);
        if !touching.is_empty() {
            let [only] = touching.as_slice() else {
                return None;
            };
            // What stands behind a colon is somebody's, and the link in it is to where it stands.
            let is_introduced = follows_colon(self.text, passage) && count >= 10;
            let is_one = (is_introduced || is_around(self.text, only, passage, count))
                && self.is_document(only);
            return is_one.then(|| ((*only).clone(), Tie::Around, 88));
        }
        let near = near(self.text, &sentence, &passage.outer);
        let outside = outside_words(self.text, &near, self.passages);
        if is_own_speech(&outside) {
            return None;
        }
        let in_sentence = self.within(&sentence);
        if in_sentence.len() > MAX_DOUBT {
            return None;
        }
        // A link within other quoted words is theirs: mostly the title of a work.
        let in_sentence: Vec<&Candidate> = in_sentence
            .into_iter()
            .filter(|link| {
                let first = self
                    .passages
                    .partition_point(|one| one.outer.end <= link.anchor.start);
                self.passages
                    .get(first)
                    .is_none_or(|one| one.outer.start >= link.anchor.end)
            })
            .collect();
        if !in_sentence.is_empty() {
            return self.in_one_sentence(passage, count, &in_sentence);
        }
        self.going_on(passage, count, &outside, thread)
            .or_else(|| self.of_the_document(passage, count, &outside))
            .or_else(|| self.of_the_speech(passage, count, &outside))
            .or_else(|| {
                let least = if thread.is_some() { 4 } else { 5 };
                let tied = self.narrated(passage, count, least, &outside);
                tied.filter(|_| !has_other)
            })
    }

    /// The link and the passage stand in one sentence, and it says that somebody says something.
    fn in_one_sentence(
        &self,
        passage: &Passage,
        count: usize,
        in_sentence: &[&Candidate],
    ) -> Option<(Candidate, Tie, u8)> {
        let link = match in_sentence {
            [only] => *only,
            several => by_cue(self.text, several).or_else(|| nearest(several, passage))?,
        };
        let gap = between(self.text, link, passage, self.passages);
        let says = has_cue(&gap)
            || has_cue(self.text.get(link.anchor.clone()).unwrap_or_default())
            || (follows_colon(self.text, passage) && count >= 4)
            || (is_cited_behind(link, passage, &gap) && count >= 4);
        let is_near = gap.chars().count() <= 160;
        // Words that go on with the sentence are woven in by whoever has the document before them.
        let is_woven = in_sentence.len() == 1
            && count >= 6
            && link.anchor.end <= passage.outer.start
            && self.text[passage.inner.clone()].starts_with(char::is_lowercase);
        let confidence = if in_sentence.len() == 1 { 88 } else { 78 };
        let is_long = is_woven && count >= 15 && link.is_citation;
        ((says || is_woven) && is_near && count >= 3 && (self.is_document(link) || is_long))
            .then(|| (link.clone(), Tie::Sentence, confidence))
    }

    /// A sentence that does nothing but go on quoting, whatever was told in between.
    fn going_on(
        &self,
        passage: &Passage,
        count: usize,
        outside: &str,
        thread: Option<&(Candidate, usize)>,
    ) -> Option<(Candidate, Tie, u8)> {
        let (link, end) = thread?;
        let most_words = if has_cue(outside) { 12 } else { 4 };
        let has_other = self.links.iter().any(|other| {
            other.index != link.index
                && other.anchor.start >= *end
                && other.anchor.end <= passage.outer.start
        });
        (word_count(outside) <= most_words && count >= 3 && names_nobody(outside) && !has_other)
            .then(|| (link.clone(), Tie::Adjoining, 75))
    }

    /// The sentence speaks of the report, the article or its author, and one such was linked just before.
    fn of_the_document(
        &self,
        passage: &Passage,
        count: usize,
        outside: &str,
    ) -> Option<(Candidate, Tie, u8)> {
        if count < 3 || !speaks_of_a_document(outside) {
            return None;
        }
        let before: Vec<&Candidate> = self
            .links
            .iter()
            .filter(|link| link.anchor.end <= passage.outer.start)
            .collect();
        let link = match before.as_slice() {
            [] => {
                let place = self.blocks[self.at].place;
                let before = neighbour(self.blocks, self.at, place, false)?;
                let [only] = links(self.blocks, before).try_into().ok()?;
                only
            }
            [only] => (*only).clone(),
            _ => return None,
        };
        let is_document = self.is_document(&link);
        is_document.then_some((link, Tie::Adjoining, 75))
    }

    /// A speech, statement or the like was linked last, and nothing but a pronoun says who speaks now.
    fn of_the_speech(
        &self,
        passage: &Passage,
        count: usize,
        outside: &str,
    ) -> Option<(Candidate, Tie, u8)> {
        let is_it = begins_with_it(outside);
        if count < 4 || word_count(outside) > 20 {
            return None;
        }
        let is_taken_up = is_it || speaks_by_pronoun(outside);
        let here = self
            .links
            .iter()
            .rfind(|link| link.anchor.end <= passage.outer.start);
        let (link, text) = if let Some(link) = here {
            (link.clone(), self.text)
        } else {
            let place = self.blocks[self.at].place;
            let before = neighbour(self.blocks, self.at, place, false)?;
            let [only] = links(self.blocks, before).try_into().ok()?;
            (only, self.blocks[before].text.as_str())
        };
        let names_words = is_called_words(text.get(link.anchor.clone()).unwrap_or_default());
        // Whoever spoke there speaks on here.
        let context = match &self.blocks[link.block].found[link.index] {
            Found::Citation { citation, .. } => citation.context.as_str(),
            Found::LeftOut { .. } => return None,
        };
        let is_known = has_cue(outside) && names_only(outside, context);
        if !is_taken_up && (here.is_some() || !is_known) {
            return None;
        }
        // It, of which nobody else can be meant, needs no other name.
        let is_quotable = (names_words || is_it && here.is_some()) && self.is_document(&link);
        is_quotable.then_some((link, Tie::Adjoining, 75))
    }

    /// The paragraph has one link, and the words are woven into what is told of it without naming another speaker.
    fn narrated(
        &self,
        passage: &Passage,
        count: usize,
        least: usize,
        outside: &str,
    ) -> Option<(Candidate, Tie, u8)> {
        let [only] = self.links.as_slice() else {
            return None;
        };
        (count >= least
            && only.anchor.end <= passage.outer.start
            && !has_cue(outside)
            && self.is_document(only))
        .then(|| (only.clone(), Tie::Adjoining, 65))
    }

    fn within(&self, range: &Range<usize>) -> Vec<&Candidate> {
        let first = self
            .links
            .partition_point(|link| link.anchor.end <= range.start);
        self.links[first..]
            .iter()
            .take_while(|link| link.anchor.start < range.end)
            .collect()
    }

    fn is_document(&self, link: &Candidate) -> bool {
        link.is_citation && leads_to_document(self.blocks, link)
    }
}

/// A paragraph that begins with quoted words and names as speaker nobody but who was named in the paragraph before, whose
/// last words were tied.
pub(super) fn carried_on(
    blocks: &VecDeque<Block>,
    at: usize,
    passages: &[Passage],
) -> Option<(Candidate, String)> {
    let block = &blocks[at];
    let first = passages.first().filter(|first| !first.is_open)?;
    let begins = !block.text[..first.outer.start]
        .chars()
        .any(char::is_alphanumeric);
    if !begins || !links(blocks, at).is_empty() {
        return None;
    }
    let before = neighbour(blocks, at, block.place, false)?;
    let text = &blocks[before].text;
    let outside = outside_words(&block.text, &(0..block.text.len()), passages);
    let names_known = names_only(&outside, text);
    if word_count(&outside) > 6 || !has_cue(&outside) || !names_known || is_own_speech(&outside) {
        return None;
    }
    let link = links(blocks, before).into_iter().rfind(|link| {
        matches!(
            &blocks[before].found[link.index],
            Found::Citation { citation, .. } if citation
                .quote
                .as_ref()
                .is_some_and(|quote| matches!(quote.tie, Tie::Sentence | Tie::Adjoining))
        )
    })?;
    let mut quoted = String::new();
    for passage in passages.iter().filter(|passage| !passage.is_open) {
        add(
            &mut quoted,
            block.text[passage.inner.clone()].trim(),
            BETWEEN,
        );
    }
    (word_count(&quoted) >= 5).then_some((link, quoted))
}

/// The blocks that a passage spans which begins with this one: each begins with a mark, only the last is closed.
pub(super) fn paragraphs_of(blocks: &VecDeque<Block>, at: usize, first: &Passage) -> usize {
    let mut end = at + 1;
    let mut is_open = first.is_open;
    while is_open && end < blocks.len() {
        let block = &blocks[end];
        let Some(next) = passages_of(block).first().cloned() else {
            break;
        };
        if !is_whole(&block.text, &next) || block.quote.is_some() {
            break;
        }
        is_open = next.is_open;
        end += 1;
    }
    end
}

pub(super) fn passages_of(block: &Block) -> Vec<Passage> {
    let mut found = passages(&block.text);
    if !block.code.is_empty() {
        found.retain(|passage| {
            !block
                .code
                .iter()
                .any(|code| code.start < passage.outer.end && passage.outer.start < code.end)
        });
    }
    found
}

/// Whether a passage is all that a block says, but for a mark or two.
pub(super) fn is_whole(text: &str, passage: &Passage) -> bool {
    let before = &text[..passage.outer.start];
    let after = &text[passage.outer.end..];
    !before
        .chars()
        .chain(after.chars())
        .any(char::is_alphanumeric)
}

/// Whether a link stands right behind a passage in brackets, as scholars cite: `“...” (source)`.
fn is_cited_behind(link: &Candidate, passage: &Passage, gap: &str) -> bool {
    link.anchor.start >= passage.outer.end
        && !gap.chars().any(char::is_alphanumeric)
        && gap.trim_end().ends_with(['(', '[', '（'])
}

/// Whether quoted words and the link that touches them are one: the words are the link's, or it is within them.
pub(super) fn is_around(text: &str, link: &Candidate, passage: &Passage, count: usize) -> bool {
    if !link.is_citation {
        return false;
    }
    let quoted = text[passage.inner.clone()].trim();
    let (anchor, inner) = (link.anchor.len(), passage.inner.len());
    let is_inside = link.anchor.start >= passage.outer.start
        && link.anchor.end <= passage.outer.end
        && anchor * 10 < inner * 9;
    if is_inside {
        // A word or two of what somebody says are linked to explain them.
        return count >= 5 && anchor * 4 >= inner;
    }
    // Short words in a link's text are quoted from there rather than called so, if the link says more.
    // Where the marks are part of the link's text, it is the quotation that was linked.
    let has_marks =
        link.anchor.start <= passage.outer.start && link.anchor.end >= passage.outer.end;
    let says_more = (anchor > inner + 8 || has_marks) && quoted.starts_with(char::is_lowercase);
    count >= 4 || says_more || (count == 3 && quoted.starts_with(char::is_lowercase))
}

/// What stands between a link and a passage, without what is quoted there.
pub(super) fn between(text: &str, link: &Candidate, passage: &Passage, all: &[Passage]) -> String {
    let range = if link.anchor.end <= passage.outer.start {
        link.anchor.end..passage.outer.start
    } else {
        passage.outer.end..link.anchor.start.max(passage.outer.end)
    };
    outside_words(text, &range, all)
}

/// The sentences of a text, none of which ends within a passage.
pub(super) fn whole_sentences(text: &str, passages: &[Passage]) -> Vec<Range<usize>> {
    let mut whole: Vec<Range<usize>> = Vec::new();
    let parts = split_before(text, sentences(text), passages);
    let mut passages = passages.iter().peekable();
    let mut goes_on = false;
    for sentence in parts {
        while passages
            .next_if(|one| one.outer.end <= sentence.start)
            .is_some()
        {}
        match whole.last_mut() {
            Some(last) if goes_on => last.end = sentence.end,
            _ => whole.push(sentence.clone()),
        }
        goes_on = passages
            .peek()
            .is_some_and(|one| one.outer.start < sentence.end && one.outer.end > sentence.end)
            || text[sentence.end..].starts_with(|next: char| next.is_lowercase());
    }
    whole
}

/// Sentences cut also where a passage begins right behind a full stop, without a space.
pub(super) fn split_before(
    text: &str,
    sentences: Vec<Range<usize>>,
    passages: &[Passage],
) -> Vec<Range<usize>> {
    let mut cuts = passages
        .iter()
        .map(|one| one.outer.start)
        .filter(|at| text[..*at].ends_with(['.', '!', '?']))
        .peekable();
    let mut split = Vec::with_capacity(sentences.len());
    for mut sentence in sentences {
        while let Some(cut) = cuts.next_if(|cut| *cut < sentence.end) {
            if cut > sentence.start {
                split.push(sentence.start..cut);
                sentence.start = cut;
            }
        }
        split.push(sentence);
    }
    split
}

/// A sentence without what it quotes.
pub(super) fn outside_words(text: &str, sentence: &Range<usize>, passages: &[Passage]) -> String {
    let mut outside = String::new();
    let mut at = sentence.start;
    let first = passages.partition_point(|one| one.outer.end <= sentence.start);
    for passage in &passages[first..] {
        if passage.outer.start >= sentence.end {
            break;
        }
        outside.push_str(text.get(at..passage.outer.start).unwrap_or_default());
        outside.push(' ');
        at = passage.outer.end;
    }
    outside.push_str(text.get(at..sentence.end).unwrap_or_default());
    outside
}

/// What of a sentence stands so near to a passage that it could say whose it is.
fn near(text: &str, sentence: &Range<usize>, passage: &Range<usize>) -> Range<usize> {
    let start = passage.start.saturating_sub(NEAR_BYTES);
    let start = (start..=passage.start).find(|at| text.is_char_boundary(*at));
    let end = passage.end.saturating_add(NEAR_BYTES).min(text.len());
    let end = (passage.end..=end)
        .rev()
        .find(|at| text.is_char_boundary(*at));
    sentence.start.max(start.unwrap_or(passage.start))..sentence.end.min(end.unwrap_or(passage.end))
}

pub(super) fn follows_colon(text: &str, passage: &Passage) -> bool {
    text[..passage.outer.start]
        .trim_end()
        .ends_with([':', '：'])
}
