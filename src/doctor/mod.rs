//! Is everything around the archive as it should be: a list of checks, each with what was found and what to do.
//!
//! Nothing is an error here. A network that does not answer, a file that is damaged, no file at all: these are findings,
//! and the checks that need what is missing say so.

mod archive;
mod machine;
mod network;

use std::path::Path;

use serde::Serialize;
use url::Url;

use crate::fetch;

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// As it should be.
    Ok,
    /// Something to look at; sourcekeep works.
    Warning,
    /// Something that keeps sourcekeep from working, or its archive from being trusted.
    Problem,
    /// Not looked at.
    Skipped,
}

impl State {
    /// Its name: `ok`, `warning`, `problem`, `skipped`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
            Self::Skipped => "skipped",
        }
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at; the name stays the same.
    pub name: &'static str,
    /// What it came to.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What can be done about it.
    pub advice: Option<String>,
}

impl Check {
    fn new(name: &'static str, state: State, found: impl Into<String>) -> Self {
        Self {
            name,
            state,
            found: found.into(),
            advice: None,
        }
    }

    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self::new(name, State::Ok, found)
    }

    fn warning(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(name, State::Warning, found).advise(advice)
    }

    fn problem(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(name, State::Problem, found).advise(advice)
    }

    fn skipped(name: &'static str, found: impl Into<String>) -> Self {
        Self::new(name, State::Skipped, found)
    }

    fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

/// What is examined.
#[derive(Debug)]
pub struct Patient<'a> {
    /// The archive.
    pub db: &'a Path,
    /// Where its backups are.
    pub backups: &'a Path,
    /// The instant it is.
    pub now: i64,
    /// Whether that is pretended (`--now`).
    pub is_simulated: bool,
    /// Bytes that are to stay free on the archive's disk.
    pub min_free: u64,
    /// Why the configuration cannot be used, if so.
    pub config_trouble: Option<String>,
    /// The configuration file that was read.
    pub config_file: Option<&'a Path>,
    /// Pages of which one at least should answer.
    pub urls: &'a [Url],
    /// How the network is asked; `None` if it is not to be.
    pub fetch: Option<&'a fetch::Settings>,
}

/// Looks at everything, in the order in which somebody would: the program, the machine, the archive, the network.
pub async fn examine(patient: &Patient<'_>) -> Vec<Check> {
    let (health, of_archive) = archive::checks(patient);
    let mut checks = machine::checks(patient, health.as_ref());
    checks.extend(of_archive);
    checks.extend(network::checks(patient, health.as_ref()).await);
    checks
}
