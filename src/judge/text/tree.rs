//! The main text of a page, from its tree.
//!
//! A tree takes more than a pass over the text does: on pages that were made for it, building one takes time that grows
//! with the square of their length. So what the builder does is counted, and it is stopped when it does more than any
//! page of that length should need; likewise a tree that is too deep, or a tag with too many attributes, is let go. Of
//! a long page, the tree is of its beginning ([`MAX_BYTES`]).

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};

use dom_query::{Document, NodeId};
use dom_smoothie::{Config, Readability, TextMode};
use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{Attribute, ParseOpts, QualName, parse_document};

use super::marked;

/// How much of a page the tree is built of, in bytes.
const MAX_BYTES: usize = 2 << 20;
/// How many elements and comments it may have.
const MAX_ELEMENTS: usize = 60_000;
/// How many pieces of text may be put into it: each reference (`&amp;`) is one, and adding to a long text takes longer.
const MAX_TEXTS: u32 = 100_000;
/// How deep it may be.
const MAX_DEPTH: usize = 300;
/// What the builder may do for each byte of the page, and in any case: looks at elements, and changes.
const WORK_PER_BYTE: u64 = 8;
/// In any case.
const LEAST_WORK: u64 = 2_000_000;
/// So many bytes are given to the builder before its work is looked at.
const CHUNK: usize = 4096;
/// How often two attributes of a tag may have to be compared with each other, in all.
const MAX_COMPARED: usize = 20_000_000;

/// What was found.
pub(super) struct Main {
    pub(super) text: String,
    pub(super) byline: Option<String>,
}

/// The main text of a page; `None` where it has no tree that can be looked at, or there is none in it.
pub(super) fn main_text(html: &str) -> Option<Main> {
    let document = document(html)?;
    let marked = marked::article(&document);
    let config = Config {
        disable_json_ld: true,
        text_mode: TextMode::Formatted,
        ..Config::default()
    };
    let found = Readability::with_document(document, None, Some(config))
        .and_then(|mut reader| reader.parse())
        .ok();
    let (text, byline) = match found {
        Some(found) => (found.text_content.to_string(), found.byline),
        None => (String::new(), None),
    };
    let text = match marked {
        Some(marked) if marked.is_missed_by(&text) => marked.into_text(),
        _ => text,
    };
    Some(Main { text, byline }).filter(|main| !main.text.trim().is_empty())
}

/// Builds the tree of a page, if that takes no more than it should.
fn document(html: &str) -> Option<Document> {
    let mut end = html.len().min(MAX_BYTES);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    let html = &html[..end];
    if has_too_many_attributes(html) {
        return None;
    }
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts {
            scripting_enabled: false,
            ..TreeBuilderOpts::default()
        },
        ..ParseOpts::default()
    };
    let mut parser = parse_document(Counted::default(), options);
    let most = LEAST_WORK + html.len() as u64 * WORK_PER_BYTE;
    let mut rest = html;
    while !rest.is_empty() {
        let mut cut = rest.len().min(CHUNK);
        while !rest.is_char_boundary(cut) {
            cut += 1;
        }
        let (chunk, behind) = rest.split_at(cut);
        parser.process(StrTendril::from_slice(chunk));
        let sink = &parser.tokenizer.sink.sink;
        let depths = sink.depths.borrow().len();
        if sink.work.get() > most
            || sink.is_too_deep.get()
            || depths > MAX_ELEMENTS
            || sink.texts.get() > MAX_TEXTS
        {
            return None;
        }
        rest = behind;
    }
    let document = parser.finish();
    (!is_too_deep(&document)).then_some(document)
}

/// Whether an element has more than [`MAX_DEPTH`] around it.
fn is_too_deep(document: &Document) -> bool {
    let mut depth = 0_usize;
    let mut node = document.root();
    loop {
        if let Some(child) = node.first_child() {
            depth += 1;
            if depth > MAX_DEPTH {
                return true;
            }
            node = child;
            continue;
        }
        loop {
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            let Some(parent) = node.parent() else {
                return false;
            };
            depth = depth.saturating_sub(1);
            node = parent;
        }
    }
}

/// Whether a tag has so many attributes that looking for those that stand twice takes too long: the tokenizer compares each
/// with all before it.
///
/// What begins like a tag is taken for one wherever it stands, for what is script or comment is not known here.
fn has_too_many_attributes(html: &str) -> bool {
    let bytes = html.as_bytes();
    let mut left = MAX_COMPARED;
    for start in memchr::memchr_iter(b'<', bytes) {
        if !bytes.get(start + 1).is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let (attributes, looked_at) = attributes(&bytes[start + 1..]);
        // Looking must not take too long either, where tags begin within tags.
        let takes = attributes * attributes / 2 + looked_at / 16;
        match left.checked_sub(takes) {
            Some(rest) => left = rest,
            None => return true,
        }
    }
    false
}

/// How many attributes a tag has at most, and after how many bytes it ends.
fn attributes(tag: &[u8]) -> (usize, usize) {
    let mut count = 0;
    let mut at = 0;
    let mut is_in_name = true;
    while let Some(&byte) = tag.get(at) {
        at += 1;
        match byte {
            b'>' => break,
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' | b'/' => is_in_name = false,
            b'=' => {
                while tag.get(at).is_some_and(u8::is_ascii_whitespace) {
                    at += 1;
                }
                if let Some(&quote @ (b'"' | b'\'')) = tag.get(at) {
                    let value = &tag[at + 1..];
                    at += 2 + memchr::memchr(quote, value).unwrap_or(value.len());
                    is_in_name = false;
                }
            }
            _ if !is_in_name => {
                is_in_name = true;
                count += 1;
            }
            _ => {}
        }
    }
    (count, at)
}

/// The builder's sink, which counts what the builder does, and how deep the tree becomes.
///
/// The depth also bounds what is not seen here: the builder goes through the formatting elements that are to be opened
/// again, and whenever one more is added, all before it are open.
#[derive(Default)]
struct Counted {
    document: Document,
    work: Cell<u64>,
    texts: Cell<u32>,
    is_too_deep: Cell<bool>,
    /// Of each element, as of when it was put where it stands.
    depths: RefCell<Vec<u16>>,
}

/// A node, and where its depth is noted.
#[derive(Clone, Copy)]
struct Placed {
    node: NodeId,
    at: usize,
}

impl Counted {
    fn count(&self) {
        self.work.set(self.work.get() + 1);
    }

    fn noted(&self, node: NodeId) -> Placed {
        let mut depths = self.depths.borrow_mut();
        depths.push(0);
        Placed {
            node,
            at: depths.len() - 1,
        }
    }

    /// Notes that a node is placed so many steps below another.
    fn place(&self, child: NodeOrText<Placed>, by: Placed, below: u16) -> NodeOrText<NodeId> {
        self.count();
        match child {
            NodeOrText::AppendNode(child) => {
                let mut depths = self.depths.borrow_mut();
                let depth = depths[by.at].saturating_add(below);
                depths[child.at] = depth;
                if usize::from(depth) > MAX_DEPTH {
                    self.is_too_deep.set(true);
                }
                NodeOrText::AppendNode(child.node)
            }
            NodeOrText::AppendText(text) => {
                self.texts.set(self.texts.get() + 1);
                NodeOrText::AppendText(text)
            }
        }
    }
}

impl TreeSink for Counted {
    type Handle = Placed;
    type Output = Document;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Document {
        self.document
    }

    // Nobody asks for them, and there may be many.
    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Placed {
        self.noted(self.document.get_document())
    }

    fn elem_name<'a>(&'a self, target: &'a Placed) -> Ref<'a, QualName> {
        self.count();
        self.document.elem_name(&target.node)
    }

    fn create_element(
        &self,
        name: QualName,
        attributes: Vec<Attribute>,
        flags: ElementFlags,
    ) -> Placed {
        self.count();
        self.noted(self.document.create_element(name, attributes, flags))
    }

    fn create_comment(&self, text: StrTendril) -> Placed {
        self.noted(self.document.create_comment(text))
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> Placed {
        self.noted(self.document.create_pi(target, data))
    }

    fn append(&self, parent: &Placed, child: NodeOrText<Placed>) {
        let child = self.place(child, *parent, 1);
        self.document.append(&parent.node, child);
    }

    fn append_based_on_parent_node(
        &self,
        element: &Placed,
        before: &Placed,
        child: NodeOrText<Placed>,
    ) {
        let child = self.place(child, *before, 1);
        self.document
            .append_based_on_parent_node(&element.node, &before.node, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public: StrTendril, system: StrTendril) {
        self.document
            .append_doctype_to_document(name, public, system);
    }

    fn get_template_contents(&self, target: &Placed) -> Placed {
        let node = self.document.get_template_contents(&target.node);
        Placed {
            node,
            at: target.at,
        }
    }

    fn same_node(&self, x: &Placed, y: &Placed) -> bool {
        self.count();
        x.node == y.node
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.document.set_quirks_mode(mode);
    }

    fn append_before_sibling(&self, sibling: &Placed, child: NodeOrText<Placed>) {
        let child = self.place(child, *sibling, 0);
        self.document.append_before_sibling(&sibling.node, child);
    }

    fn add_attrs_if_missing(&self, target: &Placed, attributes: Vec<Attribute>) {
        // Looks at all that are there already; so many tags that add to one are no page.
        self.work
            .set(self.work.get() + 1 + attributes.len() as u64 * 256);
        self.document.add_attrs_if_missing(&target.node, attributes);
    }

    fn remove_from_parent(&self, target: &Placed) {
        self.count();
        self.document.remove_from_parent(&target.node);
    }

    fn reparent_children(&self, node: &Placed, parent: &Placed) {
        self.count();
        self.document.reparent_children(&node.node, &parent.node);
    }

    fn is_mathml_annotation_xml_integration_point(&self, target: &Placed) -> bool {
        self.document
            .is_mathml_annotation_xml_integration_point(&target.node)
    }
}
