//! Digests, as records declare them: `sha1:` and base32 of old, `sha256:` and hexadecimal of today, and what else occurs.

use base64::Engine;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// What came of comparing a digest with the one declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// They are the same.
    Same,
    /// They are not.
    Different,
    /// The algorithm, or the way it is written, is not known here.
    Unknown,
}

/// A digest that is being drawn.
#[derive(Clone)]
pub(super) enum Hasher {
    Sha1(Sha1),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha384(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha384(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}

/// A digest that a record declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declared {
    algorithm: String,
    value: String,
}

impl Declared {
    /// `algorithm:value`; a value alone is told by its length.
    pub(super) fn read(text: &str) -> Self {
        let (algorithm, value) = match text.split_once(':') {
            Some((algorithm, value)) => (algorithm.trim(), value.trim()),
            None => (
                match text.trim().len() {
                    32 | 40 => "sha1",
                    64 => "sha256",
                    _ => "",
                },
                text.trim(),
            ),
        };
        Self {
            algorithm: algorithm.to_ascii_lowercase().replace(['-', '_'], ""),
            value: value.to_owned(),
        }
    }

    /// What it is to be compared with, where the algorithm is known.
    pub(super) fn hasher(&self) -> Option<Hasher> {
        Some(match self.algorithm.as_str() {
            "sha1" => Hasher::Sha1(Sha1::new()),
            "sha256" => Hasher::Sha256(Sha256::new()),
            "sha384" => Hasher::Sha384(Sha384::new()),
            "sha512" => Hasher::Sha512(Sha512::new()),
            _ => return None,
        })
    }

    /// Compares; each way of writing has its own length.
    pub(super) fn check(&self, drawn: &[u8]) -> Check {
        let value = self.value.trim_end_matches('=');
        let hex_len = 2 * drawn.len();
        let base32_len = (8 * drawn.len()).div_ceil(5);
        let base64_len = (8 * drawn.len()).div_ceil(6);
        let is_same = if value.len() == hex_len {
            value.eq_ignore_ascii_case(&hex(drawn))
        } else if value.len() == base32_len {
            value.eq_ignore_ascii_case(base32(drawn).trim_end_matches('='))
        } else if value.len() == base64_len {
            let standard = base64::engine::general_purpose::STANDARD_NO_PAD.encode(drawn);
            value == standard || value.replace('-', "+").replace('_', "/") == standard
        } else {
            return Check::Unknown;
        };
        if is_same {
            Check::Same
        } else {
            Check::Different
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Base32 of RFC 4648 without padding, as web archives write SHA-1.
pub fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::with_capacity((8 * bytes.len()).div_ceil(5));
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(LETTERS[(held >> bits & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(LETTERS[(held << (5 - bits) & 31) as usize]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_in_all_ways_of_writing() {
        let check = |text: &str| {
            let declared = Declared::read(text);
            let Some(mut hasher) = declared.hasher() else {
                return Check::Unknown;
            };
            hasher.update(b"abc");
            declared.check(&hasher.finish())
        };
        for (text, expected) in [
            ("sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5", Check::Same),
            ("sha1:vgmt4nsha2awvor6evyxqugcnsonbwe5", Check::Same),
            (
                "SHA-1:a9993e364706816aba3e25717850c26c9cd0d89d",
                Check::Same,
            ),
            ("sha1:qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", Check::Same),
            ("a9993e364706816aba3e25717850c26c9cd0d89d", Check::Same),
            (
                "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                Check::Same,
            ),
            (
                "sha256:XJ4BNP4PAHH6UQKBIDPF3LRCEOYAGYNDSYLXVHFUCD7WD4QACWWQ====",
                Check::Same,
            ),
            ("sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Check::Different),
            ("sha1:short", Check::Unknown),
            ("md5:900150983cd24fb0d6963f7d28e17f72", Check::Unknown),
            ("", Check::Unknown),
        ] {
            assert_eq!(check(text), expected, "{text}");
        }
        for (bytes, expected) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), expected);
        }
    }
}
