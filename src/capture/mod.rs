//! Which visits leave a copy, and what the copy holds.
//!
//! Pure. A copy is kept of a page that is fine, whole enough to show, and not the copy we have already. An error page,
//! a wall or a stub never becomes one, so that the newest capture is always one that is worth showing.

pub mod by_hand;
pub mod completeness;
pub mod kind;
pub mod requisites;

use crate::address;
use crate::fetch::{Exchange, Facts, Fetched};
use crate::judge::{Code, Group, Rule, Verdict};
use crate::store::{NewAlias, NewCapture, NewExchange, NewManifest, Packed, Sha};

/// What a copy is kept for.
#[derive(Debug)]
pub struct Keeping<'a> {
    /// The source.
    pub source_id: i64,
    /// Its canonical address.
    pub address: &'a str,
    /// When the visit began, in milliseconds since the epoch.
    pub at: i64,
    /// When it is sealed.
    pub now: i64,
    /// SHA-256 of the newest copy's body.
    pub newest: Option<Sha>,
    /// The page's title.
    pub title: Option<String>,
}

/// Whether a visit of this verdict may leave a copy at all.
pub fn is_worth_keeping(verdict: &Verdict) -> bool {
    verdict.code.group() == Group::Fine
}

/// The copy to keep of a visit, if there is one.
pub fn keep(keeping: &Keeping<'_>, verdict: &Verdict, fetched: &Fetched) -> Option<NewCapture> {
    let body = fetched.body.as_ref()?;
    let facts = fetched.facts.body.as_ref()?;
    let last = fetched.facts.hops.last()?;
    // The page may have come with a status that refuses it: the judge has looked.
    let is_page = (200..300).contains(&last.status)
        || verdict
            .evidence
            .iter()
            .any(|sign| sign.is(Rule::PageInSpiteOfStatus));
    if !is_worth_keeping(verdict) || !is_page || body.bytes.is_empty() {
        return None;
    }
    let sha256 = digest(&facts.sha256)?;
    if keeping.newest == Some(sha256) {
        return None;
    }
    let served = digest(&facts.served_sha256).map(|served| (served, facts.served_sha1.clone()));
    Some(NewCapture {
        source_id: keeping.source_id,
        address: keeping.address.to_owned(),
        at: keeping.at,
        kind: "visit",
        url: last.url.clone(),
        media_type: body.media_type.clone(),
        title: keeping.title.clone(),
        body: Packed::with_digest(&body.bytes, sha256),
        served: served.clone(),
        truncated: facts.truncated.clone(),
        sealed_at: keeping.now,
        exchanges: exchanges(fetched, keeping.at),
        manifest: None,
        rendering: None,
    })
}

/// The copy to keep of a page that is still the one that the newest copy has, because more of what it needs is there now.
/// `body` is what that copy holds, with its media type.
pub fn keep_again(
    keeping: &Keeping<'_>,
    fetched: &Fetched,
    (sha256, body, media_type): (Sha, &[u8], Option<String>),
    manifest: Option<NewManifest>,
) -> Option<NewCapture> {
    let last = fetched.facts.hops.last()?;
    Some(NewCapture {
        source_id: keeping.source_id,
        address: keeping.address.to_owned(),
        at: keeping.at,
        kind: "visit",
        url: last.url.clone(),
        media_type,
        title: keeping.title.clone(),
        body: Packed::with_digest(body, sha256),
        served: None,
        truncated: None,
        sealed_at: keeping.now,
        exchanges: exchanges(fetched, keeping.at),
        manifest,
        rendering: None,
    })
}

/// The exchanges that something came by, as they are stored; `at` is when the first was begun.
pub fn exchanges(fetched: &Fetched, at: i64) -> Vec<NewExchange> {
    let facts = fetched.facts.body.as_ref();
    let count = fetched.exchanges.len();
    let all = fetched.exchanges.iter().enumerate();
    all.map(|(hop, exchange)| {
        let facts = facts.filter(|_| hop + 1 == count && fetched.body.is_some());
        let served = facts.and_then(|facts| {
            let sha256 = digest(&facts.served_sha256)?;
            Some((sha256, facts.served_sha1.clone(), facts.served_size))
        });
        let truncated = facts.and_then(|facts| facts.truncated.clone());
        new_exchange(at, hop, exchange, served, truncated)
    })
    .collect()
}

fn new_exchange(
    at: i64,
    hop: usize,
    exchange: &Exchange,
    served: Option<(Sha, String, u64)>,
    truncated: Option<String>,
) -> NewExchange {
    // Lists of pairs of strings always serialise.
    let json = |headers: &[(String, String)]| serde_json::to_string(headers).unwrap_or_default();
    NewExchange {
        hop: hop as u32,
        method: exchange.method.to_owned(),
        url: exchange.url.to_string(),
        at: at + exchange.offset_ms as i64,
        peer: exchange.peer.map(|peer| peer.to_string()),
        protocol: exchange.protocol.to_owned(),
        request_headers: json(&alike(&exchange.request_headers, exchange.status)),
        status: exchange.status,
        response_headers: json(&exchange.response_headers),
        has_body: served.is_some(),
        served,
        truncated,
    }
}

/// Request headers without what is another for each address, so that all requests are alike and stored once: `Host`
/// stands in the address, and conditions are the validators of the answer before. An answer that is only an answer to
/// its condition keeps that.
fn alike(headers: &[(String, String)], status: u16) -> Vec<(String, String)> {
    let is_left_out = |name: &str| {
        name.eq_ignore_ascii_case("host")
            || status != 304
                && (name.eq_ignore_ascii_case("if-none-match")
                    || name.eq_ignore_ascii_case("if-modified-since"))
    };
    let kept = headers.iter().filter(|(name, _)| !is_left_out(name));
    kept.cloned().collect()
}

/// SHA-256 from its hexadecimal form.
pub fn digest(hex: &str) -> Option<Sha> {
    let mut sha = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (byte, pair) in sha.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(sha)
}

/// Other addresses of the source that a fine visit showed: each hop that differs only trivially, and the new address
/// of a source that moved.
pub fn aliases(address: &str, verdict: &Verdict, facts: &Facts) -> Vec<NewAlias> {
    let Ok(own) = address::parse(address, None) else {
        return Vec::new();
    };
    let own = address::canonical(&own);
    let mut aliases: Vec<NewAlias> = Vec::new();
    for hop in &facts.hops {
        let Ok(url) = address::parse(&hop.url, None) else {
            continue;
        };
        let other = address::canonical(&url);
        if other == own || aliases.iter().any(|alias| alias.address == other.as_str()) {
            continue;
        }
        let reason = if address::trivially_same(own.url(), other.url()) {
            "trivial"
        } else if verdict.code == Code::Moved && verdict.moved_to.as_deref() == Some(&hop.url) {
            "moved"
        } else {
            continue;
        };
        aliases.push(NewAlias {
            address: other.to_string(),
            reason,
        });
    }
    aliases
}
