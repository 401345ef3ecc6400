//! The decompressors, each fed piece by piece and handing on at most one buffer at a time.

use brotli::{BrotliDecompressStream, BrotliResult, BrotliState, HeapAlloc, HuffmanCode};
use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, Operation};

use super::{Coding, Stop};

/// Bytes that one call of a decompressor may yield.
const BUFFER_BYTES: usize = 16 * 1024;
/// The longest gzip header that is taken; names and comments in it have no length of their own.
const GZIP_HEADER_BYTES: usize = 64 * 1024 + 1024;
/// RFC 9659: a sender may not use a larger window for `zstd` as a content coding than 8 MB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Takes what a step yields; an error ends the step.
pub(super) type Sink<'a> = dyn FnMut(&[u8]) -> Result<(), Stop> + 'a;

/// One coding's decompressor.
pub(super) enum Step {
    Gzip(Gzip),
    Deflate(Deflate),
    Brotli(Box<Brotli>),
    Zstd(Zstd),
}

impl Step {
    pub(super) fn new(coding: Coding) -> Self {
        match coding {
            Coding::Gzip => Self::Gzip(Gzip::new()),
            Coding::Deflate => Self::Deflate(Deflate::Start(Vec::new())),
            Coding::Brotli => Self::Brotli(Box::new(Brotli::new())),
            Coding::Zstd => Self::Zstd(Zstd::new()),
        }
    }

    pub(super) fn push(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        match self {
            Self::Gzip(gzip) => gzip.push(input, sink),
            Self::Deflate(deflate) => deflate.push(input, sink),
            Self::Brotli(brotli) => brotli.push(input, sink),
            Self::Zstd(zstd) => zstd.push(input, sink),
        }
    }

    pub(super) fn is_complete(&self) -> bool {
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
pub(super) struct Gzip {
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
pub(super) enum Deflate {
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
pub(super) struct Brotli {
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
pub(super) struct Zstd {
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
