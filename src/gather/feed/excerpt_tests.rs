use crate::gather::Format;
use crate::gather::testing::hear;

/// An entry of RSS with these elements inside; its address and title are its own.
fn item(number: usize, inner: &str) -> String {
    format!(
        "<item><title>Number {number}</title><link>https://blog.example/{number}</link>{inner}</item>"
    )
}

fn description(html: &str) -> String {
    format!("<description><![CDATA[{html}]]></description>")
}

fn encoded(html: &str) -> String {
    format!("<content:encoded><![CDATA[{html}]]></content:encoded>")
}

/// Which entries of a feed are excerpts.
fn excerpts(items: &[String]) -> Vec<bool> {
    let items = items.concat();
    let xml = format!("<rss><channel><link>https://blog.example/</link>{items}</channel></rss>");
    let heard = hear(&xml, Format::Feed);
    heard.posts.iter().map(|post| post.is_excerpt).collect()
}

/// Whether an entry that stands alone in its feed is one.
fn is_excerpt(inner: &str) -> bool {
    excerpts(&[item(1, inner)]) == [true]
}

/// So many words, about six characters each.
fn words(number: usize) -> String {
    "words, ".repeat(number) + "and an end."
}

#[test]
fn what_says_that_there_is_more() {
    for end in [
        "[…]",
        "[...]",
        "[&#8230;]",
        "(more…)",
        "<a href='https://blog.example/1'>Read more</a>",
        "<a href='https://blog.example/1#more-7'>Continue reading <em>Number 1</em> →</a>",
        "… <a href='https://blog.example/1'>Read More »</a>",
        "<p><a href='https://blog.example/1'>Weiterlesen</a></p>",
        "<p><a href='https://blog.example/1'>Lire la suite…</a></p>",
        "<a href='https://blog.example/1'>続きを読む</a>",
        "Read the rest",
        "[…]</p><p>The post <a href='https://blog.example/1'>Number 1</a> appeared first on <a href='https://blog.example'>Blog</a>.",
    ] {
        // Long, with links and in the element for the whole text: it is no whole text all the same.
        let html = format!(
            "<p><a href='http://a.example/'>A</a> {} {end}</p>",
            words(300)
        );
        assert!(is_excerpt(&encoded(&html)), "{end}");
        assert!(is_excerpt(&description(&html)), "{end}");
    }
    for end in [
        "He said [...] and went.",
        "I would like to read more.",
        "<a href='http://a.example/'>Read more</a> about that. It is good.",
        "…and so on.",
        "What next?",
        "<p>The post <a href='https://blog.example/1'>Number 1</a> appeared first on <a href='https://blog.example'>Blog</a>.</p>",
    ] {
        let html = format!(
            "<p><a href='http://a.example/'>A</a> {} {end}</p>",
            words(300)
        );
        assert!(!is_excerpt(&encoded(&html)), "{end}");
        assert!(!is_excerpt(&description(&html)), "{end}");
    }
}

#[test]
fn short_texts() {
    assert!(is_excerpt(&description(&words(20))));
    assert!(is_excerpt(""));
    assert!(is_excerpt(&description(&format!(
        "{} and then…",
        words(20)
    ))));
    // The whole text is there as well, or is declared to be.
    let both = description("Short.") + &encoded(&words(20));
    assert!(!is_excerpt(&both));
    // It cites something.
    assert!(!is_excerpt(&description(
        "See <a href='http://a.example/'>that</a>."
    )));
    // A link to the post itself cites nothing.
    assert!(is_excerpt(&description(
        "<a href='https://blog.example/1'>Number 1</a>, a post"
    )));
    // It is long enough to be all.
    assert!(!is_excerpt(&description(&words(100))));
    // Nothing can be opened.
    for entry in [
        "<item><title>T</title><description>Short.</description></item>",
        "<item><title>T</title><link>https://blog.example/</link><description>Short.</description></item>",
        "<item><title>T</title><link>https://blog.example/x.mp3</link><description>Short.</description></item>",
        // Without a title, as messages are: they are no longer than that.
        "<item><link>https://blog.example/1</link><description>Short.</description></item>",
        // What it is about is elsewhere, and that is all.
        "<item><title>T</title><link>http://a.example/</link><guid>https://blog.example/1</guid></item>",
        "<item><title>T</title><link>http://a.example/</link><guid>https://blog.example/1</guid><description>Look…</description></item>",
    ] {
        assert_eq!(excerpts(&[entry.to_owned()]), [false], "{entry}");
    }
}

#[test]
fn a_feed_as_a_whole() {
    // Posts of all lengths: the short ones are short.
    let items: Vec<String> = [10, 400, 20, 150, 30]
        .iter()
        .enumerate()
        .map(|(number, length)| item(number, &description(&words(*length))))
        .collect();
    assert_eq!(excerpts(&items), [false; 5]);
    // Many cite: one without a link is a post without a link.
    let items: Vec<String> = (0..4)
        .map(|number| {
            let link = if number == 2 {
                ""
            } else {
                "<a href='http://a.example/'>a</a>"
            };
            item(number, &description(&format!("Look at {link} this.")))
        })
        .collect();
    assert_eq!(excerpts(&items), [false; 4]);
    // All are cut at about the same length, in the middle of a sentence.
    let items: Vec<String> = (0..5)
        .map(|number| {
            item(
                number,
                &encoded(&format!(
                    "{} and then the {}",
                    words(120),
                    "x".repeat(number)
                )),
            )
        })
        .collect();
    assert_eq!(excerpts(&items), [true; 5]);
    // All end in dots, even in the element for the whole text.
    let items: Vec<String> = [100, 200, 150]
        .iter()
        .enumerate()
        .map(|(number, length)| item(number, &encoded(&(words(*length) + " and…"))))
        .collect();
    assert_eq!(excerpts(&items), [true; 3]);
    // One of them does: it is how that post ends.
    let items: Vec<String> = (0..3)
        .map(|number| {
            item(
                number,
                &encoded(&(words(200) + if number == 1 { " and…" } else { "" })),
            )
        })
        .collect();
    assert_eq!(excerpts(&items), [false; 3]);
}

#[test]
fn atom_and_recordings() {
    let feed = |entry: &str| {
        let xml = format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><link href='https://blog.example/'/><entry><title>T</title><link href='https://blog.example/1'/>{entry}</entry></feed>"
        );
        hear(&xml, Format::Feed).posts[0].is_excerpt
    };
    assert!(feed("<summary>Short.</summary>"));
    assert!(!feed("<content>Short.</content>"));
    assert!(feed(
        "<content type='text/html' src='https://blog.example/1.html'/>"
    ));
    assert!(!feed(
        "<content type='audio/mpeg' src='https://blog.example/1.mp3'/><summary>See http://a.example/ and <a href='http://a.example/'>x</a></summary>"
    ));
    assert!(!feed(
        "<yt:videoId>x</yt:videoId><media:group><media:title>no</media:title><media:description>Short.</media:description></media:group>"
    ));
    assert!(feed(
        "<media:group><media:description>Short.</media:description></media:group>"
    ));
}
