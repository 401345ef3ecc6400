//! `backup`: a whole copy of the archive, made from the one before it and what is new.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde_json::json;
use sourcekeep::report::{bytes, count, one_line};
use sourcekeep::store::{BackedUp, Backup, Copying, back_up};

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::progress::Line;
use super::verify;

/// Back the archive up: a whole file of its own each time, to which only what is new is copied
///
/// It works while a run goes on, and does not hold it up. A backup is an archive like any other: name it with --db to
/// look into it, or copy it to where the archive was to restore it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep backup                       to the folder `backups` beside the archive
  sourcekeep backup /media/disk/backups     to another disk, which is what a backup is for
  sourcekeep backup --keep 30 --verify    keep a month of daily ones; check each before it counts
  sourcekeep report --db backups/sourcekeep-2026-01-05T08-00-00Z.db    look into one")]
pub(crate) struct BackupArgs {
    /// Where backups are kept; made if only it is missing [default: `backup.folder` of the configuration, else
    /// `backups` beside the archive]
    folder: Option<PathBuf>,
    /// Keep so many backups of this archive, and remove older ones [default: `backup.keep` of the configuration, else 7]
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u32>::new().range(1..=1000))]
    keep: Option<u32>,
    /// Copy everything anew, whatever earlier backups hold
    #[arg(long)]
    whole: bool,
    /// Verify the copy before it counts, and before older ones are removed
    #[arg(long)]
    verify: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(crate) fn backup(
    global: &Global,
    args: &BackupArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let folder = args
        .folder
        .clone()
        .unwrap_or_else(|| configured_folder(&setup));
    let asked = Backup {
        archive: &setup.db,
        folder: &folder,
        keep: args.keep.unwrap_or(setup.settings.backup.keep),
        now: setup.clock.now(),
        whole: args.whole,
        verify: args.verify,
    };
    let line = Line::start(printer);
    let done = back_up(&asked, |copying| line.says(|| words(copying)));
    drop(line);
    let done = done.map_err(|error| {
        let hint = error.hint();
        let failure = Failure::failed(error);
        match hint {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    })?;
    for left in &done.left_alone {
        printer.warning(format!(
            "{}: neither counted nor removed: {}",
            left.path.display(),
            left.why
        ));
    }
    let mut out = printer.data();
    match args.format {
        Format::Text if printer.is_quiet() => {}
        Format::Text => write_text(&done, &mut out)?,
        Format::Json | Format::Jsonl => {
            serde_json::to_writer(&mut out, &as_json(&done))?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// Where backups are kept: where the configuration says, else beside the archive.
pub(crate) fn configured_folder(setup: &Setup) -> PathBuf {
    let configured = setup.settings.backup.folder.clone();
    configured.unwrap_or_else(|| setup.db.with_file_name("backups"))
}

fn words(copying: Copying) -> String {
    match copying {
        Copying::Earlier => "copying the backup before this one".to_owned(),
        Copying::Rows(done) => format!("copying what is new: {}", bytes(done)),
        Copying::Verifying(looking) => verify::words(looking),
    }
}

fn shown(path: &Path) -> String {
    one_line(&path.display().to_string(), 2000)
}

fn write_text(done: &BackedUp, out: &mut impl Write) -> std::io::Result<()> {
    let from = match &done.base {
        Some(base) => format!(
            "the rest is that of {}",
            one_line(&base.file_name().unwrap_or_default().to_string_lossy(), 500)
        ),
        None => "everything".to_owned(),
    };
    writeln!(
        out,
        "copied   {}, {}, in {:.1} s; {from}",
        count(done.rows, "row"),
        bytes(done.bytes),
        done.seconds
    )?;
    let mut marks = String::new();
    if done.verified.is_some() {
        marks.push_str(", verified");
    }
    if done.simulated {
        marks.push_str(", simulated like the archive");
    }
    writeln!(
        out,
        "backup   {} ({}{marks})",
        shown(&done.path),
        bytes(done.size)
    )?;
    for removed in &done.removed {
        writeln!(out, "removed  {}", shown(removed))?;
    }
    writeln!(out, "kept     {}", count(done.kept, "backup"))
}

fn as_json(done: &BackedUp) -> serde_json::Value {
    let path = |path: &PathBuf| path.to_string_lossy().into_owned();
    json!({
        "path": path(&done.path),
        "base": done.base.as_ref().map(path),
        "rows": done.rows,
        "bytes": done.bytes,
        "size": done.size,
        "seconds": done.seconds,
        "kept": done.kept,
        "removed": done.removed.iter().map(path).collect::<Vec<_>>(),
        "left_alone": done.left_alone.iter().map(|left| json!({"path": path(&left.path), "why": left.why}))
            .collect::<Vec<_>>(),
        "simulated": done.simulated,
        "verified": done.verified.is_some(),
    })
}
