//! What is told of an input while it is read, and is no problem.

/// What is told of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// In which ways a site names its posts.
    Ways {
        /// Collections of its WordPress REST API.
        collections: u64,
        /// Feeds.
        feeds: u64,
        /// Sitemaps.
        sitemaps: u64,
    },
    /// What it names and what is not read.
    NotRead(NotRead),
    /// So many posts that were found stay due, because no more are to be read in this run; there may be others that
    /// were not found yet.
    StayDue(u64),
    /// Feeds that it names and that were registered.
    Registered(u64),
    /// A feed that it named, and names no longer.
    NamedNoLonger(String),
    /// It goes on for longer than it is followed: so many pages.
    TooLong(u64),
}

/// What was named and is not read, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NotRead {
    /// Lists of posts: by tag, author, category or day, and their further pages.
    pub lists: u64,
    /// Sitemaps of such.
    pub sitemaps: u64,
    /// Files, feeds and the like.
    pub files: u64,
    /// Of another site.
    pub elsewhere: u64,
    /// Modified before what was asked for.
    pub old: u64,
    /// More than are taken.
    pub too_many: u64,
    /// robots.txt keeps them from being read.
    pub disallowed: u64,
}

impl NotRead {
    pub(super) fn add(&mut self, other: Self) {
        self.lists += other.lists;
        self.sitemaps += other.sitemaps;
        self.files += other.files;
        self.elsewhere += other.elsewhere;
        self.old += other.old;
        self.too_many += other.too_many;
        self.disallowed += other.disallowed;
    }
}
