//! HTTP/2 by hand, so that every frame of a connection is ours to get wrong.

use std::sync::Arc;
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::{Act, Logged, State};

/// Time between the last act and the end of the connection.
const BEFORE_THE_END: std::time::Duration = std::time::Duration::from_millis(300);

/// Reads up to the first request, does the acts, and reads on until the client leaves, for a client that gets no
/// answer to its own frames might end the connection for that.
pub(crate) async fn serve(
    stream: TlsStream<TcpStream>,
    state: Arc<State>,
    host: String,
    acts: Arc<[Act]>,
) {
    let (mut from, mut to) = tokio::io::split(stream);
    if read_request(&mut from).await.is_none() {
        return;
    }
    // What was asked for is compressed; whose certificate was asked for says enough.
    let (_, under_way) = state.answer(Logged {
        host,
        path: "*".to_owned(),
        method: String::new(),
        headers: Vec::new(),
        at: Instant::now(),
        protocol: "HTTP/2",
        secure: true,
        at_once: 0,
    });
    let is_deaf = acts.iter().any(|act| matches!(act, Act::Deaf));
    let playing = async {
        if play(&mut to, &acts).await.is_some() {
            // Whether the client sees a wrong frame or the end that follows it at once would be a matter of luck.
            tokio::time::sleep(BEFORE_THE_END).await;
            let _ = to.shutdown().await;
        }
        drop(under_way);
        std::future::pending::<()>().await;
    };
    let hearing = async {
        if is_deaf {
            std::future::pending::<()>().await;
        }
        let mut heard = vec![0; 16 * 1024];
        while from.read(&mut heard).await.is_ok_and(|n| n > 0) {}
    };
    tokio::select! {
        () = playing => {}
        () = hearing => {}
    }
}

/// Up to the end of the first HEADERS frame (RFC 9113, sections 3.4, 4.1 and 6.2).
async fn read_request(from: &mut (impl AsyncRead + Unpin)) -> Option<()> {
    const PREFACE_BYTES: usize = 24;
    const HEADERS: u8 = 1;
    let mut preface = [0; PREFACE_BYTES];
    from.read_exact(&mut preface).await.ok()?;
    loop {
        let mut head = [0; 9];
        from.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        from.read_exact(&mut payload).await.ok()?;
        if head[3] == HEADERS {
            return Some(());
        }
    }
}

/// Does the acts; `None` where the client left meanwhile.
async fn play(to: &mut (impl AsyncWrite + Unpin), acts: &[Act]) -> Option<()> {
    for act in acts {
        match act {
            Act::Send(bytes) => to.write_all(bytes).await.ok()?,
            Act::Drip(bytes, pause) => {
                for byte in bytes {
                    to.write_all(&[*byte]).await.ok()?;
                    to.flush().await.ok()?;
                    tokio::time::sleep(*pause).await;
                }
            }
            Act::Repeat(piece, times) => {
                for _ in 0..*times {
                    to.write_all(piece).await.ok()?;
                }
            }
            Act::Endless(piece) => loop {
                to.write_all(piece).await.ok()?;
            },
            Act::Wait(pause) => {
                to.flush().await.ok()?;
                tokio::time::sleep(*pause).await;
            }
            Act::Hang | Act::Reset | Act::CloseRudely => {
                to.flush().await.ok()?;
                std::future::pending::<()>().await;
            }
            Act::Deaf => {}
        }
        to.flush().await.ok()?;
    }
    Some(())
}
