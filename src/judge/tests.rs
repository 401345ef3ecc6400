//! Whole cases, table by table: an address, what answered, and what must be said.

use proptest::prelude::*;
use url::Url;

use super::*;
use crate::fetch::{BodyFacts, Facts, Failure, Family, Hop, Way};

pub(super) fn hop(url: &str, status: u16, headers: &[(&str, &str)]) -> Hop {
    Hop {
        url: url.to_owned(),
        status,
        protocol: "HTTP/1.1".to_owned(),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        certificate: None,
    }
}

fn body(size: u64) -> BodyFacts {
    BodyFacts {
        sha256: String::new(),
        size,
        served_sha256: String::new(),
        served_sha1: String::new(),
        served_size: size,
        truncated: None,
    }
}

pub(super) fn facts(hops: Vec<Hop>) -> Facts {
    Facts {
        way: Way::Plain,
        vantage: None,
        hops,
        failure: None,
        body: Some(body(1000)),
        robots: None,
        rendered: None,
    }
}

/// A chain of redirects of one status to a 200.
pub(super) fn chain(status: u16, addresses: &[&str]) -> Facts {
    let (last, before) = addresses.split_last().unwrap();
    let mut hops: Vec<Hop> = before
        .iter()
        .zip(&addresses[1..])
        .map(|(url, next)| hop(url, status, &[("location", next)]))
        .collect();
    hops.push(hop(last.split('#').next().unwrap(), 200, &[]));
    facts(hops)
}

fn judged(address: &str, facts: &Facts) -> Verdict {
    judge(&Case::new(&Url::parse(address).unwrap(), facts))
}

const SOURCE: &str = "https://example.com/posts/a-page";

#[test]
fn statuses() {
    for (status, code) in [
        (200, Code::Alive),
        (203, Code::Alive),
        (204, Code::Collapsed),
        (205, Code::Collapsed),
        (206, Code::Alive),
        (300, Code::ProtocolError),
        (302, Code::ProtocolError),
        (304, Code::Alive),
        (400, Code::ClientError),
        (401, Code::LoginWall),
        (402, Code::Paywall),
        (403, Code::Blocked),
        (404, Code::NotFound),
        (405, Code::ClientError),
        (407, Code::Blocked),
        (408, Code::Timeout),
        (410, Code::Gone),
        (418, Code::ClientError),
        (425, Code::Timeout),
        (429, Code::Blocked),
        (451, Code::Legal),
        (500, Code::ServerError),
        (503, Code::ServerError),
        (511, Code::Blocked),
        (530, Code::ServerError),
        (999, Code::Blocked),
        (100, Code::ProtocolError),
        (0, Code::ProtocolError),
        (600, Code::ProtocolError),
    ] {
        let verdict = judged(SOURCE, &facts(vec![hop(SOURCE, status, &[])]));
        assert_eq!(verdict.code, code, "{status}");
        assert!(!verdict.evidence.is_empty());
    }
    let verdict = judged(SOURCE, &facts(vec![hop(SOURCE, 404, &[])]));
    assert_eq!(verdict.evidence[0].says, "404 Not Found");
}

#[test]
fn bot_walls_by_their_headers() {
    for (status, name, value) in [
        (403, "cf-mitigated", "challenge"),
        (503, "cf-mitigated", "challenge"),
        (404, "cf-mitigated", "challenge"),
        (202, "x-amzn-waf-action", "challenge"),
        (405, "x-amzn-waf-action", "captcha"),
        (429, "x-vercel-mitigated", "challenge"),
    ] {
        let verdict = judged(SOURCE, &facts(vec![hop(SOURCE, status, &[(name, value)])]));
        assert_eq!(verdict.code, Code::Blocked, "{status} {name}");
        assert!(verdict.evidence[0].is(Rule::ChallengeHeader) || status == 403);
    }
    let verdict = judged(
        SOURCE,
        &facts(vec![hop(SOURCE, 200, &[("x-amzn-waf-action", "allow")])]),
    );
    assert_eq!(verdict.code, Code::Alive);
}

#[test]
fn failures() {
    for (family, code, hard) in [
        (Family::NoSuchHost, Code::DnsFailure, true),
        (Family::DnsTrouble, Code::DnsTrouble, false),
        (Family::Connection, Code::ConnectionFailure, false),
        (Family::Timeout, Code::Timeout, false),
        (Family::TlsExpired, Code::TlsFailure, false),
        (Family::TlsName, Code::TlsFailure, false),
        (Family::TlsIssuer, Code::TlsFailure, false),
        (Family::TlsOther, Code::TlsFailure, false),
        (Family::Protocol, Code::ProtocolError, false),
        (Family::RedirectLoop, Code::RedirectLoop, false),
        (Family::BadRedirect, Code::ProtocolError, false),
        (Family::TooLarge, Code::TooLarge, false),
        (Family::Forbidden, Code::Unsupported, false),
        (Family::Proxy, Code::Unsupported, false),
    ] {
        let mut facts = facts(vec![]);
        facts.body = None;
        facts.failure = Some(Failure {
            family,
            url: SOURCE.to_owned(),
            detail: String::new(),
        });
        let verdict = judged(SOURCE, &facts);
        assert_eq!((verdict.code, verdict.is_hard_sign()), (code, hard));
    }
}

/// A proxy's 502 was called the source's server error, and a 304 that nobody asked for was called alive.
#[test]
fn a_status_counts_only_where_the_source_said_it() {
    for (status, family, code, rule) in [
        (502, Family::Proxy, Code::Unsupported, Rule::ProxyFailed),
        (407, Family::Proxy, Code::Unsupported, Rule::ProxyFailed),
        (304, Family::Protocol, Code::ProtocolError, Rule::BrokenHttp),
        (200, Family::Protocol, Code::ProtocolError, Rule::BrokenHttp),
    ] {
        let mut facts = facts(vec![hop(SOURCE, status, &[])]);
        facts.body = None;
        facts.failure = Some(Failure {
            family,
            url: SOURCE.to_owned(),
            detail: String::new(),
        });
        let verdict = judged(SOURCE, &facts);
        assert_eq!(verdict.code, code, "{status} {family:?}");
        assert!(verdict.evidence[0].is(rule), "{status} {family:?}");
    }
}

#[test]
fn failures_behind_a_redirect_and_in_a_body() {
    let mut elsewhere = facts(vec![hop(
        SOURCE,
        301,
        &[("location", "https://gone.example/")],
    )]);
    elsewhere.failure = Some(Failure {
        family: Family::NoSuchHost,
        url: "https://gone.example/".to_owned(),
        detail: "no such name".to_owned(),
    });
    let verdict = judged(SOURCE, &elsewhere);
    assert_eq!(verdict.code, Code::DnsFailure);
    assert!(!verdict.is_hard_sign());
    let rules: Vec<&str> = verdict.evidence.iter().map(|s| &*s.rule).collect();
    assert_eq!(
        rules,
        [
            "redirect-to-no-such-host",
            "failed-after-redirect",
            "redirected-permanently"
        ]
    );
    for (status, family, code) in [
        (200, Family::Protocol, Code::ProtocolError),
        (200, Family::Connection, Code::ProtocolError),
        (200, Family::Timeout, Code::Timeout),
        (200, Family::TooLarge, Code::TooLarge),
        (404, Family::Protocol, Code::NotFound),
        (410, Family::Timeout, Code::Gone),
        (503, Family::Connection, Code::ServerError),
    ] {
        let mut broken = facts(vec![hop(SOURCE, status, &[])]);
        broken.failure = Some(Failure {
            family,
            url: SOURCE.to_owned(),
            detail: "body cut short".to_owned(),
        });
        assert_eq!(judged(SOURCE, &broken).code, code, "{status} {family:?}");
    }
}

#[test]
fn bodies_without_content() {
    let mut empty = facts(vec![hop(SOURCE, 200, &[])]);
    empty.body = Some(body(0));
    assert_eq!(judged(SOURCE, &empty).code, Code::Collapsed);
    empty.body = None;
    assert_eq!(judged(SOURCE, &empty).code, Code::Collapsed);
    for (why, code) in [
        ("disconnect", Code::ProtocolError),
        ("time", Code::Collapsed),
        ("length", Code::TooLarge),
    ] {
        let mut cut = facts(vec![hop(SOURCE, 200, &[])]);
        cut.body.as_mut().unwrap().truncated = Some(why.to_owned());
        assert_eq!(judged(SOURCE, &cut).code, code, "{why}");
    }
    let url = Url::parse(SOURCE).unwrap();
    let fine = facts(vec![hop(SOURCE, 200, &[])]);
    for (html, code) in [
        (
            "<html><body><div id=root></div><script>x</script>",
            Code::Collapsed,
        ),
        (
            "<html><body>&nbsp;<noscript>Please enable JavaScript</noscript>",
            Code::Collapsed,
        ),
        ("<html><body><p>x", Code::Alive),
        ("<html><body><img src=a.png>", Code::Alive),
        ("<html><frameset><frame src=a.html></frameset>", Code::Alive),
    ] {
        let page = features(html, Some("text/html"), &url, Rules::built_in());
        let mut case = Case::new(&url, &fine);
        case.features = Some(&page);
        assert_eq!(judge(&case).code, code, "{html}");
    }
}

#[test]
fn robots_stand_before() {
    let mut none = facts(vec![]);
    none.body = None;
    none.robots = Some(RobotsFact::Disallowed);
    assert_eq!(judged(SOURCE, &none).code, Code::Robots);
    none.robots = None;
    assert_eq!(judged(SOURCE, &none).code, Code::ProtocolError);
    let mut recorded = facts(vec![hop(SOURCE, 200, &[])]);
    recorded.robots = Some(RobotsFact::Disallowed);
    assert_eq!(judged(SOURCE, &recorded).code, Code::Alive);
}

#[test]
fn redirects_that_change_nothing_or_move() {
    for (status, addresses, code) in [
        (301, &["http://a.com/x", "https://a.com/x"][..], Code::Alive),
        (
            301,
            &["http://a.com/x", "https://www.a.com/x/"],
            Code::Alive,
        ),
        (301, &["http://a.com/old", "https://a.com/new"], Code::Moved),
        (308, &["http://a.com/old", "https://b.com/new"], Code::Moved),
        (302, &["http://a.com/old", "https://a.com/new"], Code::Alive),
        (
            302,
            &["http://a.com/x", "http://a.com/other", "http://a.com/x"],
            Code::Alive,
        ),
    ] {
        let verdict = judged(addresses[0], &chain(status, addresses));
        assert_eq!(verdict.code, code, "{addresses:?}");
        assert_eq!(verdict.moved_to.is_some(), code == Code::Moved);
    }
    // Only what changes the address in substance must be permanent.
    let mixed = facts(vec![
        hop(
            "http://a.com/old",
            302,
            &[("location", "https://a.com/old")],
        ),
        hop(
            "https://a.com/old",
            301,
            &[("location", "https://a.com/new?utm_source=x")],
        ),
        hop("https://a.com/new?utm_source=x", 200, &[]),
    ]);
    let verdict = judged("http://a.com/old", &mixed);
    assert_eq!(verdict.moved_to.as_deref(), Some("https://a.com/new"));
}

/// Living or unsure: never soft-404.
const NOT_DEAD: &[&[&str]] = &[
    &["http://a.com/blog", "http://blog.a.com/"],
    &["http://a.com/blog/", "http://a.com/"],
    &["http://a.com/index.php", "http://a.com/"],
    &["http://a.com/en/", "http://a.com/"],
    &["http://a.com/en/home", "http://a.com/"],
    &["http://a.com/en-gb/index.html", "http://a.com/"],
    &["http://a.com/", "http://a.com/de/"],
    &["http://a.com/web/guest/home", "http://a.com/"],
    &["http://a.com/?lang=de", "http://a.com/"],
    &["http://bit.ly/3xYzAbC", "https://example.org/"],
    &[
        "https://tinyurl.com/some-very-long-alias",
        "https://example.org/",
    ],
    &[
        "https://www.google.com/url?q=https://example.org/&id=7",
        "https://example.org/",
    ],
    &[
        "https://out.example.com/go/click.php?id=77",
        "https://example.org/",
    ],
    &["https://purl.org/net/ontology", "https://example.org/"],
    &["http://a.edu/~smith/lab/", "https://smithlab.org/"],
    &[
        "http://a.edu/people/smith/papers/index.html",
        "https://janesmith.org/",
    ],
    &["https://github.com/alice/tool", "https://alice.github.io/"],
    &["http://a.com/products/gizmo/", "https://gizmo.com/"],
    &["http://a.com/2012/05/a-long-story.html", "https://a.de/"],
    &[
        "http://www.a.com/2012/05/a-long-story.html",
        "https://fr.a.com/",
    ],
    &["http://a.com/about/team", "http://a.com/#team"],
    &[
        "http://a.com/x/y",
        "http://a.com/cookieCheck?x",
        "http://a.com/",
    ],
    &[
        "http://a.com/x/y",
        "http://a.com/x/z",
        "http://a.com/x/y",
        "http://a.com/",
    ],
    &[
        "http://a.com/x/y",
        "https://consent.a.com/v2/collectConsent?to=x",
    ],
    &[
        "http://a.com/x/y",
        "https://accounts.a.com/ServiceLogin?continue=x",
    ],
    &["http://a.com/x/y", "https://a.com/user/login?dest=x"],
    &["http://a.com/?p=404", "http://a.com/archives/404"],
    &["http://a.com/some-title", "http://a.com/comics/404"],
    &["http://a.com/?p=12", "http://a.com/2012/05/not-found/"],
    &["http://a.com/404", "http://a.com/404.html"],
    &["http://a.com/x/y", "http://a.com/?from=/x/y"],
    &["http://a.com/x/y", "http://a.com/de/"],
];

#[test]
fn living_pages_are_not_called_dead() {
    for addresses in NOT_DEAD {
        for status in [301, 302] {
            let verdict = judged(addresses[0], &chain(status, addresses));
            assert!(
                matches!(verdict.code.group(), Group::Fine | Group::CannotTell),
                "{addresses:?}: {verdict:?}"
            );
        }
    }
}

#[test]
fn redirects_that_hide_a_death() {
    for (rule, addresses) in [
        (
            Rule::RedirectToFrontPage,
            ["http://a.com/news/2012/story", "http://a.com/"],
        ),
        (
            Rule::RedirectToFrontPage,
            ["http://a.com/a-long-story-title", "https://www.a.com/"],
        ),
        (
            Rule::RedirectToFrontPage,
            ["http://a.com/story.html", "https://a.com/index.html"],
        ),
        (
            Rule::RedirectToFrontPage,
            ["http://a.com/?p=123", "https://a.com/"],
        ),
        (
            Rule::RedirectToFrontPage,
            ["http://news.a.com/2012/05/story", "https://www.a.com/"],
        ),
        (
            Rule::RedirectToFrontPage,
            ["http://a.com/2012/05/story", "https://b.org/?utm_source=a"],
        ),
        (
            Rule::RedirectToNotFoundPage,
            ["http://a.com/x", "http://a.com/404"],
        ),
        (
            Rule::RedirectToNotFoundPage,
            ["http://a.com/x", "http://a.com/404.html?from=x"],
        ),
        (
            Rule::RedirectToNotFoundPage,
            ["http://a.com/x", "http://a.com/en/errors/404.aspx"],
        ),
        (
            Rule::RedirectToNotFoundPage,
            ["http://a.com/x", "http://a.com/page-not-found/"],
        ),
        (
            Rule::RedirectToNotFoundPage,
            ["http://a.com/x", "http://a.com/notfound"],
        ),
        (
            Rule::RedirectToNotFoundPage,
            ["http://a.com/x", "http://a.com/about/error404"],
        ),
    ] {
        let verdict = judged(addresses[0], &chain(302, &addresses));
        assert_eq!(verdict.code, Code::Soft404, "{addresses:?}");
        assert!(verdict.evidence[0].is(rule), "{addresses:?}");
    }
}

#[test]
fn content_saves() {
    let source = Url::parse("http://a.com/news/2012/story").unwrap();
    let facts = chain(301, &[source.as_str(), "http://a.com/"]);
    let page = Features {
        title: Some("The story".to_owned()),
        text_chars: 10,
        ..Features::default()
    };
    let mut case = Case::new(&source, &facts);
    case.features = Some(&page);
    assert_eq!(judge(&case).code, Code::Soft404);
    case.baseline = Some(&page);
    assert_eq!(judge(&case).code, Code::Moved);
    let named = Features {
        canonical: Some("https://www.a.com/news/2012/story/".to_owned()),
        ..page.clone()
    };
    case.baseline = None;
    case.features = Some(&named);
    assert_ne!(judge(&case).code.group(), Group::Gone);
}

proptest! {
    #[test]
    fn any_chain_is_judged(
        addresses in proptest::collection::vec("https?://[a-c](\\.[a-c]){1,2}(/[a-z0-9.%#?=-]{0,12}){0,3}|.{0,20}", 1..5),
        statuses in proptest::collection::vec(0_u16..1100, 1..5),
        location in proptest::option::of(".{0,20}"),
        size in proptest::option::of(0_u64..2),
    ) {
        let headers: Vec<(&str, &str)> = location.iter().map(|l| ("location", l.as_str())).collect();
        let hops = addresses.iter().zip(&statuses).map(|(a, &s)| hop(a, s, &headers)).collect();
        let mut facts = facts(hops);
        facts.body = size.map(body);
        let source = Url::parse(SOURCE).unwrap();
        let case = Case::new(&source, &facts);
        let verdict = judge(&case);
        prop_assert!(!verdict.evidence.is_empty());
        prop_assert_eq!(&verdict, &judge(&case));
        let names: Vec<&str> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
        prop_assert!(verdict.evidence.iter().all(|sign| names.contains(&&*sign.rule)));
    }
}
