//! `stats`: what is in the archive, in numbers.

use insta::assert_snapshot;

use crate::fates;
use crate::support::Desk;

/// Text without sizes, which differ from one version of the schema to the next.
fn without_sizes(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, instead) in [
        (r" +\d+(\.\d)? (B|KB|MB)\b", " [size]"),
        (r"\d+ KB in the file", "[size] in the file"),
        (r" +\d+\.\d %", " [share]"),
        (r"\d+\.\d s on", "[time] on"),
    ] {
        text = regex::Regex::new(pattern)
            .unwrap()
            .replace_all(&text, instead)
            .into_owned();
    }
    text
}

#[test]
fn the_numbers_for_a_person() {
    let desk = fates::desk();
    desk.run("run posts");
    desk.day(1);
    desk.run("run");
    assert_snapshot!(without_sizes(&desk.run("stats --top 2").exits(0).out), @r"
    12 sources cited in 2 posts (13 citations, 1 input)
    standings   5 uncertain · 3 alive · 3 failing · 1 dead
    verdicts    5 cannot-tell · 3 fine · 3 gone · 1 failing
    new         12 sources since 2025-12-08

    25 visits
    from        2026-01-05T08:00:00Z to 2026-01-06T08:00:00Z
    each day    ····························██  25 visits in the last 30 days, at most 13 a day
    unchanged   12 of 25 found nothing new
    in time [share] of 12 sources (late: due for over a day)
    due         3, 8, 0, 0, 0, 0, 0 in the next 7 days, a day each
    runs        2 runs since 2025-12-08, [time] on average, the last just now, none suspect

    [size] in the file
    payloads [size] [share]  11 that unpack to [size]
    facts [size] [share]
    features [size] [share]
    visits [size] [share]
    exchanges [size] [share]
    the rest [size] [share]
    indexes [size] [share]
    free [size] [share]
    copies      3 of [size]; [size] saved by storing the same once
    growth [size] for a visit that finds nothing new

    Payloads of copies and of what they need
                 payloads      as is     stored  not stored twice
          html          3 [size] [size] [size]
    saved [size] by packing alone (6)

    Hosts whose payloads take most
     [size]  plain.test (1 payload: html [size])
     [size]  alive.test (1 payload: html [size])

    Hosts with the most sources
             2  wall.test
             1  alive.test

    Hosts with the largest copies
     [size]  plain.test (1 capture)
     [size]  alive.test (1 capture)
    ");
}

#[test]
fn the_numbers_for_a_program() {
    let desk = fates::desk();
    desk.run("run posts");
    desk.day(40);
    let stats = |words: &str| -> serde_json::Value {
        serde_json::from_str(
            &desk
                .run(&format!("stats --format json {words}"))
                .exits(0)
                .out,
        )
        .unwrap()
    };
    let all = stats("");
    assert_eq!(all["sources"]["total"], 12);
    assert_eq!(all["sources"]["new"], 0);
    assert_eq!(all["sources"]["groups"]["cannot-tell"], 5);
    assert_eq!(all["visits"]["recent"], 0);
    assert_eq!(all["schedule"]["late"], all["schedule"]["scheduled"]);
    assert_eq!(all["schedule"]["in_time"], 0.0);
    let since = stats("--since 2026-01-01");
    assert_eq!(since["sources"]["new"], 12);
    assert_eq!(since["visits"]["recent"], since["visits"]["total"]);
    assert_eq!(since["runs"]["total"], 1);
    let bytes = &since["bytes"];
    let parts = [
        "blobs",
        "facts",
        "features",
        "visits",
        "exchanges",
        "other",
        "indexes",
        "free",
    ];
    let sum: i64 = parts.iter().map(|part| bytes[part].as_i64().unwrap()).sum();
    assert_eq!(sum, bytes["file"].as_i64().unwrap());
}

#[test]
fn an_empty_archive_has_numbers_too() {
    let desk = Desk::new();
    desk.run("stats").exits(3);
    desk.run("add .").exits(0);
    let done = desk.run("stats").exits(0);
    assert!(done.out.starts_with("0 sources cited in 0 posts"), "{done}");
}

#[test]
fn what_takes_the_room_of_payloads() {
    let desk = fates::desk();
    desk.run("run posts");
    desk.run("compact").exits(0);
    let told = desk.run("stats --format json").exits(0);
    let all: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    let storage = &all["storage"];
    let html = &storage["kinds"][0];
    assert_eq!(
        (&html["kind"], &html["payloads"]),
        (&"html".into(), &3.into())
    );
    let sum = |list: &serde_json::Value, of: &str| -> i64 {
        let list = list.as_array().unwrap().iter();
        list.map(|row| row[of].as_i64().unwrap()).sum()
    };
    assert_eq!(
        sum(&storage["codings"], "stored"),
        all["bytes"]["blobs_stored"]
    );
    assert_eq!(
        sum(&storage["codings"], "payloads"),
        all["bytes"]["blob_count"]
    );
    assert_eq!(
        sum(&storage["kinds"], "stored"),
        sum(&storage["hosts"], "stored")
    );
}
