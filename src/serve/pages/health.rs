//! How the archive is, and by what configuration it is kept.

use askama::Template;

use super::{Frame, page};
use crate::report::{Statistics, bytes, one_line, rfc3339};
use crate::serve::answer::Answer;
use crate::serve::api::json;
use crate::serve::{Asked, Site, stored};
use crate::store::{StoreError, list_backups};

/// Hosts in the numbers for programs.
const HOSTS: usize = 20;

#[derive(Template)]
#[template(path = "ui/health.html")]
struct Page {
    frame: Frame,
    facts: Vec<(&'static str, String)>,
    settings: String,
}

/// How much more may be kept, as the configuration says.
fn room(site: &Site, size: i64) -> String {
    match site.ways.max_bytes {
        None => "as much as the disk has".to_owned(),
        Some(most) => {
            let left = most.saturating_sub(size.unsigned_abs());
            format!("{} of {}", bytes(left), bytes(most))
        }
    }
}

/// When the last backup was made, and how many there are.
fn backup(site: &Site) -> String {
    let Some(folder) = &site.ways.backups else {
        return "it is not known here".to_owned();
    };
    let found = list_backups(site.store.path(), folder).unwrap_or_default();
    match found.first() {
        Some((_, at)) => format!(
            "{}, one of {} in {}",
            rfc3339(*at),
            found.len(),
            one_line(&folder.to_string_lossy(), 300)
        ),
        None => format!(
            "there is none in {}; `sourcekeep backup` makes one",
            one_line(&folder.to_string_lossy(), 300)
        ),
    }
}

/// The page, or the numbers for programs.
pub(in crate::serve) fn health(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let now = site.clock.now();
    if asked.path.starts_with("/api/") {
        return Ok(json(&stored(Statistics::count(
            &site.store,
            now,
            None,
            HOSTS,
        ))?));
    }
    let (pages, run, words) = site.store.read("measure the archive", |r| {
        Ok((r.pages()?, r.last_good_run()?, r.search_due_count()?))
    })?;
    let size = |many: i64| bytes((many * pages.size).unsigned_abs());
    let path = site.store.path();
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let free = fs4::available_space(folder.unwrap_or(std::path::Path::new(".")));
    let mut facts = vec![
        ("Archive", one_line(&path.to_string_lossy(), 500)),
        (
            "Size",
            format!(
                "{}, of which {} are free",
                size(pages.all),
                size(pages.free)
            ),
        ),
    ];
    if let Ok(free) = free {
        facts.push(("Free on its disk", bytes(free)));
    }
    facts.push((
        "Room that is left to copies",
        room(site, pages.all * pages.size),
    ));
    facts.push(("The last backup", backup(site)));
    let sound = site.store.read("see when it was verified", |r| {
        Ok((r.verified_at(false)?, r.verified_at(true)?))
    })?;
    facts.push((
        "Found sound",
        match sound {
            (Some(whole), quick) if quick.is_none_or(|quick| quick <= whole) => rfc3339(whole),
            (Some(whole), Some(quick)) => {
                format!("{}; quickly, {}", rfc3339(whole), rfc3339(quick))
            }
            (None, Some(quick)) => format!("{}, without its payloads", rfc3339(quick)),
            _ => "not yet; `sourcekeep verify` looks".to_owned(),
        },
    ));
    let run = run.map_or_else(|| "there was none".to_owned(), rfc3339);
    facts.push(("The last run that counts", run));
    facts.push((
        "Sources of which words are not in the index yet",
        words.to_string(),
    ));
    facts.push((
        "Version",
        format!(
            "sourcekeep {}, SQLite {}",
            env!("CARGO_PKG_VERSION"),
            crate::store::sqlite_version()
        ),
    ));
    Ok(page(&Page {
        frame: Frame::new(site, asked, "health", "Health"),
        facts,
        settings: site.ways.settings.clone(),
    }))
}
