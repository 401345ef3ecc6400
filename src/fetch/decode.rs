//! Undoing content codings (RFC 9110, section 8.4) piece by piece, under limits.
//!
//! The bytes as served are needed too (their digests are what other archives compare), so the client decodes nothing
//! and we do it here: `gzip`, `deflate` (zlib or raw, as servers disagree), `br` and `zstd`, on top of each other in
//! the order they were applied. Each step hands on at most one buffer at a time, so a bomb is stopped at the limit and
//! never unfolds in memory. What browsers forgive is forgiven: garbage after the end, a missing gzip trailer.

use brotli::{BrotliDecompressStream, BrotliResult, BrotliState, HeapAlloc, HuffmanCode};
use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, Operation};

/// Bytes that one call of a decompressor may yield.
const BUFFER_BYTES: usize = 32 * 1024;
/// The longest gzip header that is taken; names and comments in it have no length of their own.
const GZIP_HEADER_BYTES: usize = 64 * 1024 + 1024;
/// RFC 9659: a sender may not use a larger window for `zstd` as a content coding than 8 MB.
const ZSTD_WINDOW_LOG: u32 = 23;

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

/// Sends a piece through the first layer, and what it yields through the rest.
fn run(
    layers: &mut [Layer],
    input: &[u8],
    caps: &Caps,
    served: u64,
    out: &mut Vec<u8>,
) -> Result<(), Stop> {
    let Some((layer, rest)) = layers.split_first_mut() else {
        out.extend_from_slice(input);
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

type Sink<'a> = dyn FnMut(&[u8]) -> Result<(), Stop> + 'a;

enum Step {
    Gzip(Gzip),
    Deflate(Deflate),
    Brotli(Box<Brotli>),
    Zstd(Zstd),
}

impl Step {
    fn new(coding: Coding) -> Self {
        match coding {
            Coding::Gzip => Self::Gzip(Gzip::new()),
            Coding::Deflate => Self::Deflate(Deflate::Start(Vec::new())),
            Coding::Brotli => Self::Brotli(Box::new(Brotli::new())),
            Coding::Zstd => Self::Zstd(Zstd::new()),
        }
    }

    fn push(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        match self {
            Self::Gzip(gzip) => gzip.push(input, sink),
            Self::Deflate(deflate) => deflate.push(input, sink),
            Self::Brotli(brotli) => brotli.push(input, sink),
            Self::Zstd(zstd) => zstd.push(input, sink),
        }
    }

    fn is_complete(&self) -> bool {
        match self {
            Self::Gzip(gzip) => gzip.is_complete(),
            Self::Deflate(deflate) => matches!(deflate, Deflate::Done),
            Self::Brotli(brotli) => brotli.done,
            Self::Zstd(zstd) => zstd.at_frame_end,
        }
    }
}

/// Runs raw DEFLATE or zlib data; returns how much was consumed and whether the stream ended.
fn inflate(
    state: &mut Decompress,
    input: &[u8],
    sink: &mut Sink<'_>,
) -> Result<(usize, bool), Stop> {
    let mut buffer = [0_u8; BUFFER_BYTES];
    let mut consumed = 0;
    loop {
        let (in_before, out_before) = (state.total_in(), state.total_out());
        let status = state
            .decompress(&input[consumed..], &mut buffer, FlushDecompress::None)
            .map_err(|_| Stop::Broken)?;
        let (took, gave) = (
            (state.total_in() - in_before) as usize,
            (state.total_out() - out_before) as usize,
        );
        consumed += took;
        if gave > 0 {
            sink(&buffer[..gave])?;
        }
        if status == Status::StreamEnd {
            return Ok((consumed, true));
        }
        if took == 0 && gave == 0 {
            return Ok((consumed, false));
        }
    }
}

/// RFC 1952. The checksum is not compared: no browser does, and the page is what its readers saw.
struct Gzip {
    state: GzipState,
    members: usize,
}

enum GzipState {
    Header(Vec<u8>),
    Data(Box<Decompress>),
    Trailer(usize),
    Garbage,
}

impl Gzip {
    fn new() -> Self {
        Self {
            state: GzipState::Header(Vec::new()),
            members: 0,
        }
    }

    fn is_complete(&self) -> bool {
        match &self.state {
            GzipState::Header(_) => self.members > 0,
            GzipState::Data(_) => false,
            GzipState::Trailer(_) | GzipState::Garbage => true,
        }
    }

    fn push(&mut self, mut input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        while !input.is_empty() {
            match &mut self.state {
                GzipState::Header(seen) => {
                    let before = seen.len();
                    seen.extend_from_slice(input);
                    match gzip_header(seen) {
                        Header::Complete(len) => {
                            input = &input[len - before..];
                            self.state = GzipState::Data(Box::new(Decompress::new(false)));
                        }
                        Header::Partial if seen.len() <= GZIP_HEADER_BYTES => return Ok(()),
                        Header::Partial | Header::Wrong if self.members > 0 => {
                            self.state = GzipState::Garbage;
                        }
                        Header::Partial | Header::Wrong => return Err(Stop::Broken),
                    }
                }
                GzipState::Data(state) => {
                    let (consumed, ended) = inflate(state, input, sink)?;
                    input = &input[consumed..];
                    if ended {
                        self.members += 1;
                        self.state = GzipState::Trailer(8);
                    }
                }
                GzipState::Trailer(left) => {
                    let taken = input.len().min(*left);
                    input = &input[taken..];
                    *left -= taken;
                    if *left == 0 {
                        self.state = GzipState::Header(Vec::new());
                    }
                }
                GzipState::Garbage => return Ok(()),
            }
        }
        Ok(())
    }
}

enum Header {
    Complete(usize),
    Partial,
    Wrong,
}

fn gzip_header(seen: &[u8]) -> Header {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const CHECKSUM: u8 = 2;
    let magic = [0x1f, 0x8b, 8];
    if seen.iter().zip(magic).any(|(byte, wanted)| *byte != wanted) {
        return Header::Wrong;
    }
    let Some(flags) = seen.get(3).copied() else {
        return Header::Partial;
    };
    let mut at = 10;
    if flags & EXTRA != 0 {
        let Some(&[low, high]) = seen.get(at..at + 2).and_then(<[u8]>::first_chunk) else {
            return Header::Partial;
        };
        at += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let Some(end) = seen.get(at..).and_then(|rest| memchr::memchr(0, rest)) else {
                return Header::Partial;
            };
            at += end + 1;
        }
    }
    if flags & CHECKSUM != 0 {
        at += 2;
    }
    if seen.len() < at {
        Header::Partial
    } else {
        Header::Complete(at)
    }
}

/// RFC 1950 as it should be, or RFC 1951 as some servers send it; the first two bytes tell.
enum Deflate {
    Start(Vec<u8>),
    Data(Box<Decompress>),
    Done,
}

impl Deflate {
    fn push(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        match self {
            Self::Start(seen) => {
                seen.extend_from_slice(input);
                let &[first, second, ..] = seen.as_slice() else {
                    return Ok(());
                };
                let is_zlib =
                    first & 0x0f == 8 && u16::from_be_bytes([first, second]).is_multiple_of(31);
                let seen = std::mem::take(seen);
                *self = Self::Data(Box::new(Decompress::new(is_zlib)));
                self.push(&seen, sink)
            }
            Self::Data(state) => {
                let (_, ended) = inflate(state, input, sink)?;
                if ended {
                    *self = Self::Done;
                }
                Ok(())
            }
            Self::Done => Ok(()),
        }
    }
}

/// RFC 7932.
struct Brotli {
    state: BrotliState<HeapAlloc<u8>, HeapAlloc<u32>, HeapAlloc<HuffmanCode>>,
    done: bool,
}

impl Brotli {
    fn new() -> Self {
        let state = BrotliState::new_strict(
            HeapAlloc::new(0),
            HeapAlloc::new(0),
            HeapAlloc::new(HuffmanCode::default()),
        );
        Self { state, done: false }
    }

    fn push(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        if self.done {
            return Ok(());
        }
        let mut buffer = [0_u8; BUFFER_BYTES];
        let (mut available_in, mut in_at, mut total) = (input.len(), 0, 0);
        loop {
            let (mut available_out, mut out_at) = (buffer.len(), 0);
            let result = BrotliDecompressStream(
                &mut available_in,
                &mut in_at,
                input,
                &mut available_out,
                &mut out_at,
                &mut buffer,
                &mut total,
                &mut self.state,
            );
            if out_at > 0 {
                sink(&buffer[..out_at])?;
            }
            match result {
                BrotliResult::ResultSuccess => {
                    self.done = true;
                    return Ok(());
                }
                BrotliResult::NeedsMoreInput => return Ok(()),
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::ResultFailure => return Err(Stop::Broken),
            }
        }
    }
}

/// RFC 8878, frame after frame.
struct Zstd {
    /// None where the library had no memory for it; then every stream is broken.
    decoder: Option<ZstdDecoder<'static>>,
    at_frame_end: bool,
}

impl Zstd {
    fn new() -> Self {
        let mut decoder = ZstdDecoder::new().ok();
        if let Some(decoder) = &mut decoder {
            // Only a window that the library does not know could be refused.
            let _ = decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG));
        }
        Self {
            decoder,
            at_frame_end: false,
        }
    }

    fn push(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        let Some(decoder) = &mut self.decoder else {
            return Err(Stop::Broken);
        };
        let mut buffer = [0_u8; BUFFER_BYTES];
        let mut at = 0;
        loop {
            let status = match decoder.run_on_buffers(&input[at..], &mut buffer) {
                Ok(status) => status,
                // What follows a whole frame and is not one itself is garbage.
                Err(_) if self.at_frame_end => return Ok(()),
                Err(_) => return Err(Stop::Broken),
            };
            at += status.bytes_read;
            if status.bytes_written > 0 {
                sink(&buffer[..status.bytes_written])?;
            }
            if status.bytes_read == 0 && status.bytes_written == 0 {
                return Ok(());
            }
            self.at_frame_end = status.remaining == 0;
        }
    }
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
