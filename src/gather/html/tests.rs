mod comments;
mod kinds;
mod places;

use std::time::Instant;

use url::Url;

use crate::gather::testing::{hear, hear_bytes, rules};
use crate::gather::{Document, Format, Kind, Note, Place, Rules, gather};

const EVERYTHING: &str =
    r#"{"include":{"navigation":true,"footer":true,"aside":true,"author":true,"internal":true}}"#;

#[test]
fn an_anchor_with_its_words() {
    let html = "<p>First. Then <a rel='NoFollow  ugc' href=' http://a.example/x?a=1&amp;b=2#f '>the <b>great</b>\n link</a>, he said. Last.</p>";
    let heard = hear(&format!("<p>\n{html}"), Format::Html);
    let [citation] = heard.citations.as_slice() else {
        panic!("{heard:?}")
    };
    assert_eq!(citation.url.as_str(), "http://a.example/x?a=1&b=2#f");
    assert_eq!(citation.text, "the great link");
    assert_eq!(citation.context, "Then the great link, he said.");
    assert_eq!(citation.rel, "nofollow ugc");
    assert_eq!(
        (citation.line, citation.kind, citation.place),
        (2, Kind::Anchor, Place::Body)
    );
    let full = format!("<p>\n{html}");
    assert_eq!(
        &full[citation.span.0..citation.span.1],
        " http://a.example/x?a=1&amp;b=2#f "
    );
}

#[test]
fn spans_count_the_bytes_as_stored() {
    let (html, _, _) = encoding_rs::WINDOWS_1251
        .encode("<meta charset=windows-1251><p>Привет <a href='http://a.example/ф'>мир</a>");
    let heard = hear_bytes(&html, Format::Html, &Rules::default());
    let span = heard.citations[0].span;
    assert_eq!(&html[span.0..span.1], b"http://a.example/\xF4");
    assert_eq!(heard.citations[0].context, "Привет мир");
}

#[test]
fn places() {
    for (html, expected) in [
        ("<nav>LINK</nav>", Place::Navigation),
        ("<header>LINK</header>", Place::Navigation),
        ("<article><header>LINK</header></article>", Place::Body),
        ("<main><footer>LINK</footer></main>", Place::Body),
        ("<footer>LINK</footer>", Place::Footer),
        ("<aside>LINK</aside>", Place::Aside),
        ("<div role=navigation>LINK</div>", Place::Navigation),
        (
            "<div class='widget-area sidebar'><p>x</div><p>LINK",
            Place::Body,
        ),
        ("<ol class=commentlist><li><p>LINK", Place::Comment),
        (
            "<div id=comments><article><footer>LINK</footer></article></div>",
            Place::Comment,
        ),
        (
            "<body class='has-sidebar widget'><div class=entry-content>LINK",
            Place::Body,
        ),
        ("<ul class=menu><li>x<li>LINK</ul>", Place::Navigation),
        ("<div class=related-posts>LINK</div>", Place::Aside),
        ("<nav><ul><li>x</nav>LINK", Place::Body),
    ] {
        let html = html.replace("LINK", "<a href=http://a.example/>x</a>");
        let heard = hear_bytes(html.as_bytes(), Format::Html, &rules(EVERYTHING));
        assert_eq!(heard.citations[0].place, expected, "{html}");
    }
}

#[test]
fn what_is_left_out_and_why() {
    let html = "<a href='/own'>x</a><a href='https://sub.blog.example/'>x</a><a href='https://twitter.com/intent/tweet?url=x'>x</a>\
        <nav><a href='http://nav.example/'>x</a></nav><a href='http://[bad'>x</a><a href='mailto:a@b.example'>x</a><a href='#x'>x</a>\
        <a href='javascript:void(0)'>x</a><a href=''>x</a><a href='tel:1'>x</a><a name=x>x</a><a href='ftp://f.example/'>x</a>\
        <!-- sourcekeep-ignore --><a href='http://ignored.example/'>x</a><!-- sourcekeep-ignore-start --><a href='http://i2.example/'>x</a>\
        <!-- sourcekeep-ignore-end --><a href='http://kept.example/'>x</a>\
        <div id=comments><p class=comment-author><a class=url href='http://jane.example/'>Jane</a></p></div>";
    let heard = hear(html, Format::Html);
    assert_eq!(heard.urls(), ["http://kept.example/"]);
    assert_eq!(
        heard.reasons(),
        [
            "https://blog.example/own: internal link",
            "https://sub.blog.example/: internal link",
            "https://twitter.com/intent/tweet?url=x: share button",
            "http://nav.example/: in the navigation",
            "http://[bad: not an address: invalid IPv6 address",
            "ftp://f.example/: scheme ftp: only http and https can be visited",
            "http://ignored.example/: ignore comment",
            "http://i2.example/: ignore comment",
            "http://jane.example/: commenter's own site",
        ]
    );
    let ignored = hear(
        "<a href='http://a.example/'>x</a><!-- sourcekeep-ignore-post -->",
        Format::Html,
    );
    assert_eq!(ignored.reasons(), ["http://a.example/: ignore comment"]);
    let long = hear(
        &format!("<a href='http://a.example/{}'>", "x".repeat(9000)),
        Format::Html,
    );
    assert!(long.reasons()[0].ends_with("more than 8192 are not taken"));
}

#[test]
fn exclusions() {
    let rules = rules(
        r#"{"exclude":{"hosts":["twitter.com"],"patterns":["^http://p\\."],"selectors":["div.ad"]}}"#,
    );
    let html = "<a href='https://www.twitter.com/x'>x</a><a href='http://nottwitter.com/'>x</a><a href='http://p.example/'>x</a>\
        <div class='ad'><p><a href='http://a.example/'>ad</a></p></div><a href='http://a.example/'>no ad</a>";
    let heard = hear_bytes(html.as_bytes(), Format::Html, &rules);
    assert_eq!(
        heard.urls(),
        ["http://nottwitter.com/", "http://a.example/"]
    );
    assert_eq!(heard.citations[1].text, "no ad");
    assert_eq!(
        heard.reasons(),
        [
            "https://www.twitter.com/x: excluded by host twitter.com",
            "http://p.example/: excluded by pattern ^http://p\\.",
            "http://a.example/: excluded by selector div.ad",
        ]
    );
}

#[test]
fn other_kinds_than_anchors() {
    let html = "<blockquote cite='http://cite.example/'>q</blockquote><map><area href='http://area.example/' alt='Area'></map>\
        <iframe src='//www.youtube.com/embed/a1' title='Video'></iframe><iframe width=0 src='http://x.example/'></iframe>\
        <video><source src='http://media.example/v.mp4'></video><a href='http://img.example/'><img alt='A picture'></a>\
        <noscript><a href='http://noscript.example/'>n</a></noscript><script>'<a href=\"http://no.example/\">'</script>\
        <template><a href='http://template.example/'>n</a></template><svg><title><a href='http://svg.example/'>x</a></title></svg>\
        <textarea><a href='http://no.example/'></textarea>";
    let heard = hear(html, Format::Html);
    let found: Vec<(Kind, &str, &str)> = heard
        .citations
        .iter()
        .map(|one| (one.kind, one.url.as_str(), one.text.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (Kind::Cite, "http://cite.example/", ""),
            (Kind::Area, "http://area.example/", "Area"),
            (Kind::Embed, "https://www.youtube.com/watch?v=a1", "Video"),
            (Kind::Embed, "http://media.example/v.mp4", ""),
            (Kind::Anchor, "http://img.example/", "A picture"),
            (Kind::Anchor, "http://noscript.example/", "n"),
            (Kind::Anchor, "http://template.example/", "n"),
            (Kind::Anchor, "http://svg.example/", "x"),
        ]
    );
}

#[test]
fn objects_that_can_be_opened_are_embeds() {
    let html = "<object data='http://a.example/report.pdf' type='application/pdf'><embed src='http://a.example/report.pdf'></object>\
        <object type='application/x-shockwave-flash' data='http://no.example/game.swf'><param name=movie value='http://no.example/g.swf'></object>\
        <embed src='http://b.example/song' type='audio/mpeg'><object data='http://c.example/page' type='text/html; charset=utf-8'></object>\
        <object data='http://no.example/thing'></object><embed src='http://d.example/REPORT.PDF#page=2'>";
    let heard = hear(html, Format::Html);
    assert_eq!(
        heard.urls(),
        [
            "http://a.example/report.pdf",
            "http://b.example/song",
            "http://c.example/page",
            "http://d.example/REPORT.PDF#page=2",
        ]
    );
    assert!(heard.citations.iter().all(|one| one.kind == Kind::Embed));
}

#[test]
fn what_a_page_says_of_itself() {
    let html = "<html lang=de-AT><title> A\n title </title><meta name=author content='Jane Doe'>\
        <meta property='article:published_time' content='2012-08-23T10:00:00Z'><link rel=alternate type=application/rss+xml href=/feed>\
        <script type='application/ld+json'>{\"dateModified\": \"2012-08-24\",}</script><p>x";
    let heard = hear(html, Format::Html);
    let post = &heard.posts[0];
    assert_eq!(post.address, "https://blog.example/post");
    assert_eq!(
        (post.title.as_deref(), post.author.as_deref()),
        (Some("A title"), Some("Jane Doe"))
    );
    assert_eq!(
        (post.language.as_deref(), post.published_at),
        (Some("de-AT"), Some(1_345_716_000_000))
    );
    assert_eq!(post.modified_at, Some(1_345_766_400_000));
    assert_eq!(
        heard.notes,
        [Note::Feed(Url::parse("https://blog.example/feed").unwrap())]
    );
    assert_ne!(post.digest, [0; 32]);
}

#[test]
fn the_own_address_may_stand_at_the_end() {
    let html = "<a href='http://own.example/x'>x</a><a href='y'>x</a><a href='http://a.example/'>x</a><link rel=canonical href='http://own.example/p'>";
    let document = Document {
        bytes: html.as_bytes(),
        media_type: None,
        name: "f.html",
        address: None,
        base: None,
        format: Format::Html,
    };
    let mut heard = crate::gather::testing::Heard::default();
    gather(&document, &Rules::default(), &mut heard).unwrap();
    assert_eq!(heard.urls(), ["http://a.example/"]);
    assert_eq!(heard.addresses, ["f.html"], "a file is found by its path");
    assert_eq!(
        heard.reasons(),
        [
            "http://own.example/x: internal link",
            "http://own.example/y: internal link"
        ]
    );
}

#[test]
fn pages_made_to_be_slow_are_not() {
    let link = "<a href=http://a.example/>x</a>";
    let pages = [
        "<div>".repeat(100_000) + link,
        "<div>".repeat(600) + &"</b></i>".repeat(200_000) + link,
        format!("<p>{}{link}", "word ".repeat(4_000_000)),
        format!("<p>{}", format!("{link} and. ").repeat(100_000)),
        format!("<a {}>x</a>{link}", "b=c ".repeat(100_000)),
        "<a href='http://a.example/".to_owned() + &"x".repeat(5_000_000),
        "<ul>".to_owned() + &"<li>".repeat(300_000) + link,
        "<!--".repeat(300_000) + link,
        "canonical<base ".repeat(200_000) + "<p>" + link,
        "<p>\0\0".repeat(3) + &" ".repeat(900) + link,
        "&amp".repeat(1_000_000) + link,
        "<script>".repeat(100_000),
        "<svg><![CDATA[".repeat(50_000),
        "<a><p>".repeat(200_000) + link,
        "<p ".to_owned() + &"a=\"b\" ".repeat(100_000) + ">" + link,
        // One sentence of thousands of quotes and links; one of nothing but marks of all kinds.
        format!(
            "<p>{}",
            "\"a b\" <a href=//a.example/b>x</a> ".repeat(4_000)
        ),
        format!("<p>{}{link}", "“four words or more”, ".repeat(20_000)),
        format!("<p>{}{link}", "“ „ « ‘ 「 『 \" a ".repeat(20_000)),
    ];
    for page in &pages {
        let before = Instant::now();
        let heard = hear(page, Format::Html);
        assert!(
            before.elapsed().as_secs() < 20,
            "{}",
            page.chars().take(40).collect::<String>()
        );
        assert!(heard.citations.len() <= 100_000);
    }
}

#[test]
fn any_mixture_is_read() {
    const PARTS: &[&str] = &[
        "<p>",
        "</p>",
        "<a href=http://a.example/>",
        "</a>",
        "<blockquote class=twitter-tweet>",
        "</blockquote>",
        "<iframe src='//www.youtube.com/embed/a1'>",
        "</iframe>",
        "<script type='application/ld+json'>",
        "</script>",
        "{\"@type\":\"Article\",\"citation\":\"http://b.example/\"}",
        "<ol class=commentlist><li class=comment id=c1>",
        "<b class=fn>",
        "<div itemprop=articleBody>",
        "</div>",
        "http://c.example/\u{e9}&amp;x",
        "www.example.com",
        "[youtube=",
        "http://youtu.be/a1]",
        "{{< youtube a1 >}}",
        "{% embed http://d.example/ %}",
        "\r\n",
        "\u{4e00}\u{3002}",
        "&",
        "&#233;",
        "&notit;",
        "\0",
        "<",
        "<!--",
        "-->",
        "\"",
        "'",
        "<svg><title>",
        "<![CDATA[",
        "<pre>",
        "<textarea>",
        "\u{2026}",
        "```\n",
        "](",
        "\\",
        "[^1]: ",
        "---\nvia: ",
        "\n\n",
        "> ",
        "- [ ] ",
    ];
    let mut seed: u64 = 5;
    for _ in 0..3000 {
        let mut text = String::new();
        for _ in 0..24 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(PARTS[(seed >> 33) as usize % PARTS.len()]);
        }
        for format in [Format::Html, Format::Markdown, Format::Text] {
            let heard = hear_bytes(text.as_bytes(), format, &rules(EVERYTHING));
            for one in &heard.citations {
                let (start, end) = one.span;
                assert!(start <= end && end <= text.len(), "{text:?}: {one:?}");
                assert!(text.get(start..end).is_some(), "{text:?}: {one:?}");
            }
        }
    }
}

#[test]
fn an_independent_tree_sees_the_same_links() {
    let fixtures = [
        "<p>a<a href=1>b<p>c<a href=2>d</a>".to_owned(),
        "<table><tr><td><a href=1>x<td><a href=2>y</table><a href=3>z".to_owned(),
        "<ul><li><a href=1>x<li><a href='2'>y</ul><dl><dt><a href=\"3\">d<dd><a href=4>".to_owned(),
        "<div><a href=1><div><a href=2></div></a></div><select><option>x</select><a href=3>".to_owned(),
        "<details><p><a href=1></details><pre><a href=2></pre><xmp><a href=no></xmp>".to_owned(),
        "<a href='1' href='no'>x</a><A HREF=2>y</A><a\nhref\n=\n3>z</a><a/href=4>".to_owned(),
        "<title><a href=no></title><style><a href=no></style><textarea><a href=no></textarea><a href=1>".to_owned(),
        "<!-- <a href=no> --><!doctype x><a href=1><![CDATA[<a href=no>]]><a href=2>".to_owned(),
        "<a href=&quot;1&quot;>x</a><a href='?a&copy=1&amp;b'>y</a>".to_owned(),
        "</p></a></div><a href=1></br><a href=2".to_owned(),
        "<span>".repeat(50) + "<a href=1>" + &"</span>".repeat(80) + "<a href=2>",
    ];
    let own = Url::parse("https://blog.example/post").unwrap();
    for html in &fixtures {
        let tree = scraper::Html::parse_document(html);
        let selector = scraper::Selector::parse("a[href]").unwrap();
        let mut expected: Vec<String> = tree
            .select(&selector)
            .map(|one| {
                own.join(one.value().attr("href").unwrap())
                    .unwrap()
                    .to_string()
            })
            .collect();
        // A tree repeats a link that its blocks split.
        expected.dedup();
        let heard = hear_bytes(html.as_bytes(), Format::Html, &rules(EVERYTHING));
        assert_eq!(heard.urls(), expected, "{html}");
    }
}
