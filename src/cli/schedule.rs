//! `schedule`: have the system start runs, or keep `watch` running.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::ZonedDateTime;
use serde::Serialize;
use sourcekeep::config;
use sourcekeep::report::{one_line, rfc3339};
use sourcekeep::store::{Mode, Store};
use sourcekeep::timer::{
    Crontab, CrontabError, Job, MARK, Times, Units, When, cron_block, nameable, parse_at,
    parse_every, shell_line, units,
};

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::when;

/// The hour in which runs are made where nothing is said: few work, and few servers are busy.
const USUAL_HOUR: u8 = 3;

/// Have the system start runs by itself: a systemd timer or service, or a crontab line
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep schedule install                 a run every night, by systemd or else by cron
  sourcekeep schedule install --every 6h      four times a day
  sourcekeep schedule install --watch         keep `sourcekeep watch` running as a service
  sourcekeep schedule install --dry-run       print what would be written where
  sourcekeep schedule show                    what is installed, when it ran, when it runs next
  sourcekeep schedule remove                  take it away again")]
pub(crate) struct ScheduleArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Install it for this archive; installing again replaces what was there
    Install(InstallArgs),
    /// Show what is installed for this archive
    Show(ShowArgs),
    /// Take away what was installed for this archive, and nothing else
    Remove,
}

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
struct InstallArgs {
    /// By systemd's user manager
    #[arg(long, conflicts_with = "cron")]
    systemd: bool,
    /// By a line in the user's crontab
    #[arg(long)]
    cron: bool,
    /// Make a run every day at this time (HH:MM) [default: in the hour after 03:00]
    #[arg(long, value_name = "HH:MM", value_parser = parse_at, conflicts_with_all = ["every", "watch"])]
    at: Option<Times>,
    /// Make a run this often: a part of an hour or of a day (15m, 1h, 6h)
    #[arg(long, value_name = "TIME", value_parser = when::duration, conflicts_with = "watch")]
    every: Option<Duration>,
    /// Keep `watch` running instead
    #[arg(long)]
    watch: bool,
    /// Print what would be written where, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
struct ShowArgs {
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(crate) fn schedule(
    global: &Global,
    args: &ScheduleArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    match &args.action {
        Action::Install(args) => install(global, args, printer),
        Action::Show(args) => show(global, args, printer),
        Action::Remove => remove(global, printer),
    }
}

/// By what it is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Starter {
    Systemd,
    Cron,
}

fn install(global: &Global, args: &InstallArgs, printer: &Printer) -> Result<Exit, Failure> {
    if global.says_how_to_fetch() || global.now.is_some() {
        let error = anyhow::anyhow!(
            "the options of fetching and storing, and --now, hold for one command and are not taken over into what is installed"
        );
        let hint = format!(
            "write them into {}, which later runs read",
            config::FILE_NAME
        );
        return Err(Failure::usage(error).with_hint(hint));
    }
    for (variable, key) in [
        (config::PROXY_VARIABLE, "fetch.proxy_file"),
        (config::HEARTBEAT_VARIABLE, "schedule.heartbeat_file"),
    ] {
        if std::env::var_os(variable).is_some_and(|value| !value.is_empty()) {
            printer.warning(format!(
                "{variable} is set here, and what is installed will not know of it; {key} in {} tells it",
                config::FILE_NAME
            ));
        }
    }
    let job = job(global, args, printer)?;
    let (starter, why) = choose(args, &job)?;
    let machine = Machine::new(printer);
    match starter {
        Starter::Systemd => machine.install_units(&job, &why, args.dry_run),
        Starter::Cron => machine.install_line(&job, &why, args.dry_run),
    }?;
    Ok(Exit::Done)
}

/// What is to be started, from settings that are good and an archive that is one.
fn job(global: &Global, args: &InstallArgs, printer: &Printer) -> Result<Job, Failure> {
    let setup = Setup::new(global, printer)?;
    let store = setup.open_to_read()?;
    if store.read("read the archive's mark", |r| r.is_simulated())? {
        return Err(sourcekeep::store::StoreError::Simulated(setup.db).into());
    }
    let program = std::env::current_exe()?;
    let config = match &global.config {
        Some(path) => Some(path.clone()),
        None => Some(PathBuf::from(config::FILE_NAME)).filter(|path| path.exists()),
    };
    let config = match config {
        Some(path) => Some(named(&path.canonicalize()?)?),
        None => None,
    };
    let mut job = Job {
        program: named(&program)?,
        archive: named(&whole(&setup.db)?)?,
        config,
        when: When::Always,
    };
    if args.watch {
        return Ok(job);
    }
    job.when = When::At(match (&args.at, args.every) {
        (Some(at), _) => at.clone(),
        (None, Some(every)) => parse_every(every, job.offset(60))
            .map_err(|error| Failure::usage(anyhow::anyhow!("--every: {error}")))?,
        (None, None) => Times {
            hours: vec![USUAL_HOUR],
            minutes: vec![job.offset(60)],
        },
    });
    Ok(job)
}

fn named(path: &Path) -> Result<String, Failure> {
    nameable(path).map_err(Failure::usage)
}

/// The archive's whole path, also where it is gone: the same then as when it was there, or its job would not be found.
fn whole(db: &Path) -> Result<PathBuf, Failure> {
    if let Ok(whole) = db.canonicalize() {
        return Ok(whole);
    }
    let absolute = std::path::absolute(db)?;
    let folder = absolute
        .parent()
        .and_then(|folder| folder.canonicalize().ok());
    Ok(match (folder, absolute.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => absolute,
    })
}

/// For `show` and `remove`, which need no more of a job than its archive.
fn job_of(global: &Global) -> Result<Job, Failure> {
    let db = global
        .db
        .clone()
        .unwrap_or_else(|| PathBuf::from(super::context::DEFAULT_DB));
    Ok(Job {
        program: String::new(),
        archive: named(&whole(&db)?)?,
        config: None,
        when: When::Always,
    })
}

/// By what it is to be started here, and why by that.
fn choose(args: &InstallArgs, job: &Job) -> Result<(Starter, String), Failure> {
    if args.cron {
        if args.watch {
            return Err(no_service());
        }
        return match crontab()? {
            Some(_) => Ok((Starter::Cron, "as you asked".to_owned())),
            None => Err(
                Failure::failed(anyhow::anyhow!("--cron: there is no `crontab` here"))
                    .with_hint(by_hand(job)),
            ),
        };
    }
    let manager = user_manager()?;
    match manager {
        None if args.systemd => Ok((Starter::Systemd, "as you asked".to_owned())),
        None => Ok((Starter::Systemd, "its user manager answers here".to_owned())),
        Some(why) if args.systemd => Err(Failure::failed(anyhow::anyhow!(
            "--systemd: its user manager cannot be reached: {why}"
        ))
        .with_hint(
            "log in as this user rather than by su or sudo; or use --cron, or your own supervisor",
        )),
        Some(_) if args.watch => Err(no_service().with_hint(by_hand(job))),
        Some(why) => match crontab()? {
            Some(_) => Ok((
                Starter::Cron,
                format!("systemd's user manager cannot be reached: {why}"),
            )),
            None => Err(Failure::failed(anyhow::anyhow!(
                "neither systemd's user manager ({why}) nor `crontab` is here"
            ))
            .with_hint(by_hand(job))),
        },
    }
}

fn no_service() -> Failure {
    Failure::failed(anyhow::anyhow!(
        "--watch needs systemd's user manager; {}",
        CrontabError::Watch
    ))
    .with_hint("leave out --watch: a run --every hour comes close to it")
}

/// What somebody can do who has neither.
fn by_hand(job: &Job) -> String {
    let name = job.name();
    if let When::Always = job.when {
        return format!("have your own supervisor run:\n  {}", shell_line(job));
    }
    match cron_block(job) {
        Ok(block) => format!(
            "put these lines into the table of your scheduler, or, with the user's name after the five times, into \
             /etc/cron.d/{name}:\n{block}"
        ),
        Err(error) => error.to_string(),
    }
}

/// What a program said.
struct Ran {
    is_well: bool,
    out: Vec<u8>,
    err: String,
}

impl Ran {
    /// The first line of what went wrong.
    fn why(&self) -> String {
        let line = self.err.lines().find(|line| !line.trim().is_empty());
        one_line(line.unwrap_or("it failed without a word"), 300)
    }
}

/// Runs a program of the system; `None` where there is no such program.
fn tool(name: &str, args: &[&str], stdin: Option<&[u8]>) -> Result<Option<Ran>, Failure> {
    let mut command = Command::new(name);
    command.args(args);
    finish(name, &mut command, stdin)
}

fn finish(name: &str, command: &mut Command, stdin: Option<&[u8]>) -> Result<Option<Ran>, Failure> {
    let failed =
        |error: std::io::Error| Failure::failed(anyhow::anyhow!("cannot run `{name}`: {error}"));
    // What it says of failures is compared below.
    command.env("LC_ALL", "C");
    command.stdin(if stdin.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), stdin) {
        // A program that does not read to the end says itself why.
        let _ = pipe.write_all(bytes);
    }
    let output = child.wait_with_output().map_err(failed)?;
    Ok(Some(Ran {
        is_well: output.status.success(),
        out: output.stdout,
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }))
}

/// Why systemd's user manager cannot be used, if so.
fn user_manager() -> Result<Option<String>, Failure> {
    Ok(
        match tool("systemctl", &["--user", "show-environment"], None)? {
            None => Some("there is no `systemctl`".to_owned()),
            Some(ran) if ran.is_well => None,
            Some(ran) => Some(ran.why()),
        },
    )
}

/// The user's crontab; `None` where there is no cron. One that cannot be read is not taken for an empty one.
fn crontab() -> Result<Option<Crontab>, Failure> {
    let Some(ran) = tool("crontab", &["-l"], None)? else {
        return Ok(None);
    };
    if ran.is_well {
        return Ok(Some(Crontab(ran.out)));
    }
    if ran.err.to_ascii_lowercase().contains("no crontab") {
        return Ok(Some(Crontab(Vec::new())));
    }
    let error = anyhow::anyhow!("`crontab -l` failed: {}", ran.why());
    Err(Failure::failed(error).with_hint("nothing was changed"))
}

fn write_crontab(crontab: &Crontab) -> Result<(), Failure> {
    match tool("crontab", &["-"], Some(&crontab.0))? {
        Some(ran) if ran.is_well => Ok(()),
        Some(ran) => Err(Failure::failed(anyhow::anyhow!(
            "`crontab -` did not take the new lines: {}",
            ran.why()
        ))),
        None => Err(Failure::failed(anyhow::anyhow!(
            "there is no `crontab` here"
        ))),
    }
}

/// Where the units of a user are kept.
fn unit_folder() -> Result<PathBuf, Failure> {
    let variable = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let config = variable("XDG_CONFIG_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".config")))
        .ok_or_else(|| {
            Failure::failed(anyhow::anyhow!(
                "neither XDG_CONFIG_HOME nor HOME names a folder, so the place of the units is not known"
            ))
        })?;
    Ok(config.join("systemd/user"))
}

/// A unit of ours at this path: its text. One that somebody else wrote is not touched.
fn own_unit(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) if text.starts_with(MARK) => Ok(Some(text)),
        Ok(_) => Err(Failure::failed(anyhow::anyhow!(
            "{}: this unit was not written by `sourcekeep schedule install`",
            path.display()
        ))
        .with_hint("move it away first; it was not touched")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::failed(anyhow::anyhow!(
            "{}: {error}",
            path.display()
        ))),
    }
}

fn systemctl(args: &[&str]) -> Result<(), Failure> {
    let mut all = vec!["--user"];
    all.extend(args);
    let words = all.join(" ");
    match tool("systemctl", &all, None)? {
        Some(ran) if ran.is_well => Ok(()),
        Some(ran) => Err(Failure::failed(anyhow::anyhow!(
            "`systemctl {words}` failed: {}",
            ran.why()
        ))),
        None => Err(Failure::failed(anyhow::anyhow!("there is no `systemctl`"))),
    }
}

/// Writes a file whole, or not at all.
fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::failed(anyhow::anyhow!("{}: {error}", path.display()));
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    std::fs::write(&beside, text).map_err(failed)?;
    std::fs::rename(&beside, path).map_err(failed)
}

/// Has systemd look at the units before they are where it finds them.
fn verify(units: &Units, printer: &Printer) -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("sourcekeep-units-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let result = (|| {
        let mut analyze = Command::new("systemd-analyze");
        analyze.args(["verify", "--user"]);
        // Without one it gives up before it has read anything.
        if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
            analyze.env("XDG_RUNTIME_DIR", &folder);
        }
        for (name, text) in std::iter::once(&units.service).chain(&units.timer) {
            let path = folder.join(name);
            std::fs::write(&path, text)?;
            analyze.arg(path);
        }
        finish("systemd-analyze", &mut analyze, None)
    })();
    // It lies in the system's folder for what may be lost.
    let _ = std::fs::remove_dir_all(&folder);
    let name = units.service.0.trim_end_matches(".service");
    match result? {
        None => printer.detail("there is no `systemd-analyze`, so the units were not verified"),
        // It complains about units of others too, and that is none of our business; nor is a restriction that an older
        // systemd does not know.
        Some(ran) => {
            let complaint = ran
                .err
                .lines()
                .find(|line| line.contains(name) && !line.contains("ignoring"));
            if let Some(complaint) = complaint {
                let error = anyhow::anyhow!("systemd would not take the unit: {complaint}");
                return Err(Failure::failed(error)
                    .with_hint("nothing was installed; --cron may do, or a shorter path"));
            }
            if !ran.is_well {
                printer.detail(format!("systemd-analyze: {}", ran.why()));
            }
        }
    }
    Ok(())
}

/// What does things to the system, and says what it does.
struct Machine<'a> {
    printer: &'a Printer,
}

impl<'a> Machine<'a> {
    fn new(printer: &'a Printer) -> Self {
        Self { printer }
    }

    fn install_units(&self, job: &Job, why: &str, dry_run: bool) -> Result<(), Failure> {
        let (printer, units, folder) = (self.printer, units(job), unit_folder()?);
        let files: Vec<_> = std::iter::once(&units.service)
            .chain(&units.timer)
            .map(|(name, text)| (folder.join(name), text))
            .collect();
        let started = units
            .timer
            .as_ref()
            .map_or(&units.service.0, |(name, _)| name);
        if dry_run {
            let mut out = printer.data();
            for (path, text) in &files {
                writeln!(out, "==> {}\n{text}", path.display())?;
            }
            writeln!(
                out,
                "==> then\nsystemctl --user daemon-reload\nsystemctl --user enable {started}\n\
                 systemctl --user restart {started}"
            )?;
            out.flush()?;
            printer.note(format!("by systemd, for {why}; nothing was installed"));
            return Ok(());
        }
        for (path, _) in &files {
            own_unit(path)?;
        }
        verify(&units, printer)?;
        // What was there may have been of the other kind.
        self.remove_units(job, started)?;
        std::fs::create_dir_all(&folder)
            .map_err(|error| Failure::failed(anyhow::anyhow!("{}: {error}", folder.display())))?;
        for (path, text) in &files {
            write_whole(path, text)?;
        }
        systemctl(&["daemon-reload"])?;
        systemctl(&["enable", started])?;
        systemctl(&["restart", started])?;
        if self.remove_line(job)? {
            printer.note("the crontab line of this archive was taken away");
        }
        printer.note(format!("installed by systemd ({why}): {}", told(job)));
        for (path, _) in &files {
            printer.note(format!("  {}", path.display()));
        }
        if job.config.is_none() {
            printer.note(no_config());
        }
        let lingers = std::env::var_os("USER")
            .is_some_and(|user| Path::new("/var/lib/systemd/linger").join(user).exists());
        if !lingers {
            printer.hint("`loginctl enable-linger` lets it go on while you are not logged in");
        }
        Ok(())
    }

    fn install_line(&self, job: &Job, why: &str, dry_run: bool) -> Result<(), Failure> {
        let printer = self.printer;
        let block = cron_block(job).map_err(Failure::failed)?;
        if dry_run {
            let mut out = printer.data();
            writeln!(out, "==> crontab -e\n{}", block.trim_end())?;
            out.flush()?;
            printer.note(format!("by cron ({why}); nothing was installed"));
            return Ok(());
        }
        let crontab = crontab()?.unwrap_or(Crontab(Vec::new()));
        let new = crontab.with(&job.digest(), &block).map_err(half_a_block)?;
        write_crontab(&new)?;
        if user_manager()?.is_none() && self.remove_units(job, "")? {
            printer.note("the systemd units of this archive were taken away");
        }
        printer.note(format!("installed by cron ({why}): {}", told(job)));
        if job.config.is_none() {
            printer.note(no_config());
        }
        Ok(())
    }

    /// Takes away the units of this archive, except that what is only replaced is not stopped before. Says whether
    /// there were any.
    fn remove_units(&self, job: &Job, replaced_by: &str) -> Result<bool, Failure> {
        let (folder, name) = (unit_folder()?, job.name());
        let mut removed = false;
        // The timer first, or it would start the service once more.
        for unit in [format!("{name}.timer"), format!("{name}.service")] {
            let path = folder.join(&unit);
            let Some(text) = own_unit(&path)? else {
                continue;
            };
            if unit == replaced_by {
                continue;
            }
            if text.contains("\n[Install]\n") {
                // A unit that is broken, or was never loaded, is to be taken away all the same.
                if let Err(failure) = systemctl(&["disable", "--now", &unit]) {
                    self.printer.detail(format!("{:#}", failure.error));
                }
            }
            std::fs::remove_file(&path)
                .map_err(|error| Failure::failed(anyhow::anyhow!("{}: {error}", path.display())))?;
            removed = true;
        }
        if removed && replaced_by.is_empty() && user_manager()?.is_none() {
            systemctl(&["daemon-reload"])?;
        }
        Ok(removed)
    }

    /// Takes away the crontab line of this archive. Says whether there was one.
    fn remove_line(&self, job: &Job) -> Result<bool, Failure> {
        let crontab = match crontab() {
            Ok(Some(crontab)) => crontab,
            Ok(None) => return Ok(false),
            // Who may not have a crontab has no line in it.
            Err(failure) => {
                self.printer.detail(format!("{:#}", failure.error));
                return Ok(false);
            }
        };
        match crontab.without(&job.digest()).map_err(half_a_block)? {
            Some(rest) => {
                write_crontab(&rest)?;
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

fn half_a_block(error: CrontabError) -> Failure {
    Failure::failed(error).with_hint("mend it with `crontab -e`; nothing was changed")
}

fn no_config() -> String {
    format!(
        "there is no {} here, so it goes by the defaults; install again once there is one",
        config::FILE_NAME
    )
}

fn told(job: &Job) -> String {
    match &job.when {
        When::Always => format!("`watch` over {}", job.archive),
        When::At(times) => format!(
            "a run over {} at {}",
            job.archive,
            times.calendar().trim_start_matches("*-*-* ")
        ),
    }
}

fn remove(global: &Global, printer: &Printer) -> Result<Exit, Failure> {
    let job = job_of(global)?;
    let machine = Machine::new(printer);
    let units = machine.remove_units(&job, "")?;
    let line = machine.remove_line(&job)?;
    match (units, line) {
        (false, false) => printer.note(format!("nothing is installed for {}", job.archive)),
        (true, _) => printer.note(format!("removed: {} (systemd)", job.name())),
        (false, true) => {}
    }
    if line {
        printer.note(format!("removed: the crontab line of {}", job.archive));
    }
    Ok(Exit::Done)
}

/// What is installed for an archive.
#[derive(Debug, Default, Serialize)]
struct Shown {
    archive: String,
    /// `systemd-timer`, `systemd-service`, `cron`, or null.
    installed: Option<&'static str>,
    /// The units' files, or the crontab line.
    by: Vec<String>,
    /// As the service manager has it.
    state: Option<String>,
    /// When a run over the archive last began, whoever started it.
    last_run_at: Option<String>,
    /// When the next one is due, as the starter says it.
    next_run_at: Option<String>,
}

fn show(global: &Global, args: &ShowArgs, printer: &Printer) -> Result<Exit, Failure> {
    let job = job_of(global)?;
    let shown = look(&job)?;
    let mut out = printer.data();
    match args.format {
        Format::Json | Format::Jsonl => writeln!(out, "{}", serde_json::to_string(&shown)?)?,
        Format::Text => {
            let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            writeln!(out, "archive    {}", shown.archive)?;
            writeln!(out, "installed  {}", shown.installed.unwrap_or("no"))?;
            for by in &shown.by {
                writeln!(out, "           {by}")?;
            }
            if shown.state.is_some() {
                writeln!(out, "state      {}", dash(&shown.state))?;
            }
            writeln!(out, "last run   {}", dash(&shown.last_run_at))?;
            writeln!(out, "next run   {}", dash(&shown.next_run_at))?;
        }
    }
    out.flush()?;
    if shown.installed.is_none() {
        printer.hint("`sourcekeep schedule install` makes a run every night");
    }
    Ok(Exit::Done)
}

fn look(job: &Job) -> Result<Shown, Failure> {
    let mut shown = Shown {
        archive: job.archive.clone(),
        last_run_at: Store::open(Path::new(&job.archive), Mode::Read, 0)
            .and_then(|store| store.read("find the last run", |r| r.last_run()))
            .ok()
            .flatten()
            .map(|(_, at)| rfc3339(at)),
        ..Shown::default()
    };
    let (folder, name) = (unit_folder()?, job.name());
    let (timer, service) = (format!("{name}.timer"), format!("{name}.service"));
    let has = |unit: &str| own_unit(&folder.join(unit)).ok().flatten().is_some();
    let file = |unit: &str| folder.join(unit).display().to_string();
    if has(&timer) {
        shown.installed = Some("systemd-timer");
        shown.by = vec![file(&timer), file(&service)];
        let (next, state) = ("NextElapseUSecRealtime", "ActiveState");
        let properties = properties(&timer, &[state, next])?;
        shown.next_run_at = value(&properties, next);
        shown.state = value(&properties, state);
    } else if has(&service) {
        shown.installed = Some("systemd-service");
        shown.by = vec![file(&service)];
        let (state, status) = ("ActiveState", "StatusText");
        let properties = properties(&service, &[state, status])?;
        shown.state = match (value(&properties, state), value(&properties, status)) {
            (Some(state), Some(status)) => Some(format!("{state}: {status}")),
            (state, status) => state.or(status),
        };
    } else if let Ok(Some(crontab)) = crontab()
        && let Some(block) = crontab.block(&job.digest()).map_err(half_a_block)?
    {
        let line = block.lines().find(|line| !line.starts_with('#'));
        let times = line.and_then(Times::of_cron);
        shown.installed = Some("cron");
        shown.by = line.map(str::to_owned).into_iter().collect();
        shown.next_run_at = times
            .and_then(|times| times.next_after(&ZonedDateTime::now()))
            .map(|at| rfc3339(at.timestamp().as_millisecond()));
    }
    Ok(shown)
}

/// What the service manager knows of a unit, as lines `Name=value`; nothing where it cannot be asked.
fn properties(unit: &str, names: &[&str]) -> Result<String, Failure> {
    let names = format!("--property={}", names.join(","));
    let ran = tool("systemctl", &["--user", "show", unit, &names], None)?;
    Ok(ran.map_or(String::new(), |ran| {
        String::from_utf8_lossy(&ran.out).into_owned()
    }))
}

fn value(properties: &str, name: &str) -> Option<String> {
    properties
        .lines()
        .filter_map(|line| line.split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}
