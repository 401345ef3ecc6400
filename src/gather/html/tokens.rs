//! The tokenizer, tuned: which elements hold raw text, and which attributes are kept.
//!
//! `html5gum` leaves it to its emitter to say what follows a start tag. Its own guess takes `noscript` for raw text,
//! which would hide the links that a reader without scripts sees, and knows nothing of SVG's `title`. So the guess is
//! made here. Attributes come one by one; only those that are asked for are copied.

use std::convert::Infallible;
use std::ops::Range;

use html5gum::emitters::callback::{Callback, CallbackEmitter, CallbackEvent};
use html5gum::{Emitter, ForwardingEmitter, Span, State, Tokenizer};

use super::tags;
use crate::charset::markup::Markup;

/// The longest attribute value that is kept; addresses are refused far below it.
const MAX_VALUE_BYTES: usize = 64 * 1024;

macro_rules! attributes {
    ($($variant:ident $($name:literal)|+)*) => {
        /// The attributes that are kept.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(in crate::gather) enum Attribute { $($variant),* }

        const ATTRIBUTES: usize = [$(Attribute::$variant),*].len();

        fn attribute(name: &[u8]) -> Option<Attribute> {
            match name {
                $($($name)|+ => Some(Attribute::$variant),)*
                _ => None,
            }
        }
    };
}

// Where several names stand for one attribute, a page uses one of them, to load or to show something later.
attributes! {
    Href b"href" Class b"class" Id b"id" Src b"src" Rel b"rel" Alt b"alt" Title b"title" Cite b"cite" Role b"role" Lang b"lang"
    Content b"content" Name b"name" Property b"property" Type b"type" Datetime b"datetime" Data b"data"
    DataSrc b"data-src" | b"data-lazy-src" | b"data-litespeed-src" | b"data-original" | b"data-cookieblock-src"
        | b"data-src-cmplz" | b"data-cli-src" | b"data-iframe-src"
    Itemprop b"itemprop" Itemtype b"itemtype" Pubdate b"pubdate" Width b"width" Height b"height" Value b"value" Url b"url"
    Permalink b"data-instgrm-permalink" | b"data-text-post-permalink" | b"data-href" | b"data-embed-url"
    VideoId b"data-videoid" | b"videoid" | b"data-video-id" TweetId b"data-tweetid" | b"data-tweet-id"
    Telegram b"data-telegram-post" Bluesky b"data-bluesky-uri" DataId b"data-id"
    ShortCode b"data-shortcode"
    XmlBase b"xml:base" XmlLang b"xml:lang" IsPermaLink b"ispermalink" Mode b"mode"
    XmlUrl b"xmlurl" Text b"text" AddDate b"add_date" Tags b"tags"
}

const _: () = assert!(ATTRIBUTES <= 64);

const fn bit(attribute: Attribute) -> u64 {
    1 << attribute as u32
}

#[derive(Debug, Clone, Default)]
struct Value {
    text: String,
    start: usize,
}

/// A start tag with the attributes that are kept.
#[derive(Debug)]
pub(in crate::gather) struct StartTag {
    pub(super) key: u64,
    /// Where its `<` stands.
    pub(in crate::gather) start: usize,
    /// Behind its `>`.
    pub(in crate::gather) end: usize,
    pub(in crate::gather) self_closing: bool,
    /// Which attributes the tag has, a bit each.
    set: u64,
    values: Box<[Value; ATTRIBUTES]>,
}

impl StartTag {
    /// The value of an attribute, which may be empty, or `None`.
    pub(in crate::gather) fn get(&self, attribute: Attribute) -> Option<&str> {
        let value = &self.values[attribute as usize];
        (self.set & bit(attribute) != 0).then_some(value.text.as_str())
    }

    /// The value of an attribute, empty where there is none.
    pub(in crate::gather) fn value(&self, attribute: Attribute) -> &str {
        self.get(attribute).unwrap_or_default()
    }

    /// Where the value stands in the text that is read, without quotes.
    pub(in crate::gather) fn span(&self, attribute: Attribute, text: &str) -> Range<usize> {
        let start = self.values[attribute as usize].start.min(text.len());
        let bytes = text.as_bytes();
        let rest = &bytes[start..];
        let length = match start.checked_sub(1).map(|before| bytes[before]) {
            Some(quote @ (b'"' | b'\'')) => memchr::memchr(quote, rest),
            _ => rest
                .iter()
                .position(|byte| byte.is_ascii_whitespace() || *byte == b'>'),
        };
        start..start + length.unwrap_or(rest.len())
    }
}

/// What a page is made of, as far as anybody here asks.
pub(in crate::gather) trait Listener {
    /// A start tag. What is returned is how the tokenizer goes on.
    fn start_tag(&mut self, tag: &StartTag) -> Option<State>;
    /// An end tag that begins at this offset.
    fn end_tag(&mut self, key: u64, start: usize);
    /// Text, entities decoded.
    fn text(&mut self, text: &str);
    /// The same, for whoever needs to know where it stands: at this offset or behind it, and before the next tag.
    fn text_at(&mut self, text: &str, _start: usize) {
        self.text(text);
    }
    /// A comment.
    fn comment(&mut self, comment: &str);
    /// Whether CDATA sections are text here (SVG, `MathML`, XML).
    fn knows_cdata(&self) -> bool;
}

/// How the tokenizer goes on after a start tag of HTML.
pub(super) fn state_after(key: u64) -> Option<State> {
    match key {
        tags::TEXTAREA | tags::TITLE => Some(State::RcData),
        tags::PLAINTEXT => Some(State::PlainText),
        tags::SCRIPT => Some(State::ScriptData),
        tags::STYLE | tags::IFRAME | tags::XMP | tags::NOEMBED | tags::NOFRAMES => {
            Some(State::RawText)
        }
        _ => None,
    }
}

/// Reads a text to its end. Offsets that the listener is told count in it.
pub(in crate::gather) fn read(text: &str, listener: &mut impl Listener) {
    let collector = Collector {
        listener,
        tag: StartTag {
            key: 0,
            start: 0,
            end: 0,
            self_closing: false,
            set: 0,
            values: Box::new(std::array::from_fn(|_| Value::default())),
        },
        in_tag: false,
        current: None,
        next: None,
    };
    let emitter = Switching {
        inner: CallbackEmitter::new(collector),
    };
    let Ok(()) = Tokenizer::new_with_emitter(Markup::new(text), emitter).finish();
}

struct Collector<'l, L> {
    listener: &'l mut L,
    tag: StartTag,
    in_tag: bool,
    current: Option<Attribute>,
    next: Option<State>,
}

impl<L: Listener> Callback<Infallible, usize> for Collector<'_, L> {
    fn handle_event(&mut self, event: CallbackEvent<'_>, span: Span<usize>) -> Option<Infallible> {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.tag.key = tags::key(name);
                self.tag.start = span.start;
                self.in_tag = true;
                self.current = None;
                self.tag.set = 0;
            }
            CallbackEvent::AttributeName { name } => self.attribute_name(name),
            CallbackEvent::AttributeValue { value } => self.attribute_value(value, span.start),
            CallbackEvent::CloseStartTag { self_closing } => {
                self.in_tag = false;
                self.tag.end = span.end;
                self.tag.self_closing = self_closing;
                self.next = self.listener.start_tag(&self.tag);
            }
            CallbackEvent::EndTag { name } => {
                self.in_tag = false;
                self.listener.end_tag(tags::key(name), span.start);
            }
            CallbackEvent::String { value } => match std::str::from_utf8(value) {
                Ok(text) => self.listener.text_at(text, span.start),
                Err(_) => self
                    .listener
                    .text_at(&String::from_utf8_lossy(value), span.start),
            },
            CallbackEvent::Comment { value } => {
                if let Ok(comment) = std::str::from_utf8(value) {
                    self.listener.comment(comment);
                }
            }
            CallbackEvent::Doctype { .. } | CallbackEvent::Error(_) => {}
        }
        None
    }
}

impl<L> Collector<'_, L> {
    fn attribute_name(&mut self, name: &[u8]) {
        self.current = None;
        if !self.in_tag {
            return;
        }
        let Some(attribute) = attribute(name) else {
            return;
        };
        // Of two attributes of one name the first counts.
        if self.tag.set & bit(attribute) == 0 {
            self.tag.set |= bit(attribute);
            let value = &mut self.tag.values[attribute as usize];
            value.text.clear();
            value.start = 0;
            self.current = Some(attribute);
        }
    }

    fn attribute_value(&mut self, bytes: &[u8], start: usize) {
        let Some(attribute) = self.current.take() else {
            return;
        };
        let value = &mut self.tag.values[attribute as usize];
        value.start = start;
        let bytes = &bytes[..bytes.len().min(MAX_VALUE_BYTES)];
        match std::str::from_utf8(bytes) {
            Ok(text) => value.text.push_str(text),
            Err(_) => value.text.push_str(&String::from_utf8_lossy(bytes)),
        }
    }
}

struct Switching<'l, L: Listener> {
    inner: CallbackEmitter<Collector<'l, L>, Infallible, usize>,
}

impl<L: Listener> ForwardingEmitter for Switching<'_, L> {
    type Token = Infallible;

    fn inner(&mut self) -> &mut impl Emitter<Token = Infallible> {
        &mut self.inner
    }

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        let _ = self.inner.emit_current_tag();
        let next = self.inner.callback_mut().next.take();
        if next.is_some() {
            self.inner.init_string();
        }
        next
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&mut self) -> bool {
        self.inner.callback_mut().listener.knows_cdata()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Hrefs<'t> {
        text: &'t str,
        found: Vec<(String, &'t str)>,
    }

    impl Listener for Hrefs<'_> {
        fn start_tag(&mut self, tag: &StartTag) -> Option<State> {
            if let Some(href) = tag.get(Attribute::Href) {
                let raw = &self.text[tag.span(Attribute::Href, self.text)];
                self.found.push((href.to_owned(), raw));
                assert_eq!(&self.text[tag.start..=tag.start], "<");
                assert_eq!(&self.text[tag.end - 1..tag.end], ">");
            }
            state_after(tag.key)
        }
        fn end_tag(&mut self, _: u64, start: usize) {
            assert_eq!(&self.text[start..start + 2], "</");
        }
        fn text(&mut self, _: &str) {}
        fn comment(&mut self, _: &str) {}
        fn knows_cdata(&self) -> bool {
            false
        }
    }

    #[test]
    fn spans_hold_the_value_as_written() {
        for (text, value, raw) in [
            (
                "<a href=\"http://a.example/?a=1&amp;b=2\">x</a>",
                "http://a.example/?a=1&b=2",
                "http://a.example/?a=1&amp;b=2",
            ),
            ("\r\n\r\né<a\r\nclass='x'\r\nhref = 'y'>x</a>", "y", "y"),
            (
                "<a href=http://a.example/>x</a>",
                "http://a.example/",
                "http://a.example/",
            ),
            ("<a href=x class=y>x</a>", "x", "x"),
            ("<a href='&#x68;ttp' href=z>x</a>", "http", "&#x68;ttp"),
            ("<a href=&amp;>x</a>", "&", "&amp;"),
            ("<a href=\"a\r\nb\">x</a>", "a\nb", "a\r\nb"),
            (
                "<title><a href=no></title><noscript><a href=yes></noscript>",
                "yes",
                "yes",
            ),
            ("</p href=no><a href='x", "", ""),
        ] {
            let mut hrefs = Hrefs {
                text,
                found: Vec::new(),
            };
            read(text, &mut hrefs);
            if value.is_empty() {
                assert!(hrefs.found.is_empty(), "{text}");
            } else {
                assert_eq!(hrefs.found, [(value.to_owned(), raw)], "{text}");
            }
        }
    }
}
