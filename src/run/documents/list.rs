//! A list of the addresses of posts.

use super::Problem;
use crate::gather::{self, Document, Format};

/// The addresses that a list of posts names, as they stand there, and the lines that are none.
pub fn addresses(name: &str, bytes: &[u8]) -> (Vec<String>, Vec<Problem>) {
    let document = Document {
        bytes,
        media_type: None,
        name,
        address: None,
        base: None,
        format: Format::List,
    };
    let mut list = AddressList {
        name,
        addresses: Vec::new(),
        problems: Vec::new(),
    };
    // What is excluded among sources may well be a post.
    if let Err(error) = gather::gather(&document, &gather::Rules::default(), &mut list) {
        list.problems.push(Problem::whole(name, error));
    }
    (list.addresses, list.problems)
}

struct AddressList<'a> {
    name: &'a str,
    addresses: Vec<String>,
    problems: Vec<Problem>,
}

impl AddressList<'_> {
    fn problem(&mut self, line: u32, why: impl std::fmt::Display) {
        self.problems.push(Problem {
            line: Some(line),
            ..Problem::part(self.name, why)
        });
    }
}

impl gather::Sink for AddressList<'_> {
    fn begin(&mut self, _address: &str) {}
    fn citation(&mut self, citation: gather::Citation) {
        self.addresses.push(citation.url.to_string());
    }
    fn left_out(&mut self, left_out: gather::LeftOut) {
        self.problem(
            left_out.line,
            format!("{}: {}", left_out.reason, left_out.address),
        );
    }
    fn end(&mut self, _post: gather::Post) {}
    fn note(&mut self, note: gather::Note) {
        if let gather::Note::Unreadable { line, why } = note {
            self.problem(line, why);
        }
    }
}
