//! Words of strangers where somebody works on what is broken; and copies that reach for the pages of ours.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::chromium::{self, Chromium, Tab};
use crate::collection;
use crate::serving::Serving;
use crate::support::Desk;
use crate::web::Page;
use crate::{SECOND, tripped};

/// Words that run where they are no words, each under a name of its own.
fn words(name: &str) -> String {
    let run = format!("console.log(`ran:{name}`)");
    format!(
        "\"'></title></textarea><script>{run}</script><img src=x onerror={run}><svg onload={run}>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

/// A page whose title and text are such words.
fn page(name: &str, sentences: &[&str]) -> Page {
    let words = escaped(&words(name));
    let sentences = sentences.join("</p><p>");
    Page::html(format!(
        "<!doctype html><title>{words}</title><main><p>{sentences}</p><p>And others: {words}, told at a length at which it is a page.</p></main>"
    ))
}

/// The path of one of the sources.
fn at(name: &str) -> String {
    format!("/{name}?%27%22%3E%3Cscript%3Econsole.log(%27ran:address%27)%3C/script%3E")
}

/// Three sources that are cited, and one of them quoted.
fn cited() -> Desk {
    let desk = Desk::new();
    let quoted = format!(
        "The mayor said that {} was never to be built again",
        words("quoted").replace('\'', "")
    );
    let first = escaped(&quoted);
    let broken = ["quote", "dead", "moved"].map(|name| format!("http://a.test{}", at(name)));
    desk.web.page(
        "a.test",
        &at("quote"),
        page(
            "title",
            &[
                "Bridges are built of steel, and of patience, all over the country.",
                &first,
            ],
        ),
    );
    for name in ["dead", "moved"] {
        desk.web.page(
            "a.test",
            &at(name),
            page(
                name,
                &["Another page that is cited, with a few words of its own."],
            ),
        );
    }
    let links = broken.iter().fold(String::new(), |all, source| {
        all + &format!(
            "\n\nSee [{}](<{source}>).",
            words("anchor").replace(['[', ']'], "")
        )
    });
    let post = format!(
        "# {}\n\n> {}\n\n[Source](<{}>){links}\n",
        words("post"),
        escaped(&quoted),
        broken[0]
    );
    desk.file(
        "posts/\"><img src=x onerror=console.log('ran:file')>.md",
        post,
    );
    desk.run("run posts").exits(0);
    assert!(desk.number("select count(*) from capture") >= 3);
    desk
}

/// One source loses its quote, one dies, one moves.
fn breaks(desk: &Desk) {
    desk.web.page(
        "a.test",
        &at("quote"),
        page(
            "later",
            &[
                "Bridges are built of wood, and of haste, in a few places.",
                "Nobody said anything.",
            ],
        ),
    );
    desk.web.page("a.test", &at("dead"), Page::empty(410));
    desk.web.page(
        "a.test",
        &at("moved"),
        Page::redirect(301, "/new?\"><script>console.log('ran:moved-to')</script>"),
    );
    desk.web.anywhere(|asked| {
        if !asked.path.starts_with("/new") {
            return Page::empty(404);
        }
        page(
            "moved",
            &["Another page that is cited, with a few words of its own."],
        )
    });
    for day in [9, 13, 20] {
        desk.day(day).run("run posts").exits(0);
    }
}

fn id(desk: &Desk, name: &str) -> String {
    let of = format!("select id from source where address like '%/{name}?%'");
    desk.number(&of).to_string()
}

/// What somebody does about them, with words of others in everything that can be said.
fn worked_on(desk: &Desk, serving: &Serving) {
    let note = words("note");
    let (quote, dead, moved) = (id(desk, "quote"), id(desk, "dead"), id(desk, "moved"));
    let name = "\"><img src=x onerror=console.log('ran:file-name')>.html";
    desk.file(
        name,
        format!(
            "<!doctype html><title>{}</title><p>By hand",
            escaped(&words("by-hand"))
        ),
    );
    let address = format!("http://a.test{}", at("quote"));
    let mut capture = desk.command("capture --other-page --made-at 2026-01-05T09:00:00Z");
    capture
        .arg(&address)
        .args(["--by", &words("maker"), "--note", &note, "--file", name]);
    desk.finish(&mut capture).exits(0);
    let evil = format!("http://evil.test/{}", words("chosen"));
    let left = serving.ui("/repairs").is(200).text();
    assert!(left.matches("class=\"repair\"").count() >= 2, "{left}");
    for fields in [
        [
            ("source", &*dead),
            ("action", "address"),
            ("address", &*evil),
            ("note", &*words("decided")),
        ],
        [
            ("source", &*moved),
            ("action", "copy"),
            ("address", ""),
            ("note", &*words("decided")),
        ],
    ] {
        serving.send("/repairs", &fields).is(303);
    }
    for act in ["hold", "mark"] {
        let fields = [
            ("id", &*quote),
            ("id", &*dead),
            ("do", act),
            ("mark", "dead"),
            ("note", &*words("marked")),
        ];
        serving.send("/sources", &fields).is(303);
    }
    let down = [("kind", "blocked"), ("note", &*words("down"))];
    serving
        .send(&format!("/sources/{moved}/takedown"), &down)
        .is(303);
    let refused = serving.send(
        "/repairs",
        &[
            ("source", &*quote),
            ("action", "address"),
            ("address", &*note),
        ],
    );
    assert!(refused.is(400).text().contains("&#60;script"));
}

#[test]
fn nothing_of_strangers_runs_where_one_works_on_what_is_broken() {
    let Some(program) = chromium::find() else {
        return;
    };
    let desk = cited();
    // One look at the overview, before anything is news.
    let serving = Serving::start(&desk);
    let mut browser = Chromium::start(&program, desk.web.addr());
    browser.open(&format!("http://{}/", serving.ui));
    browser.quiet();
    drop(serving);

    breaks(&desk);
    let serving = Serving::start(&desk);
    worked_on(&desk, &serving);
    let (quote, dead, moved) = (id(&desk, "quote"), id(&desk, "dead"), id(&desk, "moved"));
    let address = format!("http://a.test{}", at("quote"));

    // Where these are no words, they run.
    desk.web.page(
        "127.0.0.1",
        "/bare",
        Page::html(format!("<textarea>{}", words("note"))),
    );
    browser.open(&format!("http://{}/bare", desk.web.addr()));
    browser.quiet();
    assert!(browser.ran().contains("note"), "{:?}", browser.ran());
    browser.events.clear();
    browser.close_tabs();
    desk.web.forget_requests();

    let mut pages: Vec<String> = [
        "/",
        "/repairs",
        "/repairs?of=dead",
        "/repairs?of=quote",
        "/repairs/decided",
        "/sources",
        "/posts",
        "/posts/1",
        "/inputs",
    ]
    .map(str::to_owned)
    .to_vec();
    for id in [&quote, &dead, &moved] {
        for part in ["", "/compare", "/text", "/text?whole=1", "/timeline"] {
            pages.push(format!("/sources/{id}{part}"));
        }
    }
    pages.extend(["/search?q=mayor", "/search?q=hand", "/search?q=was:mayor"].map(str::to_owned));
    pages.push(format!("/web/*/{}", &address));
    pages.push(format!("/web/20260105090000/{}", &address));
    let mut shown = String::new();
    for path in &pages {
        let tab = browser.open(&format!("http://{}{path}", serving.ui));
        browser.quiet();
        let tripped = tripped(&browser, &desk);
        assert!(tripped.is_empty(), "{path}: {tripped:?}");
        let text = evaluate(&mut browser, &tab, "document.documentElement.textContent");
        shown += text.as_str().unwrap();
        browser.close_tabs();
    }
    // All of these words were there.
    for name in [
        "quoted",
        "title",
        "later",
        "moved",
        "anchor",
        "post",
        "by-hand",
        "maker",
        "note",
        "decided",
        "marked",
        "down",
        "file-name",
    ] {
        assert!(shown.contains(&format!("ran:{name}")), "{name} is nowhere");
    }
    for words in [
        "Since you last looked",
        "evil.test",
        "Taken down",
        "“quoted” is now “later”",
    ] {
        assert!(shown.contains(words), "{words} is nowhere");
    }
}

/// What a page does that reaches for the pages of ours, in as many ways as there are.
const REACHES: [&str; 14] = [
    "fetch('{ui}').then(said => said.text()).then(() => console.log('ran:read'))",
    "fetch('{ui}api/v1/sources', { credentials: 'include' }).then(said => said.json()).then(() => console.log('ran:read-json'))",
    "fetch('{ui}api/v1/inputs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{\"input\": \"https://evil.test/json\"}' })",
    "fetch('{ui}inputs', { method: 'POST', mode: 'no-cors', body: new URLSearchParams({ do: 'add', input: 'https://evil.test/fetch' }) })",
    "navigator.sendBeacon('{ui}inputs', new URLSearchParams({ do: 'add', input: 'https://evil.test/beacon' }))",
    "new Image().src = '{ui}sources/1/picture'",
    "{ const one = document.createElement('script'); one.src = '{ui}ui.js'; one.onload = () => console.log('ran:script'); document.body.append(one) }",
    "{ const one = document.createElement('iframe'); one.src = '{ui}inputs'; document.body.append(one) }",
    "new EventSource('{ui}events').onmessage = () => console.log('ran:events')",
    "{ const one = window.open('{ui}inputs'); if (one.document.body) console.log('ran:opened') }",
    "{ if (top !== self && top.document.title) console.log('ran:top') }",
    "{ top.location = '{ui}inputs' }",
    "{ if (document.cookie.includes('sourcekeep')) console.log('ran:cookie') }",
    "{ const one = document.createElement('form'); one.action = '{ui}inputs'; one.method = 'post'; one.target = '{target}'; \
       one.innerHTML = '<input name=do value=add><input name=input value=https://evil.test/form>'; document.body.append(one); one.submit() }",
];

/// A page that does all of that, in its script and in its markup.
fn reaching(ui: &str) -> String {
    let reaches = |target: &str| {
        let all = REACHES.iter().filter(|one| !one.contains("top.location"));
        let all = all.map(|one| {
            format!("try {{ {one} }} catch {{}}\n")
                .replace("{ui}", ui)
                .replace("{target}", target)
        });
        all.collect::<String>()
    };
    format!(
        "<!doctype html><title>Reaches</title><body><p>Words of a page that reaches for who keeps it, at the length of a page of its own.</p>\
         <iframe src={ui}inputs name=inside></iframe><img src={ui}sources/1/picture><link rel=stylesheet href={ui}ui.css><script src={ui}ui.js></script>\
         <object data={ui}></object><a href={ui}inputs target=_top style='position:fixed;inset:0'>Out</a>\
         <form action={ui}inputs method=post><input name=do value=add><input name=input value=https://evil.test/markup><button>x</button></form>\
         <script>console.log('ran:reaches');{}</script>",
        reaches("inside")
    )
}

/// What the pages of ours were asked for: method, path, and the status of the answer.
fn asked(desk: &Desk, log: &str) -> Vec<(String, String, u64)> {
    let log = std::fs::read_to_string(desk.path(log)).unwrap();
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of_pages = lines.filter(|line| line["listener"] == "pages");
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let told = of_pages.map(|line| {
        let status = line["status"].as_u64().unwrap();
        (text(&line, "method"), text(&line, "path"), status)
    });
    told.collect()
}

#[test]
fn nothing_of_ours_is_reached_from_a_copy() {
    let Some(program) = chromium::find() else {
        return;
    };
    let desk = Desk::new();
    // The copy has to know where our pages will be.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let ui = format!("http://127.0.0.1:{port}/");
    let html = reaching(&ui);
    desk.web.page("a.test", "/reaches", Page::html(&*html));
    desk.web.page("127.0.0.1", "/reaches", Page::html(&*html));
    desk.web.anywhere(|_| collection::anything("none", "/"));
    desk.post("posts/a.md", &["http://a.test/reaches"]);
    desk.run("run posts").exits(0);
    let serving = |log: &str| {
        let words = format!(
            "serve --listen 127.0.0.1:{port} --replay-listen 127.0.0.1:0 --format json --access-log {log}"
        );
        Serving::of(&mut desk.command(&words))
    };
    let nothing_is_added = || {
        assert_eq!(
            desk.number("select count(*) from input where address like '%evil%'"),
            0
        );
    };

    // As it is kept: in its frame and on its own, by itself, by a click, and with whatever it would do if it ran.
    let kept = serving("kept.jsonl");
    let mut browser = Chromium::start(&program, desk.web.addr());
    let around = browser.open(&format!("{ui}web/{SECOND}/http://a.test/reaches"));
    browser.quiet();
    browser.click(&around, 640, 700);
    browser.quiet();
    browser.close_tabs();
    browser.open(&format!("{ui}web/{SECOND}/http://a.test/reaches"));
    browser.quiet();
    let frame = browser.frame().unwrap();
    let alone = browser.open(&format!(
        "http://{}/web/{SECOND}/http://a.test/reaches",
        kept.replay
    ));
    browser.quiet();
    for (tab, is_alone) in [(&frame, false), (&alone, true)] {
        for one in REACHES {
            if is_alone && one.contains("top") {
                // (It is the top itself, and may go where it likes.)
                continue;
            }
            let one = one.replace("{ui}", &ui).replace("{target}", "_self");
            evaluate(&mut browser, tab, &format!("try {{ {one} }} catch {{}}"));
        }
        browser.quiet();
    }
    assert_eq!(evaluate(&mut browser, &frame, "origin"), "null");
    assert!(browser.ran().is_empty(), "{:?}", browser.ran());
    drop(browser);
    assert_eq!(kept.ends("-TERM"), Some(0));
    let strange: Vec<_> = asked(&desk, "kept.jsonl")
        .into_iter()
        .filter(|(method, path, _)| {
            method != "GET"
                || !(path.starts_with("/web/")
                    || path == "/style.css"
                    || path.starts_with("/favicon"))
        })
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
    nothing_is_added();

    // The same on another port of this machine, with nothing that holds it back: it asks, and is refused.
    let bare = serving("bare.jsonl");
    let mut browser = Chromium::start(&program, desk.web.addr());
    browser.open(&format!("{ui}inputs"));
    browser.open(&format!("http://{}/reaches", desk.web.addr()));
    browser.quiet();
    let ran: Vec<_> = browser.ran().into_iter().collect();
    assert_eq!(ran, ["reaches"], "what it read, and what it could do");
    drop(browser);
    assert_eq!(bare.ends("-TERM"), Some(0));
    let asked = asked(&desk, "bare.jsonl");
    let sent: Vec<_> = asked
        .iter()
        .filter(|(method, _, _)| method == "POST")
        .collect();
    assert!(
        sent.len() >= 3 && sent.iter().all(|(_, _, status)| *status == 403),
        "{asked:?}"
    );
    let read: Vec<_> = asked
        .iter()
        .filter(|(method, path, status)| {
            method == "GET" && path.starts_with("/api/") && *status == 200
        })
        .collect();
    assert!(read.is_empty(), "{read:?}");
    nothing_is_added();
}

fn evaluate(browser: &mut Chromium, tab: &Tab, expression: &str) -> Value {
    let how = json!({ "expression": expression, "userGesture": true });
    browser.ask(Some(tab), "Runtime.evaluate", how)["result"]["result"]["value"].clone()
}
