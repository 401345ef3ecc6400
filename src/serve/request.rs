//! A request: what it asks for and who asks, and how it is answered.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{HOST, HeaderName, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response, StatusCode};

use super::access::Who;
use super::acts::{self, Act};
use super::answer::{Answer, Named};
use super::body::Takes;
use super::listen::Peer;
use super::place::Place;
use super::{Site, body, entry, failed, log, pages};
use crate::report::one_line;
use crate::store::StoreError;

/// Which of the two is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Ui,
    Replay,
}

/// What is asked.
#[expect(
    clippy::struct_excessive_bools,
    reason = "what a browser says of a request, each independent of the others"
)]
pub(super) struct Asked {
    /// Who asks. Nothing is answered to who may not see it.
    pub(super) who: Who,
    /// The host by which it is asked, with its port.
    pub(super) host: String,
    /// The path as it stands there, with the query.
    pub(super) path: String,
    /// It has a key that only a copy that is shown has.
    pub(super) has_key: bool,
    /// What the browser remembers, as it was sent.
    pub(super) cookies: String,
    /// It is asked for by a page of another origin, or of none, as copies are in their sandbox.
    pub(super) is_of_others: bool,
    /// It is to be opened, in a tab or a frame.
    pub(super) is_opened: bool,
    /// A browser says that it is to be opened so.
    pub(super) is_navigated: bool,
}

impl Asked {
    /// What stands behind `/web/`.
    pub(super) fn place(&self) -> &str {
        self.path.strip_prefix("/web/").unwrap_or_default()
    }

    /// The number behind which a list goes on; none for its beginning.
    ///
    /// # Errors
    ///
    /// What is wrong with what stands there.
    pub(super) fn after(&self) -> Result<Option<i64>, String> {
        let Some(sent) = self.sent("after") else {
            return Ok(None);
        };
        let number = sent.parse();
        number
            .map(Some)
            .map_err(|_| format!("{sent}: no place in a list"))
    }

    /// What a form sent.
    pub(super) fn sent(&self, name: &str) -> Option<String> {
        let query = self.path.split_once('?')?.1;
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let value = pairs.find_map(|(own, value)| (own == name).then(|| value.into_owned()))?;
        let value = value.trim().to_owned();
        (!value.is_empty()).then_some(value)
    }
}

pub(super) type Responding = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;
pub(super) type Make = fn(&Site, &Asked) -> Result<Answer, StoreError>;

/// What a path answers.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) side: Side,
    pub(super) make: Make,
    /// What is done with what is sent there.
    pub(super) act: Option<Act>,
    /// What may be sent there.
    pub(super) takes: Takes,
    /// Whether it is answered to everybody.
    pub(super) is_public: bool,
}

impl Way {
    /// One that only reads, for those who may see what is served.
    pub(super) fn read(side: Side, make: Make) -> Self {
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
pub(super) fn answered(
    side: Side,
    make: Make,
) -> impl Fn(State<Arc<Site>>, Request) -> Responding + Clone + Send + Sync + 'static {
    Way::read(side, make).handler()
}

/// The same, for everybody, whoever they are.
pub(super) fn public(
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
pub(super) fn either(
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
pub(super) fn with_file(
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
                // (What is no form was sent by a program.)
                Err(refused)
                    if asked.path.starts_with("/api/")
                        || refused.status == StatusCode::UNSUPPORTED_MEDIA_TYPE =>
                {
                    return refused;
                }
                Err(refused) => {
                    let says = String::from_utf8_lossy(&refused.body);
                    return pages::refused(site, &asked, refused.status, says.trim());
                }
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
pub(super) fn named(site: &Site, side: Side, head: &Parts) -> Named {
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
pub(super) fn note(
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
pub(super) fn asked(site: &Site, way: Way, head: &Parts) -> Result<Asked, Answer> {
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
pub(super) fn number_in(asked: &Asked, place: usize) -> Option<i64> {
    let path = asked.path.split('?').next()?;
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let part = path.split('/').nth(place)?;
    let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    part.parse().ok().filter(|_| is_number)
}

/// The host that a request names, once.
fn host(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(HOST).iter();
    let host = all.next()?.to_str().ok()?;
    all.next().is_none().then_some(host)
}
