//! Why a requisite is missing, in the words that stand in the archive and in what is printed.

/// robots.txt does not allow it, or could not be had.
pub const ROBOTS: &str = "robots";
/// It is not there (404, 410).
pub const NOT_FOUND: &str = "not-found";
/// The server gives it to others only (401, 402, 403, 407, 429, 451).
pub const REFUSED: &str = "refused";
/// No answer, one that broke off, or one that says that the server failed.
pub const FAILED: &str = "failed";
/// It has more bytes than are taken.
pub const TOO_LARGE: &str = "too-large";
/// The page needs more than is fetched for one.
pub const OVER_THE_LIMIT: &str = "over-the-limit";
/// Its address is not public.
pub const PRIVATE_ADDRESS: &str = "private-address";
/// Its host asked for patience, or the time for the page was over.
pub const LATER: &str = "later";
/// There was no room for it.
pub const NO_ROOM: &str = "no-room";

/// What may be there another time, and is asked for again.
pub const MAY_COME: &[&str] = &[ROBOTS, NOT_FOUND, REFUSED, FAILED, LATER, NO_ROOM];
