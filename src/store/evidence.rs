//! What speaks for a source's verdict and standing: the source with all that its next visit depends on, and its visits
//! with their runs.

use rusqlite::{OptionalExtension, Row};

use super::baselines::BaselineRow;
use super::sources::{INTERVAL_DAYS, STATE_COLUMNS, SourceState, find_source, state};
use super::{Reading, texts};

/// A source with everything that its standing and its next visit depend on. Instants in milliseconds since the epoch.
#[derive(Debug, Clone)]
pub struct SourceFacts {
    /// Its id.
    pub id: i64,
    /// Its canonical address.
    pub address: String,
    /// Its host.
    pub host: String,
    /// The host is not to be asked before.
    pub host_waits_until: i64,
    /// Its state.
    pub state: SourceState,
    /// The verdict that stands, and since when.
    pub verdict: Option<(String, i64)>,
    /// The visit whose verdict stands.
    pub verdict_visit_id: Option<i64>,
    /// The last visit.
    pub last_visit_id: Option<i64>,
    /// The earliest date of a post that cites it.
    pub cited_since: Option<i64>,
    /// When the youngest post that cites it was published.
    pub newest_post_at: Option<i64>,
    /// The longest interval that an input asks for, in days.
    pub interval_days: Option<u32>,
    /// Whether a post cites it still, or none ever did.
    pub is_cited: bool,
    /// What robots.txt says of it.
    pub robots: Option<String>,
    /// The capture that pages are compared with, when it was made, and whether it stands for what was cited.
    pub baseline: Option<(i64, i64, bool)>,
    /// How many captures there are.
    pub captures: i64,
}

/// A visit with its run.
#[derive(Debug, Clone)]
pub struct PastVisit {
    /// Its id.
    pub id: i64,
    /// When.
    pub at: i64,
    /// The verdict, its own or inherited.
    pub code: Option<String>,
    /// Evidence, as JSON.
    pub evidence: Option<String>,
    /// The version of the judge.
    pub judge_version: Option<u32>,
    /// When it was judged.
    pub judged_at: Option<i64>,
    /// The facts, as JSON.
    pub facts: String,
    /// The visit it confirms, and when that was.
    pub confirms: Option<(i64, i64)>,
    /// Whether the server said "not modified".
    pub not_modified: bool,
    /// Who answered last.
    pub peer: Option<String>,
    /// How long it took.
    pub elapsed_ms: i64,
    /// How long until the first byte of the last answer.
    pub first_byte_ms: Option<i64>,
    /// In which run.
    pub run_id: Option<i64>,
    /// The run's command.
    pub command: Option<String>,
    /// Whether that run is suspect.
    pub suspect: bool,
    /// Why.
    pub doubt: Option<String>,
    /// What was thought of the clock in it.
    pub clock: Option<String>,
    /// Whether it waits for the end of its run.
    pub unsettled: bool,
}

/// What was drawn from the body of a visit, and what that was compared with.
#[derive(Debug, Clone, Default)]
pub struct Drawn {
    /// The newest features, as JSON.
    pub features: Option<String>,
    /// A copy that holds the body, where no features are kept.
    pub copy: Option<i64>,
    /// The copy that stood for what was cited when the visit was made, with its newest features.
    pub baseline: Option<BaselineRow>,
}

impl Reading<'_> {
    /// What was drawn from the body of a visit that saw something new, and from the copy that it was compared with.
    pub fn drawn(&self, source_id: i64, visit_id: i64) -> rusqlite::Result<Drawn> {
        let features = self
            .connection
            .prepare_cached(
                "select f.detail from visit v join features f on f.outcome_id = v.outcome_id
                 where v.id = ?1 order by f.version desc limit 1",
            )?
            .query_row([visit_id], |row| row.get(0))
            .optional()?;
        let copy = match &features {
            Some(_) => None,
            None => self
                .connection
                .prepare_cached(
                    "select max(c.id) from visit v join outcome o on o.id = v.outcome_id
                     join blob b on b.sha256 = o.body_sha256
                     join capture c on c.body_id = b.id and c.source_id = v.source_id where v.id = ?1",
                )?
                .query_row([visit_id], |row| row.get(0))?,
        };
        let baseline = self.baseline_before(source_id, visit_id)?;
        Ok(Drawn {
            features,
            copy,
            baseline,
        })
    }

    /// One source, by its address or an alias.
    pub fn source_facts(&self, address: &str) -> rusqlite::Result<Option<SourceFacts>> {
        let Some(id) = find_source(self.connection, address)? else {
            return Ok(None);
        };
        let baseline = self.baseline(id, 0)?;
        self.connection
            .prepare_cached(&format!(
                "select {STATE_COLUMNS}, s.id, s.address, h.name, h.next_request_at, s.verdict, s.verdict_since,
                     s.verdict_visit_id, s.last_visit_id, s.cited_since, s.newest_post_at, {INTERVAL_DAYS}, s.robots,
                     (select count(*) from capture n where n.source_id = s.id and n.body_id is not null),
                     {INTERVAL_DAYS} is not s.interval_days
                 from source s join host h on h.id = s.host_id
                 where s.id = ?1"
            ))?
            .query_row([id], |row| {
                let verdict: Option<String> = row.get(23)?;
                let verdict_since: Option<i64> = row.get(24)?;
                Ok(SourceFacts {
                    state: state(row, 0)?,
                    id: row.get(19)?,
                    address: row.get(20)?,
                    host: row.get(21)?,
                    host_waits_until: row.get(22)?,
                    verdict: verdict.zip(verdict_since),
                    verdict_visit_id: row.get(25)?,
                    last_visit_id: row.get(26)?,
                    cited_since: row.get(27)?,
                    newest_post_at: row.get(28)?,
                    interval_days: row.get(29)?,
                    robots: row.get(30)?,
                    baseline: baseline
                        .as_ref()
                        .map(|row| (row.capture_id, row.at, row.stands)),
                    captures: row.get(31)?,
                    is_cited: !row.get::<_, bool>(32)?,
                })
            })
            .optional()
    }

    /// The visits of a source up to the one with this id, newest first.
    pub fn past_visits(
        &self,
        source_id: i64,
        up_to: i64,
        most: usize,
    ) -> rusqlite::Result<Vec<PastVisit>> {
        let (facts, evidence) = (texts::facts("o"), texts::evidence("j"));
        self.connection
            .prepare_cached(&format!(
                "select v.id, v.at, j.code, {evidence}, j.judge_version, j.judged_at, {facts}, c.id, c.at,
                     v.not_modified, p.address, v.elapsed_ms, v.first_byte_ms, r.id, r.command,
                     coalesce(r.suspect, 0), r.doubt, r.clock,
                     exists (select 1 from unsettled u where u.visit_id = v.id)
                 from visit v join outcome o on o.id = v.outcome_id
                 left join visit c on c.id = v.confirms
                 left join verdict j on j.visit_id = coalesce(v.confirms, v.id)
                 left join peer p on p.id = v.peer_id
                 left join run r on r.id = v.run_id
                 where v.source_id = ?1 and v.id <= ?2 order by v.id desc limit ?3"
            ))?
            .query_map((source_id, up_to, most as i64), past_visit)?
            .collect()
    }

    /// The newest visit of a source that was made at an instant or before it.
    pub fn visit_at(&self, source_id: i64, at: i64) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached("select max(id) from visit where source_id = ?1 and at <= ?2")?
            .query_row((source_id, at), |row| row.get(0))
    }
}

fn past_visit(row: &Row<'_>) -> rusqlite::Result<PastVisit> {
    let confirms: Option<i64> = row.get(7)?;
    let confirms_at: Option<i64> = row.get(8)?;
    Ok(PastVisit {
        id: row.get(0)?,
        at: row.get(1)?,
        code: row.get(2)?,
        evidence: row.get(3)?,
        judge_version: row.get(4)?,
        judged_at: row.get(5)?,
        facts: row.get(6)?,
        confirms: confirms.zip(confirms_at),
        not_modified: row.get(9)?,
        peer: row.get(10)?,
        elapsed_ms: row.get(11)?,
        first_byte_ms: row.get(12)?,
        run_id: row.get(13)?,
        command: row.get(14)?,
        suspect: row.get(15)?,
        doubt: row.get(16)?,
        clock: row.get(17)?,
        unsettled: row.get(18)?,
    })
}
