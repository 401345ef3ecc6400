//! Shortcodes of blog software that stand for somebody else's page, or name one.
//!
//! Three spellings: brackets (WordPress: `[youtube]ADDRESS[/youtube]`, `[embed]ADDRESS[/embed]`), Hugo's braces
//! (`{{< youtube ID >}}`, `{{% quote link="ADDRESS" %}}`) and Liquid's tags (`{% twitter ADDRESS %}`). The address is the
//! one a person would open. The span is that of what was written for it: an address or an identifier. What a site calls
//! its own shortcodes is not known, but a parameter that is called `link` or `source` and holds an address is one.

mod address;

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use address::{absolute, address_of};

/// A shortcode in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shortcode {
    /// All of it.
    pub(super) whole: Range<usize>,
    /// The addresses it stands for; at least one.
    pub(super) targets: Vec<Target>,
}

/// An address that a shortcode stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// What stands for it.
    pub(super) written: Range<usize>,
    pub(super) address: String,
}

#[expect(
    clippy::unwrap_used,
    reason = "the pattern is a constant that the tests compile"
)]
static BRACKETS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \[ (?<name> youtube | su_youtube | vimeo | su_vimeo | embed | embedyt | tweet | twitter | video | audio | dailymotion
              | ted | soundcloud | instagram | facebook | tiktok | spotify | gist | googlemaps | flickr | slideshare | scribd
              | codepen | twitch | archiveorg | arve | fve | evp_embed_video | kickstarter | tumblr | reddit )
           (?: \s* = \s* (?<equals> [^\]\s]+ ) | (?<rest> \s [^\]\n]* )? ) \s* \]
           (?: \s* (?<inner> [^\[\]\s]+ ) \s* \[ / (?<end> [a-z_]+ ) \] )?",
    )
    .unwrap()
});

#[expect(
    clippy::unwrap_used,
    reason = "the pattern is a constant that the tests compile"
)]
static BRACES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\{\{ ?[<%]\s*(?<name>[A-Za-z][A-Za-z0-9_/-]*)(?<rest>\s[^}\n]*?)[>%] ?\}\}")
        .unwrap()
});

#[expect(
    clippy::unwrap_used,
    reason = "the pattern is a constant that the tests compile"
)]
static TAGS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\{%-?\s*(?<name>[a-z][a-z0-9_-]*)(?<rest>\s[^%\n]*?)-?%\}").unwrap()
});

#[expect(
    clippy::unwrap_used,
    reason = "the pattern is a constant that the tests compile"
)]
static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?x) (?: (?<key> [a-zA-Z_-]+ ) \s* = \s* )? (?: "(?<double>[^"]*)" | '(?<single>[^']*)' | (?<plain> [^\s"'/=][^\s"'=]* (?: = [^\s"']* )* ) )"#)
        .unwrap()
});

/// Parameters that name a source, whatever the shortcode is called.
const SOURCES: &[&str] = &[
    "link",
    "url",
    "href",
    "cite",
    "source",
    "sourceurl",
    "source_url",
    "attrlink",
    "permalink",
];

/// Liquid's tags that embed something by its address or identifier.
const EMBEDDING_TAGS: &[&str] = &[
    "embed",
    "oembed",
    "youtube",
    "vimeo",
    "twitter",
    "tweet",
    "x",
    "gist",
    "instagram",
    "codepen",
    "spotify",
    "soundcloud",
    "jsfiddle",
    "speakerdeck",
    "slideshare",
    "github",
    "tiktok",
    "link_preview",
    "linkpreview",
    "dailymotion",
    "asciinema",
    "reddit",
    "facebook",
    "mastodon",
    "bluesky",
];

/// Whether there is any sense in looking for shortcodes.
pub(super) fn may_hold_shortcodes(text: &str) -> bool {
    memchr::memchr2(b'[', b'{', text.as_bytes()).is_some()
}

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
    let holds = |sought: &[u8]| memchr::memmem::find(text.as_bytes(), sought).is_some();
    if holds(b"{{") {
        found.extend(
            BRACES
                .captures_iter(text)
                .filter_map(|captures| brace(&captures)),
        );
    }
    if holds(b"{%") {
        found.extend(
            TAGS.captures_iter(text)
                .filter_map(|captures| tag(&captures))
                // `{{% ... %}}` is Hugo's.
                .filter(|code| !text[..code.whole.start].ends_with('{')),
        );
        let quoted = quoted_as_they_are(text);
        found.retain(|code| !quoted.iter().any(|range| range.contains(&code.whole.start)));
    }
    found.sort_by_key(|code| code.whole.start);
    found
}

/// Stretches between `{% raw %}` and `{% endraw %}`, which show shortcodes rather than use them.
fn quoted_as_they_are(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find("{% raw %}").map(|start| at + start) {
        let end = text[start..]
            .find("{% endraw %}")
            .map_or(text.len(), |end| start + end);
        ranges.push(start..end);
        at = end;
    }
    ranges
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
        value_of(
            rest.as_str(),
            rest.start(),
            &["id", "src", "url", "mp4", "mp3", "link"],
        )?
    };
    let name = name.strip_prefix("su_").unwrap_or(name);
    let target = Target {
        written: at..at + value.len(),
        address: address_of(name, value, None)?,
    };
    let targets = vec![target];
    if is_closed {
        return Some(Shortcode { whole, targets });
    }
    // What follows `[youtube=ADDRESS]` is not its own.
    let all = captures.get(0)?.as_str();
    let opening = captures.name("equals").or(captures.name("rest"))?.end() - whole.start;
    let end = whole.start + opening + all[opening..].find(']')? + 1;
    let whole = whole.start..end;
    Some(Shortcode { whole, targets })
}

fn brace(captures: &Captures<'_>) -> Option<Shortcode> {
    let rest = captures.name("rest")?;
    let name = captures.name("name")?.as_str().to_ascii_lowercase();
    if matches!(name.as_str(), "ref" | "relref" | "img" | "image") {
        return None;
    }
    let name = name.rsplit('/').next().unwrap_or(&name);
    code(captures.get(0)?.range(), name, rest.as_str(), rest.start())
}

fn tag(captures: &Captures<'_>) -> Option<Shortcode> {
    let whole = captures.get(0)?.range();
    let rest = captures.name("rest")?;
    let (name, parameters, at) = (captures.name("name")?.as_str(), rest.as_str(), rest.start());
    if EMBEDDING_TAGS.contains(&name) {
        return code(whole, name, parameters, at);
    }
    if !matches!(name, "include" | "include_cached" | "render") {
        return None;
    }
    // `{% include youtube.html id="ID" %}`, `{% include video id="ID" provider="vimeo" %}`
    let (file, _) = value_of(parameters, at, &[])?;
    let provider = value_of(parameters, at, &["provider"]).map(|(provider, _)| provider);
    let said = format!("{file} {}", provider.unwrap_or_default()).to_ascii_lowercase();
    let name = [
        "youtube",
        "vimeo",
        "twitter",
        "tweet",
        "instagram",
        "gist",
        "dailymotion",
    ]
    .into_iter()
    .find(|name| said.contains(name))?;
    let (value, at) = named(
        parameters,
        at,
        &["id", "url", "link", "video_id", "youtube_id"],
    )?;
    let target = Target {
        written: at..at + value.len(),
        address: address_of(name, value, None)?,
    };
    let targets = vec![target];
    Some(Shortcode { whole, targets })
}

/// A shortcode of any name with its parameters.
fn code(whole: Range<usize>, name: &str, parameters: &str, start: usize) -> Option<Shortcode> {
    let mut targets: Vec<Target> = Vec::new();
    for (key, value, at) in all(parameters, start) {
        let is_source = key.is_some_and(|key| SOURCES.contains(&key.to_ascii_lowercase().as_str()));
        if is_source && let Some(address) = absolute(value) {
            let written = at..at + value.len();
            if targets.iter().all(|target| target.address != address) {
                targets.push(Target { written, address });
            }
        }
    }
    if targets.is_empty() {
        let user = named(parameters, start, &["user", "author"]).map(|(user, _)| user);
        let mut values = all(parameters, start).filter(|(key, ..)| key.is_none());
        let (first, second) = (values.next(), values.next());
        let (value, at, user) = match (name, first, second) {
            ("gist", Some((_, user, _)), Some((_, id, at))) if !user.contains('/') => {
                (id, at, Some(user))
            }
            _ => {
                let (value, at) = value_of(parameters, start, &["id", "src", "status", "v"])?;
                let kind = named(parameters, start, &["type"]).map(|(kind, _)| kind);
                (value, at, user.or(kind))
            }
        };
        targets.push(Target {
            written: at..at + value.len(),
            address: address_of(name, value, user)?,
        });
    }
    Some(Shortcode { whole, targets })
}

/// All parameters, each with its name if it has one, and where its value stands.
fn all(parameters: &str, start: usize) -> impl Iterator<Item = (Option<&str>, &str, usize)> {
    ATTRIBUTE
        .captures_iter(parameters)
        .filter_map(move |captures| {
            let value = captures
                .name("double")
                .or(captures.name("single"))
                .or(captures.name("plain"))?;
            let key = captures.name("key").map(|key| key.as_str());
            Some((key, value.as_str(), start + value.start()))
        })
}

/// The value of the first parameter of one of these names.
fn named<'t>(parameters: &'t str, start: usize, keys: &[&str]) -> Option<(&'t str, usize)> {
    all(parameters, start)
        .find(|(key, ..)| key.is_some_and(|key| keys.contains(&key)))
        .map(|(_, value, at)| (value, at))
}

/// The same, or else the first value without a name.
fn value_of<'t>(parameters: &'t str, start: usize, keys: &[&str]) -> Option<(&'t str, usize)> {
    named(parameters, start, keys).or_else(|| {
        all(parameters, start)
            .find(|(key, ..)| key.is_none())
            .map(|(_, value, at)| (value, at))
    })
}

#[cfg(test)]
mod tests;
