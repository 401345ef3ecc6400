//! Files that are packed by gzip.
//!
//! Everything that counts bytes of such a file (spans, digests, what is stored) counts what it unpacks to: that is the
//! document, and the packing is how it came.

use std::io::{Error, ErrorKind, Read, Result};

use flate2::read::MultiGzDecoder;

use super::read::{MAX_FILE, too_large};

/// How gzip begins, with the only method there is.
const MAGIC: &[u8] = b"\x1F\x8B\x08";
/// How many times larger than packed a file may be. Text shrinks to a tenth; only what was made to does more.
const MAX_RATIO: u64 = 200;
/// Up to this size nobody minds how much smaller it was.
const HARMLESS_BYTES: u64 = 4 << 20;

/// Whether a file is packed.
pub(super) fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// What packed bytes unpack to, within limits; others as they are.
pub fn unpacked(bytes: Vec<u8>) -> Result<Vec<u8>> {
    if !is_packed(&bytes) {
        return Ok(bytes);
    }
    let limit = (bytes.len() as u64 * MAX_RATIO).max(HARMLESS_BYTES);
    let mut plain = Vec::new();
    MultiGzDecoder::new(bytes.as_slice())
        .take(limit.min(MAX_FILE) + 1)
        .read_to_end(&mut plain)
        .map_err(|error| Error::new(error.kind(), format!("cannot be unpacked: {error}")))?;
    let size = plain.len() as u64;
    if size > MAX_FILE {
        return Err(too_large());
    }
    if size > limit {
        return Err(Error::new(
            ErrorKind::InvalidData,
            format!("unpacks to more than {MAX_RATIO} times its size, which no text does"),
        ));
    }
    // What is packed in what was packed is no text.
    Ok(plain)
}

/// The beginning of what packed bytes unpack to, as far as these go.
pub(super) fn unpacked_head(head: &[u8]) -> Vec<u8> {
    let mut plain = vec![0; 4096];
    let mut decoder = MultiGzDecoder::new(head);
    let mut filled = 0;
    while filled < plain.len() {
        match decoder.read(&mut plain[filled..]) {
            Ok(0) | Err(_) => break,
            Ok(read) => filled += read,
        }
    }
    plain.truncate(filled);
    plain
}

#[cfg(test)]
pub(super) fn packed(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_or_not() {
        assert_eq!(unpacked(b"plain".to_vec()).unwrap(), b"plain");
        assert_eq!(unpacked(packed(b"text")).unwrap(), b"text");
        let members = [packed(b"one "), packed(b"two")].concat();
        assert_eq!(unpacked(members).unwrap(), b"one two");
        let mut cut = packed(&[b'x'; 1000]);
        cut.truncate(cut.len() - 9);
        let error = unpacked(cut).unwrap_err().to_string();
        assert!(error.contains("cannot be unpacked"), "{error}");
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let bomb = packed(&vec![b'x'; 64 << 20]);
        assert!(bomb.len() < 100_000);
        let error = unpacked(bomb).unwrap_err().to_string();
        assert!(error.contains("200 times"), "{error}");
        let blank = vec![b' '; 1 << 20];
        assert_eq!(unpacked(packed(&blank)).unwrap().len(), blank.len());
    }
}
