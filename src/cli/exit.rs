//! Exit codes, and failures with a hint.

use std::process::ExitCode;

use sourcekeep::report::ReportError;
use sourcekeep::run::RunError;
use sourcekeep::store::StoreError;

/// How the command ends; the numbers are a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    FailOn,
    Usage,
    Failed,
    Held,
    Suspect,
    Interrupted,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::FailOn => 1,
            Self::Usage => 2,
            Self::Failed => 3,
            Self::Held => 4,
            Self::Suspect => 5,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// A command that could not be done: what went wrong, and what can be done about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) error: anyhow::Error,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit: Exit::Usage,
            error: error.into(),
            hint: None,
        }
    }

    pub(crate) fn failed(error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit: Exit::Failed,
            error: error.into(),
            hint: None,
        }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whoever reads our output has seen enough; that is no failure.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.error.chain().any(|cause| {
            let io = cause.downcast_ref::<std::io::Error>();
            let json = cause
                .downcast_ref::<serde_json::Error>()
                .and_then(serde_json::Error::io_error_kind);
            let csv = cause
                .downcast_ref::<csv::Error>()
                .and_then(|error| match error.kind() {
                    csv::ErrorKind::Io(io) => Some(io.kind()),
                    _ => None,
                });
            io.map(std::io::Error::kind).or(json).or(csv) == Some(std::io::ErrorKind::BrokenPipe)
        })
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let hint = error.hint().map(str::to_owned);
        Self {
            exit: Exit::Failed,
            error: error.into(),
            hint,
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Store(error) => error.into(),
            error => Self::failed(error),
        }
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Store(error) => error.into(),
            error => Self::failed(error),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::failed(error)
    }
}
