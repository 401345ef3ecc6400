//! A site as an input: from its front page to everything that names its posts.
//!
//! Where it is WordPress, its REST API gives a hundred posts at a time, with their comments. Elsewhere sitemaps name the
//! posts, which are read one by one. Feeds are read besides, for what is newer, or left out there.

pub(super) mod shape;
pub(super) mod wordpress;

use url::Url;

use super::finder::key_of;
use super::leads::{self, Next};
use super::reader::{Answer, Came, Reader, came};
use super::told::Told;
use super::{Problem, RunError, robots};
use crate::address::{self, same_site};
use crate::config::Robots;
use crate::fetch::Accept;
use crate::gather::{Document, Format, LeftOut, Note, Post, Rules, Sink, gather};
use crate::store::{Lead, LeadRow, NewDocument, NewLead, Writing, sha256};

/// Where feeds are, on sites that name none.
const FEEDS: &[&str] = &["/feed", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml"];
/// Where sitemaps are, on sites that name none.
const SITEMAPS: &[&str] = &["/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml"];
/// Feeds of a front page that are read: the same one in several formats, as a rule.
const MOST_FEEDS: usize = 3;
/// Sitemaps that a robots.txt or front page names and that are read.
const MOST_SITEMAPS: usize = 50;

/// What a front page names.
#[derive(Default)]
struct Names {
    feeds: Vec<Url>,
    sitemaps: Vec<Url>,
    api: Option<Url>,
}

/// Reads the front page and finds what names the site's posts.
pub(super) async fn discover(reader: &mut Reader<'_>, name: &str) -> Result<(), RunError> {
    let url = match address::parse(name, None) {
        Ok(url) => url,
        Err(error) => {
            reader.problem(Problem::whole(name, error));
            return Ok(());
        }
    };
    let known = reader.known(name)?;
    let names = match reader.ask(&url, known.as_ref(), Accept::Page).await {
        Answer::Unchanged => {
            if let Some(known) = &known {
                reader.unchanged(known, None).await?;
            }
            None
        }
        Answer::Came(_, home) if !same_site(&home, &url) => {
            reader.problem(Problem::whole(
                name,
                format!("leads to another site, {home}: `sourcekeep add --as site {home}` takes that one"),
            ));
            return Ok(());
        }
        Answer::Came(fetched, home) => {
            let hop = fetched.facts.hops.last();
            let headers = hop.into_iter().flat_map(|hop| &hop.headers);
            let link = headers
                .filter(|(header, _)| header == "link")
                .find_map(|(_, link)| api_of(link, &home));
            let (bytes, came) = came(&fetched, home);
            let mut names = front_page(reader, name, bytes, came).await?;
            names.api = link.or(names.api);
            Some(names)
        }
        Answer::Failed(_, why) => {
            reader.problem(Problem::whole(name, why));
            return Ok(());
        }
        Answer::NotNow(fault) => {
            reader.problem(Problem::whole(name, fault.to_string()));
            return Ok(());
        }
        Answer::Cancelled => return Ok(()),
    };
    follow_names(reader, &url, names.unwrap_or_default()).await
}

async fn follow_names(reader: &mut Reader<'_>, home: &Url, names: Names) -> Result<(), RunError> {
    let before = counts(reader)?;
    if let Some(api) = names.api.filter(|api| same_site(api, home)) {
        let row = lead(reader, Lead::Api, &api).await?;
        if row.next_read_at.is_some_and(|at| at <= reader.now)
            && wordpress::read_api(reader, &row).await? == Next::Stop
        {
            return Ok(());
        }
    }
    // With an API, sitemaps would only name again what it has.
    if counts(reader)?.0 == 0 && find_sitemaps(reader, home, names.sitemaps).await? == Next::Stop {
        return Ok(());
    }
    let feeds: Vec<_> = names
        .feeds
        .into_iter()
        .filter(|url| !is_of_comments(url))
        .take(MOST_FEEDS)
        .collect();
    for url in &feeds {
        lead(reader, Lead::Feed, url).await?;
    }
    if feeds.is_empty() && try_all(reader, home, Lead::Feed, FEEDS).await? == Next::Stop {
        return Ok(());
    }
    let now = counts(reader)?;
    let (collections, feeds, sitemaps) = now;
    if now == (0, 0, 0) {
        let why = "nothing names its posts: no feed, no sitemap, no WordPress API was found";
        reader.problem(Problem::whole(home.as_str(), why));
    } else if now != before {
        reader.tell(Told::Ways {
            collections,
            feeds,
            sitemaps,
        });
    }
    Ok(())
}

/// Finds the sitemaps of a site: those that it names, or, if there are none, where they usually are.
async fn find_sitemaps(
    reader: &mut Reader<'_>,
    home: &Url,
    named: Vec<Url>,
) -> Result<Next, RunError> {
    let mut sitemaps = named_by_robots(reader, home).await?;
    sitemaps.extend(named);
    sitemaps.retain(|url| same_site(url, home));
    sitemaps.truncate(MOST_SITEMAPS);
    for url in &sitemaps {
        lead(reader, Lead::Sitemap, url).await?;
    }
    if sitemaps.is_empty() {
        return try_all(reader, home, Lead::Sitemap, SITEMAPS).await;
    }
    Ok(Next::Go)
}

/// Looks for sitemaps after all where an API showed none of its collections to us. Says whether there is something new
/// to read.
pub(super) async fn fall_back(reader: &mut Reader<'_>) -> Result<bool, RunError> {
    reader.context.store.flush().await?;
    let id = reader.input.id;
    let collections = reader
        .context
        .store
        .read("count collections", |r| r.count_leads(id, Lead::Collection))?;
    let (there, _, sitemaps) = counts(reader)?;
    let Ok(home) = Url::parse(&reader.input.address) else {
        return Ok(false);
    };
    if collections == 0 || there > 0 || sitemaps > 0 {
        return Ok(false);
    }
    Ok(find_sitemaps(reader, &home, Vec::new()).await? == Next::Go)
}

/// How many collections, feeds and sitemaps there are that are not known to be none.
fn counts(reader: &Reader<'_>) -> Result<(u64, u64, u64), RunError> {
    let id = reader.input.id;
    Ok(reader.context.store.read("count lists", |r| {
        Ok((
            r.count_lists_there(id, Lead::Collection)?,
            r.count_lists_there(id, Lead::Feed)?,
            r.count_lists_there(id, Lead::Sitemap)?,
        ))
    })?)
}

/// Notes a list that the site names.
async fn lead(reader: &Reader<'_>, lead: Lead, url: &Url) -> Result<LeadRow, RunError> {
    let (id, now, key) = (reader.input.id, reader.now, key_of(url));
    let new = NewLead {
        lead,
        address: url.to_string(),
        key: key.clone(),
        modified_at: None,
        entry_sha256: None,
        is_wanted: true,
        found_in: None,
    };
    let note = move |w: &Writing<'_>| {
        w.discover(id, &[new], now)?;
        w.known_lead(id, lead, &key)
    };
    Ok(reader.context.store.write("note a list", note).await?)
}

/// Looks for a list where lists usually are, until one is found. What is not there is looked for again after a month.
async fn try_all(
    reader: &mut Reader<'_>,
    home: &Url,
    what: Lead,
    paths: &[&str],
) -> Result<Next, RunError> {
    let id = reader.input.id;
    let there = reader
        .context
        .store
        .read("count lists", |r| r.count_lists_there(id, what))?;
    if there > 0 {
        return Ok(Next::Go);
    }
    // A blog may lie in a folder of its site, with its own lists.
    let in_folder = paths.iter().map(|path| path.trim_start_matches('/'));
    let in_folder = in_folder.filter(|_| !home.path().trim_end_matches('/').is_empty());
    let mut folder = home.clone();
    folder.set_query(None);
    if !folder.path().ends_with('/') {
        folder.set_path(&format!("{}/", home.path()));
    }
    for path in in_folder.chain(paths.iter().copied()) {
        if reader.is_over() {
            return Ok(Next::Stop);
        }
        let Ok(url) = folder.join(path) else { continue };
        let found = lead(reader, what, &url).await?;
        if found.next_read_at.is_none_or(|at| at > reader.now) {
            continue;
        }
        let (next, is_there) = leads::read_list(reader, &found, true).await?;
        reader.context.store.flush().await?;
        if is_there || next == Next::Stop {
            return Ok(next);
        }
    }
    Ok(Next::Go)
}

/// Reads the front page for what it names. It is no post itself, but a list of them.
async fn front_page(
    reader: &Reader<'_>,
    name: &str,
    bytes: Vec<u8>,
    came: Came,
) -> Result<Names, RunError> {
    let (input_id, now) = (reader.input.id, reader.now);
    let new = NewDocument {
        input_id,
        address: name.to_owned(),
        format: Format::Html.as_str().to_owned(),
        etag: came.etag,
        last_modified: came.last_modified,
        modified_at: None,
        size: bytes.len() as u64,
        sha256: sha256(&bytes),
        body: None,
    };
    reader
        .context
        .store
        .write("save a front page", move |w| {
            let id = w.save_document(&new, now)?;
            w.end_document(id, now, true, now)
        })
        .await?;
    let name = name.to_owned();
    let names = tokio::task::spawn_blocking(move || {
        let document = Document {
            bytes: &bytes,
            media_type: came.media_type.as_deref(),
            name: &name,
            address: came.address.as_ref(),
            base: None,
            format: Format::Html,
        };
        let mut names = Names::default();
        // A page that is none names nothing.
        let _ = gather(&document, &Rules::default(), &mut names);
        names
    });
    Ok(names.await.unwrap_or_default())
}

impl Sink for Names {
    fn begin(&mut self, _address: &str) {}
    fn citation(&mut self, _citation: crate::gather::Citation) {}
    fn left_out(&mut self, _left_out: LeftOut) {}
    fn end(&mut self, _post: Post) {}
    fn note(&mut self, note: Note) {
        match note {
            Note::Feed(url) => self.feeds.push(url),
            Note::Sitemap(url) => self.sitemaps.push(url),
            Note::Api(url) => self.api = self.api.take().or(Some(url)),
            _ => {}
        }
    }
}

/// The sitemaps that robots.txt names.
async fn named_by_robots(reader: &mut Reader<'_>, home: &Url) -> Result<Vec<Url>, RunError> {
    if reader.context.manner.robots == Robots::Ignore {
        return Ok(Vec::new());
    }
    match robots::rules(reader.context, home).await {
        Ok(rules) => Ok(rules.sitemaps().to_vec()),
        Err(fault) => {
            leads::not_now(reader, home.as_str(), &fault);
            Ok(Vec::new())
        }
    }
}

/// A feed of comments names the posts that were commented on, under the addresses of the comments.
fn is_of_comments(url: &Url) -> bool {
    let is_comments = |text: &str| text.eq_ignore_ascii_case("comments") || text == "comments-rss2";
    url.path_segments()
        .is_some_and(|mut segments| segments.any(is_comments))
        || url
            .query_pairs()
            .any(|(name, value)| name == "feed" && value.starts_with("comments"))
}

/// The address of an API in a `Link` header (RFC 8288).
fn api_of(header: &str, home: &Url) -> Option<Url> {
    let mut rest = header;
    while let Some(start) = rest.find('<') {
        let (target, after) = rest[start + 1..].split_once('>')?;
        let parameters = after.find('<').map_or(after, |next| &after[..next]);
        if parameters.contains("https://api.w.org/") {
            return address::parse(target.trim(), Some(home)).ok();
        }
        // The relation itself may stand there in angle brackets; what follows is looked at all the same.
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_is_named_in_a_header() {
        let home = Url::parse("https://a.org/").unwrap();
        for (header, expected) in [
            (
                "<https://a.org/wp-json/>; rel=\"https://api.w.org/\"",
                Some("https://a.org/wp-json/"),
            ),
            (
                "<https://a.org/x>; rel=shortlink, </?rest_route=/>; rel=\"https://api.w.org/\"",
                Some("https://a.org/?rest_route=/"),
            ),
            ("<https://a.org/x>; rel=\"next\"", None),
            ("<https://a.org/x", None),
            ("", None),
        ] {
            let found = api_of(header, &home);
            assert_eq!(found.as_ref().map(Url::as_str), expected, "{header}");
        }
    }

    #[test]
    fn feeds_of_comments_are_no_feeds_of_posts() {
        let of = |text: &str| is_of_comments(&Url::parse(text).unwrap());
        assert!(of("https://a.org/comments/feed/"));
        assert!(of("https://a.org/?feed=comments-rss2"));
        assert!(!of("https://a.org/feed/"));
    }
}
