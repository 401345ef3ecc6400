//! Phrases in many languages, found in short texts.

use std::collections::BTreeMap;

use super::RulesError;
use super::finder::Finder;

/// Phrases that speak for the same thing.
#[derive(Debug)]
pub(in crate::judge) struct Phrases {
    all: Finder,
    languages: Vec<(String, String)>,
}

/// A phrase that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::judge) struct Found<'a> {
    /// The phrase, folded.
    pub(in crate::judge) phrase: &'a str,
    /// Its language.
    pub(in crate::judge) language: &'a str,
    /// Where it begins in the folded text, in bytes.
    pub(in crate::judge) at: usize,
}

impl Phrases {
    pub(super) fn new(languages: BTreeMap<String, Vec<String>>) -> Result<Self, RulesError> {
        let mut known: Vec<(String, String)> = languages
            .into_iter()
            .flat_map(|(language, phrases)| {
                phrases
                    .into_iter()
                    .map(move |phrase| (fold(&phrase), language.clone()))
            })
            .filter(|(phrase, _)| !phrase.is_empty())
            .collect();
        known.sort();
        known.dedup_by(|a, b| a.0 == b.0);
        let all = Finder::new(known.iter().map(|(phrase, _)| phrase), false)?;
        Ok(Self {
            all,
            languages: known,
        })
    }

    /// A phrase, folded, as it is kept here, and its language.
    pub(in crate::judge) fn get(&self, folded: &str) -> Option<(&str, &str)> {
        let at = self
            .languages
            .binary_search_by(|(phrase, _)| phrase.as_str().cmp(folded))
            .ok()?;
        let (phrase, language) = self.languages.get(at)?;
        Some((phrase, language))
    }

    /// The longest phrase that stands in a folded text as words of its own.
    pub(in crate::judge) fn find<'a>(&'a self, folded: &'a str) -> Option<Found<'a>> {
        self.find_all(folded)
            .max_by_key(|found| (found.phrase.len(), std::cmp::Reverse(found.at)))
    }

    /// The longest phrase in a folded text, and how much of its letters are in phrases, 0 to 1; of words in `filler` that
    /// stand beside, nothing is counted.
    pub(in crate::judge) fn share<'a>(
        &'a self,
        folded: &'a str,
        filler: Option<&Self>,
    ) -> Option<(Found<'a>, f64)> {
        let longest = self.find(folded)?;
        let mut covered = vec![Cover::None; folded.len()];
        let mut paint = |phrases: &Self, cover: Cover| {
            for found in phrases.find_all(folded) {
                for one in &mut covered[found.at..found.at + found.phrase.len()] {
                    if *one == Cover::None {
                        *one = cover;
                    }
                }
            }
        };
        paint(self, Cover::Phrase);
        if let Some(filler) = filler {
            paint(filler, Cover::Filler);
        }
        let (mut within, mut counted) = (0_u32, 0_u32);
        for (at, c) in folded.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
            let is_digit = c.is_numeric();
            match covered[at] {
                Cover::Phrase => (within, counted) = (within + 1, counted + 1),
                // A number beside says nothing, such as that of an error or of a request.
                Cover::None if !is_digit => counted += 1,
                Cover::None | Cover::Filler => {}
            }
        }
        (counted > 0).then(|| (longest, f64::from(within) / f64::from(counted)))
    }

    /// Every phrase that stands in a folded text as words of its own.
    pub(in crate::judge) fn find_all<'a>(
        &'a self,
        folded: &'a str,
    ) -> impl Iterator<Item = Found<'a>> {
        self.all
            .find(folded.as_bytes())
            .filter(move |hit| is_whole(folded, hit.start, hit.end))
            .map(|hit| {
                let (phrase, language) = &self.languages[hit.phrase];
                Found {
                    phrase,
                    language,
                    at: hit.start,
                }
            })
    }
}

/// What a letter belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cover {
    None,
    Phrase,
    Filler,
}

/// Whether no letter of a script with spaces goes on before or behind.
pub(super) fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let joins = |a: Option<char>, b: Option<char>| match (a, b) {
        (Some(a), Some(b)) => is_of_words(a) && is_of_words(b),
        _ => false,
    };
    let (before, within, after) = (&text[..start], &text[start..end], &text[end..]);
    !joins(before.chars().next_back(), within.chars().next())
        && !joins(within.chars().next_back(), after.chars().next())
}

/// Letters and digits of scripts that put spaces between words.
fn is_of_words(c: char) -> bool {
    c.is_alphanumeric()
        && !matches!(u32::from(c), 0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0x20000..)
}

/// Text as phrases are compared: lower case, white space folded, quotation marks and dashes plain, soft hyphens gone.
pub(in crate::judge) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut is_space = true;
    for c in text.chars() {
        match c {
            // Most texts are little else.
            'a'..='z' | '0'..='9' | 'A'..='Z' => {
                is_space = false;
                folded.push(c.to_ascii_lowercase());
            }
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
            _ if c.is_whitespace() || c.is_control() => {
                if !is_space {
                    folded.push(' ');
                }
                is_space = true;
            }
            _ => {
                is_space = false;
                match c {
                    '‘' | '’' | '‛' | '`' | '´' | 'ʼ' => folded.push('\''),
                    '“' | '”' | '„' | '«' | '»' => folded.push('"'),
                    '‐'..='―' | '−' => folded.push('-'),
                    _ => folded.extend(c.to_lowercase()),
                }
            }
        }
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrases(all: &[&str]) -> Phrases {
        let all = all.iter().map(|one| (*one).to_owned()).collect();
        Phrases::new(BTreeMap::from([("en".to_owned(), all)])).unwrap()
    }

    #[test]
    fn shares_of_what_is_said() {
        let missing = phrases(&["page not found", "not found"]);
        let filler = phrases(&["sorry", "error"]);
        let share = |text: &str| {
            missing
                .share(&fold(text), Some(&filler))
                .map(|(_, share)| share)
        };
        assert_eq!(share("Page Not Found"), Some(1.0));
        assert_eq!(share("Sorry! Error 404: page not found."), Some(1.0));
        assert_eq!(share("A homepage not founded"), None);
        assert_eq!(share("Nothing"), None);
        assert!(share("What to do when a page not found is a good thing").unwrap() < 0.4);
    }
}
