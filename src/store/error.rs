//! What can go wrong with the file, told so that a person knows what to do.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::blob::Unreadable;
use super::texts;

/// A failure of the archive file. None of these harms what is stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such file, and it was not to be made.
    #[error("{0}: there is no archive here")]
    Missing(PathBuf),
    /// The folder that the archive is to be made in is not there.
    #[error("{0}: the archive cannot be made, for its folder does not exist")]
    NoFolder(PathBuf),
    /// The file is no `SQLite` database.
    #[error("{0}: this file is not a sourcekeep archive (it is no SQLite database)")]
    NotADatabase(PathBuf),
    /// The file is another program's database.
    #[error("{0}: this SQLite database belongs to another program")]
    NotOurs(PathBuf),
    /// A later version of sourcekeep wrote the file.
    #[error("{path}: written by a newer sourcekeep (schema {found}; this one knows up to {known})")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The latest version known here.
        known: u32,
    },
    /// The file was written under `--now`, and a real visit was asked for (or the other way round).
    #[error(
        "{0}: this archive was written under --now and is marked simulated; it never takes real visits"
    )]
    Simulated(PathBuf),
    /// The disk, or the quota, is full.
    #[error("{path}: no room left while trying to {doing}")]
    Full {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
    },
    /// The file, or its folder, cannot be written.
    #[error("{path}: cannot be written while trying to {doing}")]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
    },
    /// Another program holds the database's own lock for too long.
    #[error("{path}: another program holds this file locked (waited while trying to {doing})")]
    Busy {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
    },
    /// The file is damaged.
    #[error("{path}: the file is damaged ({why})")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// The file, or its write-ahead log, was taken away while it was in use.
    #[error("{0}: this file was moved, deleted or replaced while it was in use")]
    Missed(PathBuf),
    /// A file operation beside the database failed.
    #[error("{path}: cannot {doing}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// Anything else that `SQLite` reports.
    #[error("{path}: cannot {doing}: {source}")]
    Sql {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why.
        source: rusqlite::Error,
    },
    /// The writer stopped because of an earlier failure, which everybody who writes is told.
    #[error("{0}")]
    Earlier(std::sync::Arc<StoreError>),
    /// The writer stopped without a word; this is a defect.
    #[error("writing stopped: {0}")]
    Stopped(String),
}

impl StoreError {
    /// What the user can do about it, if there is something.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing(_) => Some(
                "`sourcekeep run INPUT` makes one; --db PATH (or SOURCEKEEP_DB) names another file",
            ),
            Self::NoFolder(_) => Some("make the folder first, or name another file with --db PATH"),
            Self::NotADatabase(_) | Self::NotOurs(_) => {
                Some("name another file with --db PATH; this one was not touched")
            }
            Self::Newer { .. } => Some("use the newer sourcekeep; this file was not touched"),
            Self::Simulated(_) => Some("go on with --now, or use another file for real visits"),
            Self::Full { .. } => Some(
                "free some room and run again: everything committed so far is kept, and the next run goes on",
            ),
            Self::ReadOnly { .. } => Some(
                "check the permissions of the file and of its folder, or name another file with --db PATH",
            ),
            Self::Busy { .. } => Some("close the program that has it open, then run again"),
            Self::Damaged { .. } => Some(
                "restore a backup; `sqlite3 FILE .recover` reads what is left of a damaged file",
            ),
            Self::Missed(_) => Some(
                "put the file back, with the -wal file beside it if there is one, and run again: what was not committed yet is due again",
            ),
            Self::File { source, .. } if is_out_of_files(source) => {
                Some("raise the limit with ulimit -n, or fetch less at once with --concurrency N")
            }
            Self::Sql { source, .. }
                if source.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) =>
            {
                Some(
                    "the disk is full or failed, or a limit on the size of files was reached (ulimit -f); everything committed so far is kept",
                )
            }
            Self::Earlier(error) => error.hint(),
            Self::File { .. } | Self::Sql { .. } | Self::Stopped(_) => None,
        }
    }

    pub(super) fn sql(path: &Path, doing: &'static str, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        if source.sqlite_error_code() == Some(ErrorCode::CannotOpen)
            && let Some(source) = out_of_files(&path)
        {
            return Self::File {
                path,
                doing,
                source,
            };
        }
        if let Some(blob) = Unreadable::of(&source) {
            return Self::Damaged {
                path,
                why: blob.to_string(),
            };
        }
        if let Some(why) = texts::why_unreadable(&source) {
            let why = why.to_owned();
            return Self::Damaged { path, why };
        }
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotADatabase(path),
            Some(ErrorCode::DiskFull) => Self::Full { path, doing },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::ReadOnly { path, doing }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path, doing },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged {
                path,
                why: source.to_string(),
            },
            _ => Self::Sql {
                path,
                doing,
                source,
            },
        }
    }

    pub(super) fn file(path: &Path, doing: &'static str, source: std::io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::Full { path, doing }
            }
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path, doing }
            }
            _ => Self::File {
                path,
                doing,
                source,
            },
        }
    }
}

/// Why no file can be opened at all, if that is so: `SQLite` says only that it could not open one.
fn out_of_files(path: &Path) -> Option<std::io::Error> {
    std::fs::File::open(path).err().filter(is_out_of_files)
}

fn is_out_of_files(error: &std::io::Error) -> bool {
    // ENFILE and EMFILE, of which the library has no kinds; all Unix systems agree on the numbers.
    cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24))
}
