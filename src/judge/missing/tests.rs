//! Pages that are not what was asked for, and pages that only look so.

use super::super::around::{Around, Sink};
use super::super::tests::{chain, facts, hop};
use super::super::{Verdict, features, judge};
use super::*;
use crate::fetch::Facts;

const SOURCE: &str = "https://paper.example/2012/05/how-rivers-bend-and-why";

fn drawn(html: &str) -> Features {
    let url = Url::parse(SOURCE).unwrap();
    features(html, Some("text/html"), &url, Rules::built_in())
}

fn seen(status: u16) -> Facts {
    facts(vec![hop(SOURCE, status, &[])])
}

fn verdict(
    page: &Features,
    baseline: Option<&Features>,
    around: &Around,
    facts: &Facts,
) -> Verdict {
    let address = Url::parse(SOURCE).unwrap();
    let mut case = Case::new(&address, facts);
    case.features = Some(page);
    case.baseline = baseline;
    case.around = around;
    judge(&case)
}

fn code(html: &str) -> Code {
    verdict(&drawn(html), None, &Around::default(), &seen(200)).code
}

fn page(title: &str, heading: &str, text: &str) -> String {
    format!("<html><title>{title}</title><body><h1>{heading}</h1><p>{text}</p></body></html>")
}

/// An article of a few hundred words that no other seed has.
fn article(title: &str, seed: u32) -> String {
    let sentences: Vec<String> = (0..60)
        .map(|at| {
            let n = seed * 10_000 + at * 7919 % 9973;
            format!("<p>Sentence {n} tells of place{n}a and of thing{n}b, that people{n} went to in year{n}c.</p>")
        })
        .collect();
    let text = sentences.concat();
    format!(
        "<html lang=en><title>{title} | The Paper</title><body><article><h1>{title}</h1>{text}</article>"
    )
}

#[test]
fn pages_that_say_so_in_many_languages() {
    for (title, heading, text) in [
        (
            "404 Not Found",
            "Not Found",
            "The requested URL /a was not found on this server.",
        ),
        (
            "Page not found | The Paper",
            "Page not found",
            "Try the search.",
        ),
        (
            "The page you were looking for doesn't exist (404)",
            "The page you were looking for doesn't exist.",
            "You may have mistyped the address or the page may have moved.",
        ),
        (
            "404: This page could not be found",
            "404",
            "This page could not be found.",
        ),
        (
            "HTTP Status 404 – Not Found",
            "HTTP Status 404 – Not Found",
            "The origin server did not find a current representation for the target resource.",
        ),
        (
            "Seite nicht gefunden",
            "Seite nicht gefunden",
            "Die Seite gibt es nicht.",
        ),
        ("Sidan hittades inte", "Sidan finns inte längre", ""),
        ("Stránka nenalezena - Deník", "Stránka nebyla nalezena", ""),
        (
            "Az oldal nem található",
            "404 hiba",
            "A keresett oldal nem található.",
        ),
        ("Η σελίδα δεν βρέθηκε", "Η σελίδα δεν βρέθηκε", ""),
        ("Sayfa bulunamadı", "Aradığınız sayfa bulunamadı", ""),
        (
            "Сторінку не знайдено",
            "Помилка 404",
            "Такої сторінки не існує.",
        ),
        ("404 - ไม่พบหน้าที่คุณต้องการ", "ไม่พบหน้าที่คุณต้องการ", ""),
        (
            "Không tìm thấy trang",
            "404",
            "Trang bạn yêu cầu không tồn tại.",
        ),
        ("페이지를 찾을 수 없습니다", "페이지를 찾을 수 없습니다", ""),
        (
            "Halaman tidak ditemukan",
            "Halaman tidak ditemukan",
            "Maaf.",
        ),
        ("הדף לא נמצא", "שגיאה 404", "הדף שחיפשת לא נמצא"),
        ("صفحه یافت نشد", "خطای ۴۰۴", "صفحه مورد نظر شما یافت نشد."),
        ("पृष्ठ नहीं मिला", "पृष्ठ नहीं मिला", ""),
    ] {
        assert_eq!(code(&page(title, heading, text)), Code::Soft404, "{title}");
    }
    for text in ["404 page not found", "Not Found", "File not found."] {
        assert_eq!(code(&format!("<body>{text}")), Code::Soft404, "{text}");
    }
}

#[test]
fn living_pages_that_speak_of_it() {
    let long =
        "The river turned twice below the mill, and nobody had written down why. ".repeat(12);
    for html in [
        page("404", "Room 404", &long),
        page("Not found: how the library lost a book", "Not found", &long),
        page(
            "The page that could not be found",
            "The page that could not be found in 1790",
            &long,
        ),
        page("Error 404", "Error 404", &long),
        page("Sorry", "Sorry", "We close at five."),
        page("Oops", "My first poem", "Oops, I dropped a cup."),
        page("Search", "Results", "No results found for rivers."),
        page("Missing", "Missing", "A dog, brown, answers to Ben."),
        page(
            "Home",
            "Welcome",
            "See the sitemap. We are sorry for the dust.",
        ),
        "<body>hello".to_owned(),
        "<body><img src=a.png>".to_owned(),
    ] {
        assert_eq!(code(&html), Code::Alive, "{html}");
    }
    let again = drawn(&article("Page not found", 1));
    let verdict = verdict(&again, Some(&again), &Around::default(), &seen(200));
    assert_eq!(verdict.code, Code::Alive, "{verdict:?}");
}

#[test]
fn the_earlier_capture_saves_and_condemns() {
    let before = drawn(&article("How rivers bend", 2));
    // The words of a notice above the text, as a broken theme has them.
    let broken = article("How rivers bend", 2).replace("<h1>", "<h2>Page not found</h2><h1>");
    let now = drawn(&broken);
    let fine = verdict(&now, Some(&before), &Around::default(), &seen(200));
    assert_eq!(fine.code, Code::Alive, "{fine:?}");
    // A joke says nothing by itself.
    let joke = drawn(&page("The Paper", "Looks like you're lost", ""));
    let alone = verdict(&joke, None, &Around::default(), &seen(200));
    assert_eq!(alone.code, Code::Alive);
    let gone = verdict(&joke, Some(&before), &Around::default(), &seen(200));
    assert_eq!(gone.code, Code::Soft404, "{gone:?}");
    assert!(gone.evidence.iter().any(|sign| sign.is(Rule::BaselineGone)));
    // A capture that says "not found" itself does not save.
    let missing = drawn(&page(
        "Page not found",
        "Page not found",
        "It does not exist.",
    ));
    let same = verdict(&missing, Some(&missing), &Around::default(), &seen(200));
    assert_eq!(same.code, Code::Soft404);
}

#[test]
fn a_status_does_not_kill_what_is_there() {
    let before = drawn(&article("How rivers bend", 3));
    for status in [404, 410] {
        let kept = verdict(&before, Some(&before), &Around::default(), &seen(status));
        assert_eq!(kept.code, Code::Alive, "{status}");
        assert!(kept.evidence[0].is(Rule::KeptDespiteStatus));
        let other = drawn(&article("Other news", 4));
        let gone = verdict(&other, Some(&before), &Around::default(), &seen(status));
        assert_eq!(gone.code.group(), super::super::Group::Gone);
        let unknown = verdict(&before, None, &Around::default(), &seen(status));
        assert_eq!(unknown.code.group(), super::super::Group::Gone);
    }
}

fn sibling(status: u16, end: &str, page: Option<&Features>) -> Around {
    Around {
        sibling: Some(Sibling {
            url: "https://paper.example/2012/05/x7f3kq9d2c".to_owned(),
            status,
            final_url: end.to_owned(),
            body_sha256: None,
            features: page.cloned(),
        }),
        ..Around::default()
    }
}

#[test]
fn a_made_up_address_beside_it() {
    let made_up = "https://paper.example/2012/05/x7f3kq9d2c";
    let before = drawn(&article("How rivers bend", 5));
    let other = drawn(&article("All our stories", 6));
    let same = sibling(200, made_up, Some(&other));
    // The same page at any address, and nothing of what was there.
    let gone = verdict(&other, Some(&before), &same, &seen(200));
    assert_eq!(gone.code, Code::Soft404, "{gone:?}");
    // By itself it does not decide: a site of one page is the same at every address.
    assert_eq!(verdict(&other, None, &same, &seen(200)).code, Code::Alive);
    // It was so when it was captured.
    assert_eq!(
        verdict(&other, Some(&other), &same, &seen(200)).code,
        Code::Alive
    );
    let notice = drawn(&page(
        "The Paper",
        "Page not found",
        &"Read this instead. ".repeat(4),
    ));
    let honest = verdict(&notice, None, &sibling(404, made_up, None), &seen(200));
    assert!(
        honest
            .evidence
            .iter()
            .any(|sign| sign.is(Rule::SiblingMissing))
    );
}

#[test]
fn where_redirects_end() {
    let before = drawn(&article("How rivers bend", 7));
    let section = drawn(&article("Our May stories", 8));
    let to_section = chain(302, &[SOURCE, "https://paper.example/2012/05/"]);
    let alone = verdict(&section, None, &Around::default(), &to_section);
    assert_eq!(alone.code, Code::Alive, "{alone:?}");
    let gone = verdict(&section, Some(&before), &Around::default(), &to_section);
    assert_eq!(gone.code, Code::Soft404, "{gone:?}");
    let kept = verdict(&before, Some(&before), &Around::default(), &to_section);
    assert_eq!(kept.code, Code::Alive, "{kept:?}");
    let elsewhere = chain(301, &[SOURCE, "https://paper.example/welcome"]);
    let sink = |sources| Around {
        sink: Some(Sink { sources }),
        ..Around::default()
    };
    let many = verdict(&section, Some(&before), &sink(5), &elsewhere);
    assert_eq!(many.code, Code::Soft404, "{many:?}");
    let unknown = verdict(&section, None, &sink(1), &elsewhere);
    assert_ne!(unknown.code, Code::Soft404);
    let moved = verdict(&before, Some(&before), &sink(5), &elsewhere);
    assert_eq!(moved.code, Code::Moved, "{moved:?}");
}

#[test]
fn data_that_says_so() {
    let url = Url::parse(SOURCE).unwrap();
    let of = |text: &str, kind: &str| features(text, Some(kind), &url, Rules::built_in());
    let code = |text: &str, kind: &str| {
        verdict(&of(text, kind), None, &Around::default(), &seen(200)).code
    };
    for json in [
        r#"{"error": {"code": 404, "message": "no"}}"#,
        r#"{"errors": [{"status": "404"}]}"#,
        r#"[{"code": "NOT_FOUND"}]"#,
        r#"{"message": "Page not found"}"#,
    ] {
        assert_eq!(code(json, "application/json"), Code::Soft404, "{json}");
    }
    for json in [
        r#"{"status": 200, "message": "ok"}"#,
        r#"{"title": "Not found in the archive: three letters", "year": 1790}"#,
        r#"{"items": [{"code": 404}]}"#,
        r#"{"status": "ok"}"#,
        "[]",
        "{",
    ] {
        assert_eq!(code(json, "application/json"), Code::Alive, "{json}");
    }
    let xml = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>";
    assert_eq!(code(xml, "application/xml"), Code::Soft404);
}

/// What is said of a page at an address of its own.
fn code_at(address: &str, body: &str, media_type: &str, baseline: Option<&Features>) -> Code {
    let address = Url::parse(address).unwrap();
    let page = features(body, Some(media_type), &address, Rules::built_in());
    let facts = facts(vec![hop(address.as_str(), 200, &[])]);
    let mut case = Case::new(&address, &facts);
    case.features = Some(&page);
    case.baseline = baseline;
    judge(&case).code
}

#[test]
fn pages_about_the_words_that_their_addresses_have() {
    for (address, title, heading, text) in [
        (
            "https://docs.example/en-US/HTTP/Status/404",
            "404 Not Found - HTTP | Docs",
            "404 Not Found",
            "The status says that the server cannot find the requested resource.",
        ),
        (
            "https://words.example/wiki/Not_found",
            "not found - Words, the free dictionary",
            "not found",
            "Adjective. Not able to be located.",
        ),
        (
            "https://lyrics.example/bluebells/page-not-found",
            "Page Not Found",
            "Page Not Found",
            "I typed your name into the night, page not found, page not found",
        ),
        (
            "https://forum.example/topic/page-not-found-128/",
            "Page not found",
            "Page not found",
            "When I click on my shop it says page not found. Help?",
        ),
        (
            "https://shop.example/p/404",
            "404",
            "404",
            "Ceramic mug with blue glaze, dishwasher safe. In stock.",
        ),
    ] {
        let html = page(title, heading, text);
        assert_eq!(
            code_at(address, &html, "text/html", None),
            Code::Alive,
            "{address}"
        );
        // In the place of something else it says what it says.
        let before = drawn(&article("A very long walk", 7));
        let code = code_at(address, &html, "text/html", Some(&before));
        assert_eq!(code, Code::Soft404, "{address}");
    }
    let gone = page("404 Not Found", "Not Found", "The page was not found.");
    for address in [
        "https://a.example/gone-girl-review",
        "https://a.example/404/x/y",
    ] {
        assert_eq!(code_at(address, &gone, "text/html", None), Code::Soft404);
    }
}

#[test]
fn records_that_bear_what_errors_bear() {
    let address = "https://api.example/v1/things/7";
    for json in [
        r#"{"code":"404","name":"Kenya"}"#,
        r#"[{"code":404,"city":"Atlanta"}]"#,
        r#"{"title":"Page Not Found","artist":"The Bluebells","year":2014}"#,
        r#"{"name":"not-found","version":"1.0.2","description":"a handler"}"#,
        r#"{"url":"http://x.example/","status":404,"archived":true}"#,
        r#"{"id":1,"number":213,"title":"Page not found","state":"closed","body":"The link is dead"}"#,
        r#"{"error":null,"data":{"id":404}}"#,
        r#"{"error":false,"message":"ok"}"#,
    ] {
        let code = code_at(address, json, "application/json", None);
        assert_eq!(code, Code::Alive, "{json}");
    }
    let feed = "<rss><channel><title>Questions</title><item><title>Page not found</title></item></channel></rss>";
    assert_eq!(
        code_at(address, feed, "application/rss+xml", None),
        Code::Alive
    );
    for json in [
        r#"{"errors":"Not Found"}"#,
        r#"{"errors":["Not Found"],"error_type":"not_found"}"#,
        r#"{"code":404,"message":"Not Found","trace":"abc","shard":4}"#,
        r#"{"success":false,"code":404,"anything":1}"#,
        r#"{"error":{"code":404,"name":"x"},"jsonrpc":"2.0"}"#,
    ] {
        let code = code_at(address, json, "application/json", None);
        assert_eq!(code, Code::Soft404, "{json}");
    }
    let error =
        "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>";
    assert_eq!(
        code_at(address, error, "application/xml", None),
        Code::Soft404
    );
}

#[test]
fn a_subject_that_begins_with_a_code() {
    let band = page(
        "Error 404 – Discography",
        "Error 404 – Discography",
        "Error 404 was a band from Leeds that played from 1994 to 2003. Its name goes back to the words \
         “page not found”, which the singer met in a library.",
    );
    assert!(
        code(&band).group() != crate::judge::Group::Gone,
        "{:?}",
        code(&band)
    );
    let lost = page(
        "404 – Page not found",
        "404 – Page not found",
        "Try the search.",
    );
    assert_eq!(code(&lost), Code::Soft404);
}
