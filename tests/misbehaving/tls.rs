//! Certificates and handshakes.

use crate::stage::{SECURE, Seen, Stage};
use crate::web::{Page, Tls};

/// A visit to a server with such a handshake; nothing is asked of it.
#[track_caller]
fn with(stage: &Stage, tls: Tls) -> Seen {
    stage
        .web
        .tls("a.test", tls)
        .page("a.test", "/source", Page::html("<p>words</p>"));
    let seen = stage.visit(SECURE);
    assert!(stage.web.requests().is_empty(), "{seen:#?}");
    seen
}

behaviours! {
    "TLS";

    has_an_expired_certificate: "has a certificate that has expired" =>
    TlsFailure, CertificateExpired, "at once", |stage| with(&stage, Tls::Expired).tells("has expired");

    has_a_certificate_of_the_future: "has a certificate that is not valid yet" =>
    TlsFailure, CertificateExpired, "at once", |stage| with(&stage, Tls::NotYet).tells("is not valid yet");

    has_another_name: "has a certificate for another name" =>
    TlsFailure, CertificateName, "at once", |stage| with(&stage, Tls::WrongName);

    signs_itself: "has a certificate that signed itself" =>
    TlsFailure, CertificateIssuer, "at once", |stage| with(&stage, Tls::SelfSigned);

    has_an_unknown_issuer: "has a certificate by an issuer that nobody knows" =>
    TlsFailure, CertificateIssuer, "at once", |stage| with(&stage, Tls::UnknownIssuer);

    has_an_incomplete_chain: "leaves out the certificate in between" =>
    TlsFailure, CertificateIssuer, "at once", |stage| with(&stage, Tls::IncompleteChain);

    speaks_an_old_version: "speaks only versions of TLS that are too old" =>
    TlsFailure, HandshakeFailed, "at once", |stage| with(&stage, Tls::OldVersion).tells("no version of TLS in common");

    answers_in_the_clear: "answers in plain HTTP where TLS should be" =>
    TlsFailure, HandshakeFailed, "at once", |stage| with(&stage, Tls::Plain).tells("the answer is not TLS");

    leads_to_an_expired_certificate: "redirects to a host whose certificate has expired" =>
    TlsFailure, CertificateExpired, "at once", |stage| {
        stage.web.tls("b.test", Tls::Expired);
        stage.answers(Page::redirect(301, "https://b.test/source")).tells("the redirects had led to")
    };
}
