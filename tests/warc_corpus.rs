//! Real WARC and ARC files, read and held to what another reader found in them.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read what was written has failed"
)]

mod real;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

use real::{corpus, say};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sourcekeep::fetch::undo;
use sourcekeep::warc::{Check, Head, Reader, Visit, date, visit_zip};

/// More than any record of the corpus unfolds to.
const MOST: u64 = 256 << 20;

/// A record as it was read.
#[derive(Debug)]
struct Seen {
    kind: String,
    uri: Option<String>,
    date: Option<i64>,
    status: Option<u16>,
    media_type: Option<String>,
    sha256: String,
    /// The payload with its content coding: the other reader undoes some that are none.
    served_sha256: String,
    /// The worse of both.
    digest: Option<Check>,
    is_chunked: bool,
}

/// Where the other reader says something else, and why.
const KNOWN: &[(&str, usize, &str)] = &[
    // A status that is none: 0.
    ("openzim+warc2zim__http-return-codes.warc.gz", 19, "status"),
    // It fills an instant without seconds with 59, and one that is none with whatever makes it one.
    (
        "internetarchive+CDX-Writer__arc_v1_with_v2_header.arc.gz",
        0,
        "date",
    ),
    (
        "internetarchive+CDX-Writer__arc_v1_with_v2_header.arc.gz",
        1,
        "date",
    ),
    (
        "internetarchive+CDX-Writer__hex_instead_of_date.arc.gz",
        1,
        "date",
    ),
    (
        "netarchivesuite+jwat__test-arc-1.0-invalid-fields.arc",
        0,
        "date",
    ),
    // It has no media type for what holds no HTTP; the header line has one.
    (
        "internetarchive+CDX-Writer__negative_content_length.arc.gz",
        2,
        "media type",
    ),
    // It takes the media type of the block where the head of HTTP breaks off.
    ("oduwsdl+ipwb__broken.warc", 5, "media type"),
    // It takes garbage for records of ARC.
    ("oduwsdl+ipwb__broken.warc", 6, "missing"),
    ("oduwsdl+ipwb__broken.warc", 7, "missing"),
    ("netarchivesuite+jwat__invalid-entries.gz", 0, "missing"),
    (
        "netarchivesuite+jwat__invalid-warcfile-fields-empty.warc",
        1,
        "missing",
    ),
    // Without a length, it takes everything that follows; we look for the next record.
    (
        "netarchivesuite+jwat__invalid-warcfile-lonely-continuation.warc",
        0,
        "body",
    ),
    (
        "netarchivesuite+jwat__invalid-warcfile-lonely-monkeys.warc",
        0,
        "body",
    ),
    (
        "netarchivesuite+jwat__invalid-warcfile-lonely-warcinfo-metadata.warc",
        0,
        "body",
    ),
    (
        "netarchivesuite+jwat__invalid-warcfile-lonely-warcinfo-metadata.warc",
        1,
        "more",
    ),
    // It takes the IP address for a part of the address.
    (
        "internetarchive+CDX-Writer__alexa_charset_in_header.arc.gz",
        1,
        "address, date",
    ),
    // The digest of a continuation is that of all its segments.
    (
        "netarchivesuite+jwat__valid-warcfile-fields-continuation.warc",
        0,
        "digest",
    ),
    // It failed to undo brotli.
    (
        "ukwa+webarchive-discovery__transfer_compression_brotli.warc",
        2,
        "body",
    ),
    (
        "ukwa+webarchive-discovery__transfer_compression_brotli.warc.gz",
        2,
        "body",
    ),
];

fn is_known(name: &str, at: usize, what: &str) -> bool {
    KNOWN.contains(&(name, at, what))
}

/// Indexes of archives; the other reader takes their lines for records of ARC.
fn is_no_archive(name: &str) -> bool {
    [".cdx", ".cdxj", ".idx", ".loc", ".lz4"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

fn hex(bytes: &[u8]) -> String {
    sourcekeep::store::hex(bytes)
}

/// What is in a file.
#[derive(Default)]
struct Held {
    seen: Vec<Seen>,
    problems: Vec<String>,
}

impl Visit for Held {
    type Error = std::convert::Infallible;

    fn archive(&mut self, _: &str, file: &mut dyn Read) -> Result<(), Self::Error> {
        let (seen, problems) = records(file);
        self.seen.extend(seen);
        self.problems.extend(problems);
        Ok(())
    }

    fn problem(&mut self, what: String, _: bool) {
        self.problems.push(what);
    }
}

fn read(path: &Path) -> (Vec<Seen>, Vec<String>) {
    let mut file = std::fs::File::open(path).unwrap();
    if !is_wacz(path) {
        return records(file);
    }
    let mut held = Held::default();
    let Ok(()) = visit_zip(&mut file, &mut held);
    (held.seen, held.problems)
}

fn is_wacz(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("wacz"))
}

fn records(file: impl Read) -> (Vec<Seen>, Vec<String>) {
    let mut reader = Reader::new(file);
    let (mut seen, mut problems) = (Vec::new(), Vec::new());
    while let Some(record) = reader.next_record().unwrap() {
        let mut body = Vec::new();
        let end = reader
            .payload(|piece| body.extend_from_slice(piece))
            .unwrap();
        assert_eq!(end.size, body.len() as u64);
        let told = reader.take_problems();
        let checks = [end.block, end.payload];
        let is = |check| checks.contains(&Some(check)).then_some(check);
        let digest = is(Check::Different)
            .or(is(Check::Unknown))
            .or(is(Check::Same));
        problems.extend(told.iter().map(ToString::to_string));
        let served_sha256 = hex(&end.sha256);
        if let Some(head) = &record.http
            && record.kind != "request"
            && let Some(undone) = undo(head.headers.all("content-encoding"), &body, MOST)
        {
            body = undone.body;
        }
        seen.push(Seen {
            uri: record.uri().map(str::to_owned),
            date: record.date(),
            status: record.http.as_ref().and_then(Head::status),
            media_type: record.media_type().map(str::to_owned),
            kind: record.kind,
            sha256: hex(&Sha256::digest(&body)),
            served_sha256,
            digest,
            is_chunked: record.http.as_ref().is_some_and(Head::is_chunked),
        });
    }
    problems.extend(reader.take_problems().iter().map(ToString::to_string));
    (seen, problems)
}

/// How a record differs from what the other reader found.
fn differs(seen: &Seen, expected: &Value) -> Option<String> {
    let text = |at: usize| {
        expected[at]
            .as_str()
            .map(str::trim)
            .filter(|text| !text.is_empty())
    };
    let kind = text(0).unwrap_or_default().to_lowercase();
    // It writes spaces as in addresses.
    let uri = seen.uri.as_ref().map(|uri| uri.replace(' ', "%20"));
    let same_uri = uri.as_deref() == text(1)
        || uri.as_deref() == text(1).map(|uri| uri.trim_start_matches("%20"));
    let same_date = text(2).and_then(date) == seen.date;
    let status = text(3).and_then(|status| status.parse().ok());
    let same_status = seen.status == status;
    let same_type = seen.kind == "request"
        || seen
            .media_type
            .as_deref()
            .map(str::trim)
            .filter(|one| !one.is_empty())
            == text(4);
    let same_body = text(6).is_some_and(|sha| sha == seen.sha256 || sha == seen.served_sha256);
    // Many writers draw the digest before the chunks are put together, which is no harm; one that is written in no way
    // that is known is not compared.
    let same_digest = match &expected[5] {
        Value::Bool(true) => seen.digest != Some(Check::Different),
        Value::Bool(false) => seen.digest != Some(Check::Same) || seen.is_chunked,
        _ => true,
    };
    let wrong: Vec<&str> = [
        (kind == seen.kind, "type"),
        (same_uri, "address"),
        (same_date, "date"),
        (same_status, "status"),
        (same_type, "media type"),
        (same_body, "body"),
        (same_digest, "digest"),
    ]
    .into_iter()
    .filter_map(|(same, what)| (!same).then_some(what))
    .collect();
    (!wrong.is_empty()).then(|| wrong.join(", "))
}

fn index(corpus: &Path, set: &str) -> BTreeMap<String, Value> {
    let file = real::load(&corpus.join(format!("{set}.expected-index.json.gz")));
    serde_json::from_slice(&file).unwrap()
}

/// Holds a file to the index: gives how many records are as it says, and what is wrong.
fn compare(folder: &Path, name: &str, expected: &Value) -> (usize, Vec<String>) {
    let records = expected["records"].as_array().unwrap();
    let (seen, problems) = read(&folder.join(name));
    let (mut right, mut wrong) = (0, Vec::new());
    for (at, record) in records.iter().enumerate() {
        let differs = match seen.get(at) {
            Some(seen) => differs(seen, record),
            None => Some("missing".to_owned()),
        };
        match differs {
            Some(what) if !is_known(name, at, &what) => {
                wrong.push(format!(
                    "{name} {at}: {what}: {record}, not {:?}",
                    seen.get(at)
                ));
            }
            _ => right += 1,
        }
    }
    // What the other reader stopped at is told, or read.
    let stopped = !expected["stopped"].is_null();
    if stopped && problems.is_empty() && seen.len() <= records.len() {
        wrong.push(format!("{name}: nothing told of {}", expected["stopped"]));
    }
    if !stopped && seen.len() > records.len() && !is_known(name, records.len(), "more") {
        wrong.push(format!(
            "{name}: {} records, not {}",
            seen.len(),
            records.len()
        ));
    }
    (right, wrong)
}

fn try_all(set: &str) -> Option<usize> {
    let corpus = corpus()?;
    let (mut right, mut files, mut wrong) = (0, 0, Vec::new());
    for (name, expected) in index(&corpus, set) {
        let folder = corpus.join(set);
        if is_no_archive(&name) {
            let (seen, problems) = read(&folder.join(&name));
            assert!(
                seen.is_empty() && !problems.is_empty(),
                "{name}: {problems:?}"
            );
            continue;
        }
        let (good, bad) = compare(&folder, &name, &expected);
        right += good;
        files += 1;
        wrong.extend(bad);
    }
    say(&format!(
        "{set}: {right} records of {files} files are as another reader found them"
    ));
    assert!(wrong.is_empty(), "{wrong:#?}");
    Some(right)
}

#[test]
fn crawls_are_read_as_another_reader_reads_them() {
    if let Some(right) = try_all("warc-crawls") {
        assert_eq!(right, 1_839);
    }
}

#[test]
fn odd_files_give_what_can_be_read_and_the_rest_is_told() {
    if let Some(right) = try_all("warc-edge") {
        assert_eq!(right, 521);
    }
}

/// What a record is held to that becomes a capture: address, instant, digest of the body.
type Document = (String, i64, String);

/// The documents that an index has.
fn documents(index: &Value) -> BTreeSet<Document> {
    const DOCUMENTS: &[&str] = &[
        "text/html",
        "application/pdf",
        "text/plain",
        "application/json",
        "text/xml",
    ];
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let is_document = |record: &&Value| {
        let essence = record[4]
            .as_str()
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default();
        let is_fine = matches!(record[3].as_str(), Some("200" | "201" | "202" | "203"));
        record[0] == "response"
            && is_fine
            && DOCUMENTS.contains(&essence.trim().to_lowercase().as_str())
            && record[6] != EMPTY
    };
    let records = index["records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(is_document);
    let document = records.filter_map(|record| {
        let url = sourcekeep::address::parse(record[1].as_str()?, None).ok()?;
        let is_aside = ["/robots.txt", "/favicon.ico"].contains(&url.path());
        let at = date(record[2].as_str()?)?;
        (!is_aside).then(|| Some((url.to_string(), at, record[6].as_str()?.to_owned())))?
    });
    document.collect()
}

/// Captures of an archive that is made of one file; that the import ended as it should.
fn imported(path: &Path) -> BTreeSet<Document> {
    let place = tempfile::tempdir().unwrap();
    let ran = real::sourcekeep(place.path(), &["import", path.to_str().unwrap()]);
    assert!(
        matches!(ran.code, Some(0 | 3)),
        "{}: {}",
        path.display(),
        ran.stderr
    );
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    let archive = rusqlite::Connection::open(place.path().join("sourcekeep.db")).unwrap();
    let mut query = archive
        .prepare("select c.url, c.at, lower(hex(b.sha256)) from capture c join blob b on b.id = c.body_id")
        .unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn the_documents_of_crawls_become_captures() {
    let Some(corpus) = corpus() else { return };
    let (mut right, mut missing, mut more) = (0, Vec::new(), Vec::new());
    for (name, expected) in index(&corpus, "warc-crawls") {
        let captures = imported(&corpus.join("warc-crawls").join(&name));
        let documents = documents(&expected);
        right += documents.intersection(&captures).count();
        missing.extend(
            documents
                .difference(&captures)
                .map(|one| format!("{name}: {one:?}")),
        );
        more.extend(
            captures
                .difference(&documents)
                .map(|one| format!("{name}: {one:?}")),
        );
    }
    say(&format!(
        "warc-crawls: {right} documents became captures, {} did not; {} more captures",
        missing.len(),
        more.len()
    ));
    // What was posted to an address is no document of it.
    let was_posted = |one: &&String| {
        one.contains("/cdn-cgi/challenge-platform/") || one.contains("/guest/activate.json")
    };
    let missing: Vec<_> = missing.iter().filter(|one| !was_posted(one)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(right >= 197 && more.len() <= 1, "{more:#?}");
}

#[test]
fn odd_files_can_be_imported() {
    let Some(corpus) = corpus() else { return };
    let mut captures = 0;
    for path in real::files_below(&corpus.join("warc-edge")) {
        captures += imported(&path).len();
    }
    say(&format!("warc-edge: {captures} captures"));
    assert!(captures >= 1);
}
