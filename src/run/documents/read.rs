//! The bytes of a file, or nothing where the file holds no text.

use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

use super::unpack::{is_packed, unpacked, unpacked_head};
use crate::gather;

/// The largest file that is read, in bytes, packed or not. Posts are texts; beyond this it is data.
pub(super) const MAX_FILE: u64 = 512 << 20;
/// How much of a file says whether it is text.
const HEAD_BYTES: u64 = 4096;

/// Reads a file, unless it is too large, or something that may never end.
pub fn read_document(path: &Path) -> Result<Vec<u8>> {
    // Only to open a pipe waits until somebody writes to it.
    let kind = std::fs::metadata(path)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(Error::other(
            "a pipe or a device is no input by its name; give it on standard input, as `-`",
        ));
    }
    let mut file = std::fs::File::open(path)?;
    let size = file.metadata()?.len();
    if size > MAX_FILE {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    // The file may grow while it is read.
    file.by_ref().take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        Err(too_large())
    } else {
        Ok(bytes)
    }
}

/// Reads a file that was named, unpacked where it is packed.
pub fn read_input(path: &Path) -> Result<Vec<u8>> {
    unpacked(read_document(path)?)
}

/// Reads a file of a folder, unpacked where it is packed. `None` where it is no text: among posts lie pictures, and
/// nobody wants to hear of them.
pub fn read_among(path: &Path) -> Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    std::fs::File::open(path)?
        .take(HEAD_BYTES)
        .read_to_end(&mut head)?;
    // What cannot be unpacked is told when it is read whole.
    let shown = if is_packed(&head) {
        unpacked_head(&head)
    } else {
        head
    };
    if gather::is_binary(&shown, &path.to_string_lossy()) {
        return Ok(None);
    }
    read_input(path).map(Some)
}

pub(super) fn too_large() -> Error {
    Error::new(
        ErrorKind::FileTooLarge,
        format!("larger than {} MB, which no post is", MAX_FILE >> 20),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_among_posts_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let picture = write("a.png", b"\x89PNG\r\n\x1a\n");
        assert_eq!(read_among(&picture).unwrap(), None);
        assert!(read_input(&picture).is_ok());
        let broken = write("a.md", &[0; 100]);
        assert!(read_among(&broken).unwrap().is_some());
        let code = write("a.rs", b"// https://a.example/");
        assert!(read_among(&code).unwrap().is_some());
        let packed = write("a.html.gz", &super::super::unpack::packed(b"<p>x"));
        assert_eq!(read_among(&packed).unwrap().as_deref(), Some(&b"<p>x"[..]));
        let archive = write(
            "a.tar.gz",
            &super::super::unpack::packed(&[b"a.txt".to_vec(), vec![0; 2000]].concat()),
        );
        assert_eq!(read_among(&archive).unwrap(), None);
        let empty = write("empty", b"");
        assert_eq!(read_among(&empty).unwrap().as_deref(), Some(&b""[..]));
    }
}
