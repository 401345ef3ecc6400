//! One post, whole: what is known of it, and its citations in reading order.

use rusqlite::OptionalExtension;

use super::Reading;

/// What is known of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostRow {
    /// Its id.
    pub id: i64,
    /// Its address, or the name of its document.
    pub address: String,
    /// The document that it stands in.
    pub document: String,
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
    /// The address that it calls its canonical one.
    pub canonical: Option<String>,
    /// Only the beginning of it was read.
    pub is_excerpt: bool,
    /// When it was first read.
    pub first_seen_at: i64,
    /// When it was last read.
    pub last_seen_at: i64,
    /// Since when it is gone.
    pub gone_at: Option<i64>,
    /// When its citations last became other ones.
    pub citations_changed_at: Option<i64>,
    /// Links that were left out of it.
    pub left_out: i64,
    /// The instants at which a version of it was first seen, oldest first.
    pub versions: Vec<i64>,
}

/// A citation of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostCitation {
    /// The source.
    pub source: String,
    /// The address as cited.
    pub url: String,
    /// By which markup.
    pub kind: String,
    /// Where in the post.
    pub place: String,
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
    pub quote_tie: Option<String>,
    /// The address of which it is an archive's copy.
    pub preserves: Option<String>,
    /// The post says that it is dead.
    pub marked_dead: bool,
    /// It is recorded only.
    pub recorded_only: bool,
    /// Which of the post's citations it is.
    pub position: i64,
    /// The line in the document.
    pub line: i64,
    /// The source's standing.
    pub standing: String,
    /// The source's verdict.
    pub verdict: Option<String>,
    /// When it was first seen.
    pub first_seen_at: i64,
    /// Since when it is there without a break.
    pub there_since: i64,
    /// Since when it is gone.
    pub gone_at: Option<i64>,
}

impl Reading<'_> {
    /// A post, by its address or name; of several, the one that was read last.
    pub fn post(&self, address: &str) -> rusqlite::Result<Option<PostRow>> {
        let found = self
            .connection
            .prepare_cached(
                "select p.id, p.address, d.address, p.title, p.author, p.language, p.published_at, p.modified_at,
                     p.canonical, p.is_excerpt, p.first_seen_at, p.last_seen_at, p.gone_at, p.citations_changed_at,
                     p.left_out
                 from post p join document d on d.id = p.document_id
                 where p.address = ?1 order by p.gone_at is not null, p.last_seen_at desc, p.id limit 1",
            )?
            .query_row([address], |row| {
                Ok(PostRow {
                    id: row.get(0)?,
                    address: row.get(1)?,
                    document: row.get(2)?,
                    title: row.get(3)?,
                    author: row.get(4)?,
                    language: row.get(5)?,
                    published_at: row.get(6)?,
                    modified_at: row.get(7)?,
                    canonical: row.get(8)?,
                    is_excerpt: row.get(9)?,
                    first_seen_at: row.get(10)?,
                    last_seen_at: row.get(11)?,
                    gone_at: row.get(12)?,
                    citations_changed_at: row.get(13)?,
                    left_out: row.get(14)?,
                    versions: Vec::new(),
                })
            })
            .optional()?;
        let Some(mut post) = found else {
            return Ok(None);
        };
        post.versions = self
            .connection
            .prepare_cached("select seen_at from post_version where post_id = ?1 order by id")?
            .query_map([post.id], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(Some(post))
    }

    /// The citations of a post in reading order; those that went come last.
    pub fn post_citations(&self, post_id: i64, most: usize) -> rusqlite::Result<Vec<PostCitation>> {
        self.connection
            .prepare_cached(
                "select s.address, c.url, c.kind, c.place, c.text, c.context, c.headings, c.quote, c.quote_confidence,
                     c.quote_tie, c.preserves, c.marked_dead, c.recorded_only, c.position, c.line, s.standing,
                     s.verdict, c.first_seen_at, c.there_since, c.gone_at
                 from citation c join source s on s.id = c.source_id where c.post_id = ?1
                 order by c.gone_at is not null, c.position, c.id limit ?2",
            )?
            .query_map((post_id, most as i64), |row| {
                Ok(PostCitation {
                    source: row.get(0)?,
                    url: row.get(1)?,
                    kind: row.get(2)?,
                    place: row.get(3)?,
                    text: row.get(4)?,
                    context: row.get(5)?,
                    headings: row.get(6)?,
                    quote: row.get(7)?,
                    quote_confidence: row.get(8)?,
                    quote_tie: row.get(9)?,
                    preserves: row.get(10)?,
                    marked_dead: row.get(11)?,
                    recorded_only: row.get(12)?,
                    position: row.get(13)?,
                    line: row.get(14)?,
                    standing: row.get(15)?,
                    verdict: row.get(16)?,
                    first_seen_at: row.get(17)?,
                    there_since: row.get(18)?,
                    gone_at: row.get(19)?,
                })
            })?
            .collect()
    }
}
