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
    ("facebook.com", "/dialog/apprequests", ""),
    ("facebook.com", "/plugins/share", ""),
    ("facebook.com", "/plugins/like", ""),
    ("twitter.com", "/intent", ""),
    ("x.com", "/home", "status"),
    ("x.com", "/intent", ""),
    ("bsky.app", "/intent", ""),
    ("threads.net", "/intent", ""),
    ("threads.com", "/intent", ""),
    ("linkedin.com", "/feed/", "shareActive"),
    ("linkedin.com", "/feed/", "shareUrl"),
    ("pinterest.com", "/pin/find", ""),
    ("pinterest.com", "/pin-builder", ""),
    ("reddit.com", "/login", "dest"),
    ("t.me", "/msg", "url"),
    ("telegram.me", "/msg", "url"),
    ("telegram.org", "/share", ""),
    ("chat.whatsapp.com", "/send", ""),
    ("whatsapp.com", "/send", ""),
    ("whatsapp.com", "/", "text"),
    ("tumblr.com", "/new/link", ""),
    ("plus.google.com", "/", "url"),
    ("plus.google.com", "/app/basic/share", ""),
    ("google.com", "/buzz/post", ""),
    ("google.com", "/reader/link", ""),
    ("news.ycombinator.com", "/submit", "u"),
    ("lobste.rs", "/stories/new", ""),
    ("getpocket.com", "/save", ""),
    ("readitlaterlist.com", "/save", ""),
    ("instapaper.com", "/text", "u"),
    ("raindrop.io", "/add", ""),
    ("pinboard.in", "/add", ""),
    ("evernote.com", "/clip.action", ""),
    ("vk.com", "/share", ""),
    ("ok.ru", "/dk", "st.shareUrl"),
    ("odnoklassniki.ru", "/dk", "st.shareUrl"),
    ("connect.mail.ru", "/share", ""),
    ("share.yandex.ru", "/", ""),
    ("livejournal.com", "/update.bml", "subject"),
    ("blogger.com", "/blog-this", ""),
    ("blogger.com", "/blog_this", ""),
    ("blogger.com", "/share-post", ""),
    ("wordpress.com", "/wp-admin/press-this.php", ""),
    ("xing.com", "/social_plugins/share", ""),
    ("xing.com", "/social/share", ""),
    ("buffer.com", "/add", ""),
    ("bufferapp.com", "/add", ""),
    ("publish.buffer.com", "/compose", ""),
    ("hootsuite.com", "/hootlet/", ""),
    ("timeline.line.me", "/social-plugin/share", ""),
    ("line.me", "/R/share", ""),
    ("line.naver.jp", "/R/msg/", ""),
    ("lineit.line.me", "/share", ""),
    ("story.kakao.com", "/share", ""),
    ("share.naver.com", "/", ""),
    ("band.us", "/plugin/share", ""),
    ("v.t.sina.com.cn", "/share", ""),
    ("share.v.t.qq.com", "/", ""),
    ("sns.qzone.qq.com", "/cgi-bin/qzshare", ""),
    ("connect.qq.com", "/widget/shareqq", ""),
    ("douban.com", "/share", ""),
    ("douban.com", "/recommend", ""),
    ("share.renren.com", "/share", ""),
    ("widget.renren.com", "/dialog/share", ""),
    ("web.skype.com", "/share", ""),
    ("meneame.net", "/submit", ""),
    ("wykop.pl", "/dodaj", ""),
    ("mixi.jp", "/share.pl", ""),
    ("folkd.com", "/submit", ""),
    ("diigo.com", "/post", ""),
    ("technorati.com", "/faves", "add"),
    ("technorati.com", "/cosmos/search", "url"),
    ("newsvine.com", "/_tools/seed", ""),
    ("reddit.com", "/r/sub/submit", ""),
    ("mastodonshare.com", "/", ""),
    ("shareopenly.org", "/share", ""),
    ("share.diasporafoundation.org", "/", ""),
    ("shareaholic.com", "/share", ""),
    ("shareaholic.com", "/api/share", ""),
    ("bshare.cn", "/share", ""),
    ("po.st", "/share", ""),
    ("printfriendly.com", "/print", "url"),
    ("mail.yahoo.com", "/", "body"),
    ("compose.mail.yahoo.com", "/", ""),
    ("outlook.live.com", "/", "body"),
    ("truthsocial.com", "/share", ""),
    ("gettr.com", "/share", ""),
    ("gab.com", "/compose", ""),
    ("parler.com", "/new-post", ""),
    ("mewe.com", "/share", ""),
    ("minds.com", "/newsfeed/subscribed", "intentUrl"),
    ("nextdoor.com", "/sharekit", ""),
    ("subscribe.yahoo.com", "/", ""),
];

/// Whether an address is a share button's.
pub(super) fn is_share(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let is_intent = INTENTS.iter().any(|(name, path, parameter)| {
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
    });
    is_intent || is_share_of_any_host(url)
}

/// Software that runs on many hosts: Mastodon's `/share?text=`, Friendica's and Diaspora's bookmarklets.
fn is_share_of_any_host(url: &Url) -> bool {
    let is_form = matches!(
        url.path(),
        "/share" | "/bookmarklet" | "/bookmarklet/" | "/intent/compose"
    );
    is_form
        && url
            .query_pairs()
            .any(|(key, _)| matches!(&*key, "text" | "url" | "title"))
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
            ("https://www.facebook.com/dialog/feed?app_id=1&link=x", true),
            ("https://news.ycombinator.com/submitlink?u=x&t=y", true),
            ("https://news.ycombinator.com/item?id=1", false),
            ("https://www.tumblr.com/share/link?url=x", true),
            ("https://getpocket.com/save?url=x", true),
            ("https://getpocket.com/explore/item/x", false),
            ("https://bsky.app/intent/compose?text=x", true),
            ("https://bsky.app/profile/jane/post/1", false),
            ("https://social-plugins.line.me/lineit/share?url=x", true),
            ("https://vk.com/share.php?url=x", true),
            ("https://service.weibo.com/share/share.php?url=x", true),
            ("https://www.xing.com/spi/shares/new?url=x", true),
            ("https://bufferapp.com/add?url=x", true),
            ("https://share.flipboard.com/bookmarklet/popout?url=x", true),
            ("https://plus.google.com/share?url=x", true),
            ("https://plus.google.com/+Jane/posts/1", false),
            ("https://mastodon.example/share?text=x", true),
            ("https://a.example/share?id=1", false),
            ("https://a.example/share/the-load", false),
            ("https://web.skype.com/share?url=x", true),
            ("https://www.blogger.com/share-post.g?blogID=1", true),
            ("https://www.addtoany.com/add_to/facebook?linkurl=x", true),
            ("https://connect.ok.ru/offer?url=x", true),
        ] {
            assert_eq!(
                is_share(&Url::parse(address).unwrap()),
                expected,
                "{address}"
            );
        }
    }
}
