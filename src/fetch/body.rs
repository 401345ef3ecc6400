//! Reading a body: as much as is taken, for as long as we wait, with its digests.
//!
//! Two sets of bytes matter. As served (transfer coding removed, content coding kept) is what other archives digest;
//! decoded is what is judged and stored. Where there is no content coding they are one, and nothing is copied that
//! came in one piece.

use std::borrow::Cow;

use bytes::Bytes;
use reqwest::{Response, Version, header};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout};

use super::decode::{Caps, Coding, Decoder, Stop, append, codings};
use super::error::{Fault, Trouble, classify};
use super::facts::{BodyFacts, Family};
use super::limits::Limits;

/// A body and what happened to it.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) bytes: Bytes,
    pub(crate) facts: BodyFacts,
    pub(crate) trouble: Option<Trouble>,
}

/// Why a body ends where it ends; the words are those of `WARC-Truncated` (WARC 1.1, section 5.13).
type End = Option<(&'static str, Trouble)>;

struct Reader {
    served_cap: u64,
    served: u64,
    served_sha256: Sha256,
    served_sha1: Sha1,
    decoder: Option<Decoder>,
    /// The only piece so far of a body that is not coded.
    single: Bytes,
    out: Vec<u8>,
}

/// Reads the body of a response until it ends, or a limit or the deadline is reached.
pub(crate) async fn take(
    response: &mut Response,
    limits: &Limits,
    body_limit: Option<u64>,
    deadline: Instant,
    by_proxy: bool,
) -> Result<Taken, Fault> {
    let values = response.headers().get_all(header::CONTENT_ENCODING).iter();
    let codings = codings(values.map(header::HeaderValue::as_bytes), limits.codings);
    let (codings, unknown) = match codings {
        Ok(codings) => (codings, None),
        // The bytes are kept as they are served; nobody can read them, and that is said.
        Err(what) => (Vec::new(), Some(what)),
    };
    let mut reader = Reader::new(&codings, limits, body_limit);
    let mut end = reader.read(response, limits, deadline, by_proxy).await?;
    if end.is_none()
        && let Some(Err(stop)) = reader.decoder.as_ref().map(Decoder::finish)
    {
        end = Some(stopped(stop));
    }
    if end.is_none()
        && let Some(what) = unknown
    {
        let trouble = Trouble::new(Family::Protocol, what);
        let mut taken = reader.finish(None);
        taken.trouble = Some(trouble);
        return Ok(taken);
    }
    Ok(reader.finish(end))
}

impl Reader {
    fn new(codings: &[Coding], limits: &Limits, body_limit: Option<u64>) -> Self {
        let served_cap = body_limit.unwrap_or(limits.body_served_bytes);
        let caps = Caps {
            bytes: body_limit.map_or(limits.body_decoded_bytes, |limit| {
                limit.saturating_mul(Limits::DECODED_PER_SERVED)
            }),
            ratio: limits.decoded_ratio,
            ratio_from_bytes: limits.decoded_ratio_from_bytes,
        };
        Self {
            served_cap,
            served: 0,
            served_sha256: Sha256::new(),
            served_sha1: Sha1::new(),
            decoder: (!codings.is_empty()).then(|| Decoder::new(codings, caps)),
            single: Bytes::new(),
            out: Vec::new(),
        }
    }

    async fn read(
        &mut self,
        response: &mut Response,
        limits: &Limits,
        deadline: Instant,
        by_proxy: bool,
    ) -> Result<End, Fault> {
        // A body that ends with its connection may end without the TLS farewell; browsers do not mind either.
        let ends_with_connection = response.version() <= Version::HTTP_11
            && !response.headers().contains_key(header::CONTENT_LENGTH)
            && !response.headers().contains_key(header::TRANSFER_ENCODING);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(next) = timeout(limits.idle.min(left), response.chunk()).await else {
                let detail = if left <= limits.idle {
                    "the visit took too long"
                } else {
                    "the body stopped coming"
                };
                return Ok(Some(("time", Trouble::new(Family::Timeout, detail))));
            };
            match next {
                Ok(Some(piece)) => {
                    if let Err(end) = self.push(piece) {
                        return Ok(Some(end));
                    }
                }
                Ok(None) => return Ok(None),
                Err(error) if ends_with_connection && is_missing_farewell(&error) => {
                    return Ok(None);
                }
                Err(error) => {
                    let trouble = classify(&error, by_proxy)?;
                    return Ok(Some(interrupted(trouble)));
                }
            }
        }
    }

    fn push(&mut self, mut piece: Bytes) -> Result<(), (&'static str, Trouble)> {
        let room = self.served_cap.saturating_sub(self.served);
        let is_over = piece.len() as u64 > room;
        if is_over {
            piece.truncate(usize::try_from(room).unwrap_or(usize::MAX));
        }
        self.served += piece.len() as u64;
        self.served_sha256.update(&piece);
        self.served_sha1.update(&piece);
        match &mut self.decoder {
            Some(decoder) => decoder.push(&piece, &mut self.out).map_err(stopped)?,
            None if self.single.is_empty() && self.out.is_empty() => self.single = piece,
            None => {
                if self.out.is_empty() {
                    self.out.reserve(self.single.len() + piece.len());
                    self.out.extend_from_slice(&self.single);
                    self.single = Bytes::new();
                }
                append(&mut self.out, &piece, self.served_cap);
            }
        }
        if is_over {
            return Err(stopped(Stop::TooLarge));
        }
        Ok(())
    }

    fn finish(self, end: End) -> Taken {
        let bytes = if self.out.is_empty() {
            self.single
        } else {
            Bytes::from(self.out)
        };
        let served_sha256 = hex(&self.served_sha256.finalize());
        let sha256 = if self.decoder.is_some() {
            hex(&Sha256::digest(&bytes))
        } else {
            served_sha256.clone()
        };
        let (truncated, trouble) = match end {
            Some((why, trouble)) => (Some(why.to_owned()), Some(trouble)),
            None => (None, None),
        };
        Taken {
            facts: BodyFacts {
                sha256,
                size: bytes.len() as u64,
                served_sha256,
                served_sha1: base32(&self.served_sha1.finalize()),
                served_size: self.served,
                truncated,
            },
            bytes,
            trouble,
        }
    }
}

fn stopped(stop: Stop) -> (&'static str, Trouble) {
    let (why, family, detail) = match stop {
        Stop::TooLarge => (
            "length",
            Family::TooLarge,
            "the body is larger than is taken",
        ),
        Stop::Ratio => (
            "length",
            Family::TooLarge,
            "the body unpacks to far more than was sent",
        ),
        Stop::Broken => (
            "unspecified",
            Family::Protocol,
            "the content coding cannot be undone",
        ),
        Stop::Truncated => (
            "disconnect",
            Family::Protocol,
            "the content coding ends before its end",
        ),
    };
    (why, Trouble::new(family, detail))
}

/// The body ended with an error of the connection.
fn interrupted(trouble: Trouble) -> (&'static str, Trouble) {
    let why = match trouble.family {
        Family::Timeout => "time",
        _ => "disconnect",
    };
    let detail: Cow<'static, str> = match (trouble.family, trouble.detail.as_ref()) {
        // In the middle of a body, "closed" means that there should have been more, and "parse" that chunks are wrong.
        (Family::Connection, "closed without an answer" | "connection closed too early") => {
            return (
                why,
                Trouble::new(Family::Protocol, "the body was cut short"),
            );
        }
        (Family::Connection, detail) => format!("{detail} within the body").into(),
        (Family::Protocol, "the answer is not HTTP") => "the body's framing is broken".into(),
        _ => trouble.detail,
    };
    (why, Trouble::new(trouble.family, detail))
}

fn is_missing_farewell(error: &reqwest::Error) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        if let Some(error) = cause.downcast_ref::<std::io::Error>() {
            return error.kind() == std::io::ErrorKind::UnexpectedEof;
        }
        next = cause.source();
    }
    false
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// RFC 4648, section 6; a SHA-1 digest needs no padding.
fn base32(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(DIGITS[(held >> bits & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(DIGITS[(held << (5 - bits) & 31) as usize]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_written_as_others_do() {
        // The digest of nothing, as the Wayback Machine's index has it.
        assert_eq!(
            base32(&Sha1::digest(b"")),
            "3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"
        );
        assert_eq!(base32(b"foob"), "MZXW6YQ");
        assert_eq!(hex(&[0, 0xab, 0xff]), "00abff");
    }
}
