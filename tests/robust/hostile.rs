//! Words of strangers that would steer a terminal or a spreadsheet.

use super::*;
use crate::web::Page;

const EVIL: &str =
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}gnirts\u{2066}\u{200b}\r\u{8}=cmd|' /C calc'!A0";

#[track_caller]
fn is_harmless(said: &Said) {
    let is_bad = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    for text in [&said.out, &said.err] {
        assert!(!text.contains(is_bad), "{text:?}");
    }
}

fn hostile_web() -> (Web, Place) {
    let web = Web::start();
    let page = Page::html(format!("<title>{EVIL}</title><p>{}", "words ".repeat(100)))
        .header("server", b"\x9b31m evil \xff")
        .header("etag", b"\"\x80\x9b2J\"");
    web.page("a.test", "/evil", page);
    web.page("b.test", "/gone", Page::html(EVIL).status(404));
    web.page(
        "c.test",
        "/moved",
        Page::redirect(301, b"/\x9b31m\xe2\x80\xae"),
    );
    web.page(
        "d.test",
        "/raw",
        Page::raw(b"\x1b[2J\x9b nonsense\r\n\r\n".to_vec()),
    );
    let feed = format!(
        "<rss version=\"2.0\"><channel><title>{0}</title><item><title>{0}</title><link>http://feed.test/1</link>\
         <description><![CDATA[<a href=\"http://b.test/gone\">x</a>]]></description></item></channel></rss>",
        EVIL.replace(['\u{1b}', '\u{7}', '\u{8}'], "")
    );
    web.page(
        "feed.test",
        "/feed",
        Page::bytes("application/rss+xml", feed),
    );
    let place = Place::at(&web);
    let html = format!(
        "<title>{EVIL}</title><p>{EVIL} <a rel=\"{EVIL}\" href=\"http://a.test/evil\">{EVIL} | <b>x</b> | [y](z)</a>\n\
         <a href=\"http://b.test/gone\">{EVIL}</a> <a href=\"http://c.test/moved\">=1+1</a> <a href=\"http://d.test/raw\">@x</a>\n\
         <a href=\"http://[{EVIL}/\">bad</a> <a href=\"http://a.test/{EVIL}\">path</a>\n<blockquote>{EVIL}</blockquote>"
    );
    place.write(
        &format!("posts/{}.html", "\u{1b}[31m\u{202e}evil\n=x"),
        html,
    );
    (web, place)
}

#[test]
fn nothing_of_it_reaches_a_terminal() {
    let (_web, place) = hostile_web();
    is_harmless(&place.says(&["links", "posts"]).ended(0));
    is_harmless(&place.says(&["links", "posts", "--left-out"]).ended(0));
    is_harmless(&place.says(&["links", "http://feed.test/feed"]).ended(0));
    let said = place
        .says(&["--verbose", "run", "posts", "http://feed.test/feed"])
        .ended(0);
    is_harmless(&said);
    for args in [
        &["report", "--all"][..],
        &["report", "--all", "--format", "markdown"],
        &["report", "--all", "--format", "csv"],
        &["links", "posts", "--format", "csv"],
        &["inputs"],
        &["check", "--all"],
        &[
            "check",
            "http://a.test/evil",
            "http://b.test/gone",
            "http://c.test/moved",
            "http://d.test/raw",
        ],
        &["show", "http://a.test/evil"],
        &["show", "http://b.test/gone"],
        &["show", "http://c.test/moved"],
        &["show", "http://d.test/raw"],
    ] {
        let said = place.says(args).ended(0);
        assert!(!said.out.is_empty());
        is_harmless(&said);
    }
    for args in [
        &["show", "http://none.test/\u{1b}[31m\u{9b}x"][..],
        &["links", "no\u{1b}[31m\u{202e}such"],
        &["add", "no\u{1b}[31m\u{202e}such"],
        &["remove", "no\u{1b}[31m\u{202e}such"],
        &["check", "http://[\u{1b}[31m\u{202e}/"],
    ] {
        let said = place.says(args);
        assert_ne!(said.code, Some(0));
        assert!(!said.err.is_empty());
        is_harmless(&said);
    }
}

#[test]
fn no_cell_is_a_formula_and_no_markup_breaks_the_table() {
    let (_web, place) = hostile_web();
    place.says(&["run", "posts"]).ended(0);
    for args in [
        &["report", "--all", "--format", "csv"][..],
        &["links", "posts", "--format", "csv"],
    ] {
        let said = place.says(args).ended(0);
        let mut rows = csv::ReaderBuilder::new().from_reader(said.out.as_bytes());
        let mut cells = 0;
        for row in rows.records() {
            for cell in &row.unwrap() {
                assert!(
                    !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                    "{cell:?}"
                );
                cells += 1;
            }
        }
        assert!(cells > 20);
    }
    let said = place
        .says(&["report", "--all", "--format", "markdown"])
        .ended(0);
    for row in said.out.lines().filter(|line| line.starts_with("| ")) {
        let bars = row.replace("\\|", "").matches('|').count();
        assert_eq!(bars, 6, "{row}");
    }
}
