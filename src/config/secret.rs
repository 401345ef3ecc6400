//! Secrets that are kept in a file of their own, as service managers and containers hand them out.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// No secret is longer.
const MOST_BYTES: u64 = 8 << 10;

/// What a file of a secret holds.
pub(super) struct Held {
    /// The secret, without the white space around it.
    pub(super) text: String,
    /// Whether every user of this machine can read it.
    pub(super) is_open: bool,
}

/// Reads a secret. The error says why it cannot be had, and nothing of what it is.
pub(super) fn read(path: &Path) -> Result<Held, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(failed)?;
    let is_open = is_open(&file.metadata().map_err(failed)?);
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MOST_BYTES {
        let path = path.display();
        return Err(format!(
            "{path}: larger than 8 KB; expected the secret and nothing else"
        ));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("{}: no text", path.display()))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("{}: it is empty", path.display()));
    }
    if text.contains('\n') {
        let path = path.display();
        return Err(format!(
            "{path}: several lines; expected the secret and nothing else"
        ));
    }
    Ok(Held {
        text: text.to_owned(),
        is_open,
    })
}

#[cfg(unix)]
fn is_open(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.is_file() && metadata.permissions().mode() & 0o004 != 0
}

#[cfg(not(unix))]
fn is_open(_: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_all_that_its_file_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (bytes, expected) in [
            (b"word\r\n".to_vec(), Ok("word")),
            (b"word".to_vec(), Ok("word")),
            (b" \n".to_vec(), Err("it is empty")),
            (b"word\nword\n".to_vec(), Err("several lines")),
            (vec![b'w'; 8193], Err("larger than 8 KB")),
            (vec![0xff, b'w'], Err("no text")),
        ] {
            std::fs::write(&path, bytes).unwrap();
            match (read(&path), expected) {
                (Ok(held), Ok(text)) => assert_eq!(held.text, text),
                (Err(why), Err(part)) => {
                    assert!(why.contains(part) && !why.contains("word"), "{why}");
                }
                (held, expected) => panic!("{:?}: {expected:?}", held.map(|held| held.text)),
            }
        }
        assert!(read(&folder.path().join("none")).is_err());
        assert!(read(folder.path()).is_err());
    }
}
