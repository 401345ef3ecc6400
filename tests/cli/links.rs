//! `links`: its formats, many files at once, and what is printed when something is hostile.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::support::Desk;

const POST: &str = r#"<!doctype html><html lang=en><title>A &lt;b&gt;title&lt;/b&gt;</title>
<meta name=author content="Jane &quot;<i>&quot; Doe">
<meta property="article:published_time" content="2012-05-03T10:00:00Z">
<main><h1>Top</h1><h2>Part</h2>
<p>Before. He <a href="https://a.test/?q=1&amp;x='y'">said <i>so</i> &lt;&amp;&gt;</a> twice. After.</p>
<iframe src="https://b.test/frame" title="A frame"></iframe>
</main><nav><a href="https://nav.test/">menu</a></nav>
"#;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("posts/a.html", POST);
    desk.post("posts/b.md", &["https://c.test/1", "https://c.test/2"]);
    desk.file("posts/c.md", "Nothing is cited here.\n");
    desk
}

#[test]
fn json_has_all_that_is_known() {
    let desk = desk();
    assert_snapshot!(desk.run("links --format jsonl posts/a.html"), @r#"
    exit code 0
    --- stdout
    {"post":"posts/a.html","url":"https://a.test/?q=1&x=%27y%27","canonical":"https://a.test/?q=1&x=%27y%27","kind":"anchor","place":"body","text":"said so <&>","context":"He said so <&> twice.","quote":null,"rel":"","line":5,"span":[252,281],"headings":["Top","Part"],"position":1,"column":15,"written":null,"preserves":null,"confidence":null,"tie":null,"quote_parts":[],"comment_author":null,"comment_at":null,"note":null,"accessed_at":null,"marked_dead":false}
    {"post":"posts/a.html","url":"https://b.test/frame","canonical":"https://b.test/frame","kind":"embed","place":"body","text":"A frame","context":"","quote":null,"rel":"","line":6,"span":[347,367],"headings":["Top","Part"],"position":2,"column":1,"written":null,"preserves":null,"confidence":null,"tie":null,"quote_parts":[],"comment_author":null,"comment_at":null,"note":null,"accessed_at":null,"marked_dead":false}
    "#);
    let json = desk.run("links --format json posts").out;
    let links: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(links.len(), 4);
    assert_eq!(links[0]["headings"], serde_json::json!(["Top", "Part"]));
    assert_eq!(
        (&links[2]["position"], &links[3]["position"]),
        (&1.into(), &2.into())
    );
    assert_snapshot!(desk.run("links --format json posts/c.md"), @r"
    exit code 0
    --- stdout
    []
    ");
}

#[test]
fn posts_are_listed_with_their_facts() {
    let desk = desk();
    assert_snapshot!(desk.run("links --posts posts"), @r#"
    exit code 0
    --- stdout
    posts/a.html  “A <b>title</b>”, Jane "<i>" Doe, 2012-05-03, en  2 citations, 1 left out
    posts/b.md  “A post”  2 citations
    posts/c.md  0 citations
    "#);
    assert_snapshot!(desk.run("links --posts --format jsonl posts"), @r#"
    exit code 0
    --- stdout
    {"address":"posts/a.html","title":"A <b>title</b>","author":"Jane \"<i>\" Doe","language":"en","published_at":"2012-05-03T10:00:00Z","modified_at":null,"canonical":null,"citations":2,"left_out":1}
    {"address":"posts/b.md","title":"A post","author":null,"language":null,"published_at":null,"modified_at":null,"canonical":null,"citations":2,"left_out":0}
    {"address":"posts/c.md","title":null,"author":null,"language":null,"published_at":null,"modified_at":null,"canonical":null,"citations":0,"left_out":0}
    "#);
    assert_snapshot!(desk.run("links --posts --format csv posts"), @r#"
    exit code 0
    --- stdout
    address,title,author,language,published_at,modified_at,canonical,citations,left_out
    posts/a.html,A <b>title</b>,"Jane ""<i>"" Doe",en,2012-05-03T10:00:00Z,,,2,1
    posts/b.md,A post,,,,,,2,0
    posts/c.md,,,,,,,0,0
    "#);
    assert_snapshot!(desk.run("links --posts --left-out posts"), @r"
    exit code 2
    --- stderr
    error: the argument '--posts' cannot be used with '--left-out'

    Usage: sourcekeep links --posts --host-delay <MS> --resolve <HOST=ADDR[:PORT]> --ca-cert <FILE> --now <INSTANT> <INPUT>...

    For more information, try '--help'.
    ");
}

#[test]
fn a_page_to_look_at_holds_no_markup_from_outside() {
    let desk = desk();
    let page = desk.run("links --format html posts").exits(0).out.clone();
    assert_snapshot!(page.split("<h1>").nth(1).unwrap(), @r#"
    Links</h1>
    <section>
    <h2>posts/a.html</h2>
    <table>
    <tr><th>Line</th><th>Source</th><th>What is said of it</th><th>Kind</th></tr>
    <tr><td>5</td><td><a href="https://a.test/?q=1&amp;x=%27y%27" rel="noreferrer noopener nofollow">said so &lt;&amp;&gt;</a><small>https://a.test/?q=1&amp;x=%27y%27</small></td><td><small>Top › Part</small>He <mark>said so &lt;&amp;&gt;</mark> twice.</td><td>anchor</td></tr>
    <tr><td>6</td><td><a href="https://b.test/frame" rel="noreferrer noopener nofollow">A frame</a><small>https://b.test/frame</small></td><td><small>Top › Part</small></td><td>embed</td></tr>
    </table>
    <p>“A &lt;b&gt;title&lt;/b&gt;”, Jane &quot;&lt;i&gt;&quot; Doe, 2012-05-03, en</p>
    </section>
    <section>
    <h2>posts/b.md</h2>
    <table>
    <tr><th>Line</th><th>Source</th><th>What is said of it</th><th>Kind</th></tr>
    <tr><td>3</td><td><a href="https://c.test/1" rel="noreferrer noopener nofollow">the 1 page</a><small>https://c.test/1</small></td><td><small>A post</small>See <mark>the 1 page</mark>.</td><td>anchor</td></tr>
    <tr><td>4</td><td><a href="https://c.test/2" rel="noreferrer noopener nofollow">the 2 page</a><small>https://c.test/2</small></td><td><small>A post</small>See <mark>the 2 page</mark>.</td><td>anchor</td></tr>
    </table>
    <p>“A post”</p>
    </section>
    </body>
    </html>
    "#);
    assert!(
        !page.contains("<b>title") && !page.contains("<i>"),
        "{page}"
    );
    let left_out = desk.run("links --format html --left-out posts").out;
    assert_snapshot!(left_out.split("<h1>").nth(1).unwrap(), @r#"
    Links that were left out</h1>
    <section>
    <h2>posts/a.html</h2>
    <table>
    <tr><th>Line</th><th>Address</th><th>Why</th></tr>
    <tr><td>7</td><td><a href="https://nav.test/" rel="noreferrer noopener nofollow">https://nav.test/</a></td><td>in the navigation</td></tr>
    </table>
    <p>“A &lt;b&gt;title&lt;/b&gt;”, Jane &quot;&lt;i&gt;&quot; Doe, 2012-05-03, en</p>
    </section>
    </body>
    </html>
    "#);
    let posts = desk.run("links --format html --posts posts").out;
    assert_snapshot!(posts.split("<h1>").nth(1).unwrap(), @r"
    Posts</h1>
    <table>
    <tr><th>Links</th><th>Post</th><th>Published</th></tr>
    <tr><td>2</td><td>A &lt;b&gt;title&lt;/b&gt;<small>posts/a.html, Jane &quot;&lt;i&gt;&quot; Doe, en</small></td><td>2012-05-03T10:00:00Z</td></tr>
    <tr><td>2</td><td>A post<small>posts/b.md</small></td><td></td></tr>
    <tr><td>0</td><td>posts/c.md<small>posts/c.md</small></td><td></td></tr>
    </table>
    </body>
    </html>
    ");
}

#[test]
fn many_files_are_printed_in_their_order() {
    let desk = Desk::new();
    let mut expected = String::new();
    for n in 0..300 {
        let name = format!("posts/{n:03}.md");
        // Some have much more to say than others.
        let links = if n % 50 == 0 { 2000 } else { 1 };
        let mut text = String::new();
        for link in 1..=links {
            writeln!(text, "- [x](https://s.test/{n}/{link})").unwrap();
            writeln!(expected, "{name}:{link}  https://s.test/{n}/{link}  “x”").unwrap();
        }
        desk.file(&name, text);
    }
    assert_eq!(desk.run("links posts").out, expected);
    let json = desk.run("links --format json posts").out;
    let links: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(links.len(), expected.lines().count());
}
