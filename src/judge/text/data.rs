//! The text of data: JSON and CSV.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The words of a JSON document: its strings, numbers and keys in their order, each value on a line of its own. `None` where it
/// is none, or is nested too deeply to be read.
pub(super) fn json(body: &str) -> Option<Read> {
    let mut read = Read::default();
    let body = body.trim_start_matches('\u{feff}');
    let mut whole = serde_json::Deserializer::from_str(body);
    Value {
        read: &mut read,
        depth: 0,
        key: None,
    }
    .deserialize(&mut whole)
    .ok()?;
    whole.end().ok()?;
    Some(read)
}

/// What data says.
#[derive(Default)]
pub(super) struct Read {
    pub(super) text: String,
    pub(super) title: Option<String>,
}

/// Keys whose value names the whole, at its top.
const TITLES: &[&str] = &["title", "name", "headline"];

struct Value<'r> {
    read: &'r mut Read,
    depth: u32,
    key: Option<&'r str>,
}

impl Value<'_> {
    fn say(self, what: &str) {
        let text = &mut self.read.text;
        if let Some(key) = self.key {
            text.push_str(key);
            text.push_str(": ");
            if self.depth == 1 && self.read.title.is_none() && TITLES.contains(&key) {
                self.read.title = Some(what.to_owned());
            }
        }
        text.push_str(what);
        text.push('\n');
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.say(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.say(&value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.say(&value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.say(&value.to_string());
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.say(value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let (depth, key) = (self.depth + 1, self.key);
        while values
            .next_element_seed(Value {
                read: self.read,
                depth,
                key,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while let Some(key) = values.next_key::<Key>()? {
            values.next_value_seed(Value {
                read: self.read,
                depth: self.depth + 1,
                key: Some(&key.0),
            })?;
        }
        Ok(())
    }
}

/// A key, cut where it is no name but a text.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let key = String::deserialize(from)?;
        Ok(Self(key.chars().take(100).collect()))
    }
}

/// The words of a CSV document: its cells, each row on a line of its own.
pub(super) fn csv(body: &str, delimiter: u8) -> Read {
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(body.trim_start_matches('\u{feff}').as_bytes());
    let mut read = Read::default();
    let mut row = csv::StringRecord::new();
    // From memory only a cell that is no UTF-8 could fail, and there is none.
    while rows.read_record(&mut row).unwrap_or(false) {
        for cell in row.iter().map(str::trim).filter(|cell| !cell.is_empty()) {
            if !read.text.is_empty() && !read.text.ends_with('\n') {
                read.text.push(' ');
            }
            read.text.push_str(cell);
        }
        read.text.push('\n');
    }
    read
}
