//! A WordPress site by its REST API: a hundred posts at a time, with their comments.
//!
//! The first reading goes through each collection page by page, newest first, and notes after each page how far it came. A
//! later one asks for what was modified since the last one began, less a day: the API compares by the site's own clock
//! and time zone, and old versions do not know the question and answer with everything, so that the reading ends at the
//! first page with nothing new.

mod comments;
mod question;

use url::Url;

use self::question::{Heard, api_root, instant, question, route, with_query};
use super::super::RunError;
use super::super::finder::key_of;
use super::super::leads::{Next, note_failed, note_read};
use super::super::reader::{Came, Reader};
use super::super::told::Told;
use crate::address::{self, same_site};
use crate::gather::Format;
use crate::gather::wordpress_api::{self as api, Item};
use crate::store::{Lead, LeadRow, LeadState, NewLead, Writing, sha256};

const DAY_MS: i64 = 24 * 3_600_000;
/// What the API gives on one page, at the most.
const PER_PAGE: usize = 100;
/// Pages of one collection that are read, at the most.
const MOST_PAGES: u32 = 10_000;
/// Posts that are taken of one page, should it hold more than was asked for.
const MOST_ON_PAGE: usize = 1_000;
/// Pages with nothing new after which a collection is taken to go in circles.
const MOST_PAGES_WITHOUT_NEWS: u32 = 20;
/// Pages of comments that are read for one page of posts, at the most.
const MOST_COMMENT_PAGES: u32 = 200;
/// After so long it is asked anew which collections there are.
const KINDS_KEPT: i64 = 30 * DAY_MS;
/// What is asked for of each post.
const POST_FIELDS: &str =
    "id,date_gmt,modified_gmt,link,title.rendered,content.rendered,lang,_links.author,_embedded";
/// What is asked for of each comment.
const COMMENT_FIELDS: &str = "id,post,parent,author_name,author_url,date_gmt,content.rendered";

/// Asks an API which collections of posts it has.
pub(in crate::run) async fn read_api(
    reader: &mut Reader<'_>,
    row: &LeadRow,
) -> Result<Next, RunError> {
    let Ok(root) = address::parse(&row.address, None) else {
        note_read(reader, row, LeadState::Gone, None, 0).await?;
        return Ok(Next::Go);
    };
    let is_api = match question(reader, &route(&root, "/", &[("_fields", "namespaces")])).await {
        Heard::Json(json, _) => api::is_api(&json),
        Heard::No(..) => false,
        Heard::Stop => return Ok(Next::Stop),
    };
    if !is_api {
        // It was switched off, or never was one: the sitemaps are read instead.
        let quietly = row.read_at.is_none();
        note_failed(reader, row, "this is no REST API of WordPress", quietly).await?;
        return Ok(Next::Go);
    }
    let paths = match question(reader, &route(&root, "/wp/v2/types", &[])).await {
        Heard::Json(json, _) => api::collections(&json),
        Heard::No(..) => Vec::new(),
        Heard::Stop => return Ok(Next::Stop),
    };
    let paths = if paths.is_empty() {
        // Some sites hide which kinds they have, and show the posts all the same.
        vec!["/wp/v2/posts".to_owned(), "/wp/v2/pages".to_owned()]
    } else {
        paths
    };
    let leads: Vec<_> = paths
        .iter()
        .map(|path| {
            let url = route(&root, path, &[]);
            NewLead {
                lead: Lead::Collection,
                address: url.to_string(),
                key: key_of(&url),
                modified_at: None,
                entry_sha256: None,
                is_wanted: true,
                found_in: Some(row.id),
            }
        })
        .collect();
    let (id, now) = (reader.input.id, reader.now);
    reader
        .context
        .store
        .write("note the collections of an API", move |w| {
            w.discover(id, &leads, now)
        })
        .await?;
    note_read(reader, row, LeadState::Read, Some(now + KINDS_KEPT), 0).await?;
    reader.context.store.flush().await?;
    Ok(Next::Go)
}

/// Reads what is new of a collection: all of it the first time.
pub(in crate::run) async fn read_collection(
    reader: &mut Reader<'_>,
    row: &LeadRow,
) -> Result<Next, RunError> {
    let Ok(url) = address::parse(&row.address, None) else {
        note_read(reader, row, LeadState::Gone, None, 0).await?;
        return Ok(Next::Go);
    };
    let mut walk = Walk {
        reader,
        root: api_root(&url),
        url,
        row: row.clone(),
        has_comments: true,
    };
    let next = match (row.read_at, row.page) {
        (Some(last), None) => walk.later(row.begun_at.unwrap_or(last)).await?,
        _ => walk.first().await?,
    };
    walk.reader.context.store.flush().await?;
    Ok(next)
}

/// One reading of a collection.
struct Walk<'w, 'r> {
    reader: &'w mut Reader<'r>,
    url: Url,
    root: Url,
    row: LeadRow,
    /// Whether the API shows comments.
    has_comments: bool,
}

/// What came of one page of posts.
struct PageRead {
    /// Whether there was anything on it that was not known.
    has_news: bool,
    /// Whether all of it was read.
    is_complete: bool,
    /// The numbers of its posts.
    ids: Vec<u64>,
}

impl Walk<'_, '_> {
    /// Goes through all pages, from where the last run stood.
    async fn first(&mut self) -> Result<Next, RunError> {
        let begun_at = match (self.row.page, self.row.begun_at) {
            (Some(_), Some(at)) => at,
            _ => self.reader.now,
        };
        // Meanwhile a post may have gone, so that others moved up a page.
        let mut page = self.row.page.unwrap_or(1).saturating_sub(1).max(1);
        let since = self.reader.options.since.map(instant);
        let (mut pages_without_news, mut before) = (0, Vec::new());
        loop {
            if self.reader.is_over() || self.reader.allowance.posts_left() == Some(0) {
                self.reader.unfinished = true;
                return Ok(Next::Stop);
            }
            let number = page.to_string();
            let mut query = vec![
                ("per_page", "100"),
                ("page", number.as_str()),
                ("orderby", "date"),
                ("order", "desc"),
                ("_embed", "author"),
                ("_fields", POST_FIELDS),
            ];
            if let Some(since) = &since {
                query.push(("modified_after", since));
            }
            let (json, pages) =
                match question(self.reader, &with_query(self.url.clone(), &query)).await {
                    Heard::Json(json, pages) => (json, pages),
                    // `rest_post_invalid_page_number`: there are no more.
                    Heard::No(Some(400), _) if page > 1 => return self.ended(begun_at).await,
                    Heard::No(status, why) => return self.refused(status, &why).await,
                    Heard::Stop => return Ok(Next::Stop),
                };
            let Some(read) = self.page(json).await? else {
                return Ok(Next::Go);
            };
            if !read.is_complete {
                self.reader.unfinished = true;
                return Ok(Next::Stop);
            }
            pages_without_news = if read.has_news {
                0
            } else {
                pages_without_news + 1
            };
            let is_last = match pages {
                Some(pages) => page >= pages,
                None => false,
            };
            // An API that gives the same page again does not know pages.
            let goes_in_circles = pages_without_news >= MOST_PAGES_WITHOUT_NEWS
                || read.ids.is_empty()
                || read.ids == before;
            before = read.ids;
            if is_last || goes_in_circles {
                return self.ended(begun_at).await;
            }
            if page >= MOST_PAGES {
                self.reader.tell(Told::TooLong(u64::from(MOST_PAGES)));
                return self.ended(begun_at).await;
            }
            page += 1;
            let id = self.row.id;
            self.reader
                .context
                .store
                .write("note how far a collection was read", move |w| {
                    w.lead_page(id, page, begun_at)
                })
                .await?;
        }
    }

    /// Asks for what was modified since the last reading began, and for posts that were commented on since.
    async fn later(&mut self, last: i64) -> Result<Next, RunError> {
        let begun_at = self.reader.now;
        let since = instant(last - DAY_MS);
        for page in 1..=MOST_PAGES {
            if self.reader.is_over() {
                return Ok(Next::Stop);
            }
            let number = page.to_string();
            let query = [
                ("per_page", "100"),
                ("page", number.as_str()),
                ("orderby", "modified"),
                ("order", "desc"),
                ("modified_after", since.as_str()),
                ("_embed", "author"),
                ("_fields", POST_FIELDS),
            ];
            let (json, pages) =
                match question(self.reader, &with_query(self.url.clone(), &query)).await {
                    Heard::Json(json, pages) => (json, pages),
                    Heard::No(Some(400), _) if page > 1 => break,
                    Heard::No(status, why) => return self.refused(status, &why).await,
                    Heard::Stop => return Ok(Next::Stop),
                };
            let Some(read) = self.page(json).await? else {
                return Ok(Next::Go);
            };
            if !read.is_complete {
                self.reader.unfinished = true;
                return Ok(Next::Stop);
            }
            if !read.has_news || pages.is_some_and(|pages| page >= pages) {
                break;
            }
        }
        if self.commented(&since).await? == Next::Stop {
            return Ok(Next::Stop);
        }
        self.ended(begun_at).await
    }

    async fn ended(&mut self, begun_at: i64) -> Result<Next, RunError> {
        let (id, now) = (self.row.id, self.reader.now);
        self.reader
            .context
            .store
            .write("end the reading of a collection", move |w| {
                w.lead_pages_end(id, begun_at, now)
            })
            .await?;
        Ok(Next::Go)
    }

    /// A kind that is not shown to everybody is no fault of the site.
    async fn refused(&mut self, status: Option<u16>, why: &str) -> Result<Next, RunError> {
        let is_closed = matches!(status, Some(401 | 403 | 404)) && self.row.read_at.is_none();
        note_failed(self.reader, &self.row, why, is_closed).await?;
        Ok(Next::Go)
    }

    /// Reads the posts of one page that are new or modified. `None` where it is no page of posts.
    async fn page(&mut self, json: Vec<u8>) -> Result<Option<PageRead>, RunError> {
        let items = match api::items(&json) {
            Ok(items) => items,
            Err(why) => {
                let why = format!("no posts: {why}");
                note_failed(self.reader, &self.row, &why, false).await?;
                return Ok(None);
            }
        };
        let mut wanted = Vec::new();
        for item in items.iter().take(MOST_ON_PAGE) {
            if let Some(wish) = self.wish(item)? {
                wanted.push(wish);
            }
        }
        let has_news = !wanted.is_empty();
        let room = self.reader.allowance.posts_left().unwrap_or(u64::MAX);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let is_complete = wanted.len() <= room;
        wanted.truncate(room);
        let all: Vec<u64> = items.iter().map(|item| item.id).collect();
        let ids: Vec<u64> = wanted.iter().map(|wish| wish.item.id).collect();
        let Some(comments) = self.comments_of(&ids).await? else {
            return Ok(Some(PageRead {
                has_news,
                is_complete: false,
                ids: all,
            }));
        };
        for wish in wanted {
            if self.reader.context.cancelled.is_cancelled() || !self.reader.allowance.take_post() {
                return Ok(Some(PageRead {
                    has_news,
                    is_complete: false,
                    ids: all,
                }));
            }
            let own = comments.get(&wish.item.id).map(Vec::as_slice);
            self.post(&wish, own.unwrap_or_default()).await?;
        }
        self.reader.context.store.flush().await?;
        Ok(Some(PageRead {
            has_news,
            is_complete,
            ids: all,
        }))
    }

    /// A post that is to be read, unless it is known as it is.
    fn wish<'j>(&mut self, item: &Item<'j>) -> Result<Option<Wish<'j>>, RunError> {
        let Some(link) = item
            .link()
            .and_then(|link| address::parse(&link, None).ok())
        else {
            return Ok(None);
        };
        if !same_site(&link, &self.url) {
            self.reader.not_read.elsewhere += 1;
            return Ok(None);
        }
        if matches!((self.reader.options.since, item.modified_at), (Some(since), Some(at)) if at < since)
        {
            self.reader.not_read.old += 1;
            return Ok(None);
        }
        let (id, key) = (self.reader.input.id, key_of(&link));
        let known = self
            .reader
            .context
            .store
            .read("look for a post", |r| r.lead(id, Lead::Post, &key))?;
        // Posts without content in the API are read at their own addresses.
        let is_known = known.is_some_and(|known| {
            (known.read_at.is_some() || !item.has_content) && known.modified_at >= item.modified_at
        });
        Ok((!is_known).then_some(Wish {
            item: *item,
            link,
            key,
        }))
    }

    /// Reads a post with its comments.
    async fn post(&mut self, wish: &Wish<'_>, comments: &[String]) -> Result<(), RunError> {
        let lead = NewLead {
            lead: Lead::Post,
            address: wish.link.to_string(),
            key: wish.key.clone(),
            modified_at: wish.item.modified_at,
            entry_sha256: None,
            is_wanted: true,
            found_in: Some(self.row.id),
        };
        let (id, now) = (self.reader.input.id, self.reader.now);
        let store = &self.reader.context.store;
        if !wish.item.has_content {
            let discover = move |w: &Writing<'_>| w.discover(id, &[lead], now);
            store.write("note a post", discover).await?;
            return Ok(());
        }
        let comments: Vec<&str> = comments.iter().map(String::as_str).collect();
        let json = api::document(wish.item.json, &comments);
        let name = wish.link.to_string();
        let known = self.reader.known(&name)?;
        if let Some(known) = known.filter(|known| known.sha256 == sha256(&json)) {
            self.reader.unchanged(&known, None).await?;
        } else {
            let came = Came {
                address: Some(wish.link.clone()),
                format: Some(Format::Wordpress),
                is_lead: true,
                ..Came::default()
            };
            self.reader.document(&name, json, came).await?;
        }
        self.reader
            .context
            .store
            .submit("note a post that was read", move |w| {
                w.lead_read_elsewhere(id, &lead, now)
            })
            .await?;
        Ok(())
    }
}

/// A post that is to be read.
struct Wish<'j> {
    item: Item<'j>,
    link: Url,
    key: String,
}
