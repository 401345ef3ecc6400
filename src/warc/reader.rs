//! Reading records, one after another.

use std::io::{self, Read};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::arc;
use super::chunked::Chunked;
use super::date::date;
use super::digest::{Check, Declared, Hasher, base32};
use super::fields::{Fields, latin1, utf8};
use super::http::Head;
use super::input::{Input, Place, Problem};

/// The longest line that may begin a record, in bytes.
const LINE_BYTES: usize = 64 * 1024;
/// The longest header, of a record or of HTTP, in bytes.
const HEADER_BYTES: usize = 1 << 20;
/// The most fields in one.
const MOST_FIELDS: usize = 10_000;
/// What every record of WARC begins with.
const BEGINNING: &[u8] = b"WARC/";

/// A record, without what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it begins.
    pub place: Place,
    /// `WARC/1.1`, or `ARC`.
    pub version: String,
    /// Its type, in lower case: `response`, `revisit` and so on.
    pub kind: String,
    /// Its header.
    pub fields: Fields,
    /// How long the block is, as the header says.
    pub length: Option<u64>,
    /// The head of the HTTP message, where the block is one.
    pub http: Option<Head>,
}

impl Record {
    /// The address that it is of. Writers of WARC 1.0 put it in angle brackets.
    pub fn uri(&self) -> Option<&str> {
        let uri = self.fields.get("WARC-Target-URI")?.trim();
        let bare = uri.strip_prefix('<').and_then(|uri| uri.strip_suffix('>'));
        Some(bare.unwrap_or(uri)).filter(|uri| !uri.is_empty())
    }

    /// Its identifier, without angle brackets.
    pub fn id(&self) -> Option<&str> {
        self.fields.get("WARC-Record-ID").map(bare)
    }

    /// Its instant, in milliseconds since the epoch.
    pub fn date(&self) -> Option<i64> {
        date(self.fields.get("WARC-Date")?)
    }

    /// The media type of what it holds: that of HTTP, else that of the block.
    pub fn media_type(&self) -> Option<&str> {
        match &self.http {
            Some(head) => head.headers.get("content-type"),
            None => self.fields.get("Content-Type"),
        }
    }
}

/// An identifier without the angle brackets around it.
pub fn bare(id: &str) -> &str {
    id.trim().trim_start_matches('<').trim_end_matches('>')
}

/// What is known of a record once its payload was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Bytes of the payload, without transfer coding.
    pub size: u64,
    /// SHA-256 of the same.
    pub sha256: [u8; 32],
    /// SHA-1 of the same, in base32.
    pub sha1: String,
    /// Whether the block is what its declared digest says.
    pub block: Option<Check>,
    /// Whether the payload is.
    pub payload: Option<Check>,
    /// Whether the file holds less of it than it says.
    pub is_cut: bool,
}

/// The block that is being read.
struct Block {
    place: Place,
    left: u64,
    is_chunked: bool,
    is_cut: bool,
    digest: Option<(Declared, Option<Hasher>)>,
    payload: Option<Declared>,
}

/// Reads a file.
pub struct Reader<R> {
    input: Input<R>,
    block: Option<Block>,
    is_arc: bool,
    /// A record came before, and what stands behind it is still to be seen.
    after_record: Option<Place>,
    records: u64,
}

impl<R: Read> Reader<R> {
    /// Begins with the first byte of a file.
    pub fn new(inner: R) -> Self {
        Self {
            input: Input::new(inner),
            block: None,
            is_arc: false,
            after_record: None,
            records: 0,
        }
    }

    /// The problems that were met since this was last asked.
    pub fn take_problems(&mut self) -> Vec<Problem> {
        self.input.take_problems()
    }

    /// Bytes of the file that were read so far.
    pub fn offset(&self) -> u64 {
        self.input.offset()
    }

    /// The next record; what was not read of the one before is skipped. `None` at the end of the file.
    ///
    /// # Errors
    /// When the file cannot be read. Whatever stands in it is no error.
    pub fn next_record(&mut self) -> io::Result<Option<Record>> {
        if let Some(mut block) = self.block.take() {
            while self.have(&mut block)? > 0 {
                let count = self.have(&mut block)?;
                self.input.consume(count);
                block.left -= count as u64;
            }
        }
        loop {
            if !self.find()? {
                if self.records == 0 && self.input.offset() > 0 {
                    let place = Place {
                        offset: 0,
                        within: 0,
                    };
                    self.input
                        .lost(place, "no record of WARC or ARC in this file");
                    self.records = 1;
                }
                return Ok(None);
            }
            let place = self.input.place();
            let is_warc = self.input.window().starts_with(BEGINNING);
            let record = if is_warc {
                self.header(place)?
            } else {
                self.arc_header(place)?
            };
            if let Some(mut record) = record {
                self.records += 1;
                self.begin_block(&mut record)?;
                return Ok(Some(record));
            }
        }
    }

    /// Goes on to where a record begins. False at the end of the file.
    fn find(&mut self) -> io::Result<bool> {
        let after_record = self.after_record.take();
        let (mut garbage, mut newlines): (Option<(Place, u64)>, u64) = (None, 0);
        let found = loop {
            if self.input.fill(1)? == 0 {
                if !self.input.next_member()? {
                    break false;
                }
                continue;
            }
            let line = self.input.line(LINE_BYTES)?;
            let blank = line
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
            if blank > 0 {
                newlines += 1;
                self.input.consume(blank);
                continue;
            }
            if line.starts_with(BEGINNING) {
                break true;
            }
            let may_be_arc = self.is_arc || self.records == 0;
            if may_be_arc && arc::line(line).is_some() {
                break true;
            }
            let len = line.len();
            let place = self.input.place();
            garbage.get_or_insert((place, 0)).1 += len as u64;
            self.input.consume(len);
        };
        if let Some((place, bytes)) = garbage {
            // A file without any record is told of as such.
            if self.records > 0 || found {
                self.input
                    .lost(place, format!("{bytes} bytes that are no record"));
            }
        } else if let Some(place) = after_record.filter(|_| newlines == 0) {
            self.input
                .problem(place, "no empty lines behind the record");
        }
        Ok(found)
    }

    fn header(&mut self, place: Place) -> io::Result<Option<Record>> {
        let line = self.input.line(LINE_BYTES)?;
        let version = utf8(line.trim_ascii());
        let len = line.len();
        self.input.consume(len);
        if !matches!(
            version.as_str(),
            "WARC/1.0" | "WARC/1.1" | "WARC/0.17" | "WARC/0.18"
        ) {
            let shown: String = version.chars().take(40).collect();
            self.input
                .problem(place, format!("a version that is not known: {shown}"));
        }
        let (mut fields, mut bytes) = (Fields::default(), 0);
        loop {
            let line = self.input.line(LINE_BYTES)?;
            let len = line.len();
            let text = line.trim_ascii_end();
            if text.is_empty() && len > 0 {
                self.input.consume(len);
                break;
            }
            if len == 0 {
                self.input.lost(place, "its header does not end");
                break;
            }
            bytes += len;
            if bytes > HEADER_BYTES || fields.pairs().len() > MOST_FIELDS {
                self.input
                    .lost(place, "a header that is longer than is read");
                return Ok(None);
            }
            let taken = fields.take(text, utf8);
            self.input.consume(len);
            if !taken {
                self.input
                    .problem(place, "a line in its header that is no field");
            }
        }
        let length = fields.get("Content-Length").map(str::parse::<u64>);
        let length = match length {
            Some(Ok(length)) => Some(length),
            Some(Err(_)) => {
                self.input.lost(place, "a Content-Length that is no length");
                None
            }
            None => {
                self.input.lost(place, "no Content-Length");
                None
            }
        };
        let kind = fields
            .get("WARC-Type")
            .unwrap_or_default()
            .to_ascii_lowercase();
        if kind.is_empty() {
            self.input.problem(place, "no WARC-Type");
        }
        Ok(Some(Record {
            place,
            version,
            kind,
            fields,
            length,
            http: None,
        }))
    }

    fn arc_header(&mut self, place: Place) -> io::Result<Option<Record>> {
        self.is_arc = true;
        let line = self.input.line(LINE_BYTES)?;
        let (len, read) = (line.len(), arc::line(line));
        self.input.consume(len);
        let Some(read) = read else { return Ok(None) };
        if read.length.is_none() {
            self.input.lost(place, "a length that is none");
        }
        let mut fields = Fields::default();
        let mut push = |name: &str, value: String| fields.push(name.to_owned(), value);
        let is_version = read.url.starts_with("filedesc:");
        if !is_version {
            push("WARC-Target-URI", read.url);
        }
        match date(&read.date) {
            Some(ms) => push("WARC-Date", super::write_date(ms)),
            None => self.input.problem(place, "a date that is none"),
        }
        push("WARC-IP-Address", read.ip);
        push("Content-Type", read.media_type);
        Ok(Some(Record {
            place,
            version: "ARC".to_owned(),
            kind: if is_version { "warcinfo" } else { "response" }.to_owned(),
            fields,
            length: read.length,
            http: None,
        }))
    }

    /// Reads the head of an HTTP message, where the block begins with one.
    fn begin_block(&mut self, record: &mut Record) -> io::Result<()> {
        let declared = |name: &str| record.fields.get(name).map(Declared::read);
        let mut block = Block {
            place: record.place,
            left: record.length.unwrap_or(0),
            is_chunked: false,
            is_cut: false,
            digest: declared("WARC-Block-Digest").map(|declared| {
                let hasher = declared.hasher();
                (declared, hasher)
            }),
            // That of a revisit is of what it refers to, that of a continuation of the whole.
            payload: declared("WARC-Payload-Digest")
                .filter(|_| !matches!(record.kind.as_str(), "revisit" | "continuation")),
        };
        self.after_record = Some(record.place);
        let content_type = record.fields.get("Content-Type").unwrap_or_default();
        let says_http = content_type
            .get(..16)
            .is_some_and(|start| start.eq_ignore_ascii_case("application/http"));
        let may_be_http = matches!(record.kind.as_str(), "response" | "request" | "revisit")
            && (says_http || content_type.is_empty() || self.begins_as_http(&mut block)?);
        if may_be_http && block.left > 0 {
            record.http = self.http_head(&mut block)?;
            if record.http.is_none() && says_http && block.left > 0 {
                self.input
                    .problem(record.place, "no HTTP message, although it says so");
            }
        }
        if record.version == "ARC" && record.kind == "warcinfo" {
            // The version, and the names of what stands in header lines, are the header of this one.
            for _ in 0..2 {
                let have = self.have(&mut block)?;
                let len = self.input.line(have.clamp(1, LINE_BYTES))?.len().min(have);
                self.eat(&mut block, len);
            }
        }
        block.is_chunked = record.http.as_ref().is_some_and(Head::is_chunked);
        self.block = Some(block);
        Ok(())
    }

    /// Some writers put the media type of the payload where that of the block belongs, and ARC always does.
    fn begins_as_http(&mut self, block: &mut Block) -> io::Result<bool> {
        self.have(block)?;
        self.input.fill(5)?;
        let window = self.input.window();
        Ok(block.left > 5 && (window.starts_with(b"HTTP/") || window.starts_with(b"HTTP ")))
    }

    fn http_head(&mut self, block: &mut Block) -> io::Result<Option<Head>> {
        let mut head: Option<Head> = None;
        let mut bytes = 0;
        loop {
            if self.have(block)? == 0 {
                return Ok(head);
            }
            let most = usize::try_from(block.left)
                .unwrap_or(usize::MAX)
                .min(HEADER_BYTES);
            let line = self.input.line(most)?;
            let len = line.len();
            let text = line.trim_ascii_end();
            match &mut head {
                None => match Head::begin(text) {
                    Some(begun) => head = Some(begun),
                    None => return Ok(None),
                },
                Some(_) if text.is_empty() => {
                    self.eat(block, len);
                    return Ok(head);
                }
                Some(head) if head.headers.pairs().len() < MOST_FIELDS => {
                    head.headers.take(text, latin1);
                }
                Some(_) => {}
            }
            bytes += len;
            self.eat(block, len);
            if bytes > HEADER_BYTES {
                self.input
                    .lost(block.place, "an HTTP head that is longer than is read");
                return Ok(head);
            }
        }
    }

    fn eat(&mut self, block: &mut Block, count: usize) {
        if let Some((_, Some(hasher))) = &mut block.digest {
            hasher.update(&self.input.window()[..count]);
        }
        self.input.consume(count);
        block.left -= count as u64;
    }

    /// How many bytes of the block are at hand; none at its end.
    fn have(&mut self, block: &mut Block) -> io::Result<usize> {
        loop {
            if block.left == 0 {
                return Ok(0);
            }
            let have = self.input.fill(1)?;
            if have > 0 {
                return Ok(have.min(usize::try_from(block.left).unwrap_or(usize::MAX)));
            }
            // A record may go over several members, but none goes beyond where another begins.
            if !self.input.next_member()? || self.is_beginning()? {
                let what = format!("{} bytes of it are missing", block.left);
                self.input.lost(block.place, what);
                block.left = 0;
                block.is_cut = true;
                self.after_record = None;
                return Ok(0);
            }
        }
    }

    fn is_beginning(&mut self) -> io::Result<bool> {
        if self.is_arc {
            return Ok(arc::line(self.input.line(LINE_BYTES)?).is_some());
        }
        self.input.fill(BEGINNING.len())?;
        Ok(self.input.window().starts_with(BEGINNING))
    }

    /// Hands over the payload of the record piece by piece, without transfer coding, and says what is known of it then.
    /// Content coding stays. A second time there is nothing left.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn payload(&mut self, mut sink: impl FnMut(&[u8])) -> io::Result<End> {
        let Some(mut block) = self.block.take() else {
            return Ok(no_payload());
        };
        let mut chunked = block.is_chunked.then(Chunked::new);
        let mut sums = Sums::new(block.payload.as_ref(), block.is_chunked);
        loop {
            let count = self.have(&mut block)?;
            if count == 0 {
                break;
            }
            let piece = &self.input.window()[..count];
            sums.raw(piece);
            let mut whole = |bytes: &[u8]| {
                sums.payload(bytes);
                sink(bytes);
            };
            if let Some(chunked) = &mut chunked {
                chunked.push(piece, &mut whole);
            } else {
                whole(piece);
            }
            self.eat(&mut block, count);
        }
        if let Some(chunked) = &mut chunked {
            chunked.end(&mut |bytes| {
                sums.payload(bytes);
                sink(bytes);
            });
            if chunked.is_broken {
                self.input.problem(
                    block.place,
                    "a chunk of its body that does not begin as one",
                );
            } else if !chunked.is_whole() && !block.is_cut {
                self.input
                    .problem(block.place, "the last chunk of its body is missing");
                block.is_cut = true;
            }
            if !chunked.was_chunked() {
                sums.forget_raw();
            }
        }
        Ok(self.end(block, sums))
    }

    fn end(&mut self, block: Block, sums: Sums) -> End {
        let (size, sha256, sha1, payload) = sums.finish(block.payload.as_ref());
        let of_block = block.digest.map(|(declared, hasher)| match hasher {
            Some(hasher) => declared.check(&hasher.finish()),
            None => Check::Unknown,
        });
        if !block.is_cut {
            for (check, what) in [(of_block, "block"), (payload, "payload")] {
                if check == Some(Check::Different) {
                    let what = format!("the digest of its {what} is another than it says");
                    self.input.problem(block.place, what);
                }
            }
        }
        End {
            size,
            sha256,
            sha1,
            block: of_block,
            payload,
            is_cut: block.is_cut,
        }
    }
}

/// Nothing is left of it.
fn no_payload() -> End {
    let (size, sha256, sha1, _) = Sums::new(None, false).finish(None);
    End {
        size,
        sha256,
        sha1,
        block: None,
        payload: None,
        is_cut: false,
    }
}

/// The digests of a payload.
struct Sums {
    size: u64,
    sha256: Sha256,
    sha1: Sha1,
    /// As declared, where that is none of these.
    other: Option<Hasher>,
    /// Some writers draw the digest before the chunks are put together.
    raw: Option<Hasher>,
}

impl Sums {
    fn new(declared: Option<&Declared>, is_chunked: bool) -> Self {
        let hasher = declared.and_then(Declared::hasher);
        Self {
            size: 0,
            sha256: Sha256::new(),
            sha1: Sha1::new(),
            raw: hasher.clone().filter(|_| is_chunked),
            other: hasher.filter(|hasher| matches!(hasher, Hasher::Sha384(_) | Hasher::Sha512(_))),
        }
    }

    fn raw(&mut self, piece: &[u8]) {
        if let Some(hasher) = &mut self.raw {
            hasher.update(piece);
        }
    }

    fn forget_raw(&mut self) {
        self.raw = None;
    }

    fn payload(&mut self, piece: &[u8]) {
        self.size += piece.len() as u64;
        self.sha256.update(piece);
        self.sha1.update(piece);
        if let Some(hasher) = &mut self.other {
            hasher.update(piece);
        }
    }

    fn finish(self, declared: Option<&Declared>) -> (u64, [u8; 32], String, Option<Check>) {
        let sha256: [u8; 32] = self.sha256.finalize().into();
        let sha1 = self.sha1.finalize();
        let check = declared.map(|declared| {
            let drawn = match declared.hasher() {
                None => return Check::Unknown,
                Some(Hasher::Sha1(_)) => sha1.to_vec(),
                Some(Hasher::Sha256(_)) => sha256.to_vec(),
                Some(_) => self.other.map(Hasher::finish).unwrap_or_default(),
            };
            let check = declared.check(&drawn);
            match self.raw {
                Some(raw) if check == Check::Different => declared.check(&raw.finish()),
                _ => check,
            }
        });
        (self.size, sha256, base32(&sha1), check)
    }
}
