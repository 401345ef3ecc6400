//! robots.txt (RFC 9309).

use std::time::Duration;

use sourcekeep::fetch::{Access, Fetcher, RobotsFact, Settings};

use super::web::{Act, Page, Web};
use super::{impatient, settings, url};

async fn allows(settings: &Settings, address: &str) -> (RobotsFact, Access) {
    let fetcher = Fetcher::new(settings).unwrap();
    let robots = fetcher.robots(&url(address)).await.unwrap();
    (robots.allows(&url(address)), robots.access())
}

#[tokio::test]
async fn what_the_file_says() {
    let web = Web::start();
    let settings = settings(&web);
    let text = "\u{feff}User-agent: sourcekeep\nDisallow: /private\nAllow: /private/open\n\n\
                User-agent: *\nDisallow: /\n\nSitemap: http://a.test/map.xml\n";
    web.page("a.test", "/robots.txt", Page::text(text));
    for (path, expected) in [
        ("/", RobotsFact::Allowed),
        ("/private/a", RobotsFact::Disallowed),
        ("/private/open", RobotsFact::Allowed),
        ("/robots.txt", RobotsFact::Allowed),
    ] {
        let address = format!("http://a.test{path}");
        assert_eq!(
            allows(&settings, &address).await,
            (expected, Access::Found),
            "{path}"
        );
    }
    let fetcher = Fetcher::new(&settings).unwrap();
    let robots = fetcher.robots(&url("http://a.test/x?y#z")).await.unwrap();
    assert_eq!(robots.sitemaps(), [url("http://a.test/map.xml")]);
    assert_eq!(robots.status(), Some(200));
    assert_eq!(robots.text().as_ref(), text.as_bytes());
}

#[tokio::test]
async fn files_that_are_not_there() {
    let web = Web::start();
    let settings = impatient(&web);
    for (page, expected, access) in [
        (
            Page::html("").status(404),
            RobotsFact::Allowed,
            Access::Unavailable,
        ),
        (
            Page::html("").status(401),
            RobotsFact::Allowed,
            Access::Unavailable,
        ),
        (
            Page::html("").status(429),
            RobotsFact::Unreachable,
            Access::Unreachable,
        ),
        (
            Page::html("").status(500),
            RobotsFact::Unreachable,
            Access::Unreachable,
        ),
        (
            Page::html("").status(503),
            RobotsFact::Unreachable,
            Access::Unreachable,
        ),
        (
            Page::script(vec![Act::Hang]),
            RobotsFact::Unreachable,
            Access::Unreachable,
        ),
        (Page::raw(""), RobotsFact::Unreachable, Access::Unreachable),
        (
            Page::redirect(302, "/robots.txt"),
            RobotsFact::Allowed,
            Access::Unavailable,
        ),
        (
            Page::redirect(302, "http://127.0.0.1/robots.txt"),
            RobotsFact::Allowed,
            Access::Unavailable,
        ),
        (
            Page::html("<h1>Welcome</h1>"),
            RobotsFact::Allowed,
            Access::Found,
        ),
    ] {
        web.page("a.test", "/robots.txt", page.clone());
        assert_eq!(
            allows(&settings, "http://a.test/x").await,
            (expected, access),
            "{page:?}"
        );
    }
}

#[tokio::test]
async fn five_redirects_are_followed() {
    let web = Web::start();
    for n in 0..6 {
        web.page(
            "a.test",
            &format!("/{n}"),
            Page::redirect(302, format!("/{}", n + 1)),
        );
    }
    web.page("a.test", "/6", Page::text("User-agent: *\nDisallow: /"));
    web.page("a.test", "/robots.txt", Page::redirect(301, "/2"));
    let settings = settings(&web);
    assert_eq!(
        allows(&settings, "http://a.test/x").await.0,
        RobotsFact::Disallowed
    );
    web.page("a.test", "/robots.txt", Page::redirect(301, "/1"));
    assert_eq!(
        allows(&settings, "http://a.test/x").await.0,
        RobotsFact::Allowed
    );
}

#[tokio::test]
async fn long_files_are_read_as_far_as_the_rfc_asks() {
    let web = Web::start();
    let filler = "# comment\n".repeat(60 * 1024);
    web.page(
        "a.test",
        "/robots.txt",
        Page::text(format!(
            "User-agent: *\nDisallow: /early\n{filler}Disallow: /late\n"
        )),
    );
    let settings = settings(&web);
    assert_eq!(
        allows(&settings, "http://a.test/early").await.0,
        RobotsFact::Disallowed
    );
    assert_eq!(
        allows(&settings, "http://a.test/late").await.0,
        RobotsFact::Allowed
    );
}

#[tokio::test]
async fn asked_once_for_each_origin() {
    let web = Web::start();
    web.page(
        "a.test",
        "/robots.txt",
        Page::text("User-agent: *\nDisallow:").delay(Duration::from_millis(50)),
    );
    let fetcher = Fetcher::new(&settings(&web)).unwrap();
    let (one, two) = (url("http://a.test/1"), url("http://a.test/2"));
    let (first, second) = tokio::join!(fetcher.robots(&one), fetcher.robots(&two));
    assert!(first.is_ok() && second.is_ok());
    fetcher.robots(&one).await.unwrap();
    assert_eq!(web.count("a.test", "/robots.txt"), 1);
    fetcher.robots(&url("https://a.test/1")).await.unwrap();
    assert_eq!(web.count("a.test", "/robots.txt"), 2);
}

#[tokio::test]
async fn a_crawl_delay_is_kept() {
    let web = Web::start();
    web.page(
        "a.test",
        "/robots.txt",
        Page::text("User-agent: *\nCrawl-delay: 3600\n"),
    );
    let fetcher = Fetcher::new(&settings(&web)).unwrap();
    let robots = fetcher.robots(&url("http://a.test/")).await.unwrap();
    assert_eq!(robots.crawl_delay(), Some(Duration::from_secs(3600)));
    let now = tokio::time::Instant::now();
    assert!(fetcher.gate().ready_at("a.test") > now + Duration::from_secs(3500));
    // So long a wait is a later visit, and other hosts do not mind.
    let request = sourcekeep::fetch::Request::page(url("http://a.test/"));
    let fault = fetcher.get(&request).await.unwrap_err();
    assert!(matches!(fault, sourcekeep::fetch::Fault::Busy { ref host, .. } if host == "a.test"));
}
