//! The bytes of a file, unpacked: plain, gzip member by member, Zstandard frame by frame.
//!
//! What is compressed by record gives the boundaries of records for nothing, so a member is never joined to the next
//! unseen. Where compressed data is damaged, the next member is looked for in what comes after.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder, Operation};

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;
/// Bytes of the file that are kept behind the place of reading, to look once more for where the next member begins.
const KEPT: usize = 64 * 1024;
/// Names and comments in a gzip header have no length of their own.
const GZIP_HEADER_BYTES: usize = 66 * 1024;
/// The largest dictionary that is taken, in bytes.
const DICTIONARY_BYTES: usize = 16 << 20;
/// The largest window of a Zstandard frame, as a power of two: 32 MB.
const ZSTD_WINDOW_LOG: u32 = 25;
/// Problems that wait to be taken; more are only counted.
const MOST_PROBLEMS: usize = 1000;

/// Where something stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The offset in the file: of the byte itself, or of the compressed member that holds it.
    pub offset: u64,
    /// How many bytes behind the beginning of what that member unpacks to.
    pub within: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.within == 0 {
            write!(f, "byte {}", self.offset)
        } else {
            write!(
                f,
                "byte {} of what unpacks from byte {}",
                self.within, self.offset
            )
        }
    }
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What.
    pub what: String,
    /// Whether something could not be read because of it.
    pub is_lost: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

enum Packing {
    Plain,
    Gzip(Option<Box<Member>>),
    Zstd(Box<Decoder<'static>>),
}

struct Member {
    inflate: Decompress,
    crc: Crc,
}

pub(super) struct Input<R> {
    inner: R,
    raw: Vec<u8>,
    raw_at: usize,
    /// The offset in the file of what `raw` begins with.
    raw_offset: u64,
    raw_ended: bool,
    /// So many bytes were looked at more than once.
    looked_again: u64,
    packing: Option<Packing>,
    window: Vec<u8>,
    window_at: usize,
    within: u64,
    member_at: u64,
    member_ended: bool,
    is_damaged: bool,
    problems: VecDeque<Problem>,
    untold: u64,
}

impl<R: Read> Input<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            raw: Vec::new(),
            raw_at: 0,
            raw_offset: 0,
            raw_ended: false,
            looked_again: 0,
            packing: None,
            window: Vec::new(),
            window_at: 0,
            within: 0,
            member_at: 0,
            member_ended: true,
            is_damaged: false,
            problems: VecDeque::new(),
            untold: 0,
        }
    }

    /// Notes what is not as it should be.
    pub(super) fn problem(&mut self, place: Place, what: impl Into<String>) {
        self.note(place, what.into(), false);
    }

    /// Notes what cannot be read.
    pub(super) fn lost(&mut self, place: Place, what: impl Into<String>) {
        self.note(place, what.into(), true);
    }

    fn note(&mut self, place: Place, what: String, is_lost: bool) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push_back(Problem {
                place,
                what,
                is_lost,
            });
        } else {
            self.untold += 1;
        }
    }

    pub(super) fn take_problems(&mut self) -> Vec<Problem> {
        let mut problems: Vec<_> = self.problems.drain(..).collect();
        if self.untold > 0 {
            let what = format!("{} more problems", self.untold);
            problems.push(Problem {
                place: self.place(),
                what,
                is_lost: true,
            });
            self.untold = 0;
        }
        problems
    }

    /// Where the next byte stands.
    pub(super) fn place(&self) -> Place {
        match self.packing {
            Some(Packing::Plain) | None => Place {
                offset: self.within,
                within: 0,
            },
            _ => Place {
                offset: self.member_at,
                within: self.within,
            },
        }
    }

    /// Bytes of the file that were read so far.
    pub(super) fn offset(&self) -> u64 {
        self.raw_offset + self.raw_at as u64
    }

    /// What is unpacked and not consumed, all of one member.
    pub(super) fn window(&self) -> &[u8] {
        &self.window[self.window_at..]
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.window_at += count;
        self.within += count as u64;
        if self.window_at >= self.window.len() {
            self.window.clear();
            self.window_at = 0;
        }
    }

    /// Unpacks until the window has so many bytes, or the member has no more; gives how many there are.
    pub(super) fn fill(&mut self, wanted: usize) -> io::Result<usize> {
        while self.window.len() - self.window_at < wanted && !self.member_ended {
            if self.window_at > PIECE {
                self.window.drain(..self.window_at);
                self.window_at = 0;
            }
            self.unpack()?;
        }
        Ok(self.window.len() - self.window_at)
    }

    /// The next line with its end, or as much of it as may be taken.
    pub(super) fn line(&mut self, at_most: usize) -> io::Result<&[u8]> {
        let mut looked = 0;
        loop {
            let have = self.fill(looked + 1)?;
            let seen = &self.window[self.window_at..];
            if let Some(end) = memchr::memchr(b'\n', &seen[looked.min(have)..]) {
                let len = (looked + end + 1).min(at_most);
                return Ok(&self.window[self.window_at..self.window_at + len]);
            }
            if have <= looked || have >= at_most {
                let len = have.min(at_most);
                return Ok(&self.window[self.window_at..self.window_at + len]);
            }
            looked = have;
        }
    }

    /// Goes on to the next member, once all of this one is consumed. False where there is none.
    pub(super) fn next_member(&mut self) -> io::Result<bool> {
        if !self.member_ended || self.window_at < self.window.len() {
            return Ok(true);
        }
        if self.packing.is_none() {
            self.raw_fill(4)?;
            self.packing = Some(match self.raw() {
                [0x1f, 0x8b, 8, ..] => Packing::Gzip(None),
                [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                    Packing::Zstd(Box::new(self.zstd()?))
                }
                _ => {
                    self.member_ended = false;
                    Packing::Plain
                }
            });
            if !self.member_ended {
                return Ok(true);
            }
        }
        let found = match &mut self.packing {
            Some(Packing::Gzip(_)) => self.next_gzip()?,
            Some(Packing::Zstd(decoder)) => {
                if self.is_damaged {
                    false
                } else {
                    decoder.reinit()?;
                    self.raw_fill(1)? > 0
                }
            }
            _ => false,
        };
        if found {
            self.within = 0;
            self.member_ended = false;
            if matches!(self.packing, Some(Packing::Zstd(_))) {
                self.member_at = self.offset();
            }
        }
        Ok(found)
    }

    fn raw(&self) -> &[u8] {
        &self.raw[self.raw_at..]
    }

    /// Reads until so many bytes of the file are at hand, or it has no more; gives how many there are.
    fn raw_fill(&mut self, wanted: usize) -> io::Result<usize> {
        while self.raw.len() - self.raw_at < wanted && !self.raw_ended {
            self.read_more()?;
        }
        Ok(self.raw.len() - self.raw_at)
    }

    fn read_more(&mut self) -> io::Result<()> {
        if self.raw_at > KEPT + PIECE {
            let dropped = self.raw_at - KEPT;
            self.raw.drain(..dropped);
            self.raw_at = KEPT;
            self.raw_offset += dropped as u64;
        }
        let before = self.raw.len();
        self.raw.resize(before + PIECE, 0);
        let read = loop {
            match self.inner.read(&mut self.raw[before..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.raw.truncate(before + *read.as_ref().unwrap_or(&0));
        self.raw_ended = read? == 0;
        Ok(())
    }

    fn unpack(&mut self) -> io::Result<()> {
        match &self.packing {
            Some(Packing::Plain) => {
                if self.raw_fill(1)? == 0 {
                    self.member_ended = true;
                }
                self.window.extend_from_slice(&self.raw[self.raw_at..]);
                self.raw_at = self.raw.len();
                Ok(())
            }
            Some(Packing::Gzip(_)) => self.unpack_gzip(),
            Some(Packing::Zstd(_)) => self.unpack_zstd(),
            None => {
                self.member_ended = true;
                Ok(())
            }
        }
    }

    fn damaged(&mut self, what: &str) {
        let place = Place {
            offset: self.member_at,
            within: self.within + (self.window.len() - self.window_at) as u64,
        };
        self.lost(place, what);
        self.is_damaged = true;
        self.member_ended = true;
    }

    fn unpack_gzip(&mut self) -> io::Result<()> {
        if self.raw_fill(1)? == 0 {
            self.damaged("the file ends within what is compressed");
            return Ok(());
        }
        let Some(Packing::Gzip(Some(member))) = &mut self.packing else {
            self.member_ended = true;
            return Ok(());
        };
        let before = self.window.len();
        self.window.resize(before + PIECE, 0);
        let (took, gave) = (member.inflate.total_in(), member.inflate.total_out());
        let status = member.inflate.decompress(
            &self.raw[self.raw_at..],
            &mut self.window[before..],
            FlushDecompress::None,
        );
        let took = (member.inflate.total_in() - took) as usize;
        let gave = (member.inflate.total_out() - gave) as usize;
        self.window.truncate(before + gave);
        member.crc.update(&self.window[before..]);
        self.raw_at += took;
        match status {
            Ok(Status::StreamEnd) => {
                let (sum, amount) = (member.crc.sum(), member.crc.amount());
                self.member_ended = true;
                if self.raw_fill(8)? < 8 {
                    self.damaged("the file ends within what is compressed");
                    self.raw_at = self.raw.len();
                    return Ok(());
                }
                let wanted = [sum.to_le_bytes(), amount.to_le_bytes()].concat();
                let is_right = self.raw()[..8] == wanted[..];
                self.raw_at += 8;
                if !is_right {
                    // It may have broken off, and gone on with the next one.
                    self.damaged("the checksum of what is compressed is another");
                }
            }
            Ok(_) if took == 0 && gave == 0 => {
                let before = self.raw.len() - self.raw_at;
                if self.raw_fill(before + 1)? == before {
                    self.damaged("the file ends within what is compressed");
                }
            }
            Ok(_) => {}
            Err(_) => self.damaged("what is compressed is damaged"),
        }
        Ok(())
    }

    /// Finds the next gzip header.
    fn next_gzip(&mut self) -> io::Result<bool> {
        // What follows damage is a part of it, and was told.
        let after_damage = std::mem::take(&mut self.is_damaged);
        if after_damage {
            self.go_back();
        }
        let (mut skipped, mut skipped_at, mut only_zeros) = (0_u64, self.offset(), true);
        let found = loop {
            if self.raw_fill(3)? < 3 {
                skipped += self.raw().len() as u64;
                only_zeros &= self.raw().iter().all(|byte| *byte == 0);
                self.raw_at = self.raw.len();
                break false;
            }
            let here = self.raw();
            let next = memchr::memchr(0x1f, here).unwrap_or(here.len());
            if next > 0 {
                if skipped == 0 {
                    skipped_at = self.offset();
                }
                only_zeros &= here[..next].iter().all(|byte| *byte == 0);
                skipped += next as u64;
                self.raw_at += next;
                continue;
            }
            let mut wanted = 18;
            let header = loop {
                let have = self.raw_fill(wanted)?;
                match gzip_header(self.raw()) {
                    Header::Complete(len) => break Some(len),
                    Header::Partial if have >= wanted && wanted < GZIP_HEADER_BYTES => wanted *= 2,
                    _ => break None,
                }
            };
            if let Some(len) = header {
                self.member_at = self.offset();
                self.raw_at += len;
                let member = Member {
                    inflate: Decompress::new(false),
                    crc: Crc::new(),
                };
                self.packing = Some(Packing::Gzip(Some(Box::new(member))));
                break true;
            }
            only_zeros = false;
            skipped += 1;
            self.raw_at += 1;
        };
        if skipped > 0 && !only_zeros && !after_damage {
            let place = Place {
                offset: skipped_at,
                within: 0,
            };
            self.problem(
                place,
                format!("{skipped} bytes that are no part of what is compressed"),
            );
        }
        Ok(found)
    }

    /// A member that breaks off takes the beginning of the next one for its own. So it is looked for once more in what
    /// was read last, as long as that does not make it twice the work.
    fn go_back(&mut self) {
        let begun = self.member_at.saturating_sub(self.raw_offset) as usize + 3;
        let from = begun.max(self.raw_at.saturating_sub(KEPT)).min(self.raw_at);
        let again = (self.raw_at - from) as u64;
        if self.looked_again + again <= self.offset() + KEPT as u64 {
            self.looked_again += again;
            self.raw_at = from;
        }
    }

    /// The decoder, with the dictionary that a leading skippable frame holds.
    fn zstd(&mut self) -> io::Result<Decoder<'static>> {
        const DICTIONARY: [u8; 4] = [0x5d, 0x2a, 0x4d, 0x18];
        let mut dictionary = Vec::new();
        if self.raw().starts_with(&DICTIONARY)
            && self.raw_fill(8)? >= 8
            && let Some(&[a, b, c, d]) = self.raw().get(4..8).and_then(<[u8]>::first_chunk)
        {
            let len = u32::from_le_bytes([a, b, c, d]) as usize;
            if len <= DICTIONARY_BYTES && self.raw_fill(8 + len)? >= 8 + len {
                dictionary = self.raw()[8..8 + len].to_vec();
                self.raw_at += 8 + len;
                // It may be compressed itself.
                if dictionary.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
                    dictionary = zstd::bulk::decompress(&dictionary, DICTIONARY_BYTES)?;
                }
            }
        }
        let mut decoder = Decoder::with_dictionary(&dictionary)?;
        decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
        Ok(decoder)
    }

    fn unpack_zstd(&mut self) -> io::Result<()> {
        if self.raw_fill(1)? == 0 {
            self.damaged("the file ends within what is compressed");
            return Ok(());
        }
        let Some(Packing::Zstd(decoder)) = &mut self.packing else {
            self.member_ended = true;
            return Ok(());
        };
        let before = self.window.len();
        self.window.resize(before + PIECE, 0);
        let status = decoder.run_on_buffers(&self.raw[self.raw_at..], &mut self.window[before..]);
        if let Ok(status) = status {
            self.window.truncate(before + status.bytes_written);
            self.raw_at += status.bytes_read;
            if status.remaining == 0 {
                self.member_ended = true;
            } else if status.bytes_read == 0 && status.bytes_written == 0 {
                self.damaged("what is compressed is damaged");
            }
        } else {
            self.window.truncate(before);
            self.damaged("what is compressed is damaged");
        }
        Ok(())
    }
}

enum Header {
    Complete(usize),
    Partial,
    Wrong,
}

/// The length of a gzip header (RFC 1952).
fn gzip_header(seen: &[u8]) -> Header {
    let begins = [0x1f, 0x8b, 8];
    let is_wrong = seen
        .iter()
        .zip(begins)
        .any(|(byte, wanted)| *byte != wanted);
    if is_wrong || seen.get(3).is_some_and(|flags| flags & 0xe0 != 0) {
        return Header::Wrong;
    }
    match header_len(seen) {
        Some(len) if len <= seen.len() => Header::Complete(len),
        _ => Header::Partial,
    }
}

fn header_len(seen: &[u8]) -> Option<usize> {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const CHECKSUM: u8 = 2;
    let flags = *seen.get(3)?;
    let mut at = 10;
    if flags & EXTRA != 0 {
        let &[low, high] = seen.get(at..at + 2)?.first_chunk()?;
        at += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            at += memchr::memchr(0, seen.get(at..)?)? + 1;
        }
    }
    if flags & CHECKSUM != 0 {
        at += 2;
    }
    Some(at)
}
