//! Which requisites a page, a style sheet or a drawing names: what a browser has to fetch to show it as it looks.
//!
//! Pure: a text goes in, absolute addresses come out, each with what it is needed for. Nothing is fetched here, and nothing
//! that is found is read further: whoever fetches a style sheet hands it back in ([`of_style`]), as deep as it likes.
//!
//! Pages are read by the streaming tokenizer, style sheets by the tokenizer of `cssparser`, both by their standards (WHATWG
//! HTML, CSS Syntax 3), so that what is found is what a browser asks for. A few things differ, because a copy is kept for
//! readers and not for one window:
//!
//! - what a page loads late, by a script that looks at `data-src` and its like, is found at once;
//! - `noscript` is read as a browser without scripts reads it;
//! - all style sheets are found, whatever their `media`; all sources of a `picture`, and all sources of a font;
//! - of a list of sizes (`srcset`), what is found is what a desktop browser takes: see [`Limits::candidates`].
//!
//! Not found: what comments hold, what a `template` holds (unless it is a shadow tree), pictures for other sites' previews
//! (`og:image`), what a `meta` refresh leads to, and what only scripts know.
//!
//! All input is hostile: time is linear in it, memory is bounded by [`Limits`] and a few times the longest style element, and
//! no nesting is followed by recursion, except frames that stand in the page, to [`Limits::frames_within`].

pub(crate) mod css;
mod downloads;
mod markup;
pub(crate) mod srcset;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use url::Url;

use crate::address::{self, Rejected};

/// What a page needs a requisite for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A style sheet, which may name more requisites.
    Style,
    /// A script; kept as evidence, never run.
    Script,
    /// A picture: of an element, or of a style.
    Image,
    /// The picture by which a browser marks the page.
    Icon,
    /// A font.
    Font,
    /// A page within the page, which may name more requisites.
    Frame,
    /// Sound, film, or their subtitles.
    Media,
    /// Data that the page offers ([`downloads`]).
    Download,
    /// Anything else.
    Other,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 9] = [
        Kind::Style,
        Kind::Script,
        Kind::Image,
        Kind::Icon,
        Kind::Font,
        Kind::Frame,
        Kind::Media,
        Kind::Download,
        Kind::Other,
    ];

    /// Its name in the archive and in what is printed.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Style => "style",
            Kind::Script => "script",
            Kind::Image => "image",
            Kind::Icon => "icon",
            Kind::Font => "font",
            Kind::Frame => "frame",
            Kind::Media => "media",
            Kind::Download => "download",
            Kind::Other => "other",
        }
    }

    /// The kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Something that a page needs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Requisite {
    /// Its address: absolute, `http` or `https`, without a fragment and without credentials.
    pub url: Url,
    /// What it is needed for. Where a page names one address for several things, what leads to more counts: a style sheet
    /// before a frame before all others, of which the first counts.
    pub kind: Kind,
}

/// How much is found at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Requisites of one page or style sheet.
    pub requisites: usize,
    /// Bytes of all their addresses together.
    pub address_bytes: usize,
    /// How many pictures of a list of sizes (`srcset`, `imagesrcset`) are taken, beside the `src`. 1: what a browser takes
    /// whose window is 1280 px wide, on a screen of one pixel a px; 2: and on one of two pixels a px, if that is another.
    /// 0: none.
    pub candidates: usize,
    /// How many frames within frames are read that stand in the page itself (`srcdoc`).
    pub frames_within: usize,
    /// Bytes of one style element, style attribute, list of sizes or `srcdoc` that are read; what follows is not.
    pub text_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requisites: 1000,
            address_bytes: 1 << 20,
            candidates: 2,
            frames_within: 3,
            text_bytes: 4 << 20,
        }
    }
}

/// What was named and is not among the requisites, by reason: how many times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// `data:` addresses, which hold what they name.
    pub data: u64,
    /// `javascript:` addresses.
    pub scripts: u64,
    /// Addresses that are neither `http` nor `https` (`about:`, `blob:`, `file:`, …).
    pub schemes: u64,
    /// Addresses of more than [`address::MAX_ADDRESS_BYTES`].
    pub too_long: u64,
    /// What is no address.
    pub unparsable: u64,
    /// Those beyond [`Limits::requisites`] or [`Limits::address_bytes`], each time they were named.
    pub over_the_limit: u64,
    /// Pictures of a list of sizes that a desktop browser does not take.
    pub other_sizes: u64,
    /// Texts that were cut at [`Limits::text_bytes`], frames beyond [`Limits::frames_within`], and blocks of style sheets that
    /// are nested too deep to be read.
    pub not_read: u64,
}

impl LeftOut {
    /// Adds what was left out elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.data += other.data;
        self.scripts += other.scripts;
        self.schemes += other.schemes;
        self.too_long += other.too_long;
        self.unparsable += other.unparsable;
        self.over_the_limit += other.over_the_limit;
        self.other_sizes += other.other_sizes;
        self.not_read += other.not_read;
    }
}

/// What a text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Each address once, in the order in which it is first named.
    pub requisites: Vec<Requisite>,
    /// What relative addresses at the end of the text are relative to.
    pub base: Url,
    /// What is not among them.
    pub left_out: LeftOut,
}

/// What a page needs: HTML or XHTML, decoded, and the address that it came from after all redirects.
pub fn of_page(html: &str, url: &Url, limits: &Limits) -> Found {
    let mut collector = Collector::new(url, limits);
    markup::read(html, markup::Form::Page, &mut collector);
    collector.found()
}

/// What a style sheet needs: [`Kind::Style`] of its `@import`, [`Kind::Font`] of its `@font-face`, and [`Kind::Image`] of all
/// else that a style names by an address.
pub fn of_style(css: &str, url: &Url, limits: &Limits) -> Found {
    let mut collector = Collector::new(url, limits);
    css::sheet(css, &mut collector);
    collector.found()
}

/// What a drawing in SVG needs.
pub fn of_svg(svg: &str, url: &Url, limits: &Limits) -> Found {
    let mut collector = Collector::new(url, limits);
    markup::read(svg, markup::Form::Drawing, &mut collector);
    collector.found()
}

pub use downloads::downloads;
pub(crate) use markup::{Late, has_picture_extension, late};

/// Gathers what is named.
struct Collector<'l> {
    limits: &'l Limits,
    /// The address of the text itself, without fragment: nothing needs itself.
    own: Url,
    base: Url,
    requisites: Vec<Requisite>,
    /// Where each address stands among them.
    places: HashMap<Url, usize>,
    address_bytes: usize,
    left_out: LeftOut,
}

impl<'l> Collector<'l> {
    fn new(url: &Url, limits: &'l Limits) -> Self {
        let mut own = url.clone();
        own.set_fragment(None);
        Self {
            limits,
            base: url.clone(),
            own,
            requisites: Vec::new(),
            places: HashMap::new(),
            address_bytes: 0,
            left_out: LeftOut::default(),
        }
    }

    fn found(self) -> Found {
        Found {
            requisites: self.requisites,
            base: self.base,
            left_out: self.left_out,
        }
    }

    /// Takes an address as it is written, if it is one.
    fn take(&mut self, written: &str, kind: Kind) {
        if let Some(url) = self.resolve(written) {
            self.put(url, kind);
        }
    }

    /// The address that is meant; `None` for what is none, or the text's own, which is noted.
    fn resolve(&mut self, written: &str) -> Option<Url> {
        let written = written.trim_matches(|c: char| c <= ' ');
        // What begins with a fragment stands in the text itself, whatever the base.
        if written.is_empty() || written.starts_with('#') {
            return None;
        }
        if has_scheme(written, "data:") {
            self.left_out.data += 1;
            return None;
        }
        let left_out = &mut self.left_out;
        match address::parse(written, Some(&self.base)) {
            Ok(mut url) => {
                url.set_fragment(None);
                return (url != self.own).then_some(url);
            }
            Err(Rejected::Scheme(scheme)) if scheme == "javascript" => left_out.scripts += 1,
            Err(Rejected::Scheme(_)) => left_out.schemes += 1,
            Err(Rejected::TooLong(_)) => left_out.too_long += 1,
            Err(Rejected::Unparsable(_) | Rejected::NoHost) => left_out.unparsable += 1,
        }
        None
    }

    fn put(&mut self, url: Url, kind: Kind) {
        let is_full = self.requisites.len() >= self.limits.requisites
            || self.address_bytes + url.as_str().len() > self.limits.address_bytes;
        match self.places.entry(url) {
            Entry::Occupied(entry) => {
                let known = &mut self.requisites[*entry.get()].kind;
                if leads_to(kind) > leads_to(*known) {
                    *known = kind;
                }
            }
            Entry::Vacant(_) if is_full => self.left_out.over_the_limit += 1,
            Entry::Vacant(entry) => {
                let url = entry.key().clone();
                self.address_bytes += url.as_str().len();
                entry.insert(self.requisites.len());
                self.requisites.push(Requisite { url, kind });
            }
        }
    }
}

/// How much more a requisite of this kind may lead to.
fn leads_to(kind: Kind) -> u8 {
    match kind {
        Kind::Style => 3,
        Kind::Frame => 2,
        Kind::Other => 0,
        _ => 1,
    }
}

/// Whether an address begins with a scheme (in lower case, with its colon).
fn has_scheme(written: &str, scheme: &str) -> bool {
    written
        .as_bytes()
        .get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
}
