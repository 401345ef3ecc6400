//! One source: its visits that saw something new, each judged by today's rules with what was known when it was made.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use url::Url;

use super::history::{Root, restand};
use super::{Change, Rejudge};
use crate::fetch::Facts;
use crate::judge::drift::Drift;
use crate::judge::{self, Code, FEATURES_VERSION, Features, Group, JUDGE_VERSION, Text, Verdict};
use crate::run::baseline::{features_of_capture, features_row, is_drawn_at_once};
use crate::run::drift::{self, Compared, Noted};
use crate::run::reading::{features_of, text_of};
use crate::run::state::stored_verdict;
use crate::run::{RunError, Running, around};
use crate::store::{DriftRow, NewDrift, Rejudged, SeenCapture, SeenVisit, Store, VerdictRow};

/// Judges sources again.
pub(super) struct Judge<'a> {
    pub(super) store: &'a Store,
    pub(super) plan: &'a Rejudge<'a>,
    /// The run that goes on, if one does: what failed in it waits for its end.
    pub(super) running: Option<Running>,
    /// Of earlier visits than this one, bodies are read only where others are compared with them, or where they are the
    /// last that saw something new.
    pub(super) drawn_from: i64,
}

/// What came of one source.
#[derive(Default)]
pub(super) struct One {
    pub(super) rows: Rejudged,
    pub(super) change: Option<Change>,
    pub(super) visits: u64,
    pub(super) bodies: u64,
    pub(super) verdicts_changed: u64,
    pub(super) unjudged: u64,
}

/// The capture that some visit is compared with.
struct Baseline {
    capture: i64,
    features: Features,
    at: i64,
    /// Its text, once it was read.
    text: OnceCell<Option<Text>>,
}

/// What is known while the visits of a source are gone through, oldest first.
struct Going<'a> {
    id: i64,
    url: Url,
    one: One,
    roots: HashMap<i64, Root>,
    /// The captures, the one that is the baseline first.
    captures: &'a [SeenCapture],
    /// The last visit that saw something new.
    last: i64,
    /// Whether one that was made later may take the place of an earlier one.
    may_change: bool,
    /// Features of visits that left a copy, as long as one of these may become the baseline.
    copied: HashMap<i64, Features>,
    baseline: Option<Baseline>,
    /// What was noted of how far the source has drifted, oldest first.
    drifts: Vec<DriftRow>,
    /// The same as it will be.
    last_drift: Option<DriftRow>,
}

impl Judge<'_> {
    /// Judges some sources again, in their order.
    pub(super) fn sources(&self, ids: &[i64]) -> Result<Vec<One>, RunError> {
        let mut done = Vec::with_capacity(ids.len());
        for id in ids {
            done.push(self.source(*id)?);
        }
        Ok(done)
    }

    fn source(&self, id: i64) -> Result<One, RunError> {
        let found = self.store.read("read what was seen", |r| {
            let Some(address) = r.address_of(id)? else {
                return Ok(None);
            };
            let visits = r.seen_visits(id, FEATURES_VERSION)?;
            Ok(Some((
                address,
                visits,
                r.compared_captures(id)?,
                r.drifts(id)?,
            )))
        })?;
        let Some((address, visits, captures, drifts)) = found else {
            return Ok(One::default());
        };
        // Only a damaged file has an address that cannot be read.
        let Ok(url) = Url::parse(&address) else {
            return Ok(One::default());
        };
        let of_copies: HashSet<i64> = captures
            .iter()
            .filter_map(|capture| capture.visits.map(|(_, root)| root))
            .collect();
        let mut going = Going {
            id,
            url,
            one: One::default(),
            roots: HashMap::with_capacity(visits.len()),
            captures: &captures,
            last: visits.last().map_or(0, |visit| visit.id),
            may_change: !captures.is_sorted_by_key(|capture| capture.id),
            copied: HashMap::new(),
            baseline: None,
            drifts,
            last_drift: None,
        };
        for visit in &visits {
            self.choose_baseline(&mut going, visit)?;
            self.visit(&mut going, visit, of_copies.contains(&visit.id))?;
        }
        let Going { mut one, roots, .. } = going;
        one.rows.source_id = id;
        if one.verdicts_changed > 0 {
            self.stand(id, &roots, &mut one)?;
        }
        Ok(one)
    }

    /// Which copy a visit is compared with: of those that were there, the one that stands nearest to what was cited, or
    /// the first (`store::BaselineRow`), if it was left by a visit that is fine still.
    fn choose_baseline(&self, going: &mut Going<'_>, visit: &SeenVisit) -> Result<(), RunError> {
        if going.baseline.is_some() && !going.may_change {
            return Ok(());
        }
        for capture in going.captures {
            let was_there = match (capture.visits, capture.after_visit) {
                (Some((left_by, _)), _) => left_by < visit.id,
                (None, Some(after)) => after < visit.id,
                (None, None) => capture.at <= visit.at,
            };
            if !was_there {
                continue;
            }
            if let Some(baseline) = &going.baseline
                && baseline.capture == capture.id
            {
                return Ok(());
            }
            let features = match capture.visits {
                Some((_, root)) => {
                    let root_of = going.roots.get(&root);
                    let is_fine = root_of.is_some_and(|root| root.code.group() == Group::Fine);
                    going.copied.get(&root).filter(|_| is_fine).cloned()
                }
                None => features_of_capture(self.store, capture.id, self.plan.rules)?,
            };
            if let Some(features) = features {
                going.baseline = Some(Baseline {
                    capture: capture.id,
                    features,
                    at: capture.at,
                    text: OnceCell::new(),
                });
                break;
            }
        }
        if going.baseline.is_some() && !going.may_change {
            going.copied.clear();
        }
        Ok(())
    }

    fn visit(
        &self,
        going: &mut Going<'_>,
        visit: &SeenVisit,
        left_a_copy: bool,
    ) -> Result<(), RunError> {
        let before: Option<Code> = visit.code.as_deref().and_then(|code| code.parse().ok());
        let Ok(facts) = serde_json::from_str::<Facts>(&visit.facts) else {
            going.one.unjudged += 1;
            return Ok(());
        };
        let features = self.features(going, visit, &facts)?;
        let has_body = facts.body.as_ref().is_some_and(|body| body.size > 0);
        let verdict = if features.is_none() && has_body && facts.failure.is_none() {
            // What the page says is not known any more, so what was said of it stays.
            going.one.unjudged += 1;
            None
        } else {
            let verdict = self.judge(going, visit, &facts, features.as_ref())?;
            let verdict = match verdict {
                Some(verdict) => {
                    Some(self.weigh_drift(going, visit, &facts, features.as_ref(), verdict)?)
                }
                None => None,
            };
            going.one.unjudged += u64::from(verdict.is_none());
            verdict
        };
        let stored = || stored_verdict(visit.code.as_deref(), visit.evidence.as_deref());
        let Some(now) = verdict.clone().or_else(stored) else {
            return Ok(());
        };
        if let Some(verdict) = &verdict {
            going.one.visits += 1;
            going.one.verdicts_changed += u64::from(
                before != Some(verdict.code)
                    || stored().is_some_and(|was| was.is_hard_sign() != verdict.is_hard_sign()),
            );
            let evidence = serde_json::to_string(&verdict.evidence).unwrap_or_default();
            if before != Some(verdict.code)
                || visit.evidence.as_ref() != Some(&evidence)
                || visit.judge_version != Some(JUDGE_VERSION)
            {
                let row = VerdictRow {
                    code: verdict.code.as_str().to_owned(),
                    evidence,
                    judge_version: JUDGE_VERSION,
                };
                going.one.rows.verdicts.push((visit.id, row));
            }
        }
        if left_a_copy
            && (going.may_change || going.baseline.is_none())
            && let Some(features) = features
        {
            going.copied.insert(visit.id, features);
        }
        // Where it led is kept with the source only; the facts know it.
        let moved_to = now.moved_to.clone().or_else(|| {
            let end = facts.hops.last().map(|hop| hop.url.clone());
            end.filter(|_| now.code == Code::Moved)
        });
        let root = Root {
            before,
            code: now.code,
            hard: now.is_hard_sign(),
            sign: now.evidence.first().cloned(),
            moved_to,
            way: facts.way,
            body: facts.says().map(str::to_owned),
        };
        going.roots.insert(visit.id, root);
        Ok(())
    }

    /// What was drawn from the visit's body, or is drawn now. What is drawn from a part is worth less than what was drawn
    /// from the whole.
    fn features(
        &self,
        going: &mut Going<'_>,
        visit: &SeenVisit,
        facts: &Facts,
    ) -> Result<Option<Features>, RunError> {
        let stored = visit.features.as_deref();
        let known: Option<Features> = stored.and_then(|json| serde_json::from_str(json).ok());
        if facts.body.is_none() || known.is_some() && !self.plan.from_bodies {
            return Ok(known);
        }
        // What later visits are compared with: its features are always at hand.
        let compared = going.captures.first().and_then(|capture| capture.visits);
        let is_compared = compared.is_some_and(|(_, root)| root == visit.id);
        if known.is_none() && visit.id < self.drawn_from && visit.id != going.last && !is_compared {
            return Ok(None);
        }
        let body = self
            .store
            .read("read a body", |r| r.outcome_body(visit.outcome_id))?;
        let Some(body) = body else {
            return Ok(known);
        };
        if !body.is_whole && known.is_some() {
            return Ok(known);
        }
        going.one.bodies += 1;
        let end = facts.hops.last().and_then(|hop| Url::parse(&hop.url).ok());
        let features = features_of(
            &body.bytes,
            visit.media_type.as_deref(),
            end.as_ref().unwrap_or(&going.url),
            self.plan.rules,
        );
        let row = features_row(&features);
        let is_kept =
            stored.is_some() || !body.in_a_copy || is_compared || !is_drawn_at_once(&features);
        if is_kept && stored != Some(row.detail.as_str()) {
            going.one.rows.features.push((visit.outcome_id, row));
        }
        Ok(Some(features))
    }

    /// Judges a visit with what is known beside it. None where the judge of today has judged it already and knew more:
    /// what it had asked for then was asked for again since.
    fn judge(
        &self,
        going: &Going<'_>,
        visit: &SeenVisit,
        facts: &Facts,
        features: Option<&Features>,
    ) -> Result<Option<Verdict>, RunError> {
        let mut case = judge::Case::new(&going.url, facts);
        case.features = features;
        case.rules = self.plan.rules;
        if features.is_some()
            && let Some(baseline) = &going.baseline
        {
            case.baseline = Some(&baseline.features);
            case.baseline_at = Some(baseline.at);
        }
        let at_hand = around::at_hand(self.store, &case)?;
        case.around = &at_hand;
        let verdict = judge::judge(&case);
        let asks = judge::asks(&case, &verdict);
        let end = facts.hops.last().and_then(|hop| Url::parse(&hop.url).ok());
        let Some(end) = end.filter(|_| asks != judge::Asks::default()) else {
            return Ok(Some(verdict));
        };
        let last_at = self.store.read("read when it was seen last", |r| {
            r.last_confirmed_at(going.id, visit.id)
        })?;
        let seen = (visit.at, last_at.unwrap_or(visit.at));
        let around = around::remembered(self.store, &going.url, &end, asks, &at_hand, seen)?;
        Ok(match around {
            Some(around) => Some(judge::judge(&judge::Case {
                around: &around,
                ..case
            })),
            None if visit.judge_version == Some(JUDGE_VERSION) => None,
            None => Some(verdict),
        })
    }

    /// The verdict with what is known of how far the page had drifted: as it was noted, or from the bodies where it was
    /// noted of another baseline or by an earlier version.
    fn weigh_drift(
        &self,
        going: &mut Going<'_>,
        visit: &SeenVisit,
        facts: &Facts,
        features: Option<&Features>,
        verdict: Verdict,
    ) -> Result<Verdict, RunError> {
        let noted = going.drifts.iter().find(|row| row.visit_id == visit.id);
        let is_fine = verdict.code.group() == Group::Fine;
        let (Some(baseline), Some(features), true) = (&going.baseline, features, is_fine) else {
            if noted.is_some() {
                going.one.rows.drifts.push((visit.id, None));
            }
            return Ok(verdict);
        };
        let noted = noted.map(|row| row.found.clone());
        let capture_id = baseline.capture;
        let compared = if features.has_main_text_of(&baseline.features) {
            drift::unchanged(capture_id, going.last_drift.as_ref())
        } else {
            let drift = match self.noted_drift(going, visit, capture_id) {
                Noted::Drift(drift) => Some(drift),
                Noted::NoText => None,
                Noted::Nothing => self.draw_drift(baseline, visit, facts, &going.url)?,
            };
            Compared {
                row: drift::row(capture_id, drift.as_ref(), going.last_drift.as_ref()),
                drift,
            }
        };
        let mut case = judge::Case::new(&going.url, facts);
        case.features = Some(features);
        case.baseline_at = Some(baseline.at);
        case.drift = compared.drift.as_ref();
        let verdict = judge::weigh_drift(&case, verdict);
        let is_noted = |found: &NewDrift| noted.as_ref() == Some(found);
        if let Some(found) = compared.row {
            if !is_noted(&found) {
                let row = (visit.id, Some(found.clone()));
                going.one.rows.drifts.push(row);
            }
            going.last_drift = Some(DriftRow {
                visit_id: visit.id,
                found,
            });
        } else if noted.is_some()
            && !going
                .last_drift
                .as_ref()
                .is_some_and(|last| is_noted(&last.found))
        {
            // What is noted once more is no harm; what is not so is.
            going.one.rows.drifts.push((visit.id, None));
        }
        Ok(verdict)
    }

    /// What was noted of a visit. Of one that was no fine one then, nothing was.
    fn noted_drift(&self, going: &Going<'_>, visit: &SeenVisit, capture_id: i64) -> Noted {
        let code = visit
            .code
            .as_deref()
            .and_then(|code| code.parse::<Code>().ok());
        let was_fine = code.is_some_and(|code| code.group() == Group::Fine);
        if self.plan.from_bodies || !was_fine {
            return Noted::Nothing;
        }
        let row = going.drifts.iter().rfind(|row| row.visit_id <= visit.id);
        row.map_or(Noted::Nothing, |row| drift::noted(row, capture_id))
    }

    /// How far the page had drifted, from its body and the baseline's.
    fn draw_drift(
        &self,
        baseline: &Baseline,
        visit: &SeenVisit,
        facts: &Facts,
        url: &Url,
    ) -> Result<Option<Drift>, RunError> {
        let body = self
            .store
            .read("read a body", |r| r.outcome_body(visit.outcome_id))?;
        let Some(body) = body.filter(|body| body.is_whole) else {
            return Ok(None);
        };
        let before = if let Some(text) = baseline.text.get() {
            text
        } else {
            let text = drift::text_of_capture(self.store, baseline.capture)?;
            baseline.text.get_or_init(|| text)
        };
        let Some(before) = before else {
            return Ok(None);
        };
        let end = facts.hops.last().and_then(|hop| Url::parse(&hop.url).ok());
        let now = text_of(
            &body.bytes,
            visit.media_type.as_deref(),
            end.as_ref().unwrap_or(url),
        );
        Ok(now.map(|now| judge::drift::drift(before, &now)))
    }

    /// Takes the history through the machine again.
    fn stand(&self, id: i64, roots: &HashMap<i64, Root>, one: &mut One) -> Result<(), RunError> {
        let now = self.plan.now;
        let (source, history, waiting) = self.store.read("read a history", |r| {
            Ok((r.seen_source(id, now)?, r.history(id)?, r.untold(id)?))
        })?;
        let Some(source) = source else {
            return Ok(());
        };
        let standing = restand(self, &source, &history, roots, &waiting);
        let sign = standing
            .verdict_visit_id
            .and_then(|id| history.iter().find(|visit| visit.id == id))
            .and_then(|visit| roots.get(&visit.root_id))
            .and_then(|root| root.sign.as_ref());
        let verdict_before = source.verdict.map(|(code, _)| code);
        let verdict = standing.verdict.as_ref().map(|(code, _)| code.clone());
        let is_same = verdict == verdict_before
            && standing.state.standing == source.state.standing
            && standing.state.second_look_due == source.state.second_look_due;
        one.change = (!is_same).then(|| Change {
            address: source.address,
            verdict_before,
            verdict,
            standing_before: source.state.standing,
            standing: standing.state.standing.clone(),
            second_look_due: standing.state.second_look_due,
            moved_to: standing.moved_to.clone(),
            rule: sign.map(|sign| sign.rule.clone().into_owned()),
            says: sign.map(|sign| sign.says.clone()),
        });
        one.rows.standing = Some(standing);
        Ok(())
    }
}
