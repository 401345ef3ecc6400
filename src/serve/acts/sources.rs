//! Sources: one, or many that were chosen in a list. They are visited, a copy of them is made, they are marked or held, or written out.

use super::{Done, Undone, back};
use crate::report::{one_line, when};
use crate::serve::body::Sent;
use crate::serve::{Asked, Site};
use crate::store::NewMark;

/// So many at once.
const MOST: usize = 1000;
/// Characters of a note.
pub(super) const MOST_NOTE: usize = 2000;

/// Does what the form of a list, or of a source, asks for.
pub(in crate::serve) fn change(site: &Site, asked: &Asked, sent: &Sent) -> Result<Done, Undone> {
    let ids = ids(site, sent)?;
    let (now, by) = (site.clock.now(), asked.who.name.clone());
    let store = &site.store;
    let to = match ids.as_slice() {
        [id] => back(sent, &format!("/sources/{id}")),
        _ => back(sent, "/sources"),
    };
    let done = |what: &'static str, many: u64| Ok(Done::new(what, many, to.clone()));
    match sent.get("do").unwrap_or_default() {
        "check" => {
            let many = store.write_blocking("have sources visited", move |w| {
                w.want(&ids, false, &by, now)
            })?;
            done("due", many)
        }
        "capture" => {
            let many =
                store.write_blocking("have copies made", move |w| w.want(&ids, true, &by, now))?;
            done("wanted", many)
        }
        "mark" => mark(site, sent, ids, now, &to),
        "hold" => {
            let note = note(sent);
            let many = ids.len() as u64;
            store.write_blocking("hold copies", move |w| {
                for id in ids {
                    w.hold(id, None, note.as_deref(), now)?;
                }
                Ok(())
            })?;
            done("held", many)
        }
        "let-go" => {
            let many = ids.len() as u64;
            store.write_blocking("let copies go", move |w| {
                for id in ids {
                    w.let_go(id, None)?;
                }
                Ok(())
            })?;
            done("let-go", many)
        }
        "export" => {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            for id in &ids {
                query.append_pair("id", &id.to_string());
            }
            let path = if sent.get("format") == Some("json") {
                "/api/v1/sources"
            } else {
                "/sources.csv"
            };
            Ok(Done::new(
                "",
                ids.len() as u64,
                format!("{path}?{}", query.finish()),
            ))
        }
        _ => Err(Undone::bad(
            "Sources can be checked, captured, marked, held, let go and exported: check, capture, mark, hold, let-go, export.",
        )),
    }
}

/// The sources that are chosen, each once. All of them are there, or nothing is done.
fn ids(site: &Site, sent: &Sent) -> Result<Vec<i64>, Undone> {
    let mut ids = Vec::new();
    for written in sent.all("id") {
        let id = written.parse::<i64>();
        let id = id.map_err(|_| {
            Undone::bad(format!("{}: no number of a source.", one_line(written, 60)))
        })?;
        ids.push(id);
    }
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Err(Undone::bad(
            "No source is chosen: tick some, and choose again what to do.",
        ));
    }
    if ids.len() > MOST {
        return Err(Undone::bad(format!("At most {MOST} sources at once.")));
    }
    let missing = site.store.read("find sources", |r| {
        for id in &ids {
            if r.address_of(*id)?.is_none() {
                return Ok(Some(*id));
            }
        }
        Ok(None)
    })?;
    match missing {
        Some(id) => Err(Undone::absent(format!(
            "There is no source of the number {id}."
        ))),
        None => Ok(ids),
    }
}

/// Why, in the user's words.
pub(super) fn note(sent: &Sent) -> Option<String> {
    let note = sent.get("note")?;
    let note = one_line(note, MOST_NOTE);
    Some(note).filter(|note| !note.is_empty())
}

fn mark(site: &Site, sent: &Sent, ids: Vec<i64>, now: i64, to: &str) -> Result<Done, Undone> {
    let many = ids.len() as u64;
    let mark = match sent.get("mark") {
        Some("alive") => "alive",
        Some("dead") => "dead",
        Some("ignore") => "ignore",
        Some("none") => {
            site.store.write_blocking("clear marks", move |w| {
                for id in ids {
                    w.clear_mark(id)?;
                }
                Ok(())
            })?;
            return Ok(Done::new("unmarked", many, to));
        }
        _ => {
            return Err(Undone::bad(
                "A source is marked alive, dead, ignore, or none to take a mark back.",
            ));
        }
    };
    let until = match sent.get("until") {
        Some(until) => Some(when::until(until).map_err(Undone::bad)?.resolve(now)),
        None => None,
    };
    if until.is_some_and(|until| until <= now) {
        return Err(Undone::bad("Until then is over already."));
    }
    let new = NewMark {
        mark,
        until,
        note: note(sent),
    };
    site.store
        .write_blocking("mark sources", move |w| w.mark(&ids, &new, now))?;
    Ok(Done::new("marked", many, to))
}
