//! Data (JSON, XML) that says "not found".
//!
//! Data is mostly about something: a record may have a code of 404, a song the title "Page Not Found". So all that is there
//! must be of the kind that errors have.

use serde_json::{Map, Value};

use super::tier;
use crate::judge::rules::{Phrases, fold};
use crate::judge::{Features, Kind};

/// Data with more members than these is no error.
const MOST_MEMBERS: usize = 12;
/// Data of so many words is more than a message.
const MESSAGE_WORDS: u64 = 80;

/// What data says where all it says is that there is nothing.
pub(super) fn says(page: &Features, strong: &Phrases, code: &Phrases) -> Option<String> {
    if page.kind != Kind::Text {
        return None;
    }
    let text = page.opening.trim_start();
    if text.starts_with('<') {
        let folded = fold(text);
        let found = strong.find(&folded)?;
        return (page.words < MESSAGE_WORDS && is_error_document(&folded))
            .then(|| found.phrase.to_owned());
    }
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let value = match &value {
        Value::Array(all) if all.len() == 1 => &all[0],
        other => other,
    };
    member_says(value, strong, code, 2, false)
}

/// Whether a page is data, as far as what is kept of it tells: as it came, where it is small, or its members and values.
pub(super) fn is_data(page: &Features) -> bool {
    let opening = page.opening.trim_start();
    let is_member = |name: &str| {
        let title = page.title.as_deref().unwrap_or_default();
        !title.is_empty() && opening.contains(&format!("{name}: {title}"))
    };
    page.kind == Kind::Text
        && (opening.starts_with(['{', '[', '<'])
            || (page.headings.is_empty()
                && ["title", "name", "headline"].into_iter().any(is_member)))
}

/// Whether XML is no feed, map of a site or the like, and has an element that errors have.
fn is_error_document(folded: &str) -> bool {
    const DOCUMENTS: &[&str] = &[
        "<rss",
        "<feed",
        "<rdf",
        "<urlset",
        "<sitemapindex",
        "<svg",
        "<opml",
        "<kml",
        "<gpx",
        "<tei",
        "<channel",
    ];
    const ERRORS: &[&str] = &[
        "error",
        "fault",
        "exception",
        "problem",
        "message",
        "code",
        "status",
    ];
    let mut elements = folded.split('<').skip(1);
    !DOCUMENTS.iter().any(|name| folded.contains(name))
        && elements.any(|element| {
            let name = element.split([' ', '>', '/']).next().unwrap_or_default();
            ERRORS.iter().any(|error| name.contains(error))
        })
}

/// Members by which interfaces give a code or a message.
const CODES: &[&str] = &[
    "status",
    "code",
    "statuscode",
    "status_code",
    "errorcode",
    "error_code",
    "errcode",
    "http_code",
    "httpcode",
    "http_status",
    "httpstatus",
];
const MESSAGES: &[&str] = &[
    "error",
    "errors",
    "message",
    "detail",
    "title",
    "msg",
    "reason",
    "error_description",
    "errormessage",
    "error_message",
    "description",
    "type",
    "code",
    "name",
    "text",
];
const WITHIN: &[&str] = &[
    "error",
    "errors",
    "data",
    "meta",
    "status",
    "fault",
    "response",
    "result",
    "exception",
];
/// Members of which records have some as well: one of them says nothing without another that only errors have.
const OF_RECORDS: &[&str] = &["code", "name", "text", "description", "type"];
/// What else stands in errors.
const BESIDE: &[&str] = &[
    "success",
    "ok",
    "path",
    "timestamp",
    "time",
    "instance",
    "url",
    "uri",
    "request_id",
    "requestid",
    "request",
    "trace_id",
    "traceid",
    "correlationid",
    "documentation_url",
    "method",
    "href",
    "help",
    "hint",
    "more_info",
    "moreinfo",
    "info",
    "details",
    "stack",
    "statustext",
    "status_text",
    "sys",
    "version",
    "apiversion",
];

fn member_says(
    value: &Value,
    strong: &Phrases,
    code: &Phrases,
    deeper: u8,
    within_error: bool,
) -> Option<String> {
    let members = value.as_object()?;
    let is_error =
        || within_error || is_of_errors(members) || has_code_and_message(members, strong, code);
    if members.len() > MOST_MEMBERS || !is_error() {
        return None;
    }
    let has_other = |own: &str| {
        members.keys().any(|name| {
            let name = name.to_ascii_lowercase();
            name != own
                && !OF_RECORDS.contains(&name.as_str())
                && (CODES.contains(&name.as_str())
                    || MESSAGES.contains(&name.as_str())
                    || name == "success")
        })
    };
    for (name, value) in members {
        let name = name.to_ascii_lowercase();
        let is_sure = within_error
            || members.len() == 1
            || !OF_RECORDS.contains(&name.as_str())
            || has_other(&name);
        if is_sure && is_code(&name, value) {
            return Some(format!("{name}: {value}"));
        }
        let inner = match value {
            Value::Array(all) if WITHIN.contains(&name.as_str()) => all.first().unwrap_or(value),
            other => other,
        };
        if is_sure
            && MESSAGES.contains(&name.as_str())
            && let Some(text) = inner.as_str()
            && tier(&fold(&spaced(text)), strong, code, None).is_some()
        {
            return Some(format!("{name}: {text}"));
        }
        if deeper > 0 && WITHIN.contains(&name.as_str()) {
            let is_error = matches!(name.as_str(), "error" | "errors" | "fault" | "exception");
            let said = member_says(inner, strong, code, deeper - 1, is_error);
            if said.is_some() {
                return said;
            }
        }
    }
    None
}

/// Whether a member is a code that says so.
fn is_code(name: &str, value: &Value) -> bool {
    let number = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    CODES.contains(&name) && matches!(number, Some(404 | 410))
}

/// Whether a code and a message say the same, whatever stands beside them.
fn has_code_and_message(members: &Map<String, Value>, strong: &Phrases, code: &Phrases) -> bool {
    let is_message = |name: &str, value: &Value| {
        matches!(name, "message" | "error" | "msg" | "detail")
            && value
                .as_str()
                .is_some_and(|text| tier(&fold(&spaced(text)), strong, code, None).is_some())
    };
    let any = |is: &dyn Fn(&str, &Value) -> bool| {
        members
            .iter()
            .any(|(name, value)| is(&name.to_ascii_lowercase(), value))
    };
    any(&is_code) && any(&is_message)
}

/// Whether a record is that of an error: it says that something failed, or has no member but such as errors have.
fn is_of_errors(members: &Map<String, Value>) -> bool {
    let is_nothing = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        Value::Number(number) => number.as_u64() == Some(0),
        Value::Bool(true) => false,
    };
    let has_failed = |name: &str, value: &Value| match name {
        "error" | "errors" | "fault" | "exception" => !is_nothing(value),
        "success" | "ok" => value == &Value::Bool(false),
        _ => false,
    };
    let is_known = |name: &str| {
        [CODES, MESSAGES, WITHIN, BESIDE]
            .iter()
            .any(|known| known.contains(&name))
    };
    let names = || {
        members
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
    };
    names().any(|(name, value)| has_failed(&name, value))
        || names().all(|(name, value)| is_nothing(value) || is_known(&name))
}

/// `NOT_FOUND`, `NotFound` and `not-found` as words.
fn spaced(text: &str) -> String {
    let mut words = String::with_capacity(text.len() + 8);
    let mut was_lower = false;
    for c in text.chars().take(200) {
        if matches!(c, '_' | '-') {
            words.push(' ');
        } else {
            if c.is_uppercase() && was_lower {
                words.push(' ');
            }
            words.push(c);
        }
        was_lower = c.is_lowercase();
    }
    words
}
