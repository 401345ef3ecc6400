//! The one writer: a thread that owns the only writing connection and commits what waits for it in batches.
//!
//! A job is a closure over [`Writing`]. One that somebody waits for runs inside a savepoint, so that it takes nothing of
//! its neighbours with it when it fails. Jobs that nobody waits for (`submit`) keep the fetchers fast; the first of them
//! to fail stops the writer, and every later call says so, since going on would mean fetching what cannot be kept. Where all
//! whose jobs are lost are waiting, they are told, and the writer goes on: a disk that was full, or a file that was locked, need not be so
//! for ever to a process that keeps running.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::error::StoreError;
use super::identity::Watched;
use super::listed;
use super::search::{self, IndexRow};

/// A batch is committed at the latest this long after it was begun, whatever else waits.
const MAX_BATCH: Duration = Duration::from_millis(130);
/// A batch is committed when this much goes into the index of words, in bytes.
const MAX_WORDS: usize = 8 << 20;
/// A job that nobody waits for waits this long for others: a commit costs more than most jobs.
const LINGER: Duration = Duration::from_millis(50);
/// Jobs that are too many to wait for more.
const ENOUGH: usize = QUEUE / 4;
/// Jobs that may wait; beyond, the senders wait.
const QUEUE: usize = 1024;

/// Hands out the verbs that write; exists only inside the writer's transaction.
pub struct Writing<'a> {
    pub(super) connection: &'a Connection,
    /// What goes into the index of words when all jobs of the batch are done. Whenever a savepoint is set, by a job or by
    /// a statement with triggers, SQLite has the index write a part of its own of what came since, and parts are to be merged.
    pub(super) words: &'a RefCell<Vec<IndexRow>>,
}

type Work = Box<dyn FnOnce(&Writing<'_>) -> rusqlite::Result<()> + Send>;
type Done = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

struct Job {
    doing: &'static str,
    work: Work,
    done: Option<Done>,
}

/// The senders' side of the writer thread.
#[derive(Clone)]
pub(super) struct Writer {
    sender: mpsc::Sender<Job>,
    failure: Arc<Mutex<Option<Arc<StoreError>>>>,
    hurry: Arc<Hurry>,
}

/// Tells the writer that somebody waits.
#[derive(Default)]
struct Hurry {
    wanted: AtomicBool,
    writer: OnceLock<std::thread::Thread>,
}

impl Hurry {
    fn up(&self) {
        self.wanted.store(true, Ordering::Release);
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }

    /// Waits for other jobs, unless somebody waits for one.
    fn linger(&self, receiver: &mpsc::Receiver<Job>) {
        let begun = Instant::now();
        while !self.wanted.load(Ordering::Acquire) && receiver.len() < ENOUGH {
            let Some(left) = LINGER
                .checked_sub(begun.elapsed())
                .filter(|left| !left.is_zero())
            else {
                return;
            };
            // Nobody may send any more.
            if receiver.is_closed() {
                return;
            }
            std::thread::park_timeout(left);
        }
    }
}

impl Writer {
    /// Starts the thread; it ends when the last sender is gone.
    pub(super) fn start(
        connection: Connection,
        path: PathBuf,
        watched: Arc<Watched>,
    ) -> (Self, std::thread::JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let failure = Arc::new(Mutex::new(None));
        let writer = Self {
            sender,
            failure: Arc::clone(&failure),
            hurry: Arc::default(),
        };
        let hurry = Arc::clone(&writer.hurry);
        let thread = std::thread::spawn(move || {
            let _ = hurry.writer.set(std::thread::current());
            Loop {
                connection,
                path,
                watched,
                failure,
                hurry,
            }
            .run(receiver);
        });
        (writer, thread)
    }

    /// Writes, and waits until it is committed.
    pub(super) async fn call<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Writing<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (job, answer) = job_with_answer(doing, work);
        self.check()?;
        if self.sender.send(job).await.is_err() {
            return Err(self.stopped());
        }
        self.hurry.up();
        answer.await.unwrap_or_else(|_| Err(self.stopped()))
    }

    /// As [`Writer::call`], for threads outside the runtime.
    pub(super) fn call_blocking<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Writing<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (job, answer) = job_with_answer(doing, work);
        self.check()?;
        if self.sender.blocking_send(job).is_err() {
            return Err(self.stopped());
        }
        self.hurry.up();
        answer
            .blocking_recv()
            .unwrap_or_else(|_| Err(self.stopped()))
    }

    /// Hands a job over and goes on; waits only while the queue is full.
    pub(super) async fn submit<F>(&self, doing: &'static str, work: F) -> Result<(), StoreError>
    where
        F: FnOnce(&Writing<'_>) -> rusqlite::Result<()> + Send + 'static,
    {
        self.check()?;
        let job = Job {
            doing,
            work: Box::new(work),
            done: None,
        };
        self.sender.send(job).await.map_err(|_| self.stopped())
    }

    /// As [`Writer::submit`], for threads outside the runtime.
    pub(super) fn submit_blocking<F>(&self, doing: &'static str, work: F) -> Result<(), StoreError>
    where
        F: FnOnce(&Writing<'_>) -> rusqlite::Result<()> + Send + 'static,
    {
        self.check()?;
        let job = Job {
            doing,
            work: Box::new(work),
            done: None,
        };
        self.sender.blocking_send(job).map_err(|_| self.stopped())
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.sender.is_closed() {
            Err(self.stopped())
        } else {
            Ok(())
        }
    }

    /// The failure that stopped the writer. Whoever hears of it first may not be the one who tells the user.
    fn stopped(&self) -> StoreError {
        self.failure
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .as_ref()
            .map_or_else(
                || StoreError::Stopped("the writer is gone".to_owned()),
                |error| StoreError::Earlier(Arc::clone(error)),
            )
    }
}

fn job_with_answer<T, F>(
    doing: &'static str,
    work: F,
) -> (Job, oneshot::Receiver<Result<T, StoreError>>)
where
    T: Send + 'static,
    F: FnOnce(&Writing<'_>) -> rusqlite::Result<T> + Send + 'static,
{
    let (sender, answer) = oneshot::channel();
    let slot = Arc::new(Mutex::new(None));
    let filled = Arc::clone(&slot);
    let work: Work = Box::new(move |writing| {
        let value = work(writing)?;
        *slot
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(value);
        Ok(())
    });
    let done: Done = Box::new(move |result| {
        let value = filled
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        let answer = result.and_then(|()| {
            value.ok_or_else(|| StoreError::Stopped("the writer lost an answer".to_owned()))
        });
        // The asker may have been cancelled; what was written stays written.
        let _ = sender.send(answer);
    });
    (
        Job {
            doing,
            work,
            done: Some(done),
        },
        answer,
    )
}

struct Loop {
    connection: Connection,
    path: PathBuf,
    watched: Arc<Watched>,
    failure: Arc<Mutex<Option<Arc<StoreError>>>>,
    hurry: Arc<Hurry>,
}

impl Loop {
    fn run(self, mut receiver: mpsc::Receiver<Job>) {
        while let Some(first) = receiver.blocking_recv() {
            if first.done.is_none() {
                self.hurry.linger(&receiver);
            }
            self.hurry.wanted.store(false, Ordering::Release);
            if self.batch(first, &mut receiver).is_err() {
                return;
            }
        }
        // A tidy end: what the WAL holds goes into the file, so that one file is left.
        let _ = self.connection.execute_batch("pragma optimize");
        let _ = super::forget_few(&self.connection);
        let _ = self
            .connection
            .execute_batch("pragma wal_checkpoint(truncate)");
    }

    /// Runs jobs until none waits or the batch is old enough, then commits. An error means that jobs were lost, and
    /// that this was the last batch.
    fn batch(&self, first: Job, receiver: &mut mpsc::Receiver<Job>) -> Result<(), ()> {
        let mut answers: Vec<Done> = Vec::new();
        let mut is_lost = false;
        let result = self.run_batch(first, receiver, &mut answers, &mut is_lost);
        match result {
            Ok(()) => {
                for done in answers {
                    done(Ok(()));
                }
                Ok(())
            }
            Err(error) => {
                let _ = self.connection.execute_batch("rollback");
                // Before anybody hears of it, for then the process may end.
                if self.watched.misses_only_the_log() {
                    let _ = self.connection.execute_batch("pragma wal_checkpoint(full)");
                }
                let may_pass = matches!(
                    error,
                    StoreError::Full { .. } | StoreError::Busy { .. } | StoreError::ReadOnly { .. }
                );
                if may_pass && !is_lost {
                    let error = Arc::new(error);
                    for done in answers {
                        done(Err(StoreError::Earlier(Arc::clone(&error))));
                    }
                    return Ok(());
                }
                // Noted before anybody is answered: those who wait find the reason there.
                *self
                    .failure
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Arc::new(error));
                receiver.close();
                drop(answers);
                Err(())
            }
        }
    }

    fn run_batch(
        &self,
        first: Job,
        receiver: &mut mpsc::Receiver<Job>,
        answers: &mut Vec<Done>,
        is_lost: &mut bool,
    ) -> Result<(), StoreError> {
        let path = &self.path;
        let wrap = |doing: &'static str, error| StoreError::sql(path, doing, error);
        let begun = Instant::now();
        let doing = first.doing;
        *is_lost |= first.done.is_none();
        if let Err(error) = self.connection.execute_batch("begin immediate") {
            answers.extend(first.done);
            return Err(wrap(doing, error));
        }
        let words = RefCell::default();
        let writing = Writing {
            connection: &self.connection,
            words: &words,
        };
        let mut next = Some(first);
        while let Some(job) = next {
            *is_lost |= job.done.is_none();
            let outcome = if job.done.is_some() {
                apart(&writing, job.work)
            } else {
                (job.work)(&writing)
            };
            match (outcome, job.done) {
                (Ok(()), Some(done)) => answers.push(done),
                (Ok(()), None) => {}
                (Err(error), Some(done))
                    if !is_fatal(&error) && !self.connection.is_autocommit() =>
                {
                    done(Err(wrap(job.doing, error)));
                }
                (Err(error), done) => {
                    answers.extend(done);
                    return Err(wrap(job.doing, error));
                }
            }
            let is_full = words.borrow().iter().map(IndexRow::len).sum::<usize>() > MAX_WORDS;
            next = if begun.elapsed() < MAX_BATCH && !is_full {
                receiver.try_recv().ok()
            } else {
                None
            };
        }
        if let Some(missing) = self.watched.missing() {
            return Err(StoreError::Missed(missing.to_owned()));
        }
        search::write_rows(&self.connection, &words.take())
            .and_then(|()| listed::refresh(&self.connection))
            .and_then(|()| self.connection.execute_batch("commit"))
            .map_err(|error| wrap(doing, error))
    }
}

/// Runs a job so that it can fail alone. Within a savepoint, each statement costs more the more was changed before it, so
/// this is for small jobs.
fn apart(writing: &Writing<'_>, work: Work) -> rusqlite::Result<()> {
    let connection = writing.connection;
    let words = writing.words.borrow().len();
    connection.prepare_cached("savepoint job")?.execute([])?;
    let outcome = work(writing);
    if outcome.is_err() {
        writing.words.borrow_mut().truncate(words);
        // A failure such as a full disk may have ended the whole transaction, and the savepoint with it; what counts is
        // why.
        if connection
            .execute_batch("rollback to job; release job")
            .is_err()
        {
            return outcome;
        }
    } else {
        connection.prepare_cached("release job")?.execute([])?;
    }
    outcome
}

/// Whether going on with the next job makes no sense.
fn is_fatal(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode;
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::DatabaseBusy
                | ErrorCode::CannotOpen
        )
    )
}

#[cfg(test)]
mod tests {
    use super::super::{Mode, Store};
    use super::*;

    fn full() -> rusqlite::Error {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
        rusqlite::Error::SqliteFailure(code, None)
    }

    fn archive() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db"), Mode::Create, 0).unwrap();
        (folder, store)
    }

    #[test]
    fn who_waits_is_told_of_a_full_disk_and_may_try_again() {
        let (_folder, store) = archive();
        let failed: Result<(), _> = store.write_blocking("try", |_| Err(full()));
        let error = failed.unwrap_err();
        let is_full = |error: &StoreError| matches!(error, StoreError::Full { .. });
        assert!(
            matches!(&error, StoreError::Earlier(error) if is_full(error)),
            "{error:?}"
        );
        store
            .write_blocking("try again", |w| w.mark_simulated())
            .unwrap();
        assert!(store.read("look", |r| r.is_simulated()).unwrap());
    }

    #[test]
    fn what_nobody_waited_for_and_is_lost_stops_the_writer() {
        let (_folder, store) = archive();
        store.submit_blocking("try", |_| Err(full())).unwrap();
        for _ in 0..2 {
            let again = store.write_blocking("go on", |w| w.mark_simulated());
            assert!(again.is_err());
        }
        assert!(!store.read("look", |r| r.is_simulated()).unwrap());
    }
}
