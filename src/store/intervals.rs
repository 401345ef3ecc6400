//! Longest intervals that are not the same for all.

use super::Writing;

/// A day in milliseconds.
const DAY: i64 = 24 * 3_600_000;

/// What is due later than its longest interval allows is due then. Those that fail or are dead have intervals of their
/// own. `?1` is the interval in milliseconds.
const PULL_IN: &str = "update source set next_visit_at = last_visit_at + ?1
     where next_visit_at > last_visit_at + ?1 and standing in ('alive', 'revived', 'uncertain')";

impl Writing<'_> {
    /// Takes over the intervals that inputs ask for: they hold for sources that no other input cites, the shortest one
    /// where several ask.
    pub fn apply_input_intervals(&self) -> rusqlite::Result<()> {
        let is_used: bool = self
            .connection
            .prepare_cached(
                "select exists (select 1 from input where json_extract(options, '$.interval_days') is not null)
                     or exists (select 1 from source where interval_days is not null)",
            )?
            .query_row([], |row| row.get(0))?;
        if !is_used {
            return Ok(());
        }
        self.connection
            .prepare_cached(
                "update source set interval_days = asked.days,
                     next_visit_at = iif(asked.days is not null and standing in ('alive', 'revived', 'uncertain'),
                         min(next_visit_at, last_visit_at + asked.days * ?1), next_visit_at)
                 from (select c.source_id as id,
                           iif(count(*) = count(json_extract(i.options, '$.interval_days')),
                               min(json_extract(i.options, '$.interval_days')), null) as days
                       from citation c join post p on p.id = c.post_id join document d on d.id = p.document_id
                       join input i on i.id = d.input_id
                       where c.gone_at is null and i.removed_at is null and i.kind <> 'by-hand'
                       group by c.source_id) asked
                 where source.id = asked.id and source.interval_days is not asked.days",
            )?
            .execute([DAY])?;
        Ok(())
    }

    /// Makes sources of a host, and of all hosts below it, due after this many days at the latest.
    pub fn pull_in_host(&self, host: &str, days: u32) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(&format!(
                "{PULL_IN} and interval_days is null
                   and host_id in (select id from host where name = ?2 or substr(name, -length(?2) - 1) = '.' || ?2)"
            ))?
            .execute((i64::from(days) * DAY, host))?;
        Ok(())
    }

    /// Makes a source due after this many days at the latest.
    pub fn pull_in_source(&self, address: &str, days: u32) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(&format!("{PULL_IN} and address = ?2"))?
            .execute((i64::from(days) * DAY, address))?;
        Ok(())
    }
}
