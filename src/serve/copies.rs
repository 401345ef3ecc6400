//! Which copy is meant.

use url::Url;

use super::place::{Place, When};
use crate::report::digits;
use crate::store::{CopyRow, SourceRow, Store, StoreError, Takedown};

/// Other sources that are offered where one has no copy.
const MOST_BESIDE: usize = 5;

/// What was found of what is asked for.
pub(super) enum Found {
    /// The source, its copies, and which of them is meant.
    Copy(Box<Known>, CopyRow),
    /// The copy that is nearest is of another instant: how it is named, of which source, and its instant.
    Elsewhere(When, String, i64),
    /// The copy that is meant was pruned.
    Pruned(Box<Known>, CopyRow),
    /// Copies of the source are not shown any more.
    TakenDown(Takedown),
    /// There is no copy. The source, if a post cites it, and sources beside it that have copies.
    Nothing(Option<Box<Known>>, Vec<(String, i64)>),
}

/// A source that is known.
pub(super) struct Known {
    pub(super) source: SourceRow,
    /// Newest first, with those that were pruned.
    pub(super) copies: Vec<CopyRow>,
}

impl Known {
    /// Those that are there, newest first.
    pub(super) fn there(&self) -> impl DoubleEndedIterator<Item = &CopyRow> {
        self.copies.iter().filter(|copy| copy.pruned_at.is_none())
    }

    /// The one that is nearest to an instant; the newest without one.
    pub(super) fn nearest(&self, at: Option<i64>) -> Option<&CopyRow> {
        match at {
            Some(at) => self.there().min_by_key(|copy| copy.at.abs_diff(at)),
            None => self.there().next(),
        }
    }

    /// How a copy is named so that no other is meant.
    pub(super) fn when(&self, copy: &CopyRow) -> When {
        let second = digits(copy.at);
        let mut same = self.there().filter(|one| digits(one.at) == second);
        // Of those of one second, the newest is meant.
        if same.next().is_none_or(|first| first.id == copy.id) {
            When::at(copy.at)
        } else {
            When::copy(copy.at, copy.id)
        }
    }
}

/// The source that is meant.
pub(super) fn known(
    store: &Store,
    place: &Place,
    now: i64,
) -> Result<Option<Box<Known>>, StoreError> {
    let names = place.sources();
    store.read("look for a source", |r| {
        for name in &names {
            if let Some(source) = r.source(name, now)? {
                let copies = r.copies_of(source.id)?;
                return Ok(Some(Box::new(Known { source, copies })));
            }
        }
        Ok(None)
    })
}

/// Looks for the copy that is meant.
pub(super) fn find(store: &Store, place: &Place, now: i64) -> Result<Found, StoreError> {
    let Some(known) = known(store, place, now)? else {
        let beside = match place.sources().first() {
            Some(name) => beside(store, name)?,
            None => Vec::new(),
        };
        return Ok(Found::Nothing(None, beside));
    };
    let id = known.source.id;
    if let Some(takedown) = store.read("see what may be shown", |r| r.takedown_of(id))? {
        return Ok(Found::TakenDown(takedown));
    }
    let at = place.instant();
    let is_meant = |copy: &&CopyRow| match place.copy {
        Some(id) => copy.id == id,
        None => place.is(copy.at),
    };
    let meant = known.there().find(is_meant).cloned();
    if let Some(copy) = meant {
        return Ok(Found::Copy(known, copy));
    }
    let meant = known.copies.iter().find(is_meant).cloned();
    if let Some(copy) = meant {
        return Ok(Found::Pruned(known, copy));
    }
    if let Some(copy) = known.nearest(at) {
        let (when, address) = (known.when(copy), known.source.address.clone());
        return Ok(Found::Elsewhere(when, address, copy.at));
    }
    let beside = beside(store, &known.source.address)?;
    Ok(Found::Nothing(Some(known), beside))
}

/// Sources beside an address, on its host, that have copies: those that have the longest beginning in common with it.
fn beside(store: &Store, address: &str) -> Result<Vec<(String, i64)>, StoreError> {
    let Ok(url) = Url::parse(address) else {
        return Ok(Vec::new());
    };
    let Some(host) = url.host_str() else {
        return Ok(Vec::new());
    };
    let rest = &address[url.scheme().len()..];
    let mut found = Vec::new();
    for scheme in ["https", "http"] {
        let (prefix, address) = (format!("{scheme}://{host}/"), format!("{scheme}{rest}"));
        found.extend(store.read("look for copies beside", |r| {
            r.copied_beside(&prefix, &address, MOST_BESIDE)
        })?);
    }
    let in_common = |other: &str| {
        let other = other.split_once(':').map_or(other, |(_, rest)| rest);
        let rest = rest.trim_start_matches(':');
        let same = rest.bytes().zip(other.bytes());
        same.take_while(|(a, b)| a == b).count()
    };
    found.sort_by_key(|(other, _)| std::cmp::Reverse(in_common(other)));
    found.truncate(MOST_BESIDE);
    Ok(found)
}
