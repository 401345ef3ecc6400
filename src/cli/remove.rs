//! `remove`: take inputs off the list.

use std::io::Write;

use clap::Args;
use sourcekeep::report::one_line;
use sourcekeep::run::{classify, names_of};
use sourcekeep::store::Mode;

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::Printer;

/// Take inputs off the list; what was gathered and kept stays
///
/// An input that stands in the configuration too (`[[input]]`) comes back at the next run.
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// Inputs as they were added, or as `inputs` lists them
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<String>,
}

pub(crate) fn remove(
    global: &Global,
    args: &RemoveArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let store = setup.open(Mode::Write, printer)?;
    let now = setup.clock.now();
    let mut out = printer.data();
    let mut failed = false;
    for input in &args.inputs {
        // A file that is gone can still be taken off the list, by the name it is listed under.
        let mut names = vec![input.clone()];
        names.extend(classify(input).ok().map(|argument| argument.address()));
        names.extend(
            std::path::absolute(input)
                .ok()
                .map(|path| path.to_string_lossy().into_owned()),
        );
        let candidates = names.clone();
        let removed = store.write_blocking("remove an input", move |w| {
            for name in &candidates {
                if w.remove_input(name, now)? {
                    return Ok(true);
                }
            }
            Ok(false)
        })?;
        if removed {
            writeln!(
                out,
                "{}: removed; what was gathered and kept stays",
                one_line(input, 2000)
            )?;
            let is_configured = setup.settings.inputs.iter().any(|one| {
                let known = names_of(&one.address);
                names.iter().any(|name| known.contains(name))
            });
            if is_configured {
                printer.note(format!(
                    "{input}: stands in the configuration, so the next run registers it again; take it out there too"
                ));
            }
        } else {
            failed = true;
            printer.warning(format!("{input}: no such input"));
        }
    }
    out.flush()?;
    if failed {
        printer.hint("`sourcekeep inputs` lists them");
    }
    Ok(if failed { Exit::Failed } else { Exit::Done })
}
