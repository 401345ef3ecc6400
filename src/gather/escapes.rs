//! Text files that write some characters in another way: JSON strings (`https:\/\/`, `\u0026`, `\n`) and TeX (`\_`, `\&`).
//!
//! An address in them is not what stands there. So they are read unescaped, with a way back to where it stands.

use std::borrow::Cow;

use super::position::{Origin, Unescaped};

/// How a file writes what it cannot write as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Json,
    Tex,
}

/// The text without its escapes, as far as the file's name says that it has any, and where it came from.
pub(super) fn without<'t>(name: &str, text: &'t str) -> (Cow<'t, str>, Origin) {
    let Some(escapes) = of_name(name).filter(|_| text.contains('\\')) else {
        return (Cow::Borrowed(text), Origin::Slice(0));
    };
    let mut plain = Unescaped::default();
    let mut at = 0;
    for slash in memchr::memchr_iter(b'\\', text.as_bytes()) {
        // The second of two.
        if slash < at {
            continue;
        }
        let Some((stands_for, length)) = escape(escapes, &text[slash + 1..]) else {
            continue;
        };
        plain.literal(&text[at..slash], at);
        let mut buffer = [0; 4];
        plain.stand_in(stands_for.encode_utf8(&mut buffer), slash, 1 + length);
        at = slash + 1 + length;
    }
    plain.literal(&text[at..], at);
    let (plain, origin) = plain.into_parts();
    (Cow::Owned(plain), origin)
}

fn of_name(name: &str) -> Option<Escapes> {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    match name.rsplit_once('.')?.1 {
        "json" | "jsonl" | "ndjson" | "ipynb" | "geojson" | "webmanifest" => Some(Escapes::Json),
        "tex" | "ltx" | "bib" | "sty" => Some(Escapes::Tex),
        _ => None,
    }
}

/// What an escape stands for, and how many bytes it has behind its backslash.
fn escape(escapes: Escapes, rest: &str) -> Option<(char, usize)> {
    let first = rest.chars().next()?;
    match (escapes, first) {
        (Escapes::Tex, '_' | '%' | '&' | '#' | '$' | '{' | '}')
        | (Escapes::Json, '/' | '"' | '\\') => Some((first, 1)),
        (Escapes::Json, 'n' | 'r') => Some(('\n', 1)),
        (Escapes::Json, 't' | 'b' | 'f') => Some((' ', 1)),
        (Escapes::Json, 'u') => {
            let high = unit(rest.get(1..5)?)?;
            if let Some(character) = char::from_u32(high) {
                return Some((character, 5));
            }
            let low = rest.get(5..)?.strip_prefix("\\u")?;
            let units = [high as u16, unit(low.get(..4)?)? as u16];
            let character = char::decode_utf16(units).next()?.ok()?;
            Some((character, 11))
        }
        _ => None,
    }
}

fn unit(digits: &str) -> Option<u32> {
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_the_way_back() {
        for (name, text, plain) in [
            (
                "a.json",
                r#"{"a":"https:\/\/a.example\/x\nb"}"#,
                "{\"a\":\"https://a.example/x\nb\"}",
            ),
            ("a.JSON.gz", r"\u0026\uD83D\uDE00\\n", "&\u{1F600}\\n"),
            (
                "a.json",
                r"\uD83Dx \u12 \u+123 \x \",
                r"\uD83Dx \u12 \u+123 \x \",
            ),
            (
                "a.tex",
                r"http://a.example/x\_y\%z \url{x}",
                r"http://a.example/x_y%z \url{x}",
            ),
            ("a.rs", r"http:\/\/", r"http:\/\/"),
            ("json", r"\/", r"\/"),
            ("a.json", "plain", "plain"),
        ] {
            assert_eq!(without(name, text).0, plain, "{text}");
        }
        let text = r"é\/\u0026x";
        let (plain, origin) = without("a.json", text);
        let at = plain.find("&x").unwrap();
        assert_eq!(&text[origin.of(&(at..at + 2))], r"\u0026x");
        let many = r"\/".repeat(1_000_000);
        assert_eq!(without("a.json", &many).0.len(), 1_000_000);
    }
}
