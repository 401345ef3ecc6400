//! One entry of a feed as a post.

use std::ops::Range;

use url::Url;

use super::content::{Content, chosen};
use super::site::Site;
use crate::address;
use crate::gather::dates::milliseconds;
use crate::gather::options::Rules;
use crate::gather::position::Source;
use crate::gather::post::{Home, Link, PostWriter};
use crate::gather::{Details, Document, Kind, Place, Post, Sink};

/// What a feed says of itself.
#[derive(Debug, Default)]
pub(super) struct Channel {
    /// The site it belongs to, as written.
    pub(super) link: Option<String>,
    /// Its own address, as it says itself.
    pub(super) own: Option<String>,
    pub(super) language: Option<String>,
    pub(super) author: Option<String>,
    pub(super) base: Option<String>,
    pub(super) is_atom: bool,
}

/// An address that an entry names beside its text.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) address: String,
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// An entry, as ranges of the feed's text and what was short enough to copy.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) whole: Range<usize>,
    pub(super) title: Option<String>,
    pub(super) author: Option<String>,
    pub(super) language: Option<String>,
    /// As written, and where.
    pub(super) link: Option<(String, Range<usize>)>,
    /// A link to what is no page, which counts where there is no other.
    pub(super) other_link: Option<(String, Range<usize>)>,
    /// Where the text is, if the feed only says where.
    pub(super) elsewhere: Option<(String, Range<usize>)>,
    /// The address that the link was before a service replaced it.
    pub(super) original_link: Option<String>,
    pub(super) id: Option<String>,
    /// The identifier is none that could be opened, though it may look like one.
    pub(super) is_id_opaque: bool,
    /// The page that RDF's description is about.
    pub(super) about: Option<String>,
    /// As written, each with how little it is a date of publication.
    pub(super) published: Vec<(u8, String)>,
    pub(super) updated: Vec<String>,
    pub(super) base: Option<String>,
    pub(super) contents: Vec<Content>,
    pub(super) references: Vec<Reference>,
    /// It is a recording, and its description is all the text there is.
    pub(super) is_video: bool,
}

impl Entry {
    pub(super) fn link(&self) -> Option<&(String, Range<usize>)> {
        let link = self.link.as_ref().or(self.elsewhere.as_ref());
        link.or(self.other_link.as_ref())
    }
}

/// Who an entry is.
#[derive(Debug)]
pub(super) struct Known {
    /// What the sink is told.
    pub(super) address: String,
    /// Where it can be read.
    pub(super) own: Option<Url>,
    /// What it is about, where its link leads to another site.
    pub(super) about: Option<Url>,
    base: Option<Url>,
}

impl Known {
    pub(super) fn of(document: &Document<'_>, site: &Site, entry: &Entry, number: usize) -> Self {
        let base = site.base_of(entry);
        let link = site.link_of(entry);
        let absolute = |written: &Option<String>| {
            let written = written.as_deref()?;
            address::parse(written.trim(), None).ok()
        };
        let id = absolute(&entry.id);
        let (own, about) = match link {
            Some(link) if !site.is_ours(&link) => {
                let related = entry.references.iter();
                let mut related = related
                    .filter_map(|one| address::parse(one.address.trim(), base.as_ref()).ok());
                let own = id.filter(|id| site.is_ours(id));
                (
                    own.or_else(|| related.find(|one| site.is_ours(one))),
                    Some(link),
                )
            }
            Some(link) => (Some(link), None),
            None => {
                let id = id.filter(|_| !entry.is_id_opaque);
                (id.or_else(|| absolute(&entry.about)), None)
            }
        };
        let address = own.as_ref().or(about.as_ref()).map_or_else(
            || {
                let id = entry.id.clone();
                id.unwrap_or_else(|| format!("{}#entry-{}", document.name, number + 1))
            },
            Url::to_string,
        );
        let base = if site.has_base || entry.base.is_some() {
            base
        } else {
            own.clone().or(base)
        };
        Self {
            address,
            own,
            about,
            base,
        }
    }
}

/// What an entry is read with.
pub(super) struct Around<'a> {
    pub(super) document: &'a Document<'a>,
    pub(super) source: &'a Source<'a>,
    pub(super) rules: &'a Rules,
    pub(super) channel: &'a Channel,
    pub(super) site: &'a Site,
}

pub(super) fn gather(
    around: &Around<'_>,
    sink: &mut dyn Sink,
    entry: &Entry,
    known: Known,
    is_excerpt: bool,
) {
    let home = Home {
        address: known.address,
        name: around.document.name.to_owned(),
        base: known.base.clone(),
        own: known.own.clone().or_else(|| around.site.home.clone()),
        ignored: false,
    };
    let mut writer = PostWriter::begin(around.source, around.rules, sink, home);
    if let (Some(about), Some((_, span))) = (&known.about, entry.link()) {
        let title = entry.title.as_deref().unwrap_or_default();
        refer(&mut writer, about, span, title);
    }
    for reference in &entry.references {
        let url = address::parse(reference.address.trim(), known.base.as_ref()).ok();
        if let Some(url) = url
            && known.about.as_ref() != Some(&url)
            && known.own.as_ref() != Some(&url)
        {
            refer(&mut writer, &url, &reference.span, &reference.text);
        }
    }
    writer.break_block();
    if let Some(content) = chosen(&entry.contents) {
        let base = content.base.as_deref();
        let base = base.and_then(|one| address::parse(one.trim(), known.base.as_ref()).ok());
        if base.is_some() {
            writer.rebase(base);
        }
        content.undo(around.source.text()).write(&mut writer);
    }
    let (start, end) = around.source.bytes(&entry.whole);
    let channel = around.channel;
    let post = Post {
        title: entry.title.clone(),
        author: entry.author.clone().or_else(|| channel.author.clone()),
        language: entry
            .language
            .clone()
            .or_else(|| channel.language.clone())
            .filter(|language| !language.is_empty()),
        published_at: published(entry),
        modified_at: entry.updated.iter().find_map(|one| milliseconds(one)),
        is_excerpt,
        ..Post::default()
    };
    writer.end(&around.document.bytes[start..end], post);
}

fn refer(writer: &mut PostWriter<'_>, url: &Url, span: &Range<usize>, text: &str) {
    let link = Link {
        href: url.as_str(),
        kind: Kind::Reference,
        place: Place::Body,
        rel: "",
        at: span.start,
        span: span.clone(),
        excluded: None,
        details: Details::default(),
    };
    writer.point_link(&link, text);
}

/// The date that says most plainly that it is one of publication, of those that can be read.
fn published(entry: &Entry) -> Option<i64> {
    let mut dates: Vec<&(u8, String)> = entry.published.iter().collect();
    dates.sort_by_key(|(rank, _)| *rank);
    dates
        .into_iter()
        .find_map(|(_, written)| milliseconds(written))
}
