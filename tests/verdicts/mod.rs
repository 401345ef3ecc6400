//! Real pages as visits: read from the real documents, dressed anew, and judged through the library.

pub(crate) mod dress;
mod notices;

use std::path::Path;

use serde_json::Value;
use sourcekeep::address::site;
use sourcekeep::charset;
use sourcekeep::fetch::{BodyFacts, Facts, Hop, Way};
use sourcekeep::judge::{Around, Case, Features, Rules, Verdict, features, judge};
use url::Url;

pub(crate) use notices::{ABOUT, API, NOTICES};

use crate::real::{files_below, load};

/// One page, and the answer that it came in.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// Which it is, for whoever reads the list of those that were judged wrongly.
    pub(crate) name: String,
    pub(crate) body: String,
    pub(crate) media_type: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    /// The address it came from.
    pub(crate) url: Url,
    pub(crate) features: Features,
}

impl Page {
    /// A page that answers 200 at an address.
    pub(crate) fn new(name: &str, body: String, media_type: &str, url: &Url) -> Self {
        let features = features(&body, Some(media_type), url, Rules::built_in());
        Self {
            name: name.to_owned(),
            body,
            media_type: media_type.to_owned(),
            status: 200,
            headers: Vec::new(),
            url: url.clone(),
            features,
        }
    }

    pub(crate) fn html(name: &str, body: String, url: &Url) -> Self {
        Self::new(name, body, "text/html; charset=utf-8", url)
    }

    /// A file of the real documents at a made-up address, or at the one that it names as its own.
    pub(crate) fn load(path: &Path, media_type: Option<&str>, url: Option<&Url>) -> Self {
        let bytes = load(path);
        let name = path.strip_prefix(path.ancestors().nth(2).expect("two folders"));
        let name = name.expect("its own folder").display().to_string();
        let name = name.replace("/source.html.gz", "");
        let made_up = address_of(&name);
        let text = charset::decode(&bytes, media_type).text.into_owned();
        let media_type = media_type.unwrap_or("text/html");
        let mut page = Self::new(&name, text, media_type, url.unwrap_or(&made_up));
        if url.is_none()
            && let Some(own) = own_address(&page.features)
        {
            page.url = own;
        }
        page
    }

    /// The same page with another status.
    pub(crate) fn with_status(&self, status: u16) -> Self {
        Self {
            status,
            ..self.clone()
        }
    }

    /// The same page at another address.
    pub(crate) fn at(&self, url: &Url) -> Self {
        let mut page = Self::new(&self.name, self.body.clone(), &self.media_type, url);
        page.headers.clone_from(&self.headers);
        page.status = self.status;
        page
    }

    /// What a visit to it sees.
    pub(crate) fn facts(&self) -> Facts {
        let mut headers = self.headers.clone();
        headers.push(("content-type".to_owned(), self.media_type.clone()));
        headers.sort();
        let digest = format!("{:064x}", fnv(&self.body));
        Facts {
            way: Way::Plain,
            vantage: None,
            hops: vec![Hop {
                url: self.url.to_string(),
                status: self.status,
                protocol: "HTTP/1.1".to_owned(),
                headers,
                certificate: None,
            }],
            failure: None,
            body: Some(BodyFacts {
                sha256: digest.clone(),
                size: self.body.len() as u64,
                served_sha256: digest,
                served_sha1: String::new(),
                served_size: self.body.len() as u64,
                truncated: None,
            }),
            robots: None,
            rendered: None,
        }
    }

    /// What is said of a visit to it, at the address from which it came.
    pub(crate) fn judged(&self, baseline: Option<&Features>) -> Verdict {
        self.judged_with(baseline, &Around::default())
    }

    pub(crate) fn judged_with(&self, baseline: Option<&Features>, around: &Around) -> Verdict {
        let facts = self.facts();
        let mut case = Case::new(&self.url, &facts);
        case.features = Some(&self.features);
        case.baseline = baseline;
        case.around = around;
        judge(&case)
    }
}

/// FNV-1a: a number that is the same in every run.
pub(crate) fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// An address of its own for a page, as a paper or a blog might have.
pub(crate) fn address_of(name: &str) -> Url {
    let n = fnv(name);
    let words = [
        "harbour", "winter", "library", "signal", "orchard", "bridge", "letter", "market",
    ];
    let word = |at: u32| words[(n >> at) as usize % words.len()];
    let (year, month) = (2008 + n % 15, 1 + (n >> 8) % 12);
    let address = format!(
        "https://www.{}-{}.example/{year}/{month:02}/{}-{}-{}-{}",
        word(16),
        n % 1000,
        word(24),
        word(32),
        word(40),
        word(48),
    );
    Url::parse(&address).expect("an address")
}

/// The address that a page names as its own, if that is one of a page.
fn own_address(features: &Features) -> Option<Url> {
    let url = Url::parse(features.canonical.as_deref()?).ok()?;
    let host = url.host_str()?;
    (url.path().len() > 1 && site(host).contains('.')).then_some(url)
}

/// Every article of the real documents, as a page that answers 200.
pub(crate) fn articles(corpus: &Path) -> Vec<Page> {
    let mut paths = Vec::new();
    for set in ["readability", "trafilatura", "aeb", "postlight", "goose3"] {
        for path in files_below(&corpus.join(format!("articles-{set}"))) {
            let name = path.to_string_lossy();
            let is_page = name.ends_with(".html") || name.ends_with(".html.gz");
            if is_page && !name.ends_with("expected.html") {
                paths.push(path);
            }
        }
    }
    in_parallel(&paths, |path| Page::load(path, None, None))
}

/// Does something with each, on as many threads as there are processors.
pub(crate) fn in_parallel<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = all.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let running: Vec<_> = all
            .chunks(share)
            .map(|part| scope.spawn(|| part.iter().map(&work).collect::<Vec<_>>()))
            .collect();
        let results = running
            .into_iter()
            .map(|thread| thread.join().expect("no panic"));
        results.flatten().collect()
    })
}

/// The answers in a HAR file: status, headers, content.
pub(crate) fn answers_in(path: &Path) -> Vec<Page> {
    let har: Value = serde_json::from_slice(&load(path)).expect("JSON");
    let entries = har["log"]["entries"].as_array().expect("entries");
    let answer = |entry: &Value| {
        let response = &entry["response"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let headers: Vec<(String, String)> = response["headers"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|header| {
                let name = text(&header["name"]).to_ascii_lowercase();
                (name, text(&header["value"]))
            })
            .filter(|(name, _)| name != "content-type")
            .collect();
        let url = Url::parse(entry["request"]["url"].as_str()?).ok()?;
        let content = &response["content"];
        let mut page = Page::new(
            &path.file_name()?.to_string_lossy(),
            text(&content["text"]),
            content["mimeType"].as_str().unwrap_or("text/html"),
            &url,
        );
        page.status = response["status"].as_u64()? as u16;
        page.headers = headers;
        Some(page)
    };
    entries.iter().filter_map(answer).collect()
}
