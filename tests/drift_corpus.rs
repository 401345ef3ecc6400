//! What is said to have changed between real pages and texts before and after an edit, and of real articles under
//! another template.
//!
//! The figures are printed as a table, and each is held by a constant here, which only ever rises.

mod real;
#[allow(dead_code, unused_imports, reason = "each test crate uses its part")]
mod verdicts;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use real::{corpus, files_below, load, say};
use serde_json::Value;
use sourcekeep::charset;
use sourcekeep::judge::drift::{Drift, Level, drift};
use sourcekeep::judge::{Text, text};
use url::Url;
use verdicts::dress::Cut;
use verdicts::{Page, articles, dress, in_parallel};

/// The rows of the table: what the pages are, and the least share of them that must be said rightly.
const FIGURES: &[(&str, f64)] = &[
    (SAME, 1.0),
    (MINOR, 0.88),
    (DRIFTED, 1.0),
    (DRIFTED_TEXT, 0.95),
    (COLLAPSED, 1.0),
    (AGAIN, 1.0),
    (TEMPLATE, 1.0),
    (HEADERS, 0.99),
];

const SAME: &str = "page whose text is the same: at most `touched`";
const MINOR: &str = "page with a minor edit: at most `touched`";
const DRIFTED: &str = "page that drifted (HTML): `drifted` or `replaced`";
const DRIFTED_TEXT: &str = "text that drifted: `drifted` or `replaced`";
const COLLAPSED: &str = "text that collapsed: `drifted` or `replaced`";
const AGAIN: &str = "article against itself: `same`";
const TEMPLATE: &str = "article under a new template of its site: at most `touched`";
const HEADERS: &str =
    "the same, and what stood in the `header`s and `footer`s of the article itself is gone too";

/// Texts that are labelled as drifted because they are not the same byte for byte, but that say what they said. Each was
/// read.
const SAY_WHAT_THEY_SAID: &[(&str, &str)] = &[
    (
        "demo-drift-899b1e5c99",
        "a reference to a link, left over from Markdown, was cleared away",
    ),
    ("pair-061c3b9f37", "a menu has three more entries"),
    ("pair-15e22e1fad", "the month of the version"),
    ("pair-2c1930d9b6", "the floor in a postal address"),
    (
        "pair-3cb7d7631e",
        "how an address of mail is hidden from robots",
    ),
    ("pair-3ec58cdc1a", "an entry of a menu"),
    ("pair-4078eaef5c", "a product has another name, throughout"),
    ("pair-4e9b4ed14e", "entries of a menu"),
    ("pair-57f25970dc", "how emphasis is written"),
    (
        "pair-5f86c79f0b",
        "a notice above the text, that it was updated, is gone",
    ),
    ("pair-74a6d436ce", "an entry of a menu; a line of a form"),
    ("pair-7f3b1504f7", "the order of a list of links"),
    (
        "pair-836a5582e5",
        "how an address of mail is hidden from robots",
    ),
    ("pair-8501897ddd", "American for British spelling"),
    (
        "pair-a3b73b0118",
        "how an address of mail is hidden from robots",
    ),
    ("pair-b5288104c0", "a slip: \"though\" became \"through\""),
    (
        "pair-b74aaab04f",
        "how an address of mail is hidden from robots",
    ),
    ("pair-c504c934ea", "a menu with the holidays of the week"),
    ("pair-e55ba836a7", "a menu has one more entry"),
    ("pair-f3ff3ed868", "two entries left a menu"),
];

fn read(path: &Path, media_type: &str) -> Text {
    let body = charset::decode(&load(path), None).text.into_owned();
    let url = Url::parse("https://page.example/a").expect("an address");
    text(&body, Some(media_type), &url)
}

fn of(page: &Page) -> Text {
    text(&page.body, Some(&page.media_type), &page.url)
}

/// What came of the pages of each kind.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, (usize, Vec<String>)>);

impl Tally {
    fn add(&mut self, kind: &'static str, name: &str, drift: &Drift, is_right: bool) {
        let (cases, wrong) = self.0.entry(kind).or_default();
        *cases += 1;
        if !is_right {
            let (level, kept, counts) = (drift.level, drift.kept, drift.paragraphs);
            wrong.push(format!("{name}: {level}, {kept} kept, {counts:?}"));
        }
    }

    fn share(&self, kind: &str) -> f64 {
        let (cases, wrong) = &self.0[kind];
        (cases - wrong.len()) as f64 / *cases as f64
    }
}

/// The cases of a set, with their labels, and what is said of each.
fn cases(folder: &Path, media_type: &str) -> Vec<(String, String, Drift)> {
    let all: Vec<PathBuf> = files_below(folder)
        .into_iter()
        .filter(|path| path.ends_with("case.json"))
        .collect();
    in_parallel(&all, |path| {
        let folder = path.parent().expect("a folder");
        let case: Value = serde_json::from_slice(&load(path)).expect("JSON");
        let side = |name: &str| {
            let ends = ["html.gz", "md.gz", "md"].map(|end| folder.join(format!("{name}.{end}")));
            let path = ends.iter().find(|path| path.is_file()).expect("a text");
            read(path, media_type)
        };
        let label = case["label"].as_str().expect("a label").to_owned();
        let name = folder.file_name().expect("a name").to_string_lossy();
        (label, name.into_owned(), drift(&side("old"), &side("new")))
    })
}

fn says_what_it_said(name: &str) -> bool {
    SAY_WHAT_THEY_SAID.iter().any(|(known, _)| *known == name)
}

#[test]
fn figures() {
    let Some(corpus) = corpus() else {
        let required = std::env::var_os("SOURCEKEEP_REQUIRE_TOOLS").is_some_and(|one| one == "1");
        assert!(!required, "no corpus at SOURCEKEEP_CORPUS");
        return;
    };
    let mut tally = Tally::default();
    for (label, name, drift) in cases(&corpus.join("drift-html"), "text/html") {
        let has_drifted = drift.level >= Level::Drifted;
        match label.as_str() {
            "drifted" if says_what_it_said(&name) => {}
            "drifted" => tally.add(DRIFTED, &name, &drift, has_drifted),
            "drifted-minor" => tally.add(MINOR, &name, &drift, !has_drifted),
            _ => tally.add(SAME, &name, &drift, !has_drifted),
        }
    }
    for (label, name, drift) in cases(&corpus.join("drift-text"), "text/markdown") {
        let has_drifted = drift.level >= Level::Drifted;
        match label.as_str() {
            "drifted" if says_what_it_said(&name) => {}
            "drifted" => tally.add(DRIFTED_TEXT, &name, &drift, has_drifted),
            _ => tally.add(COLLAPSED, &name, &drift, has_drifted),
        }
    }
    let articles = articles(&corpus);
    assert!(articles.len() > 400, "{} articles", articles.len());
    let found = in_parallel(&articles, |page| {
        let before = of(page);
        let again = drift(&before, &before);
        let others =
            [Cut::OfThePage, Cut::All].map(|cut| drift(&before, &of(&dress::changed(page, cut))));
        (again, others)
    });
    for (page, (again, [changed, stripped])) in articles.iter().zip(found) {
        tally.add(AGAIN, &page.name, &again, again.level == Level::Same);
        let is_right = changed.level < Level::Drifted;
        tally.add(TEMPLATE, &page.name, &changed, is_right);
        let is_right = stripped.level < Level::Drifted;
        tally.add(HEADERS, &page.name, &stripped, is_right);
    }
    say(&table(&tally));
    for (kind, least) in FIGURES {
        assert!(tally.share(kind) >= *least, "{kind}: less than {least}");
    }
}

fn table(tally: &Tally) -> String {
    let mut table = "| pages | cases | right | share |\n|---|---:|---:|---:|\n".to_owned();
    for (kind, _) in FIGURES {
        let (cases, wrong) = &tally.0[kind];
        for one in wrong {
            say(&format!("{kind}: {one}"));
        }
        let share = (1000.0 * tally.share(kind)).floor() / 10.0;
        let _ = writeln!(
            table,
            "| {kind} | {cases} | {} | {share:.1} % |",
            cases - wrong.len()
        );
    }
    table
}
