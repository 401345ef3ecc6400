//! Inputs of every kind: read when due, read again when changed, and what became of citations that went.

use insta::assert_snapshot;

use crate::support::{Desk, page};
use crate::web::Page;

const CITATIONS: &str =
    "select post, source, first_seen_at, gone_at from citations order by post, source";
const POSTS: &str = "select address, title, gone_at from post order by address";

fn feed(entries: &[&str]) -> Page {
    let entries: Vec<_> = entries
        .iter()
        .map(|name| {
            format!(
                "<entry><id>https://blog.test/{name}</id><title>Entry {name}</title>\
                 <link href=\"https://blog.test/{name}\"/>\
                 <content type=\"html\">&lt;a href=\"https://{name}.test/\"&gt;{name}&lt;/a&gt;</content></entry>"
            )
        })
        .collect();
    Page::bytes(
        "application/atom+xml",
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Blog</title>{}</feed>",
            entries.concat()
        ),
    )
}

#[test]
fn a_feed_is_asked_whether_it_changed_and_old_entries_stay() {
    let desk = Desk::new();
    desk.web
        .page("blog.test", "/feed", feed(&["one", "two"]).etag("\"1\""));
    assert_snapshot!(desk.run("run https://blog.test/feed"), @r"
    exit code 0
    --- stdout
    read     1 input: 2 posts new or changed, 2 citations, 2 new sources
    visited  2 sources: 2 not-found
    kept     0 new copies in [time]; 36 B received
    archive  2 sources cited in 2 posts, 0 copies held; 2 broken: `sourcekeep report` says which
    ");
    assert_snapshot!(desk.rows(CITATIONS), @r"
    https://blog.test/one | https://one.test/ | 2026-01-05T08:00:00Z | -
    https://blog.test/two | https://two.test/ | 2026-01-05T08:00:00Z | -
    ");

    desk.web.forget_requests();
    desk.day(1).run("run").exits(0);
    let asked = desk.web.requests_to("blog.test");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].header("if-none-match"), Some("\"1\""));

    desk.web
        .page("blog.test", "/feed", feed(&["two", "three"]).etag("\"2\""));
    desk.day(2).run("run").exits(0);
    assert_snapshot!(desk.rows(CITATIONS), @r"
    https://blog.test/one | https://one.test/ | 2026-01-05T08:00:00Z | -
    https://blog.test/three | https://three.test/ | 2026-01-07T08:00:00Z | -
    https://blog.test/two | https://two.test/ | 2026-01-05T08:00:00Z | -
    ");
    assert_snapshot!(desk.rows("select address, title, gone_at from post"), @r"
    https://blog.test/one | Entry one | -
    https://blog.test/two | Entry two | -
    https://blog.test/three | Entry three | -
    ");
    assert_snapshot!(desk.run("inputs"), @r"
    exit code 0
    --- stdout
    https://blog.test/feed (feed): 3 posts, 3 citations; read just now, next in 20 hours
    ");
}

#[test]
fn an_input_on_the_web_is_not_read_before_it_is_due() {
    let desk = Desk::new();
    desk.web.page("blog.test", "/feed", feed(&["one"]));
    desk.run("run https://blog.test/feed").exits(0);
    desk.at("2026-01-05T12:00:00Z").run("run").exits(0);
    assert_eq!(desk.web.count("blog.test", "/feed"), 1);
    desk.run("run https://blog.test/feed").exits(0);
    assert_eq!(
        desk.web.count("blog.test", "/feed"),
        2,
        "named, it is read at once"
    );
}

#[test]
fn a_page_is_one_post_and_its_feeds_are_named() {
    let desk = Desk::new();
    desk.web.page(
        "blog.test",
        "/post",
        Page::html(
            "<title>Post</title><link rel=alternate type=application/rss+xml href=/feed.xml>\
             <p>See <a href=https://cited.test/x>this</a>.",
        ),
    );
    assert_snapshot!(desk.run("run https://blog.test/post"), @r"
    exit code 0
    --- stdout
    read     1 input: 1 post new or changed, 1 citation, 1 new source
    visited  1 source: 1 not-found
    kept     0 new copies in [time]; 18 B received
    archive  1 source cited in 1 post, 0 copies held; 1 broken: `sourcekeep report` says which
    --- stderr
    https://blog.test/post: taken as one page; it names https://blog.test/feed.xml
    hint: `sourcekeep add https://blog.test/feed.xml` follows it; `--as site` with the front page takes all posts of a site
    ");
    assert_snapshot!(desk.rows(CITATIONS), @"https://blog.test/post | https://cited.test/x | 2026-01-05T08:00:00Z | -");
}

#[test]
fn a_list_of_sources_is_visited_as_it_is() {
    let desk = Desk::new();
    desk.page("a.test", "/1", "One");
    desk.file(
        "list.txt",
        "# sources\nhttps://a.test/1\nhttps://a.test/2 # gone?\nnot an address\n",
    );
    assert_snapshot!(desk.run("run --as list list.txt"), @r"
    exit code 0
    --- stdout
    read     1 input: 1 post new or changed, 2 citations, 2 new sources
    visited  2 sources: 1 alive · 1 not-found
    kept     1 new copy in [time]; 471 B received
    archive  2 sources cited in 1 post, 1 copy held; 1 broken: `sourcekeep report` says which
    --- stderr
    warning: [desk]/list.txt:4: not an address: relative URL without a base: not an address
    ");
    assert_snapshot!(desk.verdicts(), @r"
    https://a.test/1 | alive | alive
    https://a.test/2 | not-found | failing
    ");
}

#[test]
fn standard_input_is_read_once() {
    let desk = Desk::new();
    desk.page("a.test", "/1", "One");
    assert_snapshot!(desk.pipe("run -", "https://a.test/1\n"), @r"
    exit code 0
    --- stdout
    read     1 input: 1 post new or changed, 1 citation, 1 new source
    visited  1 source: 1 alive
    kept     1 new copy in [time]; 453 B received
    archive  1 source cited in 1 post, 1 copy held
    ");
    assert_snapshot!(desk.rows(CITATIONS), @"- | https://a.test/1 | 2026-01-05T08:00:00Z | -");
    desk.day(1).run("run").exits(0);
    assert_snapshot!(desk.rows(CITATIONS), @"- | https://a.test/1 | 2026-01-05T08:00:00Z | -");
    assert_snapshot!(desk.run("add -"), @r"
    exit code 2
    --- stderr
    error: standard input is gone by the next run: use `sourcekeep run -`, or add a file
    ");
}

#[test]
fn a_list_of_posts_is_read_post_by_post() {
    let desk = Desk::new();
    for name in ["one", "two"] {
        let body = format!("<title>{name}</title><p><a href=https://cited.test/{name}>x</a>");
        desk.web
            .page("blog.test", &format!("/{name}"), Page::html(body));
    }
    desk.file(
        "posts.txt",
        "https://blog.test/one\nhttps://blog.test/two\nhttps://blog.test/lost\n",
    );
    assert_snapshot!(desk.run("run --as pages posts.txt"), @r"
    exit code 0
    --- stdout
    read     1 input: 2 posts new or changed, 2 citations, 2 new sources
    visited  2 sources: 2 not-found
    kept     0 new copies in [time]; 36 B received
    archive  2 sources cited in 2 posts, 0 copies held; 2 broken: `sourcekeep report` says which
    --- stderr
    warning: https://blog.test/lost: answered 404
    ");
    assert_snapshot!(desk.rows(CITATIONS), @r"
    https://blog.test/one | https://cited.test/one | 2026-01-05T08:00:00Z | -
    https://blog.test/two | https://cited.test/two | 2026-01-05T08:00:00Z | -
    ");
    desk.file("posts.txt", "https://blog.test/two\n");
    desk.day(1).run("run").exits(0);
    assert_snapshot!(desk.rows(CITATIONS), @r"
    https://blog.test/one | https://cited.test/one | 2026-01-05T08:00:00Z | 2026-01-06T08:00:00Z
    https://blog.test/two | https://cited.test/two | 2026-01-05T08:00:00Z | -
    ");
    assert_snapshot!(desk.run("run --as pages https://blog.test/one"), @r"
    exit code 3
    --- stderr
    warning: https://blog.test/one: --as pages reads a file, or standard input (-)
    ");
}

#[test]
fn a_list_of_posts_can_come_through_a_pipe() {
    let desk = Desk::new();
    let body = "<title>one</title><p><a href=https://cited.test/one>x</a>";
    desk.web.page("blog.test", "/one", Page::html(body));
    assert_snapshot!(desk.pipe("run --as pages -", "https://blog.test/one\n"), @r"
    exit code 0
    --- stdout
    read     1 input: 1 post new or changed, 1 citation, 1 new source
    visited  1 source: 1 not-found
    kept     0 new copies in [time]; 18 B received
    archive  1 source cited in 1 post, 0 copies held; 1 broken: `sourcekeep report` says which
    ");
    assert_snapshot!(desk.rows(CITATIONS), @"https://blog.test/one | https://cited.test/one | 2026-01-05T08:00:00Z | -");
    assert_snapshot!(desk.pipe("links --as pages -", "https://blog.test/one\n"), @r"
    exit code 0
    --- stdout
    https://blog.test/one:1  https://cited.test/one  “x”
    ");
}

#[test]
fn a_folder_is_followed_through_its_changes() {
    let desk = Desk::new();
    desk.post("posts/stays.md", &["https://a.test/1"]);
    desk.post(
        "posts/changes.md",
        &["https://a.test/2", "https://a.test/3"],
    );
    desk.post("posts/goes.md", &["https://a.test/4"]);
    desk.run("run posts").exits(0);
    desk.post(
        "posts/changes.md",
        &["https://a.test/3", "https://a.test/5"],
    );
    desk.post("posts/deep/new.md", &["https://a.test/6"]);
    std::fs::remove_file(desk.path("posts/goes.md")).unwrap();
    desk.day(1);
    assert_snapshot!(desk.run("run"), @r"
    exit code 0
    --- stdout
    read     1 input: 2 posts new or changed, 1 gone, 3 citations (1 new, 1 gone), 2 new sources
    visited  6 sources: 6 not-found
    kept     0 new copies in [time]; 108 B received
    archive  4 sources cited in 3 posts, 0 copies held; 4 broken: `sourcekeep report` says which
    ");
    assert_snapshot!(desk.rows(CITATIONS), @r"
    [desk]/posts/changes.md | https://a.test/2 | 2026-01-05T08:00:00Z | 2026-01-06T08:00:00Z
    [desk]/posts/changes.md | https://a.test/3 | 2026-01-05T08:00:00Z | -
    [desk]/posts/changes.md | https://a.test/5 | 2026-01-06T08:00:00Z | -
    [desk]/posts/deep/new.md | https://a.test/6 | 2026-01-06T08:00:00Z | -
    [desk]/posts/goes.md | https://a.test/4 | 2026-01-05T08:00:00Z | 2026-01-06T08:00:00Z
    [desk]/posts/stays.md | https://a.test/1 | 2026-01-05T08:00:00Z | -
    ");
    assert_snapshot!(desk.rows(POSTS), @r"
    [desk]/posts/changes.md | A post | -
    [desk]/posts/deep/new.md | A post | -
    [desk]/posts/goes.md | A post | 1767686400000
    [desk]/posts/stays.md | A post | -
    ");
    assert_snapshot!(desk.rows("select p.address, v.seen_at from post_version v join post p on p.id = v.post_id order by 1, 2"), @r"
    [desk]/posts/changes.md | 1767600000000
    [desk]/posts/changes.md | 1767686400000
    [desk]/posts/deep/new.md | 1767686400000
    [desk]/posts/goes.md | 1767600000000
    [desk]/posts/stays.md | 1767600000000
    ");
    desk.post("posts/goes.md", &["https://a.test/4"]);
    desk.day(2).run("run").exits(0);
    assert_snapshot!(desk.rows(POSTS), @r"
    [desk]/posts/changes.md | A post | -
    [desk]/posts/deep/new.md | A post | -
    [desk]/posts/goes.md | A post | -
    [desk]/posts/stays.md | A post | -
    ");
}

#[test]
#[cfg(unix)]
fn a_folder_that_cannot_be_looked_into_for_once_is_not_gone() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    desk.post("posts/deep/a.md", &["https://a.test/1"]);
    desk.run("run posts").exits(0);
    let set = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(desk.path("posts/deep"), permissions).unwrap();
    };
    set(0o000);
    // Who may read everything has nothing to test here.
    let is_closed = std::fs::read_dir(desk.path("posts/deep")).is_err();
    desk.day(1).run("run").exits(0);
    set(0o755);
    if is_closed {
        assert_eq!(
            desk.number("select count(*) from post where gone_at is not null"),
            0
        );
    }
}

#[test]
fn what_is_removed_is_not_read_any_more_and_what_was_kept_stays() {
    let desk = Desk::new();
    desk.page("a.test", "/1", "One");
    desk.post("posts/a.md", &["https://a.test/1"]);
    desk.run("run posts").exits(0);
    desk.day(1);
    assert_snapshot!(desk.run("remove posts"), @r"
    exit code 0
    --- stdout
    posts: removed; what was gathered and kept stays
    ");
    assert_snapshot!(desk.run("remove posts"), @r"
    exit code 3
    --- stderr
    warning: posts: no such input
    hint: `sourcekeep inputs` lists them
    ");
    assert_snapshot!(desk.run("inputs"), @r"
    exit code 0
    --- stderr
    no inputs yet; `sourcekeep add INPUT` registers one
    ");
    assert_snapshot!(desk.rows(CITATIONS), @"[desk]/posts/a.md | https://a.test/1 | 2026-01-05T08:00:00Z | 2026-01-06T08:00:00Z");
    assert_eq!(desk.number("select count(*) from capture"), 1);
    desk.run("run posts").exits(0);
    assert_snapshot!(desk.rows(CITATIONS), @"[desk]/posts/a.md | https://a.test/1 | 2026-01-05T08:00:00Z | -");
}

#[test]
fn adding_an_input_again_with_other_exclusions_takes_effect_though_no_file_changed() {
    let desk = Desk::new();
    desk.post("posts/a.md", &["https://a.test/1", "https://b.test/2"]);
    desk.run("run posts").exits(0);
    desk.day(1);
    assert_snapshot!(desk.run("add posts --exclude-host b.test"), @r"
    exit code 0
    --- stdout
    [desk]/posts (folder): known already; read again at the next run
    ");
    desk.run("run").exits(0);
    assert_snapshot!(desk.rows(CITATIONS), @r"
    [desk]/posts/a.md | https://a.test/1 | 2026-01-05T08:00:00Z | -
    [desk]/posts/a.md | https://b.test/2 | 2026-01-05T08:00:00Z | 2026-01-06T08:00:00Z
    ");
    desk.day(2).run("run posts").exits(0);
    assert_snapshot!(desk.rows(CITATIONS), @r"
    [desk]/posts/a.md | https://a.test/1 | 2026-01-05T08:00:00Z | -
    [desk]/posts/a.md | https://b.test/2 | 2026-01-05T08:00:00Z | -
    ");
}

#[test]
fn exclusions_in_the_configuration_take_effect_though_no_file_changed() {
    let desk = Desk::new();
    desk.post("posts/a.md", &["https://a.test/1", "https://b.test/2"]);
    desk.post("posts/draft-b.md", &["https://a.test/3"]);
    desk.run("run posts --exclude-host c.test").exits(0);
    desk.file(
        "sourcekeep.toml",
        "[gather]\nexclude_hosts = [\"b.test\"]\nexclude_posts = [\"*/draft-?.md\"]\n",
    );
    desk.day(1).run("run").exits(0);
    assert_snapshot!(desk.rows(CITATIONS), @r"
    [desk]/posts/a.md | https://a.test/1 | 2026-01-05T08:00:00Z | -
    [desk]/posts/a.md | https://b.test/2 | 2026-01-05T08:00:00Z | 2026-01-06T08:00:00Z
    [desk]/posts/draft-b.md | https://a.test/3 | 2026-01-05T08:00:00Z | 2026-01-06T08:00:00Z
    ");
    assert_snapshot!(desk.rows("select options from input"), @r#"{"gather":{"include":{"navigation":false,"footer":false,"aside":false,"author":false,"internal":false},"exclude":{"hosts":["c.test"],"patterns":[],"posts":[],"selectors":[]}},"configured":{"include":{"navigation":false,"footer":false,"aside":false,"author":false,"internal":false},"exclude":{"hosts":["b.test"],"patterns":[],"posts":["*/draft-?.md"],"selectors":[]}}}"#);
    desk.file("sourcekeep.toml", "");
    desk.day(2).run("run").exits(0);
    assert_snapshot!(desk.rows(CITATIONS), @r"
    [desk]/posts/a.md | https://a.test/1 | 2026-01-05T08:00:00Z | -
    [desk]/posts/a.md | https://b.test/2 | 2026-01-05T08:00:00Z | -
    [desk]/posts/draft-b.md | https://a.test/3 | 2026-01-05T08:00:00Z | -
    ");
}

#[test]
fn a_document_that_could_not_be_read_to_its_end_is_read_again() {
    let desk = Desk::new();
    desk.post("posts/a.md", &["https://a.test/1"]);
    desk.run("run posts").exits(0);
    // What an end of the process between a document and its citations leaves behind.
    desk.archive()
        .execute_batch("update document set complete = 0; delete from citation")
        .unwrap();
    desk.day(1).run("run").exits(0);
    assert_eq!(desk.number("select count(*) from citation"), 1);
    assert_eq!(desk.number("select complete from document"), 1);
}

#[test]
fn an_input_that_cannot_be_read_is_told_and_the_rest_goes_on() {
    let desk = Desk::new();
    desk.page("a.test", "/1", "One");
    desk.post("posts/a.md", &["https://a.test/1"]);
    assert_snapshot!(desk.run("run posts https://blog.test/lost missing.md blog.test/feed"), @r"
    exit code 3
    --- stdout
    read     2 inputs: 1 post new or changed, 1 citation, 1 new source
    visited  1 source: 1 alive
    kept     1 new copy in [time]; 453 B received
    archive  1 source cited in 1 post, 1 copy held
    --- stderr
    warning: missing.md: No such file or directory (os error 2)
    warning: blog.test/feed: No such file or directory (os error 2)
    hint: an address on the web begins with https:// (https://blog.test/feed ?)
    warning: https://blog.test/lost: answered 404
    ");
    assert_snapshot!(desk.run("inputs"), @r"
    exit code 0
    --- stdout
    [desk]/posts (folder): 1 post, 1 citation; read just now, again in every run
    https://blog.test/lost (page): 0 posts, 0 citations; read just now, next in 60 minutes
        could not be read: answered 404
    ");
    assert_snapshot!(desk.run("run missing.md"), @r"
    exit code 3
    --- stderr
    warning: missing.md: No such file or directory (os error 2)
    ");
    desk.page("blog.test", "/lost", "Found again");
    desk.day(1).run("run").exits(0);
    assert_snapshot!(desk.run("inputs"), @r"
    exit code 0
    --- stdout
    [desk]/posts (folder): 1 post, 1 citation; read just now, again in every run
    https://blog.test/lost (page): 1 post, 0 citations; read just now, next in 20 hours
    ");
}

#[test]
fn an_alias_of_a_page_is_the_same_source() {
    let desk = Desk::new();
    desk.web
        .page("old.test", "/a", Page::redirect(301, "https://new.test/a"));
    desk.web.page("new.test", "/a", page("A"));
    desk.post("posts/a.md", &["https://old.test/a"]);
    desk.run("run posts").exits(0);
    desk.post("posts/b.md", &["https://new.test/a"]);
    desk.day(1).run("run").exits(0);
    assert_snapshot!(desk.rows("select post, source, url from citations order by post"), @r"
    [desk]/posts/a.md | https://old.test/a | https://old.test/a
    [desk]/posts/b.md | https://new.test/a | https://new.test/a
    ");
}
