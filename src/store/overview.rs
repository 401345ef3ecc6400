//! The common questions: what is the state of each source, where is it cited, what do we hold, what was seen.

use rusqlite::{OptionalExtension, Row};

use super::marks::MARK_JOIN;
use super::quotes::has_lost;
use super::settling::BACKLOG_MS;
use super::{Reading, texts};

/// The state of one source.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "properties of a source, each independent of the others"
)]
pub struct SourceRow {
    /// Its id.
    pub id: i64,
    /// Its canonical address.
    pub address: String,
    /// Its standing.
    pub standing: String,
    /// Since when.
    pub standing_since: i64,
    /// Strikes since the last fine visit.
    pub strikes: u32,
    /// The verdict that stands.
    pub verdict: Option<String>,
    /// Since when.
    pub verdict_since: Option<i64>,
    /// Evidence of that verdict, as JSON.
    pub evidence: Option<String>,
    /// Status of the last answer.
    pub status: Option<u16>,
    /// Where the last visit ended.
    pub final_url: Option<String>,
    /// Where it moved to.
    pub moved_to: Option<String>,
    /// When it was last visited.
    pub checked_at: Option<i64>,
    /// When it is visited next.
    pub next_visit_at: Option<i64>,
    /// When it was last fine.
    pub last_fine_at: Option<i64>,
    /// How many captures there are.
    pub captures: i64,
    /// The newest of them.
    pub held: Option<HeldCopy>,
    /// Whether a capture stands for what was cited.
    pub baselined: bool,
    /// What robots.txt says of it.
    pub robots: Option<String>,
    /// How many citations there are now.
    pub citations: i64,
    /// What a user says of it, as long as that holds.
    pub mark: Option<MarkHeld>,
    /// Whether it was never fine, and failed first when all inputs that cite it were new.
    pub is_backlog: bool,
    /// When its first strike since it was last fine fell.
    pub first_strike_at: Option<i64>,
    /// Its standing when news begin, where it is another now and that was told as an event.
    pub standing_before: Option<String>,
    /// Its verdict when news begin, likewise.
    pub verdict_before: Option<String>,
    /// Whether a mark of it ended since then.
    pub mark_ended: bool,
    /// Whether it was told since then that a quote is lost.
    pub quote_lost: bool,
    /// Whether its verdict says that it has drifted, and one visit only has shown that.
    pub is_drift_seen_once: bool,
}

/// What a user says of a source. Instants in milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkHeld {
    /// `alive`, `dead`, `ignore`.
    pub mark: String,
    /// When it was said.
    pub made_at: i64,
    /// Until when it holds.
    pub until: Option<i64>,
    /// Why.
    pub note: Option<String>,
}

/// Which sources are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Standings of which one must match, or one of the verdicts; both empty: all sources.
    pub standings: Vec<String>,
    /// Verdicts of which one must match.
    pub verdicts: Vec<String>,
    /// Whether sources are asked for too that failed or were dead when news begin, and are back.
    pub recovered: bool,
    /// Whether sources are asked for too of which a quote is lost.
    pub lost_quotes: bool,
    /// Leaves out those whose verdict and standing are older.
    pub since: Option<i64>,
    /// When news begin.
    pub news_since: Option<i64>,
    /// The instant of the question: marks hold until theirs.
    pub now: i64,
}

/// The copy we hold of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldCopy {
    /// The capture.
    pub id: i64,
    /// When it was made.
    pub at: i64,
    /// Its title.
    pub title: Option<String>,
    /// Its size in bytes.
    pub size: i64,
}

/// One place where a source is cited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitedBy {
    /// The post's address or path.
    pub post: String,
    /// The post's title.
    pub title: Option<String>,
    /// The address as cited.
    pub url: String,
    /// Anchor text.
    pub text: String,
    /// The sentence.
    pub context: String,
    /// By which markup.
    pub kind: String,
    /// Where in the post.
    pub place: String,
    /// The line.
    pub line: u32,
    /// When it was first seen.
    pub first_seen_at: i64,
    /// When it went, if it did.
    pub gone_at: Option<i64>,
    /// The passage quoted from it.
    pub quote: Option<String>,
}

/// One look at a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitRow {
    /// Its id.
    pub id: i64,
    /// When.
    pub at: i64,
    /// The verdict, its own or inherited.
    pub verdict: Option<String>,
    /// Evidence, as JSON.
    pub evidence: Option<String>,
    /// The facts, as JSON.
    pub facts: String,
    /// The visit it confirms.
    pub confirms: Option<i64>,
    /// Whether the server said "not modified".
    pub not_modified: bool,
    /// How long it took.
    pub elapsed_ms: i64,
    /// Who answered.
    pub peer: Option<String>,
}

/// How many of what.
pub type Counts = Vec<(String, i64)>;

/// What is in the file. Sources that were cited and are not any more do not count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Registered inputs.
    pub inputs: i64,
    /// Posts that are there now.
    pub posts: i64,
    /// Citations that are there now.
    pub citations: i64,
    /// Sources.
    pub sources: i64,
    /// Captures.
    pub captures: i64,
    /// Visits.
    pub visits: i64,
    /// Sources by standing.
    pub standings: Counts,
    /// Sources by verdict.
    pub verdicts: Counts,
    /// Sources that robots.txt kept from being captured.
    pub kept_by_robots: i64,
    /// Sources that have a capture, but none that stands for what was cited.
    pub unbaselined: i64,
    /// Sources that a user said to ignore; they are in none of the counts by standing and verdict.
    pub ignored: i64,
}

/// Bound before all others: the instant of the question, when news begin, how long an input
/// is new.
fn columns() -> String {
    let evidence = texts::evidence("j");
    format!(
        "s.id, s.address, s.standing, s.standing_since, s.strikes, s.verdict, s.verdict_since,
     {evidence}, case when v.not_modified then 304 else o.status end, coalesce(o.final_url, s.address), s.moved_to,
     s.last_visit_at, s.next_visit_at, s.last_fine_at,
     (select count(*) from capture n where n.source_id = s.id and n.body_id is not null), c.id, c.at, c.title, c.size,
     s.baseline_id is not null, s.robots,
     (select count(*) from citation n where n.source_id = s.id and n.gone_at is null),
     m.mark, m.made_at, m.until, m.note,
     s.last_fine_at is null and coalesce(s.first_strike_at, s.verdict_since) < ?3 + coalesce((
         select min(i.added_at) from citation n join post p on p.id = n.post_id
         join document d on d.id = p.document_id join input i on i.id = d.input_id
         where n.source_id = s.id and n.gone_at is null and i.kind <> 'by-hand'), 0),
     s.first_strike_at,
     iif(s.standing_since >= ?2, (select e.detail ->> 'from' from event e where e.source_id = s.id
         and e.kind = 'standing-changed' and e.at >= ?2 order by e.id limit 1), null),
     iif(s.verdict_since >= ?2 or s.verdict = 'drifted', (select e.detail ->> 'from' from event e
         where e.source_id = s.id and e.kind = 'verdict-changed' and e.at >= ?2 order by e.id limit 1), null),
     ?2 is not null and exists (select 1 from event e where e.source_id = s.id
         and e.kind = 'mark-ended' and e.at >= ?2),
     ?2 is not null and exists (select 1 from event e where e.source_id = s.id
         and e.kind = 'quote-lost' and e.at >= ?2),
     s.verdict is 'drifted' and exists (select 1 from untold u where u.source_id = s.id and u.quote_id = 0)
     from source s
     left join visit v on v.id = s.verdict_visit_id
     left join outcome o on o.id = v.outcome_id
     left join verdict j on j.visit_id = coalesce(v.confirms, v.id)
     left join capture c on c.id = s.last_capture_id"
    )
}

/// The standing of the source `s` with its mark `m`.
pub(super) const STANDING: &str =
    "case m.mark when 'alive' then 'alive' when 'dead' then 'dead' else s.standing end";

/// Its verdict: that of a source marked alive is as good as `alive`, and one marked dead is not fine.
pub(super) const VERDICT: &str = "case m.mark when 'alive' then 'alive'
     when 'dead' then iif(s.verdict in ('alive', 'moved', 'drifted'), null, s.verdict) else s.verdict end";

/// Whether a post cites the source `s`, or a user named it and no post ever did.
pub(super) const CITED: &str =
    "(exists (select 1 from citation w where w.source_id = s.id and w.gone_at is null and not w.recorded_only)
     or not exists (select 1 from citation w where w.source_id = s.id))";

impl Reading<'_> {
    /// Bytes of the file that hold something; what was freed in it is filled again before it grows.
    pub fn size(&self) -> rusqlite::Result<u64> {
        let number = |pragma: &str| -> rusqlite::Result<u64> {
            let value: i64 = self.connection.query_row(pragma, [], |row| row.get(0))?;
            Ok(u64::try_from(value).unwrap_or(0))
        };
        let used = number("pragma page_count")?.saturating_sub(number("pragma freelist_count")?);
        Ok(used * number("pragma page_size")?)
    }

    /// Sources with ids after `after`, in the order of their ids.
    ///
    /// Unless all are asked for, those that were cited and are not any more are left out too (whoever mends a post is
    /// done with its dead source), and those that are to be ignored.
    pub fn sources_after(
        &self,
        after: i64,
        wanted: &Wanted,
        most: usize,
    ) -> rusqlite::Result<Vec<SourceRow>> {
        let columns = columns();
        self.connection
            .prepare_cached(&format!(
                "select {columns} {MARK_JOIN}
                 where s.id > ?4
                   and (?5 = '[]' and ?6 = '[]' and s.visits > 0 or {CITED} and (?5 = '[]' and ?6 = '[]' or m.mark is not 'ignore'))
                   and (?5 = '[]' and ?6 = '[]' or {STANDING} in (select value from json_each(?5))
                        or {VERDICT} in (select value from json_each(?6))
                        or ?7 and s.standing in ('alive', 'revived') and s.standing_since >= ?2
                           and (select e.detail ->> 'from' from event e where e.source_id = s.id
                                and e.kind = 'standing-changed' and e.at >= ?2 order by e.id limit 1)
                               in ('failing', 'dead')
                        or ?9 and {})
                   and (?8 is null or s.verdict_since >= ?8 or s.standing_since >= ?8
                        or m.mark = 'dead' and m.made_at >= ?8 or ?9 and {})
                 order by s.id limit ?10",
                has_lost("null"),
                has_lost("?8")
            ))?
            .query_map(
                (
                    wanted.now,
                    wanted.news_since,
                    BACKLOG_MS,
                    after,
                    json_list(&wanted.standings),
                    json_list(&wanted.verdicts),
                    wanted.recovered,
                    wanted.since,
                    wanted.lost_quotes,
                    most as i64,
                ),
                source_row,
            )?
            .collect()
    }

    /// One source, by its address or an alias, as of `now`.
    pub fn source(&self, address: &str, now: i64) -> rusqlite::Result<Option<SourceRow>> {
        let columns = columns();
        let Some(id) = super::sources::find_source(self.connection, address)? else {
            return Ok(None);
        };
        self.connection
            .prepare_cached(&format!("select {columns} {MARK_JOIN} where s.id = ?4"))?
            .query_row((now, None::<i64>, BACKLOG_MS, id), source_row)
            .optional()
    }

    /// Addresses of sources that contain these words, to offer where one was not found.
    pub fn sources_like(&self, part: &str, most: usize) -> rusqlite::Result<Vec<String>> {
        self.connection
            .prepare_cached("select address from source where instr(address, ?1) > 0 order by length(address) limit ?2")?
            .query_map((part, most as i64), |row| row.get(0))?
            .collect()
    }

    /// Where a source is cited, by post and place; those that went come last.
    pub fn cited_by(&self, source_id: i64, most: usize) -> rusqlite::Result<Vec<CitedBy>> {
        self.connection
            .prepare_cached(
                "select p.address, p.title, c.url, c.text, c.context, c.kind, c.place, c.line, c.first_seen_at, c.gone_at, c.quote
                 from citation c join post p on p.id = c.post_id where c.source_id = ?1
                 order by c.gone_at is not null, p.address, c.line, c.id limit ?2",
            )?
            .query_map((source_id, most as i64), |row| {
                Ok(CitedBy {
                    post: row.get(0)?,
                    title: row.get(1)?,
                    url: row.get(2)?,
                    text: row.get(3)?,
                    context: row.get(4)?,
                    kind: row.get(5)?,
                    place: row.get(6)?,
                    line: row.get(7)?,
                    first_seen_at: row.get(8)?,
                    gone_at: row.get(9)?,
                    quote: row.get(10)?,
                })
            })?
            .collect()
    }

    /// The visits of a source, newest first.
    pub fn visits(&self, source_id: i64, most: usize) -> rusqlite::Result<Vec<VisitRow>> {
        self.earlier_visits(source_id, i64::MAX, most)
    }

    /// The same, of those that were made before the one of this number.
    pub fn earlier_visits(
        &self,
        source_id: i64,
        before: i64,
        most: usize,
    ) -> rusqlite::Result<Vec<VisitRow>> {
        let facts = texts::facts("o");
        let (own, inherited) = (texts::evidence("j"), texts::evidence("b"));
        self.connection
            .prepare_cached(&format!(
                "select v.id, v.at, coalesce(j.code, b.code), coalesce({own}, {inherited}), {facts}, v.confirms,
                     v.not_modified, v.elapsed_ms, p.address
                 from visit v join outcome o on o.id = v.outcome_id
                 left join verdict j on j.visit_id = v.id
                 left join verdict b on b.visit_id = v.confirms
                 left join peer p on p.id = v.peer_id
                 where v.source_id = ?1 and v.id < ?3 order by v.id desc limit ?2"
            ))?
            .query_map((source_id, most as i64, before), |row| {
                Ok(VisitRow {
                    id: row.get(0)?,
                    at: row.get(1)?,
                    verdict: row.get(2)?,
                    evidence: row.get(3)?,
                    facts: row.get(4)?,
                    confirms: row.get(5)?,
                    not_modified: row.get(6)?,
                    elapsed_ms: row.get(7)?,
                    peer: row.get(8)?,
                })
            })?
            .collect()
    }

    /// Other addresses of a source, with why.
    pub fn aliases(&self, source_id: i64) -> rusqlite::Result<Vec<(String, String)>> {
        self.connection
            .prepare_cached(
                "select address, reason from alias where source_id = ?1 order by address",
            )?
            .query_map([source_id], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// What is in the file; marks count as far as they hold at `now`.
    pub fn totals(&self, now: i64) -> rusqlite::Result<Totals> {
        let count = |sql: &str| {
            self.connection
                .prepare_cached(sql)?
                .query_row([], |row| row.get(0))
        };
        let group = |what: &str| -> rusqlite::Result<Counts> {
            self.connection
                .prepare_cached(&format!(
                    "select {what}, count(*) from source s {MARK_JOIN}
                     where {what} is not null and m.mark is not 'ignore' and {CITED}
                     group by 1 order by 2 desc, 1"
                ))?
                .query_map([now], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        Ok(Totals {
            inputs: count(
                "select count(*) from input where removed_at is null and kind <> 'by-hand'",
            )?,
            posts: count("select count(*) from post where gone_at is null")?,
            citations: count(
                "select count(*) from citation where gone_at is null and not recorded_only",
            )?,
            sources: count(&format!("select count(*) from source s where {CITED}"))?,
            captures: count("select count(*) from capture where body_id is not null")?,
            visits: count("select coalesce(max(id), 0) from visit")?,
            standings: group(STANDING)?,
            verdicts: group(VERDICT)?,
            kept_by_robots: count(&format!(
                "select count(*) from source s where robots in ('disallowed', 'unreachable')
                 and last_capture_id is null and {CITED}"
            ))?,
            unbaselined: count(&format!(
                "select count(*) from source s where s.last_capture_id is not null and s.baseline_id is null and {CITED}"
            ))?,
            ignored: self
                .connection
                .prepare_cached(&format!(
                    "select count(*) from source s {MARK_JOIN} where m.mark = 'ignore' and {CITED}"
                ))?
                .query_row([now], |row| row.get(0))?,
        })
    }

    /// Hands every address that leads to a source not due at `now` to `take`, aliases among them.
    pub fn each_not_due(&self, now: i64, mut take: impl FnMut(&str)) -> rusqlite::Result<()> {
        let mut query = self.connection.prepare_cached(
            "select address from source where next_visit_at is null or next_visit_at > ?1
             union all
             select a.address from alias a join source s on s.id = a.source_id
             where a.reason = 'trivial' and (s.next_visit_at is null or s.next_visit_at > ?1)",
        )?;
        let mut rows = query.query([now])?;
        while let Some(row) = rows.next()? {
            take(&row.get::<_, String>(0)?);
        }
        Ok(())
    }

    /// Hands the address and host of every source due at `now` to `take`.
    pub fn each_due(&self, now: i64, mut take: impl FnMut(&str, &str)) -> rusqlite::Result<()> {
        let mut query = self.connection.prepare_cached(
            "select s.address, h.name from source s cross join host h on h.id = s.host_id where s.next_visit_at <= ?1",
        )?;
        let mut rows = query.query([now])?;
        while let Some(row) = rows.next()? {
            let (address, host): (String, String) = (row.get(0)?, row.get(1)?);
            take(&address, &host);
        }
        Ok(())
    }

    /// How many sources are due at `now`; read from an index alone.
    pub fn count_due(&self, now: i64) -> rusqlite::Result<i64> {
        self.connection
            .prepare_cached(
                "select count(*) from source where next_visit_at is not null and next_visit_at <= ?1",
            )?
            .query_row([now], |row| row.get(0))
    }

    /// What a capture takes on average, with all that pages need, as it is stored, in bytes; none where there is none.
    pub fn mean_capture(&self) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached(
                "select (select sum(length(data)) from blob) / nullif(count(*), 0) from capture where body_id is not null",
            )?
            .query_row([], |row| row.get(0))
    }
}

fn json_list(values: &[String]) -> String {
    // A list of strings always serialises.
    serde_json::to_string(values).unwrap_or_else(|_| "[]".to_owned())
}

fn source_row(row: &Row<'_>) -> rusqlite::Result<SourceRow> {
    let held: Option<i64> = row.get(15)?;
    let held = match held {
        Some(id) => Some(HeldCopy {
            id,
            at: row.get(16)?,
            title: row.get(17)?,
            size: row.get(18)?,
        }),
        None => None,
    };
    let mark: Option<String> = row.get(22)?;
    let mark = match mark {
        Some(mark) => Some(MarkHeld {
            mark,
            made_at: row.get(23)?,
            until: row.get(24)?,
            note: row.get(25)?,
        }),
        None => None,
    };
    Ok(SourceRow {
        id: row.get(0)?,
        address: row.get(1)?,
        standing: row.get(2)?,
        standing_since: row.get(3)?,
        strikes: row.get(4)?,
        verdict: row.get(5)?,
        verdict_since: row.get(6)?,
        evidence: row.get(7)?,
        status: row.get(8)?,
        final_url: row.get(9)?,
        moved_to: row.get(10)?,
        checked_at: row.get(11)?,
        next_visit_at: row.get(12)?,
        last_fine_at: row.get(13)?,
        captures: row.get(14)?,
        held,
        baselined: row.get(19)?,
        robots: row.get(20)?,
        citations: row.get(21)?,
        mark,
        is_backlog: row.get::<_, Option<bool>>(26)?.unwrap_or_default(),
        first_strike_at: row.get(27)?,
        standing_before: row.get(28)?,
        verdict_before: row.get(29)?,
        mark_ended: row.get(30)?,
        quote_lost: row.get(31)?,
        is_drift_seen_once: row.get(32)?,
    })
}
