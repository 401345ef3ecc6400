//! A WordPress site by its REST API: a hundred posts at a time, with their comments.
//!
//! The first reading goes through each collection page by page, newest first, and notes after each page how far it came. A
//! later one asks for what was modified since the last one began, less a day: the API compares by the site's own clock
//! and time zone, and old versions do not know the question and answer with everything, so that the reading ends at the
//! first page with nothing new.

use std::collections::{BTreeSet, HashMap};

use url::Url;

use super::super::finder::key_of;
use super::super::leads::{self, Next, note_failed, note_read};
use super::super::reader::{Answer, Came, Reader};
use super::super::told::Told;
use super::super::{Problem, RunError};
use crate::address::{self, same_site};
use crate::fetch::{Accept, RobotsFact};
use crate::gather::Format;
use crate::gather::wordpress_api::{self as api, Item};
use crate::store::{Lead, LeadRow, LeadState, NewLead, sha256};

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

/// What came of one question to an API.
enum Heard {
    /// JSON, and how many pages there are, where it says so.
    Json(Vec<u8>, Option<u32>),
    /// It refused: the status, and why.
    No(Option<u16>, String),
    /// The run is to end, or it cannot be asked now.
    Stop,
}

/// An address below the root of an API, which may be a path or, on sites without speaking addresses, a parameter.
fn route(root: &Url, path: &str, query: &[(&str, &str)]) -> Url {
    let mut url = root.clone();
    url.set_fragment(None);
    let is_parameter = root.query_pairs().any(|(name, _)| name == "rest_route");
    if is_parameter {
        let others: Vec<_> = root
            .query_pairs()
            .filter(|(name, _)| name != "rest_route")
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.query_pairs_mut()
            .clear()
            .append_pair("rest_route", path)
            .extend_pairs(others);
    } else {
        let below = format!("{}{path}", root.path().trim_end_matches('/'));
        url.set_path(&below);
    }
    with_query(url, query)
}

fn with_query(mut url: Url, query: &[(&str, &str)]) -> Url {
    if !query.is_empty() {
        // Commas may stand in a query as they are; encoded, some firewalls take them for an attack.
        let pairs: Vec<_> = query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let before = url
            .query()
            .map(|query| format!("{query}&"))
            .unwrap_or_default();
        url.set_query(Some(&format!("{before}{}", pairs.join("&"))));
    }
    url
}

async fn question(reader: &mut Reader<'_>, url: &Url) -> Heard {
    match leads::may_read(reader, url).await {
        Ok(RobotsFact::Allowed) => {}
        Ok(_) => return Heard::No(None, "robots.txt keeps it from being read".to_owned()),
        Err(fault) => {
            leads::not_now(reader, url.as_str(), &fault);
            return Heard::Stop;
        }
    }
    match reader.ask(url, None, Accept::Any).await {
        Answer::Came(fetched, address) if same_site(&address, url) => {
            let pages = fetched
                .exchanges
                .last()
                .and_then(|exchange| exchange.response_header("x-wp-totalpages"))
                .and_then(|pages| pages.trim().parse().ok());
            let body = fetched.body.map(|body| body.bytes.to_vec());
            Heard::Json(body.unwrap_or_default(), pages)
        }
        Answer::Came(_, address) => Heard::No(None, format!("leads to {address}")),
        Answer::Failed(status, why) => Heard::No(status, why),
        Answer::NotNow(fault) => {
            leads::not_now(reader, url.as_str(), &fault);
            Heard::Stop
        }
        Answer::Unchanged | Answer::Cancelled => Heard::Stop,
    }
}

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
    let next = match row.read_at {
        None => walk.first().await?,
        Some(last) if row.page.is_none() => walk.later(row.begun_at.unwrap_or(last)).await?,
        Some(_) => walk.first().await?,
    };
    walk.reader.context.store.flush().await?;
    Ok(next)
}

/// The root of the API that a collection belongs to.
fn api_root(collection: &Url) -> Url {
    let mut root = collection.clone();
    if root.query_pairs().any(|(name, _)| name == "rest_route") {
        return root;
    }
    // `/wp-json/wp/v2/posts` lies three levels below its root.
    let path = collection.path().to_owned();
    let above = path.rsplitn(4, '/').nth(3).unwrap_or_default();
    root.set_path(&format!("{above}/"));
    root
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
            let read = match self.page(json).await? {
                Some(read) => read,
                None => return Ok(Next::Go),
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
        let comments = match self.comments_of(&ids).await? {
            Some(comments) => comments,
            None => {
                return Ok(Some(PageRead {
                    has_news,
                    is_complete: false,
                    ids: all,
                }));
            }
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
        let is_known = known.is_some_and(|known| {
            known.read_at.is_some() && known.modified_at >= item.modified_at
                // Posts without content in the API are read at their own addresses.
                || !item.has_content && known.modified_at >= item.modified_at
        });
        Ok((!is_known).then(|| Wish {
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
            let discover = move |w: &crate::store::Writing<'_>| w.discover(id, &[lead], now);
            store.write("note a post", discover).await?;
            return Ok(());
        }
        let comments: Vec<&str> = comments.iter().map(String::as_str).collect();
        let json = api::document(wish.item.json, &comments);
        let name = wish.link.to_string();
        let known = self.reader.known(&name)?;
        match known.filter(|known| known.sha256 == sha256(&json)) {
            Some(known) => self.reader.unchanged(&known, None).await?,
            None => {
                let came = Came {
                    address: Some(wish.link.clone()),
                    format: Some(Format::Wordpress),
                    is_lead: true,
                    ..Came::default()
                };
                self.reader.document(&name, json, came).await?;
            }
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

    /// The comments of some posts, by the number of the post. `None` where the run is to end.
    async fn comments_of(
        &mut self,
        posts: &[u64],
    ) -> Result<Option<HashMap<u64, Vec<String>>>, RunError> {
        let mut found: HashMap<u64, Vec<String>> = HashMap::new();
        if posts.is_empty() || !self.has_comments {
            return Ok(Some(found));
        }
        let ids = posts
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(",");
        for page in 1..=MOST_COMMENT_PAGES {
            let number = page.to_string();
            let query = [
                ("post", ids.as_str()),
                ("per_page", "100"),
                ("page", number.as_str()),
                ("orderby", "id"),
                ("order", "asc"),
                ("_fields", COMMENT_FIELDS),
            ];
            let (json, pages) =
                match question(self.reader, &route(&self.root, "/wp/v2/comments", &query)).await {
                    Heard::Json(json, pages) => (json, pages),
                    Heard::No(..) if page > 1 => break,
                    Heard::No(status, why) => {
                        // Many sites close their comments to the API; the posts are read all the same.
                        self.has_comments = false;
                        if !matches!(status, Some(400..=404 | 410)) {
                            let place = self.row.address.clone();
                            let why = format!("comments: {why}");
                            self.reader.problem(Problem::part(place, why));
                        }
                        break;
                    }
                    Heard::Stop => return Ok(None),
                };
            let Ok(comments) = api::comments(&json) else {
                break;
            };
            let count = comments.len();
            for (post, comment) in comments {
                if posts.contains(&post) {
                    found.entry(post).or_default().push(comment.to_owned());
                }
            }
            let is_last = match pages {
                Some(pages) => page >= pages,
                None => count < PER_PAGE,
            };
            if is_last || count == 0 {
                break;
            }
        }
        Ok(Some(found))
    }

    /// Reads posts anew that were commented on since. What they are is known by their numbers only, and each collection
    /// takes its own.
    async fn commented(&mut self, since: &str) -> Result<Next, RunError> {
        let query = [
            ("after", since),
            ("per_page", "100"),
            ("order", "desc"),
            ("_fields", "id,post"),
        ];
        let url = route(&self.root, "/wp/v2/comments", &query);
        let ids: BTreeSet<u64> = match self.reader.commented.get(url.as_str()) {
            Some(known) => known.clone(),
            None => match question(self.reader, &url).await {
                Heard::Json(json, _) => {
                    let comments = api::comments(&json).unwrap_or_default();
                    comments.into_iter().map(|(post, _)| post).collect()
                }
                Heard::No(..) => BTreeSet::new(),
                Heard::Stop => return Ok(Next::Stop),
            },
        };
        // All collections of a site ask the same.
        self.reader.commented.insert(url.to_string(), ids.clone());
        if ids.is_empty() {
            return Ok(Next::Go);
        }
        let include = ids.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        let query = [
            ("include", include.as_str()),
            ("per_page", "100"),
            ("_embed", "author"),
            ("_fields", POST_FIELDS),
        ];
        let json = match question(self.reader, &with_query(self.url.clone(), &query)).await {
            Heard::Json(json, _) => json,
            Heard::No(..) => return Ok(Next::Go),
            Heard::Stop => return Ok(Next::Stop),
        };
        let Ok(items) = api::items(&json) else {
            return Ok(Next::Go);
        };
        let mut theirs = Vec::new();
        for item in items.iter().filter(|item| item.has_content) {
            let link = item
                .link()
                .and_then(|link| address::parse(&link, None).ok());
            if let Some(link) = link.filter(|link| same_site(link, &self.url)) {
                let key = key_of(&link);
                theirs.push(Wish {
                    item: *item,
                    link,
                    key,
                });
            }
        }
        let numbers: Vec<u64> = theirs.iter().map(|wish| wish.item.id).collect();
        let Some(comments) = self.comments_of(&numbers).await? else {
            return Ok(Next::Stop);
        };
        for wish in theirs {
            let own = comments.get(&wish.item.id).map(Vec::as_slice);
            self.post(&wish, own.unwrap_or_default()).await?;
        }
        Ok(Next::Go)
    }
}

/// A post that is to be read.
struct Wish<'j> {
    item: Item<'j>,
    link: Url,
    key: String,
}

/// An instant as the API understands it.
fn instant(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(
        |_| "1970-01-01T00:00:00".to_owned(),
        |at| at.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_of_both_kinds() {
        let path = Url::parse("https://a.org/blog/wp-json/").unwrap();
        let posts = route(&path, "/wp/v2/posts", &[]);
        assert_eq!(posts.as_str(), "https://a.org/blog/wp-json/wp/v2/posts");
        assert_eq!(api_root(&posts), path);
        let parameter = Url::parse("https://a.org/?rest_route=/").unwrap();
        let posts = route(&parameter, "/wp/v2/posts", &[]);
        assert_eq!(
            posts.as_str(),
            "https://a.org/?rest_route=%2Fwp%2Fv2%2Fposts"
        );
        let page = with_query(posts.clone(), &[("page", "2"), ("_fields", "id,link")]);
        assert_eq!(
            page.as_str(),
            "https://a.org/?rest_route=%2Fwp%2Fv2%2Fposts&page=2&_fields=id,link"
        );
        let comments = route(&api_root(&posts), "/wp/v2/comments", &[("post", "1,2")]);
        assert_eq!(
            comments.as_str(),
            "https://a.org/?rest_route=%2Fwp%2Fv2%2Fcomments&post=1,2"
        );
    }

    #[test]
    fn instants_are_without_a_zone() {
        assert_eq!(instant(1_704_448_800_000), "2024-01-05T10:00:00");
    }
}
