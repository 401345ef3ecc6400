//! What inputs lead to: lists that name posts, and the posts themselves, each read by itself.
//!
//! These rows are the work list of a site: what was found is committed before any of it is read, so that a run that is
//! killed goes on where it stood, and the next one asks only for what is new or said to have changed.

use rusqlite::{OptionalExtension, Row};

use super::chain::Sha;
use super::{Reading, Writing};

/// What an input leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lead {
    /// A WordPress REST API.
    Api,
    /// A collection of posts of such an API, which goes over many pages.
    Collection,
    /// A feed that names posts.
    Feed,
    /// Older entries of a feed (RFC 5005).
    Older,
    /// A sitemap, or an index of sitemaps.
    Sitemap,
    /// A post.
    Post,
}

impl Lead {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Api,
        Self::Collection,
        Self::Feed,
        Self::Older,
        Self::Sitemap,
        Self::Post,
    ];

    /// Its name in the archive.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Collection => "collection",
            Self::Feed => "feed",
            Self::Older => "older",
            Self::Sitemap => "sitemap",
            Self::Post => "post",
        }
    }

    fn named(name: &str) -> Self {
        // The schema allows no other name.
        let is_it = |lead: &Self| lead.as_str() == name;
        Self::ALL.into_iter().find(is_it).unwrap_or(Self::Post)
    }
}

/// How something that was found stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeadState {
    /// To be read.
    Due,
    /// Read.
    Read,
    /// Could not be read last time.
    Failed,
    /// Is not there any more.
    Gone,
    /// robots.txt keeps it from being read.
    Disallowed,
    /// Led to another site.
    Elsewhere,
    /// Not to be read, because it is too old.
    LeftOut,
}

impl LeadState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Read => "read",
            Self::Failed => "failed",
            Self::Gone => "gone",
            Self::Disallowed => "disallowed",
            Self::Elsewhere => "elsewhere",
            Self::LeftOut => "left-out",
        }
    }
}

/// Something that an input was found to lead to.
#[derive(Debug, Clone)]
pub struct NewLead {
    /// What it is.
    pub lead: Lead,
    /// Its address.
    pub address: String,
    /// What tells it from others: two spellings of one address have the same.
    pub key: String,
    /// When it was last modified, as whoever names it says.
    pub modified_at: Option<i64>,
    /// Digest of the entry that names it, where that is how a change shows.
    pub entry_sha256: Option<Sha>,
    /// Whether it is to be read at all.
    pub is_wanted: bool,
    /// The list that names it, where that is one of these.
    pub found_in: Option<i64>,
}

/// Something that an input leads to, as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadRow {
    /// Its id.
    pub id: i64,
    /// What it is.
    pub lead: Lead,
    /// Its address.
    pub address: String,
    /// When it was last modified, as whoever names it says.
    pub modified_at: Option<i64>,
    /// Digest of the entry that names it.
    pub entry_sha256: Option<Vec<u8>>,
    /// When it was found.
    pub found_at: i64,
    /// When it was last read, or a reading of all its pages was last completed.
    pub read_at: Option<i64>,
    /// When it is read next.
    pub next_read_at: Option<i64>,
    /// How often in a row it had not changed, or could not be read.
    pub quiet: u32,
    /// The list that names it.
    pub found_in: Option<i64>,
    /// The page at which reading goes on, while its pages are being read.
    pub page: Option<u32>,
    /// When the reading of its pages was begun.
    pub begun_at: Option<i64>,
}

/// How the reading of something went.
#[derive(Debug, Clone, Copy)]
pub struct LeadRead {
    /// How it stands now.
    pub state: LeadState,
    /// When it is read again by itself; without it, only once it is said to have changed.
    pub next_read_at: Option<i64>,
    /// How often in a row it had not changed, or could not be read.
    pub quiet: u32,
}

impl Writing<'_> {
    /// Notes what an input leads to. What is new is due, and what is said to have changed since it was read. Gives how
    /// many are new.
    pub fn discover(&self, input_id: i64, leads: &[NewLead], now: i64) -> rusqlite::Result<usize> {
        let mut known = self.connection.prepare_cached(
            "select 1 from discovered where (input_id, what, key) = (?1, ?2, ?3)",
        )?;
        // What was named without a date, and is now named with one, has changed if that is after it was read.
        let mut put = self.connection.prepare_cached(
            "insert into discovered (input_id, what, address, key, state, modified_at, entry_sha256, found_at,
                 next_read_at, found_in)
             values (?1, ?2, ?3, ?4, iif(?8, 'due', 'left-out'), ?5, ?6, ?7, iif(?8, ?7, null), ?9)
             on conflict (input_id, what, key) do update set
                 next_read_at = iif(?8 and (?5 > coalesce(modified_at, read_at)
                                        or ?6 is not null and entry_sha256 is not ?6
                                        or state = 'left-out'),
                                    min(?7, coalesce(next_read_at, ?7)), next_read_at),
                 state = iif(?8 and state = 'left-out', 'due', state),
                 modified_at = coalesce(?5, modified_at), entry_sha256 = coalesce(?6, entry_sha256)",
        )?;
        let mut new = 0;
        for lead in leads {
            let what = lead.lead.as_str();
            new += usize::from(!known.exists((input_id, what, &lead.key))?);
            let sha = lead.entry_sha256.as_ref().map(|sha| &sha[..]);
            put.execute((
                input_id,
                what,
                &lead.address,
                &lead.key,
                lead.modified_at,
                sha,
                now,
                lead.is_wanted,
                lead.found_in,
            ))?;
        }
        Ok(new)
    }

    /// Notes how the reading of something that an input leads to went.
    pub fn lead_read(&self, id: i64, read: LeadRead, now: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "update discovered set state = ?2, read_at = iif(?2 = 'read', ?3, read_at), next_read_at = ?4,
                     quiet = ?5 where id = ?1",
            )?
            .execute((id, read.state.as_str(), now, read.next_read_at, read.quiet))?;
        Ok(())
    }

    /// Notes that a post was read in another way than by its own address, so that it need not be asked for.
    pub fn lead_read_elsewhere(
        &self,
        input_id: i64,
        post: &NewLead,
        now: i64,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "insert into discovered (input_id, what, address, key, state, modified_at, found_at, read_at)
                 values (?1, ?2, ?3, ?4, 'read', ?5, ?6, ?6)
                 on conflict (input_id, what, key) do update set state = 'read',
                     modified_at = coalesce(?5, modified_at), read_at = ?6, next_read_at = null, quiet = 0",
            )?
            .execute((
                input_id,
                post.lead.as_str(),
                &post.address,
                &post.key,
                post.modified_at,
                now,
            ))?;
        Ok(())
    }

    /// Notes how far the pages of a collection have been read; `page` is the next one.
    pub fn lead_page(&self, id: i64, page: u32, begun_at: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("update discovered set page = ?2, begun_at = ?3 where id = ?1")?
            .execute((id, page, begun_at))?;
        Ok(())
    }

    /// All pages of a collection have been read.
    pub fn lead_pages_end(&self, id: i64, begun_at: i64, now: i64) -> rusqlite::Result<()> {
        // Whatever is asked of the input later asks for what is new of this, too.
        self.connection
            .prepare_cached(
                "update discovered set page = null, begun_at = ?2, read_at = ?3, next_read_at = ?3 + 1, quiet = 0,
                     state = 'read' where id = ?1",
            )?
            .execute((id, begun_at, now))?;
        Ok(())
    }

    /// Something that an input leads to.
    pub fn known_lead(&self, input_id: i64, lead: Lead, key: &str) -> rusqlite::Result<LeadRow> {
        self.connection
            .prepare_cached(&format!(
                "select {COLUMNS} from discovered where (input_id, what, key) = (?1, ?2, ?3)"
            ))?
            .query_row((input_id, lead.as_str(), key), lead_row)
    }

    /// Makes something due that was read before.
    pub fn lead_due(&self, id: i64, now: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("update discovered set next_read_at = ?2 where id = ?1")?
            .execute((id, now))?;
        Ok(())
    }

    /// All that inputs of this address lead to is to be read again.
    pub(super) fn all_leads_due(&self, input_id: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "update discovered set next_read_at = 0, page = iif(what = 'collection', 1, null), read_at = null,
                     state = 'due' where input_id = ?1",
            )?
            .execute([input_id])?;
        Ok(())
    }

    /// A post that another document of the same input brought becomes one of this document: an entry of which only the
    /// beginning stood in a feed, or one that slid to the next page of it. It keeps its history.
    pub fn adopt_post(
        &self,
        document_id: i64,
        address: &str,
        new_address: &str,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "update post set document_id = ?1, address = ?3 where id = (
                     select p.id from post p join document d on d.id = p.document_id
                     where p.address = ?2 and p.document_id <> ?1
                       and d.input_id = (select input_id from document where id = ?1) limit 1)
                 and not exists (select 1 from post where document_id = ?1 and address = ?3)",
            )?
            .execute((document_id, address, new_address))?;
        Ok(())
    }

    /// A document of an input is not there any more.
    pub fn document_gone(&self, input_id: i64, address: &str, now: i64) -> rusqlite::Result<usize> {
        let gone = self
            .connection
            .prepare_cached(
                "update document set gone_at = ?3 where input_id = ?1 and address = ?2 and gone_at is null",
            )?
            .execute((input_id, address, now))?;
        if gone > 0 {
            let of = "(select id from document where input_id = ?1 and address = ?2)";
            self.connection.execute(
                &format!(
                    "update citation set gone_at = ?3 where gone_at is null
                     and post_id in (select id from post where document_id in {of})"
                ),
                (input_id, address, now),
            )?;
            self.connection.execute(
                &format!(
                    "update post set gone_at = ?3 where gone_at is null and document_id in {of}"
                ),
                (input_id, address, now),
            )?;
        }
        Ok(gone)
    }
}

const COLUMNS: &str =
    "id, what, address, modified_at, entry_sha256, found_at, read_at, quiet, page, begun_at,
     found_in, next_read_at";

impl Reading<'_> {
    /// The next list of an input that is due, in the order in which they were found, after another.
    pub fn next_list(
        &self,
        input_id: i64,
        after: i64,
        now: i64,
    ) -> rusqlite::Result<Option<LeadRow>> {
        self.connection
            .prepare_cached(&format!(
                "select {COLUMNS} from discovered where input_id = ?1 and next_read_at <= ?2
                 and what in ('api', 'collection', 'feed', 'older', 'sitemap') and id > ?3 order by id limit 1"
            ))?
            .query_row((input_id, now, after), lead_row)
            .optional()
    }

    /// Posts of an input that are due and were never read, the newest first; or those that were read before, those
    /// that wait longest first.
    pub fn due_posts(
        &self,
        input_id: i64,
        were_read: bool,
        now: i64,
        most: u32,
    ) -> rusqlite::Result<Vec<LeadRow>> {
        let order = if were_read {
            "coalesce(modified_at > read_at, 0) desc, next_read_at, id"
        } else {
            "modified_at desc nulls last, id"
        };
        self.connection
            .prepare_cached(&format!(
                "select {COLUMNS} from discovered where input_id = ?1 and what = 'post' and next_read_at <= ?2
                 and (read_at is not null) = ?3 order by {order} limit ?4"
            ))?
            .query_map((input_id, now, were_read, most), lead_row)?
            .collect()
    }

    /// Whether an input leads to anything.
    pub fn has_leads(&self, input_id: i64) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached("select 1 from discovered where input_id = ?1")?
            .exists([input_id])
    }

    /// How many posts of an input are due.
    pub fn count_due_posts(&self, input_id: i64, now: i64) -> rusqlite::Result<u64> {
        let count: i64 = self
            .connection
            .prepare_cached(
                "select count(*) from discovered where input_id = ?1 and what = 'post' and next_read_at <= ?2",
            )?
            .query_row((input_id, now), |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// How many things of a kind an input leads to.
    pub fn count_leads(&self, input_id: i64, lead: Lead) -> rusqlite::Result<u64> {
        let count: i64 = self
            .connection
            .prepare_cached("select count(*) from discovered where input_id = ?1 and what = ?2")?
            .query_row((input_id, lead.as_str()), |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// How many lists of a kind an input leads to that are not known to be none: tried, and not there.
    pub fn count_lists_there(&self, input_id: i64, lead: Lead) -> rusqlite::Result<u64> {
        let count: i64 = self
            .connection
            .prepare_cached(
                "select count(*) from discovered where input_id = ?1 and what = ?2
                 and (read_at is not null or state = 'due')",
            )?
            .query_row((input_id, lead.as_str()), |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// What is known of something that an input leads to.
    pub fn lead(&self, input_id: i64, lead: Lead, key: &str) -> rusqlite::Result<Option<LeadRow>> {
        self.connection
            .prepare_cached(&format!(
                "select {COLUMNS} from discovered where (input_id, what, key) = (?1, ?2, ?3)"
            ))?
            .query_row((input_id, lead.as_str(), key), lead_row)
            .optional()
    }

    /// Everything of one kind that an input leads to.
    pub fn leads(&self, input_id: i64, lead: Lead) -> rusqlite::Result<Vec<LeadRow>> {
        self.connection
            .prepare_cached(&format!(
                "select {COLUMNS} from discovered where input_id = ?1 and what = ?2 order by id"
            ))?
            .query_map((input_id, lead.as_str()), lead_row)?
            .collect()
    }
}

fn lead_row(row: &Row<'_>) -> rusqlite::Result<LeadRow> {
    let what: String = row.get(1)?;
    Ok(LeadRow {
        id: row.get(0)?,
        lead: Lead::named(&what),
        address: row.get(2)?,
        modified_at: row.get(3)?,
        entry_sha256: row.get(4)?,
        found_at: row.get(5)?,
        read_at: row.get(6)?,
        quiet: row.get(7)?,
        page: row.get(8)?,
        begun_at: row.get(9)?,
        found_in: row.get(10)?,
        next_read_at: row.get(11)?,
    })
}
