//! `demo`: the whole product in a minute, without a network.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use clap::Args;
use sourcekeep::config::{Overrides, Settings};
use sourcekeep::demo::{self, Chapter, Shown, Unplugged, Web};
use sourcekeep::explain::{self, Answer, Question};
use sourcekeep::fetch::Fetcher;
use sourcekeep::judge::Rules;
use sourcekeep::report::{self, Query, Report, Selection, printable, write_show_text};
use sourcekeep::run::{Clock, Ended, Keep, Outcome, Plan, Work};
use sourcekeep::store::{Mode, Store, note_report};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::add;
use super::context::{self, Setup};
use super::exit::{Exit, Failure};
use super::print::Printer;
use super::run;
use super::selected::{GatherArgs, PostArgs};
use super::signals::{Signal, Signals};
use super::when;

const TITLE: Style = AnsiColor::Cyan.on_default().bold();
const STORY: Style = AnsiColor::Cyan.on_default();
const COMMAND: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Between two chapters, where a person looks on: all of them together take some ten seconds.
const PAUSE: Duration = Duration::from_millis(1900);

/// How wide a suggested command may be for what it does to stand in line with the others.
const HINT_WIDTH: usize = 26;

/// Show it all on a small web on loopback whose sources break; needs no network
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep demo                     tell the story, and leave the archive in sourcekeep-demo/
  sourcekeep demo --pause 0s          without pauses
  sourcekeep demo --pause 20s /tmp/d  with time to read, in another folder")]
pub(crate) struct DemoArgs {
    /// Where to leave the archive and the blog; it must not exist yet
    #[arg(value_name = "FOLDER", default_value = "sourcekeep-demo")]
    folder: PathBuf,
    /// Pause so long between two chapters [default: 1.9s on a terminal, else 0s]
    #[arg(long, value_name = "TIME", value_parser = when::duration)]
    pause: Option<Duration>,
}

pub(crate) fn demo(args: &DemoArgs, printer: &Printer) -> Result<Exit, Failure> {
    let folder = &args.folder;
    make_folder(folder)?;
    demo::write_blog(&folder.join("blog"))?;
    let stage = Stage {
        folder,
        web: Web::start()?,
        unplugged: Unplugged::new()?,
        audience: Audience::seat(args.pause.unwrap_or_else(|| {
            if Printer::is_watched() {
                PAUSE
            } else {
                Duration::ZERO
            }
        }))?,
        printer,
    };
    let mut out = printer.data();
    writeln!(
        out,
        "{DIM}A small web on loopback, and a clock that we move. Each command is really made (with --db and --now\n\
         besides), and what it printed follows; “…” stands where that was shortened.{DIM:#}"
    )?;
    for chapter in Chapter::ALL {
        let goes_on = stage.tell(chapter, &mut out)?;
        if !goes_on {
            out.flush()?;
            printer.note(format!(
                "the demo ended early; what it did so far is in {}",
                folder.display()
            ));
            return Ok(Exit::Interrupted);
        }
    }
    write_hints(folder, &mut out)?;
    out.flush()?;
    Ok(Exit::Done)
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir(folder).map_err(|error| {
        let is_there = error.kind() == std::io::ErrorKind::AlreadyExists;
        let failed = if is_there {
            anyhow::anyhow!("{}: is there already", folder.display())
        } else {
            anyhow::anyhow!("{}: {error}", folder.display())
        };
        Failure::failed(failed).with_hint(if is_there {
            "remove it, or name another folder: sourcekeep demo FOLDER"
        } else {
            "name a folder that can be made: sourcekeep demo FOLDER"
        })
    })
}

/// Who looks on: may be given time to read, and may leave at any time.
struct Audience {
    runtime: Runtime,
    left: CancellationToken,
    pause: Duration,
}

impl Audience {
    fn seat(pause: Duration) -> Result<Self, Failure> {
        let runtime = context::runtime()?;
        let left = CancellationToken::new();
        let mut signals = runtime.block_on(async { Signals::new() })?;
        let heard = left.clone();
        runtime.spawn(async move {
            while signals.next().await == Signal::Reload {}
            heard.cancel();
        });
        Ok(Self {
            runtime,
            left,
            pause,
        })
    }

    /// Waits for a while. Says whether anybody is still there.
    fn is_there_after_a_pause(&self) -> bool {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.left.cancelled() => false,
                () = tokio::time::sleep(self.pause) => true,
            }
        })
    }
}

struct Stage<'a> {
    folder: &'a Path,
    web: Web,
    unplugged: Unplugged,
    audience: Audience,
    printer: &'a Printer,
}

impl Stage<'_> {
    /// Tells one chapter. Says whether to go on.
    fn tell(&self, chapter: Chapter, out: &mut impl Write) -> Result<bool, Failure> {
        write!(out, "\n{TITLE}Day {}.{TITLE:#} ", chapter.day() + 1)?;
        for line in chapter.told() {
            writeln!(out, "{STORY}{line}{STORY:#}")?;
        }
        let inputs: &[&str] = match chapter {
            Chapter::Begins => &demo::INPUTS,
            _ => &[],
        };
        prompt(&format!("run {}", inputs.join(" ")), out)?;
        out.flush()?;
        for day in chapter.quiet_days() {
            let (_, _, outcome) = self.pass(chapter, *day, &[])?;
            if outcome.ended == Ended::Cancelled {
                return Ok(false);
            }
        }
        chapter.happens(&self.web);
        let (setup, store, outcome) = self.pass(chapter, chapter.day(), inputs)?;
        let mut summary = Vec::new();
        let totals = run::Totals::read(&store, setup.clock.now())?;
        run::write_summary(&outcome, &totals, &mut summary)?;
        let summary = String::from_utf8_lossy(&summary);
        out.write_all(demo::lines_beginning(&summary, chapter.summary()).as_bytes())?;
        if outcome.ended == Ended::Cancelled {
            return Ok(false);
        }
        let exit = run::exit(&outcome, false, false);
        for shown in chapter.shown() {
            show(*shown, &setup, &store, exit, out)?;
        }
        out.flush()?;
        Ok(self.audience.is_there_after_a_pause())
    }

    /// What `run` does, on a day of the story.
    fn pass(
        &self,
        chapter: Chapter,
        day: i64,
        inputs: &[&str],
    ) -> Result<(Setup, Arc<Store>, Outcome), Failure> {
        let setup = self.setup(chapter, day)?;
        let (store, lock) = setup.open_to_visit("demo", Mode::Create, self.printer)?;
        if !inputs.is_empty() {
            let selected = GatherArgs::default().select(&setup.gather)?;
            let inputs: Vec<_> = inputs.iter().map(ToString::to_string).collect();
            let (inputs, _) =
                add::recognise(&inputs, &selected, PostArgs::default(), self.printer)?;
            add::register(&store, inputs, setup.clock.now())?;
        }
        let plan = Plan {
            command: "run",
            refresh_inputs: true,
            stdin: None,
            work: Work::Due,
            keep: Keep::Automatic,
            limit: None,
            max_time: None,
        };
        // The small web has no certificates, so it is no matter where the authorities come from.
        let fetcher = Fetcher::new(&setup.fetch).map_err(Failure::failed)?;
        let context = setup.context_with(store, fetcher);
        let (outcome, _) = run::make_pass(&context, plan, None, self.printer)?;
        drop(lock);
        Ok((setup, context.store, outcome))
    }

    /// Every name leads to the small web, nothing waits, and it is the day that the story tells.
    fn setup(&self, chapter: Chapter, day: i64) -> Result<Setup, Failure> {
        let mut settings =
            Settings::resolve(Overrides::default(), None).map_err(Failure::failed)?;
        let web = self.web.address();
        let others = if chapter.is_cut_off() {
            self.unplugged.address()
        } else {
            web
        };
        settings.fetch.resolve = demo::resolve(web, others)
            .iter()
            .map(|one| one.parse())
            .collect::<Result<_, _>>()
            .map_err(|error| Failure::failed(anyhow::anyhow!("{error}")))?;
        settings.fetch.host_delay_ms = 0;
        // Its copies are small.
        settings.capture.min_free = 0;
        let now = demo::BEGINS + day * demo::DAY;
        Setup::of(settings, self.folder.join("demo.db"), Clock::Fixed(now))
    }
}

fn prompt(words: &str, out: &mut impl Write) -> Result<(), Failure> {
    let words = words.trim_end();
    writeln!(out, "{COMMAND}$ sourcekeep {words}{COMMAND:#}")?;
    Ok(())
}

/// Makes a command of the story, and prints the part of it that the story is about.
fn show(
    shown: Shown,
    setup: &Setup,
    store: &Store,
    exit: Exit,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let now = setup.clock.now();
    let mut text = Vec::new();
    if shown != Shown::ExitCode {
        writeln!(out)?;
    }
    let wanted = match shown {
        Shown::ExitCode => {
            writeln!(out, "{COMMAND}$ echo $?{COMMAND:#}\n{}", exit.code())?;
            return Ok(());
        }
        Shown::Report(wanted) => {
            prompt("report", out)?;
            let query = Query {
                selection: Selection::default(),
                all: false,
                since: None,
                new: false,
                now,
                folder: None,
            };
            let report = Report::new(store, query)?;
            report.write(report::Format::Text, &mut text)?;
            note_report(store.path(), report.runs.newest_ended, now)?;
            wanted
        }
        Shown::Explain(address, wanted) => {
            prompt(&format!("explain {address}"), out)?;
            let (policy, intervals) = (setup.policy(), setup.intervals());
            let rules = setup.rules();
            let question = Question {
                address,
                visit: None,
                now,
                policy: &policy,
                intervals: &intervals,
                rules: rules.as_deref().unwrap_or(Rules::built_in()),
            };
            if let Answer::Explained(explained) = explain::explain(store, &question)? {
                explain::write_text(&explained, &mut text)?;
            }
            wanted
        }
        Shown::Show(address, wanted) => {
            prompt(&format!("show {address}"), out)?;
            if let Some(shown) = report::show(store, address, now)? {
                write_show_text(&shown, &mut text)?;
            }
            wanted
        }
    };
    let text = String::from_utf8_lossy(&text);
    out.write_all(demo::excerpt(&text, wanted).as_bytes())?;
    Ok(())
}

fn write_hints(folder: &Path, out: &mut impl Write) -> Result<(), Failure> {
    writeln!(
        out,
        "\n{TITLE}Now you.{TITLE:#} {STORY}The web of this story is gone. What it said is kept:{STORY:#}\n"
    )?;
    writeln!(out, "  {COMMAND}cd {}{COMMAND:#}", quoted(folder))?;
    let register = demo::REGISTER;
    for (command, what) in [
        ("--db demo.db report".to_owned(), "what needs attention"),
        (
            "--db demo.db report --all".to_owned(),
            "every source, and where it is cited",
        ),
        (format!("--db demo.db show {register}"), "whole"),
        (format!("--db demo.db explain {register}"), "why"),
        (
            "--db demo.db stats".to_owned(),
            "what is in the file, and how small it is",
        ),
        (
            "--db demo.db verify".to_owned(),
            "that nobody changed it since",
        ),
        ("links blog".to_owned(), "what the posts in a folder cite"),
    ] {
        writeln!(
            out,
            "  {COMMAND}sourcekeep {command}{COMMAND:#}{:pad$}  {DIM}# {what}{DIM:#}",
            "",
            pad = HINT_WIDTH.saturating_sub(command.len())
        )?;
    }
    writeln!(
        out,
        "\n{STORY}Then your own posts:{STORY:#} {COMMAND}sourcekeep run --dry-run posts/{COMMAND:#} {STORY}fetches \
         nothing and says what it would cost.{STORY:#}"
    )?;
    Ok(())
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@,%".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) {
        return path.into_owned();
    }
    format!("'{}'", printable(&path).replace('\'', r"'\''"))
}
