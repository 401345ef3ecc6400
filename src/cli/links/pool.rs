//! Documents are read on all cores, and printed in their order.
//!
//! Whoever takes the next document opens a pipe for it, and the pipes are emptied one after the other. A pipe holds
//! little, and so few are open, that a reader who is ahead soon waits; and nobody begins a large document while others
//! are being read. So memory depends on the largest document and not on their number.

use std::io::{ErrorKind, Result, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use sourcekeep::run::Problem;

/// Documents that may be read ahead of the one that is printed.
const AHEAD: usize = 32;
/// What is printed goes in portions of this size.
const PORTION_BYTES: usize = 32 * 1024;
/// So many portions of a document wait.
const PORTIONS: usize = 4;
/// Bytes of documents that are read at once, unless one alone has more.
const BYTES_AT_ONCE: u64 = 12 << 20;
/// More readers only wait for the one who prints.
const MOST_THREADS: usize = 8;

/// What comes out of a document.
pub(super) enum Told {
    Data(Vec<u8>),
    Problem(Problem),
    Note(String),
    /// It could not be read, and was named by hand.
    Failed,
}

/// Where what comes out of one document goes in.
pub(super) struct Pipe {
    out: SyncSender<Told>,
    portion: Vec<u8>,
}

impl Pipe {
    pub(super) fn tell(&mut self, told: Told) {
        // What was printed before a problem is printed before it.
        let _ = self.flush();
        let _ = self.out.send(told);
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.portion.extend_from_slice(bytes);
        if self.portion.len() >= PORTION_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        if self.portion.is_empty() {
            return Ok(());
        }
        let portion = std::mem::take(&mut self.portion);
        self.out
            .send(Told::Data(portion))
            .map_err(|_| ErrorKind::BrokenPipe.into())
    }
}

/// Works on all tasks, and hears what comes out of them in the order of the tasks.
///
/// `weigh` says how many bytes a task is about to read.
pub(super) fn in_order<T: Send>(
    tasks: impl Iterator<Item = T> + Send,
    weigh: impl Fn(&T) -> u64 + Sync,
    work: impl Fn(T, &mut Pipe) + Sync,
    mut hear: impl FnMut(Told) -> Result<()>,
) -> Result<()> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let (opened, pipes) = sync_channel::<Receiver<Told>>(AHEAD);
    let tasks = Mutex::new(tasks);
    let budget = Budget::default();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, MOST_THREADS) {
            let (tasks, budget, weigh, work) = (&tasks, &budget, &weigh, &work);
            let opened = opened.clone();
            scope.spawn(move || {
                while let Some((task, taken, mut pipe)) = next(tasks, budget, weigh, &opened) {
                    work(task, &mut pipe);
                    let _ = pipe.flush();
                    drop(pipe);
                    drop(taken);
                }
            });
        }
        drop(opened);
        for pipe in pipes {
            for told in pipe {
                hear(told)?;
            }
        }
        Ok(())
    })
}

/// The next task and its pipe. Under one lock, so that pipes come in the order of tasks, and that who waits for bytes
/// waits only for tasks that come before.
fn next<'b, T>(
    tasks: &Mutex<impl Iterator<Item = T>>,
    budget: &'b Budget,
    weigh: impl Fn(&T) -> u64,
    opened: &SyncSender<Receiver<Told>>,
) -> Option<(T, Taken<'b>, Pipe)> {
    let mut tasks = lock(tasks);
    let task = tasks.next()?;
    let taken = budget.take(weigh(&task));
    let (out, pipe) = sync_channel(PORTIONS);
    // Nobody listens any more once what is printed cannot be written.
    opened.send(pipe).ok()?;
    let portion = Vec::new();
    Some((task, taken, Pipe { out, portion }))
}

/// The bytes that are being read.
#[derive(Default)]
struct Budget {
    bytes: Mutex<u64>,
    freed: Condvar,
}

impl Budget {
    fn take(&self, bytes: u64) -> Taken<'_> {
        let mut held = lock(&self.bytes);
        while *held > 0 && *held + bytes > BYTES_AT_ONCE {
            held = self
                .freed
                .wait(held)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *held += bytes;
        Taken {
            budget: self,
            bytes,
        }
    }
}

struct Taken<'b> {
    budget: &'b Budget,
    bytes: u64,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *lock(&self.budget.bytes) -= self.bytes;
        self.budget.freed.notify_all();
    }
}

/// A panic elsewhere has been reported; what is behind the lock is whole between two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(tasks: std::ops::Range<u32>, weight: u64) -> String {
        let mut all = String::new();
        in_order(
            tasks,
            |_| weight,
            |task, pipe| {
                // The first of each ten have the most to say.
                for _ in 0..=(9 - task % 10) * 2000 {
                    write!(pipe, "{task} ").unwrap();
                }
                pipe.tell(Told::Note(format!("end of {task}")));
            },
            |told| {
                match told {
                    Told::Data(bytes) => all.push_str(std::str::from_utf8(&bytes).unwrap()),
                    Told::Note(note) => all.push_str(&format!("[{note}]\n")),
                    _ => {}
                }
                Ok(())
            },
        )
        .unwrap();
        all
    }

    #[test]
    fn what_comes_out_is_in_the_order_of_what_goes_in() {
        for weight in [0, 1, BYTES_AT_ONCE, u64::MAX / 4] {
            let all = heard(0..50, weight);
            for (n, line) in all.lines().enumerate() {
                assert!(line.starts_with(&format!("{n} ")), "{weight}: {n}");
                assert!(line.ends_with(&format!(" [end of {n}]")), "{weight}: {n}");
            }
            assert_eq!(all.lines().count(), 50);
        }
        assert_eq!(heard(0..0, 1), "");
    }

    #[test]
    fn when_nothing_can_be_written_the_others_stop() {
        let result = in_order(
            0..1_000_000,
            |_| 1,
            |task, pipe| {
                let _ = write!(pipe, "{task}");
            },
            |_| Err(ErrorKind::BrokenPipe.into()),
        );
        assert_eq!(result.unwrap_err().kind(), ErrorKind::BrokenPipe);
    }
}
