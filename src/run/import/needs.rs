//! What imported pages need to be shown, found among the answers that the archive has.
//!
//! Of each address it is the answer nearest to the page in time, whichever file it came from. Redirects are followed, and
//! style sheets and frames are looked into, as where they are fetched.

use std::collections::HashMap;
use std::sync::Arc;

use url::Url;

use crate::capture::completeness::Missing;
use crate::capture::requisites::{Kind, Requisite};
use crate::fetch::Limits;
use crate::run::requisites::{
    Gathering, Got, Page, header, may_need_more, needs_of, needs_of_page, sends_on, why_of_answer,
};
use crate::store::{Answer, NewManifest, PutDown, Sha, Store, StoreError, WholeExchange};

/// An answer that is further from the page than this says nothing of how it looked (366 days).
const WITHIN: i64 = 366 * 24 * 3_600_000;
/// Answers of one address that are looked at.
const MOST_ANSWERS: usize = 10_000;
/// Memory for answers, and as much for requisites of requisites, in bytes.
const MOST_REMEMBERED: usize = 16 << 20;
/// Style sheets, frames and drawings of one page that are looked into, in bytes together.
const MOST_READ: u64 = 64 << 20;

/// Finds what pages need; it remembers what several of them do.
pub(super) struct Finder<'a> {
    store: &'a Store,
    limits: Limits,
    answers: HashMap<String, Vec<Answer>>,
    remembered_answers: usize,
    /// By the answer and what it is needed for, which decides what is read from it.
    got: HashMap<(i64, Kind), Arc<Got>>,
    remembered_needs: usize,
}

impl<'a> Finder<'a> {
    pub(super) fn new(store: &'a Store, limits: &Limits) -> Self {
        Self {
            store,
            // What is here costs nothing; only what has to be read for it does.
            limits: Limits {
                capture_bytes: MOST_READ,
                ..limits.clone()
            },
            answers: HashMap::new(),
            remembered_answers: 0,
            got: HashMap::new(),
            remembered_needs: 0,
        }
    }

    /// Forgets which answers there are, for more came.
    pub(super) fn more_came(&mut self) {
        self.answers.clear();
        self.remembered_answers = 0;
        self.got.clear();
        self.remembered_needs = 0;
    }

    /// What a page needs, where it is one: the address that it came from, when, and what it is.
    pub(super) fn needs(
        &mut self,
        url: &str,
        at: i64,
        media_type: Option<&str>,
        sha: &Sha,
    ) -> Result<Option<NewManifest>, StoreError> {
        let store = self.store;
        let Ok(url) = Url::parse(url) else {
            return Ok(None);
        };
        let body = store.read("read a page", |r| r.payload_of(sha))?;
        let page = Page {
            body: body.as_deref().unwrap_or_default(),
            content_type: media_type,
            url,
            obeys_robots: false,
        };
        let limits = self.limits.clone();
        let Some(found) = needs_of_page(&page, &limits, false) else {
            return Ok(None);
        };
        let mut gathering = Gathering::of(&page, &limits, &found);
        while let Some((wanted, depth)) = gathering.next() {
            let got = self.get(&wanted, at)?;
            gathering.came(wanted.url, depth, got);
        }
        Ok(Some(gathering.manifest(&page.url, found)))
    }

    fn get(&mut self, wanted: &Requisite, at: i64) -> Result<Arc<Got>, StoreError> {
        let mut url = wanted.url.clone();
        let mut hops = Vec::new();
        loop {
            let missing = |why| Ok(Arc::new(Got::Missing(why)));
            let Some(id) = self.nearest(url.as_str(), at)? else {
                return missing(Missing::NotArchived);
            };
            if hops.contains(&id) || hops.len() > self.limits.redirects {
                return missing(Missing::Failed);
            }
            hops.push(id);
            if hops.len() == 1
                && let Some(got) = self.got.get(&(id, wanted.kind))
            {
                return Ok(Arc::clone(got));
            }
            let said = self
                .store
                .read("read an answer", |r| r.whole_exchange(id))?;
            let Some(said) = said else {
                return missing(Missing::NotArchived);
            };
            if let Some(target) = sends_on(&url, &said) {
                url = target;
                continue;
            }
            if let Some(why) = why_of_answer(said.status, said.truncated.as_deref()) {
                return missing(why);
            }
            let got = Arc::new(self.looked_into(&url, &hops, wanted.kind, &said)?);
            // What redirects lead to depends on the time.
            if hops.len() == 1 {
                self.remember((id, wanted.kind), &got);
            }
            return Ok(got);
        }
    }

    fn looked_into(
        &self,
        url: &Url,
        hops: &[i64],
        kind: Kind,
        said: &WholeExchange,
    ) -> Result<Got, StoreError> {
        let exchanges = PutDown::known(hops.to_vec());
        let content_type = header(&said.response_headers, "content-type");
        let content_type = content_type.as_deref();
        let body = match hops.last() {
            Some(id) if may_need_more(kind, content_type) => self
                .store
                .read("read an answer", |r| r.exchange_body(*id))?,
            _ => None,
        };
        let Some(body) = body else {
            return Ok(Got::Has {
                exchanges,
                bytes: 0,
                needs: Vec::new(),
                left_out: 0,
            });
        };
        let needs = needs_of(&body, content_type, url, kind, &self.limits);
        Ok(Got::Has {
            exchanges,
            bytes: body.len() as u64,
            needs: needs.requisites,
            left_out: needs.left_out,
        })
    }

    fn remember(&mut self, key: (i64, Kind), got: &Arc<Got>) {
        if self.remembered_needs > MOST_REMEMBERED {
            self.got.clear();
            self.remembered_needs = 0;
        }
        if let Got::Has { needs, .. } = &**got {
            let sizes = needs
                .iter()
                .map(|one| one.url.as_str().len() + size_of_val(one));
            self.remembered_needs += sizes.sum::<usize>() + size_of::<Got>();
        }
        self.got.insert(key, Arc::clone(got));
    }

    /// The answer of an address that is nearest to an instant.
    fn nearest(&mut self, url: &str, at: i64) -> Result<Option<i64>, StoreError> {
        if !self.answers.contains_key(url) {
            if self.remembered_answers > MOST_REMEMBERED {
                self.answers.clear();
                self.remembered_answers = 0;
            }
            let answers = self
                .store
                .read("look for answers", |r| r.answers(url, MOST_ANSWERS))?;
            self.remembered_answers += 2 * url.len() + size_of_val(&answers[..]);
            self.answers.insert(url.to_owned(), answers);
        }
        let answers = self.answers.get(url).map_or(&[][..], Vec::as_slice);
        let next = answers.partition_point(|answer| answer.at < at);
        // Of those of one instant, the first that was put down.
        let before = answers[..next].last().map(|last| last.at);
        let before = before.and_then(|at| {
            let first = answers.partition_point(|answer| answer.at < at);
            answers.get(first)
        });
        let near = before.into_iter().chain(answers.get(next));
        let nearest = near
            .filter(|answer| answer.at.abs_diff(at) <= WITHIN.unsigned_abs())
            .min_by_key(|answer| answer.at.abs_diff(at));
        Ok(nearest.map(|answer| answer.exchange_id))
    }
}
