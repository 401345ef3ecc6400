//! Drips, hangs, and what never comes to an end.

use std::time::Duration;

use crate::stage::SECURE;
use crate::web::{Act, Page, Tls};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n";
const DRIP: Duration = Duration::from_millis(50);

fn send(text: &str) -> Act {
    Act::Send(text.as_bytes().to_vec())
}

behaviours! {
    "Slow servers";

    hangs_in_the_handshake: "takes the connection, and says nothing in the TLS handshake" =>
    Timeout, TimedOut, "`limits.connect_ms`", |stage| {
        let stage = stage.ends_by("connect_ms", 1000);
        stage.web.tls("a.test", Tls::Hangs);
        stage.visit(SECURE).tells("connecting took too long")
    };

    hangs_before_the_head: "takes the request, and says nothing" =>
    Timeout, TimedOut, "`limits.first_byte_ms`", |stage| {
        stage.ends_by("first_byte_ms", 1000).does([Act::Hang]).tells("no answer in time")
    };

    hangs_within_the_head: "stops in the middle of the head" =>
    Timeout, TimedOut, "`limits.first_byte_ms`", |stage| {
        stage.ends_by("first_byte_ms", 1000).does([send("HTTP/1.1 200 O"), Act::Hang]).tells("no answer in time")
    };

    drips_its_head: "sends the head byte by byte" =>
    Timeout, TimedOut, "`limits.first_byte_ms`", |stage| {
        stage.ends_by("first_byte_ms", 1000).does([Act::Drip(HEAD.into(), DRIP)]).tells("no answer in time")
    };

    hangs_after_the_head: "sends a head, and no body" =>
    Timeout, TimedOut, "`limits.idle_ms`", |stage| {
        stage.ends_by("idle_ms", 1000).does([send(HEAD), Act::Hang]).tells("the body stopped coming")
    };

    hangs_within_the_body: "stops in the middle of the body" =>
    Timeout, TimedOut, "`limits.idle_ms`", |stage| {
        let half = "<p>the first half, and then</p>";
        stage.ends_by("idle_ms", 1000).does([send(HEAD), send(half), Act::Hang]).tells("the body stopped coming")
    };

    drips_its_body: "sends the body byte by byte" =>
    Timeout, TimedOut, "`limits.total_ms`", |stage| {
        let acts = [send(HEAD), Act::Drip(vec![b'x'; 1000], DRIP)];
        stage.ends_by("total_ms", 1500).does(acts).tells("the visit took too long")
    };

    drips_along_a_chain: "redirects again and again, each time a little late" =>
    Timeout, TimedOut, "`limits.total_ms`, which holds for the whole chain", |stage| {
        let stage = stage.ends_by("total_ms", 1500);
        stage.web.made("a.test", "*", |asked| {
            Page::redirect(302, format!("{}x", asked.path)).delay(Duration::from_millis(400))
        });
        stage.visit("http://a.test/x")
    };

    sends_not_found_and_hangs: "says 404, and drips the page" =>
    NotFound, Status, "`limits.total_ms`; the status has been said", |stage| {
        let head = "HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\n";
        stage.ends_by("total_ms", 1200).does([send(head), Act::Drip(vec![b'x'; 1000], DRIP)])
    };

    promises_for_ever: "sends `100 Continue` for ever" =>
    Timeout, TimedOut, "`limits.first_byte_ms`", |stage| {
        let piece = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(200);
        stage.ends_by("first_byte_ms", 1000).does([Act::Endless(piece)]).tells("no answer in time")
    };

    hints_for_ever: "sends `103 Early Hints` for ever" =>
    Timeout, TimedOut, "`limits.first_byte_ms`", |stage| {
        let piece = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n".repeat(100);
        stage.ends_by("first_byte_ms", 1000).does([Act::Endless(piece)]).tells("no answer in time")
    };

    sends_crumbs_for_ever: "sends a body without end in chunks of one byte" =>
    Timeout, TimedOut, "`limits.total_ms`", |stage| {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let crumbs = Act::Endless(b"1\r\nx\r\n".repeat(4));
        // The limit of bytes would come first on a machine that is fast enough.
        let stage = stage.limit("body_bytes", 1 << 30).ends_by("total_ms", 1500).holds_at_most(128);
        stage.does([send(head), crumbs]).tells("the visit took too long")
    };
}
