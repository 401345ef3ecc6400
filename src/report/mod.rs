//! What needs attention, told to a person or to a program; one file per format.
//!
//! A [`Report`] is made of rows of the archive, a page of them at a time, so that a file of a million sources costs no
//! more memory than a small one. Everything in it that came from outside (titles, anchor texts, addresses) is made
//! safe for the medium it is written to: control characters never reach a terminal, formulas never a spreadsheet.

mod backlog;
mod bound;
mod csv;
mod decisions;
mod diff;
mod entry;
mod found;
mod html;
mod instant;
mod json;
mod last_run;
pub(crate) mod look;
mod markdown;
mod news;
mod plain;
mod post;
mod quotes;
mod selection;
mod show;
mod stats;
mod storage;
mod tables;
mod text;
mod timeline;
pub mod when;

use std::io::Write;

pub use bound::{Bound, ReadBody};
pub(crate) use bound::{Said, said};
pub use csv::safe as safe_cell;
pub use decisions::{Decided, each_decision, write_decision_text, write_decisions_csv};
pub use diff::{Diff, DiffError, DiffSide, Pick, diff, write_diff_html, write_diff_text};
pub(crate) use diff::{Shown as DiffShown, folded, summary};
pub use entry::{CitedEntry, Entry, HeldEntry, MarkEntry, Quotes, marked_matches};
pub use found::{Found, FoundEntry, Search, Stood, search, write_found_text};
pub use instant::{ago, date, digits, in_future, rfc3339, web_path};
pub use last_run::{LastRunEntry, RejudgedEntry, Runs};
pub use news::{News, Since};
pub use plain::{bytes, count, count_of, one_line, printable};
pub(crate) use post::ShownLink;
pub use post::{ShownPost, show_post, write_post_text};
pub use quotes::{
    ByHandEntry, CopyEntry, QuotingPost, ShownFragment, ShownQuote, quotes_of, write_quote_text,
};
pub use selection::{Selection, UnknownSelector};
pub(crate) use show::show_some;
pub use show::{Shown, ShownCapture, show, write_show_text};
pub use stats::Statistics;
pub use tables::write_table;
pub(crate) use timeline::{Timeline, TimelineEntry, TimelinePlace, timeline};

use crate::store::{CitedBy, SaidRow, SourceRow, Store, StoreError, Totals, Wanted};
use news::Changes;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a person, on a terminal or in a mail.
    Text,
    /// One JSON object with everything in it.
    Json,
    /// One JSON object a source, a line each.
    Jsonl,
    /// Comma-separated values (RFC 4180), one row a source.
    Csv,
    /// For an issue tracker or a wiki.
    Markdown,
    /// One page that needs nothing else, to be mailed, read and printed.
    Html,
}

/// What is reported.
#[derive(Debug, Clone)]
pub struct Query {
    /// Which sources.
    pub selection: Selection,
    /// Whether fine sources are listed too.
    pub all: bool,
    /// Only what changed its verdict or standing at or after this instant, which takes the place of the last report.
    pub since: Option<i64>,
    /// Only what is new, or back again.
    pub new: bool,
    /// The instant of the report.
    pub now: i64,
    /// The folder that the reader stands in: paths below it are shown from there.
    pub folder: Option<String>,
}

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The archive failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be written out.
    #[error("cannot write the report")]
    Write(#[from] std::io::Error),
    /// It could not be written as CSV.
    #[error("cannot write the report")]
    Csv(#[from] ::csv::Error),
    /// It could not be written as JSON.
    #[error("cannot write the report")]
    Json(#[from] serde_json::Error),
}

/// Titles of the posts that cite a source, in the order of the citations.
type Titles = Vec<Option<String>>;

/// Sources that are read in one go.
const PAGE: usize = 500;
/// Posts named for each source.
const CITED_BY: usize = 1000;

/// A report that is ready to be written: the totals, and a way through the entries.
pub struct Report<'a> {
    store: &'a Store,
    query: Query,
    /// What is in the file.
    pub totals: Totals,
    /// The last runs, and whether they can be believed.
    pub runs: Runs,
    /// Since when there is news.
    pub since: Since,
}

impl<'a> Report<'a> {
    /// Looks up what stands at the head of every report.
    pub fn new(store: &'a Store, query: Query) -> Result<Self, ReportError> {
        let (totals, runs, since) = store.read("read the totals", |r| {
            let runs = Runs::new(r.last_runs(2)?, r.last_good_run()?);
            let since = match (query.since, runs.newest_ended) {
                (Some(since), _) => Some(since),
                (None, Some(newest)) => r.news_since(newest)?,
                (None, None) => None,
            };
            let rejudged = r.rejudged(query.since, runs.newest_ended.unwrap_or_default())?;
            Ok((r.totals(query.now)?, runs.after(rejudged), since))
        })?;
        Ok(Self {
            runs: runs.looked_at(store.path()),
            since: since.map_or(Since::Ever, Since::At),
            store,
            query,
            totals,
        })
    }

    /// Whether it tells all there is to tell, so that the next one needs to tell only what is new since.
    pub fn is_full(&self) -> bool {
        self.query.selection.is_empty() && self.query.since.is_none() && !self.query.new
    }

    /// Hands each entry to `take`, in the order in which the sources were first seen.
    pub fn each(
        &self,
        mut take: impl FnMut(Entry) -> Result<(), ReportError>,
    ) -> Result<(), ReportError> {
        let wanted = self.wanted();
        let mut after = 0;
        loop {
            let rows = self.store.read("read sources", |r| {
                let rows = r.sources_after(after, &wanted, PAGE)?;
                rows.into_iter()
                    .map(|row| {
                        let cited_by = r.cited_by(row.id, CITED_BY)?;
                        let said = r.said(row.id)?;
                        Ok((row, cited_by, said))
                    })
                    .collect::<Result<Vec<_>, _>>()
            })?;
            let Some((last, ..)) = rows.last() else {
                return Ok(());
            };
            after = last.id;
            for (row, cited_by, said) in rows {
                let entry = self.entry(row, cited_by, said);
                let is_news = matches!(entry.news, Some(News::New | News::Recovered));
                if is_news || !self.query.new {
                    take(entry)?;
                }
            }
        }
    }

    /// The entry of the source of this number, and the titles of the posts that its citations stand in, in their order; none where it is
    /// none of those that [`Report::each`] goes through.
    fn one(&self, id: i64) -> Result<Option<(Entry, Titles)>, ReportError> {
        let wanted = self.wanted();
        let found = self.store.read("read a source", |r| {
            let row = r.sources_after(id - 1, &wanted, 1)?.pop();
            let Some(row) = row.filter(|row| row.id == id) else {
                return Ok(None);
            };
            Ok(Some((row, r.cited_by(id, CITED_BY)?, r.said(id)?)))
        })?;
        Ok(found.map(|(row, cited_by, said)| {
            let there = cited_by.iter().filter(|cited| cited.gone_at.is_none());
            let titles = there.map(|cited| cited.title.clone()).collect();
            (self.entry(row, cited_by, said), titles)
        }))
    }

    fn entry(&self, row: SourceRow, cited_by: Vec<CitedBy>, said: SaidRow) -> Entry {
        let changes = Changes::of(&row);
        let entry = Entry::new(row, cited_by).with_said(said);
        entry.told(&changes, self.since)
    }

    fn wanted(&self) -> Wanted {
        let (standings, verdicts) = self.query.selection.lists(self.query.all);
        Wanted {
            standings,
            verdicts,
            recovered: self.query.selection.is_empty() && self.since.at().is_some(),
            since: self.query.since,
            lost_quotes: self.query.selection.is_empty() || self.query.selection.has_lost_quotes(),
            news_since: self.since.at(),
            now: self.query.now,
        }
    }

    /// Whether what was broken before it was added is told as a sum, rather than one by one.
    fn sums_up(&self) -> bool {
        !self.query.all && self.query.selection.is_empty()
    }

    /// A post's address or path as a reader would name it.
    fn shown_post<'p>(&self, post: &'p str) -> &'p str {
        let below = |folder: &String| post.strip_prefix(folder.as_str())?.strip_prefix('/');
        self.query.folder.as_ref().and_then(below).unwrap_or(post)
    }

    /// Writes the report.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> Result<(), ReportError> {
        match format {
            Format::Text => text::write(self, out),
            Format::Json => json::write(self, out),
            Format::Jsonl => json::write_lines(self, out),
            Format::Csv => csv::write(self, out),
            Format::Markdown => markdown::write(self, out),
            Format::Html => html::write(self, out),
        }
    }
}
