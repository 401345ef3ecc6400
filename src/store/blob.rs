//! Content-addressed payloads: stored once, under their SHA-256, compressed where that pays.
//!
//! Packing (hash, compress) is done by whoever has the bytes, on their own thread; only the finished bytes reach the
//! writer. Level 3 keeps up with the network. A later pass (`compact`) packs payloads anew: with a dictionary, or as a
//! difference from another payload. That one is whole itself, so any payload is at most two steps away.

use std::cell::RefCell;
use std::fmt;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension};
use zstd::bulk::Compressor;
use zstd::zstd_safe::DCtx;

use super::chain::{Sha, hex, sha256};
use super::dictionary;

/// How hard the fetch path compresses.
const LEVEL: i32 = 3;
/// Below this, compression gains less than its own header.
const WORTH_COMPRESSING: usize = 64;
/// The most that a stored blob may unpack to; everything that is stored was under a lower limit when it came.
const MAX_UNPACKED: usize = 1 << 30;

thread_local! {
    /// To make one anew for each payload takes as long as to compress a small one.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = RefCell::new(Compressor::new(LEVEL).ok());
}

/// A payload, compressed as fast as it comes.
fn compressed(bytes: &[u8]) -> Option<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|compressor| compressor.as_mut()?.compress(bytes).ok())
}

/// A payload ready to be stored.
#[derive(Debug, Clone)]
pub struct Packed {
    /// SHA-256 of the payload.
    pub sha256: Sha,
    /// The payload's length in bytes.
    pub size: u64,
    coding: &'static str,
    data: Vec<u8>,
}

impl Packed {
    /// Hashes and compresses a payload.
    pub fn new(bytes: &[u8]) -> Self {
        Self::with_digest(bytes, sha256(bytes))
    }

    /// Compresses a payload whose SHA-256 is known already.
    pub fn with_digest(bytes: &[u8], sha256: Sha) -> Self {
        let size = bytes.len() as u64;
        if bytes.len() >= WORTH_COMPRESSING
            && let Some(data) = compressed(bytes)
            && data.len() < bytes.len() - bytes.len() / 20
        {
            return Self {
                sha256,
                size,
                coding: "zstd",
                data,
            };
        }
        Self {
            sha256,
            size,
            coding: "plain",
            data: bytes.to_vec(),
        }
    }

    /// A payload that is stored already; to be stored, it would be missing.
    pub(super) fn stored_before(sha256: Sha, size: u64) -> Self {
        Self {
            sha256,
            size,
            coding: "plain",
            data: Vec::new(),
        }
    }

    /// Takes a payload as it is, for its own format packs it already.
    pub fn as_is(bytes: &[u8], sha256: Sha) -> Self {
        Self {
            sha256,
            size: bytes.len() as u64,
            coding: "plain",
            data: bytes.to_vec(),
        }
    }

    /// Bytes that will be stored.
    pub fn stored_size(&self) -> usize {
        self.data.len()
    }
}

/// Stores a payload unless it is there already; gives its id and whether it is new.
pub(super) fn put(connection: &Connection, packed: &Packed) -> rusqlite::Result<(i64, bool)> {
    if let Some(id) = find(connection, &packed.sha256)? {
        return Ok((id, false));
    }
    connection
        .prepare_cached("insert into blob (sha256, size, coding, data) values (?1, ?2, ?3, ?4)")?
        .execute((
            &packed.sha256[..],
            packed.size as i64,
            packed.coding,
            &packed.data,
        ))?;
    Ok((connection.last_insert_rowid(), true))
}

/// The id of the blob with this digest.
pub(super) fn find(connection: &Connection, sha256: &Sha) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("select id from blob where sha256 = ?1")?
        .query_row([&sha256[..]], |row| row.get(0))
        .optional()
}

/// A payload that cannot be unpacked: which, and why.
#[derive(Debug)]
pub(super) struct Unreadable {
    id: i64,
    sha256: Vec<u8>,
    why: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, sha256, why } = self;
        write!(f, "blob {id} ({}): {why}", hex(sha256))
    }
}

impl std::error::Error for Unreadable {}

impl Unreadable {
    /// Which blob, where that is why something could not be read.
    pub(super) fn of(error: &rusqlite::Error) -> Option<&Self> {
        match error {
            rusqlite::Error::FromSqlConversionFailure(_, _, source) => source.downcast_ref(),
            _ => None,
        }
    }

    /// Why, without which.
    pub(super) fn why(&self) -> &str {
        &self.why
    }

    fn error(self) -> rusqlite::Error {
        rusqlite::Error::FromSqlConversionFailure(2, Type::Blob, Box::new(self))
    }
}

/// A row of the table, as far as unpacking needs it.
struct Stored {
    id: i64,
    coding: String,
    size: i64,
    base: Option<i64>,
    dictionary: Option<i64>,
    sha256: Vec<u8>,
    data: Vec<u8>,
}

impl Stored {
    fn read(connection: &Connection, id: i64) -> rusqlite::Result<Option<Self>> {
        let columns = "select coding, size, base_id, sha256, data";
        connection
            .prepare_cached(&format!("{columns}, dictionary_id from blob where id = ?1"))
            .or_else(|error| match error {
                // A file of an earlier schema is verified too.
                rusqlite::Error::SqlInputError { .. } => {
                    connection.prepare_cached(&format!("{columns}, null from blob where id = ?1"))
                }
                error => Err(error),
            })?
            .query_row([id], |row| {
                Ok(Self {
                    id,
                    coding: row.get(0)?,
                    size: row.get(1)?,
                    base: row.get(2)?,
                    sha256: row.get(3)?,
                    data: row.get(4)?,
                    dictionary: row.get(5)?,
                })
            })
            .optional()
    }

    /// The most bytes that it may unpack to.
    fn room(&self) -> usize {
        usize::try_from(self.size)
            .unwrap_or(MAX_UNPACKED)
            .min(MAX_UNPACKED)
    }

    fn unreadable(&self, why: impl Into<String>) -> rusqlite::Error {
        Unreadable {
            id: self.id,
            sha256: self.sha256.clone(),
            why: why.into(),
        }
        .error()
    }

    /// Unpacks what needs no other payload.
    fn whole(self, connection: &Connection) -> rusqlite::Result<Vec<u8>> {
        match self.coding.as_str() {
            "plain" => Ok(self.data),
            "zstd" => zstd::bulk::decompress(&self.data, self.room())
                .map_err(|error| self.unreadable(error.to_string())),
            "zstd-dict" => {
                let id = self.dictionary.unwrap_or_default();
                let found = dictionary::prepared(connection, id)?;
                let dictionary = found.map_err(|why| self.unreadable(why))?;
                zstd::bulk::Decompressor::with_prepared_dictionary(&dictionary)
                    .and_then(|mut unpacking| unpacking.decompress(&self.data, self.room()))
                    .map_err(|error| self.unreadable(error.to_string()))
            }
            other => Err(self.unreadable(format!("its coding is {other}"))),
        }
    }
}

/// The payload of a blob, unpacked.
///
/// # Errors
/// When the file cannot be read, or the payload cannot be unpacked: see [`Unreadable`].
pub(super) fn get(connection: &Connection, id: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    let Some(stored) = Stored::read(connection, id)? else {
        return Ok(None);
    };
    let Some(base_id) = stored.base else {
        return stored.whole(connection).map(Some);
    };
    let base = match Stored::read(connection, base_id)? {
        Some(base) if base.base.is_none() => base.whole(connection),
        Some(_) => Err(stored.unreadable(format!(
            "blob {base_id}, of which it is a difference, is one itself"
        ))),
        None => Err(stored.unreadable(format!(
            "blob {base_id}, of which it is a difference, is not there"
        ))),
    };
    let base = base.map_err(|error| match Unreadable::of(&error) {
        Some(why) if why.id != id => stored.unreadable(format!("it is a difference from {why}")),
        _ => error,
    })?;
    apply(&base, &stored.data, stored.room())
        .map(Some)
        .map_err(|why| stored.unreadable(why))
}

/// The payload that is this difference from another one.
pub(super) fn apply(base: &[u8], data: &[u8], room: usize) -> Result<Vec<u8>, String> {
    let name = |code| zstd::zstd_safe::get_error_name(code).to_owned();
    let mut payload = Vec::new();
    payload
        .try_reserve_exact(room)
        .map_err(|error| error.to_string())?;
    let mut unpacking = DCtx::try_create().ok_or("there is no memory for it")?;
    unpacking.ref_prefix(base).map_err(name)?;
    unpacking.decompress(&mut payload, data).map_err(name)?;
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_goes_in_comes_out(bytes: Vec<u8>, repeat in 1_usize..50) {
            let bytes = bytes.repeat(repeat);
            let packed = Packed::new(&bytes);
            let stored = Stored {
                id: 1,
                coding: packed.coding.to_owned(),
                size: packed.size as i64,
                base: None,
                dictionary: None,
                sha256: Vec::new(),
                data: packed.data,
            };
            let nothing = Connection::open_in_memory().unwrap();
            proptest::prop_assert_eq!(stored.whole(&nothing).unwrap(), bytes);
        }
    }
}
