//! Posts as WordPress's REST API gives them: `{"post": {...}, "comments": [...]}` with one post and its comments, a post
//! alone, or an array of posts.
//!
//! Strings stay raw while the structure is read, so that a citation knows its bytes in the JSON. What the post and its
//! comments say is HTML, read as a page's.

pub mod api;

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::dates::milliseconds;
use super::feed::json::{inner_of, range_in, unescape};
use super::html::{Listener, Page, StartTag, read};
use super::options::Rules;
use super::position::Source;
use super::post::{Home, Link, PostWriter};
use super::{Comment, Details, Document, GatherError, Kind, Note, Place, Post, Sink};
use crate::address;

#[derive(Deserialize)]
struct Whole<'t> {
    #[serde(borrow)]
    post: Option<&'t RawValue>,
    #[serde(borrow)]
    comments: Option<Vec<&'t RawValue>>,
}

#[derive(Deserialize)]
struct RawPost<'t> {
    link: Option<serde_json::Value>,
    #[serde(borrow)]
    title: Option<Rendered<'t>>,
    #[serde(borrow)]
    content: Option<Rendered<'t>>,
    date_gmt: Option<serde_json::Value>,
    date: Option<serde_json::Value>,
    modified_gmt: Option<serde_json::Value>,
    modified: Option<serde_json::Value>,
    lang: Option<serde_json::Value>,
    #[serde(rename = "_embedded", borrow)]
    embedded: Option<Embedded<'t>>,
}

/// A text as it is shown, as an object or, in some plugins, as a mere string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Shown {
    Object { rendered: Option<String> },
    Text(String),
    Other(serde::de::IgnoredAny),
}

struct Rendered<'t>(&'t RawValue);

impl<'de: 't, 't> Deserialize<'de> for Rendered<'t> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'t RawValue>::deserialize(deserializer).map(Self)
    }
}

#[derive(Deserialize)]
struct Object<'t> {
    #[serde(borrow)]
    rendered: Option<&'t RawValue>,
}

impl<'t> Rendered<'t> {
    /// The raw string, without its quotes, as a range of the document's text.
    fn inner(&self, text: &str) -> Option<Range<usize>> {
        let value = match serde_json::from_str::<Object<'t>>(self.0.get()) {
            Ok(object) => object.rendered?,
            Err(_) => self.0,
        };
        inner_of(text, value)
    }

    fn words(&self) -> Option<String> {
        let html = match serde_json::from_str(self.0.get()) {
            Ok(Shown::Object { rendered }) => rendered?,
            Ok(Shown::Text(text)) => text,
            Ok(Shown::Other(_)) | Err(_) => return None,
        };
        let mut words = Words::default();
        read(&html, &mut words);
        let folded = words.0.split_whitespace().collect::<Vec<_>>().join(" ");
        (!folded.is_empty()).then_some(folded)
    }
}

#[derive(Deserialize)]
struct Embedded<'t> {
    #[serde(borrow)]
    author: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct RawComment<'t> {
    author_name: Option<String>,
    #[serde(borrow)]
    author_url: Option<&'t RawValue>,
    date_gmt: Option<String>,
    date: Option<String>,
    #[serde(borrow)]
    content: Option<Rendered<'t>>,
}

pub(super) fn gather(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
) -> Result<(), GatherError> {
    let text = source.text();
    let json = text.trim_start_matches('\u{feff}').trim_start();
    let refused = |why: String| GatherError::NoPosts {
        name: document.name.to_owned(),
        why,
    };
    if json.starts_with('[') {
        let posts: Vec<&RawValue> =
            serde_json::from_str(json).map_err(|error| refused(error.to_string()))?;
        for (number, post) in posts.into_iter().enumerate() {
            one(document, source, rules, sink, post, &[], number);
        }
        return Ok(());
    }
    let whole: Whole<'_> =
        serde_json::from_str(json).map_err(|error| refused(error.to_string()))?;
    if let Some(post) = whole.post {
        let comments = whole.comments.unwrap_or_default();
        one(document, source, rules, sink, post, &comments, 0);
        return Ok(());
    }
    let is_post =
        serde_json::from_str::<RawPost<'_>>(json).is_ok_and(|post| post.content.is_some());
    if !is_post {
        return Err(refused("it is JSON without the content of a post".into()));
    }
    let post: &RawValue = serde_json::from_str(json).map_err(|error| refused(error.to_string()))?;
    one(document, source, rules, sink, post, &[], 0);
    Ok(())
}

fn one(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
    raw: &RawValue,
    comments: &[&RawValue],
    number: usize,
) {
    let text = source.text();
    let whole = range_in(text, raw.get());
    let post: RawPost<'_> = match serde_json::from_str(raw.get()) {
        Ok(post) => post,
        Err(error) => {
            sink.note(Note::Unreadable {
                line: source.line(whole.start),
                why: format!("post could not be read: {error}"),
            });
            return;
        }
    };
    let link = string(post.link.as_ref());
    let own = link
        .as_deref()
        .and_then(|link| address::parse(link, document.own_address()).ok());
    let home = Home {
        address: own.as_ref().map_or_else(
            || match number {
                0 => document.post_address(),
                _ => format!("{}#post-{}", document.name, number + 1),
            },
            ToString::to_string,
        ),
        name: document.name.to_owned(),
        base: own.clone().or_else(|| document.own_address().cloned()),
        own: own.or_else(|| document.own_address().cloned()),
        ignored: false,
    };
    let mut writer = PostWriter::begin(source, rules, sink, home);
    if let Some(inner) = post.content.as_ref().and_then(|one| one.inner(text)) {
        let (html, origin) = unescape(&text[inner.clone()], inner.start).into_parts();
        Page::of_body().feed(&mut writer, &html, &origin);
        writer.break_block();
    }
    for raw in comments {
        comment(&mut writer, source, raw);
    }
    writer.set_comment(None);
    let date = |gmt: &Option<serde_json::Value>, local: &Option<serde_json::Value>| {
        let written = string(gmt.as_ref()).or_else(|| string(local.as_ref()));
        milliseconds(&written?)
    };
    let facts = Post {
        title: post.title.as_ref().and_then(Rendered::words),
        author: author(post.embedded.as_ref()),
        language: string(post.lang.as_ref()).map(|lang| lang.replace('_', "-")),
        published_at: date(&post.date_gmt, &post.date),
        modified_at: date(&post.modified_gmt, &post.modified),
        ..Post::default()
    };
    let (start, end) = if comments.is_empty() {
        source.bytes(&whole)
    } else {
        (0, document.bytes.len())
    };
    writer.end(&document.bytes[start..end], facts);
}

/// A comment that cannot be read is left out: it is one among many, and made by anybody.
fn comment(writer: &mut PostWriter<'_>, source: &Source<'_>, raw: &RawValue) {
    let Ok(comment) = serde_json::from_str::<RawComment<'_>>(raw.get()) else {
        return;
    };
    let text = source.text();
    let written = comment.date_gmt.or(comment.date);
    let author = comment.author_name.filter(|name| !name.trim().is_empty());
    writer.set_comment(Some(Comment {
        author: author.clone(),
        at: written.as_deref().and_then(milliseconds),
    }));
    if let Some(span) = comment.author_url.and_then(|url| inner_of(text, url)) {
        let (href, _) = unescape(&text[span.clone()], span.start).into_parts();
        let link = Link {
            href: &href,
            kind: Kind::Author,
            place: Place::Comment,
            rel: "",
            at: span.start,
            span,
            excluded: None,
            details: Details::default(),
        };
        writer.point_link(&link, author.as_deref().unwrap_or_default());
        writer.break_block();
    }
    if let Some(inner) = comment.content.and_then(|content| content.inner(text)) {
        let (html, origin) = unescape(&text[inner.clone()], inner.start).into_parts();
        Page::of(Place::Comment).feed(writer, &html, &origin);
        writer.break_block();
    }
}

fn author(embedded: Option<&Embedded<'_>>) -> Option<String> {
    let authors = embedded?.author?.get();
    let authors: Vec<serde_json::Value> = serde_json::from_str(authors).ok()?;
    let name = authors.first()?.get("name")?.as_str()?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn string(value: Option<&serde_json::Value>) -> Option<String> {
    let text = value?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The words of a bit of HTML, its character references resolved.
#[derive(Default)]
struct Words(String);

impl Listener for Words {
    fn start_tag(&mut self, _tag: &StartTag) -> Option<html5gum::State> {
        None
    }
    fn end_tag(&mut self, _key: u64, _start: usize) {}
    fn text(&mut self, text: &str) {
        self.0.push_str(text);
    }
    fn comment(&mut self, _comment: &str) {}
    fn knows_cdata(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::Format;
    use crate::gather::testing::{hear, hear_bytes, rules};

    const POST: &str = r#"{"post":{"id":7,"date_gmt":"2024-01-05T10:00:00","modified_gmt":"2024-02-01T00:00:00",
        "link":"https:\/\/blog.example\/7\/","title":{"rendered":"Fish &#038; <em>chips<\/em>"},
        "content":{"rendered":"<p>See <a href=\"https:\/\/one.example\/a?x=1&amp;y=2\">one \u00e9<\/a>.<\/p>\n","protected":false},
        "_embedded":{"author":[{"id":1,"name":"Ada"}]}},
        "comments":[{"id":1,"post":7,"author_name":"Bob","author_url":"https:\/\/bob.example\/","date_gmt":"2024-01-06T00:00:00",
        "content":{"rendered":"<p>I know <a href=\"https:\/\/two.example\/\">better<\/a><\/p>"}},{"id":"x","content":7}]}"#;

    #[test]
    fn a_post_and_its_comments() {
        let heard = hear_bytes(
            POST.as_bytes(),
            Format::Wordpress,
            &rules(r#"{"include":{"author":true}}"#),
        );
        assert_eq!(heard.addresses, ["https://blog.example/7/"]);
        assert_eq!(
            heard.urls(),
            [
                "https://one.example/a?x=1&y=2",
                "https://bob.example/",
                "https://two.example/"
            ]
        );
        let places: Vec<_> = heard
            .citations
            .iter()
            .map(|one| (one.kind, one.place))
            .collect();
        assert_eq!(
            places,
            [
                (Kind::Anchor, Place::Body),
                (Kind::Author, Place::Comment),
                (Kind::Anchor, Place::Comment)
            ]
        );
        assert_eq!(heard.citations[0].text, "one é");
        let (start, end) = heard.citations[0].span;
        assert_eq!(&POST[start..end], r"https:\/\/one.example\/a?x=1&amp;y=2");
        let comment = heard.citations[2].details.comment.as_ref().unwrap();
        assert_eq!(comment.author.as_deref(), Some("Bob"));
        assert_eq!(comment.at, Some(1_704_499_200_000));
        let post = &heard.posts[0];
        assert_eq!(post.title.as_deref(), Some("Fish & chips"));
        assert_eq!(post.author.as_deref(), Some("Ada"));
        assert_eq!(post.published_at, Some(1_704_448_800_000));
        assert_eq!(post.modified_at, Some(1_706_745_600_000));
    }

    #[test]
    fn a_commenters_site_is_left_out_by_itself() {
        let heard = hear(POST, Format::Wordpress);
        assert_eq!(heard.urls().len(), 2);
        assert_eq!(
            heard.reasons(),
            ["https://bob.example/: commenter's own site"]
        );
    }

    #[test]
    fn posts_come_alone_or_in_an_array() {
        let alone =
            r#"{"link":"https://blog.example/1","content":"<a href='https://a.example/'>a</a>"}"#;
        assert_eq!(
            hear(alone, Format::Wordpress).urls(),
            ["https://a.example/"]
        );
        let many = format!("[{alone},{{\"link\":5}},{alone},7]");
        let heard = hear(&many, Format::Wordpress);
        assert_eq!(heard.posts.len(), 3);
        assert_eq!(heard.addresses[1], "post#post-2");
        assert_eq!(heard.notes.len(), 1, "{:?}", heard.notes);
    }

    #[test]
    fn what_is_no_post_is_refused() {
        let document = |bytes: &'static [u8]| Document {
            bytes,
            media_type: None,
            name: "x",
            address: None,
            base: None,
            format: Format::Wordpress,
        };
        let mut heard = crate::gather::testing::Heard::default();
        for bytes in [
            &b"{}"[..],
            b"nothing",
            b"{\"post\":",
            b"{\"code\":\"rest_no_route\"}",
            b"[",
        ] {
            let gathered = crate::gather::gather(&document(bytes), &Rules::default(), &mut heard);
            assert!(gathered.is_err(), "{bytes:?}");
        }
        assert!(heard.posts.is_empty());
    }

    #[test]
    fn a_text_made_to_be_slow_is_not() {
        let deep = format!(
            "{{\"post\":{}1{}}}",
            "[".repeat(500_000),
            "]".repeat(500_000)
        );
        let own = url::Url::parse("https://blog.example/").unwrap();
        let document = Document {
            bytes: deep.as_bytes(),
            media_type: None,
            name: "x",
            address: Some(&own),
            base: None,
            format: Format::Wordpress,
        };
        let mut heard = crate::gather::testing::Heard::default();
        let _ = crate::gather::gather(&document, &Rules::default(), &mut heard);
        let comment = r#"{"content":{"rendered":"<p><blockquote>"}}"#;
        let many = vec![comment; 100_000].join(",");
        let whole =
            format!("{{\"post\":{{\"content\":{{\"rendered\":\"\"}}}},\"comments\":[{many}]}}");
        let begun = std::time::Instant::now();
        hear(&whole, Format::Wordpress);
        assert!(begun.elapsed().as_secs() < 10);
    }
}
