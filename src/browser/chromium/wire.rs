//! The Chrome `DevTools` Protocol over a pair of pipes: JSON texts, each ended by a NUL.
//!
//! Calls have numbers, by which their answers are told; events belong to sessions, one for each page, frame or worker that is
//! attached to. Both ends of what Chromium says are bounded: how long one text may be, and how many events may wait.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use super::process::Ends;

/// Bytes of one text from Chromium: a document of 64 MB is longer than any page, and so is a screenshot.
const LONGEST: usize = 128 << 20;
/// Texts that wait to be written.
const UNWRITTEN: usize = 16;

/// Something that happened in a session.
#[derive(Debug)]
pub(super) struct Event {
    /// In which session.
    pub(super) session: String,
    /// What: `Fetch.requestPaused`.
    pub(super) method: String,
    pub(super) params: Value,
}

/// Why a call has no answer.
#[derive(Debug)]
pub(super) enum CallError {
    /// Chromium is gone.
    Ended,
    /// It refused, in its words.
    Refused(String),
}

/// The wire to one Chromium.
#[derive(Debug)]
pub(super) struct Wire {
    shared: Arc<Shared>,
    out: mpsc::Sender<Vec<u8>>,
    tasks: [AbortHandle; 2],
}

#[derive(Debug, Default)]
struct Shared {
    calls: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Result<Value, CallError>>>>,
    sessions: Mutex<HashMap<String, mpsc::Sender<Event>>>,
    ended: AtomicBool,
}

/// What Chromium says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    id: Option<u64>,
    #[serde(default)]
    result: Value,
    error: Option<Refusal>,
    method: Option<String>,
    #[serde(default)]
    params: Value,
    session_id: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    message: String,
}

impl Wire {
    pub(super) fn new(ends: Ends) -> io::Result<Self> {
        let mut writer = pipe::Sender::from_owned_fd(ends.to_browser)?;
        let reader = pipe::Receiver::from_owned_fd(ends.from_browser)?;
        let shared = Arc::new(Shared::default());
        let (out, mut texts) = mpsc::channel::<Vec<u8>>(UNWRITTEN);
        // A task of its own, so that a call that is given up leaves no half text behind.
        let writing = tokio::spawn(async move {
            while let Some(text) = texts.recv().await {
                if writer.write_all(&text).await.is_err() {
                    break;
                }
            }
        });
        let listener = Arc::clone(&shared);
        let reading = tokio::spawn(async move {
            // Whatever ended it, nobody answers from here on.
            let _ = listen(reader, &listener).await;
            listener.end();
        });
        Ok(Self {
            shared,
            out,
            tasks: [writing.abort_handle(), reading.abort_handle()],
        })
    }

    /// Whether Chromium is gone.
    pub(super) fn has_ended(&self) -> bool {
        self.shared.ended.load(Ordering::Acquire)
    }

    /// Where the events of a session go from now on. They are lost once the receiver is.
    pub(super) fn listen(&self, session: &str, events: &mpsc::Sender<Event>) {
        lock(&self.shared.sessions).insert(session.to_owned(), events.clone());
    }

    /// Nobody listens to a session any more.
    pub(super) fn forget(&self, session: &str) {
        lock(&self.shared.sessions).remove(session);
    }

    /// Calls a method of a session, or of the browser as a whole.
    pub(super) async fn call(
        &self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> Result<Value, CallError> {
        let id = self.shared.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let (answer, answered) = oneshot::channel();
        lock(&self.shared.waiting).insert(id, answer);
        let _waiting = Waiting(&self.shared, id);
        if self.has_ended() {
            return Err(CallError::Ended);
        }
        let mut text = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            text["sessionId"] = session.into();
        }
        let mut text = text.to_string().into_bytes();
        text.push(0);
        if self.out.send(text).await.is_err() {
            return Err(CallError::Ended);
        }
        answered.await.unwrap_or(Err(CallError::Ended))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// A call that waits for its answer; one that was given up waits no more.
struct Waiting<'a>(&'a Shared, u64);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(&self.0.waiting).remove(&self.1);
    }
}

impl Shared {
    fn end(&self) {
        self.ended.store(true, Ordering::Release);
        lock(&self.waiting).clear();
        lock(&self.sessions).clear();
    }

    fn take(&self, text: &[u8]) {
        // What is no text of the protocol concerns nobody.
        let Ok(said) = serde_json::from_slice::<Said>(text) else {
            return;
        };
        if let Some(id) = said.id {
            let Some(call) = lock(&self.waiting).remove(&id) else {
                return;
            };
            let _ = call.send(match said.error {
                Some(refusal) => Err(CallError::Refused(refusal.message)),
                None => Ok(said.result),
            });
        } else if let (Some(method), Some(session)) = (said.method, said.session_id) {
            let sessions = lock(&self.sessions);
            if let Some(events) = sessions.get(&session) {
                let _ = events.try_send(Event {
                    session,
                    method,
                    params: said.params,
                });
            }
        }
    }
}

async fn listen(mut reader: pipe::Receiver, shared: &Shared) -> io::Result<()> {
    let mut text: Vec<u8> = Vec::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        let read = reader.read(&mut piece).await?;
        if read == 0 {
            return Ok(());
        }
        let mut rest = &piece[..read];
        while let Some(end) = memchr::memchr(0, rest) {
            text.extend_from_slice(&rest[..end]);
            shared.take(&text);
            text.clear();
            // One long text is no reason to hold on to its room.
            text.shrink_to(1 << 20);
            rest = &rest[end + 1..];
        }
        text.extend_from_slice(rest);
        if text.len() > LONGEST {
            return Err(io::Error::other("a text without end"));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
