//! Pages, by a streaming rewriter: what is not changed stays as it is written.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashSet;

use html_escape::{decode_html_entities, encode_double_quoted_attribute, encode_text};
use lol_html::html_content::{ContentType, Element, TextChunk, TextType};
use lol_html::{RewriteStrSettings, doc_comments, doc_text, element, rewrite_str, text};
use memchr::memmem::Finder;
use url::Url;

use super::elements::{self, Change, Fate};
use super::sprites::Sprites;
use super::{FRAMES_WITHIN, Places, css};

/// What is shown where a page cannot be rewritten.
const UNREADABLE: &str =
    "<!doctype html><title>Not shown</title><p>This copy cannot be shown safely.";

/// An element that no page has.
const END_NAME: &str = "sourcekeep-end";

/// A page; `depth` is how many pages it stands in.
pub(super) fn page(html: &str, url: &Url, places: &dyn Places, depth: usize) -> String {
    let base = base(html, url);
    let whole = Whole {
        html,
        elsewhere: OnceCell::new(),
        // (Of pages in attributes there may be thousands, and each would borrow the same.)
        sprites: (depth == 0 && memchr::memmem::find(html.as_bytes(), b"<use").is_some())
            .then(|| Sprites::new(url)),
    };
    // What is borrowed stands where this does: where a browser reads it as markup, and nothing comes behind it.
    let marked = match &whole.sprites {
        Some(_) => Cow::Owned(format!("{html}<{END_NAME}>")),
        None => Cow::Borrowed(html),
    };
    fragment(&marked, &base, places, depth, Some(&whole)).unwrap_or_else(|| UNREADABLE.to_owned())
}

/// What is known of a whole page.
struct Whole<'h> {
    html: &'h str,
    /// Which pictures it shows to those without scripts, beside the places where scripts would show them late.
    elsewhere: OnceCell<HashSet<String>>,
    /// What it shows of drawings in other files.
    sprites: Option<Sprites<'h>>,
}

impl Whole<'_> {
    fn elsewhere(&self, address: &str) -> bool {
        let all = self.elsewhere.get_or_init(|| in_noscripts(self.html));
        all.contains(address)
    }
}

/// What stands in `noscript` elements as a `src`.
fn in_noscripts(html: &str) -> HashSet<String> {
    let mut found = HashSet::new();
    let bytes = html.as_bytes();
    let (open, close) = (Finder::new("<noscript"), Finder::new("</noscript"));
    let source = Finder::new("src=");
    let mut at = 0;
    while let Some(start) = open.find(&bytes[at..]).map(|start| at + start) {
        let end = close.find(&bytes[start..]);
        let end = end.map_or(bytes.len(), |end| start + end);
        let mut from = start;
        while let Some(value) = source.find(&bytes[from..end]).map(|value| from + value + 4) {
            let quote = bytes
                .get(value)
                .copied()
                .filter(|one| matches!(one, b'"' | b'\''));
            let begin = value + usize::from(quote.is_some());
            let ends = |byte: &u8| match quote {
                Some(quote) => *byte == quote,
                None => byte.is_ascii_whitespace() || *byte == b'>',
            };
            let rest = bytes.get(begin..end).unwrap_or_default();
            let length = rest.iter().position(ends).unwrap_or(rest.len());
            if let Some(written) = html.get(begin..begin + length) {
                found.insert(decode_html_entities(written.trim()).into_owned());
            }
            from = begin + length;
        }
        at = end;
    }
    found
}

/// A page, or what stands in a `noscript` of one. `None` where it cannot be read to its end.
///
/// Where it can be doubted whether something is text or markup, as in elements whose content is read by rules of its own, browsers and
/// we may differ. So no text may begin a tag, whichever way it is read, and comments go.
fn fragment(
    html: &str,
    base: &Url,
    places: &dyn Places,
    depth: usize,
    whole_page: Option<&Whole<'_>>,
) -> Option<String> {
    // Text comes in pieces.
    let style = RefCell::new(String::new());
    let noscript = RefCell::new(String::new());
    // Of the text at hand, which is looked at there before it is here.
    let is_style = Cell::new(false);
    let settings = RewriteStrSettings::new()
        .with_strict(false)
        .append_document_content_handler(doc_comments!(|comment| {
            comment.remove();
            Ok(())
        }))
        // Everywhere, since what stands in a drawing is told by others than what is text.
        .append_document_content_handler(doc_text!(|chunk| {
            if chunk.text_type() == TextType::CDataSection && !is_style.take() {
                let shown = chunk.as_str().replace('<', "&lt;");
                chunk.replace(&shown, ContentType::Html);
            }
            Ok(())
        }))
        .append_element_content_handler(element!("*", |element| {
            rewrite(element, base, places, depth, whole_page);
            Ok(())
        }))
        .append_element_content_handler(text!("style", |chunk| {
            is_style.set(chunk.text_type() == TextType::CDataSection);
            whole(chunk, &style, |text, text_type| {
                // In a drawing, a style sheet is written as any other text.
                if text_type == TextType::Data {
                    let text = decode_html_entities(text);
                    encode_text(&css::sheet(&text, base, places)).into_owned()
                } else {
                    without_tags(&css::sheet(text, base, places))
                }
            });
            Ok(())
        }))
        .append_element_content_handler(text!("noscript", |chunk| {
            if chunk.text_type() == TextType::RawText {
                whole(chunk, &noscript, |text, _| {
                    without_scripts(text, base, places, depth)
                });
            }
            Ok(())
        }))
        // No browser that has frames shows it.
        .append_element_content_handler(text!("iframe, noembed, noframes", |chunk| {
            chunk.remove();
            Ok(())
        }))
        .append_element_content_handler(text!("xmp, plaintext, title, textarea", |chunk| {
            let text = chunk.as_str();
            let shown = match chunk.text_type() {
                TextType::RCData => text.replace('<', "&lt;"),
                // (These become `pre`.)
                TextType::RawText | TextType::PlainText => encode_text(text).into_owned(),
                _ => return Ok(()),
            };
            chunk.replace(&shown, ContentType::Html);
            Ok(())
        }));
    rewrite_str(html, settings).ok()
}

/// A style sheet in which nothing can be taken for a tag. What hid styles from browsers that knew none goes.
fn without_tags(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        if let Some(behind) = behind.strip_prefix("!--") {
            rest = behind;
            continue;
        }
        let begins_a_tag = |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?');
        // (In a condition, a space stands behind it.)
        out.push_str(if behind.starts_with(begins_a_tag) {
            "\\3c "
        } else {
            "<"
        });
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// What stands in a `noscript`, which is text to a browser with scripts and markup to one without, as all are that are shown
/// this.
///
/// Where a tag or a comment in it is still open at its end, the two see different pages from there on. That is no mistake that
/// people make, so nothing of it is shown.
fn without_scripts(html: &str, base: &Url, places: &dyn Places, depth: usize) -> String {
    let mut is_closed = false;
    let settings = RewriteStrSettings::new()
        .with_strict(false)
        .append_element_content_handler(element!(END_NAME, |_| {
            is_closed = true;
            Ok(())
        }));
    let marked = format!("{html}<{END_NAME}>");
    if rewrite_str(&marked, settings).is_err() || !is_closed {
        return String::new();
    }
    fragment(html, base, places, depth, None).unwrap_or_default()
}

/// Puts something in the place of a text that comes in pieces.
fn whole(
    chunk: &mut TextChunk<'_>,
    before: &RefCell<String>,
    change: impl FnOnce(&str, TextType) -> String,
) {
    let mut text = before.borrow_mut();
    text.push_str(chunk.as_str());
    if chunk.last_in_text_node() {
        let changed = change(&text, chunk.text_type());
        chunk.replace(&changed, ContentType::Html);
        text.clear();
    } else {
        chunk.remove();
    }
}

/// What the addresses of a page are relative to: the first `base` with an address, wherever it stands.
fn base(html: &str, url: &Url) -> Url {
    let bytes = html.as_bytes();
    let has_base = ["<base", "<BASE", "<Base"]
        .iter()
        .any(|tag| memchr::memmem::find(bytes, tag.as_bytes()).is_some());
    if !has_base {
        return url.clone();
    }
    let mut found = None;
    let settings = RewriteStrSettings::new()
        .with_strict(false)
        .append_element_content_handler(element!("base[href]", |element| {
            found = found.take().or_else(|| element.get_attribute("href"));
            Ok(())
        }));
    // What is read so far counts, whatever comes behind it.
    let _ = rewrite_str(html, settings);
    let base = found.and_then(|href| url.join(decode_html_entities(&href).trim()).ok());
    base.filter(|base| matches!(base.scheme(), "http" | "https"))
        .unwrap_or_else(|| url.clone())
}

fn rewrite(
    element: &mut Element<'_, '_>,
    base: &Url,
    places: &dyn Places,
    depth: usize,
    whole_page: Option<&Whole<'_>>,
) {
    let name = element.tag_name();
    let attributes: Vec<(String, String)> = element
        .attributes()
        .iter()
        .map(|attribute| (attribute.name(), attribute.value()))
        .collect();
    let given = elements::Given {
        name: &name,
        attributes: &attributes,
        base,
        places,
    };
    let fate = elements::fate(&given);
    match fate {
        Fate::Goes => return element.remove(),
        Fate::LeavesContent => return element.remove_and_keep_content(),
        // What is shown as it is written: the same, but that markup in it is written as text.
        Fate::Stays if matches!(name.as_str(), "xmp" | "plaintext") => {
            // A name of letters can be set.
            let _ = element.set_tag_name("pre");
        }
        Fate::Picture => {
            let _ = element.set_tag_name("img");
            element.set_inner_content("", ContentType::Html);
        }
        Fate::Stays => {}
    }
    let sprites = whole_page.and_then(|page| page.sprites.as_ref());
    if let Some((page, sprites)) = whole_page.zip(sprites)
        && name == END_NAME
        && element.source_location().bytes().start == page.html.len()
    {
        return element.replace(&sprites.written(places), ContentType::Html);
    }
    let held = elements::held_by_a_variable(&given);
    for (attribute, written) in &attributes {
        if held.is_some() && matches!(attribute.as_str(), "src" | "srcset" | "style") {
            continue;
        }
        if name == "use"
            && matches!(attribute.as_str(), "href" | "xlink:href")
            && let Some(sprites) = sprites
            && let Some(id) = sprites.id(&decode_html_entities(written), base, places)
        {
            set(element, attribute, &format!("#{id}"));
            continue;
        }
        match elements::change(&given, attribute, written) {
            Change::Stays => {}
            Change::Goes => element.remove_attribute(attribute),
            Change::To(value) => set(element, attribute, &value),
            Change::Page(html) => {
                let shown = if depth < FRAMES_WITHIN {
                    page(&html, base, places, depth + 1)
                } else {
                    String::new()
                };
                set(element, attribute, &shown);
            }
        }
    }
    if fate == Fate::Picture {
        set(element, "src", &elements::picture(&given));
    }
    if let Some(page) = whole_page {
        for (attribute, shown) in elements::late(&given, |address| page.elsewhere(address)) {
            set(element, attribute, &shown);
        }
    }
    if let Some((source, style)) = held {
        element.remove_attribute("srcset");
        set(element, "src", source);
        set(element, "style", &style);
    }
}

fn set(element: &mut Element<'_, '_>, attribute: &str, value: &str) {
    // (A name that cannot be set again cannot be trusted either.)
    if element
        .set_attribute(attribute, &encode_double_quoted_attribute(value))
        .is_err()
    {
        element.remove_attribute(attribute);
    }
}
