//! Chunked transfer coding (RFC 9112, section 7.1), undone piece by piece.
//!
//! Archives hold chunked bodies, and bodies that were put together already under a header that says otherwise. What
//! does not begin as a chunk is the body itself.

/// The longest line that is taken for the size of a chunk.
const MOST_OF_A_LINE: usize = 1024;

/// Undoes the coding.
#[derive(Debug)]
pub(super) struct Chunked {
    state: State,
    line: Vec<u8>,
    is_first: bool,
    /// A chunk did not begin as one.
    pub(super) is_broken: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The line with the size of the next chunk.
    Size,
    Data(u64),
    /// Not chunked, or not any more.
    Plain,
    /// After the last chunk.
    Ended,
}

impl Chunked {
    pub(super) fn new() -> Self {
        Self {
            state: State::Size,
            line: Vec::new(),
            is_first: true,
            is_broken: false,
        }
    }

    /// Whether it was chunked at all.
    pub(super) fn was_chunked(&self) -> bool {
        !self.is_first
    }

    /// Whether the last chunk came, where it was chunked.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.state, State::Ended | State::Plain) || self.is_first
    }

    pub(super) fn push(&mut self, mut input: &[u8], out: &mut dyn FnMut(&[u8])) {
        while !input.is_empty() {
            match self.state {
                State::Size => input = self.size(input, out),
                State::Data(left) => {
                    let taken = input.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    out(&input[..taken]);
                    input = &input[taken..];
                    let left = left - taken as u64;
                    self.state = if left == 0 {
                        State::Size
                    } else {
                        State::Data(left)
                    };
                }
                State::Plain => {
                    out(input);
                    return;
                }
                State::Ended => return,
            }
        }
    }

    /// What is left of the body when nothing more comes.
    pub(super) fn end(&mut self, out: &mut dyn FnMut(&[u8])) {
        if self.state == State::Size && self.is_first {
            out(&self.line);
            self.line.clear();
        }
    }

    fn size<'a>(&mut self, input: &'a [u8], out: &mut dyn FnMut(&[u8])) -> &'a [u8] {
        let room = MOST_OF_A_LINE.saturating_sub(self.line.len());
        let end = memchr::memchr(b'\n', &input[..input.len().min(room)]);
        let Some(end) = end else {
            let taken = input.len().min(room);
            self.line.extend_from_slice(&input[..taken]);
            if self.line.len() >= MOST_OF_A_LINE {
                self.give_up(out);
            }
            return &input[taken..];
        };
        self.line.extend_from_slice(&input[..=end]);
        let line = self.line.trim_ascii();
        if line.is_empty() && !self.is_first {
            // The end of the chunk before.
            self.line.clear();
            return &input[end + 1..];
        }
        match chunk_size(line) {
            Some(0) => self.state = State::Ended,
            Some(size) => self.state = State::Data(size),
            None => {
                self.give_up(out);
                return &input[end + 1..];
            }
        }
        self.is_first = false;
        self.line.clear();
        &input[end + 1..]
    }

    fn give_up(&mut self, out: &mut dyn FnMut(&[u8])) {
        self.is_broken = !self.is_first;
        self.state = State::Plain;
        out(&self.line);
        self.line = Vec::new();
    }
}

fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or(line)
        .trim_ascii();
    // 2^60 bytes are more than there are.
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undo(served: &[u8], piece: usize) -> (Vec<u8>, bool, bool) {
        let (mut chunked, mut body) = (Chunked::new(), Vec::new());
        for piece in served.chunks(piece) {
            chunked.push(piece, &mut |bytes| body.extend_from_slice(bytes));
        }
        chunked.end(&mut |bytes| body.extend_from_slice(bytes));
        (body, chunked.is_whole(), chunked.is_broken)
    }

    #[test]
    fn chunks_in_every_cut() {
        for (served, body, whole, broken) in [
            (
                &b"4\r\nWiki\r\n5;x=y\r\npedia\r\n0\r\nTrailer: x\r\n\r\n"[..],
                &b"Wikipedia"[..],
                true,
                false,
            ),
            (b"4  \nWiki\n0\n\n", b"Wiki", true, false),
            (b"4\r\nWi", b"Wi", false, false),
            (b"4\r\nWiki\r\n<p>\r\nmore", b"Wiki<p>\r\nmore", true, true),
            (
                b"<html>\n<p>is not chunked",
                b"<html>\n<p>is not chunked",
                true,
                false,
            ),
            (b"face the music", b"face the music", true, false),
            (b"", b"", true, false),
            (b"\r\n\r\n", b"\r\n\r\n", true, false),
        ] {
            for piece in [1, 2, 3, 1000] {
                let found = undo(served, piece);
                assert_eq!(
                    found,
                    (body.to_vec(), whole, broken),
                    "{served:?} by {piece}"
                );
            }
        }
    }
}
