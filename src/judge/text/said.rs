//! What a page says of itself: `meta`, `time` and JSON-LD.

use serde_json::Value;

use crate::judge::features::{MAX_TITLE_CHARS, folded};

/// How much JSON-LD is read, in bytes, all in all.
const MAX_DATA_BYTES: usize = 256 * 1024;
/// How long a name or a date may be, in characters.
const MAX_CHARS: usize = 120;

/// What was collected in the pass over a page.
#[derive(Debug, Default)]
pub(in crate::judge) struct Said {
    data: Vec<Vec<u8>>,
    data_bytes: usize,
    title: Ranked,
    byline: Ranked,
    published: Ranked,
    modified: Ranked,
}

/// What it comes to.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) title: Option<String>,
    pub(super) byline: Option<String>,
    pub(super) published: Option<String>,
    pub(super) modified: Option<String>,
}

/// The best of several answers: the lowest rank, of these the first.
#[derive(Debug, Default)]
struct Ranked(Option<(usize, String)>);

impl Ranked {
    fn offer(&mut self, rank: usize, value: &str) {
        if self.0.as_ref().is_none_or(|(best, _)| rank < *best)
            && let Some(value) = folded(value.as_bytes(), MAX_TITLE_CHARS)
        {
            self.0 = Some((rank, value));
        }
    }
}

const TITLES: &[&str] = &[
    "og:title",
    "dc.title",
    "dcterms.title",
    "twitter:title",
    "title",
];
const BYLINES: &[&str] = &[
    "author",
    "article:author",
    "og:article:author",
    "dc.creator",
    "dcterms.creator",
    "citation_author",
    "parsely-author",
    "sailthru.author",
    "byl",
    "byline",
    "dc:creator",
    "twitter:creator",
];
const PUBLISHED: &[&str] = &[
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "citation_publication_date",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date.created",
    "parsely-pub-date",
    "sailthru.date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publication_date",
    "date.created",
    "date",
    "dc.date",
    "dcterms.date",
    "citation_date",
    "og:published_time",
    "last-published",
    "article_date_original",
    "originalpublicationdate",
    "cxenseparse:recs:publishtime",
];
const MODIFIED: &[&str] = &[
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "dcterms.modified",
    "dc.date.modified",
    "last-modified",
    "lastmod",
    "revised",
    "date.modified",
];

/// What JSON-LD says comes before all `meta`.
const BY_DATA: usize = 0;
/// What it says of the page and not of the article.
const BY_OTHER_DATA: usize = 1;
/// `meta`, in the order of the lists.
const BY_META: usize = 2;
/// `time` that is said to be the date of publication.
const BY_TIME: usize = 100;
/// Any `time`.
const BY_ANY_TIME: usize = 200;

impl Said {
    /// A `meta` element; `name` is its `property`, `name` or `itemprop`.
    pub(in crate::judge) fn meta(&mut self, name: &str, content: &str) {
        let name = name.trim().to_ascii_lowercase();
        for (list, to) in [
            (TITLES, &mut self.title),
            (BYLINES, &mut self.byline),
            (PUBLISHED, &mut self.published),
            (MODIFIED, &mut self.modified),
        ] {
            if let Some(rank) = list.iter().position(|known| *known == name) {
                to.offer(BY_META + rank, content);
            }
        }
    }

    /// A `time` element with `datetime`.
    pub(in crate::judge) fn time(&mut self, datetime: &str, marks: &str) {
        let marks = marks.to_ascii_lowercase();
        if marks.contains("datemodified") || marks.contains("updated") || marks.contains("modified")
        {
            self.modified.offer(BY_TIME, datetime);
        } else if marks.contains("pub") || marks.contains("entry-date") {
            self.published.offer(BY_TIME, datetime);
        } else {
            self.published.offer(BY_ANY_TIME, datetime);
        }
    }

    /// A script with JSON-LD begins.
    pub(in crate::judge) fn begin_data(&mut self) {
        if self.data_bytes < MAX_DATA_BYTES {
            self.data.push(Vec::new());
            // There are pages of nothing else.
            self.data_bytes += 64;
        }
    }

    /// Some of the text in it.
    pub(in crate::judge) fn data(&mut self, text: &[u8]) {
        if self.data_bytes + text.len() <= MAX_DATA_BYTES
            && let Some(data) = self.data.last_mut()
        {
            self.data_bytes += text.len();
            data.extend_from_slice(text);
        }
    }

    pub(super) fn read(mut self) -> Read {
        for data in std::mem::take(&mut self.data) {
            let data = data.trim_ascii();
            let data = data.strip_suffix(b";").unwrap_or(data);
            if let Ok(value) = serde_json::from_slice::<Value>(data) {
                self.things(&value);
            }
        }
        let short = |ranked: Ranked| folded(ranked.0?.1.as_bytes(), MAX_CHARS);
        Read {
            title: self.title.0.map(|(_, title)| title),
            byline: short(Ranked(
                self.byline.0.filter(|(_, who)| !who.contains("://")),
            )),
            published: short(self.published),
            modified: short(self.modified),
        }
    }

    /// Looks for articles among the things that data tells of.
    fn things(&mut self, value: &Value) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.things(value)),
            Value::Object(thing) => {
                if let Some(graph) = thing.get("@graph") {
                    self.things(graph);
                }
                if let Some(rank) = rank(thing.get("@type")) {
                    self.article(value, rank);
                }
                if let Some(main) = thing.get("mainEntity") {
                    self.things(main);
                }
            }
            _ => {}
        }
    }

    fn article(&mut self, thing: &Value, rank: usize) {
        let text = |name: &str| thing.get(name).and_then(Value::as_str);
        if let Some(title) = text("headline").or_else(|| text("name")) {
            self.title.offer(rank, title);
        }
        if let Some(date) = text("datePublished").or_else(|| text("dateCreated")) {
            self.published.offer(rank, date);
        }
        if let Some(date) = text("dateModified") {
            self.modified.offer(rank, date);
        }
        if let Some(author) = thing.get("author").or_else(|| thing.get("creator")) {
            let mut names = Vec::new();
            people(author, &mut names);
            self.byline.offer(rank, &names.join(", "));
        }
    }
}

fn people<'v>(author: &'v Value, names: &mut Vec<&'v str>) {
    match author {
        Value::String(name) => names.push(name),
        Value::Array(authors) => authors
            .iter()
            .take(8)
            .for_each(|author| people(author, names)),
        Value::Object(author) => {
            if let Some(name) = author.get("name") {
                people(name, names);
            }
        }
        _ => {}
    }
}

/// How much the word of a thing of this type counts, if it is one of those that are written and dated (schema.org).
fn rank(kind: Option<&Value>) -> Option<usize> {
    match kind? {
        Value::String(kind) => {
            let is_article = ["Article", "Posting", "Report"]
                .iter()
                .any(|end| kind.ends_with(end));
            let is_other = matches!(
                kind.as_str(),
                "WebPage"
                    | "Dataset"
                    | "Review"
                    | "Recipe"
                    | "VideoObject"
                    | "Book"
                    | "Question"
                    | "HowTo"
                    | "CreativeWork"
                    | "Event"
                    | "PodcastEpisode"
            );
            if is_article {
                Some(BY_DATA)
            } else {
                is_other.then_some(BY_OTHER_DATA)
            }
        }
        Value::Array(kinds) => kinds.iter().filter_map(|kind| rank(Some(kind))).min(),
        _ => None,
    }
}
