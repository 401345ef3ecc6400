//! Which reader's comment is being read: who wrote it, and when.
//!
//! Comments nest, for replies stand inside of what they answer. Blog software says the author and the time before the
//! text; where they stand behind it, the comment's links are already on their way and go without.

use crate::gather::Comment;

/// The longest name that is kept.
const MAX_NAME_BYTES: usize = 100;
/// So much text in one piece is no longer the head of a comment.
const HEAD_BYTES: usize = 40;

/// What stands around a name and is none.
const NO_NAMES: &[&str] = &[
    "by",
    "posted by",
    "written by",
    "comment by",
    "comment from",
    "from",
    "says",
    "said",
    "reply",
    "author",
    "von",
    "par",
    "de",
    "da",
    "di",
    "door",
    "op",
    "at",
    "on",
    "permalink",
    "link",
    "guest",
];

/// What is said behind a name.
const SAYING: &[&str] = &[
    "says",
    "said",
    "wrote",
    "writes",
    "sagt",
    "schreibt",
    "schrieb",
    "meint",
    "dit",
    "a dit",
    "écrit",
    "dice",
    "dijo",
    "ha scritto",
    "scrive",
    "zegt",
    "schreef",
    "disse",
    "commented",
];

#[derive(Debug)]
struct Open {
    /// How many elements were open around it.
    depth: usize,
    comment: Comment,
    has_words: bool,
}

/// The comments that are open, outermost first.
#[derive(Debug, Default)]
pub(super) struct Comments {
    open: Vec<Open>,
    has_changed: bool,
}

impl Comments {
    /// An element that is a comment begins.
    pub(super) fn begin(&mut self, depth: usize) {
        // Several boxes around one comment are one comment.
        let comment = match self.open.last() {
            Some(around) if !around.has_words => around.comment.clone(),
            _ => Comment::default(),
        };
        self.open.push(Open {
            depth,
            comment,
            has_words: false,
        });
        self.has_changed = true;
    }

    /// No more than so many elements are open.
    pub(super) fn settle(&mut self, depth: usize) {
        while self.open.last().is_some_and(|open| open.depth >= depth) {
            let over = self.open.pop();
            if let (Some(over), Some(around)) = (over, self.open.last_mut()) {
                around.has_words |= over.has_words;
            }
            self.has_changed = true;
        }
    }

    /// Text in a comment; `names_writer` where it stands for its author.
    pub(super) fn text(&mut self, text: &str, names_writer: bool, in_paragraph: bool) {
        let Some(open) = self.open.last_mut() else {
            return;
        };
        if names_writer {
            if open.comment.author.is_none()
                && let Some(name) = name(text)
            {
                open.comment.author = Some(name);
                self.has_changed = true;
            }
        } else if !open.has_words {
            let text = text.trim();
            open.has_words = text.len() >= HEAD_BYTES || (in_paragraph && !text.is_empty());
        }
    }

    /// When the comment was written.
    pub(super) fn written_at(&mut self, at: Option<i64>) {
        if let Some(open) = self.open.last_mut()
            && open.comment.at.is_none()
            && at.is_some()
        {
            open.comment.at = at;
            self.has_changed = true;
        }
    }

    /// Whether the comment that is open has a name to it.
    pub(super) fn has_author(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| open.comment.author.is_some())
    }

    /// Whether the comment that is read now is another one, or more is known of it, than when this was last asked.
    pub(super) fn has_news(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    /// The comment that is read now.
    pub(super) fn current(&self) -> Option<&Comment> {
        self.open.last().map(|open| &open.comment)
    }
}

fn name(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches([':', ',']).trim_end();
    if text.len() > MAX_NAME_BYTES {
        return None;
    }
    let text = SAYING
        .iter()
        .find_map(|saying| text.strip_suffix(saying)?.strip_suffix(' '))
        .unwrap_or(text)
        .trim();
    let is_name = text.chars().any(char::is_alphanumeric)
        && !SAYING.contains(&text)
        && !NO_NAMES.contains(&text.to_lowercase().as_str());
    is_name.then(|| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (text, expected) in [
            (" Jane Doe ", Some("Jane Doe")),
            ("Jane says:", Some("Jane")),
            ("Jane\n Doe schrieb:", Some("Jane Doe")),
            ("Posted by", None),
            ("says:", None),
            ("\u{b7}", None),
        ] {
            assert_eq!(name(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn replies_nest() {
        let mut comments = Comments::default();
        comments.begin(3);
        comments.begin(4);
        comments.text("Jane", true, false);
        comments.written_at(Some(1));
        comments.text("words", false, true);
        comments.begin(6);
        assert!(comments.has_news());
        assert_eq!(comments.current(), Some(&Comment::default()));
        comments.text("John", true, false);
        let author = |comments: &Comments| comments.current().and_then(|one| one.author.clone());
        assert_eq!(author(&comments).as_deref(), Some("John"));
        comments.settle(6);
        assert_eq!(author(&comments).as_deref(), Some("Jane"));
        comments.settle(3);
        assert!(comments.has_news());
        assert_eq!(comments.current(), None);
        assert!(!comments.has_news());
    }
}
