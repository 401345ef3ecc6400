//! Who asks, and what they may do.
//!
//! Where neither a password nor a token is configured, everybody may see and change everything: only this machine can ask then. Else a browser
//! logs in by the password, and is known by a cookie; a program has a token with a scope. What a browser sends by itself (a cookie, or its
//! being on this machine) proves nothing of who had it sent: so every form carries what only a page of ours can know.

mod sessions;
mod tries;

use std::net::IpAddr;
use std::time::Instant;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::Semaphore;

use crate::config::{Scope, ServeSettings, TokenSettings};
use crate::password::{PasswordHash, random};
use crate::store::{hex, sha256};

pub(super) use sessions::Session;
use sessions::Sessions;
use tries::Tries;

pub(super) use tries::network;

/// The name of the cookie over plain HTTP; over TLS, browsers hold those of the other name to this very host.
const COOKIES: [&str; 2] = ["sourcekeep", "__Host-sourcekeep"];

/// Who may see what is served, and change it.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The password that lets somebody in.
    pub password: Option<PasswordHash>,
    /// What lets programs in.
    pub tokens: Vec<TokenSettings>,
    /// Whether nobody changes anything.
    pub read_only: bool,
}

impl Access {
    /// What the configuration says.
    pub fn of(settings: &ServeSettings) -> Self {
        Self {
            password: settings.password.clone(),
            tokens: settings.tokens.clone(),
            read_only: settings.read_only,
        }
    }

    /// Whether something keeps strangers out.
    pub fn is_guarded(&self) -> bool {
        self.password.is_some() || !self.tokens.is_empty()
    }
}

/// Who asks, as far as pages need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Who {
    /// How they are called in the log and beside what they did.
    pub(super) name: String,
    /// Whether they may change something.
    pub(super) may_write: bool,
    /// Whether they logged in, and can log out.
    pub(super) is_logged_in: bool,
    /// What every form of a page for them carries: only such a page can know it (cross-site request forgery). None for programs, of which no
    /// page can have anything sent.
    pub(super) csrf: Option<String>,
    /// What copies that are shown to them ask with for what they need.
    pub(super) key: String,
}

impl Who {
    /// Somebody who was not let in, and sees only what everybody may.
    pub(super) fn nobody() -> Self {
        Self {
            name: "nobody".to_owned(),
            may_write: false,
            is_logged_in: false,
            csrf: None,
            key: String::new(),
        }
    }

    /// What forms carry.
    pub(super) fn form_key(&self) -> &str {
        self.csrf.as_deref().unwrap_or_default()
    }
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// The password is not that one.
    Wrong,
    /// They tried too often; they may again in so many seconds.
    TooOften(u64),
    /// There is no password.
    NoPassword,
    /// The operating system gives no random numbers.
    Fault,
}

/// Lets in who may see what is served.
pub(super) struct Door {
    access: Access,
    sessions: Sessions,
    tries: Tries,
    /// Hashing takes memory and time: one password at once.
    hashing: Semaphore,
    /// Who asks where nothing keeps anybody out.
    open: Who,
}

impl Door {
    /// # Errors
    ///
    /// Where the operating system gives no random numbers.
    pub(super) fn new(access: Access) -> std::io::Result<Self> {
        let secret = random::<32>()?;
        Ok(Self {
            open: Who {
                name: "local".to_owned(),
                may_write: !access.read_only,
                is_logged_in: false,
                csrf: Some(hex(&sha256(&[&secret[..], b"form"].concat()))),
                key: key(&[&secret[..], b"copies"].concat()),
            },
            access,
            sessions: Sessions::default(),
            tries: Tries::default(),
            hashing: Semaphore::new(1),
        })
    }

    /// Whether something keeps strangers out.
    pub(super) fn is_guarded(&self) -> bool {
        self.access.is_guarded()
    }

    /// Whether a password lets somebody in.
    pub(super) fn has_password(&self) -> bool {
        self.access.password.is_some()
    }

    /// Who sends these headers, if they may see what is served.
    pub(super) fn who(&self, headers: &HeaderMap, now: Instant) -> Option<Who> {
        if let Some(token) = token(headers) {
            let known = self.access.tokens.iter().find(|one| one.hash.is_of(&token));
            return known.map(|known| Who {
                name: format!("token {}", known.name),
                may_write: known.scope == Scope::Write && !self.access.read_only,
                is_logged_in: false,
                csrf: None,
                key: self.open.key.clone(),
            });
        }
        if !self.is_guarded() {
            return Some(self.open.clone());
        }
        let session = cookies(headers).find_map(|value| self.sessions.get(value, now))?;
        Some(self.of_session(session))
    }

    /// Who is known by this key of copies.
    pub(super) fn who_by_key(&self, key: &str, now: Instant) -> Option<Who> {
        if !self.is_guarded() {
            return (self.open.key == key).then(|| self.open.clone());
        }
        let session = self.sessions.by_key(key, now)?;
        Some(self.of_session(session))
    }

    fn of_session(&self, session: Session) -> Who {
        Who {
            name: "password".to_owned(),
            may_write: !self.access.read_only,
            is_logged_in: true,
            csrf: Some(session.csrf),
            key: session.key,
        }
    }

    /// Lets somebody in who knows the password; gives the cookie's value.
    pub(super) async fn log_in(&self, peer: IpAddr, password: String) -> Result<String, Refused> {
        let Some(hash) = self.access.password.clone() else {
            return Err(Refused::NoPassword);
        };
        // A try counts before it is known how it ends, or many at once would count as one.
        self.tries.begin(peer, Instant::now())?;
        let room = self.hashing.acquire().await;
        let verified = tokio::task::spawn_blocking(move || hash.is_of(&password));
        let is_right = verified.await.unwrap_or(false);
        drop(room);
        if !is_right {
            return Err(Refused::Wrong);
        }
        self.tries.forget(peer);
        self.sessions
            .begin(Instant::now())
            .map_err(|_| Refused::Fault)
    }

    /// Ends the session of who sends these headers.
    pub(super) fn log_out(&self, headers: &HeaderMap) {
        for value in cookies(headers) {
            self.sessions.end(value);
        }
    }
}

/// What makes a browser remember a session, or forget it.
pub(super) fn cookie(value: Option<&str>, is_secure: bool) -> String {
    let name = COOKIES[usize::from(is_secure)];
    let secure = if is_secure { "; Secure" } else { "" };
    let (value, age) = match value {
        Some(value) => (value, sessions::LONGEST.as_secs()),
        None => ("", 0),
    };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}")
}

/// A key of copies: sixteen digits, which nobody guesses within the life of a session.
fn key(of: &[u8]) -> String {
    hex(&sha256(of))[..super::place::KEY_LENGTH].to_owned()
}

/// The values of our cookies.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| COOKIES.contains(name))
        .map(|(_, value)| value)
}

/// The token that a program sends: as `Bearer` (RFC 6750), or as the password of `Basic`, which readers of feeds know.
fn token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    decoded
        .split_once(':')
        .map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::TokenHash;

    fn headers(name: axum::http::HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn a_token_does_what_its_scope_says() {
        let (token, hash) = TokenHash::make().unwrap();
        let with = |scope, read_only| {
            let access = Access {
                tokens: vec![TokenSettings {
                    name: "ci".to_owned(),
                    hash: hash.clone(),
                    scope,
                }],
                read_only,
                ..Access::default()
            };
            Door::new(access).unwrap()
        };
        let now = Instant::now();
        let basic = STANDARD.encode(format!("me:{token}"));
        for value in [format!("Bearer {token}"), format!("Basic {basic}")] {
            let asked = headers(AUTHORIZATION, &value);
            let who = with(Scope::Read, false).who(&asked, now).unwrap();
            assert_eq!((who.may_write, who.name.as_str()), (false, "token ci"));
            assert!(
                with(Scope::Write, false)
                    .who(&asked, now)
                    .unwrap()
                    .may_write
            );
            assert!(!with(Scope::Write, true).who(&asked, now).unwrap().may_write);
        }
        for value in [
            "Bearer x",
            "Bearer",
            "Basic !",
            "Digest a",
            &format!("Bearer {token}0"),
        ] {
            let door = with(Scope::Read, false);
            assert_eq!(
                door.who(&headers(AUTHORIZATION, value), now),
                None,
                "{value}"
            );
        }
        // Where nobody is kept out, a token that is none is not taken either.
        let open = Door::new(Access::default()).unwrap();
        assert!(open.who(&HeaderMap::new(), now).unwrap().may_write);
        assert_eq!(open.who(&headers(AUTHORIZATION, "Bearer x"), now), None);
    }

    #[tokio::test]
    async fn a_session_lasts_until_it_is_ended() {
        let access = Access {
            password: Some(PasswordHash::new("correct horse").unwrap()),
            ..Access::default()
        };
        let door = Door::new(access).unwrap();
        let peer: IpAddr = "192.0.2.1".parse().unwrap();
        let wrong = door.log_in(peer, "wrong".to_owned()).await;
        assert_eq!(wrong, Err(Refused::Wrong));
        let value = door.log_in(peer, "correct horse".to_owned()).await.unwrap();
        let now = Instant::now();
        let sent = headers(COOKIE, &format!("a=b; sourcekeep={value}; c=d"));
        let who = door.who(&sent, now).unwrap();
        assert!(who.may_write && who.is_logged_in);
        assert_eq!(door.who_by_key(&who.key, now), Some(who.clone()));
        assert_eq!(door.who_by_key(&door.open.key, now), None);
        assert_ne!(who.csrf, door.open.csrf);
        assert_eq!(door.who(&HeaderMap::new(), now), None);
        door.log_out(&sent);
        assert_eq!(door.who(&sent, now), None);
        assert_eq!(door.who_by_key(&who.key, now), None);
    }
}
