//! From the facts of a visit to a verdict with evidence.
//!
//! Pure: nothing here fetches, stores or reads a clock, so that anything ever seen can be judged again. The first law
//! is that no living page is called dead: a rule that is not sure says `alive`, or one of the codes that mean "cannot
//! tell". A verdict is of one visit; what becomes of a source is for [`crate::schedule`] to add up.
//!
//! Judged in this order: what failed; the status of the last answer; whether there is anything in its body; where the
//! redirects led.

mod body;
mod code;
mod failure;
mod features;
mod landing;
mod page;
mod redirect;
mod rule;
mod status;
mod verdict;

use url::Url;

pub use code::{Code, Group, UnknownCode};
pub use features::{FEATURES_VERSION, Features, Kind, features};
pub use rule::Rule;
pub use verdict::{JUDGE_VERSION, Sign, Verdict};

use crate::fetch::{Facts, RobotsFact};

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
    /// What was drawn from the capture that stands for what the post cited, where there is one.
    pub baseline: Option<&'a Features>,
}

impl<'a> Case<'a> {
    /// A case of bare facts; what else is known is set on its fields.
    pub fn new(address: &'a Url, facts: &'a Facts) -> Self {
        Self {
            address,
            facts,
            features: None,
            baseline: None,
        }
    }
}

/// Judges one visit. The same case always gives the same verdict.
pub fn judge(case: &Case<'_>) -> Verdict {
    let verdict = if let Some(failed) = &case.facts.failure {
        failure::judge(case, failed)
    } else if let Some(hop) = case.facts.hops.last() {
        status::judge(hop)
            .or_else(|| body::judge(case, hop))
            .unwrap_or_else(|| redirect::judge(case, hop))
    } else {
        not_asked(case.facts.robots)
    };
    redirect::trail(case, verdict)
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

/// An address as evidence shows it: cut where it is very long.
fn shown(address: &str) -> String {
    match address.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((cut, _)) => format!("{}…", &address[..cut]),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests;
