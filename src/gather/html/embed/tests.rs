use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn players_become_pages() {
    let base = Url::parse("https://blog.example/").unwrap();
    for (written, expected) in [
        (
            "//www.youtube.com/embed/a1?rel=0",
            "https://www.youtube.com/watch?v=a1",
        ),
        (
            "https://www.youtube-nocookie.com/embed/a1?start=90",
            "https://www.youtube.com/watch?v=a1&t=90s",
        ),
        (
            "http://www.youtube.com/v/a1&hl=en&start=12",
            "https://www.youtube.com/watch?v=a1&t=12s",
        ),
        (
            "https://www.youtube.com/embed/videoseries?list=PL1",
            "https://www.youtube.com/playlist?list=PL1",
        ),
        (
            "https://www.youtube.com/embed/?listType=playlist&list=PL1",
            "https://www.youtube.com/playlist?list=PL1",
        ),
        (
            "https://www.youtube.com/embed/live_stream?channel=UC1",
            "https://www.youtube.com/channel/UC1/live",
        ),
        (
            "https://www.youtube.com/shorts/a1?feature=share",
            "https://www.youtube.com/shorts/a1",
        ),
        (
            "https://www.youtube.com/watch?v=a1",
            "https://www.youtube.com/watch?v=a1",
        ),
        (
            "https://player.vimeo.com/video/123?h=1",
            "https://vimeo.com/123",
        ),
        (
            "https://player.vimeo.com/video/123?h=0a1b2c3d4e#t=30s",
            "https://vimeo.com/123/0a1b2c3d4e#t=30s",
        ),
        (
            "http://vimeo.com/moogaloop.swf?clip_id=123&server=x",
            "https://vimeo.com/123",
        ),
        (
            "https://www.dailymotion.com/embed/video/x1",
            "https://www.dailymotion.com/video/x1",
        ),
        (
            "https://geo.dailymotion.com/player.html?video=x1",
            "https://www.dailymotion.com/video/x1",
        ),
        (
            "https://open.spotify.com/embed/episode/1a?utm_source=x",
            "https://open.spotify.com/episode/1a",
        ),
        (
            "https://embed.spotify.com/?uri=spotify:track:1a",
            "https://open.spotify.com/track/1a",
        ),
        (
            "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/1",
            "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/1",
        ),
        (
            "https://w.soundcloud.com/player/?url=https%3A//soundcloud.com/jane/one",
            "https://soundcloud.com/jane/one",
        ),
        (
            "https://bandcamp.com/EmbeddedPlayer/album=1/",
            "https://bandcamp.com/EmbeddedPlayer/album=1/",
        ),
        (
            "https://player.twitch.tv/?channel=jane&parent=x",
            "https://www.twitch.tv/jane",
        ),
        (
            "https://player.twitch.tv/?video=v123&parent=x",
            "https://www.twitch.tv/videos/123",
        ),
        (
            "https://clips.twitch.tv/embed?clip=Abc",
            "https://clips.twitch.tv/Abc",
        ),
        (
            "https://embed.ted.com/talks/lang/de/jane_doe",
            "https://www.ted.com/talks/jane_doe",
        ),
        (
            "https://embed-ssl.ted.com/talks/jane_doe.html",
            "https://www.ted.com/talks/jane_doe",
        ),
        (
            "https://archive.org/embed/item-1?start=1",
            "https://archive.org/details/item-1",
        ),
        (
            "https://www.google.com/maps/embed?pb=1",
            "https://www.google.com/maps/embed?pb=1",
        ),
        (
            "https://www.scribd.com/embeds/12/content?start_page=1",
            "https://www.scribd.com/document/12",
        ),
        (
            "https://embed.documentcloud.org/documents/12-a/?embed=1",
            "https://www.documentcloud.org/documents/12-a",
        ),
        (
            "https://flo.uri.sh/visualisation/12/embed",
            "https://public.flourish.studio/visualisation/12/",
        ),
        (
            "https://datawrapper.dwcdn.net/a1/3/",
            "https://datawrapper.dwcdn.net/a1/3/",
        ),
        (
            "https://codepen.io/jane/embed/preview/aB?height=1",
            "https://codepen.io/jane/pen/aB",
        ),
        (
            "https://jsfiddle.net/jane/a1/embedded/result/",
            "https://jsfiddle.net/jane/a1/",
        ),
        ("//jsfiddle.net/a1/embedded/", "https://jsfiddle.net/a1/"),
        (
            "https://www.facebook.com/plugins/video.php?href=https%3A%2F%2Fwww.facebook.com%2Fx%2Fvideos%2F1%2F&width=5",
            "https://www.facebook.com/x/videos/1/",
        ),
        (
            "https://platform.twitter.com/embed/Tweet.html?dnt=false&id=20",
            "https://twitter.com/i/web/status/20",
        ),
        (
            "https://www.instagram.com/p/X1/embed/captioned/?v=14",
            "https://www.instagram.com/p/X1/",
        ),
        (
            "https://www.tiktok.com/embed/v2/12?lang=en",
            "https://www.tiktok.com/@/video/12",
        ),
        ("https://streamable.com/e/ab", "https://streamable.com/ab"),
        (
            "https://embed.bsky.app/embed/did:plc:a/app.bsky.feed.post/3k?id=1",
            "https://bsky.app/profile/did:plc:a/post/3k",
        ),
        (
            "https://mastodon.example/@jane/123/embed",
            "https://mastodon.example/@jane/123",
        ),
        (
            "https://tube.example/videos/embed/9c9de5e8-0a1e-484a-b099-e80766180a6d",
            "https://tube.example/videos/watch/9c9de5e8-0a1e-484a-b099-e80766180a6d",
        ),
        (
            "https://embed.reddit.com/r/rust/comments/1/a/?embed=true",
            "https://www.reddit.com/r/rust/comments/1/a",
        ),
        (
            "https://docs.google.com/viewer?url=http%3A%2F%2Fa.example%2Fx.pdf&embedded=true",
            "http://a.example/x.pdf",
        ),
        (
            "https://players.brightcove.net/1/default/index.html?videoId=2",
            "https://players.brightcove.net/1/default/index.html?videoId=2",
        ),
        ("https://maps.example/x", "https://maps.example/x"),
    ] {
        assert_eq!(
            source_of(written, Some(&base)).as_deref(),
            Some(expected),
            "{written}"
        );
    }
}

#[test]
fn frames_without_a_source() {
    for written in [
        "https://www.googletagmanager.com/ns.html?id=1",
        "https://tpc.googlesyndication.com/safeframe/1/html/container.html",
        "https://www.facebook.com/plugins/like.php?href=http%3A%2F%2Fa.example%2F",
        "https://www.facebook.com/plugins/page.php?href=http%3A%2F%2Fa.example%2F",
        "https://platform.twitter.com/widgets/tweet_button.html",
        "https://www.google.com/recaptcha/api2/anchor?k=1",
        "https://newassets.hcaptcha.com/captcha/v1/x",
        "https://jane.substack.com/embed",
        "https://disqus.com/embed/comments/?base=default",
    ] {
        assert_eq!(source_of(written, None), None, "{written}");
    }
}

#[test]
fn identifiers_and_scripts() {
    assert_eq!(
        by_identifier("youtube", "a1-_").as_deref(),
        Some("https://www.youtube.com/watch?v=a1-_")
    );
    assert_eq!(by_identifier("youtube", "\"><x"), None);
    assert_eq!(
        bluesky("at://did:plc:a/app.bsky.feed.post/3k").as_deref(),
        Some("https://bsky.app/profile/did:plc:a/post/3k")
    );
    assert_eq!(bluesky("at://did:plc:a/app.bsky.feed.like/3k"), None);
    for (source, expected) in [
        (
            "https://gist.github.com/jane/1a.js?file=a.rs",
            Some("https://gist.github.com/jane/1a"),
        ),
        (
            "https://asciinema.org/a/12.js",
            Some("https://asciinema.org/a/12"),
        ),
        ("https://cdn.example/app.js", None),
        ("//gist.github.com/", None),
    ] {
        assert_eq!(of_script(source, None).as_deref(), expected, "{source}");
    }
}
