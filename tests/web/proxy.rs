//! A proxy, and a port that must never be knocked at.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Something that listens on its own thread until it is dropped.
struct Listening {
    addr: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Listening {
    fn start<F, T>(bind: &str, mut serve: F) -> Self
    where
        F: FnMut(TcpStream) -> T + Send + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind(bind).expect("a free port");
        listener
            .set_nonblocking(true)
            .expect("a listener that does not block");
        let addr = listener.local_addr().expect("an address");
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a listener");
                let accepting = async {
                    loop {
                        if let Ok((stream, _)) = listener.accept().await {
                            tokio::spawn(serve(stream));
                        }
                    }
                };
                tokio::select! {
                    () = accepting => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        Self {
            addr,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A port that proves that nobody came: it counts connections and bytes.
pub(crate) struct Trap {
    listening: Listening,
    connections: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
    own: AtomicUsize,
}

impl Trap {
    /// Listens on a free port of 127.0.0.1.
    pub(crate) fn start() -> Self {
        Self::at("127.0.0.1:0")
    }

    /// Listens on a free port of every address of this machine, of IPv4 and IPv6.
    pub(crate) fn everywhere() -> Self {
        Self::at("[::]:0")
    }

    /// Listens there.
    pub(crate) fn at(bind: &str) -> Self {
        let connections = Arc::new(AtomicUsize::new(0));
        let bytes = Arc::new(AtomicUsize::new(0));
        let (counted, read) = (Arc::clone(&connections), Arc::clone(&bytes));
        let listening = Listening::start(bind, move |mut stream| {
            counted.fetch_add(1, Ordering::SeqCst);
            let read = Arc::clone(&read);
            async move {
                let mut buffer = [0; 1024];
                while let Ok(n) = stream.read(&mut buffer).await {
                    if n == 0 {
                        break;
                    }
                    read.fetch_add(n, Ordering::SeqCst);
                }
            }
        });
        Self {
            listening,
            connections,
            bytes,
            own: AtomicUsize::new(0),
        }
    }

    /// Fails if anybody came. A connection of our own goes to the end of the queue first, so that nobody is missed who
    /// came before it.
    #[track_caller]
    pub(crate) fn assert_untouched(&self) {
        let mut to = self.listening.addr;
        if to.ip().is_unspecified() {
            to.set_ip(std::net::Ipv6Addr::LOCALHOST.into());
        }
        let own = self.own.fetch_add(1, Ordering::SeqCst) + 1;
        let _stream = std::net::TcpStream::connect(to).expect("the trap listens");
        while self.connections() < own {
            std::thread::yield_now();
        }
        assert_eq!(
            (self.connections(), self.bytes()),
            (own, 0),
            "somebody came to the trap"
        );
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.listening.addr.port()
    }

    /// Connections that came.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Bytes that came.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::SeqCst)
    }
}

/// An HTTP proxy that leads every request to one place, or answers for itself.
pub(crate) struct Proxy {
    listening: Listening,
    requests: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Leads every request and every tunnel to this address.
    pub(crate) fn to(target: SocketAddr) -> Self {
        Self::start(Some(target), "")
    }

    /// Answers every request and every CONNECT itself, with these bytes.
    pub(crate) fn answering(response: &'static str) -> Self {
        Self::start(None, response)
    }

    fn start(target: Option<SocketAddr>, response: &'static str) -> Self {
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        let listening = Listening::start("127.0.0.1:0", move |stream| {
            counted.fetch_add(1, Ordering::SeqCst);
            serve(stream, target, response)
        });
        Self {
            listening,
            requests,
            asked: Arc::default(),
        }
    }

    /// A SOCKS proxy that leads every request to this address. What it was asked for is in [`Proxy::asked`].
    pub(crate) fn socks(target: SocketAddr) -> Self {
        let requests = Arc::new(AtomicUsize::new(0));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (counted, heard) = (Arc::clone(&requests), Arc::clone(&asked));
        let listening = Listening::start("127.0.0.1:0", move |stream| {
            counted.fetch_add(1, Ordering::SeqCst);
            let heard = Arc::clone(&heard);
            async move {
                // A client that leaves early has its reasons.
                let _ = socks(stream, target, &heard).await;
            }
        });
        Self {
            listening,
            requests,
            asked,
        }
    }

    /// Its address for `--proxy`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.listening.addr)
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.listening.addr
    }

    /// What a SOCKS proxy was asked for, and by whom, as `user:password@host`.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }

    /// Connections that came.
    pub(crate) fn connections(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// SOCKS 5 (RFC 1928), with user and password where they are offered (RFC 1929).
async fn socks(
    mut stream: TcpStream,
    target: SocketAddr,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    const PASSWORD: u8 = 2;
    const NAME: u8 = 3;
    let _version = stream.read_u8().await?;
    let methods = text(&mut stream).await?;
    let mut who = String::new();
    if methods.bytes().any(|method| method == PASSWORD) {
        stream.write_all(&[5, PASSWORD]).await?;
        let _version = stream.read_u8().await?;
        let (user, password) = (text(&mut stream).await?, text(&mut stream).await?);
        who = format!("{user}:{password}@");
        stream.write_all(&[1, 0]).await?;
    } else {
        stream.write_all(&[5, 0]).await?;
    }
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let host = match head[3] {
        NAME => text(&mut stream).await?,
        1 => std::net::Ipv4Addr::from(stream.read_u32().await?).to_string(),
        _ => std::net::Ipv6Addr::from(stream.read_u128().await?).to_string(),
    };
    let _port = stream.read_u16().await?;
    let entry = format!("{who}{host}");
    asked
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(entry);
    let mut onward = TcpStream::connect(target).await?;
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    tokio::io::copy_bidirectional(&mut stream, &mut onward).await?;
    Ok(())
}

/// A text with its length before it.
async fn text(stream: &mut TcpStream) -> std::io::Result<String> {
    let len = stream.read_u8().await?;
    let mut bytes = vec![0; usize::from(len)];
    stream.read_exact(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn serve(mut stream: TcpStream, target: Option<SocketAddr>, response: &str) {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        if !matches!(stream.read_buf(&mut head).await, Ok(n) if n > 0) {
            return;
        }
    }
    let Some(target) = target else {
        let _ = stream.write_all(response.as_bytes()).await;
        let _ = stream.shutdown().await;
        return;
    };
    let Ok(mut onward) = TcpStream::connect(target).await else {
        return;
    };
    let greeted = if head.starts_with(b"CONNECT ") {
        stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await
    } else {
        onward.write_all(&head).await
    };
    if greeted.is_ok() {
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut onward).await;
    }
}
