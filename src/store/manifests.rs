//! What a page needs to be shown: exchanges that no visit made, and the manifests that captures name them by.
//!
//! An exchange is put down as it comes, in a transaction that holds nothing of a capture. A manifest is addressed by
//! what it lists, so that captures that need the same share one. Until a capture is sealed over it, nobody sees either.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row};

use super::blob::{self, Packed};
use super::captures::NewExchange;
use super::chain::{Sha, hex, sha256};
use super::{Reading, Writing, texts};

/// The ids of the exchanges that a requisite came by, hop by hop; there once the writer has put them down. Whatever is
/// handed to the writer after that may use them.
#[derive(Debug, Clone, Default)]
pub struct PutDown(Arc<OnceLock<Vec<i64>>>);

impl PutDown {
    /// Exchanges that were put down before.
    pub fn known(ids: Vec<i64>) -> Self {
        Self(Arc::new(OnceLock::from(ids)))
    }

    pub(super) fn put(&self, ids: Vec<i64>) {
        let _ = self.0.set(ids);
    }

    /// The ids; empty as long as nothing was put down.
    pub fn ids(&self) -> &[i64] {
        self.0.get().map_or(&[], Vec::as_slice)
    }
}

/// What a capture needs, and where it is.
#[derive(Debug, Clone)]
pub struct NewRequisite {
    /// `style`, `script`, `image`, `icon`, `font`, `frame`, `media`, `download`, `other`; `document` for the exchanges of a
    /// document that no visit made.
    pub kind: &'static str,
    /// Its exchanges, or its address and why it is missing.
    pub state: RequisiteState,
}

/// Whether a requisite is there.
#[derive(Debug, Clone)]
pub enum RequisiteState {
    /// It came by these exchanges.
    Has(PutDown),
    /// It is missing: its address, and why, in a word (`robots`, `not-found`, `failed`, …).
    Missing(String, &'static str),
}

/// What a capture needs.
#[derive(Debug, Clone, Default)]
pub struct NewManifest {
    /// In the order in which it is needed.
    pub requisites: Vec<NewRequisite>,
    /// How many more are needed that are not listed, because they are too many, too long, or nested too deep.
    pub left_out: u64,
}

/// A requisite as its newest exchange has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRequisite {
    /// The exchange.
    pub exchange_id: i64,
    /// When it was asked for, in milliseconds since the epoch.
    pub at: i64,
    /// The status of the answer.
    pub status: u16,
    /// Its headers: a JSON array of pairs, in lower case.
    pub response_headers: String,
    /// Bytes of the body.
    pub size: u64,
}

/// What an exchange was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRow {
    /// The address asked for.
    pub url: String,
    /// The status.
    pub status: u16,
    /// The headers, in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A requisite of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequisiteRow {
    /// What it is needed for.
    pub kind: String,
    /// Its address, of this hop.
    pub url: String,
    /// The exchange that it came by.
    pub exchange_id: Option<i64>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// Bytes of the body.
    pub size: Option<i64>,
    /// Why it is missing.
    pub missing: Option<String>,
}

/// A line of a manifest: its kind, and an exchange, or the address of what is missing and why.
type Line<'a> = (&'static str, Result<i64, (&'a str, &'static str)>);

/// An exchange as it stands in the archive.
struct Stored {
    id: i64,
    text: String,
}

impl Writing<'_> {
    /// Puts down the exchanges that a requisite came by, every hop. One that says the same as the newest of its address is
    /// that one. `put_down` has their ids afterwards.
    pub fn put_requisite(
        &self,
        exchanges: &[NewExchange],
        body: &Packed,
        put_down: &PutDown,
    ) -> rusqlite::Result<()> {
        let (body_id, _) = blob::put(self.connection, body)?;
        let mut ids = Vec::with_capacity(exchanges.len());
        for exchange in exchanges {
            let body = exchange.has_body.then_some(body_id);
            let id = match self.same_exchange(exchange, body)? {
                Some(id) => id,
                None => self.insert_exchange(None, exchange, body)?,
            };
            ids.push(id);
        }
        let _ = put_down.0.set(ids);
        Ok(())
    }

    /// The newest exchange of an address, if it says what this one says.
    fn same_exchange(
        &self,
        exchange: &NewExchange,
        body: Option<i64>,
    ) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached(&format!(
                "select e.id, e.status, e.body_id, e.truncated, e.method, {} from exchange e
                 where e.url = ?1 and e.visit_id is null order by e.id desc limit 1",
                texts::response_headers("e")
            ))?
            .query_row([&exchange.url], |row| {
                let headers: String = row.get(5)?;
                let is_same = row.get::<_, u16>(1)? == exchange.status
                    && row.get::<_, Option<i64>>(2)? == body
                    && row.get::<_, Option<String>>(3)? == exchange.truncated
                    && row.get::<_, String>(4)? == exchange.method
                    && telling(&headers) == telling(&exchange.response_headers);
                Ok(is_same.then_some(row.get(0)?))
            })
            .optional()
            .map(Option::flatten)
    }

    /// The manifest that lists these requisites, found or made, and its digest.
    pub(super) fn put_manifest(&self, manifest: &NewManifest) -> rusqlite::Result<(i64, Sha)> {
        let mut rows: Vec<Line<'_>> = Vec::new();
        let (mut needs, mut has) = (0, 0);
        for requisite in &manifest.requisites {
            needs += i64::from(requisite.kind != "document");
            match &requisite.state {
                RequisiteState::Has(put_down) => {
                    has += i64::from(requisite.kind != "document");
                    rows.extend(put_down.ids().iter().map(|id| (requisite.kind, Ok(*id))));
                }
                RequisiteState::Missing(url, why) => {
                    rows.push((requisite.kind, Err((url.as_str(), *why))));
                }
            }
        }
        let mut text = START_OF_MANIFEST.to_owned();
        for (kind, row) in &rows {
            match row {
                Ok(id) => push_exchange(&mut text, kind, &self.exchange_digest(*id)?),
                Err((url, why)) => push_missing(&mut text, kind, url, why),
            }
        }
        push_left_out(&mut text, manifest.left_out);
        let sha = sha256(text.as_bytes());
        let known = self
            .connection
            .prepare_cached("select id from manifest where sha256 = ?1")?
            .query_row([&sha[..]], |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok((id, sha));
        }
        self.connection
            .prepare_cached(
                "insert into manifest (sha256, needs, has, left_out) values (?1, ?2, ?3, ?4)",
            )?
            .execute((&sha[..], needs, has, manifest.left_out as i64))?;
        let id = self.connection.last_insert_rowid();
        let mut insert = self.connection.prepare_cached(
            "insert into requisite (manifest_id, position, kind, exchange_id, url, missing)
             values (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for (position, (kind, row)) in rows.iter().enumerate() {
            let (exchange, missing) = (row.ok(), row.err());
            insert.execute((
                id,
                position as i64,
                kind,
                exchange,
                missing.map(|(url, _)| url),
                missing.map(|(_, why)| why),
            ))?;
        }
        Ok((id, sha))
    }

    fn exchange_digest(&self, id: i64) -> rusqlite::Result<Sha> {
        let stored = exchange(self.connection)?.query_row([id], stored)?;
        Ok(sha256(stored.text.as_bytes()))
    }
}

/// The first line of what a manifest's digest covers.
const START_OF_MANIFEST: &str = "manifest\n";

/// What the digest of an exchange covers, and from where.
fn exchange(connection: &Connection) -> rusqlite::Result<CachedStatement<'_>> {
    texts::prepared(connection, "e", |headers| {
        format!(
            "select e.id, e.method, e.url, e.at, e.protocol, e.status, r.headers, {headers}, lower(hex(b.sha256)), e.truncated
             from exchange e join request_headers r on r.id = e.request_headers_id left join blob b on b.id = e.body_id
             where e.id = ?1"
        )
    })
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let (at, status): (i64, i64) = (row.get(3)?, row.get(5)?);
    let texts: [String; 5] = [
        row.get(1)?,
        row.get(2)?,
        row.get(4)?,
        row.get(6)?,
        row.get(7)?,
    ];
    let [method, url, protocol, request, response] = texts;
    let body: Option<String> = row.get(8)?;
    let truncated: Option<String> = row.get(9)?;
    let body = body.filter(|body| !body.is_empty());
    let (body, truncated) = (
        body.as_deref().unwrap_or("-"),
        truncated.as_deref().unwrap_or("-"),
    );
    Ok(Stored {
        id: row.get(0)?,
        text: format!(
            "{method}\n{url}\n{at}\n{protocol}\n{status}\n{request}\n{response}\n{body}\n{truncated}\n"
        ),
    })
}

fn push_exchange(text: &mut String, kind: &str, digest: &Sha) {
    let _ = writeln!(text, "{kind} {}", hex(digest));
}

fn push_missing(text: &mut String, kind: &str, url: &str, why: &str) {
    let _ = writeln!(text, "{kind} missing {why} {url}");
}

fn push_left_out(text: &mut String, left_out: u64) {
    if left_out > 0 {
        let _ = writeln!(text, "left out {left_out}");
    }
}

/// The digest of a manifest as its rows have it now.
pub(super) fn manifest_digest(connection: &Connection, id: i64) -> rusqlite::Result<Sha> {
    let mut query = connection.prepare_cached(
        "select kind, exchange_id, url, missing from requisite where manifest_id = ?1 order by position",
    )?;
    let mut exchange = exchange(connection)?;
    let mut rows = query.query([id])?;
    let mut text = START_OF_MANIFEST.to_owned();
    while let Some(row) = rows.next()? {
        let kind: String = row.get(0)?;
        if let Some(id) = row.get::<_, Option<i64>>(1)? {
            let stored = exchange.query_row([id], stored)?;
            debug_assert_eq!(stored.id, id);
            push_exchange(&mut text, &kind, &sha256(stored.text.as_bytes()));
        } else {
            let url: Option<String> = row.get(2)?;
            let why: Option<String> = row.get(3)?;
            push_missing(
                &mut text,
                &kind,
                &url.unwrap_or_default(),
                &why.unwrap_or_default(),
            );
        }
    }
    // A file of an earlier schema does not say.
    let left_out = connection
        .prepare_cached("select left_out from manifest where id = ?1")
        .and_then(|mut query| query.query_row([id], |row| row.get::<_, i64>(0)));
    push_left_out(&mut text, left_out.map_or(0, i64::unsigned_abs));
    Ok(sha256(text.as_bytes()))
}

/// The headers in which two answers with the same body may still say something else.
fn telling(headers: &str) -> Vec<(String, String)> {
    const TELLING: &[&str] = &["content-type", "content-disposition", "location", "link"];
    let all: Vec<(String, String)> = serde_json::from_str(headers).unwrap_or_default();
    all.into_iter()
        .filter(|(name, _)| TELLING.contains(&name.as_str()))
        .collect()
}

impl Reading<'_> {
    /// The newest exchange of an address that no visit made.
    pub fn known_requisite(&self, url: &str) -> rusqlite::Result<Option<KnownRequisite>> {
        self.connection
            .prepare_cached(&format!(
                "select e.id, e.at, e.status, {}, coalesce(b.size, 0)
                 from exchange e left join blob b on b.id = e.body_id
                 where e.url = ?1 and e.visit_id is null order by e.id desc limit 1",
                texts::response_headers("e")
            ))?
            .query_row([url], |row| {
                Ok(KnownRequisite {
                    exchange_id: row.get(0)?,
                    at: row.get(1)?,
                    status: row.get(2)?,
                    response_headers: row.get(3)?,
                    size: u64::try_from(row.get::<_, i64>(4)?).unwrap_or(0),
                })
            })
            .optional()
    }

    /// What an exchange was answered with: the address, the status, the headers, and the body.
    pub fn answer(&self, exchange_id: i64) -> rusqlite::Result<Option<AnswerRow>> {
        let row = self
            .connection
            .prepare_cached(&format!(
                "select e.url, e.status, {}, e.body_id from exchange e where e.id = ?1",
                texts::response_headers("e")
            ))?
            .query_row([exchange_id], |row| {
                let body: Option<i64> = row.get(3)?;
                Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, body))
            })
            .optional()?;
        let Some((url, status, headers, body)) = row else {
            return Ok(None);
        };
        let body = match body {
            Some(id) => blob::get(self.connection, id)?,
            None => None,
        };
        Ok(Some(AnswerRow {
            url,
            status,
            headers: serde_json::from_str(&headers).unwrap_or_default(),
            body: body.unwrap_or_default(),
        }))
    }

    /// The body of an exchange.
    pub fn exchange_body(&self, exchange_id: i64) -> rusqlite::Result<Option<Vec<u8>>> {
        let body: Option<i64> = self
            .connection
            .prepare_cached("select body_id from exchange where id = ?1")?
            .query_row([exchange_id], |row| row.get(0))
            .optional()?
            .flatten();
        match body {
            Some(id) => blob::get(self.connection, id),
            None => Ok(None),
        }
    }

    /// What a capture needs, in order; nothing where it was sealed without a manifest.
    pub fn requisites(&self, capture_id: i64) -> rusqlite::Result<Vec<RequisiteRow>> {
        self.listed("select manifest_id from capture where id = ?1", capture_id)
    }

    /// What a browser asked for when it rendered a capture's page, by address.
    pub fn asked_by_browser(&self, capture_id: i64) -> rusqlite::Result<Vec<RequisiteRow>> {
        self.listed(
            "select manifest_id from rendering where capture_id = ?1",
            capture_id,
        )
    }

    fn listed(&self, manifest: &str, capture_id: i64) -> rusqlite::Result<Vec<RequisiteRow>> {
        self.connection
            .prepare_cached(&format!(
                "select r.kind, coalesce(e.url, r.url), r.exchange_id, e.status, b.size, r.missing
                 from requisite r left join exchange e on e.id = r.exchange_id left join blob b on b.id = e.body_id
                 where r.manifest_id = ({manifest}) order by r.position"
            ))?
            .query_map([capture_id], |row| {
                Ok(RequisiteRow {
                    kind: row.get(0)?,
                    url: row.get(1)?,
                    exchange_id: row.get(2)?,
                    status: row.get(3)?,
                    size: row.get(4)?,
                    missing: row.get(5)?,
                })
            })?
            .collect()
    }
}
