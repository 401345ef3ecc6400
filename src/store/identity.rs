//! Whether the archive's path still leads to the file that was opened.
//!
//! `SQLite` goes on writing to a file that was deleted or replaced under it, and what it writes is gone with the last
//! program that has it open. So the path is looked at before each commit.

use std::path::{Path, PathBuf};

/// The archive and its write-ahead log, as they were when they were opened.
#[derive(Debug)]
pub(super) struct Watched {
    files: [(PathBuf, Identity); 2],
}

impl Watched {
    /// Looks at both; they are there once the archive was read.
    pub(super) fn new(path: &Path) -> std::io::Result<Self> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let log = PathBuf::from(log);
        Ok(Self {
            files: [
                (path.to_owned(), Identity::of(path)?),
                (log.clone(), Identity::of(&log)?),
            ],
        })
    }

    /// Whether only the log is missing: what it holds can still go into the file as long as it is open.
    pub(super) fn misses_only_the_log(&self) -> bool {
        let [(file, _), _] = &self.files;
        self.missing().is_some_and(|missing| missing != file)
    }

    /// The file that is there no longer, or is another one.
    pub(super) fn missing(&self) -> Option<&Path> {
        self.files
            .iter()
            .find(|(path, known)| {
                Identity::of(path).is_ok_and(|now| now != *known) || is_gone(path)
            })
            .map(|(path, _)| path.as_path())
    }
}

/// Only what is surely gone counts: whatever else keeps us from looking is for `SQLite` to say.
fn is_gone(path: &Path) -> bool {
    path.metadata()
        .is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// What tells a file from another one at the same path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    number: u64,
}

impl Identity {
    #[cfg(unix)]
    fn of(path: &Path) -> std::io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let metadata = path.metadata()?;
        Ok(Self {
            device: metadata.dev(),
            number: metadata.ino(),
        })
    }

    /// Other systems do not let an open file be replaced.
    #[cfg(not(unix))]
    fn of(path: &Path) -> std::io::Result<Self> {
        path.metadata().map(|_| Self {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_at_the_same_path_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let (path, log) = (folder.path().join("a.db"), folder.path().join("a.db-wal"));
        std::fs::write(&path, "one").unwrap();
        assert!(Watched::new(&path).is_err());
        std::fs::write(&log, "").unwrap();
        let watched = Watched::new(&path).unwrap();
        std::fs::write(&path, "changed").unwrap();
        assert_eq!(watched.missing(), None);
        assert!(!watched.misses_only_the_log());
        std::fs::rename(&path, folder.path().join("b.db")).unwrap();
        assert_eq!(watched.missing(), Some(path.as_path()));
        assert!(!watched.misses_only_the_log());
        #[cfg(unix)]
        {
            std::fs::write(&path, "another").unwrap();
            assert_eq!(watched.missing(), Some(path.as_path()));
        }
        std::fs::rename(folder.path().join("b.db"), &path).unwrap();
        std::fs::remove_file(&log).unwrap();
        assert_eq!(watched.missing(), Some(log.as_path()));
        assert!(watched.misses_only_the_log());
    }
}
