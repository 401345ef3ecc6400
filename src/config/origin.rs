//! Where a value comes from: so that an error names the place to look at, and `config show` can tell.

use std::collections::BTreeMap;
use std::fmt;

use super::Overrides;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Origin {
    /// Nobody set it.
    #[default]
    Default,
    /// The configuration file.
    File {
        /// The file, as the user would call it.
        file: String,
        /// The line, from 1.
        line: usize,
    },
    /// A variable of the environment.
    Variable(&'static str),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line } => write!(f, "{file}:{line}"),
            Self::Variable(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// On which line of the file each key stands, by its full name: `fetch.proxy`, `host."example.org".delay_ms`,
/// `input[0].as`, `gather.exclude_hosts[2]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Lines {
    /// The file, as the user would call it.
    pub(super) file: String,
    /// Lines, from 1.
    pub(super) at: BTreeMap<String, usize>,
    /// How many keys have a value.
    pub(super) settings: usize,
}

impl Lines {
    /// Where a key stands, if it stands in the file. An item of a list that has no line of its own has its list's.
    pub(super) fn of(&self, key: &str) -> Option<Origin> {
        let list = || key.rsplit_once('[').map_or(key, |(list, _)| list);
        let line = self.at.get(key).or_else(|| self.at.get(list()))?;
        Some(Origin::File {
            file: self.file.clone(),
            line: *line,
        })
    }
}

/// Where every value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origins {
    over: BTreeMap<&'static str, Origin>,
    lines: Lines,
}

impl Origins {
    /// Those of the flags and variables that are set, over those of the file.
    pub(super) fn new(flags: &Overrides, lines: Lines) -> Self {
        let mut over = BTreeMap::new();
        for (is_set, key, flag) in [
            (
                flags.user_agent.is_some(),
                "fetch.user_agent",
                "--user-agent",
            ),
            (
                flags.concurrency.is_some(),
                "fetch.concurrency",
                "--concurrency",
            ),
            (
                flags.host_concurrency.is_some(),
                "fetch.host_concurrency",
                "--host-concurrency",
            ),
            (
                flags.host_delay_ms.is_some(),
                "fetch.host_delay_ms",
                "--host-delay",
            ),
            (flags.proxy.is_some(), "fetch.proxy", "--proxy"),
            (flags.ca_cert.is_some(), "fetch.ca_cert", "--ca-cert"),
            (
                flags.allow_private.is_some(),
                "fetch.allow_private",
                "--allow-private",
            ),
            (flags.resolve.is_some(), "fetch.resolve", "--resolve"),
            (
                flags.requisites.is_some(),
                "capture.requisites",
                "--no-requisites",
            ),
            (
                flags.downloads.is_some(),
                "capture.downloads",
                "--with-downloads",
            ),
            (flags.browser.is_some(), "browser.when", "--browser"),
            (
                flags.max_bytes.is_some(),
                "capture.max_bytes",
                "--max-bytes",
            ),
            (flags.min_free.is_some(), "capture.min_free", "--min-free"),
        ] {
            if is_set {
                over.insert(key, Origin::Flag(flag));
            }
        }
        if flags.proxy.is_none() && flags.proxy_variable.is_some() {
            over.insert("fetch.proxy", Origin::Variable(super::PROXY_VARIABLE));
        }
        if flags.heartbeat_variable.is_some() {
            let variable = Origin::Variable(super::HEARTBEAT_VARIABLE);
            over.insert("schedule.heartbeat", variable);
        }
        Self { over, lines }
    }

    /// Whether a key stands in the file, be it with a value that cannot be used.
    pub(super) fn stands_in_file(&self, key: &str) -> bool {
        self.lines.at.contains_key(key)
    }

    /// Where the value of a key comes from; the key is written as `config show` writes it.
    pub fn of(&self, key: &str) -> Origin {
        let over = self.over.get(key).cloned();
        over.or_else(|| self.lines.of(key)).unwrap_or_default()
    }
}
