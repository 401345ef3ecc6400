//! What is kept of a page: one copy, and what it needs to be shown, by address.

use std::cell::OnceCell;
use std::collections::HashMap;

use url::Url;

use super::requisites::{header, sends_on};
use crate::capture::requisites::Kind;
use crate::charset::essence;
use crate::mhtml::{self, Beside};
use crate::store::{KeptRow, Reader, Store, StoreError, WholeCapture, WholeExchange};

/// So many redirects are followed to what a page needs.
const MOST_HOPS: usize = 10;
/// So many answers of one address are looked at for the nearest.
const MOST_ANSWERS: usize = 1000;

/// A copy, and where what it needs is kept.
pub struct Kept<'s> {
    capture: WholeCapture,
    /// The media type that it came with, parameters and all.
    declared: Option<String>,
    /// A browser made the document that stands for the page.
    is_rendered: bool,
    pieces: Pieces<'s>,
}

/// Where what pages need is kept: of one copy, or of no copy, nearest to an instant.
pub struct Pieces<'s> {
    store: &'s Store,
    /// All is of one state of the archive.
    reader: Reader<'s>,
    at: i64,
    /// By address.
    listed: HashMap<String, KeptRow>,
    /// The copy, where it is a file that holds what its page needs.
    saved_as: Option<i64>,
    /// That file, once something was looked for in it.
    saved: OnceCell<Option<Saved>>,
}

/// A file that holds a page with what it needs.
struct Saved {
    bytes: Vec<u8>,
    beside: HashMap<String, Beside>,
}

impl Saved {
    fn read(bytes: Vec<u8>) -> Self {
        let mut beside = HashMap::new();
        for part in mhtml::beside(&bytes) {
            for name in &part.names {
                // As it is written where it is asked for.
                let name = Url::parse(name).map_or_else(|_| name.clone(), |url| url.to_string());
                beside.entry(name).or_insert_with(|| part.clone());
            }
        }
        Self { bytes, beside }
    }
}

/// Something that a page needs, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The address it came from, behind all redirects.
    pub url: Url,
    /// The media type it came with, parameters and all.
    pub media_type: Option<String>,
    /// Its bytes, without content coding.
    pub body: Vec<u8>,
}

impl<'s> Kept<'s> {
    /// The copy of a source that is nearest to an instant, or the newest; `None` where there is none.
    ///
    /// # Errors
    ///
    /// Where the archive cannot be read.
    pub fn nearest(
        store: &'s Store,
        source: &str,
        at: Option<i64>,
    ) -> Result<Option<Self>, StoreError> {
        let id = store.read("look for a copy", |r| {
            let Some(source_id) = r.source_id(source)? else {
                return Ok(None);
            };
            // Newest first.
            let copies = r.captures(source_id)?;
            Ok(match at {
                None => copies.first().map(|copy| copy.id),
                Some(at) => copies
                    .iter()
                    .min_by_key(|copy| copy.at.abs_diff(at))
                    .map(|copy| copy.id),
            })
        })?;
        match id {
            Some(id) => Self::of(store, id),
            None => Ok(None),
        }
    }

    /// The copy with this number.
    ///
    /// # Errors
    ///
    /// Where the archive cannot be read.
    pub fn of(store: &'s Store, capture_id: i64) -> Result<Option<Self>, StoreError> {
        let reader = store.reader()?;
        let known = reader.read("read a copy", |r| {
            let capture = r.whole_captures(capture_id - 1, 1)?.pop();
            let Some(capture) = capture.filter(|capture| capture.id == capture_id) else {
                return Ok(None);
            };
            let is_rendered = r.rendering(capture_id)?.is_some_and(|one| one.stands);
            let rendered = r.standing_manifest(capture_id)?;
            let mut listed = HashMap::new();
            for manifest in rendered.into_iter().chain(capture.manifest_id) {
                for row in r.kept_of(manifest)? {
                    listed.entry(row.url.clone()).or_insert(row);
                }
            }
            // What it came with names its charset; the capture has the media type alone.
            let came_by = match capture.visit_id {
                Some(visit) => r.exchanges_of_visit(visit)?,
                None => match listed.get(&capture.url) {
                    Some(row) => r.whole_exchange(row.exchange_id)?.into_iter().collect(),
                    None => Vec::new(),
                },
            };
            let declared = declared(&capture, &came_by);
            Ok(Some((capture, declared, is_rendered, listed)))
        })?;
        let Some((capture, declared, is_rendered, listed)) = known else {
            return Ok(None);
        };
        let media_type = capture.media_type.as_deref();
        let is_saved = !is_rendered && media_type.is_some_and(mhtml::is_media_type);
        Ok(Some(Self {
            pieces: Pieces {
                store,
                reader,
                at: capture.at,
                listed,
                saved_as: is_saved.then_some(capture_id),
                saved: OnceCell::new(),
            },
            capture,
            declared,
            is_rendered,
        }))
    }

    /// The copy.
    pub fn capture(&self) -> &WholeCapture {
        &self.capture
    }

    /// The bytes of the page itself: as they came, or, of a page that is empty until scripts fill it, the document that a browser
    /// made of it.
    ///
    /// # Errors
    ///
    /// Where the archive cannot be read.
    pub fn body(&self) -> Result<Vec<u8>, StoreError> {
        let id = self.capture.id;
        let body = self
            .pieces
            .reader
            .read("read a copy", |r| r.capture_text(id))?;
        Ok(body.unwrap_or_default())
    }

    /// The media type of that, parameters and all.
    pub fn media_type(&self) -> Option<&str> {
        if self.is_rendered {
            Some("text/html; charset=utf-8")
        } else {
            self.declared.as_deref()
        }
    }

    /// Whether it is shown as a browser made it.
    pub fn is_rendered(&self) -> bool {
        self.is_rendered
    }

    /// Where what it needs is kept.
    pub fn pieces(&self) -> &Pieces<'s> {
        &self.pieces
    }
}

impl<'s> Pieces<'s> {
    /// What pages needed at an instant, whichever they were.
    ///
    /// # Errors
    ///
    /// Where the archive cannot be read.
    pub fn near(store: &'s Store, at: i64) -> Result<Self, StoreError> {
        Ok(Self {
            store,
            reader: store.reader()?,
            at,
            listed: HashMap::new(),
            saved_as: None,
            saved: OnceCell::new(),
        })
    }

    /// Whether something is kept of an address that the page needs.
    ///
    /// # Errors
    ///
    /// Where the archive cannot be read.
    pub fn holds(&self, url: &Url) -> Result<bool, StoreError> {
        if self
            .saved()?
            .is_some_and(|saved| saved.beside.contains_key(url.as_str()))
        {
            return Ok(true);
        }
        // Pages name many pictures in many sizes; what most of them come to is told at once.
        match self.listed.get(url.as_str()) {
            Some(row) if !matches!(row.status, 300..=399) => {
                return Ok(row.has_body && matches!(row.status, 200..=299));
            }
            Some(_) => {}
            None => {
                let was_answered = self
                    .reader
                    .read("look for answers", |r| r.was_answered(url.as_str()))?;
                if !was_answered {
                    return Ok(false);
                }
            }
        }
        let said = self.answer(url)?;
        Ok(said.is_some_and(|(_, said)| is_there(&said)))
    }

    /// What is kept of an address that the page needs: what belongs to the copy, else what was kept nearest to it in time. A page
    /// in a frame may also be a source of its own.
    ///
    /// # Errors
    ///
    /// Where the archive cannot be read.
    pub fn piece(&self, url: &Url, kind: Kind) -> Result<Option<Piece>, StoreError> {
        match self.brought(url)? {
            None if kind == Kind::Frame => self.source(url),
            piece => Ok(piece),
        }
    }

    /// The same, but for pages that are sources of their own.
    ///
    /// # Errors
    ///
    /// Where the archive cannot be read.
    pub fn brought(&self, url: &Url) -> Result<Option<Piece>, StoreError> {
        if let Some(part) = self.part(url.as_str())? {
            return Ok(Some(part));
        }
        let Some((url, said)) = self.answer(url)? else {
            return Ok(None);
        };
        let Some(body) = said.body.filter(|_| is_there(&said)) else {
            return Ok(None);
        };
        let payload = self.reader.read("read an answer", |r| r.payload(body.id))?;
        Ok(payload.map(|body| Piece {
            url,
            media_type: header(&said.response_headers, "content-type"),
            body,
        }))
    }

    /// What stands in the same file as the page, by its address or its id (`cid:…`).
    ///
    /// # Errors
    ///
    /// Where the archive cannot be read.
    pub fn part(&self, name: &str) -> Result<Option<Piece>, StoreError> {
        let Some(saved) = self.saved()? else {
            return Ok(None);
        };
        let Some(part) = saved.beside.get(name) else {
            return Ok(None);
        };
        Ok(Url::parse(name).ok().map(|url| Piece {
            url,
            media_type: part.media_type.clone(),
            body: part.body(&saved.bytes).into_owned(),
        }))
    }

    /// The file that holds the page, if it is one.
    fn saved(&self) -> Result<Option<&Saved>, StoreError> {
        let Some(id) = self.saved_as else {
            return Ok(None);
        };
        if let Some(known) = self.saved.get() {
            return Ok(known.as_ref());
        }
        let bytes = self.reader.read("read a copy", |r| r.capture_body(id))?;
        Ok(self.saved.get_or_init(|| bytes.map(Saved::read)).as_ref())
    }

    /// What was answered to an address in the end, and where that is.
    fn answer(&self, url: &Url) -> Result<Option<(Url, WholeExchange)>, StoreError> {
        let mut url = url.clone();
        url.set_fragment(None);
        for _ in 0..MOST_HOPS {
            let Some(id) = self.exchange(&url)? else {
                return Ok(None);
            };
            let said = self
                .reader
                .read("read an answer", |r| r.whole_exchange(id))?;
            let Some(said) = said else {
                return Ok(None);
            };
            match sends_on(&url, &said) {
                Some(target) => url = target,
                None => return Ok(Some((url, said))),
            }
        }
        Ok(None)
    }

    fn exchange(&self, url: &Url) -> Result<Option<i64>, StoreError> {
        if let Some(row) = self.listed.get(url.as_str()) {
            return Ok(Some(row.exchange_id));
        }
        let at = self.at;
        let answers = self.reader.read("look for answers", |r| {
            r.answers(url.as_str(), MOST_ANSWERS)
        })?;
        let nearest = answers.iter().min_by_key(|answer| answer.at.abs_diff(at));
        Ok(nearest.map(|answer| answer.exchange_id))
    }

    /// A copy of the source that has this address.
    fn source(&self, url: &Url) -> Result<Option<Piece>, StoreError> {
        let address = crate::address::canonical(url).to_string();
        let at = Some(self.at);
        let Some(other) = Kept::nearest(self.store, &address, at)? else {
            return Ok(None);
        };
        Ok(Some(Piece {
            url: Url::parse(&other.capture.url).unwrap_or_else(|_| url.clone()),
            media_type: other.media_type().map(str::to_owned),
            body: other.body()?,
        }))
    }
}

/// The media type of a capture as it was declared where its body came from, unless it was known better.
fn declared(capture: &WholeCapture, came_by: &[WholeExchange]) -> Option<String> {
    let media_type = capture.media_type.clone()?;
    let brought = came_by.iter().rev().find(|one| {
        one.body
            .is_some_and(|body| body.sha256 == capture.body.sha256)
    });
    let declared = brought.and_then(|one| header(&one.response_headers, "content-type"));
    let is_same = |declared: &String| essence(declared) == essence(&media_type);
    Some(declared.filter(is_same).unwrap_or(media_type))
}

/// Whether an answer is what was asked for.
fn is_there(said: &WholeExchange) -> bool {
    matches!(said.status, 200..=299) && said.body.is_some()
}
