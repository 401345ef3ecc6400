//! What is kept, in a browser: pages of ours, and copies beside them, which are other people's pages.
//!
//! Two listeners on loopback. One answers with pages of ours; each that shows a copy says above it when it was made, of what, and what
//! became of that. The copy stands in a frame, and comes from the other listener: another origin, from which nothing of the first can be
//! reached, under policies that let it do nothing but be seen. `docs/SECURITY.md` says how.
//!
//! Answering reads the archive and never writes; that is done by threads that may wait, so many at once.

mod access;
mod answer;
mod api;
mod copies;
mod done;
mod feed;
mod listen;
mod metrics;
mod pages;
mod place;
mod replay;
mod view;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::routing::any;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::judge::Rules;
use crate::report::ReportError;
use crate::run::Clock;
use crate::run::Intervals;
use crate::schedule::Policy as Schedule;
use crate::store::{Store, StoreError, WholeCapture};

use access::Who;
use answer::{Answer, Named, Policy};
use listen::Origin;
use place::{Form, When};

pub use listen::Listeners;

/// The port of the pages, where none is named. The copies are shown on the one after it.
pub const PORT: u16 = 8627;

/// So many answers are made at once.
const MOST_READERS: usize = 8;

const STYLE: &str = include_str!("style.css");

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address that others than this machine can reach.
    #[error("{0}: not a loopback address; whoever reaches it could read the whole archive")]
    NotLoopback(SocketAddr),
    /// An address that cannot be had.
    #[error("{0}: {why}", why = why(.1))]
    Bind(SocketAddr, #[source] std::io::Error),
}

impl ServeError {
    /// What can be done about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotLoopback(_) => "use 127.0.0.1 or [::1]",
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
    named: Named,
    /// What copies that are shown ask with for what they need.
    key: String,
    readers: Arc<Semaphore>,
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
}

/// Hears of what went wrong on our side.
pub type Tell = Box<dyn Fn(&StoreError) + Send + Sync>;

/// Serves an archive until it is asked to end. `tell` hears of what went wrong on our side.
pub async fn serve(
    listeners: Listeners,
    store: Arc<Store>,
    clock: Clock,
    ways: Ways,
    tell: Tell,
    stop: CancellationToken,
) {
    let [ui, replay] = listeners.origins;
    let site = Arc::new(Site {
        store,
        clock,
        ui,
        replay,
        named: Named {
            ui: ui.all(),
            replay: replay.all(),
        },
        key: place::new_key(),
        readers: Arc::new(Semaphore::new(MOST_READERS)),
        ways,
        tell,
    });
    let pages = Router::new()
        .route("/", any(answered(Side::Ui, pages::overview)))
        .route("/sources", any(answered(Side::Ui, pages::sources)))
        .route("/sources.csv", any(answered(Side::Ui, pages::sources_csv)))
        .route("/sources/{id}", any(answered(Side::Ui, pages::source)))
        .route(
            "/sources/{id}/compare",
            any(answered(Side::Ui, pages::compare)),
        )
        .route(
            "/sources/{id}/picture",
            any(answered(Side::Ui, pages::picture_of)),
        )
        .route("/sources/{id}/pdf", any(answered(Side::Ui, pages::pdf_of)))
        .route(
            "/sources/{id}/timeline",
            any(answered(Side::Ui, pages::timeline)),
        )
        .route("/sources/{id}/text", any(answered(Side::Ui, pages::text)))
        .route("/posts", any(answered(Side::Ui, pages::posts)))
        .route("/posts/{id}", any(answered(Side::Ui, pages::post)))
        .route("/search", any(answered(Side::Ui, pages::search)))
        .route("/inputs", any(answered(Side::Ui, pages::inputs)))
        .route("/health", any(answered(Side::Ui, pages::health)))
        .route(
            "/api/v1/sources",
            any(answered(Side::Ui, pages::sources_json)),
        )
        .route(
            "/api/v1/sources/{id}",
            any(answered(Side::Ui, pages::source)),
        )
        .route(
            "/api/v1/sources/{id}/compare",
            any(answered(Side::Ui, pages::compare)),
        )
        .route(
            "/api/v1/sources/{id}/text",
            any(answered(Side::Ui, pages::text)),
        )
        .route(
            "/api/v1/sources/{id}/timeline",
            any(answered(Side::Ui, pages::timeline)),
        )
        .route("/api/v1/posts", any(answered(Side::Ui, pages::posts_json)))
        .route("/api/v1/posts/{id}", any(answered(Side::Ui, pages::post)))
        .route("/api/v1/search", any(answered(Side::Ui, pages::search)))
        .route("/api/v1/events", any(answered(Side::Ui, pages::events)))
        .route("/api/v1/inputs", any(answered(Side::Ui, pages::inputs)))
        .route("/api/v1/stats", any(answered(Side::Ui, pages::health)))
        .route("/api/{*rest}", any(answered(Side::Ui, api::nothing)))
        .route("/feed.atom", any(answered(Side::Ui, feed::atom)))
        .route("/metrics", any(answered(Side::Ui, metrics::metrics)))
        .route("/healthz", any(answered(Side::Ui, metrics::healthz)))
        .route("/ui.css", any(answered(Side::Ui, pages::style)))
        .route("/ui.js", any(answered(Side::Ui, pages::script)))
        .route("/favicon.svg", any(answered(Side::Ui, pages::icon)))
        .route("/favicon.ico", any(answered(Side::Ui, pages::icon)))
        .route("/style.css", any(answered(Side::Ui, style)))
        .route("/web/{*place}", any(answered(Side::Ui, view::place)))
        .fallback(answered(Side::Ui, nothing))
        .with_state(Arc::clone(&site));
    let copies = Router::new()
        .route("/style.css", any(answered(Side::Replay, style)))
        .route("/web/{*place}", any(answered(Side::Replay, replay::place)))
        .fallback(answered(Side::Replay, nothing))
        .with_state(site);
    listeners.answer(pages, copies, stop).await;
}

/// Which of the two is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Ui,
    Replay,
}

/// What is asked.
struct Asked {
    /// Who asks.
    who: Who,
    /// The host by which it is asked, with its port.
    host: String,
    /// The path as it stands there, with the query.
    path: String,
    /// It is asked for by a page of another origin, or of none, as copies are in their sandbox.
    is_of_others: bool,
    /// It is to be opened, in a tab or a frame.
    is_opened: bool,
    /// A browser says that it is to be opened so.
    is_navigated: bool,
}

impl Asked {
    /// What stands behind `/web/`.
    fn place(&self) -> &str {
        self.path.strip_prefix("/web/").unwrap_or_default()
    }

    /// The number behind which a list goes on; none for its beginning.
    ///
    /// # Errors
    ///
    /// What is wrong with what stands there.
    fn after(&self) -> Result<Option<i64>, String> {
        let Some(sent) = self.sent("after") else {
            return Ok(None);
        };
        let number = sent.parse();
        number
            .map(Some)
            .map_err(|_| format!("{sent}: no place in a list"))
    }

    /// What a form sent.
    fn sent(&self, name: &str) -> Option<String> {
        let query = self.path.split_once('?')?.1;
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let value = pairs.find_map(|(own, value)| (own == name).then(|| value.into_owned()))?;
        let value = value.trim().to_owned();
        (!value.is_empty()).then_some(value)
    }
}

type Responding = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;
type Make = fn(&Site, &Asked) -> Result<Answer, StoreError>;

/// A handler of requests that `make` answers.
fn answered(
    side: Side,
    make: Make,
) -> impl Fn(State<Arc<Site>>, Request) -> Responding + Clone + Send + Sync + 'static {
    move |State(site), request| Box::pin(respond(site, side, make, request))
}

async fn respond(site: Arc<Site>, side: Side, make: Make, request: Request) -> Response<Body> {
    let (head, _) = request.into_parts();
    let answer = match asked(&site, side, &head) {
        Err(refused) => refused,
        Ok(asked) => {
            let own = Arc::clone(&site);
            // It is held until the answer is made, whether somebody still waits for it or not.
            let room = Arc::clone(&site.readers).acquire_owned().await;
            let made = tokio::task::spawn_blocking(move || {
                let _room = room;
                make(&own, &asked).unwrap_or_else(|error| failed(&own, &error))
            });
            made.await.unwrap_or_else(|_| {
                Answer::words(StatusCode::INTERNAL_SERVER_ERROR, "this cannot be shown")
            })
        }
    };
    answer.to(&head.method, &head.headers, &site.named)
}

/// What a request asks for; or why it is not answered.
fn asked(site: &Site, side: Side, head: &axum::http::request::Parts) -> Result<Asked, Answer> {
    let own = match side {
        Side::Ui => site.ui,
        Side::Replay => site.replay,
    };
    let host = host(&head.headers).unwrap_or_default();
    let authority = head.uri.authority().map(|authority| authority.as_str());
    if !own.is(host) || authority.is_some_and(|authority| !own.is(authority)) {
        let words = "this is asked by a name that is not its own";
        return Err(Answer::words(StatusCode::MISDIRECTED_REQUEST, words));
    }
    if head.method != Method::GET && head.method != Method::HEAD {
        let words = "this can only be read";
        return Err(Answer::words(StatusCode::METHOD_NOT_ALLOWED, words));
    }
    if side == Side::Ui && host.starts_with('[') {
        // What a page may show in a frame cannot be said by such a number.
        let path = head.uri.path_and_query().map(|path| path.as_str());
        return Err(Answer::elsewhere(own.told() + path.unwrap_or("/")));
    }
    // Nothing that is kept may answer in our place.
    if head.headers.contains_key("service-worker") {
        return Err(Answer::words(StatusCode::FORBIDDEN, "no service workers"));
    }
    let path = head.uri.path_and_query().map(|path| path.as_str());
    // (What is no browser says nothing of this.)
    let says = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let is_of_others =
        says("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let mode = says("sec-fetch-mode");
    let is_opened = mode.is_none_or(|mode| mode == "navigate");
    if side == Side::Ui && is_of_others && !is_opened {
        let words = "no other page may ask for this";
        return Err(Answer::words(StatusCode::FORBIDDEN, words));
    }
    Ok(Asked {
        who: Who {
            may_write: false,
            is_logged_in: false,
            csrf: String::new(),
        },
        host: host.to_owned(),
        path: path.unwrap_or("/").to_owned(),
        is_of_others,
        is_opened,
        is_navigated: mode == Some("navigate"),
    })
}

/// What a report says, where the archive could be read.
fn stored<T>(made: Result<T, ReportError>) -> Result<T, StoreError> {
    made.map_err(|error| match error {
        ReportError::Store(error) => error,
        // Reports are written to files; pages are not.
        _ => unreachable!("nothing was written"),
    })
}

/// The host that a request names, once.
fn host(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(HOST).iter();
    let host = all.next()?.to_str().ok()?;
    all.next().is_none().then_some(host)
}

fn failed(site: &Site, error: &StoreError) -> Answer {
    (site.tell)(error);
    let words = "the archive could not be read; the terminal says why";
    Answer::words(StatusCode::INTERNAL_SERVER_ERROR, words)
}

#[expect(clippy::unnecessary_wraps, reason = "as all that makes an answer")]
fn style(_: &Site, _: &Asked) -> Result<Answer, StoreError> {
    Ok(Answer::of(Policy::Piece, "text/css; charset=utf-8", STYLE))
}

#[expect(clippy::unnecessary_wraps, reason = "as all that makes an answer")]
fn nothing(_: &Site, _: &Asked) -> Result<Answer, StoreError> {
    Ok(Answer::words(
        StatusCode::NOT_FOUND,
        "there is nothing here",
    ))
}
