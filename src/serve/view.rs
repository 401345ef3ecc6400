//! The pages of ours: what is kept, and what stands around a copy.

use askama::Template;
use axum::http::StatusCode;

use super::answer::{Answer, Policy};
use super::copies::{Found, Known, find, known};
use super::place::{Form, Place, When};
use super::{Asked, Site};
use crate::capture::completeness::Completeness;
use crate::report::{bytes, count, one_line, rfc3339};
use crate::run::Kept;
use crate::store::{CopyRow, Store, StoreError};

/// The copies that are told on the first page.
const NEWEST: usize = 20;
/// The copies of a source that are told beside one of them.
const MOST_OTHERS: usize = 200;

#[derive(Template)]
#[template(path = "serve/copy.html")]
struct Shown {
    source: String,
    title: Option<String>,
    at: String,
    /// The address that it came from, where that is another.
    came_from: Option<String>,
    /// How it was made, and what is to be known of it.
    made: String,
    remarks: Vec<String>,
    verdict: String,
    standing: String,
    before: Option<Listed>,
    after: Option<Listed>,
    others: Vec<Listed>,
    more: usize,
    all: String,
    frame: String,
    bytes: String,
    text: String,
    size: String,
}

#[derive(Template)]
#[template(path = "serve/absent.html")]
struct Absent {
    head: String,
    address: String,
    says: Vec<String>,
    copies: Vec<Listed>,
    beside: Vec<Listed>,
    is_inside: bool,
}

/// A page of ours in the place of a copy that cannot be shown.
#[derive(Template)]
#[template(path = "serve/offer.html")]
pub(super) struct Offer {
    pub(super) what: String,
    pub(super) size: String,
    pub(super) is_pdf: bool,
    pub(super) save: String,
    pub(super) text: String,
    pub(super) video: Option<String>,
    pub(super) audio: Option<String>,
}

/// A copy in a list.
pub(super) struct Listed {
    pub(super) at: String,
    pub(super) says: String,
    /// Where it is shown; none where it cannot be, or is.
    pub(super) path: Option<String>,
    is_shown: bool,
}

/// Where the address leads that somebody typed.
pub(super) fn typed(asked: &Asked, typed: &str) -> Answer {
    let digits: String = asked
        .sent("at")
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_digit)
        .take(14)
        .collect();
    let place = Place::of(&digits, &one_line(typed, 8192));
    let Some(address) = place.sources().into_iter().next() else {
        return not_an_address(Policy::Ours);
    };
    // Whether it is there under another name is seen there.
    let address = if typed.contains("://") {
        address
    } else {
        escaped(typed)
    };
    Answer::elsewhere(When::of(&place).path(Form::Shown, &address))
}

/// The newest copies.
pub(super) fn newest(site: &Site) -> Result<Vec<Listed>, StoreError> {
    let newest = site
        .store
        .read("list the newest copies", |r| r.newest_copies(NEWEST))?;
    let listed = newest.into_iter().map(|(address, copy)| Listed {
        at: rfc3339(copy.at),
        path: Some(When::copy(copy.at, copy.id).path(Form::Shown, &address)),
        says: match copy.title {
            Some(title) => {
                format!("{} · {}", one_line(&title, 120), one_line(&address, 200))
            }
            None => one_line(&address, 200),
        },
        is_shown: false,
    });
    Ok(listed.collect())
}

/// What somebody typed, as part of a path.
fn escaped(typed: &str) -> String {
    let url = crate::address::parse(&format!("https://{typed}"), None);
    url.map_or_else(
        |_| String::new(),
        |url| url.as_str().trim_start_matches("https://").to_owned(),
    )
}

/// Whatever stands behind `/web/`.
pub(super) fn place(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let Some(place) = Place::parse(asked.place()) else {
        return Ok(not_an_address(Policy::Ours));
    };
    let now = site.clock.now();
    if place.digits == "*"
        && let Some(known) = known(&site.store, &place, now)?
        && !is_down(site, known.source.id)?
    {
        return Ok(list(&known));
    }
    let replay = site.replay.beside(&site.ui, &asked.host);
    if place.form != Form::Shown {
        // Whatever is not a page around a copy is on the other listener.
        return Ok(Answer::elsewhere(replay + &asked.path));
    }
    let found = find(&site.store, &place, now)?;
    match &found {
        Found::Copy(known, copy) => match Kept::of(&site.store, copy.id)? {
            Some(kept) => {
                // Where somebody is kept out, the other listener has to know who asks; a cookie of this one may not reach it.
                let key = site.door.is_guarded().then_some(asked.who.key.as_str());
                shown(&site.store, (&replay, key), known, copy, &kept)
            }
            None => Ok(not_an_address(Policy::Ours).with(StatusCode::GONE)),
        },
        Found::Elsewhere(when, address, _) => {
            Ok(Answer::elsewhere(when.path(Form::Shown, address)))
        }
        Found::Pruned(..) | Found::Nothing(..) | Found::TakenDown(_) => {
            Ok(absent(Policy::Ours, "", &place, &found))
        }
    }
}

/// A copy, and what is to be known of it.
fn shown(
    store: &Store,
    (replay, key): (&str, Option<&str>),
    known: &Known,
    copy: &CopyRow,
    kept: &Kept<'_>,
) -> Result<Answer, StoreError> {
    let capture = kept.capture();
    let address = &known.source.address;
    let (when, exact) = match key {
        Some(key) => {
            let keyed = When::of_parts(copy.at, copy.id, key);
            (keyed.clone(), keyed)
        }
        None => (known.when(copy), When::copy(copy.at, copy.id)),
    };
    let mut made = match capture.kind.as_str() {
        "by-hand" => "made by hand",
        "import" => "imported",
        "browser" => "made by a browser",
        _ => "kept by a visit",
    }
    .to_owned();
    let mut remarks = Vec::new();
    if let Some(hand) = &capture.by_hand {
        made = format!(
            "made by hand by {}, from {}; we did not see the page ourselves",
            one_line(&hand.made_by, 100),
            one_line(&hand.file, 200)
        );
        if let Some(note) = &hand.note {
            remarks.push(format!("Note: {}", one_line(note, 400)));
        }
    }
    if kept.is_rendered() {
        remarks.push("Shown as a browser made it: without scripts, the page is empty.".to_owned());
    }
    if capture.truncated.is_some() {
        remarks.push("It was cut short when it was kept.".to_owned());
    }
    remarks.extend(completeness(
        store,
        capture.id,
        capture.looked_for,
        capture.left_out,
    )?);
    let mut listed = Vec::new();
    let (mut before, mut after) = (None, None);
    for other in &known.copies {
        if other.id == copy.id || other.pruned_at.is_some() {
            continue;
        }
        if (other.at, other.id) > (copy.at, copy.id) {
            after = Some(of_copy(known, other, copy.id));
        } else if before.is_none() {
            before = Some(of_copy(known, other, copy.id));
        }
    }
    for other in known.copies.iter().take(MOST_OTHERS) {
        listed.push(of_copy(known, other, copy.id));
    }
    let page = Shown {
        title: capture.title.as_deref().map(|title| one_line(title, 200)),
        at: rfc3339(copy.at),
        came_from: (capture.url != *address).then(|| one_line(&capture.url, 2000)),
        made,
        remarks,
        verdict: known
            .source
            .verdict
            .clone()
            .unwrap_or_else(|| "not visited yet".to_owned()),
        standing: known.source.standing.clone(),
        before,
        after,
        more: known.copies.len().saturating_sub(MOST_OTHERS),
        others: listed,
        all: format!("/web/*/{address}"),
        frame: format!("{replay}{}", exact.path(Form::Shown, address)),
        bytes: format!("{replay}{}", when.path(Form::Bytes, address)),
        text: format!("{replay}{}", when.path(Form::Text, address)),
        size: bytes(capture.body.size),
        source: address.clone(),
    };
    Ok(rendered(Policy::Ours, &page))
}

/// Whether copies of a source are not shown any more.
fn is_down(site: &Site, source_id: i64) -> Result<bool, StoreError> {
    let takedown = site
        .store
        .read("see what may be shown", |r| r.takedown_of(source_id))?;
    Ok(takedown.is_some())
}

/// What is there of what a copy needs, in words; nothing where nothing is to be said.
fn completeness(
    store: &Store,
    capture_id: i64,
    looked_for: bool,
    left_out: u64,
) -> Result<Option<String>, StoreError> {
    if !looked_for {
        return Ok(None);
    }
    let needed = store.read("read what a copy needs", |r| r.requisites(capture_id))?;
    let mut whole = Completeness {
        left_out,
        ..Completeness::default()
    };
    for one in &needed {
        whole.count_row(&one.kind, one.status, one.missing.as_deref());
    }
    let is_alone = whole.needs == 0 && left_out == 0;
    Ok((!is_alone).then(|| format!("Of what it needs to be shown, kept: {whole}.")))
}

/// A copy of a source in a list; `shown` is the one that is shown.
fn of_copy(known: &Known, copy: &CopyRow, shown: i64) -> Listed {
    let by = match copy.kind.as_str() {
        "by-hand" => ", made by hand",
        "import" => ", imported",
        _ => "",
    };
    let says = match copy.pruned_at {
        Some(at) => format!("pruned at {}", rfc3339(at)),
        None => format!("{}{by}", bytes(copy.size)),
    };
    let is_there = copy.pruned_at.is_none() && copy.id != shown;
    Listed {
        at: rfc3339(copy.at),
        says,
        path: is_there.then(|| known.when(copy).path(Form::Shown, &known.source.address)),
        is_shown: copy.id == shown,
    }
}

/// All copies of a source.
fn list(known: &Known) -> Answer {
    let copies: Vec<_> = known
        .copies
        .iter()
        .map(|copy| of_copy(known, copy, 0))
        .collect();
    let page = Absent {
        head: count(known.there().count() as u64, "copy"),
        address: known.source.address.clone(),
        says: vec![stands(known)],
        copies,
        beside: Vec::new(),
        is_inside: false,
    };
    rendered(Policy::Ours, &page)
}

fn stands(known: &Known) -> String {
    let verdict = known.source.verdict.as_deref();
    format!(
        "The source: {} · {}.",
        verdict.unwrap_or("not visited yet"),
        known.source.standing
    )
}

/// That there is no such copy, and what there is instead. `ui` is where the pages of ours are, for a page that is not there.
pub(super) fn absent(policy: Policy, ui: &str, place: &Place, found: &Found) -> Answer {
    let mut status = StatusCode::NOT_FOUND;
    let mut page = Absent {
        head: "Not captured".to_owned(),
        address: one_line(&place.address, 2000),
        says: Vec::new(),
        copies: Vec::new(),
        beside: Vec::new(),
        is_inside: policy != Policy::Ours,
    };
    let of_known = |known: &Known| {
        let mut copies: Vec<_> = known.copies.iter().take(MOST_OTHERS).collect();
        if let Some(at) = place.instant() {
            // The nearest first.
            copies.sort_by_key(|copy| copy.at.abs_diff(at));
        }
        copies
            .into_iter()
            .map(|copy| of_copy(known, copy, 0))
            .collect()
    };
    match found {
        Found::Pruned(known, copy) => {
            status = StatusCode::GONE;
            "This copy was pruned".clone_into(&mut page.head);
            let pruned = copy.pruned_at.map(rfc3339).unwrap_or_default();
            page.says.push(format!(
                "The copy of {} went at {pruned}. That it was there, and its digests, are still in the hash chain.",
                rfc3339(copy.at)
            ));
            page.copies = of_known(known);
        }
        Found::Nothing(Some(known), _) => {
            page.says
                .push("This source is cited, but there is no copy of it.".to_owned());
            page.says.push(stands(known));
            page.copies = of_known(known);
        }
        Found::Nothing(None, _) => {
            page.says
                .push("No post cites this address, and no copy of it was kept.".to_owned());
        }
        Found::Copy(known, _) => page.copies = of_known(known),
        Found::TakenDown(takedown) => {
            // Why one was hidden is for those who hid it.
            if takedown.kind == "blocked" {
                status = StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS;
                "Not shown, for a reason of law".clone_into(&mut page.head);
            }
            page.says
                .push("Copies of this page are not shown here.".to_owned());
        }
        Found::Elsewhere(..) => {}
    }
    if let Found::Nothing(_, beside) = found {
        page.beside = beside
            .iter()
            .map(|(address, at)| Listed {
                at: rfc3339(*at),
                says: address.clone(),
                path: Some(When::at(*at).path(Form::Shown, address)),
                is_shown: false,
            })
            .collect();
    }
    for listed in page.copies.iter_mut().chain(&mut page.beside) {
        listed.path = listed.path.take().map(|path| format!("{ui}{path}"));
    }
    rendered(policy, &page).with(status)
}

/// Where a link of a copy leads.
pub(super) fn way(ui: &str, place: &Place, found: &Found) -> Answer {
    let (when, address, at) = match found {
        Found::Copy(known, copy) => (known.when(copy), &known.source.address, copy.at),
        Found::Elsewhere(when, address, at) => (when.clone(), address, *at),
        _ => return absent(Policy::Inside, ui, place, found),
    };
    let path = format!("{ui}{}", when.path(Form::Shown, address));
    let page = Absent {
        head: "A link of this copy".to_owned(),
        address: address.clone(),
        says: vec!["It leads to another page, of which there is a copy:".to_owned()],
        copies: vec![Listed {
            at: rfc3339(at),
            says: String::new(),
            path: Some(path),
            is_shown: false,
        }],
        beside: Vec::new(),
        is_inside: true,
    };
    rendered(Policy::Inside, &page)
}

/// What was asked for is no address.
pub(super) fn not_an_address(policy: Policy) -> Answer {
    let page = Absent {
        head: "Nothing is there".to_owned(),
        address: String::new(),
        says: vec!["That is no address of a page: write https://example.com/page.".to_owned()],
        copies: Vec::new(),
        beside: Vec::new(),
        is_inside: policy != Policy::Ours,
    };
    rendered(policy, &page).with(StatusCode::NOT_FOUND)
}

/// A page. (Writing to a string does not fail.)
fn rendered(policy: Policy, page: &impl Template) -> Answer {
    Answer::page(policy, page.render().unwrap_or_default())
}
