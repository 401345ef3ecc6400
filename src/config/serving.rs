//! `[serve]` and `[token."NAME"]`: where the pages are, and who may see them.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;
use url::{Host, Url};

use super::resolve::Check;
use super::value::from_text;
use super::{InvalidValue, full_name};
use crate::password::{PasswordHash, TokenHash};

/// `[serve]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServeFile {
    /// Where the pages are.
    pub listen: Option<SocketAddr>,
    /// Where the copies are shown.
    pub replay_listen: Option<SocketAddr>,
    /// What browsers call the pages.
    pub url: Option<WebOrigin>,
    /// What browsers call the copies.
    pub replay_url: Option<WebOrigin>,
    /// The hash of the password.
    pub password: Option<PasswordHash>,
    /// Whether nobody changes anything.
    pub read_only: Option<bool>,
    /// Where requests are noted; relative to the file's folder.
    pub access_log: Option<PathBuf>,
}

/// `[token."NAME"]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenFile {
    /// The hash of the token.
    pub hash: Option<TokenHash>,
    /// What it lets do.
    pub scope: Option<Scope>,
}

/// Where the pages are, and who may see them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServeSettings {
    /// Where the pages are.
    pub listen: Option<SocketAddr>,
    /// Where the copies are shown.
    pub replay_listen: Option<SocketAddr>,
    /// What browsers call the pages, where that is not the address that is listened at.
    pub url: Option<WebOrigin>,
    /// What browsers call the copies.
    pub replay_url: Option<WebOrigin>,
    /// The hash of the password that lets somebody in who may write.
    pub password: Option<PasswordHash>,
    /// Whether nobody changes anything, whoever they are.
    pub read_only: bool,
    /// The file that requests are noted in; `-` is standard error.
    pub access_log: Option<PathBuf>,
    /// What lets programs in.
    pub tokens: Vec<TokenSettings>,
}

/// What lets a program in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSettings {
    /// What it is called.
    pub name: String,
    /// The hash of the token.
    pub hash: TokenHash,
    /// What it lets do.
    pub scope: Scope,
}

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// See everything.
    #[default]
    Read,
    /// Change something too.
    Write,
}

impl Scope {
    /// The word, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// What a browser calls a site: scheme, host and port (RFC 6454), as `https://archive.example`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct WebOrigin {
    /// Whether it is https.
    pub is_tls: bool,
    /// The host, with its port where that is not the usual one: what browsers send as `Host`.
    pub host: String,
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)
    }
}

impl FromStr for WebOrigin {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let not_one = || {
            let why =
                "expected the address of a site without a path, such as https://archive.example";
            InvalidValue(why.to_owned())
        };
        let url = Url::parse(text.trim()).map_err(|_| not_one())?;
        let is_tls = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(not_one()),
        };
        let is_bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let host = match url.host() {
            Some(Host::Domain(host)) if is_bare && !host.contains('*') => host.to_owned(),
            Some(host @ (Host::Ipv4(_) | Host::Ipv6(_))) if is_bare => host.to_string(),
            _ => return Err(not_one()),
        };
        let host = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host,
        };
        Ok(Self { is_tls, host })
    }
}

from_text! { WebOrigin }

pub(super) fn resolve(
    file: ServeFile,
    tokens: BTreeMap<String, TokenFile>,
    check: &mut Check,
) -> ServeSettings {
    if let (Some(ui), Some(replay)) = (&file.url, &file.replay_url)
        && ui.host == replay.host
    {
        let why =
            "the copies have to be another site than the pages: another host name, or another port";
        check.wrong("serve.replay_url", replay, why);
    }
    let tokens = tokens.into_iter().filter_map(|(name, token)| {
        let Some(hash) = token.hash else {
            let key = format!("{}.hash", full_name("token", &name));
            check.amiss(
                &key,
                "it is missing; `sourcekeep config token` makes a token and its hash",
            );
            return None;
        };
        Some(TokenSettings {
            name,
            hash,
            scope: token.scope.unwrap_or_default(),
        })
    });
    let tokens = tokens.collect();
    ServeSettings {
        listen: file.listen,
        replay_listen: file.replay_listen,
        url: file.url,
        replay_url: file.replay_url,
        password: file.password,
        read_only: file.read_only.unwrap_or(false),
        access_log: file.access_log,
        tokens,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_have_no_paths() {
        for (text, expected) in [
            ("https://Archive.example/", "https://archive.example"),
            ("http://10.0.0.5:8627", "http://10.0.0.5:8627"),
            ("https://archive.example:443", "https://archive.example"),
            ("http://[::1]:8627", "http://[::1]:8627"),
        ] {
            let origin: WebOrigin = text.parse().unwrap();
            assert_eq!(origin.to_string(), expected);
        }
        for text in [
            "",
            "archive.example",
            "ftp://archive.example",
            "https://archive.example/path",
            "https://me@archive.example",
            "https://*.example",
            "https://archive.example/?q",
        ] {
            assert!(text.parse::<WebOrigin>().is_err(), "{text}");
        }
    }
}
