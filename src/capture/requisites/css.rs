//! The addresses in a style sheet.
//!
//! The tokens are `cssparser`'s; how they nest is kept track of here, on a list, since a parser that goes into each block by a
//! call would run out of stack, and one that gives up at some depth would miss what stands there. (`cssparser` steps over a
//! block unless it is told to go in. A parser that begins right behind the opening bracket has nothing to step over.)

use std::ops::Range;

use cssparser::{Parser, Token};

use super::{Collector, Kind};

/// How deep blocks, brackets and functions may be nested; what is deeper is not read.
const DEEPEST: usize = 128;

/// How an address is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// As `url(…)` without quotation marks, which are the bytes that are named.
    Url,
    /// As a string, with its quotation marks, behind the `url(` that the bytes that are named begin with.
    InUrl,
    /// As a string on its own, with its quotation marks.
    Alone,
}

/// Who is told of the addresses.
pub(crate) trait Found {
    /// An address, what it is needed for, how it is written, and the bytes of the style sheet where it stands.
    fn address(&mut self, address: &str, kind: Kind, written: Written, at: Range<usize>);

    /// A block is nested too deep to be read.
    fn not_read(&mut self);
}

impl Found for Collector<'_> {
    fn address(&mut self, address: &str, kind: Kind, _: Written, _: Range<usize>) {
        self.take(address, kind);
    }

    fn not_read(&mut self) {
        self.left_out.not_read += 1;
    }
}

/// The addresses in a style sheet.
pub(crate) fn sheet(css: &str, found: &mut impl Found) {
    Pass::new(found, false).read(css);
}

/// The addresses in the declarations of a style attribute.
pub(crate) fn declarations(css: &str, found: &mut impl Found) {
    // Most have none, and an address stands in a function.
    if memchr::memchr(b'(', css.as_bytes()).is_some() {
        Pass::new(found, true).read(css);
    }
}

/// What a bracket opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// `{`, of anything but a font.
    Block,
    /// `{` of `@font-face`.
    Font,
    /// `url(` with a string in it.
    Url,
    /// `image-set(`, whose strings are addresses.
    ImageSet,
    /// `(`, or any other function.
    Round,
    /// `[`.
    Square,
}

/// What the tokens at hand belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Statement {
    /// Nothing was said yet.
    Start,
    /// A rule or a declaration.
    Plain,
    /// A declaration whose addresses no browser fetches.
    Unused,
    /// `@import`, before its address.
    Import,
    /// `@font-face`, before its block.
    FontFace,
    /// Any other rule with `@`, before its block: addresses in it are names.
    At,
}

struct Pass<'f, F> {
    found: &'f mut F,
    /// The token at hand.
    at: Range<usize>,
    /// Where the innermost `url(` began.
    url_at: usize,
    open: Vec<Inside>,
    /// Brackets that are open beyond [`DEEPEST`].
    deeper: usize,
    statement: Statement,
    /// Declarations may stand outside of all blocks.
    is_attribute: bool,
    /// No rule stood before that ends the imports.
    may_import: bool,
}

impl<'f, F: Found> Pass<'f, F> {
    fn new(found: &'f mut F, is_attribute: bool) -> Self {
        Self {
            found,
            at: 0..0,
            url_at: 0,
            open: Vec::new(),
            deeper: 0,
            statement: Statement::Start,
            is_attribute,
            may_import: !is_attribute,
        }
    }

    fn read(&mut self, css: &str) {
        let mut from = 0;
        let mut parser = Parser::new(css);
        loop {
            parser.skip_whitespace();
            let start = from + parser.position().byte_index();
            let Ok(token) = parser.next().cloned() else {
                break;
            };
            let end = from + parser.position().byte_index();
            self.at = start..end;
            if self.token(&token) {
                from = end;
                parser = Parser::new(css.get(from..).unwrap_or_default());
            }
        }
    }

    /// Takes a token; whether it is an opening bracket.
    fn token(&mut self, token: &Token<'_>) -> bool {
        match token {
            Token::CurlyBracketBlock => {
                let inside = match self.statement {
                    Statement::FontFace => Inside::Font,
                    _ => Inside::Block,
                };
                if self.open.is_empty() {
                    self.may_import = false;
                }
                self.opens(inside);
                self.statement = Statement::Start;
                return true;
            }
            Token::ParenthesisBlock => {
                self.opens(Inside::Round);
                return true;
            }
            Token::SquareBracketBlock => {
                self.opens(Inside::Square);
                return true;
            }
            Token::Function(name) => {
                self.begins(Statement::Plain);
                let inside = inside_function(name);
                if self.statement == Statement::Import && inside != Inside::Url {
                    self.statement = Statement::At;
                }
                if inside == Inside::Url {
                    self.url_at = self.at.start;
                }
                self.opens(inside);
                return true;
            }
            Token::CloseCurlyBracket => self.closes(&[Inside::Block, Inside::Font]),
            Token::CloseParenthesis => {
                self.closes(&[Inside::Url, Inside::ImageSet, Inside::Round]);
            }
            Token::CloseSquareBracket => self.closes(&[Inside::Square]),
            _ if self.deeper > 0 => {}
            Token::Semicolon if self.is_in_block() => self.statement = Statement::Start,
            Token::AtKeyword(name) if self.is_in_block() => self.at_rule(name),
            Token::Ident(name) if self.statement == Statement::Start => {
                let is_unused = ["behavior", "-moz-binding"]
                    .iter()
                    .any(|unused| name.eq_ignore_ascii_case(unused));
                self.statement = if is_unused {
                    Statement::Unused
                } else {
                    Statement::Plain
                };
            }
            Token::UnquotedUrl(address) => {
                self.begins(Statement::Plain);
                self.address(address, Written::Url);
            }
            Token::QuotedString(text) => {
                self.begins(Statement::Plain);
                let is_address = match self.open.last() {
                    Some(Inside::Url | Inside::ImageSet) => true,
                    None => self.statement == Statement::Import,
                    _ => false,
                };
                let written = match self.open.last() {
                    Some(Inside::Url) => Written::InUrl,
                    _ => Written::Alone,
                };
                self.is_past_address();
                if is_address {
                    self.address(text, written);
                }
            }
            // The marks that hide a style from browsers without styles.
            Token::CDO | Token::CDC => {}
            // Between `@import` and its address, nothing may stand.
            _ if self.statement == Statement::Import => self.statement = Statement::At,
            _ => {
                self.begins(Statement::Plain);
                self.is_past_address();
            }
        }
        false
    }

    fn begins(&mut self, statement: Statement) {
        if self.statement == Statement::Start {
            self.statement = statement;
        }
    }

    fn at_rule(&mut self, name: &str) {
        let is = |word: &str| name.eq_ignore_ascii_case(word);
        self.statement = if is("import") && self.open.is_empty() && self.may_import {
            Statement::Import
        } else if is("font-face") {
            Statement::FontFace
        } else {
            // (Behind a name space, imports do not count.)
            self.may_import &= !is("namespace");
            Statement::At
        };
    }

    /// Whether what stands here is a statement's own: not within brackets of it.
    fn is_in_block(&self) -> bool {
        matches!(self.open.last(), None | Some(Inside::Block | Inside::Font))
    }

    /// In `url(`, what comes first is the address, and nothing else.
    fn is_past_address(&mut self) {
        if let Some(inside @ Inside::Url) = self.open.last_mut() {
            *inside = Inside::Round;
        }
    }

    fn opens(&mut self, inside: Inside) {
        if self.open.len() < DEEPEST {
            self.open.push(inside);
            return;
        }
        if self.deeper == 0 {
            self.found.not_read();
        }
        self.deeper += 1;
    }

    /// A bracket that closes nothing means nothing.
    fn closes(&mut self, what: &[Inside]) {
        if self.deeper > 0 {
            self.deeper -= 1;
        } else if self.open.last().is_some_and(|last| what.contains(last)) {
            self.open.pop();
            if what.contains(&Inside::Block) {
                self.statement = Statement::Start;
            }
        }
    }

    fn address(&mut self, address: &str, written: Written) {
        let is_declared = self.is_attribute
            || self
                .open
                .iter()
                .any(|inside| matches!(inside, Inside::Block | Inside::Font));
        let kind = match self.statement {
            Statement::Import => {
                self.statement = Statement::At;
                Kind::Style
            }
            Statement::Unused | Statement::FontFace | Statement::At => return,
            _ if !is_declared => return,
            _ if self.open.contains(&Inside::Font) => Kind::Font,
            _ => Kind::Image,
        };
        let start = match written {
            Written::InUrl => self.url_at,
            _ => self.at.start,
        };
        self.found
            .address(address, kind, written, start..self.at.end);
    }
}

fn inside_function(name: &str) -> Inside {
    let is = |word: &str| name.eq_ignore_ascii_case(word);
    if is("url") || is("src") {
        Inside::Url
    } else if is("image-set") || is("-webkit-image-set") {
        Inside::ImageSet
    } else {
        Inside::Round
    }
}
