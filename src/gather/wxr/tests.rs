use crate::gather::testing::{Heard, hear, hear_bytes, rules};
use crate::gather::{Format, Kind, Note, Place};

const HEAD: &str = "<?xml version='1.0' encoding='UTF-8'?>\n<rss version='2.0' xmlns:wp='http://wordpress.org/export/1.2/'>\n<channel><title>Blog</title>\
    <link>https://blog.example</link><language>en-US</language><wp:base_blog_url>https://blog.example</wp:base_blog_url>\
    <wp:author><wp:author_login><![CDATA[jane]]></wp:author_login><wp:author_display_name><![CDATA[Jane &amp; Doe]]></wp:author_display_name></wp:author>\n";

fn export(items: &str) -> String {
    format!("{HEAD}{items}</channel></rss>")
}

fn item(fields: &str, content: &str) -> String {
    format!(
        "<item><title><![CDATA[T]]></title><link>https://blog.example/1</link>{fields}<content:encoded><![CDATA[{content}]]></content:encoded></item>\n"
    )
}

fn hear_export(items: &str) -> Heard {
    hear(&export(items), Format::Wxr)
}

#[test]
fn a_post_with_its_facts() {
    let text = export(
        "<item><title>One &amp; two</title><link>https://blog.example/2012/one/</link><pubDate>Thu, 23 Aug 2012 12:00:00 +0200</pubDate>\
         <dc:creator><![CDATA[jane]]></dc:creator><guid isPermaLink='false'>https://blog.example/?p=1</guid><description></description>\n\
         <content:encoded><![CDATA[See <a href=\"http://a.example/?a=1&amp;b=2\">this</a>.\n\nThen]]]]><![CDATA[> <a href=\"https://blog.example/own\">own</a> and <a href='/x'>x</a>.]]></content:encoded>\
         <excerpt:encoded><![CDATA[<a href='http://no.example/'>no</a>]]></excerpt:encoded><wp:post_id>1</wp:post_id>\
         <wp:post_date>2012-08-23 12:00:00</wp:post_date><wp:post_date_gmt>2012-08-23 10:00:00</wp:post_date_gmt><wp:post_modified_gmt>2012-08-24 10:00:00</wp:post_modified_gmt>\
         <wp:status>publish</wp:status><wp:post_type>post</wp:post_type><wp:postmeta><wp:meta_key>link</wp:meta_key><wp:meta_value><![CDATA[http://no.example/]]></wp:meta_value></wp:postmeta></item>",
    );
    let heard = hear(&text, Format::Wxr);
    assert_eq!(heard.addresses, ["https://blog.example/2012/one/"]);
    assert_eq!(heard.urls(), ["http://a.example/?a=1&b=2"]);
    let citation = &heard.citations[0];
    assert_eq!(
        &text[citation.span.0..citation.span.1],
        "http://a.example/?a=1&amp;b=2"
    );
    assert_eq!((citation.line, citation.context.as_str()), (5, "See this."));
    let post = &heard.posts[0];
    assert_eq!(post.title.as_deref(), Some("One & two"));
    assert_eq!(post.author.as_deref(), Some("Jane & Doe"));
    assert_eq!(post.language.as_deref(), Some("en-US"));
    assert_eq!(post.published_at, Some(1_345_716_000_000));
    assert_eq!(post.modified_at, Some(1_345_802_400_000));
    assert_eq!(heard.left_out.len(), 2);
    assert!(heard.notes.is_empty(), "{:?}", heard.notes);
}

#[test]
fn what_is_no_published_post() {
    let link = "<a href='http://a.example/'>a</a>";
    let of = |status: &str, kind: &str, content: &str| {
        let fields = format!("<wp:status>{status}</wp:status><wp:post_type>{kind}</wp:post_type>");
        item(&fields, content)
    };
    let heard = hear_export(&format!(
        "{}{}{}{}{}{}{}{}{}",
        of("publish", "page", link),
        of("draft", "post", link),
        of("private", "post", link),
        of("draft", "page", link),
        of("trash", "post", link),
        of("inherit", "attachment", "a picture"),
        of("inherit", "attachment", link),
        of("publish", "nav_menu_item", link),
        of("publish", "recipe", "nothing"),
    ));
    assert_eq!(heard.posts.len(), 3);
    assert_eq!(heard.citations.len(), 2);
    assert_eq!(
        heard.notes,
        [Note::Unreadable {
            line: 0,
            why: "4 not published, left out: 2 draft, 1 private, 1 trash".to_owned()
        }]
    );
}

fn comment(fields: &str, content: &str) -> String {
    format!(
        "<wp:comment><wp:comment_author><![CDATA[Bob]]></wp:comment_author><wp:comment_author_url>http://bob.example/</wp:comment_author_url>\
         <wp:comment_date_gmt>2012-08-23 10:00:00</wp:comment_date_gmt><wp:comment_content><![CDATA[{content}]]></wp:comment_content>{fields}</wp:comment>\n"
    )
}

#[test]
fn comments_that_were_approved() {
    let one = "<wp:comment_approved>1</wp:comment_approved>";
    let text = export(&format!(
        "<item><link>https://blog.example/1</link><content:encoded><![CDATA[<h2>Part</h2><a href='http://a.example/'>a</a>]]></content:encoded>{}{}{}{}</item>",
        comment(
            one,
            "I saw http://b.example/x?a=1&amp;b=2. And <a href='http://c.example/'>c</a>\n\nhttp://d.example/&nbsp;x"
        ),
        comment(
            "<wp:comment_approved>0</wp:comment_approved>",
            "http://no.example/"
        ),
        comment(
            "<wp:comment_approved>spam</wp:comment_approved>",
            "http://no.example/"
        ),
        comment(
            &format!("{one}<wp:comment_type>pingback</wp:comment_type>"),
            "http://no.example/"
        ),
    ));
    let heard = hear_bytes(
        text.as_bytes(),
        Format::Wxr,
        &rules("{\"include\": {\"author\": true}}"),
    );
    let found: Vec<(&str, Kind, Place)> = heard
        .citations
        .iter()
        .map(|one| (one.url.as_str(), one.kind, one.place))
        .collect();
    assert_eq!(
        found,
        [
            ("http://a.example/", Kind::Anchor, Place::Body),
            ("http://bob.example/", Kind::Author, Place::Comment),
            ("http://b.example/x?a=1&b=2", Kind::Bare, Place::Comment),
            ("http://c.example/", Kind::Anchor, Place::Comment),
            ("http://d.example/", Kind::Bare, Place::Comment),
            ("http://bob.example/", Kind::Author, Place::Comment),
        ]
    );
    assert_eq!(heard.citations[0].headings, ["Part"]);
    assert_eq!(heard.citations[0].details.comment, None);
    for citation in &heard.citations[1..] {
        let comment = citation.details.comment.as_ref().unwrap();
        assert_eq!(comment.author.as_deref(), Some("Bob"));
        assert_eq!(comment.at, Some(1_345_716_000_000));
        assert!(citation.headings.is_empty());
    }
    assert_eq!(heard.citations[1].text, "Bob");
    let bare = heard.citations[2].span;
    assert_eq!(&text[bare.0..bare.1], "http://b.example/x?a=1&amp;b=2");
    assert_eq!(hear(&text, Format::Wxr).citations.len(), 4);
}

#[test]
fn shortcodes_and_code() {
    let heard = hear_export(&item(
        "",
        "Look:\n[youtube=http://www.youtube.com/watch?v=a1&amp;w=3]\n[vimeo 123456] <pre>http://no.example/\n\nx</pre>\n\
         [code language=\"sh\"]curl http://no.example/[/code] <!-- http://no.example/ --><a href=\"http://a.example/\">http://a.example/</a>\n\
         <script>\n\nvar x = \"http://no.example/<b>\";</script><img alt=\"a > b http://no.example/\"> [code] http://b.example/",
    ));
    let found: Vec<(&str, Kind)> = heard
        .citations
        .iter()
        .map(|one| (one.url.as_str(), one.kind))
        .collect();
    assert_eq!(
        found,
        [
            ("http://www.youtube.com/watch?v=a1&w=3", Kind::Shortcode),
            ("https://vimeo.com/123456", Kind::Shortcode),
            ("http://a.example/", Kind::Anchor),
            ("http://b.example/", Kind::Bare),
        ]
    );
    assert_eq!(heard.citations[0].details.written, None);
    assert_eq!(
        heard.citations[1].details.written.as_deref(),
        Some("123456")
    );
}

#[test]
fn what_is_broken_costs_one_item() {
    let heard = hear_export(
        "<item><title>Broken<wp:post_id>7</wp:post_id><wp:status>publish</wp:status>\
         <content:encoded><![CDATA[<a href='http://a.example/'>a</a>]]></content:encoded>\
         <item><title>T</title><content:encoded>&lt;a href=\"http://b.example/\"&gt;b&lt;/a&gt;</content:encoded></item>",
    );
    assert_eq!(heard.urls(), ["http://a.example/", "http://b.example/"]);
    assert_eq!(heard.addresses, ["post#post-7", "post#post-2"]);
    assert_eq!(heard.posts[0].title.as_deref(), Some("Broken"));
    assert!(matches!(&heard.notes[..], [Note::Unreadable { .. }]));
    let cut = format!(
        "{HEAD}<item><title>T</title><content:encoded><![CDATA[<a href='http://a.example/'>a"
    );
    assert_eq!(hear(&cut, Format::Wxr).urls(), ["http://a.example/"]);
}

#[test]
fn texts_made_to_be_slow_are_not() {
    for part in [
        "<item>",
        "<item><wp:comment>",
        "<item><content:encoded><![CDATA[",
        "a\n\n",
        "[code]",
        "[code]http://a.example/[/code]",
        "<a href=\"",
        "<pre>",
        "<!--",
        "http://a.example/ ",
        "<script>",
    ] {
        let text = part.repeat(100_000);
        let before = std::time::Instant::now();
        hear_export(&text);
        hear_export(&item("", &text));
        assert!(before.elapsed().as_secs() < 20, "{part}");
    }
}
