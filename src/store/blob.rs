//! Content-addressed payloads: stored once, under their SHA-256, compressed where that pays.
//!
//! Packing (hash, compress) is done by whoever has the bytes, on their own thread; only the finished bytes reach the
//! writer. Level 3 keeps up with the network; a later pass may recompress.

use rusqlite::{Connection, OptionalExtension};

use super::chain::{Sha, sha256};

/// How hard the fetch path compresses.
const LEVEL: i32 = 3;
/// Below this, compression gains less than its own header.
const WORTH_COMPRESSING: usize = 64;
/// The most that a stored blob may unpack to; everything that is stored was under a lower limit when it came.
const MAX_UNPACKED: usize = 1 << 30;

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
            && let Ok(data) = zstd::bulk::compress(bytes, LEVEL)
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

/// The payload of a blob, unpacked.
pub(super) fn get(connection: &Connection, id: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    let row = connection
        .prepare_cached("select coding, size, data from blob where id = ?1")?
        .query_row([id], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, Vec<u8>>(2)?,
            ))
        })
        .optional()?;
    let Some((coding, size, data)) = row else {
        return Ok(None);
    };
    unpack(&coding, size, data).map(Some)
}

fn unpack(coding: &str, size: i64, data: Vec<u8>) -> rusqlite::Result<Vec<u8>> {
    if coding == "plain" {
        return Ok(data);
    }
    let room = usize::try_from(size)
        .unwrap_or(MAX_UNPACKED)
        .min(MAX_UNPACKED);
    zstd::bulk::decompress(&data, room).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Blob, Box::new(error))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_goes_in_comes_out(bytes: Vec<u8>, repeat in 1_usize..50) {
            let bytes = bytes.repeat(repeat);
            let packed = Packed::new(&bytes);
            let back = unpack(packed.coding, packed.size as i64, packed.data).unwrap();
            proptest::prop_assert_eq!(back, bytes);
        }
    }
}
