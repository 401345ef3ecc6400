//! Which source a quoted passage is from: the link that the words around it point to.
//!
//! Rules read a post as an editor would: a block quote is introduced by the paragraph before it or signed by the line
//! behind it; words in quotation marks belong to the link of their sentence, or of the sentence beside it that speaks of
//! somebody who says something. A wrong tie is worse than none, so whatever is not plainly said is not tied: short words in
//! quotation marks are mostly irony or a term, words in capitals a title, and a link between them and the source that is
//! meant makes it doubtful.

mod links;
mod paragraph;
mod speech;

use std::collections::VecDeque;
use std::ops::Range;

use super::quote::{Tie, has_marks, word_count};
use super::sentence::sentences;
use super::window::{Block, Found};
use super::{Kind, Place};
use links::{
    Candidate, add, by_cue, first_link, give, last_link, leads_to_document, links, neighbour,
};
use paragraph::{Paragraph, carried_on, is_whole, paragraphs_of, passages_of};
use speech::{ends_in_colon, has_cue, is_own_speech, names_source};

/// How many blocks before a line that names a source are looked at for what it is the source of.
const MAX_COLON_BLOCKS: usize = 12;

/// Ties the block quote that these blocks are.
pub(super) fn block_quote(blocks: &mut VecDeque<Block>, group: Range<usize>) {
    let place = blocks[group.start].place;
    if !matches!(place, Place::Body | Place::Comment) {
        return;
    }
    let (text, signature) = quoted_text(blocks, &group);
    if word_count(&text) < 3 || is_placeholder(&text) {
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

/// What stands in an embedded post until a script has loaded it.
fn is_placeholder(text: &str) -> bool {
    ["View this post on", "A post shared by", "Post by "]
        .iter()
        .any(|words| text.starts_with(words))
        && word_count(text) <= 16
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
    let hyphen = text.rfind(" - ").map(|at| at + 1);
    let at = text.rfind(['—', '–', '―']).max(hyphen)?;
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
    if !is_marked {
        return None;
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
    None
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

#[cfg(test)]
mod tests {
    use crate::gather::Format;
    use crate::gather::testing::hear;

    fn quotes(html: &str) -> Vec<(String, &'static str)> {
        let heard = hear(html, Format::Html);
        let quoting = heard.citations.into_iter();
        quoting
            .filter_map(|one| one.quote)
            .map(|quote| (quote.text, quote.tie.as_str()))
            .collect()
    }

    const LINK: &str = "<a href='https://a.example/2012/report-on-rods'>";

    #[test]
    fn what_is_tied_and_why() {
        for (html, expected) in [
            (format!("<p>The parish wrote in {LINK}its report</a>:</p><blockquote><p>The steeple was struck.</p><p>Three times.</p></blockquote>"), Some(("The steeple was struck. Three times.", "introduction"))),
            (format!("<p>It began.</p><blockquote><p>The steeple was struck three times.</p><p>— {LINK}The parish</a></p></blockquote>"), Some(("The steeple was struck three times.", "attribution"))),
            (format!("<p>The parish {LINK}says</a> “the steeple was struck three times”.</p>"), Some(("the steeple was struck three times", "sentence"))),
            (format!("<p>“The steeple,” it said in {LINK}a statement</a>, “was struck three times.”</p>"), Some(("was struck three times.", "sentence"))),
            (format!("<p>They say {LINK}“the steeple was struck three times”</a>.</p>"), Some(("the steeple was struck three times", "around"))),
            (format!("<p>He said “the steeple was struck three times” ({LINK}source</a>).</p>"), Some(("the steeple was struck three times", "sentence"))),
            (format!("<blockquote>The steeple was struck three times.<br>- {LINK}The parish</a></blockquote>"), Some(("The steeple was struck three times.", "attribution"))),
            (format!("<p>„Der Turm wurde dreimal getroffen“, schreibt {LINK}die Gemeinde</a>.</p>"), Some(("Der Turm wurde dreimal getroffen", "sentence"))),
            // Not whose words these are.
            (format!("<p>They call it the “cloud”, see {LINK}this</a>.</p>"), None),
            (format!("<p>As we wrote in {LINK}our post</a>: “the steeple was struck three times”.</p>"), None),
            ("<p>“The steeple was struck three times,” says <a href='https://a.example/people/jane'>Jane</a>.</p>".to_owned(), None),
            (format!("<p>See {LINK}the report</a> on rods.</p><p>Jane said: “The steeple was struck three times.”</p>"), None),
            (format!("<p>It says {LINK}so</a>: <code>\"the steeple was struck three times\"</code></p>"), None),
        ] {
            let found = quotes(&html);
            let expected: Vec<(String, &str)> =
                expected.into_iter().map(|(text, tie)| (text.to_owned(), tie)).collect();
            assert_eq!(found, expected, "{html}");
        }
    }

    #[test]
    fn a_text_made_to_be_slow_is_not() {
        let before = std::time::Instant::now();
        for part in [
            format!("“one two three four” he said {LINK}x</a> "),
            "“one two three four” he said ".to_owned(),
            format!("{LINK}x</a> said “one two three four five "),
            format!("<blockquote>“one two</blockquote><p>{LINK}x</a>:</p>"),
            "<blockquote>one two three</blockquote>".to_owned(),
            "<blockquote>".to_owned(),
            "<p>“one two three four".to_owned(),
            "said: \"".to_owned(),
        ] {
            hear(&part.repeat(1_000_000 / part.len()), Format::Html);
        }
        assert!(before.elapsed().as_secs() < 60, "{:?}", before.elapsed());
    }
}
