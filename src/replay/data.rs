//! What is no page, shown as one: text, tables and JSON as text, pictures as pictures, all else to be saved.

use std::fmt::Write;

use html_escape::{encode_double_quoted_attribute, encode_text};

use crate::capture::kind;
use crate::charset::essence;

/// So many rows of a table are shown; the file has all.
const MOST_ROWS: usize = 10_000;
/// So many cells of a row are shown.
const MOST_CELLS: usize = 500;
/// JSON of more bytes is shown as it is written.
const MOST_JSON_BYTES: usize = 4 << 20;

/// In what way a body is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// As a page.
    Page,
    /// As a picture, by the browser.
    Picture,
    /// As text.
    Text,
    /// As a table.
    Table,
    /// As JSON.
    Json,
    /// Not at all: it is offered to be saved.
    Saved,
}

impl Shown {
    /// How a body of this media type is shown. What may hold scripts, and is no HTML, is shown as text: XML, drawings that are
    /// opened on their own, scripts.
    pub fn of(media_type: Option<&str>) -> Self {
        let Some(media_type) = media_type.map(essence) else {
            return Shown::Saved;
        };
        match media_type.as_str() {
            "text/html" | "application/xhtml+xml" | "text/x-server-parsed-html" => Shown::Page,
            "text/csv" | "text/tab-separated-values" | "application/csv" => Shown::Table,
            "application/json" | "text/json" => Shown::Json,
            "image/png"
            | "image/jpeg"
            | "image/jpg"
            | "image/gif"
            | "image/webp"
            | "image/avif"
            | "image/bmp"
            | "image/x-icon"
            | "image/vnd.microsoft.icon"
            | "image/apng" => Shown::Picture,
            "application/javascript" | "application/xml" => Shown::Text,
            other if other.ends_with("+json") => Shown::Json,
            other if other.ends_with("+xml") || other.starts_with("text/") => Shown::Text,
            _ => Shown::Saved,
        }
    }
}

/// A page that shows a text, a table or JSON. `name` is what it is called.
pub fn page(text: &str, shown: Shown, media_type: Option<&str>, name: &str) -> String {
    let mut html = format!(
        "<!doctype html><meta charset=utf-8><title>{}</title><style>{STYLE}</style>",
        encode_text(name)
    );
    match shown {
        Shown::Table => {
            let is_tabs =
                media_type.is_some_and(|kind| essence(kind) == "text/tab-separated-values");
            table(
                text,
                if is_tabs { b'\t' } else { delimiter(text) },
                &mut html,
            );
        }
        Shown::Json => {
            let parsed = (text.len() <= MOST_JSON_BYTES)
                .then(|| serde_json::from_str::<&serde_json::value::RawValue>(text).ok())
                .flatten()
                .and_then(|_| serde_json::from_str::<serde_json::Value>(text).ok())
                .and_then(|value| serde_json::to_string_pretty(&value).ok());
            preformatted(parsed.as_deref().unwrap_or(text), &mut html);
        }
        _ => preformatted(text, &mut html),
    }
    html
}

/// A page that shows one picture.
pub fn picture(address: &str, name: &str) -> String {
    format!(
        "<!doctype html><meta charset=utf-8><title>{0}</title><style>{STYLE}</style><img src=\"{1}\" alt=\"{2}\">",
        encode_text(name),
        encode_double_quoted_attribute(address),
        encode_double_quoted_attribute(name)
    )
}

/// A page that offers a file to be saved.
pub fn saved(address: &str, name: &str, what: &str) -> String {
    format!(
        "<!doctype html><meta charset=utf-8><title>{0}</title><style>{STYLE}</style><p>{1}</p>\
         <p><a href=\"{2}\" download=\"{3}\">Save {0}</a></p>",
        encode_text(name),
        encode_text(what),
        encode_double_quoted_attribute(address),
        encode_double_quoted_attribute(name),
    )
}

/// The media type of something, as it can stand anywhere; what has none, or another, is bytes.
pub fn plain_type(declared: Option<&str>) -> String {
    let declared = declared.map(essence).filter(|kind| is_plain(kind));
    declared.unwrap_or_else(|| "application/octet-stream".to_owned())
}

fn is_plain(media_type: &str) -> bool {
    media_type.contains('/')
        && media_type
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/+-.".contains(&byte))
}

/// The media type under which a picture is shown. It is what its bytes say, but for drawings, which have to be named.
pub fn picture_type(declared: Option<&str>, body: &[u8]) -> String {
    let declared = declared.map(essence).unwrap_or_default();
    let start = body.get(..1024).unwrap_or(body);
    let is_drawing = declared == "image/svg+xml" || memchr::memmem::find(start, b"<svg").is_some();
    if is_drawing && kind::kind(None, start) != kind::Kind::Image {
        "image/svg+xml".to_owned()
    } else if declared.starts_with("image/") && declared != "image/svg+xml" && is_plain(&declared) {
        declared
    } else {
        "image/png".to_owned()
    }
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:1.5rem;color:#222;background:#fff}\
    pre{white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.5 ui-monospace,monospace}\
    table{border-collapse:collapse;font-size:13px}td,th{border:1px solid #ccc;padding:.25em .6em;text-align:left;\
    vertical-align:top}th{background:#f3f3f3;position:sticky;top:0}img{max-width:100%}";

fn preformatted(text: &str, html: &mut String) {
    html.push_str("<pre>");
    html.push_str(&encode_text(text));
    html.push_str("</pre>");
}

/// What separates cells: what is most often in the first line.
fn delimiter(text: &str) -> u8 {
    let line = text.lines().next().unwrap_or_default();
    let count = |one: u8| line.bytes().filter(|byte| *byte == one).count();
    // Of as many, the first.
    [b',', b';', b'\t', b'|']
        .into_iter()
        .rev()
        .max_by_key(|one| count(*one))
        .unwrap_or(b',')
}

fn table(text: &str, delimiter: u8, html: &mut String) {
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    html.push_str("<table>");
    let mut record = csv::StringRecord::new();
    let mut shown = 0;
    while let Ok(true) = rows.read_record(&mut record) {
        if shown == MOST_ROWS {
            html.push_str("<caption>Only the first rows are shown; the file has more.</caption>");
            break;
        }
        let cell = if shown == 0 { "th" } else { "td" };
        html.push_str("<tr>");
        for text in record.iter().take(MOST_CELLS) {
            // Writing to a string does not fail.
            let _ = write!(html, "<{cell}>{}</{cell}>", encode_text(text));
        }
        html.push_str("</tr>");
        shown += 1;
    }
    html.push_str("</table>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_shown_as_one() {
        let html = page(
            "name;n\n\"<b>\";2\n",
            Shown::of(Some("text/csv; charset=x")),
            None,
            "a.csv",
        );
        assert!(
            html.ends_with("<table><tr><th>name</th><th>n</th></tr><tr><td>&lt;b&gt;</td><td>2</td></tr></table>"),
            "{html}"
        );
    }

    #[test]
    fn json_is_laid_out_and_markup_in_it_is_text() {
        let html = page(
            "{\"a\":\"<script>\"}",
            Shown::of(Some("application/ld+json")),
            None,
            "</title>",
        );
        assert!(html.contains("<title>&lt;/title&gt;</title>"), "{html}");
        assert!(
            html.ends_with("<pre>{\n  \"a\": \"&lt;script&gt;\"\n}</pre>"),
            "{html}"
        );
    }

    #[test]
    fn what_may_hold_scripts_is_text_or_saved() {
        for (media_type, shown) in [
            ("image/svg+xml", Shown::Text),
            ("application/xml", Shown::Text),
            ("text/javascript", Shown::Text),
            ("application/pdf", Shown::Saved),
            ("application/x-shockwave-flash", Shown::Saved),
            ("multipart/related", Shown::Saved),
            ("Image/PNG", Shown::Picture),
        ] {
            assert_eq!(Shown::of(Some(media_type)), shown, "{media_type}");
        }
    }
}
