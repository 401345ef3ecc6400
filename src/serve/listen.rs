//! Two listeners on loopback, and what each connection may cost.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::ServeError;

/// So many connections are open at once to each listener; more wait until one ends.
const MOST_CONNECTIONS: usize = 2000;
/// How long a request's head may take to come, and how long a connection may wait for one.
const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// How long a connection lives at most: one whose other end takes nothing ends at last. (Films go on with another.)
const LIFE: Duration = Duration::from_secs(30 * 60);
/// Bytes of a request's head.
const MOST_HEAD_BYTES: usize = 32 * 1024;
/// Headers of a request.
const MOST_HEADERS: usize = 64;
/// How long answers that are under way may take once it was asked to end.
const FAREWELL: Duration = Duration::from_secs(5);

/// Where one of the two is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin(SocketAddr);

impl Origin {
    /// Its addresses with the port, as a browser names them; the first is the one that is told.
    fn hosts(self) -> [String; 2] {
        let port = self.0.port();
        let (number, name) = (self.0.to_string(), format!("localhost:{port}"));
        // What a page may load can only be said of names, and of numbers of the old kind.
        if self.0.is_ipv6() {
            [name, number]
        } else {
            [number, name]
        }
    }

    /// Whether a request for this host is meant for it. Any other name was made to lead here by somebody (DNS rebinding).
    pub(super) fn is(self, host: &str) -> bool {
        let is_meant = |host: &str| {
            self.hosts()
                .iter()
                .any(|own| own.eq_ignore_ascii_case(host))
        };
        is_meant(host) || self.0.port() == 80 && is_meant(&format!("{host}:80"))
    }

    /// How it is told.
    pub(super) fn told(self) -> String {
        format!("http://{}", self.hosts()[0])
    }

    /// How it is called by who calls the other one so.
    pub(super) fn beside(self, host: &str) -> String {
        let is_name = host
            .get(..9)
            .is_some_and(|start| start.eq_ignore_ascii_case("localhost"));
        let [told, other] = self.hosts();
        let is_told = is_name == told.starts_with("localhost") || self.0.is_ipv6();
        format!("http://{}", if is_told { told } else { other })
    }

    /// All of its names, for a policy.
    pub(super) fn all(self) -> String {
        let [told, other] = self.hosts();
        format!("http://{told} http://{other}")
    }
}

/// Two listeners that are bound, and not yet served.
#[derive(Debug)]
pub struct Listeners {
    ui: TcpListener,
    replay: TcpListener,
    pub(super) origins: [Origin; 2],
}

impl Listeners {
    /// Binds both; port 0 takes any that is free. Where the second is told to take the port after the first, and there is none, it takes
    /// any.
    ///
    /// # Errors
    ///
    /// Where an address is no loopback address, or cannot be had.
    pub async fn bind(ui: SocketAddr, replay: SocketAddr) -> Result<Self, ServeError> {
        for address in [ui, replay] {
            if !is_loopback(address.ip()) {
                return Err(ServeError::NotLoopback(address));
            }
        }
        let bind = async |address: SocketAddr| {
            let bound = TcpListener::bind(address).await;
            let bound = bound.and_then(|listener| Ok((listener.local_addr()?, listener)));
            bound.map_err(|error| ServeError::Bind(address, error))
        };
        let (ui_address, ui) = bind(ui).await?;
        let (replay_address, replay) = bind(replay).await?;
        Ok(Self {
            ui,
            replay,
            origins: [Origin(ui_address), Origin(replay_address)],
        })
    }

    /// The address of the pages, with a slash at its end.
    pub fn ui(&self) -> String {
        self.origins[0].told() + "/"
    }

    /// The address at which copies are shown, with a slash at its end.
    pub fn replay(&self) -> String {
        self.origins[1].told() + "/"
    }

    /// Answers until it is asked to end.
    pub(super) async fn answer(self, ui: Router, replay: Router, stop: CancellationToken) {
        tokio::join!(
            answer(self.ui, ui, stop.clone()),
            answer(self.replay, replay, stop)
        );
    }
}

/// Whether nobody but this machine can ask there. What is mapped from the old addresses is not asked by its new name.
fn is_loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

async fn answer(listener: TcpListener, router: Router, stop: CancellationToken) {
    let under_way = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let next = async {
            let held = Arc::clone(&room).acquire_owned().await.ok();
            (held, accept(&listener).await)
        };
        let (held, stream) = tokio::select! {
            next = next => next,
            () = stop.cancelled() => break,
        };
        let Some(stream) = stream else {
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .max_buf_size(MOST_HEAD_BYTES)
            .max_headers(MOST_HEADERS)
            .serve_connection(TokioIo::new(stream), service);
        let connection = under_way.watch(connection);
        tokio::spawn(async move {
            // Whoever asked has gone, or asks for what is no HTTP; nobody is left to be told.
            let _ = tokio::time::timeout(LIFE, connection).await;
            drop(held);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(FAREWELL, under_way.shutdown()).await;
}

/// The next connection. Where none can be had (no file descriptors left, one that went at once), it is tried again, and not at once.
async fn accept(listener: &TcpListener) -> Option<TcpStream> {
    if let Ok((stream, _)) = listener.accept().await {
        return Some(stream);
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_are_told_from_all_others() {
        let origin = Origin("127.0.0.1:8627".parse().unwrap());
        for own in ["127.0.0.1:8627", "localhost:8627", "LocalHost:8627"] {
            assert!(origin.is(own), "{own}");
        }
        for other in [
            "",
            "localhost",
            "127.0.0.1",
            "127.0.0.1:8628",
            "localhost.:8627",
            "evil.test:8627",
            "127.0.0.1:8627.evil.test",
            "[::1]:8627",
        ] {
            assert!(!origin.is(other), "{other}");
        }
        assert!(Origin("127.0.0.1:80".parse().unwrap()).is("localhost"));
    }

    #[test]
    fn one_is_called_as_the_other_is() {
        let old = Origin("127.0.0.1:1".parse().unwrap());
        let new = Origin("[::1]:2".parse().unwrap());
        assert_eq!(old.beside("localhost:2"), "http://localhost:1");
        assert_eq!(old.beside("127.0.0.1:2"), "http://127.0.0.1:1");
        assert_eq!(new.beside("127.0.0.1:1"), "http://localhost:2");
        assert_eq!(new.told(), "http://localhost:2");
    }
}
