//! `verify`: does the archive still say what was written.

use std::io::Write;

use clap::Args;
use serde_json::json;
use sourcekeep::report::{bytes, count, one_line};
use sourcekeep::store::{
    Depth, Looking, Verified, Verifying, hex, note_verified, verify as verify_archive,
};

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::progress::Line;

/// Check that the archive still says what was written: its structure, its hash chains, every copy
///
/// Nothing is written. Runs may go on meanwhile. The heads of the chains that it prints cover everything before them:
/// note them elsewhere (print them, mail them, have them timestamped), and no earlier visit or copy can be changed
/// unseen.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep verify                                      all of the archive
  sourcekeep verify --quick                              without unpacking the copies
  sourcekeep verify --db backups/sourcekeep-2026-01-05T08-00-00Z.db
  sourcekeep verify --format json | jq -r .visit_head    for a timestamp

Exit codes: 0 everything holds; 3 something does not, and it says what.")]
pub(crate) struct VerifyArgs {
    /// Do not unpack and hash what was stored; everything else is checked
    #[arg(long)]
    quick: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(crate) fn verify(
    global: &Global,
    args: &VerifyArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let how = Verifying {
        depth: if args.quick {
            Depth::Quick
        } else {
            Depth::Full
        },
        within: None,
    };
    let line = Line::start(printer);
    let verified = verify_archive(&setup.db, how, |looking| line.says(|| words(looking)));
    drop(line);
    let verified = verified?;
    let mut out = printer.data();
    match args.format {
        Format::Text => write_text(&verified, args.quick, &mut out)?,
        Format::Json | Format::Jsonl => {
            serde_json::to_writer(&mut out, &as_json(&verified, args.quick))?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    if verified.found == 0 {
        // `serve` tells it. A file that cannot be written is as sound as any; so is one at whose clock somebody turned.
        if global.now.is_none() {
            let _ = note_verified(&setup.db, args.quick, setup.clock.now());
        }
        return Ok(Exit::Done);
    }
    Err(Failure::failed(anyhow::anyhow!(
        "{}: {} found; the archive does not say what was written",
        setup.db.display(),
        count(verified.found, "problem")
    ))
    .with_hint(
        "keep this file as it is, and put the newest backup that `sourcekeep verify --db BACKUP` finds sound in its \
         place; docs/KEEPING.md says how",
    ))
}

/// A line of progress.
pub(crate) fn words(looking: Looking) -> String {
    format!(
        "verifying {}: {} of {}",
        looking.part, looking.done, looking.of
    )
}

fn write_text(verified: &Verified, quick: bool, out: &mut impl Write) -> std::io::Result<()> {
    for problem in &verified.problems {
        writeln!(out, "✗ {}", one_line(problem, 1000))?;
    }
    let untold = verified.found - verified.problems.len() as u64;
    if untold > 0 {
        writeln!(out, "✗ and {untold} more")?;
    }
    if verified.found > 0 {
        writeln!(out)?;
    }
    writeln!(
        out,
        "visits    {}, head {}",
        verified.visits,
        hex(&verified.visit_head)
    )?;
    writeln!(
        out,
        "captures  {}, head {}",
        verified.captures,
        hex(&verified.capture_head)
    )?;
    if quick {
        writeln!(out, "blobs     not unpacked (--quick)")?;
    } else {
        writeln!(
            out,
            "blobs     {}, {} unpacked",
            verified.blobs,
            bytes(verified.bytes)
        )?;
    }
    if verified.found == 0 {
        writeln!(out, "everything holds")?;
    }
    Ok(())
}

fn as_json(verified: &Verified, quick: bool) -> serde_json::Value {
    json!({
        "sound": verified.found == 0,
        "quick": quick,
        "visits": verified.visits,
        "captures": verified.captures,
        "blobs": verified.blobs,
        "bytes": verified.bytes,
        "visit_head": hex(&verified.visit_head),
        "capture_head": hex(&verified.capture_head),
        "found": verified.found,
        "problems": verified.problems,
    })
}
