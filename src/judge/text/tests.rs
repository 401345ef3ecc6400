//! What is read from bodies.

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
#[ignore = "prints how the time grows with the size"]
fn how_time_grows() {
    use std::io::Write;
    let mut out = std::io::stderr();
    for at in 0..hostile(100).len() {
        let mut line = String::new();
        for size in [250_000, 500_000, 1_000_000, 4_000_000] {
            let (name, body) = hostile(size).swap_remove(at);
            let begun = std::time::Instant::now();
            let page = Page::read(&body);
            let passed = begun.elapsed();
            let main = tree::main_text(&body);
            let all = begun.elapsed();
            if line.is_empty() {
                line = format!("{name:24}");
            }
            line += &format!(
                " {:>6.0}+{:<6.0}{}",
                passed.as_secs_f64() * 1e3,
                (all - passed).as_secs_f64() * 1e3,
                if main.is_some() { ' ' } else { '-' }
            );
            drop(page);
        }
        let _ = writeln!(out, "{line}");
    }
}
