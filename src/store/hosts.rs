//! Hosts: who is asked, how politely, and what their robots.txt said.

use rusqlite::OptionalExtension;

use super::{Reading, Writing};

/// An origin's robots.txt as last read (RFC 9309).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsRow {
    /// `present`, `absent`, `unreachable`.
    pub status: String,
    /// Its text, if present.
    pub text: Option<String>,
    /// `Crawl-delay`, in milliseconds.
    pub crawl_delay_ms: Option<i64>,
    /// When it was read.
    pub read_at: i64,
}

/// What is owed to a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRow {
    /// Its name.
    pub name: String,
    /// Its registrable domain.
    pub site: String,
    /// Before this instant it is not asked.
    pub next_request_at: i64,
    /// How often in a row it refused.
    pub refusals: u32,
}

/// What is known of a host when it is met again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KnownHost {
    /// Before this instant it is not asked.
    pub next_request_at: i64,
    /// How often in a row it refused.
    pub refusals: u32,
    /// The `Crawl-delay` that it asked for, in milliseconds.
    pub crawl_delay_ms: Option<i64>,
}

impl Writing<'_> {
    /// Keeps what is owed to hosts, so that the next process keeps it too.
    pub fn save_hosts(&self, hosts: &[HostRow]) -> rusqlite::Result<()> {
        let mut save = self.connection.prepare_cached(
            "insert into host (name, site, next_request_at, refusals) values (?1, ?2, ?3, ?4)
             on conflict (name) do update set next_request_at = excluded.next_request_at, refusals = excluded.refusals",
        )?;
        for host in hosts {
            save.execute((&host.name, &host.site, host.next_request_at, host.refusals))?;
        }
        Ok(())
    }

    pub(super) fn find_or_add_host(&self, name: &str, site: &str) -> rusqlite::Result<i64> {
        let known = self
            .connection
            .prepare_cached("select id from host where name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
        self.connection
            .prepare_cached("insert into host (name, site) values (?1, ?2)")?
            .execute((name, site))?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Keeps what the robots.txt of an origin (scheme, host, port) said.
    pub fn save_robots(&self, origin: &str, robots: &RobotsRow) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "insert into robots (origin, status, text, crawl_delay_ms, read_at) values (?1, ?2, ?3, ?4, ?5)
                 on conflict (origin) do update set status = excluded.status, text = excluded.text,
                     crawl_delay_ms = excluded.crawl_delay_ms, read_at = excluded.read_at",
            )?
            .execute((origin, &robots.status, &robots.text, robots.crawl_delay_ms, robots.read_at))?;
        Ok(())
    }
}

impl Reading<'_> {
    /// What is owed to a host, and what its robots.txt files asked for.
    pub fn known_host(&self, name: &str) -> rusqlite::Result<KnownHost> {
        let owed = self
            .connection
            .prepare_cached("select next_request_at, refusals from host where name = ?1")?
            .query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (next_request_at, refusals) = owed.unwrap_or_default();
        let crawl_delay_ms = self
            .connection
            .prepare_cached(
                // An origin may have a port; `;` is the byte after `:`.
                "select max(crawl_delay_ms) from robots
                 where origin in ('https://' || ?1, 'http://' || ?1)
                    or (origin >= 'https://' || ?1 || ':' and origin < 'https://' || ?1 || ';')
                    or (origin >= 'http://' || ?1 || ':' and origin < 'http://' || ?1 || ';')",
            )?
            .query_row([name], |row| row.get(0))?;
        Ok(KnownHost {
            next_request_at,
            refusals,
            crawl_delay_ms,
        })
    }

    /// The robots.txt of an origin, if it was ever read.
    pub fn robots(&self, origin: &str) -> rusqlite::Result<Option<RobotsRow>> {
        self.connection
            .prepare_cached(
                "select status, text, crawl_delay_ms, read_at from robots where origin = ?1",
            )?
            .query_row([origin], |row| {
                Ok(RobotsRow {
                    status: row.get(0)?,
                    text: row.get(1)?,
                    crawl_delay_ms: row.get(2)?,
                    read_at: row.get(3)?,
                })
            })
            .optional()
    }

    /// Hands out each host that has sources due at `now`, with their number.
    pub fn each_due_host(&self, now: i64, mut host: impl FnMut(&str, u64)) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "select h.name, d.due from
                 (select host_id, count(*) as due from source where next_visit_at <= ?1 group by host_id) d
             cross join host h on h.id = d.host_id",
        )?;
        let mut rows = statement.query([now])?;
        while let Some(row) = rows.next()? {
            let due: i64 = row.get(1)?;
            host(row.get_ref(0)?.as_str()?, u64::try_from(due).unwrap_or(0));
        }
        Ok(())
    }
}
