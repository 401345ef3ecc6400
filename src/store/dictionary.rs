//! Dictionaries: what many payloads of one kind have in common, kept once, so that each of them need not say it.
//!
//! A dictionary is never changed. A better one comes as another row; the old one goes when no payload needs it.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension};
use zstd::dict::DecoderDictionary;

use super::chain::{Sha, sha256};
use super::{Reading, Writing};

/// Prepared dictionaries that are kept for the next reader, each of about 150 KB. They are known by their digests, so
/// that one of another archive is never taken for ours.
const KEPT: usize = 8;
static PREPARED: Mutex<Vec<(Sha, Prepared)>> = Mutex::new(Vec::new());

type Prepared = Arc<DecoderDictionary<'static>>;

/// A dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DictionaryRow {
    /// Its number.
    pub id: i64,
    /// Of which kind of payloads it was made.
    pub kind: String,
    /// The dictionary, as zstd trains it.
    pub data: Vec<u8>,
}

/// A dictionary that was just made.
#[derive(Debug, Clone)]
pub struct NewDictionary {
    /// Of which kind of payloads it was made.
    pub kind: &'static str,
    /// How many payloads it was made of.
    pub payloads: usize,
    /// The dictionary.
    pub data: Vec<u8>,
}

/// A dictionary, prepared for unpacking; or why there is none.
pub(super) fn prepared(
    connection: &Connection,
    id: i64,
) -> rusqlite::Result<Result<Prepared, String>> {
    let known: Option<Vec<u8>> = connection
        .prepare_cached("select sha256 from dictionary where id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let Some(known) = known else {
        return Ok(Err(format!("its dictionary {id} is not there")));
    };
    let kept = PREPARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, found)) = kept.iter().find(|(sha, _)| sha[..] == known[..]) {
        return Ok(Ok(Arc::clone(found)));
    }
    drop(kept);
    let data: Vec<u8> = connection
        .prepare_cached("select data from dictionary where id = ?1")?
        .query_row([id], |row| row.get(0))?;
    let sha = sha256(&data);
    if sha[..] != known[..] {
        return Ok(Err(format!(
            "its dictionary {id} does not match its digest"
        )));
    }
    let Ok(found) = DecoderDictionary::try_copy(&data) else {
        return Ok(Err(format!("its dictionary {id} cannot be read")));
    };
    let found = Arc::new(found);
    let mut kept = PREPARED.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= KEPT {
        kept.remove(0);
    }
    kept.push((sha, Arc::clone(&found)));
    Ok(Ok(found))
}

impl Reading<'_> {
    /// The newest dictionary of each kind.
    pub fn dictionaries(&self) -> rusqlite::Result<Vec<DictionaryRow>> {
        self.connection
            .prepare_cached(
                "select id, kind, data from dictionary
                 where id in (select max(id) from dictionary group by kind) order by id",
            )?
            .query_map([], |row| {
                Ok(DictionaryRow {
                    id: row.get(0)?,
                    kind: row.get(1)?,
                    data: row.get(2)?,
                })
            })?
            .collect()
    }
}

impl Writing<'_> {
    /// Keeps new dictionaries, and notes that the payloads up to now were looked at for that. What was packed before is
    /// to be tried again where there is something new to try, or where that is asked for (`anew`).
    pub fn keep_dictionaries(
        &self,
        new: &[NewDictionary],
        newest_blob: i64,
        now: i64,
        anew: bool,
    ) -> rusqlite::Result<()> {
        for dictionary in new {
            self.connection
                .prepare_cached(
                    "insert into dictionary (kind, sha256, made_at, payloads, data) values (?1, ?2, ?3, ?4, ?5)
                     on conflict do nothing",
                )?
                .execute((
                    dictionary.kind,
                    &sha256(&dictionary.data)[..],
                    now,
                    dictionary.payloads as i64,
                    &dictionary.data,
                ))?;
        }
        self.connection
            .prepare_cached(
                "update packing set trained_at_blob = ?1, tried_to = iif(?2, 0, tried_to)",
            )?
            .execute((newest_blob, anew || !new.is_empty()))?;
        Ok(())
    }

    /// Removes the dictionaries that no payload needs and that are not the newest of their kind; says how many.
    pub fn drop_unused_dictionaries(&self) -> rusqlite::Result<usize> {
        self.connection.execute(
            "delete from dictionary where id not in (select max(id) from dictionary group by kind)
                 and not exists (select 1 from blob where dictionary_id = dictionary.id)",
            [],
        )
    }
}
