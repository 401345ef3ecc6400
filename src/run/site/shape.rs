//! What an address looks like: a post's, or that of a list of posts. Sites name both in their sitemaps.
//!
//! Only what is a list on nearly every site counts as one. A list that is taken for a post costs a request; a post that is
//! taken for a list is lost.

use url::Url;

/// What an address looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Shape {
    /// A post, or anything that could be one.
    Post,
    /// Posts of a tag, author, category or day, or a further page of such a list.
    List,
    /// A feed, picture or other file.
    File,
}

/// Folders that hold lists: `/tag/fish/`.
const LIST_FOLDERS: &[&str] = &[
    "author",
    "authors",
    "categories",
    "category",
    "label",
    "post_tag",
    "product-category",
    "product-tag",
    "product_cat",
    "product_tag",
    "search",
    "tag",
    "tags",
];
/// Parameters that make a list of a page: `/?cat=3`.
const LIST_PARAMETERS: &[&str] = &[
    "author",
    "cat",
    "category",
    "category_name",
    "m",
    "paged",
    "s",
    "tag",
    "tag_id",
];
/// Endings of what no post is.
const FILE_ENDINGS: &[&str] = &[
    "7z", "atom", "avi", "bmp", "bz2", "css", "csv", "doc", "docx", "eot", "epub", "exe", "gif",
    "gz", "ico", "ics", "jpeg", "jpg", "js", "json", "m4a", "m4v", "mov", "mp3", "mp4", "ogg",
    "ogv", "png", "ppt", "pptx", "rar", "rdf", "rss", "svg", "tar", "tif", "tiff", "ttf", "wav",
    "webm", "webp", "woff", "woff2", "xls", "xlsx", "xml", "zip",
];
/// Words in the name of a sitemap that names lists.
const LIST_SITEMAPS: &[&str] = &[
    "author",
    "authors",
    "cat",
    "categories",
    "category",
    "image",
    "images",
    "tag",
    "tags",
    "taxonomies",
    "taxonomy",
    "user",
    "users",
    "video",
    "videos",
];

/// What an address that a sitemap or feed names looks like.
pub(in crate::run) fn shape(url: &Url) -> Shape {
    let segments: Vec<String> = url
        .path_segments()
        .into_iter()
        .flatten()
        .filter(|segment| !segment.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    for (name, value) in url.query_pairs() {
        let name = name.to_ascii_lowercase();
        if LIST_PARAMETERS.contains(&name.as_str()) {
            return Shape::List;
        }
        if matches!(name.as_str(), "feed" | "attachment_id" | "rest_route") {
            return Shape::File;
        }
        if name == "page" && is_number(&value) && segments.is_empty() {
            return Shape::List;
        }
    }
    let Some(last) = segments.last() else {
        // The front page is the list of all posts, unless a parameter says which one it shows (`/?p=7`).
        return if url.query().is_some() {
            Shape::Post
        } else {
            Shape::List
        };
    };
    if matches!(
        last.as_str(),
        "feed" | "rss" | "atom" | "wp-login.php" | "xmlrpc.php"
    ) || segments.iter().any(|one| {
        matches!(
            one.as_str(),
            "wp-json" | "wp-admin" | "wp-content" | "attachment"
        )
    }) {
        return Shape::File;
    }
    if let Some((_, ending)) = last.rsplit_once('.')
        && FILE_ENDINGS.contains(&ending)
    {
        return Shape::File;
    }
    let in_list = segments
        .iter()
        .rev()
        .skip(1)
        .any(|folder| LIST_FOLDERS.contains(&folder.as_str()));
    let is_list_itself = segments.len() == 1
        && matches!(
            last.as_str(),
            "tag" | "tags" | "category" | "categories" | "authors"
        );
    let is_page = segments.len() >= 2
        && is_number(last)
        && matches!(segments[segments.len() - 2].as_str(), "page" | "pages");
    let is_date = is_date(&segments);
    if in_list || is_list_itself || is_page || is_date {
        return Shape::List;
    }
    Shape::Post
}

/// `/2024`, `/2024/05`, `/2024/05/03`, and the same below a folder or two.
fn is_date(segments: &[String]) -> bool {
    let digits = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_year = |text: &str| digits(text, 4..=4) && matches!(&text[..2], "19" | "20");
    let Some(year) = segments.iter().position(|one| is_year(one)) else {
        return false;
    };
    let after = &segments[year + 1..];
    year <= 2 && after.len() <= 2 && after.iter().all(|one| digits(one, 1..=2))
}

/// What a sitemap names, as its own name says.
pub(in crate::run) fn sitemap_shape(url: &Url) -> Shape {
    let name = url
        .path_segments()
        .and_then(|mut segments| segments.next_back())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let words = || name.split(|letter: char| !letter.is_ascii_alphabetic());
    // `wp-sitemap-posts-video-1.xml` is the sitemap of posts that are videos.
    if name.starts_with("wp-sitemap-posts-") {
        return Shape::Post;
    }
    if words().any(|word| LIST_SITEMAPS.contains(&word)) {
        Shape::List
    } else {
        Shape::Post
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Shape {
        shape(&Url::parse(&format!("https://blog.example{path}")).unwrap())
    }

    #[test]
    fn posts_and_lists() {
        for path in [
            "/2024/05/03/fish",
            "/2024/05/03/123",
            "/fish-and-chips/",
            "/?p=7",
            "/?page_id=2",
            "/about",
            "/news/fish.html",
            "/tagging-fish",
            "/category-theory/",
            "/my-tag",
            "/1984/",
            "/posts/4711",
            "/a/fish.php?id=3",
            "/paper.pdf",
            "/2001-a-space-odyssey",
            "/blog/posts/2024/05/fish",
        ] {
            let wanted = if path == "/1984/" {
                Shape::List
            } else {
                Shape::Post
            };
            assert_eq!(of(path), wanted, "{path}");
        }
        for path in [
            "/",
            "/tag/fish/",
            "/blog/category/food/fish",
            "/author/ada",
            "/tags",
            "/page/2/",
            "/blog/page/17",
            "/2024",
            "/2024/05/",
            "/blog/2024/05/03/",
            "/?cat=3",
            "/?paged=2",
            "/?author=1",
            "/tag/fish/page/2",
        ] {
            assert_eq!(of(path), Shape::List, "{path}");
        }
        for path in [
            "/feed/",
            "/fish/feed",
            "/feed.xml",
            "/index.rss",
            "/wp-content/uploads/2024/fish",
            "/fish.JPG",
            "/?feed=rss2",
            "/?attachment_id=9",
        ] {
            assert_eq!(of(path), Shape::File, "{path}");
        }
    }

    #[test]
    fn sitemaps_say_what_they_name() {
        let of = |name: &str| sitemap_shape(&Url::parse(&format!("https://a.org/{name}")).unwrap());
        for name in [
            "sitemap.xml",
            "post-sitemap2.xml",
            "wp-sitemap-posts-post-1.xml",
            "wp-sitemap-posts-video-1.xml",
            "page-sitemap.xml",
            "sitemap-posts.xml",
            "sitemap.xml?page=2",
            "sitemap-1.xml.gz",
            "news.xml",
        ] {
            assert_eq!(of(name), Shape::Post, "{name}");
        }
        for name in [
            "wp-sitemap-taxonomies-category-1.xml",
            "wp-sitemap-users-1.xml",
            "category-sitemap.xml",
            "post_tag-sitemap.xml",
            "author-sitemap.xml",
            "sitemap-tags.xml",
            "image-sitemap-1.xml",
        ] {
            assert_eq!(of(name), Shape::List, "{name}");
        }
    }
}
