//! The run lock: one process fetches for an archive at a time.
//!
//! It is the operating system's advisory lock on a file beside the archive, so that it ends with its holder, however
//! that ends. The file's text only says who holds it, for the message of the one who has to leave. Everything that
//! does not fetch works beside the holder under `SQLite`'s own locks.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::error::StoreError;

/// Held as long as it lives.
#[derive(Debug)]
pub struct RunLock {
    file: File,
}

/// Who holds the run lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The holder's own words: command, process, and since when. Empty where they could not be read.
    pub says: String,
}

/// What came of trying.
#[derive(Debug)]
pub enum Locking {
    /// It is ours.
    Ours(RunLock),
    /// Somebody else has it.
    Held(Holder),
}

/// Tries to take the run lock of the archive at `path`; `says` is shown to others meanwhile.
pub fn lock_run(path: &Path, says: &str) -> Result<Locking, StoreError> {
    let lock_path = lock_path(path);
    let failed = |source| StoreError::file(&lock_path, "take the run lock", source);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&lock_path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Windows does not let a locked file be read; the message then names nobody.
            let _ = file.take(4096).read_to_string(&mut holder);
            return Ok(Locking::Held(Holder {
                says: holder.trim().to_owned(),
            }));
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    file.set_len(0).map_err(failed)?;
    file.write_all(says.as_bytes()).map_err(failed)?;
    file.flush().map_err(failed)?;
    Ok(Locking::Ours(RunLock { file }))
}

/// Who holds the run lock of the archive at `path`, if anybody does. The lock is not taken for that unless its file says
/// that somebody holds it, and then only to see whether that is still so.
pub fn run_holder(path: &Path) -> Result<Option<Holder>, StoreError> {
    let lock_path = lock_path(path);
    let failed = |source| StoreError::file(&lock_path, "look at the run lock", source);
    let mut says = String::new();
    let file = match File::open(&lock_path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(failed)?,
    };
    let read = (&file).take(4096).read_to_string(&mut says);
    // Windows does not let a locked file be read.
    if read.is_ok() && says.trim().is_empty() {
        return Ok(None);
    }
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Ok(Some(Holder {
            says: says.trim().to_owned(),
        })),
        Err(TryLockError::Error(source)) => Err(failed(source)),
        // Its holder was killed.
        Ok(()) => Ok(None),
    }
}

fn lock_path(path: &Path) -> PathBuf {
    // Two names of one file (links, relative paths) must meet at one lock.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    path.with_file_name(name)
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // The text would be stale from here on; the file itself stays, since removing it would let two processes
        // lock two files of one name.
        let _ = self.file.set_len(0);
        let _ = self.file.rewind();
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_learns_who_is_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        std::fs::write(&path, "").unwrap();
        let Locking::Ours(first) = lock_run(&path, "run, process 7").unwrap() else {
            panic!("the lock is free");
        };
        let Locking::Held(holder) = lock_run(&path, "run, process 8").unwrap() else {
            panic!("the lock is taken");
        };
        assert_eq!(holder.says, "run, process 7");
        assert_eq!(run_holder(&path).unwrap(), Some(holder));
        drop(first);
        assert_eq!(run_holder(&path).unwrap(), None);
        assert!(matches!(
            lock_run(&path, "run, process 8").unwrap(),
            Locking::Ours(_)
        ));
    }
}
