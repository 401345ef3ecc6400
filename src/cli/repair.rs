//! `repair`: what is to become of links whose sources are broken.

use std::io::Write;

use clap::{Args, ValueEnum};
use sourcekeep::report::{each_decision, write_decision_text, write_decisions_csv};

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::Printer;

/// List what was decided of links whose sources are broken
///
/// It is decided in a browser (`sourcekeep serve`, Repairs): a link is to lead to a copy or to another address, to go, or to stay. Posts are
/// not changed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep repair --list
  sourcekeep repair --list --format csv > decisions.csv
  sourcekeep repair --list --format jsonl | jq -r 'select(.is_cited and .action == \"address\") | [.post, .url, .new_url] | @tsv'")]
pub(crate) struct RepairArgs {
    /// List all decisions, the last first
    #[arg(long, required = true)]
    list: bool,
    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ListFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    /// For a person
    Text,
    /// One JSON array
    Json,
    /// One JSON object a line
    Jsonl,
    /// For a spreadsheet
    Csv,
}

pub(crate) fn repair(
    global: &Global,
    args: &RepairArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let store = setup.open_to_read()?;
    let mut out = printer.data();
    let mut many = 0_u64;
    match args.format {
        ListFormat::Csv => many = write_decisions_csv(&store, &mut out)?,
        format => {
            if format == ListFormat::Json {
                out.write_all(b"[")?;
            }
            each_decision(&store, |one| {
                match format {
                    ListFormat::Text => write_decision_text(&one, &mut out)?,
                    ListFormat::Json if many > 0 => out.write_all(b",\n")?,
                    _ => {}
                }
                if format != ListFormat::Text {
                    serde_json::to_writer(&mut out, &one).map_err(std::io::Error::from)?;
                }
                if format == ListFormat::Jsonl {
                    out.write_all(b"\n")?;
                }
                many += 1;
                Ok(())
            })?;
            if format == ListFormat::Json {
                out.write_all(b"]\n")?;
            }
        }
    }
    out.flush()?;
    if many == 0 {
        printer.note("nothing is decided yet; `sourcekeep serve` shows what is broken");
    }
    Ok(Exit::Done)
}
