//! Runs, and the events that happen in them.

use rusqlite::OptionalExtension;

use super::{Reading, Writing, progress};

/// How a run ended.
#[derive(Debug, Clone)]
pub struct RunEnd {
    /// `done`, `interrupted`, `failed`.
    pub result: &'static str,
    /// Why we suspect ourselves rather than the sources, where we do: `nothing-resolves`, `nothing-answers`, `sites-fail`.
    pub doubt: Option<&'static str>,
    /// The host after which the next walk goes on, where this one was cut short.
    pub walked_to: Option<i64>,
    /// What was counted, as JSON.
    pub counts: String,
}

/// A run that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunBegun {
    /// Its id.
    pub id: i64,
    /// Whether a run before it was killed.
    pub after_killed: bool,
}

/// What earlier runs say of the clock. Instants in milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClockTrace {
    /// The visit that was written last.
    pub newest_visit_at: Option<i64>,
    /// When the newest run began, and the one before it; those that a wrong clock dated do not count.
    pub runs: (Option<i64>, Option<i64>),
    /// The newest run that began after a long pause: when, and the last visit before it.
    pub jump: Option<(i64, Option<i64>)>,
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
    /// A run begins. `clock` says what is thought of it: `behind`, `ahead`. To be called by the holder of the run lock:
    /// runs that are still open were killed, and are closed as failed, at the instant of the last visit that they
    /// recorded.
    pub fn begin_run(
        &self,
        command: &str,
        pid: u32,
        clock: Option<&str>,
        now: i64,
    ) -> rusqlite::Result<RunBegun> {
        let killed = self.connection.execute(
            "update run set result = 'failed', ended_at = max(started_at, coalesce(
                 (select v.at from visit v where v.run_id = run.id order by v.id desc limit 1), started_at))
             where ended_at is null",
            [],
        )?;
        self.connection.execute(
            "insert into run (command, started_at, version, pid, clock, first_visit_id)
             values (?1, ?2, ?3, ?4, ?5, (select coalesce(max(id), 0) + 1 from visit))",
            (command, now, env!("CARGO_PKG_VERSION"), pid, clock),
        )?;
        let id = self.connection.last_insert_rowid();
        progress::begin(self.connection, id, now)?;
        Ok(RunBegun {
            id,
            after_killed: killed > 0,
        })
    }

    /// A run that was killed turns out suspect.
    pub fn doubt_run(&self, id: i64, doubt: &str) -> rusqlite::Result<()> {
        self.connection.execute(
            "update run set suspect = 1, doubt = ?2 where id = ?1",
            (id, doubt),
        )?;
        Ok(())
    }

    /// The clock had run ahead and was set back to `now`: the runs that began since `since` are marked as dated wrongly.
    pub fn mark_runs_dated_wrongly(&self, since: i64, now: i64) -> rusqlite::Result<()> {
        self.connection.execute(
            "update run set clock = 'wrong' where started_at >= ?1 and started_at > ?2",
            (since, now),
        )?;
        Ok(())
    }

    /// Takes what was dated later than `now` as if it had happened now, for sources after this id; strikes that were
    /// dated so are forgotten. Gives the id of the last, or `None` when there are no more.
    ///
    /// A part at a time, as [`Writing::make_due_after`].
    pub fn set_back_after(&self, after: i64, now: i64) -> rusqlite::Result<Option<i64>> {
        const AT_ONCE: i64 = 5000;
        let last: Option<i64> = self
            .connection
            .prepare_cached(
                "select max(id) from (select id from source where id > ?1 order by id limit ?2)",
            )?
            .query_row((after, AT_ONCE), |row| row.get(0))?;
        let Some(last) = last else {
            return Ok(None);
        };
        // What is due again is as far ahead of the last visit as it was.
        self.connection
            .prepare_cached(
                "update source set
                     next_visit_at = next_visit_at - (last_visit_at - ?3),
                     strikes = iif(last_strike_at > ?3, 0, strikes),
                     first_strike_at = iif(last_strike_at > ?3, null, first_strike_at),
                     last_strike_at = iif(last_strike_at > ?3, null, last_strike_at),
                     hard_strikes = iif(last_hard_strike_at > ?3, 0, hard_strikes),
                     last_hard_strike_at = iif(last_hard_strike_at > ?3, null, last_hard_strike_at),
                     second_look_due = iif(last_strike_at > ?3, 0, second_look_due),
                     standing_since = min(standing_since, ?3), verdict_since = min(verdict_since, ?3),
                     last_visit_at = ?3, last_fine_at = min(last_fine_at, ?3),
                     last_changed_at = min(last_changed_at, ?3), dead_since = min(dead_since, ?3),
                     last_full_visit_at = min(last_full_visit_at, ?3), revived_at = min(revived_at, ?3)
                 where id > ?1 and id <= ?2 and last_visit_at > ?3",
            )?
            .execute((after, last, now))?;
        self.connection.execute(
            "update host set next_request_at = ?1 where next_request_at > ?1 and ?2 = 0",
            (now, after),
        )?;
        self.connection.execute(
            "update input set next_refresh_at = ?1 where refreshed_at > ?1 and ?2 = 0",
            (now, after),
        )?;
        Ok(Some(last))
    }

    /// A run ends.
    pub fn end_run(&self, id: i64, end: &RunEnd, now: i64) -> rusqlite::Result<()> {
        self.connection.execute(
            "update run set ended_at = ?2, result = ?3, suspect = ?4 is not null, doubt = ?4, counts = ?5, walked_to = ?6 where id = ?1",
            (id, now, end.result, end.doubt, &end.counts, end.walked_to),
        )?;
        progress::end(self.connection)?;
        self.note_day(now)
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

    /// When the visit was made that was written last.
    pub fn newest_visit_at(&self) -> rusqlite::Result<Option<i64>> {
        self.connection
            .query_row("select at from visit order by id desc limit 1", [], |row| {
                row.get(0)
            })
            .optional()
    }

    /// What earlier runs say of the clock.
    pub fn clock_trace(&self) -> rusqlite::Result<ClockTrace> {
        let mut begun = self.connection.prepare_cached(
            "select started_at from run where clock is not 'wrong' order by id desc limit 2",
        )?;
        let begun: Vec<i64> = begun
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let jump = self
            .connection
            .prepare_cached(
                "select started_at, (select v.at from visit v where v.id = run.first_visit_id - 1)
                 from run where clock = 'ahead' order by id desc limit 1",
            )?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let newest_visit_at = self
            .connection
            .prepare_cached(
                "select v.at from visit v join run r on r.id = v.run_id where r.clock is not 'wrong'
                 order by v.id desc limit 1",
            )?
            .query_row([], |row| row.get(0))
            .optional()?;
        Ok(ClockTrace {
            newest_visit_at,
            runs: (begun.first().copied(), begun.get(1).copied()),
            jump,
        })
    }

    /// The host after which the newest run stopped, where it was cut short.
    pub fn walked_to(&self) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached(
                "select walked_to from run where ended_at is not null order by id desc limit 1",
            )?
            .query_row([], |row| row.get(0))
            .optional()
            .map(Option::flatten)
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
