//! The browser's only way out, which is none: a proxy on loopback that refuses whatever it is asked for, and counts it.
//!
//! A page's requests are answered before they get here. What comes is what that interception does not see: web sockets, shared
//! workers, `WebRTC` over TCP, and what the browser wants to know for itself.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// Connections that are held at once.
const AT_ONCE: usize = 64;
/// How long one may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);
const REFUSAL: &[u8] = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A proxy that refuses.
#[derive(Debug)]
pub(super) struct Net {
    port: u16,
    refused: Arc<AtomicU64>,
    task: AbortHandle,
}

impl Net {
    pub(super) async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let refused = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&refused);
        let task = tokio::spawn(async move {
            let slots = Arc::new(Semaphore::new(AT_ONCE));
            while let Ok(slot) = Arc::clone(&slots).acquire_owned().await {
                // No file descriptor is left, or the like: others give some back.
                let Ok((stream, _)) = listener.accept().await else {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                };
                let counter = Arc::clone(&counter);
                tokio::spawn(async move {
                    let _ = timeout(PATIENCE, refuse(stream, &counter)).await;
                    drop(slot);
                });
            }
        });
        Ok(Self {
            port,
            refused,
            task: task.abort_handle(),
        })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// How often something was refused.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads the beginning of what is asked for, so that the answer is not lost in a reset, and refuses it. A connection that asks
/// for nothing was only made in advance.
async fn refuse(mut stream: TcpStream, counter: &AtomicU64) -> io::Result<()> {
    let mut head = [0; 4096];
    if stream.read(&mut head).await? == 0 {
        return Ok(());
    }
    counter.fetch_add(1, Ordering::Relaxed);
    stream.write_all(REFUSAL).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whatever_is_asked_for_is_refused_and_counted() {
        let net = Net::open().await.unwrap();
        for asked in [
            "CONNECT a.test:443 HTTP/1.1\r\n\r\n",
            "GET http://a.test/ HTTP/1.1\r\n\r\n",
        ] {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, net.port()))
                .await
                .unwrap();
            stream.write_all(asked.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert_eq!(answer, REFUSAL);
        }
        assert_eq!(net.refused(), 2);
    }
}
