//! What is taken, what is left out, and that what was left out can be listed.

use insta::assert_snapshot;

use crate::support::Desk;

const PAGE: &str = r#"<!doctype html><title>Post</title><link rel=canonical href="https://blog.test/post">
<nav><a href="https://nav.test/">menu</a></nav>
<main>
<p>Taken: <a href="https://taken.test/a">a source</a>, <a href="https://blog.test/other">our own</a>.</p>
<p>By host: <a href="https://sub.host.test/b">b</a>. By pattern: <a href="https://taken.test/ad?utm=1">ad</a>.</p>
<p class="sponsor">By selector: <a href="https://sponsor.test/c">c</a>.</p>
<p>By comment: <!-- sourcekeep-ignore --><a href="https://ignored.test/d">d</a>, <a href="https://taken.test/e">e</a>.</p>
<!-- sourcekeep-ignore-start --><p><a href="https://ignored.test/f">f</a></p><!-- sourcekeep-ignore-end -->
<p>Bad: <a href="https://[bad/">bad</a>, <a href="mailto:x@y.test">mail</a>.</p>
</main>
<aside><a href="https://aside.test/">related</a></aside>
<footer><a href="https://footer.test/">imprint</a></footer>
"#;

const NARROW: &str =
    "--exclude-host host.test --exclude utm= --exclude-selector .sponsor --exclude-post */draft-*";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("posts/post.html", PAGE);
    desk.post("posts/draft-1.md", &["https://draft.test/"]);
    desk
}

#[test]
fn links_are_printed_with_where_they_stand() {
    let desk = desk();
    assert_snapshot!(desk.run("links posts"), @r"
    exit code 0
    --- stdout
    posts/draft-1.md:3  https://draft.test/  “the page”
    posts/post.html:4  https://taken.test/a  “a source”
    posts/post.html:5  https://sub.host.test/b  “b”
    posts/post.html:5  https://taken.test/ad?utm=1  “ad”
    posts/post.html:7  https://taken.test/e  “e”
    --- stderr
    warning: posts/post.html:9: not an address: invalid IPv6 address: https://[bad/
    ");
    assert_snapshot!(desk.run("links posts/draft-1.md --format jsonl"), @r#"
    exit code 0
    --- stdout
    {"post":"posts/draft-1.md","url":"https://draft.test/","canonical":"https://draft.test/","kind":"anchor","place":"body","text":"the page","context":"See the page.","quote":null,"rel":"","line":3,"span":[26,45],"headings":["A post"],"position":1,"column":5,"written":null,"preserves":null,"confidence":null,"tie":null,"quote_parts":[],"comment_author":null,"comment_at":null,"note":null,"accessed_at":null,"marked_dead":false}
    "#);
    assert_snapshot!(desk.run("links posts/draft-1.md --format csv"), @r"
    exit code 0
    --- stdout
    post,url,canonical,kind,place,text,context,quote,rel,line,span_start,span_end,headings,position,column,written,preserves,confidence,tie,quote_parts,comment_author,comment_at,note,accessed_at,marked_dead
    posts/draft-1.md,https://draft.test/,https://draft.test/,anchor,body,the page,See the page.,,,3,26,45,A post,1,5,,,,,,,,,,false
    ");
    assert!(
        !desk.path("sourcekeep.db").exists(),
        "links needs no archive"
    );
    assert_eq!(desk.web.requests().len(), 0);
}

#[test]
fn links_are_narrowed_by_host_pattern_selector_post_and_comment() {
    let desk = desk();
    assert_snapshot!(desk.run(&format!("links posts {NARROW}")), @r"
    exit code 0
    --- stdout
    posts/post.html:4  https://taken.test/a  “a source”
    posts/post.html:7  https://taken.test/e  “e”
    --- stderr
    warning: posts/post.html:9: not an address: invalid IPv6 address: https://[bad/
    ");
    assert_snapshot!(desk.run(&format!("links posts --left-out {NARROW}")), @r"
    exit code 0
    --- stdout
    posts/draft-1.md:3  https://draft.test/  (excluded by post */draft-*)
    posts/post.html:2  https://nav.test/  (in the navigation)
    posts/post.html:4  https://blog.test/other  (internal link)
    posts/post.html:5  https://sub.host.test/b  (excluded by host host.test)
    posts/post.html:5  https://taken.test/ad?utm=1  (excluded by pattern utm=)
    posts/post.html:6  https://sponsor.test/c  (excluded by selector .sponsor)
    posts/post.html:7  https://ignored.test/d  (ignore comment)
    posts/post.html:8  https://ignored.test/f  (ignore comment)
    posts/post.html:9  https://[bad/  (not an address: invalid IPv6 address)
    posts/post.html:11  https://aside.test/  (in the aside)
    posts/post.html:12  https://footer.test/  (in the footer)
    ");
    assert_snapshot!(desk.run(&format!("links posts --left-out --format jsonl {NARROW}")), @r#"
    exit code 0
    --- stdout
    {"post":"posts/draft-1.md","url":"https://draft.test/","reason":"excluded by post */draft-*","line":3}
    {"post":"posts/post.html","url":"https://nav.test/","reason":"in the navigation","line":2}
    {"post":"posts/post.html","url":"https://blog.test/other","reason":"internal link","line":4}
    {"post":"posts/post.html","url":"https://sub.host.test/b","reason":"excluded by host host.test","line":5}
    {"post":"posts/post.html","url":"https://taken.test/ad?utm=1","reason":"excluded by pattern utm=","line":5}
    {"post":"posts/post.html","url":"https://sponsor.test/c","reason":"excluded by selector .sponsor","line":6}
    {"post":"posts/post.html","url":"https://ignored.test/d","reason":"ignore comment","line":7}
    {"post":"posts/post.html","url":"https://ignored.test/f","reason":"ignore comment","line":8}
    {"post":"posts/post.html","url":"https://[bad/","reason":"not an address: invalid IPv6 address","line":9}
    {"post":"posts/post.html","url":"https://aside.test/","reason":"in the aside","line":11}
    {"post":"posts/post.html","url":"https://footer.test/","reason":"in the footer","line":12}
    "#);
}

#[test]
fn links_are_widened_by_place() {
    let desk = desk();
    assert_snapshot!(desk.run("links posts/post.html --include navigation,footer,aside,internal"), @r"
    exit code 0
    --- stdout
    posts/post.html:2  https://nav.test/  “menu” in navigation
    posts/post.html:4  https://taken.test/a  “a source”
    posts/post.html:4  https://blog.test/other  “our own”
    posts/post.html:5  https://sub.host.test/b  “b”
    posts/post.html:5  https://taken.test/ad?utm=1  “ad”
    posts/post.html:6  https://sponsor.test/c  “c” in aside
    posts/post.html:7  https://taken.test/e  “e”
    posts/post.html:11  https://aside.test/  “related” in aside
    posts/post.html:12  https://footer.test/  “imprint” in footer
    --- stderr
    warning: posts/post.html:9: not an address: invalid IPv6 address: https://[bad/
    ");
    assert_snapshot!(desk.run("links posts/post.html --include sidebar"), @r"
    exit code 2
    --- stderr
    error: --include sidebar: unknown place; use navigation, footer, aside, author, internal
    ");
}

#[test]
fn a_run_leaves_out_what_links_leaves_out() {
    let desk = desk();
    desk.run(&format!("run posts {NARROW}")).exits(0);
    assert_snapshot!(desk.rows("select source, kind, place, text, line from citations order by line"), @r"
    https://taken.test/a | anchor | body | a source | 4
    https://taken.test/e | anchor | body | e | 7
    ");
    assert_snapshot!(desk.rows("select address, left_out from post"), @r"
    [desk]/posts/draft-1.md | 1
    [desk]/posts/post.html | 10
    ");
}

#[test]
fn exclusions_that_cannot_be_understood_are_usage_errors() {
    let desk = desk();
    assert_snapshot!(desk.run("links posts --exclude ("), @r#"
    exit code 2
    --- stderr
    error: excluded pattern "(" is no regular expression: regex parse error:
        (
        ^
    error: unclosed group
    "#);
    assert_snapshot!(desk.run("links posts --exclude-host https://x.test/y"), @r#"
    exit code 2
    --- stderr
    error: excluded host "https://x.test/y" is no host name; write it without scheme and path, such as twitter.com
    "#);
    assert_snapshot!(desk.run("links posts --exclude-selector p["), @r#"
    exit code 2
    --- stderr
    error: excluded selector "p[" is no CSS selector: write one such as .share, #sidebar or div.related a
    "#);
    assert_snapshot!(desk.run("links posts --as word"), @r"
    exit code 2
    --- stderr
    error: --as word: unknown kind; use html, markdown, text, feed, pdf, wikitext, wxr, csv, bookmarks, opml, sitemap, list, pages, site
    ");
    assert_snapshot!(desk.run("links posts --base nowhere"), @r"
    exit code 2
    --- stderr
    error: --base nowhere: not an address: relative URL without a base
    ");
}
