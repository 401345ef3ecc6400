//! A WordPress site as an input, by its API: read, read again, killed and gone on with, and bounded.

use insta::assert_snapshot;

use crate::support::Desk;
use crate::web::{Logged, Page};

const CITATIONS: &str =
    "select post, source, place from citations where gone_at is null order by source";

/// The value of a parameter of a request.
fn parameter(logged: &Logged, name: &str) -> Option<String> {
    let url = url::Url::parse(&format!("https://x{}", logged.path)).unwrap();
    let mut pairs = url.query_pairs();
    pairs
        .find(|(one, _)| one == name)
        .map(|(_, value)| value.into_owned())
}

fn json(text: impl Into<String>) -> Page {
    Page::bytes("application/json; charset=UTF-8", text.into())
}

/// Posts of a made-up WordPress site, newest first.
#[derive(Clone)]
struct Article {
    id: u64,
    modified: String,
}

impl Article {
    fn json(&self, kind: &str) -> String {
        let Self { id, modified } = self;
        format!(
            r#"{{"id":{id},"date_gmt":"{modified}","modified_gmt":"{modified}","link":"https:\/\/blog.test\/{kind}\/{id}\/",
            "title":{{"rendered":"{kind} {id} &amp; more"}},
            "content":{{"rendered":"<p>See <a href=\"https:\/\/{kind}{id}.test\/\">the source<\/a>.<\/p>"}},
            "_embedded":{{"author":[{{"name":"Ada"}}]}}}}"#
        )
    }
}

/// Serves a collection as the API does.
fn collection(desk: &Desk, path: &str, kind: &'static str, articles: Vec<Article>) {
    desk.web.made("blog.test", path, move |logged| {
        let since = parameter(logged, "modified_after").unwrap_or_default();
        let included = parameter(logged, "include");
        let wanted: Vec<_> = articles
            .iter()
            .filter(|one| one.modified >= since)
            .filter(|one| {
                included
                    .as_ref()
                    .is_none_or(|ids| ids.split(',').any(|id| id == one.id.to_string()))
            })
            .collect();
        let page: usize = parameter(logged, "page").map_or(1, |page| page.parse().unwrap());
        let pages = wanted.len().div_ceil(100);
        if page > 1 && page > pages {
            return json(r#"{"code":"rest_post_invalid_page_number","data":{"status":400}}"#)
                .status(400);
        }
        let some: Vec<_> = wanted
            .iter()
            .skip(100 * (page - 1))
            .take(100)
            .map(|one| one.json(kind))
            .collect();
        json(format!("[{}]", some.join(","))).header("X-WP-TotalPages", pages.to_string())
    });
}

fn articles(ids: impl Iterator<Item = u64>) -> Vec<Article> {
    ids.map(|id| Article {
        id,
        modified: format!("2025-{:02}-{:02}T00:00:00", 1 + id % 12, 1 + id % 28),
    })
    .collect()
}

fn comments(desk: &Desk, list: &'static [(u64, u64, &'static str)]) {
    desk.web.made("blog.test", "/wp-json/wp/v2/comments", move |logged| {
        let posts = parameter(logged, "post");
        let since = parameter(logged, "after").unwrap_or_default();
        let some: Vec<_> = list
            .iter()
            .filter(|(_, post, date)| {
                *date >= since.as_str()
                    && posts
                        .as_ref()
                        .is_none_or(|ids| ids.split(',').any(|id| id == post.to_string()))
            })
            .map(|(id, post, date)| {
                format!(
                    r#"{{"id":{id},"post":{post},"author_name":"Bob","author_url":"https:\/\/bob.test\/","date_gmt":"{date}",
                    "content":{{"rendered":"<p>No, <a href=\"https:\/\/comment{id}.test\/\">this<\/a><\/p>"}}}}"#
                )
            })
            .collect();
        json(format!("[{}]", some.join(","))).header("X-WP-TotalPages", "1")
    });
}

/// 230 posts, a page and two recipes, with comments, and a feed.
fn wordpress(desk: &Desk) {
    desk.web.page(
        "blog.test",
        "/",
        Page::html(
            "<title>Blog</title><link rel='https://api.w.org/' href='/wp-json/'>\
             <link rel=alternate type=application/rss+xml href=/feed/>\
             <link rel=alternate type=application/rss+xml href=/comments/feed/>",
        )
        .etag("\"front\""),
    );
    desk.web.page(
        "blog.test",
        "/wp-json/",
        json(r#"{"namespaces":["oembed/1.0","wp/v2"]}"#),
    );
    desk.web.page(
        "blog.test",
        "/wp-json/wp/v2/types",
        json(
            r#"{"post":{"slug":"post","rest_base":"posts"},"page":{"slug":"page","rest_base":"pages"},
            "attachment":{"slug":"attachment","rest_base":"media"},"recipe":{"slug":"recipe","rest_base":"recipes"}}"#,
        ),
    );
    collection(
        desk,
        "/wp-json/wp/v2/posts",
        "post",
        articles((1..=230).rev()),
    );
    collection(desk, "/wp-json/wp/v2/pages", "page", articles(301..302));
    collection(desk, "/wp-json/wp/v2/recipes", "recipe", articles(401..403));
    comments(
        desk,
        &[
            (1, 230, "2025-03-01T00:00:00"),
            (2, 7, "2025-03-02T00:00:00"),
            (3, 7, "2025-03-03T00:00:00"),
        ],
    );
    desk.web.page("blog.test", "/feed/", feed(&["post/230/"]));
}

/// A feed whose entries have no content but these links.
fn feed(paths: &[&str]) -> Page {
    let entries: Vec<_> = paths
        .iter()
        .map(|path| format!("<item><title>{path}</title><link>https://blog.test/{path}</link><description>Some words …</description></item>"))
        .collect();
    Page::bytes(
        "application/rss+xml",
        format!(
            "<rss version='2.0'><channel><title>Blog</title><link>https://blog.test/</link>{}</channel></rss>",
            entries.concat()
        ),
    )
    .etag(&format!("\"{}\"", paths.len()))
}

fn asked(desk: &Desk) -> Vec<String> {
    let requests = desk.web.requests_to("blog.test");
    requests.into_iter().map(|logged| logged.path).collect()
}

#[test]
fn a_wordpress_site_is_read_by_its_api() {
    let desk = Desk::new();
    wordpress(&desk);
    assert_snapshot!(desk.run("add --as site https://blog.test/"), @r"
    exit code 0
    --- stdout
    https://blog.test/ (site): added
    ");
    let done = desk.run("run --format json").exits(0);
    assert_snapshot!(done.err, @"https://blog.test/: posts are named by 3 collections of the WordPress API, 1 feed");
    assert_eq!(
        desk.number("select count(*) from post where gone_at is null"),
        233
    );
    assert_eq!(desk.number("select count(*) from citation"), 239);
    assert_snapshot!(desk.rows(&format!("{CITATIONS} limit 4")), @r"
    https://blog.test/post/230/ | https://bob.test/ | comment
    https://blog.test/post/7/ | https://bob.test/ | comment
    https://blog.test/post/7/ | https://bob.test/ | comment
    https://blog.test/post/230/ | https://comment1.test/ | comment
    ");
    assert_snapshot!(
        desk.rows("select p.address, p.title, p.author, p.published_at, d.format from post p join document d on d.id = p.document_id where p.address like '%/7/'"),
        @"https://blog.test/post/7/ | post 7 & more | Ada | 1754611200000 | wordpress"
    );
    // The address in the stored bytes is where the span says.
    let (body, start, end): (Vec<u8>, isize, isize) = {
        let archive = desk.archive();
        archive
            .query_row(
                "select b.data, c.span_start, c.span_end from citation c join post p on p.id = c.post_id
                 join document d on d.id = p.document_id join blob b on b.id = d.blob_id
                 where c.url = 'https://comment3.test/'",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap()
    };
    let body = zstd::decode_all(&body[..]).unwrap_or(body);
    assert_eq!(
        &body[start.unsigned_abs()..end.unsigned_abs()],
        br"https:\/\/comment3.test\/"
    );
    let asked = asked(&desk);
    assert!(
        !asked.iter().any(|path| path.contains("sitemap")),
        "{asked:?}"
    );
    assert!(
        !asked.iter().any(|path| path.contains("/post/")),
        "{asked:?}"
    );
    assert!(asked.len() <= 15, "{}: {asked:#?}", asked.len());
    assert_snapshot!(desk.run("inputs"), @r"
    exit code 0
    --- stdout
    https://blog.test/ (site): 233 posts, 239 citations; read just now, next in 20 hours
    ");
}

#[test]
fn a_second_reading_asks_for_what_is_new() {
    let desk = Desk::new();
    wordpress(&desk);
    desk.run("run --as site https://blog.test/ --limit 1000")
        .exits(0);
    desk.web.forget_requests();
    desk.day(1).run("run").exits(0);
    let quiet = asked(&desk);
    assert!(quiet.len() <= 7, "{}: {quiet:#?}", quiet.len());
    assert_eq!(desk.number("select count(*) from post_version"), 233);

    // A new post, one that was modified, and a comment on an old one.
    let mut posts = articles((1..=231).rev());
    for id in [231, 5] {
        let changed = posts.iter_mut().find(|one| one.id == id).unwrap();
        changed.modified = "2026-01-07T00:00:00".to_owned();
    }
    collection(&desk, "/wp-json/wp/v2/posts", "post", posts);
    comments(
        &desk,
        &[
            (1, 230, "2025-03-01T00:00:00"),
            (2, 7, "2025-03-02T00:00:00"),
            (3, 7, "2025-03-03T00:00:00"),
            (4, 9, "2026-01-07T00:00:00"),
        ],
    );
    desk.web.forget_requests();
    let done = desk.day(2).run("run").exits(0);
    assert!(done.out.contains("3 posts new or changed"), "{done}");
    assert_eq!(
        desk.number("select count(*) from post where gone_at is null"),
        234
    );
    assert_eq!(
        desk.number("select count(*) from citation where url = 'https://comment4.test/'"),
        1
    );
    let busy = asked(&desk);
    assert!(busy.len() <= 12, "{}: {busy:#?}", busy.len());
}

#[test]
fn a_limit_reads_the_newest_and_the_next_run_goes_on() {
    let desk = Desk::new();
    wordpress(&desk);
    assert_snapshot!(desk.run("run --as site https://blog.test/ --limit 5").exits(0).err, @r"
    https://blog.test/: posts are named by 3 collections of the WordPress API, 1 feed
    https://blog.test/: the rest is left for the next run
    ");
    assert_snapshot!(desk.rows("select address from post order by id"), @r"
    https://blog.test/post/230/
    https://blog.test/post/229/
    https://blog.test/post/228/
    https://blog.test/post/227/
    https://blog.test/post/226/
    ");
    desk.run("run --limit 150").exits(0);
    assert_eq!(desk.number("select count(*) from post"), 155);
    desk.run("run").exits(0);
    assert_eq!(desk.number("select count(*) from post"), 233);
    let comment_pages = asked(&desk);
    assert!(comment_pages.len() < 30, "{comment_pages:#?}");
}

#[test]
fn only_posts_since_a_day_are_read() {
    let desk = Desk::new();
    wordpress(&desk);
    desk.run("add --as site https://blog.test/ --since 2025-12-01")
        .exits(0);
    desk.run("run").exits(0);
    let old = desk.number("select count(*) from post where modified_at < 1764547200000");
    let new = desk.number("select count(*) from post where modified_at >= 1764547200000");
    assert_eq!((old, new > 10), (0, true), "{new}");
}

#[test]
fn a_run_that_is_killed_goes_on() {
    let desk = Desk::new();
    wordpress(&desk);
    desk.run("add --as site https://blog.test/").exits(0);
    let mut child = desk.start("run --limit 400");
    desk.until_at_least(
        "select count(*) from discovered where what = 'post' and read_at is not null",
        120,
    );
    child.kill().unwrap();
    child.wait().unwrap();
    let read =
        desk.number("select count(*) from discovered where what = 'post' and read_at is not null");
    desk.web.forget_requests();
    let done = desk.run("run --format json").exits(0);
    let posts = desk.number("select count(*) from post where gone_at is null");
    assert_eq!(posts, 233, "{done}");
    let again: serde_json::Value = serde_json::from_str(done.out.trim()).unwrap();
    let again = again["run"]["posts"].as_i64().unwrap();
    // One post may have been read to its end and not been noted.
    assert!(again <= 233 - read + 1, "{again} after {read}");
    assert!(
        !asked(&desk)
            .iter()
            .any(|path| path.contains("posts?per_page=100&page=1&") && read > 200)
    );
}

#[test]
fn an_api_that_does_not_end_is_left() {
    let desk = Desk::new();
    wordpress(&desk);
    // The same page whatever is asked for, and no word of how many there are.
    desk.web.made("blog.test", "/wp-json/wp/v2/posts", |_| {
        let posts: Vec<_> = articles(1..101)
            .iter()
            .map(|one| one.json("post"))
            .collect();
        json(format!("[{}]", posts.join(",")))
    });
    let done = desk
        .run("run --as site https://blog.test/ --limit 500")
        .exits(0);
    assert_eq!(desk.number("select count(*) from post"), 103, "{done}");
    let pages = asked(&desk);
    let pages = pages.iter().filter(|path| path.contains("/posts?")).count();
    assert!(pages <= 4, "{pages}");
}

#[test]
fn robots_txt_may_close_the_api() {
    let desk = Desk::new();
    wordpress(&desk);
    desk.web.page(
        "blog.test",
        "/robots.txt",
        Page::text("User-agent: *\nDisallow: /wp-json/\n"),
    );
    desk.page("blog.test", "/post/230/", "Post");
    let done = desk.run("run --as site https://blog.test/").exits(0);
    assert_eq!(desk.number("select count(*) from post"), 1, "{done}");
    assert!(!asked(&desk).iter().any(|path| path.contains("wp-json")));
    // The user's own site may be read as its owner wants.
    desk.file("sourcekeep.toml", "[fetch]\nrobots = \"ignore\"\n");
    desk.run("run --as site https://blog.test/ --include footer")
        .exits(0);
    assert!(desk.number("select count(*) from post") > 200);
}

#[test]
fn posts_of_other_sites_are_none_of_it() {
    let desk = Desk::new();
    wordpress(&desk);
    desk.web.page(
        "blog.test",
        "/wp-json/wp/v2/pages",
        json(r#"[{"id":9,"link":"https://other.test/9","content":{"rendered":""}}, {"id":10,"link":"javascript:1","content":{"rendered":""}}]"#),
    );
    desk.web.page(
        "blog.test",
        "/wp-json/wp/v2/recipes",
        json("{\"code\":\"rest_forbidden\"}").status(401),
    );
    let done = desk.run("run --as site https://blog.test/").exits(0);
    assert_eq!(desk.number("select count(*) from post"), 230, "{done}");
    assert!(
        done.err.contains("left out 2 pages of other sites"),
        "{done}"
    );
}
