//! What is shown in place: the address a person would open for it.
//!
//! A player's address becomes that of the page which the player is taken from, where that can be told from the address
//! alone; otherwise the player's own is kept, for it can be opened too. Frames that carry no content (tag managers,
//! advertisements, buttons, captchas, comment forms) are no sources.

mod hosts;

use url::Url;

use crate::address;
use hosts::{NO_SOURCES, PATHS, QUERIES, REWRITES};

/// The address to open for what is embedded, or `None` where it is no source.
pub(super) fn source_of(written: &str, base: Option<&Url>) -> Option<String> {
    let Ok(url) = address::parse(written.trim(), base) else {
        // Not an address of ours, or a relative one: the caller says why it is left out.
        return Some(written.to_owned());
    };
    let frame = Frame::of(&url);
    if let Some(page) = frame.page() {
        return Some(page);
    }
    if frame.is_no_source() {
        return None;
    }
    Some(written.to_owned())
}

/// The address of a tweet, a video, a post, given the identifier in an element's attribute.
pub(super) fn by_identifier(service: &str, id: &str) -> Option<String> {
    let is_identifier = !id.is_empty()
        && id.len() <= 64
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte));
    let page = match service {
        "youtube" => "https://www.youtube.com/watch?v={}",
        "vimeo" => "https://vimeo.com/{}",
        "twitter" => "https://twitter.com/i/web/status/{}",
        "tiktok" => "https://www.tiktok.com/@/video/{}",
        "telegram" => "https://t.me/{}",
        "instagram" => "https://www.instagram.com/p/{}/",
        "dailymotion" => "https://www.dailymotion.com/video/{}",
        "imgur" => "https://imgur.com/{}",
        _ => return None,
    };
    is_identifier.then(|| page.replace("{}", id))
}

/// The page of a Bluesky post, given its `at://` address.
pub(super) fn bluesky(uri: &str) -> Option<String> {
    let (account, post) = uri
        .strip_prefix("at://")?
        .split_once("/app.bsky.feed.post/")?;
    let is_plain = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b":.-_".contains(&byte))
    };
    (is_plain(account) && is_plain(post))
        .then(|| format!("https://bsky.app/profile/{account}/post/{post}"))
}

/// The page of a gist or a recording that a script writes into the page.
pub(super) fn of_script(source: &str, base: Option<&Url>) -> Option<String> {
    let url = address::parse(source.trim(), base).ok()?;
    let path = url.path().strip_suffix(".js")?;
    let is_shown = match url.host_str()? {
        "gist.github.com" => path.len() > 1,
        "asciinema.org" => path.starts_with("/a/"),
        _ => false,
    };
    is_shown.then(|| format!("https://{}{path}", url.host_str().unwrap_or_default()))
}

/// A frame's address in its parts.
struct Frame<'u> {
    url: &'u Url,
    host: &'u str,
    path: &'u str,
}

impl<'u> Frame<'u> {
    fn of(url: &'u Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        Self {
            url,
            host: host.strip_prefix("www.").unwrap_or(host),
            path: url.path(),
        }
    }

    fn is_at(&self, name: &str) -> bool {
        self.host
            .strip_suffix(name)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }

    fn parameter(&self, name: &str) -> Option<String> {
        self.url
            .query_pairs()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.into_owned())
    }

    fn is_no_source(&self) -> bool {
        NO_SOURCES.iter().any(|entry| {
            let (name, path) = entry
                .find('/')
                .map_or((*entry, ""), |slash| entry.split_at(slash));
            self.is_at(name) && self.path.starts_with(path)
        })
    }

    fn page(&self) -> Option<String> {
        if self.is_at("youtube.com") || self.is_at("youtube-nocookie.com") {
            return youtube(self);
        }
        if self.is_at("vimeo.com") {
            return vimeo(self);
        }
        if self.host == "codepen.io" || self.host == "jsfiddle.net" {
            return code_player(self);
        }
        if self.host == "embed.bsky.app" {
            let uri = self.path.strip_prefix("/embed/")?;
            return bluesky(&format!("at://{uri}"));
        }
        if self.host == "open.spotify.com" || self.host == "embed.spotify.com" {
            return spotify(self);
        }
        let by_query = QUERIES.iter().find_map(|(name, path, parameter, page)| {
            if !self.is_at(name) || !self.path.starts_with(path) {
                return None;
            }
            fill(page, &self.parameter(parameter)?)
        });
        by_query
            .or_else(|| self.by_path())
            .or_else(|| self.rewritten())
            .or_else(|| self.of_any_host())
    }

    fn by_path(&self) -> Option<String> {
        PATHS.iter().find_map(|(name, prefix, page)| {
            if !self.is_at(name) {
                return None;
            }
            let rest = self.path.strip_prefix(prefix)?;
            let mut segments = rest.split('/').filter(|segment| !segment.is_empty());
            let mut filled = (*page).to_owned();
            while let Some(gap) = filled.find('{') {
                let end = gap + filled[gap..].find('}')? + 1;
                let segment = segments.next()?;
                let segment = segment.strip_suffix(".html").unwrap_or(segment);
                let is_passed_by = &filled[gap..end] == "{#}";
                filled.replace_range(gap..end, if is_passed_by { "" } else { segment });
            }
            Some(filled)
        })
    }

    /// The same address on another host, or without its last part.
    fn rewritten(&self) -> Option<String> {
        REWRITES.iter().find_map(|(name, host, ending)| {
            if !self.is_at(name) {
                return None;
            }
            let path = self.path.trim_end_matches('/').strip_suffix(ending)?;
            let path = path.trim_end_matches('/');
            let host = if host.is_empty() {
                self.url.host_str()?
            } else {
                host
            };
            (path.len() > 1).then(|| format!("https://{host}{path}"))
        })
    }

    /// Software that runs on many hosts: `PeerTube`, Mastodon.
    fn of_any_host(&self) -> Option<String> {
        let host = self.url.host_str()?;
        if let Some(id) = self.path.strip_prefix("/videos/embed/") {
            let is_id = id.len() >= 20 && !id.contains('/');
            return is_id.then(|| format!("https://{host}/videos/watch/{id}"));
        }
        let post = self.path.strip_suffix("/embed")?;
        let id = post.rsplit('/').next()?;
        let is_status = (post.starts_with("/@") || post.contains("/statuses/"))
            && !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_digit());
        is_status.then(|| format!("https://{host}{post}"))
    }
}

/// Fills a page's address with what a parameter holds.
fn fill(page: &str, value: &str) -> Option<String> {
    if page == "{url}" || page == "{page}" {
        let is_address = value.starts_with("http://") || value.starts_with("https://");
        let is_page = page == "{url}" || !value.contains("://api.");
        return (is_address && is_page).then(|| value.to_owned());
    }
    let is_plain = value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_./%".contains(&byte));
    is_plain.then(|| {
        page.replace("{}", value)
            .replace("{v}", value.strip_prefix('v').unwrap_or(value))
            .replace("{/}", value.trim_start_matches('/'))
    })
}

fn youtube(frame: &Frame<'_>) -> Option<String> {
    let mut segments = frame.url.path_segments()?;
    let first = segments.next()?;
    let second = segments.next().unwrap_or_default();
    let id = second.split('&').next().unwrap_or(second);
    let list = || {
        let list = frame.parameter("list")?;
        Some(format!("https://www.youtube.com/playlist?list={list}"))
    };
    match first {
        "p" if !id.is_empty() => {
            return Some(format!("https://www.youtube.com/playlist?list=PL{id}"));
        }
        "embed" | "v" | "e" | "shorts" | "live" => {}
        _ => return None,
    }
    if id == "live_stream" {
        let channel = frame.parameter("channel")?;
        return Some(format!("https://www.youtube.com/channel/{channel}/live"));
    }
    if id.is_empty() || id == "videoseries" || id == "playlist" {
        return list();
    }
    if first == "shorts" {
        return Some(format!("https://www.youtube.com/shorts/{id}"));
    }
    // The old player has its parameters in the path.
    let start = ["start", "t", "time_continue"]
        .into_iter()
        .find_map(|name| frame.parameter(name))
        .or_else(|| {
            let (_, start) = second.split_once("&start=")?;
            Some(start.split('&').next().unwrap_or(start).to_owned())
        })
        .map(|start| start.trim_end_matches('s').to_owned())
        .filter(|start| start != "0" && !start.is_empty())
        .filter(|start| start.bytes().all(|byte| byte.is_ascii_digit()));
    let at = start.map_or_else(String::new, |start| format!("&t={start}s"));
    Some(format!("https://www.youtube.com/watch?v={id}{at}"))
}

fn vimeo(frame: &Frame<'_>) -> Option<String> {
    if frame.path.starts_with("/moogaloop.swf") {
        return Some(format!("https://vimeo.com/{}", frame.parameter("clip_id")?));
    }
    if let Some(event) = frame.path.strip_suffix("/embed") {
        return Some(format!("https://vimeo.com{event}"));
    }
    let id = frame.path.strip_prefix("/video/")?.trim_end_matches('/');
    let at = frame
        .url
        .fragment()
        .filter(|fragment| fragment.starts_with("t="))
        .map_or_else(String::new, |fragment| format!("#{fragment}"));
    // An unlisted video is only shown to whoever has its hash.
    let hash = frame
        .parameter("h")
        .filter(|hash| hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .map_or_else(String::new, |hash| format!("/{hash}"));
    Some(format!("https://vimeo.com/{id}{hash}{at}"))
}

fn spotify(frame: &Frame<'_>) -> Option<String> {
    if let Some(uri) = frame.parameter("uri") {
        let page = uri.strip_prefix("spotify:")?.replace(':', "/");
        return Some(format!("https://open.spotify.com/{page}"));
    }
    let path = frame
        .path
        .strip_prefix("/embed-podcast/")
        .or_else(|| frame.path.strip_prefix("/embed/"))?;
    let path = path.trim_end_matches("/video").trim_end_matches('/');
    Some(format!("https://open.spotify.com/{path}"))
}

/// `codepen.io/USER/embed/ID`, `jsfiddle.net/USER/ID/embedded/`.
fn code_player(frame: &Frame<'_>) -> Option<String> {
    let segments: Vec<&str> = frame
        .path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    match (frame.host, segments.as_slice()) {
        ("codepen.io", [user, "embed", "preview", id, ..] | [user, "embed", id, ..]) => {
            Some(format!("https://codepen.io/{user}/pen/{id}"))
        }
        ("jsfiddle.net", [id, "embedded" | "embed", ..]) => {
            Some(format!("https://jsfiddle.net/{id}/"))
        }
        ("jsfiddle.net", [user, id, ..]) => Some(format!("https://jsfiddle.net/{user}/{id}/")),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
