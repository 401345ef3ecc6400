//! What gathering finds: documents, posts with their versions, citations with first and last seen.
//!
//! A post is read in three steps, so that nobody holds all its citations: `begin_post`, any number of
//! `save_citations`, `end_post`. What was not seen again by the end is gone, and kept.

use rusqlite::OptionalExtension;

use super::blob::Packed;
use super::chain::Sha;
use super::{Reading, Writing};

/// A post older than this is not young by any configuration, in milliseconds (90 days).
const YOUNG_AT_MOST: i64 = 90 * 24 * 3_600_000;

/// A document as it was read.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// The input it belongs to.
    pub input_id: i64,
    /// Absolute address or path.
    pub address: String,
    /// How it was read.
    pub format: String,
    /// `ETag`, where it was fetched.
    pub etag: Option<String>,
    /// `Last-Modified`, where it was fetched.
    pub last_modified: Option<String>,
    /// The file's modification time.
    pub modified_at: Option<i64>,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: Sha,
    /// Its bytes, to be kept; spans of citations count in them.
    pub body: Option<Packed>,
}

/// What is known of a document from the last time it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDocument {
    /// Its id.
    pub id: i64,
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
    /// The file's modification time.
    pub modified_at: Option<i64>,
    /// Its size in bytes.
    pub size: i64,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
}

/// One citation to save.
#[derive(Debug, Clone)]
pub struct NewCitation {
    /// What tells it from others of the same post: address, kind, and which of several it is.
    pub key: i64,
    /// The source: canonical address.
    pub source: String,
    /// The source's host name.
    pub host: String,
    /// The source's registrable domain.
    pub site: String,
    /// The address as cited.
    pub url: String,
    /// By which markup.
    pub kind: &'static str,
    /// Where in the post.
    pub place: &'static str,
    /// Anchor text.
    pub text: String,
    /// The sentence.
    pub context: String,
    /// The headings above it, as a JSON array.
    pub headings: String,
    /// The passage quoted.
    pub quote: Option<String>,
    /// How sure it is that the passage is from this source, in percent.
    pub quote_confidence: Option<u8>,
    /// Why the passage was tied to it.
    pub quote_tie: Option<&'static str>,
    /// The `rel` tokens.
    pub rel: String,
    /// Which citation of the post it is.
    pub position: u32,
    /// The line.
    pub line: u32,
    /// The column in that line.
    pub column: u32,
    /// The address as it stands in the document, where a person would open another.
    pub written: Option<String>,
    /// The address of which this is an archive's copy.
    pub preserves: Option<String>,
    /// Who wrote the comment that it stands in.
    pub comment_author: Option<String>,
    /// When that comment was written.
    pub comment_at: Option<i64>,
    /// What the post notes about it.
    pub note: Option<String>,
    /// When the post's author looked at it.
    pub accessed_at: Option<i64>,
    /// The post says that it is dead.
    pub marked_dead: bool,
    /// It is recorded, and what it leads to is not visited because of it.
    pub recorded_only: bool,
    /// The bytes in the document.
    pub span: (usize, usize),
    /// The text directives of the address, and the passage they point to.
    pub directives: Option<NewDirectives>,
}

/// What an address says behind `#:~:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDirectives {
    /// As written: `text=…&text=…`.
    pub written: String,
    /// The passage they point to.
    pub words: String,
}

/// What is known of a post once it was read to its end.
#[derive(Debug, Clone, Default)]
pub struct PostEnd {
    /// Title.
    pub title: Option<String>,
    /// Author.
    pub author: Option<String>,
    /// Language.
    pub language: Option<String>,
    /// When published.
    pub published_at: Option<i64>,
    /// When last modified.
    pub modified_at: Option<i64>,
    /// SHA-256 of its content.
    pub sha256: Sha,
    /// Links that were left out.
    pub left_out: u32,
    /// The address that it calls its canonical one.
    pub canonical: Option<String>,
    /// Only the beginning of it was read.
    pub is_excerpt: bool,
}

/// How the citations of a post changed when it was read again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changed {
    /// Citations that were not there before.
    pub new: u64,
    /// Citations that were there before.
    pub gone: u64,
}

impl Writing<'_> {
    /// Notes that a document is being read; its bytes are kept. Gives its id. Until `end_document` it counts as never
    /// read, so that whoever ends in between reads it again.
    pub fn save_document(&self, document: &NewDocument, now: i64) -> rusqlite::Result<i64> {
        let blob = match &document.body {
            Some(packed) => Some(super::blob::put(self.connection, packed)?.0),
            None => None,
        };
        self.connection
            .prepare_cached(
                "insert into document (input_id, address, format, etag, last_modified, modified_at, size, sha256,
                     blob_id, first_seen_at, last_read_at)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)
                 on conflict (input_id, address) do update set format = excluded.format, etag = excluded.etag,
                     last_modified = excluded.last_modified, modified_at = excluded.modified_at,
                     size = excluded.size, sha256 = excluded.sha256, blob_id = excluded.blob_id,
                     last_read_at = excluded.last_read_at, gone_at = null, complete = 0
                 returning id",
            )?
            .query_row(
                (
                    document.input_id,
                    &document.address,
                    &document.format,
                    &document.etag,
                    &document.last_modified,
                    document.modified_at,
                    document.size as i64,
                    &document.sha256[..],
                    blob,
                    now,
                ),
                |row| row.get(0),
            )
    }

    /// Notes that a document was looked at and had not changed.
    pub fn document_unchanged(
        &self,
        id: i64,
        modified_at: Option<i64>,
        now: i64,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "update document set last_read_at = ?2, modified_at = coalesce(?3, modified_at), gone_at = null
                 where id = ?1",
            )?
            .execute((id, now, modified_at))?;
        Ok(())
    }

    /// Marks the documents of an input that are not among these addresses as gone, with their posts and citations.
    /// Gives how many.
    pub fn documents_gone(
        &self,
        input_id: i64,
        there: &[String],
        now: i64,
    ) -> rusqlite::Result<usize> {
        // A list of strings always serialises.
        let there = serde_json::to_string(there).unwrap_or_else(|_| "[]".to_owned());
        let gone = self
            .connection
            .prepare_cached(
                "update document set gone_at = ?3 where input_id = ?1 and gone_at is null
                 and address not in (select value from json_each(?2))",
            )?
            .execute((input_id, there, now))?;
        if gone > 0 {
            self.connection
                .prepare_cached(
                    "update post set gone_at = ?2 where gone_at is null and document_id in
                     (select id from document where input_id = ?1 and gone_at = ?2)",
                )?
                .execute((input_id, now))?;
            self.connection
                .prepare_cached(
                    "update citation set gone_at = ?2 where gone_at is null and post_id in
                     (select p.id from post p join document d on d.id = p.document_id
                      where d.input_id = ?1 and d.gone_at = ?2)",
                )?
                .execute((input_id, now))?;
        }
        Ok(gone)
    }

    /// A post of a document begins. Gives its id, and whether it is new.
    pub fn begin_post(
        &self,
        document_id: i64,
        address: &str,
        now: i64,
    ) -> rusqlite::Result<(i64, bool)> {
        let is_known = self
            .connection
            .prepare_cached("select 1 from post where (document_id, address) = (?1, ?2)")?
            .exists((document_id, address))?;
        self.connection
            .prepare_cached(
                "insert into post (document_id, address, first_seen_at, last_seen_at) values (?1, ?2, ?3, ?3)
                 on conflict (document_id, address) do update set last_seen_at = ?3, gone_at = null
                 returning id",
            )?
            .query_row((document_id, address, now), |row| Ok((row.get(0)?, !is_known)))
    }

    /// Saves citations of a post, making the sources that are new. Gives how many sources were.
    pub fn save_citations(
        &self,
        post_id: i64,
        citations: &[NewCitation],
        now: i64,
    ) -> rusqlite::Result<usize> {
        let mut new_sources = 0;
        let mut insert = self.connection.prepare_cached(
            "insert into citation (post_id, source_id, key, url, kind, place, text, context, quote, rel, line,
                 span_start, span_end, first_seen_at, last_seen_at, headings, quote_confidence, quote_tie, position,
                 line_column, written, preserves, comment_author, comment_at, note, accessed_at, marked_dead,
                 recorded_only, there_since, quote_id, directives_id)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
                 ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?14, ?28, ?29)
             on conflict (post_id, key) do update set source_id = excluded.source_id, place = excluded.place,
                 text = excluded.text, context = excluded.context, quote = excluded.quote, rel = excluded.rel,
                 line = excluded.line, span_start = excluded.span_start, span_end = excluded.span_end,
                 last_seen_at = excluded.last_seen_at, headings = excluded.headings,
                 quote_confidence = excluded.quote_confidence, quote_tie = excluded.quote_tie,
                 position = excluded.position, line_column = excluded.line_column, written = excluded.written,
                 preserves = excluded.preserves, comment_author = excluded.comment_author,
                 comment_at = excluded.comment_at, note = excluded.note, accessed_at = excluded.accessed_at,
                 marked_dead = excluded.marked_dead, recorded_only = excluded.recorded_only,
                 quote_id = excluded.quote_id, directives_id = excluded.directives_id,
                 there_since = iif(gone_at is null, there_since, excluded.there_since), gone_at = null",
        )?;
        for citation in citations {
            let due = (!citation.recorded_only).then_some(now);
            let (source_id, new) = self.find_or_add_source(
                &citation.source,
                &citation.host,
                &citation.site,
                now,
                due,
            )?;
            new_sources += usize::from(new && due.is_some());
            let directives = match &citation.directives {
                Some(new) => Some(self.tie(source_id, &new.words, Some(&new.written), now)?),
                None => None,
            };
            // What only the address says is one quote, not two.
            let is_said_twice = |words: &String| {
                let said = citation.directives.as_ref();
                said.is_some_and(|said| said.words == *words)
            };
            let quote = match citation
                .quote
                .as_ref()
                .filter(|words| !is_said_twice(words))
            {
                Some(words) => Some(self.tie(source_id, words, None, now)?),
                None => None,
            };
            insert.execute(rusqlite::params![
                post_id,
                source_id,
                citation.key,
                citation.url,
                citation.kind,
                citation.place,
                citation.text,
                citation.context,
                citation.quote,
                citation.rel,
                citation.line,
                citation.span.0 as i64,
                citation.span.1 as i64,
                now,
                citation.headings,
                citation.quote_confidence,
                citation.quote_tie,
                citation.position,
                citation.column,
                citation.written,
                citation.preserves,
                citation.comment_author,
                citation.comment_at,
                citation.note,
                citation.accessed_at,
                citation.marked_dead,
                citation.recorded_only,
                quote,
                directives,
            ])?;
        }
        Ok(new_sources)
    }

    /// A post was read to its end: what was not seen at `begun` is gone, a changed content is a new version,
    /// and sources learn since when they are cited. Tells how its citations changed, if it was known before.
    pub fn end_post(
        &self,
        post_id: i64,
        end: &PostEnd,
        begun: i64,
        now: i64,
    ) -> rusqlite::Result<Changed> {
        // What only began in a feed and is whole now has not changed.
        let is_completed = !end.is_excerpt
            && self
                .connection
                .prepare_cached("select is_excerpt from post where id = ?1")?
                .query_row([post_id], |row| row.get(0))?;
        let document_id: i64 = self
            .connection
            .prepare_cached(
                "update post set title = ?2, author = ?3, language = ?4, published_at = ?5, modified_at = ?6,
                     left_out = ?7, last_seen_at = ?8, canonical = ?9, is_excerpt = ?10
                 where id = ?1 returning document_id",
            )?
            .query_row(
                (
                    post_id,
                    &end.title,
                    &end.author,
                    &end.language,
                    end.published_at,
                    end.modified_at,
                    end.left_out,
                    now,
                    &end.canonical,
                    end.is_excerpt,
                ),
                |row| row.get(0),
            )?;
        let gone = self
            .connection
            .prepare_cached(
                "update citation set gone_at = ?3 where post_id = ?1 and last_seen_at <> ?2 and gone_at is null",
            )?
            .execute((post_id, begun, now))?;
        let last: Option<Vec<u8>> = self
            .connection
            .prepare_cached(
                "select sha256 from post_version where post_id = ?1 order by id desc limit 1",
            )?
            .query_row([post_id], |row| row.get(0))
            .optional()?;
        if last.as_deref() != Some(&end.sha256[..]) {
            self.connection
                .prepare_cached(
                    "insert into post_version (post_id, seen_at, sha256, blob_id)
                     select ?1, ?2, ?3, blob_id from document where id = ?4",
                )?
                .execute((post_id, now, &end.sha256[..], document_id))?;
            if last.is_some() && !is_completed {
                self.connection
                    .prepare_cached(
                        "insert into event (at, kind, post_id) values (?1, 'post-changed', ?2)",
                    )?
                    .execute((now, post_id))?;
            }
        }
        // An undated post counts from its first gathering (DESIGN: baselines).
        let cited = self
            .connection
            .prepare_cached(
                "update source set cited_since = min(coalesce(cited_since, ?2),
                     coalesce((select published_at from post where id = ?1),
                              (select first_seen_at from post where id = ?1)))
                 where id in (select source_id from citation where post_id = ?1 and gone_at is null)
                   and (cited_since is null or cited_since > coalesce(
                     (select published_at from post where id = ?1), (select first_seen_at from post where id = ?1)))
                 returning id, last_capture_id is not null",
            )?
            .query_map((post_id, now), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(i64, bool)>>>()?;
        for (source_id, _) in cited.iter().filter(|(_, is_held)| *is_held) {
            self.choose_baseline(*source_id)?;
        }
        if let Some(published_at) = end.published_at
            && now.saturating_sub(published_at) < YOUNG_AT_MOST
        {
            self.cite_anew(post_id, published_at.min(now), now)?;
        }
        if last.is_none() || is_completed {
            return Ok(Changed::default());
        }
        let new: i64 = self
            .connection
            .prepare_cached(
                "select count(*) from citation where post_id = ?1 and there_since = ?2",
            )?
            .query_row((post_id, begun), |row| row.get(0))?;
        let changed = Changed {
            new: u64::try_from(new).unwrap_or(0),
            gone: gone as u64,
        };
        if changed != Changed::default() {
            self.connection
                .prepare_cached("update post set citations_changed_at = ?2 where id = ?1")?
                .execute((post_id, now))?;
        }
        Ok(changed)
    }

    /// A post of these days cites sources: those that were not cited so lately are looked at now, for what it quotes
    /// stands there today, and more often for a while.
    fn cite_anew(&self, post_id: i64, published_at: i64, now: i64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "update source set newest_post_at = ?2, next_visit_at = iif(standing = 'dead', next_visit_at,
                     min(next_visit_at, ?3))
                 where id in (select source_id from citation where post_id = ?1 and gone_at is null)
                   and coalesce(newest_post_at, 0) < ?2",
            )?
            .execute((post_id, published_at, now))?;
        Ok(())
    }

    /// A document was read to its end: posts that were not seen at or after `begun` are gone, with their citations; a
    /// feed drops old entries, so for a feed they stay.
    pub fn end_document(
        &self,
        document_id: i64,
        begun: i64,
        keeps_old_posts: bool,
        now: i64,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("update document set complete = 1 where id = ?1")?
            .execute([document_id])?;
        if keeps_old_posts {
            return Ok(());
        }
        self.connection
            .prepare_cached(
                "update citation set gone_at = ?3 where gone_at is null and post_id in
                 (select id from post where document_id = ?1 and last_seen_at <> ?2)",
            )?
            .execute((document_id, begun, now))?;
        self.connection
            .prepare_cached(
                "update post set gone_at = ?3 where document_id = ?1 and last_seen_at <> ?2 and gone_at is null",
            )?
            .execute((document_id, begun, now))?;
        Ok(())
    }
}

impl Reading<'_> {
    /// What is known of a document of an input, if it was read to its end.
    pub fn document(
        &self,
        input_id: i64,
        address: &str,
    ) -> rusqlite::Result<Option<KnownDocument>> {
        self.connection
            .prepare_cached(
                "select id, etag, last_modified, modified_at, size, sha256 from document
                 where input_id = ?1 and address = ?2 and gone_at is null and complete = 1",
            )?
            .query_row((input_id, address), |row| {
                Ok(KnownDocument {
                    id: row.get(0)?,
                    etag: row.get(1)?,
                    last_modified: row.get(2)?,
                    modified_at: row.get(3)?,
                    size: row.get(4)?,
                    sha256: row.get(5)?,
                })
            })
            .optional()
    }
}
