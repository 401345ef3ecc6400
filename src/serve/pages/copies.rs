//! The copies of a source, as its pages name, offer and read them.

use axum::http::StatusCode;

use crate::judge::FEATURES_VERSION;
use crate::report::{Bound, one_line, rfc3339};
use crate::serve::place::{Form, When};
use crate::store::{CopyRow, Store, StoreError};

/// How much of a copy is read for a page: so much that nobody waits long.
pub(super) const BOUND: Bound = Bound {
    copy: 16 << 20,
    pdf: 2 << 20,
    page: 1 << 20,
    text: 200 * 1024,
};

/// Copies that are offered, besides those that are shown.
const MOST_OFFERED: usize = 200;

/// The copies of a source.
pub(super) struct Copies {
    /// The source.
    pub(super) id: i64,
    /// Its address.
    pub(super) address: String,
    /// Newest first, with those that were pruned.
    pub(super) all: Vec<CopyRow>,
    /// The one that stands for what was cited.
    baseline: Option<i64>,
    /// Why none of them is shown any more, if so: `hidden`, `blocked`.
    taken_down: Option<String>,
}

/// A copy that can be chosen.
pub(super) struct Choice {
    pub(super) id: i64,
    pub(super) told: String,
    pub(super) is_chosen: bool,
}

impl Copies {
    /// Those of a source; `None` where there is no such source.
    pub(super) fn of(store: &Store, id: i64) -> Result<Option<Self>, StoreError> {
        store.read("read the copies of a source", |r| {
            let Some(address) = r.address_of(id)? else {
                return Ok(None);
            };
            let baseline = r.baseline(id, FEATURES_VERSION)?;
            let taken_down = r.takedown_of(id)?.map(|takedown| takedown.kind);
            Ok(Some(Self {
                id,
                address,
                all: if taken_down.is_none() {
                    r.copies_of(id)?
                } else {
                    Vec::new()
                },
                taken_down,
                baseline: baseline.and_then(|row| row.stands.then_some(row.capture_id)),
            }))
        })
    }

    /// Those that are there, newest first.
    pub(super) fn there(&self) -> impl DoubleEndedIterator<Item = &CopyRow> {
        self.all.iter().filter(|copy| copy.pruned_at.is_none())
    }

    /// The title of the newest that has one.
    pub(super) fn title(&self) -> Option<String> {
        let title = self.there().find_map(|copy| copy.title.as_deref());
        title.map(|title| one_line(title, 200))
    }

    /// The one that was made before another.
    pub(super) fn before(&self, of: &CopyRow) -> Option<&CopyRow> {
        self.there()
            .find(|copy| (copy.at, copy.id) < (of.at, of.id))
    }

    /// The one that was made behind another.
    pub(super) fn behind(&self, of: &CopyRow) -> Option<&CopyRow> {
        self.there()
            .rev()
            .find(|copy| (copy.at, copy.id) > (of.at, of.id))
    }

    /// What a copy is compared with where nothing is said: what stands for what was cited, or else the copy before.
    pub(super) fn before_by_default(&self, of: &CopyRow) -> Option<&CopyRow> {
        let cited = self.there().find(|copy| Some(copy.id) == self.baseline);
        cited
            .filter(|copy| (copy.at, copy.id) < (of.at, of.id))
            .or_else(|| self.before(of))
    }

    /// The one that is asked for by its number; else how that is answered, and what is said.
    pub(super) fn meant(&self, sent: &str) -> Result<&CopyRow, (StatusCode, String)> {
        let is_number = sent.bytes().all(|byte| byte.is_ascii_digit());
        let Some(id) = sent.parse::<i64>().ok().filter(|_| is_number) else {
            let says = format!("{}: no number of a copy.", one_line(sent, 100));
            return Err((StatusCode::BAD_REQUEST, says));
        };
        if let Some(kind) = &self.taken_down {
            let status = match kind.as_str() {
                "blocked" => StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
                _ => StatusCode::NOT_FOUND,
            };
            let says = "Copies of this source are not shown here.".to_owned();
            return Err((status, says));
        }
        let Some(copy) = self.all.iter().find(|copy| copy.id == id) else {
            let says = format!("Copy {id} is none of this source.");
            return Err((StatusCode::NOT_FOUND, says));
        };
        match copy.pruned_at {
            None => Ok(copy),
            Some(at) => Err((
                StatusCode::GONE,
                format!(
                    "Copy {id}, of {}, was pruned at {}: its content is not kept any more.",
                    rfc3339(copy.at),
                    rfc3339(at)
                ),
            )),
        }
    }

    /// Where a copy is shown.
    pub(super) fn shown_at(&self, copy: &CopyRow) -> String {
        When::copy(copy.at, copy.id).path(Form::Shown, &self.address)
    }

    /// Those that can be chosen.
    pub(super) fn options(&self, chosen: Option<i64>) -> Vec<Choice> {
        let offered = self.there().enumerate().filter(|(at, copy)| {
            *at < MOST_OFFERED || Some(copy.id) == chosen || Some(copy.id) == self.baseline
        });
        let offered = offered.map(|(_, copy)| {
            let mut told = format!("{} · copy {}", rfc3339(copy.at), copy.id);
            if Some(copy.id) == self.baseline {
                told.push_str(" · as cited");
            }
            Choice {
                id: copy.id,
                told,
                is_chosen: Some(copy.id) == chosen,
            }
        });
        offered.collect()
    }
}

/// The address of a page of a source.
pub(super) fn named(id: i64, page: &str, query: &[(&str, i64)]) -> String {
    let query: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("/sources/{id}/{page}?{}", query.join("&"))
}
