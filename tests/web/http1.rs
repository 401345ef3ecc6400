//! HTTP/1.1 by hand, so that every byte of a response is ours to get wrong.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::{Act, Logged, Page, State};

/// A connection, plain or not.
pub(crate) enum Conn {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl Conn {
    fn is_secure(&self) -> bool {
        matches!(self, Self::Secure(_))
    }

    /// What is under TLS, or the connection itself.
    fn into_stream(self) -> TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Secure(stream) => stream.into_inner().0,
        }
    }
}

impl AsyncRead for Conn {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Secure(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Conn {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Secure(stream) => Pin::new(stream.as_mut()).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}

/// Answers requests until the other side leaves, or a page closes the connection.
pub(crate) async fn serve(mut conn: Conn, state: Arc<State>) {
    let mut seen = Vec::new();
    while let Some(logged) = read_request(&mut conn, &mut seen).await {
        let is_head = logged.method == "HEAD";
        let wants_close = logged
            .header("connection")
            .is_some_and(|v| v.eq_ignore_ascii_case("close"));
        let (page, under_way) = state.answer(logged.clone());
        if !page.delay.is_zero() {
            tokio::time::sleep(page.delay).await;
        }
        if let Some(script) = &page.script {
            play(conn, script).await;
            return;
        }
        let response = response(&page, &logged, is_head);
        // Over before the client can know it, so that the count of requests at once is never too high.
        drop(under_way);
        if conn.write_all(&response).await.is_err() || page.close || wants_close {
            break;
        }
    }
    let _ = conn.shutdown().await;
}

async fn play(mut conn: Conn, script: &[Act]) {
    for act in script {
        let sent = match act {
            Act::Send(bytes) => conn.write_all(bytes).await,
            Act::Drip(bytes, pause) => drip(&mut conn, bytes, *pause).await,
            Act::Endless(piece) => loop {
                if let Err(error) = conn.write_all(piece).await {
                    break Err(error);
                }
            },
            Act::Repeat(piece, times) => repeat(&mut conn, piece, *times).await,
            Act::Wait(pause) => {
                tokio::time::sleep(*pause).await;
                Ok(())
            }
            Act::Hang => {
                let _ = conn.flush().await;
                // Until the other side goes away.
                let mut rest = [0; 64];
                while matches!(conn.read(&mut rest).await, Ok(n) if n > 0) {}
                return;
            }
            Act::Deaf => Ok(()),
            Act::Reset => {
                let _ = conn.flush().await;
                let _ = conn.into_stream().set_zero_linger();
                return;
            }
            Act::CloseRudely => {
                let _ = conn.flush().await;
                drop(conn.into_stream());
                return;
            }
        };
        if sent.is_err() {
            return;
        }
        let _ = conn.flush().await;
    }
    let _ = conn.shutdown().await;
}

async fn drip(conn: &mut Conn, bytes: &[u8], pause: Duration) -> io::Result<()> {
    for byte in bytes {
        conn.write_all(&[*byte]).await?;
        conn.flush().await?;
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

async fn repeat(conn: &mut Conn, piece: &[u8], times: usize) -> io::Result<()> {
    for _ in 0..times {
        conn.write_all(piece).await?;
    }
    Ok(())
}

/// Reads one request, its body included and dropped. None at the end of the connection.
async fn read_request(conn: &mut Conn, seen: &mut Vec<u8>) -> Option<Logged> {
    let end = loop {
        if let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if conn.read_buf(seen).await.ok()? == 0 {
            return None;
        }
    };
    let head: Vec<u8> = seen.drain(..end).collect();
    let at = Instant::now();
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let method = first.next()?.to_owned();
    let target = first.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let value = |name: &str| {
        headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    };
    let body_len: usize = value("content-length")
        .and_then(|v| v.parse().ok())
        .unwrap_or(0);
    while seen.len() < body_len {
        if conn.read_buf(seen).await.ok()? == 0 {
            return None;
        }
    }
    seen.drain(..body_len);
    // A proxy is asked by the whole address.
    let path = match target.split_once("://") {
        Some((_, rest)) => rest
            .find('/')
            .map_or("/", |slash| &rest[slash..])
            .to_owned(),
        None => target,
    };
    Some(Logged {
        host: host_of(value("host").unwrap_or_default()),
        path,
        method,
        headers,
        at,
        protocol: "HTTP/1.1",
        secure: conn.is_secure(),
        at_once: 0,
    })
}

/// A host name without its port.
pub(crate) fn host_of(authority: &str) -> String {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    host.to_ascii_lowercase()
}

fn response(page: &Page, request: &Logged, is_head: bool) -> Vec<u8> {
    let is_unchanged = page.is_unchanged(request);
    let status = if is_unchanged { 304 } else { page.status };
    let mut out = Vec::with_capacity(page.body.len() + 256);
    out.extend_from_slice(format!("HTTP/1.1 {status} Status\r\n").as_bytes());
    out.extend_from_slice(b"Date: Mon, 23 Nov 2026 12:00:00 GMT\r\nServer: test-web\r\n");
    for (name, value) in &page.headers {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
    let has_body = !is_unchanged && status != 204;
    if has_body && page.header_value("content-length").is_none() {
        out.extend_from_slice(format!("Content-Length: {}\r\n", page.body.len()).as_bytes());
    }
    if page.close {
        out.extend_from_slice(b"Connection: close\r\n");
    }
    out.extend_from_slice(b"\r\n");
    if has_body && !is_head {
        out.extend_from_slice(&page.body);
    }
    out
}
