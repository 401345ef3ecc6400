//! What is drawn from a body for judging: title, canonical address, language, how much there is to see.
//!
//! Features are versioned rows, never facts: they can be drawn again from the stored body. One pass over the text by
//! the WHATWG tokenizer (`html5gum`), no tree, bounded memory: a page of 20 MB costs no more than its text. What a
//! reader without scripts would see is counted; what stands in scripts, styles, templates and `noscript` is not. The main
//! text and the fingerprints come from [`mod@super::text`] and [`super::fingerprint`].

use serde::{Deserialize, Serialize};
use url::Url;

use super::fingerprint::{SimHash, Sketch};
use super::page::Page;
use super::rules::{Rules, fold};
use super::text::Text;
use crate::address::parse;
use crate::charset::essence;

/// The version of what [`features`] draws. It rises with each change that can change a feature.
pub const FEATURES_VERSION: u32 = 3;

/// The longest title that is kept, in characters.
pub(super) const MAX_TITLE_CHARS: usize = 300;

/// The longest language tag that is kept, in characters (RFC 5646, 4.4.1).
pub(super) const MAX_LANGUAGE_CHARS: usize = 35;

/// How much of the visible text is kept, in characters: enough for any notice. A page with more than
/// [`OPENING_OF_WORDS`] in its main text is no notice, and nothing of it is kept.
const MAX_OPENING_CHARS: usize = 1500;
/// So many words.
const OPENING_OF_WORDS: u64 = 200;
/// A main text of so many words is no frame around a notice.
const NOTICE_WORDS: u64 = 1000;
/// How many headings are kept, and how long.
const MAX_HEADINGS: usize = 4;
/// In characters.
const MAX_HEADING_CHARS: usize = 160;

/// How a body was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// As HTML or XHTML.
    Html,
    /// As plain text, or something like it (CSV, JSON, XML).
    Text,
    /// As a PDF, by a process of its own.
    Pdf,
    /// Not at all.
    #[default]
    Other,
}

/// What is drawn from one body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Features {
    /// The [`FEATURES_VERSION`] it was drawn under.
    pub version: u32,
    /// How the body was read.
    pub kind: Kind,
    /// The page's title, entities decoded, white space folded, at most 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The address that the page calls its canonical one, absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical: Option<String>,
    /// The language that the page declares (BCP 47), as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Where the page itself sends the reader (`<meta http-equiv="refresh">`), absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<String>,
    /// Where a script of a page with hardly any text sends the reader (`location = …`), as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_refresh: Option<String>,
    /// Who wrote it, as the page says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byline: Option<String>,
    /// When it was published, as the page says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// When it was last modified, as the page says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// The first headings (`h1`, `h2`), white space folded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headings: Vec<String>,
    /// The beginning of the visible text, where there is little of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub opening: String,
    /// What surrounds the first words by which pages say "not found", folded, where the opening is not all of the text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notice: String,
    /// The beginning of what is shown to readers without scripts only (`noscript`).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub noscript: String,
    /// The names of the marks that the body bears.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
    /// Words of the main text.
    #[serde(default)]
    pub main_words: u64,
    /// Links (`a` with `href`).
    #[serde(default)]
    pub links: u32,
    /// Visible characters within links.
    #[serde(default)]
    pub link_chars: u64,
    /// Images, frames, video and sound.
    #[serde(default)]
    pub pictures: u32,
    /// Scripts, of the page and from elsewhere.
    #[serde(default)]
    pub scripts: u32,
    /// Fields for a password.
    #[serde(default)]
    pub password_fields: u32,
    /// Frames.
    #[serde(default)]
    pub frames: u32,
    /// Whether the page declares that it can be read free of charge (schema.org `isAccessibleForFree`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<bool>,
    /// The main text's fingerprint; the whole text's where there is no main text.
    #[serde(default)]
    pub simhash: SimHash,
    /// A sample of the shingles.
    #[serde(default)]
    pub sketch: Sketch,
    /// A hash of the main text, to the byte; 0 where there is none, or nobody made one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub main_hash: u64,
    /// Visible characters, white space not counted.
    pub text_chars: u64,
    /// Visible words: runs of letters and digits. A tag ends a word.
    pub words: u64,
    /// Whether there is anything to see that is no text: images, video, sound, frames, objects, drawings, fields.
    pub has_media: bool,
    /// Whether the page asks robots not to keep copies of it.
    #[serde(default)]
    pub noarchive: bool,
    /// Whether the page asks robots not to list it.
    #[serde(default)]
    pub noindex: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(hash: &u64) -> bool {
    *hash == 0
}

impl Features {
    /// Whether the main texts are the same to the byte.
    pub fn has_main_text_of(&self, other: &Self) -> bool {
        self.main_hash != 0 && self.main_hash == other.main_hash
    }

    /// Whether a reader would see anything at all.
    pub fn has_something_to_see(&self) -> bool {
        self.text_chars > 0 || self.has_media
    }
}

/// Draws the features from a body that was decoded to text, by the charset that it declares.
///
/// `media_type` is the `Content-Type` header's value, parameters and all; without one, text that begins like a page is
/// read as one. `final_url` is the address that the body came from, for resolving relative addresses. For bodies that
/// are no text, pass an empty one: the kind says what it was. `rules` says which marks are looked for.
pub fn features(body: &str, media_type: Option<&str>, final_url: &Url, rules: &Rules) -> Features {
    features_and_text(body, media_type, final_url, rules).0
}

/// As [`features`], with the text that they were drawn from, for which the body need not be read twice.
pub fn features_and_text(
    body: &str,
    media_type: Option<&str>,
    final_url: &Url,
    rules: &Rules,
) -> (Features, Text) {
    let kind = kind(media_type, body);
    let mut drawn = Features {
        version: FEATURES_VERSION,
        kind,
        ..Features::default()
    };
    let text = match kind {
        Kind::Html => {
            let mut page = Page::read(body);
            let text = super::text::of_page(body, &mut page);
            from_page(&mut drawn, &page, final_url);
            text
        }
        Kind::Text => {
            let mut count = super::page::Count::default();
            count.add(body.as_bytes());
            (drawn.text_chars, drawn.words) = (count.chars, count.words);
            from_plain(&mut drawn, body);
            let mut end = body.len().min(super::page::MAX_WHOLE_BYTES);
            while !body.is_char_boundary(end) {
                end -= 1;
            }
            super::text::text(&body[..end], media_type, final_url)
        }
        Kind::Pdf | Kind::Other => return (drawn, Text::default()),
    };
    drawn.marks = rules.marks_in(body);
    from_text(&mut drawn, &text);
    if text.whole.len() > MAX_OPENING_CHARS && drawn.main_words < NOTICE_WORDS {
        drawn.notice = notice_in(&text.whole, rules);
    }
    if kind == Kind::Text
        && body.len() <= MAX_OPENING_CHARS
        && body.trim_start().starts_with(['{', '[', '<'])
    {
        // Of data that is hardly more than a message, the members tell what it means.
        drawn.opening = folded(body.as_bytes(), MAX_OPENING_CHARS).unwrap_or_default();
    }
    (drawn, text)
}

/// Draws the features from the text of a PDF.
pub fn features_of_pdf(text: &Text) -> Features {
    let mut drawn = Features {
        version: FEATURES_VERSION,
        kind: Kind::Pdf,
        ..Features::default()
    };
    let mut count = super::page::Count::default();
    count.add(text.whole.as_bytes());
    (drawn.text_chars, drawn.words) = (count.chars, count.words);
    from_text(&mut drawn, text);
    drawn
}

fn from_text(drawn: &mut Features, text: &Text) {
    let mut count = super::page::Count::default();
    count.add(text.main.as_bytes());
    drawn.main_words = count.words;
    (drawn.simhash, drawn.sketch) = super::fingerprint::of(&text.main, &text.whole);
    if drawn.main_words < OPENING_OF_WORDS {
        drawn.opening = folded(text.whole.as_bytes(), MAX_OPENING_CHARS).unwrap_or_default();
    }
    drawn.main_hash = super::fingerprint::hash(&text.main);
    drawn.title.clone_from(&text.title);
    drawn.language.clone_from(&text.language);
    drawn.byline.clone_from(&text.byline);
    drawn.published.clone_from(&text.published);
    drawn.modified.clone_from(&text.modified);
}

/// What surrounds the first words that say "not found", folded.
///
/// Short phrases are left out, for they say other things in a long text.
fn notice_in(text: &str, rules: &Rules) -> String {
    /// So much of the text is looked through, in bytes: a notice stands before the long rest.
    const LOOKED_THROUGH: usize = 64 * 1024;
    const SHORTEST_PHRASE: usize = 12;
    const CHARS_BEFORE: usize = 80;
    const CHARS_BEHIND: usize = 160;
    let mut end = text.len().min(LOOKED_THROUGH);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = fold(&text[..end]);
    let found = rules.words("missing").and_then(|words| {
        words
            .find_all(&text)
            .find(|found| found.phrase.len() >= SHORTEST_PHRASE)
    });
    let Some(found) = found else {
        return String::new();
    };
    let before = text[..found.at].char_indices().rev();
    let start = before
        .take(CHARS_BEFORE)
        .last()
        .map_or(found.at, |(at, _)| at);
    let behind = &text[found.at..];
    let end = behind
        .char_indices()
        .nth(found.phrase.chars().count() + CHARS_BEHIND)
        .map_or(text.len(), |(at, _)| found.at + at);
    text[start..end].to_owned()
}

/// The first headings of a plain text, and its links, where it is Markdown or might be: lines that begin with `#`, or
/// that a line of `=` or `-` stands under.
fn from_plain(drawn: &mut Features, body: &str) {
    const LINES: usize = 60;
    let mut before = "";
    for line in body.lines().take(LINES) {
        let line = line.trim();
        let is_rule =
            line.len() >= 2 && (line.bytes().all(|b| b == b'=') || line.bytes().all(|b| b == b'-'));
        let heading = if is_rule {
            before
        } else {
            line.strip_prefix('#')
                .map_or("", |_| line.trim_start_matches('#'))
        };
        if let Some(heading) = folded(heading.as_bytes(), MAX_HEADING_CHARS)
            && drawn.headings.len() < MAX_HEADINGS
        {
            drawn.headings.push(heading);
        }
        before = if is_rule { "" } else { line };
    }
    let mut rest = body;
    while let Some(at) = rest.find("](") {
        let start = rest[..at].rfind('[').unwrap_or(at);
        let address = rest[at..].find(')').unwrap_or(rest.len() - at);
        if !rest[..start].ends_with('!') {
            let text = rest[start..at].chars().filter(|c| !c.is_whitespace());
            drawn.links += 1;
            drawn.link_chars += text.count() as u64 + address as u64;
        }
        rest = &rest[at + address.max(2)..];
    }
}

/// Which kind of body a media type names.
pub(super) fn kind(media_type: Option<&str>, text: &str) -> Kind {
    let media_type = media_type.map(essence).filter(|name| !name.is_empty());
    match media_type.as_deref() {
        Some("text/html" | "application/xhtml+xml") => Kind::Html,
        // An error page, under the name of what it stands for.
        None | Some("application/pdf" | "application/x-pdf") if looks_like_html(text) => Kind::Html,
        Some("application/pdf" | "application/x-pdf") => Kind::Pdf,
        None => Kind::Other,
        Some(name) => {
            let is_text = name.starts_with("text/")
                || name.ends_with("/json")
                || name.ends_with("+json")
                || name.ends_with("/xml")
                || name.ends_with("+xml");
            if is_text { Kind::Text } else { Kind::Other }
        }
    }
}

/// The beginnings by which a browser takes a body for HTML (WHATWG MIME Sniffing, 7.1), the common ones.
fn looks_like_html(text: &str) -> bool {
    const BEGINNINGS: &[&str] = &["<!doctype html", "<html", "<head", "<body", "<title"];
    let start = text.trim_start_matches('\u{feff}').trim_start();
    BEGINNINGS.iter().any(|beginning| {
        start
            .get(..beginning.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(beginning))
    })
}

fn from_page(drawn: &mut Features, page: &Page, final_url: &Url) {
    let base = page
        .base
        .as_deref()
        .and_then(|base| final_url.join(base.trim()).ok())
        .unwrap_or_else(|| final_url.clone());
    let absolute = |address: &str| {
        parse(address.trim(), Some(&base))
            .ok()
            .map(|url| url.to_string())
    };
    drawn.headings = page
        .headings
        .iter()
        .filter_map(|heading| folded(heading, MAX_HEADING_CHARS))
        .take(MAX_HEADINGS)
        .collect();
    drawn.noscript = folded(&page.noscript, MAX_HEADING_CHARS).unwrap_or_default();
    drawn.links = page.links;
    drawn.link_chars = page.link_chars;
    drawn.pictures = page.pictures;
    drawn.scripts = page.scripts;
    drawn.password_fields = page.password_fields;
    drawn.frames = page.frames;
    drawn.free = page.free;
    drawn.script_refresh = page.script_refresh();
    drawn.canonical = page.canonical.as_deref().and_then(absolute);
    drawn.refresh = page
        .refresh
        .as_deref()
        .and_then(refresh_address)
        .and_then(absolute);
    drawn.text_chars = page.count.chars;
    drawn.words = page.count.words;
    drawn.has_media = page.has_media;
    for word in page.robots.split([',', ' ']) {
        match word.trim().to_ascii_lowercase().as_str() {
            "noarchive" => drawn.noarchive = true,
            "noindex" | "none" => drawn.noindex = true,
            _ => {}
        }
    }
}

/// White space folded, cut to so many characters; `None` where nothing is left.
pub(super) fn folded(title: &[u8], most: usize) -> Option<String> {
    let text = String::from_utf8_lossy(title);
    let mut folded = String::new();
    let mut chars = 0;
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
            chars += 1;
        }
        for c in word.chars() {
            if chars == most {
                return Some(folded);
            }
            folded.push(c);
            chars += 1;
        }
    }
    (!folded.is_empty()).then_some(folded)
}

/// `0; url=/there` gives `/there`. A refresh without an address only shows the page again.
fn refresh_address(content: &str) -> Option<&str> {
    let (_, rest) = content.split_once([';', ','])?;
    let rest = rest.trim();
    let address = rest
        .get(..3)
        .filter(|start| start.eq_ignore_ascii_case("url"))
        .and_then(|_| rest[3..].trim_start().strip_prefix('='))
        .unwrap_or(rest)
        .trim()
        .trim_matches(['"', '\'']);
    (!address.is_empty()).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> Features {
        let url = Url::parse("https://example.com/a/b").unwrap();
        features(
            html,
            Some("text/html; charset=utf-8"),
            &url,
            Rules::built_in(),
        )
    }

    #[test]
    fn what_a_page_says_of_itself() {
        let page = of(r#"<!doctype html><HTML LANG="de-AT"><head><base href="/c/">
            <title> A &amp; B
              &eacute; </title><meta name=Robots content="noarchive, NOINDEX">
            <link rel="stylesheet canonical" href="d?x=1&amp;y=2"><link rel=canonical href=/e>
            <meta http-equiv=refresh content="5; URL='/f'">
            </head><body><svg><title>no</title></svg><title>no</title><p>Zwei W&ouml;rter</p>"#);
        assert_eq!(page.title.as_deref(), Some("A & B é"));
        assert_eq!(
            page.canonical.as_deref(),
            Some("https://example.com/c/d?x=1&y=2")
        );
        assert_eq!(page.language.as_deref(), Some("de-AT"));
        assert_eq!(page.refresh.as_deref(), Some("https://example.com/f"));
        assert!(page.noarchive && page.noindex);
        let json = serde_json::to_string(&page).unwrap();
        assert_eq!(serde_json::from_str::<Features>(&json).unwrap(), page);
    }

    #[test]
    fn only_what_is_seen_is_counted() {
        let page = of("<title>t</title><style>a{}</style><p>One two&#33; \
             <script>if (a<b) '<p>x'</script><template><p>no<img></template>3<b>4</b>\
             <noscript><img src=x>no</noscript><iframe>no</iframe>");
        assert_eq!(page.text_chars, "Onetwo!34".len() as u64);
        assert_eq!(page.words, 4);
        assert!(page.has_media, "the frame");
        let page = of("<body>\u{a0}\u{200b}&nbsp;<template><img></template><input type=hidden>");
        assert!(!page.has_something_to_see());
        assert!(of("<input name=q>").has_something_to_see());
        assert!(of("<svg/><p>x").text_chars == 1);
        assert!(of("<svg><style/><path/></svg><p>x").text_chars == 1);
        assert!(of("<textarea>&lt;b>x</textarea>").text_chars == 4);
        assert!(of("<title>never closed <p>x").text_chars == 0);
        assert_eq!(of("<title></title><title>b</title>x").title, None);
    }

    #[test]
    fn long_titles_and_many_attributes_are_cut() {
        let page = of(&format!("<title>{}</title>", "ü ".repeat(100_000)));
        assert_eq!(page.title.unwrap().chars().count(), MAX_TITLE_CHARS);
        let many = format!("<html {} lang=de>x", "a=b ".repeat(1000));
        assert_eq!(of(&many).text_chars, 1);
    }

    #[test]
    fn kinds_of_bodies() {
        let url = Url::parse("https://example.com/").unwrap();
        for (media_type, text, kind) in [
            (Some("text/html"), "", Kind::Html),
            (Some("application/xhtml+xml;charset=x"), "", Kind::Html),
            (Some("TEXT/CSV"), "a,b", Kind::Text),
            (Some("application/ld+json"), "{}", Kind::Text),
            (Some("application/pdf"), "", Kind::Pdf),
            (None, "\u{feff} <!DOCTYPE HTML>", Kind::Html),
            (None, "hello", Kind::Other),
            (Some(""), "<html>", Kind::Html),
        ] {
            assert_eq!(
                features(text, media_type, &url, Rules::built_in()).kind,
                kind,
                "{media_type:?}"
            );
        }
        let rules = Rules::built_in();
        assert_eq!(features("a b,c", Some("text/plain"), &url, rules).words, 3);
    }

    #[test]
    fn deep_nesting_and_long_lines_are_read_in_one_pass() {
        assert_eq!(of(&format!("{}x", "<div>".repeat(100_000))).text_chars, 1);
        assert_eq!(
            of(&format!("{}x", "<template>".repeat(100_000))).text_chars,
            0
        );
        assert_eq!(of(&"<".repeat(1_000_000)).text_chars, 1_000_000);
        assert_eq!(of(&format!("{}x", "\0".repeat(1000))).text_chars, 1);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "(<[/!]?(title|svg|p|script|template|meta|link|html|x)?[ a-z=\"'/]{0,9}>?|&[a-z#0-9]{0,5};?|.{0,5}){0,20}") {
            let page = of(&text);
            proptest::prop_assert!(page.title.is_none_or(|t| t.chars().count() <= MAX_TITLE_CHARS));
        }
    }
}
