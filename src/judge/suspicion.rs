//! The scale: signs that speak for a code, and against it, with their weights.
//!
//! No single sign but a decisive one is enough. A sign that speaks against weighs negative.

use super::{Code, DECISIVE, Rule, Sign, Verdict};

/// What is suspected of a page, and why.
#[derive(Debug)]
pub(super) struct Suspicion {
    code: Code,
    signs: Vec<Sign>,
}

impl Suspicion {
    /// A suspicion that nothing speaks for yet.
    pub(super) fn of(code: Code) -> Self {
        Self {
            code,
            signs: Vec::new(),
        }
    }

    /// The code as it turned out to be, where signs tell which of several it is.
    pub(super) fn set_code(&mut self, code: Code) {
        self.code = code;
    }

    /// Puts a sign on the scale.
    pub(super) fn add(&mut self, weight: i32, rule: Rule, says: impl Into<String>) {
        self.signs.push(Sign::weighing(weight, rule, says));
    }

    /// Whether a sign of this rule speaks for it.
    pub(super) fn has(&self, rule: Rule) -> bool {
        let mut signs = self.signs.iter();
        signs.any(|sign| sign.is(rule) && sign.weight.is_some_and(|weight| weight > 0))
    }

    /// What the signs weigh together.
    pub(super) fn weight(&self) -> i32 {
        self.signs.iter().filter_map(|sign| sign.weight).sum()
    }

    /// Whether they are enough.
    pub(super) fn is_decided(&self) -> bool {
        self.weight() >= DECISIVE
    }

    /// The verdict, the heaviest sign first.
    pub(super) fn verdict(&self) -> Verdict {
        let mut evidence = self.signs.clone();
        evidence.sort_by_key(|sign| std::cmp::Reverse(sign.weight));
        Verdict {
            code: self.code,
            evidence,
            moved_to: None,
        }
    }

    /// What is on the scale.
    pub(super) fn signs(&self) -> &[Sign] {
        &self.signs
    }

    /// The signs, for another verdict's evidence.
    pub(super) fn into_signs(self) -> Vec<Sign> {
        self.signs
    }
}
