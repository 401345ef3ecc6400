//! HTTP/2 frames that nobody expects (RFC 9113), by hand.

use std::time::Duration;

use crate::stage::SECURE;
use crate::web::{Act, Page};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;

const NO_ERROR: u8 = 0;
const INTERNAL_ERROR: u8 = 2;
const REFUSED_STREAM: u8 = 7;
const CANCEL: u8 = 8;
const ENHANCE_YOUR_CALM: u8 = 11;
const HTTP_1_1_REQUIRED: u8 = 13;

/// `:status: 200`, from the static table (RFC 7541, appendix A).
const OK: u8 = 0x88;
const PAGE: &[u8] = b"<!doctype html><title>A page</title><p>It has words.</p>";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags];
    [&head, stream.to_be_bytes().as_slice(), payload].concat()
}

/// A field that enters no table, with a length of one byte each.
fn field(name: &str, value: &str) -> Vec<u8> {
    let (name_len, value_len) = (name.len() as u8, value.len() as u8);
    assert!(name_len < 127 && value_len < 127);
    [
        &[0, name_len],
        name.as_bytes(),
        &[value_len],
        value.as_bytes(),
    ]
    .concat()
}

fn settings() -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[])
}

fn ok() -> Vec<u8> {
    frame(
        HEADERS,
        END_HEADERS,
        1,
        &[&[OK], field("content-type", "text/html").as_slice()].concat(),
    )
}

fn reset(code: u8) -> Vec<u8> {
    frame(RST_STREAM, 0, 1, &[0, 0, 0, code])
}

/// The connection is given up; the last stream that was looked at is this one.
fn go_away(last: u8, code: u8) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[0, 0, 0, last, 0, 0, 0, code])
}

fn send(frames: &[Vec<u8>]) -> Act {
    Act::Send([&[settings()], frames].concat().concat())
}

/// Long enough for the client to have read what was sent so far.
fn pause() -> Act {
    Act::Wait(Duration::from_millis(500))
}

fn for_ever(frame: &[u8]) -> Act {
    Act::Endless(frame.repeat(16_384 / frame.len() + 1))
}

behaviours! {
    "HTTP/2";

    resets_the_stream: "resets the stream before an answer" =>
    ProtocolError, BrokenHttp, "at once", |stage| stage.frames([send(&[reset(CANCEL)])]).tells("the stream was reset");

    refuses_the_stream: "refuses the stream" =>
    ProtocolError, BrokenHttp, "at once", |stage| stage.frames([send(&[reset(REFUSED_STREAM)])]);

    wants_http_1: "resets the stream, since it wants HTTP/1.1" =>
    ProtocolError, BrokenHttp, "at once", |stage| stage.frames([send(&[reset(HTTP_1_1_REQUIRED)])]);

    resets_within_the_body: "resets the stream in the middle of the body" =>
    ProtocolError, BodyCutShort, "at once", |stage| {
        stage.frames([send(&[ok(), frame(DATA, 0, 1, PAGE)]), pause(), Act::Send(reset(INTERNAL_ERROR))])
    };

    resets_after_all_was_said: "resets the stream without error when all was said" =>
    Alive, Status, "at once", |stage| {
        stage.frames([send(&[ok(), frame(DATA, END_STREAM, 1, PAGE), reset(NO_ERROR)])])
    };

    goes_away_at_once: "gives the connection up before an answer (GOAWAY)" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        stage.frames([send(&[go_away(0, NO_ERROR)])])
    };

    goes_away_in_anger: "gives the connection up, for we were too many (ENHANCE_YOUR_CALM)" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        stage.frames([send(&[go_away(0, ENHANCE_YOUR_CALM)])])
    };

    goes_away_within_the_body: "gives the connection up in the middle of the body" =>
    ProtocolError, BodyCutShort, "at once", |stage| {
        stage.frames([send(&[ok(), frame(DATA, 0, 1, PAGE)]), pause(), Act::Send(go_away(1, INTERNAL_ERROR))])
    };

    goes_away_politely: "announces that it will go, and ends its answer" =>
    Alive, Status, "at once", |stage| {
        stage.frames([send(&[go_away(1, NO_ERROR), ok(), frame(DATA, END_STREAM, 1, PAGE)])])
    };

    closes_within_the_body: "closes the connection in the middle of the body" =>
    ProtocolError, BodyCutShort, "the end of the connection", |stage| {
        stage.frames([send(&[ok(), frame(DATA, 0, 1, PAGE)])])
    };

    closes_without_an_answer: "closes the connection without an answer" =>
    ConnectionFailure, ConnectionFailed, "the end of the connection", |stage| stage.frames([send(&[])]);

    sends_half_a_frame: "closes the connection in the middle of a frame" =>
    ProtocolError, BrokenHttp, "the end of the connection", |stage| {
        stage.frames([send(&[ok()[..5].to_vec()])])
    };

    says_nothing: "takes the request, and says nothing" =>
    Timeout, TimedOut, "`limits.first_byte_ms`", |stage| {
        stage.ends_by("first_byte_ms", 1500).frames([send(&[]), Act::Hang]).tells("no answer in time")
    };

    stalls_in_the_body: "stops in the middle of the body" =>
    Timeout, TimedOut, "`limits.idle_ms`", |stage| {
        let acts = [send(&[ok(), frame(DATA, 0, 1, PAGE)]), Act::Hang];
        stage.ends_by("idle_ms", 1500).frames(acts).tells("the body stopped coming")
    };

    gives_no_window: "gives a window of no bytes, and says nothing" =>
    Timeout, TimedOut, "`limits.first_byte_ms`", |stage| {
        // SETTINGS_INITIAL_WINDOW_SIZE and SETTINGS_MAX_CONCURRENT_STREAMS.
        let closed = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0]);
        stage.ends_by("first_byte_ms", 1500).frames([Act::Send(closed), Act::Hang])
    };

    floods_with_settings: "sends SETTINGS for ever" =>
    Timeout, TimedOut, "`limits.first_byte_ms`", |stage| {
        stage.ends_by("first_byte_ms", 1500).frames([for_ever(&settings())])
    };

    floods_with_settings_and_is_deaf: "sends SETTINGS for ever, and reads no answers" =>
    Timeout, TimedOut, "`limits.first_byte_ms`", |stage| {
        stage.ends_by("first_byte_ms", 1500).frames([Act::Deaf, for_ever(&settings())])
    };

    floods_with_pings: "sends PING for ever" =>
    Timeout, TimedOut, "`limits.first_byte_ms`", |stage| {
        stage.ends_by("first_byte_ms", 1500).frames([send(&[]), for_ever(&frame(PING, 0, 0, &[7; 8]))])
    };

    floods_with_pings_and_is_deaf: "sends PING for ever, and reads no answers" =>
    Timeout, TimedOut, "`limits.first_byte_ms`", |stage| {
        let acts = [Act::Deaf, send(&[]), for_ever(&frame(PING, 0, 0, &[7; 8]))];
        stage.ends_by("first_byte_ms", 1500).frames(acts)
    };

    floods_with_hints: "sends `103 Early Hints` for ever" =>
    Timeout, TimedOut, "`limits.first_byte_ms`", |stage| {
        let status = field(":status", "103");
        let link = field("link", "</style.css>; rel=preload");
        let hints = frame(HEADERS, END_HEADERS, 1, &[status, link].concat());
        // They queue in the HTTP/2 library where they come faster than they are dropped.
        stage.ends_by("first_byte_ms", 1500).holds_at_most(160).frames([send(&[]), for_ever(&hints)])
    };

    floods_with_headers: "sends HEADERS for ever" =>
    ProtocolError, BodyCutShort, "at once", |stage| {
        stage.frames([send(&[]), for_ever(&ok())])
    };

    floods_with_continuation: "sends CONTINUATION for ever" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        let begun = frame(HEADERS, 0, 1, &[OK]);
        let more = frame(CONTINUATION, 0, 1, &field("x-more", &"y".repeat(100)));
        stage.frames([send(&[begun]), for_ever(&more)])
    };

    floods_with_empty_continuation: "sends empty CONTINUATION for ever" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        let begun = frame(HEADERS, 0, 1, &[OK]);
        stage.frames([send(&[begun]), for_ever(&frame(CONTINUATION, 0, 1, &[]))])
    };

    floods_with_empty_data: "sends empty DATA for ever" =>
    ProtocolError, BodyCutShort, "at once", |stage| {
        stage.frames([send(&[ok()]), for_ever(&frame(DATA, 0, 1, &[]))])
    };

    floods_with_padding: "sends DATA of nothing but padding for ever" =>
    ProtocolError, BodyCutShort, "at once", |stage| {
        let padding = [&[255_u8], [0; 255].as_slice()].concat();
        stage.frames([send(&[ok()]), for_ever(&frame(DATA, PADDED, 1, &padding))])
    };

    floods_with_resets: "resets streams for ever that were never opened" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        let other = frame(RST_STREAM, 0, 3, &[0, 0, 0, CANCEL]);
        stage.frames([send(&[]), for_ever(&other)])
    };

    floods_with_windows: "opens the window for ever" =>
    ProtocolError, BrokenHttp, "2 GB of window", |stage| {
        let wider = frame(WINDOW_UPDATE, 0, 0, &[0, 1, 0, 0]);
        stage.frames([send(&[]), for_ever(&wider)])
    };

    floods_with_unknown_frames: "sends frames of an unknown kind for ever" =>
    Timeout, TimedOut, "`limits.first_byte_ms`", |stage| {
        stage.ends_by("first_byte_ms", 1500).frames([send(&[]), for_ever(&frame(0xbe, 0, 0, &[1; 64]))])
    };

    sends_forty_megabytes: "sends 40 MB" =>
    TooLarge, TooManyBytes, "`limits.body_bytes`", |stage| {
        let stage = stage.holds_at_most(128);
        stage.web.page("a.test", "/source", Page::html(vec![b'x'; 40 << 20]));
        stage.visit(SECURE).tells("larger than is taken")
    };

    ignores_the_window: "sends more than the window allows" =>
    ProtocolError, BodyCutShort, "at once", |stage| {
        let stage = stage.limit("body_bytes", 1 << 30).holds_at_most(128);
        let acts = [send(&[ok()]), Act::Repeat(frame(DATA, 0, 1, &[b'x'; 16_384]), 4096)];
        stage.frames(acts)
    };

    sends_data_before_headers: "sends DATA before HEADERS" =>
    ProtocolError, BrokenHttp, "at once", |stage| stage.frames([send(&[frame(DATA, END_STREAM, 1, PAGE)])]);

    sends_data_after_the_end: "sends DATA after the end of the stream" =>
    Alive, Status, "at once", |stage| {
        let whole = [ok(), frame(DATA, END_STREAM, 1, PAGE)];
        stage.frames([send(&whole), pause(), Act::Send(frame(DATA, 0, 1, PAGE))])
    };

    sends_a_frame_that_is_too_large: "sends a frame of 1 MB" =>
    ProtocolError, BodyCutShort, "at once", |stage| {
        let large = frame(DATA, END_STREAM, 1, &vec![b'x'; 1 << 20]);
        stage.frames([send(&[ok()]), pause(), Act::Send(large)])
    };

    pushes: "pushes what nobody asked for (PUSH_PROMISE)" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        let promise = [&[0, 0, 0, 2, 0x82, 0x84, 0x86], [0x41, 6].as_slice(), b"a.test"].concat();
        stage.frames([send(&[frame(PUSH_PROMISE, END_HEADERS, 1, &promise)])])
    };

    sends_broken_compression: "sends header fields that cannot be unpacked" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        stage.frames([send(&[frame(HEADERS, END_HEADERS, 1, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff])])])
    };

    sends_a_header_bomb: "sends a head of 16 KB that unpacks to 50 MB" =>
    ProtocolError, BrokenHttp, "128 KB for a head", |stage| {
        // One field of 4 KB enters the table (RFC 7541, section 6.2.1), and is then named by one byte each.
        let long = [&[0x40, 1, b'x', 0x7f, 0xa0, 0x1e], vec![b'y'; 3999].as_slice()].concat();
        let bomb = [&[OK], long.as_slice(), vec![0xbe; 15_000].as_slice()].concat();
        stage.frames([send(&[frame(HEADERS, END_HEADERS | END_STREAM, 1, &bomb[..16_384.min(bomb.len())])])])
    };

    sends_no_status: "sends a head without a status" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        let head = frame(HEADERS, END_HEADERS | END_STREAM, 1, &field("content-type", "text/html"));
        stage.frames([send(&[head])])
    };

    sends_a_length_that_is_wrong: "announces another length than it sends" =>
    ProtocolError, BodyCutShort, "at once", |stage| {
        let head = frame(HEADERS, END_HEADERS, 1, &[&[OK], field("content-length", "1000").as_slice()].concat());
        // Whether an end of the connection or this is seen first is a matter of luck.
        stage.frames([send(&[head, frame(DATA, END_STREAM, 1, PAGE)]), Act::Hang])
    };

    sends_a_line_break_in_a_header: "sends a header value with a line break in it" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        let fields = field("x-name", "a\r\nlocation: http://b.test/");
        let head = frame(HEADERS, END_HEADERS, 1, &[&[OK], fields.as_slice()].concat());
        stage.frames([send(&[head, frame(DATA, END_STREAM, 1, PAGE)])])
    };

    falls_back_to_text: "agrees on HTTP/2, and speaks HTTP/1.1" =>
    ProtocolError, BrokenHttp, "at once", |stage| {
        stage.frames([Act::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwords".to_vec())])
    };
}
