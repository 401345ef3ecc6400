//! Documents are read on all cores, and printed in their order.
//!
//! Whoever reads the document whose turn it is prints as it reads; who is ahead keeps what there is to print, and leaves it
//! to that one when it ends. What is kept is little, so that one who is far ahead, or has much to print, waits; and nobody
//! begins a large document while others are being read. So memory depends on the largest document and not on their
//! number.

use std::collections::HashMap;
use std::io::{ErrorKind, Result, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use sourcekeep::run::Problem;

/// Documents that may be read ahead of the one that is printed.
const AHEAD: usize = 512;
/// What is printed goes in portions of this size.
const PORTION_BYTES: usize = 32 * 1024;
/// So much is kept of one document that is ahead.
const KEPT_BYTES: usize = 128 * 1024;
/// So much is kept of all documents that were read ahead, more or less.
const ALL_KEPT_BYTES: usize = 1 << 20;
/// Bytes of documents that are read at once, unless one alone has more.
const BYTES_AT_ONCE: u64 = 4 << 20;
/// So many readers for each core: some wait for the disk, or for others who want the core too.
const THREADS_PER_CORE: usize = 2;
/// More readers only wait for the one who prints.
const MOST_THREADS: usize = 16;

/// What comes out of a document.
pub(super) enum Told {
    Data(Vec<u8>),
    Problem(Problem),
    Note(String),
    /// It could not be read, and was named by hand.
    Failed,
}

impl Told {
    fn size(&self) -> usize {
        match self {
            Self::Data(bytes) => bytes.len(),
            _ => 256,
        }
    }
}

fn size(told: &[Told]) -> usize {
    told.iter().map(Told::size).sum()
}

/// Works on all tasks, and hears what comes out of them in the order of the tasks.
///
/// `weigh` says how many bytes a task is about to read.
pub(super) fn in_order<T: Send>(
    tasks: impl Iterator<Item = T> + Send,
    weigh: impl Fn(&T) -> u64 + Sync,
    work: impl Fn(T, &mut Pipe<'_>) + Sync,
    hear: impl FnMut(Told) -> Result<()> + Send,
) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let threads = (cores * THREADS_PER_CORE).min(MOST_THREADS);
    let queue = Queue {
        tasks: Mutex::new(tasks.enumerate()),
        turn: Mutex::new(Turn {
            number: 0,
            kept: HashMap::new(),
            kept_bytes: 0,
            reading_bytes: 0,
            error: None,
            hear: Box::new(hear),
        }),
        moved: Condvar::new(),
    };
    let read = || {
        while let Some((number, task, weight)) = queue.next(&weigh) {
            let mut pipe = Pipe {
                printer: &queue,
                number,
                weight,
                portion: Vec::new(),
                kept: Vec::new(),
                kept_bytes: 0,
                has_turn: false,
            };
            work(task, &mut pipe);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(read);
        }
        read();
    });
    let turn = queue.turn.into_inner();
    let turn = turn.unwrap_or_else(PoisonError::into_inner);
    turn.error.map_or(Ok(()), Err)
}

struct Queue<'h, I> {
    tasks: Mutex<std::iter::Enumerate<I>>,
    turn: Mutex<Turn<'h>>,
    moved: Condvar,
}

/// Whose turn it is to print, and what waits for its own.
struct Turn<'h> {
    number: usize,
    kept: HashMap<usize, Vec<Told>>,
    kept_bytes: usize,
    reading_bytes: u64,
    error: Option<std::io::Error>,
    hear: Box<dyn FnMut(Told) -> Result<()> + Send + 'h>,
}

impl Turn<'_> {
    fn take_next(&mut self) -> Option<Vec<Told>> {
        let told = self.kept.remove(&self.number)?;
        self.kept_bytes -= size(&told);
        Some(told)
    }

    fn hear(&mut self, told: impl IntoIterator<Item = Told>) {
        for one in told {
            // What cannot be written once is not tried again.
            if self.error.is_none() {
                self.error = (self.hear)(one).err();
            }
        }
    }
}

impl<I: Iterator> Queue<'_, I> {
    /// The next task, once there is room for it. Under one lock, so that who waits for room waits only for tasks that
    /// come before, one of which has its turn.
    fn next(&self, weigh: impl Fn(&I::Item) -> u64) -> Option<(usize, I::Item, u64)> {
        let mut tasks = lock(&self.tasks);
        let (number, task) = tasks.next()?;
        let weight = weigh(&task);
        let mut turn = lock(&self.turn);
        while turn.error.is_none()
            && number != turn.number
            && (number - turn.number > AHEAD
                || turn.kept_bytes > ALL_KEPT_BYTES
                || (turn.reading_bytes > 0 && turn.reading_bytes + weight > BYTES_AT_ONCE))
        {
            turn = self.wait(turn);
        }
        turn.reading_bytes += weight;
        turn.error.is_none().then_some((number, task, weight))
    }

    fn wait<'t, 'h>(&self, turn: MutexGuard<'t, Turn<'h>>) -> MutexGuard<'t, Turn<'h>> {
        self.moved
            .wait(turn)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

trait Prints: Sync {
    /// Prints what a document that has much to say has said so far, when it is its turn.
    fn print(&self, number: usize, told: &mut Vec<Told>) -> Result<()>;
    /// A document is over: what it has to print is printed if it is its turn, and then what waited for this.
    fn end(&self, number: usize, told: Vec<Told>, weight: u64);
}

impl<I: Iterator + Send> Prints for Queue<'_, I> {
    fn print(&self, number: usize, told: &mut Vec<Told>) -> Result<()> {
        let mut turn = lock(&self.turn);
        while turn.number != number && turn.error.is_none() {
            turn = self.wait(turn);
        }
        turn.hear(told.drain(..));
        match &turn.error {
            Some(_) => Err(ErrorKind::BrokenPipe.into()),
            None => Ok(()),
        }
    }

    fn end(&self, number: usize, told: Vec<Told>, weight: u64) {
        let mut turn = lock(&self.turn);
        turn.reading_bytes -= weight;
        if turn.number == number {
            turn.hear(told);
            turn.number += 1;
            while let Some(told) = turn.take_next() {
                turn.hear(told);
                turn.number += 1;
            }
        } else {
            turn.kept_bytes += size(&told);
            turn.kept.insert(number, told);
        }
        drop(turn);
        self.moved.notify_all();
    }
}

/// Where what comes out of one document goes in.
pub(super) struct Pipe<'q> {
    printer: &'q dyn Prints,
    number: usize,
    weight: u64,
    portion: Vec<u8>,
    kept: Vec<Told>,
    kept_bytes: usize,
    has_turn: bool,
}

impl Pipe<'_> {
    pub(super) fn tell(&mut self, told: Told) {
        // What was printed before a problem is printed before it.
        self.keep_portion();
        self.kept_bytes += told.size();
        self.kept.push(told);
        // Why nothing can be written any more is known elsewhere.
        let _ = self.print_much();
    }

    fn keep_portion(&mut self) {
        if !self.portion.is_empty() {
            self.kept_bytes += self.portion.len();
            self.kept
                .push(Told::Data(std::mem::take(&mut self.portion)));
        }
    }

    fn print_much(&mut self) -> Result<()> {
        // Who has had to wait for its turn has it to its end.
        if self.kept_bytes <= KEPT_BYTES && !self.has_turn {
            return Ok(());
        }
        self.has_turn = true;
        self.kept_bytes = 0;
        self.printer.print(self.number, &mut self.kept)
    }
}

/// However a document ends, the next one has its turn then.
impl Drop for Pipe<'_> {
    fn drop(&mut self) {
        self.keep_portion();
        let told = std::mem::take(&mut self.kept);
        self.printer.end(self.number, told, self.weight);
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.portion.extend_from_slice(bytes);
        if self.portion.len() >= PORTION_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        self.keep_portion();
        self.print_much()
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
                    Told::Note(note) => all.extend(["[", &note, "]\n"]),
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
        for weight in [0, 1, BYTES_AT_ONCE, u64::MAX / 4096] {
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
