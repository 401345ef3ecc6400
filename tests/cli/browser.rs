//! Pages as headless Chromium shows them: what is stored of them, what they cannot reach, and that nothing of it is left.
//!
//! Needs Chromium (`apt install chromium`), looked for as the program does. Without it, one line says that nothing was tried;
//! under `SOURCEKEEP_REQUIRE_TOOLS=1` it is a failure.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use insta::assert_snapshot;

use crate::support::{Desk, Done, interrupt};
use crate::web::Page;

const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

/// Whether there is a browser; says so if there is none.
fn is_there() -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders)
        .any(|folder| NAMES.iter().any(|name| folder.join(name).is_file()));
    let required = std::env::var_os("SOURCEKEEP_REQUIRE_TOOLS").is_some_and(|one| one == "1");
    assert!(found || !required, "no Chromium on PATH");
    if !found {
        let _ = writeln!(std::io::stderr(), "skipped: no Chromium on PATH");
    }
    found
}

/// A desk whose browsers have their folders in a folder of its own.
fn desk() -> Desk {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("tmp")).unwrap();
    desk
}

fn command(desk: &Desk, words: &str) -> Command {
    let mut command = desk.command(words);
    command.env("TMPDIR", desk.path("tmp"));
    command
}

/// Runs a command to its end, after which nothing of a browser is left.
#[track_caller]
fn run(desk: &Desk, words: &str) -> Done {
    let done = desk.finish(&mut command(desk, words));
    nothing_is_left(desk);
    done
}

/// Neither a folder of a browser, nor a process that works in one.
#[track_caller]
fn nothing_is_left(desk: &Desk) {
    let left: Vec<_> = std::fs::read_dir(desk.path("tmp")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(processes(desk), Vec::<u32>::new());
}

/// The processes that work in a folder of the desk.
fn processes(desk: &Desk) -> Vec<u32> {
    let folder = desk.path("tmp");
    let folder = folder.to_str().unwrap();
    let mut found = Vec::new();
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(id) = process.file_name().to_string_lossy().parse() else {
            continue;
        };
        let command = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&command).contains(folder) {
            found.push(id);
        }
    }
    found
}

const SHELL: &str = "<!doctype html><html><head><title>App</title></head><body>\
    <noscript>You need to enable JavaScript to run this app.</noscript><div id=\"root\"></div>\
    <script src=\"/app.js\"></script></body></html>";

const SCRIPT: &str = "fetch('/data.json').then(answer => answer.json()).then(data => {
    document.title = data.title;
    const root = document.getElementById('root');
    root.innerHTML = '<main><h1>' + data.title + '</h1><img src=\"/strike.png\">' +
        data.paragraphs.map(text => '<p>' + text + '</p>').join('') + '</main>';
});";

/// What the script fills the shell with.
fn data(year: u32) -> String {
    let first = format!("All strikes since {year} are listed here, as far as they are known.");
    let mut paragraphs: Vec<_> = (0..6)
        .map(|n| format!("Paragraph {n} of {year} tells of the strikes of that year in the valley, and of those who counted them."))
        .collect();
    paragraphs.insert(0, first);
    serde_json::json!({ "title": "The database of strikes", "paragraphs": paragraphs }).to_string()
}

fn shell(desk: &Desk) {
    let web = &desk.web;
    web.page("app.test", "/strikes", Page::html(SHELL));
    web.page(
        "app.test",
        "/app.js",
        Page::bytes("text/javascript", SCRIPT),
    );
    web.page(
        "app.test",
        "/data.json",
        Page::bytes("application/json", data(1871)),
    );
    web.page(
        "app.test",
        "/strike.png",
        Page::bytes("image/png", "no picture"),
    );
    let post = "# A post\n\nIt is [the database](https://app.test/strikes) that says: \"All strikes since 1871 are listed \
                here, as far as they are known.\"\n";
    desk.file("posts/a.md", post);
}

#[test]
fn a_page_that_a_script_fills_is_judged_and_searched_as_a_browser_shows_it() {
    if !is_there() {
        return;
    }
    let desk = desk();
    shell(&desk);
    let done = run(&desk, "run posts --browser=shells").exits(0);
    assert!(!done.out.contains("not rendered"), "{}", done.out);
    assert_snapshot!(desk.verdicts(), @"https://app.test/strikes | alive | alive");
    assert_snapshot!(
        desk.rows("select words, state, place from quotes"),
        @"All strikes since 1871 are listed here, as far as they are known. | verbatim | main"
    );
    assert_snapshot!(
        desk.rows("select kind, title, media_type, size from captures"),
        @"visit | The database of strikes | text/html | 191"
    );
    assert_snapshot!(desk.rows(
        "select outcome, why, stands, dom_size > 500, screenshot_size > 500, pdf_size, width, asked, answered, refused
         from renderings"
    ), @"whole | - | 1 | 1 | 1 | - | 1280 | 3 | 3 | {}");
    let shown = desk.run("show https://app.test/strikes").exits(0).out;
    let copies = &shown[shown.find("Copies").unwrap()..];
    assert!(
        copies.contains("  rendered at 2026-01-05T08:00:00Z by Chrome/"),
        "{copies}"
    );
    assert!(copies.contains("  asked for: all 3\n"), "{copies}");
    // Asked for once, though the page needs it and the browser asks for it.
    assert_eq!(desk.web.count("app.test", "/app.js"), 1);
    assert_eq!(desk.web.count("app.test", "/strikes"), 1);
    let dom = desk
        .run("show https://app.test/strikes --rendered dom")
        .exits(0)
        .out;
    assert!(dom.contains("<h1>The database of strikes</h1>"), "{dom}");
    let picture = desk
        .command("show https://app.test/strikes --rendered screenshot")
        .output()
        .unwrap();
    assert_eq!(
        (&picture.stdout[..4], &picture.stdout[8..12]),
        (&b"RIFF"[..], &b"WEBP"[..])
    );
    desk.run("verify").exits(0);

    // The same again is one short row.
    desk.day(1);
    run(&desk, "run --browser=shells").exits(0);
    assert_eq!(desk.web.count("app.test", "/strikes"), 2);
    assert_eq!(
        desk.number("select count(*) from visit where confirms is not null"),
        1
    );
    assert_eq!(desk.number("select count(*) from capture"), 1);

    // What fills it has changed, though the server sends the same shell.
    desk.web.page(
        "app.test",
        "/data.json",
        Page::bytes("application/json", data(1872)),
    );
    desk.day(4);
    run(&desk, "run --browser=shells").exits(0);
    assert_eq!(desk.number("select count(*) from capture"), 2);
    assert_snapshot!(
        desk.rows("select words, state from quotes"),
        @"All strikes since 1871 are listed here, as far as they are known. | altered"
    );
    assert_snapshot!(desk.verdicts(), @"https://app.test/strikes | drifted | alive");
    // Judged again, with and without what was drawn before, it is the same.
    for words in [
        "rejudge --format json",
        "rejudge --from-bodies --format json",
    ] {
        assert_eq!(desk.run(words).exits(0).out.trim(), "[]", "{words}");
    }
    desk.run("verify").exits(0);

    // Renderings go out and come back as they were.
    let read = |name: &str| std::fs::read(desk.path(name)).unwrap();
    desk.run("export warc -o a.warc").exits(0);
    desk.run("import a.warc --db b.db").exits(0);
    desk.run("verify --db b.db").exits(0);
    desk.run("export warc -o b.warc --db b.db").exits(0);
    assert!(
        read("a.warc") == read("b.warc"),
        "export, import, export: the same bytes"
    );
    let dom = |db: &str| {
        desk.run(&format!(
            "show https://app.test/strikes --rendered dom --db {db}"
        ))
        .exits(0)
        .out
    };
    assert_eq!(dom("b.db"), dom("sourcekeep.db"));
}

#[test]
fn without_a_browser_the_plain_copy_stands_and_a_line_says_how_to_have_one() {
    let desk = desk();
    shell(&desk);
    desk.page("a.test", "/a", "wells");
    desk.file("none.toml", "[browser]\npath = \"nowhere\"\n");
    let done = run(
        &desk,
        "capture https://a.test/a --browser --config none.toml",
    )
    .exits(0);
    assert_snapshot!(done.out, @r"
    alive              https://a.test/a
                       200 OK
    1 visited in [time]: 1 alive
    browser  1 page not rendered: browser.path: nowhere is no program; install it (Debian, Ubuntu: `apt install chromium`; Fedora: `dnf install chromium`; macOS: `brew install --cask chromium`), or name it with browser.path
    ");
    assert_eq!(desk.number("select count(*) from rendering"), 0);
    assert_eq!(desk.number("select count(*) from capture"), 1);
    let done = run(&desk, "run posts --browser=shells --config none.toml").exits(0);
    let told = done
        .out
        .lines()
        .find(|line| line.starts_with("browser"))
        .unwrap_or_default();
    assert_snapshot!(told, @"browser  1 page not rendered: browser.path: nowhere is no program; install it (Debian, Ubuntu: `apt install chromium`; Fedora: `dnf install chromium`; macOS: `brew install --cask chromium`), or name it with browser.path");
    let done = run(
        &desk,
        "check https://app.test/strikes --browser=never --config none.toml",
    )
    .exits(0);
    assert!(!done.out.contains("browser"), "{}", done.out);
}

#[test]
fn a_page_that_is_kept_is_kept_as_a_browser_shows_it_too_where_that_is_asked_for() {
    if !is_there() {
        return;
    }
    let desk = desk();
    desk.page("a.test", "/a", "wells");
    desk.file("pdf.toml", "[browser]\npdf = true\nwhen = \"always\"\n");
    run(
        &desk,
        "capture https://a.test/a --browser=always --config pdf.toml",
    )
    .exits(0);
    let rows = "select capture_id, outcome, stands, dom_size > 400, screenshot_size > 500, pdf_size > 500, refused from renderings";
    assert_snapshot!(desk.rows(rows), @"1 | whole | 0 | 1 | 1 | 1 | {}");
    // The same again is no new copy; another document is.
    run(&desk, "capture https://a.test/a --browser=always").exits(0);
    assert_eq!(desk.number("select count(*) from capture"), 1);
    for (day, words) in [(1, "towers"), (2, "bells"), (3, "roads")] {
        desk.page("a.test", "/a", words);
        run(desk.day(day), "capture https://a.test/a --browser").exits(0);
    }
    assert_snapshot!(desk.rows(rows), @r"
    1 | whole | 0 | 1 | 1 | 1 | {}
    2 | whole | 0 | 1 | 1 | - | {}
    3 | whole | 0 | 1 | 1 | - | {}
    4 | whole | 0 | 1 | 1 | - | {}
    ");
    let blobs = desk.number("select count(*) from blob");
    desk.run("compact").exits(0);
    desk.run("verify").exits(0);
    desk.run("stats").exits(0);
    // A copy that is pruned takes its rendering with it, and the chain holds.
    desk.run("prune --keep last").exits(0);
    assert!(desk.number("select count(*) from blob") < blobs - 3);
    assert_eq!(
        desk.number("select count(*) from pruned_capture where rendering_sha256 is not null"),
        desk.number("select count(*) from pruned_capture")
    );
    desk.run("verify").exits(0);
    desk.run("backup backups").exits(0);
}

#[test]
fn an_input_may_want_what_it_cites_to_be_rendered() {
    if !is_there() {
        return;
    }
    let desk = desk();
    desk.page("a.test", "/a", "wells");
    desk.page("b.test", "/b", "towers");
    desk.page("c.test", "/c", "bells");
    desk.post("rendered/a.md", &["https://a.test/a"]);
    desk.post("plain/b.md", &["https://b.test/b"]);
    desk.post("configured/c.md", &["https://c.test/c"]);
    desk.file(
        "sourcekeep.toml",
        "[[input]]\naddress = \"configured\"\nbrowser = true\n",
    );
    desk.run("add rendered --browser").exits(0);
    run(&desk, "run plain --browser=shells").exits(0);
    assert_snapshot!(
        desk.rows("select c.source, r.outcome from captures c left join rendering r on r.capture_id = c.id order by 1"),
        @r"
    https://a.test/a | whole
    https://b.test/b | -
    https://c.test/c | whole
    "
    );
}

/// Counts whoever asks.
struct Listener {
    port: u16,
    asked: Arc<AtomicUsize>,
    udp: UdpSocket,
}

impl Listener {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counter.fetch_add(1, Ordering::SeqCst);
                drop(stream);
            }
        });
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        udp.set_nonblocking(true).unwrap();
        Self { port, asked, udp }
    }

    #[track_caller]
    fn was_not_asked(&self) {
        assert_eq!(self.asked.load(Ordering::SeqCst), 0);
        let mut bytes = [0; 2048];
        assert!(
            self.udp.recv(&mut bytes).is_err(),
            "something came over UDP"
        );
    }
}

#[test]
fn no_page_reaches_a_private_address_whatever_it_tries() {
    if !is_there() {
        return;
    }
    let desk = desk();
    let listener = Listener::start();
    let (port, udp) = (listener.port, listener.udp.local_addr().unwrap().port());
    let hostile = format!(
        "<!doctype html><title>Hostile</title><link rel=preconnect href=http://127.0.0.1:{port}>\
         <link rel=dns-prefetch href=//local.example><link rel=prefetch href=http://127.0.0.1:{port}/prefetch>\
         <link rel=stylesheet href=http://127.0.0.1:{port}/style.css><link rel=manifest href=http://127.0.0.1:{port}/m>\
         <h1>Hostile</h1><p id=ends>not yet</p><img src=http://127.0.0.1:{port}/img><img src=/led-inside>\
         <img src=http://localhost:{port}/name><img src=http://[::1]:{port}/six><img src=file:///etc/passwd>\
         <iframe src=http://127.0.0.1:{port}/frame></iframe><iframe src=file:///etc/passwd></iframe>\
         <iframe src=chrome://version></iframe><embed src=http://127.0.0.1:{port}/embed>\
         <object data=http://127.0.0.1:{port}/object></object><video src=http://127.0.0.1:{port}/film></video>\
         <form id=f action=http://127.0.0.1:{port}/form method=post></form><iframe name=inside></iframe>\
         <script>
         const at = 'http://127.0.0.1:{port}';
         const tries = [
             () => alert('hold'), () => confirm('hold'), () => prompt('hold'),
             () => fetch(at + '/fetch', {{ mode: 'no-cors' }}), () => fetch(at + '/post', {{ method: 'POST', mode: 'no-cors' }}),
             () => new WebSocket('ws://127.0.0.1:{port}/socket'), () => new EventSource(at + '/events'),
             () => navigator.sendBeacon(at + '/beacon', 'x'), () => window.open(at + '/window'),
             () => navigator.serviceWorker.register('/worker.js'), () => new SharedWorker('/worker.js'),
             () => new Worker('/worker.js'),
             () => new Worker(URL.createObjectURL(new Blob([\"fetch('http://127.0.0.1:{port}/blob')\"]))),
             () => import(at + '/module.js'), () => {{ document.domain = '127.0.0.1'; }},
             () => {{
                 const peer = new RTCPeerConnection({{ iceServers: [{{ urls: 'stun:127.0.0.1:{udp}' }},
                     {{ urls: 'turn:127.0.0.1:{port}?transport=tcp', username: 'a', credential: 'b' }}] }});
                 peer.createDataChannel('a'); peer.createOffer().then(offer => peer.setLocalDescription(offer));
             }},
             () => new WebTransport('https://127.0.0.1:{udp}/'),
             () => {{ const a = document.createElement('a'); a.href = '/download'; a.download = 'a.bin'; a.click(); }},
             () => {{ f.target = 'inside'; f.submit(); }},
             () => {{ const x = new XMLHttpRequest(); x.open('GET', at + '/xhr'); x.send(); }},
             () => navigator.geolocation.getCurrentPosition(() => 0), () => Notification.requestPermission(),
             () => setTimeout(() => {{ location = at + '/away'; }}, 200),
             () => {{ ends.textContent = 'all was tried'; }},
         ];
         for (const one of tries) try {{ const done = one(); if (done && done.catch) done.catch(() => 0); }} catch (e) {{}}
         </script>{}",
        "<p>A paragraph that is long enough to be read as the text of a page, whatever its scripts are up to.</p>".repeat(5)
    );
    desk.web.page("bad.test", "/a", Page::html(hostile));
    desk.web.page(
        "bad.test",
        "/led-inside",
        Page::redirect(302, format!("http://127.0.0.1:{port}/led")),
    );
    let worker = format!(
        "fetch('http://127.0.0.1:{port}/worker'); new WebSocket('ws://127.0.0.1:{port}/worker');"
    );
    desk.web.page(
        "bad.test",
        "/worker.js",
        Page::bytes("text/javascript", worker),
    );
    desk.web.page(
        "bad.test",
        "/download",
        Page::bytes("application/octet-stream", "bytes"),
    );
    for scheme in ["https", "http"] {
        // Names of this machine lead nowhere here, as they do by default.
        let mut command = desk.bare(&format!(
            "capture {scheme}://bad.test/a --browser --host-delay 0"
        ));
        command.args(["--resolve", &format!("bad.test={}", desk.web.addr())]);
        command.arg("--ca-cert").arg(desk.web.ca_path());
        desk.finish(command.env("TMPDIR", desk.path("tmp")))
            .exits(0);
        nothing_is_left(&desk);
        listener.was_not_asked();
    }
    let dom = desk
        .run("show https://bad.test/a --rendered dom")
        .exits(0)
        .out;
    assert!(dom.contains("all was tried"), "{dom}");
    assert!(!dom.contains("root:"), "{dom}");
    let refused = desk.rows("select refused from renderings order by capture_id desc limit 1");
    for what in [
        "\"connection\":",
        "\"method\":",
        "\"navigation\":",
        "\"stream\":",
    ] {
        assert!(refused.contains(what), "{what}: {refused}");
    }
    let missing = desk.rows(
        "select distinct r.missing from requisite r join rendering n on n.manifest_id = r.manifest_id where r.missing is not null",
    );
    assert_eq!(missing.trim(), "private-address");
}

#[test]
fn pages_that_hang_flood_or_devour_end_and_the_next_one_is_rendered() {
    if !is_there() {
        return;
    }
    let desk = desk();
    desk.file(
        "short.toml",
        "[browser]\ntimeout_ms = 6000\nmemory = \"700 MiB\"\n",
    );
    let text = "<p>A paragraph that is long enough to be read as the text of a page, whatever its scripts do.</p>".repeat(5);
    for (name, script) in [
        ("hangs", "while (true) {}"),
        (
            "devours",
            "const all = []; setInterval(() => { for (let n = 0; n < 8; n++) all.push(new Uint8Array(8e6).fill(n + 1)); }, 1)",
        ),
        (
            "asks",
            "let n = 0; setInterval(() => { for (let i = 0; i < 50; i++) fetch('/gone?' + n++, { method: 'POST' }).catch(() => 0); }, 5)",
        ),
        (
            "crashes",
            "const all = []; while (true) all.push(new Array(1e6).fill(Math.random()))",
        ),
    ] {
        let page = format!(
            "<!doctype html><title>{name}</title><h1>It {name}</h1>{text}<script>{script}</script>"
        );
        desk.web
            .page("bad.test", &format!("/{name}"), Page::html(page));
    }
    desk.page("good.test", "/good", "wells");
    let words = "capture https://bad.test/hangs https://bad.test/devours https://bad.test/asks https://bad.test/crashes \
                 https://good.test/good --browser --config short.toml";
    let done = run(&desk, words).exits(0);
    assert_eq!(
        desk.number("select count(*) from capture"),
        5,
        "{}",
        done.out
    );
    assert_snapshot!(desk.rows(
        "select source, outcome, dom_size is not null, why is not null from renderings where source not like '%/asks' order by source"
    ), @r"
    https://bad.test/crashes | failed | 0 | 1
    https://bad.test/devours | failed | 0 | 1
    https://bad.test/hangs | failed | 0 | 1
    https://good.test/good | whole | 1 | 0
    ");
    desk.run("verify").exits(0);
}

/// Starts a command, and waits until its browser works on a page.
fn start(desk: &Desk, words: &str) -> Child {
    let child = command(desk, words)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    desk.web.wait_for("slow.test", "/never.css");
    child
}

fn slow(desk: &Desk) {
    let text = "<p>A paragraph that is long enough to be read as the text of a page, whatever it waits for.</p>".repeat(5);
    let page = format!(
        "<!doctype html><title>Slow</title><h1>Slow</h1>{text}<script>fetch('/never.css')</script>"
    );
    desk.web.page("slow.test", "/a", Page::html(page));
    desk.web.page(
        "slow.test",
        "/never.css",
        Page::script([crate::web::Act::Hang]),
    );
}

#[test]
fn an_interrupt_ends_the_browser_too() {
    if !is_there() {
        return;
    }
    let desk = desk();
    slow(&desk);
    let child = start(&desk, "capture https://slow.test/a --browser");
    interrupt(&child);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    nothing_is_left(&desk);
}

#[test]
fn a_browser_ends_by_itself_when_we_are_killed() {
    if !is_there() {
        return;
    }
    let desk = desk();
    slow(&desk);
    let mut child = start(&desk, "capture https://slow.test/a --browser");
    assert!(!processes(&desk).is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    let begun = std::time::Instant::now();
    while !processes(&desk).is_empty() {
        assert!(begun.elapsed().as_secs() < 30, "{:?}", processes(&desk));
        std::thread::yield_now();
    }
    // What it had not put down is not there, and the next one goes on.
    desk.page("slow.test", "/a", "wells");
    desk.finish(&mut command(&desk, "capture https://slow.test/a --browser"))
        .exits(0);
    desk.run("verify").exits(0);
}
