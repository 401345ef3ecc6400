//! What hosts see of us: never more than was allowed, whoever asks, and however often the process ends.

use std::time::Instant;

use super::*;
use crate::web::{Logged, Page};

/// Requests arrive a little later than they start, some more than others.
const JITTER: Duration = Duration::from_millis(60);

fn place(web: &Web, delay_ms: u64) -> Place {
    let mut place = Place::at(web);
    place.web.pop();
    place.web.push(delay_ms.to_string());
    place
}

/// The requests of a site, apart by at least so much.
#[track_caller]
fn are_apart(requests: &[Logged], delay_ms: u64) {
    let delay = Duration::from_millis(delay_ms);
    let mut arrivals: Vec<Instant> = requests.iter().map(|logged| logged.at).collect();
    arrivals.sort();
    for pair in arrivals.windows(2) {
        let gap = pair[1] - pair[0];
        assert!(gap + JITTER >= delay, "{gap:?} instead of {delay:?}");
    }
    // Whatever each was late, all of them cannot have been.
    let all = arrivals[arrivals.len() - 1] - arrivals[0];
    let least = delay * u32::try_from(arrivals.len() - 1).unwrap();
    assert!(all + JITTER >= least, "{all:?} instead of {least:?}");
}

fn of_site(web: &Web, site: &str) -> Vec<Logged> {
    let of_site = |logged: &Logged| logged.host.ends_with(site);
    web.requests().into_iter().filter(of_site).collect()
}

fn addresses(host: &str, count: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |n| format!("http://{host}/{n}"))
}

#[test]
fn a_host_and_a_site_get_what_was_allowed_however_many_ask() {
    let web = Web::start();
    web.anywhere(|_| Page::html("<p>words enough for a page</p>").delay(Duration::from_millis(40)));
    // Redirects and robots.txt count like any other request, and so does the made-up address beside the one that was left.
    web.page("a.test", "/0", Page::redirect(302, "/elsewhere"));
    let place = place(&web, 100);
    let hosts = (0..12).map(|n| format!("http://h{n}.site.test/"));
    place.write("post.md", post(addresses("a.test", 10).chain(hosts)));
    place
        .says(&["--concurrency", "512", "run", "post.md"])
        .ended(0);
    let (host, site) = (web.requests_to("a.test"), of_site(&web, ".site.test"));
    assert_eq!((host.len(), site.len()), (13, 24));
    are_apart(&host, 100);
    are_apart(&site, 50);
    assert!(web.most_at_once("a.test") <= 2);
}

#[test]
fn at_most_so_many_requests_are_under_way_at_a_host_and_a_site() {
    let web = Web::start();
    let slow = |_: &Logged| Page::html("<p>words</p>").delay(Duration::from_millis(30));
    web.anywhere(slow);
    let mut place = place(&web, 0);
    place
        .web
        .extend(["--concurrency", "512"].map(str::to_owned));
    let hosts = (0..40).flat_map(|n| addresses(&format!("h{n}.site.test"), 2).collect::<Vec<_>>());
    place.write("post.md", post(addresses("a.test", 60).chain(hosts)));
    place.says(&["run", "post.md"]).ended(0);
    assert_eq!(web.most_at_once("a.test"), 2);
    // The end of a request is seen by the server before we see it.
    let mut ends = Vec::new();
    let most = of_site(&web, ".site.test").into_iter().map(|logged| {
        ends.retain(|end: &Instant| *end > logged.at);
        ends.push(logged.at + Duration::from_millis(30));
        ends.len()
    });
    assert!(most.max() <= Some(4));
    assert_eq!(place.number("select count(*) from visit"), 140);
}

#[test]
fn two_processes_and_restarts_ask_no_more_than_one() {
    const DELAY: u64 = 300;
    let web = Web::start();
    web.page("a.test", "*", Page::html("<p>words enough for a page</p>"));
    let place = place(&web, DELAY);
    place.write("post.md", post(addresses("a.test", 12)));

    let mut first = place.command(&["run", "post.md"]).spawn().unwrap();
    web.wait_for("a.test", "/1");
    place
        .says(&["run", "post.md"])
        .ended(4)
        .tells("holds this archive");
    place.says(&["check", "http://a.test/11"]).ended(4);
    first.kill().unwrap();
    first.wait().unwrap();
    // Whoever comes after a kill knows nothing of the last request.
    let second = place.command(&["run"]).spawn().unwrap();
    web.wait_for("a.test", "/5");
    let id = second.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    wait(second).ended(130);
    place.says(&["run"]).ended(0);
    place.says(&["check", "http://a.test/0"]).ended(0);
    place
        .says(&["check", "http://a.test/1", "http://a.test/2"])
        .ended(0);
    are_apart(&web.requests_to("a.test"), DELAY);
}

#[test]
fn a_crawl_delay_outlives_the_process() {
    let web = Web::start();
    let robots = Page::text("User-agent: *\nCrawl-delay: 0.5\nAllow: /\n");
    web.page("a.test", "*", Page::html("<p>words</p>"));
    web.page("a.test", "/robots.txt", robots);
    let place = place(&web, 10);
    place.says(&["check", "http://a.test/0"]).ended(0);
    web.forget_requests();
    place.write("post.md", post(addresses("a.test", 4)));
    place.says(&["run", "post.md"]).ended(0);
    assert_eq!(web.requests_to("a.test").len(), 3);
    are_apart(&web.requests_to("a.test"), 500);
}

#[test]
fn a_host_that_refuses_is_left_alone_by_the_next_process_too() {
    let web = Web::start();
    web.page(
        "a.test",
        "*",
        Page::empty(429).header("retry-after", "3600"),
    );
    web.page("b.test", "*", Page::html("<p>words</p>"));
    let place = place(&web, 0);
    place.write(
        "post.md",
        post(addresses("a.test", 8).chain(addresses("b.test", 2))),
    );
    let one_at_a_time = ["--host-concurrency", "1"];
    let at = |now: &str, args: &[&str]| {
        let mut all = vec!["--now", now];
        all.extend(one_at_a_time);
        all.extend(args);
        place.says(&all)
    };
    at("2026-01-05T12:00:00Z", &["run", "post.md"])
        .ended(0)
        .prints("waiting  7 sources of hosts that are to be left alone for a while (a.test, from 2026-01-05T13:00:0");
    assert_eq!(web.requests_to("a.test").len(), 1);
    at("2026-01-05T12:30:00Z", &["run"])
        .ended(0)
        .prints("waiting  7 sources");
    at("2026-01-05T12:31:00Z", &["check", "http://a.test/7"])
        .ended(3)
        .prints("a.test is left alone until 2026-01-05T13:00:0");
    assert_eq!(
        web.requests_to("a.test").len(),
        1,
        "nobody asked before its time"
    );
    at("2026-01-05T13:00:10Z", &["run"]).ended(0);
    assert_eq!(web.requests_to("a.test").len(), 2);
    assert_eq!(
        place.number("select refusals from host where name = 'a.test'"),
        2
    );
    web.page("a.test", "*", Page::html("<p>words</p>"));
    at("2026-01-05T16:00:00Z", &["run"]).ended(0);
    assert_eq!(
        place.number("select refusals from host where name = 'a.test'"),
        0
    );
    assert_eq!(
        place.number("select count(*) from source where standing = 'alive'"),
        8
    );
    assert_eq!(
        place.number("select count(*) from source where strikes > 0"),
        0
    );
}

#[test]
fn a_refusal_without_a_time_is_backed_off_from() {
    let web = Web::start();
    web.page("a.test", "*", Page::empty(503));
    let place = place(&web, 0);
    place.write("post.md", post(addresses("a.test", 3)));
    let mut waits = Vec::new();
    for day in 1..=3 {
        let now = format!("2026-01-0{day}T12:00:00Z");
        let now = ["--now", &now, "--host-concurrency", "1"];
        place
            .says(&[&now[..], &["run", "--limit", "1", "post.md"]].concat())
            .ended(0);
        let wait = "select (next_request_at - (select max(at) from visit) + 999) / 1000 from host where name = 'a.test'";
        waits.push(place.number(wait));
    }
    assert_eq!(waits, [15, 30, 60]);
}

#[test]
fn a_host_has_a_pace_of_its_own_by_configuration() {
    let web = Web::start();
    web.anywhere(|_| Page::html("<p>words</p>"));
    let place = place(&web, 0);
    place.write(
        "sourcekeep.toml",
        "[host.\"slow.test\"]\ndelay_ms = 200\nconcurrency = 1\n\n[host.\"quick.slow.test\"]\ndelay_ms = 0\n",
    );
    let slow = addresses("www.slow.test", 4);
    place.write(
        "post.md",
        post(slow.chain(addresses("quick.slow.test", 20))),
    );
    place.says(&["run", "post.md"]).ended(0);
    are_apart(&web.requests_to("www.slow.test"), 200);
    assert_eq!(web.most_at_once("www.slow.test"), 1);
    let quick = web.requests_to("quick.slow.test");
    assert!(quick[20].at - quick[0].at < Duration::from_secs(2));
}
