//! `inputs`: what is registered.

use std::io::Write;

use clap::Args;
use serde::Serialize;
use sourcekeep::report::{ago, count, in_future, one_line, rfc3339};
use sourcekeep::run::InputOptions;
use sourcekeep::store::InputRow;

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};

/// List the registered inputs
#[derive(Debug, Args)]
pub(crate) struct InputsArgs {
    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// One input, as other programs read it.
#[derive(Serialize)]
struct Listed<'a> {
    input: &'a str,
    kind: &'a str,
    format: Option<&'a str>,
    base: Option<&'a str>,
    posts: i64,
    citations: i64,
    added_at: String,
    refreshed_at: Option<String>,
    next_refresh_at: Option<String>,
    problem: Option<&'a str>,
}

impl<'a> From<&'a InputRow> for Listed<'a> {
    fn from(row: &'a InputRow) -> Self {
        Self {
            input: &row.address,
            kind: &row.kind,
            format: row.format.as_deref(),
            base: row.base.as_deref(),
            posts: row.posts,
            citations: row.citations,
            added_at: rfc3339(row.added_at),
            refreshed_at: row.refreshed_at.map(rfc3339),
            next_refresh_at: row.next_refresh_at.map(rfc3339),
            problem: row.problem.as_deref(),
        }
    }
}

pub(crate) fn inputs(
    global: &Global,
    args: &InputsArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let store = setup.open_to_read()?;
    let rows = store.read("list the inputs", |r| r.inputs())?;
    let mut out = printer.data();
    match args.format {
        Format::Text => {
            for row in &rows {
                write_row(row, setup.clock.now(), &mut out)?;
            }
            if rows.is_empty() {
                printer.note("no inputs yet; `sourcekeep add INPUT` registers one");
            }
        }
        Format::Json => {
            let listed: Vec<Listed<'_>> = rows.iter().map(Into::into).collect();
            writeln!(out, "{}", serde_json::to_string_pretty(&listed)?)?;
        }
        Format::Jsonl => {
            for row in &rows {
                writeln!(out, "{}", serde_json::to_string(&Listed::from(row))?)?;
            }
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn write_row(row: &InputRow, now: i64, out: &mut impl Write) -> std::io::Result<()> {
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    let read = row.refreshed_at.map_or("not read yet".to_owned(), |at| {
        format!("read {}", ago(at, now))
    });
    let is_local = matches!(row.kind.as_str(), "file" | "folder" | "list");
    let next = match row.next_refresh_at {
        Some(_) if is_local => ", again in every run".to_owned(),
        Some(at) => format!(", next {}", in_future(at, now)),
        None => String::new(),
    };
    writeln!(
        out,
        "{} ({}): {}, {}; {read}{next}",
        one_line(&row.address, 2000),
        row.kind,
        count(number(row.posts), "post"),
        count(number(row.citations), "citation"),
    )?;
    let globs = options(row).globs;
    if !globs.is_empty() {
        writeln!(out, "    only {}", one_line(&globs.join(", "), 1000))?;
    }
    let excluded = excluded(row);
    if !excluded.is_empty() {
        writeln!(out, "    without {}", one_line(&excluded.join(", "), 1000))?;
    }
    if let Some(problem) = &row.problem {
        writeln!(out, "    could not be read: {}", one_line(problem, 1000))?;
    }
    Ok(())
}

fn options(row: &InputRow) -> InputOptions {
    serde_json::from_str(&row.options).unwrap_or_default()
}

/// What is left out of an input, beside what the configuration leaves out of all.
fn excluded(row: &InputRow) -> Vec<String> {
    let exclude = options(row).gather.exclude;
    let named = |what: &str, values: Vec<String>| {
        values
            .into_iter()
            .map(|value| format!("{what} {value}"))
            .collect::<Vec<_>>()
    };
    [
        named("host", exclude.hosts),
        named("pattern", exclude.patterns),
        named("post", exclude.posts),
        named("selector", exclude.selectors),
    ]
    .concat()
}
