//! Pages that collapsed, and small pages that did not.

use super::super::tests::{facts, hop};
use super::super::{Rules, Verdict, features, judge};
use super::*;

const SOURCE: &str = "https://paper.example/2012/05/how-rivers-bend-and-why";

fn drawn(html: &str) -> Features {
    let url = Url::parse(SOURCE).unwrap();
    features(html, Some("text/html"), &url, Rules::built_in())
}

fn verdict(page: &Features, baseline: Option<&Features>) -> Verdict {
    let address = Url::parse(SOURCE).unwrap();
    let facts = facts(vec![hop(SOURCE, 200, &[])]);
    let mut case = Case::new(&address, &facts);
    case.features = Some(page);
    case.baseline = baseline;
    judge(&case)
}

fn article() -> Features {
    let sentences: Vec<String> = (0..60)
        .map(|n| {
            format!(
                "<p>Sentence {n} tells of place{n}a and of thing{n}b, that people{n} went to.</p>"
            )
        })
        .collect();
    let text = sentences.concat();
    drawn(&format!(
        "<title>How rivers bend</title><body><article><h1>How rivers bend</h1>{text}</article>"
    ))
}

#[test]
fn kinds_that_need_no_earlier_capture() {
    for (html, rule) in [
        (
            "<title>App</title><body><noscript>You need to enable JavaScript to run this app.</noscript><div id=\"root\"></div><script src=a.js></script>",
            Rule::EmptyShell,
        ),
        (
            "<title>Zeitung</title><body><p>Bitte aktivieren Sie JavaScript</p><div id=\"app\"></div><script src=a.js></script>",
            Rule::EmptyShell,
        ),
        (
            "<title>Loading...</title><body><div>Loading...</div><script src=a.js></script>",
            Rule::LoadingPage,
        ),
        (
            "<title>The Paper</title><body>Загрузка…<script src=a.js></script>",
            Rule::LoadingPage,
        ),
        (
            "<title>Redirecting</title><body>Redirecting to the new page",
            Rule::RedirectStub,
        ),
        (
            "<meta http-equiv=refresh content='0; url=https://other.example/a'><body>Please wait a moment",
            Rule::RedirectStub,
        ),
        (
            "<title>Service Unavailable</title><body><h1>Service Unavailable</h1><p>Please try again later.",
            Rule::SoftServerError,
        ),
        (
            "<body>Error establishing a database connection",
            Rule::SoftServerError,
        ),
        (
            "<title>Wartungsarbeiten</title><body><h1>Wartungsarbeiten</h1><p>Bitte versuchen Sie es später.",
            Rule::SoftServerError,
        ),
        (
            "<title>We have moved</title><body><h1>We have moved</h1><p>Our <a href=https://new.example/>new site</a> is here.",
            Rule::MovedNotice,
        ),
    ] {
        let verdict = verdict(&drawn(html), None);
        assert_eq!(verdict.code, Code::Collapsed, "{html}: {verdict:?}");
        assert!(verdict.evidence[0].is(rule), "{html}: {verdict:?}");
    }
}

#[test]
fn kinds_against_an_earlier_capture() {
    let before = article();
    for (html, rule) in [
        (
            "<title>How rivers bend</title><body><h1>How rivers bend</h1>",
            Rule::HeadingOnly,
        ),
        (
            "<title>How rivers bend</title><body><h1>How rivers bend</h1><p>Read it <a href=/new/a>in our archive of stories</a>.",
            Rule::MovedNotice,
        ),
        (
            "<title>Widgets</title><body><p>Widgets are made in four sizes, and sold by the dozen. Each has a handle, a lid, and a guarantee of five years.",
            Rule::ContentReplaced,
        ),
    ] {
        let now = verdict(&drawn(html), Some(&before));
        assert_eq!(now.code, Code::Collapsed, "{html}: {now:?}");
        assert!(now.evidence[0].is(rule), "{html}: {now:?}");
        assert_eq!(verdict(&drawn(html), None).code, Code::Alive, "{html}");
    }
    assert_eq!(verdict(&before, Some(&before)).code, Code::Alive);
}

#[test]
fn small_pages_that_are_there() {
    for html in [
        "<body>hello",
        "<title>A poem</title><body><h1>A poem</h1><p>The river bends.<script src=count.js></script>",
        "<title>Loading dock</title><body><h1>Loading dock</h1><p>Open from five to nine, every day but Sunday.",
        "<title>Error bars</title><body><h1>Error bars</h1><p>They show the spread.",
        "<title>Contact</title><body><p>We have a new address: 4 Mill Lane.",
        "<title>Hours</title><body><p>The museum is closed on Mondays. Call us to try again later in the year.",
        "<title>Maintenance</title><body><h1>Bicycle maintenance for beginners</h1><p>Clean the chain first.",
    ] {
        let verdict = verdict(&drawn(html), None);
        assert_eq!(verdict.code, Code::Alive, "{html}: {verdict:?}");
    }
}

/// What is said of a page at an address of its own, of which nothing is known.
fn code_at(address: &str, html: &str) -> Code {
    let address = Url::parse(address).unwrap();
    let page = features(html, Some("text/html"), &address, Rules::built_in());
    let facts = facts(vec![hop(address.as_str(), 200, &[])]);
    let mut case = Case::new(&address, &facts);
    case.features = Some(&page);
    judge(&case).code
}

#[test]
fn small_pages_named_like_an_error() {
    for (address, html) in [
        (
            "https://films.example/title/tt0022905/",
            "<title>Forbidden (1932) - Films</title><h1>Forbidden</h1><p>A librarian falls for a married politician.",
        ),
        (
            "https://music.example/album/77",
            "<title>Error - Single by The Warning | Music</title><h1>Error</h1><p>14 songs. Listen now.",
        ),
        (
            "https://words.example/scheduled-maintenance",
            "<title>Scheduled maintenance | Words</title><h1>Scheduled maintenance</h1><p>Of an elevator: ropes, brakes, doors.",
        ),
        (
            "https://music.example/song/access-denied",
            "<title>Access Denied</title><h1>Access Denied</h1><p>A song by Ensemble, released 2019.",
        ),
        (
            "https://forum.example/questions/1234/access-denied",
            "<title>Access denied - Forum</title><h1>Access denied</h1><p>When I try to delete a folder it says so. What can I do?",
        ),
        (
            "https://blog.example/2011/05/back-soon",
            "<title>Back soon</title><h1>Back soon</h1><p>I am on holiday until June. Here is my dog.<img src=dog.jpg>",
        ),
    ] {
        assert_eq!(code_at(address, html), Code::Alive, "{address}");
    }
    let html = "<title>Scheduled maintenance</title><h1>Scheduled maintenance</h1><p>Please try again later.";
    assert_eq!(code_at(SOURCE, html), Code::Collapsed);
}

#[test]
fn pages_that_a_server_filled_and_scripts_only_use() {
    let ask = "<noscript>You need to enable JavaScript to run this app.</noscript><script src=a.js></script>";
    for text in [
        "<h1>Winter</h1><p>The harbour was built by merchants in old days.</p>",
        "<h1>Unit converter</h1><input type=number><button>Convert</button>",
    ] {
        let html = format!("<title>A page</title><div id=root>{text}</div>{ask}");
        assert_eq!(code_at(SOURCE, &html), Code::Alive, "{text}");
    }
    let html = format!("<title>A page</title><div id=root></div>{ask}");
    assert_eq!(code_at(SOURCE, &html), Code::Collapsed);
}

#[test]
fn a_front_page_in_the_place_of_an_article() {
    let text = |seed: u32, words: u32| -> String {
        (0..words).fold(String::new(), |text, at| {
            format!("{text} word{}x{at} that", seed * 31)
        })
    };
    let page = |title: &str, text: &str| {
        drawn(&format!(
            "<title>{title}</title><body><h2>News</h2><p>{text}</p>"
        ))
    };
    let before = page("How rivers bend | The Paper", &text(1, 200));
    let front = page("The Paper", &text(2, 200));
    let verdict_of = |now: &Features| verdict(now, Some(&before));
    let seen = verdict_of(&front);
    assert_eq!(seen.code, Code::Collapsed);
    assert!(seen.evidence[0].is(Rule::ContentReplaced));
    for (title, now) in [
        ("The Paper", text(1, 200)),
        ("The Paper", text(1, 60)),
        ("How rivers bend | The Paper", text(2, 200)),
        ("How rivers bend", text(2, 200)),
        ("Wie Flüsse sich winden | The Paper", text(2, 200)),
    ] {
        assert_eq!(verdict_of(&page(title, &now)).code, Code::Alive, "{title}");
    }
    let headed = format!(
        "<title>The Paper</title><body><h1>How rivers bend</h1><p>{}</p>",
        text(2, 200)
    );
    assert_eq!(verdict_of(&drawn(&headed)).code, Code::Alive);
}

#[test]
fn absurd_numbers_in_stored_features() {
    let most = Features {
        main_words: u64::MAX,
        words: u64::MAX,
        text_chars: u64::MAX,
        link_chars: u64::MAX,
        links: u32::MAX,
        frames: u32::MAX,
        scripts: u32::MAX,
        ..article()
    };
    let none = Features {
        words: 0,
        main_words: 0,
        ..most.clone()
    };
    for page in [&most, &none, &article()] {
        for baseline in [None, Some(&most), Some(&none)] {
            verdict(page, baseline);
        }
    }
}
