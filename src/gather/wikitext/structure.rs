//! Which braces belong together, and what is no markup.
//!
//! As MediaWiki's preprocessor does it: a run of braces is closed from the inside, by twos (a template) and threes (a
//! parameter). Other than there, a link that was never closed does not spoil the template around it.

use std::ops::Range;

/// Extension tags whose content is no wikitext.
const RAW_TAGS: &[&str] = &[
    "nowiki",
    "pre",
    "math",
    "chem",
    "ce",
    "syntaxhighlight",
    "source",
    "score",
    "timeline",
    "graph",
    "templatedata",
    "templatestyles",
    "hiero",
    "mapframe",
    "maplink",
];

/// A stretch that is no markup.
#[derive(Debug, Clone)]
pub(super) struct Zone {
    pub(super) whole: Range<usize>,
    pub(super) kind: ZoneKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ZoneKind {
    /// `<!-- -->`: what stands in it.
    Comment(Range<usize>),
    /// `<nowiki>`: what stands in it is shown as it is.
    Shown(Range<usize>),
    /// Anything else.
    Hidden,
}

/// A template call.
#[derive(Debug)]
pub(super) struct Template {
    /// Its braces included.
    pub(super) whole: Range<usize>,
    /// Where the bars stand that divide its parameters.
    pub(super) bars: Vec<usize>,
}

impl Template {
    /// Its name as written, cut short.
    pub(super) fn name<'t>(&self, text: &'t str) -> &'t str {
        let start = self.whole.start + 2;
        let end = self.bars.first().copied().unwrap_or(self.whole.end - 2);
        crate::gather::sentence::cut(&text[start..end.max(start)], 200).trim()
    }

    /// The parameters, as ranges between the bars.
    pub(super) fn parameters(&self) -> impl Iterator<Item = Range<usize>> {
        let ends = self
            .bars
            .iter()
            .skip(1)
            .copied()
            .chain([self.whole.end - 2]);
        self.bars.iter().zip(ends).map(|(bar, end)| bar + 1..end)
    }
}

/// Both, in order.
#[derive(Debug, Default)]
pub(super) struct Structure {
    pub(super) zones: Vec<Zone>,
    pub(super) templates: Vec<Template>,
}

impl Structure {
    pub(super) fn of(text: &str) -> Self {
        let zones = zones(text);
        let templates = templates(text, &zones);
        Self { zones, templates }
    }

    /// The template that begins at an offset.
    pub(super) fn template_at(&self, at: usize) -> Option<&Template> {
        let found = self
            .templates
            .binary_search_by_key(&at, |template| template.whole.start);
        found.ok().and_then(|index| self.templates.get(index))
    }

    /// The zones that touch a range.
    pub(super) fn zones_in(&self, range: &Range<usize>) -> &[Zone] {
        let start = self
            .zones
            .partition_point(|zone| zone.whole.end <= range.start);
        let end = self
            .zones
            .partition_point(|zone| zone.whole.start < range.end);
        self.zones.get(start..end).unwrap_or_default()
    }
}

fn zones(text: &str) -> Vec<Zone> {
    let bytes = text.as_bytes();
    let mut zones = Vec::new();
    let mut never_closed = [false; RAW_TAGS.len()];
    let mut at = 0;
    while let Some(open) = memchr::memchr(b'<', &bytes[at..]).map(|found| at + found) {
        let rest = &text[open..];
        at = open + 1;
        if rest.starts_with("<!--") {
            let inner = open + 4;
            let end = text[inner..].find("-->").map(|end| inner + end);
            let whole = open..end.map_or(text.len(), |end| end + 3);
            at = whole.end;
            zones.push(Zone {
                whole,
                kind: ZoneKind::Comment(inner..end.unwrap_or(text.len())),
            });
            continue;
        }
        let Some(index) = raw_tag(&bytes[open + 1..]) else {
            continue;
        };
        let name_end = open + 1 + RAW_TAGS[index].len();
        let Some(tag_end) = memchr::memchr(b'>', &bytes[name_end..]).map(|end| name_end + end + 1)
        else {
            // No tag ends behind this.
            break;
        };
        let is_empty = bytes[tag_end - 2] == b'/';
        let close = if is_empty || never_closed[index] {
            None
        } else {
            closing(bytes, tag_end, RAW_TAGS[index])
        };
        never_closed[index] |= !is_empty && close.is_none();
        let (inner, end) = match close {
            Some(close) => {
                let end = memchr::memchr(b'>', &bytes[close..]);
                (
                    tag_end..close,
                    end.map_or(bytes.len(), |end| close + end + 1),
                )
            }
            // A tag that is never closed is only a tag.
            None => (tag_end..tag_end, tag_end),
        };
        at = end;
        let kind = if RAW_TAGS[index] == "nowiki" {
            ZoneKind::Shown(inner)
        } else {
            ZoneKind::Hidden
        };
        zones.push(Zone {
            whole: open..end,
            kind,
        });
    }
    zones
}

/// Which tag of these begins here, behind its `<`.
fn raw_tag(rest: &[u8]) -> Option<usize> {
    RAW_TAGS.iter().position(|name| {
        rest.len() > name.len()
            && rest[..name.len()].eq_ignore_ascii_case(name.as_bytes())
            && matches!(rest[name.len()], b'>' | b'/' | b' ' | b'\t' | b'\n' | b'\r')
    })
}

/// Where the end tag of this name begins.
fn closing(bytes: &[u8], from: usize, name: &str) -> Option<usize> {
    let rest = &bytes[from..];
    let found = memchr::memmem::find_iter(rest, b"</").find(|at| {
        let after = &rest[at + 2..];
        after.len() >= name.len() && after[..name.len()].eq_ignore_ascii_case(name.as_bytes())
    });
    found.map(|at| from + at)
}

/// Braces or brackets that are open.
#[derive(Debug)]
struct Open {
    at: usize,
    /// How many braces; 0 is a link.
    braces: usize,
    bars: Vec<usize>,
}

/// What is open, outermost first.
#[derive(Debug, Default)]
struct Stack {
    open: Vec<Open>,
    /// How many of them are braces.
    braces: usize,
}

fn templates(text: &str, zones: &[Zone]) -> Vec<Template> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut stack = Stack::default();
    let mut zones = zones.iter().peekable();
    let mut at = 0;
    while at < bytes.len() {
        if let Some(zone) = zones.next_if(|zone| zone.whole.start <= at) {
            at = at.max(zone.whole.end);
            continue;
        }
        let byte = bytes[at];
        let run = || bytes[at..].iter().take_while(|next| **next == byte).count();
        match byte {
            b'{' => {
                let braces = run();
                if braces >= 2 {
                    stack.push(at, braces);
                }
                at += braces;
            }
            b'}' => {
                let braces = run();
                stack.close_braces(at, braces, &mut found);
                at += braces;
            }
            b'[' if bytes.get(at + 1) == Some(&b'[') => {
                stack.push(at, 0);
                at += 2;
            }
            b']' if bytes.get(at + 1) == Some(&b']') => {
                stack.open.pop_if(|open| open.braces == 0);
                at += 2;
            }
            b'|' => {
                if let Some(open) = stack.open.last_mut() {
                    open.bars.push(at);
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    found.sort_unstable_by_key(|template: &Template| template.whole.start);
    found
}

impl Stack {
    fn push(&mut self, at: usize, braces: usize) {
        self.braces += usize::from(braces > 0);
        self.open.push(Open {
            at,
            braces,
            bars: Vec::new(),
        });
    }

    fn close_braces(&mut self, mut at: usize, mut braces: usize, found: &mut Vec<Template>) {
        while braces >= 2 && self.braces > 0 {
            // Links that were never closed give their bars to the template around them.
            let mut bars = Vec::new();
            while let Some(link) = self.open.pop_if(|open| open.braces == 0) {
                bars.push(link.bars);
            }
            let Some(open) = self.open.last_mut() else {
                return;
            };
            open.bars.extend(bars.into_iter().rev().flatten());
            let taken = if open.braces >= 3 && braces >= 3 {
                3
            } else {
                2
            };
            let bars = std::mem::take(&mut open.bars);
            open.braces -= taken;
            if taken == 2 {
                found.push(Template {
                    whole: open.at + open.braces..at + taken,
                    bars,
                });
            }
            if open.braces < 2 {
                self.open.pop();
                self.braces -= 1;
            }
            at += taken;
            braces -= taken;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let structure = Structure::of(text);
        let templates = structure.templates.iter();
        templates.map(|one| &text[one.whole.clone()]).collect()
    }

    #[test]
    fn braces_are_closed_from_the_inside() {
        for (text, expected) in [
            ("{{a}} {{b|{{c}}}}", vec!["{{a}}", "{{b|{{c}}}}", "{{c}}"]),
            ("{{{p|{{a}}}}}", vec!["{{a}}"]),
            ("{{{{a}}}}", vec![]),
            ("{{a <!-- }} --> }}", vec!["{{a <!-- }} --> }}"]),
            ("<nowiki>{{a}}</nowiki>{{b}}", vec!["{{b}}"]),
            ("<nowiki>{{a}}", vec!["{{a}}"]),
            ("{{a|[[b|c}} {{d}}", vec!["{{a|[[b|c}}", "{{d}}"]),
            ("{{a {{b}}", vec!["{{b}}"]),
            ("}} {a} {{", vec![]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn bars_of_links_divide_nothing() {
        let text = "{{a|[[b|c]]|d=[[e|f}}";
        let structure = Structure::of(text);
        let parameters: Vec<&str> = structure.templates[0]
            .parameters()
            .map(|range| &text[range])
            .collect();
        assert_eq!(parameters, ["[[b|c]]", "d=[[e", "f"]);
        assert_eq!(structure.templates[0].name(text), "a");
    }
}
