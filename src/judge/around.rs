//! What is known beside the visit itself: how the server answers to what cannot be there, who serves the domain's names,
//! how many other sources ended at the same address.
//!
//! It is asked for only where it would help ([`asks`]), kept in the archive, and handed to the judge as data.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Case, Features, Group, Kind, Verdict, missing, parked};
use crate::address::{is_front_path, trivially_same};

/// Of so many addresses that ended at the same place, each is compared with each.
const MOST_COMPARED: usize = 32;

/// Nothing is known.
pub(super) static NOTHING: Around = Around {
    sibling: None,
    name_servers: Vec::new(),
    aliases: Vec::new(),
    sink: None,
};

/// What is known beside a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Around {
    /// How the server answered to a made-up address in the same folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sibling: Option<Sibling>,
    /// The name servers of the registrable domain on which the visit ended (NS records), lower case, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub name_servers: Vec<String>,
    /// The names that the host is an alias of (CNAME records), lower case, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Other sources that ended at the same address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sink: Option<Sink>,
}

/// How a server answered to an address that was made up (Bar-Yossef et al., WWW 2004).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sibling {
    /// The address that was asked for.
    pub url: String,
    /// The status of the last answer.
    pub status: u16,
    /// Where it ended.
    pub final_url: String,
    /// SHA-256 of its body, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_sha256: Option<String>,
    /// What was drawn from its body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<Features>,
}

/// A place at which the redirects of many sources end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sink {
    /// Other sources that ended here, whose own addresses are not the same in substance.
    pub sources: u32,
}

/// What would help to judge a case, and is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asks {
    /// Ask for a made-up address in the same folder.
    pub sibling: bool,
    /// Ask for the domain's name servers and the host's aliases.
    pub names: bool,
}

impl Sink {
    /// Those of `ended`, addresses of sources whose visits ended where that of `source` did, that differ in substance
    /// from it and from each other. None where there are none.
    pub fn of<'a>(source: &Url, ended: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut others: Vec<Url> = Vec::new();
        for address in ended.into_iter().take(MOST_COMPARED * 8) {
            let Ok(url) = Url::parse(address) else {
                continue;
            };
            let is_known = trivially_same(&url, source)
                || others.iter().any(|other| trivially_same(&url, other));
            if !is_known {
                others.push(url);
            }
            if others.len() == MOST_COMPARED {
                break;
            }
        }
        let sources = u32::try_from(others.len()).unwrap_or(u32::MAX);
        (sources > 0).then_some(Self { sources })
    }
}

/// What should be asked for before `verdict`, given without it, is believed.
///
/// A page that says enough asks nothing: an ordinary article costs no more requests than itself. What is decided, and
/// what is no page, asks nothing either.
pub fn asks(case: &Case<'_>, verdict: &Verdict) -> Asks {
    let nothing = Asks::default();
    let (Some(page), Some(hop)) = (case.features, case.facts.hops.last()) else {
        return nothing;
    };
    let is_fine = verdict.code.group() == Group::Fine && (200..300).contains(&hop.status);
    if !is_fine || page.kind != Kind::Html {
        return nothing;
    }
    let Ok(end) = Url::parse(&hop.url) else {
        return nothing;
    };
    let around = case.around;
    let knows_names = !around.name_servers.is_empty() || !around.aliases.is_empty();
    Asks {
        sibling: around.sibling.is_none() && wants_sibling(case, page, &end),
        names: !knows_names && parked::wants_names(case, page),
    }
}

/// Whether it would help to know how the server answers to what cannot be there.
fn wants_sibling(case: &Case<'_>, page: &Features, end: &Url) -> bool {
    // A front page is what a server may well show for whatever is not there.
    let is_front = is_front_path(case.address.path()) && case.address.query().is_none();
    if is_front {
        return false;
    }
    // That a page has little text is no reason: with no other sign, no answer would decide.
    !trivially_same(case.address, end)
        || parked::shares_nothing(case, page)
        || missing::suspect(case).weight() > 0
}

/// The address that is made up beside a source: in the same folder, a name of 16 hex digits that is derived from host
/// and folder, with the extension of the source's own name. None where there is no host.
///
/// Where the visit ended at the source's own address but for the scheme or `www.`, it is made up beside the end, so that
/// no redirect stands before the answer. Where it ended elsewhere, it is made up beside the source: whether all that is
/// missing there is led to the same end is what is asked.
pub fn made_up(source: &Url, end: &Url) -> Option<Url> {
    let beside = if trivially_same(source, end) {
        end
    } else {
        source
    };
    let folder = folder(beside)?;
    let last = source.path().rsplit('/').next().unwrap_or_default();
    let extension = last
        .rsplit_once('.')
        .map(|(_, extension)| extension)
        .filter(|ext| {
            (1..=5).contains(&ext.len()) && ext.bytes().all(|b| b.is_ascii_alphanumeric())
        })
        .map(|extension| format!(".{extension}"))
        .unwrap_or_default();
    let name = hash(folder.as_str());
    Url::parse(&format!("{folder}{name:016x}{extension}")).ok()
}

/// Scheme, host, port and path up to the last slash.
pub fn folder(url: &Url) -> Option<String> {
    url.host_str()?;
    let path = url.path();
    let folder = &path[..=path.rfind('/')?];
    Some(format!("{}{folder}", url.origin().ascii_serialization()))
}

/// FNV-1a, 64 bits: the same on every machine, and nothing that anybody must not foresee.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{chain, facts, hop};
    use super::super::{Rules, features, judge};
    use super::*;

    fn url(address: &str) -> Url {
        Url::parse(address).unwrap()
    }

    fn asked(source: &str, facts: &crate::fetch::Facts, html: &str, before: Option<&str>) -> Asks {
        let source = url(source);
        let draw = |html: &str| features(html, Some("text/html"), &source, Rules::built_in());
        let (page, before) = (draw(html), before.map(draw));
        let mut case = Case::new(&source, facts);
        case.features = Some(&page);
        case.baseline = before.as_ref();
        asks(&case, &judge(&case))
    }

    const SOURCE: &str = "https://example.org/a/page.html";

    #[test]
    fn an_ordinary_article_asks_nothing() {
        let sentence = "<p>The wells of the valley were dug by hand, and they are deeper than the church is high. ";
        let article = format!(
            "<title>Wells</title><article>{}</article>",
            sentence.repeat(30)
        );
        let seen = facts(vec![hop(SOURCE, 200, &[])]);
        assert_eq!(asked(SOURCE, &seen, &article, None), Asks::default());
        assert_eq!(
            asked(SOURCE, &seen, &article, Some(&article)),
            Asks::default()
        );
        let slash = chain(301, &["http://example.org/a", "https://www.example.org/a/"]);
        assert_eq!(
            asked("http://example.org/a", &slash, &article, None),
            Asks::default()
        );
        let gone = facts(vec![hop(SOURCE, 404, &[])]);
        assert_eq!(asked(SOURCE, &gone, "<p>Not here", None), Asks::default());
    }

    #[test]
    fn what_is_not_clear_asks() {
        let seen = facts(vec![hop(SOURCE, 200, &[])]);
        let thin = "<title>Welcome</title><p>To our site";
        let both = Asks {
            sibling: true,
            names: true,
        };
        let names = Asks {
            sibling: false,
            ..both
        };
        assert_eq!(asked(SOURCE, &seen, thin, None), names);
        let sentence = "<p>The wells of the valley were dug by hand, and they are deeper than the church is high. ";
        let article = format!(
            "<title>Wells</title><article>{}</article>",
            sentence.repeat(30)
        );
        let away = chain(302, &[SOURCE, "https://example.org/news/today.html"]);
        let sibling = Asks {
            sibling: true,
            names: false,
        };
        assert_eq!(asked(SOURCE, &away, &article, None), sibling);
        let front = "https://example.org/";
        let seen = facts(vec![hop(front, 200, &[])]);
        assert!(
            !asked(front, &seen, thin, None).sibling,
            "a front page has no sibling"
        );
    }

    #[test]
    fn an_address_is_made_up_beside_the_source() {
        let up = |source: &str, end: &str| made_up(&url(source), &url(end)).unwrap().to_string();
        let one = up("https://a.org/x/y.html?z=1", "https://a.org/x/y.html?z=1");
        assert!(
            one.starts_with("https://a.org/x/") && one.rsplit('.').next() == Some("html"),
            "{one}"
        );
        assert_eq!(one.len(), "https://a.org/x/0123456789abcdef.html".len());
        assert_eq!(
            one,
            up("https://a.org/x/other.html", "https://a.org/x/other.html")
        );
        assert!(
            up("http://a.org/x/y", "https://www.a.org/x/y/").starts_with("https://www.a.org/x/y/")
        );
        assert!(up("http://a.org/x/y", "https://b.org/").starts_with("http://a.org/x/"));
        assert!(up("http://a.org:81/", "http://a.org:81/").starts_with("http://a.org:81/"));
        assert!(
            up("http://a.org/v1.2-of-all", "http://a.org/").len()
                == "http://a.org/0123456789abcdef".len()
        );
        assert!(made_up(&url("mailto:a@b.c"), &url("mailto:a@b.c")).is_none());
    }

    #[test]
    fn a_sink_takes_sources_that_differ_in_substance() {
        let source = url("http://a.org/one");
        assert_eq!(
            Sink::of(&source, ["https://www.a.org/one/", "nonsense"]),
            None
        );
        let ended = [
            "http://a.org/one",
            "http://a.org/two",
            "https://a.org/two/",
            "http://a.org/three",
        ];
        assert_eq!(Sink::of(&source, ended), Some(Sink { sources: 2 }));
        let many: Vec<String> = (0..1000).map(|n| format!("http://a.org/{n}")).collect();
        let sink = Sink::of(&source, many.iter().map(String::as_str));
        assert_eq!(sink, Some(Sink { sources: 32 }));
    }
}
