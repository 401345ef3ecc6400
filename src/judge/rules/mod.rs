//! Rules kept as data: marks of providers, and words in many languages. TOML files beside this one, and one of the
//! user's that extends them.

mod finder;
mod marks;
mod phrases;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use toml::Spanned;

use finder::Finder;
pub(super) use marks::{Bears, Hit, Mark, MarkKind};
pub(super) use phrases::{Phrases, fold};

/// The files that come with the program.
const BUILT_IN: &[&str] = &[
    include_str!("walls.toml"),
    include_str!("parking.toml"),
    include_str!("missing.toml"),
    include_str!("collapse.toml"),
];

static RULES: LazyLock<Rules> = LazyLock::new(|| match Rules::read(BUILT_IN) {
    Ok(rules) => rules,
    Err(error) => unreachable!("the rules that come with the program are right: {error}"),
});

/// How many bytes a file of rules may have.
pub const MAX_RULES_BYTES: usize = 256 * 1024;
/// How many patterns and phrases it may have.
const MAX_PATTERNS: usize = 5000;
/// How long one of them may be, in bytes.
const MAX_PATTERN_BYTES: usize = 200;
/// How much of a body is looked through for marks, in bytes. What stands in a page's place is short.
const MAX_SCANNED_BYTES: usize = 512 * 1024;

/// What is wrong with a file of rules, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{why}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct RulesError {
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub why: String,
}

impl RulesError {
    fn new(why: impl Into<String>) -> Self {
        Self {
            line: None,
            why: why.into(),
        }
    }

    /// At the line of this byte of the text.
    fn at(text: &str, byte: usize, why: impl Into<String>) -> Self {
        let before = text.get(..byte).unwrap_or_default();
        Self {
            line: Some(before.matches('\n').count() + 1),
            why: why.into(),
        }
    }
}

/// Services by the names they serve.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Parking {
    /// The service.
    pub(super) label: String,
    /// Its name servers: a domain, and all below it.
    #[serde(default)]
    pub(super) name_servers: Vec<String>,
    /// The hosts that parked hosts are aliases of (CNAME): a domain, and all below it.
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    /// Where it sells domains: a domain and all below it, with the beginning of a path where other pages of it are not meant.
    #[serde(default)]
    pub(super) markets: Vec<String>,
    /// How much it weighs, of the 100 that decide.
    pub(super) weight: i32,
}

#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    #[serde(default)]
    mark: Vec<Spanned<Mark>>,
    #[serde(default)]
    parking: Vec<Parking>,
    /// Words by what they speak for, then by language (BCP 47).
    #[serde(default)]
    words: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// Rules, ready to be applied.
#[derive(Debug)]
pub struct Rules {
    pub(super) marks: Vec<Mark>,
    pub(super) parking: Vec<Parking>,
    words: BTreeMap<String, Phrases>,
    body: Finder,
    /// The mark of each pattern in `body`.
    body_marks: Vec<usize>,
    /// What marks say in titles and texts.
    said: marks::Said,
}

impl Rules {
    /// Those that come with the program.
    pub fn built_in() -> &'static Self {
        &RULES
    }

    /// Those that come with the program, extended by a file: what it says of a mark of the same name counts, and its words
    /// are added to those of the same kind.
    pub fn extended(file: &str) -> Result<Self, RulesError> {
        if file.len() > MAX_RULES_BYTES {
            let why = format!("expected at most {MAX_RULES_BYTES} bytes of rules");
            return Err(RulesError::new(why));
        }
        let own = parse(file)?;
        let known = &Self::built_in().words;
        if let Some(what) = own.words.keys().find(|what| !known.contains_key(*what)) {
            let expected: Vec<&str> = known.keys().map(String::as_str).collect();
            let why = format!(
                "unknown words `{what}`, expected one of {}",
                expected.join(", ")
            );
            let at = file.find(what.as_str()).unwrap_or_default();
            return Err(RulesError::at(file, at, why));
        }
        let mut files = BUILT_IN.to_vec();
        files.push(file);
        Self::read(&files)
    }

    fn read(files: &[&str]) -> Result<Self, RulesError> {
        let mut marks: Vec<Mark> = Vec::new();
        let mut parking = Vec::new();
        let mut words: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
        for file in files {
            let file = parse(file)?;
            for mark in file.mark.into_iter().map(Spanned::into_inner) {
                match marks.iter_mut().find(|known| known.name == mark.name) {
                    Some(known) => *known = mark,
                    None => marks.push(mark),
                }
            }
            parking.extend(file.parking);
            for (what, languages) in file.words {
                let known = words.entry(what).or_default();
                for (language, more) in languages {
                    known.entry(language).or_default().extend(more);
                }
            }
        }
        let mut patterns = Vec::new();
        let mut body_marks = Vec::new();
        for (at, mark) in marks.iter().enumerate() {
            for pattern in &mark.body {
                patterns.push(pattern.as_str());
                body_marks.push(at);
            }
        }
        let body = Finder::new(patterns, true)?;
        let said = marks::Said::new(&marks)?;
        let words = words
            .into_iter()
            .map(|(what, languages)| Ok((what, Phrases::new(languages)?)))
            .collect::<Result<_, RulesError>>()?;
        Ok(Self {
            marks,
            parking,
            words,
            body,
            body_marks,
            said,
        })
    }

    /// The names of the marks that a body bears, sorted.
    pub(super) fn marks_in(&self, body: &str) -> Vec<String> {
        let mut found = vec![false; self.marks.len()];
        let body = &body.as_bytes()[..body.len().min(MAX_SCANNED_BYTES)];
        for hit in self.body.find(body) {
            found[self.body_marks[hit.phrase]] = true;
        }
        let mut names: Vec<String> = found
            .iter()
            .zip(&self.marks)
            .filter(|(is_found, _)| **is_found)
            .map(|(_, mark)| mark.name.clone())
            .collect();
        names.sort_unstable();
        names
    }

    /// A mark by its name.
    pub(super) fn mark(&self, name: &str) -> Option<&Mark> {
        self.marks.iter().find(|mark| mark.name == name)
    }

    /// The words that speak for something; none where there are no such words.
    pub(super) fn words(&self, what: &str) -> Option<&Phrases> {
        self.words.get(what)
    }
}

/// Reads one file, and checks that it can be used.
fn parse(text: &str) -> Result<File, RulesError> {
    let file: File = toml::from_str(text).map_err(|error| {
        let why = error.message().trim().replace('\n', "; ");
        match error.span() {
            Some(span) => RulesError::at(text, span.start, why),
            None => RulesError::new(why),
        }
    })?;
    let mut patterns = 0;
    for mark in &file.mark {
        patterns += mark
            .get_ref()
            .check()
            .map_err(|why| RulesError::at(text, mark.span().start, why))?;
    }
    for (what, languages) in &file.words {
        for phrase in languages.values().flatten() {
            patterns += 1;
            let why = if phrase.len() > MAX_PATTERN_BYTES {
                format!("expected at most {MAX_PATTERN_BYTES} bytes")
            } else if fold(phrase).chars().count() < 2 {
                "expected at least two characters".to_owned()
            } else {
                continue;
            };
            let at = text.find(phrase.as_str()).unwrap_or_default();
            return Err(RulesError::at(
                text,
                at,
                format!("words.{what}: {phrase:?}: {why}"),
            ));
        }
    }
    if patterns > MAX_PATTERNS {
        let why = format!("{patterns} patterns and phrases; expected at most {MAX_PATTERNS}");
        return Err(RulesError::new(why));
    }
    Ok(file)
}
