//! One Chromium: its processes, the wire to it, and the proxy that is its only way out.

mod net;
mod page;
mod process;
mod wire;

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::{Answers, Document, Rendered, Settings};
use net::Net;
use process::Processes;
use wire::Wire;

/// Chromium takes no longer to start, even on a slow machine.
const STARTING: Duration = Duration::from_secs(30);
/// Nor to answer what costs it nothing.
const SMALL_THINGS: Duration = Duration::from_secs(10);
/// How long it may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);

/// Why a page was not rendered.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Because of the page.
    Page(String),
    /// The browser ended, or does not answer.
    Browser(String),
}

/// A Chromium that runs.
#[derive(Debug)]
pub(super) struct Browser {
    wire: Wire,
    processes: Processes,
    version: String,
    /// Where the browser's own errands end.
    _net: Net,
}

impl Browser {
    /// Starts it, and waits until it answers.
    ///
    /// # Errors
    /// In words.
    pub(super) async fn start(program: &Path, settings: &Settings) -> Result<Self, String> {
        let net = Net::open().await.map_err(|error| error.to_string())?;
        let says = |error: &dyn std::fmt::Display| format!("{}: {error}", program.display());
        let (processes, ends) =
            Processes::start(program, net.port(), settings.memory).map_err(|error| says(&error))?;
        let wire = Wire::new(ends).map_err(|error| says(&error))?;
        let answer = wire.call(None, "Browser.getVersion", json!({}));
        let answer = timeout(STARTING, async { answer.await.ok() }).await;
        processes.adopt();
        let Ok(Some(answer)) = answer else {
            let why = processes.complaint();
            processes.kill();
            return Err(says(&why));
        };
        let version = answer["product"].as_str().unwrap_or("Chromium").to_owned();
        Ok(Self {
            wire,
            processes,
            version,
            _net: net,
        })
    }

    /// Whether it is gone.
    pub(super) fn has_ended(&self) -> bool {
        self.wire.has_ended() || self.processes.have_ended()
    }

    /// Renders a page in a context of its own.
    pub(super) async fn render(
        &self,
        document: Document<'_>,
        answers: &impl Answers,
        settings: &Settings,
    ) -> Result<Rendered, Trouble> {
        let rendered = page::render(self, document, answers, settings).await;
        match rendered {
            Err(Trouble::Browser(why)) => {
                // Whatever is left of it is of no use to anybody.
                self.processes.kill();
                Err(Trouble::Browser(self.processes.killed_for().unwrap_or(why)))
            }
            rendered => rendered,
        }
    }

    /// Ends it, and waits until nothing is left.
    pub(super) async fn close(&self) {
        let _ = timeout(GRACE, self.wire.call(None, "Browser.close", json!({}))).await;
        let _ = timeout(GRACE, self.processes.ended()).await;
        self.processes.kill();
        self.processes.ended().await;
    }
}
