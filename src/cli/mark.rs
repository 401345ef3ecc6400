//! `mark`: say what to think of a source, by hand.

use std::collections::HashMap;
use std::io::Write;

use clap::Args;
use serde::Serialize;
use sourcekeep::report::{Selection, date, marked_matches, one_line, rfc3339};
use sourcekeep::run::Visited;
use sourcekeep::store::{MarkRow, Mode, NewMark, Store, StoreError};

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::search::index_what_came;
use super::show;
use super::when::{self, Until};

/// Say what to think of sources: alive, dead, or to be ignored
///
/// A mark holds as long as the result of the visits stays what it was, and until --until. Visits go on. `ignore` leaves a
/// source out of reports, `alive` and `dead` report it so; --fail-on goes by it too.
#[derive(Debug, Args)]
#[command(
    override_usage = "sourcekeep mark [OPTIONS] <URL>... <alive|dead|ignore>\n       \
                      sourcekeep mark --clear <URL>...\n       \
                      sourcekeep mark --list",
    after_help = "Examples:
  sourcekeep mark https://example.com/members alive --note \"I can read it, logged in\"
  sourcekeep mark https://example.com/old ignore --until 90d
  sourcekeep mark https://example.com/old --clear
  sourcekeep mark --list"
)]
pub(crate) struct MarkArgs {
    /// Addresses of sources, and what they are: alive, dead, ignore
    #[arg(
        value_name = "URL... alive|dead|ignore",
        required_unless_present = "list"
    )]
    words: Vec<String>,
    /// Until when it holds: an instant (2026-01-31), or for how long (90d)
    #[arg(long, value_name = "WHEN", value_parser = when::until, conflicts_with_all = ["clear", "list"])]
    until: Option<Until>,
    /// Why, in your words
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["clear", "list"])]
    note: Option<String>,
    /// Take marks back
    #[arg(long, conflicts_with = "list")]
    clear: bool,
    /// List all marks
    #[arg(long, conflicts_with = "words")]
    list: bool,
    /// How to print the list
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "list")]
    format: Format,
}

pub(crate) fn mark(global: &Global, args: &MarkArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    if args.list {
        return list(&setup, args.format, printer);
    }
    if args.clear {
        return clear(&setup, &args.words, printer);
    }
    let (mark, urls) = parse(&args.words)?;
    let now = setup.clock.now();
    let until = args.until.map(|until| until.resolve(now));
    if until.is_some_and(|until| until <= now) {
        return Err(Failure::usage(anyhow::anyhow!("--until is over already")));
    }
    let new = NewMark {
        mark,
        until,
        note: args.note.clone().filter(|note| !note.trim().is_empty()),
    };
    let store = setup.open(Mode::Write, printer)?;
    let sources = find(&store, urls)?;
    let ids: Vec<i64> = sources.iter().map(|(id, _)| *id).collect();
    store.write_blocking("mark sources", move |w| w.mark(&ids, &new, now))?;
    index_what_came(&store)?;
    let mut out = printer.data();
    let holds = until.map_or(String::new(), |until| {
        format!(", and until {}", date(until))
    });
    for (id, address) in &sources {
        let row = store.read("read a mark", |r| r.mark_of(*id))?;
        let verdict = row.and_then(|row| row.verdict);
        let verdict = verdict.map_or("what its first visit says".to_owned(), |verdict| {
            format!("{verdict}, as now")
        });
        writeln!(
            out,
            "{}: marked {mark} as long as its verdict is {verdict}{holds}",
            one_line(address, 2000)
        )?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// The mark, which comes last, and the addresses before it.
fn parse(words: &[String]) -> Result<(&'static str, &[String]), Failure> {
    let usage = |says: String| Failure::usage(anyhow::anyhow!("{says}"));
    let Some((last, urls)) = words.split_last() else {
        return Err(usage("no address is named".to_owned()));
    };
    let mark = match last.as_str() {
        "alive" => "alive",
        "dead" => "dead",
        "ignore" => "ignore",
        _ => {
            return Err(usage(format!("{last}: what to think of it is missing"))
                .with_hint("alive, dead or ignore comes last: sourcekeep mark URL ignore"));
        }
    };
    if urls.is_empty() {
        return Err(usage(format!("no address is named that is {mark}"))
            .with_hint(format!("sourcekeep mark URL {mark}")));
    }
    Ok((mark, urls))
}

/// The sources of these addresses; all of them are there, or nothing is done.
pub(super) fn find(store: &Store, urls: &[String]) -> Result<Vec<(i64, String)>, Failure> {
    let mut found = Vec::new();
    for url in urls {
        let asked = show::canonical(url)?;
        let id = store.read("look for a source", |r| r.source_id(&asked))?;
        match id {
            Some(id) => found.push((id, asked)),
            None => return Err(show::unknown(store, &asked)?),
        }
    }
    Ok(found)
}

/// The sources that a user named, each once, in their order in the archive; none where none is named.
pub(super) fn named(store: &Store, urls: &[String]) -> Result<Option<Vec<i64>>, Failure> {
    if urls.is_empty() {
        return Ok(None);
    }
    let mut ids: Vec<i64> = find(store, urls)?.into_iter().map(|(id, _)| id).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(Some(ids))
}

fn clear(setup: &Setup, urls: &[String], printer: &Printer) -> Result<Exit, Failure> {
    let store = setup.open(Mode::Write, printer)?;
    let sources = find(&store, urls)?;
    let mut out = printer.data();
    for (id, address) in sources {
        let cleared = store.write_blocking("clear a mark", move |w| w.clear_mark(id))?;
        let says = if cleared {
            "no longer marked"
        } else {
            "was not marked"
        };
        writeln!(out, "{}: {says}", one_line(&address, 2000))?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// One mark, as other programs read it.
#[derive(Serialize)]
struct Listed {
    url: String,
    mark: String,
    made_at: String,
    until: Option<String>,
    note: Option<String>,
    /// The verdict that stood then, and has to stand.
    verdict: Option<String>,
}

impl From<MarkRow> for Listed {
    fn from(row: MarkRow) -> Self {
        Self {
            url: row.address,
            mark: row.mark,
            made_at: rfc3339(row.made_at),
            until: row.until.map(rfc3339),
            note: row.note,
            verdict: row.verdict,
        }
    }
}

fn list(setup: &Setup, format: Format, printer: &Printer) -> Result<Exit, Failure> {
    let store = setup.open_to_read()?;
    let now = setup.clock.now();
    let mut marks = store.read("read the marks", |r| r.marks())?;
    marks.retain(|row| row.until.is_none_or(|until| until > now));
    let mut out = printer.data();
    match format {
        Format::Json => {
            let listed: Vec<_> = marks.into_iter().map(Listed::from).collect();
            serde_json::to_writer_pretty(&mut out, &listed)?;
            out.write_all(b"\n")?;
        }
        Format::Jsonl => {
            for row in marks {
                serde_json::to_writer(&mut out, &Listed::from(row))?;
                out.write_all(b"\n")?;
            }
        }
        Format::Text => {
            for row in &marks {
                write_row(row, &mut out)?;
            }
            if marks.is_empty() {
                printer.note("nothing is marked");
            }
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn write_row(row: &MarkRow, out: &mut impl Write) -> Result<(), Failure> {
    let until = row
        .until
        .map_or(String::new(), |until| format!(", until {}", date(until)));
    let verdict = row
        .verdict
        .as_ref()
        .map_or(String::new(), |verdict| format!(", while it is {verdict}"));
    writeln!(
        out,
        "{:<7} {}  (since {}{until}{verdict})",
        row.mark,
        one_line(&row.address, 2000),
        date(row.made_at)
    )?;
    if let Some(note) = &row.note {
        writeln!(out, "        {}", one_line(note, 300))?;
    }
    Ok(())
}

/// What `--fail-on` may name of visits. Of quotes, a visit alone says nothing: they are lost when the next one says so too.
pub(crate) fn of_visits(names: &str) -> Result<Selection, String> {
    let selection = Selection::parse(names).map_err(|error| error.to_string())?;
    if selection.has_lost_quotes() {
        return Err("lost quotes are for `sourcekeep report --fail-on quote-lost`".to_owned());
    }
    Ok(selection)
}

/// What `--fail-on` names, and what the user said of sources. By default nothing matches.
#[derive(Default)]
pub(crate) struct FailOn<'a> {
    selection: Option<&'a Selection>,
    marks: HashMap<i64, MarkRow>,
}

impl<'a> FailOn<'a> {
    /// `selection` may be none: then nothing matches.
    pub(crate) fn new(
        store: &Store,
        selection: Option<&'a Selection>,
        now: i64,
    ) -> Result<Self, StoreError> {
        let marks = match selection {
            Some(_) => store.read("read the marks", |r| r.marks())?,
            None => Vec::new(),
        };
        let marks = marks
            .into_iter()
            .filter(|row| row.until.is_none_or(|until| until > now))
            .map(|row| (row.source_id, row))
            .collect();
        Ok(Self { selection, marks })
    }

    /// Whether a visit that came to a verdict is one to fail on. A mark holds only while the verdict is that of then.
    pub(crate) fn matches(&self, visited: &Visited) -> bool {
        let (Some(selection), Some(verdict)) = (self.selection, &visited.verdict) else {
            return false;
        };
        let code = verdict.code.as_str();
        let mark = self
            .marks
            .get(&visited.source_id)
            .filter(|row| row.verdict.as_deref().is_none_or(|then| then == code))
            .map(|row| row.mark.as_str());
        marked_matches(selection, mark, visited.standing.as_str(), Some(code))
    }
}
