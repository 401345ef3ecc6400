//! Who asks, and what they may do.

/// Who asks, as far as pages need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Who {
    /// Whether they may change something.
    pub(super) may_write: bool,
    /// Whether they logged in, and can log out.
    pub(super) is_logged_in: bool,
    /// What every form of a page for them carries: only such a page can know it (cross-site request forgery).
    pub(super) csrf: String,
}
