use crate::gather::testing::{hear, hear_bytes};
use crate::gather::{Document, Format, GatherError, Kind, Note, Rules, gather};

#[test]
fn rss_with_escaped_content() {
    let xml = "<?xml version='1.0'?>\n<rss version='2.0'><channel><title>C</title><link>https://blog.example/</link><language>en</language>\
        <item><title>One &amp; two</title><link>https://blog.example/1</link><pubDate>Thu, 23 Aug 2012 10:00:00 GMT</pubDate>\
        <description>short</description><content:encoded><![CDATA[<p>See <a href=\"http://a.example/?a=1&amp;b=2\">this</a>. <a href=/own>o</a></p>]]></content:encoded></item>\n\
        <item><link>https://blog.example/2</link><description>&lt;a href=\"http://b.example/?a=1&amp;amp;b\"&gt;that&lt;/a&gt;</description></item></channel></rss>";
    let heard = hear(xml, Format::Feed);
    assert_eq!(
        heard.addresses,
        ["https://blog.example/1", "https://blog.example/2"]
    );
    assert_eq!(
        heard.urls(),
        ["http://a.example/?a=1&b=2", "http://b.example/?a=1&b"]
    );
    let written: Vec<&str> = heard
        .citations
        .iter()
        .map(|one| &xml[one.span.0..one.span.1])
        .collect();
    assert_eq!(
        written,
        [
            "http://a.example/?a=1&amp;b=2",
            "http://b.example/?a=1&amp;amp;b"
        ]
    );
    assert_eq!((heard.citations[0].line, heard.citations[1].line), (2, 3));
    assert_eq!(heard.posts[0].title.as_deref(), Some("One & two"));
    assert_eq!(heard.posts[0].published_at, Some(1_345_716_000_000));
    assert_ne!(heard.posts[0].digest, heard.posts[1].digest);
    assert!(heard.notes.is_empty(), "{:?}", heard.notes);
}

#[test]
fn atom_with_bases_and_authors() {
    let xml = "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://blog.example/'><link rel='self' href='https://cdn.example/feed'/><link href='/'/>\
        <entry><title type='html'>&lt;b&gt;T&lt;/b&gt;</title><author><name>Jane</name><uri>http://no.example/</uri></author><link href='p1'/><id>tag:1</id>\
        <updated>2012-08-23T10:00:00Z</updated><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><a href='http://a.example/'>x</a></div></content></entry></feed>";
    let heard = hear(xml, Format::Feed);
    assert_eq!(heard.addresses, ["https://blog.example/p1"]);
    assert_eq!(heard.urls(), ["http://a.example/"]);
    let post = &heard.posts[0];
    assert_eq!(
        (post.title.as_deref(), post.author.as_deref()),
        (Some("T"), Some("Jane"))
    );
}

#[test]
fn a_link_post_cites_what_it_links() {
    let xml = "<rss><channel><link>https://blog.example/</link><item><title>Look</title><link>http://a.example/x</link><guid>https://blog.example/9</guid></item></channel></rss>";
    let heard = hear(xml, Format::Feed);
    assert_eq!(heard.addresses, ["https://blog.example/9"]);
    assert_eq!(
        (heard.citations[0].kind, heard.citations[0].text.as_str()),
        (Kind::Reference, "Look")
    );
    assert_eq!(
        &xml[heard.citations[0].span.0..heard.citations[0].span.1],
        "http://a.example/x"
    );
}

#[test]
fn json_feed() {
    let json = r#"{"version":"https://jsonfeed.org/version/1.1","home_page_url":"https://blog.example/","items":[
        {"id":"1","url":"https://blog.example/1","title":"T","content_html":"<p>\u00e9 <a href=\"http:\/\/a.example\/x\">y<\/a>","date_published":"2012-08-23T10:00:00Z"},
        7,{"id":2,"url":"https://blog.example/2"}]}"#;
    let heard = hear(json, Format::Feed);
    assert_eq!(
        heard.addresses,
        ["https://blog.example/1", "https://blog.example/2"]
    );
    assert_eq!(heard.urls(), ["http://a.example/x"]);
    assert_eq!(heard.citations[0].context, "é y");
    let span = heard.citations[0].span;
    assert_eq!(&json[span.0..span.1], r"http:\/\/a.example\/x");
    assert!(
        matches!(heard.notes[0], Note::Unreadable { line: 3, .. }),
        "{:?}",
        heard.notes
    );
}

#[test]
fn broken_and_empty_feeds() {
    let broken = "<rss><channel><item><title>A & B</title><link>https://blog.example/1<description>&lt;a href='http://a.example/'&gt;x&lt;/a&gt;</description></item>\n<item><link>https://blog.example/2</link>";
    let heard = hear(broken, Format::Feed);
    assert_eq!(heard.posts.len(), 2);
    assert!(matches!(heard.notes[0], Note::Unreadable { .. }));
    let empty = hear("<rss><channel></channel></rss>", Format::Feed);
    assert!(empty.posts.is_empty());
    assert_eq!(
        empty.notes,
        [Note::Unreadable {
            line: 0,
            why: "feed without entries".to_owned()
        }]
    );
    let document = Document {
        bytes: b"<p>x",
        media_type: None,
        name: "x",
        address: None,
        base: None,
        format: Format::Feed,
    };
    let error = gather(
        &document,
        &Rules::default(),
        &mut super::super::testing::Heard::default(),
    );
    assert!(matches!(error, Err(GatherError::NoFeed { .. })));
    let wide: Vec<u8> = "\u{feff}<rss><item><link>https://blog.example/1</link></item></rss>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(
        hear_bytes(&wide, Format::Feed, &Rules::default())
            .posts
            .len(),
        1
    );
    assert_eq!(
        hear(&"<item>".repeat(50_000), Format::Feed).posts.len(),
        50_000
    );
    assert_eq!(
        hear(
            &("<item><title>".to_owned() + &"<title>".repeat(100_000)),
            Format::Feed
        )
        .posts
        .len(),
        1
    );
}
