//! An archive of which it is known what it holds.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use sourcekeep::store::{
    ByHand, Mode, NewCapture, NewExchange, Packed, PutDown, Sha, Store, sha256,
};

/// An archive, and the payloads that it was given.
pub(crate) struct Archive {
    _folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
    pub(crate) store: Store,
    pub(crate) payloads: BTreeMap<Sha, Vec<u8>>,
}

impl Archive {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let store = Store::open(&path, Mode::Create, 1).unwrap();
        Self {
            _folder: folder,
            path,
            store,
            payloads: BTreeMap::new(),
        }
    }

    /// Keeps a copy of a source; gives its number.
    pub(crate) fn keep(&mut self, url: &str, body: &[u8], at: i64) -> i64 {
        self.payloads.insert(sha256(body), body.to_vec());
        let host = url.split('/').nth(2).unwrap().to_owned();
        let (url, body) = (url.to_owned(), Packed::new(body));
        let keep = move |w: &sourcekeep::store::Writing<'_>| {
            let (source_id, _) = w.find_or_add_source(&url, &host, &host, 1, None)?;
            let capture = NewCapture {
                source_id,
                address: url.clone(),
                at,
                kind: "by-hand",
                url: url.clone(),
                media_type: Some("text/html".to_owned()),
                title: None,
                body,
                served: None,
                truncated: None,
                sealed_at: at,
                exchanges: Vec::new(),
                manifest: None,
            };
            let hand = ByHand {
                made_by: "test".to_owned(),
                file: "a.html".to_owned(),
                dated_by: "said".to_owned(),
                named_url: None,
                note: None,
            };
            w.keep_by_hand(capture, &hand)
        };
        self.store.write_blocking("keep", keep).unwrap()
    }

    /// Keeps what a page needs.
    pub(crate) fn requisite(&mut self, url: &str, media_type: &str, body: &[u8]) {
        self.payloads.insert(sha256(body), body.to_vec());
        let exchange = NewExchange {
            hop: 0,
            method: "GET".to_owned(),
            url: url.to_owned(),
            at: 1,
            peer: None,
            protocol: "HTTP/1.1".to_owned(),
            request_headers: "[]".to_owned(),
            status: 200,
            response_headers: format!("[[\"content-type\",\"{media_type}\"]]"),
            has_body: true,
            served: None,
            truncated: None,
        };
        let body = Packed::new(body);
        let put = move |w: &sourcekeep::store::Writing<'_>| {
            w.put_requisite(&[exchange], &body, &PutDown::default())
        };
        self.store.write_blocking("keep", put).unwrap();
    }

    /// Every payload is there and says what it said, and the archive verifies.
    pub(crate) fn holds(&self) {
        let verified = self.store.read("verify", |r| r.verify()).unwrap();
        assert_eq!(verified.problems, Vec::<String>::new());
        let mut after = None;
        let mut found = 0;
        let ids = rusqlite::Connection::open(&self.path).unwrap();
        let mut query = ids
            .prepare("select id, sha256 from blob order by id")
            .unwrap();
        let mut rows = query.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let (id, sha): (i64, Sha) = (row.get(0).unwrap(), row.get(1).unwrap());
            let payload = self.store.read("read", |r| r.blob(id)).unwrap().unwrap();
            assert_eq!(Some(&payload), self.payloads.get(&sha), "blob {id}");
            found += 1;
            after = Some(id);
        }
        assert_eq!(found, self.payloads.len(), "up to {after:?}");
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
