//! `sourcekeep.toml` as it is written: every key optional, unknown ones refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{ByteSize, Cidr, ConfigError, HostName, Include, LimitsFile, Proxy, Resolve, Robots};

/// Every key that the file may have, with its table. A test holds the list to the structs and to the documentation.
pub const KEYS: &[&str] = &[
    "fetch.user_agent",
    "fetch.contact",
    "fetch.concurrency",
    "fetch.host_concurrency",
    "fetch.host_delay_ms",
    "fetch.proxy",
    "fetch.ca_cert",
    "fetch.allow_private",
    "fetch.resolve",
    "fetch.robots",
    "gather.include",
    "gather.exclude_hosts",
    "gather.exclude_patterns",
    "gather.exclude_posts",
    "gather.exclude_selectors",
    "schedule.input_refresh_hours",
    "capture.max_bytes",
    "capture.min_free",
    "host.NAME.concurrency",
    "host.NAME.delay_ms",
    "limits.connect_ms",
    "limits.first_byte_ms",
    "limits.idle_ms",
    "limits.total_ms",
    "limits.redirects",
    "limits.body_bytes",
    "limits.input_bytes",
];

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// How the network is asked.
    pub fetch: FetchFile,
    /// Which links are citations.
    pub gather: GatherFile,
    /// When what is visited.
    pub schedule: ScheduleFile,
    /// What is kept.
    pub capture: CaptureFile,
    /// What is different for one host, and for all hosts below it.
    pub host: BTreeMap<HostName, HostFile>,
    /// How much is taken from a stranger.
    pub limits: LimitsFile,
}

/// `[fetch]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FetchFile {
    /// The whole `User-Agent`.
    pub user_agent: Option<String>,
    /// Where the operator can be reached: an address or an e-mail address.
    pub contact: Option<String>,
    /// Requests at a time.
    pub concurrency: Option<u32>,
    /// Requests at a time to one host.
    pub host_concurrency: Option<u32>,
    /// Milliseconds between two requests to one host.
    pub host_delay_ms: Option<u64>,
    /// The proxy that everything goes through.
    pub proxy: Option<Proxy>,
    /// A PEM file of certificates to trust besides the platform's; relative to the file's folder.
    pub ca_cert: Option<PathBuf>,
    /// Ranges that are not public and may be visited.
    pub allow_private: Option<Vec<Cidr>>,
    /// Hosts that are found without asking the name servers.
    pub resolve: Option<Vec<Resolve>>,
    /// What is done with robots.txt.
    pub robots: Option<Robots>,
}

/// `[gather]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatherFile {
    /// Links that are otherwise left out.
    pub include: Option<Vec<Include>>,
    /// Hosts, and all below them, that are no sources.
    pub exclude_hosts: Option<Vec<String>>,
    /// Regular expressions on addresses that are no sources.
    pub exclude_patterns: Option<Vec<String>>,
    /// Posts that are not read, by glob.
    pub exclude_posts: Option<Vec<String>>,
    /// CSS selectors of parts of pages that are not read.
    pub exclude_selectors: Option<Vec<String>>,
}

/// `[schedule]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleFile {
    /// Hours after which an input is read again.
    pub input_refresh_hours: Option<u32>,
}

/// `[capture]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaptureFile {
    /// The size of the archive beyond which no copies are kept.
    pub max_bytes: Option<ByteSize>,
    /// The free space below which no copies are kept.
    pub min_free: Option<ByteSize>,
}

/// `[host."NAME"]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostFile {
    /// Requests at a time to this host.
    pub concurrency: Option<u32>,
    /// Milliseconds between two requests to this host.
    pub delay_ms: Option<u64>,
}

impl File {
    /// Reads the text of a configuration file. The path is for messages, and its folder for relative paths.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let mut file: Self =
            toml::from_str(text).map_err(|error| ConfigError::of_file(&name, text, &error))?;
        if let (Some(certificates), Some(folder)) = (&mut file.fetch.ca_cert, path.parent()) {
            *certificates = folder.join(&*certificates);
        }
        Ok(file)
    }
}
