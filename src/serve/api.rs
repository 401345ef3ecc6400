//! The interface for programs: what the pages show, as JSON, under `/api/v1`. Errors are problem details (RFC 9457); lists are paged by
//! key (`next` is where one goes on); every answer has an entity tag.

use axum::http::StatusCode;
use serde::Serialize;

use super::answer::{Answer, Policy};
use super::{Asked, Site};
use crate::store::StoreError;

/// Why something is not answered.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    title: &'static str,
    status: u16,
    detail: String,
}

impl Problem {
    /// Anything.
    pub(super) fn new(status: StatusCode, detail: &str) -> Self {
        Self {
            title: status.canonical_reason().unwrap_or("Refused"),
            status: status.as_u16(),
            detail: detail.to_owned(),
        }
    }

    /// What is asked for makes no sense.
    pub(super) fn bad(detail: &str) -> Self {
        Self::of(StatusCode::BAD_REQUEST, detail)
    }

    /// What is asked for is not there.
    pub(super) fn absent(detail: &str) -> Self {
        Self::of(StatusCode::NOT_FOUND, detail)
    }

    /// What is asked for cannot be answered with anything else than this status.
    pub(super) fn of(status: StatusCode, detail: &str) -> Self {
        Self {
            title: match status {
                StatusCode::BAD_REQUEST => "This cannot be asked",
                StatusCode::GONE => "It was pruned",
                StatusCode::UNPROCESSABLE_ENTITY => "There is nothing to say",
                _ => "Not found",
            },
            status: status.as_u16(),
            detail: detail.to_owned(),
        }
    }

    pub(super) fn answer(&self) -> Answer {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = serde_json::to_vec(self).unwrap_or_default();
        Answer::of(Policy::Bytes, "application/problem+json", body).with(status)
    }
}

/// Something as JSON.
pub(super) fn json(of: &impl Serialize) -> Answer {
    match serde_json::to_vec(of) {
        Ok(body) => Answer::of(Policy::Bytes, "application/json", body),
        Err(_) => Answer::words(StatusCode::INTERNAL_SERVER_ERROR, "this cannot be told"),
    }
}

/// What is not there.
#[expect(clippy::unnecessary_wraps, reason = "as all that makes an answer")]
pub(super) fn nothing(_: &Site, _: &Asked) -> Result<Answer, StoreError> {
    let known = "/api/v1/sources, /api/v1/sources/ID, /api/v1/sources/ID/compare, /api/v1/sources/ID/text, /api/v1/sources/ID/timeline, /api/v1/posts, /api/v1/posts/ID, /api/v1/search, /api/v1/events, \
         /api/v1/news, /api/v1/runs, /api/v1/inputs, /api/v1/repairs, /api/v1/decisions, /api/v1/stats";
    Ok(Problem::absent(&format!("there are {known}")).answer())
}
