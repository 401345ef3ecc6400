//! What a page says of itself: title, author, language, dates, feeds and sitemaps. Best effort.
//!
//! Of several sayings the one meant for machines counts: `article:published_time` before a `time` element, a
//! `<title>` before `og:title`.

use super::data::{Data, Named};
use super::tags;
use super::tokens::{Attribute, StartTag};
use url::Url;

use crate::address;
use crate::gather::dates::milliseconds;
use crate::gather::post::PostWriter;
use crate::gather::{Note, Post};

/// The longest title or name that is kept.
const MAX_WORDS_BYTES: usize = 1000;
/// How much of a page's structured data is looked at.
const MAX_DATA_BYTES: usize = 1024 * 1024;
/// Feeds and sitemaps that are mentioned per page.
const MAX_NOTES: usize = 20;

/// What the text in some elements is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raw {
    Title,
    JsonLd,
    /// Nothing a reader sees.
    Hidden,
}

impl Raw {
    /// What the text after a start tag is, if it is not the page's.
    pub(super) fn after(key: u64, media_type: &str) -> Option<Self> {
        match key {
            tags::TITLE => Some(Self::Title),
            tags::SCRIPT if media_type.eq_ignore_ascii_case("application/ld+json") => {
                Some(Self::JsonLd)
            }
            tags::SCRIPT
            | tags::STYLE
            | tags::TEXTAREA
            | tags::IFRAME
            | tags::NOEMBED
            | tags::NOFRAMES => Some(Self::Hidden),
            _ => None,
        }
    }
}

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Facts {
    title: String,
    title_is_over: bool,
    og_title: Option<String>,
    author: Option<String>,
    language: Option<String>,
    published_at: Option<i64>,
    modified_at: Option<i64>,
    /// From a `time` element or structured data: counts where the page's head says nothing.
    seen_at: Option<i64>,
    data: Data,
    /// What `rel=canonical` says.
    canonical: Option<Url>,
    og_url: Option<Url>,
    notes: usize,
}

impl Facts {
    /// Text of an element whose text is not the page's.
    pub(super) fn raw_text(&mut self, raw: Raw, text: &str) {
        match raw {
            Raw::Title if !self.title_is_over => {
                self.title = words(text).unwrap_or_default();
                self.title_is_over = !self.title.is_empty();
            }
            _ => {}
        }
    }

    /// A script with structured data: the sources that it names.
    pub(super) fn structured(&mut self, text: &str) -> Vec<Named> {
        if text.len() > MAX_DATA_BYTES {
            return Vec::new();
        }
        self.data.read(text)
    }

    /// An element that is no link.
    pub(super) fn element(
        &mut self,
        tag: &StartTag,
        is_body: bool,
        in_article: bool,
        writer: &mut PostWriter<'_>,
    ) {
        match tag.key {
            tags::HTML => self.language = words(tag.value(Attribute::Lang)),
            tags::META => self.meta(tag, writer),
            tags::LINK => self.link(tag, writer),
            tags::TIME if is_body => {
                let itemprop = tag.value(Attribute::Itemprop);
                let is_published =
                    tag.get(Attribute::Pubdate).is_some() || itemprop == "datePublished";
                let at = milliseconds(tag.value(Attribute::Datetime));
                if is_published {
                    self.published_at = self.published_at.or(at);
                } else if itemprop == "dateModified" {
                    self.modified_at = self.modified_at.or(at);
                } else if in_article {
                    self.seen_at = self.seen_at.or(at);
                }
            }
            _ => {}
        }
    }

    fn meta(&mut self, tag: &StartTag, writer: &PostWriter<'_>) {
        let property = tag
            .get(Attribute::Property)
            .or_else(|| tag.get(Attribute::Name));
        let property = property
            .or_else(|| tag.get(Attribute::Itemprop))
            .unwrap_or_default();
        let content = tag.value(Attribute::Content);
        match property.to_ascii_lowercase().as_str() {
            "og:url" if self.og_url.is_none() => {
                self.og_url = address::parse(content.trim(), writer.base()).ok();
            }
            "og:title" => self.og_title = self.og_title.take().or_else(|| words(content)),
            "author" | "article:author" | "dc.creator" | "dcterms.creator" | "parsely-author"
            | "sailthru.author" | "byl" => {
                let is_address = content.contains("://");
                if !is_address {
                    self.author = self.author.take().or_else(|| words(content));
                }
            }
            "article:published_time"
            | "datepublished"
            | "date"
            | "dc.date"
            | "dc.date.issued"
            | "dcterms.created"
            | "dcterms.date"
            | "pubdate"
            | "publish-date"
            | "publishdate"
            | "publication_date"
            | "sailthru.date"
            | "parsely-pub-date"
            | "article.published"
            | "og:published_time"
            | "citation_publication_date" => {
                self.published_at = self.published_at.or_else(|| milliseconds(content));
            }
            "article:modified_time"
            | "og:updated_time"
            | "datemodified"
            | "last-modified"
            | "lastmod"
            | "dcterms.modified" => {
                self.modified_at = self.modified_at.or_else(|| milliseconds(content));
            }
            "og:locale" | "content-language" if self.language.is_none() => {
                self.language = words(content).map(|locale| locale.replace('_', "-"));
            }
            _ => {}
        }
    }

    fn link(&mut self, tag: &StartTag, writer: &mut PostWriter<'_>) {
        let has = |word: &str| {
            tag.value(Attribute::Rel)
                .split_ascii_whitespace()
                .any(|token| token.eq_ignore_ascii_case(word))
        };
        let media_type = tag.value(Attribute::Type);
        let is_feed = has("alternate")
            && [
                "application/rss+xml",
                "application/atom+xml",
                "application/feed+json",
                "application/rdf+xml",
            ]
            .iter()
            .any(|one| media_type.eq_ignore_ascii_case(one));
        let note: fn(Url) -> Note = if is_feed {
            Note::Feed
        } else if has("sitemap") {
            Note::Sitemap
        } else if has("https://api.w.org/") {
            Note::Api
        } else {
            if has("canonical") && self.canonical.is_none() {
                let href = tag.value(Attribute::Href).trim();
                self.canonical = address::parse(href, writer.base()).ok();
            }
            return;
        };
        if self.notes < MAX_NOTES
            && let Ok(url) = address::parse(tag.value(Attribute::Href).trim(), writer.base())
        {
            self.notes += 1;
            writer.sink().note(note(url));
        }
    }

    /// All that is known when the page is over.
    pub(super) fn into_post(self) -> Post {
        let data = self.data;
        let of_data = |written: Option<String>| written.and_then(|written| words(&written));
        let canonical = data
            .canonical
            .and_then(|written| address::parse(written.trim(), None).ok());
        Post {
            title: words(&self.title)
                .or(self.og_title)
                .or_else(|| of_data(data.headline)),
            author: self.author.or_else(|| of_data(data.author)),
            language: self.language.or_else(|| of_data(data.language)),
            published_at: self.published_at.or(data.published_at).or(self.seen_at),
            modified_at: self.modified_at.or(data.modified_at),
            canonical: self.canonical.or(self.og_url).or(canonical),
            ..Post::default()
        }
    }
}

/// Folded, bounded, and not empty.
fn words(text: &str) -> Option<String> {
    let mut folded = String::new();
    for word in text.split_whitespace() {
        if folded.len() + word.len() > MAX_WORDS_BYTES {
            break;
        }
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    (!folded.is_empty()).then_some(folded)
}
