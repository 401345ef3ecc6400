//! What an element of a feed says of how its text is written, and what that comes to.

use super::content::Form;
use super::escape::from_base64;
use crate::gather::html::{Attribute, StartTag};
use crate::gather::xml::{folded, plain, unescape};

/// How an element says that its text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Declared {
    /// Nothing, or what nobody knows.
    Unknown,
    Text,
    /// Elements of HTML or of another vocabulary.
    Xhtml,
    Xml,
    Base64,
    /// It is an image or the like.
    Binary,
}

impl Declared {
    pub(super) fn of(tag: &StartTag, local: &str) -> Self {
        let media_type = tag.value(Attribute::Type).to_ascii_lowercase();
        let mode = tag.value(Attribute::Mode);
        if mode == "base64" {
            return Self::Base64;
        }
        match media_type.as_str() {
            "xhtml" => Self::Xhtml,
            _ if local == "body" => Self::Xhtml,
            _ if media_type.contains("xhtml") && mode != "escaped" => Self::Xhtml,
            "text" | "text/plain" => Self::Text,
            "application/octet-stream" => Self::Base64,
            _ if media_type.contains("html") => Self::Unknown,
            _ if media_type.ends_with("/xml") || media_type.ends_with("+xml") => Self::Xml,
            _ if ["image/", "audio/", "video/", "application/"]
                .iter()
                .any(|kind| media_type.starts_with(kind)) =>
            {
                Self::Binary
            }
            _ => Self::Unknown,
        }
    }
}

/// How a text is to be undone; `None` where it is none. What is seen counts more than what is said.
pub(super) fn form_of(raw: &str, declared: Declared) -> Option<Form> {
    Some(match declared {
        Declared::Binary => return None,
        Declared::Base64 => Form::Base64,
        Declared::Xhtml | Declared::Xml => Form::Markup,
        _ if holds_markup(raw) => Form::Markup,
        Declared::Text => Form::Text,
        Declared::Unknown => Form::Escaped,
    })
}

/// A title's words. Atom's are text if nothing else is said, so that `<b>` in them is what the title is about.
pub(super) fn title(raw: &str, declared: Declared) -> Option<String> {
    match declared {
        Declared::Xhtml | Declared::Xml => plain(raw),
        Declared::Base64 => plain(&from_base64(raw, 0).text),
        Declared::Binary => None,
        Declared::Text => folded(&unescape(raw, 0).text),
        Declared::Unknown => plain(&unescape(raw, 0).text),
    }
}

/// Whether the content is elements, and not text that stands for them.
fn holds_markup(raw: &str) -> bool {
    !raw.contains("<![CDATA[") && holds_tags(raw)
}

/// Whether something in a text looks like an element.
pub(super) fn holds_tags(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| {
        text[at + 1..].starts_with(|next: char| next.is_ascii_alphabetic() || "/!".contains(next))
    })
}
