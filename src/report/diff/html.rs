//! As one page that needs nothing else: no script, no picture, nothing from elsewhere, and a policy that says so.

use std::fmt::Write as _;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};

use super::{Diff, Shown, folded, summary, titles, told};
use crate::judge::drift::{Compared, Piece, PieceKind, Said};
use crate::report::{ReportError, count, one_line, printable};

const STYLE: &str = "
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}
h1{font-size:1.3rem}dt{float:left;clear:left;width:4rem;opacity:.7}dd{margin:0 0 0 4rem}
p{white-space:pre-line;margin:.8rem 0;padding-left:.7rem;border-left:.2rem solid transparent}
.gone{border-color:#c33}.new{border-color:#293}.altered{border-color:#b80}.moved{border-color:#28a}
.kept{opacity:.65}
del{background:#c333;text-decoration:line-through}ins{background:#2933;text-decoration:none;border-bottom:2px solid #293}
summary{opacity:.65;cursor:pointer}
.note{opacity:.7;font-size:.9rem}
";

/// Writes it as a page of its own. Whatever the copies say is text in it, and nothing else.
pub fn write_diff_html(diff: &Diff, out: &mut dyn Write) -> Result<(), ReportError> {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        BASE64.encode(Sha256::digest(STYLE))
    );
    let titles: Vec<String> = titles(diff)
        .iter()
        .map(|title| escaped(&one_line(title, 200)))
        .collect();
    let url = escaped(&one_line(&diff.url, 2000));
    let heading = titles.last().unwrap_or(&url);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"robots\" content=\"noindex\">\n\
         <title>What changed: {heading}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1 dir=\"auto\">{heading}</h1>\n<dl>\n"
    )?;
    writeln!(out, "<dt>of</dt><dd>{url}</dd>")?;
    if let [was, _] = titles.as_slice() {
        writeln!(out, "<dt>before</dt><dd dir=\"auto\">{was}</dd>")?;
    }
    for (label, value) in [
        ("from", told(&diff.from)),
        ("to", told(&diff.to)),
        ("drift", summary(diff)),
    ] {
        writeln!(out, "<dt>{label}</dt><dd>{}</dd>", escaped(&value))?;
    }
    writeln!(out, "</dl>")?;
    if diff.compared == Compared::Whole {
        writeln!(
            out,
            "<p class=\"note\">Of the whole pages, with what stands around the main text.</p>"
        )?;
    }
    match diff.language() {
        Some(tag) => writeln!(out, "<main lang=\"{tag}\">")?,
        None => writeln!(out, "<main>")?,
    }
    for shown in folded(&diff.pieces) {
        match shown {
            Shown::Piece(piece) => writeln!(out, "{}", paragraph(piece))?,
            Shown::Folded(pieces) => {
                let many = count(pieces.len() as u64, "paragraph");
                writeln!(
                    out,
                    "<details><summary lang=\"en\">{many} unchanged</summary>"
                )?;
                for piece in pieces {
                    writeln!(out, "{}", paragraph(piece))?;
                }
                writeln!(out, "</details>")?;
            }
        }
    }
    writeln!(out, "</main>\n</body>\n</html>")?;
    Ok(())
}

fn paragraph(piece: &Piece) -> String {
    let (class, label) = match piece.kind {
        PieceKind::Kept => ("kept", ""),
        PieceKind::Moved => ("moved", "moved"),
        PieceKind::Gone => ("gone", "gone"),
        PieceKind::New => ("new", "new"),
        PieceKind::Altered => ("altered", "altered"),
    };
    let mut html = format!("<p class=\"{class}\" dir=\"auto\"");
    if !label.is_empty() {
        let _ = write!(html, " title=\"{label}\"");
    }
    html.push('>');
    if piece.kind == PieceKind::Moved {
        html.push_str("<span class=\"note\" lang=\"en\">moved:</span> ");
    }
    for part in &piece.parts {
        let text = escaped(&part.text);
        match part.said {
            Said::Both => html.push_str(&text),
            Said::Before => {
                let _ = write!(html, "<del>{text}</del>");
            }
            Said::Now => {
                let _ = write!(html, "<ins>{text}</ins>");
            }
        }
    }
    html.push_str("</p>");
    html
}

/// Text as it stands in HTML, in an attribute too; without what has no shape, and what turns the direction of others.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push('\n');
        }
        for c in printable(line).chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
        }
    }
    out
}
