//! The HTTP client: TLS by rustls with ring, roots from the platform, nothing taken from the environment.
//!
//! It follows no redirects and decodes no bodies; both are done here, where each hop and the bytes as served can be
//! seen. TLS is configured by hand because the client's own choice would bring another cryptographic library.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Proxy, redirect};
use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;
use url::Url;

use super::facts::Connections;
use super::resolve::{ForClient, Guarded};
use super::settings::{Settings, SetupError};
use crate::address::redacted;

/// How long a connection is kept for another request: longer than the ordinary delay, and not so long that a run over
/// thousands of hosts keeps thousands of connections.
const KEPT_ALIVE: Duration = Duration::from_secs(5);

/// Names of protocols in the TLS handshake (RFC 7301).
const HTTP1: &[u8] = b"http/1.1";
const HTTP2: &[u8] = b"h2";

/// Said once when the platform has no certificate authorities.
const NO_ROOTS: &str = "this machine has no certificate authorities (install ca-certificates); using Mozilla's list \
                        as it was when this program was built";

/// The same client several times over, for one way out.
#[derive(Debug)]
pub(crate) struct Clients {
    /// The one for every request: it keeps connections for the next.
    pub(crate) keeping: Client,
    /// The one for a request that met a kept connection which the host had closed: it opens one for each request, so
    /// that what it meets is the host and not our past.
    pub(crate) fresh: Client,
    /// The same, without HTTP/2.
    pub(crate) fresh_http1: Client,
}

/// Builds the clients of one way out: through this proxy, if any.
pub(crate) fn build(
    settings: &Settings,
    tls: &ClientConfig,
    resolver: &Arc<Guarded>,
    proxy: Option<&Url>,
) -> Result<Clients, SetupError> {
    let client = |connections, kept| client(settings, tls, resolver, proxy, connections, kept);
    Ok(Clients {
        keeping: client(Connections::Kept, settings.manners.most_at_once())?,
        fresh: client(Connections::Fresh, 0)?,
        fresh_http1: client(Connections::FreshHttp1, 0)?,
    })
}

impl Clients {
    /// The client for a request, and for one that is sent again.
    pub(crate) fn of(&self, connections: Connections, is_again: bool) -> &Client {
        match connections {
            Connections::Kept if !is_again => &self.keeping,
            Connections::Kept | Connections::Fresh => &self.fresh,
            Connections::FreshHttp1 => &self.fresh_http1,
        }
    }
}

fn client(
    settings: &Settings,
    tls: &ClientConfig,
    resolver: &Arc<Guarded>,
    by: Option<&Url>,
    connections: Connections,
    kept: usize,
) -> Result<Client, SetupError> {
    let mut tls = tls.clone();
    let is_http1 = connections == Connections::FreshHttp1;
    if is_http1 {
        tls.alpn_protocols = vec![HTTP1.to_vec()];
    }
    let limits = &settings.limits;
    let header_list = u32::try_from(limits.header_bytes).unwrap_or(u32::MAX);
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .tls_info(true)
        .dns_resolver(ForClient(Arc::clone(resolver)))
        .redirect(redirect::Policy::none())
        // What is sent again passes the gate again.
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(limits.connect)
        .pool_idle_timeout(KEPT_ALIVE)
        .pool_max_idle_per_host(kept)
        .http1_max_headers(limits.header_count)
        .http2_max_header_list_size(header_list)
        // What browsers forgive is no reason to call a page broken.
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .tcp_nodelay(true);
    if is_http1 {
        builder = builder.http1_only();
    }
    builder = match by {
        Some(url) => builder.proxy(proxy(url)?),
        None => builder.no_proxy(),
    };
    builder
        .build()
        .map_err(|error| SetupError::Client(chain(&error)))
}

fn proxy(url: &Url) -> Result<Proxy, SetupError> {
    let wrong = |reason: String| SetupError::Proxy {
        proxy: redacted(url),
        reason,
    };
    // The client takes any scheme here, and fails at each request later.
    if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") {
        return Err(wrong("expected http, https, socks5 or socks5h".to_owned()));
    }
    Proxy::all(url.clone()).map_err(|error| wrong(error.without_url().to_string()))
}

/// How TLS is spoken, with all protocols offered; and what the user should know of it.
pub(crate) fn tls(
    settings: &Settings,
    warnings: &mut Vec<String>,
) -> Result<ClientConfig, SetupError> {
    let provider = Arc::new(ring::default_provider());
    let mut extra = Vec::new();
    if let Some(pem) = &settings.ca_pem {
        extra = authorities(pem)?;
    }
    let verifier = verifier(extra, &provider, warnings)?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::Client(error.to_string()))?
        // The name is rustls's; the verifier is the platform's, and stricter than the default, not laxer.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
    Ok(config)
}

fn verifier(
    mut extra: Vec<CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
    warnings: &mut Vec<String>,
) -> Result<Verifier, SetupError> {
    // Asked without the additional ones first: with them, a platform without any of its own goes unnoticed.
    match Verifier::new(Arc::clone(provider)) {
        Ok(verifier) if extra.is_empty() => return Ok(verifier),
        Ok(_) => {}
        Err(_) => {
            warnings.push(NO_ROOTS.to_owned());
            extra.extend_from_slice(webpki_root_certs::TLS_SERVER_ROOT_CERTS);
        }
    }
    Verifier::new_with_extra_roots(extra, Arc::clone(provider))
        .map_err(|error| SetupError::Authorities(error.to_string()))
}

fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| SetupError::Authorities(error.to_string()))?;
    if found.is_empty() {
        return Err(SetupError::Authorities(
            "no certificate in it (expected PEM, -----BEGIN CERTIFICATE-----)".to_owned(),
        ));
    }
    Ok(found)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
