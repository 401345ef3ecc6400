//! Inputs: what the user registered.

use rusqlite::{OptionalExtension, Row};

use super::{Reading, Writing};

/// An input to register.
#[derive(Debug, Clone)]
pub struct NewInput {
    /// Absolute address or path.
    pub address: String,
    /// `page`, `feed`, `file`, `folder`, `list`, `pages`, `stdin`, `by-hand`.
    pub kind: String,
    /// The format that was asked for, if one was.
    pub format: Option<String>,
    /// The address it stands for (`--base`).
    pub base: Option<String>,
    /// What is included and excluded, as JSON.
    pub options: String,
}

/// A registered input.
#[derive(Debug, Clone)]
pub struct InputRow {
    /// Its id.
    pub id: i64,
    /// Absolute address or path.
    pub address: String,
    /// What it is.
    pub kind: String,
    /// The format that was asked for.
    pub format: Option<String>,
    /// The address it stands for.
    pub base: Option<String>,
    /// What is included and excluded, as JSON.
    pub options: String,
    /// When it was added.
    pub added_at: i64,
    /// When it is read again.
    pub next_refresh_at: Option<i64>,
    /// When it was read last.
    pub refreshed_at: Option<i64>,
    /// Why it could not be read last time.
    pub problem: Option<String>,
    /// Since when it rests.
    pub paused_at: Option<i64>,
    /// Posts that are there now.
    pub posts: i64,
    /// Citations that are there now.
    pub citations: i64,
}

impl Writing<'_> {
    /// Registers an input, or renews it if it is there: due at once, and read again as a whole where it is now to be
    /// read in another way. Says whether it is new.
    pub fn add_input(&self, input: &NewInput, now: i64) -> rusqlite::Result<(i64, bool)> {
        let known: Option<(i64, Option<i64>)> = self
            .connection
            .prepare_cached("select id, removed_at from input where address = ?1")?
            .query_row([&input.address], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        // Read by other rules, an unchanged document may give other citations.
        self.connection
            .prepare_cached(
                "update document set complete = 0 where input_id in
                 (select id from input where address = ?1
                  and (kind, format, base, options) is not (?2, ?3, ?4, ?5))",
            )?
            .execute((
                &input.address,
                &input.kind,
                &input.format,
                &input.base,
                &input.options,
            ))?;
        if let Some((id, removed)) = known {
            let is_same: bool = self
                .connection
                .prepare_cached(
                    "select (kind, format, base, options) is (?2, ?3, ?4, ?5) from input where id = ?1",
                )?
                .query_row(
                    (id, &input.kind, &input.format, &input.base, &input.options),
                    |row| row.get(0),
                )?;
            if removed.is_some() || !is_same {
                self.all_leads_due(id)?;
            }
        }
        let id = self
            .connection
            .prepare_cached(
                "insert into input (address, kind, format, base, options, added_at, next_refresh_at)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?6)
                 on conflict (address) do update set kind = excluded.kind, format = excluded.format,
                     base = excluded.base, options = excluded.options, removed_at = null, paused_at = null,
                     next_refresh_at = excluded.next_refresh_at
                 returning id",
            )?
            .query_row(
                (&input.address, &input.kind, &input.format, &input.base, &input.options, now),
                |row| row.get(0),
            )?;
        Ok((id, known.is_none_or(|(_, removed)| removed.is_some())))
    }

    /// An input is included and excluded from in another way from now on, so that all of it is to be read again.
    pub fn change_input_options(&self, id: i64, options: &str) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("update input set options = ?2 where id = ?1")?
            .execute((id, options))?;
        self.connection
            .prepare_cached("update document set complete = 0 where input_id = ?1")?
            .execute([id])?;
        self.all_leads_due(id)
    }

    /// Registers an input that another one names, unless it is known already, be it that it was removed. Says whether
    /// it is new.
    pub fn add_input_once(&self, input: &NewInput, now: i64) -> rusqlite::Result<bool> {
        let added = self
            .connection
            .prepare_cached(
                "insert into input (address, kind, format, base, options, added_at, next_refresh_at)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?6) on conflict (address) do nothing",
            )?
            .execute((
                &input.address,
                &input.kind,
                &input.format,
                &input.base,
                &input.options,
                now,
            ))?;
        Ok(added > 0)
    }

    /// Inputs that were registered because a document named them, and that it names no longer.
    pub fn inputs_not_named(&self, by: &str, named: &[NewInput]) -> rusqlite::Result<Vec<String>> {
        let named: Vec<&str> = named.iter().map(|input| input.address.as_str()).collect();
        // A list of strings always serialises.
        let named = serde_json::to_string(&named).unwrap_or_else(|_| "[]".to_owned());
        self.connection
            .prepare_cached(
                "select address from input where removed_at is null and json_extract(options, '$.added_by') = ?1
                 and address not in (select value from json_each(?2)) order by id",
            )?
            .query_map((by, named), |row| row.get(0))?
            .collect()
    }

    /// Takes an input off the list. What was gathered from it stays; its posts count as gone. Gives whether there was
    /// such an input.
    pub fn remove_input(&self, address: &str, now: i64) -> rusqlite::Result<bool> {
        let changed = self
            .connection
            .prepare_cached(
                "update input set removed_at = ?2, next_refresh_at = null
                 where address = ?1 and removed_at is null",
            )?
            .execute((address, now))?;
        self.forget_what_removed_inputs_cite(now)?;
        Ok(changed > 0)
    }

    /// Lets an input rest: it is not read until it is to go on. What it cites is visited all the same. Gives whether there is such an input
    /// that did not rest.
    pub fn pause_input(&self, id: i64, now: i64) -> rusqlite::Result<bool> {
        let paused = self
            .connection
            .prepare_cached(
                "update input set paused_at = ?2, next_refresh_at = null
                 where id = ?1 and paused_at is null and removed_at is null",
            )?
            .execute((id, now))?;
        Ok(paused > 0)
    }

    /// Lets an input go on that rests; it is read at once. Gives whether there is such an input.
    pub fn resume_input(&self, id: i64, now: i64) -> rusqlite::Result<bool> {
        let resumed = self
            .connection
            .prepare_cached(
                "update input set paused_at = null, next_refresh_at = ?2
                 where id = ?1 and paused_at is not null and removed_at is null",
            )?
            .execute((id, now))?;
        Ok(resumed > 0)
    }

    /// Has an input read as soon as somebody reads; one that rests is left alone. Gives whether there is such an input.
    pub fn read_input_again(&self, id: i64, now: i64) -> rusqlite::Result<bool> {
        let found = self
            .connection
            .prepare_cached(
                "update input set next_refresh_at = ?2 where id = ?1 and removed_at is null and paused_at is null",
            )?
            .execute((id, now))?;
        Ok(found > 0)
    }

    /// Changes after how long an input is read again, as its options say; from when it was read last.
    pub fn change_input_interval(
        &self,
        id: i64,
        options: &str,
        next_refresh_at: Option<i64>,
    ) -> rusqlite::Result<bool> {
        let found = self
            .connection
            .prepare_cached(
                "update input set options = ?2,
                     next_refresh_at = iif(paused_at is not null, null, coalesce(?3, next_refresh_at))
                 where id = ?1 and removed_at is null",
            )?
            .execute((id, options, next_refresh_at))?;
        Ok(found > 0)
    }

    fn forget_what_removed_inputs_cite(&self, now: i64) -> rusqlite::Result<()> {
        for update in [
            "update citation set gone_at = ?1 where gone_at is null and post_id in
             (select p.id from post p join document d on d.id = p.document_id
              join input i on i.id = d.input_id where i.removed_at is not null and p.gone_at is null)",
            "update post set gone_at = ?1 where gone_at is null and document_id in
             (select d.id from document d join input i on i.id = d.input_id
              where i.removed_at is not null and d.gone_at is null)",
            "update document set gone_at = ?1 where gone_at is null and input_id in
             (select id from input where removed_at is not null)",
        ] {
            self.connection.prepare_cached(update)?.execute([now])?;
        }
        Ok(())
    }

    /// Notes how reading an input went, and when it is read again. An input that was removed or renewed while it was
    /// read stays so: what was gathered meanwhile counts as gone, or is read once more.
    pub fn input_refreshed(
        &self,
        id: i64,
        now: i64,
        next_refresh_at: Option<i64>,
        problem: Option<&str>,
    ) -> rusqlite::Result<()> {
        let changed = self
            .connection
            .prepare_cached(
                "update input set refreshed_at = ?2, problem = ?4,
                     next_refresh_at = iif(paused_at is not null, null, iif(next_refresh_at > ?2, next_refresh_at, ?3))
                 where id = ?1 and removed_at is null",
            )?
            .execute((id, now, next_refresh_at, problem))?;
        if changed == 0 {
            return self.forget_what_removed_inputs_cite(now);
        }
        self.connection
            .prepare_cached(
                "update document set complete = 0 where input_id = ?1
                 and exists (select 1 from input where id = ?1 and next_refresh_at > ?2 and next_refresh_at is not ?3)",
            )?
            .execute((id, now, next_refresh_at))?;
        Ok(())
    }
}

/// Whether an address on the web is a page, a feed or a sitemap shows when it is read; a site is asked for.
const COLUMNS: &str = "i.id, i.address,
     case when i.kind <> 'page' then i.kind
          when i.format = 'site' then 'site'
          else coalesce((select d.format from document d where d.input_id = i.id and d.address = i.address
                         and d.format in ('feed', 'sitemap')), 'page') end,
     i.format, i.base, i.options, i.added_at, i.next_refresh_at, i.refreshed_at, i.problem, i.paused_at";
const COUNTS: &str = "(select count(*) from post p join document d on d.id = p.document_id
      where d.input_id = i.id and p.gone_at is null),
     (select count(*) from citation c join post p on p.id = c.post_id join document d on d.id = p.document_id
      where d.input_id = i.id and c.gone_at is null)";

impl Reading<'_> {
    /// The registered inputs, oldest first.
    pub fn inputs(&self) -> rusqlite::Result<Vec<InputRow>> {
        self.connection
            .prepare_cached(&format!(
                "select {COLUMNS}, {COUNTS} from input i where i.removed_at is null and i.kind <> 'by-hand' order by i.id"
            ))?
            .query_map([], input_row)?
            .collect()
    }

    /// A registered input, by its id. Its posts and citations are not counted.
    pub fn input(&self, id: i64) -> rusqlite::Result<Option<InputRow>> {
        self.connection
            .prepare_cached(&format!(
                "select {COLUMNS}, 0, 0 from input i where i.id = ?1 and i.removed_at is null and i.kind <> 'by-hand'"
            ))?
            .query_row([id], input_row)
            .optional()
    }

    /// The registered inputs, oldest first. Their posts and citations are not counted: a run would wait for that.
    pub fn registered_inputs(&self) -> rusqlite::Result<Vec<InputRow>> {
        self.connection
            .prepare_cached(&format!(
                "select {COLUMNS}, 0, 0 from input i where i.removed_at is null and i.kind <> 'by-hand' order by i.id"
            ))?
            .query_map([], input_row)?
            .collect()
    }

    /// The inputs that are due, oldest first. Their posts and citations are not counted: a run would wait for that.
    pub fn due_inputs(&self, now: i64) -> rusqlite::Result<Vec<InputRow>> {
        self.connection
            .prepare_cached(&format!(
                "select {COLUMNS}, 0, 0 from input i where i.next_refresh_at <= ?1 and i.removed_at is null order by i.id"
            ))?
            .query_map([now], input_row)?
            .collect()
    }
}

fn input_row(row: &Row<'_>) -> rusqlite::Result<InputRow> {
    Ok(InputRow {
        id: row.get(0)?,
        address: row.get(1)?,
        kind: row.get(2)?,
        format: row.get(3)?,
        base: row.get(4)?,
        options: row.get(5)?,
        added_at: row.get(6)?,
        next_refresh_at: row.get(7)?,
        refreshed_at: row.get(8)?,
        problem: row.get(9)?,
        paused_at: row.get(10)?,
        posts: row.get(11)?,
        citations: row.get(12)?,
    })
}
