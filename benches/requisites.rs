//! How long it takes to find what a page or a style sheet needs: milliseconds and megabytes a second on one core, of several
//! sizes, and of texts that were made to take long.
//!
//! `cargo bench --bench requisites`, and with the corpus at `SOURCEKEEP_CORPUS` or `../shared/corpus` over real articles too.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use sourcekeep::capture::requisites::{Found, Limits, downloads, of_page, of_style, of_svg};
use url::Url;

type Read = fn(&str, &Url, &Limits) -> Found;

fn main() {
    println!(
        "{:<44} {:>9} {:>9} {:>8} {:>6} {:>9}",
        "text", "KB", "ms", "MB/s", "found", "left out"
    );
    for kilobytes in [10, 100, 1_000, 20_000] {
        let (page, style) = (page(kilobytes * 1000), style(kilobytes * 1000));
        measure("page", of_page, &page);
        measure("page, for what it offers", downloads, &page);
        measure("style sheet", of_style, &style);
        measure("style sheet, on one line", of_style, &minified(&style));
    }
    for (name, read, unit) in [
        ("nested div", of_page as Read, "<div>"),
        ("pictures", of_page, "<img src=a.png>"),
        ("templates", of_page, "<template>"),
        ("frames within", of_page, "<iframe srcdoc='<img src=a>'>"),
        (
            "a list of sizes",
            of_page,
            "<img srcset='a 1w, b 2w, c 3w'>",
        ),
        ("one list of sizes", of_page, "a 1x, "),
        ("styles of no end", of_page, "<style>"),
        ("attributes", of_page, "<a b c=d e='f' "),
        ("offers", downloads, "<a href=/a.csv>CSV"),
        ("blocks that do not close", of_style, "a{"),
        ("blocks", of_style, "a{}"),
        ("brackets", of_style, "("),
        ("functions", of_style, "f("),
        ("addresses", of_style, "a{b:url(c.png)}"),
        ("addresses that do not close", of_style, "url("),
        ("addresses with spaces", of_style, "url(   "),
        ("bad addresses", of_style, "a{b:url(c d)}"),
        ("escapes", of_style, "a{b:\\75 rl(c\\64)}"),
        ("strings that do not close", of_style, "a{b:\"c\n"),
        ("comments that do not close", of_style, "/*"),
        ("imports", of_style, "@import 'a';"),
        ("import again and again", of_style, "@import "),
        ("drawings", of_svg, "<use href='a.svg#b'/>"),
        ("drawings in drawings", of_svg, "<svg><style>"),
    ] {
        let text = match name {
            "one list of sizes" => {
                format!("<img srcset='{}'>", unit.repeat(5_000_000 / unit.len()))
            }
            _ => unit.repeat(5_000_000 / unit.len()),
        };
        measure(name, read, &text);
    }
    let data = "A".repeat(50 << 20);
    let page = format!("<img src='data:image/png;base64,{data}'><img src=a.png>");
    measure("a picture of 50 MB in a page", of_page, &page);
    let style = format!("a{{b:url(data:image/png;base64,{data})}}");
    measure("a picture of 50 MB in a style sheet", of_style, &style);
    articles();
}

/// Over the pages of the corpus, all together.
fn articles() {
    let folder = std::env::var("SOURCEKEEP_CORPUS").unwrap_or("../shared/corpus".into());
    let Ok(entries) = std::fs::read_dir(Path::new(&folder).join("articles-aeb")) else {
        return;
    };
    let mut all = Vec::new();
    for entry in entries.flatten() {
        let Ok(packed) = std::fs::read(entry.path()) else {
            continue;
        };
        let mut html = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(packed.as_slice());
        if std::io::Read::read_to_end(&mut decoder, &mut html).is_ok() {
            all.push(String::from_utf8_lossy(&html).into_owned());
        }
    }
    let url = url();
    let begun = Instant::now();
    let found: usize = all
        .iter()
        .map(|html| of_page(html, &url, &Limits::default()).requisites.len())
        .sum();
    let took = begun.elapsed().as_secs_f64();
    let bytes: usize = all.iter().map(String::len).sum();
    println!(
        "{} articles: {:.1} KB and {found} requisites, {:.2} ms each, {:.0} MB/s",
        all.len(),
        bytes as f64 / 1e3 / all.len().max(1) as f64,
        took * 1e3 / all.len().max(1) as f64,
        bytes as f64 / 1e6 / took
    );
}

fn url() -> Url {
    Url::parse("https://example.com/2024/05/a-page-of-some-length").expect("an address")
}

fn measure(name: &str, read: Read, text: &str) {
    let (url, limits) = (url(), Limits::default());
    let mut best = f64::MAX;
    let rounds = (10_000_000 / text.len().max(1)).clamp(1, 50);
    let mut found = read("", &url, &limits);
    for _ in 0..rounds {
        let begun = Instant::now();
        found = std::hint::black_box(read(text, &url, &limits));
        best = best.min(begun.elapsed().as_secs_f64());
    }
    let left_out = found.left_out;
    println!(
        "{name:<44} {:>9.0} {:>9.2} {:>8.0} {:>6} {:>9}",
        text.len() as f64 / 1e3,
        best * 1e3,
        text.len() as f64 / 1e6 / best,
        found.requisites.len(),
        left_out.over_the_limit + left_out.not_read + left_out.data,
    );
}

/// A page as blogs have them.
fn page(bytes: usize) -> String {
    let mut page =
        "<!doctype html><html><head><title>A page</title><link rel=stylesheet href=/a.css>\
        <script src=/a.js></script><style>p { background: url(x.png) }</style></head><body>"
            .to_owned();
    let mut n = 0;
    while page.len() < bytes {
        n += 1;
        let _ = write!(
            page,
            "<div class=\"post entry-{n}\" id=\"p{n}\"><h2><a href=\"/2024/{n}\">Heading {n}</a></h2>\
             <p class='text'>Some words that are long enough to make a paragraph of an article, with a <a href='https://other.example/{n}?a=1&amp;b=2'>link</a> \
             and <em>another</em> thing, again and again, so that there is more text than there are tags, as in most pages.</p>\
             <p>More of it, and more, until nobody reads it any longer; it goes on and on, for that is what articles do.</p></div>"
        );
        if n % 5 == 0 {
            let _ = write!(
                page,
                "<figure style=\"width:{n}px\"><img src=\"/i/{n}.jpg\" srcset=\"/i/{n}-400.jpg 400w, /i/{n}-800.jpg 800w, \
                 /i/{n}-1600.jpg 1600w\" sizes=\"(max-width: 600px) 100vw, 50vw\" alt=\"A picture\" loading=lazy></figure>"
            );
        }
    }
    page
}

/// A style sheet as frameworks have them.
fn style(bytes: usize) -> String {
    let mut style = "@charset \"utf-8\";\n@import url(\"base.css\");\n".to_owned();
    let mut n = 0;
    while style.len() < bytes {
        n += 1;
        let _ = write!(
            style,
            "/* part {n} */\n.card-{n} > .title:not(.is-hidden)::before,\n.card-{n}:hover {{\n  margin: 0 auto {n}px;\n  \
             color: rgba(12, 34, 56, .7);\n  transition: color .15s ease-in-out, background-color .15s ease-in-out;\n  \
             box-shadow: inset 0 1px 0 #fff, 0 1px 1px var(--shadow-{n}, rgba(0, 0, 0, .075));\n}}\n\
             @media (min-width: 768px) {{\n  .col-{n} {{ flex: 0 0 calc(100% / 3 - {n}px); max-width: 33.333333%; }}\n}}\n"
        );
        if n % 8 == 0 {
            let _ = writeln!(
                style,
                ".icon-{n} {{ background: url('../img/{n}.svg') no-repeat 0 0 / cover; }}"
            );
        }
    }
    style
}

fn minified(style: &str) -> String {
    style
        .replace("\n  ", "")
        .replace('\n', "")
        .replace(": ", ":")
}
