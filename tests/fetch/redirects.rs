//! Chains, circles, walls, and where they may not lead.

use sourcekeep::fetch::Family;

use super::web::{Page, Web};
use super::{family, get, statuses, text};

#[tokio::test]
async fn every_hop_is_on_record() {
    let web = Web::start();
    web.page("a.test", "/", Page::redirect(301, "https://a.test/"));
    web.made("a.test", "/", |asked| {
        if asked.secure {
            Page::redirect(308, "//www.a.test/b?c=1")
        } else {
            Page::redirect(301, "https://a.test/")
        }
    });
    web.page("www.a.test", "/b", Page::redirect(303, "../d"));
    web.page("www.a.test", "/d", Page::html("here"));
    let fetched = get(&web, "http://a.test/#part").await;
    assert_eq!(statuses(&fetched), [301, 308, 303, 200]);
    let hops: Vec<_> = fetched
        .facts
        .hops
        .iter()
        .map(|hop| hop.url.as_str())
        .collect();
    assert_eq!(
        hops,
        [
            "http://a.test/#part",
            "https://a.test/#part",
            "https://www.a.test/b?c=1#part",
            "https://www.a.test/d#part"
        ]
    );
    assert_eq!(
        fetched.facts.hops[0].header("location"),
        Some("https://a.test/")
    );
    assert_eq!(fetched.facts.hops[0].certificate, None);
    assert!(fetched.facts.hops[1].certificate.is_some());
    assert_eq!(fetched.exchanges.len(), 4);
    assert_eq!(text(&fetched), "here");
    assert!(web.requests().iter().all(|asked| !asked.path.contains('#')));
}

#[tokio::test]
async fn circles_end() {
    let web = Web::start();
    web.page("a.test", "/self", Page::redirect(302, "/self#again"));
    web.page("a.test", "/1", Page::redirect(302, "/2"));
    web.page("a.test", "/2", Page::redirect(302, "/1"));
    web.made("a.test", "*", |asked| {
        Page::redirect(302, format!("{}x", asked.path))
    });
    for (path, asked) in [("/self", 1), ("/1", 2), ("/longer", 11)] {
        web.forget_requests();
        let fetched = get(&web, &format!("http://a.test{path}")).await;
        assert_eq!(family(&fetched), Some(Family::RedirectLoop), "{path}");
        assert_eq!(web.requests().len(), asked, "{path}");
    }
}

#[tokio::test]
async fn ten_redirects_are_followed() {
    let web = Web::start();
    for n in 0..10 {
        web.page(
            "a.test",
            &format!("/{n}"),
            Page::redirect(302, format!("/{}", n + 1)),
        );
    }
    web.page("a.test", "/10", Page::html("arrived"));
    assert_eq!(text(&get(&web, "http://a.test/0").await), "arrived");
}

#[tokio::test]
async fn a_cookie_wall_lets_through_who_keeps_its_cookie() {
    let web = Web::start();
    web.made("a.test", "/", |asked| match asked.header("cookie") {
        Some(cookies) if cookies.contains("seen=1") => Page::html("inside"),
        _ => Page::redirect(302, "/").header("set-cookie", "seen=1; Path=/; HttpOnly"),
    });
    let fetched = get(&web, "http://a.test/").await;
    assert_eq!(statuses(&fetched), [302, 200]);
    assert_eq!(text(&fetched), "inside");
    // The cookie is not kept for the next visit, and goes to nobody else.
    web.made("a.test", "/away", |_| {
        Page::redirect(302, "http://b.test/").header("set-cookie", "secret=1; Path=/")
    });
    web.page("b.test", "/", Page::html("b"));
    get(&web, "http://a.test/away").await;
    assert_eq!(
        web.requests_to("a.test").last().unwrap().header("cookie"),
        None
    );
    assert_eq!(web.requests_to("b.test")[0].header("cookie"), None);
    // A wall that asks for ever is a circle.
    web.made("a.test", "/never", |_| {
        Page::redirect(302, "/never").header("set-cookie", "x=1")
    });
    assert_eq!(
        family(&get(&web, "http://a.test/never").await),
        Some(Family::RedirectLoop)
    );
}

#[tokio::test]
async fn locations_that_cannot_be_taken() {
    let web = Web::start();
    let long = format!("/{}", "x".repeat(9000));
    for location in [
        "mailto:a@b.test",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://a.test/",
        "http://",
        "http://[::1",
        &long,
    ] {
        web.page("a.test", "/", Page::redirect(302, location));
        let fetched = get(&web, "http://a.test/").await;
        assert_eq!(family(&fetched), Some(Family::BadRedirect), "{location}");
        assert_eq!(statuses(&fetched), [302], "{location}");
    }
}

#[tokio::test]
async fn locations_in_any_bytes() {
    let web = Web::start();
    web.page("a.test", "/caf%C3%A9", Page::html("utf-8"));
    web.page("a.test", "/caf%E9", Page::html("latin-1"));
    web.page("a.test", "/1", Page::redirect(302, "/café"));
    web.page("a.test", "/2", Page::redirect(302, b"/caf\xe9"));
    assert_eq!(text(&get(&web, "http://a.test/1").await), "utf-8");
    assert_eq!(text(&get(&web, "http://a.test/2").await), "latin-1");
}

#[tokio::test]
async fn credentials_in_a_location_go_nowhere() {
    let web = Web::start();
    web.page(
        "a.test",
        "/",
        Page::redirect(302, "http://user:secret@b.test/"),
    );
    web.page("b.test", "/", Page::html("b"));
    let fetched = get(&web, "http://a.test/").await;
    assert_eq!(fetched.final_url(), Some("http://b.test/"));
    assert_eq!(web.requests_to("b.test")[0].header("authorization"), None);
    let fetched = get(&web, "http://user:secret@b.test/").await;
    assert_eq!(fetched.facts.hops[0].url, "http://b.test/");
    assert_eq!(web.requests_to("b.test")[1].header("authorization"), None);
    let odd = get(&web, "ftp://b.test/").await;
    assert_eq!(family(&odd), Some(Family::BadRedirect));
}

#[tokio::test]
async fn not_modified_unasked_is_broken() {
    let web = Web::start();
    web.page("a.test", "/", Page::empty(304));
    assert_eq!(
        family(&get(&web, "http://a.test/").await),
        Some(Family::Protocol)
    );
}
