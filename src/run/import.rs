//! Web archives brought in: each document of a WARC, ARC or WACZ file becomes a capture of its source, what came beside it is
//! kept as exchanges, of which each page gets those that it needs, and our own exports are made again as they were.
//!
//! The file is read once, record by record. What a source is that only an import knows of, it is not visited.

mod needs;
mod ours;
mod theirs;

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

use serde::Serialize;

use super::quotes::look_in_copies_of;
use crate::address::{self, Canonical};
use crate::fetch::Limits;
use crate::store::{Counting, ImportedCapture, ImportedExchange, Packed, Sha, Store, StoreError};
use crate::warc::{End, ReadSeek, Reader, Record, Visit, visit_zip};
use needs::Finder;
use theirs::Theirs;

/// The most of a body that is kept, in bytes.
const MOST_OF_A_BODY: u64 = 100 << 20;
/// Captures that wait for what they need, which comes after them; of more, the first are sealed with what is there by then.
const MOST_UNSEALED: usize = 20_000;
/// Bytes of what is known of them.
const MOST_UNSEALED_BYTES: usize = 32 << 20;
/// So many of them are sealed at once then.
const SEALED_AT_ONCE: usize = 1_000;
/// So many bytes may wait for the writer.
const MOST_WAITING: u64 = 48 << 20;

/// What was imported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Records that were read.
    pub records: u64,
    /// Captures that were sealed.
    pub captures: u64,
    /// Captures that were there already.
    pub known_captures: u64,
    /// Exchanges that were put down.
    pub exchanges: u64,
    /// Records of addresses that cannot be sources, without a date, or of a kind that is not kept.
    pub left_out: u64,
    /// Places where something is not as it should be.
    pub problems: u64,
    /// Whether some of it could not be read.
    pub incomplete: bool,
    /// Bytes of the files that were read.
    pub bytes: u64,
}

/// Why an import ended early.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The archive cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// What an import says while it is under way.
pub trait Hear {
    /// How far it is.
    fn progress(&mut self, done: &Imported);

    /// Something in a file is not as it should be: what, and where.
    fn problem(&mut self, what: String);
}

/// Web archives that are brought in, one file after another.
pub struct Import<'a> {
    importer: Importer<'a>,
    theirs: Theirs,
}

impl<'a> Import<'a> {
    /// An import into an archive, at this instant. The limits are those of what a page needs.
    pub fn new(store: &'a Store, limits: &Limits, now: i64) -> Self {
        Self {
            importer: Importer {
                store,
                finder: Finder::new(store, limits),
                unsealed: VecDeque::new(),
                unsealed_bytes: 0,
                name: String::new(),
                now,
                counting: Counting::default(),
                waiting: 0,
                done: Imported::default(),
            },
            theirs: Theirs::default(),
        }
    }

    /// Imports a WARC or ARC file. `name` is its own, without folders.
    ///
    /// # Errors
    /// When the archive or the file cannot be read, or the archive cannot be written. What was imported so far is kept.
    pub fn archive(
        &mut self,
        file: impl Read,
        name: &str,
        hears: &mut dyn Hear,
    ) -> Result<(), ImportError> {
        let (importer, theirs) = (&mut self.importer, &mut self.theirs);
        importer.name = crate::report::one_line(name, 500);
        let mut reader = Reader::new(file);
        let mut ours = ours::Ours::default();
        let ended = (|| {
            while let Some(record) = reader.next_record()? {
                importer.done.records += 1;
                if record.kind == "warcinfo" {
                    let payload = payload(&mut reader, &record, 64 * 1024)?;
                    ours.end(importer, theirs)?;
                    ours.begin(&payload.bytes);
                } else if ours.is_ours() {
                    ours.record(importer, theirs, &mut reader, &record)?;
                } else {
                    theirs.record(importer, &mut reader, &record)?;
                }
                importer.tell(&mut reader, hears);
                hears.progress(&importer.counted(reader.offset()));
            }
            Ok(())
        })();
        importer.tell(&mut reader, hears);
        importer.done.bytes += reader.offset();
        ours.end(importer, theirs)?;
        theirs.end(importer)?;
        ended
    }

    /// Imports the web archives in a WACZ file, or in another ZIP file. `name` is its own, without folders.
    ///
    /// # Errors
    /// When the archive cannot be read or written. What was imported so far is kept; what cannot be read of the file is told.
    pub fn zip(
        &mut self,
        file: &mut dyn ReadSeek,
        name: &str,
        hears: &mut dyn Hear,
    ) -> Result<(), ImportError> {
        let mut held = Held {
            import: self,
            name,
            hears,
        };
        visit_zip(file, &mut held)
    }

    /// Ends the import; gives what was brought in by all of it.
    ///
    /// # Errors
    /// When the archive cannot be read or written.
    pub fn finish(self) -> Result<Imported, StoreError> {
        let mut importer = self.importer;
        let store = importer.store;
        while !importer.unsealed.is_empty() {
            importer.seal()?;
        }
        store.write_blocking("finish the import", |_| Ok(()))?;
        let done = importer.counted(0);
        let quoted = std::mem::take(&mut importer.counting_now().quoted);
        for source in quoted {
            look_in_copies_of(store, source, importer.now)?;
        }
        Ok(done)
    }
}

/// The web archives that a ZIP file holds.
struct Held<'i, 'a> {
    import: &'i mut Import<'a>,
    name: &'i str,
    hears: &'i mut dyn Hear,
}

impl Visit for Held<'_, '_> {
    type Error = ImportError;

    fn archive(&mut self, name: &str, file: &mut dyn Read) -> Result<(), ImportError> {
        let mut within = Within {
            name,
            hears: self.hears,
        };
        let full = format!("{}/{name}", self.name);
        match self.import.archive(file, &full, &mut within) {
            Err(ImportError::Read(error)) => {
                self.problem(format!("{name}: {error}"), true);
                Ok(())
            }
            done => done,
        }
    }

    fn problem(&mut self, what: String, is_lost: bool) {
        let done = &mut self.import.importer.done;
        done.problems += 1;
        done.incomplete |= is_lost;
        self.hears.problem(crate::report::one_line(&what, 1000));
    }
}

/// Says where in a ZIP file a problem is.
struct Within<'h> {
    name: &'h str,
    hears: &'h mut dyn Hear,
}

impl Hear for Within<'_> {
    fn progress(&mut self, done: &Imported) {
        self.hears.progress(done);
    }

    fn problem(&mut self, what: String) {
        let name = crate::report::one_line(self.name, 500);
        self.hears.problem(format!("{name}: {what}"));
    }
}

struct Importer<'a> {
    store: &'a Store,
    finder: Finder<'a>,
    /// Captures that wait for what they need, with their bodies.
    unsealed: VecDeque<(ImportedCapture, Sha)>,
    unsealed_bytes: usize,
    name: String,
    now: i64,
    counting: Counting,
    waiting: u64,
    done: Imported,
}

impl Importer<'_> {
    fn counting_now(&self) -> std::sync::MutexGuard<'_, crate::store::ImportSums> {
        self.counting
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn counted(&self, bytes: u64) -> Imported {
        let sums = self.counting_now();
        Imported {
            captures: sums.captures + self.unsealed.len() as u64,
            known_captures: sums.known_captures,
            exchanges: sums.exchanges,
            left_out: self.done.left_out + sums.without_body,
            bytes: self.done.bytes + bytes,
            ..self.done.clone()
        }
    }

    fn tell<R: Read>(&mut self, reader: &mut Reader<R>, hears: &mut dyn Hear) {
        for one in reader.take_problems() {
            self.done.problems += 1;
            self.done.incomplete |= one.is_lost;
            hears.problem(one.to_string());
        }
    }

    /// Seals a capture once what it needs may be there.
    fn keep_later(&mut self, capture: ImportedCapture, body: Sha) -> Result<(), StoreError> {
        self.unsealed_bytes += capture.size();
        self.unsealed.push_back((capture, body));
        while self.unsealed.len() > MOST_UNSEALED || self.unsealed_bytes > MOST_UNSEALED_BYTES {
            self.seal()?;
        }
        Ok(())
    }

    /// Seals the captures that wait longest.
    fn seal(&mut self) -> Result<(), StoreError> {
        let store = self.store;
        // What was handed over may not be put down yet.
        store.write_blocking("import", |_| Ok(()))?;
        self.finder.more_came();
        let some = self.unsealed.len().min(SEALED_AT_ONCE);
        for (mut capture, sha) in self.unsealed.drain(..some).collect::<Vec<_>>() {
            self.unsealed_bytes = self.unsealed_bytes.saturating_sub(capture.size());
            let is_known = store.read("look for a capture", |r| {
                r.has_capture(&capture.address, capture.at, &capture.url, &sha)
            })?;
            let media_type = capture.media_type.as_deref();
            let needs = if is_known {
                None
            } else {
                let (url, at) = (capture.url.as_str(), capture.at);
                self.finder.needs(url, at, media_type, &sha)?
            };
            if let Some(needs) = needs {
                let manifest = capture.manifest.get_or_insert_default();
                manifest.requisites.extend(needs.requisites);
                manifest.left_out = needs.left_out;
                capture.looked_for = true;
            }
            self.keep(Vec::new(), vec![capture], 0)?;
        }
        Ok(())
    }

    /// Hands a payload over that came by no exchange, for a capture that is sealed later.
    fn keep_payload(&mut self, body: Packed) -> Result<(), StoreError> {
        let size = body.stored_size() as u64;
        self.hand_over(Some(body), Vec::new(), Vec::new(), size)
    }

    /// Hands exchanges over, and captures that list them, as one transaction.
    fn keep(
        &mut self,
        exchanges: Vec<ImportedExchange>,
        captures: Vec<ImportedCapture>,
        size: u64,
    ) -> Result<(), StoreError> {
        self.hand_over(None, exchanges, captures, size)
    }

    fn hand_over(
        &mut self,
        payload: Option<Packed>,
        exchanges: Vec<ImportedExchange>,
        captures: Vec<ImportedCapture>,
        size: u64,
    ) -> Result<(), StoreError> {
        let heads = exchanges.iter().map(|one| one.exchange.size());
        self.waiting += size + heads.sum::<usize>() as u64;
        let (counting, now) = (Arc::clone(&self.counting), self.now);
        let work = move |w: &crate::store::Writing<'_>| {
            if let Some(payload) = &payload {
                w.put_payload(payload)?;
            }
            for exchange in &exchanges {
                w.put_imported(exchange, &counting)?;
            }
            for capture in &captures {
                w.keep_imported(capture, now, &counting)?;
            }
            Ok(())
        };
        if self.waiting < MOST_WAITING {
            return self.store.submit_blocking("import", work);
        }
        self.waiting = 0;
        self.store.write_blocking("import", work)
    }
}

/// A payload as it is in the file.
struct Payload {
    bytes: Vec<u8>,
    end: End,
    /// Why the rest is missing.
    truncated: Option<&'static str>,
}

/// Reads a payload, and no more of it than is kept.
fn payload<R: Read>(reader: &mut Reader<R>, record: &Record, at_most: u64) -> io::Result<Payload> {
    let at_most = usize::try_from(at_most).unwrap_or(usize::MAX);
    // What a header says is not believed beyond a megabyte.
    let expected = record.length.unwrap_or(0).min(1 << 20) as usize;
    let mut bytes = Vec::with_capacity(expected);
    let end = reader.payload(|piece| {
        let room = at_most.saturating_sub(bytes.len());
        bytes.extend_from_slice(&piece[..piece.len().min(room)]);
    })?;
    let said = record.fields.get("WARC-Truncated").map(str::trim);
    let truncated = if (bytes.len() as u64) < end.size {
        Some("length")
    } else if end.is_cut {
        Some("disconnect")
    } else {
        truncation(said)
    };
    Ok(Payload {
        bytes,
        end,
        truncated,
    })
}

/// A word for a truncation, as WARC has them.
fn truncation(said: Option<&str>) -> Option<&'static str> {
    Some(match said? {
        "" => return None,
        "length" => "length",
        "time" => "time",
        "disconnect" => "disconnect",
        _ => "unspecified",
    })
}

/// The name of a source: its canonical address, host name and registrable domain.
fn source_of(address: &str) -> Option<(String, Canonical)> {
    let url = address::parse(address, None).ok()?;
    Some((url.to_string(), address::canonical(&url)))
}

/// A payload ready to be stored; its digest is known where nothing was undone.
fn packed(bytes: &[u8], sha256: Option<Sha>) -> Packed {
    match sha256 {
        Some(sha256) => Packed::with_digest(bytes, sha256),
        None => Packed::new(bytes),
    }
}
