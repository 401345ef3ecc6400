//! Bookmarks in Netscape's format.

use super::options::Rules;
use super::position::Source;
use super::{Document, Sink};

pub(super) fn gather(
    _document: &Document<'_>,
    _source: &Source<'_>,
    _rules: &Rules,
    _sink: &mut dyn Sink,
) {
}
