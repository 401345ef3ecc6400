//! `export`: captures in the formats of others.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use sourcekeep::report::{bytes, count, one_line};
use sourcekeep::run::{Export, Exported, export};
use sourcekeep::store::Store;

use super::Global;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::progress::Line;
use super::show::{canonical, unknown};
use super::when::{self, Since};

/// Write captures in a format that other programs read
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(subcommand)]
    format: ExportFormat,
}

#[derive(Debug, Subcommand)]
enum ExportFormat {
    Warc(WarcArgs),
}

/// Write captures as a WARC file, the format of web archives
///
/// Every copy is written with the requests and responses it came by, and with what it needs to be shown; each payload
/// once. Bodies are written as they are kept, without content coding, and headers hold for them. `sourcekeep import`
/// makes the captures again as they are; equal captures give equal files.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep export warc -o archive.warc.gz                  all captures, compressed by record
  sourcekeep export warc https://example.com/a -o - | warcio index -
  sourcekeep export warc --since 2026-01-01 -o this-year.warc.gz")]
struct WarcArgs {
    /// Only captures of these sources [default: all]
    urls: Vec<String>,
    /// The file, `-` for standard output; it is compressed where its name ends in .gz
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Compress whatever the file's name is
    #[arg(long)]
    gzip: bool,
    /// Only captures from this instant on (2026-01-31), or from so long ago on (7d)
    #[arg(long, value_name = "WHEN", value_parser = when::since)]
    since: Option<Since>,
    /// Only captures from before this instant, or from longer ago
    #[arg(long, value_name = "WHEN", value_parser = when::since)]
    until: Option<Since>,
    /// How to print what was done; to standard error where the captures go to standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(crate) fn export_as(
    global: &Global,
    args: &ExportArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    match &args.format {
        ExportFormat::Warc(args) => warc(global, args, printer),
    }
}

fn warc(global: &Global, args: &WarcArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let store = setup.open_to_read()?;
    let now = setup.clock.now();
    let is_gz = args
        .output
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
    let what = Export {
        sources: sources(&store, &args.urls)?,
        since: args.since.map(|since| since.resolve(now)),
        until: args.until.map(|until| until.resolve(now)),
        gzip: args.gzip || is_gz,
    };
    let is_piped = args.output == Path::new("-");
    let line = Line::start(printer);
    let done = if is_piped {
        written(&store, &what, Printer::bulk(), &line, printer)?
    } else {
        to_file(&store, &what, &args.output, &line, printer)?
    };
    drop(line);
    let name = if is_piped {
        String::new()
    } else {
        format!(" to {}", one_line(&args.output.to_string_lossy(), 500))
    };
    if is_piped || args.format == Format::Text {
        printer.note(format!(
            "{} in {} written{name}: {}, {}; {} of payload",
            count(done.captures, "capture"),
            count(done.exchanges, "exchange"),
            count(done.records, "record"),
            bytes(done.bytes),
            bytes(done.payload_bytes),
        ));
    } else {
        let mut out = printer.data();
        serde_json::to_writer(&mut out, &done)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(if done.unreadable > 0 {
        Exit::Failed
    } else {
        Exit::Done
    })
}

/// The canonical addresses of the sources that are named.
fn sources(store: &Store, urls: &[String]) -> Result<Vec<String>, Failure> {
    let mut sources = Vec::new();
    for url in urls {
        let asked = canonical(url)?;
        let address = store.read("look for a source", |r| r.source_address(&asked))?;
        match address {
            Some(address) => sources.push(address),
            None => return Err(unknown(store, &asked)?),
        }
    }
    Ok(sources)
}

fn written(
    store: &Store,
    what: &Export,
    out: impl Write,
    line: &Line<'_>,
    printer: &Printer,
) -> Result<Exported, Failure> {
    let each = |done: &Exported| {
        line.says(|| {
            format!(
                "{} written, {}",
                count(done.captures, "capture"),
                bytes(done.bytes)
            )
        });
    };
    export(store, what, out, each, |problem| printer.warning(problem)).map_err(Failure::failed)
}

/// A file has its name once it is whole.
fn to_file(
    store: &Store,
    what: &Export,
    path: &Path,
    line: &Line<'_>,
    printer: &Printer,
) -> Result<Exported, Failure> {
    let shown = one_line(&path.to_string_lossy(), 500);
    let failed = |error: std::io::Error| Failure::failed(anyhow::anyhow!("{shown}: {error}"));
    if path.is_dir() {
        return Err(Failure::usage(anyhow::anyhow!(
            "{shown}: a folder; name a file"
        )));
    }
    // A device, or a pipe, is written to as it is.
    if path.exists() && !path.is_file() {
        let file = File::options().write(true).open(path).map_err(failed)?;
        return written(store, what, BufWriter::new(file), line, printer);
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let file = File::create(&part).map_err(failed)?;
    let done = written(
        store,
        what,
        BufWriter::with_capacity(1 << 20, &file),
        line,
        printer,
    )
    .and_then(|done| {
        file.sync_all().map_err(failed)?;
        std::fs::rename(&part, path).map_err(failed)?;
        Ok(done)
    });
    if done.is_err() {
        // What is left of it helps nobody; if it cannot be removed, the name says what it is.
        let _ = std::fs::remove_file(&part);
    }
    done
}
