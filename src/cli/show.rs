//! `show`: one source, or one post, whole.

use std::io::Write;

use clap::{Args, ValueEnum};
use sourcekeep::address;
use sourcekeep::report::{self, ShownPost, write_post_text, write_show_text};
use sourcekeep::store::{Part, Store};

use super::Global;
use super::check::scheme_hint;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};

/// Show one source: where it is cited, its visits, its captures; or one post: what it cites, and what is new or gone
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The source's address, or another address that leads to it; or the address or path of a post
    url: String,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Write the newest copy's bytes to standard output instead
    #[arg(long)]
    body: bool,
    /// Write what a browser made of the page instead, of the newest copy that has it: the document after scripts ran, its
    /// picture (WebP), or the PDF
    #[arg(long, value_name = "PART", conflicts_with = "body")]
    rendered: Option<Rendered>,
}

/// What a browser makes of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Rendered {
    Dom,
    Screenshot,
    Pdf,
}

impl Rendered {
    fn part(self) -> Part {
        match self {
            Self::Dom => Part::Dom,
            Self::Screenshot => Part::Screenshot,
            Self::Pdf => Part::Pdf,
        }
    }
}

pub(crate) fn show(global: &Global, args: &ShowArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let store = setup.open_to_read()?;
    let source = match canonical(&args.url) {
        Ok(asked) => report::show(&store, &asked, setup.clock.now())?,
        Err(_) => None,
    };
    let Some(shown) = source else {
        if !args.body
            && args.rendered.is_none()
            && let Some(post) = post(&store, &args.url)?
        {
            return show_post(&post, args.format, printer);
        }
        return Err(unknown(&store, &canonical(&args.url)?)?);
    };
    // Every byte as it is, unless a terminal would obey some of them.
    let is_payload = args.body || args.rendered.is_some();
    let mut out: Box<dyn Write> = if is_payload && !Printer::is_watched() {
        Box::new(Printer::bulk())
    } else {
        Box::new(printer.data())
    };
    if let Some(part) = args.rendered {
        let rendered = store.read("read a rendering", |r| {
            r.newest_rendered(&shown.entry.url, part.part())
        })?;
        let Some(rendered) = rendered else {
            return Err(Failure::failed(anyhow::anyhow!(
                "{}: no copy has that; `capture URL --browser` makes one",
                args.url
            )));
        };
        out.write_all(&rendered)?;
    } else if args.body {
        let Some(held) = &shown.entry.held else {
            return Err(Failure::failed(anyhow::anyhow!(
                "{}: we hold no copy",
                args.url
            )));
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

/// The post of this address or path.
fn post(store: &Store, typed: &str) -> Result<Option<ShownPost>, Failure> {
    let whole = address::parse(typed, None).map(|url| url.to_string());
    let path = std::path::Path::new(typed).canonicalize();
    let names = [
        Some(typed.to_owned()),
        whole.ok(),
        path.ok().map(|path| path.to_string_lossy().into_owned()),
    ];
    for name in names.into_iter().flatten() {
        if let Some(post) = report::show_post(store, &name)? {
            return Ok(Some(post));
        }
    }
    Ok(None)
}

fn show_post(post: &ShownPost, format: Format, printer: &Printer) -> Result<Exit, Failure> {
    let mut out = printer.data();
    match format {
        Format::Text => write_post_text(post, &mut out)?,
        Format::Json => serde_json::to_writer_pretty(&mut out, post)?,
        Format::Jsonl => serde_json::to_writer(&mut out, post)?,
    }
    if format != Format::Text {
        out.write_all(b"\n")?;
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
