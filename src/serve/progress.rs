//! The run that goes on meanwhile, in another process: on the overview, for programs, and as events while they come
//! (`text/event-stream`).
//!
//! However many listen, one task looks at the archive once a second, and none does while nobody listens. A stream takes no reader's place.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::answer::{Answer, Policy};
use super::api::{Problem, json};
use super::request::{Make, Side, Way, asked, named, note};
use super::{Asked, Site};
use crate::report::{count, one_line, rfc3339};
use crate::store::{OpenRun, RunRow, StoreError, run_holder};

/// So many may listen at once.
const MOST_STREAMS: usize = 32;
/// How often the archive is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// How often one who listens is told that we are still there.
const ALIVE: Duration = Duration::from_secs(15);
/// Runs that a program is told of at once.
const RUNS: usize = 50;

/// A run that goes on, for programs. Fields are added, never renamed.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Going {
    /// Its number.
    pub(super) run: i64,
    command: String,
    since: String,
    posts: i64,
    citations: i64,
    /// Sources visited, or left for later.
    pub(super) done: i64,
    /// Sources that are due; 0 while posts are read.
    pub(super) due: i64,
    problems: i64,
    /// All of it, in words.
    pub(super) says: String,
}

impl Going {
    fn new(open: &OpenRun) -> Self {
        let unsigned = |many: i64| u64::try_from(many).unwrap_or_default();
        let command = one_line(&open.command, 60);
        let since = rfc3339(open.began_at);
        let progress = open.progress;
        let doing = if progress.due == 0 {
            format!(
                "reads posts: {} with {} so far",
                count(unsigned(progress.posts), "post"),
                count(unsigned(progress.citations), "citation")
            )
        } else {
            let problems = match unsigned(progress.problems) {
                0 => String::new(),
                many => format!(", {} with problems", count(many, "source")),
            };
            format!(
                "visits sources: {} of {}{problems}",
                progress.done,
                count(unsigned(progress.due), "source")
            )
        };
        let began = since.replace('T', " ").replace('Z', " UTC");
        Self {
            run: open.id,
            says: format!("“{command}” {doing}. It began {began}."),
            command,
            since,
            posts: progress.posts,
            citations: progress.citations,
            done: progress.done,
            due: progress.due,
            problems: progress.problems,
        }
    }
}

/// The run that goes on, if one does: one that has not ended, while somebody holds the run lock. It is another process's, or was killed.
pub(super) fn going(site: &Site) -> Result<Option<Going>, StoreError> {
    let open = site.store.read("look at the run", |r| r.open_run())?;
    let Some(open) = open else {
        return Ok(None);
    };
    let holder = run_holder(site.store.path())?;
    Ok(holder.map(|_| Going::new(&open)))
}

/// Who listens, and what they are told.
pub(super) struct Live {
    /// What was seen last, as JSON; none while nobody listens.
    said: watch::Sender<Option<Arc<str>>>,
    opened: Notify,
    room: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Live {
    pub(super) fn new(stop: CancellationToken) -> Self {
        Self {
            said: watch::Sender::new(None),
            opened: Notify::new(),
            room: Arc::new(Semaphore::new(MOST_STREAMS)),
            stop,
        }
    }
}

/// What is told where no run goes on.
const NOTHING: &str = r#"{"run":null}"#;

/// Looks at the archive while somebody listens, until it is asked to end.
pub(super) async fn look(site: Arc<Site>) {
    let live = &site.live;
    let mut is_well = true;
    // A run that was seen to be killed stays so, and its lock is not touched again.
    let mut killed = None;
    loop {
        tokio::select! {
            () = live.opened.notified() => {}
            () = live.stop.cancelled() => return,
        }
        while live.said.receiver_count() > 0 {
            let own = Arc::clone(&site);
            let seen = tokio::task::spawn_blocking(move || seen(&own, killed)).await;
            match seen {
                Ok(Ok((said, now_killed))) => {
                    (is_well, killed) = (true, now_killed);
                    live.said.send_if_modified(|old| {
                        let is_news = old.as_deref() != Some(&*said);
                        if is_news {
                            *old = Some(said);
                        }
                        is_news
                    });
                }
                // Once is enough.
                Ok(Err(error)) if is_well => {
                    is_well = false;
                    (site.tell)(&error);
                }
                _ => {}
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = live.stop.cancelled() => return,
            }
        }
        live.said.send_replace(None);
    }
}

/// What is told now, and the run that is known to have been killed.
fn seen(site: &Site, killed: Option<i64>) -> Result<(Arc<str>, Option<i64>), StoreError> {
    let open = site.store.read("look at the run", |r| r.open_run())?;
    let Some(open) = open else {
        return Ok((NOTHING.into(), None));
    };
    if killed == Some(open.id) || run_holder(site.store.path())?.is_none() {
        return Ok((NOTHING.into(), Some(open.id)));
    }
    let json = serde_json::to_string(&Going::new(&open)).unwrap_or_else(|_| NOTHING.to_owned());
    Ok((json.into(), None))
}

/// What happens, as it happens: an event `progress` when something of a run changed, once a second at the most.
pub(super) async fn events(State(site): State<Arc<Site>>, request: Request) -> Response<Body> {
    let (head, _) = request.into_parts();
    let begun = std::time::Instant::now();
    let way = Way::read(Side::Ui, nothing as Make);
    let own = named(&site, Side::Ui, &head);
    let who = match asked(&site, way, &head) {
        Ok(asked) => Some(asked.who.name),
        Err(refused) => {
            let response = refused.to(&head.method, &head.headers, &own);
            note(&site, Side::Ui, &head, None, &response, begun);
            return response;
        }
    };
    let Ok(room) = Arc::clone(&site.live.room).try_acquire_owned() else {
        let words = "too many listen already; each page of the overview does";
        let answer = Answer::words(StatusCode::SERVICE_UNAVAILABLE, words);
        let response = answer.to(&head.method, &head.headers, &own);
        note(&site, Side::Ui, &head, who, &response, begun);
        return response;
    };
    let stream = Answer::of(Policy::Asset, "text/event-stream", "");
    let (sender, mut receiver) = mpsc::channel(4);
    let body = Body::from_stream(stream::poll_fn(move |context| {
        let next = receiver.poll_recv(context);
        next.map(|some| some.map(Ok::<Bytes, Infallible>))
    }));
    if head.method == axum::http::Method::GET {
        tokio::spawn(tell(Arc::clone(&site), sender, room));
    }
    let response = stream.streamed(&own, body);
    note(&site, Side::Ui, &head, who, &response, begun);
    response
}

/// (What is asked for is told as it comes.)
#[expect(clippy::unnecessary_wraps, reason = "as all that makes an answer")]
fn nothing(_: &Site, _: &Asked) -> Result<Answer, StoreError> {
    Ok(Answer::words(StatusCode::OK, ""))
}

async fn tell(site: Arc<Site>, sender: mpsc::Sender<Bytes>, room: OwnedSemaphorePermit) {
    let _room = room;
    tokio::select! {
        () = listened(&site.live, &sender) => {}
        () = site.live.stop.cancelled() => {}
    }
}

/// Tells one who listens what is seen, until they are gone.
async fn listened(live: &Live, sender: &mpsc::Sender<Bytes>) {
    let mut said = live.said.subscribe();
    live.opened.notify_one();
    let mut told: Option<Arc<str>> = None;
    let mut next = Bytes::from_static(b"retry: 5000\n\n");
    loop {
        if sender.send(next).await.is_err() {
            return;
        }
        next = loop {
            let now = said.borrow_and_update().clone();
            if let Some(now) = now.filter(|now| told.as_ref() != Some(now)) {
                let event = format!("event: progress\ndata: {now}\n\n");
                told = Some(now);
                break event.into();
            }
            tokio::select! {
                changed = said.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(ALIVE) => break Bytes::from_static(b": still there\n\n"),
                () = sender.closed() => return,
            }
        };
    }
}

#[derive(Serialize)]
struct Runs {
    runs: Vec<RunEntry>,
    /// Where it goes on.
    next: Option<String>,
}

#[derive(Serialize)]
struct RunEntry {
    id: i64,
    command: String,
    at: String,
    ended_at: Option<String>,
    /// `done`, `interrupted`, `failed`, `killed`; `going-on` for one that has not ended.
    result: String,
    suspect: bool,
    doubt: Option<String>,
    clock: Option<String>,
    /// What was done, of one that has ended.
    counts: Option<serde_json::Value>,
    /// How far it is, while it goes on.
    progress: Option<Going>,
}

/// The runs, for programs, newest first.
pub(super) fn runs(site: &Site, asked: &Asked) -> Result<Answer, StoreError> {
    let before = match asked.after() {
        Ok(before) => before,
        Err(problem) => return Ok(Problem::bad(&problem).answer()),
    };
    let all = site
        .store
        .read("list runs", |r| r.runs_before(before, RUNS))?;
    let next = (all.len() == RUNS)
        .then(|| all.last().map(|run| run.id))
        .flatten();
    let going = going(site)?;
    let entry = |run: RunRow| {
        let progress = going.clone().filter(|going| going.run == run.id);
        RunEntry {
            result: result(&run, progress.is_some()).to_owned(),
            id: run.id,
            command: run.command,
            at: rfc3339(run.at),
            ended_at: run.ended_at.map(rfc3339),
            suspect: run.suspect,
            doubt: run.doubt,
            clock: run.clock,
            counts: run
                .counts
                .and_then(|counts| serde_json::from_str(&counts).ok()),
            progress,
        }
    };
    Ok(json(&Runs {
        runs: all.into_iter().map(entry).collect(),
        next: next.map(|id| format!("/api/v1/runs?after={id}")),
    }))
}

/// How a run ended, in a word.
fn result(run: &RunRow, is_going: bool) -> &str {
    match &run.result {
        Some(result) => result,
        None if is_going => "going-on",
        None => "killed",
    }
}
