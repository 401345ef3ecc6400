//! What happened to one source, newest first: its visits, and the copies that were made of it.

use std::collections::HashMap;

use serde::Serialize;

use super::entry::Words;
use super::rfc3339;
use crate::store::{CopyRow, Store, StoreError, VisitRow};

/// A part of what happened to a source.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Timeline {
    /// Newest first.
    pub(crate) entries: Vec<TimelineEntry>,
    /// Where it goes on; none where this is the beginning of it all.
    #[serde(skip)]
    pub(crate) next: Option<TimelinePlace>,
}

/// One thing that happened.
#[derive(Debug, Serialize)]
pub(crate) struct TimelineEntry {
    /// When.
    pub(crate) at: String,
    #[serde(skip)]
    at_ms: i64,
    /// `visit`, or `copy` where it came by no visit.
    pub(crate) what: &'static str,
    /// The visit's verdict.
    pub(crate) verdict: Option<String>,
    /// Whether the visit before had another, or there was none.
    pub(crate) changed: bool,
    /// That other one.
    pub(crate) was: Option<String>,
    /// What was seen, in short words.
    pub(crate) evidence: Vec<String>,
    /// Whether the server said "not modified".
    pub(crate) not_modified: bool,
    /// Whether the visit found what an earlier one had found.
    pub(crate) confirms: bool,
    /// How long the visit took.
    pub(crate) elapsed_ms: Option<i64>,
    /// The copy that was made.
    pub(crate) copy: Option<TimelineCopy>,
}

/// A copy that was made.
#[derive(Debug, Serialize)]
pub(crate) struct TimelineCopy {
    pub(crate) capture: i64,
    #[serde(skip)]
    pub(crate) at_ms: i64,
    /// `visit`, `by-hand`, `import`, `browser`.
    pub(crate) kind: String,
    pub(crate) title: Option<String>,
    pub(crate) size: u64,
    pub(crate) pruned_at: Option<String>,
}

impl From<CopyRow> for TimelineCopy {
    fn from(row: CopyRow) -> Self {
        Self {
            capture: row.id,
            at_ms: row.at,
            kind: row.kind,
            title: row.title,
            size: row.size,
            pruned_at: row.pruned_at.map(rfc3339),
        }
    }
}

/// A place in a timeline: behind which visit, and behind which copy that no visit left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimelinePlace {
    visit: i64,
    copy: (i64, i64),
}

impl TimelinePlace {
    /// The newest of all.
    pub(crate) const NEWEST: Self = Self {
        visit: i64::MAX,
        copy: (i64::MAX, i64::MAX),
    };

    /// Reads what [`TimelinePlace::written`] wrote.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.').map(|part| match part {
            "" => Some(i64::MAX),
            part => part.parse().ok(),
        });
        Some(Self {
            visit: parts.next()??,
            copy: (parts.next()??, parts.next()??),
        })
    }

    /// As it stands in an address.
    pub(crate) fn written(self) -> String {
        let part = |number: i64| match number {
            i64::MAX => String::new(),
            number => number.to_string(),
        };
        format!(
            "{}.{}.{}",
            part(self.visit),
            part(self.copy.0),
            part(self.copy.1)
        )
    }
}

/// What happened to a source before a place, so many things at most.
pub(crate) fn timeline(
    store: &Store,
    source_id: i64,
    before: TimelinePlace,
    most: usize,
) -> Result<Timeline, StoreError> {
    let (visits, left, alone) = store.read("read what happened to a source", |r| {
        // One more than is shown, to tell what was changed by the last.
        let visits = r.earlier_visits(source_id, before.visit, most + 1)?;
        let span = visits.last().zip(visits.first());
        let left = match span {
            Some((from, to)) => r.copies_of_visits(source_id, (from.id, to.id))?,
            None => Vec::new(),
        };
        let alone = r.copies_of_no_visit(source_id, before.copy, most + 1)?;
        Ok((visits, left, alone))
    })?;
    let mut left: HashMap<i64, CopyRow> = left.into_iter().collect();
    let mut earlier: Vec<Option<String>> = visits
        .iter()
        .skip(1)
        .map(|visit| visit.verdict.clone())
        .collect();
    let is_first = visits.len() <= most;
    earlier.push(None);
    let many = visits.len();
    let visits = visits
        .into_iter()
        .zip(earlier)
        .enumerate()
        .map(|(at, (row, was))| {
            let has_before = at + 1 < many || !is_first;
            (row.id, of_visit(row, was, has_before, &mut left))
        });
    let mut visits = visits.collect::<Vec<_>>().into_iter().peekable();
    let mut alone = alone.into_iter().peekable();
    let mut place = before;
    let mut entries = Vec::new();
    while entries.len() < most {
        // Of one instant, the visit is told first.
        let is_visit = match (visits.peek(), alone.peek()) {
            (Some((_, visit)), Some(copy)) => visit.at_ms >= copy.at,
            (visit, _) => visit.is_some(),
        };
        if is_visit {
            let Some((id, entry)) = visits.next() else {
                break;
            };
            place.visit = id;
            entries.push(entry);
        } else {
            let Some(row) = alone.next() else { break };
            place.copy = (row.at, row.id);
            entries.push(of_copy(row));
        }
    }
    let goes_on = visits.peek().is_some() || alone.peek().is_some();
    Ok(Timeline {
        entries,
        next: goes_on.then_some(place),
    })
}

fn of_visit(
    row: VisitRow,
    was: Option<String>,
    has_before: bool,
    left: &mut HashMap<i64, CopyRow>,
) -> TimelineEntry {
    let changed = !has_before || row.verdict != was;
    TimelineEntry {
        at: rfc3339(row.at),
        at_ms: row.at,
        what: "visit",
        changed,
        was: was.filter(|_| changed),
        evidence: row
            .evidence
            .as_deref()
            .map(|json| Words::of(json).all)
            .unwrap_or_default(),
        not_modified: row.not_modified,
        confirms: row.confirms.is_some(),
        elapsed_ms: Some(row.elapsed_ms),
        copy: left.remove(&row.id).map(TimelineCopy::from),
        verdict: row.verdict,
    }
}

fn of_copy(row: CopyRow) -> TimelineEntry {
    TimelineEntry {
        at: rfc3339(row.at),
        at_ms: row.at,
        what: "copy",
        verdict: None,
        changed: false,
        was: None,
        evidence: Vec::new(),
        not_modified: false,
        confirms: false,
        elapsed_ms: None,
        copy: Some(row.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_written_and_read_again() {
        let place = TimelinePlace {
            visit: 7,
            copy: (-5, i64::MAX),
        };
        assert_eq!(place.written(), "7.-5.");
        for place in [place, TimelinePlace::NEWEST] {
            assert_eq!(TimelinePlace::read(&place.written()), Some(place));
        }
        for none in ["", "7", "7.8", "x..", "1.2.3.4", "99999999999999999999.."] {
            assert_eq!(TimelinePlace::read(none), None, "{none}");
        }
    }
}
