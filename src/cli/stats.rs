//! `stats`: what is in the archive, in numbers.

use std::io::Write;

use clap::Args;
use sourcekeep::report::Statistics;

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::when::{self, Since};

/// Say what is in the archive: sources, visits, copies, where the bytes are, what is due
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep stats                    the last 30 days
  sourcekeep stats --since 2026-01-01 --top 20
  sourcekeep stats --format json | jq .bytes.per_unchanged_visit")]
pub(crate) struct StatsArgs {
    /// Count visits, runs and new sources since this instant (2026-01-31) or this long ago (7d) [default: 30 days]
    #[arg(long, value_name = "WHEN", value_parser = when::since)]
    since: Option<Since>,
    /// List so many hosts
    #[arg(long, value_name = "N", default_value_t = 5)]
    top: u32,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(crate) fn stats(global: &Global, args: &StatsArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let store = setup.open_to_read()?;
    let now = setup.clock.now();
    let since = args.since.map(|since| since.resolve(now));
    let statistics = Statistics::count(&store, now, since, args.top as usize)?;
    let mut out = printer.data();
    match args.format {
        Format::Text => statistics.write_text(now, &mut out)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &statistics)?;
            out.write_all(b"\n")?;
        }
        Format::Jsonl => {
            serde_json::to_writer(&mut out, &statistics)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}
