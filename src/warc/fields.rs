//! Named fields, in order: those of a record's header, and those of HTTP.

/// Names and values, in the order in which they stand. Names are found in any case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        let found = pairs.find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// All values of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Names and values, in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    pub(super) fn push(&mut self, name: String, value: String) {
        self.0.push((name, value));
    }

    /// Takes one more line: a field, or what continues the one before. False where it is neither.
    pub(super) fn take(&mut self, line: &[u8], decode: fn(&[u8]) -> String) -> bool {
        if line
            .first()
            .is_some_and(|byte| matches!(byte, b' ' | b'\t'))
            && let Some((_, value)) = self.0.last_mut()
        {
            if !value.is_empty() {
                value.push(' ');
            }
            value.push_str(&decode(line.trim_ascii()));
            return true;
        }
        let Some(colon) = memchr::memchr(b':', line) else {
            return false;
        };
        let name = line[..colon].trim_ascii();
        if name.is_empty() {
            return false;
        }
        let value = line[colon + 1..].trim_ascii();
        self.0.push((decode(name), decode(value)));
        true
    }
}

impl FromIterator<(String, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// As WARC has it; what is not UTF-8 is shown as such.
pub(super) fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// As HTTP has it: each byte is a character.
pub(super) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}
