//! `capture`: keep copies now.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use sourcekeep::address;
use sourcekeep::report::one_line;
use sourcekeep::run::{Keep, Plan, Work, read_document};
use sourcekeep::store::{Mode, NewCapture, Packed};

use super::Global;
use super::check::{named, parse, visit_and_print};
use super::context::Setup;
use super::exit::{Exit, Failure};
use super::print::{Format, Printer};
use super::run;

/// Keep copies of these addresses now, whatever robots.txt says
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sourcekeep capture https://example.com/a                     visit and keep it now
  sourcekeep capture https://example.com/a --file saved.html   keep a copy you made by hand")]
pub(crate) struct CaptureArgs {
    /// Addresses to keep
    #[arg(required = true, value_name = "URL")]
    urls: Vec<String>,
    /// Store this file as a copy made by hand: marked so, and no visit
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// How to print the results
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

pub(crate) fn capture(
    global: &Global,
    args: &CaptureArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let setup = Setup::new(global, printer)?;
    if let Some(file) = &args.file {
        return by_hand(&setup, args, file, printer);
    }
    let (addresses, failed) = parse(&args.urls, printer);
    if addresses.is_empty() {
        return Ok(Exit::Failed);
    }
    let (store, lock) = setup.open_to_visit("capture", Mode::Create, printer)?;
    let ids = named(&store, &addresses, setup.clock.now())?;
    let plan = Plan {
        command: "capture",
        refresh_inputs: false,
        stdin: None,
        work: Work::Named(ids.clone()),
        keep: Keep::Named,
        limit: None,
        max_time: None,
    };
    let context = setup.context(store, printer)?;
    let visits = visit_and_print(&context, plan, args.format, true, None, printer)?;
    let why = match visits.outcome.full {
        Some(_) => "there is no room (--max-bytes, --min-free)",
        None => "only a page that is fine becomes one",
    };
    let mut missed = false;
    for id in ids {
        let captures = context.store.read("read captures", |r| r.captures(id))?;
        let is_fine = visits.fine.contains(&id);
        missed |= !is_fine || captures.is_empty();
        match captures.first() {
            Some(newest) if !is_fine => printer.warning(format!(
                "no copy was kept: {why}; the newest we hold is of {}",
                sourcekeep::report::rfc3339(newest.at)
            )),
            Some(newest) => {
                if args.format == Format::Text {
                    printer.note(format!(
                        "copy of {}, {} bytes, sha256:{}",
                        sourcekeep::report::rfc3339(newest.at),
                        newest.size,
                        newest.sha256
                    ));
                }
            }
            None => printer.warning(format!("no copy was kept: {why}")),
        }
    }
    printer.peak_memory();
    drop(lock);
    Ok(match run::exit(&visits.outcome, failed, false) {
        Exit::Done if missed => Exit::Failed,
        exit => exit,
    })
}

fn by_hand(
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
    let canonical = address::canonical(&parsed);
    let bytes = read_document(file)
        .map_err(|error| Failure::failed(anyhow::anyhow!("{}: {error}", file.display())))?;
    if bytes.is_empty() {
        return Err(Failure::failed(anyhow::anyhow!(
            "{}: the file is empty",
            file.display()
        )));
    }
    let store = setup.open(Mode::Create, printer)?;
    let at = setup.clock.now();
    let Some(source_id) = named(&store, &[canonical], at)?.first().copied() else {
        return Ok(Exit::Failed);
    };
    let capture = NewCapture {
        source_id,
        address: String::new(),
        at,
        kind: "by-hand",
        url: parsed.to_string(),
        media_type: media_type(file).map(str::to_owned),
        title: None,
        body: Packed::new(&bytes),
        served: None,
        truncated: None,
        sealed_at: at,
        exchanges: Vec::new(),
    };
    let id = store.write_blocking("keep a copy made by hand", move |w| w.keep_by_hand(capture))?;
    let mut out = printer.data();
    match args.format {
        Format::Text => writeln!(
            out,
            "{}: copy {id} kept, {} bytes, made by hand",
            one_line(url, 2000),
            bytes.len()
        )?,
        Format::Json | Format::Jsonl => writeln!(
            out,
            "{}",
            serde_json::json!({ "url": url, "capture": id, "kind": "by-hand", "size": bytes.len() })
        )?,
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// By the name's ending; what a browser saves.
fn media_type(file: &Path) -> Option<&'static str> {
    match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "html" | "htm" => Some("text/html"),
        "xhtml" => Some("application/xhtml+xml"),
        "mhtml" | "mht" => Some("multipart/related"),
        "pdf" => Some("application/pdf"),
        "txt" | "md" => Some("text/plain"),
        "json" => Some("application/json"),
        "csv" => Some("text/csv"),
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "webp" => Some("image/webp"),
        _ => None,
    }
}
