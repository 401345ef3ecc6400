use super::*;

fn page() -> Url {
    Url::parse("https://a.example/dir/page?q#top").unwrap()
}

/// Each requisite in a line, its address as it is from the page's folder.
fn lines(found: &Found) -> Vec<String> {
    found
        .requisites
        .iter()
        .map(|requisite| {
            let url = requisite.url.as_str();
            let short = url.strip_prefix("https://a.example/dir/").unwrap_or(url);
            format!("{} {short}", requisite.kind.name())
        })
        .collect()
}

fn in_page(html: &str) -> Vec<String> {
    lines(&of_page(html, &page(), &Limits::default()))
}

fn in_style(css: &str) -> Vec<String> {
    lines(&of_style(css, &page(), &Limits::default()))
}

#[test]
fn elements_name_what_they_show() {
    assert_eq!(
        in_page(
            "<link rel=stylesheet href=a.css><img src=a.png><script src='/a.js'></script>
             <style>@import 'b.css'; p { background: url(b.png) }</style><p style='background:url(c.png)'>"
        ),
        [
            "style a.css",
            "image a.png",
            "script https://a.example/a.js",
            "style b.css",
            "image b.png",
            "image c.png"
        ]
    );
}

#[test]
fn styles_name_what_they_show() {
    assert_eq!(
        in_style(
            "@charset 'utf-8'; @import url(b.css) screen; @font-face { src: url(f.woff2) } a { background: url('x.png') }"
        ),
        ["style b.css", "font f.woff2", "image x.png"]
    );
}
