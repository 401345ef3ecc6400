//! `hold`: copies that are never pruned.

use std::io::Write;

use clap::Args;
use serde::Serialize;
use sourcekeep::report::{date, one_line, rfc3339};
use sourcekeep::store::{HoldRow, Mode, Store};

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::show;
use super::when;

/// Keep copies from being pruned: all of a source, or one of them
///
/// What is held stays, whatever `prune` is asked, until it is let go with --off. The first and newest copies, those that
/// stand for what was cited, and those that a lost quote names need not be held: they are never pruned.
#[derive(Debug, Args)]
#[command(
    override_usage = "sourcekeep hold [OPTIONS] <URL>...\n       \
                      sourcekeep hold --off <URL>...\n       \
                      sourcekeep hold --list",
    after_help = "Examples:
  sourcekeep hold https://example.com/law --note \"case 12/2026\"
  sourcekeep hold https://example.com/law --at 2026-01-31      the copy of that time only
  sourcekeep hold https://example.com/law --off
  sourcekeep hold --list"
)]
pub(crate) struct HoldArgs {
    /// Addresses of sources
    #[arg(value_name = "URL", required_unless_present = "list")]
    urls: Vec<String>,
    /// Only the copy that was the newest at this instant (2026-01-31T12:00:00Z, or a day: its end)
    #[arg(long, value_name = "INSTANT", value_parser = when::instant, conflicts_with = "list")]
    at: Option<i64>,
    /// Why, in your words
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["off", "list"])]
    note: Option<String>,
    /// Let go of what was held
    #[arg(long, conflicts_with = "list")]
    off: bool,
    /// List what is held
    #[arg(long, conflicts_with = "urls")]
    list: bool,
    /// How to print the list
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "list")]
    format: Format,
}

pub(crate) fn hold(global: &Global, args: &HoldArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    if args.list {
        return list(&setup, args.format, printer);
    }
    let store = setup.open(Mode::Write, printer)?;
    let mut found = Vec::new();
    for url in &args.urls {
        let address = show::canonical(url)?;
        let Some(id) = store.read("look for a source", |r| r.source_id(&address))? else {
            return Err(show::unknown(&store, &address)?);
        };
        found.push((id, address, copy_at(&store, id, url, args.at)?));
    }
    let now = setup.clock.now();
    let mut out = printer.data();
    for (id, address, copy) in found {
        let capture = copy.map(|(id, _)| id);
        let changed = if args.off {
            store.write_blocking("let go", move |w| w.let_go(id, capture))?
        } else {
            let note = args.note.clone().filter(|note| !note.trim().is_empty());
            store.write_blocking("hold", move |w| w.hold(id, capture, note.as_deref(), now))?
        };
        let says = match (args.off, changed) {
            (false, true) => "held",
            (false, false) => "was held already",
            (true, true) => "no longer held",
            (true, false) => "was not held",
        };
        let which = copy.map_or(String::new(), |(_, at)| {
            format!(", the copy of {}", rfc3339(at))
        });
        writeln!(out, "{}{which}: {says}", one_line(&address, 2000))?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// The copy that was the newest at an instant, if one is named.
fn copy_at(
    store: &Store,
    source: i64,
    url: &str,
    at: Option<i64>,
) -> Result<Option<(i64, i64)>, Failure> {
    const DAY: i64 = 86_400_000;
    let Some(at) = at else { return Ok(None) };
    // A day is named by its beginning, and is over at its end.
    let until = if at % DAY == 0 { at + DAY - 1 } else { at };
    let captures = store.read("read captures", |r| r.captures(source))?;
    let found = captures.iter().find(|capture| capture.at <= until);
    match found {
        Some(capture) => Ok(Some((capture.id, capture.at))),
        None => Err(Failure::failed(anyhow::anyhow!(
            "{url}: no copy was made until {}",
            rfc3339(at)
        ))),
    }
}

/// What is held, as other programs read it.
#[derive(Serialize)]
struct Listed {
    url: String,
    capture: Option<i64>,
    capture_at: Option<String>,
    since: String,
    note: Option<String>,
}

impl From<HoldRow> for Listed {
    fn from(row: HoldRow) -> Self {
        Self {
            url: row.address,
            capture: row.capture.map(|(id, _)| id),
            capture_at: row.capture.map(|(_, at)| rfc3339(at)),
            since: rfc3339(row.made_at),
            note: row.note,
        }
    }
}

fn list(setup: &Setup, format: Format, printer: &Printer) -> Result<Exit, Failure> {
    let store = setup.open_to_read()?;
    let holds = store.read("read what is held", |r| r.holds())?;
    let mut out = printer.data();
    match format {
        Format::Json => {
            let listed: Vec<_> = holds.into_iter().map(Listed::from).collect();
            serde_json::to_writer_pretty(&mut out, &listed)?;
            out.write_all(b"\n")?;
        }
        Format::Jsonl => {
            for row in holds {
                serde_json::to_writer(&mut out, &Listed::from(row))?;
                out.write_all(b"\n")?;
            }
        }
        Format::Text => {
            for row in &holds {
                let which = row.capture.map_or("all copies".to_owned(), |(_, at)| {
                    format!("the copy of {}", rfc3339(at))
                });
                writeln!(
                    out,
                    "{}  ({which}, since {})",
                    one_line(&row.address, 2000),
                    date(row.made_at)
                )?;
                if let Some(note) = &row.note {
                    writeln!(out, "        {}", one_line(note, 300))?;
                }
            }
            if holds.is_empty() {
                printer.note("nothing is held");
            }
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}
