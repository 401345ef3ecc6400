//! Certificates, good and bad, made for whatever name is asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;

use super::{State, frames, http1, http2};

/// How a host behaves in the TLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Tls {
    /// A good certificate, HTTP/2 and HTTP/1.1.
    #[default]
    Good,
    /// A good certificate, HTTP/1.1 only.
    Http1,
    /// A certificate that ended years ago.
    Expired,
    /// A certificate that begins in years.
    NotYet,
    /// A certificate for another name.
    WrongName,
    /// A certificate that signed itself.
    SelfSigned,
    /// A certificate by an authority that nobody knows.
    UnknownIssuer,
    /// A certificate by an intermediate authority that is not sent along.
    IncompleteChain,
    /// Only versions of TLS that are too old.
    OldVersion,
    /// Closes the connection in the handshake.
    Closes,
    /// Says nothing in the handshake.
    Hangs,
    /// Answers the handshake in plain HTTP.
    Plain,
}

type Issuer = CertifiedIssuer<'static, KeyPair>;

/// The authority of one test web.
pub(crate) struct Authority {
    root: Issuer,
    stranger: Issuer,
    intermediate: Issuer,
    by_host: Mutex<HashMap<String, Tls>>,
    made: Mutex<HashMap<(String, Tls), Arc<ServerConfig>>>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let root = authority("Test Web Root", None);
        let intermediate = authority("Test Web Intermediate", Some(&root));
        Self {
            root,
            stranger: authority("Nobody's Root", None),
            intermediate,
            by_host: Mutex::default(),
            made: Mutex::default(),
        }
    }

    pub(crate) fn pem(&self) -> String {
        self.root.pem()
    }

    pub(crate) fn set(&self, host: &str, tls: Tls) {
        let mut by_host = self.by_host.lock().unwrap_or_else(PoisonError::into_inner);
        by_host.insert(host.to_owned(), tls);
    }

    fn of(&self, host: &str) -> Tls {
        let by_host = self.by_host.lock().unwrap_or_else(PoisonError::into_inner);
        by_host.get(host).copied().unwrap_or_default()
    }

    fn config(&self, host: &str, tls: Tls) -> Arc<ServerConfig> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let config = made
            .entry((host.to_owned(), tls))
            .or_insert_with(|| Arc::new(self.make(host, tls)));
        Arc::clone(config)
    }

    fn make(&self, host: &str, tls: Tls) -> ServerConfig {
        let key = KeyPair::generate().expect("a key");
        let name = if tls == Tls::WrongName {
            "other.test"
        } else {
            host
        };
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a host name");
        match tls {
            Tls::Expired => {
                params.not_before = date_time_ymd(2019, 1, 1);
                params.not_after = date_time_ymd(2020, 1, 1);
            }
            Tls::NotYet => {
                params.not_before = date_time_ymd(2090, 1, 1);
                params.not_after = date_time_ymd(2091, 1, 1);
            }
            _ => {}
        }
        let signed = |issuer: &Issuer| params.signed_by(&key, issuer).expect("a certificate");
        let chain: Vec<Certificate> = match tls {
            Tls::SelfSigned => vec![params.self_signed(&key).expect("a certificate")],
            Tls::UnknownIssuer => vec![signed(&self.stranger)],
            Tls::IncompleteChain => vec![signed(&self.intermediate)],
            _ => vec![signed(&self.root)],
        };
        let chain: Vec<CertificateDer<'static>> = chain.iter().map(|c| c.der().clone()).collect();
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key that rcgen wrote");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate and its key");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        if tls == Tls::Http1 {
            config.alpn_protocols.remove(0);
        }
        config
    }
}

fn authority(name: &str, issuer: Option<&Issuer>) -> Issuer {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    let key = KeyPair::generate().expect("a key");
    match issuer {
        Some(issuer) => CertifiedIssuer::signed_by(params, key, issuer),
        None => CertifiedIssuer::self_signed(params, key),
    }
    .expect("an authority")
}

pub(crate) async fn serve(stream: TcpStream, state: Arc<State>) {
    // A fatal alert: protocol_version (RFC 5246, section 7.2).
    const TOO_OLD: [u8; 7] = [0x15, 3, 1, 0, 2, 2, 70];
    const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    let acceptor = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream);
    let Ok(start) = acceptor.await else { return };
    let host = start
        .client_hello()
        .server_name()
        .unwrap_or("localhost")
        .to_owned();
    let tls = state.tls.of(&host);
    match tls {
        Tls::Closes => return,
        Tls::Hangs => {
            let mut stream = start.io;
            let mut heard = [0; 64];
            while stream.read(&mut heard).await.is_ok_and(|n| n > 0) {}
            return;
        }
        Tls::OldVersion | Tls::Plain => {
            let mut stream = start.io;
            let answer = if tls == Tls::Plain { PLAIN } else { &TOO_OLD };
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
            return;
        }
        _ => {}
    }
    let config = state.tls.config(&host, tls);
    let Ok(stream) = start.into_stream(config).await else {
        return;
    };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        if let Some(acts) = state.frames(&host) {
            return frames::serve(stream, state, host, acts).await;
        }
        http2::serve(stream, state).await;
    } else {
        http1::serve(http1::Conn::Secure(Box::new(stream)), state).await;
    }
}
