//! The links that a passage could be from, and what becomes of the one that is chosen.

use std::collections::VecDeque;
use std::ops::Range;

use url::Url;

use super::speech::has_cue;
use crate::gather::quote::{BETWEEN, Passage, Tie};
use crate::gather::sentence::cut;
use crate::gather::window::{Block, Found};
use crate::gather::{Citation, Kind, Place, Quote};

/// The longest quote that is kept for one citation.
pub(super) const MAX_QUOTE_BYTES: usize = 128 * 1024;

/// A link near a passage.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) block: usize,
    pub(super) index: usize,
    pub(super) anchor: Range<usize>,
    /// Whether it is a citation, and no link that was left out.
    pub(super) is_citation: bool,
}

/// Whether a link leads to a document, and not to a home page, a profile or a file that has no words.
pub(super) fn leads_to_document(blocks: &VecDeque<Block>, link: &Candidate) -> bool {
    match blocks[link.block].found.get(link.index) {
        Some(Found::Citation { citation, .. }) => is_document(&citation.url),
        _ => false,
    }
}

/// Parts of addresses that stand for a person or a collection.
pub(super) const NO_DOCUMENT: &[&str] = &[
    "person",
    "people",
    "profile",
    "profiles",
    "author",
    "authors",
    "faculty",
    "staff",
    "team",
    "user",
    "users",
    "member",
    "members",
    "about",
    "about-us",
    "tag",
    "tags",
    "topic",
    "topics",
    "category",
    "contributors",
    "contributor",
    "directory",
    "bio",
    "experts",
    "in",
];

pub(super) fn is_document(url: &Url) -> bool {
    let segments: Vec<&str> = url
        .path_segments()
        .into_iter()
        .flatten()
        .filter(|segment| !segment.is_empty())
        .collect();
    let Some(last) = segments.last() else {
        return url
            .query()
            .is_some_and(|query| query.bytes().any(|byte| byte.is_ascii_digit()));
    };
    let host = url.host_str().unwrap_or_default();
    if host.ends_with("wikipedia.org")
        || segments[..segments.len() - 1]
            .iter()
            .any(|segment| NO_DOCUMENT.contains(&segment.to_ascii_lowercase().as_str()))
    {
        return false;
    }
    let is_social = matches!(
        host.trim_start_matches("www.")
            .trim_start_matches("mobile."),
        "twitter.com" | "x.com" | "facebook.com" | "instagram.com" | "linkedin.com"
    );
    if is_social {
        return segments.len() >= 3;
    }
    let is_slug = |segment: &str| {
        segment
            .bytes()
            .filter(|byte| matches!(byte, b'-' | b'_' | b'+' | b'.' | b'%'))
            .count()
            >= 2
            || segment.bytes().filter(u8::is_ascii_digit).count() >= 3
            || segment.len() >= 18
    };
    segments.len() >= 3
        || url.query().is_some()
        || is_slug(last)
        || last.contains('.')
        || (segments.len() == 2 && (is_slug(segments[0]) || last.contains('-')))
        || (last.len() >= 14 && last.contains('-'))
        || (segments.len() == 1
            && last.len() >= 3
            && !is_shared(host)
            && !NO_DOCUMENT.contains(&last.to_ascii_lowercase().as_str()))
}

/// Hosts whose first segment is a person, a project or a shop.
fn is_shared(host: &str) -> bool {
    let host = host.trim_start_matches("www.");
    [
        "github.com",
        "gitlab.com",
        "youtube.com",
        "medium.com",
        "t.co",
        "bit.ly",
    ]
    .contains(&host)
}

/// The nearest block with words of its own in the same place, unless something stands between.
pub(super) fn neighbour(
    blocks: &VecDeque<Block>,
    at: usize,
    place: Place,
    is_after: bool,
) -> Option<usize> {
    let mut indices: Box<dyn Iterator<Item = usize>> = if is_after {
        Box::new(at..blocks.len())
    } else {
        Box::new((0..at).rev())
    };
    indices
        .by_ref()
        .take(4)
        .find(|index| {
            let block = &blocks[*index];
            block.place == place && !(block.text.trim().is_empty() && block.found.is_empty())
        })
        .filter(|index| {
            !blocks[*index].is_heading
                && blocks[*index].comment == blocks[at.min(blocks.len() - 1)].comment
        })
}

/// The links of a block that a passage could be from, competitors among them.
pub(super) fn links(blocks: &VecDeque<Block>, at: usize) -> Vec<Candidate> {
    blocks[at]
        .found
        .iter()
        .enumerate()
        .filter_map(|(index, found)| {
            let is_citation = match found {
                Found::Citation { citation, .. } => {
                    if !may_be_quoted(citation) {
                        return None;
                    }
                    true
                }
                Found::LeftOut { .. } => false,
            };
            Some(Candidate {
                block: at,
                index,
                anchor: found.anchor(),
                is_citation,
            })
        })
        .collect()
}

pub(super) fn may_be_quoted(citation: &Citation) -> bool {
    const PICTURES: &[&str] = &[
        "jpg", "jpeg", "png", "gif", "webp", "svg", "avif", "zip", "mp3", "exe", "dmg",
    ];
    let path = citation.url.path();
    let is_picture = path
        .rsplit_once('.')
        .is_some_and(|(_, ending)| PICTURES.contains(&ending.to_ascii_lowercase().as_str()));
    !is_picture && !matches!(citation.kind, Kind::Author | Kind::JsonLd)
}

pub(super) fn first_link(blocks: &VecDeque<Block>, at: usize) -> Option<Candidate> {
    links(blocks, at).into_iter().find(|link| link.is_citation)
}

pub(super) fn last_link(blocks: &VecDeque<Block>, at: usize) -> Option<Candidate> {
    links(blocks, at).into_iter().rfind(|link| link.is_citation)
}

pub(super) fn nearest<'c>(several: &[&'c Candidate], passage: &Passage) -> Option<&'c Candidate> {
    several
        .iter()
        .min_by_key(|link| {
            if link.anchor.end <= passage.outer.start {
                passage.outer.start - link.anchor.end
            } else {
                link.anchor.start.saturating_sub(passage.outer.end)
            }
        })
        .copied()
}

/// Of several links, the one that a word of saying stands next to.
pub(super) fn by_cue<'c>(text: &str, several: &[&'c Candidate]) -> Option<&'c Candidate> {
    let mut cued = several.iter().filter(|one| {
        let after = text
            .get(one.anchor.end..)
            .map(|rest| cut(rest, 40))
            .unwrap_or_default();
        has_cue(after) || has_cue(text.get(one.anchor.clone()).unwrap_or_default())
    });
    let only = cued.next()?;
    cued.next().is_none().then_some(only)
}

/// Adds a passage to what a citation quotes.
pub(super) fn give(
    blocks: &mut VecDeque<Block>,
    candidate: &Candidate,
    text: &str,
    tie: Tie,
    confidence: u8,
) {
    let Some(Found::Citation { citation, .. }) = blocks
        .get_mut(candidate.block)
        .and_then(|block| block.found.get_mut(candidate.index))
    else {
        return;
    };
    let text = text.trim();
    match &mut citation.quote {
        None => {
            citation.quote = Some(Quote {
                text: cut(text, MAX_QUOTE_BYTES).to_owned(),
                confidence,
                tie,
            });
        }
        Some(quote) if quote.tie == Tie::Declared => {}
        Some(quote) => {
            if quote.text.len() + text.len() < MAX_QUOTE_BYTES {
                add(&mut quote.text, text, BETWEEN);
                quote.confidence = quote.confidence.min(confidence);
            }
        }
    }
}

pub(super) fn add(text: &mut String, more: &str, between: &str) {
    let more = more.trim();
    if !text.is_empty() && !more.is_empty() {
        text.push_str(between);
    }
    text.push_str(more);
}
