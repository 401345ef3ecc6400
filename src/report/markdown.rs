//! Reports for issue trackers and wikis (GFM).

use std::io::Write;

use super::backlog::Backlog;
use super::quotes::difference_words;
use super::text::{Listed, Part, Sorted, Written, decisive, marked, nothing_listed};
use super::{Report, ReportError, count, date, one_line};

/// Sources listed in one part; issue trackers cut what is longer.
const LISTED: usize = 200;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    let sorted = Sorted::new(report, if report.query.all { usize::MAX } else { LISTED })?;
    let totals = &report.totals;
    writeln!(out, "# Sources, {}\n", date(report.query.now))?;
    writeln!(
        out,
        "{} cited in {}; {} held.",
        number(totals.sources, "source"),
        number(totals.posts, "post"),
        number(totals.captures, "copy")
    )?;
    for line in report.runs.warnings(report.query.now) {
        writeln!(out, "\n> **Note:** {}", cell(&line))?;
    }
    for written in sorted.each() {
        match written {
            Written::Listed(listed) => write_listed(report, listed, out)?,
            Written::Sums(backlog) => write_sums(report, backlog, out)?,
        }
    }
    if sorted.each().next().is_none() {
        writeln!(out, "\n{}", nothing_listed(report).1)?;
    }
    if totals.ignored > 0 && !report.query.all {
        writeln!(
            out,
            "\n{} left out, marked to be ignored.",
            number(totals.ignored, "source")
        )?;
    }
    Ok(())
}

fn number(number: i64, noun: &str) -> String {
    count(u64::try_from(number).unwrap_or(0), noun)
}

fn write_listed(
    report: &Report<'_>,
    listed: &Listed,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    writeln!(
        out,
        "\n## {} {}\n",
        listed.part.title(),
        listed.total(report.since)
    )?;
    writeln!(out, "| source | verdict | since | cited in | we hold |")?;
    writeln!(out, "| --- | --- | --- | --- | --- |")?;
    for entry in &listed.entries {
        let posts: Vec<_> = entry
            .cited_by
            .iter()
            .take(5)
            .map(|cited| {
                cell(&format!(
                    "{}:{}",
                    report.shown_post(&cited.post),
                    cited.line
                ))
            })
            .collect();
        let held = entry.held.as_ref().map_or("no copy".to_owned(), |held| {
            format!("copy of {}", held.at.split('T').next().unwrap_or_default())
        });
        let moved = entry
            .moved_to
            .as_ref()
            .map(|to| format!(" → {}", cell(to)))
            .unwrap_or_default();
        let why = decisive(entry).map_or(String::new(), |says| format!(": {}", cell(&says)));
        let mark = marked(entry).map_or(String::new(), |mark| format!(" {}", cell(&mark)));
        writeln!(
            out,
            "| {}{moved} | {}{why}{mark} | {} | {} | {held} |",
            cell(&entry.url),
            entry.verdict.as_deref().unwrap_or("not visited yet"),
            entry
                .since
                .as_deref()
                .and_then(|since| since.split('T').next())
                .unwrap_or_default(),
            posts.join("<br>"),
        )?;
    }
    if listed.more > 0 {
        writeln!(out, "\n… and {} more.", listed.more)?;
    }
    write_lost(report, listed, out)
}

/// What is lost of what posts quote, below the table.
fn write_lost(
    report: &Report<'_>,
    listed: &Listed,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut is_first = true;
    for entry in &listed.entries {
        for quote in &entry.quotes_lost {
            if std::mem::take(&mut is_first) {
                writeln!(out)?;
            }
            writeln!(
                out,
                "- {}: **{}**: “{}”",
                cell(&entry.url),
                quote.lost_word(),
                cell(&quote.words)
            )?;
            for difference in &quote.differences {
                writeln!(out, "  - {}", cell(&difference_words(difference)))?;
            }
            writeln!(out, "  - {}", cell(&quote.when_lost()))?;
            for post in quote.posts.iter().take(5) {
                let post = format!("{}:{}", report.shown_post(&post.post), post.line);
                writeln!(out, "  - quoted in {}", cell(&post))?;
            }
        }
    }
    Ok(())
}

fn write_sums(
    report: &Report<'_>,
    backlog: &Backlog,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    writeln!(
        out,
        "\n## {} ({})\n",
        Part::Backlog.title(),
        backlog.sources
    )?;
    for sum in backlog.sums() {
        let input = cell(report.shown_post(&sum.input));
        writeln!(out, "- {input}: {}", sum.words())?;
        for entry in &sum.named {
            let verdict = entry.verdict.as_deref().unwrap_or_default();
            writeln!(out, "  - {} ({verdict})", cell(&entry.url))?;
        }
        if sum.more() > 0 {
            writeln!(out, "  - … and {} more", sum.more())?;
        }
    }
    writeln!(out, "\n`{}` lists them one by one.", backlog.command())?;
    Ok(())
}

/// Words from outside as the plain text of one table cell: nothing in them is markup.
fn cell(text: &str) -> String {
    let mut safe = String::new();
    for c in one_line(text, 500).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '@' | '#' => {
                safe.push('\\');
                safe.push(c);
            }
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    #[test]
    fn markup_from_outside_stays_text() {
        assert_eq!(
            super::cell("a|b <script> [x](y) `c`"),
            "a\\|b &lt;script&gt; \\[x\\](y) \\`c\\`"
        );
    }
}
