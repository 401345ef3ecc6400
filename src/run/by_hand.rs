//! Copies that were made by hand: a file from the disk, under limits.

use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

use crate::capture::by_hand::MAX_BYTES;

/// A file, and when it was last changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// In milliseconds since the epoch, where the system knows.
    pub modified_at: Option<i64>,
}

/// Reads a file that is to be kept as a copy. A link is followed to the file it leads to.
///
/// # Errors
/// When there is no such file, when it is a folder, a pipe or a device, empty, or larger than [`MAX_BYTES`].
pub fn read_copy(path: &Path) -> Result<Copied> {
    let found = std::fs::metadata(path).map_err(|error| {
        if error.kind() == ErrorKind::NotFound && path.is_symlink() {
            return Error::new(ErrorKind::NotFound, "a link to a file that is not there");
        }
        error
    })?;
    if found.is_dir() {
        return Err(Error::new(
            ErrorKind::IsADirectory,
            "a folder; name the one file that is the copy",
        ));
    }
    // Only to open a pipe waits until somebody writes to it.
    if !found.is_file() {
        return Err(Error::other("a pipe or a device; save it to a file first"));
    }
    let mut file = std::fs::File::open(path)?;
    let found = file.metadata()?;
    if found.len() > MAX_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0));
    // The file may grow while it is read.
    file.by_ref().take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(too_large());
    }
    if bytes.is_empty() {
        return Err(Error::new(ErrorKind::InvalidData, "the file is empty"));
    }
    let modified_at = found.modified().ok().and_then(|at| {
        jiff::Timestamp::try_from(at)
            .ok()
            .map(jiff::Timestamp::as_millisecond)
    });
    Ok(Copied { bytes, modified_at })
}

fn too_large() -> Error {
    Error::new(
        ErrorKind::FileTooLarge,
        format!("larger than {} MB, which no copy may be", MAX_BYTES >> 20),
    )
}
