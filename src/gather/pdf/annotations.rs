//! The links of a page and where they lie.

use lopdf::{Dictionary, Document, Object, ObjectId};

/// More links than this a page cannot show.
const MAX_LINKS: usize = 20_000;
/// How far words may lie outside of a link that was drawn around them.
const SLACK: f32 = 1.0;

/// A link of a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PageLink {
    pub(super) address: String,
    left: f32,
    right: f32,
    bottom: f32,
    top: f32,
}

impl PageLink {
    /// Whether a glyph that begins here lies in it.
    pub(super) fn holds(&self, x: f32, y: f32) -> bool {
        x >= self.left - SLACK && x < self.right && y >= self.bottom - SLACK && y <= self.top
    }
}

/// The links of a page that lead to addresses, as they are listed.
pub(super) fn links(pdf: &Document, page: ObjectId) -> Vec<PageLink> {
    let annotations = pdf.get_page_annotations(page).unwrap_or_default();
    annotations
        .into_iter()
        .filter_map(|annotation| link(pdf, annotation))
        .take(MAX_LINKS)
        .collect()
}

fn link(pdf: &Document, annotation: &Dictionary) -> Option<PageLink> {
    let is_link = annotation
        .get(b"Subtype")
        .and_then(Object::as_name)
        .is_ok_and(|name| name == b"Link");
    if !is_link {
        return None;
    }
    let action = annotation.get_deref(b"A", pdf).ok()?.as_dict().ok()?;
    let uri = action.get_deref(b"URI", pdf).ok()?;
    let address = String::from_utf8_lossy(uri.as_str().ok()?).into_owned();
    let corners: Vec<f32> = annotation
        .get_deref(b"Rect", pdf)
        .and_then(Object::as_array)
        .map(|rect| {
            rect.iter()
                .filter_map(|side| side.as_float().ok())
                .collect()
        })
        .unwrap_or_default();
    // Without a place it is a link all the same.
    let [a, b, c, d] = <[f32; 4]>::try_from(corners).unwrap_or_default();
    Some(PageLink {
        address,
        left: a.min(c),
        right: a.max(c),
        bottom: b.min(d),
        top: b.max(d),
    })
}
