//! The evidence of one verdict: what its signs weigh, what the page said, and what it was compared with.

use super::{Compared, Page, Sign, Weighed};
use crate::judge::{self, DECISIVE, Features, Part, Rule, Verdict};
use crate::report::rfc3339;
use crate::store::Drawn;

/// The signs, and what those came to that the verdict rests on.
///
/// The judge puts those first: weighed ones, or one that alone says all. What was weighed for other verdicts, and was not
/// enough, comes after what only tells.
pub(super) fn weighed(verdict: Option<Verdict>) -> (Vec<Sign>, Option<Weighed>) {
    let evidence = verdict.map(|verdict| verdict.evidence).unwrap_or_default();
    let is_weighed = evidence.first().is_some_and(|sign| sign.weight.is_some());
    let decide = evidence
        .iter()
        .take_while(|sign| is_weighed && sign.weight.is_some())
        .count();
    let sum = |is_for: bool| {
        let weights = evidence.iter().take(decide).filter_map(|sign| sign.weight);
        weights.filter(|weight| (*weight > 0) == is_for).sum()
    };
    let weighed = is_weighed.then(|| Weighed {
        for_it: sum(true),
        against: sum(false),
        needed: DECISIVE,
    });
    let signs = evidence.into_iter().enumerate().map(|(nth, sign)| Sign {
        means: means(&sign),
        decides: nth < decide || !is_weighed && sign.weight.is_none(),
        weight: sign.weight,
        rule: sign.rule.into_owned(),
        says: sign.says,
    });
    (signs.collect(), weighed)
}

fn means(sign: &judge::Sign) -> Option<&'static str> {
    let mut rules = Rule::ALL.iter();
    let rule = rules.find(|rule| rule.as_str() == sign.rule)?;
    Some(rule.description())
}

/// What was drawn from the body, and what it was compared with.
pub(super) fn page(drawn: &Drawn) -> (Option<Page>, Option<Compared>) {
    let read = |json: &str| serde_json::from_str::<Features>(json).ok();
    let Some(features) = drawn.features.as_deref().and_then(read) else {
        return (None, None);
    };
    let compared = drawn.baseline.as_ref().and_then(|baseline| {
        let before = baseline.features.as_deref().and_then(read)?;
        let (now, was) = (&features.sketch, &before.sketch);
        Some(Compared {
            capture: baseline.capture_id,
            at: rfc3339(baseline.at),
            title: before.title,
            main_words: before.main_words,
            kept: was.share_in(Part::Main, now, Part::Whole),
            known: now.share_in(Part::Main, was, Part::Whole),
        })
    });
    let page = Page {
        version: features.version,
        title: features.title,
        words: features.words,
        main_words: features.main_words,
        language: features.language,
        canonical: features.canonical,
        marks: features.marks,
    };
    (Some(page), compared)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Code;

    #[test]
    fn what_decided_is_told_from_what_was_seen_as_well() {
        let sign = |weight: Option<i32>| judge::Sign {
            weight,
            ..judge::Sign::new(Rule::Status, "seen")
        };
        let verdict = |weights: &[Option<i32>]| {
            let verdict = Verdict {
                code: Code::Soft404,
                evidence: weights.iter().map(|weight| sign(*weight)).collect(),
                moved_to: None,
            };
            let (signs, weighed) = weighed(Some(verdict));
            let decide: Vec<bool> = signs.iter().map(|sign| sign.decides).collect();
            (
                decide,
                weighed.map(|weighed| (weighed.for_it, weighed.against)),
            )
        };
        let by_weight = verdict(&[Some(80), Some(40), Some(-10), None, Some(30)]);
        assert_eq!(
            by_weight,
            (vec![true, true, true, false, false], Some((120, -10)))
        );
        let alone = verdict(&[None, None, Some(30)]);
        assert_eq!(alone, (vec![true, true, false], None));
        assert_eq!(weighed(None).0.len(), 0);
    }
}
