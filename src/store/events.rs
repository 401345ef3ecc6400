//! What happened, as it was noted.

use rusqlite::types::Value;

use super::Reading;

/// An event, with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its id; later events have greater ones.
    pub id: i64,
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// What.
    pub kind: String,
    /// The id and address of the source that it is about.
    pub source: Option<(i64, String)>,
    /// The id and address of the post.
    pub post: Option<(i64, String)>,
    /// More, as JSON.
    pub detail: String,
}

impl Reading<'_> {
    /// When the archive was made, in milliseconds since the epoch.
    pub fn made_at(&self) -> rusqlite::Result<i64> {
        self.connection
            .query_row("select created_at from archive where id = 1", [], |row| {
                row.get(0)
            })
    }

    /// So many events before the one of this id, newest first; the newest of all where none is named. A source's first verdict and
    /// standing are told with its first visit, and no news.
    pub fn events_before(
        &self,
        before: Option<i64>,
        most: usize,
    ) -> rusqlite::Result<Vec<EventRow>> {
        let before = before.map_or(Value::Integer(i64::MAX), Value::Integer);
        self.connection
            .prepare_cached(
                "select e.id, e.at, e.kind, e.source_id, s.address, e.post_id, p.address, e.detail
                 from event e left join source s on s.id = e.source_id left join post p on p.id = e.post_id
                 where e.id < ?1 order by e.id desc limit ?2",
            )?
            .query_map((before, most as i64), |row| {
                let both = |id: Option<i64>, address: Option<String>| id.zip(address);
                Ok(EventRow {
                    id: row.get(0)?,
                    at: row.get(1)?,
                    kind: row.get(2)?,
                    source: both(row.get(3)?, row.get(4)?),
                    post: both(row.get(5)?, row.get(6)?),
                    detail: row.get(7)?,
                })
            })?
            .collect()
    }
}
