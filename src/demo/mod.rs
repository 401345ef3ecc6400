//! A small web on loopback whose sources break, written to show the whole product in a minute without a network.
//!
//! A village blog with a feed, posts and comments, and what it cites: a foundation's register, a newspaper, a ministry,
//! a wiki, a radio station, a museum, an archive. The pages are files under `pages/`. The clock is moved, not waited
//! for, so that days pass between the runs; the archive it leaves is marked simulated.

mod excerpt;
mod pages;
mod story;
mod web;

use std::net::SocketAddr;
use std::path::Path;

pub use excerpt::{excerpt, lines_beginning};
pub use story::{Chapter, Shown};
pub use web::{Unplugged, Web};

/// When the story begins: 2026-03-02T09:00:00Z, a Monday, in milliseconds since the epoch.
pub const BEGINS: i64 = 1_772_442_000_000;
/// A day in milliseconds.
pub const DAY: i64 = 86_400_000;

/// What the run is pointed at: the blog's feed, and one older post with its comments, which no feed holds.
pub const INPUTS: [&str; 2] = [
    "http://blog.example/feed.xml",
    "http://blog.example/an-old-rod",
];
/// The source that the story is about.
pub const REGISTER: &str = pages::REGISTER;

/// Writes the blog's pages into a folder, as they were served, for commands that read files.
pub fn write_blog(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (name, text) in pages::blog() {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// What `--resolve` has to say so that the blog, which stands in our own cupboard, is on the small web, and every other
/// name leads to one address.
pub fn resolve(web: SocketAddr, others: SocketAddr) -> [String; 2] {
    [format!("blog.example={web}"), format!("*={others}")]
}
