//! Every kind of real document through the program as its users start it: `links`, `run`, `report`, and the archive's
//! own proof. What is cited is visited at a web on loopback that answers for every host, so that nothing goes outside.
//!
//! The documents are not part of the project; without them one line says that nothing was tried.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read what was written has failed"
)]

mod apart;
mod real;
mod web;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use real::{Ran, corpus, files_below, load, say, sourcekeep};
use serde_json::Value;
use sourcekeep::store::{Mode, Store};
use web::{Page, Web};

/// Addresses that `--resolve` leaves as they are: IP literals, and explicit ports.
const NOT_LED_HERE: &str = r"^https?://(\d+(\.\d+){3}|\[[^\]]*\]|[^/?#]*:\d+)([/?#]|$)";

/// Visits to make for each set; what is not visited is gathered all the same.
const VISITS: &str = "300";

/// A web that answers for every address: most are pages, some are gone, some lead elsewhere, some say no.
fn any_web() -> Web {
    let web = Web::start();
    web.anywhere(|request| {
        if request.path == "/robots.txt" || request.path.starts_with("/gone") {
            return Page::html("<h1>Not Found</h1>").status(404);
        }
        let mut hasher = DefaultHasher::new();
        (&request.host, &request.path).hash(&mut hasher);
        match hasher.finish() % 12 {
            0 => Page::html("<h1>Not Found</h1>").status(404),
            1 => Page::html("<h1>Gone</h1>").status(410),
            2 => Page::redirect(301, "/elsewhere"),
            3 => Page::redirect(302, "/gone"),
            4 => Page::html("<h1>Forbidden</h1>").status(403),
            5 => Page::bytes("application/pdf", "%PDF-1.4 and what follows"),
            6 => Page::html(page(&request.host, &request.path)).coded("gzip"),
            _ => Page::html(page(&request.host, &request.path)).etag("\"1\""),
        }
    });
    web
}

fn page(host: &str, path: &str) -> String {
    let text = "A page says what it has to say, in as many words as it takes. ".repeat(8);
    let path: String = path.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("<title>{path} at {host}</title><h1>{path}</h1><p>{text}</p>")
}

/// Takes one set of documents all the way, and gives the number of its citations.
fn all_the_way(web: &Web, set: &str, folder: &Path) -> usize {
    let place = tempfile::tempdir().unwrap();
    let input = folder.to_str().unwrap();
    let options = ["--exclude", NOT_LED_HERE];
    let cited = links(place.path(), input, &options).ended(0, set);
    let mut posts = BTreeSet::new();
    let count = cited
        .jsonl()
        .map(|link| check_link(&link, &mut posts))
        .count();
    told(set, folder, &cited);

    let resolve = web.resolve();
    let ca_cert = web.ca_path();
    let run = |limit: &str| {
        let mut args = vec!["run", input, "--format", "json", "--limit", limit];
        args.extend([
            "--host-delay",
            "0",
            "--host-concurrency",
            "4",
            "--concurrency",
            "16",
        ]);
        args.extend([
            "--resolve",
            &resolve,
            "--ca-cert",
            ca_cert.to_str().unwrap(),
        ]);
        args.extend(options);
        sourcekeep(place.path(), &args).ended(0, set)
    };
    let ran = run(VISITS);
    assert_eq!(
        ran.warnings().filter(|line| line.contains(input)).count(),
        cited.warnings().count(),
        "{set}: `links` and `run` say the same of what could not be read\n{}\n{}",
        ran.stderr,
        cited.stderr
    );
    let done = ran.json();
    assert_eq!(done["run"]["citations"], count, "{set}: read by the run");
    assert_eq!(done["citations"], count, "{set}: in the archive");
    let sources = done["sources"].as_u64().unwrap();
    let visits: u64 = done["visits"]
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_u64)
        .sum();
    assert_eq!(visits, sources.min(VISITS.parse().unwrap()), "{set}");
    assert_eq!(done["run"]["faults"], 0, "{set}");

    let report = ["report", "--all", "--format", "jsonl"];
    let report = sourcekeep(place.path(), &report).ended(0, set);
    let mut reported = 0;
    for entry in report.jsonl() {
        let is_visited = entry["verdict"].is_string();
        assert_eq!(is_visited, entry["checked_at"].is_string(), "{entry}");
        assert!(!entry["cited_by"].as_array().unwrap().is_empty(), "{entry}");
        reported += 1;
    }
    assert_eq!(
        reported, sources,
        "{set}: each source stands in the report once"
    );

    // Nothing has changed, so nothing is read.
    let again = run("0").json();
    assert_eq!(again["run"]["posts"], 0, "{set}");
    assert_eq!(again["citations"], count, "{set}: in the archive still");

    let store = Store::open(&place.path().join("sourcekeep.db"), Mode::Read, 0).unwrap();
    let verified = store.read("verify", |r| r.verify()).unwrap();
    assert_eq!(verified.problems, Vec::<String>::new(), "{set}");
    assert_eq!(verified.visits, visits, "{set}");
    say(&format!(
        "{set}: {count} citations in {} posts, {sources} sources, {visits} visited, {} kept, {} complaints",
        posts.len(),
        verified.captures,
        cited.warnings().count()
    ));
    count
}

fn links(place: &Path, input: &str, options: &[&str]) -> Ran {
    let mut args = vec!["links", "--format", "jsonl", input];
    args.extend(options);
    sourcekeep(place, &args)
}

/// One line of `links`, by the contract.
fn check_link(link: &Value, posts: &mut BTreeSet<String>) {
    posts.insert(link["post"].as_str().unwrap().to_owned());
    let url = link["url"].as_str().unwrap();
    let parsed = url::Url::parse(url).unwrap();
    assert_eq!(parsed.as_str(), url, "{link}");
    let canonical = url::Url::parse(link["canonical"].as_str().unwrap()).unwrap();
    assert!(matches!(canonical.scheme(), "http" | "https"), "{link}");
    for name in ["kind", "place", "text", "context", "rel"] {
        assert!(link[name].is_string(), "{name}: {link}");
    }
    assert!(
        link["quote"].is_string() || link["quote"].is_null(),
        "{link}"
    );
    assert!(link["line"].as_u64().is_some_and(|line| line > 0), "{link}");
    assert!(
        link["span"][0].as_u64() <= link["span"][1].as_u64(),
        "{link}"
    );
}

/// What could not be read is told with its place.
fn told(set: &str, folder: &Path, ran: &Ran) {
    let folder = folder.to_str().unwrap();
    for line in ran.warnings() {
        assert!(line.starts_with(folder), "{set}: where? {line}");
    }
}

/// Copies a set, what is packed unpacked.
fn unpacked(folder: &Path) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for path in files_below(folder) {
        let mut to = place.path().join(path.strip_prefix(folder).unwrap());
        if to.extension().is_some_and(|extension| extension == "gz") {
            to.set_extension("");
        }
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, load(&path)).unwrap();
    }
    place
}

/// The members of a tar archive, each as a file of its own.
fn untarred(archive: &[u8]) -> tempfile::TempDir {
    const BLOCK: usize = 512;
    let place = tempfile::tempdir().unwrap();
    let (mut at, mut count) = (0, 0);
    while let Some(head) = archive.get(at..at + BLOCK) {
        let digits = head[124..135].iter().filter(|digit| digit.is_ascii_digit());
        let size = digits.fold(0, |size, digit| size * 8 + usize::from(digit - b'0'));
        let from = at + BLOCK;
        if let Some(body) = archive
            .get(from..from + size)
            .filter(|body| !body.is_empty())
        {
            std::fs::write(place.path().join(format!("{count:05}.xml")), body).unwrap();
            count += 1;
        }
        at = from + size.div_ceil(BLOCK) * BLOCK;
    }
    place
}

#[test]
fn markdown() {
    let Some(corpus) = corpus() else { return };
    let web = any_web();
    let sets = [
        "blog-18f",
        "blog-digitalgov",
        "blog-rust",
        "awesome",
        "awesome2",
    ];
    for set in sets {
        let count = all_the_way(&web, set, &corpus.join(set));
        assert!(count > 100, "{set}: {count}");
    }
}

/// Without any network, nothing that the documents cite is struck, whatever the system says of the names.
#[test]
fn without_a_network() {
    let Some(corpus) = corpus() else { return };
    if !apart::apart("without_a_network", "true") {
        return;
    }
    for set in [
        "blog-18f",
        "blog-digitalgov",
        "blog-rust",
        "awesome",
        "awesome2",
    ] {
        let place = tempfile::tempdir().unwrap();
        let folder = corpus.join(set);
        let args = ["run", folder.to_str().unwrap(), "--format", "json"];
        let done = sourcekeep(place.path(), &args).ended(5, set).json();
        assert_eq!(done["suspect"], true, "{set}");
        assert!(done["sources"].as_u64().unwrap() > 100, "{set}");
        let report = ["report", "--all", "--format", "jsonl"];
        let report = sourcekeep(place.path(), &report).ended(0, set);
        for entry in report.jsonl() {
            assert_eq!(
                (&entry["standing"], &entry["strikes"]),
                (&"new".into(), &0.into()),
                "{entry}"
            );
        }
    }
}

/// The same where every name leads to where nobody listens.
#[test]
fn where_nobody_listens() {
    let Some(corpus) = corpus() else { return };
    let place = tempfile::tempdir().unwrap();
    let folder = corpus.join("blog-digitalgov");
    let mut args = vec!["run", folder.to_str().unwrap(), "--format", "json"];
    args.extend([
        "--limit",
        "300",
        "--host-delay",
        "0",
        "--resolve",
        "*=127.0.0.1:1",
    ]);
    args.extend(["--exclude", NOT_LED_HERE]);
    let done = sourcekeep(place.path(), &args).ended(5, "nobody").json();
    assert_eq!(done["doubt"], "nothing-answers");
    let report = ["report", "--all", "--format", "jsonl"];
    for entry in sourcekeep(place.path(), &report).ended(0, "nobody").jsonl() {
        assert_eq!(entry["strikes"], 0, "{entry}");
    }
}

#[test]
fn pages() {
    let Some(corpus) = corpus() else { return };
    let web = any_web();
    for set in [
        "articles-aeb",
        "articles-goose3",
        "articles-postlight",
        "articles-readability",
        "articles-trafilatura",
        "drift-html",
    ] {
        let folder = unpacked(&corpus.join(set));
        let count = all_the_way(&web, set, folder.path());
        assert!(count > 100, "{set}: {count}");
    }
}

#[test]
fn feeds_exports_and_oddities() {
    let Some(corpus) = corpus() else { return };
    let web = any_web();
    for set in [
        "feeds",
        "charset",
        "wxr",
        "wikitext",
        "deadpages",
        "drift-text",
    ] {
        let folder = unpacked(&corpus.join(set));
        all_the_way(&web, set, folder.path());
    }
    let odd = untarred(&load(&corpus.join("feedparser/suite.tar.gz")));
    assert!(files_below(odd.path()).len() > 1000);
    all_the_way(&web, "feedparser", odd.path());
}

#[test]
fn lists_of_feeds_lead_to_feeds() {
    let Some(corpus) = corpus() else { return };
    let web = any_web();
    let folder = unpacked(&corpus.join("opml"));
    let place = tempfile::tempdir().unwrap();
    let resolve = web.resolve();
    let ca_cert = web.ca_path();
    let mut args = vec!["run", folder.path().to_str().unwrap(), "--limit", "0"];
    args.extend([
        "--format",
        "json",
        "--host-delay",
        "0",
        "--resolve",
        &resolve,
    ]);
    args.extend(["--ca-cert", ca_cert.to_str().unwrap()]);
    // None of the addresses is a feed on this web, which is told of each; the lists themselves are read.
    let ran = sourcekeep(place.path(), &args).ended(3, "opml");
    assert!(!ran.stderr.contains("names http"), "{}", ran.stderr);
    assert!(ran.json()["run"]["inputs"].as_u64().unwrap() > 400);
}

#[test]
fn the_post_this_began_with() {
    let Some(corpus) = corpus() else { return };
    let web = any_web();
    assert_eq!(all_the_way(&web, "seed", &corpus.join("seed")), 2);
    let place = tempfile::tempdir().unwrap();
    let post: PathBuf = files_below(&corpus.join("seed")).remove(0);
    let cited = links(place.path(), post.to_str().unwrap(), &[]).ended(0, "seed");
    let cited: Vec<Value> = cited.jsonl().collect();
    let urls: Vec<&str> = cited
        .iter()
        .filter_map(|link| link["url"].as_str())
        .collect();
    let [video, newspaper] = urls.as_slice() else {
        panic!("two links: {urls:?}")
    };
    assert_eq!(*video, "http://www.youtube.com/watch?v=FqJPYlu8qls");
    assert!(
        newspaper.starts_with("http://www.pakistantoday.com.pk/"),
        "{newspaper}"
    );
}

#[test]
fn what_is_no_document_is_told() {
    let Some(corpus) = corpus() else { return };
    let place = tempfile::tempdir().unwrap();
    // Packed pages in a folder are read like others.
    let folder = corpus.join("articles-readability");
    let packed = links(place.path(), folder.to_str().unwrap(), &[]).ended(0, "packed pages");
    let plain = unpacked(&folder);
    let plain = links(place.path(), plain.path().to_str().unwrap(), &[]).ended(0, "plain pages");
    assert!(packed.jsonl().count() > 1000);
    assert_eq!(packed.jsonl().count(), plain.jsonl().count());
    // A packed archive of files is none.
    let archive = corpus.join("feedparser/suite.tar.gz");
    let seed = corpus.join("seed");
    for command in ["links", "run"] {
        let mut args = vec![command, archive.to_str().unwrap(), seed.to_str().unwrap()];
        if command == "run" {
            args.extend(["--limit", "0"]);
        }
        let ran = sourcekeep(place.path(), &args).ended(3, command);
        let told: Vec<&str> = ran.warnings().collect();
        assert!(
            told.len() == 1 && told[0].starts_with(archive.to_str().unwrap()),
            "{command}: {told:?}"
        );
    }
}
