//! What a page said when we first held it: the features that a later visit is compared with.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;
use url::Url;

use super::reading::{Read, features_of, is_pdf, read_of};
use super::{Context, RunError};
use crate::fetch::{BodyFacts, Facts, Hop, Way};
use crate::judge::{
    self, Code, FEATURES_VERSION, Features, Group, JUDGE_VERSION, Kind, Rules, Text,
};
use crate::store::{BaselineRow, DueSource, FeaturesRow, Store, StoreError, Writing};

/// The features of the copy that stands for what was cited, and when that was made.
pub(super) struct Baseline {
    pub(super) features: Features,
    pub(super) at: i64,
    /// The capture.
    pub(super) capture_id: i64,
    /// The address that its body came from.
    pub(super) url: String,
    pub(super) media_type: Option<String>,
}

impl Baseline {
    fn new(row: BaselineRow, features: Features) -> Self {
        Self {
            features,
            at: row.at,
            capture_id: row.capture_id,
            url: row.url,
            media_type: row.media_type,
        }
    }
}

/// Imported copies that are looked at for one visit, where each shows nothing that could be compared with.
const MOST_UNSEEN: usize = 20;

/// Reads the baseline of a source, if there is a copy. What an earlier version drew is drawn again, once. An imported copy is
/// one only if the judge finds that it shows a page.
pub(super) async fn read(context: &Context, due: &DueSource) -> Result<Option<Baseline>, RunError> {
    let id = due.id;
    for _ in 0..=MOST_UNSEEN {
        let row = context.store.read("read what a page said", |r| {
            r.baseline(id, FEATURES_VERSION)
        })?;
        let Some(row) = row else {
            return Ok(None);
        };
        if let Some(features) = stored(&row) {
            return Ok(Some(Baseline::new(row, features)));
        }
        let body = context
            .store
            .read("read a copy", |r| r.capture_text(row.capture_id))?;
        let Some(body) = body else {
            return Ok(None);
        };
        let size = body.len() as u64;
        let Some(features) = of_capture(context, &row, body).await else {
            return Ok(None);
        };
        if row.unseen {
            let code = shows(&row, size, &features, context.rules.as_deref());
            let capture_id = row.capture_id;
            let keep = move |w: &Writing<'_>| {
                w.keep_import_verdict(capture_id, code.as_str(), JUDGE_VERSION)
            };
            context.store.write("keep what a copy shows", keep).await?;
            if code.group() != Group::Fine {
                continue;
            }
        }
        if let Some(outcome_id) = row.outcome_id {
            let row = features_row(&features);
            context
                .store
                .submit("keep features", move |w| w.keep_features(outcome_id, &row))
                .await?;
        }
        return Ok(Some(Baseline::new(row, features)));
    }
    Ok(None)
}

/// What a copy shows that no visit left, as the judge says who sees nothing but the page.
pub(super) fn shows(
    row: &BaselineRow,
    size: u64,
    features: &Features,
    rules: Option<&Rules>,
) -> Code {
    let Ok(url) = Url::parse(&row.url) else {
        return Code::Alive;
    };
    let facts = Facts {
        way: Way::Plain,
        vantage: None,
        hops: vec![Hop {
            url: row.url.clone(),
            status: 200,
            protocol: "HTTP/1.1".to_owned(),
            headers: row
                .media_type
                .iter()
                .map(|media_type| ("content-type".to_owned(), media_type.clone()))
                .collect(),
            certificate: None,
        }],
        failure: None,
        body: Some(BodyFacts {
            size,
            served_size: size,
            sha256: String::new(),
            served_sha256: String::new(),
            served_sha1: String::new(),
            truncated: None,
        }),
        robots: None,
        rendered: None,
    };
    let mut case = judge::Case::new(&url, &facts);
    case.features = Some(features);
    case.rules = rules.unwrap_or(Rules::built_in());
    judge::judge(&case).code
}

/// The features as they are stored.
fn stored(row: &BaselineRow) -> Option<Features> {
    serde_json::from_str(row.features.as_deref()?).ok()
}

/// The features of a capture, from its body.
async fn of_capture(context: &Context, row: &BaselineRow, body: Vec<u8>) -> Option<Features> {
    let url = Url::parse(&row.url).ok()?;
    let rules = context.rules.clone();
    let read = draw_beside(body.into(), row.media_type.clone(), url, rules).await;
    Some(read.features)
}

/// What is read of a body, beside everything else where that takes more than a moment.
pub(super) async fn draw_beside(
    body: Bytes,
    media_type: Option<String>,
    url: Url,
    rules: Option<Arc<Rules>>,
) -> Read {
    /// So many bytes are read within a few milliseconds.
    const AT_ONCE: usize = 256 * 1024;
    if is_pdf(&body) {
        return draw_pdf(body, url).await;
    }
    let is_short = body.len() <= AT_ONCE;
    let read = move || {
        let rules = rules.as_deref().unwrap_or(Rules::built_in());
        read_of(&body, media_type.as_deref(), &url, rules)
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
async fn draw_pdf(body: Bytes, url: Url) -> Read {
    static AT_A_TIME: Semaphore = Semaphore::const_new(2);
    let _permit = AT_A_TIME.acquire().await;
    let read = move || read_of(&body, None, &url, Rules::built_in());
    let read = tokio::task::spawn_blocking(read).await;
    read.unwrap_or_else(|_| Read {
        features: judge::features_of_pdf(&Text::default()),
        ..Read::default()
    })
}

/// Whether features are drawn again in a moment, so that those of a body that a copy holds need not be kept. What later
/// visits are compared with is kept all the same: that is the first copy, as a rule.
pub(super) fn is_drawn_at_once(features: &Features) -> bool {
    features.kind != Kind::Pdf
}

/// The features of a copy, drawn from its body; `None` where that is gone.
pub(crate) fn features_of_capture(
    store: &Store,
    capture: i64,
    rules: &Rules,
) -> Result<Option<Features>, StoreError> {
    let (row, body) = store.read("read a copy", |r| {
        Ok((r.seen_capture(capture)?, r.capture_text(capture)?))
    })?;
    let (Some(row), Some(body)) = (row, body) else {
        return Ok(None);
    };
    let url = Url::parse(&row.url).ok();
    Ok(url.map(|url| features_of(&body, row.media_type.as_deref(), &url, rules)))
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
