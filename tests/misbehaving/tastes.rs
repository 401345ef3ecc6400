//! Servers that look at who asks, and how.

use crate::stage::SOURCE;
use crate::web::{Logged, Page};

const FINE: &str = "<!doctype html><title>A page</title><p>It has words.</p>";

fn is_browser(asked: &Logged) -> bool {
    asked
        .header("user-agent")
        .is_some_and(|agent| agent.contains("Firefox/"))
        && asked.header("sec-fetch-mode") == Some("navigate")
}

fn takes_html(asked: &Logged) -> bool {
    asked
        .header("accept")
        .is_some_and(|accept| accept.contains("text/html"))
}

behaviours! {
    "Servers that look at who asks";

    lies_to_head: "answers HEAD with 404, and GET with the page" =>
    Alive, Status, "at once; HEAD is never sent", |stage| {
        stage.web.made("a.test", "/source", |asked| match asked.method.as_str() {
            "GET" => Page::html(FINE),
            _ => Page::empty(404),
        });
        stage.visit(SOURCE)
    };

    lies_to_get: "answers HEAD with 200, and GET with 404" =>
    NotFound, Status, "at once; HEAD is never sent", |stage| {
        stage.web.made("a.test", "/source", |asked| match asked.method.as_str() {
            "GET" => Page::html("<p>not here</p>").status(404),
            _ => Page::html(FINE),
        });
        stage.visit(SOURCE)
    };

    wants_to_be_asked_for_html: "says 404 unless HTML is asked for by name" =>
    Alive, Status, "at once; it is asked for by name", |stage| {
        stage.web.made("a.test", "/source", |asked| {
            if takes_html(asked) { Page::html(FINE) } else { Page::empty(404) }
        });
        stage.visit(SOURCE)
    };

    wants_a_language: "says 406 unless a language is named" =>
    Alive, Status, "at once; English is named, and any other", |stage| {
        stage.web.made("a.test", "/source", |asked| match asked.header("accept-language") {
            Some(languages) if languages.contains('*') => Page::html(FINE),
            _ => Page::empty(406),
        });
        stage.visit(SOURCE)
    };

    forbids_all_but_browsers: "says 403 unless a browser asks" =>
    Blocked, Status, "at once", |stage| {
        stage.web.made("a.test", "/source", |asked| {
            if is_browser(asked) { Page::html(FINE) } else { Page::html("no robots").status(403) }
        });
        stage.visit(SOURCE)
    };

    hides_from_all_but_browsers: "says 404 unless a browser asks" =>
    NotFound, Status, "at once; before it counts as dead, it is asked as by a browser, and is `alive`", |stage| {
        stage.web.made("a.test", "/source", |asked| {
            if is_browser(asked) { Page::html(FINE) } else { Page::html("not here").status(404) }
        });
        let at = |day: u32| format!("2026-12-{day:02}T09:00:00Z");
        let first = stage.visit_at(SOURCE, &["--now", &at(1)]);
        for day in 2..8 {
            let seen = stage.look(SOURCE, &["--now", &at(day)]);
            assert_ne!(seen.said["standing"], "dead", "{seen:#?}");
        }
        assert!(stage.web.requests().iter().any(is_browser), "no second look");
        first
    };

    packs_what_nobody_can_unpack: "says 404 unless a client takes gzip" =>
    Alive, Status, "at once; gzip, deflate, Brotli and Zstandard are taken", |stage| {
        stage.web.made("a.test", "/source", |asked| match asked.header("accept-encoding") {
            Some(codings) if codings.contains("gzip") => Page::html(FINE).coded("gzip"),
            _ => Page::empty(404),
        });
        stage.visit(SOURCE)
    };

    confirms_what_it_never_sent: "says \"not modified\" to whoever holds its mark, and serves another page otherwise" =>
    Alive, Status, "at once", |stage| {
        stage.web.page("a.test", "/source", Page::html(FINE).etag("\"same\""));
        let first = stage.visit(SOURCE);
        stage.web.page("a.test", "/source", Page::html("<p>other words</p>").etag("\"same\""));
        let second = stage.look(SOURCE, &[]);
        assert_eq!(second.said["verdict"], "alive", "{second:#?}");
        first
    };
}
