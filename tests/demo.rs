//! The README's first command: the whole story, without a network, in a folder of its own.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::path::Path;
use std::process::{Command, Output};

use sourcekeep::store::{Mode, Store};

fn demo(folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sourcekeep"))
        .arg("demo")
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn the_demo_tells_of_a_death_a_move_a_wall_and_a_revival() {
    let folder = tempfile::tempdir().unwrap();
    let output = demo(folder.path());
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for part in [
        "visited  5 sources: 5 alive",
        "Newly broken (1)",
        "failing, strike 1 of 3",
        "failing, strike 2 of 3",
        "Newly confirmed dead (1)",
        "blocked: a bot wall answered",
        "now at     http://news.example/archive/politics/talks-resume",
        "Back again (1)",
        "copy of 2026-03-02 “Strikes database”",
    ] {
        assert!(told.contains(part), "{part:?} is missing in:\n{told}");
    }

    let db = folder.path().join("sourcekeep-demo/demo.db");
    let store = Store::open(&db, Mode::Read, 0).unwrap();
    let verified = store.read("verify", |r| r.verify()).unwrap();
    assert_eq!(verified.problems, Vec::<String>::new());
    let connection = rusqlite::Connection::open(&db).unwrap();
    let second_looks: i64 = connection
        .query_row(
            "select count(*) from outcome where json_extract(facts, '$.way') = 'browser'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(second_looks, 1, "death was confirmed by another way");
}

#[test]
fn the_demo_does_not_write_over_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    assert!(demo(folder.path()).status.success());
    let again = demo(folder.path());
    assert_eq!(again.status.code(), Some(3));
    assert!(
        String::from_utf8(again.stderr)
            .unwrap()
            .contains("hint: remove it, or name another folder")
    );
}

#[test]
fn the_screen_in_the_readme_is_what_the_demo_prints() {
    let readme =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let told = String::from_utf8(demo(folder.path()).stdout).unwrap();
    let told: Vec<&str> = told.lines().map(str::trim_end).collect();
    let screen = readme
        .split("```console\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    // The time a run took is no promise.
    let is_fixed = |line: &&str| {
        !line.is_empty() && !line.starts_with('$') && !line.starts_with("kept") && *line != "..."
    };
    for line in screen.lines().filter(is_fixed) {
        assert!(
            told.contains(&line),
            "README.md shows {line:?}, which the demo does not print"
        );
    }
}
