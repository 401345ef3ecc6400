//! Which copy is meant, what is not there, and what was pruned.

use insta::assert_snapshot;

use crate::serving::Serving;
use crate::support::Desk;

/// A source with copies of two days, and one without.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.page("a.test", "/one", "Wells");
    desk.post("posts/a.md", &["https://a.test/one", "https://b.test/gone"]);
    desk.run("run posts").exits(0);
    desk.day(10).page("a.test", "/one", "Springs");
    desk.run("run posts").exits(0);
    desk
}

const FIRST: &str = "20260105080000";
const SECOND: &str = "20260115080000";

#[test]
fn another_instant_leads_to_the_nearest_copy() {
    let desk = desk();
    let serving = Serving::start(&desk);
    for (asked, expected) in [
        ("2026/https://a.test/one", FIRST),
        ("202601/https://a.test/one", FIRST),
        ("20260109/https://a.test/one", FIRST),
        ("20260111/https://a.test/one", SECOND),
        ("20300101000000/https://a.test/one", SECOND),
        ("https://a.test/one", SECOND),
        ("a.test/one?utm_source=x", SECOND),
        ("2026/https:/a.test/one", FIRST),
        // Where no copy has this number, or none of this source.
        ("20260106000000-77/https://a.test/one", FIRST),
    ] {
        let expected = format!("/web/{expected}/https://a.test/one");
        for said in [
            serving.ui(&format!("/web/{asked}")),
            serving.replay(&format!("/web/{asked}")),
        ] {
            assert_eq!(
                (said.status, said.header("location")),
                (302, expected.as_str()),
                "{asked}"
            );
        }
        serving.ui(&expected).is(200);
        serving.replay(&expected).is(200);
    }
    // In the form that was asked for.
    let said = serving.replay("/web/2026id_/https://a.test/one");
    assert_eq!(
        said.header("location"),
        format!("/web/{FIRST}id_/https://a.test/one")
    );
}

#[test]
fn copies_of_one_second_are_told_apart() {
    let desk = desk();
    desk.at("2026-01-15T08:00:00.300Z");
    desk.page("a.test", "/one", "Brooks");
    desk.run("capture https://a.test/one").exits(0);
    let serving = Serving::start(&desk);
    let newest = serving.replay(&format!("/web/{SECOND}/https://a.test/one"));
    assert!(newest.is(200).text().contains("Brooks"));
    let other = serving.replay(&format!("/web/{SECOND}-2/https://a.test/one"));
    assert!(other.is(200).text().contains("Springs"));
    let page = serving
        .ui(&format!("/web/{SECOND}/https://a.test/one"))
        .text();
    assert!(
        page.contains(&format!("href=\"/web/{SECOND}-2/https://a.test/one\"")),
        "{page}"
    );
    let all = serving.ui("/web/*/https://a.test/one").is(200).text();
    assert_eq!(all.matches("<li>").count(), 3, "{all}");
}

#[test]
fn what_was_not_captured_says_so() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let page = |path: &str| {
        let text = serving.ui(path).is(404).text();
        let (_, main) = text.split_once("<main>").unwrap();
        main.split_once("</main>").unwrap().0.trim().to_owned()
    };
    assert_snapshot!(page("/web/2026/https://b.test/gone"), @r#"
    <p class="what"><a href="/">sourcekeep</a></p>
    <h1>Not captured</h1>
    <p class="address">https://b.test/gone</p>
    <p>This source is cited, but there is no copy of it.</p>
    <p>The source: not-found · failing.</p>
    "#);
    assert_snapshot!(page("/web/2026/https://a.test/ones"), @r#"
    <p class="what"><a href="/">sourcekeep</a></p>
    <h1>Not captured</h1>
    <p class="address">https://a.test/ones</p>
    <p>No post cites this address, and no copy of it was kept.</p>
    <h2>Kept of the same site</h2>
    <ul class="copies">
    <li><a href="/web/20260115080000/https://a.test/one">https://a.test/one</a> <time>2026-01-15T08:00:00Z</time></li>
    </ul>
    "#);
    for nothing in [
        "/web/2026/javascript:alert(1)",
        "/web/",
        "/web/2026/",
        "/nothing",
        "/web/20261399/https://x.test/",
    ] {
        serving.ui(nothing).is(404);
        serving.replay(nothing).is(404);
    }
    let inside = serving
        .replay("/web/2026/https://a.test/ones")
        .is(404)
        .text();
    let way = format!(
        "href=\"http://{}/web/{SECOND}/https://a.test/one\" target=\"_top\"",
        serving.ui
    );
    assert!(inside.contains(&way), "{inside}");
}

#[test]
fn a_copy_that_was_pruned_says_so() {
    let desk = desk();
    desk.day(400).page("a.test", "/one", "Rivers");
    desk.run("run posts").exits(0);
    desk.day(401).run("prune --keep last").exits(0);
    assert_eq!(desk.number("select count(*) from pruned_capture"), 1);
    let serving = Serving::start(&desk);
    let pruned = format!("/web/{SECOND}/https://a.test/one");
    let said = serving.ui(&pruned).is(410).text();
    assert!(said.contains("This copy was pruned"), "{said}");
    assert!(
        said.contains(&format!("/web/{FIRST}/https://a.test/one")),
        "{said}"
    );
    serving.replay(&pruned).is(410);
    // Near it are others.
    let near = serving.ui("/web/20260114/https://a.test/one");
    assert_eq!(
        near.header("location"),
        format!("/web/{FIRST}/https://a.test/one")
    );
    let page = serving
        .ui(&format!("/web/{FIRST}/https://a.test/one"))
        .is(200)
        .text();
    assert!(page.contains("pruned at 2027-02-10"), "{page}");
}

#[test]
fn the_first_page_lists_copies_and_takes_addresses() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let page = serving.ui("/").is(200).text();
    assert!(
        page.contains(&format!("/web/{SECOND}-2/https://a.test/one")),
        "{page}"
    );
    for (typed, path) in [
        (
            "/?url=https%3A%2F%2Fa.test%2Fone&at=2026-01-06",
            "/web/20260106/https://a.test/one",
        ),
        ("/?url=a.test/one&at=", "/web/a.test/one"),
    ] {
        let said = serving.ui(typed);
        assert_eq!((said.status, said.header("location")), (302, path));
    }
    serving.ui("/?url=javascript:x").is(404);
    let empty = Desk::new();
    empty.post("posts/a.md", &["https://nowhere.test/"]);
    empty.run("run posts").exits(0);
    let page = Serving::start(&empty).ui("/").is(200).text();
    assert!(page.contains("There is no copy yet"), "{page}");
}
