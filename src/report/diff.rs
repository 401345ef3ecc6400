//! What changed between two copies of a source, by word.

mod html;
mod text;

use std::borrow::Cow;

use serde::Serialize;
use thiserror::Error;

use super::bound::{Bound, ReadBody, Said, said};
use super::{ReportError, rfc3339};
use crate::judge::drift::{self, Compared, Drift, Piece, PieceKind};
use crate::judge::{FEATURES_VERSION, Text};
use crate::store::{CaptureRow, Store};

pub use html::write_diff_html;
pub use text::write_diff_text;

/// Which copy is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The one that stands for what was cited; the first, where there is none.
    Baseline,
    /// The first.
    First,
    /// The newest.
    Newest,
    /// The one of this number.
    Id(i64),
    /// The newest that was made at this instant or before it, in milliseconds since the epoch.
    At(i64),
}

/// Why two copies cannot be compared.
#[derive(Debug, Error)]
pub enum DiffError {
    /// The archive could not be read.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// No source has this address.
    #[error("no post cites this address")]
    NoSource,
    /// There is no copy at all.
    #[error("we hold no copy")]
    NoCopy,
    /// There is one, and nothing to compare it with.
    #[error("we hold one copy only, of {}: there is nothing to compare it with", rfc3339(*.0))]
    OneCopy(i64),
    /// None of its copies is meant.
    #[error("{what}")]
    NotFound {
        /// What was asked for, and that it is not there.
        what: String,
        /// Number and instant of the copies there are, newest first.
        copies: Vec<(i64, i64)>,
    },
    /// A copy has no text that can be read.
    #[error("copy {id} has no text that can be read ({media_type})")]
    NoText {
        /// Its number.
        id: i64,
        /// Its media type.
        media_type: String,
    },
    /// A copy is too large for whoever waits for it.
    #[error("copy {id} is too large to be compared here")]
    TooLarge {
        /// Its number.
        id: i64,
    },
}

/// One of the two copies.
#[derive(Debug, Serialize)]
pub struct DiffSide {
    /// Its number.
    pub capture: i64,
    /// When it was made.
    pub at: String,
    /// How: `visit`, `by-hand`, …
    pub kind: String,
    /// The address that it came from.
    pub url: String,
    /// Its title.
    pub title: Option<String>,
    /// Its media type.
    pub media_type: Option<String>,
    /// Its digest.
    pub sha256: String,
    /// Whether it is the one that stands for what was cited.
    pub baseline: bool,
}

/// What changed between two copies.
#[derive(Debug, Serialize)]
pub struct Diff {
    /// The source's address.
    pub url: String,
    /// The earlier copy, or the one that was named first.
    pub from: DiffSide,
    /// The other.
    pub to: DiffSide,
    /// What it comes to. Dates, counters and the like do not count here, while each of their words is in the pieces.
    pub drift: Drift,
    /// Which texts the pieces are of.
    pub compared: Compared,
    /// Whether only the beginnings of the texts were compared.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// All paragraphs, in the order of the later copy.
    pub pieces: Vec<Piece>,
    /// The language of the later copy, for whoever shows it.
    #[serde(skip)]
    language: Option<String>,
}

/// Compares two copies of a source, as of `now`. With `whole`, everything that readers see is compared, and not only the
/// main text. `read` gives the text of a body, its media type and its address. Where somebody waits, `bound` says how much
/// of them is read.
pub fn diff(
    store: &Store,
    address: &str,
    (from, to): (Pick, Pick),
    whole: bool,
    now: i64,
    read: ReadBody<'_>,
    bound: Option<Bound>,
) -> Result<Diff, DiffError> {
    let found = store
        .read("read the copies of a source", |r| {
            let Some(row) = r.source(address, now)? else {
                return Ok(None);
            };
            let baseline = r.baseline(row.id, FEATURES_VERSION)?;
            let baseline = baseline.map(|baseline| (baseline.capture_id, baseline.stands));
            Ok(Some((row.address, baseline, r.captures(row.id)?)))
        })
        .map_err(ReportError::from)?;
    let Some((url, baseline, captures)) = found else {
        return Err(DiffError::NoSource);
    };
    let reference = baseline.map(|(id, _)| id);
    let baseline = baseline.and_then(|(id, stands)| stands.then_some(id));
    let (before, after) = picked(&captures, reference, from, to)?;
    let (old, is_old_cut) = text(store, before, read, bound)?;
    let (new, is_new_cut) = text(store, after, read, bound)?;
    let language = new.language.clone();
    let cut = is_old_cut || is_new_cut;
    let (old, new) = if cut {
        drift::up_to_common_end(&old, &new)
    } else {
        (old, new)
    };
    let (compared, pieces) = if whole {
        (Compared::Whole, drift::compare(&old.whole, &new.whole))
    } else {
        drift::compare_pages(&old, &new)
    };
    Ok(Diff {
        url,
        from: side(before, baseline),
        to: side(after, baseline),
        drift: drift::drift(&old, &new),
        compared,
        cut,
        pieces,
        language,
    })
}

/// The two copies that are meant.
fn picked(
    captures: &[CaptureRow],
    baseline: Option<i64>,
    from: Pick,
    to: Pick,
) -> Result<(&CaptureRow, &CaptureRow), DiffError> {
    let before = pick(captures, baseline, from)?;
    let after = pick(captures, baseline, to)?;
    let is_asked_for = |pick| matches!(pick, Pick::Id(_) | Pick::At(_));
    if before.id == after.id && !is_asked_for(from) && !is_asked_for(to) {
        if let [only] = captures {
            return Err(DiffError::OneCopy(only.at));
        }
        // The baseline may be the newest, where earlier ones were no fine page.
        if matches!((from, to), (Pick::Baseline, Pick::Newest)) {
            return Ok((pick(captures, None, Pick::First)?, after));
        }
    }
    Ok((before, after))
}

/// The copy that is meant, of all, newest first.
fn pick(
    captures: &[CaptureRow],
    baseline: Option<i64>,
    pick: Pick,
) -> Result<&CaptureRow, DiffError> {
    let first = captures
        .iter()
        .min_by_key(|capture| (capture.at, capture.id));
    let (Some(first), Some(newest)) = (first, captures.first()) else {
        return Err(DiffError::NoCopy);
    };
    let by_id = |id: i64| captures.iter().find(|capture| capture.id == id);
    let (found, what) = match pick {
        Pick::First => (Some(first), String::new()),
        Pick::Newest => (Some(newest), String::new()),
        Pick::Baseline => (baseline.and_then(by_id).or(Some(first)), String::new()),
        Pick::Id(id) => (by_id(id), format!("copy {id} is none of its copies")),
        Pick::At(at) => (
            captures.iter().find(|capture| capture.at <= at),
            format!("no copy was made until {}", rfc3339(at)),
        ),
    };
    found.ok_or_else(|| DiffError::NotFound {
        what,
        copies: captures
            .iter()
            .map(|capture| (capture.id, capture.at))
            .collect(),
    })
}

fn text(
    store: &Store,
    capture: &CaptureRow,
    read: ReadBody<'_>,
    bound: Option<Bound>,
) -> Result<(Text, bool), DiffError> {
    let id = capture.id;
    let size = capture.size.unsigned_abs();
    let media_type = capture.media_type.as_deref();
    match said(store, (id, size), (&capture.url, media_type), read, bound)? {
        Said::Text(text, is_cut) => Ok((*text, is_cut)),
        Said::TooLarge => Err(DiffError::TooLarge { id }),
        Said::Nothing => Err(DiffError::NoText {
            id,
            media_type: media_type.unwrap_or("of no media type").to_owned(),
        }),
    }
}

fn side(capture: &CaptureRow, baseline: Option<i64>) -> DiffSide {
    DiffSide {
        capture: capture.id,
        at: rfc3339(capture.at),
        kind: capture.kind.clone(),
        url: capture.url.clone(),
        title: capture.title.clone(),
        media_type: capture.media_type.clone(),
        sha256: capture.sha256.clone(),
        baseline: Some(capture.id) == baseline,
    }
}

/// Pieces as a person is shown them: unchanged ones are folded, but for one on each side of a change.
pub(crate) enum Shown<'d> {
    /// One of them.
    Piece(&'d Piece),
    /// Those that are folded.
    Folded(&'d [Piece]),
}

/// So many unchanged pieces in a row are worth folding.
const LEAST_FOLDED: usize = 2;

pub(crate) fn folded(pieces: &[Piece]) -> Vec<Shown<'_>> {
    let mut shown = Vec::new();
    let mut at = 0;
    while at < pieces.len() {
        if pieces[at].kind != PieceKind::Kept {
            shown.push(Shown::Piece(&pieces[at]));
            at += 1;
            continue;
        }
        let is_kept = |piece: &&Piece| piece.kind == PieceKind::Kept;
        let end = at + pieces[at..].iter().take_while(is_kept).count();
        let first = if at == 0 { at } else { at + 1 };
        let last = if end == pieces.len() { end } else { end - 1 };
        if last >= first + LEAST_FOLDED {
            shown.extend(pieces[at..first].iter().map(Shown::Piece));
            shown.push(Shown::Folded(&pieces[first..last]));
            shown.extend(pieces[last..end].iter().map(Shown::Piece));
        } else {
            shown.extend(pieces[at..end].iter().map(Shown::Piece));
        }
        at = end;
    }
    shown
}

impl Diff {
    /// The language of the later copy, where it is named as languages are (BCP 47).
    pub(crate) fn language(&self) -> Option<&str> {
        self.language.as_deref().filter(|tag| {
            (2..=35).contains(&tag.len())
                && tag
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
    }
}

/// What it comes to, in one line.
pub(crate) fn summary(diff: &Diff) -> String {
    let counts = diff.drift.paragraphs;
    let kept = match diff.drift.kept {
        kept if kept >= 1.0 => "all of the words that count stand".to_owned(),
        // What was changed is not told as nothing.
        kept => format!(
            "{:.1} % of the words that count stand",
            (1000.0 * kept).floor() / 10.0
        ),
    };
    let mut told = format!("{} · {kept}", diff.drift.level);
    let all = [
        (counts.altered, "altered"),
        (counts.gone, "gone"),
        (counts.new, "new"),
        (counts.moved, "moved"),
    ];
    let changed: Vec<String> = all
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if !changed.is_empty() {
        told.push_str(" · paragraphs: ");
        told.push_str(&changed.join(", "));
    }
    told
}

/// A copy, in a line.
fn told(side: &DiffSide) -> String {
    let baseline = if side.baseline { ", the baseline" } else { "" };
    let by_hand = if side.kind == "by-hand" {
        ", made by hand"
    } else {
        ""
    };
    format!("{}  copy {}{baseline}{by_hand}", side.at, side.capture)
}

/// The title, and what it was before where that is another.
fn titles(diff: &Diff) -> Vec<Cow<'_, str>> {
    match (&diff.from.title, &diff.to.title) {
        (Some(from), Some(to)) if from != to => vec![from.into(), to.into()],
        (_, Some(title)) | (Some(title), None) => vec![title.into()],
        (None, None) => Vec::new(),
    }
}
