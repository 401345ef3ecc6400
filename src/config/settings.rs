//! The settings that a command runs with.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use super::{
    ByteSize, Cidr, ConfigError, FetchFile, File, GatherFile, HostFile, HostName, Include, Proxy,
    Resolve, Robots,
};
use crate::fetch::HostPace;
use crate::{fetch, gather};

/// Where somebody who wonders about our visits finds out what we are, unless the operator names a contact.
const HOME: &str = "https://crates.io/crates/sourcekeep";

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
    /// `--ca-cert`.
    pub ca_cert: Option<PathBuf>,
    /// `--allow-private`.
    pub allow_private: Option<Vec<Cidr>>,
    /// `--resolve`.
    pub resolve: Option<Vec<Resolve>>,
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
    /// When what is visited.
    pub schedule: ScheduleSettings,
    /// What is kept.
    pub capture: CaptureSettings,
    /// How much is taken from a stranger.
    pub limits: fetch::Limits,
}

/// How the network is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchSettings {
    /// The `User-Agent`, whole, with the contact in it.
    pub user_agent: String,
    /// Requests at a time: 1 to 1024, by default 64.
    pub concurrency: u32,
    /// Requests at a time to one host: 1 to 64, by default 2.
    pub host_concurrency: u32,
    /// Milliseconds between two requests to one host: at most an hour, by default 1000.
    pub host_delay_ms: u64,
    /// The proxy that everything goes through.
    pub proxy: Option<Proxy>,
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
    /// Bytes of the archive beyond which no copies are kept: by default, there is no such limit.
    pub max_bytes: Option<u64>,
    /// Bytes of free space below which no copies are kept: by default 256 MiB.
    pub min_free: u64,
}

/// When what is visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduleSettings {
    /// Hours after which an input is read again: at most a year, by default 20, so that a daily run always does.
    pub input_refresh_hours: u32,
}

impl Settings {
    /// Puts together what the flags and the environment say, what the file says, and the defaults.
    pub fn resolve(flags: Overrides, file: Option<File>) -> Result<Self, ConfigError> {
        let file = file.unwrap_or_default();
        let hours = file.schedule.input_refresh_hours;
        let schedule = ScheduleSettings {
            input_refresh_hours: within(
                "schedule.input_refresh_hours",
                hours.unwrap_or(20),
                0..=8760,
                "expected at most a year, 8760",
            )?,
        };
        let max_bytes = flags.max_bytes.or(file.capture.max_bytes);
        let min_free = flags.min_free.or(file.capture.min_free);
        let capture = CaptureSettings {
            max_bytes: max_bytes.map(|size| size.0),
            min_free: min_free.map_or(256 << 20, |size| size.0),
        };
        Ok(Self {
            fetch: resolve_fetch(lay_over(flags, file.fetch), file.host)?,
            capture,
            gather: resolve_gather(file.gather)?,
            schedule,
            limits: super::limits::resolve(&file.limits)?,
        })
    }
}

/// The table with the flags laid over it.
fn lay_over(flags: Overrides, file: FetchFile) -> FetchFile {
    FetchFile {
        user_agent: flags.user_agent.or(file.user_agent),
        contact: file.contact,
        concurrency: flags.concurrency.or(file.concurrency),
        host_concurrency: flags.host_concurrency.or(file.host_concurrency),
        host_delay_ms: flags.host_delay_ms.or(file.host_delay_ms),
        proxy: flags.proxy.or(file.proxy),
        ca_cert: flags.ca_cert.or(file.ca_cert),
        allow_private: flags.allow_private.or(file.allow_private),
        resolve: flags.resolve.or(file.resolve),
        robots: file.robots,
    }
}

fn resolve_host(host: &HostFile) -> Result<HostPace, ConfigError> {
    let concurrency = host
        .concurrency
        .map(|own| host_concurrency("host.NAME.concurrency", own))
        .transpose()?;
    let delay = host
        .delay_ms
        .map(|own| host_delay_ms("host.NAME.delay_ms", own))
        .transpose()?;
    Ok(HostPace {
        concurrency: concurrency.map(|own| own as usize),
        delay: delay.map(Duration::from_millis),
    })
}

fn host_concurrency(key: &'static str, value: u32) -> Result<u32, ConfigError> {
    within(key, value, 1..=64, "expected 1 to 64")
}

fn host_delay_ms(key: &'static str, value: u64) -> Result<u64, ConfigError> {
    let why = "expected at most an hour, 3600000";
    within(key, value, 0..=3_600_000, why)
}

fn resolve_fetch(
    fetch: FetchFile,
    hosts: BTreeMap<HostName, HostFile>,
) -> Result<FetchSettings, ConfigError> {
    let mut by_host = HashMap::new();
    for (name, host) in hosts {
        by_host.insert(name.0, resolve_host(&host)?);
    }
    Ok(FetchSettings {
        user_agent: match &fetch.user_agent {
            Some(whole) => header("fetch.user_agent", whole)?,
            None => default_user_agent(fetch.contact.as_deref())?,
        },
        concurrency: within(
            "fetch.concurrency",
            fetch.concurrency.unwrap_or(64),
            1..=1024,
            "expected 1 to 1024",
        )?,
        host_concurrency: host_concurrency(
            "fetch.host_concurrency",
            fetch.host_concurrency.unwrap_or(2),
        )?,
        host_delay_ms: host_delay_ms("fetch.host_delay_ms", fetch.host_delay_ms.unwrap_or(1000))?,
        proxy: fetch.proxy,
        ca_cert: fetch.ca_cert,
        allow_private: fetch.allow_private.unwrap_or_default(),
        resolve: fetch.resolve.unwrap_or_default(),
        robots: fetch.robots.unwrap_or_default(),
        by_host,
    })
}

fn resolve_gather(file: GatherFile) -> Result<gather::Options, ConfigError> {
    let included = file.include.unwrap_or_default();
    let includes = |place| included.contains(&place);
    let options = gather::Options {
        include: gather::Include {
            navigation: includes(Include::Navigation),
            footer: includes(Include::Footer),
            aside: includes(Include::Aside),
            author: includes(Include::Author),
            internal: includes(Include::Internal),
        },
        exclude: gather::Exclusions {
            hosts: file.exclude_hosts.unwrap_or_default(),
            patterns: file.exclude_patterns.unwrap_or_default(),
            posts: file.exclude_posts.unwrap_or_default(),
            selectors: file.exclude_selectors.unwrap_or_default(),
        },
    };
    // Checked here, so that the error comes before anything is done.
    options.compile()?;
    Ok(options)
}

fn default_user_agent(contact: Option<&str>) -> Result<String, ConfigError> {
    let contact = contact
        .map(|contact| header("fetch.contact", contact))
        .transpose()?;
    Ok(fetch::user_agent(Some(contact.as_deref().unwrap_or(HOME))))
}

/// What may stand in a header: visible ASCII and spaces, and not nothing.
fn header(key: &'static str, value: &str) -> Result<String, ConfigError> {
    let is_fit = !value.trim().is_empty()
        && value.len() <= 512
        && value.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if is_fit {
        return Ok(value.trim().to_owned());
    }
    let why = "expected 1 to 512 visible ASCII characters";
    Err(ConfigError::Value {
        key,
        value: format!("{value:?}"),
        why,
    })
}

pub(super) fn within<N: PartialOrd + std::fmt::Display + Copy>(
    key: &'static str,
    value: N,
    range: std::ops::RangeInclusive<N>,
    why: &'static str,
) -> Result<N, ConfigError> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(ConfigError::Value {
        key,
        value: value.to_string(),
        why,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn parse(text: &str) -> Result<File, ConfigError> {
        File::parse(text, Path::new("conf/sourcekeep.toml"))
    }

    fn complaint(text: &str) -> String {
        let settings =
            parse(text).and_then(|file| Settings::resolve(Overrides::default(), Some(file)));
        settings.unwrap_err().to_string()
    }

    #[test]
    fn flags_over_file_over_default() {
        let defaults = Settings::resolve(Overrides::default(), None).unwrap();
        assert_eq!(
            (defaults.fetch.concurrency, defaults.fetch.host_delay_ms),
            (64, 1000)
        );
        assert_eq!(defaults.fetch.robots, Robots::Obey);
        let file = parse(
            "[fetch]\ncontact = \"me@example.com\"\nconcurrency = 8\nhost_delay_ms = 5\n\
             ca_cert = \"ca.pem\"\nresolve = [\"*=[::1]:80\"]\n[gather]\n\
             include = [\"footer\"]\nexclude_hosts = [\"Example.com\"]\n",
        )
        .unwrap();
        let flags = Overrides {
            concurrency: Some(4),
            ..Overrides::default()
        };
        let settings = Settings::resolve(flags, Some(file)).unwrap();
        assert_eq!(
            (settings.fetch.concurrency, settings.fetch.host_delay_ms),
            (4, 5)
        );
        assert!(settings.fetch.user_agent.ends_with("; +me@example.com)"));
        assert_eq!(settings.fetch.ca_cert, Some(PathBuf::from("conf/ca.pem")));
        assert!(settings.gather.include.footer && !settings.gather.include.aside);
    }

    #[test]
    fn complaints_name_the_line_and_what_was_meant() {
        for (text, expected) in [
            (
                "[fetch]\n\nconcurency = 1\n",
                "conf/sourcekeep.toml:3: unknown field `concurency`",
            ),
            ("[fetch]\nconcurency = 1\n", "; did you mean `concurrency`?"),
            ("[fetchh]\n", "did you mean `fetch`?"),
            (
                "[fetch]\nhost-delay-ms = 1\n",
                "did you mean `host_delay_ms`?",
            ),
            ("[fetch]\nrobots = \"obay\"\n", "did you mean `obey`?"),
            (
                "[gather]\ninclude = [\"footer\", \"side\"]\n",
                ":2: unknown variant `side`",
            ),
            ("[fetch]\nx = \n", "conf/sourcekeep.toml:2: "),
            (
                "[fetch]\nconcurrency = 0\n",
                "fetch.concurrency = 0: expected 1 to 1024",
            ),
            ("[fetch]\nconcurrency = -1\n", ":2: "),
            (
                "[fetch]\nallow_private = [\n\"10.0.0.0/8\",\n\"10.0.0.0/99\"]\n",
                ":2: 10.0.0.0/99",
            ),
            ("[fetch]\nresolve = [\"a\"]\n", "expected HOST=ADDR"),
            ("[fetch]\nuser_agent = \"a\\nb\"\n", "fetch.user_agent"),
            (
                "[host.\"https://a.org\"]\ndelay_ms = 1\n",
                ":1: https://a.org: expected a host name",
            ),
            (
                "[host.\"a.org\"]\nconcurrency = 0\n",
                "host.NAME.concurrency = 0: expected 1 to 64",
            ),
            (
                "[capture]\nmax_bytes = \"lots\"\n",
                ":2: lots: expected a size",
            ),
            (
                "[gather]\nexclude_hosts = [\"http://a/b\"]\n",
                "without scheme and path",
            ),
            (
                "[gather]\nexclude_patterns = [\"(\"]\n",
                "is no regular expression",
            ),
            (
                "[fetch]\nproxy = \"http://u:secret@\"\n",
                ":2: not a proxy's address",
            ),
        ] {
            let complaint = complaint(text);
            assert!(complaint.contains(expected), "{text}: {complaint}");
            assert!(!complaint.contains("secret"), "{complaint}");
        }
        let far = complaint("[fetch]\nzebra = 1\n");
        assert!(!far.contains("did you mean"), "{far}");
    }

    /// The structs refuse unknown keys and name the known ones; what they name is what the list has.
    #[test]
    fn the_list_of_keys_is_complete() {
        let mut known = Vec::new();
        for (table, name) in [
            ("[fetch]", "fetch"),
            ("[gather]", "gather"),
            ("[schedule]", "schedule"),
            ("[capture]", "capture"),
            ("[host.\"a.org\"]", "host.NAME"),
            ("[limits]", "limits"),
        ] {
            let text = format!("{table}\nzebra_key = 1\n");
            let message = toml::from_str::<File>(&text)
                .unwrap_err()
                .message()
                .to_owned();
            let words = message.split('`').skip(3).step_by(2);
            known.extend(words.map(|word| format!("{name}.{word}")));
        }
        assert_eq!(known, super::super::KEYS);
    }
}
