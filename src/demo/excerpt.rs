//! Parts of what a command printed, with a mark where something was left out.

/// What stands where something was left out.
const LEFT_OUT: &str = "  …";
/// So much is kept of the first paragraph.
const HEAD: usize = 2;

/// The first lines of a text, and those of its paragraphs in which one of the words stands, each with the heading above
/// it. A heading is a paragraph of one line that is not indented.
pub fn excerpt(text: &str, wanted: &[&str]) -> String {
    let mut paragraphs = text.trim_end().split("\n\n");
    let head: Vec<_> = paragraphs.next().unwrap_or_default().lines().collect();
    let mut kept = head[..head.len().min(HEAD)].join("\n");
    // Whether something was left out since what was kept last, or, under a heading, since that.
    let mut left_out = head.len() > HEAD;
    let mut heading: Option<&str> = None;
    let mut left_out_below = false;
    let mark = |kept: &mut String, left_out: bool| {
        if left_out {
            kept.push('\n');
            kept.push_str(LEFT_OUT);
        }
    };
    for paragraph in paragraphs {
        let is_indented = paragraph.starts_with(' ');
        if wanted.iter().any(|words| paragraph.contains(words)) {
            mark(&mut kept, left_out);
            if let Some(heading) = heading.take() {
                kept.push_str("\n\n");
                kept.push_str(heading);
                mark(&mut kept, left_out_below);
            }
            kept.push_str("\n\n");
            kept.push_str(paragraph);
            (left_out, left_out_below) = (false, false);
        } else if is_indented && heading.is_some() {
            left_out_below = true;
        } else {
            left_out |= heading.is_some() || is_indented || paragraph.contains('\n');
            heading = (!is_indented && !paragraph.contains('\n')).then_some(paragraph);
            left_out_below = false;
        }
    }
    mark(&mut kept, left_out || heading.is_some());
    kept + "\n"
}

/// The lines of a text that begin with one of these words, and a mark if those are not all.
pub fn lines_beginning(text: &str, words: &[&str]) -> String {
    let is_wanted = |line: &&str| words.iter().any(|words| line.starts_with(words));
    let kept: Vec<_> = text.lines().filter(is_wanted).collect();
    let mark = if kept.len() < text.lines().count() {
        " …"
    } else {
        ""
    };
    kept.join("\n") + mark + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Ten\n\nBroken (2)\n\n  a is broken\n  since Monday\n\n  b is broken\n\nMoved (1)\n\n  c\n\n\
                        Of all: 3\nHeld: 9\n";

    #[test]
    fn what_is_wanted_is_kept_with_its_heading() {
        assert_eq!(
            excerpt(TEXT, &["a is"]),
            "Ten\n\nBroken (2)\n\n  a is broken\n  since Monday\n  …\n"
        );
        assert_eq!(
            excerpt(TEXT, &["  c"]),
            "Ten\n  …\n\nMoved (1)\n\n  c\n  …\n"
        );
    }

    #[test]
    fn where_nothing_is_left_out_nothing_is_marked() {
        assert_eq!(excerpt(TEXT, &["is", "  c", "Held"]), TEXT);
        assert_eq!(excerpt("One\n", &[]), "One\n");
    }

    #[test]
    fn a_long_beginning_is_cut() {
        assert_eq!(excerpt("a\nb\nc\n\nd\ne\n", &["d"]), "a\nb\n  …\n\nd\ne\n");
    }

    #[test]
    fn lines_are_chosen_by_their_first_words() {
        assert_eq!(lines_beginning("a 1\nb 2\n", &["b"]), "b 2 …\n");
        assert_eq!(lines_beginning("a 1\nb 2\n", &["b", "a"]), "a 1\nb 2\n");
    }
}
