//! Text that is no page: plain text, Markdown, JSON, CSV.

use super::{MAX_TITLE_CHARS, Text, data, language};
use crate::charset::essence;
use crate::judge::features::folded;

/// How many lines are looked at for a title.
const TITLE_LINES: usize = 50;

pub(super) fn text(body: &str, media_type: Option<&str>) -> Text {
    let essence = media_type.map(essence).unwrap_or_default();
    let read = match essence.as_str() {
        name if name.ends_with("json") => data::json(body),
        "text/csv" => Some(data::csv(body, b',')),
        "text/tab-separated-values" => Some(data::csv(body, b'\t')),
        _ => None,
    };
    let is_data = read.is_some();
    let read = read.unwrap_or_else(|| data::Read {
        title: title(body),
        text: body.to_owned(),
    });
    Text {
        title: read
            .title
            .and_then(|title| folded(title.as_bytes(), MAX_TITLE_CHARS)),
        language: if is_data { None } else { language(&read.text) },
        main: read.text.clone(),
        whole: read.text,
        ..Text::default()
    }
}

/// The first heading of a text: behind `#`, over a line of `=` or `-`, or the `title` of its front matter; else a short first
/// line with an empty one below.
fn title(body: &str) -> Option<String> {
    let lines: Vec<&str> = body
        .trim_start_matches('\u{feff}')
        .lines()
        .take(TITLE_LINES)
        .map(|line| {
            let end = line.char_indices().nth(2 * MAX_TITLE_CHARS);
            line[..end.map_or(line.len(), |(at, _)| at)].trim()
        })
        .collect();
    let underlined = |line: &str| {
        line.len() >= 3
            && (line.bytes().all(|byte| byte == b'=') || line.bytes().all(|byte| byte == b'-'))
    };
    let has_front = lines
        .first()
        .is_some_and(|line| matches!(*line, "---" | "+++"));
    let mut is_front = has_front;
    for (at, line) in lines.iter().enumerate().skip(usize::from(has_front)) {
        if is_front {
            if matches!(*line, "---" | "+++" | "...") {
                is_front = false;
            } else if let Some(rest) = line.strip_prefix("title")
                && let Some(value) = rest.trim_start().strip_prefix([':', '='])
            {
                return Some(value.trim().trim_matches(['"', '\'']).to_owned());
            }
            continue;
        }
        let heading = line.trim_start_matches('#');
        if heading.len() < line.len() && heading.starts_with([' ', '\t']) {
            return Some(heading.trim().trim_end_matches('#').trim().to_owned());
        }
        let next = lines.get(at + 1);
        if !line.is_empty() && !underlined(line) && next.is_some_and(|next| underlined(next)) {
            return Some((*line).to_owned());
        }
    }
    let mut filled = lines.iter().skip_while(|line| line.is_empty());
    let first = filled.next().filter(|line| line.chars().count() <= 120)?;
    filled
        .next()
        .is_none_or(|line| line.is_empty())
        .then(|| (*first).to_owned())
}
