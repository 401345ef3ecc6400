//! How long it takes to make a page that is safe to look at of one that was kept: milliseconds on one core, of several sizes.
//!
//! `cargo bench --bench replay`, and with the corpus at `SOURCEKEEP_CORPUS` or `../shared/corpus` over its largest articles too.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::fmt::Write;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use sourcekeep::capture::requisites::Kind;
use sourcekeep::replay::{Places, page};
use url::Url;

struct Shown;

impl Places for Shown {
    fn holds(&self, _: &Url) -> bool {
        true
    }

    fn requisite(&self, url: &Url, _: Kind) -> String {
        format!("/web/20260105080000im_/{url}")
    }

    fn page(&self, url: &Url) -> String {
        format!("/web/20260105080000mp_/{url}")
    }
}

fn main() {
    println!(
        "{:<60} {:>8} {:>8} {:>12}",
        "page", "KB", "ms", "ms / 500 KB"
    );
    for kilobytes in [50, 500, 5_000] {
        measure("made up", &made_up(kilobytes * 1000));
    }
    let corpus = std::env::var_os("SOURCEKEEP_CORPUS")
        .map_or_else(|| PathBuf::from("../shared/corpus"), PathBuf::from);
    let mut articles: Vec<(u64, PathBuf)> = ["articles-aeb", "articles-trafilatura"]
        .iter()
        .filter_map(|folder| std::fs::read_dir(corpus.join(folder)).ok())
        .flatten()
        .filter_map(|entry| entry.ok())
        .filter_map(|entry| Some((entry.metadata().ok()?.len(), entry.path())))
        .filter(|(_, path)| path.extension().is_some_and(|ending| ending == "gz"))
        .collect();
    articles.sort();
    for (_, path) in articles.iter().rev().take(10) {
        measure(&name(path), &unpacked(path));
    }
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.chars().take(60).collect()
}

fn unpacked(path: &Path) -> String {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).expect("a file");
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut bytes)
        .expect("a page");
    String::from_utf8_lossy(&bytes).into_owned()
}

fn made_up(bytes: usize) -> String {
    let mut page = String::from(
        "<!doctype html><title>Wells</title><link rel=stylesheet href=/s.css><style>p { background: url(w.png) }</style>",
    );
    let mut at = 0;
    while page.len() < bytes {
        let _ = write!(
            page,
            "<div class=\"section s{at}\" onclick=\"x()\"><h2 id=h{at}>Well {at}</h2><p style=\"color:#222\">The wells of the valley \
             are deeper than the church is high, says <a href=\"/well/{at}?a=1&amp;b=2\" target=_blank>the sexton</a>, and older than \
             its oldest stone.<img src=\"/i/{at}.jpg\" srcset=\"/i/{at}.jpg 1x, /i/{at}@2.jpg 2x\" alt=well></p></div>"
        );
        at += 1;
    }
    page
}

/// The best of some rounds: what is measured takes the same time in each, and all else only adds to it.
fn measure(name: &str, html: &str) {
    let url = Url::parse("https://a.example/dir/page").expect("an address");
    let mut best = f64::MAX;
    for _ in 0..15 {
        let start = Instant::now();
        let shown = page(html, &url, &Shown);
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
        assert!(!shown.is_empty());
    }
    let kilobytes = html.len() as f64 / 1e3;
    println!(
        "{name:<60} {kilobytes:>8.0} {best:>8.2} {:>12.2}",
        best * 500.0 / kilobytes
    );
}
