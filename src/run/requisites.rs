//! Fetching what a page needs to be shown.
//!
//! Through the same fetcher as visits: guarded, polite, limited. Each address is asked for once in a pass, however many
//! pages need it, and conditionally where the archive holds an answer. What comes is put down at once, and becomes part of a
//! capture when that is sealed over it; a pass that is killed before leaves answers that the next one asks about again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{Context, RunError};
use crate::capture;
use crate::capture::completeness::Missing;
use crate::capture::kind;
use crate::capture::requisites::{self, Kind, LeftOut, Requisite};
use crate::charset;
use crate::config::Robots;
use crate::fetch::{Facts, Family, Fault, Fetched, Limits, Request, RobotsFact, Validators};
use crate::store::{
    KnownRequisite, NewManifest, NewRequisite, Packed, PutDown, RequisiteState, WholeExchange,
    sha256,
};

/// Requests for one page that are under way at once; how many of them go to one host is the gate's business.
const AT_ONCE: usize = 8;
/// So many answers are remembered in a pass; then it begins to remember anew.
const MOST_KNOWN: usize = 100_000;
/// What is named by a requisite is read from so many bytes of it.
const READ_BYTES: usize = 8 << 20;

/// What was asked for in this pass.
#[derive(Debug, Default)]
pub struct Requisites {
    /// By address and what it is needed for, which decides what is read from it. Hardly anything is needed for two things.
    got: Mutex<HashMap<Requisite, Cell>>,
}

type Cell = Arc<OnceCell<Arc<Got>>>;

/// What came of asking for a requisite.
#[derive(Debug)]
pub(super) enum Got {
    Has {
        exchanges: PutDown,
        /// Bytes of the body.
        bytes: u64,
        /// What it needs itself.
        needs: Vec<Requisite>,
        left_out: u64,
    },
    Missing(Missing),
}

/// The page that is looked at.
pub(super) struct Page<'a> {
    /// Its bytes.
    pub(super) body: &'a [u8],
    /// The `Content-Type` it came with.
    pub(super) content_type: Option<&'a str>,
    /// Where it came from, after all redirects.
    pub(super) url: Url,
    /// Whether robots.txt is asked about what it needs.
    pub(super) obeys_robots: bool,
}

impl Requisites {
    /// What an address was asked for already in this pass, whatever it was needed for.
    pub(super) fn known(&self, wanted: &Requisite) -> Option<Requisite> {
        let got = self.got.lock().unwrap_or_else(PoisonError::into_inner);
        let of_kind = |kind| Requisite {
            url: wanted.url.clone(),
            kind,
        };
        let kinds = std::iter::once(wanted.kind).chain(Kind::ALL);
        kinds.map(of_kind).find(|one| got.contains_key(one))
    }

    fn cell(&self, wanted: &Requisite) -> Cell {
        let mut got = self.got.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = got.get(wanted) {
            return Arc::clone(cell);
        }
        if got.len() >= MOST_KNOWN {
            got.clear();
        }
        let cell = Cell::default();
        got.insert(wanted.clone(), Arc::clone(&cell));
        cell
    }
}

/// Fetches what a page needs, and says what there is of it and what is missing. `None` for what is no page.
///
/// # Errors
/// When the archive fails. Whatever fails on the way to a requisite makes that one missing.
pub(super) async fn gather(
    context: &Context,
    page: &Page<'_>,
) -> Result<Option<NewManifest>, RunError> {
    let limits = &context.manner.limits;
    let Some(found) = needs_of_page(page, limits, context.manner.downloads) else {
        return Ok(None);
    };
    let deadline = Instant::now() + limits.capture;
    let mut gathering = Gathering::of(page, limits, &found);
    let mut fetching = FuturesUnordered::new();
    loop {
        while fetching.len() < AT_ONCE
            && let Some((wanted, depth)) = gathering.next()
        {
            fetching.push(async move {
                let got = get(context, page, &wanted, deadline).await;
                (wanted.url, depth, got)
            });
        }
        let Some((url, depth, got)) = fetching.next().await else {
            break;
        };
        gathering.came(url, depth, got?);
    }
    Ok(Some(gathering.manifest(&page.url, found)))
}

/// What is to be asked for, and what came of it.
pub(super) struct Gathering<'l> {
    limits: &'l Limits,
    /// What leads to more: asked for before all others, and never left out because of them.
    first: VecDeque<(Requisite, usize)>,
    then: VecDeque<(Requisite, usize)>,
    /// What is asked for, or came. The page itself is among them.
    got: HashMap<Url, Option<Arc<Got>>>,
    bytes: u64,
}

impl<'l> Gathering<'l> {
    /// What a page needs is to be asked for.
    pub(super) fn of(page: &Page<'_>, limits: &'l Limits, found: &Needs) -> Self {
        let mut gathering = Self {
            limits,
            first: VecDeque::new(),
            then: VecDeque::new(),
            got: HashMap::from([(page.url.clone(), None)]),
            bytes: 0,
        };
        gathering.take(&found.requisites, 0);
        gathering
    }

    /// Takes what is not known yet; `depth` is how many requisites lead to it.
    fn take(&mut self, requisites: &[Requisite], depth: usize) {
        if depth > self.limits.nesting {
            return;
        }
        let leads = |one: &&Requisite| matches!(one.kind, Kind::Style | Kind::Frame);
        let (first, then): (Vec<_>, Vec<_>) = requisites.iter().partition(leads);
        for one in first.into_iter().chain(then) {
            // The page itself is one of them.
            if self.got.len() > self.limits.requisites {
                return;
            }
            if self.got.contains_key(&one.url) {
                continue;
            }
            self.got.insert(one.url.clone(), None);
            let queue = if leads(&one) {
                &mut self.first
            } else {
                &mut self.then
            };
            queue.push_back((one.clone(), depth));
        }
    }

    /// The next one that is to be asked for, and how many requisites lead to it.
    pub(super) fn next(&mut self) -> Option<(Requisite, usize)> {
        self.first.pop_front().or_else(|| self.then.pop_front())
    }

    /// Takes what came of one.
    pub(super) fn came(&mut self, url: Url, depth: usize, mut got: Arc<Got>) {
        if self.bytes >= self.limits.capture_bytes {
            got = Arc::new(Got::Missing(Missing::OverTheLimit));
            // What is left in the queues would be over it too.
            let waiting = self.first.drain(..).chain(self.then.drain(..));
            for (one, _) in waiting.collect::<Vec<_>>() {
                self.got.insert(one.url, Some(Arc::clone(&got)));
            }
        }
        if let Got::Has { bytes, needs, .. } = &*got {
            self.bytes += bytes;
            self.take(needs, depth + 1);
        }
        self.got.insert(url, Some(got));
    }

    /// What there is, in the order in which a reader of the page meets it, whatever came first: the same page with the same
    /// requisites has the same manifest.
    pub(super) fn manifest(mut self, page: &Url, found: Needs) -> NewManifest {
        let (mut requisites, mut left_out) = (Vec::new(), found.left_out);
        let mut listed = HashSet::from([page.clone()]);
        let mut waiting: Vec<Requisite> = found.requisites;
        waiting.reverse();
        while let Some(one) = waiting.pop() {
            if !listed.insert(one.url.clone()) {
                continue;
            }
            // Over the limit, or nested too deep.
            let Some(got) = self.got.remove(&one.url) else {
                left_out += 1;
                continue;
            };
            let state = match got.as_deref() {
                Some(Got::Has {
                    exchanges,
                    needs,
                    left_out: more,
                    ..
                }) => {
                    left_out += more;
                    waiting.extend(needs.iter().rev().cloned());
                    RequisiteState::Has(exchanges.clone())
                }
                Some(Got::Missing(why)) => RequisiteState::Missing(one.url.to_string(), why.name()),
                None => RequisiteState::Missing(one.url.to_string(), Missing::Later.name()),
            };
            requisites.push(NewRequisite {
                kind: one.kind.name(),
                state,
            });
        }
        NewManifest {
            requisites,
            left_out,
        }
    }
}

/// How much of what a text names is taken.
fn found_at_most(limits: &Limits) -> requisites::Limits {
    requisites::Limits {
        // Style sheets may stand behind more pictures than are taken.
        requisites: 4 * limits.requisites,
        frames_within: limits.nesting,
        ..requisites::Limits::default()
    }
}

/// What a text needs.
pub(super) struct Needs {
    pub(super) requisites: Vec<Requisite>,
    pub(super) left_out: u64,
}

/// What was left out that a reader would miss: what holds itself, is a script's or no address is not.
fn missed(left_out: &LeftOut) -> u64 {
    left_out.over_the_limit + left_out.too_long + left_out.not_read
}

/// What a page needs; none for what is no page.
pub(super) fn needs_of_page(
    page: &Page<'_>,
    limits: &Limits,
    with_downloads: bool,
) -> Option<Needs> {
    let (body, not_read) = read_of(page.body);
    let is_svg = is_svg(page.content_type);
    let is_page = kind::kind(page.content_type, body) == kind::Kind::Html;
    if !is_page && !is_svg {
        return None;
    }
    let text = charset::decode(body, page.content_type).text;
    let mut found = if is_svg && !is_page {
        requisites::of_svg(&text, &page.url, &found_at_most(limits))
    } else {
        requisites::of_page(&text, &page.url, &found_at_most(limits))
    };
    let mut left_out = missed(&found.left_out) + not_read;
    if with_downloads && is_page {
        let offered = requisites::downloads(&text, &page.url, &found_at_most(limits));
        left_out += missed(&offered.left_out);
        found.requisites.extend(offered.requisites);
    }
    Some(Needs {
        requisites: found.requisites,
        left_out,
    })
}

/// As much of a text as is read, and whether something is behind it, as a number of what is left out.
fn read_of(body: &[u8]) -> (&[u8], u64) {
    (
        &body[..body.len().min(READ_BYTES)],
        u64::from(body.len() > READ_BYTES),
    )
}

fn is_svg(content_type: Option<&str>) -> bool {
    content_type.map(charset::essence).as_deref() == Some("image/svg+xml")
}

pub(super) async fn get(
    context: &Context,
    page: &Page<'_>,
    wanted: &Requisite,
    deadline: Instant,
) -> Result<Arc<Got>, RunError> {
    if context.cancelled.is_cancelled() || Instant::now() >= deadline {
        return Ok(Arc::new(Got::Missing(Missing::Later)));
    }
    let asked = context.requisites.cell(wanted);
    // One that another page is waiting for is waited for here too, each as long as it may itself.
    let got = asked.get_or_try_init(|| async { fetch(context, page, wanted).await.map(Arc::new) });
    match timeout_at(deadline, got).await {
        Ok(got) => Ok(Arc::clone(got?)),
        Err(_) => Ok(Arc::new(Got::Missing(Missing::Later))),
    }
}

async fn fetch(context: &Context, page: &Page<'_>, wanted: &Requisite) -> Result<Got, RunError> {
    if page.obeys_robots && context.manner.robots == Robots::Obey {
        match super::robots::ask(context, &wanted.url).await {
            Ok(RobotsFact::Allowed) => {}
            Ok(RobotsFact::Disallowed) => return Ok(Got::Missing(Missing::Robots)),
            Err(Fault::Busy { .. }) => return Ok(Got::Missing(Missing::Later)),
            // Whoever cannot say whether we may does not give us the rest either.
            Ok(RobotsFact::Unreachable) | Err(_) => return Ok(Got::Missing(Missing::Failed)),
        }
    }
    let at = context.clock.now();
    let limits = &context.manner.limits;
    let known = context.store.read("read a requisite", |r| {
        r.known_requisite(wanted.url.as_str())
    })?;
    let known = known.filter(|known| known.status == 200);
    let mut request = Request::requisite(wanted.url.clone(), page.url.clone());
    request.validators = known
        .as_ref()
        .and_then(|known| validators(known, &wanted.url));
    request.body_limit = Some(match wanted.kind {
        Kind::Media => 4 * limits.requisite_served_bytes,
        _ => limits.requisite_served_bytes,
    });
    let fetched = match context.fetcher.get(&request).await {
        Ok(fetched) => fetched,
        Err(Fault::Busy { .. } | Fault::NoNetwork(_)) => return Ok(Got::Missing(Missing::Later)),
        Err(Fault::Ours(_)) => return Ok(Got::Missing(Missing::Failed)),
    };
    if let Some(known) = &known
        && fetched.facts.hops.last().map(|hop| hop.status) == Some(304)
        && fetched.facts.failure.is_none()
    {
        return not_modified(context, known, wanted, limits);
    }
    if let Some(why) = why_missing(&fetched.facts) {
        return Ok(Got::Missing(why));
    }
    put_down(context, &fetched, wanted, at).await
}

/// What the archive holds is still what the server has.
fn not_modified(
    context: &Context,
    known: &KnownRequisite,
    wanted: &Requisite,
    limits: &Limits,
) -> Result<Got, RunError> {
    let content_type = header(&known.response_headers, "content-type");
    let may_need = may_need_more(wanted.kind, content_type.as_deref());
    let body = if may_need {
        context
            .store
            .read("read a requisite", |r| r.exchange_body(known.exchange_id))?
    } else {
        None
    };
    let needs = body.map(|body| {
        let content_type = content_type.as_deref();
        needs_of(&body, content_type, &wanted.url, wanted.kind, limits)
    });
    let needs = needs.unwrap_or(Needs {
        requisites: Vec::new(),
        left_out: 0,
    });
    Ok(Got::Has {
        exchanges: PutDown::known(vec![known.exchange_id]),
        bytes: known.size,
        needs: needs.requisites,
        left_out: needs.left_out,
    })
}

async fn put_down(
    context: &Context,
    fetched: &Fetched,
    wanted: &Requisite,
    at: i64,
) -> Result<Got, RunError> {
    let empty = bytes::Bytes::new();
    let bytes = fetched.body.as_ref().map_or(&empty, |body| &body.bytes);
    let exchanges = capture::exchanges(fetched, at);
    let last = fetched.exchanges.last();
    let content_type = last.and_then(|last| last.response_header("content-type"));
    let url = last.map_or(&wanted.url, |last| &last.url);
    let limits = &context.manner.limits;
    let needs = needs_of(bytes, content_type, url, wanted.kind, limits);
    let known = fetched.facts.body.as_ref();
    let known = known.and_then(|body| capture::digest(&body.sha256));
    let digest = known.unwrap_or_else(|| sha256(bytes));
    let packed = if kind::kind(content_type, bytes).is_packed() {
        Packed::as_is(bytes, digest)
    } else {
        Packed::with_digest(bytes, digest)
    };
    let mut room = context.room.reserve();
    if !room.takes(packed.stored_size() as u64).await {
        return Ok(Got::Missing(Missing::NoRoom));
    }
    context.tally.requisite(bytes.len() as u64);
    let put_down = PutDown::default();
    let slot = put_down.clone();
    context
        .store
        .submit("put down a requisite", move |w| {
            w.put_requisite(&exchanges, &packed, &slot)
        })
        .await?;
    Ok(Got::Has {
        exchanges: put_down,
        bytes: bytes.len() as u64,
        needs: needs.requisites,
        left_out: needs.left_out,
    })
}

/// Why an answer is none that a page can be shown with.
fn why_missing(facts: &Facts) -> Option<Missing> {
    if let Some(failure) = &facts.failure {
        return Some(match failure.family {
            Family::Forbidden => Missing::PrivateAddress,
            Family::TooLarge => Missing::TooLarge,
            _ => Missing::Failed,
        });
    }
    let status = facts.hops.last().map_or(0, |hop| hop.status);
    let truncated = facts
        .body
        .as_ref()
        .and_then(|body| body.truncated.as_deref());
    why_of_answer(status, truncated)
}

/// Why the answer of a server is none that a page can be shown with.
pub(super) fn why_of_answer(status: u16, truncated: Option<&str>) -> Option<Missing> {
    match (status, truncated) {
        (200..=299, None) => None,
        (200..=299, Some("length")) => Some(Missing::TooLarge),
        (404 | 410, _) => Some(Missing::NotFound),
        (401 | 402 | 403 | 407 | 429 | 451, _) => Some(Missing::Refused),
        _ => Some(Missing::Failed),
    }
}

/// Whether a requisite may need more.
pub(super) fn may_need_more(kind: Kind, content_type: Option<&str>) -> bool {
    match kind {
        Kind::Style | Kind::Frame => true,
        Kind::Image | Kind::Icon => is_svg(content_type),
        _ => false,
    }
}

/// What a requisite needs itself.
pub(super) fn needs_of(
    bytes: &[u8],
    content_type: Option<&str>,
    url: &Url,
    kind: Kind,
    limits: &Limits,
) -> Needs {
    let none = Needs {
        requisites: Vec::new(),
        left_out: 0,
    };
    if !may_need_more(kind, content_type) {
        return none;
    }
    let page = Page {
        body: bytes,
        content_type,
        url: url.clone(),
        obeys_robots: false,
    };
    if kind != Kind::Style {
        return needs_of_page(&page, limits, false).unwrap_or(none);
    }
    let (bytes, not_read) = read_of(bytes);
    let text = charset::decode(bytes, content_type).text;
    let found = requisites::of_style(&text, url, &found_at_most(limits));
    Needs {
        left_out: missed(&found.left_out) + not_read,
        requisites: found.requisites,
    }
}

fn validators(known: &KnownRequisite, url: &Url) -> Option<Validators> {
    let etag = header(&known.response_headers, "etag");
    let last_modified = header(&known.response_headers, "last-modified");
    (etag.is_some() || last_modified.is_some()).then(|| Validators {
        url: url.clone(),
        etag,
        last_modified,
    })
}

/// Where an answer to this address sends on to.
pub(super) fn sends_on(url: &Url, said: &WholeExchange) -> Option<Url> {
    if !matches!(said.status, 300..=399) {
        return None;
    }
    let location = header(&said.response_headers, "location")?;
    let mut target = url.join(&location).ok()?;
    target.set_fragment(None);
    Some(target)
}

/// A header of an exchange as it is stored.
pub(super) fn header(headers: &str, name: &str) -> Option<String> {
    let all: Vec<(String, String)> = serde_json::from_str(headers).ok()?;
    all.into_iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

/// Whether a page needs the same as its copy does, by the same exchanges.
pub(super) fn compare(
    context: &Context,
    manifest: &NewManifest,
    capture_id: i64,
) -> Result<Compared, RunError> {
    let known = context
        .store
        .read("read a manifest", |r| r.requisites(capture_id))?;
    let had = known.iter().filter(|row| row.missing.is_none()).count();
    let known: Vec<_> = known
        .iter()
        .map(|row| (row.kind.as_str(), row.exchange_id, row.missing.as_deref()))
        .collect();
    let now: Vec<_> = manifest
        .requisites
        .iter()
        .flat_map(|requisite| match &requisite.state {
            RequisiteState::Has(put_down) => put_down
                .ids()
                .iter()
                .map(|id| (requisite.kind, Some(*id), None))
                .collect(),
            RequisiteState::Missing(_, why) => vec![(requisite.kind, None, Some(*why))],
        })
        .collect();
    let has = now.iter().filter(|(_, id, _)| id.is_some()).count();
    Ok(Compared {
        is_same: known == now,
        has_more: has > had,
    })
}

/// How what a page needs compares with what its copy has.
pub(super) struct Compared {
    pub(super) is_same: bool,
    pub(super) has_more: bool,
}
