//! `watch`: due work, continuously.

use std::io::Write;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;
use sourcekeep::report::{count, rfc3339};
use sourcekeep::run::{Clock, Ended, Keep, Outcome, Plan, Work, pass};
use sourcekeep::store::{Lately, Locking, Mode, RunLock, Store, StoreError, Waking};
use sourcekeep::watch::{Ending, Planner, Pulse, Rule, Service, WAKE_EVERY_MS};
use tokio::time::{Instant, sleep, sleep_until};

use super::Global;
use super::add;
use super::context::{self, Setup};
use super::exit::{Exit, Failure};
use super::heartbeat;
use super::mark::FailOn;
use super::print::Printer;
use super::progress::Progress;
use super::run::{self, Done, Telling, Totals};
use super::signals::{Signal, Signals};
use super::when;

/// While another run holds the archive, it is tried again this often.
const HELD_AGAIN: Duration = Duration::from_secs(5);
/// How long a pass may take to end once it was asked to.
const FAREWELL: Duration = Duration::from_secs(10);
/// A pass that takes longer leaves the rest to the next one, so that one slow host does not keep what became due
/// meanwhile waiting.
const LONGEST_PASS: Duration = Duration::from_secs(15 * 60);
/// How often it is looked whether a pass makes progress, where nobody wants to know more often.
const LOOK_AT_PASS: Duration = Duration::from_secs(60);

/// Keep running: visit sources and read inputs whenever they are due
#[derive(Debug, Args)]
#[command(
    long_about = "Keep running: visit sources and read inputs whenever they are due

Work is spread over the day: a pass is made when something is due, at least --every apart. After a long pause it \
catches up over hours: a pass visits at most 1/72 of all sources at the default --every (or 100, if that is more), \
those first that wait longest. Other commands work beside it; a manual `run` goes first, and this waits for it.

SIGHUP reads the configuration again, SIGTERM and Ctrl-C end it cleanly, a second one at once. Under systemd it says \
when it is ready and what it does, and that it is alive only while that is so.",
    after_help = "Examples:
  sourcekeep watch                            keep watch over sourcekeep.db
  sourcekeep schedule install --watch         the same, as a service that starts with the machine
  sourcekeep watch --visits-per-day 2000      never more visits in 24 hours
  sourcekeep watch --once                     what one wake-up would do, then end
  sourcekeep watch --format jsonl >> log      one JSON object per pass

SOURCEKEEP_HEARTBEAT names an address that is asked for after each good pass, and hourly while nothing is due."
)]
pub(crate) struct WatchArgs {
    /// How far apart passes begin, at the least (30s, 5m, 1h)
    #[arg(long, value_name = "TIME", value_parser = when::duration, default_value = "5m")]
    every: Duration,
    /// Make at most this many visits in any 24 hours, counted over restarts [default: no limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    visits_per_day: Option<u64>,
    /// Do what is due now, as one wake-up would, and end
    #[arg(long)]
    once: bool,
    /// How to print what each pass did: one line on standard error, or one JSON object on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person
    Text,
    /// One JSON object a line
    Jsonl,
}

pub(crate) fn watch(global: &Global, args: &WatchArgs, printer: &Printer) -> Result<Exit, Failure> {
    if global.now.is_some() && !args.once {
        let error = anyhow::anyhow!("--now stands still, and `watch` waits for time to pass");
        return Err(Failure::usage(error)
            .with_hint("`watch --once --now INSTANT` does what would be due at that instant"));
    }
    if !(Duration::from_secs(1)..=Duration::from_secs(24 * 3600)).contains(&args.every) {
        let error = anyhow::anyhow!("--every: expected one second to 24 hours");
        return Err(Failure::usage(error));
    }
    let setup = Setup::new(global, printer)?;
    // What is wrong with the archive now is told now, whether something is due or not.
    let store = setup.open_unlocked(Mode::Write, printer)?;
    let last_good = store.read("find the last good run", |r| r.last_good_run_at())?;
    store.close();
    let runtime = context::runtime()?;
    let exit = runtime.block_on(async {
        let now = setup.clock.now();
        let mut watch = Watch {
            planner: Planner::new(rule(&setup, args), last_good.unwrap_or(now)),
            log: Log::new(printer, setup.clock),
            signals: Signals::new()?,
            service: Service::from_environment(),
            stopping: None,
            setup,
            global,
            args,
            printer,
        };
        if args.once {
            watch.once().await
        } else {
            watch.keep().await
        }
    });
    // A connection may be in the midst of what a hostile server sends without end; nobody waits for it.
    runtime.shutdown_background();
    exit
}

/// The rule by which passes are made.
fn rule(setup: &Setup, args: &WatchArgs) -> Rule {
    Rule {
        every_ms: i64::try_from(args.every.as_millis()).unwrap_or(i64::MAX),
        visits_per_day: args
            .visits_per_day
            .or(setup.settings.schedule.visits_per_day),
    }
}

/// What a look into the archive found.
struct Look {
    waking: Waking,
    lately: Lately,
    scheduled: u64,
}

/// A pass that was made.
struct Made {
    outcome: Outcome,
    totals: Totals,
    exit: Exit,
    began_at: i64,
}

struct Watch<'a> {
    setup: Setup,
    planner: Planner,
    signals: Signals,
    service: Service,
    log: Log<'a>,
    /// Which signal ends it, once one came.
    stopping: Option<Signal>,
    global: &'a Global,
    args: &'a WatchArgs,
    printer: &'a Printer,
}

impl Watch<'_> {
    /// Runs until a signal ends it, or the archive is lost.
    async fn keep(&mut self) -> Result<Exit, Failure> {
        let db = self.setup.db.display().to_string();
        let text = format!("watching {db}");
        self.service.ready(&text);
        self.log.note(format!(
            "{text}; passes are at least {} apart",
            span(self.args.every)
        ));
        let mut held_by: Option<String> = None;
        while self.stopping.is_none() {
            self.service.alive();
            let now = self.setup.clock.now();
            self.planner.observe(now);
            let again = self.planner.backed_off_until().unwrap_or(now);
            if let Some(wait) = until(now, Some(again)) {
                self.rest(wait).await;
                continue;
            }
            let look = match self.look(now) {
                Ok(look) => look,
                Err(error) if is_lost(&error) => return Err(error.into()),
                Err(error) => {
                    self.failed(&error.into())?;
                    continue;
                }
            };
            let next = self.planner.next_pass_at(now, &look.waking, look.lately);
            if let Some(wait) = until(now, next) {
                self.idle(now, next).await;
                self.rest(wait).await;
                continue;
            }
            let lock = match self.setup.lock("watch") {
                Ok(Locking::Ours(lock)) => lock,
                Ok(Locking::Held(holder)) => {
                    if held_by.as_ref() != Some(&holder.says) {
                        let who = match holder.says.as_str() {
                            "" => "another run",
                            says => says,
                        };
                        let says = format!("{who} holds the archive; waiting for it to end");
                        self.service.status(&says);
                        self.log.note(says);
                        held_by = Some(holder.says);
                    }
                    self.rest(HELD_AGAIN).await;
                    continue;
                }
                Err(error) => {
                    self.failed(&error.into())?;
                    continue;
                }
            };
            if held_by.take().is_some() {
                self.log.note("the archive is free again");
                // What was due may be done by now.
                continue;
            }
            if let Some(since) = self.planner.alarm(now) {
                self.log.warning(format!(
                    "no pass has ended well since {}; look at the warnings above",
                    rfc3339(since)
                ));
            }
            match self.pass(&look, lock).await {
                Ok(made) => self.made(&made).await?,
                Err(failure) if failure.error.downcast_ref().is_some_and(is_lost) => {
                    return Err(failure);
                }
                Err(failure) => self.failed(&failure)?,
            }
        }
        Ok(match self.stopping {
            Some(Signal::Interrupt) => Exit::Interrupted,
            // The service manager stops us as it should.
            _ => Exit::Done,
        })
    }

    /// What one wake-up does.
    async fn once(&mut self) -> Result<Exit, Failure> {
        let now = self.setup.clock.now();
        let look = self.look(now)?;
        let next = self.planner.next_pass_at(now, &look.waking, look.lately);
        if until(now, next).is_some() {
            self.log.note(nothing_due(next));
            return Ok(Exit::Done);
        }
        let lock = match self.setup.lock("watch")? {
            Locking::Ours(lock) => lock,
            Locking::Held(holder) => return Err(context::held(&self.setup.db, &holder)),
        };
        let made = self.pass(&look, lock).await?;
        self.made(&made).await?;
        Ok(match self.stopping {
            Some(Signal::Terminate) => Exit::Done,
            _ => made.exit,
        })
    }

    fn look(&self, now: i64) -> Result<Look, StoreError> {
        let bounded = self.planner.rule().visits_per_day.is_some();
        let store = Store::open(&self.setup.db, Mode::Read, now)?;
        store.read("see what is due", |r| {
            Ok(Look {
                waking: r.next_due_at(now)?,
                lately: if bounded {
                    r.visits_after(Planner::day_before(now))?
                } else {
                    Lately::default()
                },
                scheduled: r.count_scheduled()?,
            })
        })
    }

    /// Makes a pass while it hears signals and tells the service manager that it is alive.
    async fn pass(&mut self, look: &Look, lock: RunLock) -> Result<Made, Failure> {
        let printer = self.printer;
        let began_at = self.setup.clock.now();
        self.planner.began(began_at);
        let store = self.setup.open_unlocked(Mode::Write, printer)?;
        add::register_with_configured(&self.setup, &store, Vec::new(), false, printer)?;
        let context = self.setup.context(store, printer)?;
        let take = self.planner.take(look.scheduled, look.lately);
        let due_by = context.store.read("find what waits longest", |r| {
            r.due_by(began_at, take.visits, take.of_a_host)
        })?;
        let plan = Plan {
            command: "watch",
            refresh_inputs: true,
            stdin: None,
            work: due_by.map_or(Work::Due, Work::DueBy),
            keep: Keep::Automatic,
            limit: Some(take.visits),
            max_time: Some(LONGEST_PASS.max(self.args.every)),
        };
        self.service.status(match due_by {
            None => "visiting what is due",
            Some(_) => "visiting what is due; more than a pass takes at once",
        });
        let progress = Progress::start(printer, &context.tally);
        let mut telling = Telling::new(FailOn::default(), printer);
        let begun = Instant::now();
        let ms = |since: Instant| u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let moved = || {
            let counted = context.tally.counted();
            (counted.in_flight, counted)
        };
        let mut pulse = Pulse::new(moved(), 0);
        let mut farewell: Option<Instant> = None;
        let outcome = {
            let pass = pass(&context, plan, |happened| telling.hear(happened));
            tokio::pin!(pass);
            let look_every = self.service.alive_every().unwrap_or(LOOK_AT_PASS);
            let mut look_at = Instant::now() + look_every;
            loop {
                let late = farewell.unwrap_or(look_at + FAREWELL);
                tokio::select! {
                    biased;
                    outcome = &mut pass => break outcome?,
                    signal = self.signals.next() => {
                        self.hear(signal);
                        if self.stopping.is_some() {
                            context.cancelled.cancel();
                            farewell = Some(Instant::now() + FAREWELL);
                        }
                    }
                    () = sleep_until(look_at) => {
                        if pulse.is_alive(moved(), ms(begun)) {
                            self.service.alive();
                        } else {
                            self.log.warning("the pass stands still; waiting for it");
                        }
                        look_at = Instant::now() + look_every;
                    }
                    () = sleep_until(late), if farewell.is_some() => {
                        let error = anyhow::anyhow!("the pass did not end in time; what was committed is kept");
                        return Err(Failure::failed(error));
                    }
                }
            }
        };
        drop(progress);
        telling.end();
        let totals = Totals::read(&context.store, context.clock.now())?;
        let exit = run::exit(&outcome, false, false);
        drop(context);
        drop(lock);
        Ok(Made {
            outcome,
            totals,
            exit,
            began_at,
        })
    }

    /// Tells what a pass did, and remembers how it went.
    async fn made(&mut self, made: &Made) -> Result<(), Failure> {
        let outcome = &made.outcome;
        let now = self.setup.clock.now();
        if outcome.ended == Ended::Cancelled {
            self.log.note(summary(outcome));
            return self.print(made, now);
        }
        let all_faults = made.exit == Exit::Failed && !outcome.input_failed;
        self.planner.ended(
            now,
            match made.exit {
                Exit::Done | Exit::FailOn => Ending::Good,
                _ if all_faults => Ending::Failed,
                _ => Ending::Flawed,
            },
        );
        if did_something(outcome) {
            self.log.note(summary(outcome));
            for line in run::not_done(outcome) {
                self.log.detail(line);
            }
        } else {
            self.log.detail("nothing new");
        }
        if let Some(doubt) = outcome.doubt {
            self.log.warning(format!(
                "this pass is suspect: {doubt}; it may be our network, so nobody got a strike"
            ));
        }
        if all_faults {
            self.log.warning(self.again());
        }
        if heartbeat::is_good(made.exit) {
            self.give_heartbeat(now).await;
        }
        self.print(made, now)
    }

    /// Tells that a pass could not be made.
    fn failed(&mut self, failure: &Failure) -> Result<(), Failure> {
        let now = self.setup.clock.now();
        if self.stopping.is_none() {
            self.planner.ended(now, Ending::Failed);
        }
        let error = format!("{:#}", failure.error);
        self.log.warning(format!("{error}; {}", self.again()));
        if let Some(hint) = &failure.hint {
            self.printer.hint(hint);
        }
        self.service.status(&error);
        if self.args.format == Format::Jsonl {
            let line = Line {
                at: rfc3339(now),
                result: "failed",
                error: Some(&error),
                began_at: None,
                done: None,
            };
            self.print_line(&line)?;
        }
        Ok(())
    }

    fn again(&self) -> String {
        let wait = Duration::from_millis(u64::try_from(self.planner.back_off_ms()).unwrap_or(0));
        format!("trying again in {}", span(wait))
    }

    /// Nothing is due yet.
    async fn idle(&mut self, now: i64, next: Option<i64>) {
        self.service.status(&nothing_due(next));
        if self.planner.idle_heartbeat(now) {
            self.give_heartbeat(now).await;
        }
    }

    async fn give_heartbeat(&mut self, now: i64) {
        self.planner.gave_heartbeat(now);
        let setup = &self.setup;
        let address = heartbeat::address(&setup.settings).cloned();
        let settings = setup.fetch.clone();
        let giving = heartbeat::give(address.as_ref(), &settings, self.printer);
        tokio::pin!(giving);
        loop {
            tokio::select! {
                () = &mut giving => return,
                signal = self.signals.next() => {
                    self.hear(signal);
                    if self.stopping.is_some() {
                        return;
                    }
                }
            }
        }
    }

    /// Sleeps at most so long, and no longer than until a signal comes, the clock is to be looked at, or the service
    /// manager wants to hear that we are alive.
    async fn rest(&mut self, wait: Duration) {
        let wake = Duration::from_millis(WAKE_EVERY_MS.unsigned_abs());
        let alive = self.service.alive_every().unwrap_or(wake);
        tokio::select! {
            () = sleep(wait.min(wake).min(alive)) => {}
            signal = self.signals.next() => self.hear(signal),
        }
    }

    fn hear(&mut self, signal: Signal) {
        match signal {
            Signal::Reload => self.reload(),
            Signal::Interrupt | Signal::Terminate => self.stop(signal),
        }
    }

    /// Reads the configuration again, for the next pass. One that is broken changes nothing.
    fn reload(&mut self) {
        self.service.reloading();
        self.planner.try_again();
        let says = match Setup::new(self.global, self.printer) {
            Ok(setup) => {
                self.setup = setup;
                self.planner.set_rule(rule(&self.setup, self.args));
                self.log.note("the configuration was read again");
                "watching, with the new configuration"
            }
            Err(failure) => {
                self.log.warning(format!(
                    "the configuration was not taken up, and the old one stays: {:#}",
                    failure.error
                ));
                "watching, with the old configuration: the new one is broken"
            }
        };
        self.service.ready(says);
    }

    /// A signal ends it; the second one at once.
    fn stop(&mut self, signal: Signal) {
        if self.stopping.is_some() {
            // It was asked twice, and the archive stands any end.
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
        self.stopping = Some(signal);
        self.service.stopping();
        self.log
            .note("stopping; what was done is kept (once more to stop at once)");
    }
}

impl Watch<'_> {
    fn print(&self, made: &Made, now: i64) -> Result<(), Failure> {
        if self.args.format == Format::Text {
            return Ok(());
        }
        let line = Line {
            at: rfc3339(now),
            result: match made.exit {
                Exit::Done | Exit::FailOn => "done",
                Exit::Suspect => "suspect",
                Exit::Interrupted => "interrupted",
                Exit::Usage | Exit::Failed | Exit::Held => "failed",
            },
            error: None,
            began_at: Some(rfc3339(made.began_at)),
            done: Some(Done::new(&made.outcome, &made.totals)),
        };
        self.print_line(&line)
    }

    fn print_line(&self, line: &Line<'_>) -> Result<(), Failure> {
        let mut out = self.printer.data();
        writeln!(out, "{}", serde_json::to_string(line)?)?;
        out.flush()?;
        Ok(())
    }
}

/// What a pass did, as other programs read it.
#[derive(Serialize)]
struct Line<'a> {
    at: String,
    /// `done`, `suspect`, `failed` or `interrupted`.
    result: &'static str,
    /// Why no pass could be made, where none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    began_at: Option<String>,
    /// As `run --format json` has it.
    #[serde(flatten)]
    done: Option<Done<'a>>,
}

/// Lines with the instant before them, unless the journal has its own.
struct Log<'a> {
    printer: &'a Printer,
    clock: Clock,
    has_instants: bool,
}

impl<'a> Log<'a> {
    fn new(printer: &'a Printer, clock: Clock) -> Self {
        Self {
            printer,
            clock,
            has_instants: std::env::var_os("JOURNAL_STREAM").is_none(),
        }
    }

    fn line(&self, text: impl std::fmt::Display) -> String {
        if self.has_instants {
            format!("{} {text}", rfc3339(self.clock.now()))
        } else {
            text.to_string()
        }
    }

    fn note(&self, text: impl std::fmt::Display) {
        self.printer.note(self.line(text));
    }

    fn detail(&self, text: impl std::fmt::Display) {
        self.printer.detail(self.line(text));
    }

    fn warning(&self, text: impl std::fmt::Display) {
        self.printer.warning(self.line(text));
    }
}

/// How long it is until then; `None` where it is time. Where nothing will ever be due, somebody may add something.
fn until(now: i64, next: Option<i64>) -> Option<Duration> {
    let wait = match next {
        Some(next) => next.saturating_sub(now),
        None => WAKE_EVERY_MS,
    };
    u64::try_from(wait)
        .ok()
        .filter(|ms| *ms > 0)
        .map(Duration::from_millis)
}

fn nothing_due(next: Option<i64>) -> String {
    match next {
        Some(next) => format!("nothing is due before {}", rfc3339(next)),
        None => "nothing is due; `sourcekeep add` registers inputs".to_owned(),
    }
}

/// Whether the archive is gone, or is none of ours: waiting does not bring it back.
fn is_lost(error: &StoreError) -> bool {
    match error {
        StoreError::Missing(_)
        | StoreError::NoFolder(_)
        | StoreError::NotADatabase(_)
        | StoreError::NotOurs(_)
        | StoreError::Newer { .. }
        | StoreError::Simulated(_)
        | StoreError::Damaged { .. }
        | StoreError::Missed(_) => true,
        StoreError::Earlier(error) => is_lost(error),
        StoreError::Full { .. }
        | StoreError::ReadOnly { .. }
        | StoreError::Busy { .. }
        | StoreError::File { .. }
        | StoreError::Sql { .. }
        | StoreError::Stopped(_) => false,
    }
}

fn did_something(outcome: &Outcome) -> bool {
    let counted = &outcome.counted;
    counted.visits + counted.posts + counted.gone + counted.faults > 0
}

/// A pass in one line.
fn summary(outcome: &Outcome) -> String {
    let counted = &outcome.counted;
    let mut parts = Vec::new();
    if counted.posts + counted.gone > 0 {
        parts.push(format!(
            "read {} with {}",
            count(counted.posts, "post"),
            count(counted.new_sources, "new source")
        ));
    }
    let mut verdicts: Vec<_> = counted.verdicts.iter().collect();
    verdicts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let verdicts: Vec<_> = verdicts
        .iter()
        .map(|(code, count)| format!("{count} {code}"))
        .collect();
    let colon = if verdicts.is_empty() { "" } else { ": " };
    parts.push(format!(
        "visited {}{colon}{}",
        count(counted.visits, "source"),
        verdicts.join(" · ")
    ));
    if counted.captures > 0 {
        parts.push(format!("kept {}", count(counted.captures, "new copy")));
    }
    if counted.faults > 0 {
        parts.push(format!("put off {}", count(counted.faults, "visit")));
    }
    match outcome.ended {
        Ended::Limit | Ended::Budget | Ended::Time => {
            parts.push("more is due, and comes later".to_owned());
        }
        Ended::NoNetwork => parts.push("there is no network".to_owned()),
        Ended::Cancelled => parts.push("interrupted".to_owned()),
        Ended::Done => {}
    }
    parts.join("; ")
}

fn span(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
