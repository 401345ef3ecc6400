//! Verdicts from the status of the last answer (RFC 9110, and what providers made of it).
//!
//! A bot wall answers in the server's stead, with any status; the headers by which it says so are looked at first, then
//! what its page says. And a page may come with a status that refuses it: then it is the page.

use super::{Case, Code, Rule, Verdict, wall};
use crate::fetch::Hop;

/// Whether the answer sends us on: a redirect with an address to go to.
pub(super) fn leads_on(hop: &Hop) -> bool {
    matches!(hop.status, 300..=303 | 305..=399) && hop.header("location").is_some()
}

/// The verdict that the last answer's status gives, or `None` where it is fine and the rest decides.
pub(super) fn judge(case: &Case<'_>, hop: &Hop) -> Option<Verdict> {
    let line = line(hop.status);
    if let Some(wall) = wall::by_header(case) {
        return Some(wall.and(Rule::Status, line));
    }
    if matches!(hop.status, 401..=403 | 429 | 503)
        && let Some(says) = wall::page_itself(case)
    {
        let page = Verdict::new(Code::Alive, Rule::PageInSpiteOfStatus, says);
        return Some(page.and(Rule::Status, line));
    }
    let (code, rule) = match hop.status {
        204 | 205 => (Code::Collapsed, Rule::NoContent),
        200..=299 => return None,
        304 => (Code::Alive, Rule::NotModified),
        300..=399 if hop.header("location").is_none() => {
            (Code::ProtocolError, Rule::RedirectWithoutLocation)
        }
        300..=399 => (Code::ProtocolError, Rule::RedirectNotFollowed),
        401 => (Code::LoginWall, Rule::Status),
        402 => (Code::Paywall, Rule::Status),
        403 | 407 | 429 | 999 => (Code::Blocked, Rule::Status),
        404 => (Code::NotFound, Rule::Status),
        408 | 425 => (Code::Timeout, Rule::Status),
        410 => (Code::Gone, Rule::Status),
        451 => (Code::Legal, Rule::Status),
        400..=499 => (Code::ClientError, Rule::Status),
        511 => (Code::Blocked, Rule::CaptivePortal),
        500..=599 => (Code::ServerError, Rule::Status),
        _ => (Code::ProtocolError, Rule::UnexpectedStatus),
    };
    // What the page says counts where the status says something else; where both say the same, the status is enough.
    if is_for_walls(hop.status)
        && let Some(wall) = wall::by_status(case).filter(|wall| wall.code != code)
    {
        return Some(wall.and(Rule::Status, line));
    }
    let verdict = Verdict::new(code, rule, line);
    Some(match code {
        Code::Blocked if rule == Rule::Status => wall::with_providers(case, verdict),
        _ => verdict,
    })
}

/// The statuses that bot walls answer with. What 451 and 511 say is clear without the page.
fn is_for_walls(status: u16) -> bool {
    matches!(status, 400..=599 | 999) && !matches!(status, 451 | 511)
}

/// A status as people know it: `404 Not Found`.
pub(super) fn line(status: u16) -> String {
    let reason = match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        305 => "Use Proxy",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        414 => "URI Too Long",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        418 => "I'm a Teapot",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        423 => "Locked",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        507 => "Insufficient Storage",
        508 => "Loop Detected",
        511 => "Network Authentication Required",
        999 => "Request Denied",
        _ => return status.to_string(),
    };
    format!("{status} {reason}")
}
