//! What becomes of each element and each attribute of a page.

use std::borrow::Cow;

use html_escape::decode_html_entities;
use url::Url;

use super::{Address, Places, address, css, requisite};
use crate::capture::requisites::{self, Kind, Late, srcset};

/// An element, as it is written.
pub(super) struct Given<'e> {
    /// Its name, in lower case.
    pub(super) name: &'e str,
    /// Its attributes: names in lower case, values as written.
    pub(super) attributes: &'e [(String, String)],
    /// What addresses are relative to.
    pub(super) base: &'e Url,
    /// Where things are shown.
    pub(super) places: &'e dyn Places,
}

/// What becomes of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It stays.
    Stays,
    /// It goes, with all that is in it.
    Goes,
    /// It goes, and what is in it stays.
    LeavesContent,
    /// A picture stands in its place, with its attributes and without what is in it.
    Picture,
}

/// What becomes of an attribute.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It stays as it is written.
    Stays,
    /// It goes.
    Goes,
    /// It becomes this.
    To(String),
    /// It holds a page, which is to be rewritten.
    Page(String),
}

/// What a `meta` may say in the name of the server.
const META_MAY_SAY: &[&str] = &[
    "content-type",
    "content-language",
    "x-ua-compatible",
    "default-style",
];

/// What a `link` may be that asks for something.
const LINKS_SHOWN: &[&str] = &["stylesheet"];
const LINKS_ICONS: &[&str] = &[
    "icon",
    "apple-touch-icon",
    "apple-touch-icon-precomposed",
    "mask-icon",
    "fluid-icon",
];
/// What a `link` may be that asks for nothing.
const LINKS_SAYING: &[&str] = &[
    "alternate",
    "author",
    "bookmark",
    "canonical",
    "first",
    "help",
    "last",
    "license",
    "me",
    "next",
    "prev",
    "previous",
    "shortlink",
    "start",
    "tag",
    "up",
];

/// An element has so many attributes at most: looking for each among all takes time that grows with the square of that.
pub(super) const MOST_ATTRIBUTES: usize = 500;
/// A list of sizes has so many candidates at most.
const MOST_CANDIDATES: usize = 200;

/// Attributes that only tell a browser what to ask for, whom to tell, or what to trust; in order.
pub(super) const NEVER: &[&str] = &[
    "action",
    "allow",
    "allowfullscreen",
    "archive",
    "attributionsrc",
    "autofocus",
    "autoplay",
    "classid",
    "codebase",
    "crossorigin",
    "csp",
    "download",
    "fetchpriority",
    "formaction",
    "formtarget",
    "imagesizes",
    "imagesrcset",
    "integrity",
    "is",
    "itemid",
    "longdesc",
    "manifest",
    "method",
    "nonce",
    "ping",
    "popovertarget",
    "profile",
    "referrerpolicy",
    "sandbox",
    "target",
    "xml:base",
];

impl Given<'_> {
    fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        let found = self.attributes.iter().find(|(own, _)| own == name);
        found.map(|(_, written)| decode_html_entities(written))
    }

    fn has_word(&self, attribute: &str, words: &[&str]) -> bool {
        self.value(attribute).is_some_and(|value| {
            let mut own = value.split_ascii_whitespace();
            own.any(|own| words.iter().any(|word| own.eq_ignore_ascii_case(word)))
        })
    }
}

/// What becomes of an element.
pub(super) fn fate(given: &Given<'_>) -> Fate {
    if given.attributes.len() > MOST_ATTRIBUTES {
        return Fate::LeavesContent;
    }
    match given.name {
        // What it shows takes room, also where it is not shown.
        "embed" if given.value("src").is_some() || given.value("type").is_some() => Fate::Picture,
        "script" | "base" | "embed" | "param" | "portal" | "fencedframe" | "import" | "bgsound" => {
            Fate::Goes
        }
        "object" if embedded(given).is_some() => Fate::Picture,
        "object" | "applet" => Fate::LeavesContent,
        "meta" if given.value("http-equiv").is_some() => {
            if given.has_word("http-equiv", META_MAY_SAY) {
                Fate::Stays
            } else {
                Fate::Goes
            }
        }
        "meta" => {
            if given.has_word("name", &["referrer"]) {
                Fate::Goes
            } else {
                Fate::Stays
            }
        }
        "link" => {
            let groups = [LINKS_SHOWN, LINKS_ICONS, LINKS_SAYING];
            let is_known = groups.iter().any(|group| given.has_word("rel", group));
            let asks = [
                "preload",
                "modulepreload",
                "prefetch",
                "preconnect",
                "dns-prefetch",
                "prerender",
                "manifest",
            ];
            if is_known && !given.has_word("rel", &asks) {
                Fate::Stays
            } else {
                Fate::Goes
            }
        }
        // What changes while it is shown could become what was taken away.
        "set" | "animate" | "animatetransform" | "animatemotion" | "handler" | "listener" => {
            let of = given.value("attributename").unwrap_or_default();
            let of = of.trim().to_ascii_lowercase();
            let is_safe =
                !of.starts_with("on") && !of.ends_with("href") && of != "style" && of != "src";
            if is_safe && !matches!(given.name, "handler" | "listener") {
                Fate::Stays
            } else {
                Fate::Goes
            }
        }
        _ => Fate::Stays,
    }
}

/// What becomes of an attribute of an element that stays.
pub(super) fn change(given: &Given<'_>, name: &str, written: &str) -> Change {
    if name.starts_with("on") || NEVER.binary_search(&name).is_ok() {
        return Change::Goes;
    }
    match name {
        "href" | "xlink:href" => href(given, written),
        "src" => of_requisite(given, written, source(given.name, given)),
        "poster" | "background" | "lowsrc" | "dynsrc" => of_requisite(given, written, Kind::Image),
        "data" if given.name != "data" => Change::Goes,
        "srcset" => list(given, written),
        "srcdoc" => Change::Page(decode_html_entities(written).into_owned()),
        "cite" => link(given, written),
        "charset" if given.name == "meta" => Change::To("utf-8".to_owned()),
        "content" if given.name == "meta" && given.has_word("http-equiv", &["content-type"]) => {
            Change::To("text/html; charset=utf-8".to_owned())
        }
        // Of drawings, all but the first may name a part of another file.
        "style" | "fill" | "stroke" | "filter" | "mask" | "clip-path" | "cursor" | "marker"
        | "marker-start" | "marker-mid" | "marker-end" => style(given, written),
        // Of drawings that are animated.
        "to" | "from" | "by" | "values" if written.contains(':') => Change::Goes,
        _ => Change::Stays,
    }
}

/// A picture without anything to see, for one whose content a style gives.
const BLANK: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E";

/// The picture in the place of an element that shows something of any kind: that one, where it is a picture and kept; else as much room.
pub(super) fn picture(given: &Given<'_>) -> String {
    embedded(given).unwrap_or_else(|| BLANK.to_owned())
}

/// The address of what an element shows, where that is a picture and kept.
fn embedded(given: &Given<'_>) -> Option<String> {
    let written = given.value(if given.name == "object" {
        "data"
    } else {
        "src"
    })?;
    let media_type = given.value("type").unwrap_or_default();
    let media_type = media_type.trim();
    let is_picture = match media_type.get(..6) {
        Some(class) => class.eq_ignore_ascii_case("image/"),
        None => media_type.is_empty() && requisites::has_picture_extension(&written),
    };
    match address(&written, given.base) {
        Address::Web(url, _) if is_picture && given.places.holds(&url) => {
            requisite(&written, Kind::Image, given.base, given.places)
        }
        _ => None,
    }
}

/// Of a picture that stands on the page already, as the value of a variable: its `src`, and the style that shows it.
pub(super) fn held_by_a_variable(given: &Given<'_>) -> Option<(&'static str, String)> {
    if given.name != "img" {
        return None;
    }
    let variable = super::variable(&given.value("src")?, given.base, given.places)?;
    let own = given.value("style").unwrap_or_default();
    let own = css::declarations(&own, given.base, given.places);
    let own = own.trim().trim_end_matches(';');
    let between = if own.is_empty() { "" } else { ";" };
    let style = format!("{own}{between}content:var({variable})!important");
    Some((BLANK, style))
}

/// What a script would have shown late, as attributes to be set: of a picture or a frame that shows nothing yet, what is kept of what
/// it would show. `is_shown` says whether the page shows an address elsewhere, for those without scripts.
pub(super) fn late(
    given: &Given<'_>,
    is_shown: impl Fn(&str) -> bool,
) -> Vec<(&'static str, String)> {
    let mut set = Vec::new();
    if !matches!(given.name, "img" | "iframe" | "source") {
        return set;
    }
    let named = |wanted: Late| {
        let mut all = given.attributes.iter();
        let found = all.find(|(name, _)| requisites::late(name) == Some(wanted))?;
        Some(found.1.as_str())
    };
    let (one, list_of_them) = (named(Late::Address), named(Late::List));
    if one.is_none() && list_of_them.is_none() {
        return set;
    }
    let value = one.map(decode_html_entities).unwrap_or_default();
    if is_shown(value.trim()) || !shows_nothing(given) {
        return set;
    }
    let kind = source(given.name, given);
    if let Address::Web(url, fragment) = address(&value, given.base)
        && one.is_some()
        && given.places.holds(&url)
    {
        set.push(("src", given.places.requisite(&url, kind) + &fragment));
    }
    match list_of_them.map(|written| list(given, written)) {
        Some(Change::To(shown)) => set.push(("srcset", shown)),
        // What stands there is a picture of nothing, and would be shown first.
        _ if !set.is_empty() && given.value("srcset").is_some() => {
            set.push(("srcset", String::new()));
        }
        _ => {}
    }
    set
}

/// Whether what an element shows at first is a picture of nothing, or is not kept.
fn shows_nothing(given: &Given<'_>) -> bool {
    let is_nothing = |written: &str| match address(written, given.base) {
        Address::Web(url, _) => !given.places.holds(&url),
        _ => true,
    };
    let src = given.value("src").unwrap_or_default();
    let srcset = given.value("srcset").unwrap_or_default();
    let candidates = srcset::written(&srcset).take(MOST_CANDIDATES);
    (src.trim().is_empty() || is_nothing(&src)) && candidates.map(|(one, _)| one).all(is_nothing)
}

/// What the `src` of an element is needed for.
fn source(element: &str, given: &Given<'_>) -> Kind {
    match element {
        "iframe" | "frame" => Kind::Frame,
        "video" | "audio" | "track" => Kind::Media,
        "source" if given.value("srcset").is_none() => Kind::Media,
        _ => Kind::Image,
    }
}

fn to(written: &str, shown: Option<String>) -> Change {
    match shown {
        Some(shown) if shown == written => Change::Stays,
        Some(shown) => Change::To(shown),
        None => Change::Goes,
    }
}

fn of_requisite(given: &Given<'_>, written: &str, kind: Kind) -> Change {
    let value = decode_html_entities(written);
    if value.trim().is_empty()
        || kind == Kind::Frame && value.trim().eq_ignore_ascii_case("about:blank")
    {
        return Change::Stays;
    }
    to(written, requisite(&value, kind, given.base, given.places))
}

fn link(given: &Given<'_>, written: &str) -> Change {
    let value = decode_html_entities(written);
    let shown = match address(&value, given.base) {
        Address::Web(url, fragment) => Some(given.places.page(&url) + &fragment),
        Address::Within => return Change::Stays,
        Address::Data | Address::Part(_) | Address::Other => None,
    };
    to(written, shown)
}

fn href(given: &Given<'_>, written: &str) -> Change {
    match given.name {
        "link" if given.has_word("rel", LINKS_SHOWN) => of_requisite(given, written, Kind::Style),
        "link" if given.has_word("rel", LINKS_ICONS) => of_requisite(given, written, Kind::Icon),
        "image" | "use" | "feimage" | "pattern" | "lineargradient" | "radialgradient" | "mpath"
        | "textpath" | "filter" | "tref" | "glyphref" | "cursor" => {
            of_requisite(given, written, Kind::Image)
        }
        _ => link(given, written),
    }
}

/// A list of sizes, without those that are not kept: a browser takes one of them and asks for no other.
fn list(given: &Given<'_>, written: &str) -> Change {
    let value = decode_html_entities(written);
    let mut shown = String::new();
    for (candidate, descriptors) in srcset::written(&value).take(MOST_CANDIDATES) {
        let address = match address(candidate, given.base) {
            Address::Web(url, fragment) if given.places.holds(&url) => {
                given.places.requisite(&url, Kind::Image) + &fragment
            }
            Address::Data => candidate.to_owned(),
            Address::Part(id) => match given.places.part(&id, Kind::Image) {
                Some(shown) => shown,
                None => continue,
            },
            _ => continue,
        };
        if !shown.is_empty() {
            shown.push_str(", ");
        }
        shown.push_str(&address);
        shown.push(' ');
        shown.push_str(descriptors.trim());
    }
    if shown.is_empty() {
        Change::Goes
    } else {
        Change::To(shown.trim_end().to_owned())
    }
}

fn style(given: &Given<'_>, written: &str) -> Change {
    if !written.contains(['(', '&', '\\']) {
        return Change::Stays;
    }
    let value = decode_html_entities(written);
    match css::declarations(&value, given.base, given.places) {
        Cow::Borrowed(_) => Change::Stays,
        Cow::Owned(shown) => Change::To(shown),
    }
}
