//! `prune`: copies that nobody will miss go, and the room with them.

use std::io::Write;
use std::str::FromStr;
use std::sync::atomic::Ordering;
use std::time::Instant;

use clap::Args;
use serde_json::json;
use sourcekeep::report::{bytes, count, one_line, rfc3339};
use sourcekeep::run::prune::{Goes, Policy, Prune, Span, Summary, Told, prune as take_away};
use sourcekeep::store::{Mode, Store};

use super::Global;
use super::compact::{until_interrupted, write_file_size, write_problems};
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::mark;
use super::print::{Format, Printer};
use super::progress::Line;
use super::search::index_what_came;

/// Remove copies that nobody will miss, by a policy, and give the room back to the system
///
/// The newest copy stays, and the one that stands for what was cited; what others were compared with; what you `hold`; what
/// a lost quote names; and copies made by hand or brought in, unless --with-by-hand is given. --keep says what stays beside
/// those. The hash chain holds afterwards: each copy that goes leaves the digests that it takes. Bodies that were kept to
/// judge visits by go too, but for those of the last ones; what was drawn from them stays.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep prune --dry-run                         say what would go, and how much room it has
  sourcekeep prune                                   keep the first, the last, one a month, all that changed in substance
  sourcekeep prune --keep first,yearly               keep less
  sourcekeep prune https://example.com/a             of this source only
  sourcekeep prune --input https://example.com/blog  of what this input cites

Exit codes: 0 done; 3 something that is stored cannot be read, and it says what; 4 a run holds the file.")]
pub(crate) struct PruneArgs {
    /// Addresses of sources; all, where none is named
    #[arg(value_name = "URL", conflicts_with = "input")]
    urls: Vec<String>,
    /// Only sources that posts of this input cite
    #[arg(long, value_name = "INPUT")]
    input: Option<String>,
    /// What stays: first, last (always), changed (in substance), and one copy of each day (daily), week (weekly), month
    /// (monthly), year (yearly)
    #[arg(
        long,
        value_name = "WHAT,...",
        value_delimiter = ',',
        default_value = "first,last,monthly,changed"
    )]
    keep: Vec<Keep>,
    /// Let copies go that were made by hand or brought in, too
    #[arg(long)]
    with_by_hand: bool,
    /// Say what would go, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// A word of `--keep`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    First,
    Last,
    Changed,
    One(Span),
}

impl FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.trim() {
            "first" => Self::First,
            "last" => Self::Last,
            "changed" => Self::Changed,
            "daily" => Self::One(Span::Day),
            "weekly" => Self::One(Span::Week),
            "monthly" => Self::One(Span::Month),
            "yearly" => Self::One(Span::Year),
            _ => {
                return Err(
                    "expected first, last, changed, daily, weekly, monthly or yearly".to_owned(),
                );
            }
        })
    }
}

pub(crate) fn prune(global: &Global, args: &PruneArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let (store, lock) = if args.dry_run {
        (setup.open_to_read()?, None)
    } else {
        let (store, lock) = setup.open_to_visit("prune", Mode::Write, printer)?;
        (store, Some(lock))
    };
    let plan = Prune {
        policy: policy(args),
        only: mark::named(&store, &args.urls)?,
        input: match &args.input {
            Some(input) => Some(input_id(&store, input)?),
            None => None,
        },
        dry_run: args.dry_run,
        now: setup.clock.now(),
        rules: setup.rules(),
    };
    let stopped = until_interrupted()?;
    let mut out = printer.data();
    let (mut written, mut first) = (Ok(()), true);
    let begun = Instant::now();
    let line = Line::start(printer);
    let summary = take_away(
        &store,
        &plan,
        &|| stopped.load(Ordering::Relaxed),
        |told| match told {
            Told::Goes(goes) if written.is_ok() => {
                written = write_goes(goes, args.format, &mut first, &mut out);
            }
            Told::Goes(_) => {}
            Told::Looked(done) => line.says(|| format!("{} looked at", count(done, "source"))),
            Told::Sweeping => line.says(|| "sweeping what nothing needs".to_owned()),
            Told::GivingBack(pages) => {
                line.says(|| format!("giving room back: {pages} pages left"));
            }
        },
    );
    drop(line);
    if !args.dry_run {
        index_what_came(&store)?;
    }
    store.close();
    drop(lock);
    let summary = summary?;
    written?;
    let seconds = begun.elapsed().as_secs_f64();
    match args.format {
        Format::Text => write_text(&summary, args.dry_run, seconds, &mut out)?,
        Format::Json => {
            out.write_all(if first { b"{\"copies\": [" } else { b"\n" })?;
            write!(
                out,
                "], \"summary\": {}}}",
                as_json(&summary, args.dry_run, seconds)
            )?;
            out.write_all(b"\n")?;
        }
        Format::Jsonl => writeln!(out, "{}", as_json(&summary, args.dry_run, seconds))?,
    }
    out.flush()?;
    printer.peak_memory();
    if !summary.problems.is_empty() {
        return Err(Failure::failed(anyhow::anyhow!(
            "{}: {} cannot be read, and others stay because of that",
            setup.db.display(),
            count(summary.problems.len() as u64, "payload")
        ))
        .with_hint("`sourcekeep verify` says what is damaged; docs/KEEPING.md says what to do"));
    }
    Ok(if stopped.load(Ordering::Relaxed) {
        Exit::Interrupted
    } else {
        Exit::Done
    })
}

fn policy(args: &PruneArgs) -> Policy {
    let has = |keep: Keep| args.keep.contains(&keep);
    let spans = args.keep.iter().filter_map(|keep| match keep {
        Keep::One(span) => Some(*span),
        _ => None,
    });
    Policy {
        first: has(Keep::First),
        spans: spans.collect(),
        changed: has(Keep::Changed),
        by_hand: args.with_by_hand,
    }
}

/// The number of an input, as it was typed or as it is registered.
fn input_id(store: &Store, typed: &str) -> Result<i64, Failure> {
    let whole = sourcekeep::address::parse(typed, None).map(|url| url.to_string());
    let path = std::path::Path::new(typed).canonicalize();
    let names = [
        Some(typed.to_owned()),
        whole.ok(),
        path.ok().map(|path| path.to_string_lossy().into_owned()),
    ];
    for name in names.into_iter().flatten() {
        if let Some(id) = store.read("look for an input", |r| r.input_id(&name))? {
            return Ok(id);
        }
    }
    let failure = Failure::failed(anyhow::anyhow!("{typed}: no such input"));
    Err(failure.with_hint("`sourcekeep inputs` lists them"))
}

fn write_goes(
    goes: &Goes,
    format: Format,
    first: &mut bool,
    out: &mut impl Write,
) -> std::io::Result<()> {
    if format == Format::Text {
        let size = bytes(goes.bytes);
        let address = one_line(&goes.address, 2000);
        return writeln!(out, "{}  {size:>8}  {address}", rfc3339(goes.at));
    }
    let object = json!({
        "url": goes.address,
        "capture": goes.capture,
        "at": rfc3339(goes.at),
        "bytes": goes.bytes,
    });
    if format == Format::Json {
        out.write_all(if *first { b"{\"copies\": [\n" } else { b",\n" })?;
        *first = false;
        return write!(out, "{object}");
    }
    writeln!(out, "{object}")
}

fn write_text(
    summary: &Summary,
    dry_run: bool,
    seconds: f64,
    out: &mut impl Write,
) -> std::io::Result<()> {
    write_problems(&summary.problems, out)?;
    writeln!(
        out,
        "{} of {} {}, {} stay; {} {} {}",
        count(summary.gone, "copy"),
        count(summary.sources, "source"),
        if dry_run { "would go" } else { "went" },
        summary.kept,
        if dry_run { "at least" } else { "about" },
        bytes(summary.bytes),
        if dry_run {
            "would be free"
        } else {
            "of payloads needed by nothing else"
        },
    )?;
    if dry_run {
        return Ok(());
    }
    let swept = &summary.swept;
    writeln!(
        out,
        "{} of visits let go; swept: {} with {}, {}, {}; {} put on another payload",
        count(summary.bodies, "body"),
        count(swept.blobs, "payload"),
        bytes(swept.bytes),
        count(swept.exchanges, "response"),
        count(swept.manifests, "manifest"),
        count(summary.rebased, "difference"),
    )?;
    write_file_size(summary.file_before, summary.file_after, seconds, out)?;
    if summary.unfinished {
        writeln!(
            out,
            "not everything was done; the next time goes on from there"
        )?;
    }
    Ok(())
}

fn as_json(summary: &Summary, dry_run: bool, seconds: f64) -> serde_json::Value {
    json!({
        "dry_run": dry_run,
        "sources": summary.sources,
        "copies_kept": summary.kept,
        "copies_gone": summary.gone,
        "bytes": summary.bytes,
        "visit_bodies_gone": summary.bodies,
        "payloads_swept": summary.swept.blobs,
        "payload_bytes_swept": summary.swept.bytes,
        "responses_swept": summary.swept.exchanges,
        "manifests_swept": summary.swept.manifests,
        "differences_rebased": summary.rebased,
        "file_before": summary.file_before,
        "file_after": summary.file_after,
        "unfinished": summary.unfinished,
        "problems": summary.problems,
        "seconds": (seconds * 10.0).round() / 10.0,
    })
}
