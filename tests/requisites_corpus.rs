//! What real pages need, against what another parser sees in them: each picture, style sheet, script and frame that stands
//! in the tree of `html5ever` has to be found. Each figure is a ratchet: it may get better, not worse.
//!
//! The pages are not part of the project; without them one line says that nothing was compared. `SOURCEKEEP_SHOW=1` lists what
//! was not found.

mod real;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use real::{corpus, files_below, load, say};
use scraper::{ElementRef, Html, Selector};
use sourcekeep::capture::requisites::{Kind, LeftOut, Limits, downloads, of_page, of_style};
use sourcekeep::charset;
use url::Url;

const FOLDERS: &[&str] = &[
    "articles-aeb",
    "articles-goose3",
    "articles-postlight",
    "articles-readability",
    "articles-trafilatura",
];

fn shows() -> bool {
    std::env::var_os("SOURCEKEEP_SHOW").is_some()
}

fn pages(corpus: &Path) -> Vec<PathBuf> {
    let all = FOLDERS
        .iter()
        .flat_map(|folder| files_below(&corpus.join(folder)));
    all.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        (name.ends_with(".html") || name.ends_with(".html.gz")) && !name.starts_with("expected")
    })
    .collect()
}

/// Where a page came from, as far as it says so itself.
fn page_url(tree: &Html) -> Url {
    let said = tree
        .select(&selector(r#"link[rel="canonical"][href]"#))
        .next()
        .and_then(|link| Url::parse(link.value().attr("href")?).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    said.unwrap_or_else(|| Url::parse("https://page.example/2024/a-page").expect("an address"))
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).expect("a selector")
}

fn is_in_template(element: ElementRef<'_>) -> bool {
    element
        .ancestors()
        .filter_map(ElementRef::wrap)
        .any(|ancestor| ancestor.value().name() == "template")
}

/// What the other parser sees, by kind: addresses that can be fetched.
fn seen(tree: &Html, page: &Url) -> Vec<(&'static str, Url)> {
    let base = tree
        .select(&selector("base[href]"))
        .next()
        .and_then(|base| page.join(base.value().attr("href")?).ok())
        .unwrap_or_else(|| page.clone());
    let mut seen = Vec::new();
    for (what, elements, attribute) in [
        ("img src", "img[src]", "src"),
        (
            "link stylesheet",
            r#"link[rel~="stylesheet" i][href]"#,
            "href",
        ),
        (
            "link icon",
            r#"link[rel~="icon" i][href], link[rel~="apple-touch-icon" i][href]"#,
            "href",
        ),
        (
            "script src",
            r#"script[src]:not([type]), script[src][type="text/javascript"]"#,
            "src",
        ),
        ("iframe src", "iframe[src]:not([srcdoc])", "src"),
        (
            "media src",
            "video[src], audio[src], video source[src]",
            "src",
        ),
    ] {
        for element in tree.select(&selector(elements)) {
            let written = element.value().attr(attribute).unwrap_or_default();
            if written.trim().is_empty() || is_in_template(element) {
                continue;
            }
            if let Ok(mut url) = base.join(written)
                && matches!(url.scheme(), "http" | "https")
                && url.host_str().is_some()
            {
                url.set_fragment(None);
                if url != *page {
                    seen.push((what, url));
                }
            }
        }
    }
    seen
}

#[test]
fn what_another_parser_sees_is_found() {
    let Some(corpus) = corpus() else { return };
    let limits = Limits {
        requisites: 100_000,
        address_bytes: 100 << 20,
        ..Limits::default()
    };
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut found_of: BTreeMap<Kind, usize> = BTreeMap::new();
    let (mut left_out, mut offers, mut number) = (LeftOut::default(), 0, 0);
    for path in pages(&corpus) {
        let bytes = load(&path);
        let html = charset::decode(&bytes, Some("text/html")).text;
        let tree = Html::parse_document(&html);
        let page = page_url(&tree);
        let found = of_page(&html, &page, &limits);
        number += 1;
        left_out.add(&found.left_out);
        for offer in downloads(&html, &page, &limits).requisites {
            offers += 1;
            if shows() {
                say(&format!("{} {}", offer.kind.name(), offer.url));
            }
        }
        let mut kinds = HashMap::new();
        for requisite in &found.requisites {
            *found_of.entry(requisite.kind).or_default() += 1;
            kinds.insert(requisite.url.clone(), requisite.kind);
        }
        for (what, url) in seen(&tree, &page) {
            let (right, all) = counts.entry(what).or_default();
            let is_found = kinds
                .get(&url)
                .is_some_and(|kind| what != "link stylesheet" || *kind == Kind::Style);
            *right += usize::from(is_found);
            *all += 1;
            if !is_found && shows() {
                say(&format!("{what} {url} in {}", path.display()));
            }
        }
    }
    for (what, (right, all)) in &counts {
        say(&format!("{what:20} {right:6} of {all:6}"));
    }
    say(&format!(
        "{number} pages, {offers} downloads, {found_of:?}, {left_out:?}"
    ));
    assert!(counts["img src"].1 > 7_000, "few pages were read");
    for (what, (right, all)) in counts {
        assert_eq!(right, all, "{what}");
    }
}

/// A style sheet of real styles: each `url(` that a search finds outside of comments is found, or counted as left out.
#[test]
fn styles_within_pages_name_what_a_search_finds() {
    let Some(corpus) = corpus() else { return };
    let limits = Limits {
        requisites: 100_000,
        address_bytes: 100 << 20,
        ..Limits::default()
    };
    let written =
        regex::Regex::new(r#"url\(\s*["']?([^"')\s]+)["']?\s*\)"#).expect("an expression");
    let comment = regex::Regex::new(r"(?s)/\*.*?\*/").expect("an expression");
    let (mut right, mut all) = (0, 0);
    for path in pages(&corpus) {
        let bytes = load(&path);
        let html = charset::decode(&bytes, Some("text/html")).text;
        let tree = Html::parse_document(&html);
        let page = page_url(&tree);
        for style in tree.select(&selector("style")) {
            let css: String = style.text().collect();
            let found = of_style(&css, &page, &limits);
            let plain = comment.replace_all(&css, " ");
            for address in written.captures_iter(&plain) {
                let Ok(mut url) = page.join(&address[1]) else {
                    continue;
                };
                url.set_fragment(None);
                if !matches!(url.scheme(), "http" | "https") || url == page {
                    continue;
                }
                all += 1;
                let is_found = found.requisites.iter().any(|known| known.url == url);
                right += usize::from(is_found);
                if !is_found && shows() {
                    say(&format!("{} in {}", &address[0], path.display()));
                }
            }
        }
    }
    say(&format!("url() in style elements: {right} of {all}"));
    // The search takes addresses in the text of drawings in `data:` for the style's, and imports that stand where browsers do
    // not look for them.
    assert!(all > 1900 && all - right <= 18);
}
