//! Writing records: WARC 1.1, one gzip member for each where it is compressed, and always the same bytes for the same
//! content.

use std::fmt::Write as _;
use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

use super::date::write_date;

/// How hard what may be compressed is: a hundredth larger than by level 6, in half the time.
const LEVEL: u32 = 4;

/// A record to write.
#[derive(Debug, Clone, Default)]
pub struct NewRecord<'a> {
    /// `response`, `request`, `revisit`, `metadata`, `resource`, `warcinfo`.
    pub kind: &'a str,
    /// Its identifier, from [`record_id`].
    pub id: &'a str,
    /// In milliseconds since the epoch.
    pub at: i64,
    /// The address that it is of.
    pub uri: Option<&'a str>,
    /// What the block is.
    pub content_type: &'a str,
    /// More fields, in the order in which they are written.
    pub fields: Vec<(&'a str, String)>,
    /// The beginning of the block, in front of the payload: the head of an HTTP message.
    pub head: &'a [u8],
    /// The payload.
    pub payload: &'a [u8],
    /// The payload's SHA-256 where it is known; it is declared where the record is of a kind that has one.
    pub payload_sha256: Option<[u8; 32]>,
    /// Whether the payload is packed as it is, and not worth compressing.
    pub is_packed: bool,
}

/// Writes a file.
pub struct Writer<W> {
    out: W,
    gzip: bool,
    written: u64,
    records: u64,
}

impl<W: Write> Writer<W> {
    /// Writes records plain, or each as a gzip member of its own.
    pub fn new(out: W, gzip: bool) -> Self {
        Self {
            out,
            gzip,
            written: 0,
            records: 0,
        }
    }

    /// Bytes that were written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Records that were written.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Writes one record, whole.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, record: &NewRecord<'_>) -> io::Result<()> {
        let header = header(record);
        let parts: [&[u8]; 4] = [header.as_bytes(), record.head, record.payload, b"\r\n\r\n"];
        let mut counted = Counted {
            inner: &mut self.out,
            count: 0,
        };
        if self.gzip {
            // What is packed by itself gets no smaller, and takes its time.
            let level = if record.is_packed { 0 } else { LEVEL };
            // No name, no time: the same content gives the same bytes. 255 is a system that is not told.
            let builder = GzBuilder::new().operating_system(255);
            let mut member = builder.write(&mut counted, Compression::new(level));
            for part in parts {
                member.write_all(part)?;
            }
            member.finish()?;
        } else {
            for part in parts {
                counted.write_all(part)?;
            }
        }
        self.written += counted.count;
        self.records += 1;
        Ok(())
    }

    /// Ends, and gives back what was written to.
    ///
    /// # Errors
    /// When what was held back cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

struct Counted<W> {
    inner: W,
    count: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.count += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn header(record: &NewRecord<'_>) -> String {
    let mut text = String::with_capacity(1024);
    text.push_str("WARC/1.1\r\n");
    field(&mut text, "WARC-Type", record.kind);
    field(&mut text, "WARC-Record-ID", &format!("<{}>", record.id));
    field(&mut text, "WARC-Date", &write_date(record.at));
    if let Some(uri) = record.uri {
        field(&mut text, "WARC-Target-URI", uri);
    }
    for (name, value) in &record.fields {
        field(&mut text, name, value);
    }
    let mut block = Sha256::new();
    block.update(record.head);
    block.update(record.payload);
    let block: [u8; 32] = block.finalize().into();
    field(&mut text, "WARC-Block-Digest", &sha256(&block));
    if let Some(payload) = &record.payload_sha256 {
        field(&mut text, "WARC-Payload-Digest", &sha256(payload));
    }
    if !record.content_type.is_empty() {
        field(&mut text, "Content-Type", record.content_type);
    }
    let length = record.head.len() + record.payload.len();
    field(&mut text, "Content-Length", &length.to_string());
    text.push_str("\r\n");
    text
}

fn field(text: &mut String, name: &str, value: &str) {
    let _ = write!(text, "{name}: ");
    // Nothing that stands in a value may begin another line.
    text.extend(value.chars().map(|c| if c.is_control() { ' ' } else { c }));
    text.push_str("\r\n");
}

/// A digest as WARC declares it.
fn sha256(digest: &[u8; 32]) -> String {
    let mut text = String::with_capacity(71);
    text.push_str("sha256:");
    for byte in digest {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// An identifier that follows from what it is for: a UUID (RFC 9562, version 8) over the SHA-256 of these texts.
pub fn record_id(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update(b"\n");
    }
    let mut bytes = [0; 16];
    for (byte, drawn) in bytes.iter_mut().zip(hasher.finalize()) {
        *byte = drawn;
    }
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::from("urn:uuid:");
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}
