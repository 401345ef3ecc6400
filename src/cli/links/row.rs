//! Records as lines for a person, and as rows for a spreadsheet (RFC 4180).

use std::io::{Result, Write};

use sourcekeep::report::{count, one_line, safe_cell};

use super::Wanted;
use super::record::{Facts, Left, Link};

/// How much of a quote stands below its link.
const SHOWN_QUOTE: usize = 300;

impl Wanted {
    /// The names of the columns.
    pub(super) fn columns(self) -> &'static str {
        match self {
            Self::Links => {
                "post,url,canonical,kind,place,text,context,quote,rel,line,span_start,span_end,headings,position,column,\
                 written,preserves,confidence,tie,quote_parts,comment_author,comment_at,note,accessed_at,marked_dead"
            }
            Self::LeftOut => "post,url,reason,line",
            Self::Posts => {
                "address,title,author,language,published_at,modified_at,canonical,citations,left_out"
            }
        }
    }
}

impl Link<'_> {
    /// Where, address, words; what is not usual; and what is quoted, on a line of its own.
    pub(super) fn line(&self, out: &mut dyn Write) -> Result<()> {
        let from = one_line(self.post, 500);
        write!(out, "{from}:{}  {}", self.line, one_line(self.url, 4000))?;
        let text = one_line(self.text, 80);
        // An address in running text is its own words.
        if !text.is_empty() && self.text != self.url {
            write!(out, "  “{text}”")?;
        }
        if self.kind != "anchor" {
            write!(out, "  {}", self.kind)?;
        }
        if self.place != "body" {
            write!(out, " in {}", self.place)?;
        }
        if self.marked_dead {
            write!(out, "  marked dead")?;
        }
        writeln!(out)?;
        match self.quote {
            Some(quote) => writeln!(out, "    > {}", one_line(quote, SHOWN_QUOTE)),
            None => Ok(()),
        }
    }

    pub(super) fn row(&self, out: &mut dyn Write) -> Result<()> {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        row(
            out,
            &[
                self.post,
                self.url,
                &self.canonical,
                self.kind,
                self.place,
                self.text,
                self.context,
                &text(self.quote),
                self.rel,
                &self.line.to_string(),
                &self.span[0].to_string(),
                &self.span[1].to_string(),
                &self.headings.join(" > "),
                &self.position.to_string(),
                &self.column.to_string(),
                &text(self.written),
                &text(self.preserves),
                &self
                    .confidence
                    .map(|one| one.to_string())
                    .unwrap_or_default(),
                &text(self.tie),
                &self.quote_parts.join("\n"),
                &text(self.comment_author),
                &text(self.comment_at.as_deref()),
                &text(self.note),
                &text(self.accessed_at.as_deref()),
                &self.marked_dead.to_string(),
            ],
        )
    }
}

impl Left<'_> {
    pub(super) fn line(&self, out: &mut dyn Write) -> Result<()> {
        let (post, url) = (one_line(self.post, 500), one_line(self.url, 500));
        let reason = one_line(&self.reason, 200);
        writeln!(out, "{post}:{}  {url}  ({reason})", self.line)
    }

    pub(super) fn row(&self, out: &mut dyn Write) -> Result<()> {
        row(
            out,
            &[self.post, self.url, &self.reason, &self.line.to_string()],
        )
    }
}

impl Facts<'_> {
    /// Title, author, day and language, as far as they are known.
    pub(super) fn words(&self) -> String {
        let title = self.title.map(|title| one_line(title, 200));
        let day = self.published_at.as_ref().or(self.modified_at.as_ref());
        let rest = [
            self.author.map(|author| one_line(author, 100)),
            day.map(|day| day.chars().take(10).collect()),
            self.language.map(|language| one_line(language, 20)),
        ];
        let title = title.map(|title| format!("“{title}”"));
        let words: Vec<String> = [title].into_iter().chain(rest).flatten().collect();
        words.join(", ")
    }

    pub(super) fn line(&self, out: &mut dyn Write) -> Result<()> {
        write!(out, "{}", one_line(self.address, 4000))?;
        let words = self.words();
        if !words.is_empty() {
            write!(out, "  {words}")?;
        }
        write!(out, "  {}", count(self.citations, "citation"))?;
        if self.left_out > 0 {
            write!(out, ", {} left out", self.left_out)?;
        }
        writeln!(out)
    }

    pub(super) fn row(&self, out: &mut dyn Write) -> Result<()> {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        row(
            out,
            &[
                self.address,
                &text(self.title),
                &text(self.author),
                &text(self.language),
                &text(self.published_at.as_deref()),
                &text(self.modified_at.as_deref()),
                &text(self.canonical),
                &self.citations.to_string(),
                &self.left_out.to_string(),
            ],
        )
    }
}

fn row(out: &mut dyn Write, cells: &[&str]) -> Result<()> {
    for (n, cell) in cells.iter().enumerate() {
        if n > 0 {
            out.write_all(b",")?;
        }
        let cell = safe_cell(cell);
        if cell.contains([',', '"', '\n', '\r']) {
            write!(out, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let mut out = Vec::new();
        row(&mut out, &["a", "b,c", "say \"x\"", "", "l1\nl2", "=1+1"]).unwrap();
        let mut read = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(out.as_slice());
        let record = read.records().next().unwrap().unwrap();
        let cells: Vec<&str> = record.iter().collect();
        assert_eq!(cells[..5], ["a", "b,c", "say \"x\"", "", "l1\nl2"]);
        assert_ne!(cells[5], "=1+1");
    }
}
