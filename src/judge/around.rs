//! What is known beside the visit itself: how the server answers to what cannot be there, who serves the domain's names,
//! how many other sources ended at the same address.
//!
//! It is asked for only where it would help ([`asks`]), kept in the archive, and handed to the judge as data.

use serde::{Deserialize, Serialize};

use super::{Case, Features, Verdict};

/// Nothing is known.
pub(super) static NOTHING: Around = Around {
    sibling: None,
    name_servers: Vec::new(),
    aliases: Vec::new(),
    sink: None,
};

/// What is known beside a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Around {
    /// How the server answered to a made-up address in the same folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sibling: Option<Sibling>,
    /// The name servers of the registrable domain on which the visit ended (NS records), lower case, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub name_servers: Vec<String>,
    /// The names that the host is an alias of (CNAME records), lower case, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Other sources that ended at the same address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sink: Option<Sink>,
}

/// How a server answered to an address that was made up (Bar-Yossef et al., WWW 2004).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sibling {
    /// The address that was asked for.
    pub url: String,
    /// The status of the last answer.
    pub status: u16,
    /// Where it ended.
    pub final_url: String,
    /// SHA-256 of its body, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_sha256: Option<String>,
    /// What was drawn from its body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Features>,
}

/// A place at which the redirects of many sources end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sink {
    /// Other sources that ended here, whose own addresses are not the same in substance.
    pub sources: u32,
}

/// What would help to judge a case, and is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asks {
    /// Ask for a made-up address in the same folder.
    pub sibling: bool,
    /// Ask for the domain's name servers and the host's aliases.
    pub names: bool,
}

/// What should be asked for before `verdict`, given without it, is believed.
pub fn asks(case: &Case<'_>, verdict: &Verdict) -> Asks {
    let _ = (case, verdict);
    Asks::default()
}
