//! A copy as one page that needs nothing else: what `export html` writes.
//!
//! What the page needs stands in it as `data:` addresses. A picture that is shown several times stands there once, as the value of
//! a variable of the style sheets. Scripts are gone, links lead where they led, and a policy at the head of the page forbids a
//! browser to ask anybody for anything.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use html_escape::{encode_double_quoted_attribute, encode_text};
use url::Url;

use super::kept::{Kept, Piece};
use crate::capture::requisites::Kind;
use crate::charset::{self, essence};
use crate::mhtml;
use crate::replay::{self, Places, data};
use crate::report::{one_line, rfc3339};
use crate::store::{StoreError, hex};

/// How deep style sheets and frames are followed.
const MOST_NESTED: usize = 8;
/// So many bytes of what a page needs are put into it, each as often as it has to stand there.
const MOST_BYTES: usize = 256 << 20;

/// What a browser that opens the page may do.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline' data:; font-src data:; media-src data:; \
                      frame-src data:; form-action 'none'; base-uri 'none'";

/// A page that was made of a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnePage {
    /// The page.
    pub html: String,
    /// How much of what the page needs is in it.
    pub pieces: usize,
    /// What the page asks for and is not kept.
    pub missing: usize,
}

/// Makes one page of a copy.
///
/// # Errors
///
/// Where the archive cannot be read.
pub fn one_page(kept: &Kept<'_>) -> Result<OnePage, StoreError> {
    let capture = kept.capture();
    let body = kept.body()?;
    let url = Url::parse(&capture.url).or_else(|_| Url::parse(&capture.source));
    let mut page = OnePage::default();
    let media_type = kept.media_type();
    let name = capture.title.as_deref().unwrap_or(&capture.url);
    let saved = media_type
        .is_some_and(mhtml::is_media_type)
        .then(|| mhtml::read(&body))
        .flatten();
    let shown = match saved {
        Some(_) => data::Shown::Page,
        None => data::Shown::of(media_type),
    };
    let html = match (shown, url) {
        (data::Shown::Page, Ok(mut url)) => {
            let decoded = match &saved {
                Some(saved) => {
                    if let Some(Ok(address)) = saved.address.as_deref().map(Url::parse) {
                        url = address;
                    }
                    charset::decode(&saved.page, saved.media_type.as_deref())
                }
                None => charset::decode(&body, media_type),
            };
            // Once to see what is shown several times, and once more to put each where it belongs.
            let counted = inlined(kept, &decoded.text, &url, None)?.1;
            let (html, done) = inlined(kept, &decoded.text, &url, Some(&counted.uses))?;
            page.pieces = done.taken.len();
            page.missing = done.missing.len();
            with_pictures(&html, &done.pictures)
        }
        (data::Shown::Picture, _) => {
            let media_type = media_type.map(essence).unwrap_or_default();
            data::picture(&address_of(&media_type, &body), name)
        }
        (data::Shown::Page | data::Shown::Saved, _) => {
            let kind = media_type.map_or_else(|| "application/octet-stream".to_owned(), essence);
            let what = format!("This copy is a file of the type {kind}.");
            data::saved(
                &address_of("application/octet-stream", &body),
                &file_name(&capture.url),
                &what,
            )
        }
        _ => data::page(
            &charset::decode(&body, media_type).text,
            shown,
            media_type,
            name,
        ),
    };
    page.html = signed(&html, kept);
    Ok(page)
}

/// The page with what it needs in it, and what that was; without `uses`, that is only counted.
fn inlined(
    kept: &Kept<'_>,
    text: &str,
    url: &Url,
    uses: Option<&Uses>,
) -> Result<(String, State), StoreError> {
    let inlining = Inlining {
        kept,
        uses,
        state: RefCell::default(),
    };
    let html = replay::page(text, url, &inlining);
    let mut done = inlining.state.into_inner();
    match done.failed.take() {
        Some(error) => Err(error),
        None => Ok((html, done)),
    }
}

/// What a file is called.
fn file_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path
        .rsplit('/')
        .find(|name| !name.is_empty())
        .unwrap_or("copy");
    one_line(name, 80)
}

fn address_of(media_type: &str, body: &[u8]) -> String {
    let mut address = format!("data:{media_type};base64,");
    STANDARD.encode_string(body, &mut address);
    address
}

/// The page, with where it comes from: in a comment at its head, and in a line below all else.
fn signed(html: &str, kept: &Kept<'_>) -> String {
    let capture = kept.capture();
    let url = one_line(&capture.url, 8192);
    let at = rfc3339(capture.at);
    let head = format!(
        "<!-- {} captured {at}, SHA-256 {}, kept by sourcekeep {} -->\
         <meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\
         <meta http-equiv=\"x-dns-prefetch-control\" content=\"off\"><meta name=\"referrer\" content=\"no-referrer\">",
        // Two hyphens could end a comment; the address means the same.
        url.replace("--", "-%2D").replace(['<', '>'], ""),
        hex(&capture.body.sha256),
        env!("CARGO_PKG_VERSION"),
    );
    let link = match Url::parse(&capture.url) {
        Ok(link) if matches!(link.scheme(), "http" | "https") => format!(
            "<a style=\"all:revert\" rel=\"noreferrer\" href=\"{}\">{}</a>",
            encode_double_quoted_attribute(link.as_str()),
            encode_text(&url)
        ),
        _ => encode_text(&url).into_owned(),
    };
    let foot = format!(
        "<div style=\"all:initial;display:block;clear:both;margin-top:2em;padding:.6em 1em;border-top:1px solid #999;\
         font:13px/1.4 sans-serif;color:#333;background:#fff\">A copy of {link}, captured {at}. Scripts were taken out.</div>"
    );
    let start = replay::head_of(html);
    let mut page = String::with_capacity(html.len() + head.len() + foot.len());
    page.push_str(&html[..start]);
    page.push_str(&head);
    page.push_str(&html[start..]);
    page.push_str(&foot);
    page
}

/// The page with the pictures that are shown several times.
fn with_pictures(html: &str, pictures: &[(String, String)]) -> String {
    if pictures.is_empty() {
        return html.to_owned();
    }
    let start = replay::head_of(html);
    let mut page = html[..start].to_owned();
    page.push_str("<style>:root{");
    for (name, address) in pictures {
        page.push_str(name);
        page.push_str(":url(\"");
        page.push_str(address);
        page.push_str("\");");
    }
    page.push_str("}</style>");
    page.push_str(&html[start..]);
    page
}

/// How often something is shown, by address.
type Uses = HashMap<String, u32>;

#[derive(Default)]
struct State {
    uses: Uses,
    /// Variables, and the addresses that are their values.
    pictures: Vec<(String, String)>,
    variables: HashMap<String, String>,
    taken: HashSet<String>,
    missing: HashSet<String>,
    /// Bytes that were put in.
    bytes: usize,
    /// The addresses of the style sheets and frames that are being written.
    open: Vec<String>,
    failed: Option<StoreError>,
}

struct Inlining<'k> {
    kept: &'k Kept<'k>,
    /// How often each picture is shown; none while that is counted.
    uses: Option<&'k Uses>,
    state: RefCell<State>,
}

impl Inlining<'_> {
    /// What is kept, if that is not too much.
    fn piece(&self, url: &Url, kind: Kind) -> Option<Piece> {
        let piece = match self.kept.pieces().piece(url, kind) {
            Ok(piece) => piece,
            Err(error) => {
                self.state.borrow_mut().failed.get_or_insert(error);
                None
            }
        };
        let mut state = self.state.borrow_mut();
        let has_room = |piece: &Piece| state.bytes + piece.body.len() <= MOST_BYTES;
        let piece = piece.filter(has_room);
        let address = url.as_str().to_owned();
        if let Some(piece) = &piece {
            state.bytes += piece.body.len();
            state.taken.insert(address);
        } else {
            state.missing.insert(address);
        }
        piece
    }

    /// What stands in the same file as the page.
    fn of_file(&self, id: &str, kind: Kind, places: &dyn Places) -> Option<String> {
        if self.uses.is_none() && kind != Kind::Style {
            return None;
        }
        let piece = match self.kept.pieces().part(id) {
            Ok(piece) => piece?,
            Err(error) => {
                self.state.borrow_mut().failed.get_or_insert(error);
                return None;
            }
        };
        {
            let mut state = self.state.borrow_mut();
            if state.bytes + piece.body.len() > MOST_BYTES {
                return None;
            }
            state.bytes += piece.body.len();
            state.taken.insert(id.to_owned());
        }
        self.written(&piece, kind, places)
    }

    /// Writes something in which more is named; `None` where it stands within itself, or too deep.
    fn nested(&self, url: &Url, write: impl FnOnce() -> String) -> Option<String> {
        {
            let mut state = self.state.borrow_mut();
            let address = url.as_str();
            if state.open.len() >= MOST_NESTED || state.open.iter().any(|open| open == address) {
                return None;
            }
            state.open.push(address.to_owned());
        }
        let written = write();
        self.state.borrow_mut().open.pop();
        Some(written)
    }

    fn style(&self, piece: &Piece, places: &dyn Places) -> Option<String> {
        let text = charset::decode(&piece.body, piece.media_type.as_deref()).text;
        let css = self.nested(&piece.url, || {
            replay::style_sheet(&text, &piece.url, places).into_owned()
        })?;
        Some(address_of("text/css;charset=utf-8", css.as_bytes()))
    }

    /// What stands in a frame is a page of its own, without the variables of this one.
    fn frame(&self, piece: &Piece) -> Option<String> {
        let media_type = piece.media_type.as_deref();
        match data::Shown::of(media_type) {
            data::Shown::Page => {}
            data::Shown::Picture => return Some(picture_address(piece)),
            data::Shown::Saved => return None,
            shown => {
                let text = charset::decode(&piece.body, media_type).text;
                let html = data::page(&text, shown, media_type, &file_name(piece.url.as_str()));
                return Some(address_of("text/html;charset=utf-8", html.as_bytes()));
            }
        }
        let text = charset::decode(&piece.body, media_type).text;
        let html = self.nested(&piece.url, || {
            replay::page(&text, &piece.url, &InFrame(self))
        })?;
        Some(address_of("text/html;charset=utf-8", html.as_bytes()))
    }

    fn shown(&self, url: &Url, kind: Kind, places: &dyn Places) -> Option<String> {
        // While it is counted, only what names more is looked into.
        if self.uses.is_none() && kind != Kind::Style {
            return None;
        }
        let piece = self.piece(url, kind)?;
        self.written(&piece, kind, places)
    }

    fn written(&self, piece: &Piece, kind: Kind, places: &dyn Places) -> Option<String> {
        match kind {
            Kind::Style => self.style(piece, places),
            Kind::Frame => self.frame(piece),
            Kind::Image | Kind::Icon => Some(picture_address(piece)),
            Kind::Font | Kind::Media | Kind::Script | Kind::Download | Kind::Other => {
                let media_type = data::plain_type(piece.media_type.as_deref());
                Some(address_of(&media_type, &piece.body))
            }
        }
    }
}

/// A picture, as an address.
fn picture_address(piece: &Piece) -> String {
    let media_type = data::picture_type(piece.media_type.as_deref(), &piece.body);
    address_of(&media_type, &piece.body)
}

/// What stands in the place of something that is not kept.
fn placeholder(kind: Kind) -> &'static str {
    match kind {
        Kind::Image | Kind::Icon => {
            "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/%3E"
        }
        Kind::Style => "data:text/css,",
        Kind::Frame => "data:text/html,%3Cp%3ENot kept.",
        _ => "data:,",
    }
}

impl Places for Inlining<'_> {
    fn holds(&self, url: &Url) -> bool {
        self.kept.pieces().holds(url).unwrap_or_else(|error| {
            self.state.borrow_mut().failed.get_or_insert(error);
            false
        })
    }

    fn requisite(&self, url: &Url, kind: Kind) -> String {
        if kind == Kind::Image {
            let mut state = self.state.borrow_mut();
            *state.uses.entry(url.as_str().to_owned()).or_default() += 1;
        }
        self.shown(url, kind, self)
            .unwrap_or_else(|| placeholder(kind).to_owned())
    }

    fn part(&self, id: &str, kind: Kind) -> Option<String> {
        self.of_file(id, kind, self)
    }

    fn variable(&self, url: &Url) -> Option<String> {
        if *self.uses?.get(url.as_str())? < 2 {
            return None;
        }
        if let Some(name) = self.state.borrow().variables.get(url.as_str()) {
            return Some(name.clone());
        }
        let address = self.shown(url, Kind::Image, self)?;
        let mut state = self.state.borrow_mut();
        let name = format!("--sourcekeep-{}", state.pictures.len() + 1);
        state.pictures.push((name.clone(), address));
        state
            .variables
            .insert(url.as_str().to_owned(), name.clone());
        Some(name)
    }

    fn drawing(&self, url: &Url) -> Option<String> {
        let piece = self.piece(url, Kind::Image)?;
        let text = charset::decode(&piece.body, piece.media_type.as_deref()).text;
        Some(text.into_owned())
    }

    fn page(&self, url: &Url) -> String {
        url.as_str().to_owned()
    }
}

/// A page within the page.
struct InFrame<'k>(&'k Inlining<'k>);

impl Places for InFrame<'_> {
    fn holds(&self, url: &Url) -> bool {
        self.0.holds(url)
    }

    fn requisite(&self, url: &Url, kind: Kind) -> String {
        self.0
            .shown(url, kind, self)
            .unwrap_or_else(|| placeholder(kind).to_owned())
    }

    fn part(&self, id: &str, kind: Kind) -> Option<String> {
        self.0.of_file(id, kind, self)
    }

    fn drawing(&self, url: &Url) -> Option<String> {
        self.0.drawing(url)
    }

    fn page(&self, url: &Url) -> String {
        self.0.page(url)
    }
}
