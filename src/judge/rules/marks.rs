//! Marks: what providers leave in their answers, and finding them.

use serde::Deserialize;

use super::finder::Finder;
use super::phrases::is_whole;
use super::{MAX_PATTERN_BYTES, Rules, RulesError, fold};

/// What a mark weighs at the most, for or against.
const MAX_WEIGHT: i32 = 200;

/// What a mark is a mark of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::judge) enum MarkKind {
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
    /// A page by which a server or a proxy says that it failed.
    Trouble,
}

/// One thing that a provider leaves in its answers: any of its patterns, where its conditions (`status`, `host`) hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::judge) struct Mark {
    /// Its name, unique: `cloudflare/challenge`.
    pub(in crate::judge) name: String,
    /// The provider, for people.
    pub(in crate::judge) label: String,
    /// What it is a mark of.
    pub(in crate::judge) kind: MarkKind,
    /// What the provider does there, for people: `JavaScript challenge`.
    #[serde(default)]
    pub(in crate::judge) technique: Option<String>,
    /// Any of these stands in the body, in ASCII letters of any case.
    #[serde(default)]
    pub(in crate::judge) body: Vec<String>,
    /// Any of these headers came: `name`, or `name: value` (the value's beginning, letters of any case).
    #[serde(default)]
    pub(in crate::judge) header: Vec<String>,
    /// Any cookie was set whose name begins so.
    #[serde(default)]
    pub(in crate::judge) cookie: Vec<String>,
    /// Any of these phrases stands in the title or a heading.
    #[serde(default)]
    pub(in crate::judge) title: Vec<String>,
    /// Any of these phrases stands in the text, the title or a heading.
    #[serde(default)]
    pub(in crate::judge) text: Vec<String>,
    /// The final address is below any of these, and the source is not: `host/path`, or `/path` on any host.
    #[serde(default)]
    pub(in crate::judge) address: Vec<String>,
    /// Only with these statuses.
    #[serde(default)]
    pub(in crate::judge) status: Vec<u16>,
    /// Only on these hosts, and all below them.
    #[serde(default)]
    pub(in crate::judge) host: Vec<String>,
    /// How much it weighs, of the 100 that decide.
    pub(in crate::judge) weight: i32,
}

impl Mark {
    /// Whether it can be used; how many patterns it has, or what is wrong.
    pub(super) fn check(&self) -> Result<usize, String> {
        let name = &self.name;
        let is_name = !name.is_empty()
            && name.len() <= 64
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"/-_.".contains(&b));
        if !is_name {
            return Err(format!(
                "name = {name:?}: expected 1 to 64 of a-z, 0-9, `/`, `-`, `_` and `.`"
            ));
        }
        let wrong = |why: &str| Err(format!("mark `{name}`: {why}"));
        if self.weight.abs() > MAX_WEIGHT {
            return wrong(&format!(
                "weight = {}: expected -{MAX_WEIGHT} to {MAX_WEIGHT}",
                self.weight
            ));
        }
        let told = self.label.len() + self.technique.as_ref().map_or(0, String::len);
        if self.label.trim().is_empty() || told > MAX_PATTERN_BYTES {
            return wrong("expected a label, and with the technique at most 200 bytes");
        }
        let mut patterns = 0;
        for (key, list, least) in [
            ("body", &self.body, 4),
            ("header", &self.header, 2),
            ("cookie", &self.cookie, 2),
            ("title", &self.title, 2),
            ("text", &self.text, 2),
            ("address", &self.address, 3),
            ("host", &self.host, 3),
        ] {
            patterns += list.len();
            for pattern in list {
                let length = pattern.trim().chars().count();
                if length < least || pattern.len() > MAX_PATTERN_BYTES {
                    return wrong(&format!(
                        "{key}: {pattern:?}: expected {least} characters to {MAX_PATTERN_BYTES} bytes"
                    ));
                }
            }
        }
        for pattern in self.title.iter().chain(&self.text) {
            if !fold(pattern).chars().any(char::is_alphanumeric) {
                return wrong(&format!("{pattern:?}: expected a phrase with letters"));
            }
        }
        if let Some(status) = self.status.iter().find(|s| !(100..=999).contains(*s)) {
            return wrong(&format!("status: {status}: expected 100 to 999"));
        }
        if patterns + self.status.len() == 0 {
            return wrong(
                "expected a pattern: body, header, cookie, title, text, address, host or status",
            );
        }
        Ok(patterns)
    }

    /// Whether it needs no pattern but its conditions.
    fn is_bare(&self) -> bool {
        self.body.is_empty()
            && self.header.is_empty()
            && self.cookie.is_empty()
            && self.title.is_empty()
            && self.text.is_empty()
            && self.address.is_empty()
    }
}

/// An answer, as marks are looked for in it. Texts are folded.
#[derive(Debug)]
pub(in crate::judge) struct Bears<'a> {
    /// The status.
    pub(in crate::judge) status: u16,
    /// The headers.
    pub(in crate::judge) headers: &'a [(String, String)],
    /// The final address.
    pub(in crate::judge) address: &'a str,
    /// The source's address.
    pub(in crate::judge) source: &'a str,
    /// The names of the marks that the body bears.
    pub(in crate::judge) marks: &'a [String],
    /// The title, and the headings.
    pub(in crate::judge) titles: &'a [String],
    /// The text.
    pub(in crate::judge) text: &'a str,
}

/// A mark that was found, and by which of its patterns.
#[derive(Debug, Clone)]
pub(in crate::judge) struct Hit<'a> {
    /// The mark.
    pub(in crate::judge) mark: &'a Mark,
    /// The pattern, in words for people.
    pub(in crate::judge) by: String,
    /// Whether it was a header.
    pub(in crate::judge) by_header: bool,
}

/// The phrases of all marks.
#[derive(Debug)]
pub(super) struct Said {
    all: Finder,
    /// The mark of each phrase, and whether it has to stand in a title.
    of: Vec<(usize, bool, String)>,
}

impl Said {
    pub(super) fn new(marks: &[Mark]) -> Result<Self, RulesError> {
        let mut of = Vec::new();
        for (at, mark) in marks.iter().enumerate() {
            of.extend(mark.title.iter().map(|phrase| (at, true, fold(phrase))));
            of.extend(mark.text.iter().map(|phrase| (at, false, fold(phrase))));
        }
        let all = Finder::new(of.iter().map(|(_, _, phrase)| phrase), false)?;
        Ok(Self { all, of })
    }

    /// The mark of each phrase that stands here as words of its own, and the phrase.
    fn in_text<'a>(
        &'a self,
        text: &'a str,
        is_title: bool,
    ) -> impl Iterator<Item = (usize, &'a str)> {
        self.all
            .find(text.as_bytes())
            .filter(move |hit| is_whole(text, hit.start, hit.end))
            .filter_map(move |hit| {
                let (mark, wants_title, phrase) = &self.of[hit.phrase];
                (is_title || !wants_title).then_some((*mark, phrase.as_str()))
            })
    }
}

impl Rules {
    /// The marks that an answer bears, in the order of the rules.
    pub(in crate::judge) fn marks_on<'a>(&'a self, answer: &Bears<'_>) -> Vec<Hit<'a>> {
        let mut said: Vec<Option<&str>> = vec![None; self.marks.len()];
        for title in answer.titles {
            for (mark, phrase) in self.said.in_text(title, true) {
                let phrase = self.phrase(mark, phrase);
                said[mark].get_or_insert(phrase);
            }
        }
        for (mark, phrase) in self.said.in_text(answer.text, false) {
            let phrase = self.phrase(mark, phrase);
            said[mark].get_or_insert(phrase);
        }
        let hits = self.marks.iter().zip(said);
        hits.filter_map(|(mark, said)| hit(mark, said, answer))
            .collect()
    }

    /// A phrase as the mark has it.
    fn phrase<'a>(&'a self, mark: usize, folded: &str) -> &'a str {
        let mark = &self.marks[mark];
        let mut phrases = mark.title.iter().chain(&mark.text);
        phrases
            .find(|phrase| fold(phrase) == folded)
            .map_or("", String::as_str)
    }
}

fn hit<'a>(mark: &'a Mark, said: Option<&str>, answer: &Bears<'_>) -> Option<Hit<'a>> {
    if !mark.status.is_empty() && !mark.status.contains(&answer.status) {
        return None;
    }
    if !mark.host.is_empty() && !mark.host.iter().any(|host| is_on(answer.address, host)) {
        return None;
    }
    let found = |by: String| {
        Some(Hit {
            mark,
            by,
            by_header: false,
        })
    };
    let header = mark
        .header
        .iter()
        .find(|header| has(answer.headers, header));
    if let Some(header) = header {
        return Some(Hit {
            mark,
            by: header.clone(),
            by_header: true,
        });
    }
    if answer.marks.contains(&mark.name) {
        return found("markup".to_owned());
    }
    if let Some(phrase) = said {
        return found(format!("\"{phrase}\""));
    }
    let is_below =
        |pattern: &&String| is_below(answer.address, pattern) && !is_below(answer.source, pattern);
    if let Some(address) = mark.address.iter().find(is_below) {
        return found(address.clone());
    }
    let is_set = |cookie: &&String| has(answer.headers, &format!("set-cookie: {cookie}"));
    if let Some(cookie) = mark.cookie.iter().find(is_set) {
        return found(format!("cookie {cookie}"));
    }
    if mark.is_bare() {
        return found(format!("status {}", answer.status));
    }
    None
}

/// Whether a header came: `name`, or `name: value`, where the value is the beginning.
fn has(headers: &[(String, String)], pattern: &str) -> bool {
    let (name, value) = pattern.split_once(':').unwrap_or((pattern, ""));
    let (name, value) = (name.trim(), value.trim());
    headers.iter().any(|(known, has)| {
        known.eq_ignore_ascii_case(name)
            && has
                .trim()
                .as_bytes()
                .get(..value.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(value.as_bytes()))
    })
}

/// The host and what follows of an address: `example.com/a?b`, without a port.
fn parts(address: &str) -> (&str, &str) {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    (host.split(':').next().unwrap_or(host), path)
}

/// Whether an address is on a host, or on one below it.
fn is_on(address: &str, host: &str) -> bool {
    let (own, _) = parts(address);
    let (own, host) = (own.as_bytes(), host.as_bytes());
    own.len() >= host.len()
        && own[own.len() - host.len()..].eq_ignore_ascii_case(host)
        && (own.len() == host.len() || own[own.len() - host.len() - 1] == b'.')
}

/// Whether an address is below `host/path`, or `/path` on any host.
fn is_below(address: &str, pattern: &str) -> bool {
    let (host, path) = match pattern.find('/') {
        Some(at) => pattern.split_at(at),
        None => (pattern, ""),
    };
    let (_, own) = parts(address);
    (host.is_empty() || is_on(address, host))
        && own
            .as_bytes()
            .get(..path.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(path.as_bytes()))
}
