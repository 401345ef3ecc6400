//! What is shown in place: the address a person would open for it.
//!
//! A video player's address becomes the watch page's. Frames that carry no content (tag managers, advertisements,
//! buttons) are no sources.

use url::Url;

use crate::address;

/// Hosts (and names below them) whose frames show the reader nothing that a post cites.
const NO_SOURCES: &[&str] = &[
    "googletagmanager.com",
    "doubleclick.net",
    "googlesyndication.com",
    "google-analytics.com",
    "googleadservices.com",
    "disqus.com",
    "addthis.com",
    "sharethis.com",
    "platform.twitter.com",
    "plusone.google.com",
    "apis.google.com",
    "recaptcha.net",
    "taboola.com",
    "outbrain.com",
    "amazon-adsystem.com",
    "scorecardresearch.com",
    "chartbeat.com",
    "bluekai.com",
    "demdex.net",
    "adsrvr.org",
    "rubiconproject.com",
    "criteo.com",
    "criteo.net",
    "feedburner.com",
];

/// The address to open for what is embedded, or `None` where it is no source.
pub(super) fn source_of(written: &str, base: Option<&Url>) -> Option<String> {
    let Ok(url) = address::parse(written.trim(), base) else {
        // Not an address of ours, or a relative one: the caller says why it is left out.
        return Some(written.to_owned());
    };
    let host = url.host_str().unwrap_or_default();
    let is_at = |name: &str| {
        host.strip_suffix(name)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    if NO_SOURCES.iter().any(|name| is_at(name)) {
        return None;
    }
    if is_at("facebook.com") && url.path().starts_with("/plugins/") {
        let shown = url.query_pairs().find(|(key, _)| key == "href")?;
        let is_content = url.path().contains("post") || url.path().contains("video");
        return is_content.then(|| shown.1.into_owned());
    }
    if is_at("youtube.com") || is_at("youtube-nocookie.com") {
        return Some(youtube(&url).unwrap_or_else(|| url.to_string()));
    }
    if host == "player.vimeo.com"
        && let Some(id) = url.path().strip_prefix("/video/")
    {
        return Some(format!("https://vimeo.com/{}", id.trim_end_matches('/')));
    }
    Some(written.to_owned())
}

fn youtube(url: &Url) -> Option<String> {
    let mut segments = url.path_segments()?;
    let first = segments.next()?;
    if !matches!(first, "embed" | "v" | "e") {
        return None;
    }
    let id = segments.next()?;
    let id = id.split('&').next().unwrap_or(id);
    if id == "videoseries" || id.is_empty() {
        let (_, list) = url.query_pairs().find(|(key, _)| key == "list")?;
        return Some(format!("https://www.youtube.com/playlist?list={list}"));
    }
    Some(format!("https://www.youtube.com/watch?v={id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn players_become_pages() {
        for (written, expected) in [
            (
                "//www.youtube.com/embed/a1?rel=0",
                Some("https://www.youtube.com/watch?v=a1"),
            ),
            (
                "https://www.youtube-nocookie.com/embed/a1",
                Some("https://www.youtube.com/watch?v=a1"),
            ),
            (
                "http://www.youtube.com/v/a1&hl=en",
                Some("https://www.youtube.com/watch?v=a1"),
            ),
            (
                "https://www.youtube.com/embed/videoseries?list=PL1",
                Some("https://www.youtube.com/playlist?list=PL1"),
            ),
            (
                "https://player.vimeo.com/video/123?h=1",
                Some("https://vimeo.com/123"),
            ),
            ("https://www.googletagmanager.com/ns.html?id=1", None),
            ("https://maps.example/x", Some("https://maps.example/x")),
        ] {
            let base = Url::parse("https://blog.example/").unwrap();
            assert_eq!(
                source_of(written, Some(&base)).as_deref(),
                expected,
                "{written}"
            );
        }
    }
}
