//! The command line, through the built binary: what it prints, how it ends, and what it leaves in the archive.
//!
//! - `fates`: a folder of posts whose sources met every fate; the summary, `show`, what is stored
//! - `reports`: `report` in all its formats; `report_html`: as a file to be mailed
//! - `history`: later visits: unchanged, changed, gone, back again; which sources a report lists
//! - `deaths`: strikes, death and revival, a day at a time, under `--now`
//! - `mark`: what a user says of sources, and how long it holds
//! - `explain`: the evidence, what is missing, what comes next
//! - `diff`: what changed between two copies
//! - `robots`: what robots.txt keeps from being kept, and who may overrule it
//! - `inputs`: feeds, pages, lists, folders, standard input; read again, removed, added in another way
//! - `files`: which files of a folder are read, globs, packed files
//! - `posts`: a post over time: its words, what is new, kept and gone; what is only recorded
//! - `pdf`: links of PDFs, and hostile ones
//! - `links`: its formats, and many files at once
//! - `site`, `sitemaps`, `leads`: inputs that lead to more: WordPress sites, sitemaps, feeds of excerpts or of many pages,
//!   lists of feeds
//! - `exclusions`: what is taken and what is left out
//! - `options`: what bounds, quietens or colours; `check` and `capture` of named addresses
//! - `browser`: pages as headless Chromium shows them, hostile ones, and that nothing of it is left
//! - `by_hand`: copies made by hand, and which copy stands for what was cited
//! - `beside`: two commands at once, interrupts, kills, broken pipes
//! - `config`: what is configured, what is wrong with it, secrets, and inputs of the configuration
//! - `bad_input`: mistyped, binary, broken, hostile; files that are no archives
//! - `suspect`: runs that cannot be trusted: too much failed, nobody answered, a wrong clock, a kill
//! - `watch`: signals, the service manager, bounds of a pass, the sign of life
//! - `schedule`: units and crontab lines, by stand-ins for the tools of the system
//! - `backup`, `verify`, `doctor`, `stats`: keeping the archive, and what is in it
//! - `search`: what is kept is found by its words, and what vanished; the index is made anew
//! - `rejudge`: what was seen is judged again; what a visit is compared with
//! - `warc`: captures as WARC files, out and in again; files that others wrote
//! - `imported`: what imported pages need, what is known of imported copies, and what visits are compared with
//! - `walls`: what stands before a source, and rules of the user's
//! - `quotes`: what pages still say of what was quoted, and pages that drift
//! - `reference`: `docs/COMMANDS.md` says what `--help` says

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "../web/mod.rs"]
mod web;

mod support;

mod backup;
mod bad_input;
mod beside;
#[cfg(unix)]
mod browser;
mod by_hand;
mod compact;
mod config;
mod deaths;
mod diff;
mod doctor;
mod exclusions;
mod explain;
mod fates;
mod files;
mod history;
mod imported;
mod inputs;
mod leads;
mod links;
mod mark;
mod one_page;
mod options;
mod pdf;
mod posts;
mod prune;
mod quotes;
mod reference;
mod rejudge;
mod report_html;
mod reports;
mod requisites;
mod robots;
#[cfg(unix)]
mod schedule;
mod search;
mod siblings;
mod site;
mod sitemaps;
mod stats;
mod suspect;
mod verify;
mod walls;
mod warc;
#[cfg(unix)]
mod watch;
