//! The table in `docs/VERDICTS.md` is written from the declarations:
//! `SOURCEKEEP_UPDATE_DOCS=1 cargo test --test misbehaving` writes it anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::stage::Topic;
use crate::{connections, heads, http2, lengths, redirects, sizes, slow, statuses, tastes, tls};

const HEADING: &str = "## Misbehaving servers";

const INTRODUCTION: &str = "\
What becomes of a visit to a server that does not play by the rules. This section is written from tests, one for each
line, which lead the built program to such a server and hold it to the verdict, the rule, and the time and memory that
it takes. \"At once\" says that no limit has to be reached; the limits can be set
([`[limits]`](CONFIGURATION.md#limits)). As they usually are, the program takes less than 64 MB of memory where nothing
large is sent, less than 128 MB where 32 MB are taken, and less than 160 MB where these unpack to 64 MB.
";

const TOPICS: &[Topic] = &[
    slow::TOPIC,
    connections::TOPIC,
    lengths::TOPIC,
    sizes::TOPIC,
    redirects::TOPIC,
    statuses::TOPIC,
    heads::TOPIC,
    http2::TOPIC,
    tls::TOPIC,
    tastes::TOPIC,
];

fn section() -> String {
    let mut text = format!("{HEADING}\n\n{INTRODUCTION}");
    for topic in TOPICS {
        let title = topic.title;
        write!(
            text,
            "\n### {title}\n\n| what the server does | verdict | rule | what ends it |\n|---|---|---|---|\n"
        )
        .unwrap();
        for row in topic.rows {
            let (verdict, rule) = (row.verdict, row.rule.as_str());
            writeln!(
                text,
                "| {} | `{verdict}` | `{rule}` | {} |",
                row.does, row.ends
            )
            .unwrap();
        }
    }
    text
}

#[test]
fn the_table_says_what_the_tests_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/VERDICTS.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let begins = page
        .find(&format!("\n{HEADING}\n"))
        .map_or(page.len(), |at| at + 1);
    let after = &page[begins..];
    let rest = after.find("\n## ").map_or("", |at| &after[at..]);
    let wanted = format!("{}{}{rest}", &page[..begins], section());
    if std::env::var_os("SOURCEKEEP_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
        return;
    }
    assert!(
        page == wanted,
        "docs/VERDICTS.md differs from the tests; SOURCEKEEP_UPDATE_DOCS=1 cargo test --test misbehaving writes it anew"
    );
}

#[test]
fn every_row_is_a_test_and_every_test_a_row() {
    let listed = Command::new(std::env::current_exe().unwrap())
        .args(["--list", "--format", "terse"])
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let tests: BTreeSet<_> = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .filter(|name| !name.starts_with("table::"))
        .map(str::to_owned)
        .collect();
    let rows = TOPICS.iter().flat_map(|topic| {
        let module = topic.module.rsplit("::").next().unwrap();
        topic
            .rows
            .iter()
            .map(move |row| format!("{module}::{}", row.name))
    });
    let rows: BTreeSet<_> = rows.collect();
    assert_eq!(rows, tests);
    for topic in TOPICS {
        let words: BTreeSet<_> = topic.rows.iter().map(|row| row.does).collect();
        assert_eq!(
            words.len(),
            topic.rows.len(),
            "two rows of {} say the same",
            topic.title
        );
        for words in words {
            assert!(!words.contains(['|', '\n']), "{words}");
        }
    }
}
