//! `verify`: what was altered behind sourcekeep's back is found, and nothing is written.

use insta::assert_snapshot;

use crate::support::Desk;

/// A desk whose archive has six visits, two of them confirming, and four captures.
fn desk() -> Desk {
    let desk = Desk::new();
    for source in ["a", "b", "c", "d"] {
        desk.page(
            "site.test",
            &format!("/{source}"),
            &format!("Words of {source}"),
        );
    }
    desk.post(
        "posts/a.md",
        &[
            "http://site.test/a",
            "http://site.test/b",
            "http://site.test/c",
            "http://site.test/d",
        ],
    );
    desk.run("run posts").exits(0);
    desk.day(40);
    desk.run("check --limit 2").exits(0);
    desk
}

/// Alters the archive, and gives what `verify` says is wrong with it.
fn altered(sql: &str) -> String {
    let desk = desk();
    desk.run("verify").exits(0);
    let archive = desk.archive();
    archive
        .execute_batch(&format!("pragma foreign_keys = off; {sql}"))
        .unwrap();
    drop(archive);
    let done = desk.run("verify").exits(3);
    assert!(
        done.err
            .contains("the archive does not say what was written")
    );
    assert!(done.err.contains("hint: keep this file as it is"));
    let problems: Vec<_> = done
        .out
        .lines()
        .filter(|line| line.starts_with('✗'))
        .collect();
    problems.join("\n")
}

#[test]
fn a_sound_archive_shows_its_heads() {
    let desk = desk();
    let head = desk.rows("select lower(hex(chain)) from visit order by id desc limit 1");
    let done = desk.run("verify").exits(0);
    assert!(
        done.out.contains(&format!("visits    6, head {head}")),
        "{done}"
    );
    assert!(done.out.ends_with("everything holds\n"), "{done}");
    let whole: serde_json::Value =
        serde_json::from_str(&desk.run("verify --quick --format json").exits(0).out).unwrap();
    assert_eq!(whole["sound"], true);
    assert_eq!(whole["visit_head"], head.trim());
    assert_eq!(
        (&whole["captures"], &whole["blobs"]),
        (&4.into(), &0.into())
    );
}

#[test]
fn nothing_that_only_looks_changes_the_file_or_its_log() {
    let desk = desk();
    // Held open, so that what it wrote stays in the log; whoever closes the archive last writes the log into the file.
    let other = desk.archive();
    other
        .execute_batch("pragma wal_autocheckpoint = 0; insert into peer (address) values ('x');")
        .unwrap();
    let files = || {
        ["sourcekeep.db", "sourcekeep.db-wal"].map(|name| std::fs::read(desk.path(name)).unwrap())
    };
    let before = files();
    assert!(!before[1].is_empty(), "there is something in the log");
    for command in [
        "verify",
        "verify --quick",
        "doctor --offline",
        "stats",
        "backup",
    ] {
        desk.run(command).exits(0);
        assert!(files() == before, "{command} changed the archive");
    }
    drop(other);
}

#[test]
fn the_instant_of_a_visit() {
    assert_snapshot!(altered("drop trigger visit_is_immutable; update visit set at = at + 1 where id = 2;"), @r"
    ✗ visit 2: the hash chain does not hold here: it was changed, or what comes before it was
    ✗ schema: the trigger visit_is_immutable is not there
    ");
}

#[test]
fn the_facts_of_a_visit() {
    let found = altered(
        "drop trigger facts_are_immutable;
         update visit_text set facts = replace(facts, '200', '404') where visit_id =
             (select text_of from outcome where id = (select outcome_id from visit where id = 4));
         create trigger facts_are_immutable before update of facts on visit_text begin select raise(abort, ''); end;",
    );
    assert!(
        found.starts_with("✗ visit 4: its facts are not those that were written"),
        "{found}"
    );
}

#[test]
fn the_bytes_of_a_blob() {
    let desk = desk();
    let archive = desk.archive();
    let (id, sha): (i64, String) = archive
        .query_row(
            "select b.id, lower(hex(b.sha256)) from blob b join capture c on c.body_id = b.id order by b.id limit 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    archive
        .execute(
            "update blob set coding = 'plain', data = zeroblob(length(data)) where id = ?1",
            [id],
        )
        .unwrap();
    drop(archive);
    let done = desk.run("verify").exits(3);
    let expected = format!("✗ blob {id} ({sha}): does not match its digest\n");
    assert!(done.out.starts_with(&expected), "{done}");
    desk.run("verify --quick").exits(0);
    // A packed one that cannot be unpacked any more.
    desk.archive()
        .execute("update blob set coding = 'zstd' where id = ?1", [id])
        .unwrap();
    let done = desk.run("verify").exits(3);
    assert!(done.out.contains("cannot be unpacked"), "{done}");
}

#[test]
fn the_title_of_a_capture() {
    assert_snapshot!(altered(
        "drop trigger capture_is_sealed; update capture set title = 'Another' where id = 3;
         create trigger capture_is_sealed before update on capture begin select raise(abort, ''); end;"
    ), @"✗ capture 3: the hash chain does not hold here: it was changed, or what comes before it was");
}

#[test]
fn a_header_of_an_exchange() {
    assert_snapshot!(altered(
        "update exchange_text set response_headers = '[]' where exchange_id in
             (select id from exchange where visit_id = (select visit_id from capture where id = 2));"
    ), @"✗ capture 2: the hash chain does not hold here: it was changed, or what comes before it was");
}

#[test]
fn a_row_missing_in_the_middle() {
    let found = altered("delete from visit where id = 3;");
    assert!(found.contains("✗ visit 3: is missing"), "{found}");
    assert!(
        found.contains("✗ visit 4: the hash chain does not hold here"),
        "{found}"
    );
    let found = altered("delete from capture where id in (2, 3);");
    assert!(found.contains("✗ captures 2 to 3: are missing"), "{found}");
}

#[test]
fn the_newest_rows_missing() {
    let found = altered("delete from visit where id = 6;");
    assert!(found.contains("its visit is not there any more"), "{found}");
}

#[test]
fn a_blob_missing_and_a_source_renamed() {
    let found = altered("delete from blob where id = (select body_id from capture where id = 1);");
    assert!(
        found.contains("refers to a row of blob that is not there"),
        "{found}"
    );
    assert!(
        found.contains("✗ capture 1: the hash chain does not hold"),
        "{found}"
    );
    let found = altered(
        "update source set address = 'http://other.test/' where id = (select source_id from visit where id = 1);",
    );
    assert!(
        found.contains("✗ visit 1: the hash chain does not hold"),
        "{found}"
    );
}

#[test]
fn bytes_of_the_file_overwritten() {
    let desk = desk();
    let path = desk.path("sourcekeep.db");
    let root: u32 = desk
        .archive()
        .query_row(
            "select rootpage from sqlite_schema where name = 'source_due'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    desk.archive()
        .execute_batch("pragma wal_checkpoint(truncate)")
        .unwrap();
    let root = usize::try_from(root).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[(root - 1) * 4096..root * 4096].fill(0x55);
    std::fs::write(&path, bytes).unwrap();
    let done = desk.run("verify").exits(3);
    assert!(done.out.contains("✗ table source: "), "{done}");
    let doctor = desk.run("doctor --offline").exits(3);
    assert!(doctor.out.contains("✗ integrity"), "{doctor}");
}

#[cfg(unix)]
#[test]
fn a_file_in_a_folder_that_cannot_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let desk = desk();
    std::fs::create_dir(desk.path("fixed")).unwrap();
    desk.run("backup fixed").exits(0);
    let backup = std::fs::read_dir(desk.path("fixed"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "db"))
        .unwrap();
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&backup, 0o444);
    mode(&desk.path("fixed"), 0o555);
    let done = desk.run(&format!("verify --db {}", backup.display()));
    mode(&desk.path("fixed"), 0o755);
    done.exits(0);
    assert_eq!(
        std::fs::read_dir(desk.path("fixed")).unwrap().count(),
        2,
        "the backup, and the lock of the folder"
    );
}

#[test]
fn what_is_no_archive() {
    let desk = Desk::new();
    desk.run("verify").exits(3);
    desk.file(
        "text.db",
        "not a database, but long enough to be looked at as one",
    );
    let done = desk.run("verify --db text.db").exits(3);
    assert!(done.err.contains("it is no SQLite database"), "{done}");
}
