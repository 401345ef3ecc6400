//! Our own exports: captures made again as they were.

use std::collections::HashMap;
use std::io::Read;

use super::theirs::Theirs;
use super::{
    ImportError, Importer, MOST_OF_A_BODY, Payload, packed, payload, source_of, truncation,
};
use crate::address;
use crate::capture::digest;
use crate::run::exported::{
    Captured, Exchanged, Metadata, Named, Needed, RENDERED, RenderedAs, VERSION, json, response_id,
};
use crate::store::{
    ByHand, ImportedBody, ImportedCapture, ImportedExchange, ImportedRendering, NewExchange,
    NewManifest, NewRendering, NewRequisite, Packed, PutDown, RequisiteState, Sha,
};
use crate::warc::{Reader, Record};

/// Records that wait for what is said of them; of a page with more, the first are given to others.
const MOST_RECORDS: usize = 25_000;
/// Bytes of their payloads, compressed.
const MOST_WAITING: u64 = 64 << 20;
/// The longest that is said of one capture, in bytes.
const MOST_SAID: u64 = 64 << 20;

#[derive(Default)]
pub(super) struct Ours {
    begun: bool,
    responses: HashMap<String, Response>,
    resource: Option<ImportedBody>,
    /// What browsers made of pages, by their digests.
    rendered: HashMap<Sha, Packed>,
    waiting: u64,
    /// Exchanges of this group, by their records.
    put_down: HashMap<String, PutDown>,
}

struct Response {
    url: String,
    at: i64,
    status: u16,
    body: Option<ImportedBody>,
}

impl Ours {
    /// What a `warcinfo` says of the records after it.
    pub(super) fn begin(&mut self, says: &[u8]) {
        self.begun = says.starts_with(b"software: sourcekeep/");
    }

    pub(super) fn is_ours(&self) -> bool {
        self.begun
    }

    /// What nothing was said of is forgotten, for without that it is not as it was.
    pub(super) fn end(
        &mut self,
        importer: &mut Importer<'_>,
        theirs: &mut Theirs,
    ) -> Result<(), ImportError> {
        importer.done.left_out += self.responses.len() as u64;
        self.clear();
        theirs.end(importer)
    }

    fn clear(&mut self) {
        self.responses.clear();
        self.put_down.clear();
        self.resource = None;
        self.rendered.clear();
        self.waiting = 0;
    }

    pub(super) fn record<R: Read>(
        &mut self,
        importer: &mut Importer<'_>,
        theirs: &mut Theirs,
        reader: &mut Reader<R>,
        record: &Record,
    ) -> Result<(), ImportError> {
        match record.kind.as_str() {
            // What was sent is told with the response.
            "request" => {}
            "response" | "revisit" if record.http.is_some() => {
                let payload = payload(reader, record, MOST_OF_A_BODY)?;
                self.response(record, &payload);
                if self.responses.len() > MOST_RECORDS || self.waiting > MOST_WAITING {
                    // More than one capture has: somebody else wrote it, or changed it.
                    importer.done.left_out += self.responses.len() as u64;
                    self.clear();
                }
            }
            "resource" | "revisit" => {
                let payload = payload(reader, record, MOST_OF_A_BODY)?;
                let uri = record.uri().unwrap_or_default();
                if RENDERED.iter().any(|(name, _)| uri.starts_with(name)) {
                    let (bytes, sha) = (&payload.bytes, payload.end.sha256);
                    let body = if uri.starts_with(RENDERED[0].0) {
                        packed(bytes, Some(sha))
                    } else {
                        Packed::as_is(bytes, sha)
                    };
                    self.waiting += body.stored_size() as u64;
                    self.rendered.insert(sha, body);
                } else if record.kind == "resource" {
                    let body = packed(&payload.bytes, None);
                    self.waiting += body.stored_size() as u64;
                    self.resource = Some(ImportedBody::New(body));
                }
            }
            "metadata" => {
                let payload = payload(reader, record, MOST_SAID)?;
                match serde_json::from_slice::<Metadata>(&payload.bytes) {
                    Ok(metadata) if metadata.sourcekeep == VERSION => {
                        self.made(importer, metadata, record)?;
                    }
                    _ => importer.done.left_out += 1,
                }
                self.clear();
            }
            _ => theirs.record(importer, reader, record)?,
        }
        Ok(())
    }

    fn response(&mut self, record: &Record, payload: &Payload) {
        let status = record.http.as_ref().and_then(|head| head.status());
        let (Some(id), Some(url), Some(at), Some(status)) =
            (record.id(), record.uri(), record.date(), status)
        else {
            return;
        };
        let body = (record.kind == "response" && !payload.bytes.is_empty())
            .then(|| packed(&payload.bytes, Some(payload.end.sha256)));
        self.waiting += body.as_ref().map_or(0, |body| body.stored_size() as u64);
        self.responses.insert(
            id.to_owned(),
            Response {
                url: url.to_owned(),
                at,
                status,
                body: body.map(ImportedBody::New),
            },
        );
    }

    /// Makes a capture again, with its exchanges.
    fn made(
        &mut self,
        importer: &mut Importer<'_>,
        metadata: Metadata,
        record: &Record,
    ) -> Result<(), ImportError> {
        if let Some(capture) = &metadata.capture
            && let (Some((_, canonical)), Some(sha)) =
                (source_of(&capture.source), digest(&capture.sha256))
        {
            let (name, at, url) = (canonical.to_string(), capture.at, capture.url.clone());
            let is_known = importer.store.read("look for a capture", |r| {
                r.has_capture(&name, at, &url, &sha)
            })?;
            if is_known {
                importer.counting_now().known_captures += 1;
                return Ok(());
            }
        }
        let is_beside = metadata.capture.is_none();
        let mut exchanges = Vec::new();
        let mut size = 0;
        for told in metadata.exchanges {
            let Some(response) = self.responses.remove(&told.record) else {
                importer.done.left_out += 1;
                continue;
            };
            if let Some(ImportedBody::New(packed)) = &response.body {
                size += packed.stored_size() as u64;
            }
            let record = told.record.clone();
            let mut imported = exchange(told, response);
            imported.beside = is_beside.then(|| importer.name.clone());
            self.put_down.insert(record, imported.put_down.clone());
            exchanges.push(imported);
        }
        let capture = match metadata.capture {
            Some(capture) => self.capture(importer, capture, record)?,
            None => None,
        };
        importer.keep(exchanges, capture.into_iter().collect(), size)?;
        Ok(())
    }

    fn capture(
        &mut self,
        importer: &mut Importer<'_>,
        told: Captured,
        record: &Record,
    ) -> Result<Option<ImportedCapture>, ImportError> {
        let source = source_of(&told.source);
        let url = source_of(&told.url);
        let sha = digest(&told.sha256);
        let is_time = |ms| jiff::Timestamp::from_millisecond(ms).is_ok();
        let (Some((_, canonical)), Some((url, _)), Some(sha), true) = (
            source,
            url,
            sha,
            is_time(told.at) && is_time(told.sealed_at),
        ) else {
            importer.done.left_out += 1;
            return Ok(None);
        };
        let made_as = match told.kind.as_str() {
            "visit" => "visit",
            "browser" => "browser",
            "by-hand" => "by-hand",
            _ => "import",
        };
        let by_hand: Option<ByHand> = told.by_hand.map(ByHand::from);
        let mut requisites = Vec::new();
        for named in &told.document {
            if let Some(put_down) = self.named(importer, named)? {
                requisites.push(NewRequisite {
                    kind: "document",
                    state: RequisiteState::Has(put_down),
                });
            }
        }
        let was_looked_for = told.requisites.is_some();
        requisites.extend(self.needed(importer, told.requisites.unwrap_or_default())?);
        let rendering = match told.rendering {
            Some(told) if is_time(told.at) => Some(self.rendering(importer, told)?),
            _ => None,
        };
        let body = match self.resource.take() {
            Some(ImportedBody::New(packed)) if packed.sha256 == sha => ImportedBody::New(packed),
            _ => ImportedBody::Known(sha),
        };
        let served = told.served_sha256.as_deref().and_then(digest);
        let manifest = (was_looked_for || !requisites.is_empty()).then_some(NewManifest {
            requisites,
            left_out: told.left_out,
        });
        Ok(Some(ImportedCapture {
            address: canonical.to_string(),
            host: canonical.host().to_owned(),
            site: address::site(canonical.host()).to_owned(),
            at: told.at,
            kind: if made_as == "by-hand" && by_hand.is_some() {
                "by-hand"
            } else {
                "import"
            },
            url,
            media_type: told.media_type.map(|text| one_line(&text)),
            title: told.title,
            body,
            served: served.zip(told.served_sha1.map(|text| one_line(&text))),
            truncated: truncation(told.truncated.as_deref()).map(str::to_owned),
            by_hand: by_hand.filter(|_| made_as == "by-hand"),
            manifest,
            rendering,
            looked_for: was_looked_for,
            file: importer.name.clone(),
            record: record.id().map(one_line),
            made_as,
            sealed_there_at: Some(told.sealed_at),
        }))
    }

    /// What a page needs, or asked a browser for.
    fn needed(
        &self,
        importer: &Importer<'_>,
        told: Vec<Needed>,
    ) -> Result<Vec<NewRequisite>, ImportError> {
        let mut requisites = Vec::new();
        for needed in told {
            let kind = kind(&needed.kind);
            let state = match (&needed.exchange, needed.url, needed.missing) {
                (Some(named), _, _) => match self.named(importer, named)? {
                    Some(put_down) => RequisiteState::Has(put_down),
                    None => RequisiteState::Missing(one_line(&named.url), "failed"),
                },
                (None, Some(url), Some(why)) => {
                    RequisiteState::Missing(one_line(&url), missing(&why))
                }
                _ => continue,
            };
            requisites.push(NewRequisite { kind, state });
        }
        Ok(requisites)
    }

    /// What a browser made of a page.
    fn rendering(
        &mut self,
        importer: &Importer<'_>,
        told: RenderedAs,
    ) -> Result<ImportedRendering, ImportError> {
        let manifest = match told.asked {
            Some(asked) => Some(NewManifest {
                requisites: self.needed(importer, asked)?,
                left_out: 0,
            }),
            None => None,
        };
        let payloads = told.payloads.map(|sha| {
            let sha = digest(&sha?)?;
            Some(match self.rendered.remove(&sha) {
                Some(packed) => ImportedBody::New(packed),
                None => ImportedBody::Known(sha),
            })
        });
        let new = NewRendering {
            at: told.at,
            browser: told.browser.map(|text| one_line(&text)),
            failed: told.failed.map(|text| one_line(&text)),
            is_cut_short: told.is_cut_short,
            stands: told.stands,
            dom: None,
            screenshot: None,
            pdf: None,
            width: told.width,
            height: told.height,
            manifest,
            refused: serde_json::to_string(&told.refused).unwrap_or_else(|_| "{}".to_owned()),
        };
        let has_failed = new.failed.is_some();
        Ok(ImportedRendering {
            new,
            payloads: if has_failed {
                [None, None, None]
            } else {
                payloads
            },
        })
    }

    /// An exchange by its name: one of this group, or one that was put down before.
    fn named(
        &self,
        importer: &Importer<'_>,
        named: &Named,
    ) -> Result<Option<PutDown>, ImportError> {
        if let Some(put_down) = self.put_down.get(&named.record) {
            return Ok(Some(put_down.clone()));
        }
        let found = || {
            importer
                .store
                .read("look for an exchange", |r| {
                    r.exchanges_at(&named.url, named.at)
                })
                .map(|found| {
                    found
                        .into_iter()
                        .find(|one| response_id(one) == named.record)
                })
        };
        let mut exchange = found()?;
        if exchange.is_none() {
            // It may have been handed over, and not put down yet.
            importer
                .store
                .write_blocking("look for an exchange", |_| Ok(()))?;
            exchange = found()?;
        }
        Ok(exchange.map(|exchange| PutDown::known(vec![exchange.id])))
    }
}

fn exchange(told: Exchanged, response: Response) -> ImportedExchange {
    let sha = told.sha256.as_deref().and_then(digest);
    let body = match (response.body, sha) {
        (Some(ImportedBody::New(packed)), _) => Some(ImportedBody::New(packed)),
        // Written with an earlier record.
        (_, Some(sha)) => Some(if sha == crate::store::sha256(b"") {
            ImportedBody::New(packed(b"", None))
        } else {
            ImportedBody::Known(sha)
        }),
        _ => None,
    };
    let served = told.served_sha256.as_deref().and_then(digest);
    let exchange = NewExchange {
        hop: told.hop,
        method: one_line(&told.method),
        url: one_line(&response.url),
        at: response.at,
        peer: told.peer.map(|peer| one_line(&peer)),
        protocol: one_line(&told.protocol),
        request_headers: json(&told.request_headers),
        status: response.status,
        response_headers: json(&told.response_headers),
        has_body: body.is_some(),
        served: served.map(|sha256| {
            (
                sha256,
                told.served_sha1.unwrap_or_default(),
                told.served_size.unwrap_or_default(),
            )
        }),
        truncated: truncation(told.truncated.as_deref()).map(str::to_owned),
    };
    ImportedExchange {
        exchange,
        body,
        beside: None,
        put_down: PutDown::default(),
    }
}

fn one_line(text: &str) -> String {
    crate::report::one_line(text, address::MAX_ADDRESS_BYTES)
}

fn kind(told: &str) -> &'static str {
    const KINDS: &[&str] = &[
        "style", "script", "image", "icon", "font", "frame", "media", "download", "document",
    ];
    KINDS
        .iter()
        .find(|kind| **kind == told)
        .copied()
        .unwrap_or("other")
}

fn missing(told: &str) -> &'static str {
    const WHY: &[&str] = &[
        "robots",
        "not-found",
        "refused",
        "too-large",
        "over-the-limit",
        "private-address",
        "later",
        "no-room",
        "not-archived",
    ];
    WHY.iter()
        .find(|why| **why == told)
        .copied()
        .unwrap_or("failed")
}
