//! What a search found: the sources, best first, with the place where it stands.

use std::collections::HashMap;
use std::io::Write;
use std::time::{Duration, Instant};

use anstyle::Style;
use serde::Serialize;
use url::Url;

use super::bound::ReadBody;
use super::{ReportError, Selection, count, one_line, printable, rfc3339, when};
use crate::judge::Text;
use crate::run::index::passages;
use crate::search::{Query, Said, Snippet, Term, snippet};
use crate::store::{FoundSource, SearchCopy, SearchFor, SearchHit, Store, StoreError};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Places in the index that are ranked; where there are more, those that came last.
const RANKED: usize = 10_000;
/// Copies that are read again to say since when something stood.
const LOOKED_BACK: usize = 12;
/// After this long, no more copies are read to show where it stands.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is looked for, read from what a user wrote.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The question.
    pub query: Query,
    /// The earliest instant of a copy.
    pub since: Option<i64>,
    /// The latest.
    pub until: Option<i64>,
    /// Which verdicts and standings; empty for all.
    pub selection: Selection,
    /// So many sources are shown.
    pub limit: usize,
    /// Whether only what `serve` may show is looked through: not what is taken down.
    pub is_shown: bool,
}

/// What was found.
#[derive(Debug, Serialize)]
pub struct Found {
    /// In how many sources.
    pub found: usize,
    /// Whether there may be more, and better ones: too much matched to look at all of it.
    pub cut: bool,
    /// Sources of which something is not in the index yet.
    pub due: u64,
    /// The best of them.
    pub results: Vec<FoundEntry>,
}

/// A source in which it was found.
#[derive(Debug, Serialize)]
pub struct FoundEntry {
    /// Its canonical address.
    pub url: String,
    /// The title of the copy.
    pub title: Option<String>,
    /// Its standing.
    pub standing: String,
    /// Its verdict.
    pub verdict: Option<String>,
    /// Where: in the `text` of our newest copy, its `title`, its `address`; in what is `gone`; in what posts or users say of
    /// it (`cited`).
    pub found_in: &'static str,
    /// The number of the copy; null where it is cited.
    pub capture: Option<i64>,
    /// When that was made.
    pub at: Option<String>,
    /// How: `visit`, `by-hand`, …
    pub kind: Option<String>,
    /// The post that says it.
    pub post: Option<String>,
    /// The place, in one line.
    pub snippet: String,
    /// What of it was looked for: beginnings and ends in bytes.
    pub matches: Vec<(usize, usize)>,
    /// When it stood there; null where it is there.
    pub stood: Option<Stood>,
}

/// When a passage stood in a source that does not stand there any more.
#[derive(Debug, Serialize)]
pub struct Stood {
    /// The first of our copies that had it, of those up to the last that had.
    pub from: String,
    /// Whether copies before that were not looked in.
    pub from_is_open: bool,
    /// The last of our copies that had it.
    pub to: String,
    /// The next copy, which had it no more.
    pub gone_by: String,
    /// Whether the newest copy has it again.
    pub again: bool,
}

impl Search {
    /// A search for what a question asks. `now` is what its instants are relative to.
    ///
    /// # Errors
    ///
    /// Where the question names an instant or a verdict that is none: what is wrong with it, for a person.
    pub fn new(query: Query, now: i64, limit: usize) -> Result<Self, String> {
        const DAY: i64 = 86_400_000;
        let since = match &query.since {
            Some(text) => Some(when::since(text)?.resolve(now)),
            None => None,
        };
        let until = match &query.until {
            Some(text) => {
                let at = when::since(text)?.resolve(now);
                let is_day = text.len() == 10 && when::instant(text).is_ok();
                Some(if is_day { at + DAY - 1 } else { at })
            }
            None => None,
        };
        let selection = Selection::parse(&query.verdicts.join(","));
        Ok(Self {
            selection: selection.map_err(|error| error.to_string())?,
            query,
            since,
            until,
            limit,
            is_shown: false,
        })
    }
}

/// Looks for it. `read` gives the text of a body, its media type and its address.
pub fn search(store: &Store, search: &Search, read: ReadBody<'_>) -> Result<Found, ReportError> {
    let (standings, verdicts) = search.selection.lists(true);
    let wanted = SearchFor {
        expression: search.query.expression(),
        hosts: search.query.hosts.clone(),
        inputs: search.query.inputs.clone(),
        posts: search.query.posts.clone(),
        places: Vec::new(),
        standings,
        verdicts,
        since: search.since,
        until: search.until,
        most: RANKED,
        is_shown: search.is_shown,
    };
    let (hits, due) = store.read("search", |r| {
        Ok((r.search(&wanted)?, r.search_due_count()?))
    })?;
    let best = best(&hits.hits);
    let mut found = Found {
        found: best.len(),
        cut: hits.is_cut,
        due,
        results: Vec::new(),
    };
    let shower = Shower {
        store,
        read,
        terms: search.query.shown(),
        end: Instant::now() + PATIENCE,
    };
    for hit in best.into_iter().take(search.limit) {
        found.results.extend(shower.entry(hit)?);
    }
    Ok(found)
}

/// The best place of each source, the best source first.
fn best(hits: &[SearchHit]) -> Vec<SearchHit> {
    let mut of_source: HashMap<i64, SearchHit> = HashMap::new();
    for hit in hits {
        let best = of_source.entry(hit.source_id).or_insert(*hit);
        if hit.score < best.score {
            *best = *hit;
        }
    }
    let mut best: Vec<SearchHit> = of_source.into_values().collect();
    best.sort_by(|one, other| {
        let by_score = one.score.total_cmp(&other.score);
        by_score.then(one.source_id.cmp(&other.source_id))
    });
    best
}

struct Shower<'a> {
    store: &'a Store,
    read: ReadBody<'a>,
    terms: Vec<Term>,
    end: Instant,
}

impl Shower<'_> {
    fn entry(&self, hit: SearchHit) -> Result<Option<FoundEntry>, StoreError> {
        let source = self
            .store
            .read("read what was found", |r| r.found_source(hit.source_id))?;
        let Some(source) = source else {
            return Ok(None);
        };
        let Some(capture_id) = hit.capture_id else {
            return self.cited(hit.source_id, source).map(Some);
        };
        let is_found = |copy: &SearchCopy| copy.id == capture_id;
        // It may have been pruned just now.
        let Some(at) = source.copies.iter().position(is_found) else {
            return Ok(None);
        };
        if at + 1 == source.copies.len() {
            self.newest(&source, &source.copies[at]).map(Some)
        } else {
            self.gone(&source, at).map(Some)
        }
    }

    fn of_copy(source: &FoundSource, copy: &SearchCopy) -> FoundEntry {
        FoundEntry {
            url: source.address.clone(),
            title: copy.title.clone(),
            standing: source.standing.clone(),
            verdict: source.verdict.clone(),
            found_in: "text",
            capture: Some(copy.id),
            at: Some(rfc3339(copy.at)),
            kind: Some(copy.kind.clone()),
            post: None,
            snippet: String::new(),
            matches: Vec::new(),
            stood: None,
        }
    }

    fn newest(&self, source: &FoundSource, copy: &SearchCopy) -> Result<FoundEntry, StoreError> {
        let text = self.text(copy)?;
        let place = text
            .map(|text| snippet(&text.main, &self.terms))
            .unwrap_or_default();
        let mut entry = Self::of_copy(source, copy);
        if place.matches.is_empty() {
            let title = copy.title.as_deref().unwrap_or_default();
            let is_in_title = !snippet(title, &self.terms).matches.is_empty();
            entry.found_in = if is_in_title { "title" } else { "address" };
        }
        (entry.snippet, entry.matches) = (place.text, place.matches);
        Ok(entry)
    }

    fn gone(&self, source: &FoundSource, at: usize) -> Result<FoundEntry, StoreError> {
        let (copy, next) = (&source.copies[at], &source.copies[at + 1]);
        let mut entry = Self::of_copy(source, copy);
        entry.found_in = "gone";
        let (text, now) = (self.text(copy)?, self.text(next)?);
        let passages = passages(copy, text.as_ref(), next, now.as_ref());
        let (place, passage) = self.best_of(passages.iter().map(String::as_str));
        let mut stood = Stood {
            from: rfc3339(copy.at),
            from_is_open: at > 0,
            to: rfc3339(copy.at),
            gone_by: rfc3339(next.at),
            again: false,
        };
        if let Some(passage) = passage {
            self.look_back(&source.copies[..at], passage, &mut stood)?;
            if let Some(newest) = source.copies.last().filter(|newest| newest.id != next.id) {
                stood.again = self.says(newest, passage)?.unwrap_or(false);
            }
        }
        (entry.snippet, entry.matches) = (place.text, place.matches);
        entry.stood = Some(stood);
        Ok(entry)
    }

    fn look_back(
        &self,
        earlier: &[SearchCopy],
        passage: &str,
        stood: &mut Stood,
    ) -> Result<(), StoreError> {
        for (looked, copy) in earlier.iter().rev().enumerate() {
            if looked == LOOKED_BACK {
                return Ok(());
            }
            match self.says(copy, passage)? {
                Some(true) => stood.from = rfc3339(copy.at),
                Some(false) => break,
                None => return Ok(()),
            }
        }
        stood.from_is_open = false;
        Ok(())
    }

    /// Whether a copy says a passage; none where there was no time to look.
    fn says(&self, copy: &SearchCopy, passage: &str) -> Result<Option<bool>, StoreError> {
        if Instant::now() > self.end {
            return Ok(None);
        }
        let text = self.text(copy)?;
        let whole = text.as_ref().map(|text| text.whole.as_str());
        let said = Said::new(whole.into_iter().chain(copy.title.as_deref()));
        Ok(Some(said.says(passage)))
    }

    fn cited(&self, source_id: i64, source: FoundSource) -> Result<FoundEntry, StoreError> {
        let said = self
            .store
            .read("read what is said of a source", |r| r.said_of(source_id))?;
        let (place, best) = self.best_of(said.iter().map(|said| said.text.as_str()));
        let post = said.iter().find(|said| Some(said.text.as_str()) == best);
        let is_cited = !place.matches.is_empty();
        Ok(FoundEntry {
            title: source.copies.last().and_then(|copy| copy.title.clone()),
            url: source.address,
            standing: source.standing,
            verdict: source.verdict,
            found_in: if is_cited { "cited" } else { "address" },
            capture: None,
            at: None,
            kind: None,
            post: post.and_then(|said| said.post.clone()),
            snippet: place.text,
            matches: place.matches,
            stood: None,
        })
    }

    /// The text in which most of what is looked for stands, and the place there.
    fn best_of<'t>(&self, texts: impl Iterator<Item = &'t str>) -> (Snippet, Option<&'t str>) {
        let mut best = (Snippet::default(), None, 0);
        for text in texts {
            let stands = |term: &&Term| {
                let one = std::slice::from_ref(*term);
                !snippet(text, one).matches.is_empty()
            };
            let most = self.terms.iter().filter(stands).count();
            if best.1.is_none() || most > best.2 {
                best = (snippet(text, &self.terms), Some(text), most);
            }
        }
        (best.0, best.1)
    }

    /// The text of a copy; none where there was no time to read it.
    fn text(&self, copy: &SearchCopy) -> Result<Option<Text>, StoreError> {
        if Instant::now() > self.end {
            return Ok(None);
        }
        let body = self
            .store
            .read("read a copy", |r| r.capture_text(copy.id))?;
        let url = Url::parse(&copy.url).ok();
        let read =
            |(body, url): (Vec<u8>, Url)| (self.read)(&body, copy.media_type.as_deref(), &url);
        Ok(body.zip(url).and_then(read))
    }
}

/// Writes what was found for a person. Nothing of it reaches a terminal that would steer it.
pub fn write_found_text(found: &Found, out: &mut dyn Write) -> Result<(), ReportError> {
    for entry in &found.results {
        let title = entry.title.as_deref().map(|title| one_line(title, 200));
        if let Some(title) = title.filter(|title| !title.is_empty()) {
            writeln!(out, "{BOLD}{title}{BOLD:#}")?;
        }
        writeln!(out, "{}", one_line(&entry.url, 2000))?;
        writeln!(out, "  {DIM}{}{DIM:#}", told(entry))?;
        if !entry.snippet.is_empty() {
            write!(out, "  ")?;
            let mut at = 0;
            for (start, end) in &entry.matches {
                let before = printable(&entry.snippet[at..*start]);
                let found = printable(&entry.snippet[*start..*end]);
                write!(out, "{before}{BOLD}{found}{BOLD:#}")?;
                at = *end;
            }
            writeln!(out, "{}", printable(&entry.snippet[at..]))?;
        }
        writeln!(out)?;
    }
    let more = found.found.saturating_sub(found.results.len());
    let at_least = if found.cut { "at least " } else { "" };
    if found.found > 0 {
        write!(out, "{at_least}{}", count(found.found as u64, "source"))?;
        if more > 0 {
            write!(out, "; {more} of them not shown (--limit)")?;
        }
        if found.cut {
            write!(
                out,
                "; too much matches to rank all of it: these are the best of what came last"
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The standing, and where and when it was found.
fn told(entry: &FoundEntry) -> String {
    let mut told = entry.standing.clone();
    if let Some(verdict) = &entry.verdict
        && *verdict != entry.standing
    {
        told = format!("{told}, {verdict}");
    }
    let place = match (&entry.stood, &entry.at) {
        (Some(stood), _) => {
            let before = if stood.from_is_open { " or before" } else { "" };
            let again = if stood.again {
                ", but again in the newest"
            } else {
                ""
            };
            format!(
                "gone: in our copies from {}{before} to {}, not in that of {}{again}",
                stood.from, stood.to, stood.gone_by
            )
        }
        (None, Some(at)) => {
            let by_hand = match entry.kind.as_deref() {
                Some("by-hand") => ", made by hand",
                _ => "",
            };
            format!("copy of {at}{by_hand}")
        }
        (None, None) => match (&entry.post, entry.found_in) {
            (Some(post), "cited") => format!("cited in {}", one_line(post, 300)),
            (None, "cited") => "in a note".to_owned(),
            _ => "no copy has it; cited".to_owned(),
        },
    };
    format!("{told} · {place}")
}
