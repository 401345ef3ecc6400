//! From flags, variables, file and defaults to [`Settings`]: everything is checked, and every complaint names its place.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::{
    BackupFile, BackupSettings, BrowserFile, BrowserSettings, CaptureSettings, ConfigError, Day,
    FetchFile, FetchSettings, File, GatherFile, HostFile, HostName, Include, InputAddress,
    InputFile, InputSettings, InvalidValue, JudgeFile, JudgeSettings, Origins, Overrides, Proxy,
    Rendering, ScheduleFile, ScheduleSettings, SecretUrl, Settings, SourceAddress, SourceFile,
    StoreSettings, WebAddress, full_name, rules, secret,
};
use crate::fetch::HostPace;
use crate::{browser, fetch, gather};

/// Where somebody who wonders about our visits finds out what we are, unless the operator names a contact.
const HOME: &str = "https://crates.io/crates/sourcekeep";
/// More canaries tell no more.
const MOST_CANARIES: usize = 20;

/// What flags, variables and file come to, whether it can be used or not.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The settings; where a value cannot be used, with the default in its place.
    pub settings: Settings,
    /// Where each value comes from.
    pub origins: Origins,
    /// What cannot be used, in the order of the file's lines; what comes from elsewhere is first.
    pub problems: Vec<ConfigError>,
    /// What can be used, and should better be otherwise.
    pub warnings: Vec<String>,
}

impl Resolved {
    /// Puts together what the flags and the environment say, what the file says, and the defaults. Files that hold
    /// secrets are read, where nothing takes their place.
    pub fn new(flags: Overrides, file: Option<File>) -> Self {
        let mut file = file.unwrap_or_default();
        let origins = Origins::new(&flags, std::mem::take(&mut file.lines));
        let mut check = Check {
            origins,
            ..Check::default()
        };
        let (heartbeat, heartbeat_file) = heartbeat(&flags, &mut file.schedule, &mut check);
        let capture = CaptureSettings {
            requisites: flags.requisites.or(file.capture.requisites).unwrap_or(true),
            downloads: flags.downloads.or(file.capture.downloads).unwrap_or(false),
            max_bytes: flags
                .max_bytes
                .or(file.capture.max_bytes)
                .map(|size| size.0),
            min_free: flags
                .min_free
                .or(file.capture.min_free)
                .map_or(256 << 20, |size| size.0),
        };
        let browser = resolve_browser(flags.browser, &file.browser, &mut check);
        let store = StoreSettings {
            compact: file.store.compact.unwrap_or_default(),
        };
        let mut schedule = resolve_schedule(&file.schedule, &mut check);
        (schedule.heartbeat, schedule.heartbeat_file) = (heartbeat, heartbeat_file);
        schedule.by_host = host_intervals(&file.host, &mut check);
        schedule.by_source = source_intervals(&file.source, &mut check);
        let settings = Settings {
            fetch: resolve_fetch(flags, file.fetch, &file.host, &mut check),
            gather: resolve_gather(file.gather, "gather", &mut check),
            inputs: resolve_inputs(file.input, &mut check),
            schedule,
            capture,
            browser,
            store,
            judge: resolve_judge(file.judge, &mut check),
            backup: resolve_backup(file.backup, &mut check),
            serve: super::serving::resolve(file.serve, file.token, &mut check),
            limits: super::limits::resolve(&file.limits, &mut check),
        };
        check.problems.sort_by_key(ConfigError::line);
        Self {
            settings,
            origins: check.origins,
            problems: check.problems,
            warnings: check.warnings,
        }
    }

    /// The settings, or the first of the problems.
    pub fn into_settings(self) -> Result<Settings, ConfigError> {
        match self.problems.into_iter().next() {
            None => Ok(self.settings),
            Some(problem) => Err(problem),
        }
    }
}

fn resolve_browser(
    flag: Option<Rendering>,
    file: &BrowserFile,
    check: &mut Check,
) -> BrowserSettings {
    let usual = browser::Settings::default();
    let timeout = check.within(
        "browser.timeout_ms",
        file.timeout_ms,
        1_000..=3_600_000,
        "expected 1000 to 3600000, an hour",
    );
    let memory = check.within(
        "browser.memory",
        file.memory.map(|size| size.0),
        256 << 20..=64 << 30,
        "expected 268435456 to 68719476736, 64 GiB",
    );
    let height = check.within(
        "browser.height",
        file.height,
        100..=u64::from(browser::Settings::HIGHEST),
        "expected 100 to 16383",
    );
    BrowserSettings {
        when: flag.or(file.when).unwrap_or_default(),
        browser: browser::Settings {
            path: file.path.clone(),
            timeout: timeout.map_or(usual.timeout, Duration::from_millis),
            memory: memory.unwrap_or(usual.memory),
            height: height.map_or(usual.height, |height| height as u32),
            pdf: file.pdf.unwrap_or(usual.pdf),
        },
    }
}

/// What was found wrong so far.
#[derive(Default)]
pub(super) struct Check {
    origins: Origins,
    pub(super) problems: Vec<ConfigError>,
    warnings: Vec<String>,
}

impl Check {
    /// A value that is in its range; `None` where it is not, and where there is none.
    pub(super) fn within<N: PartialOrd + Display + Copy>(
        &mut self,
        key: &str,
        value: Option<N>,
        range: RangeInclusive<N>,
        why: &str,
    ) -> Option<N> {
        let value = value?;
        if range.contains(&value) {
            return Some(value);
        }
        self.wrong(key, value, why);
        None
    }

    /// Notes that a value cannot be used.
    pub(super) fn wrong(&mut self, key: &str, value: impl Display, why: impl Into<String>) {
        let mut problem = ConfigError::new(self.origins.of(key), why);
        problem.value = Some(Box::new((key.to_owned(), value.to_string())));
        self.problems.push(problem);
    }

    /// Notes that something is wrong with a key whose value is not to be shown, or has none.
    pub(super) fn amiss(&mut self, key: &str, why: impl Display) {
        let why = format!("{key}: {why}");
        self.problems
            .push(ConfigError::new(self.origins.of(key), why));
    }

    /// Reads and parses the secret that a file holds.
    fn secret<T: FromStr<Err = InvalidValue>>(&mut self, key: &str, path: &Path) -> Option<T> {
        // Who mistakes this key for the one beside it has written the secret itself: it is not repeated.
        if path.to_string_lossy().contains("://") {
            let why = "expected the path of a file that holds the address, and not the address";
            self.amiss(key, why);
            return None;
        }
        let held = match secret::read(path) {
            Ok(held) => held,
            Err(why) => {
                self.amiss(key, why);
                return None;
            }
        };
        if held.is_open {
            self.warnings.push(format!(
                "{key}: every user of this machine can read {}; `chmod o-r` it",
                path.display()
            ));
        }
        match held.text.parse() {
            Ok(secret) => Some(secret),
            Err(why) => {
                self.amiss(key, format!("{}: {why}", path.display()));
                None
            }
        }
    }

    /// Both the value and the file that holds it are set.
    fn either(&mut self, key: &str, is_set: bool, file: Option<&PathBuf>) {
        if is_set && file.is_some() {
            let file_key = format!("{key}_file");
            let why = format!("{key} is set too; expected one of them");
            self.amiss(&file_key, why);
        }
    }
}

fn heartbeat(
    flags: &Overrides,
    file: &mut ScheduleFile,
    check: &mut Check,
) -> (Option<SecretUrl>, Option<PathBuf>) {
    let path = file.heartbeat_file.take();
    check.either(
        "schedule.heartbeat",
        file.heartbeat.is_some(),
        path.as_ref(),
    );
    let given = flags.heartbeat_variable.clone().or(file.heartbeat.take());
    match (given, path) {
        (None, Some(path)) => {
            let secret = check.secret("schedule.heartbeat_file", &path);
            (secret, Some(path))
        }
        (given, _) => (given, None),
    }
}

fn resolve_schedule(file: &ScheduleFile, check: &mut Check) -> ScheduleSettings {
    let first = "schedule.first_interval_hours";
    let longest = "schedule.longest_interval_days";
    let (first_interval_hours, longest_interval_days) = (
        hours(first, file.first_interval_hours, check).unwrap_or(24),
        days(longest, file.longest_interval_days, check).unwrap_or(30),
    );
    if first_interval_hours > 24 * longest_interval_days {
        let most = 24 * longest_interval_days;
        let why = format!("expected at most {most}, as {longest} is {longest_interval_days}");
        check.wrong(first, first_interval_hours, why);
    }
    let canaries = file.canaries.clone().unwrap_or_default();
    if canaries.len() > MOST_CANARIES {
        let why = format!(
            "{} addresses; expected at most {MOST_CANARIES}",
            canaries.len()
        );
        check.amiss("schedule.canaries", why);
    }
    ScheduleSettings {
        input_refresh_hours: refresh_hours(
            "schedule.input_refresh_hours",
            file.input_refresh_hours,
            check,
        )
        .unwrap_or(20),
        first_interval_hours,
        longest_interval_days,
        young_days: check
            .within(
                "schedule.young_days",
                file.young_days,
                0..=90,
                "expected at most 90",
            )
            .unwrap_or(7),
        young_interval_hours: hours(
            "schedule.young_interval_hours",
            file.young_interval_hours,
            check,
        )
        .unwrap_or(24),
        visits_per_day: check.within(
            "schedule.visits_per_day",
            file.visits_per_day,
            1..=10_000_000,
            "expected 1 to 10000000",
        ),
        canaries: canaries.into_iter().map(|WebAddress(url)| url).collect(),
        heartbeat: None,
        heartbeat_file: None,
        by_host: HashMap::new(),
        by_source: HashMap::new(),
    }
}

fn hours(key: &str, hours: Option<u32>, check: &mut Check) -> Option<u32> {
    check.within(key, hours, 1..=720, "expected 1 to 720")
}

fn days(key: &str, days: Option<u32>, check: &mut Check) -> Option<u32> {
    check.within(key, days, 1..=365, "expected 1 to 365")
}

fn refresh_hours(key: &str, hours: Option<u32>, check: &mut Check) -> Option<u32> {
    check.within(key, hours, 0..=8760, "expected at most a year, 8760")
}

fn host_intervals(hosts: &BTreeMap<HostName, HostFile>, check: &mut Check) -> HashMap<String, u32> {
    let intervals = hosts.iter().filter_map(|(HostName(name), host)| {
        let key = format!("{}.interval_days", full_name("host", name));
        Some((name.clone(), days(&key, host.interval_days, check)?))
    });
    intervals.collect()
}

fn source_intervals(
    sources: &BTreeMap<SourceAddress, SourceFile>,
    check: &mut Check,
) -> HashMap<String, u32> {
    let intervals = sources.iter().filter_map(|(SourceAddress(name), source)| {
        let key = format!("{}.interval_days", full_name("source", name));
        Some((name.clone(), days(&key, source.interval_days, check)?))
    });
    intervals.collect()
}

fn resolve_judge(file: JudgeFile, check: &mut Check) -> JudgeSettings {
    let text = file.rules.as_deref().map(rules::read);
    let rules_text = match text {
        Some(Ok(text)) => Some(text),
        Some(Err(why)) => {
            check.amiss("judge.rules", why);
            None
        }
        None => None,
    };
    JudgeSettings {
        rules: file.rules,
        rules_text,
    }
}

fn resolve_backup(file: BackupFile, check: &mut Check) -> BackupSettings {
    let keep = check.within("backup.keep", file.keep, 1..=1000, "expected 1 to 1000");
    BackupSettings {
        folder: file.folder,
        keep: keep.unwrap_or(7),
    }
}

fn resolve_fetch(
    flags: Overrides,
    file: FetchFile,
    hosts: &BTreeMap<HostName, HostFile>,
    check: &mut Check,
) -> FetchSettings {
    let contact = header("fetch.contact", file.contact, check).unwrap_or_else(|| HOME.to_owned());
    let user_agent = header(
        "fetch.user_agent",
        flags.user_agent.or(file.user_agent),
        check,
    );
    let (proxy, proxy_file) = secret_proxy(
        ["fetch.proxy", "fetch.proxy_file"],
        flags.proxy.or(flags.proxy_variable),
        file.proxy,
        file.proxy_file,
        check,
    );
    let (second_vantage, second_vantage_file) = secret_proxy(
        ["fetch.second_vantage", "fetch.second_vantage_file"],
        None,
        file.second_vantage,
        file.second_vantage_file,
        check,
    );
    let concurrency = check.within(
        "fetch.concurrency",
        flags.concurrency.or(file.concurrency),
        1..=1024,
        "expected 1 to 1024",
    );
    let host_concurrency = host_concurrency(
        "fetch.host_concurrency",
        flags.host_concurrency.or(file.host_concurrency),
        check,
    );
    let host_delay_ms = host_delay_ms(
        "fetch.host_delay_ms",
        flags.host_delay_ms.or(file.host_delay_ms),
        check,
    );
    let mut by_host = HashMap::new();
    for (HostName(name), host) in hosts {
        by_host.insert(name.clone(), pace(name, host, check));
    }
    FetchSettings {
        user_agent: user_agent.unwrap_or_else(|| fetch::user_agent(Some(&contact))),
        contact,
        concurrency: concurrency.unwrap_or(64),
        host_concurrency: host_concurrency.unwrap_or(2),
        host_delay_ms: host_delay_ms.unwrap_or(1000),
        proxy,
        proxy_file,
        second_vantage,
        second_vantage_file,
        ca_cert: flags.ca_cert.or(file.ca_cert),
        allow_private: flags
            .allow_private
            .or(file.allow_private)
            .unwrap_or_default(),
        resolve: flags.resolve.or(file.resolve).unwrap_or_default(),
        robots: file.robots.unwrap_or_default(),
        by_host,
    }
}

/// A proxy whose address stands in a key or in a file that another key names.
fn secret_proxy(
    [key, file_key]: [&str; 2],
    flag: Option<Proxy>,
    file: Option<Proxy>,
    path: Option<PathBuf>,
    check: &mut Check,
) -> (Option<Proxy>, Option<PathBuf>) {
    check.either(key, file.is_some(), path.as_ref());
    match (flag.or(file), path) {
        (None, Some(path)) => {
            let secret = check.secret(file_key, &path);
            (secret, Some(path))
        }
        (given, _) => (given, None),
    }
}

fn pace(name: &str, host: &HostFile, check: &mut Check) -> HostPace {
    let table = full_name("host", name);
    let concurrency = host_concurrency(&format!("{table}.concurrency"), host.concurrency, check);
    let delay = host_delay_ms(&format!("{table}.delay_ms"), host.delay_ms, check);
    HostPace {
        concurrency: concurrency.map(|own| own as usize),
        delay: delay.map(Duration::from_millis),
    }
}

fn host_concurrency(key: &str, value: Option<u32>, check: &mut Check) -> Option<u32> {
    check.within(key, value, 1..=64, "expected 1 to 64")
}

fn host_delay_ms(key: &str, value: Option<u64>, check: &mut Check) -> Option<u64> {
    let why = "expected at most an hour, 3600000";
    check.within(key, value, 0..=3_600_000, why)
}

/// What may stand in a header: visible ASCII and spaces, and not nothing.
fn header(key: &str, value: Option<String>, check: &mut Check) -> Option<String> {
    let value = value?;
    let is_fit = !value.trim().is_empty()
        && value.len() <= 512
        && value.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if is_fit {
        return Some(value.trim().to_owned());
    }
    let why = "expected 1 to 512 visible ASCII characters";
    check.wrong(key, format!("{value:?}"), why);
    None
}

/// One kind of exclusions.
type Part = fn(&mut gather::Exclusions) -> &mut Vec<String>;

/// What a table includes and excludes. Checked here, so that the error comes before anything is done.
fn resolve_gather(file: GatherFile, table: &str, check: &mut Check) -> gather::Options {
    let included = file.include.unwrap_or_default();
    let includes = |place| included.contains(&place);
    let mut options = gather::Options {
        include: gather::Include {
            navigation: includes(Include::Navigation),
            footer: includes(Include::Footer),
            aside: includes(Include::Aside),
            author: includes(Include::Author),
            internal: includes(Include::Internal),
        },
        exclude: gather::Exclusions::default(),
    };
    let lists: [(&str, Option<Vec<String>>, Part); 4] = [
        ("exclude_hosts", file.exclude_hosts, |all| &mut all.hosts),
        ("exclude_patterns", file.exclude_patterns, |all| {
            &mut all.patterns
        }),
        ("exclude_posts", file.exclude_posts, |all| &mut all.posts),
        ("exclude_selectors", file.exclude_selectors, |all| {
            &mut all.selectors
        }),
    ];
    for (name, list, part) in lists {
        for (index, one) in list.unwrap_or_default().into_iter().enumerate() {
            let mut alone = gather::Options::default();
            part(&mut alone.exclude).push(one.clone());
            match alone.compile() {
                Ok(_) => part(&mut options.exclude).push(one),
                Err(error) => {
                    let at = check.origins.of(&format!("{table}.{name}[{index}]"));
                    let why = format!("{table}.{name}: {error}");
                    check.problems.push(ConfigError::new(at, why));
                }
            }
        }
    }
    options
}

fn resolve_inputs(files: Vec<InputFile>, check: &mut Check) -> Vec<InputSettings> {
    let mut inputs: Vec<(String, InputSettings)> = Vec::new();
    for (index, file) in files.into_iter().enumerate() {
        let table = format!("input[{index}]");
        let Some(address) = file.address else {
            // One that cannot be used was complained of already.
            if !check.origins.stands_in_file(&format!("{table}.address")) {
                check.amiss(&table, "expected an address");
            }
            continue;
        };
        let address = plain(address);
        if let Some((first, _)) = inputs.iter().find(|(_, one)| one.address == address) {
            let why = match check.origins.of(&format!("{first}.address")) {
                super::Origin::File { line, .. } => {
                    format!("this input is there already, in line {line}")
                }
                _ => "this input is there already".to_owned(),
            };
            check.wrong(
                &format!("{table}.address"),
                format!("{:?}", address.to_string()),
                why,
            );
            continue;
        }
        if file.read_as == Some(super::ReadAs::Pages) && matches!(address, InputAddress::Web(_)) {
            let why = "expected a file; `pages` is a list of the addresses of posts";
            check.wrong(&format!("{table}.as"), "\"pages\"", why);
        }
        if file.read_as == Some(super::ReadAs::Site) && matches!(address, InputAddress::Path(_)) {
            let why = "expected an address on the web; `site` is named by its front page";
            check.wrong(&format!("{table}.as"), "\"site\"", why);
        }
        let gather = GatherFile {
            include: file.include,
            exclude_hosts: file.exclude_hosts,
            exclude_patterns: file.exclude_patterns,
            exclude_posts: file.exclude_posts,
            exclude_selectors: file.exclude_selectors,
        };
        let key = |name: &str| format!("{table}.{name}");
        let input = InputSettings {
            address,
            read_as: file.read_as,
            base: file.base.map(|WebAddress(url)| url),
            gather: resolve_gather(gather, &table, check),
            refresh_hours: refresh_hours(&key("refresh_hours"), file.refresh_hours, check),
            interval_days: days(&key("interval_days"), file.interval_days, check),
            since: file.since.map(|Day(at)| at),
            browser: file.browser.unwrap_or(false),
        };
        inputs.push((table, input));
    }
    inputs.into_iter().map(|(_, input)| input).collect()
}

/// A path without its `.`, so that `posts` and `./posts/` are the same.
fn plain(address: InputAddress) -> InputAddress {
    use std::path::Component;
    match address {
        InputAddress::Path(path) => {
            let parts = path.components().filter(|part| *part != Component::CurDir);
            let plain: PathBuf = parts.collect();
            let is_here = plain.as_os_str().is_empty();
            InputAddress::Path(if is_here { PathBuf::from(".") } else { plain })
        }
        web @ InputAddress::Web(_) => web,
    }
}
