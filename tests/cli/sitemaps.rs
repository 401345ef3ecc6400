//! Sites without an API, by their sitemaps; sitemaps as inputs; and what hostile ones do.

use insta::assert_snapshot;

use crate::support::Desk;
use crate::web::{Page, encode};

/// A sitemap of addresses, each with a date or without.
fn urls(entries: &[(&str, &str)]) -> String {
    let entries: Vec<_> = entries
        .iter()
        .map(|(address, date)| {
            let date = if date.is_empty() {
                String::new()
            } else {
                format!("<lastmod>{date}</lastmod>")
            };
            format!("<url><loc>{address}</loc>{date}</url>")
        })
        .collect();
    format!(
        "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{}</urlset>",
        entries.concat()
    )
}

fn index(addresses: &[&str]) -> Page {
    let entries: Vec<_> = addresses
        .iter()
        .map(|address| format!("<sitemap><loc>{address}</loc></sitemap>"))
        .collect();
    xml(format!(
        "<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{}</sitemapindex>",
        entries.concat()
    ))
}

fn xml(text: impl Into<Vec<u8>>) -> Page {
    Page::bytes("application/xml", text)
}

/// A post that cites one source.
fn post(desk: &Desk, name: &str) {
    let body = format!("<title>{name}</title><p>See <a href=https://{name}.test/>it</a>.");
    desk.web.page(
        "blog.test",
        &format!("/{name}"),
        Page::html(body).etag(&format!("\"{name}\"")),
    );
}

fn asked(desk: &Desk) -> Vec<String> {
    let requests = desk.web.requests_to("blog.test");
    requests.into_iter().map(|logged| logged.path).collect()
}

const POSTS: &str = "select address from post where gone_at is null order by address";

/// A site with an index of sitemaps, one of which is packed.
fn site(desk: &Desk) {
    desk.web.page(
        "blog.test",
        "/",
        Page::html("<title>Blog</title><p>Welcome"),
    );
    desk.web.page(
        "blog.test",
        "/robots.txt",
        Page::text(
            "User-agent: *\nDisallow: /secret\nSitemap: https://blog.test/sitemap_index.xml\n",
        ),
    );
    desk.web.page(
        "blog.test",
        "/sitemap_index.xml",
        index(&[
            "https://blog.test/post-sitemap.xml",
            "https://blog.test/page-sitemap.xml.gz",
            "https://blog.test/category-sitemap.xml",
            "https://blog.test/sitemap_index.xml",
        ]),
    );
    desk.web.page(
        "blog.test",
        "/post-sitemap.xml",
        xml(urls(&[
            ("https://blog.test/", "2026-01-01T00:00:00Z"),
            ("https://blog.test/one", "2026-01-01T00:00:00Z"),
            ("http://www.blog.test/one/", ""),
            ("https://blog.test/two", "2025-01-01T00:00:00Z"),
            ("https://blog.test/secret/plan", ""),
            ("https://blog.test/tag/fish/", ""),
            ("https://blog.test/page/2/", ""),
            ("https://blog.test/pic.jpg", ""),
            ("https://elsewhere.test/three", ""),
            ("https://blog.test/leads-out", ""),
            ("https://blog.test/lost", ""),
        ])),
    );
    desk.web.page(
        "blog.test",
        "/page-sitemap.xml.gz",
        Page::bytes(
            "application/gzip",
            encode("gzip", urls(&[("https://blog.test/about", "")]).as_bytes()),
        ),
    );
    for name in ["one", "two", "about"] {
        post(desk, name);
    }
    desk.web.page(
        "blog.test",
        "/leads-out",
        Page::redirect(301, "https://elsewhere.test/"),
    );
    desk.page("elsewhere.test", "/", "Elsewhere");
}

#[test]
fn a_site_is_read_by_its_sitemaps() {
    let desk = Desk::new();
    site(&desk);
    assert_snapshot!(desk.run("run --as site https://blog.test/"), @r"
    exit code 0
    --- stdout
    read     1 input: 3 posts new or changed, 3 citations, 3 new sources
    visited  3 sources: 3 not-found
    kept     0 new copies in [time]; 54 B received
    archive  3 sources cited in 3 posts, 0 copies held; 3 broken: `sourcekeep report` says which
    --- stderr
    https://blog.test/: posts are named by 1 sitemap
    warning: https://blog.test/lost: answered 404
    https://blog.test/: left out 3 tag and author pages, 1 sitemap of tags and authors, 1 file, 2 pages of other sites, 1 page that robots.txt keeps from being read
    ");
    assert_snapshot!(desk.rows(POSTS), @r"
    https://blog.test/about
    https://blog.test/one
    https://blog.test/two
    ");
    assert_snapshot!(desk.rows("select what, address, state from discovered order by what, address"), @r"
    feed | https://blog.test/atom.xml | failed
    feed | https://blog.test/feed | failed
    feed | https://blog.test/feed.xml | failed
    feed | https://blog.test/index.xml | failed
    feed | https://blog.test/rss.xml | failed
    post | https://blog.test/about | read
    post | https://blog.test/leads-out | elsewhere
    post | https://blog.test/lost | gone
    post | https://blog.test/one | read
    post | https://blog.test/secret/plan | disallowed
    post | https://blog.test/two | read
    sitemap | https://blog.test/page-sitemap.xml.gz | read
    sitemap | https://blog.test/post-sitemap.xml | read
    sitemap | https://blog.test/sitemap_index.xml | read
    ");

    // Nothing changed: the front page, robots.txt, the sitemaps, and no post.
    desk.web.forget_requests();
    desk.day(1).run("run").exits(0);
    assert_snapshot!(asked(&desk).join("\n"), @r"
    /
    /robots.txt
    /sitemap_index.xml
    /post-sitemap.xml
    /page-sitemap.xml.gz
    ");

    // One is modified, one is new, one is gone.
    desk.web.page(
        "blog.test",
        "/post-sitemap.xml",
        xml(urls(&[
            ("https://blog.test/one", "2026-01-06T12:00:00Z"),
            ("https://blog.test/two", "2025-01-01T00:00:00Z"),
            ("https://blog.test/new", "2026-01-06T12:00:00Z"),
        ])),
    );
    post(&desk, "new");
    desk.web.remove("blog.test", "/one");
    desk.web.forget_requests();
    desk.day(2).run("run").exits(0);
    assert_snapshot!(desk.rows(POSTS), @r"
    https://blog.test/about
    https://blog.test/new
    https://blog.test/two
    ");
    let asked = asked(&desk);
    assert!(!asked.contains(&"/two".to_owned()), "{asked:?}");
}

#[test]
fn posts_of_no_date_are_asked_about_now_and_then() {
    let desk = Desk::new();
    site(&desk);
    desk.run("run --as site https://blog.test/").exits(0);
    desk.web.forget_requests();
    desk.day(8).run("run").exits(0);
    let about: Vec<_> = desk
        .web
        .requests_to("blog.test")
        .into_iter()
        .filter(|logged| logged.path == "/about")
        .collect();
    assert_eq!(about.len(), 1);
    assert_eq!(about[0].header("if-none-match"), Some("\"about\""));
    desk.web.forget_requests();
    desk.day(16).run("run").exits(0);
    assert_eq!(
        desk.web.count("blog.test", "/about"),
        0,
        "the interval grows"
    );
}

#[test]
fn a_post_is_read_once_whatever_it_is_called() {
    let desk = Desk::new();
    site(&desk);
    let names = ["/print/one", "/moved", "/about"];
    let addresses = names.map(|name| format!("https://blog.test{name}"));
    let entries: Vec<_> = addresses.iter().map(|one| (one.as_str(), "")).collect();
    desk.web
        .page("blog.test", "/post-sitemap.xml", xml(urls(&entries)));
    desk.web.page(
        "blog.test",
        "/print/one",
        Page::html("<link rel=canonical href=/about><p>See <a href=https://about.test/>it</a>."),
    );
    desk.web
        .page("blog.test", "/moved", Page::redirect(301, "/about/"));
    desk.web
        .page("blog.test", "/about/", Page::redirect(301, "/about"));
    desk.run("run --as site https://blog.test/").exits(0);
    assert_eq!(
        desk.number("select count(*) from post where gone_at is null"),
        1,
        "{}",
        desk.rows(POSTS)
    );
}

#[test]
fn a_site_that_names_nothing_is_looked_through_where_lists_usually_are() {
    let desk = Desk::new();
    desk.web.page(
        "blog.test",
        "/",
        Page::html("<title>Blog</title><p>Welcome"),
    );
    desk.web.page(
        "blog.test",
        "/wp-sitemap.xml",
        xml(urls(&[("https://blog.test/one", "")])),
    );
    desk.web.page(
        "blog.test",
        "/index.xml",
        xml("<rss version='2.0'><channel><link>https://blog.test/</link><item><link>https://blog.test/two</link></item></channel></rss>"),
    );
    post(&desk, "one");
    post(&desk, "two");
    let done = desk.run("run --as site https://blog.test/").exits(0);
    assert_snapshot!(done.err, @"https://blog.test/: posts are named by 1 feed, 1 sitemap");
    assert_snapshot!(desk.rows(POSTS), @r"
    https://blog.test/one
    https://blog.test/two
    ");
    desk.web.forget_requests();
    desk.day(1).run("run").exits(0);
    assert_snapshot!(asked(&desk).join("\n"), @r"
    /
    /robots.txt
    /wp-sitemap.xml
    /index.xml
    ");
}

#[test]
fn a_site_without_any_list_cannot_be_read() {
    let desk = Desk::new();
    desk.page("blog.test", "/", "Blog");
    assert_snapshot!(desk.run("run --as site https://blog.test/"), @r"
    exit code 3
    --- stdout
    read     1 input: nothing changed
    visited  0 sources
    kept     0 new copies in [time]; 0 B received
    archive  0 sources cited in 0 posts, 0 copies held
    --- stderr
    warning: https://blog.test/: nothing names its posts: no feed, no sitemap, no WordPress API was found
    ");
    desk.web.page(
        "blog.test",
        "/",
        Page::redirect(301, "https://elsewhere.test/"),
    );
    desk.page("elsewhere.test", "/", "Elsewhere");
    assert_snapshot!(desk.run("run --as site https://blog.test/").err, @"warning: https://blog.test/: leads to another site, https://elsewhere.test/: `sourcekeep add --as site https://elsewhere.test/` takes that one");
    desk.file("a.md", "x");
    assert_snapshot!(desk.run("add --as site a.md"), @r"
    exit code 3
    --- stderr
    warning: a.md: a site (`site`) is named by the address of its front page
    ");
    assert_snapshot!(desk.run("links --as site https://blog.test/"), @r"
    exit code 3
    --- stderr
    warning: https://blog.test/: a site is read post by post, and what was read is kept: `sourcekeep run --as site https://blog.test/`
    ");
}

#[test]
fn a_sitemap_is_an_input() {
    let desk = Desk::new();
    site(&desk);
    let done = desk
        .run("run https://blog.test/post-sitemap.xml --since 2025-06-01")
        .exits(0);
    assert_snapshot!(done.err, @r"
    warning: https://blog.test/lost: answered 404
    https://blog.test/post-sitemap.xml: left out 3 tag and author pages, 1 file, 2 pages of other sites, 1 post from before --since, 1 page that robots.txt keeps from being read
    ");
    assert_snapshot!(desk.rows(POSTS), @"https://blog.test/one");
    assert_snapshot!(desk.run("inputs"), @r"
    exit code 0
    --- stdout
    https://blog.test/post-sitemap.xml (sitemap): 1 post, 1 citation; read just now, next in 20 hours
    ");
    // One on the disk may name posts anywhere.
    let desk = Desk::new();
    site(&desk);
    desk.page("elsewhere.test", "/three", "Three");
    desk.file(
        "sitemap.xml",
        urls(&[
            ("https://blog.test/two", ""),
            ("https://elsewhere.test/three", ""),
        ]),
    );
    desk.run("run sitemap.xml").exits(0);
    assert_snapshot!(desk.rows(POSTS), @r"
    https://blog.test/two
    https://elsewhere.test/three
    ");
}

#[test]
fn one_host_that_is_away_does_not_keep_others_from_being_read() {
    let desk = Desk::new();
    desk.page("elsewhere.test", "/three", "Three");
    // The guard lets nobody ask this one.
    desk.file(
        "sitemap.xml",
        urls(&[
            ("http://10.0.0.1/one", ""),
            ("https://elsewhere.test/three", ""),
        ]),
    );
    let done = desk.run("run sitemap.xml").exits(0);
    assert_snapshot!(done.err, @"warning: http://10.0.0.1/one: the address is not public");
    assert_snapshot!(desk.rows(POSTS), @"https://elsewhere.test/three");
}

#[test]
fn limits_and_kills_leave_the_rest_due() {
    let desk = Desk::new();
    site(&desk);
    let many: Vec<_> = (0..40).map(|n| format!("https://blog.test/p{n}")).collect();
    let entries: Vec<_> = many.iter().map(|one| (one.as_str(), "")).collect();
    desk.web
        .page("blog.test", "/post-sitemap.xml", xml(urls(&entries)));
    for n in 0..40 {
        post(&desk, &format!("p{n}"));
    }
    let done = desk
        .run("run --as site https://blog.test/ --limit 10")
        .exits(0);
    assert!(
        done.err.contains("31 posts left for the next run"),
        "{done}"
    );
    assert_eq!(desk.number("select count(*) from post"), 10);
    assert_snapshot!(desk.run("run --dry-run").out, @r"
    would read   1 input
                 of which 1 on the web, not looked at: what they cite comes on top
                 and 31 posts on the web that were found by earlier runs
    posts        0 posts, 0 citations (0 links left out)
    would visit  0 sources on 0 hosts
    would take   under a minute, at this politeness
    would add    about 0 B
    nothing was fetched, and nothing written
    ");
    let mut child = desk.start("run --limit 1000");
    desk.until_at_least("select count(*) from post", 20);
    child.kill().unwrap();
    child.wait().unwrap();
    desk.run("run").exits(0);
    assert_eq!(desk.number("select count(*) from post"), 41);
    for n in 0..40 {
        let path = format!("/p{n}");
        let asked = desk.web.count("blog.test", &path);
        // What was under way when it was killed is asked for again.
        assert!((1..=2).contains(&asked), "{path}: {asked}");
    }
}

#[test]
fn a_sitemap_without_end_is_bounded() {
    let desk = Desk::new();
    site(&desk);
    let mut text = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>".to_owned();
    for n in 0..1_000_000 {
        text.push_str("<url><loc>https://blog.test/");
        text.push_str(&n.to_string());
        text.push_str("x</loc></url>");
    }
    desk.web
        .page("blog.test", "/post-sitemap.xml", xml(text).coded("gzip"));
    let done = desk
        .run("run --as site https://blog.test/ --limit 3")
        .exits(0);
    assert!(
        done.err.contains("beyond what is taken of one site"),
        "{done}"
    );
    assert_eq!(
        desk.number("select count(*) from discovered where what = 'post'"),
        250_000
    );
    assert_eq!(desk.number("select count(*) from post"), 0, "{done}");
}

#[test]
fn an_index_without_end_is_bounded() {
    let desk = Desk::new();
    site(&desk);
    // Each names two more, itself, and its own parent.
    desk.web.made("blog.test", "*", |logged| {
        let Some(name) = logged.path.strip_suffix(".xml") else {
            return Page::empty(404);
        };
        let parent = name.get(..name.len() - 1).unwrap_or_default();
        let of = |name: &str| format!("https://blog.test{name}.xml");
        index(&[
            &of(name),
            &of(parent),
            &of(&format!("{name}a")),
            &of(&format!("{name}b")),
        ])
    });
    desk.web.page(
        "blog.test",
        "/sitemap_index.xml",
        index(&["https://blog.test/m.xml"]),
    );
    let done = desk
        .run("run --as site https://blog.test/ --max-time 3s")
        .exits(0);
    assert!(
        desk.number("select count(*) from discovered where what = 'sitemap'") <= 5_000,
        "{done}"
    );
}
