//! Pages as a browser shows them: when one is asked, what it is answered with, and what is kept of it.
//!
//! What the page asks for goes the way of all requisites: asked once in a pass, guarded, polite, by robots.txt, put down as
//! it came. The browser gets what was put down, so what it showed is what is stored.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::time::Instant;
use url::Url;

use super::requisites::{Got, Page};
use super::visit::Keep;
use super::{Context, RunError, baseline, requisites};
use crate::browser::{Answer, Answers, CutShort, Document, NotRendered, Rendered};
use crate::capture::completeness::Missing;
use crate::capture::kind;
use crate::capture::requisites::{Kind, Requisite};
use crate::config::Rendering;
use crate::fetch::Fetched;
use crate::judge::{Code, Features, Rule, Verdict};
use crate::report::one_line;
use crate::store::{
    DueSource, NewManifest, NewRendering, NewRequisite, Packed, RequisiteState, hex, sha256,
};

/// What came of asking a browser.
pub(super) struct Made {
    /// When, in milliseconds since the epoch.
    at: i64,
    result: Result<Rendered, String>,
    /// The document, as it is stored.
    pub(super) document: Bytes,
    /// SHA-256 of its text, in hex, where that was asked for.
    pub(super) text: String,
    manifest: NewManifest,
}

impl Made {
    /// The row to store.
    pub(super) fn row(self, stands: bool) -> NewRendering {
        let blank = NewRendering {
            at: self.at,
            browser: None,
            failed: None,
            is_cut_short: false,
            stands,
            dom: None,
            screenshot: None,
            pdf: None,
            width: 0,
            height: 0,
            manifest: Some(self.manifest),
            refused: "{}".to_owned(),
        };
        let as_is = |bytes: Vec<u8>| Packed::as_is(&bytes, sha256(&bytes));
        match self.result {
            Ok(rendered) => NewRendering {
                browser: Some(one_line(&rendered.browser, 100)),
                is_cut_short: rendered.cut_short == Some(CutShort::Time),
                dom: Some(Packed::new(&self.document)),
                screenshot: rendered.screenshot.map(as_is),
                pdf: rendered.pdf.map(as_is),
                width: rendered.width,
                height: rendered.height,
                refused: serde_json::to_string(&rendered.refused).unwrap_or(blank.refused),
                ..blank
            },
            Err(why) => NewRendering {
                failed: Some(one_line(&why, 300)),
                ..blank
            },
        }
    }
}

/// Whether a browser may be asked, and is there.
pub(super) fn is_there(context: &Context) -> bool {
    context.manner.rendering != Rendering::Never && context.browsers.look().is_ok()
}

/// Whether a page has nothing to be judged by until a script fills it.
pub(super) fn would_tell(
    context: &Context,
    verdict: &Verdict,
    features: Option<&Features>,
) -> bool {
    let waits = |rule| verdict.evidence.iter().any(|sign| sign.is(rule));
    let has_scripts = features.is_some_and(|features| features.scripts > 0);
    context.manner.rendering != Rendering::Never
        && verdict.code == Code::Collapsed
        && has_scripts
        && [Rule::EmptyShell, Rule::LoadingPage, Rule::EmptyPage]
            .into_iter()
            .any(waits)
}

/// Renders a page that is an empty shell; none where that could not be.
pub(super) async fn of_shell(
    context: &Context,
    due: &DueSource,
    fetched: &Fetched,
    keep: Keep,
) -> Result<Option<Made>, RunError> {
    let (Some(body), Some(last)) = (&fetched.body, fetched.exchanges.last()) else {
        return Ok(None);
    };
    let page = Page {
        body: &body.bytes,
        content_type: last.response_header("content-type"),
        url: last.url.clone(),
        obeys_robots: keep != Keep::Named,
    };
    let made = render(context, &page, &last.response_headers, &due.address).await?;
    let Some(mut made) = made.filter(|made| made.result.is_ok()) else {
        return Ok(None);
    };
    let media_type = Some("text/html".to_owned());
    let (document, url, rules) = (
        made.document.clone(),
        last.url.clone(),
        context.rules.clone(),
    );
    let read = baseline::draw_beside(document, media_type, url, rules).await;
    let text = read.text.unwrap_or_default();
    made.text = hex(&sha256(text.whole.as_bytes()));
    Ok(Some(made))
}

/// Renders a page; none where there is no browser, or it is no page. That a browser failed is a result too.
pub(super) async fn render(
    context: &Context,
    page: &Page<'_>,
    headers: &[(String, String)],
    address: &str,
) -> Result<Option<Made>, RunError> {
    if kind::kind(page.content_type, page.body) != kind::Kind::Html {
        return Ok(None);
    }
    let asker = Asker {
        context,
        page,
        deadline: Instant::now() + context.manner.limits.capture,
        got: Mutex::default(),
        failed: Mutex::default(),
    };
    let document = Document {
        url: &page.url,
        headers,
        body: page.body,
    };
    let at = context.clock.now();
    let rendered = tokio::select! {
        rendered = context.browsers.render(document, &asker) => rendered,
        () = context.cancelled.cancelled() => return Ok(None),
    };
    if let Some(error) = lock(&asker.failed).take() {
        return Err(error);
    }
    let result = match rendered {
        Ok(rendered) => {
            context.tally.rendered();
            Ok(rendered)
        }
        Err(NotRendered::NoBrowser(why)) => {
            context.tally.no_browser(&why);
            return Ok(None);
        }
        Err(NotRendered::Failed(why)) => {
            context.tally.not_rendered(address, &why);
            Err(why)
        }
    };
    let manifest = asker.manifest();
    // The mark says that it is UTF-8, whatever the document says of itself.
    let document = match &result {
        Ok(rendered) => Bytes::from(format!("\u{feff}{}", rendered.dom)),
        Err(_) => Bytes::new(),
    };
    Ok(Some(Made {
        at,
        result,
        document,
        text: String::new(),
        manifest,
    }))
}

/// Whether a rendering shows something else than that of a capture.
pub(super) fn is_news(
    context: &Context,
    rendering: &NewRendering,
    capture_id: i64,
) -> Result<bool, RunError> {
    let known = context
        .store
        .read("read a rendering", |r| r.rendering(capture_id))?;
    let Some(known) = known else {
        return Ok(true);
    };
    if rendering.failed.is_some() {
        return Ok(false);
    }
    let is_same = |new: &Option<Packed>, known: &Option<(i64, String)>| {
        new.as_ref().map(|new| hex(&new.sha256)) == known.as_ref().map(|(_, sha)| sha.clone())
    };
    Ok(!is_same(&rendering.dom, &known.dom)
        || !is_same(&rendering.screenshot, &known.screenshot)
        || rendering.pdf.is_some() && known.pdf.is_none())
}

/// Answers a page with what is fetched for it.
struct Asker<'a> {
    context: &'a Context,
    page: &'a Page<'a>,
    deadline: Instant,
    /// What it asked for, by address: so the same requests make the same manifest, in whatever order they came.
    got: Mutex<BTreeMap<String, (Kind, Arc<Got>)>>,
    failed: Mutex<Option<RunError>>,
}

impl Answers for Asker<'_> {
    async fn answer(&self, url: &Url, kind: Kind) -> Answer {
        match self.ask(url, kind).await {
            Ok(answer) => answer,
            Err(error) => {
                lock(&self.failed).get_or_insert(error);
                Answer::Refused
            }
        }
    }
}

impl Asker<'_> {
    async fn ask(&self, url: &Url, kind: Kind) -> Result<Answer, RunError> {
        let mut url = url.clone();
        url.set_fragment(None);
        let _ = (url.set_username(""), url.set_password(None));
        let wanted = Requisite { url, kind };
        let wanted = self.context.requisites.known(&wanted).unwrap_or(wanted);
        let got = requisites::get(self.context, self.page, &wanted, self.deadline).await?;
        let name = wanted.url.to_string();
        lock(&self.got).insert(name, (wanted.kind, Arc::clone(&got)));
        let exchanges = match &*got {
            Got::Has { exchanges, .. } => exchanges,
            Got::Missing(Missing::NotFound) => return Ok(Answer::Status(404)),
            Got::Missing(Missing::Refused) => return Ok(Answer::Status(403)),
            Got::Missing(_) => return Ok(Answer::Refused),
        };
        if exchanges.ids().is_empty() {
            self.context.store.flush().await?;
        }
        let Some(last) = exchanges.ids().last().copied() else {
            return Ok(Answer::Refused);
        };
        let row = self
            .context
            .store
            .read("read what a page needs", |r| r.answer(last))?;
        let Some(row) = row else {
            return Ok(Answer::Refused);
        };
        Ok(match Url::parse(&row.url) {
            Ok(url) => Answer::Has {
                status: row.status,
                headers: row.headers,
                body: row.body,
                url,
            },
            Err(_) => Answer::Refused,
        })
    }

    fn manifest(self) -> NewManifest {
        let got = self
            .got
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let requisites = got.into_iter().map(|(url, (kind, got))| NewRequisite {
            kind: kind.name(),
            state: match &*got {
                Got::Has { exchanges, .. } => RequisiteState::Has(exchanges.clone()),
                Got::Missing(why) => RequisiteState::Missing(url, why.name()),
            },
        });
        NewManifest {
            requisites: requisites.collect(),
            left_out: 0,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
