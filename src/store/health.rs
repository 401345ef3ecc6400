//! The state of the file itself, looked at without bringing it to the present schema.

use std::path::{Path, PathBuf};

use rusqlite::OptionalExtension;

use super::error::StoreError;
use super::{Mode, check_header, migrate, open_reader};

/// The newest run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// The command, as it was begun.
    pub command: String,
    /// When it began.
    pub started_at: i64,
    /// When it ended; `None` while it goes on, or if it was killed.
    pub ended_at: Option<i64>,
    /// `done`, `interrupted`, `failed`.
    pub result: Option<String>,
    /// Whether it suspected itself.
    pub suspect: bool,
}

/// What can be said of the file in a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Bytes of the file.
    pub size: u64,
    /// Bytes of its write-ahead log.
    pub log_size: u64,
    /// Its schema version.
    pub schema: u32,
    /// The version that is known here.
    pub known: u32,
    /// Whether it was ever written under `--now`.
    pub simulated: bool,
    /// Where it came from, and when, if it is a backup or was one.
    pub backup_of: Option<(String, i64)>,
    /// When the newest visit was.
    pub newest_visit_at: Option<i64>,
    /// The newest run.
    pub last_run: Option<LastRun>,
    /// Runs among the ten newest that failed, or were killed.
    pub failed_runs: i64,
    /// Sources that are due, and since when the first of them is.
    pub due: (i64, Option<i64>),
}

/// Looks at the file at `path`, and leaves it as it is.
///
/// # Errors
/// When there is none, when it is not ours or newer, or when it cannot be read.
pub fn health(path: &Path, now: i64) -> Result<Health, StoreError> {
    check_header(path, Mode::Read)?;
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let connection = open_reader(path)?;
    let schema = migrate::refuse_newer(&connection, path)?;
    if schema == 0 {
        return Err(StoreError::Missing(path.to_owned()));
    }
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let look = || -> rusqlite::Result<Health> {
        let transaction = connection.unchecked_transaction()?;
        let is_marked: bool = transaction.query_row(
            "select exists (select 1 from sqlite_schema where type = 'table' and name = 'backup_mark')",
            [],
            |row| row.get(0),
        )?;
        let backup_of = if is_marked {
            transaction
                .query_row("select archive, made_at from backup_mark", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?
        } else {
            None
        };
        Ok(Health {
            size: length(path),
            log_size: length(&PathBuf::from(log)),
            schema,
            known: migrate::MIGRATIONS.len() as u32,
            simulated: transaction
                .query_row("select simulated from archive where id = 1", [], |row| {
                    row.get(0)
                })
                .optional()?
                .unwrap_or_default(),
            backup_of,
            newest_visit_at: transaction
                .query_row("select at from visit order by id desc limit 1", [], |row| {
                    row.get(0)
                })
                .optional()?,
            last_run: transaction
                .query_row(
                    "select command, started_at, ended_at, result, suspect from run order by id desc limit 1",
                    [],
                    |row| {
                        Ok(LastRun {
                            command: row.get(0)?,
                            started_at: row.get(1)?,
                            ended_at: row.get(2)?,
                            result: row.get(3)?,
                            suspect: row.get(4)?,
                        })
                    },
                )
                .optional()?,
            failed_runs: transaction.query_row(
                "select count(*) from (select result from run order by id desc limit 10) where result = 'failed'",
                [],
                |row| row.get(0),
            )?,
            due: transaction.query_row(
                "select count(*), min(next_visit_at) from source
                 where next_visit_at is not null and next_visit_at <= ?1",
                [now],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?,
        })
    };
    look().map_err(|error| StoreError::sql(path, "look at the archive", error))
}

/// The version of `SQLite` that this program was built with.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}
