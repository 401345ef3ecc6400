//! The report for a person. It answers in this order: what newly broke, where it is cited, since when, and what we
//! hold instead; then what is still broken, what cannot be told, what moved, and how the rest stands.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use super::{Entry, Report, ReportError, ago, bytes, count, date, one_line};
use crate::judge::{Code, Group};

/// Sources listed in one part; more are counted.
const LISTED: usize = 100;
/// Posts named for one source.
const POSTS: usize = 5;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default();
const GREEN: Style = AnsiColor::Green.on_default();

/// The parts of a report, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    NewlyDead,
    NewlyBroken,
    StillBroken,
    CannotTell,
    Moved,
    Recovered,
    Rest,
}

impl Part {
    pub(super) const ALL: [Self; 7] = [
        Self::NewlyDead,
        Self::NewlyBroken,
        Self::StillBroken,
        Self::CannotTell,
        Self::Moved,
        Self::Recovered,
        Self::Rest,
    ];

    pub(super) fn of(entry: &Entry, is_news: bool) -> Self {
        let code = entry
            .verdict
            .as_deref()
            .and_then(|verdict| verdict.parse::<Code>().ok());
        let group = code.map(Code::group);
        match (group, code, entry.standing.as_str()) {
            (_, _, "dead") if is_news => Self::NewlyDead,
            (Some(Group::Gone | Group::Failing), ..) if is_news => Self::NewlyBroken,
            (Some(Group::Gone | Group::Failing), ..) | (_, _, "dead" | "failing") => {
                Self::StillBroken
            }
            (Some(Group::CannotTell), ..) => Self::CannotTell,
            (_, Some(Code::Moved | Code::Drifted), _) => Self::Moved,
            (_, _, "revived") => Self::Recovered,
            _ => Self::Rest,
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::NewlyDead => "Newly confirmed dead",
            Self::NewlyBroken => "Newly broken",
            Self::StillBroken => "Still broken",
            Self::CannotTell => "Cannot tell",
            Self::Moved => "Moved",
            Self::Recovered => "Back again",
            Self::Rest => "Fine, or not visited yet",
        }
    }

    fn style(self) -> Style {
        match self {
            Self::NewlyDead | Self::NewlyBroken | Self::StillBroken => RED,
            Self::CannotTell => YELLOW,
            Self::Moved => CYAN,
            Self::Recovered | Self::Rest => GREEN,
        }
    }

    fn mark(self) -> &'static str {
        match self {
            Self::NewlyDead | Self::NewlyBroken | Self::StillBroken => "✗",
            Self::CannotTell => "?",
            Self::Moved => "→",
            Self::Recovered | Self::Rest => "✓",
        }
    }
}

/// The entries of a report, put into its parts; each part holds what is listed and counts the rest.
pub(super) struct Sorted {
    parts: Vec<(Part, Vec<Entry>, usize)>,
}

impl Sorted {
    pub(super) fn new(report: &Report<'_>, listed: usize) -> Result<Self, ReportError> {
        let mut parts: Vec<_> = Part::ALL
            .iter()
            .map(|part| (*part, Vec::new(), 0))
            .collect();
        report.each(|entry| {
            let part = Part::of(&entry, report.is_news(&entry));
            let (_, entries, more) = &mut parts[part as usize];
            if entries.len() < listed {
                entries.push(entry);
            } else {
                *more += 1;
            }
            Ok(())
        })?;
        Ok(Self { parts })
    }

    pub(super) fn each(&self) -> impl Iterator<Item = &(Part, Vec<Entry>, usize)> {
        self.parts
            .iter()
            .filter(|(_, entries, _)| !entries.is_empty())
    }
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    let sorted = Sorted::new(report, if report.query.all { usize::MAX } else { LISTED })?;
    let totals = &report.totals;
    writeln!(
        out,
        "{BOLD}{}{BOLD:#}{}, {} · {}",
        count(unsigned(totals.sources), "source"),
        match totals.posts {
            0 => String::new(),
            posts => format!(" cited in {}", count(unsigned(posts), "post")),
        },
        date(report.query.now),
        report.last_run_at.map_or_else(
            || "never run".to_owned(),
            |at| format!("last run {}", ago(at, report.query.now))
        ),
    )?;
    for (part, entries, more) in sorted.each() {
        let style = part.style();
        writeln!(
            out,
            "\n{style}{}{style:#} ({})",
            part.title(),
            entries.len() + more
        )?;
        for entry in entries {
            write_entry(report, *part, entry, out)?;
        }
        if *more > 0 {
            writeln!(
                out,
                "\n  {DIM}… and {more} more: report --all, or --format jsonl{DIM:#}"
            )?;
        }
    }
    write_closing(report, &sorted, out)
}

fn write_entry(
    report: &Report<'_>,
    part: Part,
    entry: &Entry,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let style = part.style();
    let verdict = entry.verdict.as_deref().unwrap_or("not visited yet");
    writeln!(
        out,
        "\n  {style}{}{style:#} {BOLD}{}{BOLD:#}",
        part.mark(),
        one_line(&entry.url, 2000)
    )?;
    writeln!(
        out,
        "    {style}{verdict}{style:#}{}{}",
        why(entry),
        standing(entry)
    )?;
    if let Some(moved_to) = &entry.moved_to {
        writeln!(out, "    now at     {}", one_line(moved_to, 2000))?;
    }
    for (nth, cited) in entry.cited_by.iter().take(POSTS).enumerate() {
        let label = if nth == 0 { "cited in" } else { "" };
        let text = one_line(&cited.text, 60);
        let text = if text.is_empty() {
            text
        } else {
            format!("  “{text}”")
        };
        writeln!(
            out,
            "    {label:<10} {}:{}{text}",
            one_line(report.shown_post(&cited.post), 200),
            cited.line
        )?;
    }
    if entry.cited_by.len() > POSTS {
        writeln!(
            out,
            "               {DIM}and {}{DIM:#}",
            count((entry.cited_by.len() - POSTS) as u64, "more place")
        )?;
    }
    if entry.cited_by.is_empty() {
        let any_more = if entry.is_uncited { " any more" } else { "" };
        writeln!(out, "    cited in   {DIM}no post{any_more}{DIM:#}")?;
    }
    if let Some(since) = entry.since_ms {
        let fine = entry
            .last_fine_ms
            .filter(|_| !matches!(part, Part::Rest | Part::Moved | Part::Recovered));
        let fine = fine.map_or(String::new(), |at| format!(", last fine {}", date(at)));
        writeln!(
            out,
            "    since      {} ({}{fine})",
            date(since),
            ago(since, report.query.now)
        )?;
    }
    match &entry.held {
        Some(held) => {
            let title = held
                .title
                .as_deref()
                .map(|title| format!(" “{}”", one_line(title, 60)))
                .unwrap_or_default();
            let doubt = if entry.baselined {
                ""
            } else {
                ", made too late to stand for what was cited"
            };
            writeln!(
                out,
                "    we hold    copy of {}{title}, {}{doubt}",
                date(held.at_ms),
                bytes(unsigned(held.size))
            )?;
        }
        None if part != Part::Rest => writeln!(out, "    we hold    {DIM}no copy{DIM:#}")?,
        None => {}
    }
    Ok(())
}

fn why(entry: &Entry) -> String {
    decisive(entry).map_or(String::new(), |says| format!(": {}", one_line(&says, 200)))
}

/// The signs that decided; where it moved to is told by itself, and the rest of the evidence is for `show`.
pub(super) fn decisive(entry: &Entry) -> Option<String> {
    if entry.evidence.is_empty() || entry.moved_to.is_some() {
        return None;
    }
    let first: Vec<_> = entry.evidence.iter().take(2).map(String::as_str).collect();
    Some(first.join("; "))
}

fn standing(entry: &Entry) -> String {
    match entry.standing.as_str() {
        "failing" => format!(" · failing, strike {} of 3", entry.strikes.min(3)),
        "dead" => " · dead (confirmed)".to_owned(),
        "revived" => " · revived".to_owned(),
        _ => String::new(),
    }
}

/// What an empty report says, and whether that is good news: nothing wrong is not the same as nothing looked at.
pub(super) fn nothing_listed(report: &Report<'_>) -> (bool, String) {
    let totals = &report.totals;
    let visited = totals.verdicts.iter().map(|(_, count)| count).sum::<i64>();
    let words = match (totals.sources, visited) {
        (0, _) => "No post cites a source yet. `sourcekeep run INPUT` gathers some.",
        (_, 0) => "Nothing was visited yet. `sourcekeep run` visits what is due.",
        _ if report.query.since.is_some() => {
            return (true, "Nothing to report since then.".to_owned());
        }
        _ if !report.query.selection.is_empty() => "No source is of that kind.",
        (sources, visited) if visited < sources => {
            let rest = count(unsigned(sources - visited), "source");
            let words = format!("Those that were visited are fine; {rest} not visited yet.");
            return (true, words);
        }
        _ => return (true, "All of them are fine.".to_owned()),
    };
    (false, words.to_owned())
}

fn write_closing(
    report: &Report<'_>,
    sorted: &Sorted,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let totals = &report.totals;
    writeln!(out)?;
    if sorted.each().next().is_none() {
        let (is_good, words) = nothing_listed(report);
        let mark = if is_good { "✓ " } else { "" };
        writeln!(out, "{GREEN}{mark}{GREEN:#}{words}")?;
    }
    let verdicts: Vec<_> = totals
        .verdicts
        .iter()
        .map(|(code, count)| format!("{count} {code}"))
        .collect();
    if !verdicts.is_empty() {
        writeln!(out, "Of all: {}", verdicts.join(" · "))?;
    }
    writeln!(
        out,
        "Held: {}",
        count(unsigned(totals.captures), "copy").replace("copys", "copies")
    )?;
    if totals.kept_by_robots > 0 {
        writeln!(
            out,
            "{} visited but not kept, because robots.txt says so (robots = \"record\" in sourcekeep.toml keeps them all the same)",
            count(unsigned(totals.kept_by_robots), "source")
        )?;
    }
    let unbaselined = totals.unbaselined.min(totals.sources);
    if unbaselined > 0 && totals.captures > 0 {
        writeln!(
            out,
            "{} unbaselined: no copy from within 30 days of the citation, so nothing can be said of changes before the first copy",
            count(unsigned(unbaselined), "source")
        )?;
    }
    Ok(())
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
