//! Paywalls: a declaration is evidence, but only text that is missing makes one.

use super::super::compare::compare;
use super::super::rules::MarkKind;
use super::super::suspicion::Suspicion;
use super::super::{Code, Rule};
use super::look::{InText, Look, size};

/// A main text of fewer words, on a page that wants money for it, is the beginning of one.
const SHORT: u64 = 150;

/// Pages that show the beginning, and ask for money.
pub(super) fn paywall(look: &Look<'_>) -> Suspicion {
    let mut suspicion = Suspicion::of(Code::Paywall);
    let page = look.page;
    let missing = match look.case.baseline {
        Some(baseline) => {
            let like = compare(page, baseline);
            let is_beginning = like.known.is_some_and(|known| known >= 0.6)
                && like.kept.is_some_and(|kept| kept <= 0.5)
                && page.main_words.saturating_mul(2) <= baseline.main_words;
            let is_gone = page.main_words < SHORT
                && look.size < 250
                && size(baseline) >= 200
                && size(baseline) >= look.size.saturating_mul(3)
                && like.kept.is_none_or(|kept| kept <= 0.3);
            if is_beginning {
                Some((60, "it holds only the beginning of our copy"))
            } else if is_gone {
                Some((40, "most of our copy's text is missing"))
            } else {
                None
            }
        }
        None => (look.size < SHORT && page.main_words < SHORT)
            .then_some((20, "the text breaks off after a few words")),
    };
    let Some((weight, says)) = missing else {
        return suspicion;
    };
    look.add_marks(&mut suspicion, |kind| kind == MarkKind::Paywall);
    look.add_words(
        &mut suspicion,
        "subscribe",
        Rule::AsksForPayment,
        InText::Asks,
    );
    if suspicion.weight() > 0 {
        suspicion.add(15, Rule::AsksForPayment, "it asks for a subscription");
    }
    if page.free == Some(false) {
        let says = "the page declares that it is not free of charge";
        suspicion.add(40, Rule::DeclaredNotFree, says);
    }
    if suspicion.weight() > 0 {
        suspicion.add(weight, Rule::TextBreaksOff, says);
    }
    suspicion
}
