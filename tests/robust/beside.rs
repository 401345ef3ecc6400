//! What others do to the archive while a run goes on, and what hosts ask for.

use super::*;
use crate::web::Page;

fn words(page: usize) -> Page {
    Page::html(format!(
        "<title>{page}</title><p>{}",
        format!("words of {page} ").repeat(40)
    ))
}

#[test]
fn an_input_removed_while_it_is_read_stays_removed() {
    let web = Web::start();
    let place = Place::at(&web);
    let (program, folder) = (
        env!("CARGO_BIN_EXE_sourcekeep"),
        place.folder.path().to_owned(),
    );
    // The removal comes while the run waits for the very input.
    web.made("posts.test", "/", move |logged| {
        if logged.path == "/" {
            let removed = Command::new(program)
                .current_dir(&folder)
                .args(["--db", "a.db", "remove", "http://posts.test/"])
                .output()
                .unwrap();
            assert!(removed.status.success());
        }
        Page::html("<p><a href=\"http://a.test/\">a source</a>")
    });
    web.page("a.test", "/", words(1));
    place.says(&["run", "http://posts.test/"]).ended(0);
    place.says(&["inputs"]).ended(0).tells("no inputs yet");
    assert_eq!(
        place.number("select count(*) from input where removed_at is null"),
        0
    );
    for table in ["document", "post", "citation"] {
        let there = format!("select count(*) from {table} where gone_at is null");
        assert_eq!(place.number(&there), 0, "{table}");
    }
}

#[test]
fn other_rules_read_an_unchanged_post_again() {
    let place = Place::new();
    place.write(
        "post.html",
        "<p><a href=\"http://a.test/\">a</a><footer><a href=\"http://b.test/\">b</a></footer>",
    );
    place.says(&["run", "--limit", "0", "post.html"]).ended(0);
    assert_eq!(place.number("select count(*) from citation"), 1);
    place
        .says(&["run", "--limit", "0", "--include", "footer", "post.html"])
        .ended(0);
    assert_eq!(
        place.number("select count(*) from citation where gone_at is null"),
        2
    );
    place.says(&["run", "--limit", "0", "post.html"]).ended(0);
    assert_eq!(
        place.number("select count(*) from citation where gone_at is null"),
        1
    );
}

#[test]
fn a_source_named_twice_is_visited_once() {
    let web = Web::start();
    web.page("a.test", "/", words(1));
    let place = Place::at(&web);
    place
        .says(&[
            "check",
            "http://a.test/",
            "http://a.test",
            "http://a.test/#x",
        ])
        .ended(0);
    assert_eq!(web.count("a.test", "/"), 1);
    assert_eq!(place.number("select count(*) from visit"), 1);
}

#[test]
fn a_long_retry_after_is_a_later_visit() {
    const TEN_DAYS: i64 = 10 * 86_400;
    let web = Web::start();
    let busy = Page::html("busy")
        .status(503)
        .header("retry-after", TEN_DAYS.to_string());
    web.page("busy.test", "*", busy);
    web.page("busy.test", "/robots.txt", Page::empty(404));
    web.page("a.test", "/", words(1));
    let place = Place::at(&web);
    let mut addresses: Vec<_> = (0..20).map(|n| format!("http://busy.test/{n}")).collect();
    addresses.push("http://a.test/".to_owned());
    place.write("post.md", post(addresses));
    place
        .says(&["--host-concurrency", "1", "run", "post.md"])
        .ended(0);
    assert_eq!(
        web.requests_to("busy.test").len(),
        1,
        "the others of the host are left for later"
    );
    assert_eq!(web.count("a.test", "/"), 1);
    assert_eq!(
        place.number(&format!(
            "select count(*) from source s join visit v on v.id = s.last_visit_id
             where s.verdict = 'server-error' and s.next_visit_at >= v.at + {TEN_DAYS} * 1000"
        )),
        1
    );
    assert_eq!(
        place.number("select count(*) from source where last_visit_id is null"),
        19
    );
}

#[test]
fn a_host_with_many_sources_slows_no_other() {
    const OTHERS: usize = 60;
    let web = Web::start();
    web.page("slow.test", "*", words(0));
    for host in 0..OTHERS {
        web.page(&format!("h{host}.test"), "/", words(host));
    }
    let mut place = Place::at(&web);
    place.web = vec!["--resolve".to_owned(), web.resolve()];
    let many = (0..300).map(|n| format!("http://slow.test/{n}"));
    let others = (0..OTHERS).map(|host| format!("http://h{host}.test/"));
    place.write("post.md", post(many.chain(others)));
    let said = place
        .says(&[
            "--host-delay",
            "200",
            "run",
            "--max-time",
            "4s",
            "--format",
            "json",
            "post.md",
        ])
        .ended(0);
    let done: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(done["ended"], "time");
    for host in 0..OTHERS {
        assert_eq!(web.count(&format!("h{host}.test"), "/"), 1, "h{host}");
    }
    let slow = web.requests_to("slow.test");
    assert!(slow.len() <= 30, "{} requests", slow.len());
    // 200 apart when they are sent; a busy machine takes them in a little late.
    let gap = web.shortest_gap_ms("slow.test").unwrap();
    assert!(gap >= 50, "{gap} ms");
    // No more than was allowed, and no source twice.
    assert_eq!(
        place.number("select count(*) from visit"),
        place.number("select count(distinct source_id) from visit")
    );
}

#[test]
fn limits_are_kept() {
    let web = Web::start();
    for host in 0..20 {
        web.page(&format!("h{host}.test"), "/", words(host));
    }
    let place = Place::at(&web);
    place.write(
        "post.md",
        post((0..20).map(|host| format!("http://h{host}.test/"))),
    );
    for (limit, visits) in [("7", 7), ("7", 14), ("0", 14), ("100", 20)] {
        place.says(&["run", "--limit", limit, "post.md"]).ended(0);
        assert_eq!(place.number("select count(*) from visit"), visits);
    }
}

#[test]
fn an_unchanged_visit_adds_at_most_120_bytes() {
    const SOURCES: usize = 2_000;
    const CHECKS: i64 = 3;
    let web = Web::start();
    for source in 0..SOURCES {
        let page = words(source).etag(&format!("\"{source}\""));
        web.page(
            &format!("h{}.test", source % 50),
            &format!("/{source}"),
            page,
        );
    }
    let place = Place::at(&web);
    let addresses = (0..SOURCES).map(|source| format!("http://h{}.test/{source}", source % 50));
    place.write("post.md", post(addresses));
    let size = || {
        let connection = rusqlite::Connection::open(place.db()).unwrap();
        connection
            .execute_batch("pragma wal_checkpoint(truncate)")
            .unwrap();
        let pages: i64 = connection
            .query_row(
                "select (page_count - freelist_count) * page_size
                 from pragma_page_count, pragma_freelist_count, pragma_page_size",
                [],
                |row| row.get(0),
            )
            .unwrap();
        pages
    };
    place
        .says(&["--now", "2026-01-01T00:00:00Z", "run", "post.md"])
        .ended(0);
    let before = size();
    for day in 2..2 + CHECKS {
        let now = format!("2026-01-0{day}T12:00:00Z");
        place.says(&["--now", &now, "check", "--all"]).ended(0);
    }
    let visits = place.number("select count(*) from visit where not_modified = 1");
    assert_eq!(
        visits,
        CHECKS * SOURCES as i64,
        "every check was confirmed by a 304"
    );
    let each = (size() - before) as f64 / visits as f64;
    assert!(each <= 120.0, "{each:.1} bytes a visit");
}

#[test]
fn an_input_cut_short_keeps_what_it_cited() {
    let web = Web::start();
    let links = |count: usize| -> String {
        (0..count)
            .map(|n| format!("<p>See <a href=\"http://a.test/{n}\">{n}</a>."))
            .collect::<Vec<_>>()
            .concat()
    };
    web.page("posts.test", "/", Page::html(links(3)));
    let place = Place::at(&web);
    let run = ["run", "--limit", "0", "http://posts.test/"];
    place.says(&run).ended(0);
    let there = "select count(*) from citation where gone_at is null";
    assert_eq!(place.number(there), 3);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 9999\r\n\r\n";
    web.page("posts.test", "/", Page::raw(format!("{head}{}", links(1))));
    place.says(&run).ended(3).tells("http://posts.test/: ");
    assert_eq!(place.number(there), 3, "nothing is known of the rest");
    for status in [404, 500, 403] {
        web.page("posts.test", "/", Page::html("no").status(status));
        place
            .says(&run)
            .ended(3)
            .tells(&format!("answered {status}"));
        assert_eq!(place.number(there), 3);
    }
    web.page("posts.test", "/", Page::html(links(2)));
    place.says(&run).ended(0);
    assert_eq!(place.number(there), 2);
}

#[test]
fn robots_txt_is_asked_for_once_a_host() {
    let web = Web::start();
    web.page("a.test", "*", words(1));
    web.page(
        "a.test",
        "/robots.txt",
        Page::text("user-agent: *\ndisallow: /no\n"),
    );
    let place = Place::at(&web);
    place.write(
        "post.md",
        post((0..20).map(|n| format!("http://a.test/{n}"))),
    );
    place.says(&["run", "post.md"]).ended(0);
    assert_eq!(web.count("a.test", "/robots.txt"), 1);
}

#[test]
fn where_a_source_moved_to_is_a_source_when_it_is_cited() {
    let web = Web::start();
    web.page(
        "old.test",
        "/page",
        Page::redirect(301, "http://new.test/page"),
    );
    web.page("new.test", "/page", words(1));
    let place = Place::at(&web);
    place.write("a.md", "[a](http://old.test/page)");
    place.says(&["run", "a.md"]).ended(0);
    place.write("b.md", "[b](http://new.test/page)");
    place.says(&["run", "b.md"]).ended(0);
    // The old site dies, and its redirect with it; the new one is there all the same.
    web.page("old.test", "/page", Page::empty(410));
    place.says(&["check", "--all"]).ended(0);
    place
        .says(&["show", "http://old.test/page"])
        .ended(0)
        .prints("gone ·");
    place
        .says(&["show", "http://new.test/page"])
        .ended(0)
        .prints("alive ·")
        .prints("b.md:1");
}

#[test]
fn what_a_second_look_saw_is_not_what_the_next_visit_asks_for() {
    let web = Web::start();
    web.made("a.test", "/page", |logged| {
        if logged
            .header("user-agent")
            .is_some_and(|agent| agent.contains("sourcekeep"))
        {
            Page::html("no robots").status(404)
        } else {
            words(1).etag("\"1\"")
        }
    });
    let place = Place::at(&web);
    for day in ["01", "03", "05"] {
        let now = format!("2026-01-{day}T00:00:00Z");
        place
            .says(&["--now", &now, "check", "http://a.test/page"])
            .ended(0);
    }
    let visits = web.count("a.test", "/page");
    assert_eq!(visits, 4, "the third strike brings a second look");
    place
        .says(&[
            "--now",
            "2026-01-06T00:00:00Z",
            "check",
            "http://a.test/page",
        ])
        .ended(0);
    for logged in web.requests_to("a.test") {
        assert_eq!(logged.header("if-none-match"), None);
    }
    assert_eq!(
        place.number("select count(*) from source where standing = 'dead'"),
        0
    );
}
