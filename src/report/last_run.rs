//! How the last run went: a report of a run that cannot be believed says so before all else.

use std::path::Path;

use serde::Serialize;

use super::{ago, count, date, rfc3339};
use crate::schedule::Suspicion;
use crate::store::{self, RejudgedSources, RunRow};

/// Without a good run for this long, something has stopped, in milliseconds.
const LONG_AGO_MS: i64 = 3 * 86_400_000;

/// What is known of the last runs.
#[derive(Debug, Clone)]
pub struct Runs {
    /// The id of the newest run that ended.
    pub newest_ended: Option<i64>,
    /// When that one began.
    pub last_run_at: Option<i64>,
    /// Since when a run goes on, if one does.
    pub running_since: Option<i64>,
    /// When the newest run ended that came to its end and can be trusted.
    pub last_good_at: Option<i64>,
    last: Option<RunRow>,
    /// The newest run, if it has not ended.
    open: Option<RunRow>,
    rejudged: Option<RejudgedSources>,
}

/// What `rejudge` changed since the last report was read, as other programs read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejudgedEntry {
    /// When it last changed anything.
    pub at: String,
    /// Sources whose verdict or standing is another one since.
    pub sources: i64,
}

/// The last run that is over, as other programs read it. Fields are added, never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastRunEntry {
    /// When it began.
    pub at: String,
    /// When it ended; null if it was killed and none came after it.
    pub ended_at: Option<String>,
    /// `done`, `interrupted`, `failed`, `killed`.
    pub result: String,
    /// Whether it is suspect, so that nobody got a strike.
    pub suspect: bool,
    /// Why: `nothing-resolves`, `nothing-answers`, `sites-fail`.
    pub doubt: Option<String>,
    /// What was thought of the clock: `behind`, `ahead`, `wrong`.
    pub clock: Option<String>,
}

impl Runs {
    /// Whether what the last run saw does not count.
    pub(super) fn is_suspect(&self) -> bool {
        self.last.as_ref().is_some_and(|run| run.suspect)
    }

    /// `newest` are the newest two runs, newest first.
    pub(super) fn new(newest: Vec<RunRow>, last_good_at: Option<i64>) -> Self {
        let mut newest = newest.into_iter();
        let first = newest.next();
        let (open, last) = match first {
            Some(run) if run.ended_at.is_none() => (Some(run), newest.next()),
            first => (None, first),
        };
        Self {
            newest_ended: last.as_ref().map(|run| run.id),
            last_run_at: last.as_ref().map(|run| run.at),
            running_since: None,
            last_good_at,
            last,
            open,
            rejudged: None,
        }
    }

    /// The same with what `rejudge` changed.
    #[must_use]
    pub(super) fn after(mut self, rejudged: Option<RejudgedSources>) -> Self {
        self.rejudged = rejudged;
        self
    }

    /// What `rejudge` changed since the last report was read.
    pub fn rejudged(&self) -> Option<RejudgedEntry> {
        self.rejudged.map(|rejudged| RejudgedEntry {
            at: rfc3339(rejudged.at),
            sources: rejudged.sources,
        })
    }

    /// The same, once it is known whether a run that has not ended goes on or was killed.
    #[must_use]
    pub(super) fn looked_at(mut self, archive: &Path) -> Self {
        if let Some(open) = self.open.take() {
            if store::run_holder(archive).is_ok_and(|holder| holder.is_some()) {
                self.running_since = Some(open.at);
            } else {
                self.last = Some(open);
            }
        }
        self
    }

    /// The last run that is over.
    pub fn last(&self) -> Option<LastRunEntry> {
        self.last.as_ref().map(|run| LastRunEntry {
            at: rfc3339(run.at),
            ended_at: run.ended_at.map(rfc3339),
            result: run.result.clone().unwrap_or_else(|| "killed".to_owned()),
            suspect: run.suspect,
            doubt: run.doubt.clone(),
            clock: run.clock.clone(),
        })
    }

    /// What a reader has to know before all else: a line each.
    pub(super) fn warnings(&self, now: i64) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(run) = &self.last {
            let when = ago(run.ended_at.unwrap_or(run.at), now);
            if run.suspect {
                lines.push(format!(
                    "The last run, {when}, was suspect: {}; nobody got a strike.",
                    suspicion(run)
                ));
            }
            match run.clock.as_deref() {
                Some("behind") => lines.push(format!(
                    "In the last run, {when}, the clock stood behind the newest visit: failures counted no strikes."
                )),
                Some("ahead") => lines.push(format!(
                    "The last run, {when}, called nothing dead: it came long after the one before, or the clock had run ahead."
                )),
                Some("wrong") => lines.push(
                    "In the last run the clock had run ahead; it was set back since.".to_owned(),
                ),
                _ => {}
            }
            match run.result.as_deref() {
                Some("failed") => lines.push(format!(
                    "The last run, {when}, failed; what it had done until then is kept."
                )),
                Some("interrupted") => lines.push(format!(
                    "The last run, {when}, was interrupted; the rest is due at the next one."
                )),
                None => lines.push(format!(
                    "The last run, which began {when}, was killed; what it had done until then is kept."
                )),
                Some(_) => {}
            }
        }
        if let Some(rejudged) = self.rejudged {
            let sources = u64::try_from(rejudged.sources).unwrap_or_default();
            let whom = if sources == 1 { "it" } else { "them" };
            lines.push(format!(
                "What was seen was judged again by `rejudge`, {}: {} changed by that, not by what happened to {whom}.",
                ago(rejudged.at, now),
                count(sources, "source")
            ));
        }
        match self.last_good_at {
            Some(at) if now.saturating_sub(at) > LONG_AGO_MS => lines.push(format!(
                "No run has gone well since {} ({}).",
                date(at),
                ago(at, now)
            )),
            _ => {}
        }
        if let Some(since) = self.running_since {
            lines.push(format!(
                "A run goes on since {}; what it finds to fail counts when it has ended.",
                rfc3339(since)
            ));
        }
        lines
    }
}

fn suspicion(run: &RunRow) -> String {
    #[derive(serde::Deserialize)]
    struct Sites {
        sites_lost: usize,
        sites_known: usize,
    }
    let named = |doubt: Suspicion| run.doubt.as_deref() == Some(doubt.as_str());
    if named(Suspicion::NothingResolves) {
        return Suspicion::NothingResolves.to_string();
    }
    if named(Suspicion::NothingAnswers) {
        return Suspicion::NothingAnswers.to_string();
    }
    let counts = run.counts.as_deref().unwrap_or_default();
    match serde_json::from_str(counts) {
        Ok(Sites {
            sites_lost: lost,
            sites_known: of,
        }) => Suspicion::SitesFail { lost, of }.to_string(),
        // A run that was killed counted nothing.
        Err(_) => "most sites that had answered before failed at once".to_owned(),
    }
}
