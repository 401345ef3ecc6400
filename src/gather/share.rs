//! Share buttons: addresses that exist to send the post on, and cite nothing.

use url::Url;

/// Host (or a name below it), the beginning of the path, and a query parameter that must be there (or none).
const INTENTS: &[(&str, &str, &str)] = &[
    ("twitter.com", "/intent/", ""),
    ("twitter.com", "/share", ""),
    ("twitter.com", "/home", "status"),
    ("x.com", "/intent/", ""),
    ("x.com", "/share", ""),
    ("facebook.com", "/sharer", ""),
    ("facebook.com", "/share.php", ""),
    ("facebook.com", "/dialog/share", ""),
    ("facebook.com", "/dialog/feed", ""),
    ("facebook.com", "/dialog/send", ""),
    ("linkedin.com", "/shareArticle", ""),
    ("linkedin.com", "/sharing/", ""),
    ("linkedin.com", "/cws/share", ""),
    ("pinterest.com", "/pin/create", ""),
    ("reddit.com", "/submit", ""),
    ("t.me", "/share", ""),
    ("telegram.me", "/share", ""),
    ("wa.me", "/", "text"),
    ("api.whatsapp.com", "/send", ""),
    ("web.whatsapp.com", "/send", ""),
    ("tumblr.com", "/share", ""),
    ("tumblr.com", "/widgets/share", ""),
    ("plus.google.com", "/share", ""),
    ("news.ycombinator.com", "/submitlink", ""),
    ("getpocket.com", "/save", ""),
    ("getpocket.com", "/edit", ""),
    ("instapaper.com", "/hello2", ""),
    ("instapaper.com", "/edit", ""),
    ("vk.com", "/share.php", ""),
    ("vkontakte.ru", "/share.php", ""),
    ("connect.ok.ru", "/offer", ""),
    ("xing.com", "/spi/shares", ""),
    ("xing.com", "/app/user", "op"),
    ("digg.com", "/submit", ""),
    ("delicious.com", "/save", ""),
    ("del.icio.us", "/post", ""),
    ("stumbleupon.com", "/submit", ""),
    ("stumbleupon.com", "/badge", ""),
    ("mix.com", "/add", ""),
    ("flipboard.com", "/bookmarklet", ""),
    ("share.flipboard.com", "/", ""),
    ("bsky.app", "/intent/", ""),
    ("threads.net", "/intent/", ""),
    ("social-plugins.line.me", "/lineit/share", ""),
    ("line.me", "/R/msg/", ""),
    ("b.hatena.ne.jp", "/entry/", ""),
    ("b.hatena.ne.jp", "/add", ""),
    ("service.weibo.com", "/share", ""),
    ("addtoany.com", "/share", ""),
    ("addtoany.com", "/add_to/", ""),
    ("addthis.com", "/bookmark.php", ""),
    ("sharethis.com", "/share", ""),
    ("diasporafoundation.org", "/share", ""),
    ("toot.kytta.dev", "/", "text"),
    ("mail.google.com", "/mail", "su"),
    ("slashdot.org", "/bookmark.pl", ""),
    ("fark.com", "/submit", ""),
    ("google.com", "/bookmarks/mark", ""),
    ("myspace.com", "/post", "u"),
];

/// Whether an address is a share button's.
pub(super) fn is_share(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    INTENTS.iter().any(|(name, path, parameter)| {
        let is_host = host
            .strip_suffix(name)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'));
        is_host
            && url
                .path()
                .get(..path.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(path))
            && (parameter.is_empty() || url.query_pairs().any(|(key, _)| key == *parameter))
            && is_whole_word(&url.path()[path.len()..], path)
    })
}

/// `/share` is a button, `/shareholders` is not.
fn is_whole_word(rest: &str, path: &str) -> bool {
    path.ends_with('/')
        || !rest.starts_with(|next: char| next.is_ascii_lowercase())
        || path.ends_with("sharer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_and_sources() {
        for (address, expected) in [
            ("https://twitter.com/intent/tweet?url=x", true),
            ("https://twitter.com/share?url=x", true),
            ("http://www.facebook.com/sharer/sharer.php?u=x", true),
            ("https://www.facebook.com/sharer.php?u=x", true),
            ("https://m.facebook.com/someone/posts/1", false),
            (
                "https://www.linkedin.com/shareArticle?mini=true&url=x",
                true,
            ),
            ("https://pinterest.com/pin/create/button/?url=x", true),
            ("https://www.reddit.com/r/rust/comments/1", false),
            ("https://www.reddit.com/submit?url=x", true),
            ("https://t.me/share/url?url=x", true),
            ("https://t.me/shareholders", false),
            ("https://wa.me/?text=x", true),
            ("https://wa.me/491234", false),
            ("https://api.whatsapp.com/send?text=x", true),
            ("https://twitter.com/jack/status/20", false),
            ("https://notx.com/intent/x", false),
        ] {
            assert_eq!(
                is_share(&Url::parse(address).unwrap()),
                expected,
                "{address}"
            );
        }
    }
}
