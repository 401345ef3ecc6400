//! The fetching half of a visit: ask, conditionally where we hold something, and tell whether the answer is one that was
//! seen before.

use bytes::Bytes;
use url::Url;

use super::visit::Keep;
use super::{Context, rendering};
use crate::capture;
use crate::fetch::{
    Body, Connections, Facts, Family, Fault, Fetched, Fetcher, Request, Validators, Way,
};
use crate::store::{DueSource, Root, sha256};

/// Every so many conditional visits, one is unconditional, for validators can lie.
const FULL_EVERY: u32 = 7;
/// After this long, a visit is unconditional, in milliseconds.
const FULL_AFTER: i64 = 30 * 24 * 3_600_000;

/// Which look at a source it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// The ordinary one.
    First,
    /// The one before a source is called dead: by another way, over these connections.
    Second(Connections),
}

impl Look {
    pub(super) const fn way(self) -> Way {
        match self {
            Self::First => Way::Plain,
            Self::Second(_) => Way::Browser,
        }
    }
}

/// What a visit saw, and whether that was seen before.
pub(super) struct Seen {
    pub(super) fetched: Fetched,
    pub(super) facts: String,
    pub(super) confirms: Option<(Root, bool)>,
    pub(super) full: bool,
    /// The document that a browser made of it, where the page is judged by that.
    pub(super) rendered: Option<Bytes>,
}

impl Seen {
    /// The same, seen with a browser: the document that it made, and the digest of its text.
    pub(super) fn with_browser(self, due: &DueSource, document: Bytes, text: String) -> Self {
        let mut fetched = self.fetched;
        fetched.facts.rendered = Some(text);
        Self {
            rendered: Some(document),
            ..compare(due, fetched)
        }
    }

    /// What the page is read from.
    pub(super) fn page(&self) -> Option<Body> {
        match &self.rendered {
            Some(document) => Some(Body {
                bytes: document.clone(),
                media_type: Some("text/html".to_owned()),
                truncated: false,
            }),
            None => self.fetched.body.clone(),
        }
    }
}

pub(super) async fn look(
    context: &Context,
    due: &DueSource,
    url: &Url,
    look: Look,
    keep: Keep,
    at: i64,
) -> Result<Seen, Fault> {
    let mut request = Request::page(url.clone());
    if let Look::Second(connections) = look {
        request.way = look.way();
        request.connections = connections;
        return Ok(compare(due, look_again(context, request).await?));
    }
    let is_conditional = !full_is_due(due, at);
    let known = due.fine.as_ref().filter(|_| is_conditional);
    let known =
        known.and_then(|fine| Some((fine, serde_json::from_str::<Facts>(&fine.facts).ok()?)));
    // Whoever may keep a copy wants the bytes, unless we have them.
    let may_keep = keep == Keep::Named || (!due.is_disallowed && context.room.full().is_none());
    let known = known.filter(|(_, facts)| !may_keep || is_kept(due, facts));
    // Of a shell, "not modified" says nothing of what fills it.
    let known =
        known.filter(|(_, facts)| facts.rendered.is_none() || !rendering::is_there(context));
    request.validators = known.as_ref().and_then(|(_, facts)| validators(facts));
    let conditional = request.validators.is_some();
    let fetched = context.fetcher.get(&request).await?;
    if let Some((fine, facts)) = &known
        && conditional
        && fetched.facts.failure.is_none()
        && fetched
            .facts
            .hops
            .last()
            .is_some_and(|hop| hop.status == 304)
    {
        if same_way_there(facts, &fetched.facts) {
            let confirms = Some((fine.root.clone(), true));
            return Ok(Seen {
                fetched,
                facts: String::new(),
                confirms,
                full: false,
                rendered: None,
            });
        }
        // "Not modified", but reached by another way: the way is news, so look at all of it.
        request.validators = None;
        let fetched = context.fetcher.get(&request).await?;
        return Ok(compare(due, fetched));
    }
    Ok(compare(due, fetched))
}

/// A second look: by the second vantage where there is one, and from here where nobody answers by it.
async fn look_again(context: &Context, mut request: Request) -> Result<Fetched, Fault> {
    let fetcher: &Fetcher = &context.fetcher;
    request.by_vantage = fetcher.vantage().is_some();
    if request.by_vantage {
        let why = match fetcher.get(&request).await {
            Ok(fetched) => {
                let Some(why) = no_answer(&fetched.facts) else {
                    context.tally.vantage(None);
                    return Ok(fetched);
                };
                why
            }
            Err(busy @ Fault::Busy { .. }) => return Err(busy),
            Err(fault) => fault.to_string(),
        };
        context.tally.vantage(Some(why));
        request.by_vantage = false;
    }
    fetcher.get(&request).await
}

/// Why what was seen by a proxy is no answer of the source, in words: whatever keeps an answer from coming may be the
/// proxy's doing, and so may be a server error where the proxy could write it.
fn no_answer(facts: &Facts) -> Option<String> {
    if let Some(failure) = &facts.failure {
        let is_answer = matches!(
            failure.family,
            Family::RedirectLoop | Family::BadRedirect | Family::TooLarge
        );
        return (!is_answer).then(|| failure.detail.clone());
    }
    let is_http_proxy = facts
        .vantage
        .as_ref()
        .is_some_and(|vantage| vantage.starts_with("http"));
    let last = facts.hops.last()?;
    let may_be_its_own = is_http_proxy && last.status >= 500 && last.url.starts_with("http:");
    may_be_its_own.then(|| format!("it answers {}", last.status))
}

/// Whether our newest copy has the body that these facts tell of.
fn is_kept(due: &DueSource, facts: &Facts) -> bool {
    let body = facts.body.as_ref();
    let newest = due.capture.as_ref().map(|capture| capture.body_sha256);
    newest.is_some() && newest == body.and_then(|body| capture::digest(&body.sha256))
}

fn compare(due: &DueSource, fetched: Fetched) -> Seen {
    // Facts are plain data and always serialise.
    let facts = serde_json::to_string(&fetched.facts).unwrap_or_default();
    let sha = sha256(facts.as_bytes());
    let fine = due.fine.as_ref().map(|fine| &fine.root);
    let confirms = due
        .last
        .iter()
        .chain(fine)
        .find(|root| root.outcome_sha256 == sha);
    Seen {
        confirms: confirms.map(|root| (root.clone(), false)),
        fetched,
        facts,
        full: true,
        rendered: None,
    }
}

fn full_is_due(due: &DueSource, at: i64) -> bool {
    // What was seen once is believed when the whole page shows it again; and what is quoted is looked for in it, where
    // there is no copy to look in.
    due.has_untold
        || due.has_new_quotes && due.capture.is_none()
        || due.confirmations + 1 >= FULL_EVERY
        || due
            .last_full_visit_at
            .is_none_or(|last| at - last >= FULL_AFTER)
}

/// The validators of the last hop, for that hop only.
fn validators(facts: &Facts) -> Option<Validators> {
    let hop = facts.hops.last()?;
    let whole = facts
        .body
        .as_ref()
        .is_some_and(|body| body.truncated.is_none());
    let etag = hop.header("etag").map(str::to_owned);
    let last_modified = hop.header("last-modified").map(str::to_owned);
    (whole && (etag.is_some() || last_modified.is_some()))
        .then(|| {
            Url::parse(&hop.url).ok().map(|url| Validators {
                url,
                etag,
                last_modified,
            })
        })
        .flatten()
}

fn same_way_there(before: &Facts, now: &Facts) -> bool {
    let redirects = |facts: &Facts| {
        let all_but_last = &facts.hops[..facts.hops.len().saturating_sub(1)];
        all_but_last
            .iter()
            .map(|hop| (hop.url.clone(), hop.status))
            .collect::<Vec<_>>()
    };
    let last = |facts: &Facts| facts.hops.last().map(|hop| hop.url.clone());
    redirects(before) == redirects(now) && last(before) == last(now)
}
