//! The pass over a page or a drawing: an emitter for the `html5gum` tokenizer that keeps the attributes that name something,
//! and allocates nothing for the rest.

mod elements;

pub(crate) use elements::has_picture_extension;

use html5gum::{Emitter, Error, State, Tokenizer};
use url::Url;

use super::downloads::Offer;
use super::{Collector, Kind, Limits, css};
use crate::address::MAX_ADDRESS_BYTES;
use crate::charset::markup::Markup;

/// How much of an address is kept: more than any that is taken.
const MAX_VALUE_BYTES: usize = 4 * MAX_ADDRESS_BYTES + 1;
/// How much of a name is kept: more than any that is looked for.
const MAX_NAME_BYTES: usize = 64;
/// How much of what stands in `<?xml-stylesheet … ?>` is kept.
const MAX_INSTRUCTION_BYTES: usize = MAX_VALUE_BYTES;

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// HTML, or XHTML if it says so.
    Page,
    /// SVG.
    Drawing,
    /// HTML, of which the links to data are asked for.
    Offers,
}

/// Reads a text to its end.
pub(super) fn read(text: &str, form: Form, collector: &mut Collector<'_>) {
    read_within(text, form, collector, 0);
}

fn read_within(text: &str, form: Form, collector: &mut Collector<'_>, depth: usize) {
    let is_xml = form == Form::Drawing || text.trim_start().starts_with("<?xml");
    let mut pass = Pass {
        collector,
        depth,
        is_xml,
        form,
        has_base: false,
        awaits_base: ["<base", "<BASE"]
            .iter()
            .any(|tag| memchr::memmem::find(text.as_bytes(), tag.as_bytes()).is_some()),
        icons: Vec::new(),
        templates: 0,
        shadows: 0,
        drawings: 0,
        pictures: 0,
        navigations: 0,
        articles: 0,
        offer: None,
        feeds: Vec::new(),
        is_in_style: false,
        style: Vec::new(),
        tag: Tag::Start,
        name: Vec::new(),
        is_self_closing: false,
        attribute_name: Vec::new(),
        attribute: Slot::Dropped,
        set: 0,
        values: std::array::from_fn(|_| Vec::new()),
        last_start_tag: Vec::new(),
        comment: Vec::new(),
    };
    // Reading from memory cannot fail, and the emitter gives no tokens.
    let _ = Tokenizer::new_with_emitter(Markup::new(text), &mut pass).finish();
    pass.style_ends();
    pass.icons_end();
    pass.offer_ends();
}

macro_rules! attributes {
    ($($variant:ident $($name:literal)|+)*) => {
        /// The attributes that are kept.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Attribute { $($variant),* }

        const ATTRIBUTES: usize = [$(Attribute::$variant),*].len();

        fn attribute(name: &[u8]) -> Option<Attribute> {
            match name {
                $($($name)|+ => Some(Attribute::$variant),)*
                _ => None,
            }
        }
    };
}

// Names in one line stand for one thing; of several that a tag has, the first counts.
attributes! {
    As b"as" Background b"background" Data b"data" Download b"download" Href b"href" XlinkHref b"xlink:href"
    ImageSizes b"imagesizes" ImageSrcset b"imagesrcset" Poster b"poster" Rel b"rel"
    ShadowRoot b"shadowrootmode" Sizes b"sizes" Src b"src" Srcdoc b"srcdoc" Srcset b"srcset" Style b"style" Type b"type"
    LazySrc b"data-src" | b"data-lazy-src" | b"data-original" | b"data-lazy" | b"data-orig-src" | b"data-litespeed-src"
        | b"data-lazyload" | b"data-actualsrc" | b"data-hi-res-src" | b"data-echo" | b"data-iframe-src" | b"data-image-src"
        | b"data-defer-src" | b"data-srclazy" | b"lazy-src" | b"data-rocket-src" | b"data-wf-src"
    LazySrcset b"data-srcset" | b"data-lazy-srcset" | b"data-original-set" | b"data-bgset" | b"data-orig-srcset"
    LazyHref b"data-href" | b"data-lazy-href" | b"data-pmdelayedstyle"
    LazySizes b"data-sizes" | b"data-lazy-sizes"
    LazyBackground b"data-bg" | b"data-background-image" | b"data-background" | b"data-bg-image" | b"data-bg-url"
        | b"data-background-src" | b"data-image" | b"data-bg-src" | b"data-lazy-background" | b"data-lazy-bg" | b"data-back"
    LazyPoster b"data-poster"
    Fill b"fill" Filter b"filter" Mask b"mask" ClipPath b"clip-path" Stroke b"stroke"
}

/// What an attribute names that a script shows late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Late {
    /// An address, as in `src`.
    Address,
    /// A list of them, as in `srcset`.
    List,
}

/// What an attribute of this name, in lower case, names that a script shows late.
pub(crate) fn late(name: &str) -> Option<Late> {
    match attribute(name.as_bytes()) {
        Some(Attribute::LazySrc) => Some(Late::Address),
        Some(Attribute::LazySrcset) => Some(Late::List),
        _ => None,
    }
}

const _: () = assert!(ATTRIBUTES <= 64);

/// How much of an attribute is kept, in bytes.
fn room(attribute: Attribute, limits: &Limits) -> usize {
    match attribute {
        Attribute::Style
        | Attribute::Srcdoc
        | Attribute::Srcset
        | Attribute::ImageSrcset
        | Attribute::LazySrcset => limits.text_bytes,
        _ => MAX_VALUE_BYTES,
    }
}

/// The attribute that the tokenizer is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// Its name has not ended.
    Unknown,
    /// It is kept.
    Kept(Attribute),
    /// It is not.
    Dropped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    Start,
    End,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "what the page is and where the pass is are unrelated yes-or-no facts"
)]
struct Pass<'c, 'l> {
    collector: &'c mut Collector<'l>,
    /// How many frames it stands in.
    depth: usize,
    is_xml: bool,
    form: Form,
    has_base: bool,
    /// There may be a base further on.
    awaits_base: bool,
    /// Icons that wait for it.
    icons: Vec<String>,
    /// Templates that are open whose content is not shown.
    templates: usize,
    /// Those whose content is shown, which are open around them.
    shadows: usize,
    /// Drawings (`svg`) that are open.
    drawings: usize,
    /// Pictures that are open.
    pictures: usize,
    /// Navigations, and feet of the page, that are open.
    navigations: usize,
    /// Articles and the like that are open.
    articles: usize,
    /// The link that is open.
    offer: Option<Offer>,
    /// Feeds that the page has named.
    feeds: Vec<Url>,
    is_in_style: bool,
    style: Vec<u8>,

    tag: Tag,
    name: Vec<u8>,
    is_self_closing: bool,
    attribute_name: Vec<u8>,
    attribute: Slot,
    /// Which attributes the tag has, a bit each.
    set: u64,
    values: [Vec<u8>; ATTRIBUTES],
    last_start_tag: Vec<u8>,
    comment: Vec<u8>,
}

/// Adds text to what is kept up to a size; whether all of it is.
fn push(to: &mut Vec<u8>, text: &[u8], most: usize) -> bool {
    let room = most.saturating_sub(to.len());
    to.extend_from_slice(&text[..text.len().min(room)]);
    text.len() <= room
}

impl Pass<'_, '_> {
    fn is_drawing(&self) -> bool {
        self.form == Form::Drawing
    }

    fn start_tag(&mut self) -> Option<State> {
        let name = std::mem::take(&mut self.name);
        let local = local_name(&name, self.is_drawing());
        if self.form == Form::Offers {
            self.offering(local);
        } else if self.templates == 0 && self.set != 0 {
            self.element(local);
        }
        let state = self.state_after(local);
        self.name = name;
        state
    }

    /// What follows a start tag.
    fn state_after(&mut self, name: &[u8]) -> Option<State> {
        // In XML, and in drawings, an element may close itself.
        let is_closed = self.is_self_closing && (self.is_xml || self.drawings > 0);
        match name {
            _ if is_closed => return None,
            b"svg" => self.drawings += usize::from(!self.is_self_closing),
            b"picture" => self.pictures += 1,
            b"template" if self.drawings == 0 => {
                let is_shown = self.templates == 0
                    && (self.is(Attribute::ShadowRoot, "open")
                        || self.is(Attribute::ShadowRoot, "closed"));
                if is_shown {
                    self.shadows += 1;
                } else {
                    self.templates += 1;
                }
            }
            b"style" => {
                let is_css = self
                    .value(Attribute::Type)
                    .is_none_or(|kind| kind.trim().is_empty() || kind.contains("css"));
                self.is_in_style = is_css && self.templates == 0 && self.form != Form::Offers;
            }
            _ => {}
        }
        // A drawing is XML: what stands in an element is markup, whatever the element.
        if self.is_drawing() {
            return None;
        }
        match name {
            b"title" if self.drawings > 0 => None,
            b"textarea" | b"title" => Some(State::RcData),
            b"plaintext" => Some(State::PlainText),
            b"script" => Some(State::ScriptData),
            b"style" | b"iframe" | b"xmp" | b"noembed" | b"noframes" => Some(State::RawText),
            _ => None,
        }
    }

    fn end_tag(&mut self) {
        match local_name(&self.name, self.is_drawing()) {
            b"style" => self.style_ends(),
            b"svg" => self.drawings = self.drawings.saturating_sub(1),
            b"picture" => self.pictures = self.pictures.saturating_sub(1),
            b"a" => self.offer_ends(),
            b"nav" => self.navigations = self.navigations.saturating_sub(1),
            b"footer" if self.articles == 0 => {
                self.navigations = self.navigations.saturating_sub(1);
            }
            b"article" | b"main" | b"section" => self.articles = self.articles.saturating_sub(1),
            b"template" if self.drawings == 0 && self.templates > 0 => self.templates -= 1,
            b"template" if self.drawings == 0 => self.shadows = self.shadows.saturating_sub(1),
            _ => {}
        }
    }

    fn style_ends(&mut self) {
        if self.is_in_style {
            self.is_in_style = false;
            let style = String::from_utf8_lossy(&self.style);
            let style = style.trim();
            let style = style.strip_prefix("<![CDATA[").unwrap_or(style);
            css::sheet(style, self.collector);
        }
        self.style.clear();
    }

    /// `<?xml-stylesheet href="…"?>`, which the tokenizer takes for a comment.
    fn instruction(&mut self) {
        let text = String::from_utf8_lossy(&self.comment).into_owned();
        let Some(rest) = text.strip_prefix("?xml-stylesheet") else {
            return;
        };
        let Some((_, behind)) = rest.split_once("href") else {
            return;
        };
        let Some(behind) = behind.trim_start().strip_prefix('=') else {
            return;
        };
        let behind = behind.trim_start();
        let mut quoted = behind.splitn(3, ['"', '\'']);
        if let (Some(""), Some(address), Some(_)) = (quoted.next(), quoted.next(), quoted.next()) {
            self.collector
                .take(&address.replace("&amp;", "&"), Kind::Style);
        }
    }
}

/// The name of an element without the prefix of its name space.
fn local_name(name: &[u8], is_drawing: bool) -> &[u8] {
    match memchr::memchr(b':', name) {
        Some(colon) if is_drawing => &name[colon + 1..],
        _ => name,
    }
}

impl Emitter for &mut Pass<'_, '_> {
    type Token = std::convert::Infallible;

    fn emit_string(&mut self, text: &[u8]) {
        if let Some(offer) = &mut self.offer {
            offer.says(text);
        }
        if self.is_in_style {
            let most = self.collector.limits.text_bytes;
            let was_full = self.style.len() == most;
            if !push(&mut self.style, text, most) && !was_full {
                self.collector.left_out.not_read += 1;
            }
        }
    }

    fn init_start_tag(&mut self) {
        self.tag = Tag::Start;
        self.name.clear();
        self.is_self_closing = false;
        self.attribute = Slot::Dropped;
        self.set = 0;
    }

    fn init_end_tag(&mut self) {
        self.tag = Tag::End;
        self.name.clear();
    }

    fn push_tag_name(&mut self, text: &[u8]) {
        push(&mut self.name, text, MAX_NAME_BYTES);
    }

    fn init_attribute(&mut self) {
        self.name_ends();
        self.attribute_name.clear();
        self.attribute = Slot::Unknown;
    }

    fn push_attribute_name(&mut self, text: &[u8]) {
        push(&mut self.attribute_name, text, MAX_NAME_BYTES);
    }

    fn push_attribute_value(&mut self, text: &[u8]) {
        self.name_ends();
        if let Slot::Kept(attribute) = self.attribute {
            let most = room(attribute, self.collector.limits);
            let value = &mut self.values[attribute as usize];
            let was_full = value.len() == most;
            if !push(value, text, most) && !was_full && most != MAX_VALUE_BYTES {
                self.collector.left_out.not_read += 1;
            }
        }
    }

    fn set_self_closing(&mut self) {
        self.is_self_closing = true;
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        if self.tag == Tag::End {
            self.end_tag();
            return None;
        }
        self.name_ends();
        let state = self.start_tag();
        let pass = &mut **self;
        std::mem::swap(&mut pass.last_start_tag, &mut pass.name);
        state
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.tag == Tag::End && self.name == self.last_start_tag
    }

    fn set_last_start_tag(&mut self, name: Option<&[u8]>) {
        self.last_start_tag.clear();
        self.last_start_tag
            .extend_from_slice(name.unwrap_or_default());
    }

    #[inline]
    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&mut self) -> bool {
        self.is_xml || self.drawings > 0
    }

    fn init_comment(&mut self) {
        self.comment.clear();
    }

    fn push_comment(&mut self, text: &[u8]) {
        if self.is_xml {
            push(&mut self.comment, text, MAX_INSTRUCTION_BYTES);
        }
    }

    fn emit_current_comment(&mut self) {
        if self.comment.starts_with(b"?xml-stylesheet") {
            self.instruction();
        }
    }

    fn emit_eof(&mut self) {}
    fn emit_error(&mut self, _: Error) {}
    fn pop_token(&mut self) -> Option<Self::Token> {
        None
    }
    fn emit_current_doctype(&mut self) {}
    fn set_force_quirks(&mut self) {}
    fn push_doctype_name(&mut self, _: &[u8]) {}
    fn init_doctype(&mut self) {}
    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}
    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}
}

impl Pass<'_, '_> {
    /// The name of the attribute at hand is known now.
    fn name_ends(&mut self) {
        if self.attribute != Slot::Unknown || self.tag != Tag::Start {
            return;
        }
        self.attribute = Slot::Dropped;
        if let Some(attribute) = attribute(&self.attribute_name)
            && self.set & (1 << attribute as u32) == 0
        {
            self.set |= 1 << attribute as u32;
            self.values[attribute as usize].clear();
            self.attribute = Slot::Kept(attribute);
        }
    }
}
