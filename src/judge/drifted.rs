//! A page that is there and no longer says what it said: compared with the capture that stands for what was cited.

use super::drift::{Change, Drift, Level, Weight};
use super::{Case, Code, Rule, Sign, Verdict};

/// The verdict of a visit with what is known of drift: a page that is there, but changed in substance, is `drifted`.
///
/// What else is said of a page comes first: one that is walled, parked or gone has not drifted.
pub fn weigh(case: &Case<'_>, mut verdict: Verdict) -> Verdict {
    let Some(drift) = case.drift.filter(|drift| drift.level >= Level::Drifted) else {
        return verdict;
    };
    if !matches!(verdict.code, Code::Alive | Code::Moved) {
        return verdict;
    }
    let mut evidence = vec![Sign::new(Rule::Drifted, summary(case, drift))];
    let passages = drift.passages.iter().map(|passage| {
        let weight = match passage.weight {
            Weight::Plain => "",
            Weight::Number => " (a number)",
            Weight::Negation => " (a negation)",
            Weight::Correction => " (a correction)",
        };
        let says = match passage.change {
            Change::Altered => {
                format!(
                    "altered{weight}: “{}” is “{}” now",
                    passage.was, passage.now
                )
            }
            Change::Gone => format!("gone{weight}: “{}”", passage.was),
            Change::New => format!("new{weight}: “{}”", passage.now),
        };
        Sign::new(Rule::DriftedPassage, says)
    });
    for sign in passages {
        // Passages are cut, so that two of them may look the same.
        if !evidence.contains(&sign) {
            evidence.push(sign);
        }
    }
    evidence.append(&mut verdict.evidence);
    Verdict {
        code: Code::Drifted,
        evidence,
        ..verdict
    }
}

/// What changed, in a line.
fn summary(case: &Case<'_>, drift: &Drift) -> String {
    // Rounded down, so that what lost something never has all of it.
    let kept = (100.0 * drift.kept).floor();
    let counts = drift.paragraphs;
    let told = [
        (counts.gone, "gone"),
        (counts.new, "new"),
        (counts.altered, "altered"),
    ];
    let told: Vec<String> = told
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let paragraphs = match told.as_slice() {
        [] => String::new(),
        told => format!("; paragraphs: {}", told.join(", ")),
    };
    let word = match drift.level {
        Level::Replaced => "replaced",
        _ => "changed",
    };
    format!(
        "{word}: {kept:.0} % of the text of {} stands{paragraphs}",
        case.our_copy()
    )
}
