//! How far a run is, while it goes on: for other processes that have the archive open.

use rusqlite::{Connection, OptionalExtension};

use super::{Reading, Writing};

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Posts read.
    pub posts: i64,
    /// Citations found in them.
    pub citations: i64,
    /// Sources visited, or left for later.
    pub done: i64,
    /// Sources that were due when the visits began; 0 before that.
    pub due: i64,
    /// Sources that were found gone or failing, and visits that failed on our side.
    pub problems: i64,
}

/// A run that has not ended: it goes on, or was killed. Instants in milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRun {
    /// Its id.
    pub id: i64,
    /// The command.
    pub command: String,
    /// When it began.
    pub began_at: i64,
    /// When it last said how far it is.
    pub at: i64,
    /// How far that was.
    pub progress: Progress,
}

/// A run begins; whatever was left by those before it, which were killed, goes.
pub(super) fn begin(connection: &Connection, run_id: i64, now: i64) -> rusqlite::Result<()> {
    end(connection)?;
    connection.execute(
        "insert into run_progress (run_id, at, posts, citations, done, due, problems) values (?1, ?2, 0, 0, 0, 0, 0)",
        (run_id, now),
    )?;
    Ok(())
}

/// No run goes on.
pub(super) fn end(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("delete from run_progress", [])?;
    Ok(())
}

impl Writing<'_> {
    /// Notes how far a run is. One that has ended says nothing any more.
    pub fn note_progress(
        &self,
        run_id: i64,
        progress: &Progress,
        now: i64,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "update run_progress set at = ?2, posts = ?3, citations = ?4, done = ?5, due = ?6, problems = ?7 where run_id = ?1",
            )?
            .execute((
                run_id,
                now,
                progress.posts,
                progress.citations,
                progress.done,
                progress.due,
                progress.problems,
            ))?;
        Ok(())
    }
}

impl Reading<'_> {
    /// The newest run, if it has not ended.
    pub fn open_run(&self) -> rusqlite::Result<Option<OpenRun>> {
        self.connection
            .prepare_cached(
                "select r.id, r.command, r.started_at, coalesce(p.at, r.started_at), coalesce(p.posts, 0),
                     coalesce(p.citations, 0), coalesce(p.done, 0), coalesce(p.due, 0), coalesce(p.problems, 0)
                 from (select * from run order by id desc limit 1) r left join run_progress p on p.run_id = r.id
                 where r.ended_at is null",
            )?
            .query_row([], |row| {
                Ok(OpenRun {
                    id: row.get(0)?,
                    command: row.get(1)?,
                    began_at: row.get(2)?,
                    at: row.get(3)?,
                    progress: Progress {
                        posts: row.get(4)?,
                        citations: row.get(5)?,
                        done: row.get(6)?,
                        due: row.get(7)?,
                        problems: row.get(8)?,
                    },
                })
            })
            .optional()
    }
}
