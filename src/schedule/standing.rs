//! What a history adds up to, as a stable word.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What the history of a source's verdicts adds up to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Never visited, or only in ways that do not count.
    #[default]
    New,
    /// There, at the last visit that could tell.
    Alive,
    /// Gone or failing since the last fine visit, and not yet confirmed.
    Failing,
    /// Confirmed dead: enough strikes over enough time, and a second look that did not find it alive.
    Dead,
    /// Only "cannot tell" since the last fine visit, or ever.
    Uncertain,
    /// Was dead, and is there again.
    Revived,
}

/// A text that is no standing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no standing: {0}")]
pub struct UnknownStanding(pub String);

impl Standing {
    /// Every standing.
    pub const ALL: &'static [Self] = &[
        Self::New,
        Self::Alive,
        Self::Failing,
        Self::Dead,
        Self::Uncertain,
        Self::Revived,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Alive => "alive",
            Self::Failing => "failing",
            Self::Dead => "dead",
            Self::Uncertain => "uncertain",
            Self::Revived => "revived",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Standing {
    type Err = UnknownStanding;

    fn from_str(text: &str) -> Result<Self, UnknownStanding> {
        Self::ALL
            .iter()
            .copied()
            .find(|standing| standing.as_str() == text)
            .ok_or_else(|| UnknownStanding(text.to_owned()))
    }
}
