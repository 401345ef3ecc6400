//! Two copies of a source side by side, with what changed between them by word.

use askama::Template;
use axum::http::StatusCode;

use super::copies::{Choice, Copies, named};
use super::passage::{clipped, safe, shortened};
use super::{Frame, missing, number_within, page};
use crate::judge::drift::{Compared, Part, Piece, PieceKind, Said};
use crate::report::{Diff, DiffError, DiffShown, Pick, ReportError, count, diff, folded};
use crate::report::{one_line, rfc3339, summary};
use crate::run::text_of;
use crate::serve::answer::Answer;
use crate::serve::api::{Problem, json};
use crate::serve::{Asked, Site};
use crate::store::{CopyRow, StoreError};

/// Rows that a page has at most.
const MOST_ROWS: usize = 400;
/// Characters of one row that are shown of words on one side only.
const MOST_CHANGED: usize = 6000;

#[derive(Template)]
#[template(path = "ui/compare.html")]
struct Page {
    frame: Frame,
    id: i64,
    address: String,
    title: Option<String>,
    json: String,
    from: Vec<Choice>,
    to: Vec<Choice>,
    is_whole: bool,
    earlier: Option<String>,
    later: Option<String>,
    /// Only the last step of several.
    step: Option<String>,
    says: Option<String>,
    shown: Option<Shown>,
}

/// What is shown of a comparison.
struct Shown {
    /// The earlier, or the one that was named first, and the other.
    sides: [Side; 2],
    titles: Option<(String, String)>,
    summary: String,
    is_whole: bool,
    is_cut: bool,
    same: Option<&'static str>,
    language: Option<String>,
    rows: Vec<Row>,
    left_out: Option<String>,
}

/// One of the two copies.
struct Side {
    at: String,
    told: String,
    path: String,
}

/// A row: what stood on the left, what stands on the right.
#[derive(Default)]
struct Row {
    kind: &'static str,
    /// Unchanged paragraphs that are not shown.
    folded: Option<String>,
    before: Vec<Bit>,
    now: Vec<Bit>,
    /// What became of a paragraph as a whole, in a word, where it stands.
    says_before: Option<&'static str>,
    says_now: Option<&'static str>,
}

/// Words, and what became of them.
struct Bit {
    said: Said,
    text: String,
}

impl Bit {
    fn is_gone(&self) -> bool {
        self.said == Said::Before
    }

    fn is_new(&self) -> bool {
        self.said == Said::Now
    }
}

/// Which two are asked for.
struct Two<'c> {
    from: &'c CopyRow,
    to: &'c CopyRow,
}

/// Why nothing is compared: how that is answered to programs, and what is said.
struct Refused {
    status: StatusCode,
    says: String,
}

impl Refused {
    fn new(status: StatusCode, says: impl Into<String>) -> Self {
        Self {
            status,
            says: says.into(),
        }
    }

    /// There is nothing in what is kept that could be compared.
    fn nothing(says: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, says)
    }
}

/// The two that are asked for: the baseline, or else the copy before, and the newest, where nothing else is said.
fn two<'c>(asked: &Asked, copies: &'c Copies) -> Result<Two<'c>, Refused> {
    let to = match asked.sent("to") {
        Some(sent) => meant(copies, &sent)?,
        None => copies.there().next().ok_or_else(|| {
            Refused::nothing("No copy of this source is kept: there is nothing to compare.")
        })?,
    };
    let from = match asked.sent("from") {
        Some(sent) => meant(copies, &sent)?,
        None => copies.before_by_default(to).ok_or_else(|| {
            Refused::nothing(
                "One copy of this source is kept: there is nothing to compare it with. A page that changed is kept at its \
                 next visit.",
            )
        })?,
    };
    Ok(Two { from, to })
}

fn meant<'c>(copies: &'c Copies, sent: &str) -> Result<&'c CopyRow, Refused> {
    copies
        .meant(sent)
        .map_err(|(status, says)| Refused::new(status, says))
}

/// Compares them.
fn compared(site: &Site, address: &str, two: &Two<'_>, is_whole: bool) -> Compares {
    let picks = (Pick::Id(two.from.id), Pick::Id(two.to.id));
    let now = site.clock.now();
    let bound = Some(super::copies::BOUND);
    match diff(&site.store, address, picks, is_whole, now, &text_of, bound) {
        Ok(diff) => Ok(Ok(diff)),
        Err(DiffError::Report(ReportError::Store(error @ StoreError::Damaged { .. }))) => {
            (site.tell)(&error);
            Ok(Err(Refused::nothing(
                "One of the two copies is damaged and cannot be read. `sourcekeep verify` says which, and why.",
            )))
        }
        Err(DiffError::Report(ReportError::Store(error))) => Err(error),
        Err(DiffError::NoText { id, media_type }) => Ok(Err(Refused::nothing(format!(
            "Copy {id} has no text that can be read ({}).",
            one_line(&media_type, 100)
        )))),
        Err(DiffError::TooLarge { id }) => Ok(Err(Refused::nothing(format!(
            "Copy {id} is too large to be compared here. `sourcekeep diff {} {} {}` compares them.",
            one_line(address, 500),
            two.from.id,
            two.to.id
        )))),
        // It went meanwhile.
        Err(_) => Ok(Err(Refused::new(
            StatusCode::NOT_FOUND,
            "These copies are not there any more.",
        ))),
    }
}

type Compares = Result<Result<Diff, Refused>, StoreError>;

/// The page, or the same for programs.
pub(in crate::serve) fn compare(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let is_api = asked.path.starts_with("/api/");
    let copies = match number_within(asked) {
        Some(id) => Copies::of(&site.store, id)?,
        None => None,
    };
    let Some(copies) = copies else {
        return Ok(if is_api {
            Problem::absent("there is no source of this number").answer()
        } else {
            missing(site, asked, "sources", "There is no source of this number.")
        });
    };
    let is_whole = asked.sent("whole").is_some();
    let two = two(asked, &copies);
    let made = match &two {
        Ok(two) => compared(site, &copies.address, two, is_whole)?,
        Err(refused) => Err(Refused::new(refused.status, refused.says.clone())),
    };
    if is_api {
        return Ok(match made {
            Ok(diff) => json(&diff),
            Err(Refused { status, says }) => Problem::of(status, &says).answer(),
        });
    }
    let two = two.ok();
    let path = |from: i64, to: i64| named(copies.id, "compare", &[("from", from), ("to", to)]);
    let before = |of: &CopyRow| copies.before(of).map(|one| one.id);
    let is_newer = |two: &Two<'_>| (two.from.at, two.from.id) < (two.to.at, two.to.id);
    let title = copies.title();
    let heading = title
        .clone()
        .unwrap_or_else(|| one_line(&copies.address, 200));
    let chosen = |two: Option<&Two<'_>>, is_from: bool| {
        let one = two.map(|two| if is_from { two.from.id } else { two.to.id });
        copies.options(one)
    };
    let status = match &made {
        // That there is nothing to compare is no fault of whoever asks.
        Err(refused) if refused.status != StatusCode::UNPROCESSABLE_ENTITY => refused.status,
        _ => StatusCode::OK,
    };
    let (says, shown) = match made {
        Ok(diff) => {
            let same_copy = two.as_ref().is_some_and(|two| two.from.id == two.to.id);
            (None, Some(show(&copies, &diff, same_copy)))
        }
        Err(refused) => (Some(refused.says), None),
    };
    let shown_page = Page {
        frame: Frame::new(site, asked, "sources", format!("What changed: {heading}")),
        id: copies.id,
        address: one_line(&copies.address, 2000),
        title,
        json: format!("/api/v1{}", asked.path),
        from: chosen(two.as_ref(), true),
        to: chosen(two.as_ref(), false),
        is_whole,
        earlier: two
            .as_ref()
            .filter(|two| is_newer(two))
            .and_then(|two| Some(path(before(two.from)?, two.from.id))),
        later: two
            .as_ref()
            .filter(|two| is_newer(two))
            .and_then(|two| Some(path(two.to.id, copies.behind(two.to)?.id))),
        step: two
            .as_ref()
            .filter(|two| is_newer(two) && before(two.to) != Some(two.from.id))
            .and_then(|two| Some(path(before(two.to)?, two.to.id))),
        says,
        shown,
    };
    Ok(page(&shown_page).with(status))
}

fn show(copies: &Copies, diff: &Diff, is_same_copy: bool) -> Shown {
    let is_changed = diff
        .pieces
        .iter()
        .any(|piece| piece.kind != PieceKind::Kept);
    let same = if is_same_copy {
        Some("These are one and the same copy.")
    } else if diff.from.sha256 == diff.to.sha256 {
        Some("These copies are the same, byte for byte.")
    } else if !is_changed {
        Some("The words are the same in both; what differs is how the page is made.")
    } else {
        None
    };
    let mut rows = rows(&diff.pieces);
    let left_out = rows.len().saturating_sub(MOST_ROWS);
    rows.truncate(MOST_ROWS);
    let title = |title: &Option<String>| title.as_deref().map(|title| one_line(title, 200));
    let titles = title(&diff.from.title).zip(title(&diff.to.title));
    Shown {
        sides: [side(copies, &diff.from), side(copies, &diff.to)],
        titles: titles.filter(|(from, to)| from != to),
        summary: summary(diff),
        is_whole: diff.compared == Compared::Whole,
        is_cut: diff.cut,
        same,
        language: diff.language().map(str::to_owned),
        rows: if same.is_some() { Vec::new() } else { rows },
        left_out: (left_out > 0).then(|| count(left_out as u64, "more row")),
    }
}

fn side(copies: &Copies, of: &crate::report::DiffSide) -> Side {
    let row = copies.all.iter().find(|row| row.id == of.capture);
    let mut told = format!("copy {}", of.capture);
    if of.baseline {
        told.push_str(", which stands for what was cited");
    }
    if of.kind == "by-hand" {
        told.push_str(", made by hand");
    }
    Side {
        at: row.map_or_else(|| of.at.clone(), |row| rfc3339(row.at)),
        told,
        path: row.map_or_else(String::new, |row| copies.shown_at(row)),
    }
}

/// The rows of a comparison: what went stands beside what came in its place.
fn rows(pieces: &[Piece]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    // Rows with what is gone, and nothing beside it yet.
    let mut open = 0;
    for shown in folded(pieces) {
        let piece = match shown {
            DiffShown::Piece(piece) => piece,
            DiffShown::Folded(pieces) => {
                open = rows.len();
                rows.push(fold(pieces));
                continue;
            }
        };
        match piece.kind {
            PieceKind::Gone => rows.push(Row {
                kind: "changed",
                before: bits(piece, Said::Before),
                says_before: Some("gone"),
                ..Row::default()
            }),
            PieceKind::New | PieceKind::Moved => {
                let is_new = piece.kind == PieceKind::New;
                let says_now = Some(if is_new { "new" } else { "moved here" });
                let now = bits(piece, Said::Now);
                match rows
                    .get_mut(open..)
                    .and_then(|rows| rows.iter_mut().find(|row| row.now.is_empty()))
                {
                    Some(row) if is_new => (row.now, row.says_now) = (now, says_now),
                    _ => rows.push(Row {
                        kind: if is_new { "changed" } else { "moved" },
                        now,
                        says_now,
                        ..Row::default()
                    }),
                }
            }
            PieceKind::Altered | PieceKind::Kept => {
                rows.push(Row {
                    kind: if piece.kind == PieceKind::Kept {
                        "kept"
                    } else {
                        "changed"
                    },
                    before: bits(piece, Said::Before),
                    now: bits(piece, Said::Now),
                    ..Row::default()
                });
                open = rows.len();
            }
        }
    }
    rows
}

/// Unchanged paragraphs, told by how much they are.
fn fold(pieces: &[Piece]) -> Row {
    let parts = pieces.iter().flat_map(|piece| &piece.parts);
    let words: usize = parts.map(|part| part.text.split_whitespace().count()).sum();
    Row {
        kind: "folded",
        folded: Some(format!(
            "{}, {} unchanged",
            count(pieces.len() as u64, "paragraph"),
            count(words as u64, "word")
        )),
        ..Row::default()
    }
}

/// What of a piece stands on one side.
fn bits(piece: &Piece, side: Said) -> Vec<Bit> {
    let parts: Vec<&Part> = piece
        .parts
        .iter()
        .filter(|part| part.said == Said::Both || part.said == side)
        .collect();
    let last = parts.len().saturating_sub(1);
    let mut room = MOST_CHANGED;
    let mut bits = Vec::new();
    for (at, part) in parts.into_iter().enumerate() {
        if room == 0 {
            bits.push(Bit {
                said: Said::Both,
                text: " ⋯".to_owned(),
            });
            break;
        }
        let text = safe(&part.text);
        let text = if part.said == Said::Both {
            shortened(&text, at > 0 || last == 0, at < last)
        } else {
            clipped(&text, room)
        };
        room = room.saturating_sub(text.len());
        bits.push(Bit {
            said: part.said,
            text,
        });
    }
    bits
}
