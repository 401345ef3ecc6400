//! `capture URL --file FILE`: keep a copy that was made by hand.

use std::io::Write;
use std::path::Path;

use serde::Serialize;
use sourcekeep::address;
use sourcekeep::report::{bytes, count, one_line, rfc3339};
use sourcekeep::run::{HandMade, NotKept, is_copy, keep_by_hand, read_copy};
use sourcekeep::store::Mode;

use super::capture::CaptureArgs;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};

/// The longest name or note that is kept, in characters.
const MAX_CHARS: usize = 2000;

/// The copy as it was kept.
#[derive(Serialize)]
struct Kept<'a> {
    url: &'a str,
    capture: i64,
    kind: &'static str,
    size: usize,
    sha256: String,
    media_type: &'a str,
    title: Option<&'a str>,
    /// Words of its text; none where it has none.
    words: Option<usize>,
    made_by: &'a str,
    made_at: String,
    /// How that is known: `said`, `page`, `file`, `now`.
    dated_by: &'a str,
    file: &'a str,
    /// The address that the file says it is of.
    named_url: Option<&'a str>,
    note: Option<&'a str>,
    stored_at: String,
    /// Whether it stands for what was cited.
    baseline: bool,
}

fn refused(path: &Path, why: &str) -> Failure {
    let path = path.to_string_lossy();
    Failure::failed(anyhow::anyhow!("{}: {why}", one_line(&path, 300)))
}

pub(super) fn by_hand(
    setup: &Setup,
    args: &CaptureArgs,
    file: &Path,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let [url] = args.urls.as_slice() else {
        return Err(Failure::usage(anyhow::anyhow!(
            "--file stores one copy: name one URL"
        )));
    };
    let parsed = address::parse(url, None)
        .map_err(|error| Failure::usage(anyhow::anyhow!("{url}: {error}")))?;
    let now = setup.clock.now();
    if args.made_at.is_some_and(|at| at > now) {
        return Err(Failure::usage(anyhow::anyhow!(
            "--made-at lies in the future"
        )));
    }
    let copied = read_copy(file).map_err(|error| refused(file, &error.to_string()))?;
    let name = file.file_name().unwrap_or(file.as_os_str());
    let made = HandMade {
        bytes: copied.bytes,
        name: name.to_string_lossy().into_owned(),
        modified_at: copied.modified_at,
        made_at: args.made_at,
        made_by: said(args.by.as_deref()).unwrap_or_else(user),
        note: said(args.note.as_deref()),
        of_other_page: args.other_page,
    };
    // What is no copy makes no archive.
    if !setup.db.exists() {
        is_copy(&made.bytes, &made.name).map_err(|error| not_kept(file, error))?;
    }
    let store = setup.open(Mode::Create, printer)?;
    let kept = keep_by_hand(&store, &parsed, &made, now).map_err(|error| not_kept(file, error))?;
    for doubt in &kept.doubts {
        printer.warning(doubt);
    }
    print(
        &Kept {
            url,
            capture: kept.capture_id,
            kind: "by-hand",
            size: kept.size,
            sha256: kept.sha256,
            media_type: kept.media_type,
            title: kept.title.as_deref(),
            words: kept.words,
            made_by: &kept.hand.made_by,
            made_at: rfc3339(kept.made_at),
            dated_by: &kept.hand.dated_by,
            file: &kept.hand.file,
            named_url: kept.hand.named_url.as_deref(),
            note: kept.hand.note.as_deref(),
            stored_at: rfc3339(now),
            baseline: kept.stands,
        },
        kept.is_baselined,
        args.format,
        printer,
    )
}

/// Why a file is not kept, and what can be done about it.
fn not_kept(file: &Path, error: NotKept) -> Failure {
    let hint = match &error {
        NotKept::Kind => {
            "save the page as one file (SingleFile, MHTML), print it to a PDF, or make a picture of it"
        }
        NotKept::OtherPage(_) => "if it is a copy of this page all the same, say --other-page",
        NotKept::Run(_) => return Failure::failed(error),
        _ => return refused(file, &error.to_string()),
    };
    refused(file, &error.to_string()).with_hint(hint)
}

/// Text in one line, of some length.
fn line(text: &str) -> String {
    one_line(text.trim(), MAX_CHARS)
}

/// What an option says, in one line; nothing where it says nothing.
fn said(text: Option<&str>) -> Option<String> {
    text.map(line).filter(|text| !text.is_empty())
}

/// The user's name in this system, as the environment has it.
fn user() -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .map(|name| line(&name))
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// Prints it; `of_cited` says of a source that is cited whether it has a baseline now.
fn print(
    kept: &Kept<'_>,
    of_cited: Option<bool>,
    format: Format,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let mut out = printer.data();
    match format {
        Format::Text => {
            let known = match kept.dated_by {
                "said" => "as you say",
                "page" => "as the file says",
                "file" => "when the file was last changed",
                _ => "for nothing says when",
            };
            writeln!(
                out,
                "{}: copy {} kept, {}, {}, made by hand by {}, saved at {} ({known})",
                one_line(kept.url, 2000),
                kept.capture,
                bytes(kept.size as u64),
                kept.media_type,
                kept.made_by,
                kept.made_at,
            )?;
            match kept.words {
                Some(words) => printer.note(format!(
                    "{} in its text, in which quotes are looked for",
                    count(words as u64, "word")
                )),
                None => printer
                    .note("it has no text that can be read: quotes cannot be looked for in it"),
            }
            match of_cited {
                Some(_) if kept.baseline => printer.note("it stands for what was cited"),
                Some(true) => printer.note("another copy stands for what was cited"),
                Some(false) => printer.note(
                    "it does not stand for what was cited: a copy from within 30 days of that, with a text, would",
                ),
                None => {}
            }
        }
        Format::Json | Format::Jsonl => {
            serde_json::to_writer(&mut out, kept)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}
