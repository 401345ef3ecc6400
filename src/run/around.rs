//! What is asked beside a visit, where the judge could not tell without it: how the host answers to an address that was
//! made up, who serves its name, how many other sources ended at the same address.
//!
//! What is asked of strangers is little: one made-up address for each folder in 30 days, a few for each host in a run,
//! none where robots.txt forbids it or the host is to be left alone, all through the same gate as visits. What could
//! not be had is not known, and no verdict rests on that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::{Context, RunError, politeness, reading, robots};
use crate::address::{canonical, site, trivially_same};
use crate::capture;
use crate::config::Robots;
use crate::fetch::{Facts, Request, RobotsFact};
use crate::judge::{self, Around, Asks, Case, FEATURES_VERSION, Features, Sibling, Sink};
use crate::store::{SiblingRow, SiteNamesRow, Store, StoreError};

/// How a host answers to made-up addresses is asked again after this long, in milliseconds.
const SIBLING_FRESH: i64 = 30 * DAY;
/// Who serves a name is asked again after this long, in milliseconds: names change hands in a day.
const NAMES_FRESH: i64 = DAY;
const DAY: i64 = 24 * 3_600_000;
/// So many folders of one host are asked for in a run.
const FOLDERS_PER_HOST: usize = 4;
/// So long a host's turn is waited for. What the visit saw is not stored meanwhile, and it keeps a place that another could
/// use.
const PATIENCE: Duration = Duration::from_secs(4);
/// Bytes of the answer to a made-up address that are taken: enough to tell which page it is.
const SIBLING_BYTES: u64 = 512 * 1024;

/// What was asked of a host in this process, by folder; none where it could not be had.
type Folders = HashMap<String, Option<SiblingRow>>;

/// What was asked of hosts beside visits in this process. Whoever asks holds the host's turn, so that visits side by side
/// do not ask for the same twice.
#[derive(Debug, Default)]
pub struct Asked(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Folders>>>>);

impl Asked {
    fn turn(&self, host: &str) -> Arc<tokio::sync::Mutex<Folders>> {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(asked.entry(host.to_owned()).or_default())
    }
}

/// What the archive knows that is at hand before the first judging: other sources that ended at the same address. Only
/// where the visit ended elsewhere.
pub(super) fn at_hand(store: &Store, case: &Case<'_>) -> Result<Around, RunError> {
    Ok(Around {
        sink: sink(store, case.address, case.facts)?,
        ..Around::default()
    })
}

fn sink(store: &Store, address: &Url, facts: &Facts) -> Result<Option<Sink>, StoreError> {
    let Some(hop) = facts.hops.last() else {
        return Ok(None);
    };
    let is_elsewhere = Url::parse(&hop.url).is_ok_and(|end| !trivially_same(address, &end));
    if !is_elsewhere || !(200..300).contains(&hop.status) {
        return Ok(None);
    }
    let ended = store.read("find sources that ended alike", |r| r.sinks(&[&hop.url]))?;
    let ended = ended.get(&hop.url).map(Vec::as_slice).unwrap_or_default();
    Ok(Sink::of(address, ended.iter().map(String::as_str)))
}

/// All that is known beside a visit, for telling it: what was asked for around its time, whether the judge wanted it for
/// this one or for another.
pub(crate) fn known(
    store: &Store,
    address: &Url,
    facts: &Facts,
    seen: (i64, i64),
) -> Result<Around, StoreError> {
    let mut around = Around {
        sink: sink(store, address, facts)?,
        ..Around::default()
    };
    let end = facts.hops.last().and_then(|hop| Url::parse(&hop.url).ok());
    let Some(end) = end else {
        return Ok(around);
    };
    around.sibling = remembered_sibling(store, address, &end, seen)?;
    if let Some(row) = remembered_names(store, &end, seen)? {
        around.name_servers = row.name_servers;
        around.aliases = row.aliases;
    }
    Ok(around)
}

fn remembered_sibling(
    store: &Store,
    address: &Url,
    end: &Url,
    (first, last): (i64, i64),
) -> Result<Option<Sibling>, StoreError> {
    let folder = judge::made_up(address, end).and_then(|url| judge::folder(&url));
    let Some(folder) = folder else {
        return Ok(None);
    };
    let row = store.read("find a made-up address", |r| r.sibling(&folder))?;
    let row = row.filter(|row| row.at > first - SIBLING_FRESH && row.at < last + SIBLING_FRESH);
    Ok(row.as_ref().map(from_row))
}

fn remembered_names(
    store: &Store,
    end: &Url,
    (first, last): (i64, i64),
) -> Result<Option<SiteNamesRow>, StoreError> {
    let Some(host) = end.domain().map(|host| host.trim_end_matches('.')) else {
        return Ok(None);
    };
    let row = store.read("find who serves a name", |r| r.site_names(host))?;
    Ok(row.filter(|row| row.at > first - NAMES_FRESH && row.at < last + NAMES_FRESH))
}

/// What was asked for around the time of a visit, for judging it again: what was answered from as long before its first
/// look on as an answer is believed, until as long after its last. What is known of another time says nothing of it; none
/// where some of what would help is not known.
pub(super) fn remembered(
    store: &Store,
    address: &Url,
    end: &Url,
    asks: Asks,
    known: &Around,
    seen: (i64, i64),
) -> Result<Option<Around>, RunError> {
    let mut around = known.clone();
    if asks.sibling {
        around.sibling = remembered_sibling(store, address, end, seen)?;
        if around.sibling.is_none() {
            return Ok(None);
        }
    }
    if asks.names {
        let Some(row) = remembered_names(store, end, seen)? else {
            return Ok(None);
        };
        around.name_servers = row.name_servers;
        around.aliases = row.aliases;
    }
    Ok(Some(around))
}

/// What is known, and what would help to judge a case beside it: from the archive, or by asking. None where nothing came
/// of it.
pub(super) async fn gather(
    context: &Context,
    address: &Url,
    end: &Url,
    asks: Asks,
    known: &Around,
) -> Result<Option<Around>, RunError> {
    let mut around = known.clone();
    if asks.sibling {
        around.sibling = sibling(context, address, end).await?;
    }
    if asks.names
        && let Some(names) = names(context, end).await?
    {
        around.name_servers = names.name_servers;
        around.aliases = names.aliases;
    }
    Ok(Some(around).filter(|around| around != known))
}

async fn sibling(context: &Context, address: &Url, end: &Url) -> Result<Option<Sibling>, RunError> {
    let Some(url) = judge::made_up(address, end) else {
        return Ok(None);
    };
    let Some(folder) = judge::folder(&url) else {
        return Ok(None);
    };
    let now = context.clock.now();
    let known = context
        .store
        .read("find a made-up address", |r| r.sibling(&folder))?;
    if let Some(row) = &known
        && (0..SIBLING_FRESH).contains(&(now - row.at))
    {
        return Ok(Some(from_row(row)));
    }
    let turn = context.asked.turn(canonical(&url).host());
    let mut asked = turn.lock().await;
    if let Some(row) = asked.get(&folder) {
        return Ok(row.as_ref().map(from_row));
    }
    if asked.len() >= FOLDERS_PER_HOST {
        return Ok(None);
    }
    // Who interrupts a run wants what was seen to be stored, not more to be asked for.
    let row = tokio::select! {
        row = ask(context, url, now) => row?,
        () = context.cancelled.cancelled() => return Ok(None),
    };
    asked.insert(folder.clone(), row.clone());
    let Some(row) = row else {
        return Ok(None);
    };
    let sibling = from_row(&row);
    context
        .store
        .submit("keep a made-up address", move |w| {
            w.keep_sibling(&folder, &row)
        })
        .await?;
    Ok(Some(sibling))
}

/// Asks for a made-up address. What robots.txt forbids, a host that is to be left alone for a while, a fault of ours and a
/// failure all mean that it is not known, this time.
async fn ask(context: &Context, url: Url, now: i64) -> Result<Option<SiblingRow>, RunError> {
    if !is_soon(context, &url) || !may_be_asked(context, &url).await || !is_soon(context, &url) {
        return Ok(None);
    }
    let mut request = Request::page(url.clone());
    request.body_limit = Some(SIBLING_BYTES);
    let Ok(fetched) = context.fetcher.get(&request).await else {
        return Ok(None);
    };
    politeness::keep_changes(context).await?;
    let facts = &fetched.facts;
    let hop = facts.hops.last().filter(|_| facts.failure.is_none());
    // Any other status says nothing of what is missing there.
    let Some(hop) = hop.filter(|hop| matches!(hop.status, 200..=299 | 400 | 404 | 410)) else {
        return Ok(None);
    };
    let drawn = fetched.body.as_ref().zip(Url::parse(&hop.url).ok());
    let drawn = drawn.map(|(body, end)| {
        let media_type = body.media_type.as_deref();
        reading::features_of(&body.bytes, media_type, &end, context.rules())
    });
    Ok(Some(SiblingRow {
        at: now,
        status: hop.status,
        final_url: Some(hop.url.clone()).filter(|end| *end != url.as_str()),
        url: url.into(),
        body_sha256: facts
            .body
            .as_ref()
            .and_then(|body| capture::digest(&body.sha256)),
        features: drawn
            .and_then(|features| serde_json::to_string(&features).ok())
            .map(|json| (FEATURES_VERSION, json)),
    }))
}

/// Whether the turn of an address's host comes before patience ends.
fn is_soon(context: &Context, url: &Url) -> bool {
    let host = canonical(url);
    context.fetcher.gate().ready_at(host.host()) <= Instant::now() + PATIENCE
}

/// Whether robots.txt lets an address be asked, where the user wants it to be heard.
async fn may_be_asked(context: &Context, url: &Url) -> bool {
    context.manner.robots == Robots::Ignore
        || matches!(robots::ask(context, url).await, Ok(RobotsFact::Allowed))
}

/// What is stored of a made-up address, as the judge wants it. Features of another version say nothing.
fn from_row(row: &SiblingRow) -> Sibling {
    let features = row
        .features
        .as_ref()
        .filter(|(version, _)| *version == FEATURES_VERSION)
        .and_then(|(_, json)| serde_json::from_str::<Features>(json).ok());
    Sibling {
        url: row.url.clone(),
        status: row.status,
        final_url: row.final_url.clone().unwrap_or_else(|| row.url.clone()),
        body_sha256: row.body_sha256.as_ref().map(|sha| crate::store::hex(sha)),
        features,
    }
}

async fn names(context: &Context, end: &Url) -> Result<Option<SiteNamesRow>, RunError> {
    let Some(host) = end
        .domain()
        .map(|host| host.trim_end_matches('.').to_owned())
    else {
        return Ok(None);
    };
    let now = context.clock.now();
    let known = context
        .store
        .read("find who serves a name", |r| r.site_names(&host))?;
    if let Some(row) = known
        && (0..NAMES_FRESH).contains(&(now - row.at))
    {
        return Ok(Some(row));
    }
    let Some(names) = context.fetcher.names(end).await else {
        return Ok(None);
    };
    let row = SiteNamesRow {
        site: site(&host).to_owned(),
        at: now,
        name_servers: names.name_servers,
        aliases: names.aliases,
    };
    let kept = row.clone();
    context
        .store
        .submit("keep who serves a name", move |w| {
            w.keep_site_names(&host, &kept)
        })
        .await?;
    Ok(Some(row))
}
