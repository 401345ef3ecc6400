use url::Url;

use super::*;

/// Holds everything but what has `missing` in its address.
struct Shown;

impl Places for Shown {
    fn holds(&self, url: &Url) -> bool {
        !url.as_str().contains("missing")
    }

    fn requisite(&self, url: &Url, kind: Kind) -> String {
        format!("/{kind:?}/{url}").to_lowercase()
    }

    fn drawing(&self, url: &Url) -> Option<String> {
        self.holds(url).then(|| DRAWING.to_owned())
    }

    fn page(&self, url: &Url) -> String {
        format!("/page/{url}")
    }
}

/// A name is looked for as in a dictionary.
#[test]
fn attributes_that_never_stay_are_in_order() {
    assert!(super::elements::NEVER.is_sorted());
}

/// A drawing from which pages borrow, and what somebody might put into one.
const DRAWING: &str = "<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'>\
    <style>path{fill:red}</style><symbol id='i' viewBox='0 0 9 9' onload='x'><title>I</title><path d='M0 0h9' fill='url(#g)' \
    style='fill:url(//evil.example/x)' class='&quot; onload=x'/><a href='javascript:x'><path d='M1'/></a>\
    <script>x</script></symbol><linearGradient id='g'><stop offset='1' stop-color='#123'/></linearGradient>\
    <g id='j'><use xlink:href='#k'/><use href='//evil.example/#k'/><image href='x.png'/></g><rect id='k' width='4'/>\
    <circle id='open' r='2'><script><path id='x'></svg>";

fn shown(html: &str) -> String {
    page(
        html,
        &Url::parse("https://a.example/dir/page?q=1").unwrap(),
        &Shown,
    )
}

#[test]
fn what_a_page_refers_to_is_addressed_where_it_is_kept() {
    for (written, expected) in [
        (
            r#"<a href="../x?a=1&amp;b=2#c">x</a>"#,
            r#"<a href="/page/https://a.example/x?a=1&amp;b=2#c">x</a>"#,
        ),
        ("<a href=#c>x</a>", "<a href=#c>x</a>"),
        (
            r#"<img src="i.png" alt="&lt;">"#,
            r#"<img src="/image/https://a.example/dir/i.png" alt="&lt;">"#,
        ),
        (
            "<img src='data:image/gif;base64,R0'>",
            "<img src='data:image/gif;base64,R0'>",
        ),
        (
            r#"<img srcset="a.png 1x, missing.png 2x, c,d.png 3x">"#,
            r#"<img srcset="/image/https://a.example/dir/a.png 1x, /image/https://a.example/dir/c,d.png 3x">"#,
        ),
        (r#"<img srcset="missing.png 2x">"#, "<img>"),
        (
            r#"<link rel="Stylesheet" href=s.css integrity=x crossorigin>"#,
            r#"<link rel="Stylesheet" href="/style/https://a.example/dir/s.css">"#,
        ),
        (
            "<link rel=icon href=//b.example/f.ico>",
            r#"<link rel=icon href="/icon/https://b.example/f.ico">"#,
        ),
        (
            "<div style=\"background:url('b.png') /* &quot; */\">",
            "<div style=\"background:url(&quot;/image/https://a.example/dir/b.png&quot;) /* &quot; */\">",
        ),
        (
            "<style>@import 's.css';\n p { background: URL( b.png ) } @font-face { src: url(f.woff2) format(\"woff2\") }</style>",
            "<style>@import \"/style/https://a.example/dir/s.css\";\n p { background: url(\"/image/https://a.example/dir/b.png\") } @font-face { src: url(\"/font/https://a.example/dir/f.woff2\") format(\"woff2\") }</style>",
        ),
        (
            "<iframe src=/f></iframe>",
            r#"<iframe src="/frame/https://a.example/f"></iframe>"#,
        ),
        (
            "<video src=v.mp4 poster=p.jpg autoplay controls></video>",
            r#"<video src="/media/https://a.example/dir/v.mp4" poster="/image/https://a.example/dir/p.jpg" controls></video>"#,
        ),
        (
            "<svg><use xlink:href='missing.svg#i'/><image href=i.png /></svg>",
            r#"<svg><use xlink:href="/image/https://a.example/dir/missing.svg#i" /><image href="/image/https://a.example/dir/i.png" /></svg>"#,
        ),
        (
            "<noscript><img src=i.png></noscript>",
            r#"<noscript><img src="/image/https://a.example/dir/i.png"></noscript>"#,
        ),
        (
            "<base href=/other/><img src=i.png>",
            r#"<img src="/image/https://a.example/other/i.png">"#,
        ),
        (
            "<iframe srcdoc='<img src=i.png onload=x>'></iframe>",
            r#"<iframe srcdoc="&lt;img src=&quot;/image/https://a.example/dir/i.png&quot;&gt;"></iframe>"#,
        ),
    ] {
        assert_eq!(shown(written), expected, "{written}");
    }
}

#[test]
fn nothing_runs_and_nothing_leaves() {
    for (written, expected) in [
        ("<p>a<script>x</script>b", "<p>ab"),
        ("<p>a<SCRIPT src=x></SCRIPT >b", "<p>ab"),
        ("<svg><script href=x />y</svg>", "<svg>y</svg>"),
        ("<p onclick=x ONLOAD='y' id=z>", "<p id=z>"),
        ("<a href='java&#10;script&colon;alert(1)'>x</a>", "<a>x</a>"),
        ("<a href=' &#32;javascript:x'>x</a>", "<a>x</a>"),
        (
            "<a href='data:text/html,x' target=_top ping=/p>x</a>",
            "<a>x</a>",
        ),
        (
            "<iframe src='data:text/html,x'></iframe>",
            "<iframe></iframe>",
        ),
        ("<iframe src='javascript:x'></iframe>", "<iframe></iframe>"),
        (
            "<form action=https://b.example/ method=post><button formaction=//c>",
            "<form><button>",
        ),
        (
            "<link rel=preload href=x><link rel='stylesheet preload' href=y><link rel=dns-prefetch href=//z>",
            "",
        ),
        (
            "<meta http-equiv=Content-Security-Policy content=x><meta name=referrer content=unsafe-url>",
            "",
        ),
        (
            "<meta http-equiv=Refresh content='0; url=https://b.example/'>",
            "",
        ),
        (
            "<object data=x><p>y</p></object><embed><applet>z</applet>",
            "<p>y</p>z",
        ),
        (
            "<svg><a><set attributeName=href to=javascript:x /></a></svg>",
            "<svg><a></a></svg>",
        ),
        ("<html manifest=m xml:base=b>", "<html>"),
        ("a<!-- <script> -->b<!-->c<?php x ?>d", "abcd"),
        (
            "<title><img onload=x></title>",
            "<title>&lt;img onload=x></title>",
        ),
        (
            "<xmp><img onload=x>&amp;</xmp>",
            "<pre>&lt;img onload=x&gt;&amp;amp;</pre>",
        ),
        ("<iframe><img onload=x></iframe>", "<iframe></iframe>"),
        ("<plaintext><script>", "<pre>&lt;script&gt;"),
        (
            "<svg><![CDATA[<img onload=x>]]></svg>",
            "<svg><![CDATA[&lt;img onload=x>]]></svg>",
        ),
        (
            "<svg><style><![CDATA[a > b { fill: url(c.svg#d); content: '<p>' }]]></style></svg>",
            "<svg><style><![CDATA[a > b { fill: url(\"/image/https://a.example/dir/c.svg#d\"); content: '\\3c p>' }]]></style></svg>",
        ),
        (
            "<style><!-- p:before { content: '<img>' } @media (width < 9px) {} --></style>",
            "<style> p:before { content: '\\3c img>' } @media (width < 9px) {} --></style>",
        ),
        (
            "<noscript><p title=\"</noscript><img src=//b.example/x>\">",
            "<noscript></noscript><img src=\"/image/https://b.example/x\">\">",
        ),
        (
            "<noscript><!-- </noscript><p title=\"--><img src=//b.example/x>\">",
            "<noscript></noscript><p title=\"--><img src=//b.example/x>\">",
        ),
    ] {
        assert_eq!(shown(written), expected, "{written}");
    }
}

#[test]
fn a_page_without_anything_to_change_stays_as_it_is() {
    let page = "<!DOCTYPE html>\n<title>T &amp; b</title><p class='x' title=\"&copy\">a &lt b < c<br/>\n<textarea>x</textarea><ul><li>x";
    assert_eq!(shown(page), page);
}

#[test]
fn hostile_pages_take_no_longer_than_others() {
    // Each would take minutes if it took the square of its length.
    for (start, unit) in [
        ("<p ", "onload "),
        ("<source ", "src=a "),
        ("<img srcset='", "a.png 1x, "),
        ("", "<div>"),
        ("", "<svg><style>"),
        ("", "<noscript>"),
        ("", "<p style='background:url(a)'>"),
        ("<style>", "a{b:url("),
        ("<base href=a", "<base "),
    ] {
        let page = format!("{start}{}", unit.repeat(300_000 / unit.len()));
        let shown = shown(&page);
        assert!(shown.len() < 40 * page.len(), "{start}{unit}");
    }
}

#[test]
fn frames_within_frames_end() {
    let mut page = "<p>x".to_owned();
    for _ in 0..6 {
        let inner = html_escape::encode_double_quoted_attribute(&page).into_owned();
        page = format!("<iframe srcdoc=\"{inner}\"></iframe>");
    }
    assert!(!shown(&page).contains("<p>"));
}

/// What a browser without scripts makes of a page, as far as it matters here: the elements that run, the attributes that do, and the
/// addresses that are not ours.
fn dangers(html: &str) -> Vec<String> {
    use html5ever::ParseOpts;
    use html5ever::tendril::TendrilSink;
    use html5ever::tree_builder::TreeBuilderOpts;
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts {
            scripting_enabled: false,
            ..TreeBuilderOpts::default()
        },
        ..ParseOpts::default()
    };
    let sink = scraper::HtmlTreeSink::new(scraper::Html::new_document());
    let document = html5ever::parse_document(sink, options).one(html);
    let mut found = Vec::new();
    for node in document.tree.values() {
        let Some(element) = node.as_element() else {
            continue;
        };
        if element.name.ns != *"http://www.w3.org/1998/Math/MathML"
            && matches!(element.name(), "script" | "base" | "embed" | "object")
        {
            found.push(format!("<{}>", element.name()));
        }
        for (name, value) in &element.attrs {
            let name = name.local.as_ref();
            let address = value.trim_start_matches(|c: char| c <= ' ');
            let is_address = matches!(
                name,
                "href" | "src" | "action" | "formaction" | "background" | "poster"
            );
            if name.starts_with("on")
                || is_address
                    && (address.contains("evil.example") && !address.starts_with('/')
                        || address.to_ascii_lowercase().starts_with("javascript:"))
            {
                found.push(format!("<{} {name}={value:?}>", element.name()));
            }
        }
    }
    found
}

const PIECES: &[&str] = &[
    "<p ",
    "<p>",
    "</p>",
    "<a ",
    "<img ",
    "<svg>",
    "</svg>",
    "<math>",
    "</math>",
    "<style>",
    "</style>",
    "<script>",
    "</script>",
    "<noscript>",
    "</noscript>",
    "<title>",
    "</title>",
    "<textarea>",
    "</textarea>",
    "<select>",
    "<option>",
    "</select>",
    "<table>",
    "<td>",
    "</table>",
    "<template>",
    "</template>",
    "<xmp>",
    "</xmp>",
    "<iframe>",
    "</iframe>",
    "<noembed>",
    "</noembed>",
    "<noframes>",
    "</noframes>",
    "<frameset>",
    "<desc>",
    "</desc>",
    "</svg",
    "<path",
    "<rect ",
    "<foreignObject>",
    "</foreignObject>",
    "<mtext>",
    "</mtext>",
    "<mglyph>",
    "<font color=x>",
    "<b>",
    "</b>",
    "<br>",
    "<!--",
    "-->",
    "--!>",
    "<!",
    "<?",
    "<![CDATA[",
    "]]>",
    "</",
    ">",
    "/>",
    "=",
    "\"",
    "'",
    "`",
    " ",
    "\n",
    "\0",
    "x",
    "onload=x ",
    "src=//evil.example/ ",
    "href=javascript:x ",
    "href=s.svg#i ",
    "<use href=s.svg#j>",
    "<body>",
    "</body>",
    "<html>",
    "<head>",
    "<form ",
    "action=//evil.example ",
    "<base ",
    "<plaintext>",
    "&lt;",
    "&quot;",
    "<input ",
    "<button ",
    "<image ",
    "<use ",
    "<set ",
    "<a href=\"",
    "title=\"",
    "title='",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(5_000))]
    #[test]
    fn whatever_is_written_nothing_is_left_that_runs(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..24)) {
        let written = pieces.concat();
        let html = shown(&written);
        let dangers = dangers(&html);
        proptest::prop_assert!(dangers.is_empty(), "{dangers:?} in {html:?} of {written:?}");
    }
}

#[test]
fn pictures_that_scripts_show_late_are_shown_at_once() {
    let nothing = "data:image/gif;base64,R0";
    for (written, expected) in [
        (
            format!("<img src={nothing} data-src=a.png>"),
            "<img src=\"/image/https://a.example/dir/a.png\" data-src=a.png>".to_owned(),
        ),
        (
            "<img data-lazy-src='a.png#b'>".to_owned(),
            "<img data-lazy-src='a.png#b' src=\"/image/https://a.example/dir/a.png#b\">".to_owned(),
        ),
        (
            format!("<img src=missing.png srcset='{nothing} 1w' data-src=a.png>"),
            "<img src=\"/image/https://a.example/dir/a.png\" srcset=\"\" data-src=a.png>".to_owned(),
        ),
        (
            "<img data-srcset='a.png 1x, missing.png 2x'>".to_owned(),
            "<img data-srcset='a.png 1x, missing.png 2x' srcset=\"/image/https://a.example/dir/a.png 1x\">"
                .to_owned(),
        ),
        (
            "<iframe data-src=f.html></iframe>".to_owned(),
            "<iframe data-src=f.html src=\"/frame/https://a.example/dir/f.html\"></iframe>".to_owned(),
        ),
        // What shows something shows that; what is not kept, and what is no address, is no better.
        (
            "<img src=b.png data-src=a.png>".to_owned(),
            "<img src=\"/image/https://a.example/dir/b.png\" data-src=a.png>".to_owned(),
        ),
        (
            format!("<img src={nothing} data-src=missing.png>"),
            format!("<img src={nothing} data-src=missing.png>"),
        ),
        (
            format!("<img src={nothing} data-src='javascript:run()'>"),
            format!("<img src={nothing} data-src='javascript:run()'>"),
        ),
        // Who has no scripts is shown it elsewhere.
        (
            format!("<img src={nothing} data-src=a.png?b&amp;c><noscript><img src=\"a.png?b&c\"></noscript>"),
            format!(
                "<img src={nothing} data-src=a.png?b&amp;c><noscript><img src=\"/image/https://a.example/dir/a.png?b&amp;c\"></noscript>"
            ),
        ),
    ] {
        assert_eq!(shown(&written), expected, "{written}");
    }
}

#[test]
fn a_style_sheet_in_an_address_asks_for_nothing_that_is_not_kept() {
    use base64::Engine;
    let engine = base64::engine::general_purpose::STANDARD;
    let of = |written: &str| {
        let html = shown(&format!("<link rel=stylesheet href=\"{written}\">"));
        let (_, data) = html.split_once("data:text/css;charset=utf-8;base64,")?;
        let data = engine.decode(data.split('"').next().unwrap()).unwrap();
        Some(String::from_utf8(data).unwrap())
    };
    let rewritten = "@import \"/style/https://b.example/x.css\";p{color:red}";
    let written = "@import 'https://b.example/x.css';p{color:red}";
    let escaped = written.replace('\'', "%27").replace(' ', "%20");
    assert_eq!(of(&format!("data:text/css,{escaped}")).unwrap(), rewritten);
    assert_eq!(
        of(&format!("\n DATA:text/CSS;charset=utf-8,{escaped}#x")).unwrap(),
        rewritten
    );
    let packed = engine.encode(written);
    assert_eq!(
        of(&format!("data:text/css;base64,{packed}")).unwrap(),
        rewritten
    );
    let wide: Vec<u8> = written.bytes().flat_map(|byte| [byte, 0]).collect();
    let wide = engine.encode(wide);
    assert_eq!(
        of(&format!("data:text/css;charset=utf-16le;base64,{wide}")).unwrap(),
        rewritten
    );
    // One in another, and what a browser finds no address for.
    assert_eq!(
        of("data:text/css,@import%20'data:text/css,@import%2520x';p{background:url(y)}").unwrap(),
        "@import \"data:,\";p{background:url(\"data:,\")}"
    );
    assert_eq!(of("data:text/html,p{}"), None);
    let css = style_sheet(
        "@import 'data:text/css,@import%20%22https://b.example/x.css%22';",
        &Url::parse("https://a.example/").unwrap(),
        &Shown,
    );
    assert!(
        !css.contains("b.example") && css.contains("base64,"),
        "{css}"
    );
}

#[test]
fn parts_of_other_drawings_are_brought_along() {
    let around = |parts: &str| {
        format!(
            "<svg width=\"0\" height=\"0\" style=\"position:absolute\" aria-hidden=\"true\"><defs>{parts}</defs></svg>"
        )
    };
    for (written, expected, parts) in [
        // What it refers to comes with it, and nothing that runs, asks or is no drawing.
        (
            "<svg><use xlink:href='s.svg?v=1#i'/><use href=/dir/s.svg?v=1#i /></svg>",
            "<svg><use xlink:href=\"#sourcekeep-0-i\" /><use href=\"#sourcekeep-0-i\" /></svg>",
            "<symbol id=\"sourcekeep-0-i\" viewbox=\"0 0 9 9\"><path d=\"M0 0h9\" fill=\"url(#sourcekeep-0-g)\"/></symbol>\
             <lineargradient id=\"sourcekeep-0-g\"><stop offset=\"1\" stop-color=\"#123\"/></lineargradient>",
        ),
        (
            "<svg><use href=s.svg#j></use><use href=t.svg#k></use></svg>",
            "<svg><use href=\"#sourcekeep-0-j\"></use><use href=\"#sourcekeep-1-k\"></use></svg>",
            "<g id=\"sourcekeep-0-j\"><use xlink:href=\"#sourcekeep-0-k\"/><use/></g>\
             <rect id=\"sourcekeep-0-k\" width=\"4\"/><rect id=\"sourcekeep-1-k\" width=\"4\"/>",
        ),
        // One that is not well-formed ends where it is read to.
        (
            "<svg><use href=s.svg#open></use></svg>",
            "<svg><use href=\"#sourcekeep-0-open\"></use></svg>",
            "<circle id=\"sourcekeep-0-open\" r=\"2\"></circle>",
        ),
    ] {
        assert_eq!(
            shown(written),
            format!("{expected}{}", around(parts)),
            "{written}"
        );
    }
    for (written, expected) in [
        // A browser takes nothing from another origin, and what is on the page is there.
        (
            "<svg><use href=//b.example/s.svg#i></use><use href=#i></use></svg>",
            "<svg><use href=\"/image/https://b.example/s.svg#i\"></use><use href=#i></use></svg>",
        ),
        (
            "<svg><use href=s.svg#none></use></svg>",
            "<svg><use href=\"#sourcekeep-0-none\"></use></svg>",
        ),
        // Where the page ends within a tag, nothing is put behind it.
        (
            "<sourcekeep-end><svg><use href=s.svg#i /></svg><a title='",
            "<sourcekeep-end><svg><use href=\"#sourcekeep-0-i\" /></svg><a title='<sourcekeep-end>",
        ),
    ] {
        assert_eq!(shown(written), expected, "{written}");
    }
}

#[test]
fn what_plugins_showed_takes_its_room() {
    let blank = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E";
    for (written, expected) in [
        (
            "<object width=9><param name=a><embed src=f.swf width=425 height=350 onload=x allowfullscreen></object>",
            format!("<img src=\"{blank}\" width=425 height=350>"),
        ),
        (
            "<embed type=application/x-any>",
            format!("<img type=application/x-any src=\"{blank}\">"),
        ),
        // Pictures are shown.
        (
            "<object data=logo.svg type=image/svg+xml class=c>A <b>logo</b></object>z",
            "<img type=image/svg+xml class=c src=\"/image/https://a.example/dir/logo.svg\"></img>z"
                .to_owned(),
        ),
        (
            "<embed src='logo.png?1'>",
            "<img src=\"/image/https://a.example/dir/logo.png?1\">".to_owned(),
        ),
        (
            "<object data=missing.svg>A <b>logo</b></object>z",
            "A <b>logo</b>z".to_owned(),
        ),
        (
            "<object data=data:image/png,x type=image/png>y</object>",
            "y".to_owned(),
        ),
    ] {
        assert_eq!(shown(written), expected, "{written}");
    }
}
