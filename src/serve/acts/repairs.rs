//! What becomes of citations whose sources are broken: a decision, or taking one back.

use super::sources::note;
use super::{Done, Undone, back};
use crate::address;
use crate::report::one_line;
use crate::serve::body::Sent;
use crate::serve::{Asked, Site};
use crate::store::{Action, NewDecision};

/// Does what a form of the queue asks for.
pub(in crate::serve) fn change(site: &Site, asked: &Asked, sent: &Sent) -> Result<Done, Undone> {
    let source_id = number(sent, "source")?
        .ok_or_else(|| Undone::bad("A source is named by its number (source)."))?;
    let address = site
        .store
        .read("find a source", |r| r.address_of(source_id))?
        .ok_or_else(|| Undone::absent("There is no such source."))?;
    let to = back(sent, "/repairs");
    let action = match sent.get("action").unwrap_or_default() {
        "copy" => Action::Copy(copy(site, source_id, sent)?),
        "address" => Action::Address(other(&address, sent)?),
        "unlink" => Action::Unlink,
        "leave" => Action::Leave,
        "undo" => {
            let post = number(sent, "post")?;
            let many = site
                .store
                .write_blocking("take a decision back", move |w| w.undecide(source_id, post))?;
            return Ok(Done::new("undecided", many, to));
        }
        _ => {
            return Err(Undone::bad(
                "A link gets a copy or another address, is unlinked or left: copy, address, unlink, leave; undo takes that back.",
            ));
        }
    };
    let mut posts = Vec::new();
    for written in sent.all("post") {
        let post = written.parse::<i64>();
        posts.push(post.map_err(|_| Undone::bad("A post is named by its number (post)."))?);
    }
    // A form that lists the posts and has none ticked means none.
    if posts.is_empty() && sent.get("chosen").is_some() {
        return Err(Undone::bad(
            "No post is chosen: tick those that the decision is for.",
        ));
    }
    let new = NewDecision {
        source_id,
        posts,
        action,
        note: note(sent),
        by: asked.who.name.clone(),
    };
    let now = site.clock.now();
    let many = site
        .store
        .write_blocking("note a decision", move |w| w.decide(&new, now))?;
    if many == 0 {
        return Err(Undone::Refused(
            axum::http::StatusCode::CONFLICT,
            "Nothing is wrong with that source any more, or none of these posts cites it now."
                .to_owned(),
        ));
    }
    Ok(Done::new("decided", many, to))
}

fn number(sent: &Sent, name: &str) -> Result<Option<i64>, Undone> {
    let Some(written) = sent.get(name) else {
        return Ok(None);
    };
    let number = written.parse().map(Some);
    number.map_err(|_| Undone::bad(format!("{}: no number.", one_line(written, 60))))
}

/// The copy that a link is to lead to: one of this source that is there.
fn copy(site: &Site, source_id: i64, sent: &Sent) -> Result<i64, Undone> {
    let copies = site
        .store
        .read("list the copies of a source", |r| r.copies_of(source_id))?;
    let mut there = copies.iter().filter(|copy| copy.pruned_at.is_none());
    let found = match number(sent, "capture")? {
        Some(id) => there.find(|copy| copy.id == id),
        None => there.next(),
    };
    let found = found.map(|copy| copy.id);
    found.ok_or_else(|| Undone::bad("There is no such copy of this source."))
}

/// The address that a link is to lead to.
fn other(source: &str, sent: &Sent) -> Result<String, Undone> {
    let Some(written) = sent.get("address") else {
        return Err(Undone::bad(
            "Which address? Write it whole, such as https://example.com/page.",
        ));
    };
    let url = address::parse(written, None)
        .map_err(|error| Undone::bad(format!("{}: {error}", one_line(written, 300))))?;
    if address::canonical(&url).to_string() == source {
        return Err(Undone::bad("That is the address that is broken."));
    }
    Ok(url.to_string())
}
