//! What an argument of the command line is: a web address, a file, a folder, standard input.

use std::path::{Path, PathBuf};

use url::Url;

use crate::address::{self, Rejected};
use crate::gather::Format;

/// An input as the user gave it, recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A page or feed on the web; which of them shows when it is fetched.
    Web(Url),
    /// A file.
    File(PathBuf),
    /// A folder, read recursively.
    Folder(PathBuf),
    /// `-`.
    Stdin,
}

/// Why an argument is no input.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It looks like an address and cannot be taken.
    #[error("{argument}: {why}")]
    Address {
        /// The argument.
        argument: String,
        /// Why.
        why: Rejected,
    },
    /// There is no such file.
    #[error("{path}: {source}")]
    File {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is to be a site, and is none.
    #[error("{argument}: a site (`site`) is named by the address of its front page")]
    Site {
        /// The argument.
        argument: String,
    },
    /// It is to list the addresses of posts, and is no file.
    #[error("{argument}: a list of the addresses of posts (`pages`) must be a file")]
    Pages {
        /// The argument.
        argument: String,
    },
}

/// Endings of files that are posts or lists: a name with one of these is a mistyped file, not an address.
const FILE_ENDINGS: &[&str] = &[
    "atom", "csv", "htm", "html", "json", "list", "markdown", "md", "mdx", "opml", "rss", "txt",
    "xhtml", "xml",
];

impl InputError {
    /// What the user can do about it, if there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File { path, source } if source.kind() == std::io::ErrorKind::NotFound => {
                let text = path.to_string_lossy();
                let host = text.split('/').next().unwrap_or_default();
                let top = host.rsplit_once('.').map_or("", |(_, top)| top);
                let looks_like_host = !host.starts_with('.')
                    && top.len() >= 2
                    && top.chars().all(|c| c.is_ascii_alphabetic())
                    && !FILE_ENDINGS.contains(&top);
                looks_like_host.then(|| {
                    format!("an address on the web begins with https:// (https://{text} ?)")
                })
            }
            _ => None,
        }
    }
}

/// Recognises an argument. Files and folders must be there; their paths are made absolute.
pub fn classify(argument: &str) -> Result<Argument, InputError> {
    if argument == "-" {
        return Ok(Argument::Stdin);
    }
    if let Some((scheme, _)) = argument.split_once("://")
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        && !Path::new(argument).exists()
    {
        return address::parse(argument.trim(), None)
            .map(Argument::Web)
            .map_err(|why| InputError::Address {
                argument: argument.to_owned(),
                why,
            });
    }
    let path = Path::new(argument);
    let failed = |source| InputError::File {
        path: path.to_owned(),
        source,
    };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    let absolute = path.canonicalize().map_err(failed)?;
    Ok(if metadata.is_dir() {
        Argument::Folder(absolute)
    } else {
        Argument::File(absolute)
    })
}

impl Argument {
    /// What the input is called in the archive: absolute, so that another working folder finds it.
    pub fn address(&self) -> String {
        match self {
            Self::Web(url) => url.to_string(),
            Self::File(path) | Self::Folder(path) => path.to_string_lossy().into_owned(),
            Self::Stdin => "-".to_owned(),
        }
    }

    /// The kind under which it is registered.
    pub fn kind(&self, format: Option<Format>) -> &'static str {
        match self {
            Self::Web(_) if format == Some(Format::Feed) => "feed",
            Self::Web(_) => "page",
            Self::File(_) if format == Some(Format::List) => "list",
            Self::File(_) => "file",
            Self::Folder(_) => "folder",
            Self::Stdin => "stdin",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_recognised() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.md");
        std::fs::write(&file, "x").unwrap();
        assert_eq!(classify("-").unwrap(), Argument::Stdin);
        assert!(matches!(
            classify("https://example.com/feed.xml").unwrap(),
            Argument::Web(_)
        ));
        assert!(matches!(
            classify(file.to_str().unwrap()).unwrap(),
            Argument::File(_)
        ));
        assert!(matches!(
            classify(folder.path().to_str().unwrap()).unwrap(),
            Argument::Folder(_)
        ));
        assert!(matches!(
            classify("ftp://example.com/"),
            Err(InputError::Address { .. })
        ));
        assert!(matches!(
            classify("https://"),
            Err(InputError::Address { .. })
        ));
        let missing = classify("example.com/feed").unwrap_err();
        assert!(missing.hint().unwrap().contains("https://example.com/feed"));
        for name in ["post.md", "posts/a.b", "feed", "./example.com", "v1.2"] {
            assert_eq!(classify(name).unwrap_err().hint(), None, "{name}");
        }
    }
}
