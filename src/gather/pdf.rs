//! PDF: the addresses of link annotations.

use super::options::Rules;
use super::{Document, GatherError, Sink};

#[expect(clippy::unnecessary_wraps, reason = "in the making")]
pub(super) fn gather(
    _document: &Document<'_>,
    _rules: &Rules,
    _sink: &mut dyn Sink,
) -> Result<(), GatherError> {
    Ok(())
}
