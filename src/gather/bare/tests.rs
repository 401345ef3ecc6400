use super::*;

fn found(text: &str) -> Vec<&str> {
    addresses(text)
        .into_iter()
        .map(|range| &text[range])
        .collect()
}

#[test]
fn where_addresses_end() {
    for (text, expected) in [
        ("See http://a.example/x.", vec!["http://a.example/x"]),
        (
            "(see https://a.example/x_(y))",
            vec!["https://a.example/x_(y)"],
        ),
        (
            "<http://a.example/>, \"http://b.example/?q=1\"!",
            vec!["http://a.example/", "http://b.example/?q=1"],
        ),
        (
            "'http://a.example/x','http://b.example/y'",
            vec!["http://a.example/x", "http://b.example/y"],
        ),
        ("[http://a.example/x]", vec!["http://a.example/x"]),
        (
            "**http://a.example/x** _http_ ~~http://b.example/~~",
            vec!["http://a.example/x", "http://b.example/"],
        ),
        (
            "http://a.example/x's and http://a.example/y\u{2019}s",
            vec!["http://a.example/x", "http://a.example/y"],
        ),
        (
            "\u{201c}http://a.example/x\u{201d} \u{ab}http://b.example/\u{bb} \u{201e}http://c.example/\u{201c}",
            vec![
                "http://a.example/x",
                "http://b.example/",
                "http://c.example/",
            ],
        ),
        (
            "http://a.example/x\u{2014}so he said",
            vec!["http://a.example/x"],
        ),
        (
            "http://a.example/Hatfield\u{2013}McCoy",
            vec!["http://a.example/Hatfield\u{2013}McCoy"],
        ),
        (
            "http://a.example/x&quot; http://a.example/?a=1&b;",
            vec!["http://a.example/x", "http://a.example/?a=1"],
        ),
        ("HTTPS://A.example/Q", vec!["HTTPS://A.example/Q"]),
        (
            "https://web.archive.org/web/2012/http://a.example/",
            vec!["https://web.archive.org/web/2012/http://a.example/"],
        ),
        (
            "http://a.example:8080/x, http://[::1]/",
            vec!["http://a.example:8080/x", "http://[::1]/"],
        ),
        (
            "http://user:secret@a.example/x",
            vec!["http://user:secret@a.example/x"],
        ),
        ("http://a.example: he said", vec!["http://a.example"]),
        ("http://a.example./x", vec!["http://a.example./x"]),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn scripts_without_spaces() {
    for (text, expected) in [
        ("链接http://a.example/甲。", vec!["http://a.example/甲"]),
        (
            "见http://a.example/x，以及（http://b.example/y）",
            vec!["http://a.example/x", "http://b.example/y"],
        ),
        ("http://a.example/abcをご覧", vec!["http://a.example/abc"]),
        (
            "http://a.example/wiki/日本語",
            vec!["http://a.example/wiki/日本語"],
        ),
        ("http://example.comだよね", vec!["http://example.com"]),
        ("http://例え.jp/x、次", vec!["http://例え.jp/x"]),
        ("http://a.example/これは例です。", vec!["http://a.example/"]),
        (
            "https://t.co/aB1- https://t.co/aB2\u{2026}",
            vec!["https://t.co/aB1"],
        ),
        ("http://a.example/x👍", vec!["http://a.example/x"]),
        ("http://bücher.example/ä", vec!["http://bücher.example/ä"]),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_address() {
    for text in [
        "xhttp://a.example/ ftp://a.example/ mailto:a@b.example http://",
        "_http://a.example/ 1http://a.example/",
        "http://-a.example/ http://a-.example.com http://a_b.com http://..",
        "http://a.example:99999/ http://1.2.3.4.5/ http://a.example/{{ id }} http://{{ host }}/",
        "http://a.example/a-long-na\u{2026}",
        "example.com/path a.b.c www.nothing www. www.example.nosuchtld",
        "/www.example.com x@www.example.com cdn.www.example.com",
    ] {
        assert_eq!(found(text), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn names_without_a_scheme() {
    let text = "(www.example.com/x), Www.Example.org. \u{ff5c}www.example.net\u{ff5c}";
    assert_eq!(
        found(text),
        ["www.example.com/x", "Www.Example.org", "www.example.net"]
    );
    assert!(bare_addresses(text).is_empty());
    assert_eq!(href_of("www.example.com"), "http://www.example.com");
    assert_eq!(href_of("http://a.example"), "http://a.example");
}

#[test]
fn where_it_stands_as_written() {
    for (source, text, written) in [
        (
            "a http://a.example/?b=1&amp;c=2, d",
            "http://a.example/?b=1&c=2",
            "http://a.example/?b=1&amp;c=2",
        ),
        (
            "http://a.example/b\\_c",
            "http://a.example/b_c",
            "http://a.example/b\\_c",
        ),
        (
            "http://a.example/?b&c",
            "http://a.example/?b&c",
            "http://a.example/?b&c",
        ),
        (
            "x http://a.example/&#233; y",
            "http://a.example/",
            "http://a.example/",
        ),
    ] {
        let range = locate(source, 0, text).unwrap();
        assert_eq!(&source[range], written);
    }
    assert_eq!(locate("http://a.example/", 0, "http://b.example/"), None);
}

#[test]
fn a_text_made_to_be_slow_is_not() {
    let before = std::time::Instant::now();
    for text in [
        "http://".repeat(1_000_000),
        "www.".repeat(1_000_000),
        "http://a:".repeat(500_000),
        "http://a.example/;;;;".repeat(300_000),
        format!("http://a.example/{}", "(".repeat(3_000_000)),
        format!("http://a.example/{}", ";'".repeat(3_000_000)),
        "http://\u{4e00}.".repeat(300_000),
        "http://a\u{4e00}".repeat(100_000),
        "://".repeat(2_000_000),
    ] {
        addresses(&text);
    }
    assert_eq!(bare_addresses(&"http://a ".repeat(500_000)).len(), 500_000);
    assert!(before.elapsed().as_secs() < 40, "{:?}", before.elapsed());
}
