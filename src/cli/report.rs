//! `report`: what needs attention.

use std::io::Write;

use clap::{Args, ValueEnum};
use sourcekeep::report::{Format, Query, Report, Selection};
use sourcekeep::store::{Store, StoreError, note_report};

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::Printer;
use super::when::{self, Since};

/// Say what needs attention: what newly broke, where it is cited, since when, what we hold instead
///
/// New is what changed since the last report that was read before the last run: a whole report (without --only, --since,
/// --new) leaves a note that it was read, unless --peek is given.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep report                             what needs attention
  sourcekeep report --new                       only what is new since the last report, or back again
  sourcekeep report --only broken --since 7d    what broke in the last week
  sourcekeep report --format jsonl --all        every source, for a program
  sourcekeep report --format html > r.html      one page with charts and evidence, to be mailed and printed
  sourcekeep report --only quote-lost           sources that do not say any more what is quoted from them
  sourcekeep report --fail-on dead,gone         for CI: exit code 1 if there are such sources")]
pub(crate) struct ReportArgs {
    /// List all sources, fine ones too
    #[arg(long)]
    all: bool,
    /// Only these standings, verdicts or groups (fine, gone, failing, cannot-tell, broken), or quote-lost
    #[arg(long, value_name = "NAME,...", value_parser = Selection::parse)]
    only: Option<Selection>,
    /// Only what changed since this instant (2026-01-31) or this long ago (7d)
    #[arg(long, value_name = "WHEN", value_parser = when::since)]
    since: Option<Since>,
    /// Only what is new since the last report, or back again; with --since, since then
    #[arg(long)]
    new: bool,
    /// Leave no note that this report was read, so that the next one tells the same news
    #[arg(long)]
    peek: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ReportFormat,
    /// Exit with 1 if the report lists a source of these standings, verdicts or groups, or for quote-lost
    #[arg(long, value_name = "NAME,...", value_parser = Selection::parse)]
    fail_on: Option<Selection>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// For a person
    Text,
    /// One JSON object with everything in it
    Json,
    /// One JSON object a source, a line each
    Jsonl,
    /// Comma-separated values
    Csv,
    /// For an issue tracker or a wiki
    Markdown,
    /// One page that needs nothing else, to be mailed, read and printed
    Html,
}

impl From<ReportFormat> for Format {
    fn from(format: ReportFormat) -> Self {
        match format {
            ReportFormat::Text => Self::Text,
            ReportFormat::Json => Self::Json,
            ReportFormat::Jsonl => Self::Jsonl,
            ReportFormat::Csv => Self::Csv,
            ReportFormat::Markdown => Self::Markdown,
            ReportFormat::Html => Self::Html,
        }
    }
}

pub(crate) fn report(
    global: &Global,
    args: &ReportArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let store = setup.open_to_read()?;
    let now = setup.clock.now();
    let query = Query {
        selection: args.only.clone().unwrap_or_default(),
        all: args.all,
        since: args.since.map(|since| since.resolve(now)),
        new: args.new,
        now,
        folder: working_folder(),
    };
    let report = Report::new(&store, query)?;
    let mut out = printer.data();
    report.write(args.format.into(), &mut out)?;
    out.flush()?;
    let mut matched = false;
    if let Some(fail_on) = &args.fail_on {
        report.each(|entry| {
            matched |= entry.matches(fail_on);
            Ok(())
        })?;
    }
    if report.is_full() && !args.peek {
        let run_id = report.runs.newest_ended;
        if let Err(error) = note(&setup, &store, run_id) {
            printer.detail(format!(
                "that this report was read could not be noted: {error}"
            ));
        }
    }
    Ok(if matched { Exit::FailOn } else { Exit::Done })
}

/// Notes that a report was read. What is only thought of as of some instant is no report of the archive's.
fn note(setup: &Setup, store: &Store, run_id: Option<i64>) -> Result<(), StoreError> {
    let is_simulated = store.read("read the archive's mark", |r| r.is_simulated())?;
    if setup.clock.is_simulated() && !is_simulated {
        return Ok(());
    }
    note_report(store.path(), run_id, setup.clock.now())
}

/// The folder that paths are shown from.
pub(crate) fn working_folder() -> Option<String> {
    let folder = std::env::current_dir().ok()?.canonicalize().ok()?;
    Some(folder.to_string_lossy().into_owned())
}
