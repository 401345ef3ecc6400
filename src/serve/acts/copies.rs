//! A copy of a source that somebody made by hand is sent.

use super::source::known;
use super::sources::note;
use super::{Done, Undone};
use crate::address;
use crate::report::{one_line, when};
use crate::run::{HandMade, NotKept, RunError, keep_by_hand};
use crate::serve::body::Sent;
use crate::serve::{Asked, Site};

/// Keeps a copy that is sent.
pub(in crate::serve) fn keep(site: &Site, asked: &Asked, sent: &Sent) -> Result<Done, Undone> {
    let id = known(site, asked)?;
    let source = site.store.read("find a source", |r| r.address_of(id))?;
    let url = source.and_then(|source| address::parse(&source, None).ok());
    let url = url.ok_or_else(|| Undone::absent("There is no source of this number."))?;
    let Some(file) = &sent.file else {
        return Err(Undone::bad("No file is chosen."));
    };
    let made_at = match sent.get("made_at") {
        Some(written) => Some(when::instant(written).map_err(Undone::bad)?),
        None => None,
    };
    let made = HandMade {
        bytes: file.bytes.to_vec(),
        // Some browsers send the way to it too.
        name: file
            .name
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or_default()
            .to_owned(),
        modified_at: None,
        made_at,
        made_by: sent
            .get("by")
            .map_or_else(|| asked.who.name.clone(), |by| one_line(by, 200)),
        note: note(sent),
        of_other_page: sent.get("other_page").is_some(),
    };
    match keep_by_hand(&site.store, &url, &made, site.clock.now()) {
        Ok(_) => Ok(Done::new("copy-kept", 1, format!("/sources/{id}#copies"))),
        Err(NotKept::Run(RunError::Store(error))) => Err(Undone::Store(error)),
        Err(NotKept::OtherPage(other)) => Err(Undone::bad(format!(
            "It says that it is a copy of {}. If it is one of this page all the same, tick that it is.",
            one_line(&other, 300)
        ))),
        Err(error) => Err(Undone::bad(format!(
            "{}: {error}",
            one_line(&file.name, 200)
        ))),
    }
}
