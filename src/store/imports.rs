//! Captures that were made elsewhere and brought in.

use std::sync::{Arc, Mutex};

use rusqlite::OptionalExtension;

use super::blob::{self, Packed};
use super::captures::{ByHand, NewCapture, NewExchange};
use super::chain::{ImportLink, Sha};
use super::manifests::{NewManifest, PutDown};
use super::renderings::NewRendering;
use super::{Reading, Writing, texts};

/// A payload that is brought in.
#[derive(Debug, Clone)]
pub enum ImportedBody {
    /// It is here.
    New(Packed),
    /// It was stored before.
    Known(Sha),
}

/// A request and its response that were made elsewhere.
#[derive(Debug, Clone)]
pub struct ImportedExchange {
    /// The exchange.
    pub exchange: NewExchange,
    /// Its body.
    pub body: Option<ImportedBody>,
    /// Where it came beside captures, and stays though none lists it: the name of the file.
    pub beside: Option<String>,
    /// Has its id afterwards.
    pub put_down: PutDown,
}

/// A capture that was made elsewhere.
#[derive(Debug, Clone)]
pub struct ImportedCapture {
    /// The canonical address of its source, with its host name and registrable domain.
    pub address: String,
    /// The host name.
    pub host: String,
    /// The registrable domain.
    pub site: String,
    /// The instant it stands for.
    pub at: i64,
    /// `import`, or `by-hand` where it was made by hand.
    pub kind: &'static str,
    /// The address that the body came from.
    pub url: String,
    /// Media type.
    pub media_type: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// The body.
    pub body: ImportedBody,
    /// Digests of the payload as served.
    pub served: Option<(Sha, String)>,
    /// Why the rest is missing.
    pub truncated: Option<String>,
    /// Of a copy made by hand: by whom, and from what.
    pub by_hand: Option<ByHand>,
    /// The exchanges of the document, and what it needs.
    pub manifest: Option<NewManifest>,
    /// What a browser made of it there.
    pub rendering: Option<ImportedRendering>,
    /// Whether it was looked for what it needs to be shown.
    pub looked_for: bool,
    /// The name of the file that it is from.
    pub file: String,
    /// The identifier of its record there.
    pub record: Option<String>,
    /// How it was made where it comes from.
    pub made_as: &'static str,
    /// When it was sealed where it comes from.
    pub sealed_there_at: Option<i64>,
}

/// What a browser made of a page elsewhere.
#[derive(Debug, Clone)]
pub struct ImportedRendering {
    /// It, without its payloads.
    pub new: NewRendering,
    /// The document, the picture, the PDF.
    pub payloads: [Option<ImportedBody>; 3],
}

impl ImportedCapture {
    /// About how many bytes it takes in memory without its body and its manifest.
    pub fn size(&self) -> usize {
        let texts = [&self.address, &self.host, &self.site, &self.url, &self.file];
        let optional = [&self.media_type, &self.title, &self.record];
        let texts = texts.into_iter().map(String::len).sum::<usize>();
        let optional = optional.into_iter().flatten().map(String::len);
        texts + optional.sum::<usize>() + size_of::<Self>()
    }

    /// What the link of a capture covers of where it came from.
    pub(super) fn link(&self, after_visit: i64) -> ImportLink<'_> {
        ImportLink {
            file: &self.file,
            record: self.record.as_deref(),
            kind: self.made_as,
            sealed_at: self.sealed_there_at,
            looked_for: self.looked_for,
            after_visit,
        }
    }
}

/// An answer to a request that no visit made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The exchange.
    pub exchange_id: i64,
    /// When, in milliseconds since the epoch.
    pub at: i64,
}

/// What became of what was brought in. Counted by the writer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportSums {
    /// Captures that were sealed.
    pub captures: u64,
    /// Captures that were there already.
    pub known_captures: u64,
    /// Captures whose body was not to be had.
    pub without_body: u64,
    /// Exchanges that were put down.
    pub exchanges: u64,
    /// Sources, new ones and others, that quotes are to be looked for in again.
    pub quoted: Vec<i64>,
}

/// Sums that the writer goes on counting.
pub type Counting = Arc<Mutex<ImportSums>>;

impl Writing<'_> {
    /// Puts an exchange down that belongs to no visit, unless the same is there.
    pub fn put_imported(
        &self,
        imported: &ImportedExchange,
        counting: &Counting,
    ) -> rusqlite::Result<()> {
        let body = match &imported.body {
            Some(ImportedBody::New(packed)) => Some(blob::put(self.connection, packed)?.0),
            Some(ImportedBody::Known(sha)) => blob::find(self.connection, sha)?,
            None => None,
        };
        let exchange = &imported.exchange;
        let known = self
            .connection
            .prepare_cached(&format!(
                "select e.id from exchange e join request_headers r on r.id = e.request_headers_id
                 where e.url = ?1 and e.visit_id is null and e.at = ?2 and e.status = ?3 and e.method = ?4
                     and e.body_id is ?5 and {} = ?6 and r.headers = ?7 and e.hop = ?8
                     and e.truncated is ?9 and e.protocol = ?10
                 order by e.id limit 1",
                texts::response_headers("e")
            ))?
            .query_row(
                rusqlite::params![
                    exchange.url,
                    exchange.at,
                    exchange.status,
                    exchange.method,
                    body,
                    exchange.response_headers,
                    exchange.request_headers,
                    exchange.hop,
                    exchange.truncated,
                    exchange.protocol,
                ],
                |row| row.get(0),
            )
            .optional()?;
        let id = if let Some(id) = known {
            id
        } else {
            count(counting, |sums| sums.exchanges += 1);
            let id = self.insert_exchange(None, exchange, body)?;
            if let Some(file) = &imported.beside {
                self.connection
                    .prepare_cached(
                        "insert into exchange_import (exchange_id, file) values (?1, ?2)",
                    )?
                    .execute((id, file))?;
            }
            id
        };
        imported.put_down.put(vec![id]);
        Ok(())
    }

    /// Puts a payload down, for captures that are sealed later.
    pub fn put_payload(&self, packed: &Packed) -> rusqlite::Result<()> {
        blob::put(self.connection, packed).map(drop)
    }

    /// Seals a capture that was made elsewhere, unless it is there. It is no visit, and nothing is visited because of it.
    pub fn keep_imported(
        &self,
        new: &ImportedCapture,
        now: i64,
        counting: &Counting,
    ) -> rusqlite::Result<()> {
        let sha = match &new.body {
            ImportedBody::New(packed) => packed.sha256,
            ImportedBody::Known(sha) => *sha,
        };
        if self.has_capture(&new.address, new.at, &new.url, &sha)? {
            count(counting, |sums| sums.known_captures += 1);
            return Ok(());
        }
        let body = match &new.body {
            ImportedBody::New(packed) => Some(packed.clone()),
            ImportedBody::Known(sha) => self.stored(sha)?,
        };
        let Some(body) = body else {
            count(counting, |sums| sums.without_body += 1);
            return Ok(());
        };
        let (source_id, _) =
            self.find_or_add_source(&new.address, &new.host, &new.site, now, None)?;
        let address = self
            .connection
            .prepare_cached("select address from source where id = ?1")?
            .query_row([source_id], |row| row.get(0))?;
        let capture = NewCapture {
            source_id,
            address,
            at: new.at,
            kind: new.kind,
            url: new.url.clone(),
            media_type: new.media_type.clone(),
            title: new.title.clone(),
            body,
            served: new.served.clone(),
            truncated: new.truncated.clone(),
            sealed_at: now,
            exchanges: Vec::new(),
            manifest: new.manifest.clone(),
            rendering: match &new.rendering {
                Some(rendering) => self.imported_rendering(rendering)?,
                None => None,
            },
        };
        self.seal_capture(&capture, None, new.by_hand.as_ref(), Some(new))?;
        self.capture_came(source_id)?;
        let quoted = self
            .connection
            .prepare_cached("update quote set looked_at = null where source_id = ?1")?
            .execute([source_id])?;
        count(counting, |sums| {
            sums.captures += 1;
            if quoted > 0 && !sums.quoted.contains(&source_id) {
                sums.quoted.push(source_id);
            }
        });
        Ok(())
    }

    /// A rendering with its payloads; none where the document is not to be had.
    fn imported_rendering(
        &self,
        imported: &ImportedRendering,
    ) -> rusqlite::Result<Option<NewRendering>> {
        let mut payloads = [None, None, None];
        for (payload, body) in payloads.iter_mut().zip(&imported.payloads) {
            *payload = match body {
                Some(ImportedBody::New(packed)) => Some(packed.clone()),
                Some(ImportedBody::Known(sha)) => self.stored(sha)?,
                None => None,
            };
        }
        let [dom, screenshot, pdf] = payloads;
        if imported.new.failed.is_none() && dom.is_none() {
            return Ok(None);
        }
        Ok(Some(NewRendering {
            dom,
            screenshot,
            pdf,
            ..imported.new.clone()
        }))
    }

    /// A capture came that no visit left: which is the newest, and which stands for what was cited?
    fn capture_came(&self, source_id: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "update source set last_capture_id = (
                     select id from capture where source_id = ?1 and body_id is not null order by at desc, id desc limit 1) where id = ?1",
            )?
            .execute([source_id])?;
        self.choose_baseline(source_id)
    }

    fn stored(&self, sha: &Sha) -> rusqlite::Result<Option<Packed>> {
        let size = self
            .connection
            .prepare_cached("select size from blob where sha256 = ?1")?
            .query_row([&sha[..]], |row| row.get::<_, i64>(0))
            .optional()?;
        Ok(size.map(|size| Packed::stored_before(*sha, size as u64)))
    }

    fn has_capture(&self, address: &str, at: i64, url: &str, sha: &Sha) -> rusqlite::Result<bool> {
        has_capture(self.connection, address, at, url, sha)
    }
}

fn count(counting: &Counting, with: impl FnOnce(&mut ImportSums)) {
    with(
        &mut counting
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner),
    );
}

fn has_capture(
    connection: &rusqlite::Connection,
    address: &str,
    at: i64,
    url: &str,
    sha: &Sha,
) -> rusqlite::Result<bool> {
    let Some(source) = super::sources::find_source(connection, address)? else {
        return Ok(false);
    };
    connection
        .prepare_cached(
            "select exists (select 1 from capture c join blob b on b.id = c.body_id
                 where c.source_id = ?1 and c.at = ?2 and c.url = ?3 and b.sha256 = ?4)",
        )?
        .query_row((source, at, url, &sha[..]), |row| row.get(0))
}

impl Reading<'_> {
    /// Whether the archive has a capture of a source with this body, from this address and instant.
    pub fn has_capture(
        &self,
        address: &str,
        at: i64,
        url: &str,
        sha: &Sha,
    ) -> rusqlite::Result<bool> {
        has_capture(self.connection, address, at, url, sha)
    }

    /// The answers of an address that no visit asked for and that say something of it, oldest first, so many at most.
    pub fn answers(&self, url: &str, most: usize) -> rusqlite::Result<Vec<Answer>> {
        self.connection
            .prepare_cached(
                "select id, at from exchange where url = ?1 and visit_id is null and method = 'GET' and status <> 304
                 order by at, id limit ?2",
            )?
            .query_map((url, most as i64), |row| {
                Ok(Answer {
                    exchange_id: row.get(0)?,
                    at: row.get(1)?,
                })
            })?
            .collect()
    }

    /// The id of a source that is there, and whether a post cites it.
    pub fn cited_source(&self, address: &str) -> rusqlite::Result<Option<(i64, bool)>> {
        let Some(id) = self.source_id(address)? else {
            return Ok(None);
        };
        let cited = self
            .connection
            .prepare_cached("select exists (select 1 from citation where source_id = ?1)")?
            .query_row([id], |row| row.get(0))?;
        Ok(Some((id, cited)))
    }
}
