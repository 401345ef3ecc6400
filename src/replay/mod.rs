//! A stored copy as a page that is safe to look at.
//!
//! Pure: a text and the places of what it refers to go in, another text comes out. Stored bytes are never touched. What a copy
//! needs is addressed where it is kept, links lead to other copies, and everything that could run, leave or ask somebody else is
//! gone: scripts, event handlers, addresses that are scripts, forms' targets, hints to fetch, policies of the page.
//!
//! Whoever shows the result sends it under a policy that forbids the same once more (`Content-Security-Policy`): neither of the two
//! is trusted alone. A browser may read markup differently from us, and a policy may have a hole.
//!
//! Rewriting is streaming, takes time that is linear in the text, and follows no nesting by recursion but pages that stand in an
//! attribute (`srcdoc`), to [`FRAMES_WITHIN`].

mod css;
pub mod data;
mod elements;
mod html;
mod sprites;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use url::Url;

use crate::capture::requisites::Kind;

/// How deep pages within the attributes of pages are shown; what is deeper is left empty.
pub const FRAMES_WITHIN: usize = 3;

/// Where the parts of an archive are shown.
pub trait Places {
    /// Whether what is at an address is kept.
    fn holds(&self, url: &Url) -> bool;

    /// The address under which a requisite is shown; of one that is not kept, the address of what stands in its place.
    fn requisite(&self, url: &Url, kind: Kind) -> String;

    /// The address under which something is shown that stands in the same file as the page, by its id (`cid:…`); `None` where it
    /// cannot be shown.
    fn part(&self, _id: &str, _kind: Kind) -> Option<String> {
        None
    }

    /// The name of the variable (`--x`) that holds a picture for styles, where it stands on the page already.
    fn variable(&self, _url: &Url) -> Option<String> {
        None
    }

    /// The text of a drawing, of which the page shows a part; `None` where it is not kept.
    fn drawing(&self, _url: &Url) -> Option<String> {
        None
    }

    /// The address that a link to a page leads to.
    fn page(&self, url: &Url) -> String;
}

/// A page that was at `url`, for showing. It is taken for HTML, and needs no more than a browser that knows no scripts.
pub fn page(html: &str, url: &Url, places: &dyn Places) -> String {
    html::page(html, url, places, 0)
}

/// Where something can be put in at the head of a page, in bytes: behind what says which HTML it is.
pub fn head_of(html: &str) -> usize {
    let mut rest = html;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let end = if let Some(comment) = rest.strip_prefix("<!--") {
            comment.find("-->").map(|end| 4 + end + 3)
        } else if rest.starts_with("<?") {
            rest.find('>').map(|end| end + 1)
        } else {
            let is_doctype = rest
                .get(..9)
                .is_some_and(|start| start.eq_ignore_ascii_case("<!doctype"));
            let end = rest.find('>').filter(|_| is_doctype);
            return end.map_or(0, |end| html.len() - rest.len() + end + 1);
        };
        match end {
            Some(end) => rest = &rest[end..],
            None => return 0,
        }
    }
}

/// A style sheet that was at `url`, for showing.
pub fn style_sheet<'t>(css: &'t str, url: &Url, places: &dyn Places) -> Cow<'t, str> {
    css::sheet(css, url, places)
}

/// What an address that stands in a page or a style sheet refers to.
enum Address {
    /// Something on the web, and its fragment, with `#`.
    Web(Url, String),
    /// Something in the same text.
    Within,
    /// What it refers to stands in the address.
    Data,
    /// Something in the same file, by its id.
    Part(String),
    /// Anything else: scripts, files, what only the browser has.
    Other,
}

/// Reads an address as a browser does.
fn address(written: &str, base: &Url) -> Address {
    let written = written.trim_matches(|c: char| c <= ' ');
    if written.starts_with('#') {
        return Address::Within;
    }
    let Ok(mut url) = base.join(written) else {
        return Address::Other;
    };
    match url.scheme() {
        "http" | "https" if url.host().is_some() => {
            let fragment = match url.fragment() {
                Some(fragment) => format!("#{fragment}"),
                None => String::new(),
            };
            url.set_fragment(None);
            // Neither fails where there is a host. What names a user is no part of what was asked for.
            if !url.username().is_empty() || url.password().is_some() {
                let _ = url.set_username("");
                let _ = url.set_password(None);
            }
            Address::Web(url, fragment)
        }
        "data" => Address::Data,
        "cid" => Address::Part(url.into()),
        _ => Address::Other,
    }
}

/// The address under which a requisite is shown; `None` where it cannot be shown at all.
///
/// Data in addresses stays, where a browser takes it for nothing but what it is: a page in a frame is none of these.
fn requisite(written: &str, kind: Kind, base: &Url, places: &dyn Places) -> Option<String> {
    match address(written, base) {
        Address::Web(url, fragment) => Some(places.requisite(&url, kind) + &fragment),
        Address::Within => Some(written.to_owned()),
        // Browsers follow what stands in it.
        Address::Data if kind == Kind::Style => css::in_address(written, base, places),
        Address::Data if kind != Kind::Frame && kind != Kind::Other => Some(written.to_owned()),
        Address::Part(id) => places.part(&id, kind),
        Address::Data | Address::Other => None,
    }
}

/// The variable that holds a picture.
fn variable(written: &str, base: &Url, places: &dyn Places) -> Option<String> {
    match address(written, base) {
        Address::Web(url, _) => places.variable(&url),
        _ => None,
    }
}
