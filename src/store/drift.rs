//! How far sources have drifted from what was cited, and what of it waits to be told.
//!
//! A result is a row only where it differs from the one before. What a visit showed first is not told before the next full
//! visit shows it again, in a run that can be trusted: pages change for an hour, and networks lie.

use rusqlite::{OptionalExtension, Row};
use serde_json::json;

use super::quotes::{LookedIn, NewFragment, NewQuoteResult};
use super::runs::NewEvent;
use super::{Reading, Writing, texts};

/// How far a source had moved from its baseline at a visit.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftRow {
    /// The visit.
    pub visit_id: i64,
    /// As it was found.
    pub found: NewDrift,
}

/// The same, to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDrift {
    /// The capture that it was compared with.
    pub capture_id: i64,
    /// `same`, `touched`, `drifted`, `replaced`; `None` where there was no text to compare.
    pub level: Option<String>,
    /// The share of the baseline's words that stand.
    pub kept: Option<f64>,
    /// All of it, as JSON.
    pub detail: String,
    /// The version of the code that compared.
    pub version: u32,
}

/// What a visit found in what a page says.
#[derive(Debug, Clone, Default)]
pub struct NewSaid {
    /// How far it has drifted, where that is other than before.
    pub drift: Option<NewDrift>,
    /// Where its quotes stand, where that is other than before.
    pub quotes: Vec<NewQuoteResult>,
    /// Whether its quotes were looked for.
    pub looked_for_quotes: bool,
    /// Which parts of it are there that citations point to.
    pub fragments: Vec<NewFragment>,
    /// The capture that holds the page already, where none is sealed now.
    pub capture_id: Option<i64>,
    /// What waits to be told.
    pub untold: Vec<UntoldStep>,
}

/// Something that was seen and not told yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// The quote, or 0 for the page as a whole.
    pub quote_id: i64,
    /// What was seen: `drifted`, `replaced`, `altered`, `missing`.
    pub says: String,
    /// The verdict that was told last.
    pub verdict: Option<String>,
    /// Whether it was seen, in a run that can be trusted as far as is known.
    pub is_seen: bool,
}

/// What a visit does to what waits to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UntoldStep {
    /// It is seen for the first time.
    First(Untold),
    /// It is seen again: it is told when the run has ended, if that can be trusted.
    Second {
        /// The quote, or 0.
        quote_id: i64,
        /// What was seen.
        says: String,
    },
    /// It is not so.
    Gone {
        /// The quote, or 0.
        quote_id: i64,
    },
    /// A quote that was told to be lost stands again.
    Back {
        /// The quote.
        quote_id: i64,
    },
}

impl UntoldStep {
    /// The quote that it is about, or 0.
    pub fn quote_id(&self) -> i64 {
        match self {
            Self::First(untold) => untold.quote_id,
            Self::Second { quote_id, .. } | Self::Gone { quote_id } | Self::Back { quote_id } => {
                *quote_id
            }
        }
    }
}

impl Writing<'_> {
    /// Keeps what a visit found in what a page says.
    pub(super) fn keep_said(
        &self,
        source_id: i64,
        run_id: i64,
        text: LookedIn,
        said: &NewSaid,
    ) -> rusqlite::Result<()> {
        let visit_id = text.visit_id.unwrap_or_default();
        if let Some(drift) = &said.drift {
            self.keep_drift(source_id, visit_id, drift)?;
        }
        self.keep_quote_results(text, &said.quotes)?;
        if said.looked_for_quotes {
            self.quotes_looked_for(source_id, text.at)?;
        }
        self.keep_fragments(source_id, text, &said.fragments)?;
        for step in &said.untold {
            self.untold_step(source_id, text, run_id, step)?;
        }
        Ok(())
    }

    pub(super) fn keep_drift(
        &self,
        source_id: i64,
        visit_id: i64,
        drift: &NewDrift,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "insert into drift (visit_id, source_id, capture_id, level, kept, version)
                 values (?1, ?2, ?3, ?4, ?5, ?6)
                 on conflict (visit_id) do update set capture_id = excluded.capture_id, level = excluded.level,
                     kept = excluded.kept, version = excluded.version",
            )?
            .execute((
                visit_id,
                source_id,
                drift.capture_id,
                &drift.level,
                drift.kept,
                drift.version,
            ))?;
        self.keep_texts(visit_id, None, None, Some(&drift.detail))
    }

    pub(super) fn forget_drift(&self, visit_id: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("delete from drift where visit_id = ?1")?
            .execute([visit_id])?;
        self.connection
            .prepare_cached("update visit_text set drift = null where visit_id = ?1")?
            .execute([visit_id])?;
        Ok(())
    }

    pub(super) fn untold_step(
        &self,
        source_id: i64,
        text: LookedIn,
        run_id: i64,
        step: &UntoldStep,
    ) -> rusqlite::Result<()> {
        match step {
            UntoldStep::First(new) => {
                let visit_id = text.visit_id.filter(|_| new.is_seen);
                self.connection
                    .prepare_cached(
                        "insert into untold (source_id, quote_id, says, verdict, first_visit_id, first_run_id)
                         values (?1, ?2, ?3, ?4, ?5, ?6)
                         on conflict (source_id, quote_id) do update set says = excluded.says,
                             first_visit_id = excluded.first_visit_id, first_run_id = excluded.first_run_id,
                             second_visit_id = null, second_run_id = null",
                    )?
                    .execute((
                        source_id,
                        new.quote_id,
                        &new.says,
                        &new.verdict,
                        visit_id,
                        visit_id.map(|_| run_id),
                    ))?;
            }
            UntoldStep::Second { quote_id, says } => {
                self.connection
                    .prepare_cached(
                        "update untold set says = ?3, second_visit_id = ?4, second_run_id = ?5
                         where (source_id, quote_id) = (?1, ?2)",
                    )?
                    .execute((source_id, quote_id, says, text.visit_id, run_id))?;
            }
            UntoldStep::Gone { quote_id } => self.forget_untold(source_id, *quote_id)?,
            UntoldStep::Back { quote_id } => {
                self.connection
                    .prepare_cached("update quote set told = null where id = ?1")?
                    .execute([quote_id])?;
                let words = self.quote_words(*quote_id)?;
                self.insert_event(
                    &NewEvent {
                        at: text.at,
                        run_id: Some(run_id),
                        kind: "quote-back",
                        source_id: Some(source_id),
                        detail: json!({ "quote": quote_id, "words": words }).to_string(),
                        ..NewEvent::default()
                    },
                    text.visit_id,
                    text.capture_id,
                )?;
            }
        }
        Ok(())
    }

    fn forget_untold(&self, source_id: i64, quote_id: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("delete from untold where (source_id, quote_id) = (?1, ?2)")?
            .execute((source_id, quote_id))?;
        Ok(())
    }

    fn quote_words(&self, quote_id: i64) -> rusqlite::Result<Option<String>> {
        self.connection
            .prepare_cached("select words from quote where id = ?1")?
            .query_row([quote_id], |row| row.get(0))
            .optional()
    }

    /// Tells what the visits of a run have shown for the second time, if the run can be trusted. If not, what it showed
    /// counts as not seen.
    pub fn tell_seen_twice(&self, run_id: i64, is_sound: bool) -> rusqlite::Result<()> {
        if !is_sound {
            self.connection
                .prepare_cached(
                    "update untold set first_visit_id = null, first_run_id = null
                     where first_run_id = ?1 and second_run_id is null",
                )?
                .execute([run_id])?;
            self.connection
                .prepare_cached(
                    "update untold set second_visit_id = null, second_run_id = null where second_run_id = ?1",
                )?
                .execute([run_id])?;
            return Ok(());
        }
        let seen: Vec<(i64, i64, String, Option<String>, i64, i64)> = self
            .connection
            .prepare_cached(
                "select u.source_id, u.quote_id, u.says, u.verdict, u.second_visit_id, v.at
                 from untold u join visit v on v.id = u.second_visit_id
                 where u.second_run_id = ?1 order by u.second_visit_id, u.quote_id",
            )?
            .query_map([run_id], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                    row.get(5)?,
                ))
            })?
            .collect::<rusqlite::Result<_>>()?;
        for (source_id, quote_id, says, verdict, visit_id, at) in seen {
            let (kind, detail, capture_id) = if quote_id == 0 {
                let detail = json!({ "from": verdict, "to": "drifted", "level": says });
                ("verdict-changed", Some(detail), None)
            } else {
                let (detail, lacks) = self.loss(source_id, quote_id, &says)?;
                ("quote-lost", detail, lacks)
            };
            if quote_id != 0 {
                self.connection
                    .prepare_cached("update quote set told = ?2 where id = ?1")?
                    .execute((quote_id, &says))?;
            }
            if let Some(detail) = detail {
                let event = NewEvent {
                    at,
                    run_id: Some(run_id),
                    kind,
                    source_id: Some(source_id),
                    detail: detail.to_string(),
                    ..NewEvent::default()
                };
                self.insert_event(&event, Some(visit_id), capture_id)?;
            }
            self.forget_untold(source_id, quote_id)?;
        }
        Ok(())
    }

    /// What is to be said of a quote that is lost, and the first capture that lacks it.
    fn loss(
        &self,
        source_id: i64,
        quote_id: i64,
        says: &str,
    ) -> rusqlite::Result<(Option<serde_json::Value>, Option<i64>)> {
        let reading = Reading {
            connection: self.connection,
        };
        let rows = reading.quotes_of(source_id, Some(quote_id))?;
        let Some(quote) = rows.into_iter().next() else {
            return Ok((None, None));
        };
        let copy = |(capture, at): (i64, i64)| json!({ "capture": capture, "at": at });
        let differences: serde_json::Value =
            serde_json::from_str(&quote.differences).unwrap_or_default();
        let before = quote.before.as_ref();
        let detail = json!({
            "quote": quote_id,
            "words": quote.words,
            "from": before.map(|(state, _)| state),
            "to": says,
            "had": before.and_then(|(_, copied)| *copied).map(copy),
            "lacks": quote.capture.map(copy),
            "differences": differences,
        });
        Ok((Some(detail), quote.capture.map(|(id, _)| id)))
    }
}

impl Reading<'_> {
    /// What was found last of how far a source has drifted.
    pub fn last_drift(&self, source_id: i64) -> rusqlite::Result<Option<DriftRow>> {
        self.connection
            .prepare_cached(&format!(
                "select d.visit_id, d.capture_id, d.level, d.kept, {}, d.version from drift d
                 where d.source_id = ?1 order by d.visit_id desc limit 1",
                texts::drift("d")
            ))?
            .query_row([source_id], drift)
            .optional()
    }

    /// All that was found of how far a source has drifted, oldest first.
    pub fn drifts(&self, source_id: i64) -> rusqlite::Result<Vec<DriftRow>> {
        self.connection
            .prepare_cached(&format!(
                "select d.visit_id, d.capture_id, d.level, d.kept, {}, d.version from drift d
                 where d.source_id = ?1 order by d.visit_id",
                texts::drift("d")
            ))?
            .query_map([source_id], drift)?
            .collect()
    }

    /// What waits to be told of a source.
    pub fn untold(&self, source_id: i64) -> rusqlite::Result<Vec<Untold>> {
        self.connection
            .prepare_cached(
                "select quote_id, says, verdict, first_visit_id is not null from untold where source_id = ?1",
            )?
            .query_map([source_id], |row| {
                Ok(Untold {
                    quote_id: row.get(0)?,
                    says: row.get(1)?,
                    verdict: row.get(2)?,
                    is_seen: row.get(3)?,
                })
            })?
            .collect()
    }
}

fn drift(row: &Row<'_>) -> rusqlite::Result<DriftRow> {
    Ok(DriftRow {
        visit_id: row.get(0)?,
        found: NewDrift {
            capture_id: row.get(1)?,
            level: row.get(2)?,
            kept: row.get(3)?,
            detail: row.get(4)?,
            version: row.get(5)?,
        },
    })
}
