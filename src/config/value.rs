//! Values that are more than a number or a word: checked where they are read, so that an error knows its line.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::address::redacted;
use crate::fetch::ResolveOverride;

/// A text that cannot be taken, and why. The text itself is not repeated: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidValue(pub String);

/// What is done with robots.txt (RFC 9309).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Robots {
    /// Obeyed when crawling a site and for automatic captures; recorded where a visit only checks, or a user names
    /// the address.
    #[default]
    Obey,
    /// Asked for and recorded, never obeyed.
    Record,
    /// Not asked for.
    Ignore,
}

impl Robots {
    /// The word, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Obey => "obey",
            Self::Record => "record",
            Self::Ignore => "ignore",
        }
    }
}

impl FromStr for Robots {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "obey" => Ok(Self::Obey),
            "record" => Ok(Self::Record),
            "ignore" => Ok(Self::Ignore),
            _ => Err(InvalidValue("expected obey, record or ignore".to_owned())),
        }
    }
}

/// When what is stored is packed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Compacting {
    /// A little at the end of each longer run, and all of it by `compact`.
    #[default]
    Auto,
    /// By `compact` only.
    Off,
}

impl Compacting {
    /// The word, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Off => "off",
        }
    }
}

/// Which pages are rendered by a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Rendering {
    /// None.
    Never,
    /// Those that are an empty shell without one.
    #[default]
    Shells,
    /// All that are kept.
    Always,
}

impl Rendering {
    /// The word, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Shells => "shells",
            Self::Always => "always",
        }
    }
}

impl FromStr for Rendering {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "never" => Ok(Self::Never),
            "shells" => Ok(Self::Shells),
            "always" => Ok(Self::Always),
            _ => Err(InvalidValue("expected never, shells or always".to_owned())),
        }
    }
}

/// Links that are left out unless asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Include {
    /// Menus, breadcrumbs, share bars.
    Navigation,
    /// The page's footer.
    Footer,
    /// Sidebars, related stories.
    Aside,
    /// Commenters' own sites.
    Author,
    /// Links to the post's own site.
    Internal,
}

impl FromStr for Include {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "navigation" => Ok(Self::Navigation),
            "footer" => Ok(Self::Footer),
            "aside" => Ok(Self::Aside),
            "author" => Ok(Self::Author),
            "internal" => Ok(Self::Internal),
            _ => Err(InvalidValue(
                "expected navigation, footer, aside, author or internal".to_owned(),
            )),
        }
    }
}

/// Gives a type that is written as text its place in the file.
macro_rules! from_text {
    ($($name:ident)*) => {$(
        impl TryFrom<String> for $name {
            type Error = $crate::config::InvalidValue;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
    )*};
}

pub(super) use from_text;

from_text! { Cidr Day Resolve Proxy HostName }

/// The beginning of a day, or an instant, in milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Day(pub i64);

impl FromStr for Day {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let instant = text.parse::<jiff::Timestamp>().ok().or_else(|| {
            let day = text.parse::<jiff::civil::Date>().ok()?;
            jiff::tz::TimeZone::UTC
                .to_timestamp(day.at(0, 0, 0, 0))
                .ok()
        });
        let expected = || InvalidValue("expected a day (2026-01-31) or an instant".to_owned());
        Ok(Self(instant.ok_or_else(expected)?.as_millisecond()))
    }
}

/// A host name as addresses have it: in lower case, IDN as punycode, an IPv6 address in brackets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct HostName(pub String);

impl FromStr for HostName {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match url::Host::parse(text.trim()) {
            Ok(host) if !text.contains('*') => {
                Ok(Self(host.to_string().trim_end_matches('.').to_owned()))
            }
            _ => Err(InvalidValue(format!(
                "{text}: expected a host name, without scheme, port and path; all hosts below it are meant too"
            ))),
        }
    }
}

/// A number of bytes: `500 MB`, `2GiB`, `1000000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "NumberOrText")]
pub struct ByteSize(pub u64);

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a size such as \"500 MB\"")]
enum NumberOrText {
    Number(u64),
    Text(String),
}

impl TryFrom<NumberOrText> for ByteSize {
    type Error = InvalidValue;

    fn try_from(value: NumberOrText) -> Result<Self, InvalidValue> {
        match value {
            NumberOrText::Number(bytes) => Ok(Self(bytes)),
            NumberOrText::Text(text) => text.parse(),
        }
    }
}

impl FromStr for ByteSize {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || {
            InvalidValue(format!(
                "{text}: expected a size such as 500MB, 2GB or 1GiB"
            ))
        };
        let trimmed = text.trim();
        let digits = trimmed
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" => 1_000,
            "m" | "mb" => 1_000_000,
            "g" | "gb" => 1_000_000_000,
            "t" | "tb" => 1_000_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            "tib" => 1 << 40,
            _ => return Err(wrong()),
        };
        number.checked_mul(factor).map(Self).ok_or_else(wrong)
    }
}

/// A range of addresses, as `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Cidr(pub IpNet);

impl FromStr for Cidr {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        text.parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
            .map(|net| Self(net.trunc()))
            .map_err(|_| {
                InvalidValue(format!(
                    "{text}: expected a range of addresses such as 10.0.0.0/8"
                ))
            })
    }
}

/// Where a host is found instead of asking the name servers: `HOST=ADDR[:PORT]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Resolve(pub ResolveOverride);

impl FromStr for Resolve {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || {
            InvalidValue(format!(
                "{text}: expected HOST=ADDR or HOST=ADDR:PORT, IPv6 addresses in brackets, HOST may be *"
            ))
        };
        let (host, target) = text.split_once('=').ok_or_else(wrong)?;
        // As addresses have it: in lower case, IDN as punycode.
        let host = match host.trim() {
            "*" => "*".to_owned(),
            name => match url::Host::parse(name) {
                Ok(url::Host::Domain(name)) if !name.contains('*') => name,
                _ => return Err(wrong()),
            },
        };
        let resolve: ResolveOverride = format!("{host}={target}").parse().map_err(|_| wrong())?;
        if resolve.port == Some(0) {
            Err(wrong())
        } else {
            Ok(Self(resolve))
        }
    }
}

/// A proxy's address: `http`, `https`, `socks5` or `socks5h`. Credentials are kept and never shown.
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Proxy(pub Url);

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({})", redacted(&self.0))
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(&self.0))
    }
}

impl FromStr for Proxy {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = |why: &str| InvalidValue(format!("not a proxy's address: {why}"));
        let url = Url::parse(text.trim()).map_err(|e| wrong(&e.to_string()))?;
        if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") {
            return Err(wrong("expected http, https, socks5 or socks5h"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(wrong("it has no host"));
        }
        Ok(Self(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_found_elsewhere() {
        for (text, host, address, port) in [
            (
                "example.com=127.0.0.1",
                Some("example.com"),
                "127.0.0.1",
                None,
            ),
            (
                "EXAMPLE.com=127.0.0.1:8080",
                Some("example.com"),
                "127.0.0.1",
                Some(8080),
            ),
            ("*=[::1]:8080", None, "::1", Some(8080)),
            (
                "bücher.example=[::1]",
                Some("xn--bcher-kva.example"),
                "::1",
                None,
            ),
            ("a.b=::1", Some("a.b"), "::1", None),
        ] {
            let parsed: Resolve = text.parse().unwrap();
            let parsed = parsed.0;
            assert_eq!(parsed.host, host.unwrap_or("*"), "{text}");
            assert_eq!((parsed.ip, parsed.port), (address.parse().unwrap(), port));
        }
        for text in [
            "example.com",
            "=127.0.0.1",
            "a=b",
            "a=127.0.0.1:0",
            "a=127.0.0.1:99999",
            "a=[::1]x",
            "127.0.0.1=127.0.0.2",
            "*.a.com=127.0.0.1",
            "a=127.0.0.1:+80",
            "a=",
            "",
        ] {
            assert!(text.parse::<Resolve>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_and_hosts() {
        for (text, bytes) in [
            ("0", 0),
            ("500 MB", 500_000_000),
            ("2gib", 2 << 30),
            ("7k", 7000),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
        for text in ["", "MB", "-1", "1.5GB", "1 XB", "99999999999 TB"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
        for (text, name) in [
            ("Example.com.", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(text.parse(), Ok(HostName(name.to_owned())), "{text}");
        }
        for text in ["", "https://a.org", "a.org/b", "*.a.org", "a.org:80"] {
            assert!(text.parse::<HostName>().is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_and_proxies() {
        assert_eq!(
            "10.1.2.3/8".parse::<Cidr>().unwrap().0.to_string(),
            "10.0.0.0/8"
        );
        assert_eq!("::1".parse::<Cidr>().unwrap().0.to_string(), "::1/128");
        assert!("10.0.0.0/33".parse::<Cidr>().is_err());
        let proxy: Proxy = "http://me:secret@proxy.example:3128".parse().unwrap();
        assert!(!format!("{proxy} {proxy:?}").contains("secret"));
        assert!("ftp://a".parse::<Proxy>().is_err());
        assert!("proxy:3128".parse::<Proxy>().is_err());
    }
}
