//! Undoing content codings of bodies that are at hand already: those of web archives.

use super::decode::{Caps, Decoder, Stop, codings};
use super::limits::Limits;

/// A body without its content codings, as far as that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The body.
    pub body: Vec<u8>,
    /// Why it ends before its end, as WARC has it: `length` where it is larger than is taken, `unspecified` where it
    /// breaks off.
    pub truncated: Option<&'static str>,
}

/// Undoes the codings that the values of `Content-Encoding` name. `None` where that cannot be done: the coding is not
/// known, or the body is not what it says; archives hold many that were decoded already. At most so many bytes are
/// given, however much more they would unfold to.
pub fn undo<'a>(
    values: impl Iterator<Item = &'a str>,
    served: &[u8],
    at_most: u64,
) -> Option<Undone> {
    let limits = Limits::default();
    let codings = codings(values.map(str::as_bytes), limits.codings).ok()?;
    if codings.is_empty() || served.is_empty() {
        return None;
    }
    let caps = Caps {
        bytes: at_most,
        ratio: limits.decoded_ratio,
        ratio_from_bytes: limits.decoded_ratio_from_bytes,
    };
    let mut decoder = Decoder::new(&codings, caps);
    let mut body = Vec::new();
    let ended = decoder
        .push(served, &mut body)
        .and_then(|()| decoder.finish());
    let truncated = match ended {
        Ok(()) => None,
        Err(Stop::TooLarge | Stop::Ratio) => Some("length"),
        Err(Stop::Broken | Stop::Truncated) if body.is_empty() => return None,
        Err(Stop::Broken | Stop::Truncated) => Some("unspecified"),
    };
    Some(Undone { body, truncated })
}
