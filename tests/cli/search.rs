//! `search` and `reindex`: what is kept is found by its words.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Desk;
use crate::web::Page;

fn page(title: &str, paragraphs: &[&str]) -> Page {
    let text =
        "<p>What follows here is a text of some length, so that it is a page like others are.</p>"
            .repeat(3);
    let said: Vec<String> = paragraphs.iter().map(|it| format!("<p>{it}</p>")).collect();
    let body = text + &said.concat();
    Page::html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><body><main><h1>{title}</h1>{body}</main>"
    ))
}

const DUG: &str = "It was dug in the year 1820 by miners from Silesia.";

/// A page that loses a passage on the third day, one in Japanese, and one that was never there.
fn desk() -> Desk {
    let desk = Desk::new();
    let web = &desk.web;
    web.page(
        "wells.test",
        "/deep",
        page("Deep wells", &["The well is deep.", DUG]),
    );
    web.page(
        "tokyo.test",
        "/",
        page("塔", &["東京タワーは高い。昭和33年に完成した。"]),
    );
    web.page(
        "other.test",
        "/",
        page("Other", &["A naïve Café is no well at all."]),
    );
    desk.file(
        "posts/a.md",
        "# Wells\n\nHydrologists trust [the deep survey](https://wells.test/deep) of boreholes.\n\n\
         The [tower](https://tokyo.test/) and the [café](https://other.test/).\n\n\
         A [lost aqueduct](https://gone.test/page) was here.\n",
    );
    desk.run("run posts");
    web.page(
        "wells.test",
        "/deep",
        page("Deep wells", &["The well is deep.", DUG, "More."]),
    );
    desk.day(1).run("run");
    web.page(
        "wells.test",
        "/deep",
        page("Deep wells", &["The well is deep.", "More."]),
    );
    desk.day(2).run("run");
    desk
}

fn urls(desk: &Desk, words: &[&str]) -> Vec<String> {
    let mut command = desk.command("search --format jsonl");
    let done = desk.finish(command.arg("--").args(words)).exits(0);
    let urls = done.out.lines().map(|line| {
        let entry: Value = serde_json::from_str(line).unwrap();
        entry["url"].as_str().unwrap().to_owned()
    });
    urls.collect()
}

fn found(desk: &Desk, words: &str) -> Value {
    let mut command = desk.command("search --format json");
    let done = desk.finish(command.arg(words)).exits(0);
    serde_json::from_str(&done.out).unwrap()
}

#[test]
fn what_vanished_is_found_and_when_it_stood() {
    let desk = desk();
    assert_snapshot!(desk.run("search silesia miners"), @r"
    exit code 0
    --- stdout
    Deep wells
    https://wells.test/deep
      alive, drifted · gone: in our copies from 2026-01-05T08:00:00Z to 2026-01-06T08:00:00Z, not in that of 2026-01-07T08:00:00Z
      It was dug in the year 1820 by miners from Silesia.

    1 source
    ");
    let entry = &found(&desk, "was:\"dug in the year\"")["results"][0];
    assert_eq!(entry["found_in"], "gone");
    assert_eq!(entry["stood"]["from"], "2026-01-05T08:00:00Z");
    assert_eq!(entry["stood"]["to"], "2026-01-06T08:00:00Z");
    assert_eq!(entry["stood"]["gone_by"], "2026-01-07T08:00:00Z");
    assert_eq!(entry["stood"]["again"], false);
    let (start, end) = (&entry["matches"][0][0], &entry["matches"][0][1]);
    let range = start.as_u64().unwrap() as usize..end.as_u64().unwrap() as usize;
    assert_eq!(
        &entry["snippet"].as_str().unwrap()[range],
        "dug in the year"
    );
    assert_eq!(found(&desk, "was:\"well is deep\"")["found"], 0);
    assert_eq!(
        found(&desk, "\"well is deep\"")["results"][0]["found_in"],
        "text"
    );
}

#[test]
fn words_are_found_wherever_they_stand() {
    let desk = desk();
    assert_eq!(urls(&desk, &["タワー"]), ["https://tokyo.test/"]);
    assert_eq!(urls(&desk, &["京東"]), [""; 0]);
    assert_eq!(urls(&desk, &["naive", "CAFE"]), ["https://other.test/"]);
    assert_eq!(urls(&desk, &["hydrologists"]), ["https://wells.test/deep"]);
    let cited = &found(&desk, "aqueduct")["results"][0];
    assert_eq!(cited["url"], "https://gone.test/page");
    assert_eq!(cited["found_in"], "cited");
    assert_eq!(cited["capture"], Value::Null);
    assert!(cited["post"].as_str().unwrap().ends_with("a.md"), "{cited}");
    // The title counts for more than the text.
    assert_eq!(urls(&desk, &["well*"])[0], "https://wells.test/deep");
    assert_eq!(urls(&desk, &["well", "-deep"]), ["https://other.test/"]);
    assert_eq!(urls(&desk, &["tokyo"]), ["https://tokyo.test/"]);
}

#[test]
fn filters_narrow_what_is_found() {
    let desk = desk();
    assert_eq!(
        urls(&desk, &["well*", "host:other.test"]),
        ["https://other.test/"]
    );
    assert_eq!(urls(&desk, &["well*", "host:test"]).len(), 2);
    assert_eq!(urls(&desk, &["well*", "host:er.test"]), [""; 0]);
    assert_eq!(urls(&desk, &["well*", "post:a.md", "input:posts"]).len(), 2);
    assert_eq!(urls(&desk, &["well*", "post:b.md"]), [""; 0]);
    assert_eq!(urls(&desk, &["aqueduct", "verdict:broken"]).len(), 1);
    assert_eq!(urls(&desk, &["aqueduct", "verdict:alive"]), [""; 0]);
    assert_eq!(
        urls(&desk, &["well*", "since:2026-01-07"]),
        ["https://wells.test/deep"]
    );
    assert_eq!(
        urls(&desk, &["well*", "until:2026-01-05"]),
        ["https://other.test/"]
    );
    desk.run("search well verdict:nonsense").exits(2);
    desk.run("search well since:nonsense").exits(2);
    desk.run("search host:wells.test").exits(2);
}

/// Words of users never mean anything to the index, and words of strangers nothing to a terminal.
#[test]
fn hostile_words_are_words() {
    let desk = Desk::new();
    desk.web.page(
        "a.test",
        "/",
        page(
            "T\u{1b}[31mitle\u{202e}",
            &["\u{1b}]0;owned\u{7} needle \u{202e}hidden\u{9b}"],
        ),
    );
    desk.post("posts/a.md", &["https://a.test/"]);
    desk.run("run posts").exits(0);
    for words in [
        "needle\" OR \"x",
        "NEAR(needle)",
        "text:needle",
        "needle^",
        "{text}:needle",
        "needle AND",
        "'needle",
    ] {
        let done = desk.finish(desk.command("search").arg(words));
        assert_eq!(done.code, Some(0), "{words}: {done}");
    }
    let done = desk.run("search needle --color always").exits(0);
    let plain = done
        .out
        .replace("\u{1b}[1m", "")
        .replace("\u{1b}[2m", "")
        .replace("\u{1b}[0m", "");
    assert!(plain.contains("needle"), "{done}");
    assert!(
        !plain.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']),
        "{done}"
    );
    desk.finish(desk.command("search").arg("x".repeat(5000)))
        .exits(2);
}

/// The words of the index: which stand in which rows.
fn index(desk: &Desk) -> Vec<(String, i64, String, i64)> {
    let archive = desk.archive();
    archive
        .execute_batch(
            "create virtual table temp.words using fts5vocab(main, search_index, instance)",
        )
        .unwrap();
    let mut query = archive
        .prepare("select term, doc, col, \"offset\" from temp.words order by 1, 2, 3, 4")
        .unwrap();
    let rows = query.query_map([], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn an_index_made_anew_is_the_same() {
    let desk = desk();
    let before = index(&desk);
    assert!(before.len() > 100);
    assert_eq!(desk.number("select count(*) from search_due"), 0);
    desk.run("verify").exits(0);
    desk.run("reindex").exits(0);
    assert_eq!(index(&desk), before);
    // A process that was killed leaves what is due.
    desk.archive()
        .execute_batch("delete from search_index where rowid = 2; update source set id = id")
        .unwrap();
    let told = desk.run("verify").exits(3);
    assert!(told.out.contains("copy 1 is missing"), "{told}");
    desk.archive()
        .execute_batch("insert into search_due select id, 2, 1 from source")
        .unwrap();
    desk.run("verify").exits(0);
    let told = desk.run("search deep").exits(0);
    assert!(told.err.contains("reindex --due"), "{told}");
    desk.run("run");
    assert_eq!(index(&desk), before);
    // Damage is found, and mended.
    desk.archive()
        .execute_batch(
            "update search_index_data set block = zeroblob(length(block)) where id > 1000",
        )
        .unwrap();
    let told = desk.run("verify").exits(3);
    assert!(told.out.contains("search_index"), "{told}");
    desk.run("reindex").exits(0);
    assert_eq!(index(&desk), before);
    desk.run("verify").exits(0);
    desk.run("backup copies").exits(0);
    let mut copies = std::fs::read_dir(desk.path("copies")).unwrap();
    let copy = copies.find_map(|entry| {
        let path = entry.unwrap().path();
        path.extension()
            .is_some_and(|end| end == "db")
            .then_some(path)
    });
    std::fs::rename(copy.unwrap(), desk.path("sourcekeep.db")).unwrap();
    assert_eq!(index(&desk), before);
    desk.run("verify").exits(0);
}

#[test]
fn pruned_copies_are_not_found_and_what_earlier_ones_said_still_is() {
    let desk = desk();
    desk.run("prune --keep first,last").exits(0);
    assert_eq!(desk.number("select count(*) from pruned_capture"), 1);
    let found = found(&desk, "was:silesia");
    let entry = &found["results"][0];
    assert_eq!(entry["at"], "2026-01-05T08:00:00Z", "{found}");
    assert_eq!(entry["stood"]["to"], "2026-01-05T08:00:00Z");
    assert_eq!(entry["stood"]["gone_by"], "2026-01-07T08:00:00Z");
    assert_eq!(found["due"], 0);
    desk.run("verify").exits(0);
}

#[test]
fn copies_made_by_hand_and_notes_are_found() {
    let desk = desk();
    desk.file(
        "saved.html",
        "<title>Saved</title><p>An artesian basin, long ago, as nobody remembers.",
    );
    desk.run("capture https://wells.test/deep --file saved.html --made-at 2020-01-01T00:00:00Z --note Handwritten --other-page")
        .exits(0);
    let artesian = found(&desk, "artesian");
    assert_eq!(artesian["results"][0]["found_in"], "gone", "{artesian}");
    assert_eq!(artesian["results"][0]["kind"], "by-hand");
    assert_eq!(
        found(&desk, "handwritten")["results"][0]["found_in"],
        "cited"
    );
    desk.run("mark https://other.test/ dead --note Unbelievable")
        .exits(0);
    assert_eq!(urls(&desk, &["unbelievable"]), ["https://other.test/"]);
    desk.run("verify").exits(0);
}

#[test]
fn nothing_found_is_said() {
    let desk = desk();
    assert_snapshot!(desk.run("search nosuchword"), @r"
    exit code 0
    --- stderr
    nothing found
    hint: all words have to be there; fewer words, or a beginning with a star (dig*), find more
    ");
    let some = desk.run("search text --limit 1").exits(0);
    assert!(
        some.out
            .contains("3 sources; 2 of them not shown (--limit)"),
        "{some}"
    );
}
