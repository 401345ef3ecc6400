//! What is kept of one source, as its page offers it: how it looked, how it answered, its bytes, the data that it offers.

use crate::serving::Serving;
use crate::source_pages::bridge;
use crate::support::Desk;
use crate::web::Page;

/// A picture of a page, as PNG: lines of grey on white.
fn png() -> Vec<u8> {
    use std::io::Write as _;
    const WIDTH: u32 = 640;
    const HEIGHT: u32 = 480;
    let mut rows = Vec::new();
    for y in 0..HEIGHT {
        rows.push(0);
        rows.extend((0..WIDTH).map(|x| match (y / 12 % 2, y < 60) {
            (_, true) => 0x40,
            (1, _) if x > 40 && x < 600 - y % 7 * 20 => 0xb0,
            _ => 0xff,
        }));
    }
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&rows).unwrap();
    let packed = packed.finish().unwrap();
    let mut header = Vec::new();
    header.extend(WIDTH.to_be_bytes());
    header.extend(HEIGHT.to_be_bytes());
    header.extend([8, 0, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", header), (b"IDAT", packed), (b"IEND", Vec::new())] {
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(&data);
        png.extend((data.len() as u32).to_be_bytes());
        png.extend(kind);
        png.extend(data);
        png.extend(crc.sum().to_be_bytes());
    }
    png
}

/// Puts beside a copy what a browser made of it.
pub(crate) fn rendered(desk: &Desk, capture: i64, screenshot: &[u8], pdf: &[u8]) {
    let archive = desk.archive();
    let put = |bytes: &[u8], n: i64| {
        let sha = format!("{capture:0>16}{n:0>16}");
        archive
            .execute(
                "insert into blob (sha256, size, coding, data) values (?1, ?2, 'plain', ?3)",
                (sha.as_bytes(), bytes.len() as i64, bytes),
            )
            .unwrap();
        archive.last_insert_rowid()
    };
    let (dom, screenshot, pdf) = (put(b"<p>Seen", 1), put(screenshot, 2), put(pdf, 3));
    archive
        .execute(
            "insert into rendering (capture_id, at, browser, outcome, why, stands, dom_id, screenshot_id, pdf_id, width, height, refused)
             values (?1, 1767772800000, 'Chromium \"><script>run()</script>', 'whole', null, 0, ?2, ?3, ?4, 640, 480, '{}')",
            (capture, dom, screenshot, pdf),
        )
        .unwrap();
}

/// The same bridge, with what a browser made of its newest copy.
pub(crate) fn pictured() -> Desk {
    let desk = bridge();
    rendered(&desk, 3, &png(), b"%PDF-1.7 a page");
    desk
}

#[test]
fn what_is_kept_of_a_source_can_be_had_from_its_page() {
    let desk = pictured();
    let data = "<!doctype html><title>Wells</title><p>The wells of the valley, in a table.<a href=/wells.csv>All data (CSV)</a>";
    desk.web.page("data.test", "/", Page::html(data));
    desk.web.page(
        "data.test",
        "/wells.csv",
        Page::bytes("text/csv", "well,depth\na,40\n"),
    );
    desk.post("posts/d.md", &["https://data.test/"]);
    desk.run("run posts").exits(0);
    desk.run("capture https://data.test/ --with-downloads")
        .exits(0);
    let serving = Serving::start(&desk);
    let text = serving.ui("/sources/1").is(200).text();
    for part in [
        "<img src=\"/sources/1/picture?copy=3\" width=\"320\" alt=\"How “Bridge closed for months” looked\"",
        "href=\"/sources/1/pdf?copy=3\"",
        "href=\"/sources/1/text?copy=2\"",
        "href=\"/sources/1/compare?from=1&#38;to=2\"",
        "Needs nothing else to be shown.",
        "<summary>How the visit of 2026-01-07T08:00:00Z was answered</summary>",
        "<th scope=\"row\">content-type</th>",
        "200 · HTTP/",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !text.contains("from=0") && !text.contains("<script>run"),
        "{text}"
    );
    let picture = serving.ui("/sources/1/picture?copy=3").is(200);
    assert_eq!(
        (picture.header("content-type"), picture.bytes == png()),
        ("image/png", true)
    );
    assert!(
        picture
            .header("content-security-policy")
            .starts_with("sandbox"),
        "{}",
        picture.head()
    );
    assert_eq!(
        serving.ui("/sources/1/picture").is(200).bytes,
        picture.bytes
    );
    let pdf = serving.ui("/sources/1/pdf?copy=3").is(200);
    assert_eq!(pdf.header("content-type"), "application/pdf");
    assert!(
        pdf.header("content-disposition").starts_with("attachment"),
        "{}",
        pdf.head()
    );
    // What is stored as bytes is there as bytes.
    let stored = format!(
        "http://{}/web/20260107080000-3id_/https://source.test/page",
        serving.replay
    );
    assert!(text.contains(&stored), "{text}");
    // Data that the page offers.
    let id = desk.number("select id from source where address = 'https://data.test/'");
    let text = serving.ui(&format!("/sources/{id}")).is(200).text();
    let (_, kept) = text.split_once("Kept with it: <a href=\"").unwrap();
    let (address, rest) = kept.split_once('"').unwrap();
    assert!(rest.starts_with(">wells.csv</a> (16 B)"), "{rest}");
    let path = address
        .strip_prefix(&format!("http://{}", serving.replay))
        .unwrap();
    let opened = "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: navigate\r\n";
    assert_eq!(
        serving.replay_with(path, opened).is(200).text(),
        "well,depth\na,40\n"
    );
}

#[test]
fn only_what_is_a_picture_is_shown_as_one() {
    let desk = bridge();
    rendered(
        &desk,
        1,
        b"<!doctype html><script>run()</script>",
        b"<script>run()</script>",
    );
    rendered(&desk, 2, b"RIFF\x10\0\0\0WEBPVP8 ", b"%PDF-1.4");
    rendered(&desk, 3, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"");
    let serving = Serving::start(&desk);
    for path in [
        "/sources/1/picture?copy=1",
        "/sources/1/picture?copy=3",
        "/sources/1/pdf?copy=1",
        "/sources/1/pdf?copy=3",
    ] {
        let said = serving.ui(path).is(404);
        // A page of ours says so, and has nothing of what is kept.
        let text = said.text();
        assert!(text.contains("What is kept is no "), "{path}: {text}");
        assert!(
            !text.contains("run()") && !text.contains("<svg xmlns"),
            "{path}"
        );
    }
    assert_eq!(
        serving
            .ui("/sources/1/picture?copy=2")
            .is(200)
            .header("content-type"),
        "image/webp"
    );
    for (path, status) in [
        ("/sources/1/picture?copy=4", 404),
        ("/sources/1/picture?copy=x", 400),
        ("/sources/2/picture", 404),
        ("/sources/1x/picture", 404),
    ] {
        assert_eq!(serving.ui(path).status, status, "{path}");
    }
    // Pages of others cannot try out what is there.
    let others = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n";
    let said = crate::serving::asked(&serving.ui, "/sources/1/picture?copy=2", others);
    assert_eq!(said.status, 403);
}
