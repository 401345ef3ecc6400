//! Addresses of copies in web archives, and the address that each preserves.
//!
//! Most archives write the original's address behind the instant of the copy, as the Wayback Machine does
//! (`/web/20120824120000id_/http://...`); others carry it in a parameter; a few give only a number, and what they preserve
//! has to be told by what stands around the link.

use url::Url;

use super::parse;

/// What an address is to an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preserved {
    /// It leads into no archive that is known.
    No,
    /// A copy of this address.
    Original(Url),
    /// A copy of an address that the archive alone knows.
    Unknown,
}

/// Archives that write an instant and then the original's address into the path. A host stands for all below it.
const BY_PATH: &[&str] = &[
    "web.archive.org",
    "web-beta.archive.org",
    "wayback.archive.org",
    "archive-it.org",
    "webarchive.org.uk",
    "webarchive.nationalarchives.gov.uk",
    "webarchive.loc.gov",
    "webarchive.nla.gov.au",
    "archive.today",
    "archive.is",
    "archive.ph",
    "archive.md",
    "archive.li",
    "archive.vn",
    "archive.fo",
    "arquivo.pt",
    "vefsafn.is",
    "mementoweb.org",
    "haw.nsk.hr",
    "nlb.gov.sg",
    "collectionscanada.gc.ca",
    "bac-lac.gc.ca",
    "web.archive.bibalex.org",
    "archive.bibalex.org",
    "waext.banq.qc.ca",
    "swap.stanford.edu",
    "webarchiv.cz",
    "europarchive.org",
    "internetmemory.org",
];

/// Archives whose addresses are numbers.
const BY_NUMBER: &[&str] = &[
    "perma.cc",
    "perma-archives.org",
    "ghostarchive.org",
    "megalodon.jp",
    "freezepage.com",
    "webcitation.org",
    "peeep.us",
    "archive.today",
    "archive.is",
    "archive.ph",
    "archive.md",
    "archive.li",
    "archive.vn",
    "archive.fo",
];

/// Archives that carry the original's address in a parameter, and its name.
const BY_PARAMETER: &[(&str, &str)] = &[
    ("webcitation.org", "url"),
    ("archive.wikiwix.com", "url"),
    ("webcache.googleusercontent.com", "q"),
    ("cc.bingj.com", "u"),
    ("ghostarchive.org", "url"),
];

/// What this address preserves, if it leads into an archive.
pub fn preserved(url: &Url) -> Preserved {
    let host = url.host_str().unwrap_or_default();
    let is_at = |name: &&str| {
        host.strip_suffix(*name)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    if BY_PATH.iter().any(&is_at)
        && let Some(original) = behind_instant(url)
    {
        return Preserved::Original(original);
    }
    for (name, parameter) in BY_PARAMETER {
        if is_at(name)
            && let Some((_, value)) = url.query_pairs().find(|(key, _)| key == *parameter)
            && let Some(original) = original(value.strip_prefix("cache:").map_or(&*value, of_cache))
        {
            return Preserved::Original(original);
        }
    }
    let has_path = url.path().len() > 1;
    if has_path && BY_NUMBER.iter().any(is_at) {
        return Preserved::Unknown;
    }
    Preserved::No
}

/// Google's cache writes an identifier before the address.
fn of_cache(value: &str) -> &str {
    let value = value
        .split_once(['+', ' '])
        .map_or(value, |(first, _)| first);
    match value.split_once(':') {
        Some((id, rest)) if !id.contains('.') && !matches!(id, "http" | "https") => rest,
        _ => value,
    }
}

/// The address that stands in the path behind an instant, or behind a word that stands for one.
fn behind_instant(url: &Url) -> Option<Url> {
    let whole = url.as_str();
    let path = whole.get(url[..url::Position::BeforePath].len()..)?;
    let mut at = 0;
    for segment in path.split('/') {
        let end = at + segment.len();
        if is_instant(segment)
            && let Some(original) = path.get(end + 1..).and_then(original)
        {
            return Some(original);
        }
        at = end + 1;
    }
    // Without an instant, an address with its scheme says enough.
    let scheme = path.find("/http:/").or_else(|| path.find("/https:/"))?;
    original(&path[scheme + 1..])
}

/// `20120824`, `20120824120000id_`, `2012*`, `2012.08.24-120000`, `newest`.
fn is_instant(segment: &str) -> bool {
    if matches!(segment, "newest" | "oldest" | "latest") {
        return true;
    }
    let digits = segment.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &segment[digits..];
    let is_flag = rest.is_empty()
        || rest == "*"
        || (rest.len() == 3
            && rest.ends_with('_')
            && rest[..2].bytes().all(|b| b.is_ascii_lowercase()));
    let is_dotted = (digits == 4 && rest.starts_with('.') || digits == 8 && rest.starts_with('-'))
        && rest
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    ((4..=14).contains(&digits) && is_flag) || is_dotted
}

/// An address as archives write it: perhaps without a scheme, or with one slash of it lost.
fn original(written: &str) -> Option<Url> {
    let lower = written.get(..8).unwrap_or(written).to_ascii_lowercase();
    let full = if lower.starts_with("http://") || lower.starts_with("https://") {
        written.to_owned()
    } else if let Some((scheme, rest)) = written.split_once(":/")
        && matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
    {
        format!("{scheme}://{rest}")
    } else {
        format!("http://{written}")
    };
    let url = parse(&full, None).ok()?;
    // A word is no host: archives have pages of their own below such paths.
    url.host_str().filter(|host| host.contains('.'))?;
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_copies_preserve() {
        for (address, expected) in [
            (
                "https://web.archive.org/web/20120824120000/http://a.example/x?y=1#z",
                Some("http://a.example/x?y=1#z"),
            ),
            (
                "http://web.archive.org/web/2012id_/https://a.example/",
                Some("https://a.example/"),
            ),
            (
                "https://web.archive.org/web/20120824120000im_/a.example/x.png",
                Some("http://a.example/x.png"),
            ),
            (
                "https://web.archive.org/web/20120824/http:/a.example/x",
                Some("http://a.example/x"),
            ),
            (
                "https://web.archive.org/web/*/http://a.example/",
                Some("http://a.example/"),
            ),
            (
                "https://web.archive.org/http://a.example/",
                Some("http://a.example/"),
            ),
            ("https://web.archive.org/details/a", None),
            ("https://archive.org/details/a", None),
            (
                "https://archive.ph/20120824-1200/https://a.example/x",
                Some("https://a.example/x"),
            ),
            (
                "https://archive.is/2012.08.24-120000/http://a.example/x",
                Some("http://a.example/x"),
            ),
            (
                "https://archive.today/newest/http://a.example/",
                Some("http://a.example/"),
            ),
            (
                "http://www.webcitation.org/query?url=http%3A%2F%2Fa.example%2Fx&date=2012-08-24",
                Some("http://a.example/x"),
            ),
            (
                "https://webarchive.nationalarchives.gov.uk/ukgwa/20120824/https://a.example/",
                Some("https://a.example/"),
            ),
            (
                "https://wayback.archive-it.org/1234/20120824120000/http://a.example/",
                Some("http://a.example/"),
            ),
            (
                "https://arquivo.pt/wayback/20120824120000/http://a.example/",
                Some("http://a.example/"),
            ),
            (
                "http://webcache.googleusercontent.com/search?q=cache:abcDEF:www.a.example/x+words&hl=en",
                Some("http://www.a.example/x"),
            ),
            ("https://a.example/web/2012/http://b.example/", None),
        ] {
            let found = match preserved(&Url::parse(address).unwrap()) {
                Preserved::Original(url) => Some(url.to_string()),
                _ => None,
            };
            assert_eq!(found.as_deref(), expected, "{address}");
        }
        for address in [
            "https://perma.cc/AB12-CD34",
            "https://archive.is/aBcDe",
            "http://www.webcitation.org/6AbCdEf",
        ] {
            assert_eq!(
                preserved(&Url::parse(address).unwrap()),
                Preserved::Unknown,
                "{address}"
            );
        }
        for address in [
            "https://perma.cc/",
            "https://web.archive.org/",
            "https://notperma.cc/AB12-CD34",
        ] {
            assert_eq!(
                preserved(&Url::parse(address).unwrap()),
                Preserved::No,
                "{address}"
            );
        }
    }
}
