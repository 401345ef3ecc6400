//! We suspect ourselves first: is it the sources that failed in this run, or we?
//!
//! A run in which most sites that answered before fail now says more about our network than about the sites. Its
//! visits are kept, and nobody gets a strike. Pure: what was seen is handed in site by site, and what follows from it is
//! said; whether a canary can be reached is for the caller to find out.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use crate::judge::{Code, Group};

/// With fewer sites than this, shares say nothing.
const MANY_SITES: usize = 5;
/// The share of the sites that answered before and now fail, from which on a run is suspect, in percent.
const SUSPECT_PERCENT: usize = 60;

const THERE: u8 = 1;
const LOST: u8 = 2;

/// What the visits of one run saw, by site.
#[derive(Debug, Default)]
pub struct Round {
    /// By a hash of the site's name, for a run may see a hundred thousand sites.
    sites: HashMap<u64, u8, BuildHasherDefault<DefaultHasher>>,
    /// Whether anybody answered, with whatever status.
    answered: bool,
    /// Whether a name led to an address.
    resolved: bool,
    /// Whether a visit failed without an answer, or could not be made for want of a network.
    silent: bool,
}

/// Whether a run can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// It can.
    Sound,
    /// It cannot, unless a canary can be reached.
    AskCanaries(Suspicion),
    /// It cannot.
    Suspect(Suspicion),
}

/// Why a run is suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspicion {
    /// No name led to an address.
    NothingResolves,
    /// Nobody answered.
    NothingAnswers,
    /// So many sites failed of those that had answered before.
    SitesFail {
        /// Sites that had answered at their visit before and now fail.
        lost: usize,
        /// Sites that had answered before or answer now.
        of: usize,
    },
}

impl Suspicion {
    /// The stable name, as the archive keeps it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NothingResolves => "nothing-resolves",
            Self::NothingAnswers => "nothing-answers",
            Self::SitesFail { .. } => "sites-fail",
        }
    }
}

impl std::fmt::Display for Suspicion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NothingResolves => f.write_str("no name could be resolved"),
            Self::NothingAnswers => f.write_str("nobody answered"),
            Self::SitesFail { lost, of } => write!(
                f,
                "{lost} of {of} sites that had answered before failed at once"
            ),
        }
    }
}

impl Round {
    /// A visit to a source of this site came to this verdict. `had_answered` says whether the source was there when it
    /// was last visited in a run that could be trusted.
    pub fn take(&mut self, site: &str, code: Code, had_answered: bool) {
        let fails = matches!(code.group(), Group::Gone | Group::Failing);
        let reached = Reached::by(code);
        self.answered |= reached == Reached::Answer;
        self.resolved |= reached >= Reached::Address;
        // What was there and now cannot even be asked for: our proxy is in the way.
        let is_barred = code == Code::Unsupported && had_answered;
        self.silent |= (fails && reached != Reached::Answer) || is_barred;
        let seen = self.sites.entry(self.sites.hasher().hash_one(site));
        *seen.or_default() |= match (fails, had_answered) {
            (false, _) => THERE,
            (true, true) => LOST,
            (true, false) => 0,
        };
    }

    /// A visit could not be made because there is no network.
    pub fn no_network(&mut self) {
        self.silent = true;
    }

    /// Whether so few sites were visited that shares say nothing.
    pub fn is_small(&self) -> bool {
        self.sites.len() < MANY_SITES
    }

    /// What to think of the run. `was_suspect` says whether one shortly before it was, because sites failed: then it is
    /// no longer the first shock, and canaries are asked.
    pub fn trust(&self, was_suspect: bool) -> Trust {
        if self.silent && !self.answered {
            return Trust::AskCanaries(if self.resolved {
                Suspicion::NothingAnswers
            } else {
                Suspicion::NothingResolves
            });
        }
        let count = |what: fn(u8) -> bool| self.sites.values().filter(|seen| what(**seen)).count();
        // One page of a site that is gone is no sign of anything while its other pages are there.
        let lost = count(|seen| seen == LOST);
        let of = count(|seen| seen != 0);
        if lost == 0 || lost * 100 < of * SUSPECT_PERCENT {
            return Trust::Sound;
        }
        let suspicion = Suspicion::SitesFail { lost, of };
        match (was_suspect, !self.is_small()) {
            // Those that failed then are due again before the others, so there may be few of them.
            (true, _) => Trust::AskCanaries(suspicion),
            (false, true) => Trust::Suspect(suspicion),
            (false, false) => Trust::Sound,
        }
    }
}

/// How far a visit came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    Nothing,
    Address,
    Answer,
}

impl Reached {
    fn by(code: Code) -> Self {
        match code {
            Code::DnsFailure | Code::DnsTrouble | Code::Unsupported | Code::Robots => Self::Nothing,
            // A 408 would be an answer, but it is rare, and to be doubted too often costs a day.
            Code::Timeout | Code::ConnectionFailure => Self::Address,
            _ => Self::Answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(seen: &[(&str, Code, bool)]) -> Round {
        let mut round = Round::default();
        for (site, code, had_answered) in seen {
            round.take(site, *code, *had_answered);
        }
        round
    }

    /// So many sites that had answered and fail, and so many that are there.
    fn of_old(lost: usize, there: usize) -> Round {
        let mut round = Round::default();
        for site in 0..lost {
            round.take(&format!("lost{site}"), Code::NotFound, true);
        }
        for site in 0..there {
            round.take(&format!("there{site}"), Code::Alive, true);
        }
        round
    }

    #[test]
    fn six_of_ten_sites_are_too_many() {
        assert!(matches!(of_old(6, 4).trust(false), Trust::Suspect(_)));
        assert!(matches!(of_old(3, 2).trust(false), Trust::Suspect(_)));
        assert!(matches!(of_old(5, 0).trust(false), Trust::Suspect(_)));
        assert_eq!(of_old(59, 41).trust(false), Trust::Sound);
        assert_eq!(of_old(2, 3).trust(false), Trust::Sound);
        assert_eq!(of_old(0, 9).trust(false), Trust::Sound);
        assert!(matches!(of_old(9, 1).trust(true), Trust::AskCanaries(_)));
    }

    #[test]
    fn a_few_sites_that_answer_can_be_trusted() {
        assert_eq!(of_old(4, 0).trust(false), Trust::Sound);
        assert_eq!(of_old(1, 0).trust(false), Trust::Sound);
        // Unless the run before was suspect.
        assert!(matches!(of_old(4, 0).trust(true), Trust::AskCanaries(_)));
        assert_eq!(of_old(1, 1).trust(true), Trust::Sound);
    }

    #[test]
    fn a_rotten_collection_is_not_suspect() {
        let mut round = of_old(0, 20);
        for site in 0..80 {
            round.take(&format!("gone{site}"), Code::DnsFailure, false);
        }
        assert_eq!(round.trust(false), Trust::Sound);
    }

    #[test]
    fn pages_of_a_site_that_is_there_do_not_make_it_lost() {
        let pages = ["a", "b", "c", "d", "e"];
        let mut seen: Vec<_> = pages
            .iter()
            .map(|site| (*site, Code::NotFound, true))
            .collect();
        assert!(matches!(round(&seen).trust(false), Trust::Suspect(_)));
        seen.extend(pages.iter().map(|site| (*site, Code::Blocked, true)));
        assert_eq!(round(&seen).trust(false), Trust::Sound);
    }

    #[test]
    fn where_nobody_answers_canaries_decide() {
        let of = |code, had_answered| round(&[("a", code, had_answered)]).trust(false);
        let asks = Trust::AskCanaries;
        assert_eq!(
            of(Code::DnsFailure, false),
            asks(Suspicion::NothingResolves)
        );
        assert_eq!(of(Code::DnsTrouble, true), asks(Suspicion::NothingResolves));
        assert_eq!(of(Code::Timeout, true), asks(Suspicion::NothingAnswers));
        assert_eq!(of(Code::ServerError, true), Trust::Sound);
        assert_eq!(
            of(Code::Unsupported, true),
            asks(Suspicion::NothingResolves)
        );
        assert_eq!(of(Code::Unsupported, false), Trust::Sound);
        let mut none = Round::default();
        assert_eq!(none.trust(false), Trust::Sound);
        none.no_network();
        assert_eq!(none.trust(false), asks(Suspicion::NothingResolves));
        let mixed = [("a", Code::DnsFailure, true), ("b", Code::TlsFailure, true)];
        assert_eq!(round(&mixed).trust(false), Trust::Sound);
    }
}
