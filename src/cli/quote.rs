//! `quote`: tie passages to sources by hand, list them, take them back.

use std::io::Write;

use clap::{Args, Subcommand};
use serde::Serialize;
use sourcekeep::report::{self, ShownQuote, one_line, write_quote_text};
use sourcekeep::run::look_in_copies_of;
use sourcekeep::store::{Mode, Store};

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::{check, show};

/// The longest passage that is taken, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// Say what is quoted from a source, by hand; list all that is quoted from it
///
/// What posts quote is found by itself. A passage that is tied by hand is looked for like those: in the copies we hold at
/// once, and at every visit.
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  sourcekeep quote add https://example.com/report \"not one well was dug\"
  sourcekeep quote add https://example.com/report \"the first part […] the last part\" --note \"for chapter 3\"
  sourcekeep quote list https://example.com/report
  sourcekeep quote remove https://example.com/report \"not one well was dug\""
)]
pub(crate) struct QuoteArgs {
    #[command(subcommand)]
    command: QuoteCommand,
}

#[derive(Debug, Subcommand)]
enum QuoteCommand {
    /// Tie a passage to a source, and say whether it stands in the copies we hold
    Add(AddArgs),
    /// List what is quoted from a source, and where it stands
    List(ListArgs),
    /// Take back a passage that was tied by hand
    Remove(RemoveArgs),
}

#[derive(Debug, Args)]
struct AddArgs {
    /// The source's address; one that no post cites is visited from now on
    url: String,
    /// The passage, as it stood there; […] where something is left out
    words: String,
    /// Who says so [default: your name on this machine]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Why, in your words
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// The source's address
    url: String,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Args)]
struct RemoveArgs {
    /// The source's address
    url: String,
    /// The passage, or its number in `quote list`
    words: String,
}

pub(crate) fn quote(global: &Global, args: &QuoteArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    match &args.command {
        QuoteCommand::Add(args) => add(&setup, args, printer),
        QuoteCommand::List(args) => list(&setup, args, printer),
        QuoteCommand::Remove(args) => remove(&setup, args, printer),
    }
}

fn add(setup: &Setup, args: &AddArgs, printer: &Printer) -> Result<Exit, Failure> {
    let words = folded(&args.words);
    if !words.chars().any(char::is_alphanumeric) {
        return Err(Failure::usage(anyhow::anyhow!("the passage has no words")));
    }
    if words.len() > MOST_BYTES {
        return Err(Failure::usage(anyhow::anyhow!(
            "the passage is longer than 1 MiB"
        )));
    }
    let asked = show::canonical(&args.url)?;
    let store = setup.open(Mode::Create, printer)?;
    let now = setup.clock.now();
    let known = store.read("look for a source", |r| r.source_id(&asked))?;
    let source_id = if let Some(id) = known {
        id
    } else {
        let (addresses, _) = check::parse(std::slice::from_ref(&args.url), printer);
        let ids = check::named(&store, &addresses, now)?;
        ids.first()
            .copied()
            .ok_or_else(|| Failure::usage(anyhow::anyhow!("{}: no address", args.url)))?
    };
    let by = args.by.clone().or_else(who);
    let note = args.note.clone().filter(|note| !note.trim().is_empty());
    let (id, is_new) = store.write_blocking("tie a passage", move |w| {
        w.tie_by_hand(source_id, &words, by.as_deref(), note.as_deref(), now)
    })?;
    look_in_copies_of(&store, source_id, now)?;
    if !is_new {
        printer.note("it was tied to the source already");
    }
    let quotes = report::quotes_of(&store, source_id, Some(id))?;
    print(&quotes, args.format, printer)?;
    Ok(Exit::Done)
}

fn list(setup: &Setup, args: &ListArgs, printer: &Printer) -> Result<Exit, Failure> {
    let store = setup.open_to_read()?;
    let source_id = find(&store, &args.url)?;
    let quotes = report::quotes_of(&store, source_id, None)?;
    print(&quotes, args.format, printer)?;
    if quotes.is_empty() && args.format == Format::Text {
        printer.note("nothing is quoted from it");
    }
    Ok(Exit::Done)
}

fn remove(setup: &Setup, args: &RemoveArgs, printer: &Printer) -> Result<Exit, Failure> {
    let store = setup.open(Mode::Write, printer)?;
    let source_id = find(&store, &args.url)?;
    let words = folded(&args.words);
    let mut id = store.read("look for a passage", |r| {
        r.quote_by_words(source_id, &words)
    })?;
    if id.is_none()
        && let Ok(number) = args.words.parse::<i64>()
    {
        let rows = store.read("look for a passage", |r| {
            r.quotes_of(source_id, Some(number))
        })?;
        id = rows.first().map(|row| row.id);
    }
    let Some(id) = id else {
        return Err(Failure::failed(anyhow::anyhow!(
            "{}: no such passage is quoted from it",
            args.url
        ))
        .with_hint(format!("`sourcekeep quote list {}` lists them", args.url)));
    };
    let now = setup.clock.now();
    let is_taken =
        store.write_blocking("take a passage back", move |w| w.untie_by_hand(id, now))?;
    if !is_taken {
        return Err(Failure::failed(anyhow::anyhow!(
            "this passage was not tied by hand: a post quotes it"
        )));
    }
    let mut out = printer.data();
    writeln!(out, "{}: no longer tied by hand", one_line(&args.url, 2000))?;
    out.flush()?;
    Ok(Exit::Done)
}

fn find(store: &Store, url: &str) -> Result<i64, Failure> {
    let asked = show::canonical(url)?;
    match store.read("look for a source", |r| r.source_id(&asked))? {
        Some(id) => Ok(id),
        None => Err(show::unknown(store, &asked)?),
    }
}

fn print(quotes: &[ShownQuote], format: Format, printer: &Printer) -> Result<(), Failure> {
    let mut out = printer.data();
    match format {
        Format::Text => {
            for quote in quotes {
                write_quote_text(quote, &mut out)?;
            }
        }
        Format::Json => line(&quotes, true, &mut out)?,
        Format::Jsonl => {
            for quote in quotes {
                line(quote, false, &mut out)?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

fn line<T: Serialize + ?Sized>(
    what: &T,
    is_pretty: bool,
    out: &mut impl Write,
) -> Result<(), Failure> {
    if is_pretty {
        serde_json::to_writer_pretty(&mut *out, what)?;
    } else {
        serde_json::to_writer(&mut *out, what)?;
    }
    out.write_all(b"\n")?;
    Ok(())
}

/// White space folded, and without quotation marks around it, as passages are kept that posts quote.
fn folded(words: &str) -> String {
    const MARKS: [(char, char); 6] = [
        ('“', '”'),
        ('„', '“'),
        ('"', '"'),
        ('«', '»'),
        ('»', '«'),
        ('「', '」'),
    ];
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let inside = MARKS.iter().find_map(|(open, close)| {
        let inside = words.strip_prefix(*open)?.strip_suffix(*close)?;
        (!inside.contains([*open, *close])).then(|| inside.trim().to_owned())
    });
    inside.unwrap_or(words)
}

/// Who the system says is at the keyboard.
fn who() -> Option<String> {
    ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|name| !name.trim().is_empty())
}
