//! The pages that show the state of every source, and the same for programs: what is on them, whether every link leads
//! somewhere, and whether lists are whole.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

use crate::serving::{Serving, asked};
use crate::support::Desk;
use crate::web::Page;

/// An archive with some of everything: what lives, what is gone, what moved, what cannot be told.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.page("a.test", "/one", "Wells of the old town");
    desk.page("a.test", "/two", "Springs");
    desk.page("b.test", "/new", "Rivers");
    desk.web.page("b.test", "/old", Page::redirect(301, "/new"));
    desk.page("c.test", "/gone", "Lakes");
    desk.web.page("d.test", "/", Page::empty(403));
    desk.post(
        "posts/a.md",
        &[
            "https://a.test/one",
            "https://b.test/old",
            "https://c.test/gone",
        ],
    );
    desk.post(
        "posts/b.md",
        &[
            "https://a.test/one",
            "https://a.test/two",
            "https://d.test/",
        ],
    );
    desk.run("run posts").exits(0);
    desk.web.page("c.test", "/gone", Page::empty(410));
    for day in [9, 13, 20, 27] {
        desk.day(day).run("run posts").exits(0);
    }
    desk
}

/// The same addresses as often as a page names them.
fn links(html: &str) -> BTreeSet<String> {
    let link = Regex::new(r#"(?:href|action)="(/[^"]*)""#).unwrap();
    let all = link
        .captures_iter(html)
        .map(|found| found[1].replace("&amp;", "&").replace("&#38;", "&"));
    all.collect()
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let desk = desk();
    desk.run("mark https://d.test/ ignore --note why").exits(0);
    let serving = Serving::start(&desk);
    let mut left = vec!["/".to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(path) = left.pop() {
        if !seen.insert(path.clone()) || seen.len() > 500 {
            continue;
        }
        let said = serving.ui(&path);
        assert!([200, 302].contains(&said.status), "{path}: {}", said.status);
        if said.status == 302 {
            left.push(said.header("location").to_owned());
        } else if said.header("content-type").starts_with("text/html") {
            let text = said.text();
            assert!(text.contains("<title>"), "{path}");
            left.extend(links(&text));
        }
    }
    for page in [
        "/sources",
        "/posts",
        "/repairs",
        "/repairs/decided",
        "/inputs",
        "/health",
        "/feed.atom",
        "/api/v1/sources",
        "/api/v1/stats",
    ] {
        assert!(seen.contains(page), "{page} is not linked");
    }
    let of = |part: &str| seen.iter().filter(|path| path.starts_with(part)).count();
    assert!(
        of("/sources/") >= 5 && of("/posts/") >= 2 && of("/web/") >= 3,
        "{seen:?}"
    );
}

#[test]
fn the_first_page_says_what_to_do_and_then_what_needs_attention() {
    let empty = Desk::new();
    empty.file("none.md", "No links.");
    empty.run("run none.md").exits(0);
    let text = Serving::start(&empty).ui("/").is(200).text();
    assert!(
        text.contains("Nothing is watched yet") && text.contains(r#"action="/inputs""#),
        "{text}"
    );

    let desk = desk();
    let text = Serving::start(&desk).ui("/").is(200).text();
    let attention =
        &text[text.find("Needs attention").unwrap()..text.find("What happened").unwrap()];
    assert!(attention.contains("https://c.test/gone"), "{attention}");
    assert!(!attention.contains("https://a.test/one"), "{attention}");
    assert!(
        text.contains("<svg") && text.contains("as a table"),
        "{text}"
    );
}

#[test]
fn a_list_is_whole_however_it_is_narrowed_and_paged() {
    let desk = Desk::new();
    let addresses: Vec<String> = (0..120)
        .map(|n| format!("https://h{}.test/{n}", n % 7))
        .collect();
    for (n, address) in addresses.iter().enumerate() {
        let host = format!("h{}.test", n % 7);
        let path = format!("/{n}");
        match n % 3 {
            0 => desk.web.page(&host, &path, Page::empty(404)),
            _ => desk.web.page(
                &host,
                &path,
                Page::html(format!("<title>{address}</title>Words")),
            ),
        };
    }
    let all: Vec<&str> = addresses.iter().map(String::as_str).collect();
    desk.post("posts/a.md", &all);
    desk.run("run posts").exits(0);
    desk.run("mark https://h1.test/1 dead").exits(0);
    desk.run("mark https://h2.test/2 ignore").exits(0);
    let serving = Serving::start(&desk);
    let walk = |query: &str| {
        let mut found: Vec<String> = Vec::new();
        let mut next = Some(format!("/api/v1/sources?limit=7&{query}"));
        while let Some(path) = next {
            let page: Value = serde_json::from_str(&serving.ui(&path).is(200).text()).unwrap();
            let sources = page["sources"].as_array().unwrap();
            assert!(sources.len() <= 7);
            found.extend(
                sources
                    .iter()
                    .map(|one| one["url"].as_str().unwrap().to_owned()),
            );
            next = page["next"].as_str().map(str::to_owned);
        }
        let distinct: BTreeSet<&String> = found.iter().collect();
        assert_eq!(
            distinct.len(),
            found.len(),
            "{query}: something comes twice"
        );
        found
    };
    let ignored = "https://h2.test/2";
    let expected = |of: &dyn Fn(usize) -> bool| -> BTreeSet<String> {
        let wanted = addresses.iter().enumerate().filter(|(n, _)| of(*n));
        wanted
            .map(|(_, address)| address.clone())
            .filter(|one| one != ignored)
            .collect()
    };
    let set = |all: Vec<String>| all.into_iter().collect::<BTreeSet<_>>();
    assert_eq!(set(walk("")), expected(&|_| true));
    assert_eq!(set(walk("of=not-found")), expected(&|n| n % 3 == 0));
    assert_eq!(set(walk("of=alive")), expected(&|n| n % 3 != 0 && n != 1));
    assert_eq!(set(walk("of=dead")), expected(&|n| n == 1));
    // What has both a verdict and a standing that are asked for comes once.
    assert_eq!(set(walk("of=alive,dead,not-found")), expected(&|_| true));
    assert_eq!(set(walk("host=h3.test")), expected(&|n| n % 7 == 3));
    assert_eq!(
        set(walk("host=test&of=not-found")),
        expected(&|n| n % 3 == 0)
    );
    assert_eq!(
        set(walk("q=.test/1")),
        expected(&|n| n.to_string().starts_with('1'))
    );
    assert_eq!(set(walk("input=posts")), expected(&|_| true));
    assert!(walk("input=other").is_empty());
    assert!(walk("since=2030-01-01").is_empty());
    let by_address = walk("sort=address");
    assert!(by_address.is_sorted() && by_address.len() == 119);
    assert!(walk("sort=address&of=alive").is_sorted());

    // All of a list, however few are told at once.
    let csv = serving.ui("/sources.csv?of=not-found&limit=7").is(200);
    assert_eq!(csv.text().lines().count(), 41);
    for bad in [
        "of=nothing",
        "since=yesterday",
        "sort=size",
        "after=x",
        "limit=0",
        "limit=100000",
    ] {
        let said = serving.ui(&format!("/api/v1/sources?{bad}")).is(400);
        assert_eq!(
            said.header("content-type"),
            "application/problem+json",
            "{bad}"
        );
        let problem: Value = serde_json::from_str(&said.text()).unwrap();
        assert_eq!(problem["status"], 400, "{bad}");
        serving.ui(&format!("/sources?{bad}")).is(400);
    }
}

/// Whatever happens to sources, the numbers are those that counting gives.
#[test]
fn tallies_are_what_counting_gives() {
    const COUNTED: &str =
        "select standing, coalesce(verdict, ''), count(*) from listed group by 1, 2 order by 1, 2";
    const KEPT: &str = "select standing, verdict, sum(many) from tally where what = 'WHAT' group by 1, 2 order by 1, 2";
    const LISTED: &str = "select count(*) from source s left join mark m on m.source_id = s.id where m.mark is not 'ignore'
        and (exists (select 1 from citation w where w.source_id = s.id and w.gone_at is null and not w.recorded_only)
             or not exists (select 1 from citation w where w.source_id = s.id))";
    let desk = desk();
    let same = |what: &str| {
        assert_eq!(
            desk.rows(COUNTED),
            desk.rows(&KEPT.replace("WHAT", "all")),
            "{what}"
        );
        assert_eq!(
            desk.rows(COUNTED),
            desk.rows(&KEPT.replace("WHAT", "host")),
            "{what}"
        );
        assert_eq!(
            desk.number("select sum(many) from tally where what = 'year'"),
            desk.number(LISTED),
            "{what}"
        );
        assert_eq!(
            desk.number("select count(*) from listed"),
            desk.number(LISTED),
            "{what}"
        );
        assert_eq!(desk.number("select count(*) from listed_due"), 0, "{what}");
    };
    same("after runs");
    desk.run("mark https://a.test/one dead").exits(0);
    same("marked");
    desk.run("mark https://a.test/one ignore").exits(0);
    same("ignored");
    desk.run("mark https://a.test/one --clear").exits(0);
    same("cleared");
    desk.post("posts/a.md", &["https://b.test/old"]);
    desk.day(29).run("run posts").exits(0);
    same("no longer cited");
    desk.post(
        "posts/a.md",
        &[
            "https://b.test/old",
            "https://c.test/gone",
            "https://e.test/",
        ],
    );
    desk.day(31).run("run posts").exits(0);
    same("cited again");
    assert!(desk.number("select count(distinct day) from standing_day") >= 6);
}

#[test]
fn a_source_says_where_it_is_cited_and_why_it_is_as_it_is() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let found: Value =
        serde_json::from_str(&serving.ui("/api/v1/sources?q=c.test").is(200).text()).unwrap();
    let id = found["sources"][0]["id"].as_i64().unwrap();
    let text = serving.ui(&format!("/sources/{id}")).is(200).text();
    for part in [
        "https://c.test/gone",
        "posts%2Fa.md",
        "Why that is its state",
        "What happened to it",
        "dead",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json: Value =
        serde_json::from_str(&serving.ui(&format!("/api/v1/sources/{id}")).text()).unwrap();
    assert_eq!(json["standing"], "dead");
    // Whoever writes a whole address is led to the source.
    let said = serving.ui("/sources?q=https%3A%2F%2Fc.test%2Fgone").is(302);
    assert_eq!(said.header("location"), format!("/sources/{id}"));
    for absent in [
        "/sources/999999",
        "/sources/x",
        "/sources/1x",
        "/posts/99999999999999999999",
    ] {
        serving.ui(absent).is(404);
        let said = serving.ui(&format!("/api/v1{absent}")).is(404);
        assert_eq!(said.header("content-type"), "application/problem+json");
    }
}

#[test]
fn what_is_nowhere_or_too_large_is_said_on_a_page_that_leads_on() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let lost = serving.ui("/nowhere/1").is(404);
    let large = serving.send("/repairs", &[("note", &*"x".repeat(300 << 10))]);
    for (said, words) in [
        (lost, "There is nothing at this address."),
        (large.is(413), "This is larger than"),
    ] {
        let text = said.text();
        assert!(
            text.contains(words) && text.contains("href=\"/sources\""),
            "{text}"
        );
    }
    let program = serving.ui("/api/v1/nowhere").is(404);
    assert_eq!(program.header("content-type"), "application/problem+json");
}

#[test]
fn words_are_found_and_marked() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let text = serving.ui("/search?q=wells").is(200).text();
    assert!(
        text.contains("<mark>Wells</mark> of the old town"),
        "{text}"
    );
    assert!(
        serving
            .ui("/search?q=nowhere")
            .is(200)
            .text()
            .contains("Nothing was found")
    );
    serving.ui("/search?q=-wells").is(400);
    serving.ui("/api/v1/search?q=since:x+a").is(400);
    let found: Value =
        serde_json::from_str(&serving.ui("/api/v1/search?q=wells").is(200).text()).unwrap();
    assert_eq!(found["results"][0]["url"], "https://a.test/one");
}

#[test]
fn programs_read_events_numbers_and_health() {
    let desk = desk();
    let serving = Serving::start(&desk);
    assert_eq!(serving.ui("/healthz").is(200).text(), "ok\n");
    let metrics = serving.ui("/metrics").is(200).text();
    assert!(
        metrics.contains("sourcekeep_sources{standing=\"alive\",verdict=\"alive\"} 2"),
        "{metrics}"
    );
    let feed = serving.ui("/feed.atom").is(200);
    assert!(
        feed.header("content-type")
            .starts_with("application/atom+xml")
    );
    let text = feed.text();
    assert!(
        text.contains("<entry>") && text.contains("https://c.test/gone"),
        "{text}"
    );
    // It is as others read it.
    let read = desk
        .file("feed.xml", &text)
        .run("links feed.xml --posts")
        .exits(0);
    assert!(read.out.contains("/sources/"), "{}", read.out);
    let events: Value = serde_json::from_str(&serving.ui("/api/v1/events").is(200).text()).unwrap();
    assert!(
        events["events"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["kind"] == "standing-changed")
    );
    for list in ["/posts", "/api/v1/posts", "/api/v1/events"] {
        serving.ui(&format!("{list}?after=x")).is(400);
    }
    // An entry is the same wherever it is served from.
    let ids = |feed: &str| {
        let ids = Regex::new("<id>([^<]*)</id>").unwrap();
        ids.captures_iter(feed)
            .map(|id| id[1].to_owned())
            .collect::<Vec<_>>()
    };
    let elsewhere = Serving::start(&desk).ui("/feed.atom").is(200).text();
    assert_eq!(ids(&text), ids(&elsewhere));
    // What has not changed is not sent again.
    let tag = serving.ui("/api/v1/inputs").header("etag").to_owned();
    assert_eq!(
        asked(
            &serving.ui,
            "/api/v1/inputs",
            &format!("If-None-Match: {tag}\r\n")
        )
        .status,
        304
    );
    serving.ui("/api/v2").is(404);
}

/// The rules of axe-core for WCAG 2.2 AA, and its good practice, on every page, in light and dark, wide and narrow, full and empty.
/// Pictures of all of them are left in `target/pages`. Needs Chromium and `axe.min.js` of axe-core, which `SOURCEKEEP_AXE` names;
/// without, one line says so; under `SOURCEKEEP_REQUIRE_TOOLS=1` that is a failure.
#[test]
fn programs_read_what_is_counted() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let said: Value = serde_json::from_str(&serving.ui("/api/v1/stats").is(200).text()).unwrap();
    assert_eq!(said["sources"], 5);
    let of = |what: &str, name: &str| said[what][name].as_i64().unwrap_or(0);
    assert_eq!(
        (
            of("standings", "dead"),
            of("standings", "uncertain"),
            of("standings", "alive")
        ),
        (1, 1, 3)
    );
    assert_eq!((of("verdicts", "gone"), of("verdicts", "moved")), (1, 1));
    assert_eq!((of("repairs", "dead"), of("repairs", "moved")), (1, 1));
    assert_eq!(said["by_day"]["2026-01-05"]["alive"], 4);
    assert_eq!(said["hosts_with_most_dead"][0]["host"], "c.test");
}

#[cfg(unix)]
#[test]
fn every_page_can_be_used_by_everybody() {
    let Some(eyes) = crate::eyes::Eyes::open() else {
        return;
    };
    let empty = Desk::new();
    empty.file("none.md", "No links.");
    empty.run("run none.md").exits(0);
    let full = desk();
    let bridge = crate::source_kept::pictured();
    for (name, desk) in [("empty", &empty), ("full", &full), ("bridge", &bridge)] {
        let serving = Serving::start(desk);
        let mut chromium = eyes.browser();
        let mut paths = vec![
            "/",
            "/sources",
            "/sources?of=x",
            "/sources?place=comment&sort=oldest",
            "/posts",
            "/inputs",
            "/repairs",
            "/repairs/decided",
            "/health",
            "/search",
            "/nowhere/1",
        ];
        if name == "full" {
            paths.extend([
                "/sources/1",
                "/sources/3",
                "/sources/3/timeline",
                "/posts/1",
                "/search?q=wells",
                "/sources/999",
            ]);
        }
        if name == "bridge" {
            paths = vec![
                "/sources/1",
                "/sources/1/compare",
                "/sources/1/compare?from=2&to=2",
                "/sources/1/compare?from=x",
                "/sources/1/timeline",
                "/sources/1/timeline?before=x",
                "/sources/1/text",
                "/sources/1/text?copy=1&whole=1",
            ];
        }
        for path in paths {
            let address = format!("http://{}{path}", serving.ui);
            let picture = format!(
                "{name}{}",
                path.replace(|c: char| !c.is_alphanumeric(), "-")
            );
            eyes.look(&mut chromium, &address, &picture, true);
        }
    }
}

#[test]
fn words_of_strangers_stay_words_on_every_page() {
    let desk = Desk::new();
    let evil = "\"><script>run()</script><img src=x onerror=run()>";
    desk.web.page(
        "a.test",
        "/page",
        Page::html(format!("<title>{evil}</title><p>Words {evil}")),
    );
    let quoted = "A few words of it: &lt;script&gt;run()&lt;/script&gt; and others behind them";
    desk.file(
        "posts/<b>&\"'.md",
        format!(
            "# {evil}\n\n[{}](https://a.test/page?<script>) \u{202e}\u{1b}[31m\n\n> {quoted}\n\n[Page](https://a.test/page?<script>)",
            evil.replace(']', "")
        ),
    );
    desk.run("run posts").exits(0);
    desk.web.page(
        "a.test",
        "/page",
        Page::html(format!(
            "<title>{evil}2</title><p>Other words {evil}<p>{quoted}"
        )),
    );
    desk.day(1).run("run posts").exits(0);
    assert_eq!(desk.number("select count(*) from capture"), 2);
    let serving = Serving::start(&desk);
    let hostile = "%22%3E%3Cscript%3Erun()%3C%2Fscript%3E";
    for path in [
        "/",
        "/sources",
        "/sources/1",
        "/sources/1/compare",
        &format!("/sources/1/compare?from={hostile}&to={hostile}"),
        "/sources/1/timeline",
        &format!("/sources/1/timeline?before={hostile}"),
        "/sources/1/text?whole=1",
        &format!("/sources/1/text?copy={hostile}"),
        "/posts",
        "/posts/1",
        "/inputs",
        "/repairs",
        "/repairs/decided",
        "/health",
        "/search?q=words",
        &format!("/search?q={hostile}"),
        &format!("/sources?q={hostile}&host={hostile}&of={hostile}&input={hostile}"),
        &format!(
            "/sources?place={hostile}&checked-since={hostile}&checked-before={hostile}&sort={hostile}"
        ),
        &format!("/posts?q={hostile}"),
        &format!("/posts?of={hostile}"),
        "/feed.atom",
    ] {
        let text = serving.ui(path).text();
        assert!(
            !text.contains("<script>run") && !text.contains("<img src=x"),
            "{path}: {text}"
        );
        assert!(!text.contains('\u{1b}'), "{path}");
    }
    let marked = serving.ui("/sources/1/text").text();
    assert!(
        marked.contains("</span>A few words of it: &#60;script&#62;run()"),
        "{marked}"
    );
}
