//! Front matter: the block of YAML (`---`) or TOML (`+++`) before a post.
//!
//! Read line by line for the few keys that say who wrote the post, when, and after what; a parser for either language
//! would refuse the whole of a block over one odd value. Sources are the addresses below a key that says so
//! (`source_url`, `via`, `references`), however deep they are nested; a post's own addresses and its images are none.

use std::ops::Range;

use crate::address;
use crate::gather::Post;
use crate::gather::bare::bare_addresses;
use crate::gather::dates::milliseconds;

/// Keys below which sources stand, in lower case, without `_` and `-`.
const SOURCES: &[&str] = &[
    "source",
    "sources",
    "sourceurl",
    "sourceurls",
    "sourcelink",
    "sourcelinks",
    "sourceuri",
    "urlsource",
    "via",
    "viaurl",
    "link",
    "linkurl",
    "linkto",
    "externalurl",
    "externallink",
    "externallinks",
    "external",
    "original",
    "originalurl",
    "originallink",
    "originalsource",
    "originalarticle",
    "originallypublishedat",
    "reference",
    "references",
    "citation",
    "citations",
    "cite",
    "cites",
    "cited",
    "bibliography",
    "furtherreading",
    "seealso",
    "inreplyto",
    "replyto",
    "likeof",
    "repostof",
    "bookmarkof",
    "bookmark",
    "quoteof",
    "reviewof",
    "targeturl",
    "crosspost",
    "crossposturl",
    "doi",
];

/// Keys below which none stand, though a key above them is one of [`SOURCES`].
const NO_SOURCES: &[&str] = &[
    "image",
    "images",
    "img",
    "imageurl",
    "thumbnail",
    "thumb",
    "cover",
    "photo",
    "icon",
    "logo",
    "avatar",
    "banner",
    "src",
    "cdn",
    "cdnurl",
    "permalink",
    "canonical",
    "canonicalurl",
    "feed",
    "favicon",
];

/// The most sources that are taken.
const MAX_REFERENCES: usize = 1000;

/// What the front matter says.
#[derive(Debug, Default)]
pub(super) struct FrontMatter {
    pub(super) post: Post,
    /// Where the text behind it begins.
    pub(super) end: usize,
    /// Where the addresses of sources stand.
    pub(super) references: Vec<Range<usize>>,
}

pub(super) fn read(text: &str) -> FrontMatter {
    let mut front = FrontMatter::default();
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let Some(fence) = ["---", "+++"]
        .into_iter()
        .find(|fence| text[start..].starts_with(fence))
    else {
        return front;
    };
    let mut at = start;
    let mut lines = text[start..].split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| line.trim_end() == fence) else {
        return front;
    };
    at += first.len();
    let block_at = at;
    for line in lines {
        if line.trim_end() == fence {
            let block = &text[block_at..at];
            read_block(block, &mut front.post);
            front.references = references(block, block_at, fence == "+++");
            front.end = at + line.len();
            return front;
        }
        at += line.len();
    }
    front
}

fn read_block(block: &str, post: &mut Post) {
    let mut list_key = "";
    for line in block.lines() {
        if let Some(item) = line.trim_start().strip_prefix("- ") {
            if matches!(list_key, "author" | "authors") {
                let item = item.strip_prefix("name:").unwrap_or(item);
                post.author = post.author.take().or_else(|| value_of(item));
            }
            continue;
        }
        // Nested keys belong to something else.
        if line.starts_with([' ', '\t', '#']) {
            continue;
        }
        let Some((key, value)) = line.split_once([':', '=']) else {
            continue;
        };
        let key = key.trim();
        list_key = key;
        let Some(value) = value_of(value) else {
            continue;
        };
        match key.to_ascii_lowercase().as_str() {
            "title" => post.title = post.title.take().or(Some(value)),
            "author" | "authors" => post.author = post.author.take().or(Some(value)),
            "lang" | "language" | "locale" => post.language = Some(value.replace('_', "-")),
            "date" | "published" | "publishdate" | "pubdate" | "published_at"
            | "date_published" => {
                post.published_at = post.published_at.or_else(|| milliseconds(&value));
            }
            "lastmod" | "updated" | "modified" | "last_modified_at" | "updated_at" => {
                post.modified_at = post.modified_at.or_else(|| milliseconds(&value));
            }
            "canonical" | "canonical_url" | "canonicalurl" => {
                post.canonical = address::parse(&value, None).ok();
            }
            _ => {}
        }
    }
}

/// A scalar without its quotes, or the first of an inline list.
fn value_of(written: &str) -> Option<String> {
    let written = written.trim();
    let written = written
        .strip_prefix('[')
        .map_or(written, |list| {
            list.split([',', ']']).next().unwrap_or(list)
        })
        .trim();
    let value = match written.chars().next() {
        Some(quote @ ('"' | '\'')) => written[1..].split(quote).next().unwrap_or_default(),
        _ => written.split(" #").next().unwrap_or(written),
    };
    let value = value.trim();
    (!value.is_empty() && !matches!(value, "|" | ">" | "null" | "~" | "{"))
        .then(|| value.to_owned())
}

/// A key that is open while lines below it are read.
struct Open {
    indent: usize,
    is_source: bool,
}

/// Where in the text the addresses of sources stand.
fn references(block: &str, block_at: usize, is_toml: bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if !block.contains("://") {
        return found;
    }
    let mut open: Vec<Open> = Vec::new();
    let mut at = block_at;
    for line in block.split_inclusive('\n') {
        let trimmed = line.trim();
        if !trimmed.is_empty() && !trimmed.starts_with('#') {
            let value = if is_toml {
                toml_value(line, &mut open)
            } else {
                yaml_value(line, &mut open)
            };
            if open.last().is_some_and(|key| key.is_source) {
                addresses_in(line, value, at, &mut found);
            }
        }
        at += line.len();
    }
    found.truncate(MAX_REFERENCES);
    found
}

/// Where the value of a line begins, once the keys around it are known.
fn yaml_value(line: &str, open: &mut Vec<Open>) -> usize {
    let mut value = line.len() - line.trim_start_matches([' ', '\t']).len();
    let mut is_item = false;
    while line[value..].starts_with("- ") {
        is_item = true;
        value += 2;
        value += line[value..].len() - line[value..].trim_start_matches(' ').len();
    }
    let indent = value;
    // A list may stand as far to the left as its key.
    let is_below = |key: &Open| key.indent < indent;
    while open.last().is_some_and(|key| !is_below(key)) {
        open.pop();
    }
    let around = open.last().is_some_and(|key| key.is_source);
    if let Some((key, length)) = key_of(&line[value..], ':') {
        open.push(Open {
            indent,
            is_source: says_source(key, around),
        });
        value += length;
    } else if !is_item && !around {
        open.clear();
    }
    value
}

fn toml_value(line: &str, open: &mut Vec<Open>) -> usize {
    let start = line.len() - line.trim_start().len();
    let trimmed = line.trim();
    if let Some(table) = trimmed.strip_prefix('[')
        && let Some(name) = table.trim_start_matches('[').split(']').next()
        && !name.contains(['"', '\'', ':', ','])
        && !trimmed.contains('=')
    {
        let name = name.rsplit('.').next().unwrap_or(name);
        *open = vec![Open {
            indent: 0,
            is_source: says_source(name, false),
        }];
        return line.len();
    }
    if let Some((key, length)) = key_of(&line[start..], '=') {
        open.truncate(usize::from(
            open.first().is_some_and(|table| table.indent == 0),
        ));
        let around = open.last().is_some_and(|table| table.is_source);
        open.push(Open {
            indent: 1,
            is_source: says_source(key, around),
        });
        return start + length;
    }
    start
}

/// The key that a line begins with, and how far it and its separator reach.
fn key_of(line: &str, separator: char) -> Option<(&str, usize)> {
    let at = line.find(separator)?;
    let key = line[..at].trim().trim_matches(['"', '\'']);
    let is_key = !key.is_empty()
        && key.len() <= 64
        && !key.contains([' ', '/', '[', '{', '"', '\''])
        && !line[at + 1..].starts_with("//");
    is_key.then_some((key, at + 1))
}

fn says_source(key: &str, around: bool) -> bool {
    let plain: String = key
        .chars()
        .filter(|letter| !matches!(letter, '_' | '-'))
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    if NO_SOURCES.contains(&plain.as_str()) {
        return false;
    }
    around || SOURCES.contains(&plain.as_str())
}

fn addresses_in(line: &str, value: usize, at: usize, found: &mut Vec<Range<usize>>) {
    let written = line[value..].trim();
    let start = value + line[value..].len() - line[value..].trim_start().len();
    // A value that is nothing else is taken as it stands, whatever it ends in.
    let unquoted = written.trim_matches(['"', '\'']);
    let is_address = (unquoted.starts_with("http://") || unquoted.starts_with("https://"))
        && !unquoted.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ','));
    if is_address {
        let start = start + written.len() - written.trim_start_matches(['"', '\'']).len();
        found.push(at + start..at + start + unquoted.len());
        return;
    }
    // In a flow mapping, what stands behind a key that is none of ours is not told apart.
    let ranges = bare_addresses(&line[value..]).into_iter();
    found.extend(ranges.map(|range| at + value + range.start..at + value + range.end));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> Vec<&str> {
        let references = read(text).references;
        references.into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn yaml_and_toml() {
        let yaml = "---\ntitle: \"A: title\"\ndate: 2012-08-23\nauthors:\n  - Jane Doe\nimage:\n  title: no\n---\nBody";
        let front = read(yaml);
        assert_eq!(front.post.title.as_deref(), Some("A: title"));
        assert_eq!(front.post.author.as_deref(), Some("Jane Doe"));
        assert_eq!(front.post.published_at, Some(1_345_680_000_000));
        assert_eq!(&yaml[front.end..], "Body");
        let toml = "+++\r\ntitle = 'T'\r\nauthors = [\"A\", \"B\"]\r\n+++\r\nBody";
        let front = read(toml);
        assert_eq!(
            (
                front.post.title.as_deref(),
                front.post.author.as_deref(),
                &toml[front.end..]
            ),
            (Some("T"), Some("A"), "Body")
        );
        assert_eq!(read("---\nno end").end, 0);
        assert_eq!(read("text --- x").end, 0);
        let canonical = "---\ncanonical_url: https://a.example/x\n---\n";
        let post = read(canonical).post;
        assert_eq!(
            post.canonical.as_ref().map(url::Url::as_str),
            Some("https://a.example/x")
        );
        assert!(sources(canonical).is_empty());
    }

    #[test]
    fn sources_in_yaml() {
        let text = "---\nurl: https://own.example/\nsource_url: \"http://a.example/x.\"\nimage: https://cdn.example/i.png\nvia:\n  name: Jane\n  \
            url: 'http://b.example/'\n  image: http://no.example/\nreferences:\n- http://c.example/#f # a note\n- title: \"T: t\"\n  url: http://d.example/\n\
            sources: [\"http://e.example/\", http://f.example/x]\npermalink: http://no.example/\nparams:\n  original-url: http://g.example/\n  \
            other: http://no.example/\n# source: http://no.example/\nlink: Jane (http://h.example/)\n---\nhttp://body.example/";
        assert_eq!(
            sources(text),
            [
                "http://a.example/x.",
                "http://b.example/",
                "http://c.example/#f",
                "http://d.example/",
                "http://e.example/",
                "http://f.example/x",
                "http://g.example/",
                "http://h.example/",
            ]
        );
    }

    #[test]
    fn sources_in_toml() {
        let text = "+++\nsource = \"http://a.example/\"\nslug = \"http://no.example/\"\nreferences = [\n  \"http://b.example/\",\n  'http://c.example/',\n]\n\
            url = \"http://no.example/\"\n[extra]\nvia = 'http://d.example/'\ncdn = 'http://no.example/'\n[[citations]]\nurl = \"http://e.example/\"\n\
            image = \"http://no.example/\"\n[other]\nurl = \"http://no.example/\"\n+++\n";
        assert_eq!(
            sources(text),
            [
                "http://a.example/",
                "http://b.example/",
                "http://c.example/",
                "http://d.example/",
                "http://e.example/",
            ]
        );
    }
}
