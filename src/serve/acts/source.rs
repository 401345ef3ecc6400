//! One source: its copies are no longer shown, or again.

use super::sources::note;
use super::{Done, Undone};
use crate::serve::body::Sent;
use crate::serve::{Asked, Site, number_in};

/// Takes a source down, or lets it be shown again.
pub(in crate::serve) fn take_down(site: &Site, asked: &Asked, sent: &Sent) -> Result<Done, Undone> {
    let id = known(site, asked)?;
    let kind = match sent.get("kind") {
        Some("hidden") => Some("hidden"),
        Some("blocked") => Some("blocked"),
        Some("none") => None,
        _ => {
            return Err(Undone::bad(
                "Its copies are hidden (as if there were none), blocked (for a reason of law), or shown again: hidden, blocked, none.",
            ));
        }
    };
    let (note, by, now) = (note(sent), asked.who.name.clone(), site.clock.now());
    site.store.write_blocking("take a source down", move |w| {
        w.take_down(id, kind, note.as_deref(), &by, now)
    })?;
    let what = match kind {
        Some("hidden") => "hidden",
        Some(_) => "blocked",
        None => "shown",
    };
    Ok(Done::new(what, 1, format!("/sources/{id}")))
}

/// The source of the path, which is there.
pub(super) fn known(site: &Site, asked: &Asked) -> Result<i64, Undone> {
    let absent = || Undone::absent("There is no source of this number.");
    let id = number_in(asked, 2).ok_or_else(absent)?;
    let found = site.store.read("find a source", |r| r.address_of(id))?;
    found.map(|_| id).ok_or_else(absent)
}
