//! Exports, wikis and lists of the corpus, against the answers of independent parsers.
//!
//! Agreement is a ratchet: it may rise, it may not fall. `SOURCEKEEP_SHOW=1` lists every difference. Where the answer key
//! is known to say something else, the reason stands beside the exception.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its key has failed"
)]

mod real;

use std::collections::BTreeSet;
use std::path::Path;

use real::{corpus, files_below, load, say};
use regex::Regex;
use serde_json::Value;
use sourcekeep::gather::{
    Citation, Document, Format, Include, Kind, LeftOut, Note, Options, Place, Post, Rules, Sink,
    detect, gather,
};
use url::Url;

#[derive(Default)]
struct Found {
    posts: Vec<(Post, Vec<Citation>)>,
    open: Vec<Citation>,
    notes: Vec<Note>,
}

impl Sink for Found {
    fn begin(&mut self, _address: &str) {
        assert!(self.open.is_empty());
    }
    fn citation(&mut self, citation: Citation) {
        self.open.push(citation);
    }
    fn left_out(&mut self, _left_out: LeftOut) {}
    fn end(&mut self, post: Post) {
        let citations = std::mem::take(&mut self.open);
        self.posts.push((post, citations));
    }
    fn note(&mut self, note: Note) {
        self.notes.push(note);
    }
}

fn rules() -> Rules {
    let include = Include {
        author: true,
        ..Include::default()
    };
    let options = Options {
        include,
        ..Options::default()
    };
    options.compile().unwrap()
}

/// Reads a file as what it is found to be, or as what the test says.
fn read(bytes: &[u8], name: &str, format: Option<Format>) -> (Format, Found) {
    let format = format.unwrap_or_else(|| detect(bytes, None, name).unwrap());
    let document = Document {
        bytes,
        media_type: None,
        name,
        address: None,
        base: None,
        format,
    };
    let mut found = Found::default();
    gather(&document, &rules(), &mut found).unwrap_or_else(|e| panic!("{name}: {e}"));
    for citation in found.posts.iter().flat_map(|(_, citations)| citations) {
        let (start, end) = citation.span;
        assert!(start < end && end <= bytes.len(), "{name}: {citation:?}");
        let written = String::from_utf8_lossy(&bytes[start..end]);
        assert!(
            !written.contains('\n'),
            "{name}: {written:?} for {}",
            citation.url
        );
    }
    (format, found)
}

fn key_of(corpus: &Path, file: &str) -> Vec<(String, Value)> {
    let bytes = std::fs::read(corpus.join(file)).unwrap();
    match serde_json::from_slice(&bytes).unwrap() {
        Value::Object(key) => key.into_iter().collect(),
        other => panic!("{other}"),
    }
}

/// Through one serialiser, without credentials, which are dropped on purpose.
fn normal(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else {
        return address.to_owned();
    };
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

fn addresses(value: &Value) -> BTreeSet<String> {
    let list = value.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(normal).collect()
}

fn of_kind(citations: &[Citation], wanted: impl Fn(&Citation) -> bool) -> BTreeSet<String> {
    let wanted = citations.iter().filter(|citation| wanted(citation));
    wanted.map(|citation| citation.url.to_string()).collect()
}

/// What both sides have, and what only one has.
#[derive(Default)]
struct Tally {
    expected: usize,
    missed: Vec<String>,
    extra: Vec<String>,
}

impl Tally {
    fn compare(&mut self, name: &str, expected: &BTreeSet<String>, found: &BTreeSet<String>) {
        self.expected += expected.len();
        let of = |one: &String| format!("{name} {one}");
        self.missed.extend(expected.difference(found).map(of));
        self.extra.extend(found.difference(expected).map(of));
    }

    /// Says how it is, and fails where less than this many percent agree.
    fn report(&self, what: &str, least: f64) {
        let (missed, extra) = (self.missed.len(), self.extra.len());
        let all = self.expected + extra;
        let agreement = if all == 0 {
            100.0
        } else {
            100.0 * (self.expected - missed) as f64 / all as f64
        };
        say(&format!(
            "{what}: {agreement:.3} % agree; {} expected, {missed} missed, {extra} extra",
            self.expected
        ));
        let signed = self.missed.iter().map(|one| format!("- {one}"));
        let signed = signed.chain(self.extra.iter().map(|one| format!("+ {one}")));
        let differences: Vec<String> = signed.collect();
        if std::env::var_os("SOURCEKEEP_SHOW").is_some() {
            for one in &differences {
                say(&format!("  {one}"));
            }
        }
        assert!(agreement >= least, "{what}: {differences:#?}");
    }
}

/// Whether an item of the key is a post here: what was published, and attachments that link to something.
fn is_post(item: &Value) -> bool {
    let word = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let is_published = matches!(word("status").as_str(), "publish" | "inherit" | "");
    let links = !addresses(&item["outbound"]).is_empty();
    is_published
        && match word("type").as_str() {
            "attachment" => links,
            "nav_menu_item" | "revision" => false,
            _ => true,
        }
}

#[test]
fn wordpress_exports() {
    let Some(corpus) = corpus() else { return };
    let (mut posts, mut comments, mut authors) =
        (Tally::default(), Tally::default(), Tally::default());
    let (mut items, mut shortcodes) = ((0, 0), (0, 0));
    for (name, key) in key_of(&corpus, "wxr.expected-items.json") {
        let bytes = load(&corpus.join("wxr").join(&name));
        let (format, found) = read(&bytes, &name, None);
        assert_eq!(format, Format::Wxr, "{name}");
        let expected: Vec<&Value> = key["posts"].as_array().unwrap().iter().collect();
        let expected: Vec<&Value> = expected.into_iter().filter(|one| is_post(one)).collect();
        items.0 += expected.len();
        items.1 += found.posts.len();
        for (item, (post, of_item)) in expected.iter().zip(&found.posts) {
            let link = item["link"].as_str().unwrap_or_default();
            if !link.is_empty() {
                assert_eq!(post.address, normal(link), "{name}");
            }
            let at = |place: Place, kind: Kind| {
                of_kind(of_item, |one| one.place == place && one.kind == kind)
            };
            let what = format!("{name} {link}");
            let body = at(Place::Body, Kind::Anchor);
            posts.compare(&what, &addresses(&item["outbound"]), &body);
            let comment = at(Place::Comment, Kind::Anchor);
            comments.compare(&what, &addresses(&item["comment_outbound"]), &comment);
            let author = at(Place::Comment, Kind::Author);
            authors.compare(&what, &addresses(&item["comment_author_urls"]), &author);
            shortcodes.0 += item["shortcodes"].as_array().map_or(0, Vec::len);
            shortcodes.1 += of_item
                .iter()
                .filter(|one| one.kind == Kind::Shortcode)
                .count();
        }
    }
    say(&format!(
        "WXR: {} posts of {} expected, {} shortcodes of {}",
        items.1, items.0, shortcodes.1, shortcodes.0
    ));
    posts.report("WXR posts", 100.0);
    comments.report("WXR comments", 100.0);
    authors.report("WXR commenters", 100.0);
    assert_eq!(items.0, items.1);
    assert_eq!(shortcodes.0, shortcodes.1);
}

#[test]
fn wikitext() {
    let Some(corpus) = corpus() else { return };
    let (mut external, mut cites) = (Tally::default(), Tally::default());
    let (mut dead, mut detected, mut files) = ((0, 0), 0, 0);
    for (name, key) in key_of(&corpus, "wikitext.expected-links.json") {
        let bytes = load(&corpus.join("wikitext").join(&name));
        files += 1;
        detected += usize::from(detect(&bytes, None, &name).unwrap() == Format::Wikitext);
        let (_, found) = read(&bytes, &name, Some(Format::Wikitext));
        let citations = &found.posts[0].1;
        // MediaWiki takes addresses without a scheme; the key's serialiser does not.
        let all = of_kind(citations, |one| !bytes[one.span.0..].starts_with(b"//"));
        external.compare(&name, &addresses(&key["external"]), &all);
        let wanted: BTreeSet<String> = key["cites"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|cite| cite["url"].as_str())
            .map(normal)
            .collect();
        let references = of_kind(citations, |one| one.kind == Kind::Reference);
        let told: BTreeSet<String> = references.intersection(&wanted).cloned().collect();
        cites.compare(&name, &wanted, &told);
        dead.0 += key["dead_link_templates"].as_u64().unwrap() as usize;
        let is_marked = |one: &&Citation| {
            let note = one.details.note.as_deref().unwrap_or_default();
            one.details.marked_dead && note.to_lowercase().starts_with("{{dead")
        };
        dead.1 += citations.iter().filter(is_marked).count();
    }
    say(&format!(
        "wikitext: {detected} of {files} told by their content; {} of {} marks of dead links",
        dead.1, dead.0
    ));
    external.report("wikitext external links", 100.0);
    // One holds a quotation mark, which ends an address for MediaWiki and for the key's other list.
    cites.report("wikitext references", 99.8);
    assert_eq!(dead.0, dead.1);
    assert!(detected >= 43);
}

#[test]
fn lists_of_feeds() {
    let Some(corpus) = corpus() else { return };
    let address = Regex::new(r#"\bxmlUrl="([^"]*)""#).unwrap();
    let mut files = 0;
    for path in files_below(&corpus.join("opml")) {
        if path.extension().is_none_or(|extension| extension != "opml") {
            continue;
        }
        files += 1;
        let name = path.to_string_lossy();
        let bytes = load(&path);
        let (format, found) = read(&bytes, &name, None);
        assert_eq!(format, Format::Opml);
        let text = String::from_utf8_lossy(&bytes);
        let mut expected: Vec<String> = Vec::new();
        for captures in address.captures_iter(&text) {
            let url = normal(&captures[1].replace("&amp;", "&"));
            if !expected.contains(&url) {
                expected.push(url);
            }
        }
        let inputs = found.notes.iter().filter_map(|note| match note {
            Note::Input { address, .. } => Some(address.to_string()),
            _ => None,
        });
        assert_eq!(inputs.collect::<Vec<_>>(), expected, "{name}");
        assert!(found.posts.is_empty(), "{name}");
    }
    say(&format!("OPML: {files} files agree"));
    assert!(files >= 60);
}

#[test]
fn sitemaps() {
    let Some(corpus) = corpus() else { return };
    // The key counts the pictures and recordings of extensions too.
    let extension = Regex::new(r"<(?:image|video|news):loc>").unwrap();
    let mut files = 0;
    for (name, key) in key_of(&corpus, "feeds.expected-entries.json") {
        if key["kind"] != "sitemap" {
            continue;
        }
        files += 1;
        let bytes = load(&corpus.join("feeds").join(&name));
        let (format, found) = read(&bytes, &name, None);
        assert_eq!(format, Format::Sitemap, "{name}");
        let posts: BTreeSet<String> = found
            .notes
            .iter()
            .filter_map(|note| match note {
                Note::Post { address, .. } | Note::Sitemap(address) => Some(address.to_string()),
                _ => None,
            })
            .collect();
        let told = found
            .notes
            .iter()
            .filter(|note| matches!(note, Note::Post { .. } | Note::Sitemap(_)))
            .count();
        let text = String::from_utf8_lossy(&bytes);
        let others = extension.find_iter(&text).count();
        let expected = key["locs"].as_u64().unwrap() as usize;
        assert_eq!(told, expected - others, "{name}");
        let first = &key["first"][0];
        assert!(posts.contains(&normal(first.as_str().unwrap())), "{name}");
    }
    say(&format!("sitemaps: {files} files agree"));
    assert!(files >= 1);
}

/// Whatever is cut short, mangled or read as what it is not: nothing panics, and every span lies in the document.
#[test]
fn nothing_panics() {
    let Some(corpus) = corpus() else { return };
    let formats = [
        Format::Wikitext,
        Format::Wxr,
        Format::Opml,
        Format::Bookmarks,
        Format::Csv,
        Format::Sitemap,
    ];
    let mut read = 0;
    for set in ["wikitext", "wxr", "opml"] {
        for (number, path) in files_below(&corpus.join(set)).iter().enumerate() {
            let mut bytes = load(path);
            // Another place in each file, and never the same byte.
            bytes.truncate(30_000.min(bytes.len() * (number % 7 + 1) / 8));
            for at in (number..bytes.len()).step_by(997) {
                bytes[at] = b"<>[]{}|=\"'\n\xFF&;/"[at % 15];
            }
            for format in formats {
                let document = Document {
                    bytes: &bytes,
                    media_type: None,
                    name: "document",
                    address: None,
                    base: None,
                    format,
                };
                let mut found = Found::default();
                let _ = gather(&document, &rules(), &mut found);
                for citation in found.posts.iter().flat_map(|(_, citations)| citations) {
                    let (start, end) = citation.span;
                    assert!(start <= end && end <= bytes.len(), "{citation:?}");
                }
                read += 1;
            }
        }
    }
    assert!(read > 700);
}
