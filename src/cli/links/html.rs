//! Links as one page that needs nothing else: no script, nothing loaded, nothing told to the sites that are cited.
//!
//! All that is shown came from outside, and may be made to break out of its cell: everything goes through [`Safe`].
//! A post's facts are known when it is over, so they are written below its table and shown above it.

use std::fmt;
use std::io::{Result, Write};

use super::Wanted;
use super::record::{Facts, Left, Link};

const STYLE: &str = "
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
section { display: flex; flex-direction: column; margin: 2.5rem 0; }
section > h2 { order: -2; font-size: 1.1rem; margin: 0; overflow-wrap: anywhere; }
section > p { order: -1; margin: .2rem 0 .6rem; opacity: .75; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .5rem .8rem .5rem 0; border-top: 1px solid var(--line); }
th { font-weight: 600; font-size: .85rem; opacity: .75; }
td { overflow-wrap: anywhere; }
td:first-child { width: 3rem; opacity: .6; font-variant-numeric: tabular-nums; }
td > small { display: block; opacity: .75; }
blockquote { margin: .4rem 0 0; padding-left: .8rem; border-left: 3px solid var(--line); }
mark { background: #ffd54a66; color: inherit; }
";

pub(super) fn head(wanted: Wanted, out: &mut dyn Write) -> Result<()> {
    let title = match wanted {
        Wanted::Links => "Links",
        Wanted::LeftOut => "Links that were left out",
        Wanted::Posts => "Posts",
    };
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    )?;
    if wanted == Wanted::Posts {
        writeln!(
            out,
            "<table>\n<tr><th>Links</th><th>Post</th><th>Published</th></tr>"
        )?;
    }
    Ok(())
}

pub(super) fn foot(wanted: Wanted, out: &mut dyn Write) -> Result<()> {
    if wanted == Wanted::Posts {
        writeln!(out, "</table>")?;
    }
    writeln!(out, "</body>\n</html>")
}

/// Begins a post.
pub(super) fn open(post: &str, wanted: Wanted, out: &mut dyn Write) -> Result<()> {
    let columns: &[&str] = match wanted {
        Wanted::LeftOut => &["Line", "Address", "Why"],
        _ => &["Line", "Source", "What is said of it", "Kind"],
    };
    write!(
        out,
        "<section>\n<h2>{}</h2>\n<table>\n<tr>",
        Anchor(post, post)
    )?;
    for column in columns {
        write!(out, "<th>{column}</th>")?;
    }
    writeln!(out, "</tr>")
}

/// Ends a post.
pub(super) fn close(facts: &Facts<'_>, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "</table>\n<p>{}</p>\n</section>", Safe(&facts.words()))
}

pub(super) fn link(link: &Link<'_>, out: &mut dyn Write) -> Result<()> {
    let shown = if link.text.is_empty() {
        link.url
    } else {
        link.text
    };
    write!(
        out,
        "<tr><td>{}</td><td>{}<small>{}</small></td><td>",
        link.line,
        Anchor(link.url, shown),
        Safe(link.url)
    )?;
    if !link.headings.is_empty() {
        write!(out, "<small>{}</small>", Safe(&link.headings.join(" › ")))?;
    }
    write!(out, "{}", Marked(link.context, link.text))?;
    if let Some(quote) = link.quote {
        write!(out, "<blockquote>{}</blockquote>", Safe(quote))?;
    }
    if let Some(note) = link.note {
        write!(out, "<small>{}</small>", Safe(note))?;
    }
    write!(out, "</td><td>{}", Safe(link.kind))?;
    if link.place != "body" {
        write!(out, " in {}", Safe(link.place))?;
    }
    if let Some(author) = link.comment_author {
        write!(out, " by {}", Safe(author))?;
    }
    if link.marked_dead {
        write!(out, ", marked dead")?;
    }
    writeln!(out, "</td></tr>")
}

pub(super) fn left(left: &Left<'_>, out: &mut dyn Write) -> Result<()> {
    writeln!(
        out,
        "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
        left.line,
        Anchor(left.url, left.url),
        Safe(&left.reason)
    )
}

pub(super) fn post(facts: &Facts<'_>, out: &mut dyn Write) -> Result<()> {
    write!(
        out,
        "<tr><td>{}</td><td>{}",
        facts.citations,
        Anchor(facts.address, facts.title.unwrap_or(facts.address))
    )?;
    let beside = [Some(facts.address), facts.author, facts.language];
    let beside: Vec<&str> = beside.into_iter().flatten().collect();
    write!(out, "<small>{}</small></td>", Safe(&beside.join(", ")))?;
    let day = facts.published_at.as_deref().unwrap_or_default();
    writeln!(out, "<td>{}</td></tr>", Safe(day))
}

/// Text that cannot become markup, nor turn the text behind it around.
struct Safe<'a>(&'a str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_str(" ")?,
                '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {}
                control if control.is_control() => {}
                other => fmt::Write::write_char(f, other)?,
            }
        }
        Ok(())
    }
}

/// A link where it is one that can be followed, else its text.
struct Anchor<'a>(&'a str, &'a str);

impl fmt::Display for Anchor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(address, text) = self;
        if address.starts_with("https://") || address.starts_with("http://") {
            let (address, text) = (Safe(address), Safe(text));
            write!(
                f,
                "<a href=\"{address}\" rel=\"noreferrer noopener nofollow\">{text}</a>"
            )
        } else {
            write!(f, "{}", Safe(text))
        }
    }
}

/// A sentence with the words of its link marked.
struct Marked<'a>(&'a str, &'a str);

impl fmt::Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(sentence, words) = self;
        match sentence.split_once(*words) {
            Some((before, after)) if !words.is_empty() => {
                let (before, words, after) = (Safe(before), Safe(words), Safe(after));
                write!(f, "{before}<mark>{words}</mark>{after}")
            }
            _ => write!(f, "{}", Safe(sentence)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_markup() {
        for (shown, expected) in [
            (
                Safe("<script>\"&'\u{202E}\u{7}").to_string(),
                "&lt;script&gt;&quot;&amp;&#39;",
            ),
            (
                Anchor("https://a.example/\"><i>", "x<").to_string(),
                "<a href=\"https://a.example/&quot;&gt;&lt;i&gt;\" rel=\"noreferrer noopener nofollow\">x&lt;</a>",
            ),
            (Anchor("javascript:alert(1)", "x").to_string(), "x"),
            (Anchor("posts/<b>.md", "<b>").to_string(), "&lt;b&gt;"),
            (
                Marked("See <the> page.", "<the>").to_string(),
                "See <mark>&lt;the&gt;</mark> page.",
            ),
            (Marked("See.", "").to_string(), "See."),
        ] {
            assert_eq!(shown, expected);
        }
    }
}
