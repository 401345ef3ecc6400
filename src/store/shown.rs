//! What is asked of the archive where copies are shown: which there are, and where what they need is kept.

use rusqlite::Row;

use super::Reading;

/// A copy among others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyRow {
    /// The capture's id.
    pub id: i64,
    /// The instant it stands for, in milliseconds since the epoch.
    pub at: i64,
    /// How it was made: `visit`, `by-hand`, `import`, `browser`.
    pub kind: String,
    /// Its title.
    pub title: Option<String>,
    /// Bytes of its body.
    pub size: u64,
    /// When it was pruned, if it was: then only its row is left.
    pub pruned_at: Option<i64>,
}

/// Something that belongs to a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRow {
    /// Its address.
    pub url: String,
    /// The exchange that brought it.
    pub exchange_id: i64,
    /// The status of the answer.
    pub status: u16,
    /// Whether the answer had a body.
    pub has_body: bool,
}

const COLUMNS: &str = "c.id, c.at, coalesce(i.kind, c.kind), c.title, c.size, p.pruned_at";
const JOINS: &str = "left join capture_import i on i.capture_id = c.id \
     left join pruned_capture p on p.capture_id = c.id and c.body_id is null";

fn copy(row: &Row<'_>) -> rusqlite::Result<CopyRow> {
    Ok(CopyRow {
        id: row.get(0)?,
        at: row.get(1)?,
        kind: row.get(2)?,
        title: row.get(3)?,
        size: row.get::<_, i64>(4)?.unsigned_abs(),
        pruned_at: row.get(5)?,
    })
}

impl Reading<'_> {
    /// The copies of a source, newest first, those that were pruned too.
    pub fn copies_of(&self, source_id: i64) -> rusqlite::Result<Vec<CopyRow>> {
        self.connection
            .prepare_cached(&format!(
                "select {COLUMNS} from capture c {JOINS} where c.source_id = ?1 order by c.at desc, c.id desc"
            ))?
            .query_map([source_id], copy)?
            .collect()
    }

    /// The copies of a source that no visit left, newest first, those that were pruned too: from before this instant and number.
    pub fn copies_of_no_visit(
        &self,
        source_id: i64,
        (at, id): (i64, i64),
        most: usize,
    ) -> rusqlite::Result<Vec<CopyRow>> {
        self.connection
            .prepare_cached(&format!(
                "select {COLUMNS} from capture c {JOINS}
                 where c.source_id = ?1 and c.visit_id is null and (c.at, c.id) < (?2, ?3)
                 order by c.at desc, c.id desc limit ?4"
            ))?
            .query_map((source_id, at, id, most as i64), copy)?
            .collect()
    }

    /// The copies of a source that its visits left, from one to another: each with its visit.
    pub fn copies_of_visits(
        &self,
        source_id: i64,
        (from, to): (i64, i64),
    ) -> rusqlite::Result<Vec<(i64, CopyRow)>> {
        self.connection
            .prepare_cached(&format!(
                "select {COLUMNS}, c.visit_id from capture c {JOINS}
                 where c.source_id = ?1 and c.visit_id between ?2 and ?3"
            ))?
            .query_map((source_id, from, to), |row| Ok((row.get(6)?, copy(row)?)))?
            .collect()
    }

    /// The copies that were stored last and are there, with the addresses of their sources, so many at most.
    pub fn newest_copies(&self, most: usize) -> rusqlite::Result<Vec<(String, CopyRow)>> {
        self.connection
            .prepare_cached(&format!(
                "select {COLUMNS}, s.address from capture c {JOINS} join source s on s.id = c.source_id
                 where c.body_id is not null and not exists (select 1 from takedown t where t.source_id = c.source_id)
                 order by c.id desc limit ?1"
            ))?
            .query_map([most as i64], |row| Ok((row.get(6)?, copy(row)?)))?
            .collect()
    }

    /// Sources with copies whose addresses begin so, those next to an address in the order of the alphabet: so many before it
    /// and so many from it on, at most, each with the instant of its newest copy.
    pub fn copied_beside(
        &self,
        prefix: &str,
        address: &str,
        most: usize,
    ) -> rusqlite::Result<Vec<(String, i64)>> {
        const OF: &str =
            "select s.address, c.at from source s join capture c on c.id = s.last_capture_id
             where c.body_id is not null and s.address";
        // Nothing in an address comes behind this.
        let end = format!("{prefix}\u{10ffff}");
        let mut found = self
            .connection
            .prepare_cached(&format!(
                "{OF} >= ?1 and s.address < ?2 order by s.address desc limit ?3"
            ))?
            .query_map((prefix, address, most as i64), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        found.reverse();
        let mut behind = self.connection.prepare_cached(&format!(
            "{OF} >= ?1 and s.address < ?2 order by s.address limit ?3"
        ))?;
        for row in behind.query_map((address, end, most as i64), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })? {
            found.push(row?);
        }
        Ok(found)
    }

    /// What a manifest lists that is there, in order.
    pub fn kept_of(&self, manifest_id: i64) -> rusqlite::Result<Vec<KeptRow>> {
        self.connection
            .prepare_cached(
                "select e.url, e.id, e.status, e.body_id is not null
                 from requisite q join exchange e on e.id = q.exchange_id
                 where q.manifest_id = ?1 order by q.position",
            )?
            .query_map([manifest_id], |row| {
                Ok(KeptRow {
                    url: row.get(0)?,
                    exchange_id: row.get(1)?,
                    status: row.get(2)?,
                    has_body: row.get(3)?,
                })
            })?
            .collect()
    }

    /// Whether anything was ever answered to an address that no visit asked for.
    pub fn was_answered(&self, url: &str) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached(
                "select exists (select 1 from exchange where url = ?1 and visit_id is null)",
            )?
            .query_row([url], |row| row.get(0))
    }
}
