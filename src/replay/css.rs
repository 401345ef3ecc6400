//! Style sheets: each address is put in the place of the one that stood there, and all else stays, byte for byte.

use std::borrow::Cow;
use std::ops::Range;

use url::Url;

use super::{Places, requisite, variable};
use crate::capture::requisites::Kind;
use crate::capture::requisites::css::{self, Found, Written};

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
