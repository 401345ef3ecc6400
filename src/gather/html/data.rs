//! Structured data (JSON-LD): what it says of the post, and which works it names as the post's sources.
//!
//! Only the objects that describe the page count: those at the top, in `@graph`, and the main entity of the page. An
//! author's profiles or a list of other articles are not the post's sources. `citation` and `isBasedOn` are sources of
//! whatever carries them; `sameAs` only of an article, for there it names the same text elsewhere.

use serde_json::{Map, Value};

use crate::gather::bare::bare_addresses;
use crate::gather::dates::milliseconds;

/// How much structured data is parsed: its tree takes many times its size.
const MAX_PARSED_BYTES: usize = 128 * 1024;
/// The most sources that are taken of one script.
const MAX_SOURCES: usize = 500;
/// How deep objects that describe the page are nested in others that do.
const MAX_DEPTH: usize = 4;
/// How far behind `"author"` its name stands, where the structure cannot be parsed.
const AUTHOR_BYTES: usize = 400;

/// What the structured data of a page says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Data {
    pub(super) headline: Option<String>,
    pub(super) author: Option<String>,
    pub(super) language: Option<String>,
    pub(super) canonical: Option<String>,
    pub(super) published_at: Option<i64>,
    pub(super) modified_at: Option<i64>,
}

/// A work that is named as a source.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) address: String,
    pub(super) name: String,
}

impl Data {
    /// Takes what a script says; what was said before counts more. The sources are returned.
    pub(super) fn read(&mut self, text: &str) -> Vec<Named> {
        let mut sources = Vec::new();
        let json = without_wrapping(text);
        if json.len() > MAX_PARSED_BYTES {
            self.scan(text);
            return sources;
        }
        let parsed = serde_json::from_str::<Value>(json)
            .or_else(|_| serde_json::from_str::<Value>(&repaired(json)));
        match parsed {
            Ok(value) => self.take(&value, 0, &mut sources),
            Err(_) => self.scan(text),
        }
        sources.truncate(MAX_SOURCES);
        sources
    }

    fn take(&mut self, value: &Value, depth: usize, sources: &mut Vec<Named>) {
        if depth > MAX_DEPTH {
            return;
        }
        match value {
            Value::Array(items) => items
                .iter()
                .for_each(|item| self.take(item, depth + 1, sources)),
            Value::Object(object) => {
                if let Some(graph) = object.get("@graph") {
                    self.take(graph, depth + 1, sources);
                }
                self.take_object(object, depth, sources);
            }
            _ => {}
        }
    }

    fn take_object(&mut self, object: &Map<String, Value>, depth: usize, sources: &mut Vec<Named>) {
        let kind = Kind::of(object);
        if kind == Kind::Untold {
            self.take_facts(object, kind);
        }
        if matches!(kind, Kind::Untold | Kind::Other) {
            return;
        }
        for key in ["citation", "isBasedOn", "isBasedOnUrl"] {
            object
                .get(key)
                .into_iter()
                .for_each(|value| name(value, sources));
        }
        if kind == Kind::Article {
            object
                .get("sameAs")
                .into_iter()
                .for_each(|value| name(value, sources));
        }
        if matches!(kind, Kind::Article | Kind::Page) {
            self.take_facts(object, kind);
        }
        for key in ["mainEntity", "mainEntityOfPage"] {
            if let Some(entity @ Value::Object(_)) = object.get(key) {
                self.take(entity, depth + 1, sources);
            }
        }
    }

    fn take_facts(&mut self, object: &Map<String, Value>, kind: Kind) {
        let string = |key: &str| object.get(key).and_then(Value::as_str);
        let date = |key: &str| string(key).and_then(milliseconds);
        self.published_at = self.published_at.or_else(|| date("datePublished"));
        self.modified_at = self.modified_at.or_else(|| date("dateModified"));
        let language = object.get("inLanguage").and_then(|value| match value {
            Value::Object(language) => language
                .get("alternateName")
                .or_else(|| language.get("name"))?
                .as_str(),
            other => other.as_str(),
        });
        let language = language.filter(|language| language.len() <= 35);
        self.language = self.language.take().or_else(|| language.map(str::to_owned));
        self.author = self.author.take().or_else(|| names(object.get("author")?));
        if kind == Kind::Article {
            let headline = string("headline").map(str::to_owned);
            self.headline = self.headline.take().or(headline);
            let page = object.get("mainEntityOfPage").and_then(address_in);
            let page = page.or_else(|| string("url"));
            self.canonical = self.canonical.take().or_else(|| page.map(str::to_owned));
        }
    }

    /// Looks for the few facts in what cannot be parsed.
    fn scan(&mut self, text: &str) {
        let date = |key: &str| milliseconds(string_after(text, key)?);
        self.published_at = self.published_at.or_else(|| date("\"datePublished\""));
        self.modified_at = self.modified_at.or_else(|| date("\"dateModified\""));
        if self.author.is_none()
            && let Some(at) = text.find("\"author\"")
        {
            let end = (at + AUTHOR_BYTES..text.len())
                .find(|end| text.is_char_boundary(*end))
                .unwrap_or(text.len());
            self.author = string_after(&text[at..end], "\"name\"").map(str::to_owned);
        }
    }
}

/// What an object describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Article,
    Page,
    /// A work of another kind.
    Work,
    /// Who made the page, or the site around it.
    Other,
    /// It does not say.
    Untold,
}

impl Kind {
    fn of(object: &Map<String, Value>) -> Self {
        let of_name = |name: &str| {
            let name = name.rsplit(['/', ':']).next().unwrap_or(name);
            match name {
                "Report"
                | "Review"
                | "ClaimReview"
                | "CriticReview"
                | "HowTo"
                | "Recipe"
                | "CreativeWork"
                | "Chapter"
                | "Thesis"
                | "AnalysisNewsArticle" => Self::Article,
                _ if name.ends_with("Article") || name.ends_with("Posting") => Self::Article,
                "Person"
                | "WebSite"
                | "Place"
                | "Event"
                | "Product"
                | "Offer"
                | "BreadcrumbList"
                | "ItemList"
                | "Brand"
                | "SiteNavigationElement"
                | "WPHeader"
                | "WPFooter"
                | "WPSideBar"
                | "ImageObject"
                | "Comment"
                | "Corporation" => Self::Other,
                _ if name.ends_with("Page") => Self::Page,
                _ if name.ends_with("Organization") || name.ends_with("Business") => Self::Other,
                _ => Self::Work,
            }
        };
        match object.get("@type") {
            Some(Value::String(name)) => of_name(name),
            Some(Value::Array(names)) => names
                .iter()
                .filter_map(Value::as_str)
                .map(of_name)
                .min_by_key(|kind| *kind as u8)
                .unwrap_or(Self::Other),
            _ => Self::Untold,
        }
    }
}

/// The sources that a property names: addresses, works with one, or a text that holds some.
fn name(value: &Value, sources: &mut Vec<Named>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| match item {
            Value::Array(_) => {}
            item => name(item, sources),
        }),
        Value::String(text) => {
            for range in bare_addresses(text) {
                sources.push(Named {
                    address: text[range].to_owned(),
                    name: String::new(),
                });
            }
        }
        Value::Object(work) => {
            let title = ["name", "headline", "alternateName"]
                .into_iter()
                .find_map(|key| work.get(key)?.as_str())
                .unwrap_or_default();
            let same = || match work.get("sameAs")? {
                Value::Array(items) => items.first()?.as_str(),
                other => other.as_str(),
            };
            if let Some(address) = address_in(value).or_else(same) {
                sources.push(Named {
                    address: address.to_owned(),
                    name: title.to_owned(),
                });
            }
        }
        _ => {}
    }
}

/// The address of an object, or the string itself.
fn address_in(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text.as_str()),
        Value::Object(object) => ["url", "@id"].into_iter().find_map(|key| {
            object
                .get(key)?
                .as_str()
                .filter(|address| address.starts_with("http"))
        }),
        _ => None,
    }
}

/// The name of a person, or of the first of several.
fn names(value: &Value) -> Option<String> {
    match value {
        Value::String(name) => Some(name.clone()).filter(|name| !name.contains("://")),
        Value::Array(items) => items.iter().find_map(|item| match item {
            Value::Array(_) => None,
            item => names(item),
        }),
        Value::Object(person) => person.get("name")?.as_str().map(str::to_owned),
        _ => None,
    }
}

/// Without the comments that hid scripts from old browsers.
fn without_wrapping(text: &str) -> &str {
    let mut json = text.trim();
    for opening in [
        "<!--",
        "//<![CDATA[",
        "// <![CDATA[",
        "<![CDATA[",
        "/*<![CDATA[*/",
        "/* <![CDATA[ */",
    ] {
        json = json.strip_prefix(opening).unwrap_or(json).trim_start();
    }
    for closing in [
        "-->",
        "//]]>",
        "// ]]>",
        "]]>",
        "/*]]>*/",
        "/* ]]> */",
        "//",
        ";",
    ] {
        json = json.strip_suffix(closing).unwrap_or(json).trim_end();
    }
    json
}

/// The same without what templates get wrong: line breaks in strings, and commas behind the last item.
fn repaired(json: &str) -> String {
    let mut repaired = String::with_capacity(json.len());
    let (mut in_string, mut is_escaped) = (false, false);
    for (at, character) in json.char_indices() {
        if in_string {
            match character {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            repaired.push(if character.is_control() {
                ' '
            } else {
                character
            });
            continue;
        }
        in_string = character == '"';
        let is_last_comma = character == ','
            && json[at + 1..]
                .bytes()
                .find(|byte| !byte.is_ascii_whitespace())
                .is_some_and(|next| matches!(next, b'}' | b']'));
        if !is_last_comma {
            repaired.push(character);
        }
    }
    repaired
}

/// The string behind a key.
fn string_after<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let at = memchr::memmem::find(text.as_bytes(), key.as_bytes())? + key.len();
    let rest = text[at..]
        .trim_start()
        .strip_prefix(':')?
        .trim_start()
        .strip_prefix('"')?;
    rest.split_once('"').map(|(value, _)| value)
}

/// Where in a script an address stands; slashes may be escaped.
pub(super) fn find(script: &str, address: &str) -> Option<std::ops::Range<usize>> {
    let at = |written: &str| {
        memchr::memmem::find(script.as_bytes(), written.as_bytes()).map(|at| at..at + written.len())
    };
    at(address).or_else(|| at(&address.replace('/', "\\/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> Vec<String> {
        let found = Data::default().read(text);
        found.into_iter().map(|one| one.address).collect()
    }

    #[test]
    fn what_is_said_of_the_post() {
        let text = r##"<!-- {"@context":"https://schema.org","@graph":[{"@type":"Organization","name":"No","sameAs":["https://no.example/"]},
            {"@type":["WebPage","FAQPage"],"inLanguage":"de","isBasedOn":"http://w.example/"},
            {"@type":"NewsArticle","headline":"H","author":[{"@type":"Person","name":"Jane Doe","sameAs":"https://no.example/jane"}],
             "datePublished":"2012-08-23T10:00:00Z","dateModified":"2012-08-24","mainEntityOfPage":{"@type":"WebPage","@id":"https:\/\/own.example\/p"},
             "citation":["http://a.example/","Doe, J. (2012). http://b.example/x.",{"@type":"CreativeWork","name":"N","url":"http://c.example/"},{"@id":"#local"}],
             "isBasedOn":{"@id":"http://d.example/"},"sameAs":"http://e.example/",}]} -->"##;
        let mut data = Data::default();
        let found = data.read(text);
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|one| (one.address.as_str(), one.name.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("http://w.example/", ""),
                ("http://a.example/", ""),
                ("http://b.example/x", ""),
                ("http://c.example/", "N"),
                ("http://d.example/", ""),
                ("http://e.example/", ""),
            ]
        );
        assert_eq!(
            data,
            Data {
                headline: Some("H".to_owned()),
                author: Some("Jane Doe".to_owned()),
                language: Some("de".to_owned()),
                canonical: Some("https://own.example/p".to_owned()),
                published_at: Some(1_345_716_000_000),
                modified_at: Some(1_345_766_400_000),
            }
        );
    }

    #[test]
    fn what_is_no_source() {
        for text in [
            r#"{"@type":"Person","sameAs":"http://a.example/"}"#,
            r#"{"@type":"WebSite","sameAs":"http://a.example/","citation":"http://a.example/"}"#,
            r#"{"@type":"ItemList","itemListElement":[{"@type":"Article","sameAs":"http://a.example/"}]}"#,
            r#"{"@type":"WebPage","sameAs":"http://a.example/"}"#,
            r#"{"citation":"http://a.example/"}"#,
            "[[[[[[[[[{\"@type\":\"Article\",\"citation\":\"http://a.example/\"}]]]]]]]]]",
            "no json",
        ] {
            assert_eq!(sources(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_parsed_is_searched() {
        let mut data = Data::default();
        data.read("{\"datePublished\": \"2012-08-23\", \"author\": {\"name\": \"Jane\"} \"x\": }");
        assert_eq!(data.published_at, Some(1_345_680_000_000));
        assert_eq!(data.author.as_deref(), Some("Jane"));
        let script = r#"{"a":"http:\/\/a.example\/"}"#;
        let range = find(script, "http://a.example/").unwrap();
        assert_eq!(&script[range], r"http:\/\/a.example\/");
    }

    #[test]
    fn a_script_made_to_be_slow_is_not() {
        let before = std::time::Instant::now();
        for text in [
            "[".repeat(3_000_000),
            "{\"a\":".repeat(500_000),
            ", ".repeat(60_000),
            format!(
                "{{\"@type\":\"Article\",\"citation\":[{}1]}}",
                "\"http://a.example/\",".repeat(5000)
            ),
            "\"author\"".repeat(100_000),
        ] {
            assert!(Data::default().read(&text).len() <= MAX_SOURCES);
        }
        assert!(before.elapsed().as_secs() < 20);
    }
}
