//! What an address tells of the page behind it: whether it is deep, a front page, a login, a "not found" page.
//!
//! Used for the end of redirects, against the source they began at. Each list is short on purpose: a word that is
//! missing costs a death that is found later by the page's content, a word too many calls a living page dead.

use url::Url;

use crate::address::{canonical, is_front_path, site};

/// Last segments of a path that say "not found" in any place.
const NOT_FOUND: &[&str] = &[
    "page-not-found",
    "page_not_found",
    "pagenotfound",
    "404-not-found",
    "404-page",
    "404-error",
    "404error",
    "error404",
    "error-404",
    "error_404",
    "404notfound",
    "http404",
];

/// Last segments that say so only near the root, where they are no article's number or title.
const NOT_FOUND_NEAR_ROOT: &[&str] = &["404", "not-found", "not_found", "notfound"];

/// Segments that may stand before those.
const ERROR_FOLDERS: &[&str] = &[
    "error",
    "errors",
    "err",
    "errorpages",
    "error-pages",
    "http",
];

const LOGIN_LAST: &[&str] = &[
    "login",
    "log-in",
    "log_in",
    "logon",
    "signin",
    "sign-in",
    "sign_in",
    "signon",
    "servicelogin",
    "wp-login",
];
const LOGIN_ANYWHERE: &[&str] = &["oauth", "oauth2", "saml", "saml2", "adfs", "openid-connect"];
const LOGIN_HOSTS: &[&str] = &[
    "login", "signin", "accounts", "auth", "sso", "idp", "passport",
];

const CONSENT_SEGMENTS: &[&str] = &[
    "consent",
    "collectconsent",
    "cookie-consent",
    "cookieconsent",
    "cookiewall",
    "cookie-wall",
    "gdpr",
    "gdpr-consent",
    "privacywall",
    "privacy-wall",
];
const CONSENT_HOSTS: &[&str] = &["consent", "cookieconsent", "cookie-consent", "cmp", "guce"];

/// Words in an address by which a server tries whether cookies come back, or asks for consent.
const COOKIE_STEP: &[&str] = &[
    "consent",
    "cookiecheck",
    "cookie-check",
    "cookie_check",
    "checkcookie",
    "check-cookie",
    "check_cookie",
    "cookieset",
    "setcookie",
    "set-cookie",
    "set_cookie",
    "cookieabsent",
    "cookietest",
    "testcookie",
    "cookie_test",
    "cookiesenabled",
    "cookiesupport",
    "cookiewall",
    "guccounter",
    "gdpr",
];

/// Segments that hold a site, not a page: a front page may well have stood under them.
const SHELLS: &[&str] = &[
    "web",
    "www",
    "site",
    "sites",
    "cms",
    "wp",
    "wordpress",
    "drupal",
    "joomla",
    "typo3",
    "cgi-bin",
    "public",
    "html",
    "htdocs",
    "guest",
    "portal",
    "app",
    "page",
    "pages",
    "blog",
    "new",
    "v1",
    "v2",
];

/// Names of front pages, without extension.
const HOMES: &[&str] = &[
    "index",
    "default",
    "home",
    "homepage",
    "main",
    "welcome",
    "start",
    "startseite",
    "accueil",
    "inicio",
];

/// Extensions of documents, by which an address names one thing and no folder.
const DOCUMENTS: &[&str] = &[
    "html", "htm", "xhtml", "shtml", "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt",
    "txt", "csv", "xml", "zip", "ps", "djvu", "epub", "jpg", "jpeg", "png", "gif", "mp3", "mp4",
];

/// Extensions of programs: deep on the same host, but redirectors have them too.
const PROGRAMS: &[&str] = &["php", "asp", "aspx", "jsp", "cfm", "cgi", "do", "nsf"];

/// Query parameters that name one article.
const ID_PARAMETERS: &[&str] = &[
    "p",
    "id",
    "page_id",
    "pageid",
    "article",
    "articleid",
    "article_id",
    "artid",
    "story",
    "storyid",
    "story_id",
    "post",
    "postid",
    "item",
    "itemid",
    "newsid",
    "news_id",
    "nid",
    "aid",
    "tid",
    "pid",
    "docid",
    "topic",
    "t",
];

fn segments(url: &Url) -> Vec<String> {
    url.path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
}

/// A last segment without the extension of a page.
fn stem(segment: &str) -> &str {
    match segment.rsplit_once('.') {
        Some((stem, extension))
            if DOCUMENTS.contains(&extension) || PROGRAMS.contains(&extension) =>
        {
            stem
        }
        _ => segment,
    }
}

fn extension(segment: &str) -> &str {
    segment
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension)
}

/// `de`, `en-gb`, `pt_br`.
fn is_language(segment: &str) -> bool {
    let mut parts = segment.split(['-', '_']);
    let is_two = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_alphabetic());
    parts.next().is_some_and(is_two) && parts.next().is_none_or(is_two) && parts.next().is_none()
}

/// Whether an address calls itself "not found", and the source did not.
pub(super) fn says_not_found(source: &Url, end: &Url) -> bool {
    let path = segments(end);
    let Some((last, before)) = path.split_last() else {
        return false;
    };
    let word = stem(last);
    let own = source.as_str().to_ascii_lowercase();
    if NOT_FOUND.contains(&word) {
        return !own.contains(word) && !own.contains("not-found");
    }
    if !NOT_FOUND_NEAR_ROOT.contains(&word) {
        return false;
    }
    let is_near_root = before.len() <= 2
        && before
            .iter()
            .all(|segment| is_language(segment) || ERROR_FOLDERS.contains(&segment.as_str()));
    let own_says = ["404", "not-found", "not_found", "notfound"]
        .iter()
        .any(|w| own.contains(w));
    is_near_root && !own_says
}

/// Whether an address is that of a login, by the name of its host or the end of its path.
pub(super) fn is_login(url: &Url) -> bool {
    let path = segments(url);
    first_label(url).is_some_and(|label| LOGIN_HOSTS.contains(&label))
        || path
            .last()
            .is_some_and(|last| LOGIN_LAST.contains(&stem(last)))
        || path.iter().any(|s| LOGIN_ANYWHERE.contains(&s.as_str()))
}

/// Whether an address is that of a consent page.
pub(super) fn is_consent(url: &Url) -> bool {
    first_label(url).is_some_and(|label| CONSENT_HOSTS.contains(&label))
        || segments(url)
            .iter()
            .any(|s| CONSENT_SEGMENTS.contains(&stem(s)))
}

/// Whether an address looks like a step of trying cookies or asking for consent.
pub(super) fn is_cookie_step(address: &str) -> bool {
    let address = address.to_ascii_lowercase();
    COOKIE_STEP.iter().any(|word| address.contains(word))
}

fn first_label(url: &Url) -> Option<&str> {
    let (label, rest) = url.domain()?.split_once('.')?;
    rest.contains('.').then_some(label)
}

/// Whether an address is a host's front page, and says nothing more.
pub(super) fn is_front_page(url: &Url) -> bool {
    is_front_path(url.path()) && canonical(url).url().query().is_none_or(str::is_empty)
}

/// Whether an address is that of a section of the source's site: a folder that the source was in, or one word where the
/// source named an article.
pub(super) fn is_section_of(source: &Url, end: &Url) -> bool {
    if site(host(source)) != site(host(end)) || end.query().is_some_and(|query| !query.is_empty()) {
        return false;
    }
    let (from, to) = (segments(source), content_segments(end));
    let Some(last) = to.last() else {
        return false;
    };
    let is_folder = host(source) == host(end)
        && segments(end).len() < from.len()
        && from.starts_with(&segments(end));
    let is_word = to.len() == 1 && words(last) <= 2 && !last.bytes().any(|b| b.is_ascii_digit());
    (is_folder && is_deep(source)) || (is_word && extension(last).is_empty() && is_item(source))
}

/// How surely the source is a page of its own, that a front page cannot stand for.
pub(super) fn is_too_deep_for(source: &Url, front: &Url) -> bool {
    if carries_a_segment(source, front) {
        return false;
    }
    let (from, to) = (host(source), host(front));
    if from == to {
        is_deep(source)
    } else if site(from) == site(to) {
        is_item(source)
    } else {
        is_item_of_a_publisher(source) && !names_host(source, to)
    }
}

/// Whether the front page is that of the same house for another country or language: `example.de` for `example.com`,
/// `fr.example.com` for `www.example.com`.
pub(super) fn is_regional(source: &Url, front: &Url) -> bool {
    let (from, to) = (host(source), host(front));
    let (from_site, to_site) = (site(from), site(to));
    if from_site == to_site {
        return from != to
            && [from, to].iter().any(|name| {
                name.split_once('.')
                    .is_some_and(|(label, _)| is_language(label))
            });
    }
    let house = |site: &'_ str| site.split('.').next().unwrap_or_default().to_owned();
    house(from_site) == house(to_site)
}

fn host(url: &Url) -> &str {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    host.strip_prefix("www.").unwrap_or(host)
}

/// Two segments or more that name content, or one that does so clearly.
fn is_deep(url: &Url) -> bool {
    let path = content_segments(url);
    let is_clear = path.last().is_some_and(|last| {
        words(stem(last)) >= 3
            || DOCUMENTS.contains(&extension(last))
            || PROGRAMS.contains(&extension(last))
    });
    path.len() >= 2 || is_clear || names_an_id(url)
}

/// An address of one thing: a document, a dated page, a long title, an article's number.
fn is_item(url: &Url) -> bool {
    let path = content_segments(url);
    let Some(last) = path.last() else {
        return names_an_id(url);
    };
    DOCUMENTS.contains(&extension(last))
        || words(stem(last)) >= 4
        || is_dated(&path)
        || names_an_id(url)
}

/// The same without what redirectors and short links have too: across houses, only what a publisher's page is.
fn is_item_of_a_publisher(url: &Url) -> bool {
    let path = content_segments(url);
    let Some((last, before)) = path.split_last() else {
        return false;
    };
    if url
        .query()
        .is_some_and(|query| query.contains("http") || query.contains("url="))
    {
        return false;
    }
    DOCUMENTS.contains(&extension(last))
        || is_dated(&path)
        || (words(stem(last)) >= 4 && !before.is_empty())
}

/// The segments but languages at the front, names of front pages, and shells; empty where nothing else is left.
fn content_segments(url: &Url) -> Vec<String> {
    let mut path = segments(url);
    while path.first().is_some_and(|first| is_language(first)) {
        path.remove(0);
    }
    path.retain(|segment| !HOMES.contains(&stem(segment)) && !is_language(segment));
    if path
        .iter()
        .all(|segment| SHELLS.contains(&segment.as_str()))
    {
        path.clear();
    }
    path
}

/// The words of a slug: parts of two letters or more between hyphens and underscores.
fn words(slug: &str) -> usize {
    slug.split(['-', '_', '+'])
        .filter(|part| part.chars().filter(char::is_ascii_alphabetic).count() >= 2)
        .count()
}

/// `/2012/05/title`: a year, then something that is no number.
fn is_dated(path: &[String]) -> bool {
    let is_number = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let is_year =
        |s: &str| s.len() == 4 && is_number(s) && (s.starts_with("19") || s.starts_with("20"));
    path.iter()
        .position(|segment| is_year(segment))
        .is_some_and(|at| {
            path.get(at + 1)
                .is_some_and(|month| month.len() <= 2 && is_number(month))
                && path.last().is_some_and(|last| !is_number(last))
        })
}

fn names_an_id(url: &Url) -> bool {
    url.query_pairs().any(|(name, value)| {
        ID_PARAMETERS.contains(&name.to_ascii_lowercase().as_str())
            && value.bytes().any(|b| b.is_ascii_digit())
    })
}

/// Whether the front page's host carries what the source's path said: `example.com/blog/` led to `blog.example.com`,
/// `example.edu/~smith/lab/` to `smithlab.org`.
fn carries_a_segment(source: &Url, front: &Url) -> bool {
    let plain = |text: &str| -> String {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase()
    };
    let own: Vec<&str> = host(source).split('.').collect();
    let labels: Vec<String> = host(front)
        .split('.')
        .filter(|label| !own.contains(label))
        .map(plain)
        .filter(|label| label.len() >= 3)
        .collect();
    segments(source).iter().any(|segment| {
        let segment = plain(stem(segment));
        segment.len() >= 3
            && labels.iter().any(|label| {
                *label == segment
                    || (label.len() >= 4 && segment.contains(label.as_str()))
                    || (segment.len() >= 4 && label.contains(&segment))
            })
    })
}

/// Whether the source names the host that it leads to, as redirectors do.
fn names_host(source: &Url, host: &str) -> bool {
    source.as_str().to_ascii_lowercase().contains(host)
}
