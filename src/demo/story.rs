//! The story: what happens to the small web, on which day, and which commands show it.

use super::pages;
use super::web::Web;

/// The register in a report, where its address is in bold: the table beside it has a longer one.
const REGISTER: &str = "/register/strikes\u{1b}";

/// One chapter: what happens to the web, and after how many days the next run is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chapter {
    /// The posts are gathered, their sources visited and kept.
    Begins,
    /// The register is taken offline, an article moves, a wall goes up, an interview is tidied away.
    Breaks,
    /// Nothing can be reached.
    CutOff,
    /// The interview is back; a report was edited.
    Mends,
    /// The register is confirmed dead.
    Dies,
    /// It comes back.
    Revives,
}

/// A command that a chapter shows after its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The exit code of the run.
    ExitCode,
    /// The report, only what is about these sources.
    Report(&'static [&'static str]),
    /// The explanation of a source, only the parts in which these words stand.
    Explain(&'static str, &'static [&'static str]),
    /// A source, only the parts in which these words stand.
    Show(&'static str, &'static [&'static str]),
}

impl Chapter {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::Begins,
        Self::Breaks,
        Self::CutOff,
        Self::Mends,
        Self::Dies,
        Self::Revives,
    ];

    /// The day on which its run is made, counted from the beginning.
    pub const fn day(self) -> i64 {
        match self {
            Self::Begins => 0,
            Self::Breaks => 1,
            Self::CutOff => 2,
            Self::Mends => 3,
            Self::Dies => 4,
            Self::Revives => 33,
        }
    }

    /// Days before it on which a run is made of which nothing is told.
    pub const fn quiet_days(self) -> &'static [i64] {
        match self {
            Self::Revives => &[11, 18, 25],
            _ => &[],
        }
    }

    /// What happened meanwhile, for a reader, in lines.
    pub const fn told(self) -> &'static [&'static str] {
        match self {
            Self::Begins => &[
                "A village blog cites what it says: a foundation's register of lightning strikes, the paper, a",
                "ministry. sourcekeep reads its feed, and an older post for its comments, and keeps a copy of every",
                "source. Menus, neighbours and the commenter's own site are none.",
            ],
            Self::Breaks => &[
                "The foundation's server hangs up on everybody. The paper has moved an article, the wiki has",
                "put up a bot wall, and the radio's new site sends every old address to its front page.",
            ],
            Self::CutOff => &[
                "A plough cuts our own cable. All seven sites are silent at once, so it is rather us than",
                "them: the run is suspect, nobody gets a strike, and cron hears of it by the exit code.",
            ],
            Self::Mends => &[
                "The cable is mended. The radio has put its interview back; it was never called dead. The",
                "register is 404 now. And at the ministry, somebody has quietly edited the report: both",
                "wordings are kept.",
            ],
            Self::Dies => &[
                "Three strikes over 72 hours, and a second look by another way: only now is the register dead.",
            ],
            Self::Revives => &[
                "A month later, with a run each week, the register is back: the dead are visited still.",
            ],
        }
    }

    /// Which lines of the run's summary are shown, by their first words.
    pub const fn summary(self) -> &'static [&'static str] {
        match self {
            Self::Begins => &[""],
            Self::CutOff => &["visited", "suspect"],
            Self::Mends => &["visited", "kept"],
            Self::Breaks | Self::Dies | Self::Revives => &["visited"],
        }
    }

    /// What is shown after its run.
    pub const fn shown(self) -> &'static [Shown] {
        match self {
            Self::Begins => &[],
            Self::Breaks => &[Shown::Report(&[REGISTER, pages::WIKI])],
            Self::CutOff => &[Shown::ExitCode],
            Self::Mends => &[Shown::Show(pages::REPORT, &["Copies"])],
            Self::Dies => &[
                Shown::Report(&[REGISTER]),
                Shown::Explain(pages::REGISTER, &["Standing"]),
            ],
            Self::Revives => &[Shown::Report(&[REGISTER])],
        }
    }

    /// Whether our own network is down.
    pub const fn is_cut_off(self) -> bool {
        matches!(self, Self::CutOff)
    }

    /// Changes the web as the chapter tells.
    pub fn happens(self, web: &Web) {
        match self {
            Self::Begins => pages::publish(web),
            Self::Breaks => pages::break_some(web),
            Self::CutOff | Self::Dies => {}
            Self::Mends => pages::mend_some(web),
            Self::Revives => pages::bring_back(web),
        }
    }
}
