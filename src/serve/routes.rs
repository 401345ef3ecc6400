//! What is answered where: a line for each path.

use std::sync::Arc;

use axum::Router;
use axum::routing::any;

use super::request::{Side, answered, either, public, with_file};
use super::{
    Site, acts, api, entry, feed, looked, metrics, nothing, pages, progress, replay, style, view,
};

/// The paths of both listeners: the pages, and the copies.
pub(super) fn both(site: Arc<Site>) -> (Router, Router) {
    let ui = pages_of_ours().merge(for_programs());
    let ui = ui.fallback(answered(Side::Ui, pages::nothing));
    (ui.with_state(Arc::clone(&site)), copies().with_state(site))
}

/// What people look at.
fn pages_of_ours() -> Router<Arc<Site>> {
    Router::new()
        .route("/", any(answered(Side::Ui, pages::overview)))
        .route(
            "/sources",
            any(either(pages::sources, acts::sources::change)),
        )
        .route(
            "/sources/{id}/takedown",
            any(either(pages::source_of, acts::source::take_down)),
        )
        .route(
            "/sources/{id}/copy",
            any(with_file(pages::source_of, acts::copies::keep)),
        )
        .route(
            "/posts/{id}/check",
            any(either(pages::post_of, acts::posts::read_again)),
        )
        .route(
            "/repairs",
            any(either(pages::repairs, acts::repairs::change)),
        )
        .route("/repairs/decided", any(answered(Side::Ui, pages::decided)))
        .route(
            "/decisions.csv",
            any(answered(Side::Ui, pages::decided_csv)),
        )
        .route("/sources.csv", any(answered(Side::Ui, pages::sources_csv)))
        .route("/sources/{id}", any(answered(Side::Ui, pages::source)))
        .route(
            "/sources/{id}/compare",
            any(answered(Side::Ui, pages::compare)),
        )
        .route(
            "/sources/{id}/picture",
            any(answered(Side::Ui, pages::picture_of)),
        )
        .route("/sources/{id}/pdf", any(answered(Side::Ui, pages::pdf_of)))
        .route(
            "/sources/{id}/timeline",
            any(answered(Side::Ui, pages::timeline)),
        )
        .route("/sources/{id}/text", any(answered(Side::Ui, pages::text)))
        .route("/posts", any(answered(Side::Ui, pages::posts)))
        .route("/posts/{id}", any(answered(Side::Ui, pages::post)))
        .route("/search", any(answered(Side::Ui, pages::search)))
        .route("/inputs", any(either(pages::inputs, acts::inputs::change)))
        .route("/login", any(entry::login))
        .route("/logout", any(entry::logout))
        .route("/health", any(answered(Side::Ui, pages::health)))
        .route("/events", any(progress::events))
        .route("/feed.atom", any(answered(Side::Ui, feed::atom)))
        .route("/metrics", any(answered(Side::Ui, metrics::metrics)))
        .route("/healthz", any(public(Side::Ui, metrics::healthz)))
        .route("/ui.css", any(public(Side::Ui, pages::style)))
        .route("/ui.js", any(public(Side::Ui, pages::script)))
        .route("/favicon.svg", any(public(Side::Ui, pages::icon)))
        .route("/favicon.ico", any(public(Side::Ui, pages::icon)))
        .route("/style.css", any(public(Side::Ui, style)))
        .route("/web/{*place}", any(answered(Side::Ui, view::place)))
}

/// What programs read.
fn for_programs() -> Router<Arc<Site>> {
    Router::new()
        .route(
            "/api/v1/repairs",
            any(either(pages::repairs_json, acts::repairs::change)),
        )
        .route(
            "/api/v1/decisions",
            any(either(pages::decided, acts::repairs::change)),
        )
        .route(
            "/api/v1/sources/{id}/takedown",
            any(either(pages::source_of, acts::source::take_down)),
        )
        .route(
            "/api/v1/sources/{id}/copy",
            any(with_file(pages::source_of, acts::copies::keep)),
        )
        .route(
            "/api/v1/posts/{id}/check",
            any(either(pages::post_of, acts::posts::read_again)),
        )
        .route(
            "/api/v1/sources",
            any(either(pages::sources_json, acts::sources::change)),
        )
        .route(
            "/api/v1/sources/{id}",
            any(answered(Side::Ui, pages::source)),
        )
        .route(
            "/api/v1/sources/{id}/compare",
            any(answered(Side::Ui, pages::compare)),
        )
        .route(
            "/api/v1/sources/{id}/text",
            any(answered(Side::Ui, pages::text)),
        )
        .route(
            "/api/v1/sources/{id}/timeline",
            any(answered(Side::Ui, pages::timeline)),
        )
        .route("/api/v1/posts", any(answered(Side::Ui, pages::posts_json)))
        .route("/api/v1/posts/{id}", any(answered(Side::Ui, pages::post)))
        .route("/api/v1/search", any(answered(Side::Ui, pages::search)))
        .route("/api/v1/events", any(answered(Side::Ui, pages::events)))
        .route(
            "/api/v1/inputs",
            any(either(pages::inputs, acts::inputs::change)),
        )
        .route("/api/v1/stats", any(answered(Side::Ui, pages::health)))
        .route("/api/v1/news", any(answered(Side::Ui, looked::news)))
        .route("/api/v1/runs", any(answered(Side::Ui, progress::runs)))
        .route("/api/{*rest}", any(answered(Side::Ui, api::nothing)))
}

/// Copies, and what they need.
fn copies() -> Router<Arc<Site>> {
    Router::new()
        .route("/style.css", any(public(Side::Replay, style)))
        .route("/web/{*place}", any(answered(Side::Replay, replay::place)))
        .fallback(answered(Side::Replay, nothing))
}
