//! What elements of feeds are called, in all their versions.

/// What the text of an element is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    Link,
    OriginalLink,
    Id,
    Author,
    /// How much it is a date of publication: the lower the better.
    Published(u8),
    Updated,
    Content(Role),
    Language,
    /// The address of something the entry is about.
    Related,
    /// Nothing in it is the entry's or the channel's own.
    Skip,
}

/// How much of a post a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The text itself.
    Full,
    /// A summary by its name, but many feeds put everything there.
    Summary,
    /// A summary and nothing else (JSON Feed).
    Excerpt,
    /// What counts where there is nothing else.
    Other,
}

/// Prefixes of vocabularies that have an `item`, `entry` or `link` of another meaning.
const FOREIGN_PREFIXES: &[&str] = &[
    "media",
    "itunes",
    "googleplay",
    "podcast",
    "content",
    "thr",
    "slash",
    "wfw",
    "yt",
    "geo",
    "georss",
    "g",
    "sy",
    "cc",
    "creativecommons",
    "admin",
    "ag",
    "taxo",
    "trackback",
    "psc",
    "image",
    "l",
    "opensearch",
    "gd",
    "app",
    "wp",
    "excerpt",
    "dc",
    "dcterms",
    "prism",
    "foaf",
    "xhtml",
    "svg",
];

/// Prefixes that people give to Atom and RSS themselves.
const OWN_PREFIXES: &[&str] = &[
    "atom", "atom03", "atom10", "a", "a10", "ns0", "rss", "rss09", "rss1", "rss10", "cdf",
];

/// Whether an element of that name can be an entry.
pub(super) fn is_entry(prefix: &str, local: &str) -> bool {
    matches!(local, "item" | "entry") && !FOREIGN_PREFIXES.contains(&prefix)
}

/// Whether a prefix is that of the feed's own vocabulary.
pub(super) fn is_own(prefix: &str, entry_prefix: Option<&str>) -> bool {
    prefix.is_empty() || OWN_PREFIXES.contains(&prefix) || Some(prefix) == entry_prefix
}

/// What an element is for. `entry_prefix` is the prefix of the entry that it stands in, if it stands in one.
pub(super) fn field_of(
    prefix: &str,
    local: &str,
    entry_prefix: Option<&str>,
    in_author: bool,
) -> Option<Field> {
    let in_entry = entry_prefix.is_some();
    let is_dublin_core = prefix.starts_with("dc");
    if is_own(prefix, entry_prefix) {
        return own_field(local, in_entry, in_author);
    }
    Some(match local {
        "creator" | "author" if is_dublin_core => Field::Author,
        "author" if prefix == "itunes" => Field::Author,
        "title" if is_dublin_core => Field::Title,
        "date" if is_dublin_core => Field::Published(1),
        "issued" if is_dublin_core => Field::Published(0),
        "created" if is_dublin_core => Field::Published(2),
        "modified" if is_dublin_core => Field::Updated,
        "language" if is_dublin_core => Field::Language,
        "source" | "references" if is_dublin_core && in_entry => Field::Related,
        "origlink" => Field::OriginalLink,
        "encoded" if in_entry && prefix == "excerpt" => Field::Content(Role::Summary),
        "encoded" | "body" if in_entry => Field::Content(Role::Full),
        "value" if in_entry && prefix == "rdf" => Field::Content(Role::Full),
        "description" if in_entry && is_dublin_core => Field::Content(Role::Summary),
        "description" | "summary"
            if in_entry && matches!(prefix, "media" | "itunes" | "googleplay") =>
        {
            Field::Content(Role::Other)
        }
        "owner" | "credit" | "image" => Field::Skip,
        _ => return None,
    })
}

/// Of RSS, Atom and CDF themselves.
fn own_field(local: &str, in_entry: bool, in_author: bool) -> Option<Field> {
    Some(match local {
        "name" if in_author => Field::Author,
        "uri" | "url" | "homepage" if in_author => Field::Skip,
        "title" => Field::Title,
        "link" => Field::Link,
        "guid" | "id" => Field::Id,
        "pubdate" | "published" | "issued" => Field::Published(0),
        "date" => Field::Published(1),
        "created" => Field::Published(2),
        "updated" | "modified" => Field::Updated,
        "content" | "encoded" | "body" | "fullitem" if in_entry => Field::Content(Role::Full),
        "summary" | "description" | "abstract" if in_entry => Field::Content(Role::Summary),
        "language" => Field::Language,
        "managingeditor" if !in_entry => Field::Author,
        "source" | "image" | "textinput" | "contributor" => Field::Skip,
        _ => return None,
    })
}

/// Whether a start tag shows that the field before it was never closed. `has_address` is whether it has a `href`.
pub(super) fn ends_field(field: Field, prefix: &str, local: &str, has_address: bool) -> bool {
    let is_small = matches!(
        local,
        "pubdate" | "guid" | "issued" | "published" | "updated" | "modified" | "comments"
    ) || (prefix == "content" && local == "encoded")
        || (prefix == "dc" && matches!(local, "creator" | "date"));
    match field {
        Field::Skip => false,
        // HTML has a `link` too, always with an address.
        Field::Content(_) => is_small || (prefix.is_empty() && local == "link" && !has_address),
        Field::Title => {
            is_small || (prefix.is_empty() && matches!(local, "link" | "description" | "id"))
        }
        _ => {
            is_small
                || matches!(
                    local,
                    "link"
                        | "title"
                        | "description"
                        | "summary"
                        | "content"
                        | "author"
                        | "category"
                        | "id"
                        | "enclosure"
                )
        }
    }
}
