//! What sources came to lately, as events tell it, and as it still is.

use std::collections::HashSet;

use super::Reading;

/// What a source came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CameTo {
    /// It is confirmed dead.
    Dead,
    /// It does not say any more what is quoted from it.
    QuoteLost,
    /// It is there, and says something else.
    Drifted,
    /// It fails, and is not confirmed dead.
    Failing,
    /// It is back.
    Revived,
}

/// One change that still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The number of the event that told it.
    pub event_id: i64,
    /// When it happened, in milliseconds since the epoch.
    pub at: i64,
    /// Which source.
    pub source_id: i64,
    /// What it came to.
    pub to: CameTo,
}

/// The newest changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// The number of the newest event; 0 where there is none.
    pub newest: i64,
    /// The events with greater numbers than this were looked through.
    pub after: i64,
    /// What they told that still holds, newest first: each change of each source once, and each quote.
    pub changes: Vec<Change>,
}

impl Reading<'_> {
    /// What the newest events tell, so many of them, but none that are as old as this one. What was first found of a source is no change.
    pub fn lately(&self, after: i64, most: usize) -> rusqlite::Result<News> {
        let newest: i64 = self
            .connection
            .prepare_cached("select coalesce(max(id), 0) from event")?
            .query_row([], |row| row.get(0))?;
        let after = after.max(newest.saturating_sub(most as i64));
        let mut query = self.connection.prepare_cached(
            "select e.id, e.at, e.source_id, e.kind, l.standing, l.verdict, e.detail ->> 'to', coalesce(e.detail ->> 'quote', 0)
             from event e cross join listed l on l.source_id = e.source_id
             where e.id > ?1 and (e.kind in ('quote-lost', 'quote-back')
                 or e.kind in ('standing-changed', 'verdict-changed') and e.detail ->> 'from' is not null)
             order by e.id desc",
        )?;
        let mut rows = query.query([after])?;
        let (mut seen, mut quotes, mut changes) = (HashSet::new(), HashSet::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let (source_id, kind): (i64, String) = (row.get(2)?, row.get(3)?);
            let to: Option<String> = row.get(6)?;
            let came_to = match (kind.as_str(), to.as_deref()) {
                ("standing-changed", Some("dead")) => CameTo::Dead,
                ("standing-changed", Some("failing")) => CameTo::Failing,
                ("standing-changed", Some("revived")) => CameTo::Revived,
                ("verdict-changed", Some("drifted")) => CameTo::Drifted,
                ("quote-lost" | "quote-back", _) => CameTo::QuoteLost,
                _ => continue,
            };
            let is_so = if came_to == CameTo::QuoteLost {
                // What was told of a quote last counts.
                quotes.insert((source_id, row.get::<_, i64>(7)?)) && kind == "quote-lost"
            } else {
                let now: Option<String> =
                    row.get(if came_to == CameTo::Drifted { 5 } else { 4 })?;
                seen.insert((source_id, came_to)) && now == to
            };
            if is_so {
                changes.push(Change {
                    event_id: row.get(0)?,
                    at: row.get(1)?,
                    source_id,
                    to: came_to,
                });
            }
        }
        Ok(News {
            newest,
            after,
            changes,
        })
    }
}
