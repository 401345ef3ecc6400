//! `report --format html`: one file that needs nothing else, and in which words of strangers stay words.

use base64::Engine as _;
use regex::Regex;
use sha2::{Digest as _, Sha256};

use crate::fates;
use crate::support::Desk;
use crate::web::Page;

/// What a part of the file says, from its heading to the next.
fn part<'h>(html: &'h str, heading: &str) -> &'h str {
    let from = html
        .rfind(&format!("\">{heading} <span"))
        .unwrap_or_else(|| panic!("no part {heading}: {html}"));
    let rest = &html[from..];
    &rest[..rest.find("</section>").unwrap()]
}

/// Whether nothing in it asks for anything, and the policy forbids the rest.
#[track_caller]
fn needs_nothing(html: &str) {
    let policy = Regex::new(r#"<meta http-equiv="Content-Security-Policy" content="([^"]*)">"#);
    let policy = policy.unwrap().captures(html).unwrap()[1].replace("&#39;", "'");
    let style = &html[html.find("<style>").unwrap() + 7..html.find("</style>").unwrap()];
    let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
        )
    );
    for part in [
        "<script", "<link", "<img", "<iframe", "url(", "@import", "<style>",
    ] {
        let most = usize::from(part == "<style>");
        assert!(html.matches(part).count() <= most, "{part}");
    }
    let acting = Regex::new(r"<[a-z][^>]*\s(?:on[a-z]+|src|style)=").unwrap();
    assert!(!acting.is_match(html), "{:?}", acting.find(html));
}

/// The addresses that it leads to.
fn links(html: &str) -> Vec<String> {
    let link = Regex::new(r#"href="([^"]*)""#).unwrap();
    link.captures_iter(html)
        .map(|found| found[1].to_owned())
        .collect()
}

#[test]
fn a_report_to_be_mailed_has_all_that_is_needed_to_mend_a_post() {
    let desk = fates::desk();
    desk.page(
        "quoted.test",
        "/report",
        "The council counted 14 wells in the old town in May",
    );
    desk.file(
        "posts/three.md",
        "---\ntitle: Wells & springs\n---\n\nThe council \"counted 14 wells in the old town in May\" \
         ([its report](https://quoted.test/report)), as it says.\n",
    );
    desk.run("run posts").exits(0);
    desk.page(
        "quoted.test",
        "/report",
        "The council counted 9 wells in the old town in May",
    );
    desk.web.remove("alive.test", "/alive");
    for day in [4, 8, 12, 16] {
        desk.day(day).run("run posts");
    }
    let html = desk.run("report --format html --peek").exits(0).out;
    needs_nothing(&html);
    assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
    // How all stands, and how it went.
    for figure in ["<span class=\"figure\">", "as a table</summary>", "<svg"] {
        assert!(html.contains(figure), "{figure}");
    }
    let dead = part(&html, "Newly confirmed dead");
    for words in [
        "href=\"https://alive.test/alive\"",
        "The server says that there is no such page (404).",
        "404 Not Found",
        "· confirmed ·",
        "posts/one.md",
        "“See <strong>the alive page</strong>.”",
        "Use instead",
        "/web/20260105080000/https://alive.test/alive",
    ] {
        assert!(dead.contains(words), "{words}: {dead}");
    }
    let lost = part(&html, "Quotes lost");
    for words in [
        "<del>14</del>",
        "<ins>9</ins>",
        "a number",
        "Wells &#38; springs",
        "line 5",
        "the last that says what is quoted",
        // Not the newest, which does not say it.
        "/web/20260105080000/https://quoted.test/report",
    ] {
        assert!(lost.contains(words), "{words}: {lost}");
    }
    assert!(!lost.contains("/web/20260109"), "{lost}");
    // What was broken before is a sum; what is fine is counted.
    let sums = part(&html, "Broken before it was added");
    assert!(sums.contains("4 of 13 sources"), "{sums}");
    let rest = &html[html.find("What is not listed here").unwrap()..];
    assert!(
        rest.contains("1 source that is fine, or not visited yet."),
        "{rest}"
    );
    assert!(
        rest.contains("2026-01-21T08:00:00Z") && rest.contains("<code>sourcekeep.db</code>"),
        "{rest}"
    );
    assert!(!html.contains("href=\"http://plain.test/secure\""));
    // The flags are those of the other formats.
    let all = desk.run("report --format html --all --peek").exits(0).out;
    assert!(part(&all, "Fine, or not visited yet").contains("href=\"http://plain.test/secure\""));
    assert_eq!(all.matches("<article").count(), 13);
    let only = desk
        .run("report --format html --only legal --since 30d")
        .exits(0)
        .out;
    assert_eq!(only.matches("<article").count(), 1);
    assert!(
        only.contains("Only legal; what changed since 2025-12-22T08:00:00Z."),
        "{only}"
    );
    assert!(
        only.contains("12 sources that are not asked for."),
        "{only}"
    );
    let none = desk.run("report --format html --only paywall").exits(0).out;
    assert!(none.contains("No source is of that kind."), "{none}");
    needs_nothing(&none);
}

#[test]
fn words_of_strangers_stay_words_in_a_file_to_be_mailed() {
    let desk = Desk::new();
    let evil = "\"><script>run()</script><img src=x onerror=run()></style>\u{202e}\u{1b}[31m";
    desk.web.page(
        "a.test",
        "/page",
        Page::html(format!("<title>{evil}</title><p>Words {evil}")),
    );
    desk.web.page("b.test", "/", Page::html("<title>This domain is for sale</title><p>Buy this domain: b.test is for sale at a parking company."));
    let feed = format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>x</title><link>https://blog.test/</link>\
         <item><title>{}</title><link>javascript:run()//post</link><guid>javascript:run()</guid><description>\
         &lt;p&gt;&lt;a href=\"https://a.test/page?&amp;quot;onmouseover=run()\"&gt;{}&lt;/a&gt; and &lt;a href=\"javascript:run()\"&gt;x&lt;/a&gt; \
         &lt;a href=\"https://a.test/page\"&gt;y&lt;/a&gt; &lt;a href=\"https://user:secret@a.test/page\"&gt;z&lt;/a&gt;&lt;/p&gt;</description></item></channel></rss>",
        evil.replace('\u{1b}', "").replace('<', "&lt;"),
        evil.replace('\u{1b}', "").replace('<', "&amp;lt;"),
    );
    desk.web.page(
        "blog.test",
        "/feed.xml",
        Page::bytes("application/rss+xml", feed),
    );
    desk.file(
        "posts/<b>&\"'.md",
        format!(
            "# {evil}\n\n[{}](https://a.test/page) [x](javascript:run())",
            evil.replace(']', "")
        ),
    );
    desk.run("run posts https://blog.test/feed.xml");
    desk.run("mark https://a.test/page dead --note <script>run()</script>")
        .exits(0);
    let html = desk.run("report --format html --all --peek").exits(0).out;
    assert!(html.matches("<article").count() >= 2, "{html}");
    assert!(html.contains("&#60;script&#62;run()"), "{html}");
    needs_nothing(&html);
    assert!(!html.contains('\u{1b}') && !html.contains('\u{202e}'));
    assert!(!html.contains("secret"), "{html}");
    for link in links(&html) {
        assert!(
            link.starts_with("https://") || link.starts_with('#'),
            "{link}"
        );
    }
}

/// However many sources there are, no more than some are listed, and it is said how many are not.
#[test]
fn what_is_left_out_is_counted() {
    let desk = Desk::new();
    let addresses: Vec<String> = (0..230).map(|n| format!("https://h.test/{n}")).collect();
    let all: Vec<&str> = addresses.iter().map(String::as_str).collect();
    for n in 0..230 {
        desk.web.page("h.test", &format!("/{n}"), Page::empty(403));
    }
    desk.post("posts/a.md", &all);
    desk.run("run posts");
    let html = desk.run("report --format html --peek").exits(0).out;
    assert_eq!(html.matches("<article").count(), 200);
    assert!(html.contains("… and 30 more"), "{html}");
    assert!(
        html.contains("30 sources of the parts above that have more than 200"),
        "{html}"
    );
    let html = desk.run("report --format html --all --peek").exits(0).out;
    assert_eq!(html.matches("<article").count(), 230);
    assert!(!html.contains("What is not listed here"), "{html}");
}
