//! What a WordPress REST API answers, as far as posts are to be found in it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::gather::dates::milliseconds;

/// Kinds of posts that nobody would call one.
const NO_POSTS: &[&str] = &[
    "attachment",
    "elementor_library",
    "feedback",
    "jp_mem_plan",
    "nav_menu_item",
    "oembed_cache",
    "revision",
    "user_request",
];

/// A post as an API lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'j> {
    /// Its number.
    pub id: u64,
    /// All of it.
    pub json: &'j str,
    /// When it was last modified, in milliseconds since the epoch.
    pub modified_at: Option<i64>,
    /// Whether its content is there; some kinds of posts have none in the API.
    pub has_content: bool,
}

#[derive(Deserialize)]
struct Head<'j> {
    id: u64,
    modified_gmt: Option<String>,
    #[serde(borrow)]
    content: Option<Content<'j>>,
    link: Option<String>,
}

#[derive(Deserialize)]
struct Content<'j> {
    #[serde(borrow)]
    rendered: Option<&'j RawValue>,
}

#[derive(Deserialize)]
struct Link {
    link: Option<String>,
}

impl Item<'_> {
    /// Its address, as written.
    pub fn link(&self) -> Option<String> {
        serde_json::from_str::<Link>(self.json).ok()?.link
    }
}

/// Whether this is the root of an API that lists posts.
pub fn is_api(json: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Root {
        namespaces: Vec<String>,
    }
    serde_json::from_slice::<Root>(json)
        .is_ok_and(|root| root.namespaces.iter().any(|name| name == "wp/v2"))
}

/// The collections of posts among the kinds that an API lists, as paths below its root, in its order.
pub fn collections(json: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Kind {
        slug: Option<String>,
        rest_base: Option<String>,
        rest_namespace: Option<String>,
    }
    let Ok(kinds) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(json)
    else {
        return Vec::new();
    };
    let mut paths = Vec::new();
    for (name, kind) in kinds {
        let Ok(kind) = serde_json::from_value::<Kind>(kind) else {
            continue;
        };
        let slug = kind.slug.unwrap_or(name);
        let is_word = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        let space = kind.rest_namespace.unwrap_or_else(|| "wp/v2".to_owned());
        let base = kind.rest_base.unwrap_or_default();
        let is_post = !slug.starts_with("wp_") && !NO_POSTS.contains(&slug.as_str());
        if is_post && is_word(&base) && space.split('/').all(is_word) {
            paths.push(format!("/{space}/{base}"));
        }
    }
    // `posts` and `pages` are asked first, whatever the order.
    paths.sort_by_key(|path| match path.as_str() {
        "/wp/v2/posts" => 0,
        "/wp/v2/pages" => 1,
        _ => 2,
    });
    paths
}

/// The posts of one page of a collection; what is none of them is passed over.
///
/// # Errors
/// When it is no list at all: why.
pub fn items(json: &[u8]) -> Result<Vec<Item<'_>>, String> {
    let posts: Vec<&RawValue> = serde_json::from_slice(json).map_err(|why| why.to_string())?;
    let item = |raw: &'_ RawValue| -> Option<(u64, Option<i64>, bool)> {
        let head: Head<'_> = serde_json::from_str(raw.get()).ok()?;
        head.link.as_ref()?;
        let modified_at = head.modified_gmt.as_deref().and_then(milliseconds);
        let has_content = head.content.is_some_and(|content| {
            content
                .rendered
                .is_some_and(|text| text.get().starts_with('"'))
        });
        Some((head.id, modified_at, has_content))
    };
    let items = posts.into_iter().filter_map(|raw| {
        let (id, modified_at, has_content) = item(raw)?;
        Some(Item {
            id,
            json: raw.get(),
            modified_at,
            has_content,
        })
    });
    Ok(items.collect())
}

/// The comments of one page of the collection of comments: the number of the post of each, and all of it.
///
/// # Errors
/// When it is no list at all: why.
pub fn comments(json: &[u8]) -> Result<Vec<(u64, &str)>, String> {
    #[derive(Deserialize)]
    struct Of {
        post: u64,
    }
    let comments: Vec<&RawValue> = serde_json::from_slice(json).map_err(|why| why.to_string())?;
    let comments = comments.into_iter().filter_map(|raw| {
        let of: Of = serde_json::from_str(raw.get()).ok()?;
        Some((of.post, raw.get()))
    });
    Ok(comments.collect())
}

/// A post and its comments as one document.
pub fn document(post: &str, comments: &[&str]) -> Vec<u8> {
    let length = post.len() + comments.iter().map(|one| one.len() + 1).sum::<usize>() + 32;
    let mut json = String::with_capacity(length);
    json.push_str("{\"post\":");
    json.push_str(post);
    json.push_str(",\"comments\":[");
    for (number, comment) in comments.iter().enumerate() {
        if number > 0 {
            json.push(',');
        }
        json.push_str(comment);
    }
    json.push_str("]}");
    json.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_is_known_by_its_namespaces() {
        assert!(is_api(br#"{"namespaces":["oembed/1.0","wp/v2"]}"#));
        assert!(!is_api(br#"{"namespaces":["oembed/1.0"]}"#));
        assert!(!is_api(b"<html>"));
    }

    #[test]
    fn collections_are_those_of_posts() {
        let json = br#"{
            "recipe":{"slug":"recipe","rest_base":"recipes","rest_namespace":"wp/v2"},
            "page":{"slug":"page","rest_base":"pages"},
            "post":{"slug":"post","rest_base":"posts"},
            "attachment":{"slug":"attachment","rest_base":"media"},
            "wp_block":{"slug":"wp_block","rest_base":"blocks"},
            "nav_menu_item":{"slug":"nav_menu_item","rest_base":"menu-items"},
            "odd":{"slug":"odd","rest_base":"../users"},
            "none":{"slug":"none","rest_base":false},
            "book":{"slug":"book","rest_base":"books","rest_namespace":"shop/v1"}}"#;
        assert_eq!(
            collections(json),
            [
                "/wp/v2/posts",
                "/wp/v2/pages",
                "/shop/v1/books",
                "/wp/v2/recipes"
            ]
        );
        assert!(collections(b"[1]").is_empty());
    }

    #[test]
    fn posts_are_listed_with_their_dates() {
        let json = br#"[{"id":3,"link":"https://a.org/3","modified_gmt":"2024-01-05T10:00:00","content":{"rendered":""}},
            {"id":4,"link":"https://a.org/4","title":{}}, {"id":"x"}, 7, {"id":5}]"#;
        let items = items(json).unwrap();
        let seen: Vec<_> = items
            .iter()
            .map(|one| (one.id, one.modified_at, one.has_content))
            .collect();
        assert_eq!(seen, [(3, Some(1_704_448_800_000), true), (4, None, false)]);
        assert_eq!(items[0].link().as_deref(), Some("https://a.org/3"));
        assert!(super::items(b"{\"code\":\"rest_forbidden\"}").is_err());
    }

    #[test]
    fn a_document_holds_the_post_and_its_comments() {
        let json = br#"[{"post":3,"content":1},{"post":4},{}]"#;
        let comments = comments(json).unwrap();
        assert_eq!(
            comments,
            [(3, "{\"post\":3,\"content\":1}"), (4, "{\"post\":4}")]
        );
        assert_eq!(
            document("{\"id\":3}", &["{}", "[]"]),
            br#"{"post":{"id":3},"comments":[{},[]]}"#
        );
    }
}
