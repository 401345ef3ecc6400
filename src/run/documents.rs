//! Documents from the disk: one file, or all readable files below a folder.
//!
//! Used by everything that gathers, with or without an archive. What cannot be read is a [`Problem`] with its place;
//! the rest goes on.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::gather::{self, Document, Format};

/// The largest file that is read, in bytes. Posts are texts; beyond this it is data.
const MAX_FILE: u64 = 512 << 20;

/// A document, or a part of one, that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file or address.
    pub place: String,
    /// The line, from 1, where it is known.
    pub line: Option<u32>,
    /// Why.
    pub why: String,
    /// Whether the input as a whole could not be read (and not only a file or line of it).
    pub whole: bool,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) if line > 0 => write!(f, "{}:{line}: {}", self.place, self.why),
            _ => write!(f, "{}: {}", self.place, self.why),
        }
    }
}

impl Problem {
    /// A problem with a whole file or input.
    pub fn whole(place: impl Into<String>, why: impl std::fmt::Display) -> Self {
        Self {
            whole: true,
            ..Self::part(place, why)
        }
    }
    /// A problem with one of many.
    pub fn part(place: impl Into<String>, why: impl std::fmt::Display) -> Self {
        let (place, why) = (place.into(), why.to_string());
        // Some errors say themselves where they happened.
        let own = why
            .strip_prefix(&place)
            .and_then(|rest| rest.strip_prefix(": "));
        Self {
            line: None,
            why: own.map_or_else(|| why.clone(), str::to_owned),
            whole: false,
            place,
        }
    }
}

/// The files below a folder, in the order of their paths: hidden ones and what `.gitignore` names are passed over,
/// links are not followed.
pub fn walk(folder: &Path) -> impl Iterator<Item = Result<PathBuf, Problem>> + use<> {
    let place = folder.to_string_lossy().into_owned();
    ignore::WalkBuilder::new(folder)
        .follow_links(false)
        .require_git(false)
        .sort_by_file_path(Ord::cmp)
        .build()
        .filter_map(move |entry| match entry {
            Ok(entry) => {
                let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
                is_file.then(|| Ok(entry.into_path()))
            }
            Err(error) => Some(Err(Problem::part(place.clone(), error))),
        })
}

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

/// Reads a file, unless it is too large, or something that may never end.
pub fn read_document(path: &Path) -> std::io::Result<Vec<u8>> {
    // Only to open a pipe waits until somebody writes to it.
    let kind = std::fs::metadata(path)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(std::io::Error::other(
            "a pipe or a device is no input by its name; give it on standard input, as `-`",
        ));
    }
    let mut file = std::fs::File::open(path)?;
    let size = file.metadata()?.len();
    let too_large = || {
        std::io::Error::new(
            std::io::ErrorKind::FileTooLarge,
            format!("larger than {} MB, which no post is", MAX_FILE >> 20),
        )
    };
    if size > MAX_FILE {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    // The file may grow while it is read.
    file.by_ref().take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        Err(too_large())
    } else {
        Ok(bytes)
    }
}
