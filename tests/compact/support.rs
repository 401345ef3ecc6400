//! An archive of which it is known what it holds.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use sourcekeep::store::{
    ByHand, FeaturesRow, Mode, NewCapture, NewExchange, NewManifest, NewRequisite, NewSaid,
    NewVisit, OutcomeRow, Packed, PutDown, RequisiteState, Sha, SourceState, Store, VerdictRow,
    sha256,
};

/// An archive, and the payloads that it was given.
pub(crate) struct Archive {
    _folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
    pub(crate) store: Store,
    pub(crate) payloads: BTreeMap<Sha, Vec<u8>>,
    /// The body of each copy.
    pub(crate) copies: BTreeMap<i64, Sha>,
    run: i64,
}

impl Archive {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let store = Store::open(&path, Mode::Create, 1).unwrap();
        let run = store
            .write_blocking("begin", |w| w.begin_run("test", 1, None, 1))
            .unwrap()
            .id;
        Self {
            _folder: folder,
            path,
            store,
            payloads: BTreeMap::new(),
            copies: BTreeMap::new(),
            run,
        }
    }

    /// The number of a source.
    pub(crate) fn source(&self, url: &str) -> i64 {
        let host = url.split('/').nth(2).unwrap().to_owned();
        let url = url.to_owned();
        self.store
            .write_blocking("find", move |w| {
                w.find_or_add_source(&url, &host, &host, 1, None)
            })
            .unwrap()
            .0
    }

    /// Visits a source that is fine and keeps a copy, with a style sheet if there is one; gives the copy's number.
    pub(crate) fn visit(&mut self, url: &str, body: &[u8], style: Option<&[u8]>, at: i64) -> i64 {
        let source_id = self.source(url);
        let put_down = style.map(|style| self.requisite(&format!("{url}.css"), "text/css", style));
        let manifest = put_down.map(|put_down| NewManifest {
            requisites: vec![NewRequisite {
                kind: "style",
                state: RequisiteState::Has(put_down),
            }],
            ..NewManifest::default()
        });
        let mut visit = visited(source_id, url, self.run, at);
        visit.capture = Some(NewCapture {
            kind: "visit",
            exchanges: vec![exchange(url, "text/html", at)],
            manifest,
            rendering: None,
            ..capture(source_id, url, body, at)
        });
        let id = self
            .store
            .write_blocking("visit", move |w| w.record_visit(&visit))
            .unwrap()
            .1
            .unwrap();
        self.payloads.insert(sha256(body), body.to_vec());
        self.copies.insert(id, sha256(body));
        id
    }

    /// Visits a source that fails, and keeps what it said to judge it by.
    pub(crate) fn fails(&mut self, url: &str, body: &[u8], at: i64) {
        let source_id = self.source(url);
        let mut visit = visited(source_id, url, self.run, at);
        visit.fine = false;
        if let Some(outcome) = &mut visit.outcome {
            outcome.status = Some(404);
            outcome.body = Some(Packed::new(body));
        }
        if let Some(verdict) = &mut visit.verdict {
            "not-found".clone_into(&mut verdict.code);
        }
        self.store
            .write_blocking("visit", move |w| w.record_visit(&visit))
            .unwrap();
        self.payloads.insert(sha256(body), body.to_vec());
    }

    /// Keeps a copy of a source that somebody made by hand; gives its number.
    pub(crate) fn keep(&mut self, url: &str, body: &[u8], at: i64) -> i64 {
        let capture = capture(self.source(url), url, body, at);
        let hand = ByHand {
            made_by: "test".to_owned(),
            file: "a.html".to_owned(),
            dated_by: "said".to_owned(),
            named_url: None,
            note: None,
        };
        let id = self
            .store
            .write_blocking("keep", move |w| w.keep_by_hand(capture, &hand))
            .unwrap();
        self.payloads.insert(sha256(body), body.to_vec());
        self.copies.insert(id, sha256(body));
        id
    }

    /// Keeps what a page needs.
    pub(crate) fn requisite(&mut self, url: &str, media_type: &str, body: &[u8]) -> PutDown {
        self.payloads.insert(sha256(body), body.to_vec());
        let exchange = exchange(url, media_type, 1);
        let (body, put_down) = (Packed::new(body), PutDown::default());
        let known = put_down.clone();
        self.store
            .write_blocking("keep", move |w| w.put_requisite(&[exchange], &body, &known))
            .unwrap();
        put_down
    }

    /// Every payload that is there says what it said, every copy that is there has its own, and the archive verifies.
    /// Gives how many payloads there are.
    pub(crate) fn sound(&self) -> usize {
        let verified = self.store.read("verify", |r| r.verify()).unwrap();
        assert_eq!(verified.problems, Vec::<String>::new());
        let other = rusqlite::Connection::open(&self.path).unwrap();
        let mut query = other.prepare("select id, sha256 from blob").unwrap();
        let mut rows = query.query([]).unwrap();
        let mut found = 0;
        while let Some(row) = rows.next().unwrap() {
            let (id, sha): (i64, Sha) = (row.get(0).unwrap(), row.get(1).unwrap());
            let payload = self.store.read("read", |r| r.blob(id)).unwrap().unwrap();
            assert_eq!(Some(&payload), self.payloads.get(&sha), "blob {id}");
            found += 1;
        }
        let mut query = other
            .prepare("select id from capture where body_id is not null")
            .unwrap();
        let mut rows = query.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let id: i64 = row.get(0).unwrap();
            let body = self.store.read("read", |r| r.capture_body(id)).unwrap();
            assert_eq!(sha256(&body.unwrap()), self.copies[&id], "copy {id}");
        }
        found
    }

    /// As [`Archive::sound`], and nothing is gone.
    pub(crate) fn holds(&self) {
        assert_eq!(self.sound(), self.payloads.len());
    }
}

fn capture(source_id: i64, url: &str, body: &[u8], at: i64) -> NewCapture {
    NewCapture {
        source_id,
        address: url.to_owned(),
        at,
        kind: "by-hand",
        url: url.to_owned(),
        media_type: Some("text/html".to_owned()),
        title: None,
        body: Packed::new(body),
        served: None,
        truncated: None,
        sealed_at: at,
        exchanges: Vec::new(),
        manifest: None,
        rendering: None,
    }
}

fn exchange(url: &str, media_type: &str, at: i64) -> NewExchange {
    NewExchange {
        hop: 0,
        method: "GET".to_owned(),
        url: url.to_owned(),
        at,
        peer: None,
        protocol: "HTTP/1.1".to_owned(),
        request_headers: "[]".to_owned(),
        status: 200,
        response_headers: format!("[[\"content-type\",\"{media_type}\"]]"),
        has_body: true,
        served: None,
        truncated: None,
    }
}

fn visited(source_id: i64, url: &str, run_id: i64, at: i64) -> NewVisit {
    let facts = format!("{{\"url\":\"{url}\",\"at\":{at}}}");
    NewVisit {
        source_id,
        address: url.to_owned(),
        run_id,
        at,
        outcome: Some(OutcomeRow {
            sha256: sha256(facts.as_bytes()),
            status: Some(200),
            failure: None,
            final_url: None,
            media_type: Some("text/html".to_owned()),
            body_sha256: None,
            rendered_sha256: None,
            facts,
            body: None,
        }),
        confirms: None,
        not_modified: false,
        peer: None,
        elapsed_ms: 1,
        first_byte_ms: None,
        features: Some(FeaturesRow {
            version: 1,
            title: None,
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
        said: NewSaid::default(),
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
            visits: 2,
            last_visit_at: Some(at),
            last_fine_at: Some(at),
            last_changed_at: None,
            dead_since: None,
            dead_visits: 0,
            revived_at: None,
            next_visit_at: Some(at),
        },
        fine: true,
        full: true,
        robots: Some("allowed"),
        capture: None,
        aliases: vec![],
        events: vec![],
    }
}

/// A page of about 6 KB; those of one make have much in common.
pub(crate) fn page(seed: u32) -> Vec<u8> {
    let mut page = String::from("<!doctype html><html><head><title>A page</title>");
    for at in 0..30 {
        let _ = write!(
            page,
            "<meta name=\"common{at}\" content=\"of all pages of this make, number {at}\">"
        );
    }
    page.push_str("</head><body>");
    let mut state = u64::from(seed) + 1;
    for at in 0..60 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(at);
        let _ = writeln!(
            page,
            "<p class=\"paragraph\">{state:x} and {:x}</p>",
            state >> 7
        );
    }
    page.push_str("</body></html>");
    page.into_bytes()
}

/// A later version of a page: a paragraph of it is another.
pub(crate) fn edited(page: &[u8], version: u32) -> Vec<u8> {
    let mut page = page.to_vec();
    if version > 0 {
        let place = page.len() - 40 - (version as usize * 97) % 2000;
        page.splice(place..place, format!("edited {version}").bytes());
    }
    page
}
