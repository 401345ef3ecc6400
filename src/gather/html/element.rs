//! What each element is to us: a link, something embedded, a fact about the page.

use super::embed::{by_identifier, of_script, source_of};
use super::page::Reading;
use super::quoted_post::{QuotedPost, identity};
use super::tags;
use super::tokens::{Attribute, StartTag};
use crate::address;
use crate::gather::marks::details;
use crate::gather::{Kind, Place};

impl Reading<'_, '_> {
    pub(super) fn element(&mut self, tag: &StartTag) {
        match tag.key {
            tags::A => self.anchor(tag),
            tags::AREA => self.area(tag),
            tags::IMG => self.writer.image_text(tag.value(Attribute::Alt)),
            tags::IFRAME | tags::AMP_IFRAME => {
                self.embed(tag, &[Attribute::Src, Attribute::DataSrc]);
            }
            tags::VIDEO | tags::AUDIO | tags::AMP_VIDEO => {
                self.page.has_recording = false;
                self.embed(tag, &[Attribute::Src, Attribute::DataSrc]);
            }
            tags::SOURCE
                if self.page.stack.is_open(tags::VIDEO) || self.page.stack.is_open(tags::AUDIO) =>
            {
                // The others are the same recording in another format.
                if !self.page.has_recording {
                    self.embed(tag, &[Attribute::Src, Attribute::DataSrc]);
                }
            }
            tags::OBJECT => self.player(tag, Attribute::Data),
            tags::EMBED => self.player(tag, Attribute::Src),
            tags::PARAM if self.page.stack.is_open(tags::OBJECT) => {
                let name = tag.value(Attribute::Name);
                if ["movie", "src", "url"]
                    .iter()
                    .any(|one| name.eq_ignore_ascii_case(one))
                {
                    self.player(tag, Attribute::Value);
                }
            }
            tags::OEMBED => self.embed(tag, &[Attribute::Url]),
            tags::AMP_YOUTUBE | tags::LITE_YOUTUBE => {
                self.identified(tag, "youtube", Attribute::VideoId);
            }
            tags::AMP_VIMEO | tags::LITE_VIMEO => {
                self.identified(tag, "vimeo", Attribute::VideoId);
            }
            tags::AMP_TWITTER => self.identified(tag, "twitter", Attribute::TweetId),
            tags::AMP_INSTAGRAM => self.identified(tag, "instagram", Attribute::ShortCode),
            tags::SCRIPT => self.script(tag),
            tags::BLOCKQUOTE => {
                if !self.quoted_post(tag) {
                    self.cite(tag);
                }
            }
            tags::Q | tags::INS | tags::DEL => self.cite(tag),
            tags::DIV => {
                self.quoted_post(tag);
            }
            _ => {
                self.comment_time(tag);
                let is_body = self.page.place() == Place::Body;
                let in_article = self.page.stack.top().in_article;
                self.page
                    .facts
                    .element(tag, is_body, in_article, self.writer);
            }
        }
    }

    fn anchor(&mut self, tag: &StartTag) {
        let Some(href) = tag.get(Attribute::Href) else {
            return;
        };
        let excluded = self.page.excluded.next(href);
        if self.page.quoted_post.is_some()
            && let Ok(url) = address::parse(href.trim(), self.writer.base())
            && let Some(post) = &mut self.page.quoted_post
            && post.is_named_by(&url)
        {
            // The post that is shown, and the link to it in its last line, are both there.
            post.cite(&url);
            self.page.last_embedded = identity(&url);
            let link = self.link(tag, Attribute::Href, href, Kind::Embed, excluded.clone());
            self.writer.point_link(&link, "");
        }
        let mut kind = Kind::Anchor;
        let place = self.page.place();
        if place == Place::Comment && self.is_commenters_site(tag) {
            kind = Kind::Author;
        } else if place == Place::Comment {
            self.tell_comment();
        }
        let mut link = self.link(tag, Attribute::Href, href, kind, excluded);
        if place == Place::Body && is_filed(tag.value(Attribute::Rel)) {
            link.place = Place::Navigation;
        } else if is_credit(href) {
            link.place = Place::Footer;
        }
        self.writer.open_link(&link);
    }

    /// Whether a link in a comment leads to the site of whoever wrote it.
    fn is_commenters_site(&self, tag: &StartTag) -> bool {
        let has = |attribute, word: &str| {
            tag.value(attribute)
                .split_ascii_whitespace()
                .any(|one| one.eq_ignore_ascii_case(word))
        };
        let is_named = ["url", "u-url", "fn", "h-card", "p-author"]
            .iter()
            .any(|class| has(Attribute::Class, class));
        let is_external_name = has(Attribute::Rel, "external")
            && has(Attribute::Rel, "nofollow")
            && !self.page.comments.has_author();
        self.page.stack.top().names_author || is_named || is_external_name
    }

    fn area(&mut self, tag: &StartTag) {
        let Some(href) = tag.get(Attribute::Href) else {
            return;
        };
        let excluded = self.page.excluded.next(href);
        let link = self.link(tag, Attribute::Href, href, Kind::Area, excluded);
        self.writer.point_link(&link, tag.value(Attribute::Alt));
    }

    fn cite(&mut self, tag: &StartTag) {
        if let Some(cite) = tag.get(Attribute::Cite) {
            let link = self.link(tag, Attribute::Cite, cite, Kind::Cite, None);
            self.writer.point_link(&link, tag.value(Attribute::Title));
        }
    }

    /// A frame or a recording, unless it is invisible.
    fn embed(&mut self, tag: &StartTag, sources: &[Attribute]) {
        let is_invisible = matches!(tag.value(Attribute::Width), "0" | "1" | "0px" | "1px")
            || matches!(tag.value(Attribute::Height), "0" | "1" | "0px" | "1px");
        let source = sources.iter().find(|source| {
            let value = tag.value(**source).trim();
            !value.is_empty() && !value.starts_with("about:") && !value.starts_with("data:")
        });
        let Some(source) = source else {
            return;
        };
        if !is_invisible && let Some(address) = source_of(tag.value(*source), self.writer.base()) {
            self.page.has_recording = true;
            self.shown(tag, *source, without_secret(&address));
        }
    }

    /// `object` and `embed` show anything: what is known as a player's address is a source, and a document or a recording
    /// is one. Other films for a plug-in lead nobody anywhere.
    fn player(&mut self, tag: &StartTag, source: Attribute) {
        let written = tag.value(source);
        if let Some(address) = source_of(written, self.writer.base())
            && !written.is_empty()
            && (address != written || is_shown_document(tag.value(Attribute::Type), written))
        {
            self.shown(tag, source, without_secret(&address));
        }
    }

    /// An element that says by an identifier what it shows.
    fn identified(&mut self, tag: &StartTag, service: &str, attribute: Attribute) {
        if let Some(address) = by_identifier(service, tag.value(attribute).trim()) {
            self.shown(tag, attribute, &address);
        }
    }

    /// A script that writes somebody else's page into this one.
    fn script(&mut self, tag: &StartTag) {
        if tag.get(Attribute::Telegram).is_some() {
            self.identified(tag, "telegram", Attribute::Telegram);
        } else if let Some(source) = tag.get(Attribute::Src)
            && let Some(address) = of_script(source, self.writer.base())
        {
            self.shown(tag, Attribute::Src, &address);
        }
    }

    /// A post of others that is quoted until a script shows it. Tells whether it is one.
    fn quoted_post(&mut self, tag: &StartTag) -> bool {
        if self.page.quoted_post.is_some() {
            // A quote in a box of the same post.
            return true;
        }
        let depth = self.page.stack.depth().saturating_sub(1);
        let Some((mut post, said)) = QuotedPost::begin(tag, depth) else {
            return false;
        };
        if let Some((address, attribute)) = said
            && let Ok(url) = address::parse(&address, None)
        {
            post.cite(&url);
            self.shown(tag, attribute, &address);
        }
        self.page.quoted_post = Some(post);
        true
    }

    /// Something embedded, under the address that a person would open.
    fn shown(&mut self, tag: &StartTag, attribute: Attribute, address: &str) {
        if let Ok(url) = address::parse(address.trim(), self.writer.base()) {
            let identity = identity(&url);
            if identity == self.page.last_embedded {
                return;
            }
            self.page.last_embedded = identity;
        }
        if self.page.place() == Place::Comment {
            self.tell_comment();
        }
        let mut link = self.link(tag, attribute, address, Kind::Embed, None);
        link.details = details(tag.value(attribute), address);
        self.writer.point_link(&link, tag.value(Attribute::Title));
    }
}

/// Whether an object is something that can be opened without a plug-in, by its media type or its name.
fn is_shown_document(media_type: &str, address: &str) -> bool {
    let media_type = media_type.trim().to_ascii_lowercase();
    if media_type.is_empty() {
        let path = address.split(['?', '#']).next().unwrap_or(address);
        return path
            .rsplit_once('.')
            .is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("pdf"));
    }
    media_type.starts_with("application/pdf")
        || media_type.starts_with("text/html")
        || media_type.starts_with("video/")
        || media_type.starts_with("audio/")
}

/// Whether a link files the post under a heading or its author.
fn is_filed(rel: &str) -> bool {
    rel.split_ascii_whitespace()
        .any(|token| token.eq_ignore_ascii_case("tag") || token.eq_ignore_ascii_case("author"))
}

/// The line that a comment service writes below the comments.
fn is_credit(href: &str) -> bool {
    let rest = href
        .trim()
        .trim_start_matches("https:")
        .trim_start_matches("http:");
    let rest = rest.trim_start_matches("//").trim_start_matches("www.");
    rest.strip_prefix("disqus.com")
        .is_some_and(|path| matches!(path, "" | "/") || path.contains("ref_noscript"))
}

/// A frame of another WordPress post has a secret that its script tells it by.
fn without_secret(address: &str) -> &str {
    match address.split_once("/embed/#?secret=") {
        Some((post, _)) => &address[..=post.len()],
        None => address,
    }
}
