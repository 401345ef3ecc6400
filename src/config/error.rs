//! What is wrong with a configuration: where, what, and what was probably meant.

use std::fmt;

use super::Origin;

/// Something in the configuration that cannot be used: where it stands, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Where it comes from.
    pub at: Origin,
    /// The key and its value, where the value can be shown: a secret never is.
    pub value: Option<Box<(String, String)>>,
    /// What is wrong.
    pub why: String,
    /// The word that was probably meant.
    pub meant: Option<String>,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.at, self.value.as_deref()) {
            (Origin::Flag(flag), Some((_, value))) => write!(f, "{flag} {value}: ")?,
            (Origin::Flag(name) | Origin::Variable(name), _) => write!(f, "{name}: ")?,
            (at, value) => {
                if let Origin::File { .. } = at {
                    write!(f, "{at}: ")?;
                }
                if let Some((key, value)) = value {
                    write!(f, "{key} = {value}: ")?;
                }
            }
        }
        f.write_str(&self.why)?;
        match &self.meant {
            Some(word) => write!(f, "; did you mean `{word}`?"),
            None => Ok(()),
        }
    }
}

impl ConfigError {
    /// Something wrong at this place.
    pub(super) fn new(at: Origin, why: impl Into<String>) -> Self {
        Self {
            at,
            value: None,
            why: why.into(),
            meant: None,
        }
    }

    /// From the TOML reader's words about this line.
    pub(super) fn of_file(file: &str, line: usize, message: &str) -> Self {
        let why = message.trim().replace('\n', "; ");
        let file = file.to_owned();
        Self {
            meant: meant(&why),
            ..Self::new(Origin::File { file, line }, why)
        }
    }

    /// The line of the file that is to be looked at; 0 where it is none of the file's.
    pub(super) fn line(&self) -> usize {
        match self.at {
            Origin::File { line, .. } => line,
            _ => 0,
        }
    }

    /// Everything after the place: what a program shows that names the place by itself.
    pub fn message(&self) -> String {
        let placeless = Self {
            at: Origin::Default,
            ..self.clone()
        };
        placeless.to_string()
    }
}

/// The word that was meant, from an error that names the unknown one first and then all that are known.
fn meant(message: &str) -> Option<String> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut words = message.split('`').skip(1).step_by(2);
    let written = words.next()?;
    closest(written, words).map(str::to_owned)
}

/// The known word that was probably meant by one that is written otherwise.
pub fn closest<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (distance(written, known), known))
        .filter(|(distance, known)| *distance <= (known.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
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
