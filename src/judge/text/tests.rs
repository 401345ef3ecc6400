//! What is read from bodies.

use std::fmt::Write as _;

use super::*;

fn of(body: &str, media_type: &str) -> Text {
    let url = Url::parse("https://example.com/a/b").unwrap();
    text(body, Some(media_type), &url)
}

/// What grows with the square of a page's length elsewhere.
fn hostile(size: usize) -> Vec<(&'static str, String)> {
    let of = |part: &str| part.repeat(size / part.len());
    let numbered =
        |count: usize, each: &dyn Fn(usize) -> String| (0..count).map(each).collect::<String>();
    vec![
        ("nested div", of("<div>")),
        ("nested div with text", of("<div>word ")),
        ("nested span", of("<span>")),
        ("never matching ends", of("<div></x>")),
        ("behind a table", of("<div><table><tr><td></div>")),
        ("bold and div", of("<b><div></b>")),
        (
            "formatting of its own",
            numbered(size / 20, &|n| format!("<p><b id={n}></p>")),
        ),
        (
            "font in font",
            numbered(size / 20, &|n| format!("<font size={n}>x")),
        ),
        ("links in links", of("<a href=x><div>")),
        ("foster parents", format!("<table>{}", of("x<b>"))),
        ("foster divs", format!("<table>{}", of("<div>x</div>"))),
        ("tables in tables", of("<table><tr><td>")),
        (
            "attributes",
            format!("<p {}>x", numbered(size / 8, &|n| format!("a{n} "))),
        ),
        (
            "attributes, quoted",
            format!("<p {}>x", numbered(size / 12, &|n| format!("a{n}=\">\""))),
        ),
        (
            "html attributes",
            numbered(size / 16, &|n| format!("<html a{n}=1>")),
        ),
        ("tags in tags", of("<a ")),
        (
            "hidden in a drawing",
            format!("<svg><style>{}", of("<div>")),
        ),
        ("one line", of("word ")),
        ("breaks", of("<br>")),
        ("breaks and words", of("<br> word <br><br>")),
        ("paragraphs", of("<p>a word</p>")),
        ("list", of("<li>a")),
        ("cells", format!("<table>{}", of("<td>a"))),
        ("rows", format!("<table>{}", of("<tr><td>a"))),
        ("options", format!("<select>{}", of("<option>a"))),
        ("comments", of("<!-- a -->")),
        ("images", of("<img src=a>")),
        ("links", of("<a href=a>b</a>")),
        ("divs", of("<div>a, b</div>")),
        ("headings", of("<h2>a</h2>")),
        ("open brackets", of("<")),
        ("references", of("&amp;")),
        ("unknown references", of("&x;")),
        ("zeros", of("\0")),
        ("templates", of("<template>")),
        ("data", of("<script type=application/ld+json>{}</script>")),
        (
            "nested data",
            format!("<script type=application/ld+json>{}", of("[{\"@graph\":")),
        ),
    ]
}

#[test]
fn hostile_pages_are_read_all_the_same() {
    // Each of these would take minutes if it took the square of its length.
    for (name, body) in hostile(40_000) {
        let said = of(&body, "text/html");
        assert!(said.whole.len() <= body.len() + 8, "{name}");
    }
    for name in ["nested div", "font in font", "tags in tags", "attributes"] {
        let (_, body) = hostile(400_000)
            .into_iter()
            .find(|(known, _)| *known == name)
            .unwrap();
        assert!(tree::main_text(&body).is_none(), "{name}");
    }
    let nested = format!("{}the end", "<div>".repeat(100_000));
    assert_eq!(of(&nested, "text/html").main, "the end");
}

#[test]
fn data_and_plain_text() {
    let json = of(
        r#"{"title":"A set","rows":[{"place":"Wien","n":3},null,true]}"#,
        "application/json",
    );
    assert_eq!(json.title.as_deref(), Some("A set"));
    assert_eq!(json.whole, "title: A set\nplace: Wien\nn: 3\nrows: true\n");
    let broken = of("{\"a\": ", "application/json");
    assert_eq!(broken.whole, "{\"a\": ");
    let deep = "[".repeat(100_000);
    assert_eq!(of(&deep, "application/ld+json").whole, deep);
    assert_eq!(
        of("a,\"b, c\"\n1,2,3\n", "text/csv").whole,
        "a b, c\n1 2 3\n"
    );
    for (body, title) in [
        ("# One #\n\ntext", Some("One")),
        ("\nTwo\n===\ntext", Some("Two")),
        ("---\ntitle: \"Three\"\n---\n# Four", Some("Three")),
        ("RFC of something\n\ntext", Some("RFC of something")),
        ("text that\ngoes on", None),
    ] {
        assert_eq!(of(body, "text/plain").title.as_deref(), title, "{body}");
    }
}

#[test]
fn what_a_page_says_of_its_author_and_dates() {
    let page = of(
        r#"<title>T</title><meta property="article:published_time" content="2020-01-02T03:04:05Z">
        <meta name=author content="A. Writer"><time datetime="2019-01-01">x</time>
        <script type="application/ld+json">{"@graph":[{"@type":"WebPage","dateModified":"2021-05-05"},
        {"@type":["NewsArticle"],"author":[{"name":"B. Writer"},"C"],"headline":"H"}]}</script><p>x"#,
        "text/html",
    );
    assert_eq!(page.byline.as_deref(), Some("B. Writer, C"));
    assert_eq!(page.published.as_deref(), Some("2020-01-02T03:04:05Z"));
    assert_eq!(page.modified.as_deref(), Some("2021-05-05"));
    assert_eq!(page.title.as_deref(), Some("T"));
}

/// A paragraph of some sentences that stand nowhere else.
fn paragraph(about: &str, sentences: usize) -> String {
    let mut text = String::from("<p>");
    for at in 0..sentences {
        let _ = write!(
            text,
            "Of {about}, the {at}th report says that the harbour was dredged, widened and lit again. "
        );
    }
    text + "</p>"
}

#[test]
fn a_form_below_a_short_article_is_not_its_text() {
    let form = format!(
        "<footer class=post-footer><div class=box>{0}<form><label>{0}</label><input></form></div></footer>",
        paragraph("our letter", 7)
    );
    let page = format!(
        "<title>T</title><main><article class=post><h1>T</h1><section>{}</section>{form}</article></main>",
        paragraph("the harbour", 4)
    );
    let main = of(&page, "text/html").main;
    assert!(main.contains("Of the harbour, the 3th"), "{main}");
    assert!(!main.contains("our letter"), "{main}");
}

#[test]
fn teasers_of_other_stories_are_no_part_of_an_article() {
    let mut page = String::from("<title>T</title><div><section><article class=story><div>");
    for at in 0..20 {
        let quoted = paragraph(&format!("pier {at}"), 2);
        let _ = write!(page, "<blockquote>{quoted}</blockquote>");
    }
    page.push_str("</div></article></section><section>");
    for at in 0..30 {
        let teaser = paragraph(&format!("teaser {at}"), 2);
        let _ = write!(
            page,
            "<article class=card><h2><a href=/{at}>Story {at}</a></h2>{teaser}</article>"
        );
    }
    page.push_str("</section></div>");
    let main = of(&page, "text/html").main;
    assert!(main.contains("Of pier 19, the 1th"), "{main}");
    assert!(!main.contains("teaser"), "{main}");
}

#[test]
fn a_long_comment_is_not_the_article() {
    let comment = format!(
        "<div id=comments><article id=div-comment-7 class=comment-body>{}</article></div>",
        paragraph("my boat", 40)
    );
    let page = format!(
        "<title>T</title><div class=entry>{}{}</div>{comment}",
        paragraph("the harbour", 9),
        paragraph("the lock", 9)
    );
    let main = of(&page, "text/html").main;
    assert!(main.contains("Of the lock, the 8th"), "{main}");
}
