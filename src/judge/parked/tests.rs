//! Pages that are parked, and pages that are not.

use super::super::around::Around;
use super::super::tests::{chain, facts, hop};
use super::super::{Rules, features, judge};
use super::*;
use crate::fetch::Facts;

const SOURCE: &str = "https://water-news.org/2012/05/wells";

fn drawn(html: &str) -> Features {
    let url = Url::parse(SOURCE).unwrap();
    features(html, Some("text/html"), &url, Rules::built_in())
}

fn seen() -> Facts {
    facts(vec![hop(SOURCE, 200, &[])])
}

fn verdict(
    page: &Features,
    baseline: Option<&Features>,
    around: &Around,
    facts: &Facts,
) -> Verdict {
    let address = Url::parse(SOURCE).unwrap();
    let mut case = Case::new(&address, facts);
    case.features = Some(page);
    case.baseline = baseline;
    case.around = around;
    judge(&case)
}

fn code(html: &str) -> Code {
    verdict(&drawn(html), None, &Around::default(), &seen()).code
}

fn served_by(servers: &[&str], aliases: &[&str]) -> Around {
    let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Around {
        name_servers: own(servers),
        aliases: own(aliases),
        ..Around::default()
    }
}

/// An article, as an extractor would see it, of a few hundred different words.
fn article(title: &str, seed: u32) -> String {
    let sentences: Vec<String> = (0..60)
        .map(|at| {
            let n = seed * 10_000 + at * 7919 % 9973;
            format!("<p>Sentence number {n} tells of place{n}a and of thing{n}b, that people{n} went to in year{n}c.</p>")
        })
        .collect();
    let words = sentences.concat();
    format!("<html lang=en><title>{title}</title><body><article><h1>{title}</h1>{words}</article>")
}

#[test]
fn pages_of_parking_services() {
    for html in [
        r#"<html data-adblockkey="MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJB_x=="><head></head><body><div id="target" style="opacity: 0"></div></body></html>"#,
        r#"<!doctype html><html lang="en"><body><div id="target"></div><script>window.park = "eyJ1dWlkIjoi";</script></body></html>"#,
        r#"<script>window.LANDER_SYSTEM="PW"</script><div id="root"></div>"#,
        r#"<script src="https://img1.wsimg.com/parking-lander/static/js/main.js"></script><div id="root"></div>"#,
        r#"<html><head><script>window.onload=function(){window.location.href="/lander"}</script></head></html>"#,
        r#"<title>water-news.org</title><script src="//www.google.com/adsense/domains/caf.js"></script><body>"#,
        r#"<title>water-news.org - This website is for sale! - water Resources</title><h1>water-news.org</h1>
           <a href=/a>Wells</a> <a href=/b>Pumps</a> Related searches <script src="//img.sedoparking.com/x.js"></script>"#,
        r#"<script>window.location.replace("https://www.hugedomains.com/domain_profile.cfm?d=water-news.org")</script>"#,
        r#"<meta http-equiv=refresh content="0; url=https://dan.com/buy-domain/water-news.org"><p>Loading"#,
    ] {
        assert_eq!(code(html), Code::Parked, "{html}");
    }
}

#[test]
fn pages_that_say_so_in_many_languages() {
    for (title, text) in [
        (
            "water-news.org is for sale",
            "This domain is for sale. Make an offer.",
        ),
        (
            "Parked Domain name on Hostinger DNS system",
            "You Are All Set to Go! Learn how to start your site.",
        ),
        (
            "water-news.org",
            "This domain has expired. If you are the owner, renew it now.",
        ),
        ("water-news.org", "Diese Domain steht zum Verkauf"),
        ("water-news.org", "Hier entsteht eine neue Internetpräsenz"),
        ("water-news.org", "Ce nom de domaine est à vendre"),
        ("water-news.org", "Este dominio está en venta"),
        ("water-news.org", "Этот домен продаётся"),
        ("water-news.org", "该域名正在出售"),
        ("water-news.org", "このドメインは販売中です"),
        ("water-news.org", "Bu alan adı satılıktır"),
        ("water-news.org", "Domena jest na sprzedaż"),
        (
            "Tên miền này đang được bán",
            "water-news.org: tên miền này đang được bán",
        ),
    ] {
        let html = format!("<title>{title}</title><body><h1>{title}</h1><p>{text}</p>");
        assert_eq!(code(&html), Code::Parked, "{html}");
    }
}

#[test]
fn living_pages_that_speak_of_parking_are_alive() {
    for html in [
        article("This domain is for sale: how parking works", 1),
        article("Buy this domain? What a parked domain is", 2)
            + r#"<p>Look for data-adblockkey="MFwwDQYJ in the source, google.com/adsense/domains/caf.js, window.park = "x"</p>"#,
        article("Online casino raided, police say", 3),
        // A site maker's own script, and a short page of an owner.
        r#"<title>Anna's bakery</title><script src="https://img1.wsimg.com/blobby/go/x.js"></script><h1>Bread</h1><p>Open from six.</p>"#.to_owned(),
        "<title>Bakery</title><h1>Coming soon</h1><p>We open in May. See you there, with fresh bread and coffee.</p>".to_owned(),
        "<title>Our villa</title><h1>Villa for sale</h1><p>Make an offer. Three rooms by the sea.</p>".to_owned(),
        r#"<script>window.location.href="/home"</script><p>Loading</p>"#.to_owned(),
        "<title>Account suspended</title><h1>This account has been suspended</h1><p>Contact your hosting provider.</p>".to_owned(),
    ] {
        assert!(!matches!(code(&html), Code::Parked | Code::Soft404), "{html}");
    }
}

#[test]
fn name_servers_decide_together_with_a_page_of_little_text() {
    let parked = served_by(&["ns1.sedoparking.com", "ns2.sedoparking.com"], &[]);
    let alias = served_by(&[], &["77980.bodis.com"]);
    let thin = drawn("<title>Welcome</title><p>Wells. Pumps. Water.</p>");
    for around in [&parked, &alias] {
        let verdict = verdict(&thin, None, around, &seen());
        assert_eq!(verdict.code, Code::Parked);
        assert!(verdict.is_hard_sign());
        assert!(verdict.evidence[0].is(Rule::ParkingNames), "{verdict:?}");
    }
    let full = drawn(&article("The wells of the valley", 4));
    assert_eq!(verdict(&full, None, &parked, &seen()).code, Code::Alive);
    // What registrars give to every customer is no sign.
    for servers in [
        ["ns01.domaincontrol.com"],
        ["dns1.registrar-servers.com"],
        ["ns1.dns-parking.com"],
        ["ns1.dnsowl.com"],
        ["docks01.rzone.de"],
        ["notbodis.com"],
    ] {
        let around = served_by(&servers, &[]);
        assert_eq!(verdict(&thin, None, &around, &seen()).code, Code::Alive);
    }
    // A short page that still says what it said is alive, whoever serves its name.
    let kept = verdict(&thin, Some(&thin), &parked, &seen());
    let still = suspect_with(&thin, Some(&thin), &parked);
    assert!(
        kept.code == Code::Alive || still.weight() == 100,
        "{kept:?}"
    );
}

fn suspect_with(page: &Features, baseline: Option<&Features>, around: &Around) -> Suspicion {
    let (address, facts) = (Url::parse(SOURCE).unwrap(), seen());
    let mut case = Case::new(&address, &facts);
    case.features = Some(page);
    case.baseline = baseline;
    case.around = around;
    suspect(&case)
}

#[test]
fn redirects_to_where_domains_are_sold() {
    let page = drawn(&article("water-news.org", 5));
    for to in [
        "https://www.hugedomains.com/domain_profile.cfm?d=water-news.org",
        "https://dan.com/buy-domain/water-news.org",
        "https://www.afternic.com/forsale/water-news.org?utm_source=x",
        "https://sedo.com/search/details/?domain=water-news.org",
    ] {
        let facts = chain(302, &[SOURCE, to]);
        let verdict = verdict(&page, None, &Around::default(), &facts);
        assert_eq!(verdict.code, Code::Parked, "{to}");
    }
    // A page of such a seller is what was cited.
    let address = Url::parse("https://sedo.com/us/news/domains/").unwrap();
    let end = "https://sedo.com/search/details/?domain=x.org";
    let facts = chain(302, &[address.as_str(), end]);
    let page = drawn("<title>x.org is for sale</title><h1>Buy this domain</h1>");
    let mut case = Case::new(&address, &facts);
    case.features = Some(&page);
    assert_eq!(judge(&case).code, Code::Alive);
}

#[test]
fn a_house_that_moved_or_redesigned_is_no_stranger() {
    let mut before = drawn(&article("The wells of the valley", 6));
    before.canonical = Some(SOURCE.to_owned());
    let moved = chain(301, &[SOURCE, "https://daily-water.net/wells"]);
    let same = drawn(&article("The wells of the valley", 6));
    assert_eq!(
        verdict(&same, Some(&before), &Around::default(), &moved).code,
        Code::Moved
    );
    // A redesign: another frame, the same text; a title with the new name of the site.
    let again = drawn(&article("The wells of the valley - Water News", 6));
    assert_eq!(
        verdict(&again, Some(&before), &Around::default(), &seen()).code,
        Code::Alive
    );
    // A casino's own page, now and then.
    let casino = drawn(&article("Online casino bonus codes", 7));
    assert_eq!(
        verdict(&casino, Some(&casino), &Around::default(), &seen()).code,
        Code::Alive
    );
    let news = drawn(&article("Online casino bonus news of today", 8));
    assert_eq!(
        verdict(&news, Some(&casino), &Around::default(), &seen()).code,
        Code::Alive
    );
}

#[test]
fn a_hijacked_page_speaks_of_other_things() {
    let mut before = drawn(&article("The wells of the valley", 9));
    before.canonical = Some(SOURCE.to_owned());
    for title in [
        "SLOT GACOR: Situs Judi Online Terpercaya",
        "Nhà cái uy tín 2026",
        "Deneme bonusu veren siteler",
        "Buy Viagra without prescription",
        "온라인카지노 먹튀검증",
    ] {
        let now = drawn(&article(title, 10));
        let (address, facts) = (Url::parse(SOURCE).unwrap(), seen());
        let mut case = Case::new(&address, &facts);
        case.features = Some(&now);
        // Without a baseline nobody can say.
        assert_eq!(judge(&case).code, Code::Alive, "{title}");
        case.baseline = Some(&before);
        let suspicion = suspect(&case);
        assert!(suspicion.weight() >= 90, "{title}: {suspicion:?}");
        if compare(&now, &before).known.is_some() {
            assert_eq!(judge(&case).code, Code::Parked, "{title}");
        }
    }
}

#[test]
fn another_domain_with_another_subject() {
    let mut before = drawn(&article("The wells of the valley", 11));
    before.canonical = Some(SOURCE.to_owned());
    let now = drawn(&article("Cheap flights today", 12));
    let moved = chain(301, &[SOURCE, "https://stranger.com/offers/today"]);
    let (address, scale) = (
        Url::parse(SOURCE).unwrap(),
        |before: &Features, to: &Facts| {
            let address = Url::parse(SOURCE).unwrap();
            let mut case = Case::new(&address, to);
            case.features = Some(&now);
            case.baseline = Some(before);
            suspect(&case).weight()
        },
    );
    let is_known = compare(&now, &before).known.is_some();
    assert_eq!(scale(&before, &moved), if is_known { 100 } else { 50 });
    // A redirector led elsewhere from the beginning.
    before.canonical = Some("https://publisher.com/wells".to_owned());
    assert!(scale(&before, &moved) < DECISIVE);
    before.canonical = Some(SOURCE.to_owned());
    let house = chain(301, &[address.as_str(), "https://water-news.fr/puits"]);
    assert!(scale(&before, &house) < DECISIVE);
}

#[test]
fn hosting_services_that_have_no_site() {
    let page = drawn(
        "<title>Site not found &middot; GitHub Pages</title><h1>404</h1><p><strong>There isn't a GitHub Pages site here.</strong></p>",
    );
    let none = Around::default();
    let found = verdict(&page, None, &none, &seen());
    assert_eq!(found.code, Code::Soft404);
    assert!(found.evidence[0].is(Rule::NoSuchSite));
    let found = verdict(&page, None, &none, &facts(vec![hop(SOURCE, 404, &[])]));
    assert_eq!(found.code, Code::NotFound);
    assert!(found.evidence.iter().any(|sign| sign.is(Rule::NoSuchSite)));
}

#[test]
fn titles_are_compared_by_their_words() {
    assert_eq!(
        shares_words(Some("The wells"), Some("Wells of the valley")),
        Some(true)
    );
    assert_eq!(
        shares_words(Some("The wells"), Some("The pumps")),
        Some(false)
    );
    assert_eq!(
        shares_words(Some("東京の水"), Some("東京のニュース")),
        Some(true)
    );
    assert_eq!(shares_words(Some("the"), Some("The wells")), None);
    assert_eq!(shares_words(None, Some("The wells")), None);
}

#[test]
fn pages_of_registrars_and_markets() {
    let sale = "<p>Buy now for $2,495 or make an offer. Secure payment, monthly installments, buyer protection. \
        How do I get the domain after the purchase? The seller will transfer the domain to you.</p>"
        .to_owned()
        + &"<p>We have sold many thousands of names since the year we began, and people are pleased with us.</p>".repeat(18);
    for (title, body) in [
        (
            "water-news.org",
            "<h1>water-news.org</h1><p>This domain is registered at Namecheap. Please check back later.</p>",
        ),
        (
            "water-news.org",
            "<p>water-news.org is registered here. You see this page because nothing has been set up.</p>",
        ),
        (
            "",
            "<p>water-news.org is parked free, courtesy of GoDaddy.com.</p>",
        ),
        (
            "Domain registered",
            "<p>The domain water-news.org has been registered by a customer of ours.</p>",
        ),
        (
            "water-news.org",
            "<p>Die Domain water-news.org ist bei STRATO registriert.</p>",
        ),
        (
            "Domain registriert",
            "<p>Diese Domain wurde erfolgreich registriert.</p>",
        ),
        (
            "water-news.org",
            "<p>Ce nom de domaine est enregistré chez nous.</p>",
        ),
        (
            "Домен зарегистрирован",
            "<p>Домен water-news.org зарегистрирован в REG.RU</p>",
        ),
        (
            "water-news.org",
            r#"<h2>Related searches</h2><a href=/1>Wells</a><a href=/2>Pumps</a><a href="https://www.sedo.com/">sedo</a>"#,
        ),
        ("water-news.org is for sale | HugeDomains", &sale),
        (
            "water-news.org",
            r#"<p>Related searches</p><a href=/1>Wells</a><script src="//www.tonic.com/x.js"></script>"#,
        ),
    ] {
        let html = format!("<title>{title}</title><body>{body}");
        let page = drawn(&html);
        let verdict = verdict(&page, None, &Around::default(), &seen());
        assert_eq!(verdict.code, Code::Parked, "{html}: {verdict:?}");
    }
}

#[test]
fn pages_that_speak_of_domains_are_not_parked() {
    let long = "<p>A note on how people sell names, what buyers pay for them, and why it takes as long as it does.</p>".repeat(25);
    for (title, body) in [
        (
            "How we lost a domain",
            "<p>This domain has expired, said the page, and we had to buy it back. Here is how that went.</p>",
        ),
        (
            "Domains for sale at Smith & Sons",
            "<p>We sell domains. Make an offer, pay by installments, secure payment.</p><a href='https://sedo.com/x'>Our names at Sedo</a>",
        ),
        (
            "water-news.org",
            "<p>water-news.org is registered in England and Wales, company number 1234567.</p>",
        ),
        (
            "water-news.org",
            "<p>Under construction. Write to us at info@water-news.org.</p>",
        ),
        (
            "water-news.org",
            "<p>Buy now: the well pump. Secure payment, money back guarantee.</p>",
        ),
        ("Why water-news.org is for sale", &long),
        (
            "Google.com is for sale?",
            "<p>Somebody bought google.com for a minute. Read the story.</p>",
        ),
        (
            "Pumps for sale - water-news.org",
            "<p>Ten pumps, hardly used. Make an offer. Buy now.</p>",
        ),
        (
            "Find your domain name | Registrar",
            "<p>Search for a domain, register it, transfer it. Web hosting and mail.</p>",
        ),
        (
            "Parked domains explained",
            "<p>A page that says this domain is parked earns by related searches and sponsored links.</p>",
        ),
        (
            "Welcome",
            "<p>Welcome to our wells. We dig by hand, on Mondays.</p>",
        ),
    ] {
        let html = format!("<title>{title}</title><body>{body}");
        let page = drawn(&html);
        let verdict = verdict(&page, None, &Around::default(), &seen());
        assert_ne!(verdict.code, Code::Parked, "{html}: {verdict:?}");
    }
}

#[test]
fn the_own_domain_is_found_as_a_word() {
    let named = |text| with_own_domain(text, "a.org");
    assert_eq!(
        named("www.a.org is, a.org. (a.org) \"a.org\"!"),
        "{domain} is, {domain}. ({domain}) \"{domain}\"!"
    );
    for other in [
        "me@a.org", "ba.org", "b.a.org", "a.org.uk", "a.org/b", "a.organ", "-a.org",
    ] {
        assert_eq!(named(other), other);
    }
}

#[test]
fn a_page_that_sells_a_domain_of_another_name() {
    let sold = "<title>old-wells.org</title><h1>old-wells.org</h1><p>This domain is available for sale!</p>\
         <p>Get a price in less than 24 hours. Fill out the form below.</p>";
    assert_eq!(code(sold), Code::Parked);
    // An offer at a broker is about the domain that its address names.
    let address = Url::parse("https://broker.example/offers/old-wells.org").unwrap();
    let facts = facts(vec![hop(address.as_str(), 200, &[])]);
    let page = drawn(sold);
    let mut case = Case::new(&address, &facts);
    case.features = Some(&page);
    assert_eq!(judge(&case).code, Code::Alive);
}
