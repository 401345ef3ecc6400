//! Sitemaps (sitemaps.org): lists of posts, and indexes of such lists.
//!
//! No post is made of them; what they name is told as [`Note::Post`] and [`Note::Part`]. Any prefix is taken for the
//! vocabulary; an address inside of an extension (`image:loc`) is not that of a page. A sitemap that is plain text is a
//! list, one that is a feed is read as a feed.

use std::ops::Range;

use super::dates::milliseconds;
use super::html::StartTag;
use super::position::Source;
use super::xml::{Elements, ill_formed, read_elements, unescape};
use super::{Document, GatherError, Note, Sink};
use crate::address;

/// The longest element that is read for an address or a date.
const MAX_FIELD_BYTES: usize = 64 * 1024;

pub(super) fn gather(
    document: &Document<'_>,
    source: &Source<'_>,
    sink: &mut dyn Sink,
) -> Result<(), GatherError> {
    let mut reading = Reading {
        document,
        source,
        sink,
        is_sitemap: false,
        entry: None,
        count: 0,
    };
    read_elements(source.text(), &mut reading);
    reading.end_entry();
    let (is_sitemap, count) = (reading.is_sitemap, reading.count);
    if !is_sitemap {
        return Err(GatherError::Other {
            name: document.name.to_owned(),
            what: "sitemap",
            why: "it has neither an urlset nor a sitemapindex element",
        });
    }
    if let Some((at, why)) = ill_formed(source.text(), "sitemap") {
        let line = source.line(at);
        sink.note(Note::Unreadable { line, why });
    }
    if count == 0 {
        sink.note(Note::Unreadable {
            line: 0,
            why: "sitemap without addresses".to_owned(),
        });
    }
    Ok(())
}

/// An entry that is being read.
#[derive(Debug)]
struct Entry {
    /// It names a sitemap, not a post.
    is_sitemap: bool,
    /// Its vocabulary's prefix.
    prefix: String,
    at: usize,
    /// The element whose text is waited for: its name, and where its text begins.
    field: Option<(String, usize)>,
    /// An element of an extension that is open: its prefix and name, and how often it is open inside itself.
    foreign: Option<(String, String, u32)>,
    address: Option<Range<usize>>,
    modified: Option<Range<usize>>,
}

struct Reading<'r, 'a> {
    document: &'r Document<'r>,
    source: &'r Source<'a>,
    sink: &'r mut dyn Sink,
    is_sitemap: bool,
    entry: Option<Entry>,
    count: usize,
}

impl Elements for Reading<'_, '_> {
    fn open(&mut self, prefix: &str, local: &str, tag: &StartTag) {
        match local {
            "urlset" | "sitemapindex" => {
                self.is_sitemap = true;
                return;
            }
            "url" | "sitemap" if self.begins_entry(prefix) => {
                self.end_entry();
                self.entry = Some(Entry {
                    is_sitemap: local == "sitemap",
                    prefix: prefix.to_owned(),
                    at: tag.start,
                    field: None,
                    foreign: None,
                    address: None,
                    modified: None,
                });
                return;
            }
            _ => {}
        }
        let Some(entry) = &mut self.entry else {
            return;
        };
        if let Some((foreign, name, depth)) = &mut entry.foreign {
            if foreign == prefix && name == local {
                *depth += 1;
            }
            return;
        }
        let is_own = entry.prefix == prefix;
        match local {
            "loc" | "lastmod" if is_own => entry.field = Some((local.to_owned(), tag.end)),
            "changefreq" | "priority" if is_own => {}
            _ => entry.foreign = Some((prefix.to_owned(), local.to_owned(), 0)),
        }
    }

    fn close(&mut self, prefix: &str, local: &str, start: usize) {
        if matches!(local, "urlset" | "sitemapindex") {
            self.end_entry();
        }
        let Some(entry) = &mut self.entry else {
            return;
        };
        if entry.prefix == prefix && matches!(local, "url" | "sitemap") {
            self.end_entry();
            return;
        }
        if let Some((foreign, name, depth)) = &mut entry.foreign {
            if foreign == prefix && name == local {
                if *depth == 0 {
                    entry.foreign = None;
                } else {
                    *depth -= 1;
                }
            }
            return;
        }
        if entry.prefix != prefix {
            return;
        }
        if let Some((name, at)) = &entry.field
            && name == local
        {
            let range = *at..start.max(*at);
            if local == "loc" {
                entry.address.get_or_insert(range);
            } else {
                entry.modified.get_or_insert(range);
            }
            entry.field = None;
        }
    }
}

impl Reading<'_, '_> {
    /// Whether an element of the name of an entry is one: inside of an entry, an extension may have another of that name.
    fn begins_entry(&self, prefix: &str) -> bool {
        self.entry
            .as_ref()
            .is_none_or(|entry| entry.prefix == prefix)
    }

    fn words(&self, range: &Range<usize>) -> String {
        let raw = &self.source.text()[range.clone()];
        if raw.len() > MAX_FIELD_BYTES {
            return String::new();
        }
        unescape(raw, range.start).text.trim().to_owned()
    }

    fn end_entry(&mut self) {
        let Some(entry) = self.entry.take() else {
            return;
        };
        let line = self.source.line(entry.at);
        let written = entry.address.as_ref().map(|range| self.words(range));
        let Some(written) = written.filter(|written| !written.is_empty()) else {
            let why = "entry of a sitemap without an address".to_owned();
            self.sink.note(Note::Unreadable { line, why });
            return;
        };
        let address = match address::parse(&written, self.document.own_address()) {
            Ok(address) => address,
            Err(why) => {
                let shown = super::sentence::cut(&written, 200);
                let why = format!("{shown}: {why}");
                self.sink.note(Note::Unreadable { line, why });
                return;
            }
        };
        self.count += 1;
        let modified = entry.modified.as_ref().map(|range| self.words(range));
        let modified_at = modified.as_deref().and_then(milliseconds);
        self.sink.note(if entry.is_sitemap {
            Note::Part {
                address,
                modified_at,
            }
        } else {
            Note::Post {
                address,
                modified_at,
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::testing::{Heard, hear};
    use crate::gather::{Format, Rules};

    fn posts(heard: &Heard) -> Vec<(&str, Option<i64>)> {
        heard
            .notes
            .iter()
            .filter_map(|note| match note {
                Note::Post {
                    address,
                    modified_at,
                } => Some((address.as_str(), *modified_at)),
                _ => None,
            })
            .collect()
    }

    fn hear_sitemap(text: &str) -> Heard {
        hear(text, Format::Sitemap)
    }

    #[test]
    fn posts_with_their_dates() {
        let heard = hear_sitemap(
            "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' xmlns:image='x'>\
             <url><loc> https://blog.example/1?a=1&amp;b=2 </loc><lastmod>2012-08-23T10:00:00Z</lastmod>\
             <image:image><image:loc>https://blog.example/no.jpg</image:loc></image:image></url>\
             <url><image><loc>https://blog.example/no.png</loc></image><loc><![CDATA[https://blog.example/2]]></loc><lastmod>2012-08-23</lastmod></url>\
             <url><loc>/3</loc></url></urlset>",
        );
        assert_eq!(
            posts(&heard),
            [
                ("https://blog.example/1?a=1&b=2", Some(1_345_716_000_000)),
                ("https://blog.example/2", Some(1_345_680_000_000)),
                ("https://blog.example/3", None),
            ]
        );
        assert_eq!(heard.notes.len(), 3, "{:?}", heard.notes);
        assert!(heard.addresses.is_empty());
    }

    #[test]
    fn an_index_with_a_prefix() {
        let heard = hear_sitemap(
            "<s:sitemapindex xmlns:s='x'><s:sitemap><s:loc>https://blog.example/a.xml.gz</s:loc><s:lastmod>2012-08-23</s:lastmod></s:sitemap></s:sitemapindex>",
        );
        let expected = Note::Part {
            address: "https://blog.example/a.xml.gz".parse().unwrap(),
            modified_at: Some(1_345_680_000_000),
        };
        assert_eq!(heard.notes, [expected]);
    }

    #[test]
    fn what_is_broken_is_told_and_the_rest_is_read() {
        let heard = hear_sitemap(
            "<urlset>\n<url><loc></loc></url>\n<url><loc>ftp://a.example/</loc></url>\n<url><loc>https://blog.example/1</loc>\n<url><loc>https://blog.example/2</loc><x:y>",
        );
        assert_eq!(
            posts(&heard),
            [
                ("https://blog.example/1", None),
                ("https://blog.example/2", None)
            ]
        );
        let lines: Vec<u32> = heard
            .notes
            .iter()
            .filter_map(|note| match note {
                Note::Unreadable { line, .. } => Some(*line),
                _ => None,
            })
            .collect();
        assert_eq!(lines[..2], [2, 3]);
    }

    #[test]
    fn what_is_none_is_an_error() {
        let document = Document {
            bytes: b"<html><body>Not found",
            media_type: None,
            name: "sitemap.xml",
            address: None,
            base: None,
            format: Format::Sitemap,
        };
        let error =
            crate::gather::gather(&document, &Rules::default(), &mut Heard::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "sitemap.xml: this is no sitemap: it has neither an urlset nor a sitemapindex element; to read it otherwise, name its format"
        );
    }

    #[test]
    fn a_text_made_to_be_slow_is_not() {
        for text in [
            "<urlset>".to_owned() + &"<url><loc>".repeat(200_000),
            "<urlset><url>".to_owned() + &"<image:image><image:loc>".repeat(200_000),
            "<urlset><url><loc>".to_owned() + &"<![CDATA[".repeat(200_000),
        ] {
            let before = std::time::Instant::now();
            hear_sitemap(&text);
            assert!(before.elapsed().as_secs() < 20);
        }
    }
}
