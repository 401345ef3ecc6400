//! One page: shown, answered, waited for, and taken.
//!
//! Two things go on side by side: what the page asks for is answered ([`Pump`]), and it is led from its address to its picture
//! ([`lead`]). What stands in between is [`Seen`]: whether the page has loaded, and how much it waits for.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::net::Net;
use super::wire::{CallError, Event, Wire};
use super::{Browser, SMALL_THINGS, Trouble};
use crate::browser::{Answer, Answers, CutShort, Document, Refused, Rendered, Settings};
use crate::capture::requisites::Kind;

/// Requests of one page that are answered; what comes on top is refused.
const REQUESTS: usize = 2_000;
/// Requests that are answered at once.
const AT_ONCE: usize = 16;
/// Bytes of all that one page is answered with.
const ANSWERED: usize = 256 << 20;
/// Chromium reads no longer texts, so no longer body may be answered with.
const LONGEST_BODY: usize = 64 << 20;
/// A page that asks for nothing for so long has what it needs.
const QUIET: Duration = Duration::from_millis(500);
/// Width of the window. What a page names for windows of other widths is not asked for.
const WIDTH: u32 = 1280;
const HEIGHT: u32 = 800;
/// Bytes of a document.
const LONGEST_DOM: usize = 64 << 20;
/// Events that may wait; what comes on top is lost, and a page that floods us so is not rendered in time.
const EVENTS: usize = 8192;

/// Headers that say something of a body as it was sent, that would have the browser keep or do something beyond the page, or
/// that make it ask for the page again.
const NOT_HANDED_ON: &[&str] = &[
    "accept-ch",
    "alt-svc",
    "clear-site-data",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-length",
    "critical-ch",
    "keep-alive",
    "nel",
    "refresh",
    "report-to",
    "reporting-endpoints",
    "set-cookie",
    "strict-transport-security",
    "trailer",
    "transfer-encoding",
];

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Ended => Self::Browser("the browser ended under the page".to_owned()),
            CallError::Refused(why) => Self::Page(format!("the browser says: {why}")),
        }
    }
}

/// What has happened on the page so far.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    loaded: bool,
    /// Requests that wait for their answers.
    pending: usize,
    /// The page's process is gone.
    crashed: bool,
}

pub(super) async fn render(
    browser: &Browser,
    document: Document<'_>,
    answers: &impl Answers,
    settings: &Settings,
) -> Result<Rendered, Trouble> {
    let deadline = Instant::now() + settings.timeout;
    let wire = &browser.wire;
    let net = Net::open()
        .await
        .map_err(|error| Trouble::Page(error.to_string()))?;
    let tab = small(Tab::open(wire, &net)).await?;
    let (events, received) = mpsc::channel(EVENTS);
    wire.listen(&tab.session, &events);
    let (tell, seen) = watch::channel(Seen::default());
    let mut pump = Pump {
        wire,
        tab: &tab,
        document,
        answers,
        events,
        tell,
        has_navigated: false,
        asked: 0,
        answered: 0,
        moved: HashMap::new(),
        refused: Refused::default(),
        sessions: vec![tab.session.clone()],
    };
    let led = async {
        let led = lead(wire, &tab, document.url, seen, settings, deadline);
        // The time is up for good: the page does not even let itself be taken.
        timeout_at(deadline, led)
            .await
            .unwrap_or_else(|_| Err(Trouble::Page("the page does not come to an end".to_owned())))
    };
    let taken = tokio::select! {
        taken = led => taken,
        () = pump.run(received) => Err(CallError::Ended.into()),
    };
    for session in &pump.sessions {
        wire.forget(session);
    }
    let mut refused = std::mem::take(&mut pump.refused);
    drop(pump);
    let closed = timeout(SMALL_THINGS, tab.close(wire)).await;
    let taken = taken?;
    if !matches!(closed, Ok(Ok(_))) {
        // It hangs, and would go on under the next page.
        browser.processes.kill();
    }
    if net.refused() > 0 {
        refused
            .counts
            .insert("connection".to_owned(), net.refused());
    }
    Ok(Rendered {
        browser: browser.version.clone(),
        dom: taken.dom,
        screenshot: taken.screenshot,
        pdf: taken.pdf,
        width: taken.width,
        height: taken.height,
        cut_short: taken.cut_short,
        refused,
    })
}

/// What costs the browser nothing; if it takes long all the same, the browser is done for.
async fn small<T>(doing: impl Future<Output = Result<T, CallError>>) -> Result<T, Trouble> {
    match timeout(SMALL_THINGS, doing).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(Trouble::Browser("the browser does not answer".to_owned())),
    }
}

/// A page in a context of its own.
struct Tab {
    context: String,
    /// The page, which is the number of its main frame too.
    target: String,
    session: String,
}

impl Tab {
    /// Opens one that shows nothing yet. All its requests are held.
    async fn open(wire: &Wire, net: &Net) -> Result<Self, CallError> {
        let context = json!({
            "disposeOnDetach": true,
            "proxyServer": format!("http://127.0.0.1:{}", net.port()),
            "proxyBypassList": "<-loopback>",
        });
        let context = wire.call(None, "Target.createBrowserContext", context);
        let context = text(&context.await?, "browserContextId");
        let downloads = json!({ "behavior": "deny", "browserContextId": context });
        wire.call(None, "Browser.setDownloadBehavior", downloads)
            .await?;
        let page = json!({ "url": "about:blank", "browserContextId": context });
        let target = text(
            &wire.call(None, "Target.createTarget", page).await?,
            "targetId",
        );
        let attach = json!({ "targetId": target, "flatten": true });
        let attached = wire.call(None, "Target.attachToTarget", attach).await?;
        let session = text(&attached, "sessionId");
        let screen = json!({
            "width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": false,
        });
        let still =
            json!({ "features": [{ "name": "prefers-reduced-motion", "value": "reduce" }] });
        for (method, params) in [
            ("Page.enable", json!({})),
            ("Inspector.enable", json!({})),
            ("Emulation.setDeviceMetricsOverride", screen),
            ("Emulation.setEmulatedMedia", still),
        ] {
            wire.call(Some(&session), method, params).await?;
        }
        hold(wire, &session).await?;
        Ok(Self {
            context,
            target,
            session,
        })
    }

    async fn close(&self, wire: &Wire) -> Result<Value, CallError> {
        let context = json!({ "browserContextId": self.context });
        wire.call(None, "Target.disposeBrowserContext", context)
            .await
    }
}

/// Has all requests of a session held until they are answered, and all that it starts (frames, workers) wait for the same.
async fn hold(wire: &Wire, session: &str) -> Result<(), CallError> {
    let all = json!({ "patterns": [{ "urlPattern": "*" }] });
    // Workers do not know it: what they ask for is held with the page that started them.
    match wire.call(Some(session), "Fetch.enable", all).await {
        Ok(_) | Err(CallError::Refused(_)) => {}
        Err(ended) => return Err(ended),
    }
    let attach = json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true });
    match wire
        .call(Some(session), "Target.setAutoAttach", attach)
        .await
    {
        Ok(_) | Err(CallError::Refused(_)) => Ok(()),
        Err(ended) => Err(ended),
    }
}

/// What answers a page.
struct Pump<'a, A> {
    wire: &'a Wire,
    tab: &'a Tab,
    document: Document<'a>,
    answers: &'a A,
    events: mpsc::Sender<Event>,
    tell: watch::Sender<Seen>,
    /// Whether the page has been asked for.
    has_navigated: bool,
    asked: usize,
    answered: usize,
    /// Where redirects led: what is asked for next is there already.
    moved: HashMap<Url, Moved>,
    refused: Refused,
    sessions: Vec<String>,
}

/// What a redirect led to: status, headers, body.
type Moved = (u16, Vec<(String, String)>, Vec<u8>);

/// A request that is held.
struct Held {
    session: String,
    id: String,
    url: Url,
    kind: Kind,
    /// The origin that it comes from, where the browser asks whether that may read the answer.
    origin: Option<String>,
}

impl<A: Answers> Pump<'_, A> {
    /// Answers until the browser is gone.
    async fn run(&mut self, mut received: mpsc::Receiver<Event>) {
        let wire = self.wire;
        let answers = self.answers;
        let mut asking = FuturesUnordered::new();
        let mut small_things = FuturesUnordered::new();
        let mut waiting = std::collections::VecDeque::new();
        loop {
            while asking.len() < AT_ONCE
                && let Some(held) = waiting.pop_front()
            {
                asking.push(async move {
                    let held: Held = held;
                    let answer = answers.answer(&held.url, held.kind).await;
                    (held, answer)
                });
            }
            tokio::select! {
                event = received.recv() => {
                    let Some(event) = event else { return };
                    match self.happened(&event) {
                        Next::Nothing => {}
                        Next::Call(session, method, params) => small_things.push(Box::pin(async move {
                            let _ = wire.call(Some(&session), method, params).await;
                            false
                        }) as Small<'_>),
                        Next::Hold(session) => small_things.push(Box::pin(async move {
                            let _ = hold(wire, &session).await;
                            let _ = wire.call(Some(&session), "Runtime.runIfWaitingForDebugger", json!({})).await;
                            false
                        })),
                        Next::Ask(held) => {
                            self.tell.send_modify(|seen| seen.pending += 1);
                            waiting.push_back(held);
                        }
                    }
                }
                Some((held, answer)) = asking.next() => {
                    let reply = self.reply(&held, answer);
                    small_things.push(Box::pin(async move {
                        let _ = wire.call(Some(&held.session), reply.0, reply.1).await;
                        true
                    }));
                }
                Some(is_answer) = small_things.next() => {
                    if is_answer {
                        self.tell.send_modify(|seen| seen.pending = seen.pending.saturating_sub(1));
                    }
                }
            }
        }
    }

    fn happened(&mut self, event: &Event) -> Next {
        let params = &event.params;
        match event.method.as_str() {
            "Fetch.requestPaused" => self.paused(event),
            "Page.loadEventFired" => {
                self.tell.send_modify(|seen| seen.loaded = true);
                Next::Nothing
            }
            "Inspector.targetCrashed" if event.session == self.tab.session => {
                self.tell.send_modify(|seen| seen.crashed = true);
                Next::Nothing
            }
            "Page.javascriptDialogOpening" => Next::Call(
                event.session.clone(),
                "Page.handleJavaScriptDialog",
                json!({ "accept": false }),
            ),
            "Target.attachedToTarget" => {
                let session = text(params, "sessionId");
                self.wire.listen(&session, &self.events);
                self.sessions.push(session.clone());
                Next::Hold(session)
            }
            "Target.detachedFromTarget" => {
                let session = text(params, "sessionId");
                self.wire.forget(&session);
                self.sessions.retain(|known| *known != session);
                Next::Nothing
            }
            _ => Next::Nothing,
        }
    }

    /// What is done with a request that is held.
    fn paused(&mut self, event: &Event) -> Next {
        let params = &event.params;
        let (id, request) = (text(params, "requestId"), &params["request"]);
        let session = event.session.clone();
        let is_page = params["frameId"] == self.tab.target.as_str();
        let what = params["resourceType"].as_str().unwrap_or_default();
        let method = request["method"].as_str().unwrap_or_default();
        let header = |name: &str| header(&request["headers"], name);
        if what == "Document" && is_page {
            if !std::mem::replace(&mut self.has_navigated, true) {
                let (method, params) =
                    fulfil(&id, 200, self.document.headers, self.document.body, None);
                return Next::Call(session, method, params);
            }
            return self.refuse(session, &id, "navigation", "Aborted");
        }
        let Ok(url) = Url::parse(request["url"].as_str().unwrap_or_default()) else {
            return self.refuse(session, &id, "scheme", "BlockedByClient");
        };
        if !matches!(url.scheme(), "http" | "https") {
            return self.refuse(session, &id, "scheme", "BlockedByClient");
        }
        let origin = header("origin").map(str::to_owned);
        // A question whether another origin may be asked; what is asked then is looked at again.
        if method == "OPTIONS" {
            let headers = header("access-control-request-headers").unwrap_or_default();
            let allowed = [
                ("access-control-allow-methods", "GET"),
                ("access-control-allow-headers", headers),
            ];
            let allowed: Vec<_> = allowed
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            let (method, params) = fulfil(&id, 204, &allowed, &[], origin.as_deref());
            return Next::Call(session, method, params);
        }
        if method != "GET" {
            return self.refuse(session, &id, "method", "BlockedByClient");
        }
        if header("accept").is_some_and(|accept| accept.contains("text/event-stream")) {
            return self.refuse(session, &id, "stream", "BlockedByClient");
        }
        // Asked for in advance, or by the browser for itself, and of no use to this page.
        let is_in_advance = ["purpose", "sec-purpose"]
            .iter()
            .any(|name| header(name).is_some_and(|value| value.contains("prefetch")));
        if is_in_advance || what == "Other" && url.path() == "/favicon.ico" {
            return fail(session, &id, "BlockedByClient");
        }
        if self.asked >= REQUESTS || self.answered >= ANSWERED {
            return self.refuse(session, &id, "over-the-limit", "BlockedByClient");
        }
        self.asked += 1;
        if let Some((status, headers, body)) = self.moved.get(&url) {
            let (method, params) = fulfil(&id, *status, headers, body, origin.as_deref());
            return Next::Call(session, method, params);
        }
        Next::Ask(Held {
            session,
            id,
            kind: kind(what),
            url,
            origin,
        })
    }

    fn refuse(&mut self, session: String, id: &str, why: &str, error: &str) -> Next {
        self.refused.count(why);
        fail(session, id, error)
    }

    /// The call that answers a request.
    fn reply(&mut self, held: &Held, answer: Answer) -> (&'static str, Value) {
        let origin = held.origin.as_deref();
        match answer {
            Answer::Has {
                status,
                headers,
                body,
                url,
            } => {
                self.answered += body.len();
                if body.len() > LONGEST_BODY {
                    self.refused.count("over-the-limit");
                    return failed(&held.id, "BlockedByClient");
                }
                if url == held.url {
                    return fulfil(&held.id, status, &headers, &body, origin);
                }
                // The browser has to know where it was led, for addresses count from there.
                let location = [("location".to_owned(), url.to_string())];
                self.moved.insert(url, (status, headers, body));
                fulfil(&held.id, 302, &location, &[], origin)
            }
            Answer::Status(status) => fulfil(&held.id, status, &[], &[], origin),
            Answer::Refused => failed(&held.id, "BlockedByClient"),
        }
    }
}

type Small<'a> = std::pin::Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// What follows from an event.
enum Next {
    Nothing,
    Call(String, &'static str, Value),
    /// A frame or worker of the page waits to be held, and to go on.
    Hold(String),
    Ask(Held),
}

fn fail(session: String, id: &str, error: &str) -> Next {
    let (method, params) = failed(id, error);
    Next::Call(session, method, params)
}

fn failed(id: &str, error: &str) -> (&'static str, Value) {
    (
        "Fetch.failRequest",
        json!({ "requestId": id, "errorReason": error }),
    )
}

/// The call that answers a request with this. Where another origin asks, it may read the answer: nobody is signed in here, so
/// there is nothing that it could not have asked for itself.
fn fulfil(
    id: &str,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
    origin: Option<&str>,
) -> (&'static str, Value) {
    let is_plain = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let mut kept: Vec<Value> = headers
        .iter()
        .filter(|(name, value)| {
            !NOT_HANDED_ON.contains(&name.as_str()) && is_plain(name) && is_plain(value)
        })
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    let says_who = headers
        .iter()
        .any(|(name, _)| name == "access-control-allow-origin");
    if let Some(origin) = origin.filter(|_| !says_who) {
        kept.push(json!({ "name": "access-control-allow-origin", "value": origin }));
        kept.push(json!({ "name": "access-control-allow-credentials", "value": "true" }));
    }
    let params = json!({
        "requestId": id,
        "responseCode": status,
        "responseHeaders": kept,
        "body": BASE64.encode(body),
    });
    ("Fetch.fulfillRequest", params)
}

/// What a request is for, by the browser's word.
fn kind(what: &str) -> Kind {
    match what {
        "Document" => Kind::Frame,
        "Stylesheet" => Kind::Style,
        "Image" => Kind::Image,
        "Media" | "TextTrack" => Kind::Media,
        "Font" => Kind::Font,
        "Script" => Kind::Script,
        _ => Kind::Other,
    }
}

/// A header by its name, in whatever case.
fn header<'a>(headers: &'a Value, name: &str) -> Option<&'a str> {
    let headers = headers.as_object()?;
    let found = headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.and_then(|(_, value)| value.as_str())
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// What was taken of a page.
struct Taken {
    dom: String,
    screenshot: Option<Vec<u8>>,
    pdf: Option<Vec<u8>>,
    width: u32,
    height: u32,
    cut_short: Option<CutShort>,
}

/// Leads a page from its address to its picture.
async fn lead(
    wire: &Wire,
    tab: &Tab,
    url: &Url,
    mut seen: watch::Receiver<Seen>,
    settings: &Settings,
    deadline: Instant,
) -> Result<Taken, Trouble> {
    let begun = Instant::now();
    let session = Some(tab.session.as_str());
    // What is left then is for taking it, ready or not.
    let ready = begun + settings.timeout / 3 * 2;
    let navigate = json!({ "url": url.as_str() });
    let navigated = timeout_at(ready, wire.call(session, "Page.navigate", navigate)).await;
    if let Ok(navigated) = navigated
        && let Some(error) = navigated?["errorText"].as_str()
    {
        return Err(Trouble::Page(format!(
            "the browser does not show it: {error}"
        )));
    }
    let mut in_time = is_quiet(&mut seen, ready).await?;
    let world = json!({ "frameId": tab.target, "worldName": "sourcekeep" });
    let world = crashes(
        &mut seen,
        wire.call(session, "Page.createIsolatedWorld", world),
    )
    .await?;
    let world = world["executionContextId"].clone();
    let evaluate = |script: String, waits: bool| {
        let params = json!({
            "expression": script, "contextId": world, "returnByValue": true, "awaitPromise": waits,
        });
        wire.call(session, "Runtime.evaluate", params)
    };
    // Once through the page, for what is loaded only when it comes into view.
    let scroll = SCROLL.replace("HEIGHT", &settings.height.to_string());
    let scrolled = timeout_at(ready, crashes(&mut seen.clone(), evaluate(scroll, true))).await;
    match scrolled {
        Ok(done) => _ = done?,
        Err(_) => in_time = false,
    }
    in_time &= is_quiet(&mut seen, ready).await?;
    let dom = crashes(&mut seen, evaluate(DOM.to_owned(), false)).await?;
    let dom = match dom["result"]["value"].as_str() {
        Some(dom) if dom.len() <= LONGEST_DOM => dom.to_owned(),
        Some(_) => return Err(Trouble::Page("the document is too large".to_owned())),
        None => return Err(Trouble::Page("the document cannot be read".to_owned())),
    };
    let metrics = crashes(
        &mut seen,
        wire.call(session, "Page.getLayoutMetrics", json!({})),
    )
    .await?;
    let side = |name: &str| {
        metrics["cssContentSize"][name]
            .as_f64()
            .unwrap_or(0.0)
            .ceil() as u32
    };
    let (width, height) = (side("width"), side("height"));
    let clip = json!({
        "x": 0, "y": 0, "scale": 1,
        "width": width.clamp(1, 2 * WIDTH),
        "height": height.clamp(1, settings.height),
    });
    // Of this quality, it is lossless, and takes about two thirds of what PNG does.
    let picture = json!({
        "format": "webp", "quality": 100, "captureBeyondViewport": true, "clip": clip,
    });
    let picture = crashes(
        &mut seen,
        wire.call(session, "Page.captureScreenshot", picture),
    );
    let screenshot = taken(timeout_at(deadline - SPARE.min(settings.timeout / 10), picture).await)?;
    let pdf = if settings.pdf {
        let print = json!({ "printBackground": true, "preferCSSPageSize": true });
        let print = crashes(&mut seen, wire.call(session, "Page.printToPDF", print));
        taken(timeout_at(deadline - SPARE.min(settings.timeout / 10), print).await)?
    } else {
        None
    };
    Ok(Taken {
        dom,
        screenshot,
        pdf,
        width,
        height,
        cut_short: (!in_time).then_some(CutShort::Time),
    })
}

/// What is left of the time when a picture is given up.
const SPARE: Duration = Duration::from_secs(1);

/// The bytes of a picture; none where it could not be made in time. The document stands without.
fn taken(
    picture: Result<Result<Value, Trouble>, tokio::time::error::Elapsed>,
) -> Result<Option<Vec<u8>>, Trouble> {
    match picture {
        Ok(Ok(picture)) => {
            let bytes = picture["data"].as_str();
            let bytes = bytes.and_then(|bytes| BASE64.decode(bytes).ok());
            Ok(bytes.filter(|bytes| !bytes.is_empty()))
        }
        Ok(Err(trouble @ Trouble::Browser(_))) => Err(trouble),
        Ok(Err(Trouble::Page(_))) | Err(_) => Ok(None),
    }
}

/// Waits for what the page is asked for, unless its process ends.
async fn crashes(
    seen: &mut watch::Receiver<Seen>,
    asked: impl Future<Output = Result<Value, CallError>>,
) -> Result<Value, Trouble> {
    tokio::select! {
        answer = asked => Ok(answer?),
        _ = seen.wait_for(|seen| seen.crashed) => {
            Err(Trouble::Page("the page brought its process down".to_owned()))
        }
    }
}

/// Waits until the page has loaded and asks for nothing any more. Says whether that was in time.
async fn is_quiet(seen: &mut watch::Receiver<Seen>, until: Instant) -> Result<bool, Trouble> {
    loop {
        let now = *seen.borrow_and_update();
        if now.crashed {
            return Err(Trouble::Page(
                "the page brought its process down".to_owned(),
            ));
        }
        let is_still = now.loaded && now.pending == 0;
        let end = if is_still {
            until.min(Instant::now() + QUIET)
        } else {
            until
        };
        match timeout_at(end, seen.changed()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(CallError::Ended.into()),
            Err(_) => return Ok(is_still),
        }
    }
}

/// Goes down the page, a window at a time, and back to its top.
const SCROLL: &str = "(async () => {
    const pause = () => new Promise(done => setTimeout(done, 40));
    for (let at = 0; at < Math.min(document.documentElement.scrollHeight, HEIGHT); at += innerHeight) {
        scrollTo({ top: at, behavior: 'instant' });
        await pause();
    }
    scrollTo({ top: 0, behavior: 'instant' });
    await pause();
})()";

/// The document as HTML, with its open shadow trees.
const DOM: &str = "(() => {
    const roots = [], look = [document];
    while (look.length && roots.length < 10000) {
        for (const element of look.pop().querySelectorAll('*')) {
            if (element.shadowRoot) { roots.push(element.shadowRoot); look.push(element.shadowRoot); }
        }
    }
    const top = document.documentElement;
    if (!top) return '';
    const type = document.doctype ? new XMLSerializer().serializeToString(document.doctype) : '';
    if (!roots.length || !top.getHTML) return type + top.outerHTML;
    const open = top.cloneNode(false).outerHTML.replace(/<\\/[^<]*$/, '');
    return type + open + top.getHTML({ shadowRoots: roots }) + '</' + top.localName + '>';
})()";
