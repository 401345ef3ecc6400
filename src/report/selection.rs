//! Which sources a report lists, or a command fails on: standings, verdicts, groups of them, and lost quotes, by name.

use crate::judge::{Code, Group};
use crate::schedule::Standing;

/// Sources by standing or verdict. Empty means "what needs attention".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    standings: Vec<String>,
    verdicts: Vec<String>,
}

/// A name that is neither a standing, nor a verdict, nor a group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown selector `{name}`; use a standing ({standings}), a verdict ({verdicts}), a group (fine, gone, failing, cannot-tell, broken), or quote-lost"
)]
pub struct UnknownSelector {
    name: String,
    standings: String,
    verdicts: String,
}

/// The name of sources of which a quote is lost.
pub(super) const QUOTE_LOST: &str = "quote-lost";

impl Selection {
    /// Reads names separated by commas. `broken` stands for the groups `gone` and `failing` and for the dead.
    pub fn parse(names: &str) -> Result<Self, UnknownSelector> {
        let mut selection = Self::default();
        for name in names
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            selection.add(name)?;
        }
        Ok(selection)
    }

    fn add(&mut self, name: &str) -> Result<(), UnknownSelector> {
        match name {
            "fine" => self.group(Group::Fine),
            // No standing of this name is ever found; it is one more reason to be listed.
            QUOTE_LOST => self.standings.push(name.to_owned()),
            "gone" => {
                // The group and the verdict of this name: the group holds the verdict.
                self.group(Group::Gone);
            }
            "cannot-tell" => self.group(Group::CannotTell),
            "failing" => {
                self.group(Group::Failing);
                self.standings.push("failing".to_owned());
            }
            "broken" => {
                self.group(Group::Gone);
                self.group(Group::Failing);
                self.standings
                    .extend(["failing".to_owned(), "dead".to_owned()]);
            }
            _ => {
                let mut known = false;
                // `alive` is both a standing and a verdict, and means both.
                if name.parse::<Standing>().is_ok() {
                    self.standings.push(name.to_owned());
                    known = true;
                }
                if name.parse::<Code>().is_ok() {
                    self.verdicts.push(name.to_owned());
                    known = true;
                }
                if !known {
                    return Err(UnknownSelector {
                        name: name.to_owned(),
                        standings: names(Standing::ALL.iter().map(|standing| standing.as_str())),
                        verdicts: names(Code::ALL.iter().map(|code| code.as_str())),
                    });
                }
            }
        }
        Ok(())
    }

    fn group(&mut self, group: Group) {
        let codes = Code::ALL.iter().filter(|code| code.group() == group);
        self.verdicts
            .extend(codes.map(|code| code.as_str().to_owned()));
    }

    /// Whether sources are meant of which a quote is lost, whatever else is said of them.
    pub fn has_lost_quotes(&self) -> bool {
        self.standings.iter().any(|name| name == QUOTE_LOST)
    }

    /// Whether nothing was named.
    pub fn is_empty(&self) -> bool {
        self.standings.is_empty() && self.verdicts.is_empty()
    }

    /// Whether a source of this standing and verdict is meant.
    pub fn matches(&self, standing: &str, verdict: Option<&str>) -> bool {
        self.standings.iter().any(|name| name == standing)
            || verdict.is_some_and(|verdict| self.verdicts.iter().any(|name| name == verdict))
    }

    /// What it is made of, by name.
    pub(super) fn names(&self) -> String {
        let mut all: Vec<&str> = Vec::new();
        for name in self.standings.iter().chain(&self.verdicts) {
            if !all.contains(&name.as_str()) {
                all.push(name);
            }
        }
        all.join(", ")
    }

    /// Standings and verdicts to look for; both empty for all.
    pub(crate) fn lists(&self, all: bool) -> (Vec<String>, Vec<String>) {
        if !self.is_empty() {
            return (self.standings.clone(), self.verdicts.clone());
        }
        if all {
            return (Vec::new(), Vec::new());
        }
        let standings = ["failing", "dead", "uncertain", "revived"]
            .map(str::to_owned)
            .to_vec();
        let verdicts = Code::ALL
            .iter()
            .filter(|code| **code != Code::Alive)
            .map(|code| code.as_str().to_owned());
        (standings, verdicts.collect())
    }
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_kind_are_read() {
        let selection = Selection::parse("dead, soft-404,cannot-tell").unwrap();
        assert!(selection.matches("dead", Some("timeout")));
        assert!(selection.matches("failing", Some("soft-404")));
        assert!(selection.matches("uncertain", Some("blocked")));
        assert!(!selection.matches("alive", Some("alive")));
        let broken = Selection::parse("broken").unwrap();
        assert!(broken.matches("new", Some("not-found")));
        assert!(!broken.matches("uncertain", Some("blocked")));
        let error = Selection::parse("deceased").unwrap_err().to_string();
        assert!(
            error.contains("deceased") && error.contains("soft-404"),
            "{error}"
        );
    }
}
