//! What is in the archive, in numbers. Each question is short; long tables are gone through a piece at a time, so that
//! no state of the file is held for long.

use rusqlite::{OptionalExtension, Row};

use super::{Reading, texts};

/// A day in milliseconds.
const DAY: i64 = 86_400_000;
/// Rows that are looked at in one go.
const ROWS: i64 = 20_000;

/// How many rows of some sorts there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Inputs that are read.
    pub inputs: i64,
    /// Posts that are there.
    pub posts: i64,
    /// Citations that are there.
    pub citations: i64,
    /// Visits.
    pub visits: i64,
    /// Captures.
    pub captures: i64,
    /// When the first and the last visit were.
    pub visited: Option<(i64, i64)>,
}

/// Sources of one standing whose verdict is the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCount {
    /// The standing.
    pub standing: String,
    /// The verdict that stands.
    pub verdict: Option<String>,
    /// How many.
    pub sources: i64,
}

/// One host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCount {
    /// Its name.
    pub name: String,
    /// Sources on it, or captures of them.
    pub count: i64,
    /// Bytes of these captures.
    pub bytes: i64,
}

/// Visits of one day (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayOfVisits {
    /// Days since the epoch.
    pub day: i64,
    /// All visits.
    pub visits: i64,
    /// Those that found what an earlier one had found.
    pub unchanged: i64,
}

/// A piece of the table of visits, from the newest backwards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PieceOfVisits {
    /// By days.
    pub days: Vec<DayOfVisits>,
    /// The oldest id in it, before which the next piece ends; `None` if there was nothing.
    pub from: Option<i64>,
    /// The newest instant in it.
    pub newest_at: i64,
}

/// Blobs, or a piece of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlobSums {
    /// How many.
    pub blobs: i64,
    /// Bytes that they unpack to.
    pub raw: i64,
    /// Bytes that they take.
    pub stored: i64,
    /// The newest id among them.
    pub newest: i64,
}

/// What the copies hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CopySums {
    /// Bytes of all of them, each counted by itself.
    pub bytes: i64,
    /// Bytes of the bodies that differ.
    pub distinct: i64,
}

/// Runs, in sum.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunSums {
    /// How many began.
    pub runs: i64,
    /// How many failed, or were killed.
    pub failed: i64,
    /// Mean seconds of those that were done.
    pub mean_seconds: Option<f64>,
    /// When the last began.
    pub last_at: Option<i64>,
    /// When the last suspect one began.
    pub last_suspect_at: Option<i64>,
}

/// When sources are to be visited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    /// Sources that are visited at all.
    pub scheduled: i64,
    /// Sources that were due over a day ago.
    pub late: i64,
    /// Sources due by now, and within each day from now.
    pub days: Vec<i64>,
}

/// Pages of the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pages {
    /// Bytes of a page.
    pub size: i64,
    /// All pages.
    pub all: i64,
    /// Those that hold nothing.
    pub free: i64,
}

impl Reading<'_> {
    /// How many rows of some sorts there are.
    pub fn contents(&self) -> rusqlite::Result<Contents> {
        let count = |question: &str| -> rusqlite::Result<i64> {
            self.connection
                .prepare_cached(question)?
                .query_row([], |row| row.get(0))
        };
        let first = self
            .connection
            .query_row("select at from visit order by id limit 1", [], |row| {
                row.get(0)
            })
            .optional()?;
        Ok(Contents {
            inputs: count("select count(*) from input where removed_at is null")?,
            posts: count("select count(*) from post where gone_at is null")?,
            citations: count("select count(*) from citation where gone_at is null")?,
            visits: count("select coalesce(max(id), 0) from visit")?,
            captures: count("select count(*) from capture where body_id is not null")?,
            visited: first.zip(self.newest_visit_at()?),
        })
    }

    /// Sources by standing and verdict; those that were first seen since an instant, if one is named.
    pub fn source_counts(&self, since: Option<i64>) -> rusqlite::Result<Vec<SourceCount>> {
        self.connection
            .prepare_cached(
                "select standing, verdict, count(*) from source where added_at >= coalesce(?1, added_at)
                 group by 1, 2 order by 3 desc, 1, 2",
            )?
            .query_map([since], |row| {
                Ok(SourceCount {
                    standing: row.get(0)?,
                    verdict: row.get(1)?,
                    sources: row.get(2)?,
                })
            })?
            .collect()
    }

    /// The hosts with the most sources.
    pub fn hosts_by_sources(&self, most: usize) -> rusqlite::Result<Vec<HostCount>> {
        self.connection
            .prepare_cached(
                "select h.name, n.sources, 0 from
                     (select host_id, count(*) as sources from source group by 1 order by 2 desc, 1 limit ?1) n
                 join host h on h.id = n.host_id order by 2 desc, 1",
            )?
            .query_map([most as i64], host_count)?
            .collect()
    }

    /// The hosts with the most bytes in copies, each copy counted by itself.
    pub fn hosts_by_bytes(&self, most: usize) -> rusqlite::Result<Vec<HostCount>> {
        self.connection
            .prepare_cached(
                "select h.name, n.copies, n.bytes from
                     (select s.host_id, count(*) as copies, sum(c.size) as bytes
                      from capture c join source s on s.id = c.source_id where c.body_id is not null
                      group by 1 order by 3 desc, 1 limit ?1) n
                 join host h on h.id = n.host_id order by 3 desc, 1",
            )?
            .query_map([most as i64], host_count)?
            .collect()
    }

    /// A piece of the visits with ids below `before`, the newest first.
    pub fn visits_before(&self, before: i64) -> rusqlite::Result<PieceOfVisits> {
        let mut piece = PieceOfVisits::default();
        let mut query = self.connection.prepare_cached(
            "select at / ?3, count(*), sum(confirms is not null), min(id), max(at)
             from (select id, at, confirms from visit where id < ?1 order by id desc limit ?2) group by 1",
        )?;
        let mut rows = query.query((before, ROWS, DAY))?;
        while let Some(row) = rows.next()? {
            piece.days.push(DayOfVisits {
                day: row.get(0)?,
                visits: row.get(1)?,
                unchanged: row.get(2)?,
            });
            let from: i64 = row.get(3)?;
            piece.from = Some(piece.from.map_or(from, |known| known.min(from)));
            piece.newest_at = piece.newest_at.max(row.get(4)?);
        }
        Ok(piece)
    }

    /// A piece of the blobs with ids above `after`; none when there are no more.
    pub fn blobs_after(&self, after: i64) -> rusqlite::Result<BlobSums> {
        self.connection
            .prepare_cached(
                "select count(*), coalesce(sum(size), 0), coalesce(sum(stored), 0), coalesce(max(id), 0)
                 from (select id, size, length(data) as stored from blob where id > ?1 order by id limit ?2)",
            )?
            .query_row((after, ROWS), |row| {
                Ok(BlobSums {
                    blobs: row.get(0)?,
                    raw: row.get(1)?,
                    stored: row.get(2)?,
                    newest: row.get(3)?,
                })
            })
    }

    /// What the copies hold, and what would be there twice.
    pub fn copies(&self) -> rusqlite::Result<CopySums> {
        self.connection
            .prepare_cached(
                "select coalesce(sum(bytes), 0), coalesce(sum(size), 0)
                 from (select sum(size) as bytes, max(size) as size from capture
                       where body_id is not null group by body_id)",
            )?
            .query_row([], |row| {
                Ok(CopySums {
                    bytes: row.get(0)?,
                    distinct: row.get(1)?,
                })
            })
    }

    /// Runs that began at `since` or later.
    pub fn run_sums(&self, since: i64) -> rusqlite::Result<RunSums> {
        self.connection
            .prepare_cached(
                "select count(*), coalesce(sum(result = 'failed'), 0),
                     avg(iif(result = 'done', (ended_at - started_at) / 1000.0, null)),
                     max(started_at), max(iif(suspect, started_at, null))
                 from run where started_at >= ?1",
            )?
            .query_row([since], |row| {
                Ok(RunSums {
                    runs: row.get(0)?,
                    failed: row.get(1)?,
                    mean_seconds: row.get(2)?,
                    last_at: row.get(3)?,
                    last_suspect_at: row.get(4)?,
                })
            })
    }

    /// How many sources are due by `now`, and in each of the `days` days from then.
    pub fn schedule(&self, now: i64, days: usize) -> rusqlite::Result<Schedule> {
        let mut schedule = Schedule {
            days: vec![0; days],
            ..Schedule::default()
        };
        let mut query = self.connection.prepare_cached(
            "select max(0, next_visit_at - ?1) / ?2, count(*), sum(next_visit_at < ?1 - ?2)
             from source where next_visit_at is not null group by 1",
        )?;
        let mut rows = query.query((now, DAY))?;
        while let Some(row) = rows.next()? {
            let (day, sources, late): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            schedule.scheduled += sources;
            schedule.late += late;
            let place = usize::try_from(day).ok();
            if let Some(place) = place.and_then(|day| schedule.days.get_mut(day)) {
                *place += sources;
            }
        }
        Ok(schedule)
    }

    /// Pages of the file.
    pub fn pages(&self) -> rusqlite::Result<Pages> {
        let number = |pragma: &str| {
            self.connection
                .query_row(pragma, [], |row| row.get::<_, i64>(0))
        };
        Ok(Pages {
            size: number("pragma page_size")?,
            all: number("pragma page_count")?,
            free: number("pragma freelist_count")?,
        })
    }

    /// The tables and indexes of the file: their names, and whether each is an index.
    pub fn trees(&self) -> rusqlite::Result<Vec<(String, bool)>> {
        self.connection
            .prepare_cached(
                "select name, type = 'index' from sqlite_schema where rootpage > 0 order by rowid",
            )?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// Bytes of the pages of one table or index. All of its pages are looked at.
    pub fn bytes_of(&self, tree: &str) -> rusqlite::Result<i64> {
        self.connection
            .prepare_cached(
                "select coalesce(sum(pgsize), 0) from dbstat where name = ?1 and aggregate = 1",
            )?
            .query_row([tree], |row| row.get(0))
    }
}

fn host_count(row: &Row<'_>) -> rusqlite::Result<HostCount> {
    Ok(HostCount {
        name: row.get(0)?,
        count: row.get(1)?,
        bytes: row.get(2)?,
    })
}

/// A body of a copy, or of what copies need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyRow {
    /// The capture or exchange, after which the next are found.
    pub id: i64,
    /// The host of its source; of what copies need, the address that it came from.
    pub place: String,
    /// Its media type, as the server named it.
    pub media_type: Option<String>,
    /// The blob.
    pub blob: i64,
    /// Bytes of the payload.
    pub size: i64,
    /// Bytes that it takes.
    pub stored: i64,
}

/// Payloads that are held in one way, or a piece of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodingSums {
    /// `plain`, `zstd`, `zstd-dict`, `zstd-delta`.
    pub coding: String,
    /// Them.
    pub sums: BlobSums,
}

impl Reading<'_> {
    /// Bodies of captures with ids above `after`; none when there are no more.
    pub fn capture_bodies_after(&self, after: i64) -> rusqlite::Result<Vec<BodyRow>> {
        self.connection
            .prepare_cached(
                "select c.id, h.name, c.media_type, c.body_id, b.size, length(b.data)
                 from capture c cross join blob b on b.id = c.body_id cross join source s on s.id = c.source_id
                 cross join host h on h.id = s.host_id where c.id > ?1 order by c.id limit ?2",
            )?
            .query_map((after, ROWS), body_row)?
            .collect()
    }

    /// What browsers made of captures with ids above `after`: documents, pictures and PDFs; none when there are no more.
    pub fn rendered_bodies_after(&self, after: i64) -> rusqlite::Result<Vec<BodyRow>> {
        self.connection
            .prepare_cached(
                "with r as (select capture_id, dom_id, screenshot_id, pdf_id from rendering
                     where capture_id > ?1 and outcome <> 'failed' order by capture_id limit ?2),
                 p (capture_id, media_type, blob_id) as (
                     select capture_id, 'text/html', dom_id from r
                     union all select capture_id, 'image/webp', screenshot_id from r
                     union all select capture_id, 'application/pdf', pdf_id from r)
                 select p.capture_id, h.name, p.media_type, p.blob_id, b.size, length(b.data)
                 from p cross join blob b on b.id = p.blob_id cross join capture c on c.id = p.capture_id
                 cross join source s on s.id = c.source_id cross join host h on h.id = s.host_id
                 order by p.capture_id",
            )?
            .query_map((after, ROWS / 4), body_row)?
            .collect()
    }

    /// Bodies of exchanges that no visit made, with ids above `after`; none when there are no more.
    pub fn requisite_bodies_after(&self, after: i64) -> rusqlite::Result<Vec<BodyRow>> {
        self.connection
            .prepare_cached(&format!(
                "select e.id, e.url, (select h.value ->> 1 from json_each({}) h
                         where lower(h.value ->> 0) = 'content-type' limit 1), e.body_id, b.size, length(b.data)
                 from exchange e cross join blob b on b.id = e.body_id
                 where e.id > ?1 and e.visit_id is null order by e.id limit ?2",
                texts::response_headers("e")
            ))?
            .query_map((after, ROWS), body_row)?
            .collect()
    }

    /// How many captures need what came by each exchange that no visit made.
    pub fn requisite_uses(&self) -> rusqlite::Result<Vec<(i64, i64)>> {
        self.connection
            .prepare_cached(
                "select r.exchange_id, sum(m.captures) from
                     (select manifest_id, count(*) as captures from capture where manifest_id is not null group by 1) m
                 cross join requisite r on r.manifest_id = m.manifest_id
                 where r.exchange_id is not null group by 1",
            )?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// A piece of the blobs with ids above `after`, by how they are held; none when there are no more.
    pub fn codings_after(&self, after: i64) -> rusqlite::Result<Vec<CodingSums>> {
        self.connection
            .prepare_cached(
                "select coding, count(*), sum(size), sum(stored), max(id) from
                     (select id, coding, size, length(data) as stored from blob where id > ?1 order by id limit ?2)
                 group by 1 order by 1",
            )?
            .query_map((after, ROWS), |row| {
                Ok(CodingSums {
                    coding: row.get(0)?,
                    sums: BlobSums {
                        blobs: row.get(1)?,
                        raw: row.get(2)?,
                        stored: row.get(3)?,
                        newest: row.get(4)?,
                    },
                })
            })?
            .collect()
    }

    /// How many dictionaries there are, and their bytes.
    pub fn dictionary_sums(&self) -> rusqlite::Result<(i64, i64)> {
        self.connection
            .prepare_cached("select count(*), coalesce(sum(length(data)), 0) from dictionary")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}

fn body_row(row: &Row<'_>) -> rusqlite::Result<BodyRow> {
    Ok(BodyRow {
        id: row.get(0)?,
        place: row.get(1)?,
        media_type: row.get(2)?,
        blob: row.get(3)?,
        size: row.get(4)?,
        stored: row.get(5)?,
    })
}
