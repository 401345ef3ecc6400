//! `doctor`: is everything around the archive as it should be.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use sourcekeep::config::{self, Settings};
use sourcekeep::doctor::{Check, Patient, State, examine};
use sourcekeep::report::one_line;
use sourcekeep::run::Clock;
use url::Url;

use super::Global;
use super::backup::configured_folder;
use super::context::{self, Setup};
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};

/// Examine the archive, this machine and the network, and say what to do
///
/// It works where there is no archive yet, where it is damaged, and where there is no network: all of these are
/// findings. Nothing in the archive is changed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep doctor                                  everything
  sourcekeep doctor --offline                        nothing that needs the network
  sourcekeep doctor --url https://my.example/        is this page reached, and is our clock right
  sourcekeep doctor --format json | jq '.checks[] | select(.state == \"problem\")'

Exit codes: 0 no problem, though perhaps warnings; 3 a problem.")]
pub(crate) struct DoctorArgs {
    /// Ask nothing of the network
    #[arg(long)]
    offline: bool,
    /// A page that should answer; its server's clock is compared with ours; repeatable
    #[arg(long, value_name = "URL", value_parser = page, conflicts_with = "offline")]
    url: Vec<Url>,
    /// Where backups are kept [default: `backups` beside the archive]
    #[arg(long, value_name = "FOLDER")]
    backups: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

fn page(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(format!("{other}: only http and https can be asked")),
    }
}

pub(crate) fn doctor(
    global: &Global,
    args: &DoctorArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let (setup, config_trouble) = match Setup::new(global, printer) {
        Ok(setup) => (setup, None),
        // A configuration that cannot be used is a finding; everything else is looked at as by default.
        Err(failure) => {
            let settings =
                Settings::resolve(config::Overrides::default(), None).map_err(Failure::usage)?;
            let db = context::db(global);
            let clock = global.now.map_or(Clock::System, Clock::Fixed);
            let setup = Setup::of(settings, db, clock)?;
            (setup, Some(failure.error.to_string()))
        }
    };
    let backups = args
        .backups
        .clone()
        .unwrap_or_else(|| configured_folder(&setup));
    let config_file = global
        .config
        .clone()
        .unwrap_or_else(|| PathBuf::from(config::FILE_NAME));
    // Whom we would ask if we suspected ourselves is whom to ask now.
    let urls = if args.url.is_empty() {
        &setup.settings.schedule.canaries
    } else {
        &args.url
    };
    let patient = Patient {
        db: &setup.db,
        backups: &backups,
        now: setup.clock.now(),
        is_simulated: setup.clock.is_simulated(),
        min_free: setup.settings.capture.min_free,
        config_trouble,
        config_file: config_file.exists().then_some(config_file.as_path()),
        urls,
        fetch: (!args.offline).then_some(&setup.fetch),
    };
    let runtime = context::runtime()?;
    let checks = runtime.block_on(examine(&patient));
    runtime.shutdown_background();
    let mut out = printer.data();
    match args.format {
        Format::Text => write_text(&checks, &mut out)?,
        Format::Json => {
            let count = |state| checks.iter().filter(|check| check.state == state).count();
            let whole = serde_json::json!({
                "problems": count(State::Problem),
                "warnings": count(State::Warning),
                "checks": checks,
            });
            serde_json::to_writer_pretty(&mut out, &whole)?;
            out.write_all(b"\n")?;
        }
        Format::Jsonl => {
            for check in &checks {
                serde_json::to_writer(&mut out, check)?;
                out.write_all(b"\n")?;
            }
        }
    }
    out.flush()?;
    let has_problem = checks.iter().any(|check| check.state == State::Problem);
    Ok(if has_problem {
        Exit::Failed
    } else {
        Exit::Done
    })
}

fn write_text(checks: &[Check], out: &mut impl Write) -> std::io::Result<()> {
    for check in checks {
        let sign = match check.state {
            State::Ok => '✓',
            State::Warning => '!',
            State::Problem => '✗',
            State::Skipped => '-',
        };
        writeln!(
            out,
            "{sign} {:<17} {}",
            check.name,
            one_line(&check.found, 1000)
        )?;
        if let Some(advice) = &check.advice {
            writeln!(out, "{:20}→ {}", "", one_line(advice, 1000))?;
        }
    }
    let count = |state| checks.iter().filter(|check| check.state == state).count();
    let (problems, warnings) = (count(State::Problem), count(State::Warning));
    let says = |number: usize, noun: &str| sourcekeep::report::count(number as u64, noun);
    writeln!(out)?;
    match (problems, warnings) {
        (0, 0) => writeln!(out, "everything is as it should be"),
        (0, warnings) => writeln!(out, "no problem, {}", says(warnings, "warning")),
        (problems, 0) => writeln!(out, "{}", says(problems, "problem")),
        (problems, warnings) => writeln!(
            out,
            "{}, {}",
            says(problems, "problem"),
            says(warnings, "warning")
        ),
    }
}
