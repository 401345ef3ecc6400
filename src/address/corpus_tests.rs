//! Addresses against data that nobody here wrote (keys of the Internet Archive, the WHATWG's URL tests), and against
//! arbitrary ones. The data is looked for in `SOURCEKEEP_CORPUS`, else in `../shared/corpus`; where it is absent, the
//! tests say so and pass.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;
use url::Url;

use super::{canonical, is_front_path, parse, redacted, site, surt, trivially_same};

fn corpus(name: &str) -> Option<String> {
    let folder = std::env::var_os("SOURCEKEEP_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(folder.join(name)).ok();
    if text.is_none() {
        println!("skipped: no {name} in {}", folder.display());
    }
    text
}

#[test]
fn surt_keys_of_the_internet_archive() {
    let Some(text) = corpus("surt.expected.json") else {
        return;
    };
    let expected: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
    let mut wrong = Vec::new();
    for (address, key) in &expected {
        let ours = Url::parse(address)
            .map(|url| surt(&url))
            .unwrap_or_default();
        if ours != *key {
            wrong.push(format!("{address}\n  {ours}\n  {key}"));
        }
    }
    println!(
        "surt: {} of {} keys",
        expected.len() - wrong.len(),
        expected.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every function of this room on one address; what must hold of any.
fn exercise(text: &str, base: Option<&Url>) {
    let Ok(url) = parse(text, base) else {
        return;
    };
    assert!(url.username().is_empty() && url.password().is_none());
    let once = canonical(&url);
    assert_eq!(canonical(once.url()), once, "idempotent on {text}");
    let again = parse(once.as_str(), None).map(|url| canonical(&url));
    assert_eq!(again, Ok(once.clone()), "its text names it: {text}");
    assert!(trivially_same(&url, once.url()), "{text}");
    assert!(surt(&url).contains(')'));
    assert!(once.host().contains(site(once.host())));
    assert!(!redacted(&url).is_empty());
    let _ = is_front_path(url.path());
}

#[test]
fn whatwg_url_tests() {
    for name in [
        "url-suites/wpt__urltestdata.json",
        "url-suites/urlcanon__urltestdata.json",
    ] {
        let Some(text) = corpus(name) else {
            continue;
        };
        let cases: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut count = 0;
        for case in cases.as_array().into_iter().flatten() {
            let Some(input) = case["input"].as_str() else {
                continue;
            };
            let base = case["base"].as_str().and_then(|b| Url::parse(b).ok());
            exercise(input, base.as_ref());
            count += 1;
        }
        println!("{name}: {count} addresses");
        assert!(count > 100);
    }
}

proptest! {
    #[test]
    fn any_text(text in ".{0,200}") {
        exercise(&text, None);
    }

    #[test]
    fn any_address(
        scheme in "https?|HTTP",
        user in "([a-z%]{1,4}(:[a-z:%]{0,4})?@)?",
        host in r"([a-zü0-9.\-]{1,20}|\[[0-9a-f:]{2,12}\])(:[0-9]{0,5})?",
        rest in r"(/[ -~ü]{0,40}){0,3}(\?[ -~]{0,60})?(#[ -~]{0,20})?",
    ) {
        exercise(&format!("{scheme}://{user}{host}{rest}"), None);
    }
}
