//! From what stands in a shortcode to the address of a page.

/// The value as an address, if it is an absolute one.
pub(super) fn absolute(value: &str) -> Option<String> {
    let begins = |prefix: &str| {
        value
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if begins("http://") || begins("https://") {
        let is_template = value.contains("{{") || value.contains("{%");
        return (!is_template).then(|| value.replace("&amp;", "&").replace("&#038;", "&"));
    }
    let rest = value.strip_prefix("//")?;
    rest.contains('.').then(|| format!("https://{rest}"))
}

/// The address that a value stands for in a shortcode of this name: itself, or one made from an identifier. `user` is
/// the account it belongs to, or its type, where that is named.
pub(super) fn address_of(name: &str, value: &str, user: Option<&str>) -> Option<String> {
    if let Some(address) = absolute(value) {
        return is_known(name).then_some(address);
    }
    let user = user.map(|user| user.trim_start_matches('@'));
    if let (Some((owner, id)), "gist" | "github" | "jsfiddle") = (value.split_once('/'), name)
        && is_identifier(owner)
        && id.split('/').all(is_identifier)
    {
        return Some(match name {
            "gist" => format!("https://gist.github.com/{owner}/{id}"),
            "github" => format!("https://github.com/{owner}/{id}"),
            _ => format!("https://jsfiddle.net/{owner}/{id}/"),
        });
    }
    if !is_identifier(value) || !user.is_none_or(is_account) {
        return None;
    }
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    Some(match name {
        "youtube" | "asset-youtube" | "youtube-lite" | "youtubelite" | "lite-youtube"
        | "lite_youtube" | "youtube-enhanced" | "embedyt" | "yt" => {
            format!("https://www.youtube.com/watch?v={value}")
        }
        "vimeo" | "vimeo_simple" if is_number => format!("https://vimeo.com/{value}"),
        "tweet" | "twitter" | "twitter_simple" | "x" | "x_simple" if is_number => format!(
            "https://twitter.com/{}/status/{value}",
            user.unwrap_or("i/web")
        ),
        "instagram" | "instagram_simple" => format!("https://www.instagram.com/p/{value}/"),
        "dailymotion" => format!("https://www.dailymotion.com/video/{value}"),
        "gist" => match user {
            Some(user) => format!("https://gist.github.com/{user}/{value}"),
            None if value.len() >= 6 => format!("https://gist.github.com/{value}"),
            None => return None,
        },
        "ted" => format!("https://www.ted.com/talks/{value}"),
        "archiveorg" => format!("https://archive.org/details/{value}"),
        "asciinema" => format!("https://asciinema.org/a/{value}"),
        "bilibili" if value.starts_with("BV") => format!("https://www.bilibili.com/video/{value}"),
        "tiktok" if is_number => {
            format!(
                "https://www.tiktok.com/@{}/video/{value}",
                user.unwrap_or_default()
            )
        }
        "spotify" => format!("https://open.spotify.com/{}/{value}", user?),
        "codepen" => format!("https://codepen.io/{}/pen/{value}", user?),
        _ => return None,
    })
}

/// Shortcodes whose nameless parameter is an address.
fn is_known(name: &str) -> bool {
    const KNOWN: &[&str] = &[
        "youtube",
        "asset-youtube",
        "youtube-lite",
        "youtubelite",
        "lite-youtube",
        "lite_youtube",
        "youtube-enhanced",
        "embedyt",
        "yt",
        "vimeo",
        "vimeo_simple",
        "tweet",
        "twitter",
        "twitter_simple",
        "x",
        "x_simple",
        "instagram",
        "instagram_simple",
        "dailymotion",
        "gist",
        "github",
        "jsfiddle",
        "ted",
        "archiveorg",
        "asciinema",
        "bilibili",
        "tiktok",
        "spotify",
        "codepen",
        "embed",
        "oembed",
        "video",
        "audio",
        "soundcloud",
        "facebook",
        "fb-video",
        "fb-post",
        "googlemaps",
        "flickr",
        "slideshare",
        "speakerdeck",
        "scribd",
        "twitch",
        "arve",
        "fve",
        "evp_embed_video",
        "kickstarter",
        "tumblr",
        "reddit",
        "mastodon",
        "bluesky",
        "link_preview",
        "linkpreview",
        "bandcamp",
        "peertube",
        "iframe",
        "rawembed",
    ];
    KNOWN.contains(&name)
}

fn is_identifier(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= 64
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_account(user: &str) -> bool {
    user.split('.').all(is_identifier)
}
