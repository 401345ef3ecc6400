//! Plain text: bare addresses and shortcodes, with the sentence around them.
//!
//! A text that was copied from a page carries its comments along. They begin at a line such as "7 replies" that is
//! followed by a named entry ("1. Jane says:"); both are asked for, because a post may well speak of three comments.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::marks::marks;
use super::options::Rules;
use super::position::Source;
use super::post::{Home, Link, PostWriter};
use super::{Document, Kind, Place, Post, Sink};

/// How many lines that say something may stand between the count of comments and the first of them.
const LINES_TO_FIRST_COMMENT: usize = 6;

#[expect(
    clippy::unwrap_used,
    reason = "the pattern is a constant that the tests compile"
)]
static COUNT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^ (?: (?: \d{1,6} | one | leave\ a ) \s+ (?: comments? | repl(?:y|ies) | responses? | thoughts? | kommentare? | antworten | commentaires? | réponses? | comentarios? | respuestas? | commenti | reacties )
              (?: \s+ (?: to | on | so\ far ) \b .{0,300} )? | comments? (?: \s* \(\d+\) )? | kommentare | commentaires | comentarios ) \s* :? $",
    )
    .unwrap()
});

#[expect(
    clippy::unwrap_used,
    reason = "the pattern is a constant that the tests compile"
)]
static ENTRY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^ (?: (?: \#? \d{1,5} [.):]? \s+ )? \S .{0,80}? \s (?: says | said | wrote | writes | sagt | schreibt | schrieb | dit | dice | scrive | zegt ) (?: \s .{0,60} )? : $
           | \#? \d{1,5} [.)] \s+ \S .{0,80} (?: : | \b (?: am | pm | \d{4} | ago ) ) $ )",
    )
    .unwrap()
});

pub(super) fn gather(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
) {
    let text = source.text();
    let home = Home {
        address: document.post_address(),
        name: document.name.to_owned(),
        own: document.own_address().cloned(),
        base: document.own_address().cloned(),
        ignored: false,
    };
    let mut writer = PostWriter::begin(source, rules, sink, home);
    let comments_at = comments_start(text);
    let mut at = 0;
    for mark in marks(text) {
        // Several addresses of one shortcode stand at one place.
        if mark.whole.start >= at {
            running_text(&mut writer, text, at..mark.whole.start, comments_at);
        }
        let place = if mark.whole.start >= comments_at {
            Place::Comment
        } else {
            Place::Body
        };
        let link = Link {
            href: &mark.href(text),
            kind: mark.kind(),
            place,
            rel: "",
            at: mark.written.start,
            span: mark.written.clone(),
            excluded: None,
            details: mark.details(text),
        };
        if link.kind == Kind::Bare {
            writer.bare_link(&link);
        } else {
            writer.point_link(&link, "");
        }
        at = mark.whole.end;
    }
    running_text(&mut writer, text, at..text.len(), comments_at);
    let title = text.lines().map(str::trim).find(|line| !line.is_empty());
    let title = title
        .filter(|line| line.len() <= 200 && !line.contains("://"))
        .map(str::to_owned);
    writer.end(
        document.bytes,
        Post {
            title,
            ..Post::default()
        },
    );
}

/// Text between links: an empty line ends a block.
fn running_text(writer: &mut PostWriter<'_>, text: &str, range: Range<usize>, comments_at: usize) {
    if (range.start..range.end).contains(&comments_at) {
        lines(writer, &text[range.start..comments_at]);
        writer.break_block();
        writer.set_place(Place::Comment);
        lines(writer, &text[comments_at..range.end]);
    } else {
        lines(writer, &text[range]);
    }
}

fn lines(writer: &mut PostWriter<'_>, text: &str) {
    let mut newlines = 0;
    for line in text.split_inclusive('\n') {
        if line.trim().is_empty() {
            newlines += usize::from(line.ends_with('\n'));
            if newlines > 1 {
                writer.break_block();
            } else {
                writer.text(" ");
            }
        } else {
            writer.text(line);
            newlines = usize::from(line.ends_with('\n'));
        }
    }
}

/// Where the comments begin; past the end where there are none.
fn comments_start(text: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.len() <= 400 && COUNT.is_match(trimmed) {
            let has_entry = text[at + line.len()..]
                .lines()
                .map(str::trim)
                .filter(|next| !next.is_empty())
                .take(LINES_TO_FIRST_COMMENT)
                .any(|next| next.len() <= 200 && ENTRY.is_match(next));
            if has_entry {
                return at;
            }
        }
        at += line.len();
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_a_text() {
        let heard = crate::gather::testing::hear(
            "Title\n\nOne. See http://a.example/x, he said. Two.\n\n[youtube=http://youtu.be/a1] https://blog.example/own",
            crate::gather::Format::Text,
        );
        assert_eq!(heard.urls(), ["http://a.example/x", "http://youtu.be/a1"]);
        assert_eq!(
            heard.citations[0].context,
            "See http://a.example/x, he said."
        );
        assert_eq!(
            (heard.citations[0].line, heard.citations[0].span),
            (3, (16, 34))
        );
        assert_eq!(heard.posts[0].title.as_deref(), Some("Title"));
        assert_eq!(heard.reasons(), ["https://blog.example/own: internal link"]);
    }

    #[test]
    fn one_long_line_stays_linear() {
        let text = "http://a.example/x and ".repeat(100_000);
        let before = std::time::Instant::now();
        let heard = crate::gather::testing::hear(&text, crate::gather::Format::Text);
        assert_eq!(heard.citations.len(), 100_000);
        assert!(before.elapsed().as_secs() < 20);
    }

    #[test]
    fn comments_need_a_count_and_an_entry() {
        for (text, expected) in [
            ("Post\n7 replies\n  1. Jane says:\n  x", Some("7 replies")),
            (
                "Post\n3 Comments\n\nJane Doe said on May 3, 2012:\nx",
                Some("3 Comments"),
            ),
            (
                "Post\n12 Responses to \"Title\"\n1. jane\n2. Bob says:\nx",
                Some("12 Responses"),
            ),
            ("Post\n2 Kommentare\nJane schrieb:\n", Some("2 Kommentare")),
            ("Post\n7 replies\nwere all we got. The end.", None),
            ("Post\nHe says:\nNothing.", None),
        ] {
            let start = comments_start(text);
            assert_eq!(
                expected.map(|words| text.find(words).unwrap()),
                (start != usize::MAX).then_some(start),
                "{text}"
            );
        }
    }
}
