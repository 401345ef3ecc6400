//! Signs of `Blocked`.

use super::suspicion::Suspicion;
use super::{Case, Code};

/// What speaks for it.
pub(super) fn suspect(case: &Case<'_>) -> Suspicion {
    let _ = case;
    Suspicion::of(Code::Blocked)
}
