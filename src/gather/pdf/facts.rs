//! What a PDF says of itself, in its information dictionary.

use lopdf::{Document, Object, decode_text_string};

use super::About;
use crate::gather::{Post, dates};

/// The longest title or name that is kept, in characters.
const MAX_CHARACTERS: usize = 1000;

pub(super) fn about(pdf: &Document) -> About {
    let info = pdf
        .trailer
        .get_deref(b"Info", pdf)
        .and_then(Object::as_dict)
        .ok();
    let text = |key: &[u8]| {
        let value = info?.get_deref(key, pdf).ok()?;
        folded(&decode_text_string(value).ok()?)
    };
    let language = pdf
        .catalog()
        .and_then(|catalog| catalog.get_deref(b"Lang", pdf))
        .ok()
        .and_then(|value| folded(&decode_text_string(value).ok()?));
    About {
        title: text(b"Title"),
        author: text(b"Author"),
        language,
        created_at: text(b"CreationDate").and_then(|date| instant(&date)),
        modified_at: text(b"ModDate").and_then(|date| instant(&date)),
    }
}

pub(super) fn post(about: &About) -> Post {
    Post {
        title: about.title.clone(),
        author: about.author.clone(),
        language: about.language.clone(),
        published_at: about.created_at,
        modified_at: about.modified_at,
        ..Post::default()
    }
}

fn folded(text: &str) -> Option<String> {
    let text: String = text.chars().take(MAX_CHARACTERS).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// `D:20120503101500+02'00'`, and what is left of it where it is shorter (ISO 32000, 7.9.4).
fn instant(date: &str) -> Option<i64> {
    let date = date.strip_prefix("D:").unwrap_or(date);
    let digits: String = date.chars().take_while(char::is_ascii_digit).collect();
    let part = |range: std::ops::Range<usize>, default: &'static str| {
        digits.get(range).map_or(default.to_owned(), str::to_owned)
    };
    let year = digits.get(0..4)?;
    let zone: String = date[digits.len()..]
        .chars()
        .filter(|character| character.is_ascii_digit() || matches!(character, '+' | '-'))
        .take(5)
        .collect();
    let zone = match zone.len() {
        5 => format!("{}:{}", &zone[..3], &zone[3..]),
        3 => format!("{zone}:00"),
        _ => "+00:00".to_owned(),
    };
    dates::milliseconds(&format!(
        "{year}-{}-{}T{}:{}:{}{zone}",
        part(4..6, "01"),
        part(6..8, "01"),
        part(8..10, "00"),
        part(10..12, "00"),
        part(12..14, "00"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_pdf_writes_them() {
        for (date, expected) in [
            ("D:20120503101500+02'00'", Some(1_336_032_900_000)),
            ("D:20120503101500+02'00", Some(1_336_032_900_000)),
            ("D:20120503081500Z", Some(1_336_032_900_000)),
            ("D:20120503081500", Some(1_336_032_900_000)),
            ("D:201205", Some(1_335_830_400_000)),
            ("2012", Some(1_325_376_000_000)),
            ("D:20121399", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(instant(date), expected, "{date}");
        }
    }
}
