//! From the archive's rows to the explanation.

use std::collections::HashMap;

use url::Url;

use super::{
    Alias, Answer, Around, Baseline, Confirms, Explained, Mark, Missing, NextVisit, Question,
    Sibling, Visit, Which,
};
use super::{evidence, history};
use crate::fetch::{Facts, Way};
use crate::judge::{self, Code, Group, Rules};
use crate::report::rfc3339;
use crate::run::baseline::features_of_capture;
use crate::run::state::to_schedule;
use crate::run::{Intervals, known_beside};
use crate::schedule::why::{self, Bound};
use crate::schedule::{Own, State};
use crate::store::{Drawn, MarkRow, PastVisit, SourceFacts, Store, StoreError};

/// Visits that are looked back at: a dead source is visited every 90 days, a failing one daily.
const LOOKED_BACK: usize = 1000;
/// Visits that are offered where the one that was asked for is not there.
const OFFERED: usize = 5;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What was read, from one state of the file.
struct Found {
    source: SourceFacts,
    aliases: Vec<(String, String)>,
    mark: Option<MarkRow>,
    /// Newest first, up to the visit that was asked for.
    visits: Vec<PastVisit>,
    /// The visit whose verdict stands.
    standing: Option<PastVisit>,
    /// What was drawn from the bodies of the visits that are explained, by visit.
    drawn: HashMap<i64, Drawn>,
    /// When what these saw was seen first and last, by visit.
    seen: HashMap<i64, (i64, i64)>,
}

/// Why a source stands as it does, or what an earlier visit of it saw.
pub fn explain(store: &Store, question: &Question<'_>) -> Result<Answer, StoreError> {
    let found = store.read("read the evidence", |r| {
        let Some(source) = r.source_facts(question.address)? else {
            return Ok(None);
        };
        let up_to = match question.visit {
            None => i64::MAX,
            Some(Which::Id(id)) => id,
            Some(Which::At(at)) => r.visit_at(source.id, at)?.unwrap_or_default(),
        };
        let visits = r.past_visits(source.id, up_to, LOOKED_BACK)?;
        let is_there = match question.visit {
            Some(Which::Id(id)) => visits.first().is_some_and(|visit| visit.id == id),
            Some(Which::At(_)) => !visits.is_empty(),
            None => true,
        };
        if !is_there {
            let newest = r.past_visits(source.id, i64::MAX, OFFERED)?;
            return Ok(Some(Err(newest.iter().map(|v| (v.id, v.at)).collect())));
        }
        let standing = match source.verdict_visit_id {
            Some(id) => r.past_visits(source.id, id, 1)?.into_iter().next(),
            None => None,
        };
        let (mut drawn, mut seen) = (HashMap::new(), HashMap::new());
        for visit in explained_of(&visits, standing.as_ref(), question.visit.is_some()) {
            let (root, first_at) = visit.confirms.unwrap_or((visit.id, visit.at));
            drawn.insert(visit.id, r.drawn(source.id, root)?);
            let last_at = r.last_confirmed_at(source.id, root)?;
            seen.insert(visit.id, (first_at, last_at.unwrap_or(first_at)));
        }
        Ok(Some(Ok(Found {
            drawn,
            seen,
            aliases: r.aliases(source.id)?,
            mark: r.mark_of(source.id)?,
            source,
            visits,
            standing,
        })))
    })?;
    Ok(match found {
        None => Answer::NoSource,
        Some(Err(newest)) => Answer::NoVisit(newest),
        Some(Ok(found)) => Answer::Explained(Box::new(explained(store, found, question)?)),
    })
}

fn explained(
    store: &Store,
    found: Found,
    question: &Question<'_>,
) -> Result<Explained, StoreError> {
    let Found {
        source,
        aliases,
        mark,
        visits,
        standing,
        mut drawn,
        seen,
    } = found;
    for drawn in drawn.values_mut() {
        draw_again(store, drawn, question.rules)?;
    }
    let is_earlier = question.visit.is_some();
    let policy = question.policy;
    let now_state = to_schedule(&source.state);
    let history = history::history(&visits, policy);
    // How an earlier visit found the source is what the visits until then come to.
    let state = if is_earlier { history.state } else { now_state };
    let missing = why::missing(&state, policy).map(|missing| Missing {
        strikes: missing.strikes,
        strike_from: rfc3339(missing.strike_from),
        struck_out_from: rfc3339(missing.struck_out_from),
        hard: missing.hard,
        hard_from: missing.hard_from.map(rfc3339),
        second_look_only: missing.second_look_only,
    });
    let (strikes, not_counted) = history.strikes(&state, policy);
    let next_visit = if is_earlier {
        None
    } else {
        next_visit(&source, &now_state, visits.first(), question)
    };
    let (code, since) = match &source.verdict {
        Some((code, since)) => (Some(code.clone()), Some(*since)),
        None => (None, None),
    };
    let mut told = Vec::new();
    for visit in explained_of(&visits, standing.as_ref(), is_earlier) {
        let stands = Some(visit.id) == source.verdict_visit_id;
        let seen = seen.get(&visit.id).copied().unwrap_or((visit.at, visit.at));
        let around = beside(store, &source.address, visit, seen)?;
        told.push(explained_visit(visit, stands, drawn.get(&visit.id), around));
    }
    Ok(Explained {
        asked: question.address.to_owned(),
        aliases: aliases
            .into_iter()
            .map(|(address, reason)| Alias { address, reason })
            .collect(),
        standing: source.state.standing.clone(),
        standing_since: rfc3339(source.state.standing_since),
        group: code.as_deref().and_then(group_name),
        verdict: code,
        verdict_since: since.map(rfc3339),
        is_earlier,
        visits: told,
        strikes,
        missing: if is_earlier { None } else { missing },
        not_counted,
        unclear_in_row: state.unclear_in_row,
        last_fine_at: state.last_fine_at.map(rfc3339),
        dead_since: state.dead_since_ms.map(rfc3339),
        mark: mark.map(|mark| explained_mark(mark, &source, question.now)),
        next_visit,
        baseline: baseline(&source),
        robots: source.robots,
        url: source.address,
    })
}

/// Draws what is not kept, for the body is.
fn draw_again(store: &Store, drawn: &mut Drawn, rules: &Rules) -> Result<(), StoreError> {
    let draw = |capture| -> Result<Option<String>, StoreError> {
        match features_of_capture(store, capture, rules) {
            // What cannot be read tells nothing; `verify` says so.
            Err(StoreError::Damaged { .. }) => Ok(None),
            features => Ok(features?.and_then(|features| serde_json::to_string(&features).ok())),
        }
    };
    if drawn.features.is_none()
        && let Some(copy) = drawn.copy
    {
        drawn.features = draw(copy)?;
    }
    if drawn.features.is_some()
        && let Some(baseline) = &mut drawn.baseline
        && baseline.features.is_none()
    {
        baseline.features = draw(baseline.capture_id)?;
    }
    Ok(())
}

/// The last visit, or the one that was asked for; before it, what belongs to it.
fn explained_of<'a>(
    visits: &'a [PastVisit],
    standing: Option<&'a PastVisit>,
    is_earlier: bool,
) -> Vec<&'a PastVisit> {
    let Some(last) = visits.first() else {
        return Vec::new();
    };
    let mut explained = Vec::new();
    if let Some(standing) = standing
        && !is_earlier
        && standing.id != last.id
    {
        explained.push(standing);
    }
    // The first look of the same run.
    if let Some(first) = visits.get(1)
        && history::way(last) == Way::Browser
        && first.run_id == last.run_id
        && !explained.iter().any(|visit| visit.id == first.id)
    {
        explained.push(first);
    }
    explained.push(last);
    explained
}

/// What is known beside a visit. Nothing, where the file was damaged and its facts cannot be read.
fn beside(
    store: &Store,
    address: &str,
    visit: &PastVisit,
    seen: (i64, i64),
) -> Result<judge::Around, StoreError> {
    let facts: Option<Facts> = serde_json::from_str(&visit.facts).ok();
    match facts.zip(Url::parse(address).ok()) {
        Some((facts, address)) => known_beside(store, &address, &facts, seen),
        None => Ok(judge::Around::default()),
    }
}

fn explained_visit(
    visit: &PastVisit,
    stands: bool,
    drawn: Option<&Drawn>,
    around: judge::Around,
) -> Visit {
    let verdict = history::verdict(visit);
    let group = history::group(visit);
    // A file that was damaged may have facts that cannot be read; what is beside them is told all the same.
    let facts: Option<Facts> = serde_json::from_str(&visit.facts).ok();
    let hard = verdict
        .as_ref()
        .is_some_and(crate::judge::Verdict::is_hard_sign);
    let (signs, weighed) = evidence::weighed(verdict);
    let (page, compared) = drawn.map(evidence::page).unwrap_or_default();
    let way = facts.as_ref().map_or(Way::Plain, |facts| facts.way);
    let vantage = facts.as_ref().and_then(|facts| facts.vantage.clone());
    let (hops, failure, body, robots) = match facts {
        Some(facts) => (facts.hops, facts.failure, facts.body, facts.robots),
        None => (Vec::new(), None, None, None),
    };
    Visit {
        visit: visit.id,
        at: rfc3339(visit.at),
        way,
        vantage,
        run: visit.run_id,
        command: visit.command.clone(),
        stands,
        not_counted: history::not_counted(visit),
        hops,
        failure,
        body,
        robots,
        peer: visit.peer.clone(),
        elapsed_ms: visit.elapsed_ms,
        first_byte_ms: visit.first_byte_ms,
        not_modified: visit.not_modified,
        confirms: visit.confirms.map(|(id, at)| Confirms {
            visit: id,
            at: rfc3339(at),
        }),
        verdict: visit.code.clone(),
        group: group.map(Group::as_str),
        effect: group.map(effect),
        hard,
        judge_version: visit.judge_version,
        judged_at: visit.judged_at.map(rfc3339),
        signs,
        weighed,
        page,
        compared,
        around: explained_around(around),
    }
}

fn explained_around(around: judge::Around) -> Around {
    Around {
        sibling: around.sibling.map(|sibling| Sibling {
            title: sibling.features.and_then(|features| features.title),
            url: sibling.url,
            status: sibling.status,
            final_url: sibling.final_url,
        }),
        name_servers: around.name_servers,
        aliases: around.aliases,
        sink: around.sink.map(|sink| sink.sources),
    }
}

fn group_name(code: &str) -> Option<&'static str> {
    code.parse::<Code>().ok().map(|code| code.group().as_str())
}

/// What a group does to strikes.
fn effect(group: Group) -> &'static str {
    match group {
        Group::Fine => "clears all strikes",
        Group::Gone | Group::Failing => "may be a strike",
        Group::CannotTell => "no strike, and none is cleared",
    }
}

fn explained_mark(mark: MarkRow, source: &SourceFacts, now: i64) -> Mark {
    let verdict = source.verdict.as_ref().map(|(code, _)| code.as_str());
    let is_same = mark.verdict.is_none() || mark.verdict.as_deref() == verdict;
    Mark {
        holds: is_same && mark.until.is_none_or(|until| until > now),
        mark: mark.mark,
        made_at: rfc3339(mark.made_at),
        until: mark.until.map(rfc3339),
        note: mark.note,
        while_verdict: mark.verdict,
    }
}

fn baseline(source: &SourceFacts) -> Baseline {
    let stands = source.baseline.is_some_and(|(_, _, stands)| stands);
    Baseline {
        stands,
        capture: source.baseline.map(|(id, _, _)| id),
        at: source.baseline.map(|(_, at, _)| rfc3339(at)),
        cited_since: source.cited_since.map(rfc3339),
        captures: source.captures,
        why: match (source.baseline, source.cited_since) {
            _ if stands => None,
            (Some((_, at, _)), Some(since)) if at < since => Some("too-early"),
            (Some(_), _) => Some("too-late"),
            (None, _) if source.captures > 0 => Some("none-compares"),
            (None, _) => Some("no-copy"),
        },
    }
}

fn next_visit(
    source: &SourceFacts,
    state: &State,
    last: Option<&PastVisit>,
    question: &Question<'_>,
) -> Option<NextVisit> {
    let at = source.state.next_visit_at?;
    let host_waits = source.host_waits_until > question.now;
    let mut next = NextVisit {
        at: rfc3339(at),
        due: at <= question.now,
        rule: "first",
        count: None,
        interval_hours: None,
        longest_days: None,
        longest_by: None,
        by_rule: None,
        moved_by: None,
        host_waits_until: host_waits.then(|| rfc3339(source.host_waits_until)),
    };
    let Some((last, seen)) = last.and_then(|visit| Some((visit, history::observation(visit)?)))
    else {
        return Some(next);
    };
    let own = own(source, question.intervals);
    let salt = source.id.unsigned_abs();
    let why = why::next(state, &seen, question.policy, own, salt);
    next.rule = if state.second_look_due {
        "second-look"
    } else {
        why.rule.as_str()
    };
    next.count = match why.rule {
        why::Rule::Quiet(count)
        | why::Rule::Unclear(count)
        | why::Rule::Failure(count)
        | why::Rule::Dead(count) => Some(count),
        why::Rule::OpenStrikes | why::Rule::SetAside => None,
    };
    next.interval_hours = why.interval_ms.map(|ms| ms / HOUR_MS);
    if matches!(why.rule, why::Rule::Quiet(_) | why::Rule::Unclear(_)) {
        next.longest_days = Some(why.longest_ms / DAY_MS);
        next.longest_by = Some(match why.bound {
            Bound::Policy => "default",
            Bound::YoungPost => "young-post",
            Bound::Own => longest_by(source, question.intervals),
        });
    }
    // A visit of a run that goes on is put where it belongs when that has ended.
    if why.at_ms != at && !last.unsettled {
        next.by_rule = Some(rfc3339(why.at_ms));
        next.moved_by = Some(match at.cmp(&why.at_ms) {
            std::cmp::Ordering::Less => "made-due",
            _ if source.host_waits_until >= at || refused(last) => "host-waits",
            _ => "put-off",
        });
    }
    Some(next)
}

/// Whether the host refused, which is how it asks to be left alone.
fn refused(visit: &PastVisit) -> bool {
    let facts: Option<Facts> = serde_json::from_str(&visit.facts).ok();
    let status = facts.and_then(|facts| facts.hops.last().map(|hop| hop.status));
    matches!(status, Some(429 | 503))
}

fn own(source: &SourceFacts, intervals: &Intervals) -> Own {
    let url = Url::parse(&source.address).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or(&source.host);
    intervals.own(
        &source.address,
        host,
        source.interval_days,
        source.newest_post_at,
    )
}

/// Whose own interval it is: the nearest word counts, as in [`Intervals::own`].
fn longest_by(source: &SourceFacts, intervals: &Intervals) -> &'static str {
    if intervals.by_source.contains_key(&source.address) {
        "source"
    } else if !source.is_cited {
        "uncited"
    } else if source.interval_days.is_some() {
        "input"
    } else {
        "host"
    }
}
