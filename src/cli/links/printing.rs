//! Prints what is found in one document as it is found.

use std::io::{Error, Result, Write};

use serde::Serialize;
use sourcekeep::address::Rejected;
use sourcekeep::gather::{Citation, LeftOut, Note, Post, Reason, Sink};
use sourcekeep::report::{count, one_line};
use sourcekeep::run::Problem;
use url::ParseError;

use super::pool::{Pipe, Told};
use super::record::{Facts, Left, Link};
use super::{LinksFormat, Shape, Wanted, html};

/// The sink of one document.
pub(super) struct Printing<'p, 'q> {
    pipe: &'p mut Pipe<'q>,
    shape: Shape,
    /// What the document is called.
    place: &'p str,
    post: String,
    citations: u64,
    left_out: u64,
    /// The post's table was begun.
    is_open: bool,
    /// Inputs and posts that the document names.
    named: [u64; 2],
    /// Posts of which only the beginning stands here.
    excerpts: u64,
    /// The feed goes on elsewhere.
    goes_on: bool,
    error: Option<Error>,
}

impl<'p, 'q> Printing<'p, 'q> {
    pub(super) fn new(pipe: &'p mut Pipe<'q>, shape: Shape, place: &'p str) -> Self {
        Self {
            pipe,
            shape,
            place,
            post: String::new(),
            citations: 0,
            left_out: 0,
            is_open: false,
            named: [0, 0],
            excerpts: 0,
            goes_on: false,
            error: None,
        }
    }

    /// The document is over.
    pub(super) fn end(self) {
        let [inputs, posts] = self.named;
        let place = self.place;
        if inputs > 0 {
            let inputs = count(inputs, "feed");
            self.pipe.tell(Told::Note(format!(
                "{place}: names {inputs}; `sourcekeep add {place}` registers them"
            )));
        }
        if posts > 0 {
            let posts = count(posts, "post");
            self.pipe.tell(Told::Note(format!(
                "{place}: names {posts}; `sourcekeep run {place}` reads them"
            )));
        }
        if self.excerpts > 0 {
            let excerpts = count(self.excerpts, "excerpt");
            self.pipe.tell(Told::Note(format!(
                "{place}: holds {excerpts}; `sourcekeep run {place}` reads the posts' pages"
            )));
        }
        if self.goes_on {
            self.pipe.tell(Told::Note(format!(
                "{place}: goes on with older entries; `sourcekeep run {place}` reads these too"
            )));
        }
    }

    fn record(
        &mut self,
        record: &impl Serialize,
        write: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        match self.shape.format {
            LinksFormat::Json => {
                // The comma of the first one is taken away by who writes them.
                self.pipe.write_all(b",\n")?;
                Ok(serde_json::to_writer(&mut *self.pipe, record)?)
            }
            LinksFormat::Jsonl => {
                serde_json::to_writer(&mut *self.pipe, record)?;
                self.pipe.write_all(b"\n")
            }
            _ => write(self),
        }
    }

    fn link(&mut self, citation: &Citation) -> Result<()> {
        let post = std::mem::take(&mut self.post);
        let link = Link::of(&post, citation);
        let result = self.record(&link, |this| match this.shape.format {
            LinksFormat::Csv => link.row(this.pipe),
            LinksFormat::Html => {
                this.open(&post)?;
                html::link(&link, this.pipe)
            }
            _ => link.line(this.pipe),
        });
        self.post = post;
        result
    }

    fn left(&mut self, left_out: &LeftOut) -> Result<()> {
        let post = std::mem::take(&mut self.post);
        let left = Left::of(&post, left_out);
        let result = self.record(&left, |this| match this.shape.format {
            LinksFormat::Csv => left.row(this.pipe),
            LinksFormat::Html => {
                this.open(&post)?;
                html::left(&left, this.pipe)
            }
            _ => left.line(this.pipe),
        });
        self.post = post;
        result
    }

    fn facts(&mut self, post: &Post) -> Result<()> {
        let facts = Facts::of(post, self.citations, self.left_out);
        if self.shape.wanted == Wanted::Posts {
            return self.record(&facts, |this| match this.shape.format {
                LinksFormat::Csv => facts.row(this.pipe),
                LinksFormat::Html => html::post(&facts, this.pipe),
                _ => facts.line(this.pipe),
            });
        }
        if std::mem::take(&mut self.is_open) {
            return html::close(&facts, self.pipe);
        }
        Ok(())
    }

    /// Begins the post's table with its first row, so that posts without links have none.
    fn open(&mut self, post: &str) -> Result<()> {
        if std::mem::replace(&mut self.is_open, true) {
            return Ok(());
        }
        html::open(post, self.shape.wanted, self.pipe)
    }

    fn print(&mut self, write: impl FnOnce(&mut Self) -> Result<()>) {
        // Nobody listens any more; what is still read goes nowhere.
        if self.error.is_none() {
            self.error = write(self).err();
        }
    }

    fn problem(&mut self, line: u32, why: impl std::fmt::Display) {
        self.pipe.tell(Told::Problem(Problem {
            line: Some(line),
            ..Problem::part(self.place, why)
        }));
    }
}

impl Sink for Printing<'_, '_> {
    fn begin(&mut self, address: &str) {
        address.clone_into(&mut self.post);
        (self.citations, self.left_out) = (0, 0);
    }

    fn citation(&mut self, citation: Citation) {
        self.citations += 1;
        if self.shape.wanted == Wanted::Links {
            self.print(|this| this.link(&citation));
        }
    }

    fn left_out(&mut self, left_out: LeftOut) {
        self.left_out += 1;
        match &left_out.reason {
            _ if self.shape.wanted == Wanted::LeftOut => self.print(|this| this.left(&left_out)),
            Reason::Rejected(why) if !matches!(why, Rejected::Scheme(_)) => {
                let address = one_line(&left_out.address, 200);
                let why = match why {
                    Rejected::Unparsable(ParseError::RelativeUrlWithoutBase) => {
                        "a relative address, and the file has none of its own (--base gives it one)"
                            .to_owned()
                    }
                    why => why.to_string(),
                };
                self.problem(left_out.line, format!("{why}: {address}"));
            }
            _ => {}
        }
    }

    fn wants_digest(&self) -> bool {
        false
    }

    fn end(&mut self, post: Post) {
        self.excerpts += u64::from(post.is_excerpt);
        self.print(|this| this.facts(&post));
    }

    fn note(&mut self, note: Note) {
        match note {
            Note::Unreadable { line, why } => self.problem(line, why),
            Note::Input { .. } => self.named[0] += 1,
            Note::Post { .. } => self.named[1] += 1,
            Note::Older(_) => self.goes_on = true,
            _ => {}
        }
    }
}
