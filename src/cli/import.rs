//! `import`: web archives that others made, and our own exports.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use sourcekeep::report::{bytes, count, one_line};
use sourcekeep::run::{ImportError, Imported, import, walk};
use sourcekeep::store::{Locking, Mode, Store};

use super::Global;
use super::context::{Setup, held};
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::progress::Line;

/// Problems of one file that are told in words.
const MOST_TOLD: u64 = 20;
/// What files that are imported are called.
const GLOBS: &[&str] = &[
    "*.warc",
    "*.warc.gz",
    "*.warc.zst",
    "*.arc",
    "*.arc.gz",
    "*.WARC",
    "*.WARC.GZ",
];

/// Bring captures in from WARC and ARC files
///
/// Each document in a file (a page, a PDF, a text, data) becomes a capture of its address, dated as the file says, with the
/// redirects that led to it; everything else that was answered is kept beside it. What posts cite is looked for in them.
/// Nothing is fetched, and what no post cites is not visited because of it. What is there already is not brought in again.
/// Files that `sourcekeep export warc` wrote give the captures back as they were.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep import crawl.warc.gz
  sourcekeep import crawls/               every WARC and ARC file below the folder
  zcat old.arc.gz | sourcekeep import -")]
pub(crate) struct ImportArgs {
    /// Files; folders, for every .warc, .warc.gz, .warc.zst, .arc and .arc.gz in them; `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How to print what was done
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(crate) fn import_files(
    global: &Global,
    args: &ImportArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let store = setup.open(Mode::Create, printer)?;
    // What is put down before its capture is sealed must not be taken for what nobody needs.
    let lock = match setup.lock("import")? {
        Locking::Ours(lock) => lock,
        Locking::Held(holder) => return Err(held(&setup.db, &holder)),
    };
    let now = setup.clock.now();
    let mut sums = Sums::default();
    for file in &args.files {
        if file == Path::new("-") {
            sums.add(one(&store, std::io::stdin(), "-", now, printer)?);
        } else if file.is_dir() {
            let globs: Vec<String> = GLOBS.iter().map(|glob| (*glob).to_owned()).collect();
            for found in walk(file, &globs) {
                match found {
                    Ok(path) => sums.add(named(&store, &path, now, printer)?),
                    Err(problem) => {
                        printer.warning(problem);
                        sums.add(None);
                    }
                }
            }
        } else {
            sums.add(named(&store, file, now, printer)?);
        }
    }
    store.close();
    drop(lock);
    let mut out = printer.data();
    match args.format {
        Format::Text if printer.is_quiet() => {}
        Format::Text => sums.write_text(&mut out)?,
        Format::Json | Format::Jsonl => {
            serde_json::to_writer(&mut out, &sums.as_json())?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(if sums.unread > 0 || sums.all.incomplete {
        Exit::Failed
    } else {
        Exit::Done
    })
}

fn named(
    store: &Store,
    path: &Path,
    now: i64,
    printer: &Printer,
) -> Result<Option<Imported>, Failure> {
    let shown = one_line(&path.to_string_lossy(), 500);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => {
            printer.warning(format!("{shown}: {error}"));
            return Ok(None);
        }
    };
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    one(
        store,
        BufReader::with_capacity(1 << 16, file),
        &name,
        now,
        printer,
    )
}

/// One file; none where it could not be read to its end.
fn one(
    store: &Store,
    file: impl Read,
    name: &str,
    now: i64,
    printer: &Printer,
) -> Result<Option<Imported>, Failure> {
    let shown = one_line(name, 500);
    let line = Line::start(printer);
    let mut told = 0_u64;
    let each = |done: &Imported| {
        line.says(|| {
            format!(
                "{shown}: {} of {}, {}",
                count(done.captures, "capture"),
                count(done.records, "record"),
                bytes(done.bytes)
            )
        });
    };
    let problem = |problem: String| {
        told += 1;
        if told <= MOST_TOLD {
            printer.warning(format!("{shown}: {problem}"));
        }
    };
    let done = import(store, file, name, now, each, problem);
    drop(line);
    if told > MOST_TOLD {
        printer.warning(format!("{shown}: {} more problems", told - MOST_TOLD));
    }
    match done {
        Ok(done) => Ok(Some(done)),
        Err(ImportError::Store(error)) => Err(error.into()),
        Err(error) => {
            printer.warning(format!("{shown}: {error}"));
            Ok(None)
        }
    }
}

#[derive(Default)]
struct Sums {
    all: Imported,
    files: u64,
    unread: u64,
}

impl Sums {
    fn add(&mut self, done: Option<Imported>) {
        let Some(done) = done else {
            self.unread += 1;
            return;
        };
        let all = &mut self.all;
        self.files += 1;
        all.records += done.records;
        all.captures += done.captures;
        all.known_captures += done.known_captures;
        all.exchanges += done.exchanges;
        all.left_out += done.left_out;
        all.problems += done.problems;
        all.incomplete |= done.incomplete;
        all.bytes += done.bytes;
    }

    fn write_text(&self, out: &mut impl Write) -> std::io::Result<()> {
        let all = &self.all;
        writeln!(
            out,
            "{} brought in from {} ({}), {}",
            count(all.captures, "capture"),
            count(self.files, "file"),
            count(all.records, "record"),
            count(all.exchanges, "exchange"),
        )?;
        if all.known_captures > 0 {
            writeln!(
                out,
                "{} there already",
                count(all.known_captures, "capture")
            )?;
        }
        if all.left_out > 0 {
            writeln!(out, "{} left out", count(all.left_out, "record"))?;
        }
        if all.problems > 0 {
            writeln!(out, "{} in the files", count(all.problems, "problem"))?;
        }
        if self.unread > 0 {
            writeln!(out, "{} could not be read", count(self.unread, "file"))?;
        }
        Ok(())
    }

    fn as_json(&self) -> serde_json::Value {
        let mut json = serde_json::json!(self.all);
        json["files"] = self.files.into();
        json["unread_files"] = self.unread.into();
        json
    }
}
