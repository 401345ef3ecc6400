//! What takes the room of payloads: by kind and host, and what sharing, packing, dictionaries and differences save.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;

use serde::Serialize;

use super::ReportError;
use super::plain::{bytes, count, one_line};
use crate::capture::kind::{Kind, by_media_type};
use crate::store::{BodyRow, Store};

/// Payloads of copies and of what they need, and how all payloads are held.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Storage {
    /// By kind, those that take most first: `html`, `css`, `script`, `image`, `font`, `media`, `data`, `pdf`, `other`.
    pub kinds: Vec<KindSums>,
    /// The hosts whose payloads take most. A payload that several have is counted with the first.
    pub hosts: Vec<HostStorage>,
    /// By how they are held, those of posts and of visits that were not fine included.
    pub codings: Vec<CodingShare>,
    /// Dictionaries.
    pub dictionaries: i64,
    /// Bytes of these.
    pub dictionary_bytes: i64,
}

/// Payloads, in sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// How many differ.
    pub payloads: i64,
    /// Bytes of these.
    pub bytes: i64,
    /// Bytes that they take.
    pub stored: i64,
    /// Bytes that did not have to be stored because copies share them.
    pub saved_by_sharing: i64,
}

/// Payloads of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindSums {
    /// The kind.
    pub kind: &'static str,
    /// Them.
    #[serde(flatten)]
    pub sums: Sums,
}

/// Payloads of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostStorage {
    /// Its name.
    pub host: String,
    /// All of them.
    #[serde(flatten)]
    pub sums: Sums,
    /// By kind.
    pub kinds: BTreeMap<&'static str, Sums>,
}

/// Payloads that are held in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodingShare {
    /// `plain`, `zstd`, `zstd-dict` (with a dictionary), `zstd-delta` (as a difference).
    pub coding: String,
    /// How many.
    pub payloads: i64,
    /// Bytes of these.
    pub bytes: i64,
    /// Bytes that they take.
    pub stored: i64,
    /// The difference.
    pub saved: i64,
}

/// The kind of a payload, as it is told.
fn kind(media_type: Option<&str>) -> &'static str {
    let named = media_type.unwrap_or_default();
    // A drawing is text to who packs it.
    if named
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("image/")
    {
        return Kind::Image.name();
    }
    match by_media_type(named) {
        Kind::Json | Kind::Text | Kind::Packed => "data",
        kind => kind.name(),
    }
}

impl Sums {
    fn add(&mut self, body: &BodyRow, uses: i64, is_new: bool) {
        if is_new {
            self.payloads += 1;
            self.bytes += body.size;
            self.stored += body.stored;
        }
        let shared = if is_new { (uses - 1).max(0) } else { uses };
        self.saved_by_sharing += body.size * shared;
    }
}

#[derive(Default)]
struct Counted {
    seen: HashSet<i64>,
    kinds: BTreeMap<&'static str, Sums>,
    hosts: HashMap<String, BTreeMap<&'static str, Sums>>,
}

impl Counted {
    fn add(&mut self, host: &str, body: &BodyRow, uses: i64) {
        let is_new = self.seen.insert(body.blob);
        let kind = kind(body.media_type.as_deref());
        self.kinds.entry(kind).or_default().add(body, uses, is_new);
        if !self.hosts.contains_key(host) {
            self.hosts.insert(host.to_owned(), BTreeMap::new());
        }
        if let Some(kinds) = self.hosts.get_mut(host) {
            kinds.entry(kind).or_default().add(body, uses, is_new);
        }
    }
}

/// The host in an address, without its port.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.starts_with('[') {
        return authority.split_inclusive(']').next().unwrap_or_default();
    }
    authority.split(':').next().unwrap_or_default()
}

impl Storage {
    /// Counts; `top` is how many hosts are listed.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub(super) fn count(store: &Store, top: usize) -> Result<Self, ReportError> {
        let mut counted = Counted::default();
        let mut after = 0;
        loop {
            let piece = store.read("measure copies", |r| r.capture_bodies_after(after))?;
            let Some(last) = piece.last() else { break };
            after = last.id;
            for body in &piece {
                counted.add(&body.place, body, 1);
            }
        }
        after = 0;
        loop {
            let piece = store.read("measure renderings", |r| r.rendered_bodies_after(after))?;
            let Some(last) = piece.last() else { break };
            after = last.id;
            for body in &piece {
                counted.add(&body.place, body, 1);
            }
        }
        let uses = store.read("count what copies need", |r| r.requisite_uses())?;
        let uses: HashMap<i64, i64> = uses.into_iter().collect();
        after = 0;
        loop {
            let piece = store.read("measure what copies need", |r| {
                r.requisite_bodies_after(after)
            })?;
            let Some(last) = piece.last() else { break };
            after = last.id;
            for body in &piece {
                let uses = uses.get(&body.id).copied().unwrap_or(0);
                counted.add(host_of(&body.place), body, uses);
            }
        }
        let (dictionaries, dictionary_bytes) =
            store.read("measure dictionaries", |r| r.dictionary_sums())?;
        Ok(Self {
            kinds: kinds(counted.kinds),
            hosts: hosts(counted.hosts, top),
            codings: codings(store)?,
            dictionaries,
            dictionary_bytes,
        })
    }

    /// Writes it for a person.
    pub(super) fn write_text(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let size = |size: i64| bytes(u64::try_from(size).unwrap_or(0));
        if !self.kinds.is_empty() {
            writeln!(out, "\nPayloads of copies and of what they need")?;
            writeln!(
                out,
                "{:>10}  {:>9} {:>10} {:>10} {:>17}",
                "", "payloads", "as is", "stored", "not stored twice"
            )?;
        }
        for KindSums { kind, sums } in &self.kinds {
            writeln!(
                out,
                "{kind:>10}  {:>9} {:>10} {:>10} {:>17}",
                sums.payloads,
                size(sums.bytes),
                size(sums.stored),
                size(sums.saved_by_sharing)
            )?;
        }
        let saved: Vec<_> = self
            .codings
            .iter()
            .filter(|coding| coding.saved > 0)
            .map(|coding| {
                let how = match coding.coding.as_str() {
                    "zstd" => "by packing alone",
                    "zstd-dict" => "with dictionaries",
                    "zstd-delta" => "as differences",
                    other => other,
                };
                format!("{} {how} ({})", size(coding.saved), coding.payloads)
            })
            .collect();
        if !saved.is_empty() {
            writeln!(out, "{:<12}{}", "saved", saved.join(" · "))?;
        }
        if self.dictionaries > 0 {
            writeln!(
                out,
                "{:<13}{}, {}",
                "dictionaries",
                self.dictionaries,
                size(self.dictionary_bytes)
            )?;
        }
        if !self.hosts.is_empty() {
            writeln!(out, "\nHosts whose payloads take most")?;
        }
        for host in &self.hosts {
            let mut kinds: Vec<_> = host.kinds.iter().collect();
            kinds.sort_by_key(|(_, sums)| std::cmp::Reverse(sums.stored));
            let kinds: Vec<_> = kinds
                .into_iter()
                .filter(|(_, sums)| sums.stored > 0)
                .map(|(kind, sums)| format!("{kind} {}", size(sums.stored)))
                .collect();
            writeln!(
                out,
                "{:>10}  {} ({}: {})",
                size(host.sums.stored),
                one_line(&host.host, 200),
                count(u64::try_from(host.sums.payloads).unwrap_or(0), "payload"),
                kinds.join(", ")
            )?;
        }
        Ok(())
    }
}

fn kinds(counted: BTreeMap<&'static str, Sums>) -> Vec<KindSums> {
    let mut kinds: Vec<_> = counted
        .into_iter()
        .map(|(kind, sums)| KindSums { kind, sums })
        .collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.sums.stored));
    kinds
}

fn hosts(counted: HashMap<String, BTreeMap<&'static str, Sums>>, top: usize) -> Vec<HostStorage> {
    let mut hosts: Vec<_> = counted
        .into_iter()
        .map(|(host, kinds)| {
            let mut all = Sums::default();
            for sums in kinds.values() {
                all.payloads += sums.payloads;
                all.bytes += sums.bytes;
                all.stored += sums.stored;
                all.saved_by_sharing += sums.saved_by_sharing;
            }
            HostStorage {
                host,
                sums: all,
                kinds,
            }
        })
        .collect();
    hosts.sort_by(|one, other| {
        let by_size = other.sums.stored.cmp(&one.sums.stored);
        by_size.then_with(|| one.host.cmp(&other.host))
    });
    hosts.truncate(top);
    hosts
}

fn codings(store: &Store) -> Result<Vec<CodingShare>, ReportError> {
    let mut all: BTreeMap<String, CodingShare> = BTreeMap::new();
    let mut after = 0;
    loop {
        let piece = store.read("measure payloads", |r| r.codings_after(after))?;
        let Some(newest) = piece.iter().map(|found| found.sums.newest).max() else {
            return Ok(all.into_values().collect());
        };
        after = newest;
        for found in piece {
            let share = all
                .entry(found.coding.clone())
                .or_insert_with(|| CodingShare {
                    coding: found.coding,
                    payloads: 0,
                    bytes: 0,
                    stored: 0,
                    saved: 0,
                });
            share.payloads += found.sums.blobs;
            share.bytes += found.sums.raw;
            share.stored += found.sums.stored;
            share.saved += found.sums.raw - found.sums.stored;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_addresses() {
        for (url, host) in [
            ("https://a.test/b", "a.test"),
            ("http://a.test:81?x", "a.test"),
            ("http://[::1]:8080/", "[::1]"),
            ("a.test", "a.test"),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }

    #[test]
    fn kinds_are_told_by_what_they_are_to_a_person() {
        for (media_type, expected) in [
            (Some("image/svg+xml"), "image"),
            (Some("text/html; charset=utf-8"), "html"),
            (Some("text/csv"), "data"),
            (Some("application/json"), "data"),
            (Some("application/octet-stream"), "other"),
            (None, "other"),
        ] {
            assert_eq!(kind(media_type), expected, "{media_type:?}");
        }
    }
}
