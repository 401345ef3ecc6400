//! Captures that go, and the sweep of what nothing needs any more.
//!
//! A pruned capture leaves its row, and beside it, in `pruned_capture`, the digests of what went: so the hash chain is
//! computed as before. Which captures go is for others to say; here stands what never does, whoever asks.

use rusqlite::OptionalExtension;

use super::captures::exchanges_digest;
use super::chain::{START, Sha};
use super::renderings::rendering_digest;
use super::{Reading, Writing};

/// A capture, as far as it matters whether it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrunableCapture {
    /// Its id.
    pub id: i64,
    /// The instant it stands for.
    pub at: i64,
    /// How it was made.
    pub kind: String,
    /// The body.
    pub body_id: i64,
    /// Bytes of the body.
    pub size: i64,
    /// Bytes that go with it at least: those of the body, where no other capture, response or post has the same, and no
    /// difference rests on it. What it alone needed may come on top.
    pub stored: i64,
    /// How many of the requisites that the page needs are there.
    pub has: i64,
    /// Why it never goes: `newest`, `baseline`, `held`, `cited` (a lost quote names it), `compared` (others were compared
    /// with it); none where it may.
    pub stays: Option<&'static str>,
}

/// A source with the captures of which some may go, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrunableSource {
    /// Its id.
    pub id: i64,
    /// Its canonical address.
    pub address: String,
    /// Its captures that are there.
    pub captures: Vec<PrunableCapture>,
}

/// What a visit saw of which no features are kept, for a copy holds the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undrawn {
    /// What it saw.
    pub outcome_id: i64,
    /// The copy.
    pub capture_id: i64,
    /// The address that the body came from.
    pub url: String,
    /// Its media type.
    pub media_type: Option<String>,
}

/// Captures of a source that were pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrunedSums {
    /// How many.
    pub copies: u64,
    /// The instants that the earliest and the latest of them stand for.
    pub of: (i64, i64),
    /// When the first and the last of them were pruned.
    pub at: (i64, i64),
}

/// What was swept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Payloads.
    pub blobs: u64,
    /// Bytes that they took.
    pub bytes: u64,
    /// Responses.
    pub exchanges: u64,
    /// Manifests.
    pub manifests: u64,
}

/// A piece of the walk through payloads that nothing needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnneededPiece {
    /// Those on which no difference rests.
    pub free: Vec<i64>,
    /// Those on which some do.
    pub bases: Vec<i64>,
    /// The last payload that was walked over; none at the end.
    pub to: Option<i64>,
}

/// A capture that is held, or all of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRow {
    /// The source's canonical address.
    pub address: String,
    /// The capture, and the instant that it stands for; none where all of the source are held.
    pub capture: Option<(i64, i64)>,
    /// Since when.
    pub made_at: i64,
    /// Why.
    pub note: Option<String>,
}

/// Rows that are walked over at once.
const ROWS: i64 = 2_000;

/// Whether nothing needs the blob `b`, but for differences from it.
const UNNEEDED: &str = "not exists (select 1 from capture c where c.body_id = b.id)
     and not exists (select 1 from exchange e where e.body_id = b.id)
     and not exists (select 1 from outcome o where o.body_id = b.id)
     and not exists (select 1 from document d where d.blob_id = b.id)
     and not exists (select 1 from rendering r where r.dom_id = b.id)
     and not exists (select 1 from rendering r where r.screenshot_id = b.id)
     and not exists (select 1 from rendering r where r.pdf_id = b.id)";

/// Bytes that go with the rendering of the capture `c`: its payloads that no other has.
const RENDERED: &str = "coalesce((select sum(length(b.data)) from rendering r join blob b on b.id in (r.dom_id, r.screenshot_id, r.pdf_id)
         where r.capture_id = c.id and not exists (select 1 from rendering n where n.capture_id <> c.id
             and (n.dom_id = b.id or n.screenshot_id = b.id or n.pdf_id = b.id))), 0)";

/// Why the capture `c` of the source `s` never goes.
const STAYS: &str = "case
     when c.id = s.last_capture_id
         or c.id = (select max(n.id) from capture n where n.source_id = s.id and n.visit_id is not null) then 'newest'
     when c.id = s.baseline_id then 'baseline'
     when exists (select 1 from hold h where h.source_id = s.id and coalesce(h.capture_id, c.id) = c.id) then 'held'
     when exists (select 1 from event e where e.source_id = s.id and e.kind = 'quote-lost'
         and c.id in (e.detail ->> '$.had.capture', e.detail ->> '$.lacks.capture', e.capture_id)) then 'cited'
     when exists (select 1 from untold u where u.source_id = s.id and u.quote_id <> 0) then 'cited'
     when exists (select 1 from drift d where d.source_id = s.id and d.capture_id = c.id) then 'compared'
     when exists (select 1 from decision d where d.source_id = s.id and d.capture_id = c.id) then 'decided'
     end";

fn stays(word: Option<&str>) -> Option<&'static str> {
    ["newest", "baseline", "held", "cited", "compared", "decided"]
        .into_iter()
        .find(|known| Some(*known) == word)
}

impl Reading<'_> {
    /// Sources with more than one visit or more than one capture that is there, after the one with this id; only those that
    /// posts of an input cite, if one is named.
    pub fn sources_to_prune(
        &self,
        after: i64,
        input_id: Option<i64>,
        most: usize,
    ) -> rusqlite::Result<Vec<i64>> {
        self.connection
            .prepare_cached(
                "select s.id from source s where s.id > ?1
                     and (?2 is null or exists (select 1 from citation c join post p on p.id = c.post_id
                         join document d on d.id = p.document_id where c.source_id = s.id and d.input_id = ?2))
                     and (s.visits > 1 or (select count(*) from (
                         select 1 from capture c where c.source_id = s.id and c.body_id is not null limit 2)) = 2)
                 order by s.id limit ?3",
            )?
            .query_map((after, input_id, most as i64), |row| row.get(0))?
            .collect()
    }

    /// A source with its captures that are there.
    pub fn prunable(&self, source_id: i64) -> rusqlite::Result<Option<PrunableSource>> {
        let address: Option<String> = self.address_of(source_id)?;
        let Some(address) = address else {
            return Ok(None);
        };
        let reference = self.baseline(source_id, 0)?.map(|row| row.capture_id);
        let captures = self
            .connection
            .prepare_cached(&format!(
                "select c.id, c.at, c.kind, c.body_id, c.size,
                     iif(exists (select 1 from capture n where n.body_id = c.body_id and n.id <> c.id)
                         or exists (select 1 from exchange n where n.body_id = c.body_id and n.visit_id is not c.visit_id)
                         or exists (select 1 from document n where n.blob_id = c.body_id)
                         or exists (select 1 from blob n where n.base_id = c.body_id)
                         or exists (select 1 from outcome n where n.body_id = c.body_id), 0, length(b.data)) + {RENDERED},
                     {STAYS}, coalesce((select m.has from manifest m where m.id = c.manifest_id), 0)
                 from capture c join source s on s.id = c.source_id join blob b on b.id = c.body_id
                 where c.source_id = ?1 order by c.at, c.id"
            ))?
            .query_map([source_id], |row| {
                let id = row.get(0)?;
                let word: Option<String> = row.get(6)?;
                Ok(PrunableCapture {
                    id,
                    at: row.get(1)?,
                    kind: row.get(2)?,
                    body_id: row.get(3)?,
                    size: row.get(4)?,
                    stored: row.get(5)?,
                    has: row.get(7)?,
                    stays: stays(word.as_deref())
                        .or_else(|| (reference == Some(id)).then_some("compared")),
                })
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Some(PrunableSource {
            id: source_id,
            address,
            captures,
        }))
    }

    /// Payloads after this one that nothing needs.
    pub fn unneeded_blobs(&self, after: i64) -> rusqlite::Result<UnneededPiece> {
        let mut query = self.connection.prepare_cached(&format!(
            "select b.id, {UNNEEDED}, exists (select 1 from blob d where d.base_id = b.id)
             from blob b where b.id > ?1 order by b.id limit ?2"
        ))?;
        let mut rows = query.query((after, ROWS))?;
        let mut piece = UnneededPiece::default();
        while let Some(row) = rows.next()? {
            let (id, unneeded, is_base): (i64, bool, bool) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            piece.to = Some(id);
            match (unneeded, is_base) {
                (true, false) => piece.free.push(id),
                (true, true) => piece.bases.push(id),
                _ => {}
            }
        }
        Ok(piece)
    }

    /// The differences from a blob, in their order.
    pub fn differences_from(&self, base: i64) -> rusqlite::Result<Vec<i64>> {
        self.connection
            .prepare_cached("select id from blob where base_id = ?1 order by id")?
            .query_map([base], |row| row.get(0))?
            .collect()
    }

    /// A payload that is what its digest says, and its media type; none where it is not there, or says something else.
    pub fn sound_blob(&self, id: i64) -> rusqlite::Result<Option<(Vec<u8>, Option<String>)>> {
        let Some(payload) = self.base_payload(id)? else {
            return Ok(None);
        };
        Ok(Some((payload, self.media_type_of(id)?)))
    }

    /// What users hold.
    pub fn holds(&self) -> rusqlite::Result<Vec<HoldRow>> {
        self.connection
            .prepare_cached(
                "select s.address, h.capture_id, c.at, h.made_at, h.note from hold h
                 join source s on s.id = h.source_id left join capture c on c.id = h.capture_id
                 order by s.address, c.at, h.capture_id",
            )?
            .query_map([], |row| {
                let capture: Option<i64> = row.get(1)?;
                Ok(HoldRow {
                    address: row.get(0)?,
                    capture: capture.zip(row.get(2)?),
                    made_at: row.get(3)?,
                    note: row.get(4)?,
                })
            })?
            .collect()
    }

    /// The number of the input of this address that is there.
    pub fn input_id(&self, address: &str) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached("select id from input where address = ?1")?
            .query_row([address], |row| row.get(0))
            .optional()
    }

    /// The captures of a source that were pruned; none where none was.
    pub fn pruned(&self, source_id: i64) -> rusqlite::Result<Option<PrunedSums>> {
        self.connection
            .prepare_cached(
                "select count(*), min(c.at), max(c.at), min(p.pruned_at), max(p.pruned_at)
                 from capture c join pruned_capture p on p.capture_id = c.id where c.source_id = ?1 having count(*) > 0",
            )?
            .query_row([source_id], |row| {
                Ok(PrunedSums {
                    copies: row.get::<_, i64>(0)?.unsigned_abs(),
                    of: (row.get(1)?, row.get(2)?),
                    at: (row.get(3)?, row.get(4)?),
                })
            })
            .optional()
    }

    /// What visits saw whose bodies these copies hold, and of which no features of this version are kept.
    pub fn undrawn(&self, captures: &[i64], version: u32) -> rusqlite::Result<Vec<Undrawn>> {
        let mut all = Vec::new();
        let mut query = self.connection.prepare_cached(
            "select distinct o.id, coalesce(o.final_url, s.address), o.media_type
             from capture c join source s on s.id = c.source_id
             join blob b on b.id = coalesce(
                 (select r.dom_id from rendering r where r.capture_id = c.id and r.stands), c.body_id)
             join visit v on v.source_id = c.source_id
             join outcome o on o.id = v.outcome_id and coalesce(o.rendered_sha256, o.body_sha256) = b.sha256
             where c.id = ?1 and not exists (select 1 from features f where f.outcome_id = o.id and f.version = ?2)",
        )?;
        for capture in captures {
            let rows = query.query_map((capture, version), |row| {
                Ok(Undrawn {
                    outcome_id: row.get(0)?,
                    capture_id: *capture,
                    url: row.get(1)?,
                    media_type: row.get(2)?,
                })
            })?;
            for row in rows {
                all.push(row?);
            }
        }
        Ok(all)
    }

    /// Bytes of the bodies of visits to a source that were kept to judge them by, and that are not needed any more.
    pub fn spare_bodies(&self, source_id: i64) -> rusqlite::Result<i64> {
        self.connection
            .prepare_cached(&format!(
                "select coalesce(sum(length(b.data)), 0) from blob b
                 where b.id in (select o.body_id from outcome o where o.id in ({SPARE_OUTCOMES}))
                     and not exists (select 1 from capture c where c.body_id = b.id)
                     and not exists (select 1 from exchange e where e.body_id = b.id)
                     and not exists (select 1 from document d where d.blob_id = b.id)"
            ))?
            .query_row([source_id], |row| row.get(0))
    }
}

/// What visits to the source `?1` saw and of which a body is kept, but for: the last visit, the one whose verdict stands,
/// the last fine one, those that wait for something, those that left a capture that is there; and those of which no
/// features are kept, for there would be nothing left to judge.
const SPARE_OUTCOMES: &str = "select v.outcome_id from visit v
     join outcome o on o.id = v.outcome_id and o.body_id is not null
     where v.source_id = ?1 and exists (select 1 from features f where f.outcome_id = o.id)
     except select w.outcome_id from visit w, source s where s.id = ?1 and w.source_id = ?1
         and (w.id in (s.last_visit_id, s.verdict_visit_id, s.fine_visit_id)
             or exists (select 1 from unsettled u where u.visit_id = w.id)
             or exists (select 1 from untold u where u.source_id = ?1
                 and w.id in (u.first_visit_id, u.second_visit_id))
             or exists (select 1 from capture c where c.source_id = ?1 and c.visit_id = w.id
                 and c.body_id is not null))";

impl Writing<'_> {
    /// Takes the bodies of captures away, and leaves what the hash chain needs of them. One that is not there any more, or
    /// that never goes, is left out; so is every one of a source that a user holds by now. Says how many went.
    pub fn prune_captures(&self, ids: &[i64], now: i64) -> rusqlite::Result<usize> {
        let mut gone = 0;
        for id in ids {
            gone += usize::from(self.prune_capture(*id, now)?);
        }
        Ok(gone)
    }

    fn prune_capture(&self, id: i64, now: i64) -> rusqlite::Result<bool> {
        type Found = (i64, Option<i64>, Vec<u8>, Option<Vec<u8>>);
        let found: Option<Found> = self
            .connection
            .prepare_cached(&format!(
                "select c.source_id, c.visit_id, b.sha256, m.sha256
                 from capture c join source s on s.id = c.source_id join blob b on b.id = c.body_id
                 left join manifest m on m.id = c.manifest_id where c.id = ?1 and {STAYS} is null"
            ))?
            .query_row([id], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let Some((source, visit, body, manifest)) = found else {
            return Ok(false);
        };
        let exchanges: Sha = match visit {
            Some(visit) => exchanges_digest(self.connection, visit)?,
            None => START,
        };
        let rendering = rendering_digest(self.connection, id)?;
        let rendering = rendering.as_ref().map(|sha| &sha[..]);
        self.connection
            .prepare_cached(
                "insert into pruned_capture (capture_id, pruned_at, body_sha256, exchanges_sha256, manifest_sha256,
                     rendering_sha256)
                 values (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((id, now, &body, &exchanges[..], &manifest, rendering))?;
        self.connection
            .prepare_cached("delete from rendering where capture_id = ?1")?
            .execute([id])?;
        self.connection
            .prepare_cached("update capture set body_id = null, manifest_id = null where id = ?1")?
            .execute([id])?;
        if let Some(visit) = visit {
            self.connection
                .prepare_cached(
                    "delete from exchange where visit_id = ?1 and not exists (
                         select 1 from capture where source_id = ?2 and visit_id = ?1 and body_id is not null)",
                )?
                .execute((visit, source))?;
        }
        Ok(true)
    }

    /// Lets the bodies of visits to these sources go that were kept to judge them by, but for those that may still be
    /// wanted. What was drawn from them stays. Says how many went.
    pub fn forget_bodies(&self, sources: &[i64]) -> rusqlite::Result<usize> {
        let mut gone = 0;
        for source in sources {
            gone += self
                .connection
                .prepare_cached(&format!(
                    "update outcome set body_id = null where id in ({SPARE_OUTCOMES})"
                ))?
                .execute([source])?;
        }
        Ok(gone)
    }

    /// Removes manifests that no capture has, so many at most, and the exchanges that were no visit's and that no
    /// manifest lists then. Nothing is left once nothing was removed.
    pub fn sweep_manifests(&self, most: usize) -> rusqlite::Result<Swept> {
        let ids: Vec<i64> = self
            .connection
            .prepare_cached(
                "select m.id from manifest m
                 where not exists (select 1 from capture c where c.manifest_id = m.id)
                     and not exists (select 1 from rendering r where r.manifest_id = m.id) limit ?1",
            )?
            .query_map([most as i64], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for id in &ids {
            self.connection
                .prepare_cached("delete from requisite where manifest_id = ?1")?
                .execute([id])?;
            self.connection
                .prepare_cached("delete from manifest where id = ?1")?
                .execute([id])?;
        }
        Ok(Swept {
            manifests: ids.len() as u64,
            ..Swept::default()
        })
    }

    /// Removes exchanges that were no visit's and that no manifest lists, so many at most. What was imported beside captures
    /// stays.
    pub fn sweep_exchanges(&self, most: usize) -> rusqlite::Result<Swept> {
        let removed = self
            .connection
            .prepare_cached(
                "delete from exchange where id in (
                     select e.id from exchange e where e.visit_id is null
                         and not exists (select 1 from requisite r where r.exchange_id = e.id)
                         and not exists (select 1 from exchange_import i where i.exchange_id = e.id) limit ?1)",
            )?
            .execute([most as i64])?;
        Ok(Swept {
            exchanges: removed as u64,
            ..Swept::default()
        })
    }

    /// Removes payloads, each if nothing needs it by now.
    pub fn sweep_blobs(&self, ids: &[i64]) -> rusqlite::Result<Swept> {
        let mut swept = Swept::default();
        for id in ids {
            let bytes: Option<i64> = self
                .connection
                .prepare_cached(&format!(
                    "select length(b.data) from blob b where b.id = ?1 and {UNNEEDED}
                         and not exists (select 1 from blob d where d.base_id = b.id)"
                ))?
                .query_row([id], |row| row.get(0))
                .optional()?;
            let Some(bytes) = bytes else { continue };
            self.connection
                .prepare_cached("delete from blob where id = ?1")?
                .execute([id])?;
            swept.blobs += 1;
            swept.bytes += u64::try_from(bytes).unwrap_or(0);
        }
        self.note_packed(usize::try_from(swept.blobs).unwrap_or(usize::MAX))?;
        Ok(swept)
    }

    /// Holds a capture, or all of a source: nothing of it is pruned. Says whether that is new.
    pub fn hold(
        &self,
        source_id: i64,
        capture_id: Option<i64>,
        note: Option<&str>,
        now: i64,
    ) -> rusqlite::Result<bool> {
        let known = self
            .connection
            .prepare_cached(
                "update hold set note = coalesce(?3, note)
                 where source_id = ?1 and coalesce(capture_id, 0) = coalesce(?2, 0)",
            )?
            .execute((source_id, capture_id, note))?;
        if known == 0 {
            self.connection
                .prepare_cached(
                    "insert into hold (source_id, capture_id, made_at, note) values (?1, ?2, ?3, ?4)",
                )?
                .execute((source_id, capture_id, now, note))?;
        }
        Ok(known == 0)
    }

    /// Lets go of what is held: a capture, or the source. Says whether it was.
    pub fn let_go(&self, source_id: i64, capture_id: Option<i64>) -> rusqlite::Result<bool> {
        let gone = self
            .connection
            .prepare_cached(
                "delete from hold where source_id = ?1 and coalesce(capture_id, 0) = coalesce(?2, 0)",
            )?
            .execute((source_id, capture_id))?;
        Ok(gone > 0)
    }
}
