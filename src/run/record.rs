//! The keeping half of a visit: the verdict, the copy, the next visit, and the row that holds it all.

use std::sync::Arc;

use url::Url;

use super::index::{self, Drawn};
use super::look::Seen;
use super::quotes::{self, Page};
use super::reading::Read;
use super::room::Reserved;
use super::visit::{Copied, Keep, Leave, Once, Visited};
use super::{Context, RunError, Running, around, baseline, drift, rendering, requisites};
use crate::capture::{self, Keeping};
use crate::config::{Rendering, Robots};
use crate::fetch::{Facts, Fetched, RobotsFact, Way};
use crate::judge::drift::Level;
use crate::judge::{self, Code, Features, Group, Rule, Verdict};
use crate::schedule::{self, Observation, Own, State, Step};
use crate::store::{
    DueSource, FineRoot, HeldCapture, NewCapture, NewEvent, NewRendering, NewSaid, NewUnsettled,
    NewVisit, OutcomeRow, Packed, Untold, UntoldStep, VerdictRow, sha256,
};

/// So much of the body of a visit that was not fine is kept, in bytes, or there would be nothing to judge again.
const KEPT_OF_FAILURES: usize = 64 * 1024;

/// So long, in milliseconds, what is missing in a copy is asked for again.
const COMPLETED_WITHIN: i64 = 30 * 24 * 3_600_000;

/// What a copy takes beside its body, in bytes: its rows, and the headers of its exchanges.
const AROUND_A_CAPTURE: u64 = 2048;
/// What the index takes for each word of a copy, in bytes, if no other copy has any of them. Others take a few bytes a word; what is
/// reckoned too much is measured again before copies stop, but for those on their way to the archive.
const INDEX_OF_A_WORD: u64 = 20;

/// The verdict of what was seen, with the features it rests on where they are new.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) features: Option<Features>,
    /// What was found in what the page says, and what waits to be told of it.
    said: NewSaid,
    /// The verdict that was told last, where that is not the one that stands.
    told: Option<(String, i64)>,
    /// The text of the page.
    drawn: Drawn,
}

pub(super) async fn judge_seen(
    context: &Context,
    due: &DueSource,
    url: &Url,
    seen: &Seen,
) -> Result<Judged, RunError> {
    let waiting = if due.has_untold {
        context
            .store
            .read("read what is not told", |r| r.untold(due.id))?
    } else {
        Vec::new()
    };
    // A fine page that is the same as before need not be read again. What failed is judged afresh from the same
    // facts, for whether it is a hard sign depends on more than the code.
    if let Some((root, not_modified)) = &seen.confirms
        && let Ok(code) = root.verdict.parse::<Code>()
        && (*not_modified || code.group() == Group::Fine)
    {
        return confirmed(context, due, url, seen, code, &waiting).await;
    }
    let told = told_verdict(due, &waiting);
    let (features, page) = match draw(context, seen, url).await {
        Some(read) => {
            let features = read.features.clone();
            (Some(features), Page::new(read, seen.page()))
        }
        None => (None, None),
    };
    let drawn = match &features {
        Some(_) => Drawn::Text(page.as_ref().map(|page| Arc::clone(&page.text))),
        None => Drawn::Nothing,
    };
    // Where there is no page, there is nothing to compare.
    let baseline = match &features {
        Some(_) => baseline::read(context, due).await?,
        None => None,
    };
    let mut case = judge::Case::new(url, &seen.fetched.facts);
    case.features = features.as_ref();
    case.rules = context.rules();
    case.baseline = baseline.as_ref().map(|baseline| &baseline.features);
    case.baseline_at = baseline.as_ref().map(|baseline| baseline.at);
    let at_hand = around::at_hand(&context.store, &case)?;
    case.around = &at_hand;
    let mut verdict = judge::judge(&case);
    let asks = judge::asks(&case, &verdict);
    let end = seen
        .fetched
        .final_url()
        .and_then(|end| Url::parse(end).ok());
    if asks != judge::Asks::default()
        && let Some(end) = end
        && let Some(gathered) = around::gather(context, url, &end, asks, &at_hand).await?
    {
        verdict = judge::judge(&judge::Case {
            around: &gathered,
            ..case
        });
    }
    let mut said = NewSaid::default();
    if verdict.code.group() == Group::Fine
        && let Some(features) = &features
    {
        let mut level = Level::Same;
        if let Some(baseline) = &baseline {
            let text = page.as_ref().map(|page| &page.text);
            let compared = drift::compare(context, due.id, baseline, features, text).await?;
            level = compared.drift.as_ref().map_or(level, |drift| drift.level);
            said.drift = compared.row;
            case.drift = compared.drift.as_ref();
            verdict = judge::weigh_drift(&case, verdict);
        }
        look_for_quotes(context, due, page.as_ref(), &waiting, &mut said).await?;
        let before = told.as_ref().or(due.verdict.as_ref());
        let before = before.map(|(code, _)| code.as_str());
        let step = drift::untold(verdict.code, level, before, &waiting);
        said.untold.extend(step);
    }
    said.capture_id = held(due, &seen.fetched);
    Ok(Judged {
        verdict,
        features,
        said,
        told,
        drawn,
    })
}

/// What is to be said of a visit that found what an earlier one found, whose verdict is this code.
async fn confirmed(
    context: &Context,
    due: &DueSource,
    url: &Url,
    seen: &Seen,
    code: Code,
    waiting: &[Untold],
) -> Result<Judged, RunError> {
    let (rule, says) = if seen.full {
        (Rule::SameAsBefore, "the same answer as before")
    } else {
        (
            Rule::NotModified,
            "not modified since the visit it confirms",
        )
    };
    let mut verdict = Verdict::new(code, rule, says);
    verdict.moved_to = due_moved_to(due, code);
    let told = told_verdict(due, waiting);
    let is_fine = code.group() == Group::Fine;
    // A copy that is kept only now wants its title all the same, and passages are looked for in any case.
    let read = if is_new_body(due, &seen.fetched) || is_fine && due.has_new_quotes {
        draw(context, seen, url).await
    } else {
        None
    };
    let mut said = NewSaid::default();
    if is_fine {
        let before = told.as_ref().or(due.verdict.as_ref());
        let before = before.map(|(code, _)| code.as_str());
        said.untold
            .extend(drift::untold_again(code, before, waiting));
        said.untold.extend(quotes::untold_again(waiting));
        // What was not sent again was not seen again.
        said.untold
            .retain(|step| seen.full || !matches!(step, UntoldStep::Second { .. }));
    }
    let mut drawn = Drawn::Nothing;
    let features = match read {
        Some(read) if is_fine && due.has_new_quotes => {
            let features = read.features.clone();
            let page = Page::new(read, seen.page());
            look_for_quotes(context, due, page.as_ref(), waiting, &mut said).await?;
            drawn = Drawn::Text(page.map(|page| page.text));
            Some(features)
        }
        Some(read) => {
            drawn = Drawn::Text(read.text.map(Arc::new));
            Some(read.features)
        }
        None => None,
    };
    said.capture_id = held(due, &seen.fetched);
    Ok(Judged {
        verdict,
        features,
        said,
        told,
        drawn,
    })
}

/// Looks for what is quoted from a source; where there is no text, nothing is found out.
async fn look_for_quotes(
    context: &Context,
    due: &DueSource,
    page: Option<&Page>,
    waiting: &[Untold],
    said: &mut NewSaid,
) -> Result<(), RunError> {
    said.looked_for_quotes = due.has_new_quotes;
    let Some(page) = page else {
        return Ok(());
    };
    let looked = quotes::look(context, due.id, page).await?;
    said.quotes = looked.results;
    said.fragments = looked.fragments;
    said.untold.retain(|step| step.quote_id() == 0);
    said.untold.extend(quotes::untold(&looked.stand, waiting));
    Ok(())
}

/// The capture that holds the body that a visit brought.
fn held(due: &DueSource, fetched: &Fetched) -> Option<i64> {
    let held = due.capture.as_ref().map(|capture| capture.id);
    held.filter(|_| fetched.body.is_some() && !is_new_body(due, fetched))
}

/// The verdict that was told last, where one that stands waits to be told.
fn told_verdict(due: &DueSource, waiting: &[Untold]) -> Option<(String, i64)> {
    let untold = waiting.iter().find(|untold| untold.quote_id == 0)?;
    let since = due.verdict.as_ref().map_or(0, |(_, since)| *since);
    untold.verdict.clone().map(|code| (code, since))
}

/// Whether a visit brought a body that our newest copy does not have.
pub(super) fn is_new_body(due: &DueSource, fetched: &Fetched) -> bool {
    let sha256 = fetched.facts.body.as_ref();
    let sha256 = sha256.and_then(|body| capture::digest(&body.sha256));
    let newest = due.capture.as_ref().map(|capture| capture.body_sha256);
    fetched.body.is_some() && newest != sha256
}

fn due_moved_to(due: &DueSource, code: Code) -> Option<String> {
    let fine: &FineRoot = due.fine.as_ref()?;
    let facts: Facts = serde_json::from_str(&fine.facts).ok()?;
    (code == Code::Moved).then(|| facts.hops.last().map(|hop| hop.url.clone()))?
}

async fn draw(context: &Context, seen: &Seen, url: &Url) -> Option<Read> {
    // Of what broke off, or came with a failure, the body says nothing that counts.
    let facts = &seen.fetched.facts;
    let is_whole = facts
        .body
        .as_ref()
        .is_none_or(|body| body.truncated.is_none());
    let body = seen
        .page()
        .filter(|_| is_whole && facts.failure.is_none())?;
    let final_url = facts.hops.last().and_then(|hop| Url::parse(&hop.url).ok());
    let (bytes, media_type) = (body.bytes, body.media_type);
    let (url, rules) = (
        final_url.unwrap_or_else(|| url.clone()),
        context.rules.clone(),
    );
    Some(baseline::draw_beside(bytes, media_type, url, rules).await)
}

pub(super) struct Record<'a> {
    pub(super) context: &'a Context,
    pub(super) run: Running,
    pub(super) due: &'a DueSource,
    pub(super) at: i64,
    pub(super) keep: Keep,
    pub(super) way: Way,
    /// The host asked not to be visited before.
    pub(super) not_before: i64,
    /// The state as it will be if the run can be trusted, after the visit before this one.
    pub(super) would_be: Option<State>,
}

impl Record<'_> {
    /// `rendering` is what a browser made of the page, where that had to be known to judge it.
    pub(super) async fn keep(
        &self,
        seen: Seen,
        judged: Judged,
        leave: Leave,
        rendering: Option<NewRendering>,
    ) -> Result<Once, RunError> {
        let Judged {
            verdict,
            features,
            said,
            told,
            mut drawn,
        } = judged;
        let robots = match leave {
            Leave::Said(fact) => Some(fact),
            Leave::NotAsked | Leave::Unknown => None,
        };
        let is_later = leave == Leave::Unknown && self.keep != Keep::Named;
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
        let capture = if kept_by_robots || is_later {
            None
        } else {
            capture::keep(&keeping, &verdict, &seen.fetched)
        };
        let wanted = capture.as_ref().map_or(0, |capture| {
            let rendering = rendering.as_ref().map_or(0, NewRendering::stored_size);
            let words = features.as_ref().map_or(0, |features| features.words);
            capture.body.stored_size() as u64
                + rendering
                + AROUND_A_CAPTURE
                + words * INDEX_OF_A_WORD
        });
        let mut room = self.context.room.reserve();
        let has_room = wanted == 0 || room.takes(wanted).await;
        let mut capture = capture.filter(|_| has_room);
        let may_keep = !kept_by_robots && !is_later && has_room;
        if may_keep && capture::is_worth_keeping(&verdict) {
            if let Some(capture) = &mut capture {
                self.fill(capture, &seen.fetched, rendering, &mut room)
                    .await?;
            } else {
                capture = self.complete(&keeping, &seen, rendering, &mut room).await?;
                // It holds what the newest copy holds, whatever was sent now.
                drawn = Drawn::Nothing;
            }
            if let Some(capture) = &mut capture {
                capture.sealed_at = self.context.clock.now();
            }
        }
        let words = match &capture {
            Some(capture) => index::of_sealed(self.context, capture, drawn).await?,
            None => None,
        };
        let body_changed = changed(self.due, &seen, &verdict);
        let (step, would_be) = self.advance(&verdict, body_changed);
        let copy = match &capture {
            Some(_) => Copied::Sealed,
            None if kept_by_robots => Copied::NotByRobots,
            None if is_later => Copied::Later,
            None if !has_room => Copied::NoRoom,
            None => Copied::Nothing,
        };
        let visited = self.visited(&seen, &verdict, &would_be.state, copy);
        let second_look = (would_be.second_look_due && self.way == Way::Plain)
            .then(|| seen.fetched.facts.second_look());
        let before = told.as_ref().or(self.due.verdict.as_ref());
        let kept = features.as_ref().filter(|features| {
            // A copy that has the same shell need not have what filled it.
            let is_held = said.capture_id.is_some() && seen.rendered.is_none();
            let has_copy = capture.is_some() || is_held;
            !has_copy || self.due.capture.is_none() || !baseline::is_drawn_at_once(features)
        });
        let mut visit = self.row(&seen, &verdict, kept, robots, capture, (step, before));
        visit.said = said;
        self.context
            .store
            .submit("record a visit", move |w| {
                let (_, capture) = w.record_visit(&visit)?;
                match capture.zip(words) {
                    Some((capture, words)) => w.index_sealed(capture, words),
                    None => Ok(()),
                }
            })
            .await?;
        Ok(Once {
            visited,
            second_look,
            would_be: Some(would_be.state),
        })
    }

    /// Adds to the copy of a page that a visit brought what the page needs to be shown, and what a browser makes of it.
    async fn fill(
        &self,
        capture: &mut NewCapture,
        fetched: &Fetched,
        rendering: Option<NewRendering>,
        room: &mut Reserved<'_>,
    ) -> Result<(), RunError> {
        let (Some(body), Some(last)) = (&fetched.body, fetched.exchanges.last()) else {
            return Ok(());
        };
        let page = requisites::Page {
            body: &body.bytes,
            content_type: last.response_header("content-type"),
            url: last.url.clone(),
            obeys_robots: self.keep != Keep::Named,
        };
        if self.context.manner.requisites {
            capture.manifest = requisites::gather(self.context, &page).await?;
        }
        let is_wanted = self.is_to_be_rendered();
        capture.rendering = match rendering {
            None if is_wanted && self.way == Way::Plain => {
                let rendered = self.render(&page, &last.response_headers).await?;
                // Where there is no room for it, the copy stands without.
                let size = rendered.as_ref().map_or(0, NewRendering::stored_size);
                let has_room = size == 0 || room.takes(size).await;
                rendered.filter(|_| has_room)
            }
            known => known,
        };
        Ok(())
    }

    /// Whether the page is rendered though it needs no browser to be judged.
    fn is_to_be_rendered(&self) -> bool {
        match self.context.manner.rendering {
            Rendering::Never => false,
            Rendering::Shells => self.due.is_to_be_rendered,
            Rendering::Always => true,
        }
    }

    /// What a browser makes of a page.
    async fn render(
        &self,
        page: &requisites::Page<'_>,
        headers: &[(String, String)],
    ) -> Result<Option<NewRendering>, RunError> {
        let address = &self.due.address;
        let rendered = rendering::render(self.context, page, headers, address).await?;
        Ok(rendered.map(|rendered| rendered.row(false)))
    }

    /// A new copy of a page that is still the one that the newest copy has: where something was missing there that is there
    /// now, where the user named the page and what it needs has changed, or where a browser makes something else of it.
    async fn complete(
        &self,
        keeping: &Keeping<'_>,
        seen: &Seen,
        rendering: Option<NewRendering>,
        room: &mut Reserved<'_>,
    ) -> Result<Option<NewCapture>, RunError> {
        let manner = &self.context.manner;
        let Some(newest) = self.due.capture.as_ref() else {
            return Ok(None);
        };
        let completes = manner.requisites
            && match self.keep {
                Keep::Named => true,
                Keep::Automatic => newest.is_incomplete && self.at - newest.at < COMPLETED_WITHIN,
            };
        let is_asked_for = self.is_to_be_rendered();
        let renders = match (self.keep, &rendering) {
            (Keep::Named, None) => is_asked_for,
            (Keep::Named, Some(_)) => true,
            (Keep::Automatic, None) => is_asked_for && newest.is_rendered.is_none(),
            (Keep::Automatic, Some(_)) => {
                seen.confirms.is_none() || newest.is_rendered != Some(true)
            }
        };
        // What a second look sees may be made for others.
        if !(completes || renders) || self.way != Way::Plain {
            return Ok(None);
        }
        let id = newest.id;
        let held = self
            .context
            .store
            .read("read a copy", |r| r.held_capture(id))?;
        let Some(held) = held else { return Ok(None) };
        let Ok(url) = Url::parse(&held.url) else {
            return Ok(None);
        };
        let page = requisites::Page {
            body: &held.body,
            content_type: held.content_type.as_deref(),
            url,
            obeys_robots: self.keep != Keep::Named,
        };
        let manifest = if manner.requisites {
            requisites::gather(self.context, &page).await?
        } else {
            None
        };
        let rendering = match rendering {
            _ if !renders => None,
            None => self.render(&page, &headers(seen, &held)).await?,
            known => known,
        };
        self.context.store.flush().await?;
        let mut is_news = false;
        if let (Some(manifest), true) = (&manifest, completes) {
            let compared = requisites::compare(self.context, manifest, id)?;
            is_news = match self.keep {
                Keep::Named => !compared.is_same,
                Keep::Automatic => compared.has_more,
            };
        }
        let mut size = AROUND_A_CAPTURE;
        if let Some(rendering) = &rendering {
            is_news |= rendering::is_news(self.context, rendering, id)?;
            size += rendering.stored_size();
        }
        let has_room = is_news && room.takes(size).await;
        if !has_room {
            return Ok(None);
        }
        let title = held.title.clone();
        let keeping = Keeping {
            title: keeping.title.clone().or(title),
            ..*keeping
        };
        let copy = (newest.body_sha256, &held.body[..], held.media_type);
        let again = capture::keep_again(&keeping, &seen.fetched, copy, manifest);
        Ok(again.map(|capture| NewCapture {
            rendering,
            ..capture
        }))
    }

    fn visited(&self, seen: &Seen, verdict: &Verdict, state: &State, copy: Copied) -> Visited {
        let facts = &seen.fetched.facts;
        Visited {
            source_id: self.due.id,
            address: self.due.address.clone(),
            standing: state.standing,
            status: facts.hops.last().map(|hop| hop.status),
            final_url: facts.hops.last().map(|hop| hop.url.clone()),
            copy,
            confirmed: seen.confirms.is_some(),
            bytes: facts.body.as_ref().map_or(0, |body| body.served_size),
            put_off: None,
            verdict: Some(verdict.clone()),
        }
    }

    /// What can be said now, and what will be if the run can be trusted.
    fn advance(&self, verdict: &Verdict, changed: bool) -> (Step, Step) {
        let observation = Observation {
            at_ms: self.at,
            code: verdict.code,
            hard: verdict.is_hard_sign(),
            changed,
            counts: self.run.counts,
            decides: self.run.decides,
            second_look: self.way == Way::Browser,
        };
        let (own, policy) = (self.own(), &self.context.manner.schedule);
        let salt = self.due.id.unsigned_abs();
        let state = super::state::to_schedule(&self.due.state);
        let noted = schedule::note(&state, &observation, policy, own, salt);
        let before = self.would_be.as_ref().unwrap_or(&state);
        let would_be = schedule::advance(before, &observation, policy, own, salt);
        (noted, would_be)
    }

    fn own(&self) -> Own {
        let url = Url::parse(&self.due.address).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let (of_input, published_at) = (self.due.interval_days, self.due.newest_post_at);
        let intervals = &self.context.manner.intervals;
        intervals.own(&self.due.address, host, of_input, published_at)
    }

    /// Whether the source, or a wall before it, had answered when it was last visited in a run that counted.
    fn had_answered(&self) -> bool {
        let verdict = self.due.verdict.as_ref().map(|(code, _)| code.as_str());
        let was_asked = verdict != Some(Code::Unsupported.as_str());
        matches!(
            self.due.state.standing.as_str(),
            "alive" | "revived" | "uncertain"
        ) && was_asked
    }

    /// What has to wait for the end of the run: whatever is not fine, unless it cannot strike anyway.
    fn unsettled(&self, verdict: &Verdict) -> Option<NewUnsettled> {
        let is_late = self
            .due
            .state
            .last_visit_at
            .is_some_and(|last| self.at < last);
        if verdict.code.group() == Group::Fine || is_late {
            return None;
        }
        Some(NewUnsettled {
            code: verdict.code.as_str().to_owned(),
            hard: verdict.is_hard_sign(),
            second_look: self.way == Way::Browser,
            had_answered: self.had_answered(),
            not_before: self.not_before,
        })
    }

    fn row(
        &self,
        seen: &Seen,
        verdict: &Verdict,
        features: Option<&Features>,
        robots: Option<RobotsFact>,
        capture: Option<NewCapture>,
        (step, before): (Step, Option<&(String, i64)>),
    ) -> NewVisit {
        let is_new = seen.confirms.is_none();
        let fine = verdict.code.group() == Group::Fine;
        let code = verdict.code.as_str();
        let since = match &self.due.verdict {
            Some((before, since)) if before == code => *since,
            _ => self.at,
        };
        let unsettled = self.unsettled(verdict);
        let is_settled = unsettled.is_none();
        let mut state = super::state::to_row(&step, &self.due.state);
        state.next_visit_at = state.next_visit_at.max(Some(self.not_before));
        NewVisit {
            source_id: self.due.id,
            address: self.due.address.clone(),
            run_id: self.run.id,
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
                features.map(baseline::features_row)
            } else {
                None
            },
            verdict: is_new.then(|| VerdictRow {
                code: code.to_owned(),
                evidence: serde_json::to_string(&verdict.evidence).unwrap_or_default(),
                judge_version: judge::JUDGE_VERSION,
            }),
            events: if is_settled {
                events(before, code, &step, self.at, self.run.id, self.due.id)
            } else {
                vec![]
            },
            standing_verdict: is_settled.then(|| (code.to_owned(), since)),
            unsettled,
            moved_to: verdict.moved_to.clone(),
            state,
            // A conditional request goes the plain way, so it cannot name what came by another.
            fine: fine && is_new && self.way == Way::Plain && seen.fetched.facts.body.is_some(),
            full: seen.full,
            robots: robots.map(super::robots::name),
            capture,
            said: NewSaid::default(),
        }
    }
}

/// What happened to a source whose verdict was this one and is that one now.
pub(super) fn events(
    before: Option<&(String, i64)>,
    code: &str,
    step: &Step,
    at: i64,
    run_id: i64,
    source_id: i64,
) -> Vec<NewEvent> {
    let event = |kind, from: &str, to: &str| NewEvent {
        at,
        run_id: Some(run_id),
        kind,
        source_id: Some(source_id),
        detail: serde_json::json!({ "from": from, "to": to }).to_string(),
        ..NewEvent::default()
    };
    let mut events = Vec::new();
    // That a page has drifted is told once it was seen twice.
    if let Some((before, _)) = before
        && before != code
        && code != Code::Drifted.as_str()
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

/// Whether the source says something else than at the last fine visit.
fn changed(due: &DueSource, seen: &Seen, verdict: &Verdict) -> bool {
    if seen.confirms.is_some() || verdict.code.group() != Group::Fine {
        return false;
    }
    let before = due
        .fine
        .as_ref()
        .and_then(|fine| serde_json::from_str::<Facts>(&fine.facts).ok());
    let before = before.as_ref().and_then(Facts::says);
    before.is_some() && before != seen.fetched.facts.says()
}

/// The headers that a page came with: those of this visit, or where it only said that nothing changed, what the copy knows.
fn headers(seen: &Seen, held: &HeldCapture) -> Vec<(String, String)> {
    let last = seen.fetched.exchanges.last();
    match last.filter(|_| seen.fetched.body.is_some()) {
        Some(last) => last.response_headers.clone(),
        None => held
            .content_type
            .iter()
            .map(|value| ("content-type".to_owned(), value.clone()))
            .collect(),
    }
}

fn outcome(address: &str, seen: &Seen, fine: bool, captured: bool) -> OutcomeRow {
    let facts = &seen.fetched.facts;
    let last = facts.hops.last();
    let final_url = last.map(|hop| hop.url.clone()).filter(|url| url != address);
    let body = seen
        .page()
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
        rendered_sha256: seen.rendered.as_ref().map(|document| sha256(document)),
        body: body.map(|body| Packed::new(&body.bytes[..body.bytes.len().min(KEPT_OF_FAILURES)])),
        facts: seen.facts.clone(),
    }
}
