//! What is new: how a source stands against how it stood when the last report was read.

use serde::Serialize;

use super::Entry;
use crate::judge::{Code, Group};
use crate::store::SourceRow;

/// What a source is against the last report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum News {
    /// It has needed attention only since then.
    New,
    /// It needed attention then.
    Still,
    /// It was failing or dead then, and is fine now.
    Recovered,
}

impl News {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Still => "still",
            Self::Recovered => "recovered",
        }
    }
}

/// Since when there is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// No report was read yet: everything is new.
    Ever,
    /// From this instant on, in milliseconds since the epoch.
    At(i64),
}

impl Since {
    /// The instant, if there is one.
    pub fn at(self) -> Option<i64> {
        match self {
            Self::Ever => None,
            Self::At(at) => Some(at),
        }
    }

    fn has(self, at: Option<i64>) -> bool {
        match (self, at) {
            (Self::Ever, _) => true,
            (Self::At(since), Some(at)) => at >= since,
            (Self::At(_), None) => false,
        }
    }
}

/// What a standing and a verdict come to for a reader. News are changes from one class to another, or of the standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Dead,
    Broken,
    CannotTell,
    Drifted,
    Moved,
    Fine,
    NotVisited,
}

impl Class {
    pub(super) fn of(standing: &str, verdict: Option<&str>) -> Self {
        let code = verdict.and_then(|verdict| verdict.parse::<Code>().ok());
        match (standing, code.map(Code::group), code) {
            ("dead", ..) => Self::Dead,
            ("failing", ..) | (_, Some(Group::Gone | Group::Failing), _) => Self::Broken,
            (_, Some(Group::CannotTell), _) => Self::CannotTell,
            (_, _, Some(Code::Drifted)) => Self::Drifted,
            (_, _, Some(Code::Moved)) => Self::Moved,
            (_, Some(Group::Fine), _) => Self::Fine,
            (_, None, _) => Self::NotVisited,
        }
    }

    pub(super) fn is_broken(self) -> bool {
        matches!(self, Self::Dead | Self::Broken)
    }

    pub(super) fn is_fine(self) -> bool {
        matches!(self, Self::Fine | Self::Moved | Self::Drifted)
    }
}

impl Entry {
    /// How a reader sees it, with what a user says of it.
    pub(super) fn class(&self) -> Class {
        match self.mark.as_ref().map(|mark| mark.mark.as_str()) {
            Some("alive") => Class::Fine,
            _ => Class::of(&self.standing, self.verdict.as_deref()),
        }
    }

    /// The same with its news.
    #[must_use]
    pub(super) fn told(mut self, changes: &Changes, since: Since) -> Self {
        self.news = news(&self, changes, since);
        if self.news == Some(News::Recovered) {
            self.was.clone_from(&changes.standing_before);
        }
        self
    }
}

/// What changed of a source, as far as news go.
#[derive(Debug, Clone)]
pub(super) struct Changes {
    standing_since: Option<i64>,
    verdict_since: Option<i64>,
    standing_before: Option<String>,
    verdict_before: Option<String>,
    first_strike_at: Option<i64>,
    mark_ended: bool,
    quote_lost: bool,
}

impl Changes {
    pub(super) fn of(row: &SourceRow) -> Self {
        Self {
            standing_since: row.verdict_since.map(|_| row.standing_since),
            verdict_since: row.verdict_since,
            standing_before: row.standing_before.clone(),
            verdict_before: row.verdict_before.clone(),
            first_strike_at: row.first_strike_at,
            mark_ended: row.mark_ended,
            quote_lost: row.quote_lost,
        }
    }
}

fn news(entry: &Entry, changes: &Changes, since: Since) -> Option<News> {
    let class = entry.class();
    let before = changes.standing_before.as_deref();
    let has_new_standing =
        since.has(changes.standing_since) && before.is_none_or(|before| before != entry.standing);
    if class.is_fine() && entry.mark.is_none() && has_new_standing {
        let is_back = match since {
            Since::Ever => entry.standing == "revived",
            Since::At(_) => matches!(before, Some("failing" | "dead")),
        };
        if is_back {
            return Some(News::Recovered);
        }
    }
    if class.is_fine() && !entry.quotes_lost.is_empty() {
        let is_new = since == Since::Ever || changes.quote_lost;
        return Some(if is_new { News::New } else { News::Still });
    }
    if matches!(class, Class::Fine | Class::NotVisited) {
        return None;
    }
    if entry.backlog {
        let found_at = changes.first_strike_at.or(changes.verdict_since);
        return Some(if since.has(found_at) {
            News::New
        } else {
            News::Still
        });
    }
    // Drift is told later than it is seen.
    let is_drifted = entry.verdict.as_deref() == Some(Code::Drifted.as_str());
    let has_new_verdict = (is_drifted || since.has(changes.verdict_since))
        && changes
            .verdict_before
            .as_deref()
            .is_some_and(|before| is_other(class, entry, before));
    let marked_dead = entry
        .mark
        .as_ref()
        .is_some_and(|mark| mark.mark == "dead" && since.has(Some(mark.made_at_ms)));
    let is_new = since == Since::Ever
        || has_new_standing
        || has_new_verdict
        || changes.mark_ended
        || marked_dead;
    Some(if is_new { News::New } else { News::Still })
}

/// Whether the verdict of before would have been told in another way. An outage that turns out to be an end is news;
/// a wall between two failures is none.
fn is_other(class: Class, entry: &Entry, before: &str) -> bool {
    if Class::of(&entry.standing, Some(before)) != class {
        return true;
    }
    let group = |verdict: &str| {
        let group = verdict.parse::<Code>().ok().map(Code::group);
        group.filter(|group| matches!(group, Group::Gone | Group::Failing))
    };
    let now = entry.verdict.as_deref().and_then(group);
    class == Class::Broken && now.is_some() && group(before).is_some() && group(before) != now
}
