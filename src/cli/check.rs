//! `check`: visit sources now.

use std::collections::HashSet;
use std::io::Write;

use clap::Args;
use serde::Serialize;
use sourcekeep::address::{self, Canonical};
use sourcekeep::judge::{Code, Group};
use sourcekeep::report::{Selection, one_line, rfc3339};
use sourcekeep::run::{
    Context, Copied, Happened, Keep, Outcome, Plan, PutOff, Visited, Work, pass,
};
use sourcekeep::store::{Mode, Store};

use super::Global;
use super::context::{self, Setup};
use super::exit::{Exit, Failure};
use super::mark::FailOn;
use super::print::{Format, Printer};
use super::progress::Progress;
use super::run;

/// Visit sources now: those that are due, those named, or all
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep check                          what is due
  sourcekeep check https://example.com/a    this one, whether a post cites it or not
  sourcekeep check --all --fail-on broken   everything, for CI")]
pub(crate) struct CheckArgs {
    /// Addresses to visit
    #[arg(value_name = "URL", conflicts_with = "all")]
    urls: Vec<String>,
    /// Visit all sources, due or not
    #[arg(long)]
    all: bool,
    /// Make at most this many visits
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// End cleanly after this long (90s, 15m, 2h30m)
    #[arg(long, value_name = "TIME", value_parser = super::when::duration)]
    max_time: Option<std::time::Duration>,
    /// Exit with 1 if a visited source has one of these verdicts, standings or groups
    #[arg(long, value_name = "NAME,...", value_parser = super::mark::of_visits)]
    fail_on: Option<Selection>,
    /// How to print the results
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// One visited source, as other programs read it.
#[derive(Serialize)]
pub(crate) struct Checked<'a> {
    url: &'a str,
    verdict: Option<&'a str>,
    standing: &'a str,
    status: Option<u16>,
    final_url: Option<&'a str>,
    moved_to: Option<&'a str>,
    evidence: Vec<&'a str>,
    confirmed: bool,
    captured: bool,
    kept_by_robots: bool,
    /// Why no copy was kept of a page that is worth one: `robots`, `no-room`, `later`.
    not_kept: Option<&'a str>,
    /// Why the visit was not made, where that is our fault.
    fault: Option<&'a str>,
    /// The host that is to be left alone first, and until when.
    waits_for: Option<&'a str>,
    waits_until: Option<String>,
}

impl<'a> Checked<'a> {
    pub(crate) fn new(visited: &'a Visited) -> Self {
        let verdict = visited.verdict.as_ref();
        let waits = match &visited.put_off {
            Some(PutOff::Waits(host, until)) => Some((host.as_str(), *until)),
            _ => None,
        };
        Self {
            url: &visited.address,
            verdict: verdict.map(|verdict| verdict.code.as_str()),
            standing: visited.standing.as_str(),
            status: visited.status,
            final_url: visited.final_url.as_deref(),
            moved_to: verdict.and_then(|verdict| verdict.moved_to.as_deref()),
            evidence: verdict
                .map(|verdict| {
                    verdict
                        .evidence
                        .iter()
                        .map(|sign| sign.says.as_str())
                        .collect()
                })
                .unwrap_or_default(),
            confirmed: visited.confirmed,
            captured: visited.copy == Copied::Sealed,
            kept_by_robots: visited.copy == Copied::NotByRobots,
            not_kept: match visited.copy {
                Copied::NotByRobots => Some("robots"),
                Copied::NoRoom => Some("no-room"),
                Copied::Later => Some("later"),
                Copied::Sealed | Copied::Nothing => None,
            },
            fault: match &visited.put_off {
                Some(PutOff::Fault(fault) | PutOff::NoNetwork(fault)) => Some(fault),
                _ => None,
            },
            waits_for: waits.map(|(host, _)| host),
            waits_until: waits.map(|(_, until)| rfc3339(until)),
        }
    }
}

pub(crate) fn check(global: &Global, args: &CheckArgs, printer: &Printer) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    let (addresses, failed) = parse(&args.urls, printer);
    let mode = match (args.urls.as_slice(), addresses.as_slice()) {
        ([], _) => Mode::Write,
        (_, []) => return Ok(Exit::Failed),
        _ => Mode::Create,
    };
    let (store, lock) = setup.open_to_visit("check", mode, printer)?;
    let now = setup.clock.now();
    let work = if args.urls.is_empty() {
        if args.all {
            let mut last = Some(0);
            while let Some(after) = last {
                last = store.write_blocking("make all sources due", move |w| {
                    w.make_due_after(after, now)
                })?;
            }
        }
        Work::Due
    } else {
        Work::Named(named(&store, &addresses, now)?)
    };
    let plan = Plan {
        command: "check",
        refresh_inputs: false,
        stdin: None,
        work,
        keep: Keep::Automatic,
        limit: args.limit,
        max_time: args.max_time,
    };
    let context = setup.context(store, printer)?;
    let show_all = !args.urls.is_empty() || args.format != Format::Text;
    let visits = visit_and_print(
        &context,
        plan,
        args.format,
        show_all,
        args.fail_on.as_ref(),
        printer,
    )?;
    printer.peak_memory();
    drop(lock);
    let mut outcome = visits.outcome;
    if !args.urls.is_empty() {
        // Who names an address wants to know of that one; only a pass over what is due is a run that can be suspect.
        outcome.doubt = None;
    }
    Ok(run::exit(&outcome, failed, visits.matched))
}

/// The addresses that a user named, each once. Says whether some could not be taken.
pub(crate) fn parse(urls: &[String], printer: &Printer) -> (Vec<Canonical>, bool) {
    let (mut addresses, mut failed) = (Vec::new(), false);
    for url in urls {
        match address::parse(url, None) {
            Ok(parsed) => {
                let canonical = address::canonical(&parsed);
                if !addresses.contains(&canonical) {
                    addresses.push(canonical);
                }
            }
            Err(error) => {
                failed = true;
                printer.warning(format!("{}: {error}", one_line(url, 500)));
                if let Some(hint) = scheme_hint(url) {
                    printer.hint(hint);
                }
            }
        }
    }
    (addresses, failed)
}

/// The sources of addresses that a user named; those that no post cites are made.
pub(crate) fn named(store: &Store, addresses: &[Canonical], now: i64) -> Result<Vec<i64>, Failure> {
    let mut ids = Vec::new();
    for canonical in addresses {
        let (name, host) = (canonical.to_string(), canonical.host().to_owned());
        let site = address::site(&host).to_owned();
        let (id, _) = store.write_blocking("name a source", move |w| {
            w.find_or_add_source(&name, &host, &site, now, Some(now))
        })?;
        // Two addresses may be aliases of one source.
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// What came of visits.
pub(crate) struct Visits {
    pub(crate) outcome: Outcome,
    /// Whether `--fail-on` matched one of the sources.
    pub(crate) matched: bool,
    /// Those of the sources named that are fine, and whose copies there was room for.
    pub(crate) fine: HashSet<i64>,
}

/// Makes the visits, and prints each as it ends.
pub(crate) fn visit_and_print(
    context: &Context,
    plan: Plan,
    format: Format,
    show_all: bool,
    fail_on: Option<&Selection>,
    printer: &Printer,
) -> Result<Visits, Failure> {
    let runtime = context::runtime()?;
    let fail_on = FailOn::new(&context.store, fail_on, context.clock.now())?;
    let mut out = printer.data();
    let mut written = Ok(());
    let (mut matched, mut first) = (false, true);
    let mut fine = HashSet::new();
    let is_named = matches!(plan.work, Work::Named(_));
    if format == Format::Json {
        out.write_all(b"[")?;
    }
    let progress = Progress::start(printer, &context.tally);
    let outcome = runtime.block_on(async {
        context::stop_on_interrupt(context.cancelled.clone());
        pass(context, plan, |happened| match happened {
            Happened::Visited(visited) => {
                matched |= fail_on.matches(&visited);
                let code = visited.verdict.as_ref().map(|verdict| verdict.code);
                let is_fine = is_named && code.is_some_and(|code| code.group() == Group::Fine);
                if is_fine && !matches!(visited.copy, Copied::NoRoom | Copied::Later) {
                    fine.insert(visited.source_id);
                }
                if written.is_ok() && (show_all || code != Some(Code::Alive)) {
                    written = write_visited(&visited, format, &mut first, &mut out);
                }
            }
            Happened::Problem(problem) => printer.warning(problem),
            Happened::Note(..) | Happened::Told(..) => {}
            Happened::Clock(clock) => run::warn_of_clock(clock, printer),
            Happened::NoVantage {
                vantage,
                looks,
                why,
            } => run::warn_of_vantage(&vantage, looks, &why, printer),
        })
        .await
    });
    // A connection may be in the midst of what a hostile server sends without end; nobody waits for it.
    runtime.shutdown_background();
    drop(progress);
    let outcome = outcome?;
    written?;
    match format {
        Format::Json => out.write_all(if first { b"]\n" } else { b"\n]\n" })?,
        Format::Text if !printer.is_quiet() => write_counts(&outcome, &mut out)?,
        _ => {}
    }
    out.flush()?;
    Ok(Visits {
        outcome,
        matched,
        fine,
    })
}

fn write_visited(
    visited: &Visited,
    format: Format,
    first: &mut bool,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let checked = Checked::new(visited);
    match format {
        Format::Text => {
            writeln!(
                out,
                "{:<18} {}",
                checked.verdict.unwrap_or("put off"),
                one_line(checked.url, 2000)
            )?;
            // What confirms an earlier visit says so, and not what was seen.
            let status = checked.status.filter(|_| checked.confirmed);
            let status = status
                .map(|status| status.to_string())
                .filter(|status| !checked.evidence.iter().any(|says| says.starts_with(status)));
            let evidence = status.as_deref().into_iter();
            let evidence = evidence.chain(checked.evidence.iter().copied());
            let waits = checked.waits_for.zip(checked.waits_until.as_deref());
            let waits = waits.map(|(host, until)| format!("{host} is left alone until {until}"));
            let evidence = evidence.chain(checked.fault).chain(waits.as_deref());
            let evidence = one_line(&evidence.collect::<Vec<_>>().join("; "), 400);
            if !evidence.is_empty() {
                writeln!(out, "{:18} {evidence}", "")?;
            }
            if let Some(to) = checked.moved_to {
                writeln!(out, "{:18} now at {}", "", one_line(to, 2000))?;
            }
            if checked.not_kept == Some("no-room") {
                writeln!(out, "{:18} not kept: there is no room for copies", "")?;
            }
            if checked.kept_by_robots {
                writeln!(
                    out,
                    "{:18} not kept: robots.txt says so (`capture URL` keeps it all the same)",
                    ""
                )?;
            }
        }
        Format::Json => {
            out.write_all(if *first { b"\n" } else { b",\n" })?;
            serde_json::to_writer(&mut *out, &checked)?;
        }
        Format::Jsonl => writeln!(out, "{}", serde_json::to_string(&checked)?)?,
    }
    *first = false;
    // Who watches wants to see each result when it comes.
    out.flush()
}

fn write_counts(outcome: &Outcome, out: &mut impl Write) -> std::io::Result<()> {
    let counted = &outcome.counted;
    let verdicts: Vec<_> = counted
        .verdicts
        .iter()
        .map(|(code, count)| format!("{count} {code}"))
        .collect();
    let was_due = counted.faults + counted.waiting + outcome.left > 0;
    let verdicts = if verdicts.is_empty() && was_due {
        "all were put off".to_owned()
    } else if verdicts.is_empty() {
        "nothing was due".to_owned()
    } else {
        verdicts.join(" · ")
    };
    writeln!(
        out,
        "{} visited in {:.1} s: {verdicts}",
        counted.visits, outcome.seconds
    )?;
    for line in run::not_done(outcome) {
        writeln!(out, "{line}")?;
    }
    if let Some(stopped) = run::stopped(outcome) {
        writeln!(out, "stopped {stopped}")?;
    }
    Ok(())
}

/// What was probably meant by an address without a scheme.
pub(crate) fn scheme_hint(url: &str) -> Option<String> {
    (!url.contains("://")).then(|| {
        format!(
            "an address on the web begins with https:// (https://{} ?)",
            one_line(url, 500)
        )
    })
}
