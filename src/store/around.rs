//! What is known beside visits: how hosts answer to addresses that were made up, who serves the names of hosts, and at
//! which addresses the redirects of many sources end.

use std::collections::{BTreeMap, HashMap};

use rusqlite::OptionalExtension;

use super::chain::Sha;
use super::{Reading, Writing, texts};

/// Of what ended at one address, so many outcomes are looked at.
const MOST_OUTCOMES: u32 = 256;

/// How a host answered to an address that was made up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiblingRow {
    /// When it was asked.
    pub at: i64,
    /// The address that was asked for.
    pub url: String,
    /// Status of the last answer.
    pub status: u16,
    /// Where it ended, where that is not where it began.
    pub final_url: Option<String>,
    /// Digest of the body.
    pub body_sha256: Option<Sha>,
    /// The version of the code that drew the features, and what it drew, as JSON.
    pub features: Option<(u32, String)>,
}

/// What the name servers said of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteNamesRow {
    /// Its registrable domain.
    pub site: String,
    /// When they were asked.
    pub at: i64,
    /// The name servers of the registrable domain, sorted.
    pub name_servers: Vec<String>,
    /// The names that the host is an alias of, in order.
    pub aliases: Vec<String>,
}

impl Writing<'_> {
    /// Keeps how a host answered to an address made up in this folder, in the place of what was known.
    pub fn keep_sibling(&self, folder: &str, sibling: &SiblingRow) -> rusqlite::Result<()> {
        let (version, features) = match &sibling.features {
            Some((version, features)) => (Some(version), Some(features)),
            None => (None, None),
        };
        self.connection
            .prepare_cached(
                "insert into sibling (folder, at, url, status, final_url, body_sha256, features_version, features)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 on conflict (folder) do update set at = excluded.at, url = excluded.url, status = excluded.status,
                     final_url = excluded.final_url, body_sha256 = excluded.body_sha256,
                     features_version = excluded.features_version, features = excluded.features",
            )?
            .execute((
                folder,
                sibling.at,
                &sibling.url,
                sibling.status,
                &sibling.final_url,
                sibling.body_sha256.as_ref().map(|sha| &sha[..]),
                version,
                features,
            ))?;
        Ok(())
    }

    /// Keeps what the name servers said of a host, in the place of what was known.
    pub fn keep_site_names(&self, host: &str, names: &SiteNamesRow) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "insert into site_names (host, site, at, name_servers, aliases) values (?1, ?2, ?3, ?4, ?5)
                 on conflict (host) do update set site = excluded.site, at = excluded.at,
                     name_servers = excluded.name_servers, aliases = excluded.aliases",
            )?
            .execute((
                host,
                &names.site,
                names.at,
                serde_json::json!(names.name_servers).to_string(),
                serde_json::json!(names.aliases).to_string(),
            ))?;
        Ok(())
    }
}

impl Reading<'_> {
    /// How a host answered to an address made up in this folder, if it was ever asked.
    pub fn sibling(&self, folder: &str) -> rusqlite::Result<Option<SiblingRow>> {
        self.connection
            .prepare_cached(
                "select at, url, status, final_url, body_sha256, features_version, features from sibling
                 where folder = ?1",
            )?
            .query_row([folder], |row| {
                let version: Option<u32> = row.get(5)?;
                let features: Option<String> = row.get(6)?;
                Ok(SiblingRow {
                    at: row.get(0)?,
                    url: row.get(1)?,
                    status: row.get(2)?,
                    final_url: row.get(3)?,
                    body_sha256: row.get(4)?,
                    features: version.zip(features),
                })
            })
            .optional()
    }

    /// What the name servers said of a host, if they were ever asked.
    pub fn site_names(&self, host: &str) -> rusqlite::Result<Option<SiteNamesRow>> {
        let list = |text: String| serde_json::from_str(&text).unwrap_or_default();
        self.connection
            .prepare_cached(
                "select site, at, name_servers, aliases from site_names where host = ?1",
            )?
            .query_row([host], |row| {
                Ok(SiteNamesRow {
                    site: row.get(0)?,
                    at: row.get(1)?,
                    name_servers: list(row.get(2)?),
                    aliases: list(row.get(3)?),
                })
            })
            .optional()
    }

    /// For each of these final addresses, the addresses of the sources that ever ended there, at most some hundred of
    /// each. An outcome is one source's: its first hop is the source.
    pub fn sinks(&self, finals: &[&str]) -> rusqlite::Result<HashMap<String, Vec<String>>> {
        let mut statement = self.connection.prepare_cached(&format!(
            "select distinct facts ->> '$.hops[0].url' from
                 (select {} as facts from outcome o where o.final_url = ?1 order by o.id desc limit ?2)",
            texts::facts("o")
        ))?;
        let mut sinks = HashMap::new();
        for &address in finals {
            let ended = statement
                .query_map((address, MOST_OUTCOMES), |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<Option<String>>>>()?;
            let ended = ended.into_iter().flatten().collect();
            sinks.insert(address.to_owned(), ended);
        }
        Ok(sinks)
    }

    /// The final addresses at which at least so many sources ever ended, with how many did.
    pub fn all_sinks(&self, at_least: u32) -> rusqlite::Result<BTreeMap<String, u32>> {
        self.connection
            .prepare_cached(&format!(
                "select o.final_url, count(distinct {} ->> '$.hops[0].url') as sources from outcome o
                 where o.final_url is not null
                 group by o.final_url
                 having count(*) >= ?1 and sources >= ?1",
                texts::facts("o")
            ))?
            .query_map([at_least], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }
}
