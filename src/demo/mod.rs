//! A small web on loopback whose sources break, written to show the whole product in a minute without a network.
//!
//! A blog of three posts, and what they cite: a foundation's database, a news site, a report, a wiki. The clock is
//! moved, not waited for, so that days pass between the runs; the archive it leaves is marked simulated.

mod pages;
mod web;

use std::net::SocketAddr;
use std::path::Path;

pub use web::Web;

/// When the story begins: 2026-03-02T09:00:00Z, a Monday, in milliseconds since the epoch.
pub const BEGINS: i64 = 1_772_442_000_000;
/// A day in milliseconds.
pub const DAY: i64 = 86_400_000;

/// One chapter of the story: what happens to the web, and after how many days the next run is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chapter {
    /// The posts are gathered, their sources visited and kept.
    Begins,
    /// The database is taken down, an article moves, a wall goes up, a page is edited.
    Breaks,
    /// The database is still down.
    Persists,
    /// It is confirmed dead.
    Dies,
    /// It comes back.
    Revives,
}

impl Chapter {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [
        Self::Begins,
        Self::Breaks,
        Self::Persists,
        Self::Dies,
        Self::Revives,
    ];

    /// The day on which its run is made, counted from the beginning.
    pub const fn day(self) -> i64 {
        match self {
            Self::Begins => 0,
            Self::Breaks => 1,
            Self::Persists => 3,
            Self::Dies => 5,
            Self::Revives => 36,
        }
    }

    /// What happened meanwhile, for a reader.
    pub const fn told(self) -> &'static str {
        match self {
            Self::Begins => {
                "A blogger points sourcekeep at a folder of three posts. Each source is visited, and a copy kept."
            }
            Self::Breaks => {
                "A day later the foundation has taken its database down, the newspaper has moved an article, the wiki \
                 has put up a bot wall, and somebody has quietly edited a report."
            }
            Self::Persists => {
                "Two days later the database is still down. One failure is not death; two are not either."
            }
            Self::Dies => {
                "On the sixth day it is confirmed: three strikes over more than 72 hours, and a second look by another way."
            }
            Self::Revives => {
                "A month later the database is back at its old address. The dead are visited still."
            }
        }
    }

    /// Changes the web as the chapter tells.
    pub fn happens(self, web: &Web) {
        match self {
            Self::Begins => pages::publish(web),
            Self::Breaks => pages::break_some(web),
            Self::Persists | Self::Dies => {}
            Self::Revives => pages::bring_back(web),
        }
    }
}

/// Writes the blog's posts into a folder, as Markdown.
pub fn write_posts(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (name, text) in pages::POSTS {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// What `--resolve` has to say so that every name leads to the small web.
pub fn resolve(address: SocketAddr) -> String {
    format!("*={address}")
}
