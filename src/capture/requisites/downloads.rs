//! Data that a page offers: which links lead to a table, a document or an archive, and not to another page.
//!
//! Told by the link alone: the ending of its path, what its query asks for, the type or the name that it gives, and, where
//! the address speaks of a download, its words.

use url::Url;

use super::{Collector, Found, Kind, Limits, markup};
use crate::address;
use crate::charset::essence;

/// Formats of data, by the endings of their files.
const FORMATS: &[&str] = &[
    "csv", "tsv", "tab", "psv", "json", "jsonl", "ndjson", "geojson", "topojson", "jsonld", "xls",
    "xlsx", "xlsm", "xlsb", "ods", "fods", "pdf", "xml", "kml", "kmz", "gml", "gpx", "gpkg", "shp",
    "dbf", "parquet", "feather", "arrow", "avro", "rdf", "ttl", "nt", "nq", "n3", "sqlite",
    "sqlite3", "mdb", "accdb", "sav", "dta", "sas7bdat", "por", "rdata", "rds", "h5", "hdf5", "nc",
    "zip", "gz", "tgz", "bz2", "xz", "zst", "7z",
];

/// What stands in a query or in words for a format, beside the endings.
const WORDS: &[&str] = &["excel", "spreadsheet", "shapefile"];

/// Formats by media type; their parameters are left out.
const TYPES: &[&str] = &[
    "text/csv",
    "text/tab-separated-values",
    "application/csv",
    "application/json",
    "application/geo+json",
    "application/vnd.geo+json",
    "application/ld+json",
    "application/x-ndjson",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/pdf",
    "application/xml",
    "text/xml",
    "application/rdf+xml",
    "text/turtle",
    "application/n-triples",
    "application/vnd.apache.parquet",
    "application/zip",
    "application/gzip",
    "application/vnd.google-earth.kml+xml",
    "application/geopackage+sqlite3",
];

/// Parameters of a query that name a format.
const FORMAT_PARAMETERS: &[&str] = &[
    "format",
    "fmt",
    "f",
    "output",
    "outputformat",
    "output_format",
    "type",
    "filetype",
    "file_type",
    "ext",
    "extension",
    "export",
    "download",
    "as",
    "mime",
    "contenttype",
    "content_type",
    "accept",
];

/// What an address that serves a download is called.
const DOWNLOADING: &[&str] = &[
    "download",
    "downloads",
    "export",
    "exports",
    "attachment",
    "attachments",
    "file",
    "files",
    "getfile",
    "dump",
    "dumps",
    "bitstream",
    "uploads",
    "dataset",
    "datasets",
];

/// What is data by its ending, but is read by programs: feeds, maps of a site, descriptions of an application.
const NOT_DATA: &[&str] = &[
    "feed",
    "feeds",
    "rss",
    "atom",
    "sitemap",
    "opensearch",
    "manifest",
    "browserconfig",
    "oembed",
    "wp-json",
    "xmlrpc",
    "podcast",
];

/// Folders below which a site shows a page about a file.
const SHOWN_IN_A_PAGE: &[&str] = &["blob", "blame", "commits", "edit"];

/// So many feeds of a page are known.
const MAX_FEEDS: usize = 32;
/// How much of a link's words is read, in bytes.
const MAX_WORDS_BYTES: usize = 200;

/// The data that a page offers by links on it: tables, documents and archives, of the same site (registrable domain). Each is
/// a [`Kind::Download`]. Feeds are none, and neither is what stands in the navigation or at the foot of the page.
///
/// What an address leads to is known only once it is fetched: whoever does may find a page there.
pub fn downloads(html: &str, url: &Url, limits: &Limits) -> Found {
    let mut collector = Collector::new(url, limits);
    markup::read(html, markup::Form::Offers, &mut collector);
    collector.found()
}

/// A link, as far as it says what it leads to.
#[derive(Debug, Default)]
pub(super) struct Offer {
    pub(super) href: String,
    /// Its `type`.
    pub(super) media_type: String,
    /// Its `download`, which may be empty.
    pub(super) download: Option<String>,
    /// The words that are linked.
    pub(super) words: Vec<u8>,
}

impl Offer {
    pub(super) fn says(&mut self, text: &[u8]) {
        let room = MAX_WORDS_BYTES.saturating_sub(self.words.len());
        self.words.extend_from_slice(&text[..text.len().min(room)]);
    }

    /// Another form of the page, that a `link` names: its type alone says what it is.
    pub(super) fn end_of_link(self, collector: &mut Collector<'_>, feeds: &mut Vec<Url>) {
        if TYPES.contains(&self.media_type().as_str()) {
            self.end(collector, feeds);
        } else if self.media_type().contains("xml")
            && feeds.len() < MAX_FEEDS
            && let Some(url) = collector.resolve(&self.href)
        {
            feeds.push(url);
        }
    }

    fn media_type(&self) -> String {
        essence(&self.media_type)
    }

    /// Puts it among the requisites if it leads to data, and to none of the feeds of the page.
    pub(super) fn end(self, collector: &mut Collector<'_>, feeds: &[Url]) {
        if has_no_address(&self.href) {
            return;
        }
        if let Some(url) = collector.resolve(&self.href)
            && address::same_site(&url, &collector.own)
            && !feeds.contains(&url)
            && self.is_data(&url)
        {
            collector.put(url, Kind::Download);
        }
    }

    fn is_data(&self, url: &Url) -> bool {
        let path = url.path().to_ascii_lowercase();
        let media_type = self.media_type();
        let query = url.query().unwrap_or_default().to_ascii_lowercase();
        let last = path.rsplit('/').next().unwrap_or_default();
        let is_for_programs = words(&path)
            .chain(words(&query))
            .any(|word| NOT_DATA.contains(&word))
            || (last.strip_suffix(".xml").is_some()
                && ["rss", "feed"].iter().any(|word| last.contains(word)));
        if is_for_programs {
            return false;
        }
        // A page about a file, as wikis and forges have them.
        let is_shown = last.contains(':')
            || last.contains("%3a")
            || path
                .split('/')
                .any(|folder| SHOWN_IN_A_PAGE.contains(&folder));
        if is_shown {
            return false;
        }
        if has_format(last) || FORMATS.contains(&last) || TYPES.contains(&media_type.as_str()) {
            return true;
        }
        let is_asked_for = url.query_pairs().any(|(name, value)| {
            let value = value.to_ascii_lowercase();
            let is_format = FORMATS.contains(&value.as_str())
                || WORDS.contains(&value.as_str())
                || TYPES.contains(&value.as_str());
            has_format(&value)
                || (is_format && FORMAT_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()))
        });
        if is_asked_for {
            return true;
        }
        let said = String::from_utf8_lossy(&self.words).to_ascii_lowercase();
        let speaks_of_format =
            words(&said).any(|word| FORMATS.contains(&word) || WORDS.contains(&word));
        match &self.download {
            Some(name) if has_format(&name.to_ascii_lowercase()) => true,
            // It does not say as what: then the address or the words have to.
            Some(_) => speaks_of_format,
            None => {
                speaks_of_format
                    && words(&path)
                        .chain(words(&query))
                        .any(|word| DOWNLOADING.contains(&word))
            }
        }
    }
}

/// Whether a link stays on the page, or leads to nothing that is fetched.
fn has_no_address(href: &str) -> bool {
    let href = href.trim_start();
    href.is_empty()
        || href.starts_with('#')
        || ["javascript:", "mailto:", "tel:", "data:", "blob:"]
            .iter()
            .any(|scheme| super::has_scheme(href, scheme))
}

/// Whether a name (in lower case) ends as files of data do.
fn has_format(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(stem, ending)| !stem.is_empty() && FORMATS.contains(&ending))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '-')
        .flat_map(|word| {
            std::iter::once(word).chain(word.split('-').filter(move |part| *part != word))
        })
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(html: &str) -> Vec<String> {
        let page = Url::parse("https://data.city.example/set/12?lang=en").unwrap();
        let found = downloads(html, &page, &Limits::default());
        found
            .requisites
            .into_iter()
            .map(|requisite| {
                assert_eq!(requisite.kind, Kind::Download);
                requisite.url.to_string()
            })
            .collect()
    }

    fn is_offered(html: &str) -> bool {
        offered(html).len() == 1
    }

    #[test]
    fn data_is_told_by_its_link() {
        for link in [
            "<a href=trees.csv>Trees</a>",
            "<a href=/files/TREES.XLSX?v=3#sheet>x</a>",
            "<a href=//www.city.example/report.pdf>Report</a>",
            "<a href=/api/rows.json?accessType=DOWNLOAD>x</a>",
            "<a href='/query?set=12&format=csv'>x</a>",
            "<a href='/get?file=trees.geojson'>x</a>",
            "<a href=/set/12/export/csv>x</a>",
            "<a href=/x/12 type='text/csv; charset=utf-8'>x</a>",
            "<a href=/x/12 download=trees.ods>x</a>",
            "<a href=/x/12 download>Trees (CSV)</a>",
            "<a href=/download/12>All trees <b>(CSV, 2 MB)</b></a>",
            "<a href=/attachment.php?id=3>Excel</a>",
            "<area href=map.pdf>",
            "<link rel=alternate type=application/json href=/x/12>",
            "<link rel='alternate' type='text/turtle' href=/x/12.ttl>",
            "<base href=/other/><a href=trees.parquet>x</a>",
            "<footer>x</footer><article><footer><a href=trees.csv>x</a></footer></article>",
            "<a href=trees.tar.gz>x</a>",
        ] {
            assert!(is_offered(link), "{link}");
        }
    }

    #[test]
    fn pages_and_feeds_and_other_sites_are_no_data() {
        for link in [
            "<a href=trees.html>Trees as CSV</a>",
            "<a href=/about-csv>CSV</a>",
            "<a href=https://other.example/trees.csv>x</a>",
            "<a href=/feed.xml>x</a>",
            "<a href=/sitemap.xml>x</a>",
            "<a href=/blog/rss.xml>x</a>",
            "<link rel=alternate type=application/rss+xml href=/x>",
            "<link rel=alternate type=application/json href=/wp-json/wp/v2/posts/3>",
            "<link rel=alternate type=application/json+oembed href=/oembed?url=x>",
            "<link rel=stylesheet href=x.json>",
            "<link rel=alternate type=application/atom+xml href=/index.xml><a href=/index.xml>Follow</a>",
            "<a href=/xml/our_rssnews.xml>News</a>",
            "<link rel=alternate type=text/xml href='/?route=/oembed/1.0&format=xml'>",
            "<a href=/wiki/File:Trees.pdf>x</a>",
            "<a href=/me/trees/blob/main/trees.csv>x</a>",
            "<nav><a href=trees.csv>x</a></nav>",
            "<footer><a href=privacy.pdf>x</a></footer>",
            "<template><a href=trees.csv>x</a></template>",
            "<!-- <a href=trees.csv>x</a> -->",
            "<a href='#csv'>CSV</a><a href='javascript:x.csv'>x</a><a name=csv>CSV</a>",
            "<a href=/photo.jpg download>Photo</a>",
            "<a href=/download/12>Download</a>",
            "<a href=/.csv>x</a>",
        ] {
            assert_eq!(offered(link), [""; 0], "{link}");
        }
    }

    #[test]
    fn each_address_is_offered_once_and_up_to_the_limit() {
        let html = "<a href=a.csv>a</a><a href='a.csv#x'>a</a><a href=b.csv>b</a><a href=c.csv>c";
        assert_eq!(
            offered(html),
            [
                "https://data.city.example/set/a.csv",
                "https://data.city.example/set/b.csv",
                "https://data.city.example/set/c.csv"
            ]
        );
        let limits = Limits {
            requisites: 1,
            ..Limits::default()
        };
        let page = Url::parse("https://data.city.example/set/12").unwrap();
        let found = downloads(html, &page, &limits);
        assert_eq!(found.requisites.len(), 1);
        assert_eq!(found.left_out.over_the_limit, 2);
    }
}
