//! One source, whole: where it is cited, what was seen, what we hold.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::entry::Words;
use super::quotes::{ShownFragment, ShownQuote, write_quote_text};
use super::text::marked;
use super::{Entry, ReportError, bytes, one_line, rfc3339};
use crate::browser::Refused;
use crate::capture::completeness::Completeness;
use crate::fetch::Facts;
use crate::store::{CaptureRow, CitedBy, DriftRow, Store, VisitRow};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const CYAN: Style = AnsiColor::Cyan.on_default();

/// Visits that are shown.
const VISITS: usize = 50;
/// Citations that are shown.
const CITATIONS: usize = 1000;

/// Everything known of one source.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// Its state, as in a report.
    #[serde(flatten)]
    pub entry: Entry,
    /// What is quoted from it, and where it stands; those that are lost first.
    pub quote_list: Vec<ShownQuote>,
    /// The parts that citations point to.
    pub fragments: Vec<ShownFragment>,
    /// How far it has drifted from its baseline.
    pub drift: Option<ShownDrift>,
    /// Where it is, and was, cited.
    pub citations: Vec<ShownCitation>,
    /// Its visits, newest first.
    pub visits: Vec<ShownVisit>,
    /// Its captures, newest first.
    pub capture_list: Vec<ShownCapture>,
    /// The captures that were pruned; null where none was.
    pub pruned: Option<ShownPruned>,
    /// Other addresses of it.
    pub aliases: Vec<ShownAlias>,
}

/// How far a source has drifted.
#[derive(Debug, Serialize)]
pub struct ShownDrift {
    /// `same`, `touched`, `drifted`, `replaced`; null where there was no text to compare.
    pub(crate) level: Option<String>,
    /// The share of the baseline's words that stand.
    pub(crate) kept: Option<f64>,
    /// The capture that it was compared with.
    pub(crate) capture: i64,
    /// Whether one visit only has shown that it has drifted.
    pub(crate) seen_once: bool,
    /// Paragraphs, and the passages that weigh most.
    #[serde(flatten)]
    pub(crate) detail: serde_json::Map<String, serde_json::Value>,
}

/// One citation.
#[derive(Debug, Serialize)]
pub struct ShownCitation {
    pub(crate) post: String,
    pub(crate) post_title: Option<String>,
    pub(crate) url: String,
    pub(crate) kind: String,
    pub(crate) place: String,
    pub(crate) text: String,
    pub(crate) context: String,
    pub(crate) quote: Option<String>,
    pub(crate) line: u32,
    pub(crate) first_seen_at: String,
    pub(crate) gone_at: Option<String>,
}

/// One visit.
#[derive(Debug, Serialize)]
pub struct ShownVisit {
    pub(crate) at: String,
    pub(crate) verdict: Option<String>,
    pub(crate) evidence: Vec<String>,
    pub(crate) not_modified: bool,
    pub(crate) confirms: Option<String>,
    pub(crate) elapsed_ms: i64,
    pub(crate) peer: Option<String>,
    pub(crate) facts: Option<Facts>,
    #[serde(skip)]
    pub(crate) at_ms: i64,
}

/// One capture.
#[derive(Debug, Serialize)]
pub struct ShownCapture {
    pub(crate) capture: i64,
    #[serde(skip)]
    pub(crate) at_ms: i64,
    pub(crate) at: String,
    pub(crate) kind: String,
    pub(crate) url: String,
    pub(crate) media_type: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) size: i64,
    pub(crate) stored_size: i64,
    sha256: String,
    pub(crate) truncated: Option<String>,
    /// When it was stored.
    pub(crate) stored_at: String,
    /// What the page needs to be shown; null where that was not looked for.
    pub(crate) requisites: Option<ShownRequisites>,
    /// What a browser made of the page; null where none was asked.
    pub(crate) rendering: Option<ShownRendering>,
    /// Of a copy made by hand: by whom, and from what.
    pub(crate) by_hand: Option<ShownByHand>,
}

/// What a browser made of a page.
#[derive(Debug, Serialize)]
pub(crate) struct ShownRendering {
    pub(crate) at: String,
    pub(crate) browser: Option<String>,
    /// `whole`, `cut-short`, `failed`.
    pub(crate) outcome: String,
    /// Why it failed.
    pub(crate) why: Option<String>,
    /// Whether the page is judged by it.
    pub(crate) stands: bool,
    pub(crate) dom: Option<ShownPayload>,
    pub(crate) screenshot: Option<ShownPayload>,
    pub(crate) pdf: Option<ShownPayload>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// What the page asked for, in words, with what of that it did not get.
    pub(crate) asked: String,
    /// What it was refused, by what it was.
    pub(crate) refused: Refused,
}

#[derive(Debug, Serialize)]
pub(crate) struct ShownPayload {
    pub(crate) size: i64,
    sha256: String,
}

/// Captures that were pruned.
#[derive(Debug, Serialize)]
pub struct ShownPruned {
    /// How many.
    pub(crate) copies: u64,
    /// The instant that the earliest of them stands for.
    pub(crate) first: String,
    /// The same of the latest.
    pub(crate) last: String,
    /// When the first of them was pruned.
    pub(crate) since: String,
}

/// What a page needs to be shown.
#[derive(Debug, Serialize)]
pub(crate) struct ShownRequisites {
    /// How many things.
    pub(crate) needs: u64,
    /// How many of them are there.
    pub(crate) has: u64,
    /// How many more there are that are not listed.
    pub(crate) left_out: u64,
    /// The same in words, with what is missing and why.
    pub(crate) says: String,
    /// Data that the page offers, as far as it is there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) downloads: Vec<ShownDownload>,
}

/// Data that a page offers.
#[derive(Debug, Serialize)]
pub(crate) struct ShownDownload {
    pub(crate) url: String,
    pub(crate) size: i64,
}

/// What is known of a copy that was made by hand.
#[derive(Debug, Serialize)]
pub(crate) struct ShownByHand {
    pub(crate) made_by: String,
    pub(crate) file: String,
    pub(crate) dated_by: String,
    pub(crate) named_url: Option<String>,
    pub(crate) note: Option<String>,
}

/// Another address of the source.
#[derive(Debug, Serialize)]
pub struct ShownAlias {
    pub(crate) address: String,
    pub(crate) reason: String,
}

/// Looks a source up by its address or an alias, as of `now`.
pub fn show(store: &Store, address: &str, now: i64) -> Result<Option<Shown>, ReportError> {
    show_some(store, address, now, usize::MAX)
}

/// The same, with so many of its captures at most.
pub(crate) fn show_some(
    store: &Store,
    address: &str,
    now: i64,
    most: usize,
) -> Result<Option<Shown>, ReportError> {
    let found = store.read("read a source", |r| {
        let Some(row) = r.source(address, now)? else {
            return Ok(None);
        };
        let id = row.id;
        Ok(Some((
            row,
            r.cited_by(id, CITATIONS)?,
            r.visits(id, VISITS)?,
            (r.captures(id)?, r.pruned(id)?),
            r.aliases(id)?,
            (
                r.said(id)?,
                r.quotes_of(id, None)?,
                r.fragments(id)?,
                r.last_drift(id)?,
            ),
        )))
    })?;
    let Some((row, cited_by, visits, (captures, pruned), aliases, said)) = found else {
        return Ok(None);
    };
    let instants: std::collections::HashMap<i64, i64> =
        visits.iter().map(|visit| (visit.id, visit.at)).collect();
    let (said, quotes, fragments, last_drift) = said;
    let entry = Entry::new(row, cited_by.clone()).with_said(said);
    let drift = last_drift.map(|row| drift(row, entry.drift_seen_once));
    let capture_list: Result<Vec<_>, _> = captures
        .into_iter()
        .take(most)
        .map(|row| capture(store, row))
        .collect();
    let capture_list = capture_list?;
    Ok(Some(Shown {
        entry,
        quote_list: quotes.into_iter().map(ShownQuote::from).collect(),
        fragments: fragments.into_iter().map(ShownFragment::from).collect(),
        drift,
        citations: cited_by.into_iter().map(citation).collect(),
        visits: visits
            .into_iter()
            .map(|row| visit(row, &instants))
            .collect(),
        capture_list,
        pruned: pruned.map(|sums| ShownPruned {
            copies: sums.copies,
            first: rfc3339(sums.of.0),
            last: rfc3339(sums.of.1),
            since: rfc3339(sums.at.0),
        }),
        aliases: aliases
            .into_iter()
            .map(|(address, reason)| ShownAlias { address, reason })
            .collect(),
    }))
}

fn drift(row: DriftRow, seen_once: bool) -> ShownDrift {
    let mut detail: serde_json::Map<_, _> =
        serde_json::from_str(&row.found.detail).unwrap_or_default();
    detail.remove("level");
    detail.remove("kept");
    ShownDrift {
        level: row.found.level,
        kept: row.found.kept,
        capture: row.found.capture_id,
        seen_once,
        detail,
    }
}

fn citation(row: CitedBy) -> ShownCitation {
    ShownCitation {
        post: row.post,
        post_title: row.title,
        url: row.url,
        kind: row.kind,
        place: row.place,
        text: row.text,
        context: row.context,
        quote: row.quote,
        line: row.line,
        first_seen_at: rfc3339(row.first_seen_at),
        gone_at: row.gone_at.map(rfc3339),
    }
}

fn visit(row: VisitRow, instants: &std::collections::HashMap<i64, i64>) -> ShownVisit {
    ShownVisit {
        at: rfc3339(row.at),
        verdict: row.verdict,
        evidence: row
            .evidence
            .as_deref()
            .map(|json| Words::of(json).all)
            .unwrap_or_default(),
        not_modified: row.not_modified,
        confirms: row.confirms.map(|id| {
            instants
                .get(&id)
                .map_or_else(|| format!("visit {id}"), |at| rfc3339(*at))
        }),
        elapsed_ms: row.elapsed_ms,
        peer: row.peer,
        facts: serde_json::from_str(&row.facts).ok(),
        at_ms: row.at,
    }
}

/// How whole a copy is; `None` where it was kept without looking for what it needs.
fn completeness(
    store: &Store,
    row: &CaptureRow,
) -> Result<Option<(Completeness, Vec<ShownDownload>)>, ReportError> {
    let Some(left_out) = row.left_out else {
        return Ok(None);
    };
    let requisites = store.read("read what a copy needs", |r| r.requisites(row.id))?;
    let mut whole = Completeness {
        left_out,
        ..Completeness::default()
    };
    for one in &requisites {
        whole.count_row(&one.kind, one.status, one.missing.as_deref());
    }
    let is_there = |status: u16| (200..300).contains(&status);
    let downloads = requisites
        .into_iter()
        .filter(|one| one.kind == "download" && one.status.is_some_and(is_there))
        .filter_map(|one| {
            Some(ShownDownload {
                url: one.url,
                size: one.size?,
            })
        });
    Ok(Some((whole, downloads.collect())))
}

/// What a browser made of a copy's page.
fn rendering(store: &Store, capture_id: i64) -> Result<Option<ShownRendering>, ReportError> {
    let (row, asked) = store.read("read a rendering", |r| {
        Ok((r.rendering(capture_id)?, r.asked_by_browser(capture_id)?))
    })?;
    let payload =
        |known: Option<(i64, String)>| known.map(|(size, sha256)| ShownPayload { size, sha256 });
    let mut whole = Completeness::default();
    for one in &asked {
        whole.count_row(&one.kind, one.status, one.missing.as_deref());
    }
    Ok(row.map(|row| ShownRendering {
        at: rfc3339(row.at),
        browser: row.browser,
        outcome: row.outcome,
        why: row.why,
        stands: row.stands,
        dom: payload(row.dom),
        screenshot: payload(row.screenshot),
        pdf: payload(row.pdf),
        width: row.width,
        height: row.height,
        asked: whole.to_string(),
        refused: serde_json::from_str(&row.refused).unwrap_or_default(),
    }))
}

fn capture(store: &Store, row: CaptureRow) -> Result<ShownCapture, ReportError> {
    let requisites = completeness(store, &row)?.map(|(whole, downloads)| ShownRequisites {
        needs: whole.needs,
        has: whole.has,
        left_out: whole.left_out,
        says: whole.to_string(),
        downloads,
    });
    Ok(ShownCapture {
        at_ms: row.at,
        requisites,
        rendering: rendering(store, row.id)?,
        capture: row.id,
        at: rfc3339(row.at),
        kind: row.kind,
        url: row.url,
        media_type: row.media_type,
        title: row.title,
        size: row.size,
        stored_size: row.stored_size,
        sha256: row.sha256,
        truncated: row.truncated,
        stored_at: rfc3339(row.sealed_at),
        by_hand: row.by_hand.map(|hand| ShownByHand {
            made_by: hand.made_by,
            file: hand.file,
            dated_by: hand.dated_by,
            named_url: hand.named_url,
            note: hand.note,
        }),
    })
}

/// Writes it for a person.
pub fn write_show_text(shown: &Shown, out: &mut dyn Write) -> Result<(), ReportError> {
    let entry = &shown.entry;
    writeln!(out, "{BOLD}{}{BOLD:#}", one_line(&entry.url, 2000))?;
    let verdict = entry.verdict.as_deref().unwrap_or("not visited yet");
    writeln!(
        out,
        "{verdict}{} · {}{}",
        if entry.drift_seen_once {
            " (seen once)"
        } else {
            ""
        },
        entry.standing,
        if entry.baselined {
            ""
        } else {
            " · unbaselined"
        }
    )?;
    if !entry.baselined && !shown.capture_list.is_empty() {
        writeln!(
            out,
            "  {DIM}no copy is from within 30 days of the citation; one imported or made by hand (capture URL --file FILE) \
             would mend it{DIM:#}"
        )?;
    }
    for evidence in &entry.evidence {
        writeln!(out, "  {}", one_line(evidence, 300))?;
    }
    for (label, value) in [
        ("since", &entry.since),
        ("checked", &entry.checked_at),
        ("last fine", &entry.last_fine_at),
        ("next visit", &entry.next_check_at),
        ("now at", &entry.moved_to),
        ("robots.txt", &entry.robots),
    ] {
        if let Some(value) = value {
            writeln!(out, "  {label:<11} {}", one_line(value, 2000))?;
        }
    }
    if let Some(mark) = marked(entry) {
        writeln!(out, "  {:<11} {mark}", "mark")?;
    }
    for alias in &shown.aliases {
        writeln!(
            out,
            "  {:<11} {} {DIM}({}){DIM:#}",
            "also",
            one_line(&alias.address, 2000),
            alias.reason
        )?;
    }
    write_quotes(shown, out)?;
    write_citations(shown, out)?;
    write_visits(shown, out)?;
    write_copies(shown, out)
}

fn write_copies(shown: &Shown, out: &mut dyn Write) -> Result<(), ReportError> {
    writeln!(out, "\n{CYAN}Copies{CYAN:#} ({})", shown.capture_list.len())?;
    for capture in &shown.capture_list {
        let title = capture
            .title
            .as_deref()
            .map(|title| format!("  “{}”", one_line(title, 70)))
            .unwrap_or_default();
        let size = bytes(u64::try_from(capture.size).unwrap_or(0));
        let cut = if capture.truncated.is_some() {
            ", cut short"
        } else {
            ""
        };
        let by_hand = match capture.kind.as_str() {
            "by-hand" if capture.by_hand.is_none() => ", made by hand",
            _ => "",
        };
        writeln!(
            out,
            "  {}  {size}{cut}{by_hand}  sha256:{}{title}",
            capture.at,
            &capture.sha256[..12.min(capture.sha256.len())]
        )?;
        if let Some(requisites) = capture.requisites.as_ref().filter(|it| it.needs > 0) {
            writeln!(out, "      requisites: {}", requisites.says)?;
        }
        if let Some(rendering) = &capture.rendering {
            write_rendering(rendering, out)?;
        }
        if let Some(hand) = &capture.by_hand {
            let dated = match hand.dated_by.as_str() {
                "said" => "as they say",
                "page" => "as the file says",
                "file" => "when the file was last changed",
                _ => "for nothing says when",
            };
            writeln!(
                out,
                "      by hand, by {}, from {}, saved at {} ({dated}), stored at {}",
                one_line(&hand.made_by, 100),
                one_line(&hand.file, 200),
                capture.at,
                capture.stored_at
            )?;
            if let Some(note) = &hand.note {
                writeln!(out, "      note: {}", one_line(note, 400))?;
            }
        }
    }
    if let Some(pruned) = &shown.pruned {
        let of = if pruned.copies == 1 {
            format!("1 more, of {},", pruned.first)
        } else {
            format!(
                "{} more, of {} to {},",
                pruned.copies, pruned.first, pruned.last
            )
        };
        writeln!(out, "  {DIM}{of} pruned since {}{DIM:#}", pruned.since)?;
    }
    Ok(())
}

fn write_rendering(rendering: &ShownRendering, out: &mut dyn Write) -> Result<(), ReportError> {
    if let Some(why) = &rendering.why {
        writeln!(out, "      not rendered: {}", one_line(why, 300))?;
        return Ok(());
    }
    let size = |payload: &ShownPayload| bytes(u64::try_from(payload.size).unwrap_or(0));
    let mut parts = Vec::new();
    if let Some(dom) = &rendering.dom {
        parts.push(format!("document {}", size(dom)));
    }
    if let Some(screenshot) = &rendering.screenshot {
        let (width, height) = (rendering.width, rendering.height);
        parts.push(format!("picture {}, {width} × {height}", size(screenshot)));
    }
    if let Some(pdf) = &rendering.pdf {
        parts.push(format!("PDF {}", size(pdf)));
    }
    let browser = rendering.browser.as_deref().unwrap_or("a browser");
    let cut_short = if rendering.outcome == "cut-short" {
        ", still loading when its time was over"
    } else {
        ""
    };
    writeln!(
        out,
        "      rendered at {} by {}{cut_short}: {}",
        rendering.at,
        one_line(browser, 100),
        parts.join("; ")
    )?;
    writeln!(out, "          asked for: {}", rendering.asked)?;
    if !rendering.refused.counts.is_empty() {
        let refused: Vec<_> = rendering
            .refused
            .counts
            .iter()
            .map(|(what, count)| format!("{count} {}", one_line(what, 30)))
            .collect();
        writeln!(out, "          refused: {}", refused.join(", "))?;
    }
    Ok(())
}

fn write_quotes(shown: &Shown, out: &mut dyn Write) -> Result<(), ReportError> {
    if !shown.quote_list.is_empty() {
        writeln!(out, "\n{CYAN}Quoted{CYAN:#} ({})", shown.quote_list.len())?;
    }
    for quote in &shown.quote_list {
        write_quote_text(quote, out)?;
    }
    for fragment in &shown.fragments {
        if fragment.state == "fragment-missing" {
            let before = if fragment.was_present {
                ", which it had before"
            } else {
                ""
            };
            writeln!(
                out,
                "  fragment-missing  the page has no part “#{}”{before} (since {})",
                one_line(&fragment.name, 200),
                &fragment.since[..10.min(fragment.since.len())]
            )?;
        }
    }
    Ok(())
}

fn write_citations(shown: &Shown, out: &mut dyn Write) -> Result<(), ReportError> {
    writeln!(out, "\n{CYAN}Cited{CYAN:#} ({})", shown.citations.len())?;
    for citation in &shown.citations {
        let gone = citation
            .gone_at
            .as_deref()
            .map(|at| format!(", gone {}", &at[..10.min(at.len())]));
        let seen = &citation.first_seen_at[..10.min(citation.first_seen_at.len())];
        writeln!(
            out,
            "  {}:{}  {DIM}{} in {}, first seen {seen}{}{DIM:#}",
            one_line(&citation.post, 300),
            citation.line,
            citation.kind,
            citation.place,
            gone.unwrap_or_default()
        )?;
        let words = if citation.context.is_empty() {
            &citation.text
        } else {
            &citation.context
        };
        if !words.is_empty() {
            writeln!(out, "      “{}”", one_line(words, 240))?;
        }
        if let Some(quote) = &citation.quote {
            writeln!(out, "      quotes “{}”", one_line(quote, 240))?;
        }
    }
    Ok(())
}

fn write_visits(shown: &Shown, out: &mut dyn Write) -> Result<(), ReportError> {
    writeln!(out, "\n{CYAN}Visits{CYAN:#} ({})", shown.visits.len())?;
    for visit in &shown.visits {
        let status = match (&visit.facts, visit.not_modified) {
            (_, true) => "304".to_owned(),
            (Some(facts), false) => facts
                .hops
                .iter()
                .map(|hop| hop.status.to_string())
                .collect::<Vec<_>>()
                .join(" → "),
            (None, false) => String::new(),
        };
        let confirms = match &visit.confirms {
            Some(at) => format!("  {DIM}as on {}{DIM:#}", &at[..10.min(at.len())]),
            None => String::new(),
        };
        writeln!(
            out,
            "  {}  {:<19} {status:<12} {:>6} ms{confirms}",
            rfc3339(visit.at_ms),
            visit.verdict.as_deref().unwrap_or(""),
            visit.elapsed_ms
        )?;
    }
    Ok(())
}
