//! Addresses as the file has them: of inputs, sources, pages, and those that are secrets.
//!
//! No error repeats the text that it complains of: it may hold a password, or be one.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;
use url::Url;

use super::InvalidValue;
use super::value::from_text;
use crate::address::{self, Rejected};
use crate::gather::Format;

from_text! { InputAddress ReadAs WebAddress SourceAddress SecretUrl }

fn web(text: &str) -> Result<Url, InvalidValue> {
    address::parse(text.trim(), None).map_err(|why| {
        InvalidValue(match why {
            // What stands before the first colon need be no scheme.
            Rejected::Scheme(_) => "expected an address with http or https".to_owned(),
            why => why.to_string(),
        })
    })
}

/// An input: an address on the web, or a path.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum InputAddress {
    /// A page or feed.
    Web(Url),
    /// A file or folder.
    Path(PathBuf),
}

impl FromStr for InputAddress {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "" => Err(InvalidValue("expected an address, file or folder".into())),
            "-" => Err(InvalidValue(
                "standard input cannot be read again; expected an address, file or folder".into(),
            )),
            _ if text.contains("://") => web(text).map(Self::Web),
            _ => Ok(Self::Path(PathBuf::from(text))),
        }
    }
}

impl fmt::Display for InputAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Web(url) => f.write_str(url.as_str()),
            Self::Path(path) => write!(f, "{}", path.display()),
        }
    }
}

/// What an input is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub enum ReadAs {
    /// One format of posts.
    Format(Format),
    /// A list of the addresses of posts.
    Pages,
    /// The front page of a site, whose posts are looked for.
    Site,
}

impl ReadAs {
    /// The name, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Format(format) => format.as_str(),
            Self::Pages => "pages",
            Self::Site => "site",
        }
    }
}

impl FromStr for ReadAs {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "pages" => return Ok(Self::Pages),
            "site" => return Ok(Self::Site),
            _ => {}
        }
        text.parse().map(Self::Format).map_err(|_| {
            InvalidValue(format!(
                "unknown kind `{text}`, expected one of `html`, `markdown`, `text`, `feed`, `pdf`, `wikitext`, `wxr`, `csv`, `bookmarks`, `opml`, `sitemap`, `list`, `pages`, `site`"
            ))
        })
    }
}

/// An address on the web; credentials are dropped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct WebAddress(pub Url);

impl FromStr for WebAddress {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        web(text).map(Self)
    }
}

/// A source by its canonical address, so that it is the one in the archive however it was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct SourceAddress(pub String);

impl FromStr for SourceAddress {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let url = web(text)?;
        Ok(Self(address::canonical(&url).as_str().to_owned()))
    }
}

/// An address that is a secret, as who knows it may call it. Nothing prints more of it than its scheme and host.
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct SecretUrl(Url);

impl SecretUrl {
    /// The whole address: for calling it, not for showing it.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.host_str().unwrap_or_default();
        write!(f, "{}://{host}/...", self.0.scheme())
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({self})")
    }
}

impl FromStr for SecretUrl {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let url = Url::parse(text.trim())
            .map_err(|why| InvalidValue(format!("not an address on the web: {why}")))?;
        let has_host = url.host_str().is_some_and(|host| !host.is_empty());
        if matches!(url.scheme(), "http" | "https") && has_host {
            return Ok(Self(url));
        }
        Err(InvalidValue(
            "expected an address with http or https".to_owned(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_known_by_their_canonical_address() {
        let source: SourceAddress = "HTTPS://Example.org:443/a?utm_source=x#part"
            .parse()
            .unwrap();
        assert_eq!(source.0, "https://example.org/a");
        for text in ["", "example.org", "ftp://example.org/", "https://"] {
            assert!(text.parse::<SourceAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn inputs_are_addresses_or_paths() {
        let web: InputAddress = "https://example.org/feed".parse().unwrap();
        assert!(matches!(web, InputAddress::Web(_)));
        let path: InputAddress = "posts".parse().unwrap();
        assert_eq!(path, InputAddress::Path(PathBuf::from("posts")));
        for text in ["", "-", "ftp://example.org/", "https://"] {
            assert!(text.parse::<InputAddress>().is_err(), "{text}");
        }
        for name in [
            "html",
            "markdown",
            "text",
            "feed",
            "pdf",
            "wikitext",
            "wxr",
            "csv",
            "bookmarks",
            "opml",
            "sitemap",
            "list",
            "pages",
            "site",
        ] {
            assert_eq!(name.parse::<ReadAs>().map(ReadAs::as_str), Ok(name));
        }
        assert!("page".parse::<ReadAs>().is_err());
    }

    #[test]
    fn secrets_are_not_shown() {
        let secret: SecretUrl = "https://me:hidden@hc.example/hidden?hidden#hidden"
            .parse()
            .unwrap();
        assert_eq!(
            format!("{secret} {secret:?}"),
            "https://hc.example/... SecretUrl(https://hc.example/...)"
        );
        for text in ["hidden", "hidden:hidden", "ftp://hidden/", "https://"] {
            let why = text.parse::<SecretUrl>().unwrap_err().to_string();
            assert!(!why.contains("hidden"), "{why}");
        }
    }
}
