use std::io::{Cursor, Read, Write};

use insta::assert_snapshot;
use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

/// What a visit saw, line by line.
#[derive(Default)]
struct Seen(Vec<String>);

impl Visit for Seen {
    type Error = std::convert::Infallible;

    fn archive(&mut self, name: &str, file: &mut dyn Read) -> Result<(), Self::Error> {
        let mut bytes = Vec::new();
        let end = match file.read_to_end(&mut bytes) {
            Ok(_) => String::new(),
            Err(error) => format!(", {error}"),
        };
        let begins = String::from_utf8_lossy(&bytes[..bytes.len().min(8)]).into_owned();
        let line = format!("{name}: {} bytes, {begins:?}{end}", bytes.len());
        self.0.push(line);
        Ok(())
    }

    fn problem(&mut self, what: String, is_lost: bool) {
        let word = if is_lost { "lost" } else { "problem" };
        self.0.push(format!("{word}: {what}"));
    }
}

fn seen(zip: &[u8]) -> String {
    let mut seen = Seen::default();
    let Ok(()) = visit_zip(&mut Cursor::new(zip), &mut seen);
    seen.0.join("\n")
}

const STORED: CompressionMethod = CompressionMethod::Stored;
const DEFLATED: CompressionMethod = CompressionMethod::Deflated;

fn zip(entries: &[(&str, CompressionMethod, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, method, bytes) in entries {
        let options = SimpleFileOptions::default().compression_method(*method);
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", crate::store::hex(&crate::store::sha256(bytes)))
}

#[test]
fn web_archives_are_visited_in_the_order_of_their_names() {
    let file = zip(&[
        ("archive/b.warc", DEFLATED, b"of b"),
        ("archive/a.warc.gz", STORED, b"of a"),
        ("pages/pages.jsonl", DEFLATED, b"{}"),
        ("archive/c.ARC", STORED, b"of c"),
        ("../../etc/d.warc", STORED, b"of d"),
        ("__MACOSX/archive/._a.warc.gz", STORED, b"of a system"),
        ("archive/._a.warc.gz", STORED, b"of a system"),
        ("archive/a.cdx.gz", STORED, b"an index"),
    ]);
    assert_snapshot!(seen(&file), @r#"
    etc/d.warc: 4 bytes, "of d"
    archive/a.warc.gz: 4 bytes, "of a"
    archive/b.warc: 4 bytes, "of b"
    archive/c.ARC: 4 bytes, "of c"
    "#);
    assert!(is_zip(&file) && is_zip(&zip(&[])) && !is_zip(b"WARC/1.0"));
    assert_snapshot!(seen(&zip(&[("a.txt", STORED, b"a text")])), @"lost: it holds no web archive");
    assert_snapshot!(seen(&zip(&[])), @"lost: it holds no web archive");
}

#[test]
fn digests_of_the_list_of_contents_are_compared() {
    let package = format!(
        r#"{{"resources": [
            {{"path": "archive/good.warc", "hash": "{}"}},
            {{"path": "archive/bad.warc", "hash": "{}"}},
            {{"path": "archive/old.warc", "stats": {{"hash": "{}"}}, "hashing": "sha256"}},
            {{"path": "archive/odd.warc", "hash": "crc32:1234"}},
            {{"path": "pages/pages.jsonl", "hash": "{}"}},
            {{"path": "archive/away.warc", "hash": "{}"}},
            {{"name": "without a path"}}
        ]}}"#,
        sha256(b"good"),
        sha256(b"other"),
        &sha256(b"old")[7..],
        sha256(b"other"),
        sha256(b""),
    );
    let digest = format!(
        r#"{{"path": "datapackage.json", "hash": "{}"}}"#,
        sha256(b"of another")
    );
    let entries: &[(&str, CompressionMethod, &[u8])] = &[
        ("archive/good.warc", STORED, b"good"),
        ("archive/bad.warc", STORED, b"bad"),
        ("archive/old.warc", DEFLATED, b"old"),
        ("archive/odd.warc", STORED, b"odd"),
        ("archive/more.warc", STORED, b"more"),
        ("pages/pages.jsonl", DEFLATED, b"{}"),
        ("datapackage.json", DEFLATED, package.as_bytes()),
        ("datapackage-digest.json", STORED, digest.as_bytes()),
    ];
    assert_snapshot!(seen(&zip(entries)), @r#"
    problem: datapackage.json: its digest is not that of datapackage-digest.json
    archive/bad.warc: 3 bytes, "bad"
    problem: archive/bad.warc: its digest is not that of datapackage.json
    archive/good.warc: 4 bytes, "good"
    archive/more.warc: 4 bytes, "more"
    problem: archive/more.warc: datapackage.json does not list it
    archive/odd.warc: 3 bytes, "odd"
    archive/old.warc: 3 bytes, "old"
    problem: pages/pages.jsonl: its digest is not that of datapackage.json
    lost: archive/away.warc: datapackage.json lists it, and it is not there
    "#);
    let broken = zip(&[
        ("a.warc", STORED, b"of a"),
        ("datapackage.json", STORED, b"{\"resources\": 3}"),
        ("datapackage-digest.json", STORED, b"nothing"),
    ]);
    assert_snapshot!(seen(&broken), @r#"
    problem: datapackage.json: not as it should be: invalid type: integer `3`, expected a sequence at line 1 column 15
    a.warc: 4 bytes, "of a"
    "#);
}

#[test]
fn zip_files_in_zip_files_are_read_to_a_depth() {
    let inner = zip(&[("archive/a.warc", STORED, b"of a")]);
    let package = format!(
        r#"{{"resources": [{{"path": "b.wacz", "hash": "{}"}}]}}"#,
        sha256(b"")
    );
    let outer = zip(&[
        ("a.wacz", STORED, &inner),
        ("b.wacz", DEFLATED, &inner),
        ("c.wacz", STORED, b"not one"),
        ("datapackage.json", STORED, package.as_bytes()),
    ]);
    assert_snapshot!(seen(&outer), @r#"
    a.wacz/archive/a.warc: 4 bytes, "of a"
    problem: a.wacz: datapackage.json does not list it
    problem: b.wacz: its digest is not that of datapackage.json
    b.wacz/archive/a.warc: 4 bytes, "of a"
    lost: c.wacz: damaged, or no ZIP file
    problem: c.wacz: datapackage.json does not list it
    "#);
    let moved = zip(&[("x/multi.zip", DEFLATED, &outer[..])]);
    assert_snapshot!(seen(&moved), @r#"
    x/multi.zip/a.wacz/archive/a.warc: 4 bytes, "of a"
    problem: x/multi.zip/a.wacz: datapackage.json does not list it
    problem: x/multi.zip/b.wacz: its digest is not that of datapackage.json
    x/multi.zip/b.wacz/archive/a.warc: 4 bytes, "of a"
    lost: x/multi.zip/c.wacz: damaged, or no ZIP file
    problem: x/multi.zip/c.wacz: datapackage.json does not list it
    "#);
    assert_snapshot!(seen(&zip(&[("y.zip", STORED, &moved)])), @"
    lost: y.zip/x/multi.zip/a.wacz: a ZIP file within too many others
    problem: y.zip/x/multi.zip/a.wacz: datapackage.json does not list it
    problem: y.zip/x/multi.zip/b.wacz: its digest is not that of datapackage.json
    lost: y.zip/x/multi.zip/b.wacz: a ZIP file within too many others
    lost: y.zip/x/multi.zip/c.wacz: a ZIP file within too many others
    problem: y.zip/x/multi.zip/c.wacz: datapackage.json does not list it
    lost: it holds no web archive
    ");
}

#[test]
fn what_unpacks_to_absurd_sizes_is_not_read_to_its_end() {
    let zeros = vec![0; 16 << 20];
    let bomb = zip(&[
        ("a.warc", STORED, b"of a"),
        ("b.warc.gz", DEFLATED, &zeros),
        ("c.wacz", DEFLATED, &zeros),
        ("d.warc", STORED, b"of d"),
    ]);
    assert_snapshot!(seen(&bomb), @r#"
    a.warc: 4 bytes, "of a"
    b.warc.gz: 262144 bytes, "\0\0\0\0\0\0\0\0", unpacks to more than can be meant
    lost: c.wacz: unpacks to more than can be meant
    d.warc: 4 bytes, "of d"
    "#);
    // Text may unpack to much.
    let text = zip(&[("a.warc", DEFLATED, &zeros)]);
    assert_snapshot!(seen(&text), @r#"a.warc: 16777216 bytes, "\0\0\0\0\0\0\0\0""#);
}

/// Changes what an entry of the directory says, at an offset within it.
fn changed(mut zip: Vec<u8>, nth: usize, at: usize, to: &[u8]) -> Vec<u8> {
    let begins: Vec<usize> = (0..zip.len())
        .filter(|at| zip[*at..].starts_with(b"PK\x01\x02"))
        .collect();
    let at = begins[nth] + at;
    zip[at..at + to.len()].copy_from_slice(to);
    zip
}

#[test]
fn what_cannot_be_read_is_told() {
    let file = zip(&[
        ("a.warc", STORED, b"of a, which is long"),
        ("b.warc", STORED, b"of b"),
    ]);
    let flags = changed(file.clone(), 0, 8, &[1, 0]);
    assert_snapshot!(seen(&flags), @r#"
    lost: a.warc: encrypted
    b.warc: 4 bytes, "of b"
    "#);
    let method = changed(file.clone(), 0, 10, &[14, 0]);
    assert_snapshot!(seen(&method), @r#"
    a.warc: 0 bytes, "", compression method not supported: 14
    b.warc: 4 bytes, "of b"
    "#);
    let sum = changed(file.clone(), 0, 16, &[1, 2, 3, 4]);
    assert_snapshot!(seen(&sum), @r#"
    a.warc: 19 bytes, "of a, wh", Invalid checksum
    b.warc: 4 bytes, "of b"
    "#);
    // The second one begins where the first one does, and says to be as long as the file.
    let length = (file.len() as u32 - 4).to_le_bytes();
    let overlapping = changed(changed(file.clone(), 1, 42, &[0; 4]), 1, 20, &length);
    assert_snapshot!(seen(&overlapping), @r#"
    a.warc: 19 bytes, "of a, wh"
    lost: b.warc: overlaps with others
    "#);
    let same = changed(file.clone(), 1, 46, b"a");
    assert_snapshot!(seen(&same), @r#"
    lost: two entries have the same name; one of them is read
    a.warc: 4 bytes, "of b"
    "#);
    assert_snapshot!(seen(&file[..file.len() - 30]), @"
    lost: damaged, or no ZIP file
    lost: it holds no web archive
    ");
    let mut packed = zip(&[
        ("pages/pages.jsonl", DEFLATED, b"{}"),
        ("archive/a.warc.gz", STORED, b"\x1f\x8b\x08 and so on"),
    ]);
    packed.truncate(packed.len() - 60);
    assert_snapshot!(seen(&packed), @r#"
    lost: damaged, or no ZIP file
    salvaged: 101 bytes, "\u{1f}�\u{8} and "
    "#);
    assert_snapshot!(seen(b"PK\x03\x04"), @"
    lost: damaged, or no ZIP file
    lost: it holds no web archive
    ");
}

#[test]
fn a_directory_of_absurd_size_is_not_read() {
    let mut many = zip(&[("a.warc", STORED, b"of a")]);
    let end = many.split_off(many.windows(4).position(|it| it == b"PK\x01\x02").unwrap());
    let (directory, end) = end.split_at(end.windows(4).position(|it| it == b"PK\x05\x06").unwrap());
    let start = many.len() as u32;
    let entries = 60_000_u16;
    let mut entry = directory.to_vec();
    // Each with a long comment.
    entry[32..34].copy_from_slice(&1000_u16.to_le_bytes());
    entry.extend_from_slice(&[b'x'; 1000]);
    for _ in 0..entries {
        many.extend_from_slice(&entry);
    }
    let mut end = end.to_vec();
    end[8..10].copy_from_slice(&entries.to_le_bytes());
    end[10..12].copy_from_slice(&entries.to_le_bytes());
    end[12..16].copy_from_slice(&(many.len() as u32 - start).to_le_bytes());
    end[16..20].copy_from_slice(&start.to_le_bytes());
    many.extend_from_slice(&end);
    assert_snapshot!(seen(&many), @"
    lost: too many entries
    lost: it holds no web archive
    ");
}

proptest! {
    /// Whatever becomes of a file, the visit ends, and says something.
    #[test]
    fn damaged_files_end(at in 0..2000_usize, byte: u8, cut in 0..2000_usize) {
        let inner = zip(&[("archive/a.warc", DEFLATED, &b"of a".repeat(50))]);
        let package = format!(r#"{{"resources": [{{"path": "b.wacz", "hash": "{}"}}]}}"#, sha256(&inner));
        let mut file = zip(&[
            ("b.wacz", STORED, &inner),
            ("c.warc", DEFLATED, &b"of c".repeat(50)),
            ("datapackage.json", DEFLATED, package.as_bytes()),
        ]);
        let at = at % file.len();
        file[at] = byte;
        file.truncate(file.len().max(cut + 1) - cut);
        prop_assert!(!seen(&file).is_empty());
    }
}
