//! How far a page has drifted from what was cited: its text against the baseline's.

use std::sync::Arc;

use url::Url;

use super::baseline::Baseline;
use super::reading::{is_pdf, text_of};
use super::{Context, RunError};
use crate::judge::drift::{DRIFT_VERSION, Drift, Level, drift};
use crate::judge::{Code, Features, Text};
use crate::store::{DriftRow, NewDrift, Store, StoreError, Untold, UntoldStep};

/// What comparing a page with its baseline came to.
pub(super) struct Compared {
    /// How far it has drifted; none where there was no text to compare.
    pub(super) drift: Option<Drift>,
    /// The same as a row, where that is other than before.
    pub(super) row: Option<NewDrift>,
}

/// Compares a page with its baseline. `now` is its text, where it has one.
pub(super) async fn compare(
    context: &Context,
    source_id: i64,
    baseline: &Baseline,
    features: &Features,
    now: Option<&Arc<Text>>,
) -> Result<Compared, RunError> {
    let last = context
        .store
        .read("read how far a source has drifted", |r| {
            r.last_drift(source_id)
        })?;
    // The same text to the byte need not be compared, nor the baseline read.
    if features.has_main_text_of(&baseline.features) {
        return Ok(unchanged(baseline.capture_id, last.as_ref()));
    }
    let drift = match now {
        Some(now) => beside(context, baseline, Arc::clone(now)).await?,
        None => None,
    };
    Ok(Compared {
        row: row(baseline.capture_id, drift.as_ref(), last.as_ref()),
        drift,
    })
}

/// What a page whose main text is the baseline's comes to.
pub(super) fn unchanged(capture_id: i64, last: Option<&DriftRow>) -> Compared {
    let drift = Drift {
        level: Level::Same,
        kept: 1.0,
        paragraphs: crate::judge::drift::Counts::default(),
        passages: Vec::new(),
    };
    // Of a page that never was another, nothing need be noted.
    let row = last.and_then(|last| row(capture_id, Some(&drift), Some(last)));
    Compared {
        drift: Some(drift),
        row,
    }
}

/// What is to be noted, where that is other than what was noted last.
pub(super) fn row(
    capture_id: i64,
    drift: Option<&Drift>,
    last: Option<&DriftRow>,
) -> Option<NewDrift> {
    let new = NewDrift {
        capture_id,
        level: drift.map(|drift| drift.level.name().to_owned()),
        kept: drift.map(|drift| drift.kept),
        // Plain data always serialises.
        detail: drift
            .and_then(|drift| serde_json::to_string(drift).ok())
            .unwrap_or_else(|| "{}".to_owned()),
        version: DRIFT_VERSION,
    };
    last.is_none_or(|last| last.found != new).then_some(new)
}

/// What is noted of a page's drift.
pub(super) enum Noted {
    /// How far it had drifted.
    Drift(Drift),
    /// That there was no text to compare.
    NoText,
    /// Nothing of this baseline, or by an earlier version of the code.
    Nothing,
}

/// What a row says of a page's drift from this baseline.
pub(super) fn noted(row: &DriftRow, capture_id: i64) -> Noted {
    let found = &row.found;
    if found.capture_id != capture_id || found.version != DRIFT_VERSION {
        return Noted::Nothing;
    }
    if found.level.is_none() {
        return Noted::NoText;
    }
    match serde_json::from_str(&found.detail) {
        Ok(drift) => Noted::Drift(drift),
        Err(_) => Noted::Nothing,
    }
}

/// What follows for what waits to be told of a page as a whole: that it has drifted is told when it was seen twice.
/// `before` is the verdict that was told last.
pub(super) fn untold(
    code: Code,
    level: Level,
    before: Option<&str>,
    waiting: &[Untold],
) -> Option<UntoldStep> {
    let waits = waiting.iter().find(|untold| untold.quote_id == 0);
    if code != Code::Drifted {
        return waits.map(|_| UntoldStep::Gone { quote_id: 0 });
    }
    let rank = |name: &str| name == Level::Replaced.name();
    let says = level.name().to_owned();
    match waits {
        Some(waits) if waits.is_seen && rank(&says) >= rank(&waits.says) => {
            Some(UntoldStep::Second { quote_id: 0, says })
        }
        None if before == Some(Code::Drifted.as_str()) => None,
        _ => Some(UntoldStep::First(Untold {
            quote_id: 0,
            says,
            verdict: before.map(str::to_owned),
            is_seen: true,
        })),
    }
}

/// The same where a visit found the page as it was, of which the verdict was this code.
pub(super) fn untold_again(
    code: Code,
    before: Option<&str>,
    waiting: &[Untold],
) -> Option<UntoldStep> {
    let waits = waiting.iter().find(|untold| untold.quote_id == 0);
    let level = match waits {
        Some(waits) if waits.says == Level::Replaced.name() => Level::Replaced,
        _ => Level::Drifted,
    };
    untold(code, level, before, waiting)
}

/// The text of a capture, read from its body.
pub(super) fn text_of_capture(store: &Store, capture_id: i64) -> Result<Option<Text>, StoreError> {
    let (row, body) = store.read("read a copy", |r| {
        Ok((r.seen_capture(capture_id)?, r.capture_text(capture_id)?))
    })?;
    let (Some(row), Some(body)) = (row, body) else {
        return Ok(None);
    };
    let url = Url::parse(&row.url).ok();
    Ok(url.and_then(|url| text_of(&body, row.media_type.as_deref(), &url)))
}

async fn beside(
    context: &Context,
    baseline: &Baseline,
    now: Arc<Text>,
) -> Result<Option<Drift>, RunError> {
    /// Texts of so many bytes together are compared within a few milliseconds.
    const AT_ONCE: usize = 128 * 1024;
    let capture_id = baseline.capture_id;
    let body = context
        .store
        .read("read a copy", |r| r.capture_text(capture_id))?;
    let (Some(body), Ok(url)) = (body, Url::parse(&baseline.url)) else {
        return Ok(None);
    };
    let media_type = baseline.media_type.clone();
    let is_short = !is_pdf(&body) && body.len() + now.whole.len() <= AT_ONCE;
    let compare = move || {
        let before = text_of(&body, media_type.as_deref(), &url)?;
        Some(drift(&before, &now))
    };
    if is_short {
        return Ok(compare());
    }
    match tokio::task::spawn_blocking(compare).await {
        Ok(drift) => Ok(drift),
        // A defect ends the visit as it does where it shows at once.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
