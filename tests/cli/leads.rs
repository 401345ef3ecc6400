//! Inputs that lead to more: feeds of excerpts, feeds of many pages, lists of feeds.

use insta::assert_snapshot;

use crate::support::Desk;
use crate::web::Page;

const CITATIONS: &str = "select post, source, gone_at from citations order by source";

fn feed(entries: &str, older: Option<(&str, &str)>) -> Page {
    let older = older.map_or(String::new(), |(rel, href)| {
        format!("<atom:link rel='{rel}' href='https://blog.test{href}'/>")
    });
    Page::bytes(
        "application/rss+xml",
        format!(
            "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom' xmlns:content='http://purl.org/rss/1.0/modules/content/'>\
             <channel><title>Blog</title><link>https://blog.test/</link>{older}{entries}</channel></rss>"
        ),
    )
}

/// An entry with all of its content.
fn full(name: &str) -> String {
    format!(
        "<item><title>{name}</title><link>https://blog.test/{name}</link><guid>https://blog.test/{name}</guid>\
         <content:encoded>&lt;p>All of it, with &lt;a href='https://{name}.test/'>its source&lt;/a>, and nothing left out.&lt;/p></content:encoded></item>"
    )
}

#[test]
fn a_feed_of_many_pages_is_read_back_to_its_beginning() {
    let desk = Desk::new();
    let page = |names: &[&str], older| {
        let entries: String = names.iter().map(|name| full(name)).collect();
        feed(&entries, older)
    };
    desk.web.page(
        "blog.test",
        "/feed",
        page(&["f", "e"], Some(("next", "/feed?paged=2"))),
    );
    desk.web.page(
        "blog.test",
        "/feed?paged=2",
        page(&["d", "c"], Some(("next", "/feed?paged=3"))),
    );
    desk.web.page(
        "blog.test",
        "/feed?paged=3",
        page(&["b", "a"], Some(("next", "/feed?paged=2"))),
    );
    desk.run("run https://blog.test/feed").exits(0);
    let posts = "select group_concat(name, ' ') from (select replace(address, 'https://blog.test/', '') as name from post where gone_at is null order by 1)";
    assert_snapshot!(desk.rows(posts), @"a b c d e f");
    assert_eq!(desk.web.requests_to("blog.test").len(), 3);

    // One entry more: what slid to the second page is no second post, and nobody looks for it.
    desk.web.page(
        "blog.test",
        "/feed",
        page(&["g", "f"], Some(("next", "/feed?paged=2"))),
    );
    desk.web.page(
        "blog.test",
        "/feed?paged=2",
        page(&["e", "d"], Some(("next", "/feed?paged=3"))),
    );
    desk.web.forget_requests();
    desk.day(1).run("run").exits(0);
    assert_eq!(desk.web.requests_to("blog.test").len(), 1);
    assert_snapshot!(desk.rows(posts), @"a b c d e f g");

    // So many that all on the first page are new: the second one is looked at.
    desk.web.page(
        "blog.test",
        "/feed",
        page(&["j", "i"], Some(("next", "/feed?paged=2"))),
    );
    desk.web.page(
        "blog.test",
        "/feed?paged=2",
        page(&["h", "g"], Some(("next", "/feed?paged=3"))),
    );
    desk.web.forget_requests();
    desk.day(2).run("run").exits(0);
    assert_eq!(desk.web.requests_to("blog.test").len(), 2);
    assert_snapshot!(desk.rows(posts), @"a b c d e f g h i j");
    assert_eq!(desk.number("select count(*) from post"), 10);
}

#[test]
fn archived_pages_of_a_feed_are_read_once() {
    let desk = Desk::new();
    let page = |name: &str, older| feed(&full(name), older);
    desk.web.page(
        "blog.test",
        "/feed",
        page("c", Some(("prev-archive", "/2025"))),
    );
    desk.web.page(
        "blog.test",
        "/2025",
        page("b", Some(("prev-archive", "/2024"))),
    );
    desk.web.page("blog.test", "/2024", page("a", None));
    desk.run("run https://blog.test/feed").exits(0);
    assert_eq!(desk.number("select count(*) from post"), 3);
    desk.web.page(
        "blog.test",
        "/feed",
        page("c", Some(("prev-archive", "/2025"))).header("x", "y"),
    );
    desk.web.forget_requests();
    desk.day(1).run("run").exits(0);
    assert_eq!(desk.web.requests_to("blog.test").len(), 1);
}

#[test]
fn an_excerpt_leads_to_the_page() {
    let desk = Desk::new();
    let excerpt = |name: &str, words: &str| {
        format!(
            "<item><title>{name}</title><link>https://blog.test/{name}?utm_source=feed</link><guid>https://blog.test/{name}</guid>\
             <description>{words} [&amp;hellip;]</description></item>"
        )
    };
    let entries = format!("{}{}", excerpt("short", "It begins"), full("long"));
    desk.web.page("blog.test", "/feed", feed(&entries, None));
    desk.web.page(
        "blog.test",
        "/short",
        Page::html("<title>Short</title><article><p>It begins, and <a href=https://cited.test/>goes on</a>.</article>"),
    );
    assert_snapshot!(desk.run("links https://blog.test/feed"), @r"
    exit code 0
    --- stdout
    https://blog.test/long:1  https://long.test/  “its source”
    --- stderr
    https://blog.test/feed: holds 1 excerpt; `sourcekeep run https://blog.test/feed` reads the posts' pages
    ");
    assert_snapshot!(desk.run("run https://blog.test/feed"), @r"
    exit code 0
    --- stdout
    read     1 input: 2 posts new or changed, 2 citations, 2 new sources
    visited  2 sources: 2 not-found
    kept     0 new copies in [time]; 36 B received
    archive  2 sources cited in 2 posts, 0 copies held; 2 broken: `sourcekeep report` says which
    ");
    assert_snapshot!(desk.rows(CITATIONS), @r"
    https://blog.test/short | https://cited.test/ | -
    https://blog.test/long | https://long.test/ | -
    ");
    assert_eq!(desk.web.count("blog.test", "/long"), 0);
    assert_eq!(desk.number("select count(*) from post"), 2);

    // The feed has one entry more: the page is not asked for again.
    let more = format!("{}{entries}", full("new"));
    desk.web.page("blog.test", "/feed", feed(&more, None));
    desk.web.forget_requests();
    desk.day(1).run("run").exits(0);
    assert_eq!(desk.web.count("blog.test", "/short"), 0);
    assert_eq!(
        desk.number("select count(*) from post where gone_at is null"),
        3
    );

    // The entry changed, so the page has.
    desk.web.page(
        "blog.test",
        "/feed",
        feed(
            &format!("{}{}", excerpt("short", "It began"), full("long")),
            None,
        ),
    );
    desk.web.page(
        "blog.test",
        "/short",
        Page::html("<title>Short</title><article><p>It began, and <a href=https://other.test/>went on</a>.</article>"),
    );
    desk.day(2).run("run").exits(0);
    assert_snapshot!(desk.rows(CITATIONS), @r"
    https://blog.test/short | https://cited.test/ | 2026-01-07T08:00:00Z
    https://blog.test/long | https://long.test/ | -
    https://blog.test/new | https://new.test/ | -
    https://blog.test/short | https://other.test/ | -
    ");
    assert_eq!(
        desk.number("select count(*) from post where gone_at is null"),
        3
    );
}

#[test]
fn an_excerpt_whose_page_is_lost_stays_what_it_is() {
    let desk = Desk::new();
    desk.web.page(
        "blog.test",
        "/feed",
        feed(
            "<item><title>t</title><link>https://blog.test/lost</link><description>See &lt;a href='https://cited.test/'>it&lt;/a> [&amp;hellip;]</description></item>",
            None,
        ),
    );
    let done = desk.run("run https://blog.test/feed").exits(0);
    assert!(
        done.err.contains("https://blog.test/lost: answered 404"),
        "{done}"
    );
    assert_snapshot!(desk.rows(CITATIONS), @"https://blog.test/lost | https://cited.test/ | -");
}

#[test]
fn each_feed_of_a_list_becomes_an_input() {
    let desk = Desk::new();
    let opml = |names: &[&str]| {
        let outline = |name: &&str| {
            format!("<outline type='rss' text='{name}' xmlUrl='https://blog.test/{name}'/>")
        };
        let outlines = names.iter().map(outline).collect::<Vec<_>>().concat();
        format!(
            "<opml version='2.0'><head><title>Feeds</title></head><body>{outlines}</body></opml>"
        )
    };
    for name in ["one", "two", "three"] {
        desk.web.page(
            "blog.test",
            &format!("/{name}"),
            feed(&full(&format!("of-{name}")), None),
        );
    }
    desk.file("feeds.opml", opml(&["one", "two", "three", "one"]));
    assert_snapshot!(desk.run("run feeds.opml"), @r"
    exit code 0
    --- stdout
    read     4 inputs: 3 posts new or changed, 3 citations, 3 new sources
    visited  3 sources: 3 not-found
    kept     0 new copies in [time]; 54 B received
    archive  3 sources cited in 3 posts, 0 copies held; 3 broken: `sourcekeep report` says which
    --- stderr
    [desk]/feeds.opml: 3 feeds registered as inputs
    ");
    assert_snapshot!(desk.run("inputs"), @r"
    exit code 0
    --- stdout
    [desk]/feeds.opml (file): 0 posts, 0 citations; read just now, again in every run
    https://blog.test/one (feed): 1 post, 1 citation; read just now, next in 20 hours
    https://blog.test/two (feed): 1 post, 1 citation; read just now, next in 20 hours
    https://blog.test/three (feed): 1 post, 1 citation; read just now, next in 20 hours
    ");
    // Removed by hand, it stays away; removed from the list, it is told of and stays.
    desk.run("remove https://blog.test/two").exits(0);
    desk.file("feeds.opml", opml(&["one", "two"]));
    assert_snapshot!(desk.day(1).run("run").err, @"[desk]/feeds.opml: names https://blog.test/three no longer; it stays an input until `sourcekeep remove https://blog.test/three`");
    assert_eq!(
        desk.number("select count(*) from input where removed_at is null"),
        3
    );
}
