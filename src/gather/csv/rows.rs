//! The rows of a table, and where each cell stands in it.
//!
//! The `csv` crate reads the rows and says where each begins; where a cell of it stands, which the crate does not say, is
//! found by going through the row once more.

use std::ops::Range;

use csv::{ReaderBuilder, StringRecord};

use crate::gather::sentence::cut;

/// How much of a table is looked at to find out what divides its cells.
const SNIFF_BYTES: usize = 64 * 1024;
/// How many rows.
const SNIFF_ROWS: usize = 100;
/// What may divide cells. Of two that fit equally well the first counts.
const DIVIDERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A table's text.
#[derive(Debug)]
pub(super) struct Table<'t> {
    text: &'t str,
    /// Where the first row begins.
    start: usize,
    divider: u8,
}

impl<'t> Table<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        // Excel's way of saying it.
        let first = text.lines().next().unwrap_or_default();
        if let Some(divider) = first.trim_end().strip_prefix("sep=")
            && let [divider] = divider.as_bytes()
        {
            return Self {
                text,
                start: (first.len() + 1).min(text.len()),
                divider: *divider,
            };
        }
        let with = |divider| Self {
            text,
            start: 0,
            divider,
        };
        let mut best = with(DIVIDERS[0]);
        let mut most = 0;
        for divider in DIVIDERS {
            let table = with(divider);
            let fitting = table.fitting();
            if fitting > most {
                (best, most) = (table, fitting);
            }
        }
        best
    }

    /// The first rows.
    pub(super) fn sample(&self) -> Vec<StringRecord> {
        let end = self.start + cut(&self.text[self.start..], SNIFF_BYTES).len();
        let sample = Table {
            text: &self.text[..end],
            ..*self
        };
        let mut rows = sample.rows();
        let mut found = Vec::new();
        while found.len() < SNIFF_ROWS
            && let Some(row) = rows.next()
        {
            found.push(row.record.clone());
        }
        // The last one may have been cut.
        if end < self.text.len() && found.len() > 1 {
            found.pop();
        }
        found
    }

    /// How many rows have as many cells as the first, and more than one.
    fn fitting(&self) -> usize {
        let sample = self.sample();
        let cells = sample.first().map_or(0, StringRecord::len);
        if cells < 2 {
            return 0;
        }
        sample.iter().filter(|row| row.len() == cells).count()
    }

    pub(super) fn rows(&self) -> Rows<'t> {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.divider)
            .from_reader(&self.text.as_bytes()[self.start..]);
        Rows {
            text: self.text,
            start: self.start,
            divider: self.divider,
            reader,
            record: StringRecord::new(),
            last_at: self.start,
        }
    }
}

/// Goes through the rows.
pub(super) struct Rows<'t> {
    text: &'t str,
    start: usize,
    divider: u8,
    reader: csv::Reader<&'t [u8]>,
    record: StringRecord,
    last_at: usize,
}

impl Rows<'_> {
    /// The next row. The text is UTF-8 and rows may have any length, so that no row is an error.
    pub(super) fn next(&mut self) -> Option<Row<'_>> {
        if !self.reader.read_record(&mut self.record).unwrap_or(false) {
            return None;
        }
        let offset = self.record.position().map_or(0, csv::Position::byte);
        let mut at = self.start + offset as usize;
        // The position of a row may be that of the line's end before it.
        let before = &self.text.as_bytes()[at.min(self.text.len())..];
        at += before
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        self.last_at = at;
        let end = self.start + self.reader.position().byte() as usize;
        let end = end.min(self.text.len());
        Some(Row {
            raw: &self.text[at.min(end)..end],
            at,
            divider: self.divider,
            record: &self.record,
        })
    }

    /// Where the last row begins, if a quotation mark in it is never closed.
    pub(super) fn unclosed(&self) -> Option<usize> {
        let raw = &self.text[self.last_at.min(self.text.len())..];
        let mut cells = Cells::new(raw, self.divider);
        while cells.next().is_some() {}
        cells.is_unclosed.then_some(self.last_at)
    }
}

/// One row.
#[derive(Debug)]
pub(super) struct Row<'r> {
    raw: &'r str,
    at: usize,
    divider: u8,
    record: &'r StringRecord,
}

impl<'r> Row<'r> {
    /// Where it begins in the text.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What a cell says, trimmed, and where that stands in the text. There is nothing in a cell that is not there.
    pub(super) fn cell(&self, column: usize) -> (&'r str, Range<usize>) {
        let value = self.record.get(column).unwrap_or_default().trim();
        let range = Cells::new(self.raw, self.divider).nth(column);
        let range = range.unwrap_or(self.raw.len()..self.raw.len());
        let inner = &self.raw[range.clone()];
        let start = range.start + inner.find(value).unwrap_or(0);
        let end = if inner.contains(value) {
            start + value.len()
        } else {
            range.end
        };
        (value, self.at + start..self.at + end)
    }

    pub(super) fn is_blank(&self) -> bool {
        self.record.iter().all(|cell| cell.trim().is_empty())
    }
}

/// The cells of a row as they are written, without the quotation marks around them.
struct Cells<'r> {
    raw: &'r str,
    at: Option<usize>,
    divider: u8,
    is_unclosed: bool,
}

impl<'r> Cells<'r> {
    fn new(raw: &'r str, divider: u8) -> Self {
        Self {
            raw,
            at: Some(0),
            divider,
            is_unclosed: false,
        }
    }
}

impl Iterator for Cells<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.at?;
        let bytes = self.raw.as_bytes();
        let is_end = |byte: u8| byte == self.divider || byte == b'\n' || byte == b'\r';
        let (inner, mut end);
        if bytes.get(start) == Some(&b'"') {
            end = start + 1;
            loop {
                let Some(mark) = memchr::memchr(b'"', &bytes[end..]) else {
                    self.is_unclosed = true;
                    self.at = None;
                    return Some(start + 1..bytes.len());
                };
                end += mark + 1;
                if bytes.get(end) != Some(&b'"') {
                    break;
                }
                end += 1;
            }
            inner = start + 1..end - 1;
            let rest = bytes[end..].iter().position(|byte| is_end(*byte));
            end = rest.map_or(bytes.len(), |at| end + at);
        } else {
            let length = bytes[start..].iter().position(|byte| is_end(*byte));
            end = length.map_or(bytes.len(), |at| start + at);
            inner = start..end;
        }
        self.at = (bytes.get(end) == Some(&self.divider)).then_some(end + 1);
        Some(inner)
    }
}
