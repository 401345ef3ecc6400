//! The site that a feed belongs to: what its relative addresses mean, and which of its links lead away.

use url::Url;

use super::entry::{Channel, Entry};
use crate::address::{self, same_site};
use crate::gather::Document;

/// What the addresses of a feed are measured with.
#[derive(Debug)]
pub(super) struct Site {
    /// The address of the site that the feed belongs to.
    pub(super) home: Option<Url>,
    /// What the feed itself resolves its addresses against.
    pub(super) base: Option<Url>,
    /// Where the feed was fetched from.
    own: Option<Url>,
    /// Another site, to which practically all entries lead, so that they are its posts.
    second: Option<Url>,
    /// It names that itself.
    pub(super) has_base: bool,
}

impl Site {
    pub(super) fn of(document: &Document<'_>, channel: &Channel) -> Self {
        let parse = |written: &Option<String>, base: Option<&Url>| {
            let written = written.as_deref()?;
            address::parse(written.trim(), base).ok()
        };
        let own = document
            .own_address()
            .cloned()
            .or_else(|| parse(&channel.own, None));
        let declared = parse(&channel.base, own.as_ref());
        let has_base = declared.is_some();
        let base = declared.or_else(|| own.clone());
        let home = parse(&channel.link, base.as_ref()).or_else(|| base.clone());
        Self {
            // RSS says nothing of relative addresses; those who write them mean the site's.
            base: if channel.is_atom || has_base {
                base.or_else(|| home.clone())
            } else {
                home.clone()
            },
            home,
            own,
            second: None,
            has_base,
        }
    }

    /// Looks at where the entries lead: a link blog leads everywhere, but a feed all of whose entries lead to one other
    /// site is that site's.
    pub(super) fn learn(&mut self, entries: &[Entry]) {
        let links: Vec<Url> = entries
            .iter()
            .filter_map(|entry| self.link_of(entry))
            .collect();
        let mut foreign = links.iter().filter(|link| !self.is_ours(link));
        let Some(first) = foreign.next().filter(|_| links.len() >= 3) else {
            return;
        };
        let alike = links.iter().filter(|link| same_site(first, link)).count();
        if alike * 10 >= links.len() * 9 {
            self.second = Some(first.clone());
        }
    }

    pub(super) fn is_ours(&self, url: &Url) -> bool {
        let is = |other: &Option<Url>| {
            let other = other.as_ref();
            other.is_some_and(|other| same_site(other, url) || same_name(other, url))
        };
        self.home.is_none() || is(&self.home) || is(&self.own) || is(&self.second)
    }

    pub(super) fn base_of(&self, entry: &Entry) -> Option<Url> {
        let own = entry.base.as_deref();
        own.and_then(|base| address::parse(base.trim(), self.base.as_ref()).ok())
            .or_else(|| self.base.clone())
    }

    pub(super) fn link_of(&self, entry: &Entry) -> Option<Url> {
        let base = self.base_of(entry);
        let parse = |written: &str| address::parse(written.trim(), base.as_ref()).ok();
        let original = entry.original_link.as_deref().and_then(parse);
        original.or_else(|| parse(&entry.link()?.0))
    }
}

/// Whether two sites differ by what stands behind their name only: `paper.example` and `paper.example.org`.
fn same_name(a: &Url, b: &Url) -> bool {
    let name = |url: &Url| {
        let host = address::site(url.host_str()?);
        let (name, _) = host.split_once('.')?;
        (name.len() >= 4 && !name.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| name.to_owned())
    };
    name(a).is_some_and(|a| Some(a) == name(b))
}
