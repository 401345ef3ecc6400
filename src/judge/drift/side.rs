//! One text as it is compared: its words, its paragraphs, and which of its words do not count.

use super::vocabulary as known;
use crate::judge::wording::align::{Row, together};
use crate::judge::wording::{Kind, Word, words};

/// Why a word counts less, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// It counts.
    Counts,
    /// It is part of a date, a time of day, or of how long ago something was.
    Date,
    /// It is a counter, or what it counts.
    Counter,
    /// It numbers a paragraph, or a note.
    Label,
    /// It is part of an address.
    Address,
}

/// A paragraph: a line that has words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paragraph {
    /// Its words.
    pub(super) words: (usize, usize),
    /// Those of them that count, as places in [`Side::counted`].
    pub(super) counted: (usize, usize),
}

/// One side of a comparison.
pub(super) struct Side<'t> {
    pub(super) text: &'t str,
    pub(super) words: Vec<Word>,
    /// Which of the words count.
    pub(super) counted: Vec<u32>,
    /// Their hashes.
    pub(super) hashes: Vec<u64>,
    pub(super) paragraphs: Vec<Paragraph>,
    classes: Vec<Class>,
    starts: Vec<usize>,
}

impl<'t> Side<'t> {
    /// Reads a text, leaving out what does not count.
    pub(super) fn read(text: &'t str) -> Self {
        Self::new(text, false)
    }

    /// Reads a text, every word of which counts.
    pub(super) fn read_all(text: &'t str) -> Self {
        Self::new(text, true)
    }

    fn new(text: &'t str, all_count: bool) -> Self {
        let words = words(text);
        let mut side = Self {
            text,
            classes: vec![Class::Counts; words.len()],
            words,
            counted: Vec::new(),
            hashes: Vec::new(),
            paragraphs: Vec::new(),
            starts: Vec::new(),
        };
        let lines = side.lines();
        if !all_count {
            for &(start, end) in &lines {
                side.classify(start, end);
            }
        }
        for (start, end) in lines {
            let from = side.counted.len();
            for at in start..end {
                if matches!(side.classes[at], Class::Counts | Class::Address) {
                    side.counted.push(at as u32);
                    side.hashes.push(side.words[at].hash);
                }
            }
            let to = side.counted.len();
            if to > from {
                side.starts.push(from);
                side.paragraphs.push(Paragraph {
                    words: (start, end),
                    counted: (from, to),
                });
            }
        }
        side
    }

    /// The words of each line that has any.
    fn lines(&self) -> Vec<(usize, usize)> {
        let mut lines = Vec::new();
        let mut start = 0;
        for at in 1..self.words.len() {
            let between = self.words[at - 1].end as usize..self.words[at].start as usize;
            let between = self.text.as_bytes().get(between).unwrap_or_default();
            if between.contains(&b'\n') {
                lines.push((start, at));
                start = at;
            }
        }
        if start < self.words.len() {
            lines.push((start, self.words.len()));
        }
        lines
    }

    pub(super) fn row(&self) -> Row<'_> {
        Row {
            hashes: &self.hashes,
            starts: &self.starts,
        }
    }

    /// The paragraph that a counted word stands in.
    pub(super) fn paragraph_of(&self, counted: usize) -> usize {
        self.starts
            .partition_point(|start| *start <= counted)
            .saturating_sub(1)
    }

    pub(super) fn word(&self, counted: usize) -> Word {
        self.words[self.counted[counted] as usize]
    }

    pub(super) fn said(&self, counted: usize) -> &'t str {
        self.slice(self.counted[counted] as usize)
    }

    pub(super) fn is_address(&self, counted: usize) -> bool {
        self.classes[self.counted[counted] as usize] == Class::Address
    }

    fn slice(&self, word: usize) -> &'t str {
        let word = self.words[word];
        self.text
            .get(word.start as usize..word.end as usize)
            .unwrap_or_default()
    }

    /// What stands between a word and the next.
    fn behind(&self, word: usize) -> &'t str {
        let end = self
            .words
            .get(word + 1)
            .map_or(self.text.len(), |next| next.start as usize);
        self.text
            .get(self.words[word].end as usize..end)
            .unwrap_or_default()
    }

    /// Whether a sentence ends behind a counted word, or its paragraph.
    pub(super) fn ends_sentence(&self, counted: usize) -> bool {
        let word = self.counted[counted] as usize;
        ends_sentence(self.behind(word))
    }

    /// The text of a paragraph, from its first to its last word and what stands behind that on the line.
    pub(super) fn paragraph_text(&self, paragraph: usize) -> &'t str {
        let (start, end) = self.paragraphs[paragraph].words;
        let from = self.words[start].start as usize;
        let from = self.text[..from].rfind('\n').map_or(0, |at| at + 1);
        let last = self.words[end - 1].end as usize;
        let to = self.text[last..]
            .find('\n')
            .map_or(self.text.len(), |at| last + at);
        self.text[from..to].trim()
    }

    /// How long a paragraph is, in words; two characters of a script without spaces are one.
    pub(super) fn size(&self, paragraph: usize) -> f64 {
        let (start, end) = self.paragraphs[paragraph].words;
        (start..end).map(|word| self.weight(word)).sum()
    }

    /// How much a word counts among others.
    fn weight(&self, word: usize) -> f64 {
        if is_of_script_without_spaces(self.slice(word)) {
            0.5
        } else {
            1.0
        }
    }

    /// The same of a counted one.
    pub(super) fn weight_of(&self, counted: usize) -> f64 {
        self.weight(self.counted[counted] as usize)
    }

    /// Whether a paragraph is running text: several words and the end of a sentence, or many words.
    pub(super) fn is_prose(&self, paragraph: usize) -> bool {
        let size = self.size(paragraph);
        size >= 25.0
            || (size >= 8.0 && {
                let text = self.paragraph_text(paragraph);
                text.ends_with([
                    '.', '!', '?', '。', '！', '？', '…', '।', '؟', '”', '"', '»', ':', ';', '۔',
                    ')',
                ])
            })
    }

    /// A hash of a paragraph's words that count.
    pub(super) fn paragraph_hash(&self, paragraph: usize) -> u64 {
        let (start, end) = self.paragraphs[paragraph].counted;
        together(&self.hashes[start..end])
    }

    /// Finds out which words of a line do not count.
    fn classify(&mut self, start: usize, end: usize) {
        self.label(start, end);
        self.addresses(start, end);
        let mut at = start;
        while at < end {
            if self.words[at].kind == Kind::Number {
                at = self.number(at, start, end);
            } else {
                at += 1;
            }
        }
        self.ages(start, end);
        self.freshness(start, end);
    }

    /// What numbers a paragraph: `4.`, `(b)`, `12)`.
    fn label(&mut self, start: usize, end: usize) {
        let first = self.slice(start);
        let is_short =
            first.len() <= 3 || (self.words[start].kind == Kind::Number && first.len() <= 8);
        let behind = self.behind(start);
        let is_label = (first.chars().count() == 1 || self.words[start].kind == Kind::Number)
            && is_short
            && behind
                .trim_start_matches('\\')
                .starts_with(['.', ')', '．', '、'])
            && behind.trim_start_matches('\\').chars().nth(1).is_some();
        if is_label && end > start + 1 {
            self.classes[start] = Class::Label;
        }
    }

    /// Addresses of pages and of mail.
    fn addresses(&mut self, start: usize, end: usize) {
        let from = self.words[start].start as usize;
        let to = self.words[end - 1].end as usize;
        let line = self.text.get(from..to).unwrap_or_default();
        if !line.contains("://")
            && !line.contains('@')
            && !line.contains("www.")
            && !line.contains("protected")
        {
            return;
        }
        let mut at = start;
        let mut offset = from;
        for part in line.split(|c: char| {
            c.is_whitespace() || matches!(c, '<' | '>' | '"' | '(' | ')' | '[' | ']')
        }) {
            let part_end = offset + part.len();
            let is_address = part.contains("://")
                || part.starts_with("www.")
                || part.starts_with("mailto:")
                || (part.contains('@') && !part.starts_with('@') && part.len() >= 5);
            while at < end && (self.words[at].start as usize) < part_end {
                if is_address && self.words[at].start as usize >= offset {
                    self.classes[at] = Class::Address;
                }
                at += 1;
            }
            offset = part_end;
            offset += self.text[offset..].chars().next().map_or(0, char::len_utf8);
        }
        // What some networks put in place of an address of mail.
        for at in start..end.saturating_sub(1) {
            if self.slice(at).eq_ignore_ascii_case("email")
                && self.slice(at + 1).eq_ignore_ascii_case("protected")
            {
                self.classes[at] = Class::Address;
                self.classes[at + 1] = Class::Address;
            }
        }
    }

    fn is(&self, at: usize, words: &known::Words) -> bool {
        words.has(self.words[at].hash)
    }

    fn mark(&mut self, at: usize, class: Class) {
        if self.classes[at] == Class::Counts {
            self.classes[at] = class;
        }
    }

    /// Looks at a number and what stands around it; gives where to go on.
    fn number(&mut self, at: usize, start: usize, end: usize) -> usize {
        // Numbers with a single mark between them: a date, or a time of day.
        let mut last = at;
        while last + 1 < end
            && self.words[last + 1].kind == Kind::Number
            && matches!(self.behind(last), "/" | "-" | "." | ":" | ". ")
        {
            last += 1;
        }
        let from = self.words[at].start as usize;
        let whole = &self.text[from..self.words[last].end as usize];
        if is_date(whole) || is_time(whole) {
            for one in at..=last {
                self.mark(one, Class::Date);
            }
            self.around_date(at, last, start, end);
            return last + 1;
        }
        let last = at;
        let text = self.slice(at);
        if text
            .split('/')
            .all(|part| is_time(part.trim_start_matches('-')))
        {
            // Also how far a film has been played: 0:15/3:42.
            self.mark(at, Class::Date);
            return at + 1;
        }
        let digits = text.trim_end_matches(|c: char| c.is_alphabetic());
        // 5年3月, and with the units as words of their own.
        let next =
            (last + 1 < end && self.behind(last).trim().is_empty()).then(|| self.slice(last + 1));
        if next.is_some_and(|next| {
            matches!(
                next,
                "年" | "月" | "日" | "时" | "時" | "分" | "년" | "월" | "일"
            )
        }) {
            self.mark(at, Class::Date);
            self.mark(at + 1, Class::Date);
            return at + 2;
        }
        let day = digits
            .parse::<u32>()
            .is_ok_and(|day| (1..=31).contains(&day));
        let year = is_year(digits);
        if day || year {
            // 5 March 2024, March 5th, 2024, 5. de marzo de 2024, March 2024.
            let after = self
                .past_de(at + 1, end)
                .filter(|month| self.is(*month, &known::MONTHS));
            let before = at.checked_sub(1).map(|before| {
                if before > start && self.slice(before).eq_ignore_ascii_case("de") {
                    before - 1
                } else {
                    before
                }
            });
            let before = before.filter(|month| *month >= start && self.is(*month, &known::MONTHS));
            if let Some(month) = after.or(before) {
                let (low, high) = (at.min(month), at.max(month));
                for one in low..=high {
                    self.mark(one, Class::Date);
                }
                let mut high = high;
                if let Some(next) = self.past_de(high + 1, end)
                    && self.words[next].kind == Kind::Number
                    && (is_year(self.slice(next))
                        || (self.slice(next).len() == 2
                            && matches!(self.behind(next - 1), "." | "-" | "/" | " '" | " ’")))
                {
                    for one in high + 1..=next {
                        self.mark(one, Class::Date);
                    }
                    high = next;
                }
                self.around_date(low, high, start, end);
                return high + 1;
            }
        }
        if year
            && (at
                .checked_sub(1)
                .is_some_and(|before| before >= start && self.is(before, &known::COPYRIGHT))
                || self.text[..from].trim_end().ends_with('©'))
        {
            self.mark(at, Class::Date);
            return at + 1;
        }
        self.counter(at, start, end);
        at + 1
    }

    /// Where to look for the rest of a date: `5 de marzo de 2024`.
    fn past_de(&self, at: usize, end: usize) -> Option<usize> {
        let is_de = at < end && self.slice(at).eq_ignore_ascii_case("de");
        let at = at + usize::from(is_de);
        (at < end).then_some(at)
    }

    /// The day of the week before a date, and the time of day after it.
    fn around_date(&mut self, low: usize, high: usize, start: usize, end: usize) {
        if low > start && self.is(low - 1, &known::WEEKDAYS) {
            self.mark(low - 1, Class::Date);
        }
        for at in high + 1..(high + 3).min(end) {
            if self.is(at, &known::CLOCK) || self.is(at, &known::WEEKDAYS) {
                self.mark(at, Class::Date);
            } else {
                break;
            }
        }
    }

    /// `1,234 views`, `Views: 1,234`, `read 12 times`, `[12]`.
    fn counter(&mut self, at: usize, start: usize, end: usize) {
        let from = self.words[at].start as usize;
        let is_note = self.text[..from].ends_with('[') && self.behind(at).starts_with(']');
        if is_note {
            self.mark(at, Class::Label);
            return;
        }
        // `Page 1 of 12`
        if end - start <= 6 && (start..end).any(|word| self.is(word, &known::PAGES)) {
            self.mark(at, Class::Label);
            return;
        }
        // `1.2 K`
        let mut next = at + 1;
        if next < end && matches!(self.slice(next), "K" | "k" | "M" | "m" | "Mio" | "mil") {
            next += 1;
        }
        let counted = next < end && self.is(next, &known::COUNTED);
        let is_short = end - start <= 6;
        let before = at > start
            && self.is(at - 1, &known::COUNTED)
            && (is_short || self.behind(at - 1).contains([':', '(']));
        let times = next < end
            && self.is(next, &known::TIMES)
            && (start.max(at.saturating_sub(3))..at).any(|word| self.is(word, &known::DONE));
        // `4 min read`
        let reading = is_short
            && next + 1 < end
            && self.is(next, &known::UNITS)
            && self.is(next + 1, &known::COUNTED);
        // `13 people found this helpful`
        let helpful = end - start <= 8
            && next < end
            && self.is(next, &known::PEOPLE)
            && (next..end).any(|word| self.is(word, &known::HELPFUL));
        if counted || before || times || reading || helpful {
            for one in at..next {
                self.mark(one, Class::Counter);
            }
            if counted {
                // It is one or many.
                self.mark(next, Class::Counter);
            }
        }
    }

    /// `3 hours ago`, `vor 3 Stunden`, `il y a 3 heures`.
    fn ages(&mut self, start: usize, end: usize) {
        for at in start..end {
            if !self.is(at, &known::UNITS) || at == start {
                continue;
            }
            let count = at - 1;
            let is_count = self.words[count].kind == Kind::Number
                || matches!(
                    self.slice(count),
                    "a" | "an" | "one" | "einer" | "einem" | "une" | "un" | "una" | "eine" | "few"
                );
            if !is_count {
                continue;
            }
            let before = (start.max(count.saturating_sub(3))..count).find(|word| {
                self.is(*word, &known::AGO) && !matches!(self.slice(*word), "a" | "fa" | "y")
            });
            let behind = at + 1;
            let is_past = behind < end
                && (self.is(behind, &known::LEFT)
                    || (self.is(behind, &known::AGO) && self.slice(behind) != "a"));
            if is_past {
                for one in count..=at + 1 {
                    self.mark(one, Class::Date);
                }
            } else if let Some(before) = before {
                for one in before..=at {
                    self.mark(one, Class::Date);
                }
            }
        }
    }

    /// A short line of nothing but a date, and words such as "last updated on".
    fn freshness(&mut self, start: usize, end: usize) {
        const MOST: usize = 14;
        if end - start > MOST {
            return;
        }
        if end - start == 1 && is_year(self.slice(start)) {
            self.mark(start, Class::Date);
        }
        let says_when = (start..end).any(|at| self.classes[at] == Class::Date);
        if says_when
            && (start..end)
                .all(|at| self.classes[at] == Class::Date || self.is(at, &known::FRESHNESS))
        {
            for at in start..end {
                self.mark(at, Class::Date);
            }
        }
    }
}

/// Whether what stands behind a word ends its sentence.
pub(super) fn ends_sentence(behind: &str) -> bool {
    behind.contains(['。', '！', '？', '।', '؟', '\n'])
        || [". ", "! ", "? ", ".) ", ".\" ", ".” ", "; "]
            .iter()
            .any(|end| behind.contains(end))
}

pub(super) fn is_year(text: &str) -> bool {
    text.len() == 4
        && text
            .parse::<u32>()
            .is_ok_and(|year| (1900..2100).contains(&year))
}

/// `2024-05-01`, `1.5.2024`, `05/01/24`, with a time behind it or without.
fn is_date(text: &str) -> bool {
    let text = text.split(['T', ' ']).next().unwrap_or_default();
    for separator in ['/', '-', '.'] {
        let mut parts = text.split(separator);
        if let (Some(one), Some(two), Some(three), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        {
            let plain = |part: &str, most: usize| {
                !part.is_empty() && part.len() <= most && part.bytes().all(|b| b.is_ascii_digit())
            };
            let is_one = plain(one, 4) && plain(two, 2) && plain(three, 4);
            if is_one
                && (is_year(one)
                    || is_year(three)
                    || (three.len() == 2 && one.len() <= 2 && separator != '.'))
            {
                return true;
            }
        }
    }
    false
}

/// `10:45`, `10:45:30`; also where a year runs into it: `202210:45`.
fn is_time(text: &str) -> bool {
    let text = match text.get(..4) {
        Some(year) if is_year(year) && text.len() >= 8 => &text[4..],
        _ => text,
    };
    let parts: Vec<&str> = text.split(':').collect();
    (2..=3).contains(&parts.len())
        && parts.iter().enumerate().all(|(at, part)| {
            let digits = part.trim_end_matches(|c: char| c.is_alphabetic());
            (digits.len() == 2 || (at == 0 && digits.len() == 1))
                && digits.bytes().all(|b| b.is_ascii_digit())
        })
}

fn is_of_script_without_spaces(word: &str) -> bool {
    word.chars().next().is_some_and(|c| {
        matches!(u32::from(c), 0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x9fff
            | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
    })
}
