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

/// Gathers a feed as `https://blog.example/feed`.
fn feed(text: &str) -> super::super::testing::Heard {
    hear(text, Format::Feed)
}

#[test]
fn old_and_rare_versions() {
    for (xml, address, citation) in [
        (
            "<rdf:RDF xmlns='http://my.netscape.com/rdf/simple/0.9/'><channel><title>C</title><link>https://blog.example/</link></channel><image><title>I</title><link>http://no.example/</link></image><item><title>T</title><link>https://blog.example/1</link></item><textinput><title>S</title><link>http://no.example/</link></textinput></rdf:RDF>",
            "https://blog.example/1",
            "",
        ),
        (
            "<!DOCTYPE rss PUBLIC '-//Netscape Communications//DTD RSS 0.91//EN' 'http://no.example/rss.dtd' [<!ENTITY x 'y'>]><rss version='0.91'><channel><link>https://blog.example/</link><item><link>https://blog.example/1</link><description>&lt;a href='http://a.example/'&gt;x&lt;/a&gt;</description></item></channel></rss>",
            "https://blog.example/1",
            "http://a.example/",
        ),
        (
            "<rss version='0.93'><channel><link>https://blog.example/</link><item><link>https://blog.example/1</link><description>x http://a.example/1.</description><source url='https://b.example/rss'>B</source><enclosure url='http://no.example/x.mp3'/><comments>http://no.example/c</comments></item></channel></rss>",
            "https://blog.example/1",
            "https://b.example/rss http://a.example/1",
        ),
        (
            "<rdf:RDF xmlns='http://purl.org/rss/1.0/' xmlns:content='c'><channel rdf:about='https://blog.example/'><link>https://blog.example/</link><items><rdf:Seq><rdf:li resource='https://blog.example/1'/></rdf:Seq></items></channel>\
             <item rdf:about='https://blog.example/1'><content:items><rdf:Bag><rdf:li><content:item><rdf:value><![CDATA[<a href='http://a.example/'>x</a>]]></rdf:value></content:item></rdf:li></rdf:Bag></content:items></item></rdf:RDF>",
            "https://blog.example/1",
            "http://a.example/",
        ),
        (
            "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><link rel='alternate' type='text/html' href='https://blog.example/'/><entry><link rel='alternate' type='text/html' href='https://blog.example/1'/>\
             <content type='text/html' mode='base64'>PGEgaHJlZj0iaHR0cDovL2EuZXhhbXBsZS8iPng8L2E+</content></entry></feed>",
            "https://blog.example/1",
            "http://a.example/",
        ),
        (
            "<CHANNEL HREF='https://blog.example/'><ITEM HREF='https://blog.example/1' LASTMOD='2012-08-23T10:00'><TITLE>T</TITLE><ABSTRACT>See http://a.example/</ABSTRACT></ITEM></CHANNEL>",
            "https://blog.example/1",
            "http://a.example/",
        ),
        (
            "<a:feed xmlns:a='http://www.w3.org/2005/Atom' xmlns:h='http://www.w3.org/1999/xhtml'><a:entry><a:link href='https://blog.example/1'/><a:content type='xhtml'><h:div><h:a href='http://a.example/'>x</h:a></h:div></a:content></a:entry></a:feed>",
            "https://blog.example/1",
            "http://a.example/",
        ),
        (
            "<rss xmlns:xhtml='http://www.w3.org/1999/xhtml'><channel><item><link>https://blog.example/1</link><xhtml:body><xhtml:a href='http://a.example/'>x</xhtml:a></xhtml:body></item></channel></rss>",
            "https://blog.example/1",
            "http://a.example/",
        ),
    ] {
        let heard = feed(xml);
        assert_eq!(heard.addresses, [address], "{xml}");
        assert_eq!(heard.urls().join(" "), citation, "{xml}");
        assert!(heard.notes.is_empty(), "{xml}: {:?}", heard.notes);
    }
}

#[test]
fn addresses_beside_the_text() {
    let xml = "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:thr='t'><link href='https://blog.example/'/><entry><id>tag:blog.example,2012:1</id>\
        <link rel='alternate' type='application/json' href='https://blog.example/1.json'/><link href='https://blog.example/1'/>\
        <link rel='via' href='http://via.example/' title='Via'/><link rel='related' href='http://related.example/'/><link rel='related' href='https://blog.example/0'/>\
        <link rel='replies' href='http://no.example/c'/><link rel='enclosure' href='http://no.example/x.mp3'/><link rel='edit' href='http://no.example/e'/>\
        <thr:in-reply-to ref='tag:x' href='http://reply.example/'/>\
        <source><id>tag:z</id><link href='http://no.example/'/><title>Z</title><updated>2001-01-01</updated></source><title>T</title></entry></feed>";
    let heard = feed(xml);
    assert_eq!(heard.addresses, ["https://blog.example/1"]);
    assert_eq!(
        heard.urls(),
        [
            "http://via.example/",
            "http://related.example/",
            "http://reply.example/"
        ]
    );
    assert!(
        heard
            .citations
            .iter()
            .all(|one| one.kind == Kind::Reference)
    );
    assert_eq!(heard.citations[0].text, "Via");
    let span = heard.citations[2].span;
    assert_eq!(&xml[span.0..span.1], "http://reply.example/");
    assert_eq!(heard.reasons(), ["https://blog.example/0: internal link"]);
    assert_eq!(heard.posts[0].title.as_deref(), Some("T"));
    assert_eq!(heard.posts[0].modified_at, None);
}

#[test]
fn link_blogs_and_feeds_of_another_site() {
    let entry = |link: &str, n: usize| {
        format!(
            "<entry><link href='{link}'/><link rel='related' href='https://blog.example/linked/{n}'/><title>T{n}</title></entry>"
        )
    };
    let whole = |entries: &[String]| {
        format!(
            "<feed><link href='https://blog.example/'/>{}</feed>",
            entries.concat()
        )
    };
    let links = [
        "http://a.example/",
        "http://b.example/",
        "http://c.example/",
    ];
    let entries: Vec<String> = (0..3).map(|n| entry(links[n], n)).collect();
    let heard = feed(&whole(&entries));
    assert_eq!(heard.urls(), links);
    assert_eq!(heard.addresses[1], "https://blog.example/linked/1");
    assert!(heard.posts.iter().all(|post| !post.is_excerpt));
    // All lead to one other site: it is where the posts are.
    let entries: Vec<String> = (0..3)
        .map(|n| format!("<entry><link href='http://press.example/{n}'/></entry>"))
        .collect();
    let heard = feed(&whole(&entries));
    assert_eq!(heard.addresses[2], "http://press.example/2");
    assert!(heard.urls().is_empty());
}

#[test]
fn bases() {
    let xml = "<feed xml:base='https://blog.example/a/'><link href='https://blog.example/'/><entry xml:base='b/'><link href='p'/>\
        <content type='html' xml:base='c/'>&lt;a href='../../../../x'&gt;x&lt;/a&gt; &lt;a href='//a.example/y'&gt;y&lt;/a&gt;</content></entry></feed>";
    let heard = hear_bytes(
        xml.as_bytes(),
        Format::Feed,
        &super::super::testing::rules(r#"{"include":{"internal":true}}"#),
    );
    assert_eq!(heard.addresses, ["https://blog.example/a/b/p"]);
    assert_eq!(
        heard.urls(),
        ["https://blog.example/x", "https://a.example/y"]
    );
}

#[test]
fn older_entries() {
    for (text, older) in [
        (
            "<feed><link rel='next' href='?page=2'/><link rel='prev-archive' href='http://b.example/2011.atom'/><link rel='previous' href='/no'/><link rel='current' href='/no'/>\
             <entry><link rel='next' href='/no'/></entry></feed>",
            vec![
                "https://blog.example/post?page=2",
                "http://b.example/2011.atom",
            ],
        ),
        (
            "<rss xmlns:atom='http://www.w3.org/2005/Atom'><channel><atom:link rel='next' href='https://blog.example/feed?paged=2'/><atom:link rel='next' href='https://blog.example/feed?paged=2'/><item><title>T</title></item></channel></rss>",
            vec!["https://blog.example/feed?paged=2"],
        ),
        (
            "<feed><link rel='next' href='https://blog.example/post'/><entry/></feed>",
            vec![],
        ),
        (
            r#"{"version":"https://jsonfeed.org/version/1","next_url":"/2.json","items":[{"id":"1"}]}"#,
            vec!["https://blog.example/2.json"],
        ),
    ] {
        let heard = feed(text);
        let found: Vec<&str> = heard
            .notes
            .iter()
            .filter_map(|note| match note {
                Note::Older(url) => Some(url.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(found, older, "{text}");
        assert_eq!(heard.posts.len(), 1, "{text}");
    }
}

#[test]
fn facts_of_entries() {
    let xml = "<rss xmlns:dc='d' xmlns:itunes='i'><channel><language>en</language><managingEditor>ed@blog.example (The Editor)</managingEditor>\
        <item xml:lang='de'><title>A &amp;amp; B &lt;i&gt;c&lt;/i&gt;</title><author>j@blog.example (Jane)</author><dc:date>2012-08-23</dc:date><pubDate>Thu, 23 Aug 12 10:00 GMT</pubDate><dcterms:modified>2012-08-24</dcterms:modified></item>\
        <item><title type='html'><![CDATA[1 < 2]]></title><itunes:author>I</itunes:author><pubDate>soon</pubDate><dc:date>2012-08-23</dc:date><dc:language>fr</dc:language></item>\
        <item><itunes:title>no</itunes:title><media:title>no</media:title></item></channel></rss>";
    let posts = feed(xml).posts;
    let facts: Vec<_> = posts
        .iter()
        .map(|post| {
            (
                post.title.as_deref(),
                post.author.as_deref(),
                post.language.as_deref(),
                post.published_at,
                post.modified_at,
            )
        })
        .collect();
    assert_eq!(
        facts,
        [
            (
                Some("A & B c"),
                Some("Jane"),
                Some("de"),
                Some(1_345_716_000_000),
                Some(1_345_766_400_000)
            ),
            (
                Some("1 < 2"),
                Some("I"),
                Some("fr"),
                Some(1_345_680_000_000),
                None
            ),
            (None, Some("The Editor"), Some("en"), None, None),
        ]
    );
    let atom = "<feed><author><name>F</name></author><entry><title>The &lt;b&gt; tag &amp;amp; more</title><author><uri>http://no.example/</uri><name>Jane</name></author><issued>2012-08-23</issued></entry>\
        <entry><title mode='base64' type='text/plain'>VGhlIDxi</title></entry><entry><title type='xhtml'><div>The &lt;b&gt; <em>tag</em></div></title></entry></feed>";
    let posts = feed(atom).posts;
    assert_eq!(posts[0].title.as_deref(), Some("The <b> tag &amp; more"));
    assert_eq!(posts[0].author.as_deref(), Some("Jane"));
    assert_eq!(posts[1].author.as_deref(), Some("F"));
    assert_eq!(posts[2].title.as_deref(), Some("The <b> tag"));
}

#[test]
fn what_was_never_closed() {
    for (xml, posts, citations) in [
        // A text that is never closed ends with the next thing of the entry, or with the entry.
        (
            "<rss><channel><item><title>T<link>https://blog.example/1</link><description>&lt;a href='http://a.example/'>x&lt;/a><pubDate>Thu, 23 Aug 2012 10:00:00 GMT</pubDate></item><item><link>https://blog.example/2</link></item></channel></rss>",
            2,
            "http://a.example/",
        ),
        (
            "<rss><channel><item><link>https://blog.example/1</link><description><![CDATA[<a href='http://a.example/'>x</a> <a href='http://no.exa",
            1,
            "http://a.example/",
        ),
        (
            "<feed><entry><link href='https://blog.example/1'/><content type='xhtml'><div><a href='http://a.example/'>x</a><p><entry><link href='https://blog.example/2'/><content type='html'>&lt;a href='http://b.example/'&gt;",
            2,
            "http://a.example/ http://b.example/",
        ),
        (
            "<item><link>https://blog.example/1</link><guid>g<description>&lt;a href='http://a.example/'&gt;x &nbsp; &hellip; & y</description><item><link>https://blog.example/2",
            2,
            "http://a.example/",
        ),
        // What a server says before it, and a page around it.
        (
            "Warning: x in y.php\n<html><body><?xml version='1.0'?><rss><channel><item><link>https://blog.example/1</link><content:encoded>\u{1}\u{b}&lt;a href='http://a.example/'&gt;</content:encoded></item></channel></rss></body></html>",
            1,
            "http://a.example/",
        ),
        // Another feed as the content of an entry is no entry.
        (
            "<feed><entry><link href='https://blog.example/1'/><content type='application/atom+xml'><feed><entry><link href='http://no.example/'/></entry></feed></content></entry></feed>",
            1,
            "",
        ),
    ] {
        let heard = feed(xml);
        assert_eq!(heard.posts.len(), posts, "{xml}");
        assert_eq!(heard.urls().join(" "), citations, "{xml}");
        for (number, address) in heard.addresses.iter().enumerate() {
            let is_known = *address == format!("https://blog.example/{}", number + 1)
                || *address == format!("post#entry-{}", number + 1);
            assert!(is_known, "{xml}: {address}");
        }
    }
}

#[test]
fn json_feeds_of_all_kinds() {
    let json = "{\"version\":\"https://jsonfeed.org/version/1.1\",\"language\":\"en\",\"authors\":[{\"name\":\"Jo\"}],\"items\":[\n\
        {\"id\":\"https://blog.example/1\",\"content_text\":\"raw\nnewline, https://a.example/x_(y) and more\",\"attachments\":[{\"url\":\"http://no.example/\"}]},\n\
        {\"id\":\"2\",\"url\":\"https://blog.example/2\",\"external_url\":\"https://b.example/\",\"title\":\" T \",\"author\":{\"name\":\"A\"},\"language\":\"fr\"},\n\
        {\"id\":\"3\",\"url\":\"https://blog.example/3\",\"summary\":\"Short.\"},\n{\"id\":\"4\",\"content_ht";
    let heard = feed(json);
    assert_eq!(
        heard.addresses,
        [
            "https://blog.example/1",
            "https://blog.example/2",
            "https://blog.example/3"
        ]
    );
    assert_eq!(
        heard.urls(),
        ["https://a.example/x_(y)", "https://b.example/"]
    );
    assert_eq!(heard.citations[0].kind, Kind::Bare);
    assert_eq!(
        heard.citations[0].context,
        "raw newline, https://a.example/x_(y) and more"
    );
    let excerpts: Vec<bool> = heard.posts.iter().map(|post| post.is_excerpt).collect();
    assert_eq!(excerpts, [false, false, true]);
    assert_eq!(heard.posts[1].author.as_deref(), Some("A"));
    assert_eq!(heard.posts[1].language.as_deref(), Some("fr"));
    assert_eq!(heard.posts[2].language.as_deref(), Some("en"));
    assert!(
        matches!(heard.notes[..], [Note::Unreadable { line: 6, .. }]),
        "{:?}",
        heard.notes
    );
    for text in [
        "{",
        "{\"items\":7}",
        "{\"items\":[",
        "{}",
        "{\"items\":[{]",
        "{\"items\"",
    ] {
        let document = Document {
            bytes: text.as_bytes(),
            media_type: None,
            name: "x",
            address: None,
            base: None,
            format: Format::Feed,
        };
        let mut heard = super::super::testing::Heard::default();
        let result = gather(&document, &Rules::default(), &mut heard);
        assert!(matches!(result, Err(GatherError::NoFeed { .. })), "{text}");
    }
}

#[test]
fn a_feed_made_to_be_slow_is_not() {
    let before = std::time::Instant::now();
    for one in [
        "<item><description>",
        "<item><description><![CDATA[",
        "</item",
        "<item x='",
        "<entry><link rel=next href=x>",
        "<item><title>&lt;",
        "<item><content:encoded>&lt;p>x [\u{2026}]",
        "<author>",
        "<item rdf:about=",
        "{\"items\":[",
        "{\"items\":[{},",
    ] {
        let text = one.repeat(2_000_000 / one.len());
        let document = Document {
            bytes: text.as_bytes(),
            media_type: None,
            name: "x",
            address: None,
            base: None,
            format: Format::Feed,
        };
        let mut heard = super::super::testing::Heard::default();
        let _ = gather(&document, &Rules::default(), &mut heard);
    }
    assert!(before.elapsed().as_secs() < 60);
}
