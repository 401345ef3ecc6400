//! The archive file through its verbs: what is written is there, whole, once, and unchanged.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::path::{Path, PathBuf};

use sourcekeep::capture::completeness::Missing;
use sourcekeep::store::{
    FeaturesRow, Mode, NewAlias, NewCapture, NewCitation, NewDocument, NewExchange, NewInput,
    NewManifest, NewRequisite, NewVisit, OutcomeRow, Packed, PostEnd, PutDown, RequisiteState,
    RobotsRow, SiblingRow, SiteNamesRow, SourceState, Store, StoreError, VerdictRow, Writing,
    sha256,
};

const DAY: i64 = 86_400_000;
const START: i64 = 1_700_000_000_000;

struct Archive {
    _folder: tempfile::TempDir,
    path: PathBuf,
    store: Store,
}

fn archive() -> Archive {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    let store = Store::open(&path, Mode::Create, START).unwrap();
    Archive {
        _folder: folder,
        path,
        store,
    }
}

fn citation(source: &str, key: i64) -> NewCitation {
    let url = url::Url::parse(source).unwrap();
    let host = url.host_str().unwrap().to_owned();
    NewCitation {
        key,
        source: source.to_owned(),
        site: host.clone(),
        host,
        url: source.to_owned(),
        kind: "anchor",
        place: "body",
        text: "text".to_owned(),
        context: "A sentence.".to_owned(),
        quote: None,
        headings: "[]".to_owned(),
        quote_confidence: None,
        quote_tie: None,
        rel: String::new(),
        position: 1,
        line: 1,
        column: 1,
        span: (0, 10),
        written: None,
        preserves: None,
        comment_author: None,
        comment_at: None,
        note: None,
        accessed_at: None,
        directives: None,
        marked_dead: false,
        recorded_only: false,
    }
}

/// Registers an input with one document and one post, which cites these sources.
fn gather(store: &Store, sources: &[&str], now: i64) -> i64 {
    let citations: Vec<_> = sources
        .iter()
        .zip(1..)
        .map(|(source, key)| citation(source, key))
        .collect();
    store
        .write_blocking("gather", move |w| {
            let input = NewInput {
                address: "/posts/a.html".to_owned(),
                kind: "file".to_owned(),
                format: None,
                base: None,
                options: "{}".to_owned(),
            };
            let (input_id, _) = w.add_input(&input, now)?;
            let body = format!("body of {now}");
            let document = NewDocument {
                input_id,
                address: input.address.clone(),
                format: "html".to_owned(),
                etag: None,
                last_modified: None,
                modified_at: Some(now),
                size: body.len() as u64,
                sha256: sha256(body.as_bytes()),
                body: Some(Packed::new(body.as_bytes())),
            };
            let document_id = w.save_document(&document, now)?;
            let (post_id, _) = w.begin_post(document_id, &input.address, now)?;
            w.save_citations(post_id, &citations, now)?;
            let end = PostEnd {
                title: Some("A".to_owned()),
                sha256: document.sha256,
                ..PostEnd::default()
            };
            w.end_post(post_id, &end, now, now)?;
            Ok(post_id)
        })
        .unwrap()
}

fn visit(source_id: i64, address: &str, run_id: i64, at: i64) -> NewVisit {
    let facts = format!("{{\"url\":\"{address}\",\"at\":{at}}}");
    NewVisit {
        source_id,
        address: address.to_owned(),
        run_id,
        at,
        outcome: Some(OutcomeRow {
            sha256: sha256(facts.as_bytes()),
            status: Some(200),
            failure: None,
            final_url: None,
            media_type: Some("text/html".to_owned()),
            body_sha256: Some(sha256(b"body")),
            rendered_sha256: None,
            facts,
            body: None,
        }),
        confirms: None,
        not_modified: false,
        peer: Some("192.0.2.1:443".to_owned()),
        elapsed_ms: 12,
        first_byte_ms: Some(7),
        features: Some(FeaturesRow {
            version: 1,
            title: Some("Title".to_owned()),
            canonical: None,
            language: None,
            text_chars: 4,
            detail: "{}".to_owned(),
        }),
        verdict: Some(VerdictRow {
            code: "alive".to_owned(),
            evidence: "[]".to_owned(),
            judge_version: 1,
        }),
        standing_verdict: Some(("alive".to_owned(), at)),
        said: sourcekeep::store::NewSaid::default(),
        unsettled: None,
        moved_to: None,
        state: SourceState {
            second_look_due: false,
            standing: "alive".to_owned(),
            standing_since: at,
            strikes: 0,
            first_strike_at: None,
            last_strike_at: None,
            hard_strikes: 0,
            last_hard_strike_at: None,
            failures_in_row: 0,
            unclear_in_row: 0,
            quiet_visits: 0,
            visits: 1,
            last_visit_at: Some(at),
            last_fine_at: Some(at),
            last_changed_at: None,
            dead_since: None,
            dead_visits: 0,
            revived_at: None,
            next_visit_at: Some(at + DAY),
        },
        fine: true,
        full: true,
        robots: Some("allowed"),
        capture: Some(NewCapture {
            source_id,
            address: address.to_owned(),
            at,
            kind: "visit",
            url: address.to_owned(),
            media_type: Some("text/html".to_owned()),
            title: Some("Title".to_owned()),
            body: Packed::new(b"body"),
            served: None,
            truncated: None,
            sealed_at: at,
            exchanges: vec![NewExchange {
                hop: 0,
                method: "GET".to_owned(),
                url: address.to_owned(),
                at,
                peer: Some("192.0.2.1:443".to_owned()),
                protocol: "HTTP/1.1".to_owned(),
                request_headers: "[[\"accept\",\"*/*\"]]".to_owned(),
                status: 200,
                response_headers: "[]".to_owned(),
                has_body: true,
                served: Some((sha256(b"body"), "SHA1".to_owned(), 4)),
                truncated: None,
            }],
            manifest: None,
            rendering: None,
        }),
        aliases: vec![],
        events: vec![],
    }
}

fn begin_run(store: &Store) -> i64 {
    store
        .write_blocking("begin a run", |w| w.begin_run("test", 1, None, START))
        .unwrap()
        .id
}

fn record(store: &Store, visit: NewVisit) -> (i64, Option<i64>) {
    store
        .write_blocking("record", move |w| w.record_visit(&visit))
        .unwrap()
}

fn sql<T: rusqlite::types::FromSql>(path: &Path, query: &str) -> T {
    rusqlite::Connection::open(path)
        .unwrap()
        .query_row(query, [], |row| row.get(0))
        .unwrap()
}

#[test]
fn citations_are_kept_with_first_and_last_seen() {
    let archive = archive();
    let post = gather(
        &archive.store,
        &["http://a.example/", "http://b.example/"],
        START,
    );
    let again = gather(&archive.store, &["http://b.example/"], START + DAY);
    assert_eq!(post, again);

    let gone: i64 = sql(
        &archive.path,
        "select count(*) from citation where gone_at is not null",
    );
    let kept: i64 = sql(
        &archive.path,
        "select first_seen_at from citation where gone_at is null",
    );
    let versions: i64 = sql(&archive.path, "select count(*) from post_version");
    let sources: i64 = sql(&archive.path, "select count(*) from source");
    // Keys 1 and 2 were a and b; now key 1 is b: the row of key 2 is gone, and nothing was deleted.
    assert_eq!((gone, versions, sources), (1, 2, 2));
    assert_eq!(kept, START);
    let event: String = sql(&archive.path, "select kind from event");
    assert_eq!(event, "post-changed");
}

#[test]
fn a_visit_that_confirms_is_one_short_row() {
    let archive = archive();
    gather(&archive.store, &["http://a.example/"], START);
    let run = begin_run(&archive.store);
    let (first, capture) = record(&archive.store, visit(1, "http://a.example/", run, START));
    assert!(capture.is_some());
    for day in 1..5 {
        let mut again = visit(1, "http://a.example/", run, START + day * DAY);
        again.outcome = None;
        again.confirms = Some(first);
        again.not_modified = true;
        again.verdict = None;
        again.features = None;
        again.capture = None;
        again.fine = false;
        again.full = false;
        record(&archive.store, again);
    }
    let counts: Vec<i64> = ["visit", "outcome", "verdict", "capture", "exchange", "blob"]
        .iter()
        .map(|table| sql(&archive.path, &format!("select count(*) from {table}")))
        .collect();
    assert_eq!(counts, [5, 1, 1, 1, 1, 2]);
    let inherited: i64 = sql(
        &archive.path,
        "select count(*) from visits where verdict = 'alive'",
    );
    assert_eq!(inherited, 5);
    let due = archive
        .store
        .read("look", |r| r.due_source(1))
        .unwrap()
        .unwrap();
    assert_eq!(due.confirmations, 4);
    assert_eq!(
        due.last.unwrap().visit_id,
        first,
        "the root of a confirming visit is the visit it confirms"
    );
    assert_eq!(due.fine.unwrap().root.visit_id, first);
}

#[test]
fn the_chain_shows_a_changed_visit_and_a_changed_blob() {
    let archive = archive();
    gather(&archive.store, &["http://a.example/"], START);
    let run = begin_run(&archive.store);
    for day in 0..4 {
        record(
            &archive.store,
            visit(1, "http://a.example/", run, START + day * DAY),
        );
    }
    let verified = archive.store.read("verify", |r| r.verify()).unwrap();
    assert_eq!((verified.visits, verified.captures), (4, 4));
    assert_eq!(verified.problems, Vec::<String>::new());

    let other = rusqlite::Connection::open(&archive.path).unwrap();
    assert!(
        other
            .execute("update visit set at = at + 1 where id = 2", [])
            .is_err(),
        "visits are immutable"
    );
    other
        .execute_batch("drop trigger visit_is_immutable; update visit set at = at + 1 where id = 2")
        .unwrap();
    other.execute("update blob set data = x'00' where sha256 = (select sha256 from blob order by id desc limit 1)", [])
        .unwrap();
    let verified = archive.store.read("verify", |r| r.verify()).unwrap();
    assert_eq!(verified.problems.len(), 3, "{:?}", verified.problems);
    assert!(verified.problems[0].starts_with("visit 2:"));
    assert!(verified.problems[1].starts_with("blob "));
    assert!(verified.problems[2].contains("the trigger visit_is_immutable"));
}

/// What a page needs, as it comes: one that is there, and one that is missing.
fn requisites(w: &Writing<'_>, style: &'static [u8], at: i64) -> rusqlite::Result<NewManifest> {
    let put_down = PutDown::default();
    let exchange = NewExchange {
        hop: 0,
        method: "GET".to_owned(),
        url: "https://a.test/style.css".to_owned(),
        at,
        peer: None,
        protocol: "HTTP/1.1".to_owned(),
        request_headers: "[]".to_owned(),
        status: 200,
        response_headers: format!("[[\"content-type\",\"text/css\"],[\"date\",\"{at}\"]]"),
        has_body: true,
        served: None,
        truncated: None,
    };
    w.put_requisite(&[exchange], &Packed::new(style), &put_down)?;
    let requisite = |kind, state| NewRequisite { kind, state };
    Ok(NewManifest {
        requisites: vec![
            requisite("style", RequisiteState::Has(put_down)),
            requisite(
                "image",
                RequisiteState::Missing("https://a.test/a.png".to_owned(), "not-found"),
            ),
        ],
        left_out: 0,
    })
}

#[test]
fn captures_that_need_the_same_share_a_manifest_and_the_chain_covers_it() {
    let Archive {
        store,
        path,
        _folder,
    } = archive();
    gather(&store, &["https://a.test/"], START);
    let run = begin_run(&store);
    let seal = |at: i64, style: &'static [u8]| {
        let mut visit = visit(1, "https://a.test/", run, at);
        store
            .write_blocking("seal", move |w| {
                let manifest = requisites(w, style, at)?;
                visit.capture.as_mut().unwrap().manifest = Some(manifest);
                w.record_visit(&visit)
            })
            .unwrap();
    };
    seal(START, b"a{}");
    seal(START + DAY, b"a{}");
    seal(START + 2 * DAY, b"b{}");
    let manifests: Vec<(i64, i64, i64)> = {
        let connection = rusqlite::Connection::open(&path).unwrap();
        let mut query = connection
            .prepare("select m.id, m.needs, m.has from capture c join manifest m on m.id = c.manifest_id order by c.id")
            .unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(manifests, [(1, 2, 1), (1, 2, 1), (2, 2, 1)]);
    let rows = store.read("read", |r| r.requisites(2)).unwrap();
    let told: Vec<_> = rows.iter().map(|row| (&*row.url, row.status)).collect();
    assert_eq!(
        told,
        [
            ("https://a.test/style.css", Some(200)),
            ("https://a.test/a.png", None)
        ]
    );
    assert_eq!(rows[1].missing.as_deref(), Some("not-found"));
    assert_eq!(
        store.read("verify", |r| r.verify()).unwrap().problems,
        [""; 0]
    );
    for change in [
        "drop trigger requisite_is_sealed; update requisite set missing = 'robots' where missing is not null",
        "delete from requisite where position = 1",
        "update exchange set status = 404 where visit_id is null",
    ] {
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection
            .execute_batch(&format!("begin; {change}"))
            .unwrap();
        connection.execute_batch("commit").unwrap();
        let problems = store.read("verify", |r| r.verify()).unwrap().problems;
        assert!(
            problems.iter().any(|one| one.contains("hash chain")),
            "{change}: {problems:?}"
        );
    }
}

#[test]
fn a_copy_is_incomplete_while_something_is_missing_that_may_come() {
    for why in Missing::ALL {
        let Archive { store, _folder, .. } = archive();
        gather(&store, &["https://a.test/"], START);
        let run = begin_run(&store);
        let mut visit = visit(1, "https://a.test/", run, START);
        let missing = RequisiteState::Missing("https://a.test/a.png".to_owned(), why.name());
        visit.capture.as_mut().unwrap().manifest = Some(NewManifest {
            requisites: vec![NewRequisite {
                kind: "image",
                state: missing,
            }],
            left_out: 0,
        });
        record(&store, visit);
        let due = store.read("read", |r| r.due_source(1)).unwrap().unwrap();
        let copy = due.capture.unwrap();
        assert_eq!(copy.is_incomplete, why.may_come_later(), "{why}");
        assert_eq!(copy.at, START);
    }
}

#[test]
fn events_are_append_only() {
    let archive = archive();
    gather(&archive.store, &["http://a.example/"], START);
    gather(&archive.store, &["http://b.example/"], START + 1);
    let other = rusqlite::Connection::open(&archive.path).unwrap();
    assert!(
        other
            .execute("update event set kind = 'nothing'", [])
            .is_err()
    );
}

#[test]
fn an_alias_leads_later_citations_to_the_same_source() {
    let archive = archive();
    gather(&archive.store, &["http://a.example/"], START);
    let run = begin_run(&archive.store);
    let mut moved = visit(1, "http://a.example/", run, START);
    moved.aliases.push(NewAlias {
        address: "https://a.example/".to_owned(),
        reason: "trivial",
    });
    record(&archive.store, moved);
    gather(&archive.store, &["https://a.example/"], START + DAY);
    assert_eq!(sql::<i64>(&archive.path, "select count(*) from source"), 1);
}

#[test]
fn the_delay_that_an_origin_asked_for_is_known_of_its_host_whatever_the_port() {
    let archive = archive();
    let robots = |delay: i64| RobotsRow {
        status: "present".to_owned(),
        text: None,
        crawl_delay_ms: Some(delay),
        read_at: START,
    };
    let origins = [
        ("http://127.0.0.1:8080", 7000),
        ("https://a.test", 2000),
        ("http://a.test:81", 3000),
        ("http://a.test.b.test", 9000),
    ];
    archive
        .store
        .write_blocking("robots", move |w| {
            for (origin, delay) in origins {
                w.save_robots(origin, &robots(delay))?;
            }
            Ok(())
        })
        .unwrap();
    let delay = |host: &str| {
        let known = archive.store.read("host", |r| r.known_host(host));
        known.unwrap().crawl_delay_ms
    };
    assert_eq!(delay("127.0.0.1"), Some(7000));
    assert_eq!(delay("a.test"), Some(3000));
    assert_eq!(delay("test"), None);
}

#[test]
fn due_hosts_are_walked_in_order_and_only_where_something_is_due() {
    let archive = archive();
    let sources: Vec<String> = (0..50)
        .map(|n| format!("http://h{n:02}.example/"))
        .collect();
    let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
    gather(&archive.store, &sources, START);
    archive
        .store
        .write_blocking("put off", |w| w.put_off(7, START + DAY))
        .unwrap();
    let (mut seen, mut after) = (Vec::new(), 0);
    loop {
        let hosts = archive
            .store
            .read("hosts", |r| r.due_hosts(after, START, 8))
            .unwrap();
        let Some(last) = hosts.last() else { break };
        after = last.id;
        seen.extend(hosts.into_iter().map(|host| host.name));
    }
    assert_eq!(seen.len(), 49);
    assert!(!seen.contains(&"h06.example".to_owned()));
    let due = archive
        .store
        .read("due", |r| r.due_sources(1, START, (0, 0), 10))
        .unwrap();
    assert_eq!(due.len(), 1);
    let none = archive
        .store
        .read("due", |r| r.due_sources(1, START, (START, due[0].id), 10))
        .unwrap();
    assert!(
        none.is_empty(),
        "what was handed out is not handed out again"
    );
}

#[test]
fn a_failing_job_takes_nothing_of_its_neighbours_with_it() {
    let archive = archive();
    gather(&archive.store, &["http://a.example/"], START);
    let run = begin_run(&archive.store);
    let bad = archive.store.write_blocking("fail", move |w| {
        w.record_visit(&visit(1, "http://a.example/", run, START))?;
        w.record_visit(&visit(99, "http://nowhere.example/", run, START))
    });
    assert!(bad.is_err(), "no source 99");
    assert_eq!(sql::<i64>(&archive.path, "select count(*) from visit"), 0);
    record(&archive.store, visit(1, "http://a.example/", run, START));
    assert_eq!(sql::<i64>(&archive.path, "select count(*) from visit"), 1);
}

#[test]
fn what_is_not_ours_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "just some text that is long enough to be looked at").unwrap();
    let other = folder.path().join("places.sqlite");
    rusqlite::Connection::open(&other)
        .unwrap()
        .execute_batch("create table places (id integer)")
        .unwrap();
    let newer = folder.path().join("newer.db");
    Store::open(&newer, Mode::Create, START).unwrap().close();
    rusqlite::Connection::open(&newer)
        .unwrap()
        .execute_batch("pragma user_version = 99")
        .unwrap();

    for mode in [Mode::Create, Mode::Write, Mode::Read] {
        let before: Vec<_> = [&text, &other, &newer]
            .map(|path| std::fs::read(path).unwrap())
            .into();
        assert!(
            matches!(
                Store::open(&text, mode, START),
                Err(StoreError::NotADatabase(_))
            ),
            "{mode:?}"
        );
        assert!(
            matches!(
                Store::open(folder.path(), mode, START),
                Err(StoreError::NotADatabase(_))
            ),
            "{mode:?}"
        );
        assert!(
            matches!(
                Store::open(&other, mode, START),
                Err(StoreError::NotOurs(_))
            ),
            "{mode:?}"
        );
        assert!(
            matches!(
                Store::open(&newer, mode, START),
                Err(StoreError::Newer { found: 99, .. })
            ),
            "{mode:?}"
        );
        let after: Vec<_> = [&text, &other, &newer]
            .map(|path| std::fs::read(path).unwrap())
            .into();
        for (before, after) in before.iter().zip(&after) {
            assert!(before == after, "{mode:?}: a refused file was changed");
        }
    }
    assert!(matches!(
        Store::open(&folder.path().join("absent.db"), Mode::Read, START),
        Err(StoreError::Missing(_))
    ));
    assert!(!folder.path().join("absent.db").exists());
    assert!(matches!(
        Store::open(&folder.path().join("nowhere/a.db"), Mode::Create, START),
        Err(StoreError::NoFolder(_))
    ));
}

#[test]
fn an_archive_is_a_wal_database_with_our_mark() {
    let archive = archive();
    assert_eq!(sql::<i64>(&archive.path, "pragma page_size"), 4096);
    assert_eq!(sql::<i64>(&archive.path, "pragma auto_vacuum"), 2);
    assert_eq!(sql::<String>(&archive.path, "pragma journal_mode"), "wal");
    archive.store.close();
    let header = std::fs::read(&archive.path).unwrap();
    assert_eq!(&header[68..72], b"SKEP");
    assert!(
        !archive.path.with_extension("db-wal").exists(),
        "a closed archive is one file"
    );
}

#[test]
fn what_is_known_beside_visits_is_kept_and_renewed() {
    let Archive { store, .. } = &archive();
    let mut sibling = SiblingRow {
        at: START,
        url: "https://a.test/x/0123456789abcdef".to_owned(),
        status: 200,
        final_url: Some("https://a.test/".to_owned()),
        body_sha256: Some(sha256(b"body")),
        features: Some((3, "{}".to_owned())),
    };
    let names = SiteNamesRow {
        site: "a.test".to_owned(),
        at: START,
        name_servers: vec!["ns1.park.test".to_owned(), "ns2.park.test".to_owned()],
        aliases: vec![],
    };
    for status in [200, 404] {
        sibling.status = status;
        let (sibling, names) = (sibling.clone(), names.clone());
        let keep = move |w: &sourcekeep::store::Writing<'_>| {
            w.keep_sibling("https://a.test/x/", &sibling)?;
            w.keep_site_names("www.a.test", &names)
        };
        store.write_blocking("keep what is known", keep).unwrap();
    }
    let found = store
        .read("read", |r| r.sibling("https://a.test/x/"))
        .unwrap();
    assert_eq!(found, Some(sibling));
    let found = store.read("read", |r| r.site_names("www.a.test")).unwrap();
    assert_eq!(found, Some(names));
    assert_eq!(
        store
            .read("read", |r| r.sibling("https://a.test/"))
            .unwrap(),
        None
    );
}

#[test]
fn sinks_are_the_sources_that_ended_at_an_address() {
    let Archive { store, .. } = &archive();
    let sources = ["https://a.test/1", "https://a.test/2", "https://a.test/3"];
    gather(store, &sources, START);
    let run_id = begin_run(store);
    let end = "https://a.test/news/";
    // The second source was seen twice, with other facts each time.
    for (at, source_id) in [(1, 1), (2, 2), (3, 2), (4, 3)] {
        let address = sources[source_id as usize - 1];
        let mut visit = visit(source_id, address, run_id, START + at);
        let outcome = visit.outcome.as_mut().unwrap();
        let facts = serde_json::json!({ "hops": [{ "url": address }, { "url": end }], "at": at });
        outcome.facts = facts.to_string();
        outcome.sha256 = sha256(outcome.facts.as_bytes());
        outcome.final_url = Some(if at == 4 { "https://a.test/other" } else { end }.to_owned());
        let record = move |w: &sourcekeep::store::Writing<'_>| w.record_visit(&visit).map(|_| ());
        store.write_blocking("record", record).unwrap();
    }
    let finals = [end, "https://a.test/other", "https://a.test/none"];
    let mut sinks = store.read("read", |r| r.sinks(&finals)).unwrap();
    for ended in sinks.values_mut() {
        ended.sort();
    }
    assert_eq!(sinks[end], sources[..2]);
    assert_eq!(sinks["https://a.test/other"], sources[2..]);
    assert!(sinks["https://a.test/none"].is_empty());
    let all = store.read("read", |r| r.all_sinks(2)).unwrap();
    assert_eq!(all.into_iter().collect::<Vec<_>>(), [(end.to_owned(), 2)]);
}

#[test]
fn the_schema_document_names_every_table_and_column_and_nothing_else() {
    let archive = archive();
    let document =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/SCHEMA.md"))
            .unwrap();
    let connection = rusqlite::Connection::open(&archive.path).unwrap();
    let mut expected = Vec::new();
    let mut tables = connection
        .prepare("select name from sqlite_schema where type in ('table', 'view') and name not like 'sqlite_%'")
        .unwrap();
    for table in tables.query_map([], |row| row.get::<_, String>(0)).unwrap() {
        let table = table.unwrap();
        let mut columns = connection
            .prepare(&format!("pragma table_info({table})"))
            .unwrap();
        for column in columns
            .query_map([], |row| row.get::<_, String>(1))
            .unwrap()
        {
            expected.push(format!("{table}.{}", column.unwrap()));
        }
    }
    expected.sort();
    let (mut found, mut table) = (Vec::new(), String::new());
    for line in document.lines() {
        if let Some(name) = line
            .strip_prefix("### `")
            .and_then(|rest| rest.strip_suffix('`'))
        {
            name.clone_into(&mut table);
        } else if let Some(rest) = line.strip_prefix("| `") {
            let (column, _) = rest.split_once('`').unwrap();
            found.push(format!("{table}.{column}"));
        }
    }
    found.sort();
    pretty(&expected, &found);
}

fn pretty(expected: &[String], found: &[String]) {
    let missing: Vec<_> = expected
        .iter()
        .filter(|name| !found.contains(name))
        .collect();
    let surplus: Vec<_> = found
        .iter()
        .filter(|name| !expected.contains(name))
        .collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "not documented: {missing:?}; not in the schema: {surplus:?}"
    );
}
