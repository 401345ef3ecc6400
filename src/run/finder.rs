//! From what a list names to rows: which of it may be a post, and of which site.

use std::sync::Arc;

use url::Url;

use super::site::shape::{Shape, shape, sitemap_shape};
use super::told::NotRead;
use crate::address;
use crate::store::{Lead, NewLead, Sha, Store, StoreError};

/// Rows that are saved in one go.
const CHUNK: usize = 1_000;
/// Posts that one input leads to, at the most.
const MOST_POSTS: u64 = 250_000;
/// Sitemaps that one input leads to, at the most.
const MOST_SITEMAPS: u64 = 5_000;

/// What tells one address from another: two spellings under which a site answers the same have the same key.
pub(super) fn key_of(url: &Url) -> String {
    let canonical = address::canonical(url);
    let url = canonical.url();
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    let query = url
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let fragment = url
        .fragment()
        .map(|part| format!("#{part}"))
        .unwrap_or_default();
    format!("{host}{port}{path}{query}{fragment}")
}

/// Takes what a document names and hands it to the archive, some at a time.
pub(super) struct Finder {
    store: Arc<Store>,
    input_id: i64,
    site: Option<Url>,
    since: Option<i64>,
    now: i64,
    found_in: Option<i64>,
    chunk: Vec<NewLead>,
    room: Option<(u64, u64)>,
    pub(super) not_read: NotRead,
}

impl Finder {
    pub(super) fn new(
        store: Arc<Store>,
        input_id: i64,
        site: Option<Url>,
        since: Option<i64>,
        found_in: Option<i64>,
        now: i64,
    ) -> Self {
        Self {
            store,
            input_id,
            site,
            since,
            now,
            found_in,
            chunk: Vec::new(),
            room: None,
            not_read: NotRead::default(),
        }
    }

    pub(super) fn input_id(&self) -> i64 {
        self.input_id
    }

    /// A post, unless it looks like a list of posts, or belongs to another site.
    pub(super) fn post(
        &mut self,
        url: &Url,
        modified_at: Option<i64>,
        entry_sha256: Option<Sha>,
    ) -> Result<(), StoreError> {
        if !self.is_here(url) {
            self.not_read.elsewhere += 1;
            return Ok(());
        }
        match shape(url) {
            // What a feed has an entry of is a post, whatever its address looks like.
            _ if entry_sha256.is_some() => {}
            Shape::Post => {}
            Shape::List => {
                self.not_read.lists += 1;
                return Ok(());
            }
            Shape::File => {
                self.not_read.files += 1;
                return Ok(());
            }
        }
        let is_old = matches!((self.since, modified_at), (Some(since), Some(at)) if at < since);
        self.not_read.old += u64::from(is_old);
        self.push(NewLead {
            lead: Lead::Post,
            address: url.to_string(),
            key: key_of(url),
            modified_at,
            entry_sha256,
            is_wanted: !is_old,
            found_in: self.found_in,
        })
    }

    /// A sitemap, unless it is one of tags or authors, or of another site.
    pub(super) fn sitemap(
        &mut self,
        url: &Url,
        modified_at: Option<i64>,
    ) -> Result<(), StoreError> {
        if !self.is_here(url) {
            self.not_read.elsewhere += 1;
            return Ok(());
        }
        if sitemap_shape(url) == Shape::List {
            self.not_read.sitemaps += 1;
            return Ok(());
        }
        self.push(NewLead {
            lead: Lead::Sitemap,
            address: url.to_string(),
            key: key_of(url),
            modified_at,
            entry_sha256: None,
            is_wanted: true,
            found_in: self.found_in,
        })
    }

    fn is_here(&self, url: &Url) -> bool {
        self.site
            .as_ref()
            .is_none_or(|site| address::same_site(site, url))
    }

    fn push(&mut self, lead: NewLead) -> Result<(), StoreError> {
        let (posts, sitemaps) = if let Some(room) = &mut self.room {
            room
        } else {
            let id = self.input_id;
            let known = self.store.read("count what was found", |r| {
                Ok((
                    r.count_leads(id, Lead::Post)?,
                    r.count_leads(id, Lead::Sitemap)?,
                ))
            })?;
            self.room.insert((
                MOST_POSTS.saturating_sub(known.0),
                MOST_SITEMAPS.saturating_sub(known.1),
            ))
        };
        let room = match lead.lead {
            Lead::Sitemap => sitemaps,
            _ => posts,
        };
        // What is known already takes none of it; that it is counted here matters only close to the bound.
        let Some(less) = room.checked_sub(1) else {
            self.not_read.too_many += 1;
            return Ok(());
        };
        *room = less;
        self.chunk.push(lead);
        if self.chunk.len() >= CHUNK {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let (chunk, id, now) = (std::mem::take(&mut self.chunk), self.input_id, self.now);
        // Waited for, so that a list of a million addresses is never held as a whole.
        self.store
            .write_blocking("save what was found", move |w| w.discover(id, &chunk, now))?;
        Ok(())
    }

    /// All was named.
    pub(super) fn end(&mut self) -> Result<(), StoreError> {
        self.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_have_one_key() {
        let key = |text: &str| key_of(&Url::parse(text).unwrap());
        let one = key("https://www.a.org/post/?utm_source=x#part");
        assert_eq!(one, key("http://a.org/post"));
        assert_ne!(one, key("http://a.org/post?p=1"));
        assert_ne!(one, key("http://a.org:8080/post"));
        assert_ne!(one, key("http://b.a.org/post"));
        assert_eq!(key("https://a.org/"), key("https://www.a.org"));
    }
}
