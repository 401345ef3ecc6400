//! Every key with the value in force and where it comes from. Secrets stay hidden.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use toml::Value;

use super::{
    FetchSettings, InputAddress, InputSettings, Origin, Origins, Proxy, Resolved, ScheduleSettings,
    ServeSettings, full_name,
};
use crate::{fetch, gather};

/// What stands in the place of a secret.
pub const HIDDEN: &str = "(hidden)";

/// The value of a key, as far as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// There is none, and it has no default.
    Unset,
    /// It is a secret.
    Hidden,
    /// Made from other keys, as nobody set it.
    Made(Value),
    /// This.
    Value(Value),
}

/// A key with the value in force.
#[derive(Debug, Clone, PartialEq)]
pub struct InForce {
    /// The table: `fetch`, `host."example.org"`, `input[0]`.
    pub table: String,
    /// The name of the key in it.
    pub name: &'static str,
    /// The value. Paths are absolute, sizes in bytes.
    pub value: Shown,
    /// Where the value comes from.
    pub origin: Origin,
}

impl InForce {
    /// The full name of the key: `host."example.org".delay_ms`.
    pub fn key(&self) -> String {
        format!("{}.{}", self.table, self.name)
    }
}

impl Resolved {
    /// Every key, in the order of the documentation; of inputs, hosts and sources those that are set.
    pub fn in_force(&self) -> Vec<InForce> {
        let settings = &self.settings;
        let mut list = List {
            origins: &self.origins,
            table: String::new(),
            keys: Vec::new(),
        };
        list.fetch(&settings.fetch);
        list.table("gather");
        list.gather(&settings.gather, true);
        for (index, input) in settings.inputs.iter().enumerate() {
            list.table(format!("input[{index}]"));
            list.input(input);
        }
        list.schedule(&settings.schedule);
        list.table("capture");
        list.value("requisites", settings.capture.requisites);
        list.value("downloads", settings.capture.downloads);
        list.maybe("max_bytes", settings.capture.max_bytes.map(number));
        list.value("min_free", number(settings.capture.min_free));
        let browser = &settings.browser;
        list.table("browser");
        list.value("when", browser.when.as_str());
        list.maybe("path", browser.browser.path.as_deref().map(path));
        list.value(
            "timeout_ms",
            number(browser.browser.timeout.as_millis() as u64),
        );
        list.value("memory", number(browser.browser.memory));
        list.value("height", i64::from(browser.browser.height));
        list.value("pdf", browser.browser.pdf);
        list.table("store");
        list.value("compact", settings.store.compact.as_str());
        list.table("judge");
        list.maybe("rules", settings.judge.rules.as_deref().map(path));
        list.table("backup");
        list.maybe("folder", settings.backup.folder.as_deref().map(path));
        list.value("keep", i64::from(settings.backup.keep));
        list.serve(&settings.serve);
        list.hosts(&settings.fetch, &settings.schedule);
        let sources: BTreeSet<_> = settings.schedule.by_source.iter().collect();
        for (source, days) in sources {
            list.table(full_name("source", source));
            list.value("interval_days", i64::from(*days));
        }
        list.limits(&settings.limits);
        list.keys
    }
}

struct List<'a> {
    origins: &'a Origins,
    table: String,
    keys: Vec<InForce>,
}

impl List<'_> {
    fn table(&mut self, name: impl Into<String>) {
        self.table = name.into();
    }

    fn push(&mut self, name: &'static str, value: Shown, origin: Option<Origin>) {
        let key = format!("{}.{name}", self.table);
        self.keys.push(InForce {
            table: self.table.clone(),
            name,
            value,
            origin: origin.unwrap_or_else(|| self.origins.of(&key)),
        });
    }

    fn value(&mut self, name: &'static str, value: impl Into<Value>) {
        self.push(name, Shown::Value(value.into()), None);
    }

    fn maybe(&mut self, name: &'static str, value: Option<impl Into<Value>>) {
        match value {
            Some(value) => self.value(name, value),
            None => self.push(name, Shown::Unset, Some(Origin::Default)),
        }
    }

    /// A key of which only what is set is shown.
    fn set(&mut self, name: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.value(name, value);
        }
    }

    /// A secret, which may come from a file of its own.
    fn secret(
        &mut self,
        name: &'static str,
        file_name: &'static str,
        file: Option<&Path>,
        value: Option<Shown>,
    ) {
        let file_key = format!("{}.{file_name}", self.table);
        let origin = file.map(|_| self.origins.of(&file_key));
        match value {
            Some(value) => self.push(name, value, origin),
            None => self.push(name, Shown::Unset, Some(Origin::Default)),
        }
        self.maybe(file_name, file.map(path));
    }

    /// A proxy's address, which is a secret where it has credentials.
    fn proxy(
        &mut self,
        name: &'static str,
        file_name: &'static str,
        file: Option<&Path>,
        proxy: Option<&Proxy>,
    ) {
        let shown = proxy.map(|Proxy(url)| {
            let has_credentials = !url.username().is_empty() || url.password().is_some();
            if has_credentials || file.is_some() {
                Shown::Hidden
            } else {
                Shown::Value(Value::from(url.as_str()))
            }
        });
        self.secret(name, file_name, file, shown);
    }

    fn fetch(&mut self, fetch: &FetchSettings) {
        self.table("fetch");
        let agent = Value::from(fetch.user_agent.clone());
        let agent = match self.origins.of("fetch.user_agent") {
            Origin::Default => Shown::Made(agent),
            _ => Shown::Value(agent),
        };
        self.push("user_agent", agent, None);
        self.value("contact", fetch.contact.clone());
        self.value("concurrency", i64::from(fetch.concurrency));
        self.value("host_concurrency", i64::from(fetch.host_concurrency));
        self.value("host_delay_ms", number(fetch.host_delay_ms));
        let (proxy, file) = (fetch.proxy.as_ref(), fetch.proxy_file.as_deref());
        self.proxy("proxy", "proxy_file", file, proxy);
        let (proxy, file) = (&fetch.second_vantage, &fetch.second_vantage_file);
        self.proxy(
            "second_vantage",
            "second_vantage_file",
            file.as_deref(),
            proxy.as_ref(),
        );
        self.maybe("ca_cert", fetch.ca_cert.as_deref().map(path));
        let ranges = fetch.allow_private.iter().map(|cidr| cidr.0.to_string());
        self.value("allow_private", list(ranges));
        let resolve = fetch.resolve.iter().map(|one| {
            let fetch::ResolveOverride { host, ip, port } = &one.0;
            match (port, ip) {
                (None, ip) => format!("{host}={ip}"),
                (Some(port), ip) => {
                    format!("{host}={}", std::net::SocketAddr::new(*ip, *port))
                }
            }
        });
        self.value("resolve", list(resolve));
        self.value("robots", fetch.robots.as_str());
    }

    fn gather(&mut self, gather: &gather::Options, whole: bool) {
        let include = gather.include;
        let included = [
            ("navigation", include.navigation),
            ("footer", include.footer),
            ("aside", include.aside),
            ("author", include.author),
            ("internal", include.internal),
        ];
        let included = included.iter().filter(|(_, is_in)| *is_in);
        let included: Vec<_> = included.map(|(name, _)| (*name).to_owned()).collect();
        let exclude = &gather.exclude;
        for (name, words) in [
            ("include", &included),
            ("exclude_hosts", &exclude.hosts),
            ("exclude_patterns", &exclude.patterns),
            ("exclude_posts", &exclude.posts),
            ("exclude_selectors", &exclude.selectors),
        ] {
            if whole || !words.is_empty() {
                self.value(name, list(words.iter().cloned()));
            }
        }
    }

    fn input(&mut self, input: &InputSettings) {
        match &input.address {
            InputAddress::Web(url) => self.value("address", url.as_str()),
            InputAddress::Path(file) => self.value("address", path(file)),
        }
        self.set("as", input.read_as.map(|read_as| read_as.as_str()));
        self.set("base", input.base.as_ref().map(|base| base.as_str()));
        self.gather(&input.gather, false);
        self.set("refresh_hours", input.refresh_hours.map(i64::from));
        self.set("interval_days", input.interval_days.map(i64::from));
        let since = input
            .since
            .and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
        self.set("since", since.map(|at| at.to_string()));
        self.set("browser", input.browser.then_some(true));
    }

    fn schedule(&mut self, schedule: &ScheduleSettings) {
        self.table("schedule");
        for (name, value) in [
            ("input_refresh_hours", schedule.input_refresh_hours),
            ("first_interval_hours", schedule.first_interval_hours),
            ("longest_interval_days", schedule.longest_interval_days),
            ("young_days", schedule.young_days),
            ("young_interval_hours", schedule.young_interval_hours),
        ] {
            self.value(name, i64::from(value));
        }
        self.maybe("visits_per_day", schedule.visits_per_day.map(number));
        let canaries = schedule.canaries.iter().map(ToString::to_string);
        self.value("canaries", list(canaries));
        let heartbeat = schedule.heartbeat.as_ref().map(|_| Shown::Hidden);
        let file = schedule.heartbeat_file.as_deref();
        self.secret("heartbeat", "heartbeat_file", file, heartbeat);
    }

    fn serve(&mut self, serve: &ServeSettings) {
        self.table("serve");
        self.maybe("listen", serve.listen.map(|at| at.to_string()));
        self.maybe(
            "replay_listen",
            serve.replay_listen.map(|at| at.to_string()),
        );
        self.maybe("url", serve.url.as_ref().map(ToString::to_string));
        self.maybe(
            "replay_url",
            serve.replay_url.as_ref().map(ToString::to_string),
        );
        match serve.password {
            Some(_) => self.push("password", Shown::Hidden, None),
            None => self.push("password", Shown::Unset, Some(Origin::Default)),
        }
        self.value("read_only", serve.read_only);
        self.maybe("access_log", serve.access_log.as_deref().map(path));
        for token in &serve.tokens {
            self.table(full_name("token", &token.name));
            self.push("hash", Shown::Hidden, None);
            self.value("scope", token.scope.as_str());
        }
    }

    fn hosts(&mut self, fetch: &FetchSettings, schedule: &ScheduleSettings) {
        let hosts: BTreeSet<_> = fetch
            .by_host
            .keys()
            .chain(schedule.by_host.keys())
            .collect();
        for host in hosts {
            self.table(full_name("host", host));
            let pace = fetch.by_host.get(host);
            let concurrency = pace.and_then(|pace| pace.concurrency);
            let delay = pace.and_then(|pace| pace.delay);
            self.set("concurrency", concurrency.map(|own| number(own as u64)));
            self.set("delay_ms", delay.map(|own| number(own.as_millis() as u64)));
            let days = schedule.by_host.get(host);
            self.set("interval_days", days.map(|days| i64::from(*days)));
        }
    }

    fn limits(&mut self, limits: &fetch::Limits) {
        self.table("limits");
        for (name, time) in [
            ("connect_ms", limits.connect),
            ("first_byte_ms", limits.first_byte),
            ("idle_ms", limits.idle),
            ("total_ms", limits.total),
        ] {
            self.value(name, number(time.as_millis() as u64));
        }
        self.value("redirects", number(limits.redirects as u64));
        self.value("body_bytes", number(limits.body_served_bytes));
        self.value("input_bytes", number(limits.input_served_bytes));
        self.value("requisites", number(limits.requisites as u64));
        self.value("requisite_bytes", number(limits.requisite_served_bytes));
        self.value("capture_bytes", number(limits.capture_bytes));
        self.value("capture_ms", number(limits.capture.as_millis() as u64));
    }
}

/// TOML's numbers end at 2^63; a size beyond that is more than any disk has.
fn number(number: u64) -> Value {
    Value::from(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Absolute, so that it means the same in another folder's file.
fn path(path: &Path) -> String {
    let absolute = std::path::absolute(path);
    let path = absolute.as_deref().unwrap_or(path);
    path.to_string_lossy().into_owned()
}

fn list(words: impl Iterator<Item = String>) -> Value {
    Value::Array(words.map(Value::from).collect())
}

/// The keys as a configuration file, each with a comment that says where its value comes from. What is no value of a key,
/// or a secret, is in a comment altogether.
pub fn to_toml(keys: &[InForce]) -> String {
    let mut text = String::new();
    let mut table = None;
    for key in keys {
        if table != Some(&key.table) {
            let gap = if table.is_some() { "\n" } else { "" };
            // Writing to a string cannot fail.
            let _ = if key.table.starts_with("input[") {
                writeln!(text, "{gap}[[input]]")
            } else {
                writeln!(text, "{gap}[{}]", key.table)
            };
            table = Some(&key.table);
        }
        let (name, from) = (key.name, &key.origin);
        let _ = match &key.value {
            Shown::Unset => writeln!(text, "# {name} is not set"),
            Shown::Hidden => writeln!(text, "# {name} = \"{HIDDEN}\"  # {from}"),
            Shown::Made(value) => writeln!(text, "# {name} = {value}  # {from}"),
            Shown::Value(value) => writeln!(text, "{name} = {value}  # {from}"),
        };
    }
    text
}
