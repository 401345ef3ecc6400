//! From flags to everything that a command works with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sourcekeep::browser::Browsers;
use sourcekeep::config::{
    self, Compacting, ConfigError, File, HEARTBEAT_VARIABLE, InvalidValue, Origin, Overrides,
    PROXY_VARIABLE, Resolve, Resolved, Settings,
};
use sourcekeep::fetch::{self, Fetcher, Manners, Pace};
use sourcekeep::gather::Options;
use sourcekeep::judge::Rules;
use sourcekeep::run::{Clock, Context, Intervals, Manner, Room, Tally};
use sourcekeep::schedule::Policy;
use sourcekeep::store::{Holder, Locking, Mode, RunLock, Store, StoreError, lock_run};
use tokio_util::sync::CancellationToken;

use super::Global;
use super::exit::{Exit, Failure};
use super::print::Printer;

/// The archive that is used where none is named.
pub(crate) const DEFAULT_DB: &str = "sourcekeep.db";

/// The archive that a command is about.
pub(crate) fn db(global: &Global) -> PathBuf {
    global
        .db
        .clone()
        .unwrap_or_else(|| PathBuf::from(DEFAULT_DB))
}

/// Flags, environment and file, put together and checked.
pub(crate) struct Setup {
    pub(crate) db: PathBuf,
    pub(crate) clock: Clock,
    pub(crate) gather: Options,
    pub(crate) fetch: fetch::Settings,
    pub(crate) settings: Settings,
}

impl Setup {
    pub(crate) fn new(global: &Global, printer: &Printer) -> Result<Self, Failure> {
        Self::with(resolved(global, printer)?, global)
    }

    /// By a configuration that was read already.
    pub(crate) fn with(resolved: Resolved, global: &Global) -> Result<Self, Failure> {
        let Resolved {
            settings, origins, ..
        } = resolved;
        if let (Some(path), at @ Origin::File { .. }) =
            (&settings.fetch.ca_cert, origins.of("fetch.ca_cert"))
            && let Err(error) = std::fs::File::open(path)
        {
            let path = path.display();
            let error = anyhow::anyhow!("{at}: fetch.ca_cert: {path}: {error}");
            return Err(Failure::usage(error));
        }
        Self::of(
            settings,
            db(global),
            global.now.map_or(Clock::System, Clock::Fixed),
        )
    }

    /// From settings that are resolved already.
    pub(crate) fn of(settings: Settings, db: PathBuf, clock: Clock) -> Result<Self, Failure> {
        Ok(Self {
            db,
            clock,
            gather: settings.gather.clone(),
            fetch: fetch_settings(&settings)?,
            settings,
        })
    }

    /// The fetcher of this command.
    pub(crate) fn fetcher(&self, printer: &Printer) -> Result<Fetcher, Failure> {
        let fetcher = Fetcher::new(&self.fetch).map_err(Failure::failed)?;
        for warning in fetcher.warnings() {
            printer.warning(warning);
        }
        Ok(fetcher)
    }

    /// Opens the archive for reading only.
    pub(crate) fn open_to_read(&self) -> Result<Store, Failure> {
        Ok(Store::open(&self.db, Mode::Read, self.clock.now())?)
    }

    /// Opens the archive for writing.
    pub(crate) fn open(&self, mode: Mode, printer: &Printer) -> Result<Store, Failure> {
        let store = Store::open(&self.db, mode, self.clock.now())?;
        if let Some(copy) = store.put_aside() {
            printer.note(format!(
                "the archive was brought to the present schema; a copy of it as it was is {}",
                copy.display()
            ));
        }
        Ok(store)
    }

    /// Opens the archive for visits: takes the run lock, and keeps real visits out of simulated archives.
    pub(crate) fn open_to_visit(
        &self,
        command: &str,
        mode: Mode,
        printer: &Printer,
    ) -> Result<(Store, RunLock), Failure> {
        let store = self.open_unlocked(mode, printer)?;
        match self.lock(command)? {
            Locking::Ours(lock) => Ok((store, lock)),
            Locking::Held(holder) => Err(held(&self.db, &holder)),
        }
    }

    /// As [`Setup::open_to_visit`], for who sees to the run lock.
    pub(crate) fn open_unlocked(&self, mode: Mode, printer: &Printer) -> Result<Store, Failure> {
        let store = self.open(mode, printer)?;
        let (simulated, has_runs) = store.read("read the archive's mark", |r| {
            Ok((r.is_simulated()?, r.has_runs()?))
        })?;
        if simulated && !self.clock.is_simulated() {
            return Err(StoreError::Simulated(self.db.clone()).into());
        }
        if self.clock.is_simulated() && !simulated && has_runs {
            printer.warning(format!(
                "{}: written under --now from here on; it will never take real visits again",
                self.db.display()
            ));
        }
        Ok(store)
    }

    /// Tries to take the run lock.
    pub(crate) fn lock(&self, command: &str) -> Result<Locking, StoreError> {
        let says = format!(
            "`sourcekeep {command}`, process {}, since {}",
            std::process::id(),
            sourcekeep::report::rfc3339(Clock::System.now())
        );
        lock_run(&self.db, &says)
    }

    /// Everything that a pass works with.
    pub(crate) fn context(&self, store: Store, printer: &Printer) -> Result<Context, Failure> {
        Ok(self.context_with(store, self.fetcher(printer)?))
    }

    /// The same, with a fetcher that is there already.
    pub(crate) fn context_with(&self, store: Store, fetcher: Fetcher) -> Context {
        let store = Arc::new(store);
        let (capture, schedule) = (&self.settings.capture, &self.settings.schedule);
        Context {
            room: Arc::new(Room::new(
                Arc::clone(&store),
                capture.max_bytes,
                capture.min_free,
            )),
            store,
            fetcher: Arc::new(fetcher),
            manner: Arc::new(Manner {
                robots: self.settings.fetch.robots,
                limits: self.settings.limits.clone(),
                requisites: self.settings.capture.requisites,
                downloads: self.settings.capture.downloads,
                schedule: self.policy(),
                gather: self.gather.clone(),
                input_refresh_ms: i64::from(schedule.input_refresh_hours) * HOUR_MS,
                intervals: self.intervals(),
                visits_per_day: schedule.visits_per_day,
                canaries: schedule.canaries.clone(),
                compact: self.settings.store.compact == Compacting::Auto,
                rendering: self.settings.browser.when,
            }),
            browsers: Arc::new(Browsers::new(self.settings.browser.browser.clone())),
            rules: self.rules(),
            clock: self.clock,
            tally: Arc::new(Tally::default()),
            asked: Arc::default(),
            requisites: Arc::default(),
            cancelled: CancellationToken::new(),
        }
    }

    /// What visits are judged by, where that is more than comes with the program. The settings have checked it.
    pub(crate) fn rules(&self) -> Option<Arc<Rules>> {
        let text = self.settings.judge.rules_text.as_deref()?;
        Rules::extended(text).ok().map(Arc::new)
    }

    /// When a source is dead, and when it is visited next.
    pub(crate) fn policy(&self) -> Policy {
        let settings = &self.settings.schedule;
        let hours = |hours: u32| i64::from(hours) * HOUR_MS;
        Policy {
            first_interval_ms: hours(settings.first_interval_hours),
            longest_interval_ms: hours(24 * settings.longest_interval_days),
            young_ms: hours(24 * settings.young_days),
            young_interval_ms: hours(settings.young_interval_hours),
            ..Policy::default()
        }
    }

    /// The longest intervals that are not the same for all.
    pub(crate) fn intervals(&self) -> Intervals {
        let settings = &self.settings.schedule;
        Intervals {
            by_source: settings.by_source.clone(),
            by_host: settings.by_host.clone(),
        }
    }
}

/// An hour in milliseconds.
const HOUR_MS: i64 = 3_600_000;

pub(crate) fn held(db: &Path, holder: &Holder) -> Failure {
    let who = if holder.says.is_empty() {
        "another run".to_owned()
    } else {
        holder.says.clone()
    };
    Failure {
        exit: Exit::Held,
        error: anyhow::anyhow!("{}: {who} holds this archive", db.display()),
        hint: Some("wait for it to end; `report`, `show` and `add` work beside it".to_owned()),
    }
}

/// The runtime that fetches.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    // Shells often allow 1024 open files where the system allows many more; kept connections are many. Where it cannot
    // be raised, what is there has to do.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::failed)
}

/// The first interrupt ends the pass cleanly, the second ends the process at once.
pub(crate) fn stop_on_interrupt(cancelled: CancellationToken) {
    tokio::spawn(async move {
        interrupted().await;
        cancelled.cancel();
        // The terminal shows `^C`; the line after it begins afresh.
        anstream::eprintln!("\nstopping; what was done is kept (once more to stop at once)");
        interrupted().await;
        #[expect(
            clippy::exit,
            reason = "the user asked twice; the archive stands any end"
        )]
        std::process::exit(i32::from(Exit::Interrupted.code()));
    });
}

async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // Where signals cannot be had, nothing can be done about them.
    let _ = tokio::signal::ctrl_c().await;
}

/// What flags, environment and file come to; warnings are told, and nothing is wrong with it.
pub(crate) fn resolved(global: &Global, printer: &Printer) -> Result<Resolved, Failure> {
    let file = read_file(global, printer)?;
    let resolved = Resolved::new(overrides(global)?, file);
    for warning in &resolved.warnings {
        printer.warning(warning);
    }
    bad_config(&resolved.problems)?;
    Ok(resolved)
}

/// The configuration that is used, whether it is there or not.
pub(crate) fn config_path(global: &Global) -> PathBuf {
    let named = global.config.clone();
    named.unwrap_or_else(|| PathBuf::from(config::FILE_NAME))
}

/// Reads a configuration file. What is no file (a pipe, a device) would never end, and is refused.
pub(crate) fn read_config(path: &Path) -> std::io::Result<String> {
    const MOST_BYTES: u64 = 1 << 20;
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(std::io::Error::other("not a file"));
    }
    if metadata.len() > MOST_BYTES {
        return Err(std::io::Error::other(
            "larger than 1 MiB; no configuration is",
        ));
    }
    std::fs::read_to_string(path)
}

fn read_file(global: &Global, printer: &Printer) -> Result<Option<File>, Failure> {
    let path = config_path(global);
    match read_config(&path) {
        Ok(text) => {
            printer.detail(format!("configuration: {}", path.display()));
            let (file, problems) = File::parse_all(&text, &path);
            bad_config(&problems)?;
            Ok(Some(file))
        }
        // A link to nothing was meant to lead to something.
        Err(error)
            if error.kind() == std::io::ErrorKind::NotFound
                && global.config.is_none()
                && !path.is_symlink() =>
        {
            Ok(None)
        }
        Err(error) => Err(Failure::usage(anyhow::anyhow!(
            "{}: {error}",
            path.display()
        ))),
    }
}

/// Fails with the first of several problems.
fn bad_config(problems: &[ConfigError]) -> Result<(), Failure> {
    let Some(first) = problems.first() else {
        return Ok(());
    };
    let failure = Failure::usage(first.clone());
    Err(if problems.len() > 1 {
        failure.with_hint("there is more; `sourcekeep config check` tells all that is wrong")
    } else {
        failure
    })
}

fn overrides(global: &Global) -> Result<Overrides, Failure> {
    let args = &global.fetch;
    let resolve = args
        .resolve
        .iter()
        .map(|one| {
            one.parse::<Resolve>()
                .map_err(|error| Failure::usage(anyhow::anyhow!("--resolve {one}: {error}")))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let proxy = match &args.proxy {
        Some(proxy) => Some(
            proxy
                .parse()
                .map_err(|error| Failure::usage(anyhow::anyhow!("--proxy: {error}")))?,
        ),
        None => None,
    };
    let variable = |name: &str| {
        std::env::var(name)
            .ok()
            .filter(|text| !text.trim().is_empty())
    };
    let named =
        |name: &str, error: InvalidValue| Failure::usage(anyhow::anyhow!("{name}: {error}"));
    let proxy_variable = variable(PROXY_VARIABLE)
        .map(|text| text.parse().map_err(|error| named(PROXY_VARIABLE, error)))
        .transpose()?;
    let heartbeat_variable = variable(HEARTBEAT_VARIABLE)
        .map(|text| {
            text.parse()
                .map_err(|error| named(HEARTBEAT_VARIABLE, error))
        })
        .transpose()?;
    let small = |value: Option<usize>| value.map(|value| u32::try_from(value).unwrap_or(u32::MAX));
    Ok(Overrides {
        user_agent: args.user_agent.clone(),
        concurrency: small(args.concurrency),
        host_concurrency: small(args.host_concurrency),
        host_delay_ms: args.host_delay,
        proxy,
        proxy_variable,
        heartbeat_variable,
        ca_cert: args.ca_cert.clone(),
        allow_private: (!args.allow_private.is_empty()).then(|| {
            args.allow_private
                .iter()
                .copied()
                .map(config::Cidr)
                .collect()
        }),
        resolve: (!resolve.is_empty()).then_some(resolve),
        requisites: global.room.no_requisites.then_some(false),
        downloads: global.room.with_downloads.then_some(true),
        browser: global.room.browser,
        max_bytes: global.room.max_bytes,
        min_free: global.room.min_free,
    })
}

fn fetch_settings(settings: &Settings) -> Result<fetch::Settings, Failure> {
    let from = &settings.fetch;
    let ca_pem = match &from.ca_cert {
        Some(path) => Some(std::fs::read(path).map_err(|error| {
            Failure::usage(anyhow::anyhow!("--ca-cert {}: {error}", path.display()))
        })?),
        None => None,
    };
    Ok(fetch::Settings {
        user_agent: from.user_agent.clone(),
        manners: Manners {
            concurrency: from.concurrency as usize,
            ordinary: Pace {
                concurrency: from.host_concurrency as usize,
                delay: std::time::Duration::from_millis(from.host_delay_ms),
            },
            by_host: from.by_host.clone(),
        },
        allow_private: from.allow_private.iter().map(|cidr| cidr.0).collect(),
        resolve: from.resolve.iter().map(|one| one.0.clone()).collect(),
        proxy: from.proxy.as_ref().map(|proxy| proxy.0.clone()),
        second_vantage: from.second_vantage.as_ref().map(|proxy| proxy.0.clone()),
        ca_pem,
        limits: settings.limits.clone(),
        ..fetch::Settings::default()
    })
}
