//! What an entry says: which of its texts is read, and how it is undone.

use std::borrow::Cow;
use std::ops::Range;

use html5gum::State;

use super::declared::holds_tags;
use super::escape::{from_base64, prefix_of_markup, without_prefix};
use super::json;
use super::vocabulary::Role;
use crate::gather::bare::bare_addresses;
use crate::gather::html::{Listener, Page, StartTag, read as read_tokens};
use crate::gather::position::Origin;
use crate::gather::post::{Link, PostWriter};
use crate::gather::xml::unescape;
use crate::gather::{Details, Kind, Place};

/// How a text is written in the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// HTML, with entities or in CDATA sections.
    Escaped,
    /// Text, likewise.
    Text,
    /// HTML as elements of the feed.
    Markup,
    /// HTML or text in base64.
    Base64,
    /// HTML as a JSON string, without its quotes.
    Json,
    /// Text as a JSON string.
    JsonText,
}

/// Some of what an entry says.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) inner: Range<usize>,
    pub(super) form: Form,
    pub(super) role: Role,
    pub(super) base: Option<String>,
}

/// The text of an entry that is read: the fullest one.
pub(super) fn chosen(contents: &[Content]) -> Option<&Content> {
    let longest = |roles: &[Role]| {
        contents
            .iter()
            .filter(|content| roles.contains(&content.role))
            .max_by_key(|content| content.inner.len())
    };
    let full = longest(&[Role::Full]);
    let summary = longest(&[Role::Summary, Role::Excerpt]);
    match (full, summary) {
        // Some feeds hold them the other way round.
        (Some(full), Some(summary)) if summary.inner.len() > 2 * full.inner.len() => Some(summary),
        (Some(full), _) => Some(full),
        (None, Some(summary)) => Some(summary),
        (None, None) => longest(&[Role::Other]),
    }
}

/// A text as its author wrote it.
#[derive(Debug)]
pub(super) struct Undone<'t> {
    pub(super) text: Cow<'t, str>,
    origin: Origin,
    pub(super) is_html: bool,
}

impl Content {
    /// Undoes what the feed did to it. Whether it is HTML is seen, because half of all feeds say nothing of it.
    pub(super) fn undo<'t>(&self, feed: &'t str) -> Undone<'t> {
        let inner = &feed[self.inner.clone()];
        let at = self.inner.start;
        let unescaped = match self.form {
            Form::Markup => match prefix_of_markup(inner) {
                Some(prefix) => without_prefix(inner, prefix, at),
                None => {
                    return Undone {
                        text: Cow::Borrowed(inner),
                        origin: Origin::Slice(at),
                        is_html: true,
                    };
                }
            },
            Form::Escaped | Form::Text => unescape(inner, at),
            Form::Base64 => from_base64(inner, at),
            Form::Json | Form::JsonText => json::unescape(inner, at),
        };
        let (text, origin) = unescaped.into_parts();
        let is_html = match self.form {
            Form::Markup | Form::Json => true,
            // What calls itself text and is full of markup is a mistake of the feed's.
            Form::Text => text.contains("</a>") || text.contains("</p>"),
            Form::JsonText => false,
            Form::Escaped | Form::Base64 => holds_tags(&text),
        };
        Undone {
            text: Cow::Owned(text),
            origin,
            is_html,
        }
    }
}

impl Undone<'_> {
    /// Tells the writer of all there is.
    pub(super) fn write(&self, writer: &mut PostWriter<'_>) {
        if self.is_html {
            Page::of_body().feed(writer, &self.text, &self.origin);
            return;
        }
        let mut at = 0;
        for range in bare_addresses(&self.text) {
            running_text(writer, &self.text[at..range.start]);
            at = range.end;
            let span = self.origin.of(&range);
            let link = Link {
                // It may have been escaped once more than the feed asks for.
                href: &self.text[range].replace("&amp;", "&"),
                kind: Kind::Bare,
                place: Place::Body,
                rel: "",
                at: span.start,
                span,
                excluded: None,
                details: Details::default(),
            };
            writer.bare_link(&link);
        }
        running_text(writer, &self.text[at..]);
    }
}

/// Text between addresses: an empty line ends a block.
fn running_text(writer: &mut PostWriter<'_>, text: &str) {
    struct Words<'w, 'a>(&'w mut PostWriter<'a>);
    impl Listener for Words<'_, '_> {
        fn start_tag(&mut self, _: &StartTag) -> Option<State> {
            None
        }
        fn end_tag(&mut self, _: u64, _: usize) {}
        fn text(&mut self, text: &str) {
            self.0.text(text);
        }
        fn comment(&mut self, _: &str) {}
        fn knows_cdata(&self) -> bool {
            false
        }
    }
    let mut newlines = 0;
    for line in text.split_inclusive('\n') {
        let ends = usize::from(line.ends_with('\n'));
        if line.trim().is_empty() {
            newlines += ends;
            writer.text(line);
            if newlines > 1 {
                writer.break_block();
            }
            continue;
        }
        newlines = ends;
        if line.contains('&') && !line.contains('<') {
            read_tokens(line, &mut Words(writer));
        } else {
            writer.text(line);
        }
    }
}
