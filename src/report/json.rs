//! Reports for programs.

use std::io::Write;

use serde::Serialize;

use super::{LastRunEntry, RejudgedEntry, Report, ReportError, rfc3339};

/// One object a source, a line each.
pub(super) fn write_lines(report: &Report<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    report.each(|entry| {
        serde_json::to_writer(&mut *out, &entry)?;
        out.write_all(b"\n")?;
        Ok(())
    })
}

#[derive(Serialize)]
struct Head {
    generated_at: String,
    last_run_at: Option<String>,
    inputs: i64,
    posts: i64,
    citations: i64,
    sources: i64,
    captures: i64,
    standings: serde_json::Map<String, serde_json::Value>,
    verdicts: serde_json::Map<String, serde_json::Value>,
    kept_by_robots: i64,
    unbaselined: i64,
    ignored: i64,
    last_run: Option<LastRunEntry>,
    running_since: Option<String>,
    last_good_run_at: Option<String>,
    /// Since when entries are new; null where no report was read before.
    news_since: Option<String>,
    /// What `rejudge` changed since then.
    rejudged: Option<RejudgedEntry>,
}

/// One object: the totals, and the entries under `entries`.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    let totals = &report.totals;
    let map = |counts: &[(String, i64)]| {
        counts
            .iter()
            .map(|(name, count)| (name.clone(), (*count).into()))
            .collect()
    };
    let head = Head {
        generated_at: rfc3339(report.query.now),
        last_run_at: report.runs.last_run_at.map(rfc3339),
        inputs: totals.inputs,
        posts: totals.posts,
        citations: totals.citations,
        sources: totals.sources,
        captures: totals.captures,
        standings: map(&totals.standings),
        verdicts: map(&totals.verdicts),
        kept_by_robots: totals.kept_by_robots,
        unbaselined: totals.unbaselined,
        ignored: totals.ignored,
        last_run: report.runs.last(),
        running_since: report.runs.running_since.map(rfc3339),
        last_good_run_at: report.runs.last_good_at.map(rfc3339),
        news_since: report.since.at().map(rfc3339),
        rejudged: report.runs.rejudged(),
    };
    let head = serde_json::to_string(&head)?;
    // Written by hand around the entries, so that they never stand in memory together.
    let open = head.strip_suffix('}').unwrap_or(&head);
    out.write_all(open.as_bytes())?;
    out.write_all(b",\"entries\":[")?;
    let mut first = true;
    report.each(|entry| {
        out.write_all(if first { b"\n" } else { b",\n" })?;
        first = false;
        serde_json::to_writer(&mut *out, &entry)?;
        Ok(())
    })?;
    out.write_all(b"\n]}\n")?;
    Ok(())
}
