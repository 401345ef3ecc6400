//! Sources, their state, and which are due.

use rusqlite::{OptionalExtension, Row};

use super::chain::Sha;
use super::{Reading, Writing, texts};

/// What the history of a source adds up to, and when it is looked at next. Counted up by the schedule; kept here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    /// `new`, `alive`, `failing`, `dead`, `uncertain`, `revived`.
    pub standing: String,
    /// Since when.
    pub standing_since: i64,
    /// Strikes since the last fine visit.
    pub strikes: u32,
    /// When the first of them was.
    pub first_strike_at: Option<i64>,
    /// When the last of them was.
    pub last_strike_at: Option<i64>,
    /// Hard signs among them.
    pub hard_strikes: u32,
    /// When the last hard sign was.
    pub last_hard_strike_at: Option<i64>,
    /// Failed visits in a row.
    pub failures_in_row: u32,
    /// Visits in a row that could not tell.
    pub unclear_in_row: u32,
    /// Fine visits in a row that found nothing new.
    pub quiet_visits: u32,
    /// All visits.
    pub visits: u32,
    /// When it was last visited.
    pub last_visit_at: Option<i64>,
    /// When it was last fine.
    pub last_fine_at: Option<i64>,
    /// When it last changed.
    pub last_changed_at: Option<i64>,
    /// Since when it is dead, if it is.
    pub dead_since: Option<i64>,
    /// Visits since then.
    pub dead_visits: u32,
    /// When it came back from the dead, until that has lasted.
    pub revived_at: Option<i64>,
    /// Whether only the second look is missing before it is called dead.
    pub second_look_due: bool,
    /// When it is looked at next.
    pub next_visit_at: Option<i64>,
}

/// A visit that a later one may confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// The visit.
    pub visit_id: i64,
    /// SHA-256 of its facts.
    pub outcome_sha256: Sha,
    /// Its verdict.
    pub verdict: String,
}

/// The last fine visit with a body of its own, which a conditional request can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FineRoot {
    /// As any root.
    pub root: Root,
    /// Its facts, as JSON.
    pub facts: String,
    /// When it was made.
    pub at: i64,
}

/// The newest capture of a source that a visit left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureRoot {
    /// The capture.
    pub id: i64,
    /// SHA-256 of its body.
    pub body_sha256: Sha,
    /// The instant it stands for.
    pub at: i64,
    /// Whether something that may be there another time is missing in it.
    pub is_incomplete: bool,
    /// Whether a browser has rendered it; false where one tried and failed.
    pub is_rendered: Option<bool>,
}

/// A source that is to be visited, with what the visit will be compared with.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct DueSource {
    /// Its id.
    pub id: i64,
    /// Its canonical address.
    pub address: String,
    /// Its state so far.
    pub state: SourceState,
    /// Since when the current verdict stands, and which.
    pub verdict: Option<(String, i64)>,
    /// The visit before this one.
    pub last: Option<Root>,
    /// The last fine visit.
    pub fine: Option<FineRoot>,
    /// The newest capture that a visit left.
    pub capture: Option<CaptureRoot>,
    /// Unconditional visits: when the last was, and how many confirmations followed it.
    pub last_full_visit_at: Option<i64>,
    /// How many conditional visits were answered "not modified" since.
    pub confirmations: u32,
    /// Whether robots.txt forbade or could not tell, when it was last asked about it.
    pub is_disallowed: bool,
    /// Whether somebody asked for a copy of it.
    pub is_wanted: bool,
    /// When the youngest post that cites it was published.
    pub newest_post_at: Option<i64>,
    /// Whether something was seen that is told once it is seen again.
    pub has_untold: bool,
    /// Whether passages are quoted from it that were never looked for.
    pub has_new_quotes: bool,
    /// Whether an input that cites it wants its pages rendered by a browser.
    pub is_to_be_rendered: bool,
    /// The longest interval that an input asks for, in days.
    pub interval_days: Option<u32>,
}

/// A host that has due sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueHost {
    /// Its id; hosts are walked in this order.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its registrable domain.
    pub site: String,
}

impl Writing<'_> {
    /// The source of this canonical address, found by its name or a trivial alias, or made. Says whether it is new, or
    /// was never to be visited before. One that is not `due` is only recorded.
    ///
    /// Where another source moved to is an address of its own when it is cited itself: it may outlive the redirect.
    pub fn find_or_add_source(
        &self,
        address: &str,
        host: &str,
        site: &str,
        now: i64,
        due: Option<i64>,
    ) -> rusqlite::Result<(i64, bool)> {
        let known: Option<(i64, bool)> = self
            .connection
            .prepare_cached(
                "select id, next_visit_at is null from source where address = ?1
                 union all
                 select a.source_id, s.next_visit_at is null from alias a join source s on s.id = a.source_id
                 where a.address = ?1 and a.reason = 'trivial'",
            )?
            .query_row([address], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((id, is_never_due)) = known {
            let becomes_due = is_never_due && due.is_some();
            if becomes_due {
                self.connection
                    .prepare_cached("update source set next_visit_at = ?2 where id = ?1")?
                    .execute((id, due))?;
            }
            return Ok((id, becomes_due));
        }
        let host_id = self.find_or_add_host(host, site)?;
        self.connection
            .prepare_cached(
                "insert into source (address, host_id, added_at, standing_since, next_visit_at)
                 values (?1, ?2, ?3, ?3, ?4)",
            )?
            .execute((address, host_id, now, due))?;
        Ok((self.connection.last_insert_rowid(), true))
    }

    /// Makes sources due, from the one after this id on. Gives the id of the last, or `None` when there are no more.
    ///
    /// A part at a time: what one transaction changes is held in memory, and others want to write too.
    pub fn make_due_after(&self, after: i64, now: i64) -> rusqlite::Result<Option<i64>> {
        const AT_ONCE: i64 = 5000;
        let last: Option<i64> = self
            .connection
            .prepare_cached(
                "select max(id) from (select id from source where id > ?1 order by id limit ?2)",
            )?
            .query_row((after, AT_ONCE), |row| row.get(0))?;
        let Some(last) = last else {
            return Ok(None);
        };
        self.connection
            .prepare_cached(
                "update source set next_visit_at = ?3
                 where id > ?1 and id <= ?2 and (next_visit_at is null or next_visit_at > ?3)",
            )?
            .execute((after, last, now))?;
        Ok(Some(last))
    }

    /// Puts a visit off that could not be made now (not the source's fault, or a host that asked to wait).
    pub fn put_off(&self, source_id: i64, until: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("update source set next_visit_at = ?2 where id = ?1")?
            .execute((source_id, until))?;
        Ok(())
    }
}

pub(super) fn find_source(
    connection: &rusqlite::Connection,
    address: &str,
) -> rusqlite::Result<Option<i64>> {
    let by_name = connection
        .prepare_cached("select id from source where address = ?1")?
        .query_row([address], |row| row.get(0))
        .optional()?;
    if by_name.is_some() {
        return Ok(by_name);
    }
    connection
        .prepare_cached("select source_id from alias where address = ?1")?
        .query_row([address], |row| row.get(0))
        .optional()
}

/// What [`state`] reads.
pub(super) const STATE_COLUMNS: &str = "s.standing, s.standing_since, s.strikes, s.first_strike_at, s.last_strike_at,
     s.hard_strikes, s.last_hard_strike_at, s.failures_in_row, s.unclear_in_row, s.quiet_visits, s.visits,
     s.last_visit_at, s.last_fine_at, s.last_changed_at, s.dead_since, s.dead_visits, s.next_visit_at, s.revived_at,
     s.second_look_due";

/// After how many days at the latest the source `s` is visited, where that is not as with all: one that no post cites
/// any more can wait.
pub(super) const INTERVAL_DAYS: &str =
    "iif(not exists (select 1 from citation w where w.source_id = s.id and w.gone_at is null and not w.recorded_only)
         and exists (select 1 from citation w where w.source_id = s.id), max(coalesce(s.interval_days, 0), 90),
         s.interval_days)";

/// What a visit needs to know beside the state. The body that was captured is usually that of the last fine visit; a blob's row, which lies
/// on pages of its own, is looked at only where it is not.
fn due_columns() -> String {
    let facts = texts::facts("fo");
    format!(
        "s.verdict, s.verdict_since, coalesce(lv.confirms, lv.id), lo.sha256, coalesce(lj.code, s.verdict),
     fv.id, fo.sha256, fj.code, {facts}, fv.at,
     c.id, case when c.visit_id = s.fine_visit_id then fo.body_sha256
           else (select b.sha256 from blob b where b.id = c.body_id) end, s.last_full_visit_at, s.confirmations,
     coalesce(s.robots in ('disallowed', 'unreachable'), 0), s.newest_post_at,
     exists (select 1 from untold u where u.source_id = s.id),
     exists (select 1 from quote q where q.source_id = s.id and q.looked_at is null), c.at,
     exists (select 1 from requisite r where r.manifest_id = c.manifest_id
         and r.missing in ('robots', 'not-found', 'refused', 'failed', 'later', 'no-room')),
     (select r.outcome <> 'failed' from rendering r where r.capture_id = c.id),
     iif((select exists (select 1 from input where json_extract(options, '$.browser'))), exists (
         select 1 from citation w join post p on p.id = w.post_id join document d on d.id = p.document_id
         join input i on i.id = d.input_id
         where w.source_id = s.id and w.gone_at is null and i.removed_at is null
             and json_extract(i.options, '$.browser')), 0),
     exists (select 1 from wanted w where w.source_id = s.id)"
    )
}

/// Where these are from.
const DUE_FROM: &str = "from source s
     left join visit lv on lv.id = s.last_visit_id
     left join outcome lo on lo.id = lv.outcome_id
     left join verdict lj on lj.visit_id = coalesce(lv.confirms, lv.id)
     left join visit fv on fv.id = s.fine_visit_id
     left join outcome fo on fo.id = fv.outcome_id
     left join verdict fj on fj.visit_id = fv.id
     left join capture c on c.id = coalesce(
         (select n.id from capture n where n.id = s.last_capture_id and n.visit_id is not null),
         (select max(n.id) from capture n where n.source_id = s.id and n.visit_id is not null))";

impl Reading<'_> {
    /// The id of the source of an address, by its name or an alias.
    pub fn source_id(&self, address: &str) -> rusqlite::Result<Option<i64>> {
        find_source(self.connection, address)
    }

    /// The next hosts, after the one with this id, that have sources due at `now`. Skips from host to host through the
    /// index, so that it costs the same however many sources there are.
    ///
    /// `cross join`, here and in other verbs, keeps the order as it is written: statistics of a file that was analysed
    /// while it was small make `SQLite` prefer to scan all hosts for each row.
    pub fn due_hosts(&self, after: i64, now: i64, most: usize) -> rusqlite::Result<Vec<DueHost>> {
        self.connection
            .prepare_cached(
                "with recursive next (host_id) as (
                     select min(host_id) from source where host_id > ?1 and next_visit_at is not null
                     union all
                     select (select min(host_id) from source where host_id > next.host_id
                             and next_visit_at is not null)
                     from next where next.host_id is not null)
                 select h.id, h.name, h.site from next cross join host h on h.id = next.host_id
                 where exists (select 1 from source s where s.host_id = next.host_id and s.next_visit_at <= ?2)
                 limit ?3",
            )?
            .query_map((after, now, most as i64), |row| {
                Ok(DueHost { id: row.get(0)?, name: row.get(1)?, site: row.get(2)? })
            })?
            .collect()
    }

    /// Sources of a host due at `now`, in the order of their due times, after the given place in that order.
    pub fn due_sources(
        &self,
        host_id: i64,
        now: i64,
        after: (i64, i64),
        most: usize,
    ) -> rusqlite::Result<Vec<DueSource>> {
        self.connection
            .prepare_cached(&format!(
                "select s.id, s.address, {STATE_COLUMNS}, {}, {INTERVAL_DAYS} {DUE_FROM}
                 where s.host_id = ?1 and s.next_visit_at <= ?2 and (s.next_visit_at, s.id) > (?3, ?4)
                 order by s.next_visit_at, s.id limit ?5",
                due_columns()
            ))?
            .query_map((host_id, now, after.0, after.1, most as i64), due_source)?
            .collect()
    }

    /// One source, with what a visit needs to know.
    pub fn due_source(&self, id: i64) -> rusqlite::Result<Option<DueSource>> {
        self.connection
            .prepare_cached(&format!(
                "select s.id, s.address, {STATE_COLUMNS}, {}, {INTERVAL_DAYS} {DUE_FROM}
                 where s.id = ?1",
                due_columns()
            ))?
            .query_row([id], due_source)
            .optional()
    }
}

fn sha(bytes: Option<Vec<u8>>) -> Sha {
    bytes
        .and_then(|bytes| Sha::try_from(bytes).ok())
        .unwrap_or_default()
}

fn due_source(row: &Row<'_>) -> rusqlite::Result<DueSource> {
    let verdict: Option<String> = row.get(21)?;
    let verdict_since: Option<i64> = row.get(22)?;
    let last_visit: Option<i64> = row.get(23)?;
    let fine_visit: Option<i64> = row.get(26)?;
    let capture: Option<i64> = row.get(31)?;
    let last = match last_visit {
        Some(visit_id) => Some(Root {
            visit_id,
            outcome_sha256: sha(row.get(24)?),
            verdict: row.get::<_, Option<String>>(25)?.unwrap_or_default(),
        }),
        None => None,
    };
    let fine = match fine_visit {
        Some(visit_id) => Some(FineRoot {
            root: Root {
                visit_id,
                outcome_sha256: sha(row.get(27)?),
                verdict: row.get::<_, Option<String>>(28)?.unwrap_or_default(),
            },
            facts: row.get(29)?,
            at: row.get(30)?,
        }),
        None => None,
    };
    let capture = match capture {
        Some(id) => Some(CaptureRoot {
            id,
            body_sha256: sha(row.get(32)?),
            at: row.get(39)?,
            is_incomplete: row.get(40)?,
            is_rendered: row.get(41)?,
        }),
        None => None,
    };
    Ok(DueSource {
        id: row.get(0)?,
        address: row.get(1)?,
        state: state(row, 2)?,
        verdict: verdict.zip(verdict_since),
        last,
        fine,
        capture,
        last_full_visit_at: row.get(33)?,
        confirmations: row.get(34)?,
        is_disallowed: row.get(35)?,
        newest_post_at: row.get(36)?,
        has_untold: row.get(37)?,
        has_new_quotes: row.get(38)?,
        is_to_be_rendered: row.get(42)?,
        is_wanted: row.get(43)?,
        interval_days: row.get(44)?,
    })
}

/// Reads the state columns that begin at `first`.
pub(super) fn state(row: &Row<'_>, first: usize) -> rusqlite::Result<SourceState> {
    Ok(SourceState {
        standing: row.get(first)?,
        standing_since: row.get(first + 1)?,
        strikes: row.get(first + 2)?,
        first_strike_at: row.get(first + 3)?,
        last_strike_at: row.get(first + 4)?,
        hard_strikes: row.get(first + 5)?,
        last_hard_strike_at: row.get(first + 6)?,
        failures_in_row: row.get(first + 7)?,
        unclear_in_row: row.get(first + 8)?,
        quiet_visits: row.get(first + 9)?,
        visits: row.get(first + 10)?,
        last_visit_at: row.get(first + 11)?,
        last_fine_at: row.get(first + 12)?,
        last_changed_at: row.get(first + 13)?,
        dead_since: row.get(first + 14)?,
        dead_visits: row.get(first + 15)?,
        next_visit_at: row.get(first + 16)?,
        revived_at: row.get(first + 17)?,
        second_look_due: row.get(first + 18)?,
    })
}
