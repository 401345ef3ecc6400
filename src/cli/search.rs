//! `search` and `reindex`: what is kept is found by its words.

use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use sourcekeep::report::{self, Search, count, write_found_text};
use sourcekeep::run::index::{Index, Summary, Told, index};
use sourcekeep::run::text_of;
use sourcekeep::search::Query;
use sourcekeep::store::{Mode, Store};

use super::Global;
use super::compact::until_interrupted;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::progress::Line;

/// Find what is kept by its words
///
/// Looks in the texts, titles and addresses of our newest copies, in what earlier copies said that is gone, and in what posts
/// and notes say of a source. Case and accents do not matter. All words have to be there.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep search deep well                     both words
  sourcekeep search '\"deep well\" -shallow dig*'   a phrase; not this; words that begin so
  sourcekeep search --was 'deep well'             only what is not there any more, and when it was
  sourcekeep search 'well host:example.org verdict:broken since:2026-01-01'

Filters stand among the words, where they may be repeated, or are options: host:NAME (and below it), input:PART and
post:PART (of the address of what cites it), verdict:NAME (a verdict, standing or group), since: and until: (of the copy:
2026-01-31, 30d), was:WORD (in what is gone).")]
pub(crate) struct SearchArgs {
    /// What to look for
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
    /// Look only in what is not there any more
    #[arg(long)]
    was: bool,
    /// On this host, or below it; repeatable
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// Cited by an input whose address has this in it; repeatable
    #[arg(long, value_name = "PART")]
    input: Vec<String>,
    /// Cited by a post whose address has this in it; repeatable
    #[arg(long, value_name = "PART")]
    post: Vec<String>,
    /// Of these verdicts, standings or groups (broken, dead, soft-404), separated by commas
    #[arg(long, value_name = "NAMES")]
    verdict: Option<String>,
    /// In copies from this instant on (2026-01-31, 30d)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// In copies up to this instant (a day is meant to its end)
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Show so many sources
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(crate) fn search(
    global: &Global,
    args: &SearchArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let wanted = wanted(args, setup.clock.now())?;
    let store = setup.open_to_read()?;
    let found = report::search(&store, &wanted, &text_of)?;
    let mut out = printer.data();
    match args.format {
        Format::Text => write_found_text(&found, &mut out)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &found)?;
            out.write_all(b"\n")?;
        }
        Format::Jsonl => {
            for entry in &found.results {
                serde_json::to_writer(&mut out, entry)?;
                out.write_all(b"\n")?;
            }
        }
    }
    out.flush()?;
    if found.found == 0 && args.format == Format::Text {
        printer.note("nothing found");
        printer.hint(
            "all words have to be there; fewer words, or a beginning with a star (dig*), find more",
        );
    }
    if found.due > 0 {
        printer.note(format!(
            "of {}, not everything is in the index yet: `sourcekeep reindex --due` puts it there, and so does each run",
            count(found.due, "source")
        ));
    }
    Ok(Exit::Done)
}

fn wanted(args: &SearchArgs, now: i64) -> Result<Search, Failure> {
    let usage = |error: String| Failure::usage(anyhow::anyhow!(error));
    let mut query =
        Query::parse(&args.words.join(" ")).map_err(|error| usage(error.to_string()))?;
    if args.was {
        query.only_what_was();
    }
    query
        .hosts
        .extend(args.host.iter().map(|host| Query::host(host)));
    query.inputs.extend_from_slice(&args.input);
    query.posts.extend_from_slice(&args.post);
    query.verdicts.extend(args.verdict.clone());
    query.since = args.since.clone().or(query.since);
    query.until = args.until.clone().or(query.until);
    Search::new(query, now, args.limit).map_err(usage)
}

/// Make the index of words anew, from what is kept
///
/// Runs keep the index by themselves. It is made anew where `verify` finds that it is not as it should be. It may be
/// interrupted at any time: what is left is noted, and the next run, or `reindex --due`, goes on from there.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 done; 3 something that is stored cannot be read; 4 a run holds the file; \
                  130 interrupted."
)]
pub(crate) struct ReindexArgs {
    /// Only what is not in the index yet
    #[arg(long)]
    due: bool,
    /// How to print what came of it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(crate) fn reindex(
    global: &Global,
    args: &ReindexArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let (store, lock) = setup.open_to_visit("reindex", Mode::Write, printer)?;
    let plan = Index {
        until: None,
        anew: !args.due,
        merge: true,
    };
    let stopped = until_interrupted()?;
    let begun = Instant::now();
    let line = Line::start(printer);
    let summary = index(&store, &plan, &|| stopped.load(Ordering::Relaxed), |told| {
        line.says(|| match told {
            Told::Done(done, of) => format!("indexing: {done} of {of} sources"),
            Told::Merging => "merging the index".to_owned(),
        });
    });
    drop(line);
    store.close();
    drop(lock);
    let summary = summary?;
    write_summary(&summary, begun.elapsed(), args.format, printer)?;
    printer.peak_memory();
    if stopped.load(Ordering::Relaxed) {
        return Ok(Exit::Interrupted);
    }
    if summary.unreadable > 0 {
        return Err(Failure::failed(anyhow::anyhow!(
            "{} cannot be read, and only found by the title; `sourcekeep verify` names what is damaged",
            report::count_of(summary.unreadable, "copy", "copies")
        )));
    }
    Ok(Exit::Done)
}

fn write_summary(
    summary: &Summary,
    took: Duration,
    format: Format,
    printer: &Printer,
) -> Result<(), Failure> {
    let seconds = (took.as_secs_f64() * 10.0).round() / 10.0;
    let mut out = printer.data();
    match format {
        Format::Text => {
            writeln!(
                out,
                "{} with {} indexed, in {seconds:.1} s",
                count(summary.sources, "source"),
                report::count_of(summary.copies, "copy", "copies"),
            )?;
            if summary.left > 0 {
                writeln!(out, "{} left", count(summary.left, "source"))?;
            }
        }
        Format::Json | Format::Jsonl => {
            let all = json!({
                "sources": summary.sources,
                "copies": summary.copies,
                "unreadable": summary.unreadable,
                "left": summary.left,
                "seconds": seconds,
            });
            serde_json::to_writer(&mut out, &all)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(())
}

/// Puts into the index what a command brought, for a moment; the rest is noted, and put there by the next run.
pub(super) fn index_what_came(store: &Store) -> Result<(), Failure> {
    let plan = Index {
        until: Some(Instant::now() + Duration::from_secs(5)),
        ..Index::default()
    };
    index(store, &plan, &|| false, |_| {})?;
    Ok(())
}
