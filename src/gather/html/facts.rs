//! What a page says of itself: title, author, language, dates, feeds and sitemaps. Best effort.
//!
//! Of several sayings the one meant for machines counts: `article:published_time` before a `time` element, a
//! `<title>` before `og:title`.

use super::tags;
use super::tokens::{Attribute, StartTag};
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
    data: Option<Data>,
    notes: usize,
}

#[derive(Debug, Default)]
struct Data {
    published_at: Option<i64>,
    modified_at: Option<i64>,
    author: Option<String>,
}

impl Facts {
    /// Text of an element whose text is not the page's.
    pub(super) fn raw_text(&mut self, raw: Raw, text: &str) {
        match raw {
            Raw::Title if !self.title_is_over => {
                self.title = words(text).unwrap_or_default();
                self.title_is_over = !self.title.is_empty();
            }
            Raw::JsonLd if text.len() <= MAX_DATA_BYTES => {
                let data = self.data.get_or_insert_default();
                data.published_at = data
                    .published_at
                    .or_else(|| milliseconds(json_text(text, "\"datePublished\"")?));
                data.modified_at = data
                    .modified_at
                    .or_else(|| milliseconds(json_text(text, "\"dateModified\"")?));
                if data.author.is_none()
                    && let Some(at) = text.find("\"author\"")
                {
                    let end = (at + 400..text.len())
                        .find(|end| text.is_char_boundary(*end))
                        .unwrap_or(text.len());
                    data.author = json_text(&text[at..end], "\"name\"").and_then(words);
                }
            }
            _ => {}
        }
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
            tags::META => self.meta(tag),
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

    fn meta(&mut self, tag: &StartTag) {
        let property = tag
            .get(Attribute::Property)
            .or_else(|| tag.get(Attribute::Name));
        let property = property
            .or_else(|| tag.get(Attribute::Itemprop))
            .unwrap_or_default();
        let content = tag.value(Attribute::Content);
        match property.to_ascii_lowercase().as_str() {
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
        let media_type = tag.value(Attribute::Type).to_ascii_lowercase();
        let is_feed = has("alternate")
            && matches!(
                media_type.as_str(),
                "application/rss+xml"
                    | "application/atom+xml"
                    | "application/feed+json"
                    | "application/rdf+xml"
            );
        let is_api = has("https://api.w.org/");
        if (is_feed || is_api || has("sitemap"))
            && self.notes < MAX_NOTES
            && let Ok(url) = address::parse(tag.value(Attribute::Href).trim(), writer.base())
        {
            self.notes += 1;
            let note = if is_feed {
                Note::Feed(url)
            } else if is_api {
                Note::Api(url)
            } else {
                Note::Sitemap(url)
            };
            writer.sink().note(note);
        }
    }

    /// All that is known when the page is over.
    pub(super) fn into_post(self) -> Post {
        let data = self.data.unwrap_or_default();
        Post {
            title: words(&self.title).or(self.og_title),
            author: self.author.or(data.author),
            language: self.language,
            published_at: self.published_at.or(data.published_at).or(self.seen_at),
            modified_at: self.modified_at.or(data.modified_at),
            ..Post::default()
        }
    }
}

/// The text after a key, without reading the whole structure: it is often not quite JSON.
fn json_text<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let at = memchr::memmem::find(text.as_bytes(), key.as_bytes())? + key.len();
    let rest = text[at..]
        .trim_start()
        .strip_prefix(':')?
        .trim_start()
        .strip_prefix('"')?;
    rest.split_once('"').map(|(value, _)| value)
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
