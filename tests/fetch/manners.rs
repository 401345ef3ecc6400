//! How often, and how many at once, as the servers count it.

use std::sync::Arc;
use std::time::Duration;

use sourcekeep::fetch::{Fetcher, Request};

use super::web::{Page, Web};
use super::{settings, statuses, url};

/// Visits every address at once.
async fn visit_all(fetcher: &Arc<Fetcher>, addresses: Vec<String>) {
    let tasks: Vec<_> = addresses
        .into_iter()
        .map(|address| {
            let fetcher = Arc::clone(fetcher);
            tokio::spawn(async move { fetcher.get(&Request::page(url(&address))).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(statuses(&task.await.unwrap().unwrap()), [200]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_more_than_two_at_once() {
    let web = Web::start();
    web.page(
        "a.test",
        "*",
        Page::html("a").delay(Duration::from_millis(5)),
    );
    let fetcher = Arc::new(Fetcher::new(&settings(&web)).unwrap());
    visit_all(
        &fetcher,
        (0..64).map(|n| format!("http://a.test/{n}")).collect(),
    )
    .await;
    assert_eq!(web.most_at_once("a.test"), 2);
    assert_eq!(web.requests().len(), 64);
    assert!(web.connections() <= 4, "{} connections", web.connections());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starts_are_apart_also_for_redirects_and_robots() {
    let web = Web::start();
    web.page("a.test", "/1", Page::redirect(302, "/2"));
    web.page("a.test", "*", Page::html("a"));
    let mut settings = settings(&web);
    settings.manners.ordinary.delay = Duration::from_millis(100);
    let fetcher = Arc::new(Fetcher::new(&settings).unwrap());
    fetcher.robots(&url("http://a.test/")).await.unwrap();
    let fetched = fetcher
        .get(&Request::page(url("http://a.test/1")))
        .await
        .unwrap();
    assert_eq!(statuses(&fetched), [302, 200]);
    visit_all(
        &fetcher,
        (3..8).map(|n| format!("http://a.test/{n}")).collect(),
    )
    .await;
    let requests = web.requests_to("a.test");
    assert_eq!(requests.len(), 8);
    // Measured where they arrive: one may be a little late, and the next then comes a little early.
    let gap = web.shortest_gap_ms("a.test").unwrap();
    assert!(gap >= 60, "{gap} ms");
    let all = requests[7].at - requests[0].at;
    assert!(all >= Duration::from_millis(650), "{all:?}");
    assert!(
        fetched.timing.elapsed_ms < 100,
        "waiting at the gate is not the source's time"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_host_waits_for_another() {
    let web = Web::start();
    web.page("slow.test", "*", Page::html("slow"));
    let mut settings = settings(&web);
    settings.manners.concurrency = 4;
    settings.manners.ordinary.delay = Duration::from_millis(200);
    let fetcher = Arc::new(Fetcher::new(&settings).unwrap());
    let slow = {
        let fetcher = Arc::clone(&fetcher);
        tokio::spawn(async move {
            visit_all(
                &fetcher,
                (0..8).map(|n| format!("http://slow.test/{n}")).collect(),
            )
            .await;
        })
    };
    let hosts: Vec<_> = (0..100).map(|n| format!("{n}.test")).collect();
    for host in &hosts {
        web.page(host, "/", Page::html("quick"));
    }
    visit_all(
        &fetcher,
        hosts.iter().map(|host| format!("http://{host}/")).collect(),
    )
    .await;
    assert!(
        web.requests_to("slow.test").len() < 8,
        "the quick hosts were done first"
    );
    slow.await.unwrap();
    let most: usize = web
        .requests()
        .iter()
        .map(|asked| asked.at_once)
        .max()
        .unwrap();
    assert!(most <= 2);
}
