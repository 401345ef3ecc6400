//! Pages in other clothes: what a site's new design, or a move to another site, does to a page that is still there.

use std::fmt::Write as _;
use std::sync::LazyLock;

use regex::Regex;
use scraper::{ElementRef, Html, Selector};

use super::{Page, fnv};

static CLASSES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)\b(class|id)\s*=\s*("[^"]*"|'[^']*')"#).expect("an expression")
});
static DATES: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:19|20)\d\d\b").expect("an expression"));
static PARTS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    ["nav", "footer", "aside", "header"]
        .iter()
        .map(|name| Regex::new(&format!(r"(?is)<{name}\b.*?</{name}\s*>")).expect("an expression"))
        .collect()
});
static BODY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)<body\b[^>]*>").expect("an expression"));

/// The page under a new template of its own site: other navigation, related stories, dates and footer, other names of
/// classes.
pub(crate) fn changed(page: &Page) -> Page {
    let seed = fnv(&page.name);
    let mut html = CLASSES
        .replace_all(&page.body, |found: &regex::Captures<'_>| {
            format!("class=\"x{:x}\"", fnv(&found[2]) % 0xffff)
        })
        .into_owned();
    for part in PARTS.iter() {
        html = part
            .replace_all(&html, "<div class=\"was\"></div>")
            .into_owned();
    }
    // In the text only, so that the addresses stay.
    html = in_text(&html, |text| DATES.replace_all(text, "2031").into_owned());
    let top = format!("{}{}", navigation(seed), banner());
    let bottom = format!("{}{}", related(seed), footer(seed));
    html = match BODY.find(&html) {
        Some(body) => {
            let at = body.end();
            format!("{}{top}{}", &html[..at], &html[at..])
        }
        None => format!("{top}{html}"),
    };
    html = match html.rfind("</body") {
        Some(at) => format!("{}{bottom}{}", &html[..at], &html[at..]),
        None => format!("{html}{bottom}"),
    };
    Page::html(&page.name, html, &page.url)
}

/// The page's paragraphs and heading within another site's template.
pub(crate) fn wrapped(page: &Page) -> Option<Page> {
    let document = Html::parse_document(&page.body);
    let paragraphs = Selector::parse("p, blockquote, pre, li, td").expect("a selector");
    let mut text = String::new();
    for one in document.select(&paragraphs) {
        let words = words_of(&one);
        if words.chars().count() >= 60 && !within(&one, &["p", "blockquote", "li", "td"]) {
            let _ = writeln!(text, "<p>{}</p>", escaped(&words));
        }
    }
    // A page whose text stands in no paragraphs cannot be carried over like this.
    if text.len() < 1500 {
        return None;
    }
    let seed = fnv(&page.name) ^ 0x5555;
    let title = page.features.title.as_deref().unwrap_or_default();
    let title = title.split(['|', '–', '—']).next().unwrap_or_default();
    let title = escaped(title.trim());
    let html = format!(
        "<!doctype html><html><head><meta charset=utf-8><title>{title} | The Other Gazette</title></head><body>{}{}\
         <main><article><h1>{title}</h1><p class=meta>Posted 4 May 2031 by the editors</p>{text}</article></main>{}{}\
         </body></html>",
        navigation(seed),
        banner(),
        related(seed),
        footer(seed),
    );
    Some(Page::html(&page.name, html, &page.url))
}

/// A notice in the middle of a long page of the site: navigation, stories, footer.
pub(crate) fn under_template(notice: &str, title: &str, seed: u64) -> String {
    let mut html = format!(
        "<!doctype html><html lang=en><head><title>{}</title></head><body>{}",
        escaped(title),
        navigation(seed)
    );
    for at in 0..6 {
        html.push_str(&navigation(seed ^ at << 20));
    }
    let _ = write!(html, "<main id=content>{notice}</main>");
    for at in 0..6 {
        html.push_str(&related(seed ^ at << 12));
    }
    html.push_str(&footer(seed));
    html.push_str("</body></html>");
    html
}

const TOPICS: &[&str] = &[
    "World", "Economy", "Science", "Health", "Culture", "Travel", "Sports", "Opinion", "Weather",
    "Markets", "Schools", "Energy", "Housing", "Farming", "Climate", "Music", "Books", "Film",
];

fn topic(seed: u64, at: u64) -> &'static str {
    TOPICS[(seed.rotate_left(at as u32 * 5) ^ at) as usize % TOPICS.len()]
}

fn navigation(seed: u64) -> String {
    let mut html = String::from("<div class=top><ul>");
    for at in 0..24 {
        let topic = topic(seed, at);
        let _ = write!(html, "<li><a href=\"/s/{at}\">{topic} {at}</a></li>");
    }
    html.push_str("</ul><form action=/find><input name=q><button>Search</button></form></div>");
    html
}

fn banner() -> &'static str {
    "<div class=bar>We use cookies to improve this site. <a href=/privacy>Learn more</a> \
     <button>Accept</button><button>Decline</button></div>"
}

fn related(seed: u64) -> String {
    let mut html = String::from("<div class=more><h3>More to read</h3>");
    for at in 0..12 {
        let (one, other) = (topic(seed, at), topic(seed, at + 7));
        let _ = write!(
            html,
            "<div><a href=\"/n/{at}\">{one} after the summer: what {other} has to do with it</a>\
             <p>Three reports from the {other} desk, with answers to number {} of your questions.</p></div>",
            (seed >> at) % 90
        );
    }
    html.push_str("</div>");
    html
}

fn footer(seed: u64) -> String {
    let mut html = String::from("<div class=end><ul>");
    for at in 0..16 {
        let _ = write!(
            html,
            "<li><a href=\"/f/{at}\">{} service</a></li>",
            topic(seed, at)
        );
    }
    html.push_str(
        "</ul><p>Copyright 2031. All rights reserved. Terms of use. Privacy. Imprint.</p></div>",
    );
    html
}

/// Changes what stands between tags.
fn in_text(html: &str, change: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('>') {
        let (tag, after) = rest.split_at(start + 1);
        out.push_str(tag);
        let end = after.find('<').unwrap_or(after.len());
        out.push_str(&change(&after[..end]));
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

fn words_of(element: &ElementRef<'_>) -> String {
    let text: String = element.text().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn within(element: &ElementRef<'_>, names: &[&str]) -> bool {
    element
        .ancestors()
        .filter_map(ElementRef::wrap)
        .any(|above| names.contains(&above.value().name()))
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
