//! Posts: reading one again.

use super::{Done, Undone, back};
use crate::serve::body::Sent;
use crate::serve::{Asked, Site, number_in};

/// Has a post read again, so that it shows whether its links were mended.
pub(in crate::serve) fn read_again(
    site: &Site,
    asked: &Asked,
    sent: &Sent,
) -> Result<Done, Undone> {
    let absent =
        || Undone::absent("There is no post of this number, or what it was read from was removed.");
    let id = number_in(asked, 2).ok_or_else(absent)?;
    let now = site.clock.now();
    let found = site
        .store
        .write_blocking("have a post read", move |w| w.read_post_again(id, now))?;
    if !found {
        return Err(absent());
    }
    Ok(Done::new(
        "post-due",
        1,
        back(sent, &format!("/posts/{id}")),
    ))
}
