//! What a page said when we first held it: the features that a later visit is compared with.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;
use url::Url;

use super::documents::pdf_text;
use super::reading::{features_of, is_pdf};
use super::{Context, RunError};
use crate::judge::{self, FEATURES_VERSION, Features, Rules};
use crate::store::{BaselineRow, DueSource, FeaturesRow};

/// The features of the copy that stands for what was cited, and when that was made.
pub(super) struct Baseline {
    pub(super) features: Features,
    pub(super) at: i64,
}

/// Reads the baseline of a source, if there is a copy. What an earlier version drew is drawn again, once.
pub(super) async fn read(context: &Context, due: &DueSource) -> Result<Option<Baseline>, RunError> {
    let id = due.id;
    let row = context.store.read("read what a page said", |r| {
        r.baseline(id, FEATURES_VERSION)
    })?;
    let Some(row) = row else {
        return Ok(None);
    };
    if let Some(features) = stored(&row) {
        let at = row.at;
        return Ok(Some(Baseline { features, at }));
    }
    let body = context
        .store
        .read("read a copy", |r| r.capture_body(row.capture_id))?;
    let features = match body {
        Some(body) => of_capture(context, &row, body).await,
        None => None,
    };
    let Some(features) = features else {
        return Ok(None);
    };
    if let Some(outcome_id) = row.outcome_id {
        let row = features_row(&features);
        context
            .store
            .submit("keep features", move |w| w.keep_features(outcome_id, &row))
            .await?;
    }
    let at = row.at;
    Ok(Some(Baseline { features, at }))
}

/// The features as they are stored.
fn stored(row: &BaselineRow) -> Option<Features> {
    serde_json::from_str(row.features.as_deref()?).ok()
}

/// The features of a capture, from its body.
async fn of_capture(context: &Context, row: &BaselineRow, body: Vec<u8>) -> Option<Features> {
    let url = Url::parse(&row.url).ok()?;
    let rules = context.rules.clone();
    Some(draw_beside(body.into(), row.media_type.clone(), url, rules).await)
}

/// The features of a body, drawn beside everything else where that takes more than a moment.
pub(super) async fn draw_beside(
    body: Bytes,
    media_type: Option<String>,
    url: Url,
    rules: Option<Arc<Rules>>,
) -> Features {
    /// So many bytes are read within a few milliseconds.
    const AT_ONCE: usize = 256 * 1024;
    if is_pdf(&body) {
        return draw_pdf(body).await;
    }
    let is_short = body.len() <= AT_ONCE;
    let read = move || {
        let rules = rules.as_deref().unwrap_or(Rules::built_in());
        features_of(&body, media_type.as_deref(), &url, rules)
    };
    if is_short {
        return read();
    }
    match tokio::task::spawn_blocking(read).await {
        Ok(features) => features,
        // A defect ends the visit as it does where it shows at once.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// The same of a PDF: beside everything else, and few at a time.
async fn draw_pdf(body: Bytes) -> Features {
    static AT_A_TIME: Semaphore = Semaphore::const_new(2);
    let _permit = AT_A_TIME.acquire().await;
    let read = tokio::task::spawn_blocking(move || pdf_text(&body)).await;
    judge::features_of_pdf(read.ok().flatten().unwrap_or_default())
}

/// Features as a row.
pub(super) fn features_row(features: &Features) -> FeaturesRow {
    FeaturesRow {
        version: judge::FEATURES_VERSION,
        title: features.title.clone(),
        canonical: features.canonical.clone(),
        language: features.language.clone(),
        text_chars: features.text_chars,
        detail: serde_json::to_string(features).unwrap_or_default(),
    }
}
