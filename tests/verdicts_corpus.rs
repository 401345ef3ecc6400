//! What is said of real pages: living articles, as they are and in other clothes; real "not found" pages that answer
//! 200; parked domains, walls, error pages, pages that collapsed.
//!
//! Every page is judged through the library, as a visit would judge it. The figures are printed as a table, which
//! `docs/VERDICTS.md` carries (`SOURCEKEEP_UPDATE_DOCS=1` writes it), and each is held by a constant here, which only
//! ever rises.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its documents has failed"
)]

mod real;
mod verdicts;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use real::{corpus, files_below, load, say};
use serde_json::Value;
use sourcekeep::judge::{Around, Code, Features, Group, Sibling, Sink, Verdict};
use url::Url;
use verdicts::{Page, address_of, answers_in, articles, dress, in_parallel};

/// The rows of the table, in its order: what the pages are, and the least share that must be judged rightly.
const FIGURES: &[(&str, f64)] = &[
    (ALIVE, 1.0),
    (ALIVE_AGAIN, 1.0),
    (ALIVE_CHANGED, 1.0),
    (ALIVE_WRAPPED, 1.0),
    (ALIVE_ABOUT, 1.0),
    (DRIFT_HTML, 1.0),
    (DRIFT_TEXT, 1.0),
    (SOFT_404, 0.96),
    (SOFT_404_BASELINE, 1.0),
    (SOFT_404_SIBLING, 0.96),
    (SOFT_404_TEMPLATE, 1.0),
    (SOFT_404_API, 1.0),
    (BAD_REQUEST, 1.0),
    (PARKED, 1.0),
    (WALLS, 1.0),
    (WALL_CONTROL, 1.0),
    (ERRORS, 1.0),
    (ERRORS_200, 1.0),
    (COLLAPSE_FINE, 1.0),
    (COLLAPSE_NAMED, 1.0),
];

const ALIVE: &str = "living article, no earlier capture";
const ALIVE_AGAIN: &str = "living article, against its own capture";
const ALIVE_CHANGED: &str = "living article under a new template of its site";
const ALIVE_WRAPPED: &str = "living article within another site's template";
const ALIVE_ABOUT: &str = "living page about \"not found\" pages, parking and walls";
const DRIFT_HTML: &str = "page that was edited (HTML): fine";
const DRIFT_TEXT: &str = "page that was edited (text, and as HTML): fine";
const SOFT_404: &str = "404 page that answers 200, no earlier capture: `soft-404`";
const SOFT_404_BASELINE: &str = "404 page that answers 200, with an earlier capture: `soft-404`";
const SOFT_404_SIBLING: &str = "404 page that answers 200, as does a made-up address: `soft-404`";
const SOFT_404_TEMPLATE: &str = "\"not found\" notice within a long page, 200: `soft-404`";
const SOFT_404_API: &str = "\"not found\" in JSON, 200: `soft-404`";
const BAD_REQUEST: &str = "400 page that answers 200, with an earlier capture: not fine";
const PARKED: &str = "parked domain: `parked`";
const WALLS: &str = "bot wall, at every status it comes with: a wall";
const WALL_CONTROL: &str = "ordinary page from the walls' own tests: fine";
const ERRORS: &str = "stock error page with its true status: neither fine nor gone";
const ERRORS_200: &str = "stock error page that answers 200: neither fine nor gone";
const COLLAPSE_FINE: &str = "page that collapsed under 200: not fine";
const COLLAPSE_NAMED: &str = "page that collapsed under 200: named rightly";

const BEGIN: &str = "<!-- figures: begin -->\n";
const END: &str = "<!-- figures: end -->\n";

/// What came of the pages of each kind.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, Counted>);

#[derive(Default)]
struct Counted {
    cases: usize,
    wrong: Vec<String>,
}

impl Counted {
    fn right(&self) -> usize {
        self.cases - self.wrong.len()
    }

    fn share(&self) -> f64 {
        self.right() as f64 / self.cases as f64
    }
}

impl Tally {
    fn add(&mut self, kind: &'static str, name: &str, verdict: &Verdict, is_right: bool) {
        let counted = self.0.entry(kind).or_default();
        counted.cases += 1;
        if !is_right {
            counted.wrong.push(format!("{name}: {}", told(verdict)));
        }
    }

    fn table(&self) -> String {
        let mut table = "| pages | cases | right | share |\n|---|---:|---:|---:|\n".to_owned();
        for (kind, _) in FIGURES {
            let counted = &self.0[kind];
            let _ = writeln!(
                table,
                "| {kind} | {} | {} | {:.1} % |",
                counted.cases,
                counted.right(),
                (1000.0 * counted.share()).floor() / 10.0
            );
        }
        table
    }
}

/// A verdict in one line.
fn told(verdict: &Verdict) -> String {
    let signs = verdict.evidence.iter().take(6);
    let signs: Vec<String> = signs
        .map(|sign| match sign.weight {
            Some(weight) => format!("{}{weight:+} ({})", sign.rule, sign.says),
            None => sign.rule.to_string(),
        })
        .collect();
    format!("{}: {}", verdict.code, signs.join(", "))
}

fn is_fine(verdict: &Verdict) -> bool {
    verdict.code.group() == Group::Fine
}

fn is_gone(verdict: &Verdict) -> bool {
    verdict.code.group() == Group::Gone
}

#[test]
fn figures() {
    let Some(corpus) = corpus() else {
        let required = std::env::var_os("SOURCEKEEP_REQUIRE_TOOLS").is_some_and(|one| one == "1");
        assert!(!required, "no corpus at SOURCEKEEP_CORPUS");
        return;
    };
    let articles = articles(&corpus);
    assert!(articles.len() > 400, "{} articles", articles.len());
    let dead = DeadPages::load(&corpus.join("deadpages"));
    let mut tally = Tally::default();
    living(&articles, &mut tally);
    about(&mut tally);
    missing(&dead, &articles, &mut tally);
    walls(&dead, &corpus.join("deadpages"), &mut tally);
    errors(&dead, &mut tally);
    drifted_pages(&corpus.join("drift-html"), &mut tally);
    drifted_texts(&corpus.join("drift-text"), &mut tally);
    for (kind, counted) in &tally.0 {
        for wrong in &counted.wrong {
            say(&format!("{kind}: {wrong}"));
        }
    }
    let table = tally.table();
    say(&table);
    if std::env::var_os("SOURCEKEEP_UPDATE_DOCS").is_some_and(|one| one == "1") {
        write_docs(&table);
    }
    for &(kind, least) in FIGURES {
        let counted = &tally.0[kind];
        assert!(
            counted.share() >= least,
            "{kind}: {} of {}, and not {least}",
            counted.right(),
            counted.cases
        );
    }
}

/// The page of documentation claims what the constants here hold.
#[test]
fn the_documented_figures_are_held() {
    let page = include_str!("../docs/VERDICTS.md");
    let rows = between(page).lines().skip(2).map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let share = cells[3].trim_end_matches('%').trim();
        (cells[0], share.parse::<f64>().unwrap() / 100.0)
    });
    let rows: Vec<(&str, f64)> = rows.collect();
    let kinds: Vec<&str> = rows.iter().map(|(kind, _)| *kind).collect();
    let known: Vec<&str> = FIGURES.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, known);
    for ((kind, share), (_, least)) in rows.iter().zip(FIGURES) {
        assert!((share - least).abs() < 0.001 || share > least, "{kind}");
    }
}

fn between(page: &str) -> &str {
    let (_, rest) = page.split_once(BEGIN).unwrap();
    rest.split_once(END).unwrap().0
}

fn write_docs(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/VERDICTS.md");
    let page = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, page.replace(between(&page), table)).unwrap();
}

/// Living pages: as they are, against themselves, under another template, within another site's.
fn living(articles: &[Page], tally: &mut Tally) {
    let seen = in_parallel(articles, |page| {
        let changed = dress::changed(page, dress::Cut::All);
        let wrapped = dress::wrapped(page);
        [
            Some((ALIVE, page.judged(None))),
            Some((ALIVE_AGAIN, page.judged(Some(&page.features)))),
            Some((ALIVE_CHANGED, changed.judged(None))),
            Some((ALIVE_CHANGED, changed.judged(Some(&page.features)))),
            wrapped
                .as_ref()
                .map(|page| (ALIVE_WRAPPED, page.judged(None))),
            wrapped.map(|wrapped| (ALIVE_WRAPPED, wrapped.judged(Some(&page.features)))),
        ]
    });
    for (page, verdicts) in articles.iter().zip(seen) {
        for (kind, verdict) in verdicts.into_iter().flatten() {
            tally.add(kind, &page.name, &verdict, is_fine(&verdict));
        }
    }
}

/// Pages that only speak of what is looked for.
fn about(tally: &mut Tally) {
    for (title, text) in verdicts::ABOUT {
        let html = format!(
            "<!doctype html><html lang=en><head><title>{}</title></head><body><article><h1>{}</h1>{}</article></body></html>",
            dress::escaped(title),
            dress::escaped(title.split(" | ").next().unwrap_or_default()),
            text
        );
        let page = Page::html(title, html, &address_of(title));
        let verdict = page.judged(None);
        tally.add(ALIVE_ABOUT, title, &verdict, is_fine(&verdict));
        let verdict = page.judged(Some(&page.features));
        tally.add(ALIVE_ABOUT, title, &verdict, is_fine(&verdict));
    }
}

/// The labelled bodies.
struct DeadPages {
    all: Vec<(String, Page)>,
}

impl DeadPages {
    fn load(folder: &Path) -> Self {
        let labels: BTreeMap<String, Value> =
            serde_json::from_slice(&load(&folder.join("labels.json"))).unwrap();
        let mut all = Vec::new();
        for (file, label) in labels {
            let path = [file.clone(), format!("{file}.gz")]
                .iter()
                .map(|name| folder.join(name))
                .find(|path| path.is_file());
            let Some(path) = path else { continue };
            if file.rsplit('.').next() == Some("json") {
                continue;
            }
            let kind = label["label"].as_str().unwrap().to_owned();
            let headers = label["headers"].as_array();
            let headers: Vec<(String, String)> = headers
                .into_iter()
                .flatten()
                .map(|header| {
                    let text = |at: usize| header[at].as_str().unwrap_or_default().to_owned();
                    (text(0).to_ascii_lowercase(), text(1))
                })
                .collect();
            let media_type = headers
                .iter()
                .find(|(name, _)| name == "content-type")
                .map(|(_, value)| value.clone())
                .or_else(|| label["bytes_charset"].as_str().map(str::to_owned));
            let url = address_of(&file);
            let mut page = Page::load(&path, media_type.as_deref(), Some(&url));
            page.headers = headers
                .into_iter()
                .filter(|(name, _)| name != "content-type")
                .collect();
            page.status = label["status"].as_u64().map_or(200, |status| status as u16);
            all.push((kind, page));
        }
        Self { all }
    }

    fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Page> {
        self.all
            .iter()
            .filter(move |(label, _)| label.contains(kind))
            .map(|(_, page)| page)
    }
}

/// Bodies of 404 and 410 answers, served with 200.
fn missing(dead: &DeadPages, articles: &[Page], tally: &mut Tally) {
    let bodies = dead.of("http-404").chain(dead.of("http-410"));
    let is = |verdict: &Verdict| verdict.code == Code::Soft404;
    for (at, body) in bodies.enumerate() {
        let page = body.with_status(200);
        let verdict = page.judged(None);
        tally.add(SOFT_404, &page.name, &verdict, is(&verdict));
        for before in articles.iter().skip(at * 7).step_by(61).take(6) {
            let verdict = page.judged(Some(&before.features));
            let name = format!("{} for {}", page.name, before.name);
            tally.add(SOFT_404_BASELINE, &name, &verdict, is(&verdict));
        }
        let made_up = page.url.join("x7f3kq9d2c").unwrap();
        let sibling = page.at(&made_up);
        let around = Around {
            sibling: Some(Sibling {
                url: made_up.to_string(),
                status: 200,
                final_url: made_up.to_string(),
                body_sha256: sibling.facts().body.map(|body| body.sha256),
                features: Some(sibling.features),
            }),
            sink: (at % 2 == 0).then_some(Sink { sources: 3 }),
            ..Around::default()
        };
        let verdict = page.judged_with(None, &around);
        tally.add(SOFT_404_SIBLING, &page.name, &verdict, is(&verdict));
    }
    for (at, (title, notice)) in verdicts::NOTICES.iter().enumerate() {
        let html = dress::under_template(notice, title, at as u64 * 977);
        let page = Page::html(title, html, &address_of(title));
        let verdict = page.judged(None);
        tally.add(SOFT_404_TEMPLATE, title, &verdict, is(&verdict));
        let before = &articles[at * 31 % articles.len()];
        let verdict = page.judged(Some(&before.features));
        tally.add(SOFT_404_TEMPLATE, title, &verdict, is(&verdict));
    }
    for json in verdicts::API {
        let page = Page::new(
            json,
            (*json).to_owned(),
            "application/json",
            &address_of(json),
        );
        let verdict = page.judged(None);
        tally.add(SOFT_404_API, json, &verdict, is(&verdict));
    }
    for (at, body) in dead.of("http-400").enumerate() {
        let page = body.with_status(200);
        for before in articles.iter().skip(at * 13).step_by(97).take(4) {
            let verdict = page.judged(Some(&before.features));
            tally.add(BAD_REQUEST, &page.name, &verdict, !is_fine(&verdict));
        }
    }
}

/// Parked domains and bot walls.
fn walls(dead: &DeadPages, folder: &Path, tally: &mut Tally) {
    for page in dead.of("parked") {
        let verdict = page.judged(None);
        let is_right = verdict.code == Code::Parked;
        tally.add(PARKED, &page.name, &verdict, is_right);
    }
    for page in dead.of("bot-wall") {
        for status in [200, 403, 503] {
            let verdict = page.with_status(status).judged(None);
            let name = format!("{} at {status}", page.name);
            let is_right = is_wall(page, &verdict);
            tally.add(WALLS, &name, &verdict, is_right);
        }
    }
    for path in files_below(folder) {
        if path.to_string_lossy().contains("bot__") && path.extension().is_some_and(|e| e == "json")
        {
            let answers = answers_in(&path);
            let page = answers.last().unwrap();
            let verdict = page.judged(None);
            let is_right = is_wall(page, &verdict);
            tally.add(WALLS, &page.name, &verdict, is_right);
        }
    }
    for page in dead.of("control") {
        let verdict = page.judged(None);
        tally.add(WALL_CONTROL, &page.name, &verdict, is_fine(&verdict));
    }
}

/// A wall is `blocked`. A page that asks for consent, or shows nothing without scripts, may as well be `collapsed`.
fn is_wall(page: &Page, verdict: &Verdict) -> bool {
    let may_collapse = page.features.text_chars == 0
        || page
            .url
            .host_str()
            .is_some_and(|host| host.starts_with("consent."));
    verdict.code == Code::Blocked || (may_collapse && verdict.code == Code::Collapsed)
}

/// Error pages that servers and proxies come with.
fn errors(dead: &DeadPages, tally: &mut Tally) {
    for (label, page) in &dead.all {
        let status = if label.contains("403") || label.to_ascii_lowercase().contains("denied") {
            403
        } else if label.contains("503") || label.contains("squid") || label.contains("proxy") {
            503
        } else {
            continue;
        };
        for (kind, status) in [(ERRORS, status), (ERRORS_200, 200)] {
            let verdict = page.with_status(status).judged(None);
            let is_right = !is_fine(&verdict) && !is_gone(&verdict);
            tally.add(kind, &page.name, &verdict, is_right);
        }
    }
}

fn case_of(folder: &Path) -> Value {
    serde_json::from_slice(&load(&folder.join("case.json"))).unwrap()
}

fn folders(set: &Path) -> Vec<std::path::PathBuf> {
    let all = files_below(set).into_iter();
    all.filter(|path| path.ends_with("case.json"))
        .map(|path| path.parent().unwrap().to_owned())
        .collect()
}

/// Pages before and after an edit.
fn drifted_pages(set: &Path, tally: &mut Tally) {
    let folders = folders(set);
    let seen = in_parallel(&folders, |folder| {
        let url = address_of(&folder.to_string_lossy());
        let load = |name| Page::load(&folder.join(name), None, Some(&url));
        let (old, new) = (load("old.html.gz"), load("new.html.gz"));
        [new.judged(Some(&old.features)), new.judged(None)]
    });
    for (folder, verdicts) in folders.iter().zip(seen) {
        for verdict in verdicts {
            let name = folder.file_name().unwrap().to_string_lossy();
            tally.add(DRIFT_HTML, &name, &verdict, is_fine(&verdict));
        }
    }
}

/// Texts before and after an edit, and such as collapsed: as Markdown, and as simple HTML.
fn drifted_texts(set: &Path, tally: &mut Tally) {
    for folder in folders(set) {
        let case = case_of(&folder);
        let label = case["label"].as_str().unwrap();
        let id = folder.file_name().unwrap().to_string_lossy().into_owned();
        let url = address_of(&id);
        let read = |name: &str| {
            let packed = folder.join(format!("{name}.gz"));
            let path = if packed.is_file() {
                packed
            } else {
                folder.join(name)
            };
            String::from_utf8_lossy(&load(&path)).into_owned()
        };
        for media_type in ["text/markdown; charset=utf-8", "text/html; charset=utf-8"] {
            let page = |name| {
                let mut text = read(name);
                if media_type.starts_with("text/html") {
                    text = html_of(&text);
                }
                Page::new(&id, text, media_type, &url)
            };
            let (old, new) = (page("old.md"), page("new.md"));
            let verdict = new.judged(Some(&old.features));
            let name = format!("{id} {label} as {media_type}");
            match wanted(label) {
                None => tally.add(DRIFT_TEXT, &name, &verdict, is_fine(&verdict)),
                Some(code) => {
                    tally.add(COLLAPSE_FINE, &name, &verdict, !is_fine(&verdict));
                    let is_right = verdict.code == code && is_named(label, &verdict, &new.features);
                    tally.add(COLLAPSE_NAMED, &name, &verdict, is_right);
                }
            }
        }
    }
}

/// Which code a collapse must be given, or `None` where the page stands.
fn wanted(label: &str) -> Option<Code> {
    match label {
        "soft-404" => Some(Code::Soft404),
        "login-wall" => Some(Code::LoginWall),
        "heading-only-shell" | "empty" | "loading" | "moved-notice" | "redirect-stub"
        | "soft-5xx" | "content-replaced" | "cookie-wall" => Some(Code::Collapsed),
        _ => None,
    }
}

/// Whether the rule that decided says which collapse it is.
fn is_named(label: &str, verdict: &Verdict, page: &Features) -> bool {
    let rules: &[&str] = match label {
        "heading-only-shell" if page.text_chars == 0 => &["empty-page", "heading-only"],
        "heading-only-shell" => &["heading-only", "empty-shell", "loading-page"],
        "empty" => &["empty-body", "empty-page"],
        "loading" => &["loading-page", "empty-shell"],
        "moved-notice" => &["moved-notice"],
        "redirect-stub" => &["redirect-stub", "moved-notice"],
        "soft-5xx" => &["soft-server-error"],
        "content-replaced" => &["content-replaced"],
        _ => return true,
    };
    let first = verdict.evidence.first();
    first.is_some_and(|sign| rules.contains(&&*sign.rule))
}

/// Simple HTML: headings, links, paragraphs.
fn html_of(markdown: &str) -> String {
    let mut html = String::from("<!doctype html><html><body>\n");
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let _ = write!(html, "<{level}>");
            }
            Event::End(TagEnd::Heading(level)) => {
                let _ = writeln!(html, "</{level}>");
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                let _ = write!(html, "<a href=\"{}\">", dest_url.replace('"', "%22"));
            }
            Event::End(TagEnd::Link) => html.push_str("</a>"),
            Event::Start(Tag::Image { dest_url, .. }) => {
                let _ = write!(html, "<img src=\"{}\">", dest_url.replace('"', "%22"));
            }
            Event::Start(Tag::Item) => html.push_str("<li>"),
            Event::Start(Tag::Paragraph) => html.push_str("<p>"),
            Event::End(TagEnd::Item) => html.push_str("</li>\n"),
            Event::End(TagEnd::Paragraph) => html.push_str("</p>\n"),
            Event::Text(text) | Event::Code(text) => html.push_str(&dress::escaped(&text)),
            Event::SoftBreak | Event::HardBreak => html.push('\n'),
            _ => {}
        }
    }
    html.push_str("</body></html>\n");
    html
}

#[test]
fn addresses_are_made_up_alike_in_every_run() {
    let url = address_of("a");
    assert_eq!(url, address_of("a"));
    assert_ne!(url, address_of("b"));
    assert!(Url::parse(url.as_str()).is_ok());
}
