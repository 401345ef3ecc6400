//! What stands in running text and is a citation: addresses and shortcodes.

use std::borrow::Cow;
use std::ops::Range;

use super::bare::{addresses, href_of};
use super::shortcode::{may_hold_shortcodes, shortcodes};
use super::{Details, Kind};

/// A citation in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// All of it: an address, or a shortcode.
    pub(super) whole: Range<usize>,
    /// What stands for the address.
    pub(super) written: Range<usize>,
    /// The address that a shortcode stands for.
    address: Option<String>,
}

impl Mark {
    pub(super) fn kind(&self) -> Kind {
        if self.address.is_some() {
            Kind::Shortcode
        } else {
            Kind::Bare
        }
    }

    /// The address, given the text that this is a mark of.
    pub(super) fn href<'m>(&'m self, text: &'m str) -> Cow<'m, str> {
        match &self.address {
            Some(address) => Cow::Borrowed(address),
            None => href_of(&text[self.written.clone()]),
        }
    }

    /// What stood there, if it is not the address.
    pub(super) fn details(&self, text: &str) -> Details {
        details(&text[self.written.clone()], &self.href(text))
    }
}

/// The details of a citation of `href` for which this was written.
pub(super) fn details(written: &str, href: &str) -> Details {
    Details {
        written: (written != href).then(|| written.to_owned()),
        ..Details::default()
    }
}

/// All marks of a text in order; those of one shortcode share its range, and no others overlap.
pub(super) fn marks(text: &str) -> Vec<Mark> {
    let mut marks: Vec<Mark> = addresses(text)
        .into_iter()
        .map(|range| Mark {
            whole: range.clone(),
            written: range,
            address: None,
        })
        .collect();
    if !may_hold_shortcodes(text) {
        return marks;
    }
    for code in shortcodes(text) {
        marks.extend(code.targets.into_iter().map(|target| Mark {
            whole: code.whole.clone(),
            written: target.written,
            address: Some(target.address),
        }));
    }
    // A shortcode that holds an address stands before it and takes it.
    marks.sort_by_key(|mark| (mark.whole.start, mark.address.is_none(), mark.written.start));
    let (mut taken, mut code_at) = (0, None);
    marks.retain(|mark| {
        let is_same_code = mark.address.is_some() && code_at == Some(mark.whole.start);
        if mark.whole.start < taken && !is_same_code {
            return false;
        }
        taken = mark.whole.end;
        code_at = mark.address.as_ref().map(|_| mark.whole.start);
        true
    });
    marks
}
