//! What is not as it should be: a clear line with file and place, the rest goes on, nothing is harmed.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::support::Desk;
use crate::web::Page;

#[test]
fn a_mistyped_input_leaves_no_archive_behind() {
    let desk = Desk::new();
    desk.run("run psots").exits(3);
    desk.run("add psots").exits(3);
    assert!(!desk.path("sourcekeep.db").exists());
}

#[test]
fn files_that_are_no_posts_are_told_and_the_others_read() {
    let desk = Desk::new();
    desk.page("a.test", "/1", "One");
    desk.post("posts/good.md", &["https://a.test/1"]);
    desk.file("posts/picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0");
    desk.file("posts/zeros.md", b"# Zeros\0\0 [x](https://a.test/1)\0");
    desk.file("posts/empty.md", "");
    desk.file(
        "posts/latin.html",
        b"<meta charset=iso-8859-1><p>caf\xe9 <a href=https://a.test/1>x</a>",
    );
    assert_snapshot!(desk.run("run posts"), @r"
    exit code 0
    --- stdout
    read     1 input: 3 posts new or changed, 2 citations, 1 new source
    visited  1 source: 1 alive
    kept     1 new copy in [time]; 453 B received
    archive  1 source cited in 3 posts, 1 copy held
    --- stderr
    warning: [desk]/posts/zeros.md: binary data: this is no text that could cite anything
    ");
    assert_snapshot!(desk.rows("select post, source, context from citations order by post"), @r"
    [desk]/posts/good.md | https://a.test/1 | See the 1 page.
    [desk]/posts/latin.html | https://a.test/1 | café x
    ");
    assert_snapshot!(desk.run("links posts/picture.png"), @r"
    exit code 3
    --- stderr
    warning: posts/picture.png: a PNG image: this is no text that could cite anything
    ");
}

#[test]
fn an_empty_feed_and_a_broken_one() {
    let desk = Desk::new();
    desk.web.page(
        "blog.test",
        "/empty",
        Page::bytes("application/rss+xml", ""),
    );
    desk.web.page(
        "blog.test",
        "/none",
        Page::bytes("application/rss+xml", "<rss><channel></channel></rss>"),
    );
    desk.web.page(
        "blog.test",
        "/broken",
        Page::bytes(
            "application/rss+xml",
            "<rss><channel><item><title>One</title></ch",
        ),
    );
    assert_snapshot!(desk.run("run https://blog.test/empty https://blog.test/none https://blog.test/broken"), @r"
    exit code 3
    --- stdout
    read     3 inputs: 1 post new or changed, 0 citations, 0 new sources
    visited  0 sources
    kept     0 new copies in [time]; 0 B received
    archive  0 sources cited in 1 post, 0 copies held
    --- stderr
    warning: https://blog.test/empty: this is no feed: it has neither an rss, rdf or feed element nor entries; to read it otherwise, name its format
    warning: https://blog.test/none: feed without entries
    warning: https://blog.test/broken:1: feed is not well-formed: syntax error: tag not closed: `>` not found before end of input; read as far as possible
    ");
}

#[test]
fn addresses_that_cannot_be_taken_are_told_with_their_line() {
    let desk = Desk::new();
    let mut post = "# A post\n\n".to_owned();
    writeln!(post, "[bad](https://[bad/)").unwrap();
    writeln!(post, "[long](https://a.test/{})", "x".repeat(10_000)).unwrap();
    writeln!(post, "[good](https://a.test/good)").unwrap();
    desk.file("posts/a.md", post);
    desk.page("a.test", "/good", "Good");
    let done = desk.run("run posts").exits(0);
    assert_eq!(done.err.lines().count(), 2, "{done}");
    assert!(done.err.lines().all(|line| line.len() < 2000), "{done}");
    assert!(
        done.err.contains("posts/a.md:3") && done.err.contains("posts/a.md:4"),
        "{done}"
    );
    assert_eq!(desk.verdicts(), "https://a.test/good | alive | alive\n");
}

#[test]
fn a_page_nested_a_hundred_thousand_deep_is_read() {
    let desk = Desk::new();
    let deep = format!("{}<a href=https://a.test/1>x</a>", "<div>".repeat(100_000));
    desk.file("posts/deep.html", deep);
    desk.page("a.test", "/1", "One");
    desk.run("run posts").exits(0);
    assert_eq!(desk.verdicts(), "https://a.test/1 | alive | alive\n");
}

#[test]
fn what_a_page_says_reaches_the_terminal_as_text_only() {
    let desk = Desk::new();
    desk.web.page(
        "a.test",
        "/1",
        Page::html("<title>\u{1b}[31mred\u{202e}</title><p>Words.").status(200),
    );
    desk.file(
        "posts/a.md",
        "[\u{1b}]0;title\u{7}words](https://a.test/1)\n",
    );
    desk.run("run posts").exits(0);
    for words in [
        "report --all",
        "show https://a.test/1",
        "links posts",
        "report --all --format markdown",
    ] {
        let out = desk.run(words).exits(0).out;
        assert!(
            !out.contains(['\u{1b}', '\u{7}', '\u{202e}']),
            "{words}: {out:?}"
        );
    }
}

#[test]
fn files_that_are_no_archives_are_left_alone() {
    let desk = Desk::new();
    desk.post("posts/a.md", &["https://a.test/1"]);
    desk.file(
        "text.db",
        "This is no database, but long enough to be taken for one by its size. ".repeat(20),
    );
    let other = rusqlite::Connection::open(desk.path("other.db")).unwrap();
    other
        .execute_batch("create table places (id integer); insert into places values (1)")
        .unwrap();
    drop(other);
    desk.run("run posts --db newer.db").exits(0);
    let newer = rusqlite::Connection::open(desk.path("newer.db")).unwrap();
    newer.execute_batch("pragma user_version = 9999").unwrap();
    drop(newer);
    for name in ["text.db", "other.db", "newer.db"] {
        let before = std::fs::read(desk.path(name)).unwrap();
        for command in ["run posts", "add posts", "report", "check --all"] {
            let done = desk.run(&format!("{command} --db {name}")).exits(3);
            assert!(
                done.err.starts_with(&format!("error: {name}: ")),
                "{command}: {done}"
            );
        }
        assert!(
            before == std::fs::read(desk.path(name)).unwrap(),
            "{name} is as it was"
        );
    }
    assert_snapshot!(desk.run("report --db text.db"), @r"
    exit code 3
    --- stderr
    error: text.db: this file is not a sourcekeep archive (it is no SQLite database)

    hint: name another file with --db PATH; this one was not touched
    ");
    assert_snapshot!(desk.run("report --db other.db"), @r"
    exit code 3
    --- stderr
    error: other.db: this SQLite database belongs to another program

    hint: name another file with --db PATH; this one was not touched
    ");
    assert_snapshot!(desk.run("report --db newer.db"), @r"
    exit code 3
    --- stderr
    error: newer.db: written by a newer sourcekeep (schema 9999; this one knows up to 22)

    hint: use the newer sourcekeep; this file was not touched
    ");
}
