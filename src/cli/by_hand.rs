//! `capture URL --file FILE`: keep a copy that was made by hand.

use std::io::Write;
use std::path::Path;

use serde::Serialize;
use sourcekeep::address;
use sourcekeep::capture::by_hand::{Claims, claims, is_of, media_type};
use sourcekeep::judge::{self, Text};
use sourcekeep::report::{bytes, count, one_line, rfc3339};
use sourcekeep::run::{look_in_copies_of, read_copy, text_of};
use sourcekeep::store::{ByHand, Mode, NewCapture, Packed, Store, hex};
use url::Url;

use super::capture::CaptureArgs;
use super::check::named;
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::search::index_what_came;

/// The longest name or note that is kept, in characters.
const MAX_CHARS: usize = 2000;
/// A time that lies this far ahead is that of a clock that was wrong, in milliseconds.
const AHEAD: i64 = 24 * 3_600_000;

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

/// A file, and what was read of it.
struct File {
    bytes: Vec<u8>,
    modified_at: Option<i64>,
    name: String,
    media_type: &'static str,
    claims: Claims,
    text: Option<Text>,
}

impl File {
    fn read(path: &Path, url: &Url) -> Result<Self, Failure> {
        let copied = read_copy(path).map_err(|error| refused(path, &error.to_string()))?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = line(&name.to_string_lossy());
        let Some(media_type) = media_type(&copied.bytes, &name) else {
            return Err(
                refused(path, "no page, no MHTML, no PDF, no picture, and no text").with_hint(
                    "save the page as one file (SingleFile, MHTML), print it to a PDF, or make a picture of it",
                ),
            );
        };
        Ok(Self {
            claims: claims(&copied.bytes, media_type),
            text: text_of(&copied.bytes, Some(media_type), url),
            bytes: copied.bytes,
            modified_at: copied.modified_at,
            name,
            media_type,
        })
    }
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
    let File {
        bytes,
        modified_at,
        name,
        media_type,
        claims,
        text,
    } = File::read(file, &parsed)?;
    let store = setup.open(Mode::Create, printer)?;
    let canonical = address::canonical(&parsed);
    let source = canonical.to_string();
    compare(&store, args, &source, &claims, now).map_err(|other| {
        refused(
            file,
            &format!("it says that it is a copy of {}", one_line(&other, 300)),
        )
        .with_hint("if it is a copy of this page all the same, say --other-page")
    })?;
    warn_of_canonical(&bytes, media_type, &parsed, &claims, printer);
    let (made_at, dated_by) = made_at(args, &claims, modified_at, now, printer);
    let hand = ByHand {
        made_by: said(args.by.as_deref()).unwrap_or_else(user),
        file: name,
        dated_by: dated_by.to_owned(),
        named_url: claims.address,
        note: said(args.note.as_deref()),
    };
    let Some(source_id) = named(&store, &[canonical], now)?.first().copied() else {
        return Ok(Exit::Failed);
    };
    let body = Packed::new(&bytes);
    let sha256 = hex(&body.sha256);
    let title = text.as_ref().and_then(|text| text.title.clone());
    let capture = NewCapture {
        source_id,
        address: String::new(),
        at: made_at,
        kind: "by-hand",
        url: parsed.to_string(),
        media_type: Some(media_type.to_owned()),
        title: title.clone(),
        body,
        served: None,
        truncated: None,
        sealed_at: now,
        exchanges: Vec::new(),
        manifest: None,
        rendering: None,
    };
    let kept_as = hand.clone();
    let id = store.write_blocking("keep a copy made by hand", move |w| {
        w.keep_by_hand(capture, &kept_as)
    })?;
    look_in_copies_of(&store, source_id, now)?;
    index_what_came(&store)?;
    let (stands, of_cited) = store.read("read a source", |r| {
        let stands = r.seen_capture(id)?.is_some_and(|row| row.stands);
        let cited = r.source(&source, now)?.filter(|row| row.citations > 0);
        Ok((stands, cited.map(|row| row.baselined)))
    })?;
    print(
        &Kept {
            url,
            capture: id,
            kind: "by-hand",
            size: bytes.len(),
            sha256,
            media_type,
            title: title.as_deref(),
            words: text.as_ref().map(words),
            made_by: &hand.made_by,
            made_at: rfc3339(made_at),
            dated_by,
            file: &hand.file,
            named_url: hand.named_url.as_deref(),
            note: hand.note.as_deref(),
            stored_at: rfc3339(now),
            baseline: stands,
        },
        of_cited,
        args.format,
        printer,
    )
}

fn words(text: &Text) -> usize {
    text.whole.split_whitespace().count()
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

/// Refuses a file that names another page than the source: gives which.
fn compare(
    store: &Store,
    args: &CaptureArgs,
    source: &str,
    claims: &Claims,
    now: i64,
) -> Result<(), String> {
    let Some(named) = claims.address.as_deref().filter(|_| !args.other_page) else {
        return Ok(());
    };
    // Where a source leads is a matter of its visits; one that is not known leads nowhere.
    let known = store.read("read a source", |r| {
        let Some(row) = r.source(source, now)? else {
            return Ok(Vec::new());
        };
        let mut known = vec![row.address, row.final_url.unwrap_or_default()];
        known.extend(row.moved_to);
        known.extend(r.aliases(row.id)?.into_iter().map(|(address, _)| address));
        Ok(known)
    });
    let known = known.unwrap_or_default();
    let mut addresses: Vec<&str> = known.iter().map(String::as_str).collect();
    addresses.push(source);
    if is_of(named, &addresses) {
        Ok(())
    } else {
        Err(named.to_owned())
    }
}

/// Says it where a page calls another address its own. Many do so with good reason, so it is no more than a warning.
fn warn_of_canonical(
    bytes: &[u8],
    media_type: &str,
    url: &Url,
    claims: &Claims,
    printer: &Printer,
) {
    if media_type != "text/html" || claims.address.is_some() {
        return;
    }
    let head = &bytes[..bytes.len().min(1 << 20)];
    let decoded = sourcekeep::charset::decode(head, Some(media_type));
    let features = judge::features(
        &decoded.text,
        Some(media_type),
        url,
        judge::Rules::built_in(),
    );
    if let Some(canonical) = features.canonical
        && !is_of(&canonical, &[url.as_str()])
    {
        printer.warning(format!(
            "the page calls itself {}; is it the right one?",
            one_line(&canonical, 300)
        ));
    }
}

/// When the copy was made, and how that is known.
fn made_at(
    args: &CaptureArgs,
    claims: &Claims,
    modified_at: Option<i64>,
    now: i64,
    printer: &Printer,
) -> (i64, &'static str) {
    if let Some(at) = args.made_at {
        return (at, "said");
    }
    if let Some(at) = claims.saved_at {
        if at <= now + AHEAD {
            return (at.min(now), "page");
        }
        printer.warning(format!(
            "the file says that it was saved on {}, which is to come: not believed",
            rfc3339(at)
        ));
    }
    match modified_at {
        Some(at) if at <= now => (at, "file"),
        _ => (now, "now"),
    }
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
