//! What the system and the user say to a process that keeps running.

use super::exit::Failure;

/// A file that reached the size that it may have (`ulimit -f`) makes writing fail, so that it can be told; by default it ends
/// the process without a word.
pub(crate) fn outlive_limits() {
    #[cfg(unix)]
    {
        use signal_hook::{consts::SIGXFSZ, flag};
        // Where it cannot be had, the default has to do.
        let _ = flag::register(SIGXFSZ, std::sync::Arc::default());
    }
}

/// Something that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// The service manager, or a shutdown.
    Terminate,
    /// Read the configuration again.
    #[cfg_attr(not(unix), expect(dead_code, reason = "nobody can say so"))]
    Reload,
}

/// Hears signals from its making on.
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    reload: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// To be called inside a runtime.
    pub(crate) fn new() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            reload: signal(SignalKind::hangup())?,
        })
    }

    /// The next one; may be dropped and called again.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.reload.recv() => Signal::Reload,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self {})
    }

    pub(crate) async fn next(&mut self) -> Signal {
        // Where signals cannot be had, nothing can be done about them.
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}
