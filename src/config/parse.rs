//! From the text of a configuration file to [`File`], with a line for every key and for every complaint.
//!
//! The reader stops at the first key that it cannot take. So that all complaints come in one go, such a key is noted,
//! taken out, and what is left is read again.

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer};

use super::origin::Lines;
use super::{ConfigError, File, HostName, InputAddress, SourceAddress};

/// After so many complaints, the rest can wait.
const MOST_COMPLAINTS: usize = 100;

impl File {
    /// Reads the text of a configuration file. The path is for messages, and its folder for relative paths. The error is
    /// the first of those that [`File::parse_all`] gives.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let (file, problems) = Self::parse_all(text, path);
        match problems.into_iter().next() {
            None => Ok(file),
            Some(problem) => Err(problem),
        }
    }

    /// Reads what can be read of a configuration file, and says all that cannot, in the order of its lines.
    pub fn parse_all(text: &str, path: &Path) -> (Self, Vec<ConfigError>) {
        let reader = Reader {
            file: path.display().to_string(),
            text,
        };
        let mut root = match DeTable::parse(text) {
            Ok(root) => root,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                return (Self::default(), vec![reader.complaint(&error, at)]);
            }
        };
        let mut lines = Lines {
            file: reader.file.clone(),
            ..Lines::default()
        };
        let mut problems = Vec::new();
        reader.table(root.get_ref(), "", &mut lines, &mut problems);
        let mut file = loop {
            let error = match Self::deserialize(Deserializer::from(root.clone())) {
                Ok(file) => break file,
                Err(error) => error,
            };
            problems.extend(reader.complaints(&error, &root));
            let at = error.span().map(|span| span.start);
            let is_out = at.is_some_and(|at| take_out(root.get_mut(), at));
            if !is_out || problems.len() >= MOST_COMPLAINTS {
                break Self::default();
            }
        };
        problems.sort_by_key(ConfigError::line);
        file.lines = lines;
        if let Some(folder) = path.parent() {
            file.beside(folder);
        }
        (file, problems)
    }

    /// Takes relative paths from the file's folder.
    fn beside(&mut self, folder: &Path) {
        let paths = [
            &mut self.fetch.ca_cert,
            &mut self.fetch.proxy_file,
            &mut self.fetch.second_vantage_file,
            &mut self.schedule.heartbeat_file,
            &mut self.browser.path,
            &mut self.judge.rules,
            &mut self.backup.folder,
            &mut self.serve.access_log,
        ];
        let inputs = self
            .input
            .iter_mut()
            .filter_map(|one| match &mut one.address {
                Some(InputAddress::Path(path)) => Some(path),
                _ => None,
            });
        for path in paths.into_iter().flatten().chain(inputs) {
            *path = folder.join(&*path);
        }
    }
}

struct Reader<'a> {
    file: String,
    text: &'a str,
}

impl Reader<'_> {
    /// The line, from 1, of a byte.
    fn line(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.matches('\n').count() + 1
    }

    /// What the reader says of what stands at this byte.
    fn complaint(&self, error: &toml::de::Error, at: usize) -> ConfigError {
        ConfigError::of_file(&self.file, self.line(at), error.message())
    }

    /// The reader does not say which item of a list it cannot take: each is tried by itself.
    fn complaints(&self, error: &toml::de::Error, root: &Spanned<DeTable<'_>>) -> Vec<ConfigError> {
        let at = error.span().map_or(0, |span| span.start);
        let mut root = root.clone();
        let items: Vec<_> = match list_at(root.get_mut(), at) {
            Some(list) => list.iter().cloned().collect(),
            None => Vec::new(),
        };
        let mut complaints = Vec::new();
        for item in items {
            let place = item.span().start;
            if let Some(list) = list_at(root.get_mut(), at) {
                *list = std::iter::once(item).collect();
            }
            match File::deserialize(Deserializer::from(root.clone())) {
                Err(error) if error.span().is_some_and(|span| span.start == at) => {
                    complaints.push(self.complaint(&error, place));
                }
                _ => {}
            }
        }
        if complaints.is_empty() {
            complaints.push(self.complaint(error, at));
        }
        complaints
    }

    /// Notes on which lines the keys of a table stand, and which of them say the same in other words.
    fn table(
        &self,
        table: &DeTable<'_>,
        name: &str,
        lines: &mut Lines,
        problems: &mut Vec<ConfigError>,
    ) {
        for (key, value) in table {
            let full = full_name(name, key.get_ref());
            let line = self.line(key.span().start.max(header(value)));
            lines.settings += usize::from(!Self::is_table(value));
            if let Some(first) = lines.at.insert(full.clone(), line) {
                let why = format!("{full} is there already, in line {}", first.min(line));
                problems.push(ConfigError::of_file(&self.file, first.max(line), &why));
            }
            self.value(value, &full, lines, problems);
        }
    }

    fn is_table(value: &Spanned<DeValue<'_>>) -> bool {
        match value.get_ref() {
            DeValue::Table(_) => true,
            DeValue::Array(list) => list.first().is_some_and(Self::is_table),
            _ => false,
        }
    }

    fn value(
        &self,
        value: &Spanned<DeValue<'_>>,
        name: &str,
        lines: &mut Lines,
        problems: &mut Vec<ConfigError>,
    ) {
        match value.get_ref() {
            DeValue::Table(table) => self.table(table, name, lines, problems),
            DeValue::Array(array) => {
                for (index, item) in array.iter().enumerate() {
                    let name = format!("{name}[{index}]");
                    lines.at.insert(name.clone(), self.line(item.span().start));
                    self.value(item, &name, lines, problems);
                }
            }
            _ => {}
        }
    }
}

/// A table of several lines begins with its header, which may stand far from where its name was first written.
fn header(value: &Spanned<DeValue<'_>>) -> usize {
    match value.get_ref() {
        DeValue::Table(_) => value.span().start,
        _ => 0,
    }
}

/// A key's name with that of its table: hosts and addresses in quotation marks, and as they are known to the rest.
pub(super) fn full_name(table: &str, key: &str) -> String {
    match table {
        "" => key.to_owned(),
        "host" => {
            let host = key.parse::<HostName>().map(|host| host.0);
            format!("host.{:?}", host.unwrap_or_else(|_| key.to_owned()))
        }
        "source" => {
            let source = key.parse::<SourceAddress>().map(|source| source.0);
            format!("source.{:?}", source.unwrap_or_else(|_| key.to_owned()))
        }
        "token" => format!("token.{key:?}"),
        _ => format!("{table}.{key}"),
    }
}

/// The list that begins at this byte.
fn list_at<'a, 'i>(table: &'a mut DeTable<'i>, at: usize) -> Option<&'a mut DeArray<'i>> {
    table.iter_mut().find_map(|(_, value)| {
        let begins_here = value.span().start == at;
        match value.get_mut() {
            DeValue::Table(table) => list_at(table, at),
            DeValue::Array(list) => {
                if begins_here {
                    return Some(list);
                }
                list.iter_mut().find_map(|item| match item.get_mut() {
                    DeValue::Table(table) => list_at(table, at),
                    _ => None,
                })
            }
            _ => None,
        }
    })
}

/// Takes out the key that this byte belongs to. Says whether there is such a key.
fn take_out(table: &mut DeTable<'_>, at: usize) -> bool {
    let mut itself = None;
    for (key, value) in table.iter_mut() {
        let is_within = key.span().contains(&at) || value.span().contains(&at);
        let is_below = match value.get_mut() {
            DeValue::Table(table) => take_out(table, at),
            DeValue::Array(list) => list.iter_mut().any(|item| match item.get_mut() {
                DeValue::Table(table) => take_out(table, at),
                _ => false,
            }),
            _ => false,
        };
        if is_below {
            return true;
        }
        if is_within {
            itself = Some(key.clone());
        }
    }
    itself.is_some_and(|key| table.remove(&key).is_some())
}
