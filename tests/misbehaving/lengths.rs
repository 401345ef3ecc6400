//! Bodies cut short, and lengths lied about.

use crate::web::{Act, Page};

const PAGE: &str = "<!doctype html><title>A page</title><p>It has words.</p>";
const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n";

fn with(headers: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{headers}\r\n\r\n{PAGE}")
}

fn chunked(chunks: &str) -> String {
    format!("{CHUNKED}{chunks}")
}

behaviours! {
    "Lengths and chunks";

    announces_too_much: "announces more bytes than it sends" =>
    ProtocolError, BodyCutShort, "the end of the connection", |stage| {
        stage.sends(with("Content-Length: 1000")).tells("the body was cut short")
    };

    announces_too_little: "announces fewer bytes than it sends" =>
    Alive, Status, "the announced length", |stage| {
        stage.sends(with("Content-Length: 40"))
    };

    announces_nothing_and_sends: "announces no bytes, and sends some" =>
    Collapsed, EmptyBody, "the announced length", |stage| {
        stage.sends(with("Content-Length: 0"))
    };

    announces_two_lengths: "announces two different lengths" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        stage.sends(with("Content-Length: 56\r\nContent-Length: 20"))
    };

    announces_a_length_below_nothing: "announces a length of `-1`" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        stage.sends(with("Content-Length: -1"))
    };

    announces_more_than_can_be_counted: "announces a length of thirty digits" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        stage.sends(with(&format!("Content-Length: {}", "9".repeat(30))))
    };

    announces_an_exabyte: "announces 2 EB, and sends a page" =>
    ProtocolError, BodyCutShort, "the end of the connection", |stage| {
        stage.sends(with("Content-Length: 2000000000000000000")).tells("the body was cut short")
    };

    announces_length_and_chunks: "announces chunks and a length too" =>
    Alive, Status, "the last chunk", |stage| {
        let chunks = format!("{:x}\r\n{PAGE}\r\n0\r\n\r\n", PAGE.len());
        let head = CHUNKED.replace("Transfer", "Content-Length: 3\r\nTransfer");
        stage.sends(format!("{head}{chunks}"))
    };

    sends_chunks_without_an_end: "closes the connection between two chunks" =>
    ProtocolError, BodyCutShort, "the end of the connection", |stage| {
        stage.sends(chunked("4\r\n<p>a\r\n")).tells("the body was cut short")
    };

    sends_a_chunk_cut_short: "closes the connection within a chunk" =>
    ProtocolError, BodyCutShort, "the end of the connection", |stage| {
        stage.sends(chunked("ff\r\n<p>a")).tells("the body was cut short")
    };

    sends_a_chunk_of_no_number: "sends a chunk whose size is no number" =>
    ProtocolError, BodyCutShort, "at once", |stage| {
        stage.sends(chunked("4\r\n<p>a\r\nxyz\r\n")).tells("the body's framing is broken")
    };

    sends_a_chunk_too_large_to_count: "sends a chunk whose size is too large to count" =>
    ProtocolError, BodyCutShort, "at once", |stage| {
        stage.sends(chunked("fffffffffffffffff\r\nx")).tells("the body's framing is broken")
    };

    sends_an_endless_chunk_size: "sends the size of a chunk, in zeros without end" =>
    Timeout, TimedOut, "`limits.idle_ms`", |stage| {
        let acts = [Act::Send(CHUNKED.into()), Act::Endless(vec![b'0'; 4096])];
        stage.ends_by("idle_ms", 700).does(acts).tells("the body stopped coming")
    };

    sends_an_endless_chunk_extension: "sends a chunk extension without end" =>
    ProtocolError, BodyCutShort, "16 KB of extensions", |stage| {
        let size = chunked("4;note=");
        stage.does([Act::Send(size.into()), Act::Endless(vec![b'x'; 4096])])
    };

    sends_endless_trailers: "sends trailers without end" =>
    ProtocolError, BodyCutShort, "16 KB of trailers", |stage| {
        let last = chunked("4\r\n<p>a\r\n0\r\n");
        stage.does([Act::Send(last.into()), Act::Endless(b"X-Trailer: more\r\n".repeat(100))])
    };

    sends_packed_bytes_cut_short: "sends half of a gzip body, with an honest length" =>
    ProtocolError, BodyCutShort, "the announced length", |stage| {
        let page = Page::html(PAGE.repeat(2000)).coded("gzip");
        stage.answers(page.cut(200)).tells("the content coding ends before its end")
    };

    says_packed_and_is_not: "says gzip, and sends plain text" =>
    ProtocolError, BodyCutShort, "at once", |stage| {
        stage.answers(Page::html(PAGE).header("content-encoding", "gzip")).tells("cannot be undone")
    };

    names_a_coding_of_its_own: "sends a content coding that nobody asked for" =>
    ProtocolError, BodyCutShort, "the end of the body", |stage| {
        stage.answers(Page::html(PAGE).header("content-encoding", "x-own"))
    };

    sends_nothing: "answers 200 with no bytes" =>
    Collapsed, EmptyBody, "at once", |stage| {
        stage.answers(Page::html(""))
    };
}
