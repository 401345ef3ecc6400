//! Which source a quoted passage is from: the link that the words around it point to.
//!
//! Rules read a post as an editor would: a block quote is introduced by the paragraph before it or signed by the line
//! behind it; words in quotation marks belong to the link of their sentence, or of the sentence beside it that speaks of
//! somebody who says something. A wrong tie is worse than none, so whatever is not plainly said is not tied: short words in
//! quotation marks are mostly irony or a term, words in capitals a title, and a link between them and the source that is
//! meant makes it doubtful.

use std::collections::VecDeque;
use std::ops::Range;

use super::quote::{BETWEEN, Passage, Tie, has_marks, looks_like_a_title, passages, word_count};
use super::sentence::{cut, sentences};
use super::window::{Block, Found};
use super::{Citation, Kind, Place, Quote};
use url::Url;

/// The longest quote that is kept for one citation.
const MAX_QUOTE_BYTES: usize = 128 * 1024;
/// How many blocks before a line that names a source are looked at for what it is the source of.
const MAX_COLON_BLOCKS: usize = 12;

/// A link near a passage.
#[derive(Debug, Clone)]
struct Candidate {
    block: usize,
    index: usize,
    anchor: Range<usize>,
    /// Whether it is a citation, and no link that was left out.
    is_citation: bool,
}

/// Ties the block quote that these blocks are.
pub(super) fn block_quote(blocks: &mut VecDeque<Block>, group: Range<usize>) {
    let place = blocks[group.start].place;
    if !matches!(place, Place::Body | Place::Comment) {
        return;
    }
    let (text, signature) = quoted_text(blocks, &group);
    if word_count(&text) < 3 {
        return;
    }
    if let Some(candidate) = named_source(blocks, &group) {
        give(blocks, &candidate, &text, Tie::Cite, 98);
        return;
    }
    if let Some(signature) = signature
        && let Some(candidate) = last_link(blocks, signature)
    {
        give(blocks, &candidate, &text, Tie::Attribution, 95);
        return;
    }
    around(blocks, &group, &text);
}

/// Where the block quote that begins here ends. Quotes that follow each other directly are one, unless the first says
/// itself where it is from.
pub(super) fn end_of_quote(blocks: &VecDeque<Block>, at: usize) -> usize {
    let id = |at: usize| {
        blocks
            .get(at)
            .and_then(|block| block.quote.as_ref())
            .map(|quote| quote.id)
    };
    let mut start = at;
    let mut end = at + 1;
    while let Some(next) = id(end) {
        if Some(next) != id(start) {
            let signed = named_source(blocks, &(start..end)).is_some()
                || quoted_text(blocks, &(start..end)).1.is_some();
            let names_itself = blocks[end]
                .quote
                .as_ref()
                .is_some_and(|quote| quote.cite.is_some());
            if signed || names_itself || blocks[end].comment != blocks[start].comment {
                break;
            }
            start = end;
        }
        end += 1;
    }
    end
}

/// Ties what is quoted in a block that stands in no block quote. Says how many blocks it took.
pub(super) fn paragraph(blocks: &mut VecDeque<Block>, at: usize) -> usize {
    let block = &blocks[at];
    if !matches!(block.place, Place::Body | Place::Comment) || block.is_heading {
        return 1;
    }
    signed_after_colon(blocks, at);
    let block = &blocks[at];
    if !has_marks(&block.text) {
        return 1;
    }
    let quoted = passages_of(block);
    if let [only] = quoted.as_slice()
        && is_whole(&block.text, only)
    {
        let group = at..paragraphs_of(blocks, at, only);
        let mut text = String::new();
        for block in blocks.range(group.clone()) {
            add(&mut text, block.text.trim_matches(is_mark), " ");
        }
        if word_count(&text) >= 4 && links(blocks, at).is_empty() {
            around(blocks, &group, &text);
            return group.len();
        }
    }
    let ties = Paragraph::of(blocks, at, &quoted).ties();
    if ties.is_empty()
        && let Some((link, text)) = carried_on(blocks, at, &quoted)
    {
        give(blocks, &link, &text, Tie::Adjoining, 70);
        return 1;
    }
    for (link, text, tie, confidence) in ties {
        give(blocks, &link, &text, tie, confidence);
    }
    1
}

/// A paragraph that begins with quoted words and names as speaker nobody but who was named in the paragraph before, whose
/// last words were tied.
fn carried_on(
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
    let names_known = outside
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.starts_with(char::is_uppercase))
        .all(|word| text.contains(word));
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
fn paragraphs_of(blocks: &VecDeque<Block>, at: usize, first: &Passage) -> usize {
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

fn passages_of(block: &Block) -> Vec<Passage> {
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
fn is_whole(text: &str, passage: &Passage) -> bool {
    let before = &text[..passage.outer.start];
    let after = &text[passage.outer.end..];
    !before
        .chars()
        .chain(after.chars())
        .any(char::is_alphanumeric)
}

fn is_mark(character: char) -> bool {
    character.is_whitespace() || "“”„‟«»‹›\"'‘’「」『』".contains(character)
}

/// The words of a block quote, and the block in it that signs it.
fn quoted_text(blocks: &VecDeque<Block>, group: &Range<usize>) -> (String, Option<usize>) {
    let mut text = String::new();
    let mut signature = None;
    for at in group.clone() {
        let block = &blocks[at];
        let is_last = at + 1 == group.end;
        if at > group.start && is_signature(&block.text) {
            if is_last || signature.is_none() {
                signature = Some(at);
            }
            continue;
        }
        if is_last && at > group.start && is_all_links(block) {
            signature = Some(at);
            continue;
        }
        add(&mut text, &block.text, " ");
    }
    if let Some(before) = signature_line(&text) {
        text.truncate(before);
        signature = signature.or(Some(group.end - 1));
    }
    let text = without_templates(&text);
    let trimmed = text.trim();
    let bare = trimmed.trim_matches(is_mark);
    // Only marks around all of it are taken away.
    let is_marked = trimmed
        .chars()
        .next()
        .is_some_and(|first| is_mark(first) && first != '\'');
    let text = if is_marked
        && !bare
            .chars()
            .any(|c| matches!(c, '“' | '”' | '"' | '«' | '»'))
    {
        bare.to_owned()
    } else {
        trimmed.to_owned()
    };
    (text.replace('\n', " "), signature)
}

/// A text without the tags of template languages, which no reader sees.
fn without_templates(text: &str) -> std::borrow::Cow<'_, str> {
    static TAG: std::sync::LazyLock<regex::Regex> = std::sync::LazyLock::new(|| {
        #[expect(
            clippy::unwrap_used,
            reason = "the pattern is a constant that the tests compile"
        )]
        regex::Regex::new(r"\{\{[^{}]*\}\}|\{%[^{}]*%\}").unwrap()
    });
    if text.contains('{') {
        TAG.replace_all(text, "")
    } else {
        text.into()
    }
}

/// A last line or sentence that signs a quote: `— Jane Doe`.
fn signature_line(text: &str) -> Option<usize> {
    let at = text.rfind(['—', '–', '―'])?;
    let tail = &text[at..];
    let is_end_before = text[..at]
        .trim_end()
        .chars()
        .next_back()
        .is_some_and(|last| {
            matches!(last, '.' | '!' | '?' | '”' | '"' | '»' | '…' | '“' | '’')
                || text[..at].ends_with('\n')
        });
    (is_end_before && tail.len() <= 160 && word_count(tail) <= 16).then_some(at)
}

/// Whether a block is no part of what is quoted but says where it is from.
fn is_signature(text: &str) -> bool {
    let text = text.trim_start();
    let is_dash = text.starts_with(['—', '–', '―', '~'])
        || text.starts_with("- ")
        || text.starts_with("-- ")
        || text.starts_with("--");
    (is_dash && word_count(text) <= 30) || names_source(text)
}

/// Words before a link that is a source: `Link: ...`, `Source: ...`, `via ...`.
fn names_source(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "link",
        "source",
        "sources",
        "via",
        "from",
        "read more",
        "full story",
        "full article",
        "quelle",
        "lien",
        "fuente",
        "fonte",
        "bron",
        "källa",
        "kilde",
        "źródło",
        "источник",
        "via:",
        "h/t",
        "cite",
        "url",
        "more",
        "original",
        "zdroj",
        "出典",
        "来源",
        "來源",
    ];
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let Some(colon) = text
        .char_indices()
        .take(40)
        .find(|(_, c)| matches!(c, ':' | '：'))
        .map(|(at, _)| at)
    else {
        return false;
    };
    let before = text[..colon].trim().to_lowercase();
    WORDS.contains(&before.as_str())
}

/// Whether hardly anything but links stands in a block.
fn is_all_links(block: &Block) -> bool {
    let linked: usize = block.found.iter().map(|found| found.anchor().len()).sum();
    linked > 0 && linked * 10 >= block.text.trim().len() * 7 && word_count(&block.text) <= 30
}

/// The citation that a block quote names itself: its `cite`, or the post that is embedded.
fn named_source(blocks: &VecDeque<Block>, group: &Range<usize>) -> Option<Candidate> {
    let before = group.start.saturating_sub(1)..group.end;
    let mut embedded = None;
    for at in before {
        for (index, found) in blocks[at].found.iter().enumerate() {
            let Found::Citation { citation, anchor } = found else {
                continue;
            };
            let candidate = || Candidate {
                block: at,
                index,
                anchor: anchor.clone(),
                is_citation: true,
            };
            let is_in = at >= group.start;
            let names = blocks[at]
                .quote
                .as_ref()
                .and_then(|quote| quote.cite.as_ref());
            if is_in && citation.kind == Kind::Cite && names == Some(&citation.url) {
                return Some(candidate());
            }
            if is_in && citation.kind == Kind::Embed && embedded.is_none() {
                embedded = Some(candidate());
            }
        }
    }
    embedded
}

/// Ties a quote that stands apart to a link of the paragraph before it, or of the one behind it.
fn around(blocks: &mut VecDeque<Block>, group: &Range<usize>, text: &str) {
    let place = blocks[group.start].place;
    let before = neighbour(blocks, group.start, place, false);
    let after = neighbour(blocks, group.end, place, true);
    if let Some(after) = after
        && (is_signature(&blocks[after].text) || is_all_links(&blocks[after]))
        && let Some(candidate) = first_link(blocks, after)
    {
        let introduces = before.is_some_and(|before| {
            ends_in_colon(&blocks[before].text) && !links(blocks, before).is_empty()
        });
        if !introduces || is_signature(&blocks[after].text) {
            give(blocks, &candidate, text, Tie::Attribution, 92);
            return;
        }
    }
    let Some(before) = before else { return };
    let is_marked = blocks[group.start].quote.is_some();
    if let Some((candidate, confidence)) = introducing(blocks, before, is_marked) {
        give(blocks, &candidate, text, Tie::Introduction, confidence);
    }
}

/// The link by which a paragraph introduces what follows it, which is marked as a quote, or only looks like one.
fn introducing(blocks: &VecDeque<Block>, at: usize, is_marked: bool) -> Option<(Candidate, u8)> {
    let block = &blocks[at];
    if block.is_heading || block.quote.is_some() {
        return None;
    }
    let all = links(blocks, at);
    let colon = ends_in_colon(&block.text);
    let sentences = sentences(&block.text);
    let last = sentences.last()?.clone();
    let last_words = &block.text[last.clone()];
    let within = |range: &Range<usize>| -> Vec<&Candidate> {
        all.iter()
            .filter(|one| one.anchor.end > range.start && one.anchor.start < range.end)
            .collect()
    };
    let in_last = within(&last);
    if in_last.is_empty() && is_own_speech(last_words) {
        return None;
    }
    if colon {
        let (chosen, confidence) = match in_last.as_slice() {
            // The sentence speaks of it by another name: then there must be no doubt which link is meant.
            [] => match all.as_slice() {
                [only] => (only, 85),
                _ => return None,
            },
            [only] => (*only, 95),
            several => (
                by_cue(&block.text, several).or(several.last().copied())?,
                82,
            ),
        };
        return chosen.is_citation.then(|| (chosen.clone(), confidence));
    }
    // Without a colon, the last words have to say that somebody says something, and where.
    let before = sentences
        .len()
        .checked_sub(2)
        .and_then(|at| sentences.get(at).cloned());
    for range in [Some(last), before].into_iter().flatten() {
        if let [only] = within(&range).as_slice() {
            let says = has_cue(&block.text[range]);
            return (says && only.is_citation && leads_to_document(blocks, only))
                .then(|| ((*only).clone(), 78));
        }
    }
    // A paragraph about one document, and then words that are nobody else's.
    match all.as_slice() {
        [only]
            if is_marked
                && only.is_citation
                && leads_to_document(blocks, only)
                && has_cue(&block.text) =>
        {
            Some((only.clone(), 70))
        }
        _ => None,
    }
}

/// Of several links, the one that a word of saying stands next to.
fn by_cue<'c>(text: &str, several: &[&'c Candidate]) -> Option<&'c Candidate> {
    let mut cued = several.iter().filter(|one| {
        let after = text
            .get(one.anchor.end..)
            .map(|rest| cut(rest, 40))
            .unwrap_or_default();
        has_cue(after) || has_cue(text.get(one.anchor.clone()).unwrap_or_default())
    });
    let only = cued.next()?;
    cued.next().is_none().then_some(only)
}

/// Ties the paragraphs between a line that ends in a colon and this one, if this one names their source.
fn signed_after_colon(blocks: &mut VecDeque<Block>, at: usize) {
    let block = &blocks[at];
    let found = links(blocks, at);
    let [only] = found.as_slice() else { return };
    let is_source = names_source(&block.text) && word_count(&block.text) <= 20;
    if !only.is_citation || !is_source || block.quote.is_some() {
        return;
    }
    let mut from = at;
    while from > 0 && at - from < MAX_COLON_BLOCKS {
        let before = &blocks[from - 1];
        if before.place != block.place || before.is_heading || before.quote.is_some() {
            return;
        }
        if ends_in_colon(&before.text) && from < at {
            let mut text = String::new();
            for quoted in blocks.range(from..at) {
                add(&mut text, &quoted.text.replace('\n', " "), " ");
            }
            let candidate = only.clone();
            if word_count(&text) >= 4 {
                give(blocks, &candidate, &text, Tie::Attribution, 85);
            }
            return;
        }
        if !before.found.is_empty() {
            return;
        }
        from -= 1;
    }
}

/// A paragraph with words in quotation marks.
struct Paragraph<'b> {
    blocks: &'b VecDeque<Block>,
    at: usize,
    text: &'b str,
    passages: &'b [Passage],
    /// None of which ends within a passage.
    sentences: Vec<Range<usize>>,
    links: Vec<Candidate>,
}

/// What is to be tied: the link, the passage, why, and how sure.
type Tied = (Candidate, String, Tie, u8);

impl<'b> Paragraph<'b> {
    fn of(blocks: &'b VecDeque<Block>, at: usize, passages: &'b [Passage]) -> Self {
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

    fn ties(&self) -> Vec<Tied> {
        let mut ties: Vec<Tied> = Vec::new();
        // What was tied last, and where its passage ends.
        let mut thread: Option<(Candidate, usize)> = None;
        // Somebody else speaks in this paragraph.
        let mut has_other = false;
        for passage in self.passages.iter().filter(|passage| !passage.is_open) {
            let quoted = self.text[passage.inner.clone()].trim();
            let count = word_count(quoted);
            if count < 2 || looks_like_a_title(quoted) {
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
            let is_one = is_around(self.text, only, passage, count) && self.is_document(only);
            return is_one.then(|| ((*only).clone(), Tie::Around, 88));
        }
        let outside = outside_words(self.text, &sentence, self.passages);
        if is_own_speech(&outside) {
            return None;
        }
        // A link within other quoted words is theirs: mostly the title of a work.
        let in_sentence: Vec<&Candidate> = self
            .within(&sentence)
            .into_iter()
            .filter(|link| {
                !self.passages.iter().any(|other| {
                    link.anchor.start < other.outer.end && link.anchor.end > other.outer.start
                })
            })
            .collect();
        if !in_sentence.is_empty() {
            return self.in_one_sentence(passage, count, &in_sentence);
        }
        self.going_on(passage, count, &outside, thread)
            .or_else(|| self.of_the_document(passage, count, &outside))
            .or_else(|| self.of_the_speech(passage, count, &outside))
            .or_else(|| {
                let tied = self.narrated(passage, count, &outside);
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
            || (follows_colon(self.text, passage) && count >= 4);
        let is_near = gap.chars().count() <= 160;
        // Words that go on with the sentence are woven in by whoever has the document before them.
        let is_woven = in_sentence.len() == 1
            && count >= 6
            && link.anchor.end <= passage.outer.start
            && self.text[passage.inner.clone()].starts_with(char::is_lowercase);
        let confidence = if in_sentence.len() == 1 { 88 } else { 78 };
        ((says || is_woven) && is_near && count >= 3 && self.is_document(link))
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
        if count < 4 || word_count(outside) > 12 || !speaks_by_pronoun(outside) {
            return None;
        }
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
        let is_quotable = names_words && self.is_document(&link);
        is_quotable.then_some((link, Tie::Adjoining, 75))
    }

    /// The paragraph has one link, and the words are woven into what is told of it without naming another speaker.
    fn narrated(
        &self,
        passage: &Passage,
        count: usize,
        outside: &str,
    ) -> Option<(Candidate, Tie, u8)> {
        let [only] = self.links.as_slice() else {
            return None;
        };
        (count >= 5
            && only.anchor.end <= passage.outer.start
            && !has_cue(outside)
            && self.is_document(only))
        .then(|| (only.clone(), Tie::Adjoining, 65))
    }

    fn within(&self, range: &Range<usize>) -> Vec<&Candidate> {
        self.links
            .iter()
            .filter(|link| link.anchor.start < range.end && link.anchor.end > range.start)
            .collect()
    }

    fn is_document(&self, link: &Candidate) -> bool {
        link.is_citation && leads_to_document(self.blocks, link)
    }
}

/// Whether no word but the first begins with a capital.
fn names_nobody(outside: &str) -> bool {
    !outside
        .split_whitespace()
        .skip(1)
        .any(|word| word.starts_with(char::is_uppercase))
}

/// Whether whoever says something is only called he, she, they or it.
fn speaks_by_pronoun(outside: &str) -> bool {
    const PRONOUNS: &[&str] = &[
        "he", "she", "they", "it", "er", "sie", "es", "il", "elle", "ils", "elles", "él", "ella",
        "egli", "lui", "lei", "hij", "zij", "han", "hun", "hon",
    ];
    has_cue(outside)
        && outside
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .take(3)
            .any(|word| PRONOUNS.contains(&word.to_lowercase().as_str()))
}

/// Whether a link's text calls what it leads to somebody's words: a speech, a statement, a letter.
fn is_called_words(anchor: &str) -> bool {
    const WORDS: &[&str] = &[
        "statement",
        "speech",
        "interview",
        "letter",
        "report",
        "post",
        "article",
        "column",
        "tweet",
        "blog",
        "memo",
        "testimony",
        "study",
        "paper",
        "survey",
        "op-ed",
        "essay",
        "release",
        "announcement",
        "editorial",
        "review",
        "email",
        "thread",
        "transcript",
        "remarks",
        "comment",
        "comments",
        "proclamation",
        "memorandum",
        "ruling",
        "opinion",
        "decision",
        "filing",
        "complaint",
        "piece",
        "story",
        "lawsuit",
        "declaration",
        "manifesto",
        "guidance",
        "blogpost",
        "said",
        "says",
        "wrote",
        "writes",
        "told",
        "tweeted",
        "posted",
        "explained",
        "announced",
        "argued",
        "responded",
        "noted",
        "rede",
        "bericht",
        "artikel",
        "beitrag",
        "erklärung",
        "mitteilung",
        "studie",
        "brief",
        "gutachten",
        "discours",
        "entretien",
        "communiqué",
        "rapport",
        "tribune",
        "lettre",
        "étude",
        "discurso",
        "entrevista",
        "comunicado",
        "informe",
        "carta",
        "artículo",
        "discorso",
        "intervista",
        "comunicato",
        "rapporto",
        "lettera",
        "articolo",
        "toespraak",
        "verklaring",
        "brief",
    ];
    anchor
        .split(|c: char| !c.is_alphanumeric() && c != '-')
        .any(|word| !word.is_empty() && WORDS.contains(&word))
}

/// Whether a sentence's own words speak of a document or of whoever wrote it.
fn speaks_of_a_document(outside: &str) -> bool {
    const DOCUMENTS: &[&str] = &[
        "the report",
        "the article",
        "the study",
        "the paper",
        "the post",
        "the author",
        "the authors",
        "the essay",
        "the survey",
        "the statement",
        "the letter",
        "the document",
        "the memo",
        "the piece",
        "the story",
        "the book",
        "the review",
        "this report",
        "this article",
        "its authors",
        "der bericht",
        "die studie",
        "der artikel",
        "der autor",
        "die autorin",
        "das papier",
        "der beitrag",
        "le rapport",
        "l’article",
        "l'article",
        "l’étude",
        "l'étude",
        "l’auteur",
        "l'auteur",
        "el informe",
        "el artículo",
        "el estudio",
        "el autor",
        "la autora",
        "il rapporto",
        "l’articolo",
        "lo studio",
        "het rapport",
        "het artikel",
    ];
    let words = outside
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    let padded = format!(" {words} ");
    has_cue(outside)
        && DOCUMENTS
            .iter()
            .any(|one| padded.contains(&format!(" {one} ")))
}

/// Whether quoted words and the link that touches them are one: the words are the link's, or it is within them.
fn is_around(text: &str, link: &Candidate, passage: &Passage, count: usize) -> bool {
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
        return count >= 5 && anchor * 3 >= inner;
    }
    // Short words in a link's text are quoted from there rather than called so, if the link says more.
    let says_more = anchor > inner + 8 && quoted.starts_with(char::is_lowercase);
    count >= 4 || says_more || (count == 3 && quoted.starts_with(char::is_lowercase))
}

/// What stands between a link and a passage, without what is quoted there.
fn between(text: &str, link: &Candidate, passage: &Passage, all: &[Passage]) -> String {
    let range = if link.anchor.end <= passage.outer.start {
        link.anchor.end..passage.outer.start
    } else {
        passage.outer.end..link.anchor.start.max(passage.outer.end)
    };
    outside_words(text, &range, all)
}

/// Whether a link leads to a document, and not to a home page, a profile or a file that has no words.
fn leads_to_document(blocks: &VecDeque<Block>, link: &Candidate) -> bool {
    match blocks[link.block].found.get(link.index) {
        Some(Found::Citation { citation, .. }) => is_document(&citation.url),
        _ => false,
    }
}

/// Parts of addresses that stand for a person or a collection.
const NO_DOCUMENT: &[&str] = &[
    "person",
    "people",
    "profile",
    "profiles",
    "author",
    "authors",
    "faculty",
    "staff",
    "team",
    "user",
    "users",
    "member",
    "members",
    "about",
    "about-us",
    "tag",
    "tags",
    "topic",
    "topics",
    "category",
    "contributors",
    "contributor",
    "directory",
    "bio",
    "experts",
    "in",
];

fn is_document(url: &Url) -> bool {
    let segments: Vec<&str> = url
        .path_segments()
        .into_iter()
        .flatten()
        .filter(|segment| !segment.is_empty())
        .collect();
    let Some(last) = segments.last() else {
        return url
            .query()
            .is_some_and(|query| query.bytes().any(|byte| byte.is_ascii_digit()));
    };
    let host = url.host_str().unwrap_or_default();
    if host.ends_with("wikipedia.org")
        || segments[..segments.len() - 1]
            .iter()
            .any(|segment| NO_DOCUMENT.contains(&segment.to_ascii_lowercase().as_str()))
    {
        return false;
    }
    let is_social = matches!(
        host.trim_start_matches("www.")
            .trim_start_matches("mobile."),
        "twitter.com" | "x.com" | "facebook.com" | "instagram.com" | "linkedin.com"
    );
    if is_social {
        return segments.len() >= 3;
    }
    let is_slug = |segment: &str| {
        segment
            .bytes()
            .filter(|byte| matches!(byte, b'-' | b'_' | b'+' | b'.' | b'%'))
            .count()
            >= 2
            || segment.bytes().filter(u8::is_ascii_digit).count() >= 3
            || segment.len() >= 18
    };
    segments.len() >= 3
        || url.query().is_some()
        || is_slug(last)
        || last.contains('.')
        || (segments.len() == 2 && (is_slug(segments[0]) || last.contains('-')))
}

/// Whether a sentence speaks of what its author said: `as we wrote`, `from our earlier post`.
fn is_own_speech(outside: &str) -> bool {
    const OWN: &[&str] = &[
        "i", "we", "ich", "wir", "je", "j’ai", "j'ai", "nous", "yo", "nosotros", "io", "noi",
    ];
    const OURS: &[&str] = &[
        "our", "my", "unser", "unsere", "unserem", "unseren", "mein", "meine", "meinem", "notre",
        "mon", "nuestro", "nuestra", "mi",
    ];
    const PIECES: &[&str] = &[
        "post",
        "blog",
        "article",
        "report",
        "piece",
        "column",
        "essay",
        "story",
        "announcement",
        "newsletter",
        "beitrag",
        "artikel",
        "billet",
    ];
    let words: Vec<String> = outside
        .split(|c: char| !c.is_alphanumeric() && c != '’' && c != '\'')
        .filter(|word| !word.is_empty())
        .take(80)
        .map(str::to_lowercase)
        .collect();
    words.iter().enumerate().any(|(at, word)| {
        let next = words.iter().skip(at + 1).take(4);
        if OWN.contains(&word.as_str()) {
            next.take(2).any(|next| CUES.contains(&next.as_str()))
        } else {
            OURS.contains(&word.as_str())
                && next.clone().any(|next| PIECES.contains(&next.as_str()))
        }
    })
}

/// The sentences of a text, none of which ends within a passage.
fn whole_sentences(text: &str, passages: &[Passage]) -> Vec<Range<usize>> {
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
fn split_before(
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
fn outside_words(text: &str, sentence: &Range<usize>, passages: &[Passage]) -> String {
    let mut outside = String::new();
    let mut at = sentence.start;
    for passage in passages {
        if passage.outer.end <= sentence.start || passage.outer.start >= sentence.end {
            continue;
        }
        outside.push_str(text.get(at..passage.outer.start).unwrap_or_default());
        outside.push(' ');
        at = passage.outer.end;
    }
    outside.push_str(text.get(at..sentence.end).unwrap_or_default());
    outside
}

fn nearest<'c>(several: &[&'c Candidate], passage: &Passage) -> Option<&'c Candidate> {
    several
        .iter()
        .min_by_key(|link| {
            if link.anchor.end <= passage.outer.start {
                passage.outer.start - link.anchor.end
            } else {
                link.anchor.start.saturating_sub(passage.outer.end)
            }
        })
        .copied()
}

fn follows_colon(text: &str, passage: &Passage) -> bool {
    text[..passage.outer.start]
        .trim_end()
        .ends_with([':', '：'])
}

fn ends_in_colon(text: &str) -> bool {
    text.trim_end().ends_with([':', '：'])
}

/// Stems of words that say that somebody says something, in several languages.
const CUES: &[&str] = &[
    "predicted",
    "predicts",
    "estimates",
    "estimated",
    "urged",
    "urges",
    "promised",
    "promises",
    "proclaimed",
    "listed",
    "lists",
    "dénonce",
    "dénonçait",
    "said",
    "say",
    "says",
    "saying",
    "wrote",
    "write",
    "writes",
    "writing",
    "written",
    "told",
    "tells",
    "according",
    "note",
    "noted",
    "notes",
    "noting",
    "state",
    "states",
    "stated",
    "stating",
    "argue",
    "argues",
    "argued",
    "arguing",
    "report",
    "reports",
    "reported",
    "reporting",
    "explain",
    "explains",
    "explained",
    "explaining",
    "claim",
    "claims",
    "claimed",
    "claiming",
    "called",
    "calling",
    "describe",
    "describes",
    "described",
    "describing",
    "quote",
    "quotes",
    "quoted",
    "quoting",
    "concluded",
    "concludes",
    "conclude",
    "adds",
    "added",
    "adding",
    "asked",
    "asks",
    "announced",
    "announces",
    "tweeted",
    "tweets",
    "posted",
    "warned",
    "warns",
    "suggested",
    "suggests",
    "declared",
    "declares",
    "defined",
    "defines",
    "mentioned",
    "mentions",
    "pointed",
    "observed",
    "observes",
    "remarked",
    "commented",
    "comments",
    "replied",
    "responded",
    "statement",
    "excerpt",
    "reads",
    "found",
    "recommends",
    "recommended",
    "acknowledged",
    "insisted",
    "summed",
    "summarized",
    "summarised",
    "summarizes",
    "opined",
    "sagt",
    "sagte",
    "schreibt",
    "schrieb",
    "laut",
    "zufolge",
    "erklärt",
    "erklärte",
    "heißt",
    "berichtet",
    "berichtete",
    "nennt",
    "nannte",
    "zitiert",
    "meint",
    "meinte",
    "teilte",
    "dit",
    "déclare",
    "déclaré",
    "selon",
    "écrit",
    "affirme",
    "explique",
    "expliquait",
    "raconte",
    "estime",
    "ajoute",
    "souligne",
    "note-t-il",
    "résume",
    "constate",
    "dice",
    "dijo",
    "según",
    "escribe",
    "escribió",
    "afirma",
    "afirmó",
    "explica",
    "explicó",
    "señala",
    "señaló",
    "declaró",
    "cuenta",
    "asegura",
    "aseguró",
    "scrive",
    "secondo",
    "afferma",
    "spiega",
    "ha detto",
    "disse",
    "diz",
    "disse",
    "segundo",
    "afirma",
    "escreveu",
    "explica",
    "zegt",
    "volgens",
    "schrijft",
    "zei",
    "aldus",
    "säger",
    "enligt",
    "skriver",
    "sade",
    "sier",
    "ifølge",
    "skrev",
    "mówi",
    "według",
    "napisał",
    "powiedział",
    "pisze",
    "сказал",
    "сообщает",
    "пишет",
    "заявил",
    "говорит",
    "словам",
    "sanoo",
    "mukaan",
    "kirjoittaa",
];

fn has_cue(text: &str) -> bool {
    if text.contains(['说', '說', '写', '寫', '称', '稱', '曰'])
        || text.contains("と述べ")
        || text.contains("によると")
        || text.contains("と語")
        || text.contains("라고")
    {
        return true;
    }
    text.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '’' && c != '\'')
        .any(|word| {
            !word.is_empty() && word.len() <= 24 && CUES.contains(&word.to_lowercase().as_str())
        })
}

/// The nearest block with words of its own in the same place, unless something stands between.
fn neighbour(blocks: &VecDeque<Block>, at: usize, place: Place, is_after: bool) -> Option<usize> {
    let mut indices: Box<dyn Iterator<Item = usize>> = if is_after {
        Box::new(at..blocks.len())
    } else {
        Box::new((0..at).rev())
    };
    indices
        .by_ref()
        .take(4)
        .find(|index| {
            let block = &blocks[*index];
            block.place == place && !(block.text.trim().is_empty() && block.found.is_empty())
        })
        .filter(|index| {
            !blocks[*index].is_heading
                && blocks[*index].comment == blocks[at.min(blocks.len() - 1)].comment
        })
}

/// The links of a block that a passage could be from, competitors among them.
fn links(blocks: &VecDeque<Block>, at: usize) -> Vec<Candidate> {
    blocks[at]
        .found
        .iter()
        .enumerate()
        .filter_map(|(index, found)| {
            let is_citation = match found {
                Found::Citation { citation, .. } => {
                    if !may_be_quoted(citation) {
                        return None;
                    }
                    true
                }
                Found::LeftOut { .. } => false,
            };
            Some(Candidate {
                block: at,
                index,
                anchor: found.anchor(),
                is_citation,
            })
        })
        .collect()
}

fn may_be_quoted(citation: &Citation) -> bool {
    const PICTURES: &[&str] = &[
        "jpg", "jpeg", "png", "gif", "webp", "svg", "avif", "zip", "mp3", "exe", "dmg",
    ];
    let path = citation.url.path();
    let is_picture = path
        .rsplit_once('.')
        .is_some_and(|(_, ending)| PICTURES.contains(&ending.to_ascii_lowercase().as_str()));
    !is_picture && !matches!(citation.kind, Kind::Author | Kind::JsonLd)
}

fn first_link(blocks: &VecDeque<Block>, at: usize) -> Option<Candidate> {
    links(blocks, at).into_iter().find(|link| link.is_citation)
}

fn last_link(blocks: &VecDeque<Block>, at: usize) -> Option<Candidate> {
    links(blocks, at).into_iter().rfind(|link| link.is_citation)
}

/// Adds a passage to what a citation quotes.
fn give(blocks: &mut VecDeque<Block>, candidate: &Candidate, text: &str, tie: Tie, confidence: u8) {
    let Some(Found::Citation { citation, .. }) = blocks
        .get_mut(candidate.block)
        .and_then(|block| block.found.get_mut(candidate.index))
    else {
        return;
    };
    let text = text.trim();
    match &mut citation.quote {
        None => {
            citation.quote = Some(Quote {
                text: cut(text, MAX_QUOTE_BYTES).to_owned(),
                confidence,
                tie,
            });
        }
        Some(quote) if quote.tie == Tie::Declared => {}
        Some(quote) => {
            if quote.text.len() + text.len() < MAX_QUOTE_BYTES {
                add(&mut quote.text, text, BETWEEN);
                quote.confidence = quote.confidence.min(confidence);
            }
        }
    }
}

fn add(text: &mut String, more: &str, between: &str) {
    let more = more.trim();
    if !text.is_empty() && !more.is_empty() {
        text.push_str(between);
    }
    text.push_str(more);
}
