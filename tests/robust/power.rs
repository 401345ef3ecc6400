//! What a power cut may take: the tail of the write-ahead log that was not yet on the disk, and nothing else.

use super::*;
use crate::web::Page;

#[test]
fn a_torn_log_gives_back_what_was_committed_before_the_tear() {
    const PAGES: usize = 120;
    let web = Web::start();
    for page in 0..PAGES {
        let body = format!(
            "<title>{page}</title><p>{}",
            format!("word {page} ").repeat(60)
        );
        web.page(
            &format!("h{}.test", page % 20),
            &format!("/{page}"),
            // Slow enough that the visits do not all fall into one commit.
            Page::html(body).delay(Duration::from_millis(20)),
        );
    }
    let place = Place::at(&web);
    place.write(
        "post.md",
        post((0..PAGES).map(|page| format!("http://h{}.test/{page}", page % 20))),
    );
    place.says(&["add", "post.md"]).ended(0);
    // One who reads the file as it is now keeps all that follows in the log, so every cut of it is one that a disk
    // could have made.
    let reader = rusqlite::Connection::open(place.db()).unwrap();
    reader
        .execute_batch("pragma wal_checkpoint(truncate); begin; select count(*) from visit")
        .unwrap();
    place.says(&["run", "--concurrency", "4"]).ended(0);
    let file = std::fs::read(place.db()).unwrap();
    let log = std::fs::read(place.path("a.db-wal")).unwrap();
    assert_eq!(place.number("select count(*) from visit"), PAGES as i64);
    let whole = links(&place);
    drop(reader);
    let mut state = 7_u64;
    let mut random = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let (mut lengths, copy) = (std::collections::BTreeSet::new(), Place::new());
    for round in 0..60 {
        let cut = random(log.len() + 1);
        let mut torn = log[..cut].to_vec();
        match round % 4 {
            // Cut off.
            0 => {}
            // The length was written, the content was not.
            1 => torn.resize(log.len(), 0),
            // Something else was there before.
            2 => torn.extend((cut..log.len()).map(|_| random(256) as u8)),
            // Blocks reach a disk in any order.
            _ => {
                torn.resize(log.len().min(cut + 8192), 0);
                torn.extend_from_slice(&log[torn.len()..]);
            }
        }
        for beside in ["a.db-wal", "a.db-shm"] {
            let _ = std::fs::remove_file(copy.path(beside));
        }
        copy.write("a.db", &file);
        copy.write("a.db-wal", &torn);
        copy.is_sound();
        let kept = links(&copy);
        for (kept, whole) in kept.iter().zip(&whole) {
            assert_eq!(kept[..], whole[..kept.len()], "cut at {cut}, round {round}");
        }
        lengths.insert(kept[0].len());
        // Each visit stands with all that belongs to it.
        for sql in [
            "select count(*) from visit v left join outcome o on o.id = v.outcome_id where o.id is null",
            "select count(*) from source s where s.last_visit_id is not null
             and not exists (select 1 from visit v where v.id = s.last_visit_id)",
            "select count(*) from visit v join source s on s.id = v.source_id
             where s.last_visit_id is null or s.verdict is null",
            "select count(*) from capture c where not exists
             (select 1 from exchange e where e.visit_id = c.visit_id)",
        ] {
            assert_eq!(copy.number(sql), 0, "{sql}, cut at {cut}");
        }
    }
    assert!(
        lengths.len() > 3,
        "the cuts fell between commits: {lengths:?}"
    );
}

/// The links of the chains of visits and of captures.
fn links(place: &Place) -> [Vec<Vec<u8>>; 2] {
    let connection = rusqlite::Connection::open(place.db()).unwrap();
    ["visit", "capture"].map(|table| {
        let mut chain = connection
            .prepare(&format!("select chain from {table} order by id"))
            .unwrap();
        let chain = chain.query_map([], |row| row.get(0)).unwrap();
        chain.map(Result::unwrap).collect()
    })
}
