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

fn limits() -> Limits {
    Limits::default()
}

#[test]
fn elements_name_what_they_show() {
    for (html, expected) in [
        ("<img src=a.png>", "image a.png"),
        ("<IMG SRC=' \n a.png\t'>", "image a.png"),
        ("<img src='a\n.png'>", "image a.png"),
        ("<img src='a b.png'>", "image a%20b.png"),
        ("<img src=a.png?x=1&amp;y=2#z>", "image a.png?x=1&y=2"),
        ("<img src=a.png src=b.png>", "image a.png"),
        ("<image src=a.png>", "image a.png"),
        ("<input type=image src=a.png>", "image a.png"),
        ("<input type=text src=a.png>", ""),
        ("<body background=a.png>", "image a.png"),
        (
            "<table background=a.png><td background=b.png>",
            "image a.png, image b.png",
        ),
        (
            "<video src=a.mp4 poster=p.jpg><track src=a.vtt></video>",
            "media a.mp4, image p.jpg, media a.vtt",
        ),
        (
            "<audio><source src=a.mp3><source src=a.ogg></audio>",
            "media a.mp3, media a.ogg",
        ),
        ("<object data=a.html></object>", "frame a.html"),
        (
            "<object type=image/svg+xml data=a.svg></object>",
            "image a.svg",
        ),
        (
            "<object type=application/pdf data=a.pdf></object>",
            "other a.pdf",
        ),
        ("<embed src=a.mp4 type=video/mp4>", "media a.mp4"),
        ("<iframe src=a.html></iframe>", "frame a.html"),
        ("<frameset><frame src=a.html></frameset>", "frame a.html"),
        (
            "<script src=a.js></script><script type=module src=b.mjs></script>",
            "script a.js, script b.mjs",
        ),
        ("<script type=text/plain src=a.js></script>", ""),
        (
            "<amp-img src=a.png srcset='b.png 2x'></amp-img>",
            "image a.png, image b.png",
        ),
        (
            "<svg><image href=a.png /><use xlink:href='s.svg#x'/><use href='#y'/></svg>",
            "image a.png, image s.svg",
        ),
        (
            "<svg><filter><feImage href=a.png /></filter><rect fill='url(b.svg#p)'/></svg>",
            "image a.png, image b.svg",
        ),
        ("<a href=a.html><area href=b.html><form action=c>", ""),
        ("<meta property=og:image content=a.png>", ""),
        ("<meta http-equiv=refresh content='0; url=a.html'>", ""),
        ("<img src=''><img src='#x'><img src=' '>", ""),
        ("<img src=/dir/page?q>", ""),
    ] {
        assert_eq!(in_page(html).join(", "), expected, "{html}");
    }
}

#[test]
fn links_name_what_a_browser_fetches_for_them() {
    for (html, expected) in [
        ("<link rel=stylesheet href=a.css>", "style a.css"),
        (
            "<link rel='alternate StyleSheet' media=print href=a.css>",
            "style a.css",
        ),
        ("<link rel='shortcut icon' href=a.ico>", "icon a.ico"),
        ("<link rel=apple-touch-icon href=a.png>", "icon a.png"),
        ("<link rel=mask-icon href=a.svg>", "icon a.svg"),
        (
            "<link rel=manifest href=a.webmanifest>",
            "other a.webmanifest",
        ),
        ("<link rel=preload as=style href=a.css>", "style a.css"),
        ("<link rel=preload as=font href=a.woff2>", "font a.woff2"),
        ("<link rel=prefetch as=script href=a.js>", "script a.js"),
        (
            "<link rel=preload as=image href=a.png imagesrcset='b.png 1x, c.png 2x'>",
            "image a.png, image b.png, image c.png",
        ),
        ("<link rel=modulepreload href=a.mjs>", "script a.mjs"),
        ("<link rel=preload as=fetch href=a.json>", ""),
        ("<link rel=prefetch href=next.html>", ""),
        (
            "<link rel=canonical href=a><link rel=next href=b><link rel=dns-prefetch href=//c.example>",
            "",
        ),
        (
            "<link rel=preload as=image href=a.css><link rel=stylesheet href=a.css>",
            "style a.css",
        ),
    ] {
        assert_eq!(in_page(html).join(", "), expected, "{html}");
    }
}

#[test]
fn of_a_list_of_sizes_desktop_browsers_take_two() {
    let html = "<img src=s.jpg sizes='(max-width: 500px) 100vw, 640px'
        srcset='a.jpg 320w, b.jpg 640w, c.jpg 1280w, d.jpg 2000w, data:image/gif;base64,AA 1w'>";
    let found = of_page(html, &page(), &limits());
    assert_eq!(lines(&found), ["image s.jpg", "image b.jpg", "image c.jpg"]);
    assert_eq!(found.left_out.other_sizes, 3);
    let picture = "<picture><source srcset='a.avif, b.avif 2x' type=image/avif><source srcset=a.webp><img src=a.jpg></picture>";
    assert_eq!(
        in_page(picture),
        [
            "image a.avif",
            "image b.avif",
            "image a.webp",
            "image a.jpg"
        ]
    );
    let one = Limits {
        candidates: 1,
        ..limits()
    };
    assert_eq!(of_page(picture, &page(), &one).requisites.len(), 3);
}

#[test]
fn what_scripts_load_late_is_found_where_it_looks_like_an_address() {
    for (html, expected) in [
        (
            "<img src=data:image/gif;base64,AA data-src=a.png>",
            "image a.png",
        ),
        ("<img data-lazy-src=/a/b>", "image https://a.example/a/b"),
        ("<img data-original=x/a.png>", "image x/a.png"),
        (
            "<img data-srcset='a.png 1x, b.png 2x, {x}.png 3x'>",
            "image a.png, image b.png",
        ),
        (
            "<picture><source data-srcset=a.webp></picture>",
            "image a.webp",
        ),
        (
            "<iframe data-src=//v.example/e/1></iframe>",
            "frame https://v.example/e/1",
        ),
        (
            "<video data-poster=p.jpg><source data-src=a.mp4></video>",
            "image p.jpg",
        ),
        (
            "<video><source data-src=/m/a.mp4></video>",
            "media https://a.example/m/a.mp4",
        ),
        ("<div data-bg=a.jpg>", "image a.jpg"),
        ("<div data-bg=\"url('a.jpg')\">", "image a.jpg"),
        (
            "<div data-background-image='url(a.jpg), url(b.jpg)'>",
            "image a.jpg, image b.jpg",
        ),
        ("<div data-src=a.jpg>", "image a.jpg"),
        ("<div data-src=a.html>", ""),
        ("<div data-bg=dark data-image=image/png>", ""),
        ("<img data-src='//c.example/a_{width}x.png'>", ""),
        ("<img data-src='the bird'>", ""),
        ("<img data-src=12>", ""),
        ("<noscript><img src=a.png></noscript>", "image a.png"),
        (
            "<head><noscript><link rel=stylesheet href=a.css><style>a{background:url(b.png)}</style></noscript>",
            "style a.css, image b.png",
        ),
    ] {
        assert_eq!(in_page(html).join(", "), expected, "{html}");
    }
}

#[test]
fn what_is_not_shown_is_not_found() {
    for (html, expected) in [
        ("<!-- <img src=a.png> --><img src=b.png>", "image b.png"),
        ("<!--[if IE]><script src=a.js></script><![endif]-->", ""),
        (
            "<template><img src=a.png><style>a{background:url(b.png)}</style><template></template><img src=c.png></template><img src=d.png>",
            "image d.png",
        ),
        (
            "<template shadowrootmode=open><img src=a.png><template><img src=b.png></template></template><img src=c.png>",
            "image a.png, image c.png",
        ),
        ("<textarea><img src=a.png></textarea>", ""),
        ("<title><img src=a.png></title>", ""),
        ("<script>'<img src=a.png>'</script>", ""),
        ("<iframe><img src=a.png></iframe>", ""),
        ("<noframes><img src=a.png></noframes>", ""),
        ("<xmp><img src=a.png></xmp>", ""),
        (
            "<svg><title><b></b></title><image href=a.png /></svg>",
            "image a.png",
        ),
        ("<style type=text/less>a{background:url(a.png)}</style>", ""),
    ] {
        assert_eq!(in_page(html).join(", "), expected, "{html}");
    }
}

#[test]
fn addresses_are_relative_to_the_first_base() {
    let html = "<base target=_top><base href=/other/><base href=/not/>
        <img src=a.png><style>p{background:url(b.png)}</style><img src=//c.example/c.png>";
    assert_eq!(
        in_page(html),
        [
            "image https://a.example/other/a.png",
            "image https://a.example/other/b.png",
            "image https://c.example/c.png"
        ]
    );
    let found = of_page(html, &page(), &limits());
    assert_eq!(found.base.as_str(), "https://a.example/other/");
    assert_eq!(
        in_page(
            "<link rel=icon href=a.ico><link rel=stylesheet href=b.css><base href=/other/><img src=c.png>"
        ),
        [
            "style b.css",
            "icon https://a.example/other/a.ico",
            "image https://a.example/other/c.png"
        ],
        "a style sheet is fetched at once, an icon at the end"
    );
    for bad in ["javascript:x", "data:text/html,x", "http://["] {
        let html = format!("<base href='{bad}'><base href=/other/><img src=a.png>");
        assert_eq!(in_page(&html), ["image a.png"], "{bad}");
    }
    assert_eq!(
        in_page("<template><base href=/other/></template><img src=a.png>"),
        ["image a.png"]
    );
}

#[test]
fn what_is_left_out_is_counted_by_reason() {
    let long = "x".repeat(9_000);
    let html = format!(
        "<img src=data:image/png;base64,AA><img src=' DATA:x'><img src=javascript:x><img src=about:blank>
         <iframe src=blob:x></iframe><img src=ftp://a.example/a><img src={long}><img src=http://[/>"
    );
    let found = of_page(&html, &page(), &limits());
    assert_eq!(lines(&found), [""; 0]);
    assert_eq!(
        found.left_out,
        LeftOut {
            data: 2,
            scripts: 1,
            schemes: 3,
            too_long: 1,
            unparsable: 1,
            ..LeftOut::default()
        }
    );
    let mut twice = found.left_out;
    twice.add(&found.left_out);
    assert_eq!(twice.data, 4);
}

#[test]
fn frames_that_stand_in_the_page_are_read_to_a_depth() {
    assert_eq!(
        in_page(
            "<base href=/other/><iframe src=a.html srcdoc='<base href=/x/><img src=&quot;a.png&quot;>'></iframe><img src=b.png>"
        ),
        [
            "image https://a.example/x/a.png",
            "image https://a.example/other/b.png"
        ]
    );
    let mut html = "<img src=a.png>".to_owned();
    for depth in 0..5 {
        let found = of_page(&html, &page(), &limits());
        let is_read = depth <= limits().frames_within;
        assert_eq!(found.requisites.len(), usize::from(is_read), "{depth}");
        assert_eq!(found.left_out.not_read, u64::from(!is_read), "{depth}");
        let inner = html.replace('&', "&amp;").replace('"', "&quot;");
        html = format!("<iframe srcdoc=\"{inner}\"></iframe>");
    }
}

#[test]
fn xhtml_is_read_as_such_where_it_says_so() {
    let html = "<?xml version='1.0'?><?xml-stylesheet type='text/css' href=\"a.css?x&amp;y\"?>
        <html xmlns='http://www.w3.org/1999/xhtml'><script src='a.js'/><style><![CDATA[ p { background: url(b.png) } ]]></style>
        <img src='c.png'/></html>";
    assert_eq!(
        in_page(html),
        [
            "style a.css?x&y",
            "script a.js",
            "image b.png",
            "image c.png"
        ]
    );
    // As a browser reads it.
    assert_eq!(
        in_page("<script src='a.js'/><img src='c.png'/>"),
        ["script a.js"]
    );
}

#[test]
fn drawings_name_what_they_show() {
    let svg = r##"<?xml version="1.0"?><?xml-stylesheet href="a.css"?><!DOCTYPE svg [ <!ENTITY x "y"> ]>
        <svg xmlns="http://www.w3.org/2000/svg" xmlns:l="http://www.w3.org/1999/xlink">
        <style><![CDATA[ @import "b.css"; .a > b { fill: url(c.svg#x) } ]]></style>
        <style>p { background: url(&quot;d.png&quot;) }</style><title>x</title>
        <image xlink:href="e.png"/><svg:image xlink:href="f.png"/><use href="#z"/><use href="g.svg#z"/>
        <rect style="filter: url(h.svg#f)" fill="url(#p)"/><a href="not.html"><text>x</text></a>
        <script href="i.js"/><foreignObject><img src="j.png"/></foreignObject></svg>"##;
    assert_eq!(
        lines(&of_svg(svg, &page(), &limits())),
        [
            "style a.css",
            "style b.css",
            "image c.svg",
            "image d.png",
            "image e.png",
            "image f.png",
            "image g.svg",
            "image h.svg",
            "script i.js",
            "image j.png"
        ]
    );
}

#[test]
fn styles_name_what_they_show() {
    for (css, expected) in [
        ("a { background: url(x.png) }", "image x.png"),
        ("a { background: URL( 'x.png' ) }", "image x.png"),
        (
            "a{background:url(\"x.png\"),url(y.png)}",
            "image x.png, image y.png",
        ),
        (r"a{background:\75rl(x.png)}", "image x.png"),
        (r"a{background:u\72 l('x.png')}", "image x.png"),
        (r"a{background:url(a\)b.png)}", "image a)b.png"),
        (r"a{background:url('a\'b.png')}", "image a'b.png"),
        (r"a{background:url(\78.png)}", "image x.png"),
        ("a{background:url('a\\\nb.png')}", "image ab.png"),
        (
            "a{background:url(x y.png)} b{background:url(z.png)}",
            "image z.png",
        ),
        (
            "a{background:url(x'y.png)} b{background:url(z.png)}",
            "image z.png",
        ),
        (r#"a{background:url('x.png' "y.png")}"#, "image x.png"),
        (
            "a{background:url('x.png\n);b:c} b{background:url(z.png)}",
            "image z.png",
        ),
        ("a{background:url(x.png", "image x.png"),
        ("a{background:url('x.png", "image x.png"),
        ("a{background:url()} b{background:url('')}", ""),
        ("a{background:url(#x)} b{filter:url('#y')}", ""),
        (
            "/* url(x.png) */ a{background:/**/url(/*x*/y.png)}",
            "image https://a.example/*x*/y.png",
        ),
        ("a{content:'url(x.png)'}", ""),
        (
            "a{--x:url(x.png);mask:url(y.svg#m)}",
            "image x.png, image y.svg",
        ),
        (
            "a{background:image-set('x.png' 1x, url(y.png) 2x, 'z.avif' type('image/avif'))}",
            "image x.png, image y.png, image z.avif",
        ),
        (
            "a{background:-webkit-image-set(url(x.png) 1x)}",
            "image x.png",
        ),
        (
            "a{background:linear-gradient(red,blue),url(x.png)}",
            "image x.png",
        ),
        (
            "@media print{@supports (a:b){a{b{background:url(x.png)}}}}",
            "image x.png",
        ),
        (
            "a{behavior:url(x.htc);-moz-binding:url(y.xml#z);color:red;cursor:url(c.cur),auto}",
            "image c.cur",
        ),
        (
            "@font-face{font-family:x;src:url(f.eot);src:url('f.eot?#iefix') format('embedded-opentype'),url(f.woff2) format(\"woff2\"),local(x)}",
            "font f.eot, font f.eot?, font f.woff2",
        ),
        (
            "@font-face{src:url(f.woff)} a{background:url(x.png)}",
            "font f.woff, image x.png",
        ),
        (
            "@namespace url(http://www.w3.org/1999/xhtml); @namespace svg 'http://www.w3.org/2000/svg'; a{}",
            "",
        ),
        (
            "@-moz-document url(http://x.example/){a{background:url(x.png)}}",
            "image x.png",
        ),
        ("@supports (background:url(x.png)){a{}}", ""),
        ("@page{background:url(x.png)}", "image x.png"),
        ("@counter-style x{symbols:url(x.png)}", "image x.png"),
        ("<!-- a{background:url(x.png)} -->", "image x.png"),
        ("} a{background:url(x.png)}", "image x.png"),
        ("a{b:rgb(0} c:d); background:url(x.png)}", "image x.png"),
        ("a[href='url(x)']{background:url(x.png)}", "image x.png"),
        ("url(x.png) {}", ""),
        ("a{background:url(data:image/png;base64,AA==)}", ""),
    ] {
        assert_eq!(in_style(css).join(", "), expected, "{css}");
    }
}

#[test]
fn imports_count_before_all_else() {
    for (css, expected) in [
        ("@import 'x.css';", "style x.css"),
        ("@import url(x.css)", "style x.css"),
        (
            "@IMPORT url('x.css') screen and (min-width: 1px);",
            "style x.css",
        ),
        (
            "@import\"x.css\"layer(a.b) supports(background: url(y.png)) print;",
            "style x.css",
        ),
        (
            "@charset \"utf-8\"; @layer a, b; @import 'x.css'; @import 'y.css';",
            "style x.css, style y.css",
        ),
        ("/**/ <!-- @import 'x.css'; -->", "style x.css"),
        ("a{} @import 'x.css';", ""),
        ("@media all{@import 'x.css';}", ""),
        ("@namespace 'n'; @import 'x.css';", ""),
        ("@import x 'x.css'; @import 'y.css';", "style y.css"),
        ("@import ; a{background:url(x.png)}", "image x.png"),
        ("@import 'page?q';", ""),
    ] {
        assert_eq!(in_style(css).join(", "), expected, "{css}");
    }
    let cut = "@import 'x.css'; a{background:url(y.png)}";
    for end in 0..cut.len() {
        of_style(&cut[..end], &page(), &limits());
    }
}

#[test]
fn style_attributes_are_declarations() {
    for (style, expected) in [
        ("background:url(x.png)", "image x.png"),
        ("background-image: url(&quot;x.png&quot;)", "image x.png"),
        ("color:red;list-style:url('x.png') ; y:z", "image x.png"),
        ("@import url(x.css); background:url(x.png)", "image x.png"),
        ("} background:url(x.png)", "image x.png"),
        ("background:url(x.png", "image x.png"),
    ] {
        let html = format!("<p style=\"{style}\">");
        assert_eq!(in_page(&html).join(", "), expected, "{style}");
    }
}

#[test]
fn nesting_to_any_depth_is_no_recursion() {
    for (open, close) in [
        ("a{", "}"),
        ("(", ")"),
        ("[", "]"),
        ("f(", ")"),
        ("@media x{", "}"),
    ] {
        for end in ["", close] {
            let css = format!(
                "{}{} b{{background:url(x.png)}}",
                open.repeat(200_000),
                end.repeat(200_000)
            );
            let found = of_style(&css, &page(), &limits());
            assert_eq!(found.left_out.not_read, 1, "{open}");
            assert_eq!(
                found.requisites.len(),
                usize::from(!end.is_empty()),
                "{open}"
            );
        }
    }
    let html = "<div><svg><template>".repeat(100_000) + &"<iframe srcdoc='".repeat(100_000);
    of_page(&html, &page(), &limits());
}

#[test]
fn what_is_found_is_bounded() {
    let html = (0..10_000)
        .map(|n| format!("<img src={n}.png>"))
        .collect::<Vec<_>>()
        .concat();
    let found = of_page(&html, &page(), &limits());
    assert_eq!(found.requisites.len(), limits().requisites);
    assert_eq!(
        found.left_out.over_the_limit,
        10_000 - limits().requisites as u64
    );
    let few = Limits {
        address_bytes: 1000,
        ..limits()
    };
    let found = of_page(&html, &page(), &few);
    let bytes: usize = found
        .requisites
        .iter()
        .map(|requisite| requisite.url.as_str().len())
        .sum();
    assert!(bytes <= 1000 && found.requisites.len() > 20);

    let data = "A".repeat(50 << 20);
    let html = format!(
        "<img src='data:image/png;base64,{data}'><p style='background:url(data:image/png;base64,{data});color:red'><img src=a.png>"
    );
    let found = of_page(&html, &page(), &limits());
    assert_eq!(lines(&found), ["image a.png"]);
    assert_eq!((found.left_out.data, found.left_out.not_read), (2, 1));
    let css =
        format!("a{{background:url(data:image/png;base64,{data})}} b{{background:url('x.png')}}");
    let found = of_style(&css, &page(), &limits());
    assert_eq!(lines(&found), ["image x.png"]);
    assert_eq!(found.left_out.data, 1);
}

#[test]
fn kinds_have_names() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_name(kind.name()), Some(kind));
    }
    assert_eq!(Kind::from_name("document"), None);
}

/// Pieces of pages and styles, so that random texts have something in them.
const PIECES: &[&str] = &[
    "<img src=",
    "<link rel=stylesheet href=",
    "<base href=",
    "<style>",
    "</style>",
    "<svg>",
    "</svg>",
    "<template>",
    "</template>",
    "<iframe srcdoc=",
    "<script src=",
    "</script>",
    "<source srcset='",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?xml-stylesheet href=",
    "<p style=",
    "<a href=x.csv download>",
    "</a>",
    "'",
    "\"",
    ">",
    "/>",
    " ",
    "\n",
    "url(",
    ")",
    "@import ",
    "@font-face{src:",
    "{",
    "}",
    "[",
    "]",
    "(",
    ";",
    "\\",
    "/*",
    "*/",
    "data:",
    "javascript:",
    "http://b.example/",
    "//",
    "a.png",
    " 2x, ",
    " 640w, ",
    "#x",
    "&quot;",
    "é",
    "\u{0}",
    "image-set(",
    "http://[",
    "sizes='(min-width: 1px) 3px'",
];

proptest::proptest! {
    #[test]
    fn every_address_is_one_whatever_the_text(
        pieces in proptest::collection::vec(0..PIECES.len(), 0..60),
        any in "\\PC{0,20}",
    ) {
        let mut text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        text.push_str(&any);
        let few = Limits { requisites: 5, ..limits() };
        for read in [of_page, of_style, of_svg, downloads] {
            for limits in [&limits(), &few] {
                let found = read(&text, &page(), limits);
                assert!(found.requisites.len() <= limits.requisites);
                let mut seen = std::collections::HashSet::new();
                for requisite in &found.requisites {
                    let url = &requisite.url;
                    assert!(matches!(url.scheme(), "http" | "https"));
                    assert!(url.fragment().is_none() && url.username().is_empty() && url.host_str().is_some());
                    assert!(url.as_str().len() <= address::MAX_ADDRESS_BYTES);
                    assert!(seen.insert(url.clone()));
                }
                assert_eq!(found, read(&text, &page(), limits));
            }
        }
    }
}
