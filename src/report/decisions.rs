//! What was decided of citations whose sources are broken: the list that other commands and scripts read.

use std::io::Write;

use serde::Serialize;

use super::csv::safe;
use super::{ReportError, one_line, rfc3339, web_path};
use crate::store::{DecisionRow, Store};

/// Decisions that are read at once.
const AT_ONCE: usize = 1000;

/// A decision, as programs read it.
#[derive(Debug, Clone, Serialize)]
pub struct Decided {
    /// The source, as it is cited.
    pub url: String,
    /// The post that cites it.
    pub post: String,
    /// What becomes of the link: `copy`, `address`, `unlink`, `leave`.
    pub action: String,
    /// The address that it is to lead to.
    pub new_url: Option<String>,
    /// The capture that it is to lead to.
    pub capture: Option<i64>,
    /// The instant that it stands for.
    pub capture_at: Option<String>,
    /// The path at which `serve` shows it.
    pub copy: Option<String>,
    /// Why, in somebody's words.
    pub note: Option<String>,
    /// What was wrong: `dead`, `quote`, `drifted`, `moved`.
    pub work: String,
    /// The verdict that stood then.
    pub verdict: Option<String>,
    /// When it was decided.
    pub decided_at: String,
    /// By whom.
    pub decided_by: String,
    /// Whether the post still cites the source.
    pub is_cited: bool,
}

impl From<DecisionRow> for Decided {
    fn from(row: DecisionRow) -> Self {
        Self {
            copy: row.capture.map(|(id, at)| web_path(at, id, &row.source.1)),
            url: row.source.1,
            post: row.post.1,
            action: row.action,
            new_url: row.address,
            capture: row.capture.map(|(id, _)| id),
            capture_at: row.capture.map(|(_, at)| rfc3339(at)),
            note: row.note,
            work: row.work,
            verdict: row.verdict,
            decided_at: rfc3339(row.decided_at),
            decided_by: row.decided_by,
            is_cited: row.is_cited,
        }
    }
}

/// Calls for each decision, the last first.
///
/// # Errors
///
/// Where the archive cannot be read, or `take` fails.
pub fn each_decision(
    store: &Store,
    mut take: impl FnMut(Decided) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let mut after = None;
    loop {
        let rows = store.read("list decisions", |r| r.decisions(after, AT_ONCE))?;
        after = rows
            .last()
            .filter(|_| rows.len() == AT_ONCE)
            .map(|last| (last.decided_at, last.source.0, last.post.0));
        for row in rows {
            take(Decided::from(row))?;
        }
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Writes all decisions as a table for spreadsheets; gives how many.
///
/// # Errors
///
/// Where the archive cannot be read, or it cannot be written there.
pub fn write_decisions_csv(store: &Store, out: &mut impl Write) -> Result<u64, ReportError> {
    let mut out = ::csv::Writer::from_writer(out);
    out.write_record([
        "url",
        "post",
        "action",
        "new_url",
        "capture",
        "capture_at",
        "copy",
        "note",
        "work",
        "verdict",
        "decided_at",
        "decided_by",
        "is_cited",
    ])?;
    let mut many = 0;
    each_decision(store, |one| {
        many += 1;
        let capture = one.capture.map(|id| id.to_string());
        let cells: [&str; 13] = [
            &one.url,
            &one.post,
            &one.action,
            one.new_url.as_deref().unwrap_or_default(),
            capture.as_deref().unwrap_or_default(),
            one.capture_at.as_deref().unwrap_or_default(),
            one.copy.as_deref().unwrap_or_default(),
            one.note.as_deref().unwrap_or_default(),
            &one.work,
            one.verdict.as_deref().unwrap_or_default(),
            &one.decided_at,
            &one.decided_by,
            if one.is_cited { "true" } else { "false" },
        ];
        Ok(out.write_record(cells.map(safe).iter().map(AsRef::<str>::as_ref))?)
    })?;
    out.flush().map_err(ReportError::Write)?;
    Ok(many)
}

/// Writes a decision for a person.
///
/// # Errors
///
/// Where it cannot be written there.
pub fn write_decision_text(one: &Decided, out: &mut impl Write) -> std::io::Result<()> {
    let to = one.new_url.as_deref().or(one.copy.as_deref());
    let to = to.map_or_else(String::new, |to| format!(" {}", one_line(to, 2000)));
    writeln!(out, "{}", one_line(&one.url, 2000))?;
    writeln!(out, "    {}{to}", one.action)?;
    let cites = if one.is_cited {
        ""
    } else {
        " (cites it no longer)"
    };
    writeln!(out, "    in {}{cites}", one_line(&one.post, 2000))?;
    if let Some(note) = &one.note {
        writeln!(out, "    {}", one_line(note, 300))?;
    }
    Ok(())
}
