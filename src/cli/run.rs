//! `run`: register the inputs given, then one pass over everything due.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use sourcekeep::gather::Note;
use sourcekeep::report::{Selection, bytes, count, one_line, rfc3339};
use sourcekeep::run::{
    Census, Context, Counted, Ended, Estimate, Full, Happened, InputOptions, Keep, Outcome, Plan,
    PutOff, Work, pass, to_register,
};
use sourcekeep::schedule::Suspicion;
use sourcekeep::schedule::clock::Clock as Doubt;
use sourcekeep::store::{Mode, NewInput, Store, StoreError};
use url::Url;

use super::Global;
use super::add;
use super::context::{self, Setup};
use super::exit::{Exit, Failure};
use super::heartbeat;
use super::mark::FailOn;
use super::memory;
use super::print::{Format, Printer};
use super::progress::Progress;
use super::selected::{GatherArgs, PostArgs, Selected};
use super::told::words;
use super::when;

/// A run has failed where faults of ours put off more than one in so many visits.
const FAULTS_OF_A_FAILED_RUN: u64 = 10;
/// Visits put off by a fault of ours that are named one by one; the others only with `--verbose`.
const MOST_FAULTS_SHOWN: usize = 5;

/// Register the inputs given, then make one pass over everything that is due
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep run posts/                    gather a folder of posts, visit and keep their sources
  sourcekeep run https://example.com/feed  follow a feed
  sourcekeep run                           everything that is due, for cron
  sourcekeep run --dry-run posts/          what it would cost, before anything is fetched")]
pub(crate) struct RunArgs {
    /// Pages or feeds (https://...), files, folders, or - for standard input
    #[arg(value_name = "INPUT")]
    inputs: Vec<String>,
    #[command(flatten)]
    gather: GatherArgs,
    #[command(flatten)]
    posts: PostArgs,
    /// Print posts, sources, hours and disk, and fetch nothing
    #[arg(long)]
    dry_run: bool,
    /// End cleanly after this long (90s, 15m, 2h30m)
    #[arg(long, value_name = "TIME", value_parser = when::duration)]
    max_time: Option<Duration>,
    /// Make at most this many visits, and read at most this many posts that inputs lead to
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Exit with 1 if a visited source has one of these verdicts, standings or groups
    #[arg(long, value_name = "NAME,...", value_parser = super::mark::of_visits)]
    fail_on: Option<Selection>,
    /// How to print what was done
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(crate) fn run(global: &Global, args: &RunArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let selected = args.gather.select(&setup.gather)?;
    let says_how = args.gather.says_something() || args.posts.since.is_some();
    if args.inputs.is_empty() && says_how {
        let error = anyhow::anyhow!(
            "--as, --base, --root-dir, --glob, --since, --include and the --exclude options say how the inputs named beside them are read, and none is named"
        );
        return Err(Failure::usage(error)
            .with_hint("name the input once more with them; it is read again then"));
    }
    if args.dry_run {
        return dry_run(&setup, args, &selected, printer);
    }
    let mode = if args.inputs.is_empty() && setup.settings.inputs.is_empty() {
        Mode::Write
    } else {
        Mode::Create
    };
    let (inputs, mut failed) = add::recognise(&args.inputs, &selected, args.posts, printer)?;
    if failed && inputs.is_empty() {
        return Ok(Exit::Failed);
    }
    let (store, lock) = setup.open_to_visit("run", mode, printer)?;
    failed |= add::register_with_configured(&setup, &store, inputs, says_how, printer)?;
    let stdin = read_stdin(&args.inputs)?;
    let plan = Plan {
        command: "run",
        refresh_inputs: true,
        stdin,
        work: Work::Due,
        keep: Keep::Automatic,
        limit: args.limit,
        max_time: args.max_time,
    };
    let context = setup.context(store, printer)?;
    let (outcome, matched) = make_pass(&context, plan, args.fail_on.as_ref(), printer)?;
    let totals = Totals::read(&context.store, context.clock.now())?;
    let mut out = printer.data();
    match args.format {
        Format::Text if printer.is_quiet() => {}
        Format::Text => write_summary(&outcome, &totals, &mut out)?,
        Format::Json | Format::Jsonl => writeln!(
            out,
            "{}",
            serde_json::to_string(&Done::new(&outcome, &totals))?
        )?,
    }
    out.flush()?;
    printer.peak_memory();
    drop(lock);
    let exit = exit(&outcome, failed, matched);
    heartbeat::after(exit, &setup, printer)?;
    Ok(exit)
}

fn read_stdin(inputs: &[String]) -> Result<Option<Vec<u8>>, Failure> {
    if !inputs.iter().any(|input| input == "-") {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Makes a pass with a progress line and a hand on Ctrl-C. Says too whether `fail_on` matched a visited source.
pub(crate) fn make_pass(
    context: &Context,
    plan: Plan,
    fail_on: Option<&Selection>,
    printer: &Printer,
) -> Result<(Outcome, bool), Failure> {
    let runtime = context::runtime()?;
    let fail_on = FailOn::new(&context.store, fail_on, context.clock.now())?;
    let progress = Progress::start(printer, &context.tally);
    let mut telling = Telling::new(fail_on, printer);
    let outcome = runtime.block_on(async {
        context::stop_on_interrupt(context.cancelled.clone());
        pass(context, plan, |happened| telling.hear(happened)).await
    });
    // A connection may be in the midst of what a hostile server sends without end; nobody waits for it.
    runtime.shutdown_background();
    drop(progress);
    let matched = telling.end();
    Ok((outcome?, matched))
}

/// Tells what happens in a pass.
pub(crate) struct Telling<'a> {
    fail_on: FailOn<'a>,
    printer: &'a Printer,
    matched: bool,
    faults: usize,
    feeds: BTreeSet<String>,
}

impl<'a> Telling<'a> {
    pub(crate) fn new(fail_on: FailOn<'a>, printer: &'a Printer) -> Self {
        Self {
            fail_on,
            printer,
            matched: false,
            faults: 0,
            feeds: BTreeSet::new(),
        }
    }

    pub(crate) fn hear(&mut self, happened: Happened) {
        let printer = self.printer;
        match happened {
            Happened::Problem(problem) => printer.warning(one_line(&problem.to_string(), 1000)),
            Happened::Note(document, Note::Feed(url) | Note::Sitemap(url)) => {
                if self.feeds.insert(url.to_string()) {
                    printer.note(format!("{document}: taken as one page; it names {url}"));
                }
            }
            Happened::Note(..) => {}
            Happened::Told(input, told) => {
                printer.note(format!("{}: {}", one_line(&input, 500), words(&told)));
            }
            Happened::Clock(clock) => warn_of_clock(clock, printer),
            Happened::NoVantage {
                vantage,
                looks,
                why,
            } => warn_of_vantage(&vantage, looks, &why, printer),
            Happened::Visited(visited) => {
                if let Some(verdict) = &visited.verdict {
                    let code = verdict.code.as_str();
                    self.matched |= self.fail_on.matches(&visited);
                    printer.detail(format!("{code:<18} {}", one_line(&visited.address, 500)));
                }
                if let Some(PutOff::Fault(fault) | PutOff::NoNetwork(fault)) = &visited.put_off {
                    let warning =
                        format!("{}: {fault}; it stays due", one_line(&visited.address, 500));
                    // Without a network, all of them say the same.
                    self.faults += 1;
                    match self.faults {
                        ..=MOST_FAULTS_SHOWN => printer.warning(warning),
                        _ => printer.detail(warning),
                    }
                }
            }
        }
    }

    /// After the pass. Says whether what was asked for matched a visited source.
    pub(crate) fn end(self) -> bool {
        if let Some(first) = self.feeds.first() {
            self.printer
                .hint(format!("`sourcekeep add {first}` follows it; `--as site` with the front page takes all posts of a site"));
        }
        self.matched
    }
}

/// Says what follows from a clock that cannot be believed.
pub(crate) fn warn_of_clock(clock: Doubt, printer: &Printer) {
    match clock {
        Doubt::Right => {}
        Doubt::Behind => printer.warning(
            "the clock stands behind the newest visit in the archive; failures count no strikes in this run",
        ),
        Doubt::Ahead => printer.warning(
            "it is long since the last run, or the clock has run ahead; nothing is called dead in this run",
        ),
        Doubt::SetBack { since } => printer.warning(format!(
            "the clock had run ahead and was set back; what was dated after {} is taken for today's",
            rfc3339(since)
        )),
    }
}

/// Says that second looks were made without the second vantage.
pub(crate) fn warn_of_vantage(vantage: &str, looks: u64, why: &str, printer: &Printer) {
    printer.warning(format!(
        "{} made without the second vantage {vantage}: {why}",
        if looks == 1 {
            "1 second look was".to_owned()
        } else {
            format!("{looks} second looks were")
        }
    ));
}

/// How a pass ends the command.
pub(crate) fn exit(outcome: &Outcome, failed: bool, matched: bool) -> Exit {
    let counted = &outcome.counted;
    let nothing = counted.visits == 0 && counted.faults + counted.waiting > 0;
    // A name with addresses of IPv6 only, where there is no IPv6, is no reason to call every run failed.
    let too_many = counted.faults * FAULTS_OF_A_FAILED_RUN > counted.visits + counted.faults;
    match outcome.ended {
        Ended::Cancelled => Exit::Interrupted,
        _ if failed => Exit::Failed,
        // An input on the web that could not be read fails for the same reason.
        _ if outcome.doubt.is_some() => Exit::Suspect,
        _ if outcome.input_failed || nothing || too_many => Exit::Failed,
        _ if matched => Exit::FailOn,
        _ => Exit::Done,
    }
}

/// Why a pass ended before all was done, if it did.
pub(crate) fn stopped(outcome: &Outcome) -> Option<&'static str> {
    match outcome.ended {
        Ended::Limit => Some("at --limit; the rest is due at the next run"),
        Ended::Budget => Some("at schedule.visits_per_day; the rest is due at the next run"),
        Ended::Time => Some("at --max-time; the rest is due at the next run"),
        Ended::NoNetwork => Some("for want of a network; the rest is due at the next run"),
        Ended::Cancelled => Some("by you; what was done is kept, the next run goes on"),
        Ended::Done => None,
    }
}

/// What a browser did not do, and what is to be known of how it ran.
fn browser(counted: &Counted) -> Vec<String> {
    let not = &counted.not_rendered;
    let mut lines = Vec::new();
    if let (pages, Some(why)) = &not.no_browser {
        let pages = count(*pages, "page");
        lines.push(format!("browser  {pages} not rendered: {why}"));
    }
    for (address, why) in &not.failed {
        let (address, why) = (one_line(address, 200), one_line(why, 300));
        lines.push(format!("browser  {address} not rendered: {why}"));
    }
    if not.failures > not.failed.len() as u64 {
        let more = count(not.failures - not.failed.len() as u64, "page");
        lines.push(format!("browser  {more} more not rendered"));
    }
    if counted.renderings > 0 && sourcekeep::browser::is_without_sandbox() {
        lines.push(
            "browser  ran without its own sandbox, for it has none for the superuser; run as another user to have it"
                .to_owned(),
        );
    }
    lines
}

/// What was not done, and why: a line each.
pub(crate) fn not_done(outcome: &Outcome) -> Vec<String> {
    let counted = &outcome.counted;
    let mut lines = Vec::new();
    if let Some(doubt) = outcome.doubt {
        lines.push(format!(
            "suspect  {doubt}: it may be our network, so nobody got a strike (schedule.canaries help to tell)"
        ));
    }
    if let Some(full) = outcome.full {
        let why = match full {
            Full::Archive(size) => {
                format!(
                    "the archive has {}, and --max-bytes allows no more",
                    bytes(size)
                )
            }
            Full::Disk(free) => {
                format!(
                    "{} are free on its disk, and --min-free is to stay",
                    bytes(free)
                )
            }
        };
        lines.push(format!(
            "no room  {} not kept: {why}; visits went on",
            count(counted.no_room, "copy")
        ));
    }
    lines.extend(browser(counted));
    if counted.copies_later > 0 {
        lines.push(format!(
            "         {} left to a later visit: robots.txt could not be asked for",
            count(counted.copies_later, "copy")
        ));
    }
    if counted.faults > 0 {
        lines.push(format!(
            "put off  {}: the fault was ours; they stay due",
            count(counted.faults, "visit")
        ));
    }
    let waiting = counted.waiting + outcome.left;
    if waiting > 0 {
        let first = outcome
            .left_hosts
            .first()
            .map_or(String::new(), |(host, until)| {
                let others = match outcome.left_hosts.len() {
                    1 => String::new(),
                    hosts => format!(" and {} more", hosts - 1),
                };
                format!(
                    " ({}{others}, from {} on)",
                    one_line(host, 200),
                    rfc3339(*until)
                )
            });
        lines.push(format!(
            "waiting  {} of hosts that are to be left alone for a while{first}; they stay due",
            count(waiting, "source")
        ));
    }
    lines
}

/// What is in the archive after the pass.
pub(crate) struct Totals {
    inputs: i64,
    posts: i64,
    citations: i64,
    sources: i64,
    captures: i64,
    broken: i64,
}

impl Totals {
    pub(crate) fn read(store: &Store, now: i64) -> Result<Self, StoreError> {
        let totals = store.read("read the totals", |r| r.totals(now))?;
        let broken = totals
            .verdicts
            .iter()
            .filter(|(code, _)| {
                Selection::parse("broken").is_ok_and(|broken| broken.matches("", Some(code)))
            })
            .map(|(_, count)| count)
            .sum();
        Ok(Self {
            inputs: totals.inputs,
            posts: totals.posts,
            citations: totals.citations,
            sources: totals.sources,
            captures: totals.captures,
            broken,
        })
    }
}

/// What was done, as other programs read it: totals of the archive, and what this run did.
#[derive(Serialize)]
pub(crate) struct Done<'a> {
    inputs: i64,
    posts: i64,
    citations: i64,
    sources: i64,
    captures: i64,
    visits: &'a std::collections::BTreeMap<&'static str, u64>,
    bytes: u64,
    seconds: f64,
    suspect: bool,
    /// Why, if so: `nothing-resolves`, `nothing-answers`, `sites-fail`.
    doubt: Option<&'static str>,
    /// What is thought of the clock: `right`, `behind`, `ahead`, `set-back`.
    clock: &'static str,
    ended: &'static str,
    /// Sources that stay due, because their hosts are to be left alone for a while.
    left: u64,
    /// Why no more copies were kept: `max-bytes`, `min-free`.
    full: Option<&'static str>,
    /// Null where the system does not say.
    peak_memory_bytes: Option<u64>,
    run: &'a Counted,
}

impl<'a> Done<'a> {
    pub(crate) fn new(outcome: &'a Outcome, totals: &Totals) -> Self {
        Self {
            inputs: totals.inputs,
            posts: totals.posts,
            citations: totals.citations,
            sources: totals.sources,
            captures: totals.captures,
            visits: &outcome.counted.verdicts,
            bytes: outcome.counted.bytes,
            seconds: outcome.seconds,
            suspect: outcome.doubt.is_some(),
            doubt: outcome.doubt.map(Suspicion::as_str),
            clock: match outcome.clock {
                Doubt::Right => "right",
                Doubt::Behind => "behind",
                Doubt::Ahead => "ahead",
                Doubt::SetBack { .. } => "set-back",
            },
            ended: match outcome.ended {
                Ended::Done => "done",
                Ended::Limit => "limit",
                Ended::Budget => "budget",
                Ended::Time => "time",
                Ended::NoNetwork => "no-network",
                Ended::Cancelled => "interrupted",
            },
            left: outcome.left,
            full: outcome.full.map(|full| match full {
                Full::Archive(_) => "max-bytes",
                Full::Disk(_) => "min-free",
            }),
            peak_memory_bytes: memory::peak(),
            run: &outcome.counted,
        }
    }
}

pub(crate) fn write_summary(
    outcome: &Outcome,
    totals: &Totals,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let counted = &outcome.counted;
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    if counted.inputs > 0 && counted.posts == 0 && counted.gone == 0 {
        writeln!(
            out,
            "read     {}: nothing changed",
            count(counted.inputs, "input")
        )?;
    } else if counted.inputs > 0 {
        writeln!(
            out,
            "read     {}: {} new or changed{}, {}{}, {}",
            count(counted.inputs, "input"),
            count(counted.posts, "post"),
            if counted.gone > 0 {
                format!(", {} gone", counted.gone)
            } else {
                String::new()
            },
            count(counted.citations, "citation"),
            match (counted.new_citations, counted.gone_citations) {
                (0, 0) => String::new(),
                (new, gone) => format!(" ({new} new, {gone} gone)"),
            },
            count(counted.new_sources, "new source"),
        )?;
    }
    let mut verdicts: Vec<_> = counted.verdicts.iter().collect();
    verdicts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let verdicts: Vec<_> = verdicts
        .iter()
        .map(|(code, count)| format!("{count} {code}"))
        .collect();
    let colon = if verdicts.is_empty() { "" } else { ": " };
    writeln!(
        out,
        "visited  {}{colon}{}",
        count(counted.visits, "source"),
        verdicts.join(" · ")
    )?;
    writeln!(
        out,
        "kept     {} in {:.1} s; {} received",
        count(counted.captures, "new copy"),
        outcome.seconds,
        bytes(counted.bytes)
    )?;
    if counted.kept_by_robots > 0 {
        writeln!(
            out,
            "         {} not kept: robots.txt says so (robots = \"record\" in sourcekeep.toml keeps them)",
            count(counted.kept_by_robots, "source")
        )?;
    }
    for line in not_done(outcome) {
        writeln!(out, "{line}")?;
    }
    if let Some(stopped) = stopped(outcome) {
        writeln!(out, "stopped  {stopped}")?;
    }
    writeln!(
        out,
        "archive  {} cited in {}, {} held{}",
        count(number(totals.sources), "source"),
        count(number(totals.posts), "post"),
        count(number(totals.captures), "copy"),
        match totals.broken {
            0 => String::new(),
            broken => format!("; {broken} broken: `sourcekeep report` says which"),
        }
    )?;
    Ok(())
}

fn dry_run(
    setup: &Setup,
    args: &RunArgs,
    selected: &Selected,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let mut census = Census::default();
    let mut failed = false;
    let store = open_if_there(setup)?;
    if let Some(store) = &store {
        let now = setup.clock.now();
        store.read("see what is not due", |r| {
            r.each_not_due(now, |address| census.not_due(address))
        })?;
    }
    let (named, cannot) = add::recognise(&args.inputs, selected, args.posts, printer)?;
    failed |= cannot;
    let registered = match &store {
        Some(store) => store.read("list the inputs", |r| r.registered_inputs())?,
        None => Vec::new(),
    };
    let (configured, cannot) = add::configured(setup, &registered, printer);
    failed |= cannot;
    let says_how = args.gather.says_something() || args.posts.since.is_some();
    let inputs = to_register(named, says_how, configured, &registered);
    let stdin = read_stdin(&args.inputs)?;
    for input in &inputs {
        count_input(setup, input, stdin.as_deref(), &mut census)?;
    }
    let capture_bytes = match &store {
        Some(store) => count_archive(setup, store, &inputs, &mut census)?,
        None => None,
    };
    let requisites = setup.settings.capture.requisites;
    let (estimate, problems) = census.finish(&setup.fetch.manners, capture_bytes, requisites);
    for problem in problems {
        failed |= problem.whole;
        printer.warning(one_line(&problem.to_string(), 1000));
    }
    let mut out = printer.data();
    match args.format {
        Format::Text => write_estimate(&estimate, &mut out)?,
        Format::Json | Format::Jsonl => writeln!(out, "{}", serde_json::to_string(&estimate)?)?,
    }
    out.flush()?;
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

fn open_if_there(setup: &Setup) -> Result<Option<Store>, Failure> {
    match setup.open_to_read() {
        Ok(store) => Ok(Some(store)),
        Err(failure) if matches!(failure.error.downcast_ref(), Some(StoreError::Missing(_))) => {
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// Adds what is due in the archive, beside the inputs that were counted already. Gives the mean size of a capture in it.
fn count_archive(
    setup: &Setup,
    store: &Store,
    counted: &[NewInput],
    census: &mut Census,
) -> Result<Option<u64>, Failure> {
    let now = setup.clock.now();
    for input in store.read("find due inputs", |r| r.due_inputs(now))? {
        if counted.iter().any(|one| one.address == input.address) {
            continue;
        }
        census.estimate.posts_not_read +=
            store.read("count due posts", |r| r.count_due_posts(input.id, now))?;
        let input = NewInput {
            address: input.address,
            kind: input.kind,
            format: input.format,
            base: input.base,
            options: input.options,
        };
        count_input(setup, &input, None, census)?;
    }
    store.read("count what is due", |r| {
        r.each_due(now, |address, host| census.source(address, host))
    })?;
    let mean = store.read("measure the copies", |r| r.mean_capture())?;
    Ok(mean.map(i64::unsigned_abs))
}

/// Adds what an input would bring. What is on the web is not looked at.
fn count_input(
    setup: &Setup,
    input: &NewInput,
    stdin: Option<&[u8]>,
    census: &mut Census,
) -> Result<(), Failure> {
    let options: InputOptions = serde_json::from_str(&input.options)?;
    let options = InputOptions {
        configured: setup.gather.clone(),
        ..options
    };
    let rules = options.compile().map_err(Failure::failed)?;
    let format = input
        .format
        .as_deref()
        .and_then(|format| format.parse().ok());
    let base = input.base.as_deref().and_then(|base| Url::parse(base).ok());
    match (input.kind.as_str(), stdin) {
        ("file" | "folder" | "list", _) => {
            let path = Path::new(&input.address);
            census.path(path, format, base.as_ref(), &rules, &options.globs);
        }
        ("stdin", Some(bytes)) => {
            census.estimate.inputs += 1;
            census.bytes("-", bytes, format, base.as_ref(), &rules, true);
        }
        ("stdin", None) => {}
        _ => census.estimate.inputs_not_read += 1,
    }
    Ok(())
}

fn write_estimate(estimate: &Estimate, out: &mut impl Write) -> Result<(), Failure> {
    writeln!(
        out,
        "would read   {}",
        count(estimate.inputs + estimate.inputs_not_read, "input")
    )?;
    if estimate.inputs_not_read > 0 {
        writeln!(
            out,
            "             of which {} on the web, not looked at: what they cite comes on top",
            estimate.inputs_not_read
        )?;
    }
    if estimate.posts_not_read > 0 {
        writeln!(
            out,
            "             and {} on the web that were found by earlier runs",
            count(estimate.posts_not_read, "post")
        )?;
    }
    writeln!(
        out,
        "posts        {}, {} ({} left out)",
        count(estimate.posts, "post"),
        count(estimate.citations, "citation"),
        count(estimate.left_out, "link")
    )?;
    writeln!(
        out,
        "would visit  {} on {}",
        count(estimate.sources, "source"),
        count(estimate.hosts, "host")
    )?;
    if let Some((host, visits)) = &estimate.busiest_host {
        writeln!(out, "             most on {host}: {visits}")?;
    }
    let time = match estimate.hours * 60.0 {
        minutes if minutes < 1.0 => "under a minute".to_owned(),
        minutes if minutes < 90.0 => format!("about {minutes:.0} min"),
        minutes => format!("about {:.1} hours", minutes / 60.0),
    };
    writeln!(out, "would take   {time}, at this politeness")?;
    writeln!(out, "would add    about {}", bytes(estimate.disk_bytes))?;
    if let Some(of_pages) = estimate.disk_bytes_of_pages.filter(|bytes| *bytes > 0) {
        let of_pages = bytes(of_pages);
        writeln!(
            out,
            "             of which {of_pages} are pages, and the rest is what they need to be shown (--no-requisites leaves it)"
        )?;
    }
    writeln!(out, "nothing was fetched, and nothing written")?;
    Ok(())
}
