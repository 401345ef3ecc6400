//! Pages in other clothes: what a site's new design, or a move to another site, does to a page that is still there.

use std::fmt::Write as _;
use std::sync::LazyLock;

use regex::Regex;
use scraper::{ElementRef, Html, Selector};

use super::{Page, fnv};

static CLASSES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)\b(class|id)\s*=\s*("[^"]*"|'[^']*')"#).expect("an expression")
});
static YEARS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:19|20)\d\d\b").expect("an expression"));
/// What is no text, and the tags between which parts of a template stand.
static MARKUP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?is)<!--.*?-->|<script\b.*?</script\s*>|<style\b.*?</style\s*>|<(/?)(nav|footer|aside|header|article)\b[^>]*>|<[^>]*>",
    )
    .expect("an expression")
});
static BODY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)<body\b[^>]*>").expect("an expression"));

/// The longest line of text that is taken for a date line or the like, in characters.
const LONGEST_OF_A_DATE_LINE: usize = 40;

/// Which `header`s and `footer`s are parts of the template.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "each test crate uses its part")]
pub(crate) enum Cut {
    /// Those of the page: what stands at the head of an article is its own.
    OfThePage,
    /// Those of its articles too.
    All,
}

/// The page under a new template of its own site: other navigation, related stories, date lines and footer, other names of
/// classes.
pub(crate) fn changed(page: &Page, cut: Cut) -> Page {
    let seed = fnv(&page.name);
    let mut html = without_template(&page.body, cut);
    html = with_other_dates_and_classes(&html);
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

/// Leaves out navigation, asides, headers and footers; what is never closed stays.
fn without_template(html: &str, cut: Cut) -> String {
    let mut out = String::with_capacity(html.len());
    let mut from = 0;
    let mut articles = 0_usize;
    // What is being left out: the name of its element, how many of them are open, and where it began.
    let mut open: Option<(String, usize, usize)> = None;
    for found in MARKUP.captures_iter(html) {
        let (Some(name), Some(all)) = (found.get(2), found.get(0)) else {
            continue;
        };
        let name = name.as_str().to_ascii_lowercase();
        let is_end = &found[1] == "/";
        match &mut open {
            Some((of, depth, _)) if *of == name && !is_end => *depth += 1,
            Some((of, depth, _)) if *of == name && *depth > 1 => *depth -= 1,
            Some((of, _, start)) if *of == name => {
                out.push_str(&html[from..*start]);
                out.push_str("<div class=\"was\"></div>");
                from = all.end();
                open = None;
            }
            Some(_) => {}
            None if name == "article" && is_end => articles = articles.saturating_sub(1),
            None if name == "article" => articles += 1,
            None if is_end => {}
            None => {
                let is_of_an_article = articles > 0 && (name == "header" || name == "footer");
                if !is_of_an_article || cut == Cut::All {
                    open = Some((name, 1, all.start()));
                }
            }
        }
    }
    out.push_str(&html[from..]);
    out
}

/// Other years in lines that are as short as a date line and stand in no paragraph, and other classes and identifiers.
fn with_other_dates_and_classes(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut from = 0;
    let mut is_in_paragraph = false;
    let years = |text: &str, is_in_paragraph: bool| {
        if !is_in_paragraph && text.trim().chars().count() <= LONGEST_OF_A_DATE_LINE {
            YEARS.replace_all(text, "2031").into_owned()
        } else {
            text.to_owned()
        }
    };
    for found in MARKUP.find_iter(html) {
        out.push_str(&years(&html[from..found.start()], is_in_paragraph));
        let tag = found.as_str();
        let name = tag.trim_start_matches(['<', '/']);
        let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next();
        let name = name.unwrap_or_default().to_ascii_lowercase();
        match name.as_str() {
            "p" | "li" | "td" | "blockquote" | "h1" | "h2" | "h3" => {
                is_in_paragraph = !tag.starts_with("</");
            }
            "div" | "section" => is_in_paragraph = false,
            _ => {}
        }
        out.push_str(&CLASSES.replace_all(tag, |found: &regex::Captures<'_>| {
            format!("class=\"x{:x}\"", fnv(&found[2]) % 0xffff)
        }));
        from = found.end();
    }
    out.push_str(&years(&html[from..], is_in_paragraph));
    out
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
