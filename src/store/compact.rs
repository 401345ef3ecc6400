//! Payloads that are packed anew: which are still to be tried, what came of it, and room that goes back to the system.
//!
//! Nothing here compresses. A row changes only if it is still as it was read, and only in how it holds its payload.

use rusqlite::{OptionalExtension, Row};

use super::blob;
use super::chain::{Sha, sha256};
use super::{Reading, Writing, texts};

/// Rows that are walked over at once.
const ROWS: i64 = 1_000;
/// The smallest payload that is tried: what is below costs more to unpack than it could save.
const SMALLEST: i64 = 100;
/// A payload that came so long and could not be packed at all is a picture or the like: nothing would be gained.
const PLAIN_STAYS: i64 = 4_096;
/// Versions of a source that are looked through for a base.
const VERSIONS: i64 = 8;

/// How a payload is held in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As it is.
    Plain,
    /// One frame of zstd.
    Zstd,
    /// The same, with this dictionary.
    Dictionary(i64),
    /// As a difference from this blob.
    Difference(i64),
}

impl Way {
    fn coding(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Zstd => "zstd",
            Self::Dictionary(_) => "zstd-dict",
            Self::Difference(_) => "zstd-delta",
        }
    }

    fn dictionary(self) -> Option<i64> {
        match self {
            Self::Dictionary(id) => Some(id),
            _ => None,
        }
    }

    fn base(self) -> Option<i64> {
        match self {
            Self::Difference(id) => Some(id),
            _ => None,
        }
    }
}

/// A payload that may be packed better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToPack {
    /// The blob.
    pub id: i64,
    /// SHA-256 of the payload.
    pub sha256: Sha,
    /// Bytes of the payload.
    pub size: usize,
    /// Bytes that it takes.
    pub stored: usize,
    /// How it is held.
    pub way: Way,
    /// Whether others are differences from it, so that it has to stay whole.
    pub is_base: bool,
    /// Its media type, as the server named it.
    pub media_type: Option<String>,
    /// What it is a version of: a source (its number), or an address.
    pub family: Option<String>,
    /// Earlier versions, newest first.
    pub earlier: Vec<i64>,
}

/// A piece of the walk through the payloads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Piece {
    /// Those that are to be tried.
    pub blobs: Vec<ToPack>,
    /// The last blob that was walked over; none at the end.
    pub to: Option<i64>,
}

/// A payload, packed anew.
#[derive(Debug, Clone)]
pub struct Repacked {
    /// The blob.
    pub id: i64,
    /// How it was held when it was read.
    pub was: Way,
    /// How it is to be held.
    pub way: Way,
    /// The bytes.
    pub data: Vec<u8>,
}

/// How far packing anew has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Packing {
    /// Blobs up to this one were tried.
    pub tried_to: i64,
    /// The newest blob when dictionaries were last made.
    pub trained_at_blob: i64,
    /// The newest blob.
    pub newest_blob: i64,
}

/// Differences from one base.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeltaSums {
    /// How many.
    pub count: u64,
    /// Bytes that they take.
    pub stored: u64,
    /// Bytes of the smallest.
    pub smallest: u64,
}

/// A payload that a dictionary may be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleRow {
    /// SHA-256 of the payload, after which the next are found.
    pub sha256: Sha,
    /// The blob.
    pub id: i64,
    /// Bytes of the payload.
    pub size: usize,
    /// Its media type, as the server named it.
    pub media_type: Option<String>,
}

/// The media type of the blob `b`: of the first capture that it is the body of, else of the first response, or of a
/// visit that failed.
fn media_type() -> String {
    let headers = texts::response_headers("e");
    format!(
        "coalesce(
     (select c.media_type from capture c where c.body_id = b.id order by c.id limit 1),
     (select (select h.value ->> 1 from json_each({headers}) h where lower(h.value ->> 0) = 'content-type' limit 1)
      from exchange e where e.body_id = b.id order by e.id limit 1),
     (select o.media_type from outcome o where o.body_id = b.id order by o.id limit 1),
     iif(exists (select 1 from rendering r where r.dom_id = b.id), 'text/html', null),
     iif(exists (select 1 from rendering r where r.screenshot_id = b.id), 'image/webp', null),
     iif(exists (select 1 from rendering r where r.pdf_id = b.id), 'application/pdf', null))"
    )
}

impl Reading<'_> {
    /// The payload of a blob.
    pub fn blob(&self, id: i64) -> rusqlite::Result<Option<Vec<u8>>> {
        blob::get(self.connection, id)
    }

    /// The payload of a blob that others are, or may be, differences from: it is what its digest says.
    pub fn base_payload(&self, id: i64) -> rusqlite::Result<Option<Vec<u8>>> {
        let Some(payload) = blob::get(self.connection, id)? else {
            return Ok(None);
        };
        let known: Vec<u8> = self
            .connection
            .prepare_cached("select sha256 from blob where id = ?1")?
            .query_row([id], |row| row.get(0))?;
        Ok((sha256(&payload)[..] == known[..]).then_some(payload))
    }

    /// How far packing anew has come.
    pub fn packing(&self) -> rusqlite::Result<Packing> {
        self.connection
            .prepare_cached(
                "select tried_to, trained_at_blob, (select coalesce(max(id), 0) from blob) from packing",
            )?
            .query_row([], |row| {
                Ok(Packing {
                    tried_to: row.get(0)?,
                    trained_at_blob: row.get(1)?,
                    newest_blob: row.get(2)?,
                })
            })
    }

    /// The payloads after this blob that are to be tried, until they are so many bytes together. What is held with one of
    /// the `newest` dictionaries, or as a difference, is as small as it gets.
    pub fn to_pack(
        &self,
        after: i64,
        most_bytes: usize,
        largest: usize,
        newest: &[i64],
    ) -> rusqlite::Result<Piece> {
        let mut query = self.connection.prepare_cached(
            "select b.id, b.size, b.coding, b.base_id, b.sha256, length(b.data) from blob b
             where b.id > ?1 order by b.id limit ?2",
        )?;
        let mut dictionary = self
            .connection
            .prepare_cached("select dictionary_id from blob where id = ?1")?;
        let mut rows = query.query((after, ROWS))?;
        let (mut piece, mut bytes) = (Piece::default(), 0);
        while let Some(row) = rows.next()? {
            let (id, size): (i64, i64) = (row.get(0)?, row.get(1)?);
            piece.to = Some(id);
            let coding: String = row.get(2)?;
            let size_fits = size >= SMALLEST && usize::try_from(size).is_ok_and(|it| it <= largest);
            // The number of the dictionary stands behind the payload, so it is asked for only where there is one.
            let way = match coding.as_str() {
                _ if !size_fits => continue,
                "plain" if size >= PLAIN_STAYS => continue,
                "plain" => Way::Plain,
                "zstd" => Way::Zstd,
                "zstd-dict" => match dictionary.query_row([id], |row| row.get(0))? {
                    found if newest.contains(&found) => continue,
                    found => Way::Dictionary(found),
                },
                _ => continue,
            };
            piece.blobs.push(self.one_to_pack(id, way, row)?);
            bytes += usize::try_from(size).unwrap_or(0);
            if bytes >= most_bytes {
                break;
            }
        }
        Ok(piece)
    }

    /// The media type of a payload, as the server named it.
    pub(super) fn media_type_of(&self, id: i64) -> rusqlite::Result<Option<String>> {
        self.connection
            .prepare_cached(&format!(
                "select {} from blob b where b.id = ?1",
                media_type()
            ))?
            .query_row([id], |row| row.get(0))
    }

    fn one_to_pack(&self, id: i64, way: Way, row: &Row<'_>) -> rusqlite::Result<ToPack> {
        let (size, stored): (i64, i64) = (row.get(1)?, row.get(5)?);
        let media_type = self.media_type_of(id)?;
        let is_base = self
            .connection
            .prepare_cached("select exists (select 1 from blob where base_id = ?1)")?
            .query_row([id], |row| row.get(0))?;
        let (family, earlier) = self.versions_before(id)?;
        Ok(ToPack {
            id,
            sha256: row.get(4)?,
            size: usize::try_from(size).unwrap_or(0),
            stored: usize::try_from(stored).unwrap_or(0),
            way,
            is_base,
            media_type,
            family,
            earlier,
        })
    }

    /// What a payload is a version of, and the versions before it: of a source that it was captured of, else of the
    /// address that it came from.
    fn versions_before(&self, id: i64) -> rusqlite::Result<(Option<String>, Vec<i64>)> {
        let capture: Option<(i64, i64)> = self
            .connection
            .prepare_cached(
                "select source_id, id from capture where body_id = ?1 order by id limit 1",
            )?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((source, capture)) = capture {
            let earlier = self
                .connection
                .prepare_cached(
                    "select body_id from capture where source_id = ?1 and id < ?2 and body_id is not null
                     order by id desc limit ?3",
                )?
                .query_map((source, capture, VERSIONS), |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<i64>>>()?;
            return Ok((Some(source.to_string()), earlier));
        }
        let exchange: Option<(String, i64)> = self
            .connection
            .prepare_cached("select url, id from exchange where body_id = ?1 order by id limit 1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((url, exchange)) = exchange else {
            return self.renderings_before(id);
        };
        let earlier = self
            .connection
            .prepare_cached(
                "select body_id from exchange where url = ?1 and visit_id is null and id < ?2 and body_id is not null
                 order by id desc limit ?3",
            )?
            .query_map((&url, exchange, VERSIONS), |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        Ok((Some(url), earlier))
    }

    /// The same of a document that a browser made of a source.
    fn renderings_before(&self, id: i64) -> rusqlite::Result<(Option<String>, Vec<i64>)> {
        let rendering: Option<(i64, i64)> = self
            .connection
            .prepare_cached(
                "select c.source_id, c.id from rendering r join capture c on c.id = r.capture_id
                 where r.dom_id = ?1 order by c.id limit 1",
            )?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((source, capture)) = rendering else {
            return Ok((None, Vec::new()));
        };
        let earlier = self
            .connection
            .prepare_cached(
                "select r.dom_id from capture c join rendering r on r.capture_id = c.id
                 where c.source_id = ?1 and c.id < ?2 and r.dom_id is not null order by c.id desc limit ?3",
            )?
            .query_map((source, capture, VERSIONS), |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        Ok((Some(format!("{source} rendered")), earlier))
    }

    /// The blob that a difference is from, or the blob itself where it is whole, and the bytes that this takes.
    pub fn base_of(&self, id: i64) -> rusqlite::Result<Option<(i64, usize)>> {
        self.connection
            .prepare_cached(
                "select id, length(data) from blob where id = (select coalesce(base_id, id) from blob where id = ?1)",
            )?
            .query_row([id], |row| {
                let stored: i64 = row.get(1)?;
                Ok((row.get(0)?, usize::try_from(stored).unwrap_or(0)))
            })
            .optional()
    }

    /// The differences from a blob.
    pub fn deltas_on(&self, base: i64) -> rusqlite::Result<DeltaSums> {
        self.connection
            .prepare_cached(
                "select count(*), coalesce(sum(length(data)), 0), coalesce(min(length(data)), 0)
                 from blob where base_id = ?1",
            )?
            .query_row([base], |row| {
                let number = |at| -> rusqlite::Result<u64> {
                    Ok(u64::try_from(row.get::<_, i64>(at)?).unwrap_or(0))
                };
                Ok(DeltaSums {
                    count: number(0)?,
                    stored: number(1)?,
                    smallest: number(2)?,
                })
            })
    }

    /// Payloads in the order of their digests, which is a drawing by lot that comes out the same each time; those after
    /// one, and so many at most.
    pub fn samples(&self, after: Option<Sha>, most: usize) -> rusqlite::Result<Vec<SampleRow>> {
        self.connection
            .prepare_cached(&format!(
                "select b.sha256, b.id, b.size, {} from blob b
                 where b.sha256 > ?1 and b.coding <> 'plain' and b.size >= ?3 order by b.sha256 limit ?2",
                media_type()
            ))?
            .query_map(
                (
                    after.as_ref().map_or(&[][..], |sha| &sha[..]),
                    most as i64,
                    SMALLEST,
                ),
                |row| {
                    let size: i64 = row.get(2)?;
                    Ok(SampleRow {
                        sha256: row.get(0)?,
                        id: row.get(1)?,
                        size: usize::try_from(size).unwrap_or(0),
                        media_type: row.get(3)?,
                    })
                },
            )?
            .collect()
    }
}

impl Writing<'_> {
    /// Holds payloads in another way, each if it is still held as it was and nothing speaks against it by now; says how
    /// many were.
    pub fn repack(&self, all: &[Repacked]) -> rusqlite::Result<usize> {
        let mut changed = 0;
        for one in all {
            changed += self
                .connection
                .prepare_cached(
                    "update blob set coding = ?2, base_id = ?3, dictionary_id = ?4, data = ?5
                     where id = ?1 and coding = ?6 and base_id is ?7 and dictionary_id is ?8
                         and (?3 is null or not exists (select 1 from blob where base_id = ?1))
                         and (?3 is null or exists (select 1 from blob where id = ?3 and base_id is null))
                         and (?4 is null or exists (select 1 from dictionary where id = ?4))",
                )?
                .execute(rusqlite::params![
                    one.id,
                    one.way.coding(),
                    one.way.base(),
                    one.way.dictionary(),
                    one.data,
                    one.was.coding(),
                    one.was.base(),
                    one.was.dictionary(),
                ])?;
        }
        self.note_packed(changed)?;
        Ok(changed)
    }

    /// Notes that payloads are held in another way, or are gone, so that a backup compares them.
    pub(super) fn note_packed(&self, changed: usize) -> rusqlite::Result<()> {
        if changed > 0 {
            self.connection
                .prepare_cached("update packing set changed = changed + ?1")?
                .execute([changed as i64])?;
        }
        Ok(())
    }

    /// Notes that the payloads up to this blob were tried.
    pub fn tried_to(&self, blob: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("update packing set tried_to = ?1 where tried_to < ?1")?
            .execute([blob])?;
        Ok(())
    }

    /// Gives so many free pages back to the system, at most; says how many are left.
    pub fn give_back(&self, pages: u32) -> rusqlite::Result<i64> {
        // A row comes for each page, and nothing happens to those that are not asked for.
        let mut statement = self
            .connection
            .prepare(&format!("pragma incremental_vacuum({pages})"))?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        self.connection
            .query_row("pragma freelist_count", [], |row| row.get(0))
    }
}
