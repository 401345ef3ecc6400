//! Lists of sources: narrowed by where they are cited and when they were visited, and in other orders; always whole.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::serving::Serving;
use crate::support::Desk;
use crate::web::Page;

/// Sources that are cited in a post, in its comments, or in both; the later ones since the second day.
fn desk() -> Desk {
    let desk = Desk::new();
    for n in 0..30 {
        let (host, path) = (format!("h{}.test", n % 4), format!("/{n}"));
        let page = match n % 3 {
            0 => Page::empty(404),
            _ => Page::html(format!("<title>{n}</title>Words")),
        };
        desk.web.page(&host, &path, page);
    }
    let link = |n: usize| {
        format!(
            "<p>See <a href=\"https://h{}.test/{n}\">page {n}</a>, which says much.</p>",
            n % 4
        )
    };
    let links =
        |of: &dyn Fn(usize) -> bool| (0..15).filter(|n| of(*n)).map(link).collect::<String>();
    desk.file(
        "posts/a.html",
        format!(
            "<!doctype html><html lang=en><title>A post</title><article><h1>A post</h1>{}</article>\
             <section id=comments class=comments><h2>Comments</h2><ol class=comment-list>\
             <li class=comment><div class=comment-body>{}</div></li></ol></section>",
            links(&|n| n % 2 == 0),
            links(&|n| n % 5 == 0)
        ),
    );
    desk.run("run posts").exits(0);
    let later: Vec<String> = (15..30)
        .map(|n| format!("https://h{}.test/{n}", n % 4))
        .collect();
    let later: Vec<&str> = later.iter().map(String::as_str).collect();
    desk.post("posts/b.md", &later);
    desk.day(1).run("run posts --limit 15").exits(0);
    desk
}

/// A list, walked to its end a few at a time: numbers and addresses.
fn walk(serving: &Serving, query: &str) -> Vec<(i64, String)> {
    let mut found: Vec<(i64, String)> = Vec::new();
    let mut next = Some(format!("/api/v1/sources?limit=4&{query}"));
    while let Some(path) = next {
        let page: Value = serde_json::from_str(&serving.ui(&path).is(200).text()).unwrap();
        for one in page["sources"].as_array().unwrap() {
            let (id, url) = (one["id"].as_i64().unwrap(), one["url"].as_str().unwrap());
            found.push((id, url.to_owned()));
        }
        next = page["next"].as_str().map(str::to_owned);
    }
    let distinct: BTreeSet<_> = found.iter().collect();
    assert_eq!(
        distinct.len(),
        found.len(),
        "{query}: something comes twice"
    );
    found
}

fn set(found: Vec<(i64, String)>) -> BTreeSet<String> {
    found.into_iter().map(|(_, url)| url).collect()
}

fn rows(desk: &Desk, sql: &str) -> BTreeSet<String> {
    desk.rows(sql).lines().map(str::to_owned).collect()
}

#[test]
fn sources_are_narrowed_by_place_and_by_visit() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let walk = |query: &str| walk(&serving, query);
    let rows = |sql: &str| rows(&desk, sql);
    let all = walk("");
    for place in ["body", "comment"] {
        let there = rows(&format!(
            "select distinct s.address from source s join citation c on c.source_id = s.id where c.place = '{place}'"
        ));
        assert!(
            !there.is_empty() && there.len() < all.len(),
            "{place}: {there:?}"
        );
        for sort in ["changed", "oldest", "added", "address"] {
            assert_eq!(
                set(walk(&format!("place={place}&sort={sort}"))),
                there,
                "{place} {sort}"
            );
        }
    }
    assert!(walk("place=footer").is_empty());
    // By when they were visited last; one that never was is among those that were not visited since.
    let second = "1767657600000";
    let since = rows(&format!(
        "select address from source where last_visit_at >= {second}"
    ));
    let before = rows(&format!(
        "select address from source where last_visit_at is null or last_visit_at < {second}"
    ));
    assert!(!since.is_empty() && !before.is_empty());
    assert_eq!(set(walk("checked-since=2026-01-06")), since);
    assert_eq!(set(walk("checked-before=2026-01-06")), before);
    assert!(walk("checked-since=2026-01-06&checked-before=2026-01-06").is_empty());
    assert_eq!(
        set(walk("checked-before=2026-01-06&of=not-found&sort=oldest")),
        rows(&format!(
            "select address from source where last_visit_at < {second} and verdict = 'not-found'"
        ))
    );
}

#[test]
fn sources_stand_in_other_orders_and_the_page_says_which() {
    let desk = desk();
    let serving = Serving::start(&desk);
    let walk = |query: &str| walk(&serving, query);
    let all = walk("");
    let oldest = walk("sort=oldest");
    assert_eq!(
        oldest.iter().rev().collect::<Vec<_>>(),
        all.iter().collect::<Vec<_>>()
    );
    let added = walk("sort=added");
    assert!(
        added.is_sorted_by(|(a, _), (b, _)| a > b) && added.len() == all.len(),
        "{added:?}"
    );
    let some = walk("sort=oldest&of=alive,not-found&since=2026-01-06");
    let there = rows(
        &desk,
        "select s.address from source s join listed l on l.source_id = s.id
        where l.since >= 1767657600000 and l.verdict in ('alive', 'not-found')",
    );
    assert_eq!(set(some), there);
    // The page asks for the same, and carries it on.
    let text = serving
        .ui("/sources?place=comment&checked-before=2026-02-01&sort=oldest")
        .is(200)
        .text();
    for part in [
        "<details open>",
        "<option value=\"comment\" selected>",
        "<option value=\"oldest\" selected>",
        "name=\"checked-before\" type=\"date\" value=\"2026-02-01\"",
        "/sources.csv?place=comment&#38;checked-before=2026-02-01&#38;sort=oldest",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !serving
            .ui("/sources")
            .is(200)
            .text()
            .contains("<details open>")
    );
    for bad in [
        "place=nowhere",
        "sort=size",
        "checked-since=x",
        "checked-before=yesterday",
    ] {
        serving.ui(&format!("/sources?{bad}")).is(400);
        serving.ui(&format!("/api/v1/sources?{bad}")).is(400);
    }
}
