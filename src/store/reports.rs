//! What a report needs to know of runs and of the reports before it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};

use super::Reading;
use super::error::StoreError;

/// A run, as a report tells of it. Instants in milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// Its id.
    pub id: i64,
    /// The command.
    pub command: String,
    /// When it began.
    pub at: i64,
    /// When it ended; `None` while it goes on, and where it was killed and no run came after it.
    pub ended_at: Option<i64>,
    /// `done`, `interrupted`, `failed`; `None` as above.
    pub result: Option<String>,
    /// Whether it is suspect.
    pub suspect: bool,
    /// Why.
    pub doubt: Option<String>,
    /// What was thought of the clock: `behind`, `ahead`, `wrong`.
    pub clock: Option<String>,
    /// What was counted, as JSON.
    pub counts: Option<String>,
}

/// What `rejudge` changed since a report was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RejudgedSources {
    /// When it last changed anything.
    pub at: i64,
    /// Sources whose verdict or standing is another one since.
    pub sources: i64,
}

/// What an input has that was broken before it was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitingInput {
    /// Its id.
    pub id: i64,
    /// Absolute address or path.
    pub address: String,
}

/// How long the note of a report waits for another program's lock: somebody wants to read on.
const PATIENCE: Duration = Duration::from_secs(1);

/// A report was read whole, after the run of this id, of the archive at `path`. One row is kept for each run: that of the
/// last report.
///
/// # Errors
/// When the file cannot be written, or is locked for longer than a moment.
pub fn note_report(path: &Path, run_id: Option<i64>, now: i64) -> Result<(), StoreError> {
    let note = || -> rusqlite::Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.execute_batch("pragma synchronous = full; pragma foreign_keys = on;")?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("delete from report where run_id is ?1", [run_id])?;
        transaction.execute(
            "insert into report (at, run_id) values (?1, ?2)",
            (now, run_id),
        )?;
        transaction.commit()
    };
    note().map_err(|error| StoreError::sql(path, "note that a report was read", error))
}

/// The archive at `path` was found sound. Nothing is noted in a backup, which stays as it was made.
///
/// # Errors
/// When the file cannot be written, or is locked for longer than a moment.
pub fn note_verified(path: &Path, quick: bool, now: i64) -> Result<(), StoreError> {
    let note = || -> rusqlite::Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.execute_batch("pragma synchronous = full;")?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let may_be: bool = transaction.query_row(
            "select exists (select 1 from sqlite_schema where name = 'verified')
                 and not exists (select 1 from sqlite_schema where name = 'backup_mark')",
            [],
            |row| row.get(0),
        )?;
        if may_be {
            transaction.execute(
                "insert into verified (quick, at) values (?1, ?2)
                 on conflict (quick) do update set at = max(at, excluded.at)",
                (quick, now),
            )?;
        }
        transaction.commit()
    };
    note().map_err(|error| StoreError::sql(path, "note that the archive is sound", error))
}

impl Reading<'_> {
    /// When the archive was found sound last, with all payloads unpacked or (`quick`) without; in milliseconds since the epoch.
    pub fn verified_at(&self, quick: bool) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached("select at from verified where quick = ?1")?
            .query_row([quick], |row| row.get(0))
            .optional()
    }

    /// The newest runs, newest first.
    pub fn last_runs(&self, most: usize) -> rusqlite::Result<Vec<RunRow>> {
        self.runs_before(None, most)
    }

    /// So many runs before the one of this id, newest first.
    pub fn runs_before(&self, before: Option<i64>, most: usize) -> rusqlite::Result<Vec<RunRow>> {
        self.connection
            .prepare_cached(
                "select id, command, started_at, ended_at, result, suspect, doubt, clock, counts
                 from run where id < ?1 order by id desc limit ?2",
            )?
            .query_map((before.unwrap_or(i64::MAX), most as i64), |row| {
                Ok(RunRow {
                    id: row.get(0)?,
                    command: row.get(1)?,
                    at: row.get(2)?,
                    ended_at: row.get(3)?,
                    result: row.get(4)?,
                    suspect: row.get(5)?,
                    doubt: row.get(6)?,
                    clock: row.get(7)?,
                    counts: row.get(8)?,
                })
            })?
            .collect()
    }

    /// When the newest pass ended that came to its end and can be trusted.
    pub fn last_good_run(&self) -> rusqlite::Result<Option<i64>> {
        self.connection
            .query_row(
                "select ended_at from run where result = 'done' and not suspect and command <> 'capture'
                     and clock is not 'behind' and clock is not 'wrong'
                 order by id desc limit 1",
                [],
                |row| row.get(0),
            )
            .optional()
    }

    /// Since when a report tells news, if the newest run that is over has this id: when the first run began after the
    /// last report that was read before that run. `None` where no report was.
    ///
    /// Runs count, not instants: what fails is dated by its visit, and known only when its run is over.
    pub fn news_since(&self, newest_run: i64) -> rusqlite::Result<Option<i64>> {
        self.connection.query_row(
            "select min(r.started_at) from run r
             where r.id > (select coalesce(max(coalesce(p.run_id, 0)), -1) from report p
                           where coalesce(p.run_id, 0) < ?1)
               and exists (select 1 from report p where coalesce(p.run_id, 0) < ?1)",
            [newest_run],
            |row| row.get(0),
        )
    }

    /// What `rejudge` changed at or after `since`, or else after the last report that was read before the run of this id;
    /// ever, where none was. What is judged again while a run is settled is that run's.
    pub fn rejudged(
        &self,
        since: Option<i64>,
        newest_run: i64,
    ) -> rusqlite::Result<Option<RejudgedSources>> {
        self.connection.query_row(
            "select max(at), count(distinct source_id) from event
             where run_id is null and kind in ('verdict-changed', 'standing-changed')
               and at >= coalesce(?1, (select max(p.at) from report p where coalesce(p.run_id, 0) < ?2), 0)
               and detail ->> 'by' = 'rejudge'",
            (since, newest_run),
            |row| {
                let at: Option<i64> = row.get(0)?;
                let sources = row.get(1)?;
                Ok(at.map(|at| RejudgedSources { at, sources }))
            },
        )
    }

    /// The inputs that cite a source, oldest first.
    pub fn inputs_citing(&self, source_id: i64) -> rusqlite::Result<Vec<CitingInput>> {
        self.connection
            .prepare_cached(
                "select distinct i.id, i.address from citation c join post p on p.id = c.post_id
                 join document d on d.id = p.document_id join input i on i.id = d.input_id
                 where c.source_id = ?1 and c.gone_at is null and i.kind <> 'by-hand' order by i.id",
            )?
            .query_map([source_id], |row| {
                Ok(CitingInput {
                    id: row.get(0)?,
                    address: row.get(1)?,
                })
            })?
            .collect()
    }

    /// How many sources an input cites now.
    pub fn sources_of_input(&self, input_id: i64) -> rusqlite::Result<i64> {
        self.connection
            .prepare_cached(
                "select count(distinct c.source_id) from document d join post p on p.document_id = d.id
                 join citation c on c.post_id = p.id where d.input_id = ?1 and c.gone_at is null",
            )?
            .query_row([input_id], |row| row.get(0))
    }
}
