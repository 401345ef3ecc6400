//! Files that are not ours, full disks, locks, two at once.

use super::*;
use crate::web::Page;

/// A web with so many pages on hosts of their own, and a post that cites them.
fn web_of(pages: usize, size: usize) -> (Web, Place) {
    let web = Web::start();
    // What does not compress fills a disk.
    let mut state = 1_u64;
    let mut noise = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        format!("{:016x}", state ^ (state >> 29))
    };
    for page in 0..pages {
        let mut body = format!("<title>{page}</title><p>");
        while body.len() < size {
            body.push_str(&noise());
        }
        web.page(&format!("h{page}.test"), "/", Page::html(body));
    }
    let place = Place::at(&web);
    place.write(
        "post.md",
        post((0..pages).map(|page| format!("http://h{page}.test/"))),
    );
    (web, place)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Every command refuses `a.db` as it is, and leaves it and its folder as they were.
#[track_caller]
fn refused(place: &Place, words: &str, hint: &str) {
    let before = std::fs::read(place.db()).ok();
    let beside = names(place.folder.path());
    for args in [
        &["report"][..],
        &["inputs"],
        &["show", "http://a.test/"],
        &["add", "post.md"],
        &["run", "post.md"],
        &["check", "http://a.test/"],
    ] {
        place
            .says(args)
            .ended(3)
            .tells("error: a.db: ")
            .tells(words)
            .tells(&format!("hint: {hint}"));
    }
    assert_eq!(std::fs::read(place.db()).ok(), before);
    assert_eq!(names(place.folder.path()), beside);
}

fn place() -> Place {
    let place = Place::new();
    place.write("post.md", "[a](http://a.test/)");
    place
}

#[test]
fn what_is_no_archive_is_refused_and_left_alone() {
    let no_database = "this file is not a sourcekeep archive";
    let elsewhere = "name another file with --db PATH";
    let place = place();
    place.write(
        "a.db",
        "# A post\n\nnot a database, but longer than a header\n",
    );
    refused(&place, no_database, elsewhere);
    place.write("a.db", "x");
    refused(&place, no_database, elsewhere);
    place.write("a.db", [&b"SQLite format 3\0"[..], &[7; 4096]].concat());
    refused(&place, no_database, elsewhere);
    std::fs::remove_file(place.db()).unwrap();
    std::fs::create_dir(place.db()).unwrap();
    refused(&place, no_database, elsewhere);
    std::fs::remove_dir(place.db()).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(place.db())
            .status()
            .unwrap()
            .success()
    );
    refused_pipe(&place);
}

fn refused_pipe(place: &Place) {
    for args in [&["report"][..], &["add", "post.md"]] {
        place.says(args).ended(3).tells("not a sourcekeep archive");
    }
}

#[test]
fn another_programs_database_and_a_newer_one_are_refused_and_left_alone() {
    let place = place();
    let other = rusqlite::Connection::open(place.db()).unwrap();
    other
        .execute_batch("create table bookmarks (url text); insert into bookmarks values ('x')")
        .unwrap();
    drop(other);
    refused(
        &place,
        "belongs to another program",
        "name another file with --db PATH; this one was not touched",
    );
    std::fs::remove_file(place.db()).unwrap();
    place.says(&["add", "post.md"]).ended(0);
    let newer = rusqlite::Connection::open(place.db()).unwrap();
    newer
        .execute_batch("pragma user_version = 999; pragma wal_checkpoint(truncate)")
        .unwrap();
    drop(newer);
    refused(
        &place,
        "written by a newer sourcekeep (schema 999",
        "use the newer sourcekeep",
    );
}

#[test]
fn a_damaged_archive_is_called_damaged() {
    let (_web, place) = web_of(20, 20_000);
    place.says(&["run", "post.md"]).ended(0);
    let whole = std::fs::read(place.db()).unwrap();
    place.write("a.db", &whole[..whole.len() / 3]);
    let said = place.says(&["report", "--all"]).ended(3);
    assert!(said.err.contains("the file is damaged"), "{}", said.err);
    assert!(said.err.contains("hint: restore a backup"), "{}", said.err);
    assert_eq!(std::fs::read(place.db()).unwrap().len(), whole.len() / 3);
}

#[test]
fn a_lost_wal_loses_what_was_not_yet_in_the_file_and_nothing_else() {
    let (_web, place) = web_of(30, 2_000);
    place.says(&["run", "--limit", "20", "post.md"]).ended(0);
    let before = place.number("select count(*) from visit");
    // A reader keeps the WAL from being taken in when the writer ends.
    let reader = rusqlite::Connection::open(place.db()).unwrap();
    reader
        .execute_batch("begin; select count(*) from visit")
        .unwrap();
    place.says(&["run"]).ended(0);
    let copy = Place::new();
    std::fs::copy(place.db(), copy.db()).unwrap();
    drop(reader);
    copy.is_sound();
    assert_eq!(copy.number("select count(*) from visit"), before);
}

#[test]
fn processes_that_make_the_same_archive_at_once_all_succeed() {
    for _ in 0..3 {
        let place = place();
        let children: Vec<_> = (0..6)
            .map(|number| {
                place.write(&format!("{number}.md"), "[a](http://a.test/)");
                place
                    .command(&["add", &format!("{number}.md")])
                    .spawn()
                    .unwrap()
            })
            .collect();
        for child in children {
            wait(child).ended(0);
        }
        place.is_sound();
        assert_eq!(place.number("select count(*) from input"), 6);
        assert_eq!(place.number("select count(*) from archive"), 1);
    }
}

#[test]
fn another_programs_short_lock_is_waited_for_and_a_long_one_told() {
    let place = place();
    place.says(&["add", "post.md"]).ended(0);
    place.write("b.md", "[b](http://b.test/)");
    let other = rusqlite::Connection::open(place.db()).unwrap();
    other.execute_batch("begin immediate").unwrap();
    // Beside a lock, reading goes on.
    place.says(&["inputs"]).ended(0).prints("post.md");
    let mut waiting = place.command(&["add", "b.md"]).spawn().unwrap();
    // It cannot end while the lock is held; a reader that took its time shows that it did not.
    place.says(&["report"]).ended(0);
    assert!(waiting.try_wait().unwrap().is_none());
    other.execute_batch("commit").unwrap();
    wait(waiting).ended(0);
    other.execute_batch("begin immediate").unwrap();
    place
        .says(&["add", "b.md"])
        .ended(3)
        .tells("error: a.db: another program holds this file locked")
        .tells("hint: close the program that has it open, then run again");
    other.execute_batch("rollback").unwrap();
    place.says(&["add", "b.md"]).ended(0);
    place.is_sound();
}

#[test]
fn a_full_disk_ends_the_run_with_a_hint_and_keeps_what_was_committed() {
    let (_web, place) = web_of(600, 40_000);
    std::fs::create_dir(place.path("small")).unwrap();
    std::fs::create_dir(place.path("saved")).unwrap();
    let Some(said) = with_mounts(
        &place,
        "mount -t tmpfs -o size=12m tmpfs small",
        "--db small/a.db --min-free 0 --concurrency 4 run post.md",
        "cp small/* saved/",
    ) else {
        return;
    };
    let said = said
        .ended(3)
        .tells("error: small/a.db: no room left while trying to")
        .tells("hint: free some room and run again");
    assert!(!said.err.contains("savepoint"), "{}", said.err);
    is_sound(&place.path("saved/a.db"));
    let kept = count(&place.path("saved/a.db"), "select count(*) from visit");
    assert!(
        kept > 5,
        "{kept} visits were committed before the disk was full"
    );
    // What could not be stored is not said of the sources.
    for sql in [
        "select count(*) from outcome where failure is not null",
        "select count(*) from source where strikes > 0 or standing not in ('new', 'alive')",
        "select count(*) from source where verdict is not null and last_visit_id is null",
    ] {
        assert_eq!(count(&place.path("saved/a.db"), sql), 0, "{sql}");
    }
    // With more room, the next run goes on with the rest.
    std::fs::rename(place.path("saved/a.db"), place.db()).unwrap();
    let _ = std::fs::rename(place.path("saved/a.db-wal"), place.path("a.db-wal"));
    place.says(&["run"]).ended(0);
    assert_eq!(place.number("select count(*) from visit"), 600);
    assert_eq!(
        place.number("select count(distinct source_id) from visit"),
        600
    );
    assert_eq!(
        place.number("select count(*) from source where standing = 'alive'"),
        600
    );
    place.is_sound();
}

fn count(db: &Path, sql: &str) -> i64 {
    let connection = rusqlite::Connection::open(db).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_limit_on_file_sizes_ends_the_run_and_keeps_what_was_committed() {
    let (_web, place) = web_of(120, 40_000);
    let program = env!("CARGO_BIN_EXE_sourcekeep");
    let options = place.web.join("' '");
    let script = format!("ulimit -f 2048; exec '{program}' '{options}' --db a.db run post.md");
    let child = Command::new("sh")
        .args(["-c", &script])
        .current_dir(place.folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait(child).ended(3).tells("error: a.db: ").tells("hint: ");
    place.is_sound();
    place.says(&["run"]).ended(0);
    assert_eq!(
        place.number("select count(distinct source_id) from visit"),
        120
    );
    place.is_sound();
}

#[test]
fn an_archive_in_a_folder_that_cannot_be_written_is_read_all_the_same() {
    let (_web, place) = web_of(3, 500);
    place.says(&["run", "post.md"]).ended(0);
    std::fs::create_dir(place.path("fixed")).unwrap();
    std::fs::rename(place.db(), place.path("fixed/a.db")).unwrap();
    let fixed = "mount --bind fixed fixed && mount -o remount,bind,ro fixed";
    let Some(said) = with_mounts(&place, fixed, "--db fixed/a.db report --all", "true") else {
        return;
    };
    said.ended(0).prints("http://h1.test/");
    for args in ["add post.md", "run post.md", "check --all"] {
        with_mounts(&place, fixed, &format!("--db fixed/a.db {args}"), "true")
            .unwrap()
            .ended(3)
            .tells("error: fixed/a.db: cannot be written while trying to")
            .tells("hint: check the permissions of the file and of its folder");
    }
    with_mounts(&place, fixed, "--db fixed/new.db add post.md", "true")
        .unwrap()
        .ended(3)
        .tells("fixed/new.db: cannot be written");
    is_sound(&place.path("fixed/a.db"));
    // The file alone.
    let fixed = "mount --bind fixed/a.db fixed/a.db && mount -o remount,bind,ro fixed/a.db";
    with_mounts(&place, fixed, "--db fixed/a.db report --all", "true")
        .unwrap()
        .ended(0)
        .prints("http://h1.test/");
    with_mounts(&place, fixed, "--db fixed/a.db add post.md", "true")
        .unwrap()
        .ended(3)
        .tells("cannot be written");
    is_sound(&place.path("fixed/a.db"));
}

/// Whoever tries it on one post, and then on all of them, had each citation looked for among all.
#[test]
fn what_was_noted_of_few_rows_does_not_slow_many() {
    const FEW: &str = "select count(*) from sqlite_stat1 where cast(stat as integer) < 1000";
    let (_web, place) = web_of(2, 100);
    place.says(&["run", "post.md"]).ended(0);
    // As earlier versions left it, and whoever analyses the file.
    let connection = rusqlite::Connection::open(place.db()).unwrap();
    connection.execute_batch("analyze").unwrap();
    drop(connection);
    assert!(place.number(FEW) > 5);
    place.says(&["check", "--all"]).ended(0);
    assert_eq!(place.number(FEW), 0);
}
