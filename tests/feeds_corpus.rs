//! Feeds of the corpus, against what independent parsers say of them.
//!
//! The documents are not part of the project; without them one line says that nothing was compared. Agreement is a
//! ratchet: it may rise, it may not fall. `SOURCEKEEP_SHOW=1` lists every difference, and what is taken for an excerpt.

mod real;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use quick_xml::Reader;
use quick_xml::events::Event;
use real::{corpus, load, say};
use serde_json::Value;
use sourcekeep::charset;
use sourcekeep::gather::{
    Citation, Document, Format, Kind, LeftOut, Note, Options, Post, Sink, gather,
};
use url::Url;

#[derive(Default)]
struct Found {
    posts: Vec<(Post, Vec<Citation>)>,
    open: Vec<Citation>,
}

impl Sink for Found {
    fn begin(&mut self, _address: &str) {}
    fn citation(&mut self, citation: Citation) {
        self.open.push(citation);
    }
    fn left_out(&mut self, _left_out: LeftOut) {}
    fn end(&mut self, post: Post) {
        let citations = std::mem::take(&mut self.open);
        self.posts.push((post, citations));
    }
    fn note(&mut self, _note: Note) {}
}

fn read(bytes: &[u8], name: &str) -> Found {
    let mut found = Found::default();
    let rules = Options::default()
        .compile()
        .expect("no rules are valid rules");
    let document = Document {
        bytes,
        media_type: None,
        name,
        address: None,
        base: None,
        format: Format::Feed,
    };
    // What is no feed is an error, and no concern here.
    let _ = gather(&document, &rules, &mut found);
    found
}

/// The files of a tar archive, by name.
fn members(archive: &[u8]) -> BTreeMap<String, &[u8]> {
    let mut members = BTreeMap::new();
    let mut at = 0;
    while at + 512 <= archive.len() {
        let header = &archive[at..at + 512];
        let digits = header[124..135]
            .iter()
            .filter(|digit| digit.is_ascii_digit());
        let size = digits.fold(0, |size, digit| size * 8 + usize::from(digit - b'0'));
        let name = header[..100]
            .split(|byte| *byte == 0)
            .next()
            .unwrap_or_default();
        if size > 0 && header[156] == b'0' {
            let name = String::from_utf8_lossy(name).into_owned();
            members.insert(
                name,
                &archive[at + 512..(at + 512 + size).min(archive.len())],
            );
        }
        at += 512 + size.div_ceil(512) * 512;
    }
    members
}

/// How many entries a strict reader of XML sees, or `None` where the document is no well-formed feed.
fn entries(text: &str) -> Option<usize> {
    let mut reader = Reader::from_str(text);
    let (mut entries, mut depth, mut entry_at) = (0, 0, None);
    let mut is_feed = false;
    loop {
        let event = reader.read_event().ok()?;
        let (name, opens) = match &event {
            Event::Start(start) => (start.name(), true),
            Event::Empty(start) => (start.name(), false),
            Event::End(_) => {
                depth -= 1;
                if entry_at == Some(depth) {
                    entry_at = None;
                }
                continue;
            }
            Event::Eof if depth > 0 => return None,
            Event::Eof => return is_feed.then_some(entries),
            _ => continue,
        };
        let name = name.as_ref().to_lowercase();
        let local = name.rsplit(':').next().unwrap_or(&name);
        is_feed |= depth == 0 && matches!(local, "rss" | "rdf" | "feed" | "channel");
        if entry_at.is_none() && matches!(local, "item" | "entry") {
            entries += 1;
            entry_at = opens.then_some(depth);
        }
        depth += i32::from(opens);
    }
}

#[test]
fn feedparsers_own_files() {
    let Some(corpus) = corpus() else { return };
    let archive = load(&corpus.join("feedparser/suite.tar.gz"));
    let members = members(&archive);
    let (mut well_formed, mut right, mut dated, mut right_dates) = (0, 0, 0, 0);
    for (name, bytes) in &members {
        let before = Instant::now();
        let found = read(bytes, name);
        assert!(before.elapsed() < Duration::from_secs(5), "{name}");
        if Path::new(name).extension().is_none_or(|one| one != "xml") {
            continue;
        }
        let Some(expected) = entries(&charset::decode(bytes, None).text) else {
            continue;
        };
        well_formed += 1;
        if found.posts.len() == expected {
            right += 1;
        } else {
            show(&format!(
                "{name}: {} of {expected} entries",
                found.posts.len()
            ));
        }
        for (expected, (post, _)) in dates(&members, name).iter().zip(&found.posts) {
            dated += 1;
            let is_right = [post.published_at, post.modified_at].contains(&Some(*expected));
            right_dates += i32::from(is_right);
            if !is_right {
                show(&format!("{name}: {post:?}"));
            }
        }
    }
    say(&format!(
        "feedparser's files: {} read; {right} of {well_formed} well-formed ones with as many entries; {right_dates} of {dated} dates",
        members.len()
    ));
    assert!(well_formed >= 1000 && right == well_formed);
    assert!(right_dates == dated);
}

/// The dates that a test of gofeed's expects of a feed's entries, in milliseconds.
fn dates(members: &BTreeMap<String, &[u8]>, name: &str) -> Vec<i64> {
    let key = name.replace(".xml", ".json");
    let key = members
        .get(&key)
        .map(|key| serde_json::from_slice::<Value>(key));
    let Some(Ok(key)) = key else {
        return Vec::new();
    };
    let items = key["items"].as_array().or(key["entries"].as_array());
    let names = ["publishedParsed", "pubDateParsed", "updatedParsed"];
    let first = |item: &Value| {
        names
            .iter()
            .find_map(|name| item[name].as_str().map(str::to_owned))
    };
    let dates = items.into_iter().flatten().filter_map(first);
    let dates = dates.filter_map(|date| date.parse::<jiff::Timestamp>().ok());
    dates.map(|date| date.as_millisecond()).collect()
}

fn show(line: &str) {
    if std::env::var_os("SOURCEKEEP_SHOW").is_some() {
        say(&format!("  {line}"));
    }
}

#[test]
fn feeds_of_the_world() {
    let Some(corpus) = corpus() else { return };
    let key = load(&corpus.join("feeds.expected-entries.json"));
    let key: BTreeMap<String, Value> = serde_json::from_slice(&key).expect("a key in JSON");
    let (mut feeds, mut right, mut links, mut right_links) = (0, 0, 0, 0);
    for (name, expected) in &key {
        let entries = expected["entries"].as_u64();
        let Some(entries) = entries.filter(|_| expected["kind"] != "unknown") else {
            continue;
        };
        let bytes = load(&corpus.join("feeds").join(name));
        let found = read(&bytes, name);
        feeds += 1;
        right += u64::from(found.posts.len() as u64 == entries);
        let excerpts = found
            .posts
            .iter()
            .filter(|(post, _)| post.is_excerpt)
            .count();
        show(&format!(
            "{name}: {} of {entries} entries, {excerpts} excerpts",
            found.posts.len()
        ));
        let items = expected["items"].as_array().into_iter().flatten();
        for (item, (post, citations)) in items.zip(&found.posts) {
            let Some(link) = item["link"].as_str().and_then(|link| Url::parse(link).ok()) else {
                continue;
            };
            links += 1;
            let known = citations.iter().filter(|one| one.kind == Kind::Reference);
            let mut known = known
                .map(|one| one.url.as_str())
                .chain([post.address.as_str()]);
            // A proxy that counted readers stood before the post; the feed names the post too, and that is taken.
            let original = format!("rigLink>{}<", post.address.replace('&', "&amp;"));
            let is_right = known.any(|one| one == link.as_str())
                || String::from_utf8_lossy(&bytes).contains(&original);
            right_links += i32::from(is_right);
            if !is_right {
                show(&format!("{name}: {} is not {link}", post.address));
            }
        }
    }
    say(&format!(
        "feeds: {right} of {feeds} with as many entries; {right_links} of {links} entry links"
    ));
    assert!(feeds >= 100 && right == feeds);
    assert!(links >= 200 && right_links == links);
}
