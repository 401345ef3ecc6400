//! The verdict codes: stable names, each in one group, each documented in `docs/VERDICTS.md`.
//!
//! A code says what one visit saw. Whether a source is dead is another question, answered by the history of codes in
//! [`crate::schedule`]; of a code only the group and whether it is a hard sign matter there.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a verdict means for a source's standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// The source is there. Clears every strike.
    Fine,
    /// The source is said, or shown, to be gone. A strike.
    Gone,
    /// The source could not be had, which may pass. A strike.
    Failing,
    /// Nothing can be said of the source. No strike, and none is cleared.
    CannotTell,
}

impl Group {
    /// The group's name in reports: `fine`, `gone`, `failing` or `cannot-tell`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Gone => "gone",
            Self::Failing => "failing",
            Self::CannotTell => "cannot-tell",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no verdict code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no verdict code: {0}")]
pub struct UnknownCode(pub String);

/// One table for the enum, its names, groups and descriptions, so that none can be forgotten.
macro_rules! codes {
    ($($variant:ident, $name:literal, $group:ident, $description:literal;)*) => {
        /// What one visit saw of a source.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Code {
            $(#[doc = $description] #[serde(rename = $name)] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name, in kebab-case.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What the code means for a source's standing.
            pub const fn group(self) -> Group {
                match self { $(Self::$variant => Group::$group,)* }
            }

            /// What the code says, in one line.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$variant => $description,)* }
            }
        }

        impl FromStr for Code {
            type Err = UnknownCode;

            fn from_str(text: &str) -> Result<Self, UnknownCode> {
                match text {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(UnknownCode(text.to_owned())),
                }
            }
        }
    };
}

codes! {
    Alive, "alive", Fine, "The source answers as it should.";
    Moved, "moved", Fine, "The source redirects permanently to another address.";
    Drifted, "drifted", Fine, "The source is there, but its content changed in substance.";
    NotFound, "not-found", Gone, "The server says that there is no such page (404).";
    Gone, "gone", Gone, "The server says that the page was taken away for good (410).";
    Soft404, "soft-404", Gone, "The server answers 200, but with a \"not found\" page or another page in its place.";
    Parked, "parked", Gone, "The domain was sold, parked or taken over.";
    DnsFailure, "dns-failure", Gone, "The host's name does not exist, or has no address.";
    Timeout, "timeout", Failing, "The server was too slow.";
    ConnectionFailure, "connection-failure", Failing, "No connection could be made, or it broke off.";
    ServerError, "server-error", Failing, "The server says that it failed (5xx).";
    DnsTrouble, "dns-trouble", Failing, "The name servers of the host gave no useful answer.";
    RedirectLoop, "redirect-loop", Failing, "The redirects lead in a circle, or there are too many.";
    Blocked, "blocked", CannotTell, "The server keeps robots, or us, out.";
    LoginWall, "login-wall", CannotTell, "The page asks for a login.";
    Paywall, "paywall", CannotTell, "The page asks for payment.";
    Legal, "legal", CannotTell, "The page is withheld for legal reasons (451).";
    Collapsed, "collapsed", CannotTell, "The server answers 200, but with an empty page, a shell or a notice.";
    TlsFailure, "tls-failure", CannotTell, "The connection could not be secured: the certificate, or the handshake, is at fault.";
    ProtocolError, "protocol-error", CannotTell, "The answer is not proper HTTP, or broke off.";
    TooLarge, "too-large", CannotTell, "The answer has more bytes than are taken.";
    ClientError, "client-error", CannotTell, "The server refuses the request for another reason (4xx).";
    Robots, "robots", CannotTell, "Not visited, because robots.txt does not allow it.";
    Unsupported, "unsupported", CannotTell, "The source could not be asked: its address is not public, or the proxy in between failed.";
}

impl Code {
    /// Whether the code is a sign so clear that two of it stand for three ordinary strikes: the server says "gone",
    /// the domain is parked, or the name does not exist. [`super::Verdict::is_hard_sign`] knows the exceptions.
    pub const fn is_hard_sign(self) -> bool {
        matches!(self, Self::Gone | Self::DnsFailure | Self::Parked)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_round() {
        for &code in Code::ALL {
            assert_eq!(code.as_str().parse(), Ok(code));
            let json = serde_json::to_string(&code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<Code>(&json).unwrap(), code);
        }
        assert!("dead".parse::<Code>().is_err());
        assert_eq!(Code::ALL.len(), 24);
    }

    #[test]
    fn hard_signs_are_of_the_gone() {
        for &code in Code::ALL {
            assert!(!code.is_hard_sign() || code.group() == Group::Gone);
        }
    }
}
