//! All printing: data on standard output, talk on standard error, colour only where it is wanted.

use std::fmt::Display;
use std::io::{BufWriter, IsTerminal, Write};
use std::sync::Mutex;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use indicatif::ProgressBar;
use sourcekeep::report::{bytes, printable};

use super::Colour;
use super::exit::Failure;
use super::memory;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a person
    Text,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
}

/// Where everything that is printed goes through.
pub(crate) struct Printer {
    quiet: bool,
    verbose: bool,
    choice: ColorChoice,
    /// The progress line that talk has to step around, while there is one.
    progress: Mutex<Option<ProgressBar>>,
}

impl Printer {
    pub(crate) fn new(quiet: bool, verbose: bool, colour: Colour) -> Self {
        let choice = match colour {
            Colour::Auto => ColorChoice::Auto,
            Colour::Always => ColorChoice::Always,
            Colour::Never => ColorChoice::Never,
        };
        Self {
            quiet,
            verbose,
            choice,
            progress: Mutex::new(None),
        }
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Standard output, for data; to be flushed by the caller, so that a full disk is noticed.
    pub(crate) fn data(&self) -> impl Write + use<> {
        BufWriter::with_capacity(64 * 1024, AutoStream::new(std::io::stdout(), self.choice))
    }

    /// The same for data that holds neither colours nor anything that a terminal would obey, and much of it.
    pub(crate) fn bulk() -> impl Write {
        BufWriter::with_capacity(64 * 1024, std::io::stdout())
    }

    /// Whether a person reads the data as it comes.
    pub(crate) fn is_watched() -> bool {
        std::io::stdout().is_terminal()
    }

    /// Whether a progress line would be seen.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    pub(crate) fn set_progress(&self, bar: Option<ProgressBar>) {
        *self
            .progress
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = bar;
    }

    /// Something worth knowing.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            self.talk(&told(text));
        }
    }

    /// Something that is told once, and so whether it is wanted or not.
    pub(crate) fn once(&self, text: impl Display) {
        self.talk(&told(text));
    }

    /// Something worth knowing to who asked for it.
    pub(crate) fn detail(&self, text: impl Display) {
        if self.verbose {
            self.talk(&told(text));
        }
    }

    /// At the end of a pass: how much memory it took, for who asked for details.
    pub(crate) fn peak_memory(&self) {
        if let Some(peak) = memory::peak() {
            self.detail(format!("peak memory: {}", bytes(peak)));
        }
    }

    /// Something that went wrong, while the rest goes on.
    pub(crate) fn warning(&self, text: impl Display) {
        self.talk(&format!("{WARNING}warning:{WARNING:#} {}", told(text)));
    }

    /// What can be done about the last warning.
    pub(crate) fn hint(&self, text: impl Display) {
        self.talk(&format!("{HINT}hint:{HINT:#} {}", told(text)));
    }

    /// What ended the command.
    pub(crate) fn failure(&self, failure: &Failure) {
        let mut says = failure.error.to_string();
        for cause in failure.error.chain().skip(1).map(ToString::to_string) {
            // Some errors say themselves what caused them.
            if !says.ends_with(&cause) {
                says = format!("{says}: {cause}");
            }
        }
        self.talk(&format!("{ERROR}error:{ERROR:#} {}", told(says)));
        if let Some(hint) = &failure.hint {
            self.talk("");
            self.hint(hint);
        }
    }

    fn talk(&self, line: &str) {
        let write = || {
            let mut stderr = AutoStream::new(std::io::stderr(), self.choice);
            // If nobody reads what we say, there is nobody to tell.
            let _ = writeln!(stderr, "{line}");
        };
        match &*self
            .progress
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
        {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

/// What is told may hold words of strangers (addresses, file names, servers' answers), and those must not steer a
/// terminal; lines of our own stay lines.
fn told(text: impl Display) -> String {
    let lines: Vec<_> = text.to_string().lines().map(printable).collect();
    lines.join("\n")
}
