//! `links`: print the outbound links of inputs; no archive.

use std::io::{Read, Write};
use std::path::Path;

use clap::{Args, ValueEnum};
use serde::Serialize;
use sourcekeep::address;
use sourcekeep::fetch::{Accept, Request};
use sourcekeep::gather::{self, Citation, Document, Format, LeftOut, Note, Post, Sink};
use sourcekeep::report::{one_line, safe_cell};
use sourcekeep::run::{Argument, Problem, addresses, classify, read_document, walk};
use url::Url;

use super::Global;
use super::context::{self, Setup};
use super::exit::{Exit, Failure};
use super::print::Printer;
use super::selected::{GatherArgs, Selected};

/// Print the outbound links of pages, feeds, files, folders or lists, without an archive
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep links posts/                     every outbound link of a folder of posts
  sourcekeep links https://example.com/feed   those of a feed's entries
  sourcekeep links --left-out page.html       what was left out, and why
  cat page.html | sourcekeep links --as html --base https://example.com/page -")]
pub(crate) struct LinksArgs {
    /// Pages or feeds (https://...), files, folders, or - for standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<String>,
    #[command(flatten)]
    gather: GatherArgs,
    /// List what was left out, and why, instead
    #[arg(long)]
    left_out: bool,
    /// How to print them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: LinksFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LinksFormat {
    /// One line a link: where, address, words
    Text,
    /// One JSON array
    Json,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values
    Csv,
}

pub(crate) fn links(global: &Global, args: &LinksArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let selected = args.gather.select(&setup.gather)?;
    let mut printing = Printing {
        out: Box::new(printer.data()),
        format: args.format,
        left_out: args.left_out,
        post: String::new(),
        first: true,
        problems: Vec::new(),
        place: String::new(),
        error: None,
    };
    printing.head()?;
    let mut failed = false;
    for input in &args.inputs {
        let read = Reader {
            setup: &setup,
            selected: &selected,
            printer,
        };
        let input_failed = read.input(input, &mut printing)?;
        failed |= input_failed;
        for problem in std::mem::take(&mut printing.problems) {
            printer.warning(&problem);
        }
        if let Some(error) = printing.error.take() {
            return Err(error.into());
        }
    }
    printing.foot()?;
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

struct Reader<'a> {
    setup: &'a Setup,
    selected: &'a Selected,
    printer: &'a Printer,
}

impl Reader<'_> {
    /// Prints the links of one input. Says whether it could not be read.
    fn input(&self, input: &str, printing: &mut Printing) -> Result<bool, Failure> {
        if self.selected.site {
            self.printer.warning(format!(
                "{input}: a site is read post by post, and what was read is kept: `sourcekeep run --as site {input}`"
            ));
            return Ok(true);
        }
        match classify(input) {
            Ok(Argument::Web(_) | Argument::Folder(_)) if self.selected.pages => {
                self.printer.warning(format!(
                    "{input}: --as pages reads a file, or standard input (-)"
                ));
                Ok(true)
            }
            Ok(Argument::Web(url)) => self.web(&url, self.selected.format, printing),
            Ok(Argument::Stdin) => {
                let mut bytes = Vec::new();
                std::io::stdin().lock().read_to_end(&mut bytes)?;
                if self.selected.pages {
                    return self.pages("-", &bytes, printing);
                }
                Ok(self.bytes("-", &bytes, self.selected.format, None, None, printing))
            }
            Ok(Argument::Folder(_)) => {
                for path in walk(Path::new(input)) {
                    match path {
                        Ok(path) => {
                            // A file among others that cannot be read is told, and the rest goes on.
                            self.file(&path, printing);
                        }
                        Err(problem) => self.printer.warning(problem),
                    }
                }
                Ok(false)
            }
            Ok(Argument::File(_)) if self.selected.pages => match read_document(Path::new(input)) {
                Ok(bytes) => self.pages(input, &bytes, printing),
                Err(error) => {
                    self.printer.warning(Problem::whole(input, error));
                    Ok(true)
                }
            },
            Ok(Argument::File(_)) => Ok(self.file(Path::new(input), printing)),
            Err(error) => {
                self.printer.warning(&error);
                if let Some(hint) = error.hint() {
                    self.printer.hint(hint);
                }
                Ok(true)
            }
        }
    }

    /// Prints the links of the posts that a list names.
    fn pages(&self, name: &str, bytes: &[u8], printing: &mut Printing) -> Result<bool, Failure> {
        let (pages, problems) = addresses(name, bytes);
        for problem in problems {
            self.printer.warning(problem);
        }
        let mut failed = false;
        for page in pages {
            // What a list names has been parsed.
            if let Ok(url) = Url::parse(&page) {
                failed |= self.web(&url, None, printing)?;
            }
        }
        Ok(failed)
    }

    fn file(&self, path: &Path, printing: &mut Printing) -> bool {
        let name = path.to_string_lossy();
        match read_document(path) {
            Ok(bytes) => self.bytes(&name, &bytes, self.selected.format, None, None, printing),
            Err(error) => {
                self.printer.warning(Problem::whole(name, error));
                true
            }
        }
    }

    fn web(
        &self,
        url: &Url,
        format: Option<Format>,
        printing: &mut Printing,
    ) -> Result<bool, Failure> {
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
        match (why, answer.body) {
            (None, Some(body)) => {
                let address = hop
                    .and_then(|hop| Url::parse(&hop.url).ok())
                    .unwrap_or_else(|| url.clone());
                Ok(self.bytes(
                    url.as_str(),
                    &body.bytes,
                    format,
                    body.media_type.as_deref(),
                    Some(&address),
                    printing,
                ))
            }
            (why, _) => {
                self.printer.warning(Problem::whole(
                    url.as_str(),
                    why.unwrap_or_else(|| "no answer".to_owned()),
                ));
                Ok(true)
            }
        }
    }

    fn bytes(
        &self,
        name: &str,
        bytes: &[u8],
        format: Option<Format>,
        media_type: Option<&str>,
        address: Option<&Url>,
        printing: &mut Printing,
    ) -> bool {
        let detected = match format {
            Some(format) => Ok(format),
            None => gather::detect(bytes, media_type, name),
        };
        let format = match detected {
            Ok(format) => format,
            Err(error) => {
                self.printer.warning(Problem::whole(name, error));
                return true;
            }
        };
        name.clone_into(&mut printing.place);
        let document = Document {
            bytes,
            media_type,
            name,
            address,
            base: self.selected.base.as_ref(),
            format,
        };
        if let Err(error) = gather::gather(&document, &self.selected.rules, printing) {
            self.printer.warning(Problem::whole(name, error));
            return true;
        }
        false
    }
}

/// One citation, as other programs read it: the names are a contract.
#[derive(Serialize)]
struct Link<'a> {
    post: &'a str,
    url: &'a str,
    canonical: &'a str,
    kind: &'a str,
    place: &'a str,
    text: &'a str,
    context: &'a str,
    quote: Option<&'a str>,
    rel: &'a str,
    line: u32,
    span: [usize; 2],
}

#[derive(Serialize)]
struct Left<'a> {
    post: &'a str,
    url: &'a str,
    reason: String,
    line: u32,
}

/// Prints what is found as it is found.
struct Printing {
    out: Box<dyn Write>,
    format: LinksFormat,
    left_out: bool,
    post: String,
    first: bool,
    problems: Vec<Problem>,
    place: String,
    error: Option<std::io::Error>,
}

impl Printing {
    fn head(&mut self) -> std::io::Result<()> {
        match (self.format, self.left_out) {
            (LinksFormat::Json, _) => self.out.write_all(b"["),
            (LinksFormat::Csv, false) => {
                writeln!(
                    self.out,
                    "post,url,canonical,kind,place,text,context,quote,rel,line,span_start,span_end"
                )
            }
            (LinksFormat::Csv, true) => writeln!(self.out, "post,url,reason,line"),
            _ => Ok(()),
        }
    }

    fn foot(&mut self) -> std::io::Result<()> {
        if self.format == LinksFormat::Json {
            self.out
                .write_all(if self.first { b"]\n" } else { b"\n]\n" })?;
        }
        self.out.flush()
    }

    fn json(&mut self, value: &impl Serialize) -> std::io::Result<()> {
        if self.format == LinksFormat::Json {
            self.out
                .write_all(if self.first { b"\n" } else { b",\n" })?;
        }
        self.first = false;
        serde_json::to_writer(&mut self.out, value)?;
        if self.format == LinksFormat::Jsonl {
            self.out.write_all(b"\n")
        } else {
            Ok(())
        }
    }

    fn csv<const N: usize>(&mut self, cells: [&str; N]) -> std::io::Result<()> {
        let mut row = csv::Writer::from_writer(Vec::new());
        row.write_record(cells.map(safe_cell))?;
        let row = row
            .into_inner()
            .map_err(|error| std::io::Error::other(error.to_string()))?;
        self.out.write_all(&row)
    }

    fn print(&mut self, citation: &Citation) -> std::io::Result<()> {
        let canonical = address::canonical(&citation.url);
        let post = std::mem::take(&mut self.post);
        let (start, end) = citation.span;
        let link = Link {
            post: &post,
            url: citation.url.as_str(),
            canonical: canonical.as_str(),
            kind: citation.kind.as_str(),
            place: citation.place.as_str(),
            text: &citation.text,
            context: &citation.context,
            quote: citation.quote.as_ref().map(|quote| quote.text.as_str()),
            rel: &citation.rel,
            line: citation.line,
            span: [start, end],
        };
        let result = match self.format {
            LinksFormat::Json | LinksFormat::Jsonl => self.json(&link),
            LinksFormat::Csv => self.csv([
                link.post,
                link.url,
                link.canonical,
                link.kind,
                link.place,
                link.text,
                link.context,
                link.quote.unwrap_or_default(),
                link.rel,
                &link.line.to_string(),
                &start.to_string(),
                &end.to_string(),
            ]),
            LinksFormat::Text => {
                let text = one_line(link.text, 80);
                let text = if text.is_empty() {
                    text
                } else {
                    format!("  “{text}”")
                };
                let (from, line) = (one_line(&post, 500), link.line);
                let place = if link.place == "body" {
                    String::new()
                } else {
                    format!(" in {}", link.place)
                };
                let kind = if link.kind == "anchor" {
                    String::new()
                } else {
                    format!("  {}", link.kind)
                };
                writeln!(
                    self.out,
                    "{from}:{line}  {}{text}{kind}{place}",
                    one_line(link.url, 4000)
                )
            }
        };
        self.post = post;
        result
    }

    fn print_left_out(&mut self, left_out: &LeftOut) -> std::io::Result<()> {
        let post = std::mem::take(&mut self.post);
        let reason = left_out.reason.to_string();
        let result = match self.format {
            LinksFormat::Json | LinksFormat::Jsonl => self.json(&Left {
                post: &post,
                url: &left_out.address,
                reason,
                line: left_out.line,
            }),
            LinksFormat::Csv => self.csv([
                &post,
                &left_out.address,
                &reason,
                &left_out.line.to_string(),
            ]),
            LinksFormat::Text => writeln!(
                self.out,
                "{}:{}  {}  ({})",
                one_line(&post, 500),
                left_out.line,
                one_line(&left_out.address, 500),
                one_line(&reason, 200)
            ),
        };
        self.post = post;
        result
    }

    fn keep(&mut self, result: std::io::Result<()>) {
        if let Err(error) = result
            && self.error.is_none()
        {
            self.error = Some(error);
        }
    }
}

impl Sink for Printing {
    fn begin(&mut self, address: &str) {
        address.clone_into(&mut self.post);
    }

    fn citation(&mut self, citation: Citation) {
        if !self.left_out && self.error.is_none() {
            let result = self.print(&citation);
            self.keep(result);
        }
    }

    fn left_out(&mut self, left_out: LeftOut) {
        if self.left_out {
            let result = self.print_left_out(&left_out);
            self.keep(result);
        } else if let gather::Reason::Rejected(why) = &left_out.reason
            && !matches!(why, address::Rejected::Scheme(_))
        {
            self.problems.push(Problem {
                line: Some(left_out.line),
                ..Problem::part(
                    &self.place,
                    format!("{why}: {}", one_line(&left_out.address, 200)),
                )
            });
        }
    }

    fn end(&mut self, _post: Post) {}

    fn note(&mut self, note: Note) {
        if let Note::Unreadable { line, why } = note {
            self.problems.push(Problem {
                line: Some(line),
                ..Problem::part(&self.place, why)
            });
        }
    }
}
