//! The second listener: copies, rewritten as they are read, and what they need.

use std::cell::RefCell;
use std::collections::HashMap;

use askama::Template;
use axum::http::StatusCode;
use url::Url;

use super::answer::{Answer, Policy};
use super::copies::{Found, find};
use super::place::{Form, Place, When};
use super::view::{self, Offer};
use super::{Asked, Site};
use crate::capture::requisites::Kind;
use crate::charset;
use crate::mhtml;
use crate::replay::{self, Places, data};
use crate::report::{bytes, one_line};
use crate::run::{Kept, Piece, Pieces, text_of};
use crate::store::{Store, StoreError};

/// What a page of somebody else's is told that asks for parts of copies.
const REFUSED: &str = "only a copy that is shown may ask for this";

/// Whatever stands behind `/web/`.
pub(super) fn place(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let Some(place) = Place::parse(asked.place()) else {
        return Ok(view::not_an_address(Policy::Inside));
    };
    let is_part = !matches!(
        place.form,
        Form::Shown | Form::Bytes | Form::Text | Form::Link
    );
    if asked.is_of_others && !asked.has_key && (is_part || !asked.is_opened) {
        return Ok(Answer::words(StatusCode::FORBIDDEN, REFUSED));
    }
    match place.form {
        Form::Shown | Form::Bytes | Form::Text => copy(site, asked, &place),
        Form::Link => link(site, asked, &place),
        Form::Picture => {
            let picture = piece(site, asked, &place)?;
            let is_drawing = &*picture.media_type == "image/svg+xml";
            // Opened on its own, a drawing is a page, whose frames are connected to before the policy forbids them.
            if is_drawing && asked.is_navigated {
                let when = When::with_key(&place, &asked.who.key);
                let path = when.path(Form::Picture, &place.address);
                let html = data::picture(&path, &place.address);
                return Ok(Answer::page(Policy::Inside, html));
            }
            Ok(picture)
        }
        Form::Style | Form::Script | Form::Frame | Form::Object => piece(site, asked, &place),
    }
}

fn copy(site: &Site, asked: &Asked, place: &Place) -> Result<Answer, StoreError> {
    let store = &*site.store;
    match find(store, place, site.clock.now())? {
        Found::Copy(_, row) => {
            let Some(kept) = Kept::of(store, row.id)? else {
                return Ok(view::not_an_address(Policy::Inside).with(StatusCode::GONE));
            };
            match place.form {
                Form::Bytes => stored(store, &kept),
                Form::Text => text(&kept),
                _ => shown(asked, &kept, false),
            }
        }
        Found::Elsewhere(when, address, _) => {
            Ok(Answer::elsewhere(when.path(place.form, &address)))
        }
        found => {
            let ui = site.ui.beside(&site.replay, &asked.host);
            Ok(view::absent(Policy::Inside, &ui, place, &found))
        }
    }
}

/// The bytes of a copy as they are stored, to be saved.
fn stored(store: &Store, kept: &Kept<'_>) -> Result<Answer, StoreError> {
    let capture = kept.capture();
    let body = store.read("read a copy", |r| r.capture_body(capture.id))?;
    let declared = data::plain_type(capture.media_type.as_deref());
    // What a browser would make a page of is only bytes; everything else may be played or shown where it was saved.
    let is_inert = matches!(
        declared.split('/').next(),
        Some("image" | "audio" | "video" | "font")
    ) && declared != "image/svg+xml"
        || matches!(
            declared.as_str(),
            "text/plain" | "text/csv" | "application/pdf" | "application/json"
        );
    let media_type = if is_inert {
        declared.as_str()
    } else {
        "application/octet-stream"
    };
    let mut answer = Answer::of(Policy::Bytes, media_type, body.unwrap_or_default());
    answer.save_as = Some(file_name(&capture.url, &declared));
    Ok(answer)
}

/// The name under which a copy is saved: the last part of its address.
fn file_name(url: &str, media_type: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, path)| path);
    let name = path
        .rsplit('/')
        .find(|part| !part.is_empty())
        .unwrap_or("copy");
    let name = one_line(name, 80);
    let ending = match media_type {
        "text/html" | "application/xhtml+xml" => ".html",
        "application/pdf" => ".pdf",
        "multipart/related" | "message/rfc822" => ".mhtml",
        _ => "",
    };
    let has_ending = name.to_ascii_lowercase().ends_with(ending);
    if has_ending { name } else { name + ending }
}

/// The text of a copy, as it is searched and compared.
fn text(kept: &Kept<'_>) -> Result<Answer, StoreError> {
    let capture = kept.capture();
    let body = kept.body()?;
    let url = Url::parse(&capture.url).or_else(|_| Url::parse(&capture.source));
    let text = url
        .ok()
        .and_then(|url| text_of(&body, kept.media_type(), &url))
        .map_or_else(|| "There is no text in it.".to_owned(), |text| text.whole);
    let name = capture.title.as_deref().unwrap_or(&capture.url);
    let html = data::page(&text, data::Shown::Text, None, name);
    Ok(Answer::page(Policy::Copy, html))
}

/// A copy as a page.
fn shown(asked: &Asked, kept: &Kept<'_>, is_framed: bool) -> Result<Answer, StoreError> {
    let capture = kept.capture();
    let body = kept.body()?;
    let media_type = kept.media_type();
    let when = When::of_parts(capture.at, capture.id, &asked.who.key);
    let policy = if is_framed {
        Policy::Framed
    } else {
        Policy::Copy
    };
    let saved = media_type
        .is_some_and(mhtml::is_media_type)
        .then(|| mhtml::read(&body))
        .flatten();
    let url = Url::parse(&capture.url).or_else(|_| Url::parse(&capture.source));
    let named = saved.as_ref().and_then(|saved| saved.address.as_deref());
    let url = named
        .and_then(|address| Url::parse(address).ok())
        .or(url.ok());
    let (page, declared) = match &saved {
        Some(saved) => (&*saved.page, saved.media_type.as_deref()),
        None => (&*body, media_type),
    };
    let way = match &saved {
        Some(_) => data::Shown::Page,
        None => data::Shown::of(media_type),
    };
    let name = capture.title.as_deref().unwrap_or(&capture.url);
    match (way, url) {
        (data::Shown::Page, Some(url)) => {
            let text = charset::decode(page, declared).text;
            let within = Within::new(kept.pieces(), when, url, is_framed);
            let html = replay::page(&text, &within.own, &within);
            within.done(html).map(|html| Answer::page(policy, html))
        }
        (data::Shown::Picture, _) => {
            let address = when.path(Form::Picture, &capture.source);
            Ok(Answer::page(policy, data::picture(&address, name)))
        }
        (data::Shown::Page | data::Shown::Saved, _) => Ok(offered(kept, &when)),
        (way, _) => {
            let text = charset::decode(&body, media_type).text;
            Ok(Answer::page(
                policy,
                data::page(&text, way, media_type, name),
            ))
        }
    }
}

/// A page of ours in the place of a copy that cannot be shown: what it is, and how to have it.
fn offered(kept: &Kept<'_>, when: &When) -> Answer {
    let capture = kept.capture();
    let own = When::copy(capture.at, capture.id);
    let media_type = data::plain_type(capture.media_type.as_deref());
    let class = media_type.split('/').next().unwrap_or_default();
    let object = when.path(Form::Object, &capture.source);
    let offer = Offer {
        what: match media_type.as_str() {
            "application/pdf" => "a PDF".to_owned(),
            other => format!("a file of the type {other}"),
        },
        size: bytes(capture.body.size),
        is_pdf: media_type == "application/pdf",
        save: own.path(Form::Bytes, &capture.source),
        text: own.path(Form::Text, &capture.source),
        video: (class == "video").then(|| object.clone()),
        audio: (class == "audio").then_some(object),
    };
    Answer::page(Policy::Inside, offer.render().unwrap_or_default())
}

/// Where a link of a copy leads: a page of ours, which the copy itself could not show.
fn link(site: &Site, asked: &Asked, place: &Place) -> Result<Answer, StoreError> {
    let found = find(&site.store, place, site.clock.now())?;
    let ui = site.ui.beside(&site.replay, &asked.host);
    Ok(view::way(&ui, place, &found))
}

/// What a page needs.
fn piece(site: &Site, asked: &Asked, place: &Place) -> Result<Answer, StoreError> {
    let store = &*site.store;
    if is_down(site, place)? {
        return Ok(missing(place));
    }
    let kept = match place.copy {
        Some(id) => Kept::of(store, id)?,
        None => None,
    };
    let near;
    let pieces = if let Some(kept) = &kept {
        kept.pieces()
    } else {
        near = Pieces::near(store, place.instant().unwrap_or(i64::MAX / 2))?;
        &near
    };
    let Some(url) = place.url() else {
        return match pieces.part(&place.address)? {
            Some(part) => of_piece(asked, pieces, place, part),
            None => Ok(missing(place)),
        };
    };
    match pieces.brought(&url)? {
        Some(piece) => of_piece(asked, pieces, place, piece),
        // It may be a source of its own.
        None => match of_source(site, place, kept)? {
            Some(kept) if place.form == Form::Frame => shown(asked, &kept, true),
            Some(kept) => {
                let piece = Piece {
                    url,
                    media_type: kept.media_type().map(str::to_owned),
                    body: kept.body()?,
                };
                of_piece(asked, kept.pieces(), place, piece)
            }
            None => Ok(missing(place)),
        },
    }
}

/// Whether what a page needs is, or is part of, a source whose copies are not shown any more.
fn is_down(site: &Site, place: &Place) -> Result<bool, StoreError> {
    let names = place.sources();
    site.store.read("see what may be shown", |r| {
        if !r.has_takedowns()? {
            return Ok(false);
        }
        let of = match place.copy {
            Some(id) => r.source_of_capture(id)?,
            None => None,
        };
        if let Some(id) = of
            && r.takedown_of(id)?.is_some()
        {
            return Ok(true);
        }
        for name in &names {
            if let Some(id) = r.source_id(name)?
                && r.takedown_of(id)?.is_some()
            {
                return Ok(true);
            }
        }
        Ok(false)
    })
}

/// The copy of a source that is asked for as part of a page: the one it is asked for of, or the nearest.
fn of_source<'s>(
    site: &'s Site,
    place: &Place,
    asked_of: Option<Kept<'s>>,
) -> Result<Option<Kept<'s>>, StoreError> {
    let names = place.sources();
    if let Some(kept) = asked_of
        && names.contains(&kept.capture().source)
    {
        return Ok(Some(kept));
    }
    for name in &names {
        if let Some(kept) = Kept::nearest(&site.store, name, place.instant())? {
            return Ok(Some(kept));
        }
    }
    Ok(None)
}

fn of_piece(
    asked: &Asked,
    pieces: &Pieces<'_>,
    place: &Place,
    piece: Piece,
) -> Result<Answer, StoreError> {
    let declared = piece.media_type.as_deref();
    let within = |own: Url| {
        let when = match (place.copy, place.instant()) {
            (Some(id), Some(at)) => When::of_parts(at, id, &asked.who.key),
            _ => When::of(place),
        };
        Within::new(pieces, when, own, true)
    };
    match place.form {
        Form::Style => {
            let text = charset::decode(&piece.body, declared).text.into_owned();
            let within = within(piece.url);
            let css = replay::style_sheet(&text, &within.own, &within).into_owned();
            let css = within.done(css)?;
            Ok(Answer::of(Policy::Piece, "text/css; charset=utf-8", css))
        }
        Form::Picture => {
            let media_type = data::picture_type(declared, &piece.body);
            Ok(Answer::of(Policy::Piece, &media_type, piece.body))
        }
        Form::Script => {
            // Nothing asks for it but who wants to read it.
            let text = charset::decode(&piece.body, declared).text.into_owned();
            Ok(Answer::of(Policy::Piece, "text/plain; charset=utf-8", text))
        }
        Form::Frame => match data::Shown::of(declared) {
            data::Shown::Page => {
                let text = charset::decode(&piece.body, declared).text.into_owned();
                let within = within(piece.url);
                let html = replay::page(&text, &within.own, &within);
                let html = within.done(html)?;
                Ok(Answer::page(Policy::Framed, html))
            }
            data::Shown::Picture => {
                let path = within(piece.url.clone()).requisite(&piece.url, Kind::Image);
                let html = data::picture(&path, piece.url.as_str());
                Ok(Answer::page(Policy::Framed, html))
            }
            data::Shown::Saved => Ok(missing(place)),
            way => {
                let text = charset::decode(&piece.body, declared).text;
                let html = data::page(&text, way, declared, piece.url.as_str());
                Ok(Answer::page(Policy::Framed, html))
            }
        },
        _ => {
            let media_type = data::plain_type(declared);
            let is_object = matches!(
                media_type.split('/').next(),
                Some("audio" | "video" | "font")
            ) || media_type.contains("font")
                || media_type == "text/vtt";
            let media_type = if is_object {
                media_type.as_str()
            } else {
                "application/octet-stream"
            };
            Ok(Answer::of(Policy::Piece, media_type, piece.body))
        }
    }
}

/// What stands in the place of something that is not kept: of the kind that is asked for, so that a page keeps its shape.
fn missing(place: &Place) -> Answer {
    let answer = match place.form {
        // A browser draws its own sign then, in the size that the page gives the picture, with the words that stand for it: as it did
        // where the picture was missing on the web.
        Form::Picture => Answer::of(Policy::Piece, "image/gif", ""),
        Form::Style => Answer::of(Policy::Piece, "text/css; charset=utf-8", ""),
        Form::Script => Answer::of(Policy::Piece, "text/javascript; charset=utf-8", ""),
        Form::Frame => {
            let text = format!("Not kept: {}", place.address);
            Answer::page(
                Policy::Framed,
                data::page(&text, data::Shown::Text, None, "Not kept"),
            )
        }
        _ => Answer::of(Policy::Piece, "application/octet-stream", ""),
    };
    answer.with(StatusCode::NOT_FOUND)
}

/// Where the parts of an archive are shown: on this listener, in the time of the copy that needs them.
struct Within<'k, 's> {
    pieces: &'k Pieces<'s>,
    /// The copy that needs them.
    when: When,
    /// The address of the page.
    own: Url,
    /// It stands in a frame of a copy, and so do the pages that its links lead to.
    is_framed: bool,
    held: RefCell<HashMap<String, bool>>,
    failed: RefCell<Option<StoreError>>,
}

impl<'k, 's> Within<'k, 's> {
    fn new(pieces: &'k Pieces<'s>, when: When, own: Url, is_framed: bool) -> Self {
        Self {
            pieces,
            when,
            own,
            is_framed,
            held: RefCell::default(),
            failed: RefCell::default(),
        }
    }

    /// What was written, unless the archive could not be read.
    fn done<T>(self, written: T) -> Result<T, StoreError> {
        match self.failed.into_inner() {
            Some(error) => Err(error),
            None => Ok(written),
        }
    }
}

impl Places for Within<'_, '_> {
    fn holds(&self, url: &Url) -> bool {
        if let Some(held) = self.held.borrow().get(url.as_str()) {
            return *held;
        }
        let holds = self.pieces.holds(url).unwrap_or_else(|error| {
            self.failed.borrow_mut().get_or_insert(error);
            false
        });
        self.held
            .borrow_mut()
            .insert(url.as_str().to_owned(), holds);
        holds
    }

    fn requisite(&self, url: &Url, kind: Kind) -> String {
        self.when.path(Form::of(kind), url.as_str())
    }

    fn part(&self, id: &str, kind: Kind) -> Option<String> {
        // Whatever else may stand in an id, browsers might write in another way.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":@.-_+=$!/".contains(&byte);
        let is_plain = id.bytes().all(is_plain);
        is_plain.then(|| self.when.path(Form::of(kind), id))
    }

    fn drawing(&self, url: &Url) -> Option<String> {
        let brought = self.pieces.brought(url).unwrap_or_else(|error| {
            self.failed.borrow_mut().get_or_insert(error);
            None
        })?;
        let text = charset::decode(&brought.body, brought.media_type.as_deref()).text;
        Some(text.into_owned())
    }

    fn page(&self, url: &Url) -> String {
        if without_fragment(url) == without_fragment(&self.own) {
            // A place on the same page stays one.
            return String::new();
        }
        if self.is_framed {
            self.when.path(Form::Frame, url.as_str())
        } else {
            self.when.of_any().path(Form::Link, url.as_str())
        }
    }
}

fn without_fragment(url: &Url) -> &str {
    let address = url.as_str();
    address
        .split_once('#')
        .map_or(address, |(before, _)| before)
}
