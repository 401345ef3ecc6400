//! Shortcodes of blog software that stand for somebody else's page: `[youtube]ADDRESS[/youtube]`,
//! `[youtube=ADDRESS]`, `{{< youtube ID >}}`, `{{< tweet user="..." id="..." >}}`, `[embed]ADDRESS[/embed]`.
//!
//! The address is the one a person would open. The span is that of what was written for it: an address or an
//! identifier.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A shortcode in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shortcode {
    /// All of it.
    pub(super) whole: Range<usize>,
    /// What stands for the address.
    pub(super) written: Range<usize>,
    /// The address it stands for.
    pub(super) address: String,
}

#[expect(
    clippy::unwrap_used,
    reason = "the pattern is a constant that the tests compile"
)]
static BRACKETS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \[ (?<name> youtube | vimeo | embed | embedyt | tweet | video | audio | dailymotion | ted | soundcloud )
           (?: \s* = \s* (?<equals> [^\]\s]+ ) | (?<rest> \s [^\]\n]* )? ) \s* \]
           (?: \s* (?<inner> [^\[\]\s]+ ) \s* \[ / (?<end> [a-z]+ ) \] )?",
    )
    .unwrap()
});

#[expect(
    clippy::unwrap_used,
    reason = "the pattern is a constant that the tests compile"
)]
static BRACES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \{\{ [<%] \s* (?<name> youtube | vimeo | tweet | twitter | x | instagram | asset-youtube | youtube-lite )
           (?<rest> \s [^}\n]+? ) [>%] \}\}",
    )
    .unwrap()
});

#[expect(
    clippy::unwrap_used,
    reason = "the pattern is a constant that the tests compile"
)]
static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?x) (?: (?<key> [a-zA-Z_-]+ ) \s* = \s* )? (?: "(?<double>[^"]*)" | '(?<single>[^']*)' | (?<plain> [^\s"'/=][^\s"'=]* (?: = [^\s"']* )* ) )"#)
        .unwrap()
});

/// All shortcodes of a text that stand for an address, in order.
pub(super) fn shortcodes(text: &str) -> Vec<Shortcode> {
    let mut found = Vec::new();
    if memchr::memchr(b'[', text.as_bytes()).is_some() {
        found.extend(
            BRACKETS
                .captures_iter(text)
                .filter_map(|captures| bracket(&captures)),
        );
    }
    if memchr::memmem::find(text.as_bytes(), b"{{").is_some() {
        found.extend(
            BRACES
                .captures_iter(text)
                .filter_map(|captures| brace(&captures)),
        );
        found.sort_by_key(|shortcode| shortcode.whole.start);
    }
    found
}

fn bracket(captures: &Captures<'_>) -> Option<Shortcode> {
    let whole = captures.get(0)?.range();
    let name = captures.name("name")?.as_str();
    let is_closed = captures.name("end").is_some_and(|end| end.as_str() == name);
    let (value, at) = if let Some(inner) = captures.name("inner").filter(|_| is_closed) {
        (inner.as_str(), inner.start())
    } else if let Some(equals) = captures.name("equals") {
        (equals.as_str(), equals.start())
    } else {
        let rest = captures.name("rest")?;
        attribute(
            rest.as_str(),
            rest.start(),
            &["id", "src", "url", "mp4", "mp3"],
        )?
    };
    let address = address_of(name, value, None)?;
    Some(Shortcode {
        whole,
        written: at..at + value.len(),
        address,
    })
}

fn brace(captures: &Captures<'_>) -> Option<Shortcode> {
    let whole = captures.get(0)?.range();
    let rest = captures.name("rest")?;
    let (value, at) = attribute(rest.as_str(), rest.start(), &["id", "url", "src"])?;
    let user = attribute(rest.as_str(), rest.start(), &["user"]).map(|(user, _)| user);
    let address = address_of(captures.name("name")?.as_str(), value, user)?;
    Some(Shortcode {
        whole,
        written: at..at + value.len(),
        address,
    })
}

/// The value of the first of these attributes, or the first value without a name.
fn attribute<'t>(rest: &'t str, start: usize, keys: &[&str]) -> Option<(&'t str, usize)> {
    let mut positional = None;
    for captures in ATTRIBUTE.captures_iter(rest) {
        let value = captures
            .name("double")
            .or(captures.name("single"))
            .or(captures.name("plain"))?;
        match captures.name("key") {
            Some(key) if keys.contains(&key.as_str()) => {
                return Some((value.as_str(), start + value.start()));
            }
            Some(_) => {}
            None => positional = positional.or(Some((value.as_str(), start + value.start()))),
        }
    }
    positional.filter(|_| !keys.contains(&"user"))
}

/// The address that a value stands for: itself, or one made from an identifier.
fn address_of(name: &str, value: &str, user: Option<&str>) -> Option<String> {
    let lower = value.get(..8).unwrap_or(value).to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        return Some(value.replace("&amp;", "&").replace("&#038;", "&"));
    }
    if let Some(rest) = value.strip_prefix("//") {
        return Some(format!("https://{rest}"));
    }
    let is_identifier = !value.is_empty()
        && value.len() <= 64
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !is_identifier {
        return None;
    }
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    match name {
        "youtube" | "asset-youtube" | "youtube-lite" | "embedyt" => {
            Some(format!("https://www.youtube.com/watch?v={value}"))
        }
        "vimeo" if is_number => Some(format!("https://vimeo.com/{value}")),
        "tweet" | "twitter" | "x" if is_number => Some(format!(
            "https://twitter.com/{}/status/{value}",
            user.unwrap_or("i/web").trim_start_matches('@')
        )),
        "instagram" => Some(format!("https://www.instagram.com/p/{value}/")),
        "dailymotion" => Some(format!("https://www.dailymotion.com/video/{value}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_made_to_be_slow_is_not() {
        for text in [
            "[youtube=x".repeat(200_000),
            "[youtube]a ".repeat(200_000),
            "{{< youtube ".repeat(200_000),
            format!("[youtube=x]{}", " ".repeat(2_000_000)),
        ] {
            let before = std::time::Instant::now();
            shortcodes(&text);
            assert!(before.elapsed().as_secs() < 20, "{}", &text[..12]);
        }
    }

    #[test]
    fn what_blogs_write() {
        for (text, written, address) in [
            (
                "[youtube]http://www.youtube.com/watch?v=a1[/youtube]",
                "http://www.youtube.com/watch?v=a1",
                "http://www.youtube.com/watch?v=a1",
            ),
            (
                "[youtube=http://youtu.be/a1&w=3]",
                "http://youtu.be/a1&w=3",
                "http://youtu.be/a1&w=3",
            ),
            (
                "[youtube http://youtu.be/a1]",
                "http://youtu.be/a1",
                "http://youtu.be/a1",
            ),
            (
                "[youtube id=\"a1-B_\" width=3]",
                "a1-B_",
                "https://www.youtube.com/watch?v=a1-B_",
            ),
            ("[vimeo 123456]", "123456", "https://vimeo.com/123456"),
            (
                "[embed width=\"12\"]https://a.example/v?x=1[/embed]",
                "https://a.example/v?x=1",
                "https://a.example/v?x=1",
            ),
            (
                "a {{< youtube w7Ft2ymGmfc >}} b",
                "w7Ft2ymGmfc",
                "https://www.youtube.com/watch?v=w7Ft2ymGmfc",
            ),
            (
                "{{< youtube id=\"w7\" title=\"A video\" >}}",
                "w7",
                "https://www.youtube.com/watch?v=w7",
            ),
            (
                "{{< tweet user=\"jack\" id=\"20\" >}}",
                "20",
                "https://twitter.com/jack/status/20",
            ),
            (
                "{{< tweet 20 >}}",
                "20",
                "https://twitter.com/i/web/status/20",
            ),
            (
                "{{% vimeo 55073825 %}}",
                "55073825",
                "https://vimeo.com/55073825",
            ),
        ] {
            let found = shortcodes(text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(&text[found[0].written.clone()], written, "{text}");
            assert_eq!(found[0].address, address, "{text}");
        }
        for text in [
            "[youtube]",
            "[gallery ids=1]",
            "{{< ref \"x\" >}}",
            "[embedded](http://a.example/)",
            "[video](http://a.example/)",
        ] {
            assert_eq!(shortcodes(text), [], "{text}");
        }
    }
}
