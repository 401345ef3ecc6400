//! What was seen, to be judged again: features, and the verdicts that replace others.

use rusqlite::OptionalExtension;

use super::drift::{NewDrift, UntoldStep};
use super::quotes::LookedIn;
use super::runs::NewEvent;
use super::settling::{BACKLOG_MS, NewUnsettled};
use super::sources::{INTERVAL_DAYS, STATE_COLUMNS, SourceState, state};
use super::visits::{FeaturesRow, VerdictRow};
use super::{Reading, Writing, blob, texts};

/// A source that was visited, with what its standing rests on.
#[derive(Debug, Clone)]
pub struct SeenSource {
    /// Its id.
    pub id: i64,
    /// Its canonical address.
    pub address: String,
    /// Its host.
    pub host: String,
    /// Its state.
    pub state: SourceState,
    /// The verdict that stands, and since when.
    pub verdict: Option<(String, i64)>,
    /// The visit whose verdict that is.
    pub verdict_visit_id: Option<i64>,
    /// When the youngest post that cites it was published.
    pub newest_post_at: Option<i64>,
    /// The longest interval that an input asks for, in days.
    pub interval_days: Option<u32>,
    /// Whether it was never fine, and was found so in the first days of its inputs: no news.
    pub is_backlog: bool,
    /// What a user says of it, if that holds: the mark, and the verdict that has to stand.
    pub mark: Option<(String, Option<String>)>,
}

/// A visit that saw something new, with its verdict. Those that confirm it inherit that.
#[derive(Debug, Clone)]
pub struct SeenVisit {
    /// The visit.
    pub id: i64,
    /// When it was made.
    pub at: i64,
    /// What it saw.
    pub outcome_id: i64,
    /// All of that, as JSON.
    pub facts: String,
    /// Media type of the body.
    pub media_type: Option<String>,
    /// The verdict's code.
    pub code: Option<String>,
    /// The evidence, as JSON.
    pub evidence: Option<String>,
    /// The version of the judge.
    pub judge_version: Option<u32>,
    /// The features of the version that was asked for, as JSON, where they are stored.
    pub features: Option<String>,
}

/// The body that an outcome tells of.
#[derive(Debug, Clone)]
pub struct OutcomeBody {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether that is all of it.
    pub is_whole: bool,
    /// Whether a copy holds it, so that it is there to be read again.
    pub in_a_copy: bool,
}

/// A visit as the history of its source counts it.
#[derive(Debug, Clone)]
pub struct HistoryVisit {
    /// The visit.
    pub id: i64,
    /// When it was made.
    pub at: i64,
    /// The visit that it confirms, or itself.
    pub root_id: i64,
    /// Its run.
    pub run_id: i64,
    /// Whether that is suspect.
    pub suspect: bool,
    /// What was thought of the clock in it.
    pub clock: Option<String>,
    /// Whether it waits for the end of its run.
    pub unsettled: bool,
}

/// What becomes of a source that was judged again.
#[derive(Debug, Clone, Default)]
pub struct Rejudged {
    /// Features that were drawn anew, by outcome.
    pub features: Vec<(i64, FeaturesRow)>,
    /// Verdicts that replace others, by visit.
    pub verdicts: Vec<(i64, VerdictRow)>,
    /// How far the source had drifted, by visit: what replaces what was noted, and what is not so.
    pub drifts: Vec<(i64, Option<NewDrift>)>,
    /// The source of these.
    pub source_id: i64,
    /// What its history adds up to now, where verdicts changed.
    pub standing: Option<Restood>,
}

impl Rejudged {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
            && self.verdicts.is_empty()
            && self.drifts.is_empty()
            && self.standing.is_none()
    }
}

/// What the history of a source adds up to, judged again.
#[derive(Debug, Clone)]
pub struct Restood {
    /// The source.
    pub source_id: i64,
    /// Its state.
    pub state: SourceState,
    /// The verdict that stands, and since when.
    pub verdict: Option<(String, i64)>,
    /// The visit whose verdict that is.
    pub verdict_visit_id: Option<i64>,
    /// The last fine visit that a conditional request can name.
    pub fine_visit_id: Option<i64>,
    /// Where it moved to.
    pub moved_to: Option<String>,
    /// Visits that wait for the end of their run: the visit, its run, when it was made, and with what it waits; nothing
    /// where it does not wait any more.
    pub unsettled: Vec<(i64, i64, i64, Option<NewUnsettled>)>,
    /// What happened.
    pub events: Vec<NewEvent>,
    /// What follows for what waits to be told.
    pub untold: Option<UntoldStep>,
}

impl Reading<'_> {
    /// Sources that were visited, after the one with this id, and how many visits each has: so many sources at most, and
    /// no more once they have so many visits.
    pub fn seen_sources(
        &self,
        after: i64,
        most: usize,
        most_visits: u64,
    ) -> rusqlite::Result<Vec<i64>> {
        let mut query = self.connection.prepare_cached(
            "select id, visits from source where id > ?1 and last_visit_id is not null order by id limit ?2",
        )?;
        let mut rows = query.query((after, most as i64))?;
        let (mut ids, mut visits) = (Vec::new(), 0_u64);
        while let Some(row) = rows.next()? {
            ids.push(row.get(0)?);
            visits = visits.saturating_add(row.get::<_, u32>(1)?.into());
            if visits >= most_visits {
                break;
            }
        }
        Ok(ids)
    }

    /// How many sources were visited.
    pub fn count_seen(&self) -> rusqlite::Result<i64> {
        self.connection.query_row(
            "select count(*) from source where last_visit_id is not null",
            [],
            |row| row.get(0),
        )
    }

    /// Sources that a run found, by redirects, where others ended too. By id.
    pub fn ended_together(&self, run_id: i64) -> rusqlite::Result<Vec<i64>> {
        self.connection
            .prepare_cached(
                "select distinct v.source_id from visit v cross join outcome o on o.id = v.outcome_id
                 where v.id >= (select coalesce(first_visit_id, 0) from run where id = ?1) and v.run_id = ?1
                     and o.final_url is not null and o.status between 200 and 299
                     and exists (select 1 from outcome n where n.final_url = o.final_url and n.id <> o.id)
                 order by v.source_id",
            )?
            .query_map([run_id], |row| row.get(0))?
            .collect()
    }

    /// The address of a source.
    pub fn address_of(&self, id: i64) -> rusqlite::Result<Option<String>> {
        self.connection
            .prepare_cached("select address from source where id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()
    }

    /// A source that was visited, with what its standing rests on.
    pub fn seen_source(&self, id: i64, now: i64) -> rusqlite::Result<Option<SeenSource>> {
        self.connection
            .prepare_cached(&format!(
                "select {STATE_COLUMNS}, s.id, s.address, h.name, s.verdict, s.verdict_since, s.verdict_visit_id,
                     s.newest_post_at, {INTERVAL_DAYS}, m.mark, m.verdict,
                     s.last_fine_at is null and coalesce(s.first_strike_at, s.verdict_since) < ?3 + coalesce((
                         select min(i.added_at) from citation c join post p on p.id = c.post_id
                         join document d on d.id = p.document_id join input i on i.id = d.input_id
                         where c.source_id = s.id and c.gone_at is null and i.kind <> 'by-hand'), 0)
                 from source s join host h on h.id = s.host_id
                 left join mark m on m.source_id = s.id and (m.until is null or m.until > ?2)
                 where s.id = ?1"
            ))?
            .query_row((id, now, BACKLOG_MS), |row| {
                let verdict: Option<String> = row.get(22)?;
                let mark: Option<String> = row.get(27)?;
                let while_verdict: Option<String> = row.get(28)?;
                Ok(SeenSource {
                    state: state(row, 0)?,
                    id: row.get(19)?,
                    address: row.get(20)?,
                    host: row.get(21)?,
                    verdict: verdict.zip(row.get(23)?),
                    verdict_visit_id: row.get(24)?,
                    newest_post_at: row.get(25)?,
                    interval_days: row.get(26)?,
                    mark: mark.map(|mark| (mark, while_verdict)),
                    is_backlog: row.get::<_, Option<bool>>(29)?.unwrap_or(false),
                })
            })
            .optional()
    }

    /// The visits of a source that saw something new, oldest first, with their features of this version.
    pub fn seen_visits(&self, source_id: i64, version: u32) -> rusqlite::Result<Vec<SeenVisit>> {
        self.connection
            .prepare_cached(&format!(
                "select v.id, v.at, v.outcome_id, {}, o.media_type, j.code, {}, j.judge_version, f.detail
                 from visit v cross join outcome o on o.id = v.outcome_id
                 left join verdict j on j.visit_id = v.id
                 left join features f on f.outcome_id = v.outcome_id and f.version = ?2
                 where v.source_id = ?1 and v.confirms is null order by v.id",
                texts::facts("o"),
                texts::evidence("j")
            ))?
            .query_map((source_id, version), |row| {
                Ok(SeenVisit {
                    id: row.get(0)?,
                    at: row.get(1)?,
                    outcome_id: row.get(2)?,
                    facts: row.get(3)?,
                    media_type: row.get(4)?,
                    code: row.get(5)?,
                    evidence: row.get(6)?,
                    judge_version: row.get(7)?,
                    features: row.get(8)?,
                })
            })?
            .collect()
    }

    /// When the last visit of a source was made that confirms this one.
    pub fn last_confirmed_at(
        &self,
        source_id: i64,
        visit_id: i64,
    ) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached("select max(at) from visit where source_id = ?1 and confirms = ?2")?
            .query_row((source_id, visit_id), |row| row.get(0))
    }

    /// All visits of a source, oldest first, as its history counts them.
    pub fn history(&self, source_id: i64) -> rusqlite::Result<Vec<HistoryVisit>> {
        self.connection
            .prepare_cached(
                "select v.id, v.at, coalesce(v.confirms, v.id), v.run_id, r.suspect, r.clock,
                     exists (select 1 from unsettled u where u.visit_id = v.id)
                 from visit v cross join run r on r.id = v.run_id where v.source_id = ?1 order by v.id",
            )?
            .query_map([source_id], |row| {
                Ok(HistoryVisit {
                    id: row.get(0)?,
                    at: row.get(1)?,
                    root_id: row.get(2)?,
                    run_id: row.get(3)?,
                    suspect: row.get(4)?,
                    clock: row.get(5)?,
                    unsettled: row.get(6)?,
                })
            })?
            .collect()
    }

    /// The body that an outcome tells of, or what is kept of it. Of a page that is judged by what a browser made of
    /// it, it is that document.
    pub fn outcome_body(&self, outcome_id: i64) -> rusqlite::Result<Option<OutcomeBody>> {
        let (whole, part): (Option<i64>, Option<i64>) = self
            .connection
            .prepare_cached(
                "select (select b.id from blob b where b.sha256 = coalesce(o.rendered_sha256, o.body_sha256)),
                     o.body_id
                 from outcome o where o.id = ?1",
            )?
            .query_row([outcome_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let Some(id) = whole.or(part) else {
            return Ok(None);
        };
        let Some(bytes) = blob::get(self.connection, id)? else {
            return Ok(None);
        };
        let in_a_copy = self
            .connection
            .prepare_cached(
                "select exists (select 1 from capture where body_id = ?1)
                     or exists (select 1 from rendering where dom_id = ?1)",
            )?
            .query_row([id], |row| row.get(0))?;
        Ok(Some(OutcomeBody {
            bytes,
            is_whole: whole.is_some(),
            in_a_copy,
        }))
    }

    /// The number of the first visit of a run, or that its first visit has.
    pub fn first_visit_of(&self, run_id: i64) -> rusqlite::Result<i64> {
        self.connection
            .prepare_cached("select coalesce(first_visit_id, 0) from run where id = ?1")?
            .query_row([run_id], |row| row.get(0))
    }
}

impl Writing<'_> {
    /// Keeps what was judged again, a source whole or not at all.
    pub fn keep_rejudged(&self, all: &[Rejudged], now: i64) -> rusqlite::Result<()> {
        for one in all {
            for (outcome_id, features) in &one.features {
                self.keep_features(*outcome_id, features)?;
            }
            for (visit_id, verdict) in &one.verdicts {
                self.connection
                    .prepare_cached(
                        "insert into verdict (visit_id, code, judge_version, judged_at)
                         values (?1, ?2, ?3, ?4)
                         on conflict do update set code = excluded.code, judge_version = excluded.judge_version, judged_at = excluded.judged_at",
                    )?
                    .execute((
                        visit_id,
                        &verdict.code,
                        verdict.judge_version,
                        now,
                    ))?;
                self.keep_texts(*visit_id, None, Some(&verdict.evidence), None)?;
            }
            for (visit_id, drift) in &one.drifts {
                match drift {
                    Some(drift) => self.keep_drift(one.source_id, *visit_id, drift)?,
                    None => self.forget_drift(*visit_id)?,
                }
            }
            if let Some(standing) = &one.standing {
                self.restand(standing)?;
                // A visit that is not fine any more leaves no baseline.
                self.choose_baseline(standing.source_id)?;
            }
        }
        Ok(())
    }

    fn restand(&self, new: &Restood) -> rusqlite::Result<()> {
        let state = &new.state;
        self.connection
            .prepare_cached(
                "update source set standing = ?2, standing_since = ?3, strikes = ?4, first_strike_at = ?5,
                     last_strike_at = ?6, hard_strikes = ?7, last_hard_strike_at = ?8, failures_in_row = ?9,
                     unclear_in_row = ?10, quiet_visits = ?11, last_fine_at = ?12, last_changed_at = ?13,
                     dead_since = ?14, dead_visits = ?15, revived_at = ?16, second_look_due = ?17,
                     next_visit_at = iif(next_visit_at is null, null, ?18), verdict = ?19, verdict_since = ?20,
                     verdict_visit_id = ?21, fine_visit_id = ?22, moved_to = ?23
                 where id = ?1",
            )?
            .execute(rusqlite::params![
                new.source_id,
                state.standing,
                state.standing_since,
                state.strikes,
                state.first_strike_at,
                state.last_strike_at,
                state.hard_strikes,
                state.last_hard_strike_at,
                state.failures_in_row,
                state.unclear_in_row,
                state.quiet_visits,
                state.last_fine_at,
                state.last_changed_at,
                state.dead_since,
                state.dead_visits,
                state.revived_at,
                state.second_look_due,
                state.next_visit_at,
                new.verdict.as_ref().map(|(code, _)| code),
                new.verdict.as_ref().map(|(_, since)| since),
                new.verdict_visit_id,
                new.fine_visit_id,
                new.moved_to,
            ])?;
        for (visit_id, run_id, at, waits) in &new.unsettled {
            let Some(waits) = waits else {
                self.forget_unsettled(*visit_id)?;
                continue;
            };
            let known = self
                .connection
                .prepare_cached("update unsettled set code = ?2, hard = ?3 where visit_id = ?1")?
                .execute((visit_id, &waits.code, waits.hard))?;
            if known == 0 {
                self.add_unsettled(*visit_id, *run_id, new.source_id, *at, waits)?;
            }
        }
        for event in &new.events {
            self.insert_event(event, new.verdict_visit_id, None)?;
        }
        if let Some(step) = &new.untold {
            let text = LookedIn {
                at: 0,
                visit_id: new.verdict_visit_id,
                capture_id: None,
            };
            self.untold_step(new.source_id, text, 0, step)?;
        }
        Ok(())
    }

    /// Keeps what was drawn from the body of an outcome, in the place of what the same version drew before.
    pub fn keep_features(&self, outcome_id: i64, features: &FeaturesRow) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "insert into features (outcome_id, version, title, canonical, language, text_chars, detail)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 on conflict do update set title = excluded.title, canonical = excluded.canonical,
                     language = excluded.language, text_chars = excluded.text_chars, detail = excluded.detail",
            )?
            .execute((
                outcome_id,
                features.version,
                &features.title,
                &features.canonical,
                &features.language,
                features.text_chars as i64,
                &features.detail,
            ))?;
        Ok(())
    }
}
