use std::io::Write;

use proptest::prelude::*;

use super::*;

/// A record as it was read: its kind, address, status, payload.
type Seen = (String, Option<String>, Option<u16>, Vec<u8>);

fn read(bytes: &[u8]) -> (Vec<Seen>, Vec<String>) {
    let mut reader = Reader::new(bytes);
    let (mut seen, mut problems) = (Vec::new(), Vec::new());
    while let Some(record) = reader.next_record().unwrap() {
        let mut payload = Vec::new();
        reader
            .payload(|piece| payload.extend_from_slice(piece))
            .unwrap();
        problems.extend(reader.take_problems().iter().map(ToString::to_string));
        let status = record.http.as_ref().and_then(Head::status);
        let uri = record.uri().map(str::to_owned);
        seen.push((record.kind, uri, status, payload));
    }
    problems.extend(reader.take_problems().iter().map(ToString::to_string));
    (seen, problems)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn response(uri: &str, body: &str) -> String {
    let block = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{body}");
    format!(
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: <{uri}>\r\nWARC-Date: 2014-01-03T03:03:21Z\r\n\
         Content-Type: application/http; msgtype=response\r\nContent-Length: {}\r\n\r\n{block}\r\n\r\n",
        block.len()
    )
}

fn seen(uri: &str, body: &str) -> Seen {
    (
        "response".to_owned(),
        Some(uri.to_owned()),
        Some(200),
        body.as_bytes().to_vec(),
    )
}

#[test]
fn files_are_read_however_they_are_packed() {
    let (one, two) = (
        response("http://a.test/", "one"),
        response("http://b.test/", "two"),
    );
    let both = format!("{one}{two}");
    let by_record = [gzip(one.as_bytes()), gzip(two.as_bytes())].concat();
    // A record that goes over several members.
    let (left, right) = both.split_at(200);
    let torn = [gzip(left.as_bytes()), gzip(right.as_bytes())].concat();
    let padded = [
        gzip(one.as_bytes()),
        vec![0; 512],
        gzip(two.as_bytes()),
        vec![0; 512],
    ]
    .concat();
    let frames = [one.as_bytes(), two.as_bytes()].map(|part| zstd::encode_all(part, 3).unwrap());
    for file in [
        both.clone().into_bytes(),
        by_record,
        gzip(both.as_bytes()),
        torn,
        padded,
        frames.concat(),
        both.replace("\r\n", "\n")
            .replace("Length: 47", "Length: 44")
            .into_bytes(),
    ] {
        let (records, problems) = read(&file);
        assert_eq!(
            records,
            [seen("http://a.test/", "one"), seen("http://b.test/", "two")]
        );
        assert_eq!(problems, Vec::<String>::new());
    }
}

#[test]
fn a_dictionary_that_stands_in_front_is_used() {
    let record = response("http://a.test/", "one");
    let dictionary = record.repeat(3).into_bytes();
    let frame = zstd::bulk::Compressor::with_dictionary(3, &dictionary)
        .unwrap()
        .compress(record.as_bytes())
        .unwrap();
    let mut file = vec![0x5d, 0x2a, 0x4d, 0x18];
    file.extend_from_slice(&(dictionary.len() as u32).to_le_bytes());
    file.extend_from_slice(&dictionary);
    file.extend_from_slice(&frame);
    assert_eq!(read(&file).0, [seen("http://a.test/", "one")]);
}

#[test]
fn what_is_broken_is_told_and_the_rest_is_read() {
    let (one, two) = (
        response("http://a.test/", "one"),
        response("http://b.test/", "two"),
    );
    let short = one.replace("Content-Length: 47", "Content-Length: 20");
    let whole = gzip(one.as_bytes());
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 4].fill(0xff);
    let long = one.replace("Content-Length: 47", "Content-Length: 4700");
    for (file, bodies, problems) in [
        (
            format!("{short}{two}").into_bytes(),
            vec!["", "two"],
            vec!["27 bytes that are no record"],
        ),
        (
            format!("{one}<p>garbage\n{two}").into_bytes(),
            vec!["one", "two"],
            vec!["11 bytes that are no record"],
        ),
        (
            format!("{}{two}", one.trim_end()).into_bytes(),
            vec!["one", "two"],
            vec!["no empty lines behind the record"],
        ),
        (
            format!("{one}{}", &two[..two.len() - 6]).into_bytes(),
            vec!["one", "t"],
            vec!["2 bytes of it are missing"],
        ),
        (
            [gzip(long.as_bytes()), gzip(two.as_bytes())].concat(),
            vec!["one\r\n\r\n", "two"],
            vec!["4649 bytes of it are missing"],
        ),
        (
            [damaged, gzip(two.as_bytes())].concat(),
            vec!["two"],
            vec!["compressed"],
        ),
        (
            [&whole[..whole.len() - 20], &gzip(two.as_bytes())].concat(),
            vec!["two"],
            vec![],
        ),
        (
            [whole.clone(), b"garbage".to_vec(), gzip(two.as_bytes())].concat(),
            vec!["one", "two"],
            vec!["7 bytes that are no part of what is compressed"],
        ),
        (
            one.replace("Content-Length: 47\r\n", "").into_bytes(),
            vec![""],
            vec!["no Content-Length", "bytes that are no record"],
        ),
        (
            one.replace("WARC-Date", "no field\r\nWARC-Date")
                .into_bytes(),
            vec!["one"],
            vec!["no field"],
        ),
        (b"<html>".to_vec(), vec![], vec!["no record of WARC or ARC"]),
        (Vec::new(), vec![], vec![]),
    ] {
        let (records, found) = read(&file);
        let read: Vec<_> = records
            .iter()
            .map(|record| String::from_utf8_lossy(&record.3).into_owned())
            .collect();
        let last = &read[read.len() - bodies.len().min(read.len())..];
        assert_eq!(last, bodies, "{found:?}");
        for problem in problems {
            let is_told = found.iter().any(|one| one.contains(problem));
            assert!(is_told, "{problem}: {found:?}");
        }
    }
}

#[test]
fn fields_go_over_several_lines_and_stand_in_any_case() {
    let file = "WARC/1.1\r\nwarc-type: Metadata\r\nWARC-TARGET-URI: http://a.test/\r\n\
                Warc-Concurrent-To: <urn:x>\r\nWARC-Concurrent-To: <urn:y>\r\nX: one\r\n two\r\n\
                content-length: 3\r\n\r\nabc\r\n\r\n";
    let mut reader = Reader::new(file.as_bytes());
    let record = reader.next_record().unwrap().unwrap();
    assert_eq!(
        (record.kind.as_str(), record.uri()),
        ("metadata", Some("http://a.test/"))
    );
    assert_eq!(record.fields.get("x"), Some("one two"));
    assert_eq!(record.fields.all("warc-concurrent-to").count(), 2);
}

#[test]
fn a_bomb_takes_time_and_no_room() {
    let mut zeros = format!(
        "WARC/1.0\r\nWARC-Type: resource\r\nContent-Length: {}\r\n\r\n",
        64 << 20
    )
    .into_bytes();
    zeros.resize(zeros.len() + (64 << 20), 0);
    let file = gzip(&zeros);
    let mut reader = Reader::new(file.as_slice());
    reader.next_record().unwrap().unwrap();
    let (mut size, mut largest) = (0, 0);
    let end = reader
        .payload(|piece| {
            size += piece.len();
            largest = largest.max(piece.len());
        })
        .unwrap();
    assert_eq!((size, end.size), (64 << 20, 64 << 20));
    assert!(largest <= 256 * 1024, "{largest}");
}

#[test]
fn equal_content_is_written_as_equal_bytes() {
    assert_eq!(record_id(&["response", "1"]), record_id(&["response", "1"]));
    assert_ne!(record_id(&["response", "1"]), record_id(&["response", "2"]));
    let record = NewRecord {
        kind: "resource",
        id: &record_id(&["x"]),
        at: 1_388_718_201_250,
        uri: Some("http://a.test/\r\nX: y"),
        content_type: "text/plain",
        payload: b"text",
        ..NewRecord::default()
    };
    let mut writer = Writer::new(Vec::new(), false);
    writer.write(&record).unwrap();
    let written = writer.written();
    let file = writer.finish().unwrap();
    assert_eq!(written, file.len() as u64);
    insta::assert_snapshot!(String::from_utf8(file).unwrap().replace('\r', ""), @"
    WARC/1.1
    WARC-Type: resource
    WARC-Record-ID: <urn:uuid:73cb3858-a687-8849-8ca3-323053016282>
    WARC-Date: 2014-01-03T03:03:21.250Z
    WARC-Target-URI: http://a.test/  X: y
    WARC-Block-Digest: sha256:982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1
    Content-Type: text/plain
    Content-Length: 4

    text
    ");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read(
        records in proptest::collection::vec(("[a-z]{1,9}", proptest::collection::vec(any::<u8>(), 0..2000)), 1..8),
        is_packed: bool,
        as_one: bool,
    ) {
        let mut writer = Writer::new(Vec::new(), is_packed);
        for (name, payload) in &records {
            writer.write(&NewRecord {
                kind: "response",
                id: &record_id(&[name]),
                at: 1_388_718_201_250,
                uri: Some(&format!("http://a.test/{name}")),
                content_type: "application/http;msgtype=response",
                head: b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
                payload,
                payload_sha256: Some(crate::store::sha256(payload)),
                ..NewRecord::default()
            }).unwrap();
        }
        prop_assert_eq!(writer.records(), records.len() as u64);
        let mut file = writer.finish().unwrap();
        if as_one {
            file = gzip(&file);
        }
        // Packed twice, nothing begins in it.
        if as_one && is_packed {
            return Ok(());
        }
        let (found, problems) = read(&file);
        prop_assert_eq!(problems, Vec::<String>::new());
        let expected: Vec<Seen> = records.iter().map(|(name, payload)| {
            ("response".to_owned(), Some(format!("http://a.test/{name}")), Some(200), payload.clone())
        }).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn garbage_never_panics(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just(b"WARC/1.0\r\n".to_vec()),
                Just(b"Content-Length: 30\r\n".to_vec()),
                Just(b"WARC-Type: response\r\nContent-Type: application/http\r\n".to_vec()),
                Just(b"\r\n\r\n".to_vec()),
                Just(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec()),
                Just(b"5\r\nabcde\r\n".to_vec()),
                Just(b"http://a.test/ 1.2.3.4 20120420130223 text/html 20\n".to_vec()),
                Just(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
                Just(gzip(b"WARC/1.0\r\nContent-Length: 3\r\n\r\nabc")),
                proptest::collection::vec(any::<u8>(), 0..40),
            ],
            0..12,
        ),
        is_packed: bool,
    ) {
        let file = pieces.concat();
        let file = if is_packed { [gzip(&file), file].concat() } else { file };
        read(&file);
    }
}
