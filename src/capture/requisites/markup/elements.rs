//! What each element names, and what it offers.

use super::super::downloads::Offer;
use super::super::{Kind, css, has_scheme, srcset};
use super::{Attribute, Form, MAX_VALUE_BYTES, Pass, read_within};

impl Pass<'_, '_> {
    /// An attribute of the tag at hand.
    pub(super) fn value(&self, attribute: Attribute) -> Option<String> {
        let is_set = self.set & (1 << attribute as u32) != 0;
        is_set.then(|| String::from_utf8_lossy(&self.values[attribute as usize]).into_owned())
    }

    pub(super) fn is(&self, attribute: Attribute, value: &str) -> bool {
        self.value(attribute)
            .is_some_and(|text| text.trim().eq_ignore_ascii_case(value))
    }

    fn take(&mut self, attribute: Attribute, kind: Kind) {
        if let Some(address) = self.value(attribute) {
            self.collector.take(&address, kind);
        }
    }

    /// Takes what a script puts in the place of an address, if it looks like one.
    fn take_late(&mut self, attribute: Attribute, kind: Kind) {
        if let Some(address) = self.value(attribute)
            && is_like_an_address(&address)
        {
            self.collector.take(&address, kind);
        }
    }

    fn take_list(&mut self, list: Attribute, sizes: Attribute) {
        let list_is_standard = list != Attribute::LazySrcset;
        let Some(list) = self.value(list) else {
            return;
        };
        let sizes = self.value(sizes).unwrap_or_default();
        let (chosen, others) = srcset::chosen(&list, &sizes, self.collector.limits.candidates);
        self.collector.left_out.other_sizes += others;
        for address in chosen {
            if list_is_standard || is_like_an_address(address) {
                self.collector.take(address, Kind::Image);
            }
        }
    }

    /// What a start tag names.
    pub(super) fn element(&mut self, name: &[u8]) {
        match name {
            b"base" => self.base(),
            b"link" => self.link(),
            b"script" => self.script(),
            b"img" | b"amp-img" | b"amp-anim" => {
                self.take(Attribute::Src, Kind::Image);
                self.take_list(Attribute::Srcset, Attribute::Sizes);
                self.take_late(Attribute::LazySrc, Kind::Image);
                self.late_list();
            }
            b"source" if self.pictures > 0 => {
                self.take_list(Attribute::Srcset, Attribute::Sizes);
                self.take(Attribute::Src, Kind::Image);
                self.take_late(Attribute::LazySrc, Kind::Image);
                self.late_list();
            }
            b"source" | b"track" | b"audio" | b"amp-audio" => self.media(),
            b"video" | b"amp-video" => {
                self.media();
                self.take(Attribute::Poster, Kind::Image);
                self.take_late(Attribute::LazyPoster, Kind::Image);
            }
            b"input" if self.is(Attribute::Type, "image") => {
                self.take(Attribute::Src, Kind::Image);
            }
            b"iframe" | b"frame" | b"amp-iframe" => self.frame(),
            b"object" => self.object(Attribute::Data),
            b"embed" => self.object(Attribute::Src),
            b"image" | b"use" | b"feimage" => {
                self.take(Attribute::Href, Kind::Image);
                self.take(Attribute::XlinkHref, Kind::Image);
                // (Outside of drawings, `image` is an `img`.)
                self.take(Attribute::Src, Kind::Image);
            }
            b"div" | b"span" | b"section" | b"figure" | b"header" => {
                if self
                    .value(Attribute::LazySrc)
                    .is_some_and(|address| has_picture_extension(&address))
                {
                    self.take_late(Attribute::LazySrc, Kind::Image);
                }
                self.late_list();
            }
            _ => self.late_list(),
        }
        self.take(Attribute::Background, Kind::Image);
        self.late_background();
        if let Some(style) = self.value(Attribute::Style) {
            css::declarations(&style, self.collector);
        }
        for attribute in [
            Attribute::Fill,
            Attribute::Stroke,
            Attribute::Filter,
            Attribute::Mask,
            Attribute::ClipPath,
        ] {
            if let Some(value) = self.value(attribute) {
                css::declarations(&value, self.collector);
            }
        }
    }

    /// Only the first counts, even if it cannot be one.
    fn base(&mut self) {
        let Some(href) = self.value(Attribute::Href) else {
            return;
        };
        if std::mem::replace(&mut self.has_base, true) {
            return;
        }
        let href = href.trim_matches(|c: char| c <= ' ');
        if href.len() < MAX_VALUE_BYTES
            && let Ok(base) = self.collector.base.join(href)
            && !matches!(base.scheme(), "data" | "javascript")
        {
            self.collector.base = base;
        }
        self.icons_end();
    }

    fn link(&mut self) {
        const ICONS: &[&str] = &[
            "icon",
            "apple-touch-icon",
            "apple-touch-icon-precomposed",
            "apple-touch-startup-image",
            "mask-icon",
            "fluid-icon",
        ];
        let rel = self.value(Attribute::Rel).unwrap_or_default();
        let has = |word: &str| {
            rel.split_ascii_whitespace()
                .any(|token| token.eq_ignore_ascii_case(word))
        };
        if has("stylesheet") {
            self.take(Attribute::Href, Kind::Style);
            self.take_late(Attribute::LazyHref, Kind::Style);
        } else if ICONS.iter().any(|icon| has(icon)) {
            self.icon();
        } else if has("modulepreload") {
            self.take(Attribute::Href, Kind::Script);
        } else if has("preload") || has("prefetch") {
            let kind = self.value(Attribute::As).unwrap_or_default();
            match kind.trim().to_ascii_lowercase().as_str() {
                "style" => self.take(Attribute::Href, Kind::Style),
                "font" => self.take(Attribute::Href, Kind::Font),
                "script" => self.take(Attribute::Href, Kind::Script),
                "image" => {
                    self.take(Attribute::Href, Kind::Image);
                    self.take_list(Attribute::ImageSrcset, Attribute::ImageSizes);
                }
                _ => {}
            }
        } else if has("manifest") {
            self.take(Attribute::Href, Kind::Other);
        }
    }

    /// An icon is looked for when the page is there: by then the base is known, wherever it stands.
    fn icon(&mut self) {
        const MOST_WAITING: usize = 100;
        if self.awaits_base && self.icons.len() < MOST_WAITING {
            self.icons.extend(self.value(Attribute::Href));
        } else {
            self.take(Attribute::Href, Kind::Icon);
        }
    }

    pub(super) fn icons_end(&mut self) {
        self.awaits_base = false;
        for icon in std::mem::take(&mut self.icons) {
            self.collector.take(&icon, Kind::Icon);
        }
    }

    /// A script, unless it is of a type that no browser runs, and so does not fetch.
    fn script(&mut self) {
        let kind = self.value(Attribute::Type).unwrap_or_default();
        let kind = kind.trim().to_ascii_lowercase();
        let is_run =
            kind.is_empty() || kind == "module" || kind.contains("script") || kind.contains("jsx");
        if is_run {
            self.take(Attribute::Src, Kind::Script);
            self.take(Attribute::Href, Kind::Script);
            self.take(Attribute::XlinkHref, Kind::Script);
            self.take_late(Attribute::LazySrc, Kind::Script);
        }
    }

    fn media(&mut self) {
        self.take(Attribute::Src, Kind::Media);
        self.take_late(Attribute::LazySrc, Kind::Media);
    }

    fn frame(&mut self) {
        let Some(text) = self.value(Attribute::Srcdoc) else {
            self.take(Attribute::Src, Kind::Frame);
            self.take_late(Attribute::LazySrc, Kind::Frame);
            return;
        };
        if self.depth >= self.collector.limits.frames_within {
            self.collector.left_out.not_read += 1;
            return;
        }
        let base = self.collector.base.clone();
        read_within(&text, Form::Page, self.collector, self.depth + 1);
        self.collector.base = base;
    }

    /// An object may be anything.
    fn object(&mut self, attribute: Attribute) {
        let kind = self.value(Attribute::Type).unwrap_or_default();
        let kind = kind.trim().to_ascii_lowercase();
        let kind = if kind.starts_with("image/") {
            Kind::Image
        } else if kind.starts_with("audio/") || kind.starts_with("video/") {
            Kind::Media
        } else if kind.is_empty() || kind.contains("html") {
            Kind::Frame
        } else {
            Kind::Other
        };
        self.take(attribute, kind);
        self.take_late(Attribute::LazySrc, kind);
    }

    fn late_list(&mut self) {
        self.take_list(Attribute::LazySrcset, Attribute::LazySizes);
    }

    /// A background that a script puts there: an address, or a style.
    fn late_background(&mut self) {
        let Some(value) = self.value(Attribute::LazyBackground) else {
            return;
        };
        if value.contains('(') {
            css::declarations(&format!("background:{value}"), self.collector);
        } else if is_like_an_address(&value) {
            self.collector.take(&value, Kind::Image);
        }
    }

    /// What a start tag offers.
    pub(super) fn offering(&mut self, name: &[u8]) {
        match name {
            b"a" => self.offer_ends(),
            b"nav" => self.navigations += 1,
            b"footer" if self.articles == 0 => self.navigations += 1,
            b"article" | b"main" | b"section" => self.articles += 1,
            _ => {}
        }
        if self.templates > 0 {
            return;
        }
        match name {
            b"base" => self.base(),
            b"a" | b"area" if self.navigations == 0 => {
                self.offer = Some(self.offer());
                if name == b"area" {
                    self.offer_ends();
                }
            }
            b"link" => {
                let rel = self.value(Attribute::Rel).unwrap_or_default();
                let is_another_form = rel
                    .split_ascii_whitespace()
                    .any(|token| token.eq_ignore_ascii_case("alternate"));
                if is_another_form {
                    self.offer().end_of_link(self.collector, &mut self.feeds);
                }
            }
            _ => {}
        }
    }

    fn offer(&self) -> Offer {
        Offer {
            href: self.value(Attribute::Href).unwrap_or_default(),
            media_type: self.value(Attribute::Type).unwrap_or_default(),
            download: self.value(Attribute::Download),
            words: Vec::new(),
        }
    }

    pub(super) fn offer_ends(&mut self) {
        if let Some(offer) = self.offer.take() {
            offer.end(self.collector, &self.feeds);
        }
    }
}

/// Whether what stands in an attribute of nobody's standard is an address, and not a word, a number, a media type or a
/// template.
fn is_like_an_address(value: &str) -> bool {
    let value = value.trim();
    let is_one_word = !value.contains(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '{' | '}' | '[' | ']' | '<' | '>' | '"' | '|' | '\\' | '^' | '`'
            )
    });
    let begins = ["/", "./", "../"]
        .iter()
        .any(|start| value.starts_with(start))
        || ["http:", "https:"]
            .iter()
            .any(|scheme| has_scheme(value, scheme));
    is_one_word && (begins || has_extension(value) || has_picture_extension(value))
}

/// Whether a path below some folder ends as files do.
fn has_extension(value: &str) -> bool {
    let path = value.split(['?', '#']).next().unwrap_or_default();
    let Some((_, name)) = path.rsplit_once('/') else {
        return false;
    };
    name.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && (2..=5).contains(&extension.len())
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

pub(crate) fn has_picture_extension(value: &str) -> bool {
    const EXTENSIONS: &[&str] = &[
        "jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "bmp", "ico", "jfif",
    ];
    let path = value.split(['?', '#']).next().unwrap_or_default();
    path.rsplit_once('.').is_some_and(|(_, extension)| {
        EXTENSIONS
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}
