//! Tables of addresses (CSV, TSV), as spreadsheets and other tools export them.
//!
//! Which column holds the addresses, the quotes, the dates and the notes is told by the first row, in several languages;
//! without such names the column counts that holds the most addresses. As with a list, nothing is internal here. A table
//! without a column of addresses is read as plain text, for its cells may still name some.

mod columns;
mod rows;

use super::days::day;
use super::options::Rules;
use super::position::Source;
use super::post::{Home, Link, PostWriter};
use super::{Details, Document, Kind, Note, Place, Post, Reason, Sink, text};
use crate::address;
use columns::{Columns, is_address};
use rows::{Row, Table};

pub(super) fn gather(
    document: &Document<'_>,
    source: &Source<'_>,
    rules: &Rules,
    sink: &mut dyn Sink,
) {
    let table = Table::new(source.text());
    let Some(columns) = Columns::of(&table) else {
        if memchr::memmem::find(source.text().as_bytes(), b"://").is_some() {
            sink.note(Note::Unreadable {
                line: 0,
                why: "table without a column of addresses: read as plain text".to_owned(),
            });
        }
        text::gather(document, source, rules, sink);
        return;
    };
    let home = Home {
        address: document.name.to_owned(),
        name: document.name.to_owned(),
        ..Home::default()
    };
    let mut writer = PostWriter::begin(source, rules, sink, home);
    let mut rows = table.rows();
    let mut is_head = columns.has_head;
    while let Some(row) = rows.next() {
        if !std::mem::take(&mut is_head) && !row.is_blank() {
            write_row(&mut writer, source, &columns, &row);
        }
    }
    if let Some(at) = rows.unclosed() {
        writer.sink().note(Note::Unreadable {
            line: source.line(at),
            why: "a quotation mark that opens a cell is never closed: what follows it is one cell"
                .to_owned(),
        });
    }
    writer.end(document.bytes, Post::default());
}

fn write_row(writer: &mut PostWriter<'_>, source: &Source<'_>, columns: &Columns, row: &Row<'_>) {
    let (written, span) = row.cell(columns.address);
    let start = span.start;
    if written.is_empty() {
        writer.sink().note(Note::Unreadable {
            line: source.line(row.at()),
            why: "row without an address".to_owned(),
        });
        return;
    }
    let words = |column: Option<usize>| {
        let words = column.map(|column| row.cell(column).0).unwrap_or_default();
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let note = columns.notes.iter().map(|column| words(Some(*column)));
    let note = note.filter(|note| !note.is_empty()).collect::<Vec<_>>();
    let details = Details {
        note: (!note.is_empty()).then(|| note.join("; ")),
        accessed_at: day(&words(columns.date)),
        ..Details::default()
    };
    let title = words(columns.title);
    // Several addresses in one cell are several citations of the same words.
    let parts: Vec<&str> = written
        .split_whitespace()
        .map(|part| part.trim_end_matches([',', ';', '|']))
        .filter(|part| !part.is_empty())
        .collect();
    let several = parts.len() > 1 && parts.iter().all(|part| is_address(part));
    let parts = if several { parts } else { vec![written] };
    let mut from = 0;
    for part in parts {
        from += written[from..].find(part).unwrap_or(0);
        let at = start + from;
        from += part.len();
        if let Err(why) = address::parse(part, None) {
            writer.leave_out(part, Reason::Rejected(why), start);
            continue;
        }
        writer.declare_quote(&words(columns.quote));
        writer.open_link(&Link {
            href: part,
            kind: Kind::Bare,
            place: Place::Body,
            rel: "",
            at,
            span: at..at + part.len(),
            excluded: None,
            details: details.clone(),
        });
        writer.text(&title);
        writer.close_link();
        writer.break_block();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::testing::hear;
    use crate::gather::{Format, Tie};

    #[test]
    fn columns_by_their_names() {
        let text = "\u{feff}Title,Source URL,Quote,Date,Notes,Tags\r\n\
            \"One, \"\"two\"\"\",https://a.example/x?a=1,\"We were\r\nwrong.\",23 August 2012,look,\"a,b\"\r\n\
            Ours,https://blog.example/y,,,,\r\n\r\n,,,,,\r\nbad,not an address,,,,\r\nnone,,,,,\r\nmail,mailto:a@b.example,,,,\r\n";
        let heard = hear(text, Format::Csv);
        assert_eq!(
            heard.urls(),
            ["https://a.example/x?a=1", "https://blog.example/y"]
        );
        let first = &heard.citations[0];
        assert_eq!(first.text, "One, \"two\"");
        assert_eq!(
            (first.line, &text[first.span.0..first.span.1]),
            (2, "https://a.example/x?a=1")
        );
        assert_eq!(first.details.accessed_at, Some(1_345_680_000_000));
        assert_eq!(first.details.note.as_deref(), Some("look; a,b"));
        let quote = first.quote.as_ref().unwrap();
        assert_eq!(
            (quote.text.as_str(), quote.confidence, quote.tie),
            ("We were wrong.", 100, Tie::Declared)
        );
        let second = &heard.citations[1];
        assert_eq!(
            (second.line, second.quote.as_ref(), &second.details),
            (4, None, &Details::default())
        );
        let left: Vec<u32> = heard.left_out.iter().map(|one| one.line).collect();
        assert_eq!(left, [7, 9]);
        assert_eq!(
            heard.notes,
            [Note::Unreadable {
                line: 8,
                why: "row without an address".to_owned()
            }]
        );
    }

    #[test]
    fn whatever_divides_the_cells() {
        for (text, quote) in [
            ("lien;citation\nhttp://a.example/;\"a; b\"\n", Some("a; b")),
            ("sep=;\nlink;note\nhttp://a.example/;x\n", None),
            (
                "URI\tZitat\nhttp://a.example/\teins, zwei\n",
                Some("eins, zwei"),
            ),
            (
                "url|excerpt\nhttp://a.example/|x, y\nhttp://b.example/|z\n",
                Some("x, y"),
            ),
            ("http://a.example/\nhttp://b.example/?x=1,2\n", None),
            ("7,http://a.example/\n8,http://b.example/\n", None),
            ("url\nhttp://a.example/\n", None),
        ] {
            let heard = hear(text, Format::Csv);
            assert_eq!(heard.urls().first(), Some(&"http://a.example/"), "{text}");
            let found = heard.citations[0].quote.as_ref();
            assert_eq!(found.map(|one| one.text.as_str()), quote, "{text}");
            let span = heard.citations[0].span;
            assert_eq!(&text[span.0..span.1], "http://a.example/");
        }
    }

    #[test]
    fn an_address_may_be_where_somebody_lives() {
        let text = "name,address,website\nJane,1 Main St,http://a.example/\nBob,2 Main St,http://b.example/\n";
        assert_eq!(
            hear(text, Format::Csv).urls(),
            ["http://a.example/", "http://b.example/"]
        );
    }

    #[test]
    fn several_addresses_in_a_cell() {
        let text = "url,title\n\"http://a.example/, http://b.example/\",both\n";
        let heard = hear(text, Format::Csv);
        assert_eq!(heard.urls(), ["http://a.example/", "http://b.example/"]);
        let span = heard.citations[1].span;
        assert_eq!(&text[span.0..span.1], "http://b.example/");
    }

    #[test]
    fn a_table_without_a_column_of_addresses_is_text() {
        let heard = hear("a,b\n1,see http://a.example/x for more\n2,y\n", Format::Csv);
        assert_eq!(heard.urls(), ["http://a.example/x"]);
        assert_eq!(heard.notes.len(), 1);
        assert!(hear("a,b\n1,2\n", Format::Csv).notes.is_empty());
    }

    #[test]
    fn a_quotation_mark_without_its_other_half() {
        let heard = hear(
            "url,note\nhttp://a.example/,x\nhttp://b.example/,\"y\nhttp://c.example/,z\n",
            Format::Csv,
        );
        assert_eq!(heard.urls(), ["http://a.example/", "http://b.example/"]);
        assert!(matches!(&heard.notes[0], Note::Unreadable { line: 3, .. }));
    }

    #[test]
    fn a_text_made_to_be_slow_is_not() {
        for text in [
            "url,note\n".to_owned() + &"http://a.example/,\"\n".repeat(200_000),
            ",".repeat(2_000_000),
            "\"".repeat(1_000_001),
            "url\n".to_owned() + &"http://a.example/\n".repeat(200_000),
            "url\n\"".to_owned() + &"http://a.example/ ".repeat(200_000),
        ] {
            let before = std::time::Instant::now();
            hear(&text, Format::Csv);
            assert!(before.elapsed().as_secs() < 20);
        }
    }
}
