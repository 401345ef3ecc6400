//! How long a text is, how much it cites, and how it ends.

use html5gum::State;

use crate::gather::html::{Attribute, Listener, StartTag, read as read_tokens};

/// So much of a paragraph's end is kept.
const MAX_TAIL_BYTES: usize = 400;

/// What the link to the rest of a post is called.
const REST: &[&str] = &[
    "continue reading",
    "continued",
    "read more",
    "read the rest",
    "read full",
    "read the full",
    "read entire",
    "read the entire",
    "read on",
    "keep reading",
    "full story",
    "full article",
    "full post",
    "more…",
    "more...",
    "(more",
    "[more",
    "weiterlesen",
    "weiter lesen",
    "mehr lesen",
    "ganzen artikel",
    "ganzen beitrag",
    "vollständigen artikel",
    "lire la suite",
    "lire plus",
    "lire l'article",
    "lire l’article",
    "leer más",
    "seguir leyendo",
    "sigue leyendo",
    "continuar leyendo",
    "continúa leyendo",
    "ler mais",
    "leia mais",
    "continuar lendo",
    "continuar a ler",
    "leggi tutto",
    "leggi di più",
    "leggi l'articolo",
    "continua a leggere",
    "continua la lettura",
    "lees meer",
    "lees verder",
    "verder lezen",
    "läs mer",
    "läs hela",
    "les mer",
    "læs mere",
    "lue lisää",
    "czytaj dalej",
    "czytaj więcej",
    "číst dál",
    "celý článek",
    "citește mai",
    "tovább olvas",
    "читать далее",
    "читать дальше",
    "читать полностью",
    "подробнее",
    "читати далі",
    "διαβάστε περισσότερα",
    "devamını oku",
    "baca selengkapnya",
    "続きを読む",
    "阅读全文",
    "閱讀全文",
    "继续阅读",
    "繼續閱讀",
    "더 보기",
    "계속 읽기",
    "اقرأ المزيد",
    "ادامه مطلب",
];

/// How a text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    /// As texts do.
    Whole,
    /// In the middle of a sentence.
    Open,
    /// In dots.
    Dots,
    /// It says that there is more.
    More,
}

/// Measures of a text.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) characters: usize,
    /// Links to anything but the post itself.
    pub(super) links: usize,
    pub(super) ending: Ending,
}

impl Text {
    /// Measures HTML or text. `own` is the entry's address: a link there cites nothing.
    pub(super) fn of(html: &str, is_html: bool, own: Option<&str>, title: Option<&str>) -> Self {
        let mut reading = Reading {
            html,
            own,
            characters: 0,
            links: 0,
            block: Block::default(),
            last: Block::default(),
            before: Block::default(),
            anchor: None,
        };
        if is_html {
            read_tokens(html, &mut reading);
        } else {
            reading.words(html);
        }
        reading.end_block();
        let Reading { last, before, .. } = &reading;
        // "The post TITLE appeared first on BLOG" stands below an excerpt and below a post alike.
        let is_trailer = last.links > 0
            && last.characters < 300
            && title.is_some_and(|title| title.len() >= 4 && last.tail.contains(title));
        let ending = match last.ending() {
            ending if is_trailer && ending != Ending::More => before.ending(),
            ending => ending,
        };
        Self {
            characters: reading.characters,
            links: reading.links,
            ending,
        }
    }
}

/// A paragraph's end.
#[derive(Debug, Default)]
struct Block {
    tail: String,
    characters: usize,
    links: usize,
    /// What the last link in it is called.
    link: String,
}

impl Block {
    fn ending(&self) -> Ending {
        let tail = self.tail.trim_end_matches(|character: char| {
            character.is_whitespace() || "»›→>".contains(character)
        });
        let is_left_out = [
            "[…]",
            "[...]",
            "[. . .]",
            "(…)",
            "(...)",
            "[..]",
            "[&hellip;]",
        ]
        .iter()
        .any(|mark| tail.ends_with(mark));
        let link = self.link.trim().to_lowercase();
        let names_rest = REST.iter().any(|words| link.starts_with(words));
        let ends_link = !link.is_empty() && self.tail.to_lowercase().trim_end().ends_with(&link);
        if is_left_out || (names_rest && ends_link) || says_more(tail) {
            return Ending::More;
        }
        let closed = tail.trim_end_matches(['"', '”', '’', '\'', '»', ')', ']', '“', '«']);
        if closed.ends_with('…') || closed.ends_with("...") || closed.ends_with("..") {
            Ending::Dots
        } else if tail.ends_with(|last: char| last.is_alphanumeric() || ",;:-–—(".contains(last))
        {
            Ending::Open
        } else {
            Ending::Whole
        }
    }
}

/// Without a link: the words stand at the very end, and begin like a sentence, for "I would like to read more" is one.
fn says_more(tail: &str) -> bool {
    let bare = tail.trim_end_matches([' ', '.', '…', ')', ']', ':', '!']);
    REST.iter().any(|words| {
        let words = words.trim_end_matches(['.', '…']);
        let length = words.chars().count();
        let start = bare.char_indices().rev().nth(length - 1);
        start.is_some_and(|(at, first)| {
            let is_marked = "([".contains(first) && tail.len() > bare.len();
            let begins = first.is_uppercase() || (!first.is_lowercase() && first.is_alphabetic());
            // "Books, films and More" is no end of a beginning.
            let is_plain = length > 4 || (tail.ends_with(['…', '.']) && !tail.ends_with("More."));
            at > 0 && is_plain && (is_marked || begins) && bare[at..].to_lowercase() == words
        })
    })
}

struct Reading<'t> {
    html: &'t str,
    own: Option<&'t str>,
    characters: usize,
    links: usize,
    block: Block,
    last: Block,
    before: Block,
    /// The text of the link that is open.
    anchor: Option<String>,
}

impl Reading<'_> {
    fn name_at(&self, at: usize) -> &str {
        let rest = &self.html[at.min(self.html.len())..];
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        &rest[..end]
    }

    fn end_block(&mut self) {
        if self.block.characters > 0 {
            let block = std::mem::take(&mut self.block);
            self.before = std::mem::replace(&mut self.last, block);
        } else {
            self.block = Block::default();
        }
    }

    fn words(&mut self, text: &str) {
        for word in text.split_inclusive(char::is_whitespace) {
            let characters = word.trim_end().chars().count();
            let spaces = usize::from(word.ends_with(char::is_whitespace) && characters > 0);
            self.characters += characters + spaces;
            self.block.characters += characters;
            let tail = &mut self.block.tail;
            tail.push_str(word);
            if tail.len() > 2 * MAX_TAIL_BYTES {
                let mut cut = tail.len() - MAX_TAIL_BYTES;
                while !tail.is_char_boundary(cut) {
                    cut += 1;
                }
                tail.drain(..cut);
            }
            if let Some(anchor) = &mut self.anchor
                && anchor.len() < MAX_TAIL_BYTES
            {
                anchor.push_str(word);
            }
        }
    }
}

impl Listener for Reading<'_> {
    fn start_tag(&mut self, tag: &StartTag) -> Option<State> {
        let name = self.name_at(tag.start + 1).to_ascii_lowercase();
        match name.as_str() {
            "a" => {
                self.anchor = Some(String::new());
                let href = tag.value(Attribute::Href);
                let is_own = self.own.is_some_and(|own| href.starts_with(own));
                // Readers of feeds were counted with links of these services.
                if !is_own && !href.is_empty() && !href.contains("feedburner.") {
                    self.links += 1;
                }
                self.block.links += 1;
            }
            "iframe" | "video" | "audio" | "object" => self.links += 1,
            "p" | "div" | "br" | "li" | "ul" | "ol" | "blockquote" | "hr" | "table" | "tr"
            | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.end_block(),
            _ => {}
        }
        None
    }

    fn end_tag(&mut self, _key: u64, start: usize) {
        match self.name_at(start + 2).to_ascii_lowercase().as_str() {
            "a" => {
                if let Some(anchor) = self.anchor.take() {
                    self.block.link = anchor;
                }
            }
            "p" | "div" | "li" | "blockquote" | "h1" | "h2" | "h3" => self.end_block(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        self.words(text);
    }

    fn comment(&mut self, _comment: &str) {}

    fn knows_cdata(&self) -> bool {
        true
    }
}
