//! Files that others wrote: what each record is, which responses are documents, and which request and redirects belong to
//! them.

use std::collections::{HashMap, VecDeque};
use std::io::Read;

use super::{
    ImportError, Importer, MOST_OF_A_BODY, Payload, packed, payload, source_of, truncation,
};
use crate::address;
use crate::capture::by_hand;
use crate::charset::essence;
use crate::fetch::undo;
use crate::run::exported::{Pairs, json, pairs};
use crate::store::{
    ImportedBody, ImportedCapture, ImportedExchange, NewExchange, NewManifest, NewRequisite,
    PutDown, RequisiteState, Sha, hex,
};
use crate::warc::{Head, Reader, Record, bare, date};

/// Responses that wait for their requests, and requests that wait for their responses.
const MOST_RESPONSES: usize = 8;
const MOST_REQUESTS: usize = 256;
/// Bytes of responses that wait, and of requests.
const MOST_WAITING: u64 = 32 << 20;
const MOST_ASKED: usize = 16 << 20;
/// Redirects, and payloads, that are remembered; and their bytes.
const MOST_REMEMBERED: usize = 20_000;
const MOST_REMEMBERED_BYTES: usize = 32 << 20;
/// A digest that is longer is none.
const MOST_OF_A_DIGEST: usize = 200;
/// A redirect leads to what was asked for within this time, in milliseconds.
const WITHIN: i64 = 3_600_000;
/// Hops of one chain.
const MOST_HOPS: usize = 10;

#[derive(Default)]
pub(super) struct Theirs {
    requests: VecDeque<Request>,
    asked: usize,
    responses: VecDeque<Response>,
    waiting: u64,
    /// Where redirects lead.
    redirects: HashMap<String, Vec<Hop>>,
    redirects_bytes: usize,
    /// The bodies of payloads and their titles, by digests as records write them.
    payloads: HashMap<String, (Sha, Option<String>)>,
}

#[derive(Clone)]
struct Request {
    id: String,
    concurrent: Vec<String>,
    url: String,
    at: i64,
    method: String,
    headers: Pairs,
}

struct Response {
    id: String,
    concurrent: Vec<String>,
    exchange: NewExchange,
    body: Option<ImportedBody>,
    /// SHA-256 and length of the body.
    sha256: Option<Sha>,
    size: u64,
    media_type: Option<String>,
    title: Option<String>,
    is_asked: bool,
}

/// A redirect, or the document that it leads to.
#[derive(Clone)]
struct Hop {
    url: String,
    at: i64,
    put_down: PutDown,
}

impl Theirs {
    pub(super) fn record<R: Read>(
        &mut self,
        importer: &mut Importer<'_>,
        reader: &mut Reader<R>,
        record: &Record,
    ) -> Result<(), ImportError> {
        match record.kind.as_str() {
            "request" => {
                if let Some(request) = request(record) {
                    self.asked(importer, request)?;
                }
            }
            "response" | "revisit" => match self.response(importer, reader, record)? {
                Some(response) => self.answered(importer, response)?,
                None => importer.done.left_out += 1,
            },
            "resource" => self.resource(importer, reader, record)?,
            // What they hold is no answer of a server.
            "metadata" | "conversion" => {}
            _ => importer.done.left_out += 1,
        }
        Ok(())
    }

    /// Lets go of everything that waits.
    pub(super) fn end(&mut self, importer: &mut Importer<'_>) -> Result<(), ImportError> {
        while let Some(response) = self.responses.pop_front() {
            self.keep(importer, response)?;
        }
        self.waiting = 0;
        self.requests.clear();
        self.asked = 0;
        Ok(())
    }

    /// A request came: whose is it?
    fn asked(&mut self, importer: &mut Importer<'_>, request: Request) -> Result<(), ImportError> {
        let found = self
            .responses
            .iter_mut()
            .find(|response| request.is_of(response));
        if let Some(response) = found {
            request.put_into(response);
            // Whatever came before it has waited long enough.
            while let Some(response) = self.responses.front() {
                if !response.is_asked {
                    break;
                }
                self.let_go(importer)?;
            }
            return Ok(());
        }
        self.asked += request.size();
        self.requests.push_back(request);
        while (self.requests.len() > MOST_REQUESTS || self.asked > MOST_ASKED)
            && let Some(first) = self.requests.pop_front()
        {
            self.asked -= first.size();
        }
        Ok(())
    }

    fn answered(
        &mut self,
        importer: &mut Importer<'_>,
        mut response: Response,
    ) -> Result<(), ImportError> {
        if let Some(at) = self
            .requests
            .iter()
            .rposition(|request| request.is_of(&response))
            && let Some(request) = self.requests.remove(at)
        {
            self.asked -= request.size();
            request.put_into(&mut response);
        }
        self.waiting += response.size;
        self.responses.push_back(response);
        while self.responses.len() > MOST_RESPONSES
            || self.waiting > MOST_WAITING
            || self.responses.front().is_some_and(|front| front.is_asked)
        {
            self.let_go(importer)?;
        }
        Ok(())
    }

    fn let_go(&mut self, importer: &mut Importer<'_>) -> Result<(), ImportError> {
        if let Some(response) = self.responses.pop_front() {
            self.waiting -= response.size.min(self.waiting);
            self.keep(importer, response)?;
        }
        Ok(())
    }

    fn response<R: Read>(
        &mut self,
        importer: &mut Importer<'_>,
        reader: &mut Reader<R>,
        record: &Record,
    ) -> Result<Option<Response>, ImportError> {
        let payload = payload(reader, record, MOST_OF_A_BODY)?;
        let (Some(uri), Some(at)) = (record.uri(), record.date()) else {
            return Ok(None);
        };
        let Some((url, _)) = source_of(uri) else {
            return Ok(None);
        };
        let mut found = match &record.http {
            Some(head) if head.status().is_some() => answer(&url, at, record, head),
            // A revisit may leave it to what it refers to.
            _ if record.kind == "revisit" => {
                let waiting = self.referred_to(record).map(|one| one.exchange.clone());
                let exchange = match waiting {
                    Some(exchange) => Some(exchange),
                    None => looked_up(importer, record)?.map(again),
                };
                let Some(exchange) = exchange else {
                    return Ok(None);
                };
                let status = if is_not_modified(record) {
                    304
                } else {
                    exchange.status
                };
                NewExchange {
                    hop: 0,
                    url: url.clone(),
                    at,
                    status,
                    served: None,
                    truncated: None,
                    ..exchange
                }
            }
            _ => return Ok(None),
        };
        let headers = pairs(&found.response_headers);
        let mut body = None;
        let mut sha256 = None;
        let mut title = None;
        let mut size = 0;
        let media_type = header(&headers, "content-type").map(one_line);
        if record.kind == "revisit" {
            if found.status != 304 {
                if let Some((sha, titled)) = self.payload_of(importer, record)? {
                    sha256 = Some(sha);
                    title = titled;
                }
                body = sha256.map(ImportedBody::Known);
                found.truncated = None;
            }
        } else {
            found.truncated = payload.truncated.map(str::to_owned);
            let mut decoded = decoded(&headers, &payload);
            found.truncated = found.truncated.or(decoded.truncated.map(str::to_owned));
            found.served = Some((
                payload.end.sha256,
                payload.end.sha1.clone(),
                payload.end.size,
            ));
            let bytes = std::mem::take(&mut decoded.bytes);
            let bytes = bytes.as_deref().unwrap_or(&payload.bytes);
            if !bytes.is_empty() {
                let is_as_served =
                    decoded.is_as_served && payload.bytes.len() as u64 == payload.end.size;
                let packed = packed(bytes, is_as_served.then_some(payload.end.sha256));
                size = packed.stored_size() as u64;
                sha256 = Some(packed.sha256);
                title = is_page(media_type.as_deref())
                    .then(|| title_of(bytes, media_type.as_deref()))
                    .flatten();
                self.remember(record, &payload, packed.sha256, title.as_ref());
                body = Some(ImportedBody::New(packed));
            }
        }
        found.has_body = body.is_some();
        Ok(Some(Response {
            id: record.id().unwrap_or_default().to_owned(),
            concurrent: concurrent(record),
            exchange: found,
            body,
            sha256,
            size,
            media_type,
            title,
            is_asked: false,
        }))
    }

    fn remember(&mut self, record: &Record, payload: &Payload, sha: Sha, title: Option<&String>) {
        if self.payloads.len() >= MOST_REMEMBERED * 3 {
            self.payloads.clear();
        }
        let declared = record.fields.get("WARC-Payload-Digest").map(digest_key);
        let declared = declared.filter(|digest| digest.len() <= MOST_OF_A_DIGEST);
        let sha1 = format!("sha1:{}", payload.end.sha1);
        let sha256 = format!("sha256:{}", hex(&payload.end.sha256));
        for key in declared
            .into_iter()
            .chain([digest_key(&sha1), digest_key(&sha256)])
        {
            self.payloads.insert(key, (sha, title.cloned()));
        }
    }

    /// The response that a revisit refers to, where it waits for its request.
    fn referred_to(&self, record: &Record) -> Option<&Response> {
        let (url, at) = refers_to(record)?;
        let mut found = self.responses.iter().rev();
        found.find(|one| one.exchange.url == url && one.exchange.at == at && one.sha256.is_some())
    }

    /// The body that a revisit refers to, and its title: by its digest, or by address and date.
    fn payload_of(
        &self,
        importer: &Importer<'_>,
        record: &Record,
    ) -> Result<Option<(Sha, Option<String>)>, ImportError> {
        let digest = record.fields.get("WARC-Payload-Digest").map(digest_key);
        if let Some(known) = digest.and_then(|key| self.payloads.get(&key).cloned()) {
            return Ok(Some(known));
        }
        if let Some(waiting) = self.referred_to(record) {
            return Ok(waiting.sha256.map(|sha| (sha, waiting.title.clone())));
        }
        let exchange = looked_up(importer, record)?;
        Ok(exchange
            .and_then(|exchange| exchange.body)
            .map(|body| (body.sha256, None)))
    }

    /// Puts an exchange down, and seals the captures that follow from it.
    fn keep(&mut self, importer: &mut Importer<'_>, response: Response) -> Result<(), ImportError> {
        let (url, at) = (response.exchange.url.clone(), response.exchange.at);
        let status = response.exchange.status;
        let headers = pairs(&response.exchange.response_headers);
        let put_down = PutDown::default();
        let this = Hop {
            url: url.clone(),
            at,
            put_down: put_down.clone(),
        };
        let chain: Vec<Hop> = match self.redirects.get(&url) {
            Some(chain) => {
                let is_near = |hop: &&Hop| (at - hop.at).abs() <= WITHIN;
                chain.iter().filter(is_near).cloned().collect()
            }
            None => Vec::new(),
        };
        let location = header(&headers, "location").filter(|_| (300..400).contains(&status));
        if let Some(location) = location
            && let Ok(base) = url::Url::parse(&url)
            && let Ok(mut target) = base.join(location)
            && chain.len() < MOST_HOPS
        {
            target.set_fragment(None);
            let mut hops = chain.clone();
            hops.push(this.clone());
            let bytes: usize = hops
                .iter()
                .map(|hop| hop.url.len() + size_of::<Hop>())
                .sum();
            self.redirects_bytes += bytes + target.as_str().len();
            if self.redirects.len() >= MOST_REMEMBERED
                || self.redirects_bytes > MOST_REMEMBERED_BYTES
            {
                self.redirects.clear();
                self.redirects_bytes = 0;
            }
            self.redirects.insert(target.to_string(), hops);
        }
        let captures = self.captures(importer, &response, &chain, &this)?;
        let (size, sha256) = (response.size, response.sha256);
        let exchange = ImportedExchange {
            exchange: response.exchange,
            body: response.body,
            beside: captures.is_empty().then(|| importer.name.clone()),
            put_down,
        };
        importer.keep(vec![exchange], Vec::new(), size)?;
        for (capture, body) in captures.into_iter().zip(sha256.into_iter().cycle()) {
            importer.keep_later(capture, body)?;
        }
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "it belongs to the file that is read")]
    fn captures(
        &self,
        importer: &Importer<'_>,
        response: &Response,
        chain: &[Hop],
        this: &Hop,
    ) -> Result<Vec<ImportedCapture>, ImportError> {
        let exchange = &response.exchange;
        let is_fine = (200..300).contains(&exchange.status) && exchange.status != 206;
        let Some(sha256) = response
            .sha256
            .filter(|_| is_fine && exchange.method == "GET")
        else {
            return Ok(Vec::new());
        };
        let known = |url: &str| -> Result<Option<(i64, bool)>, ImportError> {
            let Some((_, canonical)) = source_of(url) else {
                return Ok(None);
            };
            let name = canonical.to_string();
            Ok(importer
                .store
                .read("look for a source", |r| r.cited_source(&name))?)
        };
        let own = known(&exchange.url)?;
        let is_cited = own.is_some_and(|(_, cited)| cited);
        let mut starts: Vec<(Option<i64>, usize)> = Vec::new();
        // The first hop of each source that is known: its chain is the longest.
        let mut any_cited = is_cited;
        for (at, hop) in chain.iter().enumerate() {
            if let Some((id, cited)) = known(&hop.url)? {
                any_cited |= cited;
                if !starts.iter().any(|(known, _)| *known == Some(id)) {
                    starts.push((Some(id), at));
                }
            }
        }
        let own_id = own.map(|(id, _)| id);
        if own_id.is_none() || !starts.iter().any(|(known, _)| *known == own_id) {
            starts.push((own_id, chain.len()));
        }
        if !any_cited && !is_document(&exchange.url, response.media_type.as_deref()) {
            return Ok(Vec::new());
        }
        let hops: Vec<&Hop> = chain.iter().chain([this]).collect();
        let mut captures = Vec::new();
        for (_, start) in starts {
            let Some((_, canonical)) = source_of(&hops[start].url) else {
                continue;
            };
            let document = |hop: &&Hop| NewRequisite {
                kind: "document",
                state: RequisiteState::Has(hop.put_down.clone()),
            };
            let requisites = hops[start..].iter().map(document).collect();
            captures.push(ImportedCapture {
                address: canonical.to_string(),
                host: canonical.host().to_owned(),
                site: address::site(canonical.host()).to_owned(),
                at: hops[start].at,
                kind: "import",
                url: exchange.url.clone(),
                media_type: response.media_type.clone(),
                title: response.title.clone(),
                body: ImportedBody::Known(sha256),
                served: exchange
                    .served
                    .as_ref()
                    .map(|(sha256, sha1, _)| (*sha256, sha1.clone())),
                truncated: exchange.truncated.clone(),
                by_hand: None,
                manifest: Some(NewManifest {
                    requisites,
                    left_out: 0,
                }),
                rendering: None,
                looked_for: false,
                file: importer.name.clone(),
                record: Some(response.id.clone())
                    .filter(|id| !id.is_empty())
                    .map(|id| one_line(&id)),
                made_as: "import",
                sealed_there_at: None,
            });
        }
        Ok(captures)
    }

    /// A body that came by no exchange.
    #[expect(clippy::unused_self, reason = "it belongs to the file that is read")]
    fn resource<R: Read>(
        &self,
        importer: &mut Importer<'_>,
        reader: &mut Reader<R>,
        record: &Record,
    ) -> Result<(), ImportError> {
        let payload = payload(reader, record, MOST_OF_A_BODY)?;
        let media_type = record.fields.get("Content-Type").map(one_line);
        let source = record.uri().and_then(source_of);
        let (Some((url, canonical)), Some(at), false) =
            (source, record.date(), payload.bytes.is_empty())
        else {
            importer.done.left_out += 1;
            return Ok(());
        };
        let name = canonical.to_string();
        let known = importer
            .store
            .read("look for a source", |r| r.cited_source(&name))?;
        if !known.is_some_and(|(_, cited)| cited) && !is_document(&url, media_type.as_deref()) {
            importer.done.left_out += 1;
            return Ok(());
        }
        let is_whole = payload.bytes.len() as u64 == payload.end.size;
        let body = packed(&payload.bytes, is_whole.then_some(payload.end.sha256));
        let sha256 = body.sha256;
        let title = is_page(media_type.as_deref())
            .then(|| title_of(&payload.bytes, media_type.as_deref()))
            .flatten();
        let capture = ImportedCapture {
            address: name,
            host: canonical.host().to_owned(),
            site: address::site(canonical.host()).to_owned(),
            at,
            kind: "import",
            url,
            media_type,
            title,
            body: ImportedBody::Known(sha256),
            served: None,
            truncated: payload.truncated.map(str::to_owned),
            by_hand: None,
            manifest: None,
            rendering: None,
            looked_for: false,
            file: importer.name.clone(),
            record: record.id().map(one_line),
            made_as: "import",
            sealed_there_at: None,
        };
        importer.keep_payload(body)?;
        importer.keep_later(capture, sha256)?;
        Ok(())
    }
}

impl Request {
    fn is_of(&self, response: &Response) -> bool {
        let is = |ids: &[String], id: &str| !id.is_empty() && ids.iter().any(|one| one == id);
        !response.is_asked
            && (is(&self.concurrent, &response.id)
                || is(&response.concurrent, &self.id)
                // Writers of old say nothing, but put them side by side.
                || self.concurrent.is_empty()
                    && response.concurrent.is_empty()
                    && self.url == response.exchange.url
                    && (self.at - response.exchange.at).abs() <= 60_000)
    }

    fn size(&self) -> usize {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len() + 2 * size_of::<String>());
        let ids = self.concurrent.iter().map(String::len);
        self.url.len() + self.id.len() + headers.sum::<usize>() + ids.sum::<usize>()
    }

    fn put_into(self, response: &mut Response) {
        response.exchange.method = self.method;
        response.exchange.request_headers = json(&self.headers);
        response.is_asked = true;
    }
}

fn concurrent(record: &Record) -> Vec<String> {
    let ids = record.fields.all("WARC-Concurrent-To").take(16);
    ids.map(|id| bare(id).to_owned()).collect()
}

fn request(record: &Record) -> Option<Request> {
    let head = record.http.as_ref()?;
    let (method, _) = head.request()?;
    let (url, _) = source_of(record.uri()?)?;
    let mut headers = lower(head);
    headers.retain(|(name, _)| name != "host");
    Some(Request {
        id: record.id().unwrap_or_default().to_owned(),
        concurrent: concurrent(record),
        url,
        at: record.date().unwrap_or_default(),
        method: one_line(method),
        headers,
    })
}

/// Headers as the archive keeps them: names in lower case.
fn lower(head: &Head) -> Pairs {
    let pairs = head.headers.pairs().iter();
    pairs
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .collect()
}

fn header<'a>(headers: &'a Pairs, name: &str) -> Option<&'a str> {
    let mut found = headers.iter().filter(|(found, _)| found == name);
    found.next().map(|(_, value)| value.as_str())
}

fn answer(url: &str, at: i64, record: &Record, head: &Head) -> NewExchange {
    let is_h2 = record
        .fields
        .all("WARC-Protocol")
        .any(|protocol| protocol.trim().eq_ignore_ascii_case("h2"));
    NewExchange {
        hop: 0,
        // As long as no request says otherwise.
        method: "GET".to_owned(),
        url: url.to_owned(),
        at,
        peer: record
            .fields
            .get("WARC-IP-Address")
            .map(one_line)
            .filter(|ip| ip != "0.0.0.0"),
        protocol: if is_h2 {
            "HTTP/2".to_owned()
        } else {
            one_line(head.protocol())
        },
        request_headers: "[]".to_owned(),
        status: head.status().unwrap_or_default(),
        response_headers: json(&lower(head)),
        has_body: false,
        served: None,
        truncated: truncation(record.fields.get("WARC-Truncated")).map(str::to_owned),
    }
}

/// Address and instant of what a revisit refers to.
fn refers_to(record: &Record) -> Option<(String, i64)> {
    let uri = record.fields.get("WARC-Refers-To-Target-URI").map(bare)?;
    let at = record.fields.get("WARC-Refers-To-Date").and_then(date)?;
    Some((source_of(uri)?.0, at))
}

/// The exchange that a revisit refers to, where it was put down before.
fn looked_up(
    importer: &Importer<'_>,
    record: &Record,
) -> Result<Option<crate::store::WholeExchange>, ImportError> {
    let Some((url, at)) = refers_to(record) else {
        return Ok(None);
    };
    // What was handed over may not be put down yet.
    importer
        .store
        .write_blocking("look up what is referred to", |_| Ok(()))?;
    let found = importer
        .store
        .read("look up what is referred to", |r| r.exchanges_at(&url, at))?;
    Ok(found.into_iter().find(|exchange| exchange.body.is_some()))
}

fn is_not_modified(record: &Record) -> bool {
    let profile = record.fields.get("WARC-Profile");
    profile.is_some_and(|profile| profile.contains("not-modified"))
}

/// An exchange that was put down, to be put down once more.
fn again(exchange: crate::store::WholeExchange) -> NewExchange {
    NewExchange {
        hop: exchange.hop,
        method: exchange.method,
        url: exchange.url,
        at: exchange.at,
        peer: exchange.peer,
        protocol: exchange.protocol,
        request_headers: exchange.request_headers,
        status: exchange.status,
        response_headers: exchange.response_headers,
        has_body: false,
        served: None,
        truncated: None,
    }
}

struct Decoded {
    /// None where it is as it was served.
    bytes: Option<Vec<u8>>,
    is_as_served: bool,
    truncated: Option<&'static str>,
}

fn decoded(headers: &Pairs, payload: &Payload) -> Decoded {
    let codings = headers
        .iter()
        .filter(|(name, _)| name == "content-encoding")
        .map(|(_, value)| value.as_str());
    match undo(codings, &payload.bytes, MOST_OF_A_BODY) {
        Some(undone) => Decoded {
            bytes: Some(undone.body),
            is_as_served: false,
            truncated: undone.truncated,
        },
        None => Decoded {
            bytes: None,
            is_as_served: true,
            truncated: None,
        },
    }
}

fn one_line(text: &str) -> String {
    crate::report::one_line(text, 500)
}

/// A digest, however its letters are written.
fn digest_key(text: &str) -> String {
    text.trim().trim_end_matches('=').to_ascii_lowercase()
}

fn is_page(media_type: Option<&str>) -> bool {
    media_type.is_none_or(|media_type| {
        matches!(
            essence(media_type).as_str(),
            "" | "text/html" | "application/xhtml+xml"
        )
    })
}

/// Whether somebody would cite it for what it says, rather than a page need it to be shown.
fn is_document(url: &str, media_type: Option<&str>) -> bool {
    let path = url::Url::parse(url).map(|url| url.path().to_ascii_lowercase());
    if path.is_ok_and(|path| path == "/robots.txt" || path == "/favicon.ico") {
        return false;
    }
    let Some(media_type) = media_type else {
        return false;
    };
    matches!(
        essence(media_type).as_str(),
        "text/html"
            | "application/xhtml+xml"
            | "application/pdf"
            | "application/x-pdf"
            | "text/plain"
            | "text/markdown"
            | "text/csv"
            | "application/csv"
            | "application/json"
            | "application/ld+json"
            | "application/geo+json"
            | "text/xml"
            | "application/xml"
            | "multipart/related"
    )
}

/// The title of a page: what its first `title` says.
fn title_of(bytes: &[u8], media_type: Option<&str>) -> Option<String> {
    const LOOKED_AT: usize = 256 * 1024;
    let head = &bytes[..bytes.len().min(LOOKED_AT)];
    if by_hand::media_type(head, "a.html").is_some_and(|found| !found.starts_with("text/")) {
        return None;
    }
    let text = crate::charset::decode(head, media_type).text;
    let begins = aho_corasick::AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(["<title", "</title"])
        .ok()?;
    let mut tags = begins.find_iter(text.as_ref());
    let begin = tags.find(|tag| tag.pattern().as_usize() == 0)?;
    let end = tags.find(|tag| tag.pattern().as_usize() == 1)?;
    let inner = text.get(begin.end()..end.start())?;
    let inner = &inner[inner.find('>')? + 1..];
    // Of a title, the tokens are the text, with its references resolved.
    let mut title = String::new();
    for token in html5gum::Tokenizer::new(inner).flatten() {
        if let html5gum::Token::String(piece) = token {
            title.push_str(&String::from_utf8_lossy(&piece));
        }
    }
    let title = crate::report::one_line(&title, 500);
    (!title.is_empty()).then_some(title)
}
