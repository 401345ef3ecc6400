//! What users said of sources, by hand. A mark holds until its day, and as long as the verdict stays what it was.

use rusqlite::{OptionalExtension, Row};

use super::runs::NewEvent;
use super::{Reading, Writing};

/// The join that brings the mark of a source `s` that holds at the instant `?1`, as `m`.
pub(super) const MARK_JOIN: &str =
    "left join mark m on m.source_id = s.id and (m.until is null or m.until > ?1)";

/// A mark to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMark {
    /// `alive`, `dead`, `ignore`.
    pub mark: &'static str,
    /// Until when it holds, in milliseconds since the epoch.
    pub until: Option<i64>,
    /// Why, in the user's words.
    pub note: Option<String>,
}

/// A mark. Instants in milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkRow {
    /// The source's id.
    pub source_id: i64,
    /// The source's canonical address.
    pub address: String,
    /// `alive`, `dead`, `ignore`.
    pub mark: String,
    /// When it was said.
    pub made_at: i64,
    /// Until when it holds.
    pub until: Option<i64>,
    /// Why.
    pub note: Option<String>,
    /// The verdict that stood then; `None` where there was none yet.
    pub verdict: Option<String>,
}

const COLUMNS: &str =
    "m.source_id, s.address, m.mark, m.made_at, m.until, m.note, m.verdict from mark m
     join source s on s.id = m.source_id";

impl Writing<'_> {
    /// Notes what a user says of sources, in place of what was said before.
    pub fn mark(&self, sources: &[i64], new: &NewMark, now: i64) -> rusqlite::Result<()> {
        for id in sources {
            self.connection
                .prepare_cached(
                    "insert into mark (source_id, mark, made_at, until, note, verdict)
                     select id, ?2, ?3, ?4, ?5, verdict from source where id = ?1
                     on conflict (source_id) do update set mark = excluded.mark, made_at = excluded.made_at,
                         until = excluded.until, note = excluded.note, verdict = excluded.verdict",
                )?
                .execute((id, new.mark, now, new.until, &new.note))?;
        }
        Ok(())
    }

    /// Takes a mark back. Gives whether there was one.
    pub fn clear_mark(&self, source_id: i64) -> rusqlite::Result<bool> {
        let cleared = self
            .connection
            .prepare_cached("delete from mark where source_id = ?1")?
            .execute([source_id])?;
        Ok(cleared > 0)
    }

    /// Ends marks whose day has passed, or whose source has another verdict now than when it was marked: to be called
    /// when a run is settled. A source that had no verdict yet keeps its mark with the first one that it gets.
    pub fn end_marks(&self, run_id: i64, now: i64) -> rusqlite::Result<()> {
        self.connection.execute(
            "update mark set verdict = (select s.verdict from source s where s.id = mark.source_id)
             where verdict is null",
            [],
        )?;
        let ended: Vec<(i64, String, bool)> = self
            .connection
            .prepare_cached(
                "select m.source_id, m.mark, s.verdict is not m.verdict
                 from mark m join source s on s.id = m.source_id
                 where s.verdict is not m.verdict or m.until <= ?1",
            )?
            .query_map([now], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (source_id, mark, is_other) in ended {
            let why = if is_other { "verdict-changed" } else { "until" };
            let event = NewEvent {
                at: now,
                run_id: Some(run_id),
                kind: "mark-ended",
                source_id: Some(source_id),
                detail: format!(r#"{{"mark":"{mark}","why":"{why}"}}"#),
                ..NewEvent::default()
            };
            self.insert_event(&event, None, None)?;
            self.clear_mark(source_id)?;
        }
        Ok(())
    }
}

impl Reading<'_> {
    /// All marks, newest first; those whose day has passed stay until the next run has ended.
    pub fn marks(&self) -> rusqlite::Result<Vec<MarkRow>> {
        self.connection
            .prepare_cached(&format!(
                "select {COLUMNS} order by m.made_at desc, m.source_id"
            ))?
            .query_map([], mark_row)?
            .collect()
    }

    /// The mark of a source, whether its day has passed or not.
    pub fn mark_of(&self, source_id: i64) -> rusqlite::Result<Option<MarkRow>> {
        self.connection
            .prepare_cached(&format!("select {COLUMNS} where m.source_id = ?1"))?
            .query_row([source_id], mark_row)
            .optional()
    }
}

fn mark_row(row: &Row<'_>) -> rusqlite::Result<MarkRow> {
    Ok(MarkRow {
        source_id: row.get(0)?,
        address: row.get(1)?,
        mark: row.get(2)?,
        made_at: row.get(3)?,
        until: row.get(4)?,
        note: row.get(5)?,
        verdict: row.get(6)?,
    })
}
