//! `compact`: payloads are packed anew, and the room goes back to the system.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use sourcekeep::report::{bytes, count, one_line};
use sourcekeep::run::compact::{Compact, Summary, TextsWay, Told, compact as pack};
use sourcekeep::store::Mode;

use super::Global;
use super::context::{Setup, runtime, stop_on_interrupt};
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::progress::Line;

/// Pack what is stored as small as it gets, and give the room back to the system
///
/// Pages are packed with dictionaries made from what the archive holds, and versions of a page as differences from a whole
/// one. Nothing is lost: each payload is unpacked again and compared before it takes the place of what was there. Runs do a
/// little of this at their end. It may be interrupted at any time, and goes on from there.
///
/// What visits say at length (facts, evidence, headers) is packed too, which runs do not do: other programs that read the file do
/// not see it then; all commands do. With --readable it is text again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep compact                    until all is done
  sourcekeep compact --max-time 10m     for so long, and on from there the next time
  sourcekeep compact --anew             try everything again, with new dictionaries
  sourcekeep compact --readable         facts, evidence and headers as text, for Datasette and the like

Exit codes: 0 done; 3 something that is stored cannot be read, and it says what; 4 a run holds the file.")]
pub(crate) struct CompactArgs {
    /// End after so long (90s, 10m, 2h)
    #[arg(long, value_name = "TIME", value_parser = super::when::duration)]
    max_time: Option<Duration>,
    /// Try everything again, with new dictionaries
    #[arg(long)]
    anew: bool,
    /// Make text again of what visits say at length, for other programs that read the file
    #[arg(long, conflicts_with_all = ["anew", "max_time"])]
    readable: bool,
    /// How to print what came of it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(crate) fn compact(
    global: &Global,
    args: &CompactArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let (store, lock) = setup.open_to_visit("compact", Mode::Write, printer)?;
    let plan = Compact {
        now: setup.clock.now(),
        until: args.max_time.map(|time| Instant::now() + time),
        cores: 0,
        anew: args.anew,
        texts: if args.readable {
            TextsWay::Open
        } else {
            TextsWay::Pack
        },
    };
    let stopped = until_interrupted()?;
    let begun = Instant::now();
    let line = Line::start(printer);
    let summary = pack(&store, &plan, &|| stopped.load(Ordering::Relaxed), |told| {
        line.says(|| words(told));
    });
    drop(line);
    store.close();
    drop(lock);
    let summary = summary?;
    let seconds = begun.elapsed().as_secs_f64();
    let mut out = printer.data();
    match args.format {
        Format::Text => write_text(&summary, args.readable, seconds, &mut out)?,
        Format::Json | Format::Jsonl => {
            serde_json::to_writer(&mut out, &as_json(&summary, seconds))?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    printer.peak_memory();
    end(&setup.db, &summary, stopped.load(Ordering::Relaxed))
}

/// A flag that is set by the first interrupt; the second ends the process.
pub(super) fn until_interrupted() -> Result<Arc<AtomicBool>, Failure> {
    let stopped = Arc::new(AtomicBool::new(false));
    let (flag, runtime) = (Arc::clone(&stopped), runtime()?);
    // The thread lives as long as the process: nobody waits for an interrupt that does not come.
    std::thread::spawn(move || {
        runtime.block_on(async move {
            let token = tokio_util::sync::CancellationToken::new();
            stop_on_interrupt(token.clone());
            token.cancelled().await;
            flag.store(true, Ordering::Relaxed);
            std::future::pending::<()>().await;
        });
    });
    Ok(stopped)
}

/// A line of progress.
pub(super) fn words(told: Told) -> String {
    match told {
        Told::Training => "making dictionaries".to_owned(),
        Told::Tried(done, of) => format!("packing: {done} of {of}"),
        Told::Texts(done) => format!("facts, evidence and headers of {done}"),
        Told::GivingBack(pages) => format!("giving room back: {pages} pages left"),
    }
}

/// What cannot be read, a line each.
pub(super) fn write_problems(problems: &[String], out: &mut impl Write) -> std::io::Result<()> {
    for problem in problems {
        writeln!(out, "✗ {}", one_line(problem, 1000))?;
    }
    Ok(())
}

/// What the file takes now, and what it took before.
pub(super) fn write_file_size(
    before: u64,
    after: u64,
    seconds: f64,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let (after, before) = (bytes(after), bytes(before));
    writeln!(
        out,
        "{after} in the file instead of {before}, in {seconds:.1} s"
    )
}

fn write_text(
    summary: &Summary,
    readable: bool,
    seconds: f64,
    out: &mut impl Write,
) -> std::io::Result<()> {
    write_problems(&summary.problems, out)?;
    if summary.dictionaries > 0 {
        writeln!(
            out,
            "{} made, {}",
            count(summary.dictionaries, "dictionary"),
            bytes(summary.dictionary_bytes)
        )?;
    }
    writeln!(
        out,
        "{} tried, {} packed anew ({} with a dictionary, {} as differences): {} instead of {}",
        count(summary.tried, "payload"),
        summary.packed,
        summary.with_dictionary,
        summary.differences,
        bytes(summary.after),
        bytes(summary.before),
    )?;
    if summary.texts > 0 {
        let how = if readable { "text again" } else { "packed" };
        let answers = count(summary.texts, "answer");
        writeln!(out, "facts, evidence and headers of {answers} {how}")?;
    }
    write_file_size(summary.file_before, summary.file_after, seconds, out)?;
    if summary.unfinished {
        writeln!(
            out,
            "not everything was tried yet; the next time goes on from there"
        )?;
    }
    Ok(())
}

fn as_json(summary: &Summary, seconds: f64) -> serde_json::Value {
    json!({
        "tried": summary.tried,
        "packed": summary.packed,
        "with_dictionary": summary.with_dictionary,
        "differences": summary.differences,
        "bytes_before": summary.before,
        "bytes_after": summary.after,
        "dictionaries": summary.dictionaries,
        "dictionary_bytes": summary.dictionary_bytes,
        "texts": summary.texts,
        "file_before": summary.file_before,
        "file_after": summary.file_after,
        "unfinished": summary.unfinished,
        "found": summary.found,
        "problems": summary.problems,
        "seconds": (seconds * 10.0).round() / 10.0,
    })
}

fn end(db: &std::path::Path, summary: &Summary, stopped: bool) -> Result<Exit, Failure> {
    if summary.found > 0 {
        return Err(Failure::failed(anyhow::anyhow!(
            "{}: {} cannot be read; nothing of what is stored was changed there",
            db.display(),
            count(summary.found, "payload")
        ))
        .with_hint(
            "keep this file as it is, and put the newest backup that `sourcekeep verify --db BACKUP` finds sound in its \
             place; docs/KEEPING.md says how",
        ));
    }
    Ok(if stopped {
        Exit::Interrupted
    } else {
        Exit::Done
    })
}
