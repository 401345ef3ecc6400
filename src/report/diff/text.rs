//! For a terminal: `[-gone-]` and `{+new+}`, in colours where they are wanted.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use super::{Diff, Shown, folded, summary, titles, told};
use crate::judge::drift::{Compared, Part, Piece, PieceKind, Said};
use crate::report::{ReportError, count, one_line, printable};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GONE: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();
const MOVED: Style = AnsiColor::Cyan.on_default();

/// Of an unchanged paragraph beside a change, so many characters are shown.
const CONTEXT_CHARS: usize = 100;
/// Of unchanged words within a paragraph, so many are shown on each side of a change.
const CONTEXT_WORDS: usize = 20;

/// Writes it for a person. Nothing of the copies' text reaches a terminal that would steer it.
pub fn write_diff_text(diff: &Diff, out: &mut dyn Write) -> Result<(), ReportError> {
    writeln!(out, "{BOLD}{}{BOLD:#}", one_line(&diff.url, 2000))?;
    let titles: Vec<String> = titles(diff)
        .iter()
        .map(|title| format!("“{}”", one_line(title, 200)))
        .collect();
    if !titles.is_empty() {
        writeln!(out, "{}", titles.join(" → "))?;
    }
    writeln!(out, "  from   {}", told(&diff.from))?;
    writeln!(out, "  to     {}", told(&diff.to))?;
    writeln!(out, "  drift  {}", summary(diff))?;
    if diff.compared == Compared::Whole {
        writeln!(
            out,
            "  {DIM}of the whole pages, with what stands around the main text{DIM:#}"
        )?;
    }
    for shown in folded(&diff.pieces) {
        writeln!(out)?;
        match shown {
            Shown::Piece(piece) => write_piece(piece, out)?,
            Shown::Folded(pieces) => {
                let many = count(pieces.len() as u64, "paragraph");
                writeln!(out, "  {DIM}⋯ {many} unchanged ⋯{DIM:#}")?;
            }
        }
    }
    Ok(())
}

fn write_piece(piece: &Piece, out: &mut dyn Write) -> Result<(), ReportError> {
    match piece.kind {
        PieceKind::Kept => {
            let text: String = piece.parts.iter().map(|part| part.text.as_str()).collect();
            writeln!(out, "  {DIM}{}{DIM:#}", one_line(&text, CONTEXT_CHARS))?;
        }
        PieceKind::Moved => write_lines(out, '>', &piece.parts, Some("moved: "))?,
        PieceKind::Gone => write_lines(out, '-', &piece.parts, None)?,
        PieceKind::New => write_lines(out, '+', &piece.parts, None)?,
        PieceKind::Altered => write_lines(out, '~', &piece.parts, None)?,
    }
    Ok(())
}

/// The parts, with a mark before each line.
fn write_lines(
    out: &mut dyn Write,
    mark: char,
    parts: &[Part],
    label: Option<&str>,
) -> Result<(), ReportError> {
    let style = match mark {
        '-' => GONE,
        '+' => NEW,
        '>' => MOVED,
        _ => BOLD,
    };
    write!(out, "{style}{mark}{style:#} {}", label.unwrap_or_default())?;
    let many = parts.len();
    for (at, part) in parts.iter().enumerate() {
        let (open, close, style) = match part.said {
            Said::Both => ("", "", Style::new()),
            Said::Before => ("[-", "-]", GONE),
            Said::Now => ("{+", "+}", NEW),
        };
        let text = if part.said == Said::Both && many > 1 {
            around_changes(&part.text, at > 0, at + 1 < many)
        } else {
            part.text.clone()
        };
        let mut is_first = true;
        for line in text.split('\n') {
            if !is_first {
                writeln!(out)?;
                write!(out, "  ")?;
            }
            is_first = false;
            let line = printable(line);
            if line.is_empty() {
                continue;
            }
            write!(out, "{style}{open}{line}{close}{style:#}")?;
        }
    }
    writeln!(out)?;
    Ok(())
}

/// Unchanged words between changes: those beside them, where they are many.
fn around_changes(text: &str, is_behind: bool, is_before: bool) -> String {
    let starts: Vec<usize> = text
        .split_inclusive([' ', '\n'])
        .scan(0, |at, word| {
            let start = *at;
            *at += word.len();
            Some(start)
        })
        .collect();
    let (keep, keep_last) = (
        if is_behind { CONTEXT_WORDS } else { 0 },
        if is_before { CONTEXT_WORDS } else { 0 },
    );
    if starts.len() <= keep + keep_last + CONTEXT_WORDS / 2 {
        return text.to_owned();
    }
    let head = &text[..starts[keep]];
    let tail = if keep_last == 0 {
        ""
    } else {
        &text[starts[starts.len() - keep_last]..]
    };
    format!(
        "{}{}⋯{}{tail}",
        head,
        if head.is_empty() { "" } else { " " },
        if tail.is_empty() { "" } else { " " }
    )
    .replace("  ⋯", " ⋯")
}
