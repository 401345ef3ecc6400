//! `export`: captures in the formats of others.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use sourcekeep::report::{bytes, count, one_line, rfc3339, write_table};
use sourcekeep::run::{Export, Exported, Kept, export, one_page};
use sourcekeep::store::{Store, Table};

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
    Html(HtmlArgs),
    Csv(CsvArgs),
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

/// Write one copy as a single page that needs nothing else
///
/// Style sheets, pictures, fonts, frames and media that were kept with the copy stand in the page. Scripts are taken out, and a
/// browser that opens the page asks nobody for anything; links lead where they led. Text, tables (CSV) and JSON become pages that
/// show them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep export html https://example.com/a -o a.html
  sourcekeep export html https://example.com/a --at 2026-01-31 -o a.html")]
struct HtmlArgs {
    /// The source
    url: String,
    /// The copy that is nearest to this instant (2026-01-31) [default: the newest]
    #[arg(long, value_name = "WHEN", value_parser = when::instant)]
    at: Option<i64>,
    /// The file, `-` for standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

/// Write citations, sources or visits as a table
///
/// One row each, with all that the view of the same name in the archive says (see `docs/SCHEMA.md`), in UTF-8 with a header line.
/// A cell that a spreadsheet would take for a formula has an apostrophe before it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep export csv citations -o citations.csv
  sourcekeep export csv sources | csvlook")]
struct CsvArgs {
    /// Which
    table: CsvTable,
    /// The file, `-` for standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CsvTable {
    /// What posts cite, with what words, and what became of it
    Citations,
    /// The sources, and how they stand
    Sources,
    /// All visits, and what each found
    Visits,
}

pub(crate) fn export_as(
    global: &Global,
    args: &ExportArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    match &args.format {
        ExportFormat::Warc(args) => warc(global, args, printer),
        ExportFormat::Html(args) => html(global, args, printer),
        ExportFormat::Csv(args) => csv(global, args, printer),
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
        to_file(&args.output, |out| {
            written(&store, &what, out, &line, printer)
        })?
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

fn csv(global: &Global, args: &CsvArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let store = setup.open_to_read()?;
    let (table, what) = match args.table {
        CsvTable::Citations => (Table::Citations, "citation"),
        CsvTable::Sources => (Table::Sources, "source"),
        CsvTable::Visits => (Table::Visits, "visit"),
    };
    if args.output == Path::new("-") {
        let mut out = printer.data();
        write_table(&store, table, &mut out)?;
        out.flush()?;
        return Ok(Exit::Done);
    }
    let rows = to_file(&args.output, |out| Ok(write_table(&store, table, out)?))?;
    let name = one_line(&args.output.to_string_lossy(), 500);
    printer.note(format!("{} written to {name}", count(rows, what)));
    Ok(Exit::Done)
}

fn html(global: &Global, args: &HtmlArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let store = setup.open_to_read()?;
    let asked = canonical(&args.url)?;
    let source = store.read("look for a source", |r| r.source_address(&asked))?;
    let Some(source) = source else {
        return Err(unknown(&store, &asked)?);
    };
    let Some(kept) = Kept::nearest(&store, &source, args.at)? else {
        let failure = Failure::failed(anyhow::anyhow!("{source}: there is no copy of it"));
        return Err(failure.with_hint(format!("`sourcekeep capture {source}` makes one")));
    };
    let page = one_page(&kept)?;
    let name = if args.output == Path::new("-") {
        let mut out = printer.data();
        out.write_all(page.html.as_bytes())?;
        out.flush()?;
        String::new()
    } else {
        to_file(&args.output, |out| Ok(out.write_all(page.html.as_bytes())?))?;
        format!(" to {}", one_line(&args.output.to_string_lossy(), 500))
    };
    let missing = match page.missing {
        0 => String::new(),
        some => format!("; {} not kept", count(some as u64, "more that it asks for")),
    };
    printer.note(format!(
        "the copy of {} written{name}: {}, with {} in it{missing}",
        rfc3339(kept.capture().at),
        bytes(page.html.len() as u64),
        count(page.pieces as u64, "piece"),
    ));
    Ok(Exit::Done)
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
fn to_file<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let shown = one_line(&path.to_string_lossy(), 500);
    let failed = |error: std::io::Error| Failure::failed(anyhow::anyhow!("{shown}: {error}"));
    if path.is_dir() {
        return Err(Failure::usage(anyhow::anyhow!(
            "{shown}: a folder; name a file"
        )));
    }
    // A device, or a pipe, is written to as it is.
    if path.exists() && !path.is_file() {
        let mut file = BufWriter::new(File::options().write(true).open(path).map_err(failed)?);
        let done = write(&mut file)?;
        file.flush().map_err(failed)?;
        return Ok(done);
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let mut file = BufWriter::with_capacity(1 << 20, File::create(&part).map_err(failed)?);
    let done = write(&mut file).and_then(|done| {
        file.flush().map_err(failed)?;
        file.get_ref().sync_all().map_err(failed)?;
        std::fs::rename(&part, path).map_err(failed)?;
        Ok(done)
    });
    if done.is_err() {
        // What is left of it helps nobody; if it cannot be removed, the name says what it is.
        let _ = std::fs::remove_file(&part);
    }
    done
}
