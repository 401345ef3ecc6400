//! From an input's bytes to posts and their citations.
//!
//! Pure: a [`Document`] goes in, and what is found comes out through a [`Sink`], one citation at a time, so that a
//! post of a hundred thousand links costs no more memory than its text. One file per format; each reads its text
//! once. Nothing here fetches, stores or judges.

mod bare;
mod bookmarks;
mod csv;
mod dates;
mod days;
mod detect;
mod escapes;
mod feed;
mod html;
mod list;
mod markdown;
mod marks;
mod opml;
mod options;
mod pdf;
mod position;
mod post;
mod quote;
mod sentence;
mod share;
mod shortcode;
mod sitemap;
#[cfg(test)]
mod testing;
mod text;
mod tie;
mod wikitext;
mod window;
mod wordpress;
mod words;
mod wxr;
mod xml;

pub use detect::{Unreadable, detect, is_binary};
pub use options::{Exclusions, Include, InvalidExclusion, Options, Rules};
pub use pdf::{About, Piece, gather_pdf, read_pdf};
pub use quote::{Tie, quote_parts, text_directives};
pub use wordpress::api as wordpress_api;
pub use words::UnknownWord;

use url::Url;

use crate::address::Rejected;
use crate::charset;

/// Why nothing could be gathered from a document.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// It is in no format that has text.
    #[error("{name}: {why}")]
    Unreadable {
        /// What the user calls the document.
        name: String,
        /// What it is instead.
        why: Unreadable,
    },
    /// It was to be read as something that it is not.
    #[error("{name}: this is no {what}: {why}; to read it otherwise, name its format")]
    Other {
        /// What the user calls the document.
        name: String,
        /// What it was to be.
        what: &'static str,
        /// What is missing.
        why: &'static str,
    },
    /// It was to be read as a feed, and nothing in it is one.
    #[error("{name}: this is no feed: {why}; to read it otherwise, name its format")]
    NoFeed {
        /// What the user calls the document.
        name: String,
        /// What is missing.
        why: String,
    },
    /// It was to be read as posts of a WordPress REST API, and holds none.
    #[error("{name}: no posts of a WordPress REST API: {why}")]
    NoPosts {
        /// What the user calls the document.
        name: String,
        /// What is missing.
        why: String,
    },
}

/// Reads a document and tells the sink of every post in it, in document order.
///
/// What could not be read, as far as it is a part of the document, is a [`Note::Unreadable`]; an error is returned only
/// where nothing could be read.
pub fn gather(
    document: &Document<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
) -> Result<(), GatherError> {
    if document.format != Format::Pdf
        && let Some(why) = detect::not_text(document.bytes)
    {
        let name = document.name.to_owned();
        return Err(GatherError::Unreadable { name, why });
    }
    let decoded = charset::decode(document.bytes, document.media_type);
    let source = position::Source::new(&decoded);
    match document.format {
        Format::Html => html::gather(document, &source, rules, sink),
        Format::Markdown => markdown::gather(document, &source, rules, sink),
        Format::Text => text::gather(document, &source, rules, sink),
        Format::Feed => return feed::gather(document, &source, rules, sink),
        Format::List => list::gather(document, &source, rules, sink),
        Format::Wikitext => wikitext::gather(document, &source, rules, sink),
        Format::Wxr => return wxr::gather(document, &source, rules, sink),
        Format::Bookmarks => bookmarks::gather(document, &source, rules, sink),
        Format::Opml => return opml::gather(document, &source, rules, sink),
        Format::Csv => csv::gather(document, &source, rules, sink),
        Format::Sitemap => return sitemap::gather(document, &source, sink),
        Format::Pdf => return pdf::gather(document, rules, sink),
        Format::Wordpress => return wordpress::gather(document, &source, rules, sink),
    }
    Ok(())
}

/// How the bytes of a document are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// HTML or XHTML: one post.
    Html,
    /// Markdown (`CommonMark` with tables and strikethrough), with front matter: one post.
    Markdown,
    /// Plain text with bare addresses: one post.
    Text,
    /// RSS, Atom or JSON Feed: a post for each entry.
    Feed,
    /// One address a line: one post that cites them all. `#` starts a comment.
    List,
    /// MediaWiki's markup: one post.
    Wikitext,
    /// A WordPress export: a post for each post and page, with its comments.
    Wxr,
    /// Bookmarks as browsers export them (Netscape's format): one post that cites them all.
    Bookmarks,
    /// A list of feeds; each becomes an input ([`Note::Input`]).
    Opml,
    /// A table with a column of addresses: one post that cites them all.
    Csv,
    /// A sitemap, or an index of sitemaps: a list of posts ([`Note::Post`], [`Note::Part`]).
    Sitemap,
    /// A PDF document: the addresses of its link annotations; one post.
    Pdf,
    /// Posts of a WordPress REST API, with their comments: a post for each.
    Wordpress,
}

/// The bytes of one input, or of one file of a folder.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// As they came, after content decoding.
    pub bytes: &'a [u8],
    /// The `Content-Type` it came with, if any, parameters and all.
    pub media_type: Option<&'a str>,
    /// What the user would call it: the address it was fetched from, or the path.
    pub name: &'a str,
    /// Where it was fetched from, after redirects: its own address, for resolving relative addresses and telling
    /// outbound ones. A local file has none.
    pub address: Option<&'a Url>,
    /// The address that the user says a local file has (`--base`); it counts where the document names none itself.
    pub base: Option<&'a Url>,
    /// How to read it.
    pub format: Format,
}

impl Document<'_> {
    /// What a document that is one post is called: its address on the web, or the path under which its reader finds it.
    fn post_address(&self) -> String {
        self.address
            .map_or_else(|| self.name.to_owned(), Url::to_string)
    }

    /// The address that relative ones are resolved against, where the document names none itself.
    fn own_address(&self) -> Option<&Url> {
        self.address.or(self.base)
    }
}

/// Where in a post a citation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The post itself.
    Body,
    /// A reader's comment.
    Comment,
    /// Menus, breadcrumbs, headers, share bars.
    Navigation,
    /// The page's footer.
    Footer,
    /// Sidebars, related stories, widgets.
    Aside,
}

/// By which markup a citation is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `<a href>`, or a Markdown link.
    Anchor,
    /// `<area href>`.
    Area,
    /// Something of another's shown in place: a frame, a video.
    Embed,
    /// The `cite` attribute of `blockquote`, `q`, `ins`, `del`.
    Cite,
    /// An address in running text.
    Bare,
    /// `[youtube]...[/youtube]` and its like.
    Shortcode,
    /// Structured data of the post.
    JsonLd,
    /// A reference list, front matter.
    Reference,
    /// A commenter's own site.
    Author,
}

/// One outbound link in one post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// Absolute, WHATWG serialisation, fragment kept, without credentials.
    pub url: Url,
    /// By which markup.
    pub kind: Kind,
    /// Where in the post.
    pub place: Place,
    /// The anchor's text, white space folded; may be empty.
    pub text: String,
    /// The sentence that the link stands in, white space folded; may be empty.
    pub context: String,
    /// The headings that it stands below, outermost first.
    pub headings: Vec<String>,
    /// The passage quoted from this source, if one was found.
    pub quote: Option<Quote>,
    /// The `rel` attribute's tokens, in lower case, separated by a space. Recorded, never a reason to drop.
    pub rel: String,
    /// Which citation of its post it is, from 1.
    pub position: u32,
    /// The line in the document, from 1.
    pub line: u32,
    /// The column in that line, from 1, in characters.
    pub column: u32,
    /// What else the document says of it.
    pub details: Details,
    /// The bytes `[start, end)` of the document, as stored, that hold the address (the attribute's value, the bare
    /// address).
    pub span: (usize, usize),
}

/// What a document says of a citation beside its address and words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The address as it stands in the document, where [`Citation::url`] is the one that a person would open for it: a
    /// player's address, or the identifier in a shortcode.
    pub written: Option<String>,
    /// The address of which this one is an archive's copy.
    pub preserves: Option<Url>,
    /// The comment that it stands in.
    pub comment: Option<Comment>,
    /// What the post notes about it.
    pub note: Option<String>,
    /// When the post's author looked at it, in milliseconds since the epoch.
    pub accessed_at: Option<i64>,
    /// The post itself says that it is dead.
    pub marked_dead: bool,
}

/// A reader's comment, as far as it is marked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comment {
    /// Who wrote it.
    pub author: Option<String>,
    /// When, in milliseconds since the epoch.
    pub at: Option<i64>,
}

/// A passage that a post quotes from a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The passage without its quotation marks, white space folded. Where the post quotes several passages, or leaves
    /// something out, [`quote_parts`] tells them apart.
    pub text: String,
    /// How sure it is that the passage is from this source, in percent.
    pub confidence: u8,
    /// Why it was tied to this source.
    pub tie: Tie,
}

/// Why a link is no citation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It leads to the post's own site.
    Internal,
    /// It stands in this place, which was not asked for.
    Place(Place),
    /// A commenter's own site, not asked for.
    Author,
    /// A share button or intent.
    Share,
    /// An exclusion matched: which rule, in the user's words.
    Excluded(String),
    /// An ignore comment in the post.
    Ignored,
    /// The address cannot be taken.
    Rejected(Rejected),
}

/// A link that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The address: absolute where it could be resolved, else as written (cut to a line's length).
    pub address: String,
    /// Why.
    pub reason: Reason,
    /// The line in the document, from 1.
    pub line: u32,
}

/// What a document says of one post.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Post {
    /// The post's address where it has one, else the document's name (for an entry of a feed its identifier, or the
    /// name with the entry's number as fragment).
    pub address: String,
    /// Its title.
    pub title: Option<String>,
    /// Its author, as named.
    pub author: Option<String>,
    /// Its language (BCP 47), as declared.
    pub language: Option<String>,
    /// When it was published, in milliseconds since the epoch.
    pub published_at: Option<i64>,
    /// When it was last modified, in milliseconds since the epoch.
    pub modified_at: Option<i64>,
    /// The address that it calls its canonical one.
    pub canonical: Option<Url>,
    /// Only the beginning of it stands here (a feed's summary); the rest is at its address.
    pub is_excerpt: bool,
    /// SHA-256 of the post's own content as it stands in the document (the whole document where it is one post).
    pub digest: [u8; 32],
}

/// Takes what is found, in document order. For each post: `begin`, its citations and left-outs, `end`.
pub trait Sink {
    /// A post begins; its address is final.
    fn begin(&mut self, address: &str);
    /// A citation of the post that was begun.
    fn citation(&mut self, citation: Citation);
    /// A link that was left out of it.
    fn left_out(&mut self, left_out: LeftOut);
    /// The post is over, and this is what is known of it.
    fn end(&mut self, post: Post);
    /// Something the user should know of the document: a feed or sitemap the page names, an entry that could not be
    /// read.
    fn note(&mut self, note: Note);
    /// Whether [`Post::digest`] is asked for: to make it takes a good part of the time that a page takes.
    fn wants_digest(&self) -> bool {
        true
    }
}

/// Something a user should know of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The page names this feed.
    Feed(Url),
    /// The page names this sitemap.
    Sitemap(Url),
    /// The index of sitemaps lists this one.
    Part {
        /// Its address.
        address: Url,
        /// When it was last modified, in milliseconds since the epoch.
        modified_at: Option<i64>,
    },
    /// The page names this address of a WordPress REST API (`rel="https://api.w.org/"`).
    Api(Url),
    /// The feed goes on there, with older entries (RFC 5005).
    Older(Url),
    /// The list names a feed, which is to be an input of its own.
    Input {
        /// Its address.
        address: Url,
        /// What the list calls it.
        title: Option<String>,
    },
    /// The sitemap names a post.
    Post {
        /// Its address.
        address: Url,
        /// When it was last modified, in milliseconds since the epoch.
        modified_at: Option<i64>,
    },
    /// A part could not be read: line (from 1; 0 where unknown) and why.
    Unreadable {
        /// The line, from 1, or 0.
        line: u32,
        /// What was wrong.
        why: String,
    },
}
