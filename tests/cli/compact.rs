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
