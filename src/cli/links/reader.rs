//! From the inputs that were named to documents, and from these to what is printed.

use std::io::{Read, Result, Write};
use std::path::{Path, PathBuf};

use sourcekeep::fetch::{Accept, Request};
use sourcekeep::gather::{self, Document, Format};
use sourcekeep::report::one_line;
use sourcekeep::run::{
    Argument, Problem, address_of, addresses, classify, gather_document, read_among, read_input,
    unpacked, walk,
};
use url::Url;

use super::pool::{self, Pipe, Told};
use super::printing::Printing;
use super::{LinksFormat, Shape, html};
use crate::cli::context::{self, Setup};
use crate::cli::exit::Failure;
use crate::cli::print::Printer;
use crate::cli::selected::Selected;

/// A packed file is taken to be so many times larger.
const PACKED_RATIO: u64 = 8;

/// What is to be read.
enum Task {
    /// A file; whether it was named by hand.
    File(PathBuf, bool),
    /// What could not be looked at.
    Problem(Problem),
    /// What is there already.
    Bytes(Came),
}

/// A document that came from elsewhere than the disk.
struct Came {
    name: String,
    bytes: Vec<u8>,
    format: Option<Format>,
    media_type: Option<String>,
    address: Option<Url>,
    base: Option<Url>,
}

pub(super) struct Reader<'a> {
    setup: &'a Setup,
    selected: &'a Selected,
    printer: &'a Printer,
    shape: Shape,
    out: Box<dyn Write + Send>,
    is_first: bool,
    failed: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        setup: &'a Setup,
        selected: &'a Selected,
        printer: &'a Printer,
        shape: Shape,
    ) -> Self {
        Self {
            setup,
            selected,
            printer,
            shape,
            out: Box::new(Printer::bulk()),
            is_first: true,
            failed: false,
        }
    }

    /// Prints the links of all inputs. Says whether one of them could not be read.
    pub(super) fn read(mut self, inputs: &[String]) -> std::result::Result<bool, Failure> {
        self.head()?;
        // Files that are named beside each other are read beside each other.
        let mut waiting = Vec::new();
        for input in inputs {
            if self.selected.site {
                self.fails(format!(
                    "{input}: a site is read post by post, and what was read is kept: `sourcekeep run --as site {input}`"
                ));
                continue;
            }
            match classify(input) {
                Ok(Argument::Folder(_)) if !self.selected.pages => {
                    let globs = &self.selected.globs;
                    let mut files = walk(Path::new(input), globs).peekable();
                    if files.peek().is_none() && !globs.is_empty() {
                        self.printer
                            .warning(Problem::no_match(input.as_str(), globs));
                    }
                    waiting.push(Box::new(files.map(|found| match found {
                        Ok(path) => Task::File(path, false),
                        Err(problem) => Task::Problem(problem),
                    }))
                        as Box<dyn Iterator<Item = Task> + Send>);
                }
                Ok(Argument::File(_)) if !self.selected.pages => {
                    let file = Task::File(PathBuf::from(input), true);
                    waiting.push(Box::new(std::iter::once(file)));
                }
                other => {
                    self.print(std::mem::take(&mut waiting).into_iter().flatten())?;
                    match other {
                        Ok(argument) => self.apart(input, argument)?,
                        Err(error) => {
                            self.fails(&error);
                            if let Some(hint) = error.hint() {
                                self.printer.hint(hint);
                            }
                        }
                    }
                }
            }
        }
        self.print(waiting.into_iter().flatten())?;
        self.foot()?;
        Ok(self.failed)
    }

    fn fails(&mut self, why: impl std::fmt::Display) {
        self.failed = true;
        self.printer.warning(why);
    }

    /// What is read by itself: the web, standard input, lists of posts.
    fn apart(&mut self, input: &str, argument: Argument) -> std::result::Result<(), Failure> {
        match argument {
            Argument::Web(_) | Argument::Folder(_) if self.selected.pages => {
                self.fails(format!(
                    "{input}: --as pages reads a file, or standard input (-)"
                ));
                Ok(())
            }
            Argument::Web(url) => self.web(&url, self.selected.format),
            Argument::Stdin => {
                let mut bytes = Vec::new();
                std::io::stdin().lock().read_to_end(&mut bytes)?;
                self.loose("-", unpacked(bytes))
            }
            Argument::File(_) | Argument::Folder(_) => {
                self.loose(input, read_input(Path::new(input)))
            }
        }
    }

    fn loose(&mut self, name: &str, read: Result<Vec<u8>>) -> std::result::Result<(), Failure> {
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => {
                self.fails(Problem::whole(name, error));
                return Ok(());
            }
        };
        if self.selected.pages {
            return self.pages(name, &bytes);
        }
        let came = Came {
            name: name.to_owned(),
            bytes,
            format: self.selected.format,
            media_type: None,
            address: None,
            base: self.selected.base.clone(),
        };
        Ok(self.print(std::iter::once(Task::Bytes(came)))?)
    }

    /// Prints the links of the posts that a list names.
    fn pages(&mut self, name: &str, bytes: &[u8]) -> std::result::Result<(), Failure> {
        let (pages, problems) = addresses(name, bytes);
        for problem in problems {
            self.printer.warning(problem);
        }
        for page in pages {
            // What a list names has been parsed.
            if let Ok(url) = Url::parse(&page) {
                self.web(&url, None)?;
            }
        }
        Ok(())
    }

    fn web(&mut self, url: &Url, format: Option<Format>) -> std::result::Result<(), Failure> {
        let fetcher = self.setup.fetcher(self.printer)?;
        let runtime = context::runtime()?;
        let mut request = Request::page(url.clone());
        request.accept = Accept::Feed;
        request.body_limit = Some(self.setup.fetch.limits.input_served_bytes);
        let answer = runtime
            .block_on(fetcher.get(&request))
            .map_err(Failure::failed)?;
        let hop = answer.facts.hops.last();
        let status = hop.map(|hop| hop.status);
        let why = match (&answer.facts.failure, status) {
            (Some(failure), _) => Some(failure.detail.clone()),
            (None, Some(200..300)) => None,
            (None, status) => Some(status.map_or("no answer".to_owned(), |status| {
                format!("answered {status}")
            })),
        };
        let (None, Some(body)) = (&why, &answer.body) else {
            let why = why.unwrap_or_else(|| "no answer".to_owned());
            self.fails(Problem::whole(url.as_str(), why));
            return Ok(());
        };
        match unpacked(body.bytes.to_vec()) {
            Ok(bytes) => {
                let address = hop.and_then(|hop| Url::parse(&hop.url).ok());
                let came = Came {
                    name: url.to_string(),
                    bytes,
                    format,
                    media_type: body.media_type.clone(),
                    address: Some(address.unwrap_or_else(|| url.clone())),
                    base: None,
                };
                self.print(std::iter::once(Task::Bytes(came)))?;
            }
            Err(error) => self.fails(Problem::whole(url.as_str(), error)),
        }
        Ok(())
    }

    fn print(&mut self, tasks: impl Iterator<Item = Task> + Send) -> Result<()> {
        let (selected, shape) = (self.selected, self.shape);
        let work = |task: Task, pipe: &mut Pipe<'_>| match task {
            Task::Problem(problem) => pipe.tell(Told::Problem(problem)),
            Task::Bytes(came) => document(selected, shape, &came, true, pipe),
            Task::File(path, is_named) => file(selected, shape, &path, is_named, pipe),
        };
        pool::in_order(tasks, weight, work, |told| self.hear(told))
    }

    fn hear(&mut self, told: Told) -> Result<()> {
        match told {
            Told::Data(bytes) => {
                let is_first = std::mem::replace(&mut self.is_first, false);
                let skipped = usize::from(is_first && self.shape.format == LinksFormat::Json);
                self.out.write_all(bytes.get(skipped..).unwrap_or_default())
            }
            Told::Problem(problem) => {
                // The name of a file may hold line breaks.
                self.printer.warning(one_line(&problem.to_string(), 1000));
                Ok(())
            }
            Told::Note(note) => {
                self.printer.note(one_line(&note, 1000));
                Ok(())
            }
            Told::Failed => {
                self.failed = true;
                Ok(())
            }
        }
    }

    fn head(&mut self) -> Result<()> {
        match self.shape.format {
            LinksFormat::Json => self.out.write_all(b"["),
            LinksFormat::Csv => writeln!(self.out, "{}", self.shape.wanted.columns()),
            LinksFormat::Html => html::head(self.shape.wanted, &mut self.out),
            LinksFormat::Text | LinksFormat::Jsonl => Ok(()),
        }
    }

    fn foot(&mut self) -> Result<()> {
        match self.shape.format {
            LinksFormat::Json if self.is_first => self.out.write_all(b"]\n")?,
            LinksFormat::Json => self.out.write_all(b"\n]\n")?,
            LinksFormat::Html => html::foot(self.shape.wanted, &mut self.out)?,
            _ => {}
        }
        self.out.flush()
    }
}

/// How many bytes a task will hold.
fn weight(task: &Task) -> u64 {
    match task {
        Task::File(path, _) => {
            let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
            let is_packed = path.extension().is_some_and(|extension| extension == "gz");
            size.saturating_mul(if is_packed { PACKED_RATIO } else { 1 })
        }
        // It is held already.
        Task::Problem(_) | Task::Bytes(_) => 0,
    }
}

fn file(selected: &Selected, shape: Shape, path: &Path, is_named: bool, pipe: &mut Pipe<'_>) {
    let name = path.to_string_lossy();
    let read = if is_named {
        read_input(path).map(Some)
    } else {
        read_among(path)
    };
    match read {
        Ok(None) => {}
        Ok(Some(bytes)) => {
            let came = Came {
                name: name.into_owned(),
                bytes,
                format: selected.format,
                media_type: None,
                address: None,
                base: address_of(path, selected.base.as_ref(), &selected.rules),
            };
            document(selected, shape, &came, is_named, pipe);
        }
        Err(error) => unreadable(&name, error, is_named, pipe),
    }
}

fn document(selected: &Selected, shape: Shape, came: &Came, is_named: bool, pipe: &mut Pipe<'_>) {
    let (name, media_type) = (came.name.as_str(), came.media_type.as_deref());
    let detected = match came.format {
        Some(format) => Ok(format),
        None => gather::detect(&came.bytes, media_type, name),
    };
    let format = match detected {
        Ok(format) => format,
        Err(error) => return unreadable(name, error, is_named, pipe),
    };
    let document = Document {
        bytes: &came.bytes,
        media_type,
        name,
        address: came.address.as_ref(),
        base: came.base.as_ref(),
        format,
    };
    let mut printing = Printing::new(pipe, shape, name);
    let gathered = gather_document(&document, &selected.rules, &mut printing);
    printing.end();
    if let Err(error) = gathered {
        unreadable(name, error, is_named, pipe);
    }
}

/// A file among others that cannot be read is told, and the rest goes on.
fn unreadable(name: &str, why: impl std::fmt::Display, is_named: bool, pipe: &mut Pipe<'_>) {
    pipe.tell(Told::Problem(Problem::whole(name, why)));
    if is_named {
        pipe.tell(Told::Failed);
    }
}
