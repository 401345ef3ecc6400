//! Data that a page offers.

use url::Url;

use super::{Collector, Found, Limits};

/// The data that a page offers by links on it: tables, documents and archives, of the same site. Each is a
/// [`super::Kind::Download`].
pub fn downloads(_html: &str, url: &Url, limits: &Limits) -> Found {
    let collector = Collector::new(url, limits);
    collector.found()
}
