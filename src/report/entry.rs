//! One source in a report. The field names are a contract with other people's programs: fields are added, never
//! renamed.

use serde::Serialize;

use super::instant::rfc3339;
use super::news::{Class, News};
use super::quotes::ShownQuote;
use super::selection::Selection;
use crate::store::{CitedBy, SaidRow, SourceRow};

/// One source.
#[derive(Debug, Clone, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "properties of a source, each independent of the others"
)]
pub struct Entry {
    /// Its canonical address.
    pub url: String,
    /// `new`, `alive`, `failing`, `dead`, `uncertain`, `revived`.
    pub standing: String,
    /// The verdict that stands, or null before the first visit.
    pub verdict: Option<String>,
    /// Status of the last answer.
    pub status: Option<u16>,
    /// Where the last visit ended.
    pub final_url: Option<String>,
    /// Since when the verdict stands (RFC 3339).
    pub since: Option<String>,
    /// When it was last visited.
    pub checked_at: Option<String>,
    /// When it is visited next.
    pub next_check_at: Option<String>,
    /// How many captures we hold.
    pub captures: i64,
    /// When the newest was made.
    pub last_capture_at: Option<String>,
    /// Whether a capture stands for what was cited.
    pub baselined: bool,
    /// What became of the passages quoted from it.
    pub quotes: Quotes,
    /// Those of them that are lost: they stood word for word and do not any more, or stood and are gone.
    pub quotes_lost: Vec<ShownQuote>,
    /// Parts that citations point to (`#id`) and the page does not have.
    pub fragments_missing: Vec<String>,
    /// Whether the verdict says that it has drifted, and only one visit has shown that yet.
    pub drift_seen_once: bool,
    /// The best public archive's copy, where one was looked for.
    pub rescue: Option<String>,
    /// Where it is cited.
    pub cited_by: Vec<CitedEntry>,
    /// Why the verdict is what it is, in short words.
    pub evidence: Vec<String>,
    /// What of it speaks for the verdict.
    #[serde(skip)]
    pub(super) decided: Vec<String>,
    /// Strikes since the last fine visit.
    pub strikes: u32,
    /// When it was last fine.
    pub last_fine_at: Option<String>,
    /// Where it moved to.
    pub moved_to: Option<String>,
    /// What robots.txt says of it.
    pub robots: Option<String>,
    /// The newest copy we hold.
    pub held: Option<HeldEntry>,
    /// What it is against the last report; null where there is nothing to tell.
    pub news: Option<News>,
    /// Whether it was broken before it was cited in any input that is registered.
    pub backlog: bool,
    /// What a user says of it.
    pub mark: Option<MarkEntry>,
    #[serde(skip)]
    pub(super) id: i64,
    /// Whether a post cited it and no post does any more.
    #[serde(skip)]
    pub(super) is_uncited: bool,
    #[serde(skip)]
    pub(super) since_ms: Option<i64>,
    /// What it was when news begin, where it is back since.
    #[serde(skip)]
    pub(super) was: Option<String>,
    #[serde(skip)]
    pub(super) last_fine_ms: Option<i64>,
}

/// How the passages quoted from a source stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Quotes {
    /// Found word for word.
    pub verbatim: u32,
    /// Found with other words.
    pub altered: u32,
    /// Found before, and gone.
    pub missing: u32,
    /// Never found.
    pub never_seen: u32,
    /// There was no text to look in.
    pub unknown: u32,
}

/// One place where a source is cited.
#[derive(Debug, Clone, Serialize)]
pub struct CitedEntry {
    /// The post.
    pub post: String,
    /// The anchor's text.
    pub text: String,
    /// The line in the post's document.
    pub line: u32,
    /// The sentence around it.
    #[serde(skip)]
    pub context: String,
}

/// What a user says of a source.
#[derive(Debug, Clone, Serialize)]
pub struct MarkEntry {
    /// `alive`, `dead`, `ignore`.
    pub mark: String,
    /// When it was said.
    pub made_at: String,
    /// Until when it holds; null for as long as the result of the visits stays the same.
    pub until: Option<String>,
    /// Why.
    pub note: Option<String>,
    #[serde(skip)]
    pub(super) made_at_ms: i64,
}

/// The copy we hold.
#[derive(Debug, Clone, Serialize)]
pub struct HeldEntry {
    /// The capture's number.
    pub capture: i64,
    /// When it was made.
    pub at: String,
    /// Its title.
    pub title: Option<String>,
    /// Its size in bytes.
    pub size: i64,
    #[serde(skip)]
    pub(super) at_ms: i64,
}

impl Entry {
    /// Makes an entry of the archive's rows.
    pub fn new(row: SourceRow, cited_by: Vec<CitedBy>) -> Self {
        let evidence = row.evidence.as_deref().map(Words::of).unwrap_or_default();
        let is_uncited =
            !cited_by.is_empty() && cited_by.iter().all(|cited| cited.gone_at.is_some());
        let standing = match row.mark.as_ref().map(|mark| mark.mark.as_str()) {
            Some(mark @ ("alive" | "dead")) => mark.to_owned(),
            _ => row.standing,
        };
        let class = Class::of(&standing, row.verdict.as_deref());
        let backlog = row.is_backlog && row.mark.is_none() && class.is_broken();
        Self {
            is_uncited,
            url: row.address,
            standing,
            verdict: row.verdict,
            status: row.status,
            final_url: row.final_url.filter(|_| row.checked_at.is_some()),
            since: row.verdict_since.map(rfc3339),
            checked_at: row.checked_at.map(rfc3339),
            next_check_at: row.next_visit_at.map(rfc3339),
            captures: row.captures,
            last_capture_at: row.held.as_ref().map(|held| rfc3339(held.at)),
            baselined: row.baselined,
            quotes: Quotes::default(),
            quotes_lost: Vec::new(),
            fragments_missing: Vec::new(),
            drift_seen_once: row.is_drift_seen_once,
            rescue: None,
            cited_by: cited_by
                .into_iter()
                .filter(|cited| cited.gone_at.is_none())
                .map(|cited| CitedEntry {
                    post: cited.post,
                    text: cited.text,
                    line: cited.line,
                    context: cited.context,
                })
                .collect(),
            evidence: evidence.all,
            decided: evidence.decided,
            strikes: row.strikes,
            last_fine_at: row.last_fine_at.map(rfc3339),
            moved_to: row.moved_to,
            robots: row.robots,
            held: row.held.map(|held| HeldEntry {
                capture: held.id,
                at: rfc3339(held.at),
                title: held.title,
                size: held.size,
                at_ms: held.at,
            }),
            since_ms: row.verdict_since,
            was: None,
            id: row.id,
            news: None,
            backlog,
            mark: row.mark.map(|mark| MarkEntry {
                mark: mark.mark,
                made_at: rfc3339(mark.made_at),
                until: mark.until.map(rfc3339),
                note: mark.note,
                made_at_ms: mark.made_at,
            }),
            last_fine_ms: row.last_fine_at,
        }
    }

    /// The same with what became of what is quoted from it.
    pub(super) fn with_said(mut self, said: SaidRow) -> Self {
        let sums = said.sums;
        self.quotes = Quotes {
            verbatim: sums.verbatim,
            altered: sums.altered,
            missing: sums.missing,
            never_seen: sums.never_seen,
            unknown: sums.unknown,
        };
        self.quotes_lost = said.lost.into_iter().map(ShownQuote::from).collect();
        self.fragments_missing = said
            .fragments
            .into_iter()
            .filter(|fragment| fragment.is_missing)
            .map(|fragment| fragment.name)
            .collect();
        self
    }

    /// Whether one of these standings and verdicts is the source's, with what a user says of it: what is ignored is none
    /// of them, and what is marked alive or dead is only that. Or whether a quote of it is lost, where that is asked for.
    pub fn matches(&self, selection: &Selection) -> bool {
        let mark = self.mark.as_ref().map(|mark| mark.mark.as_str());
        let is_lost = selection.has_lost_quotes() && !self.quotes_lost.is_empty();
        is_lost && mark != Some("ignore")
            || marked_matches(selection, mark, &self.standing, self.verdict.as_deref())
    }
}

/// Whether a source that is marked so, and is of this standing and verdict, is meant.
pub fn marked_matches(
    selection: &Selection,
    mark: Option<&str>,
    standing: &str,
    verdict: Option<&str>,
) -> bool {
    match mark {
        Some("ignore") => false,
        Some("alive") => selection.matches("alive", Some("alive")),
        Some("dead") => {
            let is_fine = Class::of("alive", verdict).is_fine();
            selection.matches("dead", verdict.filter(|_| !is_fine))
        }
        _ => selection.matches(standing, verdict),
    }
}

/// The words of the signs that a verdict's evidence lists.
#[derive(Default)]
pub(super) struct Words {
    /// Those of all, the one that decided first.
    pub(super) all: Vec<String>,
    /// Those of the signs that decided, the heaviest first, and of those that are not weighed. What was weighed for
    /// another verdict, or spoke against this one, is not among them.
    pub(super) decided: Vec<String>,
}

impl Words {
    /// Reads evidence, as it is stored.
    pub(super) fn of(json: &str) -> Self {
        #[derive(serde::Deserialize)]
        struct Sign {
            says: String,
            weight: Option<i32>,
        }
        let signs: Vec<Sign> = serde_json::from_str(json).unwrap_or_default();
        let is_weighed = signs.first().is_some_and(|sign| sign.weight.is_some());
        // What comes behind that was weighed for other verdicts.
        let weighed = signs
            .iter()
            .take_while(|sign| is_weighed && sign.weight.is_some())
            .filter(|sign| sign.weight > Some(0));
        let told = signs.iter().filter(|sign| sign.weight.is_none());
        Self {
            decided: weighed.chain(told).map(|sign| sign.says.clone()).collect(),
            all: signs.into_iter().map(|sign| sign.says).collect(),
        }
    }
}
