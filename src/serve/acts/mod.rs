//! What is done with what is sent: one file for each thing that can be changed.
//!
//! A form and an object of a program have the same fields. A browser is led to a page that says what was done; a program is told as JSON.

pub(super) mod copies;
pub(super) mod inputs;
pub(super) mod posts;
pub(super) mod repairs;
pub(super) mod source;
pub(super) mod sources;

use axum::http::StatusCode;
use serde_json::json;

use super::answer::Answer;
use super::api::{Problem, json as as_json};
use super::body::Sent;
use super::pages::refused;
use super::{Asked, Site};
use crate::store::StoreError;

/// Does what is sent to a path.
pub(super) type Act = fn(&Site, &Asked, &Sent) -> Result<Done, Undone>;

const NOT_ALLOWED: &str = "You may see this, and not change it.";

/// What was done.
#[derive(Debug)]
pub(super) struct Done {
    /// The word for it, as [`super::done`] tells it.
    pub(super) what: &'static str,
    /// To how many.
    pub(super) many: u64,
    /// The page that shows what came of it.
    pub(super) path: String,
}

impl Done {
    pub(super) fn new(what: &'static str, many: u64, path: impl Into<String>) -> Self {
        Self {
            what,
            many,
            path: path.into(),
        }
    }
}

/// Why it was not done.
#[derive(Debug)]
pub(super) enum Undone {
    /// The archive could not be written.
    Store(StoreError),
    /// What was sent cannot be taken.
    Refused(StatusCode, String),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Undone {
    /// What was sent makes no sense.
    pub(super) fn bad(says: impl Into<String>) -> Self {
        Self::Refused(StatusCode::BAD_REQUEST, says.into())
    }

    /// What it is about is not there.
    pub(super) fn absent(says: impl Into<String>) -> Self {
        Self::Refused(StatusCode::NOT_FOUND, says.into())
    }
}

/// Does what was sent, if who sent it may and meant it, and answers.
pub(super) fn act(site: &Site, asked: &Asked, act: Act, sent: &Sent) -> Answer {
    let is_program = asked.path.starts_with("/api/") || sent.is_json;
    let done = meant(asked, sent).and_then(|()| act(site, asked, sent));
    answer(site, asked, is_program, done)
}

/// What is answered to who may change nothing, whatever they send.
pub(super) fn not_allowed(site: &Site, asked: &Asked, is_json: bool) -> Answer {
    let is_program = asked.path.starts_with("/api/") || is_json;
    let undone = Undone::Refused(StatusCode::FORBIDDEN, NOT_ALLOWED.to_owned());
    answer(site, asked, is_program, Err(undone))
}

fn answer(site: &Site, asked: &Asked, is_program: bool, done: Result<Done, Undone>) -> Answer {
    match done {
        Ok(done) if is_program => as_json(&json!({
            "done": done.what,
            "many": done.many,
            "see": done.path,
        })),
        Ok(done) => Answer::see(with_done(&done)),
        Err(Undone::Store(error)) => {
            (site.tell)(&error);
            let (status, says) = not_written(&error);
            if is_program {
                Problem::new(status, &says).answer()
            } else {
                refused(site, asked, status, &says)
            }
        }
        Err(Undone::Refused(status, says)) if is_program => Problem::new(status, &says).answer(),
        Err(Undone::Refused(status, says)) => refused(site, asked, status, &says),
    }
}

/// Whether who sends it may, and whether they meant to.
fn meant(asked: &Asked, sent: &Sent) -> Result<(), Undone> {
    let refused = |says: &str| Err(Undone::Refused(StatusCode::FORBIDDEN, says.to_owned()));
    if !asked.who.may_write {
        return refused(NOT_ALLOWED);
    }
    match &asked.who.csrf {
        // No page can have a token sent, or JSON: a browser asks first whether it may, and is not told so.
        None => Ok(()),
        Some(_) if sent.is_json => Ok(()),
        Some(csrf) if sent.raw("csrf") == Some(csrf) => Ok(()),
        Some(_) => refused(
            "This form was opened before the server started, or before you logged in: open its page again, and send it from there.",
        ),
    }
}

/// What is answered where the archive could not be written, and what is said.
fn not_written(error: &StoreError) -> (StatusCode, String) {
    let hint = error.hint().map(|hint| format!(" ({hint})"));
    let says = format!("Nothing was changed: {error}.{}", hint.unwrap_or_default());
    let mut cause = error;
    while let StoreError::Earlier(earlier) = cause {
        cause = earlier;
    }
    let status = match cause {
        StoreError::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
        StoreError::Full { .. } => StatusCode::INSUFFICIENT_STORAGE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, says)
}

fn with_done(done: &Done) -> String {
    if done.what.is_empty() {
        return done.path.clone();
    }
    let (path, fragment) = match done.path.split_once('#') {
        Some((path, fragment)) => (path, format!("#{fragment}")),
        None => (done.path.as_str(), String::new()),
    };
    let join = if path.contains('?') { '&' } else { '?' };
    format!("{path}{join}done={}.{}{fragment}", done.what, done.many)
}

/// The page of ours from which a form came, as the form says it: a path on this origin, without what it said was done.
pub(super) fn back(sent: &Sent, otherwise: &str) -> String {
    let own = sent.get("back").filter(|path| is_own(path));
    let Some((path, query)) = own.unwrap_or(otherwise).split_once('?') else {
        return own.unwrap_or(otherwise).to_owned();
    };
    let mut kept = url::form_urlencoded::Serializer::new(String::new());
    kept.extend_pairs(
        url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "done"),
    );
    let query = kept.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// Whether it is a path of ours, and no way to say another site.
pub(super) fn is_own(path: &str) -> bool {
    path.len() <= 4000
        && path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && path.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_led_to_no_other_site() {
        for path in ["/", "/sources?q=a&done=x", "/web/https://a.test/"] {
            assert!(is_own(path), "{path}");
        }
        for path in [
            "",
            "//evil.test",
            "/\\evil.test",
            "https://evil.test",
            "/a\r\nb: c",
            "/\u{e9}",
            "javascript:1",
        ] {
            assert!(!is_own(path), "{path}");
        }
    }

    #[test]
    fn what_was_done_is_told_beside_what_was_asked() {
        let told = |path: &str| with_done(&Done::new("marked", 2, path));
        assert_eq!(told("/a"), "/a?done=marked.2");
        assert_eq!(told("/a?b=c#d"), "/a?b=c&done=marked.2#d");
    }
}
