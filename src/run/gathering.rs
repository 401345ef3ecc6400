//! From a document to rows: what gathering finds goes to the archive a few hundred citations at a time.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::address::{self, Rejected};
use crate::gather::{self, Citation, Document, LeftOut, Note, Post, Sink};
use crate::run::tally::Tally;
use crate::run::{Problem, gather_document};
use crate::store::{NewCitation, NewDocument, PostEnd, Sha, Store, StoreError, sha256};

/// Citations that are saved in one go.
const CHUNK: usize = 400;
/// So many goes may wait to be saved, so that nobody holds all citations.
const CHUNKS_AHEAD: u32 = 8;

/// What an input is read with, beside its address; kept as JSON in its row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InputOptions {
    /// What was included and excluded when it was registered.
    pub gather: gather::Options,
    /// What the configuration included and excluded when it was last read.
    pub configured: gather::Options,
    /// Hours after which it is read again, where that is not as with all inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_hours: Option<u32>,
    /// Days between two visits to a source that only this input cites, at most, where that is not as with all sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_days: Option<u32>,
    /// Which files of a folder are read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub globs: Vec<String>,
    /// Where root-relative links of local files lead: the address of a folder (`file:`) or a site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
}

impl InputOptions {
    /// Both, checked and compiled.
    pub fn compile(&self) -> Result<gather::Rules, gather::InvalidExclusion> {
        let root = self.root.as_deref().and_then(|root| Url::parse(root).ok());
        let rules = self.configured.clone().and(&self.gather).compile()?;
        Ok(rules.rooted(root))
    }
}

/// Gathers a document's posts and citations into the archive.
///
/// Blocking: to be called outside the runtime's own threads. What could not be read of it comes back as problems.
pub(super) fn gather_into_store(
    store: &Store,
    tally: &Arc<Tally>,
    new: NewDocument,
    document: &Document<'_>,
    options: &gather::Rules,
    now: i64,
) -> Result<(Vec<Problem>, Vec<Note>), StoreError> {
    let keeps_old_posts = document.format == gather::Format::Feed;
    let document_id =
        store.write_blocking("save a document", move |w| w.save_document(&new, now))?;
    let mut sink = StoreSink {
        store,
        tally,
        document_id,
        now,
        post: None,
        citations: Vec::new(),
        seen: HashMap::new(),
        ahead: 0,
        count: 0,
        left_out: 0,
        problems: Vec::new(),
        notes: Vec::new(),
        place: document.name.to_owned(),
        error: None,
        visits_authors: false,
    };
    // Commenters' own sites are recorded, whether they are wanted as sources or not.
    sink.visits_authors = options.include().author;
    let result = gather_document(document, &options.clone().with_authors(), &mut sink);
    if let Some(error) = sink.error {
        return Err(error);
    }
    let (mut problems, notes) = (sink.problems, sink.notes);
    match result {
        Ok(()) => {
            store.submit_blocking("end a document", move |w| {
                w.end_document(document_id, now, keeps_old_posts, now)
            })?;
        }
        Err(error) => problems.push(Problem::whole(document.name, error)),
    }
    Ok((problems, notes))
}

struct StoreSink<'a> {
    store: &'a Store,
    tally: &'a Arc<Tally>,
    document_id: i64,
    now: i64,
    post: Option<i64>,
    citations: Vec<NewCitation>,
    /// How often a citation stood in a post so far; several entries of a feed may have one address, and so be one post.
    seen: HashMap<(i64, i64), u32>,
    /// Goes that were handed over and not waited for.
    ahead: u32,
    count: u64,
    left_out: u64,
    problems: Vec<Problem>,
    notes: Vec<Note>,
    place: String,
    error: Option<StoreError>,
    visits_authors: bool,
}

impl StoreSink<'_> {
    fn flush(&mut self) -> Result<(), StoreError> {
        let Some(post) = self.post else { return Ok(()) };
        if self.citations.is_empty() {
            return Ok(());
        }
        let citations = std::mem::take(&mut self.citations);
        let (now, tally) = (self.now, Arc::clone(self.tally));
        self.store.submit_blocking("save citations", move |w| {
            let new = w.save_citations(post, &citations, now)?;
            tally.new_sources(new as u64);
            Ok(())
        })?;
        self.ahead += 1;
        if self.ahead >= CHUNKS_AHEAD {
            self.ahead = 0;
            self.store
                .write_blocking("wait for citations", |_| Ok(()))?;
        }
        Ok(())
    }

    fn keep(&mut self, result: Result<(), StoreError>) {
        if let Err(error) = result
            && self.error.is_none()
        {
            self.error = Some(error);
        }
    }
}

impl Sink for StoreSink<'_> {
    fn begin(&mut self, address: &str) {
        self.count = 0;
        self.left_out = 0;
        let (address, document_id, now) = (address.to_owned(), self.document_id, self.now);
        let begun = self.store.write_blocking("begin a post", move |w| {
            w.begin_post(document_id, &address, now)
        });
        match begun {
            Ok(id) => self.post = Some(id),
            Err(error) => self.keep(Err(error)),
        }
    }

    fn citation(&mut self, citation: Citation) {
        if self.error.is_some() {
            return;
        }
        let Some(post) = self.post else { return };
        // A file of ours beside the post is nobody's page.
        if citation.url.scheme() == "file" {
            self.left_out += 1;
            return;
        }
        let recorded_only = citation.kind == gather::Kind::Author && !self.visits_authors;
        if recorded_only {
            self.left_out += 1;
        } else {
            self.count += 1;
        }
        self.citations.push(NewCitation {
            recorded_only,
            ..new_citation(post, citation, &mut self.seen)
        });
        if self.citations.len() >= CHUNK {
            let result = self.flush();
            self.keep(result);
        }
    }

    fn left_out(&mut self, left_out: LeftOut) {
        self.left_out += 1;
        if let gather::Reason::Rejected(why) = left_out.reason
            && !matches!(why, Rejected::Scheme(_))
        {
            self.problems.push(Problem {
                place: self.place.clone(),
                line: Some(left_out.line),
                why: format!("{why}: {}", left_out.address),
                whole: false,
            });
        }
    }

    fn end(&mut self, post: Post) {
        let flushed = self.flush();
        self.keep(flushed);
        self.tally.post(self.count, self.left_out);
        if let (Some(id), None) = (self.post.take(), &self.error) {
            let end = PostEnd {
                title: post.title,
                author: post.author,
                language: post.language,
                published_at: post.published_at,
                modified_at: post.modified_at,
                sha256: post.digest,
                left_out: u32::try_from(self.left_out).unwrap_or(u32::MAX),
                canonical: post.canonical.map(|url| url.to_string()),
                is_excerpt: post.is_excerpt,
            };
            let (now, tally) = (self.now, Arc::clone(self.tally));
            let ended = self.store.submit_blocking("end a post", move |w| {
                tally.citations_changed(w.end_post(id, &end, now, now)?);
                Ok(())
            });
            self.keep(ended);
        }
    }

    fn note(&mut self, note: Note) {
        match note {
            Note::Unreadable { line, why } => self.problems.push(Problem {
                place: self.place.clone(),
                line: Some(line),
                why,
                whole: false,
            }),
            other => self.notes.push(other),
        }
    }
}

/// What tells a citation from others of the same post when it is read again: its address, its kind, and which of
/// several equal ones it is.
fn new_citation(post: i64, citation: Citation, seen: &mut HashMap<(i64, i64), u32>) -> NewCitation {
    let canonical = address::canonical(&citation.url);
    let kind = citation.kind.as_str();
    let first = key(&sha256(format!("{kind}\n{}", citation.url).as_bytes()));
    let occurrence = seen
        .entry((post, first))
        .and_modify(|count| *count += 1)
        .or_insert(0);
    let key = if *occurrence == 0 {
        first
    } else {
        key(&sha256(
            format!("{kind}\n{}\n{occurrence}", citation.url).as_bytes(),
        ))
    };
    let host = canonical.host().to_owned();
    let details = citation.details;
    let comment = details.comment.unwrap_or_default();
    NewCitation {
        key,
        site: address::site(&host).to_owned(),
        host,
        source: canonical.to_string(),
        url: citation.url.to_string(),
        kind,
        place: citation.place.as_str(),
        text: citation.text,
        context: citation.context,
        // A list of strings always serialises.
        headings: serde_json::to_string(&citation.headings).unwrap_or_else(|_| "[]".to_owned()),
        quote_confidence: citation.quote.as_ref().map(|quote| quote.confidence),
        quote_tie: citation.quote.as_ref().map(|quote| quote.tie.as_str()),
        quote: citation.quote.map(|quote| quote.text),
        rel: citation.rel,
        position: citation.position,
        line: citation.line,
        column: citation.column,
        span: citation.span,
        written: details.written,
        preserves: details.preserves.map(|url| url.to_string()),
        comment_author: comment.author,
        comment_at: comment.at,
        note: details.note,
        accessed_at: details.accessed_at,
        marked_dead: details.marked_dead,
        recorded_only: false,
    }
}

fn key(digest: &Sha) -> i64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Mode;

    #[test]
    fn entries_that_share_an_address_keep_their_citations() {
        let entry = |text: &str| {
            format!("<item><link>https://blog.test/</link><description>{text}</description></item>")
        };
        let link = "&lt;a href='https://source.test/'&gt;a source&lt;/a&gt;";
        let feed = format!(
            "<rss version='2.0'><channel><title>t</title><link>https://blog.test/</link>{}{}{}</channel></rss>",
            entry(link),
            entry("nothing"),
            entry(link)
        );
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db"), Mode::Create, 1).unwrap();
        let input = crate::store::NewInput {
            address: "feed.xml".to_owned(),
            kind: "file".to_owned(),
            format: None,
            base: None,
            options: "{}".to_owned(),
        };
        let (input_id, _) = store
            .write_blocking("add", move |w| w.add_input(&input, 1))
            .unwrap();
        for now in [1, 2] {
            let new = NewDocument {
                input_id,
                address: "feed.xml".to_owned(),
                format: "feed".to_owned(),
                etag: None,
                last_modified: None,
                modified_at: None,
                size: feed.len() as u64,
                sha256: sha256(feed.as_bytes()),
                body: None,
            };
            let document = Document {
                bytes: feed.as_bytes(),
                media_type: None,
                name: "feed.xml",
                address: None,
                base: None,
                format: gather::Format::Feed,
            };
            let tally = Arc::new(Tally::default());
            let rules = gather::Rules::default();
            gather_into_store(&store, &tally, new, &document, &rules, now).unwrap();
            let totals = store
                .write_blocking("wait", |_| Ok(()))
                .and_then(|()| store.read("count", |r| r.totals(0)))
                .unwrap();
            assert_eq!(tally.counted().citations, 2);
            assert_eq!((totals.citations, totals.sources), (2, 1));
        }
    }
}
