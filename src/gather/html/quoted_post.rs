//! Posts of others that are shown in a block quote until a script replaces it: tweets and their like.
//!
//! Such a quote holds the post's text, which has links of its own, and links to the post itself, its author and the
//! service. The post is cited once, as what is embedded.

use url::Url;

use super::embed::{bluesky, by_identifier};
use super::tags;
use super::tokens::{Attribute, StartTag};

/// Where a post comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Twitter,
    Instagram,
    TikTok,
    Reddit,
    Bluesky,
    Mastodon,
    Facebook,
    Threads,
    Imgur,
    Tumblr,
    WordPress,
}

/// The classes that the services' own embedding codes have.
const CLASSES: &[(&str, Service)] = &[
    ("twitter-tweet", Service::Twitter),
    ("twitter-video", Service::Twitter),
    ("instagram-media", Service::Instagram),
    ("tiktok-embed", Service::TikTok),
    ("reddit-embed-bq", Service::Reddit),
    ("reddit-card", Service::Reddit),
    ("bluesky-embed", Service::Bluesky),
    ("mastodon-embed", Service::Mastodon),
    ("fb-post", Service::Facebook),
    ("fb-video", Service::Facebook),
    ("text-post-media", Service::Threads),
    ("imgur-embed-pub", Service::Imgur),
    ("tumblr-post", Service::Tumblr),
    ("wp-embedded-content", Service::WordPress),
];

/// A quoted post that is being read.
#[derive(Debug)]
pub(super) struct QuotedPost {
    /// How many elements were open around it.
    pub(super) depth: usize,
    service: Service,
    /// What names the post, once it is cited.
    identity: Option<String>,
}

/// What a link in a quoted post is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It names the post: the citation.
    Permalink,
    /// It names it once more.
    Again,
    /// A link of the post's.
    Own,
}

impl QuotedPost {
    /// The quoted post that begins here, if one does, and its address where the tag says it, with the attribute.
    pub(super) fn begin(
        tag: &StartTag,
        depth: usize,
    ) -> Option<(Self, Option<(String, Attribute)>)> {
        if tag.key != tags::BLOCKQUOTE && tag.get(Attribute::Permalink).is_none() {
            return None;
        }
        let mut classes = tag.value(Attribute::Class).split_ascii_whitespace();
        let service = classes.find_map(|class| {
            let (_, service) = CLASSES.iter().find(|(name, _)| *name == class)?;
            Some(*service)
        })?;
        let post = Self {
            depth,
            service,
            identity: None,
        };
        let address = post.address(tag);
        Some((post, address))
    }

    fn address(&self, tag: &StartTag) -> Option<(String, Attribute)> {
        let written = |attribute| {
            let value = tag.value(attribute).trim();
            value
                .starts_with("http")
                .then(|| (value.to_owned(), attribute))
        };
        match self.service {
            Service::Bluesky => {
                let page = bluesky(tag.value(Attribute::Bluesky))?;
                Some((page, Attribute::Bluesky))
            }
            Service::TikTok => written(Attribute::Cite).or_else(|| {
                let page = by_identifier("tiktok", tag.value(Attribute::VideoId))?;
                Some((page, Attribute::VideoId))
            }),
            Service::Imgur => {
                let page = by_identifier("imgur", tag.value(Attribute::DataId))?;
                Some((page, Attribute::DataId))
            }
            Service::Mastodon => {
                let (address, attribute) = written(Attribute::Permalink)?;
                let page = address.trim_end_matches('/').trim_end_matches("/embed");
                Some((page.to_owned(), attribute))
            }
            // What they name there is made for their scripts.
            Service::Tumblr => None,
            _ => written(Attribute::Permalink).or_else(|| written(Attribute::Cite)),
        }
    }

    /// The post is cited under this address.
    pub(super) fn cite(&mut self, url: &Url) {
        self.identity = Some(identity(url));
    }

    pub(super) fn role(&self, url: &Url) -> Role {
        match &self.identity {
            Some(cited) if *cited == identity(url) => Role::Again,
            None if self.is_permalink(url) => Role::Permalink,
            _ => Role::Own,
        }
    }

    fn is_permalink(&self, url: &Url) -> bool {
        let path = url.path();
        let holds = |parts: &[&str]| parts.iter().any(|part| path.contains(part));
        match self.service {
            Service::Twitter => holds(&["/status/", "/statuses/"]),
            Service::Instagram => holds(&["/p/", "/reel/", "/tv/"]),
            Service::TikTok => holds(&["/video/", "/photo/"]),
            Service::Reddit => holds(&["/comments/"]),
            Service::Bluesky | Service::Threads | Service::Tumblr => holds(&["/post/"]),
            Service::Facebook => {
                holds(&["/posts/", "/videos/", "/photos/", "/permalink", "/watch"])
            }
            Service::Mastodon => {
                let last = path.trim_end_matches('/').rsplit('/').next();
                last.is_some_and(|id| {
                    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
                })
            }
            Service::Imgur => path.len() > 1,
            Service::WordPress => true,
        }
    }
}

/// What two addresses of one post have in common: the host and the path.
pub(super) fn identity(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let host = match host {
        "x.com" | "mobile.twitter.com" => "twitter.com",
        other => other,
    };
    let query = url
        .query()
        .filter(|_| url.path() == "/watch" || url.path() == "/watch/");
    let path = url.path().trim_end_matches('/');
    format!("{host}{path}?{}", query.unwrap_or_default())
}
