//! Addresses: the canonical form that names a source, the site it belongs to, and what may be shown of it.
//!
//! A citation keeps the address as it was written (absolute, WHATWG serialisation, fragment kept); a source is named
//! by the canonical form of it. The form is conservative: two addresses that a server could tell apart stay apart,
//! except for fragments (never sent) and tracking parameters (never meant for the server's content). That
//! `http`/`https`, `www.` and trailing slashes often lead to the same page is learned from visits and kept as an
//! alias, never guessed here.

mod alike;
mod archive;
mod canonical;
mod safe;
mod site;
mod surt;

pub use alike::{is_front_path, trivially_same};
pub use archive::{Preserved, preserved};
pub use canonical::{Canonical, MAX_ADDRESS_BYTES, Rejected, canonical, parse};
pub use safe::redacted;
pub use site::{same_site, site};
pub use surt::surt;

#[cfg(test)]
mod corpus_tests;
