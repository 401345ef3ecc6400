//! A small web on loopback for tests: many named hosts on one port, pages that can change between visits, every
//! misbehaviour, and a log of who asked for what and when.
//!
//! ```ignore
//! let web = Web::start();
//! web.page("news.test", "/a", Page::html("<p>A</p>").etag("\"1\""));
//! // in the library:          settings.resolve = vec![web.resolve().parse()?];
//! // with the binary:         --resolve '*=127.0.0.1:PORT' --ca-cert FILE
//! assert_eq!(web.count("news.test", "/a"), 1);
//! ```
//!
//! The same port speaks HTTP/1.1 and, where the first byte is that of a TLS handshake, TLS with HTTP/2 or HTTP/1.1. So
//! one `--resolve '*=127.0.0.1:PORT'` serves `http://` and `https://` addresses of every host. Certificates are made for
//! whatever name is asked for, by an authority whose certificate lies in [`Web::ca_path`].
//!
//! The server lives on its own thread with its own runtime and ends when the [`Web`] is dropped, so it serves async
//! tests, paused clocks and spawned binaries alike.

#![allow(dead_code, reason = "each test crate uses its part of the test web")]

mod frames;
mod http1;
mod http2;
mod page;
mod proxy;
mod tls;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

#[allow(
    unused_imports,
    reason = "each test crate uses its part of the test web"
)]
pub(crate) use page::encode;
pub(crate) use page::{Act, Page};
#[allow(
    unused_imports,
    reason = "each test crate uses its part of the test web"
)]
pub(crate) use proxy::{Proxy, Trap};
pub(crate) use tls::Tls;

/// One request as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Logged {
    /// The host name it was for, in lower case, without port.
    pub(crate) host: String,
    /// Path and query.
    pub(crate) path: String,
    /// The method.
    pub(crate) method: String,
    /// The headers, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// When it came.
    pub(crate) at: Instant,
    /// `HTTP/1.1` or `HTTP/2`.
    pub(crate) protocol: &'static str,
    /// Whether it came through TLS.
    pub(crate) secure: bool,
    /// How many requests to the same host were under way when it came, this one included.
    pub(crate) at_once: usize,
}

impl Logged {
    /// The first value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

/// What a path answers with: the same page each time, or one made for the request.
#[derive(Clone)]
enum Answer {
    Page(Arc<Page>),
    Made(Arc<dyn Fn(&Logged) -> Page + Send + Sync>),
}

#[derive(Default)]
struct Site {
    paths: HashMap<String, Answer>,
    frames: Option<Arc<[Act]>>,
    under_way: usize,
    most_at_once: usize,
}

#[derive(Default)]
struct Inner {
    sites: HashMap<String, Site>,
    anywhere: Option<Answer>,
    log: Vec<Logged>,
    connections: usize,
}

pub(crate) struct State {
    inner: Mutex<Inner>,
    came: Condvar,
    tls: tls::Authority,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn frames(&self, host: &str) -> Option<Arc<[Act]>> {
        self.lock().sites.get(host)?.frames.clone()
    }

    /// Logs a request and says what to answer; the request is under way until the guard is dropped.
    fn answer(self: &Arc<Self>, mut logged: Logged) -> (Arc<Page>, UnderWay) {
        let (answer, logged) = {
            let mut inner = self.lock();
            let site = inner.sites.entry(logged.host.clone()).or_default();
            site.under_way += 1;
            site.most_at_once = site.most_at_once.max(site.under_way);
            logged.at_once = site.under_way;
            let without_query = logged.path.split('?').next().unwrap_or_default();
            let answer = site
                .paths
                .get(&logged.path)
                .or_else(|| site.paths.get(without_query))
                .or_else(|| site.paths.get("*"))
                .cloned()
                .or_else(|| inner.anywhere.clone());
            inner.log.push(logged.clone());
            self.came.notify_all();
            (answer, logged)
        };
        let page = match answer {
            Some(Answer::Page(page)) => page,
            Some(Answer::Made(make)) => Arc::new(make(&logged)),
            None => Arc::new(Page::html("<h1>Not Found</h1>").status(404)),
        };
        let under_way = UnderWay {
            state: Arc::clone(self),
            host: logged.host,
        };
        (page, under_way)
    }
}

/// A request that has come and is not answered yet.
struct UnderWay {
    state: Arc<State>,
    host: String,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(site) = self.state.lock().sites.get_mut(&self.host) {
            site.under_way -= 1;
        }
    }
}

/// A running test web; it ends when this is dropped.
pub(crate) struct Web {
    addr: SocketAddr,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    folder: tempfile::TempDir,
}

impl Web {
    /// Starts a web without any page on a free port of 127.0.0.1.
    pub(crate) fn start() -> Self {
        let state = Arc::new(State {
            inner: Mutex::default(),
            came: Condvar::new(),
            tls: tls::Authority::new(),
        });
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("ca.pem"), state.tls.pem()).expect("a file in it");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener
            .set_nonblocking(true)
            .expect("a listener that does not block");
        let addr = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let thread = {
            let state = Arc::clone(&state);
            std::thread::spawn(move || run(listener, state, stopped))
        };
        Self {
            addr,
            state,
            stop: Some(stop),
            thread: Some(thread),
            folder,
        }
    }

    /// Puts a page at a path of a host, or replaces the one that is there. Path `*` answers for all that have none.
    /// A path without a query answers for every query.
    pub(crate) fn page(&self, host: &str, path: &str, page: Page) -> &Self {
        self.put(host, path, Answer::Page(Arc::new(page)))
    }

    /// Answers a path with a page made for each request.
    pub(crate) fn made(
        &self,
        host: &str,
        path: &str,
        make: impl Fn(&Logged) -> Page + Send + Sync + 'static,
    ) -> &Self {
        self.put(host, path, Answer::Made(Arc::new(make)))
    }

    /// Answers whatever is asked for, at any host, where there is nothing else.
    pub(crate) fn anywhere(&self, make: impl Fn(&Logged) -> Page + Send + Sync + 'static) -> &Self {
        self.state.lock().anywhere = Some(Answer::Made(Arc::new(make)));
        self
    }

    fn put(&self, host: &str, path: &str, answer: Answer) -> &Self {
        let mut inner = self.state.lock();
        let site = inner.sites.entry(host.to_owned()).or_default();
        site.paths.insert(path.to_owned(), answer);
        drop(inner);
        self
    }

    /// Takes a page away: the path answers 404 again.
    pub(crate) fn remove(&self, host: &str, path: &str) -> &Self {
        if let Some(site) = self.state.lock().sites.get_mut(host) {
            site.paths.remove(path);
        }
        self
    }

    /// Over HTTP/2, whatever a host is asked for, these acts follow instead of an answer; the bytes in them are frames.
    pub(crate) fn frames(&self, host: &str, acts: impl Into<Vec<Act>>) -> &Self {
        let mut inner = self.state.lock();
        let site = inner.sites.entry(host.to_owned()).or_default();
        site.frames = Some(acts.into().into());
        drop(inner);
        self
    }

    /// Sets how a host behaves in the TLS handshake; without it, it has a good certificate of our own authority.
    pub(crate) fn tls(&self, host: &str, tls: Tls) -> &Self {
        self.state.tls.set(host, tls);
        self
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The port, for HTTP and HTTPS alike.
    pub(crate) fn port(&self) -> u16 {
        self.addr.port()
    }

    /// The value of `--resolve` that leads every name here.
    pub(crate) fn resolve(&self) -> String {
        format!("*={}", self.addr)
    }

    /// The file for `--ca-cert`.
    pub(crate) fn ca_path(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The authority's certificate as PEM.
    pub(crate) fn ca_pem(&self) -> Vec<u8> {
        self.state.tls.pem().into_bytes()
    }

    /// A folder of its own for whatever a test needs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Every request so far, in the order of arrival.
    pub(crate) fn requests(&self) -> Vec<Logged> {
        self.state.lock().log.clone()
    }

    /// The requests to one host so far.
    pub(crate) fn requests_to(&self, host: &str) -> Vec<Logged> {
        let inner = self.state.lock();
        inner
            .log
            .iter()
            .filter(|logged| logged.host == host)
            .cloned()
            .collect()
    }

    /// How often a path (with its query) was asked for.
    pub(crate) fn count(&self, host: &str, path: &str) -> usize {
        let inner = self.state.lock();
        inner
            .log
            .iter()
            .filter(|logged| logged.host == host && logged.path == path)
            .count()
    }

    /// Waits until a path (with its query) was asked for; fails the test when nobody does.
    pub(crate) fn wait_for(&self, host: &str, path: &str) {
        let has_come = |inner: &Inner| {
            let is_it = |logged: &Logged| logged.host == host && logged.path == path;
            inner.log.iter().any(is_it)
        };
        let (inner, timeout) = self
            .state
            .came
            .wait_timeout_while(self.state.lock(), Duration::from_secs(30), |inner| {
                !has_come(inner)
            })
            .unwrap_or_else(PoisonError::into_inner);
        drop(inner);
        assert!(!timeout.timed_out(), "nobody asked for {host}{path}");
    }

    /// The most requests to one host that were ever under way at once.
    pub(crate) fn most_at_once(&self, host: &str) -> usize {
        self.state
            .lock()
            .sites
            .get(host)
            .map_or(0, |site| site.most_at_once)
    }

    /// The shortest time between the arrivals of two requests to one host, in milliseconds.
    pub(crate) fn shortest_gap_ms(&self, host: &str) -> Option<u128> {
        let requests = self.requests_to(host);
        requests
            .windows(2)
            .map(|pair| (pair[1].at - pair[0].at).as_millis())
            .min()
    }

    /// Connections that were accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.state.lock().connections
    }

    /// Forgets the log; pages stay.
    pub(crate) fn forget_requests(&self) {
        let mut inner = self.state.lock();
        inner.log.clear();
        for site in inner.sites.values_mut() {
            site.most_at_once = site.under_way;
        }
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been printed; a second one here would only hide the test's own.
            let _ = thread.join();
        }
    }
}

fn run(listener: std::net::TcpListener, state: Arc<State>, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for the test web");
    runtime.block_on(async move {
        let listener = TcpListener::from_std(listener).expect("a listener");
        let accepting = async {
            loop {
                if let Ok((stream, _)) = listener.accept().await {
                    state.lock().connections += 1;
                    tokio::spawn(serve(stream, Arc::clone(&state)));
                }
            }
        };
        tokio::select! {
            () = accepting => {}
            _ = stopped => {}
        }
    });
    // Connections that hang on purpose are not waited for.
    runtime.shutdown_background();
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    const HANDSHAKE: u8 = 0x16;
    let _ = stream.set_nodelay(true);
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(1) if first[0] == HANDSHAKE => tls::serve(stream, state).await,
        Ok(1) => http1::serve(http1::Conn::Plain(stream), state).await,
        _ => {}
    }
}
