//! A hostile collection, kept, and shown by `serve` in real Chromium: nothing of it runs, nothing leaves, nothing is left behind.
//!
//! The same pages, opened as their servers meant them, are held against the same recorders, so that each trap is known to close.
//! Needs Chromium; without it, one line says that nothing was tried; under `SOURCEKEEP_REQUIRE_TOOLS=1` it is a failure.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "serve_hostile/chromium.rs"]
mod chromium;
#[path = "serve_hostile/collection.rs"]
mod collection;
#[allow(dead_code, reason = "each test crate uses its part of it")]
#[path = "serve/serving.rs"]
mod serving;
#[allow(dead_code, reason = "each test crate uses its part of the desk")]
#[path = "cli/support.rs"]
mod support;
mod web;
#[path = "serve_hostile/worked.rs"]
mod worked;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use chromium::{Chromium, Record};
use serving::Serving;
use support::Desk;
use web::Page;

/// What does nothing that is seen in Chromium as it is today: what it does not know, or does only with a window or without scripts; of
/// names that are looked up ahead, nothing is written down where every name leads to one address.
const SLEEP: &[&str] = &[
    "dns-prefetch.out.test",
    "icon.out.test",
    "manifest.out.test",
    "marquee.ran.test",
    "math-glyph.ran.test",
    "noscript-plain.out.test",
    "speculation.out.test",
    "svg-cdata.ran.test",
    "table-select.ran.test",
];

/// When everything is kept.
const SECOND: &str = "20260105080000";

/// A desk with the collection on its web.
fn desk() -> Desk {
    let desk = Desk::new();
    for host in ["a.test", "127.0.0.1"] {
        for file in collection::files() {
            desk.web.page(host, &format!("/{}", file.name), file.page);
        }
        let worker = "console.log('ran:in-worker')";
        desk.web
            .page(host, "/worker.js", Page::bytes("text/javascript", worker));
        desk.web.page(host, "/robots.txt", Page::empty(404));
    }
    desk.web
        .anywhere(|asked| collection::anything(&asked.host, &asked.path));
    desk
}

/// What every recorder says that something did: `NAME.ran.test`, `NAME.out.test`.
fn tripped(browser: &Chromium, desk: &Desk) -> BTreeSet<String> {
    let mut all: BTreeSet<_> = browser
        .ran()
        .iter()
        .map(|name| format!("{name}.ran.test"))
        .collect();
    let asked = desk.web.requests().into_iter().map(|one| one.host);
    all.extend(asked.filter(|host| host.rsplit('.').next() == Some("test")));
    all
}

#[test]
fn nothing_of_a_hostile_collection_runs_or_leaves_and_all_of_it_would() {
    let Some(program) = chromium::find() else {
        return;
    };
    let desk = desk();
    let files = collection::files();
    let sources: Vec<_> = files
        .iter()
        .map(|file| format!("http://a.test/{}", file.name))
        .collect();
    let cited: Vec<_> = sources.iter().map(String::as_str).collect();
    desk.post("posts/a.md", &cited);
    desk.run("run posts").exits(0);
    let by_hand = "http://a.test/by-hand";
    desk.post("posts/b.md", &[by_hand]);
    let name = "\"><img src=x onerror=console.log('ran:file-name')>.mhtml";
    desk.file(name, collection::saved());
    let mut capture = desk.command("capture http://a.test/by-hand --made-at 2026-01-05T08:00:00Z");
    capture.args([
        "--other-page",
        "--by",
        "<script>console.log('ran:maker')</script>",
    ]);
    capture.args([
        "--note",
        "<script>console.log('ran:note')</script>",
        "--file",
        name,
    ]);
    desk.finish(&mut capture).exits(0);

    as_it_was(&program, &desk, &files);
    let serving = Serving::start(&desk);
    let sources: Vec<_> = sources.into_iter().chain([by_hand.to_owned()]).collect();
    as_it_is_kept(&program, &desk, &serving, &sources);
    as_it_is_rewritten(&program, &desk, &serving, &sources);
}

/// A cookie of this machine that was there before, and is to stay.
fn before() -> serde_json::Value {
    let year_2100 = 4_102_444_800_u64;
    json!({"cookies": [{"name": "before", "value": "kept", "domain": "127.0.0.1", "path": "/", "expires": year_2100}]})
}

/// Opens everything as its server meant it: every trap has to close, and every recorder to tell.
fn as_it_was(program: &Path, desk: &Desk, files: &[collection::File]) {
    desk.web.forget_requests();
    let mut browser = Chromium::start(program, desk.web.addr());
    let own = format!("http://{}", desk.web.addr());
    browser.ask(None, "Storage.setCookies", before());
    assert_eq!(browser.cookies(), ["before=kept"]);
    browser.open(&format!("{own}/headers"));
    browser.quiet();
    let cookies = browser.cookies();
    assert!(
        !cookies.contains(&"before=kept".to_owned()),
        "Clear-Site-Data: {cookies:?}"
    );
    // (Seen already, and it would take away again what others leave.)
    let others: Vec<_> = files.iter().filter(|file| file.name != "headers").collect();
    for some in others.chunks(8) {
        for file in some {
            browser.open(&format!("{own}/{}", file.name));
        }
        browser.quiet();
        browser.close_tabs();
    }
    for (name, _) in collection::CLICKS {
        let tab = browser.open(&format!("{own}/{name}"));
        browser.quiet();
        browser.click(&tab, 640, 400);
        browser.quiet();
        browser.close_tabs();
    }
    let cookies = browser.cookies();
    let targets = browser.targets();
    let mut tripped = tripped(&browser, desk);
    let record = browser.ends();
    tripped.extend(record.wanted.iter().map(|(host, _)| {
        host.rsplit_once(':')
            .map_or(host.as_str(), |(host, _)| host)
            .to_owned()
    }));
    let clicks = collection::CLICKS
        .iter()
        .filter_map(|(name, text)| collection::trip(name, text));
    let all = files
        .iter()
        .flat_map(|file| file.trips.clone())
        .chain(clicks);
    let sleeping: BTreeSet<_> = all.filter(|one| !tripped.contains(one)).collect();
    let open: Vec<_> = sleeping
        .iter()
        .filter(|one| !SLEEP.contains(&&***one))
        .collect();
    assert!(open.is_empty(), "traps that do not close: {open:?}");
    for planted in ["planted=cookie", "elsewhere=planted"] {
        assert!(
            cookies.iter().any(|one| one == planted),
            "{planted}: {cookies:?}"
        );
    }
    assert!(
        targets.iter().any(|(kind, _)| kind == "service_worker"),
        "{targets:?}"
    );
    let left = left(&record);
    for trace in ["planted-storage", "worker.js", "planted"] {
        assert!(left.contains(trace), "{trace}: {left:?}");
    }
}

/// What of the collection is in the browser's folder.
fn left(record: &Record) -> BTreeSet<&'static str> {
    let traces = ["planted-storage", "planted-session", "worker.js", "planted"];
    let mut found = BTreeSet::new();
    for (_, bytes) in &record.left {
        let narrow: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
        found.extend(
            traces
                .into_iter()
                .filter(|trace| memchr::memmem::find(&narrow, trace.as_bytes()).is_some()),
        );
    }
    found
}

/// Opens everything as `serve` shows it: no trap may close, and no recorder tell of anybody but the two listeners.
fn as_it_is_kept(program: &Path, desk: &Desk, serving: &Serving, sources: &[String]) {
    desk.web.forget_requests();
    let mut browser = Chromium::start(program, desk.web.addr());
    browser.ask(None, "Storage.setCookies", before());
    let (ui, replay) = (
        format!("http://{}/", serving.ui),
        format!("http://{}/", serving.replay),
    );
    for some in every_page(serving).chunks(8) {
        for page in some {
            browser.open(&format!("{}{page}", ui.trim_end_matches('/')));
        }
        browser.quiet();
        nothing_so_far(&mut browser, desk, &[&ui, &replay], &some.join(" "));
        browser.close_tabs();
    }
    for some in sources.chunks(6) {
        let mut around = Vec::new();
        for source in some {
            around.push(browser.open(&format!("{ui}web/{SECOND}/{source}")));
            browser.open(&format!("{replay}web/{SECOND}/{source}"));
        }
        browser.quiet();
        for (source, around) in some.iter().zip(&around) {
            let strange = "[document.querySelectorAll('script,img,object,embed,base,svg,style,form').length, \
                           document.querySelectorAll('iframe').length, document.querySelectorAll('link').length]+''";
            let said = browser.ask(
                Some(around),
                "Runtime.evaluate",
                json!({"expression": strange}),
            );
            assert_eq!(
                said["result"]["result"]["value"], "0,1,1",
                "{source}: {said}"
            );
        }
        nothing_so_far(&mut browser, desk, &[&ui, &replay], &some.join(" "));
        browser.close_tabs();
    }
    // As bytes, pictures, frames and ways, each as a page of its own.
    for form in ["id_", "im_", "fr_", "to_"] {
        for some in sources.chunks(20) {
            for source in some {
                browser.open(&format!("{replay}web/{SECOND}{form}/{source}"));
            }
            browser.quiet();
            nothing_so_far(&mut browser, desk, &[&ui, &replay], form);
            browser.close_tabs();
        }
    }
    // Clicks, in the frame of the page and in the copy alone.
    for source in sources.iter().filter(|source| source.contains("/click-")) {
        let around = browser.open(&format!("{ui}web/{SECOND}/{source}"));
        let copy = browser.open(&format!("{replay}web/{SECOND}/{source}"));
        browser.quiet();
        for (tab, x, y) in [(&around, 640, 700), (&copy, 640, 400)] {
            browser.ask(
                None,
                "Target.activateTarget",
                json!({"targetId": tab.target}),
            );
            browser.click(tab, x, y);
            browser.quiet();
        }
        nothing_so_far(&mut browser, desk, &[&ui, &replay], source);
        browser.close_tabs();
    }
    let followed = browser.asked_for("to_/http://click-out.out.test/");
    assert_eq!(followed, 2, "clicks are clicks");
    let record = browser.ends();
    assert_eq!(left(&record), BTreeSet::new());
    let security = record
        .left
        .iter()
        .find(|(name, _)| name.ends_with("TransportSecurity"));
    let security = security.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned());
    assert!(!security.unwrap_or_default().contains("\"sts\":[{"));
    let ours = [&*serving.ui, &*serving.replay];
    let others: Vec<_> = record
        .wanted
        .iter()
        .filter(|(host, _)| !ours.contains(&&**host) && !chromium::is_errand(host, desk.web.addr()))
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

/// Every page of ours that shows what strangers wrote: the lists, all that is on them, and what is found.
fn every_page(serving: &Serving) -> Vec<String> {
    let mut pages: Vec<String> = [
        "/",
        "/sources",
        "/posts",
        "/inputs",
        "/health",
        "/repairs",
        "/repairs/decided",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    for (list, what) in [("sources", "sources"), ("posts", "posts")] {
        let mut next = Some(format!("/api/v1/{list}"));
        while let Some(path) = next {
            let said = serving.ui(&path).is(200).text();
            let said: serde_json::Value = serde_json::from_str(&said).unwrap();
            for one in said[what].as_array().unwrap() {
                pages.push(format!("/{list}/{}", one["id"]));
                if list == "sources" {
                    pages.push(format!("/{list}/{}/text?whole=1", one["id"]));
                }
            }
            next = said["next"].as_str().map(str::to_owned);
        }
    }
    assert!(pages.len() > 50, "{pages:?}");
    for words in [
        "script",
        "ran",
        "a",
        "href",
        "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    ] {
        pages.push(format!("/search?q={words}"));
        pages.push(format!("/sources?q={words}&host={words}&since={words}"));
    }
    pages
}

/// Opens what is shown without the policy under which it is shown, and with scripts allowed: neither of the two is trusted alone.
fn as_it_is_rewritten(program: &Path, desk: &Desk, serving: &Serving, sources: &[String]) {
    for (n, source) in sources.iter().enumerate() {
        let copy = serving.replay(&format!("/web/{SECOND}/{source}")).is(200);
        let page = Page::bytes(copy.header("content-type"), copy.bytes.clone());
        desk.web.page("127.0.0.1", &format!("/rewritten-{n}"), page);
    }
    desk.web.forget_requests();
    let mut browser = Chromium::start(program, desk.web.addr());
    browser.ask(None, "Storage.setCookies", before());
    let own = format!("http://{}/", desk.web.addr());
    let numbers: Vec<_> = (0..sources.len()).collect();
    for some in numbers.chunks(8) {
        for n in some {
            browser.open(&format!("{own}rewritten-{n}"));
        }
        browser.quiet();
        let at: Vec<_> = some.iter().map(|n| &*sources[*n]).collect();
        nothing_so_far(&mut browser, desk, &[&own], &at.join(" "));
        browser.close_tabs();
    }
}

/// Nothing ran, nobody was asked, and nothing is open but what the test has opened.
#[track_caller]
fn nothing_so_far(browser: &mut Chromium, desk: &Desk, ours: &[&str], at: &str) {
    assert_eq!(tripped(browser, desk), BTreeSet::new(), "{at}");
    // (Ours is that of the overview, of numbers alone.)
    let (ours_too, others): (Vec<_>, Vec<_>) = browser
        .cookies()
        .into_iter()
        .partition(|cookie| cookie.starts_with("sourcekeep-seen-"));
    assert_eq!(others, ["before=kept"], "{at}");
    let numbers = |cookie: &String| {
        let (_, value) = cookie.split_once('=').unwrap();
        value
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    assert!(ours_too.iter().all(numbers), "{at}: {ours_too:?}");
    let targets = browser.targets();
    let is_ours = |(kind, address): &(String, String)| {
        kind == "browser_ui" && address.starts_with("chrome://")
            || matches!(kind.as_str(), "page" | "iframe" | "tab" | "browser")
                && (ours.iter().any(|one| address.starts_with(one))
                    || matches!(address.as_str(), "" | "about:blank" | "about:srcdoc"))
    };
    let strange: Vec<_> = targets.iter().filter(|one| !is_ours(one)).collect();
    assert!(strange.is_empty(), "{at}: {strange:?}");
}
