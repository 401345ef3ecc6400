//! Captures: copies of sources, sealed at once and never changed.

use std::fmt::Write;

use rusqlite::OptionalExtension;

use super::blob::{self, Packed};
use super::chain::{CaptureLink, HandLink, START, Sha, sha256};
use super::imports::ImportedCapture;
use super::manifests::NewManifest;
use super::renderings::NewRendering;
use super::runs::NewEvent;
use super::{Reading, Writing, texts};

/// One request and its response, as stored.
#[derive(Debug, Clone)]
pub struct NewExchange {
    /// Which hop, from 0.
    pub hop: u32,
    /// The method.
    pub method: String,
    /// The address asked for.
    pub url: String,
    /// When it was asked.
    pub at: i64,
    /// Who answered.
    pub peer: Option<String>,
    /// `HTTP/1.1` or `HTTP/2`.
    pub protocol: String,
    /// Request headers: a JSON array of pairs, in order.
    pub request_headers: String,
    /// The status.
    pub status: u16,
    /// Response headers: a JSON array of pairs, in order, bytes above 0x7F as Latin-1.
    pub response_headers: String,
    /// Whether the capture's body is this exchange's.
    pub has_body: bool,
    /// Digests and size of the payload as served: SHA-256, SHA-1 in base32, bytes.
    pub served: Option<(Sha, String, u64)>,
    /// Why the rest is missing.
    pub truncated: Option<String>,
}

impl NewExchange {
    /// About how many bytes it takes in memory without its body.
    pub fn size(&self) -> usize {
        self.url.len()
            + self.request_headers.len()
            + self.response_headers.len()
            + size_of::<Self>()
    }
}

/// A capture to seal.
#[derive(Debug, Clone)]
pub struct NewCapture {
    /// Of which source.
    pub source_id: i64,
    /// The source's canonical address.
    pub address: String,
    /// The instant it stands for.
    pub at: i64,
    /// `visit`, `by-hand`, `import`, `browser`.
    pub kind: &'static str,
    /// The address that the body came from.
    pub url: String,
    /// Media type.
    pub media_type: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// The body.
    pub body: Packed,
    /// Digests of the payload as served.
    pub served: Option<(Sha, String)>,
    /// Why the rest is missing.
    pub truncated: Option<String>,
    /// When it is sealed.
    pub sealed_at: i64,
    /// The exchanges that it came by, every hop.
    pub exchanges: Vec<NewExchange>,
    /// What the page needs to be shown, where that was looked for.
    pub manifest: Option<NewManifest>,
    /// What a browser made of it, where one was asked.
    pub rendering: Option<NewRendering>,
}

/// What is known of a copy that was made by hand. Texts stand in one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// Who made it, as they say.
    pub made_by: String,
    /// The name of the file it was stored from, without its folder.
    pub file: String,
    /// How it is known when it was made: `said` by who stored it, in the `page`, by the time of the `file`, or not at all
    /// (`now`: when it was stored).
    pub dated_by: String,
    /// The address that the file itself names, where it names one.
    pub named_url: Option<String>,
    /// What who stored it has to say.
    pub note: Option<String>,
}

/// A capture as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureRow {
    /// Its id.
    pub id: i64,
    /// The instant it stands for.
    pub at: i64,
    /// How it was made.
    pub kind: String,
    /// The address that the body came from.
    pub url: String,
    /// Media type.
    pub media_type: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// Bytes of the body.
    pub size: i64,
    /// Bytes it takes in the file.
    pub stored_size: i64,
    /// SHA-256 of the body, in hex.
    pub sha256: String,
    /// Why the rest is missing.
    pub truncated: Option<String>,
    /// When it was stored.
    pub sealed_at: i64,
    /// How many things the page needs beyond those that its manifest lists; `None` where it has none.
    pub left_out: Option<u64>,
    /// Of a copy made by hand: by whom, and from what. Copies that earlier versions stored do not say.
    pub by_hand: Option<ByHand>,
}

/// A capture with its body.
#[derive(Debug, Clone)]
pub struct HeldCapture {
    /// The address that the body came from.
    pub url: String,
    /// The `Content-Type` it came with, or its media type where that is not known.
    pub content_type: Option<String>,
    /// Media type.
    pub media_type: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Writing<'_> {
    /// Puts an exchange down, of a visit or of none, and gives its id.
    pub(super) fn insert_exchange(
        &self,
        visit_id: Option<i64>,
        exchange: &NewExchange,
        body_id: Option<i64>,
    ) -> rusqlite::Result<i64> {
        let peer = match &exchange.peer {
            Some(address) => Some(self.find_or_add_peer(address)?),
            None => None,
        };
        let request_headers = self.request_headers(&exchange.request_headers)?;
        self.connection
            .prepare_cached(
                "insert into exchange (visit_id, hop, method, url, at, peer_id, protocol, request_headers_id, status,
                     served_sha256, served_sha1, served_size, truncated, body_id)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
                     nullif(?10, (select sha256 from blob where id = ?14)), ?11, ?12, ?13, ?14)",
            )?
            .execute(rusqlite::params![
                visit_id,
                exchange.hop,
                exchange.method,
                exchange.url,
                exchange.at,
                peer,
                exchange.protocol,
                request_headers,
                exchange.status,
                exchange.served.as_ref().map(|served| &served.0[..]),
                exchange.served.as_ref().map(|served| &served.1),
                exchange.served.as_ref().map(|served| served.2 as i64),
                exchange.truncated,
                body_id,
            ])?;
        let id = self.connection.last_insert_rowid();
        self.keep_headers(id, &exchange.response_headers)?;
        Ok(id)
    }

    fn request_headers(&self, headers: &str) -> rusqlite::Result<i64> {
        let known = self
            .connection
            .prepare_cached("select id from request_headers where headers = ?1")?
            .query_row([headers], |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
        self.connection
            .prepare_cached("insert into request_headers (headers) values (?1)")?
            .execute([headers])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Seals a capture: from here on it is visible, and never changes.
    pub(super) fn seal_capture(
        &self,
        capture: &NewCapture,
        visit_id: Option<i64>,
        by_hand: Option<&ByHand>,
        import: Option<&ImportedCapture>,
    ) -> rusqlite::Result<i64> {
        let (body_id, _) = blob::put(self.connection, &capture.body)?;
        if let Some(visit_id) = visit_id {
            for exchange in &capture.exchanges {
                let body = exchange.has_body.then_some(body_id);
                self.insert_exchange(Some(visit_id), exchange, body)?;
            }
        }
        let manifest = match &capture.manifest {
            Some(manifest) => Some(self.put_manifest(manifest)?),
            None => None,
        };
        let rendering = match &capture.rendering {
            Some(rendering) => Some(self.prepare_rendering(rendering)?),
            None => None,
        };
        let (previous_id, previous): (i64, Sha) = self
            .connection
            .prepare_cached("select id, chain from capture order by id desc limit 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
            .unwrap_or((0, START));
        let id = previous_id + 1;
        let exchanges = match visit_id {
            Some(visit_id) => exchanges_digest(self.connection, visit_id)?,
            None => START,
        };
        let after_visit: i64 = if visit_id.is_none() {
            self.connection
                .prepare_cached("select coalesce(max(id), 0) from visit")?
                .query_row([], |row| row.get(0))?
        } else {
            0
        };
        let link = CaptureLink {
            id,
            source: &capture.address,
            visit: visit_id,
            at: capture.at,
            kind: capture.kind,
            url: &capture.url,
            media_type: capture.media_type.as_deref(),
            body: &capture.body.sha256,
            truncated: capture.truncated.as_deref(),
            sealed_at: capture.sealed_at,
            exchanges: &exchanges,
            served_sha256: capture.served.as_ref().map(|served| &served.0[..]),
            served_sha1: capture.served.as_ref().map(|served| served.1.as_str()),
            title: capture.title.as_deref(),
            manifest: manifest.as_ref().map(|(_, sha)| &sha[..]),
            rendering: rendering.as_ref().map(|rendering| &rendering.sha256[..]),
            by_hand: by_hand.map(|hand| HandLink {
                made_by: &hand.made_by,
                file: &hand.file,
                dated_by: &hand.dated_by,
                named_url: hand.named_url.as_deref(),
                note: hand.note.as_deref(),
                after_visit,
            }),
            import: import.map(|import| import.link(after_visit)),
        };
        self.connection
            .prepare_cached(
                "insert into capture (id, source_id, visit_id, at, kind, url, media_type, title, body_id, size,
                     served_sha256, served_sha1, truncated, sealed_at, chain, manifest_id)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
                     nullif(?11, (select sha256 from blob where id = ?9)), ?12, ?13, ?14, ?15, ?16)",
            )?
            .execute(rusqlite::params![
                id,
                capture.source_id,
                visit_id,
                capture.at,
                capture.kind,
                capture.url,
                capture.media_type,
                capture.title,
                body_id,
                capture.body.size as i64,
                capture.served.as_ref().map(|served| &served.0[..]),
                capture.served.as_ref().map(|served| &served.1),
                capture.truncated,
                capture.sealed_at,
                &link.after(&previous)[..],
                manifest.as_ref().map(|(id, _)| *id)
            ])?;
        if let Some(rendering) = &rendering {
            self.insert_rendering(id, rendering)?;
        }
        self.put_beside(id, by_hand, import, after_visit)?;
        Ok(id)
    }

    /// What is known of a capture that no visit left.
    fn put_beside(
        &self,
        id: i64,
        by_hand: Option<&ByHand>,
        import: Option<&ImportedCapture>,
        after_visit: i64,
    ) -> rusqlite::Result<()> {
        if let Some(hand) = by_hand {
            self.connection
                .prepare_cached(
                    "insert into capture_by_hand (capture_id, made_by, file, dated_by, named_url, note, after_visit_id)
                     values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute((
                    id,
                    &hand.made_by,
                    &hand.file,
                    &hand.dated_by,
                    &hand.named_url,
                    &hand.note,
                    after_visit,
                ))?;
        }
        if let Some(import) = import {
            self.connection
                .prepare_cached(
                    "insert into capture_import (capture_id, file, record, kind, sealed_at, after_visit_id, looked_for)
                     values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute((
                    id,
                    &import.file,
                    &import.record,
                    import.made_as,
                    import.sealed_there_at,
                    after_visit,
                    import.looked_for,
                ))?;
        }
        Ok(())
    }

    /// Keeps a copy that somebody made by hand. It is no visit: no verdict follows from it.
    pub fn keep_by_hand(&self, mut capture: NewCapture, by_hand: &ByHand) -> rusqlite::Result<i64> {
        capture.address = self
            .connection
            .prepare_cached("select address from source where id = ?1")?
            .query_row([capture.source_id], |row| row.get(0))?;
        let id = self.seal_capture(&capture, None, Some(by_hand), None)?;
        self.connection
            .prepare_cached(
                "update source set last_capture_id = (
                     select id from capture where source_id = ?1 order by at desc, id desc limit 1) where id = ?1",
            )?
            .execute([capture.source_id])?;
        self.choose_baseline(capture.source_id)?;
        // What is quoted is looked for again, for it may have stood here.
        self.connection
            .prepare_cached("update quote set looked_at = null where source_id = ?1")?
            .execute([capture.source_id])?;
        self.insert_event(
            &NewEvent {
                at: capture.sealed_at,
                kind: "kept-by-hand",
                source_id: Some(capture.source_id),
                ..NewEvent::default()
            },
            None,
            Some(id),
        )?;
        Ok(id)
    }
}

/// SHA-256 over the exchanges of a visit, hop by hop; what a capture's link covers of them.
pub(super) fn exchanges_digest(
    connection: &rusqlite::Connection,
    visit_id: i64,
) -> rusqlite::Result<Sha> {
    let mut query = texts::prepared(connection, "e", |headers| {
        format!(
            "select e.hop, e.method, e.url, e.at, e.protocol, e.status, r.headers, {headers}
             from exchange e join request_headers r on r.id = e.request_headers_id where e.visit_id = ?1 order by e.hop"
        )
    })?;
    let mut text = String::new();
    let mut rows = query.query([visit_id])?;
    while let Some(row) = rows.next()? {
        let (hop, at, status): (i64, i64, i64) = (row.get(0)?, row.get(3)?, row.get(5)?);
        let (method, url, protocol): (String, String, String) =
            (row.get(1)?, row.get(2)?, row.get(4)?);
        let (request, response): (String, String) = (row.get(6)?, row.get(7)?);
        let _ = write!(
            text,
            "{hop}\n{method}\n{url}\n{at}\n{protocol}\n{status}\n{request}\n{response}\n"
        );
    }
    Ok(sha256(text.as_bytes()))
}

impl Reading<'_> {
    /// The captures of a source that are there, newest first.
    pub fn captures(&self, source_id: i64) -> rusqlite::Result<Vec<CaptureRow>> {
        self.connection
            .prepare_cached(
                "select c.id, c.at, c.kind, c.url, c.media_type, c.title, c.size, length(b.data), lower(hex(b.sha256)),
                     c.truncated, c.sealed_at, h.made_by, h.file, h.dated_by, h.named_url, h.note,
                     iif(coalesce(i.looked_for, 1), m.left_out, null)
                 from capture c join blob b on b.id = c.body_id left join capture_by_hand h on h.capture_id = c.id
                 left join capture_import i on i.capture_id = c.id left join manifest m on m.id = c.manifest_id
                 where c.source_id = ?1 order by c.at desc, c.id desc",
            )?
            .query_map([source_id], |row| {
                let made_by: Option<String> = row.get(11)?;
                let by_hand = match made_by {
                    Some(made_by) => Some(ByHand {
                        made_by,
                        file: row.get(12)?,
                        dated_by: row.get(13)?,
                        named_url: row.get(14)?,
                        note: row.get(15)?,
                    }),
                    None => None,
                };
                Ok(CaptureRow {
                    id: row.get(0)?,
                    at: row.get(1)?,
                    kind: row.get(2)?,
                    url: row.get(3)?,
                    media_type: row.get(4)?,
                    title: row.get(5)?,
                    size: row.get(6)?,
                    stored_size: row.get(7)?,
                    sha256: row.get(8)?,
                    truncated: row.get(9)?,
                    sealed_at: row.get(10)?,
                    left_out: row.get::<_, Option<i64>>(16)?.map(i64::unsigned_abs),
                    by_hand,
                })
            })?
            .collect()
    }

    /// A capture with its body, as it came.
    pub fn held_capture(&self, capture_id: i64) -> rusqlite::Result<Option<HeldCapture>> {
        let row = self
            .connection
            .prepare_cached(&format!(
                "select c.url, c.media_type, c.title, c.body_id,
                     (select {} from exchange e where e.visit_id = c.visit_id and e.body_id = c.body_id
                      order by e.hop desc limit 1)
                 from capture c where c.id = ?1",
                texts::response_headers("e")
            ))?
            .query_row([capture_id], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get::<_, Option<i64>>(3)?,
                    row.get::<_, Option<String>>(4)?,
                ))
            })
            .optional()?;
        let Some((url, media_type, title, Some(body_id), headers)) = row else {
            return Ok(None);
        };
        let Some(body) = blob::get(self.connection, body_id)? else {
            return Ok(None);
        };
        let headers: Vec<(String, String)> = headers
            .and_then(|headers| serde_json::from_str(&headers).ok())
            .unwrap_or_default();
        let content_type = headers.into_iter().find(|(name, _)| name == "content-type");
        let media_type: Option<String> = media_type;
        Ok(Some(HeldCapture {
            url,
            content_type: content_type.map(|(_, value)| value).or(media_type.clone()),
            media_type,
            title,
            body,
        }))
    }

    /// The body of a capture; none where it was pruned.
    pub fn capture_body(&self, capture_id: i64) -> rusqlite::Result<Option<Vec<u8>>> {
        let body: Option<i64> = self
            .connection
            .prepare_cached("select body_id from capture where id = ?1")?
            .query_row([capture_id], |row| row.get(0))
            .optional()?
            .flatten();
        match body {
            Some(id) => blob::get(self.connection, id),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Mode, Store};
    use super::*;

    fn capture(source_id: i64, at: i64) -> NewCapture {
        NewCapture {
            source_id,
            address: "https://a.test/".to_owned(),
            at,
            kind: "by-hand",
            url: "https://a.test/".to_owned(),
            media_type: Some("text/html".to_owned()),
            title: Some("A".to_owned()),
            body: Packed::new(b"<title>A</title>"),
            served: None,
            truncated: None,
            sealed_at: at,
            exchanges: Vec::new(),
            manifest: None,
            rendering: None,
        }
    }

    #[test]
    fn copies_made_by_hand_that_do_not_say_by_whom_hold_beside_those_that_do() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db"), Mode::Create, 1).unwrap();
        let hand = ByHand {
            made_by: "Jane".to_owned(),
            file: "a.html".to_owned(),
            dated_by: "said".to_owned(),
            named_url: None,
            note: None,
        };
        let source = store
            .write_blocking("keep copies", move |w| {
                let (source, _) =
                    w.find_or_add_source("https://a.test/", "a.test", "a.test", 1, None)?;
                // As earlier versions did.
                w.seal_capture(&capture(source, 5), None, None, None)?;
                w.keep_by_hand(capture(source, 3), &hand)?;
                w.seal_capture(&capture(source, 4), None, None, None)?;
                Ok(source)
            })
            .unwrap();
        let (verified, captures) = store
            .read("verify", |r| Ok((r.verify()?, r.captures(source)?)))
            .unwrap();
        assert_eq!((verified.problems, verified.captures), (Vec::new(), 3));
        let made_by: Vec<_> = captures
            .iter()
            .map(|row| {
                (
                    row.at,
                    row.by_hand.as_ref().map(|hand| hand.made_by.as_str()),
                )
            })
            .collect();
        assert_eq!(made_by, [(5, None), (4, None), (3, Some("Jane"))]);
    }

    #[test]
    fn links_of_before_they_covered_imports_hold() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db"), Mode::Create, 0).unwrap();
        store
            .write_blocking("seal", |w| {
                let (source, _) =
                    w.find_or_add_source("https://a.test/", "a.test", "a.test", 1, None)?;
                for kind in ["import", "visit"] {
                    let capture = NewCapture {
                        kind,
                        ..capture(source, 5)
                    };
                    let id = w.seal_capture(&capture, None, None, None)?;
                    w.connection.execute(
                        "insert into capture_import values (?1, 'a.warc', null, 'import', null, 1, 0)",
                        [id],
                    )?;
                }
                Ok(())
            })
            .unwrap();
        let verified = store.read("verify", |r| r.verify()).unwrap();
        // What a visit left was never imported.
        let problem = "capture 2: the hash chain does not hold here: it was changed, or what comes before it was";
        assert_eq!(verified.problems, [problem]);
    }
}
