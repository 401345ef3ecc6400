//! The way in by an answer: redirects of every kind, at every hop.

use super::*;

#[tokio::test]
async fn every_redirect_at_every_hop_is_looked_at() {
    let (web, trap) = (Web::start(), Trap::everywhere());
    let settings = settings(&web);
    let port = trap.port();
    for status in [301, 302, 303, 307, 308] {
        for inside in [
            format!("http://127.0.0.1:{port}/"),
            format!("https://[::1]:{port}/"),
            format!("http://localhost.localdomain:{port}/")
                .replace("localhost.localdomain", "[::]"),
        ] {
            web.page("c.test", "/", Page::redirect(status, &inside));
            web.page("b.test", "/", Page::redirect(status, "https://c.test/"));
            web.page("a.test", "/", Page::redirect(status, "http://b.test/"));
            for (start, hops) in [("c", 1), ("b", 2), ("a", 3)] {
                for scheme in ["http", "https"] {
                    let start = format!("{scheme}://{start}.test/");
                    let what = format!("{start} {status} {inside}");
                    let fetched = visit(&settings, &start).await;
                    assert_refused(&fetched, &vec![status; hops], &what);
                }
            }
        }
    }
    trap.assert_untouched();
}

#[tokio::test]
async fn every_spelling_of_a_redirect_is_looked_at() {
    let (web, trap) = (Web::start(), Trap::everywhere());
    let settings = settings(&web);
    let port = trap.port();
    for location in [
        format!("//127.0.0.1:{port}/"),
        format!("\\\\127.0.0.1:{port}\\"),
        format!("/\\127.0.0.1:{port}/"),
        format!("http:\\\\127.0.0.1:{port}/"),
        format!("hTTp:///127.0.0.1:{port}/"),
        format!("http://127.0\t.0.1:{port}/"),
        format!("ht\ttp://127.1:{port}/"),
        format!("http://a.test@127.0.0.1:{port}/"),
        format!("http://a.test:80@127.0.0.1:{port}/"),
        format!("http://0x7f.1:{port}/#a.test"),
        format!("http://127.0.0.1:{port}?a.test"),
        format!("http://１２７.０.０.１:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("  http://127.0.0.1:{port}/  "),
    ] {
        web.page("a.test", "/", Page::redirect(302, &location));
        for start in ["http://a.test/", "https://a.test/"] {
            assert_refused(&visit(&settings, start).await, &[302], &location);
        }
    }
    // A browser forgives three slashes here; for us it is no address.
    let slashes = format!("///127.0.0.1:{port}/");
    web.page("a.test", "/", Page::redirect(302, &slashes));
    let fetched = visit(&settings, "http://a.test/").await;
    assert_eq!(family(&fetched), Some(Family::BadRedirect));
    trap.assert_untouched();
}

#[tokio::test]
async fn what_is_no_redirect_leads_nowhere() {
    let (web, trap) = (Web::start(), Trap::everywhere());
    let inside = format!("http://127.0.0.1:{}/", trap.port());
    let body = format!(
        "<base href=\"{inside}\"><meta http-equiv=refresh content=\"0;url={inside}\">\
         <script>location='{inside}'</script><img src=\"{inside}\"><iframe src=\"{inside}\"></iframe>"
    );
    web.page(
        "a.test",
        "/",
        Page::html(body)
            .header("refresh", format!("0;url={inside}"))
            .header("location", inside.clone())
            .header("content-location", inside.clone())
            .header("link", format!("<{inside}>; rel=preload"))
            .header("alt-svc", format!("h2=\"127.0.0.1:{}\"", trap.port()))
            .close(),
    );
    for status in [300, 304, 305, 306] {
        let page = Page::redirect(status, &inside);
        web.page("b.test", &format!("/{status}"), page);
        visit(&settings(&web), &format!("http://b.test/{status}")).await;
    }
    let fetcher = Fetcher::new(&settings(&web)).unwrap();
    for start in ["http://a.test/", "https://a.test/", "https://a.test/?again"] {
        let fetched = fetcher.get(&Request::page(url(start))).await.unwrap();
        assert_eq!(statuses(&fetched), [200], "{start}");
    }
    trap.assert_untouched();
}

#[tokio::test]
async fn a_robots_txt_is_no_way_in() {
    let (web, trap) = (Web::start(), Trap::everywhere());
    let inside = format!("http://127.0.0.1:{}", trap.port());
    let fetcher = Fetcher::new(&settings(&web)).unwrap();
    let redirect = Page::redirect(301, format!("{inside}/robots.txt"));
    web.page("a.test", "/robots.txt", redirect);
    web.page(
        "b.test",
        "/robots.txt",
        Page::text(format!("sitemap: {inside}/sitemap.xml\nhost: {inside}\n")),
    );
    for address in [
        "http://a.test/",
        "https://a.test/",
        "http://b.test/",
        "http://localhost/",
        &inside,
    ] {
        fetcher.robots(&url(address)).await.unwrap();
    }
    trap.assert_untouched();
}
