//! What a run would cost, before anything is fetched.
//!
//! Local inputs are read (that costs nothing to anybody), the archive is asked what is due, and politeness gives the
//! hours: a host with a thousand sources takes a thousand delays, however fast everything else is.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde::Serialize;
use url::Url;

use super::documents::{Problem, address_of, gather_document, read_among, read_input, walk};
use super::politeness::Load;
use crate::address;
use crate::fetch::Manners;
use crate::gather::{self, Citation, Document, Format, LeftOut, Note, Post, Rules, Sink};
use crate::store::sha256;

/// What a page alone takes in the file where the archive has none yet to measure, in bytes.
const USUAL_PAGE: u64 = 25_000;
/// What it needs to be shown that no other page of its host needs, mostly pictures, in bytes. (Web Almanac 2024, "Page Weight":
/// the median page has 2.6 MB, of which some 1.05 MB are pictures.)
const USUAL_PICTURES: u64 = 1_050_000;
/// What the pages of a host need together, in bytes: scripts, styles and fonts, by the same median.
const USUAL_OF_HOST: u64 = 820_000;
/// How long a visit usually takes when nothing waits, in milliseconds.
const USUAL_VISIT_MS: u64 = 800;

/// What a run would do.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// Inputs that would be read.
    pub inputs: u64,
    /// Inputs on the web, which were not looked at.
    pub inputs_not_read: u64,
    /// Posts on the web that were found by earlier runs and are due, which were not looked at.
    pub posts_not_read: u64,
    /// Posts in the inputs that were read.
    pub posts: u64,
    /// Citations in them.
    pub citations: u64,
    /// Links left out of them.
    pub left_out: u64,
    /// Sources that would be visited.
    pub sources: u64,
    /// Hosts that would be asked.
    pub hosts: u64,
    /// The host that would be asked most, and how often.
    pub busiest_host: Option<(String, u64)>,
    /// How long it would take, in hours.
    pub hours: f64,
    /// What it would add to the file, in bytes, about: by what copies took so far, or else by what pages usually have.
    pub disk_bytes: u64,
    /// What that would be of pages alone, without what they need to be shown; none where that is not known, or the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_bytes_of_pages: Option<u64>,
}

/// Collects what would be visited; holds a digest of each address, not the address.
#[derive(Debug, Default)]
pub struct Census {
    seen: HashSet<u64>,
    by_host: HashMap<String, u64>,
    /// Counts so far.
    pub estimate: Estimate,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl Census {
    /// Takes note of a source that is not due: citing it again does not make it so.
    pub fn not_due(&mut self, address: &str) {
        self.seen.insert(key(address));
    }

    /// Counts a source that is due.
    pub fn source(&mut self, address: &str, host: &str) {
        if self.seen.insert(key(address)) {
            *self.by_host.entry(host.to_owned()).or_default() += 1;
        }
    }

    /// Counts what a file, or a folder of them, would bring.
    pub fn path(
        &mut self,
        path: &Path,
        format: Option<Format>,
        base: Option<&Url>,
        rules: &Rules,
        globs: &[String],
    ) {
        self.estimate.inputs += 1;
        if path.is_dir() {
            for found in walk(path, globs) {
                match found {
                    Ok(file) => self.file(&file, format, base, rules, false),
                    Err(problem) => self.problems.push(problem),
                }
            }
        } else {
            self.file(path, format, base, rules, true);
        }
    }

    fn file(
        &mut self,
        path: &Path,
        format: Option<Format>,
        base: Option<&Url>,
        rules: &Rules,
        whole: bool,
    ) {
        let name = path.to_string_lossy();
        let read = if whole {
            read_input(path).map(Some)
        } else {
            read_among(path)
        };
        match read {
            Ok(None) => {}
            Ok(Some(bytes)) => {
                let base = address_of(path, base, rules);
                self.bytes(&name, &bytes, format, base.as_ref(), rules, whole);
            }
            Err(error) => self.problems.push(Problem {
                whole,
                ..Problem::part(name, error)
            }),
        }
    }

    /// Counts what a document would bring.
    pub fn bytes(
        &mut self,
        name: &str,
        bytes: &[u8],
        format: Option<Format>,
        base: Option<&Url>,
        rules: &Rules,
        whole: bool,
    ) {
        let format = match format.map_or_else(|| gather::detect(bytes, None, name), Ok) {
            Ok(format) => format,
            Err(error) => {
                self.problems.push(Problem {
                    whole,
                    ..Problem::part(name, error)
                });
                return;
            }
        };
        let document = Document {
            bytes,
            media_type: None,
            name,
            address: None,
            base,
            format,
        };
        if let Err(error) = gather_document(&document, rules, self) {
            self.problems.push(Problem {
                whole,
                ..Problem::part(name, error)
            });
        }
    }

    /// The estimate, given the politeness in force, the mean size of a capture so far, and whether what pages need is kept.
    pub fn finish(
        mut self,
        manners: &Manners,
        capture_bytes: Option<u64>,
        requisites: bool,
    ) -> (Estimate, Vec<Problem>) {
        let sources: u64 = self.by_host.values().sum();
        let busiest = self
            .by_host
            .iter()
            .max_by_key(|(host, count)| (**count, std::cmp::Reverse(host.as_str())));
        let mut load = Load::new(manners);
        for (host, visits) in &self.by_host {
            load.add(host, *visits);
        }
        let slowest_ms = busiest.map_or(0, |(_, count)| count * USUAL_VISIT_MS / 2);
        let slowest_ms = slowest_ms.max(load.least_ms());
        let all_ms = sources * USUAL_VISIT_MS / manners.concurrency.max(1) as u64;
        self.estimate.sources = sources;
        self.estimate.hosts = self.by_host.len() as u64;
        self.estimate.busiest_host = busiest.map(|(host, count)| (host.clone(), *count));
        self.estimate.hours = slowest_ms.max(all_ms) as f64 / 3_600_000.0;
        let of_pages = sources * USUAL_PAGE;
        self.estimate.disk_bytes = match capture_bytes {
            Some(mean) => sources * mean,
            None if requisites => {
                self.estimate.disk_bytes_of_pages = Some(of_pages);
                of_pages + sources * USUAL_PICTURES + self.estimate.hosts * USUAL_OF_HOST
            }
            None => of_pages,
        };
        (self.estimate, self.problems)
    }
}

fn key(address: &str) -> u64 {
    let digest = sha256(address.as_bytes());
    let mut key = [0; 8];
    key.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(key)
}

impl Sink for Census {
    fn begin(&mut self, _address: &str) {
        self.estimate.posts += 1;
    }
    fn citation(&mut self, citation: Citation) {
        if citation.url.scheme() == "file" {
            self.estimate.left_out += 1;
            return;
        }
        self.estimate.citations += 1;
        let canonical = address::canonical(&citation.url);
        self.source(canonical.as_str(), canonical.host());
    }
    fn left_out(&mut self, _left_out: LeftOut) {
        self.estimate.left_out += 1;
    }
    fn end(&mut self, _post: Post) {}
    fn note(&mut self, note: Note) {
        if let Note::Unreadable { line, why } = note {
            self.problems.push(Problem {
                line: Some(line),
                ..Problem::part("", why)
            });
        }
    }
}
