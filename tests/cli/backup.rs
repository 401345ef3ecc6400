//! `backup`: whole copies that cost what is new, beside runs, through kills, and never at the price of earlier ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Child;

use insta::assert_snapshot;
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::support::{Desk, Done, interrupt};
use crate::web::{Act, Page};

/// A desk with so many sources in its archive, each with a page of its own.
fn desk(sources: usize) -> Desk {
    let desk = Desk::new();
    let mut cited = Vec::new();
    for source in 0..sources {
        let words = format!("Words of {source}");
        desk.page("many.test", &format!("/{source}"), &words);
        cited.push(format!("http://many.test/{source}"));
    }
    let cited: Vec<_> = cited.iter().map(String::as_str).collect();
    desk.post("posts/a.md", &cited);
    desk.run("run posts").exits(0);
    desk
}

/// Backups in a folder, oldest first.
fn backups(desk: &Desk, folder: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(desk.path(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "db"))
        .collect();
    // The first of a second has no number.
    found.sort_by_key(|path| path.to_string_lossy().replace("Z.db", "Z-1.db"));
    found
}

/// Every row of every table, but for the mark of a backup.
fn rows(path: &Path) -> BTreeMap<String, Vec<String>> {
    let connection = Connection::open(path).unwrap();
    let names: Vec<String> = connection
        .prepare("select name from sqlite_schema where type = 'table' and name <> 'backup_mark' and name not like 'sqlite_%'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let table = |name: &String| {
        let all = format!("select * from {name}");
        let order = match connection.prepare(&all).unwrap().column_count() {
            1 => "1",
            _ => "1, 2",
        };
        let mut query = connection
            .prepare(&format!("{all} order by {order}"))
            .unwrap();
        let columns = query.column_count();
        let mut rows = query.query([]).unwrap();
        let mut found = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<Value> = (0..columns).map(|n| row.get(n).unwrap()).collect();
            found.push(format!("{cells:?}"));
        }
        found
    };
    names
        .iter()
        .map(|name| (name.clone(), table(name)))
        .collect()
}

#[track_caller]
fn is_copy_of(backup: &Path, archive: &Path) {
    let (copied, live) = (rows(backup), rows(archive));
    assert_eq!(
        copied.keys().collect::<Vec<_>>(),
        live.keys().collect::<Vec<_>>()
    );
    for (table, rows) in live {
        assert_eq!(copied[&table], rows, "{table}");
    }
    let objects = |path: &Path| -> Vec<String> {
        let connection = Connection::open(path).unwrap();
        let mut names: Vec<String> = connection
            .prepare("select type || name || sql from sqlite_schema where sql is not null and name <> 'backup_mark' and name not like 'sqlite_%'")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        names.sort();
        names
    };
    assert_eq!(objects(backup), objects(archive));
}

fn json(done: &Done) -> serde_json::Value {
    assert_eq!(done.code, Some(0), "{done}");
    serde_json::from_str(&done.out).unwrap()
}

#[test]
fn a_backup_is_an_archive_like_any_other() {
    let desk = desk(2);
    let done = desk.run("backup --verify");
    let size = std::fs::metadata(&backups(&desk, "backups")[0])
        .unwrap()
        .len();
    assert!(size > 100_000);
    assert!(done.out.contains("; everything\n"), "{done}");
    assert!(
        done.out
            .contains("backup   backups/sourcekeep-2026-01-05T08-00-00Z.db (")
            && done
                .out
                .contains(", verified, simulated like the archive)\nkept     1 backup\n"),
        "{done}"
    );
    let backup = &backups(&desk, "backups")[0];
    is_copy_of(backup, &desk.path("sourcekeep.db"));
    let named = format!("--db {}", backup.display());
    desk.run(&format!("verify {named}")).exits(0);
    let report = desk.run(&format!("report --all {named}"));
    assert_eq!(report.out, desk.run("report --all").out);
    assert_eq!(
        backups(&desk, "backups").len(),
        1,
        "reading leaves it alone"
    );
    // Restored, it goes on.
    std::fs::copy(backup, desk.path("restored.db")).unwrap();
    desk.day(40);
    desk.run("run --db restored.db").exits(0);
    desk.run("verify --db restored.db").exits(0);
    let (of, at): (String, i64) = Connection::open(backup)
        .unwrap()
        .query_row("select archive, made_at from backup_mark", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(PathBuf::from(of), desk.path("sourcekeep.db"));
    assert_eq!(at, 1_767_600_000_000);
}

#[test]
fn the_next_backup_copies_what_is_new() {
    let desk = desk(60);
    let first = json(&desk.run("backup --format json"));
    assert_eq!(first["base"], serde_json::Value::Null);
    let again = json(&desk.run("backup --format json"));
    assert_eq!((&again["rows"], &again["bytes"]), (&0.into(), &0.into()));
    assert_eq!(again["base"], first["path"]);
    desk.day(1);
    desk.page("more.test", "/page", "Another page altogether");
    desk.post("posts/b.md", &["http://more.test/page"]);
    desk.run("run --limit 1 posts").exits(0);
    let second = json(&desk.run("backup --format json --verify"));
    let bytes = |done: &serde_json::Value| done["bytes"].as_u64().unwrap();
    assert!(
        bytes(&second) > 0 && bytes(&second) * 5 < bytes(&first),
        "{first}\n{second}"
    );
    let newest = backups(&desk, "backups").pop().unwrap();
    is_copy_of(&newest, &desk.path("sourcekeep.db"));
}

#[test]
fn changed_and_deleted_rows_are_brought_over() {
    let desk = desk(8);
    desk.run("backup").exits(0);
    // What later versions may do: prune, change what is renewed, give a unique value to another row.
    let archive = desk.archive();
    archive
        .execute_batch(
            "pragma foreign_keys = off;
             delete from citation where id = 3;
             update source set address = 'http://swap.test/' where id = 1;
             update source set address = (select 'http://many.test/0') where id = 2;
             update source set address = 'http://many.test/1' where id = 1;
             update features set title = 'another';
             delete from blob where id = 2;
             delete from event where id = 1;
             insert into blob (id, sha256, size, coding, data) values (900, x'01', 1, 'plain', x'41');
             update outcome set body_id = null;",
        )
        .unwrap();
    drop(archive);
    desk.run("backup").exits(0);
    let newest = backups(&desk, "backups").pop().unwrap();
    is_copy_of(&newest, &desk.path("sourcekeep.db"));
    // The newest row is gone, and another has its id.
    desk.archive()
        .execute_batch(
            "delete from blob where id = 900;
             insert into blob (id, sha256, size, coding, data) values (900, x'02', 1, 'plain', x'42');",
        )
        .unwrap();
    desk.run("backup").exits(0);
    let newest = backups(&desk, "backups").pop().unwrap();
    is_copy_of(&newest, &desk.path("sourcekeep.db"));
}

#[test]
fn tables_that_nobody_foresaw_are_copied_too() {
    let desk = desk(2);
    desk.run("backup").exits(0);
    desk.archive()
        .execute_batch(
            "create virtual table words using fts5 (text);
             insert into words values ('some words'), ('others');
             create table \"a \"\"b\" (x text, y integer);
             insert into \"a \"\"b\" values ('one', 1), (null, 2);
             create table pairs (a text, b text, primary key (b, a)) strict, without rowid;
             insert into pairs values ('1', '2');",
        )
        .unwrap();
    let done = desk.run("backup --verify").exits(0);
    assert!(
        done.out.contains("; everything\n"),
        "another schema: {done}"
    );
    desk.archive()
        .execute_batch(
            "insert into words values ('more words'); delete from words where rowid = 2;
             update pairs set a = '3'; update \"a \"\"b\" set x = 'two' where y = 2;",
        )
        .unwrap();
    let done = desk.run("backup --verify").exits(0);
    assert!(done.out.contains("; the rest is that of "), "{done}");
    let found: (i64, String, String) = Connection::open(backups(&desk, "backups").pop().unwrap())
        .unwrap()
        .query_row(
            "select (select count(*) from words where words match 'words'), (select a from pairs),
                 (select x from \"a \"\"b\" where y = 2)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap();
    assert_eq!(found, (2, "3".to_owned(), "two".to_owned()));
}

#[test]
fn old_ones_go_and_only_ours() {
    let desk = desk(1);
    let other = Desk::new();
    other.at("2020-01-01T00:00:00Z");
    other.run("add .").exits(0);
    other.run("backup").exits(0);
    desk.run("backup").exits(0);
    let theirs = "backups/sourcekeep-2020-01-01T00-00-00Z.db";
    std::fs::copy(other.path(theirs), desk.path(theirs)).unwrap();
    desk.file("backups/sourcekeep-2021-01-01T00-00-00Z.db", "mine");
    desk.file("backups/notes.txt", "mine");
    // A backup that somebody went on with is an archive of theirs now.
    let used = "backups/sourcekeep-2022-01-01T00-00-00Z.db";
    std::fs::copy(&backups(&desk, "backups")[2], desk.path(used)).unwrap();
    desk.run(&format!("add posts --db {used}")).exits(0);
    for day in 1..4 {
        desk.day(day);
        desk.run("backup --keep 2").exits(0);
    }
    desk.day(4);
    assert_snapshot!(desk.run("backup --keep 2").exits(0).err, @r"
    warning: backups/sourcekeep-2022-01-01T00-00-00Z.db: neither counted nor removed: it was opened for writing, and may be in use as an archive
    warning: backups/sourcekeep-2021-01-01T00-00-00Z.db: neither counted nor removed: it cannot be read
    warning: backups/sourcekeep-2020-01-01T00-00-00Z.db: neither counted nor removed: it is a backup of another archive
    ");
    let names: Vec<_> = backups(&desk, "backups")
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        names,
        [
            "sourcekeep-2020-01-01T00-00-00Z.db",
            "sourcekeep-2021-01-01T00-00-00Z.db",
            "sourcekeep-2022-01-01T00-00-00Z.db",
            "sourcekeep-2026-01-08T08-00-00Z.db",
            "sourcekeep-2026-01-09T08-00-00Z.db",
        ]
    );
    assert!(desk.path("backups/notes.txt").exists());
    // A clock that was set back: the new one stays, though its name is the oldest.
    desk.at("2024-01-01T00:00:00Z");
    let done = desk.run("backup --keep 1").exits(0);
    assert!(done.out.contains("kept     1 backup\n"), "{done}");
    assert!(
        desk.path("backups/sourcekeep-2024-01-01T00-00-00Z.db")
            .exists()
    );
    desk.run("backup --keep 0").exits(2);
}

#[test]
fn it_works_beside_a_run() {
    let desk = Desk::new();
    desk.page("quick.test", "/page", "Quick");
    desk.web
        .page("slow.test", "/page", Page::script([Act::Hang]));
    desk.post(
        "posts/a.md",
        &["http://quick.test/page", "http://slow.test/page"],
    );
    let run = desk.start("run posts");
    desk.web.wait_for("slow.test", "/page");
    desk.until("select count(*) from visit", 1);
    desk.run("backup --verify").exits(0);
    interrupt(&run);
    desk.wait(run).exits(130);
    let backup = backups(&desk, "backups").pop().unwrap();
    let visits: i64 = Connection::open(&backup)
        .unwrap()
        .query_row("select count(*) from visit", [], |row| row.get(0))
        .unwrap();
    assert_eq!(visits, 1);
    // It goes on where that one was, although a run had it open then.
    desk.run("backup --verify").exits(0);
    is_copy_of(
        &backups(&desk, "backups").pop().unwrap(),
        &desk.path("sourcekeep.db"),
    );
}

#[test]
fn each_is_one_state_however_busy_a_run_is() {
    const SOURCES: usize = 400;
    let desk = Desk::new();
    let mut cited = Vec::new();
    for source in 0..SOURCES {
        let (host, path) = (format!("h{}.test", source % 40), format!("/{source}"));
        desk.page(&host, &path, &format!("Words of {source}"));
        cited.push(format!("http://{host}{path}"));
    }
    let cited: Vec<_> = cited.iter().map(String::as_str).collect();
    desk.post("posts/a.md", &cited);
    desk.run("run --limit 1 posts").exits(0);
    let mut run = desk.start("run posts");
    let mut made = 0;
    while run.try_wait().unwrap().is_none() || made == 0 {
        desk.run("backup --verify --keep 3").exits(0);
        made += 1;
    }
    assert_eq!(desk.wait(run).code, Some(0));
    assert_eq!(
        desk.number("select count(distinct source_id) from visit"),
        i64::try_from(SOURCES).unwrap()
    );
    desk.run("backup --verify --keep 3").exits(0);
    let kept = backups(&desk, "backups");
    let newest = kept.iter().max_by_key(|path| {
        let made = path.metadata().unwrap().modified().unwrap();
        (made, path.as_os_str().len())
    });
    is_copy_of(newest.unwrap(), &desk.path("sourcekeep.db"));
}

/// Waits until a process has written so much of a file that is not whole yet, or has ended.
fn until_half_done(child: &mut Child, partial: &Path, bytes: u64) {
    while child.try_wait().unwrap().is_none()
        && std::fs::metadata(partial).map_or(0, |metadata| metadata.len()) < bytes
    {
        std::thread::yield_now();
    }
}

#[test]
fn a_kill_leaves_whole_backups_only() {
    let desk = desk(1);
    desk.run("backup").exits(0);
    let mut archive = desk.archive();
    let transaction = archive.transaction().unwrap();
    for _ in 0..300 {
        transaction
            .execute(
                "insert into blob (sha256, size, coding, data) values (randomblob(32), 200000, 'plain', randomblob(200000))",
                [],
            )
            .unwrap();
    }
    transaction.commit().unwrap();
    drop(archive);
    desk.day(1);
    let partial = desk.path("backups/sourcekeep-2026-01-06T08-00-00Z.db.partial");
    for bytes in [1, 2_000_000, 20_000_000, 50_000_000] {
        let mut child = desk.start("backup");
        until_half_done(&mut child, &partial, bytes);
        child.kill().unwrap();
        let was_killed = child.wait().unwrap().code().is_none();
        assert!(was_killed, "it ended before {bytes} bytes were written");
        assert_eq!(backups(&desk, "backups").len(), 1);
    }
    assert!(partial.exists());
    desk.run("backup").exits(0);
    assert!(!partial.exists());
    let found = backups(&desk, "backups");
    assert_eq!(found.len(), 2);
    is_copy_of(&found[1], &desk.path("sourcekeep.db"));
}

#[test]
fn an_archive_that_was_restored_is_copied_anew() {
    let desk = desk(3);
    desk.run("backup").exits(0);
    let first = backups(&desk, "backups").pop().unwrap();
    desk.day(40);
    desk.run("run").exits(0);
    desk.run("backup").exits(0);
    // Back to the first, and on from there in another way.
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(desk.path(&format!("sourcekeep.db{end}")));
    }
    std::fs::copy(first, desk.path("sourcekeep.db")).unwrap();
    desk.day(41);
    desk.run("run").exits(0);
    let done = desk.run("backup --verify").exits(0);
    assert!(
        done.out
            .contains("; the rest is that of sourcekeep-2026-01-05T08-00-00Z.db"),
        "the one that both have in common: {done}"
    );
    let newest = backups(&desk, "backups").pop().unwrap();
    is_copy_of(&newest, &desk.path("sourcekeep.db"));
    let done = desk.run("backup --whole").exits(0);
    assert!(done.out.contains("; everything\n"), "{done}");
}

#[test]
fn damage_in_an_earlier_backup_does_not_travel() {
    let desk = desk(3);
    desk.run("backup").exits(0);
    let first = backups(&desk, "backups").pop().unwrap();
    let connection = Connection::open(first).unwrap();
    connection
        .execute("update blob set data = x'00' where id = 1", [])
        .unwrap();
    drop(connection);
    desk.day(1);
    let done = desk.run("backup --verify").exits(0);
    assert!(done.out.contains("; everything\n"), "{done}");
    is_copy_of(
        &backups(&desk, "backups").pop().unwrap(),
        &desk.path("sourcekeep.db"),
    );
    // What the archive lost since is still in the backup.
    desk.archive()
        .execute("update blob set data = x'00' where id = 1", [])
        .unwrap();
    desk.day(2);
    desk.run("backup --verify").exits(0);
    // Where damage would come from the archive, there is no new one, and the earlier ones stay.
    let done = desk.run("backup --whole --verify --keep 1").exits(3);
    assert!(
        done.err
            .contains("error: no backup was made: the copy is not sound: blob 1 ("),
        "{done}"
    );
    assert_eq!(backups(&desk, "backups").len(), 3);
}

#[test]
fn a_folder_that_cannot_be_used_is_said_so() {
    let desk = Desk::new();
    assert_snapshot!(desk.run("backup"), @r"
    exit code 3
    --- stderr
    error: sourcekeep.db: there is no archive here

    hint: `sourcekeep run INPUT` makes one; --db PATH (or SOURCEKEEP_DB) names another file
    ");
    desk.run("add .").exits(0);
    assert_snapshot!(desk.run("backup sourcekeep.db"), @r"
    exit code 3
    --- stderr
    error: sourcekeep.db: backups go into a folder, and this is a file

    hint: name a folder; each backup becomes a file of its own in it
    ");
    assert_snapshot!(desk.run("backup not/there"), @r"
    exit code 3
    --- stderr
    error: not/there: this folder cannot be made, for the one above it does not exist

    hint: is the disk mounted? make the folder above it first, or name another one
    ");
    assert!(!desk.path("backups").exists());
    // Beside the archive itself is a folder too; what is there stays.
    desk.run("backup . --keep 1").exits(0);
    desk.run("backup . --keep 1").exits(0);
    assert_eq!(backups(&desk, ".").len(), 2);
    desk.run("verify").exits(0);
}

#[test]
fn two_at_once_in_one_folder_do_not_meet() {
    let desk = desk(1);
    desk.run("backup").exits(0);
    let lock = std::fs::File::open(desk.path("backups/.sourcekeep-backup.lock")).unwrap();
    lock.lock().unwrap();
    assert_snapshot!(desk.run("backup"), @r"
    exit code 3
    --- stderr
    error: backups: another backup is being made in this folder

    hint: wait for it to end
    ");
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_a_backup_of_a_private_archive() {
    use std::os::unix::fs::PermissionsExt;
    let desk = desk(1);
    let archive = desk.path("sourcekeep.db");
    for (of_archive, of_backup) in [(0o600, 0o600), (0o640, 0o640), (0o400, 0o600)] {
        std::fs::set_permissions(&archive, std::fs::Permissions::from_mode(of_archive)).unwrap();
        let made = json(&desk.run("backup --format json"));
        let made = made["path"].as_str().unwrap().to_owned();
        let mode = desk.path(&made).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, of_backup);
    }
}
