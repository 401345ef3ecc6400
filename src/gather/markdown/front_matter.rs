//! Front matter: the block of YAML (`---`) or TOML (`+++`) before a post.
//!
//! Read line by line for the few keys that say who wrote the post and when; a parser for either language would refuse
//! the whole of a block over one odd value.

use crate::gather::Post;
use crate::gather::dates::milliseconds;

/// What the front matter says, and where the text behind it begins.
pub(super) fn read(text: &str) -> (Post, usize) {
    let mut post = Post::default();
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let Some(fence) = ["---", "+++"]
        .into_iter()
        .find(|fence| text[start..].starts_with(fence))
    else {
        return (post, 0);
    };
    let mut at = start;
    let mut lines = text[start..].split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| line.trim_end() == fence) else {
        return (post, 0);
    };
    at += first.len();
    let block_at = at;
    for line in lines {
        if line.trim_end() == fence {
            read_block(&text[block_at..at], &mut post);
            return (post, at + line.len());
        }
        at += line.len();
    }
    (post, 0)
}

fn read_block(block: &str, post: &mut Post) {
    let mut list_key = "";
    for line in block.lines() {
        if let Some(item) = line.trim_start().strip_prefix("- ") {
            if matches!(list_key, "author" | "authors") {
                let item = item.strip_prefix("name:").unwrap_or(item);
                post.author = post.author.take().or_else(|| value_of(item));
            }
            continue;
        }
        // Nested keys belong to something else.
        if line.starts_with([' ', '\t', '#']) {
            continue;
        }
        let Some((key, value)) = line.split_once([':', '=']) else {
            continue;
        };
        let key = key.trim();
        list_key = key;
        let Some(value) = value_of(value) else {
            continue;
        };
        match key.to_ascii_lowercase().as_str() {
            "title" => post.title = post.title.take().or(Some(value)),
            "author" | "authors" => post.author = post.author.take().or(Some(value)),
            "lang" | "language" | "locale" => post.language = Some(value.replace('_', "-")),
            "date" | "published" | "publishdate" | "pubdate" | "published_at"
            | "date_published" => {
                post.published_at = post.published_at.or_else(|| milliseconds(&value));
            }
            "lastmod" | "updated" | "modified" | "last_modified_at" | "updated_at" => {
                post.modified_at = post.modified_at.or_else(|| milliseconds(&value));
            }
            _ => {}
        }
    }
}

/// A scalar without its quotes, or the first of an inline list.
fn value_of(written: &str) -> Option<String> {
    let written = written.trim();
    let written = written
        .strip_prefix('[')
        .map_or(written, |list| {
            list.split([',', ']']).next().unwrap_or(list)
        })
        .trim();
    let value = match written.chars().next() {
        Some(quote @ ('"' | '\'')) => written[1..].split(quote).next().unwrap_or_default(),
        _ => written.split(" #").next().unwrap_or(written),
    };
    let value = value.trim();
    (!value.is_empty() && !matches!(value, "|" | ">" | "null" | "~" | "{"))
        .then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_and_toml() {
        let yaml = "---\ntitle: \"A: title\"\ndate: 2012-08-23\nauthors:\n  - Jane Doe\nimage:\n  title: no\n---\nBody";
        let (post, at) = read(yaml);
        assert_eq!(post.title.as_deref(), Some("A: title"));
        assert_eq!(post.author.as_deref(), Some("Jane Doe"));
        assert_eq!(post.published_at, Some(1_345_680_000_000));
        assert_eq!(&yaml[at..], "Body");
        let toml = "+++\r\ntitle = 'T'\r\nauthors = [\"A\", \"B\"]\r\n+++\r\nBody";
        let (post, at) = read(toml);
        assert_eq!(
            (post.title.as_deref(), post.author.as_deref(), &toml[at..]),
            (Some("T"), Some("A"), "Body")
        );
        assert_eq!(read("---\nno end").1, 0);
        assert_eq!(read("text --- x").1, 0);
    }
}
