//! A list of addresses: one a line, `#` begins a comment, blank lines mean nothing.
//!
//! Whoever writes a list wants all of it, so that nothing is internal here; only exclusions take something away. What
//! is no address is listed with its line.

use super::options::Rules;
use super::position::Source;
use super::post::{Home, Link, PostWriter};
use super::{Details, Document, Kind, Place, Post, Reason, Sink};
use crate::address::{self, Rejected};

pub(super) fn gather(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
) {
    let home = Home {
        address: document.name.to_owned(),
        name: document.name.to_owned(),
        ..Home::default()
    };
    let mut writer = PostWriter::begin(source, rules, sink, home);
    for (at, line) in entries(source.text()) {
        match address::parse(line, None) {
            Ok(_) => {
                let span = at..at + line.len();
                let link = Link {
                    href: line,
                    kind: Kind::Bare,
                    place: Place::Body,
                    rel: "",
                    at,
                    span,
                    excluded: None,
                    details: Details::default(),
                };
                writer.point_link(&link, "");
            }
            Err(rejected) => writer.leave_out(line, Reason::Rejected(rejected), at),
        }
    }
    writer.end(document.bytes, Post::default());
}

/// The lines that say something, with their offsets.
fn entries(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = 0;
    text.split_inclusive('\n').filter_map(move |full| {
        let start = next;
        next += full.len();
        // An address may hold a `#`; a comment after one stands apart from it.
        let line = full.split_once(" #").map_or(full, |(before, _)| before);
        let entry = line.trim_start_matches('\u{feff}').trim();
        let at = start + full.find(entry).unwrap_or(0);
        (!entry.is_empty() && !entry.starts_with('#')).then_some((at, entry))
    })
}

/// Whether most lines that say something are nothing but an address. The others are told as what they are: a list with
/// a mistake in it is a list.
pub(super) fn looks_like_a_list(text: &str) -> bool {
    let (mut addresses, mut others) = (0_usize, 0_usize);
    for (_, line) in entries(text) {
        let is_address = !line.contains(char::is_whitespace)
            && matches!(
                address::parse(line, None),
                Ok(_) | Err(Rejected::TooLong(_))
            );
        if is_address {
            addresses += 1;
        } else {
            others += 1;
        }
    }
    addresses > others
}

#[cfg(test)]
mod tests {
    use crate::gather::Format;
    use crate::gather::testing::hear;

    #[test]
    fn every_line_is_accounted_for() {
        let text = "# mine\r\nhttps://blog.example/own\r\n\r\n  http://a.example/#x # why\nnot an address\nftp://f.example/\n";
        let heard = hear(text, Format::List);
        assert_eq!(
            heard.urls(),
            ["https://blog.example/own", "http://a.example/#x"]
        );
        assert_eq!(heard.citations[1].line, 4);
        assert_eq!(
            &text[heard.citations[1].span.0..heard.citations[1].span.1],
            "http://a.example/#x"
        );
        assert_eq!(
            heard
                .left_out
                .iter()
                .map(|one| one.line)
                .collect::<Vec<_>>(),
            [5, 6]
        );
        assert_eq!(heard.addresses, ["post"]);
    }
}
