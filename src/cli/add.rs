//! `add`: register inputs, to be read by the next run.

use std::io::Write;

use clap::Args;
use serde::Serialize;
use sourcekeep::config::Rendering;
use sourcekeep::gather;
use sourcekeep::report::one_line;
use sourcekeep::run::{
    Argument, InputError, SITE, classify, configured_input, is_registered, to_register,
};
use sourcekeep::store::{InputRow, Mode, NewInput, Store};

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::selected::{GatherArgs, PostArgs, Selected};

/// Register inputs; the next run reads them. With --browser, pages that they cite are kept as a browser shows them too
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Pages or feeds (https://...), files or folders
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<String>,
    #[command(flatten)]
    gather: GatherArgs,
    #[command(flatten)]
    posts: PostArgs,
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
    let is_rendered = global.room.browser == Some(Rendering::Always);
    let selected = args.gather.select(&setup.gather)?.rendered(is_rendered);
    if args.inputs.iter().any(|input| input == "-") {
        return Err(Failure::usage(anyhow::anyhow!(
            "standard input is gone by the next run: use `sourcekeep run -`, or add a file"
        )));
    }
    let (inputs, failed) = recognise(&args.inputs, &selected, args.posts, printer)?;
    if inputs.is_empty() {
        return Ok(Exit::Failed);
    }
    let store = setup.open(Mode::Create, printer)?;
    let added = register(&store, inputs, setup.clock.now())?;
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

/// What can be registered of the inputs that a user named; what cannot is told, and the rest goes on. Says whether there
/// was such.
pub(crate) fn recognise(
    inputs: &[String],
    selected: &Selected,
    posts: PostArgs,
    printer: &Printer,
) -> Result<(Vec<NewInput>, bool), Failure> {
    let (mut recognised, mut failed) = (Vec::new(), false);
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
        if selected.site && !matches!(argument, Argument::Web(_)) {
            failed = true;
            printer.warning(InputError::Site {
                argument: input.clone(),
            });
            continue;
        }
        let kind = match (selected.pages, &argument) {
            (false, _) => argument.kind(selected.format),
            (true, Argument::File(_) | Argument::Stdin) => "pages",
            (true, Argument::Web(_) | Argument::Folder(_)) => {
                failed = true;
                printer.warning(format!(
                    "{input}: --as pages reads a file, or standard input (-)"
                ));
                continue;
            }
        };
        let format = selected.format.map(gather::Format::as_str);
        let format = if selected.site { Some(SITE) } else { format };
        recognised.push(NewInput {
            address: argument.address(),
            kind: kind.to_owned(),
            format: format.map(str::to_owned),
            base: selected.base.as_ref().map(ToString::to_string),
            options: selected.stored_options(posts.since)?,
        });
    }
    Ok((recognised, failed))
}

/// Registers the inputs that were named, and those of the configuration that are not registered yet or otherwise. Says
/// whether one of the latter cannot be registered; the rest goes on.
pub(crate) fn register_with_configured(
    setup: &Setup,
    store: &Store,
    named: Vec<NewInput>,
    says_how: bool,
    printer: &Printer,
) -> Result<bool, Failure> {
    let registered = store.read("list the inputs", |r| r.registered_inputs())?;
    let (configured, failed) = configured(setup, &registered, printer);
    let inputs = to_register(named, says_how, configured, &registered);
    register(store, inputs, setup.clock.now())?;
    Ok(failed)
}

/// What can be registered of the inputs of the configuration. Says whether there was one that cannot.
pub(crate) fn configured(
    setup: &Setup,
    registered: &[InputRow],
    printer: &Printer,
) -> (Vec<NewInput>, bool) {
    let (mut inputs, mut failed) = (Vec::new(), false);
    for input in &setup.settings.inputs {
        match configured_input(input, &setup.gather) {
            Ok(input) => inputs.push(input),
            // The run will say so, as it tries to read it.
            Err(InputError::File { path, .. }) if is_registered(&path, registered) => {}
            Err(error) => {
                failed = true;
                printer.warning(error);
            }
        }
    }
    (inputs, failed)
}

/// Registers inputs. Says which of them are new.
pub(crate) fn register(
    store: &Store,
    inputs: Vec<NewInput>,
    now: i64,
) -> Result<Vec<Added>, Failure> {
    let mut added = Vec::new();
    for input in inputs {
        let kind = match input.format.as_deref() {
            Some(SITE) => SITE.to_owned(),
            _ => input.kind.clone(),
        };
        let name = input.address.clone();
        let (_, new) =
            store.write_blocking("register an input", move |w| w.add_input(&input, now))?;
        added.push(Added {
            input: name,
            kind,
            new,
        });
    }
    Ok(added)
}
