//! How whole a capture is: what its page needs, what of it is there, and what is missing and why.

use std::collections::BTreeMap;
use std::fmt;

use super::requisites::Kind;

/// Why a requisite is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Missing {
    /// The server has no such thing.
    NotFound,
    /// The server does not give it to us.
    Refused,
    /// robots.txt asks us to leave it alone.
    Robots,
    /// No answer that could be used: no connection, cut off, or a failure of the server.
    Failed,
    /// Its host asks for patience, or the time for the page was over.
    Later,
    /// There was no room for it.
    NoRoom,
    /// It is larger than what is kept of one requisite.
    TooLarge,
    /// The page needs more than is fetched for one page.
    OverTheLimit,
    /// Its address leads into a private network.
    PrivateAddress,
    /// The web archive that the page was imported from, and all else that is here, has no answer of its address.
    NotArchived,
}

impl Missing {
    /// All reasons.
    pub const ALL: [Missing; 10] = [
        Missing::NotFound,
        Missing::Refused,
        Missing::Robots,
        Missing::Failed,
        Missing::Later,
        Missing::NoRoom,
        Missing::TooLarge,
        Missing::OverTheLimit,
        Missing::PrivateAddress,
        Missing::NotArchived,
    ];

    /// The word for it in the archive.
    pub const fn name(self) -> &'static str {
        match self {
            Missing::NotFound => "not-found",
            Missing::Refused => "refused",
            Missing::Robots => "robots",
            Missing::Failed => "failed",
            Missing::Later => "later",
            Missing::NoRoom => "no-room",
            Missing::TooLarge => "too-large",
            Missing::OverTheLimit => "over-the-limit",
            Missing::PrivateAddress => "private-address",
            Missing::NotArchived => "not-archived",
        }
    }

    /// The reason of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.name() == name)
    }

    /// Whether it may be there another time, though nothing changes in what we take of pages.
    pub const fn may_come_later(self) -> bool {
        !matches!(
            self,
            Missing::TooLarge
                | Missing::OverTheLimit
                | Missing::PrivateAddress
                | Missing::NotArchived
        )
    }

    /// What it says behind a number of things.
    const fn words(self) -> &'static str {
        match self {
            Missing::NotFound => "not found",
            Missing::Refused => "refused by the server",
            Missing::Robots => "refused by robots.txt",
            Missing::Failed => "without a usable answer",
            Missing::Later => "put off",
            Missing::NoRoom => "for which there was no room",
            Missing::TooLarge => "too large",
            Missing::OverTheLimit => "over the limit of a page",
            Missing::PrivateAddress => "in a private network",
            Missing::NotArchived => "not in the archive",
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How whole a capture is. Its [`fmt::Display`] says it in one line: `38 of 41: 2 images not found, 1 font refused by
/// robots.txt`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completeness {
    /// How many requisites the page needs.
    pub needs: u64,
    /// How many of them are there.
    pub has: u64,
    /// How many are missing, by reason and kind.
    pub missing: BTreeMap<Missing, BTreeMap<Kind, u64>>,
    /// How many more are named that were not even listed, because there are too many, they are too long, or nested too deep.
    pub left_out: u64,
}

impl Completeness {
    /// Counts a requisite: there, or missing for a reason.
    pub fn count(&mut self, kind: Kind, missing: Option<Missing>) {
        self.needs += 1;
        match missing {
            None => self.has += 1,
            Some(why) => {
                let kinds = self.missing.entry(why).or_default();
                *kinds.entry(kind).or_default() += 1;
            }
        }
    }

    /// Counts a row of the archive: the name of its kind, the status of its answer, and the word for why it is missing. The
    /// rows of the page itself, and of redirects on the way to a requisite, are none.
    pub fn count_row(&mut self, kind: &str, status: Option<u16>, missing: Option<&str>) {
        let is_on_the_way = status.is_some_and(|status| (300..400).contains(&status));
        if kind != "document" && !is_on_the_way {
            let kind = Kind::from_name(kind).unwrap_or(Kind::Other);
            let missing = missing.map(|why| Missing::from_name(why).unwrap_or(Missing::Failed));
            self.count(kind, missing);
        }
    }

    /// Whether nothing is missing.
    pub fn is_whole(&self) -> bool {
        self.has == self.needs && self.left_out == 0
    }

    /// How many are missing for a reason.
    pub fn missing_for(&self, why: Missing) -> u64 {
        self.missing
            .get(&why)
            .map_or(0, |kinds| kinds.values().sum())
    }

    /// Whether another try may bring some of what is missing.
    pub fn may_grow(&self) -> bool {
        self.missing.keys().any(|why| why.may_come_later())
    }
}

impl FromIterator<(Kind, Option<Missing>)> for Completeness {
    fn from_iter<I: IntoIterator<Item = (Kind, Option<Missing>)>>(requisites: I) -> Self {
        let mut completeness = Self::default();
        for (kind, missing) in requisites {
            completeness.count(kind, missing);
        }
        completeness
    }
}

impl fmt::Display for Completeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.needs == 0 && self.left_out == 0 {
            return f.write_str("needs nothing else");
        }
        if self.is_whole() {
            return write!(f, "all {}", self.needs);
        }
        write!(f, "{} of {}", self.has, self.needs)?;
        let mut reasons: Vec<_> = self.missing.iter().collect();
        // What is missing most comes first; of equals, in the order of the reasons.
        reasons.sort_by_key(|(why, _)| std::cmp::Reverse(self.missing_for(**why)));
        for (n, (why, kinds)) in reasons.into_iter().enumerate() {
            f.write_str(if n == 0 { ": " } else { ", " })?;
            for (n, (kind, count)) in kinds.iter().enumerate() {
                f.write_str(match n {
                    0 => "",
                    _ if n + 1 == kinds.len() => " and ",
                    _ => ", ",
                })?;
                write!(f, "{count} {}", noun(*kind, *count))?;
            }
            write!(f, " {}", why.words())?;
        }
        if self.left_out > 0 {
            write!(f, "; {} more left out", self.left_out)?;
        }
        Ok(())
    }
}

/// What a number of requisites is called.
const fn noun(kind: Kind, count: u64) -> &'static str {
    match (kind, count) {
        (Kind::Style, 1) => "style sheet",
        (Kind::Style, _) => "style sheets",
        (Kind::Script, 1) => "script",
        (Kind::Script, _) => "scripts",
        (Kind::Image, 1) => "image",
        (Kind::Image, _) => "images",
        (Kind::Icon, 1) => "icon",
        (Kind::Icon, _) => "icons",
        (Kind::Font, 1) => "font",
        (Kind::Font, _) => "fonts",
        (Kind::Frame, 1) => "frame",
        (Kind::Frame, _) => "frames",
        (Kind::Media, 1) => "media file",
        (Kind::Media, _) => "media files",
        (Kind::Download, 1) => "download",
        (Kind::Download, _) => "downloads",
        (Kind::Other, 1) => "other file",
        (Kind::Other, _) => "other files",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(there: usize, missing: &[(Kind, Missing)]) -> Completeness {
        let there = std::iter::repeat_n((Kind::Image, None), there);
        let missing = missing.iter().map(|(kind, why)| (*kind, Some(*why)));
        there.chain(missing).collect()
    }

    #[test]
    fn it_is_said_in_one_line() {
        assert_eq!(of(0, &[]).to_string(), "needs nothing else");
        assert_eq!(of(41, &[]).to_string(), "all 41");
        let some = of(
            38,
            &[
                (Kind::Font, Missing::Robots),
                (Kind::Image, Missing::NotFound),
                (Kind::Image, Missing::NotFound),
            ],
        );
        assert_eq!(
            some.to_string(),
            "38 of 41: 2 images not found, 1 font refused by robots.txt"
        );
        let cut = Completeness {
            left_out: 120,
            ..some
        };
        assert_eq!(
            cut.to_string(),
            "38 of 41: 2 images not found, 1 font refused by robots.txt; 120 more left out"
        );
        let listed = Completeness {
            left_out: 2,
            ..of(41, &[])
        };
        assert_eq!(listed.to_string(), "41 of 41; 2 more left out");
        let many = of(
            0,
            &[
                (Kind::Image, Missing::OverTheLimit),
                (Kind::Frame, Missing::OverTheLimit),
                (Kind::Style, Missing::OverTheLimit),
                (Kind::Other, Missing::Later),
                (Kind::Media, Missing::Failed),
            ],
        );
        assert_eq!(
            many.to_string(),
            "0 of 5: 1 style sheet, 1 image and 1 frame over the limit of a page, \
             1 media file without a usable answer, 1 other file put off"
        );
    }

    #[test]
    fn what_is_there_and_what_is_missing_is_what_is_needed() {
        for why in Missing::ALL {
            let some = of(3, &[(Kind::Icon, why), (Kind::Icon, why)]);
            assert_eq!(
                (some.needs, some.has, some.missing_for(why)),
                (5, 3, 2),
                "{why}"
            );
            assert!(!some.is_whole());
            assert_eq!(some.may_grow(), why.may_come_later());
            assert_eq!(Missing::from_name(why.name()), Some(why));
        }
        assert!(of(2, &[]).is_whole() && !of(2, &[]).may_grow());
        assert_eq!(Missing::from_name("lost"), None);
    }

    #[test]
    fn rows_of_the_archive_are_counted() {
        let mut some = Completeness::default();
        for (kind, status, missing) in [
            ("document", Some(200), None),
            ("style", Some(301), None),
            ("style", Some(200), None),
            ("image", None, Some("robots")),
            ("image", None, Some("a word of a later version")),
            ("a kind of a later version", Some(200), None),
        ] {
            some.count_row(kind, status, missing);
        }
        assert_eq!(
            some.to_string(),
            "2 of 4: 1 image refused by robots.txt, 1 image without a usable answer"
        );
    }
}
