//! The settings that a command runs with.

use std::collections::HashMap;
use std::path::PathBuf;

use url::Url;

use super::{
    ByteSize, Cidr, Compacting, ConfigError, File, InputAddress, Proxy, ReadAs, Rendering, Resolve,
    Resolved, Robots, SecretUrl, ServeSettings,
};
use crate::fetch::HostPace;
use crate::{browser, fetch, gather};

/// What the command line and the environment say: the flag, else the variable, else `None`. A list that is given
/// takes the place of the file's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// `--user-agent`.
    pub user_agent: Option<String>,
    /// `--concurrency`.
    pub concurrency: Option<u32>,
    /// `--host-concurrency`.
    pub host_concurrency: Option<u32>,
    /// `--host-delay`, in milliseconds.
    pub host_delay_ms: Option<u64>,
    /// `--proxy`.
    pub proxy: Option<Proxy>,
    /// `SOURCEKEEP_PROXY`, which gives way to `--proxy`.
    pub proxy_variable: Option<Proxy>,
    /// `SOURCEKEEP_HEARTBEAT`.
    pub heartbeat_variable: Option<SecretUrl>,
    /// `--ca-cert`.
    pub ca_cert: Option<PathBuf>,
    /// `--allow-private`.
    pub allow_private: Option<Vec<Cidr>>,
    /// `--resolve`.
    pub resolve: Option<Vec<Resolve>>,
    /// `--no-requisites`: false.
    pub requisites: Option<bool>,
    /// `--with-downloads`: true.
    pub downloads: Option<bool>,
    /// `--browser`.
    pub browser: Option<Rendering>,
    /// `--max-bytes`.
    pub max_bytes: Option<ByteSize>,
    /// `--min-free`.
    pub min_free: Option<ByteSize>,
}

/// Everything that can be set, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How the network is asked.
    pub fetch: FetchSettings,
    /// Which links are citations.
    pub gather: gather::Options,
    /// What is read: the inputs of the file, in its order.
    pub inputs: Vec<InputSettings>,
    /// When what is visited.
    pub schedule: ScheduleSettings,
    /// What is kept.
    pub capture: CaptureSettings,
    /// How pages are rendered.
    pub browser: BrowserSettings,
    /// How it is stored.
    pub store: StoreSettings,
    /// How what is seen is judged.
    pub judge: JudgeSettings,
    /// Copies of the archive.
    pub backup: BackupSettings,
    /// Where the pages are, and who may see them.
    pub serve: ServeSettings,
    /// How much is taken from a stranger.
    pub limits: fetch::Limits,
}

/// How the network is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchSettings {
    /// The `User-Agent`, whole, with the contact in it.
    pub user_agent: String,
    /// Where the operator can be reached; part of the `User-Agent`, unless that was set as a whole.
    pub contact: String,
    /// Requests at a time: 1 to 1024, by default 64.
    pub concurrency: u32,
    /// Requests at a time to one host: 1 to 64, by default 2.
    pub host_concurrency: u32,
    /// Milliseconds between two requests to one host: at most an hour, by default 1000.
    pub host_delay_ms: u64,
    /// The proxy that everything goes through.
    pub proxy: Option<Proxy>,
    /// The file that the proxy's address was read from.
    pub proxy_file: Option<PathBuf>,
    /// The proxy that second looks go through.
    pub second_vantage: Option<Proxy>,
    /// The file that its address was read from.
    pub second_vantage_file: Option<PathBuf>,
    /// A PEM file of certificates to trust besides the platform's.
    pub ca_cert: Option<PathBuf>,
    /// Ranges that are not public and may be visited.
    pub allow_private: Vec<Cidr>,
    /// Hosts that are found without asking the name servers.
    pub resolve: Vec<Resolve>,
    /// What is done with robots.txt.
    pub robots: Robots,
    /// What is different for one host, and for all hosts below it.
    pub by_host: HashMap<String, HostPace>,
}

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureSettings {
    /// Whether what a page needs to be shown is kept with it: by default, it is.
    pub requisites: bool,
    /// Whether the data that a page offers is kept with it: by default, it is not.
    pub downloads: bool,
    /// Bytes of the archive beyond which no copies are kept: by default, there is no such limit.
    pub max_bytes: Option<u64>,
    /// Bytes of free space below which no copies are kept: by default 256 MiB.
    pub min_free: u64,
}

/// How pages are rendered by a browser.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BrowserSettings {
    /// Which pages are: by default, those that are an empty shell without.
    pub when: Rendering,
    /// Where the browser is, and how much it may take.
    pub browser: browser::Settings,
}

/// How what is kept is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreSettings {
    /// When it is packed anew.
    pub compact: Compacting,
}

/// When what is visited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleSettings {
    /// Hours after which an input is read again: at most a year, by default 20, so that a daily run always does.
    pub input_refresh_hours: u32,
    /// Hours from the first visit of a source to the second: 1 to 720, by default 24.
    pub first_interval_hours: u32,
    /// Days between two visits to a source in which nothing changes: at most so many. 1 to 365, by default 30.
    pub longest_interval_days: u32,
    /// Days during which a post is young: at most 90, by default 7.
    pub young_days: u32,
    /// Hours between two visits to a source that a young post cites: at most so many. 1 to 720, by default 24.
    pub young_interval_hours: u32,
    /// Visits in a day, at most: by default, there is no such limit.
    pub visits_per_day: Option<u64>,
    /// Addresses that are visited where the fault may be ours: at most 20.
    pub canaries: Vec<Url>,
    /// The address that is called after each good run.
    pub heartbeat: Option<SecretUrl>,
    /// The file that the heartbeat was read from.
    pub heartbeat_file: Option<PathBuf>,
    /// Days between two visits to a source on a host, and on all hosts below it, at most.
    pub by_host: HashMap<String, u32>,
    /// Days between two visits to a source, by its canonical address, at most.
    pub by_source: HashMap<String, u32>,
}

/// An input of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputSettings {
    /// A page or feed on the web, a file or a folder; a path is taken from the file's folder.
    pub address: InputAddress,
    /// What it is read as.
    pub read_as: Option<ReadAs>,
    /// The address that a local file has on the web, where it names none itself.
    pub base: Option<Url>,
    /// What is included and excluded, beside what `[gather]` says.
    pub gather: gather::Options,
    /// Hours after which it is read again, where that is not `schedule.input_refresh_hours`.
    pub refresh_hours: Option<u32>,
    /// Days between two visits to a source that only this input cites, at most.
    pub interval_days: Option<u32>,
    /// Posts that it leads to and that were modified before are not read, in milliseconds since the epoch.
    pub since: Option<i64>,
    /// Whether the pages that it cites are rendered by a browser: by default, as with all.
    pub browser: bool,
}

/// How what is seen is judged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JudgeSettings {
    /// The file of rules that extend those of the program.
    pub rules: Option<PathBuf>,
    /// What it held when the settings were read, checked.
    pub rules_text: Option<String>,
}

/// Copies of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSettings {
    /// The folder they are put in.
    pub folder: Option<PathBuf>,
    /// How many are kept: 1 to 1000, by default 7.
    pub keep: u32,
}

impl Settings {
    /// Puts together what the flags and the environment say, what the file says, and the defaults. The error is the
    /// first of those that [`Resolved::new`] finds.
    pub fn resolve(flags: Overrides, file: Option<File>) -> Result<Self, ConfigError> {
        Resolved::new(flags, file).into_settings()
    }
}
