//! Too much: large bodies, endless ones, and small ones that unpack to large ones.
//!
//! The bounds of memory are what was measured of a debug build (103 to 111 MB where 32 MB are taken, 137 MB where they unpack
//! to 64 MB, 56 MB without any of it, of which most is the program itself) with some to spare.

use crate::web::{Act, Page, encode};

const MEGABYTE: usize = 1 << 20;

fn send(text: &str) -> Act {
    Act::Send(text.as_bytes().to_vec())
}

fn zeros(megabytes: usize) -> Vec<u8> {
    vec![0; megabytes * MEGABYTE]
}

/// A page that unpacks to a gigabyte: what a coding makes of a piece of zeros, again and again.
fn endless_zeros(coding: &str) -> Vec<Act> {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: {coding}\r\n\r\n");
    vec![
        Act::Send(head.into()),
        Act::Repeat(encode(coding, &zeros(8)), 128),
    ]
}

behaviours! {
    "Large answers";

    sends_a_hundred_megabytes: "announces 100 MB, and sends them" =>
    TooLarge, TooManyBytes, "`limits.body_bytes`", |stage| {
        let acts = [
            send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 104857600\r\n\r\n"),
            Act::Repeat(vec![b'x'; MEGABYTE], 100),
        ];
        stage.holds_at_most(128).does(acts).tells("larger than is taken")
    };

    sends_without_end: "sends a body without end" =>
    TooLarge, TooManyBytes, "`limits.body_bytes`", |stage| {
        let acts = [send("HTTP/1.1 200 OK\r\n\r\n"), Act::Endless(vec![b'x'; 65_536])];
        stage.holds_at_most(128).does(acts).tells("larger than is taken")
    };

    sends_chunks_for_ever: "sends chunks without end" =>
    TooLarge, TooManyBytes, "`limits.body_bytes`", |stage| {
        let chunk = [b"4000\r\n".as_slice(), &[b'y'; 0x4000], b"\r\n"].concat();
        let acts = [send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), Act::Endless(chunk)];
        stage.holds_at_most(128).does(acts).tells("larger than is taken")
    };

    sends_more_than_was_set: "sends more than the user wants" =>
    TooLarge, TooManyBytes, "`limits.body_bytes`, here 100 KB", |stage| {
        let page = Page::html("x".repeat(2 * MEGABYTE));
        stage.limit("body_bytes", 100_000).answers(page).tells("larger than is taken")
    };

    says_not_found_at_length: "says 404 with a page without end" =>
    NotFound, Status, "`limits.body_bytes`; the status has been said", |stage| {
        let acts = [send("HTTP/1.1 404 Not Found\r\n\r\n"), Act::Endless(vec![b'x'; 65_536])];
        stage.holds_at_most(128).does(acts)
    };

    sends_a_bomb_by_gzip: "sends 100 MB of zeros packed by gzip" =>
    TooLarge, TooManyBytes, "200 times as much unpacked as sent", |stage| {
        stage.answers(Page::html(zeros(100)).coded("gzip")).tells("far more than was sent")
    };

    sends_a_bomb_by_deflate: "sends 100 MB of zeros packed by deflate" =>
    TooLarge, TooManyBytes, "200 times as much unpacked as sent", |stage| {
        stage.answers(Page::html(zeros(100)).coded("deflate")).tells("far more than was sent")
    };

    sends_a_bomb_by_brotli: "sends 100 MB of zeros packed by Brotli" =>
    TooLarge, TooManyBytes, "200 times as much unpacked as sent", |stage| {
        stage.answers(Page::html(zeros(100)).coded("br")).tells("far more than was sent")
    };

    sends_a_bomb_by_zstd: "sends 100 MB of zeros packed by Zstandard" =>
    TooLarge, TooManyBytes, "200 times as much unpacked as sent", |stage| {
        stage.answers(Page::html(zeros(100)).coded("zstd")).tells("far more than was sent")
    };

    sends_a_bomb_in_a_bomb: "sends 100 MB of zeros packed by gzip twice" =>
    TooLarge, TooManyBytes, "200 times as much unpacked as sent", |stage| {
        stage.answers(Page::html(zeros(100)).coded("gzip").coded("gzip")).tells("far more than was sent")
    };

    sends_bombs_in_a_row: "sends gzip bodies that unpack to 8 MB, one after another, up to a gigabyte" =>
    TooLarge, TooManyBytes, "200 times as much unpacked as sent", |stage| {
        stage.does(endless_zeros("gzip"))
    };

    packs_many_times: "names four content codings on top of each other" =>
    ProtocolError, BodyCutShort, "the end of the body; at most three are undone", |stage| {
        let page = Page::html("<p>packed</p>").coded("gzip").coded("br").coded("gzip").coded("zstd");
        stage.answers(page)
    };

    unpacks_to_much_honestly: "sends a page that unpacks to 90 MB and does not look like a bomb" =>
    TooLarge, TooManyBytes, "twice `limits.body_bytes`", |stage| {
        // Numbers pack to a tenth: far from a bomb, and still more than is taken.
        let mut text = String::with_capacity(90 * MEGABYTE);
        let mut number = 1_u64;
        while text.len() < 90 * MEGABYTE {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(&"the same words again and again ".repeat(16));
            text.push_str(&number.to_string());
        }
        stage.holds_at_most(160).answers(Page::html(text).coded("gzip")).tells("larger than is taken")
    };
}
