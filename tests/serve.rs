//! Copies in a browser, through the built binary and HTTP: what is answered, under which headers, and what is refused.
//!
//! - `places`: which copy is meant, what is not there, what was pruned
//! - `copies`: pages, what they need, what is no page, bytes as stored
//! - `safe`: hosts, methods, headers, words of strangers
//! - `command`: how it begins and ends; `open`
//! - `pages`: the state of every source, for people and programs
//! - `access`: who may see what is served, and change it
//! - `acts`: what is done with what is sent
//! - `eyes`, `mailed`: whether everybody can use them; the report that is a file, in a browser
//! - `looked`: what changed since somebody last looked, and what needs attention
//! - `progress`: runs of other processes, as they go on
//! - `lists`: lists of sources, narrowed and in order
//! - `source_pages`: the pages of one source: what changed, what is quoted, what happened
//! - `source_kept`: what is kept of one source
//! - `typing`: lists that follow what one types
//! - `walk`: every link and every form of every page, in real Chromium (`walker`); `keys`: its keys
//! - `rough`: clients that are slow, take nothing, send too much or what is no request
//! - `browser`: what real Chromium makes of hostile copies

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "serve/access.rs"]
mod access;
#[path = "serve/acts.rs"]
mod acts;
#[path = "serve/browser.rs"]
mod browser;
#[cfg(unix)]
#[path = "serve/chromium.rs"]
mod chromium;
#[path = "serve/command.rs"]
mod command;
#[path = "serve/copies.rs"]
mod copies;
#[cfg(unix)]
#[path = "serve/eyes.rs"]
mod eyes;
#[cfg(unix)]
#[path = "serve/keys.rs"]
mod keys;
#[path = "serve/lists.rs"]
mod lists;
#[path = "serve/looked.rs"]
mod looked;
#[path = "serve/mailed.rs"]
#[cfg(unix)]
mod mailed;
#[path = "serve/pages.rs"]
mod pages;
#[path = "serve/places.rs"]
mod places;
#[path = "serve/progress.rs"]
mod progress;
#[path = "serve/rough.rs"]
mod rough;
#[path = "serve/safe.rs"]
mod safe;
#[path = "serve/serving.rs"]
mod serving;
#[path = "serve/source_kept.rs"]
mod source_kept;
#[path = "serve/source_pages.rs"]
mod source_pages;
#[allow(dead_code, reason = "each test crate uses its part of the desk")]
#[path = "cli/support.rs"]
mod support;
#[cfg(unix)]
#[path = "serve/typing.rs"]
mod typing;
#[path = "serve/walk.rs"]
mod walk;
#[cfg(unix)]
#[path = "serve/walker.rs"]
mod walker;
mod web;
