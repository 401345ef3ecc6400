//! Rules kept as data: marks of providers, and words in many languages. TOML files beside this one, and one of the
//! user's that extends them.

mod phrases;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use serde::Deserialize;

pub(super) use phrases::{Found, Phrases, fold};

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

/// What is wrong with a file of rules.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// It is not TOML, or has keys that are not known.
    #[error("{0}")]
    Syntax(String),
}

/// What a mark is a mark of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MarkKind {
    /// A bot wall that tries the visitor.
    Challenge,
    /// A captcha.
    Captcha,
    /// A bot wall that refuses.
    Refusal,
    /// A wall that asks for consent.
    Consent,
    /// A wall that asks for a login.
    Login,
    /// A wall that asks for money.
    Paywall,
    /// A wall that refuses by country.
    GeoBlock,
    /// A domain that is parked or for sale.
    Parked,
    /// A hosting service that knows nothing of the host: the name can be taken over.
    Takeover,
    /// An empty shell that waits for a script.
    Shell,
}

/// One thing that a provider leaves in its answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Mark {
    /// Its name, unique: `cloudflare/challenge`.
    pub(super) name: String,
    /// The provider, for people.
    pub(super) label: String,
    /// What it is a mark of.
    pub(super) kind: MarkKind,
    /// Any of these stands in the body, in ASCII letters of any case.
    #[serde(default)]
    pub(super) body: Vec<String>,
    /// Any of these headers came: `name`, or `name: value` (the value's beginning, letters of any case).
    #[serde(default)]
    pub(super) header: Vec<String>,
    /// How much it weighs, of the 100 that decide.
    pub(super) weight: i32,
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
    mark: Vec<Mark>,
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
    body: AhoCorasick,
    /// The mark of each pattern in `body`.
    body_marks: Vec<usize>,
}

impl Rules {
    /// Those that come with the program.
    pub fn built_in() -> &'static Self {
        &RULES
    }

    /// Those that come with the program, extended by a file: what it says of a mark of the same name counts.
    pub fn extended(file: &str) -> Result<Self, RulesError> {
        let mut files = BUILT_IN.to_vec();
        files.push(file);
        Self::read(&files)
    }

    fn read(files: &[&str]) -> Result<Self, RulesError> {
        let mut marks: Vec<Mark> = Vec::new();
        let mut parking = Vec::new();
        let mut words: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
        for file in files {
            let file: File =
                toml::from_str(file).map_err(|error| RulesError::Syntax(error.to_string()))?;
            for mark in file.mark {
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
        let body = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(&patterns)
            .map_err(|error| RulesError::Syntax(error.to_string()))?;
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
        })
    }

    /// The names of the marks that a body bears, sorted.
    pub(super) fn marks_in(&self, body: &str) -> Vec<String> {
        let mut found = vec![false; self.marks.len()];
        for hit in self.body.find_overlapping_iter(body) {
            found[self.body_marks[hit.pattern().as_usize()]] = true;
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
