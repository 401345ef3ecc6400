//! The report as one file that can be mailed: no script, nothing from elsewhere, and a policy that says so.
//!
//! It is written as it is made. Of the sources that are listed only the numbers are remembered, by part, so that a report of all of a
//! large archive costs little more memory than a short one.

mod source;

use std::io::Write;

use askama::Template;
use askama::filters::HtmlSafe;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};

use super::backlog::Backlog;
use super::look::{self, Badge, Chart, STANDINGS};
use super::text::{Part, nothing_listed, title_total};
use super::{News, Report, ReportError, Since, ago, count, date, one_line, rfc3339};
use crate::judge::Code;
use source::{Named, SourceOf};

/// Sources listed in one part, unless all are asked for.
const LISTED: usize = 200;
/// Days in the chart.
const DAYS: usize = 90;

/// An address, which leads there if it is one of the web: nothing else is a link, whatever it says.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% if let Some(href) = href %}<a{% if is_own %} class="own"{% endif %} href="{{ href }}" rel="noreferrer noopener nofollow" dir="auto">{{ shown }}</a>{% else %}<span dir="auto">{{ shown }}</span>{% endif %}"#
)]
struct Link {
    href: Option<String>,
    shown: String,
    /// Whether what is shown is the address, so that print need not tell it behind.
    is_own: bool,
}

impl HtmlSafe for Link {}

impl Link {
    /// The address itself.
    fn to(address: &str) -> Self {
        Self {
            href: web(address),
            shown: one_line(address, 2000),
            is_own: true,
        }
    }

    /// Words that lead there.
    fn of(address: &str, words: &str) -> Self {
        Self {
            is_own: false,
            shown: one_line(words, 300),
            ..Self::to(address)
        }
    }

    /// The same words, leading nowhere.
    fn cut(mut self) -> Self {
        self.href = None;
        self
    }
}

/// An address that a browser may be sent to.
fn web(address: &str) -> Option<String> {
    /// Longer ones are cut by programs that read mail.
    const MOST: usize = 8192;
    let url = url::Url::parse(address).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let is_plain = url.username().is_empty() && url.password().is_none();
    (is_web && is_plain && url.as_str().len() <= MOST).then(|| url.into())
}

#[derive(Template)]
#[template(path = "report/begin.html")]
struct Begin {
    policy: String,
    style: String,
    title: String,
    lead: String,
    warnings: Vec<String>,
    standings: Vec<Figure>,
    verdicts: Vec<Verdict>,
    by_day: Option<Chart>,
    by_year: Option<Chart>,
    heading: &'static str,
    narrowed: Option<String>,
    contents: Vec<Content>,
    nothing: String,
}

struct Figure {
    badge: Badge,
    many: i64,
}

struct Verdict {
    name: String,
    says: &'static str,
    many: i64,
}

struct Content {
    id: String,
    title: &'static str,
    many: String,
}

#[derive(Template)]
#[template(path = "report/sums.html")]
struct Sums {
    sums: Vec<SumOf>,
    command: &'static str,
}

/// What was broken of one input.
struct SumOf {
    input: String,
    words: String,
    named: Vec<Named>,
    more: u64,
}

#[derive(Template)]
#[template(path = "report/end.html")]
struct End {
    left_out: Vec<String>,
    at: String,
    archive: String,
    version: &'static str,
}

/// The sources of one part, by number.
#[derive(Default)]
struct Of {
    listed: Vec<i64>,
    more: usize,
    new: usize,
}

/// What is found, by part.
struct Found {
    parts: [Of; Part::ALL.len()],
    backlog: Backlog,
}

impl Found {
    fn new(report: &Report<'_>, most: usize) -> Result<Self, ReportError> {
        let mut found = Self {
            parts: std::array::from_fn(|_| Of::default()),
            backlog: Backlog::default(),
        };
        report.each(|entry| {
            let part = Part::of(&entry, report.sums_up());
            if part == Part::Backlog {
                return found.backlog.take(report, &entry);
            }
            let of = &mut found.parts[part as usize];
            of.new += usize::from(entry.news == Some(News::New));
            if of.listed.len() < most {
                of.listed.push(entry.id);
            } else {
                of.more += 1;
            }
            Ok(())
        })?;
        Ok(found)
    }

    fn of(&self, part: Part) -> &Of {
        &self.parts[part as usize]
    }

    /// The parts that have something, and how much.
    fn each(&self, since: Since) -> impl Iterator<Item = (Part, String)> + '_ {
        Part::ALL.into_iter().filter_map(move |part| {
            let of = self.of(part);
            let total = match part {
                Part::Backlog => self.backlog.sources,
                _ => of.listed.len() + of.more,
            };
            (total > 0).then(|| (part, title_total(part, total, of.new, since)))
        })
    }
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    let most = if report.query.all { usize::MAX } else { LISTED };
    let found = Found::new(report, most)?;
    begin(report, &found)?.write_into(out)?;
    for (part, many) in found.each(report.since) {
        let id = anchor(part);
        write!(
            out,
            "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{} <span class=\"many\">{many}</span></h2>\n",
            part.title()
        )?;
        if part == Part::Backlog {
            sums(report, &found.backlog).write_into(out)?;
        }
        let of = found.of(part);
        for id in &of.listed {
            // What is none of these any more, in an archive that is written to meanwhile, is left out.
            if let Some((entry, titles)) = report.one(*id)? {
                SourceOf::new(report, part, &entry, titles).write_into(out)?;
                out.write_all(b"\n")?;
            }
        }
        if of.more > 0 {
            writeln!(
                out,
                "<p class=\"note\">… and {} more: <code>sourcekeep report --format html --all</code></p>",
                of.more
            )?;
        }
        writeln!(out, "</section>")?;
    }
    end(report, &found).write_into(out)?;
    out.write_all(b"\n")?;
    Ok(())
}

/// What a part is called in addresses.
fn anchor(part: Part) -> String {
    let words = part.title().split(':').next().unwrap_or_default();
    let words: Vec<_> = words
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.join("-").to_ascii_lowercase()
}

fn begin(report: &Report<'_>, found: &Found) -> Result<Begin, ReportError> {
    const STYLE: &str = include_str!("report.css");
    let (totals, now) = (&report.totals, report.query.now);
    let (by_day, by_year) = report.store.read("read how standings went", |r| {
        Ok((r.standing_by_day(DAYS)?, r.tallies_by_year()?))
    })?;
    let style = [look::BASE, look::PARTS, STYLE, look::PRINT].concat();
    let last_run = report.runs.last_run_at.map_or_else(
        || "never run".to_owned(),
        |at| format!("last run {}", ago(at, now)),
    );
    Ok(Begin {
        policy: format!(
            "default-src 'none'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
            BASE64.encode(Sha256::digest(&style))
        ),
        style,
        title: format!("Sources, {}", date(now)),
        lead: format!(
            "{} cited in {}; {} kept; {last_run}.",
            number(totals.sources, "source"),
            number(totals.posts, "post"),
            number(totals.captures, "copy"),
        ),
        warnings: report.runs.warnings(now),
        standings: STANDINGS
            .into_iter()
            .filter_map(|name| {
                let (_, many) = totals.standings.iter().find(|(own, _)| own == name)?;
                let badge = Badge::new(name, None);
                Some(Figure { badge, many: *many })
            })
            .collect(),
        verdicts: totals
            .verdicts
            .iter()
            .map(|(name, many)| Verdict {
                says: name.parse().map_or("", Code::description),
                name: name.clone(),
                many: *many,
            })
            .collect(),
        by_day: Chart::by_day(by_day),
        by_year: Chart::by_year(by_year),
        heading: if report.query.all {
            "All sources"
        } else if report.query.selection.is_empty() {
            "What needs attention"
        } else {
            "What was asked for"
        },
        narrowed: narrowed(report),
        contents: found
            .each(report.since)
            .map(|(part, many)| Content {
                id: anchor(part),
                title: part.title(),
                many,
            })
            .collect(),
        nothing: nothing_listed(report).1,
    })
}

/// What of the archive is told, in words.
fn narrowed(report: &Report<'_>) -> Option<String> {
    let query = &report.query;
    let mut parts = Vec::new();
    if !query.selection.is_empty() {
        parts.push(format!("only {}", query.selection.names()));
    }
    if let Some(since) = query.since {
        parts.push(format!("what changed since {}", rfc3339(since)));
    }
    if query.new {
        parts.push("only what is new, or back again".to_owned());
    }
    if let (None, Since::At(at)) = (query.since, report.since) {
        parts.push(format!(
            "new is what changed since the last report, of {}",
            date(at)
        ));
    }
    let mut words = parts.join("; ");
    let first = words.chars().next()?.to_ascii_uppercase();
    words.replace_range(..1, first.encode_utf8(&mut [0; 4]));
    words.push('.');
    Some(words)
}

fn sums(report: &Report<'_>, backlog: &Backlog) -> Sums {
    Sums {
        sums: backlog
            .sums()
            .map(|sum| SumOf {
                input: one_line(report.shown_post(&sum.input), 300),
                words: sum.words(),
                named: sum.named.iter().map(Named::new).collect(),
                more: sum.more(),
            })
            .collect(),
        command: backlog.command(),
    }
}

fn end(report: &Report<'_>, found: &Found) -> End {
    let (totals, query) = (&report.totals, &report.query);
    let mut left_out = Vec::new();
    let more: usize = found.parts.iter().map(|of| of.more).sum();
    if more > 0 {
        left_out.push(format!(
            "{} of the parts above that have more than {LISTED} (--all lists them).",
            count(more as u64, "source")
        ));
    }
    let listed: usize = found.parts.iter().map(|of| of.listed.len()).sum();
    let told = listed + more + found.backlog.sources;
    let rest = (totals.sources - totals.ignored)
        .saturating_sub(i64::try_from(told).unwrap_or(i64::MAX))
        .max(0);
    if rest > 0 && !query.all {
        let why = if query.selection.is_empty() && query.since.is_none() && !query.new {
            "fine, or not visited yet"
        } else {
            "not asked for"
        };
        let is = if rest == 1 { "is" } else { "are" };
        left_out.push(format!("{} that {is} {why}.", number(rest, "source")));
    }
    if totals.ignored > 0 && !query.all {
        let is = if totals.ignored == 1 { "is" } else { "are" };
        left_out.push(format!(
            "{} that {is} marked to be ignored.",
            number(totals.ignored, "source")
        ));
    }
    if totals.kept_by_robots > 0 {
        left_out.push(format!(
            "Copies of {}, which robots.txt keeps from being copied.",
            number(totals.kept_by_robots, "source")
        ));
    }
    let name = report.store.path().file_name().unwrap_or_default();
    End {
        left_out,
        at: rfc3339(query.now),
        archive: one_line(&name.to_string_lossy(), 200),
        version: env!("CARGO_PKG_VERSION"),
    }
}

fn number(number: i64, noun: &str) -> String {
    count(u64::try_from(number).unwrap_or(0), noun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_are_links() {
        for good in ["https://a.test/x?y=<b>", "http://a.test"] {
            assert!(web(good).is_some(), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            " JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "posts/a.md",
            "//a.test/x",
            "https://user:secret@a.test/",
        ] {
            assert_eq!(web(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_part_has_an_anchor_of_its_own() {
        let mut all: Vec<_> = Part::ALL.into_iter().map(anchor).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), Part::ALL.len(), "{all:?}");
    }
}
