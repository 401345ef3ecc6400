//! PDFs made here: what is found in good ones, and that bad ones end.

use std::fmt::Write as _;
use std::time::Instant;

use super::*;
use crate::gather::testing::{Heard, hear_bytes, rules};
use crate::gather::{Format, Options};

/// A PDF of these objects, of which the first is the catalog; `trailer` stands beside its root.
fn pdf(objects: &[&str], trailer: &str) -> Vec<u8> {
    let mut text = "%PDF-1.4\n".to_owned();
    let mut offsets = Vec::new();
    for (object, number) in objects.iter().zip(1..) {
        offsets.push(text.len());
        write!(text, "{number} 0 obj\n{object}\nendobj\n").unwrap();
    }
    let xref = text.len();
    write!(text, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).unwrap();
    for offset in offsets {
        writeln!(text, "{offset:010} 00000 n ").unwrap();
    }
    let size = objects.len() + 1;
    write!(
        text,
        "trailer\n<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{xref}\n%%EOF\n"
    )
    .unwrap();
    text.into_bytes()
}

fn stream(content: &str) -> String {
    format!(
        "<</Length {}>>\nstream\n{content}\nendstream",
        content.len()
    )
}

/// A PDF of one page with this content and these links.
fn page(content: &str, links: &str) -> Vec<u8> {
    pdf(
        &[
            "<</Type/Catalog/Pages 2 0 R/Lang(en-GB)>>",
            "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            &format!(
                "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>\
                 /Annots[{links}]>>"
            ),
            &stream(content),
            "<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>",
            "<</Title(On <b>sources</b>)/Author(Jane Doe)/CreationDate(D:20120503101500+02'00')>>",
        ],
        "/Info 6 0 R",
    )
}

fn link(rect: &str, address: &str) -> String {
    format!("<</Type/Annot/Subtype/Link/Rect[{rect}]/A<</S/URI/URI({address})>>>>")
}

fn heard(bytes: &[u8]) -> Heard {
    hear_bytes(bytes, Format::Pdf, &rules("{}"))
}

#[test]
fn links_have_the_words_they_lie_on() {
    // Characters are 5 points wide, so that "the page" lies at 70 to 110.
    let content = "BT /F1 10 Tf 50 700 Td (See the page of 1999, he said.) Tj 0 -12 Td (And more.) Tj\n\
                   0 -40 Td [(Bare:) -600 (http://bare.example/x)] TJ 0 -12 Td (next line.) Tj ET";
    let links = link("70 698 110 710", "https://a.example/1")
        + &link("10 10 20 20", "https://picture.example/")
        + &link("0 0 1 1", "mailto:jane@a.example")
        + "<</Type/Annot/Subtype/Link/Rect[0 0 1 1]/Dest[3 0 R/Fit]>>";
    let heard = heard(&page(content, &links));
    assert_eq!(
        heard.urls(),
        [
            "https://a.example/1",
            "http://bare.example/x",
            "https://picture.example/"
        ]
    );
    let [words, bare, picture] = heard.citations.as_slice() else {
        panic!("{:?}", heard.citations)
    };
    assert_eq!(words.text, "the page");
    assert_eq!(words.context, "See the page of 1999, he said.");
    assert_eq!(words.headings, ["Page 1"]);
    assert_eq!(
        (words.line, words.span, words.kind),
        (1, (0, 0), Kind::Anchor)
    );
    assert_eq!(bare.context, "Bare: http://bare.example/x next line.");
    assert_eq!(bare.kind, Kind::Bare);
    assert_eq!((picture.text.as_str(), picture.context.as_str()), ("", ""));
    let post = &heard.posts[0];
    assert_eq!(post.title.as_deref(), Some("On <b>sources</b>"));
    assert_eq!(post.author.as_deref(), Some("Jane Doe"));
    assert_eq!(post.language.as_deref(), Some("en-GB"));
    assert_eq!(post.published_at, Some(1_336_032_900_000));
}

#[test]
fn a_link_over_two_lines_is_one() {
    let content = "BT /F1 10 Tf 50 700 Td (See the long) Tj 0 -12 Td (name of it here.) Tj ET";
    let links = link("70 698 110 710", "https://a.example/1")
        + &link("50 686 100 698", "https://a.example/1");
    let heard = heard(&page(content, &links));
    assert_eq!(heard.urls(), ["https://a.example/1"]);
    assert_eq!(heard.citations[0].text, "the long name of it");
    assert_eq!(heard.citations[0].context, "See the long name of it here.");
}

#[test]
fn pages_are_counted_and_half_addresses_left() {
    let objects: Vec<String> = (0..3)
        .flat_map(|n| {
            [
                format!(
                    "<</Type/Page/Parent 2 0 R/Contents {} 0 R/Resources<</Font<</F1 3 0 R>>>>>>",
                    5 + 2 * n
                ),
                stream(&format!(
                    "BT /F1 10 Tf 50 700 Td (http://p{n}.example/ is one.) Tj 0 -12 Td (http://cut.example/a-) Tj \
                     0 -12 Td (half) Tj ET"
                )),
            ]
        })
        .collect();
    let mut all = vec![
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[4 0 R 6 0 R 8 0 R]/Count 3>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>",
    ];
    all.extend(objects.iter().map(String::as_str));
    let heard = heard(&pdf(&all, ""));
    assert_eq!(
        heard.urls(),
        [
            "http://p0.example/",
            "http://p1.example/",
            "http://p2.example/"
        ]
    );
    let lines: Vec<u32> = heard.citations.iter().map(|one| one.line).collect();
    assert_eq!(lines, [1, 2, 3]);
    assert_eq!(heard.citations[2].headings, ["Page 3"]);
}

#[test]
fn what_was_written_down_is_the_same_post() {
    let bytes = page(
        "BT /F1 10 Tf 50 700 Td (A word.) Tj ET",
        &link("50 690 60 710", "https://a.example/"),
    );
    let mut lines = String::new();
    read_pdf(&bytes, &mut |piece| {
        lines += &serde_json::to_string(&piece).unwrap();
        lines += "\n";
    })
    .unwrap();
    let pieces: Vec<Piece> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(pieces.last(), Some(&Piece::End));
    let document = Document {
        bytes: &bytes,
        media_type: None,
        name: "a.pdf",
        address: None,
        base: None,
        format: Format::Pdf,
    };
    let mut heard = Heard::default();
    let rules = Options::default().compile().unwrap();
    gather_pdf(&document, &pieces, &rules, &mut heard);
    assert_eq!(heard.urls(), ["https://a.example/"]);
    // Pieces that no reader makes do no harm.
    let odd = [
        Piece::Page(u32::MAX),
        Piece::Break,
        Piece::Page(0),
        Piece::Text("x".to_owned()),
    ];
    gather_pdf(&document, &odd, &rules, &mut heard);
}

/// Reads it, for better or worse, and soon.
fn ends(what: &str, bytes: &[u8]) {
    let begun = Instant::now();
    let mut size = 0;
    let result = read_pdf(bytes, &mut |piece| size += format!("{piece:?}").len());
    let took = begun.elapsed().as_secs();
    assert!(
        took < 15 && size < 100 << 20,
        "{what}: {took} s, {size}, {result:?}"
    );
}

#[test]
fn bad_ones_end() {
    ends("nothing", b"");
    ends("a beginning", b"%PDF-1.7\n");
    ends(
        "garbage",
        &[b"%PDF-1.7\n".as_slice(), &[0xFF; 10_000]].concat(),
    );
    let good = page(
        "BT /F1 10 Tf (x) Tj ET",
        &link("0 0 1 1", "https://a.example/"),
    );
    for cut in (0..good.len()).step_by(7) {
        ends("cut", &good[..cut]);
    }
    for at in (0..good.len()).step_by(5) {
        let mut changed = good.clone();
        changed[at] ^= 0x15;
        ends("changed", &changed);
    }
    let loop_of_pages = pdf(
        &[
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Kids[2 0 R 2 0 R 3 0 R]/Count 9999999>>",
            "<</Type/Pages/Kids[2 0 R 3 0 R]/Parent 3 0 R/Count 9999999>>",
        ],
        "/Prev 9/Info 2 0 R",
    );
    ends("a loop of pages", &loop_of_pages);
    let claim = String::from_utf8_lossy(&good).replacen("/Length", "/Length 1073741824/L", 1);
    ends("a stream of a gigabyte that is not there", claim.as_bytes());
    let size = String::from_utf8_lossy(&good).replace("/Size 7", "/Size 2147483647");
    ends(
        "two thousand million objects that are not there",
        size.as_bytes(),
    );
    let quotes = "q ".repeat(200_000);
    ends("states", &page(&quotes, ""));
    let shown = "(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa) Tj ".repeat(20_000);
    ends("much text", &page(&format!("BT /F1 1 Tf {shown}"), ""));
    let links = link("0 0 1 1", "https://a.example/").repeat(30_000);
    ends("many links", &page("BT /F1 1 Tf (x) Tj", &links));
}
