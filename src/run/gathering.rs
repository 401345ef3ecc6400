//! From a document to rows: what gathering finds goes to the archive a few hundred citations at a time.
//!
//! An entry of a feed of which only the beginning stands there is a post, too, until its page has been read: then the
//! post is the page's, and the feed only says when it changes.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::address::{self, Rejected};
use crate::gather::{self, Citation, Document, Format, LeftOut, Note, Post, Sink};
use crate::run::finder::{Finder, key_of};
use crate::run::tally::Tally;
use crate::run::told::NotRead;
use crate::run::{Problem, gather_document};
use crate::store::{
    Lead, NewCitation, NewDirectives, NewDocument, PostEnd, Sha, Store, StoreError, sha256,
};

/// Citations that are saved in one go.
const CHUNK: usize = 400;
/// So many goes may wait to be saved, so that nobody holds all citations.
const CHUNKS_AHEAD: u32 = 8;
/// Things worth knowing that are kept of one document.
const MOST_NOTES: usize = 10_000;
/// Parts of one document that could not be read and are told one by one.
const MOST_PROBLEMS: usize = 1_000;

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
    /// Posts that it leads to and that were modified before are not read, in milliseconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// Whether the pages that it cites are rendered by a browser, where they are kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub browser: bool,
    /// The input that named it, if it was registered for that reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added_by: Option<String>,
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

/// Where what is gathered goes, and where it is counted.
#[derive(Clone)]
pub(super) struct Archive {
    pub(super) store: Arc<Store>,
    pub(super) tally: Arc<Tally>,
}

/// What is asked of a document beside its citations.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Its posts are only named in it, and read by themselves.
    pub(super) only_names: bool,
    /// What the feed or list that led here called the post, where that may differ from what its page is called.
    pub(super) called: Option<String>,
    /// The site that posts it leads to must belong to.
    pub(super) site: Option<Url>,
    /// The row of the list that it is.
    pub(super) found_in: Option<i64>,
    /// Posts modified before are not read.
    pub(super) since: Option<i64>,
    /// The input that it belongs to.
    pub(super) input_id: i64,
}

/// What came of a document beside its citations.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// What could not be read of it.
    pub(super) problems: Vec<Problem>,
    /// What should be known of it.
    pub(super) notes: Vec<Note>,
    /// Posts of it that were not known.
    pub(super) new_posts: u64,
    /// Posts of it that were known.
    pub(super) known_posts: u64,
    /// When the newest of them was modified, where they say so.
    pub(super) newest_at: Option<i64>,
    /// The address that its only post calls its canonical one.
    pub(super) canonical: Option<Url>,
    /// What it names and what is not read.
    pub(super) not_read: NotRead,
    /// It could not be read to its end.
    pub(super) failed: bool,
}

/// Gathers a document's posts and citations into the archive.
///
/// Blocking: to be called outside the runtime's own threads. What could not be read of it comes back as problems.
pub(super) fn gather_into_store(
    archive: &Archive,
    new: NewDocument,
    document: &Document<'_>,
    options: &gather::Rules,
    asked: Asked,
    now: i64,
) -> Result<Gathered, StoreError> {
    let (store, tally) = (&*archive.store, &archive.tally);
    let keeps_old_posts = document.format == Format::Feed;
    let document_id =
        store.write_blocking("save a document", move |w| w.save_document(&new, now))?;
    if let (Some(called), Some(own)) = (asked.called, document.address) {
        let own = own.to_string();
        store.submit_blocking("take a post over", move |w| {
            w.adopt_post(document_id, &called, &own)
        })?;
    }
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
        gathered: Gathered::default(),
        finder: Finder::new(
            Arc::clone(&archive.store),
            asked.input_id,
            asked.site,
            asked.since,
            asked.found_in,
            now,
        ),
        reading: match document.format {
            _ if asked.only_names => Reading::Names,
            // Somebody's copy of a feed on the disk is what it is.
            Format::Feed if document.address.is_some() => Reading::Feed,
            _ => Reading::Posts,
        },
        place: document.name.to_owned(),
        error: None,
        visits_authors: false,
    };
    // Commenters' own sites are recorded, whether they are wanted as sources or not.
    sink.visits_authors = options.include().author;
    let result = gather_document(document, &options.clone().with_authors(), &mut sink);
    let found = sink.finder.end();
    sink.keep(found);
    if let Some(error) = sink.error {
        return Err(error);
    }
    let mut gathered = sink.gathered;
    gathered.not_read = sink.finder.not_read;
    match result {
        Ok(()) => {
            store.submit_blocking("end a document", move |w| {
                w.end_document(document_id, now, keeps_old_posts, now)
            })?;
        }
        Err(error) => {
            gathered.failed = true;
            gathered.problems.push(Problem::whole(document.name, error));
        }
    }
    Ok(gathered)
}

/// What the posts of a document are taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Posts that stand in it.
    Posts,
    /// The same, and those of which only the beginning stands in it are read by themselves.
    Feed,
    /// Names of posts.
    Names,
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
    gathered: Gathered,
    finder: Finder,
    reading: Reading,
    place: String,
    error: Option<StoreError>,
    visits_authors: bool,
}

impl StoreSink<'_> {
    /// Whether the page of this entry has been read: then the post is no longer the feed's.
    fn has_own_page(&self, address: &str) -> Result<bool, StoreError> {
        let Some(key) = address::parse(address, None).ok().map(|url| key_of(&url)) else {
            return Ok(false);
        };
        let input_id = self.finder.input_id();
        let lead = self
            .store
            .read("look for a post", |r| r.lead(input_id, Lead::Post, &key))?;
        Ok(lead.is_some_and(|lead| lead.read_at.is_some()))
    }

    /// The post is read by itself.
    fn find(&mut self, post: &Post) {
        let Ok(url) = address::parse(&post.address, None) else {
            return;
        };
        let modified_at = post.modified_at.or(post.published_at);
        // An entry that changes without saying so changes its digest.
        let sha = (self.reading == Reading::Feed).then_some(post.digest);
        let found = self.finder.post(&url, modified_at, sha);
        self.keep(found);
    }

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

    /// A part could not be read. Where nothing of a document can be, nobody wants to hear of each.
    fn problem(&mut self, line: u32, why: String) {
        let problems = &mut self.gathered.problems;
        match problems.len() {
            0..MOST_PROBLEMS => problems.push(Problem {
                place: self.place.clone(),
                line: Some(line),
                why,
                whole: false,
            }),
            MOST_PROBLEMS => problems.push(Problem::part(&self.place, "and more of the like")),
            _ => {}
        }
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
        let is_feed = self.reading == Reading::Feed;
        match self.reading {
            Reading::Names => return,
            Reading::Feed => match self.has_own_page(address) {
                Ok(false) => {}
                Ok(true) => {
                    self.gathered.known_posts += 1;
                    return;
                }
                Err(error) => return self.keep(Err(error)),
            },
            Reading::Posts => {}
        }
        let (address, document_id, now) = (address.to_owned(), self.document_id, self.now);
        let begun = self.store.write_blocking("begin a post", move |w| {
            if is_feed {
                // It may have slid here from another page of the feed.
                w.adopt_post(document_id, &address, &address)?;
            }
            w.begin_post(document_id, &address, now)
        });
        match begun {
            Ok((id, is_new)) => {
                self.post = Some(id);
                self.gathered.new_posts += u64::from(is_new);
                self.gathered.known_posts += u64::from(!is_new);
            }
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
        if self.post.is_none() {
            return;
        }
        self.left_out += 1;
        if let gather::Reason::Rejected(why) = left_out.reason
            && !matches!(why, Rejected::Scheme(_))
        {
            self.problem(left_out.line, format!("{why}: {}", left_out.address));
        }
    }

    fn end(&mut self, post: Post) {
        let flushed = self.flush();
        self.keep(flushed);
        let said_at = post.modified_at.or(post.published_at);
        self.gathered.newest_at = self.gathered.newest_at.max(said_at);
        if self.reading == Reading::Names || self.reading == Reading::Feed && post.is_excerpt {
            self.find(&post);
        }
        let Some(id) = self.post.take() else {
            return;
        };
        self.tally.post(id, self.count, self.left_out);
        if self.error.is_none() {
            let end = PostEnd {
                title: post.title,
                author: post.author,
                language: post.language,
                published_at: post.published_at,
                modified_at: post.modified_at,
                sha256: post.digest,
                left_out: u32::try_from(self.left_out).unwrap_or(u32::MAX),
                canonical: post.canonical.as_ref().map(ToString::to_string),
                is_excerpt: post.is_excerpt,
            };
            let (now, tally) = (self.now, Arc::clone(self.tally));
            let ended = self.store.submit_blocking("end a post", move |w| {
                tally.citations_changed(w.end_post(id, &end, now, now)?);
                Ok(())
            });
            self.keep(ended);
        }
        self.gathered.canonical = post.canonical;
    }

    fn note(&mut self, note: Note) {
        match note {
            Note::Unreadable { line, why } => self.problem(line, why),
            Note::Post {
                address,
                modified_at,
            } => {
                let found = self.finder.post(&address, modified_at, None);
                self.keep(found);
            }
            Note::Part {
                address,
                modified_at,
            } => {
                let found = self.finder.sitemap(&address, modified_at);
                self.keep(found);
            }
            other if self.gathered.notes.len() < MOST_NOTES => self.gathered.notes.push(other),
            _ => {}
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
    let directives = gather::text_directives(&citation.url)
        .map(|(written, words)| NewDirectives { written, words });
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
        directives,
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
        let store = Arc::new(store);
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
            let (archive, rules) = (
                Archive {
                    store: Arc::clone(&store),
                    tally: Arc::clone(&tally),
                },
                gather::Rules::default(),
            );
            let asked = Asked {
                input_id,
                ..Asked::default()
            };
            gather_into_store(&archive, new, &document, &rules, asked, now).unwrap();
            let totals = store
                .write_blocking("wait", |_| Ok(()))
                .and_then(|()| store.read("count", |r| r.totals(0)))
                .unwrap();
            assert_eq!(tally.counted().citations, 2);
            assert_eq!((totals.citations, totals.sources), (2, 1));
        }
    }
}
