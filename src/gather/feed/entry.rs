//! One entry of a feed as a post.

use std::ops::Range;

use url::Url;

use crate::address::{self, same_site};
use crate::gather::dates::milliseconds;
use crate::gather::html::Page;
use crate::gather::options::Rules;
use crate::gather::position::{Origin, Source};
use crate::gather::post::{Home, Link, PostWriter};
use crate::gather::xml;
use crate::gather::{Details, Document, Kind, Place, Post, Sink};

use super::json;

/// What a feed says of itself.
#[derive(Debug, Default)]
pub(super) struct Channel {
    /// The site it belongs to, as written.
    pub(super) link: Option<String>,
    pub(super) language: Option<String>,
    pub(super) author: Option<String>,
    pub(super) base: Option<String>,
}

/// How the HTML of an entry is written in the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// With entities or in CDATA sections.
    Escaped,
    /// As elements of the feed.
    Markup,
    /// As a JSON string, without its quotes.
    Json,
}

/// Some of an entry's content.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) inner: Range<usize>,
    pub(super) form: Form,
    pub(super) base: Option<String>,
}

/// An entry, as ranges of the feed's text and what was short enough to copy.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) whole: Range<usize>,
    pub(super) title: Option<String>,
    pub(super) author: Option<String>,
    /// As written, and where.
    pub(super) link: Option<(String, Range<usize>)>,
    /// The address that the link was before a service replaced it.
    pub(super) original_link: Option<String>,
    pub(super) id: Option<String>,
    pub(super) published: Option<String>,
    pub(super) updated: Option<String>,
    pub(super) base: Option<String>,
    pub(super) contents: Vec<Content>,
}

/// The address of the site that a feed belongs to.
pub(super) fn feed_home(document: &Document<'_>, channel: &Channel) -> Option<Url> {
    let base = channel
        .base
        .as_deref()
        .and_then(|base| address::parse(base.trim(), document.own_address()).ok());
    let base = base.as_ref().or(document.own_address());
    let link = channel
        .link
        .as_deref()
        .and_then(|link| address::parse(link.trim(), base).ok());
    link.or_else(|| base.cloned())
}

#[expect(
    clippy::too_many_arguments,
    reason = "what a post depends on, and nothing else calls this"
)]
pub(super) fn gather(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
    channel: &Channel,
    feed_home: Option<&Url>,
    entry: &Entry,
    number: usize,
) {
    let base = entry.base.as_deref().or(channel.base.as_deref());
    let base = base.and_then(|base| address::parse(base.trim(), feed_home).ok());
    let base = base.as_ref().or(feed_home);
    let parse = |written: &str| address::parse(written.trim(), base).ok();
    let link = entry.original_link.as_deref().and_then(parse);
    let link = link.or_else(|| entry.link.as_ref().and_then(|(written, _)| parse(written)));
    let id = entry
        .id
        .as_deref()
        .and_then(|id| address::parse(id.trim(), None).ok());
    let is_ours = |url: &Url| {
        feed_home.is_none_or(|home| same_site(home, url))
            || document
                .own_address()
                .is_some_and(|own| same_site(own, url))
    };
    let is_link_post = link.as_ref().is_some_and(|link| !is_ours(link));
    let own = if is_link_post {
        id.filter(is_ours)
    } else {
        link.clone().or(id)
    };
    let address = own.as_ref().or(link.as_ref()).map_or_else(
        || {
            entry
                .id
                .clone()
                .unwrap_or_else(|| format!("{}#entry-{}", document.name, number + 1))
        },
        Url::to_string,
    );
    let home = Home {
        address,
        name: document.name.to_owned(),
        base: own.clone().or_else(|| base.cloned()),
        own: own.or_else(|| feed_home.cloned()),
        ignored: false,
    };
    let base = home.base.clone();
    let mut writer = PostWriter::begin(source, rules, sink, home);
    if let (true, Some(link), Some((_, span))) = (is_link_post, &link, &entry.link) {
        let link = Link {
            href: link.as_str(),
            kind: Kind::Reference,
            place: Place::Body,
            rel: "",
            at: span.start,
            span: span.clone(),
            excluded: None,
            details: Details::default(),
        };
        writer.point_link(&link, entry.title.as_deref().unwrap_or_default());
        writer.break_block();
    }
    if let Some(content) = entry
        .contents
        .iter()
        .max_by_key(|content| content.inner.len())
    {
        let content_base = content
            .base
            .as_deref()
            .and_then(|written| address::parse(written.trim(), base.as_ref()).ok());
        if content_base.is_some() {
            writer.rebase(content_base);
        }
        content_links(&mut writer, source.text(), content);
    }
    let (start, end) = source.bytes(&entry.whole);
    let post = Post {
        title: entry.title.clone(),
        author: entry.author.clone().or_else(|| channel.author.clone()),
        language: channel.language.clone(),
        published_at: entry.published.as_deref().and_then(milliseconds),
        modified_at: entry.updated.as_deref().and_then(milliseconds),
        ..Post::default()
    };
    writer.end(&document.bytes[start..end], post);
}

fn content_links(writer: &mut PostWriter<'_>, text: &str, content: &Content) {
    let inner = &text[content.inner.clone()];
    let (html, origin) = match content.form {
        Form::Markup => {
            Page::of_body().feed(writer, inner, &Origin::Slice(content.inner.start));
            return;
        }
        Form::Escaped => xml::unescape(inner, content.inner.start).into_parts(),
        Form::Json => json::unescape(inner, content.inner.start).into_parts(),
    };
    Page::of_body().feed(writer, &html, &origin);
}
