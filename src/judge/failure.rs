//! Verdicts of visits that failed: from the family of the error to a code.
//!
//! Where an answer's head came and only its body failed, the status has been said and counts: a 404 whose page broke
//! off is still a 404. Where the head itself was what failed, or the proxy wrote it, its status says nothing. What
//! failed behind a redirect is told apart from the source's own failure in the evidence.

use super::{Case, Rule, Verdict, shown, status};
use crate::fetch::{Failure, Family, Hop};
use crate::judge::Code;

pub(super) fn judge(case: &Case<'_>, failure: &Failure) -> Verdict {
    let head = case
        .facts
        .hops
        .last()
        .filter(|hop| hop.url == failure.url && !status::leads_on(hop))
        .filter(|_| case.facts.body.is_some());
    let verdict = match head {
        Some(hop) => body_failed(case, hop, failure),
        None => judge_family(case, failure),
    };
    if is_elsewhere(case, failure) && head.is_none() {
        let says = format!("the redirects had led to {}", shown(&failure.url));
        return verdict.and(Rule::FailedAfterRedirect, says);
    }
    verdict
}

/// The head of the answer came, its body did not.
fn body_failed(case: &Case<'_>, hop: &Hop, failure: &Failure) -> Verdict {
    let (code, rule, words) = of_family(failure.family);
    if !(200..300).contains(&hop.status) {
        return status::judge(case, hop)
            .unwrap_or_else(|| Verdict::new(code, rule, says(words, failure)))
            .and(Rule::BodyCutShort, says(words, failure));
    }
    let status = status::line(hop.status);
    match failure.family {
        // The server is there and holds the page: a connection that breaks off meanwhile is no failing of the source.
        Family::Connection | Family::Protocol => Verdict::new(
            Code::ProtocolError,
            Rule::BodyCutShort,
            says("the body broke off", failure),
        ),
        _ => Verdict::new(code, rule, says(words, failure)),
    }
    .and(Rule::Status, status)
}

fn judge_family(case: &Case<'_>, failure: &Failure) -> Verdict {
    let (code, rule, words) = of_family(failure.family);
    let rule = match failure.family {
        Family::NoSuchHost if is_elsewhere(case, failure) => Rule::RedirectToNoSuchHost,
        Family::NoSuchHost if says_no_address(&failure.detail) => Rule::NoAddress,
        _ => rule,
    };
    Verdict::new(code, rule, says(words, failure))
}

/// The code, the rule and the words of a family of errors.
fn of_family(family: Family) -> (Code, Rule, &'static str) {
    match family {
        Family::NoSuchHost => (Code::DnsFailure, Rule::NoSuchHost, "no such host"),
        Family::DnsTrouble => (
            Code::DnsTrouble,
            Rule::DnsTrouble,
            "no useful answer from the name servers",
        ),
        Family::Connection => (
            Code::ConnectionFailure,
            Rule::ConnectionFailed,
            "connection failed",
        ),
        Family::Timeout => (Code::Timeout, Rule::TimedOut, "timed out"),
        Family::TlsExpired => (
            Code::TlsFailure,
            Rule::CertificateExpired,
            "certificate expired, or not yet valid",
        ),
        Family::TlsName => (
            Code::TlsFailure,
            Rule::CertificateName,
            "certificate is for another name",
        ),
        Family::TlsIssuer => (
            Code::TlsFailure,
            Rule::CertificateIssuer,
            "certificate's issuer is not trusted",
        ),
        Family::TlsOther => (
            Code::TlsFailure,
            Rule::HandshakeFailed,
            "TLS handshake failed",
        ),
        Family::Protocol => (Code::ProtocolError, Rule::BrokenHttp, "broken HTTP"),
        Family::RedirectLoop => (
            Code::RedirectLoop,
            Rule::RedirectCircle,
            "the redirects lead in a circle, or are too many",
        ),
        Family::BadRedirect => (
            Code::ProtocolError,
            Rule::BadRedirect,
            "redirect to an address that cannot be taken",
        ),
        Family::TooLarge => (
            Code::TooLarge,
            Rule::TooManyBytes,
            "more bytes than are taken",
        ),
        Family::Forbidden => (
            Code::Unsupported,
            Rule::NotPublic,
            "address is not public, and was not asked",
        ),
        Family::Proxy => (Code::Unsupported, Rule::ProxyFailed, "the proxy failed"),
    }
}

fn says(words: &str, failure: &Failure) -> String {
    let detail = failure.detail.trim();
    if detail.is_empty() || detail.eq_ignore_ascii_case(words) {
        words.to_owned()
    } else {
        format!("{words}: {detail}")
    }
}

/// Whether the failure happened on another host than the source's own.
fn is_elsewhere(case: &Case<'_>, failure: &Failure) -> bool {
    !case.facts.hops.is_empty()
        && url::Url::parse(&failure.url).is_ok_and(|url| url.host() != case.address.host())
}

/// The resolver's own words for a name that exists without an address (NODATA).
fn says_no_address(detail: &str) -> bool {
    let detail = detail.to_ascii_lowercase();
    ["no address", "nodata", "no data"]
        .iter()
        .any(|words| detail.contains(words))
}
