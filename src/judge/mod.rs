//! From the facts of a visit to a verdict with evidence.
//!
//! Pure: nothing here fetches, stores or reads a clock, so that anything ever seen can be judged again. The first law
//! is that no living page is called dead: a rule that is not sure says `alive`, or one of the codes that mean "cannot
//! tell". A verdict is of one visit; what becomes of a source is for [`crate::schedule`] to add up.
//!
//! Judged in this order: what failed; the status of the last answer; whether there is a body; what the page says (a wall,
//! a parked domain, a "not found", a page that collapsed), and where the redirects led; whether there is anything to see.
//!
//! What the page says is weighed: each room that suspects something puts its signs on a scale (`suspicion`), and a
//! suspicion is a verdict once its signs weigh [`DECISIVE`] together. Words and providers are data (`rules/*.toml`).

mod around;
mod body;
mod code;
mod collapse;
mod compare;
pub mod drift;
mod drifted;
mod failure;
mod features;
mod fingerprint;
pub mod fragment;
mod landing;
mod missing;
mod page;
mod parked;
pub mod quotes;
mod redirect;
mod rule;
mod rules;
mod status;
mod subject;
mod suspicion;
mod text;
mod verdict;
mod wall;
pub mod wording;

use url::Url;

pub use around::{Around, Asks, Sibling, Sink, asks, folder, made_up};
pub use code::{Code, Group, UnknownCode};
pub use drifted::weigh as weigh_drift;
pub use features::{
    FEATURES_VERSION, Features, Kind, features, features_and_text, features_of_pdf,
};
pub use fingerprint::{Part, SimHash, Sketch};
pub use rule::Rule;
use rules::MarkKind;
pub use rules::{MAX_RULES_BYTES, Rules, RulesError};
pub use text::{Text, text};
pub use verdict::{DECISIVE, JUDGE_VERSION, Sign, Verdict};

use crate::fetch::{Facts, Hop, RobotsFact};
use suspicion::Suspicion;

/// The longest address that is shown in evidence, in characters.
const MAX_SHOWN_CHARS: usize = 200;

/// Everything a verdict is made from.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Case<'a> {
    /// The source's canonical address.
    pub address: &'a Url,
    /// What the visit saw.
    pub facts: &'a Facts,
    /// What was drawn from the visit's body, where there is one that can be read.
    pub features: Option<&'a Features>,
    /// What was drawn from the capture that stands for what the post cited, or else from our earliest one.
    pub baseline: Option<&'a Features>,
    /// When that was captured, in milliseconds since the epoch.
    pub baseline_at: Option<i64>,
    /// How the page has changed against the capture that it is compared with.
    pub drift: Option<&'a drift::Drift>,
    /// What is known beside the visit: siblings, name servers, redirect sinks.
    pub around: &'a Around,
    /// The rules kept as data.
    pub rules: &'a Rules,
}

impl<'a> Case<'a> {
    /// A case of bare facts; what else is known is set on its fields.
    pub fn new(address: &'a Url, facts: &'a Facts) -> Self {
        Self {
            address,
            facts,
            features: None,
            baseline: None,
            baseline_at: None,
            drift: None,
            around: &around::NOTHING,
            rules: Rules::built_in(),
        }
    }
}

impl Case<'_> {
    /// The baseline as evidence names it: "our copy of 2026-01-02".
    pub fn our_copy(&self) -> String {
        let at = self.baseline_at.map(jiff::Timestamp::from_millisecond);
        match at {
            Some(Ok(at)) => format!("our copy of {}", at.strftime("%Y-%m-%d")),
            _ => "our copy".to_owned(),
        }
    }
}

/// Judges one visit. The same case always gives the same verdict.
pub fn judge(case: &Case<'_>) -> Verdict {
    let verdict = if let Some(failed) = &case.facts.failure {
        failure::judge(case, failed)
    } else if let Some(hop) = case.facts.hops.last() {
        by_status(case, hop)
            .or_else(|| body::judge(case, hop))
            .unwrap_or_else(|| by_content(case, hop))
    } else {
        not_asked(case.facts.robots)
    };
    let mut verdict = drifted::weigh(case, redirect::trail(case, verdict));
    if case.facts.rendered.is_some() {
        let says = "an empty shell without a browser: judged by what a browser made of it";
        verdict.evidence.push(Sign::new(Rule::Rendered, says));
    }
    verdict
}

/// The verdict that the last answer's status gives, or `None` where it is fine.
///
/// A page that says 404 or 410 and still holds the text that was cited is there, whatever its server says: no living page
/// is called dead.
fn by_status(case: &Case<'_>, hop: &Hop) -> Option<Verdict> {
    let verdict = status::judge(case, hop).map(|verdict| parked::remark(case, verdict))?;
    if matches!(verdict.code, Code::NotFound | Code::Gone)
        && let Some(kept) = missing::kept_in_full(case)
    {
        let says = format!(
            "{:.0} % of the text of {} is there",
            100.0 * kept,
            case.our_copy()
        );
        let mut alive = Verdict::new(Code::Alive, Rule::KeptDespiteStatus, says);
        alive.evidence.extend(verdict.evidence);
        return Some(alive);
    }
    Some(verdict)
}

/// A fine answer with something in it: what the page says, then where the redirects led.
///
/// The first suspicion that is decided gives the verdict; a wall before all others, for behind it nothing is known. Signs
/// that decided nothing stand behind the verdict all the same, with their weights.
fn by_content(case: &Case<'_>, hop: &Hop) -> Verdict {
    let suspicions = [
        wall::suspect(case),
        parked::suspect(case),
        missing::suspect(case),
        collapse::suspect(case),
    ];
    let decided = suspicions.iter().position(Suspicion::is_decided);
    let mut verdict = match decided {
        Some(at) => suspicions[at]
            .verdict()
            .and(Rule::Status, status::line(hop.status)),
        None => body::nothing_to_see(case, hop).unwrap_or_else(|| redirect::judge(case, hop)),
    };
    for (at, suspicion) in suspicions.into_iter().enumerate() {
        if decided == Some(at) {
            continue;
        }
        for sign in suspicion.into_signs() {
            // What speaks for several things is told once, with what it weighed for the verdict.
            let mut told = verdict.evidence.iter();
            if !told.any(|known| known.rule == sign.rule && known.says == sign.says) {
                verdict.evidence.push(sign);
            }
        }
    }
    verdict
}

/// Nothing was asked, and nothing failed: robots.txt stood before it.
fn not_asked(robots: Option<RobotsFact>) -> Verdict {
    match robots {
        Some(RobotsFact::Disallowed) => Verdict::new(
            Code::Robots,
            Rule::RobotsDisallowed,
            "robots.txt does not allow the visit",
        ),
        Some(RobotsFact::Unreachable) => Verdict::new(
            Code::Robots,
            Rule::RobotsUnreachable,
            "robots.txt could not be had",
        ),
        Some(RobotsFact::Allowed) | None => {
            Verdict::new(Code::ProtocolError, Rule::NoAnswer, "no answer is known")
        }
    }
}

/// So many words, as evidence says it.
fn in_words(words: u64) -> String {
    match words {
        0 => "no words".to_owned(),
        1 => "1 word".to_owned(),
        words => format!("{words} words"),
    }
}

/// An address as evidence shows it: cut where it is very long.
fn shown(address: &str) -> String {
    match address.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((cut, _)) => format!("{}…", &address[..cut]),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests;
