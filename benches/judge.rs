//! How long it takes to read a page, to draw its features, and to judge it against its baseline: milliseconds a page on
//! one core, of pages of several sizes and of pages that were made to take long.
//!
//! `cargo bench --bench judge`, and with the corpus at `SOURCEKEEP_CORPUS` or `../shared/corpus` over real articles too.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::fmt::Write;
use std::time::Instant;

use sourcekeep::fetch::{BodyFacts, Facts, Hop, Way};
use sourcekeep::judge::{self, Case, Rules};
use url::Url;

fn main() {
    let url = Url::parse("https://example.com/2024/05/a-page-of-some-length").expect("an address");
    let begun = Instant::now();
    let before = resident();
    std::hint::black_box(Rules::built_in());
    let took = begun.elapsed().as_secs_f64() * 1e3;
    let room = (resident() - before) / 1e6;
    println!("the rules: {took:.1} ms, {room:.1} MB");
    println!(
        "{:<34} {:>9} {:>10} {:>10} {:>10}",
        "page", "KB", "text ms", "features", "judge"
    );
    for kilobytes in [10, 100, 1_000, 2_000, 20_000] {
        measure(
            &format!("article, {kilobytes} KB"),
            &article(kilobytes * 1000),
            &url,
        );
    }
    for (name, unit) in [
        ("nested div", "<div>"),
        ("nested font", "<font>"),
        ("nested b in p", "<p><b>"),
        ("links", "<a href=x>b</a>"),
        (
            "paragraphs",
            "<p>some words, and more, of a text that goes on</p>",
        ),
        ("cells", "<td>a, b, and c of some length</td>"),
        ("images", "<img src=a>"),
        ("line breaks", "words<br>"),
        ("open brackets", "<"),
        ("references", "&amp;"),
        ("one line of text", "words and more words "),
    ] {
        for bytes in [500_000, 2_000_000, 20_000_000] {
            let body = format!("<title>t</title><body>{}", unit.repeat(bytes / unit.len()));
            measure(&format!("{name}, {} MB", bytes as f64 / 1e6), &body, &url);
        }
    }
}

fn measure(name: &str, body: &str, url: &Url) {
    let rounds = if body.len() < 300_000 { 40 } else { 3 };
    let media_type = Some("text/html; charset=utf-8");
    let text = time(rounds, || judge::text(body, media_type, url));
    let rules = Rules::built_in();
    let features = time(rounds, || judge::features(body, media_type, url, rules));
    let (page, before) = (
        judge::features(body, media_type, url, rules),
        judge::features(&article(90_000), media_type, url, rules),
    );
    let facts = facts(url, body.len() as u64);
    let judged = time(rounds, || {
        let mut case = Case::new(url, &facts);
        case.features = Some(&page);
        case.baseline = Some(&before);
        judge::judge(&case)
    });
    let kilobytes = body.len() / 1000;
    println!("{name:<34} {kilobytes:>9} {text:>10.3} {features:>10.3} {judged:>10.3}");
}

/// What this process has in memory, in bytes; 0 where that cannot be told.
fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|line| line.split(' ').nth(1)?.parse::<f64>().ok());
    pages.map_or(0.0, |pages| pages * 4096.0)
}

/// The fastest of some rounds, in milliseconds.
fn time<T>(rounds: u32, mut run: impl FnMut() -> T) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..rounds {
        let begun = Instant::now();
        std::hint::black_box(run());
        best = best.min(begun.elapsed().as_secs_f64() * 1e3);
    }
    best
}

fn facts(url: &Url, size: u64) -> Facts {
    let hop = serde_json::json!({"url": url.as_str(), "status": 200, "protocol": "HTTP/1.1"});
    let hop: Hop = serde_json::from_value(hop).expect("a hop");
    let body: BodyFacts = serde_json::from_value(serde_json::json!({
        "sha256": "00", "size": size, "served_sha256": "00", "served_sha1": "A", "served_size": size
    }))
    .expect("a body");
    Facts {
        way: Way::Plain,
        hops: vec![hop],
        failure: None,
        body: Some(body),
        robots: None,
        rendered: None,
        vantage: None,
    }
}

/// A page of about so many bytes: half of it an article, the rest what stands around one.
fn article(bytes: usize) -> String {
    const WORDS: &[&str] = &[
        "river", "council", "said", "that", "the", "new", "bridge", "of", "stone", "will", "open",
        "in", "spring", "after", "years", "and", "people", "who", "live", "there", "have",
        "waited", "for", "it", "because", "water",
    ];
    let mut page = String::from(
        "<!doctype html><html lang=en><title>A bridge opens - The Paper</title><body><nav>",
    );
    let mut seed = 1_u64;
    let mut word = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        WORDS[(seed >> 33) as usize % WORDS.len()]
    };
    while page.len() < bytes / 2 {
        let _ = writeln!(
            page,
            "<li class=\"menu-item menu-item-type\"><a href=\"/section/{}/{}\">{} {}</a></li>",
            word(),
            word(),
            word(),
            word()
        );
    }
    page.push_str("</nav><article><h1>A bridge opens</h1>");
    while page.len() < bytes {
        page.push_str("<p>");
        for _ in 0..60 {
            page.push_str(word());
            page.push_str(if word() == "and" { ", " } else { " " });
        }
        page.push_str("</p>\n");
    }
    page.push_str("</article><footer>About us</footer></body></html>");
    page
}
