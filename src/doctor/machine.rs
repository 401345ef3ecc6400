//! The program, its configuration, the clock, the disks, the limits of this machine.

use std::path::{Path, PathBuf};

use super::{Check, Patient};
use crate::report::{bytes, rfc3339};
use crate::store::{Health, sqlite_version};

/// Before this, no clock was right that this program ever saw: 2025-01-01.
const EARLIEST: i64 = 1_735_689_600_000;
/// After this, a clock is wrong: 2100-01-01.
const LATEST: i64 = 4_102_444_800_000;
/// A clock may be this much behind the newest visit, in milliseconds; a run beyond counts no strikes.
const TOLERANCE: i64 = 5 * 60_000;
/// Space that temporary files may need, in bytes.
const TEMPORARY: u64 = 64 << 20;
/// Open files that a run with the ordinary number of requests needs.
const FILES: u64 = 512;

pub(super) fn checks(patient: &Patient<'_>, health: Option<&Health>) -> Vec<Check> {
    let mut checks = vec![
        Check::ok(
            "version",
            format!(
                "sourcekeep {}, SQLite {}",
                env!("CARGO_PKG_VERSION"),
                sqlite_version()
            ),
        ),
        configuration(patient),
        clock(patient, health),
        open_files(),
    ];
    let db = folder_of(patient.db);
    checks.push(disk(
        "disk",
        &db,
        patient.min_free,
        "free some room: copies of pages are not kept any more",
    ));
    let backups = existing(patient.backups);
    let needed = health.map_or(0, |health| health.size);
    checks.push(disk(
        "backup disk",
        &backups,
        needed,
        "a backup needs as much room as the archive; free some, or back up to another disk",
    ));
    checks.push(disk(
        "temporary folder",
        &std::env::temp_dir(),
        TEMPORARY,
        "free some room there, or name another folder in TMPDIR",
    ));
    checks
}

fn configuration(patient: &Patient<'_>) -> Check {
    const NAME: &str = "configuration";
    match (&patient.config_trouble, patient.config_file) {
        (Some(trouble), _) => Check::problem(
            NAME,
            trouble.clone(),
            "correct it; docs/CONFIGURATION.md lists the keys",
        ),
        (None, Some(file)) => Check::ok(NAME, format!("{} is valid", file.display())),
        (None, None) => Check::ok(NAME, "no file; everything is as it is by default"),
    }
}

fn clock(patient: &Patient<'_>, health: Option<&Health>) -> Check {
    const NAME: &str = "clock";
    const SET: &str = "set the clock, and have it kept right by NTP";
    let now = rfc3339(patient.now);
    if patient.is_simulated {
        return Check::skipped(NAME, format!("{now}, as --now says"));
    }
    if !(EARLIEST..LATEST).contains(&patient.now) {
        return Check::problem(NAME, format!("{now} is not believable"), SET);
    }
    let newest = health
        .filter(|health| !health.simulated)
        .and_then(|health| health.newest_visit_at);
    match newest {
        Some(newest) if patient.now < newest - TOLERANCE => Check::problem(
            NAME,
            format!("{now} is before the newest visit, {}", rfc3339(newest)),
            format!("{SET}; until then failures count no strikes"),
        ),
        _ => Check::ok(NAME, now),
    }
}

fn open_files() -> Check {
    const NAME: &str = "open files";
    match rlimit::Resource::NOFILE.get() {
        // A run raises the one to the other.
        Ok((_, hard)) if hard < FILES => Check::warning(
            NAME,
            format!("{hard} at most"),
            "raise the limit (ulimit -Hn), or fetch less at once with --concurrency N",
        ),
        Ok((_, rlimit::INFINITY)) => Check::ok(NAME, "no limit"),
        Ok((_, hard)) => Check::ok(NAME, format!("{hard} at most")),
        Err(_) => Check::skipped(NAME, "this system does not say"),
    }
}

fn disk(name: &'static str, folder: &Path, needed: u64, advice: &str) -> Check {
    match fs4::available_space(folder) {
        Ok(free) => {
            let found = format!("{} free at {}", bytes(free), folder.display());
            if free < needed {
                Check::warning(
                    name,
                    format!("{found}, and {} are wanted", bytes(needed)),
                    advice,
                )
            } else {
                Check::ok(name, found)
            }
        }
        Err(error) => Check::warning(
            name,
            format!("{}: {error}", folder.display()),
            "make this folder, or name another",
        ),
    }
}

/// The folder that a file is in.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The folder itself, or the one that it would be made in.
fn existing(folder: &Path) -> PathBuf {
    if folder.exists() {
        folder.to_owned()
    } else {
        folder_of(folder)
    }
}
