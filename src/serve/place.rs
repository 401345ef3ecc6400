//! The addresses under which copies and what they need are shown: `/web/<when>/<address>`.
//!
//! `<when>` is an instant in up to 14 digits (`20260105080000`, UTC), as the archives of the web write it, and may say more: which copy, by
//! its number, for several sources may have been kept within one second (`20260105080000-42`); and in which form it is wanted, by two
//! letters and `_` (`20260105080000id_`). What a copy needs is asked for with a key besides (`20260105080000-42~0123456789abcdefim_`), which
//! changes with every start and only a copy that we show has: pages of the browser's other tabs have not, and cannot try out what is kept.
//! Pure.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use url::Url;

use crate::address;
use crate::capture::requisites::Kind;
use crate::report::digits;

/// In which form something is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// To be looked at.
    Shown,
    /// The bytes as stored, to be saved (`id_`).
    Bytes,
    /// Its text (`tx_`).
    Text,
    /// As a picture of a page (`im_`).
    Picture,
    /// As a style sheet (`cs_`).
    Style,
    /// As a script (`js_`).
    Script,
    /// As a page within a page (`fr_`).
    Frame,
    /// As a font, sound or film (`oe_`).
    Object,
    /// Where a link leads (`to_`).
    Link,
}

const MODIFIERS: [(&str, Form); 11] = [
    ("id_", Form::Bytes),
    ("tx_", Form::Text),
    ("im_", Form::Picture),
    ("cs_", Form::Style),
    ("js_", Form::Script),
    ("fr_", Form::Frame),
    ("oe_", Form::Object),
    ("to_", Form::Link),
    // Of other archives of the web: a page, and a page without what stands around it.
    ("mp_", Form::Shown),
    ("if_", Form::Shown),
    ("", Form::Shown),
];

impl Form {
    fn modifier(self) -> &'static str {
        match self {
            Self::Shown => "",
            other => MODIFIERS
                .iter()
                .find(|(_, form)| *form == other)
                .map_or("", |(modifier, _)| modifier),
        }
    }

    /// The form in which a page needs something.
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Image | Kind::Icon => Self::Picture,
            Kind::Style => Self::Style,
            Kind::Script => Self::Script,
            Kind::Frame => Self::Frame,
            Kind::Font | Kind::Media | Kind::Download | Kind::Other => Self::Object,
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The digits, as they stand there; none for the newest, `*` for a list.
    pub(super) digits: String,
    /// The copy's number.
    pub(super) copy: Option<i64>,
    /// The key.
    pub(super) key: Option<String>,
    /// The form.
    pub(super) form: Form,
    /// The address, as it stands there.
    pub(super) address: String,
}

impl Place {
    /// Reads what stands behind `/web/`.
    pub(super) fn parse(rest: &str) -> Option<Self> {
        let (when, address) = rest.split_once('/').unwrap_or((rest, ""));
        let place = match Self::when(when) {
            Some(place) => Self {
                address: address.to_owned(),
                ..place
            },
            None => Self::of("", rest),
        };
        (!place.address.is_empty()).then_some(place)
    }

    /// An address, as of what these digits say.
    pub(super) fn of(digits: &str, address: &str) -> Self {
        Self {
            digits: digits.to_owned(),
            copy: None,
            key: None,
            form: Form::Shown,
            address: address.to_owned(),
        }
    }

    fn when(when: &str) -> Option<Self> {
        if when == "*" {
            return Some(Self::of(when, ""));
        }
        let digits = digits_of(when);
        if digits.is_empty() || digits.len() > 14 {
            return None;
        }
        let rest = &when[digits.len()..];
        let (copy, rest) = match rest.strip_prefix('-') {
            None => (None, rest),
            Some(rest) => {
                let number = digits_of(rest);
                (Some(number.parse().ok()?), &rest[number.len()..])
            }
        };
        let (key, rest) = match rest.strip_prefix('~') {
            None => (None, rest),
            Some(rest) => {
                let (key, rest) = rest.split_at_checked(KEY_LENGTH)?;
                (Some(key.to_owned()), rest)
            }
        };
        let (_, form) = MODIFIERS.iter().find(|(modifier, _)| *modifier == rest)?;
        Some(Self {
            copy,
            key,
            form: *form,
            ..Self::of(digits, "")
        })
    }

    /// The instant that it names, in milliseconds since the epoch: the beginning of what the digits leave open.
    pub(super) fn instant(&self) -> Option<i64> {
        const OPEN: &str = "00000101000000";
        let digits = format!("{}{}", self.digits, OPEN.get(self.digits.len()..)?);
        if self.digits.len() < 4 || self.digits.len() % 2 == 1 {
            return None;
        }
        let number = |from: usize, to: usize| digits.get(from..to)?.parse::<i8>().ok();
        let at = DateTime::new(
            digits.get(..4)?.parse().ok()?,
            number(4, 6)?,
            number(6, 8)?,
            number(8, 10)?,
            number(10, 12)?,
            number(12, 14)?,
            0,
        );
        let at = TimeZone::UTC.to_timestamp(at.ok()?).ok()?;
        Some(at.as_millisecond())
    }

    /// Whether it names the second that stands for this instant.
    pub(super) fn is(&self, ms: i64) -> bool {
        self.digits.len() == 14 && self.digits == digits(ms)
    }

    /// The addresses that may be meant, the likeliest first, in the form that names sources.
    pub(super) fn sources(&self) -> Vec<String> {
        let mut meant = vec![self.address.clone()];
        // The part behind `#` is no part of what a browser asks for, but may name a source.
        for mark in ["!", "/"] {
            let hidden = format!("%23{mark}");
            if self.address.contains(&hidden) {
                let shown = format!("#{mark}");
                meant.insert(0, self.address.replacen(&hidden, &shown, 1));
            }
        }
        if !self.address.contains(":/") {
            meant = vec![
                format!("https://{}", self.address),
                format!("http://{}", self.address),
            ];
        }
        let parsed = meant
            .iter()
            .filter_map(|one| address::parse(one, None).ok());
        parsed
            .map(|url| address::canonical(&url).to_string())
            .collect()
    }

    /// The address as it would be asked for.
    pub(super) fn url(&self) -> Option<Url> {
        let mut url = address::parse(&self.address, None).ok()?;
        url.set_fragment(None);
        Some(url)
    }
}

fn digits_of(text: &str) -> &str {
    let end = text
        .bytes()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    &text[..end]
}

/// When something is from, and which copy it is: what stands before a form and an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct When(String);

impl When {
    /// An instant, in milliseconds since the epoch.
    pub(super) fn at(ms: i64) -> Self {
        Self(digits(ms))
    }

    /// A copy, for what it needs.
    pub(super) fn of_parts(ms: i64, id: i64, key: &str) -> Self {
        Self(format!("{}-{id}~{key}", digits(ms)))
    }

    /// A copy, by its instant and its number.
    pub(super) fn copy(ms: i64, id: i64) -> Self {
        Self(format!("{}-{id}", digits(ms)))
    }

    /// What is asked for, said again by who may ask for parts of copies.
    pub(super) fn with_key(place: &Place, key: &str) -> Self {
        let copy = place.copy.map(|id| format!("-{id}")).unwrap_or_default();
        Self(format!("{}{copy}~{key}", place.digits))
    }

    /// What is asked for, said again.
    pub(super) fn of(place: &Place) -> Self {
        Self(place.digits.clone())
    }

    /// The same instant, of whichever copy.
    pub(super) fn of_any(&self) -> Self {
        Self(digits_of(&self.0).to_owned())
    }

    /// The path of an address, in a form.
    pub(super) fn path(&self, form: Form, address: &str) -> String {
        let modifier = form.modifier();
        let mut path = String::with_capacity(address.len() + 32);
        path.push_str("/web/");
        if !self.0.is_empty() || !modifier.is_empty() {
            path.push_str(&self.0);
            path.push_str(modifier);
            path.push('/');
        }
        match address.split_once('#') {
            None => path.push_str(address),
            Some((before, behind)) => {
                path.push_str(before);
                path.push_str("%23");
                path.push_str(behind);
            }
        }
        path
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Letters of a key.
pub(super) const KEY_LENGTH: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(rest: &str) -> (String, Option<i64>, Form, String) {
        let place = Place::parse(rest).unwrap();
        (place.digits, place.copy, place.form, place.address)
    }

    #[test]
    fn places_are_read() {
        let url = "https://a.test/b?c=//d";
        for (when, digits, copy, form) in [
            ("20260105080000", "20260105080000", None, Form::Shown),
            ("20260105080000-42", "20260105080000", Some(42), Form::Shown),
            (
                "20260105080000-42im_",
                "20260105080000",
                Some(42),
                Form::Picture,
            ),
            (
                "20260105080000-42~0123456789abcdeffr_",
                "20260105080000",
                Some(42),
                Form::Frame,
            ),
            ("2026id_", "2026", None, Form::Bytes),
            ("2026if_", "2026", None, Form::Shown),
            ("*", "*", None, Form::Shown),
        ] {
            let expected = (digits.to_owned(), copy, form, url.to_owned());
            assert_eq!(place(&format!("{when}/{url}")), expected, "{when}");
        }
        // What is no instant is part of an address.
        for rest in [
            url,
            "2026xx_/a",
            "2026~abfr_/a",
            "a.test/b",
            "202601050800001/a.test",
            "2026.test/",
        ] {
            assert_eq!(
                place(rest),
                (String::new(), None, Form::Shown, rest.to_owned())
            );
        }
        assert_eq!(Place::parse("2026/"), None);
        assert_eq!(Place::parse(""), None);
    }

    #[test]
    fn instants_are_read_and_written() {
        let instant = |digits: &str| Place::parse(&format!("{digits}/a")).unwrap().instant();
        assert_eq!(instant("20260105080000"), Some(1_767_600_000_000));
        assert_eq!(instant("2026"), Some(1_767_225_600_000));
        assert_eq!(instant("202601"), instant("2026"));
        for digits in ["202613", "20260230", "1", "20261", "20260105250000"] {
            assert_eq!(instant(digits), None, "{digits}");
        }
        assert_eq!(When::at(1_767_600_000_499).to_string(), "20260105080000");
        assert_eq!(When::at(1_767_600_000_500).to_string(), "20260105080001");
        let path = When::copy(1_767_600_000_000, 7).path(Form::Style, "https://a.test/#!/b");
        assert_eq!(path, "/web/20260105080000-7cs_/https://a.test/%23!/b");
    }

    #[test]
    fn addresses_are_completed() {
        let sources = |rest: &str| Place::parse(rest).unwrap().sources();
        assert_eq!(
            sources("2026/a.test/b?utm_source=c"),
            ["https://a.test/b", "http://a.test/b"]
        );
        assert_eq!(sources("2026/https:/a.test/b"), ["https://a.test/b"]);
        assert_eq!(
            sources("2026/https://a.test/%23!/b")[0],
            "https://a.test/#!/b"
        );
        assert!(sources("2026/javascript:alert(1)").is_empty());
        assert!(sources("2026/ftp://a.test/").is_empty());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            at in 0_i64..4_000_000_000_000,
            id in 1_i64..,
            form in 0..MODIFIERS.len(),
            path in "[ -~]{0,20}",
            rest in "\\PC{0,40}",
        ) {
            let form = MODIFIERS[form].1;
            let url = Url::parse(&format!("https://a.test/{path}")).unwrap();
            let written = When::of_parts(at, id, "0123456789abcdef").path(form, url.as_str());
            let place = Place::parse(written.strip_prefix("/web/").unwrap()).unwrap();
            prop_assert!(place.is(at));
            prop_assert_eq!((place.copy, place.form), (Some(id), form));
            prop_assert_eq!(place.address, url.as_str().replacen('#', "%23", 1));
            // Whatever stands there, it can be read.
            if let Some(place) = Place::parse(&rest) {
                let _ = (place.instant(), place.sources(), place.url());
            }
        }
    }
}
