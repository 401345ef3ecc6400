//! One visit: fetch, compare with what we know, judge, keep.
//!
//! A visit that finds what an earlier one found is one short row that names it. Everything else is new facts, new
//! features, a verdict, and, if the page is fine and differs from our newest copy, a capture.

use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::{Context, RunError};
use crate::capture::{self, Keeping};
use crate::charset;
use crate::config::Robots;
use crate::fetch::{Body, Facts, Fault, Fetched, Request, RobotsFact, Validators, Way};
use crate::judge::{self, Code, Features, Group, Rule, Verdict};
use crate::schedule::{self, Observation, Standing, Step};
use crate::store::{
    DueSource, FeaturesRow, FineRoot, NewCapture, NewEvent, NewVisit, OutcomeRow, Packed, Root,
    VerdictRow, sha256,
};

/// Every so many conditional visits, one is unconditional, for validators can lie.
const FULL_EVERY: u32 = 7;
/// After this long, a visit is unconditional, in milliseconds.
const FULL_AFTER: i64 = 30 * 24 * 3_600_000;
/// So much of the body of a visit that was not fine is kept, in bytes, or there would be nothing to judge again.
const KEPT_OF_FAILURES: usize = 64 * 1024;
/// A visit that failed by our own fault is due again after this long, in milliseconds.
const AGAIN_AFTER_FAULT: i64 = 3_600_000;
/// A visit that ran into a defect is due again after this long, in milliseconds.
const AGAIN_AFTER_PANIC: i64 = 24 * 3_600_000;

/// On whose behalf a visit may keep a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// By itself: robots.txt decides whether a copy is kept.
    Automatic,
    /// The user named the address to be captured: robots.txt is recorded, and the copy is kept.
    Named,
}

/// What came of a visit.
#[derive(Debug, Clone)]
pub struct Visited {
    /// The source.
    pub source_id: i64,
    /// Its address.
    pub address: String,
    /// The verdict; `None` where a fault of ours kept the visit from being made.
    pub verdict: Option<Verdict>,
    /// What its history adds up to, this visit included.
    pub standing: Standing,
    /// Status of the last answer.
    pub status: Option<u16>,
    /// Where it ended.
    pub final_url: Option<String>,
    /// Whether a capture was sealed.
    pub captured: bool,
    /// Whether robots.txt kept it from being captured.
    pub kept_by_robots: bool,
    /// Whether the visit only confirmed an earlier one.
    pub confirmed: bool,
    /// Bytes received.
    pub bytes: u64,
    /// The fault of ours.
    pub fault: Option<String>,
}

/// Visits a source once, and once more by another way where death is to be confirmed.
pub(super) async fn visit(
    context: &Context,
    run_id: i64,
    due: &DueSource,
    keep: Keep,
) -> Result<Visited, RunError> {
    let first = visit_once(context, run_id, due, keep, Way::Plain).await?;
    if !first.second_look_due {
        return Ok(first.visited);
    }
    // The row that was just handed over is what the second look builds on.
    context.store.flush().await?;
    let id = due.id;
    let Some(due) = context.store.read("read a source", |r| r.due_source(id))? else {
        return Ok(first.visited);
    };
    Ok(visit_once(context, run_id, &due, keep, Way::Browser)
        .await?
        .visited)
}

struct Once {
    visited: Visited,
    second_look_due: bool,
}

async fn visit_once(
    context: &Context,
    run_id: i64,
    due: &DueSource,
    keep: Keep,
    way: Way,
) -> Result<Once, RunError> {
    let at = context.clock.now();
    let url = match Url::parse(&due.address) {
        Ok(url) => url,
        Err(error) => return Err(RunError::Worker(format!("{}: {error}", due.address))),
    };
    let seen = match look(context, due, &url, way, keep, at).await {
        Ok(seen) => seen,
        Err(fault) => {
            let wait = match &fault {
                Fault::Busy { until, .. } => ms(until.duration_since(Instant::now())),
                Fault::Ours(_) => 0,
            };
            let until = at + wait.max(AGAIN_AFTER_FAULT);
            return put_off(context, due, until, &fault.to_string()).await;
        }
    };
    let pause = asked_pause(&seen.fetched);
    if let Some((host, wait)) = &pause {
        context.fetcher.gate().hold(host, Instant::now() + *wait);
    }
    let judged = judge_seen(due, &url, &seen);
    // A page that is the same as before is kept too, if there is no copy of it yet.
    let is_news = seen.confirms.is_none() || due.capture.is_none();
    let may_keep =
        is_news && seen.fetched.body.is_some() && capture::is_worth_keeping(&judged.verdict);
    let robots = ask_robots(context, &url, may_keep).await;
    let record = Record {
        context,
        run_id,
        due,
        at,
        keep,
        way,
        not_before: pause.map_or(0, |(_, wait)| at + ms(wait)),
    };
    record.keep(seen, judged, robots).await
}

/// Who asked to be left alone, and for how long: whoever gave the last answer, if that was 429 or 503.
fn asked_pause(fetched: &Fetched) -> Option<(String, Duration)> {
    let last = fetched.facts.hops.last()?;
    let wait = matches!(last.status, 429 | 503)
        .then(|| fetched.retry_after())
        .flatten()?;
    let host = Url::parse(&last.url).ok()?.host_str()?.to_owned();
    Some((host, wait))
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

/// A visit panicked. It is due again, and the others go on.
pub(super) async fn broke_down(context: &Context, due: &DueSource) -> Result<Visited, RunError> {
    let until = context.clock.now() + AGAIN_AFTER_PANIC;
    let why = "a defect in sourcekeep ended this visit; please report it with the address";
    Ok(put_off(context, due, until, why).await?.visited)
}

async fn put_off(
    context: &Context,
    due: &DueSource,
    until: i64,
    why: &str,
) -> Result<Once, RunError> {
    let id = due.id;
    context
        .store
        .submit("put a visit off", move |w| w.put_off(id, until))
        .await?;
    Ok(Once {
        visited: Visited {
            source_id: due.id,
            address: due.address.clone(),
            verdict: None,
            standing: super::state::to_schedule(&due.state).standing,
            status: None,
            final_url: None,
            captured: false,
            kept_by_robots: false,
            confirmed: false,
            bytes: 0,
            fault: Some(why.to_owned()),
        },
        second_look_due: false,
    })
}

/// What a visit saw, and whether that was seen before.
struct Seen {
    fetched: Fetched,
    facts: String,
    confirms: Option<(Root, bool)>,
    full: bool,
}

async fn look(
    context: &Context,
    due: &DueSource,
    url: &Url,
    way: Way,
    keep: Keep,
    at: i64,
) -> Result<Seen, Fault> {
    let mut request = Request::page(url.clone());
    request.way = way;
    // Who asks for a copy wants the bytes, unless we have them.
    let wants_bytes = keep == Keep::Named && due.capture.is_none();
    let is_conditional = way == Way::Plain && !wants_bytes && !full_is_due(due, at);
    let known = due.fine.as_ref().filter(|_| is_conditional);
    let known =
        known.and_then(|fine| Some((fine, serde_json::from_str::<Facts>(&fine.facts).ok()?)));
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
            });
        }
        // "Not modified", but reached by another way: the way is news, so look at all of it.
        request.validators = None;
        let fetched = context.fetcher.get(&request).await?;
        return Ok(compare(due, fetched));
    }
    Ok(compare(due, fetched))
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
    }
}

fn full_is_due(due: &DueSource, at: i64) -> bool {
    due.confirmations + 1 >= FULL_EVERY
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

/// The verdict of what was seen, with the features it rests on where they are new.
struct Judged {
    verdict: Verdict,
    features: Option<Features>,
}

fn judge_seen(due: &DueSource, url: &Url, seen: &Seen) -> Judged {
    // A fine page that is the same as before need not be read again. What failed is judged afresh from the same
    // facts, for whether it is a hard sign depends on more than the code.
    if let Some((root, not_modified)) = &seen.confirms
        && let Ok(code) = root.verdict.parse::<Code>()
        && (*not_modified || code.group() == Group::Fine)
    {
        let (rule, says) = if *not_modified {
            (
                Rule::NotModified,
                "not modified since the visit it confirms",
            )
        } else {
            (Rule::SameAsBefore, "the same answer as before")
        };
        let mut verdict = Verdict::new(code, rule, says);
        verdict.moved_to = due_moved_to(due, code);
        return Judged {
            verdict,
            features: None,
        };
    }
    let features = draw_features(&seen.fetched, url);
    let mut case = judge::Case::new(url, &seen.fetched.facts);
    case.features = features.as_ref();
    Judged {
        verdict: judge::judge(&case),
        features,
    }
}

fn due_moved_to(due: &DueSource, code: Code) -> Option<String> {
    let fine: &FineRoot = due.fine.as_ref()?;
    let facts: Facts = serde_json::from_str(&fine.facts).ok()?;
    (code == Code::Moved).then(|| facts.hops.last().map(|hop| hop.url.clone()))?
}

fn draw_features(fetched: &Fetched, url: &Url) -> Option<Features> {
    let body: &Body = fetched.body.as_ref()?;
    let media_type = body.media_type.as_deref();
    let final_url = fetched
        .facts
        .hops
        .last()
        .and_then(|hop| Url::parse(&hop.url).ok());
    let decoded = charset::decode(&body.bytes, media_type);
    Some(judge::features(
        &decoded.text,
        media_type,
        final_url.as_ref().unwrap_or(url),
    ))
}

/// What robots.txt says, where a copy might be kept.
async fn ask_robots(context: &Context, url: &Url, may_keep: bool) -> Option<RobotsFact> {
    if context.manner.robots == Robots::Ignore || !may_keep {
        return None;
    }
    Some(super::robots::ask(context, url).await)
}

struct Record<'a> {
    context: &'a Context,
    run_id: i64,
    due: &'a DueSource,
    at: i64,
    keep: Keep,
    way: Way,
    /// The host asked not to be visited before.
    not_before: i64,
}

impl Record<'_> {
    async fn keep(
        &self,
        seen: Seen,
        judged: Judged,
        robots: Option<RobotsFact>,
    ) -> Result<Once, RunError> {
        let Judged { verdict, features } = judged;
        let disallowed = matches!(
            robots,
            Some(RobotsFact::Disallowed | RobotsFact::Unreachable)
        );
        let kept_by_robots =
            disallowed && self.keep != Keep::Named && self.context.manner.robots == Robots::Obey;
        let keeping = Keeping {
            source_id: self.due.id,
            address: &self.due.address,
            at: self.at,
            now: self.context.clock.now(),
            newest: self.due.capture.as_ref().map(|capture| capture.body_sha256),
            title: features
                .as_ref()
                .and_then(|features| features.title.clone()),
        };
        let capture = if (seen.confirms.is_none() || self.due.capture.is_none()) && !kept_by_robots
        {
            capture::keep(&keeping, &verdict, &seen.fetched)
        } else {
            None
        };
        let body_changed = changed(self.due, &seen, &verdict);
        let step = self.advance(&verdict, body_changed);
        let visited = Visited {
            source_id: self.due.id,
            address: self.due.address.clone(),
            standing: step.state.standing,
            status: seen.fetched.facts.hops.last().map(|hop| hop.status),
            final_url: seen.fetched.facts.hops.last().map(|hop| hop.url.clone()),
            captured: capture.is_some(),
            kept_by_robots,
            confirmed: seen.confirms.is_some(),
            bytes: seen
                .fetched
                .facts
                .body
                .as_ref()
                .map_or(0, |body| body.served_size),
            fault: None,
            verdict: Some(verdict.clone()),
        };
        let second_look_due = step.second_look_due && self.way == Way::Plain;
        let visit = self.row(&seen, &verdict, features.as_ref(), robots, capture, step);
        self.context
            .store
            .submit("record a visit", move |w| {
                w.record_visit(&visit).map(|_| ())
            })
            .await?;
        Ok(Once {
            visited,
            second_look_due,
        })
    }

    fn advance(&self, verdict: &Verdict, changed: bool) -> Step {
        let observation = Observation {
            at_ms: self.at,
            code: verdict.code,
            hard: verdict.is_hard_sign(),
            changed,
            counts: self.context.manner.strikes,
            second_look: self.way == Way::Browser,
        };
        let salt = self.due.id.unsigned_abs();
        schedule::advance(
            &super::state::to_schedule(&self.due.state),
            &observation,
            &self.context.manner.schedule,
            salt,
        )
    }

    fn row(
        &self,
        seen: &Seen,
        verdict: &Verdict,
        features: Option<&Features>,
        robots: Option<RobotsFact>,
        capture: Option<NewCapture>,
        step: Step,
    ) -> NewVisit {
        let is_new = seen.confirms.is_none();
        let fine = verdict.code.group() == Group::Fine;
        let code = verdict.code.as_str();
        let since = match &self.due.verdict {
            Some((before, since)) if before == code => *since,
            _ => self.at,
        };
        let mut state = super::state::to_row(&step, &self.due.state);
        state.next_visit_at = state.next_visit_at.max(Some(self.not_before));
        NewVisit {
            source_id: self.due.id,
            address: self.due.address.clone(),
            run_id: self.run_id,
            at: self.at,
            confirms: seen.confirms.as_ref().map(|(root, _)| root.visit_id),
            not_modified: seen
                .confirms
                .as_ref()
                .is_some_and(|(_, not_modified)| *not_modified),
            peer: seen.fetched.peer.map(|peer| peer.to_string()),
            elapsed_ms: seen.fetched.timing.elapsed_ms,
            first_byte_ms: seen.fetched.timing.first_byte_ms,
            aliases: if fine && is_new {
                capture::aliases(&self.due.address, verdict, &seen.fetched.facts)
            } else {
                vec![]
            },
            outcome: is_new.then(|| outcome(&self.due.address, seen, fine, capture.is_some())),
            features: if is_new {
                features.map(features_row)
            } else {
                None
            },
            verdict: is_new.then(|| VerdictRow {
                code: code.to_owned(),
                evidence: serde_json::to_string(&verdict.evidence).unwrap_or_default(),
                judge_version: judge::JUDGE_VERSION,
            }),
            events: self.events(code, &step),
            standing_verdict: (code.to_owned(), since),
            moved_to: verdict.moved_to.clone(),
            state,
            // A conditional request goes the plain way, so it cannot name what came by another.
            fine: fine && is_new && self.way == Way::Plain && seen.fetched.facts.body.is_some(),
            full: seen.full,
            robots: robots.map(super::robots::name),
            capture,
        }
    }

    fn events(&self, code: &str, step: &Step) -> Vec<NewEvent> {
        let event = |kind, from: &str, to: &str| NewEvent {
            at: self.at,
            run_id: Some(self.run_id),
            kind,
            source_id: Some(self.due.id),
            detail: serde_json::json!({ "from": from, "to": to }).to_string(),
            ..NewEvent::default()
        };
        let mut events = Vec::new();
        if let Some((before, _)) = &self.due.verdict
            && before != code
        {
            events.push(event("verdict-changed", before, code));
        }
        // From new to alive is what is expected, and no event.
        if let Some((from, to)) = &step.change
            && !(from.as_str() == "new" && to.as_str() == "alive")
        {
            events.push(event("standing-changed", from.as_str(), to.as_str()));
        }
        events
    }
}

/// Whether the source says something else than at the last fine visit.
fn changed(due: &DueSource, seen: &Seen, verdict: &Verdict) -> bool {
    if seen.confirms.is_some() || verdict.code.group() != Group::Fine {
        return false;
    }
    let before = due
        .fine
        .as_ref()
        .and_then(|fine| serde_json::from_str::<Facts>(&fine.facts).ok());
    let before = before.and_then(|facts| facts.body).map(|body| body.sha256);
    let now = seen
        .fetched
        .facts
        .body
        .as_ref()
        .map(|body| body.sha256.clone());
    before.is_some() && before != now
}

fn outcome(address: &str, seen: &Seen, fine: bool, captured: bool) -> OutcomeRow {
    let facts = &seen.fetched.facts;
    let last = facts.hops.last();
    let final_url = last.map(|hop| hop.url.clone()).filter(|url| url != address);
    let body = seen
        .fetched
        .body
        .as_ref()
        .filter(|body| !fine && !captured && !body.bytes.is_empty());
    OutcomeRow {
        sha256: sha256(seen.facts.as_bytes()),
        status: last.map(|hop| hop.status),
        failure: facts
            .failure
            .as_ref()
            .map(|failure| failure.family.as_str().to_owned()),
        final_url,
        media_type: seen
            .fetched
            .body
            .as_ref()
            .and_then(|body| body.media_type.clone()),
        body_sha256: facts
            .body
            .as_ref()
            .and_then(|body| capture::digest(&body.sha256)),
        body: body.map(|body| Packed::new(&body.bytes[..body.bytes.len().min(KEPT_OF_FAILURES)])),
        facts: seen.facts.clone(),
    }
}

fn features_row(features: &Features) -> FeaturesRow {
    FeaturesRow {
        version: judge::FEATURES_VERSION,
        title: features.title.clone(),
        canonical: features.canonical.clone(),
        language: features.language.clone(),
        text_chars: features.text_chars,
        detail: serde_json::to_string(features).unwrap_or_default(),
    }
}
