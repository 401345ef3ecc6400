//! Payloads packed anew through the store's verbs: everything says what it said before, whatever was done and wherever it
//! was cut short.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "compact/prune.rs"]
mod prune;
#[path = "compact/support.rs"]
mod support;

use std::fmt::Write;
use std::sync::atomic::{AtomicU32, Ordering};

use sourcekeep::run::compact::{Compact, Summary, compact};
use sourcekeep::store::{Backup, back_up};

use support::{Archive, edited, page};

type BlobRow = (i64, Vec<u8>, String, Option<i64>, Vec<u8>);

fn all(archive: &Archive) -> Summary {
    compact(&archive.store, &Compact::default(), &|| false, |_| {}).unwrap()
}

/// An archive of pages of one make, each in several versions.
fn pages(sources: u32, versions: u32) -> Archive {
    let mut archive = Archive::new();
    for version in 0..versions {
        for source in 0..sources {
            let url = format!("http://host{}.test/{source}", source % 7);
            archive.keep(&url, &edited(&page(source), version), i64::from(version));
        }
    }
    archive
}

#[test]
fn pages_are_packed_with_a_dictionary_and_their_versions_as_differences() {
    let mut archive = pages(60, 3);
    let done = all(&archive);
    assert_eq!((done.found, done.unfinished), (0, false), "{done:?}");
    assert_eq!(done.dictionaries, 1, "{done:?}");
    assert_eq!(
        (done.with_dictionary, done.differences),
        (60, 120),
        "{done:?}"
    );
    assert!(done.after * 3 < done.before, "{done:?}");
    assert!(done.file_after < done.file_before, "{done:?}");
    archive.holds();
    // Nothing is left to do, and versions that come later are differences too.
    let again = all(&archive);
    assert_eq!((again.tried, again.packed), (0, 0), "{again:?}");
    archive.keep("http://host0.test/0", &edited(&page(0), 9), 9);
    let later = all(&archive);
    assert_eq!((later.tried, later.differences), (1, 1), "{later:?}");
    archive.holds();
    // The base of a difference stays whole, whatever is done anew.
    let anew = Compact {
        anew: true,
        ..Compact::default()
    };
    compact(&archive.store, &anew, &|| false, |_| {}).unwrap();
    archive.holds();
}

#[test]
fn requisites_are_differences_from_what_the_same_address_gave() {
    let mut archive = Archive::new();
    let style = |version: u32| {
        let mut style = String::new();
        for at in 0..400_u32 {
            let name = at.wrapping_mul(2_654_435_761);
            let _ = writeln!(style, ".c{name:x}{{margin:{}px}}", at % 40);
        }
        let _ = write!(style, "/* {version} */");
        style.into_bytes()
    };
    for version in 0..3 {
        archive.requisite("http://a.test/site.css", "text/css", &style(version));
    }
    archive.requisite("http://b.test/site.css", "text/css", &style(7));
    let done = all(&archive);
    assert_eq!(done.differences, 2, "{done:?}");
    archive.holds();
}

#[test]
fn media_are_left_as_they_are() {
    let mut archive = Archive::new();
    let mut image = b"\x89PNG\r\n\x1a\n".to_vec();
    image.extend(std::iter::repeat_n(b'a', 10_000));
    archive.requisite("http://a.test/a.png", "image/png", &image);
    image.push(b'b');
    archive.requisite("http://a.test/b.css", "text/css", &image);
    let done = all(&archive);
    assert_eq!((done.tried, done.packed), (2, 0), "{done:?}");
    archive.holds();
}

#[test]
fn cut_short_anywhere_it_goes_on_from_there() {
    let archive = pages(40, 3);
    let mut tried = 0;
    for round in 0..1000 {
        let left = AtomicU32::new(round * 31 % 200);
        let stopped = || {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .is_err()
        };
        let done = compact(&archive.store, &Compact::default(), &stopped, |_| {}).unwrap();
        tried += done.tried;
        archive.holds();
        if !done.unfinished {
            // What was tried twice, when dictionaries came, was tried twice.
            assert!((120..=240).contains(&tried), "{tried}");
            return;
        }
    }
    panic!("it never came to an end");
}

#[test]
fn what_is_damaged_is_named_and_left_alone() {
    let archive = pages(40, 2);
    all(&archive);
    let other = rusqlite::Connection::open(&archive.path).unwrap();
    // A whole page on which a difference rests, and one beside it.
    let (base, sha): (i64, String) = other
        .query_row(
            "select b.id, lower(hex(b.sha256)) from blob b where exists (select 1 from blob where base_id = b.id)
             order by id limit 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    let data = |id: i64| -> Vec<u8> {
        other
            .query_row("select data from blob where id = ?1", [id], |row| {
                row.get(0)
            })
            .unwrap()
    };
    let mut broken = data(base);
    let middle = broken.len() / 2;
    broken[middle] ^= 0xff;
    other
        .execute("update blob set data = ?2 where id = ?1", (base, &broken))
        .unwrap();
    let anew = Compact {
        anew: true,
        ..Compact::default()
    };
    // With other dictionaries, what is held with the old ones is tried again.
    other
        .execute_batch("update dictionary set kind = 'of before'; update packing set tried_to = 0")
        .unwrap();
    let done = compact(&archive.store, &anew, &|| false, |_| {}).unwrap();
    assert_eq!(done.found, 1, "{done:?}");
    assert!(
        done.problems[0].starts_with(&format!("blob {base} ({sha}): ")),
        "{done:?}"
    );
    assert_eq!(data(base), broken, "nothing of it was changed");
    let verified = archive.store.read("verify", |r| r.verify()).unwrap();
    assert!(verified.problems[0].starts_with(&format!("blob {base} ({sha}): ")));
    assert_eq!(verified.found, 2, "the page, and the difference from it");
}

#[test]
fn a_backup_that_went_before_is_brought_to_the_same_state() {
    let mut archive = pages(40, 2);
    let folder = archive.path.with_file_name("backups");
    let backup = |archive: &Archive, now| {
        let how = Backup {
            archive: &archive.path,
            folder: &folder,
            keep: 9,
            now,
            whole: false,
            verify: true,
        };
        let done = back_up(&how, |_| {}).unwrap();
        let state = |path: &std::path::Path| -> Vec<BlobRow> {
            rusqlite::Connection::open(path)
                .unwrap()
                .prepare("select id, sha256, coding, base_id, data from blob order by id")
                .unwrap()
                .query_map([], |row| {
                    Ok((
                        row.get(0)?,
                        row.get(1)?,
                        row.get(2)?,
                        row.get(3)?,
                        row.get(4)?,
                    ))
                })
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap()
        };
        assert!(state(&done.path) == state(&archive.path));
        done
    };
    backup(&archive, 1);
    all(&archive);
    assert!(backup(&archive, 100_000).base.is_some());
    archive.keep("http://host0.test/0", &edited(&page(0), 5), 5);
    all(&archive);
    assert!(backup(&archive, 200_000).base.is_some());
}
