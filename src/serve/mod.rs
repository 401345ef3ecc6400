//! What is kept, in a browser: pages of ours, and copies beside them, which are other people's pages.
//!
//! Two listeners. One answers with pages of ours; each that shows a copy says above it when it was made, of what, and what
//! became of that. The copy stands in a frame, and comes from the other listener: another origin, from which nothing of the first can be
//! reached, under policies that let it do nothing but be seen. `docs/SECURITY.md` says how.
//!
//! A request is answered in one way: is it asked by a name of ours (`names`), who asks (`access`), what do they send (`body`); then a
//! page reads the archive (`pages`, `view`, `replay`), or what was sent is done (`acts`). Both are done by threads that may wait, so
//! many at once.

mod access;
mod acts;
mod answer;
mod api;
mod body;
mod copies;
mod done;
mod entry;
mod feed;
mod listen;
mod log;
mod looked;
mod metrics;
mod names;
mod pages;
mod patience;
mod peers;
mod place;
mod progress;
mod replay;
mod request;
mod routes;
mod unsent;
mod view;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::http::StatusCode;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::judge::Rules;
use crate::report::{ReportError, look};
use crate::run::Clock;
use crate::run::{InputOptions, Intervals};
use crate::schedule::Policy as Schedule;
use crate::store::{Store, StoreError, WholeCapture};

use access::Door;
use answer::{Answer, Policy};
use body::Files;
use names::Origin;
use place::{Form, When};
use progress::Live;
use request::{Asked, number_in};
use unsent::Unsent;

pub use access::Access;
pub use listen::{Limits, Listeners, Places};
pub use log::AccessLog;

/// The port of the pages, where none is named. The copies are shown on the one after it.
pub const PORT: u16 = 8627;

/// So many answers are made at once.
const MOST_READERS: usize = 8;

const STYLE: &str = include_str!("style.css");

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address that others than this machine can reach, and nothing that keeps them out.
    #[error(
        "{0}: not a loopback address, and no password and no token; whoever reaches it could read and change the whole archive"
    )]
    Open(SocketAddr),
    /// Pages over TLS, and copies without: browsers would not show them.
    #[error("serve.url has https, and the copies have no name with https")]
    Mixed,
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers: {0}")]
    Random(#[source] std::io::Error),
    /// An address that cannot be had.
    #[error("{0}: {why}", why = why(.1))]
    Bind(SocketAddr, #[source] std::io::Error),
}

impl ServeError {
    /// What can be done about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Open(_) => {
                "`sourcekeep config password` makes a password for [serve]; or use 127.0.0.1"
            }
            Self::Mixed => "name them with serve.replay_url",
            Self::Random(_) => "there is nothing that you could do here",
            Self::Bind(_, error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                "another program listens there, perhaps another `serve`; `--listen 127.0.0.1:0` takes any free port"
            }
            Self::Bind(..) => "`--listen 127.0.0.1:0` takes any free port",
        }
    }
}

fn why(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => "taken already".to_owned(),
        _ => error.to_string(),
    }
}

/// The path at which a copy is shown, on the listener of the pages.
pub fn copy_path(capture: &WholeCapture) -> String {
    When::copy(capture.at, capture.id).path(Form::Shown, &capture.source)
}

/// What answers are made of.
struct Site {
    store: Arc<Store>,
    clock: Clock,
    ui: Origin,
    replay: Origin,
    door: Door,
    readers: Arc<Semaphore>,
    unsent: Unsent,
    files: Files,
    live: Live,
    ways: Ways,
    tell: Tell,
}

/// By what rules the archive is kept, as far as pages say why something is as it is.
#[derive(Debug, Default)]
pub struct Ways {
    /// When a source is dead, and when it is visited next.
    pub policy: Schedule,
    /// The longest intervals that are not the same for all.
    pub intervals: Intervals,
    /// The user's rules of judgement; none where there are only those of the program.
    pub rules: Option<Arc<Rules>>,
    /// The configuration in force, as TOML; secrets are hidden.
    pub settings: String,
    /// How an input is read that somebody adds.
    pub inputs: InputOptions,
    /// The size beyond which no copies are kept, in bytes.
    pub max_bytes: Option<u64>,
    /// The folder that backups are put in.
    pub backups: Option<PathBuf>,
    /// The inputs that stand in the configuration.
    pub configured: BTreeSet<String>,
    /// Who may see what is served, and change it.
    pub access: Access,
    /// Where requests are noted.
    pub log: Option<AccessLog>,
}

/// Hears of what went wrong on our side.
pub type Tell = Box<dyn Fn(&StoreError) + Send + Sync>;

/// Serves an archive until it is asked to end. `tell` hears of what went wrong on our side.
///
/// # Errors
///
/// Where the operating system gives no random numbers.
pub async fn serve(
    listeners: Listeners,
    store: Arc<Store>,
    clock: Clock,
    mut ways: Ways,
    tell: Tell,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let [ui, replay] = listeners.origins.clone();
    let site = Arc::new(Site {
        store,
        clock,
        ui,
        replay,
        door: Door::new(std::mem::take(&mut ways.access)).map_err(ServeError::Random)?,
        readers: Arc::new(Semaphore::new(MOST_READERS)),
        unsent: Unsent::new(),
        files: Files::default(),
        live: Live::new(stop.clone()),
        ways,
        tell,
    });
    let looking = progress::look(Arc::clone(&site));
    let (pages, copies) = routes::both(site);
    tokio::join!(listeners.answer(pages, copies, stop), looking);
    Ok(())
}

/// What a report says, where the archive could be read.
fn stored<T>(made: Result<T, ReportError>) -> Result<T, StoreError> {
    made.map_err(|error| match error {
        ReportError::Store(error) => error,
        // (What is written to memory alone does not fail.)
        other => StoreError::Stopped(other.to_string()),
    })
}

fn failed(site: &Site, error: &StoreError) -> Answer {
    (site.tell)(error);
    let words = "the archive could not be read; the terminal says why";
    Answer::words(StatusCode::INTERNAL_SERVER_ERROR, words)
}

#[expect(clippy::unnecessary_wraps, reason = "as all that makes an answer")]
fn style(_: &Site, _: &Asked) -> Result<Answer, StoreError> {
    Ok(Answer::of(
        Policy::Piece,
        "text/css; charset=utf-8",
        [look::BASE, STYLE].concat(),
    ))
}

#[expect(clippy::unnecessary_wraps, reason = "as all that makes an answer")]
fn nothing(_: &Site, _: &Asked) -> Result<Answer, StoreError> {
    Ok(Answer::words(
        StatusCode::NOT_FOUND,
        "there is nothing here",
    ))
}
