//! The user's file of rules, as far as the configuration goes: it is there, not too large, and can be used.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::judge::{MAX_RULES_BYTES, Rules};

/// Reads and checks a file of rules. The error names the file, and the line where one is at fault.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let failed = |error: std::io::Error| format!("{shown}: {error}");
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(failed)?
        .take(MAX_RULES_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{shown}: no text"))?;
    match Rules::extended(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(match error.line {
            Some(line) => format!("{shown}:{line}: {}", error.why),
            None => format!("{shown}: {error}"),
        }),
    }
}
