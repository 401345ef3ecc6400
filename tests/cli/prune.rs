//! `hold` and `prune`: copies that stay, and copies that go.

use crate::support::Desk;

/// A page that says something else on each of some days, and was captured on each of them.
fn desk(days: u32) -> Desk {
    let desk = Desk::new();
    desk.post("posts/a.md", &["http://a.test/page"]);
    for day in 0..days {
        desk.day(day * 2);
        let words = format!(
            "{} It is read {day} times. ",
            "A page of some words, all of them as they were. ".repeat(30)
        );
        desk.page("a.test", "/page", &words);
        desk.run("run posts").exits(0);
    }
    desk
}

fn copies(desk: &Desk) -> i64 {
    desk.archive()
        .query_row(
            "select count(*) from capture where body_id is not null",
            [],
            |row| row.get(0),
        )
        .unwrap()
}

#[test]
fn copies_that_nobody_will_miss_go_and_what_is_held_stays() {
    let desk = desk(6);
    let before = copies(&desk);
    assert!(before > 3, "{before}");
    let dry = desk.run("prune --dry-run --format jsonl").exits(0);
    let lines: Vec<serde_json::Value> = dry
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (summary, gone) = lines.split_last().unwrap();
    assert_eq!(summary["dry_run"], true);
    assert_eq!(summary["copies_gone"], gone.len(), "{dry}");
    assert!(!gone.is_empty(), "{dry}");
    assert_eq!(copies(&desk), before);
    let dry = desk.run("prune --dry-run").exits(0);
    assert!(dry.out.contains(" stay; at least "), "{dry}");
    desk.run("compact").exits(0);
    // The copy of one day is held.
    let day = gone[0]["at"]
        .as_str()
        .unwrap()
        .split('T')
        .next()
        .unwrap()
        .to_owned();
    let held = desk
        .run(&format!(
            "hold http://a.test/page --at {day} --note because"
        ))
        .exits(0);
    assert!(held.out.contains("the copy of"), "{held}");
    assert!(desk.run("hold --list").exits(0).out.contains("because"));
    let done = desk.run("prune").exits(0);
    assert_eq!(copies(&desk), before - gone.len() as i64 + 1, "{done}");
    desk.run("verify").exits(0);
    desk.run(&format!("hold http://a.test/page --at {day} --off"))
        .exits(0);
    desk.run("hold http://a.test/page").exits(0);
    let all_held = desk.run("prune --keep last").exits(0);
    assert!(
        all_held.out.contains("0 copies of 1 source went"),
        "{all_held}"
    );
    desk.run("hold --off http://a.test/page").exits(0);
    let went = desk.run("prune http://a.test/page").exits(0);
    assert!(went.out.contains("1 copy of 1 source went"), "{went}");
    desk.run("verify").exits(0);
    // All goes on as before.
    desk.day(60);
    desk.run("run").exits(0);
    desk.run("rejudge --from-bodies").exits(0);
    let gone = desk.number("select count(*) from pruned_capture");
    let shown = desk.run("show http://a.test/page").exits(0).out;
    let says = format!("{gone} more, of 2026-01-07T08:00:00Z to ");
    assert!(shown.contains(&says), "{shown}");
    assert!(
        shown.contains(", pruned since 2026-01-15T08:00:00Z\n"),
        "{shown}"
    );
    let shown = desk
        .run("show http://a.test/page --format json")
        .exits(0)
        .out;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["pruned"]["copies"], gone);
    desk.run("backup --verify").exits(0);
}

#[test]
fn what_is_not_there_cannot_be_held_or_pruned() {
    let desk = desk(1);
    desk.run("hold http://other.test/").exits(3);
    desk.run("hold http://a.test/page --at 2001-01-01").exits(3);
    desk.run("prune http://other.test/").exits(3);
    desk.run("prune --input nowhere").exits(3);
    desk.run("prune --keep some").exits(2);
    let none = desk.run("prune --input posts").exits(0);
    assert!(none.out.starts_with("0 copies of"), "{none}");
}
