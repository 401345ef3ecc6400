//! Sources as lists show them, a page at a time, and how many of each kind there are.
//!
//! A row of `listed` says of a source what its lists need. Triggers note of which sources something changed; before a transaction of the
//! writer ends, their rows are made anew, and so are the tallies. So a page of a list costs what is on it, and a count costs
//! nothing, however many sources there are.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension};

use super::decisions::{UNDECIDED, wrong};
use super::overview::{CITED, STANDING, VERDICT};
use super::search::Filter;
use super::{Reading, SearchFor, Writing};

/// A list that is narrowed by what no index knows is looked through for so long; then it goes on with the next page.
const PATIENCE: Duration = Duration::from_millis(35);
/// Rows that are taken from an index at once.
const AT_ONCE: usize = 128;
/// Citations and copies of a source are counted up to here.
pub const MOST_COUNTED: i64 = 1000;
/// A host below which there are more is looked for by walking all sources.
const MOST_HOSTS: usize = 200;

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ListOrder {
    /// What changed last comes first.
    #[default]
    Changed,
    /// What changed last comes last.
    Oldest,
    /// What was cited last for the first time comes first.
    Added,
    /// By address.
    Address,
}

/// Which sources are listed, and from where on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFor {
    /// What narrows it, but for the words.
    pub narrowed: SearchFor,
    /// Their addresses have this in them.
    pub part: Option<String>,
    /// Something is wrong with them in one of these ways (`dead`, `quote`, `drifted`, `moved`), and what becomes of their citations is not
    /// decided.
    pub work: Vec<String>,
    /// Changed since then, in milliseconds since the epoch.
    pub since: Option<i64>,
    /// Visited last at this instant or after it.
    pub checked_since: Option<i64>,
    /// Visited last before this instant, or never.
    pub checked_before: Option<i64>,
    /// In which order.
    pub order: ListOrder,
    /// Behind this place; none for the first page.
    pub after: Option<ListPlace>,
    /// So many at most.
    pub most: usize,
}

/// A place in a list: that of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPlace {
    /// When it changed, in milliseconds since the epoch.
    pub since: i64,
    /// Its id.
    pub source_id: i64,
}

/// A source in a list. Instants in milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSource {
    /// Its id.
    pub id: i64,
    /// Its canonical address.
    pub address: String,
    /// The name of its host.
    pub host: String,
    /// Its standing, as marks make it.
    pub standing: String,
    /// Its verdict, likewise.
    pub verdict: Option<String>,
    /// When the later of them changed.
    pub since: i64,
    /// When it was last visited.
    pub checked_at: Option<i64>,
    /// When it is visited next.
    pub next_visit_at: Option<i64>,
    /// Citations there are now, up to 1,000.
    pub citations: i64,
    /// Copies that are there, up to 1,000.
    pub captures: i64,
    /// The newest of them, and when it was made.
    pub newest_capture: Option<(i64, i64)>,
    /// Its title.
    pub title: Option<String>,
    /// Where it moved to.
    pub moved_to: Option<String>,
    /// What a user says of it: `alive`, `dead`.
    pub mark: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedPage {
    /// What is on it.
    pub sources: Vec<ListedSource>,
    /// Where it goes on; none where this is the end.
    pub next: Option<ListPlace>,
    /// Whether there was no time to look for all that it has room for.
    pub is_cut: bool,
}

/// How many there are of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Of which standing.
    pub standing: String,
    /// Of which verdict; none for those that were not visited.
    pub verdict: Option<String>,
    /// How many.
    pub many: i64,
}

/// How many sources of a group are of a standing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupTally {
    /// The group: a host's name, a year (0 where it is unknown), or a day since the epoch.
    pub key: String,
    /// Of which standing.
    pub standing: String,
    /// How many.
    pub many: i64,
}

/// Makes the rows anew of sources of which something changed.
pub(super) fn refresh(connection: &Connection) -> rusqlite::Result<()> {
    let is_due = connection
        .prepare_cached("select exists (select 1 from listed_due)")?
        .query_row([], |row| row.get::<_, bool>(0))?;
    if !is_due {
        return Ok(());
    }
    let run = |sql: &str| connection.prepare_cached(sql)?.execute([]);
    run(&counted("-"))?;
    run("delete from listed where source_id in (select source_id from listed_due)")?;
    let wrong = wrong();
    run(&format!(
        "insert into listed (source_id, host_id, standing, verdict, since, year, work)
         select id, host_id, standing, verdict, since, year, iif(wrong is not null and {UNDECIDED}, wrong, null)
         from (select s.id, s.host_id, {STANDING} as standing, {VERDICT} as verdict,
                   max(s.standing_since, coalesce(s.verdict_since, 0)) as since,
                   coalesce(cast(strftime('%Y', s.cited_since / 1000, 'unixepoch') as integer), 0) as year,
                   {wrong} as wrong
               from listed_due d join source s on s.id = d.source_id left join mark m on m.source_id = s.id
               where m.mark is not 'ignore' and {CITED}) l"
    ))?;
    run(&counted(""))?;
    run("delete from tally where many = 0")?;
    run("delete from listed_due")?;
    Ok(())
}

/// Adds to the tallies, or takes from them (`-`), what is listed of the sources that are due: of all at once, for they are mostly of the
/// same few kinds.
fn counted(sign: &str) -> String {
    const OF: &str = "from listed where source_id in (select source_id from listed_due)";
    format!(
        "insert into tally (what, key, standing, verdict, many)
         select 'all', 0, standing, coalesce(verdict, ''), {sign}count(*) {OF} group by 3, 4
         union all select 'host', host_id, standing, coalesce(verdict, ''), {sign}count(*) {OF} group by 2, 3, 4
         union all select 'year', year, standing, '', {sign}count(*) {OF} group by 2, 3
         union all select 'work', 0, work, '', {sign}count(*) {OF} and work is not null group by 3
         on conflict (what, key, standing, verdict) do update set many = many + excluded.many"
    )
}

impl Writing<'_> {
    /// Notes how many sources are of each standing today.
    pub(super) fn note_day(&self, now: i64) -> rusqlite::Result<()> {
        const DAY: i64 = 86_400_000;
        refresh(self.connection)?;
        let day = now.div_euclid(DAY);
        self.connection
            .prepare_cached("delete from standing_day where day = ?1")?
            .execute([day])?;
        self.connection
            .prepare_cached(
                "insert into standing_day (day, standing, many)
                 select ?1, standing, sum(many) from tally where what = 'all' group by standing",
            )?
            .execute([day])?;
        Ok(())
    }
}

/// A source, as it is walked past.
#[derive(Debug, Clone)]
struct Passed {
    place: ListPlace,
    address: String,
    standing: String,
    verdict: Option<String>,
    checked_at: Option<i64>,
}

/// Where the rows of a list come from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Index {
    All,
    Standing(String),
    Verdict(String),
    Work(String),
    Host(i64),
    Addresses,
    Added,
}

/// One of them, walked through in the list's order.
struct Walk {
    index: Index,
    /// From what changed first on.
    is_oldest_first: bool,
    rows: VecDeque<Passed>,
    /// The place of the last that was read, and its address.
    after: Option<(ListPlace, String)>,
    is_over: bool,
}

impl Walk {
    fn new(index: Index, is_oldest_first: bool, after: Option<(ListPlace, String)>) -> Self {
        Self {
            index,
            is_oldest_first,
            rows: VecDeque::new(),
            after,
            is_over: false,
        }
    }

    /// The next row, which stays.
    fn first(&mut self, reading: &Reading<'_>) -> rusqlite::Result<Option<&Passed>> {
        if self.rows.is_empty() && !self.is_over {
            let after = self.after.as_ref();
            self.rows = reading
                .some_of(&self.index, self.is_oldest_first, after)?
                .into();
            self.is_over = self.rows.len() < AT_ONCE;
            if let Some(last) = self.rows.back() {
                self.after = Some((last.place.clone(), last.address.clone()));
            }
        }
        Ok(self.rows.front())
    }
}

impl Reading<'_> {
    /// A page of a list.
    pub fn list_sources(&self, wanted: &ListFor) -> rusqlite::Result<ListedPage> {
        let begun = Instant::now();
        let after = match &wanted.after {
            Some(place) => {
                let address = self.address_of(place.source_id)?.unwrap_or_default();
                Some((place.clone(), address))
            }
            None => None,
        };
        let is_oldest_first = wanted.order == ListOrder::Oldest;
        let mut walks: Vec<Walk> = self
            .indexes(wanted)?
            .into_iter()
            .map(|index| Walk::new(index, is_oldest_first, after.clone()))
            .collect();
        let by_address = wanted.order == ListOrder::Address
            || walks
                .iter()
                .any(|walk| matches!(walk.index, Index::Host(_)));
        // Standings and verdicts are those that marks make.
        let (standings, verdicts) = (&wanted.narrowed.standings, &wanted.narrowed.verdicts);
        let mut filter = Filter::new(
            self,
            &SearchFor {
                standings: Vec::new(),
                verdicts: Vec::new(),
                ..wanted.narrowed.clone()
            },
        )?;
        let part = wanted.part.as_deref().map(str::to_lowercase);
        let is_by_work = walks
            .iter()
            .all(|walk| matches!(walk.index, Index::Work(_)));
        let mut page = ListedPage::default();
        let mut looked_at = None;
        loop {
            let mut best: Option<(usize, Passed)> = None;
            for (at, walk) in walks.iter_mut().enumerate() {
                if let Some(row) = walk.first(self)? {
                    let is_before = best.as_ref().is_none_or(|(_, best)| {
                        if by_address {
                            row.address < best.address
                        } else {
                            let key = |row: &Passed| (row.place.since, row.place.source_id);
                            (key(row) > key(best)) != is_oldest_first
                        }
                    });
                    if is_before {
                        best = Some((at, row.clone()));
                    }
                }
            }
            let Some((at, row)) = best else {
                return Ok(page);
            };
            let is_by_change = !by_address && wanted.order == ListOrder::Changed;
            if is_by_change && wanted.since.is_some_and(|since| row.place.since < since) {
                return Ok(page);
            }
            let is_full = page.sources.len() == wanted.most;
            if is_full || begun.elapsed() > PATIENCE && looked_at.is_some() {
                page.is_cut = !is_full;
                page.next = looked_at;
                return Ok(page);
            }
            walks[at].rows.pop_front();
            let id = row.place.source_id;
            // One that has both a standing and a verdict that are asked for comes twice.
            let is_new = looked_at.as_ref() != Some(&row.place);
            let is_of_kind = standings.is_empty() && verdicts.is_empty()
                || standings.contains(&row.standing)
                || row
                    .verdict
                    .is_some_and(|verdict| verdicts.contains(&verdict));
            let is_meant = is_new
                && is_of_kind
                && part
                    .as_ref()
                    .is_none_or(|part| row.address.to_lowercase().contains(part))
                && wanted.since.is_none_or(|since| row.place.since >= since)
                && wanted
                    .checked_since
                    .is_none_or(|since| row.checked_at.is_some_and(|at| at >= since))
                && wanted
                    .checked_before
                    .is_none_or(|before| row.checked_at.is_none_or(|at| at < before))
                && filter.takes(id, None)?
                && (wanted.work.is_empty() || is_by_work || self.has_work(id, &wanted.work)?);
            if is_meant && let Some(source) = self.listed_source(id)? {
                page.sources.push(source);
            }
            looked_at = Some(row.place);
        }
    }

    /// The indexes that have all that is asked for, and as little else as can be.
    fn indexes(&self, wanted: &ListFor) -> rusqlite::Result<Vec<Index>> {
        let narrowed = &wanted.narrowed;
        if !narrowed.hosts.is_empty() {
            let mut all = Vec::new();
            for host in &narrowed.hosts {
                let mut query = self.connection.prepare_cached(
                    "select id from host where name = ?1 or substr(name, -length(?1) - 1) = '.' || ?1 limit ?2",
                )?;
                let ids = query.query_map((host, MOST_HOSTS as i64 + 1), |row| row.get(0))?;
                for id in ids {
                    all.push(Index::Host(id?));
                }
            }
            if all.len() <= MOST_HOSTS {
                return Ok(all);
            }
        }
        match wanted.order {
            ListOrder::Address => return Ok(vec![Index::Addresses]),
            ListOrder::Added => return Ok(vec![Index::Added]),
            ListOrder::Changed | ListOrder::Oldest => {}
        }
        if !wanted.work.is_empty() {
            return Ok(wanted.work.iter().cloned().map(Index::Work).collect());
        }
        let of = |names: &[String], index: fn(String) -> Index| -> Vec<Index> {
            let mut names: Vec<String> = names.to_vec();
            names.sort_unstable();
            names.dedup();
            names.into_iter().map(index).collect()
        };
        let mut all = of(&narrowed.standings, Index::Standing);
        all.extend(of(&narrowed.verdicts, Index::Verdict));
        if all.is_empty() {
            all.push(Index::All);
        }
        Ok(all)
    }

    /// Some rows of an index, in its order, behind a place.
    fn some_of(
        &self,
        index: &Index,
        is_oldest_first: bool,
        after: Option<&(ListPlace, String)>,
    ) -> rusqlite::Result<Vec<Passed>> {
        const NAMED: &str =
            "select l.since, l.source_id, s.address, l.standing, l.verdict, s.last_visit_at";
        let columns = format!("{NAMED} from listed l join source s on s.id = l.source_id");
        let (behind, beginning) = if is_oldest_first {
            (
                "(l.since, l.source_id) > (?2, ?3) order by l.since, l.source_id limit ?4",
                i64::MIN,
            )
        } else {
            (
                "(l.since, l.source_id) < (?2, ?3) order by l.since desc, l.source_id desc limit ?4",
                i64::MAX,
            )
        };
        let (since, id) = after.map_or((beginning, beginning), |(place, _)| {
            (place.since, place.source_id)
        });
        let most = AT_ONCE as i64;
        let row = |row: &rusqlite::Row<'_>| {
            Ok(Passed {
                place: ListPlace {
                    since: row.get(0)?,
                    source_id: row.get(1)?,
                },
                address: row.get(2)?,
                standing: row.get(3)?,
                verdict: row.get(4)?,
                checked_at: row.get(5)?,
            })
        };
        match index {
            Index::All => self
                .connection
                .prepare_cached(&format!("{columns} where ?1 is null and {behind}"))?
                .query_map((None::<String>, since, id, most), row)?
                .collect(),
            Index::Standing(standing) => self
                .connection
                .prepare_cached(&format!("{columns} where l.standing = ?1 and {behind}"))?
                .query_map((standing, since, id, most), row)?
                .collect(),
            Index::Verdict(verdict) => self
                .connection
                .prepare_cached(&format!("{columns} where l.verdict = ?1 and {behind}"))?
                .query_map((verdict, since, id, most), row)?
                .collect(),
            Index::Work(work) => self
                .connection
                .prepare_cached(&format!("{columns} where l.work = ?1 and {behind}"))?
                .query_map((work, since, id, most), row)?
                .collect(),
            Index::Added => self
                .connection
                .prepare_cached(&format!(
                    "{columns} where l.source_id < ?1 order by l.source_id desc limit ?2"
                ))?
                .query_map((id, most), row)?
                .collect(),
            Index::Addresses => self
                .connection
                .prepare_cached(&format!(
                    "{NAMED} from source s join listed l on l.source_id = s.id where s.address > ?1 order by s.address limit ?2"
                ))?
                .query_map((after.map_or("", |(_, address)| address), most), row)?
                .collect(),
            // A host's sources are few enough to be put in order each time, or so many that their ids have to do.
            Index::Host(host_id) => self
                .connection
                .prepare_cached(&format!(
                    "{NAMED} from source s indexed by source_by_host join listed l on l.source_id = s.id
                     where s.host_id = ?1 and s.address > ?2 order by s.address limit ?3"
                ))?
                .query_map(
                    (host_id, after.map_or("", |(_, address)| address), most),
                    row,
                )?
                .collect(),
        }
    }

    /// A source as lists show it; none where it is not listed.
    pub fn listed_source(&self, id: i64) -> rusqlite::Result<Option<ListedSource>> {
        self.connection
            .prepare_cached(
                "select s.address, h.name, l.standing, l.verdict, l.since, s.last_visit_at, s.next_visit_at,
                     (select count(*) from (select 1 from citation c where c.source_id = s.id and c.gone_at is null limit ?2)),
                     (select count(*) from (select 1 from capture c where c.source_id = s.id and c.body_id is not null limit ?2)),
                     n.id, n.at, n.title, s.moved_to, m.mark
                 from listed l join source s on s.id = l.source_id join host h on h.id = s.host_id
                 left join capture n on n.id = s.last_capture_id and n.body_id is not null
                 left join mark m on m.source_id = s.id
                 where l.source_id = ?1",
            )?
            .query_row((id, MOST_COUNTED), |row| {
                let newest: Option<i64> = row.get(9)?;
                Ok(ListedSource {
                    id,
                    address: row.get(0)?,
                    host: row.get(1)?,
                    standing: row.get(2)?,
                    verdict: row.get(3)?,
                    since: row.get(4)?,
                    checked_at: row.get(5)?,
                    next_visit_at: row.get(6)?,
                    citations: row.get(7)?,
                    captures: row.get(8)?,
                    newest_capture: match newest {
                        Some(newest) => Some((newest, row.get(10)?)),
                        None => None,
                    },
                    title: row.get(11)?,
                    moved_to: row.get(12)?,
                    mark: row.get(13)?,
                })
            })
            .optional()
    }

    /// How many sources are listed, of each standing and verdict.
    pub fn tallies(&self) -> rusqlite::Result<Vec<Tally>> {
        self.connection
            .prepare_cached(
                "select standing, verdict, many from tally where what = 'all' and key = 0 order by many desc, standing, verdict",
            )?
            .query_map([], |row| {
                let verdict: String = row.get(1)?;
                Ok(Tally {
                    standing: row.get(0)?,
                    verdict: Some(verdict).filter(|verdict| !verdict.is_empty()),
                    many: row.get(2)?,
                })
            })?
            .collect()
    }

    /// How many sources of each year in which they were cited first are of each standing.
    pub fn tallies_by_year(&self) -> rusqlite::Result<Vec<GroupTally>> {
        self.group_tallies(
            "select key, standing, many from tally where what = 'year' order by key, standing",
        )
    }

    /// The same by day, at the end of the day's last run, for so many last days on which there was one.
    pub fn standing_by_day(&self, days: usize) -> rusqlite::Result<Vec<GroupTally>> {
        self.group_tallies(&format!(
            "select day, standing, many from standing_day
             where day in (select distinct day from standing_day order by day desc limit {days}) order by day, standing"
        ))
    }

    fn group_tallies(&self, sql: &str) -> rusqlite::Result<Vec<GroupTally>> {
        self.connection
            .prepare_cached(sql)?
            .query_map([], |row| {
                Ok(GroupTally {
                    key: row.get::<_, i64>(0)?.to_string(),
                    standing: row.get(1)?,
                    many: row.get(2)?,
                })
            })?
            .collect()
    }

    /// How many sources of these hosts are of each standing and verdict, host by host.
    pub fn tallies_of_hosts(&self, hosts: &[String]) -> rusqlite::Result<Vec<(String, Tally)>> {
        let mut all = Vec::new();
        let mut query = self.connection.prepare_cached(
            "select t.standing, t.verdict, t.many from tally t join host h on h.id = t.key
             where h.name = ?1 and t.what = 'host' order by t.many desc, 1, 2",
        )?;
        for host in hosts {
            let rows = query.query_map([host], |row| {
                let verdict: String = row.get(1)?;
                Ok(Tally {
                    standing: row.get(0)?,
                    verdict: Some(verdict).filter(|verdict| !verdict.is_empty()),
                    many: row.get(2)?,
                })
            })?;
            for row in rows {
                all.push((host.clone(), row?));
            }
        }
        Ok(all)
    }

    /// The hosts that have most sources of a standing and verdict, with how many.
    pub fn hosts_with_most(
        &self,
        standing: &str,
        most: usize,
    ) -> rusqlite::Result<Vec<GroupTally>> {
        self.connection
            .prepare_cached(
                "select h.name, sum(t.many) from tally t join host h on h.id = t.key
                 where t.what = 'host' and t.standing = ?1 group by t.key order by 2 desc, 1 limit ?2",
            )?
            .query_map((standing, most as i64), |row| {
                Ok(GroupTally {
                    key: row.get(0)?,
                    standing: standing.to_owned(),
                    many: row.get(1)?,
                })
            })?
            .collect()
    }
}

/// A post in a list. Instants in milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPost {
    /// Its id.
    pub id: i64,
    /// Its address or name.
    pub address: String,
    /// Its title.
    pub title: Option<String>,
    /// When it was published.
    pub published_at: Option<i64>,
    /// How many sources it cites, of each standing.
    pub standings: Vec<(String, i64)>,
}

impl Reading<'_> {
    /// A page of the posts that are there, those that were found last first: so many, before the one of this id, whose title or
    /// address has this in it; and behind which post it goes on.
    pub fn list_posts(
        &self,
        part: Option<&str>,
        before: Option<i64>,
        most: usize,
    ) -> rusqlite::Result<(Vec<ListedPost>, Option<i64>)> {
        let begun = Instant::now();
        let part = part.map(str::to_lowercase);
        let mut query = self.connection.prepare_cached(
            "select id, address, title, published_at from post where gone_at is null and id < ?1 order by id desc",
        )?;
        let mut rows = query.query([before.unwrap_or(i64::MAX)])?;
        let mut posts: Vec<ListedPost> = Vec::new();
        let mut last = None;
        while let Some(row) = rows.next()? {
            if posts.len() == most || begun.elapsed() > PATIENCE && last.is_some() {
                return Ok((posts, last));
            }
            let id: i64 = row.get(0)?;
            let (address, title): (String, Option<String>) = (row.get(1)?, row.get(2)?);
            last = Some(id);
            let is_meant = part.as_ref().is_none_or(|part| {
                let has = |text: &str| text.to_lowercase().contains(part);
                has(&address) || title.as_deref().is_some_and(has)
            });
            if is_meant {
                posts.push(ListedPost {
                    id,
                    address,
                    title,
                    published_at: row.get(3)?,
                    standings: self.standings_of(id)?,
                });
            }
        }
        Ok((posts, None))
    }

    /// How many sources that a post cites are of each standing.
    fn standings_of(&self, post_id: i64) -> rusqlite::Result<Vec<(String, i64)>> {
        self.connection
            .prepare_cached(
                "select l.standing, count(distinct l.source_id) from citation c join listed l on l.source_id = c.source_id
                 where c.post_id = ?1 and c.gone_at is null group by l.standing order by 1",
            )?
            .query_map([post_id], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// The address or name of a post.
    pub fn post_address(&self, id: i64) -> rusqlite::Result<Option<String>> {
        self.connection
            .prepare_cached("select address from post where id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()
    }

    /// The instant that a capture stands for, in milliseconds since the epoch.
    pub fn capture_at(&self, id: i64) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached("select at from capture where id = ?1 and body_id is not null")?
            .query_row([id], |row| row.get(0))
            .optional()
    }
}
