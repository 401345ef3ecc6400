//! What was done, told on the page to which one is led then. The address of that page names it, by one of these words, so that it
//! can be opened again; it never has words of its own to show.

use super::Asked;

/// What may be told: the word in the address, and what is said of one and of many.
const DONE: &[(&str, &str, &str)] = &[
    (
        "input-added",
        "The input is added. The next run reads it; `sourcekeep watch` does within a minute.",
        "",
    ),
    (
        "input-known",
        "That input is known already; the next run reads it again.",
        "",
    ),
    ("input-paused", "The input rests.", ""),
    (
        "input-resumed",
        "The input goes on; the next run reads it.",
        "",
    ),
    ("input-due", "The next run reads the input.", ""),
    (
        "input-removed",
        "The input is removed. What was gathered from it stays.",
        "",
    ),
    (
        "input-interval",
        "How often the input is read is changed.",
        "",
    ),
    (
        "due",
        "The source is visited by the next run; `sourcekeep watch` does within a minute.",
        "# sources are visited by the next run; `sourcekeep watch` does within a minute.",
    ),
    (
        "wanted",
        "The next run visits the source and keeps a copy; `sourcekeep watch` does within a minute.",
        "The next run visits # sources and keeps copies; `sourcekeep watch` does within a minute.",
    ),
    ("marked", "The source is marked.", "# sources are marked."),
    (
        "unmarked",
        "The mark is taken back.",
        "The marks of # sources are taken back.",
    ),
    (
        "held",
        "The copies of the source are held: they are never pruned.",
        "The copies of # sources are held: they are never pruned.",
    ),
    (
        "let-go",
        "The copies of the source may be pruned again.",
        "The copies of # sources may be pruned again.",
    ),
    (
        "decided",
        "It is decided for one post.",
        "It is decided for # posts.",
    ),
    (
        "undecided",
        "The decision is taken back.",
        "# decisions are taken back.",
    ),
    ("hidden", "Copies of the source are no longer shown.", ""),
    (
        "blocked",
        "Copies of the source are no longer shown, for a reason of law.",
        "",
    ),
    ("shown", "Copies of the source are shown again.", ""),
    ("copy-kept", "The copy is kept.", ""),
    (
        "post-due",
        "The next run reads the post again; `sourcekeep watch` does within a minute.",
        "",
    ),
];

/// What was done just now, in words.
pub(super) fn said(asked: &Asked) -> Option<String> {
    let sent = asked.sent("done")?;
    let (word, many) = sent.split_once('.').unwrap_or((&sent, "1"));
    let many: u64 = many.parse().ok()?;
    let (_, one, more) = DONE.iter().find(|(own, _, _)| *own == word)?;
    Some(if many == 1 || more.is_empty() {
        (*one).to_owned()
    } else {
        more.replace('#', &many.to_string())
    })
}
