//! The two listeners, and what each connection may cost.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::ServeError;
use super::names::Origin;
use super::patience::Patient;
use super::peers::Peers;
use crate::config::WebOrigin;

/// Bytes of a request's head.
const MOST_HEAD_BYTES: usize = 32 * 1024;
/// Headers of a request.
const MOST_HEADERS: usize = 64;
/// How long answers that are under way may take once it was asked to end.
const FAREWELL: Duration = Duration::from_secs(5);

/// What connections may cost, each listener's on its own.
#[derive(Debug, Clone)]
pub struct Limits {
    /// So many are open at once; more wait until one ends.
    pub connections: usize,
    /// So many of them are one peer's, unless it is on this machine: nobody takes the room of all others.
    pub of_one_peer: usize,
    /// How long a request's head may take to come, and how long a connection may wait for one.
    pub head_within: Duration,
    /// How long the other end may take nothing of what it is sent.
    pub taken_within: Duration,
    /// How long a connection lives at most. (Films go on with another.)
    pub life: Duration,
}

impl Limits {
    /// These, as far as this process may open files: what reads the archive needs some too.
    #[must_use]
    pub fn within(self, files: u64) -> Self {
        let left = files.saturating_sub(OTHER_FILES) / 2;
        Self {
            connections: self
                .connections
                .min(usize::try_from(left).unwrap_or(usize::MAX).max(8)),
            ..self
        }
    }
}

/// Files that are open beside connections: the archive, by each of those who read it, and what it needs while it is written.
const OTHER_FILES: u64 = 64;

/// So many files this process may open.
fn most_files() -> u64 {
    #[cfg(unix)]
    if let Ok((most, _)) = rlimit::Resource::NOFILE.get() {
        return most;
    }
    u64::MAX
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 2000,
            of_one_peer: 250,
            head_within: Duration::from_secs(15),
            taken_within: Duration::from_secs(30),
            life: Duration::from_secs(30 * 60),
        }
    }
}

/// So many connections may wait for the system until they are taken.
const MOST_WAITING: u32 = 1024;

/// Listens; where many come at once, none has to knock again after a second.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // Elsewhere, two could listen at the same address then.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(MOST_WAITING)
}

/// Where the two listen, and what browsers call them: the pages, and the copies.
#[derive(Debug, Clone)]
pub struct Places {
    /// Where they listen.
    pub at: [SocketAddr; 2],
    /// What browsers call them, where something stands before them.
    pub named: [Option<WebOrigin>; 2],
}

impl Places {
    /// Whether one may listen there: nobody can reach them but this machine, or something keeps strangers out.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn check(&self, is_guarded: bool) -> Result<(), ServeError> {
        for address in self.at {
            if !is_guarded && !address.ip().is_loopback() {
                return Err(ServeError::Open(address));
            }
        }
        let is_tls = |name: &Option<WebOrigin>| name.as_ref().is_some_and(|name| name.is_tls);
        let [ui, replay] = &self.named;
        if is_tls(ui) && !is_tls(replay) {
            return Err(ServeError::Mixed);
        }
        Ok(())
    }
}

/// Whose connection a request came by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// Two listeners that are bound, and not yet served.
#[derive(Debug)]
pub struct Listeners {
    ui: TcpListener,
    replay: TcpListener,
    limits: Limits,
    pub(super) origins: [Origin; 2],
}

impl Listeners {
    /// Binds both, within a runtime; port 0 takes any that is free.
    ///
    /// # Errors
    ///
    /// Where an address cannot be had, or others than this machine can reach it though nothing keeps them out.
    pub fn bind(places: Places, is_guarded: bool) -> Result<Self, ServeError> {
        places.check(is_guarded)?;
        let [ui, replay] = places.at;
        let [ui_name, replay_name] = places.named;
        let bind = |address: SocketAddr| {
            let bound = listen(address);
            let bound = bound.and_then(|listener| Ok((listener.local_addr()?, listener)));
            bound.map_err(|error| ServeError::Bind(address, error))
        };
        let (ui_address, ui) = bind(ui)?;
        let (replay_address, replay) = bind(replay)?;
        Ok(Self {
            ui,
            replay,
            limits: Limits::default().within(most_files()),
            origins: [
                Origin::new(ui_address, ui_name),
                Origin::new(replay_address, replay_name),
            ],
        })
    }

    /// The same, with other limits.
    #[must_use]
    pub fn limited(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The address of the pages, with a slash at its end.
    pub fn ui(&self) -> String {
        self.origins[0].told() + "/"
    }

    /// The address at which copies are shown, with a slash at its end.
    pub fn replay(&self) -> String {
        self.origins[1].told() + "/"
    }

    /// Where both listen, whatever browsers call them.
    pub fn listening(&self) -> [SocketAddr; 2] {
        let [ui, replay] = &self.origins;
        [ui.at(), replay.at()]
    }

    /// Answers until it is asked to end.
    pub(super) async fn answer(self, ui: Router, replay: Router, stop: CancellationToken) {
        tokio::join!(
            answer(self.ui, ui, &self.limits, stop.clone()),
            answer(self.replay, replay, &self.limits, stop)
        );
    }
}

async fn answer(listener: TcpListener, router: Router, limits: &Limits, stop: CancellationToken) {
    let under_way = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(limits.connections));
    let peers = Peers::new(limits.of_one_peer);
    loop {
        let next = async {
            let held = Arc::clone(&room).acquire_owned().await.ok();
            (held, accept(&listener).await)
        };
        let (held, stream) = tokio::select! {
            next = next => next,
            () = stop.cancelled() => break,
        };
        let Some((stream, peer)) = stream else {
            continue;
        };
        // Who has too many is told by the end of this one.
        let Some(present) = peers.comes(peer.0) else {
            continue;
        };
        let own = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            own.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_within)
            .max_buf_size(MOST_HEAD_BYTES)
            .max_headers(MOST_HEADERS)
            .serve_connection(
                TokioIo::new(Patient::new(stream, limits.taken_within)),
                service,
            );
        let connection = tokio::time::timeout(limits.life, under_way.watch(connection));
        tokio::spawn(async move {
            // Whoever asked has gone, or asks for what is no HTTP; nobody is left to be told.
            let _ = connection.await;
            drop((held, present));
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(FAREWELL, under_way.shutdown()).await;
}

/// The next connection. Where none can be had (no file descriptors left, one that went at once), it is tried again, and not at once.
async fn accept(listener: &TcpListener) -> Option<(TcpStream, Peer)> {
    if let Ok((stream, peer)) = listener.accept().await {
        return Some((stream, Peer(peer.ip())));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    None
}
