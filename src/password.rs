//! Passwords and tokens, as they are kept: so that who reads the configuration cannot use them.
//!
//! A password is one that somebody can remember, and so can be guessed: its hash is one that takes memory and time (Argon2id, RFC 9106). A
//! token is made here of 256 random bits, which nobody guesses: its SHA-256 is enough, and is compared at each request.

use std::fmt;
use std::str::FromStr;

use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, Params};
use serde::Deserialize;

use crate::store::{hex, sha256};

/// What a token begins with, so that it is known for what it is wherever it is found.
const TOKEN: &str = "sourcekeep_";
/// What the hash of one begins with.
const SHA256: &str = "sha256:";
/// Memory that a hash may take, in KiB: more would let whoever writes the configuration stop the machine by mistake.
const MOST_MEMORY: u32 = 1 << 20;
/// The longest password, in bytes.
const MOST_BYTES: usize = 1024;

/// Why a password or a hash cannot be taken. Neither is repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotTaken(&'static str);

/// So many random bytes of the operating system.
///
/// # Errors
///
/// Where it gives none.
pub fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(bytes)
}

/// The hash of a password, in the form of the PHC (`$argon2id$v=19$m=…`).
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Hashes a password, with a salt of its own.
    ///
    /// # Errors
    ///
    /// Where it is shorter than 8 characters or longer than 1,024 bytes.
    pub fn new(password: &str) -> Result<Self, NotTaken> {
        if password.chars().count() < 8 {
            return Err(NotTaken("a password has at least 8 characters"));
        }
        if password.len() > MOST_BYTES {
            return Err(NotTaken("a password has at most 1024 bytes"));
        }
        let hash = Argon2::default()
            .hash_password(password.as_bytes())
            .map_err(|_| NotTaken("the operating system gives no random numbers"))?;
        Ok(Self(hash.to_string()))
    }

    /// Whether it is that of this password. Takes some ten milliseconds and the memory that the hash asks for.
    pub fn is_of(&self, password: &str) -> bool {
        if password.len() > MOST_BYTES {
            return false;
        }
        let Ok(hash) = phc::PasswordHash::new(&self.0) else {
            return false;
        };
        let verified = Argon2::default().verify_password(password.as_bytes(), &hash);
        verified.is_ok()
    }
}

impl fmt::Display for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(hidden)")
    }
}

impl FromStr for PasswordHash {
    type Err = NotTaken;

    fn from_str(text: &str) -> Result<Self, NotTaken> {
        const NOT_ONE: NotTaken =
            NotTaken("expected the hash of a password; `sourcekeep config password` makes one");
        let hash = phc::PasswordHash::new(text.trim()).map_err(|_| NOT_ONE)?;
        if !hash.algorithm.as_str().starts_with("argon2") || hash.hash.is_none() {
            return Err(NOT_ONE);
        }
        let params = Params::try_from(&hash).map_err(|_| NOT_ONE)?;
        if params.m_cost() > MOST_MEMORY || params.t_cost() > 100 {
            return Err(NotTaken("this hash takes more than a GiB, or too long"));
        }
        Ok(Self(text.trim().to_owned()))
    }
}

impl TryFrom<String> for PasswordHash {
    type Error = NotTaken;

    fn try_from(text: String) -> Result<Self, NotTaken> {
        text.parse()
    }
}

/// The hash of a token (`sha256:…`).
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Makes a token, which is told once, and its hash.
    ///
    /// # Errors
    ///
    /// Where the operating system gives no random numbers.
    pub fn make() -> std::io::Result<(String, Self)> {
        let token = format!("{TOKEN}{}", hex(&random::<32>()?));
        let hash = Self(sha256(token.as_bytes()));
        Ok((token, hash))
    }

    /// Whether it is that of this token. How long that takes says nothing of the token, for hashes are compared.
    pub fn is_of(&self, token: &str) -> bool {
        sha256(token.as_bytes()) == self.0
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SHA256}{}", hex(&self.0))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(hidden)")
    }
}

impl FromStr for TokenHash {
    type Err = NotTaken;

    fn from_str(text: &str) -> Result<Self, NotTaken> {
        const NOT_ONE: NotTaken = NotTaken(
            "expected the hash of a token, sha256: and 64 digits; `sourcekeep config token` makes one",
        );
        let digits = text.trim().strip_prefix(SHA256).ok_or(NOT_ONE)?;
        if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NOT_ONE);
        }
        let mut hash = [0; 32];
        for (at, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).map_err(|_| NOT_ONE)?;
        }
        Ok(Self(hash))
    }
}

impl TryFrom<String> for TokenHash {
    type Error = NotTaken;

    fn try_from(text: String) -> Result<Self, NotTaken> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_and_by_nothing_else() {
        let hash = PasswordHash::new("correct horse").unwrap();
        let again: PasswordHash = hash.to_string().parse().unwrap();
        assert!(
            hash.to_string()
                .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
        );
        assert!(again.is_of("correct horse"));
        for other in ["", "correct horse ", "Correct horse", &"x".repeat(1 << 20)] {
            assert!(!again.is_of(other));
        }
        assert_ne!(hash, PasswordHash::new("correct horse").unwrap());
        assert!(!format!("{hash:?}").contains("argon2id$"));
        assert!(PasswordHash::new("short").is_err());
    }

    #[test]
    fn what_is_no_hash_is_told_without_repeating_it() {
        for text in [
            "",
            "hunter42",
            "$2b$12$abcdefghijklmnopqrstuv",
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ",
            "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        ] {
            let error = text.parse::<PasswordHash>().unwrap_err().to_string();
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }

    #[test]
    fn a_token_is_known_by_its_hash() {
        let (token, hash) = TokenHash::make().unwrap();
        assert!(token.starts_with(TOKEN) && token.len() == TOKEN.len() + 64);
        let again: TokenHash = hash.to_string().parse().unwrap();
        assert!(again.is_of(&token));
        assert!(!again.is_of(&token[1..]) && !again.is_of(""));
        assert_ne!(TokenHash::make().unwrap().0, token);
        for text in [
            "",
            "sha256:",
            "sha256:zz",
            &format!("sha256:{}", "é".repeat(32)),
        ] {
            assert!(text.parse::<TokenHash>().is_err(), "{text}");
        }
    }
}
