//! `rejudge`: what was seen is judged again.

use std::io::Write;

use clap::Args;
use serde::Serialize;
use sourcekeep::judge::Rules;
use sourcekeep::report::{count, one_line};
use sourcekeep::run::rejudge::{self, Change, Rejudge, Summary, Told};
use sourcekeep::store::Mode;

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::mark;
use super::print::{Format, Printer};
use super::progress::Line;

/// Judge again what was seen, by the rules of this version: nobody is asked, and nothing that was seen changes
///
/// What an earlier version called fine may be a "not found" page or a parked domain by the rules of this one, and the
/// other way round. The history of a source whose verdicts changed is counted up again. Nothing is called dead: that
/// takes a second look, which the next run makes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep rejudge --dry-run                say what would change
  sourcekeep rejudge                          after an update, or when rules were added
  sourcekeep rejudge --from-bodies            read the kept pages again too
  sourcekeep rejudge https://example.com/a    this source only")]
pub(crate) struct RejudgeArgs {
    /// Addresses of sources; all, where none is named
    #[arg(value_name = "URL")]
    urls: Vec<String>,
    /// Draw what is judged from the kept bodies anew, instead of taking what was drawn when they came
    #[arg(long)]
    from_bodies: bool,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// How to print what changed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// One source that stands otherwise than before, as other programs read it.
#[derive(Serialize)]
struct Changed<'a> {
    url: &'a str,
    verdict_before: Option<&'a str>,
    verdict: Option<&'a str>,
    standing_before: &'a str,
    standing: &'a str,
    second_look_due: bool,
    moved_to: Option<&'a str>,
    rule: Option<&'a str>,
    says: Option<&'a str>,
}

pub(crate) fn rejudge(
    global: &Global,
    args: &RejudgeArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let (store, lock) = if args.dry_run {
        (setup.open_to_read()?, None)
    } else {
        let (store, lock) = setup.open_to_visit("rejudge", Mode::Write, printer)?;
        (store, Some(lock))
    };
    if lock.is_some() && setup.clock.is_simulated() {
        store.write_blocking("mark the archive", |w| w.mark_simulated())?;
    }
    let only = mark::named(&store, &args.urls)?;
    let (policy, intervals) = (setup.policy(), setup.intervals());
    let rules = setup.rules();
    let plan = Rejudge {
        only,
        from_bodies: args.from_bodies,
        dry_run: args.dry_run,
        rules: rules.as_deref().unwrap_or(Rules::built_in()),
        policy: &policy,
        intervals: &intervals,
        now: setup.clock.now(),
    };
    let mut out = printer.data();
    let (mut written, mut first) = (Ok(()), true);
    if args.format == Format::Json {
        out.write_all(b"[")?;
    }
    let line = Line::start(printer);
    let begun = std::time::Instant::now();
    let summary = rejudge::rejudge(&store, &plan, |told| match told {
        Told::Done(done, of) => line.says(|| format!("{done} of {} judged", count(of, "source"))),
        Told::Changed(change) if written.is_ok() => {
            written = write_change(change, args.format, &mut first, &mut out);
        }
        Told::Changed(_) => {}
    });
    drop(line);
    store.close();
    drop(lock);
    let summary = summary?;
    written?;
    let seconds = begun.elapsed().as_secs_f64();
    match args.format {
        Format::Json => out.write_all(if first { b"]\n" } else { b"\n]\n" })?,
        Format::Text if !printer.is_quiet() => {
            write_summary(&summary, args.dry_run, seconds, &mut out)?;
        }
        Format::Text | Format::Jsonl => {}
    }
    out.flush()?;
    printer.peak_memory();
    Ok(Exit::Done)
}

fn write_change(
    change: &Change,
    format: Format,
    first: &mut bool,
    out: &mut impl Write,
) -> std::io::Result<()> {
    if format == Format::Text {
        return write_text(change, out);
    }
    let changed = Changed {
        url: &change.address,
        verdict_before: change.verdict_before.as_deref(),
        verdict: change.verdict.as_deref(),
        standing_before: &change.standing_before,
        standing: &change.standing,
        second_look_due: change.second_look_due,
        moved_to: change.moved_to.as_deref(),
        rule: change.rule.as_deref(),
        says: change.says.as_deref(),
    };
    if format == Format::Json {
        out.write_all(if *first { b"\n" } else { b",\n" })?;
    }
    serde_json::to_writer(&mut *out, &changed)?;
    if format == Format::Jsonl {
        out.write_all(b"\n")?;
    }
    *first = false;
    Ok(())
}

/// One line a source: the address, what it was and what it is, and the sign that decided.
fn write_text(change: &Change, out: &mut impl Write) -> std::io::Result<()> {
    let none = "none";
    let before = change.verdict_before.as_deref().unwrap_or(none);
    let verdict = change.verdict.as_deref().unwrap_or(none);
    write!(
        out,
        "{}  {before} → {verdict}",
        one_line(&change.address, 2000)
    )?;
    if change.standing != change.standing_before {
        write!(out, ", {} → {}", change.standing_before, change.standing)?;
    }
    if change.second_look_due {
        write!(out, " (unconfirmed)")?;
    }
    if let Some(says) = &change.says {
        write!(out, "  ({})", one_line(says, 300))?;
    }
    writeln!(out)
}

fn write_summary(
    summary: &Summary,
    dry_run: bool,
    seconds: f64,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let would = if dry_run { " would change" } else { " changed" };
    writeln!(
        out,
        "{}, {} judged in {seconds:.1} s: {}{would} ({})",
        count(summary.sources, "source"),
        count(summary.visits, "visit"),
        count(summary.sources_changed, "source"),
        count(summary.verdicts_changed, "verdict"),
    )?;
    if summary.bodies > 0 {
        writeln!(out, "{} read again", count(summary.bodies, "page"))?;
    }
    if summary.unjudged > 0 {
        writeln!(
            out,
            "{} as before, for not all that they rest on is kept (`run` looks again)",
            count(summary.unjudged, "verdict")
        )?;
    }
    Ok(())
}
