//! Tables with a column of addresses.

use super::options::Rules;
use super::position::Source;
use super::{Document, GatherError, Sink};

#[expect(clippy::unnecessary_wraps, reason = "in the making")]
pub(super) fn gather(
    _document: &Document<'_>,
    _source: &Source<'_>,
    _rules: &Rules,
    _sink: &mut dyn Sink,
) -> Result<(), GatherError> {
    Ok(())
}
