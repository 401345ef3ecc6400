//! Which capture stands for what a source was cited for, and which one a page is compared with: one rule, for visits,
//! `rejudge`, reports and everything else that asks.
//!
//! The **baseline** is the capture nearest to the citation, made within [`BASELINE_WITHIN`] of it, before or after. A
//! capture that visits confirmed stands from its making to the last of these. One that a visit left goes before one made
//! by hand, for it shows what our visits see; a visit that was not fine leaves none, and a picture made by hand says
//! nothing that could be compared. Nor does an imported page that is a wall or says that there is nothing: nobody looked at
//! it when it was imported, so the judge is asked once it would be compared with.
//!
//! Without a baseline, a source is unbaselined, and its pages are compared with the
//! earliest capture that a fine visit left: the **reference**, which says nothing of what was cited.

use rusqlite::{OptionalExtension, Row};

use super::{Reading, Writing};

/// How long before or after the earliest citation a capture still stands for what was cited, in milliseconds (30 days).
pub const BASELINE_WITHIN: i64 = 30 * 24 * 3_600_000;

/// The capture that pages of a source are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineRow {
    /// The capture.
    pub capture_id: i64,
    /// When it was made.
    pub at: i64,
    /// The address that its body came from.
    pub url: String,
    /// Media type.
    pub media_type: Option<String>,
    /// What the visit saw that left it; none for a copy that was made by hand.
    pub outcome_id: Option<i64>,
    /// Whether it is the baseline; otherwise it is only the reference.
    pub stands: bool,
    /// Whether somebody made it by hand, who may see more of a page than visits do.
    pub by_hand: bool,
    /// Whether it was imported, and the judge was not asked yet what it shows.
    pub unseen: bool,
    /// The features of the version that was asked for, as JSON, where they are stored.
    pub features: Option<String>,
}

/// A capture, as far as it may be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenCapture {
    /// The capture.
    pub id: i64,
    /// When it was made.
    pub at: i64,
    /// The visit that left it, and the one that this confirms or itself; none for a copy that was made by hand.
    pub visits: Option<(i64, i64)>,
    /// The newest visit when a copy that no visit left was stored, where that was noted.
    pub after_visit: Option<i64>,
}

/// The captures `c` of the source `s` that may be compared with, and the visits `v` that left them. The verdicts `j` are
/// those of today.
const CANDIDATES: &str = "from capture c join source s on s.id = c.source_id
     left join visit v on v.id = c.visit_id
     left join verdict j on j.visit_id = coalesce(v.confirms, v.id)
     left join capture_by_hand h on h.capture_id = c.id
     left join capture_import i on i.capture_id = c.id
     left join import_verdict k on k.capture_id = c.id";

/// Whether what a capture shows was fine.
const IS_FINE: &str = "iif(c.visit_id is null,
     coalesce(c.media_type, '') not like 'image/%' and coalesce(k.code, 'alive') in ('alive', 'moved', 'drifted'),
     j.code in ('alive', 'moved', 'drifted'))";

/// How far from the citation a capture stands, in milliseconds; 0 where nobody cites the source.
const DISTANCE: &str = "case when s.cited_since is null then 0
     when c.at >= s.cited_since then c.at - s.cited_since
     else max(0, s.cited_since - max(c.at, coalesce((
         select max(w.at) from visit w
         where w.source_id = c.source_id and w.confirms = coalesce(v.confirms, v.id)), c.at))) end";

/// Which capture is the baseline, or else the reference: the first in this order, unless it was made by hand and does
/// not stand.
fn order() -> String {
    format!(
        "case when {DISTANCE} > {BASELINE_WITHIN} then 1 else 0 end, c.visit_id is null,
         case when {DISTANCE} > {BASELINE_WITHIN} then 0 else {DISTANCE} end, c.id"
    )
}

/// Whether a capture may be compared with at all: it stands, or a visit left it.
fn may_be() -> String {
    format!("(c.visit_id is not null or {DISTANCE} <= {BASELINE_WITHIN})")
}

fn row(row: &Row<'_>) -> rusqlite::Result<BaselineRow> {
    Ok(BaselineRow {
        capture_id: row.get(0)?,
        at: row.get(1)?,
        url: row.get(2)?,
        media_type: row.get(3)?,
        outcome_id: row.get(4)?,
        stands: row.get(5)?,
        features: row.get(6)?,
        by_hand: row.get(7)?,
        unseen: row.get(8)?,
    })
}

fn seen(row: &Row<'_>) -> rusqlite::Result<SeenCapture> {
    let visit: Option<i64> = row.get(2)?;
    Ok(SeenCapture {
        id: row.get(0)?,
        at: row.get(1)?,
        visits: visit.zip(row.get(3)?),
        after_visit: row.get(4)?,
    })
}

impl Reading<'_> {
    /// The baseline of a source, or else the reference, with its features of this version.
    pub fn baseline(&self, source_id: i64, version: u32) -> rusqlite::Result<Option<BaselineRow>> {
        let (order, may_be) = (order(), may_be());
        self.connection
            .prepare_cached(&format!(
                "select c.id, c.at, c.url, c.media_type, v.outcome_id, {DISTANCE} <= {BASELINE_WITHIN},
                     (select f.detail from features f where f.outcome_id = v.outcome_id and f.version = ?2),
                     c.kind = 'by-hand', c.kind = 'import' and k.code is null
                 {CANDIDATES} where c.source_id = ?1 and c.body_id is not null and {IS_FINE} and {may_be}
                 order by {order} limit 1"
            ))?
            .query_row((source_id, version), row)
            .optional()
    }

    /// The same as it was when a visit was made, and its newest features.
    pub(super) fn baseline_before(
        &self,
        source_id: i64,
        visit_id: i64,
    ) -> rusqlite::Result<Option<BaselineRow>> {
        let (order, may_be) = (order(), may_be());
        self.connection
            .prepare_cached(&format!(
                "select c.id, c.at, c.url, c.media_type, v.outcome_id, {DISTANCE} <= {BASELINE_WITHIN},
                     (select f.detail from features f where f.outcome_id = v.outcome_id
                      order by f.version desc limit 1),
                     c.kind = 'by-hand', c.kind = 'import' and k.code is null
                 {CANDIDATES} where c.source_id = ?1 and {IS_FINE} and {may_be}
                     and case when c.visit_id is not null then c.visit_id < ?2
                              when h.capture_id is not null then h.after_visit_id < ?2
                              when i.capture_id is not null then i.after_visit_id < ?2
                              else c.at <= (select at from visit where id = ?2) end
                 order by {order} limit 1"
            ))?
            .query_row((source_id, visit_id), row)
            .optional()
    }

    /// The captures of a source that may be compared with, the baseline or reference first, then what would be it
    /// without that, and so on. Whether the visits that left them are fine has still to be asked.
    pub fn compared_captures(&self, source_id: i64) -> rusqlite::Result<Vec<SeenCapture>> {
        let (order, may_be) = (order(), may_be());
        self.connection
            .prepare_cached(&format!(
                "select c.id, c.at, c.visit_id, coalesce(v.confirms, v.id), coalesce(h.after_visit_id, i.after_visit_id) {CANDIDATES}
                 where c.source_id = ?1 and {may_be}
                     and (c.visit_id is not null or coalesce(c.media_type, '') not like 'image/%')
                 order by {order}"
            ))?
            .query_map([source_id], seen)?
            .collect()
    }

    /// All captures of a source, in the order in which they were sealed.
    pub fn seen_captures(&self, source_id: i64) -> rusqlite::Result<Vec<SeenCapture>> {
        self.connection
            .prepare_cached(&format!(
                "select c.id, c.at, c.visit_id, coalesce(v.confirms, v.id), coalesce(h.after_visit_id, i.after_visit_id) {CANDIDATES}
                 where c.source_id = ?1 order by c.id"
            ))?
            .query_map([source_id], seen)?
            .collect()
    }

    /// A capture with what is needed to draw features from its body.
    pub fn seen_capture(&self, id: i64) -> rusqlite::Result<Option<BaselineRow>> {
        self.connection
            .prepare_cached(
                "select c.id, c.at, c.url, c.media_type, null, coalesce(s.baseline_id = c.id, 0), null,
                     c.kind = 'by-hand', c.kind = 'import'
                 from capture c join source s on s.id = c.source_id where c.id = ?1",
            )?
            .query_row([id], row)
            .optional()
    }
}

impl Writing<'_> {
    /// Keeps what the judge says that an imported copy shows, and looks once more which copy is the baseline.
    pub fn keep_import_verdict(
        &self,
        capture_id: i64,
        code: &str,
        judge_version: u32,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "insert or replace into import_verdict (capture_id, code, judge_version) values (?1, ?2, ?3)",
            )?
            .execute((capture_id, code, judge_version))?;
        let source: i64 = self
            .connection
            .prepare_cached("select source_id from capture where id = ?1")?
            .query_row([capture_id], |row| row.get(0))?;
        self.choose_baseline(source)
    }

    /// Forgets what an earlier judge said of imported copies; today's is asked when one would be compared with.
    pub fn forget_import_verdicts(&self, before_judge_version: u32) -> rusqlite::Result<()> {
        let sources: Vec<i64> = self
            .connection
            .prepare_cached(
                "select distinct c.source_id from import_verdict k join capture c on c.id = k.capture_id
                 where k.judge_version < ?1",
            )?
            .query_map([before_judge_version], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        self.connection
            .prepare_cached("delete from import_verdict where judge_version < ?1")?
            .execute([before_judge_version])?;
        sources
            .into_iter()
            .try_for_each(|id| self.choose_baseline(id))
    }

    /// Looks once more which capture of a source is its baseline, if one is.
    pub(super) fn choose_baseline(&self, source_id: i64) -> rusqlite::Result<()> {
        let order = order();
        self.connection
            .prepare_cached(&format!(
                "update source set baseline_id = (
                     select c.id {CANDIDATES}
                     where c.source_id = ?1 and c.body_id is not null and {IS_FINE} and {DISTANCE} <= {BASELINE_WITHIN}
                     order by {order} limit 1)
                 where id = ?1"
            ))?
            .execute([source_id])?;
        Ok(())
    }
}
