//! WordPress's own kind of HTML: a blank line ends a paragraph, shortcodes stand for players, and an address that stands
//! in the text is one that readers can follow.
//!
//! The page reader knows markup, not this. So the text between the tags is looked at first, and the page reader is given
//! what lies between the finds. Tags, comments, scripts and code are left whole, so that it never sees half of one.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::gather::bare::bare_addresses;
use crate::gather::html::Page;
use crate::gather::position::Origin;
use crate::gather::post::{Link, PostWriter};
use crate::gather::shortcode::shortcodes;
use crate::gather::{Details, Kind, Place};

/// Elements whose text is no markup.
const RAW: &[&str] = &[
    "script", "style", "textarea", "title", "iframe", "xmp", "noembed", "noframes",
];
/// Elements whose text is quoted as it is.
const CODE: &[&str] = &["pre", "code", "kbd", "samp", "tt"];

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

#[expect(
    clippy::unwrap_used,
    reason = "the pattern is a constant that the tests compile"
)]
static ENTITY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});").unwrap()
});

/// Something in the text that the page reader does not know.
#[derive(Debug)]
enum Mark {
    /// A paragraph ends.
    Blank,
    /// An address.
    Bare,
    /// A shortcode: the address it stands for, and where that is written.
    Shortcode(String, Range<usize>),
}

/// Reads the text of a post or comment. `origin` leads from its offsets to those of the document's text.
pub(super) fn feed(writer: &mut PostWriter<'_>, html: &str, origin: &Origin, place: Place) {
    let mut page = Page::of(place);
    let mut at = 0;
    for (range, mark) in marks(html) {
        if range.start < at {
            continue;
        }
        page.feed(writer, &html[at..range.start], &origin.part(at));
        at = range.start;
        match mark {
            Mark::Blank => {
                writer.break_block();
                at = range.end;
            }
            // The text of a link is no link of its own.
            _ if writer.is_in_link() => {}
            Mark::Bare => {
                let href = unescaped(&html[range.clone()]);
                writer.bare_link(&link(&href, Kind::Bare, place, origin.of(&range), None));
                at = range.end;
            }
            Mark::Shortcode(address, written) => {
                let raw = &html[written.clone()];
                let raw = (unescaped(raw) != address).then(|| raw.to_owned());
                let span = origin.of(&written);
                writer.point_link(&link(&address, Kind::Shortcode, place, span, raw), "");
                at = range.end;
            }
        }
    }
    page.feed(writer, &html[at..], &origin.part(at));
    // What was never closed ends with its text.
    writer.close_link();
    writer.close_heading();
    writer.break_block();
}

fn link<'l>(
    href: &'l str,
    kind: Kind,
    place: Place,
    span: Range<usize>,
    written: Option<String>,
) -> Link<'l> {
    Link {
        href,
        kind,
        place,
        rel: "",
        at: span.start,
        span,
        excluded: None,
        details: Details {
            written,
            ..Details::default()
        },
    }
}

/// An address in a text that is HTML.
fn unescaped(raw: &str) -> String {
    ["&amp;", "&#038;", "&#38;", "&#x26;"]
        .iter()
        .fold(raw.to_owned(), |text, entity| text.replace(entity, "&"))
}

/// What stands in the text, in order.
fn marks(html: &str) -> Vec<(Range<usize>, Mark)> {
    let regions = regions(html);
    let mut marks: Vec<(Range<usize>, Mark)> = shortcodes(html)
        .into_iter()
        .map(|code| (code.whole, Mark::Shortcode(code.address, code.written)))
        .collect();
    marks.extend(bare_addresses(html).into_iter().map(|range| {
        let end = range.start + address_length(&html[range.clone()]);
        (range.start..end, Mark::Bare)
    }));
    for region in &regions {
        marks.extend(blank_lines(html, region).map(|range| (range, Mark::Blank)));
    }
    // A shortcode that holds an address stands before it and takes it.
    marks.sort_by_key(|(range, mark)| (range.start, matches!(mark, Mark::Bare)));
    let mut next = 0;
    marks.retain(|(range, _)| {
        while regions
            .get(next)
            .is_some_and(|region| region.end <= range.start)
        {
            next += 1;
        }
        regions
            .get(next)
            .is_some_and(|region| region.start <= range.start && range.end <= region.end)
    });
    marks
}

/// How much of what looks like an address is one: a character that is written as an entity ends it, but for `&`.
fn address_length(raw: &str) -> usize {
    ENTITY
        .find_iter(raw)
        .find(|entity| !matches!(entity.as_str(), "&amp;" | "&#038;" | "&#38;" | "&#x26;"))
        .map_or(raw.len(), |entity| entity.start())
}

/// The blank lines of a region, as ranges that hold the breaks around them.
fn blank_lines<'h>(
    html: &'h str,
    region: &Range<usize>,
) -> impl Iterator<Item = Range<usize>> + use<'h> {
    let (text, start) = (&html[region.clone()], region.start);
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let newline = from + memchr::memchr(b'\n', &text.as_bytes()[from..])?;
            let rest = &text[newline..];
            let end = rest.len() - rest.trim_start().len();
            from = newline + end.max(1);
            if memchr::memchr_iter(b'\n', &rest.as_bytes()[..end])
                .nth(1)
                .is_some()
            {
                return Some(start + newline..start + from);
            }
        }
    })
}

/// Where running text stands: outside of tags, comments, scripts and code.
fn regions(html: &str) -> Vec<Range<usize>> {
    let mut regions = Vec::new();
    let bytes = html.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        let open = memchr::memchr(b'<', &bytes[at..]).map_or(bytes.len(), |found| at + found);
        if depth == 0 && open > at {
            regions.push(at..open);
        }
        let rest = &html[open..];
        at = if rest.starts_with("<!--") {
            rest.find("-->").map_or(bytes.len(), |end| open + end + 3)
        } else if rest.starts_with("<!") || rest.starts_with("<?") {
            rest.find('>').map_or(bytes.len(), |end| open + end + 1)
        } else {
            let is_end = rest.starts_with("</");
            let name_at = open + 1 + usize::from(is_end);
            let name = tag_name(&html[name_at.min(html.len())..]);
            if name.is_empty() {
                open + 1
            } else {
                let end = tag_end(bytes, name_at + name.len());
                if CODE.contains(&name.as_str()) {
                    depth = if is_end {
                        depth.saturating_sub(1)
                    } else {
                        depth + 1
                    };
                }
                if !is_end && RAW.contains(&name.as_str()) {
                    raw_end(html, end, &name)
                } else {
                    end
                }
            }
        };
    }
    without_code(html, regions)
}

/// The name of a tag, in lower case; empty where no tag begins.
fn tag_name(rest: &str) -> String {
    if !rest.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return String::new();
    }
    let end = rest
        .find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/')
        .unwrap_or(rest.len());
    rest[..end].to_ascii_lowercase()
}

/// Behind the `>` of a tag, which may stand in the values of its attributes too.
fn tag_end(bytes: &[u8], mut at: usize) -> usize {
    let mut follows_equals = false;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'>' => return at,
            b'=' => follows_equals = true,
            b'"' | b'\'' if follows_equals => {
                let Some(end) = memchr::memchr(*byte, &bytes[at..]) else {
                    return bytes.len();
                };
                at += end + 1;
                follows_equals = false;
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => follows_equals = false,
        }
    }
    bytes.len()
}

/// Where the end tag of an element of raw text begins.
fn raw_end(html: &str, from: usize, name: &str) -> usize {
    let rest = &html.as_bytes()[from..];
    memchr::memmem::find_iter(rest, b"</")
        .find(|at| {
            let after = &rest[at + 2..];
            after.len() >= name.len() && after[..name.len()].eq_ignore_ascii_case(name.as_bytes())
        })
        .map_or(html.len(), |at| from + at)
}

/// The regions without what stands between `[code]` and `[/code]`.
fn without_code(html: &str, regions: Vec<Range<usize>>) -> Vec<Range<usize>> {
    if !CODE_BEGINS.is_match(html) {
        return regions;
    }
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
    let mut outside = Vec::new();
    let mut codes = codes.into_iter().peekable();
    for region in regions {
        let mut start = region.start;
        while let Some(code) = codes.next_if(|code| code.end <= region.start) {
            drop(code);
        }
        while let Some(code) = codes.peek().filter(|code| code.start < region.end) {
            if code.start > start {
                outside.push(start..code.start);
            }
            start = start.max(code.end).min(region.end);
            if code.end > region.end {
                break;
            }
            codes.next();
        }
        if start < region.end {
            outside.push(start..region.end);
        }
    }
    outside
}
