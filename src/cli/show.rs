//! `show`: one source, whole.

use std::io::Write;

use clap::Args;
use sourcekeep::address;
use sourcekeep::report::{self, write_show_text};
use sourcekeep::store::Store;

use super::Global;
use super::check::scheme_hint;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};

/// Show one source: where it is cited, its visits, its captures
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The source's address, or another address that leads to it
    url: String,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Write the newest copy's bytes to standard output instead
    #[arg(long)]
    body: bool,
}

pub(crate) fn show(global: &Global, args: &ShowArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let store = setup.open_to_read()?;
    let asked = canonical(&args.url)?;
    let Some(shown) = report::show(&store, &asked, setup.clock.now())? else {
        return Err(unknown(&store, &asked)?);
    };
    let mut out = printer.data();
    if args.body {
        let Some(held) = &shown.entry.held else {
            return Err(Failure::failed(anyhow::anyhow!("{asked}: we hold no copy")));
        };
        let body = store
            .read("read a copy", |r| r.capture_body(held.capture))?
            .unwrap_or_default();
        out.write_all(&body)?;
    } else {
        match args.format {
            Format::Text => write_show_text(&shown, &mut out)?,
            Format::Json => serde_json::to_writer_pretty(&mut out, &shown)?,
            Format::Jsonl => serde_json::to_writer(&mut out, &shown)?,
        }
        if args.format != Format::Text {
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// An address as it was typed, in the form that names a source.
pub(crate) fn canonical(typed: &str) -> Result<String, Failure> {
    match address::parse(typed, None) {
        Ok(url) => Ok(address::canonical(&url).to_string()),
        Err(error) => {
            let failure = Failure::usage(anyhow::anyhow!("{typed}: {error}"));
            Err(match scheme_hint(typed) {
                Some(hint) => failure.with_hint(hint),
                None => failure,
            })
        }
    }
}

/// No source has this address: names those that are like it.
pub(crate) fn unknown(store: &Store, asked: &str) -> Result<Failure, Failure> {
    let part = address::parse(asked, None)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned));
    let like = store.read("look for addresses", |r| {
        r.sources_like(&part.unwrap_or_default(), 5)
    })?;
    let failure = Failure::failed(anyhow::anyhow!("{asked}: no post cites this address"));
    Ok(if like.is_empty() {
        failure.with_hint("`sourcekeep report --all` lists all sources")
    } else {
        failure.with_hint(format!("on the same host are: {}", like.join(", ")))
    })
}
