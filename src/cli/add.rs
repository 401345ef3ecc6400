//! `add`: register inputs, to be read by the next run.

use std::io::Write;

use clap::Args;
use serde::Serialize;
use sourcekeep::report::one_line;
use sourcekeep::run::classify;
use sourcekeep::store::{Mode, NewInput, Store};

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::selected::{GatherArgs, Selected};

/// Register inputs; the next run reads them
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Pages or feeds (https://...), files or folders
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<String>,
    #[command(flatten)]
    gather: GatherArgs,
    /// How to print what was done
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// What was done with one input.
#[derive(Serialize)]
pub(crate) struct Added {
    pub(crate) input: String,
    pub(crate) kind: String,
    pub(crate) new: bool,
}

pub(crate) fn add(global: &Global, args: &AddArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let selected = args.gather.select(&setup.gather)?;
    let store = setup.open(Mode::Create, printer)?;
    let (added, failed) = register(&store, &args.inputs, &selected, setup.clock.now(), printer)?;
    let mut out = printer.data();
    match args.format {
        Format::Text => {
            for one in &added {
                let what = if one.new {
                    "added"
                } else {
                    "known already; read again at the next run"
                };
                writeln!(out, "{} ({}): {what}", one_line(&one.input, 2000), one.kind)?;
            }
        }
        Format::Json => writeln!(out, "{}", serde_json::to_string_pretty(&added)?)?,
        Format::Jsonl => {
            for one in &added {
                writeln!(out, "{}", serde_json::to_string(one)?)?;
            }
        }
    }
    out.flush()?;
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// Registers inputs; those that cannot be are told, and the rest goes on. Says whether there were such.
pub(crate) fn register(
    store: &Store,
    inputs: &[String],
    selected: &Selected,
    now: i64,
    printer: &Printer,
) -> Result<(Vec<Added>, bool), Failure> {
    let (mut added, mut failed) = (Vec::new(), false);
    for input in inputs {
        let argument = match classify(input) {
            Ok(argument) => argument,
            Err(error) => {
                failed = true;
                printer.warning(&error);
                if let Some(hint) = error.hint() {
                    printer.hint(hint);
                }
                continue;
            }
        };
        let kind = if selected.pages {
            "pages"
        } else {
            argument.kind(selected.format)
        };
        let new = NewInput {
            address: argument.address(),
            kind: kind.to_owned(),
            format: selected.format.map(|format| format.as_str().to_owned()),
            base: selected.base.as_ref().map(ToString::to_string),
            options: selected.stored_options()?,
        };
        let address = new.address.clone();
        let (_, is_new) =
            store.write_blocking("register an input", move |w| w.add_input(&new, now))?;
        added.push(Added {
            input: address,
            kind: kind.to_owned(),
            new: is_new,
        });
    }
    Ok((added, failed))
}
