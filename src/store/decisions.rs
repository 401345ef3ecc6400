//! What people decide of citations whose sources are broken, of copies that are not to be shown, and of copies that are to be made.

use rusqlite::{OptionalExtension, Row};

use super::overview::{STANDING, VERDICT};
use super::quotes::TIED;
use super::{Reading, Writing};

/// What is wrong with the source `s`, with its mark `m`; null where nothing is.
pub(super) fn wrong() -> String {
    format!(
        "case when ({STANDING}) = 'dead' then 'dead'
         when exists (select 1 from quote q where q.source_id = s.id and q.told is not null and {TIED}) then 'quote'
         when ({VERDICT}) in ('drifted', 'moved') then ({VERDICT}) end"
    )
}

/// Whether a post cites the source `l.id`, and nobody decided what becomes of that though `l.wrong` is wrong.
pub(super) const UNDECIDED: &str =
    "exists (select 1 from citation c where c.source_id = l.id and c.gone_at is null and not c.recorded_only
     and not exists (select 1 from decision d where d.source_id = c.source_id and d.post_id = c.post_id and d.work = l.wrong))";

/// What becomes of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It leads to this copy.
    Copy(i64),
    /// It leads to this address.
    Address(String),
    /// Its words stay, without a link.
    Unlink,
    /// It stays as it is.
    Leave,
}

impl Action {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Copy(_) => "copy",
            Self::Address(_) => "address",
            Self::Unlink => "unlink",
            Self::Leave => "leave",
        }
    }
}

/// A decision to note: of one source, for some of the posts that cite it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDecision {
    /// The source.
    pub source_id: i64,
    /// The posts; all that cite it where none is named.
    pub posts: Vec<i64>,
    /// What is to become of the link.
    pub action: Action,
    /// Why, in the user's words.
    pub note: Option<String>,
    /// Who decided.
    pub by: String,
}

/// A decision. Instants in milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// The id and canonical address of the source.
    pub source: (i64, String),
    /// The id and address of the post.
    pub post: (i64, String),
    /// `copy`, `address`, `unlink`, `leave`.
    pub action: String,
    /// The copy that the link is to lead to, and the instant that it stands for.
    pub capture: Option<(i64, i64)>,
    /// The address that it is to lead to.
    pub address: Option<String>,
    /// Why.
    pub note: Option<String>,
    /// What was wrong: `dead`, `quote`, `drifted`, `moved`.
    pub work: String,
    /// The verdict that stood then.
    pub verdict: Option<String>,
    /// When it was decided.
    pub decided_at: i64,
    /// By whom.
    pub decided_by: String,
    /// Whether the post still cites the source.
    pub is_cited: bool,
}

/// A place in the list of decisions: behind this instant, source and post.
pub type DecisionPlace = (i64, i64, i64);

/// Why a source's copies are not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Takedown {
    /// `hidden`, `blocked`.
    pub kind: String,
    /// Why, in the user's words.
    pub note: Option<String>,
    /// When, in milliseconds since the epoch.
    pub made_at: i64,
    /// By whom.
    pub made_by: String,
}

/// A post that cites a source on which something is to be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitingPost {
    /// Its id.
    pub post_id: i64,
    /// Its address or name.
    pub address: String,
    /// Its title.
    pub title: Option<String>,
    /// The words of the link.
    pub text: String,
    /// The sentence around it.
    pub context: String,
    /// What was decided, if something was.
    pub decided: Option<String>,
}

impl Writing<'_> {
    /// Notes a decision for the posts that cite the source now. Gives for how many; none where nothing is wrong with it.
    pub fn decide(&self, new: &NewDecision, now: i64) -> rusqlite::Result<u64> {
        let wrong = wrong();
        let found: Option<(Option<String>, Option<String>)> = self
            .connection
            .prepare_cached(&format!(
                "select {wrong}, s.verdict from source s left join mark m on m.source_id = s.id where s.id = ?1"
            ))?
            .query_row([new.source_id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((Some(work), verdict)) = found else {
            return Ok(0);
        };
        let (capture, address) = match &new.action {
            Action::Copy(id) => (Some(*id), None),
            Action::Address(address) => (None, Some(address.as_str())),
            Action::Unlink | Action::Leave => (None, None),
        };
        let citing = self.posts_citing(new.source_id)?;
        let mut many = 0;
        for post in citing {
            if !new.posts.is_empty() && !new.posts.contains(&post) {
                continue;
            }
            self.connection
                .prepare_cached(
                    "insert into decision (source_id, post_id, action, capture_id, address, note, work, verdict, decided_at, decided_by)
                     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                     on conflict (source_id, post_id) do update set action = excluded.action, capture_id = excluded.capture_id,
                         address = excluded.address, note = excluded.note, work = excluded.work, verdict = excluded.verdict,
                         decided_at = excluded.decided_at, decided_by = excluded.decided_by",
                )?
                .execute((
                    new.source_id,
                    post,
                    new.action.as_str(),
                    capture,
                    address,
                    &new.note,
                    &work,
                    &verdict,
                    now,
                    &new.by,
                ))?;
            many += 1;
        }
        Ok(many)
    }

    fn posts_citing(&self, source_id: i64) -> rusqlite::Result<Vec<i64>> {
        self.connection
            .prepare_cached(
                "select distinct post_id from citation where source_id = ?1 and gone_at is null and not recorded_only",
            )?
            .query_map([source_id], |row| row.get(0))?
            .collect()
    }

    /// Takes decisions on a source back: that for this post, or all. Gives how many.
    pub fn undecide(&self, source_id: i64, post_id: Option<i64>) -> rusqlite::Result<u64> {
        let gone = self
            .connection
            .prepare_cached(
                "delete from decision where source_id = ?1 and (?2 is null or post_id = ?2)",
            )?
            .execute((source_id, post_id))?;
        Ok(gone as u64)
    }

    /// Lets no copy of a source be shown any more; or again, where `kind` is none.
    pub fn take_down(
        &self,
        source_id: i64,
        kind: Option<&str>,
        note: Option<&str>,
        by: &str,
        now: i64,
    ) -> rusqlite::Result<()> {
        match kind {
            Some(kind) => self
                .connection
                .prepare_cached(
                    "insert into takedown (source_id, kind, note, made_at, made_by) values (?1, ?2, ?3, ?4, ?5)
                     on conflict (source_id) do update set kind = excluded.kind, note = excluded.note,
                         made_at = excluded.made_at, made_by = excluded.made_by",
                )?
                .execute((source_id, kind, note, now, by))?,
            None => self
                .connection
                .prepare_cached("delete from takedown where source_id = ?1")?
                .execute([source_id])?,
        };
        Ok(())
    }

    /// Has these sources visited as soon as somebody visits, and a copy of them kept where `copy`. Gives how many there are.
    pub fn want(&self, sources: &[i64], copy: bool, by: &str, now: i64) -> rusqlite::Result<u64> {
        let mut many = 0;
        for id in sources {
            let found = self
                .connection
                .prepare_cached("update source set next_visit_at = min(coalesce(next_visit_at, ?2), ?2) where id = ?1")?
                .execute((id, now))?;
            if found == 0 {
                continue;
            }
            many += 1;
            if copy {
                self.connection
                    .prepare_cached(
                        "insert into wanted (source_id, at, by) values (?1, ?2, ?3) on conflict (source_id) do nothing",
                    )?
                    .execute((id, now, by))?;
            }
        }
        Ok(many)
    }

    /// A copy that was asked for was kept, or cannot be.
    pub fn no_longer_wanted(&self, source_id: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("delete from wanted where source_id = ?1")?
            .execute([source_id])?;
        Ok(())
    }

    /// Has what a post was read from read again as soon as somebody does. Gives whether there is such a post.
    pub fn read_post_again(&self, post_id: i64, now: i64) -> rusqlite::Result<bool> {
        let input: Option<i64> = self
            .connection
            .prepare_cached(
                "select d.input_id from post p join document d on d.id = p.document_id
                 join input i on i.id = d.input_id and i.removed_at is null where p.id = ?1",
            )?
            .query_row([post_id], |row| row.get(0))
            .optional()?;
        let Some(input) = input else {
            return Ok(false);
        };
        self.connection
            .prepare_cached(
                "update document set complete = 0 where id = (select document_id from post where id = ?1)",
            )?
            .execute([post_id])?;
        self.connection
            .prepare_cached(
                "update discovered set next_read_at = 0, read_at = null, state = 'due' where input_id = ?1
                 and address = (select d.address from post p join document d on d.id = p.document_id where p.id = ?2)",
            )?
            .execute((input, post_id))?;
        self.read_input_again(input, now)
    }
}

impl Reading<'_> {
    /// How many sources wait for a decision, by what is wrong with them.
    pub fn work_left(&self) -> rusqlite::Result<Vec<(String, i64)>> {
        self.connection
            .prepare_cached(
                "select standing, many from tally where what = 'work' and key = 0 and many > 0",
            )?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// What is wrong with a source so that something is to be decided.
    pub fn work_of(&self, source_id: i64) -> rusqlite::Result<Option<String>> {
        self.connection
            .prepare_cached("select work from listed where source_id = ?1")?
            .query_row([source_id], |row| row.get(0))
            .optional()
            .map(Option::flatten)
    }

    pub(super) fn has_work(&self, source_id: i64, work: &[String]) -> rusqlite::Result<bool> {
        let own = self.work_of(source_id)?;
        Ok(own.is_some_and(|own| work.contains(&own)))
    }

    /// The posts that cite a source now, so many, each once, with the words of its first link there.
    pub fn citing_posts(&self, source_id: i64, most: usize) -> rusqlite::Result<Vec<CitingPost>> {
        self.connection
            .prepare_cached(
                "select p.id, p.address, p.title, c.text, c.context, d.action
                 from citation c join post p on p.id = c.post_id
                 left join decision d on d.source_id = c.source_id and d.post_id = c.post_id
                     and d.work = (select l.work from listed l where l.source_id = c.source_id)
                 where c.source_id = ?1 and c.gone_at is null and not c.recorded_only
                   and c.id = (select min(f.id) from citation f where f.source_id = c.source_id and f.post_id = c.post_id
                               and f.gone_at is null and not f.recorded_only)
                 order by p.id desc limit ?2",
            )?
            .query_map((source_id, most as i64), |row| {
                Ok(CitingPost {
                    post_id: row.get(0)?,
                    address: row.get(1)?,
                    title: row.get(2)?,
                    text: row.get(3)?,
                    context: row.get(4)?,
                    decided: row.get(5)?,
                })
            })?
            .collect()
    }

    /// What was decided, the last first: so many, behind a place.
    pub fn decisions(
        &self,
        after: Option<DecisionPlace>,
        most: usize,
    ) -> rusqlite::Result<Vec<DecisionRow>> {
        let (at, source, post) = after.unwrap_or((i64::MAX, i64::MAX, i64::MAX));
        self.connection
            .prepare_cached(&format!(
                "{DECISIONS} where (d.decided_at, d.source_id, d.post_id) < (?1, ?2, ?3)
                 order by d.decided_at desc, d.source_id desc, d.post_id desc limit ?4"
            ))?
            .query_map((at, source, post, most as i64), decision_row)?
            .collect()
    }

    /// How many decisions there are.
    pub fn count_decisions(&self) -> rusqlite::Result<i64> {
        self.connection
            .query_row("select count(*) from decision", [], |row| row.get(0))
    }

    /// What was decided on a source.
    pub fn decisions_on(&self, source_id: i64) -> rusqlite::Result<Vec<DecisionRow>> {
        self.connection
            .prepare_cached(&format!(
                "{DECISIONS} where d.source_id = ?1 order by d.post_id"
            ))?
            .query_map([source_id], decision_row)?
            .collect()
    }

    /// Why copies of a source are not shown, if they are not.
    pub fn takedown_of(&self, source_id: i64) -> rusqlite::Result<Option<Takedown>> {
        self.connection
            .prepare_cached(
                "select kind, note, made_at, made_by from takedown where source_id = ?1",
            )?
            .query_row([source_id], |row| {
                Ok(Takedown {
                    kind: row.get(0)?,
                    note: row.get(1)?,
                    made_at: row.get(2)?,
                    made_by: row.get(3)?,
                })
            })
            .optional()
    }

    /// The source of a capture.
    pub fn source_of_capture(&self, capture_id: i64) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached("select source_id from capture where id = ?1")?
            .query_row([capture_id], |row| row.get(0))
            .optional()
    }

    /// Whether any source is taken down: mostly none is, and nothing more has to be asked.
    pub fn has_takedowns(&self) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached("select exists (select 1 from takedown)")?
            .query_row([], |row| row.get(0))
    }

    /// Whether a copy of a source was asked for, and is not made yet.
    pub fn is_wanted(&self, source_id: i64) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached("select exists (select 1 from wanted where source_id = ?1)")?
            .query_row([source_id], |row| row.get(0))
    }
}

const DECISIONS: &str = "select d.source_id, s.address, d.post_id, p.address, d.action, d.capture_id, c.at, d.address, d.note,
     d.work, d.verdict, d.decided_at, d.decided_by,
     exists (select 1 from citation i where i.source_id = d.source_id and i.post_id = d.post_id and i.gone_at is null)
     from decision d join source s on s.id = d.source_id join post p on p.id = d.post_id
     left join capture c on c.id = d.capture_id";

fn decision_row(row: &Row<'_>) -> rusqlite::Result<DecisionRow> {
    let capture: Option<i64> = row.get(5)?;
    Ok(DecisionRow {
        source: (row.get(0)?, row.get(1)?),
        post: (row.get(2)?, row.get(3)?),
        action: row.get(4)?,
        capture: match capture {
            Some(id) => Some((id, row.get(6)?)),
            None => None,
        },
        address: row.get(7)?,
        note: row.get(8)?,
        work: row.get(9)?,
        verdict: row.get(10)?,
        decided_at: row.get(11)?,
        decided_by: row.get(12)?,
        is_cited: row.get(13)?,
    })
}
