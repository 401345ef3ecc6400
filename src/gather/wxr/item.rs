//! One item of an export as a post.

use std::ops::Range;

use url::Url;

use super::paragraphs;
use crate::address;
use crate::gather::dates::milliseconds;
use crate::gather::options::Rules;
use crate::gather::position::Source;
use crate::gather::post::{Home, Link, PostWriter};
use crate::gather::xml::{plain, unescape};
use crate::gather::{Comment, Details, Document, Kind, Place, Post, Sink};

/// Types that hold no text of their own that a reader of the site sees.
const FOREIGN_TYPES: &[&str] = &[
    "nav_menu_item",
    "revision",
    "custom_css",
    "safecss",
    "customize_changeset",
    "oembed_cache",
    "user_request",
    "wp_template",
    "wp_template_part",
    "wp_global_styles",
    "wp_navigation",
    "wp_font_family",
    "wp_font_face",
    "shop_order",
    "shop_order_refund",
    "shop_coupon",
    "acf-field",
    "acf-field-group",
    "elementor_library",
    "feedback",
    "wpcf7_contact_form",
    "wpforms",
];
/// Types that are part of other posts: they count where they link to something.
const MINOR_TYPES: &[&str] = &["attachment", "wp_block"];
/// What is open to everybody. Old exports and broken items name no status; attachments inherit it.
const PUBLIC: &[&str] = &["publish", "inherit", "closed", ""];
/// Comments that only say that somebody has linked to the post.
const PINGS: &[&str] = &[
    "pingback",
    "trackback",
    "webmention",
    "like",
    "repost",
    "bookmark",
    "mention",
];
/// Comments that are none.
const FOREIGN_COMMENTS: &[&str] = &["order_note", "action_log", "review_reply_note"];

/// What an export says of its site.
#[derive(Debug, Default)]
pub(super) struct Export {
    pub(super) site: Option<String>,
    pub(super) language: Option<String>,
}

/// A comment, as ranges of the export's text and what was short enough to copy.
#[derive(Debug, Default)]
pub(super) struct Reply {
    author: Option<String>,
    /// As written, and where.
    address: Option<(String, Range<usize>)>,
    date: Option<String>,
    date_gmt: Option<String>,
    approved: Option<String>,
    kind: Option<String>,
    pub(super) content: Option<Range<usize>>,
}

impl Reply {
    pub(super) fn set(&mut self, local: &str, value: String, place: impl FnOnce() -> Range<usize>) {
        let field = match local {
            "comment_author" => &mut self.author,
            "comment_date" => &mut self.date,
            "comment_date_gmt" => &mut self.date_gmt,
            "comment_approved" => &mut self.approved,
            "comment_type" => &mut self.kind,
            "comment_author_url" => {
                self.address.get_or_insert_with(|| (value, place()));
                return;
            }
            _ => return,
        };
        field.get_or_insert(value);
    }

    /// Whether a reader of the post sees it.
    fn is_public(&self) -> bool {
        let kind = self.kind.as_deref().unwrap_or_default();
        matches!(self.approved.as_deref(), Some("1" | "approve" | "approved"))
            && !FOREIGN_COMMENTS.contains(&kind)
    }

    fn is_ping(&self) -> bool {
        PINGS.contains(&self.kind.as_deref().unwrap_or_default())
    }

    fn as_comment(&self) -> Comment {
        let gmt = self.date_gmt.as_deref().and_then(milliseconds);
        Comment {
            author: self.author.as_deref().and_then(plain),
            at: gmt.or_else(|| self.date.as_deref().and_then(milliseconds)),
        }
    }
}

/// An item, as ranges of the export's text and what was short enough to copy.
#[derive(Debug, Default)]
pub(super) struct Item {
    pub(super) whole: Range<usize>,
    pub(super) author: Option<String>,
    title: Option<String>,
    link: Option<String>,
    guid: Option<String>,
    id: Option<String>,
    published: Option<String>,
    date: Option<String>,
    date_gmt: Option<String>,
    modified: Option<String>,
    modified_gmt: Option<String>,
    status: Option<String>,
    kind: Option<String>,
    pub(super) content: Option<Range<usize>>,
    pub(super) excerpt: Option<Range<usize>>,
    pub(super) comments: Vec<Reply>,
}

impl Item {
    pub(super) fn new(start: usize) -> Self {
        Self {
            whole: start..start,
            ..Self::default()
        }
    }

    pub(super) fn set(&mut self, local: &str, value: String) {
        let field = match local {
            "title" => &mut self.title,
            "link" => &mut self.link,
            "guid" => &mut self.guid,
            "creator" => &mut self.author,
            "pubdate" => &mut self.published,
            "post_id" => &mut self.id,
            "post_date" => &mut self.date,
            "post_date_gmt" => &mut self.date_gmt,
            "post_modified" => &mut self.modified,
            "post_modified_gmt" => &mut self.modified_gmt,
            "status" => &mut self.status,
            "post_type" => &mut self.kind,
            _ => return,
        };
        field.get_or_insert(value);
    }

    /// Whether it is something else than a post.
    pub(super) fn is_foreign(&self) -> bool {
        FOREIGN_TYPES.contains(&self.kind.as_deref().unwrap_or_default())
    }

    /// Its status, where that keeps it from the public.
    pub(super) fn not_published(&self) -> Option<&str> {
        let status = self.status.as_deref().unwrap_or_default();
        (!PUBLIC.contains(&status)).then_some(status)
    }

    fn is_minor(&self) -> bool {
        MINOR_TYPES.contains(&self.kind.as_deref().unwrap_or_default())
    }

    fn as_post(&self, export: &Export) -> Post {
        let at = |written: &Option<String>| written.as_deref().and_then(milliseconds);
        Post {
            title: self.title.as_deref().and_then(plain),
            author: self.author.as_deref().and_then(plain),
            language: export.language.clone(),
            published_at: at(&self.date_gmt)
                .or_else(|| at(&self.published))
                .or_else(|| at(&self.date)),
            modified_at: at(&self.modified_gmt).or_else(|| at(&self.modified)),
            ..Post::default()
        }
    }
}

pub(super) fn gather(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
    export: &Export,
    item: &Item,
    number: usize,
) {
    let unescaped = |range: &Range<usize>| unescape(&source.text()[range.clone()], range.start);
    let content = item.content.as_ref().map(unescaped);
    // Where there is no text, the excerpt may be one.
    let content = content
        .filter(|content| !content.text.trim().is_empty())
        .or_else(|| item.excerpt.as_ref().map(unescaped));
    let links = content.as_ref().is_some_and(|content| {
        content.text.contains("://") || content.text.to_ascii_lowercase().contains("href")
    });
    if item.is_minor() && !links {
        return;
    }
    let site = export
        .site
        .as_deref()
        .and_then(|site| address::parse(site.trim(), document.own_address()).ok());
    let site = site.or_else(|| document.own_address().cloned());
    let parse = |written: &String| address::parse(written.trim(), site.as_ref()).ok();
    let own: Option<Url> = item.link.as_ref().and_then(parse).or_else(|| {
        item.guid
            .as_ref()
            .filter(|guid| guid.contains("://"))
            .and_then(parse)
    });
    let address = own.as_ref().map_or_else(
        || {
            let number = item.id.clone().unwrap_or_else(|| number.to_string());
            format!("{}#post-{number}", document.name)
        },
        Url::to_string,
    );
    let home = Home {
        address,
        name: document.name.to_owned(),
        base: own.clone().or_else(|| site.clone()),
        own: site.or(own),
        ignored: false,
    };
    let mut writer = PostWriter::begin(source, rules, sink, home);
    if let Some(content) = content {
        let (html, origin) = content.into_parts();
        paragraphs::feed(&mut writer, &html, &origin, Place::Body);
    }
    let comments = item.comments.iter().filter(|reply| reply.is_public());
    for reply in comments {
        writer.leave_headings(1);
        writer.set_comment(Some(reply.as_comment()));
        write_author(&mut writer, reply);
        if let Some(content) = reply.content.as_ref().filter(|_| !reply.is_ping()) {
            let (html, origin) = unescaped(content).into_parts();
            paragraphs::feed(&mut writer, &html, &origin, Place::Comment);
        }
    }
    writer.set_comment(None);
    let (start, end) = source.bytes(&item.whole);
    writer.end(&document.bytes[start..end], item.as_post(export));
}

/// The address that a commenter gives as their own.
fn write_author(writer: &mut PostWriter<'_>, reply: &Reply) {
    let Some((address, span)) = &reply.address else {
        return;
    };
    // What the field says where it was left as it was.
    if matches!(address.as_str(), "http://" | "https://") {
        return;
    }
    writer.open_link(&Link {
        href: address,
        kind: Kind::Author,
        place: Place::Comment,
        rel: "",
        at: span.start,
        span: span.clone(),
        excluded: None,
        details: Details::default(),
    });
    writer.text(&reply.as_comment().author.unwrap_or_default());
    writer.close_link();
    writer.break_block();
}
