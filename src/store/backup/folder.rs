//! The folder of backups: their names, which of them are ours, and which may go.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OpenFlags};

use super::super::error::StoreError;
use super::super::migrate::APPLICATION_ID;
use super::super::uri_path;
use super::{BackupError, Identity, LeftAlone, Live, remove, target};

/// The instant in a name: RFC 3339 without what file systems do not take.
const INSTANT: &str = "%Y-%m-%dT%H-%M-%SZ";
/// What the name of a backup that is not whole ends with.
const PARTIAL: &str = ".partial";
/// The file whose lock keeps two backups out of one folder.
const LOCK: &str = ".sourcekeep-backup.lock";

/// What names a backup: an instant, and which of several of that second it is, from 1. The greater is the newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) at: i64,
    number: u32,
}

/// A file with the name of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) name: Name,
}

impl Name {
    /// A name that no file in the folder has.
    pub(super) fn free(now: i64, taken: &[Found]) -> Self {
        let at = now.div_euclid(1000) * 1000;
        let last = taken.iter().filter(|found| found.name.at == at);
        let number = last.map(|found| found.name.number).max().unwrap_or(0) + 1;
        Self { at, number }
    }

    /// `sourcekeep-2026-01-05T08-00-00Z.db`, and `…Z-2.db` for the second of the same second.
    pub(super) fn file(self, stem: &str) -> String {
        let at = Timestamp::from_millisecond(self.at).unwrap_or(Timestamp::UNIX_EPOCH);
        let at = at.strftime(INSTANT);
        match self.number {
            1 => format!("{stem}-{at}.db"),
            number => format!("{stem}-{at}-{number}.db"),
        }
    }

    fn parse(file: &str, stem: &str) -> Option<Self> {
        let rest = file
            .strip_prefix(stem)?
            .strip_prefix('-')?
            .strip_suffix(".db")?;
        let (at, number) = rest.split_at_checked(rest.find('Z')? + 1)?;
        let at = DateTime::strptime(INSTANT, at).ok()?;
        let at = TimeZone::UTC.to_timestamp(at).ok()?.as_millisecond();
        let number = match number.strip_prefix('-') {
            Some(number) => number.parse().ok().filter(|number| *number > 1)?,
            None if number.is_empty() => 1,
            None => return None,
        };
        let name = Self { at, number };
        // One backup has one name.
        (name.file(stem) == file).then_some(name)
    }
}

/// The files that have names of backups, newest first.
pub(super) fn list(folder: &Path, stem: &str) -> std::io::Result<Vec<Found>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(name) = name.to_str().and_then(|name| Name::parse(name, stem)) {
            found.push(Found {
                path: entry.path(),
                name,
            });
        }
    }
    found.sort_by_key(|found| std::cmp::Reverse(found.name));
    Ok(found)
}

/// Why a file with the name of a backup is not one of this archive's that may be gone on from, or removed; `None` if it
/// is one.
pub(super) fn refusal(path: &Path, identity: &Identity) -> Option<&'static str> {
    let is_file = std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    if !is_file {
        return Some("it is no file");
    }
    let mut header = [0; 100];
    if File::open(path)
        .and_then(|mut file| file.read_exact(&mut header))
        .is_err()
    {
        return Some("it cannot be read");
    }
    if !header.starts_with(b"SQLite format 3\0") || header[68..72] != APPLICATION_ID.to_be_bytes() {
        return Some("it is no archive of sourcekeep");
    }
    // A backup is finished without write-ahead logging; whoever opens one to write to it turns that on.
    if header[18] != 1
        || ["-wal", "-journal"]
            .iter()
            .any(|end| beside(path, end).exists())
    {
        return Some("it was opened for writing, and may be in use as an archive");
    }
    match origin(path) {
        Err(_) => Some("it is damaged"),
        Ok(None) => Some("it was not made by `sourcekeep backup`"),
        Ok(Some(found)) if found.is_of(identity) => None,
        Ok(Some(_)) => Some("it is a backup of another archive"),
    }
}

/// Of which archive a file is a backup.
fn origin(path: &Path) -> rusqlite::Result<Option<Identity>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let uri = format!("file:{}?immutable=1", uri_path(path));
    let connection = Connection::open_with_flags(uri, flags)?;
    connection.execute_batch("pragma trusted_schema = off")?;
    let is_marked: bool = connection.query_row(
        "select exists (select 1 from sqlite_schema where type = 'table' and name = 'backup_mark')",
        [],
        |row| row.get(0),
    )?;
    if !is_marked {
        return Ok(None);
    }
    Identity::read(&connection).map(Some)
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// What a backup is called until it is whole.
pub(super) fn partial(path: &Path) -> PathBuf {
    beside(path, PARTIAL)
}

/// The folder, held for one backup.
pub(super) struct Folder {
    path: PathBuf,
    /// Held as long as it is open.
    _lock: File,
}

/// What became of earlier backups.
pub(super) struct Rotated {
    pub(super) kept: u64,
    pub(super) removed: Vec<PathBuf>,
    pub(super) left_alone: Vec<LeftAlone>,
}

impl Folder {
    /// Makes it where only it is missing: a folder above that is missing is rather a disk that is not there.
    pub(super) fn open(path: &Path) -> Result<Self, BackupError> {
        match std::fs::metadata(path) {
            Ok(metadata) if !metadata.is_dir() => {
                return Err(BackupError::NotAFolder(path.to_owned()));
            }
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                match std::fs::create_dir(path) {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                        return Err(BackupError::NoParent(path.to_owned()));
                    }
                    // Another process may have been faster.
                    Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                        return Err(target(path, error));
                    }
                    _ => {}
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
                return Err(BackupError::NotAFolder(path.to_owned()));
            }
            Err(error) => return Err(target(path, error)),
        }
        let lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join(LOCK))
            .map_err(|error| target(path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BackupError::Held(path.to_owned())),
            // Some network file systems know no locks; a backup there is better than none.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(target(path, error)),
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Removes what backups that were cut short have left, and lists the others.
    pub(super) fn clear(&self, stem: &str) -> Result<Vec<Found>, BackupError> {
        let failed = |error| target(&self.path, error);
        for entry in std::fs::read_dir(&self.path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let whole = name.to_str().and_then(|name| name.strip_suffix(PARTIAL));
            if whole.is_some_and(|whole| Name::parse(whole, stem).is_some()) {
                remove(&entry.path())?;
            }
        }
        list(&self.path, stem).map_err(failed)
    }

    /// Gives a whole file its name, and waits until the folder has it on the disk.
    pub(super) fn name(&self, partial: &Path, path: &Path) -> Result<(), BackupError> {
        std::fs::rename(partial, path)
            .and_then(|()| self.on_disk())
            .map_err(|error| target(path, error))
    }

    #[cfg(unix)]
    fn on_disk(&self) -> std::io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    /// Other systems do not let a folder be opened as a file, and write its entries themselves.
    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
    fn on_disk(&self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Removes the oldest of this archive's backups, so that with the new one there are `keep` at most.
pub(super) fn rotate(earlier: &[Found], live: &Live, keep: u32) -> Result<Rotated, BackupError> {
    let mut rotated = Rotated {
        kept: 0,
        removed: Vec::new(),
        left_alone: Vec::new(),
    };
    let archive = live.path.canonicalize().ok();
    for found in earlier {
        let why = if archive.is_some() && found.path.canonicalize().ok() == archive {
            Some("it is the archive")
        } else {
            refusal(&found.path, &live.identity)
        };
        if let Some(why) = why {
            rotated.left_alone.push(LeftAlone {
                path: found.path.clone(),
                why,
            });
        } else if rotated.kept + 1 < u64::from(keep) {
            rotated.kept += 1;
        } else {
            std::fs::remove_file(&found.path)
                .map_err(|error| StoreError::file(&found.path, "remove an old backup", error))?;
            rotated.removed.push(found.path.clone());
        }
    }
    Ok(rotated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_when() {
        let name = Name::free(1_767_600_000_999, &[]);
        assert_eq!(
            name.file("sourcekeep"),
            "sourcekeep-2026-01-05T08-00-00Z.db"
        );
        let taken = [Found {
            path: PathBuf::new(),
            name,
        }];
        let second = Name::free(1_767_600_000_000, &taken);
        assert_eq!(second.file("a b"), "a b-2026-01-05T08-00-00Z-2.db");
        assert!(second > name);
        for name in [name, second] {
            assert_eq!(Name::parse(&name.file("x-1"), "x-1"), Some(name));
        }
        for other in [
            "x-2026-01-05T08-00-00Z.db.partial",
            "x-2026-01-05T08-00-00Z-1.db",
            "x-2026-01-05T08-00-00Z-02.db",
            "x-2026-01-05T8-00-00Z.db",
            "x-2026-02-30T08-00-00Z.db",
            "x-y-2026-01-05T08-00-00Z.db",
            "x.db",
            "x-.db",
        ] {
            assert_eq!(Name::parse(other, "x"), None, "{other}");
        }
    }
}
