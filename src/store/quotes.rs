//! What posts quote from sources: which passages are tied to which sources, and where each of them stands.
//!
//! A quote is a row of its source. The citations that tie it name it, so one that no citation names any more is kept and
//! not looked for. What was found is a row only where it differs from what was found before.

use rusqlite::{OptionalExtension, Row};

use super::chain::{Sha, sha256};
use super::drift::UntoldStep;
use super::{Reading, Writing};

/// Quotes of one source that are looked for in one text.
const MOST_QUOTES: usize = 2000;

/// Whether the quote `q` is looked for: a citation that is there, or a user, ties it to its source.
pub(super) const TIED: &str =
    "(exists (select 1 from citation c where c.source_id = q.source_id and c.gone_at is null
         and q.id in (c.quote_id, c.directives_id))
     or exists (select 1 from quote_by_hand h where h.quote_id = q.id and h.removed_at is null))";

/// The state of the quote `q`, from its newest result `r` and its source `s`.
const STATE: &str = "case when r.id is null then 'unknown'
     when r.state = 'missing'
         and not exists (select 1 from quote_result f where f.quote_id = q.id and f.state <> 'missing')
         and s.baseline_id is null then 'never-seen'
     else r.state end";

/// Whether the quote `q`, of which the newest result is `r`, stood word for word and does not any more, or stood and is
/// gone.
const LOST: &str = "(r.state is 'missing'
         and exists (select 1 from quote_result f where f.quote_id = q.id and f.state <> 'missing')
     or r.state is 'altered'
         and exists (select 1 from quote_result f where f.quote_id = q.id and f.state = 'verbatim'))";

/// Whether the source `s` has a quote that is lost, and since this instant where one is given.
pub(super) fn has_lost(since: &str) -> String {
    format!(
        "exists (select 1 from quote q join quote_result r on r.id = {NEWEST}
         where q.source_id = s.id and {LOST} and {TIED} and ({since} is null or r.at >= {since}))"
    )
}

/// The result of the quote `q` that holds now, as its id.
const NEWEST: &str = "(select n.id from quote_result n where n.quote_id = q.id order by n.at desc, n.id desc limit 1)";

/// A passage that is to be looked for, with what was found last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TiedQuote {
    /// Its id.
    pub id: i64,
    /// The passage.
    pub words: String,
    /// The text directives of an address that point to it.
    pub directives: Option<String>,
    /// Whether it was looked for before.
    pub is_looked_for: bool,
    /// What was found last.
    pub last: Option<QuoteFound>,
    /// The instant for which that stands.
    pub last_at: Option<i64>,
    /// Whether it ever stood word for word.
    pub was_verbatim: bool,
    /// Whether it ever stood, if only with other words.
    pub was_there: bool,
    /// What was told of it, if it is lost: `altered`, `missing`.
    pub told: Option<String>,
}

/// What was found of a passage in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteFound {
    /// `verbatim`, `altered`, `missing`.
    pub state: String,
    /// `main` or `whole`: in which text.
    pub place: Option<String>,
    /// The words that differ, as JSON.
    pub differences: String,
    /// The version of the code that looked.
    pub version: u32,
}

/// What was found of a passage, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewQuoteResult {
    /// The quote.
    pub quote_id: i64,
    /// What was found.
    pub found: QuoteFound,
}

/// The text that passages were looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookedIn {
    /// The instant it stands for.
    pub at: i64,
    /// The visit that brought it.
    pub visit_id: Option<i64>,
    /// The capture that holds it.
    pub capture_id: Option<i64>,
}

/// What was found of a quote that is lost while it stood, and the last capture that has it, with its instant.
pub type Stood = (String, Option<(i64, i64)>);

/// A quote as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "properties of a quote, each independent of the others"
)]
pub struct QuoteRow {
    /// Its id.
    pub id: i64,
    /// The passage.
    pub words: String,
    /// Whether it is from the text directives of an address.
    pub is_of_address: bool,
    /// `verbatim`, `altered`, `missing`, `never-seen`, `unknown`.
    pub state: String,
    /// `main` or `whole`: in which text it stands.
    pub place: Option<String>,
    /// The words that differ, as JSON.
    pub differences: String,
    /// Since when that is so.
    pub since: Option<i64>,
    /// The capture in which that was first seen.
    pub capture: Option<(i64, i64)>,
    /// What was found before that: the state, and the last capture that has it, with its instant.
    pub before: Option<Stood>,
    /// Whether it stood word for word before, and does not any more; or stood, and is gone.
    pub is_lost: bool,
    /// Whether that was seen once only.
    pub is_seen_once: bool,
    /// Who tied it by hand: when, who, why.
    pub by_hand: Option<(i64, Option<String>, Option<String>)>,
    /// Whether a citation that is there, or a user, ties it to the source: it is looked for.
    pub is_tied: bool,
    /// The posts that quote it, each with the line.
    pub posts: Vec<(String, u32)>,
}

/// How many quotes of a source are in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QuoteSums {
    /// They stand word for word.
    pub verbatim: u32,
    /// They stand with other words.
    pub altered: u32,
    /// They are not there.
    pub missing: u32,
    /// They are not there, and nobody knows whether they were.
    pub never_seen: u32,
    /// There was nothing to look in.
    pub unknown: u32,
    /// They stood word for word and do not any more, or stood and are gone.
    pub lost: u32,
}

/// What became of what is quoted from a source, as far as a report tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SaidRow {
    /// How many quotes are in which state.
    pub sums: QuoteSums,
    /// Those that are lost.
    pub lost: Vec<QuoteRow>,
    /// The parts of the page that citations point to.
    pub fragments: Vec<FragmentRow>,
}

/// A part of a page that citations point to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FragmentRow {
    /// As cited, without `#`.
    pub name: String,
    /// Whether the page lacks it.
    pub is_missing: bool,
    /// Since when.
    pub since: i64,
    /// Whether the page had it once.
    pub was_present: bool,
}

/// What was found of a part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFragment {
    /// As cited, without `#`.
    pub name: String,
    /// Whether the page lacks it.
    pub is_missing: bool,
}

impl Writing<'_> {
    /// The quote of a source with these words, found or made.
    pub(super) fn tie(
        &self,
        source_id: i64,
        words: &str,
        directives: Option<&str>,
        now: i64,
    ) -> rusqlite::Result<i64> {
        let sha = digest(words, directives);
        let known = self
            .connection
            .prepare_cached("select id from quote where (source_id, sha256) = (?1, ?2)")?
            .query_row((source_id, &sha[..]), |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
        self.connection
            .prepare_cached(
                "insert into quote (source_id, sha256, words, directives, tied_at) values (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((source_id, &sha[..], words, directives, now))?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Ties a passage to a source by hand. Gives its id, and whether that is new.
    pub fn tie_by_hand(
        &self,
        source_id: i64,
        words: &str,
        by: Option<&str>,
        note: Option<&str>,
        now: i64,
    ) -> rusqlite::Result<(i64, bool)> {
        let id = self.tie(source_id, words, None, now)?;
        let is_known = self
            .connection
            .prepare_cached(
                "select 1 from quote_by_hand where quote_id = ?1 and removed_at is null",
            )?
            .exists([id])?;
        self.connection
            .prepare_cached(
                "insert into quote_by_hand (quote_id, added_at, added_by, note) values (?1, ?2, ?3, ?4)
                 on conflict (quote_id) do update set removed_at = null, note = coalesce(excluded.note, note),
                     added_at = iif(removed_at is null, added_at, excluded.added_at),
                     added_by = iif(removed_at is null, added_by, excluded.added_by)",
            )?
            .execute((id, now, by, note))?;
        Ok((id, !is_known))
    }

    /// Takes back what was tied by hand. Gives whether it was.
    pub fn untie_by_hand(&self, quote_id: i64, now: i64) -> rusqlite::Result<bool> {
        let taken = self
            .connection
            .prepare_cached(
                "update quote_by_hand set removed_at = ?2 where quote_id = ?1 and removed_at is null",
            )?
            .execute((quote_id, now))?;
        Ok(taken > 0)
    }

    /// Keeps what was found of passages in a text.
    pub fn keep_quote_results(
        &self,
        text: LookedIn,
        results: &[NewQuoteResult],
    ) -> rusqlite::Result<()> {
        for one in results {
            let found = &one.found;
            self.connection
                .prepare_cached(
                    "insert into quote_result (quote_id, at, visit_id, capture_id, state, place, differences, version)
                     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute((
                    one.quote_id,
                    text.at,
                    text.visit_id,
                    text.capture_id,
                    &found.state,
                    &found.place,
                    &found.differences,
                    found.version,
                ))?;
        }
        Ok(())
    }

    /// Notes that the passages of a source were looked for, whatever was found.
    pub fn quotes_looked_for(&self, source_id: i64, at: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "update quote set looked_at = ?2 where source_id = ?1 and looked_at is null",
            )?
            .execute((source_id, at))?;
        Ok(())
    }

    /// Keeps what was found of passages in captures, oldest first, outside of a visit. What is lost by that is to be seen
    /// by two more visits, the first of them now.
    pub fn keep_looked_up(
        &self,
        source_id: i64,
        found: &[(LookedIn, Vec<NewQuoteResult>)],
        untold: &[UntoldStep],
        now: i64,
    ) -> rusqlite::Result<()> {
        for (text, results) in found {
            self.keep_quote_results(*text, results)?;
        }
        self.quotes_looked_for(source_id, now)?;
        let nowhere = LookedIn {
            at: now,
            visit_id: None,
            capture_id: None,
        };
        for step in untold {
            self.untold_step(source_id, nowhere, 0, step)?;
        }
        if !untold.is_empty() {
            self.connection
                .prepare_cached(
                    "update source set next_visit_at = iif(standing = 'dead', next_visit_at, min(next_visit_at, ?2))
                     where id = ?1",
                )?
                .execute((source_id, now))?;
        }
        Ok(())
    }

    /// Notes which parts of a page are there.
    pub fn keep_fragments(
        &self,
        source_id: i64,
        text: LookedIn,
        fragments: &[NewFragment],
    ) -> rusqlite::Result<()> {
        for one in fragments {
            let state = if one.is_missing { "missing" } else { "present" };
            self.connection
                .prepare_cached(
                    "insert into fragment (source_id, name, state, since, visit_id, was_present)
                     values (?1, ?2, ?3, ?4, ?5, ?6)
                     on conflict (source_id, name) do update set state = excluded.state, since = excluded.since,
                         visit_id = excluded.visit_id, was_present = was_present or excluded.was_present
                     where state <> excluded.state",
                )?
                .execute((
                    source_id,
                    &one.name,
                    state,
                    text.at,
                    text.visit_id,
                    !one.is_missing,
                ))?;
        }
        Ok(())
    }
}

impl Reading<'_> {
    /// The passages that are to be looked for in what a source says.
    pub fn tied_quotes(&self, source_id: i64) -> rusqlite::Result<Vec<TiedQuote>> {
        self.connection
            .prepare_cached(&format!(
                "select q.id, q.words, q.directives, q.looked_at is not null, q.told, r.state, r.place, r.differences,
                     r.version,
                     exists (select 1 from quote_result f where f.quote_id = q.id and f.state = 'verbatim'),
                     exists (select 1 from quote_result f where f.quote_id = q.id and f.state <> 'missing'), r.at
                 from quote q left join quote_result r on r.id = {NEWEST}
                 where q.source_id = ?1 and {TIED} order by q.id limit ?2"
            ))?
            .query_map((source_id, MOST_QUOTES as i64), |row| {
                Ok(TiedQuote {
                    id: row.get(0)?,
                    words: row.get(1)?,
                    directives: row.get(2)?,
                    is_looked_for: row.get(3)?,
                    told: row.get(4)?,
                    last: found(row, 5)?,
                    was_verbatim: row.get(9)?,
                    was_there: row.get(10)?,
                    last_at: row.get(11)?,
                })
            })?
            .collect()
    }

    /// The quotes of a source that are looked for, or were: all, or this one. Those that are lost come first.
    pub fn quotes_of(&self, source_id: i64, only: Option<i64>) -> rusqlite::Result<Vec<QuoteRow>> {
        let mut rows: Vec<QuoteRow> = self
            .connection
            .prepare_cached(&format!(
                "select q.id, q.words, q.directives is not null,
                     {STATE}, r.place, coalesce(r.differences, '[]'), r.at, r.capture_id,
                     (select c.at from capture c where c.id = r.capture_id),
                     {LOST}, coalesce((select u.second_visit_id is null from untold u
                         where u.source_id = q.source_id and u.quote_id = q.id), 0),
                     h.added_at, h.added_by, h.note, r.id, {TIED}
                 from quote q
                 join source s on s.id = q.source_id
                 left join quote_by_hand h on h.quote_id = q.id and h.removed_at is null
                 left join quote_result r on r.id = {NEWEST}
                 where q.source_id = ?1 and (?2 is null or q.id = ?2) order by {LOST} desc, q.id limit ?3"
            ))?
            .query_map((source_id, only, MOST_QUOTES as i64), |row| {
                let by_hand: Option<i64> = row.get(11)?;
                let capture: Option<i64> = row.get(7)?;
                Ok(QuoteRow {
                    id: row.get(0)?,
                    words: row.get(1)?,
                    is_of_address: row.get(2)?,
                    state: row.get(3)?,
                    place: row.get(4)?,
                    differences: row.get(5)?,
                    since: row.get(6)?,
                    capture: capture.zip(row.get(8)?),
                    before: None,
                    is_lost: row.get(9)?,
                    is_seen_once: row.get(10)?,
                    by_hand: match by_hand {
                        Some(at) => Some((at, row.get(12)?, row.get(13)?)),
                        None => None,
                    },
                    is_tied: row.get(15)?,
                    posts: Vec::new(),
                })
            })?
            .collect::<rusqlite::Result<_>>()?;
        for quote in &mut rows {
            quote.posts = self.posts_of_quote(source_id, quote.id)?;
            if quote.is_lost {
                quote.before = self.before_loss(source_id, quote.id)?;
            }
        }
        Ok(rows)
    }

    /// How many of the quotes of a source that are looked for are in which state, and how many are lost.
    fn quote_sums(&self, source_id: i64) -> rusqlite::Result<QuoteSums> {
        let mut sums = QuoteSums::default();
        let mut query = self.connection.prepare_cached(&format!(
            "select {STATE}, {LOST} from quote q
             join source s on s.id = q.source_id
             left join quote_result r on r.id = {NEWEST}
             where q.source_id = ?1 and {TIED}"
        ))?;
        let mut rows = query.query([source_id])?;
        while let Some(row) = rows.next()? {
            let state = row.get_ref(0)?;
            match state.as_str()? {
                "verbatim" => sums.verbatim += 1,
                "altered" => sums.altered += 1,
                "missing" => sums.missing += 1,
                "never-seen" => sums.never_seen += 1,
                _ => sums.unknown += 1,
            }
            sums.lost += u32::from(row.get::<_, bool>(1)?);
        }
        Ok(sums)
    }

    /// What became of what is quoted from a source.
    pub fn said(&self, source_id: i64) -> rusqlite::Result<SaidRow> {
        let sums = self.quote_sums(source_id)?;
        let lost = if sums.lost > 0 {
            let mut quotes = self.quotes_of(source_id, None)?;
            quotes.retain(|quote| quote.is_lost && quote.is_tied);
            quotes
        } else {
            Vec::new()
        };
        Ok(SaidRow {
            sums,
            lost,
            fragments: self.fragments(source_id)?,
        })
    }

    fn posts_of_quote(
        &self,
        source_id: i64,
        quote_id: i64,
    ) -> rusqlite::Result<Vec<(String, u32)>> {
        self.connection
            .prepare_cached(
                "select p.address, c.line from citation c join post p on p.id = c.post_id
                 where c.source_id = ?1 and c.gone_at is null and ?2 in (c.quote_id, c.directives_id)
                 order by p.address, c.line limit 100",
            )?
            .query_map((source_id, quote_id), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// What was found of a quote that is lost while it stood, and the last capture that has it.
    fn before_loss(&self, source_id: i64, quote_id: i64) -> rusqlite::Result<Option<Stood>> {
        type Found = (String, i64, Option<i64>, i64);
        let results: Vec<Found> = self
            .connection
            .prepare_cached(
                "select state, at, capture_id, id from quote_result where quote_id = ?1 order by at desc, id desc",
            )?
            .query_map([quote_id], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let Some((now, ..)) = results.first() else {
            return Ok(None);
        };
        let is_better = |state: &str| match now.as_str() {
            "missing" => state != "missing",
            _ => state == "verbatim",
        };
        let Some(at) = results.iter().position(|(state, ..)| is_better(state)) else {
            return Ok(None);
        };
        let (state, since, capture, _) = &results[at];
        // It stood until something else was found; whatever was captured until then has it.
        let until = at.checked_sub(1).map_or(i64::MAX, |next| results[next].1);
        let last: Option<(i64, i64)> = self
            .connection
            .prepare_cached(
                "select id, at from capture where source_id = ?1 and body_id is not null and (at >= ?2 and at < ?3 and kind = 'visit' or id = ?4)
                 order by at desc, id desc limit 1",
            )?
            .query_row((source_id, since, until, capture), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        Ok(Some((state.clone(), last)))
    }

    /// The passage with this id and its source's, or the one with these words.
    pub fn quote_by_words(&self, source_id: i64, words: &str) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached("select id from quote where (source_id, sha256) = (?1, ?2)")?
            .query_row((source_id, &digest(words, None)[..]), |row| row.get(0))
            .optional()
    }

    /// Sources with passages that were never looked for and of which we have a copy, after the one with this id.
    pub fn sources_to_look_in(&self, after: i64, most: usize) -> rusqlite::Result<Vec<i64>> {
        self.connection
            .prepare_cached(
                "select distinct q.source_id from quote q cross join source s on s.id = q.source_id
                 where q.looked_at is null and q.source_id > ?1 and s.last_capture_id is not null
                 order by q.source_id limit ?2",
            )?
            .query_map((after, most as i64), |row| row.get(0))?
            .collect()
    }

    /// The addresses with a fragment by which a source is cited.
    pub fn cited_fragments(&self, source_id: i64, most: usize) -> rusqlite::Result<Vec<String>> {
        self.connection
            .prepare_cached(
                "select distinct substr(url, instr(url, '#') + 1) from citation
                 where source_id = ?1 and gone_at is null and instr(url, '#') > 0 limit ?2",
            )?
            .query_map((source_id, most as i64), |row| row.get(0))?
            .collect()
    }

    /// The parts of a source that citations point to, as far as they were looked for.
    pub fn fragments(&self, source_id: i64) -> rusqlite::Result<Vec<FragmentRow>> {
        self.connection
            .prepare_cached(
                "select name, state = 'missing', since, was_present from fragment f
                 where source_id = ?1 and exists (select 1 from citation c where c.source_id = ?1
                     and c.gone_at is null and instr(c.url, '#') > 0
                     and instr(substr(c.url, instr(c.url, '#') + 1) || ':~:', f.name || ':~:') = 1)
                 order by name",
            )?
            .query_map([source_id], |row| {
                Ok(FragmentRow {
                    name: row.get(0)?,
                    is_missing: row.get(1)?,
                    since: row.get(2)?,
                    was_present: row.get(3)?,
                })
            })?
            .collect()
    }
}

fn found(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<QuoteFound>> {
    let Some(state) = row.get(first)? else {
        return Ok(None);
    };
    Ok(Some(QuoteFound {
        state,
        place: row.get(first + 1)?,
        differences: row.get(first + 2)?,
        version: row.get(first + 3)?,
    }))
}

/// What tells a quote from others of its source.
fn digest(words: &str, directives: Option<&str>) -> Sha {
    match directives {
        Some(written) => sha256(format!(":~:{written}").as_bytes()),
        None => sha256(words.as_bytes()),
    }
}
