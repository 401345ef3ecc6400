//! What name servers may answer, and names that mean this machine.

use std::sync::Mutex;

use super::*;

#[tokio::test]
async fn names_that_lead_to_private_addresses_are_refused() {
    let trap = Trap::everywhere();
    let settings = Settings::default();
    let address = format!("http://inside.test:{}/", trap.port());
    for answer in [
        &["127.0.0.1"][..],
        &["127.8.8.8"],
        &["0.0.0.0"],
        &["::1"],
        &["::"],
        &["::ffff:127.0.0.1"],
        &["::127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["2002:7f00:1::1"],
        &["10.0.0.1", "127.0.0.1", "169.254.169.254"],
        &["fe80::1", "fd00:ec2::254", "ff02::1"],
    ] {
        let fetched = with_lookup(&settings, answers(answer), &address).await;
        assert_refused(&fetched, &[], &format!("{answer:?}"));
    }
    trap.assert_untouched();
}

/// An allowed address stands for a public one, since no public one is within reach of a test.
#[tokio::test]
async fn of_a_mixed_answer_only_what_may_be_asked_is_used() {
    let web = Web::start();
    let trap = Trap::at(&format!("127.0.0.2:{}", web.port()));
    web.page("mixed.test", "/", Page::html("public").close());
    let settings = Settings {
        resolve: Vec::new(),
        allow_private: vec!["127.0.0.1/32".parse().unwrap()],
        ..settings(&web)
    };
    let address = format!("http://mixed.test:{}/", web.port());
    for answer in [
        &["127.0.0.2", "127.0.0.1"][..],
        &["127.0.0.1", "127.0.0.2"],
        &["::1", "10.0.0.1", "127.0.0.1", "127.0.0.2"],
    ] {
        let fetched = with_lookup(&settings, answers(answer), &address).await;
        assert_eq!(statuses(&fetched), [200], "{answer:?}");
    }
    // Where the one that may be asked does not answer, the others are no second try.
    let gone = { Web::start().port() };
    let trap_there = Trap::at(&format!("127.0.0.2:{gone}"));
    let address = format!("http://mixed.test:{gone}/");
    let fetched = with_lookup(&settings, answers(&["127.0.0.1", "127.0.0.2"]), &address).await;
    assert_eq!(family(&fetched), Some(Family::Connection));
    trap.assert_untouched();
    trap_there.assert_untouched();
}

/// A name server with another answer each time.
struct Changing {
    answers: Mutex<Vec<&'static str>>,
}

impl Lookup for Changing {
    fn lookup<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        let next = self.answers.lock().unwrap().pop();
        Box::pin(async move { Ok(vec![next.expect("one look-up too many").parse().unwrap()]) })
    }
}

#[tokio::test]
async fn what_was_checked_is_what_is_connected_to() {
    let web = Web::start();
    let trap = Trap::at(&format!("127.0.0.2:{}", web.port()));
    let home = format!("http://rebind.test:{}/", web.port());
    web.page("rebind.test", "/", Page::redirect(302, "/again").close());
    web.page("rebind.test", "/again", Page::html("again").close());
    let settings = Settings {
        resolve: Vec::new(),
        allow_private: vec!["127.0.0.1/32".parse().unwrap()],
        ..settings(&web)
    };
    let changing = |mut list: Vec<&'static str>| {
        list.reverse();
        Arc::new(Changing {
            answers: Mutex::new(list),
        })
    };
    // Each connection is one look-up: a second between the check and the connection would have no answer here.
    let steady = changing(vec!["127.0.0.1", "127.0.0.1"]);
    let fetched = with_lookup(&settings, steady, &home).await;
    assert_eq!(statuses(&fetched), [302, 200]);
    // The name turns inside between two hops.
    let turning = changing(vec!["127.0.0.1", "127.0.0.2"]);
    let fetched = with_lookup(&settings, turning, &home).await;
    assert_refused(&fetched, &[302], "a name that turns inside");
    trap.assert_untouched();
}

#[tokio::test]
async fn names_of_this_machine_are_refused() {
    let (web, trap) = (Web::start(), Trap::everywhere());
    let plain = Settings {
        resolve: Vec::new(),
        ..settings(&web)
    };
    for host in [
        "localhost",
        "LocalHost",
        "localhost.",
        "a.localhost",
        "a.b.localhost.",
        "localhost.localdomain",
        "ip6-localhost",
        "ip6-loopback",
        "localhost6",
        "ｌｏｃａｌｈｏｓｔ",
        "%6cocalhost",
        "user:password@localhost",
    ] {
        let address = format!("http://{host}:{}/", trap.port());
        assert_refused(&visit(&plain, &address).await, &[], &address);
        web.page("a.test", "/", Page::redirect(307, &address));
        let named = Settings {
            resolve: vec![format!("a.test={}", web.addr()).parse().unwrap()],
            ..plain.clone()
        };
        let fetched = visit(&named, "http://a.test/").await;
        assert_refused(&fetched, &[307], &address);
    }
    trap.assert_untouched();
}
