//! Verdicts from the body of a fine answer: whether there is anything in it at all.
//!
//! What the page says is for later rules. Here only what needs no reading: no bytes, bytes that broke off, a page
//! with nothing to see. All of it is "cannot tell", because a living page can look so to a visitor without scripts.

use super::{Case, Code, Kind, Rule, Verdict, shown, status};
use crate::fetch::Hop;

/// The verdict of a fine answer's body, or `None` where there is something in it.
pub(super) fn judge(case: &Case<'_>, hop: &Hop) -> Option<Verdict> {
    let line = status::line(hop.status);
    let body = case.facts.body.as_ref();
    if let Some(why) = body.and_then(|body| body.truncated.as_deref()) {
        return Some(cut_short(why).and(Rule::Status, line));
    }
    if body.is_none_or(|body| body.size == 0) {
        let says = format!("{line}, with an empty body");
        return Some(Verdict::new(Code::Collapsed, Rule::EmptyBody, says));
    }
    None
}

/// The verdict of a page with nothing to see, where nothing else is known of it.
pub(super) fn nothing_to_see(case: &Case<'_>, hop: &Hop) -> Option<Verdict> {
    let page = case.features?;
    if page.kind != Kind::Html || page.has_something_to_see() {
        return None;
    }
    let verdict = Verdict::new(
        Code::Collapsed,
        Rule::EmptyPage,
        "a page without text or images",
    );
    let verdict = match &page.refresh {
        Some(to) => {
            let says = format!("the page sends the reader on to {}", shown(to));
            verdict.and(Rule::SendsReaderOn, says)
        }
        None => verdict,
    };
    Some(verdict.and(Rule::Status, status::line(hop.status)))
}

/// A body that broke off, by what cut it (WARC 1.1, `WARC-Truncated`).
///
/// A connection that closes in the middle makes the answer incomplete HTTP (RFC 9112, section 8), so it is
/// `protocol-error` and not `collapsed`: of the page itself nothing is said. One that was still coming when our time
/// was up is neither: the server answers, only not within what we give it.
fn cut_short(why: &str) -> Verdict {
    match why {
        "length" => Verdict::new(
            Code::TooLarge,
            Rule::TooManyBytes,
            "more bytes than are taken",
        ),
        "time" => Verdict::new(
            Code::Collapsed,
            Rule::BodyCutShort,
            "the body was still coming when time was up",
        ),
        _ => Verdict::new(
            Code::ProtocolError,
            Rule::BodyCutShort,
            "the body broke off",
        ),
    }
}
