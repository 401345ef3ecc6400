//! What an address points to within a page: a passage (`#:~:text=`), or an element (`#id`).
//!
//! A passage is looked for as a quote is. Of an element it can only be said that it is missing where that is sure: in a
//! page that has identifiers, of a fragment that looks like one, and that no script or viewer could have a meaning for.

use std::collections::HashSet;

use html5gum::{Emitter, Error, State, Tokenizer};

use crate::charset::markup::Markup;

/// A passage that an address points to (WICG, URL Fragment Text Directives: `text=[prefix-,]start[,end][,-suffix]`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directive {
    /// The words before it.
    pub prefix: Option<String>,
    /// The passage, or how it begins.
    pub start: String,
    /// How it ends, where only its two ends are given.
    pub end: Option<String>,
    /// The words behind it.
    pub suffix: Option<String>,
}

/// How many directives of an address are read.
const MAX_DIRECTIVES: usize = 32;

impl Directive {
    /// What is to be looked for in a page, as [`super::quotes`] does: the passage, or its two ends with an ellipsis between
    /// them. What stands around it only tells places apart.
    pub fn quote(&self) -> String {
        match &self.end {
            Some(end) => format!("{} […] {end}", self.start),
            None => self.start.clone(),
        }
    }
}

/// The passages that a fragment (without its `#`) points to, in its order. What is not well-formed is left out, as browsers
/// do.
pub fn directives(fragment: &str) -> Vec<Directive> {
    let Some((_, all)) = fragment.split_once(":~:") else {
        return Vec::new();
    };
    all.split('&')
        .filter_map(|one| directive(one.strip_prefix("text=")?))
        .take(MAX_DIRECTIVES)
        .collect()
}

fn directive(text: &str) -> Option<Directive> {
    let mut parts: Vec<&str> = text.split(',').collect();
    let prefix = parts
        .first()
        .and_then(|part| part.strip_suffix('-'))
        .map(decoded);
    if prefix.is_some() {
        parts.remove(0);
    }
    let suffix = parts
        .last()
        .and_then(|part| part.strip_prefix('-'))
        .map(decoded);
    if suffix.is_some() {
        parts.pop();
    }
    let (start, end) = match parts.as_slice() {
        [start] => (decoded(start), None),
        [start, end] => (decoded(start), Some(decoded(end))),
        _ => return None,
    };
    let is_there = |text: &String| !text.is_empty();
    (is_there(&start) && end.as_ref().is_none_or(is_there)).then_some(Directive {
        prefix: prefix.filter(is_there),
        start,
        end,
        suffix: suffix.filter(is_there),
    })
}

/// Percent-decoded, with one space where there is white space.
fn decoded(text: &str) -> String {
    let text = unescaped(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without percent-encoding; a `%` that encodes nothing stands for itself.
fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    let mut all = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if let (b'%', Some(high), Some(low)) = (byte, digit(at + 1), digit(at + 2)) {
            all.push((16 * high + low) as u8);
            at += 3;
        } else {
            all.push(byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// Whether an element that an address points to is in a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointed {
    /// It is there.
    There,
    /// It is not, and the page has others.
    Missing,
    /// The fragment may mean something else, or the page has no identifiers.
    Unsure,
}

/// The identifiers of a page: `id`, and `name` of `a`.
#[derive(Debug, Clone, Default)]
pub struct Ids {
    names: HashSet<String>,
    /// There were more than are kept.
    is_cut: bool,
}

/// How many identifiers are kept, and how long one may be.
const MAX_IDS: usize = 100_000;
/// The longest that is kept, in bytes.
const MAX_ID_BYTES: usize = 1024;

impl Ids {
    /// Reads those of a page that was decoded to text. Takes time in proportion to it.
    pub fn read(html: &str) -> Self {
        let mut pass = Pass::default();
        // Reading from memory cannot fail, and the emitter gives no tokens.
        let _ = Tokenizer::new_with_emitter(Markup::new(html), &mut pass).finish();
        pass.ids
    }

    /// Whether what a fragment (without its `#`) points to is among them.
    pub fn has(&self, fragment: &str) -> Pointed {
        let fragment = fragment.split(":~:").next().unwrap_or_default();
        let name = unescaped(fragment);
        let kept = |name: &str| {
            self.names.contains(name) || self.names.contains(&format!("user-content-{name}"))
        };
        if kept(fragment) || kept(&name) {
            Pointed::There
        } else if self.names.is_empty() || self.is_cut || !is_identifier(&name) {
            Pointed::Unsure
        } else {
            Pointed::Missing
        }
    }
}

/// Whether a fragment can only be an identifier: not a line, a page, a time, a state of a script, or the top.
fn is_identifier(name: &str) -> bool {
    const LEAST_CHARS: usize = 3;
    let is_word = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'));
    let rest = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    // "L10", "L10-L20", "p12", "t30s", "page3".
    let is_place = rest.len() < name.len()
        && name.len() - rest.len() <= 4
        && rest.starts_with(|c: char| c.is_ascii_digit())
        && rest
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '-' | 'L' | 'C' | 's' | 'm' | 'h'));
    // Trackers and galleries put numbers of their own there.
    let has_letter = name.chars().filter(|c| c.is_alphabetic()).count() >= 2;
    is_word
        && has_letter
        && !is_place
        && name.chars().count() >= LEAST_CHARS
        && !name.eq_ignore_ascii_case("top")
}

/// The tokenizer's view of [`Ids`].
#[derive(Debug, Default)]
struct Pass {
    ids: Ids,
    is_start: bool,
    name: Vec<u8>,
    attribute: Vec<u8>,
    value: Vec<u8>,
    last_start_tag: Vec<u8>,
}

impl Pass {
    fn end_attribute(&mut self) {
        let is_id = self.attribute == b"id" || (self.attribute == b"name" && self.name == b"a");
        if self.is_start && is_id && !self.value.is_empty() {
            if self.ids.names.len() < MAX_IDS && self.value.len() < MAX_ID_BYTES {
                let name = String::from_utf8_lossy(&self.value).into_owned();
                self.ids.names.insert(name);
            } else {
                self.ids.is_cut = true;
            }
        }
        self.attribute.clear();
        self.value.clear();
    }
}

fn push(to: &mut Vec<u8>, text: &[u8]) {
    let room = MAX_ID_BYTES.saturating_sub(to.len());
    to.extend_from_slice(&text[..text.len().min(room)]);
}

impl Emitter for &mut Pass {
    type Token = std::convert::Infallible;

    fn init_start_tag(&mut self) {
        self.is_start = true;
        self.name.clear();
        self.attribute.clear();
        self.value.clear();
    }

    fn init_end_tag(&mut self) {
        self.is_start = false;
        self.name.clear();
        self.attribute.clear();
        self.value.clear();
    }

    fn push_tag_name(&mut self, text: &[u8]) {
        push(&mut self.name, text);
    }

    fn init_attribute(&mut self) {
        self.end_attribute();
    }

    fn push_attribute_name(&mut self, text: &[u8]) {
        push(&mut self.attribute, text);
    }

    fn push_attribute_value(&mut self, text: &[u8]) {
        push(&mut self.value, text);
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        self.end_attribute();
        if !self.is_start {
            return None;
        }
        self.last_start_tag.clone_from(&self.name);
        match self.name.as_slice() {
            b"title" | b"textarea" => Some(State::RcData),
            b"script" => Some(State::ScriptData),
            b"style" | b"iframe" | b"noembed" | b"xmp" => Some(State::RawText),
            b"plaintext" => Some(State::PlainText),
            _ => None,
        }
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        !self.is_start && self.name == self.last_start_tag
    }

    fn set_last_start_tag(&mut self, name: Option<&[u8]>) {
        self.last_start_tag.clear();
        self.last_start_tag
            .extend_from_slice(name.unwrap_or_default());
    }

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn emit_string(&mut self, _: &[u8]) {}
    fn set_self_closing(&mut self) {}
    fn emit_eof(&mut self) {}
    fn emit_error(&mut self, _: Error) {}
    fn pop_token(&mut self) -> Option<Self::Token> {
        None
    }
    fn init_comment(&mut self) {}
    fn emit_current_comment(&mut self) {}
    fn emit_current_doctype(&mut self) {}
    fn set_force_quirks(&mut self) {}
    fn push_comment(&mut self, _: &[u8]) {}
    fn push_doctype_name(&mut self, _: &[u8]) {}
    fn init_doctype(&mut self) {}
    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_read_as_browsers_do() {
        let all = directives(
            "part:~:text=the%20first,last%2C%20words&text=before-,a+b,-behind&other=x&text=",
        );
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].quote(), "the first […] last, words");
        assert_eq!(
            all[1],
            Directive {
                prefix: Some("before".into()),
                start: "a+b".into(),
                end: None,
                suffix: Some("behind".into())
            }
        );
        for none in [
            "",
            "part",
            ":~:",
            ":~:text=,b",
            ":~:text=a-",
            ":~:text=a,b,c",
            ":~:selector(x)",
        ] {
            assert!(directives(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn an_element_is_missing_only_where_that_is_sure() {
        let page = "<h1 id=intro>a</h1><a name='the%20end'></a><p ID=\"user-content-usage\"><script>'<p id=gone>'</script>
            <div name=other id=größe>";
        let ids = Ids::read(page);
        for there in [
            "intro",
            "the%20end",
            "usage",
            "gr%C3%B6%C3%9Fe",
            "größe",
            "intro:~:text=a",
        ] {
            assert_eq!(ids.has(there), Pointed::There, "{there}");
        }
        for missing in ["history", "gone", "other", "section-3.2", "cite_note-3"] {
            assert_eq!(ids.has(missing), Pointed::Missing, "{missing}");
        }
        for unsure in [
            "",
            "top",
            "L10",
            "L10-L20",
            "page=3",
            "t=30",
            "gid=0",
            "!/path",
            "/route",
            "12345",
            "p12",
            "t1h30m",
            ":~:text=a",
        ] {
            assert_eq!(ids.has(unsure), Pointed::Unsure, "{unsure}");
        }
        assert_eq!(
            Ids::read("<p>no identifiers").has("history"),
            Pointed::Unsure
        );
        assert_eq!(Ids::read("").has("history"), Pointed::Unsure);
    }
}
