//! `explain`: why a source has its verdict and its standing.

use std::io::Write;

use clap::Args;
use sourcekeep::explain::{self, Answer, Question, Which};
use sourcekeep::judge::Rules;
use sourcekeep::report::rfc3339;

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::{show, when};

/// Say why a source has its verdict: the evidence, line by line, what is missing, and when it is visited next
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep explain https://example.com/a                    how it stands now
  sourcekeep explain https://example.com/a --at 2026-01-31    what the visit before that day saw
  sourcekeep explain https://example.com/a --format json      everything, for a program

docs/VERDICTS.md says how to read it.")]
pub(crate) struct ExplainArgs {
    /// The source's address, or another address that leads to it
    url: String,
    /// Explain the visit of this number, as `explain` shows it
    #[arg(long, value_name = "ID", conflicts_with = "at")]
    visit: Option<i64>,
    /// Explain the newest visit that was made at this instant (2026-01-31) or before it
    #[arg(long, value_name = "INSTANT", value_parser = when::instant)]
    at: Option<i64>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(crate) fn explain(
    global: &Global,
    args: &ExplainArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let store = setup.open_to_read()?;
    let address = show::canonical(&args.url)?;
    let (policy, intervals) = (setup.policy(), setup.intervals());
    let rules = setup.rules();
    let question = Question {
        address: &address,
        visit: args.visit.map(Which::Id).or(args.at.map(Which::At)),
        now: setup.clock.now(),
        policy: &policy,
        intervals: &intervals,
        rules: rules.as_deref().unwrap_or(Rules::built_in()),
    };
    let explained = match explain::explain(&store, &question)? {
        Answer::Explained(explained) => explained,
        Answer::NoSource => return Err(show::unknown(&store, &address)?),
        Answer::NoVisit(newest) => return Err(no_visit(args, &address, &newest)),
    };
    let mut out = printer.data();
    match args.format {
        Format::Text => explain::write_text(&explained, &mut out)?,
        Format::Json => serde_json::to_writer_pretty(&mut out, &explained)?,
        Format::Jsonl => serde_json::to_writer(&mut out, &explained)?,
    }
    if args.format != Format::Text {
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn no_visit(args: &ExplainArgs, address: &str, newest: &[(i64, i64)]) -> Failure {
    let asked = match (args.visit, args.at) {
        (Some(id), _) => format!("visit {id} is none of its visits"),
        (None, Some(at)) => format!("it was not visited before {}", rfc3339(at)),
        (None, None) => "it was not visited yet".to_owned(),
    };
    let failure = Failure::failed(anyhow::anyhow!("{address}: {asked}"));
    let newest: Vec<_> = newest
        .iter()
        .map(|(id, at)| format!("{id} ({})", rfc3339(*at)))
        .collect();
    if newest.is_empty() {
        failure.with_hint("`sourcekeep run` visits what is due")
    } else {
        failure.with_hint(format!("its newest visits are {}", newest.join(", ")))
    }
}
