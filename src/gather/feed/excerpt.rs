//! Whether a feed holds its posts, or only how they begin.
//!
//! No feed says so. An entry shows it by how it ends ("[…]", "Read more"); where it does not, all entries are looked at:
//! a feed of posts has long ones and short ones, with links in them, a feed of excerpts has none that is long. What is
//! wrongly taken for an excerpt costs one more request; what is wrongly taken for a whole post loses its citations.

use super::measure::{Ending, Text};
use super::vocabulary::Role;

/// A text that is longer says enough to be a post.
const LONG: usize = 700;
/// A text that is shorter and cites nothing may be the beginning of one.
const SHORT: usize = 500;
/// What an entry shows of itself.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one observation, and all are weighed together"
)]
pub(super) struct Looks {
    /// Where the rest could be.
    pub(super) has_address: bool,
    /// It is about another page, which its link leads to.
    pub(super) is_about: bool,
    pub(super) has_title: bool,
    /// What is read of it lies at its address.
    pub(super) is_elsewhere: bool,
    /// Its text, and which it is.
    pub(super) text: Option<(Role, Text)>,
}

/// Tells of each entry of a feed whether it is an excerpt.
pub(super) fn excerpts(entries: &[Looks]) -> Vec<bool> {
    let texts: Vec<(Role, &Text)> = entries
        .iter()
        .filter_map(|entry| entry.text.as_ref().map(|(role, text)| (*role, text)))
        .collect();
    let share = |is: &dyn Fn(&Text) -> bool| {
        let number = texts.iter().filter(|(_, text)| is(text)).count();
        number * 100 / texts.len().max(1)
    };
    let is_cut = |text: &Text| text.ending >= Ending::Dots;
    let feed = Feed {
        has_long: texts
            .iter()
            .any(|(_, text)| text.characters >= LONG && !is_cut(text)),
        has_links: share(&|text| text.links > 0) >= 50,
        is_cut: texts.len() >= 3 && share(&is_cut) >= 80,
        is_even: is_even(&texts) && share(&|text| text.ending >= Ending::Open) >= 60,
    };
    entries.iter().map(|entry| feed.is_excerpt(entry)).collect()
}

/// What all entries of a feed show together.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one observation, and all are weighed together"
)]
struct Feed {
    has_long: bool,
    has_links: bool,
    /// Practically all end in dots.
    is_cut: bool,
    /// All were cut at the same length.
    is_even: bool,
}

/// Whether the longest text is hardly longer than the shortest, and there are some.
fn is_even(texts: &[(Role, &Text)]) -> bool {
    let lengths = || texts.iter().map(|(_, text)| text.characters);
    let longest = lengths().max().unwrap_or(0);
    let shortest = lengths().min().unwrap_or(0);
    texts.len() >= 4 && shortest >= 100 && longest - shortest <= longest / 10
}

impl Feed {
    fn is_excerpt(&self, entry: &Looks) -> bool {
        if !entry.has_address {
            return false;
        }
        if entry.is_elsewhere {
            return true;
        }
        let Some((role, text)) = &entry.text else {
            return !entry.is_about;
        };
        if text.ending == Ending::More {
            return true;
        }
        if entry.is_about {
            return false;
        }
        match role {
            Role::Excerpt => true,
            Role::Full => (self.is_cut && text.ending == Ending::Dots) || self.is_even,
            Role::Summary | Role::Other if text.ending == Ending::Dots => {
                self.is_cut || text.characters >= 60
            }
            Role::Summary | Role::Other => {
                let may_begin = text.characters < SHORT && text.links == 0 && entry.has_title;
                self.is_even || (may_begin && !self.has_long && !self.has_links)
            }
        }
    }
}
