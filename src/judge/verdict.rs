//! A verdict: a code, and the evidence for it, line by line.
//!
//! Verdicts are computed from facts, features and history, and can be computed again; a stored one carries the
//! [`JUDGE_VERSION`] that it was given under beside it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Code, Rule};

/// The version of the rules. It rises with each change that can change a verdict.
pub const JUDGE_VERSION: u32 = 3;

/// What the signs for a code have to weigh together before it is given.
pub const DECISIVE: i32 = 100;

/// The longest line of evidence, in characters.
const MAX_SAYS_CHARS: usize = 300;

/// One line of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// The rule's name, in kebab-case: one of [`Rule::ALL`], or of an earlier version's.
    pub rule: Cow<'static, str>,
    /// What it saw, in short words for people.
    pub says: String,
    /// How much it weighs for the code it speaks for, of the [`DECISIVE`] that decide; negative where it speaks against
    /// it. None where the sign alone says all, or only tells what was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
}

impl Sign {
    /// A sign of a rule. Words of more than 300 characters are cut.
    pub fn new(rule: Rule, says: impl Into<String>) -> Self {
        let mut says: String = says.into();
        if let Some((cut, _)) = says.char_indices().nth(MAX_SAYS_CHARS) {
            says.truncate(cut);
            says.push('…');
        }
        Self {
            rule: Cow::Borrowed(rule.as_str()),
            says,
            weight: None,
        }
    }

    /// A sign that weighs so much.
    pub fn weighing(weight: i32, rule: Rule, says: impl Into<String>) -> Self {
        Self {
            weight: Some(weight),
            ..Self::new(rule, says)
        }
    }

    /// Whether the sign is of this rule.
    pub fn is(&self, rule: Rule) -> bool {
        self.rule == rule.as_str()
    }
}

/// What the judge says of a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The code.
    pub code: Code,
    /// Why; the sign that decided comes first.
    pub evidence: Vec<Sign>,
    /// The new address, where the code is [`Code::Moved`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<String>,
}

impl Verdict {
    /// A verdict with the sign that decided it.
    pub fn new(code: Code, rule: Rule, says: impl Into<String>) -> Self {
        Self {
            code,
            evidence: vec![Sign::new(rule, says)],
            moved_to: None,
        }
    }

    /// The same verdict with one more sign.
    #[must_use]
    pub fn and(mut self, rule: Rule, says: impl Into<String>) -> Self {
        self.evidence.push(Sign::new(rule, says));
        self
    }

    /// Whether two such verdicts stand for three ordinary strikes. A host that exists without an address, and a
    /// missing host that only a redirect names, are no hard signs: the source's own name is still held by somebody.
    pub fn is_hard_sign(&self) -> bool {
        self.code.is_hard_sign()
            && !self.evidence.iter().any(|sign| {
                sign.is(Rule::RedirectToNoSuchHost)
                    || sign.is(Rule::NoAddress)
                    || sign.is(Rule::FailedAfterRedirect)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_go_through_json() {
        let verdict = Verdict::new(Code::NotFound, Rule::Status, "404 Not Found");
        let json = serde_json::to_string(&verdict).unwrap();
        assert_eq!(
            json,
            r#"{"code":"not-found","evidence":[{"rule":"status","says":"404 Not Found"}]}"#
        );
        assert_eq!(serde_json::from_str::<Verdict>(&json).unwrap(), verdict);
    }

    #[test]
    fn long_words_are_cut() {
        assert_eq!(
            Sign::new(Rule::Status, "ü".repeat(1000))
                .says
                .chars()
                .count(),
            MAX_SAYS_CHARS + 1
        );
    }
}
