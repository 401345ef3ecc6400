//! Clients that are slow, take nothing, send too much, or what is no request: each is bounded, and the others are answered meanwhile.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sourcekeep::run::Clock;
use sourcekeep::serve::{Limits, Listeners, Places, Ways, serve};
use sourcekeep::store::{Mode, Store};
use tokio_util::sync::CancellationToken;

use crate::serving::{Serving, asked};
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
        [b"\x89PNG\r\n\x1a\n", &[7; LARGE][..]].concat(),
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
    let listeners = runtime.block_on(Listeners::bind(places, false)).unwrap();
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
    let _held: Vec<_> = (0..200).map(|_| begun(&serving.ui, "")).collect();
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
