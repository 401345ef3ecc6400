//! Every limit on what comes from outside, in one place.
//!
//! A stranger decides how much it sends, how slowly, and where it sends us next; these numbers decide how long we
//! listen. [`Limits`] is a value and not a set of constants, because tests provoke a hang in milliseconds and inputs may
//! be larger than sources. The relations between the limits are checked when the crate is compiled.

use std::time::Duration;

/// How much of anything a fetch takes from a stranger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Time to look a name up; beyond it, the name servers are in trouble, not the source.
    pub resolve: Duration,
    /// Time to connect, name look-up and TLS handshake included.
    pub connect: Duration,
    /// Time from the beginning of a request to the head of its response, connecting included.
    pub first_byte: Duration,
    /// Time between two pieces of a body.
    pub idle: Duration,
    /// Time of a whole visit, over all its hops; waiting at the gate does not count.
    pub total: Duration,
    /// Header fields in one response head.
    pub header_count: usize,
    /// Bytes of header names and values in one response head.
    pub header_bytes: usize,
    /// Redirects that are followed.
    pub redirects: usize,
    /// Bytes of a visit's body as sent, after transfer coding, before content coding.
    pub body_served_bytes: u64,
    /// Bytes of a visit's body after content coding.
    pub body_decoded_bytes: u64,
    /// Bytes of an input's body as sent: feeds, sitemaps and exports are larger than pages.
    pub input_served_bytes: u64,
    /// How many times as large as it was sent a body may become.
    pub decoded_ratio: u64,
    /// Bytes after decoding from which the ratio is looked at: small pages may compress as well as they like.
    pub decoded_ratio_from_bytes: u64,
    /// Content codings on top of each other.
    pub codings: usize,
    /// Bytes of a robots.txt that are read (RFC 9309, section 2.5).
    pub robots_bytes: u64,
    /// Redirects that are followed to a robots.txt (RFC 9309, section 2.3.1.2).
    pub robots_redirects: usize,
    /// The longest delay between two requests that a robots.txt may ask for.
    pub crawl_delay: Duration,
    /// Addresses of one name that are tried.
    pub addresses: usize,
    /// What a page needs to be shown, with all that this needs: so many of them.
    pub requisites: usize,
    /// Bytes of one of them as sent; sound and film may have four times as many.
    pub requisite_served_bytes: u64,
    /// Bytes of all of them together, after content coding.
    pub capture_bytes: u64,
    /// Time for all of them.
    pub capture: Duration,
    /// How deep style sheets name style sheets, and frames hold frames.
    pub nesting: usize,
}

/// The limits of an ordinary run.
pub(crate) const DEFAULT: Limits = Limits {
    resolve: Duration::from_secs(8),
    connect: Duration::from_secs(10),
    first_byte: Duration::from_secs(20),
    idle: Duration::from_secs(15),
    total: Duration::from_secs(60),
    header_count: 256,
    header_bytes: 128 * 1024,
    redirects: 10,
    body_served_bytes: 32 << 20,
    body_decoded_bytes: 64 << 20,
    input_served_bytes: 256 << 20,
    decoded_ratio: 200,
    decoded_ratio_from_bytes: 1 << 20,
    codings: 3,
    robots_bytes: 500 * 1024,
    robots_redirects: 5,
    crawl_delay: Duration::from_secs(3600),
    addresses: 8,
    requisites: 1000,
    requisite_served_bytes: 16 << 20,
    capture_bytes: 256 << 20,
    capture: Duration::from_secs(120),
    nesting: 4,
};

impl Limits {
    /// Bytes after decoding that a body may have for each byte that it may have as sent.
    pub const DECODED_PER_SERVED: u64 = 2;
}

const _: () = {
    let limits = DEFAULT;
    assert!(limits.resolve.as_millis() < limits.connect.as_millis());
    assert!(limits.connect.as_millis() < limits.first_byte.as_millis());
    assert!(limits.idle.as_millis() < limits.total.as_millis());
    assert!(limits.first_byte.as_millis() < limits.total.as_millis());
    assert!(limits.body_served_bytes * Limits::DECODED_PER_SERVED == limits.body_decoded_bytes);
    assert!(limits.body_served_bytes < limits.input_served_bytes);
    assert!(limits.decoded_ratio_from_bytes < limits.body_decoded_bytes);
    assert!(limits.robots_bytes < limits.body_served_bytes);
    assert!(limits.robots_redirects <= limits.redirects);
    assert!(limits.codings > 0 && limits.addresses > 0);
};

impl Default for Limits {
    fn default() -> Self {
        DEFAULT
    }
}
