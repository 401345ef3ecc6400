//! The command line, a contract that scripts rely on: one file per subcommand, and nothing here that the library could
//! do.

mod add;
mod backup;
mod by_hand;
mod capture;
mod check;
mod compact;
mod config;
mod context;
mod demo;
mod diff;
mod doctor;
mod exit;
mod explain;
mod export;
mod heartbeat;
mod hold;
mod import;
mod inputs;
mod links;
mod mark;
mod memory;
mod print;
mod progress;
mod prune;
mod quote;
mod read_pdf;
mod rejudge;
mod remove;
mod repair;
mod report;
mod run;
mod schedule;
mod search;
mod selected;
mod serve;
mod show;
mod signals;
mod stats;
mod told;
mod verify;
mod watch;

use sourcekeep::report::when;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use sourcekeep::config::{ByteSize, Rendering};

use exit::{Exit, Failure};
use print::Printer;

/// Keep the sources that your posts cite.
///
/// Point it at pages, feeds, files or folders: it gathers every outbound link, keeps a copy of each cited source in one
/// SQLite file, visits each again on a schedule, and says honestly what became of it.
#[derive(Debug, Parser)]
#[command(
    name = "sourcekeep",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done; 1 done, and --fail-on matched; 2 usage; 3 sourcekeep failed, or an input could \
                  not be read; 4 another run holds the file; 5 done, but the run is suspect; 130 interrupted."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::RunArgs),
    Add(add::AddArgs),
    Remove(remove::RemoveArgs),
    Inputs(inputs::InputsArgs),
    Links(links::LinksArgs),
    Check(check::CheckArgs),
    Capture(capture::CaptureArgs),
    Report(report::ReportArgs),
    Show(show::ShowArgs),
    Explain(explain::ExplainArgs),
    Search(search::SearchArgs),
    Diff(diff::DiffArgs),
    Open(serve::OpenArgs),
    Serve(serve::ServeArgs),
    Quote(quote::QuoteArgs),
    Rejudge(rejudge::RejudgeArgs),
    Repair(repair::RepairArgs),
    Mark(mark::MarkArgs),
    Config(config::ConfigArgs),
    Watch(watch::WatchArgs),
    Schedule(schedule::ScheduleArgs),
    Hold(hold::HoldArgs),
    Prune(prune::PruneArgs),
    Compact(compact::CompactArgs),
    Reindex(search::ReindexArgs),
    Verify(verify::VerifyArgs),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Backup(backup::BackupArgs),
    Stats(stats::StatsArgs),
    Doctor(doctor::DoctorArgs),
    Demo(demo::DemoArgs),
    #[command(hide = true, name = sourcekeep::run::PDF_COMMAND)]
    ReadPdf,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
struct Global {
    /// The archive [default: sourcekeep.db in the working folder]
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "SOURCEKEEP_DB",
        help_heading = "Global options"
    )]
    db: Option<PathBuf>,
    /// The configuration [default: sourcekeep.toml in the working folder, if there is one]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SOURCEKEEP_CONFIG",
        help_heading = "Global options"
    )]
    config: Option<PathBuf>,
    /// Evaluate the whole command as of this instant (RFC 3339); an archive written so is marked simulated
    #[arg(long, global = true, value_name = "INSTANT", value_parser = when::instant, help_heading = "Global options")]
    now: Option<i64>,
    /// Print nothing but data and errors
    #[arg(
        long,
        short,
        global = true,
        conflicts_with = "verbose",
        help_heading = "Global options"
    )]
    quiet: bool,
    /// Say more of what is going on
    #[arg(long, short, global = true, help_heading = "Global options")]
    verbose: bool,
    /// When to use colour
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Global options"
    )]
    color: Colour,
    #[command(flatten)]
    fetch: FetchArgs,
    #[command(flatten)]
    room: RoomArgs,
}

/// How much room copies may take.
#[derive(Debug, Clone, Args)]
struct RoomArgs {
    /// Keep pages without what they need to be shown: style sheets, pictures, fonts, frames, scripts
    #[arg(long, global = true, help_heading = "Storing")]
    no_requisites: bool,
    /// Keep with a page the data that it offers: CSV, JSON, XLSX, PDF and the like, of its own site
    #[arg(long, global = true, help_heading = "Storing")]
    with_downloads: bool,
    /// Keep with each page what headless Chromium shows of it (always); without it, only pages that are an empty shell
    /// until a script fills them are rendered (shells)
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "always",
        help_heading = "Storing"
    )]
    browser: Option<Rendering>,
    /// Keep no more copies once the archive has this size (500MB, 2GiB); visits go on [default: no limit]
    #[arg(long, global = true, value_name = "SIZE", help_heading = "Storing")]
    max_bytes: Option<ByteSize>,
    /// Keep no more copies while less than this is free on the archive's disk; visits go on [default: 256MiB]
    #[arg(long, global = true, value_name = "SIZE", help_heading = "Storing")]
    min_free: Option<ByteSize>,
}

/// Options of everything that fetches.
#[derive(Debug, Clone, Args)]
struct FetchArgs {
    /// Allow addresses in this range although they are not public; repeatable
    #[arg(long, global = true, value_name = "CIDR", help_heading = "Fetching")]
    allow_private: Vec<IpNet>,
    /// Use this address for a host instead of asking name servers (HOST may be *); repeatable
    #[arg(
        long,
        global = true,
        value_name = "HOST=ADDR[:PORT]",
        help_heading = "Fetching"
    )]
    resolve: Vec<String>,
    // The variable is read elsewhere, so that clap prints no password of it.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help = "Fetch through this proxy (http, https, socks5) [env: SOURCEKEEP_PROXY]",
        help_heading = "Fetching"
    )]
    proxy: Option<String>,
    /// Trust the certificate authorities in this PEM file too
    #[arg(long, global = true, value_name = "FILE", help_heading = "Fetching")]
    ca_cert: Option<PathBuf>,
    /// The User-Agent to send [default: sourcekeep's own, with its contact address]
    #[arg(long, global = true, value_name = "TEXT", help_heading = "Fetching")]
    user_agent: Option<String>,
    /// Requests under way at once [default: 64]
    #[arg(long, global = true, value_name = "N", help_heading = "Fetching")]
    concurrency: Option<usize>,
    /// Requests under way at once to one host [default: 2]
    #[arg(long, global = true, value_name = "N", help_heading = "Fetching")]
    host_concurrency: Option<usize>,
    /// Milliseconds between two requests to one host [default: 1000]
    #[arg(long, global = true, value_name = "MS", help_heading = "Fetching")]
    host_delay: Option<u64>,
}

impl Global {
    /// Whether something was said about how to fetch or what to store.
    fn says_how_to_fetch(&self) -> bool {
        let FetchArgs {
            allow_private,
            resolve,
            proxy,
            ca_cert,
            user_agent,
            concurrency,
            host_concurrency,
            host_delay,
        } = &self.fetch;
        !allow_private.is_empty()
            || !resolve.is_empty()
            || proxy.is_some()
            || ca_cert.is_some()
            || user_agent.is_some()
            || concurrency.is_some()
            || host_concurrency.is_some()
            || host_delay.is_some()
            || self.room.no_requisites
            || self.room.with_downloads
            || self.room.browser.is_some()
            || self.room.max_bytes.is_some()
            || self.room.min_free.is_some()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

/// Parses the command line, runs it, prints what went wrong, gives the exit code.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    signals::outlive_limits();
    let printer = Printer::new(cli.global.quiet, cli.global.verbose, cli.global.color);
    let exit = match dispatch(cli, &printer) {
        Ok(exit) => exit,
        Err(failure) if failure.is_broken_pipe() => Exit::Done,
        Err(failure) => {
            printer.failure(&failure);
            failure.exit
        }
    };
    exit.into()
}

fn dispatch(cli: Cli, printer: &Printer) -> Result<Exit, Failure> {
    let Cli { global, command } = cli;
    match command {
        Command::Run(args) => run::run(&global, &args, printer),
        Command::Add(args) => add::add(&global, &args, printer),
        Command::Remove(args) => remove::remove(&global, &args, printer),
        Command::Inputs(args) => inputs::inputs(&global, &args, printer),
        Command::Links(args) => links::links(&global, &args, printer),
        Command::Check(args) => check::check(&global, &args, printer),
        Command::Capture(args) => capture::capture(&global, &args, printer),
        Command::Report(args) => report::report(&global, &args, printer),
        Command::Show(args) => show::show(&global, &args, printer),
        Command::Search(args) => search::search(&global, &args, printer),
        Command::Diff(args) => diff::diff(&global, &args, printer),
        Command::Open(args) => serve::open(&global, &args, printer),
        Command::Serve(args) => serve::serve(&global, &args, printer),
        Command::Explain(args) => explain::explain(&global, &args, printer),
        Command::Quote(args) => quote::quote(&global, &args, printer),
        Command::Rejudge(args) => rejudge::rejudge(&global, &args, printer),
        Command::Repair(args) => repair::repair(&global, &args, printer),
        Command::Mark(args) => mark::mark(&global, &args, printer),
        Command::Config(args) => config::config(&global, &args, printer),
        Command::Watch(args) => watch::watch(&global, &args, printer),
        Command::Schedule(args) => schedule::schedule(&global, &args, printer),
        Command::Hold(args) => hold::hold(&global, &args, printer),
        Command::Prune(args) => prune::prune(&global, &args, printer),
        Command::Compact(args) => compact::compact(&global, &args, printer),
        Command::Reindex(args) => search::reindex(&global, &args, printer),
        Command::Verify(args) => verify::verify(&global, &args, printer),
        Command::Import(args) => import::import_files(&global, &args, printer),
        Command::Export(args) => export::export_as(&global, &args, printer),
        Command::Backup(args) => backup::backup(&global, &args, printer),
        Command::Stats(args) => stats::stats(&global, &args, printer),
        Command::Doctor(args) => doctor::doctor(&global, &args, printer),
        Command::Demo(args) => demo::demo(&args, printer),
        Command::ReadPdf => read_pdf::read_pdf(printer),
    }
}
