use super::*;

#[test]
fn a_text_made_to_be_slow_is_not() {
    for text in [
        "[youtube=x".repeat(200_000),
        "[youtube]a ".repeat(200_000),
        "{{< youtube ".repeat(200_000),
        format!("[youtube=x]{}", " ".repeat(2_000_000)),
    ] {
        let before = std::time::Instant::now();
        shortcodes(&text);
        assert!(before.elapsed().as_secs() < 20, "{}", &text[..12]);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn what_blogs_write() {
    for (text, written, address) in [
        (
            "[youtube]http://www.youtube.com/watch?v=a1[/youtube]",
            "http://www.youtube.com/watch?v=a1",
            "http://www.youtube.com/watch?v=a1",
        ),
        (
            "[youtube=http://youtu.be/a1&w=3]",
            "http://youtu.be/a1&w=3",
            "http://youtu.be/a1&w=3",
        ),
        (
            "[youtube http://youtu.be/a1]",
            "http://youtu.be/a1",
            "http://youtu.be/a1",
        ),
        (
            "[youtube id=\"a1-B_\" width=3]",
            "a1-B_",
            "https://www.youtube.com/watch?v=a1-B_",
        ),
        ("[vimeo 123456]", "123456", "https://vimeo.com/123456"),
        (
            "[embed width=\"12\"]https://a.example/v?x=1[/embed]",
            "https://a.example/v?x=1",
            "https://a.example/v?x=1",
        ),
        (
            "a {{< youtube w7Ft2ymGmfc >}} b",
            "w7Ft2ymGmfc",
            "https://www.youtube.com/watch?v=w7Ft2ymGmfc",
        ),
        (
            "{{< youtube id=\"w7\" title=\"A video\" >}}",
            "w7",
            "https://www.youtube.com/watch?v=w7",
        ),
        (
            "{{< tweet user=\"jack\" id=\"20\" >}}",
            "20",
            "https://twitter.com/jack/status/20",
        ),
        (
            "{{< tweet 20 >}}",
            "20",
            "https://twitter.com/i/web/status/20",
        ),
        (
            "{{< gist jane 1a2b3c >}}",
            "1a2b3c",
            "https://gist.github.com/jane/1a2b3c",
        ),
        (
            "{{< x user=\"jack\" id=\"20\" >}}",
            "20",
            "https://twitter.com/jack/status/20",
        ),
        (
            "{{< instagram BWNjjyYFxVx >}}",
            "BWNjjyYFxVx",
            "https://www.instagram.com/p/BWNjjyYFxVx/",
        ),
        (
            "{{< quote cite=\"Jane\" link=\"http://a.example/x?a=1&amp;b=2\" >}}",
            "http://a.example/x?a=1&amp;b=2",
            "http://a.example/x?a=1&b=2",
        ),
        (
            "{{< figure src=\"/i.png\" link=\"http://a.example/x\" title=\"t\" >}}",
            "http://a.example/x",
            "http://a.example/x",
        ),
        (
            "{{< spotify type=\"track\" id=\"4uLU\" >}}",
            "4uLU",
            "https://open.spotify.com/track/4uLU",
        ),
        (
            "{% youtube a1 %}",
            "a1",
            "https://www.youtube.com/watch?v=a1",
        ),
        (
            "{% twitter https://twitter.com/jack/status/20 align='left' %}",
            "https://twitter.com/jack/status/20",
            "https://twitter.com/jack/status/20",
        ),
        (
            "{%- embed https://a.example/x -%}",
            "https://a.example/x",
            "https://a.example/x",
        ),
        (
            "{% gist jane/1a2b3c file.rb %}",
            "jane/1a2b3c",
            "https://gist.github.com/jane/1a2b3c",
        ),
        (
            "{% include video id=\"a1\" provider=\"youtube\" %}",
            "a1",
            "https://www.youtube.com/watch?v=a1",
        ),
        (
            "[su_youtube url=\"https://youtu.be/a1\" width=1]",
            "https://youtu.be/a1",
            "https://youtu.be/a1",
        ),
        ("[tweet 20]", "20", "https://twitter.com/i/web/status/20"),
        (
            "{{% vimeo 55073825 %}}",
            "55073825",
            "https://vimeo.com/55073825",
        ),
    ] {
        let found = shortcodes(text);
        assert_eq!(found.len(), 1, "{text}");
        let [target] = found[0].targets.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(&text[target.written.clone()], written, "{text}");
        assert_eq!(target.address, address, "{text}");
    }
    for text in [
        "[youtube]",
        "[gallery ids=1]",
        "{{< ref \"x\" >}}",
        "{{< relref \"http://a.example/\" >}}",
        "{{</* youtube a1 */>}}",
        "{% raw %}{% youtube a1 %}{% endraw %}",
        "{% include youtube.html id=page.video %}",
        "{% link _posts/a.md %} {% post_url 2012-a %} {% highlight rust %}",
        "{{< figure src=\"http://a.example/i.png\" >}}",
        "{{< note link=\"{{ x }}\" >}}",
        "[embedded](http://a.example/)",
        "[video](http://a.example/)",
    ] {
        assert_eq!(shortcodes(text), [], "{text}");
    }
}
#[test]
fn several_addresses_of_one() {
    let text = "{{< figure link=\"http://a.example/\" attrlink=\"http://b.example/\" >}}";
    let found = shortcodes(text);
    let addresses: Vec<&str> = found[0]
        .targets
        .iter()
        .map(|target| target.address.as_str())
        .collect();
    assert_eq!(addresses, ["http://a.example/", "http://b.example/"]);
    let unclosed = "[youtube=http://youtu.be/a1] word [/b]";
    assert_eq!(
        &unclosed[shortcodes(unclosed)[0].whole.clone()],
        "[youtube=http://youtu.be/a1]"
    );
}
