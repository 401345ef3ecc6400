//! What is wrong with a configuration: where, what, and what was probably meant.

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read as configuration.
    #[error("{file}:{line}: {what}{}", hint(.meant.as_deref()))]
    File {
        /// The file, as the user would call it.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
        /// The word that was probably meant.
        meant: Option<String>,
    },
    /// An exclusion cannot be understood.
    #[error("gather: {0}")]
    Exclusion(#[from] crate::gather::InvalidExclusion),
    /// A value is out of its range, wherever it came from.
    #[error("{key} = {value}: {why}")]
    Value {
        /// The key, with its table: `fetch.concurrency`.
        key: &'static str,
        /// The value.
        value: String,
        /// Why it cannot be taken.
        why: &'static str,
    },
    /// A value does not go with another.
    #[error("{key} = {value}: expected {expected} {other}, which is {limit}")]
    Beside {
        /// The key, with its table.
        key: &'static str,
        /// The value.
        value: u64,
        /// How it should stand to the other: `less than`.
        expected: &'static str,
        /// The other key.
        other: &'static str,
        /// The other value.
        limit: u64,
    },
}

fn hint(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |word| format!("; did you mean `{word}`?"))
}

impl ConfigError {
    /// From the TOML reader's error on this text.
    pub(super) fn of_file(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let line = error
            .span()
            .and_then(|span| text.get(..span.start))
            .map_or(1, |before| before.matches('\n').count() + 1);
        let what = error.message().trim().replace('\n', "; ");
        Self::File {
            file: file.to_owned(),
            line,
            meant: meant(&what),
            what,
        }
    }
}

/// The word that was meant, from an error that names the unknown one first and then all that are known.
fn meant(message: &str) -> Option<String> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut words = message.split('`').skip(1).step_by(2);
    let written = words.next()?;
    words
        .map(|known| (distance(written, known), known))
        .filter(|(distance, known)| *distance <= (known.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known.to_owned())
}

/// How many letters must be put in, left out or changed (Levenshtein); hyphens and underscores are one.
fn distance(a: &str, b: &str) -> usize {
    const MAX_CHARS: usize = 64;
    let plain = |c: char| {
        if c == '-' {
            '_'
        } else {
            c.to_ascii_lowercase()
        }
    };
    let b: Vec<char> = b.chars().take(MAX_CHARS).map(plain).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, c) in a.chars().take(MAX_CHARS).map(plain).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, d) in b.iter().enumerate() {
            let changed = diagonal + usize::from(c != *d);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("robots", "robots", 0),
            ("robot", "robots", 1),
            ("host-delay-ms", "host_delay_ms", 0),
            ("kitten", "sitting", 3),
            ("", "abc", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
