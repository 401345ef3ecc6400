//! Runs, and the events that happen in them.

use rusqlite::OptionalExtension;

use super::{Reading, Writing};

/// How a run ended.
#[derive(Debug, Clone)]
pub struct RunEnd {
    /// `done`, `interrupted`, `failed`.
    pub result: &'static str,
    /// Whether we suspect ourselves rather than the sources.
    pub suspect: bool,
    /// What was counted, as JSON.
    pub counts: String,
}

/// Something that happened to a source, a post or an input.
#[derive(Debug, Clone, Default)]
pub struct NewEvent {
    /// When.
    pub at: i64,
    /// In which run.
    pub run_id: Option<i64>,
    /// What: kebab-case, as documented in `docs/SCHEMA.md`.
    pub kind: &'static str,
    /// To which input.
    pub input_id: Option<i64>,
    /// To which post.
    pub post_id: Option<i64>,
    /// To which source.
    pub source_id: Option<i64>,
    /// More, as JSON.
    pub detail: String,
}

impl Writing<'_> {
    /// A run begins. Gives its id, and whether a run before it was killed. To be called by the holder of the run lock:
    /// runs that are still open were killed, and are closed as failed, at the instant of the last visit that they
    /// recorded.
    pub fn begin_run(&self, command: &str, pid: u32, now: i64) -> rusqlite::Result<(i64, bool)> {
        let killed = self.connection.execute(
            "update run set result = 'failed', ended_at = max(started_at, coalesce(
                 (select v.at from visit v where v.run_id = run.id order by v.id desc limit 1), started_at))
             where ended_at is null",
            [],
        )?;
        self.connection.execute(
            "insert into run (command, started_at, version, pid) values (?1, ?2, ?3, ?4)",
            (command, now, env!("CARGO_PKG_VERSION"), pid),
        )?;
        Ok((self.connection.last_insert_rowid(), killed > 0))
    }

    /// A run ends.
    pub fn end_run(&self, id: i64, end: &RunEnd, now: i64) -> rusqlite::Result<()> {
        self.connection.execute(
            "update run set ended_at = ?2, result = ?3, suspect = ?4, counts = ?5 where id = ?1",
            (id, now, end.result, end.suspect, &end.counts),
        )?;
        Ok(())
    }

    /// Marks the file as written under `--now`: it never takes real visits again.
    pub fn mark_simulated(&self) -> rusqlite::Result<()> {
        self.connection
            .execute("update archive set simulated = 1 where id = 1", [])?;
        Ok(())
    }

    /// Notes an event that no visit made.
    pub fn record_event(&self, event: &NewEvent) -> rusqlite::Result<()> {
        self.insert_event(event, None, None)
    }

    pub(super) fn insert_event(
        &self,
        event: &NewEvent,
        visit_id: Option<i64>,
        capture_id: Option<i64>,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "insert into event (at, run_id, kind, input_id, post_id, source_id, visit_id, capture_id, detail)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute((
                event.at,
                event.run_id,
                event.kind,
                event.input_id,
                event.post_id,
                event.source_id,
                visit_id,
                capture_id,
                if event.detail.is_empty() { "{}" } else { &event.detail },
            ))?;
        Ok(())
    }
}

impl Reading<'_> {
    /// Whether the file was written under `--now`.
    pub fn is_simulated(&self) -> rusqlite::Result<bool> {
        self.connection
            .query_row("select simulated from archive where id = 1", [], |row| {
                row.get(0)
            })
            .optional()
            .map(Option::unwrap_or_default)
    }

    /// Whether any run was ever made.
    pub fn has_runs(&self) -> rusqlite::Result<bool> {
        self.connection
            .query_row("select exists (select 1 from run)", [], |row| row.get(0))
    }

    /// When the newest visit was made.
    pub fn newest_visit_at(&self) -> rusqlite::Result<Option<i64>> {
        self.connection
            .query_row("select at from visit order by id desc limit 1", [], |row| {
                row.get(0)
            })
            .optional()
    }

    /// The id and beginning of the newest run that ended.
    pub fn last_run(&self) -> rusqlite::Result<Option<(i64, i64)>> {
        self.connection
            .query_row(
                "select id, started_at from run where ended_at is not null order by id desc limit 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
    }
}
