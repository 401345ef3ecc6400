//! The reference pages say all that the code has, and nothing else.

use std::collections::BTreeSet;

use sourcekeep::config::KEYS;
use sourcekeep::gather::{Format, Kind, Place, Tie};
use sourcekeep::judge::{Code, Rule};
use sourcekeep::schedule::Standing;

const VERDICTS: &str = include_str!("../docs/VERDICTS.md");
const CONFIGURATION: &str = include_str!("../docs/CONFIGURATION.md");
const RULES: &str = include_str!("../docs/RULES.md");
const INPUTS: &str = include_str!("../docs/INPUTS.md");
const SCHEMA: &str = include_str!("../docs/SCHEMA.md");

/// The lines under a heading, up to the next of its level or above.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let start = page
        .find(&format!("{heading}\n"))
        .expect("the page has this heading");
    let rest = &page[start + heading.len()..];
    let level = heading.split(' ').next().expect("a heading has a level");
    rest.find(&format!("\n{level} "))
        .map_or(rest, |end| &rest[..end])
}

/// What stands between the first backticks of each line that begins like this.
fn named<'a>(text: &'a str, beginning: &str) -> BTreeSet<&'a str> {
    text.lines()
        .filter_map(|line| line.strip_prefix(beginning))
        .filter_map(|rest| rest.split('`').next())
        .collect()
}

#[test]
fn every_verdict_code_is_documented() {
    let codes = section(VERDICTS, "## Codes");
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(named(codes, "### `"), known);
    for code in Code::ALL {
        let entry = section(VERDICTS, &format!("### `{code}`"));
        assert!(
            entry.contains(code.description()),
            "{code}: its description"
        );
        let group = format!("- Group: `{}`;", code.group());
        assert!(entry.contains(&group), "{code}: its group");
        assert!(entry.contains("- Given by: "), "{code}: what gives it");
        assert_eq!(
            entry.contains("A hard sign"),
            code.is_hard_sign(),
            "{code}: whether it is a hard sign"
        );
    }
}

#[test]
fn every_rule_is_documented() {
    let rules = section(VERDICTS, "## Rules");
    let known: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
    assert_eq!(named(rules, "| `"), known);
    for rule in Rule::ALL {
        let row = format!("| `{}` | {} |", rule.as_str(), rule.description());
        assert!(rules.contains(&row), "{row}");
    }
}

#[test]
fn every_standing_is_documented() {
    let known: BTreeSet<&str> = Standing::ALL.iter().map(|s| s.as_str()).collect();
    assert_eq!(named(section(VERDICTS, "## Standing"), "| `"), known);
}

#[test]
fn every_configuration_key_is_documented() {
    let known: BTreeSet<&str> = KEYS.iter().copied().collect();
    assert_eq!(named(CONFIGURATION, "| `"), known);
    for (table, heading) in [
        ("fetch", "[fetch]"),
        ("gather", "[gather]"),
        ("input", "[[input]]"),
        ("schedule", "[schedule]"),
        ("capture", "[capture]"),
        ("judge", "[judge]"),
        ("backup", "[backup]"),
        ("host", "[host.\"NAME\"]"),
        ("source", "[source.\"ADDRESS\"]"),
        ("limits", "[limits]"),
    ] {
        let rows = named(section(CONFIGURATION, &format!("## `{heading}`")), "| `");
        let own = format!("{table}.");
        let known = KEYS.iter().copied().filter(|key| key.starts_with(&own));
        assert_eq!(rows, known.collect(), "{table}");
    }
}

#[test]
fn the_example_is_taken() {
    let example = CONFIGURATION
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("the page has an example");
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("heartbeat.secret");
    std::fs::write(secret, "https://example.com/ping\n").expect("a file");
    let path = folder.path().join("sourcekeep.toml");
    let file = sourcekeep::config::File::parse(example, &path);
    let settings = sourcekeep::config::Settings::resolve(
        sourcekeep::config::Overrides::default(),
        Some(file.expect("the example is configuration")),
    );
    assert_eq!(settings.map(|s| s.fetch.host_delay_ms), Ok(2000));
}

#[test]
fn the_example_of_rules_is_taken() {
    let example = section(RULES, "## An example");
    let example = example
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("the page has an example");
    sourcekeep::judge::Rules::extended(example).expect("the example is rules");
    let unknown = sourcekeep::judge::Rules::extended("[words.zebra]\nen = [\"abc\"]\n");
    let message = unknown.expect_err("there are no such words").to_string();
    for what in named(section(RULES, "## Words"), "| `") {
        assert!(message.contains(what), "{what}: {message}");
    }
}

#[test]
fn every_format_kind_place_and_tie_is_documented() {
    for format in Format::ALL {
        assert!(INPUTS.contains(&format!("`{format}`")), "{format}");
    }
    let kinds = section(INPUTS, "## Kinds: by which markup something is cited");
    for kind in Kind::ALL {
        assert!(kinds.contains(&format!("| `{kind}` |")), "{kind}");
        assert!(SCHEMA.contains(&format!("`{kind}`")), "{kind}");
    }
    let places = section(INPUTS, "## Places: where in a post it stands");
    for place in Place::ALL {
        assert!(places.contains(&format!("`{place}`")), "{place}");
    }
    let quotes = section(
        INPUTS,
        "## Quotes: the passage that a post quotes from a source",
    );
    for tie in Tie::ALL {
        assert!(quotes.contains(&format!("| `{tie}` |")), "{tie}");
        assert!(SCHEMA.contains(&format!("`{tie}`")), "{tie}");
    }
}
