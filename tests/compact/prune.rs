//! Copies that are pruned: what stays, what goes, and that the hash chain holds over what is left.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;

use sourcekeep::run::compact::{Compact, TextsWay, compact};
use sourcekeep::run::prune::{Policy, Prune, Summary, prune};

use crate::support::{Archive, edited, page};

const DAY: i64 = 86_400_000;
const URL: &str = "http://a.test/page";

fn bare() -> Policy {
    Policy {
        first: false,
        spans: Vec::new(),
        changed: false,
        by_hand: true,
    }
}

fn pruned(archive: &Archive, policy: Policy) -> Summary {
    let plan = Prune {
        policy,
        now: 1000 * DAY,
        ..Prune::default()
    };
    prune(&archive.store, &plan, &|| false, |_| {}).unwrap()
}

fn copies(archive: &Archive, url: &str) -> Vec<i64> {
    let source = archive.source(url);
    let mut copies: Vec<i64> = archive
        .store
        .read("list", |r| r.captures(source))
        .unwrap()
        .iter()
        .map(|row| row.id)
        .collect();
    copies.sort_unstable();
    copies
}

fn packed(archive: &Archive) {
    compact(&archive.store, &Compact::default(), &|| false, |_| {}).unwrap();
}

#[test]
fn what_only_pruned_copies_needed_goes_with_them() {
    let mut archive = Archive::new();
    for version in 0..5 {
        let style = format!("body {{ color: #{version}{version}{version} }}").repeat(20);
        let style = (version != 2).then_some(style.as_bytes());
        archive.visit(
            URL,
            &edited(&page(1), version),
            style,
            i64::from(version) * DAY,
        );
    }
    packed(&archive);
    let done = pruned(&archive, bare());
    // The first is what others would be compared with.
    assert_eq!(copies(&archive, URL), [1, 5]);
    assert_eq!((done.gone, done.kept), (3, 2), "{done:?}");
    assert_eq!(
        (done.swept.manifests, done.swept.exchanges),
        (2, 2),
        "{done:?}"
    );
    assert_eq!(done.swept.blobs, 5, "{done:?}");
    assert_eq!(archive.sound(), 4);
    let verified = archive.store.read("verify", |r| r.verify()).unwrap();
    assert_eq!(
        verified.captures, 5,
        "the chain goes over what is left of all"
    );
    let again = pruned(&archive, bare());
    assert_eq!((again.gone, again.swept.blobs), (0, 0), "{again:?}");
}

#[test]
fn differences_are_put_on_another_page_when_theirs_goes() {
    let mut archive = Archive::new();
    // Made by hand, so that the first is no reference; all of them are differences from it.
    for version in 0..6 {
        archive.keep(URL, &edited(&page(1), version), i64::from(version) * DAY);
    }
    packed(&archive);
    let source = archive.source(URL);
    archive
        .store
        .write_blocking("hold", move |w| {
            w.hold(source, Some(3), None, 1)?;
            w.hold(source, Some(4), Some("a note"), 1)
        })
        .unwrap();
    // No citation has it as its baseline any more.
    rusqlite::Connection::open(&archive.path)
        .unwrap()
        .execute(
            "update source set baseline_id = null, cited_since = 900 * 86400000",
            [],
        )
        .unwrap();
    let done = pruned(&archive, bare());
    assert_eq!(copies(&archive, URL), [3, 4, 6]);
    assert_eq!(
        (done.gone, done.rebased, done.swept.blobs),
        (3, 3, 3),
        "{done:?}"
    );
    assert_eq!(archive.sound(), 3);
}

#[test]
fn bodies_that_share_a_payload_keep_it() {
    let mut archive = Archive::new();
    let (one, other) = (page(1), page(2));
    for (at, body) in [(1, &one), (2, &other), (3, &one), (4, &other), (5, &one)] {
        archive.visit(URL, body, None, at * DAY);
    }
    archive.visit("http://b.test/", &other, None, DAY);
    let done = pruned(&archive, bare());
    assert_eq!(copies(&archive, URL), [1, 5]);
    assert_eq!(
        (done.gone, done.bytes, done.swept.blobs),
        (3, 0, 0),
        "{done:?}"
    );
    archive.holds();
}

#[test]
fn what_a_lost_quote_names_stays() {
    let mut archive = Archive::new();
    for version in 0..6 {
        archive.visit(
            URL,
            &edited(&page(1), version),
            None,
            i64::from(version) * DAY,
        );
    }
    let source = archive.source(URL);
    rusqlite::Connection::open(&archive.path)
        .unwrap()
        .execute(
            "insert into event (at, kind, source_id, detail) values (1, 'quote-lost', ?1,
                 '{\"had\": {\"capture\": 3, \"at\": 1}, \"lacks\": {\"capture\": 4, \"at\": 2}}')",
            [source],
        )
        .unwrap();
    pruned(&archive, bare());
    assert_eq!(copies(&archive, URL), [1, 3, 4, 6]);
    archive.sound();
}

#[test]
fn bodies_of_visits_go_but_for_those_of_the_last() {
    let mut archive = Archive::new();
    archive.visit(URL, &page(1), None, DAY);
    for at in 2..6 {
        archive.fails(URL, format!("gone {at} ").repeat(50).as_bytes(), at * DAY);
    }
    let done = pruned(&archive, Policy::default());
    assert_eq!((done.bodies, done.swept.blobs), (3, 3), "{done:?}");
    assert_eq!(archive.sound(), 2);
}

#[test]
fn a_dry_run_says_what_would_go_and_changes_nothing() {
    let mut archive = Archive::new();
    for version in 0..5 {
        archive.visit(
            URL,
            &edited(&page(1), version),
            None,
            i64::from(version) * DAY,
        );
    }
    let plan = Prune {
        policy: bare(),
        dry_run: true,
        now: 1,
        ..Prune::default()
    };
    let mut told = Vec::new();
    let done = prune(&archive.store, &plan, &|| false, |what| {
        if let sourcekeep::run::prune::Told::Goes(goes) = what {
            told.push((goes.capture, goes.bytes > 0));
        }
    })
    .unwrap();
    assert_eq!(told, [(2, true), (3, true), (4, true)]);
    assert_eq!(copies(&archive, URL), [1, 2, 3, 4, 5]);
    archive.holds();
    let bytes = pruned(&archive, bare()).swept.bytes;
    assert_eq!(bytes, done.bytes);
}

#[test]
fn what_is_left_of_a_pruned_copy_is_never_changed() {
    let mut archive = Archive::new();
    for version in 0..4 {
        archive.visit(
            URL,
            &edited(&page(1), version),
            None,
            i64::from(version) * DAY,
        );
    }
    pruned(&archive, bare());
    let other = rusqlite::Connection::open(&archive.path).unwrap();
    for refused in [
        "update pruned_capture set pruned_at = 1",
        "delete from pruned_capture",
        "update capture set title = 'another' where id = 2",
        "update capture set body_id = 1 where id = 2",
        "update capture set body_id = null where id = 1",
    ] {
        assert!(other.execute(refused, []).is_err(), "{refused}");
    }
    // Without its triggers the file can be changed, and that shows.
    other
        .execute_batch(
            "drop trigger pruned_capture_is_sealed;
             update pruned_capture set body_sha256 = zeroblob(32) where capture_id = 2;
             create trigger pruned_capture_is_sealed before update on pruned_capture begin select raise(abort, ''); end;",
        )
        .unwrap();
    let verified = archive.store.read("verify", |r| r.verify()).unwrap();
    assert_eq!(verified.found, 1, "{verified:?}");
    assert!(verified.problems[0].starts_with("capture 2: the hash chain does not hold here"));
}

#[test]
fn a_base_stays_where_what_rests_on_it_cannot_be_read() {
    let mut archive = Archive::new();
    for version in 0..4 {
        archive.keep(URL, &edited(&page(1), version), i64::from(version) * DAY);
    }
    packed(&archive);
    let other = rusqlite::Connection::open(&archive.path).unwrap();
    other
        .execute_batch(
            "update source set baseline_id = null, cited_since = 900 * 86400000;
             update blob set data = x'00' where id = (select body_id from capture where id = 4);",
        )
        .unwrap();
    let done = pruned(&archive, bare());
    assert_eq!(done.problems.len(), 1, "{done:?}");
    let base: i64 = other
        .query_row(
            "select count(*) from blob b where exists (select 1 from blob where base_id = b.id)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(base, 1, "nothing that is stored is lost");
}

/// Something that happens to an archive.
#[derive(Debug, Clone)]
enum Step {
    /// A source is visited: it is so much of a page in this version, with this style sheet.
    Visit(u8, u32, Option<u8>),
    Fails(u8, u8),
    ByHand(u8, u32),
    /// Packed anew, and killed when so much was asked.
    Compact(bool, u32),
    /// Pruned by this policy, and killed when so much was asked.
    Prune(bool, bool, bool, u32),
    Hold(u8, bool),
    LetGo(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..4_u8, 0..9_u32, proptest::option::of(0..3_u8)).prop_map(|(s, v, c)| Step::Visit(s, v, c)),
        1 => (0..4_u8, 0..4_u8).prop_map(|(s, v)| Step::Fails(s, v)),
        1 => (0..4_u8, 0..9_u32).prop_map(|(s, v)| Step::ByHand(s, v)),
        2 => (any::<bool>(), 0..60_u32).prop_map(|(anew, asked)| Step::Compact(anew, asked)),
        2 => (any::<bool>(), any::<bool>(), any::<bool>(), 0..60_u32)
            .prop_map(|(f, c, h, asked)| Step::Prune(f, c, h, asked)),
        1 => (0..4_u8, any::<bool>()).prop_map(|(s, one)| Step::Hold(s, one)),
        1 => (0..4_u8).prop_map(Step::LetGo),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is captured, packed, pruned, held and killed in whatever order: everything that is there is what it was,
    /// what is held is there, and the archive verifies.
    #[test]
    fn whatever_happens_the_archive_is_sound(steps in prop::collection::vec(step(), 1..40)) {
        let mut archive = Archive::new();
        let mut held: Vec<(u8, Option<i64>, Vec<i64>)> = Vec::new();
        for (step, at) in steps.iter().zip(1_i64..) {
            let at = at * DAY * 5;
            let url = |source: u8| format!("http://host{source}.test/");
            let killed_after = |asked: u32| {
                let left = AtomicU32::new(if asked > 40 { u32::MAX } else { asked });
                move || {
                    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
                }
            };
            match step {
                Step::Visit(source, version, style) => {
                    let body = edited(&page(u32::from(*source) + version / 5), *version);
                    let style = style.map(|style| format!("p {{ margin: {style}px }}\n").repeat(30));
                    archive.visit(&url(*source), &body, style.as_ref().map(|style| style.as_bytes()), at);
                }
                Step::Fails(source, version) => {
                    archive.fails(&url(*source), format!("not here {version}").repeat(40).as_bytes(), at);
                }
                Step::ByHand(source, version) => {
                    archive.keep(&url(*source), &edited(&page(u32::from(*source)), *version), at);
                }
                Step::Compact(anew, asked) => {
                    let texts = [TextsWay::Stay, TextsWay::Pack, TextsWay::Open][*asked as usize % 3];
                    let plan = Compact { anew: *anew, texts, ..Compact::default() };
                    compact(&archive.store, &plan, &killed_after(*asked), |_| {}).unwrap();
                }
                Step::Prune(first, changed, by_hand, asked) => {
                    let policy = Policy { first: *first, changed: *changed, by_hand: *by_hand, spans: Vec::new() };
                    let plan = Prune { policy, now: at, ..Prune::default() };
                    let done = prune(&archive.store, &plan, &killed_after(*asked), |_| {}).unwrap();
                    prop_assert!(done.problems.is_empty(), "{:?}", done);
                }
                Step::Hold(source, one) => {
                    let copies = copies(&archive, &url(*source));
                    let id = archive.source(&url(*source));
                    let capture = if *one { copies.first().copied() } else { None };
                    if *one && capture.is_none() {
                        continue;
                    }
                    archive.store.write_blocking("hold", move |w| w.hold(id, capture, None, at)).unwrap();
                    let kept = capture.map_or(copies, |capture| vec![capture]);
                    held.push((*source, capture, kept));
                }
                Step::LetGo(source) => {
                    let id = archive.source(&url(*source));
                    for (_, capture, _) in held.extract_if(.., |(held, ..)| held == source) {
                        archive.store.write_blocking("let go", move |w| w.let_go(id, capture)).unwrap();
                    }
                }
            }
            archive.sound();
            for (source, _, kept) in &held {
                let there = copies(&archive, &url(*source));
                prop_assert!(kept.iter().all(|copy| there.contains(copy)), "{:?} of {:?}", kept, there);
            }
        }
    }
}
