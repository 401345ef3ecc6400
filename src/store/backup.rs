//! Backups: whole archives of their own, each made from the newest one before it and what is new since.
//!
//! Copying the file as `SQLite`'s own backup does would begin again whenever a run writes, and would read all of it each
//! time. So rows are copied instead. What is never changed is copied first, in short transactions, while runs go on
//! writing; then one last transaction takes what came meanwhile and the rows that do change, so that a backup is one
//! state of the archive. Of the live file is read what is new, and the rows that may change; the rest of a backup
//! comes from the backup before it, by a copy within the backup folder that costs no room where the file system can
//! share what is the same.
//!
//! A backup has its name only once it is whole and on the disk. Nothing is removed before that.

mod copy;
mod folder;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rusqlite::Connection;

use super::error::StoreError;
use super::verify::{Depth, Looking, Verified, Verifying, verify};
use super::{Mode, check_header, migrate, open_reader};
use copy::Copier;
use folder::{Folder, Found, Name};

/// What is to be backed up, and how.
#[derive(Debug, Clone)]
pub struct Backup<'a> {
    /// The archive.
    pub archive: &'a Path,
    /// Where backups are.
    pub folder: &'a Path,
    /// How many are kept, the new one among them; at least one is.
    pub keep: u32,
    /// The instant that names it.
    pub now: i64,
    /// Whether to copy everything anew, whatever earlier backups hold.
    pub whole: bool,
    /// Whether to verify the copy before it counts.
    pub verify: bool,
}

/// What is going on, for a line of progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copying {
    /// The backup before is copied within the folder.
    Earlier,
    /// Rows are copied: so many bytes so far.
    Rows(u64),
    /// The copy is verified.
    Verifying(Looking),
}

/// A file that has the name of a backup and was not counted as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftAlone {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub why: &'static str,
}

/// A backup that was made.
#[derive(Debug, Clone)]
pub struct BackedUp {
    /// The backup.
    pub path: PathBuf,
    /// The backup that it went on from.
    pub base: Option<PathBuf>,
    /// Rows that were copied from the archive.
    pub rows: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Bytes of the backup.
    pub size: u64,
    /// How long it took.
    pub seconds: f64,
    /// Backups of this archive that are in the folder now.
    pub kept: u64,
    /// Those that were removed because there were more than are to be kept.
    pub removed: Vec<PathBuf>,
    /// Files that were neither counted nor removed.
    pub left_alone: Vec<LeftAlone>,
    /// Whether the archive was ever written under `--now`.
    pub simulated: bool,
    /// What verifying the copy said, if that was asked for.
    pub verified: Option<Verified>,
}

/// Why no backup was made. Earlier ones are as they were.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The archive cannot be read.
    #[error(transparent)]
    Archive(#[from] StoreError),
    /// The backup cannot be written.
    #[error("no backup was made: {0}")]
    Target(StoreError),
    /// Backups are to be in something that is not a folder.
    #[error("{0}: backups go into a folder, and this is a file")]
    NotAFolder(PathBuf),
    /// The folder above the one for backups is not there.
    #[error("{0}: this folder cannot be made, for the one above it does not exist")]
    NoParent(PathBuf),
    /// Another backup is being made in the same folder.
    #[error("{0}: another backup is being made in this folder")]
    Held(PathBuf),
    /// The copy does not hold what it should.
    #[error("no backup was made: the copy is not sound: {}", .0.problems.first().map_or("", String::as_str))]
    NotSound(Box<Verified>),
}

impl BackupError {
    /// What the user can do about it, if there is something.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Archive(error) => error.hint(),
            Self::Target(StoreError::Full { .. }) => Some(
                "earlier backups are as they were; free some room there, keep fewer with --keep N, or name another folder",
            ),
            Self::Target(_) => Some(
                "earlier backups are as they were; check the folder's permissions and its disk, or name another folder",
            ),
            Self::NotAFolder(_) => {
                Some("name a folder; each backup becomes a file of its own in it")
            }
            Self::NoParent(_) => {
                Some("is the disk mounted? make the folder above it first, or name another one")
            }
            Self::Held(_) => Some("wait for it to end"),
            Self::NotSound(_) => Some(
                "`sourcekeep verify` says whether the archive itself is damaged; earlier backups are as they were",
            ),
        }
    }
}

/// The backups of this archive in a folder, newest first: their files, and the instants that name them. Nothing is
/// there where there is no such folder.
///
/// # Errors
/// When the archive or the folder cannot be read.
pub fn list_backups(archive: &Path, folder: &Path) -> Result<Vec<(PathBuf, i64)>, BackupError> {
    let live = Live::look(archive)?;
    let found = folder::list(folder, &live.stem)
        .map_err(|error| StoreError::file(folder, "list the backups", error))?;
    let ours = found
        .into_iter()
        .filter(|found| folder::refusal(&found.path, &live.identity).is_none());
    Ok(ours.map(|found| (found.path, found.name.at)).collect())
}

/// Makes a backup. `each` is told how far it is.
///
/// # Errors
/// When the archive cannot be read, or the backup cannot be written; earlier backups are as they were then.
pub fn back_up(
    backup: &Backup<'_>,
    mut each: impl FnMut(Copying),
) -> Result<BackedUp, BackupError> {
    let begun = Instant::now();
    let live = Live::look(backup.archive)?;
    let folder = Folder::open(backup.folder)?;
    let earlier = folder.clear(&live.stem)?;
    let name = Name::free(backup.now, &earlier);
    let path = backup.folder.join(name.file(&live.stem));
    let partial = folder::partial(&path);
    let written = write(backup, &live, &earlier, &partial, &mut each);
    let written = written.and_then(|written| {
        folder.name(&partial, &path)?;
        Ok(written)
    });
    let written = match written {
        Ok(written) => written,
        Err(error) => {
            // It is of no use, and may be what filled the disk.
            let _ = std::fs::remove_file(&partial);
            return Err(error);
        }
    };
    let size = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
    let rotated = folder::rotate(&earlier, &live, backup.keep)?;
    Ok(BackedUp {
        path,
        base: written.base,
        rows: written.rows,
        bytes: written.bytes,
        size,
        seconds: begun.elapsed().as_secs_f64(),
        kept: rotated.kept + 1,
        removed: rotated.removed,
        left_alone: rotated.left_alone,
        simulated: live.simulated,
        verified: written.verified,
    })
}

/// The archive, before it is copied.
struct Live {
    path: PathBuf,
    /// What the names of its backups begin with.
    stem: String,
    identity: Identity,
    simulated: bool,
}

/// What tells one archive from another: when it was made, to the millisecond, by which version, and the first link of
/// its chain of visits, once there is one.
#[derive(Debug, Clone)]
struct Identity {
    created_at: i64,
    created_by: String,
    first_visit: Option<Vec<u8>>,
}

impl Identity {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        connection.query_row(
            "select created_at, created_by, (select chain from visit where id = 1) from archive where id = 1",
            [],
            |row| {
                Ok(Self {
                    created_at: row.get(0)?,
                    created_by: row.get(1)?,
                    first_visit: row.get(2)?,
                })
            },
        )
    }

    fn is_of(&self, other: &Self) -> bool {
        let both = self.first_visit.as_ref().zip(other.first_visit.as_ref());
        self.created_at == other.created_at
            && self.created_by == other.created_by
            && both.is_none_or(|(own, other)| own == other)
    }
}

impl Live {
    /// It is not opened as other commands do: a backup is wanted before the file is brought to another schema.
    fn look(path: &Path) -> Result<Self, StoreError> {
        check_header(path, Mode::Read)?;
        let connection = open_reader(path)?;
        if migrate::refuse_newer(&connection, path)? == 0 {
            return Err(StoreError::Missing(path.to_owned()));
        }
        let wrap = |error| StoreError::sql(path, "read the archive's mark", error);
        let identity = Identity::read(&connection).map_err(wrap)?;
        let simulated = connection
            .query_row("select simulated from archive where id = 1", [], |row| {
                row.get(0)
            })
            .map_err(wrap)?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        Ok(Self {
            path: path.to_owned(),
            stem: stem.into_owned(),
            identity,
            simulated,
        })
    }
}

/// What was written under the partial name.
struct Written {
    base: Option<PathBuf>,
    rows: u64,
    bytes: u64,
    verified: Option<Verified>,
}

/// Writes the copy, from the newest backup that it can go on from. Where that turns out to be damaged, everything is
/// copied anew.
fn write(
    backup: &Backup<'_>,
    live: &Live,
    earlier: &[Found],
    partial: &Path,
    each: &mut dyn FnMut(Copying),
) -> Result<Written, BackupError> {
    let bases = earlier
        .iter()
        .filter(|found| !backup.whole && folder::refusal(&found.path, &live.identity).is_none());
    for base in bases {
        // The archive may have been restored from an older backup, or be of another schema by now.
        if !copy::goes_on(&base.path, &live.path) {
            continue;
        }
        each(Copying::Earlier);
        copy_file(&base.path, partial, &live.path)?;
        match fill(backup, live, Some(&base.path), partial, each) {
            Err(BackupError::NotSound(_) | BackupError::Archive(StoreError::Damaged { .. })) => {
                break;
            }
            done => return done,
        }
    }
    remove(partial)?;
    fill(backup, live, None, partial, each)
}

/// Brings the partial file up to date with the archive, and onto the disk.
fn fill(
    backup: &Backup<'_>,
    live: &Live,
    base: Option<&Path>,
    partial: &Path,
    each: &mut dyn FnMut(Copying),
) -> Result<Written, BackupError> {
    if base.is_none() {
        // Made here, so that nobody reads a byte of it who may not read the archive.
        File::create(partial)
            .and_then(|_| like(&live.path, partial))
            .map_err(|error| target(partial, error))?;
    }
    let sorted = |error: rusqlite::Error| {
        match StoreError::sql(partial, "copy the archive", error) {
            // The one that is read is the one that can be damaged, or be busy.
            StoreError::Damaged { why, .. } => BackupError::Archive(StoreError::Damaged {
                path: live.path.clone(),
                why,
            }),
            StoreError::Busy { doing, .. } => BackupError::Archive(StoreError::Busy {
                path: live.path.clone(),
                doing,
            }),
            error => BackupError::Target(error),
        }
    };
    let mut copier = Copier::open(partial, &live.path, base.is_none()).map_err(sorted)?;
    copier
        .copy(&mut |bytes| each(Copying::Rows(bytes)))
        .and_then(|()| copier.mark(&live.path, backup.now))
        .map_err(sorted)?;
    let (rows, bytes) = (copier.rows, copier.bytes);
    copier.close().map_err(sorted)?;
    File::options()
        .write(true)
        .open(partial)
        .and_then(|file| file.sync_all())
        .map_err(|error| target(partial, error))?;
    let verified = if backup.verify {
        let how = Verifying {
            depth: Depth::Full,
            within: None,
        };
        let verified = verify(partial, how, |looking| each(Copying::Verifying(looking)))
            .map_err(BackupError::Target)?;
        if verified.found > 0 {
            return Err(BackupError::NotSound(Box::new(verified)));
        }
        Some(verified)
    } else {
        None
    };
    Ok(Written {
        base: base.map(Path::to_owned),
        rows,
        bytes,
        verified,
    })
}

/// Copies a backup within its folder. The standard library asks the system to share the blocks of both where it can
/// (Btrfs, XFS, APFS).
fn copy_file(from: &Path, to: &Path, live: &Path) -> Result<(), BackupError> {
    remove(to)?;
    std::fs::copy(from, to)
        .and_then(|_| like(live, to))
        .map_err(|error| target(to, error))
}

/// Gives a copy the permissions of the archive, so that nobody reads it who may not read that. We must be able to
/// write it, even if the archive is read-only.
fn like(live: &Path, copy: &Path) -> std::io::Result<()> {
    let permissions = std::fs::metadata(live)?.permissions();
    #[cfg(unix)]
    let permissions = {
        use std::os::unix::fs::PermissionsExt;
        let mode = permissions.mode() & 0o777 | 0o600;
        std::fs::Permissions::from_mode(mode)
    };
    #[cfg(not(unix))]
    let permissions = {
        let mut permissions = permissions;
        permissions.set_readonly(false);
        permissions
    };
    std::fs::set_permissions(copy, permissions)
}

fn remove(path: &Path) -> Result<(), BackupError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(target(path, error)),
        _ => Ok(()),
    }
}

fn target(path: &Path, error: std::io::Error) -> BackupError {
    BackupError::Target(StoreError::file(path, "write the backup", error))
}
