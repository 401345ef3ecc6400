//! What each kind of markup is as a citation.

use crate::gather::testing::{Heard, hear};
use crate::gather::{Format, Kind, Note, Place};

fn of(html: &str) -> Heard {
    hear(html, Format::Html)
}

fn found(html: &str) -> Vec<(Kind, String)> {
    let citations = of(html).citations.into_iter();
    citations.map(|one| (one.kind, one.url.into())).collect()
}

fn written(heard: &Heard) -> Vec<Option<&str>> {
    let citations = heard.citations.iter();
    citations
        .map(|one| one.details.written.as_deref())
        .collect()
}

#[test]
fn frames_lead_to_pages_and_keep_what_was_written() {
    let html = "<iframe data-lazy-src='https://www.youtube-nocookie.com/embed/a1?start=9' src='about:blank'></iframe>\
        <noscript><iframe src='https://www.youtube.com/embed/a1?start=9'></iframe></noscript>\
        <iframe src='https://frame.example/x'></iframe><lite-youtube videoid=b2></lite-youtube>\
        <amp-youtube data-videoid=c3></amp-youtube><amp-twitter data-tweetid=20></amp-twitter>\
        <amp-iframe src='https://player.vimeo.com/video/5'></amp-iframe>\
        <script src='https://gist.github.com/jane/1a.js'></script><script src='https://cdn.example/app.js'></script>\
        <script data-telegram-post='chan/7' src='https://telegram.org/js/telegram-widget.js'></script>\
        <figure class=media><oembed url='https://youtu.be/d4'></oembed></figure>";
    let heard = of(html);
    assert_eq!(
        heard.urls(),
        [
            "https://www.youtube.com/watch?v=a1&t=9s",
            "https://frame.example/x",
            "https://www.youtube.com/watch?v=b2",
            "https://www.youtube.com/watch?v=c3",
            "https://twitter.com/i/web/status/20",
            "https://vimeo.com/5",
            "https://gist.github.com/jane/1a",
            "https://t.me/chan/7",
            "https://youtu.be/d4",
        ]
    );
    assert!(heard.citations.iter().all(|one| one.kind == Kind::Embed));
    assert_eq!(
        written(&heard),
        [
            Some("https://www.youtube-nocookie.com/embed/a1?start=9"),
            None,
            Some("b2"),
            Some("c3"),
            Some("20"),
            Some("https://player.vimeo.com/video/5"),
            Some("https://gist.github.com/jane/1a.js"),
            Some("chan/7"),
            None,
        ]
    );
    let span = heard.citations[0].span;
    assert_eq!(
        &html[span.0..span.1],
        "https://www.youtube-nocookie.com/embed/a1?start=9"
    );
}

#[test]
fn a_recording_is_one_though_in_several_formats() {
    let html = "<video poster='http://no.example/p.jpg'><source src='http://m.example/v.webm'><source src='http://m.example/v.mp4'></video>\
        <audio src='http://m.example/a.mp3'></audio><picture><source srcset='http://no.example/i.webp' src='http://no.example/'></picture>\
        <object data='http://www.youtube.com/v/a1'><param name=movie value='http://www.youtube.com/v/a1'><embed src='http://www.youtube.com/v/a1'></object>\
        <embed src='http://no.example/banner.swf'>";
    assert_eq!(
        found(html),
        [
            (Kind::Embed, "http://m.example/v.webm".to_owned()),
            (Kind::Embed, "http://m.example/a.mp3".to_owned()),
            (Kind::Embed, "https://www.youtube.com/watch?v=a1".to_owned()),
        ]
    );
}

#[test]
fn quoted_posts_are_cited_once() {
    for (html, expected) in [
        (
            "<blockquote class='twitter-tweet'><p>Words <a href='https://t.co/x'>link</a></p>Jane (@jane) \
             <a href='https://twitter.com/jane/status/20?ref_src=x'>May 3</a></blockquote>",
            vec![
                (Kind::Anchor, "https://t.co/x"),
                (Kind::Embed, "https://twitter.com/jane/status/20?ref_src=x"),
            ],
        ),
        (
            "<blockquote class='instagram-media' data-instgrm-permalink='https://www.instagram.com/p/X1/?utm=1'>\
             <a href='https://www.instagram.com/p/X1/?utm=2'>A post</a> <a href='https://www.instagram.com/jane/'>Jane</a></blockquote>",
            vec![
                (Kind::Embed, "https://www.instagram.com/p/X1/?utm=1"),
                (Kind::Anchor, "https://www.instagram.com/jane/"),
            ],
        ),
        (
            "<blockquote class='tiktok-embed' cite='https://www.tiktok.com/@j/video/1' data-video-id=1><section>\
             <a href='https://www.tiktok.com/@j'>@j</a></section></blockquote>",
            vec![
                (Kind::Embed, "https://www.tiktok.com/@j/video/1"),
                (Kind::Anchor, "https://www.tiktok.com/@j"),
            ],
        ),
        (
            "<blockquote class='reddit-embed-bq'><a href='https://www.reddit.com/r/x/comments/1/t/'>T</a> by \
             <a href='https://www.reddit.com/user/j/'>j</a></blockquote>",
            vec![
                (Kind::Embed, "https://www.reddit.com/r/x/comments/1/t/"),
                (Kind::Anchor, "https://www.reddit.com/user/j/"),
            ],
        ),
        (
            "<blockquote class='bluesky-embed' data-bluesky-uri='at://did:plc:a/app.bsky.feed.post/3k'><p>x</p>\
             <a href='https://bsky.app/profile/did:plc:a/post/3k?ref_src=embed'>date</a></blockquote>",
            vec![(Kind::Embed, "https://bsky.app/profile/did:plc:a/post/3k")],
        ),
        (
            "<blockquote class='mastodon-embed' data-embed-url='https://m.example/@j/1/embed'><a href='https://m.example/@j/1'>x</a></blockquote>",
            vec![(Kind::Embed, "https://m.example/@j/1")],
        ),
        (
            "<div class='fb-post' data-href='https://www.facebook.com/j/posts/1'><blockquote cite='https://www.facebook.com/j/posts/1'>\
             <a href='https://www.facebook.com/j/posts/1'>x</a></blockquote></div>",
            vec![(Kind::Embed, "https://www.facebook.com/j/posts/1")],
        ),
        (
            "<blockquote class='wp-embedded-content'><a href='https://a.example/post/'>A post</a></blockquote>\
             <iframe class='wp-embedded-content' src='https://a.example/post/embed/#?secret=x'></iframe>",
            vec![(Kind::Embed, "https://a.example/post/")],
        ),
        (
            "<blockquote class='text-post-media' data-text-post-permalink='https://www.threads.net/@j/post/X'><a href='https://www.threads.net/@j/post/X'>x</a></blockquote>",
            vec![(Kind::Embed, "https://www.threads.net/@j/post/X")],
        ),
        (
            "<blockquote class='imgur-embed-pub' data-id='a/b1'><a href='//imgur.com/a/b1'>View</a></blockquote>",
            vec![(Kind::Embed, "https://imgur.com/a/b1")],
        ),
        (
            "<blockquote cite='http://c.example/'><a href='https://twitter.com/jane/status/20'>x</a></blockquote>",
            vec![
                (Kind::Cite, "http://c.example/"),
                (Kind::Anchor, "https://twitter.com/jane/status/20"),
            ],
        ),
    ] {
        let expected: Vec<(Kind, String)> = expected
            .into_iter()
            .map(|(kind, url)| (kind, url.to_owned()))
            .collect();
        assert_eq!(found(html), expected, "{:?}", of(html));
        let after = format!("{html}<a href='https://twitter.com/x/status/9'>x</a>");
        let last = found(&after).pop();
        assert_eq!(
            last,
            Some((Kind::Anchor, "https://twitter.com/x/status/9".to_owned())),
            "the quoted post is over: {html}"
        );
    }
    let heard = of(
        "<blockquote class='twitter-tweet'><a href='https://twitter.com/jane/status/20'>May 3</a></blockquote>",
    );
    assert_eq!(heard.citations[0].text, "May 3");
}

#[test]
fn addresses_and_shortcodes_in_running_text() {
    let html = "<p>See http://a.example/?b=1&amp;c=2, (www.example.com/x) and <a href='http://l.example/'>http://no.example/</a>.</p>\
        <code>http://no.example/</code><pre>http://no.example/</pre><textarea>http://no.example/</textarea><button>http://no.example/</button>\
        <script>'http://no.example/'</script><style>http://no.example/</style><option>http://no.example/</option>\
        <p>[youtube]http://youtu.be/a1[/youtube] &lt;img src=\"http://no.example/\"&gt; &lt;http://b.example/&gt;</p>";
    let heard = of(html);
    let found: Vec<(Kind, &str, &str)> = heard
        .citations
        .iter()
        .map(|one| (one.kind, one.url.as_str(), &html[one.span.0..one.span.1]))
        .collect();
    assert_eq!(
        found,
        [
            (
                Kind::Bare,
                "http://a.example/?b=1&c=2",
                "http://a.example/?b=1&amp;c=2"
            ),
            (Kind::Bare, "http://www.example.com/x", "www.example.com/x"),
            (Kind::Anchor, "http://l.example/", "http://l.example/"),
            (Kind::Shortcode, "http://youtu.be/a1", "http://youtu.be/a1"),
            (Kind::Bare, "http://b.example/", "http://b.example/"),
        ]
    );
    assert_eq!(written(&heard)[1], Some("www.example.com/x"));
    assert_eq!(heard.citations[1].text, "www.example.com/x");
    assert_eq!(
        heard.citations[0].context,
        "See http://a.example/?b=1&c=2, (www.example.com/x) and http://no.example/."
    );
}

#[test]
fn works_named_in_structured_data() {
    let html = "<html><script type='application/ld+json'>{\"@type\": \"NewsArticle\", \"headline\": \"H\", \"inLanguage\": \"de\",\
        \"mainEntityOfPage\": \"https://blog.example/p\", \"isBasedOn\": \"http:\\/\\/a.example\\/x\", \"sameAs\": [\"https://blog.example/own\"],\
        \"author\": {\"@type\": \"Person\", \"name\": \"Jane\", \"sameAs\": \"http://no.example/\"}}</script><p>x";
    let heard = of(html);
    let [citation] = heard.citations.as_slice() else {
        panic!("{heard:?}")
    };
    assert_eq!(
        (citation.kind, citation.place, citation.url.as_str()),
        (Kind::JsonLd, Place::Body, "http://a.example/x")
    );
    assert_eq!(
        &html[citation.span.0..citation.span.1],
        "http:\\/\\/a.example\\/x"
    );
    let post = &heard.posts[0];
    assert_eq!(post.title.as_deref(), Some("H"));
    assert_eq!(post.language.as_deref(), Some("de"));
    assert_eq!(post.author.as_deref(), Some("Jane"));
    assert_eq!(
        post.canonical.as_ref().map(url::Url::as_str),
        Some("https://blog.example/p")
    );
}

#[test]
fn what_only_looks_like_a_link() {
    let html = "<link rel=preconnect href='http://no.example/'><link rel='dns-prefetch preload' href='http://no.example/'>\
        <form action='http://no.example/'><input formaction='http://no.example/'></form><a href='javascript:x'>x</a><a href='mailto:a@b.example'>x</a>\
        <a href='data:text/html,x'>x</a><a href='tel:1'>x</a><img src='http://no.example/i.png'><link rel=stylesheet href='http://no.example/s.css'>\
        <iframe src='https://www.google.com/recaptcha/api2/anchor'></iframe><iframe src='javascript:false'></iframe>";
    let heard = of(html);
    assert_eq!(heard.urls(), Vec::<&str>::new());
    assert_eq!(heard.reasons(), Vec::<String>::new());
    let shares = "<a href='https://www.facebook.com/sharer.php?u=x'>x</a><a href='https://bsky.app/intent/compose?text=x'>x</a>";
    let heard = of(shares);
    assert_eq!((heard.citations.len(), heard.left_out.len()), (0, 2));
}

#[test]
fn what_a_page_names() {
    let html = "<link rel='https://api.w.org/' href='/wp-json/'><link rel=canonical href='/p'><meta property=og:url content='http://no.example/'>";
    let heard = of(html);
    let at = |address: &str| url::Url::parse(address).unwrap();
    assert_eq!(
        heard.notes,
        [Note::Api(at("https://blog.example/wp-json/"))]
    );
    assert_eq!(heard.posts[0].canonical, Some(at("https://blog.example/p")));
}
