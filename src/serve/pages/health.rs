//! How the archive is, and by what configuration it is kept.

use std::collections::BTreeMap;

use askama::Template;
use serde::Serialize;

use super::{Frame, page};
use crate::report::{bytes, date, one_line, rfc3339};
use crate::serve::answer::Answer;
use crate::serve::api::json;
use crate::serve::{Asked, Site};
use crate::store::{GroupTally, StoreError, list_backups};

/// Hosts in the numbers for programs.
const HOSTS: usize = 20;
/// Days in them.
const DAYS: usize = 90;

#[derive(Template)]
#[template(path = "ui/health.html")]
struct Page {
    frame: Frame,
    facts: Vec<(&'static str, String)>,
    settings: String,
}

/// What the overview and this page count, for programs: numbers that are kept, so that nobody waits for them.
#[derive(Serialize)]
struct Numbers {
    generated_at: String,
    sources: i64,
    standings: BTreeMap<String, i64>,
    verdicts: BTreeMap<String, i64>,
    /// What is to be decided, by what is wrong.
    repairs: BTreeMap<String, i64>,
    /// Standings by the year of the first citation; 0 where that is unknown.
    by_year: BTreeMap<String, BTreeMap<String, i64>>,
    /// Standings at the end of each of the last days with a run.
    by_day: BTreeMap<String, BTreeMap<String, i64>>,
    hosts_with_most_dead: Vec<HostNumber>,
    bytes: i64,
    bytes_free: i64,
    last_good_run_at: Option<String>,
    verified_at: Option<String>,
    quickly_verified_at: Option<String>,
    not_in_index: u64,
}

#[derive(Serialize)]
struct HostNumber {
    host: String,
    dead: i64,
}

fn numbers(site: &Site) -> Result<Answer, StoreError> {
    const DAY: i64 = 86_400_000;
    let group = |rows: Vec<GroupTally>, name: &dyn Fn(&str) -> String| {
        let mut groups: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
        for row in rows.into_iter().filter(|row| row.many > 0) {
            let own = groups.entry(name(&row.key)).or_default();
            *own.entry(row.standing).or_default() += row.many;
        }
        groups
    };
    let day = |key: &str| date(key.parse::<i64>().unwrap_or_default().saturating_mul(DAY));
    let numbers = site.store.read("read what is counted", |r| {
        let (mut standings, mut verdicts) = (BTreeMap::new(), BTreeMap::new());
        let mut sources = 0;
        for tally in r.tallies()? {
            sources += tally.many;
            *standings.entry(tally.standing).or_default() += tally.many;
            if let Some(verdict) = tally.verdict {
                *verdicts.entry(verdict).or_default() += tally.many;
            }
        }
        let pages = r.pages()?;
        let hosts = r.hosts_with_most("dead", HOSTS)?.into_iter();
        Ok(Numbers {
            generated_at: rfc3339(site.clock.now()),
            sources,
            standings,
            verdicts,
            repairs: r.work_left()?.into_iter().collect(),
            by_year: group(r.tallies_by_year()?, &str::to_owned),
            by_day: group(r.standing_by_day(DAYS)?, &day),
            hosts_with_most_dead: hosts
                .map(|host| HostNumber {
                    host: host.key,
                    dead: host.many,
                })
                .collect(),
            bytes: pages.all * pages.size,
            bytes_free: pages.free * pages.size,
            last_good_run_at: r.last_good_run()?.map(rfc3339),
            verified_at: r.verified_at(false)?.map(rfc3339),
            quickly_verified_at: r.verified_at(true)?.map(rfc3339),
            not_in_index: r.search_due_count()?,
        })
    })?;
    Ok(json(&numbers))
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
    if asked.path.starts_with("/api/") {
        return numbers(site);
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
