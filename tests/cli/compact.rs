//! `compact`: what is stored is packed anew.

use crate::fates;

#[test]
fn everything_is_there_afterwards() {
    let desk = fates::desk();
    desk.run("run posts");
    let before = desk.run("show https://alive.test/alive").exits(0).out;
    let done = desk.run("compact --format json").exits(0);
    let told: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert!(told["tried"].as_u64() > Some(0), "{done}");
    assert_eq!(
        (&told["found"], &told["unfinished"]),
        (&0.into(), &false.into()),
        "{done}"
    );
    desk.run("verify").exits(0);
    assert!(!before.is_empty());
    let again = desk.run("compact").exits(0);
    assert!(
        again.out.starts_with("0 payloads tried, 0 packed anew"),
        "{again}"
    );
    desk.run("compact --anew --max-time 10m").exits(0);
    desk.run("verify").exits(0);
}

#[test]
fn what_is_damaged_is_told() {
    let desk = fates::desk();
    desk.run("run posts");
    desk.archive()
        .execute(
            "update blob set data = zeroblob(length(data)) where id = (select min(id) from blob where coding = 'zstd')",
            [],
        )
        .unwrap();
    let done = desk.run("compact").exits(3);
    assert!(done.out.starts_with("✗ blob "), "{done}");
    assert!(done.err.contains("1 payload cannot be read"), "{done}");
}

fn is_the_same(now: &[String], before: &[String]) {
    let lines = |all: &[String]| {
        all.join("\n")
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (now, before) = (lines(now), lines(before));
    for (now, before) in now.iter().zip(&before) {
        assert_eq!(now, before);
    }
    assert_eq!(now.len(), before.len());
}

#[test]
fn what_visits_say_is_told_as_before_once_it_is_packed() {
    let desk = fates::desk();
    desk.run("run posts");
    let says = || {
        let of_sources = desk.run("report --all --format jsonl").out;
        let sources: Vec<String> = of_sources
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .map(|one| one["url"].as_str().unwrap().to_owned())
            .collect();
        assert!(sources.len() > 5);
        let mut all = vec![of_sources];
        all.extend(
            ["export csv visits", "export warc", "rejudge --format jsonl"]
                .map(|what| desk.run(what).out),
        );
        for source in sources {
            all.push(desk.run(&format!("explain {source} --format json")).out);
            all.push(desk.run(&format!("show {source} --format json")).out);
        }
        all
    };
    let packed = || -> (i64, i64) {
        let question =
            "select (select count(*) from visit_packed), (select count(*) from visit_text)";
        desk.archive()
            .query_row(question, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
    };
    let before = says();
    desk.run("compact").exits(0);
    let (hidden, open) = packed();
    assert!(hidden > 5 && open == 0, "{hidden} {open}");
    is_the_same(&says(), &before);
    desk.run("verify").exits(0);
    // Runs go on from what is packed.
    desk.run("check --all");
    desk.run("verify").exits(0);
    let after = says();
    let opened = desk.run("compact --readable").exits(0);
    assert!(opened.out.contains("text again"), "{opened}");
    assert_eq!(packed().0, 0);
    is_the_same(&says(), &after);
    desk.run("verify").exits(0);
}

#[test]
fn what_visits_say_is_found_to_be_damaged() {
    let desk = fates::desk();
    desk.run("run posts");
    desk.run("compact").exits(0);
    desk.archive()
        .execute(
            "update visit_packed set data = zeroblob(length(data)) where visit_id = (select min(visit_id) from visit_packed)",
            [],
        )
        .unwrap();
    let found = desk.run("verify").exits(3);
    assert!(found.out.contains("table visit_packed: row 1"), "{found}");
    assert!(found.out.contains("facts are not those"), "{found}");
    // Whoever meets it says what is wrong, and what to do.
    for command in ["report --all", "compact --readable"] {
        let told = desk.run(command).exits(3);
        assert!(
            told.err.contains("texts that were packed cannot be read"),
            "{told}"
        );
        assert!(told.err.contains("hint: restore a backup"), "{told}");
        assert!(!told.err.contains("SQL"), "{told}");
    }
}
