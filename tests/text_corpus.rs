//! The text of real pages, against what people say is in them. Each figure is a ratchet: it may rise, it may not fall.
//!
//! The pages are not part of the project; without them one line says that nothing was compared. `SOURCEKEEP_SHOW=1`
//! lists the pages that do worst.

mod real;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use real::{corpus, load, say};
use serde_json::Value;
use sourcekeep::charset;
use sourcekeep::judge::{Features, Kind, Rules, Text, features, text};
use url::Url;

fn shows() -> bool {
    std::env::var_os("SOURCEKEEP_SHOW").is_some()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&load(path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn read(path: &Path, address: &str) -> (Text, Features) {
    let bytes = load(path);
    let decoded = charset::decode(&bytes, Some("text/html"));
    let url = Url::parse(address).or_else(|_| Url::parse("https://example.com/"));
    let url = url.expect("an address");
    let said = text(&decoded.text, Some("text/html"), &url);
    let drawn = features(&decoded.text, Some("text/html"), &url, Rules::built_in());
    assert_eq!(drawn.kind, Kind::Html);
    (said, drawn)
}

/// Runs of four words and how often each stands there, as the benchmark takes them.
fn shingles(text: &str) -> HashMap<Vec<&str>, u32> {
    let words: Vec<&str> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    let mut found = HashMap::new();
    for at in 0..words.len().saturating_sub(3).max(1) {
        let end = words.len().min(at + 4);
        *found.entry(words[at..end].to_vec()).or_default() += 1;
    }
    found
}

/// Precision and recall of one page.
fn compared(truth: &str, found: &str) -> (f64, f64) {
    let (truth, found) = (shingles(truth), shingles(found));
    let shared: u32 = truth
        .iter()
        .map(|(shingle, count)| found.get(shingle).map_or(0, |other| *other.min(count)))
        .sum();
    let share = |of: &HashMap<Vec<&str>, u32>| {
        let all: u32 = of.values().sum();
        if all == 0 {
            0.0
        } else {
            f64::from(shared) / f64::from(all)
        }
    };
    (share(&found), share(&truth))
}

fn percent(part: usize, of: usize) -> f64 {
    100.0 * part as f64 / of.max(1) as f64
}

/// A figure, and what it was when this was written.
fn holds(what: &str, figure: f64, least: f64) {
    say(&format!("{what:48} {figure:8.3}   at least {least:.3}"));
    assert!(figure >= least, "{what}: {figure:.4} is less than {least}");
}

#[test]
fn articles_of_the_benchmark() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("articles-aeb");
    let truth = json(&folder.join("ground-truth.json"));
    let (mut precision, mut recall, mut pages) = (0.0, 0.0, 0.0);
    let (mut bytes, mut largest) = (0, 0);
    let mut worst = Vec::new();
    for (stem, page) in truth.as_object().expect("an object") {
        let address = page["url"].as_str().unwrap_or_default();
        let (said, drawn) = read(&folder.join(format!("{stem}.html.gz")), address);
        let (p, r) = compared(page["articleBody"].as_str().unwrap_or_default(), &said.main);
        precision += p;
        recall += r;
        pages += 1.0;
        worst.push((format!("{p:.3} {r:.3} {stem} {address}"), p + r));
        let size = serde_json::to_string(&drawn)
            .expect("features are JSON")
            .len();
        bytes += size;
        largest = largest.max(size);
    }
    worst.sort_by(|a, b| a.1.total_cmp(&b.1));
    for (line, _) in worst.iter().take(if shows() { 25 } else { 0 }) {
        say(line);
    }
    let (precision, recall) = (precision / pages, recall / pages);
    holds("articles-aeb: precision", precision, 0.925);
    holds("articles-aeb: recall", recall, 0.986);
    let f1 = 2.0 * precision * recall / (precision + recall);
    holds("articles-aeb: F1", f1, LEAST_F1);
    let average = f64::from(bytes as u32) / pages;
    say(&format!(
        "features: {average:.0} bytes of JSON on average, {largest} at most"
    ));
    assert!(average < 1700.0, "features have become large");
}

const LEAST_F1: f64 = 0.955;

/// Space folded, for comparing.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn snippets_that_are_in_and_out() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("articles-trafilatura");
    let pages = json(&folder.join("evaldata.json"));
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut count = |what, is_right: bool| {
        let (right, all) = counts.entry(what).or_default();
        *right += usize::from(is_right);
        *all += 1;
    };
    for (name, page) in pages.as_object().expect("an object") {
        let path = folder.join(format!("{name}.gz"));
        let path = if path.exists() {
            path
        } else {
            folder.join(name)
        };
        let (said, _) = read(&path, page["url"].as_str().unwrap_or_default());
        let (main, whole) = (folded(&said.main), folded(&said.whole));
        let list = |key: &str| -> Vec<String> {
            let values = page[key].as_array();
            let values = values.into_iter().flatten().filter_map(Value::as_str);
            values.map(folded).collect()
        };
        let mut missed = Vec::new();
        for snippet in list("with") {
            count("with, in the main text", main.contains(&snippet));
            count("with, in the whole text", whole.contains(&snippet));
            if !main.contains(&snippet) {
                missed.push(format!("- {snippet}"));
            }
        }
        for snippet in list("without") {
            count("without, not in the main text", !main.contains(&snippet));
            if main.contains(&snippet) {
                missed.push(format!("+ {snippet}"));
            }
        }
        let expected = |key: &str| {
            page[key]
                .as_str()
                .map(folded)
                .filter(|value| !value.is_empty())
        };
        let found = |value: &Option<String>| value.as_deref().map(folded).unwrap_or_default();
        if let Some(title) = expected("title") {
            let mine = found(&said.title).to_lowercase();
            let is_right = mine.contains(&title.to_lowercase());
            count("title", is_right);
            if !is_right {
                missed.push(format!("title {title:?} {mine:?}"));
            }
        }
        if let Some(date) = expected("date") {
            let mine = said.published.clone().unwrap_or_default();
            count("date, as published", day(&mine).as_deref() == Some(&date));
            if day(&mine).as_deref() != Some(&date) {
                missed.push(format!("date {date:?} {mine:?}"));
            }
        }
        if let Some(author) = expected("author") {
            let mine = found(&said.byline).to_lowercase();
            let first = author.to_lowercase();
            let first = first
                .split([';', ','])
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned();
            count("author", mine.contains(&first));
        }
        if shows() && !missed.is_empty() {
            say(&format!(
                "{name} {}\n  {}",
                page["url"],
                missed.join("\n  ")
            ));
        }
    }
    for (what, least) in LEAST {
        let (right, all) = counts[what];
        holds(
            &format!("articles-trafilatura: {what}, of {all}, %"),
            percent(right, all),
            *least,
        );
    }
}

const LEAST: &[(&str, f64)] = &[
    ("with, in the main text", 93.0),
    ("with, in the whole text", 99.0),
    ("without, not in the main text", 86.0),
    ("title", 74.0),
    ("date, as published", 64.0),
    ("author", 65.0),
];

/// The day that a date says, `2019-10-16`.
fn day(date: &str) -> Option<String> {
    let day = date.get(..10)?;
    let is_day = day.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    is_day.then(|| day.to_owned())
}
