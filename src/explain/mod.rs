//! Why a source has its verdict and its standing: the evidence, line by line, from what its visits stored.
//!
//! Nothing here judges. What a visit saw is read from its facts, what was concluded from it is the verdict as stored,
//! and what the history adds up to is told by the schedule, which goes through it once more ([`crate::schedule::why`]).

mod evidence;
mod gather;
mod history;
mod text;

use serde::Serialize;

use crate::fetch::{BodyFacts, Failure, Hop, RobotsFact, Way};
use crate::judge::Rules;
use crate::run::Intervals;
use crate::schedule::Policy;

pub use gather::explain;
pub use text::write_text;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The address, canonical; an alias will do.
    pub address: &'a str,
    /// Which visit; none for how the source stands now.
    pub visit: Option<Which>,
    /// The instant of the question, in milliseconds since the epoch.
    pub now: i64,
    /// By which spans and counts a source is called dead and visited.
    pub policy: &'a Policy,
    /// The longest intervals that are not the same for all.
    pub intervals: &'a Intervals,
    /// The rules kept as data, by which features are drawn where none are kept.
    pub rules: &'a Rules,
}

/// An earlier visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one of this number.
    Id(i64),
    /// The newest that was made at this instant or before it, in milliseconds since the epoch.
    At(i64),
}

/// What came of asking.
#[derive(Debug)]
pub enum Answer {
    /// No source has this address.
    NoSource,
    /// The source has no such visit; these are its newest ones: number and instant.
    NoVisit(Vec<(i64, i64)>),
    /// The explanation.
    Explained(Box<Explained>),
}

/// Everything that speaks for a source's verdict and standing. Fields are added, never renamed.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// The source's canonical address.
    pub url: String,
    /// The address that was asked for.
    pub asked: String,
    /// Other addresses of the source.
    pub aliases: Vec<Alias>,
    /// What its history adds up to.
    pub standing: String,
    /// Since when.
    pub standing_since: String,
    /// The verdict that stands.
    pub verdict: Option<String>,
    /// Its group.
    pub group: Option<&'static str>,
    /// Since when.
    pub verdict_since: Option<String>,
    /// Whether this is of an earlier visit: standing and verdict above are those of now.
    pub is_earlier: bool,
    /// The visits that are explained: the last one; before it the one whose verdict stands, where that is another, or
    /// the look before a second look.
    pub visits: Vec<Visit>,
    /// The strikes since the last fine visit.
    pub strikes: Strikes,
    /// What is missing before it is called dead.
    pub missing: Option<Missing>,
    /// Visits since the last fine one that do not count.
    pub not_counted: Vec<NotCounted>,
    /// Visits in a row that could not tell.
    pub unclear_in_row: u32,
    /// When it was last fine.
    pub last_fine_at: Option<String>,
    /// Since when it is dead.
    pub dead_since: Option<String>,
    /// What a user says of it.
    pub mark: Option<Mark>,
    /// The next visit; null for an earlier visit, and where none comes by itself.
    pub next_visit: Option<NextVisit>,
    /// Whether a copy stands for what was cited.
    pub baseline: Baseline,
    /// What robots.txt says of it.
    pub robots: Option<String>,
}

/// Another address of the source.
#[derive(Debug, Serialize)]
pub struct Alias {
    /// The address.
    pub address: String,
    /// `trivial`, `moved`, `canonical`.
    pub reason: String,
}

/// One visit: what it saw, and what was concluded.
#[derive(Debug, Serialize)]
pub struct Visit {
    /// Its number.
    pub visit: i64,
    /// When it began.
    pub at: String,
    /// `plain`, or `browser`: a second look.
    pub way: Way,
    /// The second vantage, where the look went by it.
    pub vantage: Option<String>,
    /// Its run.
    pub run: Option<i64>,
    /// The run's command.
    pub command: Option<String>,
    /// Whether its verdict is the one that stands.
    pub stands: bool,
    /// Why it does not count: `suspect-run`, `clock-behind`, `clock-wrong`, `run-not-ended`.
    pub not_counted: Option<&'static str>,
    /// Each request and its answer.
    pub hops: Vec<Hop>,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// The body.
    pub body: Option<BodyFacts>,
    /// What robots.txt said.
    pub robots: Option<RobotsFact>,
    /// Who answered last.
    pub peer: Option<String>,
    /// How long it took, in milliseconds.
    pub elapsed_ms: i64,
    /// How long until the first byte of the last answer.
    pub first_byte_ms: Option<i64>,
    /// Whether the server said "not modified".
    pub not_modified: bool,
    /// The earlier visit whose facts were found again, and whose verdict this one inherits.
    pub confirms: Option<Confirms>,
    /// The verdict.
    pub verdict: Option<String>,
    /// Its group.
    pub group: Option<&'static str>,
    /// What that group does to strikes.
    pub effect: Option<&'static str>,
    /// Whether it is a hard sign.
    pub hard: bool,
    /// The version of the judge.
    pub judge_version: Option<u32>,
    /// When it was judged.
    pub judged_at: Option<String>,
    /// The signs; the one that decided comes first.
    pub signs: Vec<Sign>,
    /// What the signs that were weighed for the verdict came to; null where one sign alone said all.
    pub weighed: Option<Weighed>,
    /// What was drawn from the body.
    pub page: Option<Page>,
    /// The copy that it was compared with.
    pub compared: Option<Compared>,
    /// What is known beside it.
    pub around: Around,
}

/// What signs weigh together.
#[derive(Debug, Serialize)]
pub struct Weighed {
    /// What spoke for the verdict.
    #[serde(rename = "for")]
    pub for_it: i32,
    /// What spoke against it, negative.
    pub against: i32,
    /// How much decides.
    pub needed: i32,
}

/// What was drawn from a body, as far as a verdict may rest on it.
#[derive(Debug, Serialize)]
pub struct Page {
    /// The version of what draws it.
    pub version: u32,
    /// Title.
    pub title: Option<String>,
    /// Words to see.
    pub words: u64,
    /// Words of the main text.
    pub main_words: u64,
    /// The language that the page declares.
    pub language: Option<String>,
    /// The address that the page calls its canonical one.
    pub canonical: Option<String>,
    /// The names of the marks that it bears: of walls, parking services, error pages.
    pub marks: Vec<String>,
}

/// The copy that a visit was compared with.
#[derive(Debug, Serialize)]
pub struct Compared {
    /// The capture.
    pub capture: i64,
    /// When it was made.
    pub at: String,
    /// Its title.
    pub title: Option<String>,
    /// Words of its main text.
    pub main_words: u64,
    /// How much of its main text is in the page, 0 to 1; null where one of them has too little.
    pub kept: Option<f64>,
    /// How much of the page's main text is in it.
    pub known: Option<f64>,
}

/// What is known beside a visit: of its server, of its name, of where others ended.
#[derive(Debug, Serialize, Default)]
pub struct Around {
    /// How the server answered to an address in the same folder that was made up.
    pub sibling: Option<Sibling>,
    /// The name servers of the domain on which the visit ended.
    pub name_servers: Vec<String>,
    /// The names that its host is an alias of.
    pub aliases: Vec<String>,
    /// How many other sources ended at the same address.
    pub sink: Option<u32>,
}

/// How a server answered to an address that was made up.
#[derive(Debug, Serialize)]
pub struct Sibling {
    /// The address.
    pub url: String,
    /// The status of the last answer.
    pub status: u16,
    /// Where it ended.
    pub final_url: String,
    /// The title of the page that came.
    pub title: Option<String>,
}

/// An earlier visit that was confirmed.
#[derive(Debug, Serialize)]
pub struct Confirms {
    /// Its number.
    pub visit: i64,
    /// When it was.
    pub at: String,
}

/// One sign.
#[derive(Debug, Serialize)]
pub struct Sign {
    /// The rule's stable name.
    pub rule: String,
    /// What it saw.
    pub says: String,
    /// What the rule says; null for one that this version does not know.
    pub means: Option<&'static str>,
    /// How much it weighs, negative where it speaks against; null where it alone says all, or only tells.
    pub weight: Option<i32>,
    /// Whether the verdict rests on it. The others were seen as well, and decided nothing.
    pub decides: bool,
}

/// The strikes since the last fine visit.
#[derive(Debug, Serialize)]
pub struct Strikes {
    /// How many there are.
    pub count: u32,
    /// How many a death takes.
    pub needed: u32,
    /// The least hours between two.
    pub gap_hours: i64,
    /// The least hours between the first and the last.
    pub span_hours: i64,
    /// How many of them were hard signs.
    pub hard: u32,
    /// How many of those a death takes.
    pub hard_needed: u32,
    /// One by one, oldest first, with the failures that were none. Empty where they cannot be told from the visits any
    /// more, because the clock was set back.
    pub list: Vec<Strike>,
    /// When the first fell.
    pub first_at: Option<String>,
    /// When the last fell.
    pub last_at: Option<String>,
}

/// A failed visit since the last fine one.
#[derive(Debug, Serialize)]
pub struct Strike {
    /// The visit.
    pub visit: i64,
    /// When.
    pub at: String,
    /// Its verdict.
    pub verdict: String,
    /// Which strike it was; null if it was none.
    pub strike: Option<u32>,
    /// Which hard sign it was.
    pub hard: Option<u32>,
    /// Whether it was a second look.
    pub second_look: bool,
    /// Whether it confirmed the death.
    pub confirmed: bool,
    /// Hours after the strike before it.
    pub hours_after: Option<i64>,
}

/// What is missing before the source is called dead.
#[derive(Debug, Serialize)]
pub struct Missing {
    /// Strikes.
    pub strikes: u32,
    /// The next one may fall from here on.
    pub strike_from: String,
    /// All of them can have fallen, far enough apart, from here on.
    pub struck_out_from: String,
    /// Hard signs that would do instead, where there was one already.
    pub hard: Option<u32>,
    /// They are far enough apart from here on.
    pub hard_from: Option<String>,
    /// Whether it is only the second look.
    pub second_look_only: bool,
}

/// A visit that does not count.
#[derive(Debug, Serialize)]
pub struct NotCounted {
    /// The visit.
    pub visit: i64,
    /// When.
    pub at: String,
    /// Its verdict.
    pub verdict: Option<String>,
    /// As in [`Visit::not_counted`].
    pub why: &'static str,
    /// Its run.
    pub run: Option<i64>,
    /// Why that is suspect: `nothing-resolves`, `nothing-answers`, `sites-fail`.
    pub doubt: Option<String>,
}

/// What a user says of a source.
#[derive(Debug, Serialize)]
pub struct Mark {
    /// `alive`, `dead`, `ignore`.
    pub mark: String,
    /// When it was said.
    pub made_at: String,
    /// Until when it holds.
    pub until: Option<String>,
    /// Why.
    pub note: Option<String>,
    /// The verdict that has to stand.
    pub while_verdict: Option<String>,
    /// Whether it holds now; one whose day has passed ends with the next run.
    pub holds: bool,
}

/// The next visit, and why then.
#[derive(Debug, Serialize)]
pub struct NextVisit {
    /// When.
    pub at: String,
    /// Whether that is now.
    pub due: bool,
    /// `first`, `quiet`, `unclear`, `open-strikes`, `failure`, `dead`, `set-aside`, `second-look`.
    pub rule: &'static str,
    /// What the rule counts: quiet visits, failures in a row, visits since the death.
    pub count: Option<u32>,
    /// The interval by that rule, in hours, before a part is cut off.
    pub interval_hours: Option<i64>,
    /// The longest interval that there is for the source, in days.
    pub longest_days: Option<i64>,
    /// What bounds it: `default`, `source`, `input`, `host`, `young-post`.
    pub longest_by: Option<&'static str>,
    /// When the rule alone would have it, where that is another instant.
    pub by_rule: Option<String>,
    /// Why it is another: `host-waits`, `put-off`, `made-due`.
    pub moved_by: Option<&'static str>,
    /// The host asked to be left alone until then.
    pub host_waits_until: Option<String>,
}

/// Whether a copy stands for what was cited.
#[derive(Debug, Serialize)]
pub struct Baseline {
    /// Whether one does.
    pub stands: bool,
    /// The copy that pages are compared with.
    pub capture: Option<i64>,
    /// When it was made.
    pub at: Option<String>,
    /// The earliest date of a post that cites the source.
    pub cited_since: Option<String>,
    /// How many copies there are.
    pub captures: i64,
    /// Why none stands: `no-copy`; `too-early` or `too-late` before or after the citation; `none-compares`, where no copy
    /// stands and none was left by a visit that was fine.
    pub why: Option<&'static str>,
}
