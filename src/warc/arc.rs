//! ARC 1, the format before WARC (Internet Archive, 1996): one line for a header, and so many bytes.

use super::date::date;
use super::fields::latin1;

/// A record's header line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) url: String,
    pub(super) ip: String,
    pub(super) date: String,
    pub(super) media_type: String,
    pub(super) length: Option<u64>,
}

/// Reads a header line: address, IP address, date, media type, in version 2 some more, and the length last. Addresses
/// may hold spaces.
pub(super) fn line(line: &[u8]) -> Option<Line> {
    let line = line.trim_ascii_end();
    let text = std::str::from_utf8(line).map_or_else(|_| latin1(line), str::to_owned);
    let words: Vec<&str> = text.split(' ').collect();
    let is_version = text.starts_with("filedesc:");
    if words.len() < 5 || words.len() > 2000 {
        return None;
    }
    let scheme = text.split(':').next().unwrap_or_default();
    let is_scheme = !scheme.is_empty()
        && scheme.len() < text.len()
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !is_scheme {
        return None;
    }
    let is_date = |word: &str| word.len() >= 12 && date(word).is_some();
    let last = words.len() - 1;
    // An address and a media type may hold spaces, an IP address and a date hold none.
    let by_both = (1..last - 1)
        .rev()
        .find(|at| is_ip(words[*at]) && is_date(words[at + 1]));
    // Counted from the end: version 1 has four words behind the address, version 2 nine.
    let by_count = || {
        [4, 9].into_iter().find_map(|after| {
            let at = words.len().checked_sub(after).filter(|at| *at > 0)?;
            is_date(words[at + 1]).then_some(at)
        })
    };
    let may_be_one = is_version || is_ip(words[last - 3]) && length(words[last]).is_some();
    let at = by_both
        .or_else(by_count)
        .or_else(|| may_be_one.then_some(last - 3))?;
    Some(Line {
        url: words[..at].join(" "),
        ip: words[at].to_owned(),
        date: words[at + 1].to_owned(),
        media_type: words[at + 2..last.max(at + 3)].join(" "),
        length: length(words[last]),
    })
}

fn is_ip(word: &str) -> bool {
    word.parse::<std::net::IpAddr>().is_ok()
}

fn length(word: &str) -> Option<u64> {
    let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| word.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_lines() {
        let read = |text: &str| line(text.as_bytes());
        let one = read("http://a.test/x y 1.2.3.4 19970417175710 text/html 4270").unwrap();
        assert_eq!(
            (one.url.as_str(), one.length),
            ("http://a.test/x y", Some(4270))
        );
        let two =
            read("http://a.test/ 1.2.3.4 20001110112006 text/html 200 - - 0 x.arc 99").unwrap();
        assert_eq!((two.url.as_str(), two.length), ("http://a.test/", Some(99)));
        let negative = read("http://a.test/ 1.2.3.4 20120420130223 image/gif -2046788874").unwrap();
        assert_eq!(negative.length, None);
        assert!(read("filedesc://x 0.0.0.0 20120420173851 text/plain 77").is_some());
        for text in [
            "org,iana)/ 20140126200624 {\"url\": \"http://www.iana.org/\", \"length\": \"2258\"}",
            " CDX N b a m s k r M S V g",
            "Last-Modified: Mon, 11 Jan 2014 17:00:00 GMT",
            "",
            "a b c d e",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
