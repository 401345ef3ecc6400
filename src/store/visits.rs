//! Visits: facts written once, with their features and verdict beside them.
//!
//! Facts are interned: equal facts are one `outcome`, so that a visit that found nothing new is one short row. Such a
//! visit names the one it confirms and has no verdict of its own; it inherits that one's.

use rusqlite::OptionalExtension;

use super::Writing;
use super::blob::{self, Packed};
use super::captures::NewCapture;
use super::chain::{START, Sha, VisitLink};
use super::drift::NewSaid;
use super::quotes::LookedIn;
use super::runs::NewEvent;
use super::settling::NewUnsettled;
use super::sources::SourceState;

/// What was seen, to be interned.
#[derive(Debug, Clone)]
pub struct OutcomeRow {
    /// SHA-256 of `facts`.
    pub sha256: Sha,
    /// Status of the last hop.
    pub status: Option<u16>,
    /// Family of the failure.
    pub failure: Option<String>,
    /// Where it ended, if that is not where it began.
    pub final_url: Option<String>,
    /// Media type of the body.
    pub media_type: Option<String>,
    /// SHA-256 of the body.
    pub body_sha256: Option<Sha>,
    /// SHA-256 of the document that a browser made of it, where the page is judged by that.
    pub rendered_sha256: Option<Sha>,
    /// All of it, as JSON.
    pub facts: String,
    /// The body, if it is to be kept with the facts.
    pub body: Option<Packed>,
}

/// What our code drew from the body.
#[derive(Debug, Clone)]
pub struct FeaturesRow {
    /// Version of the code.
    pub version: u32,
    /// Title.
    pub title: Option<String>,
    /// `rel=canonical`.
    pub canonical: Option<String>,
    /// Language.
    pub language: Option<String>,
    /// Characters of visible text.
    pub text_chars: u64,
    /// The rest, as JSON.
    pub detail: String,
}

/// What the judge says.
#[derive(Debug, Clone)]
pub struct VerdictRow {
    /// The code.
    pub code: String,
    /// Evidence, as JSON.
    pub evidence: String,
    /// Version of the judge.
    pub judge_version: u32,
}

/// Another address of the source.
#[derive(Debug, Clone)]
pub struct NewAlias {
    /// The address, canonical.
    pub address: String,
    /// `scheme`, `www`, `slash`, `trivial`, `moved`, `canonical`.
    pub reason: &'static str,
}

/// One look at a source, with everything that follows from it.
#[derive(Debug, Clone)]
pub struct NewVisit {
    /// The source.
    pub source_id: i64,
    /// The source's canonical address.
    pub address: String,
    /// In which run.
    pub run_id: i64,
    /// When it began.
    pub at: i64,
    /// What was seen; `None` where `confirms` says it all.
    pub outcome: Option<OutcomeRow>,
    /// The earlier visit whose facts were found again.
    pub confirms: Option<i64>,
    /// Whether the server said so (304), rather than sending the same again.
    pub not_modified: bool,
    /// Whose address answered.
    pub peer: Option<String>,
    /// How long it took.
    pub elapsed_ms: u64,
    /// How long until the first byte.
    pub first_byte_ms: Option<u64>,
    /// What was drawn from the body.
    pub features: Option<FeaturesRow>,
    /// The verdict; `None` where it is inherited.
    pub verdict: Option<VerdictRow>,
    /// The verdict that stands now, and since when; `None` where the one before stands until the run has ended.
    pub standing_verdict: Option<(String, i64)>,
    /// Where it moved to.
    pub moved_to: Option<String>,
    /// The state after this visit.
    pub state: SourceState,
    /// Whether this visit is one that a later conditional request can name.
    pub fine: bool,
    /// Whether it was unconditional.
    pub full: bool,
    /// What robots.txt says of the address.
    pub robots: Option<&'static str>,
    /// The capture to seal.
    pub capture: Option<NewCapture>,
    /// Other addresses of the source that were learned.
    pub aliases: Vec<NewAlias>,
    /// What happened.
    pub events: Vec<NewEvent>,
    /// What is settled when the run has ended.
    pub unsettled: Option<NewUnsettled>,
    /// What was found in what the page says, and what waits to be told of it.
    pub said: NewSaid,
}

impl Writing<'_> {
    /// Records a visit and all that follows from it. Gives its id, and the capture's if one was sealed.
    pub fn record_visit(&self, visit: &NewVisit) -> rusqlite::Result<(i64, Option<i64>)> {
        let (outcome_id, outcome_sha, facts) = self.outcome(visit)?;
        let visit_id = self.insert_visit(visit, outcome_id, &outcome_sha)?;
        if let Some(features) = &visit.features {
            self.connection
                .prepare_cached(
                    "insert into features (outcome_id, version, title, canonical, language, text_chars, detail)
                     values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict do nothing",
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
        }
        if let Some(verdict) = &visit.verdict {
            self.connection
                .prepare_cached(
                    "insert into verdict (visit_id, code, judge_version, judged_at)
                     values (?1, ?2, ?3, ?4)",
                )?
                .execute((visit_id, &verdict.code, verdict.judge_version, visit.at))?;
        }
        let evidence = visit.verdict.as_ref().map(|verdict| &*verdict.evidence);
        if facts.is_some() || evidence.is_some() {
            self.keep_texts(visit_id, facts, evidence, None)?;
        }
        let capture_id = match &visit.capture {
            Some(capture) => Some(self.seal_capture(capture, Some(visit_id), None, None)?),
            None => None,
        };
        for alias in &visit.aliases {
            self.add_alias(alias, visit)?;
        }
        self.update_source(visit, visit_id, capture_id)?;
        let text = LookedIn {
            at: visit.at,
            visit_id: Some(visit_id),
            capture_id: capture_id.or(visit.said.capture_id),
        };
        self.keep_said(visit.source_id, visit.run_id, text, &visit.said)?;
        for event in &visit.events {
            self.insert_event(event, Some(visit_id), capture_id)?;
        }
        if let Some(new) = &visit.unsettled {
            self.add_unsettled(visit_id, visit.run_id, visit.source_id, visit.at, new)?;
        }
        Ok((visit_id, capture_id))
    }

    /// The outcome of a visit, its digest, and its facts where they are new.
    fn outcome<'v>(
        &self,
        visit: &'v NewVisit,
    ) -> rusqlite::Result<(i64, Vec<u8>, Option<&'v str>)> {
        let Some(outcome) = &visit.outcome else {
            return self
                .connection
                .prepare_cached(
                    "select o.id, o.sha256 from visit v join outcome o on o.id = v.outcome_id where v.id = ?1",
                )?
                .query_row([visit.confirms], |row| Ok((row.get(0)?, row.get(1)?, None)));
        };
        let known = self
            .connection
            .prepare_cached("select id from outcome where sha256 = ?1")?
            .query_row([&outcome.sha256[..]], |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok((id, outcome.sha256.to_vec(), None));
        }
        let body = match &outcome.body {
            Some(packed) => Some(blob::put(self.connection, packed)?.0),
            None => None,
        };
        self.connection
            .prepare_cached(
                "insert into outcome (sha256, status, failure, final_url, media_type, body_sha256, body_id,
                     rendered_sha256, text_of)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, (select coalesce(max(id), 0) + 1 from visit))",
            )?
            .execute((
                &outcome.sha256[..],
                outcome.status,
                &outcome.failure,
                &outcome.final_url,
                &outcome.media_type,
                outcome.body_sha256.as_ref().map(|sha| &sha[..]),
                body,
                outcome.rendered_sha256.as_ref().map(|sha| &sha[..]),
            ))?;
        let id = self.connection.last_insert_rowid();
        Ok((id, outcome.sha256.to_vec(), Some(&outcome.facts)))
    }

    fn insert_visit(
        &self,
        visit: &NewVisit,
        outcome_id: i64,
        outcome: &[u8],
    ) -> rusqlite::Result<i64> {
        let (previous_id, previous): (i64, Sha) = self
            .connection
            .prepare_cached("select id, chain from visit order by id desc limit 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
            .unwrap_or((0, START));
        let id = previous_id + 1;
        let link = VisitLink {
            id,
            source: &visit.address,
            at: visit.at,
            outcome,
            confirms: visit.confirms,
            not_modified: visit.not_modified,
            peer: visit.peer.as_deref(),
        };
        let peer = match &visit.peer {
            Some(address) => Some(self.find_or_add_peer(address)?),
            None => None,
        };
        self.connection
            .prepare_cached(
                "insert into visit (id, source_id, at, outcome_id, confirms, not_modified, peer_id, elapsed_ms,
                     first_byte_ms, run_id, chain)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(rusqlite::params![
                id,
                visit.source_id,
                visit.at,
                outcome_id,
                visit.confirms,
                visit.not_modified,
                peer,
                visit.elapsed_ms as i64,
                visit.first_byte_ms.map(|ms| ms as i64),
                visit.run_id,
                &link.after(&previous)[..]
            ])?;
        Ok(id)
    }

    pub(super) fn find_or_add_peer(&self, address: &str) -> rusqlite::Result<i64> {
        let known = self
            .connection
            .prepare_cached("select id from peer where address = ?1")?
            .query_row([address], |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
        self.connection
            .prepare_cached("insert into peer (address) values (?1)")?
            .execute([address])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// An address that is a source of its own already stays one.
    fn add_alias(&self, alias: &NewAlias, visit: &NewVisit) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "insert into alias (address, source_id, reason, first_seen_at)
                 select ?1, ?2, ?3, ?4 where not exists (select 1 from source where address = ?1)
                 on conflict do nothing",
            )?
            .execute((&alias.address, visit.source_id, alias.reason, visit.at))?;
        Ok(())
    }

    fn update_source(
        &self,
        visit: &NewVisit,
        visit_id: i64,
        capture_id: Option<i64>,
    ) -> rusqlite::Result<()> {
        let state = &visit.state;
        self.connection
            .prepare_cached(
                "update source set standing = ?2, standing_since = ?3, strikes = ?4, first_strike_at = ?5,
                     last_strike_at = ?6, hard_strikes = ?7, last_hard_strike_at = ?8, failures_in_row = ?9,
                     quiet_visits = ?10, visits = ?11, last_fine_at = ?12, last_changed_at = ?13,
                     next_visit_at = ?14, verdict = coalesce(?15, verdict), verdict_since = coalesce(?16, verdict_since),
                     verdict_visit_id = iif(?15 is null, verdict_visit_id, ?17), last_visit_id = ?17,
                     fine_visit_id = iif(?18, ?17, fine_visit_id),
                     last_capture_id = coalesce(?19, last_capture_id),
                     moved_to = iif(?15 is null, moved_to, ?20), robots = coalesce(?21, robots),
                     last_full_visit_at = iif(?22, ?23, last_full_visit_at),
                     confirmations = iif(?22, 0, confirmations + 1),
                     unclear_in_row = ?24, last_visit_at = ?25, dead_since = ?26, dead_visits = ?27, revived_at = ?28,
                     second_look_due = ?29
                 where id = ?1",
            )?
            .execute(rusqlite::params![
                visit.source_id,
                state.standing,
                state.standing_since,
                state.strikes,
                state.first_strike_at,
                state.last_strike_at,
                state.hard_strikes,
                state.last_hard_strike_at,
                state.failures_in_row,
                state.quiet_visits,
                state.visits,
                state.last_fine_at,
                state.last_changed_at,
                state.next_visit_at,
                visit.standing_verdict.as_ref().map(|(code, _)| code),
                visit.standing_verdict.as_ref().map(|(_, since)| since),
                visit_id,
                visit.fine,
                capture_id,
                visit.moved_to,
                visit.robots,
                visit.full,
                visit.at,
                state.unclear_in_row,
                state.last_visit_at,
                state.dead_since,
                state.dead_visits,
                state.revived_at,
                state.second_look_due
            ])?;
        // A visit that confirms an earlier copy may be what makes that one the baseline.
        let may_be_new: bool = capture_id.is_some()
            || visit.fine
                && self
                    .connection
                    .prepare_cached(
                        "select baseline_id is null and last_capture_id is not null from source where id = ?1",
                    )?
                    .query_row([visit.source_id], |row| row.get(0))?;
        if may_be_new {
            self.choose_baseline(visit.source_id)?;
        }
        Ok(())
    }
}
