//! What stands in the head of an answer, and should not.

use crate::stage::SOURCE;
use crate::web::{Act, Page};

const PAGE: &str = "<!doctype html><title>A page</title><p>It has words.</p>";

/// A fine page with these bytes in its head, each line with its own end.
fn with(lines: &[u8]) -> Vec<u8> {
    let end = format!(
        "Content-Type: text/html\r\nContent-Length: {}\r\n\r\n{PAGE}",
        PAGE.len()
    );
    [b"HTTP/1.1 200 OK\r\n".as_slice(), lines, end.as_bytes()].concat()
}

fn redirect(location: &[u8]) -> Vec<u8> {
    [
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: ".as_slice(),
        location,
        b"\r\n\r\n",
    ]
    .concat()
}

behaviours! {
    "Heads of answers";

    sends_many_headers: "sends 5,000 header fields" =>
    ProtocolError, BrokenHttp, "256 fields", |stage| {
        let many: Vec<_> = (0..5000).map(|n| format!("X-{n}: y\r\n")).collect();
        stage.sends(with(many.concat().as_bytes())).tells("the head of the answer is too large")
    };

    sends_a_huge_header: "sends a header field of 300 KB" =>
    ProtocolError, BrokenHttp, "128 KB for a head", |stage| {
        stage.sends(with(format!("X: {}\r\n", "y".repeat(300_000)).as_bytes())).tells("too large")
    };

    sends_a_head_without_end: "sends header fields without end" =>
    ProtocolError, BrokenHttp, "400 KB of a head that has not ended", |stage| {
        let piece = format!("X-A: {}\r\n", "b".repeat(1000)).repeat(16);
        stage.does([Act::Send(b"HTTP/1.1 200 OK\r\n".to_vec()), Act::Endless(piece.into())])
    };

    sends_a_line_without_end: "sends one header field without end" =>
    ProtocolError, BrokenHttp, "400 KB of a head that has not ended", |stage| {
        stage.does([Act::Send(b"HTTP/1.1 200 OK\r\nX: ".to_vec()), Act::Endless(vec![b'y'; 16_384])])
    };

    sends_blank_lines_without_end: "sends blank lines without end before its answer" =>
    ProtocolError, BrokenHttp, "400 KB of a head that has not ended", |stage| {
        stage.does([Act::Endless(b"\r\n".repeat(4096))])
    };

    sends_bytes_that_are_no_text: "sends header fields that are not UTF-8" =>
    Alive, Status, "at once", |stage| stage.sends(with(b"X-Caf\xe9: \xff\xfe\r\nServer: caf\xe9\r\n"));

    sends_control_characters: "sends control characters in header fields" =>
    Alive, Status, "at once; such fields do not count", |stage| {
        stage.sends(with(b"Server: a\x1b[31mred\r\nX-Powered-By: a\x07b\r\nX: \x7f\r\n"))
    };

    sends_a_nul: "sends a NUL in a header field" =>
    ProtocolError, BrokenHttp, "at once", |stage| stage.sends(with(b"Server: a\x00b\r\n"));

    sends_what_steers_a_terminal: "says 404, with header fields that would steer a terminal" =>
    NotFound, Status, "at once; nothing of it is printed", |stage| {
        // Control characters of C1, in UTF-8: no byte of them is forbidden.
        let status = b"HTTP/1.1 404 \xc2\x9b31m\r\n".as_slice();
        let fields = b"Server: \xc2\x9b31m\r\nLink: \xc2\x9d0;owned\xc2\x9c\r\nContent-Length: 0\r\n\r\n";
        stage.sends([status, fields].concat())
    };

    leads_to_what_steers_a_terminal: "leads to an address that would steer a terminal" =>
    NotFound, Status, "at once; nothing of it is printed", |stage| {
        stage.sends(redirect(b"/\xc2\x9b31m\xe2\x80\xae"))
    };

    breaks_its_reason: "sends control characters in the reason of its status" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        stage.sends(b"HTTP/1.1 404 \x1b]0;owned\x07\r\nContent-Length: 0\r\n\r\n".to_vec())
    };

    sends_headers_within_a_header: "ends a header value by a lone CR, to put another after it" =>
    ProtocolError, BrokenHttp, "at once", |stage| stage.sends(with(b"X-Name: a\rLocation: http://b.test/\r\n"));

    sends_a_header_in_its_location: "redirects to an address with an escaped line break in it" =>
    Alive, Status, "at once; it stays escaped", |stage| {
        stage.web.page("a.test", "*", Page::html(PAGE));
        let location = b"/next%0d%0aSet-Cookie:%20owned=1";
        stage.web.page("a.test", "/source", Page::raw(redirect(location)));
        let seen = stage.visit(SOURCE);
        assert!(stage.web.requests().iter().all(|asked| asked.header("cookie").is_none()), "{seen:#?}");
        seen
    };

    splits_its_location: "redirects to an address with a line break and a cookie in it" =>
    Alive, Status, "at once; the cookie is one for this chain", |stage| {
        stage.web.page("a.test", "/next", Page::html(PAGE));
        stage.sends(redirect(b"/next\r\nSet-Cookie: owned=1"))
    };

    breaks_its_location_by_a_lone_cr: "redirects to an address with a lone CR in it" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        stage.sends(redirect(b"/next\rSet-Cookie: owned=1"))
    };

    sends_a_location_of_control_characters: "redirects to an address with control characters in it" =>
    ProtocolError, RedirectWithoutLocation, "at once; such a field does not count", |stage| {
        stage.sends(redirect(b"/\x1b[31m"))
    };

    sends_a_location_in_latin_1: "redirects to an address that is not UTF-8" =>
    Alive, Status, "at once; the server gets its own bytes back", |stage| {
        stage.web.page("a.test", "/caf%E9", Page::html(PAGE));
        stage.sends(redirect(b"/caf\xe9"))
    };

    sends_a_location_in_utf_8: "redirects to an address in bare UTF-8" =>
    Alive, Status, "at once", |stage| {
        stage.web.page("a.test", "/caf%C3%A9", Page::html(PAGE));
        stage.sends(redirect("/café".as_bytes()))
    };

    sends_two_locations: "redirects to two addresses" =>
    Alive, Status, "at once; the first counts", |stage| {
        stage.web.page("a.test", "/one", Page::html(PAGE));
        stage.sends(redirect(b"/one\r\nLocation: /two"))
    };

    folds_its_headers: "folds header fields over several lines" =>
    Alive, Status, "at once", |stage| stage.sends(with(b"X-Long: one\r\n two\r\n\tthree\r\n"));

    sends_lines_that_are_no_headers: "sends lines without a colon in the head" =>
    Alive, Status, "at once; such lines do not count", |stage| {
        stage.sends(with(b"this is no header\r\n: nor this\r\nX Y: nor this\r\n"))
    };

    ends_its_lines_by_lf: "ends its lines by LF alone" =>
    Alive, Status, "at once", |stage| {
        stage.sends(format!("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: {}\n\n{PAGE}", PAGE.len()))
    };

    gives_no_reason: "gives no reason with its status" =>
    Alive, Status, "at once", |stage| stage.sends(format!("HTTP/1.1 200\r\n\r\n{PAGE}"));

    speaks_a_version_of_its_own: "speaks HTTP/4.2" =>
    ProtocolError, BrokenHttp, "at once", |stage| stage.sends(format!("HTTP/4.2 200 OK\r\n\r\n{PAGE}"));

    speaks_shoutcast: "answers `ICY 200 OK`" =>
    ProtocolError, BrokenHttp, "at once", |stage| stage.sends(format!("ICY 200 OK\r\n\r\n{PAGE}"));

    names_no_type: "names no type" => Alive, Status, "at once", |stage| {
        stage.sends(format!("HTTP/1.1 200 OK\r\n\r\n{PAGE}"))
    };

    names_the_wrong_charset: "says UTF-16, and sends Latin-1" =>
    Alive, Status, "at once", |stage| {
        let latin_1 = b"<title>caf\xe9</title><p>Caf\xe9 au lait, s'il vous pla\xeet.</p>";
        stage.answers(Page::bytes("text/html; charset=utf-16", latin_1))
    };

    names_a_charset_that_is_none: "names a charset that does not exist" =>
    Alive, Status, "at once", |stage| {
        stage.answers(Page::bytes("text/html; charset=klingon-8", b"<title>caf\xe9</title><p>Caf\xe9 au lait.</p>"))
    };

    calls_a_page_a_picture: "calls a page a picture" =>
    Alive, Status, "at once", |stage| stage.answers(Page::bytes("image/png", PAGE));

    answers_twice: "sends a second answer after the first" =>
    Alive, Status, "at once; it is not read", |stage| {
        let second = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        stage.sends([with(b""), second.to_vec()].concat())
    };
}
