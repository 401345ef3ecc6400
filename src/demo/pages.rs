//! What the small web says: the files under `pages/`, with the dates of the story filled in.

use super::web::{Answer, Web};
use super::{BEGINS, DAY};

pub(super) const REGISTER: &str = "http://foundation.example/register/strikes";
const TABLE: &str = "http://foundation.example/register/strikes.csv";
pub(super) const REPORT: &str = "http://ministry.example/reports/steeples.html";
const ARTICLE: &str = "http://news.example/2026/02/third-steeple-this-winter";
const MOVED: &str = "http://news.example/archive/village/third-steeple-this-winter";
pub(super) const WIKI: &str = "http://wiki.example/Lightning_rod";
const INTERVIEW: &str = "http://radio.example/interviews/the-bell-ringer";
const RADIO: &str = "http://radio.example/";

/// The quiet edit.
const BEFORE: &str = "learned of fourteen strikes, more than in any winter since it began to count";
const AFTER: &str = "learned of several strikes, as in other winters";

const STYLE: &str = include_str!("pages/blog/style.css");
const FEED: &str = include_str!("pages/blog/feed.xml");
const HOME: &str = include_str!("pages/blog/home.html");
/// The blog's posts, by the last part of their addresses.
const POSTS: [(&str, &str); 4] = [
    (
        "third-steeple",
        include_str!("pages/blog/third-steeple.html"),
    ),
    ("who-counts", include_str!("pages/blog/who-counts.html")),
    (
        "what-a-rod-does",
        include_str!("pages/blog/what-a-rod-does.html"),
    ),
    ("an-old-rod", include_str!("pages/blog/an-old-rod.html")),
];
/// Pages that stay as they are.
const STEADY: [(&str, &str); 3] = [
    (
        "http://museum.example/collection/rod-of-1782",
        include_str!("pages/museum/rod.html"),
    ),
    (
        "http://archive.example/parish-books/1782/june",
        include_str!("pages/archive/parish-book.html"),
    ),
    (RADIO, include_str!("pages/radio/home.html")),
];

/// The blog as files: names and texts.
pub(super) fn blog() -> Vec<(String, String)> {
    let mut files: Vec<_> = POSTS
        .iter()
        .map(|(name, text)| (format!("{name}.html"), fill(text)))
        .collect();
    files.push(("home.html".to_owned(), fill(HOME)));
    files.push(("feed.xml".to_owned(), feed()));
    files
}

pub(super) fn publish(web: &Web) {
    for (name, text) in POSTS {
        web.set(&format!("http://blog.example/{name}"), page(text));
    }
    web.set("http://blog.example/", page(HOME));
    web.set(
        "http://blog.example/style.css",
        Answer::new("text/css", STYLE.to_owned()),
    );
    web.set(
        "http://blog.example/feed.xml",
        Answer::new("application/atom+xml; charset=utf-8", feed()),
    );
    for (address, text) in STEADY {
        web.set(address, page(text));
    }
    web.set(ARTICLE, page(include_str!("pages/news/article.html")));
    web.set(WIKI, page(include_str!("pages/wiki/lightning-rod.html")));
    web.set(REPORT, page(include_str!("pages/ministry/steeples.html")));
    web.set(
        INTERVIEW,
        page(include_str!("pages/radio/the-bell-ringer.html")),
    );
    bring_back(web);
}

pub(super) fn break_some(web: &Web) {
    web.set(REGISTER, Answer::hanging_up());
    web.set(TABLE, Answer::hanging_up());
    web.set(ARTICLE, Answer::moved(MOVED));
    web.set(MOVED, page(include_str!("pages/news/article.html")));
    let wall = page(include_str!("pages/wiki/wall.html")).with_status("403 Forbidden");
    web.set(WIKI, wall.with_header("cf-mitigated", "challenge"));
    web.set(INTERVIEW, Answer::moved(RADIO));
}

pub(super) fn mend_some(web: &Web) {
    web.set(
        INTERVIEW,
        page(include_str!("pages/radio/the-bell-ringer.html")),
    );
    let gone = page(include_str!("pages/foundation/gone.html")).with_status("404 Not Found");
    web.set(REGISTER, gone.clone());
    web.set(TABLE, gone);
    let edited = include_str!("pages/ministry/steeples.html").replace(BEFORE, AFTER);
    web.set(REPORT, page(&edited));
}

pub(super) fn bring_back(web: &Web) {
    web.set(
        REGISTER,
        page(include_str!("pages/foundation/strikes.html")),
    );
    let table = fill(include_str!("pages/foundation/strikes.csv"));
    web.set(TABLE, Answer::new("text/csv; charset=utf-8", table));
}

fn page(text: &str) -> Answer {
    Answer::new("text/html; charset=utf-8", fill(text))
}

/// The feed, with the bodies of its posts in it.
fn feed() -> String {
    let mut text = fill(FEED);
    for (name, post) in POSTS {
        let body = post
            .split_once("<div class=\"post-body\">")
            .and_then(|(_, rest)| rest.split_once("</div><!-- end of post -->"))
            .map_or("", |(body, _)| body);
        text = text.replace(&format!("{{{{body {name}}}}}"), body);
    }
    text
}

/// Fills in dates: `{{day -3}}` is three days before the story begins, written out; `{{date -3}}` is that as in a
/// table, and `{{instant -3}}` as in a feed.
fn fill(text: &str) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        if let Some((words, behind)) = after.split_once("}}") {
            filled.push_str(&date(words).unwrap_or_else(|| format!("{{{{{words}}}}}")));
            rest = behind;
        } else {
            filled.push_str("{{");
            rest = after;
        }
    }
    filled + rest
}

fn date(words: &str) -> Option<String> {
    let (how, day) = words.split_once(' ')?;
    let form = match how {
        "day" => "%-d %B %Y",
        "date" => "%Y-%m-%d",
        "instant" => "%Y-%m-%dT%H:%M:%SZ",
        _ => return None,
    };
    let at = BEGINS + day.parse::<i64>().ok()? * DAY;
    let at = jiff::Timestamp::from_millisecond(at).ok()?;
    Some(at.strftime(form).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_filled_in() {
        assert_eq!(fill("a {{day -3}} b"), "a 27 February 2026 b");
        assert_eq!(
            fill("{{date 0}}{{instant -1}}"),
            "2026-03-022026-03-01T09:00:00Z"
        );
        assert_eq!(fill("{{what}} {{"), "{{what}} {{");
    }

    #[test]
    fn nothing_is_left_to_fill_in() {
        for (name, text) in blog() {
            assert!(!text.contains("{{"), "{name}");
        }
        assert_eq!(feed().matches("<![CDATA[\n<p>").count(), 3);
        assert!(include_str!("pages/ministry/steeples.html").contains(BEFORE));
    }
}
