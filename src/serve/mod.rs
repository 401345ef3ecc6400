//! What is kept, in a browser: pages of ours, and copies beside them, which are other people's pages.
//!
//! Two listeners. One answers with pages of ours; each that shows a copy says above it when it was made, of what, and what
//! became of that. The copy stands in a frame, and comes from the other listener: another origin, from which nothing of the first can be
//! reached, under policies that let it do nothing but be seen. `docs/SECURITY.md` says how.
//!
//! A request is answered in one way: is it asked by a name of ours ([`names`]), who asks ([`access`]), what do they send ([`body`]); then a
//! page reads the archive ([`pages`], [`view`], [`replay`]), or what was sent is done ([`acts`]). Both are done by threads that may wait, so
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
mod unsent;
mod view;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{HOST, HeaderName, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::routing::any;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::judge::Rules;
use crate::report::{ReportError, look, one_line};
use crate::run::Clock;
use crate::run::{InputOptions, Intervals};
use crate::schedule::Policy as Schedule;
use crate::store::{Store, StoreError, WholeCapture};

use access::{Door, Who};
use acts::Act;
use answer::{Answer, Named, Policy};
use body::{Files, Takes};
use listen::Peer;
use names::Origin;
use place::{Form, Place, When};
use progress::Live;
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
    let pages = Router::new()
        .route("/", any(answered(Side::Ui, pages::overview)))
        .route(
            "/sources",
            any(either(pages::sources, acts::sources::change)),
        )
        .route(
            "/sources/{id}/takedown",
            any(either(pages::source_of, acts::source::take_down)),
        )
        .route(
            "/sources/{id}/copy",
            any(with_file(pages::source_of, acts::copies::keep)),
        )
        .route(
            "/posts/{id}/check",
            any(either(pages::post_of, acts::posts::read_again)),
        )
        .route(
            "/repairs",
            any(either(pages::repairs, acts::repairs::change)),
        )
        .route("/repairs/decided", any(answered(Side::Ui, pages::decided)))
        .route(
            "/decisions.csv",
            any(answered(Side::Ui, pages::decided_csv)),
        )
        .route(
            "/api/v1/repairs",
            any(either(pages::repairs_json, acts::repairs::change)),
        )
        .route(
            "/api/v1/decisions",
            any(either(pages::decided, acts::repairs::change)),
        )
        .route(
            "/api/v1/sources/{id}/takedown",
            any(either(pages::source_of, acts::source::take_down)),
        )
        .route(
            "/api/v1/sources/{id}/copy",
            any(with_file(pages::source_of, acts::copies::keep)),
        )
        .route(
            "/api/v1/posts/{id}/check",
            any(either(pages::post_of, acts::posts::read_again)),
        )
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
        .route("/inputs", any(either(pages::inputs, acts::inputs::change)))
        .route("/login", any(entry::login))
        .route("/logout", any(entry::logout))
        .route("/health", any(answered(Side::Ui, pages::health)))
        .route(
            "/api/v1/sources",
            any(either(pages::sources_json, acts::sources::change)),
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
        .route(
            "/api/v1/inputs",
            any(either(pages::inputs, acts::inputs::change)),
        )
        .route("/api/v1/stats", any(answered(Side::Ui, pages::health)))
        .route("/api/v1/news", any(answered(Side::Ui, looked::news)))
        .route("/api/v1/runs", any(answered(Side::Ui, progress::runs)))
        .route("/events", any(progress::events))
        .route("/api/{*rest}", any(answered(Side::Ui, api::nothing)))
        .route("/feed.atom", any(answered(Side::Ui, feed::atom)))
        .route("/metrics", any(answered(Side::Ui, metrics::metrics)))
        .route("/healthz", any(public(Side::Ui, metrics::healthz)))
        .route("/ui.css", any(public(Side::Ui, pages::style)))
        .route("/ui.js", any(public(Side::Ui, pages::script)))
        .route("/favicon.svg", any(public(Side::Ui, pages::icon)))
        .route("/favicon.ico", any(public(Side::Ui, pages::icon)))
        .route("/style.css", any(public(Side::Ui, style)))
        .route("/web/{*place}", any(answered(Side::Ui, view::place)))
        .fallback(answered(Side::Ui, nothing))
        .with_state(Arc::clone(&site));
    let copies = Router::new()
        .route("/style.css", any(public(Side::Replay, style)))
        .route("/web/{*place}", any(answered(Side::Replay, replay::place)))
        .fallback(answered(Side::Replay, nothing))
        .with_state(site);
    tokio::join!(listeners.answer(pages, copies, stop), looking);
    Ok(())
}

/// Which of the two is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Ui,
    Replay,
}

/// What is asked.
struct Asked {
    /// Who asks. Nothing is answered to who may not see it.
    who: Who,
    /// The host by which it is asked, with its port.
    host: String,
    /// The path as it stands there, with the query.
    path: String,
    /// It has a key that only a copy that is shown has.
    has_key: bool,
    /// What the browser remembers, as it was sent.
    cookies: String,
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

/// What a path answers.
#[derive(Clone, Copy)]
struct Way {
    side: Side,
    make: Make,
    /// What is done with what is sent there.
    act: Option<Act>,
    /// What may be sent there.
    takes: Takes,
    /// Whether it is answered to everybody.
    is_public: bool,
}

impl Way {
    /// One that only reads, for those who may see what is served.
    fn read(side: Side, make: Make) -> Self {
        Self {
            side,
            make,
            act: None,
            takes: Takes::Fields,
            is_public: false,
        }
    }

    fn handler(
        self,
    ) -> impl Fn(State<Arc<Site>>, Request) -> Responding + Clone + Send + Sync + 'static {
        move |State(site), request| Box::pin(respond(site, self, request))
    }
}

/// A handler of requests that `make` answers.
fn answered(
    side: Side,
    make: Make,
) -> impl Fn(State<Arc<Site>>, Request) -> Responding + Clone + Send + Sync + 'static {
    Way::read(side, make).handler()
}

/// The same, for everybody, whoever they are.
fn public(
    side: Side,
    make: Make,
) -> impl Fn(State<Arc<Site>>, Request) -> Responding + Clone + Send + Sync + 'static {
    Way {
        is_public: true,
        ..Way::read(side, make)
    }
    .handler()
}

/// A handler of requests of the pages' listener: `make` answers those that only read, and `act` does what is sent.
fn either(
    make: Make,
    act: Act,
) -> impl Fn(State<Arc<Site>>, Request) -> Responding + Clone + Send + Sync + 'static {
    Way {
        act: Some(act),
        ..Way::read(Side::Ui, make)
    }
    .handler()
}

/// The same where a file may be sent.
fn with_file(
    make: Make,
    act: Act,
) -> impl Fn(State<Arc<Site>>, Request) -> Responding + Clone + Send + Sync + 'static {
    Way {
        act: Some(act),
        takes: Takes::File,
        ..Way::read(Side::Ui, make)
    }
    .handler()
}

async fn respond(site: Arc<Site>, way: Way, request: Request) -> Response<Body> {
    let begun = Instant::now();
    let (head, body) = request.into_parts();
    let (who, answer) = match asked(&site, way, &head) {
        Err(refused) => (None, refused),
        Ok(asked) => {
            let who = Some(asked.who.name.clone());
            (who, answer(&site, way, &head, asked, body).await)
        }
    };
    let response = answer.to(&head.method, &head.headers, &named(&site, way.side, &head));
    note(&site, way.side, &head, who, &response, begun);
    response
}

async fn answer(site: &Arc<Site>, way: Way, head: &Parts, asked: Asked, body: Body) -> Answer {
    let sent = match (way.act, &head.method) {
        // What would not be done is not read.
        (Some(_), &Method::POST) if !asked.who.may_write => {
            return acts::not_allowed(site, &asked, body::is_json(&head.headers));
        }
        (Some(act), &Method::POST) => {
            match body::read(&head.headers, body, way.takes, &site.files).await {
                Ok(sent) => Some((act, sent)),
                Err(refused) => return refused,
            }
        }
        _ => None,
    };
    // It is held until the answer is made, whether somebody still waits for it or not.
    let room = Arc::clone(&site.readers).acquire_owned().await;
    let site = Arc::clone(site);
    let made = tokio::task::spawn_blocking(move || {
        let _room = room;
        let answer = match sent {
            Some((act, sent)) => acts::act(&site, &asked, act, &sent),
            None => (way.make)(&site, &asked).unwrap_or_else(|error| failed(&site, &error)),
        };
        site.unsent.hold(answer)
    });
    made.await.unwrap_or_else(|_| {
        Answer::words(StatusCode::INTERNAL_SERVER_ERROR, "this cannot be shown")
    })
}

/// What the two are called by who asks, as policies name them.
fn named(site: &Site, side: Side, head: &Parts) -> Named {
    let host = host(&head.headers).unwrap_or_default();
    let (own, other) = match side {
        Side::Ui => (&site.ui, &site.replay),
        Side::Replay => (&site.replay, &site.ui),
    };
    if !own.is(host) {
        return Named::default();
    }
    let (own, other) = (own.called(host), other.beside(own, host));
    match side {
        Side::Ui => Named {
            ui: own,
            replay: other,
        },
        Side::Replay => Named {
            ui: other,
            replay: own,
        },
    }
}

/// Notes a request that was answered.
fn note(
    site: &Site,
    side: Side,
    head: &Parts,
    who: Option<String>,
    response: &Response<Body>,
    begun: Instant,
) {
    use axum::body::HttpBody as _;
    let Some(log) = &site.ways.log else {
        return;
    };
    let says = |name: HeaderName| head.headers.get(name).and_then(|value| value.to_str().ok());
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    log.note(log::Line {
        at: log::at(site.clock.now()),
        peer: head.extensions.get::<Peer>().map(|peer| peer.0),
        who,
        listener: match side {
            Side::Ui => "pages",
            Side::Replay => "copies",
        },
        host: one_line(says(HOST).unwrap_or_default(), 200),
        method: one_line(head.method.as_str(), 20),
        path: log::without_keys(path),
        status: response.status().as_u16(),
        bytes: response.body().size_hint().exact().unwrap_or(0),
        ms: (begun.elapsed().as_secs_f64() * 1e4).round() / 10.0,
        user_agent: says(USER_AGENT).map(|agent| one_line(agent, 300)),
        left_out: 0,
    });
}

/// What a request asks for; or why it is not answered.
fn asked(site: &Site, way: Way, head: &Parts) -> Result<Asked, Answer> {
    let own = match way.side {
        Side::Ui => &site.ui,
        Side::Replay => &site.replay,
    };
    let host = host(&head.headers).unwrap_or_default();
    let authority = head.uri.authority().map(|authority| authority.as_str());
    if !own.is(host) || authority.is_some_and(|authority| !own.is(authority)) {
        let words = "this is asked by a name that is not its own";
        return Err(Answer::words(StatusCode::MISDIRECTED_REQUEST, words));
    }
    let is_read = head.method == Method::GET || head.method == Method::HEAD;
    let is_sent = head.method == Method::POST && way.act.is_some();
    if !is_read && !is_sent {
        let words = if way.act.is_some() {
            "this can be read, or sent something to"
        } else {
            "this can only be read"
        };
        let mut refused = Answer::words(StatusCode::METHOD_NOT_ALLOWED, words);
        refused.takes_forms = way.act.is_some();
        return Err(refused);
    }
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    if way.side == Side::Ui && host.starts_with('[') {
        // What a page may show in a frame cannot be said by such a number.
        let told = own.told();
        return Err(if told.contains('[') {
            let words = "browsers need a name for this: set serve.url and serve.replay_url";
            Answer::words(StatusCode::MISDIRECTED_REQUEST, words)
        } else {
            Answer::elsewhere(told + path)
        });
    }
    // Nothing that is kept may answer in our place.
    if head.headers.contains_key("service-worker") {
        return Err(Answer::words(StatusCode::FORBIDDEN, "no service workers"));
    }
    // (What is no browser says nothing of this.)
    let says = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let is_of_others =
        says("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let mode = says("sec-fetch-mode");
    let is_opened = mode.is_none_or(|mode| mode == "navigate");
    let other_page = says("origin").is_some_and(|origin| origin != own.called(host));
    if way.side == Side::Ui
        && (is_of_others && !is_opened || is_sent && (is_of_others || other_page))
    {
        let words = "no other page may ask for this";
        return Err(Answer::words(StatusCode::FORBIDDEN, words));
    }
    let key = match way.side {
        Side::Ui => None,
        Side::Replay => path
            .strip_prefix("/web/")
            .and_then(Place::parse)
            .and_then(|place| place.key),
    };
    let now = Instant::now();
    let by_key = key.and_then(|key| site.door.who_by_key(&key, now));
    let has_key = by_key.is_some();
    let who = by_key.or_else(|| site.door.who(&head.headers, now));
    let who = match who {
        Some(who) => who,
        None if way.is_public => Who::nobody(),
        None => return Err(entry::outside(site, way.side, host, path)),
    };
    Ok(Asked {
        who,
        host: host.to_owned(),
        path: path.to_owned(),
        has_key,
        cookies: says("cookie").unwrap_or_default().to_owned(),
        is_of_others,
        is_opened,
        is_navigated: mode == Some("navigate"),
    })
}

/// The number that stands in this place of a path: that of `/sources/5/copy` in the second. Of `/api/v1`, what follows counts.
fn number_in(asked: &Asked, place: usize) -> Option<i64> {
    let path = asked.path.split('?').next()?;
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let part = path.split('/').nth(place)?;
    let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    part.parse().ok().filter(|_| is_number)
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
