//! Captures as a WARC file: every one with its exchanges and what it needs, each payload once.
//!
//! The same captures give the same bytes, whichever archive they are in: identifiers follow from content, and nothing is
//! written that is only true of this archive.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use serde::Serialize;

use super::exported::{
    Captured, Exchanged, HandMade, Metadata, Named, Needed, RENDERED, RenderedAs, VERSION,
    request_head, response_head, response_id,
};
use crate::capture::kind::by_media_type;
use crate::store::{ManifestLine, PayloadRow, Store, StoreError, WholeCapture, WholeExchange, hex};
use crate::warc::{IDENTICAL_PAYLOAD, NOT_MODIFIED, NewRecord, Writer, record_id, write_date};

/// Captures that are read at once.
const AT_ONCE: usize = 100;

/// What is exported.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// Only captures of these sources; of all where there are none.
    pub sources: Vec<String>,
    /// Only captures from this instant on, in milliseconds since the epoch.
    pub since: Option<i64>,
    /// Only captures from before this instant.
    pub until: Option<i64>,
    /// Whether each record is compressed.
    pub gzip: bool,
}

/// What was exported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Captures.
    pub captures: u64,
    /// Requests with their responses.
    pub exchanges: u64,
    /// Records that were written.
    pub records: u64,
    /// Payloads that were written.
    pub payloads: u64,
    /// Bytes of them.
    pub payload_bytes: u64,
    /// Records that refer to a payload that was written before.
    pub revisits: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Captures that were left out, for their payload cannot be read.
    pub unreadable: u64,
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The archive cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be written.
    #[error("cannot write the export")]
    Write(#[from] io::Error),
}

/// Writes captures, in the order in which they were sealed. `each` hears how far it is, `problem` what was left out.
///
/// # Errors
/// When the archive cannot be read, or the file cannot be written.
pub fn export(
    store: &Store,
    what: &Export,
    out: impl Write,
    mut each: impl FnMut(&Exported),
    mut problem: impl FnMut(String),
) -> Result<Exported, ExportError> {
    let newest = store.read("look what there is", |r| r.newest_capture())?;
    let mut exporter = Exporter {
        store,
        writer: Writer::new(out, what.gzip),
        written: HashMap::new(),
        told: HashSet::new(),
        rendered: HashSet::new(),
        done: Exported::default(),
    };
    let mut after = 0;
    exporter.begin()?;
    while after < newest {
        let captures = store.read("read captures", |r| r.whole_captures(after, AT_ONCE))?;
        let Some(last) = captures.last() else { break };
        after = last.id;
        for capture in captures.iter().filter(|capture| what.takes(capture)) {
            match exporter.capture(capture) {
                Ok(()) => exporter.done.captures += 1,
                Err(ExportError::Store(error)) => {
                    exporter.done.unreadable += 1;
                    problem(format!(
                        "copy {} of {}: {error}",
                        capture.id, capture.source
                    ));
                }
                Err(error) => return Err(error),
            }
            exporter.count();
            each(&exporter.done);
        }
    }
    if what.takes_all() {
        exporter.loose(&mut problem)?;
    }
    exporter.count();
    exporter.writer.finish()?;
    Ok(exporter.done)
}

impl Export {
    fn takes(&self, capture: &WholeCapture) -> bool {
        (self.sources.is_empty() || self.sources.contains(&capture.source))
            && self.since.is_none_or(|since| capture.at >= since)
            && self.until.is_none_or(|until| capture.at < until)
    }

    fn takes_all(&self) -> bool {
        self.sources.is_empty() && self.since.is_none() && self.until.is_none()
    }
}

struct Exporter<'a, W> {
    store: &'a Store,
    writer: Writer<W>,
    /// The exchange that each payload was written with, or none for one that came by none.
    written: HashMap<i64, Option<i64>>,
    /// Exchanges that were written, and may belong to several captures.
    told: HashSet<i64>,
    /// Payloads of renderings that were written.
    rendered: HashSet<i64>,
    done: Exported,
}

impl<W: Write> Exporter<'_, W> {
    fn count(&mut self) {
        self.done.records = self.writer.records();
        self.done.bytes = self.writer.written();
    }

    fn begin(&mut self) -> io::Result<()> {
        let says = format!(
            "software: sourcekeep/{}\r\nformat: WARC File Format 1.1\r\n\
             conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n\
             description: captures of cited sources; bodies without transfer and content coding\r\n",
            env!("CARGO_PKG_VERSION")
        );
        self.writer.write(&NewRecord {
            kind: "warcinfo",
            id: &record_id(&["warcinfo", &says]),
            content_type: "application/warc-fields",
            payload: says.as_bytes(),
            ..NewRecord::default()
        })
    }

    fn capture(&mut self, capture: &WholeCapture) -> Result<(), ExportError> {
        let (document, lines) = self.store.read("read a capture", |r| {
            let lines = match capture.manifest_id {
                Some(id) => Some(r.manifest_lines(id)?),
                None => None,
            };
            let mut document = match capture.visit_id {
                Some(visit) => r.exchanges_of_visit(visit)?,
                None => Vec::new(),
            };
            for line in lines
                .iter()
                .flatten()
                .filter(|line| line.kind == "document")
            {
                if let Ok(id) = line.what {
                    document.extend(r.whole_exchange(id)?);
                }
            }
            Ok((document, lines))
        })?;
        let mut exchanges = Vec::new();
        for exchange in &document {
            self.exchange(exchange, &mut exchanges)?;
        }
        let came_by = document.last().and_then(|exchange| exchange.body);
        let mut concurrent = document.last().map(response_id);
        if came_by.map(|body| body.id) != Some(capture.body.id) {
            concurrent = Some(self.resource(capture)?);
        }
        let lines = lines.unwrap_or_default();
        let requisites = self.needed(lines, &mut exchanges)?;
        let rendering = self.rendering(capture, &mut exchanges)?;
        let metadata = Metadata {
            sourcekeep: VERSION,
            capture: Some(captured(
                capture,
                &document,
                capture.looked_for.then_some(requisites),
                rendering,
            )),
            exchanges,
        };
        self.metadata(&metadata, &capture.url, capture.at, concurrent)?;
        Ok(())
    }

    /// What a manifest lists, but for the document; its exchanges are written.
    fn needed(
        &mut self,
        lines: Vec<ManifestLine>,
        exchanges: &mut Vec<Exchanged>,
    ) -> Result<Vec<Needed>, ExportError> {
        let mut all = Vec::new();
        for line in lines.into_iter().filter(|line| line.kind != "document") {
            let mut needed = Needed {
                kind: line.kind,
                ..Needed::default()
            };
            match line.what {
                Ok(id) => {
                    let exchange = self
                        .store
                        .read("read an exchange", |r| r.whole_exchange(id))?;
                    let Some(exchange) = exchange else { continue };
                    self.exchange(&exchange, exchanges)?;
                    needed.exchange = Some(Named::of(&exchange));
                }
                Err((url, missing)) => {
                    needed.url = Some(url);
                    needed.missing = Some(missing);
                }
            }
            all.push(needed);
        }
        Ok(all)
    }

    /// What a browser made of a capture's page; its payloads are written.
    fn rendering(
        &mut self,
        capture: &WholeCapture,
        exchanges: &mut Vec<Exchanged>,
    ) -> Result<Option<RenderedAs>, ExportError> {
        let id = capture.id;
        let (rendering, lines) = self.store.read("read a rendering", |r| {
            let rendering = r.whole_rendering(id)?;
            let manifest = rendering.as_ref().and_then(|one| one.manifest_id);
            let lines = manifest.map(|id| r.manifest_lines(id)).transpose()?;
            Ok((rendering, lines))
        })?;
        let Some(rendering) = rendering else {
            return Ok(None);
        };
        for (row, (name, media_type)) in rendering.payloads.into_iter().zip(RENDERED) {
            let Some(row) = row else { continue };
            if self.written.contains_key(&row.id) || !self.rendered.insert(row.id) {
                continue;
            }
            let payload = self.payload(row)?;
            let uri = format!("{name}{}", capture.url);
            let sha256 = hex(&row.sha256);
            self.writer.write(&NewRecord {
                kind: "resource",
                id: &record_id(&["resource", &uri, &rendering.at.to_string(), &sha256]),
                at: rendering.at,
                uri: Some(&uri),
                content_type: media_type,
                payload: &payload,
                payload_sha256: Some(row.sha256),
                is_packed: by_media_type(media_type).is_packed(),
                ..NewRecord::default()
            })?;
        }
        let asked = match lines {
            Some(lines) => Some(self.needed(lines, exchanges)?),
            None => None,
        };
        Ok(Some(RenderedAs {
            at: rendering.at,
            browser: rendering.browser,
            failed: rendering.why,
            is_cut_short: rendering.outcome == "cut-short",
            stands: rendering.stands,
            payloads: rendering
                .payloads
                .map(|row| row.map(|row| hex(&row.sha256))),
            width: rendering.width,
            height: rendering.height,
            asked,
            refused: serde_json::from_str(&rendering.refused).unwrap_or_default(),
        }))
    }

    fn metadata(
        &mut self,
        metadata: &Metadata,
        uri: &str,
        at: i64,
        concurrent: Option<String>,
    ) -> io::Result<()> {
        let json = serde_json::to_string(metadata)?;
        // Under the address itself, players of archives would take it for what the address says.
        let uri = format!("urn:sourcekeep:{uri}");
        let concurrent = concurrent.map(|id| ("WARC-Concurrent-To", format!("<{id}>")));
        self.writer.write(&NewRecord {
            kind: "metadata",
            id: &record_id(&["metadata", &json]),
            at,
            uri: Some(&uri),
            content_type: "application/json",
            fields: concurrent.into_iter().collect(),
            payload: json.as_bytes(),
            ..NewRecord::default()
        })
    }

    /// A body that came by no exchange. Gives the record's identifier.
    fn resource(&mut self, capture: &WholeCapture) -> Result<String, ExportError> {
        let media_type = capture
            .media_type
            .as_deref()
            .unwrap_or("application/octet-stream");
        let sha256 = hex(&capture.body.sha256);
        let id = record_id(&["resource", &capture.url, &capture.at.to_string(), &sha256]);
        let mut record = NewRecord {
            kind: "resource",
            id: &id,
            at: capture.at,
            uri: Some(&capture.url),
            content_type: media_type,
            payload_sha256: Some(capture.body.sha256),
            is_packed: by_media_type(media_type).is_packed(),
            ..NewRecord::default()
        };
        if let Some(first) = self.written.get(&capture.body.id).copied() {
            record.kind = "revisit";
            record.fields = self.refers_to(first, capture)?;
            self.done.revisits += 1;
            self.writer.write(&record)?;
        } else {
            let payload = self.payload(capture.body)?;
            record.payload = &payload;
            self.writer.write(&record)?;
            self.written.insert(capture.body.id, None);
        }
        Ok(id)
    }

    fn refers_to(
        &self,
        first: Option<i64>,
        capture: &WholeCapture,
    ) -> Result<Vec<(&'static str, String)>, ExportError> {
        let mut fields = vec![("WARC-Profile", IDENTICAL_PAYLOAD.to_owned())];
        match first {
            Some(first) => fields.extend(self.first(first)?),
            // A copy that was made by hand, of the same page.
            None => fields.push(("WARC-Refers-To-Target-URI", capture.url.clone())),
        }
        fields.push(("WARC-Truncated", "length".to_owned()));
        Ok(fields)
    }

    /// Where a payload was written first.
    fn first(&self, exchange_id: i64) -> Result<Vec<(&'static str, String)>, ExportError> {
        let first = self
            .store
            .read("read an exchange", |r| r.whole_exchange(exchange_id))?;
        Ok(first.map_or_else(Vec::new, |first| {
            vec![
                ("WARC-Refers-To", format!("<{}>", response_id(&first))),
                ("WARC-Refers-To-Target-URI", first.url),
                ("WARC-Refers-To-Date", write_date(first.at)),
            ]
        }))
    }

    fn payload(&mut self, row: PayloadRow) -> Result<Vec<u8>, ExportError> {
        let payload = self.store.read("read a payload", |r| r.payload(row.id))?;
        self.done.payloads += 1;
        self.done.payload_bytes += row.size;
        Ok(payload.unwrap_or_default())
    }

    /// Request and response, unless they were written before.
    fn exchange(
        &mut self,
        exchange: &WholeExchange,
        exchanges: &mut Vec<Exchanged>,
    ) -> Result<(), ExportError> {
        if !self.told.insert(exchange.id) {
            return Ok(());
        }
        let id = response_id(exchange);
        let first = exchange
            .body
            .and_then(|body| self.written.get(&body.id).copied());
        // Read before anything is written, for it may fail.
        let payload = match exchange.body {
            Some(body) if first.is_none() && body.size > 0 => self.payload(body)?,
            _ => Vec::new(),
        };
        let mut fields = fields(exchange);
        let request_id = record_id(&["request", &id]);
        let mut of_request = fields.clone();
        of_request.push(("WARC-Concurrent-To", format!("<{id}>")));
        self.writer.write(&NewRecord {
            kind: "request",
            id: &request_id,
            at: exchange.at,
            uri: Some(&exchange.url),
            content_type: "application/http;msgtype=request",
            fields: of_request,
            head: &request_head(exchange),
            ..NewRecord::default()
        })?;
        fields.push(("WARC-Concurrent-To", format!("<{request_id}>")));
        let mut kind = "response";
        let is_revisit = match (exchange.body, first) {
            (Some(body), Some(first)) if body.size > 0 => {
                fields.push(("WARC-Profile", IDENTICAL_PAYLOAD.to_owned()));
                if let Some(first) = first {
                    fields.extend(self.first(first)?);
                }
                fields.push(("WARC-Truncated", "length".to_owned()));
                true
            }
            _ if exchange.status == 304 => {
                fields.push(("WARC-Profile", NOT_MODIFIED.to_owned()));
                fields.push(("WARC-Refers-To-Target-URI", exchange.url.clone()));
                true
            }
            _ => false,
        };
        if is_revisit {
            kind = "revisit";
            self.done.revisits += 1;
        } else if let Some(truncated) = &exchange.truncated {
            fields.push(("WARC-Truncated", truncated.clone()));
        }
        let body = exchange.body.map(|body| body.sha256);
        let media_type = pairs_get(exchange, "content-type");
        self.writer.write(&NewRecord {
            kind,
            id: &id,
            at: exchange.at,
            uri: Some(&exchange.url),
            content_type: "application/http;msgtype=response",
            fields,
            head: &response_head(exchange),
            payload: &payload,
            payload_sha256: Some(body.unwrap_or_else(|| crate::store::sha256(b""))),
            is_packed: media_type
                .as_deref()
                .is_some_and(|it| by_media_type(it).is_packed()),
        })?;
        if let Some(body) = exchange.body {
            self.written.entry(body.id).or_insert(Some(exchange.id));
        }
        self.done.exchanges += 1;
        exchanges.push(Exchanged::of(exchange));
        Ok(())
    }

    /// The exchanges that belong to no capture: what came with an import beside its documents.
    fn loose(&mut self, problem: &mut impl FnMut(String)) -> Result<(), ExportError> {
        let mut after = 0;
        loop {
            let loose = self
                .store
                .read("read exchanges", |r| r.loose_exchanges(after, AT_ONCE))?;
            let Some(last) = loose.last() else {
                return Ok(());
            };
            after = last.id;
            for exchange in &loose {
                let mut exchanges = Vec::new();
                match self.exchange(exchange, &mut exchanges) {
                    Err(ExportError::Store(error)) => {
                        self.done.unreadable += 1;
                        problem(format!("{}: {error}", exchange.url));
                        continue;
                    }
                    done => done?,
                }
                let metadata = Metadata {
                    sourcekeep: VERSION,
                    capture: None,
                    exchanges,
                };
                let id = response_id(exchange);
                self.metadata(&metadata, &exchange.url, exchange.at, Some(id))?;
            }
        }
    }
}

fn pairs_get(exchange: &WholeExchange, name: &str) -> Option<String> {
    let pairs = super::exported::pairs(&exchange.response_headers);
    let found = pairs
        .into_iter()
        .find(|(found, _)| found.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

/// What request and response have both.
fn fields(exchange: &WholeExchange) -> Vec<(&'static str, String)> {
    let mut fields = Vec::new();
    if let Some(peer) = &exchange.peer {
        let address = peer.parse::<std::net::SocketAddr>().map(|peer| peer.ip());
        let address = address.or_else(|_| peer.parse::<std::net::IpAddr>());
        fields.extend(address.map(|address| ("WARC-IP-Address", address.to_string())));
    }
    let protocol = match exchange.protocol.as_str() {
        "HTTP/2" => "h2",
        "HTTP/1.0" => "http/1.0",
        _ => "http/1.1",
    };
    fields.push(("WARC-Protocol", protocol.to_owned()));
    fields
}

fn captured(
    capture: &WholeCapture,
    document: &[WholeExchange],
    requisites: Option<Vec<Needed>>,
    rendering: Option<RenderedAs>,
) -> Captured {
    Captured {
        source: capture.source.clone(),
        kind: capture.kind.clone(),
        at: capture.at,
        sealed_at: capture.sealed_at,
        url: capture.url.clone(),
        media_type: capture.media_type.clone(),
        title: capture.title.clone(),
        sha256: hex(&capture.body.sha256),
        size: capture.body.size,
        served_sha256: capture.served_sha256.as_ref().map(|sha| hex(sha)),
        served_sha1: capture.served_sha1.clone(),
        truncated: capture.truncated.clone(),
        by_hand: capture.by_hand.as_ref().map(HandMade::from),
        document: document.iter().map(Named::of).collect(),
        requisites,
        left_out: capture.left_out,
        rendering,
    }
}
