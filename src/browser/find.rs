//! Where Chromium is.

use std::path::{Path, PathBuf};

/// Names that Chromium, and what is Chromium under another name, has in the folders of programs.
const NAMES: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];
/// Where it is beside those folders.
const PLACES: &[&str] = &[
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
/// What to do about it.
const INSTALL: &str = "install it (Debian, Ubuntu: `apt install chromium`; Fedora: `dnf install chromium`; \
     macOS: `brew install --cask chromium`), or name it with browser.path";

/// The program; `named` by the user, or else where it usually is.
///
/// # Errors
/// With one line that says what to do.
pub(super) fn chromium(named: Option<&Path>) -> Result<PathBuf, String> {
    if let Some(path) = named {
        if is_program(path) {
            return Ok(path.to_owned());
        }
        let path = path.display();
        return Err(format!("browser.path: {path} is no program; {INSTALL}"));
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let in_folders = std::env::split_paths(&folders)
        .filter(|folder| folder.is_absolute())
        .flat_map(|folder| NAMES.iter().map(move |name| folder.join(name)));
    in_folders
        .chain(PLACES.iter().map(PathBuf::from))
        .find(|path| is_program(path))
        .ok_or_else(|| format!("Chromium is not there; {INSTALL}"))
}

fn is_program(path: &Path) -> bool {
    let Ok(metadata) = std::fs::metadata(path) else {
        return false;
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    metadata.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_has_to_be_a_program() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chromium");
        let why = chromium(Some(&path)).unwrap_err();
        assert!(why.contains("is no program; install it"), "{why}");
        std::fs::write(&path, "").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert!(chromium(Some(&path)).is_err());
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        assert_eq!(chromium(Some(&path)), Ok(path));
    }
}
