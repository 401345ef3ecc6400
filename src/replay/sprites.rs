//! What a page borrows from drawings in other files (`<use href="icons.svg#mail">`).
//!
//! A browser takes such a part only from the origin of the page, and a copy has none. So the parts that are used are put at the end of the
//! page, and `use` names them there. They are written anew, element by element: of what draws, nothing but shapes, colours and
//! what they refer to within the same file; no text, no style sheet, nothing that runs, and no value in which markup could hide.

use std::cell::RefCell;
use std::collections::BTreeSet;

use html_escape::decode_html_entities;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use url::Url;

use super::elements::{self, Change, Given};
use super::{Address, Places, address};

/// So many drawings are borrowed from.
const MOST_DRAWINGS: usize = 10;
/// So many parts are borrowed of one.
const MOST_PARTS: usize = 1000;
/// A drawing of more bytes is not read.
const MOST_BYTES: usize = 2 << 20;
/// What is borrowed takes about so many bytes at most, all in all.
const MOST_WRITTEN: usize = 2 << 20;
/// A drawing is read so often at most: what one part refers to may stand before it.
const MOST_TIMES: usize = 4;

/// What draws.
const DRAWS: &[&str] = &[
    "symbol",
    "svg",
    "g",
    "defs",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "use",
    "lineargradient",
    "radialgradient",
    "stop",
    "clippath",
    "mask",
    "pattern",
];

/// What a page borrows.
pub(super) struct Sprites<'u> {
    own: &'u Url,
    drawings: RefCell<Vec<Drawing>>,
}

struct Drawing {
    url: Url,
    /// `None` where it is not kept, or cannot be read.
    text: Option<String>,
    wanted: BTreeSet<String>,
}

impl<'u> Sprites<'u> {
    /// Nothing yet, for a page that was at `own`.
    pub(super) fn new(own: &'u Url) -> Self {
        Self {
            own,
            drawings: RefCell::default(),
        }
    }

    /// Under which id a part of another file will stand on the page; `None` where it cannot.
    pub(super) fn id(&self, written: &str, base: &Url, places: &dyn Places) -> Option<String> {
        let Address::Web(url, fragment) = address(written, base) else {
            return None;
        };
        let part = fragment.strip_prefix('#').filter(|part| is_plain(part))?;
        if url.origin() != self.own.origin() {
            return None;
        }
        let mut drawings = self.drawings.borrow_mut();
        let known = drawings.iter().position(|drawing| drawing.url == url);
        let number = match known {
            Some(number) => number,
            None if drawings.len() < MOST_DRAWINGS => {
                let text = places.drawing(&url);
                drawings.push(Drawing {
                    text: text.filter(|text| text.len() <= MOST_BYTES),
                    url,
                    wanted: BTreeSet::new(),
                });
                drawings.len() - 1
            }
            None => return None,
        };
        let drawing = drawings.get_mut(number)?;
        drawing.text.as_ref()?;
        if drawing.wanted.len() < MOST_PARTS {
            drawing.wanted.insert(part.to_owned());
        }
        Some(named(number, part))
    }

    /// What is to stand at the end of the page; nothing where nothing is borrowed.
    pub(super) fn written(&self, places: &dyn Places) -> String {
        let mut out = String::new();
        for (number, drawing) in self.drawings.borrow().iter().enumerate() {
            if let Some(text) = &drawing.text {
                let mut writing = Writing {
                    number,
                    base: &drawing.url,
                    places,
                    out: &mut out,
                    asked: BTreeSet::new(),
                };
                writing.all(text, drawing.wanted.clone());
            }
        }
        if out.is_empty() {
            return out;
        }
        format!(
            "<svg width=\"0\" height=\"0\" style=\"position:absolute\" aria-hidden=\"true\"><defs>{out}</defs></svg>"
        )
    }
}

fn named(number: usize, part: &str) -> String {
    format!("sourcekeep-{number}-{part}")
}

fn is_plain(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    !id.is_empty() && id.bytes().all(is_plain)
}

/// Whether a value is nothing but one, however it is read: none that says `=`, or begins or ends a tag or another value.
fn is_harmless(value: &str) -> bool {
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || " \t\r\n.,#%()_:;/+-".contains(c);
    value.chars().all(is_harmless)
}

struct Writing<'w> {
    number: usize,
    base: &'w Url,
    places: &'w dyn Places,
    out: &'w mut String,
    /// The ids that what was written refers to.
    asked: BTreeSet<String>,
}

impl Writing<'_> {
    fn all(&mut self, text: &str, mut wanted: BTreeSet<String>) {
        let mut done = BTreeSet::new();
        for _ in 0..MOST_TIMES {
            if wanted.is_empty() {
                return;
            }
            done.extend(wanted.iter().cloned());
            self.read(text, wanted);
            wanted = std::mem::take(&mut self.asked);
            wanted.retain(|id| !done.contains(id));
        }
    }

    /// Writes the elements with these ids; a drawing that is not well-formed is read as far as it is.
    fn read(&mut self, text: &str, mut wanted: BTreeSet<String>) {
        let mut reader = Reader::from_str(text);
        // The elements that are open since one was wanted, and how deep it is in what does not draw.
        let mut open: Vec<&'static str> = Vec::new();
        let mut skipped = 0_usize;
        while self.out.len() < MOST_WRITTEN && !(wanted.is_empty() && open.is_empty()) {
            match reader.read_event() {
                Ok(Event::Start(_)) if skipped > 0 => skipped += 1,
                Ok(Event::End(_)) if skipped > 0 => skipped -= 1,
                Ok(Event::Start(start)) => {
                    match self.begin(&start, &mut wanted, !open.is_empty()) {
                        Some(name) => {
                            self.out.push('>');
                            open.push(name);
                        }
                        None if !open.is_empty() => skipped = 1,
                        None => {}
                    }
                }
                Ok(Event::Empty(start)) if skipped == 0 => {
                    if self.begin(&start, &mut wanted, !open.is_empty()).is_some() {
                        self.out.push_str("/>");
                    }
                }
                Ok(Event::End(_)) => {
                    if let Some(name) = open.pop() {
                        self.close(name);
                    }
                }
                Ok(Event::Eof) | Err(_) => break,
                Ok(_) => {}
            }
        }
        while let Some(name) = open.pop() {
            self.close(name);
        }
    }

    fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// Writes the beginning of an element, where it is wanted, or stands within one that is; its name.
    fn begin(
        &mut self,
        start: &BytesStart<'_>,
        wanted: &mut BTreeSet<String>,
        is_within: bool,
    ) -> Option<&'static str> {
        let name = start.local_name().into_inner().to_ascii_lowercase();
        let name = DRAWS.iter().copied().find(|own| *own == name)?;
        let attributes: Vec<(String, String)> = start
            .attributes()
            .with_checks(false)
            .flatten()
            .take(elements::MOST_ATTRIBUTES)
            .map(|attribute| {
                let name = attribute.key.into_inner().to_ascii_lowercase();
                (name, attribute.value.into_owned())
            })
            .collect();
        let id = attributes.iter().find(|(name, _)| name == "id");
        let is_wanted = id.is_some_and(|(_, id)| wanted.remove(id));
        if !is_within && !is_wanted {
            return None;
        }
        self.out.push('<');
        self.out.push_str(name);
        let given = Given {
            name,
            attributes: &attributes,
            base: self.base,
            places: self.places,
        };
        for (attribute, written) in &attributes {
            self.attribute(&given, attribute, written);
        }
        Some(name)
    }

    fn attribute(&mut self, given: &Given<'_>, name: &str, written: &str) {
        let value = match elements::change(given, name, written) {
            Change::Stays => decode_html_entities(written).into_owned(),
            Change::To(value) => value,
            Change::Goes | Change::Page(_) => return,
        };
        let value = match name {
            "id" if is_plain(&value) => named(self.number, &value),
            "href" | "xlink:href" => match value.strip_prefix('#').filter(|id| is_plain(id)) {
                Some(id) => format!("#{}", self.ask(id)),
                None => return,
            },
            _ => self.of_parts(&value),
        };
        let is_name = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if (is_name || name == "xlink:href" || matches!(name, "x1" | "x2" | "y1" | "y2"))
            && is_harmless(&value)
        {
            // Writing to a string does not fail.
            let _ = std::fmt::Write::write_fmt(self.out, format_args!(" {name}=\"{value}\""));
        }
    }

    /// A value in which parts of the same file are named as they are on the page.
    fn of_parts(&mut self, value: &str) -> String {
        let value = value.replace("url('#", "url(#").replace("url(\"#", "url(#");
        let value = value.replace("')", ")").replace("\")", ")");
        let mut pieces = value.split("url(#");
        let mut out = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (id, rest) = piece.split_once(')').unwrap_or((piece, ""));
            out.push_str("url(#");
            out.push_str(&self.ask(id));
            out.push(')');
            out.push_str(rest);
        }
        out
    }

    fn ask(&mut self, id: &str) -> String {
        if is_plain(id) && self.asked.len() < MOST_PARTS {
            self.asked.insert(id.to_owned());
        }
        named(self.number, id)
    }
}
