//! What was done, told on the page to which one is led then. The address of that page names it, by one of these words, so that it
//! can be opened again; it never has words of its own to show.

use super::Asked;

/// What may be told: the word in the address, and what is said of one and of many.
const DONE: [(&str, &str, &str); 0] = [];

/// What was done just now, in words.
pub(super) fn said(asked: &Asked) -> Option<String> {
    let sent = asked.sent("done")?;
    let (word, many) = sent.split_once('.').unwrap_or((&sent, "1"));
    let many: u64 = many.parse().ok()?;
    let (_, one, more) = DONE.iter().find(|(own, _, _)| *own == word)?;
    Some(if many == 1 {
        (*one).to_owned()
    } else {
        more.replace('#', &many.to_string())
    })
}
