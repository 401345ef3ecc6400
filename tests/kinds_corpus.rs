//! Kinds of citations over real texts: bare addresses against the suites of those who define where an address ends.
//!
//! Measured is the share of cases whose set of `http`, `https` and `www.` addresses is found exactly; cases without any,
//! and without anything that looks like one, do not count. What is found otherwise is listed by case, with the reason.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its key has failed"
)]

mod real;

use std::collections::BTreeSet;

use real::{corpus, load, say};
use sourcekeep::gather::{
    Citation, Document, Format, Kind, LeftOut, Note, Options, Post, Sink, gather,
};
use url::Url;

#[derive(Default)]
struct Found(Vec<Citation>);

impl Sink for Found {
    fn begin(&mut self, _address: &str) {}
    fn citation(&mut self, citation: Citation) {
        self.0.push(citation);
    }
    fn left_out(&mut self, _left_out: LeftOut) {}
    fn end(&mut self, _post: Post) {}
    fn note(&mut self, _note: Note) {}
}

fn addresses_in(text: &str, format: Format) -> BTreeSet<String> {
    let document = Document {
        bytes: text.as_bytes(),
        media_type: Some("text/plain; charset=utf-8"),
        name: "case",
        address: None,
        base: None,
        format,
    };
    let mut found = Found::default();
    gather(
        &document,
        &Options::default().compile().unwrap(),
        &mut found,
    )
    .unwrap();
    let links = found
        .0
        .iter()
        .filter(|one| matches!(one.kind, Kind::Bare | Kind::Anchor));
    links.map(|one| one.url.to_string()).collect()
}

/// What is expected, as far as it is ours: with one of the schemes, or with `www.` and without any.
fn ours(written: &[&str]) -> BTreeSet<String> {
    let addresses = written.iter().filter_map(|one| {
        let lower = one.to_ascii_lowercase();
        if lower.starts_with("http://") || lower.starts_with("https://") {
            parsed(one)
        } else if lower.starts_with("www.") {
            parsed(&format!("http://{one}"))
        } else {
            None
        }
    });
    addresses.collect()
}

fn parsed(address: &str) -> Option<String> {
    let mut url = Url::parse(address).ok()?;
    // Credentials are dropped on purpose.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(url.to_string())
}

fn looks_like_one(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["http://", "https://", "www."]
        .iter()
        .any(|sign| lower.contains(sign))
}

struct Case {
    name: String,
    text: String,
    expected: BTreeSet<String>,
}

/// Compares all cases. `known` are those that are found otherwise, each by what its text holds, and why.
fn compare(suite: &str, format: Format, cases: &[Case], known: &[(&str, &str)]) {
    let (mut right, mut wrong) = (0, Vec::new());
    let relevant = cases
        .iter()
        .filter(|case| !case.expected.is_empty() || looks_like_one(&case.text));
    for case in relevant {
        let found = addresses_in(&case.text, format);
        if found == case.expected {
            right += 1;
        } else {
            wrong.push((case, found));
        }
    }
    let all = right + wrong.len();
    say(&format!(
        "{suite}: {right} of {all} cases ({:.1} %)",
        100.0 * right as f64 / all as f64
    ));
    for (case, found) in &wrong {
        say(&format!(
            "  {}: {:?} is not {:?}",
            case.name, found, case.expected
        ));
    }
    for (case, _) in &wrong {
        let reason = known.iter().find(|(part, _)| case.text.contains(part));
        assert!(reason.is_some(), "{suite}: {}: {}", case.name, case.text);
    }
    assert_eq!(
        wrong.len(),
        known.len(),
        "{suite}: a known difference is gone"
    );
    assert!(right * 100 >= all * 95, "{suite}: {right} of {all}");
}

#[test]
fn linkify_it() {
    let Some(corpus) = corpus() else { return };
    let read = |name: &str| String::from_utf8(load(&corpus.join("url-suites").join(name))).unwrap();
    let mut cases = Vec::new();
    let links = read("linkify-it__links.txt");
    let lines: Vec<&str> = links.lines().collect();
    let mut at = 0;
    let plain = |at: usize| {
        let line = lines.get(at).copied().unwrap_or_default();
        if line.starts_with('%') { "" } else { line }
    };
    while at < lines.len() {
        let text = plain(at);
        if text.trim().is_empty() {
            at += 1;
            continue;
        }
        // A line of its own behind it says what is the link.
        let said = plain(at + 1);
        let link = if said.trim().is_empty() { text } else { said };
        cases.push(Case {
            name: format!("links.txt:{}", at + 1),
            text: text.to_owned(),
            expected: ours(&[link]),
        });
        at += 2;
    }
    for (at, text) in read("linkify-it__not_links.txt").lines().enumerate() {
        if !text.starts_with('%') && !text.trim().is_empty() {
            cases.push(Case {
                name: format!("not_links.txt:{}", at + 1),
                text: text.to_owned(),
                expected: BTreeSet::new(),
            });
        }
    }
    compare(
        "linkify-it",
        Format::Text,
        &cases,
        &[(
            "_\"doublequoted\"",
            "a quotation mark ends an address: in most texts it closes what was opened before the address",
        )],
    );
}

#[test]
fn twitter_text() {
    let Some(corpus) = corpus() else { return };
    let text =
        String::from_utf8(load(&corpus.join("url-suites/twitter-text__extract.yml"))).unwrap();
    let start = text.find("\n  urls:\n").unwrap();
    let end = text.find("\n  urls_with_indices:").unwrap();
    let mut cases: Vec<Case> = Vec::new();
    for line in text[start..end].lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("- description: ") {
            cases.push(Case {
                name: name.to_owned(),
                text: String::new(),
                expected: BTreeSet::new(),
            });
        } else if let (Some(written), Some(case)) = (line.strip_prefix("text: "), cases.last_mut())
        {
            case.text = serde_json::from_str(written).unwrap();
        } else if let (Some(written), Some(case)) =
            (line.strip_prefix("expected: "), cases.last_mut())
        {
            let expected: Vec<String> = serde_json::from_str(written).unwrap();
            let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
            case.expected = ours(&expected);
        }
    }
    assert!(cases.len() > 80);
    compare(
        "twitter-text",
        Format::Text,
        &cases,
        &[
            (
                "http://no-tld",
                "with a scheme, a name without a dot is an address, as in linkify-it",
            ),
            (
                "#http://test.com",
                "what stands behind # or @ is an address to everybody but Twitter",
            ),
            (
                "http://t.co/abcdefghijklmnopqrstuvwxyz012345678901234",
                "how long those of t.co are is known to Twitter",
            ),
        ],
    );
}

#[test]
fn gfm_autolinks() {
    let Some(corpus) = corpus() else { return };
    let read = |name: &str| String::from_utf8(load(&corpus.join("url-suites").join(name))).unwrap();
    let mut cases = Vec::new();
    let spec = read("cmark-gfm__spec.txt");
    let sections = ["\n## Autolinks\n", "\n## Autolinks (extension)\n"];
    for heading in sections {
        let start = spec.find(heading).unwrap();
        let end = spec[start + 4..]
            .find("\n## ")
            .map_or(spec.len(), |end| start + 4 + end);
        let examples = examples(heading.trim(), &spec[start..end]);
        // Without the extension, an address without brackets is none; here it is always on.
        let is_extension = heading.contains("extension");
        cases.extend(
            examples
                .into_iter()
                .filter(|case| is_extension || !case.expected.is_empty()),
        );
    }
    let extensions = read("cmark-gfm__extensions.txt");
    let start = extensions.find("\n## Autolinks\n").unwrap();
    let end = extensions[start + 4..]
        .find("\n## ")
        .map_or(extensions.len(), |end| start + 4 + end);
    cases.extend(examples("extensions", &extensions[start..end]));
    assert!(cases.len() >= 12, "{}", cases.len());
    compare("GFM autolinks", Format::Markdown, &cases, &[]);
}

/// The examples of a part of the specification.
fn examples(name: &str, part: &str) -> Vec<Case> {
    let fence = "`".repeat(32);
    let mut cases = Vec::new();
    for (number, example) in part.split(&format!("{fence} example")).skip(1).enumerate() {
        let example = example.split(&fence).next().unwrap();
        let (markdown, html) = example.split_once("\n.\n").unwrap();
        let (_, markdown) = markdown.split_once('\n').unwrap();
        let hrefs: Vec<String> = html
            .split("<a href=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"))
            .collect();
        let hrefs: Vec<&str> = hrefs.iter().map(String::as_str).collect();
        cases.push(Case {
            name: format!("{name}, example {}", number + 1),
            text: markdown.to_owned(),
            expected: ours(&hrefs),
        });
    }
    cases
}
