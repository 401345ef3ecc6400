//! The hash chain: each visit's and each capture's digest covers the one before.
//!
//! Whoever changes, removes or inserts a row later has to recompute every link after it; a head that was noted
//! outside (printed, mailed, timestamped) shows that. There are two chains, one over `visit` and one over `capture`,
//! each in the order of its ids. What a link covers is written out here as text, so that anybody can check it with
//! nothing but SHA-256.

use sha2::{Digest, Sha256};

/// 32 bytes of SHA-256.
pub type Sha = [u8; 32];

/// What comes before the first link.
pub(super) const START: Sha = [0; 32];

/// SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> Sha {
    Sha256::digest(bytes).into()
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The facts of a visit that its link covers.
pub(super) struct VisitLink<'a> {
    pub id: i64,
    pub source: &'a str,
    pub at: i64,
    pub outcome: &'a [u8],
    pub confirms: Option<i64>,
    pub not_modified: bool,
    pub peer: Option<&'a str>,
}

impl VisitLink<'_> {
    pub(super) fn after(&self, previous: &Sha) -> Sha {
        let text = format!(
            "visit\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
            hex(previous),
            self.id,
            self.source,
            self.at,
            hex(self.outcome),
            self.confirms
                .map_or_else(|| "-".to_owned(), |id| id.to_string()),
            u8::from(self.not_modified),
            self.peer.unwrap_or("-"),
        );
        sha256(text.as_bytes())
    }
}

/// The facts of a capture that its link covers.
pub(super) struct CaptureLink<'a> {
    pub id: i64,
    pub source: &'a str,
    pub visit: Option<i64>,
    pub at: i64,
    pub kind: &'a str,
    pub url: &'a str,
    pub media_type: Option<&'a str>,
    pub body: &'a [u8],
    pub truncated: Option<&'a str>,
    pub sealed_at: i64,
    pub exchanges: &'a [u8],
    pub served_sha256: Option<&'a [u8]>,
    pub served_sha1: Option<&'a str>,
    pub title: Option<&'a str>,
    /// The digest of the manifest.
    pub manifest: Option<&'a [u8]>,
    /// The digest of the rendering.
    pub rendering: Option<&'a [u8]>,
    pub by_hand: Option<HandLink<'a>>,
    pub import: Option<ImportLink<'a>>,
}

/// What is said of a capture that was imported, each in one line.
pub(super) struct ImportLink<'a> {
    pub file: &'a str,
    pub record: Option<&'a str>,
    pub kind: &'a str,
    pub sealed_at: Option<i64>,
    pub looked_for: bool,
    pub after_visit: i64,
}

impl ImportLink<'_> {
    fn lines(&self) -> String {
        format!(
            "{}\n{}\n{}\n{}\n{}\n{}\n",
            self.file,
            self.record.unwrap_or("-"),
            self.kind,
            self.sealed_at
                .map_or_else(|| "-".to_owned(), |at| at.to_string()),
            u8::from(self.looked_for),
            self.after_visit,
        )
    }
}

/// What is said of a capture that was made by hand, each in one line.
pub(super) struct HandLink<'a> {
    pub made_by: &'a str,
    pub file: &'a str,
    pub dated_by: &'a str,
    pub named_url: Option<&'a str>,
    pub note: Option<&'a str>,
    pub after_visit: i64,
}

impl HandLink<'_> {
    fn lines(&self) -> String {
        format!(
            "{}\n{}\n{}\n{}\n{}\n{}\n",
            self.made_by,
            self.file,
            self.dated_by,
            self.named_url.unwrap_or("-"),
            self.note.unwrap_or("-"),
            self.after_visit,
        )
    }
}

impl CaptureLink<'_> {
    /// The link as it is written today. The title is the last line, for it is the only one that a stranger wrote and
    /// that nobody holds to one line.
    pub(super) fn after(&self, previous: &Sha) -> Sha {
        let by_hand = self.by_hand.as_ref().map(HandLink::lines);
        let manifest = self.manifest.map(|sha| format!("{}\n", hex(sha)));
        let rendering = self.rendering.map(|sha| format!("{}\n", hex(sha)));
        let import = self.import.as_ref().map(ImportLink::lines);
        let form = 2
            + u8::from(by_hand.is_some())
            + 2 * u8::from(manifest.is_some())
            + 4 * u8::from(import.is_some())
            + 8 * u8::from(rendering.is_some());
        let [manifest, rendering, import, by_hand] =
            [manifest, rendering, import, by_hand].map(Option::unwrap_or_default);
        let text = format!(
            "capture {form}\n{}{}\n{}\n{manifest}{rendering}{import}{by_hand}{}\n",
            self.common(previous),
            self.served_sha256.map_or_else(|| "-".to_owned(), hex),
            self.served_sha1.unwrap_or("-"),
            self.title.unwrap_or("-"),
        );
        sha256(text.as_bytes())
    }

    /// The link as it was written before it covered the title and what was served. Whoever puts such a link in the
    /// place of one of today breaks the next.
    pub(super) fn first_form_after(&self, previous: &Sha) -> Sha {
        sha256(format!("capture\n{}", self.common(previous)).as_bytes())
    }

    fn common(&self, previous: &Sha) -> String {
        format!(
            "{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
            hex(previous),
            self.id,
            self.source,
            self.visit
                .map_or_else(|| "-".to_owned(), |id| id.to_string()),
            self.at,
            self.kind,
            self.url,
            self.media_type.unwrap_or("-"),
            hex(self.body),
            self.truncated.unwrap_or("-"),
            self.sealed_at,
            hex(self.exchanges),
        )
    }
}
