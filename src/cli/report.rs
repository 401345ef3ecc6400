//! `report`: what needs attention.

use std::io::Write;

use clap::{Args, ValueEnum};
use sourcekeep::report::{Format, Query, Report, Selection};

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::Printer;
use super::when::{self, Since};

/// Say what needs attention: what newly broke, where it is cited, since when, what we hold instead
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep report                             what needs attention
  sourcekeep report --only broken --since 7d    what broke in the last week
  sourcekeep report --format jsonl --all        every source, for a program
  sourcekeep report --fail-on dead,gone         for CI: exit code 1 if there are such sources")]
pub(crate) struct ReportArgs {
    /// List all sources, fine ones too
    #[arg(long)]
    all: bool,
    /// Only these standings, verdicts or groups (fine, gone, failing, cannot-tell, broken)
    #[arg(long, value_name = "NAME,...", value_parser = Selection::parse)]
    only: Option<Selection>,
    /// Only what changed since this instant (2026-01-31) or this long ago (7d)
    #[arg(long, value_name = "WHEN", value_parser = when::since)]
    since: Option<Since>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ReportFormat,
    /// Exit with 1 if the report lists a source of these standings, verdicts or groups
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
}

impl From<ReportFormat> for Format {
    fn from(format: ReportFormat) -> Self {
        match format {
            ReportFormat::Text => Self::Text,
            ReportFormat::Json => Self::Json,
            ReportFormat::Jsonl => Self::Jsonl,
            ReportFormat::Csv => Self::Csv,
            ReportFormat::Markdown => Self::Markdown,
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
            matched |= fail_on.matches(&entry.standing, entry.verdict.as_deref());
            Ok(())
        })?;
    }
    Ok(if matched { Exit::FailOn } else { Exit::Done })
}

/// The folder that paths are shown from.
pub(crate) fn working_folder() -> Option<String> {
    let folder = std::env::current_dir().ok()?.canonicalize().ok()?;
    Some(folder.to_string_lossy().into_owned())
}
