//! A page as it is looked at for walls: its titles and text folded, its size, and the marks that it bears.

use super::super::compare::compare;
use super::super::rules::{Bears, Hit, MarkKind, Phrases, fold};
use super::super::suspicion::Suspicion;
use super::super::{Case, Features, Rule, in_words};
use super::{rule_of, told, words_told};

/// A whole text of so many characters is a title of its own, where there is no other.
const TITLE_CHARS: usize = 80;
/// A text begins with what stands in so many bytes.
const BEGINNING_BYTES: usize = 60;
/// Marks weigh so much together at the most: many of one wall tell no more than few.
const MOST_OF_MARKS: i32 = 150;

/// An answer as it is looked at.
#[derive(Debug)]
pub(super) struct Look<'a> {
    pub(super) case: &'a Case<'a>,
    pub(super) page: &'a Features,
    pub(super) status: u16,
    /// The title and the headings, folded.
    pub(super) titles: Vec<String>,
    /// The beginning of the text, folded, where there is little of it.
    pub(super) text: String,
    /// Whether the text is one line, and stands for the title.
    is_a_line: bool,
    /// How much the page has to say, in words.
    pub(super) size: u64,
    pub(super) hits: Vec<Hit<'a>>,
}

/// A phrase that was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) phrase: &'a str,
    pub(super) language: &'a str,
    /// Whether the title, or the part of it where the phrase stands, says nothing else.
    pub(super) is_whole: bool,
}

/// What words in a text are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InText {
    /// A page that begins with them says little else.
    Refuses,
    /// They stand on ordinary pages, too.
    Asks,
    /// They stand on most pages; one tells as much as many.
    Offers,
}

static NOTHING: std::sync::LazyLock<Features> = std::sync::LazyLock::new(Features::default);

impl<'a> Look<'a> {
    /// `None` where nothing answered.
    pub(super) fn new(case: &'a Case<'a>) -> Option<Self> {
        let hop = case.facts.hops.last()?;
        let page = case.features.unwrap_or(&NOTHING);
        let mut titles: Vec<String> = page
            .title
            .iter()
            .chain(&page.headings)
            .map(|title| fold(title))
            .filter(|title| !title.is_empty())
            .collect();
        let text = fold(&format!("{}\n{}", page.opening, page.noscript));
        let is_a_line =
            titles.is_empty() && !text.is_empty() && text.chars().count() <= TITLE_CHARS;
        if is_a_line {
            titles.push(text.clone());
        }
        let hits = case.rules.marks_on(&Bears {
            status: hop.status,
            headers: &hop.headers,
            address: &hop.url,
            source: case.address.as_str(),
            marks: &page.marks,
            titles: &titles,
            text: &text,
        });
        Some(Self {
            case,
            page,
            status: hop.status,
            titles,
            text,
            is_a_line,
            size: size(page),
            hits,
        })
    }

    /// Marks of some kinds.
    pub(super) fn add_marks(&self, to: &mut Suspicion, is_wanted: impl Fn(MarkKind) -> bool) {
        let mut left = MOST_OF_MARKS;
        for hit in self.hits.iter().filter(|hit| is_wanted(hit.mark.kind)) {
            let weight = hit.mark.weight.min(left);
            left -= weight.max(0);
            to.add(weight, rule_of(hit.mark.kind), told(hit));
        }
    }

    /// What the title says of it, if anything.
    pub(super) fn title_says(&self, what: &str) -> Option<Said<'a>> {
        let phrases = self.case.rules.words(what)?;
        self.titles
            .iter()
            .filter_map(|title| said(phrases, title))
            .max_by_key(|said| said.is_whole)
    }

    /// The phrase by which the text speaks of it.
    pub(super) fn text_says(&self, what: &str) -> Option<&str> {
        let phrases = self.case.rules.words(what)?;
        phrases.find(&self.text).map(|found| found.phrase)
    }

    /// Words in the title, a heading, and the text.
    pub(super) fn add_words(&self, to: &mut Suspicion, what: &str, rule: Rule, in_text: InText) {
        let Some(phrases) = self.case.rules.words(what) else {
            return;
        };
        let mut in_titles = Vec::new();
        let has_title = self.page.title.is_some();
        let mut has_heading = false;
        for (at, title) in self.titles.iter().enumerate() {
            let Some(said) = said(phrases, title) else {
                continue;
            };
            in_titles.push(said.phrase);
            let (weight, place) = match (at == 0 && has_title, said.is_whole) {
                (true, true) => (50, "the title"),
                (true, false) => (5, "the title"),
                (false, _) if has_heading => continue,
                (false, _)
                    if self.is_a_line && (said.is_whole || title.starts_with(said.phrase)) =>
                {
                    (70, "the page, which has but a line,")
                }
                (false, true) => (40, "a heading"),
                (false, false) => continue,
            };
            has_heading |= at > 0 || !has_title;
            to.add(weight, rule, words_told(&said, place));
        }
        let mut phrases_in_text: Vec<Said<'_>> = Vec::new();
        let (mut end, mut first_at) = (0, usize::MAX);
        for found in phrases.find_all(&self.text) {
            let is_new = !in_titles.contains(&found.phrase)
                && !phrases_in_text
                    .iter()
                    .any(|said| said.phrase == found.phrase)
                && found.at >= end;
            if is_new && phrases_in_text.len() < 2 {
                end = found.at + found.phrase.len();
                first_at = first_at.min(found.at);
                if let Some(said) = owned(phrases, found.phrase) {
                    phrases_in_text.push(said);
                }
            }
        }
        let weights = match (in_text, first_at) {
            (InText::Refuses, 0) if self.titles.is_empty() => [70, 15],
            (InText::Refuses, 0..BEGINNING_BYTES) if in_titles.is_empty() => [40, 15],
            (InText::Refuses | InText::Asks, _) => [25, 15],
            (InText::Offers, _) => [25, 0],
        };
        let weighing = phrases_in_text.iter().zip(weights);
        for (said, weight) in weighing.filter(|(_, weight)| *weight > 0) {
            to.add(weight, rule, words_told(said, "the text"));
        }
    }

    /// A wall has little to say; a page with a text of its own is what it is.
    pub(super) fn add_size(&self, to: &mut Suspicion) {
        let size = self.size;
        let (weight, rule) = match size {
            0..40 => (30, Rule::LittleText),
            40..80 => (15, Rule::LittleText),
            80..130 => return,
            130..250 => (-25, Rule::TextOfItsOwn),
            250..400 => (-50, Rule::TextOfItsOwn),
            _ => (-200, Rule::TextOfItsOwn),
        };
        to.add(weight, rule, text_told(size));
    }

    /// A page that holds what the baseline holds is the page.
    pub(super) fn add_baseline(&self, to: &mut Suspicion) {
        let Some(baseline) = self.case.baseline else {
            return;
        };
        let like = compare(self.page, baseline);
        if like.kept.is_some_and(|kept| kept >= 0.5) {
            to.add(-200, Rule::TextOfItsOwn, "our copy's text is there");
        } else if size(baseline) >= 150 && self.size < 120 && like.same_title != Some(true) {
            to.add(15, Rule::BaselineTextGone, "our copy's text is gone");
        }
    }
}

/// How much a page has to say, in words. The main text counts, and of all that is around it a quarter, as there may be
/// much around a wall. Where no spaces stand between words, characters are counted.
pub(super) fn size(page: &Features) -> u64 {
    let words = page.words;
    let whole = words.max(words_without_spaces(&page.opening));
    if page.main_words == 0 || words == 0 {
        return whole;
    }
    let main = page.main_words.saturating_mul(whole) / words;
    main.max(whole / 4)
}

/// How much text a page has, as evidence says it.
pub(super) fn text_told(size: u64) -> String {
    match size {
        0 => "no text".to_owned(),
        size => format!("some {} of text", in_words(size)),
    }
}

/// Words of scripts that put no spaces between them: two characters are one.
fn words_without_spaces(text: &str) -> u64 {
    let is_one = |c: &char| matches!(u32::from(*c), 0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff);
    text.chars().filter(is_one).count() as u64 / 2
}

/// The phrase that a title says, one that says nothing else before all others.
fn said<'a>(phrases: &'a Phrases, title: &str) -> Option<Said<'a>> {
    let mut best: Option<(bool, &str)> = None;
    let found: Vec<(String, usize)> = phrases
        .find_all(title)
        .map(|found| (found.phrase.to_owned(), found.at))
        .collect();
    for (phrase, at) in &found {
        let is_whole = is_whole_part(title, *at, phrase.len());
        if best.is_none_or(|(whole, known)| (is_whole, phrase.len()) > (whole, known.len())) {
            best = Some((is_whole, phrase));
        }
    }
    let (is_whole, phrase) = best?;
    let said = owned(phrases, phrase)?;
    Some(Said { is_whole, ..said })
}

/// A phrase as the rules hold it.
fn owned<'a>(phrases: &'a Phrases, phrase: &str) -> Option<Said<'a>> {
    let (phrase, language) = phrases.get(phrase)?;
    Some(Said {
        phrase,
        language,
        is_whole: false,
    })
}

/// Whether the part of a title that a phrase stands in has hardly another letter.
fn is_whole_part(title: &str, at: usize, length: usize) -> bool {
    const BREAKS: &[&str] = &[
        " - ", " | ", "|", " · ", " • ", "!", ". ", "...", "…", " / ", "！", "。", "_", " :: ",
        " ‹ ", " › ",
    ];
    let (before, after) = (&title[..at], &title[at + length..]);
    let from = BREAKS
        .iter()
        .filter_map(|sign| before.rfind(sign).map(|at| at + sign.len()))
        .max()
        .unwrap_or(0);
    let to = BREAKS
        .iter()
        .filter_map(|sign| after.find(sign))
        .min()
        .unwrap_or(after.len());
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
    let around = letters(&before[from..]) + letters(&after[..to]);
    around <= (letters(&title[at..at + length]) / 2).max(6)
}
