//! What waits for the end of its run: visits that were not fine count only where the run can be trusted.

use super::runs::NewEvent;
use super::sources::{INTERVAL_DAYS, STATE_COLUMNS, SourceState, state};
use super::{Reading, Writing};

/// An input's first days, in which what is found dead was dead before, in milliseconds.
pub const BACKLOG_MS: i64 = 14 * 24 * 3_600_000;

/// A visit that was not fine, as it is noted with the visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUnsettled {
    /// The verdict's code.
    pub code: String,
    /// Whether it was a hard sign.
    pub hard: bool,
    /// Whether it was the second look.
    pub second_look: bool,
    /// Whether the source had been there at the last visit that counted.
    pub had_answered: bool,
    /// The host is not to be asked before, in milliseconds since the epoch; 0 where it did not say.
    pub not_before: i64,
}

/// The same, with what it is settled with.
#[derive(Debug, Clone)]
pub struct Unsettled {
    /// The visit.
    pub visit_id: i64,
    /// When it was made.
    pub at: i64,
    /// What was noted.
    pub noted: NewUnsettled,
    /// The source.
    pub source_id: i64,
    /// Its address.
    pub address: String,
    /// Its host.
    pub host: String,
    /// Its state, as far as it is settled.
    pub state: SourceState,
    /// The verdict that stands, and since when.
    pub verdict: Option<(String, i64)>,
    /// When the youngest post that cites it was published.
    pub newest_post_at: Option<i64>,
    /// The longest interval that an input asks for, in days.
    pub interval_days: Option<u32>,
    /// Whether it was never fine, and all inputs that cite it were new when this visit was made: no news.
    pub is_backlog: bool,
    /// Whether the user has said what to think of it, and the verdict is still the one of then.
    pub is_marked: bool,
}

/// What follows from one.
#[derive(Debug, Clone)]
pub struct Settled {
    /// The visit.
    pub visit_id: i64,
    /// The source.
    pub source_id: i64,
    /// Its state from now on.
    pub state: SourceState,
    /// The verdict that stands from now on, and since when.
    pub verdict: (String, i64),
    /// What happened.
    pub events: Vec<NewEvent>,
}

impl Writing<'_> {
    pub(super) fn add_unsettled(
        &self,
        visit_id: i64,
        run_id: i64,
        source_id: i64,
        at: i64,
        new: &NewUnsettled,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "insert into unsettled (visit_id, run_id, source_id, at, code, hard, second_look, had_answered,
                     not_before) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute((
                visit_id,
                run_id,
                source_id,
                at,
                &new.code,
                new.hard,
                new.second_look,
                new.had_answered,
                new.not_before,
            ))?;
        Ok(())
    }

    /// Counts visits that waited.
    pub fn settle(&self, settled: &[Settled]) -> rusqlite::Result<()> {
        for one in settled {
            let state = &one.state;
            self.connection
                .prepare_cached(
                    "update source set standing = ?2, standing_since = ?3, strikes = ?4, first_strike_at = ?5,
                         last_strike_at = ?6, hard_strikes = ?7, last_hard_strike_at = ?8, failures_in_row = ?9,
                         unclear_in_row = ?10, dead_since = ?11, dead_visits = ?12, second_look_due = ?13,
                         next_visit_at = ?14, verdict = ?15, verdict_since = ?16, verdict_visit_id = ?17,
                         moved_to = null
                     where id = ?1",
                )?
                .execute(rusqlite::params![
                    one.source_id,
                    state.standing,
                    state.standing_since,
                    state.strikes,
                    state.first_strike_at,
                    state.last_strike_at,
                    state.hard_strikes,
                    state.last_hard_strike_at,
                    state.failures_in_row,
                    state.unclear_in_row,
                    state.dead_since,
                    state.dead_visits,
                    state.second_look_due,
                    state.next_visit_at,
                    one.verdict.0,
                    one.verdict.1,
                    one.visit_id,
                ])?;
            for event in &one.events {
                self.insert_event(event, Some(one.visit_id), None)?;
            }
            // What is told of drift later is told against this.
            self.connection
                .prepare_cached(
                    "update untold set verdict = ?2 where source_id = ?1 and quote_id = 0",
                )?
                .execute((one.source_id, &one.verdict.0))?;
            self.forget_unsettled(one.visit_id)?;
        }
        Ok(())
    }

    /// Lets go of visits that do not count: which, of which source, and when that is visited again.
    pub fn set_aside(&self, visits: &[(i64, i64, i64)]) -> rusqlite::Result<()> {
        for (visit_id, source_id, next_visit_at) in visits {
            self.put_off(*source_id, *next_visit_at)?;
            self.forget_unsettled(*visit_id)?;
        }
        Ok(())
    }

    pub(super) fn forget_unsettled(&self, visit_id: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("delete from unsettled where visit_id = ?1")?
            .execute([visit_id])?;
        Ok(())
    }

    /// Tells of each input whose first days are over how many of its sources had been dead before it was added: one
    /// event an input, and only if there are some.
    pub fn tell_backlogs(&self, run_id: i64, now: i64) -> rusqlite::Result<()> {
        let inputs: Vec<i64> = self
            .connection
            .prepare_cached(
                "select id from input where backlog_told_at is null and removed_at is null and added_at <= ?1",
            )?
            .query_map([now.saturating_sub(BACKLOG_MS)], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for input_id in inputs {
            let (sources, dead): (i64, i64) = self
                .connection
                .prepare_cached(
                    "select count(*), coalesce(sum(s.dead_since is not null and s.last_fine_at is null), 0)
                     from source s where s.id in (
                         select c.source_id from citation c join post p on p.id = c.post_id
                         join document d on d.id = p.document_id
                         where d.input_id = ?1 and c.gone_at is null)",
                )?
                .query_row([input_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if dead > 0 {
                let event = NewEvent {
                    at: now,
                    run_id: Some(run_id),
                    kind: "backlog",
                    input_id: Some(input_id),
                    detail: format!(r#"{{"sources":{sources},"dead":{dead}}}"#),
                    ..NewEvent::default()
                };
                self.insert_event(&event, None, None)?;
            }
            self.connection
                .prepare_cached("update input set backlog_told_at = ?2 where id = ?1")?
                .execute((input_id, now))?;
        }
        Ok(())
    }
}

impl Reading<'_> {
    /// Runs that left something to settle, in their order, each with what was thought of its clock.
    pub fn unsettled_runs(&self) -> rusqlite::Result<Vec<(i64, Option<String>)>> {
        self.connection
            .prepare_cached(
                "select id, clock from run where id in (select run_id from unsettled
                     union select second_run_id from untold) order by id",
            )?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// Hands out each visit of a run: the source's site, the code where it was not fine, and whether the source had
    /// been there before.
    pub fn each_visit_of(
        &self,
        run_id: i64,
        mut take: impl FnMut(&str, Option<&str>, bool),
    ) -> rusqlite::Result<()> {
        let mut query = self.connection.prepare_cached(
            "select h.site, u.code, coalesce(u.had_answered, 0)
             from visit v cross join source s on s.id = v.source_id cross join host h on h.id = s.host_id
             left join unsettled u on u.visit_id = v.id
             where v.id >= (select coalesce(first_visit_id, 0) from run where id = ?1) and v.run_id = ?1",
        )?;
        let mut rows = query.query([run_id])?;
        while let Some(row) = rows.next()? {
            let code = match row.get_ref(1)? {
                rusqlite::types::ValueRef::Null => None,
                code => Some(code.as_str()?),
            };
            take(row.get_ref(0)?.as_str()?, code, row.get(2)?);
        }
        Ok(())
    }

    /// What is to be settled of a run, in the order of the visits, after the visit with this id.
    pub fn unsettled(
        &self,
        run_id: i64,
        after: i64,
        most: usize,
    ) -> rusqlite::Result<Vec<Unsettled>> {
        self.connection
            .prepare_cached(&format!(
                "select {STATE_COLUMNS}, u.visit_id, u.at, u.code, u.hard, u.second_look, u.had_answered, u.not_before,
                     s.id, s.address, h.name,
                     coalesce((select n.verdict from untold n where n.source_id = s.id and n.quote_id = 0), s.verdict),
                     s.verdict_since, s.newest_post_at, {INTERVAL_DAYS},
                     s.last_fine_at is null and u.at < ?4 + coalesce((
                         select min(i.added_at) from citation c join post p on p.id = c.post_id
                         join document d on d.id = p.document_id join input i on i.id = d.input_id
                         where c.source_id = s.id and c.gone_at is null and i.kind <> 'by-hand'), 0),
                     exists (select 1 from mark m where m.source_id = s.id and coalesce(m.verdict, u.code) = u.code
                         and (m.until is null or m.until > u.at))
                 from unsettled u cross join source s on s.id = u.source_id cross join host h on h.id = s.host_id
                 where u.run_id = ?1 and u.visit_id > ?2 order by u.visit_id limit ?3"
            ))?
            .query_map((run_id, after, most as i64, BACKLOG_MS), |row| {
                let verdict: Option<String> = row.get(29)?;
                let verdict_since: Option<i64> = row.get(30)?;
                Ok(Unsettled {
                    state: state(row, 0)?,
                    visit_id: row.get(19)?,
                    at: row.get(20)?,
                    noted: NewUnsettled {
                        code: row.get(21)?,
                        hard: row.get(22)?,
                        second_look: row.get(23)?,
                        had_answered: row.get(24)?,
                        not_before: row.get(25)?,
                    },
                    source_id: row.get(26)?,
                    address: row.get(27)?,
                    host: row.get(28)?,
                    verdict: verdict.zip(verdict_since),
                    newest_post_at: row.get(31)?,
                    interval_days: row.get(32)?,
                    is_backlog: row.get(33)?,
                    is_marked: row.get(34)?,
                })
            })?
            .collect()
    }

    /// Sources that were there when they were last visited, longest ago first, on hosts that this run did not visit.
    pub fn controls(&self, run_id: i64, most: usize) -> rusqlite::Result<Vec<i64>> {
        self.connection
            .prepare_cached(
                "select id from (
                     select min(s.id) as id, min(s.last_visit_at) as at from source s
                     where s.standing = 'alive' and s.next_visit_at is not null
                       and s.host_id not in (
                           select o.host_id from visit v cross join source o on o.id = v.source_id
                           where v.id >= (select coalesce(first_visit_id, 0) from run where id = ?1) and v.run_id = ?1)
                     group by s.host_id)
                 order by at limit ?2",
            )?
            .query_map((run_id, most as i64), |row| row.get(0))?
            .collect()
    }

    /// When the first run began, after this instant, that was suspect for this reason.
    pub fn first_doubted(&self, doubt: &str, after: i64) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached(
                "select min(started_at) from run where suspect = 1 and doubt = ?1 and started_at > ?2",
            )?
            .query_row((doubt, after), |row| row.get(0))
    }

    /// Whether a run that began after this instant was suspect for this reason.
    pub fn was_doubted(&self, doubt: &str, after: i64) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached(
                "select exists (select 1 from run where suspect = 1 and doubt = ?1 and started_at > ?2)",
            )?
            .query_row((doubt, after), |row| row.get(0))
    }
}
