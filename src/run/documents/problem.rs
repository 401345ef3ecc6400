//! What could not be read, and where.

/// A document, or a part of one, that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file or address.
    pub place: String,
    /// The line, from 1, where it is known.
    pub line: Option<u32>,
    /// Why.
    pub why: String,
    /// Whether the input as a whole could not be read (and not only a file or line of it).
    pub whole: bool,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) if line > 0 => write!(f, "{}:{line}: {}", self.place, self.why),
            _ => write!(f, "{}: {}", self.place, self.why),
        }
    }
}

impl Problem {
    /// A problem with a whole file or input.
    pub fn whole(place: impl Into<String>, why: impl std::fmt::Display) -> Self {
        Self {
            whole: true,
            ..Self::part(place, why)
        }
    }
    /// Globs that no file of a folder matches: more likely mistyped than meant.
    pub fn no_match(folder: impl Into<String>, globs: &[String]) -> Self {
        let globs = globs.join(", ");
        Self::part(
            folder,
            format!(
                "no file here matches --glob {globs} (folders that .gitignore names are not entered)"
            ),
        )
    }
    /// A problem with one of many.
    pub fn part(place: impl Into<String>, why: impl std::fmt::Display) -> Self {
        let (place, why) = (place.into(), why.to_string());
        // Some errors say themselves where they happened.
        let own = why
            .strip_prefix(&place)
            .and_then(|rest| rest.strip_prefix(": "));
        Self {
            line: None,
            why: own.map_or_else(|| why.clone(), str::to_owned),
            whole: false,
            place,
        }
    }
}
