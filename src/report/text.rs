//! The report for a person. It answers in this order: what newly broke, where it is cited, since when, and what we
//! hold instead; then what is still broken, what cannot be told, what moved, and how the rest stands.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use super::backlog::Backlog;
use super::news::Class;
use super::quotes::difference_words;
use super::{Entry, News, Report, ReportError, Since, ago, bytes, count, date, one_line};

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
    QuotesLost,
    NewlyBroken,
    StillBroken,
    Backlog,
    Drifted,
    CannotTell,
    Moved,
    Recovered,
    Rest,
    Ignored,
}

impl Part {
    pub(super) const ALL: [Self; 11] = [
        Self::NewlyDead,
        Self::QuotesLost,
        Self::NewlyBroken,
        Self::StillBroken,
        Self::Backlog,
        Self::Drifted,
        Self::CannotTell,
        Self::Moved,
        Self::Recovered,
        Self::Rest,
        Self::Ignored,
    ];

    pub(super) fn of(entry: &Entry, sums_up: bool) -> Self {
        let is_new = entry.news == Some(News::New);
        let is_ignored = entry
            .mark
            .as_ref()
            .is_some_and(|mark| mark.mark == "ignore");
        let has_lost = !entry.quotes_lost.is_empty();
        match entry.class() {
            _ if is_ignored => Self::Ignored,
            _ if entry.news == Some(News::Recovered) && !has_lost => Self::Recovered,
            _ if entry.backlog && sums_up => Self::Backlog,
            Class::Dead if is_new => Self::NewlyDead,
            Class::Broken if is_new => Self::NewlyBroken,
            Class::Dead | Class::Broken => Self::StillBroken,
            _ if has_lost => Self::QuotesLost,
            Class::CannotTell => Self::CannotTell,
            Class::Drifted => Self::Drifted,
            Class::Moved => Self::Moved,
            Class::Fine if entry.standing == "revived" => Self::Recovered,
            Class::Fine | Class::NotVisited => Self::Rest,
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::NewlyDead => "Newly confirmed dead",
            Self::QuotesLost => "Quotes lost",
            Self::Drifted => "Drifted: the page is there, and says something else",
            Self::NewlyBroken => "Newly broken",
            Self::StillBroken => "Still broken",
            Self::Backlog => "Broken before it was added",
            Self::CannotTell => "Cannot tell",
            Self::Moved => "Moved",
            Self::Recovered => "Back again",
            Self::Rest => "Fine, or not visited yet",
            Self::Ignored => "Ignored, as you said",
        }
    }

    fn style(self) -> Style {
        match self {
            Self::NewlyDead
            | Self::QuotesLost
            | Self::NewlyBroken
            | Self::StillBroken
            | Self::Backlog => RED,
            Self::CannotTell | Self::Drifted => YELLOW,
            Self::Moved => CYAN,
            Self::Recovered | Self::Rest => GREEN,
            Self::Ignored => DIM,
        }
    }

    fn mark(self) -> &'static str {
        match self {
            Self::NewlyDead | Self::NewlyBroken | Self::StillBroken | Self::Backlog => "✗",
            Self::QuotesLost | Self::Drifted => "≠",
            Self::CannotTell => "?",
            Self::Moved => "→",
            Self::Recovered | Self::Rest => "✓",
            Self::Ignored => "·",
        }
    }
}

/// The entries of one part: what is listed, and how many there are.
pub(super) struct Listed {
    pub(super) part: Part,
    pub(super) entries: Vec<Entry>,
    pub(super) more: usize,
    new: usize,
}

impl Listed {
    /// How many there are, and how many of them are new where the part holds both.
    pub(super) fn total(&self, since: Since) -> String {
        let total = self.entries.len() + self.more;
        title_total(self.part, total, self.new, since)
    }
}

/// How many are in a part, and how many of them are new where it holds both.
pub(super) fn title_total(part: Part, total: usize, new: usize, since: Since) -> String {
    let is_mixed = matches!(
        part,
        Part::QuotesLost | Part::Drifted | Part::CannotTell | Part::Moved
    );
    if is_mixed && since != Since::Ever && new > 0 && new < total {
        format!("({total}, {new} new)")
    } else {
        format!("({total})")
    }
}

/// The entries of a report, put into its parts; each part holds what is listed and counts the rest.
pub(super) struct Sorted {
    parts: Vec<Listed>,
    pub(super) backlog: Backlog,
}

/// One part as it is written.
pub(super) enum Written<'a> {
    Listed(&'a Listed),
    Sums(&'a Backlog),
}

impl Sorted {
    pub(super) fn new(report: &Report<'_>, listed: usize) -> Result<Self, ReportError> {
        let mut parts: Vec<_> = Part::ALL
            .iter()
            .map(|part| Listed {
                part: *part,
                entries: Vec::new(),
                more: 0,
                new: 0,
            })
            .collect();
        let mut backlog = Backlog::default();
        report.each(|entry| {
            let part = Part::of(&entry, report.sums_up());
            if part == Part::Backlog {
                return backlog.take(report, &entry);
            }
            let part = &mut parts[part as usize];
            part.new += usize::from(entry.news == Some(News::New));
            if part.entries.len() < listed {
                part.entries.push(entry);
            } else {
                part.more += 1;
            }
            Ok(())
        })?;
        Ok(Self { parts, backlog })
    }

    /// The parts that hold something.
    pub(super) fn each(&self) -> impl Iterator<Item = Written<'_>> {
        self.parts.iter().filter_map(|listed| match listed.part {
            Part::Backlog if self.backlog.sources > 0 => Some(Written::Sums(&self.backlog)),
            _ if listed.entries.is_empty() => None,
            _ => Some(Written::Listed(listed)),
        })
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
        report.runs.last_run_at.map_or_else(
            || "never run".to_owned(),
            |at| format!("last run {}", ago(at, report.query.now))
        ),
    )?;
    for line in report.runs.warnings(report.query.now) {
        writeln!(out, "{YELLOW}!{YELLOW:#} {line}")?;
    }
    for written in sorted.each() {
        match written {
            Written::Listed(listed) => write_listed(report, listed, out)?,
            Written::Sums(backlog) => write_sums(report, backlog, out)?,
        }
    }
    write_closing(report, &sorted, out)
}

fn write_listed(
    report: &Report<'_>,
    listed: &Listed,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let part = listed.part;
    let style = part.style();
    writeln!(
        out,
        "\n{style}{}{style:#} {}",
        part.title(),
        listed.total(report.since)
    )?;
    for entry in &listed.entries {
        write_entry(report, part, entry, out)?;
    }
    if listed.more > 0 {
        writeln!(
            out,
            "\n  {DIM}… and {} more: report --all, or --format jsonl{DIM:#}",
            listed.more
        )?;
    }
    Ok(())
}

/// What was broken before it was added: a sum for each input, for nobody reads forty old deaths one by one.
fn write_sums(
    report: &Report<'_>,
    backlog: &Backlog,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let part = Part::Backlog;
    let style = part.style();
    writeln!(
        out,
        "\n{style}{}{style:#} ({})",
        part.title(),
        backlog.sources
    )?;
    for sum in backlog.sums() {
        writeln!(
            out,
            "\n  {BOLD}{}{BOLD:#}: {}",
            one_line(report.shown_post(&sum.input), 200),
            sum.words()
        )?;
        for entry in &sum.named {
            writeln!(
                out,
                "    {style}{}{style:#} {}",
                part.mark(),
                one_line(&entry.url, 2000)
            )?;
            let cited = entry.cited_by.first().map_or(String::new(), |cited| {
                let post = one_line(report.shown_post(&cited.post), 200);
                format!(" · {post}:{}", cited.line)
            });
            let verdict = entry.verdict.as_deref().unwrap_or_default();
            writeln!(out, "      {verdict}{}{DIM}{cited}{DIM:#}", why(entry))?;
        }
        if sum.more() > 0 {
            writeln!(out, "    {DIM}… and {} more{DIM:#}", sum.more())?;
        }
    }
    writeln!(
        out,
        "\n  {DIM}`{}` lists them one by one, with what cites them{DIM:#}",
        backlog.command()
    )?;
    Ok(())
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
        standing(entry).map_or(String::new(), |standing| format!(" · {standing}"))
    )?;
    if let Some(mark) = marked(entry) {
        writeln!(out, "    {CYAN}{mark}{CYAN:#}")?;
    }
    write_lost(report, entry, out)?;
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
        let fine = entry.last_fine_ms.filter(|_| {
            !matches!(
                part,
                Part::Rest | Part::Moved | Part::Recovered | Part::Drifted | Part::QuotesLost
            )
        });
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
                ", which does not stand for what was cited"
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

/// What is lost of what posts quote, with what stands there now; and how to see more.
fn write_lost(report: &Report<'_>, entry: &Entry, out: &mut dyn Write) -> Result<(), ReportError> {
    /// Quotes that are told of one source.
    const QUOTES: usize = 5;
    /// Differences that are told of one quote.
    const DIFFERENCES: usize = 4;
    for quote in entry.quotes_lost.iter().take(QUOTES) {
        writeln!(
            out,
            "    {RED}{:<10}{RED:#} “{}”",
            quote.lost_word(),
            one_line(&quote.words, 300)
        )?;
        for difference in quote.differences.iter().take(DIFFERENCES) {
            writeln!(out, "               {}", difference_words(difference))?;
        }
        writeln!(out, "               {}", quote.when_lost())?;
        for post in quote.posts.iter().take(POSTS) {
            writeln!(
                out,
                "               quoted in {}:{}",
                one_line(report.shown_post(&post.post), 200),
                post.line
            )?;
        }
    }
    if entry.quotes_lost.len() > QUOTES {
        let more = entry.quotes_lost.len() - QUOTES;
        writeln!(
            out,
            "               {DIM}and {}{DIM:#}",
            count(more as u64, "more quote")
        )?;
    }
    if !entry.quotes_lost.is_empty() || entry.class() == Class::Drifted {
        writeln!(
            out,
            "    compare    sourcekeep diff {}",
            one_line(&entry.url, 2000)
        )?;
    }
    Ok(())
}

fn why(entry: &Entry) -> String {
    decisive(entry).map_or(String::new(), |says| format!(": {}", one_line(&says, 200)))
}

/// The signs that decided; where it moved to is told by itself, and the rest of the evidence is for `show`.
pub(super) fn decisive(entry: &Entry) -> Option<String> {
    if entry.moved_to.is_some() {
        return None;
    }
    let (first, rest) = entry.decided.split_first()?;
    // "Cloudflare (a header)" and "Cloudflare (its markup)" tell a reader the same.
    let what = |says: &str| says.split(" (").next().map(str::to_owned);
    let second = rest.iter().find(|says| what(says) != what(first));
    Some(second.map_or_else(|| first.clone(), |second| format!("{first}; {second}")))
}

/// What a user says of it.
pub(super) fn marked(entry: &Entry) -> Option<String> {
    let mark = entry.mark.as_ref()?;
    let until = mark
        .until
        .as_deref()
        .and_then(|until| until.split('T').next())
        .map_or(String::new(), |day| format!(", until {day}"));
    let note = mark
        .note
        .as_deref()
        .map_or(String::new(), |note| format!(": {}", one_line(note, 300)));
    let mark_word = if mark.mark == "ignore" {
        "to be ignored"
    } else {
        &mark.mark
    };
    let made = date(mark.made_at_ms);
    Some(format!(
        "(marked {mark_word} by you on {made}{until}{note})"
    ))
}

/// What its standing is beside its verdict, where that says more.
pub(super) fn standing(entry: &Entry) -> Option<String> {
    if let Some(was) = &entry.was {
        return Some(format!("was {was}"));
    }
    if entry.drift_seen_once {
        return Some("seen once".to_owned());
    }
    match entry.standing.as_str() {
        "dead" | "alive" if entry.mark.is_some() => None,
        "failing" => Some(format!("failing, strike {} of 3", entry.strikes.min(3))),
        "dead" => Some("dead (confirmed)".to_owned()),
        "revived" => Some("revived".to_owned()),
        _ => None,
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
        _ if report.query.new => return (true, "Nothing is new since the last report.".to_owned()),
        _ if !report.query.selection.is_empty() => "No source is of that kind.",
        (sources, visited) if visited < sources - totals.ignored => {
            let rest = count(unsigned(sources - totals.ignored - visited), "source");
            let words = format!("Those that were visited are fine; {rest} not visited yet.");
            return (true, words);
        }
        _ if report.runs.is_suspect() => {
            "All of them were fine when they were last visited in a run that can be trusted."
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
    writeln!(out, "Held: {}", count(unsigned(totals.captures), "copy"))?;
    if totals.kept_by_robots > 0 {
        writeln!(
            out,
            "{} visited but not kept, because robots.txt says so (robots = \"record\" in sourcekeep.toml keeps them all the same)",
            count(unsigned(totals.kept_by_robots), "source")
        )?;
    }
    if totals.ignored > 0 && !report.query.all {
        writeln!(
            out,
            "{} left out, because you said to ignore {} (`sourcekeep mark --list`)",
            count(unsigned(totals.ignored), "source"),
            if totals.ignored == 1 { "it" } else { "them" }
        )?;
    }
    let unbaselined = totals.unbaselined.min(totals.sources);
    if unbaselined > 0 && totals.captures > 0 {
        writeln!(
            out,
            "{} unbaselined: no copy from within 30 days of the citation, so nothing can be said of changes before the first copy; one imported or made by hand (capture URL --file FILE) would mend it",
            count(unsigned(unbaselined), "source")
        )?;
    }
    Ok(())
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
