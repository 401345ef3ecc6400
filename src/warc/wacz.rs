//! WACZ files, and other ZIP files that hold web archives.
//!
//! A WACZ file is a ZIP file with web archives in `archive/`, and `datapackage.json`, which lists what else is in it with
//! digests. Collections are such files in a ZIP file of their own. Nothing is ever written under the name of an entry, and
//! what an entry says of its size is not believed.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;

use serde::Deserialize;
use zip::ZipArchive;
use zip::result::ZipError;

use super::digest::{Check, Declared, Hasher};

/// ZIP files within ZIP files: a collection of WACZ files, in a ZIP file of somebody who moved it.
const MOST_NESTED: u32 = 3;
/// The most that is read to find out what a ZIP file holds, in bytes.
const DIRECTORY_BYTES: u64 = 8 << 20;
/// The largest list of contents that is read, in bytes.
const PACKAGE_BYTES: u64 = 8 << 20;
/// The largest packed ZIP file within another, in bytes; it is unpacked in memory. Writers of WACZ do not pack them.
const NESTED_BYTES: u64 = 64 << 20;
/// Where the first web archive of a file without a directory is looked for, in bytes.
const SALVAGED_WITHIN: u64 = 1 << 20;
/// How much a byte may unpack to: what DEFLATE can do, and what it does with what is packed already.
const MOST_OUT_OF_ONE: u64 = 1100;
const MOST_OUT_OF_PACKED: u64 = 20;
/// What web archives are called, and what holds more of them.
const ARCHIVES: &[&str] = &[".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz"];
const NESTED: &[&str] = &[".wacz", ".zip"];
/// What is packed already.
const PACKED: &[&str] = &[".gz", ".zst", ".wacz", ".zip"];
/// The list of contents, and its digest.
const PACKAGE: &str = "datapackage.json";
const PACKAGE_DIGEST: &str = "datapackage-digest.json";

/// What can be read from any place.
pub trait ReadSeek: Read + Seek {}

impl<R: Read + Seek> ReadSeek for R {}

/// Takes what a ZIP file holds.
pub trait Visit {
    /// What ends the visit.
    type Error;

    /// A web archive in it, under its name, with those of the ZIP files around it before it. What is not read of it is read
    /// afterwards, for its digest.
    ///
    /// # Errors
    /// What ends the visit.
    fn archive(&mut self, name: &str, file: &mut dyn Read) -> Result<(), Self::Error>;

    /// Something is not as it should be; `is_lost` where something could not be read because of it.
    fn problem(&mut self, what: String, is_lost: bool);
}

/// Whether these are the first bytes of a ZIP file.
pub fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// Visits the web archives in a ZIP file in the order of their names, and compares whatever its list of contents has a
/// digest of.
///
/// # Errors
/// Those of the visitor. What cannot be read is a problem that the visitor hears of.
pub fn visit_zip<V: Visit>(file: &mut dyn ReadSeek, visitor: &mut V) -> Result<(), V::Error> {
    let mut walk = Walk {
        visitor,
        left: None,
    };
    let found = walk.zip(file, "", 1)?;
    if found == 0 {
        walk.visitor
            .problem("it holds no web archive".to_owned(), true);
    }
    Ok(())
}

struct Walk<'v, V> {
    visitor: &'v mut V,
    /// So many bytes more may be unpacked.
    left: Option<u64>,
}

struct Entry {
    index: usize,
    name: String,
    /// Bytes in the file.
    size: u64,
    is_packed: bool,
}

impl Entry {
    fn ends_as(&self, endings: &[&str]) -> bool {
        let name = self.name.to_ascii_lowercase();
        // What a system keeps beside files is under their names too.
        let is_beside = name.starts_with("__macosx/") || name.contains("/._");
        !is_beside && endings.iter().any(|ending| name.ends_with(ending))
    }

    /// More than so many bytes come out of no entry that somebody wrote in earnest.
    fn at_most(&self) -> u64 {
        if !self.is_packed {
            return self.size;
        }
        let most = if self.ends_as(PACKED) {
            MOST_OUT_OF_PACKED
        } else {
            MOST_OUT_OF_ONE
        };
        self.size.saturating_mul(most).saturating_add(1 << 16)
    }
}

type Zip<'a> = ZipArchive<Bounded<'a>>;

impl<V: Visit> Walk<'_, V> {
    fn lost(&mut self, path: &str, what: impl std::fmt::Display) {
        let what = if path.is_empty() {
            what.to_string()
        } else {
            format!("{path}: {what}")
        };
        self.visitor.problem(what, true);
    }

    /// Goes through a ZIP file; gives how many web archives it has.
    fn zip(&mut self, file: &mut dyn ReadSeek, around: &str, depth: u32) -> Result<u64, V::Error> {
        match self.listed_in(&mut *file, around, depth)? {
            Some(found) => Ok(found),
            None => self.salvage(file, around),
        }
    }

    /// Goes through what the directory of a ZIP file lists; none where there is no directory.
    fn listed_in(
        &mut self,
        file: &mut dyn ReadSeek,
        around: &str,
        depth: u32,
    ) -> Result<Option<u64>, V::Error> {
        let directory = Rc::new(Cell::new(Some(DIRECTORY_BYTES)));
        let opened = file.seek(SeekFrom::End(0)).map_err(ZipError::from);
        let opened = opened.and_then(|len| {
            let inner = BufReader::with_capacity(1 << 14, file);
            let left = Rc::clone(&directory);
            Ok((len, ZipArchive::new(Bounded { inner, left })?))
        });
        let (len, mut zip) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                self.lost(around, words(&error));
                return Ok(None);
            }
        };
        // The directory of a ZIP file within this one, whose own is gone.
        if zip.offset() > 0 {
            self.lost(around, "damaged: its directory is not there");
            return Ok(None);
        }
        directory.set(None);
        if self.left.is_none() {
            self.left = Some(len.saturating_mul(MOST_OUT_OF_ONE));
        }
        if zip.has_duplicate_names() {
            self.lost(
                around,
                "two entries have the same name; one of them is read",
            );
        }
        let entries = entries(&zip);
        let mut listed = self.listed(&mut zip, &entries, around);
        let is_listed = !listed.is_empty();
        let (mut found, mut room) = (0, len);
        for entry in &entries {
            let declared = listed.remove(&entry.name);
            let (is_archive, is_nested) = (entry.ends_as(ARCHIVES), entry.ends_as(NESTED));
            if !is_archive && !is_nested && declared.is_none() {
                continue;
            }
            let path = path(around, &entry.name);
            let Some(rest) = room.checked_sub(entry.size) else {
                self.lost(&path, "overlaps with others");
                continue;
            };
            room = rest;
            if is_archive {
                found += 1;
            }
            self.entry(&mut zip, entry, &path, declared.as_ref(), is_archive)?;
            if is_nested && depth == MOST_NESTED {
                self.lost(&path, "a ZIP file within too many others");
            } else if is_nested {
                found += self.nested(&mut zip, entry, &path, depth)?;
            }
            if is_listed && declared.is_none() {
                let what = format!("{path}: {PACKAGE} does not list it");
                self.visitor.problem(what, false);
            }
        }
        for name in listed.into_keys() {
            let path = path(around, &name);
            self.lost(
                &path,
                format_args!("{PACKAGE} lists it, and it is not there"),
            );
        }
        Ok(Some(found))
    }

    /// Without a directory, as where a download broke off, web archives are there still, one behind the other. Their reader
    /// finds its way through what is between them.
    fn salvage(&mut self, file: &mut dyn ReadSeek, around: &str) -> Result<u64, V::Error> {
        let mut first = Vec::new();
        let read = file
            .rewind()
            .and_then(|()| file.take(SALVAGED_WITHIN).read_to_end(&mut first));
        let begins = [&b"\x1f\x8b\x08"[..], b"WARC/1."];
        let begins = begins.map(|begin| memchr::memmem::find(&first, begin));
        let Some(at) = begins.into_iter().flatten().min() else {
            return Ok(0);
        };
        match read.and_then(|_| file.seek(SeekFrom::Start(at as u64))) {
            Ok(_) => self
                .visitor
                .archive(&path(around, "salvaged"), &mut &mut *file)?,
            Err(error) => self.lost(around, error),
        }
        Ok(1)
    }

    /// What the list of contents has digests of.
    fn listed(
        &mut self,
        zip: &mut Zip<'_>,
        entries: &[Entry],
        around: &str,
    ) -> BTreeMap<String, Declared> {
        let Some(package) = self.small(zip, entries, PACKAGE, around) else {
            return BTreeMap::new();
        };
        if let Some(digest) = self.small(zip, entries, PACKAGE_DIGEST, around)
            && let Ok(digest) = serde_json::from_slice::<Resource>(&digest)
            && let Some(declared) = digest.declared()
            && let Some(mut hasher) = declared.hasher()
        {
            hasher.update(&package);
            self.compare(&path(around, PACKAGE), &declared, hasher, PACKAGE_DIGEST);
        }
        match serde_json::from_slice::<Package>(&package) {
            Ok(package) => {
                let resources = package.resources.into_iter();
                let listed = resources.filter_map(|one| Some((one.path.clone()?, one.declared()?)));
                listed.collect()
            }
            Err(error) => {
                let what = format!("{}: not as it should be: {error}", path(around, PACKAGE));
                self.visitor.problem(what, false);
                BTreeMap::new()
            }
        }
    }

    /// A small entry as a whole.
    fn small(
        &mut self,
        zip: &mut Zip<'_>,
        entries: &[Entry],
        name: &str,
        around: &str,
    ) -> Option<Vec<u8>> {
        let entry = entries.iter().find(|entry| entry.name == name)?;
        let mut bytes = Vec::new();
        let at_most = PACKAGE_BYTES.min(entry.at_most());
        match self.whole(zip, entry, at_most, &mut bytes) {
            Ok(()) => Some(bytes),
            Err(error) => {
                self.lost(&path(around, name), error);
                None
            }
        }
    }

    fn whole(
        &mut self,
        zip: &mut Zip<'_>,
        entry: &Entry,
        at_most: u64,
        bytes: &mut Vec<u8>,
    ) -> Result<(), String> {
        let file = zip.by_index(entry.index).map_err(|error| words(&error))?;
        let mut file = Drawn {
            inner: file,
            hasher: None,
            left: self.left.unwrap_or(0).min(at_most),
        };
        let before = file.left;
        let read = file.read_to_end(bytes);
        self.unpacked(before - file.left);
        read.map_err(|error| error.to_string())?;
        Ok(())
    }

    fn unpacked(&mut self, bytes: u64) {
        self.left = self.left.map(|left| left.saturating_sub(bytes));
    }

    /// Reads an entry to its end: for what it holds, if it is a web archive, and for its digest.
    fn entry(
        &mut self,
        zip: &mut Zip<'_>,
        entry: &Entry,
        path: &str,
        declared: Option<&Declared>,
        is_archive: bool,
    ) -> Result<(), V::Error> {
        let file = match zip.by_index(entry.index) {
            Ok(file) => file,
            Err(error) => {
                self.lost(path, words(&error));
                return Ok(());
            }
        };
        let at_most = self.left.unwrap_or(0).min(entry.at_most());
        let mut file = Drawn {
            inner: file,
            hasher: declared.and_then(Declared::hasher),
            left: at_most,
        };
        if is_archive {
            self.visitor.archive(path, &mut file)?;
        }
        let rest = if file.hasher.is_some() {
            io::copy(&mut file, &mut io::sink()).map(drop)
        } else {
            Ok(())
        };
        self.unpacked(at_most - file.left);
        match (rest, declared, file.hasher) {
            (Ok(()), Some(declared), Some(hasher)) => self.compare(path, declared, hasher, PACKAGE),
            (Err(error), ..) => self.lost(path, error),
            _ => {}
        }
        Ok(())
    }

    fn compare(&mut self, path: &str, declared: &Declared, hasher: Hasher, said_by: &str) {
        if declared.check(&hasher.finish()) == Check::Different {
            let what = format!("{path}: its digest is not that of {said_by}");
            self.visitor.problem(what, false);
        }
    }

    /// A ZIP file within another one.
    fn nested(
        &mut self,
        zip: &mut Zip<'_>,
        entry: &Entry,
        path: &str,
        depth: u32,
    ) -> Result<u64, V::Error> {
        if !entry.is_packed {
            return match zip.by_index_seek(entry.index) {
                Ok(mut file) => self.zip(&mut file, path, depth + 1),
                Err(error) => {
                    self.lost(path, words(&error));
                    Ok(0)
                }
            };
        }
        let mut bytes = Vec::new();
        let at_most = NESTED_BYTES.min(entry.at_most());
        match self.whole(zip, entry, at_most, &mut bytes) {
            Ok(()) => self.zip(&mut Cursor::new(bytes), path, depth + 1),
            Err(error) => {
                self.lost(path, error);
                Ok(0)
            }
        }
    }
}

/// All files, in the order of their names.
fn entries(zip: &Zip<'_>) -> Vec<Entry> {
    let entry = |index| {
        let entry = zip.by_index_data(index).ok()?;
        let name = match entry.name() {
            Ok(name) => name.into_owned(),
            Err(_) => String::from_utf8_lossy(entry.name_raw()).into_owned(),
        };
        Some(Entry {
            index,
            name,
            size: entry.compressed_size(),
            is_packed: entry.compression() != zip::CompressionMethod::Stored,
        })
    };
    let mut entries: Vec<Entry> = (0..zip.len()).filter_map(entry).collect();
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    entries
}

/// The name of an entry behind that of what it is in, without what leads elsewhere.
fn path(around: &str, name: &str) -> String {
    let parts = name
        .split(['/', '\\'])
        .filter(|part| !matches!(*part, "" | "." | ".."));
    let all: Vec<&str> = std::iter::once(around)
        .filter(|around| !around.is_empty())
        .chain(parts)
        .collect();
    all.join("/")
}

fn words(error: &ZipError) -> String {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => "encrypted".to_owned(),
        ZipError::UnsupportedArchive(what) => format!("cannot be read: {what}"),
        ZipError::CompressionMethodNotSupported(method) => {
            format!("packed in a way that is not read here (method {method})")
        }
        ZipError::Io(error) => error.to_string(),
        _ => "damaged, or no ZIP file".to_owned(),
    }
}

/// Counts what is read, as long as there is a bound.
struct Bounded<'a> {
    inner: BufReader<&'a mut dyn ReadSeek>,
    left: Rc<Cell<Option<u64>>>,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if let Some(left) = self.left.get() {
            let Some(left) = left.checked_sub(read as u64) else {
                return Err(io::Error::other("too many entries"));
            };
            self.left.set(Some(left));
        }
        Ok(read)
    }
}

impl Seek for Bounded<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// Draws the digest of what is read, and reads no more than there may be.
struct Drawn<R> {
    inner: R,
    hasher: Option<Hasher>,
    left: u64,
}

impl<R: Read> Read for Drawn<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let Some(left) = self.left.checked_sub(read as u64) else {
            return Err(io::Error::other("unpacks to more than can be meant"));
        };
        self.left = left;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buffer[..read]);
        }
        Ok(read)
    }
}

/// The list of contents, as far as it is read.
#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    resources: Vec<Resource>,
}

/// What is said of a file; `stats` is where the first version said it.
#[derive(Deserialize)]
struct Resource {
    path: Option<String>,
    hash: Option<String>,
    stats: Option<Stats>,
}

#[derive(Deserialize)]
struct Stats {
    hash: Option<String>,
}

impl Resource {
    fn declared(&self) -> Option<Declared> {
        let within = || self.stats.as_ref()?.hash.as_deref();
        self.hash.as_deref().or_else(within).map(Declared::read)
    }
}

#[cfg(test)]
mod tests;
