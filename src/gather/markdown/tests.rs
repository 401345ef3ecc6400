use crate::gather::testing::{Heard, hear};
use crate::gather::{Format, Kind, Place};

fn of(text: &str) -> Heard {
    hear(text, Format::Markdown)
}

#[test]
fn links_of_every_kind() {
    let text = "---\ntitle: T\n---\n# H\n\nA [link *one*](http://a.example/x \"t\") here. Bare http://b.example/y, and <http://c.example/>.\n\n\
        [ref][r] ![image](http://no.example/) [![alt text](http://no.example/i)](http://d.example/)\n\n[r]: <http://r.example/z> 'x'\n\n\
        `http://no.example/`\n\n    http://no.example/\n\n```\nhttp://no.example/\n```\n\n> text <a href=\"http://h.example/\">in *html*</a>.\n\n\
        <div>\n<a href='http://i.example/'>block</a>\n</div>\n\n[http://no.example/](http://e.example/) [own](/x) {{< youtube a1 >}}\n\n| a |\n|---|\n| http://t.example/ |\n";
    let heard = of(text);
    let found: Vec<(Kind, &str, &str, &str)> = heard
        .citations
        .iter()
        .map(|one| {
            (
                one.kind,
                one.url.as_str(),
                one.text.as_str(),
                &text[one.span.0..one.span.1],
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (
                Kind::Anchor,
                "http://a.example/x",
                "link one",
                "http://a.example/x"
            ),
            (
                Kind::Bare,
                "http://b.example/y",
                "http://b.example/y",
                "http://b.example/y"
            ),
            (
                Kind::Anchor,
                "http://c.example/",
                "http://c.example/",
                "http://c.example/"
            ),
            (
                Kind::Anchor,
                "http://r.example/z",
                "ref",
                "http://r.example/z"
            ),
            (
                Kind::Anchor,
                "http://d.example/",
                "alt text",
                "http://d.example/"
            ),
            (
                Kind::Anchor,
                "http://h.example/",
                "in html",
                "http://h.example/"
            ),
            (
                Kind::Anchor,
                "http://i.example/",
                "block",
                "http://i.example/"
            ),
            (
                Kind::Anchor,
                "http://e.example/",
                "http://no.example/",
                "http://e.example/"
            ),
            (
                Kind::Shortcode,
                "https://www.youtube.com/watch?v=a1",
                "",
                "a1"
            ),
            (
                Kind::Bare,
                "http://t.example/",
                "http://t.example/",
                "http://t.example/"
            ),
        ]
    );
    assert_eq!(heard.citations[0].context, "A link one here.");
    assert_eq!(
        heard.citations[3].line, 8,
        "the line is that of the link, the span that of the definition"
    );
    assert_eq!(heard.citations[5].context, "text in html.");
    assert_eq!(heard.posts[0].title.as_deref(), Some("T"));
}

#[test]
fn shortcodes_and_escapes() {
    let text = "[youtube]http://youtu.be/a1[/youtube] and a &amp; b http://b.example/?a=1&amp;c=2 end\n\n`{{< youtube no >}}`";
    let heard = of(text);
    assert_eq!(
        heard.urls(),
        ["http://youtu.be/a1", "http://b.example/?a=1&c=2"]
    );
    assert_eq!(heard.citations[0].kind, Kind::Shortcode);
}

#[test]
fn what_gfm_adds() {
    let text = "- [ ] see www.example.com/a_b, and ~~http://s.example/~~\n- [x] **http://b.example/x**\n\nText.[^1] Then http://c.example/\\_d_\n\n\
        [^1]: A note: http://f.example/ and [more](http://g.example/a[b]c\\_d).\n";
    let heard = of(text);
    let found: Vec<(Kind, &str, &str)> = heard
        .citations
        .iter()
        .map(|one| (one.kind, one.url.as_str(), &text[one.span.0..one.span.1]))
        .collect();
    assert_eq!(
        found,
        [
            (
                Kind::Bare,
                "http://www.example.com/a_b",
                "www.example.com/a_b"
            ),
            (Kind::Bare, "http://s.example/", "http://s.example/"),
            (Kind::Bare, "http://b.example/x", "http://b.example/x"),
            (Kind::Bare, "http://c.example/_d", "http://c.example/\\_d"),
            (Kind::Bare, "http://f.example/", "http://f.example/"),
            (
                Kind::Anchor,
                "http://g.example/a%5Bb%5Dc_d",
                "http://g.example/a[b]c\\_d"
            ),
        ]
    );
    assert!(heard.citations.iter().all(|one| one.place == Place::Body));
    assert_eq!(
        heard.citations[0].details.written.as_deref(),
        Some("www.example.com/a_b")
    );
}

#[test]
fn sources_in_front_matter() {
    let text = "---\ntitle: T\nsource_url: http://a.example/\nimage: http://no.example/i.png\n---\nText http://b.example/\n";
    let heard = of(text);
    let kinds: Vec<(Kind, &str)> = heard
        .citations
        .iter()
        .map(|one| (one.kind, one.url.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [
            (Kind::Reference, "http://a.example/"),
            (Kind::Bare, "http://b.example/")
        ]
    );
    let first = &heard.citations[0];
    assert_eq!((first.line, first.column), (3, 13));
    assert_eq!(&text[first.span.0..first.span.1], "http://a.example/");
}

#[test]
fn shortcodes_of_hugo_and_jekyll() {
    let text = "{{< quote cite=\"Jane\" link=\"http://a.example/\" >}}\nWords http://w.example/\n{{< /quote >}}\n\n{% youtube a1 %}\n\n{{< gist jane 1a2b3c >}}\n\n\
        [x]({{< ref \"own.md\" >}}) [y]({% link _posts/a.md %}) [z]({{ site.url }}/z) http://t.example/{{ page.id }}/\n\n```\n{% youtube no %}\n```\n";
    let heard = of(text);
    let found: Vec<(Kind, &str, Option<&str>)> = heard
        .citations
        .iter()
        .map(|one| (one.kind, one.url.as_str(), one.details.written.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            (Kind::Shortcode, "http://a.example/", None),
            (Kind::Bare, "http://w.example/", None),
            (
                Kind::Shortcode,
                "https://www.youtube.com/watch?v=a1",
                Some("a1")
            ),
            (
                Kind::Shortcode,
                "https://gist.github.com/jane/1a2b3c",
                Some("1a2b3c")
            ),
        ]
    );
    assert_eq!(heard.reasons(), Vec::<String>::new());
}

#[test]
fn texts_made_to_be_slow_are_not() {
    for text in [
        "[a](".repeat(50_000),
        "[".repeat(200_000),
        "> ".repeat(20_000),
        "*a ".repeat(200_000),
        "<a ".repeat(100_000),
        "[a]: x\n".repeat(50_000),
    ] {
        let before = std::time::Instant::now();
        of(&text);
        assert!(before.elapsed().as_secs() < 20, "{}", &text[..8]);
    }
}
