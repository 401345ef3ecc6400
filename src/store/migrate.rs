//! From any earlier schema to today's, one numbered step after the other, each in a transaction of its own, and with a
//! copy of the file put aside before the first.
//!
//! The number stands in `pragma user_version`, the program's mark in `pragma application_id`; both are read before
//! anything is written, so that another program's file, or a newer one of ours, is left alone.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use super::chain::sha256;
use super::error::StoreError;

/// `SKEP`, in the header of every archive: `file` and `sqlite3` can tell what it is.
pub(super) const APPLICATION_ID: i32 = 0x534b_4550;

/// One step: its number is its place in the list, from 1.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("schema/0001_archive.sql"),
    include_str!("schema/0002_views.sql"),
    include_str!("schema/0003_politeness.sql"),
    include_str!("schema/0004_settling.sql"),
    include_str!("schema/0005_words.sql"),
    include_str!("schema/0006_discovered.sql"),
    include_str!("schema/0007_around.sql"),
    include_str!("schema/0008_by_hand.sql"),
    include_str!("schema/0009_quotes.sql"),
    include_str!("schema/0010_manifests.sql"),
    include_str!("schema/0011_packing.sql"),
    include_str!("schema/0012_left_out.sql"),
    include_str!("schema/0013_pruning.sql"),
    include_str!("schema/0014_imports.sql"),
    include_str!("schema/0015_features.sql"),
    include_str!("schema/0016_import_verdicts.sql"),
    include_str!("schema/0017_renderings.sql"),
    include_str!("schema/0018_search.sql"),
    include_str!("schema/0019_texts.sql"),
    include_str!("schema/0020_listed.sql"),
    include_str!("schema/0021_run_progress.sql"),
    include_str!("schema/0022_worked_off.sql"),
];

/// What a file is, before it is touched.
pub(super) enum Found {
    /// A new, empty database.
    Empty,
    /// Ours, of this schema version.
    Version(u32),
}

/// Looks at the header only, and at one state of it: another process may be making the file just now.
pub(super) fn look(connection: &Connection, path: &Path) -> Result<Found, StoreError> {
    let (application, version, tables) = header(connection)
        .map_err(|error| StoreError::sql(path, "read the file's header", error))?;
    match (application, version, tables) {
        (APPLICATION_ID, version, _) if version > 0 => Ok(Found::Version(version)),
        (0 | APPLICATION_ID, 0, 0) => Ok(Found::Empty),
        _ => Err(StoreError::NotOurs(path.to_owned())),
    }
}

fn header(connection: &Connection) -> rusqlite::Result<(i32, u32, i64)> {
    let transaction = connection.unchecked_transaction()?;
    // The first read fixes the state that all of them see.
    let tables =
        transaction.query_row("select count(*) from sqlite_schema", [], |row| row.get(0))?;
    let application = transaction.query_row("pragma application_id", [], |row| row.get(0))?;
    let version = transaction.query_row("pragma user_version", [], |row| row.get(0))?;
    Ok((application, version, tables))
}

/// Gives the file's schema version (0 for an empty file) before anything is written to it, unless that is more than
/// is known here.
pub(super) fn refuse_newer(connection: &Connection, path: &Path) -> Result<u32, StoreError> {
    let known = MIGRATIONS.len() as u32;
    match look(connection, path)? {
        Found::Empty => Ok(0),
        Found::Version(found) if found > known => Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known,
        }),
        Found::Version(version) => Ok(version),
    }
}

/// Brings the file to the last of `steps`. Returns the copy that was put aside, if there was something to copy.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    steps: &[&str],
) -> Result<Option<PathBuf>, StoreError> {
    let known = steps.len() as u32;
    let from = match look(connection, path)? {
        Found::Empty => 0,
        Found::Version(version) => version,
    };
    if from > known {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found: from,
            known,
        });
    }
    if from == known {
        return Ok(None);
    }
    let aside = if from > 0 {
        Some(back_up(connection, path, from)?)
    } else {
        None
    };
    let wrap = |error| StoreError::sql(path, "bring the file to the present schema", error);
    // A new file is made as a whole: one whose making was cut short must not be taken for an old one.
    let goals = if from == 0 {
        known..=known
    } else {
        from + 1..=known
    };
    for goal in goals {
        step_up(connection, steps, goal).map_err(wrap)?;
    }
    Ok(aside)
}

/// Brings the file to one version, in one transaction.
fn step_up(connection: &mut Connection, steps: &[&str], goal: u32) -> rusqlite::Result<()> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Another process may have been faster; its work stands.
    let now: u32 = transaction.query_row("pragma user_version", [], |row| row.get(0))?;
    if now < goal {
        add_functions(&transaction)?;
    }
    for number in now..goal {
        transaction.execute_batch(steps[number as usize])?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", number + 1)?;
    }
    transaction.commit()
}

/// Adds what steps may call.
pub(super) fn add_functions(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_scalar_function(
        "sha256",
        1,
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC,
        |call| Ok(sha256(call.get_raw(0).as_bytes().unwrap_or_default()).to_vec()),
    )
}

/// Copies the database, as one consistent file, to `NAME.schema-N.bak` beside it.
///
/// The copy has that name only once it is whole and on the disk: the next to come must not take half of one, left by
/// somebody who was killed, for the backup.
fn back_up(connection: &Connection, path: &Path, version: u32) -> Result<PathBuf, StoreError> {
    let doing = "put a copy aside before the migration";
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".schema-{version}.bak"));
    let aside = path.with_file_name(&name);
    if aside.exists() {
        return Ok(aside);
    }
    name.push(format!(".{}", std::process::id()));
    let unfinished = path.with_file_name(name);
    let file = |source| StoreError::file(&aside, doing, source);
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(file(error)),
        _ => {}
    }
    let copied = connection
        .execute("vacuum into ?1", [unfinished.to_string_lossy()])
        .map_err(|error| StoreError::sql(&aside, doing, error))
        // `SQLite` leaves it to the system when the copy reaches the disk.
        .and_then(|_| on_disk(&unfinished).map_err(file))
        .and_then(|()| std::fs::rename(&unfinished, &aside).map_err(file));
    if let Err(error) = copied {
        // It is of no use, and may be what filled the disk.
        let _ = std::fs::remove_file(&unfinished);
        return Err(error);
    }
    Ok(aside)
}

fn on_disk(path: &Path) -> std::io::Result<()> {
    // Some systems want the file to be open for writing.
    std::fs::OpenOptions::new()
        .write(true)
        .open(path)?
        .sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &[&str] = &["create table thing (id integer primary key, name text) strict;"];
    const NEW: &[&str] = &[OLD[0], "alter table thing add column note text;"];
    const BROKEN: &[&str] = &[
        OLD[0],
        "alter table thing add column note text; select nonsense;",
    ];

    #[test]
    fn an_older_file_is_copied_aside_and_brought_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        assert!(
            migrate(&mut connection, &path, OLD).unwrap().is_none(),
            "a new file has no copy"
        );
        connection
            .execute("insert into thing (name) values ('kept')", [])
            .unwrap();

        let aside = migrate(&mut connection, &path, NEW)
            .unwrap()
            .expect("a copy was put aside");
        let note: Option<String> = connection
            .query_row("select note from thing where name = 'kept'", [], |r| {
                r.get(0)
            })
            .unwrap();
        assert_eq!(note, None);
        let copy = Connection::open(aside).unwrap();
        let version: u32 = copy
            .query_row("pragma user_version", [], |r| r.get(0))
            .unwrap();
        let names: i64 = copy
            .query_row("select count(*) from thing", [], |r| r.get(0))
            .unwrap();
        assert_eq!((version, names), (1, 1), "the copy is the file as it was");
    }

    /// A file that the third schema left behind, with a source that had failed twice.
    #[test]
    fn a_file_of_the_third_schema_keeps_its_verdicts_and_strikes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &path, &MIGRATIONS[..3]).unwrap();
        connection
            .execute_batch(
                "insert into archive (id, created_at, created_by) values (1, 1, '0.0.1');
                 insert into run (id, command, started_at, ended_at, result, version, pid)
                     values (1, 'run', 5, 6, 'done', '0.0.1', 7);
                 insert into host (id, name, site) values (1, 'a.test', 'a.test');
                 insert into outcome (id, sha256, status, facts) values (1, x'00', 404, '{}');
                 insert into source (id, address, host_id, added_at, standing, standing_since, strikes, verdict,
                     verdict_since, last_visit_id, last_visit_at, next_visit_at)
                     values (1, 'http://a.test/', 1, 1, 'failing', 3, 2, 'not-found', 3, 1, 5, 9),
                            (2, 'http://a.test/new', 1, 1, 'new', 1, 0, null, null, null, null, 1);
                 insert into visit (id, source_id, at, outcome_id, elapsed_ms, run_id, chain)
                     values (1, 1, 5, 1, 2, 1, x'00');",
            )
            .unwrap();
        let aside = migrate(&mut connection, &path, MIGRATIONS).unwrap();
        assert!(aside.is_some(), "a copy was put aside");
        let row: (String, String, i64, i64) = connection
            .query_row(
                "select v.standing, v.verdict, v.status, s.strikes from sources v join source s on s.id = v.id
                 where v.id = 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .unwrap();
        assert_eq!(row, ("failing".to_owned(), "not-found".to_owned(), 404, 2));
        let unsettled: i64 = connection
            .query_row("select count(*) from unsettled", [], |row| row.get(0))
            .unwrap();
        assert_eq!(unsettled, 0);
    }

    /// A file that the seventh schema left behind, with citations that quote.
    #[test]
    fn a_file_of_the_seventh_schema_gains_its_quotes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &path, &MIGRATIONS[..7]).unwrap();
        connection
            .execute_batch(
                "insert into archive (id, created_at, created_by) values (1, 1, '0.0.1');
                 insert into host (id, name, site) values (1, 'a.test', 'a.test');
                 insert into source (id, address, host_id, added_at, standing_since)
                     values (1, 'http://a.test/', 1, 1, 1), (2, 'http://a.test/b', 1, 1, 1);
                 insert into input (id, address, kind, added_at) values (1, 'posts', 'folder', 1);
                 insert into document (id, input_id, address, format, size, sha256, first_seen_at, last_read_at)
                     values (1, 1, 'a.md', 'markdown', 1, x'00', 1, 1);
                 insert into post (id, document_id, address, first_seen_at, last_seen_at) values (1, 1, 'a.md', 1, 1);
                 insert into citation (post_id, source_id, key, url, kind, place, text, context, quote, quote_tie, rel,
                     line, span_start, span_end, first_seen_at, last_seen_at)
                     values (1, 1, 1, 'http://a.test/', 'anchor', 'body', '', '', 'Some words.', 'cite', '', 1, 0, 1, 5, 9),
                            (1, 1, 2, 'http://a.test/', 'anchor', 'body', '', '', 'Some words.', 'cite', '', 2, 0, 1, 4, 9),
                            (1, 1, 3, 'http://a.test/', 'anchor', 'body', '', '', null, null, '', 3, 0, 1, 4, 9),
                            (1, 2, 4, 'http://a.test/b#:~:text=some,end', 'anchor', 'body', '', '', 'some […] end',
                             'declared', '', 4, 0, 1, 4, 9);",
            )
            .unwrap();
        migrate(&mut connection, &path, MIGRATIONS).unwrap();
        let rows: Vec<(i64, i64, String, Option<String>)> = connection
            .prepare("select q.source_id, q.tied_at, q.words, q.directives from quote q order by q.source_id")
            .unwrap()
            .query_map([], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let written = Some("text=some,end".to_owned());
        assert_eq!(
            rows,
            [
                (1, 4, "Some words.".to_owned(), None),
                (2, 4, "some […] end".to_owned(), written),
            ]
        );
        let ties: i64 = connection
            .query_row(
                "select count(*) from citation c join quote q on q.id in (c.quote_id, c.directives_id)
                 and q.source_id = c.source_id",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(ties, 3);
        let sha: Vec<u8> = connection
            .query_row("select sha256 from quote where source_id = 1", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(sha, sha256(b"Some words."));
    }

    /// A file that the seventh schema left behind: the first copy of a source was its baseline, whenever it was made.
    #[test]
    fn a_file_of_the_seventh_schema_has_the_baselines_that_stand() {
        const DAY: i64 = 86_400_000;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &path, &MIGRATIONS[..7]).unwrap();
        connection
            .execute_batch(&format!(
                "insert into run (id, command, started_at, ended_at, result, version, pid)
                     values (1, 'run', 5, 6, 'done', '0.0.1', 7);
                 insert into host (id, name, site) values (1, 'a.test', 'a.test');
                 insert into outcome (id, sha256, status, facts) values (1, x'00', 200, '{{}}');
                 insert into blob (id, sha256, size, coding, data) values (1, x'00', 0, 'plain', x'');
                 insert into source (id, address, host_id, added_at, standing, standing_since, cited_since,
                     last_capture_id, baseline_id)
                     values (1, 'http://a.test/early', 1, 1, 'alive', 1, 40 * {DAY}, 2, 1),
                            (2, 'http://a.test/late', 1, 1, 'alive', 1, 1, 3, 3),
                            (3, 'http://a.test/kept', 1, 1, 'alive', 1, 90 * {DAY}, 4, 4),
                            (4, 'http://a.test/hand', 1, 1, 'alive', 1, null, 5, 5),
                            (5, 'http://a.test/none', 1, 1, 'new', 1, 1, null, null);
                 insert into visit (id, source_id, at, outcome_id, confirms, elapsed_ms, run_id, chain)
                     values (1, 1, 1, 1, null, 2, 1, x'00'), (2, 1, 50 * {DAY}, 1, null, 2, 1, x'00'),
                            (3, 2, 40 * {DAY}, 1, null, 2, 1, x'00'), (4, 3, 1, 1, null, 2, 1, x'00'),
                            (5, 3, 89 * {DAY}, 1, 4, 2, 1, x'00');
                 insert into verdict (visit_id, code, evidence, judge_version, judged_at)
                     values (1, 'alive', '[]', 1, 1), (2, 'moved', '[]', 1, 1), (3, 'alive', '[]', 1, 1),
                            (4, 'alive', '[]', 1, 1);
                 insert into capture (id, source_id, visit_id, at, kind, url, body_id, size, sealed_at, chain)
                     values (1, 1, 1, 1, 'visit', 'u', 1, 0, 1, x'00'),
                            (2, 1, 2, 50 * {DAY}, 'visit', 'u', 1, 0, 1, x'00'),
                            (3, 2, 3, 40 * {DAY}, 'visit', 'u', 1, 0, 1, x'00'),
                            (4, 3, 4, 1, 'visit', 'u', 1, 0, 1, x'00'),
                            (5, 4, null, 7, 'by-hand', 'u', 1, 0, 7, x'00');"
            ))
            .unwrap();
        migrate(&mut connection, &path, MIGRATIONS).unwrap();
        let baselines: Vec<Option<i64>> = connection
            .prepare("select baseline_id from source order by id")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(baselines, [Some(2), None, Some(4), Some(5), None]);
    }

    /// A file that the tenth schema left behind: what it holds stays as it is, and may be packed in more ways.
    #[test]
    fn a_file_of_the_tenth_schema_keeps_its_payloads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &path, &MIGRATIONS[..10]).unwrap();
        connection
            .execute_batch(
                "insert into blob (id, sha256, size, coding, data) values
                     (1, x'01', 3, 'plain', x'414141'), (2, x'02', 3, 'plain', x'424242');",
            )
            .unwrap();
        let (first, second) = (folder.path().join("b.db"), folder.path().join("c.db"));
        connection
            .execute("vacuum into ?1", [first.to_string_lossy()])
            .unwrap();
        migrate(&mut connection, &path, MIGRATIONS).unwrap();
        connection
            .execute("vacuum into ?1", [second.to_string_lossy()])
            .unwrap();
        let sound: String = connection
            .query_row("pragma integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sound, "ok");
        connection
            .execute_batch(
                "pragma foreign_keys = on;
                 insert into dictionary (id, kind, sha256, made_at, payloads, data) values (1, 'html', x'00', 1, 9, x'00');
                 insert into blob (sha256, size, coding, dictionary_id, data) values (x'03', 3, 'zstd-dict', 1, x'00');
                 insert into blob (sha256, size, coding, base_id, data) values (x'04', 3, 'zstd-delta', 1, x'00');",
            )
            .unwrap();
        for refused in [
            "insert into blob (sha256, size, coding, data) values (x'05', 3, 'other', x'00')",
            "insert into blob (sha256, size, coding, data) values (x'05', 3, 'zstd-dict', x'00')",
            "insert into blob (sha256, size, coding, dictionary_id, data) values (x'05', 3, 'zstd-dict', 2, x'00')",
            "insert into blob (sha256, size, coding, data) values (x'05', 3, 'zstd-delta', x'00')",
            "insert into blob (sha256, size, coding, base_id, data) values (x'05', 3, 'zstd-delta', 4, x'00')",
            "update blob set coding = 'zstd-delta', base_id = 2 where id = 1",
            "update blob set coding = 'zstd-delta', base_id = 4 where id = 2",
            "update blob set sha256 = x'09' where id = 2",
        ] {
            assert!(connection.execute(refused, []).is_err(), "{refused}");
        }
        // A program that had the file open before sees the new schema, and so does one that opens it now.
        let again = Connection::open(&second).unwrap();
        again
            .execute(
                "insert into blob (sha256, size, coding, base_id, data) values (x'04', 3, 'zstd-delta', 1, x'00')",
                [],
            )
            .unwrap();
        let mut earlier = Connection::open(&first).unwrap();
        migrate(&mut earlier, &first, MIGRATIONS).unwrap();
    }

    /// A file that the twelfth schema left behind: captures may lose their bodies to `prune`, and nothing else.
    #[test]
    fn a_file_of_the_twelfth_schema_can_be_pruned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &path, &MIGRATIONS[..12]).unwrap();
        connection
            .execute_batch(
                "insert into host (id, name, site) values (1, 'a.test', 'a.test');
                 insert into source (id, address, host_id, added_at, standing_since) values (1, 'http://a.test/', 1, 1, 1);
                 insert into blob (id, sha256, size, coding, data) values (1, x'01', 1, 'plain', x'41');
                 insert into capture (id, source_id, at, kind, url, body_id, size, sealed_at, chain)
                     values (1, 1, 1, 'by-hand', 'u', 1, 1, 1, x'00'), (2, 1, 2, 'by-hand', 'u', 1, 1, 2, x'00');",
            )
            .unwrap();
        assert!(
            connection
                .execute("update capture set body_id = null where id = 1", [])
                .is_err()
        );
        migrate(&mut connection, &path, MIGRATIONS).unwrap();
        let sound: String = connection
            .query_row("pragma integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sound, "ok");
        let gone = "update capture set body_id = null, manifest_id = null where id = 1";
        assert!(connection.execute(gone, []).is_err(), "no digests are left");
        connection
            .execute_batch(
                "insert into pruned_capture (capture_id, pruned_at, body_sha256, exchanges_sha256)
                     values (1, 3, x'01', x'00'), (2, 3, x'02', x'00');",
            )
            .unwrap();
        for refused in [
            "update capture set body_id = null, title = 'another' where id = 1",
            "update capture set body_id = null where id = 2",
        ] {
            assert!(connection.execute(refused, []).is_err(), "{refused}");
        }
        connection.execute(gone, []).unwrap();
        let pruned: (Vec<u8>, String) = connection
            .query_row(
                "select sha256, pruned_at from captures where id = 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(pruned, (vec![1], "1970-01-01T00:00:00Z".to_owned()));
    }

    /// A file that the fourteenth schema left behind: what is drawn again from copies goes, and nothing else.
    #[test]
    fn a_file_of_the_fourteenth_schema_keeps_the_features_that_it_needs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &path, &MIGRATIONS[..14]).unwrap();
        // A first copy, the baseline, one that is neither, a PDF, and what was seen without a copy.
        connection
            .execute_batch(
                "insert into run (id, command, started_at, version, pid) values (1, 'run', 5, '0.0.1', 7);
                 insert into host (id, name, site) values (1, 'a.test', 'a.test');
                 insert into source (id, address, host_id, added_at, standing_since, baseline_id)
                     values (1, 'http://a.test/', 1, 1, 1, 2);
                 insert into blob (id, sha256, size, coding, data) values (1, x'01', 1, 'plain', x'41'),
                     (2, x'02', 1, 'plain', x'42'), (3, x'03', 1, 'plain', x'43'), (4, x'04', 1, 'plain', x'44');
                 insert into outcome (id, sha256, body_sha256, facts) values (1, x'01', x'01', '{}'),
                     (2, x'02', x'02', '{}'), (3, x'03', x'03', '{}'), (4, x'04', x'04', '{}'), (5, x'05', x'05', '{}'),
                     (6, x'06', x'03', '{}');
                 insert into visit (id, source_id, at, outcome_id, elapsed_ms, run_id, chain) values
                     (1, 1, 1, 1, 2, 1, x'00'), (2, 1, 2, 2, 2, 1, x'00'), (3, 1, 3, 3, 2, 1, x'00'),
                     (4, 1, 4, 4, 2, 1, x'00'), (5, 1, 5, 5, 2, 1, x'00'), (6, 1, 6, 6, 2, 1, x'00');
                 insert into capture (id, source_id, visit_id, at, kind, url, body_id, size, sealed_at, chain)
                     select id, 1, id, id, 'visit', 'u', id, 1, 1, x'00' from visit where id < 5;
                 insert into features (outcome_id, version, text_chars, detail)
                     select id, 2, 1, iif(id = 4, '{\"kind\":\"pdf\"}', '{\"kind\":\"html\"}') from outcome;",
            )
            .unwrap();
        migrate(&mut connection, &path, MIGRATIONS).unwrap();
        let kept: Vec<i64> = connection
            .prepare("select outcome_id from features order by outcome_id")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(kept, [1, 2, 4, 5]);
    }

    #[test]
    fn half_a_copy_is_not_taken_for_the_backup() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &path, OLD).unwrap();
        let left = format!("a.db.schema-1.bak.{}", std::process::id());
        std::fs::write(folder.path().join(&left), "half a copy").unwrap();
        let aside = migrate(&mut connection, &path, NEW).unwrap().unwrap();
        Connection::open(&aside)
            .unwrap()
            .query_row("select count(*) from thing", [], |_| Ok(()))
            .unwrap();
        assert!(!folder.path().join(&left).exists());
    }

    #[test]
    fn a_new_file_is_made_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        assert!(migrate(&mut connection, &path, BROKEN).is_err());
        assert!(matches!(look(&connection, &path), Ok(Found::Empty)));
        assert!(migrate(&mut connection, &path, NEW).unwrap().is_none());
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &path, OLD).unwrap();
        assert!(migrate(&mut connection, &path, BROKEN).is_err());
        let version: u32 = connection
            .query_row("pragma user_version", [], |r| r.get(0))
            .unwrap();
        assert_eq!(version, 1);
        assert!(
            connection.prepare("select note from thing").is_err(),
            "nothing of the step stayed"
        );
        migrate(&mut connection, &path, NEW).unwrap();
        connection.prepare("select note from thing").unwrap();
    }

    #[test]
    fn a_newer_file_and_another_programs_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &path, NEW).unwrap();
        assert!(matches!(
            migrate(&mut connection, &path, OLD),
            Err(StoreError::Newer {
                found: 2,
                known: 1,
                ..
            })
        ));
        let other = Connection::open(folder.path().join("b.db")).unwrap();
        other
            .execute_batch("create table places (id integer)")
            .unwrap();
        assert!(matches!(look(&other, &path), Err(StoreError::NotOurs(_))));
    }
}
