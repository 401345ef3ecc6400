//! `serve` and `open`: what is kept, in a browser.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde::Serialize;
use sourcekeep::config;
use sourcekeep::config::ServeSettings;
use sourcekeep::run::{InputOptions, Kept};
use sourcekeep::serve::{
    self, Access, AccessLog, Listeners, PORT, Places, ServeError, Ways, copy_path,
};
use sourcekeep::store::{Mode, Store, StoreError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Global;
use super::add;
use super::backup::configured_folder;
use super::context::{self, Setup};
use super::exit::{Exit, Failure};
use super::print::Printer;
use super::show::{canonical, unknown};
use super::signals::{Signal, Signals};
use super::when;

/// Show what is known in a browser: what needs attention, every source and its copies, and what is to be repaired
///
/// Copies are other people's pages: they stand in a frame, come from a second address (another port), run no scripts and ask nobody for
/// anything. What stands above the frame says when a copy was made, and what became of its page. On this machine, everybody may see and
/// change everything; on an address that others can reach, it starts only with a password or a token ([serve] in the configuration).
/// Nothing is asked of the web: what is to be visited or read is left to the next run, or to `watch`.
#[derive(Debug, Args)]
#[command(after_help = "Addresses, as the archives of the web write them:
  /web/20260105080000/https://example.com/a     the copy of that second; of another, the way to the nearest
  /web/2026/https://example.com/a               the way to the copy nearest to that
  /web/*/https://example.com/a                  all copies
  /web/20260105080000id_/https://example.com/a  the bytes as stored (at the second address)

Examples:
  sourcekeep serve
  sourcekeep serve --read-only
  sourcekeep config password        then: sourcekeep serve --listen 0.0.0.0:8627
  sourcekeep serve --listen [::1]:0 --format json")]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    listen: ListenArgs,
    /// Let nobody change anything, whoever they are
    #[arg(long)]
    read_only: bool,
    /// Note each request in this file, a JSON object a line (-: on standard error)
    #[arg(long, value_name = "FILE")]
    access_log: Option<PathBuf>,
    /// How to print the addresses
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Args)]
struct ListenArgs {
    /// Where the pages are; port 0 is any that is free [default: on 127.0.0.1, port 8627; of `open`, any]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where the copies are shown [default: the port after that of the pages]
    #[arg(long, value_name = "ADDRESS:PORT")]
    replay_listen: Option<SocketAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person
    Text,
    /// One JSON object
    Json,
}

/// Show a copy in your browser
///
/// Serves the archive as `serve` does, at a free port, and opens the copy in the browser that BROWSER names, or else the one of your
/// desktop; until Ctrl-C.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep open https://example.com/a
  sourcekeep open https://example.com/a --at 2026-01-31
  sourcekeep open https://example.com/a --no-browser    only print the address")]
pub(crate) struct OpenArgs {
    /// The source
    url: String,
    /// The copy that is nearest to this instant (2026-01-31) [default: the newest]
    #[arg(long, value_name = "WHEN", value_parser = when::instant)]
    at: Option<i64>,
    /// Start no browser, and only print the address
    #[arg(long)]
    no_browser: bool,
    #[command(flatten)]
    listen: ListenArgs,
    /// How to print the addresses
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// Where it is.
#[derive(Serialize)]
struct Addresses {
    ui: String,
    replay: String,
    /// Where both listen, which browsers may call otherwise.
    listening: [SocketAddr; 2],
    /// The copy that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    copy: Option<String>,
}

pub(crate) fn serve(global: &Global, args: &ServeArgs, printer: &Printer) -> Result<Exit, Failure> {
    let (setup, mut ways) = setup(global, printer)?;
    let own = &setup.settings.serve;
    ways.access = Access::of(own);
    ways.access.read_only |= args.read_only;
    if let Some(path) = args.access_log.as_ref().or(own.access_log.as_ref()) {
        let failed = |error| anyhow::anyhow!("{}: {error}", path.display());
        ways.log = Some(AccessLog::open(path).map_err(|error| Failure::failed(failed(error)))?);
    }
    let places = Places {
        at: args.listen.addresses(PORT, own),
        named: [own.url.clone(), own.replay_url.clone()],
    };
    places.check(ways.access.is_guarded())?;
    let store = if ways.access.read_only {
        setup.open_to_read()?
    } else {
        if !setup.db.exists() {
            printer.note(format!("{}: a new archive", setup.db.display()));
        }
        setup.open(Mode::Create, printer)?
    };
    run(&setup, store, ways, places, printer, |listeners| {
        let addresses = Addresses {
            ui: listeners.ui(),
            replay: listeners.replay(),
            listening: listeners.listening(),
            copy: None,
        };
        told(&addresses, args.format, printer)?;
        printer.note(format!(
            "serving {}; Ctrl-C ends it",
            setup.db.to_string_lossy()
        ));
        Ok(())
    })
}

pub(crate) fn open(global: &Global, args: &OpenArgs, printer: &Printer) -> Result<Exit, Failure> {
    let (setup, mut ways) = setup(global, printer)?;
    ways.access.read_only = true;
    let store = setup.open_to_read()?;
    let path = {
        let asked = canonical(&args.url)?;
        let source = store.read("look for a source", |r| r.source_address(&asked))?;
        let Some(source) = source else {
            return Err(unknown(&store, &asked)?);
        };
        let Some(kept) = Kept::nearest(&store, &source, args.at)? else {
            let failure = Failure::failed(anyhow::anyhow!("{source}: there is no copy of it"));
            return Err(failure.with_hint(format!("`sourcekeep capture {source}` makes one")));
        };
        copy_path(kept.capture())
    };
    let places = Places {
        at: args.listen.addresses(0, &ServeSettings::default()),
        named: [None, None],
    };
    run(&setup, store, ways, places, printer, |listeners| {
        let address = format!("{}{}", listeners.ui().trim_end_matches('/'), path);
        let addresses = Addresses {
            ui: listeners.ui(),
            replay: listeners.replay(),
            listening: listeners.listening(),
            copy: Some(address.clone()),
        };
        told(&addresses, args.format, printer)?;
        if !args.no_browser && !start_browser(&address) {
            printer.warning("no browser could be started; open the address above in yours");
            printer.hint("BROWSER names one: BROWSER=firefox sourcekeep open URL");
        }
        printer.note("Ctrl-C ends it");
        Ok(())
    })
}

impl ListenArgs {
    /// Where both are; the port of the pages is this one, where none is named.
    fn addresses(&self, port: u16, own: &ServeSettings) -> [SocketAddr; 2] {
        let ui = self
            .listen
            .or(own.listen)
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], port)));
        let configured = own.replay_listen.filter(|_| self.listen.is_none());
        let replay = self.replay_listen.or(configured).unwrap_or_else(|| {
            // After no port, or the last, comes any.
            let next = match ui.port() {
                0 => 0,
                port => port.wrapping_add(1),
            };
            SocketAddr::new(ui.ip(), next)
        });
        [ui, replay]
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        let hint = error.hint();
        let failure = match error {
            ServeError::Open(_) | ServeError::Mixed => Failure::usage(error),
            ServeError::Bind(..) | ServeError::Random(_) => Failure::failed(error),
        };
        failure.with_hint(hint)
    }
}

/// What the command has to do with, and by what rules the archive is kept.
fn setup(global: &Global, printer: &Printer) -> Result<(Setup, Ways), Failure> {
    let resolved = context::resolved(global, printer)?;
    let settings = config::to_toml(&resolved.in_force());
    let setup = Setup::with(resolved, global)?;
    let ways = Ways {
        policy: setup.policy(),
        intervals: setup.intervals(),
        rules: setup.rules(),
        settings,
        inputs: InputOptions {
            configured: setup.gather.clone(),
            ..InputOptions::default()
        },
        configured: add::configured(&setup, &[], printer)
            .0
            .into_iter()
            .map(|input| input.address)
            .collect(),
        max_bytes: setup.settings.capture.max_bytes,
        backups: Some(configured_folder(&setup)),
        ..Ways::default()
    };
    Ok((setup, ways))
}

/// Serves until a signal ends it. `begin` is called once both are bound.
fn run(
    setup: &Setup,
    store: Store,
    ways: Ways,
    places: Places,
    printer: &Printer,
    begin: impl FnOnce(&Listeners) -> Result<(), Failure>,
) -> Result<Exit, Failure> {
    let store = Arc::new(store);
    let runtime = context::runtime()?;
    let exit = runtime.block_on(async {
        let mut signals = Signals::new()?;
        let listeners = Listeners::bind(places, ways.access.is_guarded())?;
        begin(&listeners)?;
        // What went wrong is told as it comes; where it comes faster than it is told, some of it is enough.
        let (tell, mut told) = mpsc::channel::<String>(16);
        let hear = Box::new(move |error: &StoreError| {
            let _ = tell.try_send(error.to_string());
        });
        let stop = CancellationToken::new();
        let serving = serve::serve(listeners, store, setup.clock, ways, hear, stop.clone());
        tokio::pin!(serving);
        let signal = loop {
            tokio::select! {
                served = &mut serving => {
                    served?;
                    break Signal::Terminate;
                }
                Some(error) = told.recv() => printer.warning(error),
                signal = signals.next() => {
                    if matches!(signal, Signal::Interrupt | Signal::Terminate) {
                        break signal;
                    }
                }
            }
        };
        stop.cancel();
        // A second one does not wait for answers that are under way.
        tokio::select! {
            _ = &mut serving => {}
            _ = signals.next() => {}
        }
        Ok(match signal {
            Signal::Interrupt => Exit::Interrupted,
            _ => Exit::Done,
        })
    });
    runtime.shutdown_background();
    exit
}

fn told(addresses: &Addresses, format: Format, printer: &Printer) -> Result<(), Failure> {
    let mut out = printer.data();
    match (format, &addresses.copy) {
        (Format::Text, Some(copy)) => writeln!(out, "{copy}")?,
        (Format::Text, None) => {
            writeln!(out, "{}", addresses.ui)?;
            writeln!(out, "{} (copies)", addresses.replay)?;
        }
        (Format::Json, _) => {
            serde_json::to_writer(&mut out, addresses)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(())
}

/// Starts the user's browser: one of those that `BROWSER` names, or what the desktop opens addresses with. Whether one started.
fn start_browser(address: &str) -> bool {
    let named = std::env::var("BROWSER").unwrap_or_default();
    let named: Vec<&str> = named
        .split(':')
        .filter(|one| !one.trim().is_empty())
        .collect();
    if !named.is_empty() {
        return named.iter().any(|command| {
            let mut words: Vec<String> = command
                .split_whitespace()
                .map(|word| word.replace("%s", address))
                .collect();
            if !command.contains("%s") {
                words.push(address.to_owned());
            }
            starts(&words)
        });
    }
    let usual: &[&str] = if cfg!(target_os = "macos") {
        &["open"]
    } else if cfg!(windows) {
        &["explorer"]
    } else {
        &["xdg-open", "sensible-browser", "x-www-browser"]
    };
    usual
        .iter()
        .any(|command| starts(&[(*command).to_owned(), address.to_owned()]))
}

fn starts(words: &[String]) -> bool {
    let Some((program, arguments)) = words.split_first() else {
        return false;
    };
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match started {
        Ok(mut child) => {
            // Somebody has to hear that it has ended.
            std::thread::spawn(move || child.wait());
            true
        }
        Err(_) => false,
    }
}
