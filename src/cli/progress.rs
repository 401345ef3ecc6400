//! The live line on a terminal: done, in flight, rate, verdicts, time left.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use sourcekeep::report::count;
use sourcekeep::run::{Counted, Tally};

use super::print::Printer;

/// A line that redraws itself until it is dropped.
pub(crate) struct Progress<'a> {
    printer: &'a Printer,
    bar: Option<ProgressBar>,
    stop: Option<std::sync::mpsc::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl<'a> Progress<'a> {
    pub(crate) fn start(printer: &'a Printer, tally: &Arc<Tally>) -> Self {
        if !printer.shows_progress() {
            return Self {
                printer,
                bar: None,
                stop: None,
                thread: None,
            };
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            bar.set_style(style);
        }
        printer.set_progress(Some(bar.clone()));
        let (stop, stopped) = std::sync::mpsc::channel();
        let (shown, tally) = (bar.clone(), Arc::clone(tally));
        let thread = std::thread::spawn(move || {
            let mut rate = Rate::default();
            while let Err(std::sync::mpsc::RecvTimeoutError::Timeout) =
                stopped.recv_timeout(Duration::from_millis(200))
            {
                let counted = tally.counted();
                shown.set_message(line(
                    &counted,
                    rate.per_second(counted.visits),
                    rate.since_first_visit(),
                ));
                shown.tick();
            }
        });
        Self {
            printer,
            bar: Some(bar),
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It only draws; if it panicked, that was shown.
            let _ = thread.join();
        }
        self.printer.set_progress(None);
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A line on a terminal that says how far some long work is, until it is dropped.
pub(crate) struct Line<'a> {
    printer: &'a Printer,
    bar: Option<ProgressBar>,
}

impl<'a> Line<'a> {
    pub(crate) fn start(printer: &'a Printer) -> Self {
        let bar = printer.shows_progress().then(ProgressBar::new_spinner);
        if let Some(bar) = &bar {
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        printer.set_progress(bar.clone());
        Self { printer, bar }
    }

    /// Says something else; `words` are asked for only if somebody reads them.
    pub(crate) fn says(&self, words: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_message(words());
        }
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.printer.set_progress(None);
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A smoothed rate.
#[derive(Default)]
struct Rate {
    first: Option<Instant>,
    last: Option<(Instant, u64)>,
    smooth: Option<f64>,
}

impl Rate {
    fn since_first_visit(&self) -> f64 {
        self.first
            .map_or(0.0, |first| first.elapsed().as_secs_f64())
    }

    fn per_second(&mut self, done: u64) -> f64 {
        let now = Instant::now();
        if done > 0 {
            self.first.get_or_insert(now);
        }
        if let Some((at, before)) = self.last {
            let rate =
                (done - before.min(done)) as f64 / now.duration_since(at).as_secs_f64().max(0.001);
            self.smooth = Some(self.smooth.map_or(rate, |smooth| smooth * 0.9 + rate * 0.1));
        }
        self.last = Some((now, done));
        self.smooth.unwrap_or(0.0)
    }
}

fn line(counted: &Counted, rate: f64, elapsed: f64) -> String {
    if counted.due == 0 {
        return format!(
            "reading inputs: {}, {}, {}",
            count(counted.inputs, "input"),
            count(counted.posts, "post"),
            count(counted.citations, "citation")
        );
    }
    let done = counted.visits + counted.faults + counted.waiting;
    let mut verdicts: Vec<_> = counted.verdicts.iter().collect();
    verdicts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let verdicts: Vec<_> = verdicts
        .iter()
        .map(|(code, count)| format!("{code} {count}"))
        .collect();
    let left = counted.due.saturating_sub(done);
    // However fast the rest is, the busiest host is asked no faster than politeness allows.
    let politeness = counted.politeness_ms as f64 / 1000.0 - elapsed;
    let eta = if rate > 0.05 && left > 0 {
        format!(" · {} left", span((left as f64 / rate).max(politeness)))
    } else {
        String::new()
    };
    format!(
        "{done}/{} · {} in flight · {rate:.1}/s{eta} · {}",
        counted.due.max(done),
        counted.in_flight,
        verdicts.join(" · ")
    )
}

fn span(seconds: f64) -> String {
    match seconds as u64 {
        seconds @ 0..90 => format!("{seconds} s"),
        seconds @ 90..5400 => format!("{} min", seconds / 60),
        seconds => format!("{:.1} h", seconds as f64 / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_is_going_on() {
        let mut counted = Counted {
            due: 200,
            visits: 50,
            in_flight: 7,
            ..Counted::default()
        };
        counted.verdicts.insert("alive", 48);
        counted.verdicts.insert("not-found", 2);
        assert_eq!(
            line(&counted, 10.0, 5.0),
            "50/200 · 7 in flight · 10.0/s · 15 s left · alive 48 · not-found 2"
        );
        counted.politeness_ms = 60_000;
        assert!(
            line(&counted, 10.0, 5.0).contains("· 55 s left ·"),
            "one host takes a minute"
        );
    }
}
