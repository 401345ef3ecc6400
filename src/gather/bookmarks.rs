//! Bookmarks in Netscape's format, which every browser and bookmark service exports and imports.
//!
//! `<DT><H3>` names a folder, `<DL>` holds what is in it, `<DT><A HREF>` is a bookmark, and `<DD>` behind it a note. The end
//! tags of `DT` and `DD` are nearly always missing. As with a list, nothing is internal here: whoever exports bookmarks
//! wants all of them.

use std::ops::Range;

use html5gum::State;

use super::html::{Attribute, Listener, StartTag, read};
use super::options::Rules;
use super::position::Source;
use super::post::{Home, Link, PostWriter};
use super::sentence::cut;
use super::xml::{name_at, split_name};
use super::{Details, Document, Kind, Place, Post, Sink};

/// The longest title, note or name of a folder that is kept.
const MAX_WORDS_BYTES: usize = 4096;
/// How many of the folders around a bookmark are its headings.
const MAX_FOLDERS: usize = 16;

pub(super) fn gather(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
) {
    let home = Home {
        address: document.post_address(),
        name: document.name.to_owned(),
        base: document.own_address().cloned(),
        ..Home::default()
    };
    let mut reading = Reading {
        text: source.text(),
        writer: PostWriter::begin(source, rules, sink, home),
        depth: 0,
        part: Part::Nothing,
        words: String::new(),
        pending: None,
        title: None,
    };
    read(source.text(), &mut reading);
    reading.end_part();
    reading.end_bookmark();
    let title = reading.title.take();
    let post = Post {
        title,
        ..Post::default()
    };
    reading.writer.end(document.bytes, post);
}

/// What the text that is being read is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Nothing,
    /// What the whole is called.
    Title,
    Folder,
    Bookmark,
    /// Behind a `<DD>`.
    Note,
}

/// A bookmark whose note may still come.
#[derive(Debug)]
struct Bookmark {
    href: String,
    at: usize,
    span: Range<usize>,
    title: String,
    tags: String,
    note: String,
    added_at: Option<i64>,
}

struct Reading<'t, 'a> {
    text: &'t str,
    writer: PostWriter<'a>,
    /// How many folders are open.
    depth: usize,
    part: Part,
    words: String,
    pending: Option<Bookmark>,
    title: Option<String>,
}

impl Listener for Reading<'_, '_> {
    fn start_tag(&mut self, tag: &StartTag) -> Option<State> {
        let (_, name) = split_name(name_at(self.text, tag.start + 1));
        match name.as_str() {
            "title" | "h1" => self.begin(Part::Title),
            "h3" => {
                self.end_part();
                self.end_bookmark();
                self.begin(Part::Folder);
            }
            "a" => {
                self.end_part();
                self.end_bookmark();
                self.begin(Part::Bookmark);
                self.pending = tag.get(Attribute::Href).map(|href| Bookmark {
                    href: href.to_owned(),
                    at: tag.start,
                    span: tag.span(Attribute::Href, self.text),
                    title: String::new(),
                    tags: tag.value(Attribute::Tags).to_owned(),
                    note: String::new(),
                    added_at: instant(tag.value(Attribute::AddDate)),
                });
            }
            // Behind a folder's name it says something of the folder.
            "dd" => self.begin(Part::Note),
            "dt" | "hr" | "dl" => {
                self.end_part();
                self.end_bookmark();
                self.depth += usize::from(name == "dl");
            }
            "br" => self.words.push(' '),
            _ => {}
        }
        None
    }

    fn end_tag(&mut self, _key: u64, start: usize) {
        let (_, name) = split_name(name_at(self.text, start + 2));
        match name.as_str() {
            "title" | "h1" | "h3" | "a" | "dd" => self.end_part(),
            "dl" => {
                self.end_part();
                self.end_bookmark();
                self.depth = self.depth.saturating_sub(1);
                self.writer.leave_headings(self.level());
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.part != Part::Nothing && self.words.len() < MAX_WORDS_BYTES {
            self.words.push_str(text);
        }
    }

    fn comment(&mut self, comment: &str) {
        self.end_bookmark();
        self.writer.comment(comment);
    }

    fn knows_cdata(&self) -> bool {
        false
    }
}

impl Reading<'_, '_> {
    /// The level of a folder's name that stands here.
    fn level(&self) -> u8 {
        self.depth.min(MAX_FOLDERS) as u8 + 1
    }

    fn begin(&mut self, part: Part) {
        self.end_part();
        self.part = part;
    }

    fn end_part(&mut self) {
        let words = std::mem::take(&mut self.words);
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        match std::mem::replace(&mut self.part, Part::Nothing) {
            Part::Title if !words.is_empty() => self.title = Some(words),
            Part::Folder => {
                self.writer.open_heading(self.level());
                self.writer.text(&words);
                self.writer.close_heading();
            }
            Part::Bookmark => {
                if let Some(pending) = &mut self.pending {
                    pending.title = words;
                }
            }
            Part::Note => {
                if let Some(pending) = &mut self.pending {
                    pending.note = words;
                }
            }
            Part::Title | Part::Nothing => {}
        }
    }

    fn end_bookmark(&mut self) {
        let Some(bookmark) = self.pending.take() else {
            return;
        };
        // Firefox's queries and shortcuts lead to no page.
        if cut(&bookmark.href, 6).eq_ignore_ascii_case("place:") {
            return;
        }
        self.writer.open_link(&Link {
            href: &bookmark.href,
            kind: Kind::Anchor,
            place: Place::Body,
            rel: "",
            at: bookmark.at,
            span: bookmark.span,
            excluded: None,
            details: Details {
                note: note(&bookmark.note, &bookmark.tags),
                accessed_at: bookmark.added_at,
                ..Details::default()
            },
        });
        self.writer.text(&bookmark.title);
        self.writer.close_link();
        self.writer.break_block();
    }
}

/// The note and the tags in one.
fn note(note: &str, tags: &str) -> Option<String> {
    let tags: Vec<&str> = tags
        .split(',')
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
        .collect();
    let mut words = note.to_owned();
    if !tags.is_empty() {
        let gap = if words.is_empty() { "" } else { " " };
        words = format!("{words}{gap}[{}]", tags.join(", "));
    }
    (!words.is_empty()).then_some(words)
}

/// Seconds since the epoch, or the smaller units that some write.
fn instant(written: &str) -> Option<i64> {
    let number: i64 = written.trim().parse().ok()?;
    match number {
        ..=0 => None,
        1..100_000_000_000 => Some(number * 1000),
        100_000_000_000..100_000_000_000_000 => Some(number),
        _ => Some(number / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::Format;
    use crate::gather::testing::hear;

    const EXPORT: &str = "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<META HTTP-EQUIV=\"Content-Type\" CONTENT=\"text/html; charset=UTF-8\">\n<TITLE>Bookmarks</TITLE>\n<H1>Bookmarks Menu</H1>\n\n<DL><p>\n\
        <DT><H3 ADD_DATE=\"1\">News &amp; co</H3>\n<DD>of the folder\n<DL><p>\n\
        <DT><A HREF=\"https://a.example/?a=1&amp;b\" ADD_DATE=\"1345716000\" TAGS=\"one,two\">First <b>one</b></A>\n<DD>Worth\nreading\n\
        <DT><H3>Inner</H3>\n<DL><p>\n<DT><A HREF=\"https://blog.example/x\" ADD_DATE=\"1345716000000\">Ours</A>\n</DL><p>\n\
        <DT><A HREF=\"http://b.example/\">Behind</A>\n</DL><p>\n<HR>\n<DT><A HREF=\"place:sort=8\">Most visited</A>\n<DT><A HREF=\"javascript:alert(1)\">js</A>\n\
        <DT><A HREF=\"http://c.example/\">Last</A>\n</DL>\n";

    #[test]
    fn bookmarks_with_folders_notes_and_dates() {
        let heard = hear(EXPORT, Format::Bookmarks);
        let found: Vec<(&str, &str, String)> = heard
            .citations
            .iter()
            .map(|one| (one.url.as_str(), one.text.as_str(), one.headings.join("/")))
            .collect();
        assert_eq!(
            found,
            [
                (
                    "https://a.example/?a=1&b",
                    "First one",
                    "News & co".to_owned()
                ),
                (
                    "https://blog.example/x",
                    "Ours",
                    "News & co/Inner".to_owned()
                ),
                ("http://b.example/", "Behind", "News & co".to_owned()),
                ("http://c.example/", "Last", String::new()),
            ]
        );
        let first = &heard.citations[0];
        assert_eq!(
            first.details.note.as_deref(),
            Some("Worth reading [one, two]")
        );
        assert_eq!(first.details.accessed_at, Some(1_345_716_000_000));
        assert_eq!(
            heard.citations[1].details.accessed_at,
            Some(1_345_716_000_000)
        );
        assert_eq!(heard.citations[2].details, Details::default());
        assert_eq!(
            &EXPORT[first.span.0..first.span.1],
            "https://a.example/?a=1&amp;b"
        );
        assert_eq!(heard.posts[0].title.as_deref(), Some("Bookmarks Menu"));
        assert!(heard.left_out.is_empty(), "{:?}", heard.left_out);
    }

    #[test]
    fn a_bookmark_at_the_very_end_counts() {
        let heard = hear("<DL><DT><A HREF='http://a.example/'>cut", Format::Bookmarks);
        assert_eq!(heard.citations[0].text, "cut");
    }

    #[test]
    fn a_text_made_to_be_slow_is_not() {
        for text in [
            "<DL><DT><H3>x</H3>",
            "<A HREF=http://a.example/><DD>",
            "<DL>",
        ] {
            let before = std::time::Instant::now();
            hear(&text.repeat(100_000), Format::Bookmarks);
            assert!(before.elapsed().as_secs() < 20);
        }
    }
}
