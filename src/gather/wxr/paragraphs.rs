//! WordPress's own kind of HTML: a blank line ends a paragraph, and what stands between `[code]` and `[/code]` is shown
//! as it is.
//!
//! The page reader knows markup and ends paragraphs at blank lines where it is told to; code in brackets is kept from it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::gather::Place;
use crate::gather::html::Page;
use crate::gather::position::Origin;
use crate::gather::post::PostWriter;

#[expect(
    clippy::unwrap_used,
    reason = "the pattern is a constant that the tests compile"
)]
static CODE_BEGINS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \[ (?<name> code | sourcecode | source | pre | highlight | php | css | html | xml | js | javascript | bash
           | shell | python | java | sql | cpp | c\+\+ | csharp | ruby | perl | cc | cci | crayon | noformat | plain )
           (?: [\s=_] [^\]\n]{0,500} )? \]",
    )
    .unwrap()
});

/// Reads the text of a post or comment. `origin` leads from its offsets to those of the document's text.
pub(super) fn feed(writer: &mut PostWriter<'_>, html: &str, origin: &Origin, place: Place) {
    let mut page = Page::of(place).ending_paragraphs_at_blank_lines();
    let mut at = 0;
    for code in codes(html) {
        page.feed(writer, &html[at..code.start], &origin.part(at));
        writer.open_code();
        writer.text(&html[code.clone()]);
        writer.close_code();
        at = code.end;
    }
    page.feed(writer, &html[at..], &origin.part(at));
    // What was never closed ends with its text.
    writer.close_link();
    writer.close_heading();
    writer.break_block();
}

/// What stands between `[code]` and `[/code]`, the first bracket included.
fn codes(html: &str) -> Vec<Range<usize>> {
    let mut codes: Vec<Range<usize>> = Vec::new();
    // Where each kind ends next, so that what is never closed is looked for once.
    let mut ends: HashMap<&str, usize> = HashMap::new();
    for begin in CODE_BEGINS.captures_iter(html) {
        let (Some(whole), Some(name)) = (begin.get(0), begin.name("name")) else {
            continue;
        };
        if codes.last().is_some_and(|last| whole.start() < last.end) {
            continue;
        }
        let end = ends.entry(name.as_str()).or_insert(0);
        if *end < whole.end() {
            let close = format!("[/{}]", name.as_str());
            let found = memchr::memmem::find(&html.as_bytes()[whole.end()..], close.as_bytes());
            *end = found.map_or(usize::MAX, |at| whole.end() + at);
        }
        if *end != usize::MAX {
            codes.push(whole.start()..*end);
        }
    }
    codes
}
