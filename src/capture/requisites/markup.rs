//! The pass over a page or a drawing: an emitter for the `html5gum` tokenizer that keeps the attributes that name something,
//! and allocates nothing for the rest.

use html5gum::{Emitter, Error, State, Tokenizer};

use super::downloads::Offer;
use super::{Collector, Kind, Limits, css, has_scheme, srcset};
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
        templates: 0,
        shadows: 0,
        drawings: 0,
        pictures: 0,
        navigations: 0,
        articles: 0,
        offer: None,
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

struct Pass<'c, 'l> {
    collector: &'c mut Collector<'l>,
    /// How many frames it stands in.
    depth: usize,
    is_xml: bool,
    form: Form,
    has_base: bool,
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

    /// An attribute of the tag at hand.
    fn value(&self, attribute: Attribute) -> Option<String> {
        let is_set = self.set & (1 << attribute as u32) != 0;
        is_set.then(|| String::from_utf8_lossy(&self.values[attribute as usize]).into_owned())
    }

    fn is(&self, attribute: Attribute, value: &str) -> bool {
        self.value(attribute)
            .is_some_and(|text| text.trim().eq_ignore_ascii_case(value))
    }

    fn take(&mut self, attribute: Attribute, kind: Kind) {
        if let Some(address) = self.value(attribute) {
            self.collector.take(&address, kind);
        }
    }

    /// Takes what a script puts in the place of an address, if it looks like one.
    fn take_late(&mut self, attribute: Attribute, kind: Kind) {
        if let Some(address) = self.value(attribute)
            && is_like_an_address(&address)
        {
            self.collector.take(&address, kind);
        }
    }

    fn take_list(&mut self, list: Attribute, sizes: Attribute) {
        let list_is_standard = list != Attribute::LazySrcset;
        let Some(list) = self.value(list) else {
            return;
        };
        let sizes = self.value(sizes).unwrap_or_default();
        let (chosen, others) = srcset::chosen(&list, &sizes, self.collector.limits.candidates);
        self.collector.left_out.other_sizes += others;
        for address in chosen {
            if list_is_standard || is_like_an_address(address) {
                self.collector.take(address, Kind::Image);
            }
        }
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

    /// What a start tag offers.
    fn offering(&mut self, name: &[u8]) {
        match name {
            b"a" => self.offer_ends(),
            b"nav" => self.navigations += 1,
            b"footer" if self.articles == 0 => self.navigations += 1,
            b"article" | b"main" | b"section" => self.articles += 1,
            _ => {}
        }
        if self.templates > 0 {
            return;
        }
        match name {
            b"base" => self.base(),
            b"a" | b"area" if self.navigations == 0 => {
                self.offer = Some(self.offer());
                if name == b"area" {
                    self.offer_ends();
                }
            }
            b"link" => {
                let rel = self.value(Attribute::Rel).unwrap_or_default();
                let is_another_form = rel
                    .split_ascii_whitespace()
                    .any(|token| token.eq_ignore_ascii_case("alternate"));
                let offer = self.offer();
                if is_another_form && !offer.media_type.is_empty() {
                    offer.end(self.collector);
                }
            }
            _ => {}
        }
    }

    fn offer(&self) -> Offer {
        Offer {
            href: self.value(Attribute::Href).unwrap_or_default(),
            media_type: self.value(Attribute::Type).unwrap_or_default(),
            download: self.value(Attribute::Download),
            words: Vec::new(),
        }
    }

    fn offer_ends(&mut self) {
        if let Some(offer) = self.offer.take() {
            offer.end(self.collector);
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

    /// What a start tag names.
    fn element(&mut self, name: &[u8]) {
        match name {
            b"base" => self.base(),
            b"link" => self.link(),
            b"script" => self.script(),
            b"img" | b"amp-img" | b"amp-anim" => {
                self.take(Attribute::Src, Kind::Image);
                self.take_list(Attribute::Srcset, Attribute::Sizes);
                self.take_late(Attribute::LazySrc, Kind::Image);
                self.late_list();
            }
            b"source" if self.pictures > 0 => {
                self.take_list(Attribute::Srcset, Attribute::Sizes);
                self.take(Attribute::Src, Kind::Image);
                self.take_late(Attribute::LazySrc, Kind::Image);
                self.late_list();
            }
            b"source" | b"track" | b"audio" | b"amp-audio" => self.media(),
            b"video" | b"amp-video" => {
                self.media();
                self.take(Attribute::Poster, Kind::Image);
                self.take_late(Attribute::LazyPoster, Kind::Image);
            }
            b"input" if self.is(Attribute::Type, "image") => {
                self.take(Attribute::Src, Kind::Image);
            }
            b"iframe" | b"frame" | b"amp-iframe" => self.frame(),
            b"object" => self.object(Attribute::Data),
            b"embed" => self.object(Attribute::Src),
            b"image" | b"use" | b"feimage" => {
                self.take(Attribute::Href, Kind::Image);
                self.take(Attribute::XlinkHref, Kind::Image);
                // (Outside of drawings, `image` is an `img`.)
                self.take(Attribute::Src, Kind::Image);
            }
            b"div" | b"span" | b"section" | b"figure" | b"header" => {
                if self
                    .value(Attribute::LazySrc)
                    .is_some_and(|address| has_picture_extension(&address))
                {
                    self.take_late(Attribute::LazySrc, Kind::Image);
                }
                self.late_list();
            }
            _ => self.late_list(),
        }
        self.take(Attribute::Background, Kind::Image);
        self.late_background();
        if let Some(style) = self.value(Attribute::Style) {
            css::declarations(&style, self.collector);
        }
        for attribute in [
            Attribute::Fill,
            Attribute::Stroke,
            Attribute::Filter,
            Attribute::Mask,
            Attribute::ClipPath,
        ] {
            if let Some(value) = self.value(attribute) {
                css::declarations(&value, self.collector);
            }
        }
    }

    /// Only the first counts, even if it cannot be one.
    fn base(&mut self) {
        let Some(href) = self.value(Attribute::Href) else {
            return;
        };
        if std::mem::replace(&mut self.has_base, true) {
            return;
        }
        let href = href.trim_matches(|c: char| c <= ' ');
        if href.len() < MAX_VALUE_BYTES
            && let Ok(base) = self.collector.base.join(href)
            && !matches!(base.scheme(), "data" | "javascript")
        {
            self.collector.base = base;
        }
    }

    fn link(&mut self) {
        let rel = self.value(Attribute::Rel).unwrap_or_default();
        let has = |word: &str| {
            rel.split_ascii_whitespace()
                .any(|token| token.eq_ignore_ascii_case(word))
        };
        const ICONS: &[&str] = &[
            "icon",
            "apple-touch-icon",
            "apple-touch-icon-precomposed",
            "apple-touch-startup-image",
            "mask-icon",
            "fluid-icon",
        ];
        if has("stylesheet") {
            self.take(Attribute::Href, Kind::Style);
            self.take_late(Attribute::LazyHref, Kind::Style);
        } else if ICONS.iter().any(|icon| has(icon)) {
            self.take(Attribute::Href, Kind::Icon);
        } else if has("modulepreload") {
            self.take(Attribute::Href, Kind::Script);
        } else if has("preload") || has("prefetch") {
            let kind = self.value(Attribute::As).unwrap_or_default();
            match kind.trim().to_ascii_lowercase().as_str() {
                "style" => self.take(Attribute::Href, Kind::Style),
                "font" => self.take(Attribute::Href, Kind::Font),
                "script" => self.take(Attribute::Href, Kind::Script),
                "image" => {
                    self.take(Attribute::Href, Kind::Image);
                    self.take_list(Attribute::ImageSrcset, Attribute::ImageSizes);
                }
                _ => {}
            }
        } else if has("manifest") {
            self.take(Attribute::Href, Kind::Other);
        }
    }

    /// A script, unless it is of a type that no browser runs, and so does not fetch.
    fn script(&mut self) {
        let kind = self.value(Attribute::Type).unwrap_or_default();
        let kind = kind.trim().to_ascii_lowercase();
        let is_run =
            kind.is_empty() || kind == "module" || kind.contains("script") || kind.contains("jsx");
        if is_run {
            self.take(Attribute::Src, Kind::Script);
            self.take(Attribute::Href, Kind::Script);
            self.take(Attribute::XlinkHref, Kind::Script);
            self.take_late(Attribute::LazySrc, Kind::Script);
        }
    }

    fn media(&mut self) {
        self.take(Attribute::Src, Kind::Media);
        self.take_late(Attribute::LazySrc, Kind::Media);
    }

    fn frame(&mut self) {
        let Some(text) = self.value(Attribute::Srcdoc) else {
            self.take(Attribute::Src, Kind::Frame);
            self.take_late(Attribute::LazySrc, Kind::Frame);
            return;
        };
        if self.depth >= self.collector.limits.frames_within {
            self.collector.left_out.not_read += 1;
            return;
        }
        let base = self.collector.base.clone();
        read_within(&text, Form::Page, self.collector, self.depth + 1);
        self.collector.base = base;
    }

    /// An object may be anything.
    fn object(&mut self, attribute: Attribute) {
        let kind = self.value(Attribute::Type).unwrap_or_default();
        let kind = kind.trim().to_ascii_lowercase();
        let kind = if kind.starts_with("image/") {
            Kind::Image
        } else if kind.starts_with("audio/") || kind.starts_with("video/") {
            Kind::Media
        } else if kind.is_empty() || kind.contains("html") {
            Kind::Frame
        } else {
            Kind::Other
        };
        self.take(attribute, kind);
        self.take_late(Attribute::LazySrc, kind);
    }

    fn late_list(&mut self) {
        self.take_list(Attribute::LazySrcset, Attribute::LazySizes);
    }

    /// A background that a script puts there: an address, or a style.
    fn late_background(&mut self) {
        let Some(value) = self.value(Attribute::LazyBackground) else {
            return;
        };
        if value.contains('(') {
            css::declarations(&format!("background:{value}"), self.collector);
        } else if is_like_an_address(&value) {
            self.collector.take(&value, Kind::Image);
        }
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

/// Whether what stands in an attribute of nobody's standard is an address, and not a word, a number, a media type or a
/// template.
fn is_like_an_address(value: &str) -> bool {
    let value = value.trim();
    let is_one_word = !value.contains(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '{' | '}' | '[' | ']' | '<' | '>' | '"' | '|' | '\\' | '^' | '`'
            )
    });
    let begins = ["/", "./", "../"]
        .iter()
        .any(|start| value.starts_with(start))
        || ["http:", "https:"]
            .iter()
            .any(|scheme| has_scheme(value, scheme));
    is_one_word && (begins || has_extension(value) || has_picture_extension(value))
}

/// Whether a path below some folder ends as files do.
fn has_extension(value: &str) -> bool {
    let path = value.split(['?', '#']).next().unwrap_or_default();
    let Some((_, name)) = path.rsplit_once('/') else {
        return false;
    };
    name.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && (2..=5).contains(&extension.len())
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn has_picture_extension(value: &str) -> bool {
    const EXTENSIONS: &[&str] = &[
        "jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "bmp", "ico", "jfif",
    ];
    let path = value.split(['?', '#']).next().unwrap_or_default();
    path.rsplit_once('.').is_some_and(|(_, extension)| {
        EXTENSIONS
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}

impl Emitter for &mut Pass<'_, '_> {
    type Token = std::convert::Infallible;

    fn emit_string(&mut self, text: &[u8]) {
        if let Some(offer) = &mut self.offer {
            offer.says(text);
        }
        if self.is_in_style && !push(&mut self.style, text, self.collector.limits.text_bytes) {
            self.collector.left_out.not_read += 1;
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
            let was_cut = value.len() == most;
            if !push(value, text, most) && !was_cut && most != MAX_VALUE_BYTES {
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
