//! What pages of ours look like, in the browser (`serve`) and in files: a standing, an instant, a chart, and the styles of them.

use askama::Template;
use askama::filters::HtmlSafe;
use serde::{Serialize, Serializer};

use super::{ago, date, rfc3339};
use crate::store::GroupTally;

/// The colours and letters of every page of ours, light and dark.
pub(crate) const BASE: &str = include_str!("base.css");
/// Styles of what stands on many of them.
pub(crate) const PARTS: &str = include_str!("parts.css");
/// What is different on paper: black on white, nothing cut, the addresses of links told, what is folded unfolded. It comes last.
pub(crate) const PRINT: &str = include_str!("print.css");

/// Standings in the order in which they are told, the worst first.
pub(crate) const STANDINGS: [&str; 6] = ["dead", "failing", "uncertain", "new", "revived", "alive"];

/// A standing, by its name and a sign of a shape of its own, and the verdict where that says more.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<span class="badge is-{{ standing }}"><span class="sign" aria-hidden="true"></span>{{ standing }}</span>{% if let Some(verdict) = verdict %} <span class="verdict-of">{{ verdict }}</span>{% endif %}"#
)]
pub(crate) struct Badge {
    standing: String,
    verdict: Option<String>,
}

impl HtmlSafe for Badge {}

impl Badge {
    pub(crate) fn new(standing: &str, verdict: Option<&str>) -> Self {
        let verdict = verdict.filter(|verdict| *verdict != standing);
        Self {
            standing: standing.to_owned(),
            verdict: verdict.map(str::to_owned),
        }
    }
}

/// An instant: the day, and how long ago that is.
#[derive(Template, Clone)]
#[template(
    ext = "html",
    source = r#"<time datetime="{{ iso }}" title="{{ iso }}">{{ told }}</time>"#
)]
pub(crate) struct Moment {
    iso: String,
    told: String,
}

impl HtmlSafe for Moment {}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.iso)
    }
}

impl Moment {
    /// An instant that is told to the minute.
    pub(crate) fn to_the_minute(iso: &str) -> Self {
        let told = iso.get(..16).map(|told| told.replacen('T', " ", 1));
        Self {
            told: told.unwrap_or_else(|| iso.to_owned()),
            iso: iso.to_owned(),
        }
    }

    pub(crate) fn new(at: i64, now: i64) -> Self {
        const RECENT: i64 = 14 * 86_400_000;
        Self {
            iso: rfc3339(at),
            told: if (0..RECENT).contains(&(now - at)) {
                ago(at, now)
            } else {
                date(at)
            },
        }
    }
}

/// How many are of each standing in each of some groups: bars, with the table of what they show behind.
#[derive(Template)]
#[template(path = "look/chart.html")]
pub(crate) struct Chart {
    label: String,
    of: &'static str,
    width: usize,
    bars: Vec<Bar>,
    kinds: Vec<String>,
}

impl HtmlSafe for Chart {}

/// A bar, from the top down.
struct Bar {
    name: String,
    x: usize,
    parts: Vec<Part>,
    /// How many of each standing, in the order of the head.
    counts: Vec<i64>,
}

/// A part of it.
struct Part {
    standing: String,
    y: String,
    height: String,
}

/// How high a bar is, in the chart's units.
const HEIGHT: f64 = 100.0;
/// How wide, with the space behind it.
const STEP: usize = 14;

impl Chart {
    /// The standing of all sources by day: of the days since the epoch that there are.
    pub(crate) fn by_day(mut days: Vec<GroupTally>) -> Option<Self> {
        const DAY: i64 = 86_400_000;
        for day in &mut days {
            let at = day.key.parse::<i64>().unwrap_or_default();
            day.key = date(at.saturating_mul(DAY));
        }
        let label = "Standing of sources, at the end of each day with a run";
        Self::new(label, "Day", days, false)
    }

    /// What is left of the sources of each year of citation; 0 is the year that is not known.
    pub(crate) fn by_year(mut years: Vec<GroupTally>) -> Option<Self> {
        for year in &mut years {
            if year.key == "0" {
                "unknown".clone_into(&mut year.key);
            }
        }
        let label = "Standing of sources, by the year in which they were cited first";
        Self::new(label, "Year", years, true)
    }

    /// How the sources of some hosts stand.
    pub(crate) fn by_host(hosts: Vec<GroupTally>) -> Option<Self> {
        Self::new("Standing of sources, by host", "Host", hosts, true)
    }

    /// A chart of groups that are in order. Where `whole`, each bar is as high as any other and shows shares.
    fn new(label: &str, of: &'static str, rows: Vec<GroupTally>, whole: bool) -> Option<Self> {
        let mut groups: Vec<(String, Vec<(String, i64)>)> = Vec::new();
        for row in rows.into_iter().filter(|row| row.many > 0) {
            match groups.last_mut() {
                Some((key, counts)) if *key == row.key => counts.push((row.standing, row.many)),
                _ => groups.push((row.key, vec![(row.standing, row.many)])),
            }
        }
        if groups.len() < 2 {
            return None;
        }
        let kinds: Vec<String> = STANDINGS
            .into_iter()
            .filter(|standing| {
                let mut all = groups.iter().flat_map(|(_, counts)| counts);
                all.any(|(own, _)| own == standing)
            })
            .map(str::to_owned)
            .collect();
        let sum = |counts: &[(String, i64)]| counts.iter().map(|(_, many)| many).sum::<i64>();
        let most = groups.iter().map(|(_, counts)| sum(counts)).max()?;
        let bars = groups.into_iter().enumerate().map(|(at, (name, counts))| {
            let full = if whole { sum(&counts) } else { most };
            let of = |standing: &str| {
                let own = counts.iter().find(|(own, _)| own == standing);
                own.map_or(0, |(_, many)| *many)
            };
            let counts: Vec<i64> = kinds.iter().map(|kind| of(kind)).collect();
            let mut bottom = HEIGHT;
            let mut parts = Vec::new();
            // Those that are well stand at the bottom.
            for (kind, many) in kinds.iter().zip(&counts).rev() {
                let height = HEIGHT * *many as f64 / full as f64;
                bottom -= height;
                if *many > 0 {
                    parts.push(Part {
                        standing: kind.clone(),
                        y: format!("{bottom:.2}"),
                        height: format!("{height:.2}"),
                    });
                }
            }
            Bar {
                name,
                x: at * STEP,
                parts,
                counts,
            }
        });
        let bars: Vec<Bar> = bars.collect();
        Some(Self {
            label: label.to_owned(),
            of,
            width: bars.len() * STEP,
            bars,
            kinds,
        })
    }
}
