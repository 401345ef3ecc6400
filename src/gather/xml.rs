//! XML as it is met: feeds, exports, sitemaps and lists of feeds, well-formed or not.
//!
//! They are read with the tokenizer that reads HTML, which stops at nothing and tells exact offsets. What is the same for
//! all of them stands here: names with a vocabulary's prefix, undoing what XML escapes with a map back to the document,
//! and where a strict reader would have stopped.

use html5gum::State;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::html::{Listener, StartTag, read as read_tokens};
use super::position::Unescaped;

/// What an XML document is made of, as far as its elements go. Names are in lower case.
pub(super) trait Elements {
    /// An element begins. An empty one (`<x/>`) is opened and closed.
    fn open(&mut self, prefix: &str, local: &str, tag: &StartTag);
    /// It ends: its end tag begins at `start`.
    fn close(&mut self, prefix: &str, local: &str, start: usize);
}

/// Reads a document to its end, whatever is wrong with it.
pub(super) fn read_elements(text: &str, elements: &mut impl Elements) {
    struct Reading<'t, 'e, E> {
        text: &'t str,
        elements: &'e mut E,
    }
    impl<E: Elements> Listener for Reading<'_, '_, E> {
        fn start_tag(&mut self, tag: &StartTag) -> Option<State> {
            let (prefix, local) = split_name(name_at(self.text, tag.start + 1));
            self.elements.open(&prefix, &local, tag);
            if tag.self_closing {
                self.elements.close(&prefix, &local, tag.end);
            }
            None
        }
        fn end_tag(&mut self, _: u64, start: usize) {
            let (prefix, local) = split_name(name_at(self.text, start + 2));
            self.elements.close(&prefix, &local, start);
        }
        fn text(&mut self, _: &str) {}
        fn comment(&mut self, _: &str) {}
        fn knows_cdata(&self) -> bool {
            true
        }
    }
    read_tokens(text, &mut Reading { text, elements });
}

/// The name that begins at an offset: that of a tag.
pub(super) fn name_at(text: &str, at: usize) -> &str {
    let rest = &text[at.min(text.len())..];
    let end = rest
        .find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/')
        .unwrap_or(rest.len());
    &rest[..end]
}

/// The vocabulary's prefix and the name, in lower case.
pub(super) fn split_name(name: &str) -> (String, String) {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    (prefix.to_ascii_lowercase(), local.to_ascii_lowercase())
}

/// Where a strict reader would have stopped.
pub(super) fn ill_formed(text: &str, what: &str) -> Option<(usize, String)> {
    let mut reader = Reader::from_str(text);
    let mut depth = 0_usize;
    loop {
        let (at, why) = match reader.read_event() {
            Ok(Event::Start(_)) => {
                depth += 1;
                continue;
            }
            Ok(Event::End(_)) => {
                depth = depth.saturating_sub(1);
                continue;
            }
            Ok(Event::Eof) if depth > 0 => {
                (text.len(), "it ends before its elements do".to_owned())
            }
            Ok(Event::Eof) => return None,
            Ok(_) => continue,
            Err(error) => (reader.error_position() as usize, error.to_string()),
        };
        let why = format!("{what} is not well-formed: {why}; read as far as possible");
        return Some((at, why));
    }
}

/// Words without markup, folded; `None` where there are none.
pub(super) fn plain(html: &str) -> Option<String> {
    struct Words(String);
    impl Listener for Words {
        fn start_tag(&mut self, _: &StartTag) -> Option<State> {
            None
        }
        fn end_tag(&mut self, _: u64, _: usize) {}
        fn text(&mut self, text: &str) {
            self.0.push_str(text);
        }
        fn comment(&mut self, _: &str) {}
        fn knows_cdata(&self) -> bool {
            true
        }
    }
    let mut words = Words(String::new());
    read_tokens(html, &mut words);
    folded(&words.0)
}

/// White space folded; `None` where there is nothing else.
pub(super) fn folded(text: &str) -> Option<String> {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!folded.is_empty()).then_some(folded)
}

/// Undoes XML's escaping. Entities that XML does not know stay as they are, for HTML knows them.
pub(super) fn unescape(raw: &str, source_at: usize) -> Unescaped {
    let mut unescaped = Unescaped::default();
    let bytes = raw.as_bytes();
    let mut at = 0;
    while at < raw.len() {
        let next = memchr::memchr2(b'&', b'<', &bytes[at..]).map_or(raw.len(), |found| at + found);
        unescaped.literal(&raw[at..next], source_at + at);
        let rest = &raw[next..];
        if let Some(section) = rest.strip_prefix("<![CDATA[") {
            let length = section.find("]]>").unwrap_or(section.len());
            let start = next + "<![CDATA[".len();
            unescaped.literal(&section[..length], source_at + start);
            at = (start + length + 3).min(raw.len());
        } else if let Some((character, length)) = entity(rest) {
            let mut buffer = [0; 4];
            unescaped.stand_in(character.encode_utf8(&mut buffer), source_at + next, length);
            at = next + length;
        } else {
            let length = rest.chars().next().map_or(0, char::len_utf8);
            unescaped.literal(&rest[..length], source_at + next);
            at = next + length.max(1);
        }
    }
    unescaped
}

/// The character that an entity of XML stands for, and the entity's length.
fn entity(rest: &str) -> Option<(char, usize)> {
    let window = &rest.as_bytes()[..rest.len().min(12)];
    let end = memchr::memchr(b';', window)?;
    let name = rest.get(1..end)?;
    let character = match name {
        _ if !rest.starts_with('&') => return None,
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|character| *character != '\0')?
        }
    };
    Some((character, end + 1))
}
