//! `capture`: keep copies now.

use std::path::PathBuf;

use clap::Args;
use sourcekeep::run::{Keep, Plan, Work};
use sourcekeep::store::Mode;

use super::Global;
use super::by_hand::by_hand;
use super::check::{named, parse, visit_and_print};
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::run;
use super::when;

/// Keep copies of these addresses now, whatever robots.txt says
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep capture https://example.com/a                     visit and keep it now
  sourcekeep capture https://example.com/a --file saved.html   keep a copy you made by hand

A copy made by hand is a page (HTML, as SingleFile and browsers save it), an MHTML file, a PDF, a picture or a text of up
to 100 MB; what it is, is told by what is in it. Its text serves for quotes; a picture has none. It is no visit, and says
nothing of what became of the source.")]
pub(crate) struct CaptureArgs {
    /// Addresses to keep
    #[arg(required = true, value_name = "URL")]
    pub(super) urls: Vec<String>,
    /// Store this file as a copy made by hand: marked so, and no visit
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Who made that copy; by default, the user's name in this system
    #[arg(long, value_name = "NAME", requires = "file")]
    pub(super) by: Option<String>,
    /// When it was made: an instant, or a day; by default, what the file says, or else when it was last changed
    #[arg(long, value_name = "INSTANT", requires = "file", value_parser = when::instant)]
    pub(super) made_at: Option<i64>,
    /// What there is to say of it
    #[arg(long, value_name = "TEXT", requires = "file")]
    pub(super) note: Option<String>,
    /// Keep it though the file says that it is a copy of another page
    #[arg(long, requires = "file")]
    pub(super) other_page: bool,
    /// How to print the results
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

pub(crate) fn capture(
    global: &Global,
    args: &CaptureArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    if let Some(file) = &args.file {
        return by_hand(&setup, args, file, printer);
    }
    let (addresses, failed) = parse(&args.urls, printer);
    if addresses.is_empty() {
        return Ok(Exit::Failed);
    }
    let (store, lock) = setup.open_to_visit("capture", Mode::Create, printer)?;
    let ids = named(&store, &addresses, setup.clock.now())?;
    let plan = Plan {
        command: "capture",
        refresh_inputs: false,
        stdin: None,
        work: Work::Named(ids.clone()),
        keep: Keep::Named,
        limit: None,
        max_time: None,
    };
    let context = setup.context(store, printer)?;
    let visits = visit_and_print(&context, plan, args.format, true, None, printer)?;
    let why = match visits.outcome.full {
        Some(_) => "there is no room (--max-bytes, --min-free)",
        None => "only a page that is fine becomes one",
    };
    let mut missed = false;
    for id in ids {
        let captures = context.store.read("read captures", |r| r.captures(id))?;
        let is_fine = visits.fine.contains(&id);
        missed |= !is_fine || captures.is_empty();
        match captures.first() {
            Some(newest) if !is_fine => printer.warning(format!(
                "no copy was kept: {why}; the newest we hold is of {}",
                sourcekeep::report::rfc3339(newest.at)
            )),
            Some(newest) => {
                if args.format == Format::Text {
                    printer.note(format!(
                        "copy of {}, {} bytes, sha256:{}",
                        sourcekeep::report::rfc3339(newest.at),
                        newest.size,
                        newest.sha256
                    ));
                }
            }
            None => printer.warning(format!("no copy was kept: {why}")),
        }
    }
    printer.peak_memory();
    drop(lock);
    Ok(match run::exit(&visits.outcome, failed, false) {
        Exit::Done if missed => Exit::Failed,
        exit => exit,
    })
}
