//! Texts that may have been cut where they were read.
//!
//! Of a very long page, only the beginning is read. What was written into it pushes its end beyond that, and a line that
//! is cut otherwise is no line that was altered: so such texts are compared as far as they have lines in common.

use foldhash::HashSet;

use crate::judge::Text;

/// A text of so many bytes may have been cut.
const MAY_BE_CUT: usize = 3 << 20;

/// Both texts, as far as they can be compared; none where neither was cut.
pub(super) fn in_common(before: &Text, now: &Text) -> Option<(Text, Text)> {
    let is_long = |text: &Text| text.whole.len().max(text.main.len()) >= MAY_BE_CUT;
    (is_long(before) || is_long(now)).then(|| up_to_common_end(before, now))
}

/// Two texts of which one or both were cut somewhere, each up to its last line that stands in the other: what comes behind it
/// may stand in what was cut off.
pub fn up_to_common_end(before: &Text, now: &Text) -> (Text, Text) {
    let part = |text: &Text, other: &Text| Text {
        main: as_far_as(&text.main, &other.main).to_owned(),
        whole: as_far_as(&text.whole, &other.whole).to_owned(),
        ..Text::default()
    };
    (part(before, now), part(now, before))
}

/// A text up to its last line that stands in the other; all of it where none does.
fn as_far_as<'a>(text: &'a str, other: &str) -> &'a str {
    let known: HashSet<&str> = other.lines().map(str::trim).collect();
    let mut end = text.len();
    for line in text.rsplit('\n') {
        if !line.trim().is_empty() && known.contains(line.trim()) {
            return &text[..end];
        }
        // Before the first line, nothing parts it from anything.
        end = (end - line.len()).saturating_sub(1);
    }
    text
}
