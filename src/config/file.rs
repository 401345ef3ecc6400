//! `sourcekeep.toml` as it is written: every key optional, unknown ones refused.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::origin::Lines;
use super::{
    ByteSize, Cidr, Compacting, Day, HostName, Include, InputAddress, LimitsFile, Proxy, ReadAs,
    Rendering, Resolve, Robots, SecretUrl, ServeFile, SourceAddress, TokenFile, WebAddress,
};

/// Every key that the file may have, with its table. A test holds the list to the structs and to the documentation.
pub const KEYS: &[&str] = &[
    "fetch.user_agent",
    "fetch.contact",
    "fetch.concurrency",
    "fetch.host_concurrency",
    "fetch.host_delay_ms",
    "fetch.proxy",
    "fetch.proxy_file",
    "fetch.second_vantage",
    "fetch.second_vantage_file",
    "fetch.ca_cert",
    "fetch.allow_private",
    "fetch.resolve",
    "fetch.robots",
    "gather.include",
    "gather.exclude_hosts",
    "gather.exclude_patterns",
    "gather.exclude_posts",
    "gather.exclude_selectors",
    "input.address",
    "input.as",
    "input.base",
    "input.include",
    "input.exclude_hosts",
    "input.exclude_patterns",
    "input.exclude_posts",
    "input.exclude_selectors",
    "input.refresh_hours",
    "input.interval_days",
    "input.since",
    "input.browser",
    "schedule.input_refresh_hours",
    "schedule.first_interval_hours",
    "schedule.longest_interval_days",
    "schedule.young_days",
    "schedule.young_interval_hours",
    "schedule.visits_per_day",
    "schedule.canaries",
    "schedule.heartbeat",
    "schedule.heartbeat_file",
    "capture.requisites",
    "capture.downloads",
    "capture.max_bytes",
    "capture.min_free",
    "browser.when",
    "browser.path",
    "browser.timeout_ms",
    "browser.memory",
    "browser.height",
    "browser.pdf",
    "store.compact",
    "judge.rules",
    "backup.folder",
    "backup.keep",
    "serve.listen",
    "serve.replay_listen",
    "serve.url",
    "serve.replay_url",
    "serve.password",
    "serve.read_only",
    "serve.access_log",
    "token.NAME.hash",
    "token.NAME.scope",
    "host.NAME.concurrency",
    "host.NAME.delay_ms",
    "host.NAME.interval_days",
    "source.ADDRESS.interval_days",
    "limits.connect_ms",
    "limits.first_byte_ms",
    "limits.idle_ms",
    "limits.total_ms",
    "limits.redirects",
    "limits.body_bytes",
    "limits.input_bytes",
    "limits.requisites",
    "limits.requisite_bytes",
    "limits.capture_bytes",
    "limits.capture_ms",
];

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// How the network is asked.
    pub fetch: FetchFile,
    /// Which links are citations.
    pub gather: GatherFile,
    /// What is read.
    pub input: Vec<InputFile>,
    /// When what is visited.
    pub schedule: ScheduleFile,
    /// What is kept.
    pub capture: CaptureFile,
    /// How pages are rendered.
    pub browser: BrowserFile,
    /// How it is stored.
    pub store: StoreFile,
    /// How what is seen is judged.
    pub judge: JudgeFile,
    /// Copies of the archive.
    pub backup: BackupFile,
    /// Where the pages are, and who may see them.
    pub serve: ServeFile,
    /// What lets programs see them.
    pub token: BTreeMap<String, TokenFile>,
    /// What is different for one host, and for all hosts below it.
    pub host: BTreeMap<HostName, HostFile>,
    /// What is different for one source.
    pub source: BTreeMap<SourceAddress, SourceFile>,
    /// How much is taken from a stranger.
    pub limits: LimitsFile,
    /// Where each key stands.
    #[serde(skip)]
    pub(super) lines: Lines,
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
    /// The file that holds the proxy's address; relative to the file's folder.
    pub proxy_file: Option<PathBuf>,
    /// The proxy that second looks go through.
    pub second_vantage: Option<Proxy>,
    /// The file that holds its address; relative to the file's folder.
    pub second_vantage_file: Option<PathBuf>,
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

/// `[[input]]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InputFile {
    /// A page or feed on the web, or a file or folder relative to the file's folder.
    pub address: Option<InputAddress>,
    /// What it is read as.
    #[serde(rename = "as")]
    pub read_as: Option<ReadAs>,
    /// The address that a local file has on the web, where it names none itself.
    pub base: Option<WebAddress>,
    /// Links of this input that are otherwise left out.
    pub include: Option<Vec<Include>>,
    /// Hosts, and all below them, that are no sources of this input.
    pub exclude_hosts: Option<Vec<String>>,
    /// Regular expressions on addresses that are no sources of this input.
    pub exclude_patterns: Option<Vec<String>>,
    /// Posts of this input that are not read, by glob.
    pub exclude_posts: Option<Vec<String>>,
    /// CSS selectors of parts of this input's pages that are not read.
    pub exclude_selectors: Option<Vec<String>>,
    /// Hours after which it is read again.
    pub refresh_hours: Option<u32>,
    /// Days between two visits to a source that only this input cites, at most.
    pub interval_days: Option<u32>,
    /// The day from which on posts that it leads to are read.
    pub since: Option<Day>,
    /// Whether the pages that it cites are rendered by a browser.
    pub browser: Option<bool>,
}

/// `[schedule]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleFile {
    /// Hours after which an input is read again.
    pub input_refresh_hours: Option<u32>,
    /// Hours from the first visit of a source to the second.
    pub first_interval_hours: Option<u32>,
    /// Days between two visits to a source in which nothing changes, at most.
    pub longest_interval_days: Option<u32>,
    /// Days during which a post is young.
    pub young_days: Option<u32>,
    /// Hours between two visits to a source that a young post cites, at most.
    pub young_interval_hours: Option<u32>,
    /// Visits in a day, at most.
    pub visits_per_day: Option<u64>,
    /// Addresses that are visited where the fault may be ours.
    pub canaries: Option<Vec<WebAddress>>,
    /// The address that is called after each good run; a secret.
    pub heartbeat: Option<SecretUrl>,
    /// The file that holds that address; relative to the file's folder.
    pub heartbeat_file: Option<PathBuf>,
}

/// `[capture]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaptureFile {
    /// Whether what a page needs to be shown is kept with it.
    pub requisites: Option<bool>,
    /// Whether the data that a page offers is kept with it.
    pub downloads: Option<bool>,
    /// The size of the archive beyond which no copies are kept.
    pub max_bytes: Option<ByteSize>,
    /// The free space below which no copies are kept.
    pub min_free: Option<ByteSize>,
}

/// `[browser]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BrowserFile {
    /// Which pages are rendered.
    pub when: Option<Rendering>,
    /// Where Chromium is; relative to the file's folder.
    pub path: Option<PathBuf>,
    /// Milliseconds that a page may take.
    pub timeout_ms: Option<u64>,
    /// Bytes of memory that the browser may take.
    pub memory: Option<ByteSize>,
    /// Pixels of a screenshot's height.
    pub height: Option<u64>,
    /// Whether a PDF is made too.
    pub pdf: Option<bool>,
}

/// `[store]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreFile {
    /// When what is kept is packed anew.
    pub compact: Option<Compacting>,
}

/// `[judge]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JudgeFile {
    /// A file of rules that extend those of the program; relative to the file's folder.
    pub rules: Option<PathBuf>,
}

/// `[backup]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackupFile {
    /// The folder of the backups; relative to the file's folder.
    pub folder: Option<PathBuf>,
    /// Backups that are kept when a new one takes the place of the oldest.
    pub keep: Option<u32>,
}

/// `[host."NAME"]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostFile {
    /// Requests at a time to this host.
    pub concurrency: Option<u32>,
    /// Milliseconds between two requests to this host.
    pub delay_ms: Option<u64>,
    /// Days between two visits to a source on this host, at most.
    pub interval_days: Option<u32>,
}

/// `[source."ADDRESS"]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceFile {
    /// Days between two visits to this source, at most.
    pub interval_days: Option<u32>,
}
