//! Copies that nobody will miss go: which, by a policy; then everything that was needed by them alone.
//!
//! What never goes, whatever the policy says: the newest copy, the baseline and what others were compared with, what a user
//! holds, what a lost quote names, and, unless asked for, what was made by hand or brought in. The policy keeps more: the
//! first, one of each span of time, and each that changed in substance against the one kept before it.
//!
//! A copy goes in one short transaction; what it leaves are the digests that the hash chain needs. What nothing needs any
//! more is swept afterwards, whoever left it: so a process that is killed leaves nothing but work for the next. A payload on
//! which differences rest goes after these were put on another one.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use url::Url;

use super::baseline::features_row;
use super::compact::{Repacking, Stop, give_back};
use super::drift::text_of_capture;
use super::reading::features_of;
use super::{RunError, compact};
use crate::judge::drift::{Level, drift};
use crate::judge::{FEATURES_VERSION, Features, Rules, Text};
use crate::store::{PrunableCapture, PrunableSource, Store, StoreError, Swept, Undrawn};

/// Sources that are taken at once.
const SOURCES_AT_ONCE: usize = 200;
/// Copies that go in one transaction.
const GONE_AT_ONCE: usize = 50;
/// Rows that are swept in one transaction.
const SWEPT_AT_ONCE: usize = 100;

/// A span of which one copy is kept: the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// A day (UTC).
    Day,
    /// A week, from Monday.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// Which copies are kept, beside those that never go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The first.
    pub first: bool,
    /// One of each of these spans.
    pub spans: Vec<Span>,
    /// Each that changed in substance against the one kept before it.
    pub changed: bool,
    /// Copies that were made by hand or brought in go too.
    pub by_hand: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            first: true,
            spans: vec![Span::Month],
            changed: true,
            by_hand: false,
        }
    }
}

/// What is to be pruned, and how.
#[derive(Debug, Clone, Default)]
pub struct Prune {
    /// Which copies are kept.
    pub policy: Policy,
    /// Of these sources only, by id.
    pub only: Option<Vec<i64>>,
    /// Of sources only that posts of this input cite.
    pub input: Option<i64>,
    /// Whether nothing is written.
    pub dry_run: bool,
    /// What time it is, in milliseconds since the epoch.
    pub now: i64,
    /// The rules kept as data, by which features are drawn; none for those of the program.
    pub rules: Option<Arc<Rules>>,
}

/// A copy that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goes {
    /// The source's canonical address.
    pub address: String,
    /// The copy.
    pub capture: i64,
    /// The instant that it stands for.
    pub at: i64,
    /// Bytes that go with its body; 0 where others have the same, or rest on it.
    pub bytes: u64,
}

/// Something to tell while it goes on.
#[derive(Debug)]
pub enum Told<'a> {
    /// A copy goes.
    Goes(&'a Goes),
    /// So many sources were looked at.
    Looked(u64),
    /// What nothing needs is swept.
    Sweeping,
    /// So many pages are still to be given back.
    GivingBack(i64),
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Sources that were looked at: those with more than one copy or visit.
    pub sources: u64,
    /// Copies that were kept.
    pub kept: u64,
    /// Copies that went, or would.
    pub gone: u64,
    /// Bytes of their bodies, and of bodies of visits, that nothing else needs; what only these copies needed beside them
    /// comes on top.
    pub bytes: u64,
    /// Bodies of visits that went.
    pub bodies: u64,
    /// What was swept.
    pub swept: Swept,
    /// Differences that were put on another payload.
    pub rebased: u64,
    /// Bytes of the file before.
    pub file_before: u64,
    /// Bytes of the file now.
    pub file_after: u64,
    /// Payloads that cannot be read, on which others rest; they stay. In words.
    pub problems: Vec<String>,
    /// Whether it ended before everything was done.
    pub unfinished: bool,
}

/// Prunes copies, and gives the room back. Nobody else may write copies meanwhile: the caller holds the run lock.
///
/// # Errors
/// When the archive cannot be read or written. What was done until then is kept, and the next time goes on.
pub fn prune(
    store: &Store,
    plan: &Prune,
    stopped: &(dyn Fn() -> bool + Sync),
    mut told: impl FnMut(Told<'_>),
) -> Result<Summary, RunError> {
    let stop = Stop::new(None, stopped);
    let mut summary = Summary {
        file_before: store.read("measure the archive", |r| r.size())?,
        ..Summary::default()
    };
    let mut after = 0;
    loop {
        let ids = match &plan.only {
            Some(ids) if after == 0 => ids.clone(),
            Some(_) => break,
            None => store.read("read what is kept", |r| {
                r.sources_to_prune(after, plan.input, SOURCES_AT_ONCE)
            })?,
        };
        let Some(last) = ids.last() else { break };
        after = *last;
        let mut gone = Vec::new();
        for id in &ids {
            if stop.now() {
                summary.unfinished = true;
                break;
            }
            of_source(store, plan, *id, &mut gone, &mut summary, &mut told)?;
        }
        if !plan.dry_run {
            summary.bodies += take_away(store, plan, &gone, ids)?;
        }
        told(Told::Looked(summary.sources));
        if summary.unfinished {
            break;
        }
    }
    if !plan.dry_run {
        told(Told::Sweeping);
        sweep(store, &stop, &mut summary)?;
        give_back(store, &stop, &mut |left| {
            if let compact::Told::GivingBack(pages) = left {
                told(Told::GivingBack(pages));
            }
        })?;
        summary.unfinished = summary.unfinished || stop.now();
    }
    summary.file_after = store.read("measure the archive", |r| r.size())?;
    Ok(summary)
}

/// Says which copies of a source go.
fn of_source(
    store: &Store,
    plan: &Prune,
    id: i64,
    gone: &mut Vec<i64>,
    summary: &mut Summary,
    told: &mut impl FnMut(Told<'_>),
) -> Result<(), RunError> {
    let (source, spare) = store.read("read what is kept", |r| {
        Ok((r.prunable(id)?, r.spare_bodies(id)?))
    })?;
    let Some(source) = source else { return Ok(()) };
    summary.sources += 1;
    summary.bytes += u64::try_from(spare).unwrap_or(0);
    let going = going(&source, &plan.policy, &mut |before, now| {
        has_changed(store, before, now)
    })?;
    summary.kept += (source.captures.len() - going.len()) as u64;
    summary.gone += going.len() as u64;
    for capture in going {
        let goes = Goes {
            address: source.address.clone(),
            capture: capture.id,
            at: capture.at,
            bytes: u64::try_from(capture.stored).unwrap_or(0),
        };
        summary.bytes += goes.bytes;
        told(Told::Goes(&goes));
        gone.push(capture.id);
    }
    Ok(())
}

/// The copies of a source that go. `has_changed` says of two copies whether the second changed in substance.
fn going<'s, E>(
    source: &'s PrunableSource,
    policy: &Policy,
    has_changed: &mut impl FnMut(&PrunableCapture, &PrunableCapture) -> Result<bool, E>,
) -> Result<Vec<&'s PrunableCapture>, E> {
    let mut going = Vec::new();
    let mut kept: Option<&PrunableCapture> = None;
    let mut spans: Vec<Option<i64>> = vec![None; policy.spans.len()];
    for capture in &source.captures {
        let is_ours = matches!(capture.kind.as_str(), "visit" | "browser");
        let mut stays = capture.stays.is_some()
            || (policy.first && kept.is_none())
            || !(is_ours || policy.by_hand);
        let mut own = Vec::with_capacity(spans.len());
        for (span, last) in policy.spans.iter().zip(&spans) {
            let place = place_in(*span, capture.at);
            stays |= *last != Some(place);
            own.push(Some(place));
        }
        if !stays
            && policy.changed
            && let Some(before) = kept
        {
            // The same page with more of what it needs is another version of it.
            stays = if before.body_id == capture.body_id {
                capture.has > before.has
            } else {
                has_changed(before, capture)?
            };
        }
        if stays {
            kept = Some(capture);
            spans = own;
        } else {
            going.push(capture);
        }
    }
    Ok(going)
}

/// Which span of its sort an instant is in: a number that grows with time.
fn place_in(span: Span, at: i64) -> i64 {
    const DAY: i64 = 86_400_000;
    let day = at.div_euclid(DAY);
    match span {
        Span::Day => day,
        // The first day of the epoch was a Thursday.
        Span::Week => (day + 3).div_euclid(7),
        Span::Month | Span::Year => {
            let date =
                TimeZone::UTC.to_datetime(Timestamp::from_millisecond(at).unwrap_or_default());
            let year = i64::from(date.year());
            if span == Span::Year {
                year
            } else {
                year * 12 + i64::from(date.month())
            }
        }
    }
}

/// Whether a copy changed in substance against the one kept before. What has no text to compare may have.
fn has_changed(
    store: &Store,
    before: &PrunableCapture,
    now: &PrunableCapture,
) -> Result<bool, StoreError> {
    let read = |id| -> Result<Option<Text>, StoreError> {
        match text_of_capture(store, id) {
            // What cannot be read cannot be compared.
            Err(StoreError::Damaged { .. }) => Ok(None),
            text => text,
        }
    };
    let (Some(before), Some(now)) = (read(before.id)?, read(now.id)?) else {
        return Ok(true);
    };
    let level = drift(&before, &now).level;
    Ok(matches!(level, Level::Drifted | Level::Replaced))
}

/// Takes copies away, and the bodies of visits to these sources that are not needed. What the judge draws from a body stays.
fn take_away(
    store: &Store,
    plan: &Prune,
    gone: &[i64],
    sources: Vec<i64>,
) -> Result<u64, RunError> {
    let now = plan.now;
    let rules = plan.rules.as_deref().unwrap_or(Rules::built_in());
    for some in gone.chunks(GONE_AT_ONCE) {
        let some = some.to_vec();
        let mut drawn = Vec::new();
        for undrawn in store.read("read what is not drawn", |r| {
            r.undrawn(&some, FEATURES_VERSION)
        })? {
            if let Some(features) = draw(store, &undrawn, rules)? {
                drawn.push((undrawn.outcome_id, features_row(&features)));
            }
        }
        store.write_blocking("prune copies", move |w| {
            for (outcome, features) in &drawn {
                w.keep_features(*outcome, features)?;
            }
            w.prune_captures(&some, now)
        })?;
    }
    let bodies = store.write_blocking("let bodies of visits go", move |w| {
        w.forget_bodies(&sources)
    })?;
    Ok(bodies as u64)
}

/// What the judge draws from a body that goes; none where it cannot be read.
fn draw(store: &Store, undrawn: &Undrawn, rules: &Rules) -> Result<Option<Features>, StoreError> {
    let body = match store.read("read a copy", |r| r.capture_text(undrawn.capture_id)) {
        Err(StoreError::Damaged { .. }) => None,
        body => body?,
    };
    let url = Url::parse(&undrawn.url).ok();
    Ok(body
        .zip(url)
        .map(|(body, url)| features_of(&body, undrawn.media_type.as_deref(), &url, rules)))
}

/// Sweeps what nothing needs.
fn sweep(store: &Store, stop: &Stop<'_>, summary: &mut Summary) -> Result<(), RunError> {
    let add = |all: &mut Swept, more: Swept| {
        all.blobs += more.blobs;
        all.bytes += more.bytes;
        all.exchanges += more.exchanges;
        all.manifests += more.manifests;
    };
    while !stop.now() {
        let swept =
            store.write_blocking("sweep manifests", |w| w.sweep_manifests(SWEPT_AT_ONCE))?;
        add(&mut summary.swept, swept);
        if swept == Swept::default() {
            break;
        }
    }
    while !stop.now() {
        let swept =
            store.write_blocking("sweep responses", |w| w.sweep_exchanges(SWEPT_AT_ONCE))?;
        add(&mut summary.swept, swept);
        if swept == Swept::default() {
            break;
        }
    }
    let mut bases = Vec::new();
    let mut after = 0;
    while !stop.now() {
        let piece = store.read("look for what nothing needs", |r| r.unneeded_blobs(after))?;
        let Some(to) = piece.to else { break };
        after = to;
        bases.extend(piece.bases);
        for some in piece.free.chunks(SWEPT_AT_ONCE) {
            let some = some.to_vec();
            let swept = store.write_blocking("sweep payloads", move |w| w.sweep_blobs(&some))?;
            add(&mut summary.swept, swept);
        }
    }
    if !bases.is_empty() {
        let repacking = Repacking::new(store)?;
        for base in bases {
            if stop.now() {
                break;
            }
            match repacking.rebase(base)? {
                Ok(rebased) => summary.rebased += rebased,
                Err(problem) => {
                    summary.problems.push(problem);
                    continue;
                }
            }
            let swept = store.write_blocking("sweep payloads", move |w| w.sweep_blobs(&[base]))?;
            add(&mut summary.swept, swept);
        }
    }
    store.write_blocking("remove what is not needed", |w| {
        w.drop_unused_dictionaries()
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn source(days: &[(i64, Option<&'static str>)]) -> PrunableSource {
        let captures = days
            .iter()
            .zip(1..)
            .map(|((day, stays), id)| PrunableCapture {
                id,
                at: day * DAY,
                kind: "visit".to_owned(),
                body_id: id,
                size: 1,
                stored: 1,
                has: 0,
                stays: *stays,
            });
        PrunableSource {
            id: 1,
            address: "http://a.test/".to_owned(),
            captures: captures.collect(),
        }
    }

    fn gone(source: &PrunableSource, policy: &Policy, changed: &[i64]) -> Vec<i64> {
        let mut has_changed = |_: &PrunableCapture, now: &PrunableCapture| {
            Ok::<bool, std::convert::Infallible>(changed.contains(&now.id))
        };
        let Ok(going) = going(source, policy, &mut has_changed);
        going.iter().map(|capture| capture.id).collect()
    }

    #[test]
    fn the_first_the_last_one_a_month_and_what_changed_stay() {
        let days = source(&[
            (0, None),
            (1, None),
            (20, None),
            (31, None),
            (40, None),
            (41, None),
            (58, None),
            (59, Some("newest")),
        ]);
        assert_eq!(gone(&days, &Policy::default(), &[5]), [2, 3, 6, 7]);
        let bare = Policy {
            first: false,
            spans: Vec::new(),
            changed: false,
            by_hand: false,
        };
        assert_eq!(gone(&days, &bare, &[5]), [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn what_never_goes_stays_and_others_are_compared_with_it() {
        let days = source(&[(0, None), (1, Some("held")), (2, None), (3, Some("newest"))]);
        let policy = Policy {
            spans: Vec::new(),
            ..Policy::default()
        };
        let mut asked = Vec::new();
        let mut has_changed = |before: &PrunableCapture, now: &PrunableCapture| {
            asked.push((before.id, now.id));
            Ok::<bool, std::convert::Infallible>(false)
        };
        let Ok(found) = going(&days, &policy, &mut has_changed);
        assert_eq!(found.iter().map(|it| it.id).collect::<Vec<_>>(), [3]);
        assert_eq!(asked, [(2, 3)]);
    }

    #[test]
    fn what_was_made_by_hand_goes_only_if_that_is_asked_for() {
        let mut days = source(&[(0, None), (1, None), (2, Some("newest"))]);
        days.captures[1].kind = "by-hand".to_owned();
        assert_eq!(gone(&days, &Policy::default(), &[]), Vec::<i64>::new());
        let policy = Policy {
            by_hand: true,
            ..Policy::default()
        };
        assert_eq!(gone(&days, &policy, &[]), [2]);
    }

    #[test]
    fn a_copy_that_has_more_of_what_the_page_needs_stays() {
        let mut days = source(&[(0, None), (1, None), (2, None), (3, Some("newest"))]);
        for capture in &mut days.captures {
            capture.body_id = 7;
        }
        days.captures[1].has = 3;
        days.captures[2].has = 3;
        assert_eq!(gone(&days, &Policy::default(), &[]), [3]);
    }

    #[test]
    fn spans_are_those_of_the_calendar() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let same = |span, one, other| place_in(span, at(one)) == place_in(span, at(other));
        assert!(same(
            Span::Month,
            "2026-01-01T00:00:00Z",
            "2026-01-31T23:59:59Z"
        ));
        assert!(!same(
            Span::Month,
            "2026-01-31T23:59:59Z",
            "2026-02-01T00:00:00Z"
        ));
        assert!(!same(
            Span::Month,
            "2025-01-15T00:00:00Z",
            "2026-01-15T00:00:00Z"
        ));
        assert!(same(
            Span::Week,
            "2026-01-05T00:00:00Z",
            "2026-01-11T23:59:59Z"
        ));
        assert!(!same(
            Span::Week,
            "2026-01-11T23:59:59Z",
            "2026-01-12T00:00:00Z"
        ));
        assert!(same(
            Span::Year,
            "2026-01-01T00:00:00Z",
            "2026-12-31T00:00:00Z"
        ));
        assert!(!same(
            Span::Day,
            "2026-01-01T23:59:59Z",
            "2026-01-02T00:00:00Z"
        ));
    }
}
