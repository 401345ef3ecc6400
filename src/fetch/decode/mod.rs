//! Undoing content codings (RFC 9110, section 8.4) piece by piece, under limits.
//!
//! The bytes as served are needed too (their digests are what other archives compare), so the client decodes nothing
//! and we do it here: `gzip`, `deflate` (zlib or raw, as servers disagree), `br` and `zstd`, on top of each other in
//! the order they were applied. Each step hands on at most one buffer at a time, so a bomb is stopped at the limit and
//! never unfolds in memory. What browsers forgive is forgiven: garbage after the end, a missing gzip trailer.

mod steps;

use steps::Step;

/// Why decoding ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// More bytes than are taken.
    TooLarge,
    /// Too many bytes for what was sent.
    Ratio,
    /// The stream is not what its header says.
    Broken,
    /// The stream ends before its end.
    Truncated,
}

/// The limits that a decoder keeps to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caps {
    pub(crate) bytes: u64,
    pub(crate) ratio: u64,
    pub(crate) ratio_from_bytes: u64,
}

/// The content codings of a response, outermost last, as its headers list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// Reads `Content-Encoding` values. `Err` names the coding that cannot be undone, or says that there are too many.
pub(crate) fn codings<'a>(
    values: impl Iterator<Item = &'a [u8]>,
    at_most: usize,
) -> Result<Vec<Coding>, &'static str> {
    let mut found = Vec::new();
    for value in values {
        for name in value.split(|byte| *byte == b',') {
            let name = name.trim_ascii();
            let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
            let coding = if name.is_empty() || is("identity") || is("none") || is("utf-8") {
                // Not codings, but servers write them, and browsers take the body as it is.
                continue;
            } else if is("gzip") || is("x-gzip") {
                Coding::Gzip
            } else if is("deflate") {
                Coding::Deflate
            } else if is("br") {
                Coding::Brotli
            } else if is("zstd") {
                Coding::Zstd
            } else {
                return Err("a content coding that is not known");
            };
            if found.len() == at_most {
                return Err("more content codings than are undone");
            }
            found.push(coding);
        }
    }
    Ok(found)
}

/// Undoes the codings of one body.
pub(crate) struct Decoder {
    /// In the order of decoding: what was applied last comes first.
    steps: Vec<Layer>,
    caps: Caps,
    served: u64,
}

struct Layer {
    step: Step,
    yielded: u64,
}

impl Decoder {
    pub(crate) fn new(codings: &[Coding], caps: Caps) -> Self {
        let steps = codings
            .iter()
            .rev()
            .map(|coding| Layer {
                step: Step::new(*coding),
                yielded: 0,
            })
            .collect();
        Self {
            steps,
            caps,
            served: 0,
        }
    }

    /// Decodes one more piece; what comes of it is appended to `out`, also when decoding has to stop there.
    pub(crate) fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Stop> {
        self.served += input.len() as u64;
        run(&mut self.steps, input, &self.caps, self.served, out)
    }

    /// Says whether every stream came to its end.
    pub(crate) fn finish(&self) -> Result<(), Stop> {
        // A body without a byte has nothing to decode: servers send coding headers with empty bodies.
        if self.served == 0 || self.steps.iter().all(|layer| layer.step.is_complete()) {
            Ok(())
        } else {
            Err(Stop::Truncated)
        }
    }
}

/// Adds a piece to what may become so many bytes at the most.
///
/// It grows fourfold, but not beyond that: what it leaves behind each time it is moved is not given back at once, and
/// adds up to a third of the whole this way, where it would be all of it by doubling. Room that nothing fills takes none.
pub(super) fn append(out: &mut Vec<u8>, piece: &[u8], at_most: u64) {
    let wanted = out.len() + piece.len();
    if wanted > out.capacity() {
        let at_most = usize::try_from(at_most).unwrap_or(usize::MAX);
        let capacity = (4 * out.capacity()).min(at_most).max(wanted);
        out.reserve_exact(capacity - out.len());
    }
    out.extend_from_slice(piece);
}

/// Sends a piece through the first layer, and what it yields through the rest.
fn run(
    layers: &mut [Layer],
    input: &[u8],
    caps: &Caps,
    served: u64,
    out: &mut Vec<u8>,
) -> Result<(), Stop> {
    let Some((layer, rest)) = layers.split_first_mut() else {
        append(out, input, caps.bytes);
        return Ok(());
    };
    let yielded = &mut layer.yielded;
    layer.step.push(input, &mut |piece| {
        // Every layer is counted: a bomb may be hidden inside another coding that throws its bytes away.
        let room = caps.bytes.saturating_sub(*yielded);
        let taken = piece.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        *yielded += taken as u64;
        run(rest, &piece[..taken], caps, served, out)?;
        if taken < piece.len() {
            return Err(Stop::TooLarge);
        }
        if *yielded > caps.ratio_from_bytes && *yielded / caps.ratio > served {
            return Err(Stop::Ratio);
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const CAPS: Caps = Caps {
        bytes: 4 << 20,
        ratio: 200,
        ratio_from_bytes: 1 << 20,
    };

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(data: &[u8], zlib: bool) -> Vec<u8> {
        let level = flate2::Compression::default();
        if zlib {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        } else {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        }
    }

    fn brotli(data: &[u8]) -> Vec<u8> {
        let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
        encoder.write_all(data).unwrap();
        encoder.into_inner()
    }

    fn zstd(data: &[u8]) -> Vec<u8> {
        zstd::encode_all(data, 3).unwrap()
    }

    /// Decodes in pieces of one size; says what came and how it ended.
    fn decode(codings: &[Coding], served: &[u8], piece: usize) -> (Vec<u8>, Result<(), Stop>) {
        let mut decoder = Decoder::new(codings, CAPS);
        let mut out = Vec::new();
        for piece in served.chunks(piece) {
            if let Err(stop) = decoder.push(piece, &mut out) {
                return (out, Err(stop));
            }
        }
        let end = decoder.finish();
        (out, end)
    }

    fn text() -> Vec<u8> {
        (0..6000)
            .flat_map(|n| format!("line {n} of a page\n").into_bytes())
            .collect()
    }

    #[test]
    fn every_coding_in_every_cut() {
        let text = text();
        for (codings, served) in [
            (vec![Coding::Gzip], gzip(&text)),
            (vec![Coding::Deflate], deflate(&text, true)),
            (vec![Coding::Deflate], deflate(&text, false)),
            (vec![Coding::Brotli], brotli(&text)),
            (vec![Coding::Zstd], zstd(&text)),
            (vec![Coding::Gzip, Coding::Brotli], brotli(&gzip(&text))),
            (
                vec![Coding::Zstd, Coding::Gzip, Coding::Deflate],
                deflate(&gzip(&zstd(&text)), true),
            ),
        ] {
            for piece in [1, 2, 3, 7, 1000, usize::MAX] {
                let (out, end) = decode(&codings, &served, piece);
                assert_eq!(end, Ok(()), "{codings:?} by {piece}");
                assert!(out == text, "{codings:?} by {piece}");
            }
        }
    }

    #[test]
    fn what_browsers_forgive() {
        let text = text();
        let whole = gzip(&text);
        // Members one after another are one body.
        let (first, second) = text.split_at(5000);
        let members = [gzip(first), gzip(second)].concat();
        // Names, comments and extra fields in the header.
        let mut named = vec![0x1f, 0x8b, 8, 4 | 8 | 16 | 2, 0, 0, 0, 0, 0, 3];
        named.extend_from_slice(b"\x03\x00abcpage.html\0a comment\0\x12\x34");
        named.extend_from_slice(&whole[10..]);
        for (served, codings) in [
            (members, Coding::Gzip),
            (named, Coding::Gzip),
            (whole[..whole.len() - 8].to_vec(), Coding::Gzip),
            (
                [whole.as_slice(), b"\n<!-- garbage -->"].concat(),
                Coding::Gzip,
            ),
            ([whole.as_slice(), b"\x1f"].concat(), Coding::Gzip),
            ([whole.as_slice(), &[0; 600]].concat(), Coding::Gzip),
            ([zstd(first), zstd(second)].concat(), Coding::Zstd),
            ([zstd(&text), b"garbage".to_vec()].concat(), Coding::Zstd),
            (
                [brotli(&text), b"garbage".to_vec()].concat(),
                Coding::Brotli,
            ),
            (
                [deflate(&text, true), b"garbage".to_vec()].concat(),
                Coding::Deflate,
            ),
        ] {
            for piece in [1, 100, usize::MAX] {
                let (out, end) = decode(&[codings], &served, piece);
                assert_eq!(end, Ok(()), "{codings:?} by {piece}");
                assert!(out == text, "{codings:?} by {piece}");
            }
        }
    }

    #[test]
    fn cut_short_keeps_what_came() {
        let text = text();
        for (coding, served) in [
            (Coding::Gzip, gzip(&text)),
            (Coding::Deflate, deflate(&text, true)),
            (Coding::Brotli, brotli(&text)),
            (Coding::Zstd, zstd(&text)),
        ] {
            let (out, end) = decode(&[coding], &served[..served.len() / 2], 512);
            assert_eq!(end, Err(Stop::Truncated), "{coding:?}");
            assert!(text.starts_with(&out), "{coding:?}");
            let (_, end) = decode(&[coding], b"<html>this is not compressed</html>", 512);
            assert!(end.is_err(), "{coding:?}");
        }
        assert_eq!(decode(&[Coding::Gzip], b"", 1).1, Ok(()));
    }

    #[test]
    fn bombs_stop_at_the_cap() {
        let zeros = vec![0_u8; 64 << 20];
        for (codings, served) in [
            (vec![Coding::Gzip], gzip(&zeros)),
            (vec![Coding::Deflate], deflate(&zeros, false)),
            (vec![Coding::Brotli], brotli(&zeros)),
            (vec![Coding::Zstd], zstd(&zeros)),
            (vec![Coding::Gzip, Coding::Gzip], gzip(&gzip(&zeros))),
        ] {
            let (out, end) = decode(&codings, &served, usize::MAX);
            assert!(
                matches!(end, Err(Stop::Ratio | Stop::TooLarge)),
                "{codings:?}"
            );
            assert!(out.len() as u64 <= CAPS.bytes, "{codings:?}");
            assert!(out.capacity() <= 2 * CAPS.bytes as usize, "{codings:?}");
        }
    }

    #[test]
    fn headers() {
        let read = |values: &[&str]| codings(values.iter().map(|v| v.as_bytes()), 3);
        assert_eq!(read(&[]), Ok(vec![]));
        assert_eq!(read(&["identity", "", "none"]), Ok(vec![]));
        assert_eq!(
            read(&["X-GZip , br", "zstd"]),
            Ok(vec![Coding::Gzip, Coding::Brotli, Coding::Zstd])
        );
        assert!(read(&["compress"]).is_err());
        assert!(read(&["gzip, gzip, gzip, gzip"]).is_err());
    }
}
