//! `import`: web archives that others made, and our own exports.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use sourcekeep::report::{bytes, count, one_line};
use sourcekeep::run::{Hear, Import, ImportError, Imported, walk};
use sourcekeep::store::{Locking, Mode};
use sourcekeep::warc::is_zip;

use super::Global;
use super::context::{Setup, held};
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::progress::Line;
use super::search::index_what_came;

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
    "*.wacz",
    "*.WACZ",
];

/// Bring captures in from WARC, ARC and WACZ files
///
/// Each document in a file (a page, a PDF, a text, data) becomes a capture of its address, dated as the file says, with the
/// redirects that led to it; everything else that was answered is kept beside it. What posts cite is looked for in them.
/// Nothing is fetched, and what no post cites is not visited because of it. What is there already is not brought in again.
/// Files that `sourcekeep export warc` wrote give the captures back as they were.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep import crawl.warc.gz
  sourcekeep import crawl.wacz            also collections of WACZ files
  sourcekeep import crawls/               every WARC, ARC and WACZ file below the folder
  zcat old.arc.gz | sourcekeep import -")]
pub(crate) struct ImportArgs {
    /// Files; folders, for every .warc, .warc.gz, .warc.zst, .arc, .arc.gz and .wacz in them; `-` for standard input
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
    let mut importing = Importing {
        import: Import::new(&store, &setup.settings.limits, setup.clock.now()),
        printer,
        files: 0,
        unread: 0,
    };
    for file in &args.files {
        if file == Path::new("-") {
            importing.piped()?;
        } else if file.is_dir() {
            let globs: Vec<String> = GLOBS.iter().map(|glob| (*glob).to_owned()).collect();
            for found in walk(file, &globs) {
                match found {
                    Ok(path) => importing.named(&path)?,
                    Err(problem) => {
                        printer.warning(problem);
                        importing.unread += 1;
                    }
                }
            }
        } else {
            importing.named(file)?;
        }
    }
    let sums = importing.finish()?;
    index_what_came(&store)?;
    store.close();
    drop(lock);
    printer.peak_memory();
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

struct Importing<'a> {
    import: Import<'a>,
    printer: &'a Printer,
    files: u64,
    unread: u64,
}

impl Importing<'_> {
    fn named(&mut self, path: &Path) -> Result<(), Failure> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) => {
                let shown = one_line(&path.to_string_lossy(), 500);
                self.printer.warning(format!("{shown}: {error}"));
                self.unread += 1;
                return Ok(());
            }
        };
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned();
        let mut file = BufReader::with_capacity(1 << 16, file);
        let hears = &mut Talk::start(self.printer, &name);
        let read = match file.fill_buf().map(is_zip) {
            Ok(true) => match file.rewind() {
                Ok(()) => self.import.zip(&mut file.into_inner(), &name, hears),
                Err(error) => Err(error.into()),
            },
            Ok(false) => self.import.archive(file, &name, hears),
            Err(error) => Err(error.into()),
        };
        self.ended(read, &name)
    }

    fn piped(&mut self) -> Result<(), Failure> {
        let mut input = BufReader::with_capacity(1 << 16, std::io::stdin());
        if input.fill_buf().is_ok_and(is_zip) {
            self.printer
                .warning("-: a WACZ file cannot be read from standard input; name the file");
            self.unread += 1;
            return Ok(());
        }
        let read = self
            .import
            .archive(input, "-", &mut Talk::start(self.printer, "-"));
        self.ended(read, "-")
    }

    /// A file that could not be read to its end is told; the next one is read all the same.
    fn ended(&mut self, read: Result<(), ImportError>, name: &str) -> Result<(), Failure> {
        match read {
            Ok(()) => self.files += 1,
            Err(ImportError::Store(error)) => return Err(error.into()),
            Err(error) => {
                let shown = one_line(name, 500);
                self.printer.warning(format!("{shown}: {error}"));
                self.unread += 1;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Sums, Failure> {
        Ok(Sums {
            all: self.import.finish()?,
            files: self.files,
            unread: self.unread,
        })
    }
}

/// What is said of one file: how far it is, and its first problems.
struct Talk<'a> {
    printer: &'a Printer,
    line: Line<'a>,
    shown: String,
    told: u64,
}

impl<'a> Talk<'a> {
    fn start(printer: &'a Printer, name: &str) -> Self {
        Self {
            printer,
            line: Line::start(printer),
            shown: one_line(name, 500),
            told: 0,
        }
    }
}

impl Hear for Talk<'_> {
    fn progress(&mut self, done: &Imported) {
        self.line.says(|| {
            format!(
                "{}: {} of {}, {}",
                self.shown,
                count(done.captures, "capture"),
                count(done.records, "record"),
                bytes(done.bytes)
            )
        });
    }

    fn problem(&mut self, what: String) {
        self.told += 1;
        if self.told <= MOST_TOLD {
            self.printer.warning(format!("{}: {what}", self.shown));
        }
    }
}

impl Drop for Talk<'_> {
    fn drop(&mut self) {
        if self.told > MOST_TOLD {
            let more = self.told - MOST_TOLD;
            self.printer
                .warning(format!("{}: {more} more problems", self.shown));
        }
    }
}

struct Sums {
    all: Imported,
    files: u64,
    unread: u64,
}

impl Sums {
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
