//! The archive: is it there, is it ours, is it whole, can it be written, does it run, is there a backup of it.

use std::path::Path;
use std::time::Duration;

use super::machine::folder_of;
use super::{Check, Patient};
use crate::report::{ago, bytes, count, rfc3339};
use crate::store::{
    Depth, Health, StoreError, Verifying, health, list_backups, run_holder, verify,
};

/// How long the structure of the file is looked at.
const WITHIN: Duration = Duration::from_secs(3);
/// A write-ahead log beyond this was not cleared for long.
const LARGE_LOG: u64 = 256 << 20;
/// So long after the last run nobody runs it any more, in milliseconds.
const RUN_AFTER: i64 = 2 * 86_400_000;
/// A backup older than this is an old one, in milliseconds.
const BACKUP_AFTER: i64 = 7 * 86_400_000;

/// What there is to say of the archive, and what can be said of it in a moment, if it can be read.
pub(super) fn checks(patient: &Patient<'_>) -> (Option<Health>, Vec<Check>) {
    let db = patient.db;
    let found = match health(db, patient.now) {
        Ok(found) => found,
        Err(StoreError::Missing(_)) => {
            let check = Check::skipped("archive", format!("there is none at {}", db.display()))
                .advise("`sourcekeep run INPUT` makes one; --db PATH names another");
            return (None, vec![check, writable(db)]);
        }
        Err(error) => {
            let hint = error
                .hint()
                .unwrap_or("look at the file and its folder, or restore a backup");
            let mut checks = vec![Check::problem("archive", error.to_string(), hint)];
            if matches!(error, StoreError::Damaged { .. }) {
                checks.push(integrity(db));
            }
            return (None, checks);
        }
    };
    let held = run_holder(db);
    let is_held = matches!(held, Ok(Some(_)));
    let checks = vec![
        file(db, &found),
        integrity(db),
        log(&found, is_held),
        writable(db),
        lock(&held),
        last_run(patient, &found, is_held),
        backups(patient, &found),
    ];
    (Some(found), checks)
}

fn file(db: &Path, found: &Health) -> Check {
    const NAME: &str = "archive";
    let mut says = format!(
        "{}: {}, schema {}",
        db.display(),
        bytes(found.size),
        found.schema
    );
    if found.simulated {
        says.push_str(", simulated (written under --now; it never takes real visits)");
    }
    if let Some((of, at)) = &found.backup_of {
        says = format!("{says}, a backup of {of} as of {}", rfc3339(*at));
    }
    if found.schema < found.known {
        let advice =
            "the next command that writes brings it up to date, after putting a copy aside";
        let says = format!("{says}, older than this program's {}", found.known);
        return Check::warning(NAME, says, advice);
    }
    Check::ok(NAME, says)
}

fn integrity(db: &Path) -> Check {
    const NAME: &str = "integrity";
    const RESTORE: &str =
        "`sourcekeep verify` lists everything; restore the newest sound backup (docs/KEEPING.md)";
    let how = Verifying {
        depth: Depth::Structure,
        within: Some(WITHIN),
    };
    match verify(db, how, |_| {}) {
        Ok(verified) if verified.found > 0 => {
            let first = verified.problems.first().map_or("", String::as_str);
            Check::problem(
                NAME,
                format!("{}, the first: {first}", count(verified.found, "problem")),
                RESTORE,
            )
        }
        Ok(verified) if verified.unfinished => Check::ok(
            NAME,
            format!(
                "sound as far as it was looked at in {} s; `sourcekeep verify` looks at all of it",
                WITHIN.as_secs()
            ),
        ),
        Ok(_) => Check::ok(
            NAME,
            "its structure is sound; `sourcekeep verify` looks at what it holds",
        ),
        Err(error) => Check::problem(NAME, error.to_string(), RESTORE),
    }
}

fn log(found: &Health, is_held: bool) -> Check {
    const NAME: &str = "write-ahead log";
    let says = bytes(found.log_size);
    if found.log_size > LARGE_LOG {
        let advice = if is_held {
            "some program reads the archive without end; close it"
        } else {
            "the next run clears it, unless some program reads the archive without end"
        };
        return Check::warning(NAME, says, advice);
    }
    Check::ok(NAME, says)
}

/// Whether the file can be written, and new ones beside it. A file is made for that, and removed at once.
fn writable(db: &Path) -> Check {
    const NAME: &str = "writable";
    const ADVICE: &str = "check the permissions of the archive and of its folder";
    let folder = folder_of(db);
    let probe = folder.join(format!(".sourcekeep-doctor-{}", std::process::id()));
    let made = std::fs::File::create_new(&probe);
    let owners = made.as_ref().ok().and_then(|made| owners(made, db));
    let made = made.map(|_| ());
    let _ = std::fs::remove_file(&probe);
    if let Err(error) = made {
        return Check::problem(NAME, format!("{}: {error}", folder.display()), ADVICE);
    }
    if !db.exists() {
        return Check::ok(
            NAME,
            format!("an archive can be made in {}", folder.display()),
        );
    }
    if let Err(error) = std::fs::OpenOptions::new().append(true).open(db) {
        return Check::problem(NAME, format!("{}: {error}", db.display()), ADVICE);
    }
    match owners {
        Some((we, owner)) if we != owner => Check::warning(
            NAME,
            format!("the archive belongs to user {owner}, and this is user {we}"),
            "files made beside it by one user may keep the other out; run everything as one user",
        ),
        _ => Check::ok(NAME, "the archive and its folder"),
    }
}

/// The numbers of the user who makes files, and of the one whose file the archive is.
#[cfg(unix)]
fn owners(made: &std::fs::File, db: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    Some((made.metadata().ok()?.uid(), db.metadata().ok()?.uid()))
}

#[cfg(not(unix))]
fn owners(_: &std::fs::File, _: &Path) -> Option<(u32, u32)> {
    None
}

fn lock(held: &Result<Option<crate::store::Holder>, StoreError>) -> Check {
    const NAME: &str = "run lock";
    match held {
        Ok(None) => Check::ok(NAME, "nobody holds it"),
        Ok(Some(holder)) if holder.says.is_empty() => Check::ok(NAME, "a run goes on"),
        Ok(Some(holder)) => Check::ok(NAME, format!("{} holds it", holder.says)),
        Err(error) => Check::warning(
            NAME,
            error.to_string(),
            "without it, two runs could ask the same hosts at once",
        ),
    }
}

fn last_run(patient: &Patient<'_>, found: &Health, is_held: bool) -> Check {
    const NAME: &str = "last run";
    let Some(run) = &found.last_run else {
        return Check::warning(NAME, "there was none yet", "`sourcekeep run` makes one");
    };
    let begun = ago(run.started_at, patient.now);
    let says = format!("`{}`, {begun}", run.command);
    let ended = match (&run.result, run.ended_at) {
        (_, None) if is_held => return Check::ok(NAME, format!("{says}, goes on")),
        (_, None) => {
            return Check::warning(
                NAME,
                format!("{says}, was killed"),
                "what it had done is kept; run again, and see why it was killed (memory, a time limit)",
            );
        }
        (Some(result), _) => result.clone(),
        (None, _) => "ended".to_owned(),
    };
    let mut says = format!("{says}: {ended}");
    if found.failed_runs > 0 {
        says = format!(
            "{says}; {} of the last ten failed or were killed",
            found.failed_runs
        );
    }
    if run.suspect {
        return Check::warning(
            NAME,
            format!("{says}; it suspected itself"),
            "most of what answered before failed at once: was the network down?",
        );
    }
    let (due, since) = found.due;
    let is_waiting = since.is_some_and(|since| patient.now - since > RUN_AFTER);
    if patient.now - run.started_at > RUN_AFTER && is_waiting {
        return Check::warning(
            NAME,
            format!("{says}; {} due since then", count(due as u64, "source")),
            "run it once a day: from cron or a timer",
        );
    }
    if run.result.as_deref() == Some("failed") {
        return Check::warning(NAME, says, "run again; what it had done is kept");
    }
    Check::ok(NAME, says)
}

fn backups(patient: &Patient<'_>, found: &Health) -> Check {
    const NAME: &str = "backup";
    if found.backup_of.is_some() && patient.db.starts_with(patient.backups) {
        return Check::skipped(NAME, "this file is a backup itself");
    }
    let folder = patient.backups.display();
    match list_backups(patient.db, patient.backups) {
        Err(error) => Check::warning(NAME, error.to_string(), "look at the folder of backups"),
        Ok(backups) => match backups.first() {
            None => Check::warning(
                NAME,
                format!("there is none in {folder}"),
                "`sourcekeep backup FOLDER` makes one, best on another disk",
            ),
            Some((_, at)) => {
                let says = format!(
                    "{} in {folder}, the newest {}",
                    count(backups.len() as u64, "backup"),
                    ago(*at, patient.now)
                );
                let has_new = found.newest_visit_at.is_some_and(|newest| newest > *at);
                if has_new && patient.now - at > BACKUP_AFTER {
                    Check::warning(NAME, says, "`sourcekeep backup FOLDER` copies what is new")
                } else {
                    Check::ok(NAME, says)
                }
            }
        },
    }
}
