//! Clients that are slow, take nothing, send too much, or what is no request: each is bounded, and the others are answered meanwhile.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sourcekeep::run::Clock;
use sourcekeep::serve::{Limits, Listeners, Places, Ways, serve};
use sourcekeep::store::{Mode, Store};
use tokio_util::sync::CancellationToken;

use crate::serving::{Said, Serving, asked, posted, raw_bytes};
use crate::support::Desk;
use crate::web::Page;

const WHEN: &str = "20260105080000";
/// More than the buffers of two sockets hold.
const LARGE: usize = 8 << 20;
/// Long enough for a machine that is busy with other things, and shorter than any limit of time.
const PROMPT: Duration = Duration::from_secs(8);

/// An archive of a page and a large file.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.page("a.test", "/page", "Wells of the old town");
    let large = Page::bytes(
        "image/png",
        [b"\x89PNG\r\n\x1a\n", &vec![7; LARGE][..]].concat(),
    );
    desk.web.page("a.test", "/large.png", large);
    desk.post(
        "posts/a.md",
        &["https://a.test/page", "https://a.test/large.png"],
    );
    desk.run("run posts").exits(0);
    desk
}

fn large() -> String {
    format!("/web/{WHEN}id_/https://a.test/large.png")
}

/// One who begins to say something, and then neither sends nor takes anything.
fn begun(host: &str, words: &str) -> TcpStream {
    let mut stream = TcpStream::connect(host).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    // One that is refused is closed, perhaps before it has said anything.
    let _ = stream.write_all(words.as_bytes());
    stream
}

/// One whose window is small, and who asks for what is large.
fn never_reads(host: &str, path: &str) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        socket.connect(host.parse().unwrap()).await.unwrap()
    });
    let mut stream = stream.into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    stream
}

fn rest(mut stream: TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // A connection that was cut says so, after what came before.
    let _ = stream.read_to_end(&mut all);
    all
}

/// The pages are answered, and so are the copies, and soon.
#[track_caller]
fn answers(serving: &Serving) {
    let begun = Instant::now();
    serving.ui("/").is(200);
    serving.ui("/health").is(200);
    serving
        .replay(&format!("/web/{WHEN}/https://a.test/page"))
        .is(200);
    assert!(begun.elapsed() < PROMPT, "{:?}", begun.elapsed());
}

/// The listener of the copies, within this process and under these limits, until what it is given to has ended.
fn within(desk: &Desk, limits: Limits, ask: impl FnOnce(&str)) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = Store::open(&desk.path("sourcekeep.db"), Mode::Read, 0).unwrap();
    let any = "127.0.0.1:0".parse().unwrap();
    let places = Places {
        at: [any; 2],
        named: [None, None],
    };
    let listeners = runtime.block_on(async { Listeners::bind(places, false).unwrap() });
    let listeners = listeners.limited(limits);
    let host = listeners.listening()[1].to_string();
    let stop = CancellationToken::new();
    let serving = serve(
        listeners,
        Arc::new(store),
        Clock::System,
        Ways::default(),
        Box::new(|_| ()),
        stop.clone(),
    );
    let serving = runtime.spawn(serving);
    ask(&host);
    stop.cancel();
    runtime.block_on(serving).unwrap().unwrap();
}

#[test]
fn who_takes_nothing_is_let_go() {
    let desk = desk();
    let limits = Limits {
        connections: 1,
        taken_within: Duration::from_millis(500),
        ..Limits::default()
    };
    within(&desk, limits, |host| {
        let begun = Instant::now();
        let stream = never_reads(host, &large());
        // There is room for one: this waits until the other is let go.
        asked(host, "/style.css", "").is(200);
        assert!(begun.elapsed() >= Duration::from_millis(500));
        let said = rest(stream);
        assert!(said.starts_with(b"HTTP/1.1 200 OK\r\n"));
        assert!(said.len() < LARGE, "{}", said.len());
        // Who takes what they asked for gets all of it.
        assert!(asked(host, &large(), "").is(200).bytes.len() > LARGE);
    });
}

#[test]
fn who_says_nothing_or_half_of_it_is_let_go() {
    let desk = desk();
    let limits = Limits {
        head_within: Duration::from_millis(500),
        ..Limits::default()
    };
    within(&desk, limits, |host| {
        for words in ["", "G", "GET / HTTP/1.1\r\nHost: x\r\nX: "] {
            assert!(rest(begun(host, words)).len() < 200, "{words}");
        }
        // A byte now and then does not begin the time anew.
        let mut slow = begun(host, "GET / HTTP/1.1\r\nX: ");
        slow.set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        let begun = Instant::now();
        while slow.write_all(b"x").is_ok() {
            match slow.read(&mut [0; 1024]) {
                Ok(0) => break,
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
                _ => assert!(begun.elapsed().as_secs() < 20, "it is listened to"),
            }
        }
        assert!(begun.elapsed() >= Duration::from_millis(300));
    });
}

#[test]
fn who_does_nothing_keeps_nobody_waiting() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let files = rlimit::increase_nofile_limit(10_000).unwrap_or(1024);
    let many = 1000.min(files.saturating_sub(400) as usize / 2);
    let form = "POST /login HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\npassw";
    let mut held = Vec::new();
    for host in [&serving.ui, &serving.replay] {
        for n in 0..many {
            let half = format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: ");
            let slow = form.replace("{}", host);
            held.push(match n % 20 {
                0 => begun(host, &half),
                1 => begun(host, &slow),
                _ => begun(host, ""),
            });
        }
    }
    for _ in 0..5 {
        answers(&serving);
    }
    if let Some(peak) = serving.peak_mb() {
        assert!(peak < 200, "{peak} MB");
    }
    drop(held);
    answers(&serving);
}

#[test]
fn nobody_takes_the_room_of_all_others() {
    // The address by which this machine reaches others, if it has one; nothing is sent there.
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let own = socket
        .connect("192.0.2.1:9")
        .and_then(|()| socket.local_addr());
    let Some(own) = own.ok().filter(|own| !own.ip().is_loopback()) else {
        return;
    };
    let desk = desk();
    let (token, hash) = sourcekeep::password::TokenHash::make().unwrap();
    desk.file("sourcekeep.toml", format!("[token.a]\nhash = \"{hash}\"\n"));
    let listen = format!(
        "serve --listen {}:0 --replay-listen 127.0.0.1:0 --format json",
        own.ip()
    );
    let serving = Serving::of(&mut desk.command(&listen));
    let token = format!("Authorization: Bearer {token}\r\n");
    serving.ui_with("/", &token).is(200);
    let held: Vec<_> = (0..250).map(|_| begun(&serving.ui, "")).collect();
    // No more are taken, and none of those is let go of; (which of the first came last, or one that has just ended, is not known.)
    let more: Vec<_> = (0..20).map(|_| begun(&serving.ui, "")).collect();
    let refused = more.into_iter().filter(|stream| {
        let mut stream = stream;
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        !matches!(stream.read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    });
    assert!(refused.count() >= 18);
    let path = format!("/web/{WHEN}/https://a.test/page");
    serving.replay_with(&path, &token).is(200);
    drop(held);
    let begun = Instant::now();
    while serving.ui_with("/", &token).status != 200 {
        assert!(begun.elapsed() < PROMPT, "nobody is let in again");
        std::thread::yield_now();
    }
}

#[cfg(unix)]
#[test]
fn files_are_left_for_the_archive() {
    let desk = desk();
    let serve = desk.command("serve --listen 127.0.0.1:0 --format json");
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", "ulimit -n 160 && exec \"$0\" \"$@\""]);
    limited.arg(serve.get_program()).args(serve.get_args());
    limited.current_dir(desk.path(""));
    let serving = Serving::of(&mut limited);
    let _held: Vec<_> = (0..150).map(|_| begun(&serving.ui, "")).collect();
    let page = format!("/web/{WHEN}/https://a.test/page");
    let texts = format!("/web/{WHEN}tx_/https://a.test/page");
    std::thread::scope(|scope| {
        for n in 0..16 {
            let path = if n % 2 == 0 { &page } else { &texts };
            let serving = &serving;
            scope.spawn(move || serving.replay(path).is(200));
        }
    });
}

#[test]
fn who_asks_for_much_and_takes_nothing_fills_no_memory() {
    let desk = desk();
    let serving = Serving::start(&desk);
    serving.replay(&large()).is(200);
    let before = serving.peak_mb();
    // All of it would be 480 MB.
    let held: Vec<_> = (0..60)
        .map(|_| never_reads(&serving.replay, &large()))
        .collect();
    let statuses: Vec<_> = held
        .iter()
        .map(|mut stream| {
            let mut start = [0; 12];
            stream.read_exact(&mut start).unwrap();
            String::from_utf8_lossy(&start[9..]).into_owned()
        })
        .collect();
    let refused = statuses.iter().filter(|status| *status == "503").count();
    assert!((20..40).contains(&refused), "{statuses:?}");
    answers(&serving);
    if let Some((before, peak)) = before.zip(serving.peak_mb()) {
        // What is being made is not yet counted: eight, each in a few forms.
        assert!(peak - before < 450, "{before} MB, then {peak}");
    }
    drop(held);
    let begun = Instant::now();
    while serving.replay(&large()).status != 200 {
        assert!(begun.elapsed() < PROMPT, "there is no room again");
        std::thread::yield_now();
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=x";

/// Sends a head and then 100 MB, as far as they are taken; how many bytes were, and what was answered.
fn floods(host: &str, head: &str, is_chunked: bool) -> (usize, Said) {
    let mut stream = begun(host, &format!("{head}\r\n"));
    stream
        .set_write_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut block = b"a=b&".repeat(16 << 10);
    if is_chunked {
        block = [b"10000\r\n", &block[..], b"\r\n"].concat();
    }
    let mut sent = 0;
    while sent < 100 << 20 && stream.write_all(&block).is_ok() {
        sent += block.len();
    }
    (sent, Said::read(&rest(stream)))
}

#[test]
fn too_much_is_refused_and_not_held() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let host = &serving.ui;
    answers(&serving);
    let before = serving.peak_mb();
    let length = format!("Content-Length: {}\r\n", 100 << 20);
    let chunked = "Transfer-Encoding: chunked\r\n";
    for (method, path, status) in [
        ("GET", "/", 200),
        ("GET", "/ui.css", 200),
        ("GET", "/sources/1/copy", 302),
        ("POST", "/", 405),
        ("POST", "/events", 405),
        ("POST", "/nowhere", 405),
        ("POST", "/login", 413),
        ("POST", "/logout", 413),
        ("POST", "/inputs", 413),
        ("POST", "/api/v1/sources", 413),
        ("POST", "/sources/1/copy", 413),
    ] {
        for framing in [&length, chunked, "Content-Length: 10\r\n", ""] {
            let head = format!(
                "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {FORM}\r\n{framing}"
            );
            let (sent, said) = floods(host, &head, framing == chunked);
            // What lies about its length ends there: what follows is no request. (It may be cut off before the answer is read.)
            let is_short = framing != length && framing != chunked;
            let expected = match (is_short && status == 413, path) {
                (true, "/logout") => 303,
                (true, _) => 403,
                (false, _) => status,
            };
            assert!(
                said.status == expected || said.status == 0,
                "{method} {path} {framing}: {}",
                said.status
            );
            assert!(sent < 32 << 20, "{method} {path} {framing}: {sent} bytes");
        }
    }
    if let Some((before, peak)) = before.zip(serving.peak_mb()) {
        assert!(peak - before < 40, "{before} MB, then {peak}");
    }
    // A file may be large; it is held to its limit.
    let head = format!(
        "POST /sources/1/copy HTTP/1.1\r\nHost: {host}\r\nContent-Type: {MULTIPART}\r\n{chunked}"
    );
    let (sent, said) = floods(host, &head, true);
    assert!(matches!(said.status, 413 | 0), "{}", said.status);
    assert!(sent < 100 << 20, "{sent}");
    answers(&serving);
}

#[test]
fn many_files_at_once_are_not_all_held() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let before = serving.peak_mb();
    let head = format!(
        "POST /sources/1/copy HTTP/1.1\r\nHost: {}\r\nContent-Type: {MULTIPART}\r\nContent-Length: {}\r\n\r\n",
        serving.ui,
        60 << 20
    );
    let body = vec![b'z'; 1 << 20];
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut stream = begun(&serving.ui, &head);
                stream
                    .set_write_timeout(Some(Duration::from_secs(1)))
                    .unwrap();
                // Those that are not read yet take what the buffers of their sockets hold.
                let sent = (0..50).take_while(|_| stream.write_all(&body).is_ok());
                sent.count()
            });
        }
        answers(&serving);
    });
    if let Some((before, peak)) = before.zip(serving.peak_mb()) {
        // Two, each in a buffer that grows by being copied; eight were 400 MB.
        assert!(peak - before < 320, "{before} MB, then {peak}");
    }
    answers(&serving);
}

#[test]
fn who_may_change_nothing_is_told_before_they_send_a_file() {
    let desk = desk();
    let serving =
        Serving::of(&mut desk.command("serve --listen 127.0.0.1:0 --format json --read-only"));
    let head = format!(
        "POST /sources/1/copy HTTP/1.1\r\nHost: {}\r\nContent-Type: {MULTIPART}\r\nContent-Length: 60000000\r\n\r\n",
        serving.ui
    );
    let mut stream = begun(&serving.ui, &head);
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 403");
}

#[test]
fn forms_that_are_none_are_refused() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let key = serving.form_key("/inputs", "");
    let part = |name: &str, more: &str, value: &[u8]| {
        let head = format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
        [head.as_bytes(), value, b"\r\n"].concat()
    };
    let csrf = part("csrf", "", key.as_bytes());
    let file = |more: &[u8]| [&csrf[..], more, b"--x--\r\n"].concat();
    let empty = part("a", "; filename=\"\"", b"");
    let name =
        b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\xff\xfe\"\r\n\r\na\r\n";
    for (what, body, status) in [
        ("parts without end", empty.repeat(400_000), 400),
        ("many fields", file(&part("a", "", b"").repeat(5000)), 400),
        (
            "no end",
            part("file", "; filename=\"a\"", &vec![b'z'; 1 << 20]),
            400,
        ),
        (
            "headers",
            [b"--x\r\n", &b"A: b\r\n".repeat(200_000)[..]].concat(),
            400,
        ),
        (
            "a long name",
            file(&part(&"n".repeat(4 << 20), "", b"a")),
            400,
        ),
        (
            "a long field",
            file(&part("note", "", &vec![b'n'; 1 << 20])),
            400,
        ),
        (
            "near ends",
            file(&part(
                "file",
                "; filename=\"a\"",
                &b"\r\n--".repeat(500_000),
            )),
            303,
        ),
        ("a name of no letters", file(name), 400),
        ("nothing", Vec::new(), 400),
        ("no file", file(b""), 400),
        (
            "a name that leaves",
            file(&part("file", "; filename=\"../../a%0d%0ab.html\"", b"")),
            400,
        ),
    ] {
        let begun = Instant::now();
        let said = posted(&serving.ui, "/sources/1/copy", MULTIPART, "", &body);
        assert_eq!(said.status, status, "{what}: {}", said.text());
        assert!(begun.elapsed() < PROMPT, "{what}: {:?}", begun.elapsed());
    }
    let deep = "[".repeat(200_000);
    let deeper = "{\"a\":".repeat(40_000);
    let many = format!(
        "{{{}\"a\":[{}1]}}",
        "\"a\":1,".repeat(9000),
        "1,".repeat(9000)
    );
    for (media_type, body, status) in [
        ("application/json", deep.as_bytes(), 400),
        ("application/json", deeper.as_bytes(), 400),
        ("application/json", many.as_bytes(), 400),
        ("application/json", b"{\"input\": \"\xff\"}", 400),
        ("application/json", b"{\"input\": \"\\ud800\"}", 400),
        ("application/json", b"{\"hours\": 1e999}", 400),
        ("application/json", b"{\"input\": \"\\u0000\"}", 400),
        (FORM, b"input=%ff%fe%00&\xff=\xff", 403),
        (FORM, b"%%%&&&===", 403),
        (FORM, b"\0\0\0", 403),
        ("\x01", b"a", 0),
    ] {
        for path in ["/inputs", "/api/v1/inputs"] {
            let said = posted(&serving.ui, path, media_type, "", body);
            let is_refused = said.status == status || status == 0 && said.status == 400;
            assert!(is_refused, "{path} {media_type}: {}", said.text());
        }
    }
    // What only looks like an end is part of a file.
    assert_eq!(desk.number("select count(*) from capture"), 3);
    answers(&serving);
}

#[test]
fn who_guesses_a_password_thousands_of_times_is_bounded() {
    let desk = desk();
    let (hash, _) = crate::access::made(&desk, "config password", "correct horse");
    desk.file("sourcekeep.toml", hash);
    let serving = Serving::start(&desk);
    let long = format!("password={}", "p".repeat(1 << 20));
    assert_eq!(
        posted(&serving.ui, "/login", FORM, "", long.as_bytes()).status,
        413
    );
    posted(&serving.ui, "/login", FORM, "", b"password=%00%00&to=%00").is(403);
    posted(
        &serving.ui,
        "/login",
        FORM,
        "",
        b"password=%ff&to=/%0d%0aX:y",
    )
    .is(403);
    let statuses: Vec<_> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let one = || posted(&serving.ui, "/login", FORM, "", b"password=guess").status;
                    (0..500).map(|_| one()).collect::<Vec<_>>()
                })
            })
            .collect();
        tries
            .into_iter()
            .flat_map(|all| all.join().unwrap())
            .collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 403).count(), 8);
    assert!(statuses.iter().all(|status| matches!(status, 403 | 429)));
    serving.ui("/healthz").is(200);
    if let Some(peak) = serving.peak_mb() {
        assert!(peak < 150, "{peak} MB");
    }
}

#[test]
fn many_listen_and_one_more_is_asked_to_wait() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let listen = || {
        let words = format!("GET /events HTTP/1.1\r\nHost: {}\r\n\r\n", serving.ui);
        let mut stream = begun(&serving.ui, &words);
        let mut start = [0; 12];
        stream.read_exact(&mut start).unwrap();
        (String::from_utf8_lossy(&start[9..]).into_owned(), stream)
    };
    let mut all: Vec<_> = (0..32).map(|_| listen()).collect();
    assert!(all.iter().all(|(status, _)| status == "200"));
    assert_eq!(listen().0, "503");
    answers(&serving);
    all.pop();
    let begun = Instant::now();
    while listen().0 != "200" {
        assert!(begun.elapsed() < PROMPT, "nobody is let in again");
        std::thread::yield_now();
    }
}

/// The statuses of all answers to these bytes.
fn statuses(host: &str, bytes: &[u8]) -> Vec<u16> {
    let stream = begun(host, "");
    let _ = (&stream).write_all(bytes);
    let said = rest(stream);
    let text = String::from_utf8_lossy(&said);
    let answers = text.split("HTTP/1.").skip(1);
    answers.map(|one| one[2..5].parse().unwrap()).collect()
}

#[expect(clippy::too_many_lines, reason = "most of it is a table")]
#[test]
fn requests_within_requests_are_not_answered() {
    let desk = desk();
    let serving = Serving::start(&desk);
    for host in [&serving.ui, &serving.replay] {
        let own = format!("Host: {host}\r\n");
        let hidden = format!("GET /style.css HTTP/1.1\r\n{own}Connection: close\r\n\r\n");
        let post = |head: &str, body: &str| {
            format!("POST /nowhere HTTP/1.1\r\n{own}{head}\r\n{body}{hidden}").into_bytes()
        };
        let get = |head: &str| format!("GET /style.css HTTP/1.1\r\n{own}{head}\r\n").into_bytes();
        let chunked = "Transfer-Encoding: chunked\r\n";
        for (what, bytes, expected) in [
            (
                "both",
                post(&format!("Content-Length: 5\r\n{chunked}"), "0\r\n\r\n"),
                &[405][..],
            ),
            (
                "both, turned",
                post(&format!("{chunked}Content-Length: 5\r\n"), "0\r\n\r\n"),
                &[405],
            ),
            (
                "two lengths",
                post("Content-Length: 5\r\nContent-Length: 6\r\n", "abcdef"),
                &[400],
            ),
            (
                "a list of lengths",
                post("Content-Length: 5, 5\r\n", "abcde"),
                &[400],
            ),
            ("a sign", post("Content-Length: +5\r\n", "abcde"), &[400]),
            (
                "less than nothing",
                post("Content-Length: -1\r\n", ""),
                &[400],
            ),
            (
                "no number",
                post("Content-Length: 99999999999999999999999\r\n", ""),
                &[400],
            ),
            (
                "a coding",
                post("Transfer-Encoding: identity\r\n", ""),
                &[400],
            ),
            (
                "a coding like it",
                post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
                &[400],
            ),
            (
                "not the last",
                post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"),
                &[400],
            ),
            (
                "a space",
                post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
                &[400],
            ),
            ("folded", get("X: a\r\n b\r\n"), &[400]),
            ("half a line break", get("X: a\rSet-Cookie: b\r\n"), &[400]),
            ("a zero", get("X: a\0b\r\n"), &[400]),
            (
                "another host",
                b"GET http://evil.test/ HTTP/1.1\r\nConnection: close\r\n\r\n".to_vec(),
                &[421],
            ),
            (
                "a way",
                format!("CONNECT {host} HTTP/1.1\r\n{own}Connection: close\r\n\r\n").into_bytes(),
                &[405],
            ),
            (
                "an echo",
                format!("TRACE / HTTP/1.1\r\n{own}Connection: close\r\n\r\n").into_bytes(),
                &[405],
            ),
            (
                "no path",
                format!("OPTIONS * HTTP/1.1\r\n{own}Connection: close\r\n\r\n").into_bytes(),
                &[405],
            ),
            ("the oldest", b"GET /\r\n\r\n".to_vec(), &[400]),
            (
                "the next",
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
                &[],
            ),
            (
                "TLS",
                [b"\x16\x03\x01\x02\x00\x01", &[7; 600][..]].concat(),
                &[400],
            ),
            ("many headers", get(&"X: y\r\n".repeat(1000)), &[431]),
            (
                "a long head",
                get(&format!("X: {}\r\n", "y".repeat(1 << 20))),
                &[431],
            ),
            (
                "a long path",
                format!("GET /{} HTTP/1.1\r\n{own}\r\n", "y".repeat(1 << 20)).into_bytes(),
                &[431],
            ),
        ] {
            let told = statuses(host, &bytes);
            // What is refused while it is still sent may be cut off.
            let is_cut = told.is_empty() && bytes.len() > 32 << 10;
            assert!(told == expected || is_cut, "{host} {what}: {told:?}");
        }
    }
    answers(&serving);
}

#[test]
fn paths_that_are_none_lead_nowhere() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let long = |part: &str, many: usize| part.repeat(many).into_bytes();
    let mut paths: Vec<Vec<u8>> = [
        &b"/\xff\xfe"[..],
        b"/%ff%fe",
        b"/sources?q=%ff%fe%00",
        b"/web/%00",
        b"/web/../../../etc/passwd",
        b"/web/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        b"/web/%252e%252e/%252e%252e/etc/passwd",
        b"/web/..\\..\\..\\etc\\passwd",
        b"/web/2026/file:///etc/passwd",
        b"/web/2026id_//etc/passwd",
        b"/ui.css/../../../etc/passwd",
        b"/ui.css%00.html",
        b"/sources/../../../etc/passwd",
        b"/sources/1%00/text",
        b"/sources/99999999999999999999",
        b"/sources/1/compare?from=99999999999999999999&to=\xc3\xa9",
        b"/sources?after=NaN.1&limit=-1",
        b"/sources?since=-9999-99-99",
        b"/api/v1/events?after=-9223372036854775808",
        b"/web/99991231235959-99999999999999999999/http://a.test/",
        b"/web/20260105~\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9/x",
        b"/%0d%0aSet-Cookie:%20evil=1",
        b"/web/2026/http://a.test/%0d%0aSet-Cookie:%20evil=1",
        b"/login?to=/%0d%0aSet-Cookie:%20evil=1",
        b"/?url=http://a.test/%0d%0aSet-Cookie:%20evil=1",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    for (start, part, many) in [
        ("/sources?", "a=b&", 7000),
        ("/sources?q=", "%25_", 7000),
        ("/sources?host=", "a.test,", 4000),
        ("/posts?q=", "x", 30_000),
        ("/search?q=", "ab+", 9000),
        ("/search?q=", "(", 30_000),
        ("/search?q=", "%22a+b%22+OR+", 2000),
        ("/web/", "a", 30_000),
        ("/web/http://a.test/", "%2f", 9000),
    ] {
        paths.push([start.as_bytes(), &long(part, many)].concat());
    }
    let secret = std::fs::read("/etc/passwd").unwrap_or_default();
    for path in &paths {
        for host in [&serving.ui, &serving.replay] {
            let rest = format!(" HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            let begun = Instant::now();
            let said = raw_bytes(host, &[b"GET ", &path[..], rest.as_bytes()].concat());
            let path = String::from_utf8_lossy(&path[..path.len().min(80)]);
            assert!((200..500).contains(&said.status), "{path}: {}", said.status);
            assert!(
                !said
                    .headers
                    .iter()
                    .any(|(_, value)| value.starts_with("evil")),
                "{path}"
            );
            assert!(
                secret.is_empty() || !said.bytes.windows(secret.len()).any(|some| some == secret)
            );
            assert!(begun.elapsed() < PROMPT, "{path}: {:?}", begun.elapsed());
        }
    }
    for range in [
        "bytes=a-b",
        "bytes=-",
        "bytes=5-2",
        "items=0-1",
        "bytes=0-1,2-3",
        "\u{e9}",
        "bytes=--1",
    ] {
        let said = serving.replay_with(&large(), &format!("Range: {range}\r\n"));
        assert_eq!((said.status, said.bytes.len()), (200, LARGE + 8), "{range}");
    }
    for range in ["bytes=99999999999999999999-", "bytes=-0"] {
        serving
            .replay_with(&large(), &format!("Range: {range}\r\n"))
            .is(416);
    }
    answers(&serving);
}
