//! The article that a page itself marks as one, for where another part was taken for its main text.
//!
//! What scores text by its paragraphs takes the longest part of a page: below an article of three sentences that is a form
//! or a list of other stories, and a page of teasers may weigh more than a long article whose paragraphs are quotes.
//! Where a page says with `article` (or `itemprop=articleBody`) what its article is, and hardly any of the sentences in
//! it were taken, the page is believed.

use dom_query::{Document, NodeRef};

use crate::judge::page::{IN_LINES, is_of_readers};

/// A paragraph of so many characters is prose, where less than half of it is links.
const LEAST_OF_A_PARAGRAPH: usize = 80;
/// An article has at least so many characters in paragraphs of prose.
const LEAST_OF_AN_ARTICLE: usize = 250;
/// So many paragraphs of an article are looked for in what was taken: looking for each takes as long as that is.
const MOST_LOOKED_FOR: usize = 24;
/// So much of the beginning of a paragraph is looked for, in bytes without white space.
const LOOKED_FOR_BYTES: usize = 48;

/// An article is alone on its page where no other has more than this part of its prose, and it is long.
const SHORT_BESIDE_IT: usize = 5;
/// Long, in characters of prose.
const LONG: usize = 1500;

/// Parts of an article that are not its text.
const BESIDE: &[&str] = &["aside", "footer", "form", "nav"];
/// Elements whose text nobody reads in a line of text.
const NOT_TEXT: &[&str] = &[
    "button", "iframe", "noembed", "noscript", "object", "script", "select", "style", "svg",
    "template", "textarea", "video", "audio", "canvas", "math",
];

/// An article of a page: what it says, and how its paragraphs begin.
#[derive(Debug, Default)]
pub(super) struct Marked {
    text: String,
    beginnings: Vec<String>,
    /// All other articles of the page are short beside it.
    is_alone: bool,
}

/// The article of a page with the most prose in it; `None` where none has enough.
pub(super) fn article(document: &Document) -> Option<Marked> {
    let mut found: Vec<Prose<'_>> = Vec::new();
    // The articles around the element at hand, as places in `found`.
    let mut around: Vec<usize> = Vec::new();
    let mut node = document.root();
    loop {
        let enters = enter(&node, &mut found, &mut around);
        if let Some(child) = node.first_child().filter(|_| enters) {
            node = child;
            continue;
        }
        loop {
            if around
                .last()
                .is_some_and(|&at| found[at].node.id == node.id)
            {
                around.pop();
            }
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            match node.parent() {
                Some(parent) => node = parent,
                None => return best(&found),
            }
        }
    }
}

/// An article, and what was found in it and in no article within it.
struct Prose<'a> {
    node: NodeRef<'a>,
    chars: usize,
    paragraphs: Vec<NodeRef<'a>>,
}

/// Comes to a node; whether what is in it is to be looked at.
fn enter<'a>(node: &NodeRef<'a>, found: &mut Vec<Prose<'a>>, around: &mut Vec<usize>) -> bool {
    let Some(name) = node.node_name() else {
        return true;
    };
    let names = |attribute| {
        node.attr(attribute)
            .is_some_and(|names| is_of_readers(&names))
    };
    if names("class") || names("id") {
        return false;
    }
    if &*name == "article"
        || node
            .attr("itemprop")
            .is_some_and(|one| &*one == "articleBody")
    {
        around.push(found.len());
        found.push(Prose {
            node: *node,
            chars: 0,
            paragraphs: Vec::new(),
        });
        return true;
    }
    if BESIDE.contains(&&*name) {
        return false;
    }
    if let (Some(&at), "p") = (around.last(), &*name) {
        let chars = prose(node);
        if chars > 0 {
            found[at].chars += chars;
            found[at].paragraphs.push(*node);
        }
        return false;
    }
    true
}

/// The characters of a paragraph that is prose; else 0.
fn prose(paragraph: &NodeRef<'_>) -> usize {
    let chars = |node: &NodeRef<'_>| {
        let text = node.text();
        text.split_whitespace()
            .map(|word| word.chars().count() + 1)
            .sum::<usize>()
    };
    let all = chars(paragraph);
    if all < LEAST_OF_A_PARAGRAPH {
        return 0;
    }
    let links: usize = paragraph
        .descendants_it()
        .filter(|one| one.node_name().is_some_and(|name| &*name == "a"))
        .map(|one| chars(&one))
        .sum();
    if links * 2 < all { all } else { 0 }
}

fn best(found: &[Prose<'_>]) -> Option<Marked> {
    // Of two with as much, the first.
    let (at, best) = (found.iter().enumerate().rev()).max_by_key(|(_, one)| one.chars)?;
    let others = found.iter().enumerate().filter(|(other, _)| *other != at);
    let next = others.map(|(_, one)| one.chars).max().unwrap_or(0);
    if best.chars < LEAST_OF_AN_ARTICLE {
        return None;
    }
    let beginnings = best.paragraphs.iter().take(MOST_LOOKED_FOR);
    let beginnings = beginnings.map(|one| beginning(&one.text())).collect();
    Some(Marked {
        text: shown(&best.node),
        beginnings,
        is_alone: best.chars >= LONG && next * SHORT_BESIDE_IT <= best.chars,
    })
}

/// What an article says, without its title and what stands beside its text; paragraphs stand on lines of their own.
fn shown(article: &NodeRef<'_>) -> String {
    let mut text = String::new();
    let mut node = *article;
    loop {
        let name = node.node_name();
        if node.is_text() {
            push_folded(&mut text, &node.text());
        }
        end_line(&mut text, name.as_deref());
        let is_left_out = name.is_some_and(|name| {
            BESIDE.contains(&&*name) || NOT_TEXT.contains(&&*name) || &*name == "h1"
        });
        if let Some(child) = node.first_child().filter(|_| !is_left_out) {
            node = child;
            continue;
        }
        loop {
            if node.id == article.id {
                return text;
            }
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            match node.parent() {
                Some(parent) => node = parent,
                None => return text,
            }
            end_line(&mut text, node.node_name().as_deref());
        }
    }
}

/// Adds text with its white space folded, as it is shown.
fn push_folded(text: &mut String, more: &str) {
    for (at, word) in more.split(char::is_whitespace).enumerate() {
        if at > 0 && !text.is_empty() && !text.ends_with([' ', '\n']) {
            text.push(' ');
        }
        text.push_str(word);
    }
}

/// An element begins or ends a line, unless it stands in one.
fn end_line(text: &mut String, element: Option<&str>) {
    if !text.is_empty()
        && !text.ends_with('\n')
        && element.is_some_and(|name| !IN_LINES.contains(&name.as_bytes()))
    {
        text.push('\n');
    }
}

/// How a paragraph begins, without white space.
fn beginning(text: &str) -> String {
    let mut beginning = String::with_capacity(LOOKED_FOR_BYTES + 4);
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if beginning.len() >= LOOKED_FOR_BYTES {
            break;
        }
        beginning.push(c);
    }
    beginning
}

impl Marked {
    /// Whether a text that was taken from its page is not this article: most of its paragraphs are not in there although it
    /// is not much longer, or much else is although no other article is anything like as long.
    pub(super) fn is_missed_by(&self, taken: &str) -> bool {
        let packed: String = taken.chars().filter(|c| !c.is_whitespace()).collect();
        let kept = self
            .beginnings
            .iter()
            .filter(|one| memchr::memmem::find(packed.as_bytes(), one.as_bytes()).is_some())
            .count();
        let own = self.text.chars().filter(|c| !c.is_whitespace());
        let own: usize = own.map(char::len_utf8).sum();
        let is_missed = kept * 2 < self.beginnings.len() && own * 2 >= packed.len();
        is_missed || self.is_alone && packed.len() * 4 > own * 5
    }

    /// What it says.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}
