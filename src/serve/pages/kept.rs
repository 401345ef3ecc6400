//! What is kept of a source: its copies, and what of each can be had: how it looked, what it says, its bytes, what it offered.

use super::copies::{Copies, named};
use super::{missing, number_within, refused};
use crate::report::{Shown, ShownCapture, bytes, one_line};
use crate::serve::answer::{Answer, Policy};
use crate::serve::place::{Form, When};
use crate::serve::{Asked, Site};
use crate::store::{Part, StoreError};

/// The largest picture that is shown, and the largest PDF that is given out, in bytes.
const MOST_BYTES: u64 = 32 << 20;
/// Copies that are looked through for a picture where none is named.
const MOST_LOOKED_AT: usize = 20;
/// What is offered by one copy and listed.
const MOST_DOWNLOADS: usize = 20;

/// A copy in the list of a source's copies.
pub(super) struct KeptCopy {
    pub(super) at: String,
    pub(super) path: String,
    pub(super) title: Option<String>,
    pub(super) how: String,
    pub(super) size: String,
    /// What is to be known of it: how whole it is, what a browser made of it.
    pub(super) remarks: Vec<String>,
    /// Where else it leads: the words, and the address.
    pub(super) ways: Vec<(&'static str, String)>,
    /// What the page offers: name, size, address.
    pub(super) downloads: Vec<(String, String, String)>,
}

/// How a source looked when it was kept.
pub(super) struct Picture {
    pub(super) path: String,
    pub(super) alt: String,
    pub(super) told: String,
}

/// The copies of a source, newest first.
pub(super) fn kept(site: &Site, asked: &Asked, id: i64, shown: &Shown) -> Vec<KeptCopy> {
    let replay = site.replay.beside(&site.ui, &asked.host);
    let address = &shown.entry.url;
    let all = shown.capture_list.iter().enumerate();
    let all = all.map(|(at, one)| {
        let when = When::copy(one.at_ms, one.capture);
        let parts = When::of_parts(one.at_ms, one.capture, &asked.who.key);
        // Where somebody is kept out, the other listener has to know who asks.
        let own = if site.door.is_guarded() {
            &parts
        } else {
            &when
        };
        let mut ways = vec![("text", named(id, "text", &[("copy", one.capture)]))];
        if let Some(before) = shown.capture_list.get(at + 1) {
            let pair = [("from", before.capture), ("to", one.capture)];
            ways.push(("what changed", named(id, "compare", &pair)));
        }
        let rendering = one.rendering.as_ref();
        if rendering.is_some_and(|one| one.screenshot.is_some()) {
            ways.push(("picture", named(id, "picture", &[("copy", one.capture)])));
        }
        if rendering.is_some_and(|one| one.pdf.is_some()) {
            ways.push(("PDF", named(id, "pdf", &[("copy", one.capture)])));
        }
        ways.push((
            "bytes as stored",
            format!("{replay}{}", own.path(Form::Bytes, address)),
        ));
        KeptCopy {
            at: one.at.clone(),
            path: when.path(Form::Shown, address),
            title: one.title.as_deref().map(|title| one_line(title, 200)),
            how: how(one),
            size: bytes(one.size.unsigned_abs()),
            remarks: remarks(one),
            ways,
            downloads: downloads(&replay, &parts, one),
        }
    });
    all.collect()
}

/// How a copy was made.
fn how(copy: &ShownCapture) -> String {
    match (&copy.by_hand, copy.kind.as_str()) {
        (Some(hand), _) => format!("made by hand by {}", one_line(&hand.made_by, 100)),
        (None, "by-hand") => "made by hand".to_owned(),
        (None, "import") => "imported".to_owned(),
        (None, "browser") => "made by a browser".to_owned(),
        _ => "kept by a visit".to_owned(),
    }
}

fn remarks(copy: &ShownCapture) -> Vec<String> {
    let mut remarks = Vec::new();
    match &copy.requisites {
        None => remarks.push("What it needs to be shown was not looked for.".to_owned()),
        Some(needs) if needs.needs == 0 && needs.left_out == 0 => {
            remarks.push("Needs nothing else to be shown.".to_owned());
        }
        Some(needs) => remarks.push(format!("Of what it needs, kept: {}.", needs.says)),
    }
    if copy.truncated.is_some() {
        remarks.push("It was cut short when it was kept.".to_owned());
    }
    if let Some(hand) = &copy.by_hand {
        remarks.push(format!("From {}.", one_line(&hand.file, 200)));
        if let Some(note) = &hand.note {
            remarks.push(format!("Note: {}", one_line(note, 400)));
        }
    }
    if let Some(one) = &copy.rendering {
        let browser = one.browser.as_deref().unwrap_or("a browser");
        let browser = one_line(browser, 80);
        remarks.push(match (one.outcome.as_str(), &one.why) {
            ("failed", Some(why)) => {
                format!("{browser} could not show it: {}.", one_line(why, 200))
            }
            ("failed", None) => format!("{browser} could not show it."),
            ("cut-short", _) => format!("Shown by {browser}, which was still loading it."),
            _ => format!("Shown by {browser}."),
        });
        if one.stands {
            remarks.push(
                "It is judged by what the browser showed, for without scripts it is empty."
                    .to_owned(),
            );
        }
    }
    remarks
}

/// Data that the page offers and that was kept with it.
fn downloads(replay: &str, when: &When, copy: &ShownCapture) -> Vec<(String, String, String)> {
    let all = copy.requisites.iter().flat_map(|needs| &needs.downloads);
    let all = all.take(MOST_DOWNLOADS).map(|one| {
        let path = one.url.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').find(|part| !part.is_empty());
        (
            one_line(name.unwrap_or(&one.url), 80),
            bytes(one.size.unsigned_abs()),
            format!("{replay}{}", when.path(Form::Object, &one.url)),
        )
    });
    all.collect()
}

/// The picture of the newest copy that has one.
pub(super) fn picture(id: i64, shown: &Shown) -> Option<Picture> {
    let is_shown = |size: i64| size.unsigned_abs() <= MOST_BYTES;
    let copy = shown.capture_list.iter().find(|copy| {
        let rendering = copy.rendering.as_ref();
        let screenshot = rendering.and_then(|one| one.screenshot.as_ref());
        screenshot.is_some_and(|one| is_shown(one.size))
    })?;
    let rendering = copy.rendering.as_ref()?;
    let name = copy.title.as_deref().unwrap_or(&copy.url);
    Some(Picture {
        path: named(id, "picture", &[("copy", copy.capture)]),
        alt: format!("How “{}” looked", one_line(name, 150)),
        told: format!("{}, in a browser", rendering.at),
    })
}

/// The picture that a browser made of a copy.
pub(in crate::serve) fn picture_of(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    Ok(match rendered(site, asked, Part::Screenshot)? {
        Ok(body) => match picture_type(&body) {
            Some(media_type) => Answer::of(Policy::Asset, media_type, body),
            None => missing(site, asked, "sources", "What is kept is no picture."),
        },
        Err(answer) => answer,
    })
}

/// The PDF that a browser made of a copy.
pub(in crate::serve) fn pdf_of(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    Ok(match rendered(site, asked, Part::Pdf)? {
        Ok(body) if body.starts_with(b"%PDF-") => {
            let mut answer = Answer::of(Policy::Bytes, "application/pdf", body);
            answer.save_as = Some("copy.pdf".to_owned());
            answer
        }
        Ok(_) => missing(site, asked, "sources", "What is kept is no PDF."),
        Err(answer) => answer,
    })
}

/// A payload of the rendering of a copy: of the one that is asked for, else of the newest that has one.
fn rendered(site: &Site, asked: &Asked, part: Part) -> Result<Result<Vec<u8>, Answer>, StoreError> {
    let absent = |says: &str| Ok(Err(missing(site, asked, "sources", says)));
    let copies = match number_within(asked) {
        Some(id) => Copies::of(&site.store, id)?,
        None => None,
    };
    let Some(copies) = copies else {
        return absent("There is no source of this number.");
    };
    let meant = if let Some(sent) = asked.sent("copy") {
        match copies.meant(&sent) {
            Ok(copy) => vec![copy.id],
            Err((status, says)) => return Ok(Err(refused(site, asked, status, &says))),
        }
    } else {
        let newest = copies.there().take(MOST_LOOKED_AT);
        newest.map(|copy| copy.id).collect()
    };
    for id in meant {
        let body = site
            .store
            .read("read a rendering", |r| r.rendered(id, part, MOST_BYTES))?;
        if let Some(body) = body {
            return Ok(Ok(body));
        }
    }
    absent("No browser made this of it.")
}

/// What a picture is, by how its bytes begin: one of those that are nothing but a picture.
fn picture_type(body: &[u8]) -> Option<&'static str> {
    if body.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if body.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if body.starts_with(b"RIFF") && body.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}
