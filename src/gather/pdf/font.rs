//! What the bytes of a shown string are as text, and how far they reach.

use lopdf::{Dictionary, Document, Encoding, Object};

/// The most that a font's table of characters may unpack to.
const MAX_MAP_BYTES: usize = 8 << 20;
/// Widths are taken of so many characters.
const MAX_WIDTHS: usize = 70_000;
/// How wide a character is where nobody says it, in thousandths.
const USUAL_WIDTH: f32 = 500.0;

/// A font, as far as it is needed to read.
pub(super) struct Font<'d> {
    encoding: Encoding<'d>,
    /// How many bytes make a character.
    code_bytes: usize,
    widths: std::collections::HashMap<u32, f32>,
    default_width: f32,
}

impl<'d> Font<'d> {
    pub(super) fn of(pdf: &'d Document, font: &'d Dictionary) -> Option<Self> {
        let encoding = font.get_font_encoding_with_limit(pdf, MAX_MAP_BYTES).ok()?;
        let is_composite = font
            .get(b"Subtype")
            .and_then(Object::as_name)
            .is_ok_and(|name| name == b"Type0");
        let mut this = Self {
            encoding,
            code_bytes: if is_composite { 2 } else { 1 },
            widths: std::collections::HashMap::new(),
            default_width: USUAL_WIDTH,
        };
        if is_composite {
            this.composite_widths(pdf, font);
        } else {
            this.simple_widths(pdf, font);
        }
        Some(this)
    }

    fn simple_widths(&mut self, pdf: &Document, font: &Dictionary) -> Option<()> {
        let first = font.get_deref(b"FirstChar", pdf).ok()?.as_i64().ok()?;
        let first = u32::try_from(first).ok()?;
        let widths = font.get_deref(b"Widths", pdf).ok()?.as_array().ok()?;
        let widths = widths.iter().filter_map(|width| number(pdf, width));
        self.widths = (first..).zip(widths).take(256).collect();
        Some(())
    }

    /// `[first [w w w] first last w ...]` (ISO 32000, 9.7.4.3).
    fn composite_widths(&mut self, pdf: &Document, font: &Dictionary) -> Option<()> {
        self.default_width = 1000.0;
        let descendants = font.get_deref(b"DescendantFonts", pdf).ok()?;
        let (_, descendant) = pdf
            .dereference(descendants.as_array().ok()?.first()?)
            .ok()?;
        let descendant = descendant.as_dict().ok()?;
        if let Some(width) = descendant
            .get(b"DW")
            .ok()
            .and_then(|width| number(pdf, width))
        {
            self.default_width = width;
        }
        let mut items = descendant
            .get_deref(b"W", pdf)
            .ok()?
            .as_array()
            .ok()?
            .iter();
        while let (Some(first), Some(next)) = (items.next(), items.next()) {
            let first = number(pdf, first)? as u32;
            let (_, next) = pdf.dereference(next).ok()?;
            if let Ok(widths) = next.as_array() {
                let widths = widths.iter().filter_map(|width| number(pdf, width));
                let room = MAX_WIDTHS.saturating_sub(self.widths.len());
                self.widths.extend((first..).zip(widths).take(room));
            } else {
                let last = number(pdf, next)? as u32;
                let width = number(pdf, items.next()?)?;
                let room = MAX_WIDTHS.saturating_sub(self.widths.len());
                let codes = (first..=last).take(room);
                self.widths.extend(codes.map(|code| (code, width)));
            }
        }
        Some(())
    }

    /// The characters of a string: text, width in thousandths, whether it is the space that word spacing widens.
    pub(super) fn characters<'s>(
        &'s self,
        bytes: &'s [u8],
    ) -> impl Iterator<Item = (String, f32, bool)> + 's {
        bytes.chunks(self.code_bytes).map(|code| {
            let number = code
                .iter()
                .fold(0, |number, byte| (number << 8) | u32::from(*byte));
            let width = self.widths.get(&number).copied();
            let text = self.encoding.bytes_to_string(code).unwrap_or_default();
            let is_space = self.code_bytes == 1 && number == 32;
            (text, width.unwrap_or(self.default_width), is_space)
        })
    }
}

fn number(pdf: &Document, object: &Object) -> Option<f32> {
    let (_, object) = pdf.dereference(object).ok()?;
    object.as_float().ok().filter(|number| number.is_finite())
}
