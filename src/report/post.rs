//! One post: its citations in reading order, and which of them are new or gone since it was read before.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::{ReportError, one_line, rfc3339};
use crate::store::{PostCitation, PostRow, Store};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();

/// Citations that are shown.
const CITATIONS: usize = 10_000;

/// Everything known of one post.
#[derive(Debug, Serialize)]
pub struct ShownPost {
    pub(crate) post: String,
    pub(crate) document: String,
    pub(crate) title: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) published_at: Option<String>,
    pub(crate) modified_at: Option<String>,
    pub(crate) canonical: Option<String>,
    pub(crate) is_excerpt: bool,
    pub(crate) first_seen_at: String,
    pub(crate) last_seen_at: String,
    pub(crate) gone_at: Option<String>,
    pub(crate) citations_changed_at: Option<String>,
    pub(crate) left_out: i64,
    pub(crate) versions: Vec<String>,
    pub(crate) new: usize,
    pub(crate) kept: usize,
    pub(crate) gone: usize,
    pub(crate) citations: Vec<ShownLink>,
}

/// What became of a citation when the post was last found changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    New,
    Kept,
    Gone,
}

#[derive(Debug, Serialize)]
pub(crate) struct ShownLink {
    pub(crate) change: Change,
    pub(crate) url: String,
    pub(crate) source: String,
    pub(crate) standing: String,
    pub(crate) verdict: Option<String>,
    pub(crate) kind: String,
    pub(crate) place: String,
    pub(crate) text: String,
    pub(crate) context: String,
    pub(crate) headings: Vec<String>,
    pub(crate) quote: Option<String>,
    pub(crate) confidence: Option<f64>,
    pub(crate) tie: Option<String>,
    pub(crate) preserves: Option<String>,
    pub(crate) marked_dead: bool,
    pub(crate) recorded_only: bool,
    pub(crate) position: i64,
    pub(crate) line: i64,
    pub(crate) first_seen_at: String,
    pub(crate) gone_at: Option<String>,
}

/// Looks a post up by its address or name.
pub fn show_post(store: &Store, address: &str) -> Result<Option<ShownPost>, ReportError> {
    let found = store.read("read a post", |r| {
        let Some(post) = r.post(address)? else {
            return Ok(None);
        };
        let citations = r.post_citations(post.id, CITATIONS)?;
        Ok(Some((post, citations)))
    })?;
    Ok(found.map(|(post, citations)| shown(post, citations)))
}

fn shown(post: PostRow, citations: Vec<PostCitation>) -> ShownPost {
    let changed_at = post.citations_changed_at;
    let citations: Vec<ShownLink> = citations
        .into_iter()
        .map(|citation| link(citation, changed_at))
        .collect();
    let count = |change| citations.iter().filter(|one| one.change == change).count();
    ShownPost {
        new: count(Change::New),
        kept: count(Change::Kept),
        gone: count(Change::Gone),
        post: post.address,
        document: post.document,
        title: post.title,
        author: post.author,
        language: post.language,
        published_at: post.published_at.map(rfc3339),
        modified_at: post.modified_at.map(rfc3339),
        canonical: post.canonical,
        is_excerpt: post.is_excerpt,
        first_seen_at: rfc3339(post.first_seen_at),
        last_seen_at: rfc3339(post.last_seen_at),
        gone_at: post.gone_at.map(rfc3339),
        citations_changed_at: changed_at.map(rfc3339),
        left_out: post.left_out,
        versions: post.versions.into_iter().map(rfc3339).collect(),
        citations,
    }
}

fn link(citation: PostCitation, changed_at: Option<i64>) -> ShownLink {
    let change = match citation.gone_at {
        Some(_) => Change::Gone,
        None if changed_at == Some(citation.there_since) => Change::New,
        None => Change::Kept,
    };
    ShownLink {
        change,
        url: citation.url,
        source: citation.source,
        standing: citation.standing,
        verdict: citation.verdict,
        kind: citation.kind,
        place: citation.place,
        text: citation.text,
        context: citation.context,
        headings: serde_json::from_str(&citation.headings).unwrap_or_default(),
        quote: citation.quote,
        confidence: citation
            .quote_confidence
            .map(|sure| f64::from(sure) / 100.0),
        tie: citation.quote_tie,
        preserves: citation.preserves,
        marked_dead: citation.marked_dead,
        recorded_only: citation.recorded_only,
        position: citation.position,
        line: citation.line,
        first_seen_at: rfc3339(citation.first_seen_at),
        gone_at: citation.gone_at.map(rfc3339),
    }
}

/// Writes it for a person.
pub fn write_post_text(shown: &ShownPost, out: &mut dyn Write) -> Result<(), ReportError> {
    writeln!(out, "{BOLD}{}{BOLD:#}", one_line(&shown.post, 2000))?;
    if let Some(title) = &shown.title {
        let author = shown
            .author
            .as_deref()
            .map(|author| format!(", {}", one_line(author, 100)));
        writeln!(
            out,
            "“{}”{}",
            one_line(title, 300),
            author.unwrap_or_default()
        )?;
    }
    for (label, value) in [
        ("published", &shown.published_at),
        ("modified", &shown.modified_at),
        ("gone", &shown.gone_at),
    ] {
        if let Some(value) = value {
            writeln!(out, "  {label:<10} {value}")?;
        }
    }
    let versions = shown.versions.len();
    writeln!(
        out,
        "  {:<10} {} {DIM}({versions} version{} since {}){DIM:#}",
        "read",
        shown.last_seen_at,
        if versions == 1 { "" } else { "s" },
        day(&shown.first_seen_at),
    )?;
    if shown.is_excerpt {
        writeln!(out, "  {:<10} only an excerpt of it is known", "text")?;
    }
    write!(out, "\nCites {}", shown.new + shown.kept)?;
    if let Some(changed_at) = &shown.citations_changed_at {
        write!(
            out,
            ": {} new, {} kept, {} gone; changed {}",
            shown.new,
            shown.kept,
            shown.gone,
            day(changed_at)
        )?;
    }
    writeln!(out)?;
    for one in &shown.citations {
        write_link(one, out)?;
    }
    Ok(())
}

fn write_link(one: &ShownLink, out: &mut dyn Write) -> Result<(), ReportError> {
    let (style, mark) = match one.change {
        Change::New => (GREEN, "+"),
        Change::Kept => (Style::new(), " "),
        Change::Gone => (RED, "-"),
    };
    let state = match (&one.gone_at, one.recorded_only) {
        (Some(at), _) => format!("gone {}", day(at)),
        (None, true) => "recorded only".to_owned(),
        (None, false) => one.verdict.clone().unwrap_or_else(|| one.standing.clone()),
    };
    writeln!(
        out,
        "{style}{mark}{style:#} {:>5}  {}  {DIM}{state}{DIM:#}",
        one.line,
        one_line(&one.url, 2000)
    )?;
    if let Some(quote) = &one.quote {
        writeln!(out, "          quotes “{}”", one_line(quote, 200))?;
    } else if !one.context.is_empty() {
        writeln!(
            out,
            "          {DIM}“{}”{DIM:#}",
            one_line(&one.context, 200)
        )?;
    }
    Ok(())
}

fn day(instant: &str) -> &str {
    &instant[..10.min(instant.len())]
}
