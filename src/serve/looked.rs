//! What changed since somebody last looked: their browser remembers up to which event they have seen, and when that was, in a cookie
//! that holds nothing else. Nothing of it is kept here.

use serde::Serialize;

use super::answer::Answer;
use super::api::{Problem, json};
use super::{Asked, Site};
use crate::report::{ago, count_of, rfc3339};
use crate::store::{CameTo, News, StoreError};

/// A look goes on for so long: whoever comes back to the page within this time is told the same once more.
const LOOK: i64 = 30 * 60_000;
/// Events that are looked through.
pub(super) const EVENTS: usize = 3000;
/// How long a browser remembers, in seconds.
const REMEMBERED: i64 = 400 * 86_400;

/// An event that was seen, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) event: i64,
    pub(super) at: i64,
}

/// A look at the overview.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// The end of the look before this one, if there was one.
    pub(super) last: Option<Seen>,
    /// What the browser is to remember.
    pub(super) cookie: Option<String>,
}

impl Look {
    /// `cookies` are as the browser sent them, `made_at` tells the archive from others, `newest` is its newest event.
    pub(super) fn new(asked: &Asked, made_at: i64, newest: i64, now: i64) -> Self {
        if asked.is_of_others {
            // Who comes from elsewhere sends no cookie, and is not to lose the one they have.
            return Self {
                last: None,
                cookie: None,
            };
        }
        let name = format!("sourcekeep-seen-{made_at:x}");
        let sent = remembered(&asked.cookies, &name);
        let sent = sent.filter(|(before, last)| {
            let is_possible = |seen: &Seen| seen.event <= newest && seen.at <= now;
            is_possible(before) && is_possible(last) && before.at <= last.at
        });
        let here = Seen {
            event: newest,
            at: now,
        };
        let (before, last) = match sent {
            Some((before, last)) if now - last.at < LOOK => (
                before,
                Seen {
                    event: newest,
                    at: last.at,
                },
            ),
            Some((_, last)) => (last, here),
            None => (here, here),
        };
        let cookie = format!(
            "{name}={}.{}.{}.{}; Path=/; Max-Age={REMEMBERED}; HttpOnly; SameSite=Strict",
            before.event, before.at, last.event, last.at
        );
        Self {
            // (The first look has none before it.)
            last: Some(before).filter(|before| before.at != last.at),
            cookie: Some(cookie),
        }
    }
}

/// What a browser remembers under a name: how far it had seen before the last look, and then. What is no such thing is nothing.
fn remembered(cookies: &str, name: &str) -> Option<(Seen, Seen)> {
    let mut all = cookies.split(';').filter_map(|pair| {
        let (own, value) = pair.trim().split_once('=')?;
        (own == name).then_some(value)
    });
    let value = all.next()?;
    let numbers: Option<Vec<i64>> = value
        .split('.')
        .map(|number| {
            let is_plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            number.parse().ok().filter(|_| is_plain)
        })
        .collect();
    let [event, at, last_event, last_at] = numbers?.try_into().ok()?;
    Some((
        Seen { event, at },
        Seen {
            event: last_event,
            at: last_at,
        },
    ))
}

/// What changed since then.
pub(super) struct Changed {
    /// How long ago that was.
    pub(super) ago: String,
    pub(super) changes: Vec<Kind>,
    /// Whether there may be more than was looked at.
    pub(super) is_cut: bool,
}

/// Changes of a kind.
pub(super) struct Kind {
    /// How many, in words.
    pub(super) says: String,
    /// Where they are listed.
    pub(super) path: String,
}

/// What is told of each kind: one, many, and the list that has them.
const KINDS: [(CameTo, &str, &str, &str); 5] = [
    (CameTo::Dead, "newly dead", "newly dead", "dead"),
    (CameTo::QuoteLost, "quote lost", "quotes lost", ""),
    (CameTo::Drifted, "drifted", "drifted", "drifted"),
    (CameTo::Failing, "newly failing", "newly failing", "failing"),
    (CameTo::Revived, "revived", "revived", "revived"),
];

impl Changed {
    pub(super) fn new(last: Seen, lately: &News, now: i64) -> Self {
        let kinds = KINDS.into_iter().filter_map(|(to, one, many, list)| {
            let of = || {
                let all = lately.changes.iter();
                all.filter(move |change| change.to == to && change.event_id > last.event)
            };
            let first = of().next()?;
            let is_of_one = of().all(|change| change.source_id == first.source_id);
            let path = if is_of_one {
                format!("/sources/{}", first.source_id)
            } else if list.is_empty() {
                "/repairs?of=quote".to_owned()
            } else {
                let since = of().map(|change| change.at).min().unwrap_or(last.at);
                format!("/sources?of={list}&since={}", rfc3339(since))
            };
            Some(Kind {
                says: count_of(of().count() as u64, one, many),
                path,
            })
        });
        Self {
            ago: ago(last.at, now),
            changes: kinds.collect(),
            is_cut: lately.after > last.event,
        }
    }
}

#[derive(Serialize)]
struct Told {
    /// The number of the newest event, to ask with the next time.
    newest: i64,
    /// Whether there were more events than are looked through.
    cut: bool,
    newly_dead: usize,
    quotes_lost: usize,
    drifted: usize,
    newly_failing: usize,
    revived: usize,
}

/// The same for programs, which remember by themselves.
pub(super) fn news(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let after = match asked.after() {
        Ok(after) => after.unwrap_or_default(),
        Err(problem) => return Ok(Problem::bad(&problem).answer()),
    };
    let lately = site
        .store
        .read("read what changed", |r| r.lately(after, EVENTS))?;
    let of = |to: CameTo| {
        let all = lately.changes.iter();
        all.filter(|change| change.to == to).count()
    };
    Ok(json(&Told {
        newest: lately.newest,
        cut: lately.after > after,
        newly_dead: of(CameTo::Dead),
        quotes_lost: of(CameTo::QuoteLost),
        drifted: of(CameTo::Drifted),
        newly_failing: of(CameTo::Failing),
        revived: of(CameTo::Revived),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_overview_has_set_is_nothing() {
        let good = "a=b; seen=1.2.3.4; c=d";
        let (before, last) = remembered(good, "seen").unwrap();
        assert_eq!((before.event, before.at, last.event, last.at), (1, 2, 3, 4));
        for bad in [
            "",
            "seen",
            "seen=",
            "seen=1.2.3",
            "seen=1.2.3.4.5",
            "seen=-1.2.3.4",
            "seen=+1.2.3.4",
            "seen=1.2.3.99999999999999999999",
            "seen=1.2.3.x",
            "seen=\"1.2.3.4\"",
            "unseen=1.2.3.4",
        ] {
            assert_eq!(remembered(bad, "seen"), None, "{bad}");
        }
    }
}
