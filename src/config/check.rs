//! Everything that can be said of a configuration file without using it.

use std::path::Path;

use super::{ConfigError, File, InputAddress, Overrides, Resolved};

/// What is to be said of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// How many keys it sets.
    pub settings: usize,
    /// What cannot be used, in the order of its lines.
    pub problems: Vec<ConfigError>,
    /// What can be used, and should better be otherwise.
    pub warnings: Vec<String>,
}

/// Reads and checks the text of a configuration file, and looks whether the files that it names are there. What flags and
/// the environment say is left aside.
pub fn check(text: &str, path: &Path) -> Checked {
    let (file, mut problems) = File::parse_all(text, path);
    let settings = file.lines.settings;
    let inputs: Vec<_> = file.input.iter().map(|one| one.address.clone()).collect();
    let Resolved {
        settings: resolved,
        origins,
        problems: more,
        warnings,
    } = Resolved::new(Overrides::default(), Some(file));
    problems.extend(more);
    let mut amiss = |key: &str, path: &Path, why: &str| {
        let why = format!("{key}: {}: {why}", path.display());
        problems.push(ConfigError::new(origins.of(key), why));
    };
    for (index, input) in inputs.into_iter().enumerate() {
        if let Some(InputAddress::Path(path)) = input
            && let Err(error) = std::fs::metadata(&path)
        {
            amiss(
                &format!("input[{index}].address"),
                &path,
                &error.to_string(),
            );
        }
    }
    if let Some(path) = &resolved.fetch.ca_cert {
        match std::fs::read(path) {
            Err(error) => amiss("fetch.ca_cert", path, &error.to_string()),
            Ok(pem) => {
                let begin = b"-----BEGIN CERTIFICATE-----";
                if !pem.windows(begin.len()).any(|part| part == begin) {
                    amiss("fetch.ca_cert", path, "it holds no certificate (PEM)");
                }
            }
        }
    }
    if let Some(path) = &resolved.backup.folder
        && path.exists()
        && !path.is_dir()
    {
        amiss("backup.folder", path, "it is no folder");
    }
    problems.sort_by_key(ConfigError::line);
    Checked {
        settings,
        problems,
        warnings,
    }
}
