//! Comments on posts, and posts that were commented on.

use std::collections::{BTreeSet, HashMap};

use super::question::{Heard, question, route, with_query};
use super::{COMMENT_FIELDS, MOST_COMMENT_PAGES, PER_PAGE, POST_FIELDS, Walk, Wish};
use crate::address::{self, same_site};
use crate::gather::wordpress_api as api;
use crate::run::finder::key_of;
use crate::run::leads::Next;
use crate::run::{Problem, RunError};

impl Walk<'_, '_> {
    /// The comments of some posts, by the number of the post. `None` where the run is to end.
    pub(super) async fn comments_of(
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
    pub(super) async fn commented(&mut self, since: &str) -> Result<Next, RunError> {
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
