//! Where an element belongs: the post, its comments, or what surrounds them.
//!
//! Elements and ARIA roles say it where authors use them; elsewhere the words in `class` and `id` do, which templates
//! have in common to a surprising degree. Words are judged per class, not per attribute, because `no-sidebar` and
//! `comments-open` are about something else than what they name.

use std::collections::HashMap;

use super::passage::Mark;
use super::stack::Element;
use super::tags;
use crate::gather::Place;

/// How many different class attributes are remembered.
const MAX_REMEMBERED: usize = 4096;
/// How much of a class attribute is looked at.
const MAX_CLASS_BYTES: usize = 1024;

/// What the words of an element say of it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing that a word can say"
)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) place: Option<Place>,
    pub(super) names_author: bool,
    /// It is the name of whoever wrote a comment.
    pub(super) is_name: bool,
    /// It is one comment.
    pub(super) is_comment: bool,
    pub(super) is_article: bool,
    /// It holds the text of an article, and nothing else.
    pub(super) is_text: bool,
    /// It says so by schema.org's property, which no template has by accident.
    pub(super) is_declared: bool,
}

/// What an element is, beside where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judged {
    pub(super) element: Element,
    /// It marks a part of the page as the post.
    pub(super) mark: Option<Mark>,
    pub(super) is_comment: bool,
}

/// What places depend on of a start tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attributes<'t> {
    pub(super) class: &'t str,
    pub(super) id: &'t str,
    pub(super) role: &'t str,
    pub(super) itemprop: &'t str,
    pub(super) itemtype: &'t str,
}

/// Judges elements, and remembers what it judged.
#[derive(Debug, Default)]
pub(super) struct Places {
    remembered: HashMap<Box<str>, Words>,
}

impl Places {
    /// The element as it stands on the stack, given its parent.
    pub(super) fn judge(&mut self, parent: Element, key: u64, tag: Attributes<'_>) -> Judged {
        let Attributes {
            class, id, role, ..
        } = tag;
        let mut element = Element { key, ..parent };
        // A quote is a part of what it stands in, whatever the service is called that it comes from.
        let mut words = if matches!(key, tags::HTML | tags::BODY | tags::BLOCKQUOTE) {
            Words::default()
        } else {
            self.words(class, id)
        };
        words.add_microdata(tag.itemprop, tag.itemtype);
        let by_element = by_element(key, role);
        let is_main = key == tags::MAIN || role.eq_ignore_ascii_case("main");
        element.in_article |= key == tags::ARTICLE || is_main || words.is_article;
        element.place = place(parent, key, role, words, by_element);
        element.names_author |=
            (words.names_author || words.is_name) && element.place == Place::Comment;
        element.is_name |= (words.is_name || key == tags::CITE) && element.place == Place::Comment;
        element.is_verbatim |= tags::is_verbatim(key);
        let mark = if words.is_text {
            Some(Mark::Text)
        } else {
            (key == tags::ARTICLE || is_main || words.is_article).then_some(Mark::Element)
        };
        let is_item = key != tags::A && (words.is_comment || is_numbered_comment(id));
        Judged {
            element,
            mark: mark.filter(|_| element.place == Place::Body),
            is_comment: is_item && element.place == Place::Comment,
        }
    }

    fn words(&mut self, class: &str, id: &str) -> Words {
        if class.is_empty() && id.is_empty() {
            return Words::default();
        }
        let of_class = self.remembered_words(class);
        let of_id = self.remembered_words(id);
        // Templates repeat on the box around everything which sidebars the page has.
        let of_class_place = of_class
            .place
            .filter(|place| *place != Place::Aside || !is_around_everything(id));
        Words {
            place: of_id.place.or(of_class_place),
            names_author: of_id.names_author || of_class.names_author,
            is_name: of_class.is_name,
            is_comment: of_class.is_comment,
            is_article: of_id.is_article || of_class.is_article,
            is_text: of_id.is_text || of_class.is_text,
            is_declared: false,
        }
    }

    fn remembered_words(&mut self, attribute: &str) -> Words {
        if attribute.is_empty() || attribute.len() > MAX_CLASS_BYTES {
            return Words::default();
        }
        if let Some(words) = self.remembered.get(attribute) {
            return *words;
        }
        let mut words = Words::default();
        // Blogger makes everything a widget, the posts themselves among them.
        let is_blogger_posts = attribute
            .split_ascii_whitespace()
            .any(|class| class == "Blog");
        for class in attribute
            .split_ascii_whitespace()
            .filter(|_| !is_blogger_posts)
        {
            let of_class = words_of(class);
            words.place = words.place.or(of_class.place);
            words.names_author |= of_class.names_author;
            words.is_name |= of_class.is_name;
            words.is_comment |= of_class.is_comment;
            words.is_article |= of_class.is_article;
            words.is_text |= of_class.is_text;
        }
        if counts_sidebars(attribute) {
            words.place = words.place.filter(|place| *place != Place::Aside);
        }
        if self.remembered.len() < MAX_REMEMBERED {
            self.remembered.insert(attribute.into(), words);
        }
        words
    }
}

impl Words {
    /// Adds what schema.org's properties and types say.
    fn add_microdata(&mut self, itemprop: &str, itemtype: &str) {
        if itemprop.is_empty() && itemtype.is_empty() {
            return;
        }
        let has = |word: &str| itemprop.split_ascii_whitespace().any(|one| one == word);
        if has("comment") || itemtype.ends_with("/Comment") || itemtype.ends_with("/UserComments") {
            self.place = Some(Place::Comment);
            self.is_comment = true;
            self.is_article = false;
            self.is_text = false;
        }
        self.names_author |= has("author") || has("creator");
        self.is_name |= has("author") || has("creator");
        self.is_declared = has("articleBody");
        self.is_text |= self.is_declared;
        self.is_article |= self.is_declared;
    }
}

/// Whether an identifier is that of one comment: `comment-12`, `li-comment-12`, `c12`.
fn is_numbered_comment(id: &str) -> bool {
    let name = id.trim_end_matches(|letter: char| letter.is_ascii_digit());
    if name.len() == id.len() {
        return false;
    }
    let name = name.trim_end_matches(['-', '_']);
    name == "c" || name.ends_with("comment") || name.ends_with("Comment") || name.ends_with("reply")
}

/// Whether classes tell how many sidebars a page has (`one-sidebar sidebar-first`): then they describe the page around
/// them and not a sidebar.
fn counts_sidebars(attribute: &str) -> bool {
    attribute.split_ascii_whitespace().any(|class| {
        let words = split_words(class);
        let has = |sought: &[&str]| words.iter().any(|word| sought.contains(&word.as_str()));
        has(&["sidebar", "sidebars"]) && has(&["no", "one", "two", "both", "three"])
    })
}

/// Whether an identifier is that of the box around a page.
fn is_around_everything(id: &str) -> bool {
    matches!(
        id.to_ascii_lowercase().as_str(),
        "page"
            | "wrapper"
            | "wrap"
            | "container"
            | "site"
            | "outer"
            | "main"
            | "content"
            | "app"
            | "root"
    )
}

fn by_element(key: u64, role: &str) -> Option<Place> {
    let by_role = match role.trim().to_ascii_lowercase().as_str() {
        "navigation" | "menu" | "menubar" | "banner" | "search" | "toolbar" | "tablist" => {
            Some(Place::Navigation)
        }
        "contentinfo" => Some(Place::Footer),
        "complementary" => Some(Place::Aside),
        _ => None,
    };
    by_role.or(match key {
        tags::NAV | tags::HEADER => Some(Place::Navigation),
        tags::FOOTER => Some(Place::Footer),
        tags::ASIDE => Some(Place::Aside),
        _ => None,
    })
}

fn place(parent: Element, key: u64, role: &str, words: Words, by_element: Option<Place>) -> Place {
    // What calls itself the main part is it, wherever a template has put it.
    if key == tags::MAIN || role.eq_ignore_ascii_case("main") || words.is_declared {
        return Place::Body;
    }
    match parent.place {
        Place::Body => {}
        // A menu among comments is a menu; everything else there is part of the comments.
        Place::Comment => {
            let is_menu = key == tags::NAV || words.place == Some(Place::Navigation);
            return if is_menu {
                Place::Navigation
            } else {
                Place::Comment
            };
        }
        other => {
            return if words.place == Some(Place::Comment) && key != tags::A {
                Place::Comment
            } else {
                other
            };
        }
    }
    if words.is_article {
        return Place::Body;
    }
    if key == tags::ARTICLE {
        return match words.place {
            Some(Place::Comment) => Place::Comment,
            Some(Place::Aside) => Place::Aside,
            _ => Place::Body,
        };
    }
    if let Some(by_words) = words.place {
        // A post's own header and footer have no other words than the page's.
        let is_own = parent.in_article && by_words == Place::Footer;
        if !is_own {
            return by_words;
        }
    }
    match by_element {
        Some(Place::Navigation) if key == tags::HEADER && parent.in_article => Place::Body,
        Some(Place::Footer)
            if key == tags::FOOTER && parent.in_article && !is_contentinfo(role) =>
        {
            Place::Body
        }
        Some(by_element) => by_element,
        None => Place::Body,
    }
}

/// Whether a role says that something is the page's footer, wherever it stands.
fn is_contentinfo(role: &str) -> bool {
    role.trim().eq_ignore_ascii_case("contentinfo")
}

/// The words of one class or identifier: cut at hyphens, underscores and capitals, in lower case.
fn split_words(class: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut was_lower = false;
    for character in class.chars() {
        let is_boundary =
            !character.is_ascii_alphanumeric() || (character.is_ascii_uppercase() && was_lower);
        if is_boundary && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_ascii_alphanumeric() {
            word.push(character.to_ascii_lowercase());
        }
        was_lower = character.is_ascii_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    // `Header1` and `breadcrumbs2` are numbered, no words of their own.
    for word in &mut words {
        let length = word
            .trim_end_matches(|letter: char| letter.is_ascii_digit())
            .len();
        if length > 2 {
            word.truncate(length);
        }
    }
    words
}

/// Words that say that a class is about something else than what it names.
const ABOUT_LAYOUT: &[&str] = &[
    "no", "has", "with", "without", "is", "open", "closed", "hide", "hidden", "show", "left",
    "right", "enabled", "disabled", "layout", "above", "before", "below", "after", "pre",
];

/// Words of menus, share bars and the like.
const NAVIGATION: &[&str] = &[
    "nav",
    "navbar",
    "navigation",
    "navi",
    "topnav",
    "subnav",
    "menu",
    "submenu",
    "megamenu",
    "breadcrumb",
    "breadcrumbs",
    "share",
    "sharing",
    "sharebar",
    "sharedaddy",
    "social",
    "pagination",
    "pager",
    "toolbar",
    "masthead",
    "topbar",
    "skiplinks",
    "addtoany",
    "addthis",
    "socials",
    "followus",
    "tags",
    "taglist",
    "byline",
    "bylines",
    "toc",
    "retweet",
    "shariff",
    "bshare",
    "jssocials",
    "catlinks",
    "printfooter",
    "hovercard",
    "authorinfo",
    "postmeta",
    "entrymeta",
    "articlemeta",
    "postmetadata",
    "skiplink",
    "postnav",
    "prevnext",
    "logo",
];

/// Words of what stands beside a post.
const ASIDE: &[&str] = &[
    "paid",
    "partner",
    "partners",
    "feedback",
    "sidebar",
    "sidebars",
    "widget",
    "widgets",
    "related",
    "recommended",
    "recommendations",
    "promo",
    "promos",
    "promotion",
    "outbrain",
    "taboola",
    "sponsored",
    "pub",
    "publicite",
    "anzeige",
    "werbung",
    "banner",
    "advertising",
    "sponsor",
    "advert",
    "advertisement",
    "ad",
    "ads",
    "rail",
    "newsletter",
    "popular",
    "trending",
    "mostread",
    "teaser",
    "teasers",
    "recirc",
    "recirculation",
    "infobox",
    "navbox",
    "aside",
    "upsell",
    "authorbox",
    "bio",
    "subscribe",
    "subscription",
    "blogroll",
    "teads",
    "sponsorbox",
    "optin",
    "mailchimp",
    "signup",
    "readnext",
    "upnext",
    "donate",
    "cookie",
    "cookies",
    "gdpr",
    "consent",
    "adsense",
    "adslot",
    "adbox",
    "aboutauthor",
    "authorbio",
];

/// Words that, beside another, tell of a box about a post: who wrote it, when, under which headings it is filed.
const ABOUT_POSTS: &[&str] = &[
    "post", "posts", "entry", "article", "story", "content", "blog",
];

/// Words that, beside `comment`, name the box around one.
const COMMENT_BOXES: &[&str] = &[
    "item",
    "entry",
    "wrap",
    "wrapper",
    "container",
    "block",
    "box",
    "node",
    "single",
    "u",
    "p",
    "view",
    "card",
];

/// Page builders make everything a widget, the text among it.
const BUILDERS: &[&str] = &["elementor", "so", "siteorigin", "panel", "fl", "brxe"];

fn words_of(class: &str) -> Words {
    let mut words = split_words(class);
    if words
        .first()
        .is_some_and(|first| BUILDERS.contains(&first.as_str()))
    {
        words.retain(|word| !matches!(word.as_str(), "widget" | "widgets"));
    }
    let has = |sought: &[&str]| words.iter().any(|word| sought.contains(&word.as_str()));
    let names_author = has(&["vcard", "commentauthor"])
        || (has(&["comment", "comments"]) && has(&["author", "meta", "user", "name"]));
    let joined = words.join("");
    let is_text = (has(&["entry", "post", "article", "story"])
        && has(&["content", "body", "text"]))
        && !has(&[
            "comment", "comments", "related", "sidebar", "widget", "footer", "nav", "meta",
            "header",
        ])
        || matches!(
            joined.as_str(),
            "articlebody"
                | "articletext"
                | "articlecontent"
                | "storybody"
                | "storytext"
                | "postbody"
                | "postcontent"
                | "entrycontent"
                | "econtent"
                // What stands behind the text and belongs to it.
                | "footnotes"
                | "endnotes"
                | "references"
                | "reflist"
                | "bibliography"
        );
    let is_article = is_text || joined == "hentry";
    let place = if is_article { None } else { place_of(&words) };
    let is_of_comment = has(&["comment", "comments", "commenter"]);
    let is_name = has(&[
        "vcard",
        "commentauthor",
        "fn",
        "commenter",
        "username",
        "nickname",
    ]) || (is_of_comment && has(&["author", "user", "name", "by"]))
        || matches!(joined.as_str(), "author" | "user" | "hcard" | "pauthor");
    let is_comment = match words.as_slice() {
        [only] => only == "comment" || only == "reply",
        [first, last] => {
            let kind = [first.as_str(), last.as_str()];
            kind.contains(&"comment") && kind.iter().any(|word| COMMENT_BOXES.contains(word))
        }
        _ => false,
    };
    Words {
        place,
        names_author,
        is_name,
        is_comment,
        is_article,
        is_text,
        is_declared: false,
    }
}

fn place_of(words: &[String]) -> Option<Place> {
    let (first, last) = (words.first()?.as_str(), words.last()?.as_str());
    let is_about_layout = words.len() > 1
        && words
            .iter()
            .any(|word| ABOUT_LAYOUT.contains(&word.as_str()));
    let has = |sought: &[&str]| words.iter().any(|word| sought.contains(&word.as_str()));
    let ends = |sought: &[&str]| sought.contains(&first) || sought.contains(&last);
    if has(&[
        "commentlist",
        "commentlisting",
        "respond",
        "disqus",
        "commentthread",
    ]) {
        return Some(Place::Comment);
    }
    if ends(&["comments", "comment", "replies"])
        && !has(&[
            "count", "link", "icon", "button", "num", "number", "bubble", "form",
        ])
        && !is_about_layout
    {
        return Some(Place::Comment);
    }
    if is_about_layout && !has(&["related", "share", "social", "breadcrumbs", "breadcrumb"]) {
        // `left-sidebar` is one, `has-sidebar` is not.
        let is_side = has(&["left", "right"]) && ends(&["sidebar", "rail", "side"])
            || last == "right" && has(&["column", "col"]);
        return is_side.then_some(Place::Aside);
    }
    if has(NAVIGATION) || is_about_post(words) {
        return Some(Place::Navigation);
    }
    if ends(&["header"]) && has(&["site", "page", "global", "top", "main"])
        || matches!(words, [only] if only == "header")
    {
        return Some(Place::Navigation);
    }
    if ends(&["footer", "foot", "colophon"]) || has(&["copyright", "legal"]) {
        return Some(Place::Footer);
    }
    if has(ASIDE) {
        return Some(Place::Aside);
    }
    None
}

/// Whether words name a box about a post (`entry-meta`, `post-author`, `cat-links`), and not the post.
fn is_about_post(words: &[String]) -> bool {
    let has = |sought: &[&str]| words.iter().any(|word| sought.contains(&word.as_str()));
    has(&["vcard"])
        || has(ABOUT_POSTS)
            && has(&[
                "meta",
                "author",
                "labels",
                "timestamp",
                "categories",
                "footer",
            ])
        || has(&["author"])
            && has(&[
                "bio", "box", "info", "card", "about", "profile", "avatar", "byline",
            ])
        || has(&["cat", "category", "tag"]) && has(&["links", "list"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_count_sidebars_are_no_sidebar() {
        let mut places = Places::default();
        let mut of = |class, id| places.words(class, id).place;
        assert_eq!(of("page one-sidebar sidebar-first clearfix", ""), None);
        assert_eq!(of("two-sidebars sidebar-second", ""), None);
        assert_eq!(of("sidebar-first", "page"), None);
        assert_eq!(of("region sidebar-first", "sidebar"), Some(Place::Aside));
        assert_eq!(of("sidebar", ""), Some(Place::Aside));
    }

    #[test]
    fn words_of_templates() {
        for (class, expected) in [
            ("commentlist", Some(Place::Comment)),
            ("comments-area", Some(Place::Comment)),
            ("comment-count", None),
            ("comments-open", None),
            ("no-sidebar", None),
            ("has-sidebar", None),
            ("right-sidebar", Some(Place::Aside)),
            ("widget_recent", Some(Place::Aside)),
            ("relatedPosts", Some(Place::Aside)),
            ("main-menu", Some(Place::Navigation)),
            ("breadcrumbs", Some(Place::Navigation)),
            ("site-footer", Some(Place::Footer)),
            ("entry-content", None),
            ("content", None),
            ("download", None),
            ("shadow", None),
            ("elementor-widget-container", None),
            ("elementor-widget elementor-widget-text-editor", None),
            ("elementor-widget-nav-menu", Some(Place::Navigation)),
            ("entry-meta", Some(Place::Navigation)),
            ("post-author", Some(Place::Navigation)),
            ("breadcrumbs2", Some(Place::Navigation)),
            ("author-bio", Some(Place::Navigation)),
            ("cat-links", Some(Place::Navigation)),
            ("article-authoritative", None),
            ("metal", None),
        ] {
            assert_eq!(words_of(class).place, expected, "{class}");
        }
        for text in ["post-body", "entry-content", "e-content", "footnotes"] {
            assert!(words_of(text).is_text, "{text}");
        }
        assert!(!words_of("hentry").is_text && words_of("hentry").is_article);
        for comment in ["comment", "comment-item", "u-comment"] {
            assert!(words_of(comment).is_comment, "{comment}");
        }
        for other in ["comments", "comment-body", "comment-author", "comment-list"] {
            assert!(!words_of(other).is_comment, "{other}");
        }
        for id in ["comment-12", "li-comment-12", "c12", "div-comment-3"] {
            assert!(is_numbered_comment(id), "{id}");
        }
        assert!(!is_numbered_comment("comments") && !is_numbered_comment("h2"));
        assert!(words_of("comment-author").names_author);
    }
}
