//! Real documents and the program as its users start it, for tests that bring the two together.
//!
//! The documents are not part of the project: they are looked for at `SOURCEKEEP_CORPUS`, or in `../shared/corpus`.

#![allow(dead_code, reason = "each test crate uses its part")]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Says something to whoever runs the tests, though they pass.
pub(crate) fn say(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Where the real documents are; without them one line says that nothing was tried.
pub(crate) fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("SOURCEKEEP_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    if folder.join("seed").is_dir() {
        // Without `..` in it, as `run` names what it reads.
        return folder.canonicalize().ok();
    }
    say("skipped: no corpus at SOURCEKEEP_CORPUS or ../shared/corpus");
    None
}

/// How a run of the program ended.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The lines that say what could not be read.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &str> {
        self.stderr
            .lines()
            .filter_map(|line| line.strip_prefix("warning: "))
    }

    /// Each line of the output as JSON.
    pub(crate) fn jsonl(&self) -> impl Iterator<Item = Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
    }

    /// The output as one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.stdout))
    }

    /// Panics unless the program ended with this code, and without a panic of its own.
    #[must_use]
    pub(crate) fn ended(self, code: i32, what: &str) -> Self {
        assert!(
            self.code == Some(code) && !self.stderr.contains("panicked at"),
            "{what}: {:?} instead of {code}\n{}",
            self.code,
            self.stderr
        );
        self
    }
}

/// Runs the program in a folder of its own, so that no archive or configuration of the working folder takes part.
pub(crate) fn sourcekeep<S: AsRef<str>>(folder: &Path, args: &[S]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_sourcekeep"))
        .args(args.iter().map(AsRef::as_ref))
        .current_dir(folder)
        .env_remove("SOURCEKEEP_DB")
        .env_remove("SOURCEKEEP_CONFIG")
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("what it prints is UTF-8"),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A file, unpacked where it is packed, as far as it goes.
pub(crate) fn load(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    if path.extension().is_none_or(|extension| extension != "gz") {
        return bytes;
    }
    gunzip(&bytes)
}

/// Unpacks, as far as it goes.
pub(crate) fn gunzip(packed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let _ = flate2::read::MultiGzDecoder::new(packed).read_to_end(&mut plain);
    plain
}

/// All files below a folder, in the order of their paths.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder);
        for entry in entries.unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
