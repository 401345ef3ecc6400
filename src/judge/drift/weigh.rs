//! How much what changed weighs.

use std::collections::BTreeSet;

use super::apart::{excerpt, is_spelling, letters, only_years_differ, stands, without_years};
use super::holds;
use super::paired::{Elsewhere, GRAM, Group, Paired};
use super::side::Side;
use super::vocabulary as known;
use super::{Change, Counts, Drift, Level, Passage, Weight};
use crate::judge::Text;
use crate::judge::wording::Kind;
use crate::judge::wording::align::{Run, together};

/// What changed is substance once it weighs so much.
const SUBSTANCE: f64 = 1.0;
/// What is never more than touched weighs at most so much.
const TOUCH: f64 = 0.8;
/// A word that is another.
const WORD: f64 = 0.25;
/// A word that says little by itself, or an address.
const LITTLE: f64 = 0.05;
/// A word that is spelt otherwise.
const SPELLING: f64 = 0.04;
/// A year that is another.
const YEAR: f64 = 0.4;
/// A word of a paragraph that is gone.
const GONE_WORD: f64 = 0.1;
/// How often the baseline's words have to be put in once more between paragraphs that stand.
const ADDED: f64 = 10.0;
/// Of a text of so few words, each counts more.
const FEW_WORDS: f64 = 60.0;
/// A baseline of fewer words is not replaced.
const LEAST_REPLACED: f64 = 8.0;
/// Less of it stands than this where it is replaced.
const REPLACED: f64 = 0.25;
/// So many changes are looked at closely; in a text with more, they weigh enough together.
const MOST_CLOSE_LOOKS: usize = 64;
/// So many passages are kept.
const MOST_PASSAGES: usize = 4;
/// A headline, a standfirst, a caption and a line with the author have so many words together.
const MOST_HEAD: f64 = 55.0;

pub(super) fn drift(before: &Text, now: &Text) -> Drift {
    if before.main == now.main {
        return Drift::none(
            before
                .main
                .lines()
                .filter(|line| !line.trim().is_empty())
                .count(),
        );
    }
    let old = Side::read(&before.main);
    let new = Side::read(&now.main);
    if old.hashes.is_empty() || old.hashes == new.hashes {
        return Drift::none(old.paragraphs.len());
    }
    if known::is_consent(&old) && !known::is_consent(&new) {
        // What was captured asks for consent, and holds nothing of the page.
        return Drift::none(0);
    }
    let elsewhere_now = Elsewhere::new(&now.whole);
    let elsewhere_before = Elsewhere::new(&before.whole);
    let paired = Paired::new(&old, &new);
    let kept = paired.kept();
    // Another part of the page was taken for its main text.
    if kept < 0.85 && now.whole.len() != now.main.len() {
        let covered = elsewhere_now.covers(&old, 0..old.hashes.len());
        let stands = covered.iter().filter(|word| **word).count() as f64 / covered.len() as f64;
        if stands > kept + 0.05 {
            let whole = elsewhere_now.side();
            let paired = Paired::new(&old, whole);
            if paired.kept() > kept {
                let mut scale = Scale::new(&paired, &elsewhere_before, &elsewhere_now, false);
                scale.weigh();
                return scale.drift(false);
            }
        }
    }
    let is_other_part = kept < 0.5 && {
        // What is taken for the main text now stood in the baseline too, and was the larger part of it.
        let known = elsewhere_before.covers(&new, 0..new.hashes.len());
        let stood = known.iter().filter(|word| **word).count() as f64;
        stood >= 0.85 * known.len() as f64 && stood >= 2.0 * old.hashes.len() as f64
    };
    let mut scale = Scale::new(&paired, &elsewhere_before, &elsewhere_now, true);
    scale.weigh();
    scale.drift(is_other_part)
}

/// A passage with how much it weighs.
struct Weighed {
    weighs: f64,
    passage: Passage,
}

/// Where between the paragraphs that stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    /// Before all.
    Head,
    /// Behind all.
    Tail,
    /// Between two.
    Between,
}

/// What changed within one sentence.
#[derive(Debug, Default)]
struct Sentence {
    weighs: f64,
    changed: usize,
}

impl Sentence {
    /// What is to be added to its words' weights where a third of it, and more than a word or two, are others: it says
    /// something else.
    fn says_something_else(&self, words: usize) -> f64 {
        let is_other = self.weighs >= 2.9 * WORD && 3 * self.changed >= words;
        if is_other {
            (SUBSTANCE - self.weighs).max(0.0)
        } else {
            0.0
        }
    }
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "what is known of the two sides is unrelated yes-or-no facts"
)]
struct Scale<'p, 'a, 't> {
    paired: &'p Paired<'a, 't>,
    before: &'p Elsewhere<'t>,
    now: &'p Elsewhere<'t>,
    /// Whether the new side is a main text, and no page with all that stands around one.
    is_main: bool,
    counts: Counts,
    passages: Vec<Weighed>,
    /// Words of the baseline that stand.
    stands: f64,
    /// What weighs without bound.
    weight: f64,
    /// What is touched at most, however much there is of it.
    bounded: f64,
    /// Words put in between what stands, and around it.
    added: f64,
    /// What is the same change everywhere is weighed once.
    seen: BTreeSet<u64>,
    years: BTreeSet<u32>,
    figures: f64,
    is_about_cookies: bool,
    /// Whether the baseline tells of a correction already.
    is_corrected: bool,
    has_changed: bool,
    /// How many changes were looked at closely.
    looked_closely: usize,
}

impl<'p, 'a, 't> Scale<'p, 'a, 't> {
    fn new(
        paired: &'p Paired<'a, 't>,
        before: &'p Elsewhere<'t>,
        now: &'p Elsewhere<'t>,
        is_main: bool,
    ) -> Self {
        Self {
            paired,
            before,
            now,
            is_main,
            counts: Counts::default(),
            passages: Vec::new(),
            stands: 0.0,
            weight: 0.0,
            bounded: 0.0,
            added: 0.0,
            seen: BTreeSet::new(),
            years: BTreeSet::new(),
            figures: 0.0,
            is_about_cookies: is_about_cookies(paired.old.text),
            is_corrected: known::corrects(paired.old.text),
            has_changed: false,
            looked_closely: 0,
        }
    }

    fn old_size(&self) -> f64 {
        self.paired.old.hashes.len().max(1) as f64
    }

    fn weigh(&mut self) {
        let groups = self.paired.groups();
        let (mut old, mut new) = (0, 0);
        for (at, group) in groups.iter().enumerate() {
            let place = if at == 0 { Where::Head } else { Where::Between };
            self.gap((old, group.old.0), (new, group.new.0), place);
            self.group(group);
            (old, new) = (group.old.1, group.new.1);
        }
        let end = (
            self.paired.old.paragraphs.len(),
            self.paired.new.paragraphs.len(),
        );
        self.gap((old, end.0), (new, end.1), Where::Tail);
    }

    /// Paragraphs that belong together: what differs within them.
    fn group(&mut self, group: &Group) {
        let (old, new) = (self.paired.old, self.paired.new);
        let runs = &self.paired.runs[group.runs.0..group.runs.1];
        let matched: usize = runs.iter().map(|run| run.len).sum();
        if self.are_both_elsewhere(group) {
            let (start, end) = old.paragraphs[group.old.0].counted;
            self.stands += (end - start) as f64;
            self.counts.moved += 1;
            self.has_changed = true;
            return;
        }
        self.stands += matched as f64;
        let mut at = old.paragraphs[group.old.0].counted.0;
        let mut other = new.paragraphs[group.new.0].counted.0;
        let end = old.paragraphs[group.old.1 - 1].counted.1;
        let other_end = new.paragraphs[group.new.1 - 1].counted.1;
        let mut is_altered = false;
        let mut sentence = Sentence::default();
        let mut start = at;
        let last = Run {
            before: end,
            now: other_end,
            len: 0,
        };
        for run in runs.iter().chain([&last]) {
            if at < run.before || other < run.now {
                is_altered |= self.hunk((at, run.before), (other, run.now), matched, &mut sentence);
            }
            (at, other) = (run.before + run.len, run.now + run.len);
            let mut ends = (run.before..at).filter(|word| old.ends_sentence(*word));
            if let Some(first) = ends.next() {
                self.weight += sentence.says_something_else(first + 1 - start);
                start = ends.next_back().unwrap_or(first) + 1;
                sentence = Sentence::default();
            }
        }
        self.weight += sentence.says_something_else(end.saturating_sub(start));
        let paragraphs = (group.old.1 - group.old.0) as u32;
        if is_altered {
            self.counts.altered += paragraphs;
            self.has_changed = true;
        } else {
            self.counts.kept += paragraphs;
        }
    }

    /// Whether two paragraphs are no other than what stands elsewhere on the other side, word for word: of a list in
    /// another order, neighbours are often alike.
    fn are_both_elsewhere(&self, group: &Group) -> bool {
        let are_two = group.old.1 - group.old.0 == 1 && group.new.1 - group.new.0 == 1;
        are_two && {
            let was = self.paired.old.paragraph_hash(group.old.0);
            let is = self.paired.new.paragraph_hash(group.new.0);
            was != is && self.now.has_whole(was) && self.before.has_whole(is)
        }
    }

    /// Words of a paragraph that are others. Says whether anything of it counts.
    fn hunk(
        &mut self,
        was: (usize, usize),
        is: (usize, usize),
        matched: usize,
        sentence: &mut Sentence,
    ) -> bool {
        let (old, new) = (self.paired.old, self.paired.new);
        let mut words: Vec<usize> = (was.0..was.1).collect();
        let mut others: Vec<usize> = (is.0..is.1).collect();
        if words.len() >= 2 * GRAM {
            let covered = stands(self.now.covers(old, was.0..was.1));
            self.stands += covered.iter().filter(|word| **word).count() as f64;
            words.retain(|at| !covered[at - was.0]);
        }
        if others.len() >= GRAM {
            let covered = stands(self.before.covers(new, is.0..is.1));
            others.retain(|at| !covered[at - is.0]);
        }
        let is_bar = |side: &Side<'_>, words: &[usize]| {
            words.len() <= 6 && words.iter().all(|at| known::BAR.has(side.word(*at).hash))
        };
        if (words.is_empty() || is_bar(old, &words)) && (others.is_empty() || is_bar(new, &others))
        {
            return !words.is_empty() || !others.is_empty();
        }
        if letters(old, &words) == letters(new, &others) {
            // The same, with other spaces: some ways to read a page run lines together.
            self.stands += words.len() as f64;
            return false;
        }
        let key = together(&[
            together(&words.iter().map(|at| old.hashes[*at]).collect::<Vec<_>>()),
            together(&others.iter().map(|at| new.hashes[*at]).collect::<Vec<_>>()),
        ]);
        if !self.seen.insert(key) {
            return true;
        }
        let text = |side: &Side<'t>, words: &[usize]| -> Vec<String> {
            words
                .iter()
                .map(|at| side.said(*at).to_lowercase())
                .collect()
        };
        let (mut weighs, kind) = self.words_weigh(&words, &others, matched);
        if self.changes_what_holds(&words, &others) {
            weighs = weighs.max(SUBSTANCE);
        }
        let (weighs, kind) = if kind == Weight::Plain
            && words.len() <= 2
            && words.len() == others.len()
            && is_spelling(&text(old, &words).concat(), &text(new, &others).concat())
        {
            (SPELLING, Weight::Plain)
        } else {
            (weighs, kind)
        };
        if !self.is_main && words.is_empty() {
            // What stands around a main text stands within it here and there.
            self.bounded += weighs;
        } else {
            let counts = |side: &Side<'_>, words: &[usize]| {
                words
                    .iter()
                    .filter(|at| Self::word_weighs(side, **at) > 0.0)
                    .count()
            };
            sentence.weighs += weighs;
            sentence.changed += counts(old, &words).max(counts(new, &others));
            self.weight += weighs;
        }
        self.pass(weighs, kind, was, is);
        true
    }

    /// Whether few words change for whom, for what or where the text holds.
    fn changes_what_holds(&mut self, words: &[usize], others: &[usize]) -> bool {
        let (old, new) = (self.paired.old, self.paired.new);
        if !self.is_main || self.looked_closely >= MOST_CLOSE_LOOKS {
            return false;
        }
        self.looked_closely += 1;
        let is_in =
            |is_in: fn(&Side<'_>, &[usize]) -> bool| is_in(old, words) || is_in(new, others);
        is_in(holds::is_in_exception)
            || is_in(holds::is_in_definition)
            || holds::is_other_mailbox(old, words, new, others)
    }

    /// How much words weigh that became others.
    fn words_weigh(&mut self, words: &[usize], others: &[usize], matched: usize) -> (f64, Weight) {
        let (old, new) = (self.paired.old, self.paired.new);
        let of_kind = |side: &Side<'_>, words: &[usize], kind: Kind| -> Vec<usize> {
            let all = words.iter().copied();
            all.filter(|at| {
                let is_code = kind == Kind::Number && is_code(side.said(*at));
                side.word(*at).kind == kind && !side.is_address(*at) && !is_code
            })
            .collect()
        };
        let numbers = of_kind(old, words, Kind::Number);
        let other_numbers = of_kind(new, others, Kind::Number);
        let negations = |side: &Side<'_>, words: &[usize]| -> usize {
            let mut all = of_kind(side, words, Kind::Negation);
            // Some mean something else in another language.
            all.retain(|at| !known::COUNTED.has(side.word(*at).hash));
            all.len()
        };
        let (negations, other_negations) = (negations(old, words), negations(new, others));
        let plain = |side: &Side<'_>, words: &[usize]| -> f64 {
            words.iter().map(|at| Self::word_weighs(side, *at)).sum()
        };
        let scale = (FEW_WORDS / self.old_size()).clamp(1.0, 3.0);
        let mut weighs = plain(old, words).max(plain(new, others)) * scale;
        let mut kind = Weight::Plain;
        if negations != other_negations && matched >= 2 && words.len().max(others.len()) <= 4 {
            weighs += SUBSTANCE;
            kind = Weight::Negation;
        }
        let said = |side: &Side<'t>, words: &[usize]| -> Vec<&'t str> {
            words.iter().map(|at| side.said(*at)).collect()
        };
        let (was, is) = (said(old, &numbers), said(new, &other_numbers));
        if let Some(years) = only_years_differ(&was, &is) {
            for year in years {
                if self.years.insert(year) {
                    weighs += YEAR;
                }
            }
        } else if !was.is_empty() && !is.is_empty() && was != is {
            weighs += SUBSTANCE;
            kind = Weight::Number;
        }
        (weighs, kind)
    }

    fn word_weighs(side: &Side<'_>, at: usize) -> f64 {
        let word = side.word(at);
        if side.is_address(at) || known::LITTLE.has(word.hash) {
            return LITTLE;
        }
        match word.kind {
            Kind::Symbol => LITTLE,
            Kind::Number if is_code(side.said(at)) => LITTLE,
            // Weighed apart.
            Kind::Number if !without_years(side.said(at)).1.is_empty() => 0.0,
            _ => WORD * side.weight_of(at),
        }
    }

    /// Paragraphs that share nothing, between those that do.
    fn gap(&mut self, old_range: (usize, usize), new_range: (usize, usize), place: Where) {
        let (old, new) = (self.paired.old, self.paired.new);
        if old_range.0 == old_range.1 && new_range.0 == new_range.1 {
            return;
        }
        let is_list_of_others = (old_range.0 > 0
            && old_range.0 < old_range.1
            && known::heads_other_stories(short(old.paragraph_text(old_range.0 - 1))))
            && new_range.0 < new_range.1;
        let mut gone = Vec::new();
        let mut below_others = is_list_of_others;
        for at in old_range.0..old_range.1 {
            let (start, end) = old.paragraphs[at].counted;
            if self.now.has(old, at) {
                self.stands += (end - start) as f64;
                self.counts.moved += 1;
                self.has_changed = true;
                continue;
            }
            if self.is_furniture(old, at, &mut below_others) {
                self.stands += (end - start) as f64;
                continue;
            }
            gone.push(at);
        }
        let mut added = Vec::new();
        let mut below_others = is_list_of_others;
        for at in new_range.0..new_range.1 {
            if self.before.has(new, at) || self.is_furniture(new, at, &mut below_others) {
                continue;
            }
            added.push(at);
        }
        self.counts.gone += gone.len() as u32;
        self.counts.new += added.len() as u32;
        self.has_changed |= !gone.is_empty() || !added.is_empty();
        self.gone(&gone, &added, place);
        self.added(&added, gone.is_empty(), place);
    }

    /// Whether a paragraph is no part of what a page says: a banner, a share bar, one of a list of other stories.
    fn is_furniture(&self, side: &Side<'_>, at: usize, below_others: &mut bool) -> bool {
        let (start, end) = side.paragraphs[at].counted;
        let size = side.size(at);
        if (start..end).all(|word| {
            let word = side.word(word);
            known::BAR.has(word.hash)
                || known::COUNTED.has(word.hash)
                || known::FRESHNESS.has(word.hash)
        }) {
            return true;
        }
        if is_counter(side, at) {
            return true;
        }
        if size > 80.0 {
            *below_others = false;
            return false;
        }
        if size <= 15.0 && known::CREDIT.has(side.word(start).hash) {
            return true;
        }
        let text = side.paragraph_text(at);
        if size <= 6.0 && known::heads_other_stories(text) {
            *below_others = true;
            return true;
        }
        if *below_others && size <= 45.0 {
            return true;
        }
        if self.is_about_cookies && text.to_ascii_lowercase().contains("cookie") {
            return false;
        }
        size <= 60.0 && known::asks_for_something(text, size <= 12.0)
    }

    fn gone(&mut self, gone: &[usize], added: &[usize], place: Where) {
        let old = self.paired.old;
        if gone.is_empty() {
            return;
        }
        let prose: Vec<usize> = gone
            .iter()
            .copied()
            .filter(|at| old.is_prose(*at))
            .collect();
        let short: Vec<usize> = gone
            .iter()
            .copied()
            .filter(|at| !old.is_prose(*at))
            .collect();
        let size = |all: &[usize]| all.iter().map(|at| old.size(*at)).sum::<f64>();
        let scale = (FEW_WORDS / self.old_size()).clamp(1.0, 3.0);
        // Stories or comments at the end, in place of others.
        let teasers = |side: &Side<'_>, all: &[usize]| {
            all.len() >= 2
                && all.iter().map(|at| side.size(*at)).sum::<f64>() < 45.0 * all.len() as f64
        };
        let is_rotation =
            place != Where::Between && teasers(old, gone) && teasers(self.paired.new, added);
        // A headline and what stands below it are written anew more often than anything else.
        let is_head =
            place == Where::Head && size(gone) <= MOST_HEAD && 4.0 * size(gone) <= self.old_size();
        for at in &prose {
            let weighs = (GONE_WORD * old.size(*at) * scale).min(3.0);
            if is_rotation || is_head {
                self.bounded += weighs;
            } else {
                self.weight += weighs;
            }
            let (start, end) = old.paragraphs[*at].counted;
            self.pass(weighs, Weight::Plain, (start, end), (0, 0));
        }
        if short.is_empty() {
            return;
        }
        let is_figure = |side: &Side<'_>, at: &usize| {
            let (start, end) = side.paragraphs[*at].counted;
            (start..end).any(|word| side.word(word).kind == Kind::Number)
        };
        let figures = short.iter().filter(|at| is_figure(old, at)).count();
        let mut weighs = GONE_WORD * size(&short) * scale;
        let new = self.paired.new;
        let in_place: Vec<usize> = added
            .iter()
            .copied()
            .filter(|at| !new.is_prose(*at))
            .collect();
        let passage = (
            old.paragraphs[short[0]].counted.0,
            old.paragraphs[short[0]].counted.1,
        );
        if in_place.is_empty() {
            let row = size(&short);
            let is_row = place == Where::Between
                && (short.iter().any(|at| old.size(*at) >= 5.0)
                    || (row >= 3.0 && figures > 0 && 4 * figures >= short.len()))
                && self.is_among_rows(short[0]);
            // Many lines of a word or two are a menu.
            let is_menu =
                short.len() > 4 && row < 4.0 * short.len() as f64 && 4 * figures < short.len();
            if is_row {
                weighs = weighs.max(SUBSTANCE);
            }
            if place == Where::Between && !is_menu {
                self.weight += weighs;
            } else {
                self.bounded += weighs;
            }
            self.pass(weighs, Weight::Plain, passage, (0, 0));
        } else {
            // A figure in a table is another.
            let pairs = short.iter().zip(&in_place);
            let changed = pairs
                .filter(|(at, other)| {
                    is_figure(old, at) && is_figure(new, other) && old.size(**at) <= 4.0
                })
                .map(|(at, other)| self.figure_weighs(*at, *other))
                .sum::<f64>();
            if changed > 0.0
                && short.len() == in_place.len()
                && short.len() <= 3
                && place == Where::Between
            {
                self.figures += changed;
                let (start, end) = new.paragraphs[in_place[0]].counted;
                self.pass(changed, Weight::Number, passage, (start, end));
            } else {
                self.bounded += weighs;
                let (start, end) = new.paragraphs[in_place[0]].counted;
                self.pass(weighs, Weight::Plain, passage, (start, end));
            }
        }
    }

    /// Whether a short line stands among others like it.
    fn is_among_rows(&self, at: usize) -> bool {
        let old = self.paired.old;
        let is_row = |at: &usize| old.size(*at) <= 20.0 && !old.is_prose(*at);
        let before = (at.saturating_sub(3)..at).filter(is_row).count();
        let behind = (at + 1..(at + 4).min(old.paragraphs.len()))
            .filter(is_row)
            .count();
        before >= 1 && behind >= 1 && before + behind >= 3
    }

    /// How much a figure weighs that stands alone: one with a currency or a percent sign is no counter.
    fn figure_weighs(&self, at: usize, other: usize) -> f64 {
        let (old, new) = (self.paired.old, self.paired.new);
        let numbers = |side: &Side<'t>, at: usize| -> Vec<&'t str> {
            let (start, end) = side.paragraphs[at].counted;
            let numbers = (start..end).filter(|word| side.word(*word).kind == Kind::Number);
            numbers.map(|word| side.said(word)).collect()
        };
        if only_years_differ(&numbers(old, at), &numbers(new, other)).is_some() {
            return 0.0;
        }
        let marked = |text: &str| {
            text.contains(['€', '$', '£', '¥', '%', '₹', '₽', '¢', '₩', '‰', '.', ','])
        };
        let is_marked = marked(self.paired.old.paragraph_text(at))
            || marked(self.paired.new.paragraph_text(other));
        if is_marked {
            SUBSTANCE
        } else {
            SUBSTANCE / 2.0
        }
    }

    fn added(&mut self, added: &[usize], nothing_gone: bool, place: Where) {
        let new = self.paired.new;
        for at in added {
            let size = new.size(*at);
            let text = new.paragraph_text(*at);
            let (start, end) = new.paragraphs[*at].counted;
            if size <= 120.0 && known::corrects(text) && !self.is_corrected {
                self.weight += SUBSTANCE;
                self.pass(2.0 * SUBSTANCE, Weight::Correction, (0, 0), (start, end));
                continue;
            }
            if place == Where::Between && self.is_main {
                self.added += size;
            }
            if nothing_gone {
                let weighs = (ADDED * size / self.old_size().max(100.0)).min(TOUCH);
                self.pass(weighs, Weight::Plain, (0, 0), (start, end));
            }
        }
    }

    fn pass(&mut self, weighs: f64, weight: Weight, was: (usize, usize), now: (usize, usize)) {
        let change = match (was.0 < was.1, now.0 < now.1) {
            (true, false) => Change::Gone,
            (false, true) => Change::New,
            _ => Change::Altered,
        };
        let is_full = self.passages.len() >= 4 * MOST_PASSAGES;
        if is_full {
            self.passages
                .sort_by(|one, other| other.weighs.total_cmp(&one.weighs));
            self.passages.truncate(MOST_PASSAGES);
            if self
                .passages
                .last()
                .is_some_and(|last| last.weighs >= weighs)
            {
                return;
            }
        }
        let passage = Passage {
            change,
            was: excerpt(self.paired.old, was),
            now: excerpt(self.paired.new, now),
            weight,
        };
        self.passages.push(Weighed { weighs, passage });
    }

    fn drift(mut self, is_other_part: bool) -> Drift {
        let size = self.old_size();
        let kept = (self.stands / size).min(1.0);
        let added = ADDED * self.added / size.max(100.0);
        let mut weight = self.weight + self.figures + added.min(3.0);
        if is_other_part {
            weight = weight.min(TOUCH);
        }
        let mut level = if weight >= SUBSTANCE {
            Level::Drifted
        } else if self.has_changed {
            Level::Touched
        } else {
            Level::Same
        };
        if !is_other_part && size >= LEAST_REPLACED {
            if kept < REPLACED {
                level = Level::Replaced;
            } else if kept < 0.5 && size >= 2.0 * LEAST_REPLACED {
                level = level.max(Level::Drifted);
            }
        }
        self.passages
            .sort_by(|one, other| other.weighs.total_cmp(&one.weighs));
        self.passages.truncate(MOST_PASSAGES);
        Drift {
            level,
            kept: (kept * 10_000.0).floor() / 10_000.0,
            paragraphs: self.counts,
            passages: self
                .passages
                .into_iter()
                .map(|weighed| weighed.passage)
                .collect(),
        }
    }
}

/// Whether a number is none: a digest, the name of a revision or a key.
fn is_code(number: &str) -> bool {
    let letters = number.bytes().filter(u8::is_ascii_alphabetic).count();
    let has_digits = number.bytes().any(|byte| byte.is_ascii_digit());
    number.len() >= 7
        && letters >= 2
        && has_digits
        && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn short(text: &str) -> &str {
    if text.len() <= 80 { text } else { "" }
}

/// Whether a line of nothing but numbers counts something live: beside it stand the words of a share bar.
fn is_counter(side: &Side<'_>, at: usize) -> bool {
    let (start, end) = side.paragraphs[at].counted;
    if (start..end).any(|word| side.word(word).kind != Kind::Number) {
        return false;
    }
    let near = [at.checked_sub(1), Some(at + 1)];
    near.into_iter().flatten().any(|near| {
        side.paragraphs.get(near).is_some_and(|paragraph| {
            let (start, end) = paragraph.counted;
            end - start <= 3
                && (start..end).any(|word| {
                    let hash = side.word(word).hash;
                    known::COUNTED.has(hash) || known::BAR.has(hash)
                })
        })
    })
}

/// A page that is about cookies says so again and again.
fn is_about_cookies(text: &str) -> bool {
    text.match_indices("ookie").nth(5).is_some()
}
