//! HTTP/2 over TLS, by hyper.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::http1::host_of;
use super::{Logged, State};

pub(crate) async fn serve(stream: TlsStream<TcpStream>, state: Arc<State>) {
    let service = hyper::service::service_fn(move |request| answer(request, Arc::clone(&state)));
    // It ends with an error when the client leaves, which is how clients leave.
    let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<State>,
) -> Result<Response<Full<Bytes>>, io::Error> {
    let uri = request.uri();
    let logged = Logged {
        host: host_of(uri.authority().map_or("", |authority| authority.as_str())),
        path: uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned(),
        method: request.method().to_string(),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        at: Instant::now(),
        protocol: "HTTP/2",
        secure: true,
        at_once: 0,
    };
    let (page, _under_way) = state.answer(logged.clone());
    if !page.delay.is_zero() {
        tokio::time::sleep(page.delay).await;
    }
    if page.script.is_some() {
        return Err(io::Error::other("a script stands for a reset stream"));
    }
    let is_unchanged = page.is_unchanged(&logged);
    let status = if is_unchanged { 304 } else { page.status };
    let mut response = Response::builder().status(status);
    for (name, value) in &page.headers {
        response = response.header(name.as_str(), value.as_slice());
    }
    let body = if is_unchanged {
        Vec::new()
    } else {
        page.body.clone()
    };
    Ok(response
        .body(Full::new(Bytes::from(body)))
        .expect("headers that HTTP/2 can carry"))
}
