//! `demo`: the whole product in a minute, without a network.

use std::io::Write;
use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};
use clap::Args;
use sourcekeep::config::Settings;
use sourcekeep::demo::{self, Chapter, Web};
use sourcekeep::report::{self, Query, Report, Selection};
use sourcekeep::run::{Clock, Keep, Plan, Work};
use sourcekeep::store::{Mode, note_report};

use super::add;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::Printer;
use super::run;
use super::selected::GatherArgs;

const STORY: Style = AnsiColor::Cyan.on_default();
const COMMAND: Style = Style::new().bold();

/// Show it all on a small web on loopback whose sources break; needs no network
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where to put the posts and the archive; it must not exist yet
    #[arg(value_name = "FOLDER", default_value = "sourcekeep-demo")]
    folder: PathBuf,
}

pub(crate) fn demo(args: &DemoArgs, printer: &Printer) -> Result<Exit, Failure> {
    let folder = &args.folder;
    if folder.exists() {
        let error = anyhow::anyhow!("{}: is there already", folder.display());
        return Err(Failure::failed(error)
            .with_hint("remove it, or name another folder: sourcekeep demo FOLDER"));
    }
    let posts = folder.join("posts");
    demo::write_posts(&posts)
        .map_err(|error| Failure::failed(anyhow::anyhow!("{}: {error}", posts.display())))?;
    let web = Web::start()?;
    let mut out = printer.data();
    for chapter in Chapter::ALL {
        chapter.happens(&web);
        tell(chapter, &web, folder, &mut out, printer)?;
    }
    let db = folder.join("demo.db");
    writeln!(
        out,
        "\n{STORY}The archive is left in {}. Try:{STORY:#}",
        db.display()
    )?;
    for command in [
        "report --all",
        "show http://foundation.example/strikes/database",
        "inputs",
        "report --format jsonl --all",
    ] {
        writeln!(
            out,
            "  {COMMAND}sourcekeep --db {} {command}{COMMAND:#}",
            db.display()
        )?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn tell(
    chapter: Chapter,
    web: &Web,
    folder: &Path,
    out: &mut impl Write,
    printer: &Printer,
) -> Result<(), Failure> {
    let now = demo::BEGINS + chapter.day() * demo::DAY;
    let setup = setup(web, folder, now)?;
    let first = chapter == Chapter::Begins;
    writeln!(
        out,
        "\n{STORY}Day {}. {}{STORY:#}\n",
        chapter.day() + 1,
        chapter.told()
    )?;
    let posts = if first { " posts/" } else { "" };
    writeln!(out, "{COMMAND}$ sourcekeep run{posts}{COMMAND:#}")?;
    let (store, lock) = setup.open_to_visit("demo", Mode::Create, printer)?;
    if first {
        let selected = GatherArgs::default().select(&setup.gather)?;
        let inputs = [folder.join("posts").to_string_lossy().into_owned()];
        let (inputs, _) = add::recognise(&inputs, &selected, printer)?;
        add::register(&store, inputs, now)?;
    }
    let plan = Plan {
        command: "demo",
        refresh_inputs: true,
        stdin: None,
        work: Work::Due,
        keep: Keep::Automatic,
        limit: None,
        max_time: None,
    };
    let context = setup.context(store, printer)?;
    let (outcome, _) = run::make_pass(&context, plan, None, printer)?;
    run::write_summary(
        &outcome,
        &run::Totals::read(&context.store, context.clock.now())?,
        out,
    )?;
    drop(lock);
    if !first {
        writeln!(out, "\n{COMMAND}$ sourcekeep report{COMMAND:#}")?;
        let folder = folder
            .canonicalize()
            .ok()
            .map(|folder| folder.to_string_lossy().into_owned());
        let query = Query {
            selection: Selection::default(),
            all: false,
            since: None,
            new: false,
            now,
            folder,
        };
        let told = Report::new(&context.store, query)?;
        told.write(report::Format::Text, out)?;
        note_report(context.store.path(), told.runs.newest_ended, now)?;
    }
    out.flush()?;
    Ok(())
}

/// Every name leads to the small web, nothing waits, and it is the day that the story tells.
fn setup(web: &Web, folder: &Path, now: i64) -> Result<Setup, Failure> {
    let mut settings = Settings::resolve(sourcekeep::config::Overrides::default(), None)
        .map_err(Failure::failed)?;
    let everywhere = demo::resolve(web.address());
    settings.fetch.resolve = vec![
        everywhere
            .parse()
            .map_err(|error| Failure::failed(anyhow::anyhow!("{everywhere}: {error}")))?,
    ];
    settings.fetch.host_delay_ms = 0;
    Setup::of(settings, folder.join("demo.db"), Clock::Fixed(now))
}
