//! What is in the archive, in numbers, for a person or a program.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;

use super::plain::{bytes, count, one_line};
use super::storage::Storage;
use super::{ReportError, ago, date, rfc3339};
use crate::judge::Code;
use crate::store::{BlobSums, HostCount, Store};

/// A day in milliseconds.
const DAY: i64 = 86_400_000;
/// Days of visits that are shown where no instant is named.
const DAYS: i64 = 30;
/// Days of visits that a line has room for.
const SHOWN: usize = 60;
/// Days ahead that are shown.
const AHEAD: usize = 7;

/// Everything that is counted.
#[derive(Debug, Clone, Serialize)]
pub struct Statistics {
    /// When it was counted.
    pub generated_at: String,
    /// From when on visits, runs and new sources are counted.
    pub since: String,
    /// Inputs that are read.
    pub inputs: i64,
    /// Posts that are there.
    pub posts: i64,
    /// Citations that are there.
    pub citations: i64,
    /// Sources.
    pub sources: Sources,
    /// Hosts with the most sources.
    pub hosts_by_sources: Vec<HostSources>,
    /// Hosts with the most bytes in copies.
    pub hosts_by_bytes: Vec<HostBytes>,
    /// Visits.
    pub visits: Visits,
    /// Copies.
    pub captures: Captures,
    /// Where the bytes of the file are.
    pub bytes: Bytes,
    /// What takes the room of payloads, by kind and host.
    pub storage: Storage,
    /// Runs since then.
    pub runs: Runs,
    /// What is due.
    pub schedule: Due,
}

/// Sources, in numbers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Sources {
    /// All.
    pub total: i64,
    /// Those first seen since then.
    pub new: i64,
    /// By standing.
    pub standings: BTreeMap<String, i64>,
    /// By the group of their verdict.
    pub groups: BTreeMap<String, i64>,
    /// By verdict.
    pub verdicts: BTreeMap<String, i64>,
}

/// A host and its sources.
#[derive(Debug, Clone, Serialize)]
pub struct HostSources {
    /// Its name.
    pub host: String,
    /// Sources on it.
    pub sources: i64,
}

/// A host and what copies of its sources hold.
#[derive(Debug, Clone, Serialize)]
pub struct HostBytes {
    /// Its name.
    pub host: String,
    /// Copies.
    pub captures: i64,
    /// Their bytes, each counted by itself.
    pub bytes: i64,
}

/// Visits, in numbers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Visits {
    /// All.
    pub total: i64,
    /// When the first was.
    pub oldest_at: Option<String>,
    /// When the last was.
    pub newest_at: Option<String>,
    /// Those since then.
    pub recent: i64,
    /// Those of them that found what an earlier one had found.
    pub unchanged: i64,
    /// Each day since then.
    pub days: Vec<VisitDay>,
}

/// Visits of a day (UTC).
#[derive(Debug, Clone, Serialize)]
pub struct VisitDay {
    /// The day.
    pub day: String,
    /// Visits.
    pub visits: i64,
}

/// Copies, in numbers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Captures {
    /// All.
    pub total: i64,
    /// Bytes of them all, each counted by itself.
    pub bytes: i64,
    /// Bytes that did not have to be stored because the same was there already.
    pub saved_by_sharing: i64,
}

/// Where the bytes of the file are.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Bytes {
    /// The file.
    pub file: i64,
    /// Payloads.
    pub blobs: i64,
    /// How many payloads there are.
    pub blob_count: i64,
    /// Bytes that they unpack to.
    pub blobs_raw: i64,
    /// Bytes that they take, packed, without the pages around them.
    pub blobs_stored: i64,
    /// Facts of visits.
    pub facts: i64,
    /// What was drawn from bodies.
    pub features: i64,
    /// Visits themselves.
    pub visits: i64,
    /// Exchanges: requests and the heads of responses.
    pub exchanges: i64,
    /// Posts, citations, sources and everything else.
    pub other: i64,
    /// Indexes.
    pub indexes: i64,
    /// What is free in the file.
    pub free: i64,
    /// Bytes that a visit takes which found nothing new, index included.
    pub per_unchanged_visit: Option<i64>,
}

/// Runs, in numbers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Runs {
    /// How many began.
    pub total: i64,
    /// How many failed, or were killed.
    pub failed: i64,
    /// Mean seconds of those that were done.
    pub mean_seconds: Option<f64>,
    /// When the last began.
    pub last_at: Option<String>,
    /// When the last suspect one began.
    pub last_suspect_at: Option<String>,
    #[serde(skip)]
    last: Option<i64>,
}

/// What is due.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Due {
    /// Sources that are visited at all.
    pub scheduled: i64,
    /// Sources that were due over a day ago.
    pub late: i64,
    /// The share of sources that are not late: 0 to 1.
    pub in_time: Option<f64>,
    /// Sources due by now or within a day, within the next, and so on.
    pub days: Vec<i64>,
}

impl Statistics {
    /// Counts, as of `now`. Visits, runs and new sources are counted since `since`, or for 30 days; `top` is how many
    /// hosts are listed.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub fn count(
        store: &Store,
        now: i64,
        since: Option<i64>,
        top: usize,
    ) -> Result<Self, ReportError> {
        let from = since.unwrap_or_else(|| (now.div_euclid(DAY) - DAYS + 1) * DAY);
        let contents = store.read("count what is there", |r| r.contents())?;
        let mut sources = Sources::default();
        for found in store.read("count sources", |r| r.source_counts(None))? {
            sources.total += found.sources;
            *sources.standings.entry(found.standing).or_default() += found.sources;
            if let Some(verdict) = found.verdict {
                if let Ok(code) = verdict.parse::<Code>() {
                    let group = code.group().as_str().to_owned();
                    *sources.groups.entry(group).or_default() += found.sources;
                }
                *sources.verdicts.entry(verdict).or_default() += found.sources;
            }
        }
        let new = store.read("count sources", |r| r.source_counts(Some(from)))?;
        sources.new = new.iter().map(|found| found.sources).sum();
        let by_sources = store.read("count hosts", |r| r.hosts_by_sources(top))?;
        let by_bytes = store.read("count hosts", |r| r.hosts_by_bytes(top))?;
        let copies = store.read("measure copies", |r| r.copies())?;
        let runs = store.read("count runs", |r| r.run_sums(from))?;
        let schedule = store.read("count what is due", |r| r.schedule(now, AHEAD))?;
        let mut visits = count_visits(store, from, now)?;
        visits.total = contents.visits;
        visits.oldest_at = contents.visited.map(|(oldest, _)| rfc3339(oldest));
        visits.newest_at = contents.visited.map(|(_, newest)| rfc3339(newest));
        let scheduled = schedule.scheduled;
        Ok(Self {
            generated_at: rfc3339(now),
            since: rfc3339(from),
            inputs: contents.inputs,
            posts: contents.posts,
            citations: contents.citations,
            sources,
            hosts_by_sources: by_sources.into_iter().map(host_sources).collect(),
            hosts_by_bytes: by_bytes.into_iter().map(host_bytes).collect(),
            captures: Captures {
                total: contents.captures,
                bytes: copies.bytes,
                saved_by_sharing: copies.bytes - copies.distinct,
            },
            bytes: measure(store, visits.total)?,
            storage: Storage::count(store, top)?,
            visits,
            runs: Runs {
                total: runs.runs,
                failed: runs.failed,
                mean_seconds: runs.mean_seconds,
                last_at: runs.last_at.map(rfc3339),
                last_suspect_at: runs.last_suspect_at.map(rfc3339),
                last: runs.last_at,
            },
            schedule: Due {
                scheduled,
                late: schedule.late,
                in_time: (scheduled > 0).then(|| 1.0 - schedule.late as f64 / scheduled as f64),
                days: schedule.days,
            },
        })
    }

    /// Writes it for a person.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_text(&self, now: i64, out: &mut dyn Write) -> Result<(), ReportError> {
        let number = |number: i64, noun: &str| count(u64::try_from(number).unwrap_or(0), noun);
        let size = |size: i64| bytes(u64::try_from(size).unwrap_or(0));
        let sources = &self.sources;
        writeln!(
            out,
            "{} cited in {} ({}, {})",
            number(sources.total, "source"),
            number(self.posts, "post"),
            number(self.citations, "citation"),
            number(self.inputs, "input"),
        )?;
        for (what, counts) in [
            ("standings", &sources.standings),
            ("verdicts", &sources.groups),
        ] {
            if !counts.is_empty() {
                writeln!(out, "{what:<12}{}", most_first(counts))?;
            }
        }
        let since = self.since.split('T').next().unwrap_or_default();
        writeln!(
            out,
            "{:<12}{} since {since}",
            "new",
            number(sources.new, "source")
        )?;
        let visits = &self.visits;
        writeln!(out, "\n{}", number(visits.total, "visit"))?;
        if let (Some(oldest), Some(newest)) = (&visits.oldest_at, &visits.newest_at) {
            writeln!(out, "{:<12}{oldest} to {newest}", "from")?;
        }
        let days: Vec<_> = visits.days.iter().map(|day| day.visits).collect();
        let shown = &days[days.len().saturating_sub(SHOWN)..];
        writeln!(
            out,
            "{:<12}{}  {} in the last {}, at most {} a day",
            "each day",
            bars(shown),
            number(shown.iter().sum(), "visit"),
            number(shown.len() as i64, "day"),
            shown.iter().max().unwrap_or(&0)
        )?;
        writeln!(
            out,
            "{:<12}{} of {} found nothing new",
            "unchanged", visits.unchanged, visits.recent
        )?;
        let due = &self.schedule;
        if let Some(in_time) = due.in_time {
            writeln!(
                out,
                "{:<12}{:.1} % of {} (late: due for over a day)",
                "in time",
                in_time * 100.0,
                number(due.scheduled, "source")
            )?;
        }
        let days: Vec<_> = due.days.iter().map(ToString::to_string).collect();
        writeln!(
            out,
            "{:<12}{} in the next {AHEAD} days, a day each",
            "due",
            days.join(", ")
        )?;
        let runs = &self.runs;
        write!(
            out,
            "{:<12}{} since {since}",
            "runs",
            number(runs.total, "run")
        )?;
        if let Some(mean) = runs.mean_seconds {
            write!(out, ", {mean:.1} s on average")?;
        }
        if runs.failed > 0 {
            write!(out, ", {} failed", runs.failed)?;
        }
        if let Some(last) = runs.last {
            write!(out, ", the last {}", ago(last, now))?;
        }
        match &runs.last_suspect_at {
            Some(at) => writeln!(out, ", last suspect {at}")?,
            None => writeln!(out, ", none suspect")?,
        }
        self.write_sizes(out, size)?;
        if !self.hosts_by_sources.is_empty() {
            writeln!(out, "\nHosts with the most sources")?;
            for host in &self.hosts_by_sources {
                writeln!(out, "{:>10}  {}", host.sources, one_line(&host.host, 200))?;
            }
        }
        if !self.hosts_by_bytes.is_empty() {
            writeln!(out, "\nHosts with the largest copies")?;
            for host in &self.hosts_by_bytes {
                let copies = number(host.captures, "capture");
                let host_name = one_line(&host.host, 200);
                writeln!(out, "{:>10}  {host_name} ({copies})", size(host.bytes))?;
            }
        }
        Ok(())
    }

    fn write_sizes(
        &self,
        out: &mut dyn Write,
        size: impl Fn(i64) -> String,
    ) -> std::io::Result<()> {
        let (all, captures) = (&self.bytes, &self.captures);
        writeln!(out, "\n{} in the file", size(all.file))?;
        let share = |part: i64| {
            let share = part as f64 * 100.0 / all.file.max(1) as f64;
            format!("{:>8} {share:>5.1} %", size(part))
        };
        writeln!(
            out,
            "{:<12}{}  {} that unpack to {}",
            "payloads",
            share(all.blobs),
            all.blob_count,
            size(all.blobs_raw)
        )?;
        for (what, part) in [
            ("facts", all.facts),
            ("features", all.features),
            ("visits", all.visits),
            ("exchanges", all.exchanges),
            ("the rest", all.other),
            ("indexes", all.indexes),
            ("free", all.free),
        ] {
            writeln!(out, "{what:<12}{}", share(part))?;
        }
        writeln!(
            out,
            "{:<12}{} of {}; {} saved by storing the same once",
            "copies",
            captures.total,
            size(captures.bytes),
            size(captures.saved_by_sharing)
        )?;
        if let Some(each) = all.per_unchanged_visit {
            writeln!(
                out,
                "{:<12}{} for a visit that finds nothing new",
                "growth",
                size(each)
            )?;
        }
        self.storage.write_text(out)
    }
}

fn count_visits(store: &Store, from: i64, now: i64) -> Result<Visits, ReportError> {
    let mut days: BTreeMap<i64, i64> = BTreeMap::new();
    let mut visits = Visits::default();
    let first = from.div_euclid(DAY);
    let mut before = i64::MAX;
    loop {
        let piece = store.read("count visits", |r| r.visits_before(before))?;
        let Some(oldest) = piece.from else { break };
        for day in piece.days {
            if day.day >= first {
                *days.entry(day.day).or_default() += day.visits;
                visits.recent += day.visits;
                visits.unchanged += day.unchanged;
            }
        }
        // Ids go with time, but for a clock that was set back.
        if piece.newest_at < first * DAY {
            break;
        }
        before = oldest;
    }
    let last = days.keys().next_back().copied().unwrap_or(first);
    // A window that somebody made wide is not filled with days on which nothing was yet.
    let first = days
        .keys()
        .next()
        .map_or(first, |day| first.max(*day - DAYS));
    visits.days = (first..=last.max(now.div_euclid(DAY)))
        .map(|day| VisitDay {
            day: date(day * DAY),
            visits: days.get(&day).copied().unwrap_or(0),
        })
        .collect();
    Ok(visits)
}

fn measure(store: &Store, visits: i64) -> Result<Bytes, ReportError> {
    let mut sums = BlobSums::default();
    loop {
        let piece = store.read("measure payloads", |r| r.blobs_after(sums.newest))?;
        if piece.blobs == 0 {
            break;
        }
        sums.blobs += piece.blobs;
        sums.raw += piece.raw;
        sums.stored += piece.stored;
        sums.newest = piece.newest;
    }
    let (pages, trees) = store.read("measure the file", |r| Ok((r.pages()?, r.trees()?)))?;
    let mut all = Bytes {
        file: pages.all * pages.size,
        free: pages.free * pages.size,
        blob_count: sums.blobs,
        blobs_raw: sums.raw,
        blobs_stored: sums.stored,
        ..Bytes::default()
    };
    let mut visit_index = 0;
    for (tree, is_index) in trees {
        // The largest is what is left when all others are known; its pages need not be looked at.
        if tree == "blob" {
            continue;
        }
        let size = store.read("measure the file", |r| r.bytes_of(&tree))?;
        match tree.as_str() {
            "outcome" | "visit_text" | "visit_packed" => all.facts += size,
            "features" => all.features += size,
            "visit" => all.visits += size,
            "exchange" | "exchange_text" | "exchange_packed" | "request_headers" => {
                all.exchanges += size;
            }
            _ if is_index => all.indexes += size,
            _ => all.other += size,
        }
        if tree == "visit_by_source" {
            visit_index = size;
        }
    }
    let others = all.facts + all.features + all.visits + all.exchanges + all.other + all.indexes;
    all.blobs = (all.file - all.free - others).max(0);
    all.per_unchanged_visit = (visits > 0).then(|| (all.visits + visit_index) / visits);
    Ok(all)
}

fn host_sources(host: HostCount) -> HostSources {
    HostSources {
        host: host.name,
        sources: host.count,
    }
}

fn host_bytes(host: HostCount) -> HostBytes {
    HostBytes {
        host: host.name,
        captures: host.count,
        bytes: host.bytes,
    }
}

fn most_first(counts: &BTreeMap<String, i64>) -> String {
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let counts: Vec<_> = counts
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    counts.join(" · ")
}

/// A bar for each number, the largest the highest; nothing at all is a dot.
fn bars(numbers: &[i64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = numbers.iter().copied().max().unwrap_or(0).max(1);
    let bar = |number: &i64| match number {
        0 => '·',
        number => BARS[usize::try_from((number * 8 - 1) / most).unwrap_or(0).min(7)],
    };
    numbers.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_show_what_there_is() {
        assert_eq!(bars(&[0, 1, 4, 8]), "·▁▄█");
        assert_eq!(bars(&[1, 100]), "▁█");
        assert_eq!(bars(&[0, 0]), "··");
        assert_eq!(bars(&[]), "");
    }
}
