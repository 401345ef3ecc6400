//! The index of words: what is kept in it, and what is found by it.
//!
//! A row of a capture holds its whole text while it is the newest of its source (`text`), and what its successor does not
//! say any more once there is one (`gone`). A row of a source holds what posts and users say of it. Texts come here as words
//! (see [`crate::search`]), and so do questions.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, OptionalExtension, params_from_iter};

use super::{Reading, Writing};

/// How much a word weighs where it stands: in the text, in what is gone, in the title, in the address, in what is said of it.
const WEIGHTS: &str = "1.0, 0.9, 8.0, 4.0, 3.0";
/// The columns of a capture. An empty shell says what a browser made of it.
const COPY: &str = "c.id, c.at, c.kind, c.url, c.media_type, c.title,
     coalesce((select r.dom_id from rendering r where r.capture_id = c.id and r.stands = 1), c.body_id) from capture c";
/// Texts that are read of what is said of a source.
const MOST_SAID: usize = 200;
/// A question ends after this long, with what it has.
const PATIENCE: Duration = Duration::from_secs(3);

/// What of a capture is in the index; texts are words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyWords {
    /// The capture.
    pub capture_id: i64,
    /// Its text, while it is the newest of its source.
    pub text: String,
    /// What its successor does not say any more.
    pub gone: String,
    /// Its title, while it is the newest.
    pub title: String,
    /// Where it came from.
    pub address: String,
}

/// What of a new capture is in the index, and of the one that it follows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewWords {
    /// The new one; its id is not known yet.
    pub newest: CopyWords,
    /// The one that was the newest before.
    pub before: Option<CopyWords>,
}

/// A source of which something in the index is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchDue {
    /// The source.
    pub source_id: i64,
    /// How many captures came, or went.
    pub copies: i64,
    /// Whether what is said of it is other.
    pub is_cited: bool,
}

/// A source, as the index takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchSource {
    /// Its canonical address.
    pub address: String,
    /// Its captures that are there, oldest first.
    pub copies: Vec<SearchCopy>,
}

/// A capture, as the index takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchCopy {
    /// Its id.
    pub id: i64,
    /// The instant it stands for.
    pub at: i64,
    /// How it was made.
    pub kind: String,
    /// The address that the body came from.
    pub url: String,
    /// Media type.
    pub media_type: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// The payload that its text is read from: captures that have the same say the same.
    pub text_id: i64,
}

/// Something that is said of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidOf {
    /// The words.
    pub text: String,
    /// The post that says it; none where it is a user's note.
    pub post: Option<String>,
}

/// What is looked for, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchFor {
    /// The words, in the language of the index.
    pub expression: String,
    /// On hosts of these names, or below them.
    pub hosts: Vec<String>,
    /// Cited by posts of inputs whose addresses have these in them.
    pub inputs: Vec<String>,
    /// Cited by posts whose addresses have these in them.
    pub posts: Vec<String>,
    /// Cited at one of these places of posts: `body`, `comment`, …; empty for all.
    pub places: Vec<String>,
    /// Of one of these standings, or verdicts; both empty for all.
    pub standings: Vec<String>,
    /// The verdicts.
    pub verdicts: Vec<String>,
    /// In captures from this instant on.
    pub since: Option<i64>,
    /// In captures up to this instant.
    pub until: Option<i64>,
    /// So many rows of the index are ranked; where more match, those that came last.
    pub most: usize,
    /// Not in sources that are taken down.
    pub is_shown: bool,
}

/// Where something was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchHit {
    /// The source.
    pub source_id: i64,
    /// The capture; none where it is in what is said of the source.
    pub capture_id: Option<i64>,
    /// How well it fits: the less, the better.
    pub score: f64,
}

/// What was found, in the order of the index.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchHits {
    /// The places.
    pub hits: Vec<SearchHit>,
    /// Whether there may be more: they were too many, or it took too long.
    pub is_cut: bool,
}

/// A source that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSource {
    /// Its canonical address.
    pub address: String,
    /// Its standing.
    pub standing: String,
    /// Its verdict.
    pub verdict: Option<String>,
    /// Its captures that are there, oldest first.
    pub copies: Vec<SearchCopy>,
}

/// A row of the index, as it is to be.
pub(super) enum IndexRow {
    /// Of a capture.
    Copy(CopyWords),
    /// Of a source: its id, its address, and what is said of it.
    Source(i64, String, String),
}

impl IndexRow {
    /// How much it has to be read, in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Copy(copy) => copy.text.len() + copy.gone.len() + copy.title.len(),
            Self::Source(_, address, said) => address.len() + said.len(),
        }
    }
}

/// Writes rows of the index, in place of what is there. A capture that went since has none.
pub(super) fn write_rows(connection: &Connection, rows: &[IndexRow]) -> rusqlite::Result<()> {
    // One statement looks and another writes: a statement that did both would be one with a savepoint of its own.
    let mut is_there = connection.prepare_cached(
        "select exists (select 1 from capture where id = ?1 and body_id is not null)",
    )?;
    let mut write = connection.prepare_cached(
        "insert or replace into search_index (rowid, text, gone, title, address, cited)
         values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for row in rows {
        match row {
            IndexRow::Copy(copy) => {
                if is_there.query_row([copy.capture_id], |row| row.get(0))? {
                    let row = row_of_capture(copy.capture_id);
                    let (text, gone) = (&copy.text, &copy.gone);
                    write.execute((row, text, gone, &copy.title, &copy.address, ""))?;
                }
            }
            IndexRow::Source(id, address, said) => {
                write.execute((row_of_source(*id), "", "", "", address, said))?;
            }
        }
    }
    Ok(())
}

fn row_of_capture(id: i64) -> i64 {
    2 * id
}

fn row_of_source(id: i64) -> i64 {
    2 * id + 1
}

impl Writing<'_> {
    /// Puts the words of a capture into the index that was sealed just now, in place of those of the one before it. Where
    /// something else is due of its source, or another capture came between, that is left for later.
    pub fn index_sealed(&self, capture_id: i64, words: NewWords) -> rusqlite::Result<()> {
        let (source, copies): (i64, i64) = self
            .connection
            .prepare_cached(
                "select c.source_id, d.copies from capture c join search_due d on d.source_id = c.source_id where c.id = ?1",
            )?
            .query_row([capture_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let newest: Vec<i64> = self
            .connection
            .prepare_cached(
                "select id from capture where source_id = ?1 and body_id is not null order by at desc, id desc limit 2",
            )?
            .query_map([source], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let before = words.before.as_ref().map(|before| before.capture_id);
        if copies != 1 || newest.first() != Some(&capture_id) || newest.get(1).copied() != before {
            return Ok(());
        }
        self.index_copies(words.before.into_iter().chain([CopyWords {
            capture_id,
            ..words.newest
        }]));
        self.connection
            .prepare_cached("update search_due set copies = 0 where source_id = ?1")?
            .execute([source])?;
        self.connection
            .prepare_cached(
                "delete from search_due where source_id = ?1 and copies = 0 and cited = 0",
            )?
            .execute([source])?;
        Ok(())
    }

    /// Puts the words of captures into the index, in place of what is there of them.
    pub fn index_copies(&self, copies: impl IntoIterator<Item = CopyWords>) {
        self.words
            .borrow_mut()
            .extend(copies.into_iter().map(IndexRow::Copy));
    }

    /// Puts what is said of a source into the index, in place of what is there.
    pub fn index_said(&self, source_id: i64, address: String, said: String) {
        self.words
            .borrow_mut()
            .push(IndexRow::Source(source_id, address, said));
    }

    /// Notes that a source is as it should be, unless it changed since it was found due.
    pub fn indexed(&self, due: &SearchDue) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "delete from search_due where (source_id, copies, cited) = (?1, ?2, ?3)",
            )?
            .execute((due.source_id, due.copies, due.is_cited))?;
        Ok(())
    }

    /// Empties the index, and notes that everything is due.
    pub fn index_anew(&self) -> rusqlite::Result<()> {
        self.words.borrow_mut().clear();
        self.connection.execute_batch(
            "insert into search_index (search_index) values ('delete-all');
             insert into search_due (source_id, copies, cited) select id, 2, 1 from source where true
             on conflict (source_id) do update set copies = copies + 2, cited = 1;",
        )
    }

    /// Merges parts of the index, about so many pages of it. Says whether there was something to do.
    pub fn merge_index(&self, pages: i64, is_first: bool) -> rusqlite::Result<bool> {
        let before = self.connection.total_changes();
        self.connection
            .prepare_cached("insert into search_index (search_index, rank) values ('merge', ?1)")?
            .execute([if is_first { -pages } else { pages }])?;
        // The statement itself counts as one.
        Ok(self.connection.total_changes() - before >= 2)
    }
}

impl Reading<'_> {
    /// How many sources are due to be indexed.
    pub fn search_due_count(&self) -> rusqlite::Result<u64> {
        self.connection
            .prepare_cached("select count(*) from search_due")?
            .query_row([], |row| row.get::<_, i64>(0))
            .map(i64::unsigned_abs)
    }

    /// Sources that are due to be indexed, after this one.
    pub fn search_due(&self, after: i64, most: usize) -> rusqlite::Result<Vec<SearchDue>> {
        self.connection
            .prepare_cached(
                "select source_id, copies, cited from search_due where source_id > ?1 order by source_id limit ?2",
            )?
            .query_map((after, most as i64), |row| {
                Ok(SearchDue {
                    source_id: row.get(0)?,
                    copies: row.get(1)?,
                    is_cited: row.get(2)?,
                })
            })?
            .collect()
    }

    /// A source, as the index takes it; without its captures where they are not wanted.
    pub fn search_source(
        &self,
        source_id: i64,
        with_copies: bool,
    ) -> rusqlite::Result<Option<SearchSource>> {
        let address: Option<String> = self.address_of(source_id)?;
        let Some(address) = address else {
            return Ok(None);
        };
        Ok(Some(SearchSource {
            address,
            copies: if with_copies {
                self.search_copies(source_id)?
            } else {
                Vec::new()
            },
        }))
    }

    fn search_copies(&self, source_id: i64) -> rusqlite::Result<Vec<SearchCopy>> {
        self.connection
            .prepare_cached(&format!(
                "select {COPY} where c.source_id = ?1 and c.body_id is not null order by c.at, c.id"
            ))?
            .query_map([source_id], search_copy)?
            .collect()
    }

    /// The newest capture of a source that is there.
    pub fn newest_copy(&self, source_id: i64) -> rusqlite::Result<Option<SearchCopy>> {
        self.connection
            .prepare_cached(
                &format!(
                    "select {COPY} where c.source_id = ?1 and c.body_id is not null order by c.at desc, c.id desc limit 1"
                ),
            )?
            .query_row([source_id], search_copy)
            .optional()
    }

    /// What posts say of a source (anchors' texts, sentences, notes), and what users noted.
    pub fn said_of(&self, source_id: i64) -> rusqlite::Result<Vec<SaidOf>> {
        let mut said: Vec<SaidOf> = Vec::new();
        let mut query = self.connection.prepare_cached(
            "select c.text, c.context, c.note, p.address from citation c join post p on p.id = c.post_id
             where c.source_id = ?1 and c.gone_at is null order by c.id limit ?2",
        )?;
        let mut rows = query.query((source_id, MOST_SAID as i64))?;
        while let Some(row) = rows.next()? {
            let (text, context): (String, String) = (row.get(0)?, row.get(1)?);
            let note: Option<String> = row.get(2)?;
            let post: String = row.get(3)?;
            // Mostly, the sentence has the anchor in it.
            let text = Some(text).filter(|text| !context.contains(text.as_str()));
            for text in text.into_iter().chain([context]).chain(note) {
                if !text.trim().is_empty() && said.iter().all(|known| known.text != text) {
                    let post = Some(post.clone());
                    said.push(SaidOf { text, post });
                }
            }
        }
        let mut query = self.connection.prepare_cached(
            "select note from mark where source_id = ?1 and note is not null
             union all select note from hold where source_id = ?1 and note is not null
             union all select h.note from capture_by_hand h join capture c on c.id = h.capture_id
                 where c.source_id = ?1 and h.note is not null
             limit ?2",
        )?;
        let mut rows = query.query((source_id, MOST_SAID as i64))?;
        while let Some(row) = rows.next()? {
            said.push(SaidOf {
                text: row.get(0)?,
                post: None,
            });
        }
        Ok(said)
    }

    /// Looks for words.
    pub fn search(&self, wanted: &SearchFor) -> rusqlite::Result<SearchHits> {
        let begun = Instant::now();
        let mut found = SearchHits::default();
        let mut filter = Filter::new(self, wanted)?;
        // The capture of a row, if it is one's; the row of a source has an odd number.
        let mut query = self.connection.prepare_cached(&format!(
            "select search_index.rowid, bm25(search_index, {WEIGHTS}),
                 (select c.source_id from capture c where c.id = search_index.rowid / 2 and search_index.rowid % 2 = 0),
                 (select c.at from capture c where c.id = search_index.rowid / 2 and search_index.rowid % 2 = 0)
             from search_index where search_index match ?1 order by search_index.rowid desc"
        ))?;
        let mut rows = query.query([&wanted.expression])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let of_capture: Option<i64> = row.get(2)?;
            let source_id = match of_capture {
                Some(source_id) => source_id,
                None if id % 2 == 1 => id / 2,
                // Of what is not there, nothing is shown; `verify` tells of it.
                None => continue,
            };
            if filter.takes(source_id, row.get(3)?)? {
                if found.hits.len() == wanted.most {
                    found.is_cut = true;
                    break;
                }
                found.hits.push(SearchHit {
                    source_id,
                    capture_id: of_capture.map(|_| id / 2),
                    score: row.get(1)?,
                });
            }
            if begun.elapsed() > PATIENCE {
                found.is_cut = true;
                break;
            }
        }
        Ok(found)
    }

    /// A source that was found.
    pub fn found_source(&self, source_id: i64) -> rusqlite::Result<Option<FoundSource>> {
        let row = self
            .connection
            .prepare_cached("select address, standing, verdict from source where id = ?1")?
            .query_row([source_id], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((address, standing, verdict)) = row else {
            return Ok(None);
        };
        Ok(Some(FoundSource {
            address,
            standing,
            verdict,
            copies: self.search_copies(source_id)?,
        }))
    }
}

/// What narrows a search.
pub(super) struct Filter<'c> {
    since: Option<i64>,
    until: Option<i64>,
    /// Asks of a source (`?1`) whether it is meant, with the values from `?2` on; none where all are.
    of_source: Option<(CachedStatement<'c>, Vec<Value>)>,
    /// Sources that were asked of.
    known: HashMap<i64, bool>,
}

impl<'c> Filter<'c> {
    pub(super) fn new(reading: &Reading<'c>, wanted: &SearchFor) -> rusqlite::Result<Self> {
        const OF_CITATION: &str = "exists (select 1 from citation c join post p on p.id = c.post_id
             join document d on d.id = p.document_id join input i on i.id = d.input_id
             where c.source_id = s.id and c.gone_at is null and ";
        let mut conditions = Vec::new();
        let mut values = Vec::new();
        let mut add = |before: &str, all: &[(&str, &[String])], after: &str| {
            let mut any = Vec::new();
            for (condition, names) in all {
                for name in *names {
                    values.push(Value::Text(name.clone()));
                    any.push(condition.replace('?', &format!("?{}", values.len() + 1)));
                }
            }
            if !any.is_empty() {
                conditions.push(format!("{before}({}){after}", any.join(" or ")));
            }
        };
        let of_host = "exists (select 1 from host h where h.id = s.host_id and (h.name = ?
            or substr(h.name, -length(?) - 1) = '.' || ?))";
        add("", &[(of_host, &wanted.hosts)], "");
        let standing = ("s.standing = ?", &wanted.standings[..]);
        let verdict = ("s.verdict = ?", &wanted.verdicts[..]);
        add("", &[standing, verdict], "");
        add(
            OF_CITATION,
            &[("instr(p.address, ?) > 0", &wanted.posts)],
            ")",
        );
        add(
            OF_CITATION,
            &[("instr(i.address, ?) > 0", &wanted.inputs)],
            ")",
        );
        let of_place =
            "exists (select 1 from citation c where c.source_id = s.id and c.gone_at is null and ";
        add(of_place, &[("c.place = ?", &wanted.places)], ")");
        if wanted.is_shown && reading.has_takedowns()? {
            let shown = "not exists (select 1 from takedown t where t.source_id = s.id)";
            conditions.push(shown.to_owned());
        }
        let of_source = if conditions.is_empty() {
            None
        } else {
            let question = format!(
                "select exists (select 1 from source s where s.id = ?1 and {})",
                conditions.join(" and ")
            );
            Some((reading.connection.prepare_cached(&question)?, values))
        };
        Ok(Self {
            since: wanted.since,
            until: wanted.until,
            of_source,
            known: HashMap::new(),
        })
    }

    /// Whether a row is meant; `at` is the instant of its capture, where it is one's.
    pub(super) fn takes(&mut self, source_id: i64, at: Option<i64>) -> rusqlite::Result<bool> {
        let is_early = |since| at.is_none_or(|at| at < since);
        let is_late = |until| at.is_none_or(|at| at > until);
        if self.since.is_some_and(is_early) || self.until.is_some_and(is_late) {
            return Ok(false);
        }
        let Some((question, values)) = &mut self.of_source else {
            return Ok(true);
        };
        if let Some(known) = self.known.get(&source_id) {
            return Ok(*known);
        }
        let all = std::iter::once(Value::Integer(source_id)).chain(values.iter().cloned());
        let is_meant = question.query_row(params_from_iter(all), |row| row.get(0))?;
        self.known.insert(source_id, is_meant);
        Ok(is_meant)
    }
}

/// A piece of the rows that were looked at, for `verify`.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// The last of them; none where there were no more.
    pub(super) to: Option<i64>,
    /// What is wrong with them.
    pub(super) problems: Vec<String>,
}

/// Rows of the index of what is not there.
pub(super) fn strays(connection: &Connection, after: i64, most: i64) -> rusqlite::Result<Looked> {
    look(
        connection.prepare_cached(
            "select d.id, iif(d.id % 2 = 1, exists (select 1 from source s where s.id = d.id / 2),
                 exists (select 1 from capture c where c.id = d.id / 2 and c.body_id is not null))
             from search_index_docsize d where d.id > ?1 order by d.id limit ?2",
        )?,
        (after, most),
        |id| match id % 2 {
            1 => format!(
                "index of words: source {} is in it, and is not there",
                id / 2
            ),
            _ => format!("index of words: copy {} is in it, and is not there", id / 2),
        },
    )
}

/// Captures that should be in the index, and are not.
pub(super) fn missed(connection: &Connection, after: i64, most: i64) -> rusqlite::Result<Looked> {
    look(
        connection.prepare_cached(
            "select c.id, c.body_id is null or exists (select 1 from search_index_docsize d where d.id = 2 * c.id)
                 or exists (select 1 from search_due d where d.source_id = c.source_id and d.copies > 0)
             from capture c where c.id > ?1 order by c.id limit ?2",
        )?,
        (after, most),
        |id| format!("index of words: copy {id} is missing in it; `sourcekeep reindex` makes it anew"),
    )
}

fn look(
    mut query: CachedStatement<'_>,
    values: (i64, i64),
    tell: impl Fn(i64) -> String,
) -> rusqlite::Result<Looked> {
    let mut looked = Looked::default();
    let mut rows = query.query(values)?;
    while let Some(row) = rows.next()? {
        let (id, is_right): (i64, bool) = (row.get(0)?, row.get(1)?);
        if !is_right {
            looked.problems.push(tell(id));
        }
        looked.to = Some(id);
    }
    Ok(looked)
}

fn search_copy(row: &rusqlite::Row<'_>) -> rusqlite::Result<SearchCopy> {
    Ok(SearchCopy {
        id: row.get(0)?,
        at: row.get(1)?,
        kind: row.get(2)?,
        url: row.get(3)?,
        media_type: row.get(4)?,
        title: row.get(5)?,
        text_id: row.get(6)?,
    })
}
