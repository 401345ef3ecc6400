//! `diff`: what changed between two copies of a source.

use std::io::Write;

use clap::{Args, ValueEnum};
use sourcekeep::report::{self, DiffError, Pick, rfc3339, write_diff_html, write_diff_text};
use sourcekeep::run::text_of;

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::Printer;
use super::{show, when};

/// So many copies are named in a hint.
const MOST_NAMED: usize = 6;

/// Say what changed between two copies of a source, by word
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep diff https://example.com/a                      since it was cited
  sourcekeep diff https://example.com/a first                since our first copy
  sourcekeep diff https://example.com/a 12 31                between the copies of these numbers
  sourcekeep diff https://example.com/a 2026-01-31 newest    since the copy of that day, or the last before it
  sourcekeep diff https://example.com/a --format html > a.html

What is gone stands as [-gone-], what is new as {+new+}. Dates, counters and other stories are shown like all else, but
do not count as drift.")]
pub(crate) struct DiffArgs {
    /// The source's address, or another address that leads to it
    url: String,
    /// The earlier copy: its number, an instant (the newest until then), `baseline`, `first` or `newest`
    #[arg(value_name = "FROM", default_value = "baseline", value_parser = pick)]
    from: Pick,
    /// The later copy, named in the same way
    #[arg(value_name = "TO", default_value = "newest", value_parser = pick)]
    to: Pick,
    /// Compare everything that readers see, and not the main text only
    #[arg(long)]
    whole: bool,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: DiffFormat,
}

/// How a comparison is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    /// For a person
    Text,
    /// A page that needs nothing else
    Html,
    /// One JSON document, with every paragraph
    Json,
}

pub(crate) fn diff(global: &Global, args: &DiffArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let store = setup.open_to_read()?;
    let address = show::canonical(&args.url)?;
    let picks = (args.from, args.to);
    let now = setup.clock.now();
    let diff = match report::diff(&store, &address, picks, args.whole, now, &text_of, None) {
        Ok(diff) => diff,
        Err(DiffError::NoSource) => return Err(show::unknown(&store, &address)?),
        Err(error) => return Err(failure(&address, error)),
    };
    let mut out = printer.data();
    match args.format {
        DiffFormat::Text => write_diff_text(&diff, &mut out)?,
        DiffFormat::Html => write_diff_html(&diff, &mut out)?,
        DiffFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &diff)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn failure(address: &str, error: DiffError) -> Failure {
    let hint = match &error {
        DiffError::Report(_) | DiffError::NoSource | DiffError::TooLarge { .. } => None,
        DiffError::NoCopy => Some(format!("`sourcekeep capture {address}` makes one")),
        DiffError::OneCopy(_) => Some(format!(
            "a page that changed is kept at its next visit; `sourcekeep capture {address}` makes a copy now"
        )),
        DiffError::NotFound { copies, .. } => {
            let named: Vec<String> = copies
                .iter()
                .take(MOST_NAMED)
                .map(|(id, at)| format!("{id} ({})", rfc3339(*at)))
                .collect();
            let more = copies.len().saturating_sub(MOST_NAMED);
            let more = if more > 0 {
                format!(", and {more} earlier ones")
            } else {
                String::new()
            };
            Some(format!("its copies are {}{more}", named.join(", ")))
        }
        DiffError::NoText { .. } => Some(format!(
            "`sourcekeep show {address} --body` writes the bytes of the newest copy"
        )),
    };
    let failure = match error {
        DiffError::Report(error) => Failure::from(error),
        error => Failure::failed(anyhow::anyhow!("{address}: {error}")),
    };
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

/// A copy as a user names it.
fn pick(text: &str) -> Result<Pick, String> {
    match text {
        "baseline" => return Ok(Pick::Baseline),
        "first" => return Ok(Pick::First),
        "newest" => return Ok(Pick::Newest),
        _ => {}
    }
    if let Ok(id) = text.parse::<i64>() {
        return Ok(Pick::Id(id));
    }
    // A day is meant to its end.
    let is_day = text.len() == 10 && !text.contains('T');
    when::instant(text)
        .map(|at| Pick::At(if is_day { at + 86_399_999 } else { at }))
        .map_err(|_| {
            format!("{text:?} is neither the number of a copy, nor an instant (2026-01-31), `baseline`, `first` or `newest`")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_named_in_many_ways() {
        assert_eq!(pick("baseline"), Ok(Pick::Baseline));
        assert_eq!(pick("first"), Ok(Pick::First));
        assert_eq!(pick("newest"), Ok(Pick::Newest));
        assert_eq!(pick("12"), Ok(Pick::Id(12)));
        assert_eq!(pick("1970-01-01"), Ok(Pick::At(86_399_999)));
        assert_eq!(pick("1970-01-01T00:00:01Z"), Ok(Pick::At(1000)));
        assert!(pick("latest").is_err());
    }
}
