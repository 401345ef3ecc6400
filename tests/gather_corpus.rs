//! Gathering over real documents, against the answers of independent parsers.
//!
//! The documents are not part of the project: they are looked for at `SOURCEKEEP_CORPUS`, or in `../shared/corpus`, and
//! without them one line says that nothing was compared. Agreement is a ratchet: it may rise, it may not fall.
//! `SOURCEKEEP_SHOW=1` lists every difference.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its key has failed"
)]

use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use sourcekeep::address::same_site;
use sourcekeep::gather::{
    Citation, Document, Format, Include, Kind, LeftOut, Note, Options, Place, Post, Reason, Rules,
    Sink, detect, gather,
};
use url::Url;

#[derive(Default)]
struct Found {
    posts: Vec<(Post, Vec<Citation>)>,
    left_out: Vec<LeftOut>,
    open: Vec<Citation>,
}

impl Sink for Found {
    fn begin(&mut self, _address: &str) {
        assert!(self.open.is_empty());
    }
    fn citation(&mut self, citation: Citation) {
        self.open.push(citation);
    }
    fn left_out(&mut self, left_out: LeftOut) {
        self.left_out.push(left_out);
    }
    fn end(&mut self, post: Post) {
        let citations = std::mem::take(&mut self.open);
        self.posts.push((post, citations));
    }
    fn note(&mut self, _note: Note) {}
}

impl Found {
    fn citations(&self) -> impl Iterator<Item = &Citation> {
        self.posts.iter().flat_map(|(_, citations)| citations)
    }

    /// The answer keys know no share buttons.
    fn shared(&self) -> impl Iterator<Item = String> {
        let shared = self
            .left_out
            .iter()
            .filter(|one| one.reason == Reason::Share);
        shared.map(|one| normal(&one.address))
    }
}

fn say(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("SOURCEKEEP_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    if folder.join("seed").is_dir() {
        return Some(folder);
    }
    say("skipped: no corpus at SOURCEKEEP_CORPUS or ../shared/corpus");
    None
}

fn load(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut plain = Vec::new();
        // What is cut short is read as far as it goes.
        let _ = flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain);
        return plain;
    }
    bytes
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn key_of(corpus: &Path, set: &str) -> Vec<(String, Value)> {
    match json(&corpus.join(format!("{set}.expected-links.json"))) {
        Value::Object(key) => key.into_iter().filter(|(_, one)| !one.is_null()).collect(),
        _ => Vec::new(),
    }
}

fn everything() -> Rules {
    let include = Include {
        navigation: true,
        footer: true,
        aside: true,
        author: true,
        internal: false,
    };
    Options {
        include,
        ..Options::default()
    }
    .compile()
    .unwrap()
}

fn read(bytes: &[u8], name: &str, format: Format, address: Option<&Url>, rules: &Rules) -> Found {
    let mut found = Found::default();
    let document = Document {
        bytes,
        media_type: None,
        name,
        address,
        base: None,
        format,
    };
    // What is no feed is an error, and no concern here.
    let _ = gather(&document, rules, &mut found);
    for citation in found.citations() {
        assert!(
            citation.span.0 <= citation.span.1 && citation.span.1 <= bytes.len(),
            "{name}: {citation:?}"
        );
        assert!(
            citation.line >= 1 && citation.context.len() <= 1000,
            "{name}: {citation:?}"
        );
    }
    found
}

/// Runs the work over the items on all cores.
fn on_all_cores<T: Sync>(items: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(item);
                }
            });
        }
    });
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn addresses(value: &Value) -> BTreeSet<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(normal)
        .collect()
}

/// Both sides through one serialiser, without credentials, which are dropped on purpose, and cut, because what was left
/// out is listed cut.
fn normal(address: &str) -> String {
    let mut text = address.to_owned();
    if let Ok(mut url) = Url::parse(address) {
        let _ = url.set_username("");
        let _ = url.set_password(None);
        text = url.to_string();
    }
    text.truncate(200);
    text
}

/// Where the answer key and we differ and the answer key is not right: file, beginning of the address, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "Project-Goals-2025-October-Update.md",
        "https://",
        "lists of addresses in a block of HTML, which the key does not look at",
    ),
    (
        "Project-Goals-2025-November-Update.md",
        "https://",
        "lists of addresses in a block of HTML, which the key does not look at",
    ),
    (
        "gccrs-an-alternative-compiler-for-rust.md",
        "https://gcc.gnu.org/bugzilla/buglist.cgi?bug_status=",
        "written with Markdown's escapes (\\_), which are no part of the address",
    ),
    (
        "2013-04-29-usability-testing-gov-apis-best.md",
        "http://www.agency.gov/developer",
        "written without a scheme; what begins with www. counts here",
    ),
    (
        "2014-04-10-department-of-treasurys-helpwithmybank-gov-goes-responsive.md",
        "http://apps.usa.gov/",
        "a Markdown link in a block of HTML, where it is text that shows the address",
    ),
    (
        "2014-11-04-a-picture-is-worth-a-thousand-tokens-part-ii.md",
        "http://localhost:9200/",
        "text in a block of HTML, which the key does not look at",
    ),
    (
        "2014-12-03-the-api-briefing-test-your-json-reading-skills-with-the-peace-corps-countries-and-regions-api.md",
        "http://www.peacecorps.gov/api/v1/geography/countries/belize",
        "a dash ends the address; the key takes it and the word behind it",
    ),
    (
        "2016-04-05-additional-data-options-with-dap.md",
        "https://dap.digitalgov.gov/Universal-Federated-Analytics-Min.js?agency=DHS",
        "the address goes through marks of emphasis; the key takes the marks as well",
    ),
    (
        "2016-09-01-emma-friendly-presence-and-innovative-uscis-resource-available-247.md",
        "http://www.uscis.gov/Espa",
        "written without a scheme; what begins with www. counts here",
    ),
    (
        "2016-11-30-curate-the-best-thinking-available.md",
        "https://",
        "text in a block of HTML (an example that is not marked as code), which the key does not look at",
    ),
    (
        "2017-05-04-dhs-study-on-mobile-device-security.md",
        "https://www.dhs.gov/modules/file/icons/application-pdf.png",
        "text in a block of HTML, which the key does not look at",
    ),
    (
        "2023-04-20-the-art-of-storytelling-in-a-hybrid-world.md",
        "https://hbr.org/2017/04/",
        "a footnote in a block of HTML, which the key does not look at",
    ),
    (
        "2023-04-20-the-art-of-storytelling-in-a-hybrid-world.md",
        "https://www.psychologytoday.com/",
        "a footnote in a block of HTML, which the key does not look at",
    ),
];

fn is_exception(name: &str, address: &str) -> bool {
    EXCEPTIONS
        .iter()
        .any(|(file, start, _)| name.ends_with(file) && address.starts_with(start))
}

#[derive(Default)]
struct Tally {
    expected: usize,
    missed: usize,
    extra: usize,
    /// How many of these are not ours to correct.
    excepted: usize,
    examples: Vec<String>,
}

impl Tally {
    fn compare(&mut self, name: &str, expected: &BTreeSet<String>, found: &BTreeSet<String>) {
        self.expected += expected.len();
        let missed = expected.difference(found).map(|missed| (missed, '-'));
        let extra = found.difference(expected).map(|extra| (extra, '+'));
        for (address, sign) in missed.chain(extra) {
            if sign == '-' {
                self.missed += 1;
            } else {
                self.extra += 1;
            }
            if is_exception(name, address) {
                self.excepted += 1;
                self.examples.push(format!("({sign}) {name} {address}"));
            } else {
                self.examples.insert(0, format!("{sign} {name} {address}"));
            }
        }
    }

    /// How much of what either side has both have, in percent.
    fn agreement(&self) -> f64 {
        percent(
            self.expected - self.missed.min(self.expected),
            self.expected + self.extra,
        )
    }

    fn report(&self, what: &str, least: f64) {
        let (agreement, expected, missed, extra) =
            (self.agreement(), self.expected, self.missed, self.extra);
        let excepted = self.excepted;
        say(&format!(
            "{what}: {agreement:.3} % agree; {expected} expected, {missed} missed, {extra} extra; exceptions: {excepted}"
        ));
        if std::env::var_os("SOURCEKEEP_SHOW").is_some() {
            self.examples
                .iter()
                .for_each(|example| say(&format!("  {example}")));
        }
        let some: Vec<_> = self.examples.iter().take(20).collect();
        assert!(agreement >= least, "{what}: less than {least} %: {some:#?}");
        assert_eq!(missed + extra, excepted, "{what}: {some:#?}");
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 100.0;
    }
    100.0 * f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap())
}

/// The addresses that the answer key took pages to have, where they come from beside the page.
fn dataset_addresses(corpus: &Path, set: &str) -> HashMap<String, String> {
    let folder = corpus.join(set);
    let mut addresses = HashMap::new();
    let (file, suffix) = match set {
        "articles-trafilatura" => ("evaldata.json", ""),
        "articles-postlight" => ("expected.json", ""),
        "articles-aeb" => ("ground-truth.json", ".html"),
        "articles-goose3" => {
            for path in files_below(&folder)
                .iter()
                .filter(|path| path.extension().is_some_and(|one| one == "json"))
            {
                let stem = path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                if let Some(url) = json(path).get("url").and_then(Value::as_str) {
                    addresses.insert(format!("{stem}.html"), url.to_owned());
                }
            }
            return addresses;
        }
        _ => return addresses,
    };
    for (name, value) in json(&folder.join(file)).as_object().into_iter().flatten() {
        if let Some(url) = value.get("url").and_then(Value::as_str) {
            addresses.insert(format!("{name}{suffix}"), url.to_owned());
        }
    }
    addresses
}

fn page(corpus: &Path, set: &str, name: &str) -> Vec<u8> {
    let path = corpus.join(set).join(name);
    if path.exists() {
        load(&path)
    } else {
        load(&corpus.join(set).join(format!("{name}.gz")))
    }
}

fn compare_html(set: &str, least: f64) {
    let Some(corpus) = corpus() else { return };
    let rules = everything();
    let own = dataset_addresses(&corpus, set);
    let tally = Mutex::new(Tally::default());
    on_all_cores(&key_of(&corpus, set), |(name, expected)| {
        let address = own
            .get(name)
            .and_then(|address| sourcekeep::address::parse(address.trim(), None).ok());
        let found = read(
            &page(&corpus, set, name),
            name,
            Format::Html,
            address.as_ref(),
            &rules,
        );
        let links = found
            .citations()
            .filter(|one| matches!(one.kind, Kind::Anchor | Kind::Area | Kind::Author));
        let mut links: BTreeSet<String> = links.map(|one| normal(one.url.as_str())).collect();
        links.extend(found.shared());
        let expected = addresses(&expected["outbound"]);
        let mut tally = tally.lock().unwrap();
        tally.compare(&format!("{set}/{name}"), &expected, &links);
    });
    tally.into_inner().unwrap().report(set, least);
}

#[test]
fn html_of_news_pages() {
    compare_html("articles-aeb", 100.0);
    compare_html("articles-goose3", 100.0);
    compare_html("articles-postlight", 100.0);
}

#[test]
fn html_of_many_languages() {
    compare_html("articles-readability", 100.0);
    compare_html("articles-trafilatura", 100.0);
}

fn compare_markdown(set: &str, least: f64, least_bare: f64) {
    let Some(corpus) = corpus() else { return };
    let rules = everything();
    let tally = Mutex::new((Tally::default(), Tally::default(), 0, 0));
    on_all_cores(&key_of(&corpus, set), |(name, expected)| {
        let own = expected["own"]
            .as_str()
            .and_then(|own| Url::parse(&format!("https://{own}/")).ok());
        let found = read(
            &load(&corpus.join(set).join(name)),
            name,
            Format::Markdown,
            None,
            &rules,
        );
        let of = |kind: Kind| -> BTreeSet<String> {
            let outside =
                |one: &&Citation| own.as_ref().is_none_or(|own| !same_site(own, &one.url));
            let wanted = found
                .citations()
                .filter(|one| one.kind == kind)
                .filter(outside);
            wanted.map(|one| normal(one.url.as_str())).collect()
        };
        let mut anchors = of(Kind::Anchor);
        anchors.extend(found.shared());
        let outbound = addresses(&expected["outbound"]);
        // To the answer key the address in a shortcode is a bare one.
        let mut bare = of(Kind::Bare);
        bare.extend(
            of(Kind::Shortcode)
                .intersection(&addresses(&expected["bare"]))
                .cloned(),
        );
        let bare: BTreeSet<String> = bare.difference(&anchors).cloned().collect();
        let codes = found
            .citations()
            .filter(|one| one.kind == Kind::Shortcode)
            .count();
        let name = format!("{set}/{name}");
        let mut tally = tally.lock().unwrap();
        tally.0.compare(&name, &outbound, &anchors);
        tally.1.compare(&name, &addresses(&expected["bare"]), &bare);
        tally.2 += expected["shortcodes"].as_array().map_or(0, Vec::len);
        tally.3 += codes;
    });
    let (anchors, bare, expected_codes, codes) = tally.into_inner().unwrap();
    anchors.report(set, least);
    bare.report(&format!("{set}, bare"), least_bare);
    say(&format!("{set}: {codes} of {expected_codes} shortcodes"));
}

#[test]
fn markdown_of_blogs() {
    compare_markdown("blog-18f", 100.0, 100.0);
    compare_markdown("blog-digitalgov", 99.9, 52.0);
    compare_markdown("blog-rust", 99.9, 35.0);
}

#[test]
fn markdown_of_link_lists() {
    compare_markdown("awesome", 100.0, 100.0);
    compare_markdown("awesome2", 100.0, 100.0);
}

#[test]
fn the_body_is_told_from_its_surroundings() {
    let Some(corpus) = corpus() else { return };
    let set = "articles-readability";
    let rules = everything();
    let counts = Mutex::new((0, 0, 0, Vec::new()));
    on_all_cores(&key_of(&corpus, set), |(name, expected)| {
        let found = read(&page(&corpus, set, name), name, Format::Html, None, &rules);
        let wanted = addresses(&expected["body_outbound"]);
        let links = found.citations().filter(|one| match one.kind {
            Kind::Anchor | Kind::Area | Kind::Author => true,
            Kind::Embed => wanted.contains(&normal(one.url.as_str())),
            _ => false,
        });
        let (body, other): (Vec<_>, Vec<_>) = links.partition(|one| one.place == Place::Body);
        let body: BTreeSet<String> = body.iter().map(|one| normal(one.url.as_str())).collect();
        let mut counts = counts.lock().unwrap();
        counts.0 += wanted.len();
        counts.1 += wanted.intersection(&body).count();
        counts.2 += body.len();
        let lost = other.iter().filter(|one| {
            wanted.contains(&normal(one.url.as_str())) && !body.contains(&normal(one.url.as_str()))
        });
        counts
            .3
            .extend(lost.map(|one| format!("- {name}:{} {} {}", one.line, one.place, one.url)));
        counts.3.extend(
            body.difference(&wanted)
                .map(|one| format!("+ {name} {one}")),
        );
    });
    let (wanted, right, placed, mut differences) = counts.into_inner().unwrap();
    differences.sort();
    let (share, precision) = (percent(right, wanted), percent(right, placed));
    say(&format!(
        "{set}: {share:.1} % of {wanted} placed in the body, precision {precision:.1} % of {placed}"
    ));
    if std::env::var_os("SOURCEKEEP_SHOW").is_some() {
        for one in &differences {
            say(&format!("  {one}"));
        }
    }
    assert!(share >= 99.7 && precision >= 95.9);
}

#[test]
fn feeds_agree_with_an_independent_parser() {
    let Some(corpus) = corpus() else { return };
    let include = Include {
        internal: true,
        ..Include::default()
    };
    let rules = Options {
        include,
        ..Options::default()
    }
    .compile()
    .unwrap();
    let (mut feeds, mut right, mut links) = (0, 0, Tally::default());
    let (mut entry_links, mut right_links) = (0, 0);
    let key = json(&corpus.join("feeds.expected-entries.json"));
    for (name, expected) in key.as_object().unwrap() {
        let Some(entries) = expected["entries"]
            .as_u64()
            .filter(|_| expected["kind"] != "unknown")
        else {
            continue;
        };
        feeds += 1;
        let found = read(
            &load(&corpus.join("feeds").join(name)),
            name,
            Format::Feed,
            None,
            &rules,
        );
        if found.posts.len() as u64 != entries {
            links.examples.push(format!(
                "! {name}: {} of {entries} entries",
                found.posts.len()
            ));
            continue;
        }
        right += 1;
        for (item, (post, citations)) in expected["items"]
            .as_array()
            .into_iter()
            .flatten()
            .zip(&found.posts)
        {
            if let Some(link) = item["link"].as_str().filter(|link| link.contains("://")) {
                let mut known = citations
                    .iter()
                    .filter(|one| one.kind == Kind::Reference)
                    .map(|one| one.url.as_str());
                let is_right = normal(&post.address) == normal(link)
                    || known.any(|one| normal(one) == normal(link));
                entry_links += 1;
                right_links += usize::from(is_right);
                if !is_right {
                    links
                        .examples
                        .push(format!("! {name}: {} is not {link}", post.address));
                }
            }
            let wanted = addresses(&item["links_in_content"]);
            let anchors = citations.iter().filter(|one| one.kind == Kind::Anchor);
            let anchors: BTreeSet<String> = anchors
                .map(|one| normal(one.url.as_str()))
                .chain(found.shared())
                .collect();
            // The answer key does not resolve relative addresses, so that only what is missing can be told.
            links.compare(
                name,
                &wanted,
                &anchors.intersection(&wanted).cloned().collect(),
            );
        }
    }
    say(&format!(
        "feeds: {right} of {feeds} with as many entries; {right_links} of {entry_links} entry links"
    ));
    links.report("feeds, links in content", 100.0);
    assert!(percent(right, feeds) >= 99.0);
}

#[test]
fn nothing_panics() {
    let Some(corpus) = corpus() else { return };
    let mut paths = Vec::new();
    for set in [
        "feeds",
        "charset",
        "url-suites",
        "opml",
        "wxr",
        "wikitext",
        "drift-html",
        "deadpages",
        "seed",
    ] {
        paths.extend(files_below(&corpus.join(set)));
    }
    let rules = Rules::default();
    on_all_cores(&paths, |path| {
        let bytes = load(path);
        let name = path.to_string_lossy();
        let formats = match detect(&bytes, None, &name) {
            Ok(format) if bytes.len() > 300_000 => vec![format],
            _ => Format::ALL.to_vec(),
        };
        for format in formats {
            read(&bytes, &name, format, None, &rules);
        }
    });
    let archive = load(&corpus.join("feedparser/suite.tar.gz"));
    let (mut at, mut members) = (0, Vec::new());
    while at + 512 <= archive.len() {
        let digits = archive[at + 124..at + 135]
            .iter()
            .filter(|digit| digit.is_ascii_digit());
        let size = digits.fold(0, |size, digit| size * 8 + usize::from(digit - b'0'));
        members.push(&archive[at + 512..(at + 512 + size).min(archive.len())]);
        at += 512 + size.div_ceil(512) * 512;
    }
    on_all_cores(&members, |bytes| {
        read(bytes, "feedparser", Format::Feed, None, &rules);
    });
    say(&format!(
        "{} files in every format and {} odd feeds went through",
        paths.len(),
        members.len()
    ));
}

#[test]
fn the_post_this_began_with() {
    let Some(corpus) = corpus() else { return };
    let path = files_below(&corpus.join("seed")).remove(0);
    let (bytes, name) = (load(&path), path.to_string_lossy());
    assert_eq!(detect(&bytes, None, &name), Ok(Format::Text));
    let found = read(&bytes, &name, Format::Text, None, &Rules::default());
    let citations: Vec<&Citation> = found.citations().collect();
    let [video, newspaper] = citations.as_slice() else {
        panic!("two citations: {citations:#?}")
    };
    assert_eq!((video.kind, video.place), (Kind::Shortcode, Place::Body));
    assert_eq!(
        video.url.as_str(),
        "http://www.youtube.com/watch?v=FqJPYlu8qls"
    );
    assert_eq!(
        (newspaper.kind, newspaper.place),
        (Kind::Bare, Place::Comment)
    );
    assert!(
        newspaper
            .context
            .starts_with("Link: http://www.pakistantoday.com.pk/"),
        "{newspaper:?}"
    );
    let quote = newspaper.quote.as_ref().expect("the passage is found");
    assert!(
        quote.text.starts_with("As media reports pour in"),
        "{quote:?}"
    );
    let parts = sourcekeep::gather::quote_parts(&quote.text);
    assert_eq!(parts.len(), 2, "it leaves something out: {parts:?}");
    assert!(parts[1].starts_with("Even before a final decision"));
    for citation in citations {
        assert_eq!(
            &bytes[citation.span.0..citation.span.1],
            citation.url.as_str().as_bytes()
        );
    }
}
