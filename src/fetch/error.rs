//! From a client's error to a family that a verdict knows, with words that stay the same for the same cause.
//!
//! An error comes as a chain of causes from several libraries; the first cause in it that we know decides. Failures
//! of our own machine (no file descriptors, no network) are told apart here and never become facts about a source.

use std::borrow::Cow;
use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};

use super::facts::Family;
use super::politeness::Busy;
use super::resolve::{ROUTES, ResolveError};

/// Why there are no facts: it is not the source's doing, so the visit did not take place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// This machine cannot fetch now.
    #[error("cannot fetch: {0}")]
    Ours(&'static str),
    /// There is no network.
    #[error("cannot fetch: {0}")]
    NoNetwork(&'static str),
    /// Politeness forbids it for longer than one waits: the visit is for later.
    #[error("{host} should not be asked yet")]
    Busy {
        /// The host name whose turn has not come; it may be that of a redirect's target.
        host: String,
        /// When it is worth coming back.
        until: tokio::time::Instant,
    },
}

impl Fault {
    pub(crate) fn busy(host: &str, busy: Busy) -> Self {
        Self::Busy {
            host: host.to_owned(),
            until: busy.until,
        }
    }
}

/// What went wrong, not yet said of which address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) family: Family,
    pub(crate) detail: Cow<'static, str>,
}

impl Trouble {
    pub(crate) fn new(family: Family, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            family,
            detail: detail.into(),
        }
    }
}

/// Shortages of this machine.
fn our_shortage(error: &io::Error) -> Option<&'static str> {
    // Numbers of Linux, macOS and the BSDs; they agree on these but for ENOBUFS.
    const ENOMEM: i32 = 12;
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    const ENOBUFS: i32 = if cfg!(target_os = "linux") { 105 } else { 55 };
    match error.raw_os_error() {
        Some(EMFILE) => return Some("too many open files (raise the limit with ulimit -n)"),
        Some(ENFILE) => return Some("too many open files on this machine"),
        Some(ENOMEM | ENOBUFS) => return Some("out of memory"),
        _ => {}
    }
    match error.kind() {
        io::ErrorKind::StorageFull => Some("no space left on the device"),
        io::ErrorKind::OutOfMemory => Some("out of memory"),
        _ => None,
    }
}

/// Whether an error says that the connection was closed or refused the request before a byte of an answer came, so
/// that the request may be sent again (RFC 9110, section 9.2.2; RFC 9113, section 8.7). `is_kept` says that the connection
/// may be an old one; a new one that is closed says something of the host.
pub(crate) fn may_be_sent_again(error: &reqwest::Error, is_kept: bool) -> bool {
    let mut again = false;
    walk(error, &mut |cause| {
        if let Some(error) = cause.downcast_ref::<h2::Error>() {
            again = error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM);
            // The bottom of an HTTP/2 connection may be a broken one.
            return again || !error.is_io();
        }
        if let Some(error) = cause.downcast_ref::<hyper::Error>() {
            again = is_kept
                && (error.is_incomplete_message() || error.is_canceled() || error.is_closed());
            return again;
        }
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            again = is_kept
                && matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionReset
                        | io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::BrokenPipe
                );
            return again;
        }
        false
    });
    again && !error.is_connect()
}

/// What an error of the client means. `by_proxy` says that a proxy stands between us and the source.
pub(crate) fn classify(error: &reqwest::Error, by_proxy: bool) -> Result<Trouble, Fault> {
    let mut known = None;
    walk(error, &mut |cause| {
        known = recognise(cause);
        known.is_some()
    });
    let trouble = match known {
        Some(Known::Fault(fault)) => return Err(fault),
        Some(Known::Tls(trouble)) => return Ok(trouble),
        Some(Known::Trouble(trouble)) => trouble,
        None if error.is_timeout() => Trouble::new(Family::Timeout, "connecting took too long"),
        None if error.is_connect() => Trouble::new(Family::Connection, "could not connect"),
        None => Trouble::new(Family::Protocol, "the answer is not HTTP"),
    };
    // What the guard refused, nobody was asked for, the proxy included.
    if trouble.family == Family::Forbidden {
        return Ok(trouble);
    }
    // Behind a proxy, whatever failed before the handshake with the source did so at the proxy or by its word.
    if by_proxy && error.is_connect() {
        return Ok(Trouble::new(
            Family::Proxy,
            format!("the proxy could not be used: {}", trouble.detail),
        ));
    }
    Ok(trouble)
}

enum Known {
    Fault(Fault),
    Tls(Trouble),
    Trouble(Trouble),
}

/// Visits every cause until the visitor says that it has seen enough. An `io::Error` hides the error it carries from
/// the chain of sources, so that one is visited too.
fn walk(
    error: &(dyn Error + 'static),
    visit: &mut dyn FnMut(&(dyn Error + 'static)) -> bool,
) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(inner) = cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            && walk(inner, visit)
        {
            return true;
        }
        if visit(cause) {
            return true;
        }
        next = cause.source();
    }
    false
}

fn recognise(cause: &(dyn Error + 'static)) -> Option<Known> {
    if let Some(error) = cause.downcast_ref::<ResolveError>() {
        return Some(of_resolver(error));
    }
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return Some(Known::Tls(of_tls(error)));
    }
    if let Some(error) = cause.downcast_ref::<h2::Error>() {
        if error.is_io() {
            return error.get_io().and_then(of_io).map(of_io_known);
        }
        return Some(Known::Trouble(of_h2(error)));
    }
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return of_io(error).map(of_io_known);
    }
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return of_hyper(error).map(Known::Trouble);
    }
    None
}

fn of_resolver(error: &ResolveError) -> Known {
    let family = match error {
        ResolveError::NoSuchName | ResolveError::NoAddress => Family::NoSuchHost,
        ResolveError::ServerFailure | ResolveError::Timeout => Family::DnsTrouble,
        ResolveError::Private => Family::Forbidden,
        ResolveError::NoIpv6 => {
            return Known::Fault(Fault::Ours(
                "the name has only IPv6 addresses, no IPv6 route here",
            ));
        }
        ResolveError::NoServers => {
            return Known::Fault(Fault::NoNetwork("no name server is configured"));
        }
        ResolveError::Ours => {
            let what = "the name servers cannot be reached from here";
            return Known::Fault(Fault::NoNetwork(what));
        }
    };
    Known::Trouble(Trouble::new(family, error.to_string()))
}

fn of_tls(error: &rustls::Error) -> Trouble {
    match error {
        rustls::Error::InvalidCertificate(error) => of_certificate(error),
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            Trouble::new(Family::TlsOther, "no version of TLS in common")
        }
        rustls::Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            Trouble::new(Family::TlsName, "the server does not know the name")
        }
        rustls::Error::AlertReceived(alert) => Trouble::new(
            Family::TlsOther,
            format!("the server ended the handshake: {alert:?}"),
        ),
        rustls::Error::PeerIncompatible(_) => {
            Trouble::new(Family::TlsOther, "no version or cipher of TLS in common")
        }
        rustls::Error::InvalidMessage(_) => Trouble::new(Family::TlsOther, "the answer is not TLS"),
        rustls::Error::NoCertificatesPresented => {
            Trouble::new(Family::TlsOther, "the server has no certificate")
        }
        _ => Trouble::new(Family::TlsOther, "the handshake failed"),
    }
}

fn of_certificate(error: &CertificateError) -> Trouble {
    use CertificateError as C;
    let (family, detail) = match error {
        C::Expired | C::ExpiredContext { .. } => {
            (Family::TlsExpired, "the certificate has expired")
        }
        C::NotValidYet | C::NotValidYetContext { .. } => {
            (Family::TlsExpired, "the certificate is not valid yet")
        }
        C::NotValidForName | C::NotValidForNameContext { .. } => {
            (Family::TlsName, "the certificate is for another name")
        }
        C::UnknownIssuer => (Family::TlsIssuer, "the certificate's issuer is not known"),
        C::BadSignature => (Family::TlsIssuer, "the certificate's signature is wrong"),
        C::Revoked => (Family::TlsOther, "the certificate has been revoked"),
        // A certificate that signed itself comes under this name when it calls itself an authority.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            (Family::TlsIssuer, "the certificate signed itself")
        }
        _ => (Family::TlsOther, "the certificate cannot be used"),
    };
    Trouble::new(family, detail)
}

fn of_h2(error: &h2::Error) -> Trouble {
    let what = if error.is_go_away() {
        "the connection was given up"
    } else if error.is_reset() {
        "the stream was reset"
    } else {
        "broken HTTP/2"
    };
    let detail = match error.reason() {
        Some(reason) => format!("{what}: {}", reason.description()),
        None => what.to_owned(),
    };
    Trouble::new(Family::Protocol, detail)
}

fn of_hyper(error: &hyper::Error) -> Option<Trouble> {
    if error.is_timeout() {
        Some(Trouble::new(Family::Timeout, "the answer took too long"))
    } else if error.is_parse() && error.to_string().contains("too large") {
        // The library has a question for this only where it serves.
        Some(Trouble::new(
            Family::Protocol,
            "the head of the answer is too large",
        ))
    } else if error.is_parse() {
        Some(Trouble::new(Family::Protocol, "the answer is not HTTP"))
    } else if error.is_incomplete_message() {
        Some(Trouble::new(Family::Connection, "closed without an answer"))
    } else if error.is_canceled() || error.is_closed() {
        Some(Trouble::new(
            Family::Connection,
            "closed before the request",
        ))
    } else {
        None
    }
}

fn of_io_known(trouble: Result<Trouble, Fault>) -> Known {
    match trouble {
        Ok(trouble) => Known::Trouble(trouble),
        Err(fault) => Known::Fault(fault),
    }
}

fn of_io(error: &io::Error) -> Option<Result<Trouble, Fault>> {
    use io::ErrorKind as K;
    if let Some(what) = our_shortage(error) {
        return Some(Err(Fault::Ours(what)));
    }
    let detail = match error.kind() {
        K::TimedOut => {
            return Some(Ok(Trouble::new(
                Family::Timeout,
                "connecting took too long",
            )));
        }
        K::PermissionDenied => {
            return Some(Err(Fault::Ours("this machine does not let us connect")));
        }
        K::AddrNotAvailable => return Some(Err(Fault::Ours("no local address or port is left"))),
        K::NetworkDown => return Some(Err(Fault::NoNetwork("the network is down"))),
        // A router far away may say this of the source's network; without any route it is us.
        K::NetworkUnreachable if !ROUTES.to_ipv4() && !ROUTES.to_ipv6() => {
            return Some(Err(Fault::NoNetwork("no route to any network")));
        }
        K::NetworkUnreachable => "network unreachable",
        K::HostUnreachable => "host unreachable",
        K::ConnectionRefused => "connection refused",
        K::ConnectionReset => "connection reset",
        K::ConnectionAborted => "connection aborted",
        K::BrokenPipe => "connection broken",
        K::UnexpectedEof => "connection closed too early",
        _ => return None,
    };
    Some(Ok(Trouble::new(Family::Connection, detail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortages_of_ours_are_faults() {
        for (number, ours) in [
            (23, true),
            (24, true),
            (12, true),
            (104, false),
            (111, false),
        ] {
            let error = io::Error::from_raw_os_error(number);
            let known = recognise(&error).unwrap();
            assert_eq!(matches!(known, Known::Fault(_)), ours, "{error}");
        }
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert!(matches!(recognise(&full), Some(Known::Fault(_))));
    }

    #[test]
    fn an_error_inside_an_error_of_io_is_seen() {
        let inner = rustls::Error::InvalidCertificate(CertificateError::Expired);
        let outer = io::Error::new(io::ErrorKind::InvalidData, inner);
        let mut seen = None;
        walk(&outer, &mut |cause| {
            seen = recognise(cause);
            seen.is_some()
        });
        let Some(Known::Tls(trouble)) = seen else {
            panic!("not seen");
        };
        assert_eq!(trouble.family, Family::TlsExpired);
    }
}
