//! Reports for spreadsheets (RFC 4180).

use std::io::Write;

use super::quotes::difference_words;
use super::{News, Report, ReportError};

const HEADER: [&str; 28] = [
    "url",
    "standing",
    "verdict",
    "status",
    "final_url",
    "since",
    "checked_at",
    "next_check_at",
    "captures",
    "last_capture_at",
    "baselined",
    "moved_to",
    "strikes",
    "last_fine_at",
    "evidence",
    "posts",
    "cited_by",
    "text",
    "news",
    "backlog",
    "mark",
    "note",
    "quotes_verbatim",
    "quotes_altered",
    "quotes_missing",
    "quotes_never_seen",
    "quotes_unknown",
    "quotes_lost",
];

/// One row a source; several posts stand in one cell, a line each.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut csv = ::csv::Writer::from_writer(out);
    csv.write_record(HEADER)?;
    report.each(|entry| {
        let text = |value: Option<String>| value.unwrap_or_default();
        let posts: Vec<_> = entry
            .cited_by
            .iter()
            .map(|cited| format!("{}:{}", cited.post, cited.line))
            .collect();
        let texts: Vec<_> = entry
            .cited_by
            .iter()
            .map(|cited| cited.text.as_str())
            .collect();
        let lost: Vec<_> = entry
            .quotes_lost
            .iter()
            .map(|quote| {
                let differences = quote.differences.iter().map(difference_words);
                let differences: Vec<_> = differences.collect();
                let words = format!("{}: “{}”", quote.lost_word(), quote.words);
                if differences.is_empty() {
                    words
                } else {
                    format!("{words} ({})", differences.join("; "))
                }
            })
            .collect();
        let (mark, note) = entry
            .mark
            .map_or((String::new(), None), |m| (m.mark, m.note));
        let note = text(note);
        csv.write_record([
            safe(&entry.url),
            entry.standing,
            text(entry.verdict),
            entry
                .status
                .map(|status| status.to_string())
                .unwrap_or_default(),
            safe(&text(entry.final_url)),
            text(entry.since),
            text(entry.checked_at),
            text(entry.next_check_at),
            entry.captures.to_string(),
            text(entry.last_capture_at),
            entry.baselined.to_string(),
            safe(&text(entry.moved_to)),
            entry.strikes.to_string(),
            text(entry.last_fine_at),
            safe(&entry.evidence.join("; ")),
            entry.cited_by.len().to_string(),
            safe(&posts.join("\n")),
            safe(&texts.join("\n")),
            entry.news.map_or("", News::as_str).to_owned(),
            entry.backlog.to_string(),
            mark,
            safe(&note),
            entry.quotes.verbatim.to_string(),
            entry.quotes.altered.to_string(),
            entry.quotes.missing.to_string(),
            entry.quotes.never_seen.to_string(),
            entry.quotes.unknown.to_string(),
            safe(&lost.join("\n")),
        ])?;
        Ok(())
    })?;
    csv.flush()?;
    Ok(())
}

/// A cell that begins like a formula is one to a spreadsheet; an apostrophe before it makes it text again. What would
/// steer a terminal is left out.
pub fn safe(cell: &str) -> String {
    let lines: Vec<_> = cell.split('\n').map(super::printable).collect();
    let cell = lines.join("\n");
    // Spreadsheets take their wide forms for the same.
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn formulas_become_text() {
        assert_eq!(super::safe("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(super::safe("＝1+1"), "'＝1+1");
        assert_eq!(super::safe("plain"), "plain");
    }
}
