//! Pages as a browser shows them: headless Chromium, which may ask for nothing by itself.
//!
//! Chromium is led over a pipe (Chrome `DevTools` Protocol), so that no port listens that a page or another user of the machine
//! could speak to. Every request of a page is held and answered by whoever asked for the rendering ([`Answers`]): so
//! that it is guarded, polite and limited as all else is. What gets past that (web sockets, shared workers, the browser's own
//! errands) ends at a proxy of ours that refuses everything. There is no other way out.
//!
//! A [`Browsers`] is for one pass: Chromium is started when the first page needs it, each page has a context of its own, and all
//! of it is gone when it is dropped.

mod find;

#[cfg(unix)]
mod chromium;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore};
use url::Url;

use crate::capture::requisites::Kind;

/// Pages that are rendered at once.
const AT_ONCE: u32 = 2;
/// How often Chromium is started in one pass.
const STARTS: u32 = 8;

/// How pages are rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where Chromium is; looked for where it usually is if this is `None`.
    pub path: Option<PathBuf>,
    /// How long one page may take.
    pub timeout: Duration,
    /// Bytes of memory that all processes of the browser may take together.
    pub memory: u64,
    /// Pixels of a screenshot's height, at most [`Settings::HIGHEST`].
    pub height: u32,
    /// Whether a PDF is made too.
    pub pdf: bool,
}

impl Settings {
    /// A `WebP` picture cannot be higher than 16,383 pixels.
    pub const HIGHEST: u32 = 16_383;
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            path: None,
            timeout: Duration::from_secs(60),
            memory: 2 << 30,
            height: 16_000,
            pdf: false,
        }
    }
}

/// The document that is to be rendered, as it was fetched.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Where it came from, after redirects.
    pub url: &'a Url,
    /// The headers it came with, in lower case.
    pub headers: &'a [(String, String)],
    /// Its bytes after content decoding.
    pub body: &'a [u8],
}

/// What answers a page's requests.
pub trait Answers: Sync {
    /// The answer to a `GET` of this address. The future may be dropped at any time.
    fn answer(&self, url: &Url, kind: Kind) -> impl Future<Output = Answer> + Send;
}

/// An answer to a request of a page.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A response, after redirects.
    Has {
        /// The status.
        status: u16,
        /// Its headers, in lower case.
        headers: Vec<(String, String)>,
        /// The body after content decoding.
        body: Vec<u8>,
        /// The address that it came from.
        url: Url,
    },
    /// There is no such thing, or it is not for us: the status to say so.
    Status(u16),
    /// It is not to be had.
    Refused,
}

/// A page as the browser had it in the end.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The browser's name and version: `Chrome/156.0.8078.108`.
    pub browser: String,
    /// The document as it stood after scripts had run, as HTML; open shadow trees are in it, as `template`s.
    pub dom: String,
    /// The page from its top, as lossless `WebP`; none where that could not be had.
    pub screenshot: Option<Vec<u8>>,
    /// The page as PDF, if that was asked for and could be had.
    pub pdf: Option<Vec<u8>>,
    /// Width of the page in pixels.
    pub width: u32,
    /// Its height, of which the screenshot may show less.
    pub height: u32,
    /// Why it may be less than a patient reader would have seen.
    pub cut_short: Option<CutShort>,
    /// What the page asked for and was refused.
    pub refused: Refused,
}

/// Why a rendering may be less than the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutShort {
    /// The page was still loading, or still asking for more, when its time was over.
    Time,
}

/// What a page asked for and was refused, whatever it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Refused {
    /// How often, by what it was: `connection` (a web socket or the like, or what goes past the interception), `method` (not a
    /// `GET`), `navigation` (to another page), `stream` (server-sent events), `scheme`, `over-the-limit`.
    #[serde(flatten)]
    pub counts: BTreeMap<String, u64>,
}

impl Refused {
    /// Counts one.
    pub fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }
}

/// Why a page was not rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRendered {
    /// There is no browser, or it does not run.
    #[error("{0}")]
    NoBrowser(String),
    /// The page could not be rendered.
    #[error("{0}")]
    Failed(String),
}

/// Whether the browser runs without its own sandbox: it has none for the superuser.
pub fn is_without_sandbox() -> bool {
    #[cfg(unix)]
    {
        rustix::process::geteuid().is_root()
    }
    #[cfg(not(unix))]
    false
}

/// The browser of a pass.
#[derive(Debug)]
pub struct Browsers {
    settings: Settings,
    tabs: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    #[cfg(unix)]
    running: Option<std::sync::Arc<chromium::Browser>>,
    starts: u32,
    /// Why there is none, and will be none.
    none: Option<String>,
}

impl Browsers {
    /// None is started yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            tabs: Semaphore::new(AT_ONCE as usize),
            state: Mutex::default(),
        }
    }

    /// Whether Chromium is there, as far as can be told without starting it.
    ///
    /// # Errors
    /// With one line that says what to do.
    pub fn look(&self) -> Result<PathBuf, String> {
        find::chromium(self.settings.path.as_deref())
    }

    /// Renders a page. Two are at most rendered at once.
    ///
    /// # Errors
    /// When there is no browser, or it failed on this page. A browser that ended under a page is started again, and the page
    /// tried once more, alone.
    #[cfg(unix)]
    pub async fn render(
        &self,
        document: Document<'_>,
        answers: &impl Answers,
    ) -> Result<Rendered, NotRendered> {
        let mut why = String::new();
        for tabs in [1, AT_ONCE] {
            // Never closed.
            let _permit = self.tabs.acquire_many(tabs).await;
            let browser = self.running().await.map_err(NotRendered::NoBrowser)?;
            match browser.render(document, answers, &self.settings).await {
                Ok(rendered) => return Ok(rendered),
                Err(chromium::Trouble::Page(why)) => return Err(NotRendered::Failed(why)),
                Err(chromium::Trouble::Browser(told)) => why = told,
            }
        }
        Err(NotRendered::Failed(why))
    }

    /// Renders a page; not on this platform.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(unix))]
    pub async fn render(&self, _: Document<'_>, _: &impl Answers) -> Result<Rendered, NotRendered> {
        Err(NotRendered::NoBrowser(
            "pages are rendered on Linux and macOS only".to_owned(),
        ))
    }

    #[cfg(unix)]
    async fn running(&self) -> Result<std::sync::Arc<chromium::Browser>, String> {
        let mut state = self.state.lock().await;
        if let Some(why) = &state.none {
            return Err(why.clone());
        }
        if let Some(browser) = &state.running
            && !browser.has_ended()
        {
            return Ok(std::sync::Arc::clone(browser));
        }
        state.running = None;
        if state.starts >= STARTS {
            let why = format!("the browser was started {STARTS} times and ended each time");
            state.none = Some(why.clone());
            return Err(why);
        }
        state.starts += 1;
        let started = match self.look() {
            Ok(path) => chromium::Browser::start(&path, &self.settings).await,
            Err(why) => Err(why),
        };
        match started {
            Ok(browser) => {
                let browser = std::sync::Arc::new(browser);
                state.running = Some(std::sync::Arc::clone(&browser));
                Ok(browser)
            }
            Err(why) => {
                state.none = Some(why.clone());
                Err(why)
            }
        }
    }

    /// Ends the browser, and waits until nothing of it is left.
    pub async fn close(&self) {
        #[cfg(unix)]
        {
            let running = self.state.lock().await.running.take();
            if let Some(browser) = running {
                browser.close().await;
            }
        }
    }
}
