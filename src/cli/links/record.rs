//! What is printed of a citation, of a link that was left out, and of a post, as other programs read it: the names are a
//! contract, to which more may be added.

use serde::Serialize;
use sourcekeep::address;
use sourcekeep::gather::{self, Citation, LeftOut, Post};
use sourcekeep::report::rfc3339;

/// One citation.
#[derive(Serialize)]
pub(super) struct Link<'a> {
    pub(super) post: &'a str,
    pub(super) url: &'a str,
    pub(super) canonical: String,
    pub(super) kind: &'a str,
    pub(super) place: &'a str,
    pub(super) text: &'a str,
    pub(super) context: &'a str,
    pub(super) quote: Option<&'a str>,
    pub(super) rel: &'a str,
    pub(super) line: u32,
    pub(super) span: [usize; 2],
    pub(super) headings: &'a [String],
    pub(super) position: u32,
    pub(super) column: u32,
    pub(super) written: Option<&'a str>,
    pub(super) preserves: Option<&'a str>,
    pub(super) confidence: Option<f64>,
    pub(super) tie: Option<&'a str>,
    pub(super) quote_parts: Vec<&'a str>,
    pub(super) comment_author: Option<&'a str>,
    pub(super) comment_at: Option<String>,
    pub(super) note: Option<&'a str>,
    pub(super) accessed_at: Option<String>,
    pub(super) marked_dead: bool,
}

impl<'a> Link<'a> {
    pub(super) fn of(post: &'a str, citation: &'a Citation) -> Self {
        let (details, quote) = (&citation.details, citation.quote.as_ref());
        let comment = details.comment.as_ref();
        Self {
            post,
            url: citation.url.as_str(),
            canonical: address::canonical(&citation.url).to_string(),
            kind: citation.kind.as_str(),
            place: citation.place.as_str(),
            text: &citation.text,
            context: &citation.context,
            quote: quote.map(|quote| quote.text.as_str()),
            rel: &citation.rel,
            line: citation.line,
            span: [citation.span.0, citation.span.1],
            headings: &citation.headings,
            position: citation.position,
            column: citation.column,
            written: details.written.as_deref(),
            preserves: details.preserves.as_ref().map(|one| one.as_str()),
            confidence: quote.map(|quote| f64::from(quote.confidence) / 100.0),
            tie: quote.map(|quote| quote.tie.as_str()),
            quote_parts: quote.map_or_else(Vec::new, |quote| gather::quote_parts(&quote.text)),
            comment_author: comment.and_then(|comment| comment.author.as_deref()),
            comment_at: comment.and_then(|comment| comment.at).map(rfc3339),
            note: details.note.as_deref(),
            accessed_at: details.accessed_at.map(rfc3339),
            marked_dead: details.marked_dead,
        }
    }
}

/// One link that was left out.
#[derive(Serialize)]
pub(super) struct Left<'a> {
    pub(super) post: &'a str,
    pub(super) url: &'a str,
    pub(super) reason: String,
    pub(super) line: u32,
}

impl<'a> Left<'a> {
    pub(super) fn of(post: &'a str, left_out: &'a LeftOut) -> Self {
        Self {
            post,
            url: &left_out.address,
            reason: left_out.reason.to_string(),
            line: left_out.line,
        }
    }
}

/// One post.
#[derive(Serialize)]
pub(super) struct Facts<'a> {
    pub(super) address: &'a str,
    pub(super) title: Option<&'a str>,
    pub(super) author: Option<&'a str>,
    pub(super) language: Option<&'a str>,
    pub(super) published_at: Option<String>,
    pub(super) modified_at: Option<String>,
    pub(super) canonical: Option<&'a str>,
    pub(super) citations: u64,
    pub(super) left_out: u64,
}

impl<'a> Facts<'a> {
    pub(super) fn of(post: &'a Post, citations: u64, left_out: u64) -> Self {
        Self {
            address: &post.address,
            title: post.title.as_deref(),
            author: post.author.as_deref(),
            language: post.language.as_deref(),
            published_at: post.published_at.map(rfc3339),
            modified_at: post.modified_at.map(rfc3339),
            canonical: post.canonical.as_ref().map(|one| one.as_str()),
            citations,
            left_out,
        }
    }
}
