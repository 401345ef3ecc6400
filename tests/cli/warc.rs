//! Captures as WARC files, out and in again, and files that others wrote.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};

use insta::assert_snapshot;

use crate::support::{Desk, page};
use crate::web::Page;

/// A desk with captures of all kinds: coded, after a redirect, in two versions, cut, and made by hand.
fn desk() -> Desk {
    let desk = Desk::new();
    let long = "<p>Line after line of it.".repeat(200);
    desk.web
        .page(
            "a.test",
            "/coded",
            Page::html(format!("<title>Caf\u{e9} & co</title><img src=/a.png><img src=/moved.png><img src=/gone.png>{long}"))
                .coded("gzip"),
        )
        .page("a.test", "/a.png", Page::bytes("image/png", b"\x89PNG\r\n\x1a\nabc"))
        .page("a.test", "/moved.png", Page::redirect(301, "/a.png"))
        .page(
            "a.test",
            "/moved",
            Page::redirect(302, "https://b.test/here"),
        )
        .page("b.test", "/here", page("what was moved"))
        .page("b.test", "/same", page("what was moved"))
        .page(
            "b.test",
            "/data.json",
            Page::bytes("application/json", r#"{"name":"x"}"#),
        )
        .page("c.test", "/changes", page("before"));
    let sources = [
        "https://a.test/coded",
        "http://a.test/moved",
        "https://b.test/same",
        "https://b.test/data.json",
        "https://c.test/changes",
        "https://wall.test/article",
    ];
    desk.post("posts/a.md", &sources);
    desk.run("run posts").exits(0);
    desk.day(2);
    desk.page("c.test", "/changes", "what came after");
    desk.run("check --all").exits(0);
    desk.file(
        "saved.html",
        "<title>By hand</title><p>Saved by a subscriber.",
    );
    desk.run("capture https://wall.test/article --file saved.html --by Jane --made-at 2026-01-06")
        .exits(0);
    desk
}

fn read(desk: &Desk, name: &str) -> Vec<u8> {
    std::fs::read(desk.path(name)).unwrap()
}

#[test]
fn captures_go_out_and_come_back_as_they_were() {
    let desk = desk();
    assert_snapshot!(desk.run("export warc -o a.warc").exits(0), @"
    exit code 0
    --- stderr
    7 captures in 9 exchanges written to a.warc: 27 records, 34 KB; 7 KB of payload
    ");
    let file = read(&desk, "a.warc");
    desk.run("export warc -o again.warc").exits(0);
    assert!(
        file == read(&desk, "again.warc"),
        "the same captures give the same bytes"
    );

    let captures = desk.number("select count(*) from capture");
    assert_snapshot!(desk.run("import a.warc").exits(0), @"
    exit code 0
    --- stdout
    0 captures brought in from 1 file (27 records), 0 exchanges
    7 captures there already
    ");
    assert_eq!(captures, desk.number("select count(*) from capture"));

    desk.at("2027-01-01T00:00:00Z");
    let done = desk.run("import a.warc --db b.db --format json").exits(0);
    let mut json: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(json["bytes"], file.len());
    json["bytes"] = "[all]".into();
    assert_snapshot!(json, @r#"{"bytes":"[all]","captures":7,"exchanges":9,"files":1,"incomplete":false,"known_captures":0,"left_out":0,"problems":0,"records":27,"unread_files":0}"#);
    desk.run("export warc -o b.warc --db b.db").exits(0);
    assert!(
        file == read(&desk, "b.warc"),
        "export, import, export: the same bytes"
    );
    assert_snapshot!(desk.run("import a.warc --db b.db").exits(0), @"
    exit code 0
    --- stdout
    0 captures brought in from 1 file (27 records), 0 exchanges
    7 captures there already
    ");
    desk.run("verify --db b.db").exits(0);
    desk.run("verify").exits(0);

    desk.run("export warc -o a.warc.gz").exits(0);
    desk.run("import a.warc.gz --db c.db").exits(0);
    desk.run("export warc -o c.warc --db c.db").exits(0);
    assert!(file == read(&desk, "c.warc"), "packed or not");
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(read(&desk, "a.warc.gz").as_slice())
        .read_to_end(&mut unpacked)
        .unwrap();
    assert!(file == unpacked);
}

#[test]
fn what_is_exported_can_be_chosen() {
    let desk = desk();
    for (words, captures) in [
        ("https://c.test/changes", 2),
        ("https://c.test/changes --since 2026-01-06", 1),
        ("--until 2026-01-06", 5),
        ("--since 2026-01-06", 2),
        ("https://a.test/coded http://a.test/moved", 2),
    ] {
        let done = desk
            .run(&format!("export warc {words} -o part.warc --format json"))
            .exits(0);
        let json: serde_json::Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!(json["captures"], captures, "{words}");
    }
    assert_snapshot!(desk.run("export warc https://nowhere.test/ -o x.warc"), @"
    exit code 3
    --- stderr
    error: https://nowhere.test/: no post cites this address

    hint: `sourcekeep report --all` lists all sources
    ");
    assert_snapshot!(desk.run("export warc -o posts"), @"
    exit code 2
    --- stderr
    error: posts: a folder; name a file
    ");
    let piped = desk.run("export warc -o -").exits(0);
    assert!(
        piped.out.starts_with("WARC/1.1\r\nWARC-Type: warcinfo\r\n"),
        "{}",
        piped.out
    );
}

/// A record, as somebody else writes it.
pub(crate) fn record(fields: &str, block: &[u8]) -> Vec<u8> {
    let mut record = format!(
        "WARC/1.0\r\n{fields}\r\nContent-Length: {}\r\n\r\n",
        block.len()
    )
    .into_bytes();
    record.extend_from_slice(block);
    record.extend_from_slice(b"\r\n\r\n");
    record
}

pub(crate) fn response(url: &str, at: &str, head: &str, body: &[u8]) -> Vec<u8> {
    let mut block = format!("HTTP/1.1 {head}\r\n\r\n").into_bytes();
    block.extend_from_slice(body);
    record(
        &format!(
            "WARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: {at}\r\n\
             WARC-Record-ID: <urn:x:{url}>\r\nContent-Type: application/http; msgtype=response"
        ),
        &block,
    )
}

fn crawl() -> Vec<u8> {
    let page = "<title>The  wells &amp; the valley</title><p>The wells of the valley are deeper than the church is high.";
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(page.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let mut chunked = Vec::new();
    for piece in packed.chunks(50) {
        write!(chunked, "{:x}\r\n", piece.len()).unwrap();
        chunked.extend_from_slice(piece);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    let at = "2025-12-20T10:00:00Z";
    [
        record("WARC-Type: warcinfo\r\nWARC-Date: 2025-12-20T10:00:00Z", b"software: x\r\n"),
        record(
            &format!("WARC-Type: request\r\nWARC-Target-URI: http://old.test/wells\r\nWARC-Date: {at}\r\n\
                      WARC-Concurrent-To: <urn:x:http://old.test/wells>\r\nContent-Type: application/http; msgtype=request"),
            b"GET /wells HTTP/1.1\r\nHost: old.test\r\nUser-Agent: crawler\r\n\r\n",
        ),
        response("http://old.test/wells", at, "301 Moved\r\nLocation: //new.test/wells#top", b""),
        response(
            "http://new.test/wells",
            at,
            "200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked",
            &chunked,
        ),
        response("http://new.test/logo.png", at, "200 OK\r\nContent-Type: image/png", b"\x89PNG\r\n\x1a\n"),
        response("http://new.test/gone", at, "404 Not Found\r\nContent-Type: text/html", b"<p>No."),
        response("http://new.test/cited.png", at, "200 OK\r\nContent-Type: image/png", b"\x89PNG\r\n\x1a\nxx"),
        record(
            &format!("WARC-Type: revisit\r\nWARC-Target-URI: http://new.test/wells\r\nWARC-Date: 2025-12-21T10:00:00Z\r\n\
                      WARC-Profile: http://netpreserve.org/warc/1.0/revisit/identical-payload-digest\r\n\
                      WARC-Refers-To-Target-URI: http://new.test/wells\r\nWARC-Refers-To-Date: {at}\r\n\
                      Content-Type: application/http; msgtype=response"),
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n",
        ),
        record(
            &format!("WARC-Type: resource\r\nWARC-Target-URI: http://new.test/notes.txt\r\nWARC-Date: {at}\r\n\
                      Content-Type: text/plain"),
            b"Notes of the crawl",
        ),
    ]
    .concat()
}

/// A ZIP file with these files in it, stored as they are.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in files {
        zip.start_file(*name, stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn web_archives_in_zip_files_become_captures() {
    let desk = Desk::new();
    let at = "2025-12-20T10:00:00Z";
    let html = "200 OK\r\nContent-Type: text/html";
    let page = |url: &str| response(url, at, html, b"<title>Of a collection</title><p>A page.");
    let packed = |bytes: &[u8]| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    };
    // A revisit of what another file of the collection has.
    let revisit = record(
        "WARC-Type: revisit\r\nWARC-Target-URI: http://b.test/again\r\nWARC-Date: 2025-12-21T10:00:00Z\r\n\
         WARC-Profile: http://netpreserve.org/warc/1.0/revisit/identical-payload-digest\r\n\
         WARC-Refers-To-Target-URI: http://a.test/one\r\nWARC-Refers-To-Date: 2025-12-20T10:00:00Z\r\n\
         Content-Type: application/http; msgtype=response",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
    );
    let first = zip(&[
        ("pages/pages.jsonl", b"{}"),
        ("archive/data.warc.gz", &packed(&page("http://a.test/one"))),
    ]);
    let package = br#"{"resources": [{"path": "a.wacz", "hash": "sha256:00"}, {"path": "c.wacz", "hash": "sha256:00"}]}"#;
    let collection = zip(&[
        ("a.wacz", &first),
        ("archive/b.warc", &revisit),
        ("datapackage.json", package),
    ]);
    desk.file("crawls/collection.wacz", &collection);
    desk.file("crawls/cut.wacz", &collection[..collection.len() - 300]);
    assert_snapshot!(desk.run("import crawls").exits(3), @"
    exit code 3
    --- stdout
    2 captures brought in from 2 files (3 records), 2 exchanges
    1 capture there already
    4 problems in the files
    --- stderr
    warning: collection.wacz: archive/b.warc: datapackage.json does not list it
    warning: collection.wacz: c.wacz: datapackage.json lists it, and it is not there
    warning: cut.wacz: damaged: its directory is not there
    warning: cut.wacz: salvaged: byte 221: 624 bytes that are no part of what is compressed
    ");
    assert_snapshot!(desk.rows("select s.address, i.file from capture c join source s on s.id = c.source_id
        join capture_import i on i.capture_id = c.id order by c.id"), @"
    http://a.test/one | collection.wacz/a.wacz/archive/data.warc.gz
    http://b.test/again | collection.wacz/archive/b.warc
    ");
    desk.run("verify").exits(0);
    assert_snapshot!(desk.pipe("import -", "PK\u{3}\u{4}").exits(3), @"
    exit code 3
    --- stdout
    0 captures brought in from 0 files (0 records), 0 exchanges
    1 file could not be read
    --- stderr
    warning: -: a WACZ file cannot be read from standard input; name the file
    ");
}

#[test]
fn a_crawl_of_others_becomes_captures() {
    let desk = Desk::new();
    desk.file(
        "posts/a.md",
        "# A post\n\nAs [the parish says](http://old.test/wells), \u{201c}The wells of the valley are deeper than the church \
         is high.\u{201d} See [its picture](http://new.test/cited.png).\n",
    );
    desk.run("run posts").exits(0);
    desk.web.forget_requests();
    desk.file("crawl.warc", crawl());
    assert_snapshot!(desk.run("import crawl.warc").exits(0), @"
    exit code 0
    --- stdout
    5 captures brought in from 1 file (9 records), 6 exchanges
    ");
    let captures = "select s.address, c.at, c.kind, c.url, c.media_type, c.title, c.size, c.truncated, i.file,
        (select group_concat(e.method || ' ' || e.url || ' ' || e.status || ' ' || r.headers, ', ') from requisite q
         join exchange e on e.id = q.exchange_id join request_headers r on r.id = e.request_headers_id
         where q.manifest_id = c.manifest_id)
        from capture c join source s on s.id = c.source_id join capture_import i on i.capture_id = c.id order by c.id";
    assert_snapshot!(desk.rows(captures), @r#"
    http://new.test/notes.txt | 1766224800000 | import | http://new.test/notes.txt | text/plain | - | 18 | - | crawl.warc | -
    http://old.test/wells | 1766224800000 | import | http://new.test/wells | text/html; charset=utf-8 | The wells & the valley | 104 | - | crawl.warc | GET http://old.test/wells 301 [["user-agent","crawler"]], GET http://new.test/wells 200 []
    http://new.test/wells | 1766224800000 | import | http://new.test/wells | text/html; charset=utf-8 | The wells & the valley | 104 | - | crawl.warc | GET http://new.test/wells 200 []
    http://new.test/cited.png | 1766224800000 | import | http://new.test/cited.png | image/png | - | 10 | - | crawl.warc | GET http://new.test/cited.png 200 []
    http://new.test/wells | 1766311200000 | import | http://new.test/wells | text/html; charset=utf-8 | The wells & the valley | 104 | - | crawl.warc | GET http://new.test/wells 200 []
    "#);
    assert_snapshot!(desk.rows("select url, status, (select size from blob b where b.id = body_id) from exchange
        where not exists (select 1 from requisite q where q.exchange_id = exchange.id) order by id"), @"
    http://new.test/logo.png | 200 | 8
    http://new.test/gone | 404 | 6
    ");
    assert_snapshot!(desk.rows("select address, visits, next_visit_at is null, baseline_id is not null from source order by address"), @"
    http://new.test/cited.png | 1 | 0 | 0
    http://new.test/notes.txt | 0 | 1 | 1
    http://new.test/wells | 0 | 1 | 1
    http://old.test/wells | 1 | 0 | 1
    ");
    assert_snapshot!(desk.rows("select words, state from quotes"), @"The wells of the valley are deeper than the church is high. | verbatim");
    assert_eq!(desk.web.requests().len(), 0, "nothing is fetched");
    let before =
        desk.rows("select count(*) from exchange") + &desk.rows("select count(*) from blob");
    assert_snapshot!(desk.run("import crawl.warc").exits(0), @"
    exit code 0
    --- stdout
    0 captures brought in from 1 file (9 records), 0 exchanges
    5 captures there already
    ");
    let after =
        desk.rows("select count(*) from exchange") + &desk.rows("select count(*) from blob");
    assert_eq!(before, after);
    desk.run("verify").exits(0);
    desk.run("export warc -o a.warc").exits(0);
    desk.run("import a.warc --db b.db").exits(0);
    desk.run("export warc -o b.warc --db b.db").exits(0);
    assert!(read(&desk, "a.warc") == read(&desk, "b.warc"));
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_comes_in() {
    let desk = Desk::new();
    let crawl = crawl();
    let cut = &crawl[..crawl.len() - 12];
    desk.file("in/cut.warc", cut);
    let mut garbled = crawl.clone();
    let at = garbled
        .windows(5)
        .rposition(|five| five == b"WARC/")
        .unwrap();
    garbled.splice(at..at, b"garbage in between\n".iter().copied());
    desk.file("in/garbled.warc", &garbled);
    desk.file("in/page.warc.gz", "<p>This is a page.");
    desk.file("in/readme.txt", "not looked at");
    assert_snapshot!(desk.run("import in nowhere.warc"), @"
    exit code 3
    --- stdout
    4 captures brought in from 3 files (18 records), 6 exchanges
    2 captures there already
    3 problems in the files
    1 file could not be read
    --- stderr
    warning: cut.warc: byte 2396: 8 bytes of it are missing
    warning: garbled.warc: byte 2396: 19 bytes that are no record
    warning: page.warc.gz: byte 0: no record of WARC or ARC in this file
    warning: nowhere.warc: No such file or directory (os error 2)
    ");
    assert_snapshot!(desk.run("import"), @"
    exit code 2
    --- stderr
    error: the following required arguments were not provided:
      <FILE>...

    Usage: sourcekeep import --host-delay <MS> --resolve <HOST=ADDR[:PORT]> --ca-cert <FILE> --now <INSTANT> <FILE>...

    For more information, try '--help'.
    ");
    let done = desk.pipe(
        "import - --db piped.db",
        &String::from_utf8_lossy(&response(
            "http://a.test/",
            "2025",
            "200 OK\r\nContent-Type: text/html",
            b"<p>x",
        )),
    );
    assert_snapshot!(done.exits(0), @"
    exit code 0
    --- stdout
    1 capture brought in from 1 file (1 record), 1 exchange
    ");
}

#[test]
fn an_export_that_was_tampered_with_does_no_harm() {
    let desk = desk();
    desk.run("export warc -o a.warc").exits(0);
    let text = String::from_utf8_lossy(&read(&desk, "a.warc")).into_owned();
    for (name, from, to) in [
        (
            "source",
            r#""source":"https://c.test/changes""#,
            r#""source":"javascript:alert(1)xx"#,
        ),
        ("kind", r#""kind":"visit""#, r#""kind":"other""#),
        (
            "time",
            r#""sealed_at":17"#,
            r#""sealed_at":99999999999999917"#,
        ),
        ("json", r#"{"sourcekeep":1"#, r#"{"sourcekeep":[[[["#),
        ("version", r#"{"sourcekeep":1"#, r#"{"sourcekeep":7"#),
        ("title", r#""title":""#, "\"title\":\"\\n\\u0000\\u001b[31m"),
        ("record", r#""record":"urn:"#, r#""record":"xrn:"#),
        ("digest", r#""sha256":""#, r#""sha256":"00"#),
    ] {
        assert!(text.contains(from), "{name}");
        desk.file("bad.warc", text.replace(from, to));
        let mut db = String::new();
        write!(db, "{name}.db").unwrap();
        let done = desk.run(&format!("import bad.warc --db {db}"));
        assert!(matches!(done.code, Some(0 | 3)), "{name}: {done}");
        desk.run(&format!("verify --db {db}")).exits(0);
        desk.run(&format!("export warc -o x.warc --db {db}"))
            .exits(0);
    }
}
