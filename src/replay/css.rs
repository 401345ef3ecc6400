//! Style sheets: each address is put in the place of the one that stood there, and all else stays, byte for byte.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use url::Url;

use super::{Places, requisite, variable};
use crate::capture::requisites::Kind;
use crate::capture::requisites::css::{self, Found, Written};
use crate::charset::{self, essence};

/// In the place of what cannot be shown: nothing, without asking anybody for it.
const NOTHING: &str = "data:,";

/// A style sheet.
pub(super) fn sheet<'t>(css: &'t str, base: &Url, places: &dyn Places) -> Cow<'t, str> {
    let mut rewriting = Rewriting::new(css, base, places);
    css::sheet(css, &mut rewriting);
    rewriting.finish(css)
}

/// What stands in a style attribute.
pub(super) fn declarations<'t>(css: &'t str, base: &Url, places: &dyn Places) -> Cow<'t, str> {
    let mut rewriting = Rewriting::new(css, base, places);
    css::declarations(css, &mut rewriting);
    rewriting.finish(css)
}

/// A style sheet that stands in an address (`data:text/css,…`), as another such address. One within another is left out, as browsers
/// leave out what it refers to by a relative address; `None` where it is no style sheet.
pub(super) fn in_address(written: &str, base: &Url, places: &dyn Places) -> Option<String> {
    if base.scheme() == "data" {
        return None;
    }
    let url = Url::parse(written.trim_matches(|c: char| c <= ' ')).ok()?;
    let (address, _) = url.as_str().split_once('#').unwrap_or((url.as_str(), ""));
    let (media_type, data) = address.strip_prefix("data:")?.split_once(',')?;
    if essence(media_type) != "text/css" {
        return None;
    }
    let mut bytes = unescaped(data);
    let (_, last) = media_type.rsplit_once(';').unwrap_or_default();
    if last.trim().eq_ignore_ascii_case("base64") {
        bytes.retain(|byte| !byte.is_ascii_whitespace() && *byte != b'=');
        bytes = STANDARD_NO_PAD.decode(&bytes).ok()?;
    }
    let text = charset::decode(&bytes, Some(media_type)).text;
    let shown = sheet(&text, &url, places);
    let shown = STANDARD.encode(shown.as_bytes());
    Some(format!("data:text/css;charset=utf-8;base64,{shown}"))
}

/// What is escaped with `%` in an address, as bytes.
fn unescaped(text: &str) -> Vec<u8> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let (bytes, mut at) = (text.as_bytes(), 0);
    let mut out = Vec::with_capacity(bytes.len());
    while let Some(&byte) = bytes.get(at) {
        let escaped =
            (byte == b'%').then(|| Some((digit(bytes.get(at + 1))?, digit(bytes.get(at + 2))?)));
        if let Some(Some((high, low))) = escaped {
            out.push((high * 16 + low) as u8);
            at += 3;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    out
}

struct Rewriting<'a> {
    css: &'a str,
    base: &'a Url,
    places: &'a dyn Places,
    out: String,
    /// How much of the style sheet is in `out`.
    copied: usize,
}

impl<'a> Rewriting<'a> {
    fn new(css: &'a str, base: &'a Url, places: &'a dyn Places) -> Self {
        Self {
            css,
            base,
            places,
            out: String::new(),
            copied: 0,
        }
    }

    fn finish(mut self, css: &str) -> Cow<'_, str> {
        if self.copied == 0 {
            return Cow::Borrowed(css);
        }
        self.out.push_str(&css[self.copied..]);
        Cow::Owned(self.out)
    }
}

impl Found for Rewriting<'_> {
    fn address(&mut self, address: &str, kind: Kind, written: Written, at: Range<usize>) {
        let variable = (kind == Kind::Image && written != Written::Alone)
            .then(|| variable(address, self.base, self.places))
            .flatten();
        let shown = match variable {
            Some(_) => None,
            None => requisite(address, kind, self.base, self.places),
        };
        let shown = shown.as_deref().unwrap_or(NOTHING);
        let Some(before) = self.css.get(self.copied..at.start) else {
            return;
        };
        if shown == address && variable.is_none() {
            return;
        }
        self.out.push_str(before);
        // What closes a function stands behind the string in it, and stays.
        let closes = if written == Written::Url { ")" } else { "" };
        if let Some(variable) = variable {
            self.out.push_str("var(");
            self.out.push_str(&variable);
            self.out.push_str(closes);
        } else {
            if written != Written::Alone {
                self.out.push_str("url(");
            }
            // Writing to a string does not fail.
            let _ = cssparser::serialize_string(shown, &mut self.out);
            self.out.push_str(closes);
        }
        self.copied = at.end;
    }

    // It stays as it is; what it asks for is forbidden by the policy under which it is shown.
    fn not_read(&mut self) {}
}
